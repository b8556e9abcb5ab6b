"""Which facet pairs see each other, on JAX's device: one program a chunk of blocks, with the rules of `occlusion`."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, UInt8

from caloris.geometry.device_clear import Value, pair_facets
from caloris.geometry.device_lists import PAIRS, places
from caloris.geometry.device_partial import Doubt, Rays
from caloris.geometry.device_scene import DeviceScene
from caloris.geometry.pair_visibility import LIFT, THIN, segment_distance
from caloris_kernels.radiative.visibility import count_points, facing_points


class Sorted(NamedTuple):
    """What the points say of a chunk of blocks."""

    doubt: Doubt  # as long as the chunk has pairs
    # Pairs in doubt.
    count: Int[Array, ""]  # pyright: ignore[reportIncompatibleMethodOverride]
    rays: Int[Array, ""]
    hidden: Bool[Array, ""]  # some pair is hidden


@jax.jit
def read_blocks(value: Value, rows: Int[Array, " chunk"]) -> Value:
    """The blocks at some rows; zero past the last."""
    return value.at[rows].get(mode="fill", fill_value=0.0)


@partial(jax.jit, donate_argnums=(0,))
def write_blocks(value: Value, rows: Int[Array, " chunk"], part: Value) -> Value:
    """The blocks with those at some rows replaced; rows past the last are left out."""
    return value.at[rows].set(part, mode="drop")


@partial(jax.jit, static_argnames=("any_hit", "rays"), donate_argnums=(0,))
def sort_chunk(
    area: Value,
    rows: Int[Array, " chunk"],
    count: Int[Array, ""],
    of: Rays,
    large: Float[Array, ""],
    tolerance: Float[Array, ""],
    any_hit: Callable,
    rays: int,
) -> tuple[Value, Sorted]:
    """Clear the hidden pairs of the blocks that lie at these rows, list the doubtful ones.

    The first `count` rows are real. area: in clear view, m2; large: exchange area (m2) from which on a pair is probed
    even where its points agree; tolerance: view factor (from the smaller facet) from which on it is.
    """
    block_tile = of.block_tile[jnp.minimum(rows, len(of.block_tile) - 1)]
    tile_i, tile_j = block_tile[:, 0], block_tile[:, 1]
    valid, visible, traced = _see(of, block_tile, jnp.arange(len(rows)) < count, any_hit, rays)

    there = area > 0
    part = there & ((valid < 9) | ((visible > 0) & (visible < 9)))
    if len(of.scene.thin_number):
        part |= there & _near_thin(of.scene, block_tile, rays).reshape(area.shape)
    settled = there & ~part
    lane_area = of.scene.area.astype(jnp.float32)
    smaller = jnp.minimum(lane_area[tile_i][:, :, None], lane_area[tile_j][:, None, :])
    large, tolerance = large.astype(jnp.float32), tolerance.astype(jnp.float32)
    probed = settled & (area > jnp.minimum(large, tolerance * smaller))
    hidden = settled & (visible == 0)
    place, number = places((part | probed).reshape(-1))
    at, real = jnp.minimum(place, len(place) - 1), place < len(place)
    guess = jnp.where(valid > 0, visible.astype(jnp.float64) / jnp.maximum(valid, 1), 0.5)
    doubt = Doubt(
        jnp.where(real, rows[at // PAIRS], -1),
        at % PAIRS,
        jnp.where(real, area.reshape(-1)[at], 0.0),
        guess.reshape(-1)[at],
        part.reshape(-1)[at] & real,
    )
    return jnp.where(hidden & ~probed, 0.0, area), Sorted(doubt, number, traced, jnp.any(hidden))


def _see(
    of: Rays, block_tile: Int[Array, "chunk 2"], real: Bool[Array, " chunk"], any_hit: Callable, rays: int
) -> tuple[UInt8[Array, "chunk lane lane"], UInt8[Array, "chunk lane lane"], Int[Array, ""]]:
    """`pair_visibility.seen_blocks`: pairs of points that face each other, those that see each other; rays."""
    scene, (tile_i, tile_j) = of.scene, block_tile.T
    width = scene.place.shape[1]
    ends = (scene.place[tile_i], scene.normal[tile_i], scene.place[tile_j], scene.normal[tile_j])
    facing = facing_points(*ends, jnp.asarray(2 * LIFT * scene.size, jnp.float32)) & real[:, None, None]
    flat = facing.reshape(-1)
    rays = min(rays, len(flat))
    place, count = places(flat)
    # Slices may reach past the list's end.
    place = jnp.pad(place, (0, -len(flat) % rays), constant_values=len(flat))

    def one(k: Array, seen: Array) -> Array:
        part = jax.lax.dynamic_slice(place, (k * rays,), (rays,))
        at = jnp.minimum(part, len(flat) - 1)
        block, slot_i, slot_j = at // width**2, at // width % width, at % width
        origin = scene.place[tile_i[block], slot_i]
        direction = scene.place[tile_j[block], slot_j] - origin
        blocked = any_hit(of.hierarchy, origin, direction, (part < len(flat)).astype(jnp.float32))
        return seen.at[part].set(~blocked, mode="drop")

    seen = jax.lax.fori_loop(0, -(-count // rays), one, jnp.zeros_like(flat)).reshape(facing.shape)
    lanes = (scene.lane_slot[tile_i], scene.lane_slot[tile_j])
    return count_points(facing, *lanes), count_points(seen, *lanes), count.astype(jnp.int64)


def _near_thin(scene: DeviceScene, block_tile: Int[Array, "chunk 2"], pairs: int) -> Bool[Array, " item"]:
    """`pair_visibility.near_thin_part` of all pairs of the blocks, some pairs at a time."""
    count = PAIRS * len(block_tile)
    pairs = min(pairs, count)

    def some(k: Array) -> Bool[Array, " pair"]:
        place = jnp.minimum(k * pairs + jnp.arange(pairs), count - 1)
        first, second = pair_facets(block_tile, place // PAIRS, place % PAIRS)
        ends = scene.centroid[first], scene.centroid[second]
        larger = jnp.maximum(scene.radius[first], scene.radius[second])
        width = jnp.sqrt(jnp.maximum(scene.area[first], scene.area[second]))

        def near(part: Array, out: Array) -> Array:
            other = (scene.part[first] != scene.thin_number[part]) & (scene.part[second] != scene.thin_number[part])
            gap = segment_distance(*ends, scene.thin_ends[part, 0], scene.thin_ends[part, 1], jnp)
            small = scene.thin_extent[part] < THIN * width
            return out | (small & other & (gap < scene.thin_radius[part] + larger))

        return jax.lax.fori_loop(0, len(scene.thin_number), near, jnp.zeros(pairs, bool))

    return jax.lax.map(some, jnp.arange(-(-count // pairs))).reshape(-1)[:count]
