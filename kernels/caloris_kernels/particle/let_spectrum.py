"""From energy spectra to integral spectra, of energy and of linear energy transfer (LET)."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def flux_per_bin(energy: Float[Array, " energy"], flux: Float[Array, "ion energy"]) -> Float[Array, "ion bin"]:
    """Flux between neighboring energies, int j dE with E j linear in ln E; linear in the flux, zeros allowed."""
    product = energy[None] * flux
    return 0.5 * (product[:, 1:] + product[:, :-1]) * jnp.diff(jnp.log(energy))[None]


def integral_let_flux(
    bin_flux: Float[Array, "ion bin"], stopping_power: Float[Array, "ion energy"], let: Float[Array, " let"]
) -> Float[Array, " let"]:
    """Integral LET flux F(>L) of all ions (m-2 s-1 sr-1), L and stopping_power in the same unit.

    F(>L) = sum over ions and bins of N clip((S_max - L) / (S_max - S_min), 0, 1), with S linear between the
    ends of each bin: exact for that S, smooth in the flux, and without the differential
    spectrum's singularity at the stopping maximum. bin_flux is the output of flux_per_bin.
    """
    low = jnp.minimum(stopping_power[:, 1:], stopping_power[:, :-1])
    high = jnp.maximum(stopping_power[:, 1:], stopping_power[:, :-1])
    # Next to the stopping maximum or minimum a bin may hold one LET only; a relative floor makes it a step.
    inverse_width = 1.0 / jnp.maximum(high - low, 1e-9 * high)

    def add_ion(total, ion):
        number, high, inverse_width = ion
        coverage = jnp.clip((high[None] - let[:, None]) * inverse_width[None], 0.0, 1.0)
        return total + coverage @ number, None

    total, _ = jax.lax.scan(add_ion, jnp.zeros_like(let), (bin_flux, high, inverse_width))
    return total


def interpolate_flux(
    energy: Float[Array, "*points"], table_energy: Float[Array, " table"], table_flux: Float[Array, " table"]
) -> Float[Array, "*points"]:
    """Spectrum at `energy` from a table: a power law between points, linear in ln E next to a zero, zero outside.

    Works for differential spectra over energy and for integral spectra over LET; units are the caller's.
    The derivative by a flux that is zero is that of the linear piece, not zero.
    """
    last = table_energy.shape[0] - 2
    k = jnp.clip(jnp.searchsorted(table_energy, energy, side="right") - 1, 0, last)
    left, right = table_flux[k], table_flux[k + 1]
    # Held inside the table: a steep power law overflows beyond it, and so would the derivative that is not taken.
    held = jnp.clip(energy, table_energy[0], table_energy[-1])
    u = jnp.log(held / table_energy[k]) / jnp.log(table_energy[k + 1] / table_energy[k])
    both = (left > 0.0) & (right > 0.0)
    safe_left, safe_right = jnp.where(both, left, 1.0), jnp.where(both, right, 1.0)
    value = jnp.where(both, safe_left ** (1.0 - u) * safe_right**u, (1.0 - u) * left + u * right)
    inside = (energy >= table_energy[0]) & (energy <= table_energy[-1])
    return jnp.where(inside, value, 0.0)
