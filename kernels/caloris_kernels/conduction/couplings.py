"""Couplings of many nodes: conduction and radiation between pairs, as sums of gathers over rows of links.

    heat_i = sum_j k_ij (T_j - T_i) + sigma r_ij (T_j^4 - T_i^4),    k and r symmetric.

Two nodes that are linked more than once share one link of each kind. k and r being symmetric, neither the transposed
linearization nor any first derivative in the temperatures needs a scatter.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from caloris_kernels.constants import STEFAN_BOLTZMANN
from caloris_kernels.numerics.link_rows import (
    LinkRows,
    RowValues,
    flow,
    link_rows,
    neighbor_sum,
    row_sums,
    spread,
    times_neighbor,
    times_node,
)


class KindLayout(NamedTuple):
    """Which pairs of one kind stand where; integers that depend on the pairs alone."""

    rows: LinkRows
    number: Int[Array, " link"]  # 0, 1, ...: its length is the number of links
    link: Int[Array, " pair"]  # of each pair; the number of links for a node with itself


class RowLayout(NamedTuple):
    """The layouts of both kinds of pairs."""

    conductive: KindLayout
    radiative: KindLayout


class Couplings(NamedTuple):
    """Values of all links."""

    conductive: LinkRows
    radiative: LinkRows
    conductance: RowValues  # W K-1
    exchange: RowValues  # W K-4, radiative area times the Stefan-Boltzmann constant


class CoupledSlopes(NamedTuple):
    """The linearization of the heat, and what its products need made once.

    coupling is exchange_ij 4 T_j^3 and transposed exchange_ij 4 T_i^3 (W K-1): in this direction a product gathers
    once a link.
    """

    couplings: Couplings
    slope: Float[Array, " node"]  # 4 T^3 (K3)
    coupling: RowValues
    transposed: RowValues
    diagonal: Float[Array, " node"]  # W K-1


def _kind(pairs: np.ndarray, nodes: int) -> KindLayout:
    pairs = np.asarray(pairs, np.int64).reshape(-1, 2)
    code = pairs.min(axis=1) * nodes + pairs.max(axis=1)
    between = pairs[:, 0] != pairs[:, 1]
    unique, found = np.unique(code[between], return_inverse=True)
    link = np.full(len(pairs), len(unique))
    link[between] = found
    rows = link_rows(np.stack(np.divmod(unique, nodes), axis=1), nodes)
    return KindLayout(rows, jnp.arange(len(unique), dtype=jnp.int32), jnp.asarray(link, jnp.int32))


def row_layout(conductive: np.ndarray, radiative: np.ndarray, nodes: int) -> RowLayout:
    """Rows of the pairs [pair, 2] of nodes, on the host. A pair of a node with itself exchanges nothing."""
    return RowLayout(_kind(conductive, nodes), _kind(radiative, nodes))


def _values(layout: KindLayout, values: Float[Array, " pair"]) -> RowValues:
    links = layout.number.shape[0]
    return spread(layout.rows, jax.ops.segment_sum(values, layout.link, links + 1)[:links])


def in_rows(layout: RowLayout, conductance: Float[Array, " conductive"], area: Float[Array, " radiative"]) -> Couplings:
    """Conductances (W K-1) and radiative areas (m2) of the pairs, in the order in which the layout was given them."""
    conductive, radiative = layout
    exchange = _values(radiative, STEFAN_BOLTZMANN * area)
    return Couplings(conductive.rows, radiative.rows, _values(conductive, conductance), exchange)


def coupled_heat(
    couplings: Couplings, temperature: Float[Array, " node"]
) -> tuple[Float[Array, " node"], Float[Array, " node"]]:
    """Heat into each node (W) by conduction and by radiation, see above; temperature in K.

    Differentiable once, see `caloris_kernels.numerics.link_rows.flow`.
    """
    conducted = flow(couplings.conductive, couplings.conductance, temperature)
    return conducted, flow(couplings.radiative, couplings.exchange, temperature**4)


def coupled_slopes(couplings: Couplings, temperature: Float[Array, " node"]) -> CoupledSlopes:
    """The exact linearization of `coupled_heat`, both kinds together."""
    slope, radiative = 4.0 * temperature**3, couplings.radiative
    coupling = times_neighbor(radiative, couplings.exchange, slope)
    transposed = times_node(radiative, couplings.exchange, slope)
    diagonal = row_sums(couplings.conductive, couplings.conductance) + row_sums(radiative, transposed)
    return CoupledSlopes(couplings, slope, coupling, transposed, diagonal)


def _by_flows(couplings: Couplings, slope: Array, v: Array, transpose: bool) -> Array:
    """`slopes_product` from what does not depend on one another: for its derivative."""
    conducted = flow(couplings.conductive, couplings.conductance, v)
    if transpose:
        return -conducted - slope * flow(couplings.radiative, couplings.exchange, v)
    return -conducted - flow(couplings.radiative, couplings.exchange, slope * v)


@partial(jax.custom_jvp, nondiff_argnums=(2,))
def slopes_product(slopes: CoupledSlopes, v: Float[Array, " node"], transpose: bool = False) -> Float[Array, " node"]:
    """-d heat/dT times v, or its transpose times v (W for v in K).

    Differentiable once, in the couplings and the temperature that the slopes were made from, and in v.
    """
    couplings, values = slopes.couplings, slopes.transposed if transpose else slopes.coupling
    conducted = neighbor_sum(couplings.conductive, couplings.conductance, v)
    return slopes.diagonal * v - conducted - neighbor_sum(couplings.radiative, values, v)


@slopes_product.defjvp
def _slopes_product_derivative(transpose: bool, primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    (slopes, v), (change, v_tangent) = primals, tangents
    at, along = (slopes.couplings, slopes.slope, v), (change.couplings, change.slope, v_tangent)
    tangent = jax.jvp(lambda links, slope, v: _by_flows(links, slope, v, transpose), at, along)[1]
    return slopes_product(slopes, v, transpose), tangent
