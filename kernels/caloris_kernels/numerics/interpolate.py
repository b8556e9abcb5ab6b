"""Interpolation on uniform grids, smooth enough for a high-order stepper between its events."""

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


@partial(jax.jit, static_argnames="periodic")
def cubic_uniform(table: Float[Array, "grid ..."], position: Float[Array, ""], periodic: bool) -> Float[Array, "..."]:
    """Cubic interpolation of a table on a uniform grid at one position (same unit as the table).

    Catmull-Rom: f(u) through f_1 at u = 0 and f_2 at u = 1 with slopes (f_2 - f_0)/2 and (f_3 - f_1)/2;
    C1 everywhere, third order, exact for quadratics inside the table and for straight lines at its ends.

    table has its samples at position 0, 1, ..., grid - 1. With `periodic` the last sample repeats the first
    (position grid - 1 is position 0); otherwise the end intervals use one linearly extended sample. Positions
    outside [0, grid - 1] are held at the ends. Differentiable in the table and the position.
    """
    last = table.shape[0] - 1
    if last == 0:
        return table[0]
    held = jnp.clip(position, 0.0, last)
    left = jnp.clip(jnp.floor(held).astype(jnp.int32), 0, last - 1)
    u = held - left
    f1, f2 = table[left], table[left + 1]
    if periodic:
        f0, f3 = table[(left - 1) % last], table[(left + 2) % last]
    else:
        f0 = jnp.where(left > 0, table[jnp.maximum(left - 1, 0)], 2.0 * f1 - f2)
        f3 = jnp.where(left < last - 1, table[jnp.minimum(left + 2, last)], 2.0 * f2 - f1)
    slope1, slope2 = 0.5 * (f2 - f0), 0.5 * (f3 - f1)
    difference = f2 - f1
    return f1 + u * (slope1 + u * (3.0 * difference - 2.0 * slope1 - slope2 + u * (slope1 + slope2 - 2.0 * difference)))


def piecewise_linear(
    breaks: Float[Array, " point"], values: Float[Array, "point ..."], at: Float[Array, " query"]
) -> Float[Array, "query ..."]:
    """Piecewise linear interpolation through (breaks, values), ends held; breaks ascending, same unit as `at`.

    Differentiable in values everywhere, in `at` between the breaks; equal neighboring breaks give the value
    to their right, never a division by zero.
    """
    if breaks.shape[0] == 1:
        return jnp.broadcast_to(values[0], (at.shape[0], *values.shape[1:]))
    right = jnp.clip(jnp.searchsorted(breaks, at, side="right"), 1, breaks.shape[0] - 1)
    width = breaks[right] - breaks[right - 1]
    fraction = jnp.where(width > 0, (at - breaks[right - 1]) / jnp.where(width > 0, width, 1.0), 1.0)
    fraction = jnp.clip(fraction, 0.0, 1.0).reshape(-1, *([1] * (values.ndim - 1)))
    return values[right - 1] + fraction * (values[right] - values[right - 1])


def monotone_cubic(
    breaks: Float[Array, " point"], values: Float[Array, " point"], at: Float[Array, ""]
) -> Float[Array, ""]:
    """Piecewise cubic interpolation through (breaks, values), as monotone as they are, straight beyond the ends; C1.

    Hermite cubics whose slope at a break is the harmonic mean of the two secants beside it, weighted by the opposite
    widths, and zero where they differ in sign; at the ends that of the secant. Source: Fritsch & Butland, SIAM J. Sci.
    Stat. Comput. 5 (1984) 300, doi 10.1137/0905021. breaks ascending, two at least, same unit as `at`. Differentiable
    in values and `at`; where a secant changes sign the slope has one-sided derivatives.
    """
    width = jnp.diff(breaks)
    secant = jnp.diff(values) / width
    before, after = secant[:-1], secant[1:]
    weight = (width[:-1] + 2.0 * width[1:]) / (3.0 * (width[:-1] + width[1:]))
    agree = before * after > 0.0
    mixed = jnp.where(agree, weight * after + (1.0 - weight) * before, 1.0)
    inner = jnp.where(agree, before * after / mixed, 0.0)
    slope = jnp.concatenate([secant[:1], inner, secant[-1:]])
    left = jnp.clip(jnp.searchsorted(breaks, at, side="right") - 1, 0, breaks.shape[0] - 2)
    held = jnp.clip(at, breaks[0], breaks[-1])
    h, t = width[left], (held - breaks[left]) / width[left]
    s = 1.0 - t
    inside = (
        values[left] * s * s * (1.0 + 2.0 * t)
        + values[left + 1] * t * t * (1.0 + 2.0 * s)
        + h * t * s * (slope[left] * s - slope[left + 1] * t)
    )
    return inside + jnp.minimum(at - breaks[0], 0.0) * slope[0] + jnp.maximum(at - breaks[-1], 0.0) * slope[-1]
