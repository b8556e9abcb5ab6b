"""The verb of upset rates along the track of an orbit: each device in the particles of every moment."""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris.model.device import Device
from caloris.model.orbit_environment import OrbitEnvironment
from caloris.model.particle_sources import GalacticCosmicRays, SolarEvent
from caloris.model.shield_transport import ShieldTransport
from caloris.precision import require_float64
from caloris.programs import kept
from caloris.solve.orbit_particles import quiet_cutoff, shells_of
from caloris.solve.particle_chain import ENERGY, every_ion
from caloris.solve.particle_track import track_position
from caloris.solve.response import upset_response
from caloris_kernels.constants import ATOMIC_MASS, PROTON_MASS
from caloris_kernels.magnetic.cutoff import CUTOFF_WIDTH, OPEN_CUTOFF, disturbed_cutoff, ion_rigidity
from caloris_kernels.magnetic.drift_shell import DriftShell
from caloris_kernels.particle.galactic import ATOMIC_NUMBER, MASS_NUMBER, visible_sky_fraction
from caloris_kernels.particle.integral_spectrum import differential_flux
from caloris_kernels.particle.solar import WorstPeriod
from caloris_kernels.trapped.flux import trapped_spectrum
from caloris_kernels.trapped.flux_map import FluxMap, MapName, map_energies, trapped_map


class UpsetTrack(NamedTuple):
    """Rates of one bit (of an effect: of one cell) along a track (s-1), a row a device."""

    heavy_ion: Float[Array, "device time"]
    proton: Float[Array, "device time"]  # by trapped, galactic and solar protons, their own ionization included
    trapped: Float[Array, "device time"]  # by trapped protons, a part of `proton`

    @property
    def total(self) -> Float[Array, "device time"]:
        """Both causes."""
        return self.heavy_ion + self.proton


def upset_track(
    devices: Sequence[Device],
    environment: OrbitEnvironment,
    time: Float[Array, " time"],
    transport: ShieldTransport | None = None,
    frozen: bool = False,
) -> UpsetTrack:
    """Upset rates of devices at times (s) since the epoch, where the spacecraft then is over the turning Earth.

    Rates are linear in the flux in front of the shield (`upset_response`): R(t) = sum over ions and energies of g j(t).
    j(t) is, of galactic and solar particles, the spectrum outside times what the vertical cutoff at this place lets
    through (the logistic step of `geomagnetic_transmission` in the rigidity of each ion) and times the sky that the
    Earth leaves free; of trapped protons the slope of the curve through the map's fluxes there (`differential_flux`).
    These are the ingredients of `orbit_particles`, moment by moment instead of on the mean: over its places the means
    agree for ions within the response's grid (1e-3), and for trapped protons within a percent (the slope of a mean
    is not the mean of slopes). The cutoff is the vertical one, also where the environment's arrival is "directional".
    Directions count alike: the pancake of trapped protons and the east-west effect are left
    out, and AP-8 is a mean over years, without storms.

    The effects of devices are not looked at: `effect_devices` makes devices of them. Differentiable, forward and
    reverse, in every floating leaf of devices, environment and in time. Raises RuntimeError without float64, ValueError
    for epochs outside 1900 to 2030 in an eager call.
    """
    require_float64("upset_track")
    responses = [upset_response(device, transport) for device in devices]
    heavy = jnp.stack([response.heavy_ion for response in responses])
    proton = jnp.stack([response.proton for response in responses])
    return track_rates(heavy, proton, environment, track_position(environment.orbit, jnp.asarray(time), frozen))


def track_rates(
    heavy_ion: Float[Array, "device ion energy"],
    proton: Float[Array, "device ion energy"],
    environment: OrbitEnvironment,
    position: Float[Array, "time xyz"],
) -> UpsetTrack:
    """`upset_track` of responses (s-1 per m-2 s-1 sr-1 (MeV/u)-1, at ENERGY) at Earth-fixed positions (m)."""
    nothing = jnp.zeros((heavy_ion.shape[0], position.shape[0]))
    heavy, protons, trapped = nothing, nothing, nothing
    shells = shells_of(environment, position, now=environment.storm is not None)
    if environment.solar_modulation is not None or environment.solar_event is not None:
        cutoff = None if shells.now is None else shells.now.mcilwain
        weights = _weighted(heavy_ion, proton, environment)
        field = (environment.storm, environment.internal_field)
        heavy, protons = _through_field(weights, cutoff, *field, position, environment.orbit.planet.radius)
    if environment.proton is not None:
        trapped = _trapped(proton[:, 0], environment.proton, shells.by_map[environment.proton])
    return UpsetTrack(heavy, protons + trapped, trapped)


def effect_devices(device: Device) -> tuple[Device, ...]:
    """Each effect of a device as a device of its own behind the same shield, whose bits are the effect's cells."""
    return tuple(
        Device(effect.heavy_ion, effect.proton, effect.cells, device.count, device.shield, sectors=device.sectors)
        for effect in device.effects
    )


def _weighted(heavy_ion: Array, proton: Array, environment: OrbitEnvironment) -> Array:
    """Responses times the flux outside, before field and shadow [cause, device, ion, energy]."""
    return _weights(jnp.stack([heavy_ion, proton]), environment.solar_modulation, environment.solar_event)


@kept
def _weights(response: Array, solar_modulation: Array | None, solar_event: WorstPeriod | None) -> Array:
    flux = jnp.zeros(response.shape[-2:])
    if solar_modulation is not None:
        flux = flux + GalacticCosmicRays(solar_modulation).flux(every_ion(jnp.asarray(ENERGY)))
    if solar_event is not None:
        flux = flux + SolarEvent(None, solar_event).flux(every_ion(jnp.asarray(ENERGY)))
    return response * flux


@kept
def _through_field(
    weight: Array, mcilwain: Array | None, storm: Array | None, internal_field: bool, position: Array, radius: Array
) -> tuple[Array, Array]:
    """Sums of the weights [cause, device, ion, energy] times what passes at each place: heavy ions', protons'."""
    visible = visible_sky_fraction(jnp.sqrt(jnp.sum(position**2, axis=1)) - radius, radius)
    causes, devices = weight.shape[:2]
    flat = weight.reshape(causes * devices, -1)
    if mcilwain is None or storm is None:
        rate = jnp.sum(flat, axis=1)[:, None] * visible
    else:
        mass = jnp.where(jnp.asarray(ATOMIC_NUMBER) == 1, PROTON_MASS, ATOMIC_MASS)[:, None]
        per_charge = jnp.asarray(MASS_NUMBER / ATOMIC_NUMBER)[:, None]
        log_rigidity = jnp.log(ion_rigidity(every_ion(jnp.asarray(ENERGY)), per_charge, mass)).reshape(-1)
        cutoff = disturbed_cutoff(quiet_cutoff(mcilwain, internal_field), storm)

        def at(place: tuple[Array, Array]) -> Array:
            log_cutoff, free = place
            return free * (flat @ jax.nn.sigmoid((log_rigidity - log_cutoff) / CUTOFF_WIDTH))

        # A cutoff of zero lets everything through: no ion has a rigidity near this one.
        rate = jax.lax.map(at, (jnp.log(jnp.maximum(cutoff, OPEN_CUTOFF)), visible)).T
    heavy, protons = rate.reshape(causes, devices, -1)
    return heavy, protons


def _trapped(response: Array, name: MapName, shell: DriftShell) -> Array:
    """Rates by trapped protons at every place, from the responses to protons [device, energy]."""
    return _by_map(response, trapped_map(name), shell, name)


@kept
def _by_map(response: Array, flux_map: FluxMap, shell: DriftShell, name: MapName) -> Array:
    level, energy = map_energies(name), jnp.asarray(ENERGY)
    above = trapped_spectrum(flux_map, jnp.asarray(level), shell) / (4.0 * jnp.pi)
    return jax.lax.map(lambda one: response @ differential_flux(energy, level, one), above).T
