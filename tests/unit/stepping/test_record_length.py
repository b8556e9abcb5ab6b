"""The record of steps is long enough for fine tolerances."""

import jax
import jax.numpy as jnp
import pytest

from caloris.solve.transient import LEAST_STEPS, record_length


class _Timeline:
    edges = jnp.zeros(8)


class _Thermal:
    timeline = _Timeline()


@pytest.mark.parametrize(("tolerance", "factor"), [(5e-3, 1), (1e-3, 1), (1e-4, 2), (1e-6, 4), (1e-7, 8)])
def test_length_follows_the_order_of_the_method(tolerance, factor):
    """A step for an error of tolerance goes as its fifth root; lengths are rounded up to powers of two."""
    assert record_length(_Thermal(), tolerance) == factor * LEAST_STEPS  # type: ignore[arg-type]
    assert factor >= (1e-3 / tolerance) ** 0.2 * 0.99 or factor == 1


def test_an_unknown_tolerance_has_the_least_length():
    found = []
    jax.jit(lambda t: found.append(record_length(_Thermal(), t)))(1e-7)  # type: ignore[arg-type]
    assert found == [LEAST_STEPS]
