"""Upset rates of one bit: heavy ions by the integral over chords and thresholds, protons by their cross-section."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris_kernels.upset.cross_section import mean_over_thresholds
from caloris_kernels.upset.sensitive_volume import chord_fraction, longest_normal_path, volume_and_scale

_SQUARE_CENTIMETER = 1e-4  # m2
_NODE, _WEIGHT = np.polynomial.legendre.leggauss(3)


def _flux_of(integral_flux: Array, fraction: Array) -> Array:
    """Flux of the tracks of which `fraction` count, fraction linear in the flux between the LETs of the grid."""
    # Weights of the fractions, not sums of neighbors: XLA 0.10 was seen to make a program of shifted slices behind the
    # chord distribution whose value was wrong by half on a CPU, while its derivatives were right.
    tracks = -jnp.diff(integral_flux)
    none, beyond = jnp.zeros(1, tracks.dtype), 2.0 * integral_flux[-1:]
    return jnp.sum(0.5 * (jnp.concatenate([none, tracks]) + jnp.concatenate([tracks, beyond])) * fraction)


def heavy_ion_upset_rate(
    let: Float[Array, " let"],
    integral_flux: Float[Array, " let"],
    onset: Float[Array, ""],
    width: Float[Array, ""],
    exponent: Float[Array, ""],
    plateau: Float[Array, ""],
    sensitive_volume: Float[Array, " sizes"],
    funnel: Float[Array, ""],
) -> Float[Array, ""]:
    """Heavy-ion upset rate of one bit (s-1) by the integral rectangular-parallelepiped method (IRPP), or in a sphere.

    R = sigma / A pi S int dq int (-dF/dL) C(> (h + l_f) L_q / L - l_f) dL

    F(>L) is the integral LET flux (m-2 s-1 sr-1), S the surface of the volume (pi S F tracks cross it per
    second), A what tracks at normal incidence see of it, L_q the threshold of the fraction q of the cells (Weibull), C
    the chord distribution, l_f the funnel: charge along chord + funnel counts, and the longest path h at normal
    incidence with l_f is what a track at the threshold needs. A box has A = a b and its depth for h. A sphere has
    A = pi d^2 / 4 and h = d: only tracks through its center upset at the onset, and a beam measures
    sigma int max{1 - (L_q / L)^2, 0} dq (l_f = 0) where the curve of a box is sigma times the share of L_q below L.

    let, onset, width in MeV cm2/mg; plateau sigma in cm2 per bit; sensitive_volume (a, b, h) or (d) and funnel in um.
    A equals the plateau (the case file asks for 1 %); the factor sigma / A keeps the rate linear in the plateau.
    Source: Petersen, Pickel, Adams, Smith, IEEE Trans. Nucl. Sci. 39, 1577 (1992), doi 10.1109/23.211363, and CREME96,
    Tylka and others, IEEE Trans. Nucl. Sci. 44, 2150 (1997), doi 10.1109/23.659030. LET is constant along the
    chord, so chords are short against ranges; protons are left out of F.
    """
    volume, scale = volume_and_scale(plateau, sensitive_volume)
    needed = longest_normal_path(volume) + funnel

    def upsetting_fraction(threshold):
        return chord_fraction(needed * threshold / let - funnel, volume)

    return scale * _flux_of(integral_flux, mean_over_thresholds(upsetting_fraction, onset, width, exponent))


def effective_flux_upset_rate(
    let: Float[Array, " let"],
    integral_flux: Float[Array, " let"],
    onset: Float[Array, ""],
    width: Float[Array, ""],
    exponent: Float[Array, ""],
    plateau: Float[Array, ""],
    least_cosine: Float[Array, ""],
) -> Float[Array, ""]:
    """Heavy-ion upset rate of one bit (s-1) by the effective-flux method: a wide, thin volume without sides.

    R = 2 pi sigma int dq int (-dF/dL) max{min(1, L / L_q)^2 - c^2, 0},

    which is sigma int dq int over directions of F(> L_q cos(theta)) |cos(theta)|: a track at the angle theta from the
    normal counts like a normal one of the LET L / cos(theta), and its flux through the surface is smaller by
    cos(theta). c = least_cosine leaves out tracks beyond the angle to which the inverse cosine is believed: 0 takes
    all (the limit of `heavy_ion_upset_rate` for a, b >> depth), 0.5 stops at 60 deg, as tests mostly do. Units as
    there. Source: Binder, IEEE Trans. Nucl. Sci. 35, 1570 (1988). Without a depth it overrates
    parts whose volume is not flat: nothing limits the path at grazing angles but c.
    """

    def upsetting_fraction(threshold):
        beyond = let >= threshold
        ratio = jnp.where(beyond, 1.0, let / jnp.where(beyond, 1.0, threshold))
        return jnp.maximum(ratio**2 - least_cosine**2, 0.0)

    upsetting = mean_over_thresholds(upsetting_fraction, onset, width, exponent)
    return 2.0 * jnp.pi * plateau * _SQUARE_CENTIMETER * _flux_of(integral_flux, upsetting)


def integral_flux_above(
    threshold: Float[Array, ""], energy: Float[Array, " energy"], flux: Float[Array, " energy"]
) -> Float[Array, ""]:
    """Flux above an energy (m-2 s-1 sr-1), int_E0^inf j dE with E j linear in ln E between the grid's points.

    Its slope in the threshold is exactly -j there. Below the grid the whole flux, above it zero.
    """
    log_energy = jnp.log(energy)
    product = energy * flux
    width = jnp.diff(log_energy)
    # The share of each interval above the threshold: 1, 0, or in between for one of them.
    share = jnp.clip((log_energy[1:] - jnp.log(threshold)) / width, 0.0, 1.0)
    return jnp.sum(width * share * (product[1:] + 0.5 * (product[:-1] - product[1:]) * share))


def proton_upset_rate(
    energy: Float[Array, " energy"],
    flux: Float[Array, " energy"],
    onset: Float[Array, ""],
    width: Float[Array, ""],
    exponent: Float[Array, ""],
    plateau: Float[Array, ""],
) -> Float[Array, ""]:
    """Upset rate of one bit by protons' nuclear reactions (s-1): R = 4 pi int sigma(E) j(E) dE, sigma Weibull.

    Evaluated as 4 pi plateau int J(>E_q) dq over the thresholds E_q of the Weibull curve, the same integral by parts:
    smooth in every parameter. energy, onset, width in MeV, flux j in m-2 s-1 sr-1 MeV-1, plateau in cm2 per bit.
    Direct ionization by protons is not part of it.
    """

    def above(threshold):
        return integral_flux_above(threshold, energy, flux)

    return 4.0 * jnp.pi * plateau * _SQUARE_CENTIMETER * mean_over_thresholds(above, onset, width, exponent)


def folded_proton_rate(
    cross_section: Callable[[Array], Array], energy: Float[Array, " energy"], flux: Float[Array, " energy"]
) -> Float[Array, ""]:
    """Upset rate of one bit (s-1) for any cross-section over energy: R = 4 pi int sigma(E) j(E) dE.

    cross_section takes energies in MeV to cm2 per bit; energy in MeV, flux j in m-2 s-1 sr-1 MeV-1 with E j linear
    in ln E between the grid's points. Three Gauss points an interval: for cross-sections that are smooth in ln E on
    the grid's step (Bendel's, which begins with the slope zero); `proton_upset_rate` is for Weibull's, whose slope at
    the onset may be infinite.
    """
    place = 0.5 * (jnp.asarray(_NODE, energy.dtype) + 1.0)
    log_energy, product = jnp.log(energy), energy * flux
    width = jnp.diff(log_energy)[:, None]
    at = jnp.exp(log_energy[:-1, None] + width * place)
    inside = product[:-1, None] + jnp.diff(product)[:, None] * place
    folded = jnp.sum(0.5 * width * jnp.asarray(_WEIGHT, energy.dtype) * inside * cross_section(at))
    return 4.0 * jnp.pi * _SQUARE_CENTIMETER * folded
