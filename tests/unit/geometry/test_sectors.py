"""Rays of sectors: every crossing, exact chords, derivatives, and the errors that are stated."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris.geometry.assembly import Body, Surface, assemble
from caloris.geometry.sector_bins import sector_bins
from caloris.geometry.sectors import (
    LEAST_COSINE,
    REPLICATES,
    areal_density,
    crossings,
    sector_rays,
    sphere_directions,
)
from caloris.geometry.shapes import Box, Rectangle, Sphere
from caloris.geometry.solid_patches import SolidFace
from caloris.geometry.solids import Solid, SolidBox

# Mean over all directions of 1 / max |n_i|, which is 1 / cos at the walls of a cube seen from its center:
# (6 / 4 pi) times the integral of 1 / (1 + x^2 + y^2) over the square |x|, |y| < 1, by Gauss and Legendre.
_NODE, _WEIGHT = np.polynomial.legendre.leggauss(40)
CUBE = 6.0 / (4.0 * np.pi) * np.sum(_WEIGHT[:, None] * _WEIGHT / (1.0 + _NODE[:, None] ** 2 + _NODE**2))


def box(size: float = 1.0, corner: float = -0.5) -> Surface:
    u, v, w = np.eye(3) * size
    return Surface("box", Box(np.full(3, corner), u, v, w, (1, 1, 1)), front=0)


def solid_box(size: float = 1.0, corner: float = -0.5, divide=(2, 1, 1)):
    u, v, w = np.eye(3) * size
    shape = SolidBox(np.full(3, corner), u, v, w, divide)
    faces = [Surface(f"s.{name}", SolidFace(0, patch), front=0) for name, patch in shape.topology().faces]
    return assemble((Body("bus"),), tuple(faces), (Solid("s", shape),))


def test_every_crossing_is_found_and_none_twice():
    """Against every ray with every triangle by Moeller and Trumbore: 20 000 crossings of 300 triangles."""
    draw = np.random.default_rng(1)
    corners = draw.normal(size=(300, 1, 3)) + 0.5 * draw.normal(size=(300, 3, 3))
    direction = sphere_directions(4000)
    ray, triangle, _ = crossings(np.zeros(3), direction, corners)
    expected = set()
    for k, (a, b, c) in enumerate(corners):
        p = np.cross(direction, c - a)
        det = p @ (b - a)
        q = np.cross(-a, b - a)
        u, v, t = (p @ -a) / det, (direction @ q) / det, (c - a) @ q / det
        expected |= {(int(i), k) for i in np.flatnonzero((u >= 0) & (v >= 0) & (u + v <= 1) & (t > 0))}
    found = list(zip(ray.tolist(), triangle.tolist(), strict=True))
    assert len(found) == len(set(found)) > 10_000
    assert set(found) == expected


@pytest.mark.parametrize("place", [[0.0, 0.0, 0.0], [0.2, -0.3, 0.3]])
def test_a_closed_surface_is_crossed_once(place):
    shape = Sphere(np.zeros(3), 0.5, np.array([0.0, 0.0, 1.0]), np.array([1.0, 0.0, 0.0]), (24, 12))
    geometry = assemble((Body("bus"),), (Surface("ball", shape, front=0),))
    rays = sector_rays(geometry, np.array(place), 4000)
    assert np.all(np.bincount(rays.shell_ray, minlength=4000) == 1)
    if place == [0.0, 0.0, 0.0]:
        # Facets are tilted against the rays by up to their half width, 0.13 rad: 1 / cos up to 1.01.
        np.testing.assert_allclose(rays.inverse_cosine, 1.0, atol=0.02)


def test_walls_of_a_cube_from_its_center():
    geometry = assemble((Body("bus"),), (box(),))
    rays = sector_rays(geometry, np.zeros(3), 40_000)
    assert rays.inverse_cosine.max() <= np.sqrt(3.0) + 1e-12
    mean, error = _mean_and_error(rays)
    assert error < 1e-3 * mean
    # Four sets: their spread is known to a factor of 2, and rays of a lattice do better than independent ones.
    assert abs(mean - 2.7 * CUBE) < 4.0 * error + 1e-5
    few, loose = _mean_and_error(sector_rays(geometry, np.zeros(3), 400))
    assert loose > error
    assert abs(few - 2.7 * CUBE) < 6.0 * loose


def _mean_and_error(rays):
    """Mean areal density over the sphere and its standard error by the spread of the independent lattices."""
    value = np.asarray(areal_density(rays, jnp.asarray([[2.7]]), jnp.zeros((0, 1))))
    sets = value.reshape(REPLICATES, -1).mean(axis=1)
    return sets.mean(), sets.std(ddof=1) / np.sqrt(REPLICATES)


@pytest.mark.parametrize("place", [[0.0, 0.0, 0.0], [0.3, 0.1, -0.2], [1.5, 0.2, 0.1]])
def test_paths_in_a_solid_box_are_its_chords(place):
    """Slab by slab: the ray is inside between the last entry and the first exit; bricks of it leave no trace."""
    rays = sector_rays(solid_box(), np.array(place), 2000)
    found = np.zeros(2000)
    np.add.at(found, rays.solid_ray, rays.path)
    with np.errstate(divide="ignore"):
        ends = (np.array([-0.5, 0.5])[:, None, None] - np.array(place)) / rays.direction
    enter, leave = ends.min(axis=0).max(axis=1), ends.max(axis=0).min(axis=1)
    chord = np.maximum(leave - np.maximum(enter, 0.0), 0.0) * (leave > 0.0)
    np.testing.assert_allclose(found, chord, atol=1e-12)
    assert rays.shell_ray.size == 0


def test_a_plate_beside_the_point_is_capped():
    plate = Rectangle(np.array([-50.0, -50.0, 0.1]), np.array([100.0, 0, 0]), np.array([0, 100.0, 0]), (1, 1))
    geometry = assemble((Body("bus"),), (Surface("plate", plate, front=0),))
    rays = sector_rays(geometry, np.zeros(3), 20_000)
    up = rays.direction[:, 2] > 0.01
    value = np.asarray(areal_density(rays, jnp.ones((1, 1)), jnp.zeros((0, 1))))[:, 0]
    expected = 1.0 / np.maximum(rays.direction[:, 2], LEAST_COSINE)
    np.testing.assert_allclose(value[up], expected[up], rtol=1e-9)
    assert np.all(value[rays.direction[:, 2] < 0.0] == 0.0)
    # The share of a half-space beyond the limit is LEAST_COSINE itself, less what passes beside the plate's edge.
    assert 0.9 * LEAST_COSINE < rays.grazing_share < LEAST_COSINE * 1.01


def test_layers_that_coincide_all_count():
    plate = Rectangle(np.array([-1.0, -1.0, 0.1]), np.array([2.0, 0, 0]), np.array([0, 2.0, 0]), (1, 1))
    twice = (Surface("a", plate, front=0), Surface("b", plate, front=0))
    rays = sector_rays(assemble((Body("bus"),), twice), np.zeros(3), 1000)
    counts = np.bincount(rays.shell_ray, minlength=1000)
    assert set(counts.tolist()) == {0, 2}


def test_derivatives_by_thickness_and_density():
    geometry = assemble((Body("bus"),), (box(), box(2.0, -1.0)))
    rays = sector_rays(geometry, np.array([0.1, 0.2, 0.0]), 1000)

    def mean_rate(thickness):
        density = areal_density(rays, 2.7 * thickness[:, None], jnp.zeros((0, 1)))
        bins = sector_bins(density)
        return jnp.mean(bins.weight, axis=0) @ jnp.exp(-jnp.sum(bins.areal_density, axis=1))

    at = jnp.asarray([0.3, 0.5])
    gradient = jax.grad(mean_rate)(at)
    # The same mean over rays one by one, whose derivative needs no bins.
    density = np.asarray(areal_density(rays, 2.7 * at[:, None], jnp.zeros((0, 1))))[:, 0]
    np.testing.assert_allclose(mean_rate(at), np.exp(-density).mean(), rtol=1e-4)
    for k in range(2):
        high, low = (
            np.exp(-np.asarray(areal_density(rays, 2.7 * at.at[k].add(h)[:, None], jnp.zeros((0, 1))))).mean()
            for h in (1e-5, -1e-5)
        )
        # What bins of 64 leave out of the derivative.
        np.testing.assert_allclose(gradient[k], (high - low) / 2e-5, rtol=2e-3)
    forward = jax.jvp(mean_rate, (at,), (jnp.asarray([1.0, 0.0]),))[1]
    np.testing.assert_allclose(forward, gradient[0], rtol=1e-10)
    solid = sector_rays(solid_box(), np.zeros(3), 400)
    by_density = jax.grad(lambda rho: jnp.mean(areal_density(solid, jnp.zeros((6, 1)), rho[None, None])))(2.7)
    np.testing.assert_allclose(by_density, 100.0 * solid.path.sum() / 400, rtol=1e-12)


def test_bins_keep_the_mean_and_open_directions():
    density = jnp.asarray(np.r_[np.zeros(400), np.random.default_rng(0).uniform(0.1, 5.0, 1200)][:, None])
    order = np.random.default_rng(1).permutation(1600)
    bins = sector_bins(density[order])
    share = np.asarray(bins.weight).mean(axis=0)
    np.testing.assert_allclose(np.asarray(bins.weight).sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(share @ np.asarray(bins.areal_density)[:, 0], np.mean(np.asarray(density)), rtol=1e-12)
    np.testing.assert_allclose(share[0], 0.25, rtol=1e-12)
    assert np.all(np.isfinite(np.asarray(bins.areal_density)))


def test_nothing_around_is_open():
    bins = sector_bins(jnp.zeros((400, 1)))
    np.testing.assert_allclose(np.asarray(bins.weight)[:, 0], 1.0, rtol=1e-12)
    assert float(jnp.sum(bins.areal_density[0])) == 0.0
