"""The particle environment of a run as named arrays of the run file, with what an orbit adds to it."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from caloris.case.build import Model
from caloris.model.orbit_environment import OrbitEnvironment
from caloris.model.particle_sources import RIGIDITY, Transmission, TrappedProtons
from caloris.model.particles import ION_COUNT, SPECTRUM_ENERGY, ParticleEnvironment
from caloris.output.particle_quantities import LEAST_FLUX, MAP_ENERGY
from caloris.output.run_data import RunData
from caloris.programs import kept
from caloris.solve.particle_track import (
    ELECTRON_THRESHOLDS,
    MAP_LATITUDE,
    MAP_LONGITUDE,
    PROTON_THRESHOLDS,
    ParticleTrack,
    particle_track,
    trapped_world_map,
)
from caloris_kernels.constants import DAY

ELECTRON_ENERGY = np.geomspace(0.04, 8.0, 93)  # MeV, 40 a decade
_TRACK_STEP = 60.0  # s
_ECCENTRIC = 50e3  # m: from a difference of apogee and perigee of twice this on, the altitude of the map is chosen
_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)


def environment_arrays(model: Model, data: RunData) -> None:
    """Spectra by component, electrons, fluences; along the orbit where the case says where it lies over the Earth."""
    environment = model.particles
    if environment is None or not (environment.components or environment.electrons or environment.fluence):
        return
    arrays: dict[str, object] = {"ion": np.arange(1, ION_COUNT + 1), "energy": SPECTRUM_ENERGY}
    components, electrons, fluence = _spectra(
        _nameless(environment), jnp.asarray(SPECTRUM_ENERGY), jnp.asarray(ELECTRON_ENERGY)
    )
    if environment.components:
        arrays["component"] = np.array([name for name, _ in environment.components], object)
        arrays |= {"component_flux": components, "flux_outside": np.asarray(components).sum(axis=0)}
    if environment.electrons is not None:
        arrays |= {"electron_energy": ELECTRON_ENERGY, "electron_flux": electrons}
    if fluence is not None:
        arrays["event_fluence"] = fluence
    attributes: dict[str, object] = {"environment": environment.name}
    if model.orbit_environment is not None:
        along = model.orbit_environment.value
        arrays |= _along(along, environment, data.arrays.get("thermal/time"), _is_frozen(model))
        attributes |= _attributes(along)
        if along.maps:
            attributes["map_altitude"] = _map_radius(along, arrays) - float(along.orbit.planet.radius)
    data.arrays.update({f"particle/{name}": np.asarray(value) for name, value in arrays.items()})
    data.attributes.setdefault("particle", {}).update(attributes)


def _is_frozen(model: Model) -> bool:
    return model.context is not None and bool(model.context.frozen)


def _nameless(environment: ParticleEnvironment) -> ParticleEnvironment:
    """The same without its words, so that other words are no other program."""
    return ParticleEnvironment(environment.sources, None, "", environment.electrons, environment.fluence)


@kept
def _spectra(
    environment: ParticleEnvironment, energy: Array, electron_energy: Array
) -> tuple[Array, Array, Array | None]:
    """Fluxes of each component [component, ion, energy], of electrons, and the mission's fluence."""
    points = jnp.broadcast_to(energy, (ION_COUNT, energy.shape[0]))
    none = jnp.zeros((0, *points.shape))
    components = jnp.stack([source.flux(points) for source in environment.sources]) if environment.sources else none
    return components, environment.electron_flux(electron_energy), environment.event_fluence(energy)


def _along(
    along: OrbitEnvironment, environment: ParticleEnvironment, time: np.ndarray | None, frozen: bool
) -> dict[str, object]:
    """Transmission, means, the series at the output times, one day of the track, and the world map."""
    day = np.arange(0.0, DAY + 0.5 * _TRACK_STEP, _TRACK_STEP)
    found: dict[str, object] = {}
    sources = (*environment.sources, environment.fluence)
    through = [getattr(source, "transmission", None) for source in sources]
    for transmission in (one for one in through if isinstance(one, Transmission)):
        found |= {"rigidity": RIGIDITY, "transmission": transmission.transmission}
    thresholds = {"proton": PROTON_THRESHOLDS, "electron": ELECTRON_THRESHOLDS}
    protons = [source for source in environment.sources if isinstance(source, TrappedProtons)]
    trapped = {"proton": protons[0] if protons else None, "electron": environment.electrons}
    for name, source in trapped.items():
        if source is not None:
            found[f"{name}_threshold"] = thresholds[name]
            above = eqx.filter_jit(type(source).flux_above)(source, jnp.asarray(thresholds[name]))
            found[f"trapped_{name}_mean"] = above
    if time is not None:
        found |= _series(particle_track(along, jnp.asarray(time), frozen), "")
    found |= {"track_time": day} | _series(particle_track(along, jnp.asarray(day)), "track_")
    world = trapped_world_map(along, _map_radius(along, found))
    if world is not None:
        kind = "proton" if along.proton is not None else "electron"
        found |= {"map_latitude": MAP_LATITUDE, "map_longitude": MAP_LONGITUDE, f"map_{kind}_flux": world}
    return found


def _map_radius(along: OrbitEnvironment, found: Mapping[str, object]) -> float:
    """Radius (m) of the world map's sphere: of an eccentric orbit where its day of track meets the largest flux.

    By the flux above 30 MeV of protons (1 MeV of electrons), or the next lower threshold that is met at all.
    """
    orbit = along.orbit
    axis, eccentricity = float(orbit.semi_major_axis), float(orbit.eccentricity)
    kind = "proton" if along.proton is not None else "electron"
    if f"track_{kind}_flux" not in found or axis * eccentricity < _ECCENTRIC:
        return axis
    flux, threshold = np.asarray(found[f"track_{kind}_flux"]), np.asarray(found[f"{kind}_threshold"])
    met = [k for k in np.flatnonzero(threshold <= MAP_ENERGY[kind])[::-1] if flux[:, k].max() >= LEAST_FLUX]
    if not met:
        return axis
    moment = np.asarray(found["track_time"])[int(flux[:, met[0]].argmax())]
    return float(jnp.linalg.norm(orbit.state(jnp.asarray([moment]), frozen=False).position))


def _series(track: ParticleTrack, prefix: str) -> dict[str, object]:
    electrons = "electron_flux" if prefix else "electron_flux_above"
    values = {
        "mcilwain": track.mcilwain,
        "strength_ratio": track.strength_ratio,
        "cutoff": track.cutoff,
        "proton_flux": track.proton_flux,
        electrons: track.electron_flux,
    }
    if prefix:
        values |= {"latitude": track.latitude, "longitude": track.longitude}
    return {prefix + name: value for name, value in values.items() if value is not None}


def _attributes(along: OrbitEnvironment) -> dict[str, object]:
    orbit = along.orbit
    epoch = _J2000 + timedelta(days=float(orbit.epoch_days))
    found: dict[str, object] = {
        "epoch": epoch.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "mean_altitude": float(orbit.semi_major_axis) - float(orbit.planet.radius),
        "inclination": float(orbit.inclination),
        "period": float(orbit.period),
    }
    for name, year in along.maps:
        found["proton_field_epoch" if name == along.proton else "electron_field_epoch"] = float(year)
    return found
