"""Steady states: from far starts, against a closed form, and with named failures."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_benchmarks.dense_scene import ENCLOSURE, enclosure
from caloris_kernels.stepping.steady import solve_steady
from caloris_kernels.stepping.system import NOT_CONVERGED, NOT_FINITE, SUCCESS

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
    endless = _solve(P, jnp.full(NODES, 3.0, dtype=float), 0.5)  # 100 steps of half a kelvin
    assert int(endless.result) == NOT_CONVERGED
    broken = _solve(P._replace(heat_load=P.heat_load.at[0].set(jnp.nan)), jnp.full(NODES, 290.0, dtype=float))
    assert int(broken.result) == NOT_FINITE
    assert np.all(np.isfinite(endless.y))


def test_heat_without_a_way_out_is_a_failure():
    closed = P._replace(to_space=0.0 * P.to_space, exchange=0.0 * P.exchange)
    steady = _solve(closed, jnp.full(NODES, 290.0, dtype=float))
    assert int(steady.result) != SUCCESS
    assert np.all(np.isfinite(steady.y))
