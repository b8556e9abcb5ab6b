"""Conduction of solids: linear finite elements on tetrahedra, and bricks of one box."""

import jax.numpy as jnp
from jaxtyping import Array, Float

# The six edges of a tetrahedron, in the order of what tetrahedron_conductance returns.
EDGES = ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))


def tetrahedron_volume(corners: Float[Array, "tetrahedron 4 xyz"]) -> Float[Array, " tetrahedron"]:
    """Volume of each tetrahedron (m3), positive where corners 1, 2, 3 turn counterclockwise as seen from corner 0's
    far side: (r1 - r0) . ((r2 - r0) x (r3 - r0)) / 6.
    """
    a, b, c = (corners[:, k] - corners[:, 0] for k in (1, 2, 3))
    return jnp.sum(a * jnp.cross(b, c), axis=1) / 6.0


def tetrahedron_conductance(
    corners: Float[Array, "tetrahedron 4 xyz"], conductivity: Float[Array, "tetrahedron xyz xyz"]
) -> Float[Array, "tetrahedron 6"]:
    """Conductance between the corners of each tetrahedron along its six edges (W K-1), in the order of EDGES.

        g_ij = -V grad(phi_i) . K grad(phi_j)

    phi_i is the linear function that is 1 at corner i and 0 at the others, V the volume, K the symmetric tensor of
    conductivity (W m-1 K-1). Heat between corners i and j is g_ij (T_j - T_i): the stiffness matrix of linear
    elements has zero row sums, so that it is these pairs and nothing else. With an isotropic K a pair is negative
    where the two faces that meet along the opposite edge enclose an obtuse angle; what counts is the sum over all
    tetrahedra of an edge.

    Temperatures converge with the square of the mesh width, heat flows with its first power. Sources: Strang & Fix,
    An Analysis of the Finite Element Method (1973), sect. 1.9 and 3.2; the signs: Xu & Zikatanov, Math. Comp. 68
    (1999) 1429, doi:10.1090/S0025-5718-99-01148-5, eq. 2.4. Valid for any tetrahedron with a volume, whatever its
    orientation; differentiable in corners and conductivity.
    """
    origin = corners[:, 0]
    a, b, c = (corners[:, k] - origin for k in (1, 2, 3))
    six_volumes = jnp.sum(a * jnp.cross(b, c), axis=1)
    # Gradients times six volumes: the area vectors of the opposite faces.
    g1, g2, g3 = jnp.cross(b, c), jnp.cross(c, a), jnp.cross(a, b)
    gradient = jnp.stack([-(g1 + g2 + g3), g1, g2, g3], axis=1)
    flux = jnp.einsum("txy,tky->tkx", conductivity, gradient)
    first, second = (jnp.array([edge[k] for edge in EDGES]) for k in (0, 1))
    product = jnp.sum(gradient[:, first] * flux[:, second], axis=2)
    return -product / (6.0 * jnp.abs(six_volumes))[:, None]


# Pairs of a brick's corners that brick_conductance tells about, as steps along u, v, w from one to the other: its
# edges, then the two diagonals of its faces.
BRICK_PAIRS = (
    (1, 0, 0),
    (0, 1, 0),
    (0, 0, 1),
    (1, 1, 0),
    (1, -1, 0),
    (1, 0, 1),
    (1, 0, -1),
    (0, 1, 1),
    (0, 1, -1),
)


def _opposite_areas(edges: Float[Array, "brick 3 xyz"]) -> Float[Array, "brick 3 xyz"]:
    """Area vectors of the faces that each edge of a brick joins (m2)."""
    u, v, w = (edges[:, k] for k in range(3))
    return jnp.stack([jnp.cross(v, w), jnp.cross(w, u), jnp.cross(u, v)], axis=1)


def brick_volume(edges: Float[Array, "brick 3 xyz"]) -> Float[Array, " brick"]:
    """Volume of a parallelepiped of three edges (m3): |e1 . (e2 x e3)|."""
    return jnp.abs(jnp.sum(edges[:, 0] * jnp.cross(edges[:, 1], edges[:, 2]), axis=1))


def brick_conductance(
    edges: Float[Array, "brick 3 xyz"], conductivity: Float[Array, "brick xyz xyz"]
) -> Float[Array, "brick 9"]:
    """What one brick (a parallelepiped of three edges, m) adds between two of its corners (W K-1), as BRICK_PAIRS.

        G = V J^-1 K J^-T,   g = G_uu / 4 along u,   g = +-G_uv / 4 along the diagonals (1, +-1) of a face

    J holds the edges in columns (V J^-1 the area vectors of the faces across them), V is the volume, K the tensor
    of conductivity (W m-1 K-1). These are trilinear
    elements with their energy taken at the eight corners: d^T G d / 16 there, d the differences along the three
    edges, and products of two differences are sums of squares. In a rectangular brick whose edges are the
    directions of K only the edges conduct, as in the seven-point formula; each of them belongs to up to four bricks.
    Linear temperatures are exact, others converge with the square of the brick's size (Strang & Fix, An Analysis of
    the Finite Element Method (1973), sect. 4.3). Differentiable for any brick that has a volume.
    """
    area = _opposite_areas(edges)
    tensor = jnp.einsum("bix,bxy,bjy->bij", area, conductivity, area) / brick_volume(edges)[:, None, None]
    diagonals = [sign * tensor[:, i, j] for i, j in ((0, 1), (0, 2), (1, 2)) for sign in (1.0, -1.0)]
    return jnp.stack([tensor[:, 0, 0], tensor[:, 1, 1], tensor[:, 2, 2], *diagonals], axis=1) / 4.0
