"""Rodas5P: observed orders of the step, of its error estimate and of its dense output; algebraic rows."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from caloris_benchmarks.dense_scene import ENCLOSURE, enclosure
from caloris_kernels.stepping.rodas import DENSE_WEIGHTS, interpolate_step, rodas_step
from caloris_kernels.stepping.system import linearization_mismatch

P = enclosure(4, algebraic=0)._replace(heat_capacity=jnp.array([200.0, 500.0, 900.0, 300.0]))
Y0 = jnp.array([290.0, 250.0, 310.0, 330.0])
ZERO = jnp.zeros((), jnp.int32)


@jax.jit
def _march(p, count):
    """Steps of equal length over 900 s; the end, and the middle and error estimate of the first step."""
    h = 900.0 / count
    tolerance = jnp.full(4, 1e-9)
    first = rodas_step(ENCLOSURE, p, jnp.zeros(()), h, ZERO, Y0, tolerance)
    middle = interpolate_step(Y0, first.end, jnp.asarray(DENSE_WEIGHTS) @ first.stages, jnp.asarray(0.4))
    advance = lambda i, y: rodas_step(ENCLOSURE, p, i * h, h, ZERO, y, tolerance).end  # noqa: E731
    return jax.lax.fori_loop(0, count, advance, Y0), middle, first.error


@pytest.fixture(scope="module")
def exact():
    rate = jax.jit(lambda t, y: ENCLOSURE.rate(t, y, P, ZERO) / P.heat_capacity)
    return solve_ivp(
        lambda t, y: np.asarray(rate(t, y)), (0.0, 900.0), Y0, "DOP853", rtol=1e-13, atol=1e-11, dense_output=True
    )


def test_linearization_of_the_scene_is_exact():
    forward, backward = linearization_mismatch(
        ENCLOSURE, P, jnp.asarray(7.0), Y0, ZERO, jnp.array([1.0, -2.0, 0.5, 3.0])
    )
    assert max(float(forward), float(backward)) < 1e-14  # rounding


def test_observed_orders(exact):
    errors, middles, estimates = [], [], []
    for count in (8, 16):
        end, middle, estimate = _march(P, jnp.asarray(count))
        errors.append(np.max(np.abs(end - exact.y[:, -1])))
        middles.append(np.max(np.abs(middle - exact.sol(0.4 * 900.0 / count))))
        estimates.append(np.max(np.abs(estimate)))
    orders = np.log2(np.array([errors, middles, estimates])[:, 0] / np.array([errors, middles, estimates])[:, 1])
    assert errors[1] > 1e-9  # above the noise of the linear solves
    assert orders[0] > 4.7  # global order 5
    assert orders[1] > 4.5  # output of order 4: local error of order 5
    assert orders[2] > 4.5  # embedded solution of order 4: local error of order 5


def test_states_without_capacity_satisfy_their_equation():
    p = P._replace(heat_capacity=P.heat_capacity.at[1].set(0.0))
    y = Y0
    for _ in range(8):  # a consistent start by Newton on the one algebraic row
        linearization = ENCLOSURE.linearize(jnp.zeros(()), y, p, ZERO)
        y = y.at[1].add(ENCLOSURE.rate(jnp.zeros(()), y, p, ZERO)[1] / ENCLOSURE.diagonal(linearization)[1])
    residuals = []
    for h in (100.0, 50.0):
        step = rodas_step(ENCLOSURE, p, jnp.zeros(()), jnp.asarray(h), ZERO, y, jnp.full(4, 1e-9))
        residuals.append(abs(float(ENCLOSURE.rate(jnp.asarray(h), step.end, p, ZERO)[1])))
    # stiffly accurate: the algebraic row is met to the order of the method, not exactly
    assert residuals[1] < 1e-5 and residuals[0] / residuals[1] > 2**4
