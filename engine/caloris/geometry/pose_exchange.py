"""Exchange areas of a scene's sides, pose by pose: what is rigid is done once, what moves in each pose."""

from dataclasses import dataclass

import numpy as np

from caloris.geometry.clear_blocks import clear_blocks
from caloris.geometry.occlusion import take_off_hidden, total
from caloris.geometry.raycast import RayCaster, ray_caster
from caloris.geometry.scene_layout import Layout, Pose, at_pose, facing_tiles, touched_blocks


@dataclass(frozen=True)
class Exchange:
    """Exchange areas between the facets of pairs of tiles; a tile with itself holds each pair once."""

    block_tile: np.ndarray  # [block, 2] tiles
    value: np.ndarray  # [block, lane, lane] float32, m2, what stands between taken off
    error: float  # m2, sum of |errors| as estimated
    occluded: bool  # something is taken off
    rays: int


@dataclass(frozen=True)
class RigidExchange(Exchange):
    """Exchange within rigid groups with only the own group in the way; in clear view too, for looking again."""

    clear: np.ndarray  # [block, lane, lane] float32, m2


def rigid_exchange(layout: Layout, vertices: np.ndarray, caster: RayCaster | None) -> RigidExchange:
    """Exchange between the sides of each rigid group.

    caster: of the whole scene, when everything is one group; None traces each group against itself alone,
    which holds in all poses until another group comes between.
    """
    pose = at_pose(layout, vertices)
    block_tile = facing_tiles(layout, pose)
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
        seen = take_off_hidden(layout, pose, block_tile[rows], part, (tracer, own), 0.0)
        if len(groups) > 1:
            value[rows] = part
        error, occluded, rays = error + seen.error, occluded or seen.occluded, rays + seen.rays
    return RigidExchange(block_tile, value, error, occluded, rays, clear)


def pose_exchange(layout: Layout, rigid: RigidExchange, vertices: np.ndarray, caster: RayCaster) -> Exchange:
    """Exchange in one pose: blocks across groups anew, blocks within one only where another may come between."""
    pose = at_pose(layout, vertices)
    across = facing_tiles(layout, pose)
    across = across[layout.tile_group[across[:, 0]] != layout.tile_group[across[:, 1]]]
    across, crossing = _clear(layout, pose, across)

    touched = touched_blocks(layout, pose, rigid.block_tile)
    again = np.where(rigid.value[touched] > 0, rigid.clear[touched], np.float32(0))
    block_tile = np.concatenate([across, rigid.block_tile[touched]])
    value = np.concatenate([crossing, again])
    every = np.ones(len(layout.blocker_group), bool)
    untouched = total(rigid.value[~touched])
    seen = take_off_hidden(layout, pose, block_tile, value, (caster, every), untouched)
    return Exchange(
        block_tile=np.concatenate([block_tile, rigid.block_tile[~touched]]),
        value=np.concatenate([value, rigid.value[~touched]]),
        error=rigid.error + seen.error,
        occluded=rigid.occluded or seen.occluded,
        rays=seen.rays,
    )


def _clear(layout: Layout, pose: Pose, block_tile: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Blocks in clear view, those without any exchange left out."""
    value = clear_blocks(pose.facets, layout.tiles, block_tile, layout.size)
    used = value.any(axis=(1, 2))
    return (block_tile, value) if used.all() else (block_tile[used], value[used])
