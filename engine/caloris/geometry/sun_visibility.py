"""Lit fraction of facets toward given directions, by direct rays; and the sky by an independent ray trace."""

from collections.abc import Iterator

import numpy as np

from caloris.geometry.chunks import ahead
from caloris.geometry.facet_tiles import Facets, oriented_facets, scene_size
from caloris.geometry.pair_visibility import LIFT
from caloris.geometry.raycast import RayCaster, ray_caster
from caloris.geometry.scene_sides import check_scene, hemisphere_rays
from caloris.programs import kept_on_arrays
from caloris_kernels.numerics.sobol import sobol_points
from caloris_kernels.radiative.visibility import directed_rays

_RAYS_AT_ONCE = 1 << 17
_SKY_RAYS_AT_ONCE = 1 << 20


_directed_rays = kept_on_arrays(directed_rays)


def samples_within(rows: int, least: int, most: int, rays: int = 1 << 21) -> int:
    """Return how many rays each of `rows` facets and directions may have: least, or more while `rays` last.

    In a scene of few facets the shadow's edge crosses most of them, and nothing averages the error of a facet:
    with 16 rays each, two plates that shade one another are wrong by 1.5 K. A power of two, for few compilations.
    """
    fair = max(rays // max(rows, 1), 1)
    return min(max(least, 1 << (fair.bit_length() - 1)), most)


def sun_visibility(
    vertices: np.ndarray,
    triangles: np.ndarray,
    facet_triangle: np.ndarray,
    facet_side: np.ndarray,
    direction: np.ndarray,
    *,
    samples: int = 64,
    caster: RayCaster | None = None,
) -> np.ndarray:
    """Return the lit fraction (-) of each facet toward each direction, [direction, facet].

    direction [k, 3] points toward the light (any length > 0), in the vertices' frame. 0 for facets that
    face away. samples rays leave stratified points on each facet, a different set for each facet; with 64
    the power on a satellite of 2000 facets is good to 4e-4 in every direction tried (16: 1.1e-3), with errors on the
    facets that a shadow's edge crosses. Not differentiable: a shadow's edge has no derivative in a ray.
    """
    facets, tracer, size = _scene(vertices, triangles, facet_triangle, facet_side, caster)
    toward = np.asarray(direction, np.float64).reshape(-1, 3)
    length = np.linalg.norm(toward, axis=1, keepdims=True)
    if not np.all(length > 0):
        raise ValueError("directions must have a length above 0")
    facing = (toward / length) @ facets.normal.T > 0
    lit = np.zeros(facing.shape)
    which, facet = np.nonzero(facing)
    toward = (toward / length).astype(np.float32)
    lit[which, facet] = escaping_fraction(facets, facet, toward[which], tracer, size, samples)
    return lit


def sky_view(
    vertices: np.ndarray,
    triangles: np.ndarray,
    facet_triangle: np.ndarray,
    facet_side: np.ndarray,
    *,
    rays: int = 1024,
    caster: RayCaster | None = None,
    seed: int = 0,
) -> np.ndarray:
    """Return the fraction of each facet's cosine-weighted hemisphere that escapes to space [facet], -.

    An estimate by rays alone, independent of the view factors: a check on `ViewFactors.space_view`, never an
    input. Noise per facet about 0.5 sqrt(p (1 - p)) rays^-0.6 for quasi-random rays.
    """
    facets, tracer, size = _scene(vertices, triangles, facet_triangle, facet_side, caster)
    out = np.empty(len(facets.area))
    step = max(1, _SKY_RAYS_AT_ONCE // rays)
    for start in range(0, len(out), step):
        part = Facets(facets.triangle[start : start + step], facets.group[start : start + step])
        origin, direction = hemisphere_rays(part, rays, LIFT * size, seed + start)
        # Straight up, a ray of length 2 of the scene's size has left it.
        blocked = tracer.occluded(origin.reshape(-1, 3), direction.reshape(-1, 3), 2 * size)
        out[start : start + step] = 1.0 - blocked.reshape(-1, rays).mean(axis=1)
    return out


def escaping_fraction(
    facets: Facets,
    facet: np.ndarray,
    toward: np.ndarray,
    caster: RayCaster,
    size: float,
    samples: int,
) -> np.ndarray:
    """Fraction of `samples` parallel rays from all over facet[k] toward toward[k] that escape, [k]."""
    points = sobol_points(samples, 2, np.random.default_rng(0)).astype(np.float32)
    corner = facets.triangle.astype(np.float32)
    shift = _shifts(facet, np.arange(len(facet)))
    lift = np.float32(LIFT * size)
    block = max(1, _RAYS_AT_ONCE // samples)

    def launch() -> Iterator[tuple]:
        for start in range(0, len(facet), block):
            who = facet[start : start + block]
            parts = [corner[who], toward[start : start + len(who)], shift[start : start + len(who)]]
            if len(who) < block:
                parts = [np.concatenate([p, np.repeat(p[:1], block - len(p), axis=0)]) for p in parts]
            yield start, len(who), _directed_rays(*parts, points, lift)

    out = np.empty(len(facet))
    for start, count, (origin, direction) in ahead(launch()):
        ray = (np.asarray(origin)[:count].reshape(-1, 3), np.asarray(direction)[:count].reshape(-1, 3))
        blocked = caster.occluded(*ray, 2 * size).reshape(count, samples)
        out[start : start + count] = 1.0 - blocked.mean(axis=1)
    return out


def _shifts(facet: np.ndarray, number: np.ndarray) -> np.ndarray:
    """A shift in [0, 1)^2 for each row, the same in every run."""
    with np.errstate(over="ignore"):
        code = (facet.astype(np.uint64) << np.uint64(32)) + number.astype(np.uint64) + np.uint64(1)
        for _ in range(2):
            code *= np.uint64(0xBF58476D1CE4E5B9)
            code ^= code >> np.uint64(31)
    parts = [(code >> np.uint64(24 * k + 8)) & np.uint64(0xFFFFF) for k in range(2)]
    return np.stack(parts, axis=1).astype(np.float32) / np.float32(1 << 20)


def _scene(
    vertices: np.ndarray,
    triangles: np.ndarray,
    facet_triangle: np.ndarray,
    facet_side: np.ndarray,
    caster: RayCaster | None,
) -> tuple[Facets, RayCaster, float]:
    """Check the arrays; return facets, ray caster and size."""
    vertices, triangles = np.asarray(vertices, np.float64), np.asarray(triangles, np.int64)
    triangle, side = np.asarray(facet_triangle, np.int64), np.asarray(facet_side, np.int64)
    check_scene(vertices, triangles, triangle, side)
    facets = oriented_facets(vertices, triangles, triangle, side, np.zeros(len(triangles), np.int64))
    return facets, caster or ray_caster(vertices, triangles), scene_size(vertices)
