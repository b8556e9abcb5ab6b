"""The verb of memories: how often words fail behind correction, interleaving, scrubbing and voting."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from caloris.model.device import HeavyIonResponse, Memory
from caloris.precision import require_float64
from caloris_kernels.reliability.memory import accumulated_failure_rate, strike_failure_rate, voted_failure_rate
from caloris_kernels.reliability.periodic import window_mean_rate
from caloris_kernels.upset.multiplicity import multiplicity


class MemoryRate(NamedTuple):
    """Failures of a memory (s-1): of one word, of the device by what gathers and by single strikes, and both."""

    word: Float[Array, ""]
    accumulated: Float[Array, ""]
    struck: Float[Array, ""]
    device: Float[Array, ""]
    device_along_orbit: Float[Array, " phase"]  # of the device, as they come up at each phase; one without a profile


def memory_failure_rate(
    memory: Memory,
    upset_rate: ArrayLike,
    bits: ArrayLike,
    shares: Float[Array, " cells"] | None = None,
    profile: ArrayLike | None = None,
    period: ArrayLike | None = None,
) -> MemoryRate:
    """Failure rates of a memory of `bits` (all copies and check bits counted) whose bits upset at upset_rate (s-1).

    Accumulation: words with more than `corrects` wrong symbols at a scrub (`accumulated_failure_rate`), times their
    number bits / (word copies). Strikes: single events that put more than `corrects` wrong symbols into a word
    (`strike_failure_rate`); shares [cells] says how many events upset 1, 2, ... neighbors, `memory.shares` where it is
    not given, single cells where neither is. Events number bits upset_rate / (mean cells an event), so that each upset
    bit is counted once. With three copies every bit is voted at the scrub (`voted_failure_rate`), before correction:
    what the vote leaves wrong is the bit's rate behind it, and strikes meet one copy only.

    profile [phase], with its period (s), is the rate over its mean at equal phases of a period (an orbit, a day of the
    ground track): upset_rate is then the mean. Upsets are a Poisson process of the rate lam(t), so that their number
    between two scrubs is Poisson with the mean int lam dt over the window: its mean rate takes the place of the
    constant one (`window_mean_rate`), exactly, for bits, symbols and votes alike. Scrubs come at no fixed phase, and a
    word's failure rate is the mean over all windows, f of the window's mean rate, f that of a constant rate:

        word = (1/P) int_0^P f((1/T_s) int_(t - T_s)^t lam dt') dt.

    f rises as lam^2 for SECDED: where the belts are met in short passes, this is many times f of the mean.
    Strikes follow the rate at hand, their mean is that of the mean rate. `device_along_orbit` has what gathered when
    the scrub comes at that phase, and strikes.

    A scrub that hits a failed word is a failure, whatever the data are worth. Differentiable, forward and reverse, in
    rates, profile, period and the memory's interval. Raises RuntimeError in float32, ValueError for a profile without
    its period or the reverse.
    """
    require_float64("memory_failure_rate")
    if (profile is None) != (period is None):
        raise ValueError("memory_failure_rate: profile and period belong together; one of them is missing")
    rate, bits = jnp.asarray(upset_rate, float), jnp.asarray(bits, float)
    interval = memory.scrub_interval
    along = windows = rate[None]
    if profile is not None and period is not None:
        shape = jnp.asarray(profile, float)
        along = rate * shape / jnp.mean(shape)
        windows = window_mean_rate(along, jnp.asarray(period, float), interval)
    words = bits / (memory.word * memory.copies)
    gathered = _gathered(memory, windows)
    word = jnp.mean(gathered)
    if memory.copies == 3:
        zero = jnp.zeros_like(rate)
        return MemoryRate(word, word * words, zero, word * words, gathered * words)
    shares = memory.shares if shares is None else shares
    if shares is None:
        shares = jnp.ones(1)
    cells = jnp.arange(1.0, shares.shape[0] + 1.0)
    events = bits * rate * shares / jnp.sum(shares * cells)
    struck = strike_failure_rate(events, interleave=memory.interleave, corrected=memory.corrects, bits=memory.symbol)
    if memory.corrects == 0:
        struck = jnp.zeros_like(struck)  # every upset fails a word already: what gathers holds them all
    any_rate = rate > 0.0
    struck_along = struck * jnp.where(any_rate, along, 1.0) / jnp.where(any_rate, rate, 1.0)
    both = word * words + struck
    return MemoryRate(word + struck / words, word * words, struck, both, gathered * words + struck_along)


def _gathered(memory: Memory, rate: Float[Array, " window"]) -> Float[Array, " window"]:
    """Failures of one word (s-1) by what gathers between scrubs, at the mean rate of each window (s-1)."""
    code = {"symbols": memory.word // memory.symbol, "corrected": memory.corrects, "bits": memory.symbol}
    if memory.copies == 3:
        rate = voted_failure_rate(rate, memory.scrub_interval)
    return accumulated_failure_rate(rate, memory.scrub_interval, **code)


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
