"""Normals of the true surfaces behind flat facets, about which curved mirrors reflect.

A facet of a sphere or a wall keeps the flat triangle's place and area; only the direction of a mirrored ray follows
the true surface, so that a mirror of few facets still has the right focus. With a radius r(z) linear along the axis
(cylinder: r' = 0; cone) the normal at x is along

    e_r(x) - r' a,    e_r the direction from the axis to x, a the unit axis,    and on a sphere along x - center.
"""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from caloris.geometry.assembly import Geometry
from caloris.geometry.curved_shapes import Cone, Cylinder, Sphere

_FLAT, _SPHERE, _WALL = 0, 1, 2


@dataclass(frozen=True)
class MirrorNormals:
    """The curved surface of each triangle in one pose; call it with triangles and points for unit normals."""

    kind: np.ndarray  # [triangle] flat, sphere or wall
    center: np.ndarray  # [triangle, 3] m, of the sphere, or on the wall's axis
    axis: np.ndarray  # [triangle, 3] unit
    slope: np.ndarray  # [triangle] - change of a wall's radius along its axis
    flat: np.ndarray  # [triangle, 3] unit normals of the triangles

    def __call__(self, triangle: np.ndarray, point: np.ndarray) -> np.ndarray:
        """Unit normals [r, 3] of the true surfaces nearest to points [r, 3] (m) on triangles [r]."""
        kind = self.kind[triangle]
        off = point - self.center[triangle]
        axis = self.axis[triangle]
        along = np.einsum("rk,rk->r", off, axis)
        radial = off - np.where(kind == _WALL, along, 0.0)[:, None] * axis
        length = np.linalg.norm(radial, axis=1)
        curved = (kind != _FLAT) & (length > 0)
        unit = radial / np.where(curved, length, 1.0)[:, None]
        slope = np.where(kind == _WALL, self.slope[triangle], 0.0)[:, None]
        normal = (unit - slope * axis) / np.sqrt(1 + slope**2)
        return np.where(curved[:, None], normal, self.flat[triangle])


def mirror_normals(geometry: Geometry, joint_angle: ArrayLike | None = None) -> MirrorNormals:
    """Return the curved surfaces of a geometry's spheres, cylinders and cones at the joint angles (rad).

    In the bus frame, in the order of `geometry.topology().triangles`; flat shapes and meshes keep their facets'
    normals. For `normal_at` of `caloris.geometry.path_tracing.trace_paths`; needs concrete numbers.
    """
    topology = geometry.topology()
    count = len(topology.triangles)
    kind, slope = np.zeros(count, np.int8), np.zeros(count)
    center, axis = np.zeros((count, 3)), np.zeros((count, 3))
    angle = None if joint_angle is None else jnp.asarray(joint_angle)
    pose = np.asarray(geometry.pose(angle))
    for index, surface in enumerate(geometry.surfaces):
        shape, mine = surface.shape, topology.triangle_surface == index
        if not isinstance(shape, Sphere | Cylinder | Cone):
            continue
        frame = pose[surface.body]
        kind[mine] = _SPHERE if isinstance(shape, Sphere) else _WALL
        center[mine] = frame[:3, :3] @ np.asarray(shape.center) + frame[:3, 3]
        if isinstance(shape, Sphere):
            continue
        height = float(np.linalg.norm(np.asarray(shape.axis)))
        axis[mine] = frame[:3, :3] @ np.asarray(shape.axis) / height
        if isinstance(shape, Cone):
            top = 0.0 if shape.top_radius is None else float(shape.top_radius)
            slope[mine] = (top - float(shape.radius)) / height
    corner = np.asarray(geometry.vertices(angle))[topology.triangles]
    span = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    flat = span / np.maximum(np.linalg.norm(span, axis=1, keepdims=True), 1e-300)
    return MirrorNormals(kind, center, axis, slope, flat)
