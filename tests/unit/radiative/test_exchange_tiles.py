"""Tiles of exchange areas: products, row sums, the way to and from the dense matrix, derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.radiative.exchange_tiles import (
    CHUNK,
    LANE,
    ExchangeTiles,
    row_sums,
    tile_product,
    tiles_from_dense,
    tiles_to_dense,
)

FACETS = 11 * LANE - 20


@pytest.fixture(scope="module")
def dense():
    """Facets that see those of their own and of neighboring tiles, and a few far ones."""
    rng = np.random.default_rng(0)
    area = rng.uniform(0.0, 1.0, (FACETS, FACETS))
    tile = np.arange(FACETS) // LANE
    near = np.abs(tile[:, None] - tile) <= 1
    near[:3, -3:] = True
    area = np.where(near, area, 0.0)
    area = np.triu(area, 1)
    return area + area.T


def test_there_and_back(dense):
    tiles = tiles_from_dense(dense)
    # 11 diagonal blocks, 10 beside them, one far.
    assert tiles.value.shape == (22, LANE, LANE)
    assert bool(jnp.all(tiles.first <= tiles.second))
    np.testing.assert_array_equal(tiles_to_dense(tiles, FACETS), dense)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_product(dense, dtype):
    """Sums of 200 terms of order one in float64, whatever the storage."""
    tiles = tiles_from_dense(dense, dtype)
    stored = dense.astype(dtype).astype(float)
    x = np.random.default_rng(1).standard_normal((FACETS, 5))
    product = jax.jit(tile_product)(tiles, jnp.asarray(x))
    assert product.dtype == jnp.float64
    np.testing.assert_allclose(product, stored @ x, atol=1e-12)
    np.testing.assert_allclose(row_sums(tiles, FACETS), stored.sum(axis=1), rtol=1e-14)


def test_facets_in_any_order_and_blocks_in_chunks(dense):
    """More blocks than a chunk, split into two halves each, and facets shuffled over lanes with gaps between."""
    tiles = tiles_from_dense(dense)
    rng = np.random.default_rng(2)
    lanes = np.full(13 * LANE, FACETS)
    lanes[rng.permutation(13 * LANE)[:FACETS]] = rng.permutation(FACETS)
    padded = np.pad(dense, (0, 1))
    square = padded[np.ix_(lanes, lanes)].reshape(13, LANE, 13, LANE).transpose(0, 2, 1, 3)
    first, second = np.triu_indices(13)
    value = square[first, second]
    twice = [jnp.asarray(np.concatenate([part, part])) for part in (first, second, 0.5 * value)]
    shuffled = ExchangeTiles(jnp.asarray(lanes.reshape(13, LANE)), *twice)
    assert shuffled.first.shape[0] == 182 and 182 % CHUNK != 0
    x = jnp.asarray(rng.standard_normal(FACETS))
    np.testing.assert_allclose(tile_product(shuffled, x), tile_product(tiles, x), atol=1e-12)
    np.testing.assert_allclose(tiles_to_dense(shuffled, FACETS), dense, atol=1e-15)


def test_no_block_at_all():
    tiles = tiles_from_dense(np.zeros((5, 5)))
    np.testing.assert_array_equal(tile_product(tiles, jnp.ones((5, 2))), np.zeros((5, 2)))


def test_derivatives(dense):
    """Bilinear: the derivative along (dS, dx) is dS x + S dx, and the reverse mode is its transpose."""
    rng = np.random.default_rng(3)
    tiles = tiles_from_dense(dense)
    change = tiles._replace(value=jnp.asarray(rng.standard_normal(tiles.value.shape)))
    x, move, weight = (jnp.asarray(rng.standard_normal(FACETS)) for _ in range(3))

    def product(value, x):
        return tile_product(tiles._replace(value=value), x)

    tangent = jax.jit(lambda *v: jax.jvp(product, v[:2], v[2:])[1])(tiles.value, x, change.value, move)
    np.testing.assert_allclose(tangent, tile_product(change, x) + tile_product(tiles, move), atol=1e-11)
    by_value, by_x = jax.jit(lambda *v: jax.vjp(product, *v)[1](weight))(tiles.value, x)
    np.testing.assert_allclose(by_x, tile_product(tiles, weight), atol=1e-12)
    received = float(jnp.vdot(by_value, change.value) + jnp.vdot(by_x, move))
    assert received == pytest.approx(float(jnp.vdot(weight, tangent)), rel=1e-12)
