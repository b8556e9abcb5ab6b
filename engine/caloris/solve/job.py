"""The verb of jobs: the best interval of checkpoints, and the work that gets done, at a failure rate of the orbit."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, ArrayLike, Float

from caloris.model.job import Job
from caloris.precision import require_float64
from caloris.programs import kept
from caloris_kernels.reliability.checkpoint import (
    daly_interval,
    expected_time_factor,
    optimal_interval,
    young_interval,
)
from caloris_kernels.reliability.goodput import orbit_goodput
from caloris_kernels.reliability.schedule import best_schedule

# A rate below one failure in the age of the Earth counts as that: intervals and times stay finite.
_LEAST_RATE = 1e-17  # s-1


class JobResult(NamedTuple):
    """What becomes of a job: intervals of work between checkpoints (s), and the share of the time that is useful."""

    failure_rate: Float[Array, ""]  # s-1, mean over the orbit
    interval: Float[Array, ""]  # s, that of the job
    optimal_interval: Float[Array, ""]  # s, exact for the mean rate
    young_interval: Float[Array, ""]  # s
    daly_interval: Float[Array, ""]  # s
    goodput: Float[Array, ""]  # -, 0 to 1, with `interval` all along the orbit
    goodput_following: Float[Array, ""]  # -, with the best schedule for the rate along the orbit
    rate_along_orbit: Float[Array, " phase"]  # s-1
    interval_along_orbit: Float[Array, " phase"]  # s, of that schedule, for work that starts there; frozen


def job_goodput(job: Job, failure_rate: ArrayLike) -> JobResult:
    """Best checkpoint interval and expected goodput of a job that fails at failure_rate (s-1, mean over the orbit).

    The interval is tau = M [1 + W0(-exp(-d/M - 1))] with M = 1 / failure_rate (`optimal_interval`, exact at a constant
    rate), beside Young's and Daly's. Goodput at a constant rate is 1 / `expected_time_factor`; with a profile, by
    `orbit_goodput` for the rate at every phase. `interval_along_orbit` is the best schedule where the rate is known
    ahead (`best_schedule`: it saves before the rate rises), and `goodput_following`, never less than that of the best
    constant interval, what it gets done. The schedule itself is found by a search and frozen: it has no derivative,
    and the goodputs need none of it.

    Without failures the interval grows beyond all bounds and the goodput is 1: a rate below 1e-17 s-1 counts as that.
    Differentiable. Raises RuntimeError in float32.
    """
    require_float64("job_goodput")
    return _job(job, jnp.asarray(failure_rate, float))


@kept
def _job(job: Job, failure_rate: Array) -> JobResult:
    rate = jnp.maximum(failure_rate, _LEAST_RATE)
    cost, mean = job.checkpoint_time, 1.0 / rate
    best = optimal_interval(cost, mean)
    interval = best if job.interval is None else job.interval
    known = (best, young_interval(cost, mean), daly_interval(cost, mean))
    if job.profile is None or job.period is None:
        goodput = 1.0 / expected_time_factor(interval, cost, job.restart_time, mean)
        return JobResult(failure_rate, interval, *known, goodput, goodput, rate[None], interval[None])
    along = jnp.maximum(rate * job.profile / jnp.mean(job.profile), _LEAST_RATE)
    work, restart = job.checkpoint_time, job.restart_time
    following = best_schedule(along, job.period, work, restart)
    constant = jnp.broadcast_to(interval, along.shape)
    same = orbit_goodput(along, job.period, constant, work, restart).goodput
    varied = orbit_goodput(along, job.period, following, work, restart).goodput
    # A user's constant interval may lie outside of what the search tries.
    kept = varied >= same
    following, varied = jnp.where(kept, following, lax.stop_gradient(constant)), jnp.maximum(varied, same)
    return JobResult(failure_rate, interval, *known, same, varied, along, following)
