"""Orbits: where the spacecraft and the Sun are, and when the planet's shadow begins and ends.

All angles in rad, lengths in m, times in s. Phase is time over the Keplerian period, in revolutions.
"""

from abc import abstractmethod
from datetime import UTC, datetime
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Bool, Float

from caloris.model.planet import OrbitState, Planet, leaf
from caloris.programs import kept
from caloris_kernels import constants
from caloris_kernels.orbit import eclipse, kepler, sun

_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)


def days_since_j2000(moment: datetime) -> float:
    """UTC days since 2000-01-01 12:00 (Julian date minus 2451545.0); a moment without time zone is UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _J2000).total_seconds() / constants.DAY


class Orbit(eqx.Module):
    """An orbit around a planet, with the Sun. Build one by `from_beta`, `from_elements` or `sun_synchronous`."""

    planet: eqx.AbstractVar[Planet]

    @staticmethod
    def from_beta(planet: Planet, altitude, beta) -> "BetaOrbit":
        """Circular orbit of given altitude (m) and solar beta angle (rad), orbit noon at phase 0."""
        if planet.seasonal:
            raise ValueError("a seasonal solar flux needs an epoch: give orbital elements instead of beta")
        return BetaOrbit(planet, altitude, beta)

    @staticmethod
    def from_elements(
        planet: Planet,
        semi_major_axis,
        eccentricity,
        inclination,
        raan,
        argument_of_perigee,
        true_anomaly,
        epoch_days,
    ) -> "KeplerOrbit":
        """Orbit from J2000 elements (m, rad) at an epoch (UTC days since J2000); t = 0 at true_anomaly."""
        eccentricity = leaf(eccentricity)
        mean_anomaly = kepler.mean_anomaly_from_true(leaf(true_anomaly), eccentricity)
        return KeplerOrbit(
            planet,
            semi_major_axis,
            eccentricity,
            inclination,
            raan,
            argument_of_perigee,
            mean_anomaly,
            epoch_days,
        )

    @staticmethod
    def sun_synchronous(planet: Planet, altitude, local_time, epoch_days) -> "KeplerOrbit":
        """Circular sun-synchronous orbit: altitude (m), local mean solar time of the ascending node (hours).

        The local time is kept against the mean Sun, as such orbits are specified. t = 0 at the ascending
        node. Raises ValueError where no inclination makes the node follow the Sun; under a transformation
        such an orbit becomes equatorial retrograde.
        """
        semi_major_axis = planet.radius + leaf(altitude)
        circular = jnp.zeros_like(semi_major_axis)
        cosine = kepler.sun_synchronous_cosine(
            semi_major_axis, circular, planet.radius, planet.gravitational_parameter, planet.j2
        )
        possible = jnp.abs(cosine) < 1
        if not isinstance(possible, Tracer) and not possible:
            raise ValueError(f"no sun-synchronous orbit at altitude {float(leaf(altitude)) / 1e3:g} km")
        inclination = jnp.where(possible, jnp.arccos(jnp.where(possible, cosine, 0)), jnp.pi)
        raan = sun.node_from_local_time(leaf(local_time), leaf(epoch_days))
        return KeplerOrbit(planet, semi_major_axis, circular, inclination, raan, circular, circular, epoch_days)

    @property
    @abstractmethod
    def period(self) -> Float[Array, ""]:
        """Keplerian period in s."""

    @abstractmethod
    def beta(self) -> Float[Array, ""]:
        """Angle from the orbit's plane to the Sun at t = 0 in rad, positive toward the orbit normal."""

    @abstractmethod
    def _vectors_at(
        self, phase: Float[Array, " time"], frozen: bool
    ) -> tuple[kepler.OrbitalVectors, Float[Array, "time xyz"], Float[Array, " time"]]:
        """Orbital vectors, direction to the Sun and distance of the Sun at the given phases."""

    def state(self, time: Float[Array, " time"], frozen: bool) -> OrbitState:
        """State at times (s) since t = 0; see state_at_phase."""
        return self.state_at_phase(time / self.period, frozen)

    def state_at_phase(self, phase: Float[Array, " time"], frozen: bool) -> OrbitState:
        """State at phases (revolutions of the Keplerian period).

        frozen: Sun and node stay as they are at t = 0 and the oblateness is off, so the state is periodic;
        otherwise the Sun moves and node, perigee and mean anomaly drift by J2. At fixed phase the directions
        of a `from_beta` orbit, and of a frozen orbit by elements, do not depend on altitude.
        """
        vectors, sun_direction, sun_distance = self._vectors_at(phase, frozen)
        position = vectors.distance[:, None] * vectors.zenith
        flux = jnp.broadcast_to(self.planet.solar_flux, phase.shape)
        if self.planet.seasonal:
            flux = flux * (constants.ASTRONOMICAL_UNIT / sun_distance) ** 2
        sun_position = sun_distance[:, None] * sun_direction
        return OrbitState(
            position=position,
            velocity=vectors.speed[:, None] * vectors.velocity_direction,
            distance=vectors.distance,
            zenith=vectors.zenith,
            velocity_direction=vectors.velocity_direction,
            normal=vectors.normal,
            sun_direction=sun_direction,
            sun_distance=sun_distance,
            solar_flux=flux,
            lit_fraction=eclipse.lit_fraction(position, sun_position, self.planet.radius),
        )

    def eclipse_edges(
        self, revolutions: int, frozen: bool = True, shadow: Literal["cone", "cylinder"] = "cone"
    ) -> tuple[Float[Array, "revolution edge"], Bool[Array, " revolution"]]:
        """Phases (in revolutions) at which the spacecraft crosses the planet's shadow, and whether it does.

        Edges: begin of penumbra, begin of umbra, end of umbra, end of penumbra (twice the same with
        shadow = "cylinder"). Row k is the eclipse that follows the k-th orbit noon, the last noon at or
        before phase 0 being the first; so an eclipse under way at t = 0 is in row 0, and a run of n
        revolutions is covered by n + 1 rows (one row, taken modulo 1, on a frozen orbit). Without an
        eclipse (False) all four repeat the phase nearest to one, with derivative zero; likewise the two
        umbra edges when only the penumbra is crossed. Derivatives are exact except at such grazing.
        """
        return _eclipse_edges(self, revolutions, frozen, shadow)

    def eclipse_fraction(self, shadow: Literal["cone", "cylinder"] = "cone") -> Float[Array, ""]:
        """Part of the frozen orbit's period spent in shadow (-), penumbra counted half."""
        (penumbra_begin, umbra_begin, umbra_end, penumbra_end), _ = jax.tree.map(
            lambda array: array[0], self.eclipse_edges(1, frozen=True, shadow=shadow)
        )
        return 0.5 * (penumbra_end - penumbra_begin + umbra_end - umbra_begin)


# Compiled here because its loops would be compiled anew by every eager call.
@kept
def _eclipse_edges(orbit: Orbit, revolutions: int, frozen: bool, shadow: str):
    """See Orbit.eclipse_edges."""
    edges = eclipse.shadow_edges(_margins(shadow, frozen), orbit, revolutions, orbit.period.dtype)
    phases = [edges.begin[:, 0], edges.begin[:, -1], edges.end[:, -1], edges.end[:, 0]]
    return jnp.stack(phases, axis=-1), edges.exists[:, 0]


def _margins(shadow: str, frozen: bool):
    """The function (phase, orbit) -> clearance of each shadow, as shadow_edges wants it."""

    def margins(phase: Float[Array, " time"], orbit: Orbit) -> Float[Array, "time shadow"]:
        vectors, sun_direction, sun_distance = orbit._vectors_at(phase, frozen)
        position = vectors.distance[:, None] * vectors.zenith
        if shadow == "cylinder":
            return eclipse.cylinder_margin(position, sun_direction, orbit.planet.radius)[:, None]
        return eclipse.cone_margins(position, sun_distance[:, None] * sun_direction, orbit.planet.radius)

    return margins


class BetaOrbit(Orbit):
    """Circular orbit given by altitude and beta angle: inertial +Z along the orbit normal, the Sun over +X.

    It has no epoch and no inclination, so nothing drifts: `frozen` makes no difference.
    """

    planet: Planet
    altitude: Float[Array, ""] = eqx.field(converter=leaf)  # m
    solar_beta: Float[Array, ""] = eqx.field(converter=leaf)  # rad

    @property
    def period(self) -> Float[Array, ""]:
        """Keplerian period in s."""
        return kepler.orbital_period(self.planet.radius + self.altitude, self.planet.gravitational_parameter)

    def beta(self) -> Float[Array, ""]:
        """Angle from the orbit's plane to the Sun in rad, positive toward the orbit normal."""
        return self.solar_beta

    def _vectors_at(self, phase, frozen):
        """See Orbit; the directions depend on the phase and on beta only."""
        del frozen
        angle = 2 * jnp.pi * phase
        sine, cosine, zero = jnp.sin(angle), jnp.cos(angle), jnp.zeros_like(angle)
        distance = jnp.broadcast_to(self.planet.radius + self.altitude, phase.shape)
        vectors = kepler.OrbitalVectors(
            distance=distance,
            speed=jnp.sqrt(self.planet.gravitational_parameter / distance),
            zenith=jnp.stack([cosine, sine, zero], axis=-1),
            velocity_direction=jnp.stack([-sine, cosine, zero], axis=-1),
            normal=jnp.stack([zero, zero, zero + 1], axis=-1),
        )
        sun_direction = jnp.stack([jnp.cos(self.solar_beta) + zero, zero, jnp.sin(self.solar_beta) + zero], axis=-1)
        return vectors, sun_direction, jnp.full_like(phase, constants.ASTRONOMICAL_UNIT)


class KeplerOrbit(Orbit):
    """Orbit given by elements in the J2000 equatorial frame at an epoch."""

    planet: Planet
    semi_major_axis: Float[Array, ""] = eqx.field(converter=leaf)  # m
    eccentricity: Float[Array, ""] = eqx.field(converter=leaf)  # -
    inclination: Float[Array, ""] = eqx.field(converter=leaf)  # rad
    raan: Float[Array, ""] = eqx.field(converter=leaf)  # rad
    argument_of_perigee: Float[Array, ""] = eqx.field(converter=leaf)  # rad
    mean_anomaly: Float[Array, ""] = eqx.field(converter=leaf)  # rad, at t = 0
    epoch_days: Float[Array, ""] = eqx.field(converter=leaf)  # UTC days since 2000-01-01 12:00

    @property
    def period(self) -> Float[Array, ""]:
        """Keplerian period in s."""
        return kepler.orbital_period(self.semi_major_axis, self.planet.gravitational_parameter)

    def beta(self) -> Float[Array, ""]:
        """Angle from the orbit's plane to the Sun at the epoch in rad, positive toward the orbit normal."""
        vectors, sun_direction, _ = self._vectors_at(jnp.zeros((1,), self.raan.dtype), frozen=True)
        height = jnp.sum(vectors.normal[0] * sun_direction[0])
        in_plane = jnp.cross(vectors.normal[0], sun_direction[0])
        return jnp.arctan2(height, jnp.sqrt(jnp.maximum(jnp.sum(in_plane**2), 1e-30)))

    def _vectors_at(self, phase, frozen):
        """See Orbit."""
        zero = jnp.zeros_like(phase)
        raan, perigee = self.raan + zero, self.argument_of_perigee + zero
        anomaly = self.mean_anomaly + 2 * jnp.pi * phase
        days = self.epoch_days[None]
        if not frozen:
            time = phase * self.period
            rates = kepler.secular_rates(
                self.semi_major_axis,
                self.eccentricity,
                self.inclination,
                self.planet.radius,
                self.planet.gravitational_parameter,
                self.planet.j2,
            )
            raan = raan + rates.raan * time
            perigee = perigee + rates.argument_of_perigee * time
            anomaly = anomaly + rates.mean_anomaly * time
            days = self.epoch_days + time / constants.DAY
        vectors = kepler.orbital_vectors(
            self.semi_major_axis,
            self.eccentricity,
            self.inclination,
            raan,
            perigee,
            anomaly,
            self.planet.gravitational_parameter,
        )
        sun_position = sun.sun_position(days)
        sun_distance = jnp.linalg.norm(sun_position, axis=-1)
        sun_direction = sun_position / sun_distance[:, None]
        shape = phase.shape
        return vectors, jnp.broadcast_to(sun_direction, (*shape, 3)), jnp.broadcast_to(sun_distance, shape)
