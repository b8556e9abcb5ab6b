"""Which rigidities the Earth's field lets through to a place: Stoermer's cutoff, its drop in storms, and transmission.

Rigidities are in GV. There are two pairs of constants of the vertical cutoff max(K/L^2 - D, 0):

- CUTOFF_CONSTANT, CUTOFF_DROP: the magnetosphere as it was measured in quiet times, K = 15.062 and D = 0.363 GV. The
  cutoff ends at L = 6.44, so that a geostationary orbit and the polar caps are open to solar particles.
- INTERNAL_CONSTANT, no drop: the field of the Earth's core alone. K = 15.5 GV is within 7 % (root mean square) of
  cutoffs found by tracing trajectories in IGRF at 20 km; ECSS-E-ST-10-04C prints 16. It ends nowhere and is too high
  where currents outside the Earth count: by a third at 1 GV, by all of it beyond L = 6.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

CUTOFF_CONSTANT, CUTOFF_DROP = 15.062, 0.363  # GV
INTERNAL_CONSTANT = 15.5  # GV
CUTOFF_WIDTH = 0.07  # of the penumbra, in the logarithm of the rigidity
_NEWTON = 8
# A cutoff below this (GV) keeps nothing away: protons of 1 MeV have 0.04 GV.
OPEN_CUTOFF = 1e-6
# Directions of arrival: Gauss's nodes in the cosine from the zenith, midpoints in azimuth (`directional_transmission`).
_ZENITHS, _AZIMUTHS = 8, 8


def vertical_cutoff(
    mcilwain: Float[Array, "..."],
    constant: Float[Array, ""] | float = CUTOFF_CONSTANT,
    drop: Float[Array, ""] | float = CUTOFF_DROP,
) -> Float[Array, "..."]:
    """Effective cutoff of vertical arrival (GV): P = max(K / L^2 - D, 0), K = constant and D = drop in GV.

    The defaults are Ogliore, Mewaldt, Leske, Stone & von Rosenvinge, Proc. 27th ICRC (2001), 4112: P = 15.062
    cos^4(Lambda) - 0.363 GV at the invariant latitude Lambda, cos^2(Lambda) = 1/L, fitted to where nuclei of 0.5 to 1.7
    GV reached the satellite SAMPEX. Its authors suggest it for Lambda of 0 to 64 degrees (L up to 5.2, 0.2 to 15 GV);
    here it goes on to its zero at L = 6.44 and stays there. K / L^2 with K = INTERNAL_CONSTANT and no drop is that of
    the internal field: ECSS-E-ST-10-04C Rev.1 (2020), equation B-14, with K = 16 GV; Smart & Shea, Adv. Space Res. 14,
    787 (1994). Differentiable; where the cutoff is zero its slope is zero.
    """
    cutoff = constant / mcilwain**2 - drop
    return jnp.where(cutoff > 0.0, cutoff, 0.0)


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
    vertical: Float[Array, "..."], strength_ratio: Float[Array, "..."], cosine_from_east: Float[Array, "..."]
) -> Float[Array, "..."]:
    """Cutoff of positive particles that arrive under the angle gamma from magnetic east (GV), from the vertical one.

    P = P_v 4 / [1 + (1 - cos^3(lambda) cos(gamma))^(1/2)]^2

    With P_v = K/L^2 and R = L cos^2(lambda) this is Stoermer's P = M cos^4(lambda) / {R^2 [1 + (1 - cos^3(lambda)
    cos(gamma))^(1/2)]^2}, M = 4 K: ECSS-E-ST-10-04C Rev.1 (2020), equation B-13. cosine_from_east is cos(gamma) of the
    direction that the particle comes from: 1 from the east, where the cutoff is highest, -1 from the west, 0 in the
    meridian plane (there P = P_v). lambda is the latitude of `cosine_squared_latitude`. The theory is that of a dipole;
    penumbra and the Earth's shadow are not in it. Where the vertical cutoff is zero so are all. Shapes broadcast.
    Differentiable, except from due east on the equator, where the square root begins: there the slope is given as zero.
    """
    return vertical * _from_east(jnp.sqrt(cosine_squared_latitude(strength_ratio)), cosine_from_east)


def _from_east(latitude_cosine: Array, cosine_from_east: Array) -> Array:
    """Stoermer's cutoff over that of the meridian plane: 4 in the east and 0.686 in the west of the equator."""
    inside = 1.0 - latitude_cosine**3 * cosine_from_east
    open_ = inside > 0.0
    root = jnp.where(open_, jnp.sqrt(jnp.where(open_, inside, 1.0)), 0.0)
    return 4.0 / (1.0 + root) ** 2


def disturbed_cutoff(cutoff: Float[Array, "..."], storm: Float[Array, ""] | float = 1.0) -> Float[Array, "..."]:
    """Cutoff lowered by a magnetic storm (GV): P [1 - 0.54 s exp(-P/2.9)].

    s = 1 is the disturbed field of the source, 0 a quiet one; a cutoff of zero stays zero. Source: Adams, Letaw &
    Smart, NRL Memorandum Report 5099 (1983), in ECSS-E-ST-10-04C Rev.1 (2020), equation B-15.
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
    free (`visible_sky_fraction`), 1 without its shadow. A cutoff of zero lets everything through.
    """
    log_cutoff = jnp.log(jnp.maximum(cutoff, OPEN_CUTOFF))

    def at(one: Array) -> Array:
        return jnp.mean(visible * jax.nn.sigmoid((jnp.log(one) - log_cutoff) / width))

    return jax.vmap(at)(rigidity)


def directional_transmission(
    rigidity: Float[Array, " rigidity"],
    vertical: Float[Array, " time"],
    strength_ratio: Float[Array, " time"],
    visible: Float[Array, " time"],
    storm: Float[Array, ""] | float = 0.0,
    width: Float[Array, ""] | float = 0.07,
) -> Float[Array, " rigidity"]:
    """`geomagnetic_transmission` with a cutoff for each direction of arrival: mean over times and the whole sphere.

    Directions are those of the sky that the Earth leaves free, a part v = visible of the sphere: all at a cosine from
    the zenith above 1 - 2 v, 8 of them by Gauss's rule times 8 azimuths of half a turn (the other half is alike). Each
    has the cutoff of `directional_cutoff`, lowered by `disturbed_cutoff`, and the same logistic step. Magnetic east is
    taken as horizontal. vertical and strength_ratio as there. 64 directions against 1024: 3e-4 of the share.
    Differentiable in all but the number of directions.
    """
    node, weight = np.polynomial.legendre.leggauss(_ZENITHS)
    # From the edge of the shadow to the zenith; weights sum to the visible part of the sphere.
    zenith = 1.0 - visible[:, None] * (1.0 - node)
    sine = jnp.sqrt((1.0 - zenith) * (1.0 + zenith))
    east = sine[:, :, None] * np.cos((np.arange(_AZIMUTHS) + 0.5) * np.pi / _AZIMUTHS)
    latitude_cosine = jnp.sqrt(cosine_squared_latitude(strength_ratio))[:, None, None]
    cutoff = disturbed_cutoff(vertical[:, None, None] * _from_east(latitude_cosine, east), storm)
    log_cutoff = jnp.log(jnp.maximum(cutoff, OPEN_CUTOFF))
    share = visible[:, None] * (0.5 * weight)

    # Recomputed in reverse: the steps of all directions, places and rigidities together do not fit in memory.
    @jax.checkpoint
    def at(one: Array) -> Array:
        passed = jnp.mean(jax.nn.sigmoid((jnp.log(one) - log_cutoff) / width), axis=2)
        return jnp.mean(jnp.sum(share * passed, axis=1))

    return jax.lax.map(at, rigidity)


def ion_rigidity(
    energy: Float[Array, "..."],
    nucleons_per_charge: Float[Array, "..."],
    nucleon_mass: Float[Array, ""] | float = 931.494,
) -> Float[Array, "..."]:
    """Rigidity (GV) of nuclei without electrons: R = 1e-3 (A/Z) sqrt(E (E + 2 m)).

    energy E and nucleon_mass m in MeV/u: 938.272 for a proton.
    """
    return 1e-3 * nucleons_per_charge * jnp.sqrt(energy * (energy + 2.0 * nucleon_mass))
