"""Cost and memory of one orbit against the number of nodes, each size in a process of its own."""

import json
import os
import resource
import subprocess
import sys
import time
from typing import Any

SIZES = (1000, 10_000, 100_000)
# What the largest size may take on two cores.
LARGE, TIME_GOAL, MEMORY_GOAL = 100_000, 600.0, 8 * 2**30
# Steps that the record holds: five numbers a step and node, so 0.5 GB at 1e5 nodes.
_STEPS = 128
_NODES_PER_HUB = 5000


def bench_network_size(sizes: tuple[int, ...] = SIZES, tolerance: float = 1e-2) -> list[dict]:
    """A row a size: one orbit of a plate with ten radiative couplings a node, two conductive ones, and hubs.

    seconds is the best of two runs, compiling apart; error (K) is against a tolerance ten times as fine, at the ends
    of segments. peak_memory (bytes) is that of the whole process, in which the scene is made and all is compiled
    and run.
    """
    rows = []
    for nodes in sizes:
        command = [sys.executable, "-m", "caloris_benchmarks.bench_network_size", str(nodes), str(tolerance)]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        begin = time.perf_counter()
        done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True)
        row = json.loads(done.stdout) | {"process_seconds": time.perf_counter() - begin, "peers": {}}
        if nodes >= LARGE:
            row["within"] = row["process_seconds"] <= TIME_GOAL and row["peak_memory"] <= MEMORY_GOAL
        rows.append(row)
    return rows


def measure(nodes: int, tolerance: float) -> dict[str, Any]:
    """What the process of one size does."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    from caloris.precision import enable_float64
    from caloris_benchmarks.network_scene import assemble, plate
    from caloris_benchmarks.network_solvers import orbit, segment_ends
    from caloris_benchmarks.timing import best_of

    enable_float64()
    links, numbers = plate(nodes, tries=22, hubs=nodes // _NODES_PER_HUB)
    p = assemble(links, numbers)
    begin = time.perf_counter()
    jax.block_until_ready(orbit(p, jnp.full(nodes, tolerance), _STEPS))
    first = time.perf_counter() - begin
    seconds, run = best_of(lambda: orbit(p, jnp.full(nodes, tolerance), _STEPS), 2)
    fine = orbit(p, jnp.full(nodes, 0.1 * tolerance), _STEPS)
    if int(run.result) or int(fine.result):
        raise RuntimeError(f"{nodes} nodes: the runs ended with results {int(run.result)} and {int(fine.result)}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    row: dict[str, Any] = {"name": "network-size", "size": f"{nodes} nodes", "nodes": nodes}
    row |= {"radiative_links": len(links.radiating), "conductive_links": len(links.conducting)}
    row |= {"seconds": seconds, "compile_seconds": max(first - seconds, 0.0), "peak_memory": peak}
    row |= {"error": float(np.max(np.abs(segment_ends(run) - segment_ends(fine))))}
    row |= {"steps": int(run.grid.steps), "rejected": int(run.rejected)}
    work = int(run.linear_iterations)
    # Each iteration makes two products with the matrix, whose entries are two a link and the diagonal.
    entries = 2 * (len(links.radiating) + len(links.conducting)) + nodes
    return row | {"linear_iterations": work, "seconds_per_entry": seconds / (2 * work * entries)}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]), float(sys.argv[2]))))
