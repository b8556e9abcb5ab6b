"""Paths by way of mirrors and transmitting sheets, traced once; kernels/radiative/paths turns them into factors.

`trace_paths` starts rays on the facets and follows all that leaves them: a complete set of specular exchange
factors from rays alone. `trace_mirror_paths` starts on the mirrors and sheets and keeps only what goes on from
them, to be added to deterministic view factors: where few facets are mirrors, every ray counts. `trace_sun_paths`
follows sunlight. Nothing is differentiable through the rays; the optical properties are (see the kernels).
"""

import numpy as np

from caloris.geometry.path_records import PathBook, directed_records, no_paths, pooled_records
from caloris.geometry.path_scene import NormalAt, PathScene, Starts, path_scene, ray_counts, stratified_starts
from caloris.geometry.path_walk import follow, follow_from
from caloris.geometry.raycast import RayCaster
from caloris_kernels.radiative.paths import Paths

REPLICATES = 8
"""Independent randomizations, from whose spread the standard errors come."""

_RAYS_AT_ONCE = 1 << 20  # some 300 bytes a ray
_OFFSET = 0x5EED  # keeps the draws that choose events apart from those that place rays


def trace_paths(
    vertices: np.ndarray,
    triangles: np.ndarray,
    facet_triangle: np.ndarray,
    facet_side: np.ndarray,
    specular_reflectance: np.ndarray,
    transmittance: np.ndarray,
    *,
    rays: int = 128,
    replicates: int = REPLICATES,
    may_reflect: np.ndarray | None = None,
    may_transmit: np.ndarray | None = None,
    normal_at: NormalAt | None = None,
    caster: RayCaster | None = None,
    seed: int = 0,
) -> Paths:
    """Return the paths of what leaves each facet diffusely, followed through mirrors and sheets.

    vertices [v, 3] (m), triangles, facet_triangle and facet_side as in `compute_view_factors`. specular_reflectance
    rho_s and transmittance tau [facet] are nominal: they say how rays are spread, the results hold for any
    other values, too, but noisier the farther they are from these. Paths go on where a property is above zero, or
    where may_reflect, may_transmit [facet] bool say so: without that, a facet with rho_s = 0 now has no
    derivative to its rho_s. rays: of a facet of mean area, in each of the replicates (rounded to powers of two,
    in proportion to the area). normal_at gives the true normals of curved mirrors (`mirror_normals`); None: each
    facet is a flat mirror.

    Where paths may both reflect and pass, one is chosen with a recorded probability; below 2 % of their power they
    end or go on by Russian roulette, recorded likewise: no bias. Paths of more than 500 bounces (perfect mirrors
    that enclose each other) are cut and counted as lost. Errors: from the replicates, in the result of
    `caloris_kernels.radiative.paths.specular_exchange` (target: the facets' areas).

    Raises ValueError for arrays that do not fit, or a triangle that transmits one way only.
    """
    mesh = (vertices, triangles, facet_triangle, facet_side)
    scene = path_scene(mesh, specular_reflectance, transmittance, may_reflect, may_transmit, normal_at, caster)
    if not scene.count:
        return no_paths(0, replicates)
    counts = ray_counts(scene.facets.area, rays)
    book, rng = PathBook(), np.random.default_rng((seed, _OFFSET))
    for part in stratified_starts(scene, np.arange(scene.count), counts, replicates, (seed,), _RAYS_AT_ONCE):
        walk = follow(scene, _lifted(scene, part), part.direction, rng)
        book.add(part.facet, part.replicate, part.weight, walk)
    return pooled_records(book, counts / scene.facets.area, scene.count, replicates, skip_first=False)


def trace_mirror_paths(
    vertices: np.ndarray,
    triangles: np.ndarray,
    facet_triangle: np.ndarray,
    facet_side: np.ndarray,
    specular_reflectance: np.ndarray,
    transmittance: np.ndarray,
    *,
    rays: int = 256,
    replicates: int = REPLICATES,
    may_reflect: np.ndarray | None = None,
    may_transmit: np.ndarray | None = None,
    normal_at: NormalAt | None = None,
    caster: RayCaster | None = None,
    seed: int = 0,
) -> Paths:
    """Return the paths from facet to facet that go on from at least one mirror or sheet.

    The exchange areas of these paths, added to those of straight lines (`compute_view_factors`), are S^s. Each
    path is drawn from the point at which it meets its first mirror or sheet m: backward along a cosine-weighted
    direction to the facet i that it comes from (if it comes from space or an inactive side it is dropped), forward
    until it ends. The lines through m are spread evenly over the area of m and its hemisphere, so a path stands
    for A_m / (number of rays) of exchange area; the reverse of every path is drawn from its other end's
    mirror, and the two directions weigh the same. rays: of a mirror of mean area, in each replicate. For
    `specular_exchange` the target is then sum_j S_ij (rho_s,j + tau_j) with the straight exchange areas S.
    Everything else as `trace_paths`.

    Measured on a satellite of 1848 facets, 468 of them mirrors that face others, in 107 nodes: with 256 rays
    (0.8 s of one core) the error of a node's row is 2.3e-4 of its area, root mean square, and half of that with
    four times the rays; a single pair of facets that few paths join is much less certain, and says so.

    On a curved mirror the lines that arrive at a flat facet and those that leave it differ by the tilt of the true
    normal: a second-order error in the facet's size, of either sign.
    """
    mesh = (vertices, triangles, facet_triangle, facet_side)
    scene = path_scene(mesh, specular_reflectance, transmittance, may_reflect, may_transmit, normal_at, caster)
    mirrors = scene.passing
    counts = ray_counts(scene.facets.area[mirrors], rays)
    book, rng = PathBook(), np.random.default_rng((seed, _OFFSET))
    for part in stratified_starts(scene, mirrors, counts, replicates, (seed,), _RAYS_AT_ONCE):
        back = scene.caster.hit(_lifted(scene, part), part.direction)
        source = np.where(back.triangle >= 0, scene.facet_of_side[back.triangle, back.side], -1)
        seen = source >= 0
        walk = follow_from(scene, part.facet[seen], part.point[seen], -part.direction[seen], part.uniform[seen], rng)
        book.add(source[seen], part.replicate[seen], part.weight[seen], walk)
    if book.empty:
        return no_paths(scene.count, replicates)
    return pooled_records(book, np.ones(scene.count), scene.count, replicates, skip_first=True)


def trace_sun_paths(
    vertices: np.ndarray,
    triangles: np.ndarray,
    facet_triangle: np.ndarray,
    facet_side: np.ndarray,
    specular_reflectance: np.ndarray,
    transmittance: np.ndarray,
    direction: np.ndarray,
    *,
    rays: int = 16,
    replicates: int = 4,
    may_reflect: np.ndarray | None = None,
    may_transmit: np.ndarray | None = None,
    normal_at: NormalAt | None = None,
    caster: RayCaster | None = None,
    seed: int = 0,
) -> Paths:
    """Return the paths of sunlight that goes on from mirrors and sheets which the Sun lights directly.

    direction [k, 3] points toward the Sun (any length > 0). What the facets get straight from the Sun is not in
    it (`sun_visibility`, for which sheets block like anything else). A path starts at a point of a lit facet and
    stands for A cos(theta) / (number of rays) of the Sun's beam; its source is the number of the direction.
    `caloris_kernels.radiative.path_environment.beam_irradiation` sums what arrives. The rest as `trace_paths`;
    the Sun is a point, and nothing is differentiable in its direction.
    """
    mesh = (vertices, triangles, facet_triangle, facet_side)
    scene = path_scene(mesh, specular_reflectance, transmittance, may_reflect, may_transmit, normal_at, caster)
    toward = np.asarray(direction, np.float64).reshape(-1, 3)
    length = np.linalg.norm(toward, axis=1, keepdims=True)
    if not np.all(length > 0):
        raise ValueError("directions must have a length above 0")
    toward = toward / length
    counts = ray_counts(scene.facets.area[scene.passing], rays)
    book, rng = PathBook(), np.random.default_rng((seed, _OFFSET))
    for number, sun in enumerate(toward):
        cosine = scene.facets.normal @ sun
        facing = cosine[scene.passing] > 0
        lit = stratified_starts(scene, scene.passing[facing], counts[facing], replicates, (seed, number), _RAYS_AT_ONCE)
        for part in lit:
            ray = np.broadcast_to(sun.astype(np.float32), part.point.shape)
            clear = ~scene.caster.occluded(_lifted(scene, part), ray, 2 * scene.size)
            walk = follow_from(scene, part.facet[clear], part.point[clear], -ray[clear], part.uniform[clear], rng)
            weight = part.weight[clear] * cosine[part.facet[clear]]
            book.add(np.full(len(weight), number), part.replicate[clear], weight, walk)
    if book.empty:
        return no_paths(len(toward), replicates)
    return directed_records(book, len(toward), scene.count, replicates)


def _lifted(scene: PathScene, part: Starts) -> np.ndarray:
    """The starting points, off their facets."""
    flip = np.where(scene.facet_side[part.facet] == 1, -1, 1).astype(np.float32)[:, None]
    return part.point + np.float32(scene.lift) * flip * scene.normal[scene.facet_triangle[part.facet]]
