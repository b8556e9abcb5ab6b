"""Brute force by rays and exact clipping agree on pairs that are partly hidden: two ways that share nothing."""

import numpy as np
import pytest

from caloris_validation.clipped_reference import clipped_exchange_area
from caloris_validation.dense_reference import dense_exchange_rows
from caloris_validation.mesh_scenes import satellite

# Unit squares face to face at distance 1, and with a square of half-width 0.25 midway: exact numbers.
OPEN, BLOCKED = 0.19982489569838746, 0.0995062945989848
RAYS = 1 << 16
# Facets of the satellite of 400 of which some hide parts from each other.
PAIRS = ((365, 322), (271, 374), (273, 362), (244, 355), (391, 71))


def square(half: float, height: float) -> np.ndarray:
    return np.array([[-half, -half, height], [half, -half, height], [half, half, height], [-half, half, height]])


def test_exact_numbers() -> None:
    floor, ceiling, blocker = square(0.5, 0.0), square(0.5, 1.0)[::-1], square(0.25, 0.5)
    assert clipped_exchange_area(floor, ceiling, []) == pytest.approx(OPEN, rel=1e-10)
    assert clipped_exchange_area(floor, ceiling, [blocker]) == pytest.approx(BLOCKED, rel=1e-9)
    # Whole or in two triangles, wound either way; a blocker outside, and one that hides all.
    halves = [blocker[:3], blocker[[3, 2, 0]]]
    assert clipped_exchange_area(floor, ceiling, halves, tolerance=1e-6) == pytest.approx(BLOCKED, rel=1e-7)
    assert clipped_exchange_area(floor, ceiling, [square(0.25, 1.5)]) == pytest.approx(OPEN, rel=1e-10)
    assert clipped_exchange_area(floor, ceiling, [square(3.0, 0.5)]) == 0.0
    assert clipped_exchange_area(floor[::-1], ceiling, []) == 0.0


def test_rays_find_what_clipping_finds() -> None:
    scene, coarse = satellite(400), satellite(76)
    blockers = list(coarse.vertices[coarse.triangles])  # the same surfaces in fewer triangles
    for i, j in PAIRS:
        corners = scene.vertices[scene.triangles[[i, j]]]
        exact = clipped_exchange_area(corners[0], corners[1], blockers, tolerance=1e-5)
        clear = clipped_exchange_area(corners[0], corners[1], [], tolerance=1e-7)
        rays = dense_exchange_rows(*scene.mesh, np.array([i]), rays=RAYS)[0, j]
        visible = exact / clear
        assert 0.02 < visible < 0.98
        # Four standard errors of a binomial part; the kernel's weights vary little over facets far apart.
        noise = 4 * 1.2 * clear * np.sqrt(visible * (1 - visible) / RAYS)
        assert abs(rays - exact) < noise, (i, j, rays, exact)


def test_slivers_in_clear_view() -> None:
    """A bus facet and the rim of a radiator 4 cm thick, 0.1 m away: 16 points along an edge were off by 2e-3."""
    scene = satellite(120)
    row = dense_exchange_rows(*scene.mesh, np.array([7]), screening=64, rays=256)[0]
    corners = scene.vertices[scene.triangles]
    for other in (106, 107):
        exact = clipped_exchange_area(corners[7], corners[other], [], tolerance=1e-8)
        assert row[other] == pytest.approx(exact, rel=1e-6)
