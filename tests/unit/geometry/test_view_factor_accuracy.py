"""View factors with occlusion against exact numbers and against brute force, and what must not change them."""

import subprocess
import sys

import numpy as np
import pytest

from caloris.geometry.view_factors import ViewFactors, compute_view_factors
from caloris_validation.clipped_reference import clipped_exchange_area
from caloris_validation.dense_reference import PairErrors, dense_exchange_rows, pair_errors
from caloris_validation.mesh_scenes import (
    Scene,
    Sheet,
    build,
    dish_satellite,
    icosphere,
    rod_satellite,
    satellite,
    sheet_satellite,
    turned,
)

# Two unit squares, distance 1, a square blocker of half-width 0.25 midway: the visible part of one from a point of the
# other is the square without a rectangle, exact (Howell C-11's element formula), integrated by 64 x 64 Gauss points.
_BLOCKED = 0.0995062945989848


def _blocked_squares(divide: int) -> Scene:
    n = (divide, divide)
    squares = [Sheet((0, 0, 0), (1, 0, 0), (0, 1, 0), (0,), 0, n), Sheet((0, 0, 1), (0, 1, 0), (1, 0, 0), (0,), 0, n)]
    return build([*squares, Sheet((0.25, 0.25, 0.5), (0.5, 0, 0), (0, 0.5, 0), (), 0, n)], 1.0)


def _between_squares(factors: ViewFactors) -> float:
    half = len(factors.area) // 2
    return float(factors.exchange_area[:half, half:].sum())


def _check_blocked_squares(divide: int) -> None:
    scene = _blocked_squares(divide)
    tight = compute_view_factors(*scene.mesh, tolerance=1e-4)
    assert abs(_between_squares(tight) - _BLOCKED) < 1e-5
    usual = compute_view_factors(*scene.mesh)
    every = _between_squares(usual) + float((usual.inactive_view * usual.area).sum())
    assert abs(_between_squares(usual) - _BLOCKED) < usual.error_estimate * every
    assert usual.error_estimate < 5e-4


@pytest.mark.parametrize("divide", [1, 2, 3])
def test_two_squares_and_a_blocker(divide: int) -> None:
    _check_blocked_squares(divide)


@pytest.mark.slow
@pytest.mark.parametrize("divide", range(4, 17))
def test_two_squares_and_a_blocker_finely_divided(divide: int) -> None:
    _check_blocked_squares(divide)


@pytest.mark.parametrize("level", [3, pytest.param(4, marks=pytest.mark.slow)])  # 1280 and 5120 facets
def test_inside_of_a_sphere_needs_no_rays(level: int) -> None:
    factors = compute_view_factors(*icosphere(level).mesh)
    assert factors.rays == 0 and not factors.occluded
    # A polyhedron is closed: row sums are one but for the quadrature of neighbors.
    np.testing.assert_allclose(factors.facet_view, 1.0, atol=1e-5)


def _errors(scene: Scene, vertices: np.ndarray, rows: int, rays: int) -> PairErrors:
    """Errors on rows spread over all facets."""
    mesh = (vertices, *scene.mesh[1:])
    factors = compute_view_factors(*mesh)
    chosen = np.linspace(0, len(factors.area) - 1, rows).astype(int)
    reference = dense_exchange_rows(*mesh, chosen, rays=rays)
    assert factors.occluded and factors.error_estimate < 5e-4
    return pair_errors(factors.exchange_area[chosen], reference, factors.area[chosen])


# Allowed beside the tolerance of 5e-4: the reference's own noise. A pair that is half hidden errs by 0.4 / root(rays);
# `partial` is the part of the exchange that such pairs make up. Without capsules around the rods worst_row is 0.1.
@pytest.mark.parametrize(
    ("scene", "angle", "partial"),
    # The rods hide some of nearly every view.
    [(satellite(700), 0.0, 0.1), (sheet_satellite(700), 0.6, 0.1), (rod_satellite(500), 0.0, 0.3)],
)
def test_satellites_against_dense_rays(scene: Scene, angle: float, partial: float) -> None:
    errors = _errors(scene, turned(scene, angle), 30, 2048)
    assert errors.pair < 5e-4 + partial * 0.4 / np.sqrt(2048)
    # What a facet sees of space, the sum of its row: errors of pairs cancel in part.
    assert errors.row < 5e-4 + partial * 0.1 / np.sqrt(2048) and errors.worst_row < 1e-3 + partial * 0.2 / np.sqrt(2048)


@pytest.mark.slow
@pytest.mark.parametrize("scene", [rod_satellite(2000), dish_satellite(2000)])
def test_thin_and_curved_parts_against_dense_rays(scene: Scene) -> None:
    errors = _errors(scene, scene.vertices, 80, 1 << 14)
    assert errors.pair < 5e-4 + 0.1 * 0.4 / np.sqrt(1 << 14)
    assert errors.worst_row < 1e-3


def test_the_order_of_surfaces_changes_nothing() -> None:
    scene = sheet_satellite(500)
    factors = compute_view_factors(*scene.mesh)
    rng = np.random.default_rng(4)
    vertex, triangle = rng.permutation(len(scene.vertices)), rng.permutation(len(scene.triangles))
    facet = rng.permutation(len(scene.facet_triangle))
    # The same scene, its vertices, triangles and facets shuffled.
    other = compute_view_factors(
        scene.vertices[vertex],
        np.argsort(vertex)[scene.triangles[triangle]],
        np.argsort(triangle)[scene.facet_triangle[facet]],
        scene.facet_side[facet],
    )
    difference = np.abs(other.exchange_area - factors.exchange_area[np.ix_(facet, facet)]).sum()
    # Float32 rounding of shared points that are averaged in another order moves a few rays across an edge.
    assert difference < 2e-5 * factors.exchange_area.sum()


def test_slivers_beside_a_long_edge() -> None:
    """A bus facet and the rim of a radiator 4 cm thick, 0.1 m away; 12 points along an edge are off by 7e-3."""
    scene = satellite(120)
    factors = compute_view_factors(*scene.mesh, tolerance=5e-3)
    corners = scene.vertices[scene.triangles]
    for other in (106, 107):
        exact = clipped_exchange_area(corners[7], corners[other], [], tolerance=1e-7)
        assert factors.exchange_area[7, other] == pytest.approx(exact, rel=1e-4)


@pytest.mark.slow
def test_twenty_thousand_facets_fit_in_six_gibibytes() -> None:
    program = (
        "import resource\n"
        "from caloris.precision import enable_float64\n"
        "enable_float64()\n"
        "from caloris.geometry.view_factors import compute_view_factors\n"
        "from caloris_validation.mesh_scenes import satellite\n"
        "factors = compute_view_factors(*satellite(20000).mesh)\n"
        "assert len(factors.area) > 19000 and factors.error_estimate < 5e-4\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert int(out.stdout.split()[-1]) < 6 * 1024**2  # KiB
