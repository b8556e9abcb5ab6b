"""Monotone cubic interpolation: through its points, monotone, straight outside, once differentiable."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from scipy.interpolate import PchipInterpolator

from caloris_kernels.numerics.interpolate import monotone_cubic

BREAKS = jnp.array([0.0, 1.0, 1.5, 4.0, 5.0])
VALUES = jnp.array([10.0, 9.8, 9.0, 2.0, 1.9])
at = jax.jit(jax.vmap(lambda x: monotone_cubic(BREAKS, VALUES, x)))


def test_through_its_points_and_monotone():
    np.testing.assert_allclose(at(BREAKS), VALUES, rtol=1e-15)
    assert np.all(np.diff(at(np.linspace(-3.0, 8.0, 1001))) < 0.0)


def test_inside_it_is_scipys():
    """The same slopes by another code, where the ends do not matter: between the second and the last point but one."""
    x = np.linspace(1.0, 4.0, 50)
    np.testing.assert_allclose(at(x), PchipInterpolator(BREAKS, VALUES)(x), rtol=1e-13)


def test_straight_outside():
    np.testing.assert_allclose(at(np.array([-10.0, 15.0])), [12.0, 0.9], rtol=1e-13)


def test_a_turn_has_no_overshoot():
    values = jnp.array([0.0, 1.0, 1.0, 0.0, 0.0])
    x = np.linspace(0.0, 5.0, 501)
    curve = jax.vmap(lambda x: monotone_cubic(BREAKS, values, x))(x)
    assert np.min(curve) >= 0.0
    assert np.max(curve) <= 1.0


@pytest.mark.parametrize("joint", [0.0, 1.0, 1.5, 4.0, 5.0])
def test_no_kink(joint):
    slope = jax.jit(jax.grad(lambda x: monotone_cubic(BREAKS, VALUES, x)))
    # Second derivatives are below 20.
    assert abs(float(slope(joint + 1e-9) - slope(joint - 1e-9))) < 1e-7


def test_gradients():
    curve = jax.jit(lambda v, x: monotone_cubic(BREAKS, v, x))
    check_grads(curve, (VALUES, jnp.asarray(2.2)), 1, modes=("fwd", "rev"), atol=1e-6, rtol=1e-6)
