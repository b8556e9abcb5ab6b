import jax.numpy as jnp
import numpy as np
import pytest

from caloris.model.orbit import Orbit
from caloris.model.planet import Planet
from caloris_kernels.orbit import eclipse

RADIUS = 6371e3


def test_overlap_area_of_equal_discs():
    # Two unit discs one radius apart: 2 pi/3 - sqrt(3)/2 (lens).
    area = eclipse.disc_overlap_area(jnp.ones(1), jnp.ones(1), jnp.ones(1))
    np.testing.assert_allclose(area, 2 * np.pi / 3 - np.sqrt(3) / 2, rtol=1e-15)


@pytest.mark.parametrize(
    ("a", "b", "c", "expected"),
    [(1.0, 2.0, 3.5, 0.0), (1.0, 2.0, 0.5, np.pi), (2.0, 1.0, 0.5, np.pi), (1.0, 2.0, 0.0, np.pi), (1, 2, 3, 0)],
)
def test_overlap_area_apart_and_contained(a, b, c, expected):
    area = eclipse.disc_overlap_area(*(jnp.array([float(x)]) for x in (a, b, c)))
    np.testing.assert_allclose(area, expected, atol=1e-15)


def test_overlap_of_sun_and_planet_against_integration():
    """Chord by chord over the Sun's disc, with discs of 0.267 and 70 deg."""
    a, b = np.deg2rad(0.267), np.deg2rad(70.0)
    offset = np.linspace(-0.95, 0.95, 9) * a
    u, w = np.polynomial.legendre.leggauss(400)
    y = a * np.sin(np.pi / 2 * u)  # clusters points at the ends of the disc
    half = a * np.cos(np.pi / 2 * u)
    limb = np.sqrt(b**2 - y**2)  # the planet, centered at x = -c, reaches x = limb - c
    reach = np.clip(limb[None] - (b + offset)[:, None], -half, half)
    area = np.sum(np.pi / 2 * w * half * (reach + half), axis=1)
    measured = eclipse.disc_overlap_area(jnp.full(9, a), jnp.full(9, b), jnp.asarray(b + offset))
    # The clipped integrand has two kinks: 1e-4 of the disc with 400 points.
    np.testing.assert_allclose(measured, area, atol=1e-4 * np.pi * a**2)


def test_lit_fraction_through_an_eclipse():
    orbit = Orbit.from_beta(Planet(radius=RADIUS), 408e3, 0.4)
    phases, eclipsed = orbit.eclipse_edges(1)
    assert bool(eclipsed[0])
    begin, umbra, umbra_end, end = np.asarray(phases[0])
    inside = jnp.array([0.0, begin - 1e-9, 0.5 * (begin + umbra), umbra + 1e-9, 0.5, umbra_end - 1e-9, end + 1e-9])
    lit = np.asarray(orbit.state_at_phase(inside, True).lit_fraction)
    np.testing.assert_allclose(lit[[0, 1, 3, 4, 5, 6]], [1, 1, 0, 0, 0, 1], atol=1e-12)
    assert 0.4 < lit[2] < 0.6
    # Just inside the penumbra and just outside the umbra something is hidden, something shows.
    grazing = np.asarray(orbit.state_at_phase(jnp.array([begin + 1e-6, umbra - 1e-6]), True).lit_fraction)
    assert 0.99 < grazing[0] < 1 and 0 < grazing[1] < 0.01


@pytest.mark.slow
def test_edges_are_zeros_of_the_cone_clearance():
    orbit = Orbit.from_elements(Planet(), 9.5e6, 0.2, 1.0, 0.3, 0.5, 2.0, 9500.0)
    phases, eclipsed = orbit.eclipse_edges(3, frozen=False)
    assert bool(eclipsed.all())
    assert np.all(np.diff(np.asarray(phases), axis=1) > 0)
    state = orbit.state_at_phase(phases.reshape(-1), False)
    margins = eclipse.cone_margins(state.position, state.sun_distance[:, None] * state.sun_direction, Planet().radius)
    zero = np.asarray(margins).reshape(3, 4, 2)
    # Rounding of phases near 3 (4e-16 of a turn) times the rate of a few rad a turn.
    np.testing.assert_allclose(zero[:, [0, 3], 0], 0, atol=1e-13)
    np.testing.assert_allclose(zero[:, [1, 2], 1], 0, atol=1e-13)
    # Frozen orbits repeat exactly.
    repeated, _ = orbit.eclipse_edges(2, frozen=True)
    np.testing.assert_allclose(repeated[1] - repeated[0], 1.0, atol=1e-13)


@pytest.mark.parametrize("true_anomaly", np.linspace(0, 2 * np.pi, 7)[:-1])
def test_first_row_holds_an_eclipse_under_way(true_anomaly):
    """Whatever the phase of the start, the rows cover every shadowed moment of [0, 2] revolutions."""
    orbit = Orbit.from_elements(Planet(), 7e6, 0.01, 0.2, 0.0, 0.0, true_anomaly, 9500.0)
    phases, _ = orbit.eclipse_edges(3)
    grid = np.linspace(0, 2, 401)
    lit = np.asarray(orbit.state_at_phase(jnp.asarray(grid), True).lit_fraction)
    begin, end = np.asarray(phases[:, 0]), np.asarray(phases[:, 3])
    covered = np.any((grid[:, None] > begin) & (grid[:, None] < end), axis=1)
    np.testing.assert_array_equal(covered, lit < 1)
    assert covered.any()


def test_no_eclipse_gives_harmless_edges():
    phases, eclipsed = Orbit.from_beta(Planet(), 408e3, np.deg2rad(80)).eclipse_edges(2)
    assert not bool(eclipsed.any())
    np.testing.assert_allclose(phases, [[0.5] * 4, [1.5] * 4], atol=1e-6)  # flat minimum: root of rounding


def test_penumbra_alone_repeats_the_umbra_edge():
    # Between the limits of penumbra and umbra, near beta* = 70.03 deg at 408 km; the window is 0.5 deg.
    phases, eclipsed = Orbit.from_beta(Planet(), 408e3, np.deg2rad(70.1)).eclipse_edges(1)
    assert bool(eclipsed[0])
    begin, umbra, umbra_end, end = np.asarray(phases[0])
    assert begin < umbra == umbra_end < end


def test_cylinder_step():
    sun = jnp.array([[1.0, 0, 0]] * 3)
    position = jnp.array([[-7e6, 6.3e6, 0], [-7e6, 6.4e6, 0], [7e6, 0, 0]])
    np.testing.assert_array_equal(eclipse.lit_fraction_cylinder(position, sun, jnp.asarray(RADIUS)), [0, 1, 1])
