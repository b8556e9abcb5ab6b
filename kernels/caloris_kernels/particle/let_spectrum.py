"""From energy spectra to integral spectra, of energy and of linear energy transfer (LET)."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


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


class LetCoverage(NamedTuple):
    """Which steps of a LET grid each bin of energy covers, and by which shares: what integral_let_flux is linear in."""

    step: Int[Array, "ion bin reach"]  # index of the step between neighboring LETs; the last stands for all above
    share: Float[Array, "ion bin reach"]  # of the bin's flux, between the ends of that step


def let_coverage(stopping_power: Float[Array, "ion energy"], let: Float[Array, " let"], reach: int = 4) -> LetCoverage:
    """Shares of each bin's flux between neighboring LETs of a grid that is even in ln L; see covered_let_flux.

    The bin between two energies covers [S_min, S_max] evenly (S linear within the bin, as in integral_let_flux): at
    most `reach` steps of the grid, those from S_min upward; what would lie beyond them is put into the last one, so
    that no particle is lost. stopping_power and let in one unit. Differentiable in both.
    """
    low = jnp.minimum(stopping_power[:, 1:], stopping_power[:, :-1])[..., None]
    high = jnp.maximum(stopping_power[:, 1:], stopping_power[:, :-1])[..., None]
    inverse_width = 1.0 / jnp.maximum(high - low, 1e-9 * high)
    count = let.shape[0]
    place = jnp.log(low / let[0]) / jnp.log(let[1] / let[0])
    # Step k lies between let[k - 1] and let[k]: 0 is all below the grid, `count` all above.
    first = jnp.clip(jnp.floor(jax.lax.stop_gradient(place)) + 1.0, 0, count).astype(jnp.int32)
    step = jnp.minimum(first + jnp.arange(reach), count)
    above = jnp.clip((high - let[jnp.minimum(step, count - 1)]) * inverse_width, 0.0, 1.0)
    # The share above the upper end of each step; nothing is left above the last.
    above = jnp.where((jnp.arange(reach) == reach - 1) | (step == count), 0.0, above)
    return LetCoverage(step, -jnp.diff(above, axis=-1, prepend=jnp.ones_like(low)))


def covered_let_flux(bin_flux: Float[Array, "ion bin"], coverage: LetCoverage, let_count: int) -> Float[Array, " let"]:
    """integral_let_flux by a sum over the few steps that each bin covers; coverage depends on no flux or shield."""
    contribution = (bin_flux[..., None] * coverage.share).ravel()
    steps = jnp.zeros(let_count + 1, bin_flux.dtype).at[coverage.step.ravel()].add(contribution)
    return jnp.cumsum(steps[::-1])[::-1][1:]
