import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris.model.orbit import Orbit
from caloris.model.planet import Planet
from caloris_kernels.constants import ASTRONOMICAL_UNIT

PHASE = jnp.linspace(0, 1, 9)


def test_beta_orbit_geometry():
    orbit = Orbit.from_beta(Planet(), 600e3, 0.3)
    state = orbit.state_at_phase(PHASE, True)
    np.testing.assert_allclose(state.zenith[0], [1, 0, 0], atol=1e-15)
    np.testing.assert_allclose(state.zenith[2], [0, 1, 0], atol=1e-15)
    np.testing.assert_allclose(state.sun_direction, [[np.cos(0.3), 0, np.sin(0.3)]] * 9, atol=1e-15)
    np.testing.assert_allclose(state.position, (6378.137e3 + 600e3) * state.zenith, rtol=1e-15)
    again = orbit.state(PHASE * orbit.period, False)
    np.testing.assert_allclose(again.position, state.position, atol=1e-6)
    assert np.all(np.asarray(state.solar_flux) == 1361.0)


def test_elements_and_beta_agree_in_the_frame_of_the_orbit():
    """The same circular orbit both ways: angles between all directions are equal at equal phase from noon."""
    orbit = Orbit.from_elements(Planet(), 7e6, 0.0, 1.2, 0.7, 0.0, 0.3, 9700.0)
    other = Orbit.from_beta(Planet(), 7e6 - 6378.137e3, orbit.beta())
    grid = jnp.linspace(0, 1, 4001)
    at = jax.jit(lambda orbit, phase: orbit.state_at_phase(phase, True))
    seen = at(orbit, grid)
    start = grid[jnp.argmax(jnp.sum(seen.zenith * seen.sun_direction, 1))]
    first, second = at(orbit, start + PHASE), at(other, PHASE)
    for name in ("zenith", "velocity_direction", "normal"):
        cosines = [jnp.sum(getattr(s, name) * s.sun_direction, axis=1) for s in (first, second)]
        np.testing.assert_allclose(cosines[0], cosines[1], atol=2 * np.pi / 4000)  # the grid's step in phase
    np.testing.assert_allclose(orbit.eclipse_fraction(), other.eclipse_fraction(), atol=2e-6)  # Sun's distance


def test_frozen_repeats_and_free_drifts():
    orbit = Orbit.from_elements(Planet(), 7e6, 0.05, 1.2, 0.7, 0.4, 0.3, 9700.0)
    whole = jnp.array([0.25, 15.25])
    frozen, free = orbit.state_at_phase(whole, True), orbit.state_at_phase(whole, False)
    np.testing.assert_allclose(frozen.zenith[1], frozen.zenith[0], atol=1e-13)
    np.testing.assert_allclose(frozen.sun_direction[1], frozen.sun_direction[0], atol=0)
    # 15 revolutions of 5829 s are 1.012 days: the Sun moves about 1 deg, the node -2.7 deg.
    sun_moved = np.rad2deg(np.arccos(np.clip(np.sum(free.sun_direction[0] * free.sun_direction[1]), -1, 1)))
    assert sun_moved == pytest.approx(1.0, abs=0.05)
    node = np.rad2deg(np.arctan2(free.normal[:, 0], -free.normal[:, 1]))
    k = 1.5 * 1.08262668e-3 * (6378.137 / (7000 * (1 - 0.05**2))) ** 2
    assert node[1] - node[0] == pytest.approx(-k * np.cos(1.2) * 15 * 360, rel=1e-9)


def test_sun_synchronous_keeps_its_local_time():
    orbit = Orbit.sun_synchronous(Planet(), 650e3, 6.0, 10215.5)
    year = 365.24219 * 86400 / orbit.period
    normal = orbit.state_at_phase(jnp.array([0.0, year]), False).normal
    np.testing.assert_allclose(normal[1], normal[0], atol=1e-6)  # the node has gone around once
    with pytest.raises(ValueError, match="no sun-synchronous orbit"):
        Orbit.sun_synchronous(Planet(), 7000e3, 6.0, 10215.5)


def test_seasonal_flux():
    orbit = Orbit.from_elements(Planet(seasonal=True), 7e6, 0.0, 1.0, 0.0, 0.0, 0.0, 9864.0)  # 3 Jan 2027
    state = orbit.state_at_phase(PHASE, True)
    np.testing.assert_allclose(state.solar_flux, 1361 * (ASTRONOMICAL_UNIT / state.sun_distance) ** 2)
    assert float(state.solar_flux[0]) == pytest.approx(1361 / 0.98333**2, rel=2e-4)  # perihelion 0.98333 au
    with pytest.raises(ValueError, match="epoch"):
        Orbit.from_beta(Planet(seasonal=True), 600e3, 0.0)


def test_beta_extremes():
    orbit = Orbit.from_beta(Planet(), 600e3, np.pi / 2)
    np.testing.assert_allclose(orbit.state_at_phase(PHASE, True).lit_fraction, 1)
    polar = Orbit.from_elements(Planet(), 7e6, 0.0, np.pi / 2, 0.0, 0.0, 0.0, 10302.0)
    assert -np.pi / 2 <= float(polar.beta()) <= np.pi / 2


def test_changing_a_value_does_not_retrace():
    traces = []

    @eqx.filter_jit
    def lit(orbit):
        traces.append(1)
        return orbit.state_at_phase(PHASE, True).lit_fraction

    for altitude, beta in ((500e3, 0.0), (600e3, 1.0)):
        lit(Orbit.from_beta(Planet(), altitude, beta))
    assert len(traces) == 1
    assert all(leaf.dtype == jnp.float64 for leaf in jax.tree.leaves(Orbit.from_beta(Planet(), 5e5, 0)))
