"""Rays between the facets of pairs in doubt on JAX's device: one program a segment of a list of pairs.

Points, shifts, weights and numbers of rays are those of `partial_pairs`.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
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


class Doubt(NamedTuple):
    """A segment of a list of facet pairs whose visible part is in doubt, 21 bytes each."""

    block: Int[Array, " pair"]  # in the blocks, -1 where the segment is not filled
    inside: Int[Array, " pair"]  # flat place in the block
    area: Float[Array, " pair"]  # m2, exchange area in clear view, float32, zero where not filled
    guess: Float[Array, " pair"]  # -, visible part as the shared points have it
    partial: Bool[Array, " pair"]  # surely in need of rays; else only worth a probe


class Traced(NamedTuple):
    """What rays have found for a segment, 20 bytes a pair."""

    rows: Int[Array, " pair"]  # rows of rays done
    sums: Float[Array, "2 pair"]  # of weight x visible, and of weight


class Rays(NamedTuple):
    """What rays run against, and from where: the same for all segments of a pose."""

    scene: DeviceScene
    block_tile: Int[Array, "block 2"]
    hierarchy: Float[Array, "entry 12"]
    table: Float[Array, "row sample 4"]
    seed: Array  # uint64


def no_doubt(length: int) -> Doubt:
    """A segment without pairs."""
    number, real = jnp.zeros(length, jnp.int32), jnp.zeros(length)
    return Doubt(number - 1, number, real.astype(jnp.float32), real, jnp.zeros(length, bool))


def no_rays(length: int) -> Traced:
    """Nothing traced."""
    return Traced(jnp.zeros(length, jnp.int32), jnp.zeros((2, length)))


@partial(jax.jit, donate_argnums=(0,))
def append(pairs: Doubt, filled: Int[Array, ""], more: Doubt, start: Int[Array, ""], stop: Int[Array, ""]) -> Doubt:
    """The segment, filled up so far, with the pairs start ... stop of another; what has no room is left out."""
    number = jnp.arange(len(more.block))
    at = jnp.where((number >= start) & (number < stop), filled + number - start, len(pairs.block))
    return Doubt(*(a.at[at].set(b, mode="drop") for a, b in zip(pairs, more, strict=True)))


@partial(jax.jit, donate_argnums=(0,))
def write_pairs(value: Value, block: Int[Array, " pair"], inside: Int[Array, " pair"], area: Array) -> Value:
    """The blocks with new exchange areas (m2) for some pairs; none where the block is -1."""
    place = jnp.where(block < 0, len(value), block)
    return value.at[place, inside // LANES, inside % LANES].set(area.astype(value.dtype), mode="drop")


class Probed(NamedTuple):
    """What a look at a segment has found."""

    settled: Int[Array, " pair"]  # block of each pair where rays agree with the points, else -1
    area: Float[Array, " pair"]  # m2, what is visible of these
    left: Doubt  # the others
    # How many others.
    count: Int[Array, ""]  # pyright: ignore[reportIncompatibleMethodOverride]
    rays: Int[Array, ""]


@partial(jax.jit, static_argnames=("any_hit", "rays"))
def probe(pairs: Doubt, of: Rays, large: Float[Array, ""], any_hit: Callable, rays: int) -> Probed:
    """Look again at pairs whose points agree (see `occlusion`): settle them, or call them partial; large: m2."""
    real = pairs.block >= 0
    probed = real & ~pairs.partial
    count = jnp.clip(16 * pairs.area.astype(jnp.float64) / large, *PROBES).astype(jnp.int32)
    rows = jnp.where(probed, -(-count // ROW), 0)
    sums = _trace(pairs, jnp.zeros_like(rows), rows, of, any_hit, rays)
    fraction = jnp.where(sums[1] > 0, sums[0] / jnp.where(sums[1] > 0, sums[1], 1.0), 0.0)
    agree = probed & (fraction == pairs.guess)
    left, number = places(real & ~agree)
    there = jnp.arange(len(left)) < number
    kept = Doubt(*(jnp.take(x, left, mode="clip") for x in pairs))
    kept = kept._replace(block=jnp.where(there, kept.block, -1), area=jnp.where(there, kept.area, 0), partial=there)
    settled = jnp.where(agree, pairs.block, -1)
    return Probed(settled, pairs.area * pairs.guess, kept, number, ROW * jnp.sum(rows, dtype=jnp.int64))


@jax.jit
def guessed_hidden(pairs: Doubt) -> Float[Array, ""]:
    """Sum of the exchange areas (m2) that are hidden by the pairs' guesses."""
    return jnp.sum(pairs.area * (1 - pairs.guess))


@jax.jit
def shares(pairs: Doubt, traced: Traced) -> tuple[Array, Array]:
    """`partial_pairs.share_sums` of a segment."""
    return share_sums(_share(pairs, traced), jnp)


@jax.jit
def wanted_rows(pairs: Doubt, traced: Traced, scale: Float[Array, ""]) -> tuple[Int[Array, " pair"], Array]:
    """Rows of rays that each pair still wants, and the most that one has then."""
    more = jnp.where(pairs.block >= 0, more_rows(_share(pairs, traced), scale, traced.rows, jnp), 0)
    return more, jnp.max(traced.rows + more)


@partial(jax.jit, static_argnames=("any_hit", "rays"), donate_argnums=(1,))
def trace(pairs: Doubt, traced: Traced, more: Int[Array, " pair"], of: Rays, any_hit: Callable, rays: int) -> Traced:
    """Trace so many more rows of rays for each pair."""
    return Traced(traced.rows + more, traced.sums + _trace(pairs, traced.rows, more, of, any_hit, rays))


@jax.jit
def found(pairs: Doubt, traced: Traced) -> tuple[Float[Array, " pair"], tuple[Array, Array, Array, Array]]:
    """What is visible of each pair (m2); sums of the expected errors and of their squares, any hidden, rays."""
    real = pairs.block >= 0
    area, fraction = pairs.area.astype(jnp.float64), _fraction(pairs, traced)
    each = jnp.where(real, expected_error(area, fraction, traced.rows, jnp), 0.0)
    rays = ROW * jnp.sum(traced.rows, dtype=jnp.int64)
    return area * fraction, (jnp.sum(each), jnp.sum(each * each), jnp.any(real & (fraction < 1)), rays)


def _fraction(pairs: Doubt, traced: Traced) -> Float[Array, " pair"]:
    """Visible fractions as the rays have them, so far."""
    seen, weight = traced.sums
    return jnp.where(weight > 0, seen / jnp.where(weight > 0, weight, 1.0), pairs.guess)


def _share(pairs: Doubt, traced: Traced) -> Float[Array, " pair"]:
    """`partial_pairs.row_share` of each pair, zero where the segment is not filled."""
    rays = jnp.maximum(ROW * traced.rows, 9)
    spread = spread_of(pairs.area.astype(jnp.float64), _fraction(pairs, traced), rays, jnp)
    return jnp.where(pairs.block >= 0, row_share(spread, jnp), 0.0)


def _trace(
    pairs: Doubt, done: Int[Array, " pair"], more: Int[Array, " pair"], of: Rays, any_hit: Callable, rays: int
) -> Float[Array, "2 pair"]:
    """Trace rows done ... done + more of each pair; sums of weight x visible and of weight.

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
        row = (number - stop[who] + more[who] + done[who]).astype(jnp.int32)
        first, second = pair_facets(of.block_tile, jnp.maximum(pairs.block[who], 0), pairs.inside[who])
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
