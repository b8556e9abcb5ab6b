from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import lambertw

from caloris_kernels.reliability.checkpoint import (
    daly_interval,
    expected_time_factor,
    optimal_interval,
    young_interval,
)
from caloris_kernels.reliability.goodput import orbit_goodput


def value(x):
    return jnp.asarray(x, dtype=float)


def test_the_three_intervals():
    d, mean = value(60.0), value(7200.0)
    assert float(optimal_interval(d, mean)) == pytest.approx(889.9, abs=0.2)
    assert float(daly_interval(d, mean)) == pytest.approx(889.95, abs=5e-3)
    assert float(young_interval(d, mean)) == pytest.approx(929.52, abs=5e-3)


@pytest.mark.parametrize("ratio", [1e-3, 0.1, 1.0, 10.0])
def test_optimum_against_lambert_w_and_against_a_search(ratio):
    mean = 3600.0
    found = float(optimal_interval(value(ratio * mean), value(mean)))
    assert found == pytest.approx(mean * (1 + lambertw(-np.exp(-ratio - 1)).real), rel=1e-9)

    def factor(tau):
        return float(expected_time_factor(value(tau), value(ratio * mean), value(0.0), value(mean)))

    search: Any = minimize_scalar(factor, bracket=(0.5 * found, 1.1 * found), options={"xtol": 1e-9})
    # A flat minimum is found to the root of rounding.
    assert found == pytest.approx(search.x, rel=1e-6)


def test_tiny_and_huge_checkpoints_keep_their_digits():
    # tau/M = s - s^2/3 ... with s = sqrt(2 d/M): the first orders where W0's argument is at its branch point.
    s = np.sqrt(2e-12)
    assert float(optimal_interval(value(1e-12), value(1.0))) == pytest.approx(s * (1 - s / 3), rel=1e-9)
    assert float(optimal_interval(value(1e4), value(1.0))) == 1.0


def test_derivative_of_the_optimum():
    def f(d, mean):
        return optimal_interval(d, mean)

    d, mean = value(60.0), value(7200.0)
    difference = (f(d + 1e-3, mean) - f(d - 1e-3, mean)) / 2e-3
    assert float(jax.grad(f)(d, mean)) == pytest.approx(float(difference), rel=1e-7)
    difference = (f(d, mean + 0.1) - f(d, mean - 0.1)) / 0.2
    assert float(jax.grad(f, 1)(d, mean)) == pytest.approx(float(difference), rel=1e-7)
    assert float(jax.jacfwd(f, 1)(d, mean)) == pytest.approx(float(jax.grad(f, 1)(d, mean)), rel=1e-12)


def goodput(rate, *, interval=900.0, d=60.0, restart=300.0, period=5700.0, phases=96):
    rate = value(np.broadcast_to(rate, phases))
    return orbit_goodput(rate, value(period), jnp.full(phases, interval), value(d), value(restart))


@pytest.mark.parametrize("mean", [1e3, 7200.0, 1e6])
def test_constant_rate_is_the_closed_form(mean):
    found = goodput(1.0 / mean)
    exact = 1.0 / float(expected_time_factor(value(900.0), value(60.0), value(300.0), value(mean)))
    # Gauss points of a smooth integrand: rounding, and 1e-9 of mixing.
    assert float(found.goodput) == pytest.approx(exact, rel=1e-8)


def test_without_failures_only_checkpoints_cost():
    # One attempt in 1e9 starts anywhere, in a restart too; the second begins at the same phase for ever.
    assert float(goodput(0.0).goodput) == pytest.approx(900.0 / 960.0, rel=1e-9)
    assert float(goodput(0.0, interval=5640.0).goodput) == pytest.approx(5640.0 / 5700.0, rel=1e-9)


def _played(rate, period, tau, d, restart, seed, attempts):
    """The same game drawn: failures of a Poisson process of a rate linear between phases, by thinning."""
    random, highest, phases = np.random.default_rng(seed), rate.max(), len(rate)
    grid = np.append(rate, rate[0])

    def next_failure(t):
        while True:
            t += random.exponential(1 / highest)
            if random.uniform() * highest < np.interp((t / period) % 1 * phases, np.arange(phases + 1), grid):
                return t

    t, works, times = 0.0, [], []
    failure = next_failure(t)
    for _ in range(attempts):
        begin = t
        if failure > t + tau + d:
            t += tau + d
            works.append(tau)
        else:
            t = failure
            failure = next_failure(t)
            while failure < t + restart:  # the restart begins anew
                t, failure = failure, next_failure(failure)
            t += restart
            works.append(0.0)
        times.append(t - begin)
    return np.array(works), np.array(times)


def test_rate_that_follows_the_orbit_against_the_game_played():
    period, phases = 5700.0, 96
    rate = np.full(phases, 2e-5)
    rate[40:52] = 2e-3  # an anomaly of an eighth of the orbit, one failure in it on average
    found = goodput(rate, phases=phases)
    works, times = _played(rate, period, 900.0, 60.0, 300.0, 11, 60_000)
    # Batches of 600 attempts: nearly independent estimates, three standard errors of their mean. Starts that
    # are shared between two phases of a ninety-sixth of the orbit cost less than 5e-4 more (twice as many: 2e-4).
    shares = works.reshape(100, -1).sum(axis=1) / times.reshape(100, -1).sum(axis=1)
    assert abs(float(found.goodput) - works.sum() / times.sum()) < 3.0 * shares.std() / 10.0 + 5e-4
    constant = float(goodput(rate.mean()).goodput)
    assert abs(float(found.goodput) - constant) > 5e-3  # the mean rate is not enough


def test_derivative_of_goodput_against_differences():
    rate = 1e-4 * (1.0 + 0.9 * np.sin(np.linspace(0, 2 * np.pi, 48, endpoint=False)))

    def f(scale, interval, d, restart):
        result = orbit_goodput(scale * value(rate), value(5700.0), jnp.full(48, 1.0) * interval, d, restart)
        return result.goodput

    at = tuple(value(x) for x in (1.3, 850.0, 60.0, 300.0))
    reverse = jax.jit(jax.grad(f, argnums=(0, 1, 2, 3)))(*at)
    compiled = jax.jit(f)
    for index, number in enumerate(at):
        h = 1e-5 * float(number)
        up, down = list(at), list(at)
        up[index], down[index] = number + h, number - h
        difference = float(compiled(*up) - compiled(*down)) / (2 * h)
        # Phases are piecewise linear: kinks of the second order in h.
        assert float(reverse[index]) == pytest.approx(difference, rel=1e-5)
    forward = jax.jit(lambda *x: jax.jvp(f, x, tuple(value(1.0) for _ in x))[1])(*at)
    assert float(forward) == pytest.approx(float(sum(reverse)), rel=1e-9)
