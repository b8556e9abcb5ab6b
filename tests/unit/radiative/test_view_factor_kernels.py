"""Exchange-area kernels against closed forms and against each other."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.radiative import contour, view_factor
from caloris_kernels.radiative.view_factor import APART, CLIPPED, DONE, POINTS, SLENDER, TOUCHING, Tile

# Jitted: operation by operation every small array would be compiled anew.
exchange_area = jax.jit(contour.exchange_area, static_argnames="points")
apart_exchange_area = jax.jit(contour.apart_exchange_area)
clip_to_front, triangle_normal = jax.jit(contour.clip_to_front), jax.jit(contour.triangle_normal)
point_exchange_area = jax.jit(view_factor.point_exchange_area)
clipped_exchange_area = jax.jit(view_factor.clipped_exchange_area)
tile_exchange_area = jax.jit(view_factor.tile_exchange_area)

_SQUARE = np.array([[[0, 0, 0], [1, 0, 0], [1, 1, 0]], [[0, 0, 0], [1, 1, 0], [0, 1, 0]]], float)


def _pairs(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    i, j = np.meshgrid(np.arange(len(first)), np.arange(len(second)), indexing="ij")
    return first[i.ravel()], second[j.ravel()]


def _random_pairs(count: int, gap: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random triangles facing each other across a gap along z, tilted so little that none straddles."""
    rng = np.random.default_rng(seed)
    scale = np.array([1, 1, 0.1])
    first, second = (rng.random((count, 3, 3)) * scale for _ in range(2))
    second[..., 2] += gap
    for triangle, sign in ((first, 1), (second, -1)):
        flip = np.asarray(triangle_normal(triangle))[:, 2] * sign < 0
        triangle[flip] = triangle[flip][:, ::-1]
    return first, second


@pytest.mark.parametrize(
    ("other", "exact"),
    [
        (_SQUARE[:, ::-1] + np.array([0, 0, 1.0]), 0.19982489569838746),  # Howell C-11
        (_SQUARE[:, :, [2, 0, 1]], 0.20004377607540316),  # Howell C-14, one edge shared
    ],
)
def test_contour_of_unit_squares(other: np.ndarray, exact: float) -> None:
    first, second = _pairs(_SQUARE, other)
    # 12 graded points: 5e-9 measured at the shared edge; with 8 points 7e-6.
    assert float(jnp.sum(exchange_area(first, second))) == pytest.approx(exact, rel=2e-8)
    assert float(jnp.sum(exchange_area(first, second, points=8))) == pytest.approx(exact, rel=2e-5)
    # Reciprocity is not built in: the two sides use different rules, both exact to the same few 1e-9.
    np.testing.assert_allclose(exchange_area(first, second), exchange_area(second, first), rtol=1e-7, atol=1e-12)


def test_contour_where_an_edge_stands_in_the_middle_of_a_facet() -> None:
    plate = np.array(
        [[[0.8, 0.5, 0.7], [0.8, 0.5, 0], [0.3, 0.5, 0]], [[0.3, 0.5, 0.7], [0.8, 0.5, 0.7], [0.3, 0.5, 0]]]
    )
    first, second = _pairs(_SQUARE, plate)
    coarse, fine = (exchange_area(first, second, points=n) for n in (12, 40))
    assert float(jnp.min(fine)) > 1e-3
    # The feet split the outer edges where the inner ones end: 4e-8 measured.
    np.testing.assert_allclose(coarse, fine, rtol=2e-7)


def test_pairs_facing_away_exchange_nothing() -> None:
    behind = _SQUARE[:, ::-1] - np.array([0, 0, 1.0])
    same_plane = _SQUARE + np.array([2.0, 0, 0])
    for other in (behind, behind[:, ::-1], same_plane):
        first, second = _pairs(_SQUARE, other)
        np.testing.assert_allclose(exchange_area(first, second), 0.0, atol=1e-15)


def test_clip_keeps_the_part_in_front() -> None:
    plane = np.array([[[0, 0, 0.25], [1, 0, 0.25], [0, 1, 0.25]]])
    triangle = np.array([[[0, 0, 0], [1, 0, 0], [0, 0, 1.0]]])
    quad = np.asarray(clip_to_front(triangle, plane))[0]
    assert np.all(quad[:, 2] >= 0.25 - 1e-15)
    area = sum(np.linalg.norm(np.cross(quad[a] - quad[0], quad[a + 1] - quad[0])) / 2 for a in (1, 2))
    assert area == pytest.approx(0.5 * 0.75**2, rel=1e-14)
    below = np.asarray(clip_to_front(triangle - np.array([0, 0, 2.0]), plane))[0]
    assert np.ptp(below, axis=0).max() == 0


def test_points_agree_with_contours_where_they_hold() -> None:
    first, second = _random_pairs(400, 4.0, 0)  # (R_i + R_j) / distance up to 0.35
    exact = np.asarray(exchange_area(first, second))
    value = np.asarray(point_exchange_area(first.astype(np.float32), second.astype(np.float32)))
    assert value.dtype == np.float32
    # Float32 rounding of coordinates about 4 m from each other, and the rule's own 1e-5.
    assert np.abs(value - exact).sum() < 5e-5 * exact.sum()


def test_clipped_points_agree_with_contours_on_pairs_that_straddle() -> None:
    rng = np.random.default_rng(3)
    first, second = rng.random((2, 800, 3, 3))
    way = rng.normal(size=(800, 1, 3))
    second += way / np.linalg.norm(way, axis=2, keepdims=True) * rng.uniform(5.0, 20.0, (800, 1, 1))
    exact = np.asarray(exchange_area(first, second))
    value = np.asarray(clipped_exchange_area(first.astype(np.float32), second.astype(np.float32)))
    # Random triangles at any angle: (R_i + R_j) / distance 0.05 to 0.25; 4e-5 measured. Unclipped: 3e-2.
    assert np.abs(value - exact).sum() < 1e-4 * exact.sum()


@pytest.mark.parametrize(("gap", "bound"), [(1.8, 1e-7), (1.2, 1e-5)])  # ratios up to 0.7 and up to 1
def test_plain_contours_agree_with_graded_ones_where_nothing_touches(gap: float, bound: float) -> None:
    first, second = _random_pairs(200, gap, 1)
    exact = np.asarray(exchange_area(first, second, points=24))
    assert np.abs(np.asarray(apart_exchange_area(first, second)) - exact).sum() < bound * exact.sum()


def _tile(triangle: np.ndarray) -> Tile:
    normal = np.asarray(triangle_normal(triangle))
    centroid = triangle.mean(axis=1)
    area = np.linalg.norm(np.cross(triangle[:, 1] - triangle[:, 0], triangle[:, 2] - triangle[:, 0]), axis=1) / 2
    arrays = (
        np.moveaxis(triangle, 0, -1)[None],
        normal.T[None],
        np.einsum("fk,fk->f", normal, centroid)[None],
        area[None],
        np.linalg.norm(triangle - centroid[:, None], axis=2).max(axis=1)[None],
    )
    return Tile(*(jnp.asarray(a, jnp.float32) for a in arrays))


def test_tiles_mark_what_needs_a_better_rule() -> None:
    small = _SQUARE * 0.1
    others = np.stack(
        [
            small[0][::-1] + np.array([0, 0, 3.0]),  # far above: facing, done
            small[0][::-1] + np.array([0, 0, 0.5]),  # close
            small[0][::-1] + np.array([0, 0, 0.25]),  # closer
            small[0][::-1] + np.array([0, 0, 0.1]),  # all but touching
            small[1][:, [0, 2, 1]] + np.array([0, 2.0, -0.05]),  # stands half below the plane
            small[1][:, [0, 2, 1]] + np.array([0, 0.4, -0.05]),  # the same, closer
            small[0][::-1] * np.array([20, 1, 1]) + np.array([0, 0, 0.1]),  # all but touching, long and narrow
            small[0][::-1] - np.array([0, 0, 3.0]),  # behind
        ]
    )
    value, rule = (np.asarray(x)[0] for x in tile_exchange_area(_tile(small), _tile(others), jnp.float32(1e-6)))
    assert rule[0].tolist() == [DONE, POINTS, APART, TOUCHING, CLIPPED, APART, SLENDER, 0]
    assert value[0, -1] == 0
    exact = np.asarray(exchange_area(*_pairs(small, others[:1])))
    # 3 x 3 points at (R_i + R_j) / distance = 0.05, in float32.
    np.testing.assert_allclose(value[:, 0], exact, rtol=1e-5)


def test_kernels_follow_their_inputs_and_compile_for_accelerators() -> None:
    pair = jax.ShapeDtypeStruct((8, 3, 3), jnp.float64)
    for platform in ("cuda", "tpu"):
        jax.export.export(exchange_area, platforms=[platform])(pair, pair)
