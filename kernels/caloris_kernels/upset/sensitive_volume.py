"""Sensitive volumes, boxes and spheres: what tracks at normal incidence and from all sides meet.

A box is the array of its sides (a, b, depth), a sphere the array of its diameter alone, both in um. A beam at normal
incidence is along the depth of a box; of a sphere every direction is normal.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.upset.chord_length import longer_chord_fraction, longer_sphere_chord_fraction

_SQUARE_MICROMETER = 1e-12  # m2
_SQUARE_CENTIMETER = 1e-4  # m2
# Added to the depth in units of (a b)^(1/2): a volume without thickness has the limit of thin ones, not the ratio 0/0.
_THINNEST = 1e-9


def is_sphere(sensitive_volume: Float[Array, " sizes"]) -> bool:
    """Whether it is a sphere (one size) or a box (three). Raises ValueError for another number of sizes."""
    if sensitive_volume.shape not in ((1,), (3,)):
        raise ValueError(
            f"a sensitive volume of shape {sensitive_volume.shape}: allowed are (3,), the sides of a box, and (1,), "
            "the diameter of a sphere"
        )
    return sensitive_volume.shape == (1,)


def normal_area(sensitive_volume: Float[Array, " sizes"]) -> Float[Array, ""]:
    """Area that tracks at normal incidence see (um2): a b, or pi d^2 / 4."""
    if is_sphere(sensitive_volume):
        return 0.25 * jnp.pi * sensitive_volume[0] ** 2
    return sensitive_volume[0] * sensitive_volume[1]


def longest_normal_path(sensitive_volume: Float[Array, " sizes"]) -> Float[Array, ""]:
    """Longest path at normal incidence (um): the depth of a box, the diameter of a sphere."""
    return sensitive_volume[-1]


def mean_normal_path(sensitive_volume: Float[Array, " sizes"]) -> Float[Array, ""]:
    """Volume over `normal_area` (um): the depth of a box, two thirds of the diameter of a sphere."""
    return sensitive_volume[-1] * (2.0 / 3.0 if is_sphere(sensitive_volume) else 1.0)


def chord_fraction(
    length: Float[Array, "*points"], sensitive_volume: Float[Array, " sizes"]
) -> Float[Array, "*points"]:
    """Fraction of isotropic straight tracks through the volume whose chord is longer than length (um), 0 to 1 (-)."""
    if is_sphere(sensitive_volume):
        return longer_sphere_chord_fraction(length, sensitive_volume[0])
    return longer_chord_fraction(length, sensitive_volume)


def volume_and_scale(
    plateau: Float[Array, ""], sensitive_volume: Float[Array, " sizes"]
) -> tuple[Float[Array, " sizes"], Float[Array, ""]]:
    """The volume of a bit (um) and what turns the mean flux of upsetting tracks (m-2 s-1 sr-1) into its rate (s-1).

    The scale is sigma / A pi S: pi S F tracks cross a convex surface S each second in an isotropic flux F (m-2 s-1
    sr-1, Cauchy), A is `normal_area`; S / A is 4 for a sphere. A box is the given one with the depth h + 1e-9
    (a b)^(1/2), so that h = 0 is the limit of thin volumes. plateau sigma in cm2.
    """
    if is_sphere(sensitive_volume):
        return sensitive_volume, plateau * (_SQUARE_CENTIMETER * 4.0 * jnp.pi)
    a, b = sensitive_volume[0], sensitive_volume[1]
    depth = sensitive_volume[2] + _THINNEST * jnp.sqrt(a * b)
    surface = 2.0 * (a * b + b * depth + depth * a) * _SQUARE_MICROMETER
    scale = plateau * _SQUARE_CENTIMETER / (normal_area(sensitive_volume) * _SQUARE_MICROMETER)
    return jnp.stack([a, b, depth]), scale * jnp.pi * surface
