"""Bodies and surfaces put together: one mesh, its facets and cells, and its poses."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris.geometry.caps import WALLS, fit_caps
from caloris.geometry.errors import GeometryError
from caloris.geometry.shape_base import Shape, ShapeTopology, vector
from caloris.geometry.solid_patches import SolidFace
from caloris.geometry.solids import Solid, SolidBox
from caloris.programs import kept
from caloris_kernels.conduction.shell import triangle_area_vector
from caloris_kernels.orbit.frames import rotation_matrix


def _matrix(value: Any) -> Float[Array, "3 3"]:
    return jnp.asarray(value, float)


def _optional_axis(value: Any) -> Float[Array, " xyz"] | None:
    return None if value is None else vector(value)


class Body(eqx.Module):
    """A rigid group with its own frame; body 0 is the bus (parent -1).

    A point x of the body lies at origin + R(joint angle) rotation x in the parent's frame, R turning about
    joint_axis (parent's frame, any length) through the origin; joint_axis None: no joint.
    """

    name: str = eqx.field(static=True)
    parent: int = eqx.field(static=True, default=-1)
    origin: Float[Array, " xyz"] = eqx.field(converter=vector, default=(0.0, 0.0, 0.0))  # m
    rotation: Float[Array, "3 3"] = eqx.field(converter=_matrix, default_factory=lambda: np.eye(3))
    joint_axis: Float[Array, " xyz"] | None = eqx.field(converter=_optional_axis, default=None)


class Surface(eqx.Module):
    """A shape on a body; front and back are indices of coatings, None an inactive side.

    cap_of is the index of the cylinder or cone whose end a disc or annulus closes (set by fit_caps).
    """

    name: str = eqx.field(static=True)
    shape: Shape
    body: int = eqx.field(static=True, default=0)
    front: int | None = eqx.field(static=True, default=None)
    back: int | None = eqx.field(static=True, default=None)
    cap_of: int | None = eqx.field(static=True, default=None)


@dataclass(frozen=True, eq=False)
class Topology:
    """Integer description of the whole mesh (numpy).

    Cells are numbered in the order of surfaces, then of the shape. Facets are active sides, in the order of
    triangles, front before back; facet_side is 0 for the front, 1 for the back. shell_cell and shell_vertex
    name, for every mesh edge between two cells of one surface, the cells and the edge's two vertices;
    shell_axis says along which direction of each cell, u (0) or v (1), heat crosses the edge.
    """

    triangles: np.ndarray  # [triangle, 3] vertex numbers, front winding
    triangle_surface: np.ndarray
    triangle_body: np.ndarray
    triangle_cell: np.ndarray
    facet_triangle: np.ndarray
    facet_side: np.ndarray
    facet_coating: np.ndarray
    facet_cell: np.ndarray
    facet_surface: np.ndarray
    facet_body: np.ndarray
    cell_surface: np.ndarray
    cell_name: tuple[str, ...]
    cell_circumcentric: np.ndarray  # [cell] bool, for shell_conductance
    vertex_body: np.ndarray
    vertex_surface: np.ndarray
    shell_cell: np.ndarray  # [edge, 2]
    shell_vertex: np.ndarray  # [edge, 2]
    shell_axis: np.ndarray  # [edge, 2]

    @property
    def cell_count(self) -> int:
        """Number of thermal cells."""
        return len(self.cell_name)

    @property
    def facet_corners(self) -> np.ndarray:
        """Vertex numbers of each facet [facet, 3], counterclockwise as seen from its active side."""
        corners = self.triangles[self.facet_triangle]
        return np.where(self.facet_side[:, None] == 1, corners[:, ::-1], corners)

    def areas(self, vertices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Area of one side of each triangle and of each cell (m2) at concrete vertices [vertex, 3] (numpy)."""
        a, b, c = (vertices[self.triangles[:, k]] for k in range(3))
        triangle = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)
        return triangle, np.bincount(self.triangle_cell, triangle, self.cell_count)

    def cells(self, name: str) -> np.ndarray:
        """Cell numbers of a surface ("bus"), a box's face ("bus.u+") or one cell ("x+[0,1]"); none if unknown."""
        starts = (name + "[", name + ".")
        return np.array([k for k, cell in enumerate(self.cell_name) if cell == name or cell.startswith(starts)], int)


class Geometry(eqx.Module):
    """All bodies, surfaces and solids of a spacecraft; every dimension is a leaf.

    The faces of solids are the last surfaces, called "name.face"; they have no dimensions of their own.
    """

    bodies: tuple[Body, ...]
    surfaces: tuple[Surface, ...]
    solids: tuple[Solid, ...] = ()

    def __check_init__(self) -> None:
        """Raise GeometryError for bodies that do not hang together."""
        _check_bodies(self.bodies)
        for surface in self.surfaces:
            if not 0 <= surface.body < len(self.bodies):
                raise GeometryError(
                    f"surface {surface.name!r}: body {surface.body} does not exist (0 to {len(self.bodies) - 1})",
                    "body",
                )

    @property
    def joint_bodies(self) -> tuple[int, ...]:
        """Bodies that have a joint: joint k turns body joint_bodies[k]."""
        return tuple(k for k, body in enumerate(self.bodies) if body.joint_axis is not None)

    def carriers(self, body: int) -> tuple[int, ...]:
        """The jointed bodies between a body and the bus, itself included: what shares them never moves apart."""
        chain = []
        while body >= 0:
            if self.bodies[body].joint_axis is not None:
                chain.append(body)
            body = self.bodies[body].parent
        return tuple(chain)

    def topology(self) -> Topology:
        """Triangles, facets, cells and shell edges (numpy, cached; may be called under a transformation)."""
        key = tuple((s.name, s.shape.topology_key(), s.body, s.front, s.back) for s in self.surfaces)
        if key not in _TOPOLOGIES:
            if len(_TOPOLOGIES) >= _KEPT_TOPOLOGIES:
                _TOPOLOGIES.clear()
            _TOPOLOGIES[key] = _assemble(self.surfaces)
        return _TOPOLOGIES[key]

    def pose(self, joint_angle: Float[Array, " joint"] | None = None) -> Float[Array, "body 4 4"]:
        """Homogeneous matrix of each body's frame in the bus frame at the joint angles (rad; None: zero)."""
        return _pose(self.bodies, self._angles(joint_angle))

    def vertices(
        self, joint_angle: Float[Array, " joint"] | None = None, *, nominal: bool = False
    ) -> Float[Array, "vertex 3"]:
        """Vertex positions in the bus frame at the joint angles (m; None: zero angles).

        Differentiable in every dimension, placement and angle. nominal leaves out the outward factor of
        round shapes (vertices on the true surface).
        """
        nominal = nominal and any(surface.shape.is_round for surface in self.surfaces)
        return _vertices(self, self._angles(joint_angle), nominal)

    def solid_vertices(self) -> tuple[Float[Array, "point 3"], ...]:
        """Vertices of each solid in the bus frame at zero joint angles (m)."""
        pose = self.pose()
        return tuple(_placed(solid.shape.vertices(), pose[solid.body]) for solid in self.solids)

    def solid_directions(self) -> Float[Array, "solid 3 3"]:
        """Unit vectors of each solid's conductivities u, v, through, in rows, in the bus frame at zero joint angles."""
        pose = self.pose()
        rows = [solid.shape.directions() @ pose[solid.body][:3, :3].T for solid in self.solids]
        return jnp.stack(rows) if rows else jnp.zeros((0, 3, 3))

    def bricks(self) -> Float[Array, "box 3 3"]:
        """The edges of a brick of each solid that is a box (m), in rows, in the bus frame at zero joint angles."""
        pose = self.pose()
        boxes = [(solid.shape, pose[solid.body]) for solid in self.solids if isinstance(solid.shape, SolidBox)]
        edges = [box.brick() @ frame[:3, :3].T for box, frame in boxes]
        return jnp.stack(edges) if edges else jnp.zeros((0, 3, 3))

    def facet_geometry(
        self, vertices: Float[Array, "vertex 3"]
    ) -> tuple[Float[Array, " facet"], Float[Array, "facet 3"], Float[Array, "facet 3"]]:
        """Area (m2), unit normal (away from the active side) and centroid (m) of each facet."""
        topology = self.topology()
        return _facet_geometry(vertices, topology.triangles[topology.facet_triangle], topology.facet_side)

    def body_normals(self) -> Float[Array, "facet 3"]:
        """Unit normal of each facet in its own body's frame, in which it never turns."""
        normal = self.facet_geometry(self.vertices())[1]
        rotation = self.pose()[:, :3, :3][self.topology().facet_body]
        return jnp.einsum("fji,fj->fi", rotation, normal)

    def _angles(self, joint_angle: Float[Array, " joint"] | None) -> Float[Array, " joint"]:
        joints = len(self.joint_bodies)
        angles = jnp.asarray(np.zeros(joints) if joint_angle is None else joint_angle)
        if angles.shape != (joints,):
            raise GeometryError(f"joint_angle has shape {angles.shape}: the bodies have {joints} joints")
        return angles


def assemble(bodies: tuple[Body, ...], surfaces: tuple[Surface, ...], solids: tuple[Solid, ...] = ()) -> Geometry:
    """Geometry whose discs and annuli that close a cylinder or cone share that wall's polygon (fit_caps).

    Needs concrete numbers (it looks which rims coincide); differentiate in the result's leaves.
    """
    caps = fit_caps(tuple((s.shape, s.body) for s in surfaces))
    return Geometry(bodies, tuple(_with_cap(s, cap) for s, cap in zip(surfaces, caps, strict=True)), solids)


# One compilation for a whole spacecraft: evaluated operation by operation, a handful of shapes costs seconds
# of compiling.
@kept
def _vertices(geometry: Geometry, joint_angle: Float[Array, " joint"], nominal: bool) -> Float[Array, "vertex 3"]:
    pose = _pose(geometry.bodies, joint_angle)
    solids = [solid.shape.vertices() for solid in geometry.solids]
    parts = []
    for surface in geometry.surfaces:
        if isinstance(surface.shape, SolidFace):
            points = surface.shape.vertices_of(solids[surface.shape.solid])
        else:
            outward = jnp.ones(()) if nominal else _cap_factor(geometry.surfaces, surface)
            points = surface.shape.vertices(outward)
        parts.append(_placed(points, pose[surface.body]))
    return jnp.concatenate(parts) if parts else jnp.zeros((0, 3))


def _placed(points: Float[Array, "point 3"], frame: Float[Array, "4 4"]) -> Float[Array, "point 3"]:
    return points @ frame[:3, :3].T + frame[None, :3, 3]


@kept
def _pose(bodies: tuple[Body, ...], joint_angle: Float[Array, " joint"]) -> Float[Array, "body 4 4"]:
    poses: dict[int, Array] = {}
    joint = 0
    turned = []
    for body in bodies:
        rotation = body.rotation
        if body.joint_axis is not None:
            rotation = rotation_matrix(body.joint_axis, joint_angle[joint]) @ rotation
            joint += 1
        upper = jnp.concatenate([rotation, body.origin[:, None]], axis=1)
        turned.append(jnp.concatenate([upper, jnp.array([[0.0, 0.0, 0.0, 1.0]], upper.dtype)]))
    for index in parents_first(bodies):
        parent = bodies[index].parent
        poses[index] = turned[index] if parent < 0 else poses[parent] @ turned[index]
    return jnp.stack([poses[index] for index in range(len(bodies))])


@kept
def _facet_geometry(vertices: Float[Array, "vertex 3"], corners: np.ndarray, side: np.ndarray):
    normal = triangle_area_vector(vertices, jnp.asarray(corners))
    area = jnp.sqrt(jnp.sum(normal**2, axis=1))
    sign = 1.0 - 2.0 * jnp.asarray(side, vertices.dtype)
    return area, normal * (sign / area)[:, None], jnp.mean(vertices[corners], axis=1)


_TOPOLOGIES: dict[Any, Topology] = {}
_KEPT_TOPOLOGIES = 64


def _with_cap(surface: Surface, cap: int | None) -> Surface:
    return Surface(surface.name, surface.shape, surface.body, surface.front, surface.back, cap)


def _cap_factor(surfaces: tuple[Surface, ...], surface: Surface) -> Float[Array, ""] | None:
    if surface.cap_of is None:
        return None
    wall = surfaces[surface.cap_of].shape
    assert isinstance(wall, WALLS)
    return wall.wall_factor()


def _check_bodies(bodies: tuple[Body, ...]) -> None:
    if not bodies or bodies[0].parent != -1:
        raise GeometryError("the first body must be the bus, with parent -1", "body")
    for index, body in enumerate(bodies[1:], start=1):
        if not 0 <= body.parent < len(bodies) or body.parent == index:
            raise GeometryError(f"body {body.name!r}: parent {body.parent} is not another body", "parent")
    if len(parents_first(bodies)) != len(bodies):
        raise GeometryError("bodies are each other's parents: the chain must end at the bus", "parent")


def parents_first(bodies: tuple[Body, ...]) -> list[int]:
    """Body indices, parents before children; shorter than bodies when parents form a ring."""
    order = [0]
    for parent in order:  # grows while it is walked
        order += [k for k, body in enumerate(bodies) if body.parent == parent]
    return order


def _assemble(surfaces: tuple[Surface, ...]) -> Topology:
    triangles, surface_of, cells, names, circumcentric, vertex_surface = [], [], [], [], [], []
    shell_cell, shell_vertex, shell_axis = [], [], []
    vertex_offset = cell_offset = 0
    for index, surface in enumerate(surfaces):
        shape = surface.shape.topology()
        pair, edge, axis = _shell_edges(shape)
        shell_cell.append(pair + cell_offset)
        shell_vertex.append(edge + vertex_offset)
        shell_axis.append(axis)
        triangles.append(shape.triangles + vertex_offset)
        surface_of.append(np.full(len(shape.triangles), index))
        cells.append(shape.triangle_cell + cell_offset)
        names += [surface.name + suffix for suffix in shape.cell_suffix]
        circumcentric.append(np.full(shape.cell_count, shape.circumcentric))
        vertex_surface.append(np.full(shape.vertex_count, index))
        vertex_offset += shape.vertex_count
        cell_offset += shape.cell_count
    body = np.array([s.body for s in surfaces], int)
    triangle_surface, triangle_cell = _join(surface_of), _join(cells)
    sides = np.array([[-1 if c is None else c for c in (s.front, s.back)] for s in surfaces], int).reshape(-1, 2)
    coating = sides[triangle_surface]
    facet_triangle, facet_side = np.nonzero(coating >= 0)
    cell_surface = np.zeros(cell_offset, int)
    cell_surface[triangle_cell] = triangle_surface
    return Topology(
        triangles=_join(triangles, 3),
        triangle_surface=triangle_surface,
        triangle_body=body[triangle_surface],
        triangle_cell=triangle_cell,
        facet_triangle=facet_triangle,
        facet_side=facet_side,
        facet_coating=coating[facet_triangle, facet_side],
        facet_cell=triangle_cell[facet_triangle],
        facet_surface=triangle_surface[facet_triangle],
        facet_body=body[triangle_surface][facet_triangle],
        cell_surface=cell_surface,
        cell_name=tuple(names),
        cell_circumcentric=np.concatenate(circumcentric) if circumcentric else np.zeros(0, bool),
        vertex_body=body[_join(vertex_surface)],
        vertex_surface=_join(vertex_surface),
        shell_cell=_join(shell_cell, 2),
        shell_vertex=_join(shell_vertex, 2),
        shell_axis=_join(shell_axis, 2),
    )


def _join(parts: list[np.ndarray], width: int | None = None) -> np.ndarray:
    shape = (0,) if width is None else (0, width)
    return np.concatenate(parts).astype(np.int64) if parts else np.zeros(shape, np.int64)


def _shell_edges(shape: ShapeTopology) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    axis = np.zeros_like(shape.triangles) if shape.triangle_axis is None else shape.triangle_axis
    return _shared_edges(*(part.astype(np.int64).tobytes() for part in (shape.triangles, shape.triangle_cell, axis)))


@lru_cache(maxsize=256)
def _shared_edges(
    triangle_bytes: bytes, cell_bytes: bytes, axis_bytes: bytes
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cells, vertices and axes (of either cell), each [edge, 2], of the edges between triangles of different cells."""
    triangles = np.frombuffer(triangle_bytes, np.int64).reshape(-1, 3)
    cell = np.frombuffer(cell_bytes, np.int64)
    axis = np.frombuffer(axis_bytes, np.int64).reshape(-1, 3).T.ravel()
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    owner = np.tile(cell, 3)
    order = np.lexsort((edges[:, 1], edges[:, 0]))
    edges, owner, axis = edges[order], owner[order], axis[order]
    same = np.flatnonzero(np.all(edges[1:] == edges[:-1], axis=1))
    same = same[owner[same] != owner[same + 1]]
    pair = np.stack([owner[same], owner[same + 1]], axis=1)
    across = np.stack([axis[same], axis[same + 1]], axis=1)
    rank = np.argsort(pair, axis=1)
    pair, across = np.take_along_axis(pair, rank, axis=1), np.take_along_axis(across, rank, axis=1)
    order = np.lexsort((pair[:, 1], pair[:, 0]))
    return pair[order], edges[same][order], across[order]
