"""Exchange areas of a scene's sides, pose by pose: what is rigid is done once, what moves in each pose."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from caloris.geometry.clear_blocks import BLOCKS_AT_ONCE, block_facets, clear_blocks
from caloris.geometry.facet_tiles import (
    LANES,
    Facets,
    make_tiles,
    may_come_between,
    oriented_facets,
    plane_sides,
    scene_size,
    tile_boxes,
    tile_extents,
)
from caloris.geometry.pair_visibility import (
    LIFT,
    ThinParts,
    TilePoints,
    near_thin_part,
    point_positions,
    seen_blocks,
    thin_parts,
    tile_points,
)
from caloris.geometry.partial_pairs import PairTracer
from caloris.geometry.raycast import RayCaster, ray_caster
from caloris.geometry.scene_sides import Sides

# Pairs above this part of the tolerance are probed by rays of their own even where their points agree: what is
# smaller than large facets, or lies between few points, would be missed.
_PROBE = 0.1
_MOST_PROBES = 1024


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


@dataclass(frozen=True)
class Exchange:
    """Exchange areas between the facets of pairs of tiles; a tile with itself holds each pair once."""

    block_tile: np.ndarray  # [block, 2] tiles
    value: np.ndarray  # [block, lane, lane] float32, m2, what stands between taken off
    error: float  # m2, expected sum of |errors|
    occluded: bool  # something is taken off
    rays: int


@dataclass(frozen=True)
class RigidExchange(Exchange):
    """Exchange within rigid groups with only the own group in the way; in clear view too, for looking again."""

    clear: np.ndarray  # [block, lane, lane] float32, m2


class _Pose(NamedTuple):
    """The layout at one pose."""

    facets: Facets
    boxes: np.ndarray  # [tile, 8, xyz]
    extents: tuple[np.ndarray, np.ndarray]
    blockers: Facets
    blocker_extents: tuple[np.ndarray, np.ndarray]
    blocker_sides: tuple[np.ndarray, np.ndarray]  # [tile, blocker]


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


def rigid_exchange(layout: Layout, vertices: np.ndarray, caster: RayCaster | None) -> RigidExchange:
    """Exchange between the sides of each rigid group.

    caster: of the whole scene, when everything is one group; None traces each group against itself alone,
    which holds in all poses until another group comes between.
    """
    pose = _at_pose(layout, vertices)
    block_tile = _facing_tiles(layout, pose)
    block_tile = block_tile[layout.tile_group[block_tile[:, 0]] == layout.tile_group[block_tile[:, 1]]]
    block_tile, clear = _clear(layout, pose, block_tile)
    # In a single pose nobody looks again, and the blocks are the largest thing in memory.
    value = clear.copy() if caster is None else clear
    error, occluded, rays = 0.0, False, 0
    block_group = layout.tile_group[block_tile[:, 0]]
    groups = np.unique(block_group)
    for group in groups:
        rows = np.flatnonzero(block_group == group)
        own = layout.blocker_group == group
        tracer = caster or ray_caster(vertices, layout.triangles[layout.group == group])
        part = value if len(groups) == 1 else value[rows]
        seen = _see(layout, pose, block_tile[rows], part, (tracer, own), layout.tolerance * _total(part))
        if len(groups) > 1:
            value[rows] = part
        error, occluded, rays = error + seen.error, occluded or seen.occluded, rays + seen.rays
    return RigidExchange(block_tile, value, error, occluded, rays, clear)


def pose_exchange(layout: Layout, rigid: RigidExchange, vertices: np.ndarray, caster: RayCaster) -> Exchange:
    """Exchange in one pose: blocks across groups anew, blocks within one only where another may come between."""
    pose = _at_pose(layout, vertices)
    across = _facing_tiles(layout, pose)
    across = across[layout.tile_group[across[:, 0]] != layout.tile_group[across[:, 1]]]
    across, crossing = _clear(layout, pose, across)

    touched = _touched(layout, pose, rigid.block_tile)
    again = np.where(rigid.value[touched] > 0, rigid.clear[touched], np.float32(0))
    allowed = layout.tolerance * (_total(crossing) + _total(rigid.value))
    block_tile = np.concatenate([across, rigid.block_tile[touched]])
    value = np.concatenate([crossing, again])
    every = np.ones(len(layout.blocker_group), bool)
    seen = _see(layout, pose, block_tile, value, (caster, every), allowed)
    return Exchange(
        block_tile=np.concatenate([block_tile, rigid.block_tile[~touched]]),
        value=np.concatenate([value, rigid.value[~touched]]),
        error=rigid.error + seen.error,
        occluded=rigid.occluded or seen.occluded,
        rays=seen.rays,
    )


def _clear(layout: Layout, pose: _Pose, block_tile: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Blocks in clear view, those without any exchange left out."""
    value = clear_blocks(pose.facets, layout.tiles, block_tile, layout.size)
    used = value.any(axis=(1, 2))
    return (block_tile, value) if used.all() else (block_tile[used], value[used])


def _total(value: np.ndarray) -> float:
    return float(np.sum(value, dtype=np.float64))


class _Seen(NamedTuple):
    """What looking at some blocks cost and found."""

    error: float  # m2
    occluded: bool
    rays: int


class _Doubt(NamedTuple):
    """Pairs of facets whose visible fraction is known only roughly."""

    place: np.ndarray  # [pair] flat place in the blocks
    guess: np.ndarray  # [pair] -
    partial: np.ndarray  # [pair] bool: surely in need of rays; else only worth a probe


def _see(
    layout: Layout,
    pose: _Pose,
    block_tile: np.ndarray,
    value: np.ndarray,
    against: tuple[RayCaster, np.ndarray],
    allowed: float,
) -> _Seen:
    """Take what is hidden off the blocks' exchange areas, in place.

    against: the ray caster and which blocker tiles it holds; allowed: the sum of |errors|, m2.
    """
    caster, blockers = against
    if not len(block_tile):
        return _Seen(0.0, False, 0)
    doubtful = may_come_between(
        block_tile[:, 0],
        block_tile[:, 1],
        pose.extents,
        (pose.blocker_extents[0][blockers], pose.blocker_extents[1][blockers]),
        (pose.blocker_sides[0][:, blockers], pose.blocker_sides[1][:, blockers]),
        1e-6 * layout.size,
    )
    chosen = np.flatnonzero(doubtful)
    if not len(chosen):
        return _Seen(0.0, False, 0)
    position = point_positions(layout.points, pose.facets, LIFT * layout.size)
    parts = thin_parts(pose.blockers, layout.size)
    found, rays, hidden = [], 0, False
    for start in range(0, len(chosen), BLOCKS_AT_ONCE):
        rows = chosen[start : start + BLOCKS_AT_ONCE]
        view = seen_blocks(layout.points, position, layout.tiles, block_tile[rows], caster, layout.size)
        rays += view[2]
        doubt, lost = _sort_pairs(layout, pose, (block_tile, value, rows), view[:2], parts, _PROBE * allowed)
        hidden |= lost
        found.append(doubt)
    doubt = _Doubt(*(np.concatenate(column) for column in zip(*found, strict=True)))
    first, second = block_facets(layout.tiles, block_tile, doubt.place)
    flat, tracer = value.reshape(-1), PairTracer(pose.facets, caster, layout.size, layout.seed)
    area, partial = flat[doubt.place].astype(np.float64), doubt.partial
    probe = np.flatnonzero(~partial)
    if len(probe):
        count = np.minimum(16 * area[probe] / (_PROBE * allowed), _MOST_PROBES).astype(np.int64)
        fraction, more = tracer.probed_fraction(first[probe], second[probe], count)
        rays += more
        partial[probe[np.abs(fraction - doubt.guess[probe]) > 0]] = True
        flat[doubt.place[probe]] *= doubt.guess[probe].astype(np.float32)
    pick = np.flatnonzero(partial)
    traced = tracer.visibility(first[pick], second[pick], area[pick], doubt.guess[pick], allowed)
    flat[doubt.place[pick]] = area[pick] * traced.fraction
    occluded = hidden or bool(np.any(traced.fraction < 1)) or bool(np.any(doubt.guess[~partial] < 1))
    return _Seen(traced.error, occluded, rays + traced.rays)


def _sort_pairs(
    layout: Layout,
    pose: _Pose,
    blocks: tuple[np.ndarray, np.ndarray, np.ndarray],
    counts: tuple[np.ndarray, np.ndarray],
    parts: ThinParts,
    large: float,
) -> tuple[_Doubt, bool]:
    """Clear the hidden pairs of some blocks, return the doubtful ones, and whether any was hidden.

    blocks: tiles of all blocks, their values, and which blocks the counts are of; large: exchange area (m2) from
    which on a pair is probed even where its points agree.
    """
    block_tile, value, rows = blocks
    valid, visible = counts
    area = value[rows]
    there = area > 0
    partial = there & ((valid < 9) | ((visible > 0) & (visible < 9)))
    settled = there & ~partial
    if len(parts.number):
        place = np.flatnonzero(settled)
        first, second = block_facets(layout.tiles, block_tile[rows], place)
        near = near_thin_part(pose.facets, layout.sides.triangle, first, second, parts)
        partial.reshape(-1)[place[near]] = True
        settled.reshape(-1)[place[near]] = False
    probed = settled & (area > large)
    hidden = settled & (visible == 0)
    value[rows] = np.where(hidden & ~probed, np.float32(0), area)
    doubt = np.flatnonzero(partial | probed)
    block, inside = np.divmod(doubt, LANES * LANES)
    valid, visible = (count.reshape(-1)[doubt].astype(np.float64) for count in counts)
    unsure = partial.reshape(-1)[doubt]
    guess = np.where(valid > 0, visible / np.maximum(valid, 1), 0.5)
    return _Doubt(rows[block] * (LANES * LANES) + inside, guess, unsure), bool(hidden.any())


def _at_pose(layout: Layout, vertices: np.ndarray) -> _Pose:
    """Place the layout's tiles."""
    facets = layout.sides.facets(vertices, layout.triangles, layout.group)
    blockers = _all_triangles(vertices, layout.triangles, layout.group)
    boxes = tile_boxes(facets, layout.tiles)
    blocker_boxes = tile_boxes(blockers, layout.blocker_tiles)
    tolerance = 2e-6 * layout.size
    sides = plane_sides(boxes, blockers, layout.blocker_tiles, tolerance)
    return _Pose(facets, boxes, tile_extents(boxes), blockers, tile_extents(blocker_boxes), sides)


def _facing_tiles(layout: Layout, pose: _Pose) -> np.ndarray:
    """Pairs of tiles [pair, 2], each once, of which some facets may face each other."""
    above, _ = plane_sides(pose.boxes, pose.facets, layout.tiles, 2e-6 * layout.size)
    facing = np.triu(above & above.T & np.logical_or.outer(layout.tile_active, layout.tile_active))
    return np.argwhere(facing)


def _touched(layout: Layout, pose: _Pose, tile_pairs: np.ndarray) -> np.ndarray:
    """Whether another group may come between the tiles of pairs that lie within one group [pair of tiles]."""
    out = np.zeros(len(tile_pairs), bool)
    pair_group = layout.tile_group[tile_pairs[:, 0]]
    for group in np.unique(pair_group):
        rows, others = np.flatnonzero(pair_group == group), layout.blocker_group != group
        out[rows] = may_come_between(
            tile_pairs[rows, 0],
            tile_pairs[rows, 1],
            pose.extents,
            (pose.blocker_extents[0][others], pose.blocker_extents[1][others]),
            (pose.blocker_sides[0][:, others], pose.blocker_sides[1][:, others]),
            1e-6 * layout.size,
        )
    return out


def _all_triangles(vertices: np.ndarray, triangles: np.ndarray, group: np.ndarray) -> Facets:
    """Return every triangle's front as a facet: what blocks."""
    count = len(triangles)
    return oriented_facets(vertices, triangles, np.arange(count), np.zeros(count, np.int64), group)
