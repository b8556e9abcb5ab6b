"""Exchange areas A_i F_ij of facets that see few others: blocks of 64 x 64, each pair of tiles once.

Facets that lie together share a tile, so that most pairs of tiles see nothing of each other and have no block. The
matrix is symmetric by storage: reciprocity A_i F_ij = A_j F_ji cannot be violated.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

LANE = 64
# Blocks that one turn of the loop multiplies: 2 MiB in float64, so that they stay in a processor's cache.
CHUNK = 64


class ExchangeTiles(NamedTuple):
    """Symmetric exchange areas in blocks; every facet stands in one lane of one tile.

    A diagonal block (first = second) is a full symmetric matrix with zero diagonal; any other stands for both
    directions. Blocks of zeros are allowed; a multiple of CHUNK of them spares `tile_product` a copy.
    """

    facet: Int[Array, "tile lane"]  # number of the facet in each lane; the count of facets where a lane is empty
    first: Int[Array, " block"]  # tile, first <= second
    second: Int[Array, " block"]
    value: Float[Array, "block lane lane"]  # m2, float32 or float64; rows belong to `first`


def tile_product(tiles: ExchangeTiles, x: Float[Array, " facet *column"]) -> Float[Array, " facet *column"]:
    """S x for one or many columns (m2 times the unit of x), accumulated in the precision of x.

    Needs CHUNK blocks in the precision of x and three times x, whatever the number of blocks. Differentiable in
    x and in the values, both modes.
    """
    facets = x.shape[0]
    columns = x.reshape(facets, -1)
    spread = jnp.concatenate([columns, jnp.zeros_like(columns[:1])])[tiles.facet]
    blocks = _in_chunks(tiles)

    @jax.checkpoint
    def contributions(block: ExchangeTiles, spread: Array) -> tuple[Array, Array]:
        value = block.value.astype(x.dtype)
        forward = jnp.einsum("bij,bjc->bic", value, spread[block.second])
        backward = jnp.einsum("bij,bic->bjc", value, spread[block.first])
        return forward, backward * (block.first != block.second)[:, None, None]

    def add(total: Array, chunk: tuple[Array, Array, Array]) -> tuple[Array, None]:
        block = ExchangeTiles(tiles.facet, *chunk)
        forward, backward = contributions(block, spread)
        return total.at[block.first].add(forward).at[block.second].add(backward), None

    total = lax.scan(add, jnp.zeros_like(spread), blocks)[0]
    width = columns.shape[1]
    gathered = jnp.zeros((facets + 1, width), x.dtype).at[tiles.facet.ravel()].add(total.reshape(-1, width))
    return gathered[:facets].reshape(x.shape)


def _in_chunks(tiles: ExchangeTiles) -> tuple[Array, Array, Array]:
    """first, second and value, CHUNK blocks a row; filled up with blocks of zeros."""
    blocks = tiles.first.shape[0]
    chunk = min(CHUNK, max(blocks, 1))
    missing = -blocks % chunk
    parts = tiles.first, tiles.second, tiles.value
    if missing or not blocks:
        missing = missing if blocks else 1
        parts = tuple(jnp.pad(part, [(0, missing), *[(0, 0)] * (part.ndim - 1)]) for part in parts)
    first, second, value = parts
    return first.reshape(-1, chunk), second.reshape(-1, chunk), value.reshape(-1, chunk, *value.shape[1:])


def row_sums(tiles: ExchangeTiles, facets: int) -> Float[Array, " facet"]:
    """sum_j A_i F_ij (m2) of every facet, in float64 (or what stands for it)."""
    return tile_product(tiles, jnp.ones(facets, float))


def tiles_from_dense(
    exchange_area: Float[np.ndarray, "facet facet"], dtype: np.typing.DTypeLike = np.float64
) -> ExchangeTiles:
    """Tiles of a symmetric matrix, facets in their order; blocks of zeros are left out. Not traced."""
    dense = np.asarray(exchange_area)
    facets = dense.shape[0]
    tiles = -(-facets // LANE)
    padded = np.zeros((tiles * LANE, tiles * LANE), dtype)
    padded[:facets, :facets] = dense
    blocks = padded.reshape(tiles, LANE, tiles, LANE).transpose(0, 2, 1, 3)
    first, second = np.nonzero(np.triu(np.any(blocks != 0.0, axis=(2, 3))))
    lanes = np.minimum(np.arange(tiles * LANE), facets).reshape(tiles, LANE)
    return ExchangeTiles(*(jnp.asarray(part) for part in (lanes, first, second, blocks[first, second])))


def tiles_to_dense(tiles: ExchangeTiles, facets: int) -> Float[Array, "facet facet"]:
    """The matrix of the tiles (m2) in float64. Differentiable in the values."""
    count = tiles.facet.shape[0]
    value = tiles.value.astype(float)
    other = jnp.swapaxes(value, 1, 2) * (tiles.first != tiles.second)[:, None, None]
    blocks = jnp.zeros((count, count, LANE, LANE), value.dtype)
    blocks = blocks.at[tiles.first, tiles.second].add(value).at[tiles.second, tiles.first].add(other)
    square = blocks.transpose(0, 2, 1, 3).reshape(count * LANE, count * LANE)
    place = tiles.facet.ravel()
    full = jnp.zeros((facets + 1, facets + 1), value.dtype).at[place[:, None], place[None, :]].add(square)
    return full[:facets, :facets]
