"""One pose's facets, points and thin parts on JAX's device, tile by tile."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt64

from caloris.geometry.clear_blocks import tile_arrays
from caloris.geometry.device_lists import padded, power_above
from caloris.geometry.pair_visibility import LIFT, ThinParts, point_positions, thin_parts
from caloris.geometry.partial_pairs import facet_codes
from caloris.geometry.scene_layout import Layout, Pose
from caloris_kernels.radiative.view_factor import Tile

_SLOTS = 16  # slots of a tile's points are a multiple of this
_FEW_TILES = 8


class DeviceScene(NamedTuple):
    """Facets by tile and lane; empty lanes repeat a facet, and their area in `tile` is zero."""

    tile: Tile  # about the scene's center
    exact: Float[Array, "tile lane 3 3"]  # m, about the scene's center, float64
    corners: Float[Array, "tile lane 3 3"]  # m
    centroid: Float[Array, "tile lane 3"]  # m, float64
    area: Float[Array, "tile lane"]  # m2, float64
    radius: Float[Array, "tile lane"]  # m, float64
    code: UInt64[Array, "tile lane"]  # `partial_pairs.facet_codes`
    part: Int[Array, "tile lane"]  # connected part
    lane_slot: Int[Array, "tile lane 3"]  # slot of each facet's three points, -1 where a lane is empty
    place: Float[Array, "tile slot 3"]  # m, sample points
    normal: Float[Array, "tile slot 3"]  # zero where a slot is empty
    thin_number: Int[Array, " thin"]
    thin_ends: Float[Array, "thin 2 3"]  # m
    thin_radius: Float[Array, " thin"]  # m
    thin_extent: Float[Array, " thin"]  # m
    size: Float[Array, ""]  # m


def point_width(layout: Layout) -> int:
    """Slots for points in each tile on the device."""
    return -(-layout.points.slot.shape[1] // _SLOTS) * _SLOTS


def device_scene(layout: Layout, pose: Pose) -> DeviceScene:
    """Put a pose on the device, filled up so that scenes of about the same size share their compiled programs."""
    facets, count = pose.facets, power_above(max(_FEW_TILES, len(layout.tiles)))
    filled = np.where(layout.tiles >= 0, layout.tiles, layout.tiles[:, :1])
    center = facets.centroid.mean(axis=0)
    parts = _filled_up(thin_parts(pose.blockers, layout.size))
    missing = point_width(layout) - layout.points.slot.shape[1]
    slot = np.pad(layout.points.slot, [(0, 0), (0, missing)], constant_values=-1)
    ends = (
        np.append(array, np.zeros((1, 3), np.float32), axis=0)
        for array in point_positions(layout.points, facets, LIFT * layout.size)
    )
    place, normal = (array[slot] for array in ends)
    lane_slot = np.where(layout.tiles[:, :, None] >= 0, layout.points.corner_slot[filled], -1)

    def put(array: np.ndarray, fill: float = 0) -> jax.Array:
        return jnp.asarray(padded(array, count, fill))

    return DeviceScene(
        tile=Tile(*(put(np.asarray(array)) for array in tile_arrays(facets, layout.tiles))),
        exact=put((facets.triangle - center)[filled]),
        corners=put(facets.triangle.astype(np.float32)[filled]),
        centroid=put(facets.centroid[filled]),
        area=put(facets.area[filled]),
        radius=put(facets.radius[filled]),
        code=put(facet_codes(facets, layout.size)[filled]),
        part=put(parts.label[layout.sides.triangle[filled]].astype(np.int32)),
        lane_slot=put(lane_slot.astype(np.int32), -1),
        place=put(place),
        normal=put(normal),
        thin_number=jnp.asarray(parts.number.astype(np.int32)),
        thin_ends=jnp.asarray(parts.ends),
        thin_radius=jnp.asarray(parts.radius),
        thin_extent=jnp.asarray(parts.extent),
        size=jnp.asarray(layout.size),
    )


def _filled_up(parts: ThinParts) -> ThinParts:
    """Fill up to a power of two with parts too thick to matter."""
    count = len(parts.number)
    if not count:
        return parts
    length = power_above(count)
    return ThinParts(
        parts.label,
        padded(parts.number, length, -1),
        padded(parts.ends, length),
        padded(parts.radius, length),
        padded(parts.extent, length, np.inf),
    )
