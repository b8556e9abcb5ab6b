import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.radiative import planet_heating as heating
from caloris_kernels.radiative.visibility import fibonacci_sphere

NADIR = jnp.array([[0.0, 0.0, 1.0]])


def _plates(tilts):
    """Normals tilted from nadir (+z) toward +x."""
    tilts = np.deg2rad(np.atleast_1d(tilts))
    return jnp.asarray(np.stack([np.sin(tilts), 0 * tilts, np.cos(tilts)], axis=1))


@functools.cache
def _dense(ratio, rings=400, sectors=800):
    return heating.cap_points(NADIR, jnp.array([ratio]), rings, sectors)


def test_cap_solid_angle_and_center():
    """Solid angle 2 pi (1 - cos rho), and irradiance on a nadir plate pi/H^2, at 16 x 32 points."""
    for ratio in (1.03, 1.1, 6.6):
        points = heating.cap_points(NADIR, jnp.array([ratio]))
        exact = 2 * np.pi * (1 - np.sqrt(1 - ratio**-2))
        # Smooth integrands: Gauss with 16 points reaches rounding except close to the planet (cos theta -> 0).
        np.testing.assert_allclose(jnp.sum(points.solid_angle), exact, rtol=1e-6)
        np.testing.assert_allclose(jnp.sum(points.solid_angle * points.direction[..., 2]), np.pi / ratio**2, rtol=1e-12)
        np.testing.assert_allclose(jnp.linalg.norm(points.direction, axis=-1), 1, atol=1e-14)


def test_cap_points_lie_on_the_planet():
    points = heating.cap_points(NADIR, jnp.array([1.1]))
    # Spacecraft at -1.1 z (nadir +z): the surface point along each direction has the normal that is given.
    offset = points.surface_normal[0] + jnp.array([0, 0, 1.1])
    along = jnp.sum(offset * points.direction[0], axis=1)
    np.testing.assert_allclose(offset, along[:, None] * points.direction[0], atol=1e-14)


@pytest.mark.parametrize("ratio", [1.02, 1.1, 2.0])
def test_view_factor_against_quadrature(ratio):
    tilts = np.linspace(0, 180, 37)
    points = _dense(ratio)
    cosine = np.maximum(np.asarray(_plates(tilts) @ points.direction[0].T), 0)
    expected = cosine @ np.asarray(points.solid_angle[0]) / np.pi
    cos_tilt = jnp.asarray(np.cos(np.deg2rad(tilts)))
    measured = heating.plate_to_planet_view_factor(cos_tilt, jnp.full(37, ratio))
    # The plate's horizon is a kink: 400 x 800 points leave 1e-5.
    np.testing.assert_allclose(measured, expected, atol=1e-5)


def test_view_factor_joins_its_branches_with_equal_slope():
    """Across both contacts value and slope change by no more than the step allows."""
    ratio = 1.1
    rho = np.arcsin(1 / ratio)
    slope = jax.jit(jax.vmap(jax.grad(heating.plate_to_planet_view_factor), (0, None)))
    for tilt in (np.pi / 2 - rho, np.pi / 2 + rho):
        near = jnp.cos(jnp.array([tilt - 1e-6, tilt, tilt + 1e-6]))
        value = heating.plate_to_planet_view_factor(near, jnp.full(3, ratio))
        assert np.ptp(np.asarray(value)) < 3e-6
        # The slope leaves its branch like the square root of the distance to the contact: 1e-3 at 1e-6.
        assert np.ptp(np.asarray(slope(near, jnp.asarray(ratio)))) < 2e-3


def test_sphere_is_the_mean_over_plates():
    """A small sphere sees what plates of all orientations see on average."""
    nodes, weights = np.polynomial.legendre.leggauss(200)
    plates = heating.plate_to_planet_view_factor(jnp.asarray(nodes), jnp.full(200, 1.1))
    sphere = heating.sphere_to_planet_view_factor(jnp.asarray(1.1))
    np.testing.assert_allclose(0.5 * np.sum(weights * plates), sphere, atol=1e-6)  # C1 integrand, 200 points


def test_albedo_error_over_tilts_and_sun_angles():
    """Largest error of the 16 x 32 rule against 400 x 800, relative to the subsolar nadir plate: below 1e-3."""
    normals = jnp.concatenate(
        [
            _plates(np.linspace(0, 150, 11)),
            _plates(np.linspace(15, 150, 10)) @ _about_nadir(1.0).T,
            _plates(np.linspace(15, 150, 10)) @ _about_nadir(2.5).T,
        ]
    )
    worst, albedo = 0.0, jax.jit(heating.albedo_flux)
    for ratio in (1.06, 1.1):
        fine = _dense(ratio)
        subsolar = None
        for angle in np.deg2rad(np.linspace(0, 150, 11)):
            sun = jnp.asarray([[np.sin(angle) * np.cos(0.3), np.sin(angle) * np.sin(0.3), -np.cos(angle)]])
            weight = fine.solid_angle * heating.albedo_radiance(fine, sun, jnp.ones(1))
            exact = jnp.maximum(normals @ fine.direction[0].T, 0) @ weight[0]
            coarse = albedo(normals, NADIR, sun, jnp.array([ratio]), jnp.ones(1))[0]
            subsolar = float(exact[0]) if subsolar is None else subsolar
            worst = max(worst, float(jnp.max(jnp.abs(coarse - exact))) / subsolar)
    assert worst < 1e-3
    assert worst > 1e-6  # the rule is not the reference itself


def _about_nadir(angle):
    c, s = np.cos(angle), np.sin(angle)
    return jnp.array([[c, -s, 0], [s, c, 0], [0, 0, 1.0]])


def _table(count=1500):
    return jnp.asarray(fibonacci_sphere(count))


def test_shadowed_fraction_limits():
    normals = _plates([0, 60, 90, 120, 179])
    table = _table()
    front = (table @ normals.T > 0).astype(float)
    points = heating.cap_points(NADIR, jnp.array([1.1]))
    radiance = jnp.ones((1, 1, points.solid_angle.shape[1]))
    moments = heating.cap_moments(points, radiance, table)[0]
    # The weights share the cap out: nothing lost.
    total = jnp.einsum("tp,tpx->tx", points.solid_angle, points.direction)
    np.testing.assert_allclose(jnp.sum(moments, axis=1), total, atol=1e-12)
    np.testing.assert_allclose(heating.shadowed_fraction(0 * front, front, normals, moments), 0)
    whole = np.asarray(heating.shadowed_fraction(front, front, normals, moments))[0]
    np.testing.assert_allclose(whole[:4], 1, atol=1e-14)
    assert whole[4] == 0  # turned away: nothing to shadow, no 0/0


def test_shadowed_fraction_of_a_half_plane_blocker():
    """A blocker that hides all directions with y > 0 takes half of what plates in the x-z plane receive."""
    normals = _plates([0, 40, 90])
    table = _table()
    front = (table @ normals.T > 0).astype(float)
    blocked = front * (table[:, 1:2] > 0)
    points = heating.cap_points(NADIR, jnp.array([1.1]))
    moments = heating.cap_moments(points, jnp.ones((1, 1, 512)), table)[0]
    fraction = heating.shadowed_fraction(blocked, front, normals, moments)
    # A step read from 1500 directions 5 deg apart: one direction's share of the cap is 2e-3, the
    # boundary crosses about 25 of them at random, so 1e-2.
    np.testing.assert_allclose(fraction[0], 0.5, atol=1e-2)


def test_shadowed_fraction_of_a_tilted_blocker_against_dense_quadrature():
    """Infrared on plates behind a blocker with a rim tilted against the cap, by 400 x 800 points."""
    normals, table = _plates([0, 45, 100]), _table(4000)
    rim = jnp.array([0.5, 0.3, 0.4])  # blocks directions with rim . d > 0.45
    front = (table @ normals.T > 0).astype(float)
    blocked = front * (table @ rim > 0.45)[:, None]
    coarse = heating.cap_points(NADIR, jnp.array([1.1]))
    moments = heating.cap_moments(coarse, jnp.ones((1, 1, 512)), table)[0]
    measured = heating.shadowed_fraction(blocked, front, normals, moments)[0]
    fine = _dense(1.1)
    cosine = np.maximum(np.asarray(normals @ fine.direction[0].T), 0) * np.asarray(fine.solid_angle)
    hidden = np.asarray(fine.direction[0] @ rim > 0.45)
    expected = cosine[:, hidden].sum(axis=1) / cosine.sum(axis=1)
    assert expected.min() > 0.2
    # 4000 directions: one direction's share 1e-3, some 60 on the rim: sqrt(60) x 1e-3.
    np.testing.assert_allclose(measured, expected, atol=8e-3)
