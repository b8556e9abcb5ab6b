"""Derivatives of vertices, facets, conductances and edges in every dimension, against central differences."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from caloris.geometry.assembly import Body, Geometry, Surface, assemble
from caloris.geometry.edge_joint import edge_joint
from caloris.geometry.mesh_file import FrozenTriangles, Mesh
from caloris.geometry.shapes import Annulus, Box, Cone, Cylinder, Disc, Rectangle, Sphere, Triangle
from caloris_kernels.conduction.shell import shell_conductance

TILT = [0.3, -0.5, 1.1]
POINTS = np.array([[0.0, 0, 0], [1, 0, 0], [0.9, 1.1, 0.2], [-0.2, 1, 0]])
TURNED = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])


def craft():
    """Every shape, nested bodies with two joints, a capped cone."""
    shapes = (
        Rectangle([1, 2, 3], [2, 0.1, 0], [0, 3, 0.2], (2, 1)),
        Triangle([0, 0, 1], [1, 0, 0], [0.3, 0.8, 0.1], 2),
        Box([0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 3]),
        Disc([1, 2, 3], TILT, 1.5, [1, 0, 0], (2, 3)),
        Annulus([1, 2, 3], TILT, 1.5, 0.5, [0.2, 1, 0], (1, 4)),
        Cylinder([1, 2, 3], [0, 2, 0.3], 0.5, None, (4, 1)),
        Cone([0, 0, 0], [0, 0.1, 2], 0.5, 0.2, [1, 0, 0], (5, 2)),
        Cone([0, 0, 5], [0, 0.1, 2], 0.5, 0.0, [1, 0, 0], (5, 2)),
        Sphere([1, 1, 1], 2.0, TILT, [1, 0, 0], (4, 3)),
        Mesh(POINTS, FrozenTriangles.of([[0, 1, 2], [0, 2, 3]]), 1e-1),
        Disc([0, 0, 0], [0, -0.1, -2], 0.5, [1, 0, 0], (1, 5)),
    )
    bodies = (
        Body("bus"),
        Body("boom", 0, [1, 0, 0.5], TURNED, [0, 1, 0.2]),
        Body("wing", 1, [0, 2, 0], joint_axis=[1, 0, 0]),
    )
    surfaces = tuple(
        Surface(f"s{k}", s, (0, 1, 2)[k % 3] if k not in (6, 10) else 2, 0, 1) for k, s in enumerate(shapes)
    )
    return assemble(bodies, surfaces)


def check_every_entry(function, flat, step=1e-5):
    """Reverse derivative of a scalar function equals central differences in every entry, and the forward one.

    Bound: central differences of step 1e-5 err by 1e-10 times the third derivative plus rounding 1e-16 / 1e-5
    of values of order 10 to 100; 1e-7 relative to the largest entry leaves room for both.
    """
    reverse = np.asarray(jax.jit(jax.grad(function))(flat))
    shifts = step * jnp.eye(flat.size)
    values = jax.jit(jax.vmap(function))
    difference = np.asarray(values(flat + shifts) - values(flat - shifts)) / (2 * step)
    scale = np.abs(difference).max()
    np.testing.assert_allclose(reverse, difference, rtol=1e-6, atol=1e-7 * scale)
    direction = jnp.cos(1.0 + jnp.arange(flat.size, dtype=flat.dtype))
    forward = jax.jit(lambda x, d: jax.jvp(function, (x,), (d,))[1])(flat, direction)
    # The same derivative summed in another order: rounding.
    np.testing.assert_allclose(forward, reverse @ np.asarray(direction), rtol=1e-10, atol=1e-12 * scale)
    return reverse


@pytest.fixture(scope="module")
def parts():
    geometry = craft()
    assert geometry.surfaces[10].cap_of == 6
    arrays, static = eqx.partition(geometry, eqx.is_inexact_array)
    flat, unravel = ravel_pytree(arrays)
    return geometry, flat, lambda x: eqx.combine(unravel(x), static)


def test_vertices_and_facets_in_every_dimension_and_angle(parts):
    _, flat, build = parts
    angles = jnp.array([0.4, -0.7])

    def objective(x):
        geometry = build(x[angles.size :])
        vertices = geometry.vertices(x[: angles.size])
        area, normal, centroid = geometry.facet_geometry(vertices)
        wave = jnp.sin(jnp.arange(area.size, dtype=area.dtype))
        weight = jnp.cos(jnp.arange(vertices.size, dtype=vertices.dtype)).reshape(vertices.shape)
        tilted = normal @ jnp.array([0.3, 0.5, 0.8])
        return jnp.sum(weight * vertices) + jnp.sum(wave * area * tilted) + jnp.sum(wave[:, None] * centroid * normal)

    gradient = check_every_entry(objective, jnp.concatenate([angles, flat]))
    # Every dimension of these tilted shapes moves some vertex, except directions lengthened along themselves.
    assert np.mean(np.abs(gradient) > 1e-9) > 0.85
    assert np.all(np.abs(gradient[: angles.size]) > 1e-3)


def test_poses_vectorize_over_joint_angles(parts):
    geometry = parts[0]
    angles = jnp.array([[-1.0, 0.3], [0.2, 0.2], [1.0, -2.0]])
    together = jax.vmap(geometry.vertices)(angles)
    for angle, vertices in zip(angles, together, strict=True):
        # Same operations in another order: rounding of coordinates of order 10.
        np.testing.assert_allclose(vertices, geometry.vertices(angle), atol=1e-14)
    assert float(jnp.abs(together[0] - together[2]).max()) > 0.1


def test_area_follows_the_exact_derivative():
    def area(radius, top, height):
        cone = Cone(jnp.zeros(3), jnp.array([0.0, 0.0, 1.0]) * height, radius, top, [1, 0, 0], (7, 2))
        geometry = Geometry((Body("bus"),), (Surface("s", cone, front=0),))
        return geometry.facet_geometry(geometry.vertices())[0].sum()

    def exact(radius, top, height):
        return jnp.pi * (radius + top) * jnp.sqrt(height**2 + (radius - top) ** 2)

    point = (0.5, 0.2, 2.0)
    got, want = jax.grad(area, (0, 1, 2))(*point), jax.grad(exact, (0, 1, 2))(*point)
    # The factor makes the area exact for all parameters, so the derivative is exact too: rounding.
    np.testing.assert_allclose(got, want, rtol=1e-11)


def test_shell_conductance_in_vertices_and_sheets():
    geometry = Geometry(
        (Body("bus"),),
        (
            Surface("a", Triangle([0, 0, 1], [1, 0, 0], [0.4, 0.8, 0.1], 3)),
            Surface("b", Disc([1, 2, 3], TILT, 1.5, [1, 0, 0], (2, 5))),
        ),
    )
    t = geometry.topology()
    sheets = 0.1 + 0.05 * np.cos(np.arange(t.shell_cell.size)).reshape(t.shell_cell.shape)
    flat, unravel = ravel_pytree((geometry.vertices(), jnp.asarray(sheets)))

    def objective(x):
        vertices, sheet = unravel(x)
        g = shell_conductance(
            vertices, t.triangles, t.triangle_cell, t.cell_circumcentric, t.shell_cell, t.shell_vertex, sheet
        )
        return jnp.sum(g * jnp.cos(jnp.arange(g.size)))

    gradient = check_every_entry(objective, flat)
    assert np.mean(np.abs(gradient) > 1e-9) > 0.9


def test_an_insulating_sheet_has_finite_derivatives():
    geometry = Geometry((Body("bus"),), (Surface("a", Rectangle([0, 0, 0], [2, 0, 0], [0, 1, 0], (2, 1))),))
    t = geometry.topology()

    def conductance(sheet):
        args = (geometry.vertices(), t.triangles, t.triangle_cell, t.cell_circumcentric, t.shell_cell, t.shell_vertex)
        return jax.jit(shell_conductance)(*args, sheet)[0]

    # Where one side insulates, the whole resistance is its own: dg/d(kt) = L / d = 1 / 0.5.
    np.testing.assert_allclose(jax.grad(conductance)(jnp.array([[0.3, 0.0]])), [[0.0, 2.0]], atol=1e-14)
    assert np.all(np.isfinite(jax.grad(conductance)(jnp.zeros((1, 2)))))


def test_shared_edge_length_in_vertices():
    geometry = Geometry(
        (Body("bus"),),
        (
            Surface("floor", Rectangle([0, 0, 0], [2, 0, 0], [0, 1, 0], (2, 1))),
            Surface("wall", Rectangle([2.5, 1, 0], [-2, 0, 0], [0, 0, 1], (3, 1))),
        ),
    )
    joint = edge_joint(geometry, "floor", "wall")
    vertices = geometry.vertices()

    def objective(x):
        length = joint.shared_length(x.reshape(vertices.shape))
        return jnp.sum(length * jnp.arange(1.0, 1.0 + length.size))

    gradient = check_every_entry(objective, vertices.ravel())
    assert np.count_nonzero(np.abs(gradient) > 1e-9) >= 4
