"""What every shape has: its key checks, its vertex grid and its topology."""

import abc
from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from caloris.geometry.errors import GeometryError

# Two directions count as parallel when the sine of their angle is below this: far above rounding, far below
# any drawing's accuracy.
PARALLEL_SINE = 1e-9


@dataclass(frozen=True)
class ShapeTopology:
    """How a shape's vertices form triangles and cells; numpy, independent of the shape's dimensions.

    triangles holds local vertex numbers in front winding; triangle_cell the cell of each triangle;
    cell_suffix what is appended to the surface's name ("" for a shape of one cell, "[i,j]", ".u-[i,j]").
    circumcentric marks shapes whose cells are general triangles: conduction then places a cell's
    temperature at the circumcenter, elsewhere at the centroid (see caloris_kernels.conduction.shell).
    triangle_axis [triangle, 3] tells for the edges 01, 12, 20 of each triangle along which direction of the
    surface heat crosses them: 0 along u (the first index of a cell's name), 1 along v, -1 inside a cell; None
    where the surface has no such directions.
    """

    vertex_count: int
    triangles: np.ndarray
    triangle_cell: np.ndarray
    cell_suffix: tuple[str, ...]
    circumcentric: bool = False
    triangle_axis: np.ndarray | None = None

    @property
    def cell_count(self) -> int:
        """Number of thermal cells."""
        return len(self.cell_suffix)


class Shape(eqx.Module):
    """A parametric surface in its body's frame."""

    is_round: ClassVar[bool] = False

    @abc.abstractmethod
    def vertices(self, outward: Float[Array, ""] | None = None) -> Float[Array, "vertex 3"]:
        """Vertex positions (m), differentiable in every key.

        outward replaces the factor that moves a curved shape's vertices away from its axis or center
        (None: the shape's own, which makes its area exact; 1: on the true surface); flat shapes ignore it.
        """

    @abc.abstractmethod
    def topology(self) -> ShapeTopology:
        """Triangles and cells (numpy, cached)."""

    @abc.abstractmethod
    def topology_key(self) -> tuple[Any, ...]:
        """Hashable value that fixes the topology."""


def vector(value: Any) -> Float[Array, " xyz"]:
    """A length-3 array of floats (field converter)."""
    return jnp.asarray(value, float)


def scalar(value: Any) -> Float[Array, ""]:
    """A float as a traced leaf (field converter)."""
    return jnp.asarray(value, float)


def counts(value: Any) -> tuple[int, ...]:
    """The `divide` key as a tuple (field converter); checks happen in check_divide."""
    return tuple(value) if isinstance(value, (tuple, list, np.ndarray)) else (value,)


def concrete(*values: Any) -> tuple[np.ndarray, ...] | None:
    """The values as numpy arrays, or None when one is traced (checks then wait for concrete numbers)."""
    if any(isinstance(value, Tracer) for value in values):
        return None
    return tuple(np.asarray(value, float) for value in values)


def check_divide(divide: tuple[int, ...], words: tuple[str, ...], least: tuple[int, ...]) -> None:
    """Raise GeometryError unless divide holds one whole number per word, each at least `least`."""
    named = ", ".join(f"{word} >= {low}" for word, low in zip(words, least, strict=True))
    whole = all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) for n in divide)
    if len(divide) != len(words) or not whole or any(n < low for n, low in zip(divide, least, strict=True)):
        raise GeometryError(f"divide = {list(divide)}: needs {len(words)} whole numbers ({named})", "divide")


def check_vector(key: str, value: np.ndarray, *, nonzero: bool) -> None:
    """Raise GeometryError unless value is three finite numbers, not all zero where nonzero is asked."""
    if value.shape != (3,) or not np.all(np.isfinite(value)):
        raise GeometryError(f"{key} = {value.tolist()}: needs three finite numbers [x, y, z]", key)
    if nonzero and not np.any(value):
        raise GeometryError(f"{key} = {value.tolist()} has no length: it must not be zero", key)


def check_positive(key: str, value: np.ndarray, *, zero_allowed: bool = False) -> None:
    """Raise GeometryError unless value is one finite number above zero (or zero where allowed)."""
    allowed = "zero or more" if zero_allowed else "more than zero"
    good = value.shape == () and np.isfinite(value) and (value > 0 or (zero_allowed and value == 0))
    if not good:
        raise GeometryError(f"{key} = {value.tolist()} m: must be a finite length of {allowed}", key)


def sine_between(a: np.ndarray, b: np.ndarray) -> float:
    """Sine of the angle between two nonzero vectors."""
    return float(np.linalg.norm(np.cross(a, b)) / (np.linalg.norm(a) * np.linalg.norm(b)))


def check_not_parallel(key_a: str, a: np.ndarray, key_b: str, b: np.ndarray) -> None:
    """Raise GeometryError when two nonzero vectors are parallel."""
    if sine_between(a, b) <= PARALLEL_SINE:
        raise GeometryError(
            f"{key_b} = {b.tolist()} is parallel to {key_a} = {a.tolist()}: they must span a plane", key_b
        )


def grid_triangles(vertex: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Triangles, their cell numbers and axes (as in ShapeTopology) of a grid of vertex ids [u + 1, v + 1].

    Cell i * v_count + j is the quadrilateral (i, j), (i+1, j), (i+1, j+1), (i, j+1), front normal along
    u x v, cut along its first diagonal. Where ids repeat (a pole, an apex, a disc's center) the triangle
    that has no area is left out; the diagonal of the other is then one of the cell's own edges.
    """
    a, b, c, d = vertex[:-1, :-1], vertex[1:, :-1], vertex[1:, 1:], vertex[:-1, 1:]
    pairs = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)], axis=2).reshape(-1, 3)
    cell = np.repeat(np.arange(a.size), 2)
    # ab and cd run along u, so that heat crosses them along v.
    one, zero = np.ones_like(a), np.zeros_like(a)
    diagonal = [np.where(a == d, 1, np.where(c == d, 0, -1)), np.where(b == c, 1, np.where(a == b, 0, -1))]
    axis = np.stack([np.stack([one, zero, diagonal[0]], -1), np.stack([diagonal[1], one, zero], -1)], axis=2)
    p, q, r = pairs.T
    keep = (p != q) & (q != r) & (r != p)
    return pairs[keep], cell[keep], axis.reshape(-1, 3)[keep]


def grid_topology(vertex_count: int, vertex: np.ndarray, cell_suffix: tuple[str, ...]) -> ShapeTopology:
    """The topology of one grid of vertex ids [u + 1, v + 1]."""
    triangles, cell, axis = grid_triangles(vertex)
    return ShapeTopology(vertex_count, triangles, cell, cell_suffix, triangle_axis=axis)


def pair_suffixes(first: int, second: int) -> tuple[str, ...]:
    """Cell suffixes "[i,j]" with the second index fastest, or "" for a single cell."""
    if first == second == 1:
        return ("",)
    return tuple(f"[{i},{j}]" for i in range(first) for j in range(second))
