"""A quantity that varies over the orbit or in time by a table of steps or straight lines."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris_kernels.numerics.interpolate import piecewise_linear


class Schedule(eqx.Module):
    """A table against time; one value and one break make a constant.

    Between breaks the value is held from the left ("step") or linear. A phase table wraps: its breaks are
    fractions of the period and it repeats; a time table holds its end values. Differentiable in `value`, and in
    `break_` through `couple`, which moves the edges where solvers stop along; in a finished thermal model the edges
    are leaves of their own (`timeline.edges`), and a step stays where they are.
    """

    value: Float[Array, " point"]  # the quantity's own unit
    break_: Float[Array, " point"]  # phase (-) or time (s), ascending
    linear: bool = eqx.field(static=True, default=False)
    phase: bool = eqx.field(static=True, default=True)

    @classmethod
    def constant(cls, value: float) -> "Schedule":
        """The same value at all times."""
        return cls(jnp.asarray([value], float), jnp.zeros(1))

    def edges(self, period: float, duration: float) -> np.ndarray:
        """Times (s) in (0, duration) at which the table has a step or a kink; concrete numbers."""
        breaks = np.asarray(self.break_, float)
        if breaks.size == 1:
            return np.zeros(0)
        if self.phase:
            revolutions = np.arange(int(np.ceil(duration / period - 1e-12)) + 1)
            breaks = ((revolutions[:, None] + breaks[None, :]) * period).ravel()
        return np.unique(breaks[(breaks > 0) & (breaks < duration)])

    def over_segments(self, edges: Float[Array, " edge"], period: Float[Array, ""]) -> Float[Array, "segment 2"]:
        """Value at the start and the end of each segment between `edges` (s), one-sided at jumps.

        Every break lies on an edge, so that the value is linear inside a segment. The row of a segment is
        chosen by its midpoint: an edge that moves by rounding never picks the neighbor's value.
        """
        start, end = edges[:-1], edges[1:]
        if self.value.shape[0] == 1:
            return jnp.broadcast_to(self.value, (start.shape[0], 2))
        breaks, value = self.break_, self.value
        middle = 0.5 * (start + end)
        if self.phase:
            turn = jnp.floor(middle / period) * period
            middle, start, end = ((t - turn) / period for t in (middle, start, end))
            breaks = jnp.concatenate([breaks[-1:] - 1.0, breaks, breaks[:1] + 1.0])
            value = jnp.concatenate([value[-1:], value, value[:1]])
        last = breaks.shape[0] - 1
        row = jnp.searchsorted(breaks, middle, side="right") - 1
        if not self.linear:
            held = value[jnp.clip(row, 0, last)]
            return jnp.stack([held, held], axis=1)
        left = jnp.clip(row, 0, last - 1)
        width = breaks[left + 1] - breaks[left]
        inside = (row >= 0) & (row < last)
        slope = jnp.where(inside & (width > 0), (value[left + 1] - value[left]) / jnp.where(width > 0, width, 1.0), 0.0)
        base = jnp.where(row >= last, value[last], value[left])
        return base[:, None] + slope[:, None] * (jnp.stack([start, end], axis=1) - breaks[left][:, None])

    def at(self, position: Float[Array, " query"]) -> Float[Array, " query"]:
        """Value at positions in the table's own unit (phase or s); a step holds from its break on."""
        if self.value.shape[0] == 1:
            return jnp.broadcast_to(self.value, position.shape)
        breaks, value = self.break_, self.value
        if self.phase:
            position = position - jnp.floor(position)
            breaks = jnp.concatenate([breaks[-1:] - 1.0, breaks, breaks[:1] + 1.0])
            value = jnp.concatenate([value[-1:], value, value[:1]])
        if self.linear:
            return piecewise_linear(breaks, value, position)
        row = jnp.searchsorted(breaks, position, side="right") - 1
        return value[jnp.clip(row, 0, breaks.shape[0] - 1)]
