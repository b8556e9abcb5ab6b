"""Tangent and reverse sweeps over a recorded grid: the derivatives of `replay`, one step after the other.

Their loops run over the steps used, not over the length of the record.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from caloris_kernels.stepping.grid import Grid, Record, empty_record
from caloris_kernels.stepping.grid_steps import Taken, Track, taken
from caloris_kernels.stepping.step_derivative import adjoint_step, tangent_step
from caloris_kernels.stepping.system import Parameters, System


class Tape(NamedTuple):
    """What the sweeps read: the state at the start of each step, and its stages where they are kept.

    Without them each step is taken once more when a sweep meets it.
    """

    start: Float[Array, "step state"]
    stages: Float[Array, "step stage state"] | None


class Path(NamedTuple):
    """The unpadded record and the final state: what `replay` computes and its derivatives refer to."""

    record: Record
    final: Float[Array, " state"]


def read_tape(track: Track, tape: Tape, index: Array, row: Array | None = None) -> Taken:
    """Step `index` from a tape, on which it stands in that row or in `row`."""
    row = index if row is None else row
    return taken(track, index, tape.start[row], None if tape.stages is None else tape.stages[row])


def put_row(record: Record, index: Array, row: Record) -> Record:
    """The record with one row set."""
    return jax.tree.map(lambda table, value: table.at[index].set(value), record, row)


def tangent_sweep(
    system: System,
    p: Parameters,
    edges: Array,
    grid: Grid,
    tolerance: Array,
    tape: Tape,
    tangents: tuple[Parameters, Array, Array],
    *,
    loose: Array | float = 1.0,
) -> Path:
    """Derivative of the Path along tangents = (of p, of y0, of edges). p holds floating leaves only.

    loose: by how much earlier than usual its linear solves may stop.
    """
    p_tangent, y0_tangent, edges_tangent = tangents
    states, dtype = y0_tangent.shape[0], y0_tangent.dtype
    track = Track(system, p, edges, grid, tolerance, loose)

    def advance(index: Array, carry: tuple) -> tuple:
        tangent, shift, record = carry
        step = read_tape(track, tape, index)
        row, later = tangent_step(track, step, (p_tangent, edges_tangent), tangent, shift)
        return row.end, later, put_row(record, index, row)

    record = empty_record(grid.segment.shape[0], states, dtype, switching=grid.mode is not None)
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
    loose: Array | float = 1.0,
) -> tuple[Parameters, Array, Array]:
    """Transpose of `tangent_sweep`: the cotangents of (p, y0, edges); zeros for p and edges if not asked for."""
    track = Track(system, p, edges, grid, tolerance, loose)

    def retreat(count: Array, carry: tuple) -> tuple:
        sums, cotangent, shift = carry
        index = grid.steps - 1 - count
        row = jax.tree.map(lambda table: table[index], cotangents.record)
        step = read_tape(track, tape, index)
        parts, cotangent, shift = adjoint_step(track, step, row, cotangent, shift, parameters=parameters)
        sums = sums if parts is None else jax.tree.map(jnp.add, sums, parts)
        return sums, cotangent, shift

    start = (jax.tree.map(jnp.zeros_like, (p, edges)), cotangents.final, jnp.zeros_like(edges[0]))
    (p_cotangent, edges_cotangent), y0_cotangent, _ = lax.fori_loop(0, grid.steps, retreat, start)
    return p_cotangent, y0_cotangent, edges_cotangent
