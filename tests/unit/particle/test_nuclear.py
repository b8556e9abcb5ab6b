"""Cross-sections of nuclear collisions against published ones."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.particle.elements import ELEMENT_NAMES
from caloris_kernels.particle.galactic import ATOMIC_NUMBER, MASS_NUMBER
from caloris_kernels.particle.nuclear import (
    attenuation,
    attenuation_table,
    letaw_cross_section,
    sihver_cross_section,
    tripathi_cross_section,
)

tripathi = jax.jit(tripathi_cross_section)
Z, A = jnp.asarray(ATOMIC_NUMBER, dtype=float), jnp.asarray(MASS_NUMBER)
ALUMINUM = jnp.array([1.0 if name == "Al" else 0.0 for name in ELEMENT_NAMES])
POLYETHYLENE = jnp.array([{"H": 0.143711, "C": 0.856289}.get(name, 0.0) for name in ELEMENT_NAMES])

IRON_ON_ALUMINUM = tuple(jnp.asarray(x) for x in (56.0, 26.0, 27.0, 13.0))

# Energy (MeV/u), A and Z of projectile and target, measured (mb) and its error: Kox and others, Phys. Rev. C 35, 1678
# (1987), doi 10.1103/PhysRevC.35.1678; at 870 MeV/u Jaros and others, Phys. Rev. C 18, 2273 (1978),
# doi 10.1103/PhysRevC.18.2273.
MEASURED = (
    (30.0, 12, 6, 12, 6, 1315.0, 40.0),
    (83.0, 12, 6, 12, 6, 965.0, 30.0),
    (200.0, 12, 6, 12, 6, 864.0, 45.0),
    (300.0, 12, 6, 12, 6, 858.0, 60.0),
    (870.0, 12, 6, 12, 6, 939.0, 49.0),
    (30.0, 12, 6, 27, 13, 1748.0, 85.0),
    (83.0, 12, 6, 27, 13, 1397.0, 40.0),
    (200.0, 12, 6, 27, 13, 1270.0, 70.0),
    (300.0, 12, 6, 27, 13, 1220.0, 85.0),
    (870.0, 4, 2, 12, 6, 527.0, 26.0),
    (870.0, 4, 2, 4, 2, 276.0, 15.0),
)
# Protons: MeV, A, Z, mb. V. S. Barashenkov, Interaction Cross-Sections of Particles and Nuclei (JINR, Dubna, 1993).
PROTONS = (
    (100.0, 27, 13, 408.0),
    (200.0, 27, 13, 404.0),
    (400.0, 27, 13, 408.0),
    (1000.0, 27, 13, 456.0),
    (10000.0, 27, 13, 448.0),
    (200.0, 55.845, 26, 690.0),
    (1000.0, 63.546, 29, 848.0),
)


@pytest.mark.parametrize("energy,ap,zp,at,zt,value,error", MEASURED)
def test_ions_against_measured_cross_sections(energy, ap, zp, at, zt, value, error):
    got = float(tripathi(*(jnp.asarray(float(x)) for x in (energy, ap, zp, at, zt))))
    # Three parts in a hundred for the formula, beside the measurement's standard error.
    assert got == pytest.approx(value, abs=0.03 * value + error)
    mirrored = float(tripathi(*(jnp.asarray(float(x)) for x in (energy, at, zt, ap, zp))))
    # Which nucleus moves is of no account at the same speed: rounding only.
    assert mirrored == pytest.approx(got, rel=1e-12)


@pytest.mark.parametrize("energy,a,z,value", PROTONS)
def test_protons_against_evaluated_cross_sections(energy, a, z, value):
    got = float(letaw_cross_section(jnp.asarray(energy), jnp.asarray(float(a))))
    # Letaw's formula: 5 % of its own data; the evaluation 5 %.
    assert got == pytest.approx(value, rel=0.07)
    assert float(tripathi(*(jnp.asarray(float(x)) for x in (energy, 1, 1, a, z)))) == pytest.approx(value, rel=0.13)


def test_energy_independent_formula_is_near_the_universal_one():
    # Iron on aluminum from 300 MeV/u to 10 GeV/u, where both claim a few percent.
    energy = jnp.geomspace(300.0, 1e4, 10)
    ratio = tripathi(energy, *IRON_ON_ALUMINUM) / sihver_cross_section(jnp.asarray(56.0), jnp.asarray(27.0))
    assert np.asarray(ratio) == pytest.approx(1.0, abs=0.08)


@pytest.mark.parametrize("model", ["geometric", "tripathi"])
@pytest.mark.parametrize("material", [ALUMINUM, POLYETHYLENE])
def test_table_equals_single_energies(model, material):
    energy = jnp.geomspace(1e-3, 10.0**5.3, 416)
    table = jax.jit(attenuation_table, static_argnums=4)(energy, Z, A, material, model)
    chosen = np.array([0, 17, 110, 203, 251, 300, 415])
    single = jax.jit(attenuation, static_argnums=4)(jnp.broadcast_to(energy[chosen], (28, 7)), Z, A, material, model)
    assert (np.asarray(table) >= 0.0).all()
    # "tripathi": linear between every fourth energy; near the barrier (below 10 MeV/u) it is steep and does not matter.
    fast = np.asarray(energy[chosen]) > 10.0
    assert np.asarray(table)[:, chosen[fast]] == pytest.approx(np.asarray(single)[:, fast], rel=5e-3)


def test_mean_free_paths_in_aluminum():
    # High-energy protons: 107.2 g/cm2 (Review of Particle Physics, nuclear interaction length of aluminum). Iron: from
    # a charge-changing cross-section of iron on aluminum of 2.0 b at 1 GeV/u plus 5 to 10 % that leave the charge,
    # 26.98 / (0.6022 x 2.2) = 20 g/cm2.
    inverse = np.asarray(attenuation_table(jnp.asarray([1000.0, 1e4]), Z, A, ALUMINUM))
    assert 1.0 / inverse[0, 1] == pytest.approx(107.2, rel=0.08)
    assert 1.0 / inverse[25, 0] == pytest.approx(20.0, rel=0.08)


def test_hydrogen_stops_ions_per_gram_best():
    # The reason for polyethylene: per gram it breaks more iron than aluminum does.
    energy = jnp.asarray([1000.0, 2000.0])
    polyethylene, aluminum = (attenuation_table(energy, Z, A, material)[25, 0] for material in (POLYETHYLENE, ALUMINUM))
    # Per gram: 0.7 b of a proton on iron on 0.143 mol of hydrogen, 1.8 b on 0.071 mol of carbon; 2.2 b on 0.037 mol.
    assert float(polyethylene / aluminum) == pytest.approx((0.7 * 0.1426 + 1.76 * 0.0713) / (2.23 * 0.03706), rel=0.05)
    assert float(attenuation_table(energy, Z, A, jnp.eye(len(ELEMENT_NAMES))[0])[0, 0]) == 0.0


def test_unknown_model_is_refused():
    with pytest.raises(ValueError, match="geometric, tripathi"):
        attenuation_table(jnp.ones(2), Z, A, ALUMINUM, "other")  # pyright: ignore[reportArgumentType]


def test_derivatives_are_finite_at_all_energies():
    slope = jax.jit(jax.vmap(jax.grad(lambda e: tripathi_cross_section(e, *IRON_ON_ALUMINUM))))
    assert np.isfinite(np.asarray(slope(jnp.geomspace(1e-3, 1e5, 100)))).all()
