"""From the inertial frame to the rotating Earth."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.orbit.sun import precession_matrix

_JULIAN_CENTURY = 36525.0  # days


def earth_fixed(position: Float[Array, "time xyz"], days: Float[Array, " time"]) -> Float[Array, "time xyz"]:
    """Positions in the J2000 equatorial frame, seen in the frame that turns with the Earth; unit of the position.

    Precession to the equator of date (`precession_matrix`), then a turn by Greenwich mean sidereal time about the
    pole, theta = 280.46061837 + 360.98564736629 d + 0.000387933 T^2 - T^3/38710000 degrees, d days and T centuries
    of UT1 since J2000 (Meeus, Astronomical Algorithms, 2nd ed., 1998, equation 12.4). days: UTC days since
    2000-01-01 12:00, taken for UT1 (apart by less than 0.9 s, 0.004 deg). Without nutation (0.005 deg) and polar
    motion: within 0.01 deg from 1972 to 2050. Differentiable.
    """
    centuries = days / _JULIAN_CENTURY
    of_date = jnp.einsum("tij,tj->ti", precession_matrix(centuries), position)
    # Whole turns are left out before they cost digits.
    turn = 360.0 * (days % 1.0) + 280.46061837 + 0.98564736629 * days
    turn = turn + centuries**2 * (0.000387933 - centuries / 38710000.0)
    cosine, sine = jnp.cos(jnp.deg2rad(turn)), jnp.sin(jnp.deg2rad(turn))
    x, y, z = of_date[:, 0], of_date[:, 1], of_date[:, 2]
    return jnp.stack([cosine * x + sine * y, cosine * y - sine * x, z], axis=1)
