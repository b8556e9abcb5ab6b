"""Scrambled Sobol points: the same as scipy's, bit for bit, and evenly spread."""

import numpy as np
import pytest
from scipy.stats import qmc

from caloris_kernels.numerics.sobol import sobol_points


@pytest.mark.parametrize("bits", [3, 17, 30, 32])
@pytest.mark.parametrize("dimensions", [1, 2, 3, 4, 5])
@pytest.mark.filterwarnings("ignore:The balance properties")
def test_equal_to_scipy(dimensions, bits):
    """Any count, whole powers of two or not, from generators that go on alike afterwards."""
    for seed, count in enumerate((1, 2, 3, 8, 100, 4096)):
        if count > 1 << bits:
            continue
        mine, peer = np.random.default_rng(seed), np.random.default_rng(seed)
        for _ in range(2):
            points = sobol_points(count, dimensions, mine, bits)
            assert points.dtype == np.float64
            assert np.array_equal(points, qmc.Sobol(dimensions, rng=peer, bits=bits).random(count))
            assert mine.random() == peer.random()


def test_no_points():
    assert sobol_points(0, 3, np.random.default_rng(0)).shape == (0, 3)


@pytest.mark.parametrize("part", [(0, 256), (256, 512), (3 * 64, 4 * 64)])
def test_blocks_of_two_to_the_m_are_nets(part):
    """Each of 2^m equal slices of every axis holds one point, and (dimensions 1 and 2) so does each 2^k by 2^(m-k)."""
    points = sobol_points(512, 5, np.random.default_rng(7))[slice(*part)]
    count = len(points)
    for axis in points.T:
        assert np.array_equal(np.sort((axis * count).astype(int)), np.arange(count))
    for k in range(1, count.bit_length() - 1):
        wide, high = 1 << k, count >> k
        cell = (points[:, 0] * wide).astype(int) * high + (points[:, 1] * high).astype(int)
        assert np.array_equal(np.sort(cell), np.arange(count))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [((4, 0), "1 to 5"), ((4, 6), "1 to 5"), ((4, 2, 2), "3 to 32"), ((4, 2, 33), "3 to 32"), ((9, 2, 3), "at most")],
)
def test_what_there_is_not(arguments, says):
    count, dimensions, *bits = arguments
    with pytest.raises(ValueError, match=says):
        sobol_points(count, dimensions, np.random.default_rng(0), *bits)
