"""Useful work of a long computation whose failure rate follows the orbit."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

# Chance that an attempt starts anywhere: where nothing ever fails, starts may repeat and pi would be any.
_MIXING = 1e-9
_POINTS = 8  # Gauss-Legendre points in each of the panels that an attempt is cut into


class Goodput(NamedTuple):
    """Long-run figures of a computation with checkpoints on a periodic failure rate."""

    goodput: Float[Array, ""]  # time of useful work over wall time, 0 to 1
    work_kept: Float[Array, ""]  # s, mean work kept of an interval that was begun
    failures: Float[Array, ""]  # s-1, failures in work, checkpoints and restarts
    start_share: Float[Array, " phase"]  # share of the intervals of work that begin near each phase


class _Orbit(NamedTuple):
    """The failure rate at equal phases, its integral from phase 0, and the period."""

    rate: Array
    total: Array
    period: Array


def _cumulative(rate: Array, period: Array) -> Array:
    """Integral of the rate from phase 0 to each grid phase and to the period's end (-), rate linear in between."""
    step = period / rate.shape[0]
    pieces = 0.5 * step * (rate + jnp.roll(rate, -1))
    return jnp.concatenate([jnp.zeros(1, rate.dtype), jnp.cumsum(pieces)])


def _between(time: Array, period: Array, count: int) -> tuple[Array, Array, Array]:
    """The grid phases before and behind each time, and how far on it is from the one to the other (0 to 1)."""
    place = (time / period) % 1.0 * count
    before = jnp.clip(jnp.floor(place), 0, count - 1).astype(jnp.int32)
    return before, (before + 1) % count, place - before


def _exposure(orbit: _Orbit, time: Array) -> Array:
    """Integral of the periodic rate from 0 to `time` (-)."""
    rate, total, period = orbit
    before, behind, u = _between(time, period, rate.shape[0])
    within = period / rate.shape[0] * u * (rate[before] + 0.5 * u * (rate[behind] - rate[before]))
    return jnp.floor(time / period) * total[-1] + total[before] + within


def _shares(time: Array, weight: Array, period: Array, count: int) -> Array:
    """Weights at times, given to the two grid phases beside each by linear interpolation; a row a start."""
    before, behind, u = _between(time, period, count)
    row = jnp.arange(time.shape[0])[:, None]
    empty = jnp.zeros((time.shape[0], count), weight.dtype)
    return empty.at[row, before].add(weight * (1.0 - u)).at[row, behind].add(weight * u)


def orbit_goodput(
    failure_rate: Float[Array, " phase"],
    period: Float[Array, ""],
    interval: Float[Array, " phase"],
    checkpoint_time: Float[Array, ""],
    restart_time: Float[Array, ""],
    *,
    panels: int = 16,
) -> Goodput:
    """Goodput of a computation with checkpoints where the failure rate lam(t) repeats with the orbit.

    Work that starts at phase t lasts tau(t), is saved for d, and is kept with probability
    S(t) = exp(-int_t^(t + tau + d) lam); a failure at t' in it, of density lam(t') exp(-int_t^t' lam), loses it and
    begins a restart of length R at t', which another failure begins anew. These attempts are a Markov chain over their
    kind and starting phase with the stationary distribution pi, and by the renewal-reward theorem

        goodput = sum pi S tau / sum pi m,      m = mean length of an attempt.

    failure_rate (s-1) and interval tau (s) stand at equal phases of the period (s), the first at phase 0, linear in
    between and periodic; checkpoint_time d and restart_time R (s, 0 allowed). panels are the parts of an attempt
    whose failure times are integrated by 8 Gauss points each: an attempt longer than an orbit wants more.

    With a constant rate and interval this is 1 / `expected_time_factor`. Differentiable in all arguments. Source of the
    theorem: Ross, Stochastic Processes (2nd ed., 1996), theorem 3.6.1 and section 4.8.
    """
    count = failure_rate.shape[0]
    start = jnp.arange(count) * period / count
    orbit = _Orbit(failure_rate, _cumulative(failure_rate, period), period)
    work = _attempt(orbit, start, interval + checkpoint_time, panels)
    pause = _attempt(orbit, start, jnp.broadcast_to(restart_time, start.shape), panels)
    # both kinds go on with work where they are done, with a restart where they fail
    moves = jnp.block([[work.done_at, work.failed_at], [pause.done_at, pause.failed_at]])
    share = _stationary((1.0 - _MIXING) * moves + _MIXING / (2 * count))
    spent = share @ jnp.concatenate([work.length, pause.length])
    kept = share[:count] @ (work.done * interval)
    failed = share @ (1.0 - jnp.concatenate([work.done, pause.done]))
    working = jnp.sum(share[:count])
    return Goodput(kept / spent, kept / working, failed / spent, share[:count] / working)


class _Attempt(NamedTuple):
    """What becomes of attempts, one a starting phase: chance to get done, mean length, where the next one starts."""

    done: Array
    length: Array
    done_at: Array
    failed_at: Array


def _attempt(orbit: _Orbit, start: Array, length: Array, panels: int) -> _Attempt:
    rate, _, period = orbit
    node, weight = _gauss_legendre(panels, rate.dtype)
    time = start[:, None] + length[:, None] * node
    before = _exposure(orbit, start)
    survived = jnp.exp(-(_exposure(orbit, time) - before[:, None]))
    lost = length[:, None] * weight * _rate(rate, period, time) * survived  # chance to fail near each node
    passed = _exposure(orbit, start + length) - before
    done = jnp.exp(-passed)
    # The quadrature of the failures is brought to the exact 1 - S, so that no attempt is lost or made.
    whole = jnp.sum(lost, axis=1)
    lost = lost * (-jnp.expm1(-passed) / jnp.where(whole > 0.0, whole, 1.0))[:, None]
    mean = done * length + jnp.sum(lost * (time - start[:, None]), axis=1)
    count = rate.shape[0]
    done_at = _shares((start + length)[:, None], done[:, None], period, count)
    return _Attempt(done, mean, done_at, _shares(time, lost, period, count))


def _gauss_legendre(panels: int, dtype: jnp.dtype) -> tuple[Array, Array]:
    node, weight = np.polynomial.legendre.leggauss(_POINTS)
    edge = np.arange(panels)[:, None]
    return (
        jnp.asarray(((edge + 0.5 * (node + 1.0)) / panels).ravel(), dtype),
        jnp.asarray(np.broadcast_to(0.5 * weight / panels, (panels, _POINTS)).ravel(), dtype),
    )


def _rate(rate: Array, period: Array, time: Array) -> Array:
    before, behind, u = _between(time, period, rate.shape[0])
    return (1.0 - u) * rate[before] + u * rate[behind]


def _stationary(moves: Array) -> Array:
    """The distribution pi = pi P with sum one, of a chain with rows P: one linear solve."""
    count = moves.shape[0]
    # One equation of the n is what the others say; the sum takes its place.
    matrix = (moves.T - jnp.eye(count, dtype=moves.dtype)).at[-1].set(1.0)
    return jnp.linalg.solve(matrix, jnp.zeros(count, moves.dtype).at[-1].set(1.0))
