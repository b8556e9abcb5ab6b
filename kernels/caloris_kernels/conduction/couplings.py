"""Couplings of many nodes: conduction and radiation between pairs, as sums of gathers over rows of links.

    heat_i = sum_j k_ij (T_j - T_i) + sigma r_ij (T_j^4 - T_i^4),    k and r symmetric.

Two nodes that conduct and radiate to each other, or that are linked more than once, share one link. k and r being
symmetric, the transposed linearization needs no scatter either.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from caloris_kernels.constants import STEFAN_BOLTZMANN
from caloris_kernels.numerics.link_rows import LinkRows, RowValues, link_rows, map_links, spread, sum_over_links


class RowLayout(NamedTuple):
    """Which pairs stand where; integers that depend on the pairs alone."""

    rows: LinkRows
    link: Int[Array, " link"]  # 0, 1, ...: its length is the number of links
    conductive_link: Int[
        Array, " conductive"
    ]  # link of each conductive pair; the number of links for a node with itself
    radiative_link: Int[Array, " radiative"]


class Couplings(NamedTuple):
    """Values of all links."""

    rows: LinkRows
    conductance: RowValues  # W K-1
    exchange: RowValues  # W K-4, radiative area times the Stefan-Boltzmann constant


class CoupledSlopes(NamedTuple):
    """The linearization of the heat: d heat_i/dT_j of every link in both directions, and -d heat_i/dT_i (W K-1)."""

    rows: LinkRows
    coupling: RowValues
    transposed: RowValues
    diagonal: Float[Array, " node"]


def row_layout(conductive: np.ndarray, radiative: np.ndarray, nodes: int) -> RowLayout:
    """Rows of the pairs [pair, 2] of nodes, on the host. A pair of a node with itself exchanges nothing."""
    pairs = np.concatenate([conductive, radiative]).reshape(-1, 2).astype(np.int64)
    code = pairs.min(axis=1) * nodes + pairs.max(axis=1)
    between = pairs[:, 0] != pairs[:, 1]
    unique, found = np.unique(code[between], return_inverse=True)
    link = np.full(len(pairs), len(unique))
    link[between] = found
    rows = link_rows(np.stack(np.divmod(unique, nodes), axis=1), nodes)
    parts = np.arange(len(unique)), link[: len(conductive)], link[len(conductive) :]
    return RowLayout(rows, *(jnp.asarray(part, jnp.int32) for part in parts))


def in_rows(layout: RowLayout, conductance: Float[Array, " conductive"], area: Float[Array, " radiative"]) -> Couplings:
    """Conductances (W K-1) and radiative areas (m2) of the pairs, in the order in which the layout was given them."""
    links = layout.link.shape[0]
    total = jax.ops.segment_sum(conductance, layout.conductive_link, links + 1)[:links]
    radiative = jax.ops.segment_sum(area, layout.radiative_link, links + 1)[:links]
    return Couplings(layout.rows, spread(layout.rows, total), spread(layout.rows, STEFAN_BOLTZMANN * radiative))


def coupled_heat(
    couplings: Couplings, temperature: Float[Array, " node"]
) -> tuple[Float[Array, " node"], Float[Array, " node"]]:
    """Heat into each node (W) by conduction and by radiation, see above; temperature in K."""

    def between(values: RowValues, potential: Array) -> Array:
        return sum_over_links(couplings.rows, values, lambda v, there, here: v * (there(potential) - here(potential)))

    return between(couplings.conductance, temperature), between(couplings.exchange, temperature**4)


def coupled_slopes(couplings: Couplings, temperature: Float[Array, " node"]) -> CoupledSlopes:
    """The exact linearization of `coupled_heat`, both kinds together."""
    slope, values = 4.0 * temperature**3, (couplings.conductance, couplings.exchange)
    rows = couplings.rows
    coupling = map_links(rows, values, lambda v, there, here: v[0] + v[1] * there(slope))
    transposed = map_links(rows, values, lambda v, there, here: v[0] + v[1] * here(slope))
    return CoupledSlopes(rows, coupling, transposed, sum_over_links(rows, transposed, lambda v, there, here: v))


def slopes_product(slopes: CoupledSlopes, v: Float[Array, " node"], transpose: bool = False) -> Float[Array, " node"]:
    """-d heat/dT times v, or its transpose times v (W for v in K)."""
    values = slopes.transposed if transpose else slopes.coupling
    return slopes.diagonal * v - sum_over_links(slopes.rows, values, lambda g, there, here: g * there(v))
