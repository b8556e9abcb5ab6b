"""Trace a run: view factors at every pose, sunlight at every moment, the sky by direction. Host code, cached on disk.

Rays depend on shapes, joint angles and the Sun's directions only. View factors, sky and sunlight are kept apart, each
under a hash of exactly its own inputs: a run with another coating, load or conductance traces nothing anew, one with
another Sun only its sunlight, unless joints follow it.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from caloris.array_store import load_arrays, store_arrays
from caloris.devices import ray_backend
from caloris.geometry.assembly import Geometry, Topology
from caloris.geometry.given_factors import GivenFactors
from caloris.geometry.sky_table import sky_table
from caloris.geometry.sun_visibility import samples_within, sky_view, sun_visibility
from caloris.geometry.view_factors import compute_pose_view_factors
from caloris.model.surroundings import Surroundings, motion_along
from caloris.programs import kept
from caloris.solve.pose_tiles import PoseTiles, collect, exchange_of_poses, pairs, seeing_facets
from caloris.solve.visibility import PosePath, Visibility
from caloris_kernels.radiative.visibility import fibonacci_sphere

# Directions of sunlight along one revolution, one in 3 degrees; between them fluxes are cubic.
GRID_PER_REVOLUTION = 120
# Directions of the sky table and poses at which it is traced. The planet fills a quarter of the sphere or more,
# so that some 250 directions make each flux; between the poses the blocked part is linear.
DIRECTIONS = 1000
SKY_POSES = 5
# Facets with a sky table of their own, of each body: multiples of this, or all.
SHADED_LANE = 64
# Joint angles that stay within this range over the run count as fixed (rad).
_STILL = 1e-6
# Rays to a facet and direction of the sky table and of sunlight: at least, and at most in scenes of few facets.
SKY_SAMPLES = 4, 64
SUN_SAMPLES = 64, 256
# The meaning of stored results: raise it when they change.
_TRACE_VERSION = 4
# Largest difference of the two estimates of a facet's view of space. The ray estimate's noise is 2e-3 (rms) and
# 1e-2 at most; beyond five times that the view factors are wrong, as they are when parts interpenetrate.
SKY_MISMATCH_BOUND = 0.05
_FOREIGN = "the given ones belong to another geometry, or lack `inactive_view` where inactive sides are seen"


class SkyMismatchError(ValueError):
    """View factors and an independent trace of the sky disagree: the geometry is not what it seems."""


class _Scene(NamedTuple):
    """All that rays depend on."""

    vertices: np.ndarray  # [pose, vertex, 3]
    rotation: np.ndarray  # [pose, facet, 3, 3] body to bus frame
    moments: np.ndarray  # [moment or 1, vertex, 3]; one when nothing moves
    sun: np.ndarray  # [moment, 3] in the bus frame; none without an orbit
    sky_pose: np.ndarray  # poses at which the sky is traced
    tolerance: float
    seed: int
    topology: Topology

    @property
    def facets(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Triangles, and triangle and side of each facet."""
        return self.topology.triangles, self.topology.facet_triangle, self.topology.facet_side

    @property
    def sky_samples(self) -> int:
        """Rays to each facet and direction of the sky table."""
        return samples_within(len(self.sky_pose) * DIRECTIONS * self.rotation.shape[1], *SKY_SAMPLES)

    @property
    def sun_samples(self) -> int:
        """Rays to each facet and moment."""
        return samples_within(len(self.sun) * self.rotation.shape[1], *SUN_SAMPLES)


class _Views(NamedTuple):
    """View factors; like the two below every field an array, so that they can be stored."""

    tile_facet: np.ndarray  # the fields of PoseTiles
    block_place: np.ndarray
    block_value: np.ndarray
    inactive: np.ndarray  # [pose, facet]
    space: np.ndarray  # [pose, facet]
    sees: np.ndarray  # [facet] whether it sees anything in some pose; all where view factors are given
    flags: np.ndarray  # error estimate, whether occluded


class _Sky(NamedTuple):
    """What is seen of the sky."""

    mismatch: np.ndarray  # [facet]
    blocked: np.ndarray  # [sky pose, direction, facet] rays of sky_samples that were stopped


class _Sunlight(NamedTuple):
    """Where the Sun shines."""

    sunlit: np.ndarray  # [moment, facet]


class _Rays(NamedTuple):
    """What rays found."""

    views: _Views
    sky: _Sky
    sunlit: np.ndarray  # [moment, facet]


def trace(
    geometry: Geometry,
    surroundings: Surroundings | None,
    revolutions: float,
    frozen: bool,
    *,
    tolerance: float,
    joint_states: int,
    seed: int = 0,
    given: Callable[[np.ndarray, np.ndarray], Sequence[GivenFactors]] | None = None,
    progress: Callable[[str], None] = lambda stage: None,
) -> Visibility:
    """Trace one run: view factors at every pose, sunlight at every moment of the grid, the sky at some poses.

    revolutions is the length of the run; frozen as in Orbit.state_at_phase; tolerance is the relative L1 error
    of the view factors; joint_states the number of poses. given, where it is not None, is called with the facets'
    areas (m2) and the poses' joint angles [pose, joint] (rad) and returns the view factors of each pose, which are
    then not computed. progress is told the name of each stage. With the caches on
    (`caloris.enable_compilation_cache`) results are kept on disk and found again. Raises SkyMismatchError when view
    factors and an independent trace of the sky differ by more than 0.05.
    """
    topology = geometry.topology()
    grid = np.linspace(0.0, revolutions, int(np.ceil(GRID_PER_REVOLUTION * revolutions)) + 1)
    facets = len(topology.facet_triangle)
    if surroundings is None:
        grid = np.array([0.0, revolutions])
        path = PosePath(None, False, jnp.zeros(1), jnp.zeros((1, len(geometry.joint_bodies))), jnp.zeros(0))
        moments, sun, facing = np.zeros((0, 0, 3)), np.zeros((0, 3)), np.zeros((2, facets), bool)
    else:
        motion = motion_along(surroundings, geometry.bodies, jnp.asarray(grid), frozen)
        angle = np.asarray(motion.joint_angle)
        path = _pose_path(geometry, surroundings, grid, angle, joint_states, frozen)
        moments = np.asarray(_placed(geometry, motion.joint_angle if path.moving else motion.joint_angle[:1])[0])
        sun = np.einsum("tij,tj->ti", np.asarray(motion.bus), np.asarray(motion.state.sun_direction))
        own = np.asarray(geometry.body_normals())
        turned = np.asarray(motion.body)[:, topology.facet_body]
        facing = np.einsum("tfij,fj,ti->tf", turned, own, sun, optimize=True) > 1e-9
    vertices, poses = (np.asarray(part) for part in _placed(geometry, path.joint_angle))
    count = min(len(vertices), SKY_POSES) if surroundings is not None else 0
    sky_pose = np.unique(np.round(np.linspace(0, len(vertices) - 1, count)).astype(int))
    rotation = poses[:, topology.facet_body, :3, :3]
    scene = _Scene(vertices, rotation, moments, sun, sky_pose, tolerance, seed, topology)
    area = np.asarray(geometry.facet_geometry(geometry.vertices())[0])
    factors = None if given is None else given(area, np.asarray(path.joint_angle))
    rays = _rays(scene, factors, progress)
    mismatch = rays.sky.mismatch
    if mismatch.max(initial=0.0) > SKY_MISMATCH_BOUND:
        worst = topology.cell_name[topology.facet_cell[int(np.argmax(mismatch))]]
        raise SkyMismatchError(
            f"view factors and an independent trace of the sky differ by {mismatch.max():.2f} at {worst!r} "
            f"(allowed {SKY_MISMATCH_BOUND}): " + ("do parts pass through each other?" if given is None else _FOREIGN)
        )
    return _visibility(geometry, scene, rays, path, grid, bool(np.any(facing & (rays.sunlit < 1.0))))


@kept
def _placed(geometry: Geometry, joint_angle: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Vertices [pose, vertex, 3] (m) and the bodies' poses [pose, body, 4, 4] at joint angles [pose, joint] (rad)."""
    return jax.vmap(geometry.vertices)(joint_angle), jax.vmap(geometry.pose)(joint_angle)


_T = TypeVar("_T", _Views, _Sky, _Sunlight)


def _stored(kind: type[_T], inputs: dict[str, np.ndarray], make: Callable[[], _T]) -> _T:
    """Results of one kind for exactly these inputs, from the store or made now."""
    inputs = {"kind": np.array(kind.__name__), "backend": np.array(ray_backend())} | inputs
    found = load_arrays("rays", inputs)
    if found is not None and set(found) == set(kind._fields):
        return kind(**found)
    made = make()
    store_arrays("rays", inputs, made._asdict())
    return made


def _rays(scene: _Scene, given: Sequence[GivenFactors] | None, progress: Callable[[str], None]) -> _Rays:
    """What rays find in a scene, each kind asked for by what it depends on."""
    topology = scene.topology
    sides = dict(zip(("triangles", "facet_triangle", "facet_side"), scene.facets, strict=True))
    version = np.array([_TRACE_VERSION, scene.seed])
    of_views: dict[str, np.ndarray] = {"vertices": scene.vertices, "triangle_body": topology.triangle_body} | sides
    of_views |= {"version": version, "tolerance": np.array(scene.tolerance)}
    for pose, one in enumerate(given or ()):
        given_pairs = np.column_stack([one.pair_first, one.pair_second, one.pair_exchange_area])
        of_views |= {f"pairs {pose}": given_pairs, f"inactive {pose}": one.inactive_view}
    views = _stored(_Views, of_views, lambda: _views(scene, given, progress))
    samples = np.array([DIRECTIONS, *SKY_SAMPLES])
    of_sky = of_views | {"rotation": scene.rotation[scene.sky_pose], "sky_pose": scene.sky_pose, "samples": samples}
    sky = _stored(_Sky, of_sky, lambda: _sky(scene, views, progress))
    of_sunlight = {"moments": scene.moments, "sun": scene.sun, "samples": np.array(SUN_SAMPLES), "version": version}
    sunlight = _stored(_Sunlight, of_sunlight | sides, lambda: _sunlight(scene, progress))
    return _Rays(views, sky, sunlight.sunlit)


def _views(scene: _Scene, given: Sequence[Any] | None, progress: Callable[[str], None]) -> _Views:
    progress("view factors")
    triangles, *facets = scene.facets
    factors = given or compute_pose_view_factors(
        scene.vertices, triangles, scene.topology.triangle_body, *facets, tolerance=scene.tolerance, seed=scene.seed
    )
    inactive, space = (np.stack([getattr(f, name) for f in factors]) for name in ("inactive_view", "space_view"))
    # What is given says nothing of what the geometry is: then no facet is left out.
    sees = np.any([f.facet_view + f.inactive_view > 0 for f in factors], axis=0) | (given is not None)
    flags = np.array([max(f.error_estimate for f in factors), any(f.occluded for f in factors)], float)
    return _Views(*collect(factors), inactive, space, sees, flags)


def _sky(scene: _Scene, views: _Views, progress: Callable[[str], None]) -> _Sky:
    progress("sky")
    sees = views.sees
    mismatch = np.zeros(len(sees))
    if sees.any():
        for pose in {0, len(scene.vertices) - 1}:
            estimate = sky_view(scene.vertices[pose], *scene.facets, seed=scene.seed)
            mismatch = np.maximum(mismatch, np.where(sees, np.abs(estimate - views.space[pose]), 0.0))
    tables = [
        sky_table(
            scene.vertices[k],
            *scene.facets,
            scene.rotation[k],
            directions=DIRECTIONS,
            samples=scene.sky_samples,
            skip=~sees,
        )
        for k in scene.sky_pose
    ]
    blocked = np.stack(tables) if tables else np.zeros((1, DIRECTIONS, len(sees)))
    return _Sky(mismatch, np.round(blocked * scene.sky_samples).astype(np.uint8))


def _sunlight(scene: _Scene, progress: Callable[[str], None]) -> _Sunlight:
    """Unshadowed part of each facet at each moment, in the pose of that moment."""
    progress("sunlight")
    if len(scene.sun) == 0:
        return _Sunlight(np.ones((2, len(scene.topology.facet_triangle))))
    if len(scene.moments) == 1:
        return _Sunlight(sun_visibility(scene.moments[0], *scene.facets, scene.sun, samples=scene.sun_samples))
    moments = zip(scene.moments, scene.sun, strict=True)
    rows = [sun_visibility(v, *scene.facets, s[None], samples=scene.sun_samples) for v, s in moments]
    return _Sunlight(np.concatenate(rows))


def _visibility(
    geometry: Geometry, scene: _Scene, rays: _Rays, path: PosePath, grid: np.ndarray, shadowed: bool
) -> Visibility:
    """The same results in the order that `couple` wants them."""
    topology, poses = scene.topology, len(scene.vertices)
    views, sky = rays.views, rays.sky
    facets, tiles = len(topology.facet_triangle), PoseTiles(views.tile_facet, views.block_place, views.block_value)
    sees = (views.inactive.max(axis=0, initial=0.0) > 0) | seeing_facets(tiles, facets)
    seeing = np.flatnonzero(sees)
    table = sky.blocked.astype(np.float32) / scene.sky_samples
    bodies = [np.flatnonzero(topology.facet_body == body) for body in range(len(geometry.bodies))]
    shaded = [_shaded(mine, sky.blocked[:, :, mine].max(axis=(0, 1), initial=0) > 0) for mine in bodies]
    normal = np.asarray(geometry.facet_geometry(geometry.vertices())[1])
    patches = [_flat_patches(topology, normal[mine], mine) for mine in bodies]
    occluded = bool(views.flags[1]) or bool(views.inactive.max(initial=0.0) > 0)
    both = np.zeros((0, 2), int)
    if not occluded:
        _, *ends, _ = pairs(tiles)
        both = np.unique(np.sort(np.searchsorted(seeing, np.column_stack(ends)), axis=1), axis=0)
    return Visibility(
        path=path,
        grid_phase=jnp.asarray(grid),
        exchange_area=exchange_of_poses(tiles, poses, seeing, facets),
        seeing=jnp.asarray(seeing),
        inactive_view=jnp.asarray(views.inactive),
        space_view=jnp.asarray(views.space),
        sky_mismatch=jnp.asarray(sky.mismatch),
        error_estimate=jnp.asarray(views.flags[0]),
        sunlit=jnp.asarray(rays.sunlit),
        sky_pose=jnp.asarray(scene.sky_pose if len(scene.sky_pose) else [0], float),
        sky_direction=fibonacci_sphere(DIRECTIONS),
        shaded=tuple(jnp.asarray(mine) for mine in shaded),
        sky_blocked=tuple(jnp.asarray(table[:, :, mine]) for mine in shaded),
        flat_facet=tuple(jnp.asarray(facet) for facet, _ in patches),
        flat_member=tuple(jnp.asarray(member) for _, member in patches),
        pair=jnp.asarray(both),
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
    motion = motion_along(surroundings, geometry.bodies, jnp.asarray(coordinate), frozen)
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


def _shaded(mine: np.ndarray, blocked: np.ndarray) -> np.ndarray:
    """The facets of a body that something is blocked for, filled up with others of it to a multiple of SHADED_LANE.

    Which graze a silhouette changes with the pose: runs that differ in the Sun alone then share one program.
    """
    count = int(blocked.sum())
    wanted = min(-(-count // SHADED_LANE) * SHADED_LANE, len(mine))
    return np.sort(mine[np.argsort(~blocked, kind="stable")[:wanted]])


def _flat_patches(topology: Topology, normal: np.ndarray, mine: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One facet of each flat patch (same surface, side and normal) of a body, and the patch of each facet."""
    keys = np.column_stack([topology.facet_surface[mine], topology.facet_side[mine], np.round(normal * 1e9)])
    _, first, member = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    return mine[first], member.ravel()
