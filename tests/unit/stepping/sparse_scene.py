"""Nodes with any list of couplings, one-way ones included, as a System of the steppers: for hard cases in tests."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from caloris_kernels.constants import STEFAN_BOLTZMANN
from caloris_kernels.stepping.system import System


class Couplings(NamedTuple):
    """Nodes that conduct and radiate in pairs, are fed by one-way flows, and lose heat to space."""

    pair: Int[Array, "pair 2"]
    conductance: Float[Array, " pair"]  # W K-1
    exchange: Float[Array, " pair"]  # W K-4
    flow: Int[Array, "flow 2"]  # from, to
    capacity_rate: Float[Array, " flow"]  # W K-1, mass flow times specific heat
    to_space: Float[Array, " node"]  # W K-4
    heat_capacity: Float[Array, " node"]  # J K-1
    heat_load: Float[Array, " node"]  # W
    factor: Float[Array, " segment"]  # of the loads, by segment of time


class _Linearization(NamedTuple):
    p: Couplings
    slope: Float[Array, " node"]  # 4 T^3


def _rate(t: Array, y: Array, p: Couplings, segment: Array) -> Array:
    first, second, source, target = *p.pair.T, *p.flow.T
    fourth = y**4
    heat = p.conductance * (y[second] - y[first]) + p.exchange * (fourth[second] - fourth[first])
    carried = p.capacity_rate * (y[source] - y[target])
    total = p.heat_load * p.factor[segment] - p.to_space * fourth
    return total.at[first].add(heat).at[second].add(-heat).at[target].add(carried)


def _apply(k: _Linearization, v: Array) -> Array:
    p, radiated = k.p, k.slope * v
    first, second, source, target = *p.pair.T, *p.flow.T
    heat = p.conductance * (v[second] - v[first]) + p.exchange * (radiated[second] - radiated[first])
    carried = p.capacity_rate * (v[source] - v[target])
    return (p.to_space * radiated).at[first].add(-heat).at[second].add(heat).at[target].add(-carried)


def _apply_transpose(k: _Linearization, v: Array) -> Array:
    p = k.p
    first, second, source, target = *p.pair.T, *p.flow.T
    step = v[first] - v[second]
    total = p.to_space * k.slope * v
    total = total.at[first].add((p.conductance + p.exchange * k.slope[first]) * step)
    total = total.at[second].add(-(p.conductance + p.exchange * k.slope[second]) * step)
    return total.at[source].add(-p.capacity_rate * v[target]).at[target].add(p.capacity_rate * v[target])


def _diagonal(k: _Linearization) -> Array:
    p = k.p
    first, second, target = *p.pair.T, p.flow[:, 1]
    total = p.to_space * k.slope
    total = total.at[first].add(p.conductance + p.exchange * k.slope[first])
    total = total.at[second].add(p.conductance + p.exchange * k.slope[second])
    return total.at[target].add(p.capacity_rate)


SPARSE = System(
    rate=_rate,
    mass=lambda p: p.heat_capacity,
    linearize=lambda t, y, p, segment: _Linearization(p, 4.0 * y**3),
    apply=_apply,
    apply_transpose=_apply_transpose,
    diagonal=_diagonal,
)


def couplings(
    nodes: int,
    *,
    conduction: list[tuple[int, int, float]] | None = None,
    radiation: list[tuple[int, int, float]] | None = None,
    flow: list[tuple[int, int, float]] | None = None,
    area_to_space: list[float] | float = 0.0,
    heat_capacity: list[float] | float = 100.0,
    heat_load: list[float] | float = 0.0,
    factor: tuple[float, ...] = (1.0,),
) -> Couplings:
    """Couplings by lists of (node, node, W/K), (node, node, m2) and (from, to, W/K); area_to_space in m2, black.

    Values that are one number hold for all nodes.
    """
    conduction, radiation, flow = conduction or [], radiation or [], flow or []
    pairs = np.array([link[:2] for link in [*conduction, *radiation]], np.int32).reshape(-1, 2)

    def fill(value: list[float] | float) -> Array:
        return jnp.broadcast_to(jnp.asarray(value, float), (nodes,))

    return Couplings(
        pair=jnp.asarray(pairs),
        conductance=jnp.asarray([g for *_, g in conduction] + [0.0] * len(radiation), float),
        exchange=STEFAN_BOLTZMANN * jnp.asarray([0.0] * len(conduction) + [a for *_, a in radiation], float),
        flow=jnp.asarray(np.array([link[:2] for link in flow], np.int32).reshape(-1, 2)),
        capacity_rate=jnp.asarray([w for *_, w in flow], float),
        to_space=STEFAN_BOLTZMANN * fill(area_to_space),
        heat_capacity=fill(heat_capacity),
        heat_load=fill(heat_load),
        factor=jnp.asarray(factor, float),
    )
