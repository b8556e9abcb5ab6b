"""Conduction inside thin shells: conductances between neighboring cells by finite volumes."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

# Index arrays are numpy when they come straight from a mesh, traced inside a larger model.
Index = Array | np.ndarray

# Smallest distance between two cells' points, as a share of the distance between their centroids' feet. Two
# right triangles on one hypotenuse share their circumcenter: their conductance is then 50 times that between
# centroids, which holds them together and is still easy to solve.
_LEAST_DISTANCE_SHARE = 0.02


def triangle_area_vector(
    vertices: Float[Array, "vertex 3"], triangles: Int[Index, "triangle 3"]
) -> Float[Array, "triangle 3"]:
    """Area vector of each triangle (m2): half the cross product of its edges, along the front normal."""
    a, b, c = (vertices[triangles[:, k]] for k in range(3))
    return 0.5 * jnp.cross(b - a, c - a)


def cell_area(
    vertices: Float[Array, "vertex 3"],
    triangles: Int[Index, "triangle 3"],
    triangle_cell: Int[Index, " triangle"],
    cell_count: int,
) -> Float[Array, " cell"]:
    """Area of one side of each cell (m2): the sum of its triangles' areas."""
    area = jnp.sqrt(jnp.sum(triangle_area_vector(vertices, triangles) ** 2, axis=1))
    return jnp.zeros(cell_count, area.dtype).at[triangle_cell].add(area)


def cell_centroid(
    vertices: Float[Array, "vertex 3"],
    triangles: Int[Index, "triangle 3"],
    triangle_cell: Int[Index, " triangle"],
    cell_count: int,
) -> Float[Array, "cell 3"]:
    """Area-weighted centroid of each cell (m)."""
    area = jnp.sqrt(jnp.sum(triangle_area_vector(vertices, triangles) ** 2, axis=1))
    moment = area[:, None] * jnp.mean(vertices[triangles], axis=1)
    total = jnp.zeros(cell_count, area.dtype).at[triangle_cell].add(area)
    return jnp.zeros((cell_count, 3), area.dtype).at[triangle_cell].add(moment) / total[:, None]


def shell_conductance(
    vertices: Float[Array, "vertex 3"],
    triangles: Int[Index, "triangle 3"],
    triangle_cell: Int[Index, " triangle"],
    cell_circumcentric: Bool[Index, " cell"],
    shell_cell: Int[Index, "edge 2"],
    shell_vertex: Int[Index, "edge 2"],
    conductivity_thickness: Float[Array, "edge 2"],
) -> Float[Array, " edge"]:
    """Conductance between the two cells of each shared edge (W K-1).

        g = L / (d_a / (k_a t_a) + d_b / (k_b t_b))

    L is the edge's length, d the distance of a cell's point from the edge's line within the cell, k t
    conductivity times thickness of either side (W K-1). The point is the cell's centroid, or for cells with
    cell_circumcentric its triangle's circumcenter (signed; d_a / (k_a t_a) + d_b / (k_b t_b) at least 2 % of
    the value between centroids). A side with k t = 0 does not conduct.

    Two-point flux finite volumes: Eymard, Gallouet, Herbin, Finite Volume Methods, Handbook of Numerical
    Analysis VII (2000), section 9. They are consistent where the line between two points crosses their edge
    at a right angle, as it does for rectangles, for the trapezoids and end triangles of round shapes, and for
    circumcenters. Linear temperatures are exact on rectangles, on unrolled cylinders and on triangles whose
    angles are all acute; errors fall with the square of the cell size there and on rings. On spheres they fall
    with the power 2 in the mean and 1.3 to 1.5 at the poles. Where opposite angles of an edge sum to 180
    degrees or more (right-angled triangles, their hypotenuse) the 2 % floor acts: first order, 7.5e-4 of a
    cubic field on 24 divisions. Not consistent: skewed parallelogram grids (their cross flux is missing) and
    meshes with clearly obtuse pairs.
    """
    count = cell_circumcentric.shape[0]
    centroid = cell_centroid(vertices, triangles, triangle_cell, count)
    around = _circumcenter(vertices, triangles)
    # Only cells of one triangle are circumcentric, so that writing (not adding) per triangle is right.
    point = jnp.zeros((count, 3), around.dtype).at[triangle_cell].set(around)
    point = jnp.where(cell_circumcentric[:, None], point, centroid)

    start, end = vertices[shell_vertex[:, 0]], vertices[shell_vertex[:, 1]]
    length = jnp.sqrt(jnp.sum((end - start) ** 2, axis=1))
    along = (end - start) / length[:, None]
    to_centroid = _across(centroid[shell_cell] - start[:, None, :], along)
    centroid_distance = jnp.sqrt(jnp.sum(to_centroid**2, axis=2))
    inward = to_centroid / centroid_distance[..., None]
    distance = jnp.sum(_across(point[shell_cell] - start[:, None, :], along) * inward, axis=2)

    other = conductivity_thickness[:, ::-1]
    resistance = jnp.sum(distance * other, axis=1)
    floor = _LEAST_DISTANCE_SHARE * jnp.sum(centroid_distance * other, axis=1)
    resistance = jnp.maximum(resistance, floor)
    # One insulating side still has the right derivative (L / d); only two of them leave 0 / 0.
    conducts = resistance > 0
    product = conductivity_thickness[:, 0] * conductivity_thickness[:, 1]
    return jnp.where(conducts, length * product / jnp.where(conducts, resistance, 1.0), 0.0)


def overlap_length(vertices, segment_a, segment_b, numeric=jnp):
    """Length over which two segments [edge, 2] on one line overlap, along the first (m); zero if apart.

    vertices [vertex, 3] in m; numeric is jnp, or numpy for concrete arrays (nothing is compiled then).
    """
    start, end = vertices[segment_a[:, 0]], vertices[segment_a[:, 1]]
    length = numeric.sqrt(numeric.sum((end - start) ** 2, axis=1))
    along = (end - start) / length[:, None]
    ends = numeric.sum((vertices[segment_b] - start[:, None, :]) * along[:, None, :], axis=2)
    low, high = numeric.min(ends, axis=1), numeric.max(ends, axis=1)
    return numeric.maximum(numeric.minimum(high, length) - numeric.maximum(low, 0.0), 0.0)


def _across(offset: Float[Array, "edge 2 3"], along: Float[Array, "edge 3"]) -> Float[Array, "edge 2 3"]:
    """Part of offset at right angles to the edge."""
    axis = along[:, None, :]
    return offset - jnp.sum(offset * axis, axis=2, keepdims=True) * axis


def _circumcenter(
    vertices: Float[Array, "vertex 3"], triangles: Int[Index, "triangle 3"]
) -> Float[Array, "triangle 3"]:
    """Center of the circle through a triangle's corners."""
    a = vertices[triangles[:, 0]]
    u, v = vertices[triangles[:, 1]] - a, vertices[triangles[:, 2]] - a
    normal = jnp.cross(u, v)
    u_square, v_square = jnp.sum(u**2, axis=1)[:, None], jnp.sum(v**2, axis=1)[:, None]
    offset = v_square * jnp.cross(normal, u) + u_square * jnp.cross(v, normal)
    return a + offset / (2.0 * jnp.sum(normal**2, axis=1)[:, None])
