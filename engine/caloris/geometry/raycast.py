"""Ray casting behind one interface: Embree on the processor, one kernel on GPUs, the same walk in JAX anywhere.

What was hit enters the JAX program as arrays; visibility itself is not differentiable.
"""

import functools
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from caloris.devices import RayBackend, ray_backend
from caloris.geometry.chunks import ahead
from caloris_kernels.radiative import bvh_walk
from caloris_kernels.radiative.bvh import build_hierarchy, pad_hierarchy

ONE_THREAD_RAYS = 1 << 15  # Embree: what one thread takes at a time
# JAX: rays of one compiled shape, 28 bytes each; a GPU holds some 200 000 threads at a time.
_RAY_BLOCK = {"lax": 1 << 14, "pallas": 1 << 18}
_LEAST_ENTRIES = 256


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


def ray_caster(vertices: np.ndarray, triangles: np.ndarray, backend: RayBackend | None = None) -> RayCaster:
    """Return a ray caster for the triangles [t, 3] (indices into vertices [v, 3], m); float32 inside.

    backend: None takes the machine's best (`caloris.devices.ray_backend`).
    """
    corners = np.asarray(vertices, np.float32)[np.asarray(triangles)]
    chosen = backend or ray_backend()
    return EmbreeRayCaster(corners) if chosen == "embree" else HierarchyRayCaster(corners, chosen)


class EmbreeRayCaster:
    """Embree's bounding-volume hierarchy, walked by one thread a processor: 13 to 20 million rays a second on each."""

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

        def trace(start: int) -> dict[str, np.ndarray]:
            part = slice(start, start + ONE_THREAD_RAYS)
            far = np.full(len(origin[part]), 1e30, np.float32)
            return self._scene.run(origin[part], direction[part], dists=far, query="INTERSECT", output=1)

        parts = _in_threads(trace, range(0, len(origin), ONE_THREAD_RAYS))
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
            part = slice(start, start + ONE_THREAD_RAYS)
            reach = np.array(far[part])  # Embree writes into it
            out[part] = self._scene.run(origin[part], direction[part], dists=reach, query="OCCLUDED") != -1

        _in_threads(trace, range(0, len(origin), ONE_THREAD_RAYS))
        return out


@functools.lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    """One thread a processor: Embree lets go of Python's lock while it traces."""
    return ThreadPoolExecutor(os.cpu_count())


def _in_threads(function: Callable[[int], Any], starts: Sequence[int]) -> list:
    """Call a function for every start, on all processors; the results in order."""
    return list(_threads().map(function, starts)) if len(starts) > 1 else [function(start) for start in starts]


class HierarchyRayCaster:
    """A hierarchy of boxes that JAX walks: one kernel on a GPU ("pallas"), or a loop on any device ("lax").

    The loop traces 0.1 to 2 million rays a second on two cores, 30 to 200 times as many as every ray against every one
    of 2000 to 20 000 triangles would be.
    """

    def __init__(self, corners: np.ndarray, backend: RayBackend) -> None:
        """Build the hierarchy over triangles [t, 3, 3] and put it on JAX's device."""
        self._corners = corners
        self.backend: RayBackend = backend
        self._block = _RAY_BLOCK[backend]
        self.any_hit, self._nearest_hit = _walks(backend)
        built = build_hierarchy(corners)
        # Powers of two: scenes of about the same size, and all poses of one, share a compiled program.
        entries = max(_LEAST_ENTRIES, 1 << (len(built) - 1).bit_length())
        self.hierarchy = jnp.asarray(pad_hierarchy(built, entries))

    def hit(self, origin: np.ndarray, direction: np.ndarray) -> RayHit:
        """See RayCaster."""
        origin, direction = _rays(origin, direction)
        nothing = _nothing(len(origin))
        place = np.zeros((2, len(origin)), np.float32)
        found = (nothing.triangle, nothing.distance, *place)
        self._trace(self._nearest_hit, origin, direction, np.inf, found)
        return _record(self._corners, direction, nothing.triangle, place.T, nothing.distance)

    def occluded(self, origin: np.ndarray, direction: np.ndarray, distance: float | np.ndarray = 1.0) -> np.ndarray:
        """See RayCaster."""
        origin, direction = _rays(origin, direction)
        found = np.zeros(len(origin), bool)
        self._trace(self.any_hit, origin, direction, distance, (found,))
        return found

    def occluded_on_device(
        self, origin: Float[Array, "ray 3"], direction: Float[Array, "ray 3"], distance: Float[Array, " ray"]
    ) -> Bool[Array, " ray"]:
        """`occluded` of arrays that stay on JAX's device; compiled once per number of rays.

        A program that is to serve several scenes calls `any_hit` with `hierarchy` among its own arguments.
        """
        return self.any_hit(self.hierarchy, origin, direction, distance)

    def hit_on_device(
        self, origin: Float[Array, "ray 3"], direction: Float[Array, "ray 3"], distance: Float[Array, " ray"]
    ) -> bvh_walk.Hit:
        """`hit` within a distance, of arrays that stay on JAX's device; the distance is kept where nothing is met."""
        return self._nearest_hit(self.hierarchy, origin, direction, distance)

    def _trace(self, walk: Callable, origin: np.ndarray, direction: np.ndarray, distance: Any, found: tuple) -> None:
        """Walk in blocks of one shape into `found`; the last is filled up with rays that have no reach."""

        def launch() -> Iterator[tuple[slice, Any]]:
            reach = np.broadcast_to(np.asarray(distance, np.float32), len(origin))
            for start in range(0, len(origin), self._block):
                part = slice(start, min(start + self._block, len(origin)))
                missing = start + self._block - part.stop
                padded = [np.pad(x[part], [(0, missing)] + [(0, 0)] * (x.ndim - 1)) for x in (origin, direction, reach)]
                yield part, walk(self.hierarchy, *padded)

        for part, results in ahead(launch()):
            for array, value in zip(found, jax.tree.leaves(results), strict=True):
                array[part] = np.asarray(value)[: part.stop - part.start]


@functools.cache
def _walks(backend: RayBackend) -> tuple[Callable, Callable]:
    """The compiled walks to any hit and to the nearest."""
    if backend == "lax":
        return jax.jit(bvh_walk.any_hit), jax.jit(bvh_walk.nearest_hit)
    from caloris_kernels.radiative import bvh_pallas  # takes a while to import

    return jax.jit(bvh_pallas.any_hit), jax.jit(bvh_pallas.nearest_hit)


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
