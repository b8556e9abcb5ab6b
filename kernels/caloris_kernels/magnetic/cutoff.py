"""Which rigidities the Earth's field lets through to a place: Stoermer's cutoff, its drop in storms, and transmission.

Rigidities are in GV. CUTOFF_CONSTANT is K of the vertical cutoff K/L^2: with McIlwain's L of IGRF, 15.5 GV is within
7 % (root mean square) of cutoffs found by tracing trajectories at 20 km; ECSS-E-ST-10-04C prints 16.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

CUTOFF_CONSTANT = 15.5  # GV
CUTOFF_WIDTH = 0.07  # of the penumbra, in the logarithm of the rigidity
_NEWTON = 8


def vertical_cutoff(
    mcilwain: Float[Array, "..."], constant: Float[Array, ""] | float = CUTOFF_CONSTANT
) -> Float[Array, "..."]:
    """Effective cutoff of vertical arrival (GV): P = K / L^2.

    Source: ECSS-E-ST-10-04C Rev.1 (2020), equation B-14, with K = 16 GV; Smart & Shea, Adv. Space Res. 14, 787 (1994).
    """
    return constant / mcilwain**2


def cosine_squared_latitude(strength_ratio: Float[Array, "..."]) -> Float[Array, "..."]:
    """cos^2 of the invariant dipole latitude at which the strength is B/B0 times that of the equator, 0 to 1.

    x = cos^2 solves B/B0 = sqrt(4 - 3 x)/x^3, and R = L x is the distance: dipole coordinates that have a point's B
    and L, as in Roberts, J. Geophys. Res. 69, 5089 (1964), doi 10.1029/JZ069i023p05089, here solved instead of fitted.
    strength_ratio >= 1. Differentiable.
    """
    log_ratio = jnp.log(strength_ratio)
    # Newton's method for y = ln x on a falling, concave function, from the right: never past the root.
    y = jnp.zeros_like(log_ratio)
    for _ in range(_NEWTON):
        x = jnp.exp(y)
        rest = 4.0 - 3.0 * x
        excess = 0.5 * jnp.log(rest) - 3.0 * y - log_ratio
        y = y + excess / (3.0 + 1.5 * x / rest)
    return jnp.exp(y)


def directional_cutoff(
    mcilwain: Float[Array, "..."],
    strength_ratio: Float[Array, "..."],
    cosine_from_east: Float[Array, "..."],
    constant: Float[Array, ""] | float = CUTOFF_CONSTANT,
) -> Float[Array, "..."]:
    """Cutoff of positive particles that arrive under the angle gamma from magnetic east (GV).

    P = M cos^4(lambda) / {R^2 [1 + (1 - cos^3(lambda) cos(gamma))^(1/2)]^2},  M = 4 K,  R = L cos^2(lambda)

    cosine_from_east is cos(gamma) of the direction that the particle comes from: 1 from the east, where the cutoff is
    highest, -1 from the west, 0 in the meridian plane (there P = K/L^2). lambda is the latitude of
    `cosine_squared_latitude`. Source: ECSS-E-ST-10-04C Rev.1 (2020), equation B-13 (Stoermer's theory in a dipole; the
    penumbra and the Earth's shadow are not in it). All arguments of one shape. Differentiable, except from due east on
    the equator, where the square root begins: there the slope is given as zero.
    """
    latitude_cosine = jnp.sqrt(cosine_squared_latitude(strength_ratio))
    inside = 1.0 - latitude_cosine**3 * cosine_from_east
    open_ = inside > 0.0
    root = jnp.where(open_, jnp.sqrt(jnp.where(open_, inside, 1.0)), 0.0)
    # cos^4(lambda)/R^2 = 1/L^2.
    return 4.0 * constant / (mcilwain * (1.0 + root)) ** 2


def disturbed_cutoff(cutoff: Float[Array, "..."], storm: Float[Array, ""] | float = 1.0) -> Float[Array, "..."]:
    """Cutoff lowered by a magnetic storm (GV): P [1 - 0.54 s exp(-P/2.9)].

    s = 1 is the disturbed field of the source, 0 a quiet one. Source: Adams, Letaw & Smart, NRL Memorandum Report
    5099 (1983), in ECSS-E-ST-10-04C Rev.1 (2020), equation B-15.
    """
    return cutoff * (1.0 - 0.54 * storm * jnp.exp(-cutoff / 2.9))


def geomagnetic_transmission(
    rigidity: Float[Array, " rigidity"],
    cutoff: Float[Array, " time"],
    width: Float[Array, ""] | float = CUTOFF_WIDTH,
    visible: Float[Array, " time"] | float = 1.0,
) -> Float[Array, " rigidity"]:
    """Share of the times at which a rigidity passes (0 to 1): mean of v/[1 + (P/R)^(1/w)], w the width in ln R.

    A logistic step in ln R in place of R > P: smooth, and as wide as the penumbra, in which some directions pass and
    others do not (w = 0.05 to 0.1). Times are equally long. visible is v, the part of the sky that the Earth leaves
    free (`visible_sky_fraction`), 1 without its shadow.
    """

    def at(one: Array) -> Array:
        return jnp.mean(visible * jax.nn.sigmoid(jnp.log(one / cutoff) / width))

    return jax.vmap(at)(rigidity)


def ion_rigidity(
    energy: Float[Array, "..."],
    nucleons_per_charge: Float[Array, "..."],
    nucleon_mass: Float[Array, ""] | float = 931.494,
) -> Float[Array, "..."]:
    """Rigidity (GV) of nuclei without electrons: R = 1e-3 (A/Z) sqrt(E (E + 2 m)).

    energy E and nucleon_mass m in MeV/u: 938.272 for a proton.
    """
    return 1e-3 * nucleons_per_charge * jnp.sqrt(energy * (energy + 2.0 * nucleon_mass))
