"""Rounded corners: exact outside, C2 across their ends, never below what they stand for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.numerics.smooth import magnitude, positive_part, saturated, smoother_step

WIDTH = 0.25


def test_positive_part():
    x = np.linspace(-1.0, 1.0, 2001)
    rounded = np.asarray(positive_part(x, WIDTH))
    sharp = np.maximum(x, 0.0)
    np.testing.assert_array_equal(rounded[np.abs(x) > WIDTH + 1e-12], sharp[np.abs(x) > WIDTH + 1e-12])
    assert np.all(rounded >= sharp - 1e-16)
    assert np.max(rounded - sharp) == pytest.approx(3.0 * WIDTH / 16.0, rel=1e-12)


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize(
    ("function", "corners"),
    [
        (lambda x: positive_part(x, WIDTH), (-WIDTH, WIDTH)),
        (lambda x: saturated(x, WIDTH), (-WIDTH, WIDTH, 1.0 - WIDTH, 1.0 + WIDTH)),
        (smoother_step, (0.0, 1.0)),
    ],
)
def test_no_jump_up_to_the_second_derivative(function, corners, order):
    for _ in range(order):
        function = jax.grad(function)
    at, step = jnp.asarray(corners), 1e-9
    # Third derivatives are below 3/width^2 = 48 and 60 for the step.
    assert np.max(np.abs(jax.vmap(function)(at + step) - jax.vmap(function)(at - step))) < 2e-7


def test_saturated_and_step_hold_their_ends():
    x = jnp.array([-1e9, -0.5, 0.0, 0.5, 1.0, 1.5, 1e9])
    np.testing.assert_allclose(
        saturated(x, 0.02), [0.0, 0.0, 3.0 * 0.02 / 16.0, 0.5, 1.0 - 3.0 * 0.02 / 16.0, 1.0, 1.0]
    )
    np.testing.assert_array_equal(smoother_step(x), [0.0, 0.0, 0.0, 0.5, 1.0, 1.0, 1.0])


def test_magnitude():
    x = jnp.array([-5.0, -1.0, 1.0, 5.0])
    np.testing.assert_allclose(magnitude(x, 1.0 / 19.0), np.abs(x), rtol=1e-15)
    assert float(magnitude(jnp.asarray(0.0), 0.1)) == 0.0
    assert float(jax.grad(magnitude)(jnp.asarray(0.0), 0.1)) == 0.0
