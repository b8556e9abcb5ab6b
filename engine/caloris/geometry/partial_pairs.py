"""Visible part of facet pairs that something half hides: quasi-random rays, more where they count more."""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.stats import qmc

from caloris.geometry.clear_pairs import ahead
from caloris.geometry.facet_tiles import Facets
from caloris.geometry.pair_visibility import LIFT
from caloris.geometry.raycast import RayCaster
from caloris_kernels.radiative.visibility import pair_rays

_ROW = 8  # rays are traced in rows of 8 per pair: the least number a pair gets
_ROWS_AT_ONCE = 1 << 14
_TABLE = 1 << 16  # points of the low-discrepancy table; longer sequences take a second random shift
# Variance left, times n + 2, where n rays agree: most such pairs are whole (measured on satellites).
_DOUBT = 0.02
_MOST = 1 << 20
_LAP = np.array([0.8566749, 0.7338919, 0.6287067, 0.5385973], np.float32)  # Roberts' sequence in 4-D
# Error of n shifted Sobol rays across an edge: about 0.75 sigma n^-0.65 (measured; sigma^2 = p (1 - p)).
_ERROR_FACTOR, _ERROR_POWER = 0.75, 0.65


class PartialVisibility(NamedTuple):
    """Visible fractions, kernel-weighted, of some pairs."""

    fraction: np.ndarray  # [pair]
    error: float  # expected sum over pairs of |error of the exchange area|, m2
    rays: int


@jax.jit
def _row_rays(triangles, table, row, shift, lift):
    """Rays of one row of samples per pair; rows past the table start over with another shift."""
    lap = (row // table.shape[0])[:, None].astype(shift.dtype)
    uniform = table[row % table.shape[0]] + (shift + lap * _LAP)[:, None]
    return pair_rays(triangles[:, 0], triangles[:, 1], uniform - jnp.floor(uniform), lift)


def partial_visibility(
    facets: Facets,
    pair: tuple[np.ndarray, np.ndarray, np.ndarray],
    guess: np.ndarray,
    allowed: float,
    caster: RayCaster,
    size: float,
    seed: int,
) -> PartialVisibility:
    """Trace the given pairs (first, second, exchange area in clear view) until their errors sum to allowed.

    V = sum of weight x visible / sum of weight over n rays; n goes as (exchange area x sigma)^0.6, first
    with the variance of the guessed fractions, then once more with the measured ones. allowed is in m2.
    """
    first, second, area = pair
    samples = (_sobol(seed), _pair_shift(first, second, seed))
    done = np.zeros(len(first), np.int64)
    sums = np.zeros((2, len(first)))
    error, fraction = 0.0, guess
    for _ in range(2):
        wanted = _rows(area * _sigma(fraction, np.maximum(_ROW * done, 9)), allowed)
        more = np.where(wanted > 1.4 * done, wanted - done, 0)
        sums += _trace(facets, (first, second), done, more, samples, caster, LIFT * size)
        done += more
        fraction = np.where(sums[1] > 0, sums[0] / np.where(sums[1] > 0, sums[1], 1.0), guess)
        spread = area * _sigma(fraction, _ROW * done)
        error = float(np.sum(_ERROR_FACTOR * spread * (_ROW * np.maximum(done, 1)) ** -_ERROR_POWER))
    return PartialVisibility(fraction, error, int(done.sum()) * _ROW)


def probed_fraction(
    facets: Facets,
    pair: tuple[np.ndarray, np.ndarray],
    count: np.ndarray,
    caster: RayCaster,
    size: float,
    seed: int,
) -> tuple[np.ndarray, int]:
    """Visible fractions of the given pairs by count [pair] rays each, and the number of rays."""
    rows = -(-count // _ROW)
    samples = (_sobol(seed), _pair_shift(*pair, seed))
    sums = _trace(facets, pair, np.zeros_like(rows), rows, samples, caster, LIFT * size)
    return np.where(sums[1] > 0, sums[0] / np.where(sums[1] > 0, sums[1], 1.0), 0.0), int(rows.sum()) * _ROW


def _sigma(fraction: np.ndarray, rays: np.ndarray) -> np.ndarray:
    """Standard deviation of one ray, never quite zero: n rays that agree leave room for another outcome."""
    return np.sqrt(np.maximum(fraction * (1 - fraction), _DOUBT / (rays + 2.0)))


def _rows(spread: np.ndarray, allowed: float) -> np.ndarray:
    """Rows of rays per pair, a power of two, so that the expected errors sum to allowed."""
    share = np.maximum(spread, 1e-300) ** (1 / (1 + _ERROR_POWER))
    scale = _ERROR_FACTOR * float(np.sum(spread * share**-_ERROR_POWER)) / max(allowed, 1e-300)
    wanted = scale ** (1 / _ERROR_POWER) * share / _ROW
    return (2 ** np.round(np.log2(np.clip(wanted, 1, _MOST // _ROW)))).astype(np.int64)


def _trace(
    facets: Facets,
    pair: tuple[np.ndarray, np.ndarray],
    done: np.ndarray,
    more: np.ndarray,
    samples: tuple[jax.Array, np.ndarray],
    caster: RayCaster,
    lift: float,
) -> np.ndarray:
    """Trace rows done ... done + more of each pair; return [2, pair]: sums of weight x visible and of weight."""
    table, shift = samples
    triangle = facets.triangle.astype(np.float32)
    owner = np.repeat(np.arange(len(done)), more)
    row = np.arange(len(owner)) - np.repeat(np.cumsum(more) - more, more) + done[owner]
    ends = np.stack(pair, axis=1)
    lift32 = np.float32(lift)

    def launch() -> Iterator[tuple]:
        for start in range(0, len(owner), _ROWS_AT_ONCE):
            who, number = owner[start : start + _ROWS_AT_ONCE], row[start : start + _ROWS_AT_ONCE]
            full = np.resize(who, _ROWS_AT_ONCE)  # one compiled shape
            number = np.resize(number, _ROWS_AT_ONCE).astype(np.int32)
            yield who, _row_rays(triangle[ends[full]], table, number, shift[full], lift32)

    sums = np.zeros((2, len(done)))
    for who, (origin, direction, weight) in ahead(launch()):
        count = len(who)
        ray = (np.asarray(origin)[:count].reshape(-1, 3), np.asarray(direction)[:count].reshape(-1, 3))
        clear = ~caster.occluded(*ray).reshape(count, _ROW)
        weight = np.asarray(weight)[:count].astype(np.float64)
        sums[0] += np.bincount(who, (weight * clear).sum(axis=1), len(done))
        sums[1] += np.bincount(who, weight.sum(axis=1), len(done))
    return sums


@lru_cache(maxsize=4)
def _sobol(seed: int) -> jax.Array:
    """Scrambled Sobol points [row, _ROW, 4], float32 (Owen 1998, doi:10.1006/jcom.1998.0487)."""
    points = qmc.Sobol(4, rng=np.random.default_rng(seed)).random(_TABLE)
    return jnp.asarray(points.astype(np.float32).reshape(-1, _ROW, 4))


def _pair_shift(first: np.ndarray, second: np.ndarray, seed: int) -> np.ndarray:
    """A shift in [0, 1)^4 for each pair, the same in every run: shared points would make errors add up."""
    with np.errstate(over="ignore"):
        code = first.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        code ^= (second.astype(np.uint64) + np.uint64(seed) + np.uint64(1)) * np.uint64(0xC2B2AE3D27D4EB4F)
        for _ in range(2):
            code ^= code >> np.uint64(29)
            code *= np.uint64(0xBF58476D1CE4E5B9)
        code ^= code >> np.uint64(32)
    parts = [(code >> np.uint64(16 * k)) & np.uint64(0xFFFF) for k in range(4)]
    return np.stack(parts, axis=1).astype(np.float32) / np.float32(65536)
