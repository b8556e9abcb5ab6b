"""The periodic orbit itself: temperatures that repeat after one revolution, without spinning up."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris.model.thermal import Thermal
from caloris.precision import require_float64
from caloris.programs import kept
from caloris.solve.instant import average
from caloris.solve.network import assemble
from caloris.solve.solution import Solution, judged, raise_failure
from caloris.solve.state import State, physical_over_time, sizes, start_auxiliary, stepper_state
from caloris.solve.steady import steady_balance
from caloris.solve.systems import mean_linearize, transient_system
from caloris.solve.transient import record_length, start_charge, state_tolerance, table_spacing
from caloris_kernels.stepping.dense_output import states_at
from caloris_kernels.stepping.periodic import solve_periodic
from caloris_kernels.stepping.system import NOT_FINITE, SINGULAR

# The last change found is at most this part of the temperature tolerance; it is applied once more, so that the
# cycle closes to about a tenth of that.
CYCLE_SHARE = 0.1
OUTPUTS = 97


def solve_cyclic(
    thermal: Thermal,
    times: Float[Array, " time"] | None = None,
    *,
    tolerance: Float[Array, ""] | float = 1e-3,
    throw: bool = True,
) -> Solution:
    """Periodic temperatures (and battery charge) of a model whose timeline is one period.

    The fixed point of the map of one period, found by preconditioned iteration from the steady state of mean
    loads (`caloris_kernels.stepping.periodic`); it closes to a tenth of `tolerance` (K), which bounds the error
    per step. times (s) default to 97 equal intervals' ends over the period. A battery that the orbit
    does not refill runs down to its floor and stays there, with power unmet. Thermostats work as proportional bands
    between their thresholds: a two-point control has its own period, which need not fit the orbit.

    Differentiable in every leaf, forward and reverse, by the implicit function theorem. Raises SolveError
    when called eagerly and no cycle is found, ValueError for a timeline that is not periodic, and
    RuntimeError without float64.
    """
    require_float64("solve_cyclic")
    times, steps = cyclic_times("solve_cyclic", thermal, times), record_length(thermal, tolerance)
    solution = cyclic_from(thermal, times, jnp.asarray(tolerance, float), steps, None)
    if throw:
        raise_failure("solve_cyclic", solution, thermal.nodes.name)
    return solution


def cyclic_times(verb: str, thermal: Thermal, times: Float[Array, " time"] | None) -> Float[Array, " time"]:
    """Times of the output (s); ValueError for a timeline that is not periodic."""
    if not thermal.timeline.periodic:
        raise ValueError(f"{verb}: the model's timeline is not one period; use mode 'cyclic' or solve_transient")
    if times is None:
        times = jnp.linspace(0.0, 1.0, OUTPUTS) * thermal.timeline.duration
    return jnp.asarray(times, float)


@kept
def cyclic_from(thermal: Thermal, times: Array, tolerance: Array, steps: int, guess: State | None) -> Solution:
    """`solve_cyclic` with whatever result; the search starts at `guess`, or at the steady state of mean loads.

    steps is the length of the record.
    """
    network, fluxes = assemble(thermal)
    nodes, batteries, _ = sizes(network)
    # Where the search starts has no influence on what it finds.
    fixed = jax.lax.stop_gradient(network)
    if guess is None:
        mean = steady_balance(fixed, average(fixed), fixed.boundary_temperature)
        # Where heat has nowhere to go the search for the mean has run away; the orbit shall tell it from the start.
        ran_away = (mean.result == SINGULAR) | (mean.result == NOT_FINITE)
        begin = jnp.concatenate([fixed.boundary_temperature, start_auxiliary(fixed)])
        found = jnp.where(ran_away, begin, mean.y)
        guess = State(found[:nodes], start_charge(thermal), found[nodes:])
    temperature = jnp.where(fixed.free > 0, guess.temperature, fixed.boundary_temperature)
    start = stepper_state(fixed, jax.lax.stop_gradient(guess._replace(temperature=temperature)))
    bound = state_tolerance(network, tolerance)
    cycle = solve_periodic(
        transient_system(network, banded=True),
        network,
        start,
        network.edges,
        bound,
        cycle_tolerance=CYCLE_SHARE * bound,
        max_steps=steps,
        picard=(jnp.arange(start.shape[0]) >= nodes) & (jnp.arange(start.shape[0]) < nodes + batteries),
        mean_linearize=mean_linearize,
        maximum_step=table_spacing(network),
    )
    states = physical_over_time(network, states_at(cycle.grid, cycle.record, network.edges, times))
    last = jnp.maximum(cycle.iterations - 1, 0)
    return Solution(
        time=times,
        temperature=states.temperature,
        charge=states.charge,
        auxiliary=states.auxiliary,
        result=judged(cycle.result, network),
        failed_state=cycle.failed_state,
        iterations=cycle.iterations,
        steps=cycle.grid.steps,
        residual=cycle.delta[last],
        network=network,
        fluxes=fluxes,
        grid=cycle.grid,
        record=cycle.record,
    )
