"""Exchange areas by quadrature for many pairs of triangles in clear view: dense tiles, and refined lists."""

import math
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float, UInt8

DONE, POINTS, CLIPPED, APART, TOUCHING, SLENDER = 1, 2, 3, 4, 5, 6
"""What `tile_exchange_area` says of a pair (0: the two do not face each other): its value stands; it wants
`point_exchange_area`; `clipped_exchange_area`; `contour.apart_exchange_area`; `contour.exchange_area`; the same with
several times the points, since one of the two is long and narrow."""

# Largest (R_i + R_j) / distance at which each rule holds 1e-5 to 5e-5 (relative L1 over pairs).
_DONE_RATIO, _POINT_RATIO, _CLIPPED_RATIO, _APART_RATIO = 0.2, 0.45, 0.25, 0.8
# A facet is slender from this R^2 / area on (equilateral: 0.77). Beside an edge at a distance of a few widths the
# integrand along its own long edges varies within that distance.
_SLENDER = 3.0


def _rule(*orbits: tuple[float, float]) -> list[tuple[float, float, float, float]]:
    """Barycentric places and weights (summing to one) of symmetric points: (share of two corners, weight) each."""
    points = []
    for far, weight in orbits:
        for vertex in range(3):
            place = [far] * 3
            place[vertex] = 1 - 2 * far
            points.append((*place, weight))
    return points


_THREE_POINTS = _rule((1 / 6, 1 / 3))
_SIX_POINTS = _rule((0.445948490915965, 0.223381589678011), (0.091576213509771, 0.109951743655322))


class Tile(NamedTuple):
    """Facets in equal groups, components first so that a group's facets lie side by side in memory."""

    triangle: Float[Array, "tile 3 3 lane"]  # m, vertex then xyz
    normal: Float[Array, "tile 3 lane"]  # -
    offset: Float[Array, "tile lane"]  # m, normal . x on the facet's plane
    area: Float[Array, "tile lane"]  # m2, 0 marks an empty lane
    radius: Float[Array, "tile lane"]  # m, about the centroid


def tile_exchange_area(
    tile_i: Tile, tile_j: Tile, tolerance: Float[Array, ""]
) -> tuple[Float[Array, "tile lane_i lane_j"], UInt8[Array, "tile lane_i lane_j"]]:
    """Exchange areas A_i F_ij (m2) of all facets of tile_i with all of tile_j, row by row, and the rule each wants.

    A_i F_ij = A_i A_j / 9 sum over 3 x 3 points of max(0, c_i) max(0, c_j) / (pi r^2),  c the two cosines

    tolerance (m): heights above a plane below it count as on the plane. The values of pairs whose rule is not DONE
    are rough: refine them. A pair straddles when some of one is in front of the other's plane and some behind.
    Float32 is enough. Differentiable but for the rules.

    Source: Strang and Fix (1973), rule of degree 2; Howell, Menguc and Siegel (2016), eq. 4.9.
    """
    corner_i = [[tile_i.triangle[:, v, k, :, None] for k in range(3)] for v in range(3)]
    corner_j = [[tile_j.triangle[:, v, k, None, :] for k in range(3)] for v in range(3)]
    normal_i = [tile_i.normal[:, k, :, None] for k in range(3)]
    normal_j = [tile_j.normal[:, k, None, :] for k in range(3)]
    point_i, point_j = (
        [[sum(w * c[v][k] for v, w in enumerate(place)) for k in range(3)] for *place, _ in _THREE_POINTS]
        for c in (corner_i, corner_j)
    )
    area_i, area_j = tile_i.area[:, :, None], tile_j.area[:, None, :]

    total = jnp.zeros((), tile_i.area.dtype)
    for x in point_i:
        for y in point_j:
            ray = [b - a for a, b in zip(x, y, strict=True)]
            square = _dot(ray, ray)
            cosines = jnp.maximum(_dot(ray, normal_i), 0.0) * jnp.maximum(-_dot(ray, normal_j), 0.0)
            total = total + cosines / (square * square + 1e-30)
    total = total * area_i * area_j / (9 * math.pi)

    above_i = [_dot(normal_i, corner) - tile_i.offset[:, :, None] for corner in corner_j]
    above_j = [_dot(normal_j, corner) - tile_j.offset[:, None, :] for corner in corner_i]
    real = (area_i > 0) & (area_j > 0)
    facing = real & (_most(jnp.maximum, above_i) > tolerance) & (_most(jnp.maximum, above_j) > tolerance)
    behind = (_most(jnp.minimum, above_i) < -tolerance) | (_most(jnp.minimum, above_j) < -tolerance)
    between = [sum(corner_i[v][k] - corner_j[v][k] for v in range(3)) / 3 for k in range(3)]
    reach = tile_i.radius[:, :, None] + tile_j.radius[:, None, :]
    # The squared ratio, with no division: facets may share their centroid.
    square, reach = _dot(between, between), reach * reach
    above = lambda ratio: reach > ratio**2 * square  # noqa: E731
    whole = jnp.where(above(_POINT_RATIO), APART, jnp.where(above(_DONE_RATIO), POINTS, DONE))
    cut = jnp.where(above(_CLIPPED_RATIO), APART, CLIPPED)
    slender_i, slender_j = (tile.radius**2 > _SLENDER * tile.area for tile in (tile_i, tile_j))
    near = jnp.where(slender_i[:, :, None] | slender_j[:, None, :], SLENDER, TOUCHING)
    rule = jnp.where(above(_APART_RATIO), near, jnp.where(behind, cut, whole))
    return jnp.where(facing, total, 0.0), jnp.where(facing, rule, 0).astype(jnp.uint8)


def point_exchange_area(
    triangle_i: Float[Array, "pair 3 3"], triangle_j: Float[Array, "pair 3 3"]
) -> Float[Array, " pair"]:
    """Exchange area A_i F_ij (m2) by 6 x 6 points, for pairs wholly in front of each other's planes.

    Within 1e-5 up to (R_i + R_j) / distance = 0.45, in float32 too. Differentiable.
    Source: Dunavant (1985), Int. J. Numer. Methods Eng. 21, 1129, doi:10.1002/nme.1620210612, degree 4.
    """
    i, j = _corners(triangle_i), _corners(triangle_j)
    return _by_points([(i, _SIX_POINTS)], [(j, _SIX_POINTS)])


def clipped_exchange_area(
    triangle_i: Float[Array, "pair 3 3"], triangle_j: Float[Array, "pair 3 3"]
) -> Float[Array, " pair"]:
    """Exchange area A_i F_ij (m2) of pairs that straddle a plane: both clipped, then 6 x 6 points.

    What is left of a triangle in front of the other's plane is one triangle or two; each gets 3 points of its own.
    Relative L1 error 5e-5 for (R_i + R_j) / distance between 0.05 and 0.2, in float32 too. Not for derivatives, which
    jump where the number of corners in front changes; use `contour.exchange_area`.
    Source: Sutherland and Hodgman (1974), Commun. ACM 17, 32, doi:10.1145/360767.360802; Strang and Fix (1973),
    rule of degree 2.
    """
    i, j = _corners(triangle_i), _corners(triangle_j)
    front_i, front_j = _front(i, j), _front(j, i)
    return _by_points([(half, _THREE_POINTS) for half in front_i], [(half, _THREE_POINTS) for half in front_j])


Corner = list[Array]  # x, y, z, each over pairs: whole rows of pairs are worked on at once


def _by_points(
    parts_i: list[tuple[list[Corner], list[tuple]]], parts_j: list[tuple[list[Corner], list[tuple]]]
) -> Float[Array, " pair"]:
    """Sum of weight_p weight_q (s_p . r) (-s_q . r) / (4 pi r^4) over points, s twice the area times the normal.

    Written out point by point: one pass over memory, where arrays of points would be many.
    """
    points = []
    for parts in (parts_i, parts_j):
        found = []
        for corners, rule in parts:
            span = _cross(_minus(corners[1], corners[0]), _minus(corners[2], corners[0]))
            for *place, weight in rule:
                point = [sum(w * c[k] for w, c in zip(place, corners, strict=True)) for k in range(3)]
                found.append((point, [weight * s for s in span]))
        points.append(found)
    total = jnp.zeros_like(parts_i[0][0][0][0])
    for x, span_x in points[0]:
        for y, span_y in points[1]:
            ray = _minus(y, x)
            square = _dot(ray, ray)
            cosines = jnp.maximum(_dot(ray, span_x), 0.0) * jnp.maximum(-_dot(ray, span_y), 0.0)
            total = total + cosines / (square * square + 1e-30)
    return total / (4 * math.pi)


def _front(corners: list[Corner], plane: list[Corner]) -> tuple[list[Corner], list[Corner]]:
    """The part of triangles in front of another triangle's plane, as two triangles; empty ones have equal corners.

    The same as `contour.clip_to_front`, component by component.
    """
    normal = _cross(_minus(plane[1], plane[0]), _minus(plane[2], plane[0]))
    height = [_dot(_minus(corner, plane[0]), normal) for corner in corners]
    count = sum((h > 0).astype(jnp.int32) for h in height)
    # The corner that is alone on its side, where one or two are in front, comes first.
    lone = [(h > 0) == (count == 1) for h in height]
    first = jnp.where(lone[0], 0, jnp.where(lone[1], 1, 2))

    def turned(values: list[Array], k: int) -> Array:
        return jnp.where(first == 0, values[k], jnp.where(first == 1, values[(k + 1) % 3], values[(k + 2) % 3]))

    a, b, c = ([turned([corner[axis] for corner in corners], k) for axis in range(3)] for k in range(3))
    h_a, h_b, h_c = (turned(height, k) for k in range(3))

    def cut(other: Corner, h: Array) -> Corner:
        fall = h_a - h
        part = jnp.clip(h_a / jnp.where(fall == 0, 1.0, fall), 0.0, 1.0)
        return [x + part * (y - x) for x, y in zip(a, other, strict=True)]

    def choose(one: Corner, two: Corner, three: Corner) -> Corner:
        columns = zip(one, two, three, a, strict=True)
        return [
            jnp.where(count == 1, x, jnp.where(count == 2, y, jnp.where(count == 3, z, w))) for x, y, z, w in columns
        ]

    cut_b, cut_c = cut(b, h_b), cut(c, h_c)
    corner_0, corner_1 = choose(a, cut_b, a), choose(cut_b, b, b)
    corner_2, corner_3 = choose(cut_c, c, c), choose(cut_c, cut_c, c)
    return [corner_0, corner_1, corner_2], [corner_0, corner_2, corner_3]


def _corners(triangle: Float[Array, "pair 3 3"]) -> list[Corner]:
    """Corners as components."""
    return [[triangle[:, vertex, axis] for axis in range(3)] for vertex in range(3)]


def _cross(a: Corner, b: Corner) -> Corner:
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def _minus(a: Corner, b: Corner) -> Corner:
    return [x - y for x, y in zip(a, b, strict=True)]


def _dot(a, b) -> Array:
    """Scalar product of vectors given as lists of components."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _most(which, values) -> Array:
    """Elementwise largest or smallest of three."""
    return which(which(values[0], values[1]), values[2])
