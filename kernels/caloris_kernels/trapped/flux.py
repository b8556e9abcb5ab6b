"""Omnidirectional flux of trapped particles from the AP-8 and AE-8 maps."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from caloris_kernels.magnetic.drift_shell import DriftShell
from caloris_kernels.magnetic.shell_table import DriftShellTable, look_up_drift_shell
from caloris_kernels.trapped.flux_map import FluxMap

# The maps end here; what lies farther out is read at this L.
_LAST_SHELL = 15.6
_PER_SQUARE_METER = 1e4  # cm2/m2
# Beyond every x of a map: the filling of its tables.
_END = 1e7
# Where F passes zero the original's flux jumps from nothing to one particle; the continuous form rises up to here.
_RISE = 0.3


class OrbitFlux(NamedTuple):
    """Integral flux above each energy along an orbit, all directions together (m-2 s-1)."""

    flux: Float[Array, "time energy"]
    mean: Float[Array, " energy"]


def trapped_flux(
    flux_map: FluxMap,
    energy: Float[Array, " point"],
    mcilwain: Float[Array, " point"],
    strength_ratio: Float[Array, " point"],
    quantized: bool = False,
) -> Float[Array, " point"]:
    """Integral omnidirectional flux above an energy (MeV) at L and B/B0, point by point (m-2 s-1).

    At the map's energies F = log10(flux/cm-2 s-1) follows the rule of `flux_map`; between them it is linear in the
    energy, F = F1 + (F2 - F1)(E - E1)/(E2 - E1); where the map above has no flux, the lesser of that and of the line
    through the two maps below. F <= 0 is no flux. L is held at 15.6, B/B0 at 1.

    quantized: L and B/B0 - 1 are cut off to the original's integers, as NASA's TRMFUN does, to reproduce it digit by
    digit (its derivatives are those of the curve through the stairs). Otherwise they are read half a step lower, where
    the stairs are on average, and from F = 0 to 0.3 (1 to 2 cm-2 s-1) the flux rises smoothly from nothing instead of
    jumping: continuous and piecewise smooth, so that derivatives of means over many places are those of the means.
    Sources: see `flux_map`. Valid from 0.1 to 300 MeV (protons) and 0.04 to 7 MeV (electrons); beyond, the last line
    goes on. The models' own uncertainty is a factor of 2, more at low altitude. Differentiable in energy, L and B/B0.
    """
    shell, x = _in_steps(flux_map, mcilwain, strength_ratio, quantized)
    lower = _lower_level(flux_map, energy)
    levels = jnp.stack([jnp.maximum(lower - 1, 0), lower, lower + 1])
    below, low, high = _log_flux(flux_map, levels, *jnp.broadcast_arrays(shell[None], x[None], levels)[:2])
    return _flux_between(flux_map, energy, lower, (below, low, high), quantized)


def trapped_spectrum(
    flux_map: FluxMap, energy: Float[Array, " energy"], shell: DriftShell, quantized: bool = False
) -> Float[Array, "point energy"]:
    """`trapped_flux` above every energy at every point: the map is read once a point and level (m-2 s-1)."""
    mcilwain, x = _in_steps(flux_map, shell.mcilwain, shell.strength_ratio, quantized)
    count = flux_map.energy.shape[0]
    levels = jnp.broadcast_to(jnp.arange(count)[:, None], (count, mcilwain.shape[0]))
    log_flux = _log_flux(flux_map, levels, *jnp.broadcast_arrays(mcilwain[None], x[None], levels)[:2])
    lower = _lower_level(flux_map, energy)
    three = (log_flux[jnp.maximum(lower - 1, 0)], log_flux[lower], log_flux[lower + 1])
    return _flux_between(flux_map, energy[:, None], lower[:, None], three, quantized).T


def orbit_flux(flux_map: FluxMap, energy: Float[Array, " energy"], shell: DriftShell) -> OrbitFlux:
    """Flux above every energy at times of an orbit that lie equally far apart, and its mean over them.

    shell: drift shells at the positions, from `drift_shell` (exact) or `look_up_drift_shell` (fast). Which epoch of the
    field and which dipole moment they are made with is a choice of physics: the maps were made with fields of their own
    time, FIELD_EPOCHS, and today's weaker field puts low orbits into fluxes that are not there.
    """
    flux = trapped_spectrum(flux_map, energy, shell)
    return OrbitFlux(flux, jnp.mean(flux, axis=0))


def orbit_means(
    flux_map: FluxMap,
    energy: Float[Array, " energy"],
    table: DriftShellTable,
    position: Float[Array, "orbit time xyz"],
) -> Float[Array, "orbit energy"]:
    """Mean flux above every energy of many orbits (m-2 s-1), from geocentric, Earth-fixed positions (m).

    `orbit_flux` by the table of drift shells, one orbit after the other, so that what is between stays in a processor's
    cache. Differentiable.
    """

    def one(path: Array) -> Array:
        return orbit_flux(flux_map, energy, look_up_drift_shell(table, path)).mean

    return jax.lax.map(one, position)


def _in_steps(flux_map: FluxMap, mcilwain: Array, strength_ratio: Array, quantized: bool) -> tuple[Array, Array]:
    """L and x = B/B0 - 1 as the map is read with."""
    shell, x = jnp.minimum(mcilwain, _LAST_SHELL), jnp.maximum(strength_ratio - 1.0, 0.0)
    per_shell, per_ratio = flux_map.scale
    if not quantized:
        return shell - 0.5 / per_shell, jnp.maximum(x - 0.5 / per_ratio, 0.0)
    return _cut(shell * per_shell) / per_shell, _cut(x * per_ratio) / per_ratio


def _cut(value: Array) -> Array:
    """The integer below, with derivative one."""
    return value + jax.lax.stop_gradient(jnp.floor(value) - value)


def _lower_level(flux_map: FluxMap, energy: Array) -> Int[Array, "..."]:
    """The level below an energy, of those that have one above."""
    count = flux_map.energy.shape[0]
    return jnp.clip(jnp.searchsorted(flux_map.energy, energy, side="left") - 1, 0, count - 2)


def _flux_between(
    flux_map: FluxMap, energy: Array, lower: Array, log_flux: tuple[Array, Array, Array], quantized: bool
) -> Array:
    """Flux at an energy from F at the level below `lower`, at it and above it."""
    levels = flux_map.energy
    first, second, third = levels[jnp.maximum(lower - 1, 0)], levels[lower], levels[lower + 1]
    below, low, high = log_flux
    between = low + (high - low) * (energy - second) / (third - second)
    inner = lower > 0
    onward = below + (low - below) * (energy - first) / jnp.where(inner, second - first, 1.0)
    value = jnp.where(inner & (high <= 0.0), jnp.minimum(between, onward), between)
    present = value > 0.0
    flux = jnp.where(present, _PER_SQUARE_METER * 10.0 ** jnp.where(present, value, 0.0), 0.0)
    if quantized:
        return flux
    risen = jnp.clip(value / _RISE, 0.0, 1.0)
    return flux * risen * risen * (3.0 - 2.0 * risen)


def _log_flux(flux_map: FluxMap, level: Array, shell: Array, x: Array) -> Array:
    """F at levels of the map, at least 0; all arguments of one shape."""
    _, shells, nodes, _ = flux_map.node.shape
    table_shell, table = flux_map.shell.reshape(-1), flux_map.node.reshape(-1, 4)
    k = _last_not_above(lambda place: table_shell[level * shells + place], shell, shells)
    k = jnp.minimum(k, shells - 2)
    left, right = table_shell[level * shells + k], table_shell[level * shells + k + 1]
    w = jnp.clip((shell - left) / (right - left), 0.0, 1.0)
    row = (level * shells + k) * nodes
    held = jax.lax.stop_gradient(w)
    low_x, high_x = table[:, 0], table[:, 2]
    j = _last_not_above(lambda node: (1.0 - held) * low_x[row + node] + held * high_x[row + node], x, nodes)
    j = jnp.minimum(j, nodes - 2)
    before, behind = table[row + j], table[row + j + 1]
    before_x, before_flux = _blend(before, w)
    behind_x, behind_flux = _blend(behind, w)
    ended = behind[..., 0] > _END
    width = jnp.where(ended | (behind_x <= before_x), 1.0, behind_x - before_x)
    on_line = before_flux + (behind_flux - before_flux) * (x - before_x) / width
    at_end = jnp.where(x <= before_x, before_flux, 0.0)
    return jnp.maximum(jnp.where(ended, at_end, on_line), 0.0)


def _blend(node: Array, w: Array) -> tuple[Array, Array]:
    """x and F of a ray between two curves."""
    return (1.0 - w) * node[..., 0] + w * node[..., 2], (1.0 - w) * node[..., 1] + w * node[..., 3]


def _last_not_above(value_at, target: Array, count: int) -> Int[Array, "..."]:
    """The last of `count` ascending values that is not above the target, by bisection; 0 where all are."""
    target = jax.lax.stop_gradient(target)
    low = jnp.zeros(target.shape, jnp.int32)
    high = jnp.full(target.shape, count - 1, jnp.int32)
    for _ in range((count - 1).bit_length()):
        middle = (low + high + 1) // 2
        below = value_at(middle) <= target
        low, high = jnp.where(below, middle, low), jnp.where(below, high, middle - 1)
    return low
