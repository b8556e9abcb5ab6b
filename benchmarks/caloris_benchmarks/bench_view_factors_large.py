"""What a large scene asks of the device: view factors with hiding, products with their matrix, any-hit rays."""

import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from caloris.geometry.view_factors import ViewFactors, compute_view_factors
from caloris_benchmarks.bench_ray_casting import bench_ray_casting, copy_bandwidth
from caloris_benchmarks.exchange_rows import exchange_rows
from caloris_benchmarks.pair_reference import pair_error, reference
from caloris_kernels.radiative.exchange_tiles import ExchangeTiles, tile_product
from caloris_validation.mesh_scenes import satellite

_TOLERANCE = 5e-4


def bench_view_factors_large(
    targets: tuple[int, ...] = (100_000,), reference_rows: int = 10, rays: int | None = None, copied: int = 1 << 28
) -> list[dict]:
    """Three rows a size: view factors of the box satellite, one product of their matrix, any-hit rays; on JAX's device.

    The product S x of the radiosity solve has x in float64; its error is that of S x, relative, against the same
    sum over pairs on the processor, and read_bandwidth (bytes of the matrix, read once, per second) stands beside what
    a copy reaches on the same device. rays and copied: as in `bench_ray_casting`.
    """
    return [row for target in targets for row in _size(target, reference_rows, rays, copied)]


def _size(target: int, reference_rows: int, rays: int | None, copied: int) -> list[dict]:
    scene = satellite(target)
    first, _ = _timed(lambda: compute_view_factors(*scene.mesh, tolerance=_TOLERANCE))
    seconds, factors = _timed(lambda: compute_view_factors(*scene.mesh, tolerance=_TOLERANCE))
    count = len(factors.area)
    truth = reference(scene, reference_rows)
    found = exchange_rows(factors.tiles, count, truth.rows)
    row: dict[str, Any] = {"name": "view-factors-large", "size": f"{count} facets", "seconds": seconds}
    row |= {"compile_seconds": max(first - seconds, 0.0), "error": pair_error(found, truth.exchange)}
    row |= {"reference_noise": truth.noise, "reference_rows": len(truth.rows), "rays": factors.rays, "peers": {}}
    any_hit, _ = bench_ray_casting((target,), rays, copied)
    return [row, _product(factors, copied), any_hit]


def _product(factors: ViewFactors, copied: int) -> dict[str, Any]:
    """Seconds of one product of the matrix with a vector."""
    count = len(factors.area)
    tiles = ExchangeTiles(*(jnp.asarray(part) for part in factors.tiles))
    x = np.random.default_rng(0).random(count)
    multiply, on_device = jax.jit(tile_product), jnp.asarray(x)
    first, result = _timed(lambda: multiply(tiles, on_device))
    seconds = min(_timed(lambda: multiply(tiles, on_device))[0] for _ in range(5))
    expected = np.zeros(count)
    np.add.at(expected, factors.pair_first, factors.pair_exchange_area * x[factors.pair_second])
    np.add.at(expected, factors.pair_second, factors.pair_exchange_area * x[factors.pair_first])
    size = int(factors.tiles.value.nbytes)
    row: dict[str, Any] = {"name": "radiosity-product", "size": f"{count} facets, {size / 2**20:.0f} MiB"}
    row |= {"seconds": seconds, "compile_seconds": max(first - seconds, 0.0), "peers": {}}
    row |= {"error": float(np.abs(np.asarray(result) - expected).max() / expected.max())}
    return row | {"read_bandwidth": size / seconds, "copy_bandwidth": copy_bandwidth(copied)}


def _timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds and result of one call, arrays of JAX awaited."""
    begin = time.perf_counter()
    result = jax.block_until_ready(function())
    return time.perf_counter() - begin, result
