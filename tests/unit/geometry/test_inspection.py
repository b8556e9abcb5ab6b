"""Findings about a geometry."""

import numpy as np
import pytest

from caloris.geometry.assembly import Body, Geometry, Surface, assemble
from caloris.geometry.inspection import inspect_geometry, overlapping_surfaces, scene_size, shared_edges
from caloris.geometry.mesh_file import FrozenTriangles, Mesh
from caloris.geometry.shapes import Box, Cylinder, Disc, Rectangle, Triangle


def scene(*shapes):
    return Geometry((Body("bus"),), tuple(Surface(f"s{k}", shape) for k, shape in enumerate(shapes)))


# Any plane; its normal's first component is one half, where a careless choice of sign would flip.
U, V = np.array([0.0, 1.0, 0.0]), np.array([-(0.75**0.5), 0.0, 0.5])


def test_overlap_area_is_measured_across_different_divisions():
    first = Rectangle([0, 0, 0], 2 * U, 1 * V, (3, 2))
    second = Rectangle(0.5 * U + 0.25 * V, 5 * U, 0.5 * V, (2, 7))
    (finding,) = overlapping_surfaces(scene(first, second))
    assert finding.surfaces == ("s0", "s1")
    assert finding.measure == pytest.approx(1.5 * 0.5, rel=1e-9)


@pytest.mark.parametrize(
    "other",
    [
        Rectangle(2 * U, U, V),  # beside it, edge to edge
        Rectangle([1e-3, 0, 0], 2 * U, V),  # a millimetre above
        Rectangle([0, 0, 0], U, [1, 0, 0]),  # in another plane, through its edge
    ],
)
def test_touching_or_parallel_surfaces_do_not_overlap(other):
    assert overlapping_surfaces(scene(Rectangle([0, 0, 0], 2 * U, V, (2, 2)), other)) == []


def test_a_plate_on_a_box_face_overlaps_it():
    box = Box([0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], (2, 2, 2))
    plate = Triangle([0.2, 0.2, 1], [0.5, 0, 0], [0, 0.5, 0], 2)
    (finding,) = overlapping_surfaces(scene(box, plate))
    assert finding.measure == pytest.approx(0.125, rel=1e-9)


def test_shared_edges_name_box_faces():
    box = Box([0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1])
    wing = Rectangle([0, 1, 1], [1, 0, 0], [0, 3, 0], (4, 1))
    found = {f.surfaces: f.measure for f in shared_edges(scene(box, wing))}
    assert found == pytest.approx({("s0.v+", "s1"): 1.0, ("s0.w+", "s1"): 1.0})


def test_scene_size():
    size = scene_size(scene(Box([-1, 0, 2], [1, 0, 0], [0, 2, 0], [0, 0, 2])))
    assert (size.low, size.high) == ((-1.0, 0.0, 2.0), (0.0, 2.0, 4.0))
    assert size.diagonal == pytest.approx(3.0)


def test_caps_and_mixed_meshes_are_reported():
    start = [1, 0, 0]
    points = np.array([[0.0, 0, 5], [1, 0, 5], [1, 1, 5], [0, 1, 5]])
    mixed = Mesh(points, FrozenTriangles.of([[0, 1, 2], [0, 3, 2]]))
    surfaces = (
        Surface("wall", Cylinder([0, 0, 0], [0, 0, 2], 0.5, start, (24, 1))),
        Surface("cap", Disc([0, 0, 2], [0, 0, 1], 0.5, start, (1, 24))),
        Surface("skin", mixed),
    )
    found = {f.kind: f for f in inspect_geometry(assemble((Body("bus"),), surfaces))}
    assert set(found) == {"shared edge", "short cap", "winding"}
    angle = np.pi / 24
    assert found["short cap"].measure == pytest.approx(1 - angle / np.tan(angle), rel=1e-9)
    assert found["winding"].measure == 1.0
