"""Closed bodies: holes and slits in them, walls turned inside out, fronts that face inward."""

from dataclasses import replace

import numpy as np
import pytest

from caloris.geometry.assembly import Body, Geometry, Surface, assemble
from caloris.geometry.body_findings import closed_body_findings
from caloris.geometry.closed_bodies import closed_bodies
from caloris.geometry.finding import Finding
from caloris.geometry.mesh_file import FrozenTriangles, Mesh
from caloris.geometry.shapes import Annulus, Box, Cylinder, Disc, Rectangle, Sphere

WHITE, BLACK = 0, 1
X, Y, Z = np.eye(3)


def cube(
    size=1.0,
    origin=(0, 0, 0),
    turned=(),
    without=(),
    moved=None,
    front: int | None = WHITE,
    back=None,
    name="f",
    **sides,
):
    """Six square plates, fronts outward but for the turned ones; sides: coatings of single faces."""
    faces = []
    for axis in range(3):
        for end in (0, 1):
            k = 2 * axis + end
            if k in without:
                continue
            u, v = np.roll([0, size, 0], axis), np.roll([0, 0, size], axis)
            first, second = (u, v) if bool(end) != (k in turned) else (v, u)
            corner = np.roll([end * size, 0, 0], axis) + np.array(origin, float) + (moved or {}).get(k, 0.0)
            # Divisions differ from face to face: their edges meet in parts.
            shape = Rectangle(corner, first, second, (1 + k % 3, 2))
            faces.append(Surface(f"{name}{k}", shape, 0, *sides.get(f"{name}{k}", (front, back))))
    return faces


def found(*surfaces: Surface) -> list[Finding]:
    return closed_body_findings(assemble((Body("bus"),), surfaces))


def mesh(shape, rows=slice(None), turn=False) -> Mesh:
    """A shape's triangles as a file would hold them."""
    corners = shape.topology().triangles[rows]
    return Mesh(np.asarray(shape.vertices()), FrozenTriangles.of(corners[:, ::-1] if turn else corners))


BOX = Box([0, 0, 0], X, Y, Z, (2, 2, 2))
WALL = Cylinder([0, 0, 0], Z, 0.5, X, (24, 3))
TOP, BOTTOM = Disc([0, 0, 1], Z, 0.5, X, (1, 24)), Disc([0, 0, 0], -Z, 0.5, X, (2, 24))

SOUND = {
    "cube": cube(),
    "seen from inside": cube(front=None, back=BLACK),
    "both sides alike": cube(turned=(1, 4), back=WHITE),
    "sides exchanged where turned": cube(turned=(2,), f2=(None, WHITE)),
    "with a fin": [*cube(), Surface("fin", Rectangle([1, 0, 1], X, Y), 0, WHITE, WHITE)],
    "with a floor inside": [*cube(), Surface("floor", Rectangle([0, 0, 0.3], X, Y), 0, WHITE, WHITE)],
    "two with a common wall": [*cube(), *cube(origin=(0, 0, 1), without=(4,), name="g")],
    "can": [Surface("wall", WALL, 0, WHITE), Surface("top", TOP, 0, WHITE), Surface("bottom", BOTTOM, 0, WHITE)],
    "open can": [Surface("wall", WALL, 0, WHITE), Surface("top", TOP, 0, WHITE)],
    "can with an opening": [
        Surface("wall", WALL, 0, WHITE),
        Surface("top", Annulus([0, 0, 1], Z, 0.5, 0.1, X, (1, 24)), 0, WHITE),
        Surface("bottom", BOTTOM, 0, WHITE),
    ],
    "tube": [Surface("tube", Cylinder([0, 0, 0], Z * 9, 0.5), 0, WHITE)],
    "mesh tube": [Surface("tube", mesh(Cylinder([0, 0, 0], Z * 9, 0.5)), 0, WHITE)],
    "square tube": cube(without=(4, 5)),
    "angle": cube(without=(0, 1, 4)),
    "plates close to each other": [
        Surface(f"p{k}", Rectangle([0, 0, 1e-3 * k], X, Y), 0, WHITE) for k in range(2)
    ],
    "panels with gaps": [
        Surface(f"p{i}{j}", Rectangle([1.005 * i, 1.005 * j, 0], X, Y), 0, WHITE) for i in range(3) for j in range(3)
    ],
    "mesh": [Surface("skin", mesh(BOX), 0, WHITE)],
    "mesh of two shells": [
        Surface("skin", Mesh(
            np.concatenate([np.asarray(BOX.vertices()), np.asarray(BOX.vertices()) + [3, 0, 0]]),
            FrozenTriangles.of(np.concatenate([BOX.topology().triangles, BOX.topology().triangles + 26])),
        ), 0, WHITE)
    ],
    # An electronics compartment, modeled from inside, in the bus.
    "chamber in a box": [Surface("bus", BOX, 0, WHITE), *cube(0.5, (0.2, 0.2, 0.2), range(6), name="g")],
    "spheres": [
        Surface("out", Sphere([0, 0, 0], 1), 0, None, BLACK), Surface("in", Sphere([0, 0, 0], 0.5), 0, WHITE)
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", list(SOUND))
def test_nothing_is_wrong(name):
    assert found(*SOUND[name]) == []


@pytest.mark.parametrize(
    ("name", "parts"),
    [("cube", [6]), ("with a fin", [6]), ("can", [3]), ("mesh of two shells", [1, 1]), ("spheres", [1, 1])],
)
def test_bodies_are_recognized(name, parts):
    bodies = closed_bodies(assemble((Body("bus"),), tuple(SOUND[name])))
    assert [len(body.parts) for body in bodies] == parts
    assert all(np.all(body.outward) for body in bodies)


@pytest.mark.parametrize(
    ("surfaces", "names", "length", "words"),
    [
        (cube(without=(5,)), ("f0", "f1", "f2", "f3"), 4.0, "a hole of 1 m^2"),
        # A lid 3 cm short: a strip of 0.03 x 1 m stays open.
        (
            [*cube(without=(5,)), Surface("lid", Rectangle([0, 0, 1], 0.97 * X, Y), 0, WHITE)],
            ("f1", "f2", "f3", "lid"), 2.06, "a hole of 0.03 m^2",
        ),
        # A lid 5 mm too high: four slits of 1 m.
        (cube(moved={5: 0.005 * Z}), ("f0", "f1", "f2", "f3", "f5"), 4.0, "up to 0.005 m apart"),
        (cube(moved={1: 0.004 * X}), ("f1", "f2", "f3", "f4", "f5"), 4.0, "up to 0.004 m apart"),
        # One of the 48 triangles is missing: sides of 0.5, 0.5 and 0.707 m.
        ([Surface("skin", mesh(BOX, slice(1, None)), 0, WHITE)], ("skin",), 1 + 0.5**0.5, "a hole of 0.125 m^2"),
        ([Surface("skin", mesh(Box([0, 0, 0], X, Y, Z), slice(1, None)), 0, WHITE)], ("skin",), 2 + 2**0.5, "hole"),
    ],
)  # fmt: skip
def test_holes(surfaces, names, length, words):
    (finding,) = found(*surfaces)
    assert finding.kind == "hole" and finding.surfaces == names
    assert finding.measure == pytest.approx(length, rel=1e-9)
    assert words in finding.message and finding.place is not None


def test_place_of_a_hole():
    (finding,) = found(*cube(without=(5,)))
    assert finding.place == pytest.approx((0.5, 0.5, 1.0), abs=1e-12)


@pytest.mark.parametrize("turned", [0, 3])
def test_a_wall_turned_inside_out(turned):
    (finding,) = found(*cube(turned=(turned,)))
    assert finding.kind == "orientation" and finding.surfaces == (f"f{turned}",)
    assert finding.measure == pytest.approx(1.0, rel=1e-12)
    assert "the front faces inward while the rest of the closed body has its fronts outward" in finding.message
    assert "its outer side is inactive" in finding.message


def test_a_cap_turned_inside_out():
    wrong = Disc([0, 0, 0], Z, 0.5, X, (2, 24))
    (finding,) = found(*SOUND["can"][:2], Surface("bottom", wrong, 0, WHITE))
    assert finding.surfaces == ("bottom",)


def test_two_coatings_of_which_one_wall_shows_the_wrong_one():
    (finding,) = found(*cube(turned=(2,), back=BLACK))
    assert finding.kind == "orientation" and "its back coating is outside" in finding.message


@pytest.mark.parametrize(
    ("surfaces", "count"),
    [
        (cube(turned=range(6)), 6),
        (cube(turned=range(6), back=BLACK), 6),
        (cube(turned=range(6), without=(5,)), 5),
        ([Surface("skin", mesh(BOX, turn=True), 0, WHITE)], 1),
    ],
)
def test_a_body_that_faces_inward(surfaces, count):
    findings = [finding for finding in found(*surfaces) if finding.kind != "hole"]
    (finding,) = findings
    assert finding.kind == "inward" and len(finding.surfaces) == count
    assert finding.measure == pytest.approx(max(count, 6) if count != 5 else 5.0, rel=1e-9)
    assert "the fronts of this closed body face inward" in finding.message


def test_far_from_the_origin():
    far = (3e3, -2e3, 1e3)
    assert found(*cube(origin=far)) == []
    assert [f.kind for f in found(*cube(origin=far, turned=range(6)))] == ["inward"]


def test_walls_on_different_joints_make_no_body():
    bodies = Body("bus"), Body("door", parent=0, joint_axis=[0, 0, 1])
    surfaces = tuple(cube(turned=(5,)))
    assert len(closed_bodies(Geometry(bodies, surfaces))) == 1
    hinged = (*surfaces[:5], Surface(surfaces[5].name, surfaces[5].shape, 1, WHITE))
    geometry = Geometry(bodies, hinged)
    assert [len(body.parts) for body in closed_bodies(geometry)] == [5]
    assert [finding.kind for finding in closed_body_findings(geometry)] == ["hole"]


def test_inside_and_outside():
    (body,) = closed_bodies(Geometry((Body("bus"),), tuple(cube(turned=(1, 2)))))
    for point, inside in (((0.5, 0.5, 0.5), True), ((0.01, 0.99, 0.5), True), ((1.2, 0.5, 0.5), False)):
        assert body.encloses(np.array(point)) is inside
    assert replace(body, outward=None).encloses(np.array([0.5, 0.5, 0.5])) is False
