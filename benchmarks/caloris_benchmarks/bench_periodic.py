"""Periodic orbits of the network scene: at any thermal inertia, and beside a spin-up with the same stepper."""

import time
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from caloris_benchmarks.network_scene import EDGES, NETWORK, PERIOD, Network, Plate, assemble, plate
from caloris_benchmarks.network_solvers import START
from caloris_benchmarks.timing import best_of
from caloris_kernels.stepping.periodic import Periodic, solve_periodic
from caloris_kernels.stepping.replay import replay
from caloris_kernels.stepping.steady import solve_steady

# Error per step (K), and the preconditioned change of an orbit at which it counts as periodic (K).
TOLERANCE, CYCLE_TOLERANCE = 1e-3, 1e-5
INERTIAS = tuple(float(x) for x in 10.0 ** np.arange(-3, 4))  # periods
ORBITS = 8  # at most
_STEPS = 200


@jax.jit
def _cycle(p: Network, guess: jax.Array) -> Periodic:
    tolerance = jnp.full_like(guess, TOLERANCE)
    edges = jnp.asarray(EDGES)
    return solve_periodic(
        NETWORK, p, guess, edges, tolerance, cycle_tolerance=CYCLE_TOLERANCE, max_steps=_STEPS, max_orbits=20
    )


@jax.jit
def _closer(p: Network, cycle: Periodic) -> jax.Array:
    """The fixed point of the same map, on the steps of a cycle, a hundred times as sharp."""
    tolerance = jnp.full_like(cycle.y0, TOLERANCE)
    edges, sharp = jnp.asarray(EDGES), 1e-2 * CYCLE_TOLERANCE
    return solve_periodic(
        NETWORK, p, cycle.y0, edges, tolerance, cycle_tolerance=sharp, max_steps=_STEPS, grid=cycle.grid
    ).y0


def mean_loads(numbers: Plate) -> Plate:
    """The plate under the mean of its loads over the orbit, by the integral of the cosine."""
    start, end = EDGES[:-1, None], EDGES[1:, None]
    speed = 2.0 * np.pi / PERIOD
    sine = jnp.sin(speed * end + numbers.phase) - jnp.sin(speed * start + numbers.phase)
    share = numbers.sunlit @ (0.5 * ((end - start) + sine / speed)) / PERIOD
    mean = numbers.heat_load + share * numbers.solar_load
    return numbers._replace(heat_load=mean, solar_load=jnp.zeros_like(mean))


@jax.jit
def steady_guess(p: Network) -> jax.Array:
    """The steady state of mean loads."""
    guess = jnp.full_like(p.plate.heat_load, START)
    mean = p._replace(plate=mean_loads(p.plate))
    return solve_steady(NETWORK, mean, guess, jnp.full_like(guess, 1e-6), lower_bound=0.0, step_limit=100.0).y


def with_inertia(numbers: Plate, inertia: float, temperature: jax.Array) -> Plate:
    """The capacities scaled so that all heat stored in 1 K over the loss to space by 1 K is `inertia` periods."""
    loss = jnp.sum(4.0 * numbers.to_space * temperature**3)
    scale = inertia * PERIOD * loss / jnp.sum(numbers.heat_capacity)
    return numbers._replace(heat_capacity=numbers.heat_capacity * scale)


def bench_inertia(nodes: int = 1024, inertias: tuple[float, ...] = INERTIAS) -> dict:
    """Orbits to a preconditioned change of 1e-5 K at each thermal inertia, from the steady state and from 290 K.

    orbits counts those that told a change; one more, not counted, records the orbit found. error (K) is the distance
    to the fixed point on the same steps, solved a hundred times as sharply, the largest of all: what the
    preconditioned change is an estimate of.
    """
    links, numbers = plate(nodes)
    steady = steady_guess(assemble(links, numbers))
    begin = time.perf_counter()
    jax.block_until_ready(_cycle(assemble(links, numbers), steady))
    first = time.perf_counter() - begin
    runs = []
    for inertia in inertias:
        p = assemble(links, with_inertia(numbers, inertia, steady))
        for start, guess in (("steady state", steady), ("290 K", jnp.full(nodes, START))):
            seconds, cycle = best_of(partial(_cycle, p, guess), 1)
            last = int(cycle.iterations) - 1
            run: dict[str, Any] = {"inertia": inertia, "start": start, "seconds": seconds, "orbits": last + 1}
            run |= {"result": int(cycle.result), "change": float(cycle.delta[last]) * CYCLE_TOLERANCE}
            runs.append(run | {"error": float(jnp.max(jnp.abs(_closer(p, cycle) - cycle.y0)))})
    most = max(run["orbits"] for run in runs)
    row = {"name": "periodic-inertia", "size": nodes, "seconds": max(run["seconds"] for run in runs)}
    row |= {"compile_seconds": max(first - runs[0]["seconds"], 0.0), "error": max(run["error"] for run in runs)}
    row |= {"peers": {}, "orbits": most, "goal": ORBITS, "runs": runs}
    return row | {"within": most <= ORBITS and all(run["result"] == 0 for run in runs)}


def bench_periodic(goal: float = 1e-3, most: int = 1000) -> dict:
    """The periodic orbit from 290 K, against spin-up with the same steps until it is within `goal` (K) of it.

    error is the preconditioned change of the last iteration (K); that of the peer is its true distance to
    the periodic orbit. most: orbits of spin-up at most.
    """
    p, state = assemble(*plate(1024)), jnp.full(1024, START)
    begin = time.perf_counter()
    jax.block_until_ready(_cycle(p, state))
    first = time.perf_counter() - begin
    seconds, cycle = best_of(lambda: _cycle(p, state), 3)
    tolerance = jnp.full_like(state, TOLERANCE)
    spin = jax.jit(lambda y: replay(NETWORK, p, y, jnp.asarray(EDGES), cycle.grid, tolerance).end[-1])
    jax.block_until_ready(spin(state))
    begin, orbits, error = time.perf_counter(), 0, float("inf")
    while error > goal and orbits < most:
        state, orbits = spin(state), orbits + 1
        error = float(jnp.max(jnp.abs(state - cycle.y0)))
    row: dict[str, Any] = {
        "name": "periodic orbit",
        "size": 1024,
        "seconds": seconds,
        "compile_seconds": first - seconds,
    }
    row |= {"error": float(cycle.delta[cycle.iterations - 1]) * CYCLE_TOLERANCE, "orbits": int(cycle.iterations)}
    spun = {"seconds": time.perf_counter() - begin, "error": error, "orbits": orbits}
    return row | {"peers": {f"spin-up of {orbits} orbits": spun}}
