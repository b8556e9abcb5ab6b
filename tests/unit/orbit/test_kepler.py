import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels import constants
from caloris_kernels.orbit import kepler


@pytest.mark.parametrize("eccentricity", [0.0, 0.1, 0.7, 0.99])
def test_solve_kepler_inverts_keplers_equation(eccentricity):
    expected = jnp.linspace(-9.0, 9.0, 2001)
    mean = expected - eccentricity * jnp.sin(expected)
    anomaly = kepler.solve_kepler(mean, jnp.asarray(eccentricity))
    # Rounding of M (1e-15 x 9) divided by the least slope 1 - e.
    np.testing.assert_allclose(anomaly, expected, atol=3e-15 * 9 / (1 - eccentricity) ** 1.5)


def test_mean_anomaly_from_true_agrees_with_the_position_it_gives():
    true, eccentricity = jnp.linspace(-3.0, 3.0, 31), jnp.asarray(0.6)
    anomaly = kepler.solve_kepler(kepler.mean_anomaly_from_true(true, eccentricity), eccentricity)
    measured = jnp.arctan2(jnp.sqrt(1 - 0.36) * jnp.sin(anomaly), jnp.cos(anomaly) - 0.6)
    np.testing.assert_allclose(measured, true, atol=1e-13)  # rounding


def test_orbital_vectors_reproduce_a_published_state():
    """Vallado (2013), example 2-6: elements to position and velocity, printed to 1 m and 1e-6 km/s.

    p = 11067.790 km, e 0.83285, i 87.87, raan 227.89, perigee 53.38, true anomaly 92.335 deg.
    """
    eccentricity = jnp.asarray(0.83285)
    degrees = np.deg2rad
    vectors = kepler.orbital_vectors(
        11067790.0 / (1 - eccentricity**2),
        eccentricity,
        jnp.asarray(degrees(87.87)),
        jnp.asarray([degrees(227.89)]),
        jnp.asarray([degrees(53.38)]),
        kepler.mean_anomaly_from_true(jnp.asarray([degrees(92.335)]), eccentricity),
        jnp.asarray(constants.EARTH_GRAVITATIONAL_PARAMETER),
    )
    position = vectors.distance[:, None] * vectors.zenith / 1e3
    velocity = vectors.speed[:, None] * vectors.velocity_direction / 1e3
    # The inputs are printed to 0.005 deg: 1e-4 of 10900 km.
    np.testing.assert_allclose(position[0], [6525.344, 6861.535, 6449.125], atol=1.0)
    np.testing.assert_allclose(velocity[0], [4.902276, 5.533124, -1.975709], atol=1e-3)
    np.testing.assert_allclose(
        vectors.normal[0],
        np.cross(position[0], velocity[0]) / np.linalg.norm(np.cross(position[0], velocity[0])),
        atol=1e-12,
    )


def test_velocity_is_the_derivative_of_position():
    semi_major_axis, eccentricity, mu = jnp.asarray(9e6), jnp.asarray(0.25), jnp.asarray(4e14)
    step = 0.01
    motion = jnp.sqrt(mu / semi_major_axis**3)
    mean = 1.2 + motion * step * jnp.array([-1.0, 0.0, 1.0])
    fill = jnp.ones(3)
    vectors = kepler.orbital_vectors(semi_major_axis, eccentricity, jnp.asarray(1.1), 0.4 * fill, 2 * fill, mean, mu)
    position = vectors.distance[:, None] * vectors.zenith
    velocity = vectors.speed[:, None] * vectors.velocity_direction
    # Central difference: rounding 1e-9 m / 0.01 s, truncation n^2 dt^2/6 of 7 km/s = 1e-7 m/s.
    np.testing.assert_allclose((position[2] - position[0]) / (2 * step), velocity[1], atol=2e-6)


def test_secular_rates_of_the_space_station():
    """Node of a 51.6 deg, 400 km circular orbit: -5.0 deg/day (J2 alone), perigee +3.7 deg/day.

    Recomputed by hand from k = 1.5 J2 n (R/a)^2 = 9.2950e-4 * n; n = 1.13164e-3 rad/s.
    """
    mu = jnp.asarray(constants.EARTH_GRAVITATIONAL_PARAMETER)
    radius, j2 = jnp.asarray(constants.EARTH_RADIUS), jnp.asarray(constants.EARTH_J2)
    inclination = jnp.asarray(np.deg2rad(51.6))
    rates = kepler.secular_rates(radius + 400e3, jnp.asarray(0.0), inclination, radius, mu, j2)
    per_day = np.rad2deg(86400.0)
    a = 6778.137
    k = 1.5 * 1.08262668e-3 * np.sqrt(398600.4418 / a**3) * (6378.137 / a) ** 2
    assert float(rates.raan * per_day) == pytest.approx(-k * np.cos(np.deg2rad(51.6)) * per_day, rel=1e-9)
    assert float(rates.raan * per_day) == pytest.approx(-5.0, abs=0.05)  # the figure's printed digits
    assert float(rates.argument_of_perigee * per_day) == pytest.approx(3.7, abs=0.05)
    # The critical inclination, where perigee stands still: sin^2 i = 4/5.
    critical = kepler.secular_rates(radius + 400e3, jnp.asarray(0.0), jnp.arcsin(jnp.sqrt(0.8)), radius, mu, j2)
    assert abs(float(critical.argument_of_perigee)) < 1e-20
