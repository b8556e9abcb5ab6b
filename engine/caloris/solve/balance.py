"""Where every watt goes: the terms of the heat and power balance at the output times, and an audit of them.

The audit integrates heat crossing the spacecraft's boundary by Gauss quadrature on the stepper's own output
between steps and compares it with the change of stored heat: independent of the weights of the stepper.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from caloris.programs import kept
from caloris.solve.facet_radiation import facet_terms
from caloris.solve.instant import Instant, at_time, average
from caloris.solve.network import Network, without_exchange
from caloris.solve.rates import HeatTerms, heat_terms, net_heat
from caloris.solve.solution import Solution, SteadySolution
from caloris.solve.state import State, full_charge, physical, stored_heat
from caloris.solve.systems import with_mode
from caloris_kernels.numerics.interpolate import cubic_uniform
from caloris_kernels.power.bus import BusFlow
from caloris_kernels.stepping.dense_output import integrate_along
from caloris_kernels.stepping.grid import Record


class Balance(NamedTuple):
    """Terms at the output times; powers in W, energies in J since the start."""

    terms: HeatTerms  # [time, node]
    by_source: Float[Array, "time 3 node"]  # absorbed sunlight, albedo, planet infrared
    stored: Float[Array, "time node"]  # heat stored per second; what boundaries supply is in `boundary`
    boundary: Float[Array, "time node"]
    auxiliary_load: Float[Array, "time auxiliary"]  # W, electrical power made heat in fluids that are no nodes
    exchange_residual: Float[Array, " time"]
    available: Float[Array, "time array"]
    array_power: Float[Array, "time array"]
    flow: BusFlow | None
    facet_solar: Float[Array, "time facet"]  # W m-2
    facet_albedo: Float[Array, "time facet"]
    facet_infrared: Float[Array, "time facet"]
    lit_fraction: Float[Array, " time"]


def duty(solution: Solution) -> Float[Array, " switch"] | None:
    """Share of the run that each thermostat was on (-); None without thermostats.

    Differentiable: times of switching move along. Raises ValueError for a run without a record, which holds them.
    """
    grid, edges = solution.grid, solution.network.edges
    if grid.mode is None:
        return None
    shift = _record(solution).shift
    assert shift is not None  # of a system with switches
    length = grid.width * (edges[grid.segment + 1] - edges[grid.segment]) + shift[:, 1] - shift[:, 0]
    length = jnp.where(jnp.arange(length.shape[0]) < grid.steps, length, 0.0)
    return length @ grid.mode / jnp.sum(length)


class Audit(NamedTuple):
    """Heat and energy between successive output times."""

    energy_residual: Float[Array, " time"]  # W, zero at the first
    largest_total: Float[Array, ""]  # W, of |absorbed| + |dissipated| + |from boundaries| + |emitted|
    array_energy: Float[Array, "time array"]  # J since the start, like all below
    available_energy: Float[Array, " time"]  # what all arrays could have given
    load_energy: Float[Array, " time"]
    loss_energy: Float[Array, " time"]
    unmet_energy: Float[Array, " time"]
    stored_energy: Float[Array, "time battery"]  # change since the start


def _by_source(network: Network, instant: Instant, terms: HeatTerms) -> Float[Array, "3 node"]:
    sunlight, infrared = instant.absorbed_solar + instant.absorbed_albedo, instant.absorbed_infrared
    if network.facets is not None:
        infrared = terms.absorbed - sunlight
    return jnp.stack([instant.absorbed_solar, instant.absorbed_albedo, infrared])


def _present_infrared(network: Network, instant: Instant, temperature: Array) -> Float[Array, " facet"]:
    """Absorbed planet infrared of each facet where emittances depend on the temperature (W m-2)."""
    assert network.facets is not None and instant.facets is not None
    terms = facet_terms(network.facets, instant.facets, network.band_edge, temperature, network.space_temperature)
    return terms.from_planet / network.facets.exchange.area


def _moment(network: Network, instant: Instant, state: State):
    """All terms at one moment."""
    moment = heat_terms(network, instant, state)
    terms, flow = moment.terms, moment.flow
    net = net_heat(terms)
    used = jnp.ones(()) if flow is None else flow.used_fraction
    internal = jnp.sum(terms.exchanged) + jnp.sum(terms.conducted)
    auxiliary = network.auxiliary
    if auxiliary is not None:  # what fluids take up is given by others
        internal = internal + jnp.sum(auxiliary.stores * (moment.auxiliary_rate - moment.auxiliary_load))
    power = jnp.sum(moment.available, axis=1)
    stored, boundary = net * network.free, -net * (1.0 - network.free)
    sources = _by_source(network, instant, terms)
    return terms, sources, stored, boundary, moment.auxiliary_load, internal, power, used * power, flow


@kept
def balance(solution: Solution | SteadySolution) -> Balance:
    """Every term of the balance at a solution's output times. Differentiable."""
    network, fluxes = solution.network, solution.fluxes
    if isinstance(solution, SteadySolution):
        instant = average(network) if solution.time is None else _at(network, solution.time)[0]
        rows = _moment(network, instant, State(solution.temperature, full_charge(network), solution.auxiliary))
        rows = jax.tree.map(lambda value: value[None], rows)
        lit, facets = instant.lit_fraction[None], _steady_fluxes(solution)
        if network.facets is not None:
            facets.append(_present_infrared(network, instant, solution.temperature)[None])
        return Balance(*rows, *facets, lit)  # pyright: ignore[reportCallIssue]

    def row(x: tuple):
        time, state, mode = x
        here = network if mode is None else with_mode(network, mode)
        instant, position = _at(network, time)
        facets = [cubic_uniform(table, position, False) for table in fluxes if table is not None]
        facets[0] = instant.lit_fraction * facets[0]
        if network.facets is not None:
            facets.append(_present_infrared(network, instant, state.temperature))
        return (*_moment(here, instant, state), *facets, instant.lit_fraction)

    return Balance(*jax.lax.map(row, (solution.time, solution.state, solution.mode)))


def _at(network: Network, time: Array) -> tuple[Instant, Array]:
    """The instant at a time, on the later side of an edge, and the time's position on the padded grid."""
    last = network.edges.shape[0] - 2
    segment = jnp.clip(jnp.searchsorted(network.edges, time, side="right") - 1, 0, last)
    grid = network.surroundings.shape[0] - 3
    return at_time(network, time, segment), 1.0 + time / network.duration * grid


def _steady_fluxes(solution: SteadySolution) -> list[Float[Array, "1 facet"]]:
    """Mean (or momentary) absorbed flux of each facet: sunlight, albedo, and infrared where it is constant."""
    network, fluxes = solution.network, solution.fluxes
    if solution.time is not None:
        instant, position = _at(network, solution.time)
        rows = [cubic_uniform(table, position, False) for table in fluxes if table is not None]
        return [instant.lit_fraction * rows[0][None], *(row[None] for row in rows[1:])]
    solar, *others = (table[1:-1] for table in fluxes if table is not None)
    count, points = solar.shape[0], 8
    # Trapezoid over the grid for smooth tables; sunlight with the lit fraction at finer moments.
    time = (jnp.arange((count - 1) * points) + 0.5) / ((count - 1) * points) * network.duration
    small = without_exchange(network)
    lit = jax.vmap(lambda t: _at(small, t)[0].lit_fraction)(time).reshape(count - 1, points)
    x = (jnp.arange(points) + 0.5) / points
    left, right = jnp.mean(lit * (1.0 - x), axis=1), jnp.mean(lit * x, axis=1)
    weight = (jnp.zeros(count).at[:-1].add(left).at[1:].add(right)) / (count - 1)
    even = jnp.full(count, 1.0).at[0].set(0.5).at[-1].set(0.5) / (count - 1)
    return [(weight @ solar)[None], *((even @ table)[None] for table in others)]


def _record(solution: Solution) -> Record:
    if solution.record is None:
        raise ValueError("what is integrated along a run needs its record: solve without checkpoint_every")
    return solution.record


@kept
def audit(solution: Solution, bounded: bool) -> Audit:
    """Integrate what crosses the boundary over each output interval, and the electrical energies.

    bounded: the model has boundary nodes (static: without them the dense exchange need not be evaluated).
    """
    network, record = solution.network, _record(solution)
    if not bounded:
        network = without_exchange(network)
    charge = solution.charge[0]

    def flows(time: Array, y: Array, network: Network, segment: Int[Array, ""]) -> Array:
        instant = at_time(network, time, segment)
        if not bounded:
            # Exchange is internal: its sum vanishes, as the exchange residual shows.
            none = jnp.zeros((*instant.near.shape[:-2], 1, network.radiating.shape[0]))
            instant = instant._replace(near=none, far=none)
        terms, _, inside, available, flow = heat_terms(network, instant, physical(network, y))
        supplied = -jnp.sum(net_heat(terms) * (1.0 - network.free)) if bounded else jnp.zeros(())
        supplied = supplied + jnp.sum(terms.advected)
        power = jnp.sum(available, axis=1)
        heat = [jnp.sum(terms.absorbed), jnp.sum(terms.load) + jnp.sum(inside), supplied, jnp.sum(terms.to_space)]
        heat = jnp.stack([*heat, jnp.sum(terms.extracted)])
        if flow is None:
            return jnp.concatenate([heat, power, jnp.sum(power)[None], jnp.zeros(3), jnp.zeros_like(charge)])
        bus = jnp.stack([flow.load_power, flow.bus_loss + jnp.sum(flow.battery_loss), flow.unmet_power])
        stored = flow.stored_power if charge.shape[0] else jnp.zeros(0)
        return jnp.concatenate([heat, flow.used_fraction * power, jnp.sum(power)[None], bus, stored])

    along = (solution.grid, record, network.edges, solution.time)
    integral = integrate_along(flows, network, *along, with_mode=with_mode)
    absorbed, load, supplied, emitted, extracted = integral[:, :5].T
    arrays = 0 if network.cells is None else network.cells.efficiency.shape[0]
    energies = jnp.concatenate([jnp.zeros((1, integral.shape[1])), jnp.cumsum(integral, axis=0)])[:, 5:]
    stored = jnp.diff(jax.vmap(lambda state: stored_heat(network, state))(solution.state))
    interval = jnp.diff(solution.time)
    residual = (stored - (absorbed + load + supplied - emitted - extracted)) / interval
    total = (jnp.abs(absorbed) + jnp.abs(load) + jnp.abs(supplied) + jnp.abs(emitted)) / interval
    return Audit(
        energy_residual=jnp.concatenate([jnp.zeros(1), residual]),
        largest_total=jnp.max(total),
        array_energy=energies[:, :arrays],
        available_energy=energies[:, arrays],
        load_energy=energies[:, arrays + 1],
        loss_energy=energies[:, arrays + 2],
        unmet_energy=energies[:, arrays + 3],
        stored_energy=energies[:, arrays + 4 :],
    )


@kept
def mean_terms(solution: Solution) -> tuple[HeatTerms, Float[Array, "3 node"], Float[Array, " node"]]:
    """Means over the whole run of every term of each node's balance (W), by quadrature that sees every event.

    Also the means of absorbed sunlight, albedo and infrared, and of the heat that boundaries supply. The mean
    of values at output times is off where a flux jumps in between, as at an eclipse; this is not.
    """
    network, record = solution.network, _record(solution)
    nodes = network.free.shape[0]

    def flows(time: Array, y: Array, network: Network, segment: Int[Array, ""]) -> Array:
        instant = at_time(network, time, segment)
        terms = heat_terms(network, instant, physical(network, y)).terms
        supplied = -net_heat(terms) * (1.0 - network.free)
        return jnp.concatenate([*terms, _by_source(network, instant, terms).ravel(), supplied])

    ends = solution.time[jnp.array([0, -1])]
    along = (solution.grid, record, network.edges, ends)
    total = integrate_along(flows, network, *along, points=2, block=None, with_mode=with_mode)
    mean = (total[0] / (ends[1] - ends[0])).reshape(-1, nodes)
    count = len(HeatTerms._fields)
    return HeatTerms(*mean[:count]), mean[count : count + 3], mean[count + 3]
