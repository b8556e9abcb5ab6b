"""Memory words behind error correction and scrubbing: how often a word fails, by accumulation and in one strike."""

import jax.numpy as jnp
from jax.scipy.special import betainc
from jaxtyping import Array, Float


def wrong_bit_probability(rate: Float[Array, "*points"], interval: Float[Array, "*points"]) -> Float[Array, "*points"]:
    """Probability that a bit is wrong after `interval` (s) of upsets at `rate` (s-1): (1 - exp(-2 lam t)) / 2.

    An upset flips the bit, so two of them heal it: the probability of an odd number of events of a Poisson process.
    Source: Saleh, Serrano, Patel, IEEE Trans. Reliab. 39, 114 (1990), doi 10.1109/24.52622 (the model of scrubbing
    at fixed times). Valid for any rate and interval from zero; 1/2 after very long times.
    """
    return -0.5 * jnp.expm1(-2.0 * rate * interval)


def wrong_symbol_probability(bit_probability: Float[Array, "*points"], bits: int) -> Float[Array, "*points"]:
    """Probability that a symbol of `bits` independent bits holds at least one wrong bit: 1 - (1 - p)^bits."""
    return -jnp.expm1(bits * jnp.log1p(-bit_probability))


def more_than(corrected: int, symbols: int, probability: Float[Array, "*points"]) -> Float[Array, "*points"]:
    """Probability that more than `corrected` of `symbols` independent symbols are wrong, each with `probability`.

    The binomial tail sum_{k > t} C(n, k) p^k (1 - p)^(n - k) = I_p(t + 1, n - t), the regularized incomplete beta
    function (Abramowitz and Stegun 26.5.24): no cancellation at small p. Raises ValueError unless
    0 <= corrected < symbols.
    """
    if not 0 <= corrected < symbols:
        raise ValueError(f"a word of {symbols} symbols cannot correct {corrected} of them: 0 <= corrected < symbols")
    first, second = jnp.asarray(corrected + 1.0, probability.dtype), jnp.asarray(symbols - corrected, probability.dtype)
    return betainc(first, second, probability)


def accumulated_failure_rate(
    rate: Float[Array, "*points"],
    scrub_interval: Float[Array, "*points"],
    *,
    symbols: int,
    corrected: int = 1,
    bits: int = 1,
) -> Float[Array, "*points"]:
    """Failures per second of one word by upsets that gather between two scrubs.

    P(more than `corrected` of `symbols` wrong at the scrub) / T_s, with the bits of the word wrong independently
    by `wrong_bit_probability`. rate is the upset rate of one bit (s-1), scrub_interval T_s in s; a word has
    `symbols` symbols of `bits` bits, check bits included: SECDED over 64 data bits is symbols = 72, corrected = 1,
    bits = 1; a symbol code that corrects t of n symbols of m bits is symbols = n, corrected = t, bits = m. For rare
    upsets of a SECDED word this is n (n - 1)/2 lam^2 T_s. A scrub repairs the word wholly or finds it failed;
    upsets during the scrub itself are not counted. Source: Saleh, Serrano, Patel (1990), doi 10.1109/24.52622.

    Differentiable in rate and interval.
    """
    bit = wrong_bit_probability(rate, scrub_interval)
    symbol = bit if bits == 1 else wrong_symbol_probability(bit, bits)
    return more_than(corrected, symbols, symbol) / scrub_interval


def strike_failure_rate(
    event_rate: Float[Array, " cells"], *, interleave: int, corrected: int = 1, bits: int = 1
) -> Float[Array, ""]:
    """Failures per second by single events that upset several neighboring cells at once, of all words together.

    event_rate (s-1) counts the events in the memory by the number of cells they upset in a row: entry k - 1 those of
    k cells. Neighboring cells belong to `interleave` words in turn, so k cells put ceil or floor of k / interleave
    bits into each of the words they reach, next to each other there. A word fails where these bits touch more than
    `corrected` symbols of `bits` bits; a run of c bits that starts at any bit of a symbol with equal chance touches
    1 + (c - 1) / bits symbols on average, either the next lower or the next higher whole number.

    An event that makes several words fail is counted once for each of them. Linear in event_rate.
    """
    if interleave < 1 or bits < 1:
        raise ValueError(f"interleave {interleave} and bits {bits} must be at least 1")
    weights = []
    for cells in range(1, event_rate.shape[0] + 1):
        short, longer = divmod(cells, interleave)
        words = ((longer, short + 1), (interleave - longer, short))
        weights.append(sum(count * _touching(run, corrected, bits) for count, run in words if run))
    return event_rate @ jnp.asarray(weights, event_rate.dtype)


def _touching(run: int, corrected: int, bits: int) -> float:
    """Chance that a run of bits touches more than `corrected` symbols, its start being anywhere in a symbol."""
    least, rest = divmod(run - 1, bits)
    # `rest` of the `bits` places of the first bit reach one symbol more than the others
    symbols, part = 1 + least, rest / bits
    return float(symbols > corrected) * (1.0 - part) + float(symbols + 1 > corrected) * part


def voted_failure_rate(rate: Float[Array, "*points"], interval: Float[Array, "*points"]) -> Float[Array, "*points"]:
    """Failures per second of a triple-modular-redundant element whose copies are made equal every `interval` (s).

    Two or three of the three copies wrong at the vote: P / T with P = 3 p^2 - 2 p^3, p = 1 - exp(-lam T) the chance
    that a copy has failed; rate lam (s-1) is that of one copy. The voter is taken to be perfect. Source: Lyons and
    Vanderkulk, IBM J. Res. Dev. 6, 200 (1962), doi 10.1147/rd.62.0200.
    """
    wrong = -jnp.expm1(-rate * interval)
    return wrong**2 * (3.0 - 2.0 * wrong) / interval
