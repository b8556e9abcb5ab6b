"""Solids: boxes of bricks, and tetrahedra from files; their faces are surfaces of the geometry."""

import abc
from dataclasses import dataclass
from functools import lru_cache

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris.geometry.errors import GeometryError
from caloris.geometry.flat_shapes import check_box
from caloris.geometry.mesh_file import FrozenTriangles
from caloris.geometry.shape_base import check_divide, check_positive, concrete, counts, scalar, vector
from caloris.geometry.solid_patches import Patches, grid_patches, triangle_patches
from caloris_kernels.conduction.solid import BRICK_PAIRS


@dataclass(frozen=True, eq=False)
class SolidTopology:
    """Tetrahedra of a solid (none in a box), the region of each, what its vertices are called, its faces (numpy)."""

    tetrahedra: np.ndarray  # [tetrahedron, 4] vertices
    region: np.ndarray  # [tetrahedron] index into regions
    regions: tuple[str, ...]
    suffix: tuple[str, ...]  # of each vertex
    faces: tuple[tuple[str, Patches], ...]


class SolidShape(eqx.Module):
    """A parametric solid in its body's frame."""

    @abc.abstractmethod
    def vertices(self) -> Float[Array, "point 3"]:
        """Vertex positions (m), differentiable in every key."""

    @abc.abstractmethod
    def topology(self) -> SolidTopology:
        """Tetrahedra, vertices and faces (numpy, cached)."""

    @abc.abstractmethod
    def directions(self) -> Float[Array, "3 3"]:
        """Unit vectors along which conductivities u, v, through are stated, in rows."""


class SolidBox(SolidShape):
    """A box (or parallelepiped) of divide = (u, v, w) bricks.

    Vertices [i,j,k] lie i-th along edge_u, j-th along edge_v, k-th along edge_w. Faces are called as those of the
    surface `box`. For conductivities u lies along edge_u, v in the plane of edge_u and edge_v, through across it.
    """

    corner: Float[Array, " xyz"] = eqx.field(converter=vector)  # m
    edge_u: Float[Array, " xyz"] = eqx.field(converter=vector)  # m
    edge_v: Float[Array, " xyz"] = eqx.field(converter=vector)  # m
    edge_w: Float[Array, " xyz"] = eqx.field(converter=vector)  # m
    divide: tuple[int, ...] = eqx.field(static=True, converter=counts, default=(1, 1, 1))

    def __check_init__(self) -> None:
        """Raise GeometryError for input that makes no solid."""
        check_divide(self.divide, ("along u", "along v", "along w"), (1, 1, 1))
        check_box(self.corner, self.edge_u, self.edge_v, self.edge_w)

    def vertices(self) -> Float[Array, "point 3"]:
        """Lattice points (m), u slowest."""
        ticks = [np.arange(n + 1) / n for n in self.divide]
        share = jnp.asarray(np.stack(np.meshgrid(*ticks, indexing="ij"), axis=-1).reshape(-1, 3))
        return self.corner + share @ jnp.stack([self.edge_u, self.edge_v, self.edge_w])

    def topology(self) -> SolidTopology:
        """No tetrahedra, six faces of rectangular patches."""
        return _box_topology(*self.divide)

    def brick(self) -> Float[Array, "3 3"]:
        """The three edges of a brick (m), in rows."""
        edges = (self.edge_u, self.edge_v, self.edge_w)
        return jnp.stack([edge / n for edge, n in zip(edges, self.divide, strict=True)])

    def directions(self) -> Float[Array, "3 3"]:
        """Along edge_u, across it in the plane of edge_u and edge_v, and normal to both."""
        through = jnp.cross(self.edge_u, self.edge_v)
        rows = jnp.stack([self.edge_u, jnp.cross(through, self.edge_u), through])
        return rows / jnp.sqrt(jnp.sum(rows**2, axis=1, keepdims=True))


@dataclass(frozen=True)
class NamedTetrahedra:
    """Tetrahedra, their regions and named faces as a hashable value."""

    tetrahedra: FrozenTriangles  # any table of vertex numbers
    region: tuple[int, ...]
    regions: tuple[str, ...]
    faces: tuple[tuple[str, FrozenTriangles], ...]


class SolidMesh(SolidShape):
    """Tetrahedra of a file in its body's frame; regions and faces by its named groups.

    points are in the file's unit, length_unit (m) turns them into metres. Vertices are called [k] in file order.
    Conductivities u, v, through are those along x, y, z of the body's frame.
    """

    points: Float[Array, "point 3"] = eqx.field(converter=jnp.asarray)  # file's unit
    mesh: NamedTetrahedra = eqx.field(static=True)
    length_unit: Float[Array, ""] = eqx.field(converter=scalar, default=1.0)  # m

    def __check_init__(self) -> None:
        """Raise GeometryError for a unit that is none."""
        unit = concrete(self.length_unit)
        if unit is not None:
            check_positive("length_unit", unit[0])

    def vertices(self) -> Float[Array, "point 3"]:
        """Vertex positions (m)."""
        return self.points * self.length_unit

    def topology(self) -> SolidTopology:
        """The file's tetrahedra; faces of patches that are thirds of triangles."""
        return _mesh_topology(self.mesh, self.points.shape[0])

    def directions(self) -> Float[Array, "3 3"]:
        """The axes of the body's frame."""
        return jnp.eye(3)


class Solid(eqx.Module):
    """A solid shape on a body."""

    name: str = eqx.field(static=True)
    shape: SolidShape
    body: int = eqx.field(static=True, default=0)


@lru_cache(maxsize=64)
def _box_topology(u: int, v: int, w: int) -> SolidTopology:
    number = np.arange((u + 1) * (v + 1) * (w + 1)).reshape(u + 1, v + 1, w + 1)
    faces = []
    for axis, letter in enumerate("uvw"):
        for sign, index in (("-", 0), ("+", -1)):
            # The other two edges in the order u, v, w give a normal along +u, -v, +w; turn to the outside.
            face = grid_patches(np.take(number, index, axis=axis), flipped=(axis == 1) == (sign == "+"))
            faces.append((letter + sign, face))
    suffix = tuple(f"[{i},{j},{k}]" for i in range(u + 1) for j in range(v + 1) for k in range(w + 1))
    return SolidTopology(np.zeros((0, 4), int), np.zeros(0, int), ("",), suffix, tuple(faces))


@lru_cache(maxsize=64)
def brick_pairs(divide: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices [pair, 2] of a box that its bricks join, the kind of each pair (as BRICK_PAIRS), and how many bricks.

    An edge inside the box belongs to four bricks, a diagonal of their faces to two.
    """
    size = np.array(divide) + 1
    number = np.arange(size.prod()).reshape(size)
    pairs, kinds, counts = [], [], []
    for kind, step in enumerate(BRICK_PAIRS):
        ends, bricks = [], np.ones((1, 1, 1))
        for side in (0, 1):
            window = []
            for axis, along in enumerate(step):
                first = side if along > 0 else 1 - side
                window.append(slice(None) if along == 0 else slice(first, first + divide[axis]))
            ends.append(number[tuple(window)].ravel())
        for axis, along in enumerate(step):
            # Across the directions that the pair does not step along there is a brick on either side, but for the ends.
            beside = np.ones(divide[axis]) if along else np.r_[1, np.full(divide[axis] - 1, 2), 1]
            bricks = bricks * np.expand_dims(beside, tuple(k for k in range(3) if k != axis))
        pairs.append(np.stack(ends, axis=1))
        kinds.append(np.full(len(ends[0]), kind))
        counts.append(bricks.ravel())
    return np.concatenate(pairs), np.concatenate(kinds), np.concatenate(counts)


def brick_corners(divide: tuple[int, int, int]) -> np.ndarray:
    """How many bricks of a box meet in each of its vertices: one in a corner, eight inside."""
    u, v, w = (np.r_[1, np.full(n - 1, 2), 1] for n in divide)
    return (u[:, None, None] * v[:, None] * w).ravel()


@lru_cache(maxsize=64)
def _mesh_topology(mesh: NamedTetrahedra, points: int) -> SolidTopology:
    faces = tuple((name, triangle_patches(triangles.corners)) for name, triangles in mesh.faces)
    suffix = tuple(f"[{k}]" for k in range(points))
    return SolidTopology(mesh.tetrahedra.corners, np.array(mesh.region), mesh.regions, suffix, faces)


def face_names(shape: SolidShape) -> tuple[str, ...]:
    """The names of a solid's faces."""
    return tuple(name for name, _ in shape.topology().faces)


def boundary_triangles(tetrahedra: np.ndarray) -> np.ndarray:
    """Triangles that belong to one tetrahedron only, front outside, where tetrahedra have positive volumes."""
    corners = tetrahedra[:, [[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]]].reshape(-1, 3)
    _, first, uses = np.unique(np.sort(corners, axis=1), axis=0, return_index=True, return_counts=True)
    if np.any(uses > 2):
        raise GeometryError(f"{int(np.sum(uses > 2))} triangles belong to more than two tetrahedra", "file")
    return corners[np.sort(first[uses == 1])]
