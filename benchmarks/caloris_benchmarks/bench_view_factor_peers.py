"""Time against error of view factors with hiding: this engine and its peers on the same satellites.

All solve all pairs. Errors are over the same rows, against the same brute-force reference; clear_difference compares
pairs in clear view one by one, without rays. Each runs in a process of its own: cold is its first call there (compiled
programs on disk: Caloris, pyviewfactor), warm the best after it.
"""

import functools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from caloris_benchmarks.own_process import Outcome, measure
from caloris_benchmarks.pair_reference import Reference, clear_difference, pair_error, reference
from caloris_benchmarks.view_factor_solvers import areas, why_not
from caloris_validation.mesh_scenes import satellite

SIZES = (500, 2000, 10_000)
LIMIT = 300.0  # s that a process may take, two calls together
_SHORT = 60.0  # s: a first call that took longer is not repeated
# Settings of each, from coarse to fine: what one calls accuracy.
SETTINGS: dict[str, tuple[tuple[float, str], ...]] = {
    "Caloris": ((2e-3, "tolerance 2e-3"), (5e-4, "tolerance 5e-4"), (1e-4, "tolerance 1e-4")),
    "View3D": ((1e-3, "eps 1e-3"), (1e-4, "eps 1e-4"), (1e-5, "eps 1e-5")),
    "pyviewfactor": ((1.0, "centroid rays"),),
    "raystrack": ((1024.0, "1024 rays"), (16384.0, "16384 rays"), (131072.0, "131072 rays")),
}


def bench_view_factor_peers(
    sizes: tuple[int, ...] = SIZES, limit: float = LIMIT, solvers: tuple[str, ...] = tuple(SETTINGS)
) -> list[dict]:
    """A row for each solver, setting and size; what was left out has a row with the reason instead of figures.

    limit (s): a solver that does not finish two calls within it at one setting is left out at finer settings and
    larger sizes too.
    """
    rows = []
    stopped: dict[str, int] = {}  # solver -> size at which it ran out of time
    with tempfile.TemporaryDirectory() as folder:
        for target in sizes:
            scene = satellite(target)
            facets = len(scene.triangles)
            truth = reference(scene)
            for name in solvers:
                for setting, words in SETTINGS[name]:
                    run = functools.partial(measure, name, target, setting, truth.rows, cache=Path(folder))
                    reason = why_not(name)
                    if reason is None and name in stopped:
                        reason = f"more than {limit:g} s with {stopped[name]} facets"
                    row = {"name": "view-factors-peers", "size": f"{facets} facets", "facets": facets}
                    row |= {"who": name, "setting": words, "reference_noise": truth.noise}
                    row |= {"reason": reason} if reason else _row(run, limit, truth, areas(scene), name == "Caloris")
                    if reason is None and row["reason"]:
                        stopped[name] = facets
                    rows.append(row)
    return rows


def _row(run: functools.partial, limit: float, truth: Reference, area: np.ndarray, compiles: bool) -> dict[str, Any]:
    """Figures of one solver at one setting."""
    if compiles and run(limit=limit) is None:  # fills the cache: cold is a new process, not a new machine
        return {"reason": f"more than {limit:g} s"}
    outcome: Outcome | None = run(limit=limit)
    if outcome is None:
        return {"reason": f"more than {limit:g} s"}
    cold = outcome.seconds[0]
    again = run(calls=2, limit=limit) if cold < min(_SHORT, limit / 3) else None
    warm = cold if again is None else min(cold, *again.seconds)
    figures = {"reason": None, "seconds": warm, "cold_seconds": cold, "process_seconds": outcome.process_seconds}
    figures |= {"repeated": again is not None, "peak_memory": outcome.peak_memory}
    figures |= {"clear_difference": clear_difference(outcome.exchange, truth, area[truth.rows])}
    return figures | {"error": pair_error(outcome.exchange, truth.exchange)}
