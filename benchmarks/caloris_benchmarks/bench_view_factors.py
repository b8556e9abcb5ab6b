"""View factors of a satellite of 2000 facets, and of a turning one in 12 poses, against a peer in the same run."""

import importlib.util
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from caloris.geometry.view_factors import ViewFactors, compute_pose_view_factors, compute_view_factors
from caloris_validation.mesh_scenes import satellite, sheet_satellite, turned

_REFERENCE_TOLERANCE = 5e-5  # ten times tighter, with other quasi-random points


def bench_view_factors(target: int = 2000) -> dict:
    """View factors of the box satellite: seconds warm, seconds of the first call beyond that, pair L1 error."""
    scene = satellite(target)
    first, _ = _timed(lambda: compute_view_factors(*scene.mesh))
    seconds, factors = _timed(lambda: compute_view_factors(*scene.mesh))
    reference = compute_view_factors(*scene.mesh, tolerance=_REFERENCE_TOLERANCE, seed=1).exchange_area
    return {
        "name": "view-factors-satellite",
        "size": f"{len(factors.area)} facets",
        "seconds": seconds,
        "compile_seconds": max(first - seconds, 0.0),
        "error": _pair_error(factors.exchange_area, reference),
        "peers": _pyviewfactor(scene.vertices, scene.triangles, reference),
    }


def bench_pose_view_factors(target: int = 2100, poses: int = 12) -> dict:
    """View factors of a bus with two turning wings and a radiator, all sheets two-sided, in several poses."""
    scene = sheet_satellite(target)
    vertices = np.stack([turned(scene, angle) for angle in 2 * np.pi * np.arange(poses) / poses])
    arrays = (scene.triangles, scene.triangle_group, scene.facet_triangle, scene.facet_side)
    first, _ = _timed(lambda: compute_pose_view_factors(vertices, *arrays))
    seconds, factors = _timed(lambda: compute_pose_view_factors(vertices, *arrays))
    worst: ViewFactors = factors[1]
    reference = compute_view_factors(vertices[1], *scene.mesh[1:], tolerance=_REFERENCE_TOLERANCE, seed=1)
    return {
        "name": "view-factors-poses",
        "size": f"{len(worst.area)} facets x {poses} poses",
        "seconds": seconds,
        "compile_seconds": max(first - seconds, 0.0),
        "error": _pair_error(worst.exchange_area, reference.exchange_area),
        "peers": {},
    }


def _pyviewfactor(vertices: np.ndarray, triangles: np.ndarray, reference: np.ndarray) -> dict:
    """The peer on the same mesh, all pairs: seconds (warm) and the same error; nothing where it is not installed.

    It takes contour integrals and one ray between centroids per pair.
    """
    if importlib.util.find_spec("pyviewfactor") is None:
        warnings.warn("no comparison: pyviewfactor is not installed (pip install pyviewfactor)", stacklevel=2)
        return {}
    import pyviewfactor
    import pyvista

    faces = np.concatenate([np.full((len(triangles), 1), 3), triangles], axis=1).ravel()
    mesh = pyvista.PolyData(vertices, faces)
    compute = pyviewfactor.compute_viewfactor_matrix
    first, _ = _timed(lambda: compute(mesh, rounding_decimal=12))
    seconds, view_factor = _timed(lambda: compute(mesh, rounding_decimal=12))
    corner = vertices[triangles]
    span = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    area = np.linalg.norm(span, axis=1) / 2
    # Its matrix is [to, from]; an exchange area is the same from both sides.
    exchange = np.asarray(view_factor).T * area[:, None]
    error = _pair_error(exchange, reference)
    return {"pyviewfactor": {"seconds": seconds, "compile_seconds": max(first - seconds, 0.0), "error": error}}


def _pair_error(exchange: np.ndarray, reference: np.ndarray) -> float:
    """Sum of |error| over pairs, relative to the sum of exchange areas."""
    return float(np.abs(exchange - reference).sum() / reference.sum())


def _timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds and result of one call."""
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result
