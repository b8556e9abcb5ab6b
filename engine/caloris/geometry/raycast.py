"""Ray casting behind one interface: Embree on the processor, or brute force in JAX anywhere.

What was hit enters the JAX program as arrays; visibility itself is not differentiable.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any, Literal, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from caloris.devices import ray_backend
from caloris_kernels.radiative.ray_casting import nearest_triangle

_RAYS_AT_ONCE = 1 << 15  # Embree: what one thread takes at a time
_RAY_BLOCK = 8192  # JAX: one compiled shape; 8192 rays x 64 triangles are 2 MB an array
_TRIANGLE_BLOCK = 64


class RayHit(NamedTuple):
    """What each ray met first; arrays over rays."""

    triangle: np.ndarray  # [ray] int32, -1: nothing
    side: np.ndarray  # [ray] int8, 0: the front was hit (the ray runs against the normal), 1: the back
    barycentrics: np.ndarray  # [ray, 3] float32, weights of the triangle's three vertices
    distance: np.ndarray  # [ray] float32, in units of |direction|, infinite where nothing was met


class RayCaster(Protocol):
    """Rays against one set of triangles, both sides of which stop a ray."""

    def hit(self, origin: np.ndarray, direction: np.ndarray) -> RayHit:
        """Return the nearest triangle that each ray origin + s direction, s > 0, meets."""
        ...

    def occluded(self, origin: np.ndarray, direction: np.ndarray, distance: float | np.ndarray = 1.0) -> np.ndarray:
        """Return [ray] bool: whether anything lies at 0 < s < distance, in units of |direction|."""
        ...


def ray_caster(
    vertices: np.ndarray, triangles: np.ndarray, backend: Literal["embree", "jax"] | None = None
) -> RayCaster:
    """Return a ray caster for the triangles [t, 3] (indices into vertices [v, 3], m); float32 inside.

    backend: None takes the machine's best (`caloris.devices.ray_backend`).
    """
    corners = np.asarray(vertices, np.float32)[np.asarray(triangles)]
    if (backend or ray_backend()) == "embree":
        return EmbreeRayCaster(corners)
    return JaxRayCaster(corners)


class EmbreeRayCaster:
    """Embree's bounding-volume hierarchy: 13 to 20 million rays a second on one thread."""

    def __init__(self, corners: np.ndarray) -> None:
        """Build the hierarchy over triangles [t, 3, 3]."""
        from embreex.mesh_construction import TriangleMesh
        from embreex.rtcore_scene import EmbreeScene

        self._corners = corners
        self._scene: Any = EmbreeScene()
        if len(corners):
            TriangleMesh(self._scene, np.ascontiguousarray(corners, np.float32))

    def hit(self, origin: np.ndarray, direction: np.ndarray) -> RayHit:
        """See RayCaster."""
        origin, direction = _rays(origin, direction)
        if not len(self._corners) or not len(origin):
            return _nothing(len(origin))
        parts = []
        for start in range(0, len(origin), _RAYS_AT_ONCE):
            part = slice(start, start + _RAYS_AT_ONCE)
            far = np.full(len(origin[part]), 1e30, np.float32)
            parts.append(self._scene.run(origin[part], direction[part], dists=far, query="INTERSECT", output=1))
        found = {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}
        triangle = found["primID"].astype(np.int32)
        distance = np.where(triangle >= 0, found["tfar"], np.inf).astype(np.float32)
        return _record(self._corners, direction, triangle, np.stack([found["u"], found["v"]], 1), distance)

    def occluded(self, origin: np.ndarray, direction: np.ndarray, distance: float | np.ndarray = 1.0) -> np.ndarray:
        """See RayCaster."""
        origin, direction = _rays(origin, direction)
        if not len(self._corners) or not len(origin):
            return np.zeros(len(origin), bool)
        far = np.broadcast_to(np.asarray(distance, np.float32), len(origin))
        out = np.empty(len(origin), bool)

        def trace(start: int) -> None:
            part = slice(start, start + _RAYS_AT_ONCE)
            reach = np.array(far[part])  # Embree writes into it
            out[part] = self._scene.run(origin[part], direction[part], dists=reach, query="OCCLUDED") != -1

        in_threads(trace, range(0, len(origin), _RAYS_AT_ONCE))
        return out


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    """One thread a processor: Embree lets go of Python's lock while it traces."""
    return ThreadPoolExecutor(os.cpu_count())


def in_threads(function: Callable[[int], None], starts: Sequence[int]) -> None:
    """Call a function for every start, on all processors."""
    if len(starts) > 1:
        list(_threads().map(function, starts))
    else:
        for start in starts:
            function(start)


class JaxRayCaster:
    """Every ray against every triangle: about 1e8 tests a second on one core, for machines without Embree."""

    def __init__(self, corners: np.ndarray) -> None:
        """Lay the triangles [t, 3, 3] out in blocks."""
        blocks = max(1, -(-len(corners) // _TRIANGLE_BLOCK))
        padded = np.zeros((blocks * _TRIANGLE_BLOCK, 3, 3), np.float32)
        padded[: len(corners)] = corners
        self._corners = corners
        base = padded[:, 0]
        shape = (blocks, _TRIANGLE_BLOCK, 3)
        arrays = (base, padded[:, 1] - base, padded[:, 2] - base)
        self._blocks = tuple(jnp.asarray(x.reshape(shape)) for x in arrays)

    def hit(self, origin: np.ndarray, direction: np.ndarray) -> RayHit:
        """See RayCaster."""
        origin, direction = _rays(origin, direction)
        triangle, distance, place = self._nearest(origin, direction)
        return _record(self._corners, direction, triangle, place, distance)

    def occluded(self, origin: np.ndarray, direction: np.ndarray, distance: float | np.ndarray = 1.0) -> np.ndarray:
        """See RayCaster."""
        origin, direction = _rays(origin, direction)
        return self._nearest(origin, direction)[1] < np.asarray(distance, np.float32)

    def _nearest(self, origin: np.ndarray, direction: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Trace in blocks of one shape; the last one is padded with rays that go nowhere."""
        count = len(origin)
        triangle = np.full(count, -1, np.int32)
        distance = np.full(count, np.inf, np.float32)
        place = np.zeros((count, 2), np.float32)
        for start in range(0, count, _RAY_BLOCK):
            stop = min(start + _RAY_BLOCK, count)
            block = np.zeros((2, _RAY_BLOCK, 3), np.float32)
            block[0, : stop - start], block[1, : stop - start] = origin[start:stop], direction[start:stop]
            found = _nearest_triangle(block[0], block[1], *self._blocks)
            for array, value in zip((triangle, distance, place), found, strict=True):
                array[start:stop] = np.asarray(value)[: stop - start]
        return triangle, distance, place


_nearest_triangle = jax.jit(nearest_triangle)


def _rays(origin: np.ndarray, direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return both as contiguous [ray, 3] float32."""
    flat = (np.ascontiguousarray(x, np.float32).reshape(-1, 3) for x in (origin, direction))
    first, second = flat
    if len(first) != len(second):
        raise ValueError(f"as many origins as directions are needed, not {len(first)} and {len(second)}")
    return first, second


def _nothing(count: int) -> RayHit:
    """Rays that met nothing."""
    return RayHit(
        np.full(count, -1, np.int32),
        np.zeros(count, np.int8),
        np.zeros((count, 3), np.float32),
        np.full(count, np.inf, np.float32),
    )


def _record(
    corners: np.ndarray, direction: np.ndarray, triangle: np.ndarray, place: np.ndarray, distance: np.ndarray
) -> RayHit:
    """Complete a hit with its side and the three barycentric weights."""
    if not len(corners):
        return _nothing(len(direction))
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    met = triangle >= 0
    along = np.einsum("rk,rk->r", direction, normal[np.where(met, triangle, 0)])
    side = (met & (along > 0)).astype(np.int8)
    weights = np.stack([1 - place[:, 0] - place[:, 1], place[:, 0], place[:, 1]], axis=1)
    return RayHit(triangle, side, np.where(met[:, None], weights, 0).astype(np.float32), distance)
