"""Take what is hidden off exchange areas on JAX's device: the flow of `occlusion`, with lists that stay there.

The host hears how many pairs each chunk of blocks leaves in doubt, and a few sums over all of them; it never sees a
ray, a point or a pair.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from caloris.geometry.device_clear import Value
from caloris.geometry.device_lists import Plan, padded, power_above
from caloris.geometry.device_partial import (
    Doubt,
    Rays,
    append,
    found,
    guessed_hidden,
    no_doubt,
    no_rays,
    probe,
    shares,
    trace,
    wanted_rows,
    write_pairs,
)
from caloris.geometry.device_points import read_blocks, sort_chunk, write_blocks
from caloris.geometry.device_scene import DeviceScene
from caloris.geometry.occlusion import NOTHING_HIDDEN, PROBE, PROBES, Seen
from caloris.geometry.partial_pairs import ROW, error_bound, row_scale, sobol_table
from caloris.geometry.raycast import HierarchyRayCaster

_FEW_BLOCKS = 1 << 12


class Settings(NamedTuple):
    """What the caller asks for, and the lengths of lists."""

    tolerance: float
    seed: int
    plan: Plan


def take_off_hidden_on_device(
    value: Value,
    scene: DeviceScene,
    block_tile: np.ndarray,
    chosen: np.ndarray,
    caster: HierarchyRayCaster,
    elsewhere: float,
    settings: Settings,
) -> tuple[Value, Seen]:
    """Take what is hidden off the blocks' exchange areas (m2, in clear view; the array is used up).

    chosen: the blocks that something may come between; otherwise as `occlusion.take_off_hidden`.
    """
    if not len(chosen):
        return value, NOTHING_HIDDEN
    tiles = jnp.asarray(padded(block_tile.astype(np.int32), power_above(max(_FEW_BLOCKS, len(value)))))
    table = sobol_table(settings.seed, PROBES[1])
    rays = Rays(scene, tiles, caster.hierarchy, table, jnp.asarray(np.uint64(settings.seed)))
    work = _Work(value, rays, caster, settings)
    hidden = work.sort(chosen, elsewhere)
    error, occluded = work.trace_partial(elsewhere)
    return work.value, Seen(error, hidden or occluded, work.rays)


def total_on_device(value: Value) -> float:
    """Sum of exchange areas (m2)."""
    return float(_total(value))


@jax.jit
def _total(value):
    return jnp.sum(value, dtype=jnp.float64)


class _Work:
    """The blocks and the list of pairs in doubt, in segments, while they are worked on."""

    def __init__(self, value: Value, against: Rays, caster: HierarchyRayCaster, settings: Settings) -> None:
        self.value = value
        self.rays = 0
        self._against, self._settings = against, settings
        self._walk = {"any_hit": caster.any_hit, "rays": settings.plan.rays}
        self._segments: list[Doubt] = []
        self._room = 0  # in the last segment

    def sort(self, chosen: np.ndarray, elsewhere: float) -> bool:
        """Clear what is hidden, keep in segments what is partial; whether anything was hidden."""
        tolerance, plan = self._settings.tolerance, self._settings.plan
        large = jnp.asarray(PROBE * tolerance * (total_on_device(self.value) + elsewhere))
        hidden = False
        for start in range(0, len(chosen), plan.blocks):
            part = chosen[start : start + plan.blocks].astype(np.int32)
            rows = jnp.asarray(padded(part, plan.blocks, len(self.value)))
            blocks = read_blocks(self.value, rows)
            blocks, result = sort_chunk(
                blocks, rows, len(part), self._against, large, jnp.asarray(tolerance), **self._walk
            )
            self.value = write_blocks(self.value, rows, blocks)
            count, rays, lost = jax.device_get((result.count, result.rays, result.hidden))
            hidden, self.rays = hidden or bool(lost), self.rays + int(rays)
            for first in range(0, int(count), plan.pairs):
                self._probe(result.doubt, first, min(first + plan.pairs, int(count)), large)
        return hidden

    def trace_partial(self, elsewhere: float) -> tuple[float, bool]:
        """Trace the pairs that are partly hidden until the tolerance holds: sum of |errors|, whether any is hidden."""
        if not self._segments:
            return 0.0, False
        in_view = total_on_device(self.value) + elsewhere
        hidden = sum(float(guessed_hidden(pairs)) for pairs in self._segments)
        # Where next to nothing is visible there is nothing to be exact about.
        allowed = self._settings.tolerance * max(in_view - hidden, 0.01 * in_view)
        traced = [no_rays(len(pairs.block)) for pairs in self._segments]
        for _ in range(2):
            sums = [shares(*each) for each in zip(self._segments, traced, strict=True)]
            first, second = np.sum(jax.device_get(sums), axis=0)
            scale = jnp.asarray(row_scale((first, second), allowed))
            for k, pairs in enumerate(self._segments):
                more, longest = wanted_rows(pairs, traced[k], scale)
                table = sobol_table(self._settings.seed, ROW * int(longest))
                traced[k] = trace(pairs, traced[k], more, self._against._replace(table=table), **self._walk)
        error = square = 0.0
        occluded = False
        for pairs, rays in zip(self._segments, traced, strict=True):
            area, sums = found(pairs, rays)
            self.value = write_pairs(self.value, pairs.block, pairs.inside, area)
            each, squared, lost, count = jax.device_get(sums)
            error, square, occluded = error + float(each), square + float(squared), occluded or bool(lost)
            self.rays += int(count)
        return error_bound(error, square), occluded

    def _probe(self, doubt: Doubt, start: int, stop: int, large: jax.Array) -> None:
        """Probe some of a chunk's pairs in doubt and keep those that are partial."""
        length = self._settings.plan.pairs
        pairs = append(no_doubt(length), 0, doubt, start, stop)
        looked = probe(pairs, self._against, large, **self._walk)
        self.value = write_pairs(self.value, looked.settled, pairs.inside, looked.area)
        count, rays = (int(x) for x in jax.device_get((looked.count, looked.rays)))
        self.rays += rays
        kept = min(count, self._room)
        if kept:
            self._segments[-1] = append(self._segments[-1], length - self._room, looked.left, 0, kept)
            self._room -= kept
        if kept < count:
            self._segments.append(append(no_doubt(length), 0, looked.left, kept, count))
            self._room = length - (count - kept)
