"""What rays and view factors say about a spacecraft along its orbit: computed once on the host, not differentiated.

`trace` fixes the moments of the timeline's grid and the poses of moving bodies; everything here is numbers that
`caloris.couple` then joins with the differentiable geometry and orbit.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from caloris.geometry.assembly import Geometry
from caloris.geometry.sky_table import SAMPLES, sky_table
from caloris.geometry.sun_visibility import samples_within, sky_view, sun_visibility
from caloris.geometry.view_factors import compute_pose_view_factors
from caloris.model.surroundings import Motion, Surroundings
from caloris_kernels.radiative.visibility import fibonacci_sphere

# Directions of sunlight along one revolution. Between them fluxes are cubic; halving the spacing moves the
# main example's hottest temperature by less than a millikelvin per degree of the Sun's travel.
GRID_PER_REVOLUTION = 120
# Directions of the sky table and poses at which it is traced. The planet fills a quarter of the sphere or more,
# so that some 250 directions make each flux, and it is far less sensitive to the pose than a view factor.
DIRECTIONS = 1000
SKY_POSES = 5
# Joint angles that stay within this range over the run count as fixed (rad).
_STILL = 1e-6


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
    exchange_area: Float[Array, "pose seeing seeing"]  # m2
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


def trace(
    geometry: Geometry,
    surroundings: Surroundings | None,
    revolutions: float,
    frozen: bool,
    *,
    tolerance: float,
    joint_states: int,
    seed: int = 0,
    progress: Callable[[str], None] = lambda stage: None,
) -> Visibility:
    """Trace one run: view factors at every pose, sunlight at every moment of the grid, the sky at every pose.

    revolutions is the length of the run; frozen as in Orbit.state_at_phase; tolerance is the relative L1 error
    of the view factors; joint_states the number of poses. progress is told the name of each stage.
    """
    topology = geometry.topology()
    facets = topology.facet_triangle, topology.facet_side
    scene = (topology.triangles, *facets)
    grid = np.linspace(0.0, revolutions, int(np.ceil(GRID_PER_REVOLUTION * revolutions)) + 1)
    motion = None
    if surroundings is None:
        grid = np.array([0.0, revolutions])
        path = PosePath(None, False, jnp.zeros(1), jnp.zeros((1, len(geometry.joint_bodies))), jnp.zeros(0))
    else:
        motion = surroundings.motion(geometry.bodies, jnp.asarray(grid), frozen)
        path = _pose_path(geometry, surroundings, grid, np.asarray(motion.joint_angle), joint_states, frozen)
    place = jax.jit(jax.vmap(geometry.vertices))
    vertices = np.asarray(place(path.joint_angle))
    progress("view factors")
    factors = compute_pose_view_factors(
        vertices, topology.triangles, topology.triangle_body, *facets, tolerance=tolerance, seed=seed
    )
    exchange = np.stack([f.exchange_area for f in factors])
    inactive = np.stack([f.inactive_view for f in factors])
    space = np.stack([f.space_view for f in factors])
    sees = (exchange.sum(axis=(0, 2)) > 0) | (inactive.max(axis=0) > 0)
    seeing = np.flatnonzero(sees)
    progress("sky")
    mismatch = np.zeros(len(topology.facet_triangle))
    if len(seeing):
        for pose in (0, len(vertices) - 1):
            estimate = sky_view(vertices[pose], *scene, seed=seed)
            mismatch = np.maximum(mismatch, np.where(sees, np.abs(estimate - space[pose]), 0.0))
    sunlit = np.ones((len(grid), len(mismatch)))
    shadowed = False
    sky_pose = np.zeros(1, int)
    table = np.zeros((1, DIRECTIONS, len(mismatch)), np.float32)
    if motion is not None:
        progress("sunlight")
        sunlit, shadowed = _sunlight(geometry, motion, np.asarray(place(motion.joint_angle)), scene)
        sky_pose = np.unique(np.round(np.linspace(0, len(vertices) - 1, min(len(vertices), SKY_POSES))).astype(int))
        table = _sky_tables(geometry, path, vertices, scene, sees, sky_pose)
    bodies = [np.flatnonzero(topology.facet_body == body) for body in range(len(geometry.bodies))]
    shaded = [mine[table[:, :, mine].max(axis=(0, 1), initial=0.0) > 0] for mine in bodies]
    patches = [_flat_patches(geometry, mine) for mine in bodies]
    occluded = any(f.occluded for f in factors) or bool(inactive.max(initial=0.0) > 0)
    seen = np.triu(exchange.max(axis=0, initial=0.0)[np.ix_(seeing, seeing)] > 0)
    return Visibility(
        path=path,
        grid_phase=jnp.asarray(grid),
        exchange_area=jnp.asarray(exchange[:, seeing[:, None], seeing[None, :]]),
        seeing=jnp.asarray(seeing),
        inactive_view=jnp.asarray(inactive),
        space_view=jnp.asarray(space),
        sky_mismatch=jnp.asarray(mismatch),
        error_estimate=jnp.asarray(max(f.error_estimate for f in factors)),
        sunlit=jnp.asarray(sunlit),
        sky_pose=jnp.asarray(sky_pose, float),
        sky_direction=fibonacci_sphere(DIRECTIONS),
        shaded=tuple(jnp.asarray(mine) for mine in shaded),
        sky_blocked=tuple(jnp.asarray(table[:, :, mine], jnp.float32) for mine in shaded),
        flat_facet=tuple(jnp.asarray(facet) for facet, _ in patches),
        flat_member=tuple(jnp.asarray(member) for _, member in patches),
        pair=jnp.asarray(np.argwhere(seen)) if not occluded else jnp.zeros((0, 2), int),
        occluded=occluded,
        shadowed=shadowed,
    )


def _pose_path(
    geometry: Geometry, surroundings: Surroundings, grid: np.ndarray, angle: np.ndarray, poses: int, frozen: bool
) -> PosePath:
    """Choose the poses of a run whose joint angles on the grid are `angle`."""
    swept = np.ptp(angle, axis=0) if angle.size else np.zeros(0)
    if not np.any(swept > _STILL):
        return PosePath(None, False, jnp.zeros(1), jnp.asarray(angle[:1]), jnp.zeros(0))
    leader = int(np.argmax(swept))
    lead = angle[:, leader]
    design = np.stack([lead, np.ones_like(lead)], axis=1)
    line, *_ = np.linalg.lstsq(design, angle, rcond=None)
    if np.max(np.abs(design @ line - angle)) < _STILL * 10:
        coordinate = np.linspace(lead.min(), lead.max(), poses)
        angles = np.stack([coordinate, np.ones(poses)], axis=1) @ line
        return PosePath(
            leader, True, jnp.asarray(coordinate), jnp.asarray(angles), jnp.asarray(_crossings(grid, lead, coordinate))
        )
    coordinate = np.linspace(0.0, 1.0, poses)
    motion = surroundings.motion(geometry.bodies, jnp.asarray(coordinate), frozen)
    last = int(np.ceil(grid[-1]))
    crossing = (np.arange(last)[:, None] + coordinate[None, :]).ravel()
    inside = np.unique(crossing[(crossing > 0) & (crossing < grid[-1])])
    return PosePath(None, True, jnp.asarray(coordinate), motion.joint_angle, jnp.asarray(inside))


def _crossings(grid: np.ndarray, angle: np.ndarray, coordinate: np.ndarray) -> np.ndarray:
    """Phases at which the angle passes an inner pose, by straight lines between the grid's moments."""
    level = np.searchsorted(coordinate[1:-1], angle)
    found = []
    for k in np.flatnonzero(np.diff(level)):
        low, high = sorted((level[k], level[k + 1]))
        for pose in coordinate[1:-1][low:high]:
            share = (pose - angle[k]) / (angle[k + 1] - angle[k])
            found.append(grid[k] + share * (grid[k + 1] - grid[k]))
    return np.unique(found)


def _sunlight(geometry: Geometry, motion: Motion, vertices: np.ndarray, scene: tuple) -> tuple[np.ndarray, bool]:
    """Unshadowed part of each facet at each moment, in the pose of that moment; whether any is partial."""
    sun = np.einsum("tij,tj->ti", np.asarray(motion.bus), np.asarray(motion.state.sun_direction))
    still = np.ptp(vertices, axis=0).max() < 1e-12
    samples = samples_within(len(sun) * len(scene[1]), 16, 256)
    if still:
        lit = sun_visibility(vertices[0], *scene, sun, samples=samples)
    else:
        moments = zip(vertices, sun, strict=True)
        lit = np.concatenate([sun_visibility(v, *scene, s[None], samples=samples) for v, s in moments])
    normal = np.asarray(geometry.facet_geometry(jnp.asarray(geometry.vertices()))[1])
    rotation = np.asarray(motion.body)[:, geometry.topology().facet_body]
    facing = np.einsum("tfij,fj,ti->tf", rotation, normal, sun) > 1e-9
    return lit, bool(np.any(facing & (lit < 1.0)))


def _sky_tables(
    geometry: Geometry, path: PosePath, vertices: np.ndarray, scene: tuple, sees: np.ndarray, chosen: np.ndarray
) -> np.ndarray:
    """Blocked fraction by chosen pose, direction in the body's frame, and facet."""
    poses = np.asarray(jax.vmap(geometry.pose)(path.joint_angle))[:, :, :3, :3]
    rotation = poses[:, geometry.topology().facet_body]
    samples = samples_within(len(chosen) * DIRECTIONS * int(sees.sum()), SAMPLES, 64)
    tables = [
        sky_table(vertices[k], *scene, rotation[k], directions=DIRECTIONS, samples=samples, skip=~sees) for k in chosen
    ]
    return np.stack(tables)


def _flat_patches(geometry: Geometry, mine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One facet of each flat patch (same surface, side and normal) of a body, and the patch of each facet."""
    topology = geometry.topology()
    normal = np.asarray(geometry.facet_geometry(geometry.vertices())[1])[mine]
    keys = np.column_stack([topology.facet_surface[mine], topology.facet_side[mine], np.round(normal * 1e9)])
    _, first, member = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return mine[first], member.ravel()
