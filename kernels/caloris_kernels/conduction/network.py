"""Conductances between nodes: heat flow and its matrix."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from caloris_kernels.constants import STEFAN_BOLTZMANN


def conducted_heat(
    pair: Int[Array, "pair 2"], conductance: Float[Array, " pair"], temperature: Float[Array, " node"]
) -> Float[Array, " node"]:
    """Net heat conducted into each node (W): q_i = sum over its pairs of g (T_j - T_i).

    conductance g in W K-1, temperature in K. The sum over all nodes vanishes to rounding, since each flow is
    added to one node and taken from the other.
    """
    flow = conductance * (temperature[pair[:, 1]] - temperature[pair[:, 0]])
    return jnp.zeros_like(temperature).at[pair[:, 0]].add(flow).at[pair[:, 1]].add(-flow)


def conductance_matrix(
    pair: Int[Array, "pair 2"], conductance: Float[Array, " pair"], nodes: int
) -> Float[Array, "node node"]:
    """The dense matrix L of the same network, q = -L T (W K-1): symmetric, row sums zero."""
    matrix = jnp.zeros((nodes, nodes), conductance.dtype)
    first, second = pair[:, 0], pair[:, 1]
    matrix = matrix.at[first, second].add(-conductance).at[second, first].add(-conductance)
    return matrix.at[first, first].add(conductance).at[second, second].add(conductance)


def pair_radiation(
    pair: Int[Array, "pair 2"], area: Float[Array, " pair"], temperature: Float[Array, " node"]
) -> Float[Array, " node"]:
    """Net heat radiated into each node (W) by given exchange areas: q_i = sum over pairs of r sigma (T_j^4 - T_i^4).

    area r in m2: emittances and view factors included, as in the radiative conductors (GR) of lumped models.
    """
    return conducted_heat(pair, area, STEFAN_BOLTZMANN * temperature**4)


def one_way_heat(
    pair: Int[Array, "pair 2"], capacity_rate: Float[Array, " pair"], temperature: Float[Array, " node"]
) -> Float[Array, " node"]:
    """Heat carried into the second node of each pair (W): q_b = w (T_a - T_b), and nothing out of the first.

    capacity_rate w in W K-1, mass flow times specific heat of a stream from a to b. A stream that closes on itself
    carries as much out of the nodes as into them; an open one brings the difference.
    """
    flow = capacity_rate * (temperature[pair[:, 0]] - temperature[pair[:, 1]])
    return jnp.zeros_like(temperature).at[pair[:, 1]].add(flow)
