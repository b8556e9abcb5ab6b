from math import comb

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.reliability.memory import (
    accumulated_failure_rate,
    more_than,
    strike_failure_rate,
    voted_failure_rate,
    wrong_bit_probability,
)


def value(x):
    return jnp.asarray(x, dtype=float)


def test_secded_word_against_the_binomial():
    # n = 72, lam = 1e-6 /s, T = 1000 s: sum over k >= 2 of C(72, k) p^k (1 - p)^(72 - k), p = (1 - exp(-2 lam T))/2.
    rate = accumulated_failure_rate(value(1e-6), value(1000.0), symbols=72)
    assert float(rate) == pytest.approx(2.43499e-6, rel=1e-6)  # digits printed


@pytest.mark.parametrize(("symbols", "corrected"), [(72, 1), (18, 2), (255, 16), (3, 0)])
@pytest.mark.parametrize("p", [1e-9, 1e-3, 0.2, 0.5])
def test_tail_against_its_sum(symbols, corrected, p):
    terms = [comb(symbols, k) * p**k * (1 - p) ** (symbols - k) for k in range(corrected + 1, symbols + 1)]
    # The incomplete beta function's own accuracy.
    assert float(more_than(corrected, symbols, value(p))) == pytest.approx(sum(terms), rel=1e-10)


def test_bits_drawn_and_scrubbed():
    # A Poisson number of flips of each bit in each of 40 000 words: more than one wrong at the scrub.
    random = np.random.default_rng(3)
    wrong = random.poisson(0.02, size=(40_000, 72)) % 2
    failed = float((wrong.sum(axis=1) > 1).mean())
    share = float(accumulated_failure_rate(value(0.02), value(1.0), symbols=72))
    assert abs(failed - share) < 3.0 * np.sqrt(share * (1 - share) / 40_000)


def test_symbols_of_one_bit_are_bits_and_larger_ones_forgive_neighbors():
    rate, interval = value(1e-6), value(1000.0)
    bits = accumulated_failure_rate(rate, interval, symbols=144, corrected=1)
    nibbles = accumulated_failure_rate(rate, interval, symbols=36, corrected=1, bits=4)
    # Rare upsets: C(144, 2) pairs of bits, less the pairs within the same nibble, 36 C(4, 2).
    assert float(nibbles / bits) == pytest.approx(1 - 36 * 6 / (144 * 143 / 2), rel=5e-3)


def test_strikes_against_words_drawn():
    interleave, bits, corrected, cells = 4, 4, 1, 11
    random = np.random.default_rng(5)
    failures = []
    for start in random.integers(0, interleave * bits * 8, 20_000):
        struck = start + np.arange(cells)
        word, place = struck % interleave, struck // interleave
        failures.append(sum(len(set((place[word == w] // bits).tolist())) > corrected for w in range(interleave)))
    rate = strike_failure_rate(
        value([0.0] * (cells - 1) + [1.0]), interleave=interleave, corrected=corrected, bits=bits
    )
    # Three standard errors of the mean.
    assert abs(np.mean(failures) - float(rate)) < 3.0 * np.std(failures) / np.sqrt(20_000)


def test_interleaved_words_survive_short_strikes():
    events = value([1.0, 0.5, 0.2, 0.1])
    assert float(strike_failure_rate(events, interleave=4)) == 0.0
    # Words of neighboring bits fail by every event of two cells or more.
    assert float(strike_failure_rate(events, interleave=1)) == pytest.approx(0.8, rel=1e-15)
    # Two words in turn: three cells put two bits into one word, four into both.
    assert float(strike_failure_rate(events, interleave=2)) == pytest.approx(0.2 + 2 * 0.1, rel=1e-15)


def test_votes_of_three():
    rate = voted_failure_rate(value(1e-6), value(10.0))
    assert float(rate) == pytest.approx(3 * 1e-10 / 10.0, rel=2e-5)  # 3 (lam T)^2 / T, next order lam T


def test_derivatives_against_differences():
    def failure(rate, interval):
        return accumulated_failure_rate(rate, interval, symbols=72) + voted_failure_rate(rate, interval)

    at = (value(2e-6), value(700.0))
    for index, number in enumerate(at):
        h = 1e-4 * float(number)
        moved = [list(at) for _ in range(2)]
        moved[0][index], moved[1][index] = number + h, number - h
        difference = (float(failure(*moved[0])) - float(failure(*moved[1]))) / (2 * h)
        reverse = float(jax.grad(failure, argnums=index)(*at))
        forward = float(jax.jacfwd(failure, argnums=index)(*at))
        # Central differences of relative step 1e-4: (1e-4)^2 and rounding.
        assert reverse == pytest.approx(difference, rel=1e-7)
        assert forward == pytest.approx(reverse, rel=1e-12)


def test_nothing_happens_at_rate_zero_and_its_slope_is_finite():
    slope = jax.grad(lambda rate: accumulated_failure_rate(rate, value(1000.0), symbols=72))(value(0.0))
    assert float(wrong_bit_probability(value(0.0), value(1e3))) == 0.0 and np.isfinite(float(slope))


def test_impossible_codes_raise():
    with pytest.raises(ValueError, match="0 <= corrected < symbols"):
        more_than(8, 8, value(0.1))
    with pytest.raises(ValueError, match="at least 1"):
        strike_failure_rate(value([1.0]), interleave=0)
