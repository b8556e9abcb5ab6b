"""Exchange areas of partly hidden pairs by exact clipping: no rays, no sampling of what is visible.

For a point x of the first polygon, the visible part of the second is what the shadows of the blockers leave. A convex
blocker's shadow from x is a convex cone that begins at the blocker, so that visible parts stay unions of convex
polygons, each with the view factor of a differential area in closed form (Lambert 1760; Howell, Configuration factors,
C-17). Over x, the integral is taken by Gauss points on cells cut along the planes where the shadow of a corner crosses
an edge: between these the integrand is smooth. Cells are divided where that is not enough.
"""

import numpy as np

_ORDER = 4  # Gauss points a direction; a cell's error is judged by its four quarters
_DEEPEST = 12  # divisions
_FLAT = 1e-12  # of the lengths in the problem, squared or not: thinner is nothing


def clipped_exchange_area(
    first: np.ndarray, second: np.ndarray, blockers: list[np.ndarray], *, tolerance: float = 1e-8
) -> float:
    """A_1 F_12 (m2) of the fronts of two convex polygons [vertex, xyz] with convex flat blockers between them.

    Fronts are where the right-handed normal points. Blockers may touch the polygons and each other; they
    hide from both sides, and those in the plane of a point seen edge-on hide nothing. tolerance is for
    the sum of the error estimates of all cells, relative to the result in clear view's order of magnitude.
    """
    first, second = np.asarray(first, float), np.asarray(second, float)
    size = float(np.linalg.norm(np.ptp(np.concatenate([first, second]), axis=0)))
    seen_from = _plane(second)
    region, _ = _cut(first[None], seen_from[None, :3], seen_from[None, 3:4], _FLAT * size)
    normal = _plane(first)[:3]
    opposite, _ = _cut(second[None], normal[None], _plane(first)[None, 3:4], _FLAT * size)
    if not len(region) or not len(opposite):
        return 0.0
    near = [np.asarray(b, float) for b in blockers if _in_the_way(np.asarray(b, float), region[0], opposite[0], size)]
    cells = _triangles(_cells(region, opposite[0], near, size))
    values = _integrals(cells, normal, opposite[0], near, size)
    total = 0.0
    for _ in range(_DEEPEST):
        quarters = _quarters(cells)
        finer = _integrals(quarters, normal, opposite[0], near, size).reshape(4, -1)
        error = np.abs(finer.sum(axis=0) - values)
        scale = total + finer.sum()
        # The largest errors are worked on until all others together are within the tolerance.
        order = np.argsort(error)
        open_cells = order[np.cumsum(error[order]) > tolerance * scale / _DEEPEST]
        done = np.setdiff1d(np.arange(len(cells)), open_cells)
        total += float(finer[:, done].sum())
        if not len(open_cells):
            return total
        cells = quarters.reshape(4, -1, 3, 3)[:, open_cells].reshape(-1, 3, 3)
        values = finer[:, open_cells].ravel()
    raise RuntimeError(f"no {tolerance:g} after {_DEEPEST} divisions, {len(cells)} cells left")


def _plane(polygon: np.ndarray) -> np.ndarray:
    """Unit normal and offset of a polygon's plane: points in front have n . x > offset."""
    normal = np.cross(polygon, np.roll(polygon, -1, axis=0)).sum(axis=0)
    normal /= np.linalg.norm(normal)
    return np.append(normal, normal @ polygon.mean(axis=0))


def _cut(polygons: np.ndarray, normal: np.ndarray, offset: np.ndarray, thin: float) -> tuple[np.ndarray, np.ndarray]:
    """Parts of convex polygons [polygon, vertex, xyz] where n . x > offset, and which polygons they are of.

    Sutherland-Hodgman on all at once; polygons of fewer vertices repeat their last one.
    """
    if not len(polygons):
        return polygons, np.zeros(0, int)
    height = np.einsum("pvk,pk->pv", polygons, normal) - offset
    inside = height > 0
    after, height_after = np.roll(polygons, -1, axis=1), np.roll(height, -1, axis=1)
    crosses = inside != (height_after > 0)
    part = height / np.where(crosses, height - height_after, 1.0)
    crossing = polygons + part[..., None] * (after - polygons)
    both = np.stack([polygons, crossing], axis=2).reshape(len(polygons), -1, 3)
    keep = np.stack([inside, crosses], axis=2).reshape(len(polygons), -1)
    count = keep.sum(axis=1)
    kept = np.flatnonzero((count >= 3) & (height.max(axis=1) > thin))
    if not len(kept):
        return polygons[:0], kept
    order = np.argsort(~keep[kept], axis=1, kind="stable")[:, : count[kept].max()]
    order = np.where(
        np.arange(order.shape[1]) < count[kept, None], order, order[np.arange(len(kept)), count[kept] - 1][:, None]
    )
    return np.take_along_axis(both[kept], order[..., None], axis=1), kept


def _in_the_way(blocker: np.ndarray, first: np.ndarray, second: np.ndarray, size: float) -> bool:
    """Whether a blocker may hide some of the second polygon from the first: not for one side's planes, or a box."""
    both = np.concatenate([first, second])
    if np.any(blocker.min(axis=0) > both.max(axis=0)) or np.any(blocker.max(axis=0) < both.min(axis=0)):
        return False
    for plane in (_plane(first), _plane(second)):
        if np.all(blocker @ plane[:3] - plane[3] < 1e-9 * size):
            return False
    plane = _plane(blocker)
    sides = [polygon @ plane[:3] - plane[3] for polygon in (first, second)]
    return not any(
        np.all(one > -1e-9 * size) and np.all(other > -1e-9 * size) for one, other in (sides, [-s for s in sides])
    )


def _cells(region: np.ndarray, second: np.ndarray, blockers: list[np.ndarray], size: float) -> np.ndarray:
    """The region cut by planes through a corner of one and an edge of the other, of each blocker and the second."""
    planes: list[np.ndarray] = []
    shapes = [(b, second) for b in blockers] + [(second, b) for b in blockers]
    shapes += [(a, b) for a in blockers for b in blockers if a is not b]
    for corners, polygon in shapes:
        for corner in corners:
            for start, end in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
                normal = np.cross(end - start, corner - start)
                length = np.linalg.norm(normal)
                if length < 1e-9 * size * size:
                    continue
                plane = np.append(normal, normal @ start) / length
                plane *= np.sign(plane[np.argmax(np.abs(plane[:3]))])
                planes.append(plane)
    for plane in np.unique(np.round(planes, 10), axis=0) if planes else []:
        halves = []
        for sign in (1.0, -1.0):
            normal = np.broadcast_to(sign * plane[:3], (len(region), 3))
            halves.append(_cut(region, normal, np.full((len(region), 1), sign * plane[3]), 1e-9 * size)[0])
        region = _stacked(halves)
    return region


def _stacked(parts: list[np.ndarray]) -> np.ndarray:
    """Polygons of different numbers of vertices in one array."""
    width = max(part.shape[1] for part in parts)
    return np.concatenate([np.pad(p, [(0, 0), (0, width - p.shape[1]), (0, 0)], mode="edge") for p in parts if len(p)])


def _triangles(polygons: np.ndarray) -> np.ndarray:
    """Convex polygons as fans of triangles [triangle, vertex, xyz]; without area, none."""
    fans = np.stack([np.broadcast_to(polygons[:, :1], polygons[:, 1:-1].shape), polygons[:, 1:-1], polygons[:, 2:]], 2)
    flat = fans.reshape(-1, 3, 3)
    return flat[_double_area(flat) > 0]


def _double_area(triangles: np.ndarray) -> np.ndarray:
    run = triangles[:, 1:] - triangles[:, :1]
    return np.linalg.norm(np.cross(run[:, 0], run[:, 1]), axis=1)


def _quarters(cells: np.ndarray) -> np.ndarray:
    """Triangles divided at the middles of their edges: first parts, second parts, ... [4 * cell, vertex, xyz]."""
    a, b, c = cells[:, 0], cells[:, 1], cells[:, 2]
    ab, bc, ca = (a + b) / 2, (b + c) / 2, (c + a) / 2
    return np.concatenate([np.stack(t, axis=1) for t in ((a, ab, ca), (b, bc, ab), (c, ca, bc), (ab, bc, ca))])


def _integrals(
    cells: np.ndarray, normal: np.ndarray, second: np.ndarray, blockers: list[np.ndarray], size: float
) -> np.ndarray:
    """Integral of the view factor from each triangle's points, by collapsed Gauss points [cell], m2."""
    node, weight = np.polynomial.legendre.leggauss(_ORDER)
    u, v = ((node + 1) / 2)[:, None], ((node + 1) / 2)[None, :]
    w = (weight[:, None] * weight[None, :] / 4 * u).ravel()
    s, t = (u * (1 - v)).ravel(), (u * v).ravel()
    run = cells[:, 1:] - cells[:, :1]
    points = cells[:, None, 0] + s[:, None] * run[:, None, 0] + t[:, None] * run[:, None, 1]
    value = _views(points.reshape(-1, 3), normal, second, blockers, _FLAT * size).reshape(len(cells), -1)
    return value @ w * _double_area(cells)


def _views(
    points: np.ndarray, normal: np.ndarray, second: np.ndarray, blockers: list[np.ndarray], thin: float
) -> np.ndarray:
    """View factor from differential areas at the points to what they see of the second polygon [point]."""
    parts = second[None] - points[:, None]
    owner = np.arange(len(points))
    for blocker in blockers:
        # The shadow: a, b, ... >= 0 and beyond the blocker's plane, one half-space after the other.
        corner = blocker[None] - points[owner][:, None]
        plane = _plane(blocker)
        away = plane[3] - points[owner] @ plane[:3]
        sign = np.sign(away)[:, None]
        sides = [(plane[None, :3] * sign, np.abs(away)[:, None])]
        for a, b in zip(range(len(blocker)), np.roll(range(len(blocker)), -1), strict=True):
            sides.append((np.cross(corner[:, a], corner[:, b]) * sign, np.zeros((len(owner), 1))))
        hides = np.abs(away) > thin
        lit, lit_owner = [parts[~hides]], [owner[~hides]]
        rest, place = parts[hides], np.flatnonzero(hides)
        for direction, offset in sides:
            length = np.maximum(np.linalg.norm(direction, axis=1, keepdims=True), 1e-300)
            direction, offset = direction / length, offset / length
            outside, which = _cut(rest, -direction[place], -offset[place], thin)
            lit.append(outside)
            lit_owner.append(owner[place[which]])
            rest, which = _cut(rest, direction[place], offset[place], thin)
            place = place[which]
        if not any(len(part) for part in lit):
            return np.zeros(len(points))
        parts, owner = _stacked(lit), np.concatenate(lit_owner)
    return np.bincount(owner, _lambert(parts, normal), len(points))


def _lambert(parts: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """View factor from a differential area at the origin to polygons in front of it: sum of angle x cosine / 2 pi."""
    after = np.roll(parts, -1, axis=1)
    cross = np.cross(parts, after)
    length = np.linalg.norm(cross, axis=2)
    angle = np.arctan2(length, np.einsum("pvk,pvk->pv", parts, after))
    return np.abs(((cross @ normal) * angle / np.maximum(length, 1e-300)).sum(axis=1)) / (2 * np.pi)
