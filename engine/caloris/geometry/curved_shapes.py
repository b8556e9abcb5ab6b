"""Round shapes: disc, annulus, cylinder, cone, sphere, as polygons whose area is exact.

A regular polygon inscribed in a circle is too small. Every shape therefore moves its vertices outward by one
factor, chosen so that its triangles' areas sum to the exact area; areas and view factors then belong to the
same triangles. With a = pi / (divisions around):

    disc, annulus   (2 a / sin 2a)^(1/2)     cylinder   a / sin a
    cone            from its slope, between the two     sphere   (exact area / polyhedron's area)^(1/2)

A flat polygon cannot have both a cylinder's rim and a disc's area, so a disc that closes a cylinder or cone
takes the wall's factor instead (`fit_caps` in caloris.geometry.caps): its rim then meets the wall without a
gap or a lip and its area is short by 1 - a / tan a (2.3 % at 12 divisions around, 0.57 % at 24, 0.14 % at 48).
"""

from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris.geometry.errors import GeometryError
from caloris.geometry.round_grids import (
    angles,
    annulus_topology,
    axis_frame,
    disc_factor,
    disc_topology,
    sphere_factor,
    sphere_topology,
    unit_sphere,
    wall_topology,
)
from caloris.geometry.shape_base import (
    Shape,
    ShapeTopology,
    check_divide,
    check_not_parallel,
    check_positive,
    check_vector,
    concrete,
    counts,
    scalar,
    vector,
)


def _optional_vector(value: Any) -> Float[Array, " xyz"] | None:
    return None if value is None else vector(value)


class Disc(Shape):
    """Flat disc, front normal along axis; divide = (radial, around), radial rings of equal width.

    start is the direction of angle zero (its part across the axis counts; None: the frame axis least
    aligned with `axis`); angles turn right-handed about axis.
    """

    is_round: ClassVar[bool] = True
    center: Float[Array, " xyz"] = eqx.field(converter=vector)  # m
    axis: Float[Array, " xyz"] = eqx.field(converter=vector)  # direction only
    radius: Float[Array, ""] = eqx.field(converter=scalar)  # m
    start: Float[Array, " xyz"] | None = eqx.field(converter=_optional_vector, default=None)  # direction only
    divide: tuple[int, ...] = eqx.field(static=True, converter=counts, default=(1, 24))

    def __check_init__(self) -> None:
        """Raise GeometryError for input that makes no surface."""
        check_divide(self.divide, ("radial", "around"), (1, 3))
        _check_frame(self.center, self.axis, self.start)
        _check_radii(radius=self.radius)

    def vertices(self, outward: Float[Array, ""] | None = None) -> Float[Array, "vertex 3"]:
        """Vertex positions (m): the center, then the rings outward."""
        radial, around = self.divide
        factor = jnp.asarray(disc_factor(around) if outward is None else outward, self.radius.dtype)
        share = np.concatenate([[0.0], np.repeat(np.arange(1, radial + 1) / radial, around)])
        turn = np.concatenate([[0.0], np.tile(angles(around), radial)])
        return _around(self.center, self.axis, self.start, factor * self.radius * share, turn)

    def topology(self) -> ShapeTopology:
        """One triangle per cell of the innermost ring, two elsewhere."""
        return disc_topology(*self.divide)

    def topology_key(self) -> tuple[Any, ...]:
        """Kind and divide."""
        return ("disc", self.divide)


class Annulus(Shape):
    """Flat ring between inner_radius and radius; everything else as Disc."""

    is_round: ClassVar[bool] = True
    center: Float[Array, " xyz"] = eqx.field(converter=vector)  # m
    axis: Float[Array, " xyz"] = eqx.field(converter=vector)  # direction only
    radius: Float[Array, ""] = eqx.field(converter=scalar)  # m
    inner_radius: Float[Array, ""] = eqx.field(converter=scalar)  # m
    start: Float[Array, " xyz"] | None = eqx.field(converter=_optional_vector, default=None)  # direction only
    divide: tuple[int, ...] = eqx.field(static=True, converter=counts, default=(1, 24))

    def __check_init__(self) -> None:
        """Raise GeometryError for input that makes no surface."""
        check_divide(self.divide, ("radial", "around"), (1, 3))
        _check_frame(self.center, self.axis, self.start)
        _check_radii(radius=self.radius, inner_radius=self.inner_radius)
        values = concrete(self.radius, self.inner_radius)
        if values is not None and values[1] >= values[0]:
            raise GeometryError(
                f"inner_radius = {values[1].item()} m: must be less than radius = {values[0].item()} m", "inner_radius"
            )

    def vertices(self, outward: Float[Array, ""] | None = None) -> Float[Array, "vertex 3"]:
        """Vertex positions (m), ring by ring outward."""
        radial, around = self.divide
        factor = jnp.asarray(disc_factor(around) if outward is None else outward, self.radius.dtype)
        share = np.repeat(np.arange(radial + 1) / radial, around)
        radii = self.inner_radius + (self.radius - self.inner_radius) * share
        return _around(self.center, self.axis, self.start, factor * radii, np.tile(angles(around), radial + 1))

    def topology(self) -> ShapeTopology:
        """Two triangles per cell."""
        return annulus_topology(*self.divide)

    def topology_key(self) -> tuple[Any, ...]:
        """Kind and divide."""
        return ("annulus", self.divide)


class Cylinder(Shape):
    """Open cylinder from center (base) along axis (its length the height), front outside, no caps.

    divide = (around, along); cell [i,j] lies i-th around from start (right-handed about axis; None: the
    frame axis least aligned with `axis`) and j-th along the axis.
    """

    is_round: ClassVar[bool] = True
    center: Float[Array, " xyz"] = eqx.field(converter=vector)  # m
    axis: Float[Array, " xyz"] = eqx.field(converter=vector)  # m
    radius: Float[Array, ""] = eqx.field(converter=scalar)  # m
    start: Float[Array, " xyz"] | None = eqx.field(converter=_optional_vector, default=None)  # direction only
    divide: tuple[int, ...] = eqx.field(static=True, converter=counts, default=(24, 1))

    def __check_init__(self) -> None:
        """Raise GeometryError for input that makes no surface."""
        check_divide(self.divide, ("around", "along"), (3, 1))
        _check_frame(self.center, self.axis, self.start)
        _check_radii(radius=self.radius)

    def wall_factor(self) -> Float[Array, ""]:
        """Outward factor a / sin a that makes the area exact (-)."""
        angle = np.pi / self.divide[0]
        return jnp.asarray(angle / np.sin(angle), self.radius.dtype)

    def vertices(self, outward: Float[Array, ""] | None = None) -> Float[Array, "vertex 3"]:
        """Vertex positions (m), along the axis fastest."""
        factor = self.wall_factor() if outward is None else jnp.asarray(outward, self.radius.dtype)
        around, along = self.divide
        radii = factor * self.radius * np.ones(around * (along + 1))
        return _wall(self.center, self.axis, self.start, radii, around, along, pointed=False)

    def topology(self) -> ShapeTopology:
        """Two triangles per cell."""
        return wall_topology(*self.divide, False)

    def topology_key(self) -> tuple[Any, ...]:
        """Kind and divide."""
        return ("cylinder", self.divide)


class Cone(Shape):
    """Open cone or frustum from radius at center (base) to top_radius at center + axis, front outside.

    divide = (around, along) as Cylinder, equal steps along the axis. top_radius = 0 (or None) makes a
    pointed cone: its last cells are triangles, and top_radius is then no leaf (a radius that opens the tip
    would change the mesh, so there is no derivative to it).
    """

    is_round: ClassVar[bool] = True
    center: Float[Array, " xyz"]  # m
    axis: Float[Array, " xyz"]  # m
    radius: Float[Array, ""]  # m
    top_radius: Float[Array, ""] | None  # m
    start: Float[Array, " xyz"] | None  # direction only
    divide: tuple[int, ...] = eqx.field(static=True)

    def __init__(
        self, center: Any, axis: Any, radius: Any, top_radius: Any = None, start: Any = None, divide: Any = (24, 1)
    ):
        """Keys as in the case file, SI."""
        self.center, self.axis, self.radius = vector(center), vector(axis), scalar(radius)
        self.start, self.divide = _optional_vector(start), counts(divide)
        pointed = top_radius is None or (concrete(top_radius) is not None and np.all(np.asarray(top_radius) == 0))
        self.top_radius = None if pointed else scalar(top_radius)

    def __check_init__(self) -> None:
        """Raise GeometryError for input that makes no surface."""
        check_divide(self.divide, ("around", "along"), (3, 1))
        _check_frame(self.center, self.axis, self.start)
        _check_radii(radius=self.radius, **({} if self.top_radius is None else {"top_radius": self.top_radius}))

    def wall_factor(self) -> Float[Array, ""]:
        """Outward factor f that makes the area exact (-).

        n flat trapezoids have the area n (r1 + r2) f s (h^2 + f^2 d^2 c^2)^(1/2), the cone
        pi (r1 + r2) (h^2 + d^2)^(1/2), with s, c sine and cosine of a = pi / n, h the height and
        d = r1 - r2: a quadratic in f^2, solved in the form that stays accurate for d -> 0.
        """
        angle = np.pi / self.divide[0]
        sine, cosine = np.sin(angle), np.cos(angle)
        top = 0.0 if self.top_radius is None else self.top_radius
        height_square, step_square = jnp.sum(self.axis**2), (self.radius - top) ** 2
        linear = sine**2 * height_square
        goal = angle**2 * (height_square + step_square)
        root = jnp.sqrt(linear**2 + 4.0 * sine**2 * cosine**2 * step_square * goal)
        return jnp.sqrt(2.0 * goal / (linear + root))

    def vertices(self, outward: Float[Array, ""] | None = None) -> Float[Array, "vertex 3"]:
        """Vertex positions (m), along the axis fastest; a pointed cone's tip last."""
        factor = self.wall_factor() if outward is None else jnp.asarray(outward, self.radius.dtype)
        around, along = self.divide
        pointed = self.top_radius is None
        share = np.tile(np.arange(along if pointed else along + 1) / along, around)
        top = 0.0 if self.top_radius is None else self.top_radius
        radii = factor * (self.radius + (top - self.radius) * share)
        return _wall(self.center, self.axis, self.start, radii, around, along, pointed)

    def topology(self) -> ShapeTopology:
        """Two triangles per cell, one at a tip."""
        return wall_topology(*self.divide, self.top_radius is None)

    def topology_key(self) -> tuple[Any, ...]:
        """Kind, divide and whether the cone is pointed."""
        return ("cone", self.divide, self.top_radius is None)


class Sphere(Shape):
    """Sphere, front outside; divide = (around, pole to pole), equal angles.

    Cell [i,j] lies i-th around axis from start (right-handed) and j-th from the pole at -axis to the pole
    at +axis; the cells at the poles are triangles.
    """

    is_round: ClassVar[bool] = True
    center: Float[Array, " xyz"] = eqx.field(converter=vector)  # m
    radius: Float[Array, ""] = eqx.field(converter=scalar)  # m
    axis: Float[Array, " xyz"] = eqx.field(converter=vector, default=(0.0, 0.0, 1.0))  # direction only
    start: Float[Array, " xyz"] | None = eqx.field(converter=_optional_vector, default=None)  # direction only
    divide: tuple[int, ...] = eqx.field(static=True, converter=counts, default=(12, 6))

    def __check_init__(self) -> None:
        """Raise GeometryError for input that makes no surface."""
        check_divide(self.divide, ("around", "pole to pole"), (3, 2))
        _check_frame(self.center, self.axis, self.start)
        _check_radii(radius=self.radius)

    def vertices(self, outward: Float[Array, ""] | None = None) -> Float[Array, "vertex 3"]:
        """Vertex positions (m): meridian by meridian, then the poles at -axis and +axis."""
        factor = jnp.asarray(sphere_factor(*self.divide) if outward is None else outward, self.radius.dtype)
        frame = jnp.stack(axis_frame(self.axis, self.start))
        return self.center[None, :] + factor * self.radius * (jnp.asarray(unit_sphere(*self.divide)) @ frame)

    def topology(self) -> ShapeTopology:
        """Two triangles per cell, one at the poles."""
        return sphere_topology(*self.divide)

    def topology_key(self) -> tuple[Any, ...]:
        """Kind and divide."""
        return ("sphere", self.divide)


def _around(center, axis, start, radii, turn: np.ndarray) -> Float[Array, "vertex 3"]:
    """center + radius (cos turn e1 + sin turn e2)."""
    first, across, _ = axis_frame(axis, start)
    circle = jnp.asarray(np.stack([np.cos(turn), np.sin(turn)], axis=1), center.dtype)
    return center[None, :] + radii[:, None] * (circle @ jnp.stack([first, across]))


def _wall(center, axis, start, radii, around: int, along: int, pointed: bool) -> Float[Array, "vertex 3"]:
    rows = along if pointed else along + 1
    ring = _around(center, axis, start, radii, np.repeat(angles(around), rows))
    ring = ring + jnp.asarray(np.tile(np.arange(rows) / along, around))[:, None] * axis[None, :]
    return jnp.concatenate([ring, (center + axis)[None, :]]) if pointed else ring


def _check_frame(center, axis, start) -> None:
    values = concrete(center, axis)
    if values is None:
        return
    check_vector("center", values[0], nonzero=False)
    check_vector("axis", values[1], nonzero=True)
    direction = None if start is None else concrete(start)
    if direction is not None:
        check_vector("start", direction[0], nonzero=True)
        check_not_parallel("axis", values[1], "start", direction[0])


def _check_radii(**radii) -> None:
    for key, value in radii.items():
        number = concrete(value)
        if number is not None:
            check_positive(key, number[0])
