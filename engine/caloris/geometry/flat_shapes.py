"""Shapes with flat faces: rectangle, triangle, box."""

from functools import lru_cache
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris.geometry.errors import GeometryError
from caloris.geometry.shape_base import (
    PARALLEL_SINE,
    Shape,
    ShapeTopology,
    check_divide,
    check_not_parallel,
    check_vector,
    concrete,
    counts,
    grid_topology,
    grid_triangles,
    pair_suffixes,
    vector,
)


class Rectangle(Shape):
    """Flat rectangle (or parallelogram) corner + s edge_u + t edge_v, front normal edge_u x edge_v.

    divide = (u, v) cells; cell [i,j] lies i-th along edge_u and j-th along edge_v and is two triangles.
    """

    corner: Float[Array, " xyz"] = eqx.field(converter=vector)  # m
    edge_u: Float[Array, " xyz"] = eqx.field(converter=vector)  # m
    edge_v: Float[Array, " xyz"] = eqx.field(converter=vector)  # m
    divide: tuple[int, ...] = eqx.field(static=True, converter=counts, default=(1, 1))

    def __check_init__(self) -> None:
        """Raise GeometryError for input that makes no surface."""
        check_divide(self.divide, ("along u", "along v"), (1, 1))
        _check_plane(self.corner, self.edge_u, self.edge_v)

    def vertices(self, outward: Float[Array, ""] | None = None) -> Float[Array, "vertex 3"]:
        """Vertex positions (m), grid of (u + 1) x (v + 1), v fastest."""
        u, v = self.divide
        s, t = np.meshgrid(np.arange(u + 1) / u, np.arange(v + 1) / v, indexing="ij")
        return _span(self.corner, (self.edge_u, self.edge_v), (s.ravel(), t.ravel()))

    def topology(self) -> ShapeTopology:
        """Two triangles per cell."""
        return _rectangle_topology(*self.divide)

    def topology_key(self) -> tuple[Any, ...]:
        """Kind and divide."""
        return ("rectangle", self.divide)


class Triangle(Shape):
    """Flat triangle corner, corner + edge_u, corner + edge_v, front normal edge_u x edge_v.

    divide = (n,): every edge in n parts, n^2 congruent cells named [k], row by row along edge_u; in a row
    along edge_v, the triangle that points as the whole one first.
    """

    corner: Float[Array, " xyz"] = eqx.field(converter=vector)  # m
    edge_u: Float[Array, " xyz"] = eqx.field(converter=vector)  # m
    edge_v: Float[Array, " xyz"] = eqx.field(converter=vector)  # m
    divide: tuple[int, ...] = eqx.field(static=True, converter=counts, default=(1,))

    def __check_init__(self) -> None:
        """Raise GeometryError for input that makes no surface."""
        check_divide(self.divide, ("parts of each edge",), (1,))
        _check_plane(self.corner, self.edge_u, self.edge_v)

    def vertices(self, outward: Float[Array, ""] | None = None) -> Float[Array, "vertex 3"]:
        """Vertex positions (m), row by row along edge_u."""
        i, j = _triangle_rows(self.divide[0])
        return _span(self.corner, (self.edge_u, self.edge_v), (i / self.divide[0], j / self.divide[0]))

    def topology(self) -> ShapeTopology:
        """One triangle per cell."""
        return _triangle_topology(self.divide[0])

    def topology_key(self) -> tuple[Any, ...]:
        """Kind and divide."""
        return ("triangle", self.divide)


class Box(Shape):
    """Closed box (or parallelepiped) spanned by edge_u, edge_v, edge_w (right-handed), front outside.

    divide = (u, v, w). Faces in the order .u- .u+ .v- .v+ .w- .w+ (u- is the face through the corner,
    spanned by v and w); a face of several cells names them .u-[i,j], i and j along its two edges in the
    order u, v, w, j fastest. Vertices are shared along the edges, so faces conduct over them.
    """

    corner: Float[Array, " xyz"] = eqx.field(converter=vector)  # m
    edge_u: Float[Array, " xyz"] = eqx.field(converter=vector)  # m
    edge_v: Float[Array, " xyz"] = eqx.field(converter=vector)  # m
    edge_w: Float[Array, " xyz"] = eqx.field(converter=vector)  # m
    divide: tuple[int, ...] = eqx.field(static=True, converter=counts, default=(1, 1, 1))

    def __check_init__(self) -> None:
        """Raise GeometryError for input that makes no surface."""
        check_divide(self.divide, ("along u", "along v", "along w"), (1, 1, 1))
        check_box(self.corner, self.edge_u, self.edge_v, self.edge_w)

    def vertices(self, outward: Float[Array, ""] | None = None) -> Float[Array, "vertex 3"]:
        """Vertex positions (m): the lattice points on the six faces, u slowest."""
        points, _ = _box_lattice(self.divide)
        fractions = tuple(points[:, k] / self.divide[k] for k in range(3))
        return _span(self.corner, (self.edge_u, self.edge_v, self.edge_w), fractions)

    def topology(self) -> ShapeTopology:
        """Two triangles per cell, six named faces."""
        return _box_topology(self.divide)

    def topology_key(self) -> tuple[Any, ...]:
        """Kind and divide."""
        return ("box", self.divide)


def _span(corner, edges, fractions) -> Float[Array, "vertex 3"]:
    """corner + sum of fraction * edge."""
    table = jnp.asarray(np.stack(fractions, axis=1), corner.dtype)
    return corner[None, :] + table @ jnp.stack(edges)


def check_box(corner, edge_u, edge_v, edge_w) -> None:
    """Raise GeometryError unless the edges span a right-handed box."""
    _check_plane(corner, edge_u, edge_v)
    values = concrete(edge_u, edge_v, edge_w)
    if values is None:
        return
    u, v, w = values
    check_vector("edge_w", w, nonzero=True)
    volume = float(np.dot(np.cross(u, v), w)) / float(np.prod([np.linalg.norm(e) for e in (u, v, w)]))
    if abs(volume) <= PARALLEL_SINE:
        raise GeometryError(f"edge_w = {w.tolist()} lies in the plane of edge_u and edge_v: no box", "edge_w")
    if volume < 0:
        raise GeometryError(
            f"edge_w = {w.tolist()}: edge_u, edge_v, edge_w are left-handed; the front is outside only for "
            "(edge_u x edge_v) . edge_w > 0: swap edge_u and edge_v",
            "edge_w",
        )


def _check_plane(corner, edge_u, edge_v) -> None:
    values = concrete(corner, edge_u, edge_v)
    if values is None:
        return
    origin, u, v = values
    check_vector("corner", origin, nonzero=False)
    check_vector("edge_u", u, nonzero=True)
    check_vector("edge_v", v, nonzero=True)
    check_not_parallel("edge_u", u, "edge_v", v)


@lru_cache(maxsize=256)
def _rectangle_topology(u: int, v: int) -> ShapeTopology:
    vertex = np.arange((u + 1) * (v + 1)).reshape(u + 1, v + 1)
    return grid_topology(vertex.size, vertex, pair_suffixes(u, v))


def _triangle_rows(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Lattice coordinates (i along u, j along v, i + j <= n) of the vertices in order."""
    i, j = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
    inside = i + j <= n
    return i[inside], j[inside]


@lru_cache(maxsize=256)
def _triangle_topology(n: int) -> ShapeTopology:
    i, j = _triangle_rows(n)
    number = {(a, b): k for k, (a, b) in enumerate(zip(i.tolist(), j.tolist(), strict=True))}
    triangles = []
    for a in range(n):
        for b in range(n - a):
            triangles.append((number[a, b], number[a + 1, b], number[a, b + 1]))
            if a + b < n - 1:
                triangles.append((number[a + 1, b], number[a + 1, b + 1], number[a, b + 1]))
    suffix = ("",) if n == 1 else tuple(f"[{k}]" for k in range(n * n))
    return ShapeTopology(i.size, np.array(triangles), np.arange(n * n), suffix, circumcentric=True)


@lru_cache(maxsize=256)
def _box_lattice(divide: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Lattice points on the faces [vertex, 3] and the table lattice point -> vertex number (-1 inside)."""
    size = tuple(n + 1 for n in divide)
    i, j, k = np.indices(size)
    top = np.array(divide)[:, None, None, None]
    on_face = np.any((np.stack([i, j, k]) == 0) | (np.stack([i, j, k]) == top), axis=0)
    number = np.full(size, -1)
    number[on_face] = np.arange(int(on_face.sum()))
    return np.stack([i[on_face], j[on_face], k[on_face]], axis=1), number


@lru_cache(maxsize=256)
def _box_topology(divide: tuple[int, int, int]) -> ShapeTopology:
    points, number = _box_lattice(divide)
    triangles, cells, axes, suffixes = [], [], [], []
    for axis, letter in enumerate("uvw"):
        others = [k for k in range(3) if k != axis]
        for sign, index in (("-", 0), ("+", divide[axis])):
            face, cell, across = grid_triangles(np.take(number, index, axis=axis))
            # The remaining edges in the order u, v, w give a normal along +u, -v, +w; turn to the outside.
            if (axis == 1) == (sign == "+"):
                face, across = face[:, ::-1], across[:, [1, 0, 2]]
            cells.append(cell + len(suffixes))
            triangles.append(face)
            axes.append(across)
            suffixes += [f".{letter}{sign}{s}" for s in pair_suffixes(*(divide[k] for k in others))]
    parts = (np.concatenate(part) for part in (triangles, cells, axes))
    triangle, cell, across = parts
    return ShapeTopology(len(points), triangle, cell, tuple(suffixes), triangle_axis=across)
