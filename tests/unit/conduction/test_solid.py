"""Conduction in solids: linear temperatures are exact, others converge with second order, in tetrahedra and bricks."""

from itertools import permutations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from scipy.sparse import coo_array
from scipy.sparse.linalg import spsolve

from caloris.geometry.solids import brick_corners, brick_pairs
from caloris_kernels.conduction.solid import (
    EDGES,
    brick_conductance,
    tetrahedron_conductance,
    tetrahedron_volume,
)

TENSOR = np.array([[3.0, 0.7, -0.4], [0.7, 2.0, 0.5], [-0.4, 0.5, 1.5]])


def lattice(count):
    """Vertices and tetrahedra of a unit cube of count^3 bricks, six in each."""
    number = np.arange((count + 1) ** 3).reshape((count + 1,) * 3)
    tetrahedra = []
    for order in permutations(range(3)):
        step, corners = np.zeros(3, int), [number[:count, :count, :count].ravel()]
        for axis in order:
            step[axis] += 1
            corners.append(number[tuple(slice(s, s + count) for s in step)].ravel())
        tetrahedra.append(np.stack(corners, axis=1))
    points = np.stack(np.indices(number.shape), axis=-1).reshape(-1, 3) / count
    return points, np.concatenate(tetrahedra)


def shaken(points, size, seed=1):
    """The points inside the cube moved about, those on its faces along them."""
    inside = (points > 1e-9) & (points < 1 - 1e-9)
    return points + size * inside * np.random.default_rng(seed).uniform(-1, 1, points.shape)


def matrix(pairs, conductance, count):
    i, j = pairs.T
    rows, columns = np.concatenate([i, j, i, j]), np.concatenate([i, j, j, i])
    return coo_array((np.concatenate([conductance, conductance, -conductance, -conductance]), (rows, columns)),
                     shape=(count, count)).tocsr()  # fmt: skip


def of_tetrahedra(points, tetrahedra, tensor):
    corners = jnp.asarray(points[tetrahedra])
    conductance = np.asarray(tetrahedron_conductance(corners, jnp.broadcast_to(tensor, (len(tetrahedra), 3, 3))))
    volume = np.zeros(len(points))
    np.add.at(volume, tetrahedra, np.abs(np.asarray(tetrahedron_volume(corners)))[:, None] / 4)
    pairs = tetrahedra[:, np.array(EDGES)].reshape(-1, 2)
    return matrix(pairs, conductance.ravel(), len(points)), volume


def of_bricks(edges, divide, tensor):
    """Vertices, matrix and volumes of a box spanned by three edges."""
    brick = np.asarray(edges) / np.array(divide)[:, None]
    kinds = np.asarray(brick_conductance(jnp.asarray(brick[None]), jnp.asarray(tensor[None])))[0]
    pairs, kind, count = brick_pairs(divide)
    points = np.moveaxis(np.indices([count + 1 for count in divide]), 0, -1).reshape(-1, 3) @ brick
    volume = brick_corners(divide) * abs(np.linalg.det(brick)) / 8
    return points, matrix(pairs, kinds[kind] * count, len(points)), volume


def test_linear_temperatures_flow_without_a_source_in_tetrahedra():
    points, tetrahedra = lattice(3)
    points = shaken(points, 0.08)
    stiffness, volume = of_tetrahedra(points, tetrahedra, TENSOR)
    gradient = np.array([2.0, -1.0, 0.5])
    heat = stiffness @ (points @ gradient)
    inside = np.all((points > 1e-9) & (points < 1 - 1e-9), axis=1)
    assert inside.sum() == 8
    assert np.abs(heat[inside]).max() < 1e-13
    assert np.abs(stiffness @ np.ones(len(points))).max() < 1e-13
    # The energy is that of the field: V g.K.g.
    assert (points @ gradient) @ heat == pytest.approx(gradient @ TENSOR @ gradient, rel=1e-12)
    assert volume.sum() == pytest.approx(1.0, rel=1e-13)


def test_orientation_of_a_tetrahedron_does_not_matter():
    corners = jnp.asarray(np.random.default_rng(3).normal(size=(5, 4, 3)))
    tensor = jnp.broadcast_to(TENSOR, (5, 3, 3))
    plain, turned = (tetrahedron_conductance(corners[:, order], tensor) for order in ([0, 1, 2, 3], [1, 0, 2, 3]))
    # Corners 0 and 1 exchanged: edges 02, 03 and 12, 13 change places.
    np.testing.assert_allclose(turned, plain[:, [0, 3, 4, 1, 2, 5]], rtol=1e-12)
    np.testing.assert_allclose(tetrahedron_volume(corners[:, [1, 0, 2, 3]]), -tetrahedron_volume(corners), rtol=1e-12)


@pytest.mark.parametrize("skew", [0.0, 0.4])
def test_linear_temperatures_flow_without_a_source_in_bricks(skew):
    edges = [[1.0, 0, 0], [skew, 2.0, 0], [0.3 * skew, -skew, 0.5]]
    points, stiffness, volume = of_bricks(edges, (3, 2, 2), TENSOR)
    gradient = np.array([2.0, -1.0, 0.5])
    heat = stiffness @ (points @ gradient)
    assert np.abs(heat[[13, 22]]).max() < 1e-13  # the two vertices inside
    assert np.abs(stiffness @ np.ones(len(points))).max() < 1e-13
    assert (points @ gradient) @ heat == pytest.approx(volume.sum() * gradient @ TENSOR @ gradient, rel=1e-12)
    assert volume.sum() == pytest.approx(abs(np.linalg.det(edges)), rel=1e-13)


def test_a_rectangular_brick_along_its_conductivities_is_the_seven_point_formula():
    kinds = brick_conductance(jnp.diag(jnp.array([0.1, 0.2, 0.5]))[None], jnp.diag(jnp.array([3.0, 2.0, 7.0]))[None])[0]
    # k A / L of a quarter of the brick's cross-section.
    np.testing.assert_allclose(kinds[:3], [3 * 0.1 / 0.1 / 4, 2 * 0.05 / 0.2 / 4, 7 * 0.02 / 0.5 / 4], rtol=1e-13)
    assert np.abs(kinds[3:]).max() < 1e-16


def solve(points, stiffness, volume, tensor):
    """Root mean square error of T = cos(pi x) cos(pi y) cos(pi z) in an insulated unit cube with its source."""
    c, s = np.cos(np.pi * points), np.sin(np.pi * points)
    exact = np.prod(c, axis=1)
    source = np.pi**2 * np.trace(tensor) * exact
    for i, j, k in ((0, 1, 2), (0, 2, 1), (1, 2, 0)):
        source -= 2 * np.pi**2 * tensor[i, j] * s[:, i] * s[:, j] * c[:, k]
    # The tensor's cross terms let heat through the faces; hold them at the exact temperatures instead.
    free = np.all((points > 1e-9) & (points < 1 - 1e-9), axis=1)
    heat = source * volume - stiffness[:, ~free] @ exact[~free]
    solved = exact.copy()
    solved[free] = spsolve(stiffness[free][:, free].tocsc(), heat[free])
    return np.sqrt(np.average((solved - exact) ** 2, weights=volume))


def test_tetrahedra_converge_with_second_order():
    errors = []
    for count in (4, 8, 16):
        points, tetrahedra = lattice(count)
        points = shaken(points, 0.2 / count)
        stiffness, volume = of_tetrahedra(points, tetrahedra, TENSOR)
        errors.append(solve(points, stiffness, volume, TENSOR))
    # Measured 1.9e-2, 5.0e-3, 1.3e-3: orders 1.91 and 1.98.
    assert errors[-1] < 2e-3
    assert np.log2(errors[1] / errors[2]) > 1.9


def test_bricks_converge_with_second_order():
    errors = []
    for count in (4, 8, 16):
        points, stiffness, volume = of_bricks(np.eye(3), (count, count, count), TENSOR)
        errors.append(solve(points, stiffness, volume, TENSOR))
    # Measured 9.2e-3, 2.6e-3, 6.8e-4: orders 1.80 and 1.96.
    assert errors[-1] < 1e-3
    assert np.log2(errors[1] / errors[2]) > 1.9


def test_derivatives():
    random = np.random.default_rng(7)
    corners = jnp.asarray(random.normal(size=(2, 4, 3)))
    tensor = jnp.broadcast_to(TENSOR, (2, 3, 3))
    check_grads(lambda c, k: tetrahedron_conductance(c, k), (corners, tensor), 1, ["fwd", "rev"])
    check_grads(lambda c: tetrahedron_volume(c), (corners,), 1, ["fwd", "rev"])
    edges = jnp.asarray(np.eye(3) + 0.2 * random.normal(size=(2, 3, 3)))
    check_grads(lambda e, k: brick_conductance(e, k), (edges, tensor), 1, ["fwd", "rev"])
    # Shearing a rectangular brick makes its diagonals conduct: their derivative is not zero.
    shear = jnp.zeros((1, 3, 3)).at[0, 0, 1].set(1.0)
    cube, iso = jnp.eye(3)[None], jnp.eye(3)[None]
    _, change = jax.jvp(lambda e: brick_conductance(e, iso), (cube,), (shear,))
    np.testing.assert_allclose(change[0, 3:5], [-0.25, 0.25], rtol=1e-12)
