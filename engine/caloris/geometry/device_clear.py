"""Exchange areas in clear view on JAX's device, chunks of blocks by the rules of `clear_blocks`."""

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


def clear_chunk(
    scene: DeviceScene, block_tile: Int[Array, "chunk 2"], count: int, slices: tuple[int, ...]
) -> tuple[Value, Bool[Array, " chunk"]]:
    """Exchange areas of a chunk's blocks (m2), and which have any.

    The first `count` rows of block_tile are real. What a pair is worth is as in `clear_blocks`, by the same compiled
    functions: a block of a tile with itself holds each pair once. The host hears how many pairs want each rule.
    slices: pairs worked on at a time, for each rule.
    """
    area, rule, counts = rough_chunk(scene, block_tile, count)
    for number, wanted, pairs in zip(jax.device_get(counts), REFINED, slices, strict=True):
        which, function, _, exact = wanted
        if not number:
            continue
        place = places_of_rule(rule, which)
        triangle = scene.exact if exact else scene.tile.triangle
        for start in range(0, int(number), pairs):
            part, ends = ends_of_slice(place, start, triangle, scene.area, block_tile, pairs=pairs, exact=exact)
            area = write_slice(area, part, function(ends[0], ends[1]))
    return area, _any(area)


@jax.jit
def rough_chunk(
    scene: DeviceScene, block_tile: Int[Array, "chunk 2"], count: Int[Array, ""]
) -> tuple[Value, UInt8[Array, " item"], Int[Array, " rule"]]:
    """Rough exchange areas (m2) of a chunk's pairs, the rule that each wants, how many want each of `REFINED`."""
    sides = (Tile(*(array[block_tile[:, side]] for array in scene.tile)) for side in (0, 1))
    area, rule = tile_exchange_area(*sides, jnp.asarray(2e-6 * scene.size, jnp.float32))  # pyright: ignore[reportCallIssue]
    upper = jnp.triu(jnp.ones((LANES, LANES), bool), 1)
    kept = (block_tile[:, 0] != block_tile[:, 1])[:, None, None] | upper
    kept &= (jnp.arange(len(block_tile)) < count)[:, None, None]
    rule = jnp.where(kept, rule, 0).reshape(-1)
    counts = jnp.stack([jnp.sum(rule == which, dtype=jnp.int32) for which, *_ in REFINED])
    return jnp.where(kept, area, 0.0), rule, counts


@jax.jit
def places_of_rule(rule: UInt8[Array, " item"], wanted: Int[Array, ""]) -> Int[Array, " item"]:
    """Where the pairs are that want a rule, filled up."""
    return places(rule == wanted)[0]


@partial(jax.jit, static_argnames=("pairs", "exact"))
def ends_of_slice(
    place: Int[Array, " item"],
    start: Int[Array, ""],
    triangle: Array,
    area: Float[Array, "tile lane"],
    block_tile: Int[Array, "chunk 2"],
    *,
    pairs: int,
    exact: bool,
) -> tuple[Int[Array, " pair"], tuple[Array, Array]]:
    """Part of a list of places, and the triangles there [pair, vertex, xyz], the smaller one first (for contours).

    triangle is laid out as `DeviceScene.exact`, or else as in `DeviceScene.tile`.
    """
    part = jax.lax.dynamic_slice(place, (start,), (pairs,))
    at = jnp.minimum(part, len(place) - 1)
    first, second = pair_facets(block_tile, at // PAIRS, at % PAIRS)
    swap = area[first] > area[second]
    i = tuple(jnp.where(swap, b, a) for a, b in zip(first, second, strict=True))
    j = tuple(jnp.where(swap, a, b) for a, b in zip(first, second, strict=True))
    if exact:
        return part, (triangle[i], triangle[j])
    return part, (triangle[i[0], :, :, i[1]], triangle[j[0], :, :, j[1]])


@partial(jax.jit, donate_argnums=(0,))
def write_slice(area: Value, part: Int[Array, " pair"], found: Float[Array, " pair"]) -> Value:
    """The chunk with better values at some places; those past its end are left out."""
    flat = area.reshape(-1).at[part].set(jnp.maximum(found, 0.0).astype(area.dtype), mode="drop")
    return flat.reshape(area.shape)


@jax.jit
def _any(area: Value) -> Bool[Array, " chunk"]:
    return jnp.any(area > 0, axis=(1, 2))


@partial(jax.jit, donate_argnums=(0,))
def write_used(
    value: Value, filled: Int[Array, ""], area: Value, used: Bool[Array, " chunk"]
) -> tuple[Value, Int[Array, ""]]:
    """Write the blocks of a chunk that have any exchange, from place `filled` on; how many are filled then."""
    place = jnp.where(used, filled + jnp.cumsum(used, dtype=jnp.int32) - 1, len(value))
    return value.at[place].set(area, mode="drop"), filled + jnp.sum(used, dtype=jnp.int32)


Lane = tuple[Int[Array, " pair"], Int[Array, " pair"]]
"""Tile and lane of some facets."""


def pair_facets(block_tile: Int[Array, "block 2"], block: Array, inside: Array) -> tuple[Lane, Lane]:
    """Both facets of pairs at the flat places `inside` of their blocks."""
    return (block_tile[block, 0], inside // LANES), (block_tile[block, 1], inside % LANES)
