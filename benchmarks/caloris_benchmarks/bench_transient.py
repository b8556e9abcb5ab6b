"""One orbit of conducting and radiating nodes with eclipse jumps: Rodas5P against scipy's BDF, in one run."""

import os
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from caloris_benchmarks.error_time import Run, all_reach, ratios, time_at
from caloris_benchmarks.network_scene import Links, Plate, assemble, plate
from caloris_benchmarks.network_solvers import backward_differences, orbit, segment_ends
from caloris_benchmarks.timing import best_of

# The errors at which times are compared (K).
ERRORS = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5)
TOLERANCES = (1.0, 0.5, 0.2, 0.1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5)
PEER_TOLERANCES = (1.0, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 2e-6)
# Of the reference run; its own error is about this.
REFERENCE = 1e-8
# Records of steps: what errors down to 1e-5 K need, and what the reference needs.
STEPS, REFERENCE_STEPS = 200, 1000
# Runs shorter than this (s) are repeated, so that chance plays no part.
_SHORT = 10.0


class Scene(NamedTuple):
    """A network and how many times faster than the peer it shall be solved, at every error of ERRORS."""

    words: str
    nodes: int
    foils: float
    goal: float


SCENES = (
    Scene("1024 nodes", 1024, 0.0, 8.0),
    Scene("10000 nodes", 10_000, 0.0, 25.0),
    Scene("1024 nodes, 80 % foils of 1 J/K", 1024, 0.8, 2.0),
)


def _ours(links: Links, numbers: Plate, tolerances: tuple[float, ...], exact: np.ndarray) -> tuple[list[Run], float]:
    """Runs of Rodas5P, and the seconds of tracing and compiling."""
    p, nodes = assemble(links, numbers), numbers.heat_load.shape[0]

    def solve(tolerance: float) -> Any:
        return orbit(p, jnp.full(nodes, tolerance), STEPS)

    begin = time.perf_counter()
    jax.block_until_ready(solve(tolerances[0]))
    first, runs = time.perf_counter() - begin, []
    for tolerance in tolerances:
        seconds, found = _timed(lambda tolerance=tolerance: solve(tolerance))
        if int(found.result):
            continue  # more steps than the record holds
        error = float(np.max(np.abs(segment_ends(found) - exact)))
        work = {"steps": int(found.grid.steps), "rejected": int(found.rejected)}
        work["linear_iterations"] = int(found.linear_iterations)
        runs.append({"tolerance": tolerance, "seconds": seconds, "error": error} | work)
    return runs, max(first - runs[0]["seconds"], 0.0)


def _peer(links: Links, numbers: Plate, tolerances: tuple[float, ...], exact: np.ndarray) -> list[Run]:
    runs = []
    for tolerance in tolerances:
        seconds, found = _timed(lambda tolerance=tolerance: backward_differences(links, numbers, tolerance))
        error = float(np.max(np.abs(found - exact)))
        runs.append({"tolerance": tolerance, "seconds": seconds, "error": error})
    return runs


def _timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """The best of four runs where they are short, else of one."""
    seconds, found = best_of(function, 1)
    if seconds < _SHORT:
        again, found = best_of(function, 3)
        seconds = min(seconds, again)
    return seconds, found


def bench_transient_peers(
    scenes: tuple[Scene, ...] = SCENES,
    tolerances: tuple[float, ...] = TOLERANCES,
    peer_tolerances: tuple[float, ...] = PEER_TOLERANCES,
    errors: tuple[float, ...] = ERRORS,
) -> list[dict]:
    """A row a scene: times and errors (K, largest over nodes and segment ends) at many tolerances, ours and scipy's.

    The reference is Rodas5P at 1e-8 K; that BDF's errors fall to a few 1e-6 K against it shows that it is right.
    ratio is the peer's time over ours at equal error, between runs by straight lines in logarithms; seconds and
    those of the peer are interpolated at the middle error. Compiling is apart.
    """
    rows = []
    for scene in scenes:
        links, numbers = plate(scene.nodes, foils=scene.foils)
        fine = orbit(assemble(links, numbers), jnp.full(scene.nodes, REFERENCE), REFERENCE_STEPS)
        if int(fine.result):
            raise RuntimeError(f"{scene.words}: the reference run ended with result {int(fine.result)}")
        exact = segment_ends(fine)
        load_before = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        ours, compiling = _ours(links, numbers, tolerances, exact)
        peer = _peer(links, numbers, peer_tolerances, exact)
        ratio, middle = ratios(ours, peer, errors), errors[len(errors) // 2]
        row: dict[str, Any] = {"name": "transient-peers", "size": scene.words, "seconds": time_at(ours, middle)}
        row |= {"compile_seconds": compiling, "error": middle, "load": load_before}
        row |= {"peers": {"scipy BDF": {"seconds": time_at(peer, middle), "error": middle}}}
        row |= {"runs": {"Caloris": ours, "scipy BDF": peer}, "ratio": ratio, "goal": scene.goal}
        rows.append(row | {"within": all_reach(ratio, scene.goal)})
    return rows


def bench_transient(tolerance: float = 1e-3, peer_tolerance: float = 2e-4) -> dict:
    """One run each, at tolerances for errors of about 1e-4 K or less, the peer's error being the larger."""
    links, numbers = plate(1024)
    fine = orbit(assemble(links, numbers), jnp.full(1024, REFERENCE), REFERENCE_STEPS)
    exact = segment_ends(fine)
    (run,), compiling = _ours(links, numbers, (tolerance,), exact)
    peer = _peer(links, numbers, (peer_tolerance,), exact)[0]
    row: dict[str, Any] = {"name": "transient orbit", "size": 1024, "compile_seconds": compiling}
    row |= {"seconds": run["seconds"], "error": run["error"]}
    return row | {"peers": {"scipy BDF": {"seconds": peer["seconds"], "error": peer["error"]}}}
