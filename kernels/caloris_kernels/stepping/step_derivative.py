"""The derivative of one step of a recorded grid, forward and in reverse.

The derivative is of the equations that the stages solve (one linear solve a stage, with A or its transpose), never
of the Krylov iterations.

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

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from caloris_kernels.stepping.consistent import consistent_adjoint, consistent_tangent
from caloris_kernels.stepping.grid import Record, begins_anew, is_switched, step_times
from caloris_kernels.stepping.grid_steps import Taken, Track
from caloris_kernels.stepping.linear import LinearSolver, Matrix, solve_with
from caloris_kernels.stepping.rodas import GAMMA, STAGES, stage_residual, tableau
from caloris_kernels.stepping.system import Parameters


def _stage_tangents(track: Track, step: Taken, forcing: Array) -> Array:
    """Changes of the stages, first stage first: A dU_i = forcing_i and what earlier stages give."""
    table, system = tableau(step.y.dtype), track.own(step.number)
    local = system.localize(track.p, step.segment)
    mass = system.mass(local)
    linearization = system.linearize(step.t, step.y, local, step.segment)
    rows = (jnp.arange(STAGES), table.stage, table.mass, table.time, forcing)

    def solve_stages(solver: LinearSolver) -> tuple[Array, Array]:
        def stage(carry: tuple, row: tuple) -> tuple[tuple, None]:
            changes, solved, earlier = carry
            number, weights, mass_weights, time, force = row
            state, change = step.y + weights @ step.stages, weights @ changes

            def rate(s: Array) -> Array:
                return system.rate(step.t + time * step.h, s, local, step.segment)

            moved = jax.jvp(rate, (state,), (change,))[1]
            right_side = force + moved + mass / step.h * (mass_weights @ changes)
            stop = solver.stop(right_side, track.tolerance, track.stop)
            solution, earlier = solver.beside(right_side, stop, earlier, changes, number)
            return (changes.at[number].set(solution.x), solved & solution.converged, earlier), None

        start = (jnp.zeros_like(step.stages), jnp.array(True), solver.start(STAGES, track.tolerance))
        return lax.scan(stage, start, rows)[0][:2]

    return solve_with(system, Matrix(linearization, mass / (GAMMA * step.h)), solve_stages)


def _stage_multipliers(track: Track, step: Taken, cotangent: Array) -> tuple[Array, Array]:
    """Multipliers of the stage equations, last stage first: A^T lambda_i = what U_i receives.

    And what the state at the start of the step receives through the rates, the sum of J_F(Y_i)^T lambda_i.
    """
    table, system = tableau(step.y.dtype), track.own(step.number)
    p = system.localize(track.p, step.segment)
    mass = system.mass(p)
    linearization = system.linearize(step.t, step.y, p, step.segment)
    unit = jnp.ones_like(step.y)  # multipliers share one unit, that of the rows of F
    rows = (jnp.arange(STAGES), cotangent, table.stage, table.time, table.stage.T, table.mass.T)

    def solve_stages(solver: LinearSolver) -> tuple[tuple[Array, Array], Array]:
        def stage(carry: tuple, row: tuple) -> tuple[tuple, None]:
            multipliers, pulls, solved, earlier = carry
            number, received, weights, time, later_weights, later_mass_weights = row
            right_side = received + later_weights @ pulls + mass / step.h * (later_mass_weights @ multipliers)
            stop = solver.stop(right_side, unit, track.stop)
            solution, earlier = solver.beside(right_side, stop, earlier, multipliers, number)

            def rate(s: Array) -> Array:
                return system.rate(step.t + time * step.h, s, p, step.segment)

            pull = jax.vjp(rate, step.y + weights @ step.stages)[1](solution.x)[0]
            solved = solved & solution.converged
            return (multipliers.at[number].set(solution.x), pulls.at[number].set(pull), solved, earlier), None

        zeros = jnp.zeros_like(step.stages)
        start = (zeros, zeros, jnp.array(True), solver.start(STAGES, unit))
        multipliers, pulls, solved, _ = lax.scan(stage, start, rows, reverse=True)[0]
        return (multipliers, jnp.sum(pulls, axis=0)), solved

    return solve_with(system, Matrix(linearization, mass / (GAMMA * step.h), transpose=True), solve_stages)


def _residual(track: Track, step: Taken, at: Array | None = None) -> Callable[[Array, Array, Array, Parameters], Array]:
    """What the stages make zero, as a function of (t, h, y, p); with rates at states that do not move from `at`."""
    system = track.own(step.number)
    return lambda t, h, y, p: stage_residual(system, p, t, h, step.segment, y, step.stages, at)


def _per_length(track: Track, step: Taken) -> Array:
    """Changes of the stages per change of the step's length."""
    residual = _residual(track, step)
    forcing = jax.jvp(lambda h: residual(step.t, h, step.y, track.p), (step.h,), (jnp.ones_like(step.h),))[1]
    return _stage_tangents(track, step, forcing)


def _threshold(track: Track, step: Taken) -> Callable[[Array, Array, Parameters], Array]:
    """g of the switch that ended the step, as a function of (t, y, p)."""
    system, grid = track.system, track.grid
    mode, switch = grid.mode[step.number], grid.switch[step.number]  # type: ignore[index]

    def g(t: Array, y: Array, p: Parameters) -> Array:
        return system.switching(t, y, p, step.segment, mode)[switch]  # type: ignore[misc]

    return g


def _approach(g: Callable, p: Parameters, step: Taken, end_per_length: Array) -> Array:
    """How fast g rises at the end of the step (per s): positive, and not zero."""
    one, nothing = jnp.ones_like(step.h), jax.tree.map(jnp.zeros_like, p)
    slope = jax.jvp(g, (step.t + step.h, step.end, p), (one, end_per_length, nothing))[1]
    return jnp.maximum(slope, jnp.finfo(step.y.dtype).tiny ** 0.5)


def _switching_tangent(track: Track, step: Taken, tangents: tuple) -> tuple[Array, Array]:
    """The changes of the stages with the switching's own shift, and that shift (s); zero for any other step.

    tangents = (changes of the stages at the recorded time, of the state at its start, of the recorded end, of p).
    """
    changes, state, time, parameters = tangents
    table, p = tableau(step.y.dtype), track.p

    def switched() -> tuple[Array, Array]:
        per_length = _per_length(track, step)
        g = _threshold(track, step)
        end = state + table.step @ changes
        rise = jax.jvp(g, (step.t + step.h, step.end, p), (time, end, parameters))[1]
        shift = -rise / _approach(g, p, step, table.step @ per_length)
        return changes + shift * per_length, shift

    return lax.cond(is_switched(track.grid, step.number), switched, lambda: (changes, jnp.zeros_like(step.h)))


def _switching_adjoint(track: Track, step: Taken, cotangents: tuple) -> tuple[Array, Array, Parameters]:
    """Transpose of `_switching_tangent`: what the end of the step, its recorded time, and p receive from the shift.

    cotangents = (of the end of the step, of its dense weights, of the shift).
    """
    table, p = tableau(step.y.dtype), track.p

    def switched() -> tuple[Array, Array, Parameters]:
        end, dense, shift = cotangents
        per_length = _per_length(track, step)
        end_per_length = table.step @ per_length
        g = _threshold(track, step)
        total = shift + jnp.vdot(end, end_per_length) + jnp.vdot(dense, table.dense @ per_length)
        time, state, parameters = jax.vjp(g, step.t + step.h, step.end, p)[1](
            -total / _approach(g, p, step, end_per_length)
        )
        return state, time, parameters

    def steady() -> tuple[Array, Array, Parameters]:
        return jnp.zeros_like(step.y), jnp.zeros_like(step.h), jax.tree.map(jnp.zeros_like, p)

    return lax.cond(is_switched(track.grid, step.number), switched, steady)


def tangent_step(
    track: Track,
    step: Taken,
    tangents: tuple[Parameters, Array],
    tangent: Float[Array, " state"],
    shift: Float[Array, ""],
) -> tuple[Record, Float[Array, ""]]:
    """Changes of the step's row of the record, and by how much its end is later (s).

    tangents = (of p, of the edges); tangent is the change of the end of the step before, shift by how much that is
    later.
    """
    p_tangent, edges_tangent = tangents
    table, own, index = tableau(step.y.dtype), track.own(step.number), step.number
    time, length = jax.jvp(lambda e: step_times(e, track.grid, index), (track.edges,), (edges_tangent,))[1]
    time, length = time + shift, length - shift
    tangent = lax.cond(
        begins_anew(track.grid, index),
        lambda v: consistent_tangent(own, track.p, step.t, step.segment, step.y, track.tolerance, (time, v, p_tangent)),
        lambda v: v,
        tangent,
    )
    inputs, changed = (step.t, step.h, step.y, track.p), (time, length, tangent, p_tangent)
    changes = _stage_tangents(track, step, jax.jvp(_residual(track, step), inputs, changed)[1])
    later, both = shift, None
    if track.grid.mode is not None:
        changes, later = _switching_tangent(track, step, (changes, tangent, time + length, p_tangent))
        both = jnp.stack([shift, later])
    return Record(tangent, tangent + table.step @ changes, table.dense @ changes, both), later


def adjoint_step(
    track: Track,
    step: Taken,
    row: Record,
    cotangent: Float[Array, " state"],
    shift: Float[Array, ""],
    *,
    parameters: bool = True,
) -> tuple[tuple[Parameters, Array] | None, Float[Array, " state"], Float[Array, ""]]:
    """Transpose of `tangent_step`: what (p, edges), the end of the step before and its shift receive.

    row holds the cotangents of the step's row of the record; cotangent and shift those that the next step left.
    Nothing for p and edges if they are not asked for.
    """
    table, own, index = tableau(step.y.dtype), track.own(step.number), step.number
    end, dense = cotangent + row.end, row.dense
    parts, end_time = [], jnp.zeros_like(shift)
    if row.shift is not None:
        moved, end_time, part = _switching_adjoint(track, step, (end, dense, shift + row.shift[1]))
        end, parts = end + moved, [part]
    multipliers, pulled = _stage_multipliers(track, step, table.step[:, None] * end + table.dense.T @ dense)
    # The solves have pulled the multipliers back through the rates: what is left depends on y by the matrix.
    residual, inputs = _residual(track, step, step.y), (step.t, step.h, step.y)
    if parameters:
        time, length, state, part = jax.vjp(residual, *inputs, track.p)[1](multipliers)
        parts.append(part)
    else:
        time, length, state = jax.vjp(lambda t, h, y: residual(t, h, y, track.p), *inputs)[1](multipliers)

    def project(v: Array) -> tuple:
        return consistent_adjoint(own, track.p, step.t, step.segment, step.y, track.tolerance, v)

    def keep(v: Array) -> tuple:
        return jnp.zeros_like(shift), v, jax.tree.map(jnp.zeros_like, track.p)

    jump, cotangent, part = lax.cond(begins_anew(track.grid, index), project, keep, end + state + pulled + row.start)
    time, length = time + jump + end_time, length + end_time
    shift = shift if row.shift is None else time - length + row.shift[0]
    if not parameters:
        return None, cotangent, shift
    edges = jax.vjp(lambda e: step_times(e, track.grid, index), track.edges)[1]((time, length))[0]
    return (jax.tree.map(lambda *leaves: sum(leaves), part, *parts), edges), cotangent, shift
