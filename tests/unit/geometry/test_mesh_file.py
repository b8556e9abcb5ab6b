"""Mesh files: what is read, and what is refused with which words."""

import struct
from typing import Any

import meshio
import numpy as np
import pytest
import trimesh

from caloris.geometry.assembly import Body, Geometry, Surface
from caloris.geometry.shapes import GeometryError, load_mesh
from caloris.geometry.solid_file import load_solid

CUBE = trimesh.creation.box(extents=(1000.0, 2000.0, 500.0))
PLY_HEAD = (
    "ply\nformat {format} 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
    "element face {faces}\nproperty list uchar int vertex_indices\nend_header\n"
)
SQUARE = "0 0 0\n1 0 0\n1 1 0\n0 1 0\n"


def write(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize("kind", ["stl", "stl_ascii", "obj", "ply"])
def test_a_box_in_millimetres_has_its_area_and_is_closed(tmp_path, kind):
    path = write(tmp_path, f"box.{kind[:3]}", CUBE.export(file_type=kind))
    mesh = load_mesh(path, 1e-3)
    geometry = Geometry((Body("bus"),), (Surface("m", mesh, front=0),))
    area, normal, centroid = geometry.facet_geometry(geometry.vertices())
    # The corners are exact in float32, so only float64 rounding is left.
    assert float(area.sum()) == pytest.approx(2 * (1 * 2 + 1 * 0.5 + 2 * 0.5), rel=1e-12)
    assert float((normal * centroid).sum(1).min()) > 0
    topology = geometry.topology()
    assert topology.cell_name == tuple(f"m[{k}]" for k in range(12))
    # STL repeats every corner; merged, a closed box of 12 triangles has 8 corners and 18 edges.
    assert len(topology.vertex_body) == 8
    assert len(topology.shell_cell) == 18


@pytest.mark.parametrize("kind", ["glb", "gltf"])
def test_a_gltf_scene_places_its_meshes(tmp_path, kind):
    scene = trimesh.Scene()
    scene.add_geometry(CUBE, transform=trimesh.transformations.translation_matrix([0, 0, 4000.0]))
    tilt = trimesh.transformations.rotation_matrix(np.pi / 2, [0, 0, 1])
    scene.add_geometry(trimesh.creation.box(extents=(100.0, 300.0, 100.0)), transform=tilt)
    exported = scene.export(file_type=kind)
    for name, content in (exported if isinstance(exported, dict) else {f"model.{kind}": exported}).items():
        write(tmp_path, name, content)
    mesh = load_mesh(tmp_path / f"model.{kind}", 1e-3)
    vertices = np.asarray(mesh.vertices())
    assert len(vertices) == 16 and mesh.topology().cell_count == 24
    np.testing.assert_allclose(np.ptp(vertices[vertices[:, 2] > 1], axis=0), [1, 2, 0.5], rtol=1e-6)
    # The small one lies on its side: a quarter turn about z exchanges x and y.
    np.testing.assert_allclose(np.ptp(vertices[vertices[:, 2] < 1], axis=0), [0.3, 0.1, 0.1], rtol=1e-6)


@pytest.mark.parametrize("order", ["triangle", "triangle6"])
def test_triangles_of_a_gmsh_file(tmp_path, order):
    corners = np.asarray(CUBE.faces)
    points = np.asarray(CUBE.vertices)
    if order == "triangle6":
        middle = points[corners[:, [[0, 1], [1, 2], [2, 0]]]].mean(axis=2).reshape(-1, 3)
        corners = np.column_stack([corners, len(points) + np.arange(len(middle)).reshape(-1, 3)])
        points = np.concatenate([points, middle])
    tags: Any = {"gmsh:physical": [np.ones(12, int)], "gmsh:geometrical": [np.ones(12, int)]}
    path = tmp_path / "box.msh"
    meshio.write(path, meshio.Mesh(points, [(order, corners)], cell_data=tags), file_format="gmsh22", binary=False)
    mesh = load_mesh(path, 1e-3)
    assert mesh.points.shape == (8, 3) and mesh.topology().cell_count == 12
    with pytest.raises(GeometryError, match="has no tetrahedra"):
        load_solid(path)


def test_one_node_for_the_whole_mesh(tmp_path):
    mesh = load_mesh(write(tmp_path, "box.stl", CUBE.export(file_type="stl")), 1e-3, nodes=1)
    topology = Geometry((Body("bus"),), (Surface("m", mesh, front=0),)).topology()
    assert topology.cell_name == ("m",)
    assert len(topology.triangles) == 12 and len(topology.shell_cell) == 0


def test_triangles_keep_the_order_of_the_file(tmp_path):
    path = write(tmp_path, "two.obj", "v 5 0 0\nv 6 0 0\nv 5 1 0\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\nf 4 5 6\n")
    mesh = load_mesh(path)
    corners = np.asarray(mesh.vertices())[mesh.topology().triangles]
    assert corners[0, :, 0].min() == 5.0 and corners[1, :, 0].max() == 1.0


BINARY_QUAD = (
    PLY_HEAD.format(format="binary_little_endian", faces=1).encode()
    + struct.pack("<12f", 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 0)
    + struct.pack("<B4i", 4, 0, 1, 2, 3)
)
WRONG = [
    ("missing.stl", None, "no such file"),
    ("shape.step", "x", "not known"),
    ("cut.stl", CUBE.export(file_type="stl")[:-30], "damaged"),
    ("words.stl", "hello world " * 20, "damaged"),
    ("none.stl", "", "damaged"),
    ("cut.ply", CUBE.export(file_type="ply")[:-20], "cannot be read"),
    ("words.ply", "hello", "cannot be read"),
    ("words.obj", "hello", "damaged"),
    ("beyond.obj", "v 0 0 0\nv 1 0 0\nv 1 1 0\nf 1 2 9\n", "export it again"),
    ("nan.obj", "v 0 0 0\nv 1 0 nan\nv 1 1 0\nf 1 2 3\n", "finite"),
    ("quad.obj", "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nf 1 2 3 4\n", "polygons of 4"),
    ("quad.ply", PLY_HEAD.format(format="ascii", faces=1) + SQUARE + "4 0 1 2 3\n", "polygons of 4"),
    ("mixed.ply", PLY_HEAD.format(format="ascii", faces=2) + SQUARE + "4 0 1 2 3\n3 0 1 2\n", "polygons of 4"),
    ("binary.ply", BINARY_QUAD, "polygons of 4"),
    ("flat.obj", "v 0 0 0\nv 1 0 0\nv 2 0 0\nf 1 2 3\n", "no area"),
    (
        "fin.obj",
        "v 0 0 0\nv 1 0 0\nv 0 1 0\nv 0 -1 0\nv 0 0 1\nf 1 2 3\nf 2 1 4\nf 1 2 5\n",
        "more than two triangles",
    ),
]


@pytest.mark.parametrize(("name", "content", "words"), WRONG, ids=[row[0] for row in WRONG])
def test_files_that_are_no_mesh_are_refused(tmp_path, name, content, words):
    path = tmp_path / name if content is None else write(tmp_path, name, content)
    with pytest.raises(GeometryError, match=words) as caught:
        load_mesh(path)
    assert caught.value.key == "file" and name in str(caught.value)


def test_wrong_unit_and_nodes_are_refused(tmp_path):
    path = write(tmp_path, "box.stl", CUBE.export(file_type="stl"))
    with pytest.raises(GeometryError, match="length_unit"):
        load_mesh(path, 0.0)
    with pytest.raises(GeometryError, match="nodes"):
        load_mesh(path, 1.0, 7)
