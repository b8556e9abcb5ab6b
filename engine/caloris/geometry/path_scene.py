"""What paths are traced through: sides with their mirrors and sheets, and where on them and whereto rays start."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from caloris.geometry.facet_tiles import Facets, oriented_facets, scene_size
from caloris.geometry.pair_visibility import LIFT
from caloris.geometry.raycast import RayCaster, ray_caster
from caloris.geometry.scene_sides import check_scene
from caloris.precision import require_float64
from caloris_kernels.numerics.sobol import sobol_points

NormalAt = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Unit normals (of either sign) of the true surface at points of triangles: (triangle [r], point [r, 3]) -> [r, 3]."""

_LEAST_IMPORTANCE = 0.05  # how often paths go on where they may although the nominal property is smaller


@dataclass(frozen=True)
class PathScene:
    """Facets and their nominal optical properties in one band; arrays over facets in the caller's order."""

    facets: Facets
    facet_triangle: np.ndarray  # [facet]
    facet_side: np.ndarray  # [facet]
    facet_of_side: np.ndarray  # [triangle, 2], -1: inactive
    normal: np.ndarray  # [triangle, 3] float32, of the front
    corner: np.ndarray  # [triangle, 3, 3] float32, m
    caster: RayCaster
    size: float  # m, diagonal
    specular_reflectance: np.ndarray  # [facet]
    transmittance: np.ndarray  # [facet]
    reflect_importance: np.ndarray  # [facet] 0: paths never go on by reflection
    transmit_importance: np.ndarray  # [facet]
    normal_at: NormalAt | None

    @property
    def count(self) -> int:
        """Number of facets."""
        return len(self.facet_triangle)

    @property
    def lift(self) -> float:
        """How far rays start off their facets, m."""
        return LIFT * self.size

    @property
    def passing(self) -> np.ndarray:
        """Facets at which a path can go on."""
        return np.flatnonzero(self.reflect_importance + self.transmit_importance > 0)


def path_scene(
    mesh: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    specular_reflectance: np.ndarray,
    transmittance: np.ndarray,
    may_reflect: np.ndarray | None,
    may_transmit: np.ndarray | None,
    normal_at: NormalAt | None,
    caster: RayCaster | None,
) -> PathScene:
    """Check the arrays, mesh being (vertices, triangles, facet_triangle, facet_side), and lay them out.

    Raises ValueError where properties lie outside 0 to 1 or sum to more than 1, and where the two sides of a
    triangle transmit differently or one of them is inactive: a sheet lets as much through either way, or else
    bodies of one temperature would heat each other through it.
    """
    require_float64("path tracing")
    vertices, triangles = np.asarray(mesh[0], np.float64), np.asarray(mesh[1], np.int64)
    triangle, side = np.asarray(mesh[2], np.int64), np.asarray(mesh[3], np.int64)
    check_scene(vertices, triangles, triangle, side)
    facets = oriented_facets(vertices, triangles, triangle, side, np.zeros(len(triangles), np.int64))
    rho, tau = (_property(x, len(triangle)) for x in (specular_reflectance, transmittance))
    if np.any(rho + tau > 1 + 1e-9):
        raise ValueError("specular_reflectance + transmittance must not exceed 1")
    of_side = np.full((len(triangles), 2), -1)
    of_side[triangle, side] = np.arange(len(triangle))
    reflects = rho > 0 if may_reflect is None else np.asarray(may_reflect, bool)
    transmits = tau > 0 if may_transmit is None else np.asarray(may_transmit, bool)
    if np.any(rho[~reflects] > 0) or np.any(tau[~transmits] > 0):
        raise ValueError("a facet that reflects like a mirror or transmits must be one of those that may")
    through = of_side[triangle, 1 - side]
    if np.any(through[transmits] < 0):
        raise ValueError("a triangle that transmits must have both sides active")
    if not np.allclose(tau[transmits], tau[through[transmits]], rtol=1e-9, atol=0):
        raise ValueError("both sides of a triangle must have the same transmittance")
    corner = vertices[triangles]
    span = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    length = np.linalg.norm(span, axis=1, keepdims=True)
    return PathScene(
        facets=facets,
        facet_triangle=triangle,
        facet_side=side,
        facet_of_side=of_side,
        normal=(span / np.maximum(length, 1e-300)).astype(np.float32),
        corner=corner.astype(np.float32),
        caster=caster or ray_caster(vertices, triangles),
        size=scene_size(vertices),
        specular_reflectance=rho,
        transmittance=tau,
        reflect_importance=np.where(reflects, np.maximum(rho, _LEAST_IMPORTANCE), 0.0),
        transmit_importance=np.where(transmits, np.maximum(tau, _LEAST_IMPORTANCE), 0.0),
        normal_at=normal_at,
    )


def _property(value: np.ndarray, count: int) -> np.ndarray:
    """A property as [facet] float64 between 0 and 1."""
    array = np.broadcast_to(np.asarray(value, np.float64), (count,))
    if not np.all((array >= 0) & (array <= 1)):
        raise ValueError("optical properties must lie between 0 and 1")
    return array


@dataclass(frozen=True)
class Starts:
    """Points on facets and directions away from them, ready to trace; arrays over rays."""

    facet: np.ndarray  # [ray]
    replicate: np.ndarray  # [ray]
    weight: np.ndarray  # [ray] m2; those of one facet and replicate sum to its area
    point: np.ndarray  # [ray, 3] m, on the facet
    direction: np.ndarray  # [ray, 3] unit
    uniform: np.ndarray  # [ray] in [0, 1), one more number of the same sequence


def ray_counts(area: np.ndarray, rays: int) -> np.ndarray:
    """Rays of each facet: `rays` for the mean area, in proportion to the area, 1/8 to 64 times that; powers of two."""
    if not len(area):
        return np.zeros(0, np.int64)
    exact = np.log2(rays * area / area.mean())
    lowest, highest = np.log2(max(rays / 8, 1)), np.log2(64 * rays)
    return 1 << np.round(np.clip(exact, lowest, highest)).astype(np.int64)


def stratified_starts(
    scene: PathScene, facet: np.ndarray, counts: np.ndarray, replicates: int, seed: tuple[int, ...], at_once: int
) -> Iterator[Starts]:
    """Rays from all over the given facets, cosine-weighted over their hemispheres, in parts of about `at_once`.

    Each replicate is a scrambled Sobol sequence of its own (linear matrix scrambling), shifted digitally by
    another random number for each facet: facets and replicates are independent, every ray is uniform, and within
    a facet the points keep their even spread.
    Source: Owen, Ann. Statist. 25 (1997) 1541 (randomized nets); Matousek, J. Complexity 14 (1998) 527 (scrambling).
    """
    root = np.random.SeedSequence(seed)
    rngs = [np.random.default_rng(child) for child in root.spawn(replicates)]
    most = int(counts.max()) if len(counts) else 1
    nets = [_net(most, rng) for rng in rngs]
    for count in np.unique(counts):
        members = facet[counts == count]
        step = max(1, at_once // (int(count) * replicates))
        for start in range(0, len(members), step):
            part = members[start : start + step]
            yield _starts(scene, part, int(count), nets, rngs)


def _net(count: int, rng: np.random.Generator) -> np.ndarray:
    """Scrambled Sobol points [count, 5] as integers below 2^32."""
    points = sobol_points(count, 5, rng, bits=32)
    return (points * 2.0**32).astype(np.uint32)


def _starts(
    scene: PathScene, facet: np.ndarray, count: int, nets: list[np.ndarray], rngs: list[np.random.Generator]
) -> Starts:
    """All replicates of some facets."""
    uniform = np.empty((len(nets), len(facet), count, 5), np.float32)
    for k, (net, rng) in enumerate(zip(nets, rngs, strict=True)):
        shift = rng.integers(0, 1 << 32, (len(facet), 1, 5), dtype=np.uint32)
        uniform[k] = ((net[None, :count] ^ shift) >> np.uint32(8)).astype(np.float32) * np.float32(2.0**-24)
    who = np.broadcast_to(facet[None, :, None], uniform.shape[:3]).ravel()
    replicate = np.broadcast_to(np.arange(len(nets))[:, None, None], uniform.shape[:3]).ravel()
    flat = uniform.reshape(-1, 5)
    triangle = scene.facet_triangle[who]
    flip = np.where(scene.facet_side[who] == 1, -1, 1).astype(np.float32)[:, None]
    direction = _cosine_directions(flip * scene.normal[triangle], flat[:, 2], flat[:, 3])
    weight = scene.facets.area[who] / count
    return Starts(who, replicate, weight, triangle_point(scene.corner[triangle], flat[:, :2]), direction, flat[:, 4])


def triangle_point(corner: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Points spread evenly over triangles [r, 3, 3] (Turk 1990, Graphics Gems, p. 24)."""
    root, share = np.sqrt(uniform[:, :1]), uniform[:, 1:2]
    return (1 - root) * corner[:, 0] + root * (1 - share) * corner[:, 1] + root * share * corner[:, 2]


def _cosine_directions(normal: np.ndarray, square: np.ndarray, turn: np.ndarray) -> np.ndarray:
    """Directions about unit normals, with density cosine / pi; the half-open circle keeps them off the plane."""
    first, second = perpendiculars(normal)
    radius, angle = np.sqrt(square), np.float32(2 * np.pi) * turn
    height = np.sqrt(1 - square)
    across = radius * np.cos(angle), radius * np.sin(angle)
    return across[0][:, None] * first + across[1][:, None] * second + height[:, None] * normal


def perpendiculars(direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two unit vectors perpendicular to each unit vector [r, 3] and to each other (Duff et al. 2017, JCGT 6, 1)."""
    x, y, z = direction.T
    sign = np.where(z < 0, -1, 1).astype(direction.dtype)
    a = -1 / (sign + z)
    b = x * y * a
    first = np.stack([1 + sign * x * x * a, sign * b, -sign * x], axis=1)
    return first, np.stack([b, sign + y * y * a, -y], axis=1)
