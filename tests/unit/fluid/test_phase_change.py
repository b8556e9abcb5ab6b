"""Boiling and condensing: the implicit correlation satisfied, published values, passage between the phases."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from caloris_kernels.fluid.library import saturated_named
from caloris_kernels.fluid.liquid import Properties, vapor_pressure
from caloris_kernels.fluid.phase_change import (
    boiling_coefficient,
    condensation_coefficient,
    equilibrium_coefficient,
    nucleate_coefficient,
    reduced_pressure,
    single_phase_coefficient,
)
from caloris_kernels.fluid.two_phase import Phases, Tube, equilibrium_temperature, phases_at

WATER, AMMONIA = saturated_named("water"), saturated_named("ammonia")
TUBE = Tube(*map(jnp.asarray, (0.01, 0.0, 1e-9)))
DRYOUT = jnp.asarray(0.8)


def test_reduced_pressure_and_pool_boiling():
    """Water at 373.12 K: 101325 Pa over 22.064 MPa. Cooper's factor by hand."""
    t = jnp.asarray(373.124)
    p = float(reduced_pressure(WATER, t))
    assert p == pytest.approx(101325.0 / 22.064e6, rel=1e-4)
    by_hand = 55.0 * p**0.12 * (-np.log10(p)) ** -0.55 / np.sqrt(18.015268)
    assert float(nucleate_coefficient(WATER, t)) == pytest.approx(by_hand, rel=1e-12)


@pytest.mark.parametrize("superheat", [1.0, 5.0, 20.0])
@pytest.mark.parametrize("quality", [0.0, 0.3, 0.9])
def test_the_implicit_correlation_is_satisfied(quality, superheat):
    """With q = h dT of the answer, h^2 = (F h_l)^2 + (S A q^(2/3))^2 to rounding; F, S and h_l by hand.

    The answer's superheat is the given one plus 1e-4 K, which keeps its power differentiable.
    """
    phases, m = phases_at(WATER, jnp.asarray(400.0)), jnp.asarray(0.03)
    x, dt = jnp.asarray(quality), jnp.asarray(superheat)
    h = float(boiling_coefficient(WATER, phases, x, m, dt, TUBE))
    liquid = [float(p) for p in phases.liquid]
    re = 4.0 * 0.03 / (np.pi * 0.01 * liquid[3])
    pr = liquid[3] * liquid[1] / liquid[2]
    h_l = 0.023 * re**0.8 * pr**0.4 * liquid[2] / 0.01
    f = (1.0 + quality * pr * (liquid[0] / float(phases.vapor.density) - 1.0)) ** 0.35
    s = 1.0 / (1.0 + 0.055 * f**0.1 * re**0.16)
    pool = float(nucleate_coefficient(WATER, jnp.asarray(400.0))) * (h * (superheat + 1e-4)) ** (2.0 / 3.0)
    # The Reynolds number in S is one higher, 1e-5 of it: a regularization at rest.
    assert h == pytest.approx(np.hypot(f * h_l, s * pool), rel=2e-6)


def test_boiling_without_superheat_is_forced_convection():
    """No superheat leaves F h_l: less than 2 % above it from the rounded corner; much superheat raises it steadily."""
    phases, m, x = phases_at(WATER, jnp.asarray(400.0)), jnp.asarray(0.03), jnp.asarray(0.2)
    at = jax.jit(jax.vmap(lambda dt: boiling_coefficient(WATER, phases, x, m, dt, TUBE)))
    h = np.asarray(at(jnp.array([-100.0, -1.0, 0.0, 1.0, 5.0, 20.0])))
    assert h[1] == pytest.approx(h[0], rel=1e-12)
    assert h[2] < 1.02 * h[0]
    assert np.all(np.diff(h[2:]) > 0.0)


@pytest.mark.parametrize(
    ("m", "x", "d", "density", "viscosity", "conductivity", "specific_heat", "pressure", "exact"),
    [
        (1.0, 0.4, 0.3, 800.0, 1e-5, 0.6, 2300.0, 1e6 / 2e7, 2561.2593415479214),
        (0.6, 0.1, 0.05, 900.0, 2e-4, 0.12, 2000.0, 8e5 / 22e6, 2331.05),
        (0.9, 0.6, 0.08, 700.0, 1.5e-4, 0.1, 2400.0, 1.5e6 / 25e6, 3569.56),
    ],
)
def test_condensation_published(m, x, d, density, viscosity, conductivity, specific_heat, pressure, exact):
    """Shah's correlation in the documentation of the library `ht`, and in a table of its outputs (six digits)."""
    liquid = Properties(*map(jnp.asarray, (density, specific_heat, conductivity, viscosity)))
    t = jnp.asarray(400.0)
    phases = Phases(t, liquid, liquid, *map(jnp.asarray, (0.0, 1.0)))
    fluid = WATER._replace(critical_pressure=vapor_pressure(WATER.liquid, t) / pressure)
    tube = TUBE._replace(diameter=jnp.asarray(d))
    got = condensation_coefficient(fluid, phases, jnp.asarray(x), jnp.asarray(m), tube)
    assert float(got) == pytest.approx(exact, rel=2e-6)


PHASES = phases_at(AMMONIA, jnp.asarray(300.0))


@jax.jit
def _coefficient(x, superheat, m=0.005):
    h = PHASES.liquid_enthalpy + x * PHASES.latent_heat
    return equilibrium_coefficient(AMMONIA, PHASES, h, jnp.asarray(m), superheat, TUBE, DRYOUT)


def test_passage_between_the_phases():
    """Liquid before, vapor after, boiling or condensing between, drying beyond the quality of dryout."""
    m, dt = jnp.asarray(0.005), jnp.asarray(6.0)
    one = jnp.asarray(1.0)
    liquid = single_phase_coefficient(PHASES.liquid, m, TUBE, one)
    vapor = single_phase_coefficient(PHASES.vapor, m, TUBE, one)
    boiling = boiling_coefficient(AMMONIA, PHASES, jnp.asarray(0.5), m, dt, TUBE)
    condensing = condensation_coefficient(AMMONIA, PHASES, jnp.asarray(0.5), m, TUBE)
    for x, superheat, expected in (
        (-0.1, -dt, liquid),
        (0.5, dt, boiling),
        (0.5, -dt, condensing),
        (1.2, dt, vapor),
    ):
        # The last share of the other sense, (1 - tanh 6)/2 = 6e-6.
        assert float(_coefficient(jnp.asarray(x), superheat)) == pytest.approx(float(expected), rel=1e-4)
    drying = np.asarray(jax.vmap(lambda x: _coefficient(x, dt))(jnp.linspace(0.8, 1.0, 50)))
    assert np.all(np.diff(drying[1:]) < 0.0)


def test_subcooled_boiling():
    """With q of the answer, q^2 = (h_l (T_w - T))^2 + (S A q^(2/3) (T_w - T_sat))^2; F = 1, and h_l of a single phase.

    Of the share of heating, (1 + tanh 6)/2, 6e-6 are missing.
    """
    x, dt, m = -0.05, 6.0, 0.005
    h = PHASES.liquid_enthalpy + x * PHASES.latent_heat
    excess = dt + float(PHASES.temperature - equilibrium_temperature(AMMONIA, PHASES, h))
    assert excess > 15.0
    q = excess * float(_coefficient(jnp.asarray(x), jnp.asarray(dt)))
    forced = excess * float(single_phase_coefficient(PHASES.liquid, jnp.asarray(m), TUBE, jnp.asarray(1.0)))
    re = 4.0 * m / (np.pi * 0.01 * float(PHASES.liquid.viscosity))
    pool = float(nucleate_coefficient(AMMONIA, PHASES.temperature)) * q ** (2.0 / 3.0) / (1.0 + 0.055 * re**0.16)
    assert q == pytest.approx(np.hypot(forced, pool * dt), rel=2e-5)
    assert q > 1.2 * forced  # and it is no small part


def test_a_cell_has_one_steady_state_at_the_onset_of_boiling():
    """m (h - h_before) = Q(h) has one solution where Q rises with h by less than m, through the onset of boiling.

    An evaporator of 2 x 0.5 m a cell at 4 g/s, which takes up to 0.1 of quality in one cell: with bubbles only from
    x = 0 on the slope is ten times m at a superheat of 4 K, and a cell has two stable states.
    """
    tube, area, m = TUBE._replace(diameter=jnp.asarray(0.006)), 2.0 * np.pi * 0.006 * 0.5, 0.004

    def heat(h, superheat):
        below = PHASES.temperature - equilibrium_temperature(AMMONIA, PHASES, h)
        each = jnp.asarray(0.5 * m)
        coefficient = equilibrium_coefficient(AMMONIA, PHASES, h, each, superheat, tube, DRYOUT)
        return area * coefficient * (superheat + below)

    x = jnp.linspace(-0.1, 0.3, 801)
    slopes = jax.jit(jax.vmap(jax.vmap(jax.grad(heat), (0, None)), (None, 0)))(
        PHASES.liquid_enthalpy + x * PHASES.latent_heat, jnp.array([0.5, 1.0, 2.0, 4.0, 8.0])
    )
    assert float(slopes.max()) < 0.9 * m


@pytest.mark.parametrize("superheat", [-3.0, 0.0, 3.0])
def test_no_jump_where_phases_change(superheat):
    """Value and slope across every joint of the quality: x = 0, the end of the onset, dryout, x = 1."""
    slope = jax.jit(jax.vmap(jax.grad(_coefficient), (0, None)))
    value = jax.jit(jax.vmap(_coefficient, (0, None)))
    joints, step = jnp.array([0.0, 0.02, 0.8, 0.98, 1.0]), 1e-8
    for function, size in ((value, 1e5), (slope, 1e6)):
        jump = np.abs(function(joints + step, superheat) - function(joints - step, superheat))
        # The next derivative is below `size` over the onset's 0.02.
        assert np.all(jump < 2.0 * step * size / 0.02**2), (jump, size)


def test_finite_anywhere():
    """Values and slopes for any saturation temperature, enthalpy, flow and superheat."""

    def at(saturation, h, m, superheat):
        return equilibrium_coefficient(AMMONIA, phases_at(AMMONIA, saturation), h, m, superheat, TUBE, DRYOUT)

    enthalpies = [-1e6, 0.0, float(PHASES.liquid_enthalpy), 5e5, 3e6]
    grid = jnp.meshgrid(
        *map(jnp.asarray, ([3.0, 300.0, 2000.0], enthalpies, [-0.01, 0.0, 10.0], [-300.0, 0.0, 1700.0]))
    )
    values, slopes = jax.jit(jax.vmap(jax.value_and_grad(at, (0, 1, 2, 3))))(*(axis.ravel() for axis in grid))
    assert np.all(np.asarray(values) > 0.0)
    assert np.all(np.isfinite(slopes))


@pytest.mark.slow
def test_gradients():
    """Boiling and condensing, in saturation temperature, quality, flow, superheat and diameter."""

    def logarithm(factors, x, superheat):
        saturation, h, m, dt, d = factors * jnp.array([300.0, 1.0, 0.005, superheat, 0.01])
        phases = phases_at(AMMONIA, saturation)
        h = h * (PHASES.liquid_enthalpy + x * PHASES.latent_heat)
        tube = TUBE._replace(diameter=d)
        return jnp.log(equilibrium_coefficient(AMMONIA, phases, h, m, dt, tube, DRYOUT))

    for x, superheat in ((0.3, 4.0), (0.9, 0.3), (0.4, -4.0)):
        check_grads(
            jax.jit(lambda f, x=x, dt=superheat: logarithm(f, x, dt)), (jnp.ones(5),), 1, ("fwd", "rev"), 1e-5, 1e-5
        )
