"""The table of a melting material: exact enthalpy for any width, continuity, and the melted fraction."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.parts.phase_change import PhaseChange, melted_fraction, specific_heat_table


def _paraffin(width):
    # n-octadecane, about: 301.3 K, 243 kJ/kg, 2150 and 2180 J/kg/K
    return PhaseChange(*(jnp.asarray(x) for x in (301.3, width, 243e3, 2150.0, 2180.0)))


def _enthalpy(table, low, high):
    """Exact integral of a piecewise linear function by the trapezoidal rule on its own breakpoints (J/kg)."""
    temperature, value = (np.asarray(x) for x in (table.temperature, table.left))
    grid = np.unique(np.clip(np.concatenate([[low, high], temperature]), low, high))
    return np.trapezoid(np.interp(grid, temperature, value), grid)


@pytest.mark.parametrize("width", [0.01, 1.0, 6.0])
def test_enthalpy_is_that_of_a_sharp_front(width):
    table = specific_heat_table(_paraffin(width))
    np.testing.assert_array_equal(table.left, table.right)
    exact = 2150.0 * (301.3 - 290.0) + 243e3 + 2180.0 * (320.0 - 301.3)
    assert _enthalpy(table, 290.0, 320.0) == pytest.approx(exact, rel=1e-12)
    assert _enthalpy(table, 301.3, 320.0) == pytest.approx(121.5e3 + 2180.0 * 18.7 - 30.0 * width / 8.0, rel=1e-10)


def test_melted_fraction_is_the_integral_of_the_latent_part():
    material = _paraffin(2.0)
    temperature = jnp.array([290.0, 300.3, 300.8, 301.3, 301.9, 302.3, 310.0])
    fraction = melted_fraction(temperature, material)
    np.testing.assert_allclose(fraction[jnp.array([0, 1, 3, 5, 6])], [0.0, 0.0, 0.5, 1.0, 1.0], atol=1e-13)
    table = specific_heat_table(material)
    for at, found in zip(temperature, fraction, strict=True):
        x = np.clip((float(at) - 300.3) / 2.0, 0.0, 1.0)
        melting = 2.0 * (2150.0 * x + 30.0 * x**2 / 2.0)  # sensible heat from 300.3 K on
        latent = _enthalpy(table, 300.3, min(max(float(at), 300.3), 302.3)) - melting
        assert latent / 243e3 == pytest.approx(float(found), abs=1e-12)


def test_derivatives():
    material = _paraffin(2.0)
    tangent = jax.jacfwd(lambda t: melted_fraction(t, material))(jnp.asarray(300.9))
    # the latent part of the specific heat over the latent heat: 4 x / width in the lower half
    assert float(tangent) == pytest.approx(4.0 * 0.3 / 2.0, rel=1e-12)
    slopes = jax.jacrev(specific_heat_table)(material)
    np.testing.assert_allclose(slopes.left.latent_heat, [0.0, 1.0, 0.0], rtol=1e-15)  # 2 / width
    np.testing.assert_allclose(slopes.left.width, [0.0, -2.0 * 243e3 / 4.0, 0.0], rtol=1e-15)
    np.testing.assert_allclose(slopes.temperature.width, [-0.5, 0.0, 0.5], rtol=1e-15)
    for at in (200.0, 300.3, 301.3, 302.3, 2000.0):
        value, slope = jax.value_and_grad(melted_fraction)(jnp.asarray(at), material)
        assert np.isfinite(value) and np.isfinite(slope)
