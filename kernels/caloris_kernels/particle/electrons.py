"""Electrons behind aluminum along straight lines, for damage that follows their spectrum."""

from functools import lru_cache
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris_kernels.numerics.inverse import Start, inverse
from caloris_kernels.particle.shield_dose import natural_spline_at, source_tables

# The table of ranges made dense and even in ln E, 1 keV to 100 MeV.
_ENERGY = np.geomspace(1e-3, 100.0, 501)
# ln E of the energies before a shield that are looked for, below and above the table's.
_BEYOND = -1.0, 10.0


def electrons_before(
    energy: Float[Array, " energy"], areal_density: Float[Array, ""]
) -> tuple[Float[Array, " energy"], Float[Array, " energy"]]:
    """Energy before aluminum (MeV) of electrons that leave it with `energy`, and the ratio of fluxes out / in.

    j_out(E) = j_in(E_in) S(E_in) / S(E),  R(E_in) = R(E) + t, R the CSDA range.

    areal_density t: g/cm2. Electrons scatter and straggle, so this lets too few of low and too many of high energy
    through (NRL's SCREAM does the same for solar cells behind glass); doses are not made this way (`shield_dose`).
    Source of R: NIST's table in `shield_dose`. Beyond 100 MeV the last power law goes on. Differentiable, with slopes
    that are continuous in energy and areal density.
    """
    table = _RangeTable(*(jnp.asarray(part, energy.dtype) for part in _ranges()))
    log_energy = jnp.log(energy)
    own = _log_range(table, log_energy)
    before = jnp.log(jnp.exp(own) + areal_density)
    low, high = table.log_energy[0] + _BEYOND[0], table.log_energy[-1] + _BEYOND[1]
    guess = jnp.interp(before, table.log_range, table.log_energy)
    log_incident = jax.vmap(lambda y, x: inverse(_log_range, table, y, Start(x, low, high)))(before, guess)

    def inverse_stopping(log_at: Array, log_depth: Array) -> Array:
        return _hermite(table, table.slope, table.bend, log_at) * jnp.exp(log_depth - log_at)  # dR/dE

    ratio = inverse_stopping(log_energy, own) / inverse_stopping(log_incident, before)
    return jnp.exp(log_incident), ratio


class _RangeTable(NamedTuple):
    """Range of electrons on an even grid in ln E."""

    log_energy: Array
    log_range: Array
    slope: Array  # d ln R / d ln E
    bend: Array  # d slope / d ln E


def _log_range(table: _RangeTable, x: Array) -> Array:
    """ln R at ln E, C1: cubics with the slopes of the table, straight on beyond it."""
    held = jnp.clip(x, table.log_energy[0], table.log_energy[-1])
    end = jnp.where(x < held, table.slope[0], table.slope[-1])
    return _hermite(table, table.log_range, table.slope, held) + end * (x - held)


def _hermite(table: _RangeTable, values: Array, slopes: Array, x: Array) -> Array:
    """Values by cubics of ln E with these slopes, held beyond the table."""
    knots = table.log_energy
    step = knots[1] - knots[0]
    place = jnp.clip((x - knots[0]) / step, 0.0, knots.shape[0] - 1.0)
    k = jnp.clip(jnp.floor(place), 0, knots.shape[0] - 2).astype(jnp.int32)
    u, left, right = place - k, values[k], values[k + 1]
    rise, bend_left, bend_right = right - left, slopes[k] * step, slopes[k + 1] * step
    bow = 3.0 * rise - 2.0 * bend_left - bend_right
    return left + u * (bend_left + u * (bow + u * (bend_left + bend_right - 2.0 * rise)))


@lru_cache
def _ranges() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The parts of a _RangeTable."""
    source = source_tables()
    x = np.log(_ENERGY)
    log_range = natural_spline_at(np.log(source["electron_range_energy"]), np.log(source["electron_range"]), x)
    slope = np.asarray(np.gradient(log_range, x))
    return x, log_range, slope, np.asarray(np.gradient(slope, x))
