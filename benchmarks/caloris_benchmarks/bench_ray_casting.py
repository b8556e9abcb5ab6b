"""Rays per second through the box satellite, on the device's own ray caster and on Embree."""

import importlib.util
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from caloris.devices import RayBackend, ray_backend
from caloris.geometry.raycast import ONE_THREAD_RAYS, EmbreeRayCaster, HierarchyRayCaster
from caloris_validation.mesh_scenes import Scene, satellite

# Enough rays to keep each of them busy for a second or so.
_RAYS: dict[RayBackend, int] = {"pallas": 1 << 24, "embree": 1 << 21, "lax": 1 << 16}
_CUBE = 6.0  # m: one ray in ten from within +-6 m meets the satellite
_COMPARED = 1 << 14  # rays on which two casters are compared
_FAR = 1e30
_Caster = EmbreeRayCaster | HierarchyRayCaster
_Query = Callable[[Any, Any], Any]


def bench_ray_casting(
    triangles: tuple[int, ...] = (10_000, 100_000), rays: int | None = None, copied: int = 1 << 28
) -> list[dict]:
    """Any-hit and closest-hit rays per second on satellites of about so many triangles, one row each.

    Rays start anywhere in a cube around the satellite and go anywhere: neighbors share nothing, one in ten meets a
    triangle. seconds is for a million of them, measured on more or fewer (`rays`), which lie on the device (Embree:
    in memory) as float32; through_host, where the device is not the processor, includes the way there and back.
    error is the part of some thousand rays for which the peer finds another triangle, or another answer: rays that
    pass an edge within float32 rounding. The peer is Embree, or the loop in JAX.
    copy_bandwidth (bytes/s) is measured beside it: `copied` bytes read and as many written. rays: None takes what
    keeps the caster busy for about a second.
    """
    own = ray_backend()
    bandwidth = copy_bandwidth(copied)
    rows = []
    for target in triangles:
        scene = satellite(target)
        corners = scene.vertices[scene.triangles].astype(np.float32)
        begin = time.perf_counter()
        casters: dict[RayBackend, _Caster] = {own: _caster(corners, own)}
        building = time.perf_counter() - begin
        embree = own != "embree" and importlib.util.find_spec("embreex") is not None
        peer: RayBackend = "embree" if embree else "lax"
        casters.setdefault(peer, _caster(corners, peer))
        for query in ("any hit", "closest hit"):
            figures = {name: _measure(caster, query, rays or _RAYS[name]) for name, caster in casters.items()}
            mine = figures.pop(own)
            answers = [_answers(caster, query) for caster in casters.values()]
            error = float(np.mean(answers[0] != answers[-1])) if len(answers) > 1 else float("nan")
            rows.append(
                {"name": f"ray-casting, {query}", "size": f"{len(corners)} triangles, 1e6 rays, {own}"}
                | mine
                | {"error": error, "build_seconds": building, "copy_bandwidth": bandwidth}
                | {"peers": {name: figure | {"error": error} for name, figure in figures.items()}}
            )
    return rows


def copy_bandwidth(size: int) -> float:
    """Bytes read and written per second by a copy of `size` bytes on JAX's device, the best of five."""
    array = jnp.zeros(size // 4, jnp.float32)
    copy = jax.jit(lambda x: x + 1.0)
    jax.block_until_ready(copy(array))
    return 2 * size / min(_timed(lambda: copy(array)) for _ in range(5))


def one_thread_rays(scene: Scene, rays: int = 1 << 20) -> float | None:
    """Any-hit rays per second of one thread of Embree in a scene, the best of three; None where Embree is missing.

    Rays as in `bench_ray_casting`; the caster takes so few at a time in the calling thread.
    """
    if importlib.util.find_spec("embreex") is None:
        return None
    caster = EmbreeRayCaster(scene.vertices[scene.triangles].astype(np.float32))
    origin, direction = _rays(rays)

    def trace() -> None:
        for start in range(0, rays, ONE_THREAD_RAYS):
            part = slice(start, start + ONE_THREAD_RAYS)
            caster.occluded(origin[part], direction[part], _FAR)

    return rays / min(_timed(trace) for _ in range(3))


def _caster(corners: np.ndarray, backend: RayBackend) -> _Caster:
    return EmbreeRayCaster(corners) if backend == "embree" else HierarchyRayCaster(corners, backend)


def _rays(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Origins (m) and directions, not normalized."""
    rng = np.random.default_rng(0)
    origin = rng.random((count, 3), np.float32) * np.float32(2 * _CUBE) - np.float32(_CUBE)
    return origin, rng.standard_normal((count, 3), np.float32)


def _host_query(caster: _Caster, query: str) -> _Query:
    return (lambda o, d: caster.occluded(o, d, _FAR)) if query == "any hit" else caster.hit


def _measure(caster: _Caster, query: str, count: int) -> dict[str, Any]:
    """Seconds a million rays in the best of three calls, and those of the first call beyond that."""
    rays: tuple[Any, ...] = _rays(count)
    call = ask = _host_query(caster, query)
    if isinstance(caster, HierarchyRayCaster):
        on_device = caster.occluded_on_device if query == "any hit" else caster.hit_on_device
        call, reach = (lambda o, d: on_device(o, d, reach)), jnp.full(count, _FAR)
        rays = tuple(jnp.asarray(x) for x in rays)
    first = _timed(lambda: call(*rays))
    seconds = min(_timed(lambda: call(*rays)) for _ in range(3))
    figures: dict[str, Any] = {"rays": count, "seconds": 1e6 / count * seconds}
    figures |= {"compile_seconds": max(first - seconds, 0.0), "rays_per_second": count / seconds}
    if isinstance(caster, HierarchyRayCaster) and jax.default_backend() != "cpu":
        host = _rays(count)
        figures["through_host"] = 1e6 / count * min(_timed(lambda: ask(*host)) for _ in range(2))
    return figures


def _answers(caster: _Caster, query: str) -> np.ndarray:
    """What some rays meet."""
    found = _host_query(caster, query)(*_rays(_COMPARED))
    return found if query == "any hit" else found.triangle


def _timed(function: Callable[[], Any]) -> float:
    """Seconds of one call, its result awaited."""
    begin = time.perf_counter()
    jax.block_until_ready(function())
    return time.perf_counter() - begin
