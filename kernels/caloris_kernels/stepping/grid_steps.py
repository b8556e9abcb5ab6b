"""The steps of a recorded grid, taken again one by one."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from caloris_kernels.stepping.consistent import ConsistentState, consistent_state
from caloris_kernels.stepping.grid import Grid, Record, begins_anew, is_switched, step_times
from caloris_kernels.stepping.rodas import Step, rodas_step, tableau
from caloris_kernels.stepping.system import Parameters, System, in_mode

# Where the linear solves of derivatives stop, of the size of their solution: a derivative has no tolerance of its own.
# Through switchings, each of which multiplies what is left by the ratio of two rates, more digits are needed.
_STOP, _STOP_SWITCHED = 1e-9, 1e-10


class Track(NamedTuple):
    """A system on a recorded grid: what all steps share. For derivatives p holds floating leaves only.

    loose, 1 or more, is by how much earlier than usual the linear solves of derivatives may stop.
    """

    system: System
    p: Parameters
    edges: Float[Array, " edge"]
    grid: Grid
    tolerance: Float[Array, " state"]
    loose: Float[Array, ""] | float = 1.0

    @property
    def stop(self) -> Float[Array, ""] | float:
        """Where the linear solves of derivatives stop, of the size of their solution."""
        return (_STOP if self.grid.mode is None else _STOP_SWITCHED) * self.loose

    def own(self, index: Array) -> System:
        """The system in the mode of step `index`."""
        return self.system if self.grid.mode is None else in_mode(self.system, self.grid.mode[index])


class Taken(NamedTuple):
    """A step as it was taken, where its derivative is evaluated; y is the state at its start."""

    number: Int[Array, ""]
    segment: Int[Array, ""]
    t: Float[Array, ""]
    h: Float[Array, ""]
    y: Float[Array, " state"]
    stages: Float[Array, "stage state"]

    @property
    def end(self) -> Array:
        """The state at the end of the step."""
        return self.y + tableau(self.y.dtype).step @ self.stages

    @property
    def row(self) -> Record:
        """The step's row of a record, without a shift."""
        return Record(self.y, self.end, tableau(self.y.dtype).dense @ self.stages)


def _repeat(track: Track, index: Array, y: Array) -> Step:
    t, h = step_times(track.edges, track.grid, index)
    precise = None if track.grid.switch is None else is_switched(track.grid, index)
    return rodas_step(track.own(index), track.p, t, h, track.grid.segment[index], y, track.tolerance, precise)


def taken(track: Track, index: Int[Array, ""], y: Array, stages: Array | None = None) -> Taken:
    """Step `index` from the consistent state y at its start; its stages are computed where they are not given."""
    t, h = step_times(track.edges, track.grid, index)
    stages = _repeat(track, index, y).stages if stages is None else stages
    return Taken(index, track.grid.segment[index], t, h, y, stages)


def take_step(track: Track, index: Int[Array, ""], y: Float[Array, " state"]) -> tuple[Taken, Float[Array, " state"]]:
    """Step `index` from the end y of the one before, and its end."""
    t, _ = step_times(track.edges, track.grid, index)
    segment, tolerance = track.grid.segment[index], track.tolerance
    y = lax.cond(
        begins_anew(track.grid, index),
        lambda y: consistent_state(track.own(index), track.p, t, segment, y, tolerance),
        lambda y: ConsistentState(y, jnp.array(True)),
        y,
    ).y
    step = _repeat(track, index, y)
    return taken(track, index, y, step.stages), step.end
