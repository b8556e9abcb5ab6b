"""Planck fractions against quadrature of the spectrum and a printed table, and their derivative."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

from caloris_kernels.constants import SECOND_RADIATION
from caloris_kernels.radiative.planck import band_fractions, fraction_below

_below = jax.jit(fraction_below)
_slope = jax.jit(jax.vmap(jax.grad(fraction_below)))


def _quadrature(z):
    """(15/pi^4) integral of x^3/(e^x - 1) from z to infinity, relative to its size."""

    def spectrum(x):
        return x**3 * np.exp(z - x) / -np.expm1(-x)

    points = quad(spectrum, z, z + 4.0, epsabs=0.0, epsrel=2e-14)[0], quad(spectrum, z + 4.0, np.inf, epsrel=1e-13)[0]
    return 15.0 / np.pi**4 * np.exp(-z) * sum(points)


def test_against_quadrature():
    """Where the quadrature is good to 1e-13, on both sides of the switch between the two series (z = 2)."""
    z = np.array([0.05, 0.3, 1.0, 1.7, 1.999999, 2.0, 2.000001, 2.5, 4.0, 8.0, 20.0, 60.0])
    np.testing.assert_allclose(_below(SECOND_RADIATION / z), [_quadrature(x) for x in z], rtol=2e-13)


def test_the_two_series_meet():
    """A difference of neighbors across the switch is the slope times the step: no jump above rounding."""
    product = SECOND_RADIATION / (2.0 + np.array([-1e-12, 1e-12]))
    step = float(np.diff(_below(product))[0])
    # Each sum is rounded some ten times at 0.8.
    assert abs(step - float(_slope(product)[0]) * np.diff(product)[0]) < 2e-15


def test_against_a_printed_table():
    """Incropera et al., Fundamentals of Heat and Mass Transfer, 6th ed. (2007), table 12.1: six digits.

    Its constants, C1 3.742e8 W um4 m-2, C2 14388 um K and sigma 5.670e-8, do not quite agree: their black body emits
    (pi^4/15) C1/C2^4/sigma = 1.00004 of sigma T^4, the value that its last row approaches.
    """
    table = {
        1000: 0.000321, 2000: 0.066728, 3000: 0.273232, 4000: 0.480877, 5000: 0.633747, 6000: 0.737818,
        8000: 0.856288, 10000: 0.914199, 20000: 0.985602, 100000: 0.999905,
    }  # fmt: skip
    product = np.array(list(table)) * 1e-6 * SECOND_RADIATION / 14388e-6
    scale = np.pi**4 / 15.0 * 3.742e-16 / 14388e-6**4 / 5.670e-8
    # C1 and sigma are known to four digits there: 1.3e-5 of the fraction.
    np.testing.assert_allclose(scale * _below(product), list(table.values()), rtol=1.4e-5, atol=1e-6)


@pytest.mark.parametrize("product", [0.0, -1.0, 1e-9, 1e-30])
def test_nothing_lies_below_a_short_wave(product):
    assert float(fraction_below(jnp.array(product))) < 1e-280
    assert float(jax.grad(fraction_below)(jnp.array(product))) == 0.0


def test_everything_lies_below_a_long_wave():
    assert float(fraction_below(jnp.array(jnp.inf))) == 1.0
    assert float(jax.grad(fraction_below)(jnp.array(1e30))) == pytest.approx(0.0, abs=1e-80)


def test_derivative():
    """Against central differences: their error is the step squared (1e-10) and the rounding over the step."""
    product = np.array([5e-4, 1e-3, 3e-3, 7e-3, 7.4e-3, 2e-2, 0.3])
    step = 1e-5 * product
    difference = (_below(product + step) - _below(product - step)) / (2.0 * step)
    np.testing.assert_allclose(_slope(product), difference, rtol=2e-8, atol=1e-9)
    second = jax.vmap(jax.grad(jax.grad(fraction_below)))(product)
    difference = (_slope(product + step) - _slope(product - step)) / (2.0 * step)
    np.testing.assert_allclose(second, difference, rtol=1e-7)


def test_bands_sum_to_one():
    edge, temperature = jnp.array([3e-6, 8e-6]), jnp.array([0.0, 3.0, 300.0, 6000.0])
    fractions, slopes = jax.jvp(lambda t: band_fractions(edge, t), (temperature,), (jnp.ones(4),))
    assert fractions.shape == (3, 4)
    np.testing.assert_allclose(fractions.sum(axis=0), 1.0, rtol=1e-15)
    np.testing.assert_allclose(slopes.sum(axis=0), 0.0, atol=1e-15)
    np.testing.assert_allclose(fractions[:, 0], [0.0, 0.0, 1.0], atol=1e-280)
    assert float(fractions[2, 2]) == pytest.approx(1.0 - 0.140256, abs=1e-5)  # the table above at 2400 um K
    np.testing.assert_array_equal(band_fractions(jnp.zeros(0), temperature), jnp.ones((1, 4)))
