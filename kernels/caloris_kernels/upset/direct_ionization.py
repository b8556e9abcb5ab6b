"""Upsets by the ionization of protons themselves, which slow down and stop inside the sensitive volume."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris_kernels.particle.elements import SILICON
from caloris_kernels.particle.let_spectrum import interpolate_flux
from caloris_kernels.particle.stopping_power import proton_stopping_power
from caloris_kernels.upset.cross_section import mean_over_thresholds
from caloris_kernels.upset.sensitive_volume import chord_fraction, longest_normal_path, volume_and_scale

SILICON_DENSITY = 2.329  # g cm-3, crystal at room temperature
_CENTIMETER = 1e4  # um
# Energies left behind the volume, MeV: 30 a decade, from where a proton has a range of nanometers.
_LEFT = np.geomspace(1e-4, 1e5, 271)
# Trapezoidal rule of int f dE' in ln E' by weights (see `rate._flux_of`); below the first energy f is as there.
_STEP = float(np.log(_LEFT[1] / _LEFT[0]))
_EACH = _STEP * _LEFT * np.concatenate([[0.5], np.ones(_LEFT.size - 2), [0.5]]) + _LEFT[0] * np.eye(_LEFT.size)[0]
# Stopping powers are read from a table of 100 energies a decade, straight between its logarithms: within 1e-4.
_TABLE = np.geomspace(1e-4, 1e6, 1001)
# Nodes of int_0^Q f(E) dE, E = Q v^2: below the stopping maximum 1/S grows as E^(-1/2), which the square removes.
_ROOT, _WEIGHT = np.polynomial.legendre.leggauss(12)
_ROOT, _WEIGHT = 0.5 * (_ROOT + 1.0), 0.5 * _WEIGHT


def _log_stopping(dtype: jnp.dtype) -> Array:
    """Logarithm of the energy that protons lose on a path in silicon (MeV/um), at the energies of the table."""
    table = jnp.asarray(_TABLE, dtype)
    return jnp.log(proton_stopping_power(table, jnp.asarray(SILICON, dtype)) * (SILICON_DENSITY / _CENTIMETER))


def path_of_loss(lost: Float[Array, ""], left: Float[Array, " energy"]) -> Float[Array, " energy"]:
    """Path in silicon (um) on which a proton that ends with the energy `left` (MeV) loses `lost` (MeV).

    s = int_left^(left + lost) dE / (rho S(E)), the difference of two ranges without their cancellation. Continuous
    slowing down, electronic stopping power of `proton_stopping_power`; 12 nodes, within 1e-3. left from 1e-4 MeV.
    """
    root, weight = jnp.asarray(_ROOT, left.dtype), jnp.asarray(_WEIGHT, left.dtype)
    table, first = _log_stopping(left.dtype), float(np.log(_TABLE[0]))
    step = float(np.log(_TABLE[1] / _TABLE[0]))
    place = (jnp.log(left[:, None] + lost * root**2) - first) / step
    k = jnp.clip(jnp.floor(place), 0, _TABLE.size - 2).astype(jnp.int32)
    per_path = jnp.exp(table[k] + (place - k) * (table[k + 1] - table[k]))
    return jnp.sum(2.0 * root * weight * lost / per_path, axis=1)


def direct_proton_upset_rate(
    energy: Float[Array, " energy"],
    flux: Float[Array, " energy"],
    onset: Float[Array, ""],
    width: Float[Array, ""],
    exponent: Float[Array, ""],
    plateau: Float[Array, ""],
    sensitive_volume: Float[Array, " sizes"],
    funnel: Float[Array, ""],
) -> Float[Array, ""]:
    """Upset rate of one bit by protons' own ionization (s-1), limited by the energy that a proton has to give.

    R = sigma / A pi S int dq int_0^inf j(Q_q + E') C(> s(Q_q, E') - l_f) dE',   Q_q = rho L_q (h + l_f)

    A cell whose threshold at normal incidence is the LET L_q upsets where at least the energy Q_q is left along chord
    and funnel. A proton of energy E < Q_q never does, however long its chord; one of E = Q_q + E' does where its path
    is at least s(Q, E') = R(E) - R(E'), R its range (`path_of_loss`). Constant LET along the chord, as for heavy ions,
    lets slow protons on long chords give more than they have. Integrated over E', so that the edge E = Q_q moves with
    every parameter.

    energy in MeV, flux j in m-2 s-1 sr-1 MeV-1 at the device; the heavy-ion response's parameters in the units of
    `heavy_ion_upset_rate`. Below the grid's first energy the flux is held. Straggling, in energy and sideways, is not
    counted, and protons that enter the volume slow are taken to come straight. The effect is that of Sierawski and
    others, IEEE Trans. Nucl. Sci. 56, 3085 (2009), doi 10.1109/TNS.2009.2032545; the integral is derived here.
    Differentiable in every argument.
    """
    volume, scale = volume_and_scale(plateau, sensitive_volume)
    needed = longest_normal_path(volume) + funnel
    left = jnp.asarray(_LEFT, energy.dtype)

    def upsetting_flux(threshold: Array) -> Array:
        lost = threshold * 1e3 * SILICON_DENSITY * needed / _CENTIMETER
        counted = chord_fraction(path_of_loss(lost, left) - funnel, volume)
        number = interpolate_flux(jnp.maximum(left + lost, energy[0]), energy, flux) * counted
        return jnp.sum(jnp.asarray(_EACH, energy.dtype) * number)

    return scale * mean_over_thresholds(upsetting_flux, onset, width, exponent)
