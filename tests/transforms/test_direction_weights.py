"""Interpolation over the sphere: partition of unity, reproduction, first and second derivatives."""

import jax
import jax.numpy as jnp
import numpy as np

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

    def interpolated(query: jax.Array) -> jax.Array:
        unit = query / jnp.linalg.norm(query)
        return (direction_weights(unit[None], nodes) @ value)[0]

    evaluate, reverse = jax.jit(interpolated), jax.jit(jax.grad(interpolated))
    forward, second = jax.jit(jax.jacfwd(interpolated)), jax.jit(jax.hessian(interpolated))
    step = 1e-5
    # One query sits on a node, where the distance itself has no derivative.
    for query in [nodes[17], *_directions(5, 2)]:
        moves = [query + step * s * axis for axis in jnp.eye(3) for s in (1, -1)]
        ends = jnp.stack([evaluate(q) for q in moves]).reshape(3, 2)
        slopes = jnp.stack([reverse(q) for q in moves]).reshape(3, 2, 3)
        expected = (ends[:, 0] - ends[:, 1]) / (2 * step)
        assert float(jnp.max(jnp.abs(expected))) > 1e-2
        # Differences: 1e-11 of rounding and 1e-10 of third derivatives on the value; third derivatives of up
        # to 1e3 jump at the edge of a weight's reach, which leaves 1e-2 of second derivatives of some 10.
        np.testing.assert_allclose(reverse(query), expected, rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(forward(query), expected, rtol=1e-6, atol=1e-7)
        curvature = (slopes[:, 0] - slopes[:, 1]) / (2 * step)
        assert float(jnp.max(jnp.abs(curvature))) > 0.1
        np.testing.assert_allclose(second(query), curvature, rtol=1e-3, atol=2e-2)
