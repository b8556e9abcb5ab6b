"""Sector analysis: what lies around a point in every direction, all layers along each ray.

All rays start at one point. So triangles are looked up among the rays, not rays among the triangles: seen from the
point each triangle lies within a cone, the rays of a few cells of a grid on the sphere lie in that cone, and three
triple products say which of them pass the triangle. Every triangle finds all its rays, however many layers lie in
front of it and though they coincide, in float64 and without a hierarchy; rays that run along the edge of two triangles
cross exactly one, because both compute the same triple product with opposite sign.
"""

from collections.abc import Iterator
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris.array_store import load_arrays, store_arrays
from caloris.geometry.assembly import Geometry
from caloris.geometry.solid_patches import SolidFace
from caloris.geometry.solids import SolidBox, boundary_triangles

LEAST_COSINE = 0.05
"""Shells met at more than 87.1 deg from their normal count as met at that: 20 thicknesses. A plate has an end."""
REPLICATES = 4
_RAYS_PER_CELL = 4
_PAIRS_AT_A_TIME = 1 << 21
# Triangles that reach this far around the point as seen from it may lie anywhere (rad).
_WIDE = 1.4


class SectorRays(NamedTuple):
    """What rays from one point meet; frozen numbers. Crossings of shells and solids stand one after the other."""

    direction: np.ndarray  # [ray, 3] unit vectors in the bus frame, REPLICATES sets one after the other
    weight: np.ndarray  # [ray] share of the sphere, sum 1
    shell_ray: np.ndarray  # [crossing] int32
    shell_surface: np.ndarray  # [crossing] int32, index of the geometry's surface
    inverse_cosine: np.ndarray  # [crossing] 1 / |cos| of the angle to the normal, at most 1 / LEAST_COSINE
    solid_ray: np.ndarray  # [passage] int32
    solid_region: np.ndarray  # [passage] int32, index of (solid, region) in the order of `solid_regions`
    path: np.ndarray  # [passage] m, negative where the ray enters: sums are path lengths
    grazing_share: float  # share of the crossings that were held at LEAST_COSINE


def sector_rays(
    geometry: Geometry,
    point: np.ndarray,
    rays: int = 4096,
    *,
    joint_angle: np.ndarray | None = None,
    seed: int = 0,
) -> SectorRays:
    """What `rays` rays (made a multiple of REPLICATES) from a point (m, bus frame) meet; kept between runs.

    Each of REPLICATES sets is a spherical Fibonacci lattice (Gonzalez 2010, doi 10.1007/s11004-009-9257-x) in an
    orientation of its own, drawn from the seed, so that the spread of the sets is the error of their mean. Joints
    stand at joint_angle (zero where None). Geometry is frozen here: derivatives by thickness and density are those of
    `areal_density`; by shapes and places there are none.
    """
    corners, surface = shell_triangles(geometry, joint_angle)
    solid_corners, region = solid_triangles(geometry)
    count = max(1, -(-rays // REPLICATES)) * REPLICATES
    place = np.asarray(point, float)
    inputs = {
        "corners": corners,
        "surface": surface,
        "solid": solid_corners,
        "region": region,
        "point": place,
        "rays": np.array([count, seed]),
    }
    found = load_arrays("sectors", inputs)
    if found is not None and set(found) == set(SectorRays._fields):
        grazing = float(found.pop("grazing_share"))
        return SectorRays(**found, grazing_share=grazing)
    direction = sphere_directions(count, seed)
    ray, triangle, along = crossings(place, direction, np.concatenate([corners, solid_corners]))
    shell = triangle < len(corners)
    inverse = 1.0 / np.maximum(np.abs(along.cosine[shell]), LEAST_COSINE)
    inside = ~shell
    result = SectorRays(
        direction,
        np.full(count, 1.0 / count),
        ray[shell].astype(np.int32),
        surface[triangle[shell]].astype(np.int32),
        inverse,
        ray[inside].astype(np.int32),
        region[triangle[inside] - len(corners)].astype(np.int32),
        along.distance[inside] * np.sign(along.cosine[inside]),
        float(np.mean(np.abs(along.cosine[shell]) < LEAST_COSINE)) if shell.any() else 0.0,
    )
    store_arrays("sectors", inputs, {name: np.asarray(value) for name, value in result._asdict().items()})
    return result


def areal_density(
    rays: SectorRays, loading: Float[Array, "surface material"], density: Float[Array, "region material"]
) -> Float[Array, "ray material"]:
    """Areal density of each material along each ray (g/cm2): shells by thickness / cos, solids by path length.

    loading: thickness times density of each surface by material (g/cm2); density: g/cm3 of each region of the solids,
    in its material's column. Linear in both: differentiable in thickness and density.
    """
    shells = jnp.asarray(rays.inverse_cosine)[:, None] * loading[jnp.asarray(rays.shell_surface)]
    solids = 100.0 * jnp.asarray(rays.path)[:, None] * density[jnp.asarray(rays.solid_region)]  # m to cm
    total = jnp.zeros((len(rays.weight), loading.shape[1]), shells.dtype)
    return total.at[jnp.asarray(rays.shell_ray)].add(shells).at[jnp.asarray(rays.solid_ray)].add(solids)


def sphere_directions(count: int, seed: int = 0) -> np.ndarray:
    """REPLICATES spherical Fibonacci lattices of count / REPLICATES unit vectors each, turned at random [count, 3]."""
    each = count // REPLICATES
    k = np.arange(each) + 0.5
    z = 1.0 - 2.0 * k / each
    turn = k * (np.pi * (3.0 - np.sqrt(5.0)))
    across = np.sqrt(1.0 - z * z)
    lattice = np.stack([across * np.cos(turn), across * np.sin(turn), z], axis=1)
    draw = np.random.default_rng(seed)
    # The orthogonal factor of a normal matrix, its diagonal made positive, is a uniform rotation (or reflection).
    sets = []
    for _ in range(REPLICATES):
        q, r = np.linalg.qr(draw.standard_normal((3, 3)))
        sets.append(lattice @ (q * np.sign(np.diag(r))).T)
    return np.concatenate(sets)


def shell_triangles(geometry: Geometry, joint_angle: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Corners [triangle, 3, 3] (m) of all surfaces that are no faces of solids, and the surface of each."""
    topology = geometry.topology()
    angles = None if joint_angle is None else jnp.asarray(joint_angle)
    vertices = np.asarray(geometry.vertices(angles), float)
    faces = [k for k, surface in enumerate(geometry.surfaces) if isinstance(surface.shape, SolidFace)]
    kept = ~np.isin(topology.triangle_surface, faces)
    return vertices[topology.triangles[kept]].reshape(-1, 3, 3), topology.triangle_surface[kept]


def solid_regions(geometry: Geometry) -> list[tuple[str, str]]:
    """(name of the solid, name of its region) of every region of every solid."""
    return [(solid.name, region) for solid in geometry.solids for region in solid.shape.topology().regions]


def solid_triangles(geometry: Geometry) -> tuple[np.ndarray, np.ndarray]:
    """Corners [triangle, 3, 3] (m) of the boundary of every region of the solids, front outside, and the region."""
    corners, owner, region = [np.zeros((0, 3, 3))], [np.zeros(0, int)], 0
    for solid, vertices in zip(geometry.solids, geometry.solid_vertices(), strict=True):
        points, topology = np.asarray(vertices, float), solid.shape.topology()
        for k, _ in enumerate(topology.regions):
            if isinstance(solid.shape, SolidBox):
                triangles = _outward(points, _box_boundary(solid.shape.divide))
            else:
                triangles = boundary_triangles(topology.tetrahedra[topology.region == k])
            corners.append(points[triangles])
            owner.append(np.full(len(triangles), region))
            region += 1
    return np.concatenate(corners), np.concatenate(owner)


def _box_boundary(divide: tuple[int, ...]) -> np.ndarray:
    """Two triangles for each side of a box by its eight corners, numbered as in its lattice; some may face inward."""
    number = np.arange(np.prod([n + 1 for n in divide])).reshape([n + 1 for n in divide])[:: divide[0], :: divide[1]]
    corner = number[:, :, :: divide[2]]
    sides = []
    for axis in range(3):
        for end in (0, 1):
            (a, b), (c, d) = np.take(corner, end, axis=axis)
            sides += [[a, c, d], [a, d, b]]
    return np.array(sides)


def _outward(points: np.ndarray, triangles: np.ndarray) -> np.ndarray:
    """Triangles of a convex body turned so that their fronts lie outside."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    inward = np.einsum("tk,tk->t", np.cross(b - a, c - a), a - points[np.unique(triangles)].mean(axis=0)) < 0.0
    return np.where(inward[:, None], triangles[:, ::-1], triangles)


class Crossing(NamedTuple):
    """Where rays cross triangles."""

    distance: np.ndarray  # m
    cosine: np.ndarray  # of the ray and the triangle's normal: positive where the ray leaves through the front


def crossings(point: np.ndarray, direction: np.ndarray, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray, Crossing]:
    """Every crossing of rays from a point with triangles [triangle, 3, 3]: ray, triangle, distance and cosine."""
    relative = corners - point
    a, b, c = relative[:, 0], relative[:, 1], relative[:, 2]
    # d . (b x c) has the sign of the side of the edge b c on which the ray runs.
    edges = np.stack([np.cross(b, c), np.cross(c, a), np.cross(a, b)], axis=1)
    volume = np.einsum("tk,tk->t", a, edges[:, 0])
    size = np.linalg.norm(edges.sum(axis=1), axis=1)
    order, grid = _sorted_rays(direction)
    rays = direction[order]
    found: list[tuple[np.ndarray, ...]] = []
    for triangle, ray in _candidates(relative, grid):
        side = np.einsum("pk,pek->pe", rays[ray], edges[triangle])
        # Rays on an edge count for the triangle that has it on its positive side.
        inside = np.all(side >= 0.0, axis=1) | np.all(side < 0.0, axis=1)
        total = side.sum(axis=1)
        ahead = inside & (volume[triangle] * total > 0.0)
        triangle, ray, total = triangle[ahead], ray[ahead], total[ahead]
        found.append((order[ray], triangle, volume[triangle] / total, total / size[triangle]))
    if not found:
        nothing = np.zeros(0)
        return np.zeros(0, int), np.zeros(0, int), Crossing(nothing, nothing)
    ray, triangle, distance, cosine = (np.concatenate(part) for part in zip(*found, strict=True))
    return ray, triangle, Crossing(distance, cosine)


class _Grid(NamedTuple):
    """Rays in the order of cells: rows of equal height in z, from -1 up, and columns of longitude in each."""

    rows: int
    columns: int
    start: np.ndarray  # [rows * columns + 1] the first ray of each cell


def _sorted_rays(direction: np.ndarray) -> tuple[np.ndarray, _Grid]:
    rows = max(1, int(np.sqrt(len(direction) / _RAYS_PER_CELL / np.pi)))
    columns = max(1, int(np.pi * rows))
    row = np.clip(((direction[:, 2] + 1.0) * 0.5 * rows).astype(int), 0, rows - 1)
    longitude = np.arctan2(direction[:, 1], direction[:, 0]) / (2.0 * np.pi) % 1.0
    cell = row * columns + np.clip((longitude * columns).astype(int), 0, columns - 1)
    order = np.argsort(cell, kind="stable")
    return order, _Grid(rows, columns, np.searchsorted(cell[order], np.arange(rows * columns + 1)))


def _candidates(relative: np.ndarray, grid: _Grid) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs (triangle, sorted ray) that may cross: all rays of the cells that the triangle's cone touches."""
    triangle, first, count = _slices(relative, grid)
    bounds = np.searchsorted(np.cumsum(count), np.arange(_PAIRS_AT_A_TIME, count.sum(), _PAIRS_AT_A_TIME))
    for part in np.split(np.arange(len(count)), bounds):
        many = count[part]
        within = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many)
        if len(within):
            yield np.repeat(triangle[part], many), np.repeat(first[part], many) + within


def _slices(relative: np.ndarray, grid: _Grid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Runs of sorted rays in the cells of each triangle: triangle, first ray, number of rays."""
    far = np.linalg.norm(relative, axis=2, keepdims=True)
    unit = relative / np.where(far > 0.0, far, 1.0)
    axis = unit.sum(axis=1)
    length = np.linalg.norm(axis, axis=1, keepdims=True)
    axis = axis / np.where(length > 0.0, length, 1.0)
    # A cone of less than a right angle that holds the corners holds the triangle.
    reach = np.arccos(np.clip(np.einsum("tk,tvk->tv", axis, unit), -1.0, 1.0)).max(axis=1) + 1e-9
    everywhere = (reach > _WIDE) | (far[..., 0].min(axis=1) == 0.0)
    reach = np.where(everywhere, np.pi, reach)
    polar = np.arccos(np.clip(axis[:, 2], -1.0, 1.0))
    low, high = np.cos(np.minimum(polar + reach, np.pi)), np.cos(np.maximum(polar - reach, 0.0))
    bottom = np.clip(((low + 1.0) * 0.5 * grid.rows).astype(int), 0, grid.rows - 1)
    top = np.clip(((high + 1.0) * 0.5 * grid.rows).astype(int), 0, grid.rows - 1)
    pole = (polar - reach <= 0.0) | (polar + reach >= np.pi)
    half = np.where(pole, np.pi, np.arcsin(np.clip(np.sin(reach) / np.where(pole, 1.0, np.sin(polar)), 0.0, 1.0)))
    middle = np.arctan2(axis[:, 1], axis[:, 0])
    turn = grid.columns / (2.0 * np.pi)
    left = np.floor((middle - half) * turn - 1e-9).astype(int)
    width = np.minimum(np.floor((middle + half) * turn + 1e-9).astype(int) - left + 1, grid.columns)
    left = left % grid.columns
    many = top - bottom + 1
    triangle = np.repeat(np.arange(len(relative)), many)
    row = np.arange(many.sum()) - np.repeat(np.cumsum(many) - many, many) + bottom[triangle]
    begin, end = left[triangle], left[triangle] + width[triangle]
    base = row * grid.columns
    # What runs past the last column goes on at the first.
    first = np.concatenate([grid.start[base + begin], grid.start[base]])
    last = np.concatenate(
        [grid.start[base + np.minimum(end, grid.columns)], grid.start[base + np.maximum(end - grid.columns, 0)]]
    )
    return np.concatenate([triangle, triangle]), first, last - first
