"""Surfaces that pass through each other: no spacecraft has them, and rays make what they like of them.

Two sheets cross along a line when, around the line, the two halves of one lie on different sides of the other and
the other way round. A sheet that ends on another, stands on it, lies on it or turns away at it only touches.
For two triangles of which each has corners on both sides of the other's plane that is so on the common part of
their planes' intersection (Moller, J. Graphics Tools 2(2), 25, 1997, doi 10.1080/10867651.1997.10487472). Where
the line runs along an edge of a mesh, the triangle beyond that edge belongs to the sheet and is asked too.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float

from caloris.geometry.assembly import Geometry, Topology
from caloris.geometry.edge_joint import SAME_PLACE, scene_diagonal
from caloris.geometry.facet_tiles import make_tiles, oriented_facets
from caloris.geometry.finding import Finding, shown_place
from caloris.geometry.mesh_file import Mesh

# Halves of two sheets closer than this angle lie on each other: they touch there and do not cross (rad).
_SAME_DIRECTION = 6e-5
# Round shapes stand in the mesh as polygons. By this many times the move that makes their areas exact (up to a
# third of the way from the inscribed to the circumscribed polygon, two thirds for discs) they enclose what is round.
_ENCLOSING = 5.0
# Pairs of boxes tried at once.
_BLOCK = 1 << 21


class _Scene(NamedTuple):
    """The mesh in one pose."""

    corners: np.ndarray  # [triangle, 3, xyz] m
    surface: np.ndarray  # [triangle]
    self_crossing: np.ndarray  # [surface] whether its own triangles may cross: meshes from files
    neighbor: np.ndarray  # [triangle, edge] triangle of the same surface beyond edge (k, k + 1), -1: none
    edge: np.ndarray  # [triangle, edge] number of the edge
    tolerance: float  # m


class _Crossing(NamedTuple):
    """Pieces of line in which surfaces cross."""

    surface: np.ndarray  # [piece, 2] the smaller number first
    length: np.ndarray  # [piece] m
    middle: np.ndarray  # [piece, xyz] m


def interpenetrating_surfaces(geometry: Geometry, joint_angle: Float[Array, " joint"] | None = None) -> list[Finding]:
    """Pairs of surfaces (or meshes by themselves) that pass through each other, with the length of the line (m).

    joint_angle (rad; None: zero) is the pose. Within a millionth of the scene's diagonal surfaces touch. Round
    shapes count by what they stand for, not by their polygons: a pair is told only if it crosses with the polygons
    inside the true surfaces and outside, so that a plate may touch a cylinder, and a mast fill a hole.
    """
    topology = geometry.topology()
    inner = np.asarray(geometry.vertices(joint_angle, nominal=True))
    if not len(topology.triangles):
        return []
    found = _by_pair(_crossings(_scene(geometry, topology, inner)))
    round_shapes = [surface.shape.is_round for surface in geometry.surfaces]
    doubtful = {pair for pair in found if any(round_shapes[k] for k in pair)}
    if doubtful:
        outward = np.asarray(geometry.vertices(joint_angle)) - inner
        for first, second in sorted(doubtful):
            if not _always(geometry, topology, (inner, outward), (first, second)):
                del found[first, second]
    findings = []
    for (a, b), (length, place) in sorted(found.items()):
        first, second = geometry.surfaces[a].name, geometry.surfaces[b].name
        where = f"along {length:.4g} m, around {shown_place(place)}"
        if a == b:
            text = f"{first!r} passes through itself {where}: repair the mesh"
        else:
            text = f"{first!r} and {second!r} pass through each other {where}: separate them, or end one there"
        names = (first,) if a == b else (first, second)
        findings.append(Finding("interpenetration", names, length, text, place))
    return findings


def _always(
    geometry: Geometry, topology: Topology, vertices: tuple[np.ndarray, np.ndarray], pair: tuple[int, int]
) -> bool:
    """Whether two surfaces cross however round ones are cut into polygons: vertices inside, and the way outward."""
    inner, outward = vertices
    choices = [(0.0, _ENCLOSING) if geometry.surfaces[k].shape.is_round else (0.0,) for k in pair]
    rows = np.isin(topology.triangle_surface, pair)
    for first in choices[0]:
        for second in choices[1]:
            share = np.where(topology.vertex_surface == pair[0], first, second)
            scene = _scene(geometry, topology, inner + share[:, None] * outward, rows, scene_diagonal(inner))
            if pair not in _by_pair(_crossings(scene)):
                return False
    return True


def _scene(
    geometry: Geometry,
    topology: Topology,
    vertices: np.ndarray,
    rows: np.ndarray | None = None,
    diagonal: float | None = None,
) -> _Scene:
    """The triangles of a pose (rows: some of them) with their neighbors."""
    rows = np.ones(len(topology.triangles), bool) if rows is None else rows
    triangles = topology.triangles[rows]
    size = scene_diagonal(vertices) if diagonal is None else diagonal
    neighbor, edge = _neighbors(triangles)
    return _Scene(
        corners=vertices[triangles],
        surface=topology.triangle_surface[rows],
        self_crossing=np.array([isinstance(surface.shape, Mesh) for surface in geometry.surfaces]),
        neighbor=neighbor,
        edge=edge,
        tolerance=SAME_PLACE * size,
    )


def _neighbors(triangles: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The triangle beyond each edge (-1 where none or several) and the number of each edge, [triangle, 3]."""
    count = len(triangles)
    ends = np.sort(np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=2).reshape(-1, 2), axis=1)
    number = np.unique(ends, axis=0, return_inverse=True)[1].ravel()
    order = np.argsort(number, kind="stable")
    uses = np.bincount(number)
    start = np.cumsum(uses) - uses
    neighbor = np.full(3 * count, -1)
    pair = np.stack([order[start[uses == 2]], order[start[uses == 2] + 1]])
    neighbor[pair[0]], neighbor[pair[1]] = pair[1] // 3, pair[0] // 3
    return neighbor.reshape(-1, 3), number.reshape(-1, 3)


def _by_pair(crossing: _Crossing) -> dict[tuple[int, int], tuple[float, tuple[float, float, float]]]:
    """Length of the line for each pair of surfaces, and the middle of its longest piece."""
    found = {}
    if not len(crossing.length):
        return {}
    pairs, which = np.unique(crossing.surface, axis=0, return_inverse=True)
    for k, (a, b) in enumerate(pairs.tolist()):
        mine = np.flatnonzero(which.ravel() == k)
        longest = mine[np.argmax(crossing.length[mine])]
        x, y, z = crossing.middle[longest].tolist()
        found[a, b] = float(crossing.length[mine].sum()), (x, y, z)
    return found


def _crossings(scene: _Scene) -> _Crossing:
    """All pieces of line in which surfaces cross."""
    pieces = [_cross(scene, first, second) for first, second in _near(scene)]
    if not pieces:
        return _Crossing(np.zeros((0, 2), int), np.zeros(0), np.zeros((0, 3)))
    key, crossing = np.concatenate([key for key, _ in pieces]), [piece for _, piece in pieces]
    joined = _Crossing(*(np.concatenate(column) for column in zip(*crossing, strict=True)))
    # A line along edges of both meshes is found once for every two of the triangles beside it.
    single = np.flatnonzero(key[:, 0] < 0)
    _, once = np.unique(key[key[:, 0] >= 0], axis=0, return_index=True)
    rows = np.concatenate([single, np.flatnonzero(key[:, 0] >= 0)[once]])
    return _Crossing(*(column[rows] for column in joined))


def _near(scene: _Scene):
    """Pairs of triangles whose boxes overlap and that may cross, block by block."""
    count = len(scene.corners)
    low, high = scene.corners.min(axis=1) - scene.tolerance, scene.corners.max(axis=1) + scene.tolerance
    all_triangles = np.arange(3 * count).reshape(-1, 3)
    facets = oriented_facets(
        scene.corners.reshape(-1, 3), all_triangles, np.arange(count), np.zeros(count, int), scene.surface
    )
    tiles = make_tiles(facets, scene.tolerance / SAME_PLACE or 1.0)
    empty = tiles < 0
    tile_low = np.where(empty[..., None], np.inf, low[tiles]).min(axis=1)
    tile_high = np.where(empty[..., None], -np.inf, high[tiles]).max(axis=1)
    tile_surface = scene.surface[tiles[:, 0]]
    apart = tile_surface[:, None] != tile_surface[None, :]
    meet = np.triu(apart | scene.self_crossing[tile_surface][:, None])
    for axis in range(3):
        meet &= (tile_low[:, None, axis] <= tile_high[None, :, axis]) & (
            tile_high[:, None, axis] >= tile_low[None, :, axis]
        )
    pairs = np.argwhere(meet)
    lanes = tiles.shape[1]
    # Boxes of absent triangles overlap nothing.
    low, high = np.append(low, [[np.inf] * 3], axis=0), np.append(high, [[-np.inf] * 3], axis=0)
    for start in range(0, len(pairs), max(1, _BLOCK // lanes**2)):
        a, b = tiles[pairs[start : start + max(1, _BLOCK // lanes**2)].T]
        near = np.ones((len(a), lanes, lanes), bool)
        for axis in range(3):
            near &= low[a, axis][:, :, None] <= high[b, axis][:, None, :]
            near &= high[a, axis][:, :, None] >= low[b, axis][:, None, :]
        pair, i, j = np.nonzero(near)
        first, second = a[pair, i], b[pair, j]
        # Each pair once; triangles of one mesh that share an edge cannot cross.
        once = (a[pair, 0] != b[pair, 0]) | (first < second)
        keep = once & ~np.any(scene.neighbor[first] == second[:, None], axis=1)
        yield first[keep], second[keep]


def _cross(scene: _Scene, first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, _Crossing]:
    """Pieces of line in which pairs of triangles cross; key is the two edges (-1, -1 where it is not along two)."""
    a, b = scene.corners[first], scene.corners[second]
    normal_a, normal_b = _normal(a), _normal(b)
    side_a = _sides(a, b[:, 0], normal_b, scene.tolerance)
    side_b = _sides(b, a[:, 0], normal_a, scene.tolerance)
    keep = _reaches(side_a) & _reaches(side_b)
    rows = np.flatnonzero(keep)
    first, second, a, b = first[rows], second[rows], a[rows], b[rows]
    normal_a, normal_b, side_a, side_b = normal_a[rows], normal_b[rows], side_a[rows], side_b[rows]
    along = np.cross(normal_a, normal_b)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-300)
    base = a[:, 0]
    span_a, span_b = _span(a - base[:, None], side_a, along), _span(b - base[:, None], side_b, along)
    low, high = np.maximum(span_a[0], span_b[0]), np.minimum(span_a[1], span_b[1])
    crosses, key = _passes(scene, (first, second), (a, b), (side_a, side_b), along)
    rows = np.flatnonzero((high - low > scene.tolerance) & crosses)
    length = (high - low)[rows]
    middle = _on_line(a[rows], b[rows], normal_a[rows], normal_b[rows], along[rows], 0.5 * (low + high)[rows])
    surface = np.sort(np.stack([scene.surface[first[rows]], scene.surface[second[rows]]], axis=1), axis=1)
    return key[rows], _Crossing(surface, length, middle)


def _normal(corners: np.ndarray) -> np.ndarray:
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return normal / np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-300)


def _sides(corners: np.ndarray, point: np.ndarray, normal: np.ndarray, tolerance: float) -> np.ndarray:
    """Distances of corners from a plane (m), those within the tolerance made zero."""
    distance = np.einsum("pvx,px->pv", corners - point[:, None], normal)
    return np.where(np.abs(distance) <= tolerance, 0.0, distance)


def _reaches(side: np.ndarray) -> np.ndarray:
    """Whether triangles have two corners' worth of contact with the plane without lying in it."""
    both = np.any(side > 0, axis=1) & np.any(side < 0, axis=1)
    return both | (np.sum(side == 0, axis=1) == 2)


def _span(corners: np.ndarray, side: np.ndarray, along: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where triangles meet the plane: from and to, measured along the line (m)."""
    place = np.einsum("pvx,px->pv", corners, along)
    following, beyond = np.roll(place, -1, axis=1), np.roll(side, -1, axis=1)
    cut = side * beyond < 0
    share = np.where(cut, side / np.where(cut, side - beyond, 1.0), 0.0)
    at = place + share * (following - place)
    points, valid = np.concatenate([at, place], axis=1), np.concatenate([cut, side == 0], axis=1)
    return np.where(valid, points, np.inf).min(axis=1), np.where(valid, points, -np.inf).max(axis=1)


def _passes(
    scene: _Scene,
    number: tuple[np.ndarray, np.ndarray],
    corners: tuple[np.ndarray, np.ndarray],
    side: tuple[np.ndarray, np.ndarray],
    along: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Whether the sheets of two triangles change sides along the line; and the edges where it follows two."""
    through = [np.any(s > 0, axis=1) & np.any(s < 0, axis=1) for s in side]
    # The edge in the other's plane, for triangles that only touch it: it starts at the corner after the one beyond.
    edge = [(np.argmax(np.abs(s), axis=1) + 1) % 3 for s in side]
    rows = np.arange(len(along))
    beyond = [scene.neighbor[n, e] for n, e in zip(number, edge, strict=True)]
    exists = [b >= 0 for b in beyond]
    far = [_opposite(scene, n, e, b) for n, e, b in zip(number, edge, beyond, strict=True)]
    crosses = through[0] & through[1]
    for one, other in ((0, 1), (1, 0)):
        # A sheet that goes on through the other's edge: its two triangles there lie on its two sides. Of these the
        # one above counts, so that the piece is told once.
        normal = _normal(corners[one])
        height = _sides(far[other][:, None], corners[one][:, 0], normal, scene.tolerance)[:, 0]
        above = side[other].max(axis=1) > 0
        crosses |= through[one] & ~through[other] & exists[other] & above & (height < 0)
    edges = ~through[0] & ~through[1] & exists[0] & exists[1]
    start = corners[0][rows, edge[0]]
    apex = [corners[k][rows, (edge[k] + 2) % 3] for k in (0, 1)]
    crosses |= edges & _alternate([apex[0] - start, far[0] - start], [apex[1] - start, far[1] - start], along)
    key = np.stack([scene.edge[number[k], edge[k]] for k in (0, 1)], axis=1)
    key = np.where(edges[:, None], np.sort(key, axis=1), -1)
    return crosses, key


def _opposite(scene: _Scene, number: np.ndarray, edge: np.ndarray, beyond: np.ndarray) -> np.ndarray:
    """The corner of the neighbor that is not on the common edge [pair, xyz]; any point where there is none."""
    common = scene.edge[number, edge]
    mine = np.argmax(scene.edge[beyond] == common[:, None], axis=1)
    return scene.corners[beyond, (mine + 2) % 3]


def _alternate(first: list[np.ndarray], second: list[np.ndarray], along: np.ndarray) -> np.ndarray:
    """Whether two pairs of half-planes around a line alternate; each is given by a vector from the line."""
    flat = [v - np.einsum("px,px->p", v, along)[:, None] * along for v in (*first, *second)]
    zero = flat[0]
    across = np.cross(along, zero)
    turn = [
        np.arctan2(np.einsum("px,px->p", v, across), np.einsum("px,px->p", v, zero)) % (2 * np.pi) for v in flat[1:]
    ]
    split, inside = turn[0], []
    for angle in turn[1:]:
        edges = np.stack([angle, 2 * np.pi - angle, np.abs(angle - split)])
        clear = np.all(edges > _SAME_DIRECTION, axis=0)
        inside.append(np.where(clear, np.sign(split - angle), 0.0))
    return inside[0] * inside[1] < 0


def _on_line(
    a: np.ndarray, b: np.ndarray, normal_a: np.ndarray, normal_b: np.ndarray, along: np.ndarray, place: np.ndarray
) -> np.ndarray:
    """The point of two planes' common line at `place` along it, measured from a's first corner."""
    height = np.einsum("px,px->p", b[:, 0] - a[:, 0], normal_b)
    cosine = np.einsum("px,px->p", normal_a, normal_b)
    sine_square = np.maximum(1.0 - cosine**2, 1e-300)
    foot = (height / sine_square)[:, None] * (normal_b - cosine[:, None] * normal_a)
    return a[:, 0] + foot + place[:, None] * along
