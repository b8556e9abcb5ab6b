"""Links between nodes as rows of gathers: sums over the neighbors of every node, with hardly any scatter.

A link joins two nodes and stands once in the row of either. Rows have one width, chosen so that most links fit;
what does not fit, above all the links of hubs, is a tail of single entries that are added to their nodes. On a
processor a row is a sum of gathers in unrolled code, which XLA makes one loop over the nodes: half the time of rows as
wide as the widest node's, a third of that of one two-dimensional gather with a sum.
"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.custom_derivatives import SymbolicZero
from jaxtyping import Array, Float, Int

# An entry of the tail costs about as much as so many places in the rows (measured on processors, 1e3 to 1e5 nodes).
_TAIL_COST = 5.0


class LinkRows(NamedTuple):
    """Where the links of a network stand; made by `link_rows`."""

    neighbor: Int[Array, "place node"]  # the node at the other end; the node itself where the place is empty
    pair: Int[Array, "place node"]  # number of the link; the number of links where the place is empty
    tail_node: Int[Array, " tail"]  # ascending
    tail_neighbor: Int[Array, " tail"]
    tail_pair: Int[Array, " tail"]


class RowValues(NamedTuple):
    """One number for each place: of a link, or of one of its two directions."""

    row: Float[Array, "place node"]
    tail: Float[Array, " tail"]


def link_rows(pair: np.ndarray, nodes: int) -> LinkRows:
    """Rows for the links pair [link, 2] between `nodes` nodes: numpy, once a network.

    No node is linked to itself. The width is the one of least cost: places in all rows, empty ones included, and
    entries of the tail.
    """
    pair = np.asarray(pair, np.int64).reshape(-1, 2)
    if np.any(pair[:, 0] == pair[:, 1]):
        raise ValueError(f"node {pair[pair[:, 0] == pair[:, 1]][0, 0]} is linked to itself")
    node, neighbor = np.concatenate([pair, pair[:, ::-1]]).T
    order = np.lexsort((neighbor, node))
    node, neighbor, number = node[order], neighbor[order], order % max(len(pair), 1)
    place = np.arange(len(node)) - np.searchsorted(node, node)
    links = np.bincount(node, minlength=nodes)
    longer = np.cumsum(np.bincount(links)[::-1])[::-1][1:]  # nodes with more than 0, 1, ... links
    tail = np.concatenate([np.cumsum(longer[::-1])[::-1], [0]])  # entries beyond a width of 0, 1, ...
    width = max(1, int(np.argmin(np.arange(len(tail)) * nodes + _TAIL_COST * tail)))
    main = place < width
    rows = np.tile(np.arange(nodes), (width, 1)), np.full((width, nodes), len(pair))
    rows[0][place[main], node[main]] = neighbor[main]
    rows[1][place[main], node[main]] = number[main]
    parts = (*rows, node[~main], neighbor[~main], number[~main])
    return LinkRows(*(jnp.asarray(part, jnp.int32) for part in parts))


def spread(rows: LinkRows, value: Float[Array, " link"]) -> RowValues:
    """The number of each link in the order of `link_rows`, at both of its ends; zero in empty places."""
    padded = jnp.append(value, jnp.zeros(1, value.dtype))
    return RowValues(padded[rows.pair], value[rows.tail_pair])


def _take(x: Array, index: Array) -> Array:
    return x.at[index].get(mode="promise_in_bounds")


def _sum(rows: LinkRows, place: Callable[[int, Array], Array], tail: Array) -> Float[Array, " node"]:
    """Sum of place(number of the place, neighbors there) over the places of each row, and of the tail's entries."""
    total = place(0, rows.neighbor[0])
    for number in range(1, rows.neighbor.shape[0]):
        total = total + place(number, rows.neighbor[number])
    if tail.shape[0] == 0:
        return total
    return total.at[rows.tail_node].add(tail, indices_are_sorted=True, mode="promise_in_bounds")


def row_sums(rows: LinkRows, values: RowValues) -> Float[Array, " node"]:
    """Sum over the links of each node of v_ij."""
    return _sum(rows, lambda number, _: values.row[number], values.tail)


def neighbor_sum(rows: LinkRows, values: RowValues, x: Float[Array, " node"]) -> Float[Array, " node"]:
    """Sum over the links of each node of v_ij x_j; v may differ between the two ends of a link.

    Differentiable; the reverse derivative in x is a scatter, about ten times as slow as this sum: where that matters,
    use it inside solvers that are differentiated as a whole, and `flow` elsewhere.
    """
    tail = values.tail * _take(x, rows.tail_neighbor)
    return _sum(rows, lambda number, neighbor: values.row[number] * _take(x, neighbor), tail)


def times_neighbor(rows: LinkRows, values: RowValues, x: Float[Array, " node"]) -> RowValues:
    """v_ij x_j for each link and direction, with j the neighbor."""
    return RowValues(values.row * _take(x, rows.neighbor), values.tail * _take(x, rows.tail_neighbor))


def times_node(rows: LinkRows, values: RowValues, x: Float[Array, " node"]) -> RowValues:
    """v_ij x_i for each link and direction, with i the node itself."""
    return RowValues(values.row * x, values.tail * _take(x, rows.tail_node))


def _differences(rows: LinkRows, values: RowValues, x: Array) -> Array:
    tail = values.tail * (_take(x, rows.tail_neighbor) - _take(x, rows.tail_node))
    return _sum(rows, lambda number, neighbor: values.row[number] * (_take(x, neighbor) - x), tail)


@jax.custom_jvp
def _first_order(values: RowValues) -> RowValues:
    return values


@_first_order.defjvp
def _no_second_order(primals: tuple, tangents: tuple) -> tuple:
    raise NotImplementedError("flow: a second derivative, in values and in x, is not defined")


@jax.custom_jvp
def flow(rows: LinkRows, values: RowValues, x: Float[Array, " node"]) -> Float[Array, " node"]:
    """Sum over the links of each node of v_ij (x_j - x_i), what flows into it; v_ij = v_ji as `spread` makes them.

    Sums to zero over all nodes up to rounding. Differentiable once in values and x, both modes, and under vmap:
    the map of x is symmetric, so that its reverse derivative is the same sum of gathers, without a scatter. A
    mixed second derivative raises NotImplementedError.
    """
    return _differences(rows, values, x)


@partial(flow.defjvp, symbolic_zeros=True)
def _flow_derivative(primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    rows, values, x = primals
    _, values_tangent, x_tangent = tangents
    tangent = jnp.zeros_like(x)
    if not isinstance(x_tangent, SymbolicZero):
        held = _first_order(values)

        def solve(_: Callable, direction: Array) -> Array:
            return _differences(rows, held, direction)

        # The "solution" of a linear solve whose matrix is never asked for: its transpose is given, not derived.
        tangent = tangent + lax.custom_linear_solve(lambda v: v, x_tangent, solve, solve)
    moved = [isinstance(part, SymbolicZero) for part in values_tangent]
    if not all(moved):
        changes = (jnp.zeros(p.shape, p.dtype) if zero else p for p, zero in zip(values_tangent, moved, strict=True))
        tangent = tangent + _differences(rows, RowValues(*changes), x)
    return flow(rows, values, x), tangent
