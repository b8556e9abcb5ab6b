"""The rotating Earth's frame against astropy, and its derivative."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.orbit.earth_rotation import earth_fixed


def test_against_astropy():
    """0.015 deg from 1975 to 2024: nutation and polar motion 0.005, UT1 - UTC 0.004, precession's model the rest."""
    from astropy import units
    from astropy.coordinates import GCRS, ITRS, CartesianRepresentation
    from astropy.time import Time
    from astropy.utils import iers

    iers.conf.auto_download = False
    days = np.array([-9000.2, -3000.7, 0.3, 2000.1, 6500.6, 8700.9])
    position = np.random.default_rng(3).normal(size=(6, 3)) * 7e6
    time = Time(2451545.0 + days, format="jd", scale="utc")
    here = GCRS(CartesianRepresentation(position.T * units.m), obstime=time)
    there = here.transform_to(ITRS(obstime=time)).cartesian
    expected = there.xyz.to_value(units.m).T  # pyright: ignore[reportAttributeAccessIssue]
    got = np.asarray(earth_fixed(jnp.asarray(position), jnp.asarray(days)))
    error = np.linalg.norm(got - expected, axis=1) / np.linalg.norm(position, axis=1)
    assert np.degrees(error).max() < 0.015


def test_derivatives():
    """A day turns it by 360.9856 degrees: the rate of the longitude; forward and reverse."""
    position = jnp.asarray([[7e6, 0.0, 1e6]])

    def longitude(days):
        x, y, _ = earth_fixed(position, days)[0]
        return jnp.arctan2(y, x)

    days = jnp.asarray([8000.0])
    for derivative in (jax.grad(longitude)(days)[0], jax.jvp(longitude, (days,), (jnp.ones(1),))[1]):
        # The position is fixed among the stars: it goes west. Precession changes the rate by 1e-7.
        assert float(derivative) == pytest.approx(-np.radians(360.98564736629), rel=1e-6)
    turned = jax.jacobian(lambda x: earth_fixed(x[None], days)[0])(position[0])
    np.testing.assert_allclose(turned @ turned.T, np.eye(3), atol=1e-12)
