import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.orbit import frames

X, Y, Z = jnp.eye(3)


def _random_unit(count, seed=3):
    vectors = np.random.default_rng(seed).normal(size=(count, 3))
    return jnp.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def test_rotation_matrix_turns_right_handed():
    matrix = frames.rotation_matrix(2 * Z, jnp.array([np.pi / 2]))[0]
    np.testing.assert_allclose(matrix @ X, Y, atol=1e-15)
    np.testing.assert_allclose(matrix @ Z, Z, atol=1e-15)


def test_two_vector_matrix_points_and_aligns():
    toward, to = _random_unit(20), _random_unit(20, 4)
    point, align = jnp.array([0.0, 0.6, 0.8]), jnp.array([3.0, 0.0, 1.0])
    matrix = frames.two_vector_matrix(point, align, toward, to)
    np.testing.assert_allclose(jnp.einsum("tij,tkj->tik", matrix, matrix), np.tile(np.eye(3), (20, 1, 1)), atol=1e-14)
    np.testing.assert_allclose(jnp.linalg.det(matrix), 1, atol=1e-14)
    np.testing.assert_allclose(jnp.einsum("tij,tj->ti", matrix, toward), np.tile(point, (20, 1)), atol=1e-14)
    # As near as possible: no turn about `point` brings `align` nearer to its target.
    turned = jnp.einsum("tij,tj->ti", matrix, to)
    best = turned @ align
    for angle in (-0.01, 0.01):
        other = turned @ (frames.rotation_matrix(point, jnp.array([angle]))[0] @ align)
        assert np.all(np.asarray(other) < np.asarray(best))


def test_parallel_targets_are_flagged_and_finite():
    toward = jnp.stack([Z, Z, Z])
    to = jnp.stack([Z, -Z, X])
    np.testing.assert_array_equal(frames.is_parallel(toward, to), [True, True, False])
    matrix = frames.two_vector_matrix(X, Y, toward, to)
    np.testing.assert_allclose(jnp.linalg.det(matrix), 1, atol=1e-14)


def test_tracking_angle_brings_the_point_closest():
    axis, point = jnp.array([0.1, 1.0, 0.3]), jnp.array([0.2, 0.1, 1.0])
    target = _random_unit(40)
    tracked = frames.tracking_angle(axis, point, target, jnp.asarray(-np.pi), jnp.asarray(np.pi))
    assert bool(tracked.defined.all())

    def closeness(angle):
        turned = frames.rotation_matrix(axis, angle) @ frames.normalize(point)
        return np.asarray(jnp.sum(turned * target, axis=1))

    best = closeness(tracked.angle)
    for shift in np.linspace(0.05, 2 * np.pi - 0.05, 25):
        assert np.all(closeness(tracked.angle + shift) < best)


def test_tracking_angle_holds_at_the_nearer_end_of_its_range():
    wanted = np.deg2rad(np.array([0.0, 80.0, 120.0, 200.0, 300.0]))
    target = jnp.stack([jnp.sin(wanted), 0 * wanted, jnp.cos(wanted)], axis=1)  # angle about +y from +z
    tracked = frames.tracking_angle(Y, Z, target, jnp.asarray(-np.pi / 2), jnp.asarray(np.pi / 2))
    np.testing.assert_allclose(np.rad2deg(tracked.angle), [0, 80, 90, -90, -60], atol=1e-12)
    # A range that does not hold 0: the same direction a turn further on.
    tracked = frames.tracking_angle(Y, Z, target, jnp.asarray(0.0), jnp.asarray(2 * np.pi))
    np.testing.assert_allclose(np.rad2deg(tracked.angle), [0, 80, 120, 200, 300], atol=1e-12)


@pytest.mark.parametrize("axis", [Y, -Y])
def test_tracking_angle_keeps_the_last_defined_one(axis):
    target = jnp.stack([axis, X, axis, axis, -X, axis])
    tracked = frames.tracking_angle(axis, Z, target, jnp.asarray(-np.pi), jnp.asarray(np.pi))
    quarter = np.pi / 2 * float(axis[1])
    np.testing.assert_allclose(tracked.angle, quarter * np.array([1, 1, 1, 1, -1, -1]), atol=1e-15)
    np.testing.assert_array_equal(tracked.defined, [False, True, False, False, True, False])
    never = frames.tracking_angle(axis, Z, jnp.stack([axis, axis]), jnp.asarray(0.1), jnp.asarray(1.0))
    np.testing.assert_allclose(never.angle, 0.1)
