"""Solar modulation from the counts of a neutron monitor."""

import jax.numpy as jnp
import pytest

from caloris_kernels.particle.solar_modulation import known_months, modulation_of_count_rate, monthly_modulation


def test_formula():
    """W = 0 at 6868 counts and 200 at 4717, the ends of the galactic model's range."""
    assert modulation_of_count_rate(jnp.asarray([6867.74, 4717.2])) == pytest.approx([0.0, 200.0], abs=0.01)


def test_months_of_the_solar_cycle():
    """The deepest minimum, December 2009; the decreases of June 1991; the minimum of 1996-97; never out of range."""
    assert monthly_modulation(2009, 12) == pytest.approx(638.7 - 0.093 * 6844, abs=1e-9)
    assert monthly_modulation(1991, 6) > 180.0
    assert 20.0 < monthly_modulation(1997, 3) < 40.0
    (first, _), (last, _) = known_months()
    values = [monthly_modulation(year, month) for year in range(first + 1, last) for month in range(1, 13)]
    assert len(values) == 56 * 12 and 0.0 < min(values) and max(values) < 200.0


def test_outside():
    assert known_months() == ((1964, 4), (2021, 1))
    with pytest.raises(ValueError, match="1964-04 to 2021-01, not for 2026-05"):
        monthly_modulation(2026, 5)
