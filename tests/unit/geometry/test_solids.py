"""Solids in the geometry: their vertices, faces and patches, and Gmsh files."""

import meshio
import numpy as np
import pytest

from caloris.geometry.assembly import Body, Geometry, Surface, assemble
from caloris.geometry.contact import touching_faces
from caloris.geometry.gmsh_file import read_gmsh
from caloris.geometry.shapes import GeometryError, Rectangle
from caloris.geometry.solid_file import load_solid
from caloris.geometry.solid_patches import SolidFace
from caloris.geometry.solids import Solid, SolidBox, boundary_triangles

# A cube of 2 mm cut into five tetrahedra, in mm; two of them are of another material.
CUBE = 2.0 * np.array([[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)], float)
FIVE = np.array([[0, 4, 2, 1], [6, 4, 2, 7], [5, 4, 1, 7], [3, 2, 1, 7], [4, 2, 1, 7]])
TOP = np.array([[1, 5, 7], [1, 7, 3]])  # z = 2 mm, one diagonal
SPLIT_TOP = np.array([[1, 5, 7], [1, 3, 7]])  # the same square along the other diagonal of FIVE: 1-7


def with_solid(shape, *surfaces):
    bodies = (Body("bus"), Body("arm", 0, [0, 0, 1.0], [[0, -1, 0], [1, 0, 0], [0, 0, 1]]))
    faces = [Surface(f"s.{name}", SolidFace(0, patches), 1, 0, None) for name, patches in shape.topology().faces]
    return assemble(bodies, (*surfaces, *faces), (Solid("s", shape, 1),))


def gmsh(path, tetrahedra=FIVE, triangles=SPLIT_TOP, **cells):
    count, flat = len(tetrahedra), len(triangles)
    blocks = [("triangle", triangles), ("tetra", tetrahedra), *cells.items()]
    physical = [
        np.full(flat, 7),
        np.array([3, 3, 3, 4, 4, 4])[:count],
        *(np.zeros(len(c), int) for c in cells.values()),
    ]
    data = {"gmsh:physical": physical, "gmsh:geometrical": physical}
    names = {"top": np.array([7, 2]), "chip": np.array([3, 3]), "lid": np.array([4, 3])}
    meshio.write(path, meshio.Mesh(CUBE, blocks, cell_data=data, field_data=names), file_format="gmsh22", binary=False)
    return path


def test_faces_of_a_box_close_and_share_its_vertices():
    box = SolidBox([1, 2, 3], [0.4, 0, 0], [0.1, 0.3, 0], [0, 0, 0.2], (3, 2, 1))
    geometry = with_solid(box)
    topology, vertices = geometry.topology(), np.asarray(geometry.vertices())
    triangle, cell = topology.areas(vertices)
    assert topology.cell_count == 2 * (3 * 2 + 4 * 2 + 4 * 3)
    # Area vectors of a closed body sum to zero, and its volume follows from them.
    corners = vertices[topology.triangles]
    normal = 0.5 * np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert np.abs(normal.sum(axis=0)).max() < 1e-15
    volume = np.sum(normal * corners.mean(axis=1)) / 3
    assert volume == pytest.approx(0.4 * 0.3 * 0.2, rel=1e-12)
    names = dict(zip(topology.cell_name, cell, strict=True))
    # Corners have a quarter of a brick's face, edges half, the others all of it.
    assert names["s.w+[0,0]"] == pytest.approx(0.4 * 0.3 / 6 / 4, rel=1e-12)
    assert names["s.w+[1,0]"] == pytest.approx(0.4 * 0.3 / 6 / 2, rel=1e-12)
    assert names["s.w+[1,1]"] == pytest.approx(0.4 * 0.3 / 6, rel=1e-12)
    assert triangle.sum() == pytest.approx(cell.sum(), rel=1e-14)
    # Every patch surrounds the vertex whose node it is: the vertex lies in the plane of its face, and within it.
    points = np.asarray(geometry.solid_vertices()[0])
    for k, surface in enumerate(geometry.surfaces):
        assert isinstance(surface.shape, SolidFace)
        for number, mine in zip(
            surface.shape.patches.cell_vertex, np.flatnonzero(topology.cell_surface == k), strict=True
        ):
            patch = corners[topology.triangle_cell == mine].reshape(-1, 3)
            low, high = patch.min(axis=0) - 1e-12, patch.max(axis=0) + 1e-12
            assert np.all((points[number] >= low) & (points[number] <= high))


def test_a_box_moves_with_its_body():
    box = SolidBox([1, 0, 0], [0.4, 0, 0], [0, 0.3, 0], [0, 0, 0.2], (1, 1, 1))
    geometry = with_solid(box)
    points = np.asarray(geometry.solid_vertices()[0])
    # The arm turns x to y, and lies 1 m up.
    np.testing.assert_allclose(points[0], [0, 1, 1], atol=1e-15)
    np.testing.assert_allclose(points[-1], [-0.3, 1.4, 1.2], atol=1e-15)
    np.testing.assert_allclose(geometry.solid_directions()[0], [[0, 1, 0], [-1, 0, 0], [0, 0, 1]], atol=1e-15)
    np.testing.assert_allclose(geometry.bricks()[0], [[0, 0.4, 0], [-0.3, 0, 0], [0, 0, 0.2]], atol=1e-15)
    with pytest.raises(GeometryError, match="ask the geometry"):
        geometry.surfaces[0].shape.vertices()


def test_patches_touch_cells_of_a_deck():
    box = SolidBox([0.5, -0.5, 0], [0.4, 0, 0], [0, 0.3, 0], [0, 0, 0.2], (2, 1, 1))
    deck = Surface("deck", Rectangle([-2, -2, 1], [4, 0, 0], [0, 4, 0], (3, 3)), 0)
    geometry = with_solid(box, deck)
    touch = touching_faces(geometry, "deck", "s.w-")
    assert touch.area.sum() == pytest.approx(0.12, rel=1e-12)
    assert touching_faces(geometry, "s", "deck").area.sum() == pytest.approx(0.12, rel=1e-12)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"edge_w": [0, 0, -1]}, "left-handed"),
        ({"edge_w": [1, 1, 0]}, "lies in the plane"),
        ({"divide": (1, 0, 1)}, "divide"),
    ],
)
def test_boxes_that_are_none(keys, words):
    good = {"corner": [0, 0, 0], "edge_u": [1, 0, 0], "edge_v": [0, 1, 0], "edge_w": [0, 0, 1], "divide": (1, 1, 1)}
    with pytest.raises(GeometryError, match=words):
        SolidBox(**(good | keys))


def test_gmsh_file_with_groups(tmp_path):
    solid = load_solid(gmsh(tmp_path / "cube.msh"), 1e-3)
    topology = solid.topology()
    assert topology.regions == ("chip", "lid")
    assert topology.region.tolist() == [0, 0, 0, 1, 1]
    assert [name for name, _ in topology.faces] == ["top", "rest"]
    geometry = with_solid(solid)
    area = np.bincount(
        geometry.topology().triangle_surface, geometry.topology().areas(np.asarray(geometry.vertices()))[0]
    )
    np.testing.assert_allclose(area, [4e-6, 20e-6], rtol=1e-12)
    # Outside is outside whatever the order of a tetrahedron's corners in the file.
    vertices = np.asarray(geometry.vertices())[geometry.topology().triangles]
    normal = np.cross(vertices[:, 1] - vertices[:, 0], vertices[:, 2] - vertices[:, 0])
    assert np.sum(normal * vertices.mean(axis=1)) / 6 == pytest.approx(8e-9, rel=1e-12)
    # A corner of three triangles of the top and rest: thirds.
    names = geometry.topology().cell_name
    assert "s.top[7]" in names and "s.rest[7]" in names


def test_triangles_of_no_side_are_left_to_the_rest(tmp_path):
    # TOP lists the square by triangles that are no sides of the tetrahedra.
    solid = load_solid(gmsh(tmp_path / "cube.msh", triangles=np.array([[0, 1, 7]])))
    assert [name for name, _ in solid.topology().faces] == ["rest"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hexahedron": np.arange(8)[None]}, "elements of the kind hexahedron"),
        ({"tetrahedra": np.zeros((0, 4), int)}, "has no tetrahedra"),
        ({"tetrahedra": np.array([[0, 1, 2, 3], [4, 5, 6, 7]])}, "2 tetrahedra have no volume"),
        ({"tetrahedra": np.array([*FIVE, [4, 2, 1, 6]])}, "belong to more than two tetrahedra"),
    ],
)
def test_gmsh_files_that_make_no_solid(tmp_path, change, words):
    with pytest.raises(GeometryError, match=words):
        load_solid(gmsh(tmp_path / "cube.msh", **change))


def test_gmsh_files_that_cannot_be_read(tmp_path):
    with pytest.raises(GeometryError, match="no such file"):
        read_gmsh(tmp_path / "nothing.msh")
    (tmp_path / "text.msh").write_text("$MeshFormat\n9.9 0 8\n")
    with pytest.raises(GeometryError, match="cannot be read as a Gmsh mesh"):
        read_gmsh(tmp_path / "text.msh")


def test_the_outside_of_tetrahedra():
    outside = boundary_triangles(FIVE)
    assert len(outside) == 12
    assert isinstance(with_solid(SolidBox([0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1])), Geometry)
