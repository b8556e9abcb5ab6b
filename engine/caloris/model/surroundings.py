"""Where the spacecraft flies and how its bodies turn: orbit, planet, attitude and joints."""

from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris.geometry.assembly import Body, parents_first
from caloris.model.attitude import Attitude, target_direction
from caloris.model.orbit import Orbit, OrbitState
from caloris.model.planet import Planet
from caloris.model.schedule import Schedule
from caloris.programs import kept
from caloris_kernels.orbit.frames import rotation_matrix, tracking_angle


class Joint(eqx.Module):
    """A body's rotation about its joint axis: toward a target, or by a table of angles."""

    body: int = eqx.field(static=True)
    point: Float[Array, " xyz"]  # axis of the body (at zero angle) that is turned toward the target
    target: str | None = eqx.field(static=True)  # nadir, zenith, sun, velocity, orbit-normal; None: table
    inertial_target: Float[Array, " xyz"] | None  # used when the target is "inertial"
    range: Float[Array, " 2"]  # rad
    angle: Schedule | None  # rad


class Motion(NamedTuple):
    """Attitude and joints over time."""

    state: OrbitState
    bus: Float[Array, "time xyz xyz"]  # bus frame <- inertial
    joint_angle: Float[Array, "time joint"]  # rad
    body: Float[Array, "time body xyz xyz"]  # bus frame <- body frame


class Surroundings(eqx.Module):
    """Everything outside the spacecraft that heats or turns it."""

    orbit: Orbit
    attitude: Attitude
    joints: tuple[Joint, ...]

    @property
    def planet(self) -> Planet:
        """The planet below."""
        return self.orbit.planet

    def motion(self, bodies: tuple[Body, ...], phase: Float[Array, " time"], frozen: bool) -> Motion:
        """Orbit, attitude, joint angles and body rotations at phases (revolutions since t = 0).

        Joints are resolved from the bus outward, since a target is seen in the frame of the parent.
        """
        state = self.orbit.state_at_phase(phase, frozen)
        bus = self.attitude.matrix(state)
        count = phase.shape[0]
        joint_of = {joint.body: joint for joint in self.joints}
        rotation: list = [jnp.broadcast_to(jnp.eye(3), (count, 3, 3))] * len(bodies)
        angles = {}
        for index in parents_first(bodies):
            body = bodies[index]
            parent = rotation[body.parent] if body.parent >= 0 else rotation[0]
            turned = jnp.broadcast_to(body.rotation, (count, 3, 3))
            if body.joint_axis is not None:
                angle = self._angle(joint_of[index], body, parent, bus, state, phase)
                angles[index] = angle
                turned = rotation_matrix(body.joint_axis, angle) @ turned
            rotation[index] = parent @ turned
        jointed = [angles[k] for k, body in enumerate(bodies) if body.joint_axis is not None]
        joint_angle = jnp.stack(jointed, axis=1) if jointed else jnp.zeros((count, 0))
        return Motion(state, bus, joint_angle, jnp.stack(rotation, axis=1))

    def _angle(self, joint: Joint, body: Body, parent, bus, state: OrbitState, phase) -> Float[Array, " time"]:
        """Angle of one joint (rad)."""
        if joint.angle is not None:
            # A phase table is linear or stepped between its breaks; the timeline has an edge at each break.
            return joint.angle.at(phase)
        assert body.joint_axis is not None
        inertial = target_direction(joint.target or "inertial", joint.inertial_target, state)
        target = jnp.einsum("tji,tjk,tk->ti", parent, bus, inertial)
        point = body.rotation @ joint.point
        return tracking_angle(body.joint_axis, point, target, joint.range[0], joint.range[1]).angle


@kept
def motion_along(
    surroundings: Surroundings, bodies: tuple[Body, ...], phase: Float[Array, " time"], frozen: bool
) -> Motion:
    """`Surroundings.motion` compiled as a whole, for callers that are not compiled themselves."""
    return surroundings.motion(bodies, phase, frozen)
