"""States at asked times on a recorded grid, without a record: the memory of their derivative is bounded by choice.

Nothing is kept of the steps but the state before every `every`-th of them. The reverse sweep goes from one such
checkpoint to the one before, takes the steps between them again, and keeps only their states meanwhile:
(steps / every + every) x states numbers, least at every = sqrt(steps), where a record holds 5 x steps x states and the
stages 8 x steps x states. Each step is taken three times instead of once (forward, from the checkpoint, and for its
stages) before its adjoint. Source of the scheme with one level of checkpoints: Griewank and Walther, Evaluating
Derivatives (2nd ed., SIAM 2008), chapter 12, DOI 10.1137/1.9780898717761.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from caloris_kernels.numerics.first_order import undifferentiated
from caloris_kernels.stepping.dense_output import locate_steps, state_in_row
from caloris_kernels.stepping.grid import Grid, Record
from caloris_kernels.stepping.grid_steps import Taken, Track, take_step
from caloris_kernels.stepping.step_derivative import adjoint_step, tangent_step
from caloris_kernels.stepping.sweeps import Tape, read_tape
from caloris_kernels.stepping.system import Parameters, System, linear_map, of_floats, split_floating


class _Asked(NamedTuple):
    """The times, which of them comes when, and the step that holds each in that order."""

    times: Float[Array, " time"]
    order: Int[Array, " time"]
    step: Int[Array, " time"]


def _ask(track: Track, times: Array) -> _Asked:
    order = jnp.argsort(times)
    return _Asked(times, order, locate_steps(track.grid, track.edges, times[order]))


def _each_time(asked: _Asked, index: Array, next_time: Array, step_by: int, function: Callable, carry: Any) -> tuple:
    """function(which time, carry) for all times within step `index`, from next_time on, upwards or downwards."""
    count = asked.times.shape[0]

    def here(state: tuple) -> Array:
        position, _ = state
        inside = (position >= 0) & (position < count)
        return inside & (asked.step[jnp.clip(position, 0, count - 1)] == index)

    def visit(state: tuple) -> tuple:
        position, carry = state
        return position + step_by, function(asked.order[position], carry)

    return lax.while_loop(here, visit, (next_time, carry))


def _without_shift(track: Track, step: Taken) -> Record:
    shift = None if track.grid.mode is None else jnp.zeros(2, step.y.dtype)
    return step.row._replace(shift=shift)


def _forward(track: Track, y0: Array, asked: _Asked, every: int | None) -> tuple[Array, Array | None]:
    """States at the times asked for, and before every `every`-th step (None: no checkpoints)."""
    rows = track.grid.segment.shape[0]

    def advance(index: Array, carry: tuple) -> tuple:
        y, position, states, checkpoints = carry
        if checkpoints is not None and every is not None:
            row = jnp.where(index % every == 0, index // every, checkpoints.shape[0])
            checkpoints = checkpoints.at[row].set(y, mode="drop")
        step, end = take_step(track, index, y)
        row = _without_shift(track, step)

        def put(which: Array, states: Array) -> Array:
            return states.at[which].set(state_in_row(track.grid, row, track.edges, index, asked.times[which]))

        position, states = _each_time(asked, index, position, 1, put, states)
        return end, position, states, checkpoints

    states = jnp.broadcast_to(y0, (asked.times.shape[0], y0.shape[0]))
    checkpoints = None if every is None else jnp.zeros((-(-rows // every), y0.shape[0]), y0.dtype)
    start = (y0, jnp.zeros((), jnp.int32), states, checkpoints)
    return lax.fori_loop(0, track.grid.steps, advance, start)[2:]


def _tangents(track: Track, y0: Array, asked: _Asked, tangents: tuple) -> Array:
    """Changes of the states asked for along tangents = (of p, of y0, of edges, of the times)."""
    p_tangent, y0_tangent, edges_tangent, times_tangent = tangents

    def advance(index: Array, carry: tuple) -> tuple:
        y, tangent, shift, position, states = carry
        step, end = take_step(track, index, y)
        row, later = tangent_step(track, step, (p_tangent, edges_tangent), tangent, shift)

        def state(row: Record, edges: Array, t: Array) -> Array:
            return state_in_row(track.grid, row, edges, index, t)

        def put(which: Array, states: Array) -> Array:
            inputs = (_without_shift(track, step), track.edges, asked.times[which])
            return states.at[which].set(jax.jvp(state, inputs, (row, edges_tangent, times_tangent[which]))[1])

        position, states = _each_time(asked, index, position, 1, put, states)
        return end, row.end, later, position, states

    states = jnp.broadcast_to(y0_tangent, (asked.times.shape[0], y0.shape[0]))
    start = (y0, y0_tangent, jnp.zeros((), y0.dtype), jnp.zeros((), jnp.int32), states)
    return lax.fori_loop(0, track.grid.steps, advance, start)[-1]


def _adjoint(track: Track, checkpoints: Array, every: int, asked: _Asked, cotangents: Array) -> tuple:
    """Transpose of `_tangents`: what p, y0, edges and the times receive."""
    steps, states = track.grid.steps, checkpoints.shape[1]

    def of_block(block: Array) -> tuple[Array, Tape]:
        """The steps of a block taken again: their number, and the states at their starts."""
        first = block * every
        count = jnp.minimum(every, steps - first)

        def advance(row: Array, carry: tuple) -> tuple:
            y, starts = carry
            step, end = take_step(track, first + row, y)
            return end, starts.at[row].set(step.y)

        empty = jnp.zeros((every, states), checkpoints.dtype)
        return count, Tape(lax.fori_loop(0, count, advance, (checkpoints[block], empty))[1], None)

    def retreat(step: Taken, carry: tuple) -> tuple:
        sums, times, cotangent, shift, position = carry
        row = _without_shift(track, step)

        def state(row: Record, edges: Array, t: Array) -> Array:
            return state_in_row(track.grid, row, edges, step.number, t)

        def receive(which: Array, carry: tuple) -> tuple:
            received, times = carry
            pull = jax.vjp(state, row, track.edges, asked.times[which])[1]
            *parts, time = pull(cotangents[which])
            return jax.tree.map(jnp.add, received, tuple(parts)), times.at[which].set(time)

        nothing = jax.tree.map(jnp.zeros_like, (row, track.edges))
        position, (received, times) = _each_time(asked, step.number, position, -1, receive, (nothing, times))
        parts, cotangent, shift = adjoint_step(track, step, received[0], cotangent, shift)
        p, edges = jax.tree.map(jnp.add, sums, parts)
        return (p, edges + received[1]), times, cotangent, shift, position

    def back_over(count: Array, carry: tuple) -> tuple:
        block = (steps - 1) // every - count
        length, tape = of_block(block)

        def one(number: Array, carry: tuple) -> tuple:
            row = length - 1 - number
            return retreat(read_tape(track, tape, block * every + row, row), carry)

        return lax.fori_loop(0, length, one, carry)

    sums = jax.tree.map(jnp.zeros_like, (track.p, track.edges))
    zero = jnp.zeros(states, checkpoints.dtype)
    last = jnp.asarray(asked.times.shape[0] - 1, jnp.int32)
    start = (sums, jnp.zeros_like(asked.times), zero, zero[0], last)
    blocks = (steps + every - 1) // every
    (p, edges), times, cotangent, _, _ = lax.fori_loop(0, blocks, back_over, start)
    # without steps every state asked for is the first one
    return p, jnp.where(steps > 0, cotangent, jnp.sum(cotangents, axis=0)), edges, times


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _states(
    static: Any,
    p: list,
    others: list,
    y0: Array,
    edges: Array,
    times: Array,
    grid: Grid,
    tolerance: Array,
    known: Array | None,
) -> Array:
    if known is not None:
        return known
    system, join, _ = static
    track = Track(of_floats(system, others, join), p, edges, grid, tolerance)
    return _forward(track, y0, _ask(track, times), None)[0]


@_states.defjvp
def _states_derivative(static: Any, primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    p, others, y0, edges, times, grid, tolerance, known = primals
    p, y0, edges, times = undifferentiated("a run over time", (p, y0, edges, times))
    system, join, every = static
    track = Track(of_floats(system, others, join), p, edges, grid, tolerance)
    asked = _ask(track, times)
    states, checkpoints = _forward(track, y0, asked, every)
    tangent = linear_map(
        lambda x: _tangents(track, y0, asked, x),
        lambda x: _adjoint(track, checkpoints, every, asked, x),  # type: ignore[arg-type]
        (tangents[0], tangents[2], tangents[3], tangents[4]),
        jnp.zeros_like(states),
    )
    return states if known is None else known, tangent


def replay_states(
    system: System,
    p: Parameters,
    y0: Float[Array, " state"],
    edges: Float[Array, " edge"],
    grid: Grid,
    tolerance: Float[Array, " state"],
    times: Float[Array, " time"],
    *,
    every: int = 16,
    known: Float[Array, "time state"] | None = None,
) -> Float[Array, "time state"]:
    """The states at `times` (s, within the edges) on the recorded grid: `states_at` of `replay`, in bounded memory.

    every is the number of steps from one checkpoint of the reverse sweep to the next; the square root of the number of
    steps needs least memory. known, where given, are these very states (`integrate` with `times`): they are
    returned with their derivative. At an edge, and at a switching, the state is the one behind it.

    Differentiable in the floating leaves of p, in y0, in edges and in the times, forward and reverse, and under vmap,
    with the derivatives of `replay` and `states_at`; the tangent needs no memory beyond one state.
    """
    floats, others, join = split_floating(p)
    edges, times = jnp.asarray(edges, y0.dtype), jnp.asarray(times, y0.dtype)
    grid, known = lax.stop_gradient((grid, known))
    tolerance = lax.stop_gradient(jnp.broadcast_to(jnp.asarray(tolerance, y0.dtype), y0.shape))
    return _states((system, join, every), floats, others, y0, edges, times, grid, tolerance, known)
