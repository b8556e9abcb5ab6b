"""The verb of upset rates: particles through the shield, LET spectrum, heavy-ion and proton rates."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float, Int

from caloris.model.device import FOLLOWING_RESPONSES, Device, HeavyIonResponse, ProtonResponse
from caloris.model.particles import LetSpectrum, ParticleEnvironment, ParticleSource
from caloris.model.shield import ShieldLayer
from caloris.model.shield_transport import ShieldTransport
from caloris.precision import require_float64
from caloris.programs import kept
from caloris.solve.particle_chain import ENERGY, LET, heavy_ion_let_flux, spectra
from caloris.solve.responses import direct_proton_rate, heavy_ion_rate, proton_rate
from caloris_kernels.constants import DAY
from caloris_kernels.particle.elements import ELEMENT_NAMES

SUCCESS, NOT_FINITE = 0, 1


class UpsetRate(NamedTuple):
    """Upset rates of one kind of device and the spectra they come from; rows of fluxes are Z = 1 to 28."""

    heavy_ion_rate_per_bit: Float[Array, ""]  # s-1
    proton_rate_per_bit: Float[Array, ""]  # s-1, by nuclear reactions
    direct_proton_rate_per_bit: Float[Array, ""]  # s-1, by their own ionization; zero unless asked for
    rate_per_device: Float[Array, ""]  # s-1, all bits of one device, all causes
    rate_per_day: Float[Array, ""]  # day-1, all bits of all `count` devices, all causes
    energy: Float[Array, " energy"]  # MeV/u
    flux_outside: Float[Array, "ion energy"]  # m-2 s-1 sr-1 (MeV/u)-1
    flux_behind: Float[Array, "ion energy"]  # m-2 s-1 sr-1 (MeV/u)-1
    let: Float[Array, " let"]  # MeV cm2 mg-1 in silicon
    integral_let_flux: Float[Array, " let"]  # m-2 s-1 sr-1, Z >= 2
    environment: str  # in words
    result: Int[Array, ""]  # SUCCESS or NOT_FINITE


def upset_rate(device: Device, particles: ParticleEnvironment, transport: ShieldTransport | None = None) -> UpsetRate:
    """Upset rate of one kind of device among the given particles; see upset_rates."""
    return upset_rates([device], particles, transport)[0]


def upset_rates(
    devices: Sequence[Device], particles: ParticleEnvironment, transport: ShieldTransport | None = None
) -> list[UpsetRate]:
    """Upset rates of several kinds of device among the same particles.

    Spectrum in front of the shield -> straight-ahead slowing down and nuclear losses in each layer, which lie all
    around or, in the mean over directions, in sectors or in front (a slab: nothing from behind; chords through the
    volume are those of isotropic tracks all the same) ->
    integral LET spectrum in silicon of Z >= 2 -> heavy-ion rate (box and Weibull thresholds, or effective flux);
    proton spectrum behind the shield -> proton rate (Weibull, Bendel, the figure of merit or PROFIT) and, where the
    response asks for it, the rate of protons' own ionization. A response that is None gives the rate zero. A given LET
    spectrum is that at the device: shields act on the proton spectrum only. Effects, memory and uncertainty of a device
    are not looked at here: `effect_rates`, `memory_failure_rate` and `rate_uncertainty` take the result. transport
    chooses the models of the shield.

    Linear in the flux; differentiable (forward and reverse) in every floating leaf of device and particles.
    Compiled once for all devices and all later calls with as many shield layers. Raises RuntimeError in float32,
    ValueError for a figure of merit or PROFIT without heavy ions, and FloatingPointError when a rate is not finite in
    an eager call (under a transformation: `.result`).
    """
    require_float64("upset_rate")
    layers = max([1, *(len(device.shield) for device in devices)])
    rates = []
    for device in devices:
        padded = same_structure(device, layers)
        rate = rate_of_one(padded, particles.source, particles.let_spectrum, transport or ShieldTransport())
        rates.append(_checked(rate, device.name, particles.name))
    return rates


def effect_rates(device: Device, rate: UpsetRate) -> list[UpsetRate]:
    """Rates of the named effects of a device (functional interrupts, latch-ups, transients), in their order.

    rate is what `upset_rate` gave for the device: its spectra, which have passed the shield once, are those of every
    effect. Each result is an `UpsetRate` whose bits are the effect's cells: rate_per_device are the effects of one
    device a second. The chance of at least one in a time t is 1 - exp(-R t). Differentiable in every floating leaf of
    device and rate; the shield and the environment act through the spectra in rate. Raises like `upset_rates`.
    """
    require_float64("effect_rates")
    found = []
    for effect in device.effects:
        alike = with_all_responses(Device(effect.heavy_ion, effect.proton, effect.cells, device.count))
        spectra = (rate.flux_outside, rate.flux_behind, rate.integral_let_flux)
        found.append(_checked(rate_at_device(alike, *spectra), f"{device.name}: {effect.name}", rate.environment))
    return found


def _checked(rate: UpsetRate, name: str, environment: str) -> UpsetRate:
    """The rate with its environment's name; FloatingPointError where it is not finite in an eager call."""
    if not isinstance(rate.result, Tracer) and int(rate.result) != SUCCESS:
        raise FloatingPointError(
            f"device {name!r}: the upset rate is not finite; every parameter of its cross-sections, "
            "volume and shield must be finite and every width, exponent and edge positive"
        )
    return rate._replace(environment=environment)


def same_structure(device: Device, layers: int) -> Device:
    """The device with one pytree structure for all: no name, empty responses of zero plateau, empty layers added."""
    shield = [ShieldLayer(layer.mass_fraction, layer.areal_density) for layer in device.shield]
    nothing = jnp.zeros(len(ELEMENT_NAMES)).at[0].set(1.0)
    shield += [ShieldLayer(nothing, 0.0)] * (layers - len(shield))
    return replace(with_all_responses(device), shield=tuple(shield))


def with_all_responses(device: Device) -> Device:
    """The device without what rates of bits do not use; a response that it lacks has a plateau of zero.

    Raises ValueError for a proton response by the figure of merit or PROFIT without the heavy-ion response it follows
    from.
    """
    if isinstance(device.proton, FOLLOWING_RESPONSES) and device.heavy_ion is None:
        raise ValueError(
            "a proton response by the figure of merit or PROFIT needs the heavy-ion response it follows from"
        )
    return Device(
        heavy_ion=device.heavy_ion or HeavyIonResponse(1.0, 1.0, 1.0, 0.0, np.ones(3), 0.0),
        proton=device.proton or ProtonResponse(1.0, 1.0, 1.0, 0.0),
        bits=device.bits,
        count=device.count,
        shield=device.shield,
        sectors=device.sectors,
        slab=device.slab,
    )


@kept
def rate_of_one(
    device: Device, source: ParticleSource | None, let_spectrum: LetSpectrum | None, transport: ShieldTransport
) -> UpsetRate:
    """UpsetRate without the environment's name."""
    outside, behind = spectra(device.around, source, transport)
    if let_spectrum is None:
        integral_flux = heavy_ion_let_flux(behind)
    else:
        integral_flux = let_spectrum.flux_above(jnp.asarray(LET))
    return rate_at_device(device, outside, behind, integral_flux)


@kept
def rate_at_device(
    device: Device,
    outside: Float[Array, "ion energy"],
    behind: Float[Array, "ion energy"],
    integral_flux: Float[Array, " let"],
) -> UpsetRate:
    """UpsetRate without the environment's name from the spectra at the device, at ENERGY and LET; shields unseen."""
    assert device.heavy_ion is not None and device.proton is not None
    energy, let = jnp.asarray(ENERGY), jnp.asarray(LET)
    rates = (
        heavy_ion_rate(device.heavy_ion, let, integral_flux),
        proton_rate(device.proton, energy, behind[0], device.heavy_ion),
        direct_proton_rate(device.heavy_ion, energy, behind[0]),
    )
    per_device = sum(rates) * device.bits
    per_day = per_device * device.count * DAY
    result = jnp.where(jnp.isfinite(per_day), SUCCESS, NOT_FINITE)
    return UpsetRate(*rates, per_device, per_day, energy, outside, behind, let, integral_flux, "", result)
