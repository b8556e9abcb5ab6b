"""A scene's sides and blocking triangles sorted into tiles, once for all poses, and what is known of whole tiles."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from caloris.geometry.facet_tiles import (
    Facets,
    make_tiles,
    may_come_between,
    oriented_facets,
    plane_sides,
    scene_size,
    tile_boxes,
    tile_extents,
)
from caloris.geometry.pair_visibility import TilePoints, tile_points
from caloris.geometry.scene_sides import Sides, heights


@dataclass(frozen=True)
class Layout:
    """What all poses share: the sides in tiles, the blocking triangles in tiles, the sample points."""

    triangles: np.ndarray  # [triangle, 3]
    group: np.ndarray  # [triangle] rigid group
    sides: Sides
    area: np.ndarray  # [side] m2
    tiles: np.ndarray  # [tile, lane] side
    tile_group: np.ndarray  # [tile]
    tile_active: np.ndarray  # [tile] bool: tiles hold either active sides or inactive ones, the active ones first
    points: TilePoints
    blocker_tiles: np.ndarray  # [blocker, lane] triangle
    blocker_group: np.ndarray  # [blocker]
    size: float  # m
    tolerance: float
    seed: int


class Pose(NamedTuple):
    """The layout at one pose."""

    facets: Facets
    boxes: np.ndarray  # [tile, 8, xyz]
    extents: tuple[np.ndarray, np.ndarray]
    blockers: Facets
    blocker_extents: tuple[np.ndarray, np.ndarray]
    blocker_sides: tuple[np.ndarray, np.ndarray]  # [tile, blocker]
    inside: np.ndarray  # [blocker] bool: not on the scene's convex hull; what is on it comes between nothing


def make_layout(
    vertices: np.ndarray, triangles: np.ndarray, group: np.ndarray, sides: Sides, settings: tuple[float, int]
) -> Layout:
    """Sort sides and blocking triangles into tiles at one pose; settings are the tolerance and the seed."""
    size = scene_size(vertices)
    facets = sides.facets(vertices, triangles, group)
    tiles = make_tiles(facets, size, kind=~sides.active)
    blockers = _all_triangles(vertices, triangles, group)
    blocker_tiles = make_tiles(blockers, size)
    return Layout(
        triangles=triangles,
        group=group,
        sides=sides,
        area=facets.area,
        tiles=tiles,
        tile_group=facets.group[tiles[:, 0]],
        tile_active=sides.active[tiles[:, 0]],
        points=tile_points(facets, tiles, size),
        blocker_tiles=blocker_tiles,
        blocker_group=group[blocker_tiles[:, 0]],
        size=size,
        tolerance=settings[0],
        seed=settings[1],
    )


def at_pose(layout: Layout, vertices: np.ndarray) -> Pose:
    """Place the layout's tiles."""
    facets = layout.sides.facets(vertices, layout.triangles, layout.group)
    blockers = _all_triangles(vertices, layout.triangles, layout.group)
    boxes = tile_boxes(facets, layout.tiles)
    blocker_boxes = tile_boxes(blockers, layout.blocker_tiles)
    tolerance = 2e-6 * layout.size
    sides = plane_sides(boxes, blockers, layout.blocker_tiles, tolerance)
    inside = _inside_hull(vertices, layout.triangles, blockers, layout.blocker_tiles, tolerance)
    return Pose(facets, boxes, tile_extents(boxes), blockers, tile_extents(blocker_boxes), sides, inside)


def _inside_hull(
    vertices: np.ndarray, triangles: np.ndarray, blockers: Facets, tiles: np.ndarray, tolerance: float
) -> np.ndarray:
    """Whether some facet of each tile has parts of the scene on both sides of its plane [tile] bool."""
    low, high = heights(blockers, vertices[np.unique(triangles)])
    cut = np.append((low < -tolerance) & (high > tolerance), False)
    return np.any(cut[tiles], axis=1)


def facing_tiles(layout: Layout, pose: Pose) -> np.ndarray:
    """Pairs of tiles [pair, 2], each once, of which some facets may face each other."""
    above, _ = plane_sides(pose.boxes, pose.facets, layout.tiles, 2e-6 * layout.size)
    facing = np.triu(above & above.T & np.logical_or.outer(layout.tile_active, layout.tile_active))
    return np.argwhere(facing)


def blocks_in_doubt(layout: Layout, pose: Pose, block_tile: np.ndarray, blockers: np.ndarray) -> np.ndarray:
    """Whether any of the chosen blocker tiles may come between the two tiles of each block [block] bool."""
    blockers = blockers & pose.inside
    return may_come_between(
        block_tile[:, 0],
        block_tile[:, 1],
        pose.extents,
        (pose.blocker_extents[0][blockers], pose.blocker_extents[1][blockers]),
        (pose.blocker_sides[0][:, blockers], pose.blocker_sides[1][:, blockers]),
        1e-6 * layout.size,
    )


def touched_blocks(layout: Layout, pose: Pose, block_tile: np.ndarray) -> np.ndarray:
    """Whether another group may come between the tiles of blocks that lie within one group [block] bool."""
    out = np.zeros(len(block_tile), bool)
    block_group = layout.tile_group[block_tile[:, 0]]
    for group in np.unique(block_group):
        rows = np.flatnonzero(block_group == group)
        out[rows] = blocks_in_doubt(layout, pose, block_tile[rows], layout.blocker_group != group)
    return out


def _all_triangles(vertices: np.ndarray, triangles: np.ndarray, group: np.ndarray) -> Facets:
    """Return every triangle's front as a facet: what blocks."""
    count = len(triangles)
    return oriented_facets(vertices, triangles, np.arange(count), np.zeros(count, np.int64), group)
