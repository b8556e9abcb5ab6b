"""Rows of gathers against dense matrices: sums, flows, hubs in the tail, derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.numerics.link_rows import (
    RowValues,
    flow,
    link_rows,
    neighbor_sum,
    row_sums,
    spread,
    times_neighbor,
    times_node,
)

NODES = 30


def _pairs(hub: bool) -> np.ndarray:
    """A ring with some random links; node 5 joined to all others where it is a hub; node 29 has no link."""
    random = np.random.default_rng(0)
    ring = np.stack([np.arange(NODES - 2), np.arange(1, NODES - 1)], 1)
    more = random.integers(0, NODES - 1, (25, 2))
    spokes = np.stack([np.full(NODES - 1, 5), np.arange(NODES - 1)], 1) if hub else np.zeros((0, 2), int)
    pairs = np.sort(np.concatenate([ring, more, spokes]), axis=1)
    return np.unique(pairs[pairs[:, 0] < pairs[:, 1]], axis=0)


@pytest.fixture(scope="module", params=[False, True], ids=["even", "hub"])
def network(request):
    pairs = _pairs(request.param)
    value = np.random.default_rng(1).uniform(0.5, 2.0, len(pairs))
    dense = np.zeros((NODES, NODES))
    dense[pairs[:, 0], pairs[:, 1]] = value
    return link_rows(pairs, NODES), jnp.asarray(value), dense + dense.T, request.param


X = jnp.asarray(np.random.default_rng(2).normal(size=NODES))


def test_hubs_are_in_the_tail(network):
    rows, _, dense, hub = network
    assert rows.neighbor.shape[0] < (NODES - 1 if hub else 10)
    places = int(np.sum(np.asarray(rows.pair) < len(network[1])))
    assert places + len(rows.tail_node) == np.count_nonzero(dense)
    if hub:
        assert np.sum(np.asarray(rows.tail_node) == 5) > NODES / 2
    assert np.all(np.diff(rows.tail_node) >= 0)


def test_sums_equal_dense_products(network):
    rows, value, dense, _ = network
    values = spread(rows, value)
    np.testing.assert_allclose(neighbor_sum(rows, values, X), dense @ X, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(row_sums(rows, values), dense.sum(1), rtol=1e-13)
    laplacian = dense - np.diag(dense.sum(1))
    np.testing.assert_allclose(flow(rows, values, X), laplacian @ X, rtol=1e-12, atol=1e-13)
    scaled = dense * np.asarray(X)[None, :]
    np.testing.assert_allclose(row_sums(rows, times_neighbor(rows, values, X)), scaled.sum(1), rtol=1e-12, atol=1e-13)
    along = neighbor_sum(rows, times_node(rows, values, X), X)
    np.testing.assert_allclose(along, np.asarray(X) * (dense @ X), rtol=1e-12, atol=1e-13)
    assert abs(float(jnp.sum(flow(rows, values, X)))) < 1e-13  # rounding of flows of order one


def test_flow_differentiates_both_ways(network):
    rows, value, dense, _ = network
    weight = jnp.asarray(np.random.default_rng(3).normal(size=NODES))
    laplacian = dense - np.diag(dense.sum(1))

    def output(value, x):
        return weight @ flow(rows, spread(rows, value), x**2)

    by_value, by_x = jax.grad(output, argnums=(0, 1))(value, X)
    np.testing.assert_allclose(by_x, 2.0 * X * (laplacian @ weight), rtol=1e-12, atol=1e-13)
    pairs = _pairs(network[3])
    difference = (X**2)[pairs[:, 1]] - (X**2)[pairs[:, 0]]
    np.testing.assert_allclose(by_value, difference * (weight[pairs[:, 0]] - weight[pairs[:, 1]]), rtol=1e-12)
    direction = (jnp.cos(value), jnp.sin(X))
    forward = jax.jvp(output, (value, X), direction)[1]
    assert float(forward) == pytest.approx(float(by_value @ direction[0] + by_x @ direction[1]), rel=1e-12)
    batched = jax.vmap(jax.grad(output, argnums=1), in_axes=(None, 0))(value, jnp.stack([X, 2.0 * X]))
    np.testing.assert_allclose(batched, jnp.stack([by_x, 2.0 * by_x]), rtol=1e-12, atol=1e-13)


def test_a_mixed_second_derivative_raises(network):
    rows, value, _, _ = network
    gradient = jax.grad(lambda x, values: jnp.sum(flow(rows, values, x) ** 2))
    with pytest.raises(NotImplementedError, match="second derivative"):
        jax.jvp(lambda values: gradient(X, values), (spread(rows, value),), (spread(rows, value),))


def test_edges_of_the_format():
    nothing = link_rows(np.zeros((0, 2), int), 3)
    assert nothing.neighbor.shape == (1, 3) and nothing.tail_node.shape == (0,)
    values = RowValues(jnp.zeros((1, 3)), jnp.zeros(0))
    np.testing.assert_array_equal(flow(nothing, values, jnp.arange(3.0)), jnp.zeros(3))
    np.testing.assert_array_equal(spread(nothing, jnp.zeros(0)).row, jnp.zeros((1, 3)))
    with pytest.raises(ValueError, match="node 2 is linked to itself"):
        link_rows(np.array([[0, 1], [2, 2]]), 3)
