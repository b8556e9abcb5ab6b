"""Ray against triangles by brute force: slow, exact, on any device; the reference for faster ray casters."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


def nearest_triangle(
    origin: Float[Array, "ray 3"],
    direction: Float[Array, "ray 3"],
    corner: Float[Array, "block triangle 3"],
    edge_one: Float[Array, "block triangle 3"],
    edge_two: Float[Array, "block triangle 3"],
) -> tuple[Int[Array, " ray"], Float[Array, " ray"], Float[Array, "ray 2"]]:
    """Nearest triangle that each ray meets: index (-1: none), distance and barycentrics (u, v).

    A point of the ray is origin + distance * direction (m); distance is in units of |direction|, infinite
    where nothing is met, and only distances > 0 count. A point of a triangle is
    corner + u edge_one + v edge_two. Triangles come in equal blocks (pad with zero edges: those are never
    met), walked one by one so that memory stays at ray x triangle; index counts through the blocks. Both
    sides of a triangle stop a ray. Records for a differentiable program: index has no derivative, and
    distance is differentiable where the ray stays on its triangle.

    Source: Moeller and Trumbore (1997), J. Graphics Tools 2, 21, doi:10.1080/10867651.1997.10487468.
    """
    per_block = corner.shape[1]

    def step(best, block):
        number, base, e1, e2 = block
        # Cross products written out: ray x triangle arrays of scalars fuse into one loop.
        d = [direction[:, None, k] for k in range(3)]
        s = [origin[:, None, k] - base[None, :, k] for k in range(3)]
        h = _cross(d, [e2[None, :, k] for k in range(3)])
        q = _cross(s, [e1[None, :, k] for k in range(3)])
        determinant = sum(e1[None, :, k] * h[k] for k in range(3))
        parallel = determinant == 0
        inverse = jnp.where(parallel, 0.0, 1.0 / jnp.where(parallel, 1.0, determinant))
        u = inverse * sum(s[k] * h[k] for k in range(3))
        v = inverse * sum(d[k] * q[k] for k in range(3))
        distance = inverse * sum(e2[None, :, k] * q[k] for k in range(3))
        met = ~parallel & (u >= 0) & (v >= 0) & (u + v <= 1) & (distance > 0)
        distance = jnp.where(met, distance, jnp.inf)
        column = jnp.argmin(distance, axis=1)
        pick = lambda x: jnp.take_along_axis(x, column[:, None], axis=1)[:, 0]  # noqa: E731
        near = pick(distance)
        closer = near < best[1]
        index = jnp.where(closer, number * per_block + column.astype(jnp.int32), best[0])
        place = jnp.where(closer[:, None], jnp.stack([pick(u), pick(v)], axis=1), best[2])
        return (index, jnp.where(closer, near, best[1]), place), None

    rays, dtype = origin.shape[0], origin.dtype
    start = (jnp.full(rays, -1, jnp.int32), jnp.full(rays, jnp.inf, dtype), jnp.zeros((rays, 2), dtype))
    numbers = jnp.arange(corner.shape[0], dtype=jnp.int32)
    best, _ = jax.lax.scan(step, start, (numbers, corner, edge_one, edge_two))
    return best


def _cross(a: list[Array], b: list[Array]) -> list[Array]:
    """Cross product of vectors given as lists of components."""
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
