"""Heights of a scene above its facets' planes, with and without the convex hull."""

import numpy as np
import pytest

from caloris.geometry import scene_sides
from caloris.geometry.facet_tiles import oriented_facets
from caloris_validation.mesh_scenes import Scene, dish_satellite, icosphere, satellite


@pytest.mark.parametrize(
    ("scene", "by_hull"),
    [(satellite(2000), False), (dish_satellite(600), False), (icosphere(4), True)],
    ids=["six normals", "some hundred normals", "a sphere"],
)
def test_heights_of_all_points(scene: Scene, by_hull: bool, monkeypatch) -> None:
    """Against every point above every facet; the hull is asked for where there are many normals, and only there."""
    asked, hull_points = [], scene_sides._hull_points
    monkeypatch.setattr(scene_sides, "_hull_points", lambda points: asked.append(1) or hull_points(points))
    count = len(scene.triangles)
    facets = oriented_facets(
        scene.vertices, scene.triangles, np.arange(count), np.zeros(count, int), scene.triangle_group
    )
    low, high = scene_sides.heights(facets, scene.vertices)
    every = scene.vertices @ facets.normal.T - facets.offset
    # Heights are sums of three products of lengths up to 15 m.
    np.testing.assert_allclose(low, every.min(axis=0), rtol=0, atol=1e-13)
    np.testing.assert_allclose(high, every.max(axis=0), rtol=0, atol=1e-13)
    assert bool(asked) == by_hull


def test_points_in_a_plane_have_no_hull() -> None:
    corner = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0.5, 0.5, 0], [0.5, 0.5, 0]])
    assert len(scene_sides._hull_points(corner)) == 5
