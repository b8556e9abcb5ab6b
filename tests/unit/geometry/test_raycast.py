"""All ray casters meet the same triangles, on the right side, at the right place."""

import importlib.util

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris.devices import ray_backend
from caloris.geometry.raycast import HierarchyRayCaster, RayCaster, ray_caster


def _soup(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    center = rng.uniform(-1, 1, size=(count, 1, 3))
    corners = (center + rng.uniform(-0.3, 0.3, size=(count, 3, 3))).astype(np.float32)
    return corners.reshape(-1, 3), np.arange(3 * count).reshape(-1, 3)


def _rays(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.uniform(-2, 2, size=(count, 3)).astype(np.float32), rng.normal(size=(count, 3)).astype(np.float32)


@pytest.fixture(params=["embree", "lax"])
def square(request: pytest.FixtureRequest) -> RayCaster:
    if request.param == "embree":
        pytest.importorskip("embreex")
    vertices = np.array([[0, 0, 0], [2, 0, 0], [2, 2, 0], [0, 2, 0]], float)
    return ray_caster(vertices, np.array([[0, 1, 2], [0, 2, 3]]), request.param)


def test_hit_on_a_square(square: RayCaster) -> None:
    origin = np.array([[1.5, 0.5, 3], [1.5, 0.5, -4], [0.5, 1.5, 1], [3, 3, 1]])
    direction = np.array([[0, 0, -1], [0, 0, 2], [0, 0, -1], [0, 0, -1.0]])
    hit = square.hit(origin, direction)
    np.testing.assert_array_equal(hit.triangle, [0, 0, 1, -1])
    np.testing.assert_array_equal(hit.side, [0, 1, 0, 0])
    # Float32 rounding of numbers of order one.
    np.testing.assert_allclose(hit.distance, [3, 2, 1, np.inf], rtol=1e-6)
    np.testing.assert_allclose(hit.barycentrics[0], [0.25, 0.5, 0.25], atol=1e-6)
    np.testing.assert_allclose(hit.barycentrics[2], [0.25, 0.25, 0.5], atol=1e-6)


def test_occluded_only_within_reach(square: RayCaster) -> None:
    origin = np.array([[1.5, 0.5, 3.0]] * 4)
    direction = np.array([[0, 0, -1.0], [0, 0, -1.0], [0, 0, 1.0], [0, 0, -3.5]])
    blocked = square.occluded(origin, direction, np.array([2.9, 3.1, 9.0, 1.0]))
    np.testing.assert_array_equal(blocked, [False, True, False, True])


@pytest.mark.parametrize("backend", ["embree", "lax"])
def test_nothing_to_hit(backend: str) -> None:
    if backend == "embree":
        pytest.importorskip("embreex")
    caster = ray_caster(np.zeros((0, 3)), np.zeros((0, 3), int), backend)  # pyright: ignore[reportArgumentType]
    origin, direction = _rays(5, 0)
    assert np.all(caster.hit(origin, direction).triangle == -1)
    assert not np.any(caster.occluded(origin, direction, 1e9))
    assert len(caster.hit(origin[:0], direction[:0]).distance) == len(caster.occluded(origin[:0], direction[:0])) == 0


def test_hierarchy_equals_embree() -> None:
    pytest.importorskip("embreex")
    vertices, triangles = _soup(300, 1)
    origin, direction = _rays(20000, 2)
    embree = ray_caster(vertices, triangles, "embree").hit(origin, direction)
    walked = ray_caster(vertices, triangles, "lax").hit(origin, direction)
    assert 0.1 < np.mean(embree.triangle >= 0) < 0.9
    # Rays through an edge within float32 rounding (1e-6 of a triangle's size) may fall either way.
    differ = embree.triangle != walked.triangle
    assert np.mean(differ) < 2e-4
    same = ~differ & (embree.triangle >= 0)
    np.testing.assert_array_equal(embree.side[same], walked.side[same])
    np.testing.assert_allclose(embree.distance[same], walked.distance[same], rtol=2e-4, atol=1e-5)
    # Grazing rays lose digits in the in-plane place: float32 rounding over the sine of the angle.
    assert np.quantile(np.abs(embree.barycentrics[same] - walked.barycentrics[same]), 0.999) < 1e-4


def test_occluded_agrees_with_hit() -> None:
    vertices, triangles = _soup(200, 3)
    caster = ray_caster(vertices, triangles)
    origin, direction = _rays(20000, 4)
    reach = np.random.default_rng(5).uniform(0, 3, 20000).astype(np.float32)
    expected = caster.hit(origin, direction).distance < reach
    # The same rounding at the end of the reach.
    assert np.mean(caster.occluded(origin, direction, reach) != expected) < 2e-4


def test_rays_that_stay_on_the_device() -> None:
    vertices, triangles = _soup(200, 3)
    caster = HierarchyRayCaster(vertices[triangles], "lax")
    origin, direction = _rays(500, 4)
    reach = jnp.full(500, 9, np.float32)

    @jax.jit
    def program(origin: jax.Array, direction: jax.Array) -> tuple[jax.Array, jax.Array]:
        blocked = caster.occluded_on_device(origin, direction, reach)
        return blocked, caster.hit_on_device(origin, direction, reach).distance

    blocked, distance = program(origin, direction)
    assert 0.05 < np.mean(blocked) < 0.95
    # The same steps on the same numbers.
    np.testing.assert_array_equal(blocked, caster.occluded(origin, direction, 9.0))
    np.testing.assert_array_equal(distance, np.minimum(caster.hit(origin, direction).distance, 9.0))


@pytest.mark.parametrize(
    ("platform", "embree", "expected"),
    [("cpu", True, "embree"), ("cpu", False, "lax"), ("gpu", True, "pallas"), ("tpu", True, "lax")],
)
def test_choice_of_ray_caster(platform: str, embree: bool, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jax, "default_backend", lambda: platform)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name if embree else None)
    assert ray_backend() == expected


@pytest.mark.gpu
def test_kernel_on_a_gpu() -> None:
    vertices, triangles = _soup(300, 1)
    origin, direction = _rays(20000, 2)
    walked = ray_caster(vertices, triangles, "lax").hit(origin, direction)
    kernel = ray_caster(vertices, triangles, "pallas")
    # As against Embree above.
    assert np.mean(kernel.hit(origin, direction).triangle != walked.triangle) < 2e-4
    assert np.mean(kernel.occluded(origin, direction, np.inf) != (walked.triangle >= 0)) < 2e-4
