"""The adaptive driver: accuracy, edges, jumps of states without capacity, and its named failures."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from caloris_benchmarks.dense_scene import ENCLOSURE, PERIOD, enclosure
from caloris_kernels.constants import STEFAN_BOLTZMANN
from caloris_kernels.stepping.adaptive import integrate
from caloris_kernels.stepping.dense_output import integrate_along, states_at
from caloris_kernels.stepping.system import (
    BUFFER_OVERFLOW,
    NOT_FINITE,
    STEP_TOO_SMALL,
    SUCCESS,
    System,
)

NODES = 6
P = enclosure(NODES, algebraic=2)
EDGES = jnp.array([0.0, 1800.0, 1800.0, 3900.0, PERIOD])
SUNLIT = jnp.array([1.0, 7.0, 0.0, 1.0])  # the segment of no length would be felt if it were not skipped
Y0 = jnp.full(NODES, 280.0, dtype=float)
MAX_STEPS = 400
_run = jax.jit(lambda p, y0, edges, tolerance: integrate(ENCLOSURE, p, y0, edges, tolerance, max_steps=MAX_STEPS))


def _solve(p=P, y0=Y0, tolerance=1e-5, edges=EDGES):
    return _run(p._replace(sunlit=SUNLIT), y0, edges, jnp.full(NODES, tolerance))


@pytest.fixture(scope="module")
def reference():
    """Radau on the differential states, in numpy; the algebraic ones from their own balance by Newton."""
    conductance, exchange, space, capacity = (
        np.asarray(a) for a in (P.conductance, P.exchange, P.to_space, P.heat_capacity)
    )
    steady, solar, phase = (np.asarray(a) for a in (P.heat_load, P.solar_load, P.phase))
    conduction = conductance - np.diag(conductance.sum(1))
    radiation = exchange - np.diag(exchange.sum(1) + space)

    def rate(t, y, lit):
        load = steady + lit * solar * (1.0 + 0.5 * np.cos(2.0 * np.pi / PERIOD * t + phase))
        return load + conduction @ y + radiation @ y**4

    def complete(t, slow, lit):
        y = np.concatenate([[280.0, 280.0], slow])
        for _ in range(6):
            jacobian = conduction + radiation * (4.0 * y**3)
            y[:2] -= np.linalg.solve(jacobian[:2, :2], rate(t, y, lit)[:2])
        return y

    slow, ends = np.asarray(Y0)[2:], []
    for s in (0, 2, 3):
        t0, t1, lit = float(EDGES[s]), float(EDGES[s + 1]), float(SUNLIT[s])
        function = lambda t, x, lit=lit: rate(t, complete(t, x, lit), lit)[2:] / capacity[2:]  # noqa: E731
        slow = solve_ivp(function, (t0, t1), slow, "Radau", rtol=1e-9, atol=1e-8).y[:, -1]
        ends.append(complete(t1, slow, lit))
    return np.array(ends)


def test_accuracy_follows_the_tolerance(reference):
    for tolerance, bound in ((1e-3, 1e-3), (1e-6, 3e-6)):
        # the tolerance is per step: dissipation keeps the sum of about 100 of them near one
        run = _solve(tolerance=tolerance)
        assert int(run.result) == SUCCESS
        assert np.max(np.abs(run.final - reference[-1])) < bound


def test_no_step_crosses_an_edge_and_empty_segments_are_skipped():
    run = _solve()
    steps = int(run.grid.steps)
    segment, start, width = (np.asarray(a)[:steps] for a in (run.grid.segment, run.grid.start, run.grid.width))
    assert list(np.unique(segment)) == [0, 2, 3]
    for s in (0, 2, 3):
        assert start[segment == s][0] == 0.0
        np.testing.assert_allclose(np.cumsum(width[segment == s])[-1], 1.0, rtol=1e-13)
        np.testing.assert_allclose((start + width)[segment == s][-1], 1.0, rtol=1e-13)


def test_algebraic_states_jump_at_the_edges_and_stay_balanced():
    run = _solve()
    steps = int(run.grid.steps)
    p = P._replace(sunlit=SUNLIT)
    entry = int(np.argmax(np.asarray(run.grid.segment)[:steps] == 2))
    before, after = run.record.end[entry - 1], run.record.start[entry]
    assert float(jnp.max(jnp.abs(after[:2] - before[:2]))) > 1.0  # eclipse entry is felt at once
    np.testing.assert_array_equal(after[2:], before[2:])
    balance = ENCLOSURE.rate(EDGES[2], after, p, jnp.asarray(2))[:2]
    assert float(jnp.max(jnp.abs(balance))) < 1e-7  # Newton to 1e-11 K times about 1 W/K


def test_stored_energy_balances_the_fluxes():
    """C dT of every node equals the integral of its net flux, by a quadrature independent of the stepper."""
    run = _solve(tolerance=1e-3)
    p = P._replace(sunlit=SUNLIT)
    times = jnp.array([0.0, 500.0, 1800.0, 2500.0, 5700.0])
    net = jax.jit(
        lambda: integrate_along(lambda t, y, q, s: ENCLOSURE.rate(t, y, q, s), p, run.grid, run.record, EDGES, times)
    )()
    states = states_at(run.grid, run.record, EDGES, times)
    stored = P.heat_capacity * jnp.diff(states, axis=0)
    # states good to about 1e-3 K, fluxes to that times K of up to 2 W/K, over up to 3200 s; the fluxes are 5 W
    largest = 5.0 * np.diff(np.asarray(times))[:, None]
    assert float(jnp.max(jnp.abs(net - stored) / largest)) < 1e-4
    assert float(jnp.max(jnp.abs(stored))) > 100.0


def test_values_do_not_retrace():
    traces = []

    def counted(t, y, p, s):
        traces.append(0)
        return ENCLOSURE.rate(t, y, p, s)

    system = ENCLOSURE._replace(rate=counted)
    run = jax.jit(lambda p, y0, edges, tolerance: integrate(system, p, y0, edges, tolerance, max_steps=9).result)
    run(P._replace(sunlit=SUNLIT), Y0, EDGES, jnp.full(NODES, 1e-5))
    first = len(traces)
    run(P._replace(sunlit=SUNLIT, heat_load=P.heat_load * 1.5), Y0 + 1.0, EDGES * 1.1, jnp.full(NODES, 3e-4))
    assert 0 < first == len(traces)


def test_failures_are_named_and_finite():
    too_many = _solve(tolerance=1e-10)
    assert int(too_many.result) == BUFFER_OVERFLOW
    not_finite = _solve(p=P._replace(heat_load=P.heat_load.at[3].set(jnp.nan)))
    assert int(not_finite.result) == NOT_FINITE and int(not_finite.failed_state) == 3
    for run in (too_many, not_finite):
        assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(run))


def _one_state(rate, slope):
    return System(rate, lambda p: p["mass"], slope, lambda k, v: k * v, lambda k, v: k * v, lambda k: k)


def test_a_rate_that_jumps_inside_a_segment_stops_at_the_smallest_step():
    system = _one_state(
        lambda t, y, p, s: jnp.where(t < 1.0, 0.0, p["jump"]) + 0.0 * y, lambda t, y, p, s: jnp.zeros_like(y)
    )
    p = {"mass": jnp.ones(1), "jump": jnp.asarray(1e9)}
    run = jax.jit(
        lambda p: integrate(
            system, p, jnp.zeros(1), jnp.array([0.0, 2.0]), jnp.full(1, 1e-6), max_steps=400, minimum_step=1e-6
        )
    )(p)
    assert int(run.result) == STEP_TOO_SMALL and int(run.failed_state) == 0
    assert np.all(np.isfinite(run.final))


@pytest.mark.parametrize(("sink", "seconds"), [(0.0, 125.871), (250.0, 186.028)])
def test_lumped_cool_down(sink, seconds):
    """A lump of 900 J/K radiating from 1 m2 of emittance 0.9 cools from 400 to 300 K in a known time.

    To 0 K: t = C / (3 eps sigma A) (T^-3 - T0^-3); to 250 K the logarithmic form (Bejan, Heat Transfer,
    lumped radiation). The bound is the last digit of the times, 5e-4 s, at 0.5 K/s: 3e-4 K.
    """
    area = 0.9 * STEFAN_BOLTZMANN
    system = _one_state(lambda t, y, p, s: -area * (y**4 - p["sink"] ** 4), lambda t, y, p, s: 4.0 * area * y**3)
    p = {"mass": jnp.full(1, 900.0), "sink": jnp.asarray(sink)}
    run = integrate(system, p, jnp.full(1, 400.0), jnp.array([0.0, seconds]), jnp.full(1, 1e-6), max_steps=100)
    assert abs(float(run.final[0]) - 300.0) < 3e-4
