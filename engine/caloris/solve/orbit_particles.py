"""The verb that makes the mean particle environment of an orbit."""

from collections.abc import Hashable
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from caloris.array_store import load_arrays, store_arrays
from caloris.model.orbit import KeplerOrbit
from caloris.model.orbit_environment import SIDEREAL_DAY, OrbitEnvironment
from caloris.model.particle_sources import (
    RIGIDITY,
    GalacticCosmicRays,
    SolarEvent,
    SolarFluence,
    Transmission,
    TrappedElectrons,
    TrappedProtons,
)
from caloris.model.particles import GALACTIC, Component, ParticleEnvironment
from caloris.precision import require_float64
from caloris.programs import kept
from caloris_kernels.constants import DAY
from caloris_kernels.magnetic.cutoff import (
    INTERNAL_CONSTANT,
    directional_transmission,
    disturbed_cutoff,
    geomagnetic_transmission,
    vertical_cutoff,
)
from caloris_kernels.magnetic.drift_shell import DriftShell, drift_shell
from caloris_kernels.magnetic.field import FieldCoefficients, days_of_year, dipole_moment, field_coefficients
from caloris_kernels.orbit.earth_rotation import earth_fixed
from caloris_kernels.particle.galactic import visible_sky_fraction
from caloris_kernels.trapped.flux import orbit_flux
from caloris_kernels.trapped.flux_map import FIELD_EPOCHS, FluxMap, MapName, trapped_map

# Places on the orbit: a lattice over phase and hour of the day whose best generator this is. Against 10 240 places the
# means of AP8MIN above 1 to 100 MeV differ by 0.2 % at 650 km, 98 deg, 0.6 % at 550 km, 30 deg, 2.8 % at 400 km,
# 51.6 deg; transmissions by 2e-4.
SAMPLES, _GENERATOR = 2560, 947
_BLOCK = 512


class OrbitSpectra(NamedTuple):
    """What the orbit makes of the models; None for what is absent."""

    proton: Float[Array, " level"] | None  # m-2 s-1, mean flux above the energies of the map
    electron: Float[Array, " level"] | None
    transmission: Transmission


def orbit_particles(environment: OrbitEnvironment) -> ParticleEnvironment:
    """The particle environment of an orbit, mean over it.

    2560 places of equal weight: every phase of the orbit at every hour of the day, as a long mission has them (the
    perigee where it is at the epoch), or along the ground track where that repeats within four revolutions. At each,
    the field line through it gives McIlwain's L and B/B0 (`drift_shell`), in the field of the epoch that each map
    wants, and in that of the orbit's epoch for the cutoff (`vertical_cutoff`). Galactic and solar particles: spectrum
    outside times the mean of what cutoff and Earth's shadow let through, fully ionized; all directions have the
    vertical cutoff (`geomagnetic_transmission`), or each its own (`directional_transmission`, where the environment's
    arrival is "directional"). Trapped particles: mean of the integral flux of AP-8 and AE-8, and the slope of a smooth
    curve through it (`differential_flux`); the maps' own uncertainty is a factor of 2. Directions count alike on the
    mean: the maps' pancake distributions are not in it.

    Differentiable, forward and reverse, in every leaf; the maps are piecewise smooth, so that differences over steps
    that carry places across the corners of their cells scatter by 1e-3. Raises RuntimeError without float64 and
    ValueError for epochs outside 1900 to 2030 in an eager call.
    """
    require_float64("orbit_particles")
    spectra = orbit_spectra(environment)
    through = spectra.transmission
    components: list[Component] = []
    if environment.solar_modulation is not None:
        components.append((GALACTIC, GalacticCosmicRays(environment.solar_modulation, transmission=through)))
    electrons = fluence = None
    if environment.proton is not None:
        assert spectra.proton is not None
        components.append(
            (f"trapped protons ({environment.proton})", TrappedProtons(spectra.proton, environment.proton))
        )
    if environment.solar_event is not None:
        words = f"solar particles of the worst {environment.solar_event}"
        components.append((words, SolarEvent(through, environment.solar_event)))
    if environment.electron is not None:
        assert spectra.electron is not None
        electrons = TrappedElectrons(spectra.electron, environment.electron)
    if environment.mission is not None:
        level, above = environment.mission.integral()
        fluence = SolarFluence(above, level, through)
    return ParticleEnvironment.of(components, environment.words, electrons, fluence)


def orbit_spectra(environment: OrbitEnvironment) -> OrbitSpectra:
    """Means over the orbit: trapped fluxes above the maps' energies, transmission of cutoff and shadow."""
    orbit = environment.orbit
    phase, days = orbit_samples(environment.repeat)
    position = _positions(orbit, jnp.asarray(phase), jnp.asarray(days))
    shells = shells_of(environment, position, now=environment.storm is not None)
    found = {name: _mean_flux(trapped_map(name), shell) for name, shell in shells.by_map.items()}
    if environment.storm is None or shells.now is None:
        transmission = _shadow(position, orbit.planet.radius)
    else:
        form = _directional if environment.arrival == "directional" else _transmission
        transmission = form(shells.now, position, orbit.planet.radius, environment.storm, environment.internal_field)
    return OrbitSpectra(
        None if environment.proton is None else found[environment.proton],
        None if environment.electron is None else found[environment.electron],
        Transmission(transmission),
    )


class OrbitShells(NamedTuple):
    """Drift shells through the same places, in the field of each map's epoch and in that of the orbit's."""

    by_map: dict[MapName, DriftShell]  # protons before electrons
    now: DriftShell | None  # at the orbit's epoch, where it was asked for


def shells_of(environment: OrbitEnvironment, position: Float[Array, "point xyz"], now: bool = False) -> OrbitShells:
    """`shells_at` for every map of an environment, and at the orbit's epoch where `now`; equal epochs are traced once.

    Under a transformation epochs are known to be equal where they are the maps' own, or one and the same number.
    """
    traced: dict[Hashable, DriftShell] = {}

    def at(days: Array, key: Hashable) -> DriftShell:
        key = key if isinstance(days, Tracer) else float(days)
        if key not in traced:
            traced[key] = shells_at(days, position)
        return traced[key]

    own = {environment.proton: environment.proton_epoch, environment.electron: environment.electron_epoch}
    by_map = {}
    for name, year in environment.maps:
        key: Hashable = ("map", FIELD_EPOCHS[name]) if own[name] is None else ("given", id(own[name]))
        by_map[name] = at(days_at_year(year), key)
    days = environment.orbit.epoch_days
    return OrbitShells(by_map, at(days, ("orbit", id(days))) if now else None)


def orbit_samples(repeat: tuple[int, int] | None) -> tuple[np.ndarray, np.ndarray]:
    """Phases (revolutions) and times (days since the epoch) of places of equal weight.

    repeat None: a lattice of rank one over phase and the hours of one sidereal day, each uniform.
    """
    k = np.arange(SAMPLES)
    phase = (k + 0.5) / SAMPLES
    if repeat is None:
        return phase, (k * _GENERATOR % SAMPLES + 0.5) / SAMPLES * SIDEREAL_DAY / DAY
    revolutions, days = repeat
    return phase * revolutions, phase * days * SIDEREAL_DAY / DAY


def shells_at(days: Float[Array, ""], position: Float[Array, "point xyz"]) -> DriftShell:
    """`drift_shell` in the field at an epoch (UTC days since J2000) with the field's own moment, by blocks of 512.

    Eagerly one program serves any number of places, and what it found is kept between runs (`array_store`).
    """
    if isinstance(days, Tracer) or isinstance(position, Tracer):
        return _traced_shells(days, position)
    _check_epoch(float(days))
    inputs = {"days": np.asarray(days), "position": np.asarray(position)}
    stored = load_arrays("orbit_shells", inputs)
    if stored is not None and set(stored) == set(DriftShell._fields):
        return DriftShell(**{name: jnp.asarray(part) for name, part in stored.items()})
    count = position.shape[0]
    filling = np.zeros((-count % _BLOCK, 3))
    filling[:, 0] = 7e6  # any place where the field is finite
    blocks = np.concatenate([np.asarray(position), filling]).reshape(-1, _BLOCK, 3)
    found = [_traced_shells(jnp.asarray(days), jnp.asarray(block)) for block in blocks]
    parts = [np.concatenate([np.asarray(part) for part in field])[:count] for field in zip(*found, strict=True)]
    store_arrays("orbit_shells", inputs, dict(zip(DriftShell._fields, parts, strict=True)))
    return DriftShell(*(jnp.asarray(part) for part in parts))


def _check_epoch(days: float) -> None:
    year = 2000.0 + days / 365.25
    if not 1900.0 <= year <= 2030.01:
        raise ValueError(f"the magnetic field of IGRF-14 is known from 1900 to 2030, not in {year:.1f}")


@kept
def _traced_shells(days: Float[Array, ""], position: Float[Array, "point xyz"]) -> DriftShell:
    coefficients: FieldCoefficients = field_coefficients(days)
    return drift_shell(coefficients, position, dipole_moment(coefficients))


@kept
def days_at_year(year: Float[Array, ""]) -> Float[Array, ""]:
    """`days_of_year` as a program of its own."""
    return days_of_year(year)


@kept
def _positions(orbit: KeplerOrbit, phase: Float[Array, " time"], days: Float[Array, " time"]) -> Array:
    """Earth-fixed positions (m) at phases of the frozen orbit, each at its own time (days since the epoch)."""
    return earth_fixed(orbit.state_at_phase(phase, frozen=True).position, orbit.epoch_days + days)


@kept
def _mean_flux(flux_map: FluxMap, shell: DriftShell) -> Float[Array, " level"]:
    return orbit_flux(flux_map, flux_map.energy, shell).mean


def _visible(position: Array, radius: Float[Array, ""]) -> Array:
    """Part of the sky that the Earth leaves free at each place."""
    return visible_sky_fraction(jnp.sqrt(jnp.sum(position**2, axis=1)) - radius, radius)


def quiet_cutoff(mcilwain: Float[Array, "..."], internal_field: bool) -> Float[Array, "..."]:
    """Vertical cutoff (GV) without a storm: of the magnetosphere as measured, or of the internal field alone."""
    return vertical_cutoff(mcilwain, INTERNAL_CONSTANT, 0.0) if internal_field else vertical_cutoff(mcilwain)


@kept
def _transmission(
    shell: DriftShell, position: Array, radius: Array, storm: Array, internal_field: bool
) -> Float[Array, " rigidity"]:
    cutoff = disturbed_cutoff(quiet_cutoff(shell.mcilwain, internal_field), storm)
    return geomagnetic_transmission(jnp.asarray(RIGIDITY), cutoff, visible=_visible(position, radius))


@kept
def _directional(
    shell: DriftShell, position: Array, radius: Array, storm: Array, internal_field: bool
) -> Float[Array, " rigidity"]:
    vertical = quiet_cutoff(shell.mcilwain, internal_field)
    visible = _visible(position, radius)
    return directional_transmission(jnp.asarray(RIGIDITY), vertical, shell.strength_ratio, visible, storm)


@kept
def _shadow(position: Array, radius: Array) -> Float[Array, " rigidity"]:
    return jnp.full(RIGIDITY.size, jnp.mean(_visible(position, radius)))
