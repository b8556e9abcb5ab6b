"""McIlwain's L and B/B0: a dipole, a high-order reference, NASA's code, derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.magnetic.drift_shell import LARGEST_SHELL, DriftShell, drift_shell, shell_parameter
from caloris_kernels.magnetic.field import (
    REFERENCE_RADIUS,
    FieldCoefficients,
    days_of_year,
    dipole_moment,
    field_coefficients,
)
from caloris_validation.field_line_reference import reference_shells

_shells = jax.jit(drift_shell, static_argnames="steps")


def random_positions(seed: int, points: int, lowest: float = 300e3, highest: float = 2000e3) -> np.ndarray:
    """Places all over the sphere between two altitudes (m)."""
    random = np.random.default_rng(seed)
    direction = random.normal(size=(points, 3))
    radius = REFERENCE_RADIUS + np.exp(random.uniform(np.log(lowest), np.log(highest), points))
    return radius[:, None] * direction / np.linalg.norm(direction, axis=1)[:, None]


def _dipole() -> FieldCoefficients:
    cosine = np.zeros((14, 14))
    cosine[1, 0] = -3e-5
    return FieldCoefficients(jnp.asarray(cosine), jnp.zeros((14, 14)))


def test_dipole_has_its_own_shells():
    """L = r / cos^2(latitude), B/B0 = sqrt(1 + 3 sin^2) / cos^6. Hilton's fit is good to 1e-4, B/B0 is exact."""
    latitude = np.radians([0.0, 0.5, 10.0, 35.0, 50.0, 60.0])
    distance = np.array([1.1, 1.5, 2.0, 1.1, 1.2, 1.05])
    position = REFERENCE_RADIUS * distance[:, None] * np.stack([np.cos(latitude), 0 * latitude, np.sin(latitude)], 1)
    shell = _shells(_dipole(), jnp.asarray(position))
    np.testing.assert_allclose(shell.mcilwain, distance / np.cos(latitude) ** 2, rtol=1.2e-4)
    expected = np.sqrt(1.0 + 3.0 * np.sin(latitude) ** 2) / np.cos(latitude) ** 6
    np.testing.assert_allclose(shell.strength_ratio, expected, rtol=1e-6)


@pytest.mark.parametrize(("year", "highest"), [(1980.0, 2000e3), (2020.0, 36000e3)])
def test_against_high_order_integration(year, highest):
    """95 of 100 points within 1e-4 in L and B/B0 where L < 15; what is left is the length of a step."""
    coefficients = field_coefficients(days_of_year(jnp.asarray(year)))
    position = random_positions(int(year), 60, highest=highest)
    expected = reference_shells(coefficients, position)
    shell = _shells(coefficients, jnp.asarray(position))
    compared = expected[0] < 15.0
    assert compared.sum() > 40
    for got, reference in zip(shell, expected, strict=True):
        error = np.abs(np.asarray(got)[compared] / reference[compared] - 1.0)
        assert np.quantile(error, 0.95) < 1e-4
        assert error.max() < 1e-3


def test_more_steps_converge():
    """40 steps against 120, by the method's order (4) a hundredth of the error: 5e-6 for 95 of 100 with L < 4."""
    coefficients = field_coefficients(days_of_year(jnp.asarray(1980.0)))
    position = jnp.asarray(random_positions(5, 200))
    coarse, fine = _shells(coefficients, position), _shells(coefficients, position, steps=120)
    inner = np.asarray(fine.mcilwain) < 4.0
    error = np.abs(np.asarray(coarse.mcilwain) / np.asarray(fine.mcilwain) - 1.0)[inner]
    assert np.quantile(error, 0.95) < 1e-5
    assert np.quantile(error, 0.95) > 1e-8


def test_nothing_is_undefined():
    """Poles, the magnetic equator, the South Atlantic, geostationary, far out: finite, in range, with derivatives."""
    place = [
        [0, 0, 7e6],
        [0, 0, -7e6],
        [7e6, 0, 0],
        [42164e3, 0, 0],
        [4.6e6, -5e6, -2.5e6],
        [0, 3e8, 1e7],
        [1, 1, 6.5e6],
    ]
    position = jnp.asarray(np.array(place, float))
    coefficients = field_coefficients(days_of_year(jnp.asarray(2020.0)))
    shell = _shells(coefficients, position)
    assert np.isfinite(shell.mcilwain).all() and np.isfinite(shell.strength_ratio).all()
    assert (np.asarray(shell.mcilwain) <= LARGEST_SHELL).all() and (np.asarray(shell.strength_ratio) >= 1.0).all()
    gradient = jax.grad(lambda x: sum(jnp.sum(part) for part in drift_shell(coefficients, x)))(position)
    assert np.isfinite(gradient).all()
    # Geostationary at longitude 0: the dipole's equator is some 10 degrees away.
    assert 6.5 < float(shell.mcilwain[3]) < 7.2


def test_chunks_and_the_moment():
    coefficients = field_coefficients(days_of_year(jnp.asarray(1980.0)))
    position = jnp.asarray(random_positions(9, 600))
    together, some = _shells(coefficients, position), _shells(coefficients, position[520:530])
    np.testing.assert_allclose(together.mcilwain[520:530], some.mcilwain, rtol=1e-12)
    # The moment enters Hilton's formula alone: a larger one, other invariants equal, moves the shell out.
    moment = dipole_moment(coefficients)
    larger = _shells(coefficients, position[520:530], 1.02 * moment)
    assert (np.asarray(larger.mcilwain) > np.asarray(some.mcilwain)).all()
    at_equator = shell_parameter(jnp.zeros(1), jnp.asarray([3e-5]), jnp.asarray(24e-5))
    assert float(at_equator[0]) == pytest.approx(2.0, rel=1e-14)


def _total(coefficients: FieldCoefficients, position, moment):
    shell: DriftShell = _shells(coefficients, position, moment)
    weight = jnp.linspace(1.0, 2.0, position.shape[0])
    return jnp.sum(weight * (shell.mcilwain + 0.3 * jnp.log(shell.strength_ratio)))


def test_derivatives():
    """In position, moment and epoch, forward and reverse, against central differences: 1e-5, the step length's error.

    The length of a step changes with the position, its derivative does not: that is an error of the method's order.
    """
    place = [[6e6, 3e6, 2e6], [-2e6, 6.5e6, -2e6], [3e6, -5e6, -4e6], [1.5e7, 2e6, 1e6]]
    position, days = jnp.asarray(np.array(place)), days_of_year(jnp.asarray(1987.3))
    coefficients = field_coefficients(days)
    moment = dipole_moment(coefficients)
    value = jax.jit(_total)
    direction = jnp.asarray(np.random.default_rng(4).normal(size=position.shape))
    reverse = jax.jit(jax.grad(_total, argnums=(0, 1, 2)))(coefficients, position, moment)
    forward = jax.jit(lambda t: jax.jvp(lambda x: _total(coefficients, x, moment), (position,), (t,))[1])(direction)
    step = 100.0
    difference = float(
        value(coefficients, position + step * direction, moment)
        - value(coefficients, position - step * direction, moment)
    ) / (2.0 * step)
    assert float(jnp.sum(reverse[1] * direction)) == pytest.approx(difference, rel=1e-5)
    assert float(forward) == pytest.approx(float(jnp.sum(reverse[1] * direction)), rel=1e-10)
    by_moment = float(value(coefficients, position, moment * 1.0001) - value(coefficients, position, moment * 0.9999))
    assert float(reverse[2]) == pytest.approx(by_moment / (2e-4 * float(moment)), rel=1e-6)

    def of_days(days):
        return _total(field_coefficients(days), position, moment)

    slope = float(jax.jit(jax.grad(of_days))(days))
    change = float(of_days(days + 30.0) - of_days(days - 30.0)) / 60.0
    assert change != 0.0 and slope == pytest.approx(change, rel=1e-5)
    ahead = jax.jvp(of_days, (days,), (jnp.ones_like(days),))[1]
    assert float(ahead) == pytest.approx(slope, rel=1e-9)
