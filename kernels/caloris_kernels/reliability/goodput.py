"""Useful work of a long computation whose failure rate follows the orbit."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from caloris_kernels.reliability.periodic import cumulative_rate, neighbors

# Chance that an attempt starts anywhere: where nothing ever fails, starts may repeat and pi would be any.
_MIXING = 1e-9
# Gauss-Legendre points between two phases.
_NODE, _WEIGHT = (0.5 * (np.polynomial.legendre.leggauss(8)[0] + 1.0), 0.5 * np.polynomial.legendre.leggauss(8)[1])


class Goodput(NamedTuple):
    """Long-run figures of a computation with checkpoints on a periodic failure rate."""

    goodput: Float[Array, ""]  # time of useful work over wall time, 0 to 1
    work_kept: Float[Array, ""]  # s, mean work kept of an interval that was begun
    failures: Float[Array, ""]  # s-1, failures in work, checkpoints and restarts
    start_share: Float[Array, " phase"]  # share of the intervals of work that begin near each phase


def orbit_goodput(
    failure_rate: Float[Array, " phase"],
    period: Float[Array, ""],
    interval: Float[Array, " phase"],
    checkpoint_time: Float[Array, ""],
    restart_time: Float[Array, ""],
) -> Goodput:
    """Goodput of a computation with checkpoints where the failure rate lam(t) repeats with the orbit.

    Work that starts at phase t lasts tau(t), is saved for d, and is kept with probability
    S(t) = exp(-int_t^(t + tau + d) lam); a failure at t' in it, of density lam(t') exp(-int_t^t' lam), loses it and
    begins a restart of length R at t', which another failure begins anew. These attempts are a Markov chain over their
    kind and starting phase with the stationary distribution pi, and by the renewal-reward theorem

        goodput = sum pi S tau / sum pi m,      m = mean length of an attempt.

    failure_rate (s-1) and interval tau (s) stand at equal phases of the period (s), the first at phase 0, linear in
    between and periodic; checkpoint_time d and restart_time R (s, 0 allowed). Survival and failures are integrated
    between neighboring phases, an attempt of any length being so many whole steps (or periods) and a part of one: what
    is left of discretization is that ends of attempts are shared between the two phases beside them. With a constant
    rate and interval this is 1 / `expected_time_factor`. Differentiable in all arguments. Source of the theorem: Ross,
    Stochastic Processes (2nd ed., 1996), theorem 3.6.1 and section 4.8.
    """
    chain = chain_of(paths_of(failure_rate, period), interval, checkpoint_time, restart_time)
    count = failure_rate.shape[0]
    share = _stationary(chain.moves)
    spent, kept = share @ chain.length, share @ chain.kept
    working = jnp.sum(share[:count])
    failed = share @ (1.0 - chain.done)
    return Goodput(kept / spent, kept / working, failed / spent, share[:count] / working)


class Paths(NamedTuple):
    """What happens from each starting phase (rows) to one period on, step by step between phases (columns)."""

    rate: Float[Array, " phase"]
    period: Float[Array, ""]
    total: Float[Array, ""]  # -, failures expected in a period
    survival: Float[Array, "phase edge"]  # chance to get to the j-th phase on without a failure
    length: Float[Array, "phase edge"]  # s, mean time until there or a failure
    near: Float[Array, "phase step"]  # chance to fail in the step, as shared to the phase before it
    far: Float[Array, "phase step"]  # the same to the phase behind it


class Attempt(NamedTuple):
    """What becomes of attempts: chance to get done, mean length, and how its failures are made of steps of `Paths`."""

    done: Array  # -
    length: Array  # s
    whole: Array  # -, times that the steps of a whole period count
    rest: Array  # -, chance to get to the last, begun period
    steps: Int[Array, "..."]  # whole steps in it
    at: Int[Array, "..."]  # phase at which the last, begun step starts
    near: Array  # -, chance to fail in that step, as shared to the phase before
    far: Array


class Chain(NamedTuple):
    """Attempts as a Markov chain: work from each phase, then restarts from each phase."""

    moves: Float[Array, "state state"]
    length: Float[Array, " state"]  # s
    kept: Float[Array, " state"]  # s, mean work kept
    done: Float[Array, " state"]  # -


def paths_of(failure_rate: Float[Array, " phase"], period: Float[Array, ""]) -> Paths:
    """All paths of at most one period; a failure within a step is shared to the phases beside it."""
    count = failure_rate.shape[0]
    passed = cumulative_rate(failure_rate, period)
    place = jnp.arange(count)[:, None] + jnp.arange(count + 1)
    exponent = passed[place % count] + passed[-1] * (place // count) - passed[:count, None]
    survival = jnp.exp(-exponent)
    _, length, near, far = _step(failure_rate, period, jnp.arange(count), jnp.ones(count, failure_rate.dtype))
    reached, of = survival[:, :-1], place[:, :-1] % count
    times = jnp.concatenate([jnp.zeros((count, 1)), jnp.cumsum(reached * length[of], axis=1)], axis=1)
    return Paths(failure_rate, period, passed[-1], survival, times, reached * near[of], reached * far[of])


def attempt(paths: Paths, length: Float[Array, "phase ..."]) -> Attempt:
    """Attempts of a length (s) from each phase (rows)."""
    count = paths.rate.shape[0]
    start = jnp.arange(count).reshape(-1, *([1] * (length.ndim - 1)))
    place = length / paths.period * count
    whole = jnp.floor(place)
    periods = jnp.floor(whole / count)
    steps = jnp.clip(whole - periods * count, 0, count - 1).astype(jnp.int32)
    at = (start + steps) % count
    passed, time, near, far = _step(paths.rate, paths.period, at, place - whole)
    # Sum of exp(-r total) over the periods before: their number where nothing fails.
    small = paths.total < 1e-12
    ratio = jnp.expm1(-periods * paths.total) / jnp.where(small, 1.0, jnp.expm1(-paths.total))
    before = jnp.where(small, periods, ratio)
    rest = jnp.exp(-periods * paths.total)
    reached = rest * paths.survival[start, steps]
    mean = before * paths.length[start, count] + rest * paths.length[start, steps] + reached * time
    return Attempt(reached * jnp.exp(-passed), mean, before, rest, steps, at, reached * near, reached * far)


def chain_of(
    paths: Paths,
    interval: Float[Array, " phase"],
    checkpoint_time: Float[Array, ""],
    restart_time: Float[Array, ""],
) -> Chain:
    """The chain of `orbit_goodput`: what is done goes on with work, what fails with a restart."""
    count = interval.shape[0]
    lengths = (interval + checkpoint_time, jnp.broadcast_to(restart_time, interval.shape))
    each = [attempt(paths, length) for length in lengths]
    ends = [_ends(paths, one, length) for one, length in zip(each, lengths, strict=True)]
    moves = jnp.block([[done, failed] for done, failed in ends])
    done = jnp.concatenate([one.done for one in each])
    kept = jnp.concatenate([each[0].done * interval, jnp.zeros(count, interval.dtype)])
    moves = (1.0 - _MIXING) * moves + _MIXING / (2 * count)
    return Chain(moves, jnp.concatenate([one.length for one in each]), kept, done)


def _step(rate: Array, period: Array, phase: Array, part: Array) -> tuple[Array, Array, Array, Array]:
    """The begun step from a phase to a `part` of it: exposure, mean time in it, and failures for the phases beside."""
    first, width = rate[phase][..., None], period / rate.shape[0]
    rise = rate[(phase + 1) % rate.shape[0]][..., None] - first
    place = part[..., None] * _NODE
    survived = jnp.exp(-width * place * (first + 0.5 * rise * place))
    weight = part[..., None] * width * _WEIGHT * survived
    failed = weight * (first + rise * place)
    passed = (width * part[..., None] * (first + 0.5 * rise * part[..., None]))[..., 0]
    # The quadrature of the failures is brought to the exact 1 - S, so that no attempt is lost or made.
    all_failed = jnp.sum(failed, axis=-1)
    failed = failed * (-jnp.expm1(-passed) / jnp.where(all_failed > 0.0, all_failed, 1.0))[..., None]
    near, far = jnp.sum(failed * (1.0 - place), axis=-1), jnp.sum(failed * place, axis=-1)
    return passed, jnp.sum(weight, axis=-1), near, far


def _ends(paths: Paths, one: Attempt, length: Array) -> tuple[Array, Array]:
    """Where attempts that get done and those that fail end, shared between phases; a row a start."""
    count = length.shape[0]
    row = jnp.arange(count)
    time = row * paths.period / count + length
    before, behind, u = neighbors(time, paths.period, count)
    empty = jnp.zeros((count, count), length.dtype)
    done = empty.at[row, before].add(one.done * (1.0 - u)).at[row, behind].add(one.done * u)
    times = one.whole[:, None] + one.rest[:, None] * (jnp.arange(count) < one.steps[:, None])
    onward = (row[None] - row[:, None]) % count  # steps from the start to each phase
    failed = jnp.take_along_axis(times * paths.near, onward, axis=1)
    failed += jnp.take_along_axis(times * paths.far, (onward - 1) % count, axis=1)
    return done, failed.at[row, one.at].add(one.near).at[row, (one.at + 1) % count].add(one.far)


def _stationary(moves: Array) -> Array:
    """The distribution pi = pi P with sum one, of a chain with rows P: one linear solve."""
    count = moves.shape[0]
    # One equation of the n is what the others say; the sum takes its place.
    matrix = (moves.T - jnp.eye(count, dtype=moves.dtype)).at[-1].set(1.0)
    return jnp.linalg.solve(matrix, jnp.zeros(count, moves.dtype).at[-1].set(1.0))
