"""Heat balance of the network at one instant: every term, and their sum as the right side of C y' = F.

The state is [temperature (or enthalpy) of every node, energy stored in every battery (J), auxiliary states]; see
`caloris.solve.state`.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris.solve.facet_radiation import FacetTerms, emissive_power, facet_terms
from caloris.solve.instant import Instant
from caloris.solve.network import Network
from caloris.solve.part_terms import PartTerms, part_terms
from caloris.solve.state import State
from caloris_kernels.conduction.couplings import coupled_heat
from caloris_kernels.conduction.network import conducted_heat, one_way_heat, pair_radiation
from caloris_kernels.power.bus import BatteryBank, BusFlow, bus_flow
from caloris_kernels.power.solar_cell import cell_efficiency


class HeatTerms(NamedTuple):
    """Terms of the heat balance of every node (W); into the node positive unless said otherwise."""

    absorbed: Float[Array, " node"]
    load: Float[Array, " node"]  # loads, electrical losses, heat that equipment makes of electrical power
    extracted: Float[Array, " node"]  # leaves as electrical power, positive out
    exchanged: Float[Array, " node"]  # net infrared from other surfaces and by radiative links
    conducted: Float[Array, " node"]  # by conduction, links and equipment, fluids included
    advected: Float[Array, " node"]  # by one-way links
    to_space: Float[Array, " node"]  # net, positive out


class BusState(NamedTuple):
    """What the bus sees: the power of all arrays and what is asked for (W), and the batteries' charge (J)."""

    available: Float[Array, ""]
    demand: Float[Array, ""]
    charge: Float[Array, " battery"]


def cell_power(network: Network, instant: Instant, temperature: Float[Array, " node"]) -> Float[Array, "array node"]:
    """Power that each node's cells could give (W)."""
    if network.cells is None:
        return jnp.zeros_like(instant.light)
    cells = [column[:, None] for column in network.cells]
    return instant.light * cell_efficiency(temperature[None, :], *cells)


def flow_on_bus(network: Network, bus: BusState) -> BusFlow | None:
    """The bus at one instant, with or without batteries; None without a bus.

    Without a bus the cells work at their maximum-power point and everything leaves the spacecraft's balance.
    """
    if network.bus_efficiency is None:
        return None
    bank = BatteryBank(*[jnp.zeros(0)] * 5) if network.bank is None else network.bank
    return bus_flow(bus.available, bus.demand, bus.charge, bank, network.bus_efficiency)


def electrical_heat(
    network: Network, instant: Instant, parts: PartTerms, cells: Float[Array, " node"], flow: BusFlow | None
) -> tuple[Float[Array, " node"], Float[Array, " node"]]:
    """Heat of loads, equipment and losses, and power extracted from the cells (W per node)."""
    heat, electrical = instant.heat + parts.free_source, instant.electrical_heat + parts.electrical_source
    if flow is None:
        return heat + electrical, cells
    assert network.loss_node is not None
    load = heat + flow.served_fraction * electrical
    load = load.at[network.loss_node].add(flow.bus_loss)
    if network.battery_node is not None:
        load = load.at[network.battery_node].add(flow.battery_loss)
    return load, flow.used_fraction * cells


def auxiliary_load(parts: PartTerms, flow: BusFlow | None) -> Float[Array, " auxiliary"]:
    """Heat that equipment makes of electrical power in fluids that are auxiliary states (W)."""
    served = 1.0 if flow is None else flow.served_fraction
    return parts.free_auxiliary + served * parts.electrical_auxiliary


class _Radiation(NamedTuple):
    """Thermal radiation of every node (W)."""

    exchanged: Float[Array, " node"]
    to_space: Float[Array, " node"]
    from_planet: Float[Array, " node"]


def _times(
    factors: Float[Array, "*band radiating radiating"], emissive: Float[Array, " *band radiating"]
) -> Float[Array, " radiating"]:
    """Sum over nodes, and over bands where there are several."""
    return factors @ emissive if emissive.ndim == 1 else jnp.einsum("bij,bj->i", factors, emissive)


def over_bands(power: Float[Array, " *band node"]) -> Float[Array, " node"]:
    """Sum over bands where there are several."""
    return power if power.ndim == 1 else jnp.sum(power, axis=0)


def _radiation(network: Network, instant: Instant, temperature: Float[Array, " node"]) -> _Radiation:
    """Exchange, net loss to space and absorbed planet infrared, between the two poses."""
    edge, cold = network.band_edge, network.space_temperature
    if network.facets is not None and instant.facets is not None:
        terms = facet_terms(network.facets, instant.facets, edge, temperature, cold)
        node, nodes = network.facets.exchange.facet_node, temperature.shape[0]
        terms = FacetTerms(*(jax.ops.segment_sum(term, node, nodes) for term in terms))
        exchanged = terms.absorbed - (terms.emitted - terms.escaping)
        return _Radiation(exchanged, terms.escaping - terms.from_space, terms.from_planet)
    emissive = emissive_power(edge, temperature)
    seen = emissive[..., network.radiating]
    near, far = _times(instant.near, seen), _times(instant.far, seen)
    absorbed = jnp.zeros_like(temperature).at[network.radiating].add(near + instant.weight * (far - near))
    escaping = instant.to_space * emissive
    exchanged = absorbed - over_bands(network.emission * emissive - escaping)
    sky = emissive_power(edge, cold)
    space = over_bands(escaping - instant.to_space * (sky if sky.ndim == 0 else sky[:, None]))
    return _Radiation(exchanged, space, instant.absorbed_infrared)


def _linked(
    network: Network, temperature: Float[Array, " node"]
) -> tuple[Float[Array, " node"], Float[Array, " node"]]:
    """Heat by conduction and by given radiative couplings (W)."""
    links = network.links
    if links.rows is not None:
        conducted, radiated = coupled_heat(links.rows, temperature)
    else:
        conducted = conducted_heat(links.pair, links.conductance, temperature)
        radiated = pair_radiation(links.radiative_pair, links.radiative_area, temperature)
    if links.tabled is None:
        return conducted, radiated
    theta, _ = links.tabled.theta(temperature)
    flow = links.tabled.conductance * (theta[:, 1] - theta[:, 0])
    first, second = links.tabled.pair.T
    return conducted.at[first].add(flow).at[second].add(-flow), radiated


class Moment(NamedTuple):
    """The heat balance of one moment, and the power flows behind it."""

    terms: HeatTerms
    auxiliary_rate: Float[Array, " auxiliary"]  # F of the auxiliary states
    auxiliary_load: Float[Array, " auxiliary"]  # W, the part of it that was electrical power
    available: Float[Array, "array node"]  # W
    flow: BusFlow | None


@jax.jit
def heat_terms(network: Network, instant: Instant, state: State) -> Moment:
    """Every term of the heat balance at one instant (W per node), and the power flows behind it."""
    temperature = state.temperature
    parts = part_terms(network, state)
    available = cell_power(network, instant, temperature)
    flow = flow_on_bus(network, BusState(jnp.sum(available), instant.demand + parts.demand, state.charge))
    load, extracted = electrical_heat(network, instant, parts, jnp.sum(available, axis=0), flow)
    radiation = _radiation(network, instant, temperature)
    conducted, radiated = _linked(network, temperature)
    links = network.links
    terms = HeatTerms(
        absorbed=instant.absorbed_solar + instant.absorbed_albedo + radiation.from_planet,
        load=load,
        extracted=extracted,
        exchanged=radiation.exchanged + radiated,
        conducted=conducted + parts.internal,
        advected=one_way_heat(links.stream, links.capacity_rate, temperature),
        to_space=radiation.to_space,
    )
    loaded = auxiliary_load(parts, flow)
    return Moment(terms, parts.auxiliary + loaded, loaded, available, flow)


def net_heat(terms: HeatTerms) -> Float[Array, " node"]:
    """Sum of all terms: heat stored in each node per second (W)."""
    inward = terms.absorbed + terms.load - terms.extracted + terms.exchanged
    return inward + terms.conducted + terms.advected - terms.to_space


def network_rate(network: Network, instant: Instant, state: State) -> Float[Array, " state"]:
    """C dy/dt: net heat of every node (W) and of every battery (W), right sides of the auxiliary states.

    C_a dT_a/dt = absorbed_a + load_a - extracted_a + sum_b G_ab sigma T_b^4 - e_a sigma T_a^4
                  + g_a sigma T_space^4 + sum_b k_ab (T_b - T_a) + sum_b r_ab sigma (T_b^4 - T_a^4)
                  + sum_b w_ba (T_b - T_a) + equipment_a

    with G, g, e from `caloris_kernels.radiative.radiosity.exchange_factors`, summed over bands of wavelength where
    there are several; emittances that depend on the temperature: `caloris.solve.facet_radiation`; equipment by the laws
    of `network.parts`. Boundary nodes are pulled to their given temperature with 1 W/K, so that their row is never
    singular; they start there and stay. Those whose temperature varies have no capacity, and follow it at once.
    """
    moment = heat_terms(network, instant, state)
    given = network.boundary_temperature if instant.boundary is None else instant.boundary
    held = given - state.temperature
    rate = jnp.where(network.free > 0, net_heat(moment.terms), held)
    stored = jnp.zeros_like(state.charge)
    if state.charge.shape[0] and moment.flow is not None:
        stored = moment.flow.stored_power
    return jnp.concatenate([rate, stored, moment.auxiliary_rate])
