"""From facets to nodes: the thermal model reduced to what a time stepper needs.

Radiosity is solved once per pose and band (facets), and its results are summed over the facets of each node.
What remains is a network of nodes with dense radiative exchange, conduction, and tables along the timeline.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from caloris.model.power import SolarArrays
from caloris.model.thermal import Exchange, Thermal
from caloris_kernels.power.bus import BatteryBank
from caloris_kernels.radiative.radiosity import closed_exchange_area, exchange_factors, irradiation


class CellParameters(NamedTuple):
    """Solar-cell numbers of each array."""

    efficiency: Float[Array, " array"]
    temperature_coefficient: Float[Array, " array"]
    reference_temperature: Float[Array, " array"]


class Network(NamedTuple):
    """Node-level arrays; symbols as in `network_rate`."""

    heat_capacity: Float[Array, " node"]  # J K-1
    free: Float[Array, " node"]
    boundary_temperature: Float[Array, " node"]  # K
    exchange: Float[Array, "pose node node"]  # m2
    to_space: Float[Array, "pose node"]  # m2
    emission: Float[Array, " node"]  # m2, emittance times area
    space_temperature: Float[Array, ""]  # K
    pair: Int[Array, "pair 2"]
    conductance: Float[Array, " pair"]  # W K-1
    # Rows: absorbed sunlight; absorbed albedo; absorbed infrared; light on each array's cells, direct; the same,
    # albedo.
    # One more sample at either end of the grid, so that cubic interpolation is the same everywhere.
    surroundings: Float[Array, "padded row node"]  # W
    duration: Float[Array, ""]  # s
    edges: Float[Array, " edge"]  # s
    lit_fraction: Float[Array, "segment sample"]
    pose_index: Int[Array, "segment 2"]
    pose_weight: Float[Array, "segment sample"]
    heat: Float[Array, "segment 2 node"]  # W, loads that draw no electrical power
    electrical_heat: Float[Array, "segment 2 node"]  # W, loads on the bus when fully served
    demand: Float[Array, "segment 2"]  # W
    cells: CellParameters | None
    bank: BatteryBank | None
    battery_node: Int[Array, " battery"] | None
    bus_efficiency: Float[Array, ""] | None
    loss_node: Int[Array, ""] | None
    # The exchange factors of the two poses that bracket one segment, set by `within`.
    bracket: tuple[Float[Array, "node node"], Float[Array, "node node"]] | None = None


def without_exchange(network: Network) -> Network:
    """The network with empty exchange factors, for what does not need them: nothing large is copied."""
    return network._replace(exchange=jnp.zeros((network.exchange.shape[0], 1, 1)))


def within(network: Network, segment: Int[Array, ""]) -> Network:
    """The network with the exchange factors of one segment alone: copied once a step, not once a stage."""
    if network.bracket is not None:
        return network
    first, second = (network.exchange[network.pose_index[segment, k]] for k in (0, 1))
    return network._replace(bracket=(first, second), exchange=network.exchange[:0])


class FacetFluxes(NamedTuple):
    """Absorbed flux of each facet along the timeline's padded grid, reflections included (W m-2)."""

    solar: Float[Array, "padded facet"]  # for an unshadowed Sun
    albedo: Float[Array, "padded facet"]
    infrared: Float[Array, "padded facet"]


class _PoseSolution(NamedTuple):
    """Radiosity of one pose."""

    exchange: Float[Array, "node node"]
    to_space: Float[Array, " node"]
    irradiation: Float[Array, "source facet"]  # solar, albedo, infrared, each over the grid


def assemble(thermal: Thermal) -> tuple[Network, FacetFluxes]:
    """Solve the radiosity of every pose and reduce the model to its nodes. Differentiable in every leaf.

    The fluxes between two poses are interpolated linearly, like the exchange factors themselves.
    """
    exchange, timeline, coatings = thermal.exchange, thermal.timeline, thermal.coatings
    absorptance = coatings.solar_absorptance[exchange.facet_coating]
    emittance = coatings.infrared_emittance[exchange.facet_coating]
    nodes = len(thermal.nodes.name)
    incident = jnp.stack([thermal.incident.solar, thermal.incident.albedo, thermal.incident.infrared])
    poses = exchange.exchange_area.shape[0]

    def solve(pose: Int[Array, ""]) -> _PoseSolution:
        return _solve_pose(exchange, pose, absorptance, emittance, incident, nodes)

    def accumulate(total, pose):
        solved = jax.checkpoint(solve)(pose)
        first, second = (timeline.grid_pose_index[:, k] == pose for k in (0, 1))
        weight = first * (1.0 - timeline.grid_pose_weight) + second * timeline.grid_pose_weight
        share = solved.irradiation.reshape(incident.shape) * weight[None, :, None]
        return total + share, (solved.exchange, solved.to_space)

    received, (factors, to_space) = jax.lax.scan(accumulate, jnp.zeros_like(incident), jnp.arange(poses))
    absorbed = received * jnp.stack([absorptance, absorptance, emittance])[:, None, :]
    rows = _node_sums(absorbed * exchange.area, exchange, nodes)
    surroundings = list(rows)
    if thermal.arrays is not None:
        light = received[:2] * exchange.area
        surroundings += _cell_light(light, thermal.arrays, exchange, nodes)
    heat, electrical, demand = _loads(thermal, nodes)
    pair, conductance = _conduction(thermal)
    free = thermal.nodes.free
    batteries, bus = thermal.batteries, thermal.bus
    network = Network(
        heat_capacity=jnp.where(free > 0, thermal.nodes.heat_capacity, 1.0),
        free=free,
        boundary_temperature=thermal.nodes.start_temperature,
        exchange=factors,
        to_space=to_space,
        emission=jax.ops.segment_sum(emittance * exchange.area, exchange.facet_node, nodes),
        space_temperature=thermal.space_temperature,
        pair=pair,
        conductance=conductance,
        surroundings=_pad(jnp.stack(surroundings, axis=1), timeline.periodic),
        duration=timeline.duration,
        edges=timeline.edges,
        lit_fraction=timeline.lit_fraction,
        pose_index=timeline.pose_index,
        pose_weight=timeline.pose_weight,
        heat=heat,
        electrical_heat=electrical,
        demand=demand,
        cells=None
        if thermal.arrays is None
        else CellParameters(
            thermal.arrays.efficiency,
            thermal.arrays.temperature_coefficient,
            thermal.arrays.reference_temperature,
        ),
        bank=None if batteries is None else batteries.bank,
        battery_node=None if batteries is None else batteries.node,
        bus_efficiency=None if bus is None else bus.efficiency,
        loss_node=None if bus is None else bus.loss_node,
    )
    return network, FacetFluxes(*(_pad(table, timeline.periodic) for table in absorbed))


def _solve_pose(
    exchange: Exchange,
    pose: Int[Array, ""],
    absorptance: Float[Array, " facet"],
    emittance: Float[Array, " facet"],
    incident: Float[Array, "band grid facet"],
    nodes: int,
) -> _PoseSolution:
    """Both bands of one pose; facets that see nothing keep their first incidence."""
    seeing = exchange.seeing
    area, view_to_space = exchange.area[seeing], exchange.space_view[pose]
    closed = closed_exchange_area(exchange.exchange_area[pose], area, exchange.inactive_view[pose][seeing])
    member = jax.nn.one_hot(exchange.facet_node[seeing], nodes, dtype=area.dtype)
    factors, to_space = exchange_factors(closed, area, emittance[seeing], view_to_space[seeing], member)
    # Facets outside the system emit to space alone; a facet that sees only space has view one.
    alone = (emittance * exchange.area * view_to_space).at[seeing].set(0.0)
    to_space = to_space + jax.ops.segment_sum(alone, exchange.facet_node, nodes)
    grid = incident.shape[1]
    sources = incident.reshape(3 * grid, -1)[:, seeing].T
    none = jnp.zeros_like(sources)
    solar = irradiation(closed, area, 1.0 - absorptance[seeing], none[:, : 2 * grid], sources[:, : 2 * grid])
    infrared = irradiation(closed, area, 1.0 - emittance[seeing], none[:, 2 * grid :], sources[:, 2 * grid :])
    received = jnp.concatenate([solar, infrared], axis=1).T
    return _PoseSolution(factors, to_space, incident.reshape(3 * grid, -1).at[:, seeing].set(received))


def _node_sums(power: Float[Array, "row grid facet"], exchange: Exchange, nodes: int) -> Float[Array, "row grid node"]:
    """Sum facet powers (W) over the facets of each node."""
    return jnp.zeros((*power.shape[:2], nodes)).at[:, :, exchange.facet_node].add(power)


def _cell_light(
    light: Float[Array, "2 grid facet"], arrays: SolarArrays, exchange: Exchange, nodes: int
) -> list[Float[Array, "grid node"]]:
    """Sunlight on the cells of each array (W), direct for every array, then albedo for every array."""
    factor = arrays.packing * arrays.degradation
    masks = [(arrays.facet_array == k) * factor[k] for k in range(arrays.count)]
    rows = _node_sums(jnp.concatenate([light * mask for mask in masks]), exchange, nodes)
    return [*rows[0::2], *rows[1::2]]


def _pad(table: Float[Array, "grid ..."], periodic: bool) -> Float[Array, "padded ..."]:
    """One sample more at either end: the periodic neighbor, or a straight continuation."""
    if table.shape[0] == 1:
        return jnp.repeat(table, 3, axis=0)
    before = table[-2] if periodic else 2.0 * table[0] - table[1]
    after = table[1] if periodic else 2.0 * table[-1] - table[-2]
    return jnp.concatenate([before[None], table, after[None]])


def _loads(thermal: Thermal, nodes: int):
    """Heat by node and electrical demand at both ends of every segment (W)."""
    edges, period = thermal.timeline.edges, thermal.timeline.period
    segments = edges.shape[0] - 1
    heat, electrical = jnp.zeros((segments, 2, nodes)), jnp.zeros((segments, 2, nodes))
    demand = jnp.zeros((segments, 2))
    for load in thermal.loads:
        power = load.over_segments(edges, period)
        spread = jnp.zeros(nodes).at[load.node].add(load.share)
        if load.electrical and thermal.bus is not None:
            electrical += power[:, :, None] * spread
            demand += power
        else:
            heat += power[:, :, None] * spread
    return heat, electrical, demand


def _conduction(thermal: Thermal) -> tuple[Int[Array, "pair 2"], Float[Array, " pair"]]:
    """Shell pairs and link entries in one list."""
    links = thermal.links
    entries = links.conductance[links.entry_link] * links.entry_share
    pair = jnp.concatenate([thermal.shell.node, links.entry_node])
    return pair, jnp.concatenate([thermal.shell.conductance, entries])
