"""Visible part of facet pairs that something half hides: quasi-random rays, more where they count more."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.stats import qmc

from caloris.geometry.chunks import ahead
from caloris.geometry.facet_tiles import Facets
from caloris.geometry.pair_visibility import LIFT
from caloris.geometry.raycast import RayCaster
from caloris_kernels.radiative.visibility import pair_rays

_ROW = 8  # rays are traced in rows of 8 per pair: the least number a pair gets
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


@jax.jit
def _row_rays(triangles, table, row, shift, lift):
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
            wanted = _rows(area * _sigma(fraction, np.maximum(_ROW * done, 9)), allowed)
            more = np.where(wanted > 1.4 * done, wanted - done, 0)
            sums += self._trace(first, second, done, more)
            done += more
            fraction = np.where(sums[1] > 0, sums[0] / np.where(sums[1] > 0, sums[1], 1.0), guess)
            spread = area * _sigma(fraction, _ROW * done)
            each = _ERROR_FACTOR * spread * (_ROW * np.maximum(done, 1)) ** -_ERROR_POWER
            error = float(np.sum(each)) * _margin(each)
        return PartialVisibility(fraction, error, int(done.sum()) * _ROW)

    def probed_fraction(self, first: np.ndarray, second: np.ndarray, count: np.ndarray) -> tuple[np.ndarray, int]:
        """Visible fractions of the given pairs by count [pair] rays each, and the number of rays."""
        rows = -(-count // _ROW)
        sums = self._trace(first, second, np.zeros_like(rows), rows)
        return np.where(sums[1] > 0, sums[0] / np.where(sums[1] > 0, sums[1], 1.0), 0.0), int(rows.sum()) * _ROW

    @cached_property
    def _codes(self) -> np.ndarray:
        return _facet_codes(self.facets, self.size)

    @cached_property
    def _triangles(self) -> np.ndarray:
        return self.facets.triangle.astype(np.float32)

    def _trace(self, first: np.ndarray, second: np.ndarray, done: np.ndarray, more: np.ndarray) -> np.ndarray:
        """Trace rows done ... done + more of each pair; return [2, pair]: sums of weight x visible and of weight."""
        swap = self._codes[first] > self._codes[second]
        ends = np.stack([np.where(swap, second, first), np.where(swap, first, second)], axis=1)
        shift = _pair_shift(self._codes[ends[:, 0]], self._codes[ends[:, 1]], self.seed)
        longest = _ROW * int((done + more).max(initial=0))
        table = _sobol(self.seed, _TABLES[longest > _TABLES[0]])
        owner = np.repeat(np.arange(len(done)), more)
        row = np.arange(len(owner)) - np.repeat(np.cumsum(more) - more - done, more)
        lift = np.float32(LIFT * self.size)

        def launch() -> Iterator[tuple]:
            for start in range(0, len(owner), _ROWS_AT_ONCE):
                who, number = owner[start : start + _ROWS_AT_ONCE], row[start : start + _ROWS_AT_ONCE]
                full = np.resize(who, _ROWS_AT_ONCE)  # one compiled shape
                number = np.resize(number, _ROWS_AT_ONCE).astype(np.int32)
                yield start, len(who), _row_rays(self._triangles[ends[full]], table, number, shift[full], lift)

        parts = np.empty((2, len(owner)))
        for start, count, (origin, direction, weight) in ahead(launch()):
            ray = (np.asarray(origin)[:count].reshape(-1, 3), np.asarray(direction)[:count].reshape(-1, 3))
            clear = ~self.caster.occluded(*ray).reshape(count, _ROW)
            weight = np.asarray(weight)[:count]
            parts[0, start : start + count] = np.sum(weight * clear, axis=1, dtype=np.float64)
            parts[1, start : start + count] = np.sum(weight, axis=1, dtype=np.float64)
        return np.stack([np.bincount(owner, part, len(done)) for part in parts])


def _sigma(fraction: np.ndarray, rays: np.ndarray) -> np.ndarray:
    """Standard deviation of one ray, never quite zero: n rays that agree leave room for another outcome."""
    return np.sqrt(np.maximum(fraction * (1 - fraction), _DOUBT / (rays + 2.0)))


def _margin(error: np.ndarray, spread: float = 2.0) -> float:
    """What to multiply the expected sum of |errors| with, so that the true one stays below: 1 + spread / root of N.

    The sum of N equal independent errors scatters by its root of N-th part; unequal ones count as fewer.
    """
    square = float(np.sum(error * error))
    return 1.0 + spread * np.sqrt(square) / float(np.sum(error)) if square > 0 else 1.0


def _rows(spread: np.ndarray, allowed: float) -> np.ndarray:
    """Rows of rays per pair, a power of two, so that the expected errors sum to allowed."""
    share = np.maximum(spread, 1e-300) ** (1 / (1 + _ERROR_POWER))
    # Where a few pairs make up all of the error nothing averages, and rays are cheap: aim well below.
    allowed = max(allowed, 1e-300) / _margin(share, 12.0)
    scale = _ERROR_FACTOR * float(np.sum(spread * share**-_ERROR_POWER)) / allowed
    wanted = scale ** (1 / _ERROR_POWER) * share / _ROW
    return (2 ** np.round(np.log2(np.clip(wanted, 1, _MOST // _ROW)))).astype(np.int64)


@lru_cache(maxsize=4)
def _sobol(seed: int, count: int) -> jax.Array:
    """Scrambled Sobol points [row, _ROW, 4], float32 (Owen 1998, doi:10.1006/jcom.1998.0487)."""
    points = qmc.Sobol(4, rng=np.random.default_rng(seed)).random(count)
    return jnp.asarray(points.astype(np.float32).reshape(-1, _ROW, 4))


def _facet_codes(facets: Facets, size: float) -> np.ndarray:
    """A number for each facet that follows from where it is, whatever its place in the list [facet] uint64."""
    place = np.round(np.concatenate([facets.centroid / size, facets.normal], axis=1) * (1 << 20)).astype(np.int64)
    code = np.zeros(len(place), np.uint64)
    with np.errstate(over="ignore"):
        for column in place.T:
            code = _mixed(code * np.uint64(0x9E3779B97F4A7C15) + column.astype(np.uint64))
    return code


def _mixed(code: np.ndarray) -> np.ndarray:
    """Spread every bit of a number over all of them (Steele et al. 2014, doi:10.1145/2660193.2660195)."""
    with np.errstate(over="ignore"):
        code = (code ^ (code >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        code = (code ^ (code >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return code ^ (code >> np.uint64(31))


def _pair_shift(first: np.ndarray, second: np.ndarray, seed: int) -> np.ndarray:
    """A shift in [0, 1)^4 for each pair of facet codes: shared points would make the errors of pairs add up."""
    with np.errstate(over="ignore"):
        code = _mixed(_mixed(first + np.uint64(seed + 1)) + second)
    parts = [(code >> np.uint64(16 * k)) & np.uint64(0xFFFF) for k in range(4)]
    return np.stack(parts, axis=1).astype(np.float32) / np.float32(65536)
