"""Gradients of the upset rate, forward and reverse, against central differences."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris.model.device import Device, HeavyIonResponse, ProtonResponse
from caloris.model.particles import ParticleEnvironment
from caloris.model.shield import ShieldLayer
from caloris.solve.upset import upset_rate


def rate_per_day(p):
    """Rate from a flat dictionary of physical numbers; both causes contribute more than 1 %."""
    shield = (
        ShieldLayer.of("Al", {"Al": 1.0}, p["outer_shield"]),
        ShieldLayer.of("Si", {"Si": 1.0}, p["inner_shield"]),
    )
    heavy_ion = HeavyIonResponse(
        p["onset"], p["width"], p["exponent"], p["plateau"], p["sensitive_volume"], p["funnel"]
    )
    proton = ProtonResponse(p["proton_onset"], p["proton_width"], p["proton_exponent"], p["proton_plateau"])
    device = Device(heavy_ion, proton, p["bits"], p["count"], shield)
    particles = ParticleEnvironment.from_galactic(p["solar_modulation"], p["altitude"])
    return upset_rate(device, particles).rate_per_day


PARAMETERS = {
    "outer_shield": 0.6858,
    "inner_shield": 0.05,
    "onset": 0.5,
    "width": 30.0,
    "exponent": 1.3,
    "plateau": 2e-5,
    "sensitive_volume": [44.7, 44.8, 1.0],
    "funnel": 0.2,
    "proton_onset": 30.0,
    "proton_width": 10.0,
    "proton_exponent": 1.2,
    "proton_plateau": 1e-10,
    "bits": 8.0,
    "count": 3.0,
    "solar_modulation": 10.0,
    "altitude": 600e3,
}
PARAMETERS = {name: jnp.asarray(value) for name, value in PARAMETERS.items()}


@pytest.fixture(scope="module")
def value():
    return eqx.filter_jit(rate_per_day)


@pytest.fixture(scope="module")
def reverse():
    return eqx.filter_jit(eqx.filter_grad(rate_per_day))(PARAMETERS)


@pytest.fixture(scope="module")
def forward():
    return eqx.filter_jit(lambda p, tangent: jax.jvp(rate_per_day, (p,), (tangent,))[1])


def _tangent(name, component):
    tangent = jax.tree.map(jnp.zeros_like, PARAMETERS)
    one = jnp.ravel(tangent[name]).at[component].set(1.0)
    return tangent | {name: one.reshape(tangent[name].shape)}


COMPONENTS = [(name, k) for name, number in PARAMETERS.items() for k in range(number.size)]


@pytest.mark.parametrize(("name", "component"), COMPONENTS)
def test_gradient_against_differences(value, reverse, forward, name, component):
    tangent = _tangent(name, component)
    step = 2e-5 * float(jnp.ravel(PARAMETERS[name])[component])

    def moved(sign):
        return float(value(jax.tree.map(lambda x, t: x + sign * step * t, PARAMETERS, tangent)))

    # Fourth-order central difference: truncation 1e-16 relative; rounding 1e-14 / 2e-5 = 5e-10; the rest are
    # kinks of the chord distribution that the step crosses, each of weight 1e-4 of the rate times the step.
    difference = (8.0 * (moved(1) - moved(-1)) - (moved(2) - moved(-2))) / (12.0 * step)
    derivative = float(jnp.ravel(reverse[name])[component])
    assert derivative != 0.0
    assert derivative / difference == pytest.approx(1.0, rel=1e-5)
    # Forward and reverse are the same linear map: rounding.
    assert float(forward(PARAMETERS, tangent)) / derivative == pytest.approx(1.0, rel=1e-9)


def test_gradient_in_a_given_spectrum_is_linear():
    energy = np.geomspace(1.0, 1e5, 40)
    flux = jnp.asarray(np.outer([9.0, 4.0, 1.0], energy**-1.8))
    response = HeavyIonResponse(0.5, 30.0, 1.0, 2e-5, [44.7, 44.7, 1.0])
    device = Device(response, ProtonResponse(30.0, 10.0, 1.0, 1e-11), shield=(ShieldLayer.of("Al", {"Al": 1.0}, 0.7),))

    def rate(flux):
        return upset_rate(device, ParticleEnvironment.from_spectrum([1, 2, 26], energy, flux)).rate_per_day

    value_and_gradient = jax.jit(jax.value_and_grad(rate))
    total, gradient = value_and_gradient(flux)
    # The rate is homogeneous of degree one in the flux (Euler): rounding only.
    assert float(jnp.sum(gradient * flux)) == pytest.approx(float(total), rel=1e-12)
    assert (np.asarray(gradient).max(axis=1) > 0.0).all()
    nothing, gradient_at_nothing = value_and_gradient(jnp.zeros_like(flux))
    assert float(nothing) == 0.0
    assert np.isfinite(np.asarray(gradient_at_nothing)).all() and (np.asarray(gradient_at_nothing) != 0.0).any()


def _sphere_parts(p):
    """Rate of a sphere by heavy ions and by the ionization of protons, each a fifth or more, from given spectra."""
    response = HeavyIonResponse(
        p["onset"], p["width"], 1.3, p["plateau"], p["diameter"][None], p["funnel"], direct_protons=True
    )
    let, energy = np.geomspace(0.05, 60.0, 200), np.geomspace(0.1, 1e3, 100)
    particles = ParticleEnvironment.from_let_spectrum(let, let**-2.2, ([1], energy, 12.0 * energy[None] ** -1.8))
    rate = upset_rate(Device(response), particles)
    return jnp.stack([rate.heavy_ion_rate_per_bit, rate.direct_proton_rate_per_bit])


def _sphere_rate(p):
    return jnp.sum(_sphere_parts(p))


@pytest.mark.parametrize("name", ["onset", "width", "plateau", "diameter", "funnel"])
def test_gradient_of_a_sphere(name):
    parameters = {"onset": 0.2, "width": 3.0, "plateau": 3.1416e-8, "diameter": 2.0, "funnel": 0.3}
    parameters = {key: jnp.asarray(value) for key, value in parameters.items()}
    value = eqx.filter_jit(_sphere_rate)
    parts = _sphere_parts(parameters)
    assert min(parts) > 0.2 * sum(parts)
    step = 2e-5 * float(parameters[name])

    def moved(sign):
        return float(value(parameters | {name: parameters[name] + sign * step}))

    # As above: truncation 1e-16, rounding 5e-10; kinks where a chord meets the diameter at a LET of the spectrum.
    difference = (8.0 * (moved(1) - moved(-1)) - (moved(2) - moved(-2))) / (12.0 * step)
    reverse = float(jax.jit(jax.grad(_sphere_rate))(parameters)[name])
    tangent = jax.tree.map(jnp.zeros_like, parameters) | {name: jnp.ones(())}
    forward = float(jax.jit(lambda p, t: jax.jvp(_sphere_rate, (p,), (t,))[1])(parameters, tangent))
    assert reverse / difference == pytest.approx(1.0, rel=1e-5)
    assert forward / reverse == pytest.approx(1.0, rel=1e-9)
