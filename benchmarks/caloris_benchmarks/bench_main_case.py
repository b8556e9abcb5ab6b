"""The main example: wall time of the whole process, and its periodic orbit beside a spin-up."""

import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

import caloris
from caloris.output.read import open_run
from caloris.solve.cyclic import CYCLE_SHARE
from caloris.solve.instant import average
from caloris.solve.network import Network
from caloris.solve.state import State, physical, sizes, start_auxiliary, stepper_state
from caloris.solve.steady import steady_balance
from caloris.solve.systems import TRANSIENT, mean_linearize
from caloris.solve.transient import record_length, start_charge, state_tolerance, table_spacing
from caloris_benchmarks.timing import best_of
from caloris_kernels.stepping.adaptive import integrate
from caloris_kernels.stepping.periodic import Periodic, solve_periodic

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


@partial(jax.jit, static_argnames="steps")
def _cycle(network: Network, start: jax.Array, tolerance: jax.Array, steps: int) -> Periodic:
    """What `solve_cyclic` does once the network is assembled and the first guess made."""
    bound, (nodes, batteries, _) = state_tolerance(network, tolerance), sizes(network)
    number = jnp.arange(start.shape[0])
    return solve_periodic(
        TRANSIENT,
        network,
        start,
        network.edges,
        bound,
        cycle_tolerance=CYCLE_SHARE * bound,
        max_steps=steps,
        picard=(number >= nodes) & (number < nodes + batteries),
        mean_linearize=mean_linearize,
        maximum_step=table_spacing(network),
    )


@partial(jax.jit, static_argnames="steps")
def _orbit(network: Network, start: jax.Array, tolerance: jax.Array, steps: int) -> jax.Array:
    bound, longest = state_tolerance(network, tolerance), table_spacing(network)
    return integrate(TRANSIENT, network, start, network.edges, bound, max_steps=steps, maximum_step=longest).final


@jax.jit
def _steady(network: Network) -> jax.Array:
    """Temperatures of the steady state of mean loads."""
    return steady_balance(network, average(network), network.boundary_temperature).y[: network.free.shape[0]]


def bench_main_cycle(overrides: tuple[str, ...] = (), goal: float = 1e-3, most: int = 100) -> list[dict]:
    """The main example's periodic orbit, against orbit after orbit until every node is within `goal` (K) of it.

    Two rows: both from the steady state of mean loads, and both from 290 K. Both stand on the same assembled network
    and the same stepper at the case's own tolerance. orbits counts those that told a change; one more records the
    orbit found. error is the last preconditioned change (K); that of the spin-up its true distance to the orbit.
    """
    caloris.enable_compilation_cache()
    case = caloris.load_case(EXAMPLE, overrides)
    thermal = caloris.build(case).thermal
    assert thermal is not None
    assert case.run is not None
    kelvin = case.run.temperature_tolerance
    tolerance, steps = jnp.asarray(kelvin), record_length(thermal, kelvin)
    network = caloris.solve_cyclic(thermal, tolerance=kelvin).network
    nodes, charge, auxiliary = network.free.shape[0], start_charge(thermal), start_auxiliary(network)
    rows = []
    for words, guess in (("steady state", _steady(network)), ("290 K", jnp.full(nodes, 290.0))):
        guess = jnp.where(network.free > 0, guess, network.boundary_temperature)
        start = stepper_state(network, State(guess, charge, auxiliary))
        begin = time.perf_counter()
        jax.block_until_ready(_cycle(network, start, tolerance, steps))
        first = time.perf_counter() - begin
        seconds, cycle = best_of(lambda start=start: _cycle(network, start, tolerance, steps), 3)
        found = physical(network, cycle.y0).temperature
        jax.block_until_ready(_orbit(network, start, tolerance, steps))
        state, orbits, error, begin = start, 0, float("inf"), time.perf_counter()
        while error > goal and orbits < most:
            state, orbits = _orbit(network, state, tolerance, steps), orbits + 1
            error = float(jnp.max(jnp.abs(physical(network, state).temperature - found)))
        spun = {"seconds": time.perf_counter() - begin, "error": error, "orbits": orbits}
        last = int(cycle.iterations) - 1
        change = float(cycle.delta[last]) * CYCLE_SHARE * kelvin
        row: dict[str, Any] = {"name": f"main-case cycle from {words}", "size": nodes, "seconds": seconds}
        row |= {"compile_seconds": max(first - seconds, 0.0), "error": change, "orbits": last + 1}
        row |= {"peers": {f"spin-up of {orbits} orbits": spun}, "ratio": {"time": spun["seconds"] / seconds}}
        rows.append(row | {"goal": 5.0, "within": spun["seconds"] >= 5.0 * seconds})
    return rows
