"""All layers along rays from one point through a mesh, beside Embree asked for one layer after the other."""

import importlib.util
import time
from typing import Any

import numpy as np

from caloris.geometry.raycast import ray_caster
from caloris.geometry.sectors import crossings, sphere_directions

# What 1e5 rays through 1e4 triangles may take on two cores.
GOAL = 5.0
_SHELLS = 5
_LAYERS = 64  # Embree is asked until nothing is hit any more


def bench_sectors(rays: int = 100_000, triangles: int = 10_000) -> list[dict]:
    """Crossings of rays with five spheres around each other, from near the middle and from close to the inner wall.

    seconds is the best of three. error is the largest number of crossings that a ray has too many or too few of: every
    ray leaves every sphere once. The peer steps each ray over what it hit by 1e-5 and asks again, in float32; its error
    counts the same.
    """
    corners = np.concatenate([_sphere(radius, triangles // _SHELLS) for radius in np.linspace(1.0, 2.0, _SHELLS)])
    direction = sphere_directions(rays)
    rows = []
    for name, place in (("middle", [0.1, -0.2, 0.05]), ("beside the wall", [0.0, 0.0, 0.95])):
        point, seconds, count = np.array(place), np.inf, np.zeros(0)
        for _ in range(3):
            begin = time.perf_counter()
            ray, _, _ = crossings(point, direction, corners)
            seconds = min(seconds, time.perf_counter() - begin)
            count = np.bincount(ray, minlength=len(direction))
        row: dict[str, Any] = {"name": f"sectors, {name}", "size": f"{rays} rays, {len(corners)} triangles"}
        row |= {"seconds": seconds, "compile_seconds": 0.0, "error": float(np.abs(count - _SHELLS).max())}
        row |= {"peers": _embree(point, direction, corners)}
        if rays == 100_000 and triangles == 10_000:
            row["within"] = seconds <= GOAL
        rows.append(row)
    return rows


def _embree(point: np.ndarray, direction: np.ndarray, corners: np.ndarray) -> dict[str, Any]:
    if importlib.util.find_spec("embreex") is None:
        return {}
    caster = ray_caster(corners.reshape(-1, 3), np.arange(3 * len(corners)).reshape(-1, 3), "embree")
    begin = time.perf_counter()
    origin, alive = np.tile(point, (len(direction), 1)), np.arange(len(direction))
    count = np.zeros(len(direction), int)
    for _ in range(_LAYERS):
        hit = caster.hit(origin[alive], direction[alive])
        met = hit.triangle >= 0
        alive = alive[met]
        if not len(alive):
            break
        count[alive] += 1
        origin[alive] += (hit.distance[met] + 1e-5)[:, None] * direction[alive]
    seconds = time.perf_counter() - begin
    return {"Embree, layer by layer": {"seconds": seconds, "error": float(np.abs(count - _SHELLS).max())}}


def _sphere(radius: float, triangles: int) -> np.ndarray:
    """Triangles of a sphere by longitude and latitude."""
    rows = max(2, int(np.sqrt(triangles / 4)))
    columns = triangles // (2 * (rows - 1))
    polar, turn = np.linspace(0.0, np.pi, rows + 1), np.linspace(0.0, 2.0 * np.pi, columns + 1)
    turn[-1] = 0.0
    grid = np.stack([np.outer(np.sin(polar), np.cos(turn)), np.outer(np.sin(polar), np.sin(turn))], axis=-1)
    point = radius * np.concatenate([grid, np.repeat(np.cos(polar)[:, None, None], columns + 1, axis=1)], axis=-1)
    # All corners at a pole are the same numbers, so that neighbors share their edges exactly.
    point[0], point[-1] = [0.0, 0.0, radius], [0.0, 0.0, -radius]
    a, b, c, d = point[:-1, :-1], point[1:, :-1], point[1:, 1:], point[:-1, 1:]
    first, second = np.stack([a, b, c], axis=2)[:-1], np.stack([a, c, d], axis=2)[1:]
    return np.concatenate([first.reshape(-1, 3, 3), second.reshape(-1, 3, 3)])
