"""Take what is hidden off the exchange areas of facet pairs: points that pairs share first, then rays of their own."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from caloris.geometry.clear_blocks import BLOCKS_AT_ONCE, block_facets
from caloris.geometry.facet_tiles import LANES
from caloris.geometry.pair_visibility import (
    LIFT,
    ThinParts,
    near_thin_part,
    point_positions,
    seen_blocks,
    thin_parts,
)
from caloris.geometry.partial_pairs import PairTracer
from caloris.geometry.raycast import RayCaster
from caloris.geometry.scene_layout import Layout, Pose, blocks_in_doubt

# Pairs above this part of the allowed error, and those whose view factor (from the smaller facet) is above the
# tolerance, are probed by rays of their own even where their points agree: what is smaller than large facets, or pokes
# in between few points, would be missed. A missed corner of a panel cost a small facet beside it 5e-3 of its view.
PROBE = 0.1
PROBES = 8, 1024  # rays


@dataclass(frozen=True)
class Seen:
    """What looking at some blocks cost and found."""

    error: float  # m2, sum of |errors| as estimated
    occluded: bool  # something was taken off
    rays: int


NOTHING_HIDDEN = Seen(0.0, False, 0)


class _Doubt(NamedTuple):
    """Pairs of facets whose visible fraction is known only roughly."""

    place: np.ndarray  # [pair] flat place in the blocks
    guess: np.ndarray  # [pair] -
    partial: np.ndarray  # [pair] bool: surely in need of rays; else only worth a probe


def total(value: np.ndarray) -> float:
    """Sum of exchange areas (m2)."""
    return float(np.sum(value, dtype=np.float64))


def take_off_hidden(
    layout: Layout,
    pose: Pose,
    block_tile: np.ndarray,
    value: np.ndarray,
    against: tuple[RayCaster, np.ndarray],
    elsewhere: float,
) -> Seen:
    """Take what is hidden off the blocks' exchange areas (m2, in clear view), in place.

    against: the ray caster and which blocker tiles it holds; elsewhere: the sum of exchange areas known
    already (m2). The layout's tolerance holds for the sum of |errors| against the sum of all exchange areas, those
    toward inactive sides included.
    """
    caster, blockers = against
    chosen = np.flatnonzero(blocks_in_doubt(layout, pose, block_tile, blockers))
    if not len(chosen):
        return NOTHING_HIDDEN
    position = point_positions(layout.points, pose.facets, LIFT * layout.size)
    parts = thin_parts(pose.blockers, layout.size)
    in_view = total(value) + elsewhere
    large = PROBE * layout.tolerance * in_view
    found, rays, hidden = [], 0, False
    for start in range(0, len(chosen), BLOCKS_AT_ONCE):
        rows = chosen[start : start + BLOCKS_AT_ONCE]
        view = seen_blocks(layout.points, position, layout.tiles, block_tile[rows], caster, layout.size)
        rays += view[2]
        doubt, lost = _sort_pairs(layout, pose, (block_tile, value, rows), view[:2], parts, large)
        hidden |= lost
        found.append(doubt)
    doubt = _Doubt(*(np.concatenate(column) for column in zip(*found, strict=True)))
    tracer = PairTracer(pose.facets, caster, layout.size, layout.seed)
    more = _probe(layout, block_tile, value, doubt, tracer, large)
    seen = _trace_partial(layout, block_tile, value, doubt, tracer, elsewhere)
    return Seen(seen.error, hidden or seen.occluded, rays + more + seen.rays)


def _probe(
    layout: Layout, block_tile: np.ndarray, value: np.ndarray, doubt: _Doubt, tracer: PairTracer, large: float
) -> int:
    """Look again at large pairs whose points agree: mark those where some ray says otherwise; return the rays."""
    probe = np.flatnonzero(~doubt.partial)
    if not len(probe):
        return 0
    flat, place = value.reshape(-1), doubt.place[probe]
    count = np.clip(16 * flat[place].astype(np.float64) / large, *PROBES).astype(np.int64)
    fraction, rays = tracer.probed_fraction(*block_facets(layout.tiles, block_tile, place), count)
    settled = doubt.guess[probe]
    agree = fraction == settled
    doubt.partial[probe[~agree]] = True
    flat[place[agree]] *= settled[agree].astype(np.float32)
    return rays


def _trace_partial(
    layout: Layout,
    block_tile: np.ndarray,
    value: np.ndarray,
    doubt: _Doubt,
    tracer: PairTracer,
    elsewhere: float,
) -> Seen:
    """Trace the pairs that are partly hidden until the tolerance holds."""
    flat = value.reshape(-1)
    pick = np.flatnonzero(doubt.partial)
    place, guess = doubt.place[pick], doubt.guess[pick]
    area = flat[place].astype(np.float64)
    in_view = total(value) + elsewhere
    # Where next to nothing is visible there is nothing to be exact about.
    visible = max(in_view - float(np.sum(area * (1 - guess))), 0.01 * in_view)
    first, second = block_facets(layout.tiles, block_tile, place)
    traced = tracer.visibility(first, second, area, guess, layout.tolerance * visible)
    flat[place] = area * traced.fraction
    return Seen(traced.error, bool(np.any(traced.fraction < 1)), traced.rays)


def _sort_pairs(
    layout: Layout,
    pose: Pose,
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
    lane_area = layout.area.astype(np.float32)[layout.tiles]  # of any facet where a lane is empty
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
    first, second = (lane_area[block_tile[rows, side]] for side in (0, 1))
    smaller = np.minimum(first[:, :, None], second[:, None, :])
    probed = settled & (area > np.minimum(large, layout.tolerance * smaller))
    hidden = settled & (visible == 0)
    value[rows] = np.where(hidden & ~probed, np.float32(0), area)
    doubt = np.flatnonzero(partial | probed)
    block, inside = np.divmod(doubt, LANES * LANES)
    valid, visible = (count.reshape(-1)[doubt].astype(np.float64) for count in counts)
    unsure = partial.reshape(-1)[doubt]
    guess = np.where(valid > 0, visible / np.maximum(valid, 1), 0.5)
    return _Doubt(rows[block] * (LANES * LANES) + inside, guess, unsure), bool(hidden.any())
