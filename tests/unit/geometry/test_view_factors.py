"""View factors of whole scenes: closure, sheets, boxes, blockers, poses, and the independent sky."""

import numpy as np
import pytest

from caloris.geometry.sky_table import sky_table
from caloris.geometry.sun_visibility import sky_view, sun_visibility
from caloris.geometry.view_factors import compute_pose_view_factors, compute_view_factors
from caloris_validation.mesh_scenes import Scene, Sheet, box, build, sheet_satellite, turned


def _inward_cube(divide: int) -> Scene:
    """A unit cube whose insides are the facets."""
    sheets = [Sheet(s.corner, s.edge_v, s.edge_u, (0,), 0, (divide, divide)) for s in box((0, 0, 0), (1, 1, 1))]
    return build(sheets, 1.0)


def test_inside_a_cube_nothing_reaches_space() -> None:
    factors = compute_view_factors(*_inward_cube(4).mesh)
    # Quadrature of touching pairs: 1e-5 a pair, and no rays where everything lies on one side of every plane.
    np.testing.assert_allclose(factors.space_view, 0.0, atol=3e-5)
    assert not factors.occluded
    assert np.all(factors.inactive_view == 0)
    dense = factors.exchange_area
    assert np.array_equal(dense, dense.T) and np.all(np.diag(dense) == 0) and np.all(dense >= 0)


def test_outside_of_a_box_sees_only_space() -> None:
    factors = compute_view_factors(*build(box((0, 0, 0), (1, 1, 2)), 0.5).mesh)
    assert len(factors.pair_first) == 0 and not factors.occluded
    np.testing.assert_array_equal(factors.space_view, 1.0)


def test_a_sheet_hides_and_takes_part_with_both_sides() -> None:
    sheet = Sheet((-2, -2, 0.5), (5, 0, 0), (0, 5, 0), (0, 1), 0, (5, 5))
    squares = [
        Sheet((0, 0, 0), (1, 0, 0), (0, 1, 0), (0,), 0, (2, 2)),
        Sheet((0, 0, 1), (0, 1, 0), (1, 0, 0), (0,), 0, (2, 2)),
    ]
    factors = compute_view_factors(*build([*squares, sheet], 1.0).mesh)
    dense = factors.exchange_area
    assert dense[:8, 8:16].sum() == 0 and factors.occluded
    upper, lower = slice(16, 66), slice(66, 116)  # the sheet's front faces the upper square
    assert dense[8:16, lower].sum() == 0 and dense[:8, upper].sum() == 0
    assert dense[upper, lower].sum() == 0
    # The rectangle 5 x 5 centered over the square half a meter above: mirror symmetry between both sides.
    assert dense[8:16, upper].sum() == pytest.approx(dense[:8, lower].sum(), rel=1e-4)
    assert 0.9 < dense[:8, lower].sum() < 1.0


def test_inactive_sides_take_their_share_of_the_view() -> None:
    sheets = [
        Sheet((0, 0, 0), (1, 0, 0), (0, 1, 0), (0,), 0, (4, 4)),
        Sheet((0, 0, 1), (0, 1, 0), (1, 0, 0), (), 0, (1, 1)),
    ]
    factors = compute_view_factors(*build(sheets, 1.0).mesh)
    inactive = float((factors.area * factors.inactive_view).sum())
    # Howell C-11 for a unit cube; quadrature of pairs apart.
    assert inactive == pytest.approx(0.1998248957, rel=1e-5)
    assert len(factors.pair_first) == 0
    np.testing.assert_allclose(factors.space_view, 1 - factors.inactive_view, rtol=1e-15)


def test_a_blocker_smaller_than_the_facets_is_found() -> None:
    """Two unit squares of two triangles each; a sheet of 0.15 m off the corners' lines hides 1 % to 10 %."""
    squares = [Sheet((0, 0, 0), (1, 0, 0), (0, 1, 0), (0,)), Sheet((0, 0, 1), (0, 1, 0), (1, 0, 0), (0,))]
    small = Sheet((0.55, 0.3, 0.5), (0.15, 0, 0), (0, 0.15, 0), ())
    scene = build([*squares, small], 1.0)
    assert len(scene.facet_triangle) == 4
    coarse = compute_view_factors(*scene.mesh)
    fine = [Sheet(s.corner, s.edge_u, s.edge_v, (0,), 0, (8, 8)) for s in squares]
    exact = compute_view_factors(*build([*fine, small], 0.15).mesh).exchange_area[:128, 128:].sum()
    assert exact < 0.99 * 0.1998249
    # Four pairs: their errors do not average out, so several times the tolerance of 5e-4.
    assert coarse.exchange_area[:2, 2:].sum() == pytest.approx(exact, rel=3e-3)


def test_poses_equal_scenes_solved_one_by_one() -> None:
    scene = sheet_satellite(500)
    poses = np.stack([turned(scene, angle) for angle in (0.0, 0.6, 1.5708)])
    together = compute_pose_view_factors(poses, scene.triangles, scene.triangle_group, *scene.mesh[2:])
    for vertices, factors in zip(poses, together, strict=True):
        alone = compute_view_factors(vertices, *scene.mesh[1:])
        difference = np.abs(factors.exchange_area - alone.exchange_area).sum()
        # Each within its tolerance of the truth.
        assert difference < 1e-3 * alone.exchange_area.sum()
    moved = np.abs(together[0].exchange_area - together[2].exchange_area).sum()
    assert moved > 0.05 * together[0].exchange_area.sum()


def test_sky_trace_confirms_what_is_left_for_space() -> None:
    scene = sheet_satellite(500)
    factors = compute_view_factors(*scene.mesh)
    sky = sky_view(*scene.mesh, rays=1024)
    # Noise of 1024 quasi-random rays: 2e-3 (root mean square), 1e-2 at most, measured on 1850 facets.
    assert np.sqrt(np.mean((sky - factors.space_view) ** 2)) < 4e-3
    assert np.abs(sky - factors.space_view).max() < 2e-2
    assert factors.space_view.min() < 0.7


def test_sun_on_a_half_shaded_square() -> None:
    ground = Sheet((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 1), 0, (8, 8))
    shade = Sheet((0, 0, 1), (0.5, 0, 0), (0, 1, 0), ())
    scene = build([ground, shade], 1.0)
    direction = np.array([[0, 0, 2.0], [0.3, 0, 1.0], [0, 0, -1.0]])
    lit = sun_visibility(*scene.mesh, direction)
    area = 1 / 128
    # Overhead the sheet shades x < 0.5, along cell edges: exact but for rays on the edge itself.
    assert lit[0, :128].sum() * area == pytest.approx(0.5, abs=1e-6)
    # The shadow moves by -0.3: x < 0.2 remains. Cells of 1/8 cross it; 16 points each, averaged over 8 rows.
    assert lit[1, :128].sum() * area == pytest.approx(0.8, abs=5e-3)
    assert np.all(lit[2, :128] == 0) and np.all(lit[2, 128:] == 1) and np.all(lit[:2, 128:] == 0)


def test_sky_table_holds_the_blocked_part_in_the_body_frame() -> None:
    ground = Sheet((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 1))
    wall = Sheet((-20, 1.001, -20), (40, 0, 0), (0, 0, 40), ())  # blocks the half-space y > 1 on both sides
    scene = build([ground, wall], 50.0)
    # The facets' body is turned by 90 degrees about z: body x is scene y.
    turn = np.broadcast_to(np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]]), (4, 3, 3))
    skip = np.array([False, False, True, True])
    table = sky_table(*scene.mesh, turn, directions=300, skip=skip)
    from caloris_kernels.radiative.visibility import fibonacci_sphere

    nodes = np.asarray(fibonacci_sphere(300))
    assert table.shape == (300, 4) and table.dtype == np.float32
    up = nodes[:, 2] > 0.05
    toward_wall, away = up & (nodes[:, 0] > 0.2), up & (nodes[:, 0] < 0)
    assert np.all(table[toward_wall, :2] == 1) and np.all(table[away, :2] == 0)
    assert np.all(table[nodes[:, 2] < -0.9] == 0) and np.all(table[:, 2:] == 0)
    # Just behind the plane, mirror images, so that interpolation needs no mask.
    behind = (nodes[:, 2] < -0.05) & (nodes[:, 2] > -0.2) & (nodes[:, 0] > 0.3)
    assert np.any(behind) and np.all(table[behind, :2] == 1)


def test_wrong_arrays_are_named() -> None:
    scene = build([Sheet((0, 0, 0), (1, 0, 0), (0, 1, 0))], 1.0)
    with pytest.raises(ValueError, match="facet only once"):
        compute_view_factors(scene.vertices, scene.triangles, np.array([0, 0]), np.array([1, 1]))
    with pytest.raises(ValueError, match="facet_triangle must index triangles"):
        compute_view_factors(scene.vertices, scene.triangles, np.array([7]), np.array([0]))
    with pytest.raises(ValueError, match="finite"):
        compute_view_factors(scene.vertices * np.nan, *scene.mesh[1:])


def test_no_facets() -> None:
    scene = build([Sheet((0, 0, 0), (1, 0, 0), (0, 1, 0), ())], 1.0)
    factors = compute_view_factors(*scene.mesh)
    assert factors.exchange_area.shape == (0, 0) and factors.space_view.shape == (0,)
