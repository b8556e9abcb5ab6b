"""Derivatives through switchings: both modes against differences of runs that find their switchings anew.

Central differences of order 4 over runs with steps of their own choice at 1e-10 K: the noise of a run, about 1e-9 of
numbers of order one, over a relative change of 4e-4, is 2e-6. Measured: 1e-8 to 1e-6.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_benchmarks.dense_scene import ENCLOSURE, PERIOD, enclosure
from caloris_kernels.stepping.adaptive import integrate
from caloris_kernels.stepping.dense_output import integrate_along, states_at
from caloris_kernels.stepping.grid import step_times
from caloris_kernels.stepping.replay import replay
from caloris_kernels.stepping.system import System

NODES, MAX_STEPS = 5, 1500
HEATED, SENSOR = jnp.array([2, 3]), jnp.array([0, 3])  # node 0 has no capacity
EDGES = jnp.array([0.0, 1800.0, 3900.0, PERIOD])
Y0 = jnp.array([285.0, 280.0, 285.0, 265.0, 275.0])
FINE = jnp.full(NODES, 1e-10)
OFF = jnp.zeros(2)


def _network(p):
    net = p["net"]
    return net._replace(heat_load=net.heat_load.at[HEATED].add(p["on"] * p["power"]))


HEATERS = System(
    rate=lambda t, y, p, s: ENCLOSURE.rate(t, y, _network(p), s),
    mass=lambda p: p["net"].heat_capacity,
    linearize=lambda t, y, p, s: ENCLOSURE.linearize(t, y, p["net"], s),
    apply=ENCLOSURE.apply,
    apply_transpose=ENCLOSURE.apply_transpose,
    diagonal=ENCLOSURE.diagonal,
    switching=lambda t, y, p, s, mode: jnp.where(mode > 0.5, y[SENSOR] - p["high"], p["low"] - y[SENSOR]),
    with_mode=lambda p, mode: {**p, "on": mode},
)


def _parameters():
    conductance = np.zeros((NODES, NODES))
    for a, b, value in ((0, 2, 0.8), (0, 1, 0.3), (1, 4, 0.2), (3, 4, 0.15), (2, 4, 0.1)):
        conductance[a, b] = conductance[b, a] = value
    net = enclosure(NODES, algebraic=1, seed=3)._replace(
        heat_capacity=jnp.array([0.0, 400.0, 60.0, 120.0, 900.0]), conductance=jnp.asarray(conductance)
    )
    low, high = jnp.array([280.0, 276.0]), jnp.array([287.0, 284.0])
    return {"net": net, "power": jnp.array([30.0, 20.0]), "low": low, "high": high, "on": OFF}


P = _parameters()
INPUTS = (P, Y0, EDGES)
WEIGHT = jnp.array([1.0, -0.7, 0.4, 0.6, -0.3])


def _objective(p, edges, grid, record):
    """The final state, states between steps, the heaters' energy over two intervals, and all times of switching."""
    between = states_at(grid, record, edges, jnp.array([100.0, 1799.0, 2003.0, 5000.0])) @ WEIGHT
    energy = integrate_along(
        lambda t, y, q, s: q["on"] * q["power"],
        p,
        grid,
        record,
        edges,
        jnp.array([0.0, 2500.0, PERIOD]),
        with_mode=HEATERS.with_mode,
    )
    start, length = jax.vmap(lambda i: step_times(edges, grid, i))(jnp.arange(grid.segment.shape[0]))
    times = jnp.sum(jnp.where(grid.switch >= 0, start + length + record.shift[:, 1], 0.0))
    return WEIGHT @ record.end[-1] + jnp.sum(between) + jnp.sum(energy * jnp.array([1e-3, -2e-3])) + 1e-2 * times


def _free_run(p, y0, edges):
    run = integrate(HEATERS, p, y0, edges, FINE, max_steps=MAX_STEPS, mode=OFF)
    return _objective(p, edges, run.grid, run.record), run


FREE_RUN = jax.jit(_free_run)


@pytest.fixture(scope="module")
def heated():
    run = FREE_RUN(*INPUTS)[1]
    assert int(run.result) == 0
    counts = [int(jnp.sum(run.grid.switch == k)) for k in (0, 1)]
    assert counts[0] >= 12 and counts[1] >= 6, counts

    def objective(p, y0, edges):
        return _objective(p, edges, run.grid, replay(HEATERS, p, y0, edges, run.grid, FINE))

    gradient = jax.jit(jax.grad(objective, argnums=(0, 1, 2)))(*INPUTS)
    tangent = jax.jit(lambda direction: jax.jvp(objective, INPUTS, direction)[1])
    return run, gradient, tangent


def _direction(name):
    random = np.random.default_rng(len(name))
    p, y0, edges = jax.tree.map(jnp.zeros_like, INPUTS)
    if name == "y0":
        return p, jnp.asarray(random.uniform(0.5, 1.0, NODES)), edges
    if name == "edges":
        return p, y0, jnp.array([0.0, 10.0, -7.0, 0.0])
    if name in P:
        return {**p, name: jnp.asarray(random.uniform(0.5, 1.0, 2))}, y0, edges
    value = getattr(P["net"], name)
    change = 0.1 * value * jnp.asarray(random.uniform(0.5, 1.0, value.shape))
    return {**p, "net": p["net"]._replace(**{name: change})}, y0, edges


NAMES = ("power", "low", "high", "heat_capacity", "conductance", "exchange", "heat_load", "sunlit", "y0", "edges")


@pytest.mark.parametrize("name", NAMES)
def test_switchings_move(heated, name):
    _, gradient, tangent = heated
    direction, h = _direction(name), 2e-3

    def move(s):
        return float(FREE_RUN(*jax.tree.map(lambda a, b: a + s * b, INPUTS, direction))[0])

    difference = (8.0 * (move(h) - move(-h)) - (move(2.0 * h) - move(-2.0 * h))) / (12.0 * h)
    reverse = sum(float(jnp.vdot(a, b)) for a, b in zip(*map(jax.tree.leaves, (gradient, direction)), strict=True))
    assert abs(difference) > 1e-3  # no zero gradient passes
    assert reverse == pytest.approx(difference, rel=5e-6)
    assert float(tangent(direction)) == pytest.approx(reverse, rel=1e-8)


def test_the_peak_at_a_switching_is_the_threshold(heated):
    """The sensor with capacity peaks where its heater goes off: one per kelvin of its threshold, nothing else."""
    run, _, _ = heated

    def peak(p):
        record = replay(HEATERS, p, Y0, EDGES, run.grid, FINE)
        index = jnp.max(jnp.where(run.grid.switch == 1, jnp.arange(MAX_STEPS) * run.grid.mode[:, 1], 0.0)).astype(int)
        return record.end[index, 3]

    value, gradient = jax.jit(jax.value_and_grad(peak))(P)
    assert float(value) == pytest.approx(284.0, abs=1e-9)
    np.testing.assert_allclose(gradient["high"], [0.0, 1.0], atol=1e-8)
    for leaf in (gradient["power"], gradient["low"], gradient["net"].heat_capacity):
        np.testing.assert_allclose(leaf, 0.0, atol=1e-8)  # K per W, K, J/K: a moved time alone would leave 0.1


def test_under_vmap(heated):
    _, _, tangent = heated
    directions = [_direction(name) for name in ("power", "high", "edges")]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *directions)
    np.testing.assert_allclose(jax.jit(jax.vmap(tangent))(stacked), [float(tangent(d)) for d in directions], rtol=1e-9)
