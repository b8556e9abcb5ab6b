"""The geomagnetic field against ppigrf, against what any field without sources must do, and its derivatives."""

import datetime
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.magnetic.field import (
    REFERENCE_RADIUS,
    FieldCoefficients,
    days_of_year,
    dipole_moment,
    field_coefficients,
    magnetic_field,
)

FROZEN = Path(__file__).parent / "igrf_reference.csv"
EPOCHS = (datetime.datetime(1964, 7, 1), datetime.datetime(1980, 1, 1), datetime.datetime(2015, 3, 9, 6))
EPOCHS = (*EPOCHS, datetime.datetime(2027, 10, 5, 12))
_field_at = jax.jit(lambda days, position: magnetic_field(field_coefficients(days), position))


def _days(epoch: datetime.datetime) -> float:
    return (epoch - datetime.datetime(2000, 1, 1, 12)) / datetime.timedelta(days=1)


def _difference(days, position, expected):
    """Largest |B - expected| / |expected|."""
    field = np.asarray(_field_at(jnp.asarray(days), jnp.asarray(position)))
    return np.max(np.linalg.norm(field - expected, axis=1) / np.linalg.norm(expected, axis=1))


def test_against_frozen_values_of_ppigrf():
    """40 points at four epochs, printed to twelve digits."""
    rows = np.loadtxt(FROZEN, delimiter=",", skiprows=2)
    assert len(np.unique(rows[:, 0])) == 4
    for days in np.unique(rows[:, 0]):
        here = rows[rows[:, 0] == days]
        assert _difference(days, here[:, 1:4], here[:, 4:] * 1e-9) < 1e-8


@pytest.mark.parametrize("epoch", EPOCHS)
def test_against_ppigrf(epoch):
    ppigrf = pytest.importorskip("ppigrf")
    random = np.random.default_rng(7)
    radius = 6371.2 * np.exp(random.uniform(0.0, np.log(8.0), 1000))
    colatitude, longitude = np.degrees(np.arccos(random.uniform(-1, 1, 1000))), random.uniform(0.0, 360.0, 1000)
    outward, south, east = (part.ravel() for part in ppigrf.igrf_gc(radius, colatitude, longitude, epoch))
    t, p = np.radians(colatitude), np.radians(longitude)
    up = np.stack([np.sin(t) * np.cos(p), np.sin(t) * np.sin(p), np.cos(t)], axis=1)
    to_south = np.stack([np.cos(t) * np.cos(p), np.cos(t) * np.sin(p), -np.sin(t)], axis=1)
    to_east = np.stack([-np.sin(p), np.cos(p), 0 * p], axis=1)
    expected = 1e-9 * (outward[:, None] * up + south[:, None] * to_south + east[:, None] * to_east)
    # The bound of the acceptance; both are double precision, and ppigrf computes in degrees of colatitude.
    assert _difference(_days(epoch), 1e3 * radius[:, None] * up, expected) < 1e-8


def test_points_in_chunks_are_points_alone():
    coefficients = field_coefficients(jnp.asarray(0.0))
    position = jnp.asarray(np.random.default_rng(1).normal(size=(1100, 3)) * 7e6)
    together = np.asarray(magnetic_field(coefficients, position))
    assert np.isfinite(together).all()
    some = np.asarray(magnetic_field(coefficients, position[1000:1040]))
    np.testing.assert_allclose(together[1000:1040], some, rtol=1e-12)


@pytest.mark.parametrize("direction", [[0.0, 0.0, 1.0], [0.0, 0.0, -1.0], [1.0, 0.0, 0.0], [0.3, -0.5, 0.4]])
def test_no_sources_outside_the_earth(direction):
    """Divergence and curl vanish, at the poles too: rounding of sums of 195 terms."""
    coefficients = field_coefficients(jnp.asarray(9000.0))
    gradient = jax.jacfwd(lambda x: magnetic_field(coefficients, x[None])[0])(7e6 * jnp.asarray(direction))
    largest = float(jnp.abs(gradient).max())
    assert abs(float(jnp.trace(gradient))) < 1e-12 * largest
    assert float(jnp.abs(gradient - gradient.T).max()) < 1e-12 * largest


def test_dipole_alone():
    """B = M (a/r)^3 (3 (m.r) r - m), m the dipole's direction: exact."""
    cosine, sine = np.zeros((14, 14)), np.zeros((14, 14))
    cosine[1, 0], cosine[1, 1], sine[1, 1] = -3e-5, -2e-6, 5e-6
    coefficients = FieldCoefficients(jnp.asarray(cosine), jnp.asarray(sine))
    dipole = np.array([-2e-6, 5e-6, -3e-5])
    position = np.random.default_rng(2).normal(size=(20, 3)) * 1e7
    unit = position / np.linalg.norm(position, axis=1)[:, None]
    expected = (REFERENCE_RADIUS / np.linalg.norm(position, axis=1)[:, None]) ** 3 * (
        3.0 * (unit @ dipole)[:, None] * unit - dipole
    )
    np.testing.assert_allclose(magnetic_field(coefficients, jnp.asarray(position)), expected, rtol=1e-12, atol=1e-20)
    assert float(dipole_moment(coefficients)) == pytest.approx(np.linalg.norm(dipole), rel=1e-14)


@pytest.mark.parametrize("year", [1900.0, 1964.0, 1980.0, 2000.0, 2024.0, 2030.0])
def test_days_of_year(year):
    start, end = datetime.datetime(int(year), 1, 1), datetime.datetime(int(year) + 1, 1, 1)
    assert float(days_of_year(jnp.asarray(year))) == _days(start)
    assert float(days_of_year(jnp.asarray(year + 0.25))) == pytest.approx(_days(start) + (end - start).days / 4)
    assert float(jax.grad(days_of_year)(jnp.asarray(year + 0.3))) == (end - start).days


def test_published_moments():
    """Dipole moments of 1965 and 2020 from the printed g_10, g_11, h_11 (nT)."""
    for year, printed in ((1965.0, (-30334.0, -2119.0, 5776.0)), (2020.0, (-29403.41, -1451.37, 4653.35))):
        moment = dipole_moment(field_coefficients(days_of_year(jnp.asarray(year))))
        assert float(moment) == pytest.approx(1e-9 * np.linalg.norm(printed), rel=1e-12)


def test_derivatives():
    """In position and epoch, forward and reverse, against central differences (truncation 1e-9, rounding 1e-10)."""
    position = jnp.asarray([[4e6, -5e6, 3e6], [1e6, 2e6, 9e6]])

    def strength(position, days):
        return jnp.sum(jnp.linalg.norm(_field_at(days, position), axis=1) * jnp.array([1.0, 2.0]))

    days = jnp.asarray(3000.0)
    random = np.random.default_rng(3)
    direction, step = jnp.asarray(random.normal(size=(2, 3))), 3e2
    moved = [strength(position + s * step * direction, days) for s in (1, -1)]
    difference = float(moved[0] - moved[1]) / (2.0 * step)
    reverse = jax.grad(strength, argnums=(0, 1))(position, days)
    assert float(jnp.sum(reverse[0] * direction)) == pytest.approx(difference, rel=1e-7)
    forward = jax.jvp(lambda x: strength(x, days), (position,), (direction,))[1]
    assert float(forward) == pytest.approx(difference, rel=1e-7)
    change = float(strength(position, days + 100.0) - strength(position, days - 100.0)) / 200.0
    assert change != 0.0 and float(reverse[1]) == pytest.approx(change, rel=1e-6)
