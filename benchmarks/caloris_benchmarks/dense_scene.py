"""A small radiating and conducting network with dense matrices, as a System of the steppers: quick to compile."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris_kernels.constants import STEFAN_BOLTZMANN
from caloris_kernels.stepping.system import System

PERIOD = 5700.0  # s


class Enclosure(NamedTuple):
    """Nodes that conduct and radiate to one another and to space, with loads that jump at eclipse."""

    conductance: Float[Array, "node node"]  # W K-1, symmetric, zero diagonal
    exchange: Float[Array, "node node"]  # W K-4, symmetric, zero diagonal
    to_space: Float[Array, " node"]  # W K-4
    heat_capacity: Float[Array, " node"]  # J K-1
    heat_load: Float[Array, " node"]  # W
    solar_load: Float[Array, " node"]  # W
    phase: Float[Array, " node"]  # rad
    sunlit: Float[Array, " segment"]  # -


class _Linearization(NamedTuple):
    conductance: Array
    exchange: Array
    radiative: Array
    diagonal: Array


def load(t: Array, p: Enclosure, segment: Array) -> Float[Array, " node"]:
    """Heat into each node (W)."""
    wave = 1.0 + 0.5 * jnp.cos(2.0 * np.pi / PERIOD * t + p.phase)
    return p.heat_load + p.sunlit[segment] * p.solar_load * wave


def _rate(t: Array, y: Array, p: Enclosure, segment: Array) -> Array:
    fourth = y**4
    conducted = p.conductance @ y - p.conductance.sum(1) * y
    radiated = p.exchange @ fourth - (p.exchange.sum(1) + p.to_space) * fourth
    return load(t, p, segment) + conducted + radiated


def _linearize(t: Array, y: Array, p: Enclosure, segment: Array) -> _Linearization:
    radiative = 4.0 * y**3
    diagonal = p.conductance.sum(1) + (p.exchange.sum(1) + p.to_space) * radiative
    return _Linearization(p.conductance, p.exchange, radiative, diagonal)


def _apply(k: _Linearization, v: Array) -> Array:
    return k.diagonal * v - k.conductance @ v - k.exchange @ (k.radiative * v)


def _apply_transpose(k: _Linearization, v: Array) -> Array:
    return k.diagonal * v - v @ k.conductance - k.radiative * (v @ k.exchange)


ENCLOSURE = System(
    rate=_rate,
    mass=lambda p: p.heat_capacity,
    linearize=_linearize,
    apply=_apply,
    apply_transpose=_apply_transpose,
    diagonal=lambda k: k.diagonal,
)


def enclosure(nodes: int, *, seed: int = 0, algebraic: int = 2) -> Enclosure:
    """Random links and loads, capacities of 1 to 1e4 J/K; the first `algebraic` nodes have no capacity."""
    random = np.random.default_rng(seed)
    conductance = np.triu(random.uniform(0.0, 0.5, (nodes, nodes)) * (random.random((nodes, nodes)) < 4 / nodes), 1)
    exchange = np.triu(random.uniform(0.0, 0.06 / nodes, (nodes, nodes)), 1) * STEFAN_BOLTZMANN
    capacity = 10.0 ** random.uniform(0.0, 4.0, nodes)
    capacity[:algebraic] = 0.0
    return Enclosure(
        conductance=jnp.asarray(conductance + conductance.T),
        exchange=jnp.asarray(exchange + exchange.T),
        to_space=jnp.asarray(random.uniform(0.01, 0.02, nodes) * STEFAN_BOLTZMANN),
        heat_capacity=jnp.asarray(capacity),
        heat_load=jnp.asarray(random.uniform(2.0, 5.0, nodes)),
        solar_load=jnp.asarray(random.uniform(0.0, 8.0, nodes)),
        phase=jnp.asarray(random.uniform(0.0, 2.0 * np.pi, nodes)),
        sunlit=jnp.array([1.0, 0.0, 1.0]),
    )
