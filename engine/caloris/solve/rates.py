"""Heat balance of the network at one instant: rates, their linearization, and every term by itself.

The state is y = [temperature of every node (K), energy stored in every battery (J)].
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from caloris.solve.facet_radiation import (
    FacetInstant,
    FacetRadiation,
    FacetTerms,
    emissive_power,
    emissive_slope,
    facet_matrix,
    facet_terms,
)
from caloris.solve.network import Network, within, without_exchange
from caloris_kernels.conduction.network import conductance_matrix, conducted_heat
from caloris_kernels.constants import STEFAN_BOLTZMANN
from caloris_kernels.numerics.interpolate import cubic_uniform
from caloris_kernels.power.bus import BatteryBank, BusFlow, bus_flow
from caloris_kernels.power.solar_cell import cell_efficiency


class Instant(NamedTuple):
    """Everything outside the nodes at one moment."""

    lit_fraction: Float[Array, ""]
    near: Float[Array, "*band node node"]  # exchange factors of the two bracketing poses (m2)
    far: Float[Array, "*band node node"]
    weight: Float[Array, ""]  # of `far`
    to_space: Float[Array, " *band node"]  # m2
    absorbed_solar: Float[Array, " node"]  # W
    absorbed_albedo: Float[Array, " node"]  # W
    absorbed_infrared: Float[Array, " node"]  # W, of the planet; 0 where it depends on the temperature
    light: Float[Array, "array node"]  # W on solar cells
    heat: Float[Array, " node"]  # W
    electrical_heat: Float[Array, " node"]  # W
    demand: Float[Array, ""]  # W
    facets: FacetInstant | None  # where emittances depend on the temperature


class HeatTerms(NamedTuple):
    """Terms of the heat balance of every node (W); into the node positive unless said otherwise."""

    absorbed: Float[Array, " node"]
    load: Float[Array, " node"]  # loads and electrical losses
    extracted: Float[Array, " node"]  # leaves as electrical power, positive out
    exchanged: Float[Array, " node"]  # net infrared from other surfaces and by radiative links
    conducted: Float[Array, " node"]
    to_space: Float[Array, " node"]  # net, positive out


# What the stepper, its preconditioner, the balance and the audit all ask for is a compiled function inside theirs:
# it is traced and lowered once, not once for each.
@jax.jit
def at_time(network: Network, time: Float[Array, ""], segment: Int[Array, ""]) -> Instant:
    """Interpolate every table at `time` (s) inside `segment`; one-sided at the segment's ends."""
    start, end = network.edges[segment], network.edges[segment + 1]
    width = end - start
    x = jnp.where(width > 0, (time - start) / jnp.where(width > 0, width, 1.0), 0.0)
    lit = cubic_uniform(network.lit_fraction[segment], x * (network.lit_fraction.shape[1] - 1), False)
    first, second = network.pose_index[segment, 0], network.pose_index[segment, 1]
    weight = cubic_uniform(network.pose_weight[segment], x * (network.pose_weight.shape[1] - 1), False)
    near, far = _bracket(network, segment)
    position = 1.0 + time / network.duration * (network.surroundings.shape[0] - 3)
    row = cubic_uniform(network.surroundings, position, False)
    arrays = (row.shape[0] - 3) // 2
    between = lambda table: table[segment, 0] + x * (table[segment, 1] - table[segment, 0])  # noqa: E731
    return Instant(
        lit_fraction=lit,
        near=near,
        far=far,
        weight=weight,
        to_space=(1.0 - weight) * network.to_space[first] + weight * network.to_space[second],
        absorbed_solar=lit * row[0],
        absorbed_albedo=row[1],
        absorbed_infrared=row[2],
        light=lit * row[3 : 3 + arrays] + row[3 + arrays :],
        heat=between(network.heat),
        electrical_heat=between(network.electrical_heat),
        demand=between(network.demand),
        facets=None if network.facets is None else _facets_at(network.facets, (first, second), weight, position),
    )


def _facets_at(
    facets: FacetRadiation, poses: tuple[Array, Array], weight: Float[Array, ""], position: Float[Array, ""]
) -> FacetInstant:
    """The two bracketing poses, or the only one."""
    incident = cubic_uniform(facets.incident, position, False)
    if facets.exchange.poses == 1:
        return FacetInstant(poses[0][None], jnp.ones(1), incident[None])
    weights = jnp.stack([1.0 - weight, weight])
    return FacetInstant(jnp.stack(poses), weights, weights[:, None] * incident)


def _bracket(network: Network, segment: Int[Array, ""]) -> tuple[Array, Array]:
    local = within(network, segment).bracket
    assert local is not None
    return local


def average(network: Network) -> Instant:
    """The mean of every table over the timeline, for a steady state under mean loads and mean exchange.

    By 4 Gauss points a panel, with as many panels in all as the grid has intervals: a segment holds kinks that
    are no event, above all where a facet turns away from the Sun.
    """
    segments = network.edges.shape[0] - 1
    panels = max(1, -(-(network.surroundings.shape[0] - 3) // segments))
    points = 4 * panels
    abscissa = jnp.asarray([-0.8611363115940526, -0.3399810435848563, 0.3399810435848563, 0.8611363115940526])
    share = jnp.asarray([0.3478548451374538, 0.6521451548625461, 0.6521451548625461, 0.3478548451374538]) / 2
    abscissa = ((jnp.arange(panels)[:, None] + 0.5 * (1.0 + abscissa)) / panels).ravel()
    share = jnp.tile(share, panels) / panels
    width = jnp.diff(network.edges)
    time = (network.edges[:-1, None] + abscissa * width[:, None]).ravel()
    segment = jnp.repeat(jnp.arange(segments), points)
    mean = (width[:, None] * share).ravel() / network.duration
    light = without_exchange(network)._replace(facets=None)
    sampled = jax.vmap(lambda t, s: at_time(light, t, s))(time, segment)
    moment = jax.tree.map(lambda value: jnp.tensordot(mean, value, 1), sampled)
    poses, samples = network.exchange.shape[0], jnp.arange(time.shape[0])
    share = jnp.zeros((time.shape[0], poses)).at[samples, network.pose_index[segment, 0]].add(1.0 - sampled.weight)
    share = share.at[samples, network.pose_index[segment, 1]].add(sampled.weight)
    share = mean[:, None] * share
    pose = jnp.sum(share, axis=0)
    factors = jnp.tensordot(pose, network.exchange, 1)
    facets = None
    if network.facets is not None:
        position = 1.0 + time / network.duration * (network.surroundings.shape[0] - 3)
        table = network.facets.incident
        incident = jax.vmap(lambda at: cubic_uniform(table, at, False))(position)
        facets = FacetInstant(jnp.arange(poses), pose, share.T @ incident)
    return moment._replace(near=factors, far=factors, weight=jnp.zeros(()), facets=facets)


def power_flow(
    network: Network, instant: Instant, temperature: Float[Array, " node"], charge: Float[Array, " battery"]
) -> tuple[Float[Array, "array node"], BusFlow | None]:
    """Power that each node's cells could give (W), and what the bus makes of it (None without a bus).

    Without a bus the cells work at their maximum-power point and everything leaves the spacecraft's balance.
    """
    if network.cells is None:
        available = jnp.zeros((0, temperature.shape[0]))
    else:
        cells = [column[:, None] for column in network.cells]
        available = instant.light * cell_efficiency(temperature[None, :], *cells)
    if network.bus_efficiency is None:
        return available, None
    return available, _flow(network, instant, jnp.sum(available), charge)


def _flow(network: Network, instant: Instant, total: Float[Array, ""], charge: Float[Array, " battery"]) -> BusFlow:
    """The bus at one instant, with or without batteries."""
    assert network.bus_efficiency is not None
    bank = BatteryBank(*[jnp.zeros(0)] * 5) if network.bank is None else network.bank
    return bus_flow(total, instant.demand, charge, bank, network.bus_efficiency)


def _electrical_heat(
    network: Network, instant: Instant, available: Float[Array, "array node"], flow: BusFlow | None
) -> tuple[Float[Array, " node"], Float[Array, " node"]]:
    """Heat of loads and losses, and power extracted from the cells (W per node)."""
    cells = jnp.sum(available, axis=0)
    if flow is None:
        return instant.heat + instant.electrical_heat, cells
    assert network.loss_node is not None
    load = instant.heat + flow.served_fraction * instant.electrical_heat
    load = load.at[network.loss_node].add(flow.bus_loss)
    if network.battery_node is not None:
        load = load.at[network.battery_node].add(flow.battery_loss)
    return load, flow.used_fraction * cells


class _Radiation(NamedTuple):
    """Thermal radiation of every node (W)."""

    exchanged: Float[Array, " node"]
    to_space: Float[Array, " node"]
    from_planet: Float[Array, " node"]


def _times(factors: Float[Array, "*band node node"], emissive: Float[Array, " *band node"]) -> Float[Array, " node"]:
    """Sum over nodes, and over bands where there are several."""
    return factors @ emissive if emissive.ndim == 1 else jnp.einsum("bij,bj->i", factors, emissive)


def _over_bands(power: Float[Array, " *band node"]) -> Float[Array, " node"]:
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
    near, far = _times(instant.near, emissive), _times(instant.far, emissive)
    absorbed = near + instant.weight * (far - near)
    escaping = instant.to_space * emissive
    exchanged = absorbed - _over_bands(network.emission * emissive - escaping)
    sky = emissive_power(edge, cold)
    space = _over_bands(escaping - instant.to_space * (sky if sky.ndim == 0 else sky[:, None]))
    return _Radiation(exchanged, space, instant.absorbed_infrared)


@jax.jit
def heat_terms(
    network: Network, instant: Instant, temperature: Float[Array, " node"], charge: Float[Array, " battery"]
) -> tuple[HeatTerms, Float[Array, "array node"], BusFlow | None]:
    """Every term of the heat balance at one instant (W per node), and the power flows behind it."""
    available, flow = power_flow(network, instant, temperature, charge)
    load, extracted = _electrical_heat(network, instant, available, flow)
    radiation = _radiation(network, instant, temperature)
    linked = jnp.zeros_like(temperature)
    if network.radiative_pair.shape[0]:
        linked = conducted_heat(network.radiative_pair, network.radiative_area, STEFAN_BOLTZMANN * temperature**4)
    terms = HeatTerms(
        absorbed=instant.absorbed_solar + instant.absorbed_albedo + radiation.from_planet,
        load=load,
        extracted=extracted,
        exchanged=radiation.exchanged + linked,
        conducted=conducted_heat(network.pair, network.conductance, temperature),
        to_space=radiation.to_space,
    )
    return terms, available, flow


def net_heat(terms: HeatTerms) -> Float[Array, " node"]:
    """Sum of all terms: heat stored in each node per second (W)."""
    return terms.absorbed + terms.load - terms.extracted + terms.exchanged + terms.conducted - terms.to_space


def network_rate(network: Network, instant: Instant, state: Float[Array, " state"]) -> Float[Array, " state"]:
    """C dy/dt: net heat of every node (W) and of every battery (W).

    C_a dT_a/dt = absorbed_a + load_a - extracted_a + sum_b G_ab sigma T_b^4 - e_a sigma T_a^4
                  + g_a sigma T_space^4 + sum_b k_ab (T_b - T_a)

    with G, g, e from `caloris_kernels.radiative.radiosity.exchange_factors`, summed over bands of wavelength where
    there are several; emittances that depend on the temperature: `caloris.solve.facet_radiation`. Boundary nodes are
    pulled to their given temperature with 1 W/K, so that their row is never singular; they start there and stay.
    """
    nodes = network.free.shape[0]
    temperature, charge = state[:nodes], state[nodes:]
    terms, _, flow = heat_terms(network, instant, temperature, charge)
    held = network.boundary_temperature - temperature
    rate = jnp.where(network.free > 0, net_heat(terms), held)
    if charge.shape[0] == 0 or flow is None:
        return jnp.concatenate([rate, jnp.zeros_like(charge)])
    return jnp.concatenate([rate, flow.stored_power])


@jax.jit
def network_matrix(network: Network, instant: Instant, state: Float[Array, " state"]) -> Float[Array, "state state"]:
    """K = -d(network_rate)/dy, dense and exact (up to the kinks of the power flow)."""
    nodes = network.free.shape[0]
    temperature, charge = state[:nodes], state[nodes:]
    size = state.shape[0]
    matrix = conductance_matrix(network.pair, network.conductance, nodes) + _radiation_matrix(
        network, instant, temperature
    )
    if network.radiative_pair.shape[0]:
        slope = 4.0 * STEFAN_BOLTZMANN * temperature**3
        matrix = matrix + conductance_matrix(network.radiative_pair, network.radiative_area, nodes) * slope
    matrix = jnp.pad(matrix, ((0, size - nodes), (0, size - nodes)))
    if network.cells is not None:
        matrix = matrix - _power_jacobian(network, instant, temperature, charge)
    free = jnp.concatenate([network.free, jnp.ones(size - nodes)])
    held = jnp.concatenate([1.0 - network.free, jnp.zeros(size - nodes)])
    return free[:, None] * matrix + jnp.diag(held)


def _radiation_matrix(
    network: Network, instant: Instant, temperature: Float[Array, " node"]
) -> Float[Array, "node node"]:
    """-d/dT of the net heat of thermal radiation (W K-1)."""
    edge = network.band_edge
    if network.facets is not None and instant.facets is not None:
        return facet_matrix(network.facets, instant.facets, edge, temperature, network.space_temperature)
    slope = 4.0 * STEFAN_BOLTZMANN * temperature**3 if edge is None else emissive_slope(edge, temperature)
    factors = instant.near + instant.weight * (instant.far - instant.near)
    received = factors * slope[..., None, :]
    if received.ndim == 3:
        received = jnp.sum(received, axis=0)
    return jnp.diag(_over_bands(network.emission * slope)) - received


def _power_jacobian(
    network: Network, instant: Instant, temperature: Float[Array, " node"], charge: Float[Array, " battery"]
) -> Float[Array, "state state"]:
    """d(heat, stored power)/d(T, charge) of the electrical terms: a diagonal and a few outer products.

    The bus sees the cells only through their total power P, so that dQ/dT = diag + (dQ/dP) dP/dT.
    """
    assert network.cells is not None
    nodes = temperature.shape[0]
    cells = [column[:, None] for column in network.cells]

    def power(temperature):
        return jnp.sum(instant.light * cell_efficiency(temperature[None, :], *cells), axis=0)

    each, slope = jax.jvp(power, (temperature,), (jnp.ones_like(temperature),))

    size = nodes + charge.shape[0]
    diagonal = jnp.arange(nodes)
    if network.bus_efficiency is None:
        return jnp.zeros((size, size)).at[diagonal, diagonal].set(-slope)

    def heat(total, charge):
        flow = _flow(network, instant, total, charge)
        load, extracted = _electrical_heat(network, instant, each[None, :], flow)
        return jnp.concatenate([load - extracted, flow.stored_power]), flow.used_fraction

    (by_total, by_charge), used = jax.jacfwd(heat, argnums=(0, 1), has_aux=True)(jnp.sum(each), charge)
    row = jnp.concatenate([slope, jnp.zeros(size - nodes)])
    matrix = by_total[:, None] * row[None, :]
    return matrix.at[:, nodes:].add(by_charge).at[diagonal, diagonal].add(-used * slope)
