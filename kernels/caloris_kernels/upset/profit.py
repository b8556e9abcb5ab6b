"""Proton upset cross-sections from heavy-ion data by the recoils of protons' reactions, after PROFIT's principle."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris_kernels.constants import AVOGADRO
from caloris_kernels.particle.nuclear import tripathi_cross_section
from caloris_kernels.upset.cross_section import mean_over_thresholds
from caloris_kernels.upset.direct_ionization import SILICON_DENSITY
from caloris_kernels.upset.recoil_tables import ELASTIC_CROSS_SECTION, PROTON_ENERGY
from caloris_kernels.upset.recoils import ELASTIC, REACTION, RECOIL_SHARE, recoil_let

_SILICON_MASS, _SILICON_CHARGE = 28.0855, 14.0
_MILLIBARN = 1e-27  # cm2
_CENTIMETER = 1e-4  # of a um
NUCLEI = SILICON_DENSITY * AVOGADRO / _SILICON_MASS  # 4.99e22 cm-3
_LOG_ENERGY = np.log(PROTON_ENERGY)
_NARROWEST = 1e-12  # MeV cm2/mg: bins of recoils narrower than this are steps


def _reaction_cross_section(energy: Array) -> Array:
    """Cross-section (cm2) of protons' nonelastic reactions with silicon; Tripathi's."""
    one, mass, charge = (jnp.asarray(value, energy.dtype) for value in (1.0, _SILICON_MASS, _SILICON_CHARGE))
    return _MILLIBARN * tripathi_cross_section(energy, one, one, mass, charge)


def _upset_shares(let: Array, onset: Array, width: Array, exponent: Array) -> Array:
    """Mean of sigma / plateau over the recoils of a reaction, and of an elastic collision, at the table's energies.

    Over thresholds x of the share of recoils whose LET is above x, linear between the edges of the recoils' energy
    bins: smooth in thresholds and depth where the curve itself is a step, too.
    """
    low, high = jnp.minimum(let[:, 1:], let[:, :-1]), jnp.maximum(let[:, 1:], let[:, :-1])

    def above(threshold: Array) -> Array:
        counted = jnp.clip((high - threshold) / jnp.maximum(high - low, _NARROWEST), 0.0, 1.0)
        return jnp.tensordot(jnp.asarray(RECOIL_SHARE, let.dtype), counted, axes=((2, 3), (0, 1)))

    return mean_over_thresholds(above, onset, width, exponent)


def profit_cross_section(
    energy: Float[Array, "*points"],
    onset: Float[Array, ""],
    width: Float[Array, ""],
    exponent: Float[Array, ""],
    plateau: Float[Array, ""],
    depth: Float[Array, ""],
) -> Float[Array, "*points"]:
    """Proton upset cross-section of a bit (cm2) at energy (MeV) from its heavy-ion Weibull curve:

    sigma_p(E) = n d sum_k sigma_k(E) int f_k(T; E) sigma_h(L_k(T, d)) dT,   n = 4.99e22 cm-3

    A proton of energy E makes recoils k of energy T in the n d nuclei of silicon under a unit area of the sensitive
    volume of depth d (um); each upsets like a heavy ion of its LET L. sigma_h is the Weibull curve: onset and width in
    MeV cm2/mg, plateau in cm2. sigma_k are Tripathi's reaction cross-section times the recoils' yields, and that of
    elastic scattering; yields, spectra f and LETs are those of `recoils`. L is the mean over the path d, so that a
    recoil that stops inside does not give more than it has; for d to 0 it is the LET at birth.

    The principle is that of PROFIT: Calvel, Barillot, Lamothe, Ecoffet, Duzellier, Falguere, IEEE Trans. Nucl. Sci.
    43(6), 2827 (1996), whose depth is 2 um. Its constants could not be read: those here are our
    own, from the sources named in `recoils`. Recoils count one by one, those born outside the volume not at all:
    depths far below their ranges, 1 to 4 um, give too little. From 8 MeV to 1 GeV: higher energies are taken there,
    lower ones follow the reaction cross-section, to zero at the Coulomb barrier; elastic scattering of slower protons
    is not counted. Good to a factor of three. Differentiable in every argument, in the energy between the table's.
    """
    first, last = float(PROTON_ENERGY[0]), float(PROTON_ENERGY[-1])
    log_table = jnp.asarray(_LOG_ENERGY, energy.dtype)
    shares = _upset_shares(recoil_let(depth), onset, width, exponent)
    elastic = _MILLIBARN * jnp.asarray(ELASTIC_CROSS_SECTION, energy.dtype) * shares[ELASTIC]
    held = jnp.clip(energy, first, last)
    per_reaction, by_elastic = (jnp.interp(jnp.log(held), log_table, row) for row in (shares[REACTION], elastic))
    of_held = _reaction_cross_section(held)
    slow = _reaction_cross_section(jnp.minimum(energy, first)) / _reaction_cross_section(
        jnp.asarray(first, energy.dtype)
    )
    return NUCLEI * _CENTIMETER * depth * plateau * slow * (of_held * per_reaction + by_elastic)
