"""Rays through the hierarchy meet what exact arithmetic says they meet, whoever walks it."""

from functools import partial
from typing import NamedTuple

import jax
import numpy as np
import pytest
import trimesh

from caloris.geometry.raycast import ray_caster
from caloris_kernels.radiative import bvh_pallas, bvh_walk
from caloris_kernels.radiative.bvh import LINK, build_hierarchy, pad_hierarchy
from caloris_validation.mesh_scenes import satellite

RAYS = 1501  # more than walk at a time, and no multiple of any block
ENTRIES = 2048  # of every scene: one compiled program each

# Float32: the corners' differences, a cross and a dot product are some ten roundings of 2^-24 each, of terms not
# larger than twice the product of the three lengths.
ROUNDING = 16 * 2.0**-24

any_hit, nearest_hit = jax.jit(bvh_walk.any_hit), jax.jit(bvh_walk.nearest_hit)
any_hit_of_kernel = jax.jit(partial(bvh_pallas.any_hit, interpret=True))
nearest_hit_of_kernel = jax.jit(partial(bvh_pallas.nearest_hit, interpret=True))


class Truth(NamedTuple):
    """Every ray against every triangle in float64, [ray, triangle]."""

    surely: np.ndarray  # met, whatever float32 rounds
    perhaps: np.ndarray  # met, or within rounding of it
    distance: np.ndarray
    uncertainty: np.ndarray  # of the distance in float32


def _truth(corners: np.ndarray, origin: np.ndarray, direction: np.ndarray, reach: np.ndarray) -> Truth:
    """Signed volumes, without a division: with s = origin - corner, D = d.(e2 x e1), U = s.(d x e2), V = d.(s x e1).

    A triangle is met where, turned so that D > 0: U > 0, V > 0, U + V < D, 0 < T < reach D, T = e2.(s x e1).
    Each volume errs by no more than ROUNDING times the product of the lengths in it.
    """
    corners, origin, direction = (np.asarray(x, np.float64) for x in (corners, origin, direction))
    e1, e2 = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    s = origin[:, None] - corners[None, :, 0]
    d = np.broadcast_to(direction[:, None], s.shape)
    q = np.cross(s, e1[None])
    h = np.cross(d, e2[None])
    volumes = [np.sum(a * b, axis=2) for a, b in ((h, e1[None]), (s, h), (d, q), (q, e2[None]))]
    size = [np.linalg.norm(x, axis=2) for x in (s, d, e1[None], e2[None])]
    errors = [ROUNDING * a * b * c for a, b, c in ((size[1], size[2], size[3]), (size[0], size[1], size[3]))]
    errors += [ROUNDING * size[0] * size[1] * size[2], ROUNDING * size[0] * size[2] * size[3]]
    far = reach[:, None].astype(np.float64)

    def inside(sign: float | np.ndarray, slack: float) -> np.ndarray:
        big, u, v, t = (sign * x for x in volumes)
        e_big, e_u, e_v, e_t = (slack * e for e in errors)
        within = np.where(np.isinf(far), True, t < np.minimum(far, 1e30) * (big + e_big) + e_t)
        return (u > -e_u) & (v > -e_v) & (u + v < big + e_big + e_u + e_v) & (t > -e_t) & within

    sign = np.sign(volumes[0])
    known = np.abs(volumes[0]) > errors[0]
    surely = known & inside(sign, -1.0)
    perhaps = np.where(known, inside(sign, 1.0), inside(1.0, 1.0) | inside(-1.0, 1.0))
    distance = volumes[3] / np.where(known, volumes[0], np.inf)
    spread = 2 * (errors[3] + np.abs(distance) * errors[0])
    uncertainty = np.where(known, spread / np.where(known, np.abs(volumes[0]) - errors[0], 1.0), np.inf)
    return Truth(surely, perhaps, distance, uncertainty)


def _random(rng: np.random.Generator) -> np.ndarray:
    center = rng.uniform(-1, 1, size=(300, 1, 3))
    return center + rng.uniform(-0.3, 0.3, size=(300, 3, 3))


def _slivers(rng: np.random.Generator) -> np.ndarray:
    """Triangles a hundred times longer than wide, in all directions: boxes that hold mostly nothing."""
    start, along = rng.uniform(-1, 1, size=(300, 3)), rng.normal(size=(300, 3))
    across = 1e-2 * rng.normal(size=(300, 3))
    return np.stack([start, start + along, start + along + across], axis=1)


SCENES = {
    "random": _random,
    "slivers": _slivers,
    "sphere": lambda rng: np.asarray(trimesh.creation.icosphere(subdivisions=2).triangles),
    "satellite": lambda rng: (lambda scene: scene.vertices[scene.triangles] / 4)(satellite(500)),
}


def _rays(rng: np.random.Generator, corners: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Thirds: at random, along the axes with a coordinate in the plane of a vertex, and between lifted surfaces."""
    third = RAYS // 3
    origin, direction = rng.uniform(-2, 2, size=(RAYS, 3)), rng.normal(size=(RAYS, 3))
    axes = slice(0, third)
    direction[axes] = np.eye(3)[rng.integers(0, 3, third)] * rng.choice([-1.0, 1.0], (third, 1)) * 3
    origin[:100, 0] = corners.reshape(-1, 3)[rng.integers(0, 3 * len(corners), 100), 0]
    surfaces = slice(third, 2 * third)
    weights = rng.dirichlet([1, 1, 1], size=(2, third))
    chosen = corners[rng.integers(0, len(corners), size=(2, third))]
    points = np.einsum("era,eraj->erj", weights, chosen)
    normal = np.cross(chosen[0, :, 1] - chosen[0, :, 0], chosen[0, :, 2] - chosen[0, :, 0])
    origin[surfaces] = points[0] + 1e-4 * normal / np.linalg.norm(normal, axis=1, keepdims=True)
    direction[surfaces] = points[1] - origin[surfaces]
    return origin.astype(np.float32), direction.astype(np.float32)


@pytest.fixture(params=SCENES, scope="module")
def case(request: pytest.FixtureRequest) -> tuple:
    rng = np.random.default_rng(7)
    corners = SCENES[request.param](rng).astype(np.float32)
    origin, direction = _rays(rng, corners)
    hierarchy = pad_hierarchy(build_hierarchy(corners), ENTRIES)
    return corners, hierarchy, origin, direction


def _check_any(found: np.ndarray, truth: Truth) -> None:
    surely, perhaps = (np.asarray(x.any(axis=1)) for x in (truth.surely, truth.perhaps))
    # Both answers are common, and few rays are let off.
    assert 0.05 < surely.mean() < 0.95
    assert np.mean(surely != perhaps) < 0.1
    np.testing.assert_array_equal(found[surely == perhaps], surely[surely == perhaps])


def _check_nearest(triangle: np.ndarray, distance: np.ndarray, truth: Truth) -> None:
    """The triangle is one that may be met, where it says, and none that is met for sure is nearer."""
    met = triangle >= 0
    np.testing.assert_array_equal(met | truth.surely.any(axis=1), met)
    ray, index = np.flatnonzero(met), triangle[met]
    assert truth.perhaps[ray, index].all()
    assert np.all(np.abs(distance[met] - truth.distance[ray, index]) <= truth.uncertainty[ray, index])
    nearest = np.min(np.where(truth.surely, truth.distance + truth.uncertainty, np.inf), axis=1)
    assert np.all(distance[met] <= nearest[met])
    assert np.all(np.isinf(distance[~met]))


def test_any_hit(case: tuple) -> None:
    corners, hierarchy, origin, direction = case
    # To a little before or behind the point aimed at, or nowhere.
    reach = np.random.default_rng(1).choice([0.0, 0.98, 1.02], RAYS, p=[0.1, 0.3, 0.6]).astype(np.float32)
    truth = _truth(corners, origin, direction, reach)
    found = np.asarray(any_hit(hierarchy, origin, direction, reach))
    _check_any(found, truth)
    kernel = np.asarray(any_hit_of_kernel(hierarchy, origin, direction, reach))
    _check_any(kernel, truth)
    assert not found[reach == 0].any() and not kernel[reach == 0].any()


def test_nearest_hit(case: tuple) -> None:
    corners, hierarchy, origin, direction = case
    reach = np.full(RAYS, np.inf, np.float32)
    truth = _truth(corners, origin, direction, reach)
    found = nearest_hit(hierarchy, origin, direction, reach)
    kernel = nearest_hit_of_kernel(hierarchy, origin, direction, reach)
    for hit in (found, kernel):
        triangle = np.asarray(hit.triangle)
        _check_nearest(triangle, np.asarray(hit.distance), truth)
        ray = np.flatnonzero(triangle >= 0)
        triangle = triangle[ray]
        u, v, distance = (np.asarray(x, np.float64)[ray, None] for x in (hit.u, hit.v, hit.distance))
        corner = corners[triangle].astype(np.float64)
        point = corner[:, 0] + u * (corner[:, 1] - corner[:, 0]) + v * (corner[:, 2] - corner[:, 0])
        gap = np.linalg.norm(point - origin[ray] - distance * direction[ray], axis=1)
        # Two ways to the point met: u e1, v e2 and the way along the ray err by the same products over D.
        bound = 3 * truth.uncertainty[ray, triangle] * np.linalg.norm(direction[ray], axis=1)
        assert np.median(bound) < 1e-2
        assert np.all(gap <= bound)
    np.testing.assert_array_equal(np.asarray(found.triangle), np.asarray(kernel.triangle))


def test_embree_agrees(case: tuple) -> None:
    pytest.importorskip("embreex")
    corners, _, origin, direction = case
    caster = ray_caster(corners.reshape(-1, 3), np.arange(3 * len(corners)).reshape(-1, 3), "embree")
    reach = np.full(RAYS, 1.02, np.float32)
    _check_any(caster.occluded(origin, direction, reach), _truth(corners, origin, direction, reach))
    hit = caster.hit(origin, direction)
    _check_nearest(hit.triangle, hit.distance, _truth(corners, origin, direction, np.full(RAYS, np.inf, np.float32)))


@pytest.mark.parametrize("kind", ["random", "one plane", "coincident", "one", "degenerate"])
def test_hierarchy_holds_each_triangle_once_in_its_boxes(kind: str) -> None:
    rng = np.random.default_rng(3)
    corners = _random(rng).astype(np.float32)
    expected = np.arange(len(corners))
    if kind == "one plane":
        corners[:, :, 2] = 0.25
    elif kind == "coincident":
        corners[:] = corners[0]
    elif kind == "one":
        corners, expected = corners[:1], expected[:1]
    elif kind == "degenerate":
        corners[::2, 2] = corners[::2, 1]
        expected = expected[1::2]
    hierarchy = build_hierarchy(corners)
    link = hierarchy[:, LINK].astype(int)
    is_box = link >= 0
    np.testing.assert_array_equal(np.sort(-1 - link[~is_box]), expected)
    index = -1 - link[~is_box]
    np.testing.assert_array_equal(hierarchy[~is_box, :3], corners[index, 0])
    np.testing.assert_array_equal(hierarchy[~is_box, 3:6], corners[index, 1] - corners[index, 0])
    np.testing.assert_array_equal(hierarchy[~is_box, 6:9], corners[index, 2] - corners[index, 0])
    ends = [len(link)]
    for entry in np.flatnonzero(is_box):
        while ends[-1] <= entry:
            ends.pop()
        # Boxes are nested, and hold more than one triangle.
        assert entry + 2 < link[entry] <= ends[-1]
        ends.append(link[entry])
        inside = -1 - link[entry + 1 : link[entry]]
        held = corners[inside[inside >= 0]].reshape(-1, 3)
        np.testing.assert_array_equal(hierarchy[entry, :3], held.min(axis=0))
        np.testing.assert_array_equal(hierarchy[entry, 3:6], held.max(axis=0))


def test_nothing_to_walk() -> None:
    empty = build_hierarchy(np.zeros((0, 3, 3), np.float32))
    ray, reach = np.ones((5, 3), np.float32), np.ones(5, np.float32)
    one = build_hierarchy(np.array([[[0, 0, 0], [1, 0, 0], [0, 1, 0]]], np.float32))
    for walk in (bvh_walk, bvh_pallas):
        assert not np.any(walk.any_hit(empty, ray, ray, reach))
        assert np.all(np.asarray(walk.nearest_hit(empty, ray, ray, reach).triangle) == -1)
        assert walk.any_hit(one, ray[:0], ray[:0], reach[:0]).shape == (0,)
        assert walk.nearest_hit(one, ray[:0], ray[:0], reach[:0]).distance.shape == (0,)


def test_too_many_triangles() -> None:
    many = np.broadcast_to(np.zeros((1, 3, 3), np.float32), (2**23 + 1, 3, 3))
    with pytest.raises(ValueError, match="8388609 triangles are too many"):
        build_hierarchy(many)
