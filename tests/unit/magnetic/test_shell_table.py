"""The table of drift shells: interpolation on a dipole's own values, and IGRF's against field lines (slow)."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.magnetic import shell_table
from caloris_kernels.magnetic.drift_shell import drift_shell
from caloris_kernels.magnetic.field import (
    REFERENCE_RADIUS,
    FieldCoefficients,
    days_of_year,
    dipole_moment,
    field_coefficients,
)
from caloris_kernels.magnetic.shell_table import (
    DriftShellTable,
    look_up_drift_shell,
    table_positions,
    tabulate_drift_shells,
)

_look_up = jax.jit(look_up_drift_shell)


def _positions(points: int, lowest: float, highest: float) -> np.ndarray:
    random = np.random.default_rng(points)
    direction = random.normal(size=(points, 3))
    radius = REFERENCE_RADIUS + np.exp(random.uniform(np.log(lowest), np.log(highest), points))
    return radius[:, None] * direction / np.linalg.norm(direction, axis=1)[:, None]


def _latitude_sine(position: np.ndarray, dipole: np.ndarray) -> np.ndarray:
    return position @ dipole / np.linalg.norm(dipole) / np.linalg.norm(position, axis=1)


@pytest.fixture(scope="module")
def tilted() -> DriftShellTable:
    """The exact 1/L of a dipole tilted by 11 degrees, q = 1."""
    cosine, sine = np.zeros((14, 14)), np.zeros((14, 14))
    cosine[1, 0], cosine[1, 1], sine[1, 1] = -3e-5, -2e-6, 5e-6
    coefficients = FieldCoefficients(jnp.asarray(cosine), jnp.asarray(sine))
    place = table_positions()
    inverse = (1.0 - _latitude_sine(place, np.array([-2e-6, 5e-6, -3e-5])) ** 2) * REFERENCE_RADIUS
    inverse = inverse / np.linalg.norm(place, axis=1)
    values = jnp.asarray(np.stack([inverse, np.ones_like(inverse)]).reshape(2, 61, 60, 22))
    return DriftShellTable(shell_table._rows(values), coefficients, dipole_moment(coefficients))


def test_interpolation_everywhere(tilted):
    """1/L of a dipole is a/r (1 - s^2), a product of sines: Catmull-Rom on steps of 6 degrees is good to 2e-4 of a/r.

    Across the poles and the meridian of Greenwich as elsewhere. The bound: h^3/24 times the third derivative, 4, at
    h = 0.105.
    """
    special = np.array([[1e3, 0, 7e6], [-1e3, 10, 7e6], [1, 2, -8e6], [7e6, -1e-3, 1e6], [7e6, 1e-3, 1e6], [0, 0, 9e6]])
    position = np.concatenate([_positions(2000, 150e3, 30000e3), special])
    shell = _look_up(tilted, jnp.asarray(position))
    radius = np.linalg.norm(position, axis=1) / REFERENCE_RADIUS
    expected = (1.0 - _latitude_sine(position, np.array([-2e-6, 5e-6, -3e-5])) ** 2) / radius
    error = np.abs(1.0 / np.asarray(shell.mcilwain) - np.maximum(expected, 0.01)) * radius
    assert error.max() < 2e-4
    # B/B0 of a dipole from L alone, away from the poles: three times the relative error of L.
    low = expected * radius > 0.3
    sine_squared = 1.0 - (expected * radius)[low]
    ratio = np.sqrt(1.0 + 3.0 * sine_squared) / (1.0 - sine_squared) ** 3
    assert np.abs(np.asarray(shell.strength_ratio)[low] / ratio - 1.0).max() < 3.0 * 2e-4 / 0.3


def test_derivatives(tilted):
    """Forward and reverse against differences inside a cell (truncation 1e-7); finite on the axis."""
    position = jnp.asarray([[5e6, 4e6, 3e6], [-6e6, 1e6, -4e6]])

    def total(position):
        shell = _look_up(tilted, position)
        return jnp.sum((shell.mcilwain + jnp.log(shell.strength_ratio)) * jnp.array([1.0, 3.0]))

    direction = jnp.asarray(np.random.default_rng(6).normal(size=(2, 3)))
    reverse = jax.grad(total)(position)
    difference = float(total(position + 50.0 * direction) - total(position - 50.0 * direction)) / 100.0
    assert float(jnp.sum(reverse * direction)) == pytest.approx(difference, rel=1e-6)
    forward = jax.jvp(total, (position,), (direction,))[1]
    assert float(forward) == pytest.approx(float(jnp.sum(reverse * direction)), rel=1e-10)
    assert np.isfinite(jax.grad(total)(jnp.asarray([[0.0, 0.0, 7e6], [0.0, 0.0, -7e6]]))).all()


@pytest.mark.slow
def test_igrf_table_against_field_lines():
    """95 of 100 points below 2000 km with L < 4: L within 1e-4, B/B0 within 4e-4, twice what was measured."""
    coefficients = field_coefficients(days_of_year(jnp.asarray(1980.0)))
    table = jax.jit(tabulate_drift_shells)(coefficients)
    position = jnp.asarray(_positions(1000, 300e3, 2000e3))
    exact, fast = jax.jit(drift_shell)(coefficients, position), _look_up(table, position)
    inner = np.asarray(exact.mcilwain) < 4.0
    assert inner.sum() > 500
    for got, expected, bound in zip(fast, exact, (1e-4, 4e-4), strict=True):
        error = np.abs(np.asarray(got)[inner] / np.asarray(expected)[inner] - 1.0)
        assert np.quantile(error, 0.95) < bound
