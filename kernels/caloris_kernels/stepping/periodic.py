"""Periodic orbits: the state that a whole orbit maps to itself, without spinning up."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from caloris_kernels.stepping.grid import Grid, Record, empty_grid, empty_record
from caloris_kernels.stepping.march import March, march
from caloris_kernels.stepping.periodic_derivative import attach_derivative
from caloris_kernels.stepping.preconditioner import MeanLinearize, cycle_preconditioner
from caloris_kernels.stepping.steady_derivative import idle_states
from caloris_kernels.stepping.system import (
    NOT_CONVERGED,
    SINGULAR,
    SUCCESS,
    Linearization,
    Parameters,
    System,
)
from caloris_kernels.stepping.way_out import Groups, isolated_groups

HISTORY = 4  # states kept by Anderson's method: three differences
ADAPTIVE_ORBITS = 4  # at most so many orbits choose their own steps before the grid is frozen


class Periodic(NamedTuple):
    """A periodic orbit: the state at its start, the grid it was computed on, and how it was reached.

    record holds the states of the orbit from y0, on the grid. delta [orbit] is the preconditioned change of each
    iteration over the tolerance of the cycle (largest state, 0 where not used): an estimate of the true distance
    to the periodic orbit, which the plain change from orbit to orbit is not. drift is that plain change in the
    last orbit computed, per state.
    """

    y0: Float[Array, " state"]
    grid: Grid
    record: Record
    mean: Float[Array, " state"]
    iterations: Int[Array, ""]
    delta: Float[Array, " orbit"]
    drift: Float[Array, " state"]
    rejected: Int[Array, ""]
    linear_iterations: Int[Array, ""]
    result: Int[Array, ""]
    failed_state: Int[Array, ""]


class _Cycle(NamedTuple):
    y: Array
    states: Array  # Anderson's history, newest first
    changes: Array
    kept: Array
    grid: Grid
    record: Record
    frozen: Array
    closed: Array
    member: Array  # of groups without a way out
    mean: Array
    drift: Array
    delta: Array
    orbits: Array
    rejected: Array
    linear_iterations: Array
    result: Array
    failed_state: Array


def _anderson(cycle: _Cycle, change: Array, scale: Array) -> tuple[Array, Array, Array, Array]:
    """The next state and the new history by Anderson's method on the changes, scaled by 1 / scale."""
    states = jnp.roll(cycle.states, 1, axis=0).at[0].set(cycle.y)
    changes = jnp.roll(cycle.changes, 1, axis=0).at[0].set(change)
    kept = jnp.minimum(cycle.kept + 1, HISTORY)
    used = (jnp.arange(1, HISTORY) < kept)[:, None]
    change_differences = jnp.where(used, changes[0] - changes[1:], 0.0) / scale
    state_differences = jnp.where(used, states[0] - states[1:], 0.0) / scale
    length = jnp.sqrt(jnp.sum(change_differences**2, axis=1))
    unit = change_differences / jnp.where(length > 0.0, length, 1.0)[:, None]
    # unit vectors: the normal equations are as well conditioned as their angles allow
    normal = unit @ unit.T + jnp.diag(jnp.where(length > 0.0, 1e-12, 1.0))
    weights = jnp.linalg.solve(normal, unit @ (change / scale)) / jnp.where(length > 0.0, length, 1.0)
    correction = weights @ (state_differences + change_differences) * scale
    return cycle.y + change - correction, states, changes, kept


def _drifting(
    cycle: _Cycle, system: System, linearization: Linearization, apart: Array, orbit: tuple, tolerance: Array
) -> tuple[Array, Array, Array]:
    """States in groups without a way out, whether the first orbit's mean heat makes states drift, and which the most.

    Such a group keeps its own change, as what K couples to nothing does. orbit = (C, change of the state, period).
    """
    mass, r, period = orbit
    idle, first = idle_states(system, linearization, r), cycle.orbits == 0
    heat = mass * r / period
    groups = lax.cond(
        first,
        lambda: isolated_groups(system, linearization, idle | apart, mass, heat, tolerance),
        lambda: Groups(cycle.member, jnp.zeros_like(r)),
    )
    # What has no capacity does not drift: in the first orbit it may leave its guess for a table that it follows.
    alone = jnp.where(mass > 0.0, r, 0.0)
    drift = jnp.abs(jnp.where(idle & ~apart, alone, period * groups.rate)) / tolerance
    return groups.member, first & (jnp.max(drift) > 1.0), jnp.argmax(drift).astype(jnp.int32)


def _find_cycle(
    system: System,
    p: Parameters,
    y_guess: Array,
    edges: Array,
    tolerances: tuple[Array, Array],
    masks: tuple[Array, Array],
    steps: tuple[Array, Array, Array],
    mean_linearize: MeanLinearize,
    first_grid: Grid | None,
    max_steps: int,
    max_orbits: int,
) -> _Cycle:
    tolerance, cycle_tolerance = tolerances
    picard, held = masks
    initial_step, minimum_step, maximum_step = steps
    mass, period = system.mass(p), edges[-1] - edges[0]

    def found(cycle: _Cycle) -> Array:
        latest = cycle.delta[jnp.maximum(cycle.orbits - 1, 0)]
        return (cycle.orbits > 0) & (latest <= 1.0)

    def unfinished(cycle: _Cycle) -> Array:
        # The state found differs from the start of the orbit that told it: one more orbit records its own.
        room = (cycle.orbits < max_orbits) | found(cycle)
        return ~cycle.closed & room & (cycle.result == SUCCESS)

    def orbit(cycle: _Cycle) -> _Cycle:
        closing = found(cycle)
        frozen = cycle.frozen | closing
        steps = (initial_step, minimum_step, cycle.grid, frozen, cycle.record)
        end = march(system, p, cycle.y, edges, tolerance, *steps, maximum_step=maximum_step)
        # The record is large and the same in both: it stays out of the choice. Nothing is iterated once closed.
        slim = cycle._replace(record=())
        recorded = slim._replace(closed=closing, result=end.result, failed_state=end.failed_state)
        return lax.cond(closing, lambda: recorded, lambda: iterate(slim, end))._replace(record=end.record)

    def iterate(cycle: _Cycle, end: March) -> _Cycle:
        r = jnp.where(held, 0.0, end.y - cycle.y)
        linearization = mean_linearize(p, end.mean)
        member, adrift, lost = _drifting(cycle, system, linearization, picard | held, (mass, r, period), tolerance)
        plain = picard | held | member
        precondition = cycle_preconditioner(system, linearization, mass, period, plain, cycle_tolerance)
        change = jnp.where(held, 0.0, precondition(r))
        scaled = jnp.abs(change)
        # A state so large that its change is rounding does not repeat: it has run away.
        known = 4.0 * jnp.finfo(scaled.dtype).eps * jnp.abs(cycle.y) <= cycle_tolerance
        scaled = jnp.where(known | held, scaled, jnp.inf)
        delta = jnp.max(scaled / cycle_tolerance)
        coarse = jnp.maximum(1e3 * tolerance, 1e5 * cycle_tolerance)
        near = jnp.all(jnp.where(picard, 0.0, scaled) <= coarse) & (cycle.orbits >= 1)
        frozen = cycle.frozen | near | (cycle.orbits >= ADAPTIVE_ORBITS - 1)
        y, states, changes, kept = _anderson(cycle, change, cycle_tolerance)
        # older orbits had other steps: only the newest belongs to the map that is now frozen
        kept = jnp.where(frozen & ~cycle.frozen, 1, kept)
        latest = cycle.delta[jnp.maximum(cycle.orbits - 1, 0)]
        worse = cycle.frozen & (cycle.orbits > 0) & (delta > 2.0 * latest)
        sound = jnp.all(jnp.isfinite(y))
        y = jnp.where(worse | ~sound, cycle.y + change, y)
        kept = jnp.where(worse | ~sound, 0, kept)
        worst = jnp.where(adrift, lost, jnp.argmax(scaled / cycle_tolerance)).astype(jnp.int32)
        failed = end.result != SUCCESS
        return _Cycle(
            jnp.where(failed | adrift | ~jnp.all(jnp.isfinite(y)), cycle.y, y),
            states,
            changes,
            kept,
            end.grid,
            cycle.record,
            frozen,
            cycle.closed,
            member,
            end.mean,
            end.y - cycle.y,
            cycle.delta.at[cycle.orbits].set(jnp.where(jnp.isfinite(delta), delta, jnp.finfo(delta.dtype).max)),
            cycle.orbits + 1,
            cycle.rejected + end.rejected,
            cycle.linear_iterations + end.linear_iterations,
            jnp.where(failed, end.result, jnp.where(adrift, SINGULAR, SUCCESS)),
            jnp.where(failed, end.failed_state, worst),
        )

    dtype, zero = y_guess.dtype, jnp.zeros((), jnp.int32)
    history = jnp.zeros((HISTORY, y_guess.shape[0]), dtype)
    zeros = jnp.zeros_like(y_guess)
    grid = empty_grid(max_steps, dtype) if first_grid is None else first_grid
    start = _Cycle(
        y_guess,
        history,
        history,
        zero,
        grid,
        empty_record(grid.segment.shape[0], y_guess.shape[0], dtype),
        jnp.array(first_grid is not None),
        jnp.array(False),
        jnp.zeros(y_guess.shape, bool),
        zeros,
        zeros,
        jnp.zeros(max_orbits, dtype),
        zero,
        zero,
        zero,
        zero,
        zero - 1,
    )
    return lax.while_loop(unfinished, orbit, start)


def solve_periodic(
    system: System,
    p: Parameters,
    y_guess: Float[Array, " state"],
    edges: Float[Array, " edge"],
    tolerance: Float[Array, " state"],
    *,
    cycle_tolerance: Float[Array, " state"] | float,
    max_steps: int,
    picard: Bool[Array, " state"] | None = None,
    periodic_state: Bool[Array, " state"] | None = None,
    mean_linearize: MeanLinearize | None = None,
    initial_step: Float[Array, ""] | float | None = None,
    minimum_step: Float[Array, ""] | float | None = None,
    maximum_step: Float[Array, ""] | float = jnp.inf,
    max_orbits: int = 30,
    grid: Grid | None = None,
) -> Periodic:
    """The periodic solution of C(p) y' = F(t, y, p, segment), of period edges[-1] - edges[0].

    A fixed point of the map of one orbit: y <- y + delta, delta the preconditioned change
    (`cycle_preconditioner`) accelerated by Anderson's method with three differences (Walker and Ni, SIAM J.
    Numer. Anal. 49, 1715, 2011, DOI 10.1137/10078356X). The first orbits choose their steps as `integrate`
    does; once delta is small the grid is frozen, since a map whose steps change has no sharp fixed point.
    Done where |delta| <= cycle_tolerance in every state; 6 to 7 orbits from the steady state of mean loads.

    tolerance, max_steps, initial_step, minimum_step, maximum_step: as in `integrate`. picard flags states without a
    restoring force (battery charge), which are iterated plainly. periodic_state is false where a state
    shall keep its value of y_guess at the start of every orbit instead of being made periodic (a battery
    that the orbit does not refill); `drift` then tells its change per orbit. mean_linearize(p, mean of y)
    returns the linearization for the preconditioner; without it, that of segment 0 at time 0.
    grid, where given, is used frozen from the first orbit (max_steps is then its length): neighboring
    problems on one grid differ smoothly, as differences and line searches want.

    Where the mean heat of the first orbit has nowhere to go (states without a way out, alone or in groups) there is no
    cycle: the result is SINGULAR, with such a state named and y0 as guessed.

    y0 and record are differentiable in p and edges, both modes (`attach_derivative`); the rest of the
    result is not. Where no orbit was found, record holds the last orbit computed.

    A system with switches raises ValueError: a map of an orbit with switchings jumps where one more of them fits into
    the orbit, modes need not repeat with the period, and no fixed point need exist. A proportional band in place of
    the hysteresis has one; `integrate` over many orbits takes the hysteresis itself.
    """
    if system.switching is not None:
        raise ValueError(
            "solve_periodic takes no System with switches: use proportional control in the rate, or `integrate` over "
            "many orbits; System._replace(switching=None, with_mode=None) takes the switches off"
        )
    dtype, shape = y_guess.dtype, y_guess.shape
    edges = jnp.asarray(edges, dtype)
    span = edges[-1] - edges[0]
    first = jnp.asarray(1e-3 * span if initial_step is None else initial_step, dtype)
    smallest = jnp.asarray(1e-12 * span if minimum_step is None else minimum_step, dtype)
    tolerance = jnp.broadcast_to(jnp.asarray(tolerance, dtype), shape)
    cycle_tolerance = jnp.broadcast_to(jnp.asarray(cycle_tolerance, dtype), shape)
    picard = jnp.zeros(shape, bool) if picard is None else jnp.asarray(picard, bool)
    held = jnp.zeros(shape, bool) if periodic_state is None else ~jnp.asarray(periodic_state, bool)
    fixed, guess, fixed_edges = lax.stop_gradient((p, y_guess, edges))

    def linearize_start(p: Parameters, mean: Array) -> Linearization:
        return system.linearize(jnp.zeros((), dtype), mean, p, jnp.zeros((), jnp.int32))

    linearize = linearize_start if mean_linearize is None else mean_linearize
    # How the cycle is found has no derivative: all that goes in is cut off, tolerances and steps included.
    cycle = _find_cycle(
        system,
        fixed,
        guess,
        fixed_edges,
        lax.stop_gradient((tolerance, cycle_tolerance)),
        (picard, held),
        lax.stop_gradient((first, smallest, jnp.asarray(maximum_step, dtype))),
        linearize,
        lax.stop_gradient(grid),
        max_steps,
        max_orbits,
    )
    done = cycle.delta[jnp.maximum(cycle.orbits - 1, 0)] <= 1.0
    result = jnp.where((cycle.result == SUCCESS) & ~done, NOT_CONVERGED, cycle.result).astype(jnp.int32)
    # What was found, with its derivative: nothing is computed twice.
    y0, record = attach_derivative(
        system,
        p,
        cycle.y,
        edges,
        cycle.grid,
        tolerance,
        cycle.record,
        mean=cycle.mean,
        picard=picard,
        periodic_state=~held,
        mean_linearize=linearize,
    )
    return Periodic(
        y0,
        cycle.grid,
        record,
        cycle.mean,
        cycle.orbits,
        cycle.delta,
        cycle.drift,
        cycle.rejected,
        cycle.linear_iterations,
        result,
        jnp.where(result == SUCCESS, -1, cycle.failed_state),
    )
