"""Exchange areas of facet pairs as if nothing stood between them: dense tiles first, then refined where needed."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import jax
import numpy as np

from caloris.geometry.facet_tiles import LANES, Facets
from caloris_kernels.radiative.contour import exchange_area
from caloris_kernels.radiative.view_factor import (
    CLOSE,
    STRADDLING,
    Tile,
    clipped_exchange_area,
    point_exchange_area,
    tile_exchange_area,
)

_TILE_PAIRS_AT_ONCE = 32
_POINT_RATIO = 0.45  # (R_i + R_j) / distance up to which 6 x 6 points hold 1e-5
_CLIPPED_RATIO = 0.25  # and clipping with Lambert's formula
_CONTOUR_POINTS = 8


class Pairs(NamedTuple):
    """Facet pairs that face each other, each once; arrays over pairs."""

    first: np.ndarray  # [pair] facet
    second: np.ndarray  # [pair] facet
    tile_pair: np.ndarray  # [pair] which pair of tiles it came from
    exchange_area: np.ndarray  # [pair] m2, nothing standing between
    straddling: np.ndarray  # [pair] bool: one lies on both sides of the other's plane


_tile_exchange_area = jax.jit(tile_exchange_area)


@jax.jit
def _by_points(triangle_i, triangle_j):
    return point_exchange_area(triangle_i, triangle_j)


@jax.jit
def _by_clipping(triangle_i, triangle_j):
    return clipped_exchange_area(triangle_i, triangle_j)


@jax.jit
def _by_contour(triangle_i, triangle_j):
    return exchange_area(triangle_i, triangle_j, _CONTOUR_POINTS)


def clear_pairs(facets: Facets, tiles: np.ndarray, tile_pairs: np.ndarray, active: np.ndarray, size: float) -> Pairs:
    """Return all facing pairs of the given tile pairs [pair of tiles, 2] with exchange areas in clear view.

    Pairs of two facets that are not active are left out. size is the scene's diagonal (m): heights above a
    plane below 2e-6 of it count as on the plane. Relative L1 error about 1e-5.
    """
    found = list(_tile_results(facets, tiles, tile_pairs, size))
    first, second, which, value, bits = (
        np.concatenate([part[k] for part in found]) if found else np.zeros(0, np.int64) for k in range(5)
    )
    keep = active[first] | active[second] if len(first) else np.zeros(0, bool)
    first, second, which, value, bits = first[keep], second[keep], which[keep], value[keep], bits[keep]
    straddling = (bits.astype(np.uint8) & STRADDLING) > 0
    value = _refined(facets, first, second, value.astype(np.float64), bits.astype(np.uint8), straddling)
    keep = value > 0
    return Pairs(first[keep], second[keep], which[keep], value[keep], straddling[keep])


def in_blocks(function: Callable, block: int, *arrays: np.ndarray) -> np.ndarray:
    """Call a jitted function of [pair, ...] arrays block by block, all of one shape, and join its results."""
    count = len(arrays[0])

    def launch() -> Iterator[tuple[int, jax.Array]]:
        for start in range(0, count, block):
            stop = min(start + block, count)
            part = [a[start:stop] for a in arrays]
            if stop - start < block:
                part = [np.concatenate([p, np.repeat(p[-1:], block - len(p), axis=0)]) for p in part]
            yield stop - start, function(*part)

    parts = [np.asarray(result)[:length] for length, result in ahead(launch())]
    return np.concatenate(parts) if parts else np.zeros(0)


def ahead(items: Iterable) -> Iterator:
    """Yield each item only after the next one was made: JAX computes that one while the host uses this one."""
    waiting = None
    for item in items:
        if waiting is not None:
            yield waiting
        waiting = item
    if waiting is not None:
        yield waiting


def _tile_results(facets: Facets, tiles: np.ndarray, tile_pairs: np.ndarray, size: float) -> Iterator[tuple]:
    """Yield first, second, tile pair, rough exchange area and bits of the facing pairs, chunk by chunk."""
    data = _tile_arrays(facets, tiles)
    tolerance = np.float32(2e-6 * size)
    upper = np.triu(np.ones((LANES, LANES), bool), 1)
    chunk = _TILE_PAIRS_AT_ONCE

    def launch() -> Iterator[tuple]:
        for start in range(0, len(tile_pairs), chunk):
            pick = np.arange(start, start + chunk) % len(tile_pairs)
            i, j = tile_pairs[pick].T
            sides = (Tile(*(array[k] for array in data)) for k in (i, j))
            yield start, i, j, _tile_exchange_area(*sides, tolerance)

    for start, i, j, (value, bits) in ahead(launch()):
        count = min(chunk, len(tile_pairs) - start)
        bits = np.array(bits[:count])
        bits[(i == j)[:count]] *= upper
        place = np.flatnonzero(bits)
        pair, lane = np.divmod(place, LANES * LANES)
        lane_i, lane_j = np.divmod(lane, LANES)
        yield (
            tiles[i[pair], lane_i],
            tiles[j[pair], lane_j],
            start + pair,
            np.asarray(value)[:count].ravel()[place],
            bits.ravel()[place],
        )


def _tile_arrays(facets: Facets, tiles: np.ndarray) -> Tile:
    """Facet data laid out by tile in float32, about the scene's center; empty lanes repeat a facet, area 0."""
    filled = np.where(tiles >= 0, tiles, tiles[:, :1])
    center = facets.centroid.mean(axis=0)
    triangle = np.moveaxis(facets.triangle[filled] - center, 1, -1)
    normal = np.moveaxis(facets.normal[filled], 1, -1)
    offset = (facets.offset - facets.normal @ center)[filled]
    area = np.where(tiles >= 0, facets.area[filled], 0.0)
    arrays = (triangle, normal, offset, area, facets.radius[filled])
    return Tile(*(np.ascontiguousarray(a, np.float32) for a in arrays))  # pyright: ignore[reportArgumentType]


def _refined(
    facets: Facets,
    first: np.ndarray,
    second: np.ndarray,
    value: np.ndarray,
    bits: np.ndarray,
    straddling: np.ndarray,
) -> np.ndarray:
    """Replace rough values by the rule that suits each pair's closeness; see the ratios above."""
    rough = np.flatnonzero(bits & (STRADDLING | CLOSE))
    swap = facets.area[first[rough]] > facets.area[second[rough]]
    i, j = np.where(swap, second[rough], first[rough]), np.where(swap, first[rough], second[rough])
    distance = np.linalg.norm(facets.centroid[i] - facets.centroid[j], axis=1)
    ratio = (facets.radius[i] + facets.radius[j]) / np.maximum(distance, 1e-300)
    cut = straddling[rough]
    contour = ratio > np.where(cut, _CLIPPED_RATIO, _POINT_RATIO)
    center = facets.centroid.mean(axis=0)
    single = (facets.triangle - center).astype(np.float32)
    for choice, rule, block, triangle in (
        (~cut & ~contour, _by_points, 8192, single),
        (cut & ~contour, _by_clipping, 4096, single),
        (contour, _by_contour, 512, facets.triangle),
    ):
        pick = np.flatnonzero(choice)
        if len(pick):
            value[rough[pick]] = in_blocks(rule, block, triangle[i[pick]], triangle[j[pick]])
    return np.maximum(value, 0.0)
