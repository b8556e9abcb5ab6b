"""Visibility: sampled rays between facets, nodes on the unit sphere and smooth interpolation between them.

What a facet sees of the sky changes abruptly with direction, so it is tabulated by rays on fixed nodes and
interpolated with weights that are twice differentiable in the direction asked for.
"""

import math

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, UInt8

INTERPOLATION_RADIUS = 1.6
"""Support of the interpolation weights in units of the nodes' mean spacing sqrt(4 pi / N)."""


def fibonacci_sphere(count: int) -> Float[Array, "direction 3"]:
    """Return `count` unit vectors spread evenly over the sphere (-), each standing for 4 pi / count sr.

    z_k = 1 - (2 k + 1) / N,  longitude_k = k pi (3 - sqrt 5),  k = 0 ... N - 1

    Source: Gonzalez (2010), Math. Geosci. 42, 49, doi:10.1007/s11004-009-9257-x, the lattice centered in
    equal-area bands. Valid for any count >= 1. Constant: there is nothing to differentiate.
    """
    index = jnp.arange(count)
    z = 1.0 - (2.0 * index + 1.0) / count
    longitude = index * (math.pi * (3.0 - math.sqrt(5.0)))
    ring = jnp.sqrt(1.0 - z * z)
    return jnp.stack([ring * jnp.cos(longitude), ring * jnp.sin(longitude), z], axis=1)


def interpolation_radius(count: int) -> float:
    """Return the chord (-) beyond which a node of a Fibonacci sphere of `count` nodes has no weight."""
    return INTERPOLATION_RADIUS * math.sqrt(4.0 * math.pi / count)


def direction_weights(
    query: Float[Array, "query 3"], nodes: Float[Array, "direction 3"]
) -> Float[Array, "query direction"]:
    """Interpolation weights (-) from values on the `nodes` to the directions `query`; each row sums to one.

    w_qk = phi(s_qk) / sum_l phi(s_ql),  phi(s) = (1 - s)^4 (4 s + 1) for s < 1, else 0,
    s_qk = |q - node_k| / radius,  radius = 1.6 sqrt(4 pi / N)

    query and nodes are unit vectors (caller's duty); nodes cover the sphere evenly, as `fibonacci_sphere`
    does, so that every row has nodes in reach (below about 8 nodes the radius exceeds the sphere's own and
    interpolation means nothing). Twice continuously differentiable in query, at the nodes too; within the
    weights' reach an interpolated value never leaves the range of the nodes' values.

    Source: Wendland (1995), Adv. Comput. Math. 4, 389, doi:10.1007/BF02123482, function phi_{3,1};
    normalized as by Shepard.
    """
    radius = interpolation_radius(nodes.shape[0])
    square = (2.0 - 2.0 * query @ nodes.T) / radius**2
    # The root has no derivative at a node itself; there every term that holds it vanishes to second order.
    off_node = square > 1e-14
    distance = jnp.where(off_node, jnp.sqrt(jnp.where(off_node, square, 1.0)), 0.0)
    bump = 1.0 + square * (-10.0 + 20.0 * distance + square * (-15.0 + 4.0 * distance))
    bump = jnp.where(square < 1.0, bump, 0.0)
    return bump / jnp.sum(bump, axis=1, keepdims=True)


def facing_points(
    place_i: Float[Array, "block slot 3"],
    normal_i: Float[Array, "block slot 3"],
    place_j: Float[Array, "block slot 3"],
    normal_j: Float[Array, "block slot 3"],
    tolerance: Float[Array, ""],
) -> Bool[Array, "block slot slot"]:
    """Whether each point of one tile and each of another lie in front of each other's planes, block by block.

    Heights above a plane count from tolerance (m) on. Slots with a zero normal are empty and face nothing.
    """

    def height(ends: Array, base: Array, normal: Array) -> Array:
        offset = jnp.sum(base * normal, axis=-1, keepdims=True)
        return sum(ends[:, None, :, k] * normal[:, :, None, k] for k in range(3)) - offset

    above_j = jnp.swapaxes(height(place_i, place_j, normal_j), 1, 2)
    return (height(place_j, place_i, normal_i) > tolerance) & (above_j > tolerance)


def count_points(
    table: Bool[Array, "block slot slot"],
    slot_i: Int[Array, "block lane 3"],
    slot_j: Int[Array, "block lane 3"],
) -> UInt8[Array, "block lane lane"]:
    """How many of the 3 x 3 pairs of points of each pair of facets are set in a table of points.

    slot_i, slot_j: slots of each facet's three points; -1 (an empty lane) counts nothing. With E the matrix of
    facets against slots this is E_i T E_j^T: two products of small matrices instead of nine gathers a pair.
    """
    slots = jnp.arange(table.shape[1])
    chosen = [
        sum((slot[:, :, corner, None] == slots).astype(jnp.float32) for corner in range(3)) for slot in (slot_i, slot_j)
    ]
    rows = jnp.einsum("bls,bst->blt", chosen[0], table.astype(jnp.float32))
    return jnp.einsum("blt,bmt->blm", rows, chosen[1]).astype(jnp.uint8)


def triangle_points(
    triangle: Float[Array, "pair 3 3"], uniform: Float[Array, "pair sample 2"]
) -> list[Float[Array, "pair sample"]]:
    """Points spread evenly over triangles (m), as lists of x, y, z: the unit square mapped onto each.

    Source: Turk (1990), Graphics Gems, p. 24: weights 1 - sqrt a, sqrt a (1 - b), sqrt a b.
    """
    root = jnp.sqrt(uniform[..., 0])
    weights = [1.0 - root, root * (1.0 - uniform[..., 1]), root * uniform[..., 1]]
    a, b, c = weights
    return [a * triangle[:, 0, k, None] + b * triangle[:, 1, k, None] + c * triangle[:, 2, k, None] for k in range(3)]


def pair_rays(
    triangle_i: Float[Array, "pair 3 3"],
    triangle_j: Float[Array, "pair 3 3"],
    uniform: Float[Array, "pair sample 4"],
    lift: Float[Array, ""],
) -> tuple[Float[Array, "pair sample 3"], Float[Array, "pair sample 3"], Float[Array, "pair sample"]]:
    """Rays from points of triangle_i to points of triangle_j: origin, direction (m), weight (m-2).

    The weight is the exchange area's integrand max(0, c_i) max(0, c_j) / r^2 up to a factor common to the
    pair; a ray runs from s = 0 to 1 along its direction and both its ends stand off their surface by lift
    (m). uniform in [0, 1) places the points. Records for a ray caster: hits have no derivative.
    """
    x, y = triangle_points(triangle_i, uniform[..., :2]), triangle_points(triangle_j, uniform[..., 2:])
    normals = []
    for triangle in (triangle_i, triangle_j):
        span = jnp.cross(triangle[:, 1] - triangle[:, 0], triangle[:, 2] - triangle[:, 0])
        normals.append(span / jnp.sqrt(jnp.sum(span * span, axis=1, keepdims=True)))
    n, m = ([normal[:, k, None] for k in range(3)] for normal in normals)
    ray = [b - a for a, b in zip(x, y, strict=True)]
    square = sum(r * r for r in ray)
    cosine_i = sum(r * c for r, c in zip(ray, n, strict=True))
    cosine_j = -sum(r * c for r, c in zip(ray, m, strict=True))
    weight = jnp.maximum(cosine_i, 0.0) * jnp.maximum(cosine_j, 0.0) / jnp.maximum(square * square, 1e-30)
    origin = jnp.stack([a + lift * c for a, c in zip(x, n, strict=True)], axis=-1)
    direction = jnp.stack([r + lift * (d - c) for r, c, d in zip(ray, n, m, strict=True)], axis=-1)
    return origin, direction, weight


def directed_rays(
    triangle: Float[Array, "row 3 3"],
    toward: Float[Array, "row 3"],
    shift: Float[Array, "row 2"],
    uniform: Float[Array, "sample 2"],
    lift: Float[Array, ""],
) -> tuple[Float[Array, "row sample 3"], Float[Array, "row sample 3"]]:
    """Parallel rays from points spread over each triangle toward one direction a row: origin (m), direction.

    uniform in [0, 1) places the points, shifted (modulo 1) by each row's own shift. Origins stand off the
    surface by lift (m) along its normal, on the side toward which the ray leaves.
    """
    place = uniform[None] + shift[:, None]
    point = triangle_points(triangle, place - jnp.floor(place))
    span = jnp.cross(triangle[:, 1] - triangle[:, 0], triangle[:, 2] - triangle[:, 0])
    span = span * jnp.sign(jnp.sum(span * toward, axis=1, keepdims=True))
    step = lift * span / jnp.sqrt(jnp.sum(span * span, axis=1, keepdims=True))
    origin = jnp.stack([x + step[:, k, None] for k, x in enumerate(point)], axis=-1)
    return origin, jnp.broadcast_to(toward[:, None], origin.shape)
