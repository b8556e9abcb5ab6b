"""Exchange areas by quadrature for many pairs of triangles in clear view: dense tiles, and refined lists."""

import math
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt8

from caloris_kernels.radiative.contour import clip_to_front, triangle_normal

FACING, STRADDLING, CLOSE = 1, 2, 4
"""Bits that `tile_exchange_area` sets for a pair: some of each is in front of the other's plane; some of one is
also behind; so near that 3 x 3 points are too coarse."""

CLOSE_RATIO = 0.2
"""(R_i + R_j) / distance up to which 3 x 3 points are within 1e-5 of the exchange area."""

_THREE_POINTS = np.array([[2 / 3, 1 / 6, 1 / 6], [1 / 6, 2 / 3, 1 / 6], [1 / 6, 1 / 6, 2 / 3]])


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
    """Exchange areas A_i F_ij (m2) of all facets of tile_i with all of tile_j, row by row, and their bits.

    A_i F_ij = A_i A_j / 9 sum over 3 x 3 points of max(0, c_i) max(0, c_j) / (pi r^2),  c the two cosines

    tolerance (m): heights above a plane below it count as on the plane. The values of pairs marked
    STRADDLING or CLOSE are rough: refine them with `clipped_exchange_area`, `point_exchange_area`,
    or `contour.exchange_area`. Float32 is enough. Differentiable but for the bits.

    Source: Strang and Fix (1973), rule of degree 2; Howell, Menguc and Siegel (2016), eq. 4.9.
    """
    corner_i = [[tile_i.triangle[:, v, k, :, None] for k in range(3)] for v in range(3)]
    corner_j = [[tile_j.triangle[:, v, k, None, :] for k in range(3)] for v in range(3)]
    normal_i = [tile_i.normal[:, k, :, None] for k in range(3)]
    normal_j = [tile_j.normal[:, k, None, :] for k in range(3)]
    point_i, point_j = (
        [[sum(w * c[v][k] for v, w in enumerate(rule)) for k in range(3)] for rule in _THREE_POINTS]
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
    close = facing & (reach * reach > CLOSE_RATIO**2 * _dot(between, between))
    bits = facing * FACING + (facing & behind) * STRADDLING + close * CLOSE
    return jnp.where(facing, total, 0.0), bits.astype(jnp.uint8)


def point_exchange_area(
    triangle_i: Float[Array, "pair 3 3"], triangle_j: Float[Array, "pair 3 3"]
) -> Float[Array, " pair"]:
    """Exchange area A_i F_ij (m2) by 6 x 6 points, for pairs wholly in front of each other's planes.

    Within 1e-5 up to (R_i + R_j) / distance = 0.45, in float32 too. Differentiable.
    Source: Dunavant (1985), Int. J. Numer. Methods Eng. 21, 1129, doi:10.1002/nme.1620210612, degree 4.
    """
    place, weight = _six_points(triangle_i.dtype)
    x = [jnp.einsum("qv,pv->pq", place, triangle_i[..., k])[:, :, None] for k in range(3)]
    y = [jnp.einsum("qv,pv->pq", place, triangle_j[..., k])[:, None, :] for k in range(3)]
    # Twice the area times the normal: areas and cosines in one.
    span_i = _span(triangle_i)
    span_j = _span(triangle_j)
    ray = [b - a for a, b in zip(x, y, strict=True)]
    square = _dot(ray, ray)
    cosines = jnp.maximum(_dot(ray, span_i), 0.0) * jnp.maximum(-_dot(ray, span_j), 0.0)
    return jnp.einsum("pqr,q,r->p", cosines / (square * square + 1e-30), weight, weight) / (4 * math.pi)


def clipped_exchange_area(
    triangle_i: Float[Array, "pair 3 3"], triangle_j: Float[Array, "pair 3 3"]
) -> Float[Array, " pair"]:
    """Exchange area A_i F_ij (m2) of pairs that straddle a plane: clip both, then Lambert's formula.

    F(dA -> polygon) = -(1 / 2 pi) sum over edges of angle(R_k, R_k+1) (R_k x R_k+1) . n / |R_k x R_k+1|

    averaged over 3 points on each of the two halves of the clipped triangle_i (take the smaller triangle
    for it). Within 1e-4 up to (R_i + R_j) / distance = 0.25, in float32 too. Not for derivatives: those of a
    view along an edge are not guarded; use `contour.exchange_area`.
    Source: Lambert (1760), Photometria, as given by Baum, Rushmeier and Winget (1989), SIGGRAPH, 325,
    doi:10.1145/74333.74367.
    """
    both, swapped = jnp.stack([triangle_i, triangle_j]), jnp.stack([triangle_j, triangle_i])
    polygons = clip_to_front(both.reshape(-1, 3, 3), swapped.reshape(-1, 3, 3))
    polygon_i, polygon_j = polygons.reshape(2, -1, 4, 3)
    half = jnp.stack([polygon_i[:, jnp.array([0, 1, 2])], polygon_i[:, jnp.array([0, 2, 3])]], axis=1)
    point = jnp.einsum("qv,phvk->phqk", jnp.asarray(_THREE_POINTS, half.dtype), half)
    span = jnp.cross(half[:, :, 1] - half[:, :, 0], half[:, :, 2] - half[:, :, 0])
    area = 0.5 * jnp.sqrt(jnp.sum(span * span, axis=-1))
    # Axes: pair, half, point, corner of the polygon, xyz.
    to_corner = polygon_j[:, None, None] - point[:, :, :, None]
    to_next = jnp.roll(to_corner, -1, axis=3)
    normal = jnp.cross(to_corner, to_next)
    sine = jnp.sqrt(jnp.sum(normal * normal, axis=-1))
    angle = jnp.arctan2(sine, jnp.sum(to_corner * to_next, axis=-1))
    toward = jnp.sum(normal * triangle_normal(triangle_i)[:, None, None, None], axis=-1)
    view = -jnp.sum(jnp.where(sine > 0, angle * toward / jnp.where(sine > 0, sine, 1.0), 0.0), axis=-1)
    return jnp.sum(area * jnp.mean(jnp.maximum(view, 0.0), axis=2), axis=1) / (2 * math.pi)


def _six_points(dtype) -> tuple[Array, Array]:
    """Barycentric points [6, 3] and weights [6] of Dunavant's rule of degree 4."""
    place, weight = [], []
    for far, share in ((0.445948490915965, 0.223381589678011), (0.091576213509771, 0.109951743655322)):
        for vertex in range(3):
            point = [far] * 3
            point[vertex] = 1 - 2 * far
            place.append(point)
            weight.append(share)
    return jnp.asarray(place, dtype), jnp.asarray(weight, dtype)


def _span(triangle: Array) -> list[Array]:
    """Cross product of two edges, as components [pair, 1, 1]."""
    span = jnp.cross(triangle[:, 1] - triangle[:, 0], triangle[:, 2] - triangle[:, 0])
    return [span[:, k, None, None] for k in range(3)]


def _dot(a, b) -> Array:
    """Scalar product of vectors given as lists of components."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _most(which, values) -> Array:
    """Elementwise largest or smallest of three."""
    return which(which(values[0], values[1]), values[2])
