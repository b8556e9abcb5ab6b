"""What looks wrong in a case's geometry: surfaces in each other's way, leaks, sides that take no part."""

from collections.abc import Callable, Iterator, Sequence

import jax.numpy as jnp
import numpy as np
from jax import Array

from caloris.case.address import parse_address
from caloris.check.sketch import Sketch
from caloris.devices import ray_backend
from caloris.geometry.assembly import Geometry
from caloris.geometry.edge_joint import outline
from caloris.geometry.finding import Finding
from caloris.geometry.inspection import overlapping_surfaces
from caloris.geometry.interpenetration import interpenetrating_surfaces
from caloris.geometry.pair_visibility import LIFT
from caloris.geometry.raycast import ray_caster
from caloris.geometry.scene_sides import active_sides, hemisphere_rays
from caloris.output.text import MOST_NAMES, listed, percent

# Share of a surface's view that may fall on inactive sides without a remark, -.
_INACTIVE_VIEW = 1e-3
_RAYS_PER_FACET = 256
_MOST_RAYS = 2_000_000
# Without Embree or a GPU rays are ten times slower and more.
_MOST_RAYS_IN_JAX = 200_000


def geometry_warnings(sketch: Sketch) -> Iterator[str]:
    """Findings on the mesh, one-sided surfaces, views of inactive sides."""
    yield from _findings(sketch)
    yield from _one_sided(sketch)
    yield from _inactive_view(sketch)


def _findings(sketch: Sketch) -> Iterator[str]:
    """Findings on the mesh; edges that an [[edge]] joins are left out."""
    for inspect in (overlapping_surfaces, interpenetrating_surfaces):
        yield from _in_poses(sketch, inspect)
    for finding in sketch.findings:
        told = finding.kind in ("overlap", "interpenetration", "shared edge")
        if not told and not (finding.kind == "inward" and _is_chamber(sketch)):
            yield finding.message
    open_edges = [f for f in sketch.findings if f.kind == "shared edge" and not _joined(sketch, f.surfaces)]
    if len(open_edges) > MOST_NAMES:
        pairs = listed([f"{a} | {b}" for a, b in (f.surfaces for f in open_edges)])
        yield f"{len(open_edges)} pairs of surfaces touch along an edge and do not conduct (no [[edge]]): {pairs}"
    else:
        yield from (f"{finding.message}" for finding in open_edges)


def _in_poses(sketch: Sketch, inspect: Callable[[Geometry, Array], list[Finding]]) -> Iterator[str]:
    """Findings of any pose, each pair of surfaces once; what is not so in every pose names joint angles."""
    found: dict[tuple[str, ...], list[tuple[Finding, np.ndarray]]] = {}
    angles = _poses(sketch)
    for angle in angles:
        for finding in inspect(sketch.geometry, jnp.asarray(angle)):
            found.setdefault(finding.surfaces, []).append((finding, angle))
    for seen in found.values():
        finding, angle = max(seen, key=lambda one: one[0].measure)
        yield (
            finding.message
            + (" (a [[contact]] finds them over a distance: gap)" if _touching(sketch, finding.surfaces) else "")
            + (f" ({_joint_angles(sketch, angle)})" if len(seen) < len(angles) else "")
        )


def _touching(sketch: Sketch, surfaces: Sequence[str]) -> bool:
    """Whether a [[contact]] joins two surfaces."""
    joined = [{parse_address(end).name for end in table.between} for table in sketch.case.contacts]
    return set(surfaces) in joined


def _joint_angles(sketch: Sketch, angle: np.ndarray) -> str:
    """Joint angles in words."""
    names = [sketch.geometry.bodies[index].name for index in sketch.geometry.joint_bodies]
    turned = [f"{name} at {np.degrees(value):.3g} deg" for name, value in zip(names, angle, strict=True)]
    return f"seen with {listed(turned)}"


def _is_chamber(sketch: Sketch) -> bool:
    """Whether bodies that radiate inward alone are likely meant: no Sun, no planet, and a wall that is held."""
    return sketch.case.orbit is None and any(surface.temperature is not None for surface in sketch.case.surfaces)


def _poses(sketch: Sketch) -> list[np.ndarray]:
    """Joint angles at which the spacecraft is looked at: over the range swept, or zero where nothing turns."""
    joints = len(sketch.geometry.joint_bodies)
    if sketch.flight is None or joints == 0:
        return [np.zeros(joints)]
    rows = np.linspace(0, len(sketch.flight.joint_angle) - 1, 5).astype(int)
    return list(np.unique(np.round(sketch.flight.joint_angle[rows], 9), axis=0))


def _joined(sketch: Sketch, surfaces: Sequence[str]) -> bool:
    """Whether an [[edge]] joins two surfaces, or a joint turns between them so that none could."""

    def within(part: str, whole: str) -> bool:
        return part == whole or part.startswith(whole + ".")

    first, second = surfaces
    for table in sketch.case.edges:
        for a, b in (table.between, table.between[::-1]):
            if within(first, a) and within(second, b):
                return True
    bodies = {parse_address(surface.name).name: surface.body for surface in sketch.geometry.surfaces}
    a, b = (bodies[parse_address(name).name] for name in surfaces)
    return sketch.geometry.carriers(a) != sketch.geometry.carriers(b)


def _one_sided(sketch: Sketch) -> Iterator[str]:
    """Open surfaces of which one side takes no part: radiators seldom want that, walls of a closed body do."""
    covered: dict[str, float] = {}
    for finding in sketch.findings:
        if finding.kind == "shared edge":
            for name in finding.surfaces:
                surface = parse_address(name).name
                covered[surface] = covered.get(surface, 0.0) + finding.measure
    found: dict[str, list[str]] = {"front": [], "back": [], "both": []}
    for index, table in enumerate(sketch.case.surfaces):
        area = sketch.surface_area[index]
        sides = sketch.case.sides(table)
        if not sides:
            found["both"].append(table.name)
            continue
        # Closed shapes have no open edge; a wall of a closed body shares its whole outline with others.
        if len(sides) == 1 and covered.get(table.name, 0.0) < 0.999 * _outline_length(sketch, index):
            side = "back" if "front" in sides else "front"
            found[side].append(f"{table.name} ({area:.3g} m^2)")
    for side in ("back", "front"):
        if found[side]:
            yield (
                f"one-sided: the {side} of {listed(found[side])} is inactive, though nothing closes the space behind "
                "it; it neither radiates nor absorbs, but blocks rays"
            )
    if found["both"]:
        yield f"{listed(found['both'])}: both sides are inactive; the surface only blocks rays"


def _outline_length(sketch: Sketch, surface: int) -> float:
    """Length of a surface's open edges (m)."""
    cells = np.flatnonzero(sketch.topology.cell_surface == surface)
    vertices = np.asarray(sketch.geometry.vertices(nominal=True))
    edges, _ = outline(sketch.topology, cells)
    return float(np.linalg.norm(vertices[edges[:, 1]] - vertices[edges[:, 0]], axis=1).sum())


def _inactive_view(sketch: Sketch) -> Iterator[str]:
    """Surfaces that look at inactive sides: what they send there comes back to them."""
    topology = sketch.topology
    facets = len(topology.facet_triangle)
    active = np.zeros((len(topology.triangles), 2), bool)
    active[topology.facet_triangle, topology.facet_side] = True
    if facets == 0 or active.all():
        return
    angle = _poses(sketch)[0]
    vertices = np.asarray(sketch.geometry.vertices(jnp.asarray(angle)))
    sides = active_sides(topology.facet_triangle, topology.facet_side)
    oriented = sides.facets(vertices, topology.triangles, topology.triangle_body)
    size = float(np.linalg.norm(np.ptp(vertices, axis=0)))
    most = _MOST_RAYS_IN_JAX if ray_backend() == "lax" else _MOST_RAYS
    rays = int(np.clip(most // facets, 8, _RAYS_PER_FACET))
    origin, direction = hemisphere_rays(oriented, rays, LIFT * size, 0)
    hit = ray_caster(vertices, topology.triangles).hit(origin.reshape(-1, 3), direction.reshape(-1, 3))
    lost = (hit.triangle >= 0) & ~active[hit.triangle, hit.side]
    share = lost.reshape(-1, rays).mean(axis=1)
    names = []
    for index, surface in enumerate(sketch.geometry.surfaces):
        for side, word in enumerate(("front", "back")):
            mine = (topology.facet_surface == index) & (topology.facet_side == side)
            mean = float(np.average(share[mine], weights=sketch.facet_area[mine])) if mine.any() else 0.0
            if mean > _INACTIVE_VIEW:
                names.append(f"{surface.name}/{word} ({percent(mean)})")
    if names:
        yield (
            f"{listed(names)}: this part of the view falls on inactive sides of other surfaces, which send it back; "
            "give those sides a coating if they are real"
        )
