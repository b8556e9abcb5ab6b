"""Particles along the track of an orbit, moment by moment, and on the sphere that it lies on."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris.model.orbit import KeplerOrbit
from caloris.model.orbit_environment import OrbitEnvironment
from caloris.precision import require_float64
from caloris.programs import kept
from caloris.solve.orbit_particles import days_at_year, quiet_cutoff, shells_at, shells_of
from caloris_kernels.constants import DAY
from caloris_kernels.magnetic.cutoff import disturbed_cutoff
from caloris_kernels.magnetic.drift_shell import DriftShell
from caloris_kernels.orbit.earth_rotation import earth_fixed
from caloris_kernels.trapped.flux import trapped_spectrum
from caloris_kernels.trapped.flux_map import FluxMap, MapName, trapped_map

PROTON_THRESHOLDS = np.array([1.0, 10.0, 30.0, 100.0])  # MeV
ELECTRON_THRESHOLDS = np.array([0.1, 0.5, 1.0, 2.0])  # MeV
# The world map's grid: nodes every 3 degrees of latitude and 5 of longitude.
MAP_LATITUDE, MAP_LONGITUDE = np.linspace(-90.0, 90.0, 61), np.linspace(-180.0, 180.0, 73)  # deg


class ParticleTrack(NamedTuple):
    """Along the track; None for what is absent. Fluxes are omnidirectional, above each threshold (m-2 s-1)."""

    latitude: Float[Array, " time"]  # deg, geocentric
    longitude: Float[Array, " time"]  # deg, east, -180 to 180
    mcilwain: Float[Array, " time"]  # L in the field of the proton map's epoch (or electrons', or the orbit's)
    strength_ratio: Float[Array, " time"]  # B/B0, likewise
    cutoff: Float[Array, " time"] | None  # GV, vertical, in the field of the orbit's epoch
    proton_flux: Float[Array, "time threshold"] | None
    electron_flux: Float[Array, "time threshold"] | None


def particle_track(environment: OrbitEnvironment, time: Float[Array, " time"], frozen: bool = False) -> ParticleTrack:
    """Where the spacecraft is over the turning Earth at times (s) since the epoch, and what it meets there.

    frozen: Sun, node and perigee stay, as in a periodic run; the Earth turns all the same. Differentiable in the leaves
    of the environment and in time. Raises RuntimeError without float64.
    """
    require_float64("particle_track")
    orbit = environment.orbit
    position, latitude, longitude = _track(orbit, jnp.asarray(time), frozen)
    shells = shells_of(environment, position, now=environment.storm is not None or not environment.maps)
    flux = {
        name: _flux_above(trapped_map(name), jnp.asarray(_thresholds(name)), shell)
        for name, shell in shells.by_map.items()
    }
    cutoff = None
    if environment.storm is not None and shells.now is not None:
        cutoff = _cutoff(shells.now.mcilwain, environment.storm, environment.internal_field)
    shown = next(iter(shells.by_map.values()), shells.now)
    assert shown is not None
    protons, electrons = (None if name is None else flux[name] for name in (environment.proton, environment.electron))
    return ParticleTrack(latitude, longitude, *shown, cutoff, protons, electrons)


def track_position(orbit: KeplerOrbit, time: Float[Array, " time"], frozen: bool = False) -> Float[Array, "time xyz"]:
    """Earth-fixed positions (m) at times (s) since the epoch."""
    return _track(orbit, time, frozen)[0]


def trapped_world_map(
    environment: OrbitEnvironment, radius: Float[Array, ""] | float | None = None
) -> Float[Array, "latitude longitude threshold"] | None:
    """Trapped flux (m-2 s-1) on a sphere, at MAP_LATITUDE and MAP_LONGITUDE.

    radius (m) from the Earth's center; None: the orbit's semi-major axis.

    Protons above PROTON_THRESHOLDS, without a proton map electrons above ELECTRON_THRESHOLDS, without either None.
    """
    if not environment.maps:
        return None
    name, year = environment.maps[0]
    latitude, longitude = np.radians(MAP_LATITUDE)[:, None], np.radians(MAP_LONGITUDE)[None]
    parts = (
        np.cos(latitude) * np.cos(longitude),
        np.cos(latitude) * np.sin(longitude),
        np.sin(latitude) + 0 * longitude,
    )
    radius = environment.orbit.semi_major_axis if radius is None else radius
    position = jnp.asarray(radius) * np.stack(parts, axis=-1).reshape(-1, 3)
    flux = _flux_above(trapped_map(name), jnp.asarray(_thresholds(name)), shells_at(days_at_year(year), position))
    return flux.reshape(MAP_LATITUDE.size, MAP_LONGITUDE.size, -1)


def _thresholds(name: MapName) -> np.ndarray:
    """Energies (MeV) above which the flux of a map is shown."""
    return PROTON_THRESHOLDS if name.startswith("AP") else ELECTRON_THRESHOLDS


@kept
def _track(orbit: KeplerOrbit, time: Float[Array, " time"], frozen: bool) -> tuple[Array, Array, Array]:
    """Earth-fixed positions (m), geocentric latitude and longitude (deg)."""
    position = earth_fixed(orbit.state(time, frozen).position, orbit.epoch_days + time / DAY)
    x, y, z = position.T
    latitude = jnp.rad2deg(jnp.arctan2(z, jnp.sqrt(x * x + y * y)))
    return position, latitude, jnp.rad2deg(jnp.arctan2(y, x))


@kept
def _flux_above(flux_map: FluxMap, threshold: Float[Array, " threshold"], shell: DriftShell) -> Array:
    return trapped_spectrum(flux_map, threshold, shell)


@kept
def _cutoff(mcilwain: Float[Array, " time"], storm: Float[Array, ""], internal_field: bool) -> Float[Array, " time"]:
    return disturbed_cutoff(quiet_cutoff(mcilwain, internal_field), storm)
