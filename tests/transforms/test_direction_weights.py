"""Interpolation over the sphere: partition of unity, reproduction, first and second derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.test_util import check_grads

from caloris_kernels.radiative.visibility import direction_weights, fibonacci_sphere, interpolation_radius


def _directions(count: int, seed: int) -> jax.Array:
    vector = np.random.default_rng(seed).normal(size=(count, 3))
    return jnp.asarray(vector / np.linalg.norm(vector, axis=1, keepdims=True))


def test_nodes_are_even() -> None:
    nodes = fibonacci_sphere(1000)
    np.testing.assert_allclose(np.linalg.norm(nodes, axis=1), 1.0, rtol=1e-15, atol=1e-15)
    # Equal-area bands make the mean of z^2 exact to 1/N^2; the other axes share the lattice's evenness.
    np.testing.assert_allclose(np.mean(np.asarray(nodes) ** 2, axis=0), 1 / 3, atol=1e-5)
    # Closest pair of this lattice: 3.09 / sqrt N (Gonzalez 2010); far below means clumping.
    distance = np.sqrt(np.maximum(2 - 2 * np.asarray(nodes @ nodes.T), 0)) + 9 * np.eye(1000)
    assert distance.min() > 3.0 / np.sqrt(1000)


def test_rows_sum_to_one_everywhere() -> None:
    nodes = fibonacci_sphere(500)
    query = jnp.concatenate([_directions(300, 0), jnp.array([[0, 0, 1.0], [0, 0, -1.0]]), nodes[:5]])
    weights = direction_weights(query, nodes)
    assert bool(jnp.all(weights >= 0)) and bool(jnp.all(jnp.isfinite(weights)))
    # Rounding of a sum of some ten terms.
    np.testing.assert_allclose(jnp.sum(weights, axis=1), 1.0, rtol=1e-14)
    # At least three nodes carry every direction, none carries it alone.
    assert int(jnp.min(jnp.sum(weights > 1e-6, axis=1))) >= 3


def test_interpolates_a_smooth_function() -> None:
    query = _directions(500, 1)

    def error(count: int) -> float:
        nodes = fibonacci_sphere(count)
        return float(jnp.max(jnp.abs(direction_weights(query, nodes) @ nodes[:, 0] - query[:, 0])))

    # A normalized bump reproduces a linear function to within its curvature and its nodes' asymmetry: for
    # nodes of spacing h = sqrt(4 pi / N) no more than a third of the weights' radius of 1.6 h.
    assert error(1000) < interpolation_radius(1000) / 3
    assert error(4000) < 0.7 * error(1000)


def test_derivatives() -> None:
    nodes = fibonacci_sphere(200)
    value = jnp.sin(5 * nodes[:, 0]) + nodes[:, 1] ** 2
    start = _directions(4, 2).at[0].set(nodes[17])  # one query sits on a node

    def interpolated(tangent: jax.Array) -> jax.Array:
        query = start + tangent
        query = query / jnp.linalg.norm(query, axis=1, keepdims=True)
        return direction_weights(query, nodes) @ value

    zero = jnp.zeros((4, 3))
    # The radius of 0.4 makes the third derivative jump inside a step: a step of 1e-5 leaves up to 1e-4 of
    # second derivatives of order 10, and rounding 1e-10; 1e-3 has a margin of ten.
    check_grads(interpolated, (zero,), order=2, modes=("fwd", "rev"), atol=1e-3, rtol=1e-3, eps=1e-5)
    gradient = jax.jacrev(interpolated)(zero)
    assert float(jnp.min(jnp.max(jnp.abs(gradient), axis=(1, 2)))) > 1e-3
