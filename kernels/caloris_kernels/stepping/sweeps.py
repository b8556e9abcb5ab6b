"""Tangent and reverse sweeps over a recorded grid: the derivatives of `replay`, one step after the other.

They differentiate the equations that the stages solve (one linear solve a stage, with A or its transpose), never the
Krylov iterations, and their loops run over the steps used, not over the length of the record.

Switchings. Step i ends at the time t* at which g(t*, y, p) = 0 for its switch, and a change of y or p moves t*. With
Phi(h) the end of the step of length h, dy the change of that end at its recorded time, and dt that of the recorded
time itself (which follows the edges),

    ds = -(g_y dy + g_p dp + g_t dt) / (g_y dPhi/dh + g_t)

is the further shift of t*. The step is longer by ds, so its end moves by dy + (dPhi/dh) ds; the next step starts later
by ds and is shorter by ds. All other steps keep their recorded times. Since dPhi/dh is the rate f- = C^-1 F before the
switching, to the order of the method, and the next step runs with the rate f+ behind it, the state at a recorded time
behind t* changes by dy + (f- - f+) ds: the saltation of Aizerman and Gantmakher (Q. J. Mech. Appl. Math. 11, 163, 1958,
DOI 10.1093/qjmam/11.2.163). dPhi/dh in its place makes the derivative that of the discrete scheme, exact to the linear
solves. States without capacity jump at t*; the derivative of that jump is `consistent_tangent` at the time moved.
`Record.shift` carries ds, so that the output between the steps, integrals along it and the times of switching are
differentiated too. Where g only touches zero the denominator vanishes and no derivative exists: it is large, never NaN.
A switch that changes at once, at the start of a segment or together with another, has that one's time.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from caloris_kernels.stepping.consistent import consistent_adjoint, consistent_tangent
from caloris_kernels.stepping.grid import Grid, Record, begins_anew, empty_record, is_switched, step_times
from caloris_kernels.stepping.linear import LinearSolver, Matrix, solve_with
from caloris_kernels.stepping.rodas import GAMMA, STAGES, stage_residual, tableau
from caloris_kernels.stepping.system import Parameters, System, in_mode

RELATIVE = 1e-9  # where the linear solves stop, of the size of their solution: a derivative has no tolerance of its own


class Tape(NamedTuple):
    """What the sweeps read: the state at the start of each step and its stages."""

    start: Float[Array, "step state"]
    stages: Float[Array, "step stage state"]


class Path(NamedTuple):
    """The unpadded record and the final state: what `replay` computes and its derivatives refer to."""

    record: Record
    final: Float[Array, " state"]


class Taken(NamedTuple):
    """A step as it was taken, of a system in its mode: where its derivative is evaluated."""

    number: Array
    segment: Array
    t: Array
    h: Array
    y: Array
    stages: Array

    @property
    def end(self) -> Array:
        """The state at the end of the step."""
        return self.y + tableau(self.y.dtype).step @ self.stages


def _taken(edges: Array, grid: Grid, tape: Tape, index: Array) -> Taken:
    return Taken(index, grid.segment[index], *step_times(edges, grid, index), tape.start[index], tape.stages[index])


def _of_step(system: System, grid: Grid, index: Array) -> System:
    return system if grid.mode is None else in_mode(system, grid.mode[index])


def _stage_tangents(system: System, p: Parameters, step: Taken, forcing: Array, tolerance: Array) -> Array:
    """Changes of the stages, first stage first: A dU_i = forcing_i and what earlier stages give."""
    table = tableau(step.y.dtype)
    local = system.localize(p, step.segment)
    mass = system.mass(local)
    linearization = system.linearize(step.t, step.y, local, step.segment)
    rows = (jnp.arange(STAGES), table.stage, table.mass, table.time, forcing)

    def solve_stages(solver: LinearSolver) -> tuple[Array, Array]:
        def stage(carry: tuple, row: tuple) -> tuple[tuple, None]:
            changes, solved = carry
            number, weights, mass_weights, time, force = row
            state, change = step.y + weights @ step.stages, weights @ changes

            def rate(s: Array) -> Array:
                return system.rate(step.t + time * step.h, s, local, step.segment)

            moved = jax.jvp(rate, (state,), (change,))[1]
            right_side = force + moved + mass / step.h * (mass_weights @ changes)
            solution = solver.solve(right_side, solver.stop(right_side, tolerance, RELATIVE))
            return (changes.at[number].set(solution.x), solved & solution.converged), None

        return lax.scan(stage, (jnp.zeros_like(step.stages), jnp.array(True)), rows)[0]

    return solve_with(system, Matrix(linearization, mass / (GAMMA * step.h)), solve_stages)


def _stage_multipliers(system: System, p: Parameters, step: Taken, cotangent: Array) -> Array:
    """Multipliers of the stage equations, last stage first: A^T lambda_i = what U_i receives."""
    table = tableau(step.y.dtype)
    p = system.localize(p, step.segment)
    mass = system.mass(p)
    linearization = system.linearize(step.t, step.y, p, step.segment)
    unit = jnp.ones_like(step.y)  # multipliers share one unit, that of the rows of F
    rows = (jnp.arange(STAGES), cotangent, table.stage, table.time, table.stage.T, table.mass.T)

    def solve_stages(solver: LinearSolver) -> tuple[Array, Array]:
        def stage(carry: tuple, row: tuple) -> tuple[tuple, None]:
            multipliers, pulls, solved = carry
            number, received, weights, time, later_weights, later_mass_weights = row
            right_side = received + later_weights @ pulls + mass / step.h * (later_mass_weights @ multipliers)
            solution = solver.solve(right_side, solver.stop(right_side, unit, RELATIVE))

            def rate(s: Array) -> Array:
                return system.rate(step.t + time * step.h, s, p, step.segment)

            pull = jax.vjp(rate, step.y + weights @ step.stages)[1](solution.x)[0]
            solved = solved & solution.converged
            return (multipliers.at[number].set(solution.x), pulls.at[number].set(pull), solved), None

        zeros = jnp.zeros_like(step.stages)
        found = lax.scan(stage, (zeros, zeros, jnp.array(True)), rows, reverse=True)[0]
        return found[0], found[2]

    return solve_with(system, Matrix(linearization, mass / (GAMMA * step.h), transpose=True), solve_stages)


def _per_length(system: System, p: Parameters, step: Taken, tolerance: Array) -> Array:
    """Changes of the stages per change of the step's length."""

    def residual(h: Array) -> Array:
        return stage_residual(system, p, step.t, h, step.segment, step.y, step.stages)

    forcing = jax.jvp(residual, (step.h,), (jnp.ones_like(step.h),))[1]
    return _stage_tangents(system, p, step, forcing, tolerance)


def _threshold(system: System, grid: Grid, step: Taken):
    """g of the switch that ended the step, as a function of (t, y, p)."""
    mode, switch = grid.mode[step.number], grid.switch[step.number]  # type: ignore[index]

    def g(t: Array, y: Array, p: Parameters) -> Array:
        return system.switching(t, y, p, step.segment, mode)[switch]  # type: ignore[misc]

    return g


def _approach(g, p: Parameters, step: Taken, end_per_length: Array) -> Array:
    """How fast g rises at the end of the step (per s): positive, and not zero."""
    one, nothing = jnp.ones_like(step.h), jax.tree.map(jnp.zeros_like, p)
    slope = jax.jvp(g, (step.t + step.h, step.end, p), (one, end_per_length, nothing))[1]
    return jnp.maximum(slope, jnp.finfo(step.y.dtype).tiny ** 0.5)


def _switching_tangent(
    system: System, p: Parameters, grid: Grid, step: Taken, tolerance: Array, tangents: tuple
) -> tuple[Array, Array]:
    """The changes of the stages with the switching's own shift, and that shift (s); zero for any other step.

    tangents = (changes of the stages at the recorded time, of the state at its start, of the recorded end, of p).
    """
    changes, state, time, parameters = tangents
    table = tableau(step.y.dtype)

    def switched() -> tuple[Array, Array]:
        per_length = _per_length(system, p, step, tolerance)
        g = _threshold(system, grid, step)
        end = state + table.step @ changes
        rise = jax.jvp(g, (step.t + step.h, step.end, p), (time, end, parameters))[1]
        shift = -rise / _approach(g, p, step, table.step @ per_length)
        return changes + shift * per_length, shift

    return lax.cond(is_switched(grid, step.number), switched, lambda: (changes, jnp.zeros_like(step.h)))


def _switching_adjoint(
    system: System, p: Parameters, grid: Grid, step: Taken, tolerance: Array, cotangents: tuple
) -> tuple[Array, Array, Parameters]:
    """Transpose of `_switching_tangent`: what the end of the step, its recorded time, and p receive from the shift.

    cotangents = (of the end of the step, of its dense weights, of the shift).
    """
    table = tableau(step.y.dtype)

    def switched() -> tuple[Array, Array, Parameters]:
        end, dense, shift = cotangents
        per_length = _per_length(system, p, step, tolerance)
        end_per_length = table.step @ per_length
        g = _threshold(system, grid, step)
        total = shift + jnp.vdot(end, end_per_length) + jnp.vdot(dense, table.dense @ per_length)
        time, state, parameters = jax.vjp(g, step.t + step.h, step.end, p)[1](
            -total / _approach(g, p, step, end_per_length)
        )
        return state, time, parameters

    def steady() -> tuple[Array, Array, Parameters]:
        return jnp.zeros_like(step.y), jnp.zeros_like(step.h), jax.tree.map(jnp.zeros_like, p)

    return lax.cond(is_switched(grid, step.number), switched, steady)


def tangent_sweep(
    system: System,
    p: Parameters,
    edges: Array,
    grid: Grid,
    tolerance: Array,
    tape: Tape,
    tangents: tuple[Parameters, Array, Array],
) -> Path:
    """Derivative of the Path along tangents = (of p, of y0, of edges). p holds floating leaves only."""
    p_tangent, y0_tangent, edges_tangent = tangents
    states, dtype = y0_tangent.shape[0], y0_tangent.dtype
    table, switching = tableau(dtype), grid.mode is not None

    def advance(index: Array, carry: tuple) -> tuple:
        tangent, shift, record = carry
        own = _of_step(system, grid, index)
        step = _taken(edges, grid, tape, index)
        time, length = jax.jvp(lambda e: step_times(e, grid, index), (edges,), (edges_tangent,))[1]
        time, length = time + shift, length - shift
        tangent = lax.cond(
            begins_anew(grid, index),
            lambda v: consistent_tangent(own, p, step.t, step.segment, step.y, tolerance, (time, v, p_tangent)),
            lambda v: v,
            tangent,
        )

        def residual(p: Parameters, t: Array, h: Array, y: Array) -> Array:
            return stage_residual(own, p, t, h, step.segment, y, step.stages)

        forcing = jax.jvp(residual, (p, step.t, step.h, step.y), (p_tangent, time, length, tangent))[1]
        changes = _stage_tangents(own, p, step, forcing, tolerance)
        later = shift
        if switching:
            known = (changes, tangent, time + length, p_tangent)
            changes, later = _switching_tangent(own, p, grid, step, tolerance, known)
            record = record._replace(shift=record.shift.at[index].set(jnp.stack([shift, later])))
        end = tangent + table.step @ changes
        record = record._replace(
            start=record.start.at[index].set(tangent),
            end=record.end.at[index].set(end),
            dense=record.dense.at[index].set(table.dense @ changes),
        )
        return end, later, record

    record = empty_record(grid.segment.shape[0], states, dtype, switching=switching)
    start = (y0_tangent, jnp.zeros((), dtype), record)
    final, _, record = lax.fori_loop(0, grid.steps, advance, start)
    return Path(record, final)


def adjoint_sweep(
    system: System,
    p: Parameters,
    edges: Array,
    grid: Grid,
    tolerance: Array,
    tape: Tape,
    cotangents: Path,
    *,
    parameters: bool = True,
) -> tuple[Parameters, Array, Array]:
    """Transpose of `tangent_sweep`: the cotangents of (p, y0, edges); zeros for p and edges if not asked for."""
    table, switching = tableau(edges.dtype), grid.mode is not None
    record = cotangents.record

    def retreat(count: Array, carry: tuple) -> tuple:
        p_cotangent, cotangent, shift, edges_cotangent = carry
        index = grid.steps - 1 - count
        own = _of_step(system, grid, index)
        step = _taken(edges, grid, tape, index)
        end, dense = cotangent + record.end[index], record.dense[index]
        p_parts, end_time = [], jnp.zeros_like(shift)
        if switching:
            given = (end, dense, shift + record.shift[index, 1])  # type: ignore[index]
            moved, end_time, p_part = _switching_adjoint(own, p, grid, step, tolerance, given)
            end, p_parts = end + moved, [p_part]
        received = table.step[:, None] * end + table.dense.T @ dense
        multipliers = _stage_multipliers(own, p, step, received)

        def residual(t: Array, h: Array, y: Array, p: Parameters) -> Array:
            return stage_residual(own, p, t, h, step.segment, y, step.stages)

        def project(v: Array) -> tuple:
            return consistent_adjoint(own, p, step.t, step.segment, step.y, tolerance, v)

        def keep(v: Array) -> tuple:
            return jnp.zeros_like(shift), v, jax.tree.map(jnp.zeros_like, p)

        inputs = (step.t, step.h, step.y)
        if parameters:
            time, length, y_part, p_part = jax.vjp(residual, *inputs, p)[1](multipliers)
        else:
            time, length, y_part = jax.vjp(lambda t, h, y: residual(t, h, y, p), *inputs)[1](multipliers)
            p_part = None
        cotangent = end + y_part + record.start[index]
        jump, cotangent, change = lax.cond(begins_anew(grid, index), project, keep, cotangent)
        time, length = time + jump + end_time, length + end_time
        if switching:
            shift = time - length + record.shift[index, 0]  # type: ignore[index]
        if parameters:
            p_cotangent = jax.tree.map(lambda *parts: sum(parts), p_cotangent, p_part, change, *p_parts)
            pull = jax.vjp(lambda e: step_times(e, grid, index), edges)[1]((time, length))[0]
            edges_cotangent = edges_cotangent + pull
        return p_cotangent, cotangent, shift, edges_cotangent

    start = (jax.tree.map(jnp.zeros_like, p), cotangents.final, jnp.zeros_like(edges[0]), jnp.zeros_like(edges))
    p_cotangent, y0_cotangent, _, edges_cotangent = lax.fori_loop(0, grid.steps, retreat, start)
    return p_cotangent, y0_cotangent, edges_cotangent
