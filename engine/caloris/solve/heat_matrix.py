"""The network's linearization K = -dF/dy: one dense matrix for few nodes, its pieces for many; exact either way."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from caloris.solve.facet_radiation import emissive_slope, facet_matrix
from caloris.solve.instant import Instant
from caloris.solve.network import DENSE_NODES, Network, NodeLinks
from caloris.solve.part_terms import part_blocks, part_terms
from caloris.solve.rates import BusState, auxiliary_load, cell_power, electrical_heat, flow_on_bus, over_bands
from caloris.solve.state import State, sizes
from caloris_kernels.conduction.couplings import CoupledSlopes, coupled_slopes, slopes_product
from caloris_kernels.conduction.network import conductance_matrix, conducted_heat
from caloris_kernels.constants import STEFAN_BOLTZMANN
from caloris_kernels.stepping.upstream import Upstream


class _Outer(NamedTuple):
    """Electrical coupling: the bus answers to three numbers, array power, demand and charge."""

    answer: Float[Array, "state 2"]  # d(right side)/d(array power, demand)
    cause: Float[Array, "2 state"]  # d(array power, demand)/d(physical state)
    by_charge: Float[Array, "state battery"]


class HeatMatrix(NamedTuple):
    """K in pieces; what has no piece is zero."""

    free: Float[Array, " node"]
    stretch: Float[Array, " node"] | None  # dT/dy of every node (-); None: 1
    diagonal: Float[Array, " node"]  # W K-1, radiation and cells
    received: Float[Array, "radiating radiating"] | None  # W K-1, absorbed of what others emit
    radiating: Int[Array, " radiating"]
    facets: Float[Array, "node node"] | None  # W K-1, radiation whose emittances depend on the temperature
    links: NodeLinks
    coupled: CoupledSlopes | None  # pairs, where they stand in rows
    slope: Float[Array, " node"]  # 4 sigma T^3 (W m-2 K-1)
    tabled: Float[Array, "pair 2"] | None  # W K-1, conductances at both ends of pairs with tables
    blocks: tuple[tuple[Int[Array, "part local"], Float[Array, "part local local"]], ...]  # of +dF/dy
    outer: _Outer | None
    others: Float[Array, " other"]  # zeros, as many as there are batteries and auxiliary states


def linearized(network: Network, instant: Instant, state: State, stretch: Array | None) -> Array | HeatMatrix:
    """K at a physical state; stretch: dT/dy. Exact up to the kinks of the power flow."""
    matrix = _pieces(network, instant, state, stretch)
    return _dense(matrix) if network.free.shape[0] <= DENSE_NODES else matrix


def _pieces(network: Network, instant: Instant, state: State, stretch: Array | None) -> HeatMatrix:
    temperature, edge = state.temperature, network.band_edge
    facets = received = None
    diagonal = jnp.zeros_like(temperature)
    if network.facets is not None and instant.facets is not None:
        facets = facet_matrix(network.facets, instant.facets, edge, temperature, network.space_temperature)
    else:
        own = 4.0 * STEFAN_BOLTZMANN * temperature**3 if edge is None else emissive_slope(edge, temperature)
        diagonal = over_bands(network.emission * own)
        factors = instant.near + instant.weight * (instant.far - instant.near)
        received = factors * own[..., None, network.radiating]
        received = received if received.ndim == 2 else jnp.sum(received, axis=0)
    tabled = network.links.tabled
    if tabled is not None:
        tabled = tabled.conductance[:, None] * tabled.theta(temperature)[1]
    outer, cells, served = _electrical(network, instant, state)
    blocks = []
    for block in part_blocks(network, state):
        weight = served if block.electrical else 1.0
        blocks.append((block.states, block.internal + weight * block.source))
    return HeatMatrix(
        free=network.free,
        stretch=stretch,
        diagonal=diagonal + cells,
        received=received,
        radiating=network.radiating,
        facets=facets,
        links=network.links,
        coupled=None if network.links.rows is None else coupled_slopes(network.links.rows, temperature),
        slope=4.0 * STEFAN_BOLTZMANN * temperature**3,
        tabled=tabled,
        blocks=tuple(blocks),
        outer=outer,
        others=jnp.zeros(sum(sizes(network)[1:])),
    )


def _electrical(network: Network, instant: Instant, state: State) -> tuple[_Outer | None, Array, Array]:
    """Outer products, what the cells leave as heat by their slope (W K-1 by node), and the served fraction.

    The bus sees cells and equipment only through the sums of their powers, P and D, so that
    dQ/dy = diagonal + (dQ/dP) dP/dy + (dQ/dD) dD/dy + dQ/d(charge).
    """
    temperature = state.temperature

    def power(temperature: Array) -> Array:
        return jnp.sum(cell_power(network, instant, temperature), axis=0)

    each, slope = jax.jvp(power, (temperature,), (jnp.ones_like(temperature),))
    if network.bus_efficiency is None:
        return None, slope, jnp.ones(())
    parts = part_terms(network, state)

    def answer(bus: BusState) -> tuple[Array, tuple[Array, Array]]:
        flow = flow_on_bus(network, bus)
        assert flow is not None
        load, extracted = electrical_heat(network, instant, parts, each, flow)
        stored = flow.stored_power if state.charge.shape[0] else jnp.zeros(0)
        rows = jnp.concatenate([load - extracted, stored, auxiliary_load(parts, flow)])
        return rows, (flow.used_fraction, flow.served_fraction)

    bus = BusState(jnp.sum(each), instant.demand + parts.demand, state.charge)
    by, (used, served) = jax.jacfwd(answer, has_aux=True)(bus)
    size = sum(sizes(network))
    cause = jnp.zeros((2, size)).at[0, : slope.shape[0]].set(slope)
    for block in part_blocks(network, state):
        if block.electrical:
            cause = cause.at[1, block.states].add(jnp.sum(block.source, axis=1))
    return _Outer(jnp.stack([by.available, by.demand], axis=1), cause, by.charge), used * slope, served


def _stretched(matrix: HeatMatrix, v: Array) -> Array:
    nodes = matrix.free.shape[0]
    return v if matrix.stretch is None else v.at[:nodes].multiply(matrix.stretch)


def matrix_product(matrix: HeatMatrix, v: Float[Array, " state"]) -> Float[Array, " state"]:
    """K v."""
    nodes, links = matrix.free.shape[0], matrix.links
    v = _stretched(matrix, v)
    node = v[:nodes]
    heat = matrix.diagonal * node
    if matrix.facets is not None:
        heat = heat + matrix.facets @ node
    if matrix.received is not None:
        heat = heat.at[matrix.radiating].add(-(matrix.received @ node[matrix.radiating]))
    heat = heat + _linked(matrix, node, False)
    start, end = links.stream[:, 0], links.stream[:, 1]
    heat = heat.at[end].add(links.capacity_rate * (node[end] - node[start]))
    result = jnp.zeros_like(v).at[:nodes].set(heat)
    for index, block in matrix.blocks:
        result = result.at[index].add(-jnp.einsum("pij,pj->pi", block, v[index]))
    if matrix.outer is not None:
        answer, cause, by_charge = matrix.outer
        rows = answer.shape[0]
        change = answer @ (cause @ v) + by_charge @ v[nodes : nodes + by_charge.shape[1]]
        result = result.at[:rows].add(-change)
    return result.at[:nodes].set(matrix.free * result[:nodes] + (1.0 - matrix.free) * node)


def matrix_transpose_product(matrix: HeatMatrix, v: Float[Array, " state"]) -> Float[Array, " state"]:
    """K^T v."""
    nodes, links = matrix.free.shape[0], matrix.links
    held = (1.0 - matrix.free) * v[:nodes]
    v = v.at[:nodes].multiply(matrix.free)
    node = v[:nodes]
    heat = matrix.diagonal * node + held
    if matrix.facets is not None:
        heat = heat + node @ matrix.facets
    if matrix.received is not None:
        heat = heat.at[matrix.radiating].add(-(node[matrix.radiating] @ matrix.received))
    heat = heat + _linked(matrix, node, True)
    start, end = links.stream[:, 0], links.stream[:, 1]
    pulled = links.capacity_rate * node[end]
    heat = heat.at[end].add(pulled).at[start].add(-pulled)
    result = jnp.zeros_like(v).at[:nodes].set(heat)
    for index, block in matrix.blocks:
        result = result.at[index].add(-jnp.einsum("pij,pi->pj", block, v[index]))
    if matrix.outer is not None:
        answer, cause, by_charge = matrix.outer
        rows = v[: answer.shape[0]]
        result = result - (rows @ answer) @ cause
        result = result.at[nodes : nodes + by_charge.shape[1]].add(-(rows @ by_charge))
    return _stretched(matrix, result)


def matrix_diagonal(matrix: HeatMatrix) -> Float[Array, " state"]:
    """The diagonal of K."""
    nodes, links = matrix.free.shape[0], matrix.links
    heat = matrix.diagonal
    if matrix.facets is not None:
        heat = heat + jnp.diagonal(matrix.facets)
    if matrix.received is not None:
        heat = heat.at[matrix.radiating].add(-jnp.diagonal(matrix.received))
    if matrix.coupled is not None:
        heat = heat + matrix.coupled.diagonal
    else:
        for end in (0, 1):
            heat = heat.at[links.pair[:, end]].add(links.conductance)
            node = links.radiative_pair[:, end]
            heat = heat.at[node].add(links.radiative_area * matrix.slope[node])
    heat = heat.at[links.stream[:, 1]].add(links.capacity_rate)
    if links.tabled is not None:
        heat = heat.at[links.tabled.pair].add(matrix.tabled)
    result = jnp.concatenate([heat, matrix.others])
    for index, block in matrix.blocks:
        same = index[:, :, None] == index[:, None, :]  # a heater may be controlled by the node that it heats
        result = result.at[index].add(-jnp.sum(jnp.where(same, block, 0.0), axis=2))
    if matrix.outer is not None:
        answer, cause, by_charge = matrix.outer
        rows, batteries = answer.shape[0], by_charge.shape[1]
        result = result.at[:rows].add(-jnp.sum(answer * cause[:, :rows].T, axis=1))
        result = result.at[nodes : nodes + batteries].add(-jnp.diagonal(by_charge[nodes:]))
    result = result.at[:nodes].set(matrix.free * result[:nodes] + 1.0 - matrix.free)
    return _stretched(matrix, result)


def matrix_upstream(matrix: HeatMatrix | Float[Array, "state state"], size: int) -> Upstream:
    """The strongest stream into each of `size` states; of a dense matrix, the entry that exceeds its transpose most."""
    if not isinstance(matrix, HeatMatrix):
        one_way = matrix.T - matrix
        state = jnp.argmax(one_way, axis=1)
        row = jnp.arange(size)
        return Upstream(state, jnp.where(one_way[row, state] > 0.0, jnp.maximum(-matrix[row, state], 0.0), 0.0))
    start, end = matrix.links.stream[:, 0], matrix.links.stream[:, 1]
    rate = matrix.links.capacity_rate * matrix.free[end]
    pull = jnp.zeros(size).at[end].max(rate)
    strongest = jnp.where((rate == pull[end]) & (rate > 0.0), end, size)
    state = jnp.arange(size).at[strongest].set(start, mode="drop")
    return Upstream(state, pull if matrix.stretch is None else pull * _stretched(matrix, jnp.ones(size))[state])


def _linked(matrix: HeatMatrix, node: Float[Array, " node"], transpose: bool) -> Float[Array, " node"]:
    """K v, or K^T v, of conduction and given radiative couplings."""
    links, slope = matrix.links, matrix.slope
    if matrix.coupled is not None:
        heat = slopes_product(matrix.coupled, node, transpose)
    else:
        heat = -conducted_heat(links.pair, links.conductance, node)
        inner, outer = (node, slope) if transpose else (slope * node, 1.0)
        heat = heat - outer * conducted_heat(links.radiative_pair, links.radiative_area, inner)
    if links.tabled is None or matrix.tabled is None:
        return heat
    pair, by_end = links.tabled.pair, matrix.tabled
    at = node[pair]
    if transpose:
        change = by_end * (at - at[:, ::-1])
    else:
        flow = by_end[:, 0] * at[:, 0] - by_end[:, 1] * at[:, 1]
        change = jnp.stack([flow, -flow], axis=1)
    return heat.at[pair].add(change)


def _dense(matrix: HeatMatrix) -> Float[Array, "state state"]:
    """K whole."""
    nodes, links = matrix.free.shape[0], matrix.links
    heat = jnp.diag(matrix.diagonal) + conductance_matrix(links.pair, links.conductance, nodes)
    if matrix.facets is not None:
        heat = heat + matrix.facets
    if matrix.received is not None:
        seen = matrix.radiating
        every = seen.shape[0] == nodes  # in order, so that the factors are a matrix over all nodes already
        heat = heat - matrix.received if every else heat.at[seen[:, None], seen[None, :]].add(-matrix.received)
    if links.radiative_pair.shape[0]:
        heat = heat + conductance_matrix(links.radiative_pair, links.radiative_area, nodes) * matrix.slope
    if links.tabled is not None and matrix.tabled is not None:
        first, second = links.tabled.pair.T
        here, there = matrix.tabled.T
        heat = heat.at[first, first].add(here).at[first, second].add(-there)
        heat = heat.at[second, second].add(there).at[second, first].add(-here)
    start, end = links.stream[:, 0], links.stream[:, 1]
    heat = heat.at[end, end].add(links.capacity_rate).at[end, start].add(-links.capacity_rate)
    beyond = matrix.others.shape[0]
    result = jnp.pad(heat, ((0, beyond), (0, beyond)))
    for index, block in matrix.blocks:
        result = result.at[index[:, :, None], index[:, None, :]].add(-block)
    if matrix.outer is not None:
        answer, cause, by_charge = matrix.outer
        rows, batteries = answer.shape[0], by_charge.shape[1]
        result = result.at[:rows].add(-(answer @ cause))
        result = result.at[:rows, nodes : nodes + batteries].add(-by_charge)
    free = jnp.concatenate([matrix.free, jnp.ones(beyond)])
    held = jnp.concatenate([1.0 - matrix.free, jnp.zeros(beyond)])
    result = free[:, None] * result + jnp.diag(held)
    if matrix.stretch is None:
        return result
    return result.at[:, :nodes].multiply(matrix.stretch)
