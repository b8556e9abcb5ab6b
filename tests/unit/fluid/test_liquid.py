"""What the property functions promise whatever the table: consistent enthalpy, inverses, any temperature, gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from caloris_kernels.fluid.library import liquid_named, propylene_glycol, saturated_named
from caloris_kernels.fluid.liquid import (
    boiling_temperature,
    enthalpy,
    highest_temperature,
    liquid_from_table,
    liquid_properties,
    temperature_of_enthalpy,
    vapor_pressure,
    with_specific_heat,
)
from caloris_kernels.fluid.saturation import (
    latent_heat,
    liquid_transport_factor,
    saturation_enthalpies,
    surface_tension,
    vapor_properties,
)

NAMES = ["ammonia", "water", "HFE-7100"]
ANY_TEMPERATURE = jnp.array([3.0, 50.0, 190.0, 196.0, 250.0, 273.15, 311.7, 386.0, 390.5, 600.0, 2000.0])


@pytest.mark.parametrize("name", NAMES)
def test_enthalpy_is_the_integral_of_specific_heat(name):
    """Its derivative is the specific heat in every digit, at any temperature; it is zero at 273.15 K."""
    fluid = liquid_named(name)
    slope = jax.jit(jax.vmap(jax.grad(lambda t: enthalpy(fluid, t))))(ANY_TEMPERATURE)
    specific_heat = jax.vmap(lambda t: liquid_properties(fluid, t).specific_heat)(ANY_TEMPERATURE)
    np.testing.assert_allclose(slope, specific_heat, rtol=1e-12)
    # 1e-15 of the largest partial sum.
    assert abs(float(enthalpy(fluid, jnp.asarray(273.15)))) < 1e-8


@pytest.mark.parametrize("name", NAMES)
def test_temperature_of_enthalpy(name):
    fluid = liquid_named(name)
    back = jax.jit(jax.vmap(lambda t: temperature_of_enthalpy(fluid, enthalpy(fluid, t))))(ANY_TEMPERATURE)
    np.testing.assert_allclose(back, ANY_TEMPERATURE, rtol=1e-13)


@pytest.mark.parametrize("name", NAMES)
def test_boiling_temperature(name):
    fluid = liquid_named(name)
    low, high = float(fluid.start), float(highest_temperature(fluid))
    temperature = jnp.linspace(low, high, 7)
    back = jax.jit(jax.vmap(lambda t: boiling_temperature(fluid, vapor_pressure(fluid, t))))(temperature)
    np.testing.assert_allclose(back, temperature, rtol=1e-12)
    ends = jax.vmap(lambda p: boiling_temperature(fluid, p))(jnp.array([1e-3, 1e12]))
    np.testing.assert_allclose(ends, [low, high], rtol=1e-12)


@pytest.mark.parametrize("name", ["ammonia", "water"])
def test_finite_and_positive_at_any_temperature(name):
    """Values and slopes of all properties from 3 to 2000 K."""
    fluid = saturated_named(name)

    def everything(t):
        liquid = liquid_properties(fluid.liquid, t)
        return jnp.stack(
            [
                *liquid,
                *vapor_properties(fluid, t),
                vapor_pressure(fluid.liquid, t),
                latent_heat(fluid, t),
                surface_tension(fluid, t),
                liquid_transport_factor(fluid, t, liquid),
            ]
        )

    values, slopes = jax.jit(jax.vmap(lambda t: (everything(t), jax.jacfwd(everything)(t))))(ANY_TEMPERATURE)
    assert np.all(np.asarray(values) > 0.0)
    assert np.all(np.isfinite(slopes))


def test_gradients():
    """In temperature, in enthalpy and in what the table holds; twice where an inverse is involved."""
    fluid = saturated_named("ammonia")

    def of_temperature(t):
        liquid = liquid_properties(fluid.liquid, t)
        logs = jax.tree.map(jnp.log, (liquid, vapor_properties(fluid, t)))
        ends = saturation_enthalpies(fluid, t)
        return sum(jax.tree.leaves(logs)) + 1e-6 * (ends[0] + ends[1]) + surface_tension(fluid, t)

    def of_enthalpy(h, factor):
        return 1e-2 * temperature_of_enthalpy(with_specific_heat(fluid.liquid, factor), h)

    def of_pressure(log_pressure):
        return 1e-2 * boiling_temperature(fluid.liquid, jnp.exp(log_pressure))

    check_grads(jax.jit(of_temperature), (jnp.asarray(301.0),), 1, ("fwd", "rev"), atol=1e-6, rtol=1e-6)
    check_grads(jax.jit(of_pressure), (jnp.asarray(14.0),), 2, ("fwd", "rev"), atol=1e-6, rtol=1e-6)
    scaled = jax.jit(lambda h, factor: of_enthalpy(1e5 * h, factor))
    check_grads(scaled, (jnp.asarray(2.1), jnp.asarray(1.1)), 2, ("fwd", "rev"), atol=1e-6, rtol=1e-6)


@pytest.mark.slow
def test_gradient_in_the_mass_fraction():
    """Through freezing point, knots and splines: a mixture's viscosity and enthalpy."""

    def mixture(fraction):
        fluid = propylene_glycol(fraction)
        t = jnp.asarray(290.0)
        return jnp.log(liquid_properties(fluid, t).viscosity) + 1e-5 * enthalpy(fluid, t) + 1e-2 * fluid.freezing

    assert abs(float(jax.grad(mixture)(jnp.asarray(0.37)))) > 1.0
    check_grads(jax.jit(mixture), (jnp.asarray(0.37),), 1, ("fwd", "rev"), atol=1e-6, rtol=1e-6)


def test_gradient_in_the_table():
    """A liquid from a user's table: its properties are linear in density, specific heat and conductivity."""
    rows = jnp.tile(jnp.array([800.0, 2000.0, 0.1, 1e-3, 1e4]), (5, 1))

    def at(factor):
        fluid = liquid_from_table(jnp.asarray(250.0), jnp.asarray(20.0), jnp.asarray(240.0), factor * rows)
        return enthalpy(fluid, jnp.asarray(293.15)) + liquid_properties(fluid, jnp.asarray(261.0)).density

    assert float(at(1.0)) == pytest.approx(2000.0 * 20.0 + 800.0, rel=1e-13)
    assert float(jax.grad(at)(1.0)) == pytest.approx(2000.0 * 20.0 + 800.0, rel=1e-12)


def test_transport_factor_of_ammonia():
    """About 1.1e11 W/m2 near 0 degC in the charts of heat-pipe handbooks (Dunn & Reay, Heat Pipes): read to a fifth."""
    fluid, t = saturated_named("ammonia"), jnp.asarray(273.15)
    factor = liquid_transport_factor(fluid, t, liquid_properties(fluid.liquid, t))
    assert float(factor) == pytest.approx(1.1e11, rel=0.2)
