"""Two-body orbits: Kepler's equation, elements to unit vectors, secular drift by the planet's oblateness.

Directions are computed from anomalies and angles alone and lengths from the semi-major axis alone, so at a
fixed mean anomaly the directions do not depend on the size of the orbit, not even symbolically.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.constants import TROPICAL_YEAR

# Newton's iteration from Danby's start: the worst case for eccentricities up to 0.99 takes 7 (tested).
_KEPLER_ITERATIONS = 10


class SecularRates(NamedTuple):
    """Mean drift of the elements by the planet's oblateness, in rad s-1."""

    raan: Float[Array, ""]
    argument_of_perigee: Float[Array, ""]
    mean_anomaly: Float[Array, ""]


class OrbitalVectors(NamedTuple):
    """Where a spacecraft is, split into lengths and unit vectors."""

    distance: Float[Array, " time"]  # m, from the planet's center
    speed: Float[Array, " time"]  # m s-1
    zenith: Float[Array, "time xyz"]  # unit, from the planet's center to the spacecraft
    velocity_direction: Float[Array, "time xyz"]  # unit
    normal: Float[Array, "time xyz"]  # unit, along the angular momentum


@jax.custom_jvp
def solve_kepler(mean_anomaly: Float[Array, "..."], eccentricity: Float[Array, "..."]) -> Float[Array, "..."]:
    """Eccentric anomaly E (rad) of an ellipse: E - e sin E = M.

    mean_anomaly M in rad, any number of revolutions (they are kept in E); 0 <= e < 1.
    Newton's iteration from E = M + 0.85 e sign(sin M) (J. M. A. Danby, Fundamentals of Celestial Mechanics,
    2nd ed., 1988, section 6.6). Derivatives are implicit: dE = (dM + sin E de) / (1 - e cos E).
    """
    revolutions = 2 * jnp.pi * jnp.round(mean_anomaly / (2 * jnp.pi))
    wrapped = mean_anomaly - revolutions
    start = wrapped + 0.85 * eccentricity * jnp.sign(jnp.sin(wrapped))

    def newton(_, anomaly):
        residual = anomaly - eccentricity * jnp.sin(anomaly) - wrapped
        return anomaly - residual / (1 - eccentricity * jnp.cos(anomaly))

    return jax.lax.fori_loop(0, _KEPLER_ITERATIONS, newton, start) + revolutions


@solve_kepler.defjvp
def _solve_kepler_jvp(primals, tangents):
    """Implicit derivative of Kepler's equation."""
    mean_anomaly, eccentricity = primals
    anomaly = solve_kepler(mean_anomaly, eccentricity)
    slope = 1 / (1 - eccentricity * jnp.cos(anomaly))
    return anomaly, slope * tangents[0] + slope * jnp.sin(anomaly) * tangents[1]


def mean_anomaly_from_true(true_anomaly: Float[Array, "..."], eccentricity: Float[Array, "..."]) -> Float[Array, "..."]:
    """Mean anomaly (rad, in (-pi, pi] shifted by the revolutions of the input) of a true anomaly (rad).

    tan(E/2) = sqrt((1 - e)/(1 + e)) tan(nu/2), M = E - e sin E; 0 <= e < 1.
    """
    # E - nu = -2 atan(b sin nu / (1 + b cos nu)), b = e/(1 + sqrt(1 - e^2)): no branch cut at half a turn.
    ratio = eccentricity / (1 + jnp.sqrt(1 - eccentricity**2))
    difference = 2 * jnp.arctan(ratio * jnp.sin(true_anomaly) / (1 + ratio * jnp.cos(true_anomaly)))
    anomaly = true_anomaly - difference
    return anomaly - eccentricity * jnp.sin(anomaly)


def orbital_period(semi_major_axis: Float[Array, ""], gravitational_parameter: Float[Array, ""]) -> Float[Array, ""]:
    """Keplerian period P = 2 pi sqrt(a^3 / mu) in s; a in m, mu in m3 s-2."""
    return 2 * jnp.pi * semi_major_axis * jnp.sqrt(semi_major_axis / gravitational_parameter)


def secular_rates(
    semi_major_axis: Float[Array, ""],
    eccentricity: Float[Array, ""],
    inclination: Float[Array, ""],
    planet_radius: Float[Array, ""],
    gravitational_parameter: Float[Array, ""],
    j2: Float[Array, ""],
) -> SecularRates:
    """Secular rates of node, perigee and mean anomaly by J2, to first order, in rad s-1.

    With k = (3/2) J2 n (R/p)^2, p = a (1 - e^2), n = sqrt(mu/a^3):
    node -k cos i; perigee (k/2)(4 - 5 sin^2 i); mean anomaly (k/2) sqrt(1 - e^2) (2 - 3 sin^2 i),
    the last on top of n. Source: D. A. Vallado, Fundamentals of Astrodynamics and Applications, 4th ed.,
    2013, equations 9-37, 9-39 and 9-41. Periodic terms (about 10 km in low orbit) are left out.
    """
    mean_motion = jnp.sqrt(gravitational_parameter / semi_major_axis) / semi_major_axis
    shape = 1 - eccentricity**2
    scale = 1.5 * j2 * mean_motion * (planet_radius / (semi_major_axis * shape)) ** 2
    sine_squared = jnp.sin(inclination) ** 2
    return SecularRates(
        raan=-scale * jnp.cos(inclination),
        argument_of_perigee=0.5 * scale * (4 - 5 * sine_squared),
        mean_anomaly=0.5 * scale * jnp.sqrt(shape) * (2 - 3 * sine_squared),
    )


def sun_synchronous_cosine(
    semi_major_axis: Float[Array, ""],
    eccentricity: Float[Array, ""],
    planet_radius: Float[Array, ""],
    gravitational_parameter: Float[Array, ""],
    j2: Float[Array, ""],
) -> Float[Array, ""]:
    """Cosine of the inclination at which the node turns once in a tropical year (-).

    cos i = -(2 pi / year) / (1.5 J2 n (R/p)^2), the node's secular rate solved for i (see secular_rates).
    A value below -1 means that no such orbit exists (above about 5975 km on circular orbits of the Earth).
    """
    rates = secular_rates(
        semi_major_axis,
        eccentricity,
        jnp.zeros_like(semi_major_axis),
        planet_radius,
        gravitational_parameter,
        j2,
    )
    return (2 * jnp.pi / TROPICAL_YEAR) / rates.raan


def orbital_vectors(
    semi_major_axis: Float[Array, ""],
    eccentricity: Float[Array, ""],
    inclination: Float[Array, ""],
    raan: Float[Array, " time"],
    argument_of_perigee: Float[Array, " time"],
    mean_anomaly: Float[Array, " time"],
    gravitational_parameter: Float[Array, ""],
) -> OrbitalVectors:
    """Distance, speed and directions from osculating elements (angles in rad, lengths in m).

    r = a (1 - e cos E), v^2 = mu (2/r - 1/a); in the orbit's plane, from perigee:
    zenith (cos E - e, sqrt(1 - e^2) sin E)/(1 - e cos E),
    velocity (-sin E, sqrt(1 - e^2) cos E)/sqrt(1 - e^2 cos^2 E).
    Source: Vallado (2013), section 2.2 and algorithm 10. Valid for 0 <= e < 1, circular and equatorial too.
    """
    anomaly = solve_kepler(mean_anomaly, eccentricity)
    sine, cosine = jnp.sin(anomaly), jnp.cos(anomaly)
    minor = jnp.sqrt(1 - eccentricity**2)
    radial = 1 - eccentricity * cosine
    distance = semi_major_axis * radial
    speed = jnp.sqrt(gravitational_parameter * (2 / distance - 1 / semi_major_axis))

    toward_perigee, ahead_of_perigee, normal = _perifocal_axes(inclination, raan, argument_of_perigee)
    zenith = ((cosine - eccentricity) / radial)[:, None] * toward_perigee
    zenith = zenith + (minor * sine / radial)[:, None] * ahead_of_perigee
    tangential = jnp.sqrt(1 - (eccentricity * cosine) ** 2)
    velocity = (-sine / tangential)[:, None] * toward_perigee
    velocity = velocity + (minor * cosine / tangential)[:, None] * ahead_of_perigee
    return OrbitalVectors(distance, speed, zenith, velocity, normal)


def _perifocal_axes(inclination, raan, argument_of_perigee):
    """Unit vectors to perigee, 90 degrees ahead of it and along the angular momentum, each [time, 3]."""
    cos_i, sin_i = jnp.cos(inclination), jnp.sin(inclination)
    cos_node, sin_node = jnp.cos(raan), jnp.sin(raan)
    zero = jnp.zeros_like(raan)
    node = jnp.stack([cos_node, sin_node, zero], axis=-1)
    ahead_of_node = jnp.stack([-sin_node * cos_i, cos_node * cos_i, zero + sin_i], axis=-1)
    normal = jnp.stack([sin_node * sin_i, -cos_node * sin_i, zero + cos_i], axis=-1)
    cos_p, sin_p = jnp.cos(argument_of_perigee)[:, None], jnp.sin(argument_of_perigee)[:, None]
    return cos_p * node + sin_p * ahead_of_node, cos_p * ahead_of_node - sin_p * node, normal
