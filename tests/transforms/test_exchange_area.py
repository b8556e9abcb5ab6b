"""The exchange area of clear pairs is differentiable in the vertices, forward and reverse, touching pairs too.

All cases go through the same three compiled functions: value, gradient, tangent.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.radiative.contour import exchange_area

_FIRST = np.array([[0.0, 0.0, 0.0], [1.0, 0.1, 0.0], [0.2, 0.9, 0.1]])
_APART = np.array([[0.1, 0.2, 1.2], [0.3, 1.1, 1.0], [0.9, 0.1, 1.1]])
_STRADDLING = np.array([[1.6, 0.1, 0.8], [1.4, 1.0, 0.5], [1.5, 0.2, -0.4]])


def _exchange(pair: jax.Array) -> jax.Array:
    """Exchange area of triangles pair[0] and pair[1]."""
    return exchange_area(pair[:1], pair[1:])[0]


_value = jax.jit(_exchange)
_value_and_gradient = jax.jit(jax.value_and_grad(_exchange))
_tangent = jax.jit(lambda pair, along: jax.jvp(_exchange, (pair,), (along,))[1])


def _difference(pair: np.ndarray, along: np.ndarray, step: float = 1e-4) -> float:
    """Central difference of fourth order along a direction."""
    ends = [float(_value(jnp.asarray(pair + k * step * along))) for k in (-2, -1, 1, 2)]
    return (ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / (12 * step)


def _check(pair: np.ndarray, along: np.ndarray, tolerance: float) -> np.ndarray:
    """Compare both modes with the difference; return the gradient."""
    gradient = np.asarray(_value_and_gradient(jnp.asarray(pair))[1])
    expected = _difference(pair, along)
    assert abs(expected) > 1e-3
    assert float(np.sum(gradient * along)) == pytest.approx(expected, rel=tolerance)
    assert float(_tangent(jnp.asarray(pair), jnp.asarray(along))) == pytest.approx(expected, rel=tolerance)
    return gradient


@pytest.mark.parametrize(("second", "tolerance"), [(_APART, 1e-7), (_STRADDLING, 1e-5)])
def test_derivatives_apart(second: np.ndarray, tolerance: float) -> None:
    pair = np.stack([_FIRST, second])
    assert float(_value(jnp.asarray(pair))) > 1e-3
    for seed in range(3):
        along = np.random.default_rng(seed).normal(size=(2, 3, 3))
        # Differences leave 1e-9 (rounding over the step). Value and slope are both quadratures: where clipped
        # edges come close, the slope's error shows first, 1e-6 measured.
        gradient = _check(pair, along, tolerance)
        assert np.abs(gradient).max(axis=2).min() > 1e-3


def test_derivatives_of_a_mesh_with_a_shared_edge() -> None:
    """Two triangles hinged on an edge: shared vertices move together, as in a mesh."""
    points = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.3, 0.9, 0.0], [0.6, 0.1, 0.8]])
    corners = np.array([[0, 1, 2], [1, 0, 3]])
    gradient = np.zeros((2, 3, 3))
    for seed in range(3):
        along = np.random.default_rng(seed).normal(size=points.shape)
        # Quadrature at the shared edge: 5e-8 of the value, about 1e-6 of its slope.
        gradient = _check(points[corners], along[corners], 1e-5)
    value = float(_value(jnp.asarray(points[corners])))
    # Scaling: an area goes as length squared, so x . grad = 2 f (Euler).
    assert float(np.sum(points[corners] * gradient)) == pytest.approx(2 * value, rel=1e-6)


def test_no_nan_for_degenerate_or_hidden_triangles() -> None:
    degenerate = np.stack([_FIRST[0], _FIRST[0], _FIRST[1]])
    behind = _FIRST[::-1] - np.array([0, 0, 2.0])
    for other in (degenerate, behind, _FIRST[::-1]):
        value, gradient = _value_and_gradient(jnp.asarray(np.stack([_FIRST, other])))
        assert abs(float(value)) < 1e-12
        assert bool(jnp.all(jnp.isfinite(gradient)))
