"""The loop over time steps: of its own choice, or those of a frozen grid, over edges that are never stepped over."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from caloris_kernels.stepping.consistent import ConsistentState, consistent_state
from caloris_kernels.stepping.events import Search, Settled, judge, settle, start_search
from caloris_kernels.stepping.grid import Grid, Record, empty_grid
from caloris_kernels.stepping.rodas import ORDER, Step, interpolate_step, rodas_step, tableau
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


class Output(NamedTuple):
    """States at asked times, which are filled in ascending order of the times; the next to be filled."""

    times: Array  # ascending
    states: Array
    position: Array


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
    refused: Array  # error over tolerance and length (s) of the step refused just before; zeros where it stood
    search: Search | None = None
    output: Output | None = None


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


def _shorter(error: Array, h: Array, refused: Array) -> Array:
    """The length after a refused step, by the order that its error and that of the step refused before it show.

    Where stiff states make the error fall more slowly than h^5, as behind a jump of the loads, the order of the method
    lets a step shrink by a few percent a refusal. Source: Gustafsson, ACM Trans. Math. Softw. 20, 496 (1994),
    DOI 10.1145/198429.198437, on successive rejections.
    """
    before, length = refused
    again = (before > 0.0) & (h < length)
    fall = jnp.log(error / jnp.where(again, before, error)) / jnp.log(jnp.where(again, h / length, 0.5))
    order = jnp.where(again, jnp.clip(fall, 0.5, ORDER), ORDER)
    return h * jnp.clip(0.85 * error ** (-1.0 / order), jnp.where(again, 0.05, 0.2), 0.85)


def _control(
    step: Step, started: Array, carry: March, h: Array, limits: tuple[Array, Array, Array]
) -> tuple[Array, Array, Array, Array, Array]:
    """Whether a step stands by its error, the length of the next, the result, the state with the largest error.

    And, last, what a further refusal shall know of this one.
    """
    tolerance, minimum_step, frozen = limits
    scaled = jnp.abs(step.error) / tolerance
    error = jnp.max(scaled)
    sound = jnp.isfinite(error) & step.solved & started & jnp.all(jnp.isfinite(step.end))
    accept = sound & ((error <= 1.0) | frozen)
    safe = jnp.where(sound, jnp.maximum(error, 1e-10), 1e6)
    longer = jnp.maximum(h * jnp.clip(0.85 * safe ** (-1.0 / ORDER), 0.2, 5.0), carry.h * (h < carry.h))
    h_next = jnp.where(accept, longer, _shorter(safe, h, carry.refused))
    refused = jnp.where(accept | ~sound, 0.0, jnp.stack([safe, h]))
    tiny_step = ~accept & ((h <= minimum_step) | frozen)
    worst = jnp.argmax(jnp.where(jnp.isfinite(scaled), scaled, jnp.inf)).astype(jnp.int32)
    return accept, jnp.maximum(h_next, minimum_step), _verdict(step, started, error, tiny_step), worst, refused


def _store(carry: March, trial: _Trial, max_steps: int, dense_weights: Array) -> tuple[Grid, Record]:
    """Grid and record with an accepted step; one that was not is dropped."""
    row = jnp.where(trial.accept, carry.grid.steps, max_steps)

    def put(table: Array, value: Array) -> Array:
        return table.at[row].set(value, mode="drop") if table.shape[0] else table  # a record may have no rows

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
        stages=None if record.stages is None else put(record.stages, trial.step.stages),
    )
    return new_grid, new_record


def _fill(output: Output, row: Record, span: tuple[Array, Array], until: Array) -> Output:
    """The output with the states at all times before `until` that a step over span = (start, length in s) holds."""
    start, length = span
    count = output.times.shape[0]

    def here(output: Output) -> Array:
        t = output.times[jnp.minimum(output.position, count - 1)]
        return (output.position < count) & (t < until)

    def put(output: Output) -> Output:
        x = jnp.clip((output.times[output.position] - start) / length, 0.0, 1.0)
        state = interpolate_step(row.start, row.end, row.dense, x)
        return output._replace(states=output.states.at[output.position].set(state), position=output.position + 1)

    return lax.while_loop(here, put, output)


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
    times: Float[Array, " time"] | None = None,
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
        accept, h_next, result, worst, refused = _control(step, started, carry, h, limits)
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
        following = jnp.where(done, _next_segment(edges, segment), segment)
        output = carry.output
        if output is not None:
            # an edge belongs to the segment behind it, the end of the last segment to that
            until = jnp.where(last, edges[segment + 1], edges[segment] + (carry.position + width) * length)
            until = jnp.where(following >= segments, jnp.inf, jnp.where(accept, until, -jnp.inf))
            row = Record(y, step.end, dense_weights @ step.stages)
            output = _fill(output, row, (t, h), until)
        return March(
            jnp.where(accept, step.end, carry.y),
            following,
            jnp.where(done, 0.0, jnp.where(accept, carry.position + width, carry.position)),
            h_next,
            new_grid,
            new_record,
            carry.mean + jnp.where(accept, 0.5 * h / span * (y + step.end), 0.0),
            carry.rejected + (~accept).astype(jnp.int32),
            carry.linear_iterations + step.iterations,
            result,
            worst,
            refused,
            search,
            output,
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
        refused=jnp.zeros(2, dtype),
        search=None if mode is None else start_search(mode),
        output=None if times is None else Output(times, jnp.broadcast_to(y0, (times.shape[0], *y0.shape)), zero),
    )
    end = lax.while_loop(unfinished, advance, start)
    stuck = (end.segment < segments) & (end.result == SUCCESS)
    result = jnp.where(stuck, STEP_TOO_SMALL, end.result).astype(jnp.int32)
    return end._replace(result=result, failed_state=jnp.where(result == SUCCESS, -1, end.failed_state))
