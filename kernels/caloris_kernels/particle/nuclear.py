"""Inelastic nuclear collisions of protons and ions with the nuclei of a shield: cross-sections and mean free paths."""

from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris_kernels.constants import ATOMIC_MASS, AVOGADRO
from caloris_kernels.particle.elements import ELEMENT_ARRAYS

CrossSectionModel = Literal["charge-changing", "geometric", "tripathi"]
CROSS_SECTION_MODELS: tuple[CrossSectionModel, ...] = ("charge-changing", "geometric", "tripathi")

_MILLIBARN = 1e-27  # cm2
_SQUARE_FEMTOMETER = 10.0  # mb
# Root-mean-square charge radii (fm) of nuclei of mass number 0 to 26, as tabulated by Wilson, Townsend, Schimmerling
# and others, Transport Methods and Interactions for Space Radiations, NASA RP-1257 (1991); beyond, 0.84 A^(1/3) + 0.55.
_RMS_RADIUS = np.array([
    0.0, 0.85, 2.095, 1.976, 1.671, 1.986, 2.57, 2.41, 2.23, 2.519, 2.45, 2.42, 2.471, 2.44,
    2.58, 2.611, 2.73, 2.662, 2.727, 2.9, 3.04, 2.867, 2.969, 2.94, 3.075, 3.11, 3.06,
])  # fmt: skip
_NO_WAVE = 1e9  # MeV: where the wave in energy of Letaw's formula has died away
_CARBON_DENSITY = 12.0 / 2.471**3  # nucleons over the cube of the rms radius: only ratios of densities count


def letaw_cross_section(
    energy: Float[Array, "*points"], target_mass: Float[Array, "*points"]
) -> Float[Array, "*points"]:
    """Inelastic cross-section of protons (mb) of `energy` MeV on nuclei of mass number A; arguments broadcast.

    sigma = 45 A^0.7 [1 + 0.016 sin(5.3 - 2.63 ln A)] [1 - 0.62 exp(-E/200) sin(10.9 E^-0.28)]; Letaw,
    Silberberg, Tsao, Astrophys. J. Suppl. 51, 271 (1983), doi 10.1086/190849. From 10 MeV, held below; within 6 % of
    measured values on C to Pb from 50 MeV.
    """
    held = jnp.maximum(energy, 10.0)
    size = 45.0 * target_mass**0.7 * (1.0 + 0.016 * jnp.sin(5.3 - 2.63 * jnp.log(target_mass)))
    return size * (1.0 - 0.62 * jnp.exp(-held / 200.0) * jnp.sin(10.9 * held**-0.28))


def sihver_cross_section(
    projectile_mass: Float[Array, "*points"], target_mass: Float[Array, "*points"]
) -> Float[Array, "*points"]:
    """Reaction cross-section of two nuclei of mass numbers A_p, A_t (mb); arguments broadcast.

    sigma = pi r0^2 [A_p^(1/3) + A_t^(1/3) - b0 (A_p^(-1/3) + A_t^(-1/3))]^2, r0 = 1.36 fm,
    b0 = 1.581 - 0.876 (A_p^(-1/3) + A_t^(-1/3)); Sihver and others, Phys. Rev. C 47, 1225 (1993),
    doi 10.1103/PhysRevC.47.1225. Above 100 MeV/u, independent of energy; not for hydrogen as projectile or target.
    """
    inverse_sum = target_mass ** (-1.0 / 3.0) + projectile_mass ** (-1.0 / 3.0)
    overlap = (1.581 - 0.876 * inverse_sum) * inverse_sum
    radius = 1.36 * (target_mass ** (1.0 / 3.0) + projectile_mass ** (1.0 / 3.0) - overlap)  # fm
    return _SQUARE_FEMTOMETER * jnp.pi * radius**2


def charge_changing_cross_section(
    energy: Float[Array, "*points"],
    atomic_number: Float[Array, "*points"],
    mass_number: Float[Array, "*points"],
    target_mass: Float[Array, "*points"],
) -> Float[Array, "*points"]:
    """Cross-section (mb) for an ion to lose charge in a collision; arguments broadcast.

    On nuclei sigma = pi r^2 [A_p^(1/3) + A_t^(1/3) + 0.7897 - 2.6758 A_p^(-1/3) - 1.0588 A_t^(-1/3) - 1.2798 v]^2,
    r = 1.2764 fm, v = 1 - 2 Z/A_p, at all energies; on hydrogen (A_t < 2)
    sigma = 48.79 Z^0.828 (1 - 0.1331 v) [1 - 1.1187 exp(-E/200) sin(10.9 E^-0.28)], held below 10 MeV/u.

    A fit of this project to 319 measured values from 280 MeV/u to 200 GeV/u (sources: module fragmentation;
    tools/fragment_cross_sections.py): rms 4 % on nuclei, 6 % on hydrogen; the form in energy on hydrogen is Letaw's.
    Less than the reaction cross-section by the neutrons that are lost alone: what is left stays the element it was.
    energy in MeV/u. Iron on aluminum is 2143 mb, where two groups measured 1870 +- 131 and 1950 +- 126. Below 280
    MeV/u, and for helium to boron (helium 11 % low), an extrapolation. Electromagnetic dissociation, which counts on
    lead above 10 GeV/u, is left out.
    """
    excess = 1.0 - 2.0 * atomic_number / mass_number
    root_p, root_t = mass_number ** (1.0 / 3.0), target_mass ** (1.0 / 3.0)
    size = root_p + root_t + 0.7897 - 2.6758 / root_p - 1.0588 / root_t - 1.2798 * excess
    nuclei = _SQUARE_FEMTOMETER * jnp.pi * (1.2764 * size) ** 2
    held = jnp.maximum(energy, 10.0)
    wave = 1.0 - 1.1187 * jnp.exp(-held / 200.0) * jnp.sin(10.9 * held**-0.28)
    hydrogen = 48.7918 * atomic_number**0.828 * (1.0 - 0.1331 * excess) * wave
    return jnp.where(target_mass < 2.0, hydrogen, nuclei)


def _rms_radius(mass_number: Array) -> Array:
    """Root-mean-square radius of a nucleus (fm) of the nearest whole mass number."""
    table = jnp.asarray(_RMS_RADIUS, mass_number.dtype)
    k = jnp.clip(jnp.round(mass_number), 0, 26).astype(jnp.int32)
    return jnp.where(mass_number < 26.5, table[k], 0.84 * mass_number ** (1.0 / 3.0) + 0.55)


def _logistic(energy: Array, middle: float, width: Array | float) -> Array:
    return 1.0 / (1.0 + jnp.exp(jnp.clip((middle - energy) / width, -60.0, 60.0)))


def _transparency(energy: Array, light: Array, light_charge: Array, heavy: Array, heavy_charge: Array) -> tuple:
    """D and T1 of C_E = D (1 - exp(-E/T1)) - ..., by the lighter partner; see tripathi_cross_section."""
    proton, deuteron = light_charge * light == 1.0, (light_charge == 1.0) & (jnp.round(light) == 2.0)
    helion, alpha = (light_charge == 2.0) & (light < 3.5), (light_charge == 2.0) & (light >= 3.5)
    rise = _logistic(energy, 500.0, 200.0)

    def density(mass):
        return mass / _rms_radius(mass) ** 3

    general = 1.75 * 0.5 * (density(light) + density(heavy)) / _CARBON_DENSITY
    # Lithium is loosely bound: a third of the transparency.
    general = jnp.where((light_charge == 3.0) | (heavy_charge == 3.0), general / 3.0, general)
    width = jnp.where(heavy_charge == 7.0, 500.0, 75.0)
    for charge in (2.0, 4.0, 13.0, 26.0):
        width = jnp.where(heavy_charge == charge, 300.0, width)
    of_alpha = 2.77 - 8e-3 * heavy + 1.8e-5 * heavy**2 - 0.8 * _logistic(energy, 250.0, width)
    amount = jnp.where(proton, 1.85 + 0.16 * rise, jnp.where(deuteron, 1.65 + 0.1 * rise, general))
    amount = jnp.where(helion, 1.55, jnp.where(alpha, of_alpha, amount))
    slow = jnp.where(proton | deuteron, 23.0, 40.0)
    return amount, jnp.where(alpha & ((heavy_charge == 4.0) | (heavy_charge == 13.0)), 25.0, slow)


def _coulomb_factor(light: Array, light_charge: Array, heavy: Array, heavy_charge: Array) -> Array:
    """R_C, by which the Coulomb barrier of the lightest systems is multiplied (TP-209726, table 2)."""
    proton, alpha = light_charge * light == 1.0, light_charge == 2.0
    deuteron = (light_charge == 1.0) & (jnp.round(light) == 2.0)
    factor = jnp.where(alpha & ((heavy_charge == 73.0) | (heavy_charge == 79.0)), 0.6, 1.0)
    of_proton = jnp.where(heavy_charge == 3.0, 2.2, 1.0)
    of_proton = jnp.where(heavy_charge == 2.0, jnp.where(heavy < 3.5, 21.0, 27.0), of_proton)
    of_proton = jnp.where((heavy_charge == 1.0) & (heavy > 1.5), 13.5, of_proton)
    of_deuteron = jnp.where(heavy_charge == 6.0, 6.0, jnp.where(heavy_charge <= 2.0, 13.5, 1.0))
    return jnp.where(proton, of_proton, jnp.where(deuteron, of_deuteron, factor))


def tripathi_cross_section(
    energy: Float[Array, "*points"],
    projectile_mass: Float[Array, "*points"],
    projectile_charge: Float[Array, "*points"],
    target_mass: Float[Array, "*points"],
    target_charge: Float[Array, "*points"],
) -> Float[Array, "*points"]:
    """Reaction cross-section of any two nuclei (mb) at `energy` MeV/u of the projectile; arguments broadcast.

    sigma = pi r0^2 (A_P^(1/3) + A_T^(1/3) + delta)^2 (1 - R_C B / E_cm) X_m,  r0 = 1.1 fm
    delta = 1.85 S + 0.16 S / E_cm^(1/3) - C_E + 0.91 (A_T - 2 Z_T) Z_P / (A_T A_P)
    S = A_P^(1/3) A_T^(1/3) / (A_P^(1/3) + A_T^(1/3))
    C_E = D (1 - exp(-E/T1)) - 0.292 exp(-E/792) cos(0.229 E^0.453)
    B = 1.44 Z_P Z_T / [r_P + r_T + 1.2 (A_P^(1/3) + A_T^(1/3)) / E_cm^(1/3)],  r = 1.29 rms radius

    E_cm is the kinetic energy of both in their center of mass (MeV). D = 1.75 times the nuclei's mean density over that
    of carbon (a third with lithium), T1 = 40, X_m = R_C = 1; where one is p, d, He-3 or He-4, D, T1, R_C and
    X_m = 1 - X1 exp(-E/(X1 S_L)), X1 = 2.83 - 0.031 A + 1.7e-4 A^2 of the heavier, S_L = 1.2 + 1.6 (1 - exp(-E/15)),
    are those of the light systems. Zero below the barrier. Mass numbers need not be whole; the derivative by them is
    not meant. Proton on proton is not a reaction with a nucleus: use another formula.

    Source: Tripathi, Cucinotta, Wilson, NASA TP-3621 (1997); light systems NASA/TP-1999-209726 (1999). A few MeV/u
    to 10 GeV/u (higher energies are taken there). Within 5 % of the values measured by
    Kox and others (1987) and Jaros and others (1978) for C + C, C + Al, He + C from 30 to 870 MeV/u.
    """
    swap = projectile_mass > target_mass
    light, heavy = jnp.where(swap, target_mass, projectile_mass), jnp.where(swap, projectile_mass, target_mass)
    light_charge = jnp.where(swap, target_charge, projectile_charge)
    heavy_charge = jnp.where(swap, projectile_charge, target_charge)
    light = jnp.where((light_charge == 1.0) & (light < 1.5), 1.0, light)
    energy = jnp.minimum(energy, 1e4)

    rest_p, rest_t = projectile_mass * ATOMIC_MASS, target_mass * ATOMIC_MASS
    lab = energy * projectile_mass
    # sqrt(s) - sum of masses without cancellation: (s - M^2) / (sqrt(s) + M), s - M^2 = 2 m_t T.
    total = jnp.sqrt((rest_p + rest_t) ** 2 + 2.0 * rest_t * lab)
    center = jnp.maximum(2.0 * rest_t * lab / (total + rest_p + rest_t), 1e-6)

    root_p, root_t = projectile_mass ** (1.0 / 3.0), target_mass ** (1.0 / 3.0)
    inverse_center = center ** (-1.0 / 3.0)
    separation = 1.29 * (_rms_radius(projectile_mass) + _rms_radius(target_mass))
    barrier = 1.44 * projectile_charge * target_charge / (separation + 1.2 * (root_p + root_t) * inverse_center)
    amount, slow = _transparency(energy, light, light_charge, heavy, heavy_charge)
    wave = 0.292 * jnp.exp(-energy / 792.0) * jnp.cos(0.229 * jnp.maximum(energy, 1e-6) ** 0.453)
    transparency = -amount * jnp.expm1(-energy / slow) - wave
    shape = root_p * root_t / (root_p + root_t)
    # The neutron excess is that of the heavier nucleus, the charge that of the lighter one.
    excess = 0.91 * (heavy - 2.0 * heavy_charge) * light_charge / (heavy * light)
    reach = root_p + root_t + 1.85 * shape + 0.16 * shape * inverse_center - transparency + excess
    x1 = 2.83 - 0.031 * heavy + 1.7e-4 * heavy**2
    opening = 1.0 - x1 * jnp.exp(-energy / (x1 * (1.2 - 1.6 * jnp.expm1(-energy / 15.0))))
    light_system = light_charge <= 2.0
    scale = jnp.where(light_system, _coulomb_factor(light, light_charge, heavy, heavy_charge), 1.0)
    factor = 1.0 - scale * barrier / center
    sigma = _SQUARE_FEMTOMETER * jnp.pi * (1.1 * reach) ** 2 * jnp.maximum(factor, 0.0)
    return sigma * jnp.where(light_system, jnp.maximum(opening, 0.0), 1.0)


def _ion_cross_section(
    energy: Array, atomic_number: Array, mass_number: Array, model: CrossSectionModel
) -> Float[Array, "element ion energy"]:
    """Cross-section (mb) of ions on every element, at energies [energy] that all share."""
    target = jnp.asarray(ELEMENT_ARRAYS.atomic_weight, energy.dtype)[:, None, None]
    charge = jnp.asarray(ELEMENT_ARRAYS.atomic_number, energy.dtype)[:, None, None]
    mass = mass_number[:, None]
    if model == "tripathi":
        return tripathi_cross_section(energy, mass, atomic_number[:, None], target, charge)
    # On hydrogen the ion is the target of a proton: energy counts there, see attenuation_table.
    if model == "geometric":
        return jnp.where(charge == 1.0, 0.0, sihver_cross_section(mass, target))
    if model == "charge-changing":
        sigma = charge_changing_cross_section(energy, atomic_number[:, None], mass, target)
        return jnp.where(charge == 1.0, 0.0, sigma)
    raise ValueError(f"cross-section model {model!r}: allowed are {', '.join(CROSS_SECTION_MODELS)}")


def attenuation_table(
    energy: Float[Array, " energy"],
    atomic_number: Float[Array, " ion"],
    mass_number: Float[Array, " ion"],
    mass_fraction: Float[Array, " element"],
    model: CrossSectionModel = "charge-changing",
) -> Float[Array, "ion energy"]:
    """Inverse mean free path for inelastic nuclear collisions (cm2/g): sum_i w_i N_A sigma_i / A_i, energy in MeV/u.

    Protons: letaw_cross_section; their collisions with hydrogen do not count (elastic below 290 MeV, 25 mb above).
    Ions with model "charge-changing": charge_changing_cross_section, the ions that are no longer of their element.
    The others count every reaction. "geometric": sihver_cross_section, which does not know energy and is used at all
    energies, on hydrogen letaw_cross_section of a proton at the same speed. "tripathi": tripathi_cross_section,
    linear in ln E between every fourth energy: within 0.5 % on 50 energies a decade above 10 MeV/u.

    Source and range of validity: those of the cross-sections.
    """
    target = jnp.asarray(ELEMENT_ARRAYS.atomic_weight, energy.dtype)
    hydrogen = jnp.asarray(np.asarray(ELEMENT_ARRAYS.atomic_number) == 1.0, energy.dtype)
    nuclei = mass_fraction * AVOGADRO / target * _MILLIBARN  # g-1, times cm2 per mb
    # Letaw's formula is a product of a function of A and one of E: one row for the whole material.
    size = letaw_cross_section(jnp.asarray(_NO_WAVE, energy.dtype), target)
    wave = letaw_cross_section(energy, jnp.ones_like(energy))
    wave = wave / letaw_cross_section(jnp.asarray(_NO_WAVE, energy.dtype), jnp.ones_like(energy))
    of_proton = (nuclei * (1.0 - hydrogen)) @ size * wave
    coarse = energy[::4] if model == "tripathi" else energy[:1]
    ions = jnp.tensordot(nuclei, _ion_cross_section(coarse, atomic_number, mass_number, model), axes=1)
    if model == "tripathi":
        ions = jax.vmap(lambda row: jnp.interp(jnp.log(energy), jnp.log(coarse), row))(ions)
    elif model == "geometric":
        ions = ions + (nuclei @ hydrogen) * letaw_cross_section(energy, mass_number[:, None])
    else:
        each = (atomic_number[:, None], mass_number[:, None], jnp.ones_like(energy))
        ions = ions + (nuclei @ hydrogen) * charge_changing_cross_section(energy, *each)
    proton = ((atomic_number == 1.0) & (mass_number < 1.5))[:, None]
    return jnp.where(proton, of_proton[None], ions)


def attenuation(
    energy: Float[Array, "ion energy"],
    atomic_number: Float[Array, " ion"],
    mass_number: Float[Array, " ion"],
    mass_fraction: Float[Array, " element"],
    model: CrossSectionModel = "charge-changing",
) -> Float[Array, "ion energy"]:
    """attenuation_table (cm2/g) at energies (MeV/u) that differ between ions, without interpolation."""

    def one_ion(points, charge, mass):
        def one_energy(point):
            return attenuation_table(point[None], charge[None], mass[None], mass_fraction, model)[0, 0]

        return jax.vmap(one_energy)(points)

    return jax.vmap(one_ion)(energy, atomic_number, mass_number)
