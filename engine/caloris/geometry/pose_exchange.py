"""Exchange areas of a scene's sides, pose by pose: what is rigid is done once, what moves in each pose."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from caloris.geometry.clear_pairs import Pairs, clear_pairs
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
from caloris.geometry.pair_visibility import TilePoints, near_thin_part, seen_points, thin_parts, tile_points
from caloris.geometry.partial_pairs import partial_visibility, probed_fraction
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
    points: TilePoints
    blocker_tiles: np.ndarray  # [blocker, lane] triangle
    blocker_group: np.ndarray  # [blocker]
    size: float  # m
    tolerance: float
    seed: int


@dataclass(frozen=True)
class Exchange:
    """Pairs of sides that face each other, their exchange areas in clear view and what is seen of them."""

    first: np.ndarray  # [pair] side
    second: np.ndarray  # [pair] side
    clear: np.ndarray  # [pair] m2
    fraction: np.ndarray  # [pair] -
    error: float  # m2, expected sum of |errors|
    rays: int


@dataclass(frozen=True)
class RigidExchange(Exchange):
    """Exchange within rigid groups with only the own group in the way; tile pairs for looking again."""

    pairs: Pairs
    tile_pairs: np.ndarray  # [pair of tiles, 2]


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
    tiles = make_tiles(facets, size)
    blockers = _all_triangles(vertices, triangles, group)
    blocker_tiles = make_tiles(blockers, size)
    return Layout(
        triangles=triangles,
        group=group,
        sides=sides,
        area=facets.area,
        tiles=tiles,
        tile_group=facets.group[tiles[:, 0]],
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
    tile_pairs = _facing_tiles(layout, pose)
    tile_pairs = tile_pairs[layout.tile_group[tile_pairs[:, 0]] == layout.tile_group[tile_pairs[:, 1]]]
    pairs = clear_pairs(pose.facets, layout.tiles, tile_pairs, layout.sides.active, layout.size)
    fraction, error, rays = np.ones(len(pairs.first)), 0.0, 0
    pair_group = layout.tile_group[tile_pairs[:, 0]][pairs.tile_pair]
    for group in np.unique(pair_group):
        rows = np.flatnonzero(pair_group == group)
        own = layout.blocker_group == group
        tracer = caster or ray_caster(vertices, layout.triangles[layout.group == group])
        allowed = layout.tolerance * float(pairs.exchange_area[rows].sum())
        seen = _visibility(layout, pose, _take(pairs, rows), tile_pairs, (tracer, own), allowed)
        fraction[rows] = seen.fraction
        error, rays = error + seen.error, rays + seen.rays
    return RigidExchange(pairs.first, pairs.second, pairs.exchange_area, fraction, error, rays, pairs, tile_pairs)


def pose_exchange(layout: Layout, rigid: RigidExchange, vertices: np.ndarray, caster: RayCaster) -> Exchange:
    """Exchange in one pose: pairs across groups anew, pairs within one only where another may come between."""
    pose = _at_pose(layout, vertices)
    across = _facing_tiles(layout, pose)
    across = across[layout.tile_group[across[:, 0]] != layout.tile_group[across[:, 1]]]
    crossing = clear_pairs(pose.facets, layout.tiles, across, layout.sides.active, layout.size)

    touched = _touched(layout, pose, rigid.tile_pairs)[rigid.pairs.tile_pair] & (rigid.fraction > 0)
    again = _take(rigid.pairs, np.flatnonzero(touched))
    again = again._replace(tile_pair=again.tile_pair + len(across))
    pairs = Pairs(*(np.concatenate(both) for both in zip(crossing, again, strict=True)))
    total = float(crossing.exchange_area.sum() + (rigid.clear * rigid.fraction).sum())
    every = np.ones(len(layout.blocker_group), bool)
    seen = _visibility(
        layout,
        pose,
        pairs,
        np.concatenate([across, rigid.tile_pairs]),
        (caster, every),
        layout.tolerance * total,
    )
    kept = ~touched
    return Exchange(
        first=np.concatenate([pairs.first, rigid.first[kept]]),
        second=np.concatenate([pairs.second, rigid.second[kept]]),
        clear=np.concatenate([pairs.exchange_area, rigid.clear[kept]]),
        fraction=np.concatenate([seen.fraction, rigid.fraction[kept]]),
        error=rigid.error + seen.error,
        rays=seen.rays,
    )


class _Seen(NamedTuple):
    """Visible fractions of some pairs."""

    fraction: np.ndarray  # [pair]
    error: float  # m2
    rays: int


def _visibility(
    layout: Layout,
    pose: _Pose,
    pairs: Pairs,
    tile_pairs: np.ndarray,
    against: tuple[RayCaster, np.ndarray],
    allowed: float,
) -> _Seen:
    """See how much of each pair is visible; against: the ray caster and which blocker tiles it holds."""
    caster, blockers = against
    if not len(pairs.first):
        return _Seen(np.zeros(0), 0.0, 0)
    used, which = np.unique(pairs.tile_pair, return_inverse=True)
    doubtful = may_come_between(
        tile_pairs[used, 0],
        tile_pairs[used, 1],
        pose.extents,
        (pose.blocker_extents[0][blockers], pose.blocker_extents[1][blockers]),
        (pose.blocker_sides[0][:, blockers], pose.blocker_sides[1][:, blockers]),
        1e-6 * layout.size,
    )[which.ravel()]
    fraction = np.ones(len(pairs.first))
    rows = np.flatnonzero(doubtful)
    if not len(rows):
        return _Seen(fraction, 0.0, 0)
    some = _take(pairs, rows)
    valid, visible, rays = seen_points(layout.points, pose.facets, some, tile_pairs, caster, layout.size)
    partial = (valid < 9) | ((visible > 0) & (visible < 9))
    owner = layout.sides.triangle
    parts = thin_parts(pose.blockers, layout.size)
    partial |= near_thin_part(pose.facets, owner, some.first, some.second, parts)
    guess = np.where(valid > 0, visible / np.maximum(valid, 1), 0.5)
    settled = (guess > 0.5).astype(float)
    fraction[rows] = settled
    probe = np.flatnonzero(~partial & (some.exchange_area > _PROBE * allowed))
    if len(probe):
        count = np.minimum(16 * some.exchange_area[probe] / (_PROBE * allowed), _MOST_PROBES).astype(np.int64)
        two = (some.first[probe], some.second[probe])
        found, more = probed_fraction(pose.facets, two, count, caster, layout.size, layout.seed)
        rays += more
        partial[probe[np.abs(found - settled[probe]) > 0]] = True
    pick = np.flatnonzero(partial)
    rays_of = (some.first[pick], some.second[pick], some.exchange_area[pick])
    traced = partial_visibility(pose.facets, rays_of, guess[pick], allowed, caster, layout.size, layout.seed)
    fraction[rows[pick]] = traced.fraction
    return _Seen(fraction, traced.error, rays + traced.rays)


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
    active = np.any(np.append(layout.sides.active, False)[layout.tiles], axis=1)
    facing = np.triu(above & above.T & np.logical_or.outer(active, active))
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


def _take(pairs: Pairs, rows: np.ndarray) -> Pairs:
    """Return some of the pairs."""
    return Pairs(*(column[rows] for column in pairs))
