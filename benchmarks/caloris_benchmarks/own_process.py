"""One solver on one scene in a process of its own: time with imports, peak memory, and a limit on both sides of it."""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np


class Outcome(NamedTuple):
    """What a process measured."""

    exchange: np.ndarray  # [row, facet] m2
    seconds: list[float]  # of each call
    process_seconds: float  # from the start of Python to the end of the process, all calls
    peak_memory: int  # bytes, of the process or the program it called


def measure(
    name: str,
    target: int,
    setting: float,
    rows: np.ndarray,
    *,
    calls: int = 1,
    cache: Path | None = None,
    limit: float | None = None,
) -> Outcome | None:
    """Run the solver `name` on the satellite of about `target` facets; None if `limit` seconds were not enough.

    cache: the folder of compiled programs, empty or not (None: the user's own). Python keeps the bytecode of what it
    imports, as it does of what is installed, even where the environment forbids it in this process.
    """
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.npz"
        order = {"name": name, "target": target, "setting": setting, "rows": rows.tolist(), "calls": calls}
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        if cache is not None:
            environment["CALORIS_CACHE"] = str(cache)
        command = [sys.executable, "-m", "caloris_benchmarks.own_process", str(result)]
        begin = time.perf_counter()
        try:
            subprocess.run(command, input=json.dumps(order), text=True, check=True, env=environment, timeout=limit)
        except subprocess.TimeoutExpired:
            return None
        process_seconds = time.perf_counter() - begin
        with np.load(result) as found:
            return Outcome(found["exchange"], found["seconds"].tolist(), process_seconds, int(found["peak_memory"]))


def main(result: str, order: dict[str, Any]) -> None:
    """What the process does."""
    from caloris_benchmarks.view_factor_solvers import SOLVERS
    from caloris_validation.mesh_scenes import satellite

    scene, rows = satellite(order["target"]), np.array(order["rows"], int)
    solved = SOLVERS[order["name"]](scene, order["setting"], rows, order["calls"])
    # View3D is a program of its own. Linux counts in KiB, macOS in bytes.
    who = resource.RUSAGE_CHILDREN if order["name"] == "View3D" else resource.RUSAGE_SELF
    peak = resource.getrusage(who).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    np.savez(result, exchange=solved.exchange, seconds=solved.seconds, peak_memory=peak)


if __name__ == "__main__":
    main(sys.argv[1], json.load(sys.stdin))
