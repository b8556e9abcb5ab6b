"""Links between nodes as rows of gathers: sums over the neighbors of every node, with hardly any scatter.

A link joins two nodes and stands once in the row of either. Rows have one width, chosen so that most links fit;
what does not fit, above all the links of hubs, is a tail of single entries that are added to their nodes. On a
processor a row is a sum of gathers in unrolled code, which XLA makes one loop over the nodes: half the time of rows as
wide as the widest node's, a third of that of one two-dimensional gather with a sum.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
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


def sum_over_links(
    rows: LinkRows, values: Any, term: Callable[[Any, Callable[[Array], Array], Callable[[Array], Array]], Array]
) -> Float[Array, " node"]:
    """For each node, the sum of term(values of the link, there, here) over its links.

    values is a pytree of RowValues; term gets it with the numbers of one link in their place. there(x) and here(x)
    are the entries of x [node] at the other end and at the node itself. Differentiable in values and in all that term
    uses.
    """

    def pick(choose: Callable[[RowValues], Array]) -> Any:
        return jax.tree.map(choose, values, is_leaf=lambda leaf: isinstance(leaf, RowValues))

    def there(index: Array) -> Callable[[Array], Array]:
        return lambda x: x.at[index].get(mode="promise_in_bounds")

    total = term(pick(lambda v: v.row[0]), there(rows.neighbor[0]), lambda x: x)
    for place in range(1, rows.neighbor.shape[0]):
        total = total + term(pick(lambda v, k=place: v.row[k]), there(rows.neighbor[place]), lambda x: x)
    if rows.tail_node.shape[0] == 0:
        return total
    tail = term(pick(lambda v: v.tail), there(rows.tail_neighbor), there(rows.tail_node))
    return total.at[rows.tail_node].add(tail, indices_are_sorted=True, mode="promise_in_bounds")


def map_links(rows: LinkRows, values: Any, term: Callable) -> RowValues:
    """term(values of the link, there, here), as in `sum_over_links`, for each place instead of summed."""

    def pick(choose: Callable[[RowValues], Array]) -> Any:
        return jax.tree.map(choose, values, is_leaf=lambda leaf: isinstance(leaf, RowValues))

    def at(index: Array) -> Callable[[Array], Array]:
        return lambda x: x.at[index].get(mode="promise_in_bounds")

    row = term(pick(lambda v: v.row), at(rows.neighbor), lambda x: x)
    return RowValues(row, term(pick(lambda v: v.tail), at(rows.tail_neighbor), at(rows.tail_node)))
