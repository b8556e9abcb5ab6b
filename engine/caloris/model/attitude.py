"""Attitude: how the body is turned along the orbit."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Bool, Float

from caloris.model.planet import OrbitState, leaf
from caloris_kernels.orbit import frames

TARGETS = ("nadir", "zenith", "sun", "velocity", "orbit-normal")


class Attitude(eqx.Module):
    """Two-vector pointing: body vector `point` exactly toward one target, `align` as near as possible to another.

    A target is one of TARGETS or an inertial vector.
    """

    point: Float[Array, " xyz"]  # -, body frame
    align: Float[Array, " xyz"]  # -, body frame
    toward_vector: Float[Array, " xyz"] | None  # -, inertial, where `toward` is "inertial"
    to_vector: Float[Array, " xyz"] | None  # -, inertial, where `to` is "inertial"
    toward: str = eqx.field(static=True)
    to: str = eqx.field(static=True)

    def __init__(self, point, toward, align, to):
        """point and align: body vectors; toward and to: a name of TARGETS or an inertial vector of 3 numbers.

        Raises ValueError for an unknown target, parallel body vectors, and targets that are parallel always.
        """
        self.point, self.align = leaf(point), leaf(align)
        self.toward, self.toward_vector = _read_target(toward)
        self.to, self.to_vector = _read_target(to)
        if _surely_parallel(self.point, self.align):
            raise ValueError("the body vectors `point` and `align` are parallel")
        pair = {self.toward, self.to}
        same = pair == {"nadir", "zenith"} or (len(pair) == 1 and self.toward != "inertial")
        both = self.toward_vector is not None and self.to_vector is not None
        if same or (both and _surely_parallel(self.toward_vector, self.to_vector)):
            raise ValueError("the targets `toward` and `to` are parallel")

    def matrix(self, state: OrbitState) -> Float[Array, "time xyz xyz"]:
        """Rotations body <- inertial; where `undefined`, the turn about `point` is arbitrary but finite."""
        toward = target_direction(self.toward, self.toward_vector, state)
        to = target_direction(self.to, self.to_vector, state)
        return frames.two_vector_matrix(self.point, self.align, toward, to)

    def undefined(self, state: OrbitState) -> Bool[Array, " time"]:
        """True at times at which both targets are parallel, so that the attitude is not defined."""
        toward = target_direction(self.toward, self.toward_vector, state)
        return frames.is_parallel(toward, target_direction(self.to, self.to_vector, state))


def target_direction(name: str, vector: Float[Array, " xyz"] | None, state: OrbitState) -> Float[Array, "time xyz"]:
    """Unit vectors toward a target of TARGETS, or along `vector` (name "inertial"), in the frame of `state`."""
    if vector is not None:
        return jnp.broadcast_to(frames.normalize(vector), state.zenith.shape)
    directions = {
        "nadir": -state.zenith,
        "zenith": state.zenith,
        "sun": state.sun_direction,
        "velocity": state.velocity_direction,
        "orbit-normal": state.normal,
    }
    return directions[name]


def _read_target(target) -> tuple[str, Array | None]:
    """Name and vector of a target given as either."""
    if not isinstance(target, str):
        return "inertial", leaf(target)
    if target not in TARGETS:
        raise ValueError(f"unknown target {target!r}: one of {', '.join(TARGETS)}, or an inertial vector")
    return target, None


def _surely_parallel(first, second) -> bool:
    """Whether two vectors are parallel; False under a transformation, where their values are not known."""
    if isinstance(first, Tracer) or isinstance(second, Tracer):
        return False
    return bool(np.asarray(frames.is_parallel(first, second)))
