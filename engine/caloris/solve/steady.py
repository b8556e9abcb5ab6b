"""Steady state of a thermal model."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris.model.thermal import Thermal
from caloris.precision import require_float64
from caloris.programs import kept
from caloris.solve.instant import Instant, at_time, average
from caloris.solve.network import Network, assemble
from caloris.solve.solution import SteadySolution, judged, raise_failure
from caloris.solve.state import State, start_auxiliary
from caloris.solve.systems import SteadyProblem, steady_system
from caloris_kernels.stepping.steady import Steady
from caloris_kernels.stepping.steady import solve_steady as solve_balance

# Bound of a Newton step and of the temperature (K): T^4 networks then converge from 3 K and from 1000 K.
_STEP_LIMIT = 100.0


def steady_balance(
    network: Network,
    instant: Instant,
    guess: Float[Array, " node"],
    auxiliary_guess: Float[Array, " auxiliary"] | None = None,
) -> Steady:
    """Temperatures, then auxiliary states, at which all is in balance at one moment; solved to a nanokelvin."""
    auxiliary, nodes = network.auxiliary, guess.shape[0]
    nothing = jnp.zeros(0)
    weight = nothing if auxiliary is None else auxiliary.per_kelvin
    start = jnp.concatenate([guess, start_auxiliary(network) if auxiliary_guess is None else auxiliary_guess])
    is_node = jnp.arange(start.shape[0]) < nodes
    return solve_balance(
        steady_system(network),
        SteadyProblem(network, instant),
        start,
        1e-9 * jnp.concatenate([jnp.ones(nodes), weight]),
        lower_bound=jnp.where(is_node, 0.0, -jnp.inf),
        step_limit=jnp.where(is_node, _STEP_LIMIT, jnp.inf),
    )


def solve_steady(
    thermal: Thermal, time: Float[Array, ""] | float | None = None, *, throw: bool = True
) -> SteadySolution:
    """Steady temperatures under mean loads and mean exchange, or under those of one moment.

    Solves 0 = C dT/dt of `caloris.solve.rates.network_rate`. Without `time` every load, flux and exchange
    factor is averaged over the timeline (not the same as the mean of cyclic temperatures); with `time` (s)
    those of that moment are held. Batteries neither gain nor lose. Differentiable in every leaf, forward and
    reverse, by the implicit function theorem.

    Raises SolveError when called eagerly and the balance is not found (throw = False: see `.result` and
    `.failed_state`), and RuntimeError without float64.
    """
    require_float64("solve_steady")
    solution = steady_from(thermal, None if time is None else jnp.asarray(time, float), cold_start(thermal))
    if throw:
        raise_failure("solve_steady", solution, thermal.nodes.name)
    return solution


def cold_start(thermal: Thermal) -> State:
    """The nodes' start temperatures, where nothing better is known."""
    auxiliary = thermal.auxiliary
    nothing = jnp.zeros(0)
    return State(thermal.nodes.start_temperature, nothing, nothing if auxiliary is None else auxiliary.start)


@kept
def steady_from(thermal: Thermal, time: Float[Array, ""] | None, guess: State) -> SteadySolution:
    """`solve_steady` with whatever result; the search starts at `guess`."""
    network, fluxes = assemble(thermal)
    if time is None:
        instant = average(network)
    else:
        # The later side of an edge: a load that steps at this moment has its new value.
        last = network.edges.shape[0] - 2
        segment = jnp.clip(jnp.searchsorted(network.edges, time, side="right") - 1, 0, last)
        instant = at_time(network, time, segment)
    temperature = jnp.where(network.free > 0, guess.temperature, network.boundary_temperature)
    steady = steady_balance(network, instant, temperature, guess.auxiliary)
    nodes = network.free.shape[0]
    return SteadySolution(
        steady.y[:nodes],
        steady.y[nodes:],
        steady.residual[:nodes] * network.free,
        steady.iterations,
        judged(steady.result, network),
        steady.failed_state,
        network,
        fluxes,
        time,
    )
