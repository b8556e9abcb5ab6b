"""What is close and what hangs together, against scipy."""

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from caloris.geometry.connected import close_pairs, connected_parts

RANDOM = np.random.default_rng(3)
SHUFFLED = RANDOM.permutation(500)
GRAPHS = {
    "no nodes": (0, np.zeros((0, 2), int)),
    "no links": (4, np.zeros((0, 2), int)),
    "loops and doubles": (4, np.array([[1, 1], [3, 2], [2, 3], [2, 2]])),
    "a chain in any order": (500, np.stack([SHUFFLED[:-1], SHUFFLED[1:]], axis=1)),
    "a star with its center last": (500, np.stack([np.arange(499), np.full(499, 499)], axis=1)),
    "few links": (300, RANDOM.integers(0, 300, (150, 2))),
    "many links": (300, RANDOM.integers(0, 300, (400, 2))),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_parts_and_their_numbers(name):
    count, links = GRAPHS[name]
    graph = coo_array((np.ones(len(links)), (links[:, 0], links[:, 1])), shape=(count, count))
    expected = connected_components(graph, directed=False)[1] if count else np.zeros(0)
    assert np.array_equal(connected_parts(count, links), expected)


@pytest.mark.parametrize("distance", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("axes", [1, 2, 3, 4])
def test_close_pairs(axes, distance):
    """On a lattice distances are equal to the limit, and many points lie on one another."""
    points = [RANDOM.random((300, axes)) * 3, RANDOM.integers(0, 4, (200, axes)).astype(float)]
    points += [np.zeros((0, axes)), np.full((5, axes), 1e7)]
    for some in points:
        expected = KDTree(some).query_pairs(distance) if len(some) else set()
        found = np.sort(close_pairs(some, distance), axis=1).tolist()
        assert len(found) == len(expected) and set(map(tuple, found)) == expected
