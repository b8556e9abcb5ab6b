"""Temperatures over time from a given start."""

import math

import jax
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Float

from caloris.model.thermal import Thermal
from caloris.precision import require_float64
from caloris.programs import kept
from caloris.solve.network import Network, assemble
from caloris.solve.solution import Solution, judged, raise_failure
from caloris.solve.state import State, physical_over_time, start_auxiliary, stepper_state
from caloris.solve.systems import transient_system
from caloris_kernels.stepping.adaptive import integrate
from caloris_kernels.stepping.dense_output import states_at
from caloris_kernels.stepping.run_derivative import integrate_with_derivative
from caloris_kernels.stepping.states import replay_states

# Error of the stored energy of a battery that counts as much as the temperature tolerance: a part of its
# capacity per kelvin, so that one millikelvin goes with a millionth.
CHARGE_PER_KELVIN = 1e-3
# Steps that the record holds per segment, and at least, down to a tolerance of 1 mK; the number of steps of a method
# of order 5 goes as tolerance^(-1/5). A run that needs more ends with too_many_steps.
STEPS_PER_SEGMENT = 24
LEAST_STEPS = 512
_AMPLE = 1e-3


def state_tolerance(network: Network, kelvin: Float[Array, ""]) -> Float[Array, " state"]:
    """Tolerance of every state: K for temperatures, J for batteries; no derivative goes through it."""
    charge = jnp.zeros(0) if network.bank is None else network.bank.capacity * CHARGE_PER_KELVIN
    auxiliary = jnp.zeros(0) if network.auxiliary is None else network.auxiliary.per_kelvin
    return jax.lax.stop_gradient(jnp.concatenate([jnp.ones_like(network.free), charge, auxiliary]) * kelvin)


def table_spacing(network: Network) -> Float[Array, ""]:
    """Longest step (s): the spacing of the tables of sunlight and the planet's light.

    Where a face turns toward the Sun or away from it, the light on it has a kink that is no event. A step over several
    intervals may pass such a kink between its stages, unseen by the error estimate (by 80 tolerances, on a plain box).
    """
    return jax.lax.stop_gradient(network.duration) / (network.surroundings.shape[0] - 3)


def record_length(thermal: Thermal, tolerance: Float[Array, ""] | float) -> int:
    """Length of the record of steps, static: doubled where a known tolerance (K) is so fine as to need it."""
    least = max(LEAST_STEPS, STEPS_PER_SEGMENT * (thermal.timeline.edges.shape[0] - 1))
    if isinstance(tolerance, Tracer) or not float(tolerance) > 0.0:
        return least
    return least * 2 ** max(0, math.ceil(math.log2(_AMPLE / float(tolerance)) / 5))


def start_charge(thermal: Thermal) -> Float[Array, " battery"]:
    """Energy in the batteries at t = 0 (J)."""
    if thermal.batteries is None:
        return jnp.zeros(0)
    return thermal.batteries.start_charge * thermal.batteries.capacity


def solve_transient(
    thermal: Thermal,
    times: Float[Array, " time"],
    temperature: Float[Array, " node"] | None = None,
    *,
    tolerance: Float[Array, ""] | float = 1e-3,
    checkpoint_every: int | None = None,
    throw: bool = True,
) -> Solution:
    """Integrate C dT/dt of `caloris.solve.rates.network_rate` over the model's timeline.

    times (s, ascending, within the timeline) are those of the output, by the stepper's own interpolation;
    temperature (K) is the start (default: the nodes' start temperatures), boundaries keep theirs. tolerance (K)
    bounds the error per step of every node. Rodas5P with adaptive steps that never cross an event (eclipse
    entry and exit, load steps, poses of moving bodies) and end where a thermostat switches.

    Differentiable in every leaf, in the start and in the times, forward and reverse, on the steps chosen.

    checkpoint_every bounds the memory. Without it all steps are recorded, 5 numbers a state and step, for derivatives
    and for what is integrated along the run afterwards (the energy audit), and 8 more under differentiation as long as
    these take less than 1 GiB. With it only the states at `times` are
    kept: the memory of a run does not grow with its number of steps, and a reverse sweep adds the states before every
    `checkpoint_every`-th step and those of the steps between two of them, which are taken again. The square root of
    the number of steps needs least. The solution's `record` is then None; temperatures and derivatives are the same.

    Raises SolveError when called eagerly and the run fails (throw = False: see `.result`), ValueError for a
    checkpoint_every below 1, and RuntimeError without float64.
    """
    require_float64("solve_transient")
    start = thermal.nodes.start_temperature if temperature is None else temperature
    steps = record_length(thermal, tolerance)
    if checkpoint_every is not None and checkpoint_every < 1:
        raise ValueError(f"solve_transient: checkpoint_every = {checkpoint_every}; it must be 1 or more, or None")
    times, tolerance = jnp.asarray(times, float), jnp.asarray(tolerance, float)
    solution = _solve(thermal, times, start, tolerance, steps, checkpoint_every)
    if throw:
        raise_failure("solve_transient", solution, thermal.nodes.name)
    return solution


@kept
def _solve(
    thermal: Thermal, times: Array, temperature: Array, tolerance: Array, steps: int, every: int | None
) -> Solution:
    network, fluxes = assemble(thermal)
    temperature = jnp.where(network.free > 0, temperature, network.boundary_temperature)
    start = stepper_state(network, State(temperature, start_charge(thermal), start_auxiliary(network)))
    bound = state_tolerance(network, tolerance)
    system, mode = transient_system(network), None if network.switches is None else network.switches.start
    problem, settings = (system, network, start, network.edges), {"max_steps": steps, "mode": mode}
    settings["maximum_step"] = table_spacing(network)
    if every is None:
        run = integrate_with_derivative(*problem, bound, **settings)
        record = run.record
        states = states_at(run.grid, record, network.edges, times)
    else:
        run, record = integrate(*problem, bound, times=times, keep_record=False, **settings), None
        states = replay_states(*problem, run.grid, bound, times, every=every, known=run.states)
    states = physical_over_time(network, states)
    failed_state = run.failed_state
    if run.failed_switch is not None and network.switches is not None:
        sensor = network.switches.sensor[run.failed_switch].astype(failed_state.dtype)
        failed_state = jnp.where(run.failed_switch >= 0, sensor, failed_state)
    return Solution(
        time=times,
        temperature=states.temperature,
        charge=states.charge,
        auxiliary=states.auxiliary,
        result=judged(run.result, network),
        failed_state=failed_state,
        iterations=run.grid.steps,
        steps=run.grid.steps,
        residual=jnp.zeros(()),
        network=network,
        fluxes=fluxes,
        grid=run.grid,
        record=record,
    )
