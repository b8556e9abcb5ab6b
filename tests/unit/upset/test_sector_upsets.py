"""Upset rates behind sectors: the mean over the sphere of the rates behind each sector's layers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris.model.device import Device, HeavyIonResponse, ProtonResponse
from caloris.model.particles import ParticleEnvironment
from caloris.model.shield import SectorShield, ShieldLayer

ENERGY = np.geomspace(1.0, 1e5, 60)
FLUX = np.outer([1e4, 500.0, 10.0, 2.0], 1.0 / (1.0 + (ENERGY / 300.0) ** 2.7))
PARTICLES = ParticleEnvironment.from_spectrum([1, 2, 8, 26], ENERGY, FLUX)
ALUMINUM, TANTALUM = ShieldLayer.of("Al", {"Al": 1.0}, 1.5), ShieldLayer.of("Ta", {"Ta": 1.0}, 0.8)


def device(**keys) -> Device:
    heavy_ion = HeavyIonResponse(0.5, 30.0, 1.0, 2e-5, [44.72, 44.72, 1.0])
    return Device(heavy_ion, ProtonResponse(30.0, 10.0, 1.0, 1e-11), **keys)


def rates(**keys) -> np.ndarray:
    rate = caloris.upset_rate(device(**keys), PARTICLES)
    return np.array([float(rate.heavy_ion_rate_per_bit), float(rate.proton_rate_per_bit)])


def test_a_sphere_of_sectors_is_a_sphere_of_layers():
    sphere = SectorShield.sphere([ALUMINUM, TANTALUM])
    # The same tables and sums: rounding.
    np.testing.assert_allclose(rates(sectors=sphere), rates(shield=(ALUMINUM, TANTALUM)), rtol=1e-12)


def test_the_rate_is_the_mean_over_the_sectors():
    share = np.array([[0.5, 0.3, 0.2], [0.3, 0.3, 0.4]])
    density = np.array([[0.2, 0.0], [1.5, 0.8], [0.0, 6.0]])
    fraction = np.stack([np.asarray(ALUMINUM.mass_fraction), np.asarray(TANTALUM.mass_fraction)])
    sectors = SectorShield(share, density, np.zeros(3), fraction)
    layers = [tuple(ShieldLayer(*pair) for pair in zip(fraction, row, strict=True)) for row in density]
    mean = sum(part * rates(shield=one) for part, one in zip(share.mean(axis=0), layers, strict=True))
    # Rates are linear in the flux behind the shield: rounding.
    np.testing.assert_allclose(rates(sectors=sectors), mean, rtol=1e-10)
    assert rates(sectors=sectors)[0] < rates()[0]


def test_a_slab_is_the_mean_over_its_side():
    slab = rates(shield=(ALUMINUM, TANTALUM), slab=True)
    # The same integral over the cosine with twice the directions, the other half of the sphere being dark: 1e-3 is
    # what 24 Gauss points leave of directions along the slab.
    node, weight = np.polynomial.legendre.leggauss(48)
    cosine, share = 0.5 * (node + 1.0), 0.25 * weight
    layers = [
        tuple(ShieldLayer(one.mass_fraction, one.areal_density / mu) for one in (ALUMINUM, TANTALUM)) for mu in cosine
    ]
    mean = sum(part * rates(shield=one) for part, one in zip(share, layers, strict=True))
    np.testing.assert_allclose(slab, mean, rtol=1e-3)
    # Nothing in front of half the sky is half of everything.
    np.testing.assert_allclose(rates(shield=(ShieldLayer.of("Al", None, 0.0),), slab=True), 0.5 * rates(), rtol=1e-6)


def test_the_derivative_by_a_layer_of_a_slab():
    def rate(density):
        layer = ShieldLayer.of("Al", None, density)
        return caloris.upset_rate(device(shield=(layer,), slab=True), PARTICLES).rate_per_device

    at, h = jnp.asarray(1.5), 1e-6
    slope = jax.grad(rate)(at)
    # A spectrum of power laws, whose corners a few of 24 directions pass.
    np.testing.assert_allclose(slope, (rate(at + h) - rate(at - h)) / (2 * h), rtol=1e-3)
    assert float(slope) < 0.0


BOX = """
[[material]]
name = "Al"
density = "2700 kg/m^3"
specific_heat = "900 J/kg/K"
conductivity = "160 W/m/K"
composition = { Al = 1.0 }
[[coating]]
name = "black"
solar_absorptance = 0.9
infrared_emittance = 0.9
[[surface]]
name = "ball"
shape = "sphere"
center = ["0 m", "0 m", "0 m"]
radius = "1 m"
divide = [16, 16]
material = "Al"
thickness = "10 mm"
front = "black"
[[load]]
on = "ball"
power = "1 W"
[run]
mode = "steady"
[particles]
galactic = { model = "matthia-2013", solar_modulation = 10 }
[[device]]
name = "memory"
point = ["0 m", "0 m", "0 m"]
shield = "geometry"
[device.heavy_ion]
onset = "0.5 MeV cm^2/mg"
width = "30 MeV cm^2/mg"
exponent = 1.0
plateau = "2e-5 cm^2"
depth = "1 um"
"""


@pytest.mark.slow
def test_a_device_in_a_ball_of_the_case():
    """Facets lie a little askew to the rays from the center: 1 / cos of at most half a facet, 1 % in the mean path."""
    run = caloris.run(caloris.parse_case(BOX))
    shield = float(run.data.arrays["particle/shield"][0])
    assert shield == pytest.approx(2.7, rel=0.02)
    rate = float(run.data.arrays["upset/heavy_ion_rate_per_bit"][0])
    layer = ShieldLayer.of("Al", {"Al": 1.0}, shield)
    alone = caloris.upset_rate(device(shield=(layer,)), caloris.ParticleEnvironment.from_galactic(10.0))
    # Behind 2.7 g/cm2 the rate falls by some 5 % a g/cm2: paths within 2 % of each other change it by 0.3 %.
    assert rate == pytest.approx(float(alone.heavy_ion_rate_per_bit), rel=3e-3)


def test_derivative_in_the_areal_densities():
    fraction = ALUMINUM.mass_fraction[None]

    def value(scale):
        sectors = SectorShield(np.array([[0.6, 0.4]]), scale * jnp.array([[0.7], [2.9]]), np.zeros(2), fraction)
        return caloris.upset_rate(device(sectors=sectors), PARTICLES).heavy_ion_rate_per_bit

    run = jax.jit(jax.value_and_grad(value))
    reverse = float(run(1.0)[1])
    forward = float(jax.jit(lambda x: jax.jvp(value, (x,), (1.0,))[1])(1.0))
    step = 1e-5
    difference = (float(run(1.0 + step)[0]) - float(run(1.0 - step)[0])) / (2.0 * step)
    assert reverse < 0.0 and forward == pytest.approx(reverse, rel=1e-9)
    # Tables of ranges have continuous slopes, the spectrum has corners between its points: a step sees few of them.
    assert reverse == pytest.approx(difference, rel=1e-5, abs=0.0)
