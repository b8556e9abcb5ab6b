"""A converged reference for view factors with occlusion: brute force, sharing no method with the engine's own.

Every pair by itself: exchange area in clear view by the double contour integral, visible part by as many independent
random rays as it takes. No tiles, no shared sample points, no low-discrepancy sequences, no capsules, no culling but by
the planes of the two facets. Slow: some 0.2 s for each facet of a satellite of 10000.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from caloris.geometry.raycast import RayCaster, ray_caster
from caloris_kernels.radiative.contour import exchange_area

# Along each graded part of an edge: 16 give 1e-8 for triangles that touch, but 2e-3 for slivers of 4 cm by 2.5 m at
# 0.1 m from a long edge, where 64 give 4e-8 of what exact clipping finds.
_POINTS = 64
_CHUNK = 256
_RAYS_AT_ONCE = 1 << 20
_LIFT = 2e-6  # of the scene's diagonal: ray ends stand off their surface


class PairErrors(NamedTuple):
    """How far exchange areas are from a reference, over the rows it has."""

    pair: float  # sum of |error of A_i F_ij| / sum of A_i F_ij
    row: float  # sum of |error of sum_j A_i F_ij| / sum of A_i F_ij
    worst_row: float  # largest |error of sum_j F_ij|, the error of a facet's view of space


def pair_errors(exchange_rows: np.ndarray, reference_rows: np.ndarray, area: np.ndarray) -> PairErrors:
    """Errors of rows [row, facet] of A_i F_ij (m2) against a reference; area [row] of the rows' facets, m2."""
    difference, total = exchange_rows - reference_rows, reference_rows.sum()
    each = np.abs(difference.sum(axis=1))
    return PairErrors(float(np.abs(difference).sum() / total), float(each.sum() / total), float((each / area).max()))


def dense_exchange_rows(
    vertices: np.ndarray,
    triangles: np.ndarray,
    facet_triangle: np.ndarray,
    facet_side: np.ndarray,
    rows: np.ndarray,
    *,
    screening: int = 256,
    rays: int = 1 << 14,
    seed: int = 0,
    caster: RayCaster | None = None,
) -> np.ndarray:
    """A_i F_ij (m2) of the facets `rows` toward all facets [row, facet].

    A_i F_ij = (A_i F_ij in clear view) sum K V / sum K,  K = cos_i cos_j / r^2

    with `screening` random rays a pair, and `rays` more where those do not agree: the standard error of a half
    hidden pair is about 0.5 / root(rays) of it. caster: another ray caster than the engine's, if wanted.
    """
    corners = np.asarray(vertices, float)[np.asarray(triangles)[facet_triangle]]
    corners = np.where((np.asarray(facet_side) == 1)[:, None, None], corners[:, ::-1], corners)
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    size = float(np.linalg.norm(np.ptp(vertices, axis=0)))
    rays_of = _Rays(
        corners, normal, caster or ray_caster(vertices, triangles), np.random.default_rng(seed), _LIFT * size
    )
    out = np.zeros((len(rows), len(corners)))
    for k, i in enumerate(rows):
        above = np.einsum("fvk,k->fv", corners - corners[i, 0], normal[i]).max(axis=1)
        below = np.einsum("vfk,fk->fv", corners[i][:, None] - corners[None, :, 0], normal).max(axis=1)
        other = np.flatnonzero((above > 1e-6 * size) & (below > 1e-6 * size))
        if len(other):
            clear = _clear(np.broadcast_to(corners[i], (len(other), 3, 3)), corners[other])
            out[k, other] = clear * rays_of.visible(int(i), other, screening, rays)
    return out


@jax.jit
def _contours(first: jax.Array, second: jax.Array) -> jax.Array:
    return exchange_area(first, second, _POINTS)


def _clear(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Exchange areas in clear view, in chunks of one shape."""
    out = np.empty(len(first))
    for start in range(0, len(first), _CHUNK):
        pick = np.arange(start, start + _CHUNK) % len(first)
        found = np.asarray(_contours(jnp.asarray(first[pick]), jnp.asarray(second[pick])))
        out[start : start + _CHUNK] = found[: len(first) - start]
    return np.maximum(out, 0.0)


class _Rays(NamedTuple):
    """What rays need to know of a scene."""

    corners: np.ndarray  # [facet, vertex, xyz]
    normal: np.ndarray  # [facet, xyz]
    tracer: RayCaster
    rng: np.random.Generator
    lift: float  # m

    def visible(self, i: int, other: np.ndarray, screening: int, rays: int) -> np.ndarray:
        """Visible part of facet i's pairs with others, weighted by the kernel."""
        sums = self._sums(i, other, screening)
        mixed = np.flatnonzero((sums[0] > 0) & (sums[0] < sums[1]))
        sums[:, mixed] += self._sums(i, other[mixed], rays)
        return np.where(sums[1] > 0, sums[0] / np.maximum(sums[1], 1e-300), 0.0)

    def _sums(self, i: int, other: np.ndarray, rays: int) -> np.ndarray:
        """Sums over random rays of kernel x visible, and of the kernel, [2, pair]."""
        step = max(1, _RAYS_AT_ONCE // rays)
        parts = [self._chunk(i, other[start : start + step], rays) for start in range(0, len(other), step)]
        return np.concatenate(parts, axis=1) if parts else np.zeros((2, 0))

    def _chunk(self, i: int, other: np.ndarray, rays: int) -> np.ndarray:
        start = self._points(np.broadcast_to(self.corners[i], (len(other), 3, 3)), rays)
        way = self._points(self.corners[other], rays) - start
        square = np.sum(way * way, axis=2)
        cosine_i = np.maximum(way @ self.normal[i], 0.0)
        cosine_j = np.maximum(-np.einsum("prk,pk->pr", way, self.normal[other]), 0.0)
        kernel = cosine_i * cosine_j / np.maximum(square * square, 1e-300)
        up, down = self.lift * self.normal[i], self.lift * self.normal[other][:, None]
        clear = ~self.tracer.occluded((start + up).reshape(-1, 3), (way + down - up).reshape(-1, 3))
        return np.stack([(kernel * clear.reshape(kernel.shape)).sum(axis=1), kernel.sum(axis=1)])

    def _points(self, triangle: np.ndarray, rays: int) -> np.ndarray:
        """Random points of triangles [pair, ray, xyz]."""
        u, v = self.rng.random((2, len(triangle), rays, 1))
        fold = u + v > 1
        u, v = np.where(fold, 1 - u, u), np.where(fold, 1 - v, v)
        base, run = triangle[:, None, 0], triangle[:, 1:] - triangle[:, :1]
        return base + u * run[:, None, 0] + v * run[:, None, 1]
