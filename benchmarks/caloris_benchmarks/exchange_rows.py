"""Rows of exchange areas out of their tiles: apart from the reference, which a timed process has no use for."""

import numpy as np

from caloris.geometry.view_factors import Tiles


def exchange_rows(tiles: Tiles, facets: int, rows: np.ndarray) -> np.ndarray:
    """A_i F_ij (m2) of some facets toward all [row, facet], without the dense matrix of all."""
    out = np.zeros((len(rows), facets + 1))
    place = np.full((facets + 1, 2), -1)
    tile, lane = np.indices(tiles.facet.shape)
    place[tiles.facet.ravel()] = np.stack([tile.ravel(), lane.ravel()], axis=1)
    for row, (own, within) in zip(out, place[rows], strict=True):
        ahead, behind = np.flatnonzero(tiles.first == own), np.flatnonzero(tiles.second == own)
        row[tiles.facet[tiles.second[ahead]]] = tiles.value[ahead, within]
        row[tiles.facet[tiles.first[behind]]] = tiles.value[behind, :, within]
    return out[:, :facets]
