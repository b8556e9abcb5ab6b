"""The verb of upset responses: the upset rate of a device as a linear function of the flux in front of its shield."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris.model.device import Device
from caloris.model.particle_sources import ION_COUNT, ParticleSource
from caloris.model.shield_transport import ShieldTransport
from caloris.precision import require_float64
from caloris.programs import kept
from caloris.solve.particle_chain import ENERGY
from caloris.solve.upset import rate_of_one, same_structure
from caloris_kernels.constants import DAY


class FluxTable(ParticleSource):
    """Flux of Z = 1 to 28 at given energies, E j linear in ln E between them, zero outside: linear in its values."""

    energy: Float[Array, " energy"]  # MeV/u, even in ln E
    table: Float[Array, "ion energy"]  # m-2 s-1 sr-1 (MeV/u)-1

    def flux(self, energy: Float[Array, "ion point"]) -> Float[Array, "ion point"]:
        """Differential flux of Z = 1 to 28 (m-2 s-1 sr-1 (MeV/u)-1) at energy (MeV/u)."""
        last = self.energy.shape[0] - 2
        place = jnp.log(energy / self.energy[0]) / jnp.log(self.energy[1] / self.energy[0])
        k = jnp.clip(jnp.floor(place), 0, last).astype(jnp.int32)
        u = place - k
        product = self.table * self.energy[None]
        left, right = jnp.take_along_axis(product, k, axis=1), jnp.take_along_axis(product, k + 1, axis=1)
        # A rounding of the ends must not lose the point that stands on them.
        inside = (place >= -1e-9) & (place <= last + 1.0 + 1e-9)
        return jnp.where(inside, ((1.0 - u) * left + u * right) / energy, 0.0)


class UpsetResponse(eqx.Module):
    """Derivative of one bit's upset rates by the flux in front of the shield: rate = sum(response * flux), exactly."""

    energy: Float[Array, " energy"]  # MeV/u, where the flux is to be given
    heavy_ion: Float[Array, "ion energy"]  # s-1 per m-2 s-1 sr-1 (MeV/u)-1; row Z - 1
    proton: Float[Array, "ion energy"]  # the same of protons, their own ionization included where the device has it
    bits: Float[Array, ""]  # bits per device
    count: Float[Array, ""]  # devices

    def heavy_ion_rate_per_bit(self, flux: Float[Array, "*orbit ion energy"]) -> Float[Array, "*orbit"]:
        """Heavy-ion upset rate of one bit (s-1) in one flux or in many (m-2 s-1 sr-1 (MeV/u)-1)."""
        return jnp.tensordot(flux, self.heavy_ion, axes=2)

    def proton_rate_per_bit(self, flux: Float[Array, "*orbit ion energy"]) -> Float[Array, "*orbit"]:
        """Proton upset rate of one bit (s-1) in one flux or in many (m-2 s-1 sr-1 (MeV/u)-1)."""
        return jnp.tensordot(flux, self.proton, axes=2)

    def rate_per_day(self, flux: Float[Array, "*orbit ion energy"]) -> Float[Array, "*orbit"]:
        """Upsets a day of all bits of all devices, both causes, in one flux or in many."""
        per_bit = jnp.tensordot(flux, self.heavy_ion + self.proton, axes=2)
        return per_bit * self.bits * self.count * DAY


def upset_response(device: Device, transport: ShieldTransport | None = None) -> UpsetResponse:
    """Response g[Z, E] = dR/dj of a device behind its shield: R = sum over ions and energies of g j.

    The chain of `upset_rate` is linear in the flux j outside the shield, so that its derivative at any flux gives the
    rate in all: thousands of orbits or of spectra cost a product of matrices. j is that of Z = 1 to 28 at
    `.energy` (0.1 MeV/u to 100 GeV/u, 50 a decade), E j linear in ln E between: against `upset_rate`, which
    asks the source at every energy, the rates of spectra without edges differ by less than 1e-3.

    Differentiable in every floating leaf of the device. Raises RuntimeError in float32.
    """
    require_float64("upset_response")
    return _response(same_structure(device, max(1, len(device.shield))), transport or ShieldTransport())


@kept
def _response(device: Device, transport: ShieldTransport) -> UpsetResponse:
    energy = jnp.asarray(ENERGY)

    def rates(table: Array) -> tuple[Array, Array]:
        rate = rate_of_one(device, FluxTable(energy, table), None, transport)
        return rate.heavy_ion_rate_per_bit, rate.proton_rate_per_bit + rate.direct_proton_rate_per_bit

    (one, _), pull = jax.vjp(rates, jnp.zeros((ION_COUNT, ENERGY.size)))
    unit = jnp.ones_like(one)
    return UpsetResponse(energy, pull((unit, 0.0 * unit))[0], pull((0.0 * unit, unit))[0], device.bits, device.count)
