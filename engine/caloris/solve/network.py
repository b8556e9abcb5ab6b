"""From facets to nodes: the thermal model reduced to what a time stepper needs.

Radiosity is solved once per pose and band (facets), and its results are summed over the facets of each node.
What remains is a network of nodes with radiative exchange (dense among the nodes whose facets see others), conduction
and given radiative couplings (pairs), streams, equipment (parts), and tables along the timeline.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from caloris.model.coating import EmittanceTable
from caloris.model.fluids import FluidTable, fluid_table
from caloris.model.parts import Auxiliary, HeatStorage, PartGroup, Switches
from caloris.model.power import SolarArrays
from caloris.model.thermal import Exchange, Thermal
from caloris.solve.facet_radiation import FacetRadiation
from caloris.solve.pose_radiosity import planet_shares, solve_poses
from caloris_kernels.conduction.couplings import Couplings, in_rows, row_layout
from caloris_kernels.conduction.kirchhoff import kirchhoff_temperature
from caloris_kernels.power.bus import BatteryBank
from caloris_kernels.storage.enthalpy import CapacityTable

# Up to so many nodes the linearized network is one dense matrix; beyond, the pairs and blocks it is made of.
DENSE_NODES = 1500


class CellParameters(NamedTuple):
    """Solar-cell numbers of each array."""

    efficiency: Float[Array, " array"]
    temperature_coefficient: Float[Array, " array"]
    reference_temperature: Float[Array, " array"]


class TabledPairs(NamedTuple):
    """Conduction with conductivities over temperature, see `caloris_kernels.conduction.kirchhoff`."""

    pair: Int[Array, "pair 2"]
    conductance: Float[Array, " pair"]  # W K-1 at the reference temperature; 0 where there is no table
    table: Int[Array, " pair"]
    point: Float[Array, "table point"]  # K
    relative: Float[Array, "table point"]  # -

    def theta(self, temperature: Float[Array, " node"]) -> tuple[Float[Array, "pair 2"], Float[Array, "pair 2"]]:
        """Kirchhoff temperature (K) at both ends of every pair, and its slope (-)."""
        index = jnp.maximum(self.table, 0)[:, None]
        one = jax.vmap(jax.vmap(lambda k, t: kirchhoff_temperature(self.point[k], self.relative[k], t)))
        return one(jnp.broadcast_to(index, self.pair.shape), temperature[self.pair])


class NodeLinks(NamedTuple):
    """Couplings between two nodes each."""

    pair: Int[Array, "pair 2"]
    conductance: Float[Array, " pair"]  # W K-1
    radiative_pair: Int[Array, "radiative 2"]
    radiative_area: Float[Array, " radiative"]  # m2
    stream: Int[Array, "stream 2"]  # from, to
    capacity_rate: Float[Array, " stream"]  # W K-1
    tabled: TabledPairs | None  # None: no conductivity depends on the temperature
    rows: Couplings | None  # the two kinds of pairs once more, where there are many nodes


class Network(NamedTuple):
    """Node-level arrays; symbols as in `network_rate`."""

    heat_capacity: Float[Array, " node"]  # J K-1
    free: Float[Array, " node"]
    boundary_temperature: Float[Array, " node"]  # K, at t = 0 where it varies
    boundary: Float[Array, "segment 2 node"] | None  # K, given temperatures; None: they do not vary
    # Exchange factors by band of wavelength where there are several; empty where they depend on the temperature.
    exchange: Float[Array, "pose *band radiating radiating"]  # m2
    radiating: Int[Array, " radiating"]  # nodes with exchange factors, in ascending order
    to_space: Float[Array, "pose *band node"]  # m2
    emission: Float[Array, " *band node"]  # m2, emittance times area
    band_edge: Float[Array, " edge"] | None  # m, wavelengths that split thermal radiation; None: one band
    facets: FacetRadiation | None  # thermal radiation with emittances that depend on the temperature
    sound: Bool[Array, ""]  # the radiosity of every pose was solved
    space_temperature: Float[Array, ""]  # K
    links: NodeLinks
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
    parts: tuple[PartGroup, ...] = ()
    auxiliary: Auxiliary | None = None
    switches: Switches | None = None
    fluids: tuple[FluidTable, ...] = ()
    storage: HeatStorage | None = None
    # Mode of every switch, set by the stepper; None: switches work as proportional bands.
    mode: Float[Array, " switch"] | None = None
    # The exchange factors of the two poses that bracket one segment, set by `within`.
    bracket: tuple[Float[Array, "*band radiating radiating"], Float[Array, "*band radiating radiating"]] | None = None


def without_exchange(network: Network) -> Network:
    """The network with empty exchange factors, for what does not need them: nothing large is copied."""
    return network._replace(exchange=jnp.zeros((*network.exchange.shape[:-2], 1, 1)))


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
    infrared: Float[Array, "padded facet"] | None  # None where it depends on the temperature


def assemble(thermal: Thermal) -> tuple[Network, FacetFluxes]:
    """Solve the radiosity of every pose and reduce the model to its nodes. Differentiable in every leaf.

    The fluxes between two poses are interpolated linearly, like the exchange factors themselves. Where an emittance
    depends on the temperature, thermal radiation is left to the rates (`caloris.solve.facet_radiation`).
    """
    exchange, timeline = thermal.exchange, thermal.timeline
    nodes = len(thermal.nodes.name)
    emittance = thermal.coatings.infrared_emittance
    facets = None
    if isinstance(emittance, EmittanceTable):
        incident = _pad(thermal.incident.infrared, timeline.periodic)
        facets = FacetRadiation(exchange, emittance, planet_shares(thermal), incident)
    found = solve_poses(thermal, nodes)
    absorbed, light = found.absorbed, found.light
    rows = list(_node_sums(absorbed * exchange.area, exchange, nodes))
    if facets is not None:
        rows.append(jnp.zeros_like(rows[0]))
    if thermal.arrays is not None:
        rows += _cell_light(light * exchange.area, thermal.arrays, exchange, nodes)
    heat, electrical, demand = _loads(thermal, nodes)
    free = thermal.nodes.free
    batteries, bus = thermal.batteries, thermal.bus
    banded = thermal.bands.infrared_count > 1
    network = Network(
        heat_capacity=_held_capacity(thermal),
        free=free,
        boundary_temperature=thermal.nodes.start_temperature,
        boundary=_boundary(thermal),
        exchange=found.exchange,
        radiating=thermal.exchange.radiating,
        to_space=found.to_space,
        emission=found.emission,
        band_edge=thermal.bands.infrared_edge if banded else None,
        facets=facets,
        sound=found.converged,
        space_temperature=thermal.space_temperature,
        links=_links(thermal),
        surroundings=_pad(jnp.stack(rows, axis=1), timeline.periodic),
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
        parts=thermal.parts,
        auxiliary=thermal.auxiliary,
        switches=thermal.switches,
        fluids=tuple(fluid_table(fluid) for fluid in thermal.fluids),
        storage=_storage(thermal),
    )
    solar, albedo, *infrared = (_pad(table, timeline.periodic) for table in absorbed)
    return network, FacetFluxes(solar, albedo, infrared[0] if infrared else None)


def _node_sums(power: Float[Array, "row grid facet"], exchange: Exchange, nodes: int) -> Float[Array, "row grid node"]:
    """Sum facet powers (W) over the facets of each node."""
    return jnp.zeros((*power.shape[:2], nodes)).at[:, :, exchange.facet_node].add(power)


def _cell_light(
    light: Float[Array, "2 grid facet"], arrays: SolarArrays, exchange: Exchange, nodes: int
) -> list[Float[Array, "grid node"]]:
    """Sunlight on the cells of each array (W), direct for every array, then albedo for every array."""
    factor = arrays.packing * arrays.remaining
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


def _held_capacity(thermal: Thermal) -> Float[Array, " node"]:
    """Heat capacities; one where the temperature is given, none where it varies, so that it follows at once."""
    capacity = jnp.where(thermal.nodes.free > 0, thermal.nodes.heat_capacity, 1.0)
    for boundary in thermal.boundaries:
        capacity = capacity.at[boundary.node].set(0.0)
    return capacity


def _boundary(thermal: Thermal) -> Float[Array, "segment 2 node"] | None:
    """Given temperatures (K) at both ends of every segment, where any of them varies."""
    if not thermal.boundaries:
        return None
    edges, period = thermal.timeline.edges, thermal.timeline.period
    given = jnp.broadcast_to(thermal.nodes.start_temperature, (edges.shape[0] - 1, 2, len(thermal.nodes.name)))
    for boundary in thermal.boundaries:
        given = given.at[:, :, boundary.node].set(boundary.temperature.over_segments(edges, period))
    return given


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


def _links(thermal: Thermal) -> NodeLinks:
    """Shell pairs and link entries in one list, radiative pairs and streams in theirs."""
    links, nothing = thermal.links, (jnp.zeros((0, 2), int), jnp.zeros(0))
    entries = links.conductance[links.entry_link] * links.entry_share
    pair, conductance = conductive_pairs(thermal), jnp.concatenate([thermal.conduction.conductance, entries])
    given, streams = thermal.radiative_links, thermal.one_way_links
    radiative = given.entry_node, given.area[given.entry_link] * given.entry_share
    streams = nothing if streams is None else (streams.node, streams.capacity_rate)
    tabled = _tabled(thermal)
    if tabled is not None:  # these pairs stand there alone
        count = tabled.table.shape[0]
        conductance = conductance.at[:count].set(jnp.where(tabled.table < 0, conductance[:count], 0.0))
    rows = None if thermal.rows is None else in_rows(thermal.rows, conductance, radiative[1])
    return NodeLinks(pair, conductance, *radiative, *streams, tabled, rows)


def _tabled(thermal: Thermal) -> TabledPairs | None:
    """Pairs whose conductivity depends on the temperature."""
    inside = thermal.conduction
    if inside.table is None:
        return None
    constant = inside.table < 0
    conductance = jnp.where(constant, 0.0, inside.conductance)
    return TabledPairs(inside.node, conductance, inside.table, inside.tables.point, inside.tables.relative)


def _storage(thermal: Thermal) -> HeatStorage | None:
    """Heat capacities over temperature of every node that has one: all tables on the points of all of them.

    A node may be made of several materials. A sum of tables of straight lines is one on the union of their points.
    """
    parts = thermal.nodes.over_temperature
    if parts is None:
        return None
    tables, nodes = parts.tables, len(thermal.nodes.name)
    point = jnp.sort(tables.point.ravel())
    relative = jax.vmap(lambda at, value: jnp.interp(point, at, value))(tables.point, tables.relative)
    count = relative.shape[0]
    changing = jnp.where(parts.table < 0, 0.0, parts.capacity)
    index = jnp.maximum(parts.table, 0)
    shares = jnp.zeros((nodes, count)).at[parts.node, index].add(changing)
    capacity = thermal.nodes.heat_capacity
    shares = shares / jnp.where(capacity > 0.0, capacity, 1.0)[:, None]
    # Rows of one node are equal: a node of two parts is written twice.
    value = 1.0 + shares[parts.node] @ (relative - 1.0)
    table = CapacityTable(jnp.broadcast_to(point, value.shape), value[:, :-1], value[:, 1:])
    return HeatStorage(parts.node, table)


def conductive_pairs(thermal: Thermal) -> Int[Array, "pair 2"]:
    """Pairs of nodes that conduct: inside bodies and across edges, then links."""
    return jnp.concatenate([thermal.conduction.node, thermal.links.entry_node])


def with_rows(thermal: Thermal) -> Thermal:
    """The model with its pairs arranged in rows where there are many nodes; made on the host, from indices alone.

    A model without them gives the same results, more slowly.
    """
    nodes = len(thermal.nodes.name)
    if nodes <= DENSE_NODES or thermal.rows is not None:
        return thermal
    layout = row_layout(np.asarray(conductive_pairs(thermal)), np.asarray(thermal.radiative_links.entry_node), nodes)
    return eqx.tree_at(lambda t: t.rows, thermal, layout, is_leaf=lambda x: x is None)
