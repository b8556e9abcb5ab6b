"""Kernels of time steps and numerics, by what they are called with."""

from collections.abc import Callable

import jax
import jax.export
import jax.numpy as jnp

from caloris_benchmarks.dense_scene import ENCLOSURE, enclosure
from caloris_kernels.numerics.inverse import Start
from caloris_kernels.stepping.events import Search
from caloris_kernels.stepping.grid import empty_grid, empty_record
from caloris_kernels.stepping.grid_steps import Taken, Track
from caloris_kernels.stepping.krylov import Earlier
from caloris_kernels.stepping.linear import Matrix, dense_back_substitute, dense_factor
from caloris_kernels.stepping.rodas import STAGES, Step
from caloris_kernels.stepping.sweeps import Path as ReplayPath
from caloris_kernels.stepping.sweeps import Tape
from caloris_kernels.stepping.upstream import Sweep, Upstream
from lowering_shapes import ROW, ROWS, Wrapped, b, double, f, i

# A system of four states on a grid of eight steps in three segments.
P = enclosure(4)
Y, EDGES, T, SEGMENT = f(4), f(4), f(), i()
GRID, RECORD = empty_grid(8, jnp.float64), empty_record(8, 4, jnp.float64)
LINEAR = jax.eval_shape(lambda t, y, s: ENCLOSURE.linearize(t, y, P, s), T, Y, SEGMENT)
TAPE = Tape(f(8, 4), f(8, STAGES, 4))
ON_GRID = (ENCLOSURE, P, Y, EDGES, GRID, Y)
# The same with two switches that heat two nodes, and one that is solved directly.
HEATED = ENCLOSURE._replace(
    switching=lambda t, y, p, s, mode: jnp.where(mode > 0.5, y[:2] - 300.0, 290.0 - y[:2]),
    with_mode=lambda p, mode: p._replace(heat_load=p.heat_load.at[:2].add(mode)),
)
FACTORED = ENCLOSURE._replace(
    apply=jnp.matmul,
    apply_transpose=lambda k, v: v @ k,
    diagonal=jnp.diagonal,
    factor=dense_factor,
    back_substitute=dense_back_substitute,
    fallback=True,
)
SWITCHES = empty_grid(8, jnp.float64, 2)
SEARCH = Search(f(2), f(), f(), f(), i(), i(), b(), i(), i())
SWITCHED_RECORD = empty_record(8, 4, jnp.float64, switching=True)
SWITCHED_ROW = jax.tree.map(lambda x: x[0], SWITCHED_RECORD)
SWEEP = Sweep(Y, i(27, 4), f(27, 4), i())
TRACK, TAKEN = Track(HEATED, P, EDGES, SWITCHES, Y), Taken(i(), i(), f(), f(), Y, f(STAGES, 4))

# They run on the host, or only rearrange what a program is made of.
HOST_STEPPING = {
    "numerics.link_rows.link_rows": "numpy, once a network",
    "numerics.sobol.sobol_points": "numpy, once a table of points",
    "stepping.events.check_switches": "a check of Python",
    "stepping.steady_derivative.linear_iterations": "a number of Python",
    "stepping.system.through": "a System made of another",
    "stepping.system.of_floats": "a System made of another",
    "stepping.system.in_mode": "a System made of another",
    "stepping.system.split_floating": "leaves of a pytree",
}

# What each kernel is called with: arrays by shape, all else as it is. A new kernel needs an entry.
KERNELS_STEPPING: dict[str, tuple | Callable[[Callable], Wrapped]] = {
    "numerics.first_order.undifferentiated": lambda kernel: Wrapped(lambda x: kernel("a number", x), (f(3),)),
    "numerics.interpolate.cubic_uniform": (f(9, 2), f(), True),
    "numerics.interpolate.monotone_cubic": (f(4), f(4), f()),
    "numerics.inverse.inverse": lambda kernel: Wrapped(
        lambda slope, value, guess: kernel(jnp.multiply, slope, value, Start(guess, guess - 1.0, guess + 1.0)),
        (f(), f(), f()),
    ),
    "numerics.smooth.positive_part": (f(3), f()),
    "numerics.smooth.saturated": (f(3), f()),
    "numerics.smooth.smoother_step": (f(3),),
    "numerics.smooth.magnitude": (f(3), f()),
    "numerics.spline.spline_coefficients": (f(5, 2),),
    "numerics.spline.integral_coefficients": (f(11, 2),),
    "numerics.spline.spline_value": (f(11, 2), f()),
    "numerics.spline.spline_integral": (f(12, 2), f()),
    "numerics.interpolate.piecewise_linear": (f(4), f(4, 2), f(3)),
    "numerics.smooth.smooth_step": (f(3),),
    "numerics.smooth.smooth_positive_part": (f(3), f()),
    "numerics.link_rows.spread": (ROWS, f(5)),
    "numerics.link_rows.flow": (ROWS, ROW, f(4)),
    "numerics.link_rows.neighbor_sum": (ROWS, ROW, f(4)),
    "numerics.link_rows.row_sums": (ROWS, ROW),
    "numerics.link_rows.times_neighbor": (ROWS, ROW, f(4)),
    "numerics.link_rows.times_node": (ROWS, ROW, f(4)),
    "stepping.adaptive.integrate": lambda kernel: Wrapped(
        lambda p, y, edges, bound, mode, times: (
            kernel(ENCLOSURE, p, y, edges, bound, max_steps=8),
            kernel(HEATED, p, y, edges, bound, max_steps=8, mode=mode),
            kernel(HEATED, p, y, edges, bound, max_steps=8, mode=mode, times=times, keep_record=False),
        ),
        (P, Y, EDGES, Y, f(2), f(5)),
    ),
    "stepping.consistent.consistent_state": (ENCLOSURE, P, T, SEGMENT, Y, Y),
    "stepping.consistent.consistent_tangent": (ENCLOSURE, P, T, SEGMENT, Y, Y, (T, Y, P)),
    "stepping.consistent.consistent_adjoint": (ENCLOSURE, P, T, SEGMENT, Y, Y, Y),
    "stepping.dense_output.locate_steps": (GRID, EDGES, f(5)),
    "stepping.dense_output.state_in_row": (GRID, jax.tree.map(lambda x: x[0], RECORD), EDGES, i(), f()),
    "stepping.dense_output.states_at": (GRID, RECORD, EDGES, f(5)),
    "stepping.dense_output.integrate_along": (lambda t, y, p, segment: y, P, GRID, RECORD, EDGES, f(5)),
    "stepping.events.start_search": (f(2),),
    "stepping.events.settle": (HEATED, P, T, SEGMENT, Y, f(2), Y),
    "stepping.events.judge": (HEATED, P, Step(Y, Y, f(STAGES, 4), i(), b()), (T, f(), SEGMENT, Y), SEARCH, Y, f()),
    "stepping.grid_steps.taken": (TRACK, i(), Y),
    "stepping.grid_steps.take_step": (TRACK, i(), Y),
    "stepping.grid.empty_grid": (8, jnp.float64, 2),
    "stepping.grid.empty_record": (8, 4, jnp.float64),
    "stepping.grid.step_times": (EDGES, GRID, i()),
    "stepping.grid.is_switched": (SWITCHES, i()),
    "stepping.grid.begins_anew": (SWITCHES, i()),
    "stepping.grid.pad_record": (RECORD, i(), Y),
    "stepping.krylov.bicgstab": (double, Y, Y, Y),
    "stepping.krylov.bicgstab_with_residual": (double, Y, Y, Y),
    "stepping.krylov.no_earlier": (8, Y, Y),
    "stepping.krylov.solve_beside": (double, Y, Y, Y, Earlier(Y, f(8, 4), f(8, 8)), f(8, 4), i()),
    "stepping.krylov.gmres": (double, double, Y, Y, 1e-6),
    "stepping.krylov.relaxed_gmres": (lambda v, loose: 2.0 * v, double, Y, Y, 1e-6),
    "stepping.linear.dense_factor": (f(4, 4), Y),
    "stepping.linear.dense_back_substitute": ((f(4, 4), i(4)), Y, True),
    # by BiCGStab, and by it with a factorization behind it
    "stepping.linear.solve_with": lambda kernel: Wrapped(
        lambda linear, shift, v: kernel(ENCLOSURE, Matrix(linear, shift), lambda s: (s.solve(v, v).x, True)),
        (LINEAR, Y, Y),
    ),
    "stepping.linear.solve_once": lambda kernel: Wrapped(
        lambda matrix, shift, apart, v: kernel(FACTORED, Matrix(matrix, shift, True, apart), v, lambda s: v).x,
        (f(4, 4), Y, b(4), Y),
    ),
    "stepping.march.march": (ENCLOSURE, P, Y, EDGES, Y, f(), f(), GRID, b(), RECORD),
    "stepping.periodic.solve_periodic": lambda kernel: Wrapped(
        lambda p, y, edges, bound: kernel(ENCLOSURE, p, y, edges, bound, cycle_tolerance=1e-3, max_steps=8),
        (P, Y, EDGES, Y),
    ),
    "stepping.periodic_derivative.attach_derivative": lambda kernel: Wrapped(
        lambda p, y, edges, grid, bound, record, mean, picard: kernel(
            ENCLOSURE,
            p,
            y,
            edges,
            grid,
            bound,
            record,
            mean=mean,
            picard=picard,
            periodic_state=~picard,
            mean_linearize=lambda p, y: ENCLOSURE.linearize(edges[0], y, p, jnp.asarray(0)),
        ),
        (P, Y, EDGES, GRID, Y, RECORD, Y, b(4)),
    ),
    "stepping.preconditioner.cycle_preconditioner": lambda kernel: Wrapped(
        lambda linear, mass, period, picard, v: kernel(ENCLOSURE, linear, mass, period, picard, v)(v),
        (LINEAR, Y, f(), b(4), Y),
    ),
    "stepping.replay.run_grid": ON_GRID,
    "stepping.replay.replay": ON_GRID,
    "stepping.replay.recorded": (SWITCHED_RECORD, i(), Y),
    "stepping.replay.path_tangent": (TRACK, TAPE, ReplayPath(SWITCHED_RECORD, Y), (P, Y, EDGES)),
    "stepping.run_derivative.integrate_with_derivative": lambda kernel: Wrapped(
        lambda p, y, edges, bound, mode: jax.value_and_grad(
            lambda y: jnp.sum(kernel(HEATED, p, y, edges, bound, max_steps=8, mode=mode).final)
        )(y),
        (P, Y, EDGES, Y, f(2)),
    ),
    "stepping.rodas.tableau": (jnp.float64,),
    "stepping.rodas.rodas_step": (ENCLOSURE, P, T, f(), SEGMENT, Y, Y),
    "stepping.rodas.stage_residual": (ENCLOSURE, P, T, f(), SEGMENT, Y, f(STAGES, 4)),
    "stepping.rodas.interpolate_step": (Y, Y, f(3, 4), f()),
    "stepping.states.replay_states": lambda kernel: Wrapped(
        lambda p, y, edges, bound, times: jax.value_and_grad(
            lambda y: jnp.sum(kernel(HEATED, p, y, edges, SWITCHES, bound, times))
        )(y),
        (P, Y, EDGES, Y, f(5)),
    ),
    "stepping.steady.solve_steady": (ENCLOSURE, P, Y, Y),
    "stepping.steady_derivative.idle_states": (ENCLOSURE, LINEAR, Y),
    "stepping.steady_derivative.attach_derivative": (ENCLOSURE, P, T, Y, SEGMENT, Y),
    "stepping.step_derivative.tangent_step": (TRACK, TAKEN, (P, EDGES), Y, f()),
    "stepping.step_derivative.adjoint_step": (TRACK, TAKEN, SWITCHED_ROW, Y, f()),
    "stepping.sweeps.read_tape": (TRACK, TAPE, i()),
    "stepping.sweeps.put_row": (SWITCHED_RECORD, i(), SWITCHED_ROW),
    "stepping.sweeps.tangent_sweep": (HEATED, P, EDGES, SWITCHES, Y, TAPE, (P, Y, EDGES)),
    "stepping.sweeps.adjoint_sweep": (HEATED, P, EDGES, SWITCHES, Y, TAPE, ReplayPath(SWITCHED_RECORD, Y)),
    "stepping.system.linearization_mismatch": (ENCLOSURE, P, T, Y, SEGMENT, Y),
    "stepping.system.linear_map": (double, double, Y, jnp.zeros(4)),
    "stepping.upstream.sweep_of": (Upstream(i(4), Y), Y, b(4)),
    "stepping.upstream.sweep_solve": (SWEEP, Y),
    "stepping.upstream.sweep_transpose_solve": (SWEEP, Y),
    "stepping.way_out.without_way_out": (ENCLOSURE, LINEAR, b(4), Y, Y),
    "stepping.way_out.isolated_groups": (ENCLOSURE, LINEAR, b(4), Y, Y, Y),
}
