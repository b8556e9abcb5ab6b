"""Which facet pairs see each other fully, partly or not at all: rays between points that pairs share.

Facets of one plane in one tile share points near their vertices, one ray between two points serves all pairs
that have them: about half a ray per pair of facets, where nine rays each would be needed without sharing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from caloris.geometry.chunks import ahead
from caloris.geometry.connected import connected_parts
from caloris.geometry.facet_tiles import LANES, Facets, plane_label
from caloris.geometry.raycast import RayCaster
from caloris.programs import kept_on_arrays
from caloris_kernels.radiative.visibility import count_points, facing_points

_PULL = 0.04  # how far points move from their vertex into the facets around it
LIFT = 5e-6  # of the scene's diagonal: how far ray ends stand off their surface, well above float32 rounding
_POINT_PAIRS_AT_ONCE = 1 << 21
THIN = 2.0  # parts thinner than this many facet sizes can hide between the points

_facing_points, _count_points = kept_on_arrays(facing_points), kept_on_arrays(count_points)


@dataclass(frozen=True)
class TilePoints:
    """Sample points of each tile, shared by its facets; the layout, valid for all poses."""

    vertex: np.ndarray  # [point] index into all facets' vertices, 3 * facet + vertex
    members: tuple[np.ndarray, np.ndarray]  # point and 3 * facet + vertex of every facet's corner
    slot: np.ndarray  # [tile, slot] point, -1 where empty
    corner_slot: np.ndarray  # [facet, vertex] slot of the facet's points in its tile


def tile_points(facets: Facets, tiles: np.ndarray, size: float) -> TilePoints:
    """Choose one point per vertex and plane in each tile."""
    count = len(facets.area)
    tile = np.empty(count, np.int64)
    tile[tiles[tiles >= 0]] = np.nonzero(tiles >= 0)[0]
    plane = plane_label(facets, size)
    place = np.round(facets.triangle.reshape(-1, 3) / (1e-7 * size)).astype(np.int64)
    place = np.unique(place, axis=0, return_inverse=True)[1].ravel()
    key = np.column_stack([np.repeat(tile, 3), np.repeat(plane, 3), place])
    _, vertex, point = np.unique(key, axis=0, return_index=True, return_inverse=True)
    point = point.ravel()
    # Points come sorted by tile: their slot is their rank inside it.
    point_tile = tile[vertex // 3]
    starts = np.searchsorted(point_tile, np.arange(len(tiles)))
    rank = np.arange(len(vertex)) - starts[point_tile]
    slots = np.full((len(tiles), int(rank.max(initial=0)) + 1), -1)
    slots[point_tile, rank] = np.arange(len(vertex))
    return TilePoints(vertex, (point, np.arange(3 * count)), slots, rank[point].reshape(-1, 3))


def point_positions(points: TilePoints, facets: Facets, lift: float) -> tuple[np.ndarray, np.ndarray]:
    """Positions (m; pulled into the facets and lifted off) and normals of all points, [point, xyz] float32."""
    member, corner = points.members
    around = np.bincount(member, minlength=len(points.vertex))[:, None]
    middle = np.stack(
        [np.bincount(member, facets.centroid[corner // 3, k], len(points.vertex)) for k in range(3)], axis=1
    )
    normal = facets.normal[points.vertex // 3]
    start = facets.triangle.reshape(-1, 3)[points.vertex]
    place = start + _PULL * (middle / around - start) + lift * normal
    return place.astype(np.float32), normal.astype(np.float32)


def seen_blocks(
    points: TilePoints,
    position: tuple[np.ndarray, np.ndarray],
    tiles: np.ndarray,
    block_tile: np.ndarray,
    caster: RayCaster,
    size: float,
) -> tuple[np.ndarray, np.ndarray, int]:
    """For each pair of facets: how many of its nine point pairs face each other, and how many of those see each other.

    position: of all points, and their normals (`point_positions`). Returns (valid, visible) [block, lane, lane]
    uint8 for the blocks of tiles [block, 2], and the number of rays.
    """
    width = points.slot.shape[1]
    place, normal = (np.append(array, np.zeros((1, 3), np.float32), axis=0) for array in position)
    lane_slot = np.where(tiles[:, :, None] >= 0, points.corner_slot[tiles], -1).astype(np.int32)
    valid = np.empty((len(block_tile), LANES, LANES), np.uint8)
    visible = np.empty_like(valid)
    tolerance, rays = np.float32(2 * LIFT * size), 0
    step = max(1, _POINT_PAIRS_AT_ONCE // width**2)

    def launch() -> Iterator[tuple]:
        for start in range(0, len(block_tile), step):
            pick = np.arange(start, start + step) % len(block_tile)
            # Empty slots are -1: the zero row at the end.
            slot_i, slot_j = (points.slot[block_tile[pick, side]] for side in (0, 1))
            ends = (place[slot_i], normal[slot_i], place[slot_j], normal[slot_j])
            lanes = tuple(lane_slot[block_tile[pick, side]] for side in (0, 1))
            yield start, ends, lanes, _facing_points(*ends, tolerance)

    for start, (x, _, y, _), lanes, facing in ahead(launch()):
        count = min(step, len(block_tile) - start)
        flat = np.flatnonzero(np.asarray(facing)[:count]).astype(np.int32)
        row, slot_j = np.divmod(flat, np.int32(width))
        origin = x.reshape(-1, 3)[row]
        direction = y.reshape(-1, 3)[row // np.int32(width) * np.int32(width) + slot_j] - origin
        seen = np.zeros(facing.shape, bool)
        seen.reshape(-1)[flat] = ~caster.occluded(origin, direction)
        rays += len(flat)
        valid[start : start + count] = np.asarray(_count_points(facing, *lanes))[:count]
        visible[start : start + count] = np.asarray(_count_points(seen, *lanes))[:count]
    return valid, visible, rays


@dataclass(frozen=True)
class ThinParts:
    """Connected parts that can slip between sample points, each inside a capsule."""

    label: np.ndarray  # [triangle] connected part, thin or not
    number: np.ndarray  # [part] its label
    ends: np.ndarray  # [part, 2, xyz] m, the capsule's axis
    radius: np.ndarray  # [part] m
    extent: np.ndarray  # [part] m, second smallest extent


def thin_parts(triangles: Facets, size: float) -> ThinParts:
    """Find the connected parts whose second smallest extent is below twice the largest facet's size."""
    place = np.round(triangles.triangle.reshape(-1, 3) / (1e-6 * size)).astype(np.int64)
    vertex = np.unique(place, axis=0, return_inverse=True)[1].ravel().reshape(-1, 3)
    count = int(vertex.max(initial=-1)) + 1
    label = connected_parts(count, np.concatenate([vertex[:, :2], vertex[:, 1:]]))[vertex[:, 0]]
    largest = np.sqrt(triangles.area.max(initial=0.0))
    number, ends, radius, extent = [], [], [], []
    for part in range(int(label.max(initial=-1)) + 1):
        points = triangles.triangle[label == part].reshape(-1, 3)
        middle = points.mean(axis=0)
        axes = np.linalg.eigh(np.cov((points - middle).T))[1]
        along = (points - middle) @ axes
        low, high = along.min(axis=0), along.max(axis=0)
        if high[1] - low[1] < THIN * largest:
            line = np.repeat(((low + high) / 2)[None], 2, axis=0)
            line[:, 2] = low[2], high[2]
            number.append(part)
            ends.append(middle + line @ axes.T)
            radius.append(np.hypot(high[0] - low[0], high[1] - low[1]) / 2)
            extent.append(high[1] - low[1])
    return ThinParts(label, np.array(number, int), np.array(ends).reshape(-1, 2, 3), np.array(radius), np.array(extent))


def near_thin_part(
    facets: Facets, facet_triangle: np.ndarray, first: np.ndarray, second: np.ndarray, parts: ThinParts
) -> np.ndarray:
    """Whether the straight beam between two facets may meet a part too thin for the sample points, [pair].

    The facets' own parts do not count: the points see those well enough.
    """
    out = np.zeros(len(first), bool)
    if not len(parts.number):
        return out
    larger = np.maximum(facets.radius[first], facets.radius[second])
    width = np.sqrt(np.maximum(facets.area[first], facets.area[second]))
    own_first, own_second = parts.label[facet_triangle[first]], parts.label[facet_triangle[second]]
    for number, ends, radius, extent in zip(parts.number, parts.ends, parts.radius, parts.extent, strict=True):
        pick = ~out & (extent < THIN * width) & (own_first != number) & (own_second != number)
        pick = np.flatnonzero(pick)
        gap = segment_distance(facets.centroid[first[pick]], facets.centroid[second[pick]], ends[0], ends[1])
        out[pick[gap < radius + larger[pick]]] = True
    return out


def segment_distance(a: Any, b: Any, c: Any, d: Any, xp: Any = np) -> Any:
    """Distance (m) between segments a-b [pair, xyz] and one segment c-d (Ericson 2005, section 5.1.9).

    Works on numpy arrays, or with xp = jax.numpy on JAX's.
    """
    run, axis, between = b - a, d - c, a - c
    aa, ee = xp.sum(run * run, axis=1), axis @ axis
    f, cc, bb = between @ axis, xp.sum(run * between, axis=1), run @ axis
    slope = aa * ee - bb * bb
    s = xp.where(slope > 1e-12 * aa * ee, (bb * f - cc * ee) / xp.where(slope > 0, slope, 1.0), 0.0).clip(0, 1)
    t = xp.where(ee > 0, (bb * s + f) / xp.where(ee > 0, ee, 1.0), 0.0).clip(0, 1)
    s = ((bb * t - cc) / xp.where(aa > 0, aa, 1.0)).clip(0, 1)
    return xp.linalg.norm(between + s[:, None] * run - t[:, None] * axis, axis=1)
