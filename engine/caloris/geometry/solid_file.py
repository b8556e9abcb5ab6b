"""Solids of tetrahedra from Gmsh files."""

from pathlib import Path

import numpy as np

from caloris.geometry.errors import GeometryError, file_error
from caloris.geometry.gmsh_file import GmshMesh, read_gmsh
from caloris.geometry.mesh_file import FrozenTriangles
from caloris.geometry.solids import NamedTetrahedra, SolidMesh, boundary_triangles

REST = "rest"
"""The face of a solid that takes the triangles of no group."""

# Flatter tetrahedra (volume over longest edge cubed) have no usable gradient.
_FLAT = 1e-9


def load_solid(path: str | Path, length_unit: float = 1.0) -> SolidMesh:
    """Solid of tetrahedra from a Gmsh file; length_unit is the file's unit in metres.

    Its regions are the physical volumes, its faces the outer triangles by physical surface; those of none are the
    face `rest`. Triangles inside the solid are left out. Elements of second order keep their corners. Raises
    GeometryError (key "file") for files without tetrahedra, flat ones, and names that a case cannot use.
    """
    path = Path(path)
    mesh = read_gmsh(path)
    if not len(mesh.tetrahedra):
        raise file_error(path, "has no tetrahedra", "mesh the volume, and give it a physical group")
    points, tetrahedra, triangles = _used(mesh)
    tetrahedra = _oriented(path, points, tetrahedra)
    regions = tuple(dict.fromkeys(mesh.tetrahedron_group))
    region = tuple(regions.index(group) for group in mesh.tetrahedron_group)
    try:
        outside = boundary_triangles(tetrahedra)
    except GeometryError as error:
        raise file_error(path, str(error), "repair the mesh") from None
    group_of = {tuple(sorted(t)): g for t, g in zip(triangles.tolist(), mesh.triangle_group, strict=True) if g}
    group = [group_of.get(tuple(sorted(corners)), REST) for corners in outside.tolist()]
    names = dict.fromkeys(name for name in (*mesh.triangle_group, REST) if name in group)
    for name in (*names, *regions):
        if any(character in "/[]." for character in name):
            raise file_error(path, f"has a group called {name!r}", "the characters / [ ] . are not allowed in names")
    faces = tuple((name, FrozenTriangles.of(outside[np.array(group) == name])) for name in names)
    return SolidMesh(points, NamedTetrahedra(FrozenTriangles.of(tetrahedra), region, regions, faces), length_unit)


def _used(mesh: GmshMesh) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Points of tetrahedra alone, in the file's order, and the elements renumbered (-1: a point of none).

    Points at one place stay apart where the file keeps them apart: so a mesh says what does not conduct.
    """
    used = np.unique(mesh.tetrahedra)
    lookup = np.full(len(mesh.points), -1)
    lookup[used] = np.arange(len(used))
    return mesh.points[used], lookup[mesh.tetrahedra], lookup[mesh.triangles]


def _oriented(path: Path, points: np.ndarray, tetrahedra: np.ndarray) -> np.ndarray:
    """Tetrahedra of positive volume."""
    corners = points[tetrahedra]
    edges = corners[:, 1:] - corners[:, :1]
    six = np.einsum("tx,tx->t", edges[:, 0], np.cross(edges[:, 1], edges[:, 2]))
    longest = np.linalg.norm(corners[:, :, None] - corners[:, None], axis=3).max(axis=(1, 2))
    flat = np.flatnonzero(np.abs(six) <= _FLAT * longest**3)
    if flat.size:
        raise file_error(
            path, f"{flat.size} tetrahedra have no volume (the first is number {flat[0]})", "repair the mesh"
        )
    return np.where((six < 0)[:, None], tetrahedra[:, [0, 2, 1, 3]], tetrahedra)
