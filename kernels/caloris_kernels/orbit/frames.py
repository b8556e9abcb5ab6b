"""Rotations: two-vector attitude, tracking joints, rotation about an axis."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

# Below this sine (1e-6 rad) two directions count as parallel: rounding alone would decide the answer.
PARALLEL_SINE = 1e-6


class TrackingAngle(NamedTuple):
    """Angle of a tracking joint and whether the target defined it."""

    angle: Float[Array, " time"]  # rad
    defined: Bool[Array, " time"]  # False where the target lies along the axis


def normalize(vector: Float[Array, "... xyz"]) -> Float[Array, "... xyz"]:
    """Unit vector; a zero vector stays zero, with derivative zero."""
    squared = jnp.sum(vector**2, axis=-1, keepdims=True)
    zero = squared == 0
    return vector * jnp.where(zero, 0, jax.lax.rsqrt(jnp.where(zero, 1, squared)))


def is_parallel(first: Float[Array, "... xyz"], second: Float[Array, "... xyz"]) -> Bool[Array, "..."]:
    """True where two directions are parallel or opposite to within 1e-6 rad (or one is zero)."""
    cross = jnp.cross(normalize(first), normalize(second))
    return jnp.sum(cross**2, axis=-1) < PARALLEL_SINE**2


def rotation_matrix(axis: Float[Array, " xyz"], angle: Float[Array, " time"]) -> Float[Array, "time xyz xyz"]:
    """Matrices that turn vectors by `angle` (rad, right-handed) about `axis` (need not be a unit vector).

    R = cos(t) I + sin(t) [a]x + (1 - cos(t)) a a^T (Rodrigues). For a joint, parent <- child.
    """
    x, y, z = normalize(axis)
    zero = jnp.zeros_like(x)
    cross = jnp.stack([zero, -z, y, z, zero, -x, -y, x, zero]).reshape(3, 3)
    unit = jnp.stack([x, y, z])
    cosine, sine = jnp.cos(angle)[..., None, None], jnp.sin(angle)[..., None, None]
    return cosine * jnp.eye(3, dtype=cross.dtype) + sine * cross + (1 - cosine) * jnp.outer(unit, unit)


def two_vector_matrix(
    point: Float[Array, " xyz"],
    align: Float[Array, " xyz"],
    point_target: Float[Array, "time xyz"],
    align_target: Float[Array, "time xyz"],
) -> Float[Array, "time xyz xyz"]:
    """Attitude matrices body <- inertial: `point` exactly on its target, `align` as near as possible to its own.

    Both triads (first vector, cross product, third) are orthonormal; the matrix is the sum of their outer
    products (H. D. Black, AIAA Journal 2, 1350, 1964, doi:10.2514/3.2555). Where the targets are parallel
    (is_parallel) the turn about `point` is undefined: a fixed perpendicular stands in, values and
    derivatives stay finite, and the caller must flag it.
    """
    return jnp.einsum("ki,tkj->tij", _triad(point[None], align[None])[0], _triad(point_target, align_target))


def _triad(first, second):
    """Rows: first, first x second and their product, orthonormal; [time, 3, 3]."""
    first = normalize(first)
    least = jax.nn.one_hot(jnp.argmin(jnp.abs(first), axis=-1), 3, dtype=first.dtype)
    second = jnp.where(is_parallel(first, second)[:, None], least, second)
    across = normalize(jnp.cross(first, second))
    return jnp.stack([first, across, jnp.cross(first, across)], axis=-2)


def tracking_angle(
    axis: Float[Array, " xyz"],
    point: Float[Array, " xyz"],
    target: Float[Array, "time xyz"],
    lowest: Float[Array, ""],
    highest: Float[Array, ""],
) -> TrackingAngle:
    """Angle (rad) about `axis` that brings `point` closest to `target`, within [lowest, highest].

    All vectors in the parent's frame at zero angle. angle = atan2(a . (p x s), p . s - (p . a)(s . a)),
    taken modulo a turn about the middle of the range, then held at the nearer end (derivative zero there).
    Where the target lies along the axis (within 1e-6 rad) the last defined angle holds; before the first
    defined one that one, and 0 (clipped to the range) when there is none. A `point` along the axis leaves
    every angle undefined.
    """
    axis, point, target = normalize(axis), normalize(point), normalize(target)
    along = target @ axis
    sine = target @ jnp.cross(axis, point)
    cosine = target @ point - along * (point @ axis)
    defined = (sine**2 + cosine**2 >= PARALLEL_SINE**2) & ~is_parallel(axis, point)
    angle = jnp.arctan2(jnp.where(defined, sine, 0), jnp.where(defined, cosine, 1))
    middle = 0.5 * (lowest + highest)
    turns = jnp.round(jax.lax.stop_gradient((angle - middle) / (2 * jnp.pi)))
    angle = angle - 2 * jnp.pi * turns
    # Not jnp.clip: at half a turn the angle equals the end of the usual range and must keep its derivative.
    angle = jnp.where(angle < lowest, lowest, jnp.where(angle > highest, highest, angle))

    index = jnp.arange(angle.shape[0])
    last = jax.lax.cummax(jnp.where(defined, index, -1))
    source = jnp.where(last < 0, jnp.argmax(defined), last)
    return TrackingAngle(angle[source], defined)
