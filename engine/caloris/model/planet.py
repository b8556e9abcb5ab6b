"""The planet, the spacecraft's surroundings at given times, and the planet's heating of plates.

Lengths in m, times in s, fluxes in W m-2.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels import constants
from caloris_kernels.radiative import planet_heating


def leaf(value) -> Array:
    """A traced floating array from a number: every physical number can be differentiated."""
    return jnp.asarray(value, dtype=float)


class OrbitState(eqx.Module):
    """The spacecraft's surroundings at given times; directions in one frame (inertial unless turned)."""

    position: Float[Array, "time xyz"]  # m, from the planet's center
    velocity: Float[Array, "time xyz"]  # m s-1
    distance: Float[Array, " time"]  # m, from the planet's center
    zenith: Float[Array, "time xyz"]  # unit
    velocity_direction: Float[Array, "time xyz"]  # unit
    normal: Float[Array, "time xyz"]  # unit, along the angular momentum
    sun_direction: Float[Array, "time xyz"]  # unit, from the planet to the Sun
    sun_distance: Float[Array, " time"]  # m
    solar_flux: Float[Array, " time"]  # W m-2, before shadow
    lit_fraction: Float[Array, " time"]  # -, visible part of the solar disc

    def turned(self, matrix: Float[Array, "time xyz xyz"]) -> "OrbitState":
        """The same state with all vectors turned by `matrix`, for example into the body frame."""

        def turn(vector):
            return jnp.einsum("tij,tj->ti", matrix, vector)

        return eqx.tree_at(_vectors, self, [turn(vector) for vector in _vectors(self)])


def _vectors(state: OrbitState) -> list[Array]:
    """The fields of a state that turn with the frame."""
    return [
        state.position,
        state.velocity,
        state.zenith,
        state.velocity_direction,
        state.normal,
        state.sun_direction,
    ]


class Planet(eqx.Module):
    """A diffuse spherical planet; the defaults are the Earth's."""

    radius: Float[Array, ""] = eqx.field(default=constants.EARTH_RADIUS, converter=leaf)  # m
    gravitational_parameter: Float[Array, ""] = eqx.field(
        default=constants.EARTH_GRAVITATIONAL_PARAMETER, converter=leaf
    )  # m3 s-2
    j2: Float[Array, ""] = eqx.field(default=constants.EARTH_J2, converter=leaf)  # -
    solar_flux: Float[Array, ""] = eqx.field(default=1361.0, converter=leaf)  # W m-2, see `seasonal`
    albedo: Float[Array, ""] = eqx.field(default=0.3, converter=leaf)  # -
    infrared_flux: Float[Array, ""] = eqx.field(default=239.0, converter=leaf)  # W m-2, exitance
    space_temperature: Float[Array, ""] = eqx.field(default=2.725, converter=leaf)  # K
    # False: solar_flux is the flux at the spacecraft, never rescaled. True: the flux at 1 au.
    seasonal: bool = eqx.field(default=False, static=True)

    @property
    def infrared_temperature(self) -> Float[Array, ""]:
        """Temperature of the black body that emits as much as the planet (K); 0 for a planet that emits nothing."""
        shines = self.infrared_flux > 0.0
        flux = jnp.where(shines, self.infrared_flux, 1.0)
        return jnp.where(shines, (flux / constants.STEFAN_BOLTZMANN) ** 0.25, 0.0)

    def infrared_on(self, normal: Float[Array, "facet xyz"], state: OrbitState) -> Float[Array, "time facet"]:
        """Unshadowed planet infrared on plates in W m-2, exact; normals in the frame of `state`."""
        ratio = state.distance / self.radius
        return planet_heating.planet_infrared_flux(normal, -state.zenith, ratio, self.infrared_flux)

    def albedo_on(self, normal: Float[Array, "facet xyz"], state: OrbitState) -> Float[Array, "time facet"]:
        """Unshadowed reflected sunlight on plates in W m-2; normals in the frame of `state`.

        Quadrature over the visible cap: error below 1e-3 of the flux above the subsolar point.
        """
        ratio = state.distance / self.radius
        reflected = self.albedo * state.solar_flux
        return planet_heating.albedo_flux(normal, -state.zenith, state.sun_direction, ratio, reflected)

    def shadow_moments(
        self, table_direction: Float[Array, "table xyz"], state: OrbitState
    ) -> tuple[Float[Array, "time table xyz"], Float[Array, "time table xyz"]]:
        """Infrared and albedo moments over a visibility table's directions (W m-2), in the frame of `state`.

        For planet_heating.shadowed_fraction; see planet_heating.cap_moments.
        """
        points = planet_heating.cap_points(-state.zenith, state.distance / self.radius)
        infrared = jnp.broadcast_to(self.infrared_flux / jnp.pi, points.solid_angle.shape)
        albedo = planet_heating.albedo_radiance(points, state.sun_direction, self.albedo * state.solar_flux)
        moments = planet_heating.cap_moments(points, jnp.stack([infrared, albedo]), table_direction)
        return moments[0], moments[1]
