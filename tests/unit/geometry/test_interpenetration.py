"""Surfaces that pass through each other, and those that only touch."""

import itertools

import numpy as np
import pytest

from caloris.geometry.assembly import Body, Geometry, Surface
from caloris.geometry.interpenetration import interpenetrating_surfaces
from caloris.geometry.mesh_file import FrozenTriangles, Mesh
from caloris.geometry.shape_base import Shape
from caloris.geometry.shapes import Annulus, Box, Cylinder, Disc, Rectangle, Sphere, Triangle

X, Y, Z = np.eye(3)


def at(x, *shapes: Shape):
    """A scene of its own, moved along x: far from the others that share one geometry."""
    return Geometry((Body("bus", origin=[x, 0, 0]),), tuple(Surface(f"s{k}", s) for k, s in enumerate(shapes)))


def together(scenes: dict[str, tuple[Shape, ...]]) -> Geometry:
    """Scenes 10 m apart as one geometry (one compilation): surface "name:0" is the first of scene "name"."""
    bodies = [Body("bus")]
    surfaces = []
    for k, (name, shapes) in enumerate(scenes.items()):
        bodies.append(Body(name, parent=0, origin=[10.0 * k, 0, 0]))
        surfaces += [Surface(f"{name}:{n}", shape, k + 1) for n, shape in enumerate(shapes)]
    return Geometry(tuple(bodies), tuple(surfaces))


FLOOR = Rectangle([-1, -1, 0], 2 * X, 2 * Y, (2, 2))
CUBE = Box([0, 0, 0], X, Y, Z, (2, 2, 2))
TUBE = Cylinder([0, 0, 0], Z, 0.5, X, (24, 3))

TOUCHING = {
    "plate on floor": (FLOOR, Rectangle([-1, 0, 0], 2 * X, 2 * Z, (2, 2))),
    "plate between cells": (FLOOR, Rectangle([-0.7, 0.1, 0], [1, 0.3, 0], 2 * Z, (3, 1))),
    "slanting mast": (FLOOR, Rectangle([-0.7, 0.1, 0], 0.1 * X, [0.3, 0.4, 1.0])),
    "stands on edge": (CUBE, Rectangle([-1, 2, 0], 3 * X, [0, -2, 2], (2, 2))),
    "stands on edge between cells": (CUBE, Rectangle([-1, 2, 0], 3 * X, [0, -2, 2], (2, 3))),
    "the same turned": (CUBE, Rectangle([-1, 2, 0], [0, -2, 2], 3 * X, (3, 2))),
    "cube on floor": (CUBE, FLOOR),
    "edge on edge": (Rectangle([0, 0, 0], X, Y), Rectangle([1, 0, 0], X, Y), Rectangle([1, 0, 0], X + Z, Y)),
    "stacked cubes": (CUBE, Box([0, 0, 1], X, Y, Z, (3, 3, 3))),
    "one inside": (CUBE, Box([0.25, 0.25, 0.25], 0.5 * X, 0.5 * Y, 0.5 * Z)),
    # Two plates that end on one line of a third, from both sides.
    "floors between walls": (FLOOR, Rectangle([-1, 0, 0], 2 * X, Z), Rectangle([-1, 0, 0], 2 * X, -Z)),
    # True surfaces that touch although their polygons cut each other.
    "tangent plate": (Cylinder([0, 0, 0], Z, 0.5, X, (7, 1)), Rectangle([0.5, -1, -1], 2 * Y, 3 * Z)),
    "collar": (TUBE, Annulus([0, 0, 0.5], Z, 1.0, 0.5, X, (1, 13))),
    "bulkhead": (TUBE, Disc([0, 0, 0.5], Z, 0.5, X, (1, 13))),
    "radial plate": (TUBE, Rectangle([0.5, 0, 0.2], 2 * X, 0.3 * Z)),
    "mast on sphere": (Sphere([0, 0, 0], 0.5), Cylinder([0, 0, 0.5], Z, 0.05)),
}

# Scene -> shapes and length of the line. Polygons of n sides have n sin(pi / n) / pi of the circle's length: 1.1 %
# less at 12, and planes cut a divided sphere along the same number of sides.
CROSSING = {
    "middle lines": (FLOOR, Rectangle([-1, 0, -1], 2 * X, 2 * Z, (2, 2)), 2.0),
    "beside the lines": (FLOOR, Rectangle([-1, 0.1, -1], 2 * X, 2 * Z, (5, 3)), 2.0),
    "diagonals": (Rectangle([-1, -1, 0], 2 * X, 2 * Y), Rectangle([-1, -1, -1], 2 * X + 2 * Y, 2 * Z), 8**0.5),
    "plate through a divided cube": (CUBE, Rectangle([-1, -1, 0.5], 3 * X, 3 * Y, (2, 2)), 4.0),
    "plate into a cube": (CUBE, Rectangle([0.5, 0.5, 0.5], 3 * X, 0.2 * Y), 0.2),
    # Each cube's three faces at the common corner are entered along 0.5 m twice.
    "cube corners": (CUBE, Box([0.5, 0.5, 0.5], X, Y, Z, (2, 2, 2)), 3.0),
    "sphere in a wall": (CUBE, Sphere([1, 0.5, 0.5], 0.25, divide=(12, 6)), 0.5 * np.pi),
    "plate through the axis": (Cylinder([0, 0, 0], Z, 0.5, X, (8, 1)), Rectangle([-1, 0, -1], 2 * X, 3 * Z), 2.0),
    "plate ends on the axis": (TUBE, Rectangle([0, 0, 0.2], 2 * X, 0.3 * Z), 0.3),
    "wide bulkhead": (TUBE, Disc([0, 0, 0.5], Z, 0.7, X, (2, 13)), np.pi),
    "mast in a sphere": (Sphere([0, 0, 0], 0.5), Cylinder([0, 0, 0.4], Z, 0.05), 0.1 * np.pi),
}


def test_touching_is_not_passing_through():
    assert interpenetrating_surfaces(together(TOUCHING)) == []


def test_length_of_the_line():
    found = {f.surfaces: f for f in interpenetrating_surfaces(together({k: v[:-1] for k, v in CROSSING.items()}))}
    assert set(found) == {(f"{name}:0", f"{name}:1") for name in CROSSING}
    for name, (*_, length) in CROSSING.items():
        flat = name not in ("sphere in a wall", "wide bulkhead", "mast in a sphere")
        expected = pytest.approx(length, rel=1e-9 if flat else 0.015)
        assert found[f"{name}:0", f"{name}:1"].measure == expected, name


def test_place_lies_on_the_line():
    (finding,) = interpenetrating_surfaces(at(3.0, FLOOR, Rectangle([-1, 0.25, -1], 2 * X, 2 * Z)))
    place = finding.place
    assert place is not None and 2.0 < place[0] < 4.0
    assert place[1:] == pytest.approx((0.25, 0.0), abs=1e-12)
    assert "'s0' and 's1' pass through each other along 2 m, around (" in finding.message


@pytest.mark.parametrize(("depth", "crosses"), [(1e-6, False), (1e-4, True)])
def test_tolerance_is_a_millionth_of_the_scene(depth, crosses):
    # The diagonal is 3.5 m: 3.5 micrometres count as touching.
    found = interpenetrating_surfaces(at(0.0, FLOOR, Rectangle([-1, 0.1, -depth], 2 * X, 2 * Z)))
    assert bool(found) is crosses


def test_random_triangles_against_edges_that_pierce():
    """The line of two triangles runs between the two points where an edge of one pierces the other."""
    rng = np.random.default_rng(4)
    corners = rng.random((24, 3, 3))
    shapes = [Triangle(c[0], c[1] - c[0], c[2] - c[0]) for c in corners]
    found = {f.surfaces: f.measure for f in interpenetrating_surfaces(at(0.0, *shapes))}
    expected = {}
    for i, j in itertools.combinations(range(len(corners)), 2):
        points = [*_pierced(corners[i], corners[j]), *_pierced(corners[j], corners[i])]
        if points:
            assert len(points) == 2
            expected[f"s{i}", f"s{j}"] = float(np.linalg.norm(points[0] - points[1]))
    assert len(expected) > 30
    assert found == pytest.approx(expected, rel=1e-9)


def _pierced(edges: np.ndarray, triangle: np.ndarray) -> list[np.ndarray]:
    """Points where edges of a triangle pass through another one."""
    points = []
    for k in range(3):
        start, way = edges[k], edges[(k + 1) % 3] - edges[k]
        columns = np.stack([-way, triangle[1] - triangle[0], triangle[2] - triangle[0]], axis=1)
        share, u, v = np.linalg.solve(columns, start - triangle[0])
        if 0 <= share <= 1 and u >= 0 and v >= 0 and u + v <= 1:
            points.append(start + share * way)
    return points


def test_a_mesh_that_passes_through_itself():
    # Two squares of one file, not connected: crossed, and side by side.
    square = np.array([[-1.0, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]])
    corners = FrozenTriangles.of([[0, 1, 2], [0, 2, 3], [4, 5, 6], [4, 6, 7]])
    crossed = Mesh(np.concatenate([square, square[:, [2, 0, 1]] + [0.1, 0, 0]]), corners)
    apart = Mesh(np.concatenate([square, square + [0, 0, 0.5]]) + [5, 0, 0], corners)
    (finding,) = interpenetrating_surfaces(at(0.0, crossed, apart))
    assert finding.surfaces == ("s0",)
    assert "'s0' passes through itself along 2 m" in finding.message


def test_a_body_turns_into_another():
    bodies = Body("bus"), Body("flap", parent=0, origin=[1.2, 0, 0.5], joint_axis=[0, 1, 0])
    flap = Surface("flap", Rectangle([0.01, 0.2, 0], 0.8 * X, 0.5 * Y), 1)
    geometry = Geometry(bodies, (Surface("cube", CUBE), flap))
    assert interpenetrating_surfaces(geometry) == []
    (finding,) = interpenetrating_surfaces(geometry, np.array([np.radians(-170.0)]))  # pyright: ignore
    assert finding.surfaces == ("cube", "flap") and finding.measure == pytest.approx(0.5, rel=1e-9)
