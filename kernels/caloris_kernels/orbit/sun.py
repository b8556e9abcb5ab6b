"""Where the Sun is, seen from the Earth's center, in the J2000 equatorial frame.

Time is given as UTC days since 2000-01-01 12:00 (the Julian date minus 2451545.0). Use float64: in float32
such a day count is good to about a minute only.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.constants import ASTRONOMICAL_UNIT

# TT - UTC since 2017-01-01 (37 leap seconds + 32.184 s). The Sun moves 1.1e-5 deg in one second, so the
# error is below 3e-4 deg back to 1972 and grows by as little with each later leap second.
_TT_MINUS_UTC = 69.184 / 86400  # days
_JULIAN_CENTURY = 36525.0  # days
_ARCSECOND = jnp.pi / 648000
_ABERRATION = 20.49552  # arcsec, constant of aberration (IAU 1976)


def sun_position(days: Float[Array, " time"]) -> Float[Array, "time xyz"]:
    """Apparent geocentric position of the Sun in m, mean equator and equinox of J2000.

    days: UTC days since 2000-01-01 12:00. Mean longitude, mean anomaly and equation of center of the
    Earth's orbit (J. Meeus, Astronomical Algorithms, 2nd ed., 1998, equations 25.2-25.5), annual
    aberration, then precession from the equinox of date to J2000 (J. H. Lieske et al., Astron. Astrophys.
    58, 1, 1977). Planetary and lunar perturbations and nutation are left out: good to 0.01 deg and 1e-4 au
    from 1950 to 2100.
    """
    centuries = _centuries(days)
    anomaly = jnp.deg2rad(357.52911 + centuries * (35999.05029 - 0.0001537 * centuries))
    eccentricity = 0.016708634 - centuries * (0.000042037 + 0.0000001267 * centuries)
    center = (
        (1.914602 - centuries * (0.004817 + 0.000014 * centuries)) * jnp.sin(anomaly)
        + (0.019993 - 0.000101 * centuries) * jnp.sin(2 * anomaly)
        + 0.000289 * jnp.sin(3 * anomaly)
    )
    distance = 1.000001018 * (1 - eccentricity**2) / (1 + eccentricity * jnp.cos(anomaly + jnp.deg2rad(center)))
    longitude = jnp.deg2rad(_mean_longitude(centuries) + center) - _ABERRATION * _ARCSECOND / distance
    obliquity = jnp.deg2rad(23.439291 - 0.0130042 * centuries)
    of_date = jnp.stack(
        [jnp.cos(longitude), jnp.sin(longitude) * jnp.cos(obliquity), jnp.sin(longitude) * jnp.sin(obliquity)],
        axis=-1,
    )
    direction = jnp.einsum("tji,tj->ti", precession_matrix(centuries), of_date)
    return (ASTRONOMICAL_UNIT * distance)[:, None] * direction


def node_from_local_time(local_time: Float[Array, ""], days: Float[Array, ""]) -> Float[Array, ""]:
    """Right ascension of the ascending node (rad, J2000) from its local mean solar time (hours).

    raan = alpha + 15 deg (T - 12 h), where alpha is the right ascension of the mean Sun, that is the Sun's
    mean longitude: local times of nodes are kept against the mean Sun, so the equation of time does not
    enter. The node of date is carried back to the J2000 equator by the precession in right ascension
    (1.28123 deg per century). days: UTC days since 2000-01-01 12:00.
    """
    centuries = _centuries(days)
    precession = centuries * (1.2812323 + 0.0003879 * centuries)
    return jnp.deg2rad(_mean_longitude(centuries) - precession + 15 * (local_time - 12)) % (2 * jnp.pi)


def precession_matrix(centuries: Float[Array, " time"]) -> Float[Array, "time xyz xyz"]:
    """Rotation from mean equator and equinox of J2000 to those of date.

    R_z(-z) R_y(theta) R_z(-zeta), angles of J. H. Lieske et al. (1977), in Julian centuries since J2000.
    """
    t = centuries
    zeta = _ARCSECOND * t * (2306.2181 + t * (0.30188 + 0.017998 * t))
    z = _ARCSECOND * t * (2306.2181 + t * (1.09468 + 0.018203 * t))
    theta = _ARCSECOND * t * (2004.3109 - t * (0.42665 + 0.041833 * t))
    cos_zeta, sin_zeta, cos_z, sin_z = jnp.cos(zeta), jnp.sin(zeta), jnp.cos(z), jnp.sin(z)
    cos_theta, sin_theta = jnp.cos(theta), jnp.sin(theta)
    rows = [
        [
            cos_z * cos_theta * cos_zeta - sin_z * sin_zeta,
            -cos_z * cos_theta * sin_zeta - sin_z * cos_zeta,
            -cos_z * sin_theta,
        ],
        [
            sin_z * cos_theta * cos_zeta + cos_z * sin_zeta,
            -sin_z * cos_theta * sin_zeta + cos_z * cos_zeta,
            -sin_z * sin_theta,
        ],
        [sin_theta * cos_zeta, -sin_theta * sin_zeta, cos_theta],
    ]
    return jnp.stack([jnp.stack(row, axis=-1) for row in rows], axis=-2)


def _centuries(days):
    """Julian centuries of terrestrial time since J2000 from UTC days."""
    return (days + _TT_MINUS_UTC) / _JULIAN_CENTURY


def _mean_longitude(centuries):
    """Mean longitude of the Sun, mean equinox of date, in deg (Meeus 1998, equation 25.2)."""
    return 280.46646 + centuries * (36000.76983 + 0.0003032 * centuries)
