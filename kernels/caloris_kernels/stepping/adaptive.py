"""Adaptive integration over segments whose edges are never stepped over; the same march on a frozen grid."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from caloris_kernels.stepping.consistent import ConsistentState, consistent_state
from caloris_kernels.stepping.rodas import ORDER, Step, rodas_step, tableau
from caloris_kernels.stepping.system import (
    BUFFER_OVERFLOW,
    LINEAR_SOLVE_FAILED,
    NOT_FINITE,
    STEP_TOO_SMALL,
    SUCCESS,
    Parameters,
    System,
)


class Grid(NamedTuple):
    """Time steps as fractions of their segment, so that they move with the edges; the first `steps` are used.

    Step i runs over t = e_s + (e_(s+1) - e_s) start_i for `width` of the segment s = segment_i. start_i is
    exactly 0 in the first step of each segment.
    """

    segment: Int[Array, " step"]
    start: Float[Array, " step"]
    width: Float[Array, " step"]
    steps: Int[Array, ""]


class Record(NamedTuple):
    """States at the start and the end of each step, and the weights of the output between them.

    An algebraic state jumps at an edge: `end` of a step and `start` of the next are its one-sided values.
    Entries beyond the last step repeat the final state.
    """

    start: Float[Array, "step state"]
    end: Float[Array, "step state"]
    dense: Float[Array, "step 3 state"]


class Trajectory(NamedTuple):
    """What `integrate` returns. failed_state is the state that stopped the run, -1 where none did."""

    grid: Grid
    record: Record
    final: Float[Array, " state"]
    rejected: Int[Array, ""]
    linear_iterations: Int[Array, ""]
    result: Int[Array, ""]
    failed_state: Int[Array, ""]


class March(NamedTuple):
    """The state of the loop over time steps; `mean` gathers the time average of the state."""

    y: Array
    segment: Array
    position: Array  # fraction of the segment done
    h: Array  # step proposed, s
    grid: Grid
    record: Record
    mean: Array
    rejected: Array
    linear_iterations: Array
    result: Array
    failed_state: Array


def empty_grid(max_steps: int, dtype) -> Grid:
    """A grid without steps that can hold max_steps."""
    zeros = jnp.zeros(max_steps, dtype)
    return Grid(jnp.zeros(max_steps, jnp.int32), zeros, zeros, jnp.zeros((), jnp.int32))


def empty_record(rows: int, states: int, dtype) -> Record:
    """A record of `rows` steps that holds nothing yet."""
    return Record(*(jnp.zeros(shape, dtype) for shape in ((rows, states), (rows, states), (rows, 3, states))))


def step_times(edges: Float[Array, " edge"], grid: Grid, index: Array) -> tuple[Array, Array]:
    """Start (s) and length (s) of step `index`, differentiable with respect to the edges."""
    segment = grid.segment[index]
    length = edges[segment + 1] - edges[segment]
    return edges[segment] + grid.start[index] * length, grid.width[index] * length


def pad_record(record: Record, count: Array, final: Array) -> Record:
    """Fill the unused rows with the final state, so that a maximum over all rows is one over the used rows."""
    used = jnp.arange(record.start.shape[0]) < count
    start = jnp.where(used[:, None], record.start, final)
    end = jnp.where(used[:, None], record.end, final)
    return Record(start, end, jnp.where(used[:, None, None], record.dense, 0.0))


def _next_segment(edges: Array, after: Array | int) -> Array:
    """First segment beyond `after` that has a length; the number of segments where none has."""
    lengths = jnp.diff(edges)
    index = jnp.arange(lengths.shape[0], dtype=jnp.int32)
    some = (index > after) & (lengths > 1e-13 * jnp.max(jnp.abs(edges)))
    return jnp.min(jnp.where(some, index, lengths.shape[0])).astype(jnp.int32)


def _verdict(step: Step, started: Array, error: Array, tiny_step: Array) -> Array:
    """Why no further step is possible, or SUCCESS."""
    finite = jnp.all(jnp.isfinite(step.end)) & jnp.isfinite(error)
    failed = jnp.where(finite, jnp.where(step.solved & started, STEP_TOO_SMALL, LINEAR_SOLVE_FAILED), NOT_FINITE)
    return jnp.where(tiny_step, failed, SUCCESS).astype(jnp.int32)


def march(
    system: System,
    p: Parameters,
    y0: Float[Array, " state"],
    edges: Float[Array, " edge"],
    tolerance: Float[Array, " state"],
    initial_step: Float[Array, ""],
    minimum_step: Float[Array, ""],
    grid: Grid,
    frozen: Bool[Array, ""],
    record: Record,
) -> March:
    """Integrate over all segments: with steps of its own choice, or, where `frozen`, with those of `grid`.

    One loop serves both, so that it is compiled once. See `integrate` for the meaning of the arguments.
    `record` is overwritten step by step; its rows beyond the last step keep what they held.
    """
    max_steps, dtype = grid.segment.shape[0], y0.dtype
    segments = edges.shape[0] - 1
    dense_weights = tableau(dtype).dense
    span = edges[-1] - edges[0]

    def unfinished(carry: March) -> Array:
        room = carry.rejected < 4 * max_steps + 100
        return (carry.segment < segments) & (carry.result == SUCCESS) & room

    def propose(carry: March, length: Array) -> tuple[Array, Array]:
        """Width of the next step as a fraction, and whether it ends the segment; no sliver is left over."""
        remaining, wish = 1.0 - carry.position, carry.h / length
        half = jnp.where(wish > 0.5 * remaining, 0.5 * remaining, wish)
        chosen = jnp.where(wish >= 0.999 * remaining, remaining, half)
        stored = jnp.minimum(carry.grid.steps, max_steps - 1)
        following = jnp.minimum(stored + 1, max_steps - 1)
        width = jnp.where(frozen, grid.width[stored], chosen)
        last = (stored + 1 >= grid.steps) | (grid.start[following] == 0.0)
        return width, jnp.where(frozen, last, width == remaining)

    def advance(carry: March) -> March:
        segment, length = carry.segment, edges[carry.segment + 1] - edges[carry.segment]
        t = edges[segment] + carry.position * length
        y, started = lax.cond(
            carry.position == 0.0,
            lambda y: consistent_state(system, p, t, segment, y, tolerance),
            lambda y: ConsistentState(y, jnp.array(True)),
            carry.y,
        )
        width, last = propose(carry, length)
        h = width * length
        step = rodas_step(system, p, t, h, segment, y, tolerance)
        scaled = jnp.abs(step.error) / tolerance
        error = jnp.max(scaled)
        sound = jnp.isfinite(error) & step.solved & started & jnp.all(jnp.isfinite(step.end))
        accept = sound & ((error <= 1.0) | frozen)
        safe = jnp.where(sound, jnp.maximum(error, 1e-10), 1e6)
        h_next = h * jnp.clip(0.85 * safe ** (-1.0 / ORDER), 0.2, 5.0)
        h_next = jnp.where(accept, jnp.maximum(h_next, carry.h * (h < carry.h)), h_next)
        tiny_step = ~accept & ((h <= minimum_step) | frozen)
        h_next = jnp.maximum(h_next, minimum_step)
        full = accept & (carry.grid.steps >= max_steps)
        result = jnp.where(full, BUFFER_OVERFLOW, _verdict(step, started, error, tiny_step)).astype(jnp.int32)
        worst = jnp.argmax(jnp.where(jnp.isfinite(scaled), scaled, jnp.inf)).astype(jnp.int32)
        accept = accept & ~full
        row = jnp.where(accept, carry.grid.steps, max_steps)
        new_grid = Grid(
            carry.grid.segment.at[row].set(segment, mode="drop"),
            carry.grid.start.at[row].set(carry.position, mode="drop"),
            carry.grid.width.at[row].set(width, mode="drop"),
            carry.grid.steps + accept.astype(jnp.int32),
        )
        new_record = Record(
            carry.record.start.at[row].set(y, mode="drop"),
            carry.record.end.at[row].set(step.end, mode="drop"),
            carry.record.dense.at[row].set(dense_weights @ step.stages, mode="drop"),
        )
        done = accept & last
        return March(
            jnp.where(accept, step.end, carry.y),
            jnp.where(done, _next_segment(edges, segment), segment),
            jnp.where(done, 0.0, jnp.where(accept, carry.position + width, carry.position)),
            h_next,
            new_grid,
            new_record,
            carry.mean + jnp.where(accept, 0.5 * h / span * (y + step.end), 0.0),
            carry.rejected + (~accept).astype(jnp.int32),
            carry.linear_iterations + step.iterations,
            result,
            jnp.where(result == SUCCESS, carry.failed_state, worst),
        )

    zero = jnp.zeros((), jnp.int32)
    start = March(
        y=y0,
        segment=_next_segment(edges, -1),
        position=jnp.zeros((), dtype),
        h=jnp.asarray(initial_step, dtype),
        grid=empty_grid(max_steps, dtype),
        record=record,
        mean=jnp.zeros_like(y0),
        rejected=zero,
        linear_iterations=zero,
        result=zero,
        failed_state=zero - 1,
    )
    end = lax.while_loop(unfinished, advance, start)
    stuck = (end.segment < segments) & (end.result == SUCCESS)
    return end._replace(result=jnp.where(stuck, STEP_TOO_SMALL, end.result).astype(jnp.int32))


def integrate(
    system: System,
    p: Parameters,
    y0: Float[Array, " state"],
    edges: Float[Array, " edge"],
    tolerance: Float[Array, " state"],
    *,
    max_steps: int,
    initial_step: Float[Array, ""] | float | None = None,
    minimum_step: Float[Array, ""] | float | None = None,
) -> Trajectory:
    """Integrate C(p) y' = F(t, y, p, segment) from edges[0] to edges[-1] by Rodas5P with step control.

    edges (s, not decreasing) bound the segments in which F is smooth; no step crosses one, segments of no
    length are skipped, and states without capacity are solved anew at the start of each segment.
    tolerance is the error allowed per step and state, in the state's unit: a step stands where
    max |e_i| / tolerance_i <= 1, and the next is h clip(0.85 err^(-1/5), 0.2, 5). initial_step (s) defaults
    to a thousandth of the whole time, minimum_step (s) to 1e-12 of it. The arrays hold max_steps steps.

    A failure is a code in `result` (system.RESULT_MESSAGES) with the last accepted state; nothing raises
    and nothing is NaN. Not differentiable as it stands (the choice of steps is not smooth): `replay` on
    the grid returned is, and gives the same states.
    """
    dtype = y0.dtype
    edges = jnp.asarray(edges, dtype)
    span = edges[-1] - edges[0]
    first = jnp.asarray(1e-3 * span if initial_step is None else initial_step, dtype)
    smallest = jnp.asarray(1e-12 * span if minimum_step is None else minimum_step, dtype)
    tolerance = jnp.broadcast_to(jnp.asarray(tolerance, dtype), y0.shape)
    grid, frozen = empty_grid(max_steps, dtype), jnp.array(False)
    p, y0, edges = lax.stop_gradient((p, y0, edges))
    tolerance, first, smallest = lax.stop_gradient((tolerance, first, smallest))
    empty = empty_record(max_steps, y0.shape[0], dtype)
    end = march(system, p, y0, edges, tolerance, first, smallest, grid, frozen, empty)
    record = pad_record(end.record, end.grid.steps, end.y)
    return Trajectory(end.grid, record, end.y, end.rejected, end.linear_iterations, end.result, end.failed_state)
