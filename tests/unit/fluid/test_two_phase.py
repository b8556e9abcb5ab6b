"""Equilibrium state and pressure drop of liquid and vapor: limits, identities, a published value."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from caloris_kernels.fluid.friction import friction_gradient
from caloris_kernels.fluid.library import saturated_named
from caloris_kernels.fluid.liquid import Properties, enthalpy
from caloris_kernels.fluid.two_phase import (
    Phases,
    Tube,
    equilibrium_quality,
    equilibrium_temperature,
    homogeneous_gradient,
    mixture_density,
    momentum_flux,
    mueller_steinhagen_heck_gradient,
    phases_at,
    vapor_quality,
    void_fraction,
)

AMMONIA = saturated_named("ammonia")
SATURATION = jnp.asarray(290.0)
PHASES = phases_at(AMMONIA, SATURATION)
TUBE = Tube(*map(jnp.asarray, (0.006, 2e-6, 1e-9)))
FLOW = jnp.asarray(0.004)


@jax.jit
def _temperature(h):
    return equilibrium_temperature(AMMONIA, PHASES, h)


def test_temperature_on_both_sides_and_between():
    """The liquid's own temperature below saturation, one for all qualities, superheat by the vapor's specific heat."""
    for t in (250.0, 289.0):
        assert float(_temperature(enthalpy(AMMONIA.liquid, jnp.asarray(t)))) == pytest.approx(t, abs=1e-10)
    for x in (0.01, 0.5, 0.99):
        h = PHASES.liquid_enthalpy + x * PHASES.latent_heat
        assert float(_temperature(h)) == 290.0
        assert float(equilibrium_quality(PHASES, h)) == pytest.approx(x, rel=1e-13)
        assert float(vapor_quality(PHASES, h)) == pytest.approx(x, rel=1e-13)
    h = PHASES.liquid_enthalpy + PHASES.latent_heat + 5.0 * PHASES.vapor.specific_heat
    assert float(_temperature(h)) == pytest.approx(295.0, abs=1e-10)
    assert float(vapor_quality(PHASES, h)) == 1.0
    assert float(equilibrium_quality(PHASES, h)) > 1.0


def test_temperature_rises_steadily():
    """Never falls with the enthalpy; at the corners it is 3/16 of 0.1 K off."""
    h = PHASES.liquid_enthalpy + PHASES.latent_heat * jnp.linspace(-0.1, 1.1, 4001)
    t = jax.vmap(_temperature)(h)
    assert np.min(np.diff(t)) >= -1e-12
    assert float(_temperature(PHASES.liquid_enthalpy)) == pytest.approx(290.0 - 0.1 * 3.0 / 16.0, abs=1e-9)


def test_density_and_void_fraction_are_one_mixture():
    for x in (0.0, 0.1, 0.7, 1.0):
        alpha, rho = void_fraction(PHASES, jnp.asarray(x)), mixture_density(PHASES, jnp.asarray(x))
        expected = alpha * PHASES.vapor.density + (1.0 - alpha) * PHASES.liquid.density
        assert float(rho) == pytest.approx(float(expected), rel=1e-13)


@pytest.mark.parametrize("gradient", [homogeneous_gradient, mueller_steinhagen_heck_gradient])
def test_friction_ends_in_the_single_phases(gradient):
    """All liquid at x = 0, all vapor at x = 1 (but for the 1e-6 of the rounded root)."""
    liquid = friction_gradient(FLOW, PHASES.liquid, *TUBE)
    vapor = friction_gradient(FLOW, PHASES.vapor, *TUBE)
    assert float(gradient(FLOW, PHASES, jnp.asarray(0.0), TUBE)) == pytest.approx(float(liquid), rel=1e-6)
    assert float(gradient(FLOW, PHASES, jnp.asarray(1.0), TUBE)) == pytest.approx(float(vapor), rel=1e-12)


def test_mueller_steinhagen_and_heck_published():
    """793.4465457435081 Pa in the documentation of the library `fluids`, with Colebrook's friction factors.

    Churchill's are within 3 % of those, and so is the sum.
    """
    liquid = Properties(*map(jnp.asarray, (915.0, 1.0, 1.0, 180e-6)))
    vapor = Properties(*map(jnp.asarray, (2.67, 1.0, 1.0, 14e-6)))
    phases = Phases(SATURATION, liquid, vapor, *map(jnp.asarray, (0.0, 1.0)))
    tube = Tube(*map(jnp.asarray, (0.05, 0.0, 1e-9)))
    got = mueller_steinhagen_heck_gradient(jnp.asarray(0.6), phases, jnp.asarray(0.1), tube)
    assert float(got) == pytest.approx(793.4465457435081, rel=0.03)


def test_mueller_steinhagen_and_heck_by_hand():
    """(a + 2 (b - a) x)(1 - x)^(1/3) + b x^3: rises above all vapor and falls to it, as measurements do."""
    a, b = friction_gradient(FLOW, PHASES.liquid, *TUBE), friction_gradient(FLOW, PHASES.vapor, *TUBE)
    x = jnp.linspace(0.0, 0.97, 50)
    got = jax.vmap(lambda x: mueller_steinhagen_heck_gradient(FLOW, PHASES, x, TUBE))(x)
    np.testing.assert_allclose(got, (a + 2.0 * (b - a) * x) * jnp.cbrt(1.0 - x) + b * x**3, rtol=5e-4)
    assert float(jnp.max(got)) > 1.05 * float(b)


def test_momentum_flux():
    """rho V^2 of all liquid: G^2/rho."""
    mass_flux = float(FLOW) / (0.25 * np.pi * 0.006**2)
    got = momentum_flux(FLOW, PHASES, jnp.asarray(0.0), TUBE.diameter)
    assert float(got) == pytest.approx(mass_flux**2 / float(PHASES.liquid.density), rel=1e-12)


def test_gradients():
    """In saturation temperature, enthalpy, flow and tube: subcooled, saturated and superheated."""

    def state(factors, start):
        saturation, h, flow, diameter = factors * jnp.array([290.0, start, 0.004, 0.006])
        phases = phases_at(AMMONIA, saturation)
        quality = vapor_quality(phases, h)
        tube = TUBE._replace(diameter=diameter)
        losses = [f(flow, phases, quality, tube) for f in (homogeneous_gradient, mueller_steinhagen_heck_gradient)]
        total = jnp.log(sum(losses) + momentum_flux(flow, phases, quality, diameter))
        return total + 1e-2 * equilibrium_temperature(AMMONIA, phases, h) + void_fraction(phases, quality)

    for start in (-50e3, 500e3, 1500e3):
        check_grads(jax.jit(lambda f, s=start: state(f, s)), (jnp.ones(4),), 1, ("fwd", "rev"), atol=2e-6, rtol=2e-6)
