"""Pressure drop against Hagen-Poiseuille, Blasius, Colebrook and a published value; fittings and pumps."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from scipy.optimize import brentq

from caloris_kernels.constants import STANDARD_GRAVITY
from caloris_kernels.fluid.friction import (
    fitting_loss,
    flow_area,
    friction_factor,
    friction_gradient,
    pump_rise,
    reynolds_number,
)
from caloris_kernels.fluid.liquid import Properties

WATER = Properties(*map(jnp.asarray, (998.2, 4184.0, 0.598, 1.002e-3)))
DIAMETER, SMALL = jnp.asarray(0.01), jnp.asarray(1e-9)
factor = jax.jit(jax.vmap(friction_factor, in_axes=(0, None)))


def _flow(reynolds):
    """Mass flow of that Reynolds number in the tube (kg/s)."""
    return reynolds * 0.25 * jnp.pi * DIAMETER * WATER.viscosity


@jax.jit
def _gradient(mass_flow, roughness=0.0):
    return friction_gradient(mass_flow, WATER, DIAMETER, jnp.asarray(roughness), SMALL)


@pytest.mark.parametrize("reynolds", [1e-6, 1.0, 100.0, 500.0])
def test_hagen_poiseuille(reynolds):
    """128 mu m/(pi rho D^4): Churchill's formula is 64/Re there in every digit."""
    m = _flow(reynolds)
    exact = 128.0 * WATER.viscosity * m / (jnp.pi * WATER.density * DIAMETER**4)
    assert float(_gradient(m)) == pytest.approx(float(exact), rel=1e-12)


def test_end_of_laminar_flow():
    """64/Re to 1e-6 up to Re = 1000 and to 2e-3 up to 2000: his blend begins there, with B = (37530/Re)^16."""
    re = jnp.array([1000.0, 2000.0])
    error = np.abs(factor(re, 0.0) * re / 64.0 - 1.0)
    assert np.all(error < [1e-6, 2e-3]), error


def test_blasius():
    """0.3164 Re^(-1/4) between 4e3 and 1e5: both formulas describe the same measurements to about 3 %."""
    re = jnp.geomspace(5e3, 1e5, 20)
    np.testing.assert_allclose(factor(re, 0.0), 0.3164 * re**-0.25, rtol=0.035)


@pytest.mark.parametrize("roughness", [0.0, 1e-5, 1e-3, 0.03])
@pytest.mark.parametrize("reynolds", [1e4, 1e5, 1e7])
def test_colebrook(reynolds, roughness):
    """The implicit equation of Colebrook and White, solved by bisection: Churchill's explicit one is within 3 %."""

    def residual(f):
        return 1.0 / np.sqrt(f) + 2.0 * np.log10(roughness / 3.7 + 2.51 / (reynolds * np.sqrt(f)))

    exact = brentq(residual, 1e-3, 1.0)
    assert float(friction_factor(jnp.asarray(reynolds), jnp.asarray(roughness))) == pytest.approx(exact, rel=0.03)


def test_published_value():
    """Re 1e5, e/D 1e-4: 0.018462624566 is what the library `fluids` documents for Churchill (1977)."""
    got = friction_factor(jnp.asarray(1e5), jnp.asarray(1e-4))
    assert float(got) == pytest.approx(0.018462624566280075, rel=1e-12)


def test_odd_in_the_flow_with_a_slope_at_zero():
    m = _flow(jnp.array([1.0, 3000.0, 1e5]))
    np.testing.assert_array_equal(jax.vmap(_gradient)(-m), -jax.vmap(_gradient)(m))
    slope = 128.0 * WATER.viscosity / (jnp.pi * WATER.density * DIAMETER**4)
    assert float(jax.grad(_gradient)(jnp.asarray(0.0))) == pytest.approx(float(slope), rel=1e-12)


def test_finite_for_any_flow():
    """Value and slope from rest to a thousand times the speed of a fire hose, in both precisions, forward and back."""
    for dtype in (jnp.float32, jnp.float64):
        m = jnp.array([0.0, 1e-30, 1e-3, 1.0, -1.0, 1e4], dtype)
        fluid = Properties(*(jnp.asarray(value, dtype) for value in WATER))
        rough, small, diameter = (jnp.asarray(value, dtype) for value in (0.0, 1e-6, 0.01))

        def gradient(m, rough, fluid=fluid, small=small, diameter=diameter):
            return friction_gradient(m, fluid, diameter, rough, small)

        values, (slopes, of_roughness) = jax.vmap(jax.value_and_grad(gradient, (0, 1)), (0, None))(m, rough)
        assert np.all(np.isfinite(values)) and np.all(np.isfinite(of_roughness))
        assert np.all(np.asarray(slopes) > 0.0)


def test_transition_rises_steadily():
    """From laminar to turbulent the pressure drop never falls: a flow and its pressure belong to each other."""
    m = _flow(jnp.geomspace(1e3, 1e5, 400))
    assert np.all(np.diff(jax.vmap(_gradient)(m)) > 0.0)


def test_reynolds_number():
    m = _flow(2300.0)
    assert float(reynolds_number(m, DIAMETER, WATER.viscosity, SMALL)) == pytest.approx(2300.0, rel=1e-13)
    assert float(reynolds_number(-m, DIAMETER, WATER.viscosity, SMALL)) == pytest.approx(2300.0, rel=1e-13)


def test_fitting_loss():
    """K rho V^2/2, odd; at Re = 2300 the linear part below Re = 10 is (10/2300)^2/2 = 1e-5 of it."""
    m, k = _flow(2300.0), jnp.asarray(1.5)
    velocity = m / (WATER.density * flow_area(DIAMETER))
    got = float(fitting_loss(m, WATER, DIAMETER, k))
    assert got == pytest.approx(float(0.75 * WATER.density * velocity**2), rel=1e-5)
    assert float(fitting_loss(-m, WATER, DIAMETER, k)) == -got
    assert float(jax.grad(fitting_loss)(jnp.asarray(0.0), WATER, DIAMETER, k)) > 0.0


def test_pump_rise():
    flow, head = jnp.array([0.0, 1e-3, 2e-3]), jnp.array([20.0, 18.0, 10.0])
    density = jnp.asarray(600.0)
    rises = jax.vmap(lambda m: pump_rise(m, density, flow, head))(density * jnp.array([0.0, 1e-3, 2e-3, 3e-3]))
    np.testing.assert_allclose(rises, 600.0 * STANDARD_GRAVITY * np.array([20.0, 18.0, 10.0, 2.0]), rtol=1e-13)


@pytest.mark.parametrize("reynolds", [300.0, 3000.0, 4e4])
def test_gradients(reynolds):
    """In flow, density, viscosity, diameter, roughness and loss coefficient, by logarithms, in each regime."""

    def loss(log_flow, log_properties, log_diameter, log_roughness, k):
        fluid = Properties(*jnp.exp(log_properties))
        m, d = jnp.exp(log_flow), jnp.exp(log_diameter)
        return jnp.log(friction_gradient(m, fluid, d, jnp.exp(log_roughness), SMALL) + fitting_loss(m, fluid, d, k))

    arguments = (
        jnp.log(_flow(reynolds)),
        jnp.log(jnp.stack(WATER)),
        jnp.log(DIAMETER),
        jnp.log(jnp.asarray(1e-5)),
        jnp.asarray(1.5),
    )
    check_grads(jax.jit(loss), arguments, 1, ("fwd", "rev"), atol=1e-6, rtol=1e-6)
