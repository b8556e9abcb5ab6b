"""Area over which triangles in one plane overlap, for contacts between faces."""

import jax.numpy as jnp


def overlap_area(first, second, numeric=jnp):
    """Area [pair] common to two triangles (m2), the second projected along the normal of the first onto its plane.

    first and second hold corners [pair, 3, 3] (m); numeric is jnp, or numpy for concrete arrays (nothing is compiled
    then).

    The second triangle is clipped by the three sides of the first: corners outside a side move onto its line, at
    right angles, and where an edge crosses the line a corner is added. Parts that move onto the line enclose no
    area, so the area of the resulting path is that of the clipped polygon, and every step has one shape for all
    pairs. (Clipping side by side: Sutherland & Hodgman, Commun. ACM 17 (1974) 32, doi:10.1145/360767.360802.)

    Exact to rounding for any two triangles that are not flat, whatever their windings. Differentiable; where a
    corner or an edge of one lies on an edge of the other the area has a kink, and the derivative is that of one
    side of it.
    """
    corner, u, v = first[:, 0], first[:, 1] - first[:, 0], first[:, 2] - first[:, 0]
    normal = numeric.cross(u, v)
    double = numeric.sqrt(numeric.sum(normal**2, axis=1))
    along = u / numeric.sqrt(numeric.sum(u**2, axis=1))[:, None]
    axes = numeric.stack([along, numeric.cross(normal / double[:, None], along)], axis=1)

    def in_plane(points):
        return numeric.einsum("pix,pax->pia", points - corner[:, None], axes)

    side, path = in_plane(first), in_plane(second)
    for k in range(3):
        start, end = side[:, k, None], side[:, (k + 1) % 3, None]
        edge = (end - start) / numeric.sqrt(numeric.sum((end - start) ** 2, axis=2, keepdims=True))
        inward = numeric.stack([-edge[..., 1], edge[..., 0]], axis=-1)
        height = numeric.sum((path - start) * inward, axis=2, keepdims=True)
        path = _clipped(path, height, inward, numeric)
    nxt = numeric.roll(path, -1, axis=1)
    twice = numeric.sum(path[..., 0] * nxt[..., 1] - path[..., 1] * nxt[..., 0], axis=1)
    return 0.5 * numeric.abs(twice)


def _clipped(path, height, inward, numeric):
    """The path with what lies outside a line moved onto it: each corner, then where the edge behind it crosses."""
    nxt, beyond = numeric.roll(path, -1, axis=1), numeric.roll(height, -1, axis=1)
    kept = path - numeric.minimum(height, 0.0) * inward
    crosses = (height > 0) != (beyond > 0)
    share = numeric.where(crosses, height, 0.0) / numeric.where(crosses, height - beyond, 1.0)
    crossing = numeric.where(crosses, path + share * (nxt - path), kept)
    both = numeric.stack([kept, crossing], axis=2)
    return both.reshape(path.shape[0], 2 * path.shape[1], 2)
