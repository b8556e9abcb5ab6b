"""One orbit of 1024 conducting and radiating nodes with eclipse jumps: Rodas5P against scipy's BDF, in one run."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.sparse as sparse
from scipy.integrate import solve_ivp

from caloris_benchmarks.network_scene import EDGES, NETWORK, PERIOD, SPACE_TEMPERATURE, Network, network
from caloris_kernels.stepping.adaptive import Trajectory, integrate
from caloris_kernels.stepping.periodic import Periodic, solve_periodic
from caloris_kernels.stepping.replay import replay

SIDE = 32
START = 290.0  # K
MAX_STEPS = 800


@jax.jit
def _orbit(p: Network, tolerance: jax.Array) -> Trajectory:
    start = jnp.full(p.heat_load.shape, START, p.heat_load.dtype)
    return integrate(NETWORK, p, start, jnp.asarray(EDGES), tolerance, max_steps=MAX_STEPS)


def _best(function: Callable[[], Any], repeats: int = 3) -> tuple[float, Any]:
    """The shortest time (s) of some runs, and the result."""
    times, result = [], None
    for _ in range(repeats):
        begin = time.perf_counter()
        result = jax.block_until_ready(function())
        times.append(time.perf_counter() - begin)
    return min(times), result


def _segment_ends(run: Trajectory) -> np.ndarray:
    """States at the ends of the segments."""
    segment = np.asarray(run.grid.segment)[: int(run.grid.steps)]
    last = np.append(np.nonzero(np.diff(segment))[0], len(segment) - 1)
    return np.asarray(run.record.end)[last]


def _laplacian(p: Network, values: jax.Array) -> sparse.csr_array:
    nodes = p.neighbor.shape[1]
    rows = np.tile(np.arange(nodes), p.neighbor.shape[0])
    links = sparse.coo_array((np.ravel(values), (rows, np.ravel(p.neighbor))), (nodes, nodes)).tocsr()
    return (links - sparse.diags_array(links.sum(axis=1))).tocsr()


def _backward_differences(p: Network, tolerance: float) -> np.ndarray:
    """scipy's BDF with the analytic sparse Jacobian, restarted at each edge; states at the segment ends."""
    conduction, radiation = _laplacian(p, p.conductance), _laplacian(p, p.exchange)
    space, inverse = np.asarray(p.to_space), 1.0 / np.asarray(p.heat_capacity)
    loss = (radiation - sparse.diags_array(space)).tocsr()
    steady, solar, phase = np.asarray(p.heat_load), np.asarray(p.solar_load), np.asarray(p.phase)
    by_capacity = sparse.diags_array(inverse)

    def rate(t: float, y: np.ndarray, lit: float) -> np.ndarray:
        wave = 0.5 * (1.0 + np.cos(2.0 * np.pi / PERIOD * t + phase))
        heat = steady + lit * solar * wave + space * SPACE_TEMPERATURE**4
        return inverse * (heat + conduction @ y + loss @ y**4)

    def jacobian(t: float, y: np.ndarray) -> sparse.csc_array:
        return (by_capacity @ (conduction + loss @ sparse.diags_array(4.0 * y**3))).tocsc()

    state, ends = np.full(len(space), START), []
    for start, end, lit in zip(EDGES[:-1], EDGES[1:], np.asarray(p.sunlit), strict=True):
        solution = solve_ivp(
            partial(rate, lit=lit), (start, end), state, "BDF", jac=jacobian, rtol=1e-12, atol=tolerance, t_eval=[end]
        )
        state = solution.y[:, -1]
        ends.append(state)
    return np.array(ends)


def bench_transient(tolerance: float = 1e-3, peer_tolerance: float = 2e-4) -> dict:
    """Wall time and error (K, largest over nodes and segment ends) of one orbit, ours and scipy's.

    The errors are against Rodas5P at 1e-7 K. The tolerances are chosen so that both err by about 1e-4 K or
    less, the peer's error being the larger.
    """
    p = network(SIDE)
    tolerances = jnp.full(SIDE * SIDE, tolerance)
    begin = time.perf_counter()
    jax.block_until_ready(_orbit(p, tolerances))
    first = time.perf_counter() - begin
    seconds, run = _best(lambda: _orbit(p, tolerances))
    exact = _segment_ends(_orbit(p, jnp.full(SIDE * SIDE, 1e-7)))
    begin = time.perf_counter()
    peer = _backward_differences(p, peer_tolerance)
    peer_seconds = time.perf_counter() - begin
    return {
        "name": "transient orbit",
        "size": SIDE * SIDE,
        "seconds": seconds,
        "compile_seconds": first - seconds,
        "error": float(np.max(np.abs(_segment_ends(run) - exact))),
        "peers": {
            "scipy BDF": {"seconds": peer_seconds, "error": float(np.max(np.abs(peer - exact)))},
        },
    }


@jax.jit
def _cycle(p: Network) -> Periodic:
    nodes = p.heat_load.shape[0]
    guess, tolerance = jnp.full(nodes, START, p.heat_load.dtype), jnp.full(nodes, 1e-3)
    return solve_periodic(
        NETWORK, p, guess, jnp.asarray(EDGES), tolerance, cycle_tolerance=1e-5, max_steps=MAX_STEPS // 4
    )


def bench_periodic(orbits: int = 20) -> dict:
    """The periodic orbit from 290 K, against `orbits` orbits of spin-up with the same stepper.

    error is the preconditioned change of the last iteration (K); that of the peer is its true distance to
    the periodic orbit.
    """
    p = network(SIDE)
    begin = time.perf_counter()
    jax.block_until_ready(_cycle(p))
    first = time.perf_counter() - begin
    seconds, cycle = _best(lambda: _cycle(p))
    tolerance = jnp.full(SIDE * SIDE, 1e-3)
    spin = jax.jit(lambda y: replay(NETWORK, p, y, jnp.asarray(EDGES), cycle.grid, tolerance).end[-1])
    state = jnp.full(SIDE * SIDE, START)
    jax.block_until_ready(spin(state))
    begin = time.perf_counter()
    for _ in range(orbits):
        state = spin(state)
    jax.block_until_ready(state)
    return {
        "name": "periodic orbit",
        "size": SIDE * SIDE,
        "seconds": seconds,
        "compile_seconds": first - seconds,
        "error": float(cycle.delta[cycle.iterations - 1]) * 1e-5,
        "peers": {
            f"spin-up of {orbits} orbits": {
                "seconds": time.perf_counter() - begin,
                "error": float(jnp.max(jnp.abs(state - cycle.y0))),
            },
        },
    }
