"""The time steps of a run, as fractions of their segments, and the states on them."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int


class Grid(NamedTuple):
    """Time steps as fractions of their segment, so that they move with the edges; the first `steps` are used.

    Step i runs over t = e_s + (e_(s+1) - e_s) start_i for `width` of the segment s = segment_i. start_i is
    exactly 0 in the first step of each segment. Of a system with switches, mode_i holds during step i, and switch_i
    is the switch whose change of mode ended it, -1 where none did.
    """

    segment: Int[Array, " step"]
    start: Float[Array, " step"]
    width: Float[Array, " step"]
    steps: Int[Array, ""]
    mode: Float[Array, "step switch"] | None = None
    switch: Int[Array, " step"] | None = None


class Record(NamedTuple):
    """States at the start and the end of each step, and the weights of the output between them.

    An algebraic state jumps at an edge: `end` of a step and `start` of the next are its one-sided values.
    Entries beyond the last step repeat the final state. Of a system with switches, shift holds by how much (s) start
    and end of each step lie later than the grid says: always zero, with the derivative of the times of switching.
    stages are those of each step, where a run that will be differentiated keeps them.
    """

    start: Float[Array, "step state"]
    end: Float[Array, "step state"]
    dense: Float[Array, "step 3 state"]
    shift: Float[Array, "step 2"] | None = None
    stages: Float[Array, "step stage state"] | None = None


def empty_grid(max_steps: int, dtype, switches: int | None = None) -> Grid:
    """A grid without steps that can hold max_steps, of a system with so many switches (None: of one without)."""
    zeros = jnp.zeros(max_steps, dtype)
    grid = Grid(jnp.zeros(max_steps, jnp.int32), zeros, zeros, jnp.zeros((), jnp.int32))
    if switches is None:
        return grid
    return grid._replace(mode=jnp.zeros((max_steps, switches), dtype), switch=jnp.full(max_steps, -1, jnp.int32))


def empty_record(rows: int, states: int, dtype, *, switching: bool = False) -> Record:
    """A record of `rows` steps that holds nothing yet."""
    record = Record(*(jnp.zeros(shape, dtype) for shape in ((rows, states), (rows, states), (rows, 3, states))))
    return record._replace(shift=jnp.zeros((rows, 2), dtype)) if switching else record


def step_times(edges: Float[Array, " edge"], grid: Grid, index: Array) -> tuple[Array, Array]:
    """Start (s) and length (s) of step `index`, differentiable with respect to the edges."""
    segment = grid.segment[index]
    length = edges[segment + 1] - edges[segment]
    return edges[segment] + grid.start[index] * length, grid.width[index] * length


def is_switched(grid: Grid, index: Array) -> Bool[Array, ""]:
    """Whether a change of mode ended step `index`; false for the step before the first."""
    if grid.switch is None:
        return jnp.array(False)
    return (index >= 0) & (grid.switch[jnp.maximum(index, 0)] >= 0)


def begins_anew(grid: Grid, index: Array) -> Bool[Array, ""]:
    """Whether step `index` starts behind an edge or a switching, where algebraic states jump."""
    edge = grid.start[index] == 0.0
    return edge if grid.mode is None else edge | is_switched(grid, index - 1)


def pad_record(record: Record, count: Array, final: Array) -> Record:
    """Fill the unused rows with the final state, so that a maximum over all rows is one over the used rows."""
    used = jnp.arange(record.start.shape[0]) < count
    start = jnp.where(used[:, None], record.start, final)
    end = jnp.where(used[:, None], record.end, final)
    return record._replace(start=start, end=end, dense=jnp.where(used[:, None, None], record.dense, 0.0))
