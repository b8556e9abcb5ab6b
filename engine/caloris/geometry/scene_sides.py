"""The sides of a scene's triangles: which take part in radiation, which only block and absorb view."""

from dataclasses import dataclass

import numpy as np

from caloris.geometry.facet_tiles import Facets, oriented_facets, plane_label, scene_size
from caloris.geometry.pair_visibility import LIFT
from caloris.geometry.raycast import RayCaster
from caloris_kernels.numerics.sobol import sobol_points

_RAYS_PER_SIDE = 32
_PRODUCTS_AT_ONCE = 1 << 22  # of normals and points: 32 MB


@dataclass(frozen=True)
class Sides:
    """Sides of triangles that exchange with each other: first all active ones, in the caller's order."""

    triangle: np.ndarray  # [side] triangle
    side: np.ndarray  # [side] 0 front, 1 back
    active: np.ndarray  # [side] bool

    def facets(self, vertices: np.ndarray, triangles: np.ndarray, group: np.ndarray) -> Facets:
        """Return the sides as oriented triangles at the given vertices."""
        return oriented_facets(vertices, triangles, self.triangle, self.side, group)


def check_scene(
    vertices: np.ndarray, triangles: np.ndarray, facet_triangle: np.ndarray, facet_side: np.ndarray
) -> None:
    """Raise ValueError, naming the array, for a scene that cannot be meant."""
    if vertices.shape[-1] != 3 or triangles.ndim != 2 or triangles.shape[1] != 3:
        raise ValueError(f"vertices must be [v, 3] and triangles [t, 3], not {vertices.shape}, {triangles.shape}")
    if not np.all(np.isfinite(vertices)):
        raise ValueError("vertices must be finite")
    if len(facet_triangle) != len(facet_side):
        raise ValueError(f"facet_triangle has {len(facet_triangle)} entries, facet_side {len(facet_side)}")
    if len(triangles) and (triangles.min() < 0 or triangles.max() >= vertices.shape[-2]):
        raise ValueError("triangles must index vertices")
    if len(facet_triangle) and (facet_triangle.min() < 0 or facet_triangle.max() >= len(triangles)):
        raise ValueError("facet_triangle must index triangles")
    if not np.isin(facet_side, (0, 1)).all():
        raise ValueError("facet_side must be 0 (front) or 1 (back)")
    code = 2 * facet_triangle.astype(np.int64) + facet_side
    if len(np.unique(code)) != len(code):
        raise ValueError("each side of a triangle can be a facet only once")


def active_sides(facet_triangle: np.ndarray, facet_side: np.ndarray) -> Sides:
    """Return the facets alone."""
    triangle, side = np.asarray(facet_triangle, np.int64), np.asarray(facet_side, np.int64)
    return Sides(triangle, side, np.ones(len(triangle), bool))


def inactive_sides(count: int, sides: Sides) -> Sides:
    """Return the sides of `count` triangles that are not in `sides`."""
    used = np.zeros((count, 2), bool)
    used[sides.triangle, sides.side] = True
    triangle, side = np.nonzero(~used)
    return Sides(triangle, side, np.zeros(len(triangle), bool))


def with_seen_inactive(
    sides: Sides, poses: np.ndarray, triangles: np.ndarray, group: np.ndarray, casters: list[RayCaster]
) -> tuple[Sides, int]:
    """Add the inactive sides that some facet may see in some pose; return the sides and the number of rays.

    The insides of closed boxes make up half of all sides and see nothing active: leaving them out halves the
    work. A plane's inactive sides are kept together when any of 32 rays from each of them ends on a
    facet; a plane of 50 sides that is left out in error sends facets less than about 1e-3 of its view.
    """
    rest = inactive_sides(len(triangles), sides)
    if not len(rest.triangle) or not len(sides.triangle):
        return sides, 0
    active = np.zeros((len(triangles), 2), bool)
    active[sides.triangle, sides.side] = True
    size = scene_size(poses[0])
    rest = _not_outermost(rest, poses, triangles, group, size)
    if not len(rest.triangle):
        return sides, 0
    plane = plane_label(rest.facets(poses[0], triangles, group), size)
    seen = np.zeros(int(plane.max()) + 1, bool)
    rays = 0
    for vertices, caster in zip(poses, casters, strict=True):
        open_side = np.flatnonzero(~seen[plane])
        part = Sides(rest.triangle[open_side], rest.side[open_side], rest.active[open_side])
        origin, direction = hemisphere_rays(part.facets(vertices, triangles, group), _RAYS_PER_SIDE, LIFT * size)
        hit = caster.hit(origin.reshape(-1, 3), direction.reshape(-1, 3))
        sees = (hit.triangle >= 0) & active[hit.triangle, hit.side]
        seen[plane[open_side[sees.reshape(-1, _RAYS_PER_SIDE).any(axis=1)]]] = True
        rays += len(sees)
    keep = seen[plane]
    return (
        Sides(
            np.concatenate([sides.triangle, rest.triangle[keep]]),
            np.concatenate([sides.side, rest.side[keep]]),
            np.concatenate([sides.active, rest.active[keep]]),
        ),
        rays,
    )


def _not_outermost(sides: Sides, poses: np.ndarray, triangles: np.ndarray, group: np.ndarray, size: float) -> Sides:
    """Leave out sides that have nothing in front of their plane in any pose, as the outside of a convex body."""
    sees = np.zeros(len(sides.triangle), bool)
    for vertices in poses:
        facets = sides.facets(vertices, triangles, group)
        sees |= heights(facets, vertices[np.unique(triangles)])[1] > 1e-6 * size
    return Sides(sides.triangle[sees], sides.side[sees], sides.active[sees])


def heights(facets: Facets, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest height (m) of a cloud of points above each facet's plane, [facet] each."""
    normal, kind = np.unique(facets.normal, axis=0, return_inverse=True)
    if len(normal) * len(points) > _PRODUCTS_AT_ONCE:
        points = _hull_points(points)
    low, high = np.empty(len(normal)), np.empty(len(normal))
    step = max(1, _PRODUCTS_AT_ONCE // max(1, len(points)))
    for start in range(0, len(normal), step):
        part = slice(start, start + step)
        along = points @ normal[part].T
        low[part], high[part] = along.min(axis=0), along.max(axis=0)
    kind = kind.ravel()
    return low[kind] - facets.offset, high[kind] - facets.offset


def _hull_points(points: np.ndarray) -> np.ndarray:
    """The corners of the convex hull; all points where they are flat, or too few."""
    from scipy.spatial import ConvexHull, QhullError  # here, because flat-sided scenes should not wait for it

    try:
        return points[ConvexHull(points).vertices]
    except (QhullError, ValueError):
        return np.unique(points, axis=0)


def hemisphere_rays(facets: Facets, count: int, lift: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Rays from all over each facet, cosine-weighted over its hemisphere: origin, direction [facet, ray, 3].

    Scrambled Sobol points with a different shift for each facet; each ray carries the same view factor.
    """
    rng = np.random.default_rng(seed)
    points = sobol_points(count, 4, rng)
    uniform = (points[None] + rng.random((len(facets.area), 1, 4))) % 1.0
    uniform = uniform.astype(np.float32)
    corner = facets.triangle.astype(np.float32)
    root, share = np.sqrt(uniform[..., 0]), uniform[..., 1]
    weights = np.stack([1 - root, root * (1 - share), root * share], axis=-1)
    normal = facets.normal.astype(np.float32)
    origin = np.einsum("frv,fvk->frk", weights, corner) + np.float32(lift) * normal[:, None]
    along = corner[:, 1] - corner[:, 0]
    along = along / np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-30)
    across = np.cross(normal, along)
    radius, turn = np.sqrt(uniform[..., 2]), np.float32(2 * np.pi) * uniform[..., 3]
    local = np.stack([radius * np.cos(turn), radius * np.sin(turn), np.sqrt(1 - uniform[..., 2])], axis=-1)
    return origin, np.einsum("fra,fak->frk", local, np.stack([along, across, normal], axis=1))
