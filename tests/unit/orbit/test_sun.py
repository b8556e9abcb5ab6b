"""Against astropy's ephemeris of the Sun (ERFA epv00, apparent place); no network."""

from datetime import UTC, datetime

import jax.numpy as jnp
import numpy as np
import pytest
from astropy.coordinates import get_sun
from astropy.time import Time
from astropy.utils import iers

from caloris_kernels.constants import ASTRONOMICAL_UNIT
from caloris_kernels.orbit import sun


@pytest.fixture(scope="module")
def epochs():
    """Every 37 days from 1990 to 2060: all seasons, no resonance with month or year."""
    days = np.arange(-3652.0, 22000.0, 37.0)
    with iers.conf.set_temp("auto_download", False), iers.conf.set_temp("iers_degraded_accuracy", "warn"):
        apparent = get_sun(Time(days + 2451545.0, format="jd", scale="utc"))
    cartesian = apparent.cartesian  # pyright: ignore[reportAttributeAccessIssue, reportOptionalMemberAccess]
    return days, np.asarray(cartesian.xyz.to_value("m")).T  # pyright: ignore


# GCRS (the oracle's frame) and mean J2000 differ by the frame bias, 0.02 arcsec: nothing here.
@pytest.mark.filterwarnings("ignore")
def test_direction_and_distance(epochs):
    days, expected = epochs
    position = np.asarray(sun.sun_position(jnp.asarray(days)))
    distance, expected_distance = np.linalg.norm(position, axis=1), np.linalg.norm(expected, axis=1)
    cross = np.cross(position, expected)
    angle = np.rad2deg(np.arcsin(np.linalg.norm(cross, axis=1) / distance / expected_distance))
    assert angle.max() < 0.01  # the accuracy claimed; without precession it would be 0.39 deg by 2027
    assert np.abs(distance - expected_distance).max() < 1e-4 * ASTRONOMICAL_UNIT


def test_precession_is_a_rotation_of_the_right_size():
    matrix = np.asarray(sun.precession_matrix(jnp.array([0.2797])))[0]
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-15)
    # Equinox to equinox: general precession 50.29 arcsec a year over 27.97 years, to the figure's digits.
    assert np.rad2deg(np.arccos(matrix[0, 0])) == pytest.approx(27.97 * 50.29 / 3600, rel=1e-3)


def test_node_at_noon_lies_below_the_mean_sun():
    """At 12:00 the node is at the mean Sun: within the equation of time (16.5 min = 4.2 deg) of the true one."""
    days = jnp.arange(9000.0, 9366.0, 5.0)
    position = np.asarray(sun.sun_position(days))
    true = np.arctan2(position[:, 1], position[:, 0])
    node = np.asarray(sun.node_from_local_time(jnp.asarray(12.0), days))
    equation = np.rad2deg((node - true + np.pi) % (2 * np.pi) - np.pi) * 4  # minutes
    assert equation.max() == pytest.approx(16.4, abs=0.4)  # early November
    assert equation.min() == pytest.approx(-14.2, abs=0.4)  # mid February
    later = np.asarray(sun.node_from_local_time(jnp.asarray(18.0), days))
    np.testing.assert_allclose((later - node) % (2 * np.pi), np.pi / 2, atol=1e-12)


def test_days_since_j2000():
    from caloris.model.orbit import days_since_j2000

    assert days_since_j2000(datetime(2000, 1, 1, 12, tzinfo=UTC)) == 0.0
    assert days_since_j2000(datetime(2027, 12, 21)) == 10215.5  # JD 2461760.5
