"""Rays between the facets of pairs in doubt on JAX's device: one program a segment of a list of pairs.

Points, shifts, weights and numbers of rays are those of `partial_pairs`.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from caloris.geometry.device_clear import Value, pair_facets
from caloris.geometry.device_lists import places
from caloris.geometry.device_scene import DeviceScene
from caloris.geometry.facet_tiles import LANES
from caloris.geometry.occlusion import PROBES
from caloris.geometry.pair_visibility import LIFT
from caloris.geometry.partial_pairs import (
    ROW,
    expected_error,
    more_rows,
    pair_shift,
    row_rays,
    row_share,
    share_sums,
    spread_of,
)


class PairList(NamedTuple):
    """A segment of a list of facet pairs whose visible part is in doubt, 41 bytes each."""

    block: Int[Array, " pair"]  # in the blocks, their number where the segment is not filled
    inside: Int[Array, " pair"]  # flat place in the block
    guess: Float[Array, " pair"]  # -, visible part as the shared points have it
    partial: Bool[Array, " pair"]  # surely in need of rays; else only worth a probe
    rows: Int[Array, " pair"]  # rows of rays done
    sums: Float[Array, "2 pair"]  # of weight x visible, and of weight


class Rays(NamedTuple):
    """What rays run against, and from where: the same for all segments of a pose."""

    scene: DeviceScene
    block_tile: Int[Array, "block 2"]
    hierarchy: Float[Array, "entry 12"]
    table: Float[Array, "row sample 4"]
    seed: Array  # uint64


def empty_list(length: int, blocks: int) -> PairList:
    """A segment without pairs, of a list for so many blocks."""
    return PairList(
        jnp.full(length, blocks, jnp.int32),
        jnp.zeros(length, jnp.int32),
        jnp.zeros(length),
        jnp.zeros(length, bool),
        jnp.zeros(length, jnp.int32),
        jnp.zeros((2, length)),
    )


@partial(jax.jit, donate_argnums=(0,))
def append(pairs: PairList, filled: Int[Array, ""], more: PairList, start: Int[Array, ""], stop: Int[Array, ""]):
    """The segment, filled up so far, with the pairs start ... stop of another; what has no room is left out."""
    number = jnp.arange(len(more.block))
    at = jnp.where((number >= start) & (number < stop), filled + number - start, len(pairs.block))
    return PairList(*(a.at[..., at].set(b, mode="drop") for a, b in zip(pairs, more, strict=True)))


@partial(jax.jit, static_argnames=("any_hit", "rays"), donate_argnums=(0, 1))
def probe(
    value: Value, pairs: PairList, of: Rays, large: Float[Array, ""], any_hit: Callable, rays: int
) -> tuple[Value, PairList, Int[Array, ""], Int[Array, ""]]:
    """Look again at pairs whose points agree: the pairs that are partial after all, their number, the rays.

    Where the rays agree with the points, values are settled (see `occlusion`); large: m2.
    """
    area = _area(value, pairs)
    probed = (pairs.block < len(value)) & ~pairs.partial
    count = jnp.clip(16 * area / large, *PROBES).astype(jnp.int32)
    rows = jnp.where(probed, -(-count // ROW), 0)
    sums = _trace(pairs, rows, of, any_hit, rays)
    fraction = jnp.where(sums[1] > 0, sums[0] / jnp.where(sums[1] > 0, sums[1], 1.0), 0.0)
    agree = probed & (fraction == pairs.guess)
    place = jnp.where(agree, pairs.block, len(value))
    settled = (area * pairs.guess).astype(value.dtype)
    value = value.at[place, pairs.inside // LANES, pairs.inside % LANES].set(settled, mode="drop")
    left, number = places((pairs.block < len(value)) & ~agree)
    kept = PairList(*(jnp.take(x, left, axis=-1, mode="clip") for x in pairs))
    real = jnp.arange(len(left)) < number
    kept = kept._replace(block=jnp.where(real, kept.block, len(value)), partial=real)
    return value, kept, number, ROW * jnp.sum(rows, dtype=jnp.int64)


@jax.jit
def guessed_hidden(value: Value, pairs: PairList) -> Float[Array, ""]:
    """Sum of the exchange areas (m2) that are hidden by the pairs' guesses."""
    return jnp.sum(_area(value, pairs) * (1 - pairs.guess))


@jax.jit
def shares(value: Value, pairs: PairList) -> tuple[Array, Array]:
    """`partial_pairs.share_sums` of a segment."""
    return share_sums(_share(value, pairs), jnp)


@jax.jit
def wanted_rows(value: Value, pairs: PairList, scale: Float[Array, ""]) -> tuple[Int[Array, " pair"], Array]:
    """Rows of rays that each pair still wants, and the most that one has then."""
    more = jnp.where(pairs.block < len(value), more_rows(_share(value, pairs), scale, pairs.rows, jnp), 0)
    return more, jnp.max(pairs.rows + more)


@partial(jax.jit, static_argnames=("any_hit", "rays"), donate_argnums=(0,))
def trace(pairs: PairList, more: Int[Array, " pair"], of: Rays, any_hit: Callable, rays: int) -> PairList:
    """Trace so many more rows of rays for each pair."""
    return pairs._replace(sums=pairs.sums + _trace(pairs, more, of, any_hit, rays), rows=pairs.rows + more)


@partial(jax.jit, donate_argnums=(0,))
def settle(value: Value, pairs: PairList) -> tuple[Value, tuple[Array, Array, Array, Array]]:
    """Write what is visible of each pair; sums of the expected errors and of their squares, pairs hidden, rays."""
    real = pairs.block < len(value)
    area, fraction = _area(value, pairs), _fraction(pairs)
    each = jnp.where(real, expected_error(area, fraction, pairs.rows, jnp), 0.0)
    visible = (area * fraction).astype(value.dtype)
    value = value.at[pairs.block, pairs.inside // LANES, pairs.inside % LANES].set(visible, mode="drop")
    rays = ROW * jnp.sum(pairs.rows, dtype=jnp.int64)
    return value, (jnp.sum(each), jnp.sum(each * each), jnp.any(real & (fraction < 1)), rays)


def _area(value: Value, pairs: PairList) -> Float[Array, " pair"]:
    """Exchange areas (m2, float64); zero where the segment is not filled."""
    at = (pairs.block, pairs.inside // LANES, pairs.inside % LANES)
    return value.at[at].get(mode="fill", fill_value=0.0).astype(jnp.float64)


def _fraction(pairs: PairList) -> Float[Array, " pair"]:
    """Visible fractions as the rays have them, so far."""
    return jnp.where(pairs.sums[1] > 0, pairs.sums[0] / jnp.where(pairs.sums[1] > 0, pairs.sums[1], 1.0), pairs.guess)


def _share(value: Value, pairs: PairList) -> Float[Array, " pair"]:
    """`partial_pairs.row_share` of each pair, zero where the segment is not filled."""
    spread = spread_of(_area(value, pairs), _fraction(pairs), jnp.maximum(ROW * pairs.rows, 9), jnp)
    return jnp.where(pairs.block < len(value), row_share(spread, jnp), 0.0)


def _trace(pairs: PairList, more: Int[Array, " pair"], of: Rays, any_hit: Callable, rays: int) -> Float[Array, "2 pair"]:
    """Trace rows rows ... rows + more of each pair; sums of weight x visible and of weight.

    Rows of all pairs are numbered through; each slice of numbers finds its pairs by bisection.
    """
    stop = jnp.cumsum(more, dtype=jnp.int64)
    width, last = rays // ROW, len(more) - 1
    lift = jnp.asarray(LIFT * of.scene.size, jnp.float32)

    def one(k: Array, sums: Array) -> Array:
        number = k * width + jnp.arange(width, dtype=jnp.int64)
        owner = jnp.searchsorted(stop, number, side="right").astype(jnp.int32)
        real = owner <= last
        who = jnp.minimum(owner, last)
        row = (number - stop[who] + more[who] + pairs.rows[who]).astype(jnp.int32)
        block = jnp.minimum(pairs.block[who], len(of.block_tile) - 1)
        first, second = pair_facets(of.block_tile, block, pairs.inside[who])
        swap = (of.scene.code[first] > of.scene.code[second])[:, None, None]
        one, two = of.scene.corners[first], of.scene.corners[second]
        triangles = jnp.stack([jnp.where(swap, two, one), jnp.where(swap, one, two)], axis=1)
        codes = (of.scene.code[first], of.scene.code[second])
        shift = pair_shift(jnp.minimum(*codes), jnp.maximum(*codes), of.seed, jnp)
        origin, direction, weight = row_rays(triangles, of.table, jnp.where(real, row, 0), shift, lift)
        # Rays that carry no weight need not walk.
        reach = (real[:, None] & (weight > 0)).astype(jnp.float32)
        hidden = any_hit(of.hierarchy, origin.reshape(-1, 3), direction.reshape(-1, 3), reach.reshape(-1))
        clear = jnp.where(hidden.reshape(weight.shape), 0.0, weight)
        both = jnp.stack([jnp.sum(clear, axis=1, dtype=jnp.float64), jnp.sum(weight, axis=1, dtype=jnp.float64)])
        return sums.at[:, owner].add(both, mode="drop")

    return jax.lax.fori_loop(0, -(-stop[-1] // width), one, jnp.zeros((2, len(more))))


def seed_of(number: int) -> Array:
    """The seed as `partial_pairs.pair_shift` wants it."""
    return jnp.asarray(np.uint64(number))
