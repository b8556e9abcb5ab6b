"""Chord lengths of a rectangular box and of a sphere under isotropic straight tracks, in closed form."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def _root(square: Array) -> Array:
    """Square root that is zero, with zero slope, at and below zero."""
    positive = square > 0.0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, square, 1.0)), 0.0)


def _moments(radius: Array, p: Array, q: Array) -> tuple[Array, Array, Array, Array]:
    """M00, M10, M01, M11: integrals of y^i z^j over 0 <= y <= p, 0 <= z <= q, y^2 + z^2 <= radius^2."""
    inside = radius > 0.0
    r = jnp.where(inside, radius, 1.0)
    p, q = jnp.minimum(p, r), jnp.minimum(q, r)
    y0 = jnp.minimum(_root(r**2 - q**2), p)
    z0 = jnp.minimum(_root(r**2 - p**2), q)

    def height(y):
        return _root(r**2 - y**2)

    def sector(y):
        # arcsin(y / r), whose slope stays finite at y = r in this form
        return y * height(y) + r**2 * jnp.arctan2(y, height(y))

    m00 = q * y0 + 0.5 * (sector(p) - sector(y0))
    m10 = 0.5 * q * y0**2 + (height(y0) ** 3 - height(p) ** 3) / 3.0
    m01 = 0.5 * p * z0**2 + (height(z0) ** 3 - height(q) ** 3) / 3.0
    m11 = 0.25 * (q**2 * y0**2 + r**2 * (p**2 - y0**2) - 0.5 * (p**4 - y0**4))
    zero = jnp.zeros_like(r)
    return tuple(jnp.where(inside, moment, zero) for moment in (m00, m10, m01, m11))  # pyright: ignore[reportReturnType]


def _direction_moments(length: Array, edges: Array) -> list[Array]:
    """The four moments over directions with u_i <= edge_i / length, first axis: the edge taken as x (then y, z).

    All faces, and the whole quarter disc and its shadowed part, go through one evaluation: a sixth of the program.
    """
    edges = edges.reshape((3,) + (1,) * length.ndim)
    along, y, z = (jnp.roll(edges, -shift, axis=0) / length[None] for shift in range(3))
    shadow = _root(1.0 - jnp.minimum(along, 1.0) ** 2)
    both = _moments(jnp.stack([jnp.ones_like(shadow), shadow]), jnp.stack([y, y]), jnp.stack([z, z]))
    return [moment[0] - moment[1] for moment in both]


def longer_chord_fraction(length: Float[Array, "*points"], edges: Float[Array, "3"]) -> Float[Array, "*points"]:
    """Fraction C(>s) of isotropic straight tracks through a box a x b x c whose chord is longer than s (-).

    C = 8 / (pi S) [bc I_x + ca I_y + ab I_z - 2 s (c I_xy + b I_xz + a I_yz) + 3 s^2 I_xyz],
    S = 2 (ab + bc + ca), I_ij.. = the integral over the unit octant, restricted to u_i <= a_i / s, of the
    other direction cosines' products: minus the slope of the mean covariogram prod(a_i - s u_i).

    length s and edges (a, b, c) in one unit. C = 1 for s <= 0, 0 beyond the diagonal. Differentiable in
    s and edges except where the density itself jumps (s equal to an edge), with a finite one-sided value there.
    Source: derived from the covariogram (Matheron, Random Sets and Integral Geometry, 1975, section 4.3);
    equal to Luke and Buehler, J. Appl. Phys. 64, 5132 (1988), doi 10.1063/1.342422, to rounding.
    """
    a, b, c = edges[0], edges[1], edges[2]
    surface = 2.0 * (a * b + b * c + c * a)
    # Written so that a length that is not a number stays one.
    none, every = length**2 >= a * a + b * b + c * c, length <= 0.0
    s = jnp.where(none | every, jnp.minimum(jnp.minimum(a, b), c), length)
    zero, first, second, mixed = _direction_moments(s, edges)
    ix, iy, iz = zero[0], zero[1], zero[2]
    ixy, iyz, ixz, ixyz = first[0], first[1], second[0], mixed[0]
    flat = b * c * ix + c * a * iy + a * b * iz
    corner = 2.0 * s * (c * ixy + b * ixz + a * iyz) - 3.0 * s**2 * ixyz
    fraction = jnp.clip(8.0 / (jnp.pi * surface) * (flat - corner), 0.0, 1.0)
    return jnp.where(every, 1.0, jnp.where(none, 0.0, fraction))


def longer_sphere_chord_fraction(
    length: Float[Array, "*points"], diameter: Float[Array, ""]
) -> Float[Array, "*points"]:
    """Fraction C(>s) of isotropic straight tracks through a sphere whose chord is longer than s (-): 1 - (s / d)^2.

    Tracks of one direction pass the center at distances r of density 8 r / d^2 and have the chord
    (d^2 - 4 r^2)^(1/2); all directions are alike, so the density of chords is 2 s / d^2. length s and diameter d > 0 in
    one unit. C = 1 for s <= 0, 0 beyond the diameter. Differentiable in both; at s = d the slope jumps and
    is that of the inside. Source: Kellerer, Radiat. Res. 98, 425 (1984), and any text on integral geometry.
    """
    # Written so that a length that is not a number stays one.
    none, every = length > diameter, length <= 0.0
    ratio = jnp.where(none | every, 0.0, length) / diameter
    return jnp.where(every, 1.0, jnp.where(none, 0.0, 1.0 - ratio**2))
