"""Replay of a recorded grid, differentiable in parameters, first state and edges: tangent and reverse sweeps.

The grid's fractions are frozen: the choice of steps changes no converged result, and a derivative through
it would be noise. The sweeps differentiate the equations that the stages solve (one linear solve a stage,
with A or its transpose), never the Krylov iterations, and their loops run over the steps used, not over the
length of the record.
"""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from caloris_kernels.stepping.adaptive import Grid, Record, pad_record, step_times
from caloris_kernels.stepping.consistent import (
    ConsistentState,
    consistent_adjoint,
    consistent_state,
    consistent_tangent,
)
from caloris_kernels.stepping.rodas import (
    GAMMA,
    STAGES,
    derivative_solver,
    rodas_step,
    stage_residual,
    tableau,
)
from caloris_kernels.stepping.system import Local, Parameters, System, linear_map, split_floating


class Tape(NamedTuple):
    """What the sweeps read: the state at the start of each step and its stages."""

    start: Float[Array, "step state"]
    stages: Float[Array, "step stage state"]


class Path(NamedTuple):
    """The unpadded record and the final state: what `replay` computes and its derivatives refer to."""

    record: Record
    final: Float[Array, " state"]


def of_floats(system: System, others: list[Array], join) -> System:
    """The same system with the list of floating leaves of p as its parameters."""

    def whole(p: list[Array] | Local) -> Parameters:
        return p.p if isinstance(p, Local) else join(p, others)

    return system._replace(
        rate=lambda t, y, p, segment: system.rate(t, y, whole(p), segment),
        mass=lambda p: system.mass(whole(p)),
        linearize=lambda t, y, p, segment: system.linearize(t, y, whole(p), segment),
        localize=lambda p, segment: Local(system.localize(whole(p), segment)),
    )


def run_grid(system: System, p: Parameters, y0: Array, edges: Array, grid: Grid, tolerance: Array) -> tuple[Path, Tape]:
    """Take the steps of `grid`; the Path, and the Tape for the sweeps (dead code where it is not used)."""
    rows, states, dtype = grid.segment.shape[0], y0.shape[0], y0.dtype
    dense_weights = tableau(dtype).dense

    def advance(index: Array, carry: tuple) -> tuple:
        y, record, stages = carry
        t, h = step_times(edges, grid, index)
        segment = grid.segment[index]
        y = lax.cond(
            grid.start[index] == 0.0,
            lambda y: consistent_state(system, p, t, segment, y, tolerance),
            lambda y: ConsistentState(y, jnp.array(True)),
            y,
        ).y
        step = rodas_step(system, p, t, h, segment, y, tolerance)
        record = Record(
            record.start.at[index].set(y),
            record.end.at[index].set(step.end),
            record.dense.at[index].set(dense_weights @ step.stages),
        )
        return step.end, record, stages.at[index].set(step.stages)

    shapes = ((rows, states), (rows, states), (rows, 3, states))
    record = Record(*(jnp.zeros(shape, dtype) for shape in shapes))
    start = (y0, record, jnp.zeros((rows, STAGES, states), dtype))
    final, record, stages = lax.fori_loop(0, grid.steps, advance, start)
    return Path(record, final), Tape(record.start, stages)


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
    table = tableau(dtype)

    def advance(index: Array, carry: tuple) -> tuple:
        tangent, record = carry
        y, stages, segment = tape.start[index], tape.stages[index], grid.segment[index]
        times, time_tangents = jax.jvp(lambda e: step_times(e, grid, index), (edges,), (edges_tangent,))
        t, h = times
        mass = system.mass(p)
        tangent = lax.cond(
            grid.start[index] == 0.0,
            lambda v: consistent_tangent(system, p, t, segment, y, tolerance, (time_tangents[0], v, p_tangent)),
            lambda v: v,
            tangent,
        )

        def residual(p: Parameters, t: Array, h: Array, y: Array) -> Array:
            return stage_residual(system, p, t, h, segment, y, stages)

        forcing = jax.jvp(residual, (p, t, h, y), (p_tangent, *time_tangents, tangent))[1]
        local = system.localize(p, segment)
        linearization = system.linearize(t, y, local, segment)
        solve = derivative_solver(system, linearization, mass / (GAMMA * h), tolerance, transpose=False)

        def stage(changes: Array, row: tuple) -> tuple[Array, None]:
            number, weights, mass_weights, time, force = row
            state = y + weights @ stages
            moved = jax.jvp(lambda s: system.rate(t + time * h, s, local, segment), (state,), (weights @ changes,))[1]
            return changes.at[number].set(solve(force + moved + mass / h * (mass_weights @ changes))), None

        rows = (jnp.arange(STAGES), table.stage, table.mass, table.time, forcing)
        changes = lax.scan(stage, jnp.zeros_like(stages), rows)[0]
        end = tangent + table.step @ changes
        record = Record(
            record.start.at[index].set(tangent),
            record.end.at[index].set(end),
            record.dense.at[index].set(table.dense @ changes),
        )
        return end, record

    length = grid.segment.shape[0]
    shapes = ((length, states), (length, states), (length, 3, states))
    record = Record(*(jnp.zeros(shape, dtype) for shape in shapes))
    final, record = lax.fori_loop(0, grid.steps, advance, (y0_tangent, record))
    return Path(record, final)


def _stage_multipliers(
    system: System, p: Parameters, t: Array, h: Array, segment: Array, y: Array, stages: Array, cotangent: Array
) -> Array:
    """Multipliers of the stage equations, last stage first: A^T lambda_i = what U_i receives."""
    table = tableau(y.dtype)
    p = system.localize(p, segment)
    mass = system.mass(p)
    linearization = system.linearize(t, y, p, segment)
    solve = derivative_solver(system, linearization, mass / (GAMMA * h), jnp.ones_like(y), transpose=True)

    def stage(carry: tuple, row: tuple) -> tuple[tuple, None]:
        multipliers, pulls = carry
        number, received, weights, time, later_weights, later_mass_weights = row
        right_side = received + later_weights @ pulls + mass / h * (later_mass_weights @ multipliers)
        multiplier = solve(right_side)
        rate = jax.vjp(lambda s: system.rate(t + time * h, s, p, segment), y + weights @ stages)[1]
        return (multipliers.at[number].set(multiplier), pulls.at[number].set(rate(multiplier)[0])), None

    rows = (jnp.arange(STAGES), cotangent, table.stage, table.time, table.stage.T, table.mass.T)
    zeros = jnp.zeros_like(stages)
    return lax.scan(stage, (zeros, zeros), rows, reverse=True)[0][0]


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
    table = tableau(edges.dtype)
    record = cotangents.record

    def retreat(count: Array, carry: tuple) -> tuple:
        p_cotangent, cotangent, edges_cotangent = carry
        index = grid.steps - 1 - count
        y, stages, segment = tape.start[index], tape.stages[index], grid.segment[index]
        t, h = step_times(edges, grid, index)
        end = cotangent + record.end[index]
        received = table.step[:, None] * end + table.dense.T @ record.dense[index]
        multipliers = _stage_multipliers(system, p, t, h, segment, y, stages, received)

        def residual(y: Array, p: Parameters, edges: Array) -> Array:
            t, h = step_times(edges, grid, index)
            return stage_residual(system, p, t, h, segment, y, stages)

        def project(v: Array) -> tuple:
            time, state, change = consistent_adjoint(system, p, t, segment, y, tolerance, v)
            return jax.vjp(lambda e: step_times(e, grid, index)[0], edges)[1](time)[0], state, change

        def keep(v: Array) -> tuple:
            return jnp.zeros_like(edges), v, jax.tree.map(jnp.zeros_like, p)

        p_part, edges_part = jax.tree.map(jnp.zeros_like, (p, edges))
        if parameters:
            y_part, p_part, edges_part = jax.vjp(residual, y, p, edges)[1](multipliers)
        else:
            y_part = jax.vjp(lambda state: residual(state, p, edges), y)[1](multipliers)[0]
        cotangent = end + y_part + record.start[index]
        jump, cotangent, change = lax.cond(grid.start[index] == 0.0, project, keep, cotangent)
        if parameters:
            p_cotangent = jax.tree.map(lambda *parts: sum(parts), p_cotangent, p_part, change)
            edges_cotangent = edges_cotangent + edges_part + jump
        return p_cotangent, cotangent, edges_cotangent

    start = (jax.tree.map(jnp.zeros_like, p), cotangents.final, jnp.zeros_like(edges))
    return lax.fori_loop(0, grid.steps, retreat, start)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _path(
    static: Any, p: list, others: list, y0: Array, edges: Array, grid: Grid, tolerance: Array, known: Path | None
) -> Path:
    if known is not None:
        return known
    system, join = static
    return run_grid(of_floats(system, others, join), p, y0, edges, grid, tolerance)[0]


@_path.defjvp
def _path_derivative(static: Any, primals: tuple, tangents: tuple) -> tuple[Path, Path]:
    p, others, y0, edges, grid, tolerance, _ = primals
    system, join = static
    floating = of_floats(system, others, join)
    path, tape = run_grid(floating, p, y0, edges, grid, tolerance)
    tangent = linear_map(
        lambda x: tangent_sweep(floating, p, edges, grid, tolerance, tape, x),
        lambda x: adjoint_sweep(floating, p, edges, grid, tolerance, tape, x),
        (tangents[0], tangents[2], tangents[3]),
        jax.tree.map(jnp.zeros_like, path),
    )
    return path, tangent


def replay(
    system: System,
    p: Parameters,
    y0: Float[Array, " state"],
    edges: Float[Array, " edge"],
    grid: Grid,
    tolerance: Float[Array, " state"],
    known: Record | None = None,
) -> Record:
    """The states on the recorded grid, for any p, y0 and edges: `integrate` without its choices.

    Returns the Record (start, end and weights of the output within each step); the final state is
    `end[-1]`. tolerance sets where the linear solves stop (1e-3 of it), as in `integrate`. known, where given,
    is the Record that `integrate` or `solve_periodic` made on this grid from just these p, y0 and edges: it is
    returned with its derivative, and the steps are taken again under differentiation only.

    Differentiable in the floating leaves of p, in y0 and in edges, forward and reverse, and under vmap: the
    derivative is that of the discrete scheme on the frozen grid, exact to the linear solves (1e-9). The
    cost of a reverse sweep, all parameters at once, is about one and a half replays; its memory is
    steps x 9 x states numbers. The grid and the tolerance have zero derivative.
    """
    floats, others, join = split_floating(p)
    edges = jnp.asarray(edges, y0.dtype)
    grid = lax.stop_gradient(grid)
    tolerance = lax.stop_gradient(jnp.broadcast_to(jnp.asarray(tolerance, y0.dtype), y0.shape))
    found = None if known is None else lax.stop_gradient(_recorded(known, grid.steps, y0))
    path = _path((system, join), floats, others, y0, edges, grid, tolerance, found)
    return pad_record(path.record, grid.steps, path.final)


def _recorded(record: Record, steps: Array, y0: Array) -> Path:
    """A record and its final state, which is the first one where no step was taken."""
    last = jnp.maximum(steps - 1, 0)
    return Path(record, jnp.where(steps > 0, record.end[last], y0))
