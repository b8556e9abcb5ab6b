"""Gmsh meshes (.msh): triangles and tetrahedra with their named physical groups, through meshio."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from caloris.geometry.errors import file_error

# Corners come first in elements of higher order.
_TRIANGLES, _TETRAHEDRA = ("triangle", "triangle6"), ("tetra", "tetra10")
_IGNORED = ("vertex", "line", "line3")


@dataclass(frozen=True, eq=False)
class GmshMesh:
    """What a file holds (numpy); groups are names, empty for elements of none."""

    points: np.ndarray  # [point, 3]
    triangles: np.ndarray  # [triangle, 3]
    triangle_group: list[str]
    tetrahedra: np.ndarray  # [tetrahedron, 4]
    tetrahedron_group: list[str]


def read_gmsh(path: Path) -> GmshMesh:
    """Read a .msh file. Raises GeometryError (key "file") for what cannot be read or has other elements."""
    if not path.is_file():
        raise file_error(path, "no such file", "give a path relative to the case file's folder")
    import meshio  # here, because only cases with such a mesh should wait for it

    try:
        mesh = meshio.read(path, file_format="gmsh")
    # Readers of broken files fail in every way there is, some by leaving the interpreter.
    except (Exception, SystemExit) as error:
        cure = "save it again, with its physical groups alone or in format 2.2"
        raise file_error(path, f"cannot be read as a Gmsh mesh ({error})", cure) from error
    others = sorted({block.type for block in mesh.cells} - {*_TRIANGLES, *_TETRAHEDRA, *_IGNORED})
    if others:
        raise file_error(path, f"has elements of the kind {', '.join(others)}", "mesh it with triangles and tetrahedra")
    names = {(int(dim), int(tag)): name for name, (tag, dim) in mesh.field_data.items()}
    triangles, triangle_group = _elements(mesh, _TRIANGLES, 3, names, 2)
    tetrahedra, tetrahedron_group = _elements(mesh, _TETRAHEDRA, 4, names, 3)
    points = np.asarray(mesh.points, float)
    if points.shape[1] == 2:
        points = np.column_stack([points, np.zeros(len(points))])
    return GmshMesh(points, triangles, triangle_group, tetrahedra, tetrahedron_group)


def _elements(
    mesh: Any, kinds: tuple[str, ...], corners: int, names: dict[tuple[int, int], str], dimension: int
) -> tuple[np.ndarray, list[str]]:
    tags = mesh.cell_data.get("gmsh:physical", [None] * len(mesh.cells))
    found, groups = [np.zeros((0, corners), int)], []
    for block, tag in zip(mesh.cells, tags, strict=True):
        if block.type in kinds:
            found.append(np.asarray(block.data, int)[:, :corners])
            each = np.zeros(len(block.data), int) if tag is None else np.asarray(tag, int)
            groups += [names.get((dimension, int(t)), "" if t == 0 else str(int(t))) for t in each]
    return np.concatenate(found), groups
