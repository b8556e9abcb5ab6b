"""Upset rates of one bit: heavy ions by the integral over a box and thresholds, protons by their cross-section."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.upset.chord_length import longer_chord_fraction
from caloris_kernels.upset.cross_section import mean_over_thresholds

_SQUARE_MICROMETER = 1e-12  # m2
_SQUARE_CENTIMETER = 1e-4  # m2


def heavy_ion_upset_rate(
    let: Float[Array, " let"],
    integral_flux: Float[Array, " let"],
    onset: Float[Array, ""],
    width: Float[Array, ""],
    exponent: Float[Array, ""],
    plateau: Float[Array, ""],
    sensitive_volume: Float[Array, "3"],
    funnel: Float[Array, ""],
) -> Float[Array, ""]:
    """Heavy-ion upset rate of one bit (s-1) by the integral rectangular-parallelepiped method (IRPP).

    R = sigma / (a b) pi S int dq int (-dF/dL) C(> (h + l_f) L_q / L - l_f) dL

    F(>L) is the integral LET flux (m-2 s-1 sr-1), S the surface of the box a x b x h (pi S F tracks cross it per
    second), L_q the threshold of the fraction q of the cells (Weibull), C the chord distribution, l_f the
    funnel: charge along chord + funnel counts, and a normal track meets h + l_f at the threshold.

    let, onset, width in MeV cm2/mg; plateau sigma in cm2 per bit; sensitive_volume (a, b, h) and funnel in um.
    a b equals the plateau (the case file asks for 1 %); the factor sigma / (a b) keeps the rate linear in the plateau.
    Source: Petersen, Pickel, Adams, Smith, IEEE Trans. Nucl. Sci. 39, 1577 (1992), doi 10.1109/23.211363, and CREME96,
    Tylka and others, IEEE Trans. Nucl. Sci. 44, 2150 (1997), doi 10.1109/23.659030. LET is constant along the
    chord, so chords are short against ranges; protons are left out of F.
    """
    a, b, depth = sensitive_volume[0], sensitive_volume[1], sensitive_volume[2]
    surface = 2.0 * (a * b + b * depth + depth * a) * _SQUARE_MICROMETER

    def upsetting_fraction(threshold):
        return longer_chord_fraction((depth + funnel) * threshold / let - funnel, sensitive_volume)

    upsetting = mean_over_thresholds(upsetting_fraction, onset, width, exponent)
    tracks = -jnp.diff(integral_flux)
    crossing = jnp.sum(tracks * 0.5 * (upsetting[1:] + upsetting[:-1])) + integral_flux[-1] * upsetting[-1]
    scale = plateau * _SQUARE_CENTIMETER / (a * b * _SQUARE_MICROMETER)
    return scale * jnp.pi * surface * crossing


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
