"""The spline against scipy's, its ends, and its integral."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from scipy.interpolate import CubicSpline

from caloris_kernels.numerics.spline import integral_coefficients, spline_coefficients, spline_integral, spline_value

KNOTS = 9
VALUES = jnp.asarray(np.cos(np.linspace(0.0, 3.0, KNOTS)) + 2.0)
COEFFICIENTS = spline_coefficients(VALUES)
INTEGRAL = integral_coefficients(COEFFICIENTS)
value = jax.vmap(lambda u: spline_value(COEFFICIENTS, u))
integral = jax.vmap(lambda u: spline_integral(INTEGRAL, u))


def test_is_the_not_a_knot_spline():
    """The same piecewise cubic by another construction: equal to rounding, through its knots and between them."""
    u = np.linspace(0.0, KNOTS - 1.0, 101)
    np.testing.assert_allclose(value(u), CubicSpline(np.arange(KNOTS), VALUES)(u), atol=1e-14)


def test_fourth_order():
    """Halving the step divides the largest error by 16, away from the ends, which settle later."""
    middle, errors = np.linspace(0.75, 2.25, 500), []
    for knots in (17, 33, 65):
        c = spline_coefficients(jnp.sin(jnp.linspace(0.0, 3.0, knots)))
        at = jax.vmap(lambda u, c=c: spline_value(c, u))(middle * (knots - 1) / 3.0)
        errors.append(np.max(np.abs(at - np.sin(middle))))
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert np.all(np.abs(orders - 4.0) < 0.1), orders


@pytest.mark.parametrize("u", [-1e6, -3.0, -2.0, KNOTS + 1.0, KNOTS + 1e6])
def test_constant_far_outside(u):
    end = COEFFICIENTS[0] if u < 0 else COEFFICIENTS[-1]
    assert float(spline_value(COEFFICIENTS, jnp.asarray(u))) == pytest.approx(float(end), rel=1e-15)
    assert abs(float(jax.grad(spline_value, argnums=1)(COEFFICIENTS, jnp.asarray(u)))) < 1e-15


@pytest.mark.parametrize("order", [0, 1, 2])
def test_no_jump_up_to_the_second_derivative(order):
    """Across every joint, from the constant on the left to the constant on the right."""
    function = lambda u: spline_value(COEFFICIENTS, u)  # noqa: E731
    for _ in range(order):
        function = jax.grad(function)
    joints = np.arange(-2.0, KNOTS + 2.0)
    step = 1e-9
    jumps = jax.vmap(function)(joints + step) - jax.vmap(function)(joints - step)
    # Third derivatives are of order one: times 2e-9.
    assert np.max(np.abs(jumps)) < 1e-8


def test_the_integral_is_exact():
    """F' = f by automatic differentiation, everywhere; F between two places against scipy's antiderivative."""
    u = np.linspace(-5.0, KNOTS + 5.0, 401)
    np.testing.assert_allclose(jax.vmap(jax.grad(lambda u: spline_integral(INTEGRAL, u)))(u), value(u), rtol=1e-13)
    inside = np.linspace(0.0, KNOTS - 1.0, 33)
    exact = CubicSpline(np.arange(KNOTS), VALUES).antiderivative()(inside)
    np.testing.assert_allclose(integral(inside) - integral(inside)[0], exact, atol=1e-13)


def test_the_integral_outside_is_a_straight_line():
    u = np.array([-1000.0, -900.0, 900.0, 1000.0])
    steps = np.diff(integral(u))[[0, 2]]
    np.testing.assert_allclose(steps, 100.0 * np.array([COEFFICIENTS[0], COEFFICIENTS[-1]]), rtol=1e-12)


def test_gradients():
    """In the values through the solve for the coefficients, and in the position."""

    def both(values, u):
        c = spline_coefficients(values)
        return spline_value(c, u) + spline_integral(integral_coefficients(c), u)

    check_grads(jax.jit(both), (VALUES, jnp.asarray(3.3)), order=1, modes=("fwd", "rev"), atol=1e-6, rtol=1e-6)


def test_several_columns_at_once():
    table = jnp.stack([VALUES, VALUES**2], axis=1)
    both = spline_value(spline_coefficients(table), jnp.asarray(2.7))
    alone = spline_value(spline_coefficients(table[:, 1]), jnp.asarray(2.7))
    assert float(both[1]) == pytest.approx(float(alone), rel=1e-14)


def test_too_few_knots():
    with pytest.raises(ValueError, match="at least four knots, not 3"):
        spline_coefficients(jnp.ones(3))
