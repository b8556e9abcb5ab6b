"""States at any time from the record of the steps, and integrals along the orbit that check the stepper."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

from caloris_kernels.stepping.grid import Grid, Record, step_times
from caloris_kernels.stepping.rodas import interpolate_step
from caloris_kernels.stepping.system import Parameters

BLOCK = 16  # times evaluated at once: bounds the memory of the caller's function


def _step_starts(grid: Grid, record: Record | None, edges: Array) -> Float[Array, " step"]:
    """Start of each step (s); the end of the orbit in the unused rows."""
    length = edges[grid.segment + 1] - edges[grid.segment]
    used = jnp.arange(grid.segment.shape[0]) < grid.steps
    start = edges[grid.segment] + grid.start * length
    if record is not None and record.shift is not None:
        start = start + record.shift[:, 0]
    return jnp.where(used, start, edges[-1])


def locate_steps(grid: Grid, edges: Float[Array, " edge"], times: Float[Array, " time"]) -> Int[Array, " time"]:
    """The step that holds each time; at a step's edge the later one, at the very end the last one."""
    index = jnp.searchsorted(_step_starts(grid, None, edges), times, side="right") - 1
    return jnp.clip(index, 0, jnp.maximum(grid.steps - 1, 0)).astype(jnp.int32)


def state_in_row(
    grid: Grid, row: Record, edges: Float[Array, " edge"], index: Int[Array, ""], t: Float[Array, ""]
) -> Float[Array, " state"]:
    """The state at t (s) from the row of a record that belongs to step `index`."""
    start, h = step_times(edges, grid, index)
    if row.shift is not None:
        early, late = row.shift
        start, h = start + early, h + late - early
    x = (t - start) / jnp.where(h > 0.0, h, 1.0)
    x = x + lax.stop_gradient(jnp.clip(x, 0.0, 1.0) - x)  # beyond the ends by rounding alone; the slope is that inside
    return interpolate_step(row.start, row.end, row.dense, x)


def _state_in_step(grid: Grid, record: Record, edges: Array, index: Array, t: Array) -> Array:
    return state_in_row(grid, jax.tree.map(lambda table: table[index], record), edges, index, t)


def states_at(
    grid: Grid, record: Record, edges: Float[Array, " edge"], times: Float[Array, " time"]
) -> Float[Array, "time state"]:
    """The states at the times asked for (s, within the edges), by the output of order 4 inside the steps.

    Differentiable in the record (from `replay`), in the edges and in the times (the slope of the output, of order 3;
    at the very ends that from inside). At an edge between segments, and at
    a switching, the value and the derivative are those behind it, which matters for states without capacity alone.
    """
    index = locate_steps(grid, lax.stop_gradient(edges), lax.stop_gradient(times))
    return jax.vmap(lambda i, t: _state_in_step(grid, record, edges, i, t))(index, times)


def integrate_along(
    function: Callable[[Array, Array, Parameters, Array], Array],
    p: Parameters,
    grid: Grid,
    record: Record,
    edges: Float[Array, " edge"],
    times: Float[Array, " time"],
    *,
    points: int = 4,
    block: int | None = BLOCK,
    with_mode: Callable[[Parameters, Array], Parameters] | None = None,
) -> Float[Array, "interval value"]:
    """Integral of function(t, y, p, segment) -> [value] over each interval between successive times.

    Gauss-Legendre quadrature with `points` nodes on every piece of the union of steps and intervals, states
    from the output inside the steps: exact to order 2 `points` where the function is smooth between edges,
    and independent of the weights of the stepper, so that heat in minus heat out against the change of
    stored energy is a true check. times (s, increasing) lie within the edges. The work is
    points x (steps held by the grid + intervals) evaluations, `block` pieces at once, those of no length with
    weight zero. block None: one point after the other and no piece of no length, for a function whose memory
    is large. with_mode (as of a System) gives p the modes of each step, for a function that knows switches.
    Differentiable in p, in the record and in the edges, times of switching included.
    """
    starts = _step_starts(grid, record, edges)
    # every interval begins and ends at one of the sorted points, and so does every step
    cuts = jnp.sort(jnp.concatenate([jnp.clip(starts, times[0], times[-1]), times]))
    low, high = cuts[:-1], cuts[1:]
    middle = 0.5 * (low + high)
    step = locate_steps(grid, lax.stop_gradient(edges), lax.stop_gradient(middle))
    interval = jnp.clip(jnp.searchsorted(times, middle, side="right") - 1, 0, times.shape[0] - 2)
    nodes, weights = np.polynomial.legendre.leggauss(points)

    def piece(row: tuple) -> Array:
        index, a, b = row
        half = 0.5 * (b - a)
        t = 0.5 * (a + b) + half * jnp.asarray(nodes, edges.dtype)
        segment = grid.segment[index]
        own = p if with_mode is None or grid.mode is None else with_mode(p, grid.mode[index])

        def value(time: Array) -> Array:
            return function(time, _state_in_step(grid, record, edges, index, time), own, segment)

        if block is not None:
            return half * (jnp.asarray(weights, edges.dtype) @ jax.vmap(value)(t))
        shape = jax.eval_shape(value, t[0])

        def add(total: Array, point: tuple) -> tuple[Array, None]:
            return total + half * point[1] * value(point[0]), None

        def whole(_: None) -> Array:
            start = jnp.zeros(shape.shape, shape.dtype)
            return lax.scan(add, start, (t, jnp.asarray(weights, edges.dtype)))[0]

        return lax.cond(b > a, whole, lambda _: jnp.zeros(shape.shape, shape.dtype), None)

    integrals = lax.map(piece, (step, low, high), batch_size=block)
    return jax.ops.segment_sum(integrals, interval, times.shape[0] - 1)
