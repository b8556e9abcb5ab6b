"""The exchange area of clear pairs is differentiable in the vertices, forward and reverse, touching pairs too."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from caloris_kernels.radiative.contour import exchange_area

_FIRST = np.array([[0.0, 0.0, 0.0], [1.0, 0.1, 0.0], [0.2, 0.9, 0.1]])


@pytest.mark.parametrize(
    "second",
    [
        np.array([[0.1, 0.2, 1.2], [0.3, 1.1, 1.0], [0.9, 0.1, 1.1]]),  # apart
        np.array([[1.6, 0.1, 0.8], [1.4, 1.0, 0.5], [1.5, 0.2, -0.4]]),  # straddles the first one's plane
    ],
)
def test_derivatives_apart(second: np.ndarray) -> None:
    @jax.jit
    def value(first: jax.Array, other: jax.Array) -> jax.Array:
        return exchange_area(first[None], other[None])[0]

    arguments = (jnp.asarray(_FIRST), jnp.asarray(second))
    assert float(value(*arguments)) > 1e-3
    # Central differences with step 1e-4: 1e-8 of truncation and 1e-11 of rounding, on values of 0.1.
    check_grads(value, arguments, order=1, modes=("fwd", "rev"), atol=1e-6, rtol=1e-6, eps=1e-4)
    gradient = jax.jit(jax.grad(value, argnums=(0, 1)))(*arguments)
    assert all(float(jnp.min(jnp.max(jnp.abs(g), axis=1))) > 1e-3 for g in gradient)


def test_derivatives_of_a_mesh_with_a_shared_edge() -> None:
    """Two triangles hinged on an edge: shared vertices move together, as in a mesh."""
    points = jnp.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.3, 0.9, 0.0], [0.6, 0.1, 0.8]])

    @jax.jit
    def value(vertices: jax.Array) -> jax.Array:
        return exchange_area(vertices[jnp.array([[0, 1, 2]])], vertices[jnp.array([[1, 0, 3]])])[0]

    gradient = jax.jit(jax.grad(value))(points)
    assert bool(jnp.all(jnp.isfinite(gradient))) and float(jnp.max(jnp.abs(gradient))) > 0.05
    # Quadrature at the shared edge: 5e-8 of the value, some 1e-6 of its slope; differences as above.
    check_grads(value, (points,), order=1, modes=("fwd", "rev"), atol=1e-5, rtol=1e-5, eps=1e-4)
    # Scaling: an area goes as length squared, so x . grad = 2 f (Euler).
    assert float(jnp.sum(points * gradient)) == pytest.approx(2 * float(value(points)), rel=1e-6)


def test_no_nan_for_degenerate_or_hidden_triangles() -> None:
    first = jnp.asarray(_FIRST)
    degenerate = jnp.stack([first[0], first[0], first[1]])
    behind = first[::-1] - jnp.array([0, 0, 2.0])
    both = jax.jit(jax.value_and_grad(lambda a, b: exchange_area(a[None], b[None])[0], (0, 1)))
    for other in (degenerate, behind, first[::-1]):
        value, gradient = both(first, other)
        assert abs(float(value)) < 1e-12
        assert all(bool(jnp.all(jnp.isfinite(g))) for g in gradient)
