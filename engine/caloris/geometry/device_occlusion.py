"""Take what is hidden off exchange areas on JAX's device: the flow of `occlusion`, with lists that stay there.

The host hears how many pairs each chunk of blocks leaves in doubt, and a few sums over all of them; it never sees a
ray, a point or a pair.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from caloris.geometry.device_clear import Value
from caloris.geometry.device_lists import Plan, padded
from caloris.geometry.device_partial import (
    PairList,
    Rays,
    append,
    empty_list,
    guessed_hidden,
    probe,
    settle,
    shares,
    trace,
    wanted_rows,
)
from caloris.geometry.device_points import sort_chunk
from caloris.geometry.device_scene import DeviceScene
from caloris.geometry.occlusion import NOTHING_HIDDEN, PROBE, PROBES, Seen
from caloris.geometry.partial_pairs import ROW, error_bound, row_scale, sobol_table
from caloris.geometry.raycast import HierarchyRayCaster


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
    tiles = jnp.asarray(padded(block_tile.astype(np.int32), len(value)))
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
        self._segments: list[PairList] = []
        self._room = 0  # in the last segment

    def sort(self, chosen: np.ndarray, elsewhere: float) -> bool:
        """Clear what is hidden, keep in segments what is partial; whether anything was hidden."""
        tolerance, plan = self._settings.tolerance, self._settings.plan
        large = jnp.asarray(PROBE * tolerance * (total_on_device(self.value) + elsewhere))
        hidden = False
        for start in range(0, len(chosen), plan.blocks):
            rows = padded(chosen[start : start + plan.blocks].astype(np.int32), plan.blocks, len(self.value))
            self.value, found = sort_chunk(
                self.value, jnp.asarray(rows), self._against, large, jnp.asarray(tolerance), **self._walk
            )
            count, rays, lost = jax.device_get((found.count, found.rays, found.hidden))
            hidden, self.rays = hidden or bool(lost), self.rays + int(rays)
            for first in range(0, int(count), plan.pairs):
                self._probe(found.doubt, first, min(first + plan.pairs, int(count)), large)
        return hidden

    def trace_partial(self, elsewhere: float) -> tuple[float, bool]:
        """Trace the pairs that are partly hidden until the tolerance holds: sum of |errors|, whether any is hidden."""
        in_view = total_on_device(self.value) + elsewhere
        hidden = sum(float(guessed_hidden(self.value, pairs)) for pairs in self._segments)
        # Where next to nothing is visible there is nothing to be exact about.
        allowed = self._settings.tolerance * max(in_view - hidden, 0.01 * in_view)
        for _ in range(2):
            sums = [shares(self.value, pairs) for pairs in self._segments]
            scale = jnp.asarray(row_scale(tuple(np.sum(jax.device_get(sums), axis=0)), allowed)) if sums else None
            for k, pairs in enumerate(self._segments):
                more, longest = wanted_rows(self.value, pairs, scale)
                table = sobol_table(self._settings.seed, ROW * int(longest))
                self._segments[k] = trace(pairs, more, self._against._replace(table=table), **self._walk)
        error = square = 0.0
        occluded = False
        for pairs in self._segments:
            self.value, found = settle(self.value, pairs)
            each, squared, lost, rays = jax.device_get(found)
            error, square, occluded = error + float(each), square + float(squared), occluded or bool(lost)
            self.rays += int(rays)
        return error_bound(error, square), occluded

    def _probe(self, doubt: PairList, start: int, stop: int, large: jax.Array) -> None:
        """Probe some of a chunk's pairs in doubt and keep those that are partial."""
        length = self._settings.plan.pairs
        pairs = append(empty_list(length, len(self.value)), 0, doubt, start, stop)
        self.value, pairs, left, rays = probe(self.value, pairs, self._against, large, **self._walk)
        count, rays = jax.device_get((left, rays))
        self.rays += int(rays)
        kept = min(int(count), self._room)
        if kept:
            self._segments[-1] = append(self._segments[-1], length - self._room, pairs, 0, kept)
        if kept < int(count):
            self._segments.append(append(empty_list(length, len(self.value)), 0, pairs, kept, int(count)))
            self._room = length
            kept = int(count) - kept
        self._room -= kept
