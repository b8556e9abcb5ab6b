"""The inverse of an increasing function and its derivatives."""

import jax
import jax.numpy as jnp
import pytest
from jax.test_util import check_grads

from caloris_kernels.numerics.inverse import Start, inverse


def _cubic(scale, x):
    return scale * (x + 0.1 * x**3)


def _solve(scale, value):
    return inverse(_cubic, scale, value, Start(jnp.asarray(0.5), jnp.asarray(-10.0), jnp.asarray(10.0)))


@pytest.mark.parametrize("x", [-2.0, 0.0, 0.3, 3.0])
def test_inverts(x):
    scale = jnp.asarray(1.7)
    assert float(_solve(scale, _cubic(scale, jnp.asarray(x)))) == pytest.approx(x, abs=1e-14)


def test_derivatives_of_the_answer():
    """First and second, in parameters and value, forward and reverse."""
    check_grads(
        jax.jit(_solve), (jnp.asarray(1.7), jnp.asarray(2.1)), order=2, modes=("fwd", "rev"), atol=1e-6, rtol=1e-6
    )


def test_stays_within_its_bounds():
    held = inverse(
        _cubic, jnp.asarray(1.0), jnp.asarray(1e6), Start(jnp.asarray(0.5), jnp.asarray(0.0), jnp.asarray(1.0))
    )
    assert float(held) == 1.0
    assert jnp.isfinite(jax.grad(_solve)(jnp.asarray(1.0), jnp.asarray(2.0)))
