"""Upset rates along the track: the mean over the orbit's places, the anomaly, the cutoff, effects, derivatives."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris.array_store import remembered_arrays
from caloris.case.build import Model
from caloris.model.device import Device, Effect, HeavyIonResponse, ProtonResponse
from caloris.model.leaves import Fixed
from caloris.model.orbit import Orbit
from caloris.model.orbit_environment import OrbitEnvironment
from caloris.model.particles import ParticleEnvironment
from caloris.model.planet import Planet
from caloris.model.shield import ShieldLayer
from caloris.solve.orbit_particles import orbit_particles, orbit_samples
from caloris.solve.particle_track import particle_track
from caloris.solve.response import upset_response
from caloris.solve.upset_track import effect_devices, track_rates, upset_track
from caloris_kernels.constants import EARTH_RADIUS
from caloris_kernels.orbit.earth_rotation import earth_fixed

HEAVY = HeavyIonResponse(0.5, 20.0, 1.5, 1e-9, np.array([0.3162278, 0.3162278, 0.5]))
PROTON = ProtonResponse(15.0, 20.0, 1.0, 1e-14)
MEMORY = Device(HEAVY, PROTON, 1e9, 1.0, (ShieldLayer.of("Al", {"Al": 1.0}, 1.0),), name="memory")


def around(**changes):
    orbit = Orbit.from_elements(Planet(), EARTH_RADIUS + 650e3, 0.0, np.radians(98.0), 0.3, 0.0, 0.0, 9940.0)
    return dataclasses.replace(OrbitEnvironment(orbit, solar_modulation=10.0, storm=0.0, proton="AP8MIN"), **changes)


@pytest.fixture(scope="module", autouse=True)
def traced_once():
    """Field lines through the same places are traced once for all tests here."""
    with remembered_arrays():
        yield


def test_mean_over_the_places_of_the_orbit_is_the_rate_of_its_mean():
    environment = around(solar_event="day")
    phase, days = orbit_samples(environment.repeat)
    orbit = environment.orbit
    state = orbit.state_at_phase(jnp.asarray(phase), frozen=True)
    position = earth_fixed(state.position, orbit.epoch_days + jnp.asarray(days))
    response = upset_response(MEMORY)
    found = track_rates(response.heavy_ion[None], response.proton[None], environment, position)
    usual = caloris.upset_rate(MEMORY, orbit_particles(environment))
    # The response's straight lines between energies, 1e-3; the table of the transmission over rigidity, less.
    assert float(found.heavy_ion.mean()) == pytest.approx(float(usual.heavy_ion_rate_per_bit), rel=2e-3)
    # A curve through the fluxes of each place against one through their means: below 1 %.
    assert float(found.proton.mean()) == pytest.approx(float(usual.proton_rate_per_bit), rel=0.01)


def test_anomaly_and_cutoff():
    environment, time = around(), jnp.arange(0.0, 86400.0, 120.0)
    track = particle_track(environment, time)
    found = upset_track([MEMORY], environment, time)
    assert track.proton_flux is not None and track.cutoff is not None
    worst = int(found.total[0].argmax())
    assert -50 < track.latitude[worst] < 0 and -90 < track.longitude[worst] < 20
    assert abs(worst - int(track.proton_flux[:, 2].argmax())) <= 1
    quiet = np.asarray(track.proton_flux[:, 0] == 0.0)
    # A level without flux counts as e^-6 of the one below: next to nothing is left of what is there below 1 MeV.
    assert np.asarray(found.trapped)[0][quiet].max() < 1e-6 * float(found.trapped.max()) and quiet.sum() > 300
    # Galactic ions fall as the cutoff rises: the rank of one is that of the other.
    order = np.argsort(track.cutoff)
    assert (np.diff(np.asarray(found.heavy_ion)[0][order]) <= 1e-12 * float(found.heavy_ion.max())).all()
    # Without a cutoff the Earth's shadow alone: the same all along a circle.
    free = upset_track([MEMORY], around(storm=None, proton=None), time[:5])
    assert float(np.ptp(free.heavy_ion)) < 1e-3 * float(free.heavy_ion.max())
    # At the poles the cutoff lets all through that upsets.
    assert float(free.heavy_ion.min()) > float(found.heavy_ion.max()) * (1.0 - 1e-9)
    nothing = upset_track([MEMORY], around(solar_modulation=None), time[:5])
    assert (np.asarray(nothing.heavy_ion) == 0.0).all()


def test_effects_are_devices_behind_the_same_shield():
    device = dataclasses.replace(MEMORY, effects=(Effect(HEAVY, None, 7.0, "latch-up"), Effect(None, PROTON, 2.0)))
    first, second = effect_devices(device)
    found = upset_track([first, second], around(), jnp.arange(0.0, 6000.0, 1000.0))
    usual = upset_track([MEMORY], around(), jnp.arange(0.0, 6000.0, 1000.0))
    np.testing.assert_allclose(found.heavy_ion[0], usual.heavy_ion[0], rtol=1e-12)
    np.testing.assert_allclose(found.proton[1], usual.proton[0], rtol=1e-12)
    assert (found.proton[0] == 0.0).all() and float(first.bits) == 7.0


def test_derivatives():
    time = jnp.asarray([1000.0, 4000.0, 9000.0])

    def rate(modulation, storm, plateau, shield):
        device = Device(
            dataclasses.replace(HEAVY, plateau=plateau), PROTON, shield=(ShieldLayer.of("Al", {"Al": 1.0}, shield),)
        )
        environment = around(solar_modulation=modulation, storm=storm)
        return jnp.log(jnp.sum(upset_track([device], environment, time).heavy_ion))

    at = (10.0, 0.5, 1e-9, 1.0)
    slopes = jax.grad(rate, argnums=(0, 1, 2, 3))(*at)
    for k, slope in enumerate(slopes):
        ends = [float(rate(*(x * (1.0 + s * 1e-4 * (j == k)) for j, x in enumerate(at)))) for s in (1, -1)]
        # Central differences of 1e-4; by the thickness the response's slope jumps (docs/gradients.md).
        assert float(slope) == pytest.approx((ends[0] - ends[1]) / (2e-4 * at[k]), rel=2e-2 if k == 3 else 1e-5)


def test_the_orbit_of_a_model_is_no_variable_of_it():
    """What was computed from the orbit before would have a derivative of zero by it: there is no such leaf to ask."""
    environment = around()
    particles = ParticleEnvironment.from_galactic(10.0)
    model = Model(None, None, None, None, (MEMORY,), particles, Fixed(environment))
    names = [jax.tree_util.keystr(path) for path, _ in jax.tree_util.tree_leaves_with_path(model)]
    assert names and not any("orbit_environment" in name for name in names)
    gradient = eqx.filter_grad(lambda m: caloris.upset_rate(m.device, m.particles).rate_per_day)(model)
    assert gradient.orbit_environment is model.orbit_environment
    with pytest.raises(AttributeError):
        _ = gradient.orbit_environment.orbit
    assert model.orbit_environment is not None and model.orbit_environment.value is environment
