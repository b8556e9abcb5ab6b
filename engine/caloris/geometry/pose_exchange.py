"""Exchange areas of a scene's sides, pose by pose: what is rigid is done once, what moves in each pose."""

from dataclasses import dataclass

import numpy as np

from caloris.geometry.host_blocks import Blocks, Value
from caloris.geometry.raycast import RayCaster
from caloris.geometry.scene_layout import Layout, at_pose, facing_tiles, touched_blocks


@dataclass(frozen=True)
class Exchange:
    """Exchange areas between the facets of pairs of tiles; a tile with itself holds each pair once."""

    block_tile: np.ndarray  # [block, 2] tiles
    value: Value  # [block, lane, lane] float32, m2, what stands between taken off
    error: float  # m2, sum of |errors| as estimated
    occluded: bool  # something is taken off
    rays: int


@dataclass(frozen=True)
class RigidExchange(Exchange):
    """Exchange within rigid groups with only the own group in the way; in clear view too, for looking again."""

    clear: Value  # [block, lane, lane] float32, m2


def rigid_exchange(layout: Layout, vertices: np.ndarray, caster: RayCaster | None, blocks: Blocks) -> RigidExchange:
    """Exchange between the sides of each rigid group, in blocks that live where `blocks` keeps them.

    caster: of the whole scene, when everything is one group; None traces each group against itself alone,
    which holds in all poses until another group comes between.
    """
    pose = at_pose(layout, vertices)
    block_tile = facing_tiles(layout, pose)
    block_tile = block_tile[layout.tile_group[block_tile[:, 0]] == layout.tile_group[block_tile[:, 1]]]
    block_tile, clear = blocks.clear(layout, pose, block_tile)
    # In a single pose nobody looks again, and the blocks are the largest thing in memory.
    value = blocks.copy(clear) if caster is None else clear
    error, occluded, rays = 0.0, False, 0
    block_group = layout.tile_group[block_tile[:, 0]]
    groups = np.unique(block_group)
    for group in groups:
        rows = np.flatnonzero(block_group == group)
        own = layout.blocker_group == group
        tracer = caster or blocks.caster(vertices, layout.triangles[layout.group == group])
        part = value if len(groups) == 1 else blocks.take(value, rows)
        part, seen = blocks.take_off_hidden(layout, pose, block_tile[rows], part, (tracer, own), 0.0)
        value = part if len(groups) == 1 else blocks.put(value, rows, part)
        error, occluded, rays = error + seen.error, occluded or seen.occluded, rays + seen.rays
    return RigidExchange(block_tile, value, error, occluded, rays, value if caster is not None else clear)


def pose_exchange(
    layout: Layout, rigid: RigidExchange, vertices: np.ndarray, caster: RayCaster, blocks: Blocks
) -> Exchange:
    """Exchange in one pose: blocks across groups anew, blocks within one only where another may come between."""
    pose = at_pose(layout, vertices)
    across = facing_tiles(layout, pose)
    across = across[layout.tile_group[across[:, 0]] != layout.tile_group[across[:, 1]]]
    across, crossing = blocks.clear(layout, pose, across)

    touched = touched_blocks(layout, pose, rigid.block_tile)
    again, alone = np.flatnonzero(touched), np.flatnonzero(~touched)
    block_tile = np.concatenate([across, rigid.block_tile[again]])
    anew = blocks.where_seen(blocks.take(rigid.value, again), blocks.take(rigid.clear, again))
    value = blocks.join(crossing, anew)
    untouched = blocks.take(rigid.value, alone)
    every = np.ones(len(layout.blocker_group), bool)
    value, seen = blocks.take_off_hidden(layout, pose, block_tile, value, (caster, every), blocks.total(untouched))
    return Exchange(
        block_tile=np.concatenate([block_tile, rigid.block_tile[alone]]),
        value=blocks.join(value, untouched),
        error=rigid.error + seen.error,
        occluded=rigid.occluded or seen.occluded,
        rays=seen.rays,
    )
