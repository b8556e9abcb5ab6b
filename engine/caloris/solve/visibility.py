"""What rays and view factors say about a spacecraft along its orbit: frozen numbers, made by `trace`.

`caloris.couple` joins them with the differentiable geometry and orbit.
"""

from dataclasses import replace

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from caloris.model.mirrors import MirrorRays
from caloris.solve.pose_tiles import PoseTiles, pairs
from caloris_kernels.radiative.exchange_tiles import ExchangeTiles


class PosePath(eqx.Module):
    """Poses of the moving bodies along one coordinate, and where the run stands on it.

    When all joints follow one of them by straight lines (one tracking joint, or several that turn together),
    the coordinate is that joint's angle, spaced evenly over the range swept; otherwise it is the phase.
    """

    joint: int | None = eqx.field(static=True)  # the leading joint; None: the phase, or nothing moves
    moving: bool = eqx.field(static=True)
    coordinate: Float[Array, " pose"]
    joint_angle: Float[Array, "pose joint"]  # rad
    crossing: Float[Array, " crossing"]  # phases at which the run passes a pose

    def locate(self, joint_angle: Float[Array, "time joint"], phase: Float[Array, " time"]) -> Float[Array, " time"]:
        """Position on the path in units of poses (0 is the first pose)."""
        if not self.moving:
            return jnp.zeros(phase.shape)
        value = phase - jnp.floor(phase) if self.joint is None else joint_angle[:, self.joint]
        return (value - self.coordinate[0]) / (self.coordinate[1] - self.coordinate[0])


class Visibility(eqx.Module):
    """View factors by pose, sunlight by moment and sky by pose; all frozen numbers."""

    path: PosePath
    grid_phase: Float[Array, " grid"]  # revolutions, or seconds without an orbit
    exchange_area: Float[Array, "pose seeing seeing"] | ExchangeTiles  # m2; tiles with a leading axis of poses
    seeing: Int[Array, " seeing"]
    inactive_view: Float[Array, "pose facet"]
    space_view: Float[Array, "pose facet"]
    sky_mismatch: Float[Array, " facet"]  # - largest difference of two independent estimates of space_view
    error_estimate: Float[Array, ""]  # - relative, of the exchange areas
    sunlit: Float[Array, "grid facet"]  # - unshadowed part of each facet facing the Sun
    sky_direction: Float[Array, "direction 3"]  # body frames
    # One entry a body: facets that some direction is blocked for, and the blocked part by pose and direction.
    shaded: tuple[Int[Array, " shaded"], ...]
    sky_blocked: tuple[Float[Array, "sky_pose direction shaded"], ...]
    sky_pose: Float[Array, " sky_pose"]  # positions on the path at which the sky was traced
    # One entry a body: a facet of each flat patch, and the patch of each of the body's facets.
    flat_facet: tuple[Int[Array, " patch"], ...]
    flat_member: tuple[Int[Array, " member"], ...]
    pair: Int[Array, "pair 2"]  # in terms of `seeing`: pairs that see each other, where nothing is occluded
    occluded: bool = eqx.field(static=True)  # some view between two facets is cut by a third
    shadowed: bool = eqx.field(static=True)  # a shadow's edge lies on some facet
    mirrors: MirrorRays | None = None  # paths by way of mirrors and sheets; None: there are none
    radiating: Int[Array, " radiating"] | None = None  # nodes with exchange factors, see `with_radiating`

    def pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Facets that see each other, each pair once: pose, first and second facet, A_i F_ij (m2); all [pair]."""
        seeing = np.asarray(self.seeing)
        if isinstance(self.exchange_area, ExchangeTiles):
            parts = (np.asarray(part) for part in self.exchange_area)
            facet, first, second, value = parts
            pose, block = np.nonzero(np.any(value > 0, axis=(2, 3)))
            place = np.column_stack([pose, first[pose, block], second[pose, block]])
            pose, i, j, area = pairs(PoseTiles(facet[0], place, value[pose, block]))
            return pose, np.minimum(seeing[i], seeing[j]), np.maximum(seeing[i], seeing[j]), area
        exchange = np.triu(np.asarray(self.exchange_area))
        pose, i, j = np.nonzero(exchange)
        return pose, seeing[i], seeing[j], exchange[pose, i, j]


# Where so large a part of all nodes radiates, all have rows and columns of exchange factors: a matrix over all nodes is
# then made of them without a scatter, which took a fifth of a step of 537 nodes.
_NEARLY_ALL = 0.9


def with_radiating(visibility: Visibility, facet_node: np.ndarray, nodes: int) -> Visibility:
    """The same, told which of so many nodes exchange radiation: those under facets that see others; facet_node [facet].

    Where nearly all nodes do, it is all of them; those without such facets have factors of zero.
    """
    radiating = np.unique(facet_node[np.asarray(visibility.seeing)])
    if len(radiating) >= _NEARLY_ALL * nodes:
        radiating = np.arange(nodes)
    return replace(visibility, radiating=jnp.asarray(radiating))
