"""Heating of plates by a planet: its infrared and the sunlight it reflects, with shadowing by other surfaces.

The planet is a diffuse sphere of one infrared exitance and one albedo. Directions (nadir, normals, Sun) may
stand in any one frame. `distance_ratio` is H = r/R > 1, distance from the planet's center over its radius.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris_kernels.radiative.visibility import direction_weights

# Points over the visible cap: largest albedo error found over tilts and Sun angles 2e-4 of the subsolar
# value, set by the terminator and by the plate's own horizon cutting through the cap.
CAP_RINGS, CAP_SECTORS = 16, 32


class CapPoints(NamedTuple):
    """Points of the planet's visible cap, seen from the spacecraft."""

    direction: Float[Array, "time point xyz"]  # unit, spacecraft to point
    solid_angle: Float[Array, "time point"]  # sr
    surface_normal: Float[Array, "time point xyz"]  # unit, out of the planet


@jax.custom_jvp
def plate_to_planet_view_factor(
    cos_tilt: Float[Array, "..."], distance_ratio: Float[Array, "..."]
) -> Float[Array, "..."]:
    """View factor from a plate element to a sphere, the plate's horizon included (-).

    F = (1/pi) [g + cos(t) sin^2(rho) f - sin(t) sin(rho) cos(rho) sin(f)], sin(rho) = 1/H,
    cos(f) = -cot(t) cot(rho) and cos(g) = cos(rho)/sin(t), both cosines clipped to [-1, 1].
    cos_tilt is the cosine of the angle t between the plate's normal and nadir. The clipping makes the three
    branches: F = cos(t)/H^2 with the whole cap in view, the partial view, and 0; they meet with equal value
    and slope. Source: F. G. Cunningham, NASA TN D-710, 1961; I. Juul, J. Spacecraft 16, 60, 1979 (the
    vector form was derived here from Lambert's contour formula). Any tilt, H > 1. Derivatives are closed
    forms, finite at the contacts of the branches.
    """
    sine, rim_angle, rim_sine = _visible_rim(cos_tilt, distance_ratio)
    cos_rho = jnp.sqrt(1 - distance_ratio**-2)
    crossed = (rim_angle > 0) & (rim_angle < jnp.pi)
    horizon = jnp.where(crossed, jnp.arccos(jnp.where(crossed, jnp.minimum(cos_rho / sine, 1), 0)), 0)
    planet = cos_tilt * rim_angle / distance_ratio**2 - sine * cos_rho * rim_sine / distance_ratio
    return (horizon + planet) / jnp.pi


@plate_to_planet_view_factor.defjvp
def _plate_to_planet_view_factor_jvp(primals, tangents):
    """The horizon moves no flux (it has zero cosine), so only the cap's rim and the tilt remain."""
    cos_tilt, ratio = primals
    sine, rim_angle, rim_sine = _visible_rim(cos_tilt, ratio)
    cos_rho = jnp.sqrt(1 - ratio**-2)
    by_cosine = (cos_tilt * cos_rho * rim_sine / (ratio * sine) + rim_angle / ratio**2) / jnp.pi
    by_ratio = -2 * (cos_tilt * rim_angle + sine * rim_sine / (ratio * cos_rho)) / (jnp.pi * ratio**3)
    value = plate_to_planet_view_factor(cos_tilt, ratio)
    return value, by_cosine * tangents[0] + by_ratio * tangents[1]


def _visible_rim(cos_tilt, distance_ratio):
    """Sine of the tilt (kept off zero), half-azimuth of the cap's rim above the horizon, its sine."""
    squared = 1 - cos_tilt**2
    sine = jnp.sqrt(jnp.where(squared > 1e-24, squared, 1e-24))
    cosine = -cos_tilt / sine * jnp.sqrt(distance_ratio**2 - 1)
    partial = jnp.abs(cosine) < 1
    inside = jnp.where(partial, cosine, 0)
    angle = jnp.where(partial, jnp.arccos(inside), jnp.where(cosine > 0, 0, jnp.pi))
    return sine, angle, jnp.where(partial, jnp.sqrt(1 - inside**2), 0)


def sphere_to_planet_view_factor(distance_ratio: Float[Array, "..."]) -> Float[Array, "..."]:
    """View factor from a small sphere to a large one: (1/2)(1 - sqrt(1 - 1/H^2)) (-); H > 1."""
    return 0.5 * (1 - jnp.sqrt(1 - distance_ratio**-2))


def planet_infrared_flux(
    normal: Float[Array, "facet xyz"],
    nadir: Float[Array, "time xyz"],
    distance_ratio: Float[Array, " time"],
    infrared_flux: Float[Array, ""],
) -> Float[Array, "time facet"]:
    """Infrared of the planet that reaches plates without shadowing, E F in W m-2.

    infrared_flux E is the planet's exitance (W m-2), F as in plate_to_planet_view_factor.
    """
    cos_tilt = nadir @ normal.T
    ratio = jnp.broadcast_to(distance_ratio[:, None], cos_tilt.shape)
    return infrared_flux * plate_to_planet_view_factor(cos_tilt, ratio)


def albedo_flux(
    normal: Float[Array, "facet xyz"],
    nadir: Float[Array, "time xyz"],
    sun_direction: Float[Array, "time xyz"],
    distance_ratio: Float[Array, " time"],
    reflected_flux: Float[Array, " time"],
) -> Float[Array, "time facet"]:
    """Sunlight reflected by the planet that reaches plates without shadowing, in W m-2.

    q = (a S / pi) int max(0, n_s . s) max(0, n . w) dw over the visible cap, n_s the planet's surface normal
    at the point seen along w. reflected_flux is a S (W m-2). Quadrature over cap_points: error below 1e-3
    of the value at the subsolar point. Facets may share normals: pass the distinct ones only, the cost is
    facets x times x 512.
    """

    @jax.checkpoint
    def at_one_time(arguments):
        nadir, sun, ratio, reflected = arguments
        points = cap_points(nadir[None], ratio[None])
        radiance = albedo_radiance(points, sun[None], reflected[None])[0]
        weight = points.solid_angle[0] * radiance
        return jnp.maximum(normal @ points.direction[0].T, 0) @ weight

    return jax.lax.map(at_one_time, (nadir, sun_direction, distance_ratio, reflected_flux))


def cap_points(
    nadir: Float[Array, "time xyz"],
    distance_ratio: Float[Array, " time"],
    rings: int = CAP_RINGS,
    sectors: int = CAP_SECTORS,
) -> CapPoints:
    """Quadrature points over the part of the planet that the spacecraft sees, rings x sectors of them.

    Polar coordinates about nadir. The radial coordinate is the emergence angle x at the planet's surface,
    H sin(theta) = sin(x), 0 to 90 deg at the limb for any altitude: every quantity is smooth in x up to the
    limb, and points move smoothly with altitude. dw = sin(x) cos(x) / (H^2 cos(theta)) dx dphi;
    Gauss-Legendre in x, equal steps in phi.
    """
    nodes, weights = np.polynomial.legendre.leggauss(rings)
    emergence = np.pi / 4 * (nodes + 1)
    # Every other ring is turned by half a sector, which spreads the crossings of the terminator.
    azimuth = 2 * np.pi / sectors * (np.arange(sectors)[None] + 0.25 + 0.5 * (np.arange(rings) % 2)[:, None])
    dtype = nadir.dtype
    sin_x, cos_x = jnp.asarray(np.sin(emergence), dtype), jnp.asarray(np.cos(emergence), dtype)
    measure = jnp.asarray(np.pi / 4 * weights * np.sin(emergence) * np.cos(emergence), dtype)
    cos_phi, sin_phi = jnp.asarray(np.cos(azimuth), dtype), jnp.asarray(np.sin(azimuth), dtype)

    sin_theta = sin_x / distance_ratio[:, None]
    cos_theta = jnp.sqrt(1 - sin_theta**2)
    # Angle at the planet's center between sub-satellite point and point: x - theta.
    sin_center = sin_x * cos_theta - cos_x * sin_theta
    cos_center = cos_x * cos_theta + sin_x * sin_theta
    first, second = _perpendiculars(nadir)
    around = cos_phi[..., None] * first[:, None, None] + sin_phi[..., None] * second[:, None, None]
    down = nadir[:, None, None]
    direction = cos_theta[..., None, None] * down + sin_theta[..., None, None] * around
    surface_normal = sin_center[..., None, None] * around - cos_center[..., None, None] * down
    solid_angle = (2 * np.pi / sectors) * measure / (distance_ratio[:, None] ** 2 * cos_theta)
    times, points = nadir.shape[0], rings * sectors
    return CapPoints(
        direction.reshape(times, points, 3),
        jnp.repeat(solid_angle, sectors, axis=1),
        surface_normal.reshape(times, points, 3),
    )


def albedo_radiance(
    points: CapPoints, sun_direction: Float[Array, "time xyz"], reflected_flux: Float[Array, " time"]
) -> Float[Array, "time point"]:
    """Radiance of the sunlit planet, a S max(0, n_s . s)/pi in W m-2 sr-1; reflected_flux is a S (W m-2)."""
    zenith_cosine = jnp.einsum("tpi,ti->tp", points.surface_normal, sun_direction)
    return reflected_flux[:, None] * jnp.maximum(zenith_cosine, 0) / jnp.pi


def cap_moments(
    points: CapPoints, radiance: Float[Array, "source time point"], table_direction: Float[Array, "table xyz"]
) -> Float[Array, "source time table xyz"]:
    """Irradiance vectors of the planet split over the directions of a visibility table, in W m-2.

    B_d = sum_q w_q L_q psi_d(omega_q) omega_q over the cap's points (solid angle w, radiance L), with the
    table's interpolation weights psi (caloris_kernels.radiative.visibility.direction_weights, summing to 1
    over d). Points and table directions stand in the same frame. Sources (infrared, albedo) share the
    weights, which are the cost: times x 512 x table.
    """

    @jax.checkpoint
    def at_one_time(arguments):
        direction, weight = arguments
        share = direction_weights(direction, table_direction)
        return jnp.einsum("pd,sp,px->sdx", share, weight, direction)

    weight = jnp.moveaxis(points.solid_angle * radiance, 0, 1)
    return jnp.moveaxis(jax.lax.map(at_one_time, (points.direction, weight)), 1, 0)


def shadowed_fraction(
    blocked: Float[Array, "table facet"],
    front: Float[Array, "table facet"],
    normal: Float[Array, "facet xyz"],
    moments: Float[Array, "time table xyz"],
) -> Float[Array, "time facet"]:
    """Fraction (0 to 1) of a source's irradiance that other surfaces keep from plates.

    sum_d blocked_i(d) n_i.B_d / sum_d front_i(d) n_i.B_d, with B from cap_moments. blocked_i(d) is the
    table's blocked fraction toward d, and front_i(d) is 1 (0 for directions behind the plate, where
    `blocked` must be 0 too). Multiply the exact unshadowed flux by 1 minus this. 0, with derivative zero,
    where the plate sees nothing of the source.
    """

    def irradiance(table):
        vector = jnp.einsum("tdx,df->tfx", moments, table)
        return jnp.einsum("tfx,fx->tf", vector, normal)

    kept, reaching = irradiance(blocked), irradiance(front)
    # Relative to the source as a whole: below this only rounding and grazing directions are left.
    scale = jnp.sum(jnp.abs(moments), axis=(1, 2))[:, None]
    seen = reaching > 1e-9 * scale
    fraction = kept / jnp.where(seen, reaching, 1)
    return jnp.where(seen, jnp.clip(fraction, 0, 1), 0)


def _perpendiculars(direction):
    """Two unit vectors perpendicular to each direction and to each other, [time, 3] each.

    T. Duff et al., J. Computer Graphics Techniques 6, 1, 2017: no normalization, no singular direction.
    """
    x, y, z = direction[:, 0], direction[:, 1], direction[:, 2]
    sign = jnp.where(z < 0, -1.0, 1.0).astype(direction.dtype)
    a = -1 / (sign + z)
    b = x * y * a
    first = jnp.stack([1 + sign * x * x * a, sign * b, -sign * x], axis=-1)
    second = jnp.stack([b, sign + y * y * a, -y], axis=-1)
    return first, second
