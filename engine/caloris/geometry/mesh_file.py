"""Triangle meshes from STL, OBJ, PLY, glTF and Gmsh files."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris.geometry.errors import GeometryError, file_error
from caloris.geometry.gmsh_file import read_gmsh
from caloris.geometry.shape_base import Shape, ShapeTopology, check_positive, concrete, scalar

FORMATS = (".stl", ".obj", ".ply", ".glb", ".gltf", ".msh")

# Corners closer than this share of the mesh's diagonal are one vertex: STL repeats every corner in float32
# (relative rounding 6e-8).
_SAME_VERTEX = 1e-6
# A triangle flatter than this (area over longest edge squared) has no usable normal in float32 files.
_FLAT = 1e-9


@dataclass(frozen=True)
class FrozenTriangles:
    """Triangle corners as a hashable value, so that a mesh's topology is static as every other shape's."""

    data: bytes
    corners: np.ndarray = field(compare=False, repr=False)

    @staticmethod
    def of(corners: Any) -> "FrozenTriangles":
        """Wrap an integer array [triangle, 3]."""
        array = np.array(corners, dtype=np.int64)
        array.setflags(write=False)
        return FrozenTriangles(array.tobytes(), array)


class Mesh(Shape):
    """Triangle mesh in its body's frame, front by the right-hand rule of each triangle's corners.

    points are in the file's unit, length_unit (m) turns them into metres; nodes = "triangle" makes one
    thermal cell per triangle, named [k] in file order, nodes = 1 one cell for the whole mesh.
    """

    points: Float[Array, "vertex 3"] = eqx.field(converter=jnp.asarray)  # file's unit
    triangles: FrozenTriangles = eqx.field(static=True)
    length_unit: Float[Array, ""] = eqx.field(converter=scalar, default=1.0)  # m
    nodes: str | int = eqx.field(static=True, default="triangle")

    def __check_init__(self) -> None:
        """Raise GeometryError for input that makes no surface."""
        if self.nodes not in ("triangle", 1):
            raise GeometryError(f"nodes = {self.nodes!r}: must be 1, or left out for one node per triangle", "nodes")
        unit = concrete(self.length_unit)
        if unit is not None:
            check_positive("length_unit", unit[0])

    def vertices(self, outward: Float[Array, ""] | None = None) -> Float[Array, "vertex 3"]:
        """Vertex positions (m)."""
        return self.points * self.length_unit

    def topology(self) -> ShapeTopology:
        """The file's triangles."""
        corners = self.triangles.corners
        count = len(corners)
        if self.nodes == 1 or count == 1:
            return ShapeTopology(self.points.shape[0], corners, np.zeros(count, int), ("",))
        suffix = tuple(f"[{k}]" for k in range(count))
        return ShapeTopology(self.points.shape[0], corners, np.arange(count), suffix, circumcentric=True)

    def topology_key(self) -> tuple[Any, ...]:
        """Kind, vertex count, triangles and nodes."""
        return ("mesh", self.points.shape[0], self.triangles, self.nodes)


def load_mesh(path: str | Path, length_unit: float = 1.0, nodes: str | int = "triangle") -> Mesh:
    """Mesh of triangles from a file of one of FORMATS; length_unit is the file's unit in metres.

    Corners at one place become one vertex, so that neighbors conduct. Of a glTF scene every mesh is taken where the
    scene places it, of a Gmsh file every triangle (of second order: its corners). Raises GeometryError (key "file")
    when the file is missing, of another format, unreadable, without triangles, with other polygons, with numbers
    that are not finite, with triangles of no area, or with an edge that belongs to more than two triangles.
    """
    path = Path(path)
    points, corners = _read(path)
    if not np.all(np.isfinite(points[np.unique(corners)])):
        raise file_error(path, "has corners that are not finite numbers", "export it again")
    points, corners = _merge_corners(points, corners)
    _check_triangles(path, points, corners)
    return Mesh(points, FrozenTriangles.of(corners), length_unit, nodes)


def _read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    if path.suffix.lower() not in FORMATS:
        raise file_error(
            path, f"format {path.suffix or 'without a suffix'} is not known", f"allowed: {', '.join(FORMATS)}"
        )
    if not path.is_file():
        raise file_error(path, "no such file", "give a path relative to the case file's folder")
    if path.suffix.lower() == ".msh":
        mesh = read_gmsh(path)
        if not len(mesh.triangles):
            raise file_error(path, "has no triangles", "mesh its surfaces; tetrahedra make a [[solid]]")
        return mesh.points, mesh.triangles
    import trimesh  # here, because only cases with a mesh should wait for it

    try:
        loaded = trimesh.load_mesh(str(path), process=False)
        points = np.asarray(loaded.vertices, float)  # pyright: ignore[reportAttributeAccessIssue]
        corners = np.asarray(loaded.faces, int)  # pyright: ignore[reportAttributeAccessIssue]
        sides = _most_sides(path, loaded)
    # Readers of broken files fail in every way there is; all of them mean the same to the user.
    except Exception as error:
        raise file_error(path, f"cannot be read as {path.suffix[1:].upper()} ({error})", "export it again") from error
    if sides > 3:
        raise file_error(
            path, f"has polygons of {sides} corners", "triangulate it on export: only triangles are allowed"
        )
    if corners.ndim != 2 or len(corners) == 0:
        raise file_error(path, "is empty or damaged: no triangles in it", "export it again as triangles")
    if corners.min() < 0 or corners.max() >= len(points):
        raise file_error(path, "has triangles that name corners it does not hold", "export it again")
    return points, corners


def _most_sides(path: Path, loaded: Any) -> int:
    """Largest number of corners of a polygon in the file; trimesh itself cuts polygons without a word."""
    if path.suffix.lower() == ".obj":
        lines = path.read_text(errors="replace").splitlines()
        return max((len(line.split()) - 1 for line in lines if line.startswith("f ")), default=3)
    if path.suffix.lower() == ".ply":
        raw = loaded.metadata.get("_ply_raw", {}).get("face", {}).get("data", {})
        names = getattr(getattr(raw, "dtype", None), "names", None) or (raw.keys() if isinstance(raw, dict) else ())
        return max((_longest(raw[name]) for name in names if "vert" in name), default=3)
    return 3


def _longest(rows: Any) -> int:
    """Longest corner list among PLY faces, as trimesh holds them: [face, corner], records or lists."""
    names = getattr(getattr(rows, "dtype", None), "names", None)
    if names:
        return max(_longest(rows[name]) for name in names)
    if isinstance(rows, np.ndarray) and rows.dtype != object:
        return rows.shape[1] if rows.ndim == 2 else 3
    return max((np.size(row) for row in rows), default=3)


def _merge_corners(points: np.ndarray, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Points used by triangles, those at one place made one, in order of first use."""
    used = points[corners.ravel()]
    size = float(np.linalg.norm(np.ptp(used, axis=0))) or 1.0
    _, first, number = np.unique(
        np.round(used / (_SAME_VERTEX * size)).astype(np.int64), axis=0, return_index=True, return_inverse=True
    )
    order = np.argsort(first)
    rank = np.empty(len(order), int)
    rank[order] = np.arange(len(order))
    return used[first[order]], rank[number.ravel()].reshape(-1, 3)


def _check_triangles(path: Path, points: np.ndarray, corners: np.ndarray) -> None:
    a, b, c = points[corners[:, 0]], points[corners[:, 1]], points[corners[:, 2]]
    area = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)
    longest = np.max([np.sum((b - a) ** 2, 1), np.sum((c - b) ** 2, 1), np.sum((a - c) ** 2, 1)], axis=0)
    flat = np.flatnonzero(area <= _FLAT * longest)
    if flat.size:
        raise file_error(path, f"{flat.size} triangles have no area (the first is number {flat[0]})", "repair the mesh")
    edges = np.sort(np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [2, 0]]]), axis=1)
    unique, uses = np.unique(edges, axis=0, return_counts=True)
    if np.any(uses > 2):
        where = points[unique[np.argmax(uses)]].tolist()
        raise file_error(
            path,
            f"{int(np.sum(uses > 2))} edges belong to more than two triangles (one from {where[0]} to {where[1]})",
            "split the mesh into one file per sheet",
        )
