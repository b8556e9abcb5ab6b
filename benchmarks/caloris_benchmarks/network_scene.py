"""A plate of conducting and radiating nodes in orbit, as a System of the steppers: for benchmarks and tests."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from caloris_kernels.conduction.couplings import (
    CoupledSlopes,
    Couplings,
    RowLayout,
    coupled_heat,
    coupled_slopes,
    in_rows,
    row_layout,
    slopes_product,
)
from caloris_kernels.constants import STEFAN_BOLTZMANN
from caloris_kernels.stepping.system import System

PERIOD = 5700.0  # s
EDGES = np.array([0.0, 1800.0, 3900.0, 5700.0])  # s: sunlight, eclipse, sunlight
SPACE_TEMPERATURE = 3.0  # K


class Plate(NamedTuple):
    """The physical numbers: conductive and radiative links, loss to space, capacities and periodic loads."""

    conductance: Float[Array, " conduction"]  # W K-1
    area: Float[Array, " radiation"]  # m2, of radiative exchange, emittances included
    to_space: Float[Array, " node"]  # W K-4
    heat_capacity: Float[Array, " node"]  # J K-1
    heat_load: Float[Array, " node"]  # W, steady
    solar_load: Float[Array, " node"]  # W, peak in sunlight
    phase: Float[Array, " node"]  # rad
    sunlit: Float[Array, " segment"]  # -, 1 in sunlight


class Links(NamedTuple):
    """Where the links are."""

    layout: RowLayout
    conducting: Int[Array, "conduction 2"]  # pairs of nodes
    radiating: Int[Array, "radiation 2"]


class Network(NamedTuple):
    """What the stepper works on: a plate with its links in rows."""

    couplings: Couplings
    plate: Plate


class _Linearization(NamedTuple):
    links: CoupledSlopes
    space: Array  # W K-1


def assemble(links: Links, plate: Plate) -> Network:
    """The plate's links in rows; differentiable, so that a link is one number and not one at each end."""
    return Network(in_rows(links.layout, plate.conductance, plate.area), plate)


def load(t: Array, plate: Plate, segment: Array) -> Float[Array, " node"]:
    """Heat into each node (W): steady, and a cosine over the orbit where the segment is sunlit."""
    wave = 0.5 * (1.0 + jnp.cos(2.0 * np.pi / PERIOD * t + plate.phase))
    return plate.heat_load + plate.sunlit[segment] * plate.solar_load * wave


def _rate(t: Array, y: Array, p: Network, segment: Array) -> Array:
    conducted, radiated = coupled_heat(p.couplings, y)
    return load(t, p.plate, segment) + conducted + radiated - p.plate.to_space * (y**4 - SPACE_TEMPERATURE**4)


def _linearize(t: Array, y: Array, p: Network, segment: Array) -> _Linearization:
    links = coupled_slopes(p.couplings, y)
    return _Linearization(links, p.plate.to_space * links.slope)


NETWORK = System(
    rate=_rate,
    mass=lambda p: p.plate.heat_capacity,
    linearize=_linearize,
    apply=lambda k, v: k.space * v + slopes_product(k.links, v),
    apply_transpose=lambda k, v: k.space * v + slopes_product(k.links, v, True),
    diagonal=lambda k: k.space + k.links.diagonal,
)


def _shape(nodes: int) -> tuple[int, int]:
    """Rows and columns of the plate, as near to a square as `nodes` allows."""
    rows = next(rows for rows in range(int(nodes**0.5), 0, -1) if nodes % rows == 0)
    return rows, nodes // rows


def _conducting(rows: int, columns: int) -> np.ndarray:
    """Pairs of neighbors on the plate."""
    identity = np.arange(rows * columns).reshape(rows, columns)
    along = np.stack([identity[:-1].ravel(), identity[1:].ravel()], 1)
    across = np.stack([identity[:, :-1].ravel(), identity[:, 1:].ravel()], 1)
    return np.concatenate([along, across])


def _radiating(rows: int, columns: int, tries: int, random: np.random.Generator) -> np.ndarray:
    """Pairs of nodes at most 6 rows and columns apart, a little less than half as many a node as `tries`."""
    nodes = rows * columns
    row, column = np.divmod(np.repeat(np.arange(nodes), tries), columns)
    other_row = np.clip(row + random.integers(-6, 7, row.size), 0, rows - 1)
    other_column = np.clip(column + random.integers(-6, 7, row.size), 0, columns - 1)
    return _unique(row * columns + column, other_row * columns + other_column, nodes)


def _unique(first: np.ndarray, second: np.ndarray, nodes: int) -> np.ndarray:
    """The pairs with first < second, each once, in ascending order."""
    code = np.unique((first * nodes + second)[first < second])
    return np.stack(np.divmod(code, nodes), 1)


def plate(
    nodes: int, *, seed: int = 0, algebraic: int = 0, foils: float = 0.0, tries: int = 8, hubs: int = 0
) -> tuple[Links, Plate]:
    """A plate of `nodes` nodes with random links, capacities of 1 to 1e5 J/K and orbital loads.

    15 % of the nodes are foils of 1 to 5 J/K, 10 % are heavy; `algebraic` nodes have no capacity. foils: this part of
    the nodes has 1 J/K instead, and all conductances are 20 times as large: the hard case for an implicit solver.
    tries: about twice the radiative links a node. hubs: so many nodes radiate to 1000 others each.
    """
    random = np.random.default_rng(seed)
    rows, columns = _shape(nodes)
    conducting = _conducting(rows, columns)
    radiating = _radiating(rows, columns, tries, random)
    conductance = random.uniform(0.05, 0.5, len(conducting)) * (20.0 if foils else 1.0)
    area = random.uniform(1e-4, 2e-3, len(radiating))
    if hubs:
        hub = np.repeat(random.choice(nodes, hubs, replace=False), 1000)
        other = random.integers(0, nodes, hub.size)
        ends = np.concatenate([radiating, np.stack([np.minimum(hub, other), np.maximum(hub, other)], 1)])
        radiating = _unique(ends[:, 0], ends[:, 1], nodes)
        area = random.uniform(1e-4, 2e-3, len(radiating))
    kind = random.random(nodes)
    capacity = random.uniform(50.0, 500.0, nodes)
    capacity = np.where(kind < 0.15, random.uniform(1.0, 5.0, nodes), capacity)
    capacity = np.where(kind > 0.9, 10.0 ** random.uniform(4.0, 5.0, nodes), capacity)
    capacity[random.choice(nodes, algebraic, replace=False)] = 0.0
    numbers = {
        "conductance": conductance,
        "area": area,
        "to_space": random.uniform(0.005, 0.01, nodes) * STEFAN_BOLTZMANN,
        "heat_load": random.uniform(0.0, 5.0, nodes),
        "solar_load": random.uniform(0.0, 8.0, nodes) * (random.random(nodes) < 0.5),
        "phase": random.uniform(0.0, 2.0 * np.pi, nodes),
        "sunlit": np.array([1.0, 0.0, 1.0]),
    }
    if foils:
        capacity = np.where(random.random(nodes) < foils, 1.0, capacity)
    numbers["heat_capacity"] = capacity
    pairs = [jnp.asarray(pair, jnp.int32) for pair in (conducting, radiating)]
    links = Links(row_layout(conducting, radiating, nodes), *pairs)
    return links, Plate(**{name: jnp.asarray(value) for name, value in numbers.items()})


def network(nodes: int, **options) -> Network:
    """`plate` with its links in rows."""
    return assemble(*plate(nodes, **options))
