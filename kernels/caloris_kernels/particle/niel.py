"""Displacement damage: non-ionizing energy loss (NIEL), its dose, and what it leaves of a solar cell's power.

Protons in Si and GaAs, electrons in Si: SR-NIEL, the calculator of M. J. Boschini, P. G. Rancoita and M. Tacconi, at a
displacement threshold of 21 eV (method: C. Leroy and P. G. Rancoita, Principles of Radiation Interaction in Matter and
Detection, 4th ed. 2016; doi 10.1142/9789814603164_0001), as its results stand in the public repository
shirokawakita/sr_niel_analysis. Electrons in GaAs: NRL's SCREAM, as its table stands in The Aerospace Corporation's
solarpy. Tables differ from author to author: in silicon a proton of 10 MeV has 9.4e-3 here and 7.9e-3 MeV cm2/g with
Summers and others (1993) and Jun and others (2003); electrons of 1 MeV 2.80e-5 here and 3.14e-5 with Summers; in GaAs a
proton of 10 MeV 6.96e-3 here and 7.42e-3 with SCREAM. 20 % is the state of this art.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris_kernels.particle.cells import DamageMaterial

DAMAGE_MATERIALS: tuple[DamageMaterial, ...] = ("Si", "GaAs")

# MeV cm2/g: that of a neutron of 1 MeV in silicon, 95 MeV mb (ASTM E722), times N_A / A = 6.02214e23 / 28.0855.
NEUTRON_NIEL = 95e-27 * 6.02214076e23 / 28.0855

# fmt: off
_PROTON_ENERGY = np.array([
    1e-3, 2e-3, 5e-3, 1e-2, 2e-2, 5e-2, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0,
    20.0, 30.0, 50.0, 70.0, 100.0, 150.0, 200.0, 300.0, 500.0, 700.0, 1000.0,
])  # MeV
_PROTON = {
    "Si": np.array([
        5.6222, 5.2215, 3.7523, 2.5802, 1.6454, 0.83666, 0.4798, 0.268, 0.19036, 0.11999, 0.0882, 0.063442,
        0.043453, 0.033142, 0.022565, 0.017491, 0.014754, 0.011642, 0.0094037, 0.0077203, 0.0067586, 0.0055935,
        0.0044102, 0.0037017, 0.0029757, 0.0022803, 0.0019291, 0.0016326, 0.0014677, 0.0014203, 0.0013607,
    ]),
    "GaAs": np.array([
        1.1997, 1.5965, 1.5618, 1.2704, 0.91865, 0.52541, 0.32118, 0.18824, 0.13555, 0.089413, 0.06783, 0.049467,
        0.034439, 0.026588, 0.018421, 0.01418, 0.0117, 0.0089165, 0.0069609, 0.0055898, 0.005029, 0.0045763,
        0.0040037, 0.0037432, 0.0035923, 0.0033609, 0.0031875, 0.0031039, 0.0032161, 0.0034488, 0.0034676,
    ]),
}
_SI_ELECTRON_ENERGY = np.array([
    0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0,
    10.0, 15.0, 20.0, 30.0, 50.0, 100.0,
])
_ELECTRON = {
    "Si": (_SI_ELECTRON_ENERGY, np.array([
        2.4793e-6, 5.8524e-6, 8.5425e-6, 1.0822e-5, 1.2831e-5, 1.4649e-5, 1.7886e-5, 2.0753e-5, 2.3354e-5,
        2.5749e-5, 2.7977e-5, 3.7308e-5, 4.4611e-5, 5.0604e-5, 5.5671e-5, 6.3896e-5, 7.0398e-5, 7.5745e-5,
        8.0264e-5, 8.4161e-5, 8.7576e-5, 9.0605e-5, 1.019e-4, 1.0939e-4, 1.1876e-4, 1.2764e-4, 1.3338e-4,
    ])),
    "GaAs": (np.array([
        0.282, 0.316, 0.355, 0.398, 0.447, 0.501, 0.562, 0.631, 0.708, 0.794, 0.891, 1.0, 1.12, 1.26, 1.41, 1.58,
        1.78, 2.0, 2.24, 2.51, 2.82, 3.16, 3.55, 3.98, 4.47, 5.01, 5.62, 6.31, 7.08, 7.94, 8.91, 10.0, 20.0, 50.1,
        100.0,
    ]), np.array([
        1.26e-6, 3.29e-6, 5.35e-6, 7.46e-6, 9.61e-6, 1.18e-5, 1.41e-5, 1.65e-5, 1.89e-5, 2.14e-5, 2.40e-5, 2.66e-5,
        2.94e-5, 3.22e-5, 3.52e-5, 3.81e-5, 4.12e-5, 4.44e-5, 4.75e-5, 5.08e-5, 5.41e-5, 5.75e-5, 6.09e-5, 6.43e-5,
        6.78e-5, 7.12e-5, 7.48e-5, 7.83e-5, 8.18e-5, 8.54e-5, 8.89e-5, 9.24e-5, 1.13e-4, 1.39e-4, 1.55e-4,
    ])),
}
# fmt: on


def proton_niel(energy: Float[Array, "*points"], material: DamageMaterial) -> Float[Array, "*points"]:
    """NIEL of protons (MeV cm2/g) at energy (MeV): power laws between the points of the table, its ends held.

    Source: the module's docstring. 1 keV to 1 GeV. Differentiable in the energy between the points.
    """
    return _power_laws(energy, _PROTON_ENERGY, _PROTON[material])


def electron_niel(energy: Float[Array, "*points"], material: DamageMaterial) -> Float[Array, "*points"]:
    """NIEL of electrons (MeV cm2/g) at energy (MeV); zero below the first point of the table, near its threshold.

    Source: the module's docstring. Up to 100 MeV, held beyond.
    """
    points, values = _ELECTRON[material]
    return jnp.where(energy < points[0], 0.0, _power_laws(energy, points, values))


def _power_laws(energy: Array, points: np.ndarray, values: np.ndarray) -> Array:
    x, y = jnp.asarray(np.log(points), energy.dtype), jnp.asarray(np.log(values), energy.dtype)
    return jnp.exp(jnp.interp(jnp.log(energy), x, y))


def displacement_dose(
    energy: Float[Array, " energy"], flux: Float[Array, " energy"], niel: Float[Array, " energy"]
) -> Float[Array, ""]:
    """Displacement damage dose rate (MeV g-1 s-1): 4 pi 1e-4 int NIEL j E d ln E; energy (MeV) even in ln E.

    flux j: m-2 s-1 sr-1 MeV-1 at the device, mean over all directions; niel: MeV cm2/g.
    Source: G. P. Summers and others, IEEE Trans. Nucl. Sci. 40, 1372 (1993), doi 10.1109/23.273529.
    """
    step = jnp.log(energy[1] / energy[0])
    ends = jnp.ones_like(energy).at[0].set(0.5).at[-1].set(0.5)
    return 4e-4 * jnp.pi * step * jnp.sum(niel * flux * energy * ends)


def equivalent_protons(dose: Float[Array, "*points"], material: DamageMaterial) -> Float[Array, "*points"]:
    """Fluence of 10 MeV protons (cm-2) with the same displacement damage dose (MeV/g) in the material.

    Phi = D / NIEL(10 MeV), by the table that D was made with: 9.40e-3 MeV cm2/g in Si, 6.96e-3 in GaAs.
    """
    return dose / proton_niel(jnp.asarray(10.0, jnp.asarray(dose).dtype), material)


def equivalent_neutrons(dose: Float[Array, "*points"]) -> Float[Array, "*points"]:
    """Fluence of 1 MeV neutrons (cm-2) with the same displacement damage dose (MeV/g) in silicon.

    Phi = D / 2.037e-3 MeV cm2/g, 95 MeV mb a nucleus. Source: ASTM E722.
    """
    return dose / NEUTRON_NIEL


def effective_damage(
    protons: Float[Array, "*points"], electrons: Float[Array, "*points"], electron_ratio: Float[Array, ""]
) -> Float[Array, "*points"]:
    """Damage dose (MeV/g) of protons that costs a solar cell as much as both: D_p + D_e / R_ep.

    Source: S. R. Messenger and others, Prog. Photovolt. 9, 103 (2001), doi 10.1002/pip.357.
    """
    return protons + electrons / electron_ratio


def remaining_power(
    dose: Float[Array, "*points"], coefficient: Float[Array, ""], reference_dose: Float[Array, ""]
) -> Float[Array, "*points"]:
    """What displacement damage leaves of a solar cell's power: P/P0 = 1 - C log10(1 + D / D_x), not below 0.

    dose D and reference_dose D_x in MeV/g of the cell's own material, C without unit; both are fitted to irradiations
    of a type of cell, with the NIEL that made D, and belong together: `cells.CELLS` has one pair. Electrons enter D by
    `effective_damage`. Source: S. R. Messenger and others, Prog. Photovolt. 9, 103 (2001),
    doi 10.1002/pip.357; C. Baur and others, arXiv 1312.0402 (2013).
    """
    return jnp.maximum(1.0 - coefficient * jnp.log1p(dose / reference_dose) / jnp.log(10.0), 0.0)
