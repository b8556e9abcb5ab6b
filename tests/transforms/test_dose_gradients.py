"""The verb of dose: derivatives forward and reverse against differences, and what it says when it cannot."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris.model.dose import DosePoint
from caloris.model.particle_sources import SolarEvent
from caloris.model.particles import ParticleEnvironment
from caloris.model.power import SolarArrays
from caloris.model.shield import SectorShield, ShieldLayer

ENERGY = np.geomspace(0.5, 800.0, 60)
PROTONS = 2e4 * np.exp(-ENERGY / 40.0)


class MadeUpElectrons(eqx.Module):
    """Electrons of a made-up spectrum, in the place of those of the belts."""

    amount: jax.Array

    def electron_flux(self, energy):
        return self.amount * jnp.exp(-energy / 0.5)


def environment(amount: jax.Array | float = 1e9) -> ParticleEnvironment:
    protons = ParticleEnvironment.from_spectrum([1], ENERGY, PROTONS[None]).sources
    electrons = MadeUpElectrons(jnp.asarray(amount))
    return ParticleEnvironment(protons, None, "made up", electrons, source_names=("protons",))  # pyright: ignore[reportArgumentType]


def mission(thickness: jax.Array, amount: jax.Array) -> jax.Array:
    """Dose and damage of three directions behind two layers, 2 years."""
    fractions = jnp.stack([ShieldLayer.of(name, {name: 1.0}, 1.0).mass_fraction for name in ("Al", "Si")])
    shield = SectorShield(jnp.full((1, 3), 1 / 3), thickness, jnp.zeros(3), fractions)
    found = caloris.dose(DosePoint(shield, 2.0), environment(amount))
    return found.total + 1e-6 * found.damage


def test_derivatives_by_thickness_and_flux():
    thickness, amount = jnp.asarray([[0.1, 0.1], [0.3, 0.5], [1.0, 0.2]]), jnp.asarray(1e9)
    value, gradient = jax.value_and_grad(mission, argnums=(0, 1))(thickness, amount)
    assert float(value) > 0.0 and np.all(np.asarray(gradient[0]) < 0.0) and float(gradient[1]) > 0.0
    tangent = jnp.asarray([[1.0, -0.5], [0.2, 0.7], [-0.3, 0.1]])
    forward = jax.jvp(mission, (thickness, amount), (tangent, jnp.zeros(())))[1]
    np.testing.assert_allclose(forward, jnp.sum(gradient[0] * tangent), rtol=1e-9)
    h = 1e-6
    high, low = mission(thickness + h * tangent, amount), mission(thickness - h * tangent, amount)
    # Rounding 1e-9; the spectrum is a power law between 60 points, whose corners a few of the energies pass.
    np.testing.assert_allclose(forward, (high - low) / (2 * h), rtol=1e-5)
    more = mission(thickness, 2.0 * amount) - mission(thickness, amount)
    np.testing.assert_allclose(gradient[1] * 1e9, more, rtol=1e-9)  # linear in the flux


def test_doses_of_events_over_depth():
    """A week of solar particles comes once: 7 days of its rate, differentiable by the depth; nothing of it lasts."""
    week = ParticleEnvironment.of([("solar particles of the worst week", SolarEvent(None, "week"))], "an event")
    depth, tangent, h = jnp.asarray([0.3, 2.0]), jnp.asarray([1.0, -0.5]), 1e-5

    def once(depth):
        return caloris.event_depth_dose(depth, week)[1]

    value, slope = jax.jvp(once, (depth,), (tangent,))
    assert not np.asarray(caloris.depth_dose(depth, week)[1]).any() and not np.asarray(value[1:]).any()
    shield = SectorShield.sphere([ShieldLayer.of("Al", {"Al": 1.0}, 0.3)])
    np.testing.assert_allclose(value[0, 0], caloris.dose(DosePoint(shield, 1.0), week).mission[0], rtol=1e-9)
    change = (once(depth + h * tangent) - once(depth - h * tangent)) / (2.0 * h)
    # Steps of a tenth of a micrometer: rounding, and corners of the event's table that some of the energies pass.
    np.testing.assert_allclose(slope[0], change[0], rtol=1e-4)


@pytest.mark.slow
def test_slab_stays_below_the_sphere_and_years_multiply():
    layers = SectorShield.sphere([ShieldLayer.of("Al", {"Al": 1.0}, 0.6858)])
    sphere = caloris.dose(DosePoint(layers, 3.0), environment())
    slab = caloris.dose(DosePoint(layers, 3.0, slab=True), environment())
    # One side of the sky, through at least the thickness: less than half.
    assert np.all(np.asarray(slab.rate[:2]) < 0.5 * np.asarray(sphere.rate[:2]))
    np.testing.assert_allclose(sphere.mission, 3.0 * np.asarray(sphere.rate), rtol=1e-12)
    # Protons by two ways: other stopping powers, and secondaries that only the tables keep.
    np.testing.assert_allclose(sphere.tabulated_proton_rate, sphere.rate[0], rtol=0.12)
    with pytest.raises(ValueError, match="not known"):
        caloris.dose(DosePoint(layers, 1.0, "Sillicon"), environment())


def test_damaged_arrays_keep_what_the_curve_leaves():
    one = jnp.ones(2)
    arrays = SolarArrays(("a", "b"), jnp.zeros(3, int), 0.3 * one, 0.0 * one, 300.0 * one, one, jnp.asarray([0.9, 0.8]))

    def left(damage):
        return caloris.damaged_arrays(arrays, damage, 0.2, 1e9).remaining

    np.testing.assert_allclose(left(9e9), [0.72, 0.64], rtol=1e-12)  # 1 - 0.2 log10(10)
    # Damage stands in place of what the arrays had, so that twice the same is once.
    once = caloris.damaged_arrays(arrays, 9e9, 0.2, 1e9)
    np.testing.assert_allclose(caloris.damaged_arrays(once, 9e9, 0.2, 1e9).remaining, [0.72, 0.64], rtol=1e-12)
    np.testing.assert_allclose(jax.jacfwd(left)(1e9), -0.2 / np.log(10.0) / 2e9 * np.array([0.9, 0.8]), rtol=1e-12)
