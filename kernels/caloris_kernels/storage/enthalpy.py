"""Enthalpy in kelvins: the state of a node whose heat capacity depends on its temperature.

A node of heat capacity c(T) stores H(T) = int c dT. Divided by a constant C (the node's nominal heat capacity) it is
the node's state, u = H / C, in kelvins, so that

    C du/dt = heat,    T = tau(u),    dT/du = C / c(T).

The mass of the differential equation is then a constant, a node of constant capacity has u = T, and energy is a linear
function of the state: steppers of linear invariants keep it to rounding, through melting and freezing too, however
large their steps are.

c(T) is a table of straight pieces that need not meet: piece k reaches from temperature[k] to temperature[k + 1], with
c_left[k] and c_right[k] at its ends in units of C (-). Phase change is a narrow piece with c = latent heat / width.
Below the first and above the last temperature c keeps its end value. u = T at the first temperature.

Source: enthalpy method, e.g. Voller & Swaminathan, Numer. Heat Transfer B 19 (1991) 175, doi:10.1080/10407799108944962;
here with T(u) in closed form in each piece. Valid for c > 0 everywhere. Differentiable in all arguments; slopes jump
where c does.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float


class CapacityTable(NamedTuple):
    """Heat capacity over temperature, in units of the nominal one; rows end with pieces of no width where shorter."""

    temperature: Float[Array, "*table breakpoint"]  # K, not decreasing
    left: Float[Array, "*table piece"]  # - at the lower end of each piece
    right: Float[Array, "*table piece"]  # - at the upper end


def _knots(table: CapacityTable) -> Float[Array, " breakpoint"]:
    """u at the breakpoints (K)."""
    rise = 0.5 * (table.left + table.right) * jnp.diff(table.temperature)
    return table.temperature[0] + jnp.concatenate([jnp.zeros(1, rise.dtype), jnp.cumsum(rise)])


def enthalpy(table: CapacityTable, temperature: Float[Array, ""]) -> Float[Array, ""]:
    """u (K) at a temperature (K); one table, one temperature."""
    breaks, knots = table.temperature, _knots(table)
    piece = jnp.clip(jnp.searchsorted(breaks, temperature, side="right") - 1, 0, table.left.shape[0] - 1)
    width = breaks[piece + 1] - breaks[piece]
    slope = _slope(table, piece, width)
    above = jnp.clip(temperature - breaks[piece], 0.0, width)
    inside = knots[piece] + above * (table.left[piece] + 0.5 * slope * above)
    below_first, beyond_last = jnp.minimum(temperature - breaks[0], 0.0), jnp.maximum(temperature - breaks[-1], 0.0)
    return inside + table.left[0] * below_first + table.right[-1] * beyond_last


def temperature_of(table: CapacityTable, state: Float[Array, ""]) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """T (K) and dT/du (-) at a state u (K); one table, one state.

    Within a piece d = u - u_k = c_k s + c' s^2 / 2, solved as s = 2 d / (c_k + (c_k^2 + 2 c' d)^(1/2)): no rounding.
    """
    breaks, knots = table.temperature, _knots(table)
    piece = jnp.clip(jnp.searchsorted(knots, state, side="right") - 1, 0, table.left.shape[0] - 1)
    width = breaks[piece + 1] - breaks[piece]
    slope = _slope(table, piece, width)
    rise = jnp.clip(state - knots[piece], 0.0, knots[piece + 1] - knots[piece])
    local = jnp.sqrt(jnp.maximum(table.left[piece] ** 2 + 2.0 * slope * rise, jnp.finfo(rise.dtype).tiny))
    inside = breaks[piece] + 2.0 * rise / (table.left[piece] + local)
    below, beyond = jnp.minimum(state - knots[0], 0.0), jnp.maximum(state - knots[-1], 0.0)
    temperature = inside + below / table.left[0] + beyond / table.right[-1]
    capacity = jnp.where(state < knots[0], table.left[0], jnp.where(state >= knots[-1], table.right[-1], local))
    return temperature, 1.0 / capacity


def _slope(table: CapacityTable, piece: Array, width: Array) -> Array:
    """dc/dT in a piece (K-1), 0 in one of no width."""
    safe = jnp.where(width > 0.0, width, 1.0)
    return jnp.where(width > 0.0, (table.right[piece] - table.left[piece]) / safe, 0.0)
