"""Adaptive integration over segments whose edges are never stepped over; the same march on a frozen grid."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from caloris_kernels.stepping.consistent import ConsistentState, consistent_state
from caloris_kernels.stepping.events import Search, Settled, check_switches, judge, settle, start_search
from caloris_kernels.stepping.grid import Grid, Record, empty_grid, empty_record, pad_record
from caloris_kernels.stepping.rodas import ORDER, Step, rodas_step, tableau
from caloris_kernels.stepping.system import (
    BUFFER_OVERFLOW,
    LINEAR_SOLVE_FAILED,
    NOT_FINITE,
    STEP_TOO_SMALL,
    SUCCESS,
    TOO_MANY_SWITCHINGS,
    Parameters,
    System,
    in_mode,
)


class Trajectory(NamedTuple):
    """What `integrate` returns. failed_state is the state that stopped the run, -1 where none did.

    Of a system with switches, mode is that at the end, and failed_switch the one that changed too often, -1 for none.
    """

    grid: Grid
    record: Record
    final: Float[Array, " state"]
    rejected: Int[Array, ""]
    linear_iterations: Int[Array, ""]
    result: Int[Array, ""]
    failed_state: Int[Array, ""]
    mode: Float[Array, " switch"] | None = None
    failed_switch: Int[Array, ""] | None = None


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
    search: Search | None = None


class _Trial(NamedTuple):
    """A step that was tried from y at (segment, position), and what became of it.

    switches = (mode, whether a switch changes at the start of the step instead, which one changes there or at its end).
    """

    y: Array
    step: Step
    width: Array
    accept: Array
    switches: tuple[Array, Array, Array] | None


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


def _propose(carry: March, length: Array, grid: Grid, frozen: Array, longest: Array) -> tuple[Array, Array]:
    """Width of the next step as a fraction, and whether it ends the segment; no sliver is left over."""
    max_steps = grid.segment.shape[0]
    remaining, wish = 1.0 - carry.position, jnp.minimum(carry.h, longest) / length
    half = jnp.where(wish > 0.5 * remaining, 0.5 * remaining, wish)
    chosen = jnp.where(wish >= 0.999 * remaining, remaining, half)
    if carry.search is not None:
        aim = carry.search.aim / length
        chosen = jnp.where(aim > 0.0, jnp.minimum(aim, remaining), chosen)
    stored = jnp.minimum(carry.grid.steps, max_steps - 1)
    following = jnp.minimum(stored + 1, max_steps - 1)
    width = jnp.where(frozen, grid.width[stored], chosen)
    last = (stored + 1 >= grid.steps) | (grid.start[following] == 0.0)
    return width, jnp.where(frozen, last, width == remaining)


def _begin(
    system: System, p: Parameters, t: Array, tolerance: Array, carry: March
) -> tuple[Array, Array, Settled | None]:
    """The state that a step starts from, whether it was found, and the switches settled behind a jump."""
    segment, search = carry.segment, carry.search
    if search is None:
        state = lax.cond(
            carry.position == 0.0,
            lambda y: consistent_state(system, p, t, segment, y, tolerance),
            lambda y: ConsistentState(y, jnp.array(True)),
            carry.y,
        )
        return state.y, state.converged, None
    zero = jnp.zeros((), jnp.int32)
    settled = lax.cond(
        (carry.position == 0.0) | search.fresh,
        lambda: settle(system, p, t, segment, carry.y, search.mode, tolerance),
        lambda: Settled(carry.y, jnp.array(True), search.mode, jnp.array(True), zero, zero - 1),
    )
    return settled.y, settled.converged, settled


def _control(
    step: Step, started: Array, carry: March, h: Array, limits: tuple[Array, Array, Array]
) -> tuple[Array, Array, Array, Array]:
    """Whether a step stands by its error, the length of the next, the result, and the state with the largest error."""
    tolerance, minimum_step, frozen = limits
    scaled = jnp.abs(step.error) / tolerance
    error = jnp.max(scaled)
    sound = jnp.isfinite(error) & step.solved & started & jnp.all(jnp.isfinite(step.end))
    accept = sound & ((error <= 1.0) | frozen)
    safe = jnp.where(sound, jnp.maximum(error, 1e-10), 1e6)
    h_next = h * jnp.clip(0.85 * safe ** (-1.0 / ORDER), 0.2, 5.0)
    h_next = jnp.where(accept, jnp.maximum(h_next, carry.h * (h < carry.h)), h_next)
    tiny_step = ~accept & ((h <= minimum_step) | frozen)
    worst = jnp.argmax(jnp.where(jnp.isfinite(scaled), scaled, jnp.inf)).astype(jnp.int32)
    return accept, jnp.maximum(h_next, minimum_step), _verdict(step, started, error, tiny_step), worst


def _store(carry: March, trial: _Trial, max_steps: int, dense_weights: Array) -> tuple[Grid, Record]:
    """Grid and record with an accepted step; one that was not is dropped."""
    row = jnp.where(trial.accept, carry.grid.steps, max_steps)

    def put(table: Array, value: Array) -> Array:
        return table.at[row].set(value, mode="drop")

    grid, record = carry.grid, carry.record
    new_grid = Grid(
        put(grid.segment, carry.segment),
        put(grid.start, carry.position),
        put(grid.width, trial.width),
        grid.steps + trial.accept.astype(jnp.int32),
    )
    if trial.switches is not None and grid.mode is not None and grid.switch is not None:
        mode, at_start, switch = trial.switches
        # a switch that changes at the start ended the step before, unless another did or an edge lies there
        before = jnp.maximum(grid.steps - 1, 0)
        free = at_start & (carry.position > 0.0) & (grid.switch[before] < 0)
        switches = grid.switch.at[jnp.where(free, before, max_steps)].set(switch, mode="drop")
        new_grid = new_grid._replace(mode=put(grid.mode, mode), switch=put(switches, switch))
    new_record = record._replace(
        start=put(record.start, trial.y),
        end=put(record.end, trial.step.end),
        dense=put(record.dense, dense_weights @ trial.step.stages),
    )
    return new_grid, new_record


def _meet_switches(
    system: System, p: Parameters, trial: tuple, carry: March, settled: Settled, tolerance: Array, minimum_step: Array
) -> tuple[Array, Array, Array, Search]:
    """Whether a trial stands beside the switches, or a switch changes at its start; that or the one that ended it.

    Returns the switches behind the trial last.
    trial = (step, its start, whether it stands by its error, whether it ends the segment). One that is refused by
    its error gives up the search: a shorter step begins it anew.
    """
    step, start, sound, last = trial
    before: Search = carry.search  # type: ignore[assignment]
    verdict = judge(system, p, step, start, before._replace(mode=settled.mode), tolerance, minimum_step)
    accept, at_once = sound & verdict.keep, sound & verdict.at_start
    # a switching just at the end of a segment is left to the start of the next
    switch = jnp.where(last & ~at_once, -1, verdict.switch)
    switched = (accept | at_once) & (switch >= 0)
    flipped = switched & (jnp.arange(settled.mode.shape[0]) == switch)
    count = before.switchings + settled.switchings + switched.astype(jnp.int32)
    following, zero, moved = verdict.search, jnp.zeros_like(before.aim), accept | at_once
    search = following._replace(
        mode=jnp.where(moved, jnp.where(flipped, 1.0 - settled.mode, settled.mode), before.mode),
        aim=jnp.where(sound, following.aim, zero),
        low=jnp.where(sound, following.low, zero),
        high=jnp.where(sound, following.high, zero),
        trials=jnp.where(sound, following.trials, 0),
        fresh=jnp.where(moved, switched, before.fresh),
        switchings=jnp.where(moved, jnp.where(accept & last, 0, count), before.switchings),
        latest=jnp.where(settled.settled, jnp.where(switched, switch, before.latest), settled.switch),
    )
    return accept, at_once, switch, search


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
    mode: Float[Array, " switch"] | None = None,
    max_switchings: Int[Array, ""] | int = 0,
    maximum_step: Float[Array, ""] | float = jnp.inf,
) -> March:
    """Integrate over all segments: with steps of its own choice, or, where `frozen`, with those of `grid`.

    One loop serves both, so that it is compiled once. See `integrate` for the meaning of the arguments.
    `record` is overwritten step by step; its rows beyond the last step keep what they held. A march with modes
    chooses its own steps: `replay` is what repeats them.
    """
    max_steps, dtype = grid.segment.shape[0], y0.dtype
    segments = edges.shape[0] - 1
    dense_weights = tableau(dtype).dense
    span = edges[-1] - edges[0]

    def unfinished(carry: March) -> Array:
        room = carry.rejected < 4 * max_steps + 100
        return (carry.segment < segments) & (carry.result == SUCCESS) & room

    def advance(carry: March) -> March:
        segment, length = carry.segment, edges[carry.segment + 1] - edges[carry.segment]
        t = edges[segment] + carry.position * length
        y, started, settled = _begin(system, p, t, tolerance, carry)
        width, last = _propose(carry, length, grid, frozen, jnp.asarray(maximum_step, dtype))
        h = width * length
        modes = None if settled is None else settled.mode
        precise = None if carry.search is None else carry.search.aim > 0.0
        step = rodas_step(in_mode(system, modes), p, t, h, segment, y, tolerance, precise)
        if settled is not None:
            g = system.switching(t + h, step.end, p, segment, modes)  # type: ignore[misc]
            step = step._replace(error=jnp.where(jnp.all(jnp.isfinite(g)), step.error, jnp.inf))
        limits = (tolerance, minimum_step, frozen)
        accept, h_next, result, worst = _control(step, started, carry, h, limits)
        search = switches = None
        if settled is not None:
            last = last | ((1.0 - carry.position - width) * length <= minimum_step)
            trial = (step, (t, h, segment, y), accept, last)
            accept, at_once, switch, search = _meet_switches(system, p, trial, carry, settled, tolerance, minimum_step)
            switches = (settled.mode, at_once, switch)
            endless = (settled.converged & ~settled.settled) | (search.switchings > max_switchings)
            result = jnp.where(endless, TOO_MANY_SWITCHINGS, result)
        full = accept & (carry.grid.steps >= max_steps)
        result = jnp.where(full, BUFFER_OVERFLOW, result).astype(jnp.int32)
        accept = accept & ~full
        new_grid, new_record = _store(carry, _Trial(y, step, width, accept, switches), max_steps, dense_weights)
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
            search,
        )

    zero = jnp.zeros((), jnp.int32)
    start = March(
        y=y0,
        segment=_next_segment(edges, -1),
        position=jnp.zeros((), dtype),
        h=jnp.asarray(initial_step, dtype),
        grid=empty_grid(max_steps, dtype, None if mode is None else mode.shape[0]),
        record=record,
        mean=jnp.zeros_like(y0),
        rejected=zero,
        linear_iterations=zero,
        result=zero,
        failed_state=zero - 1,
        search=None if mode is None else start_search(mode),
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
    mode: Float[Array, " switch"] | None = None,
    max_switchings: Int[Array, ""] | int | None = None,
    maximum_step: Float[Array, ""] | float = jnp.inf,
) -> Trajectory:
    """Integrate C(p) y' = F(t, y, p, segment) from edges[0] to edges[-1] by Rodas5P with step control.

    edges (s, not decreasing) bound the segments in which F is smooth; no step crosses one, segments of no
    length are skipped, and states without capacity are solved anew at the start of each segment.
    tolerance is the error allowed per step and state, in the state's unit: a step stands where
    max |e_i| / tolerance_i <= 1, and the next is h clip(0.85 err^(-1/5), 0.2, 5). initial_step (s) defaults
    to a thousandth of the whole time, minimum_step (s) to 1e-12 of it, and maximum_step (s) is not limited; where F
    follows a table, its spacing keeps a step from passing over a kink that the error estimate does not see. The
    arrays hold max_steps steps.

    mode is the first mode of each switch of a system that has some (`System.switching`): steps then end exactly where
    a switch changes its mode (`events`), at the start of each segment and behind each switching the algebraic states
    are solved anew, and a switch that is beyond its threshold there changes at once. More than max_switchings in one
    segment (by default half of max_steps) end the run as TOO_MANY_SWITCHINGS. Without mode the switches are not looked
    at and cost nothing.

    A failure is a code in `result` (system.RESULT_MESSAGES) with the last accepted state; nothing raises
    and nothing is NaN. Not differentiable as it stands (the choice of steps is not smooth): `replay` on
    the grid returned is, and gives the same states.
    """
    dtype = y0.dtype
    check_switches(system, mode)
    edges = jnp.asarray(edges, dtype)
    span = edges[-1] - edges[0]
    first = jnp.asarray(1e-3 * span if initial_step is None else initial_step, dtype)
    smallest = jnp.asarray(1e-12 * span if minimum_step is None else minimum_step, dtype)
    tolerance = jnp.broadcast_to(jnp.asarray(tolerance, dtype), y0.shape)
    p, y0, edges = lax.stop_gradient((p, y0, edges))
    longest = jnp.asarray(maximum_step, dtype)
    tolerance, first, smallest, longest = lax.stop_gradient((tolerance, first, smallest, longest))
    if mode is not None:
        mode = lax.stop_gradient(jnp.asarray(mode, dtype))
    grid = empty_grid(max_steps, dtype, None if mode is None else mode.shape[0])
    empty = empty_record(max_steps, y0.shape[0], dtype, switching=mode is not None)
    allowed = max_steps // 2 if max_switchings is None else max_switchings
    steps = (first, smallest, grid, jnp.array(False), empty)
    end = march(system, p, y0, edges, tolerance, *steps, mode=mode, max_switchings=allowed, maximum_step=longest)
    record = pad_record(end.record, end.grid.steps, end.y)
    found = (end.grid, record, end.y, end.rejected, end.linear_iterations, end.result, end.failed_state)
    if end.search is None:
        return Trajectory(*found)
    endless = end.result == TOO_MANY_SWITCHINGS
    return Trajectory(*found, end.search.mode, jnp.where(endless, end.search.latest, -1))
