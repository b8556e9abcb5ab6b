"""The environment of an orbit: against CREME96, what storms, shadow and ground tracks do, no particles, series, map."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris.array_store import remembered_arrays
from caloris.model.dose import DosePoint
from caloris.model.orbit import Orbit
from caloris.model.orbit_environment import EspFluence, KingFluence, OrbitEnvironment, ground_track_repeat
from caloris.model.particle_sources import RIGIDITY, Transmission, TrappedProtons
from caloris.model.particles import SPECTRUM_ENERGY
from caloris.model.planet import Planet
from caloris.model.shield import SectorShield, ShieldLayer
from caloris.solve import orbit_particles as orbit_particles_module
from caloris.solve.orbit_particles import orbit_particles, orbit_samples, orbit_spectra, shells_at, shells_of
from caloris.solve.particle_track import MAP_LATITUDE, MAP_LONGITUDE, particle_track, trapped_world_map
from caloris_kernels.constants import EARTH_RADIUS
from caloris_kernels.magnetic.drift_shell import DriftShell
from caloris_kernels.particle.galactic import galactic_flux
from caloris_kernels.trapped.flux_map import map_energies

EPOCH = -7305.0  # 2000 - 20 years: 1980
POINTS = jnp.broadcast_to(jnp.asarray(SPECTRUM_ENERGY[::10]), (28, 31))
_fluxes = eqx.filter_jit(lambda environment: environment.flux(POINTS))
_electrons = eqx.filter_jit(lambda environment: environment.electron_flux(POINTS[0]))


def orbit(altitude=800e3, inclination=90.0, epoch=EPOCH):
    return Orbit.from_elements(Planet(), EARTH_RADIUS + altitude, 0.0, np.radians(inclination), 0.3, 0.0, 0.0, epoch)


@pytest.fixture(scope="module", autouse=True)
def traced_once():
    """Field lines through the same places are traced once for all tests here."""
    with remembered_arrays():
        yield


@pytest.fixture(scope="module")
def low():
    return OrbitEnvironment(
        orbit(), solar_modulation=10.0, storm=0.0, proton="AP8MIN", electron="AE8MAX", solar_event="week"
    )


def test_components_and_sum(low):
    """Three kinds of ions and their sum; galactic ions are what is outside times the transmission of their rigidity."""
    environment = orbit_particles(low)
    names = [name for name, _ in environment.components]
    assert names == ["galactic cosmic rays", "trapped protons (AP8MIN)", "solar particles of the worst week"]
    parts = [np.asarray(eqx.filter_jit(type(source).flux)(source, POINTS)) for _, source in environment.components]
    np.testing.assert_allclose(_fluxes(environment), sum(parts), rtol=1e-12)
    galactic, trapped, solar = parts
    assert (trapped[1:] == 0.0).all() and trapped[0].max() > 1e4
    assert set(range(1, 29)) - set(np.flatnonzero(solar.max(axis=1) > 0.0) + 1) == {3, 4, 5, 9, 21, 23, 25, 27}
    # Beyond every cutoff the shadow alone is left: 0.72939 at 800 km, from the closed form.
    outside = np.asarray(galactic_flux(POINTS, jnp.asarray(10.0)))
    np.testing.assert_allclose(galactic[:, -1] / outside[:, -1], 0.72939, atol=1e-5)
    assert np.asarray(_electrons(environment))[7:12].min() > 0.0
    assert environment.event_fluence(POINTS[0]) is None
    assert "AP8MIN in the field of its own epoch, 1964" in environment.name
    assert "no trapped" not in environment.name and "no geomagnetic" not in environment.name


def test_transmission(low):
    """Shares that an independent prototype gave for 800 km, 90 deg, 1980, times the shadow; 0.01: their 4000 points.

    Its cutoffs were those of the internal field; in the magnetosphere as measured more is open.
    """
    spectra = orbit_spectra(dataclasses.replace(low, internal_field=True))
    share = np.interp([0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0], RIGIDITY, spectra.transmission.transmission)
    expected = np.array([0.212, 0.284, 0.351, 0.433, 0.591, 0.803, 0.987])
    np.testing.assert_allclose(share / 0.72939, expected, atol=0.01)
    storm = eqx.tree_at(lambda e: e.storm, low, jnp.asarray(1.0))
    disturbed = np.asarray(orbit_spectra(storm).transmission.transmission)
    quiet = np.asarray(orbit_spectra(low).transmission.transmission)
    assert (quiet >= np.asarray(spectra.transmission.transmission) - 1e-12).all()
    # Protons of 30 MeV (0.24 GV): from invariant latitudes of 63 degrees on, not of 69, as sines of them over a pole.
    assert np.interp(0.24, RIGIDITY, quiet) / np.interp(0.24, RIGIDITY, spectra.transmission.transmission) > 1.2
    # 1 GV: from invariant latitudes of 56.7 degrees on in a quiet field, 53.7 in a storm; the orbit passes all alike.
    assert (disturbed >= quiet - 1e-12).all()
    assert np.interp(1.0, RIGIDITY, disturbed / quiet) == pytest.approx((90.0 - 53.7) / (90.0 - 56.7), abs=0.02)
    # Without a cutoff the shadow is the same at all rigidities.
    free = eqx.tree_at(lambda e: e.storm, low, None, is_leaf=lambda x: x is None)
    np.testing.assert_allclose(orbit_spectra(free).transmission.transmission, 0.72939, atol=1e-5)


def test_epoch_of_the_field_matters(low):
    """Above 30 MeV 117.3 and 132.2 cm-2 s-1 in the fields of 1964 and 1980 (a prototype, 2 %: its other sampling)."""
    level = list(map_energies("AP8MIN"))
    for year, expected in ((1964.0, 117.3), (1980.0, 132.2)):
        at = eqx.tree_at(lambda e: e.proton_epoch, low, jnp.asarray(year), is_leaf=lambda x: x is None)
        protons = orbit_spectra(at).proton
        assert protons is not None and float(protons[level.index(30.0)]) * 1e-4 == pytest.approx(expected, rel=0.02)


def test_equal_epochs_are_traced_once(low, monkeypatch):
    """Two maps of one epoch and an orbit of a third: two tracings of the same places."""
    epochs = []

    def counted(days, position):
        epochs.append(float(days))
        return DriftShell(jnp.full(position.shape[0], 1.5 + 1e-5 * float(days)), jnp.ones(position.shape[0]))

    monkeypatch.setattr(orbit_particles_module, "shells_at", counted)
    position = jnp.full((3, 3), 4e6)
    minimum = dataclasses.replace(low, electron="AE8MIN")
    shells = shells_of(minimum, position, now=True)
    assert list(shells.by_map) == ["AP8MIN", "AE8MIN"] and len(epochs) == 2
    np.testing.assert_array_equal(shells.by_map["AP8MIN"].mcilwain, shells.by_map["AE8MIN"].mcilwain)
    assert shells.now is not None and float(shells.now.mcilwain[0]) == 1.5 + 1e-5 * EPOCH
    # Maps of 1964 and 1970; both in the field of 1980; that is the orbit's epoch too.
    same = jnp.asarray(1980.0)
    both = dataclasses.replace(low, orbit=orbit(epoch=-7305.5), proton_epoch=same, electron_epoch=same)
    for environment, now, count in ((low, False, 2), (both, False, 1), (both, True, 1)):
        epochs.clear()
        assert (shells_of(environment, position, now).now is None) is not now
        assert len(epochs) == count


def test_track_and_map(low):
    """A day through the South Atlantic Anomaly: its mean is about that of the orbit, and the map shows where it is."""
    time = jnp.arange(1024) * 84.375
    track = particle_track(low, time)
    assert track.proton_flux is not None and track.cutoff is not None
    above_30 = np.asarray(track.proton_flux)[:, 2]
    # One day has 14 nodes: the mean over all longitudes within 10 %.
    level = list(map_energies("AP8MIN"))
    protons = orbit_spectra(low).proton
    assert protons is not None and above_30.mean() == pytest.approx(float(protons[level.index(30.0)]), rel=0.1)
    inside = above_30 > 0.1 * above_30.max()
    assert 0.02 < inside.mean() < 0.2
    assert (np.asarray(track.latitude)[inside] < 10.0).all() and (
        np.abs(np.asarray(track.longitude)[inside] + 30) < 80
    ).all()
    assert np.asarray(track.cutoff).max() == pytest.approx(14.0, abs=1.5)
    assert (np.asarray(track.strength_ratio) >= 1.0).all()
    world = trapped_world_map(low)
    assert world is not None and world.shape == (MAP_LATITUDE.size, MAP_LONGITUDE.size, 4)
    row, column = np.unravel_index(np.asarray(world)[:, :, 2].argmax(), world.shape[:2])
    assert -40 < MAP_LATITUDE[row] < -20 and -70 < MAP_LONGITUDE[column] < 0
    assert np.asarray(world)[:, 0] == pytest.approx(np.asarray(world)[:, -1])


def test_ground_tracks():
    """Geostationary and half-day orbits see their own longitudes; a low orbit all of them."""
    day = 86164.0905
    assert ground_track_repeat(day) == (1, 1) and ground_track_repeat(day / 2) == (2, 1)
    assert ground_track_repeat(1.5 * day) == (2, 3) and ground_track_repeat(6052.0) is None
    assert ground_track_repeat(10.6 * 3600.0) is None
    phase, days = orbit_samples((1, 1))
    geostationary = OrbitEnvironment(orbit(35786e3, 0.0), electron="AE8MAX", repeat=(1, 1))
    fixed = np.asarray(particle_track(geostationary, jnp.asarray(days * 86400.0)).longitude)
    assert np.ptp(fixed) < 0.5
    phase, days = orbit_samples(None)
    # The lattice: every phase once, hours evenly with each of 16 parts of the orbit (2560/256 = 10 in each cell).
    cells, _, _ = np.histogram2d(phase, days, bins=16, range=[[0, 1], [0, 86164.0905 / 86400]])
    assert cells.min() >= 8 and cells.max() <= 12


def test_below_the_belts():
    """At 200 km on the equator there is nothing of AP-8 over all energies but a whiff: finite, no NaN, no electrons."""
    nothing = OrbitEnvironment(orbit(200e3, 0.0), proton="AP8MIN", electron="AE8MIN")
    environment = orbit_particles(nothing)
    flux = np.asarray(_fluxes(environment))
    assert np.isfinite(flux).all() and (flux >= 0.0).all()
    assert np.isfinite(_electrons(environment)).all()
    assert "no geomagnetic cutoff" in environment.name


def test_mission_fluences():
    """ESP and King: the integral of the differential fluence from 30 MeV is the model's, outside the field."""
    energy = np.geomspace(30.0, 3000.0, 4000)
    for mission, expected in ((EspFluence(1.0, 0.95), 7.59e13), (KingFluence(2.0), 15.8e13)):
        high = OrbitEnvironment(orbit(3e8, 10.0), mission=mission)
        environment = orbit_particles(high)
        fluence = np.asarray(eqx.filter_jit(lambda e, at: e.event_fluence(at))(environment, jnp.asarray(energy)))
        # The shadow at 300 000 km is 1e-4; three printed digits; trapezoids over 4000 points 1e-4.
        assert 4.0 * np.pi * np.trapezoid(fluence, energy) == pytest.approx(expected, rel=3e-3)
        assert environment.source is None


def test_geostationary_orbits_are_open_to_solar_protons():
    """Fluence as outside, less the Earth's shadow of 0.6 %; a dose that falls with the shield.

    A cutoff K/L^2 without an end keeps all protons below 45 MeV from L = 6.6: behind it the dose rises with the shield.
    """
    layers = [ShieldLayer.of("Al", {"Al": 1.0}, thickness * 0.27) for thickness in (1.0, 4.0, 10.0)]
    for form in ("vertical", "directional"):
        environment = OrbitEnvironment(
            orbit(35786e3, 0.05, epoch=9500.0), storm=0.0, mission=EspFluence(5.0, 0.95), repeat=(1, 1), arrival=form
        )
        share = orbit_spectra(environment).transmission
        assert share.transmission == pytest.approx(0.9943, abs=1e-4)
        particles = orbit_particles(environment)
        doses = [float(caloris.dose(DosePoint(SectorShield.sphere([layer])), particles).total) for layer in layers]
        assert (np.diff(doses) < 0.0).all() and doses[0] > 10.0 * doses[2]
        assert ("by direction of arrival" in particles.name) is (form == "directional")
    closed = orbit_spectra(dataclasses.replace(environment, internal_field=True, arrival="vertical"))
    assert float(eqx.filter_jit(Transmission.of_protons)(closed.transmission, jnp.asarray([30.0]))[0]) < 0.01


def test_directional_cutoffs(low):
    """What comes from the west passes below the vertical cutoff, what comes from the east needs more. With slopes."""
    inclined = dataclasses.replace(low, orbit=orbit(550e3, 20.0), proton=None, electron=None)
    vertical, directional = (
        np.asarray(orbit_spectra(dataclasses.replace(inclined, arrival=form)).transmission.transmission)
        for form in ("vertical", "directional")
    )
    rigidity = [3.0, 5.0, 25.0]
    shares = [np.interp(rigidity, RIGIDITY, part) for part in (vertical, directional)]
    assert shares[1][1] > shares[0][1]
    # From the east the cutoff is up to four times the vertical one.
    assert shares[1][2] < shares[0][2] - 0.01
    assert (directional < 0.7).all() and (np.diff(directional) > -1e-12).all()

    def open_part(storm):
        environment = eqx.tree_at(lambda e: e.storm, dataclasses.replace(inclined, arrival="directional"), storm)
        return jnp.sum(orbit_spectra(environment).transmission.transmission)

    slope = float(jax.grad(open_part)(jnp.asarray(0.3)))
    moved = [float(open_part(jnp.asarray(0.3 + step))) for step in (1e-4, -1e-4)]
    # Central differences of a smooth function: truncation 1e-8.
    assert slope == pytest.approx((moved[0] - moved[1]) / 2e-4, rel=1e-5) and slope > 0.0
    with pytest.raises(ValueError, match="known are vertical, directional"):
        dataclasses.replace(inclined, arrival="east")


def test_trapped_means_end_with_the_map():
    """In a geostationary orbit AP-8 has no protons above 10 MeV: the mean says zero, as every moment of a day does."""
    high = OrbitEnvironment(orbit(35786e3, 0.05), proton="AP8MIN", repeat=(1, 1))
    ((_, protons),) = orbit_particles(high).components
    assert isinstance(protons, TrappedProtons)
    above = np.asarray(eqx.filter_jit(TrappedProtons.flux_above)(protons, jnp.asarray([0.5, 1.0, 10.0, 30.0, 1000.0])))
    assert above[0] > above[1] > 0.0 and (above[2:] == 0.0).all()
    track = particle_track(high, jnp.arange(0.0, 86400.0, 600.0))
    assert (np.asarray(track.proton_flux)[:, 1:].max(axis=0) >= above[2]).all()


def test_epochs_that_are_not_known():
    with pytest.raises(ValueError, match="from 1900 to 2030, not in 2035"):
        shells_at(jnp.asarray(12784.0), jnp.ones((1, 3)) * 7e6)
