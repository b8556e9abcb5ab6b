"""Derivatives of orbit, eclipse, attitude and planet heating, forward and reverse, against differences."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.core import Tracer
from jax.test_util import check_grads

from caloris.model.attitude import Attitude
from caloris.model.orbit import Orbit
from caloris.model.planet import Planet
from caloris_kernels.orbit import eclipse, frames, kepler
from caloris_kernels.radiative import planet_heating
from caloris_kernels.radiative.visibility import fibonacci_sphere

RADIUS = 6371e3
# Points are given in units in which they are near 1 (altitude in 400 km), so that one step fits all inputs.
POINT = jnp.array([1.02, 0.5])


def _orbit(point):
    return Orbit.from_beta(Planet(radius=RADIUS), 400e3 * point[0], point[1])


def _compare(function, point, step=1e-5, rtol=1e-6, atol=1e-9):
    """Both Jacobians against central differences; error of the differences step^2 + 1e-15/step. Returns one."""
    forward, reverse = jax.jit(jax.jacfwd(function))(point), jax.jit(jax.jacrev(function))(point)
    evaluate = jax.jit(function)
    columns = [(evaluate(point + e) - evaluate(point - e)) / (2 * step) for e in step * np.eye(len(point))]
    numeric = np.stack([np.asarray(column) for column in columns], axis=-1)
    np.testing.assert_allclose(forward, reverse, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(forward, numeric, rtol=rtol, atol=atol)
    assert np.all(np.isfinite(forward))
    return np.asarray(forward)


def test_eclipse_edges_of_a_beta_orbit():
    jacobian = _compare(lambda p: _orbit(p).eclipse_edges(1)[0][0], POINT, rtol=1e-6, atol=1e-9)
    # Higher or more tilted: the eclipse begins later and ends earlier.
    assert np.all(jacobian[:2] > 1e-3) and np.all(jacobian[2:] < -1e-3)


def test_eclipse_edges_of_a_drifting_elliptic_orbit():
    def edges(p):
        orbit = Orbit.from_elements(Planet(), 8e6 * p[0], 0.1 * p[1], p[2], 0.3, 0.5, 2.0, 9500.0)
        return orbit.eclipse_edges(2, frozen=False)[0]

    # Reverse only: the beta orbit compares both modes, and this one is slow to compile.
    point, step = jnp.array([1.0, 1.1, 0.9]), 1e-5
    jacobian, evaluate = np.asarray(jax.jit(jax.jacrev(edges))(point)), jax.jit(edges)
    numeric = [(evaluate(point + e) - evaluate(point - e)) / (2 * step) for e in step * np.eye(3)]
    # Differences: third derivatives of order 10 times step^2, and 1e-15 / step.
    np.testing.assert_allclose(jacobian, np.stack(numeric, axis=-1), rtol=1e-6, atol=1e-8)
    assert np.all(np.abs(jacobian).max(axis=(0, 1)) > 1e-3)


def test_no_eclipse_has_zero_finite_derivatives():
    jacobian = jax.jit(jax.jacrev(lambda p: _orbit(p).eclipse_edges(1)[0]))(jnp.array([1.0, 1.45]))
    np.testing.assert_array_equal(jacobian, 0)


def test_lit_fraction_in_penumbra():
    begin, umbra = np.asarray(_orbit(POINT).eclipse_edges(1)[0][0, :2])
    phase = jnp.asarray(begin + (umbra - begin) * np.array([0.1, 0.5, 0.9]))
    # The penumbra is 1e-3 of a turn wide, so curvature is large: a short step.
    jacobian = _compare(
        lambda p: _orbit(p).state_at_phase(phase, True).lit_fraction, POINT, step=1e-7, rtol=1e-5, atol=1e-6
    )
    assert np.all(jacobian > 0.1)


@pytest.mark.parametrize("separation", [0.0, 0.5, 1.0, 3.0, 4.0])
def test_disc_overlap_at_and_beyond_contact(separation):
    """Discs of radius 1 and 2: concentric, contained, inner contact, outer contact, apart."""
    gradient = jax.grad(lambda a, b, c: eclipse.disc_overlap_area(a, b, c), (0, 1, 2))
    found = gradient(*(jnp.asarray(x) for x in (1.0, 2.0, separation)))
    contained = separation <= 1.0
    np.testing.assert_allclose(found, [2 * np.pi if contained else 0, 0, 0], atol=1e-7)


def test_lit_fraction_is_finite_with_the_sun_overhead_and_underfoot():
    phase = jnp.array([0.0, 0.5])
    jacobian = jax.jacrev(lambda p: _orbit(p).state_at_phase(phase, True).lit_fraction)(jnp.array([1.0, 0.0]))
    np.testing.assert_allclose(jacobian, 0, atol=1e-30)  # 1e-36 is what rounding of pi leaves


def test_directions_at_fixed_phase_do_not_depend_on_altitude_even_symbolically():
    """Under an eager jvp by altitude only what depends on it is traced: not the directions, not even by zeros."""
    traced = {}

    def position(altitude):
        state = Orbit.from_beta(Planet(), altitude, 0.3).state_at_phase(jnp.linspace(0, 1, 5), True)
        names = ("zenith", "velocity_direction", "normal", "sun_direction", "position", "lit_fraction")
        traced.update({name: isinstance(getattr(state, name), Tracer) for name in names})
        return state.position

    jax.jvp(position, (4e5,), (1.0,))
    assert {name for name, is_traced in traced.items() if is_traced} == {"position", "lit_fraction"}


@pytest.mark.parametrize("eccentricity", [0.0, 0.3, 0.9])
def test_kepler(eccentricity):
    mean = jnp.array([-3.0, 0.0, 0.4, 3.1])
    # At e = 0.9 the third derivative near perigee is about 1e3: differences good to 1e-4.
    check_grads(kepler.solve_kepler, (mean, jnp.full(4, eccentricity)), 2, rtol=1e-3, atol=1e-4)


def test_state_by_elements():
    phase = jnp.array([0.1, 1.7])

    def state(p):
        orbit = Orbit.from_elements(Planet(), 7e6 * p[0], p[1], p[2], p[3], p[4], p[5], 9000.0 * p[6])
        state = orbit.state_at_phase(phase, False)
        return jnp.concatenate([state.position / 7e6, state.velocity / 7e3, state.sun_direction])

    point = jnp.array([1.0, 0.2, 1.1, 0.3, 0.5, 0.9, 1.0])
    # Along the epoch one unit is 9000 days: 155 rad of the Sun, so (155 h)^2/6 with h = 1e-6.
    jacobian = _compare(state, point, step=1e-6, rtol=1e-6, atol=1e-6)
    assert np.all(np.abs(jacobian).max(axis=(0, 1)) > 0.1)


def test_sun_synchronous_orbit():
    def angles(p):
        orbit = Orbit.sun_synchronous(Planet(), 6e5 * p[0], 6 * p[1], 10215.0)
        return jnp.stack([orbit.beta(), orbit.inclination])

    jacobian = _compare(angles, jnp.array([1.0, 1.1]))
    assert abs(jacobian[1, 0]) > 1e-2 and abs(jacobian[0, 1]) > 1e-2


@pytest.mark.parametrize("tilt", [0.0, 10.0, 45.0, 90.0, 120.0, 170.0, 180.0])
def test_view_factor(tilt):
    point = jnp.array([np.cos(np.deg2rad(tilt)), 1.1])
    if tilt in (0.0, 180.0):  # cosines beyond 1 do not exist: compare with the cosine law and with nothing
        gradient = jax.grad(lambda p: planet_heating.plate_to_planet_view_factor(p[0], p[1]))(point)
        expected = [1 / 1.21, -2 / 1.1**3] if tilt == 0 else [0, 0]
        np.testing.assert_allclose(gradient, expected, atol=1e-12)
    else:
        jacobian = _compare(lambda p: planet_heating.plate_to_planet_view_factor(p[0], p[1])[None], point)
        assert np.all(np.abs(jacobian) > 1e-2) == (tilt < 150)


def _planet_heat(p):
    """Infrared and albedo on tilted plates: altitude, beta and a body vector of the attitude."""
    orbit = _orbit(p)
    state = orbit.state_at_phase(jnp.array([0.02, 0.21, 0.7]), True)
    point = jnp.stack([0.1 * p[2], jnp.zeros_like(p[2]), jnp.ones_like(p[2])])
    state = state.turned(Attitude(point, "zenith", [1.0, 0.1, 0.0], "sun").matrix(state))
    normals = frames.normalize(jnp.array([[0.1, 0.2, -1.0], [1.0, 0.3, -0.4], [0.0, 1.0, 0.2]]))
    return orbit.planet, state, normals


def test_infrared_and_albedo():
    def flux(p):
        planet, state, normals = _planet_heat(p)
        return jnp.stack([planet.infrared_on(normals, state) / 239, planet.albedo_on(normals, state) / 408])

    # Each quadrature point that crosses the terminator or a horizon is a kink: differences over 1e-7 miss them.
    jacobian = _compare(flux, jnp.array([1.02, 0.5, 1.0]), step=1e-7, rtol=1e-5, atol=1e-7)
    assert np.all(np.abs(jacobian[0]).max(axis=(0, 1))[[0, 2]] > 1e-3)
    assert np.all(jacobian[0][..., 0] < 0)  # higher: less infrared


def test_shadowed_fraction():
    table = jnp.asarray(fibonacci_sphere(400))

    def fraction(p):
        planet, state, normals = _planet_heat(p)
        front = (table @ normals.T > 0).astype(float)
        blocked = front * (table[:, :1] > 0.3)
        moments = planet.shadow_moments(table, state)
        return jnp.stack([planet_heating.shadowed_fraction(blocked, front, normals, m) for m in moments])

    jacobian = _compare(fraction, jnp.array([1.02, 0.5, 1.0]), step=1e-7, rtol=1e-5, atol=1e-6)
    assert np.all(np.abs(jacobian).max(axis=(0, 1, 2)) > 1e-3)


def test_tracking_angle():
    def angle(p):
        target = jnp.stack([jnp.stack([p[0], p[1], 1.0]), jnp.stack([p[1], 2.0, -p[0]])])
        axis = jnp.stack([0.1 * p[2], 1.0, 0.2])
        return frames.tracking_angle(
            axis, jnp.array([0.0, 0.0, 1.0]), target, jnp.asarray(-jnp.pi), jnp.asarray(jnp.pi)
        ).angle

    jacobian = _compare(angle, jnp.array([0.4, 0.7, 1.0]))
    assert np.all(np.abs(jacobian) > 1e-3)
    # The Sun straight behind (half a turn, the end of the range) keeps its derivative; the Sun along the
    # axis has a finite one.
    x, y, z = jnp.eye(3)
    slope = jax.jacrev(lambda t: frames.tracking_angle(y, z, t, jnp.asarray(-jnp.pi), jnp.asarray(jnp.pi)).angle)
    found = np.asarray(slope(jnp.stack([-z, y, y])))
    assert abs(found[0, 0, 0]) == pytest.approx(1.0)
    np.testing.assert_array_equal(found[1:, 1:], 0)
