"""Adaptive integration over segments whose edges are never stepped over."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from caloris_kernels.stepping.events import check_switches
from caloris_kernels.stepping.grid import Grid, Record, empty_grid, empty_record, pad_record
from caloris_kernels.stepping.march import march
from caloris_kernels.stepping.rodas import STAGES
from caloris_kernels.stepping.system import TOO_MANY_SWITCHINGS, Parameters, System


class Trajectory(NamedTuple):
    """What `integrate` returns. failed_state is the state that stopped the run, -1 where none did.

    Of a system with switches, mode is that at the end, and failed_switch the one that changed too often, -1 for none.
    states are those at the times asked for, if any were, and stages those of the steps, where they were kept.
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
    states: Float[Array, "time state"] | None = None
    stages: Float[Array, "step stage state"] | None = None


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
    times: Float[Array, " time"] | None = None,
    keep_record: bool = True,
    keep_stages: bool = False,
) -> Trajectory:
    """Integrate C(p) y' = F(t, y, p, segment) from edges[0] to edges[-1] by Rodas5P with step control.

    edges (s, not decreasing) bound the segments in which F is smooth; no step crosses one, segments of no
    length are skipped, and states without capacity are solved anew at the start of each segment.
    tolerance is the error allowed per step and state, in the state's unit: a step stands where
    max |e_i| / tolerance_i <= 1, and the next is h clip(0.85 err^(-1/5), 0.2, 5); behind steps refused one after the
    other the order of their errors takes the place of 5. initial_step (s) defaults
    to a thousandth of the whole time, minimum_step (s) to 1e-12 of it, and maximum_step (s) is not limited; where F
    follows a table, its spacing keeps a step from passing over a kink that the error estimate does not see. The
    arrays hold max_steps steps.

    mode is the first mode of each switch of a system that has some (`System.switching`): steps then end exactly where
    a switch changes its mode (`events`), at the start of each segment and behind each switching the algebraic states
    are solved anew, and a switch that is beyond its threshold there changes at once. More than max_switchings in one
    segment (by default half of max_steps) end the run as TOO_MANY_SWITCHINGS. Without mode the switches are not looked
    at and cost nothing.

    times (s, within the edges) asks for the states there: `states`, as `states_at` gives them from the record. With
    keep_record False the record has no rows, and the memory does not grow with max_steps: `replay_states` then
    differentiates the states. States behind the failure of a run repeat its last one. keep_stages keeps the eight
    stages of every step too, which `integrate_with_derivative` starts its sweeps from.

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
    empty = empty_record(max_steps if keep_record else 0, y0.shape[0], dtype, switching=mode is not None)
    if keep_stages:
        empty = empty._replace(stages=jnp.zeros((max_steps, STAGES, y0.shape[0]), dtype))
    allowed = max_steps // 2 if max_switchings is None else max_switchings
    steps = (first, smallest, grid, jnp.array(False), empty)
    order = None if times is None else jnp.argsort(lax.stop_gradient(times))
    asked = None if times is None or order is None else lax.stop_gradient(jnp.asarray(times, dtype))[order]
    switching = (mode, allowed)
    end = march(system, p, y0, edges, tolerance, *steps, *switching, maximum_step=longest, times=asked)
    record = pad_record(end.record._replace(stages=None), end.grid.steps, end.y)
    run = Trajectory(end.grid, record, end.y, end.rejected, end.linear_iterations, end.result, end.failed_state)
    run = run._replace(stages=end.record.stages)
    if end.search is not None:
        endless = end.result == TOO_MANY_SWITCHINGS
        run = run._replace(mode=end.search.mode, failed_switch=jnp.where(endless, end.search.latest, -1))
    if end.output is not None and order is not None:
        missing = jnp.arange(order.shape[0])[:, None] >= end.output.position
        states = jnp.where(missing, end.y, end.output.states)
        run = run._replace(states=end.output.states.at[order].set(states))
    return run
