"""From facets to nodes: the thermal model reduced to what a time stepper needs.

Radiosity is solved once per pose and band (facets), and its results are summed over the facets of each node.
What remains is a network of nodes with dense radiative exchange, conduction, and tables along the timeline.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from caloris.model.coating import EmittanceTable
from caloris.model.power import SolarArrays
from caloris.model.thermal import Exchange, Thermal
from caloris.solve.facet_radiation import FacetRadiation
from caloris.solve.pose_radiosity import planet_shares, solve_poses
from caloris_kernels.power.bus import BatteryBank


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
    # Exchange factors by band of wavelength where there are several; empty where they depend on the temperature.
    exchange: Float[Array, "pose *band node node"]  # m2
    to_space: Float[Array, "pose *band node"]  # m2
    emission: Float[Array, " *band node"]  # m2, emittance times area
    band_edge: Float[Array, " edge"] | None  # m, wavelengths that split thermal radiation; None: one band
    facets: FacetRadiation | None  # thermal radiation with emittances that depend on the temperature
    sound: Bool[Array, ""]  # the radiosity of every pose was solved
    space_temperature: Float[Array, ""]  # K
    pair: Int[Array, "pair 2"]
    conductance: Float[Array, " pair"]  # W K-1
    radiative_pair: Int[Array, "radiative 2"]
    radiative_area: Float[Array, " radiative"]  # m2, heat sigma A (T_b^4 - T_a^4)
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
    bracket: tuple[Float[Array, "*band node node"], Float[Array, "*band node node"]] | None = None


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
    pair, conductance = _conduction(thermal)
    free = thermal.nodes.free
    batteries, bus = thermal.batteries, thermal.bus
    banded = thermal.bands.infrared_count > 1
    network = Network(
        heat_capacity=jnp.where(free > 0, thermal.nodes.heat_capacity, 1.0),
        free=free,
        boundary_temperature=thermal.nodes.start_temperature,
        exchange=found.exchange,
        to_space=found.to_space,
        emission=found.emission,
        band_edge=thermal.bands.infrared_edge if banded else None,
        facets=facets,
        sound=found.converged,
        space_temperature=thermal.space_temperature,
        pair=pair,
        conductance=conductance,
        radiative_pair=thermal.radiative_links.entry_node,
        radiative_area=thermal.radiative_links.area[thermal.radiative_links.entry_link]
        * thermal.radiative_links.entry_share,
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
    """Pairs inside bodies and link entries in one list."""
    links, inside = thermal.links, thermal.conduction
    entries = links.conductance[links.entry_link] * links.entry_share
    pair = jnp.concatenate([inside.node, links.entry_node])
    return pair, jnp.concatenate([inside.conductance, entries])
