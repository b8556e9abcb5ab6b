"""Rays through a hierarchy of boxes without a stack, in `jax.lax`: runs, and lowers, on any device."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from caloris_kernels.radiative.bvh import LINK

# Rounding of a slab distance: three operations on each side, and a division that on GPUs errs by 2 ulp; 8 ulp bound it.
_WIDER = np.float32(1 + 2.0**-20)
_LEAST_SPEED = np.float32(1e-30)
_LANES = 1024  # rays that walk at a time
_STEPS = 8  # between two looks for rays that are done


class Hit(NamedTuple):
    """The nearest triangle that each ray meets; arrays over rays.

    distance is in units of |direction|, the ray's reach where nothing was met; a point of the triangle is
    corner + u edge_one + v edge_two.
    """

    triangle: Int[Array, " ray"]  # -1: nothing
    distance: Float[Array, " ray"]
    u: Float[Array, " ray"]
    v: Float[Array, " ray"]


class Rays(NamedTuple):
    """Components of rays, each an array over rays; inverse is of the direction, zeros replaced."""

    origin: list[Array]
    direction: list[Array]
    inverse: list[Array]


# The ten numbers of the entry at which each ray stands, each an array over rays.
Read = Callable[[Array], list[Array]]


def rays_of(origin: list[Array], direction: list[Array]) -> Rays:
    """Rays with what the slab test needs.

    A component of the direction below 1e-30 becomes 1e-30: such a ray stays where it is along that axis over any
    distance that matters, and no product below is 0 times infinity.
    """
    speeds = [jnp.where(jnp.abs(d) < _LEAST_SPEED, _LEAST_SPEED, d) for d in direction]
    return Rays(origin, direction, [1.0 / speed for speed in speeds])


def _meets_box(rays: Rays, numbers: list[Array], reach: Array) -> Array:
    """Whether the ray's part 0 <= s <= reach passes through the box.

    s_near = max over axes of min((low - o) / d, (high - o) / d), s_far = min of max; met where s_near <= s_far.
    """
    to_low = [(numbers[k] - rays.origin[k]) * rays.inverse[k] for k in range(3)]
    to_high = [(numbers[3 + k] - rays.origin[k]) * rays.inverse[k] for k in range(3)]
    near = [jnp.minimum(a, b) for a, b in zip(to_low, to_high, strict=True)]
    far = [jnp.maximum(a, b) for a, b in zip(to_low, to_high, strict=True)]
    last = jnp.minimum(jnp.minimum(far[0], far[1]), far[2])
    first = jnp.maximum(jnp.maximum(near[0], near[1]), near[2])
    return (last >= 0) & (first <= jnp.minimum(last, reach) * _WIDER)


def _meets_triangle(rays: Rays, numbers: list[Array]) -> tuple[Array, Array, Array, Array]:
    """Whether the ray's line meets the triangle ahead of its origin; distance, u and v.

    With h = d x e2, s = o - corner, q = s x e1: (distance, u, v) = (e2.q, s.h, d.q) / (e1.h).
    """
    corner, e1, e2 = numbers[:3], numbers[3:6], numbers[6:9]
    d = rays.direction
    s = [o - c for o, c in zip(rays.origin, corner, strict=True)]
    h, q = _cross(d, e2), _cross(s, e1)
    determinant = _dot(e1, h)
    parallel = determinant == 0
    inverse = 1.0 / jnp.where(parallel, 1.0, determinant)
    u, v, distance = inverse * _dot(s, h), inverse * _dot(d, q), inverse * _dot(e2, q)
    return ~parallel & (u >= 0) & (v >= 0) & (u + v <= 1) & (distance > 0), distance, u, v


def step(rays: Rays, entries: int, read: Read, any_will_do: bool, cursor: Array, best: Hit) -> tuple[Array, Hit]:
    """The entry that each ray visits next, and the nearest hit so far; of equally near triangles the first.

    `entries` is the end of the walk, reached at the first hit where any will do; distance, u and v then stay.
    """
    numbers = read(cursor)
    box = _meets_box(rays, numbers, best.distance)
    met, distance, u, v = _meets_triangle(rays, numbers)
    link = numbers[LINK].astype(jnp.int32)
    is_box, walking, number = link >= 0, cursor < entries, -1 - link
    following = jnp.where(is_box & ~box, link, cursor + 1)
    closer = distance < best.distance
    if not any_will_do:
        closer = closer | ((distance == best.distance) & (number < best.triangle))
    closer = closer & met & ~is_box & walking
    if any_will_do:
        following = jnp.where(closer, entries, following)
        best = best._replace(triangle=jnp.where(closer, number, best.triangle))
    else:
        new = Hit(number, distance, u, v)
        best = Hit(*(jnp.where(closer, a, b) for a, b in zip(new, best, strict=True)))
    return jnp.where(walking, following, cursor), best


def start(reach: Array, entries: int) -> tuple[Array, Hit]:
    """First entry of each walk, with nothing met; rays without reach, with which blocks are filled up, are done."""
    zero = jnp.zeros_like(reach)
    nothing = Hit(jnp.full(reach.shape, -1, jnp.int32), reach, zero, zero)
    return jnp.where(reach > 0, 0, entries).astype(jnp.int32), nothing


def any_hit(
    hierarchy: Float[Array, "entry 12"],
    origin: Float[Array, "ray 3"],
    direction: Float[Array, "ray 3"],
    reach: Float[Array, " ray"],
) -> Bool[Array, " ray"]:
    """Whether a triangle lies on origin + s direction, 0 < s < reach (float32; m, s in units of |direction|).

    Each ray goes from entry to entry of `bvh.build_hierarchy` in depth-first order: past a box that it misses by the
    box's link, else to the entry that follows. Both sides of a triangle stop a ray. Rounding decides for rays that
    pass a triangle's edge, or end or start at a triangle, within some 1e-6 of the coordinates. A thousand rays
    walk at a time and one that is done makes room for the next: long walks hold up nobody, and memory does not grow.

    Sources: Smits (1998), J. Graphics Tools 3, 1, doi:10.1080/10867651.1998.10487488 (walk without a stack);
    Kay and Kajiya (1986), SIGGRAPH Comput. Graph. 20, 269, doi:10.1145/15886.15916, and Williams et al. (2005),
    J. Graphics Tools 10, 49, doi:10.1080/2151237X.2005.10129188 (box); Ize (2013), J. Comput. Graph. Tech. 2, 12
    (its rounding); Moeller and Trumbore (1997), J. Graphics Tools 2, 21,
    doi:10.1080/10867651.1997.10487468 (triangle); Aila and Laine (2009), Proc. High-Performance Graphics, 145,
    doi:10.1145/1572769.1572792 (rays that make room).
    """
    return _walk(hierarchy, origin, direction, reach, True)[0] >= 0


def nearest_hit(
    hierarchy: Float[Array, "entry 12"],
    origin: Float[Array, "ray 3"],
    direction: Float[Array, "ray 3"],
    reach: Float[Array, " ray"],
) -> Hit:
    """The nearest triangle on origin + s direction, 0 < s < reach; see `any_hit`. Not differentiable."""
    return Hit(*_walk(hierarchy, origin, direction, reach, False))


def _walk(hierarchy: Array, origin: Array, direction: Array, reach: Array, any_will_do: bool) -> tuple[Array, ...]:
    """What all rays met, as a Hit's arrays; of these only the triangle where any will do."""
    entries, count = hierarchy.shape[0], origin.shape[0]
    hierarchy, reach = jnp.asarray(hierarchy, jnp.float32), jnp.asarray(reach, jnp.float32)
    found = start(reach, entries)[1][: 1 if any_will_do else 4]
    if entries == 0 or count == 0:
        return found
    components = [jnp.asarray(x[:, k], jnp.float32) for x in (origin, direction) for k in range(3)]

    def read(cursor):
        record = hierarchy[jnp.minimum(cursor, entries - 1)]
        return [record[:, k] for k in range(LINK + 1)]

    def fetch(ray):
        """The rays of these numbers; from `count` on there are none, and no reach."""
        place = jnp.minimum(ray, count - 1)
        return [x[place] for x in components], *start(jnp.where(ray < count, reach[place], 0.0), entries)

    def advance(state):
        ray, waiting, parts, cursor, best, found = state
        rays = rays_of(parts[:3], parts[3:])
        cursor, best = jax.lax.fori_loop(
            0, _STEPS, lambda _, walk: step(rays, entries, read, any_will_do, *walk), (cursor, best)
        )
        done = cursor >= entries
        place = jnp.where(done, ray, count)
        found = tuple(all_.at[place].set(one, mode="drop") for all_, one in zip(found, best, strict=False))
        order = jnp.cumsum(done, dtype=jnp.int32)
        ray = jnp.where(done, jnp.minimum(waiting + order - 1, count), ray)
        new = fetch(ray)
        parts, cursor, best = jax.tree.map(lambda a, b: jnp.where(done, a, b), new, (parts, cursor, best))
        return ray, jnp.minimum(waiting + order[-1], count), parts, cursor, best, found

    lanes = min(count, _LANES)
    ray = jnp.arange(lanes, dtype=jnp.int32)
    first = (ray, jnp.asarray(lanes, jnp.int32), *fetch(ray), tuple(found))
    return jax.lax.while_loop(lambda state: jnp.any(state[0] < count), advance, first)[-1]


def _cross(a: list[Array], b: list[Array]) -> list[Array]:
    """Cross product of vectors given as lists of components."""
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]


def _dot(a: list[Array], b: list[Array]) -> Array:
    """Dot product of vectors given as lists of components."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
