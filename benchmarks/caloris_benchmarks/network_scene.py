"""A plate of conducting and radiating nodes in orbit, as a System of the steppers: for benchmarks and tests.

The network is stored as ELL rows ([link, node], each link once at either end), so that every product is a
sum of gathers accumulated row by row: three to five times faster on a CPU than one two-dimensional gather
with a sum, and transposed products need no scatter.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from caloris_kernels.constants import STEFAN_BOLTZMANN
from caloris_kernels.stepping.system import System

PERIOD = 5700.0  # s
EDGES = np.array([0.0, 1800.0, 3900.0, 5700.0])  # s: sunlight, eclipse, sunlight
SPACE_TEMPERATURE = 3.0  # K


class Network(NamedTuple):
    """Conduction and radiation between nodes, loss to space, capacities and periodic loads."""

    neighbor: Int[Array, "link node"]
    conductance: Float[Array, "link node"]  # W K-1
    exchange: Float[Array, "link node"]  # W K-4
    to_space: Float[Array, " node"]  # W K-4
    heat_capacity: Float[Array, " node"]  # J K-1
    heat_load: Float[Array, " node"]  # W, steady
    solar_load: Float[Array, " node"]  # W, peak in sunlight
    phase: Float[Array, " node"]  # rad
    sunlit: Float[Array, " segment"]  # -, 1 in sunlight


class _Linearization(NamedTuple):
    conductance: Array
    exchange: Array
    neighbor: Array
    radiative: Array  # 4 T^3
    diagonal: Array


def _rows(network_neighbor: Array, term) -> Array:
    total = term(0, network_neighbor[0])
    for link in range(1, network_neighbor.shape[0]):
        total = total + term(link, network_neighbor[link])
    return total


def _take(values: Array, index: Array) -> Array:
    return values.at[index].get(mode="promise_in_bounds")


def load(t: Array, p: Network, segment: Array) -> Float[Array, " node"]:
    """Heat into each node (W): steady, and a cosine over the orbit where the segment is sunlit."""
    wave = 0.5 * (1.0 + jnp.cos(2.0 * np.pi / PERIOD * t + p.phase))
    return p.heat_load + p.sunlit[segment] * p.solar_load * wave


def _rate(t: Array, y: Array, p: Network, segment: Array) -> Array:
    fourth = y**4

    def term(link: int, index: Array) -> Array:
        conducted = p.conductance[link] * (_take(y, index) - y)
        return conducted + p.exchange[link] * (_take(fourth, index) - fourth)

    space = p.to_space * (fourth - SPACE_TEMPERATURE**4)
    return load(t, p, segment) + _rows(p.neighbor, term) - space


def _linearize(t: Array, y: Array, p: Network, segment: Array) -> _Linearization:
    radiative = 4.0 * y**3
    links = _rows(p.neighbor, lambda link, _: p.conductance[link])
    radiated = _rows(p.neighbor, lambda link, _: p.exchange[link]) + p.to_space
    return _Linearization(p.conductance, p.exchange, p.neighbor, radiative, links + radiated * radiative)


def _apply(k: _Linearization, v: Array) -> Array:
    radiated = k.radiative * v

    def term(link: int, index: Array) -> Array:
        return k.conductance[link] * _take(v, index) + k.exchange[link] * _take(radiated, index)

    return k.diagonal * v - _rows(k.neighbor, term)


def _apply_transpose(k: _Linearization, v: Array) -> Array:
    def term(link: int, index: Array) -> Array:
        return (k.conductance[link] + k.exchange[link] * k.radiative) * _take(v, index)

    return k.diagonal * v - _rows(k.neighbor, term)


NETWORK = System(
    rate=_rate,
    mass=lambda p: p.heat_capacity,
    linearize=_linearize,
    apply=_apply,
    apply_transpose=_apply_transpose,
    diagonal=lambda k: k.diagonal,
)


def _links(side: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of grid neighbors with conductances (W/K) and of near nodes with exchange areas (m2)."""
    identity = np.arange(side * side).reshape(side, side)
    along = np.stack([identity[:-1].ravel(), identity[1:].ravel()], 1)
    across = np.stack([identity[:, :-1].ravel(), identity[:, 1:].ravel()], 1)
    conducting = np.concatenate([along, across])
    row, column = np.divmod(np.repeat(np.arange(side * side), 8), side)
    other_row = np.clip(row + random.integers(-6, 7, row.size), 0, side - 1)
    other_column = np.clip(column + random.integers(-6, 7, row.size), 0, side - 1)
    first, second = row * side + column, other_row * side + other_column
    pairs = np.unique(np.stack([first, second], 1)[first < second], axis=0)
    conductance = random.uniform(0.05, 0.5, len(conducting))
    return conducting, conductance, pairs, random.uniform(1e-4, 2e-3, len(pairs))


def _ell(nodes: int, pairs: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """ELL rows of symmetric links: neighbor and values [column of values, link, node]; padding points home."""
    ends = np.concatenate([pairs, pairs[:, ::-1]])
    order = np.lexsort((ends[:, 1], ends[:, 0]))
    ends, values = ends[order], np.concatenate([values, values])[order]
    rank = np.arange(len(ends)) - np.searchsorted(ends[:, 0], ends[:, 0])
    neighbor = np.tile(np.arange(nodes), (rank.max() + 1, 1))
    table = np.zeros((values.shape[1], rank.max() + 1, nodes))
    neighbor[rank, ends[:, 0]] = ends[:, 1]
    table[:, rank, ends[:, 0]] = values.T
    return neighbor, table


def network(side: int, *, seed: int = 0, algebraic: int = 0) -> Network:
    """A plate of side x side nodes with random links, capacities of 1 to 1e5 J/K and orbital loads.

    15 % of the nodes are foils of 1 to 5 J/K, 10 % are heavy; `algebraic` nodes have no capacity.
    """
    random = np.random.default_rng(seed)
    nodes = side * side
    conducting, conductance, radiating, area = _links(side, random)
    pairs, inverse = np.unique(np.concatenate([conducting, radiating]), axis=0, return_inverse=True)
    values = np.zeros((len(pairs), 2))
    np.add.at(values[:, 0], inverse[: len(conducting)], conductance)
    np.add.at(values[:, 1], inverse[len(conducting) :], area * STEFAN_BOLTZMANN)
    neighbor, (links, exchange) = _ell(nodes, pairs, values)
    kind = random.random(nodes)
    capacity = random.uniform(50.0, 500.0, nodes)
    capacity = np.where(kind < 0.15, random.uniform(1.0, 5.0, nodes), capacity)
    capacity = np.where(kind > 0.9, 10.0 ** random.uniform(4.0, 5.0, nodes), capacity)
    capacity[random.choice(nodes, algebraic, replace=False)] = 0.0
    return Network(
        neighbor=jnp.asarray(neighbor, jnp.int32),
        conductance=jnp.asarray(links),
        exchange=jnp.asarray(exchange),
        to_space=jnp.asarray(random.uniform(0.005, 0.01, nodes) * STEFAN_BOLTZMANN),
        heat_capacity=jnp.asarray(capacity),
        heat_load=jnp.asarray(random.uniform(0.0, 5.0, nodes)),
        solar_load=jnp.asarray(random.uniform(0.0, 8.0, nodes) * (random.random(nodes) < 0.5)),
        phase=jnp.asarray(random.uniform(0.0, 2.0 * np.pi, nodes)),
        sunlit=jnp.array([1.0, 0.0, 1.0]),
    )
