"""Bodies that surfaces close together: which they are, where they leak, and which way their fronts face.

Surfaces of one rigid group belong to one body when open edges of theirs lie on each other. A body is nearly closed
when something is left after this:

1. A surface of which half or more of the outline is free is taken away, again and again: plates, wings, fins, trays,
   tubes. (A mesh from a file may be all rim: it stays where rule 2 holds for it alone.)
2. What the free edges of the rest span is at most a quarter of its area (a cube without a lid lacks a fifth), at
   most one hole spans more than a hundredth (a square tube has two).

A hole whose rim belongs to one cylinder, cone or annulus alone is meant: open ends and openings are theirs by nature.

Edges that run along each other at more than the tolerance but within a hundredth of the smaller surface, in a body
that is otherwise closed, leave a slit. Which side is outside follows from the signed volume
V = sum over triangles of a . (b x c) / 6 (divergence theorem), positive when the fronts face outward.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from caloris.geometry.assembly import Geometry, Topology
from caloris.geometry.connected import connected_parts
from caloris.geometry.curved_shapes import Annulus, Cone, Cylinder
from caloris.geometry.edge_joint import SAME_PLACE, scene_diagonal
from caloris.geometry.mesh_file import Mesh
from caloris.geometry.open_edges import Common, Rim, common_edges, free_pieces, outline_edges, rims, single

_FREE_OUTLINE = 0.5
_SPANNED, _SPANNED_TWICE = 0.25, 0.01
_SLIT = 0.01
# Slits are narrow against the body: its volume is that much times what two plates at their distance enclose.
_THICK = 5.0
# Less volume than this over area^(3/2) is none.
_FLAT = 1e-6


class Part(NamedTuple):
    """A connected piece of a surface."""

    surface: int
    corners: np.ndarray  # [triangle, 3, xyz] m
    area: float  # m2
    size: float  # m, diagonal
    edges: np.ndarray  # [edge, 2, xyz] m, open edges in the direction of the front's winding
    is_mesh: bool
    is_open: bool  # a shape that has an opening by nature
    is_oriented: bool  # all neighbors in it face one way


class Slit(NamedTuple):
    """Edges that run along each other without touching."""

    length: float  # m
    width: float  # m, at its widest
    place: tuple[float, float, float]  # m
    part: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class ClosedBody:
    """Parts that close a space, nearly; holes and slits name parts by their place in `parts`."""

    parts: tuple[Part, ...]
    outward: np.ndarray | None  # [part] bool: the front faces outward; None where the parts have no common sense
    holes: tuple[Rim, ...] = ()
    slits: tuple[Slit, ...] = ()

    @property
    def area(self) -> float:
        """Area of one side of all parts (m2)."""
        return sum(part.area for part in self.parts)

    def encloses(self, point: np.ndarray) -> bool:
        """Whether a point (m) lies inside, by the solid angle Omega that the body spans there.

        tan(Omega / 2) = a . (b x c) / (|a||b||c| + (a . b)|c| + (b . c)|a| + (c . a)|b|) for each triangle: van
        Oosterom and Strackee, IEEE Trans. Biomed. Eng. 30, 125 (1983), doi 10.1109/TBME.1983.325207.
        """
        if self.outward is None:
            return False
        total = 0.0
        for part, outward in zip(self.parts, self.outward, strict=True):
            a, b, c = np.moveaxis(part.corners - point, 1, 0)
            la, lb, lc = (np.linalg.norm(v, axis=1) for v in (a, b, c))
            ab, bc, ca = (np.einsum("tx,tx->t", u, v) for u, v in ((a, b), (b, c), (c, a)))
            half = np.arctan2(_triple(a, b, c), la * lb * lc + ab * lc + bc * la + ca * lb)
            total += 2.0 * float(half.sum()) * (1.0 if outward else -1.0)
        return total > 2.0 * np.pi


def closed_bodies(geometry: Geometry) -> list[ClosedBody]:
    """All closed and nearly closed bodies at zero joint angles, round shapes by their true surfaces.

    A nearly closed body has holes or slits, never both: what is closed but for slits has no hole.
    """
    vertices = np.asarray(geometry.vertices(nominal=True))
    tolerance = SAME_PLACE * scene_diagonal(vertices)
    groups: dict[tuple[int, ...], list[Part]] = {}
    # Once for each body: every call of a method costs a walk through all surfaces.
    carriers, surfaces = [geometry.carriers(body) for body in range(len(geometry.bodies))], geometry.surfaces
    for part in _parts(geometry, geometry.topology(), vertices):
        groups.setdefault(carriers[surfaces[part.surface].body], []).append(part)
    found: list[ClosedBody] = []
    for parts in groups.values():
        bodies = _bodies(parts, tolerance, 0.0)
        whole = [body for body in bodies if not body.holes]
        rest = _others(parts, whole)
        narrow = [body for body in _bodies(rest, tolerance, _SLIT) if body.slits and not body.holes]
        taken = _others(rest, narrow)
        leaky = [body for body in bodies if body.holes and any(part is other for part in body.parts for other in taken)]
        found += [*whole, *narrow, *leaky]
    return found


def _others(parts: list[Part], bodies: list[ClosedBody]) -> list[Part]:
    used = {id(part) for body in bodies for part in body.parts}
    return [part for part in parts if id(part) not in used]


def _parts(geometry: Geometry, topology: Topology, vertices: np.ndarray) -> Iterator[Part]:
    """Every surface, meshes in their connected pieces."""
    for index, surface in enumerate(geometry.surfaces):
        triangles = topology.triangles[topology.triangle_surface == index]
        is_mesh = isinstance(surface.shape, Mesh)
        piece = _pieces(triangles) if is_mesh else np.zeros(len(triangles), int)
        for k in range(int(piece.max(initial=-1)) + 1):
            mine = triangles[piece == k]
            corners = vertices[mine]
            edges, oriented = outline_edges(mine)
            size = float(np.linalg.norm(np.ptp(corners.reshape(-1, 3), axis=0)))
            span = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
            area = 0.5 * float(np.linalg.norm(span, axis=1).sum())
            is_open = isinstance(surface.shape, Cylinder | Cone | Annulus)
            yield Part(index, corners, area, size, vertices[edges], is_mesh, is_open, oriented)


def _pieces(triangles: np.ndarray) -> np.ndarray:
    """Number of the connected piece of each triangle; triangles connect over common corners."""
    count = len(triangles)
    corner = np.unique(triangles, return_inverse=True)[1].ravel()
    size = count + int(corner.max()) + 1
    return connected_parts(size, np.stack([np.repeat(np.arange(count), 3), count + corner], axis=1))[:count]


def _bodies(parts: list[Part], tolerance: float, loose: float) -> list[ClosedBody]:
    """Nearly closed bodies; loose is the share of the smaller part's size within which edges count as joined."""
    if not parts:
        return []
    size = np.array([part.size for part in parts])
    reach = np.maximum(tolerance, loose * np.minimum(size[:, None], size[None, :]))
    least = np.maximum(tolerance, loose * size)
    common = common_edges([part.edges for part in parts], reach, tolerance)
    left = _without_plates(parts, common, least, tolerance)
    common = common.take(np.all(left[common.part], axis=1))
    joined = common.take(single(common, tolerance))
    label = connected_parts(len(parts), joined.part)
    found = []
    for number in np.unique(label[left]):
        members = np.flatnonzero((label == number) & left)
        body = _body([parts[k] for k in members], _within(joined, members))
        free = [free_pieces(parts[k].edges, common, k, float(least[k])) for k in members.tolist()]
        holes = _holes(free, float(least[members].max()))
        if body is None or not _is_nearly_closed(body.parts, holes):
            continue
        slits = _slits(body.parts, _within(joined, members), tolerance)
        width = max((slit.width for slit in slits), default=0.0)
        if _volume(body) > max(_FLAT * body.area**1.5, _THICK * width * 0.5 * body.area):
            meant = [len(hole.part) == 1 and body.parts[min(hole.part)].is_open for hole in holes]
            leaks = tuple(hole for hole, is_meant in zip(holes, meant, strict=True) if not is_meant)
            found.append(replace(body, holes=leaks, slits=tuple(slits)))
    return found


def _within(common: Common, members: np.ndarray) -> Common:
    """The common lengths among some parts, which are numbered anew."""
    inside = common.take(np.flatnonzero(np.all(np.isin(common.part, members), axis=1)))
    return inside._replace(part=np.searchsorted(members, inside.part))


def _without_plates(parts: list[Part], common: Common, least: np.ndarray, tolerance: float) -> np.ndarray:
    """Which parts are left [part] once those of mostly free outline are taken away, again and again."""
    left = np.ones(len(parts), bool)
    outline = [float(np.linalg.norm(part.edges[:, 1] - part.edges[:, 0], axis=1).sum()) for part in parts]
    while True:
        rows = common.take(np.all(left[common.part], axis=1))
        gone = []
        for k in np.flatnonzero(left).tolist():
            free = free_pieces(parts[k].edges, rows, k, float(least[k]))
            length = float(np.linalg.norm(free[:, 1] - free[:, 0], axis=1).sum())
            if outline[k] > 0 and length >= _FREE_OUTLINE * outline[k] * (1 - 1e-9):
                if not (parts[k].is_mesh and _is_nearly_closed([parts[k]], _holes([free], tolerance))):
                    gone.append(k)
        if not gone:
            return left
        left[gone] = False


def _holes(free: list[np.ndarray], tolerance: float) -> list[Rim]:
    part = np.repeat(np.arange(len(free)), [len(pieces) for pieces in free])
    return rims(np.concatenate([np.zeros((0, 2, 3)), *free]), part, tolerance)


def _is_nearly_closed(parts: Sequence[Part], holes: list[Rim]) -> bool:
    """Rule 2 of the module."""
    area = sum(part.area for part in parts)
    spanned = np.array([hole.area for hole in holes])
    return bool(spanned.sum() <= _SPANNED * area and np.sum(spanned > _SPANNED_TWICE * area) <= 1)


def _body(parts: list[Part], joined: Common) -> ClosedBody | None:
    """The parts of a body with the way their fronts face; None where they enclose nothing."""
    flip = _flips(parts, joined)
    if flip is None:
        return ClosedBody(tuple(parts), None)
    volume = float((flip * _part_volumes(parts)).sum())
    return ClosedBody(tuple(parts), flip * np.sign(volume) > 0) if volume else None


def _flips(parts: list[Part], joined: Common) -> np.ndarray | None:
    """1 for parts that face as the first does, -1 for others; None where neighbors contradict each other."""
    if not all(part.is_oriented for part in parts):
        return None
    flip = np.zeros(len(parts))
    flip[0] = 1.0
    waiting = [0]
    while waiting:
        part = waiting.pop()
        for end in (0, 1):
            for row in np.flatnonzero(joined.part[:, end] == part):
                other = joined.part[row, 1 - end]
                # Neighbors that face one way run along their common edge in opposite directions.
                wanted = flip[part] * (-1.0 if joined.same_way[row] else 1.0)
                if flip[other] == 0:
                    flip[other] = wanted
                    waiting.append(int(other))
                elif flip[other] != wanted:
                    return None
    return flip


def _part_volumes(parts: Sequence[Part]) -> np.ndarray:
    """Share of each part in the signed volume (m3), from the middle of them all: a hole then misses little."""
    middle = np.concatenate([part.corners.reshape(-1, 3) for part in parts]).mean(axis=0)
    return np.array([_triple(*np.moveaxis(part.corners - middle, 1, 0)).sum() / 6.0 for part in parts])


def _triple(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    return np.einsum("tx,tx->t", a, np.cross(b, c))


def _volume(body: ClosedBody) -> float:
    """Volume enclosed (m3); that of the box around where the parts have no common sense."""
    if body.outward is None:
        return float(np.prod(np.ptp(np.concatenate([part.corners for part in body.parts]).reshape(-1, 3), axis=0)))
    return float((np.where(body.outward, 1.0, -1.0) * _part_volumes(body.parts)).sum())


def _slits(parts: Sequence[Part], joined: Common, tolerance: float) -> list[Slit]:
    """Pairs of parts whose common edges do not touch."""
    apart = joined.take(joined.gap > tolerance)
    if not len(apart.gap):
        return []
    found = []
    pairs, which = np.unique(apart.part, axis=0, return_inverse=True)
    for k, pair in enumerate(pairs.tolist()):
        mine = apart.take(which.ravel() == k)
        widest = int(np.argmax(mine.gap))
        start, end = parts[pair[0]].edges[mine.edge[widest, 0]]
        share = 0.5 * (mine.low[widest, 0] + mine.high[widest, 0]) / np.linalg.norm(end - start)
        x, y, z = (start + share * (end - start)).tolist()
        length = float((mine.high[:, 0] - mine.low[:, 0]).sum())
        found.append(Slit(length, float(mine.gap[widest]), (x, y, z), tuple(pair)))
    return found
