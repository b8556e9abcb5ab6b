"""When to save a long computation whose failure rate follows the orbit and is known ahead: the best schedule."""

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from caloris_kernels.reliability.checkpoint import optimal_interval
from caloris_kernels.reliability.goodput import Chain, Paths, attempt, chain_of, paths_of
from caloris_kernels.reliability.periodic import neighbors

_ROUNDS = 8  # policy iterations: three to six change anything
_CHOICES = 96  # intervals tried at every phase, evenly in the logarithm, beside those that end at a phase
_CLOSER = np.linspace(-1.0, 1.0, 9)  # then between the neighbors of the best, ever closer
_CLOSER_STEPS = (1.0, 0.25, 0.06)


def best_schedule(
    failure_rate: Float[Array, " phase"],
    period: Float[Array, ""],
    checkpoint_time: Float[Array, ""],
    restart_time: Float[Array, ""],
) -> Float[Array, " phase"]:
    """Work tau (s) until the next checkpoint, for work that starts at each phase, that makes the goodput greatest.

    The game is that of `orbit_goodput`, a semi-Markov decision process: g, the goodput, and v(t), what starting work at
    t is worth (in seconds of work, up to a constant; w(t) a restart), obey

        v(t) = max over tau of  S tau - g m + S v(t + tau + d) + int_t^(t + tau + d) f(t') w(t') dt',

    S, m, f chance to get done, mean length and density of failures of that attempt, from the rate integrated over all
    of it: a schedule saves before the rate rises, because work that is not saved by then is lost. Inside its range tau
    obeys the first-order condition of a hazard that is known ahead, 1 - lam tau - g - lam (v - w) + v' = 0 with lam,
    v, w at t + tau + d; at a constant rate that is `optimal_interval`.

    Policy iteration (Howard) from the best interval for the mean rate, eight rounds; at each phase all intervals that
    end at a phase within a period, 96 from a fifth of the best one for the highest rate to the longest of a period and
    three times the best one for the mean rate, then refinements. The best schedule of all rounds is returned, never
    worse than the start; every constant interval in the range is one of those that it competes with. To wait without
    work is not one.

    failure_rate (s-1) at equal phases of the period (s), above 0 somewhere; checkpoint_time d above 0, restart_time R,
    both s. The schedule is found by a search over choices that lie close together, and jumps between them: it is
    frozen, a number for every derivative. The goodput with it has the right derivative all the same, because at the
    best schedule that in tau is zero (envelope theorem), but for kinks where an interval ends at a phase: 1e-3.

    Sources: Jewell, Oper. Res. 11, 938 (1963), doi 10.1287/opre.11.6.938; Howard, Dynamic Probabilistic Systems II
    (1971), chapter 15.
    """
    rate, period, cost, restart = lax.stop_gradient((failure_rate, period, checkpoint_time, restart_time))
    paths = paths_of(rate, period)
    usual = optimal_interval(cost, 1.0 / jnp.mean(rate))
    high = jnp.maximum(period, 3.0 * usual)
    low = jnp.minimum(0.2 * optimal_interval(cost, 1.0 / jnp.max(rate)), 0.1 * high)
    step = jnp.log(high / low) / (_CHOICES - 1)
    start = jnp.full_like(rate, usual)
    # The worth of a start is linear between phases: the best end is often a phase.
    to_phases = jnp.arange(1, rate.shape[0] + 1) * period / rate.shape[0] - cost
    evenly = jnp.log(low) + step * jnp.arange(_CHOICES)
    every = jnp.concatenate([evenly, jnp.log(jnp.maximum(to_phases, low))])

    def improve(_: int, state: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        now, best, most = state
        goodput, worth = _values(chain_of(paths, now, cost, restart))
        better = goodput > most
        best, most = jnp.where(better, now, best), jnp.where(better, goodput, most)

        def chosen(choice: Array) -> Array:
            found = jnp.argmax(_value(paths, goodput, worth, jnp.exp(choice), cost), axis=1)
            return jnp.take_along_axis(choice, found[:, None], axis=1)

        log_tau = chosen(jnp.broadcast_to(every, (now.shape[0], every.shape[0])))
        for width in _CLOSER_STEPS:
            log_tau = chosen(jnp.clip(log_tau + width * step * _CLOSER, jnp.log(low), jnp.log(high)))
        return jnp.exp(log_tau[:, 0]), best, most

    _, best, _ = lax.fori_loop(0, _ROUNDS, improve, (start, start, jnp.asarray(-jnp.inf, start.dtype)))
    return best


def _values(chain: Chain) -> tuple[Array, Array]:
    """Goodput g of a chain, and what each state is worth (s), the first being worth 0: (1 - P) v = kept - g length."""
    count = chain.length.shape[0]
    # The column of the value that is zero holds g.
    matrix = (jnp.eye(count, dtype=chain.moves.dtype) - chain.moves).at[:, 0].set(chain.length)
    solved = jnp.linalg.solve(matrix, chain.kept)
    return solved[0], solved.at[0].set(0.0)


def _value(paths: Paths, goodput: Array, worth: Array, interval: Array, cost: Array) -> Array:
    """The right side of the equation of `best_schedule` at each phase (rows) for intervals tau (s)."""
    count = paths.rate.shape[0]
    work, restart = worth[:count], worth[count:]
    one = attempt(paths, interval + cost)
    start = jnp.arange(count)[:, None]
    behind = jnp.roll(restart, -1)
    place = (start + jnp.arange(count)) % count
    lost = jnp.cumsum(paths.near * restart[place] + paths.far * behind[place], axis=1)
    lost = jnp.concatenate([jnp.zeros((count, 1), lost.dtype), lost], axis=1)
    failed = one.whole * lost[:, -1:] + one.rest * lost[start, one.steps]
    failed += one.near * restart[one.at] + one.far * behind[one.at]
    before, next_, u = neighbors(start * paths.period / count + interval + cost, paths.period, count)
    after = (1.0 - u) * work[before] + u * work[next_]
    return one.done * (interval + after) - goodput * one.length + failed
