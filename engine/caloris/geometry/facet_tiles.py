"""Facets as oriented triangles in compact tiles, and which tiles can see, or come between, which.

A facet is one side of a triangle. Tiles hold up to 64 facets of one rigid group, sorted by plane and then
along a Morton curve, so that a tile is nearly flat and small. What can be decided for whole tiles costs
nothing for their pairs.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

LANES = 64


@dataclass(frozen=True)
class Facets:
    """Oriented triangles with what derives from them; arrays over facets."""

    triangle: np.ndarray  # [facet, vertex, xyz] m, right-handed toward what the facet sees
    group: np.ndarray  # [facet] rigid group

    @cached_property
    def normal(self) -> np.ndarray:
        """Unit normals [facet, xyz]."""
        return self._span / np.maximum(2 * self.area, 1e-300)[:, None]

    @cached_property
    def area(self) -> np.ndarray:
        """Areas [facet], m2."""
        return np.linalg.norm(self._span, axis=1) / 2

    @cached_property
    def centroid(self) -> np.ndarray:
        """Centroids [facet, xyz], m."""
        return self.triangle.mean(axis=1)

    @cached_property
    def offset(self) -> np.ndarray:
        """Normal . x on the facet's plane [facet], m."""
        return np.einsum("fk,fk->f", self.normal, self.centroid)

    @cached_property
    def radius(self) -> np.ndarray:
        """Largest distance of a vertex from the centroid [facet], m."""
        return np.linalg.norm(self.triangle - self.centroid[:, None], axis=2).max(axis=1)

    @cached_property
    def _span(self) -> np.ndarray:
        first, second = self.triangle[:, 1] - self.triangle[:, 0], self.triangle[:, 2] - self.triangle[:, 0]
        return np.cross(first, second)


def oriented_facets(
    vertices: np.ndarray, triangles: np.ndarray, triangle: np.ndarray, side: np.ndarray, group: np.ndarray
) -> Facets:
    """Return the given sides (0 front, 1 back) of the given triangles as facets; group is per triangle."""
    corners = np.asarray(vertices, np.float64)[triangles[triangle]]
    corners = np.where((side == 1)[:, None, None], corners[:, ::-1], corners)
    return Facets(corners, group[triangle])


def scene_size(vertices: np.ndarray) -> float:
    """Diagonal of the box around all vertices, m."""
    return float(np.linalg.norm(np.ptp(vertices, axis=0))) if len(vertices) else 1.0


def plane_label(facets: Facets, size: float) -> np.ndarray:
    """Return a label per facet; facets of one rigid group in one plane (and facing one way) share it."""
    key = np.column_stack([facets.group, np.round(facets.normal * 2e3), np.round(facets.offset / size * 2e5)])
    return np.unique(key.astype(np.int64), axis=0, return_inverse=True)[1].ravel()


def make_tiles(facets: Facets, size: float, kind: np.ndarray | None = None) -> np.ndarray:
    """Return [tile, lane] facet numbers, -1 where empty; each tile lies in one group and is of one kind [facet].

    Flat parts get tiles of one plane each; where planes hold few facets (curved parts), neighbors of
    similar orientation share tiles. Tiles and lanes follow from where facets are, not from their numbers.
    """
    kind = np.zeros(len(facets.group), np.int64) if kind is None else kind
    plane = plane_label(facets, size)
    population = np.bincount(plane)[plane] if len(plane) else plane
    curved = population < LANES // 4
    orientation = np.round(facets.normal * 1.5).astype(np.int64) @ np.array([25, 5, 1])
    sheet = np.where(curved, orientation, plane + 1000)
    ties = np.round(facets.centroid / (1e-7 * size)).T
    order = np.lexsort((*ties, _morton(facets.centroid), sheet, curved, facets.group, kind))
    breaks = (np.diff(facets.group[order]) != 0) | (np.diff(kind[order]) != 0)
    breaks |= (np.diff(sheet[order]) != 0) & ~curved[order][1:]
    starts = np.concatenate([[0], np.flatnonzero(breaks) + 1, [len(order)]])
    rows = []
    for start, stop in zip(starts[:-1], starts[1:], strict=True):
        count = max(1, -(-(stop - start) // LANES))
        for part in np.array_split(order[start:stop], count):
            rows.append(np.concatenate([part, np.full(LANES - len(part), -1)]))
    return np.array(rows, np.int64).reshape(-1, LANES)


def _morton(point: np.ndarray) -> np.ndarray:
    """Interleave ten bits of each coordinate."""
    if not len(point):
        return np.zeros(0, np.int64)
    extent = max(float(np.ptp(point, axis=0).max()), 1e-300)
    cell = ((point - point.min(axis=0)) / extent * 1023).astype(np.int64)
    code = np.zeros(len(point), np.int64)
    for bit in range(10):
        for axis in range(3):
            code |= ((cell[:, axis] >> bit) & 1) << (3 * bit + axis)
    return code


def tile_boxes(facets: Facets, tiles: np.ndarray) -> np.ndarray:
    """Corners [tile, 8, xyz] of a box around each tile, along the first facet's normal and shortest edge."""
    filled = np.where(tiles >= 0, tiles, tiles[:, :1])
    points = facets.triangle[filled].reshape(len(tiles), -1, 3)
    first = facets.triangle[tiles[:, 0]]
    edges = np.roll(first, -1, axis=1) - first
    shortest = np.argmin(np.linalg.norm(edges, axis=2), axis=1)
    along = edges[np.arange(len(tiles)), shortest]
    along = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-300)
    normal = facets.normal[tiles[:, 0]]
    axes = np.stack([along, np.cross(normal, along), normal], axis=1)
    place = np.einsum("tak,tpk->tpa", axes, points)
    low, high = place.min(axis=1), place.max(axis=1)
    choice = np.array([[corner >> axis & 1 for axis in range(3)] for corner in range(8)], bool)
    corners = np.where(choice[None], high[:, None], low[:, None])
    return np.einsum("tca,tak->tck", corners, axes)


def plane_sides(
    boxes: np.ndarray, facets: Facets, tiles: np.ndarray, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Where boxes lie against the planes of each tile's facets.

    Returns two [box, tile] bool arrays: some corner is above some facet's plane; some corner is below some
    facet's plane (by more than tolerance, m).
    """
    facet = tiles[tiles >= 0]
    tile = np.nonzero(tiles >= 0)[0]
    starts = np.flatnonzero(np.diff(tile, prepend=-1))
    corners = boxes.reshape(-1, 3).astype(np.float32)
    above = np.zeros((len(boxes), len(tiles)), bool)
    below = np.zeros((len(boxes), len(tiles)), bool)
    step = max(1, (1 << 22) // max(1, len(facet)) // 8)
    normal, offset = facets.normal[facet].astype(np.float32).T, facets.offset[facet].astype(np.float32)
    for first in range(0, len(boxes), step):
        height = corners[8 * first : 8 * (first + step)] @ normal - offset
        height = height.reshape(-1, 8, len(facet))
        rows = slice(first, first + step)
        above[rows] = np.maximum.reduceat(height.max(axis=1), starts, axis=1) > tolerance
        below[rows] = np.minimum.reduceat(height.min(axis=1), starts, axis=1) < -tolerance
    return above, below


_DIRECTIONS = np.array(
    [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, -1, 0], [1, 0, 1], [1, 0, -1], [0, 1, 1], [0, 1, -1]]
    + [[1, 1, 1], [1, 1, -1], [1, -1, 1], [-1, 1, 1]],
    float,
)


def tile_extents(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest extent [tile, direction] of each box along 13 directions."""
    place = np.einsum("tck,dk->tcd", boxes, _DIRECTIONS)
    return place.min(axis=1), place.max(axis=1)


def may_come_between(
    first: np.ndarray,
    second: np.ndarray,
    extents: tuple[np.ndarray, np.ndarray],
    blocker_extents: tuple[np.ndarray, np.ndarray],
    sides: tuple[np.ndarray, np.ndarray],
    tolerance: float,
) -> np.ndarray:
    """Whether any blocker can cut a line between tiles first[k] and second[k]; [pair of tiles] bool.

    A blocker cannot when both tiles lie on one side of all its planes (`sides` [tile, blocker], from
    `plane_sides`), or when it is clear of the tiles' common hull along one of 13 directions. Never misses
    one; may report one that is not there. Blockers' extents and sides' columns go together.
    """
    low, high = extents
    blocker_low, blocker_high = blocker_extents
    above, below = sides
    out = np.zeros(len(first), bool)
    for start in range(0, len(first), 4096):
        i, j = first[start : start + 4096], second[start : start + 4096]
        split = (above[i] | above[j]) & (below[i] | below[j])
        hull_low, hull_high = np.minimum(low[i], low[j]), np.maximum(high[i], high[j])
        for axis in range(len(_DIRECTIONS)):
            split &= hull_low[:, axis, None] <= blocker_high[None, :, axis] + tolerance
            split &= hull_high[:, axis, None] >= blocker_low[None, :, axis] - tolerance
        out[start : start + 4096] = split.any(axis=1)
    return out
