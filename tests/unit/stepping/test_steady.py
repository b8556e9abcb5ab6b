"""Steady states: from far starts, against a closed form, and with named failures."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_benchmarks.dense_scene import ENCLOSURE, enclosure
from caloris_kernels.constants import STEFAN_BOLTZMANN
from caloris_kernels.stepping.steady import solve_steady
from caloris_kernels.stepping.system import NOT_CONVERGED, NOT_FINITE, SINGULAR, SUCCESS, linearization_mismatch
from sparse_scene import SPARSE, couplings

NODES = 12
P = enclosure(NODES)
_solve = jax.jit(
    lambda p, guess, step_limit=100.0: solve_steady(
        ENCLOSURE, p, guess, jnp.full(NODES, 1e-8), lower_bound=0.0, step_limit=step_limit
    )
)


@pytest.mark.parametrize("guess", [3.0, 290.0, 1000.0])
def test_converges_from_far(guess):
    start = jnp.full(NODES, guess, dtype=float)
    steady = _solve(P, start)
    assert int(steady.result) == SUCCESS
    assert float(jnp.max(jnp.abs(steady.residual))) < 1e-9  # 1e-8 K, quadratic, times about 1 W/K
    np.testing.assert_allclose(steady.y, _solve(P, jnp.full(NODES, 300.0, dtype=float)).y, rtol=1e-10)


def test_uncoupled_nodes_follow_the_fourth_root():
    p = P._replace(conductance=0.0 * P.conductance, exchange=0.0 * P.exchange, sunlit=jnp.zeros(3))
    steady = _solve(p, jnp.full(NODES, 3.0, dtype=float))
    exact = (p.heat_load / p.to_space) ** 0.25
    np.testing.assert_allclose(steady.y, exact, rtol=1e-10)  # 1e-8 K of 300 K


def test_failures_are_named_and_finite():
    endless = _solve(P, jnp.full(NODES, 3.0, dtype=float), 0.25)  # 200 steps of a quarter of a kelvin
    assert int(endless.result) == NOT_CONVERGED
    broken = _solve(P._replace(heat_load=P.heat_load.at[0].set(jnp.nan)), jnp.full(NODES, 290.0, dtype=float))
    assert int(broken.result) == NOT_FINITE
    assert np.all(np.isfinite(endless.y))


def test_heat_without_a_way_out_is_a_failure():
    closed = P._replace(to_space=0.0 * P.to_space, exchange=0.0 * P.exchange)
    steady = _solve(closed, jnp.full(NODES, 290.0, dtype=float))
    assert int(steady.result) != SUCCESS
    assert np.all(np.isfinite(steady.y))


_solve_sparse = jax.jit(
    lambda p, y: solve_steady(SPARSE, p, y, jnp.full(y.shape, 1e-9), lower_bound=0.0, step_limit=100.0)
)


def _networks(nodes, **settings):
    """`couplings`, and `solve_steady` of it."""
    p = couplings(nodes, **settings)

    def solve(guess):
        return _solve_sparse(p, jnp.full(nodes, guess, dtype=float))

    return p, solve


def test_the_matrix_of_the_hard_networks_is_exact():
    p = couplings(
        4,
        conduction=[(0, 1, 2.0), (1, 2, 0.5)],
        radiation=[(0, 2, 0.3), (2, 3, 1.0)],
        flow=[(0, 1, 5.0), (1, 3, 5.0)],
        area_to_space=0.2,
    )
    y, v = jnp.array([300.0, 250.0, 280.0, 310.0]), jnp.array([1.0, -2.0, 0.5, 3.0])
    for mismatch in linearization_mismatch(SPARSE, p, jnp.asarray(0.0), y, jnp.asarray(0), v):
        assert float(mismatch) < 1e-14


@pytest.mark.parametrize("guess", [3.0, 290.0, 1000.0])
def test_a_long_chain_with_one_sink(guess):
    """300 nodes in a row, heated at one end: T falls by P / g from node to node to the one that radiates."""
    nodes, power, conductance = 300, 10.0, 50.0
    _, solve = _networks(
        nodes,
        conduction=[(k, k + 1, conductance) for k in range(nodes - 1)],
        area_to_space=[1.0] + [0.0] * (nodes - 1),
        heat_load=[0.0] * (nodes - 1) + [power],
    )
    steady = solve(guess)
    exact = (power / STEFAN_BOLTZMANN) ** 0.25 + power / conductance * np.arange(nodes)
    assert int(steady.result) == SUCCESS and int(steady.failed_state) == -1
    # The last update is below 1e-9 K in every node; solves through 300 links stop at 1e-6 of it.
    np.testing.assert_allclose(steady.y, exact, rtol=1e-9)


@pytest.mark.parametrize("guess", [3.0, 290.0, 1000.0])
def test_hard_networks_converge(guess):
    """Emittances of 1e-3, a closed ring of one-way flow, and couplings from 1e-6 to 1e6 W/K beside each other."""
    nodes, random = 40, np.random.default_rng(7)
    pairs = [(k, (k + 1) % nodes, float(g)) for k, g in enumerate(10.0 ** random.uniform(-6.0, 6.0, nodes))]
    p, solve = _networks(
        nodes,
        conduction=pairs,
        radiation=[(k, (k + 7) % nodes, 1e-3) for k in range(nodes)],
        flow=[(k, (k + 1) % nodes, 20.0) for k in range(nodes)],
        area_to_space=[1e-3] * nodes,
        heat_load=list(random.uniform(0.0, 1.0, nodes)),
    )
    steady = solve(guess)
    assert int(steady.result) == SUCCESS
    heat, lost = float(jnp.sum(p.heat_load)), float(jnp.sum(p.to_space * steady.y**4))
    # A nanokelvin at links of 1e6 W/K is 1e-3 W in a node; over all nodes links cancel, to rounding of 1e6 W/K x 900 K.
    assert abs(heat - lost) < 1e-6 * heat
    np.testing.assert_allclose(steady.y, solve(400.0).y, rtol=1e-7)


@pytest.mark.parametrize("guess", [3.0, 290.0, 1000.0])
def test_nodes_on_their_own(guess):
    """Without heat an isolated node keeps its guess; with heat it is named; and so is a pair without a way out."""
    links = {"conduction": [(0, 1, 1.0)], "area_to_space": [0.5, 0.0, 0.0]}
    _, solve = _networks(3, **links, heat_load=[1.0, 2.0, 0.0])
    steady = solve(guess)
    assert int(steady.result) == SUCCESS
    cold = (3.0 / (0.5 * STEFAN_BOLTZMANN)) ** 0.25
    np.testing.assert_allclose(steady.y, [cold, cold + 2.0, guess], rtol=1e-9)
    _, solve = _networks(3, **links, heat_load=[1.0, 2.0, 1.0])
    steady = solve(guess)
    assert int(steady.result) == SINGULAR and int(steady.failed_state) == 2
    assert np.all(np.isfinite(steady.y))
    _, solve = _networks(
        4, conduction=[(0, 1, 1.0), (2, 3, 2.0)], area_to_space=[0.5, 0.0, 0.0, 0.0], heat_load=[1.0, 0.0, 1.0, 0.0]
    )
    steady = solve(guess)
    assert int(steady.result) == SINGULAR and int(steady.failed_state) in (2, 3)
    assert int(steady.iterations) == 200  # searched once
    assert np.all(np.isfinite(steady.y))


def test_the_state_with_the_broken_rate_is_named():
    broken = _solve(P._replace(heat_load=P.heat_load.at[5].set(jnp.nan)), jnp.full(NODES, 290.0, dtype=float))
    assert int(broken.result) == NOT_FINITE and int(broken.failed_state) == 5


@pytest.mark.slow
def test_derivatives_beside_an_isolated_node():
    """Exact in the others, zero in it: dT/dP = T / (4 P) of a node that radiates P alone."""
    p = couplings(3, area_to_space=[0.5, 1.0, 0.0], heat_load=[10.0, 20.0, 0.0])

    def solve(load):
        guess, tolerance = jnp.full(3, 290.0), jnp.full(3, 1e-9)
        return solve_steady(SPARSE, p._replace(heat_load=load), guess, tolerance, step_limit=100.0).y

    y = jax.jit(solve)(p.heat_load)
    for jacobian in (jax.jit(jax.jacrev(solve))(p.heat_load), jax.jit(jax.jacfwd(solve))(p.heat_load)):
        np.testing.assert_allclose(jacobian, jnp.diag(jnp.array([y[0] / 40.0, y[1] / 80.0, 0.0])), rtol=1e-8)
