"""Scrambled Sobol points: evenly spread numbers for sampling, by a few bit operations."""

import numpy as np
from jaxtyping import Float, UInt32

# Coefficients a_1 ... a_(s-1) of each dimension's primitive polynomial x^s + a_1 x^(s-1) + ... + 1 over two elements,
# and the first s numbers m: the first five dimensions of "new-joe-kuo-6". The first has neither, all its m are 1.
_DIMENSIONS: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] = (
    ((), ()),
    ((), (1,)),
    ((1,), (1, 3)),
    ((0, 1), (1, 3, 1)),
    ((1, 0), (1, 1, 1)),
)


def sobol_points(
    count: int, dimensions: int, rng: np.random.Generator, bits: int = 30
) -> Float[np.ndarray, "point dimension"]:
    """Return `count` points of the scrambled Sobol sequence in [0, 1)^dimensions, float64; dimensions 1 to 5.

    In each dimension point n, in the order of the Gray code, is the digital sum

        x_n = shift + sum over the bits j of (n xor n // 2) of L v_j,      v_j = m_j 2^-j,
        m_j = 2 a_1 m_(j-1) + ... + 2^(s-1) a_(s-1) m_(j-s+1) + 2^s m_(j-s) + m_(j-s)   (digit by digit, modulo 2)

    with L a random lower triangular matrix over two elements (ones on its diagonal) that acts on the digits of v_j
    after the point, and a random shift, both from a generator that `rng` spawns: every point is uniform, and any 2^m
    points that start at a multiple of 2^m stay a net. Numbers have `bits` digits, 3 to 32. Equal, bit for bit, to
    `scipy.stats.qmc.Sobol(dimensions, rng=rng, bits=bits).random(count)`, whose import takes almost as long as the
    view factors of a small satellite. In numpy, once a table: there is nothing to differentiate.

    Source: Bratley, Fox, ACM Trans. Math. Softw. 14 (1988) 88, doi:10.1145/42288.214372 (recurrence, Gray code); Joe,
    Kuo, SIAM J. Sci. Comput. 30 (2008) 2635, doi:10.1137/070709359 (m and polynomials); Matousek, J. Complexity 14
    (1998) 527, doi:10.1006/jcom.1998.0489 (scrambling).
    """
    if not 1 <= dimensions <= len(_DIMENSIONS):
        raise ValueError(f"Sobol points have 1 to {len(_DIMENSIONS)} dimensions here, not {dimensions}")
    if not (3 <= bits <= 32 and 0 <= count <= 1 << bits):
        raise ValueError(f"{count} Sobol points of {bits} bits: there are 3 to 32 bits, and 2^bits points at most")
    direction = np.array([_direction(d, bits) for d in range(dimensions)])
    shift, direction = _scrambled(direction, bits, rng.spawn(1)[0])
    whole = np.empty((1 << max(count - 1, 0).bit_length(), dimensions), np.uint32)
    whole[0] = shift
    # The Gray code of 2^k + n is that of 2^k - 1 - n with one more bit.
    for k in range(len(whole).bit_length() - 1):
        whole[1 << k : 2 << k] = whole[(1 << k) - 1 :: -1] ^ direction[:, k]
    return whole[:count] * 2.0**-bits


def _direction(dimension: int, bits: int) -> list[int]:
    """v_j of one dimension, times 2^bits [bit]."""
    coefficients, first = _DIMENSIONS[dimension]
    m, s = list(first), len(first)
    while s and len(m) < bits:
        new = m[-s] ^ m[-s] << s
        for k, a in enumerate(coefficients, 1):
            new ^= a * m[-k] << k
        m.append(new)
    return [number << (bits - 1 - j) for j, number in enumerate((m or [1] * bits)[:bits])]


def _scrambled(
    direction: np.ndarray, bits: int, rng: np.random.Generator
) -> tuple[UInt32[np.ndarray, " dimension"], UInt32[np.ndarray, "dimension bit"]]:
    """A random shift and L v_j, times 2^bits."""
    dimensions = len(direction)
    weight = 1 << np.arange(bits, dtype=np.int64)
    shift = rng.integers(2, size=(dimensions, bits), dtype=np.uint32).astype(np.int64) @ weight
    # Digits after the point, the first first.
    lower = np.tril(rng.integers(2, size=(dimensions, bits, bits), dtype=np.uint32), -1).astype(np.int64)
    lower += np.eye(bits, dtype=np.int64)
    digit = direction[:, None] // weight[::-1, None] % 2
    mixed = lower @ digit % 2
    return shift.astype(np.uint32), np.einsum("k,dkj->dj", weight[::-1], mixed).astype(np.uint32)
