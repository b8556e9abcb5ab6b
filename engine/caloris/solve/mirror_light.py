"""What shines along the paths by way of mirrors and sheets: the Sun's beam, and the planet by direction."""

from functools import partial

import jax
import jax.numpy as jnp

from caloris.model.mirrors import Mirrors
from caloris.model.planet import Planet
from caloris.model.surroundings import Motion
from caloris.model.thermal import Timeline
from caloris.solve.incident import coarse_moments, refined
from caloris.solve.shadow_guard import fixed_shadow
from caloris.solve.visibility import Visibility
from caloris_kernels.radiative.path_environment import table_radiance
from caloris_kernels.radiative.planet_heating import albedo_radiance, cap_points


def mirror_light(
    visibility: Visibility, planet: Planet | None, motion: Motion | None, timeline: Timeline
) -> Mirrors | None:
    """The traced paths with the light along them at every moment of the grid; None without mirrors and sheets.

    The planet's radiance stands on the nodes of the sky's table of directions, in the bus frame, at the coarse moments
    of the planet's light; it follows the orbit. The paths of sunlight are frozen: a derivative that would turn the Sun
    or a joint raises ShadowDerivativeError.
    """
    rays = visibility.mirrors
    if rays is None:
        return None
    count = visibility.grid_phase.shape[0]
    if planet is None or motion is None or rays.nodes is None:
        dark = jnp.zeros((count, 0))
        return Mirrors(rays, jnp.zeros(count), dark, dark)
    where = "sunlight by way of mirrors and sheets"
    sun = fixed_shadow(where, jnp.einsum("tij,tj->ti", motion.bus, motion.state.sun_direction))
    still = 0.0 * (jnp.sum(sun) + jnp.sum(fixed_shadow(where, motion.joint_angle)))
    coarse = jax.tree.map(lambda value: value[coarse_moments(count)], motion)
    own = coarse.state.turned(coarse.bus)
    points = cap_points(-own.zenith, own.distance / planet.radius)
    warm = jnp.broadcast_to(planet.infrared_flux / jnp.pi, points.solid_angle.shape)
    bright = albedo_radiance(points, own.sun_direction, planet.albedo * own.solar_flux)
    refine = partial(refined, count=count, periodic=timeline.periodic)
    albedo, infrared = (
        refine(table_radiance(points, radiance, visibility.sky_direction, rays.nodes.solid_angle))
        for radiance in (bright, warm)
    )
    return Mirrors(rays, motion.state.solar_flux + still, albedo, infrared)
