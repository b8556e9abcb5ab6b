"""Exchange areas in clear view on JAX's device: one program a chunk of blocks, with the rules of `clear_blocks`."""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, UInt8

from caloris.geometry.clear_blocks import REFINED
from caloris.geometry.device_lists import PAIRS, places
from caloris.geometry.device_scene import DeviceScene
from caloris.geometry.facet_tiles import LANES
from caloris_kernels.radiative.view_factor import Tile, tile_exchange_area

Value = Float[Array, "block lane lane"]


@partial(jax.jit, static_argnames=("slices",), donate_argnums=(0,))
def clear_chunk(
    value: Value,
    filled: Int[Array, ""],
    scene: DeviceScene,
    block_tile: Int[Array, "chunk 2"],
    count: Int[Array, ""],
    slices: tuple[int, ...],
) -> tuple[Value, Int[Array, ""], Bool[Array, " chunk"]]:
    """Write a chunk's blocks with any exchange from place `filled` on; which blocks these are.

    The first `count` rows of block_tile are real. What a pair is worth is as in `clear_blocks`: a block of a tile with
    itself holds each pair once. slices: pairs that the program works on at a time, for each rule.
    """
    sides = (Tile(*(array[block_tile[:, side]] for array in scene.tile)) for side in (0, 1))
    area, rule = tile_exchange_area(*sides, jnp.asarray(2e-6 * scene.size, jnp.float32))
    upper = jnp.triu(jnp.ones((LANES, LANES), bool), 1)
    kept = (block_tile[:, 0] != block_tile[:, 1])[:, None, None] | upper
    kept &= (jnp.arange(len(block_tile)) < count)[:, None, None]
    area, rule = jnp.where(kept, area, 0.0).reshape(-1), jnp.where(kept, rule, 0).reshape(-1)
    for (wanted, function, _, exact), pairs in zip(REFINED, slices, strict=True):
        area = _refined(area, rule, wanted, function, scene, block_tile, exact, pairs)
    area = area.reshape(-1, LANES, LANES)
    used = jnp.any(area > 0, axis=(1, 2))
    place = jnp.where(used, filled + jnp.cumsum(used, dtype=jnp.int32) - 1, len(value))
    return value.at[place].set(area, mode="drop"), filled + jnp.sum(used, dtype=jnp.int32), used


def _refined(
    area: Float[Array, " item"],
    rule: UInt8[Array, " item"],
    wanted: int,
    function: Callable,
    scene: DeviceScene,
    block_tile: Int[Array, "chunk 2"],
    exact: bool,
    pairs: int,
) -> Float[Array, " item"]:
    """Replace the rough values of the pairs that want this rule, some pairs at a time."""
    place, count = places(rule == wanted)
    triangle = scene.exact if exact else scene.tile.triangle

    def refine(k: Array, area: Array) -> Array:
        part = jax.lax.dynamic_slice(place, (k * pairs,), (pairs,))
        at = jnp.minimum(part, len(area) - 1)
        first, second = pair_facets(block_tile, at // PAIRS, at % PAIRS)
        # Contours want the smaller triangle first.
        swap = scene.area[first] > scene.area[second]
        i, j = (tuple(jnp.where(swap, a, b) for a, b in zip(*ends, strict=True)) for ends in _both(first, second))
        ends = (triangle[i], triangle[j]) if exact else (triangle[i[0], :, :, i[1]], triangle[j[0], :, :, j[1]])
        return area.at[part].set(jnp.maximum(function(*ends), 0.0).astype(area.dtype), mode="drop")

    return jax.lax.fori_loop(0, -(-count // pairs), refine, area)


Lane = tuple[Int[Array, " pair"], Int[Array, " pair"]]
"""Tile and lane of some facets."""


def pair_facets(block_tile: Int[Array, "block 2"], block: Array, inside: Array) -> tuple[Lane, Lane]:
    """Both facets of pairs at the flat places `inside` of their blocks."""
    return (block_tile[block, 0], inside // LANES), (block_tile[block, 1], inside % LANES)


def _both(first: Lane, second: Lane) -> tuple[tuple[Lane, Lane], tuple[Lane, Lane]]:
    """What the first and the second end are where the two change places, and else."""
    return (second, first), (first, second)
