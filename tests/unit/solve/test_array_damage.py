"""Displacement damage of solar arrays: by hand from the flux, by life, its derivative, the material of the damage."""

import jax
import jax.numpy as jnp
import numpy as np

import caloris
from caloris.model.dose import CellDamage, DosePoint
from caloris.model.particles import ParticleEnvironment
from caloris.model.shield import SectorShield, ShieldLayer
from caloris_kernels.particle.cells import DamageMaterial
from caloris_kernels.particle.niel import proton_niel

ENERGY = np.geomspace(0.1, 500.0, 200)
FLUX = 1e4 * ENERGY * np.exp(-ENERGY / 20.0)
PARTICLES = ParticleEnvironment.from_spectrum([1], ENERGY, FLUX[None])
BARE = SectorShield.sphere([ShieldLayer.of("Al", {"Al": 1.0}, 0.0)])


def cell(material: DamageMaterial = "GaAs", **keys) -> CellDamage:
    return CellDamage(DosePoint(BARE, 5.0, damage=material), 0.28, 1e9, **keys)


def by_hand(material: DamageMaterial) -> float:
    """4 pi 1e-4 int NIEL j dE over five years, on a fine grid (MeV/g)."""
    at = np.geomspace(0.1, 500.0, 20001)
    niel = np.asarray(proton_niel(jnp.asarray(at), material))
    value = niel * 1e4 * at * np.exp(-at / 20.0)
    return float(4e-4 * np.pi * np.trapezoid(value, at) * 5 * 365.25 * 86400.0)


def test_bare_cells_by_hand():
    materials: tuple[DamageMaterial, ...] = ("GaAs", "Si")
    for material in materials:
        found = caloris.array_damage((cell(material),), 2, PARTICLES)
        damage = by_hand(material)
        # 50 energies a decade, and a spectrum of power laws between its 54 a decade: 1e-3 of the integral.
        np.testing.assert_allclose(found.damage, [damage, 0.0], rtol=2e-3)
        left = 1 - 0.28 * np.log10(1 + float(found.damage[0]) / 1e9)
        np.testing.assert_allclose(found.remaining, [left, 1.0], rtol=1e-12)


def test_the_material_of_the_damage_is_not_that_of_the_dose():
    silicon = caloris.dose(DosePoint(BARE, 5.0), PARTICLES)
    gallium = caloris.dose(DosePoint(BARE, 5.0, damage="GaAs"), PARTICLES)
    assert (silicon.damage_material, gallium.damage_material) == ("Si", "GaAs")
    assert float(silicon.total) == float(gallium.total)
    np.testing.assert_allclose(gallium.damage / silicon.damage, by_hand("GaAs") / by_hand("Si"), rtol=0.01)
    assert caloris.dose(DosePoint(BARE, 5.0, target="GaAs"), PARTICLES).damage_material == "GaAs"


def test_life_is_the_part_of_the_damage():
    half, whole = (caloris.array_damage((cell(life=life),), 1, PARTICLES) for life in (0.5, 1.0))
    np.testing.assert_allclose(half.damage, 0.5 * whole.damage, rtol=1e-13)
    assert float(caloris.array_damage((cell(life=0.0),), 1, PARTICLES).remaining[0]) == 1.0


def test_derivative_by_the_coverglass():
    def left(thickness):
        glass = SectorShield.sphere([ShieldLayer.of("fused silica", None, thickness)])
        point = DosePoint(glass, 5.0, slab=True, damage="GaAs")
        return caloris.array_damage((CellDamage(point, 0.28, 1e9, 6.9),), 1, PARTICLES).remaining[0]

    at, h = jnp.asarray(0.03), 1e-6
    slope = jax.grad(left)(at)
    assert float(slope) > 0.0  # a thicker glass leaves more
    # The spectrum is a power law in one piece and NIEL one between its points, whose corners 1e-6 g/cm2 rarely passes.
    np.testing.assert_allclose(slope, (left(at + h) - left(at - h)) / (2 * h), rtol=2e-3)
