"""Wall time of the main example, whole process: a first run and a second one on the compilation cache it left."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from caloris.output.read import open_run

EXAMPLE = Path(__file__).parents[2] / "examples" / "orbital_data_center.toml"


def bench_main_case() -> dict:
    """`caloris run` twice in new processes; seconds is the second run's, its tracing and compiling apart.

    The error is the largest energy residual over the largest total. There is no peer: no other tool takes the
    case from geometry to temperatures, charge and upset rates. peers holds the first run for comparison.
    """
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"CALORIS_CACHE": str(Path(folder) / "cache")}
        command = [sys.executable, "-m", "caloris", "run", str(EXAMPLE), "-o", str(Path(folder) / "run.h5")]
        seconds, compiling, facets, residual = [], [], 0, 0.0
        for _ in range(2):
            begin = time.perf_counter()
            subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
            seconds.append(time.perf_counter() - begin)
            with open_run(Path(folder) / "run.h5") as run:
                compiling.append(float(run.attribute("provenance", "compile_time")))
                residual = float(run.attribute("thermal", "energy_residual_relative"))
                facets = len(run["mesh/facets"])
    return {
        "name": "orbital data center, cyclic",
        "size": facets,
        "seconds": seconds[1],
        "compile_seconds": compiling[1],
        "error": residual,
        "peers": {"first run, empty cache": {"seconds": seconds[0], "error": residual}},
    }
