"""The reference that view factors are held against in benchmarks: rows of a scene by brute force, with their noise."""

from typing import NamedTuple

import numpy as np

from caloris.geometry.raycast import RayHit
from caloris_validation.dense_reference import dense_exchange_rows
from caloris_validation.mesh_scenes import Scene

# For each partly hidden pair and seed: many where few pairs average the noise.
_RAYS, _FEW_PAIRS_RAYS = 1 << 14, 1 << 16
_FEW = 1000  # facets
# Rows of the reference for scenes up to so many facets: a row costs time in proportion to its length.
_ROWS = ((5000, 100), (15_000, 50), (100_000, 30))


class Reference(NamedTuple):
    """Exchange areas of some facets toward all."""

    rows: np.ndarray  # [row] facet
    exchange: np.ndarray  # [row, facet] m2, the mean of two seeds
    clear: np.ndarray  # [row, facet] bool: pairs that nothing hides from each other
    noise: float  # -, the error it has itself, in the norm of `pair_error`


def reference(scene: Scene, rows: int | None = None, rays: int | None = None) -> Reference:
    """Rows drawn at random, each by brute force with two seeds; rows: how many; None: what suits the size."""
    count = len(scene.facet_triangle)
    rays = rays or (_FEW_PAIRS_RAYS if count < _FEW else _RAYS)
    wanted = rows or next((n for limit, n in _ROWS if count <= limit), _ROWS[-1][1])
    chosen = np.sort(np.random.default_rng(0).choice(count, min(wanted, count), replace=False))
    first, second = (dense_exchange_rows(*scene.mesh, chosen, rays=rays, seed=seed) for seed in (0, 1))
    mean = (first + second) / 2
    # One ray a pair, which an empty scene stops nowhere.
    alone = dense_exchange_rows(*scene.mesh, chosen, screening=1, caster=_EmptyScene())
    clear = (alone > 0) & (np.minimum(first, second) > (1 - 1e-12) * alone)
    # Two independent values with error e each differ by root(2) e, and their mean is off by e / root(2).
    return Reference(chosen, mean, clear, pair_error(first, second) / 2)


def clear_difference(exchange: np.ndarray, truth: Reference, area: np.ndarray) -> float:
    """Largest relative difference on pairs in clear view that matter, F_ij > 1e-4; 0 where there are none.

    The reference takes these in closed form along one edge and by Gauss points along the other: a check of both sides,
    of orientation and areas, free of rays. area [row], m2.
    """
    matters = truth.clear & (truth.exchange > 1e-4 * area[:, None])
    off = np.abs(exchange[matters] / truth.exchange[matters] - 1.0)
    return float(off.max(initial=0.0))


def pair_error(exchange: np.ndarray, other: np.ndarray) -> float:
    """Sum of |difference| over pairs, relative to the sum of exchange areas of the second."""
    return float(np.abs(exchange - other).sum() / other.sum())


class _EmptyScene:
    """Rays that meet nothing."""

    def hit(self, origin: np.ndarray, direction: np.ndarray) -> RayHit:
        """See RayCaster."""
        nothing = np.full(len(origin), -1, np.int32)
        return RayHit(nothing, np.zeros_like(nothing), np.zeros((len(origin), 3)), np.full(len(origin), np.inf))

    def occluded(self, origin: np.ndarray, direction: np.ndarray, distance: float | np.ndarray = 1.0) -> np.ndarray:
        """See RayCaster."""
        return np.zeros(len(origin), bool)
