"""Shapes: exact areas, outward fronts, closed surfaces, cell names, refused input."""

import numpy as np
import pytest

from caloris.geometry.assembly import Body, Geometry, Surface
from caloris.geometry.shapes import Annulus, Box, Cone, Cylinder, Disc, GeometryError, Rectangle, Sphere, Triangle

TILT = [0.3, -0.5, 1.1]  # an axis along no frame axis

# name, shape, exact area: plane geometry, pi r^2, 2 pi r h, pi (r1 + r2) slant, 4 pi r^2
AREAS = [
    ("rectangle", Rectangle([1, 2, 3], [2, 0, 0], [0, 3, 0], (2, 3)), 6.0),
    ("parallelogram", Rectangle([0, 0, 0], [2, 0, 0], [1, 3, 0], (4, 1)), 6.0),
    ("triangle", Triangle([0, 0, 1], [1, 0, 0], [0, 0, 2], (5,)), 1.0),
    ("box", Box([0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 3], (2, 1, 3)), 22.0),
    ("disc, coarse", Disc([1, 2, 3], TILT, 1.5, [1, 0, 0], (1, 3)), np.pi * 2.25),
    ("disc", Disc([1, 2, 3], TILT, 1.5, None, (4, 24)), np.pi * 2.25),
    ("annulus", Annulus([1, 2, 3], TILT, 1.5, 0.5, None, (3, 7)), np.pi * 2.0),
    ("cylinder", Cylinder([1, 2, 3], [0, 2, 0], 0.5, [1, 0, 0], (12, 2)), np.pi * 2.0),
    ("frustum", Cone([0, 0, 0], [0, 0, 2], 0.5, 0.2, [1, 0, 0], (5, 3)), np.pi * 0.7 * np.hypot(2.0, 0.3)),
    ("opening frustum", Cone([0, 0, 0], [0, 0, 0.1], 0.5, 2.0, None, (9, 1)), np.pi * 2.5 * np.hypot(0.1, 1.5)),
    ("straight frustum", Cone([0, 0, 0], [0, 0, 2], 0.5, 0.5, None, (12, 2)), np.pi * 2.0),
    ("pointed cone", Cone([0, 0, 0], [0, 0, 2], 0.5, 0.0, None, (9, 2)), np.pi * 0.5 * np.hypot(2.0, 0.5)),
    ("sphere", Sphere([1, 1, 1], 2.0, divide=(12, 6)), 16.0 * np.pi),
    ("sphere, coarse", Sphere([1, 1, 1], 2.0, TILT, divide=(3, 2)), 16.0 * np.pi),
]
IDS = [row[0] for row in AREAS]


def mesh(shape):
    """Vertices, triangles, and area, normal, centroid of the front of every triangle."""
    geometry = Geometry((Body("bus"),), (Surface("s", shape, front=0),))
    vertices = geometry.vertices()
    return np.asarray(vertices), geometry.topology(), [np.asarray(x) for x in geometry.facet_geometry(vertices)]


@pytest.mark.parametrize(("shape", "exact"), [row[1:] for row in AREAS], ids=IDS)
def test_area_is_exact(shape, exact):
    _, topology, (area, _, _) = mesh(shape)
    # Rounding of a sum of at most 200 terms.
    assert area.sum() == pytest.approx(exact, rel=1e-12)
    assert area.min() > 0
    assert len(area) == len(topology.triangles)


@pytest.mark.parametrize("around", [3, 8, 50])
def test_area_of_every_ring_of_a_disc_is_exact(around):
    _, topology, (area, _, _) = mesh(Disc([0, 0, 0], [0, 0, 1], 2.0, None, (4, around)))
    ring = np.bincount(topology.triangle_cell // around, area)
    # Rounding only: rings between k/4 and (k+1)/4 of the radius.
    np.testing.assert_allclose(ring, np.pi * 4.0 * np.diff((np.arange(5) / 4) ** 2), rtol=1e-12)


CLOSED = [row for row in AREAS if row[0] in ("box", "sphere", "sphere, coarse")]


@pytest.mark.parametrize("shape", [row[1] for row in CLOSED], ids=[row[0] for row in CLOSED])
def test_closed_shapes_are_closed_and_face_outward(shape):
    vertices, topology, (area, normal, centroid) = mesh(shape)
    corners = topology.triangles
    directed = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]])
    forward = {tuple(e) for e in directed.tolist()}
    assert len(forward) == len(directed)
    assert forward == {(b, a) for a, b in forward}
    # A closed surface's area vectors cancel: rounding of the total area.
    assert np.abs((area[:, None] * normal).sum(0)).max() <= 1e-13 * area.sum()
    assert np.einsum("tx,tx->t", normal, centroid - vertices.mean(0)).min() > 0


@pytest.mark.parametrize(
    "shape",
    [
        Cylinder([1, 2, 3], TILT, 0.5, None, (12, 2)),
        Cone([1, 2, 3], TILT, 0.5, 0.2, None, (5, 3)),
        Cone([1, 2, 3], TILT, 0.5, 0, None, (6, 2)),
    ],
)
def test_walls_face_away_from_the_axis_and_close_around(shape):
    _, topology, (_, normal, centroid) = mesh(shape)
    axis = np.array(TILT) / np.linalg.norm(TILT)
    offset = centroid - np.array([1, 2, 3])
    radial = offset - np.outer(offset @ axis, axis)
    assert np.einsum("tx,tx->t", normal, radial).min() > 0
    corners = topology.triangles
    edges = np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1)
    open_edges = int(np.sum(np.unique(edges, axis=0, return_counts=True)[1] == 1))
    # Only the end circles are open: two rims, or one below a tip.
    pointed = isinstance(shape, Cone) and shape.top_radius is None
    assert open_edges == shape.divide[0] * (1 if pointed else 2)


@pytest.mark.parametrize("kind", [Disc, Annulus])
def test_flat_round_shapes_face_along_the_axis(kind):
    inner = {} if kind is Disc else {"inner_radius": 0.5}
    _, _, (_, normal, _) = mesh(kind(center=[0, 0, 1], axis=[0, -3, 0], radius=1.0, divide=(2, 5), **inner))
    np.testing.assert_allclose(normal, np.tile([0.0, -1.0, 0.0], (len(normal), 1)), atol=1e-14)


def test_start_is_the_direction_of_angle_zero():
    vertices, topology, _ = mesh(Cylinder([0, 0, 0], [0, 0, 2], 1.0, [0, 1, 5], (4, 1)))
    factor = (np.pi / 4) / np.sin(np.pi / 4)
    # The part of start along the axis does not count; angles turn right-handed about the axis.
    np.testing.assert_allclose(vertices[0], [0, factor, 0], atol=1e-14)
    np.testing.assert_allclose(vertices[2], [-factor, 0, 0], atol=1e-14)
    assert topology.cell_name[0] == "s[0,0]"


def test_cells_of_a_rectangle_lie_where_their_names_say():
    _, topology, (_, _, centroid) = mesh(Rectangle([0, 0, 0], [2, 0, 0], [0, 3, 0], (2, 3)))
    assert topology.cell_name == ("s[0,0]", "s[0,1]", "s[0,2]", "s[1,0]", "s[1,1]", "s[1,2]")
    middle = np.stack([centroid[topology.triangle_cell == k].mean(0) for k in range(6)])
    np.testing.assert_allclose(middle[:, :2], [[0.5 + i, 0.5 + j] for i in range(2) for j in range(3)], atol=1e-14)


def test_box_faces_lie_where_their_names_say():
    _, topology, (area, normal, centroid) = mesh(Box([0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 3], (1, 2, 1)))
    names = [topology.cell_name[k] for k in topology.triangle_cell]
    for axis, letter in enumerate("uvw"):
        for sign in "-+":
            face = [k for k, name in enumerate(names) if name.startswith(f"s.{letter}{sign}")]
            expected = np.zeros(3)
            expected[axis] = -1 if sign == "-" else 1
            np.testing.assert_allclose(normal[face], np.tile(expected, (len(face), 1)), atol=1e-14)
            assert area[face].sum() == pytest.approx(6.0 / (axis + 1), rel=1e-14)
    assert "s.v-" in names and "s.v-[0,0]" not in names
    high = [k for k, name in enumerate(names) if name == "s.u+[1,0]"]
    assert centroid[high, 1].min() > 1.0


def test_sphere_cells_run_from_the_pole_against_the_axis():
    _, topology, (_, _, centroid) = mesh(Sphere([0, 0, 0], 1.0, [0, 0, 1], [1, 0, 0], (8, 4)))
    first = topology.triangle_cell == topology.cell_name.index("s[0,0]")
    last = topology.triangle_cell == topology.cell_name.index("s[0,3]")
    assert centroid[first, 2].max() < -0.5 and centroid[last, 2].min() > 0.5
    assert centroid[first, 0].min() > 0 and centroid[first, 1].min() > 0


def test_single_cells_carry_the_surface_name_alone():
    for shape in (Rectangle([0, 0, 0], [1, 0, 0], [0, 1, 0]), Triangle([0, 0, 0], [1, 0, 0], [0, 1, 0])):
        assert mesh(shape)[1].cell_name == ("s",)
    assert mesh(Triangle([0, 0, 0], [1, 0, 0], [0, 1, 0], 2))[1].cell_name == ("s[0]", "s[1]", "s[2]", "s[3]")


WRONG = [
    (lambda: Rectangle([0, 0, 0], [0, 0, 0], [0, 1, 0]), "edge_u", "no length"),
    (lambda: Rectangle([0, 0, 0], [1, 0, 0], [2, 0, 0]), "edge_v", "parallel"),
    (lambda: Rectangle([0, 0, float("nan")], [1, 0, 0], [0, 1, 0]), "corner", "finite"),
    (lambda: Rectangle([0, 0], [1, 0, 0], [0, 1, 0]), "corner", "three"),
    (lambda: Rectangle([0, 0, 0], [1, 0, 0], [0, 1, 0], (0, 1)), "divide", "along u >= 1"),
    (lambda: Rectangle([0, 0, 0], [1, 0, 0], [0, 1, 0], (1.5, 1)), "divide", "whole"),
    (lambda: Rectangle([0, 0, 0], [1, 0, 0], [0, 1, 0], (1, 1, 1)), "divide", "2 whole numbers"),
    (lambda: Triangle([0, 0, 0], [1, 0, 0], [-1, 0, 0]), "edge_v", "parallel"),
    (lambda: Box([0, 0, 0], [0, 1, 0], [1, 0, 0], [0, 0, 1]), "edge_w", "left-handed"),
    (lambda: Box([0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]), "edge_w", "plane"),
    (lambda: Disc([0, 0, 0], [0, 0, 1], -1.0), "radius", "more than zero"),
    (lambda: Disc([0, 0, 0], [0, 0, 0], 1.0), "axis", "no length"),
    (lambda: Disc([0, 0, 0], [0, 0, 1], 1.0, [0, 0, -2]), "start", "parallel"),
    (lambda: Disc([0, 0, 0], [0, 0, 1], 1.0, None, (1, 2)), "divide", "around >= 3"),
    (lambda: Annulus([0, 0, 0], [0, 0, 1], 1.0, 1.0), "inner_radius", "less than radius"),
    (lambda: Annulus([0, 0, 0], [0, 0, 1], 1.0, 0.0), "inner_radius", "more than zero"),
    (lambda: Cylinder([0, 0, 0], [0, 0, 1], 0.0), "radius", "more than zero"),
    (lambda: Cone([0, 0, 0], [0, 0, 1], 1.0, -0.1), "top_radius", "more than zero"),
    (lambda: Cone([0, 0, 0], [0, 0, 1], float("inf"), 0.1), "radius", "finite"),
    (lambda: Sphere([0, 0, 0], 1.0, divide=(12, 1)), "divide", "pole to pole >= 2"),
]


@pytest.mark.parametrize(("build", "key", "words"), WRONG, ids=[f"{key}: {words}" for _, key, words in WRONG])
def test_degenerate_shapes_are_refused_by_key(build, key, words):
    with pytest.raises(GeometryError, match=words) as caught:
        build()
    assert caught.value.key == key
    assert key in str(caught.value)
