"""Proton upset cross-sections from heavy-ion data by Petersen's figure of merit."""

import math

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.upset.bendel import bendel_plateau

_QUARTER = -math.log(0.75)  # the Weibull curve is at a quarter of its plateau where ((L - L0) / W)^s is this
_RATIO = 4.5e4  # mg2 MeV-2 cm-4: figure of merit over the limiting proton cross-section in cm2
_BENDEL_SECOND = 24.0  # MeV
_BENDEL_UNIT = 1e-12  # cm2


def quarter_let(onset: Float[Array, ""], width: Float[Array, ""], exponent: Float[Array, ""]) -> Float[Array, ""]:
    """LET (MeV cm2/mg) at a quarter of the Weibull plateau: onset + width (-ln 0.75)^(1/exponent), all in that unit."""
    return onset + width * _QUARTER ** (1.0 / exponent)


def figure_of_merit_plateau(
    onset: Float[Array, ""], width: Float[Array, ""], exponent: Float[Array, ""], plateau: Float[Array, ""]
) -> Float[Array, ""]:
    """Limiting proton cross-section (cm2) of the heavy-ion Weibull curve: sigma_p = sigma_h / (4.5e4 L_1/4^2).

    onset and width in MeV cm2/mg, plateau sigma_h in cm2, L_1/4 from `quarter_let`; both sides are the figure of merit
    FOM = 4.5e4 sigma_p = sigma_h / L_1/4^2. Source: Petersen, IEEE Trans. Nucl. Sci. 45, 2550 (1998), a fit to memories
    of its time, above 100 MeV. It estimates the order of magnitude: parts stray by factors of several, and it needs a
    plateau that the test reached, not one that the fit puts far beyond its LETs.
    Differentiable in everything; infinite where onset and width are both zero.
    """
    return plateau / (_RATIO * quarter_let(onset, width, exponent) ** 2)


def figure_of_merit_cross_section(
    energy: Float[Array, "*points"],
    onset: Float[Array, ""],
    width: Float[Array, ""],
    exponent: Float[Array, ""],
    plateau: Float[Array, ""],
    factor: Float[Array, ""],
) -> Float[Array, "*points"]:
    """Proton cross-section (cm2) at energy (MeV) from the heavy-ion curve: S [1 - exp(-0.18 Y^(1/2))]^4.

    S is `figure_of_merit_plateau` times factor (-). The rise is Bendel's of one parameter, with the onset that belongs
    to this plateau, A = 24 (S / 1e-12 cm2)^(-1/14) MeV and Y = (18/A)^(1/2) (E - A). Sources: as there, and Bendel and
    Petersen (1983) by `bendel_one`. The relation gives no energy dependence of its own; joining the two is ours. Zero,
    with zero derivatives, where the plateau is. Differentiable, with slope zero at the onset.
    """
    limit = factor * figure_of_merit_plateau(onset, width, exponent, plateau)
    sensitive = limit > 0.0
    known = jnp.where(sensitive, limit, _BENDEL_UNIT)
    start = _BENDEL_SECOND * (known / _BENDEL_UNIT) ** (-1.0 / 14.0)
    return jnp.where(sensitive, bendel_plateau(energy, start, known), 0.0)
