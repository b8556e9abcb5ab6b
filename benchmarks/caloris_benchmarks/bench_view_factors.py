"""View factors of satellites of 2000 to 20000 facets against brute force, and of a turning one in 12 poses."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from caloris.geometry.view_factors import ViewFactors, compute_pose_view_factors, compute_view_factors
from caloris_benchmarks.bench_ray_casting import one_thread_rays
from caloris_benchmarks.own_process import measure
from caloris_benchmarks.pair_reference import pair_error, reference
from caloris_validation.mesh_scenes import satellite, sheet_satellite, turned

_REFERENCE_TOLERANCE = 5e-5  # of poses: ten times tighter, with other quasi-random points
_TOLERANCE = 5e-4
_MACHINE = 15e6  # rays/s of one thread, for which the limits below are
# Facets -> seconds warm, and in a new process (imports included, compiled programs on disk); None: not limited.
LIMITS: dict[int, tuple[float, float | None]] = {2000: (1.5, 4.0), 10_000: (6.0, 10.0), 20_000: (20.0, None)}


def bench_view_factors(targets: tuple[int, ...] = tuple(LIMITS), reference_rows: int | None = None) -> list[dict]:
    """View factors of the box satellite: three processes a size, against rows of a brute-force reference.

    seconds: warm, the best of three calls in a process; compile_seconds: the first call there beyond that, nothing
    compiled on disk; process_seconds: a later process from start to end. scaled_*: on a machine where one thread
    traces 15 million rays/s, from the rate of one thread here (`thread_rays`; none where Embree is missing).
    error: over pairs of the reference's rows, its own noise (reference_noise) included. within says whether the
    figures keep to LIMITS, and the error to the tolerance.
    """
    return [_satellite(target, reference_rows) for target in targets]


def _satellite(target: int, reference_rows: int | None) -> dict[str, Any]:
    scene = satellite(target)
    truth = reference(scene, reference_rows)
    before = one_thread_rays(scene)
    with tempfile.TemporaryDirectory() as folder:
        first = measure("Caloris", target, _TOLERANCE, truth.rows, calls=4, cache=Path(folder))
        later = measure("Caloris", target, _TOLERANCE, truth.rows, cache=Path(folder))
    assert first is not None and later is not None  # no limit was set
    after = one_thread_rays(scene)
    rate = None if before is None or after is None else (before + after) / 2
    scale = None if rate is None else rate / _MACHINE
    seconds, error = min(first.seconds[1:]), pair_error(first.exchange, truth.exchange)
    row: dict[str, Any] = {"name": "view-factors-satellite", "size": f"{len(scene.triangles)} facets"}
    row |= {"seconds": seconds, "compile_seconds": max(first.seconds[0] - seconds, 0.0), "error": error}
    row |= {"process_seconds": later.process_seconds, "peak_memory": later.peak_memory, "thread_rays": rate}
    row |= {"reference_rows": len(truth.rows), "reference_noise": truth.noise, "peers": {}}
    if scale is not None:
        row |= {"scaled_seconds": seconds * scale, "scaled_process_seconds": later.process_seconds * scale}
    if target in LIMITS and scale is not None:
        warm, new = LIMITS[target]
        fits = seconds * scale <= warm and (new is None or later.process_seconds * scale <= new)
        row |= {"limits": [warm, new], "within": fits and error <= _TOLERANCE}
    return row


def bench_pose_view_factors(target: int = 2100, poses: int = 12) -> dict:
    """View factors of a bus with two turning wings and a radiator, all sheets two-sided, in several poses."""
    scene = sheet_satellite(target)
    vertices = np.stack([turned(scene, angle) for angle in 2 * np.pi * np.arange(poses) / poses])
    arrays = (scene.triangles, scene.triangle_group, scene.facet_triangle, scene.facet_side)
    first, _ = _timed(lambda: compute_pose_view_factors(vertices, *arrays))
    seconds, factors = _timed(lambda: compute_pose_view_factors(vertices, *arrays))
    worst: ViewFactors = factors[1]
    truth = compute_view_factors(vertices[1], *scene.mesh[1:], tolerance=_REFERENCE_TOLERANCE, seed=1)
    return {
        "name": "view-factors-poses",
        "size": f"{len(worst.area)} facets x {poses} poses",
        "seconds": seconds,
        "compile_seconds": max(first - seconds, 0.0),
        "error": pair_error(worst.exchange_area, truth.exchange_area),
        "peers": {},
    }


def _timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds and result of one call."""
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result
