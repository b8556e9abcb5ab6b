"""Derivatives of trajectories, steady states and periodic orbits: both modes against differences, and vmap.

Differences are central of order 4 on the frozen grid. Their error is the noise of the linear solves, 1e-3
of a tolerance of 1e-9 K, over a change of about 1e-2 K, and truncation of order 1e-12: 1e-7 is a safe bound.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_benchmarks.dense_scene import ENCLOSURE, PERIOD, enclosure
from caloris_kernels.stepping.adaptive import integrate
from caloris_kernels.stepping.dense_output import states_at
from caloris_kernels.stepping.periodic import solve_periodic
from caloris_kernels.stepping.replay import replay
from caloris_kernels.stepping.steady import solve_steady

NODES = 6
P = enclosure(NODES, algebraic=2)
EDGES = jnp.array([0.0, 1800.0, 3900.0, PERIOD])
Y0 = jnp.full(NODES, 285.0, dtype=float)
WEIGHT = jnp.asarray(np.random.default_rng(5).normal(size=NODES))
FINE = jnp.full(NODES, 1e-9)
SHIFTS = ("conductance", "exchange", "to_space", "heat_capacity", "heat_load", "solar_load", "phase", "sunlit")
INPUTS = (P, Y0, EDGES)


def _direction(name):
    """A direction in (p, y0, edges) that moves one input in all its entries, relative to their size."""
    random = np.random.default_rng(len(name))
    zero = jax.tree.map(jnp.zeros_like, INPUTS)
    if name == "y0":
        return zero[0], jnp.asarray(random.uniform(1.0, 3.0, NODES)), zero[2]
    if name == "edges":
        return zero[0], zero[1], jnp.array([3.0, 10.0, -7.0, 5.0])
    value = getattr(P, name)
    change = 0.1 * value * jnp.asarray(random.uniform(0.5, 1.0, value.shape))
    return zero[0]._replace(**{name: change}), zero[1], zero[2]


def _difference(function, inputs, direction, h=2e-2):
    move = lambda s: function(*jax.tree.map(lambda a, b: a + s * b, inputs, direction))  # noqa: E731
    return float((8.0 * (move(h) - move(-h)) - (move(2.0 * h) - move(-2.0 * h))) / (12.0 * h))


def _check(function, inputs, direction, gradient, tangent, bound=1e-7):
    difference = _difference(function, inputs, direction)
    reverse = sum(float(jnp.vdot(a, b)) for a, b in zip(*map(jax.tree.leaves, (gradient, direction)), strict=True))
    forward = float(tangent(direction))
    assert abs(difference) > 1e-4  # no zero gradient passes
    assert reverse == pytest.approx(difference, rel=bound)
    assert forward == pytest.approx(reverse, rel=bound)


@pytest.fixture(scope="module")
def trajectory():
    grid = jax.jit(lambda: integrate(ENCLOSURE, P, Y0, EDGES, jnp.full(NODES, 1e-2), max_steps=80).grid)()
    times = jnp.array([100.0, 1799.0, 2000.0, 5000.0])

    def objective(p, y0, edges):
        """Final state, the hottest moment of one node, the output between steps, and the states at all steps."""
        record = replay(ENCLOSURE, p, y0, edges, grid, FINE)
        between = states_at(grid, record, edges, times) @ WEIGHT
        return WEIGHT @ record.end[-1] + jnp.max(record.end[:, 3]) + jnp.sum(between) + jnp.mean(record.start @ WEIGHT)

    gradient = jax.jit(jax.grad(objective, argnums=(0, 1, 2)))(*INPUTS)
    tangent = jax.jit(lambda direction: jax.jvp(objective, INPUTS, direction)[1])
    return jax.jit(objective), gradient, tangent


@pytest.mark.parametrize("name", [*SHIFTS, "y0", "edges"])
def test_replay(trajectory, name):
    objective, gradient, tangent = trajectory
    _check(objective, INPUTS, _direction(name), gradient, tangent)


@pytest.mark.slow
def test_replay_with_other_inputs_constant(trajectory):
    """Differentiating in one leaf alone gives what differentiating in all gives."""
    objective, gradient, _ = trajectory
    load = jax.jit(jax.grad(lambda q: objective(P._replace(heat_load=q), Y0, EDGES)))(P.heat_load)
    np.testing.assert_allclose(load, gradient[0].heat_load, rtol=1e-9)
    jacobian = jax.jit(jax.jacrev(lambda e: jnp.stack([objective(P, Y0, e)] * 2)))(EDGES)
    np.testing.assert_allclose(jacobian, jnp.stack([gradient[2]] * 2), rtol=1e-9)


def test_replay_under_vmap(trajectory):
    objective, _, tangent = trajectory
    directions = [_direction(name) for name in ("heat_load", "y0", "edges")]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *directions)
    batched = jax.jit(jax.vmap(tangent))(stacked)
    np.testing.assert_allclose(batched, [float(tangent(d)) for d in directions], rtol=1e-9)


@pytest.fixture(scope="module")
def steady():
    def objective(p):
        return WEIGHT @ solve_steady(ENCLOSURE, p, Y0, FINE, lower_bound=0.0, step_limit=100.0).y

    gradient = jax.jit(jax.grad(objective))(P)
    tangent = jax.jit(lambda direction: jax.jvp(objective, (P,), direction)[1])
    return jax.jit(objective), gradient, tangent


@pytest.mark.parametrize("name", ["conductance", "exchange", "to_space", "heat_load", "solar_load", "sunlit"])
def test_steady(steady, name):
    objective, gradient, tangent = steady
    _check(objective, (P,), _direction(name)[:1], (gradient,), tangent)


@pytest.fixture(scope="module")
def cycle():
    free = jnp.arange(NODES) != NODES - 1  # the last state is held at its first value
    settings = {"cycle_tolerance": 1e-9, "max_steps": 80, "periodic_state": free}
    first = jax.jit(lambda: solve_periodic(ENCLOSURE, P, Y0, EDGES, jnp.full(NODES, 1e-2), **settings))()
    assert int(first.result) == 0

    def objective(p, edges):
        orbit = solve_periodic(ENCLOSURE, p, first.y0, edges, FINE, grid=first.grid, **settings)
        return WEIGHT @ orbit.y0 + jnp.max(replay(ENCLOSURE, p, orbit.y0, edges, first.grid, FINE).end[:, 3])

    gradient = jax.jit(jax.grad(objective, argnums=(0, 1)))(P, EDGES)
    tangent = jax.jit(lambda direction: jax.jvp(objective, (P, EDGES), direction)[1])
    return jax.jit(objective), gradient, tangent


@pytest.mark.slow
def test_periodic_with_other_inputs_constant(cycle):
    objective, gradient, _ = cycle
    load = jax.jit(jax.grad(lambda q: objective(P._replace(heat_load=q), EDGES)))(P.heat_load)
    np.testing.assert_allclose(load, gradient[0].heat_load, rtol=1e-7)  # GMRES stops at 1e-8


@pytest.mark.parametrize("name", [*SHIFTS, "edges"])
def test_periodic(cycle, name):
    objective, gradient, tangent = cycle
    p, _, edges = _direction(name)
    _check(objective, (P, EDGES), (p, edges), gradient, tangent)
