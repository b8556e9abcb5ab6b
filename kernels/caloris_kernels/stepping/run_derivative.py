"""A run over time that chooses its steps, with the derivative on the steps chosen."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris_kernels.numerics.first_order import undifferentiated
from caloris_kernels.stepping.adaptive import Trajectory, integrate
from caloris_kernels.stepping.grid import pad_record
from caloris_kernels.stepping.grid_steps import Track
from caloris_kernels.stepping.replay import path_tangent, recorded
from caloris_kernels.stepping.rodas import STAGES
from caloris_kernels.stepping.sweeps import Path, Tape
from caloris_kernels.stepping.system import Parameters, System, of_floats, split_floating

# Stages of all steps are kept for the sweeps up to this size; beyond, each step is taken once more.
_KEPT_BYTES = 2**30


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _run(static: Any, p: list, others: list, y0: Array, edges: Array, tolerance: Array, settings: dict) -> Trajectory:
    system, join, max_steps, _ = static
    return integrate(of_floats(system, others, join), p, y0, edges, tolerance, max_steps=max_steps, **settings)


@_run.defjvp
def _run_derivative(static: Any, primals: tuple, tangents: tuple) -> tuple[Trajectory, Trajectory]:
    p, others, y0, edges, tolerance, settings = primals
    p, y0, edges = undifferentiated("a run over time", (p, y0, edges))
    system, join, max_steps, stages = static
    floating = of_floats(system, others, join)
    run = integrate(floating, p, y0, edges, tolerance, max_steps=max_steps, keep_stages=stages, **settings)
    path, tape = recorded(run.record, run.grid.steps, y0), Tape(run.record.start, run.stages)
    track = Track(floating, p, edges, run.grid, tolerance)
    changed = path_tangent(track, tape, path, (tangents[0], tangents[2], tangents[3]))
    run = run._replace(record=path.record, final=path.final, stages=None)
    return run, jax.tree.map(_no_tangent, run)._replace(record=changed.record, final=changed.final)


def _no_tangent(leaf: Array) -> Array | np.ndarray:
    if jnp.issubdtype(leaf.dtype, jnp.inexact):
        return jnp.zeros_like(leaf)
    return np.zeros(leaf.shape, jax.dtypes.float0)


def integrate_with_derivative(
    system: System,
    p: Parameters,
    y0: Float[Array, " state"],
    edges: Float[Array, " edge"],
    tolerance: Float[Array, " state"],
    *,
    max_steps: int,
    stages: bool | None = None,
    **settings: Any,
) -> Trajectory:
    """`integrate`, differentiable in the floating leaves of p, in y0 and in edges: its record and its final state.

    The derivative is that of `replay` on the grid that the run chose, at less cost: the run itself keeps what the
    sweeps need, and only where a derivative is asked for. stages says whether these are the eight stages of each step,
    max_steps x 8 x states numbers, or nothing beyond the record, when a sweep takes each step once more; without it,
    the stages are kept up to 1 GiB. The rest of the result has zero derivative. settings are those of `integrate`
    (initial_step, minimum_step, maximum_step, mode, max_switchings), which have none either.
    """
    floats, others, join = split_floating(p)
    edges = jnp.asarray(edges, y0.dtype)
    tolerance = jax.lax.stop_gradient(jnp.broadcast_to(jnp.asarray(tolerance, y0.dtype), y0.shape))
    if stages is None:
        stages = max_steps * STAGES * y0.size * y0.dtype.itemsize <= _KEPT_BYTES
    static = (system, join, max_steps, stages)
    run = _run(static, floats, others, y0, edges, tolerance, jax.lax.stop_gradient(settings))
    path = Path(run.record, run.final)
    return run._replace(record=pad_record(path.record, run.grid.steps, path.final))
