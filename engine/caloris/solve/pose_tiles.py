"""Exchange areas of all poses in blocks, as the view factors leave them and as the radiosity takes them."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris_kernels.radiative.exchange_tiles import CHUNK, LANE, ExchangeTiles
from caloris_kernels.radiative.radiosity import DIRECT_FACETS

# Up to so many bytes the poses' exchange areas are dense: products with them are then one matrix product.
_DENSE_BYTES = 2 << 30


class PoseTiles(NamedTuple):
    """Blocks of every pose that has any; tiles hold the same facets in all poses."""

    facet: np.ndarray  # [tile, lane] facet, the number of facets where a lane is empty
    place: np.ndarray  # [block, 3] int32: pose, first tile, second tile
    # m2, float32 or as given from a file; symmetric where both tiles are one
    value: np.ndarray  # [block, lane, lane]


def collect(factors: Sequence[Any]) -> PoseTiles:
    """Join the blocks of every pose's view factors (computed or given)."""
    tiles = [one.tiles for one in factors]
    place = [np.column_stack([np.full(len(t.first), pose), t.first, t.second]) for pose, t in enumerate(tiles)]
    return PoseTiles(
        np.asarray(tiles[0].facet), np.concatenate(place).astype(np.int32), np.concatenate([t.value for t in tiles])
    )


def seeing_facets(tiles: PoseTiles, count: int) -> np.ndarray:
    """Whether each facet sees another one in some pose [facet] bool."""
    sees = np.zeros(count + 1, bool)
    for side, axis in ((1, 2), (2, 1)):
        lanes = tiles.facet[tiles.place[:, side]]
        sees[lanes[np.any(tiles.value > 0, axis=axis)]] = True
    return sees[:count]


def pairs(tiles: PoseTiles) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Facets that see each other, each pair once: pose, both facets, A_i F_ij (m2); all [pair]."""
    once = tiles.value > 0
    own = tiles.place[:, 1] == tiles.place[:, 2]
    once[own] &= np.triu(np.ones((LANE, LANE), bool), 1)
    block, i, j = np.nonzero(once)
    first, second = tiles.facet[tiles.place[block, 1], i], tiles.facet[tiles.place[block, 2], j]
    return tiles.place[block, 0], first, second, tiles.value[block, i, j].astype(np.float64)


def exchange_of_poses(
    tiles: PoseTiles, poses: int, seeing: np.ndarray, count: int
) -> Float[Array, "pose seeing seeing"] | ExchangeTiles:
    """Exchange areas among the facets `seeing`: dense for few, else tiles with a leading axis of poses."""
    number = np.full(count + 1, len(seeing))
    number[seeing] = np.arange(len(seeing))
    tiles = tiles._replace(facet=number[tiles.facet])
    if len(seeing) <= DIRECT_FACETS and 8 * poses * len(seeing) ** 2 <= _DENSE_BYTES:
        return jnp.asarray(_dense(tiles, poses, len(seeing)))
    return _stacked(tiles, poses)


def _dense(tiles: PoseTiles, poses: int, count: int) -> np.ndarray:
    dense = np.zeros((poses, count + 1, count + 1))
    for (pose, first, second), value in zip(tiles.place, tiles.value, strict=True):
        i, j = tiles.facet[first], tiles.facet[second]
        dense[pose][np.ix_(i, j)] = value
        dense[pose][np.ix_(j, i)] = value.T
    return dense[:, :-1, :-1]


def _stacked(tiles: PoseTiles, poses: int) -> ExchangeTiles:
    """The blocks that any pose has, in every pose; filled up to whole chunks."""
    code = tiles.place[:, 1].astype(np.int64) * len(tiles.facet) + tiles.place[:, 2]
    unique, block = np.unique(code, return_inverse=True)
    blocks = -(-len(unique) // CHUNK) * CHUNK
    value = np.zeros((poses, blocks, LANE, LANE), tiles.value.dtype)
    value[tiles.place[:, 0], block] = tiles.value
    first, second = (np.pad(part, (0, blocks - len(unique))) for part in np.divmod(unique, len(tiles.facet)))
    every = (np.broadcast_to(part, (poses, *part.shape)) for part in (tiles.facet, first, second))
    return ExchangeTiles(*(jnp.asarray(part) for part in (*every, value)))
