"""Visible part of facet pairs that something half hides: quasi-random rays, more where they count more."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from caloris.geometry.chunks import ahead
from caloris.geometry.facet_tiles import Facets
from caloris.geometry.pair_visibility import LIFT
from caloris.geometry.raycast import RayCaster
from caloris.programs import kept_on_arrays
from caloris_kernels.numerics.sobol import sobol_points
from caloris_kernels.radiative.visibility import pair_rays

ROW = 8
"""Rays are traced in rows of 8 per pair: the least number a pair gets."""

_ROWS_AT_ONCE = 1 << 14
# Points of the low-discrepancy table: most pairs want few, and a long table is slow to make and to read. Pairs that
# want more than the long one has start over with another random shift.
_TABLES = 1 << 16, 1 << 20
# Variance left, times n + 2, where n rays agree: most such pairs are whole (measured on satellites).
_DOUBT = 0.02
_MOST = 1 << 22
_LAP = np.array([0.8566749, 0.7338919, 0.6287067, 0.5385973], np.float32)  # Roberts' sequence in 4-D
# Error of n shifted Sobol rays across an edge: about 0.75 sigma n^-0.65 (measured; sigma^2 = p (1 - p)).
_ERROR_FACTOR, _ERROR_POWER = 0.75, 0.65


class PartialVisibility(NamedTuple):
    """Visible fractions, kernel-weighted, of some pairs."""

    fraction: np.ndarray  # [pair]
    error: float  # sum over pairs of |error of the exchange area|, m2, as estimated
    rays: int


@kept_on_arrays
def row_rays(triangles, table, row, shift, lift):
    """Rays of one row of samples per pair; rows past the table start over with another shift."""
    lap = (row // table.shape[0])[:, None].astype(shift.dtype)
    uniform = table[row % table.shape[0]] + (shift + lap * _LAP)[:, None]
    return pair_rays(triangles[:, 0], triangles[:, 1], uniform - jnp.floor(uniform), lift)


@dataclass(frozen=True)
class PairTracer:
    """Rays between facets of one scene; what a pair gets depends on where its facets are, not on their numbers."""

    facets: Facets
    caster: RayCaster
    size: float  # m, the scene's diagonal
    seed: int

    def visibility(
        self, first: np.ndarray, second: np.ndarray, area: np.ndarray, guess: np.ndarray, allowed: float
    ) -> PartialVisibility:
        """Trace the given pairs of facets until their errors sum to allowed (m2).

        V = sum of weight x visible / sum of weight over n rays; n goes as (exchange area x sigma)^0.6, area
        (m2) in clear view, first with the variance of the guessed fractions, then once more with the measured ones.
        """
        done = np.zeros(len(first), np.int64)
        sums = np.zeros((2, len(first)))
        error, fraction = 0.0, guess
        for _ in range(2):
            share = row_share(spread_of(area, fraction, np.maximum(ROW * done, 9)))
            more = more_rows(share, row_scale(share_sums(share), allowed), done)
            sums += self._trace(first, second, done, more)
            done += more
            fraction = np.where(sums[1] > 0, sums[0] / np.where(sums[1] > 0, sums[1], 1.0), guess)
            each = expected_error(area, fraction, done)
            error = error_bound(np.sum(each), np.sum(each * each))
        return PartialVisibility(fraction, error, int(done.sum()) * ROW)

    def probed_fraction(self, first: np.ndarray, second: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, int]:
        """Visible fractions of the given pairs by count [pair] rays each, and the number of rays."""
        rows = -(-count // ROW)
        sums = self._trace(first, second, np.zeros_like(rows), rows)
        return np.where(sums[1] > 0, sums[0] / np.where(sums[1] > 0, sums[1], 1.0), 0.0), int(rows.sum()) * ROW

    @cached_property
    def _codes(self) -> np.ndarray:
        return facet_codes(self.facets, self.size)

    @cached_property
    def _triangles(self) -> np.ndarray:
        return self.facets.triangle.astype(np.float32)

    def _trace(self, first: np.ndarray, second: np.ndarray, done: np.ndarray, more: np.ndarray) -> np.ndarray:
        """Trace rows done ... done + more of each pair; return [2, pair]: sums of weight x visible and of weight."""
        swap = self._codes[first] > self._codes[second]
        ends = np.stack([np.where(swap, second, first), np.where(swap, first, second)], axis=1)
        shift = pair_shift(self._codes[ends[:, 0]], self._codes[ends[:, 1]], np.uint64(self.seed))
        longest = ROW * int((done + more).max(initial=0))
        table = sobol_table(self.seed, longest)
        owner = np.repeat(np.arange(len(done)), more)
        row = np.arange(len(owner)) - np.repeat(np.cumsum(more) - more - done, more)
        lift = np.float32(LIFT * self.size)

        def launch() -> Iterator[tuple]:
            for start in range(0, len(owner), _ROWS_AT_ONCE):
                who, number = owner[start : start + _ROWS_AT_ONCE], row[start : start + _ROWS_AT_ONCE]
                full = np.resize(who, _ROWS_AT_ONCE)  # one compiled shape
                number = np.resize(number, _ROWS_AT_ONCE).astype(np.int32)
                yield start, len(who), row_rays(self._triangles[ends[full]], table, number, shift[full], lift)

        parts = np.empty((2, len(owner)))
        for start, count, (origin, direction, weight) in ahead(launch()):
            ray = (np.asarray(origin)[:count].reshape(-1, 3), np.asarray(direction)[:count].reshape(-1, 3))
            clear = ~self.caster.occluded(*ray).reshape(count, ROW)
            weight = np.asarray(weight)[:count]
            parts[0, start : start + count] = np.sum(weight * clear, axis=1, dtype=np.float64)
            parts[1, start : start + count] = np.sum(weight, axis=1, dtype=np.float64)
        return np.stack([np.bincount(owner, part, len(done)) for part in parts])


def spread_of(area: Any, fraction: Any, rays: Any, xp: Any = np) -> Any:
    """Standard deviation of one ray times the area, never quite zero: n rays that agree leave room for another outcome.

    Works on numpy arrays, or with xp = jax.numpy on JAX's, as do the functions below.
    """
    return area * xp.sqrt(xp.maximum(fraction * (1 - fraction), _DOUBT / (rays + 2.0)))


def row_share(spread: Any, xp: Any = np) -> Any:
    """What the number of rays of a pair is proportional to, so that the least rays reach a sum of errors."""
    return xp.maximum(spread, 1e-300) ** (1 / (1 + _ERROR_POWER))


def share_sums(share: Any, xp: Any = np) -> tuple[Any, Any]:
    """What `row_scale` wants to know of all pairs: the sums of their shares and of the squares of these."""
    return xp.sum(share), xp.sum(share * share)


def row_scale(sums: tuple[float, float], allowed: float) -> float:
    """Rays per share, so that the expected errors sum to allowed (m2).

    The error of a pair, spread times (scale share)^-p with share^(1 + p) = spread, is its share times scale^-p.
    """
    # Where a few pairs make up all of the error nothing averages, and rays are cheap: aim well below.
    allowed = max(allowed, 1e-300) / _margin(*sums, 12.0)
    return float(_ERROR_FACTOR * sums[0] / allowed) ** (1 / _ERROR_POWER)


def more_rows(share: Any, scale: Any, done: Any, xp: Any = np) -> Any:
    """Rows of rays that a pair still wants: up to a power of two, and none where what is done nearly suffices."""
    wanted = (2 ** xp.round(xp.log2(xp.clip(scale * share / ROW, 1, _MOST // ROW)))).astype(done.dtype)
    return xp.where(wanted > 1.4 * done, wanted - done, 0)


def expected_error(area: Any, fraction: Any, done: Any, xp: Any = np) -> Any:
    """Expected |error| (m2) of pairs after done rows of rays."""
    return _ERROR_FACTOR * spread_of(area, fraction, ROW * done, xp) * (ROW * xp.maximum(done, 1)) ** -_ERROR_POWER


def error_bound(total: float, square: float) -> float:
    """The sum of |errors| that the true one hardly exceeds, from the expected errors' sum and sum of squares."""
    return float(total) * _margin(total, square)


def _margin(total: float, square: float, spread: float = 2.0) -> float:
    """What to multiply the expected sum of |errors| with, so that the true one stays below: 1 + spread / root of N.

    The sum of N equal independent errors scatters by its root of N-th part; unequal ones count as fewer.
    """
    return 1.0 + spread * math.sqrt(square) / float(total) if square > 0 else 1.0


def sobol_table(seed: int, longest: int) -> jax.Array:
    """The table of points for pairs of at most `longest` rays."""
    return _sobol(seed, _TABLES[longest > _TABLES[0]])


@lru_cache(maxsize=4)
def _sobol(seed: int, count: int) -> jax.Array:
    """Scrambled Sobol points [row, ROW, 4], float32."""
    points = sobol_points(count, 4, np.random.default_rng(seed))
    return jax.device_put(points.astype(np.float32).reshape(-1, ROW, 4))


def facet_codes(facets: Facets, size: float) -> np.ndarray:
    """A number for each facet that follows from where it is, whatever its place in the list [facet] uint64."""
    place = np.round(np.concatenate([facets.centroid / size, facets.normal], axis=1) * (1 << 20)).astype(np.int64)
    code = np.zeros(len(place), np.uint64)
    with np.errstate(over="ignore"):
        for column in place.T:
            code = _mixed(code * np.uint64(0x9E3779B97F4A7C15) + column.astype(np.uint64))
    return code


def _mixed(code: Any) -> Any:
    """Spread every bit of a number over all of them (Steele et al. 2014, doi:10.1145/2660193.2660195)."""
    with np.errstate(over="ignore"):
        code = (code ^ (code >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        code = (code ^ (code >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return code ^ (code >> np.uint64(31))


def pair_shift(first: Any, second: Any, seed: Any, xp: Any = np) -> Any:
    """A shift in [0, 1)^4 for each pair of facet codes: shared points would make the errors of pairs add up.

    seed: an uint64.
    """
    with np.errstate(over="ignore"):
        code = _mixed(_mixed(first + (seed + np.uint64(1))) + second)
    parts = [(code >> np.uint64(16 * k)) & np.uint64(0xFFFF) for k in range(4)]
    return xp.stack(parts, axis=1).astype(np.float32) / np.float32(65536)
