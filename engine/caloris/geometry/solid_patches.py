"""The faces of a solid, cut into patches: one around each of its mesh vertices in the face."""

from dataclasses import dataclass, field
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris.geometry.errors import GeometryError
from caloris.geometry.shape_base import Shape, ShapeTopology, grid_triangles


@dataclass(frozen=True)
class Patches:
    """A face of a solid as triangles of patches (numpy, hashed by content).

    Every vertex of a patch is a weighted mean of four vertices of the solid; a patch is a thermal cell whose node is
    the vertex of the solid that it lies around.
    """

    key: tuple[bytes, ...]
    corner: np.ndarray = field(compare=False, repr=False)  # [vertex, 4] vertices of the solid
    weight: np.ndarray = field(compare=False, repr=False)  # [vertex, 4]
    triangles: np.ndarray = field(compare=False, repr=False)  # [triangle, 3] vertices of the patches
    triangle_cell: np.ndarray = field(compare=False, repr=False)
    cell_vertex: np.ndarray = field(compare=False, repr=False)  # [cell] vertex of the solid
    suffix: tuple[str, ...] = field(compare=False, repr=False)

    @staticmethod
    def of(
        corner: np.ndarray,
        weight: np.ndarray,
        triangles: np.ndarray,
        triangle_cell: np.ndarray,
        cell_vertex: np.ndarray,
        suffix: tuple[str, ...],
    ) -> "Patches":
        """Wrap arrays."""
        arrays = (corner, weight, triangles, triangle_cell, cell_vertex)
        key = (*(np.ascontiguousarray(array).tobytes() for array in arrays), "".join(suffix).encode())
        return Patches(key, *arrays, suffix)


class SolidFace(Shape):
    """A face of the solid with that number in the geometry; its vertices follow from the solid's."""

    solid: int = eqx.field(static=True)
    patches: Patches = eqx.field(static=True)

    def vertices(self, outward: Float[Array, ""] | None = None) -> Float[Array, "vertex 3"]:
        """A face alone has no dimensions: `Geometry.vertices` asks vertices_of."""
        raise GeometryError("the face of a solid has no vertices of its own; ask the geometry")

    def vertices_of(self, points: Float[Array, "point 3"]) -> Float[Array, "vertex 3"]:
        """Vertices of the patches (m) from those of the solid."""
        weight = jnp.asarray(self.patches.weight)
        return jnp.einsum("vk,vkx->vx", weight, points[jnp.asarray(self.patches.corner)])

    def topology(self) -> ShapeTopology:
        """Triangles of the patches, one cell a patch."""
        p = self.patches
        return ShapeTopology(len(p.corner), p.triangles, p.triangle_cell, p.suffix)

    def topology_key(self) -> tuple[Any, ...]:
        """The solid's number and the patches."""
        return ("solid face", self.solid, self.patches)


def grid_patches(number: np.ndarray, flipped: bool) -> Patches:
    """Patches of a face that is a grid of vertices number [u + 1, v + 1] of a solid: rectangles around them.

    A patch reaches halfway to the neighbors, so that the patches of a face have its area, and each the part that
    linear elements give its vertex. flipped: the front is -(u x v).
    """
    lines = [(np.r_[0, np.arange(n - 1), n - 1], np.r_[0, np.arange(1, n), n - 1]) for n in number.shape]
    (u_low, u_high), (v_low, v_high) = lines
    corner = np.stack(
        [number[a[:, None], b[None, :]] for a in (u_low, u_high) for b in (v_low, v_high)], axis=-1
    ).reshape(-1, 4)
    count = (number.shape[0] + 1, number.shape[1] + 1)
    triangles, cell, _ = grid_triangles(np.arange(count[0] * count[1]).reshape(count))
    suffix = tuple(f"[{i},{j}]" for i in range(number.shape[0]) for j in range(number.shape[1]))
    if flipped:
        triangles = triangles[:, ::-1]
    return Patches.of(corner, np.full(corner.shape, 0.25), triangles, cell, number.ravel(), suffix)


def triangle_patches(triangles: np.ndarray) -> Patches:
    """Patches of a face of triangles [triangle, 3] (vertices of a solid, front winding): thirds of each triangle.

    Every corner has the part between the middles of its two edges and the middle of the triangle, a third of the
    area, as linear elements give it (median dual).
    """
    used, local = np.unique(triangles, return_inverse=True)
    local = local.reshape(triangles.shape)
    edges = np.sort(np.stack([local, np.roll(local, -1, axis=1)], axis=2), axis=2).reshape(-1, 2)
    unique, edge = np.unique(edges, axis=0, return_inverse=True)
    edge = edge.reshape(triangles.shape) + len(used)
    middle = np.arange(len(triangles)) + len(used) + len(unique)
    corner = np.concatenate(
        [
            np.repeat(used[:, None], 4, axis=1),
            used[unique][:, [0, 1, 0, 1]],
            triangles[:, [0, 1, 2, 0]],
        ]
    )
    weight = np.full(corner.shape, 0.25)
    weight[middle] = [1 / 3, 1 / 3, 1 / 3, 0.0]
    parts, cells = [], []
    for k in range(3):
        parts += [
            np.stack([local[:, k], edge[:, k], middle], axis=1),
            np.stack([local[:, k], middle, edge[:, k - 1]], axis=1),
        ]
        cells += [local[:, k], local[:, k]]
    suffix = tuple(f"[{vertex}]" for vertex in used)
    return Patches.of(corner, weight, np.concatenate(parts), np.concatenate(cells), used, suffix)
