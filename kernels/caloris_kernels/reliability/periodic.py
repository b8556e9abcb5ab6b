"""A rate that repeats with the orbit: what it adds up to over a time, and its mean over windows."""

import jax.numpy as jnp
from jaxtyping import Array, Float, Int


def neighbors(
    time: Float[Array, "*points"], period: Float[Array, ""], count: int
) -> tuple[Int[Array, "*points"], Int[Array, "*points"], Float[Array, "*points"]]:
    """Of `count` equal phases those before and behind each time (s), and how far on it is from the one to the other."""
    place = (time / period) % 1.0 * count
    before = jnp.clip(jnp.floor(place), 0, count - 1).astype(jnp.int32)
    return before, (before + 1) % count, place - before


def cumulative_rate(rate: Float[Array, " phase"], period: Float[Array, ""]) -> Float[Array, " edge"]:
    """Integral (-) of a rate (s-1) from phase 0 to each of its phases and to the period's end; linear in between."""
    pieces = 0.5 * period / rate.shape[0] * (rate + jnp.roll(rate, -1))
    return jnp.concatenate([jnp.zeros(1, rate.dtype), jnp.cumsum(pieces)])


def exposure(
    rate: Float[Array, " phase"], period: Float[Array, ""], time: Float[Array, "*points"]
) -> Float[Array, "*points"]:
    """Integral (-) of a periodic rate from phase 0 to `time` (s, negative allowed): the events that are expected.

    rate (s-1) stands at equal phases of the period (s), the first at phase 0; linear in between, exactly integrated.
    """
    total = cumulative_rate(rate, period)
    before, behind, u = neighbors(time, period, rate.shape[0])
    within = period / rate.shape[0] * u * (rate[before] + 0.5 * u * (rate[behind] - rate[before]))
    return jnp.floor(time / period) * total[-1] + total[before] + within


def window_mean_rate(
    rate: Float[Array, " phase"], period: Float[Array, ""], interval: Float[Array, ""]
) -> Float[Array, " phase"]:
    """Mean rate (s-1) over the `interval` (s, above 0; any number of periods) that ends at each phase of the period.

    The count of a Poisson process of rate lam(t) in a window is Poisson with the mean int lam dt (Kingman, Poisson
    Processes, 1993, section 4.5): whatever holds at a constant rate after a time T holds with this mean rate, exactly.
    """
    end = jnp.arange(rate.shape[0]) * period / rate.shape[0]
    return (exposure(rate, period, end) - exposure(rate, period, end - interval)) / interval
