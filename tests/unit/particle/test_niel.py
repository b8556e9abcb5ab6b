"""NIEL, its dose and the cells' power: figures of other authors, closed forms, derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.particle.niel import (
    NEUTRON_NIEL,
    displacement_dose,
    electron_niel,
    equivalent_neutrons,
    proton_niel,
    remaining_power,
)


def test_the_neutron_of_1_mev():
    # 95 MeV mb a nucleus of silicon (ASTM E722) is 2.04e-3 MeV cm2/g; three digits.
    np.testing.assert_allclose(NEUTRON_NIEL, 2.04e-3, rtol=2e-3)
    np.testing.assert_allclose(equivalent_neutrons(jnp.asarray(2.04e6)), 1e9, rtol=2e-3)


@pytest.mark.parametrize(
    ("value", "other", "bound"),
    [
        # Summers and others (1993) over 95 MeV mb, as Vasilescu and Lindstroem compiled it: electrons in silicon.
        (lambda: electron_niel(jnp.asarray(1.0), "Si"), 1.543e-2 * 2.0370e-3, 0.12),
        (lambda: electron_niel(jnp.asarray(10.0), "Si"), 5.160e-2 * 2.0370e-3, 0.15),
        # NRL's SCREAM for protons in gallium arsenide.
        (lambda: proton_niel(jnp.asarray(1.0), "GaAs"), 5.33e-2, 0.08),
        (lambda: proton_niel(jnp.asarray(10.0), "GaAs"), 7.42e-3, 0.08),
        (lambda: proton_niel(jnp.asarray(100.0), "GaAs"), 3.60e-3, 0.02),
        # Jun and others (2003), protons of 10 MeV in silicon: authors differ by a fifth.
        (lambda: proton_niel(jnp.asarray(10.0), "Si"), 7.9e-3, 0.20),
    ],
)
def test_other_authors_agree_as_far_as_the_docstring_says(value, other, bound):
    assert abs(float(value()) / other - 1.0) < bound


def test_dose_of_a_power_law_is_the_integral():
    energy = jnp.asarray(np.geomspace(1.0, 100.0, 201))
    found = displacement_dose(energy, energy**-2, energy**-1)
    # 4 pi 1e-4 int E^-3 dE; the trapezoidal rule on this grid is good to (2 h)^2 / 12 with h = 0.023.
    np.testing.assert_allclose(found, 4e-4 * np.pi * 0.5 * (1.0 - 1e-4), rtol=3e-4)


def test_remaining_power():
    assert float(remaining_power(jnp.asarray(0.0), jnp.asarray(0.2), jnp.asarray(1e9))) == 1.0
    np.testing.assert_allclose(remaining_power(jnp.asarray(9e9), jnp.asarray(0.2), jnp.asarray(1e9)), 0.8, rtol=1e-14)
    assert float(remaining_power(jnp.asarray(1e99), jnp.asarray(0.2), jnp.asarray(1e9))) == 0.0
    slope = jax.grad(remaining_power)(jnp.asarray(1e9), jnp.asarray(0.2), jnp.asarray(1e9))
    np.testing.assert_allclose(slope, -0.2 / np.log(10.0) / 2e9, rtol=1e-12)


def test_electrons_below_the_threshold_do_no_damage():
    energy = jnp.asarray([0.0, 0.1, 0.2])
    for material in ("Si", "GaAs"):
        assert np.all(np.asarray(electron_niel(energy, material)) == 0.0)
