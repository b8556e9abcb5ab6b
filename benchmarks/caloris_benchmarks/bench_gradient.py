"""Gradients of a peak temperature in all numbers of a network at once: their cost, and central differences."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from caloris_benchmarks.bench_periodic import CYCLE_TOLERANCE, TOLERANCE, steady_guess
from caloris_benchmarks.network_scene import EDGES, NETWORK, Links, Network, Plate, assemble, plate
from caloris_benchmarks.network_solvers import START
from caloris_benchmarks.timing import timed
from caloris_kernels.stepping.grid import Grid, Record
from caloris_kernels.stepping.periodic import Periodic, solve_periodic
from caloris_kernels.stepping.replay import replay
from caloris_kernels.stepping.run_derivative import integrate_with_derivative

# A run with its gradient over the run, and a cyclic gradient alone over one orbit on known steps: at most.
RUNS, REPLAYS = 3.0, 8.0
# Largest difference to central differences, over the largest derivative among the samples of its kind.
AGREEMENT = 1e-5
KINDS = ("conductance", "area", "to_space", "heat_capacity", "heat_load", "solar_load")
_STEPS = 200
# Tolerances where differences are taken (K): the noise of linear solves and of a cycle that does not quite close has to
# be below 1e-5 of what a change by a hundredth does, some hundredths of a kelvin.
_FINE, _CLOSED = 1e-6, 1e-9


def _cycle(
    links: Links, grid: Grid | None, closing: float, numbers: Plate, guess: jax.Array, tolerance: jax.Array
) -> Periodic:
    p, edges = assemble(links, numbers), jnp.asarray(EDGES)
    return solve_periodic(
        NETWORK, p, guess, edges, tolerance, cycle_tolerance=closing, max_steps=_STEPS, grid=grid, max_orbits=20
    )


def _orbit(
    links: Links, grid: Grid | None, numbers: Plate, start: jax.Array, tolerance: jax.Array
) -> tuple[Record, Grid]:
    """One orbit, on the grid given or on steps of its own choice."""
    p, edges = assemble(links, numbers), jnp.asarray(EDGES)
    if grid is not None:
        return replay(NETWORK, p, start, edges, grid, tolerance), grid
    run = integrate_with_derivative(NETWORK, p, start, edges, tolerance, max_steps=_STEPS)
    return run.record, run.grid


def _cyclic_peak(links: Links, node: int, grid: Grid | None, closing: float, *arguments: Any) -> jax.Array:
    """The highest temperature of a node at the ends of steps of the periodic orbit."""
    return jnp.max(_cycle(links, grid, closing, *arguments).record.end[:, node])


def _orbit_peak(links: Links, node: int, grid: Grid | None, *arguments: Any) -> jax.Array:
    """The same over one orbit from a given start."""
    return jnp.max(_orbit(links, grid, *arguments)[0].end[:, node])


def _replayed(p: Network, start: jax.Array, grid: Grid, tolerance: jax.Array) -> Record:
    return replay(NETWORK, p, start, jnp.asarray(EDGES), grid, tolerance)


def bench_gradient(nodes: int = 1024, samples: int = 2) -> list[dict]:
    """Two rows: the peak temperature of the hottest node over an orbit from 290 K, and over the periodic orbit.

    Its derivative in every conductance, exchange area (which is how a coating enters), loss to space, capacity and
    load at once. seconds is the time of value and gradient; the peer is the run alone, and ratio "runs" one over the
    other; "replays" is the cyclic gradient's time beyond its run, over that of one orbit on known steps. error
    compares with central differences of order 4 on the same steps, in the `samples` most telling entries of each kind.
    """
    links, numbers = plate(nodes)
    tolerance, guess = jnp.full(nodes, TOLERANCE), steady_guess(assemble(links, numbers))
    arguments = (numbers, guess, tolerance)
    cycle_seconds, _, cycle = timed(partial(jax.jit(partial(_cycle, links, None, CYCLE_TOLERANCE)), *arguments), 5)
    node = int(jnp.argmax(jnp.max(cycle.record.end, axis=0)))
    p = assemble(links, numbers)
    replay_seconds, _, _ = timed(partial(jax.jit(_replayed), p, cycle.y0, cycle.grid, tolerance), 5)
    gradient = jax.jit(jax.value_and_grad(partial(_cyclic_peak, links, node, None, CYCLE_TOLERANCE)))
    cyclic = _row("gradient, cyclic", gradient, arguments, cycle_seconds)
    cyclic["ratio"]["replays"] = (cyclic["seconds"] - cycle_seconds) / replay_seconds
    cyclic["goal"]["replays"] = REPLAYS
    fine = jax.jit(partial(_cyclic_peak, links, node, cycle.grid, _CLOSED))
    cyclic["error"] = _disagreement(fine, numbers, cyclic.pop("gradient"), samples, cycle.y0)

    arguments = (numbers, jnp.full(nodes, START), tolerance)
    run_seconds, _, (_, grid) = timed(partial(jax.jit(partial(_orbit, links, None)), *arguments), 5)
    gradient = jax.jit(jax.value_and_grad(partial(_orbit_peak, links, node, None)))
    transient = _row("gradient, transient", gradient, arguments, run_seconds)
    fine = jax.jit(partial(_orbit_peak, links, node, grid))
    transient["error"] = _disagreement(fine, numbers, transient.pop("gradient"), samples, arguments[1])
    for row in (transient, cyclic):
        reached = all(row["ratio"][what] <= goal for what, goal in row["goal"].items())
        row["within"] = bool(reached and row["error"] <= AGREEMENT)
    return [transient, cyclic]


def _row(name: str, gradient: Callable, arguments: tuple, run_seconds: float) -> dict[str, Any]:
    seconds, compiling, (_, found) = timed(partial(gradient, *arguments), 5)
    row: dict[str, Any] = {"name": name, "size": len(arguments[1]), "seconds": seconds, "compile_seconds": compiling}
    row |= {"peers": {"run alone": {"seconds": run_seconds, "error": 0.0}}}
    return row | {"ratio": {"runs": seconds / run_seconds}, "goal": {"runs": RUNS}, "gradient": found}


def _disagreement(peak: Callable, numbers: Plate, gradient: Plate, samples: int, start: jax.Array) -> float:
    """Largest difference of the gradient to differences of peak(numbers, start, tolerance), over its kind's largest."""
    tolerance, worst = jnp.full_like(start, _FINE), 0.0
    for kind in KINDS:
        derivative, value = np.asarray(getattr(gradient, kind)), np.asarray(getattr(numbers, kind))
        chosen = np.argsort(-np.abs(derivative * value))[:samples]
        for entry in chosen:
            step = 1e-2 * value[entry]

            def moved(
                count: float, entry: int = entry, value: np.ndarray = value, kind: str = kind, step=step
            ) -> float:
                change = jnp.asarray(value).at[entry].add(count * step)
                return float(peak(numbers._replace(**{kind: change}), start, tolerance))

            difference = (8.0 * (moved(1.0) - moved(-1.0)) - (moved(2.0) - moved(-2.0))) / (12.0 * step)
            worst = max(worst, abs(difference - derivative[entry]) / np.max(np.abs(derivative[chosen])))
    return float(worst)
