"""Exchange areas of facet pairs as if nothing stood between them: dense tiles first, then refined where needed."""

from collections.abc import Iterator

import numpy as np

from caloris.geometry.chunks import ahead, in_chunks
from caloris.geometry.facet_tiles import LANES, Facets
from caloris.programs import kept_on_arrays
from caloris_kernels.radiative import view_factor as rules
from caloris_kernels.radiative.contour import apart_exchange_area, exchange_area
from caloris_kernels.radiative.view_factor import (
    Tile,
    clipped_exchange_area,
    point_exchange_area,
    tile_exchange_area,
)

BLOCKS_AT_ONCE = 512
"""Blocks whose pairs are handled together: bounds what is held beside the blocks themselves to some 100 MB."""

_TILE_PAIRS_AT_ONCE = 32
_TOUCHING_POINTS, _SLENDER_POINTS = 12, 64


_tile_exchange_area = kept_on_arrays(tile_exchange_area)


@kept_on_arrays
def _by_points(triangle_i, triangle_j):
    return point_exchange_area(triangle_i, triangle_j)


@kept_on_arrays
def _by_clipping(triangle_i, triangle_j):
    return clipped_exchange_area(triangle_i, triangle_j)


@kept_on_arrays
def _by_plain_contour(triangle_i, triangle_j):
    return apart_exchange_area(triangle_i, triangle_j)


@kept_on_arrays
def _by_contour(triangle_i, triangle_j):
    return exchange_area(triangle_i, triangle_j, _TOUCHING_POINTS)


@kept_on_arrays
def _by_fine_contour(triangle_i, triangle_j):
    return exchange_area(triangle_i, triangle_j, _SLENDER_POINTS)


REFINED = (
    (rules.POINTS, _by_points, 8192, False),
    (rules.CLIPPED, _by_clipping, 8192, False),
    (rules.APART, _by_plain_contour, 1024, True),
    (rules.TOUCHING, _by_contour, 512, True),
    (rules.SLENDER, _by_fine_contour, 128, True),
)
"""Rule, function, pairs at once on the host, whether float64 is needed."""


def clear_blocks(facets: Facets, tiles: np.ndarray, block_tile: np.ndarray, size: float) -> np.ndarray:
    """Return the exchange areas in clear view (m2) of all facets of the tiles' pairs, [block, lane, lane] float32.

    tiles [tile, lane] holds facets, -1 where empty; block_tile [block, 2] the tiles of each block. A block of
    a tile with itself holds each pair once, above its diagonal. size is the scene's diagonal (m): heights above a
    plane below 2e-6 of it count as on the plane. Relative L1 error about 1e-5.
    """
    data = tile_arrays(facets, tiles)
    center = facets.centroid.mean(axis=0) if len(facets.centroid) else np.zeros(3)
    exact = facets.triangle - center
    triangle = {False: exact.astype(np.float32), True: exact}
    out = np.empty((len(block_tile), LANES, LANES), np.float32)
    for start in range(0, len(block_tile), BLOCKS_AT_ONCE):
        pairs = block_tile[start : start + BLOCKS_AT_ONCE]
        value, rule = out[start : start + len(pairs)], np.empty((len(pairs), LANES, LANES), np.uint8)
        _fill(data, pairs, np.float32(2e-6 * size), value, rule)
        same = pairs[:, 0] == pairs[:, 1]
        value[same] = np.triu(value[same], 1)
        rule[same] = np.triu(rule[same], 1)
        _refine(facets, tiles, pairs, triangle, value, rule)
    return out


def block_facets(tiles: np.ndarray, block_tile: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Facets of the pairs at the given flat places of blocks [block, lane, lane]."""
    row, lane_j = np.divmod(place, LANES)
    block, lane_i = np.divmod(row, LANES)
    return tiles[block_tile[block, 0], lane_i], tiles[block_tile[block, 1], lane_j]


def _fill(data: Tile, pairs: np.ndarray, tolerance: np.float32, value: np.ndarray, rule: np.ndarray) -> None:
    """Write rough exchange areas and the rule of every pair, a few blocks at a time."""

    def launch() -> Iterator[tuple]:
        for start in range(0, len(pairs), _TILE_PAIRS_AT_ONCE):
            pick = np.arange(start, start + _TILE_PAIRS_AT_ONCE) % len(pairs)
            sides = (Tile(*(array[k] for array in data)) for k in pairs[pick].T)
            yield start, _tile_exchange_area(*sides, tolerance)

    for start, (area, which) in ahead(launch()):
        count = min(_TILE_PAIRS_AT_ONCE, len(pairs) - start)
        value[start : start + count] = np.asarray(area)[:count]
        rule[start : start + count] = np.asarray(which)[:count]


def tile_arrays(facets: Facets, tiles: np.ndarray) -> Tile:
    """Facet data laid out by tile in float32, about the scene's center; empty lanes repeat a facet, area 0."""
    filled = np.where(tiles >= 0, tiles, tiles[:, :1])
    center = facets.centroid.mean(axis=0)
    triangle = np.moveaxis(facets.triangle[filled] - center, 1, -1)
    normal = np.moveaxis(facets.normal[filled], 1, -1)
    offset = (facets.offset - facets.normal @ center)[filled]
    area = np.where(tiles >= 0, facets.area[filled], 0.0)
    arrays = (triangle, normal, offset, area, facets.radius[filled])
    return Tile(*(np.ascontiguousarray(a, np.float32) for a in arrays))  # pyright: ignore[reportArgumentType]


def _refine(
    facets: Facets,
    tiles: np.ndarray,
    pairs: np.ndarray,
    triangle: dict[bool, np.ndarray],
    value: np.ndarray,
    rule: np.ndarray,
) -> None:
    """Replace rough values by the rule that each pair wants."""
    flat_value, flat_rule = value.reshape(-1), rule.reshape(-1)
    for wanted, function, chunk, exact in REFINED:
        place = np.flatnonzero(flat_rule == wanted)
        if not len(place):
            continue
        first, second = block_facets(tiles, pairs, place)
        # Contours want the smaller triangle first.
        swap = facets.area[first] > facets.area[second]
        i, j = np.where(swap, second, first), np.where(swap, first, second)
        found = in_chunks(function, chunk, triangle[exact][i], triangle[exact][j])
        flat_value[place] = np.maximum(found, 0.0)
