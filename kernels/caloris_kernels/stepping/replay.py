"""Replay of a recorded grid, differentiable in parameters, first state and edges.

The grid's fractions are frozen: the choice of steps changes no converged result, and a derivative through
it would be noise. Only the ends of steps that are switchings move, in the derivative (`step_derivative` says how).
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from caloris_kernels.numerics.first_order import undifferentiated
from caloris_kernels.stepping.grid import Grid, Record, empty_record, pad_record
from caloris_kernels.stepping.grid_steps import Track, take_step
from caloris_kernels.stepping.rodas import STAGES
from caloris_kernels.stepping.sweeps import Path, Tape, adjoint_sweep, put_row, tangent_sweep
from caloris_kernels.stepping.system import Parameters, System, linear_map, of_floats, split_floating


def run_grid(
    system: System, p: Parameters, y0: Array, edges: Array, grid: Grid, tolerance: Array, *, stages: bool = True
) -> tuple[Path, Tape]:
    """Take the steps of `grid`; the Path, and the Tape for the sweeps, with the stages if asked for."""
    rows, states, dtype = grid.segment.shape[0], y0.shape[0], y0.dtype
    track = Track(system, p, edges, grid, tolerance)

    def advance(index: Array, carry: tuple) -> tuple:
        y, record, kept = carry
        step, end = take_step(track, index, y)
        kept = None if kept is None else kept.at[index].set(step.stages)
        return end, put_row(record, index, step.row._replace(end=end, shift=no_shift)), kept

    no_shift = None if grid.mode is None else jnp.zeros(2, dtype)
    record = empty_record(rows, states, dtype, switching=grid.mode is not None)
    start = (y0, record, jnp.zeros((rows, STAGES, states), dtype) if stages else None)
    final, record, kept = lax.fori_loop(0, grid.steps, advance, start)
    return Path(record, final), Tape(record.start, kept)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _path(static: Any, p: list, others: list, y0: Array, edges: Array, grid: Grid, tolerance: Array) -> Path:
    system, join, _ = static
    return run_grid(of_floats(system, others, join), p, y0, edges, grid, tolerance, stages=False)[0]


@_path.defjvp
def _path_derivative(static: Any, primals: tuple, tangents: tuple) -> tuple[Path, Path]:
    p, others, y0, edges, grid, tolerance = primals
    p, y0, edges = undifferentiated("a run over time", (p, y0, edges))
    system, join, stages = static
    track = Track(of_floats(system, others, join), p, edges, grid, tolerance)
    path, tape = run_grid(track.system, p, y0, edges, grid, tolerance, stages=stages)
    return path, path_tangent(track, tape, path, (tangents[0], tangents[2], tangents[3]))


def path_tangent(track: Track, tape: Tape, path: Path, tangents: tuple) -> Path:
    """The change of the path with tangents = (of p, of y0, of the edges), by sweeps in both modes."""
    given = (track.system, track.p, track.edges, track.grid, track.tolerance, tape)
    zeros = jax.tree.map(jnp.zeros_like, path)
    return linear_map(lambda x: tangent_sweep(*given, x), lambda x: adjoint_sweep(*given, x), tangents, zeros)


def replay(
    system: System,
    p: Parameters,
    y0: Float[Array, " state"],
    edges: Float[Array, " edge"],
    grid: Grid,
    tolerance: Float[Array, " state"],
    *,
    stages: bool = True,
) -> Record:
    """The states on the recorded grid, for any p, y0 and edges: `integrate` without its choices.

    Returns the Record (start, end and weights of the output within each step); the final state is
    `end[-1]`. tolerance sets where the linear solves stop (1e-3 of it), as in `integrate`.

    stages says what the sweeps keep of each step: its eight stages, or nothing beyond the record, whose states they
    then start from to take each step once more, which costs about one replay. `replay_states` does without a record,
    and `integrate_with_derivative` is the derivative of a run that chooses its steps.

    Differentiable in the floating leaves of p, in y0 and in edges, forward and reverse, and under vmap: the
    derivative is that of the discrete scheme on the frozen grid, exact to the linear solves (1e-9); a second one
    raises. The cost of a reverse sweep, all parameters at once, is about one and a half replays; its memory is
    steps x 8 x states numbers for the stages, beside the record's steps x 5 x states. The grid and the tolerance have
    zero derivative. Of a grid with switchings the modes are repeated and no root is sought: for other p the recorded
    times of switching stay in the values, while the derivative moves them (`step_derivative`), as a run that seeks
    them anew does.
    """
    floats, others, join = split_floating(p)
    edges = jnp.asarray(edges, y0.dtype)
    grid = lax.stop_gradient(grid)
    tolerance = lax.stop_gradient(jnp.broadcast_to(jnp.asarray(tolerance, y0.dtype), y0.shape))
    path = _path((system, join, stages), floats, others, y0, edges, grid, tolerance)
    return pad_record(path.record, grid.steps, path.final)


def recorded(record: Record, steps: Array, y0: Array) -> Path:
    """A record and its final state, which is the first one where no step was taken."""
    last = jnp.maximum(steps - 1, 0)
    return Path(record, jnp.where(steps > 0, record.end[last], y0))
