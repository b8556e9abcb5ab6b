import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.particle.elements import ELEMENT_NAMES, SILICON
from caloris_kernels.particle.stopping_power import ion_stopping_power, proton_stopping_power

ALUMINUM = jnp.array([1.0 if name == "Al" else 0.0 for name in ELEMENT_NAMES])
proton = jax.jit(proton_stopping_power)


def test_low_energy_silicon_equals_the_table():
    # NIST PSTAR prints four digits; below 0.5 MeV it is the same ICRU 49 fit: half a unit of the last digit.
    value = proton(jnp.array([0.01, 0.1]), jnp.asarray(SILICON))
    assert value == pytest.approx([332.0, 504.4], rel=3e-4)


@pytest.mark.parametrize("energy", [2.0, 0.01007])
def test_branches_join_continuously(energy):
    # 2 MeV: fit and Bethe formula; 10.07 keV is 10 keV/u, where the velocity-proportional law begins.
    # Both branches have logarithmic slopes below 1, so a step of 1e-9 moves them by less than 2e-9.
    ends = proton(jnp.array([energy * (1 - 1e-9), energy * (1 + 1e-9)]), ALUMINUM)
    assert float(ends[1] / ends[0]) == pytest.approx(1.0, abs=5e-9)


def test_elements_add_by_mass_fraction():
    energy = jnp.array([0.3, 5.0, 300.0])
    mixture = proton(energy, 0.25 * ALUMINUM + 0.75 * jnp.asarray(SILICON))
    # Bragg's rule is linear: rounding only.
    expected = 0.25 * proton(energy, ALUMINUM) + 0.75 * proton(energy, jnp.asarray(SILICON))
    assert mixture == pytest.approx(np.asarray(expected), rel=1e-14)


def test_minimum_ionization_and_relativistic_rise():
    energy = jnp.geomspace(10.0, 1e5, 400)
    stopping = np.asarray(proton(energy, jnp.asarray(SILICON)))
    lowest = stopping.argmin()
    # Minimum ionization in silicon: 1.664 MeV cm2/g at beta gamma 3.5, that is 2.4 GeV (Review of Particle
    # Physics, atomic and nuclear properties of silicon); 0.5 % is the accuracy of the density effect's fit.
    assert stopping[lowest] == pytest.approx(1.664, rel=5e-3)
    assert 1500.0 < energy[lowest] < 4000.0
    assert stopping[-1] > 1.1 * stopping[lowest]


def test_fully_stripped_ions_scale_with_the_square_of_the_charge():
    energy = jnp.full((2, 1), 5000.0)
    stopping = jax.jit(ion_stopping_power)(energy, jnp.array([2.0, 26.0]), jnp.asarray(SILICON))
    protons = proton(energy[0] * 938.27208816 / 931.49410242, jnp.asarray(SILICON))
    # At 5 GeV/u exp(-125 beta Z^(-2/3)) is below 1e-6 for iron.
    assert np.asarray(stopping[:, 0] / protons) == pytest.approx([4.0, 676.0], rel=3e-6)


def test_derivative_is_finite_at_all_energies():
    energy = jnp.geomspace(1e-4, 1e6, 200)
    slope = jax.jit(jax.vmap(jax.grad(lambda e: proton_stopping_power(e[None], ALUMINUM)[0])))(energy)
    assert np.isfinite(np.asarray(slope)).all()
