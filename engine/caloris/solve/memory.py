"""The verb of memories: how often words fail behind correction, interleaving, scrubbing and voting."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from caloris.model.device import HeavyIonResponse, Memory
from caloris.precision import require_float64
from caloris_kernels.reliability.memory import accumulated_failure_rate, strike_failure_rate, voted_failure_rate
from caloris_kernels.upset.multiplicity import multiplicity


class MemoryRate(NamedTuple):
    """Failures of a memory (s-1): of one word, of the device by what gathers and by single strikes, and both."""

    word: Float[Array, ""]
    accumulated: Float[Array, ""]
    struck: Float[Array, ""]
    device: Float[Array, ""]


def memory_failure_rate(
    memory: Memory,
    upset_rate: ArrayLike,
    bits: ArrayLike,
    shares: Float[Array, " cells"] | None = None,
) -> MemoryRate:
    """Failure rates of a memory of `bits` (all copies and check bits counted) whose bits upset at upset_rate (s-1).

    Accumulation: words with more than `corrects` wrong symbols at a scrub (`accumulated_failure_rate`), times their
    number bits / (word copies). Strikes: single events that put more than `corrects` wrong symbols into a word
    (`strike_failure_rate`); shares [cells] says how many events upset 1, 2, ... neighbors, `memory.shares` where it is
    not given, single cells where neither is. Events number bits upset_rate / (mean cells an event), so that each upset
    bit is counted once. With three copies every bit is voted at the scrub (`voted_failure_rate`), before correction:
    what the vote leaves wrong is the bit's rate behind it, and strikes meet one copy only.

    A scrub that hits a failed word is a failure, whatever the data are worth. Differentiable. Raises RuntimeError in
    float32.
    """
    require_float64("memory_failure_rate")
    rate, bits = jnp.asarray(upset_rate, float), jnp.asarray(bits, float)
    interval = memory.scrub_interval
    symbols = memory.word // memory.symbol
    code = {"symbols": symbols, "corrected": memory.corrects, "bits": memory.symbol}
    words = bits / (memory.word * memory.copies)
    if memory.copies == 3:
        word = accumulated_failure_rate(voted_failure_rate(rate, interval), interval, **code)
        zero = jnp.zeros_like(rate)
        return MemoryRate(word, word * words, zero, word * words)
    word = accumulated_failure_rate(rate, interval, **code)
    shares = memory.shares if shares is None else shares
    if shares is None:
        shares = jnp.ones(1)
    cells = jnp.arange(1.0, shares.shape[0] + 1.0)
    events = bits * rate * shares / jnp.sum(shares * cells)
    struck = strike_failure_rate(events, interleave=memory.interleave, corrected=memory.corrects, bits=memory.symbol)
    if memory.corrects == 0:
        struck = jnp.zeros_like(struck)  # every upset fails a word already: what gathers holds them all
    return MemoryRate(word + struck / words, word * words, struck, word * words + struck)


def upset_shares(
    memory: Memory, response: HeavyIonResponse, let: Float[Array, " let"], integral_flux: Float[Array, " let"]
) -> Float[Array, " cells"] | None:
    """Shares of events by upset cells: the memory's own, or from its pitch by geometry; None: every event is single."""
    if memory.shares is not None or memory.pitch is None:
        return memory.shares
    return multiplicity(
        let,
        integral_flux,
        response.onset,
        response.width,
        response.exponent,
        response.sensitive_volume,
        memory.pitch,
    )
