"""What lies close together, and what hangs together, without the libraries that take long to import."""

import numpy as np


def connected_parts(count: int, links: np.ndarray) -> np.ndarray:
    """Return the part of each of `count` nodes that links [link, 2] connect: [node], numbered by their first nodes.

    The higher of two linked parts joins the lowest that it is linked to, all at once, until no link joins two parts.
    `scipy.sparse.csgraph` finds the same, but importing it takes longer than a small scene's view factors.
    """
    root, links = np.arange(count), np.asarray(links, np.int64).reshape(-1, 2)
    while len(links):
        low, high = np.sort(root[links], axis=1).T
        apart = low != high
        np.minimum.at(root, high[apart], low[apart])
        while np.any(root != root[root]):
            root = root[root]
        links = links[apart]
    return np.unique(root, return_inverse=True)[1].ravel()


def close_pairs(points: np.ndarray, distance: float) -> np.ndarray:
    """Return the pairs [pair, 2] of points [point, axis] that are not farther apart than `distance`, each once.

    Points are sorted along a line that goes askew through any drawing: few that are not close are neighbors there.
    """
    askew = np.sqrt([2.0, 3.0, 5.0, 7.0])[: points.shape[1]]
    place = points @ (askew / np.linalg.norm(askew))
    order = np.argsort(place)
    # What rounding does to places must not part a pair.
    reach = distance * (1 + 1e-9) + 1e-12 * np.abs(place).max(initial=0.0)
    number = np.arange(len(points))
    following = np.searchsorted(place[order], place[order] + reach, side="right") - number - 1
    first = np.repeat(number, following)
    second = first + 1 + np.arange(len(first)) - np.repeat(np.cumsum(following) - following, following)
    pairs = np.stack([order[first], order[second]], axis=1)
    apart = points[pairs[:, 0]] - points[pairs[:, 1]]
    return pairs[np.sum(apart * apart, axis=1) <= distance**2]
