"""The area that two triangles have in common."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from caloris_kernels.conduction.overlap import overlap_area

overlap_of = jax.jit(overlap_area)
SQUARE = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0]])


def triangles(count, seed):
    """Corners in one plane that lies askew in space."""
    random = np.random.default_rng(seed)
    flat = np.concatenate([random.normal(size=(count, 3, 2)), np.zeros((count, 3, 1))], axis=2)
    turn = np.linalg.qr(np.random.default_rng(9).normal(size=(3, 3)))[0]
    return flat @ turn.T + np.array([3.0, -1.0, 2.0])


def clipped_area(first, second):
    """The same by Sutherland and Hodgman's growing polygon, corner by corner."""

    def height(start, end, point):
        return (end[0] - start[0]) * (point[1] - start[1]) - (end[1] - start[1]) * (point[0] - start[0])

    if height(*first) < 0:
        first = first[::-1]
    polygon = list(second)
    for k in range(3):
        start, end, kept = first[k], first[(k + 1) % 3], []
        for m, p in enumerate(polygon):
            q = polygon[(m + 1) % len(polygon)]
            a, b = height(start, end, p), height(start, end, q)
            kept += [p] if a >= 0 else []
            kept += [p + a / (a - b) * (q - p)] if (a >= 0) != (b >= 0) else []
        polygon = kept
        if not polygon:
            return 0.0
    x, y = np.array(polygon).T
    return 0.5 * abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))


def test_any_two_triangles():
    random = np.random.default_rng(1)
    flat = random.normal(size=(2, 500, 3, 2))
    expected = np.array([clipped_area(a, b) for a, b in zip(*flat, strict=True)])
    assert 0.3 < np.mean(expected > 0) < 0.9  # some overlap, some do not
    first, second = np.concatenate([flat, np.zeros((2, 500, 3, 1))], axis=3)
    np.testing.assert_allclose(overlap_of(first, second), expected, rtol=0, atol=1e-14)
    np.testing.assert_allclose(overlap_area(first, second, np), expected, rtol=0, atol=1e-14)


def test_does_not_depend_on_pose_winding_or_order():
    first, second = triangles(200, 2), triangles(200, 3)
    area = overlap_area(first, second, np)
    np.testing.assert_allclose(overlap_area(second, first, np), area, atol=1e-13)
    np.testing.assert_allclose(overlap_area(first[:, ::-1], second, np), area, atol=1e-13)
    np.testing.assert_allclose(overlap_area(first[:, [1, 2, 0]], second[:, ::-1], np), area, atol=1e-13)


@pytest.mark.parametrize(
    ("second", "area"),
    [
        (SQUARE, 0.5),  # itself
        (SQUARE[[0, 2, 1]], 0.5),  # itself from behind
        (SQUARE + [0, 0, 0.3], 0.5),  # above it
        (np.array([[1.0, 0, 0], [1, 1, 0], [0, 1, 0]]), 0.0),  # the other half of its square: a common edge
        (SQUARE + [1.0, 0, 0], 0.0),  # a common corner
        (2 * SQUARE, 0.5),  # two common edges' lines
        (0.5 * SQUARE, 0.125),
        (0.25 * SQUARE + [0.25, 0.25, 0], 0.03125),  # inside
        (SQUARE + [5.0, 0, 0], 0.0),
    ],
)
def test_edges_and_corners_that_coincide(second, area):
    assert overlap_area(SQUARE[None], second[None], np)[0] == pytest.approx(area, abs=1e-15)


def test_derivatives():
    first, second = triangles(6, 4), triangles(6, 5)
    assert (overlap_area(first, second, np) > 0.01).sum() >= 3
    check_grads(
        lambda a, b: jnp.sum(overlap_of(a, b) ** 2), (jnp.asarray(first), jnp.asarray(second)), 1, ["fwd", "rev"]
    )


def test_derivatives_at_kinks_are_finite():
    same = jnp.asarray(SQUARE[None])
    gradient = jax.grad(lambda a, b: jnp.sum(overlap_area(a, b)), argnums=(0, 1))(same, same)
    assert all(np.all(np.isfinite(part)) for part in gradient)
    # Growing both alike is smooth: twice the area by scaling with a factor whose square is two.
    growth = jax.grad(lambda s: jnp.sum(overlap_area(s * same, s * same)))(1.0)
    assert growth == pytest.approx(1.0, rel=1e-12)
