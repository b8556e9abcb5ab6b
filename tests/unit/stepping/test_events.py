"""Switches: exact times, changes at once, what a step could miss, endless switching, and no cost without them."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.stepping.adaptive import integrate
from caloris_kernels.stepping.grid import begins_anew
from caloris_kernels.stepping.periodic import solve_periodic
from caloris_kernels.stepping.replay import replay
from caloris_kernels.stepping.system import NOT_FINITE, SUCCESS, TOO_MANY_SWITCHINGS, System

MAX_STEPS = 240
SINK = 270.0


def _thermostat(t, y, p, s, mode):
    """Heaters go on below `low` and off above `high`, each by the temperature of its own lump."""
    return jnp.where(mode > 0.5, y - p["high"], p["low"] - y)


# Lumps with heaters, each alone with its sink: C y' = on power - G (y - sink).
LUMPS = System(
    rate=lambda t, y, p, s: p["on"] * p["power"] - p["conductance"] * (y - SINK),
    mass=lambda p: p["capacity"],
    linearize=lambda t, y, p, s: p["conductance"] + 0.0 * y,
    apply=lambda k, v: k * v,
    apply_transpose=lambda k, v: k * v,
    diagonal=lambda k: k,
    switching=_thermostat,
    with_mode=lambda p, mode: {**p, "on": mode},
)
CYCLE = {
    "power": jnp.array([20.0]),
    "conductance": jnp.array([0.5]),
    "capacity": jnp.array([300.0]),
    "low": jnp.array([290.0]),
    "high": jnp.array([295.0]),
}
SPAN = jnp.array([0.0, 700.0, 2000.0])
_run = jax.jit(
    lambda p, y0, mode, tolerance: integrate(
        LUMPS, p, y0, SPAN, jnp.broadcast_to(tolerance, y0.shape), max_steps=MAX_STEPS, mode=mode
    )
)


def _step_ends(run, edges):
    """Time of the end of each step (s), and the switch that ended it."""
    steps = int(run.grid.steps)
    edges, segment = np.asarray(edges), np.asarray(run.grid.segment)[:steps]
    fraction = (np.asarray(run.grid.start) + np.asarray(run.grid.width))[:steps]
    times = edges[segment] + (edges[segment + 1] - edges[segment]) * fraction
    return times, np.asarray(run.grid.switch)[:steps]


def _cycle_times(count):
    """First switching on from 293 K with the heater off, then on and off in turn.

    A lump of time constant tau = C / G relaxes to the sink, or to the sink + power / G, exponentially:
    t_off = tau ln((high - sink) / (low - sink)), t_on = tau ln((hot - low) / (hot - high)).
    """
    tau, hot = 600.0, SINK + 40.0
    off, on = tau * np.log(25.0 / 20.0), tau * np.log((hot - 290.0) / (hot - 295.0))
    intervals = [tau * np.log(23.0 / 20.0)] + [on if k % 2 == 0 else off for k in range(count - 1)]
    return np.cumsum(intervals)


@pytest.mark.parametrize(("tolerance", "bound"), [(1e-2, 1e-6), (1e-5, 1e-8)])
def test_a_thermostat_switches_at_the_times_of_the_closed_form(tolerance, bound):
    run = _run(CYCLE, jnp.array([293.0]), jnp.zeros(1), tolerance)
    assert int(run.result) == SUCCESS
    times, switch = _step_ends(run, SPAN)
    found = times[switch >= 0]
    assert len(found) == 13
    # the tolerance over 0.03 K/s and 100 to 2000 s is 1e-4 to 3e-3 of it; the estimate bounds the error of order 4
    np.testing.assert_allclose(found, _cycle_times(13), rtol=bound)
    assert float(run.mode[0]) == 1.0 and run.failed_switch == -1
    ends = np.asarray(run.record.end)[: len(times), 0][switch >= 0]
    thresholds = np.where(np.arange(13) % 2 == 0, 290.0, 295.0)
    np.testing.assert_allclose(ends, thresholds, atol=2e-6 * tolerance + 1e-12)  # twice what a search leaves


def test_modes_hold_between_switchings_and_replay_repeats_them():
    run = _run(CYCLE, jnp.array([293.0]), jnp.zeros(1), 1e-4)
    _, switch = _step_ends(run, SPAN)
    mode = np.asarray(run.grid.mode)[: len(switch), 0]
    np.testing.assert_array_equal(np.diff(mode) != 0.0, switch[:-1] >= 0)
    record = jax.jit(lambda: replay(LUMPS, CYCLE, jnp.array([293.0]), SPAN, run.grid, jnp.full(1, 1e-4)))()
    np.testing.assert_allclose(record.end, run.record.end, rtol=1e-13)
    np.testing.assert_array_equal(record.shift, 0.0)
    anew = [bool(begins_anew(run.grid, jnp.asarray(i))) for i in range(len(switch))]
    assert sum(anew) == 13 + 2  # behind each switching, and at the start of both segments
    assert anew[0]


def test_a_switch_beyond_its_threshold_changes_at_once():
    run = _run(CYCLE, jnp.array([280.0]), jnp.zeros(1), 1e-4)
    assert float(run.grid.mode[0, 0]) == 1.0
    hot = SINK + 40.0
    times, switch = _step_ends(run, SPAN)
    np.testing.assert_allclose(times[switch >= 0][0], 600.0 * np.log((hot - 280.0) / (hot - 295.0)), rtol=1e-7)


def test_equal_heaters_switch_together_and_others_apart():
    p = {k: jnp.concatenate([v, v, v]) for k, v in CYCLE.items()}
    p = {**p, "low": jnp.array([290.0, 290.0, 289.0])}
    run = _run(p, jnp.full(3, 293.0), jnp.zeros(3), 1e-6)
    assert int(run.result) == SUCCESS
    mode = np.asarray(run.grid.mode)[: int(run.grid.steps)]
    alone = _run(CYCLE, jnp.array([293.0]), jnp.zeros(1), 1e-6)
    np.testing.assert_allclose(run.final[:2], jnp.repeat(alone.final, 2), atol=1e-5)
    lengths = np.diff(_step_ends(run, SPAN)[0], prepend=0.0)
    assert np.sum(lengths[mode[:, 0] != mode[:, 1]]) < 1e-5  # s: between two switchings of equal lumps
    assert np.sum(lengths[mode[:, 0] != mode[:, 2]]) > 10.0


# One lump that follows a sine exactly, and a switch that watches it for passing `limit`: y = sin(t).
SINE = System(
    rate=lambda t, y, p, s: jnp.cos(t) + 0.0 * y,
    mass=lambda p: jnp.ones(1),
    linearize=lambda t, y, p, s: jnp.zeros_like(y),
    apply=lambda k, v: k * v,
    apply_transpose=lambda k, v: k * v,
    diagonal=lambda k: k,
    switching=lambda t, y, p, s, mode: jnp.where(mode > 0.5, -1.0, y - p["limit"]),
    with_mode=lambda p, mode: p,
)
_sine = jax.jit(
    lambda limit, tolerance, first: integrate(
        SINE,
        {"limit": limit},
        jnp.zeros(1),
        jnp.array([0.0, 3.0]),
        jnp.full(1, tolerance),
        max_steps=60,
        mode=jnp.zeros(1),
        initial_step=first,
    )
)


def test_a_threshold_passed_twice_within_one_step_is_not_missed():
    """sin t > 0.9 lasts from 1.12 to 2.02 s: one step of 3 s, whose ends lie below, passes over it."""
    run = _sine(0.9, 1e-1, 3.0)
    times, switch = _step_ends(run, [0.0, 3.0])
    assert np.sum(switch >= 0) == 1
    np.testing.assert_allclose(times[switch >= 0][0], np.arcsin(0.9), atol=3e-2)  # 0.1 allowed per step, slope 0.44
    fine = _sine(0.9, 1e-9, 3.0)
    times, switch = _step_ends(fine, [0.0, 3.0])
    np.testing.assert_allclose(times[switch >= 0][0], np.arcsin(0.9), atol=1e-7)


@pytest.mark.parametrize("gap", [1e-9, -1e-9, 1e-13, 0.0, -1e-13])
def test_a_threshold_just_touched_ends_well(gap):
    """The peak lies `gap` below the threshold, by far less than the tolerance of 1e-5 as well: either is right."""
    run = _sine(1.0 + gap, 1e-5, 0.3)
    assert int(run.result) == SUCCESS
    assert int(jnp.sum(run.grid.switch[: int(run.grid.steps)] >= 0)) <= 1
    np.testing.assert_allclose(run.final, np.sin(3.0), atol=1e-4)


def test_a_heater_without_hysteresis_ends_with_a_name():
    p = {**CYCLE, "low": jnp.array([290.0]), "high": jnp.array([290.0])}
    run = _run(p, jnp.array([293.0]), jnp.zeros(1), 1e-4)
    assert int(run.result) == TOO_MANY_SWITCHINGS and run.failed_switch == 0
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(run))
    np.testing.assert_allclose(run.final, 290.0, atol=1e-6)


def test_a_switch_that_no_mode_satisfies_ends_with_a_name():
    system = LUMPS._replace(switching=lambda t, y, p, s, mode: jnp.ones(1))
    run = integrate(system, CYCLE, jnp.array([293.0]), SPAN, jnp.full(1, 1e-3), max_steps=9, mode=jnp.zeros(1))
    assert int(run.result) == TOO_MANY_SWITCHINGS and run.failed_switch == 0


def test_a_switch_that_is_not_a_number_ends_with_a_name():
    system = LUMPS._replace(switching=lambda t, y, p, s, mode: jnp.where(t > 500.0, jnp.nan, -1.0) + 0.0 * y)
    run = integrate(system, CYCLE, jnp.array([293.0]), SPAN, jnp.full(1, 1e-3), max_steps=99, mode=jnp.zeros(1))
    assert int(run.result) == NOT_FINITE
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(run))


def test_a_sensor_without_capacity_jumps_and_its_heater_follows():
    """A foil heated by 4 W until 700 s, by 0 W then, on 0.5 W/K to a lump at 280 K: from 288 to 280 K in no time."""
    system = System(
        rate=lambda t, y, p, s: jnp.stack([-0.5 * (y[0] - y[1]), p["foil"][s] + 0.5 * (y[0] - y[1]) + p["on"][0] * 3]),
        mass=lambda p: jnp.array([1e7, 0.0]),
        linearize=lambda t, y, p, s: jnp.array([[0.5, -0.5], [-0.5, 0.5]]),
        apply=lambda k, v: k @ v,
        apply_transpose=lambda k, v: v @ k,
        diagonal=jnp.diag,
        switching=lambda t, y, p, s, mode: jnp.where(mode > 0.5, y[1:] - 287.0, 285.0 - y[1:]),
        with_mode=lambda p, mode: {**p, "on": mode},
    )
    p = {"foil": jnp.array([4.0, 0.0])}
    run = integrate(system, p, jnp.array([280.0, 280.0]), SPAN, jnp.full(2, 1e-6), max_steps=30, mode=jnp.ones(1))
    steps = int(run.grid.steps)
    assert int(run.result) == SUCCESS
    segment, mode = np.asarray(run.grid.segment)[:steps], np.asarray(run.grid.mode)[:steps, 0]
    np.testing.assert_array_equal(mode, np.where(segment == 0, 0.0, 1.0))  # 288 K: off at once; 280 K: on at once
    start = np.asarray(run.record.start)[:steps]
    np.testing.assert_allclose(start[0, 1], 288.0, atol=1e-6)
    np.testing.assert_allclose(start[segment == 1][0, 1], 286.0, atol=1e-2)  # with 3 W of its heater


def test_values_do_not_retrace():
    traces = []

    def counted(t, y, p, s, mode):
        traces.append(0)
        return _thermostat(t, y, p, s, mode)

    system = LUMPS._replace(switching=counted)
    run = jax.jit(lambda p, y0, mode: integrate(system, p, y0, SPAN, jnp.full(1, 1e-3), max_steps=60, mode=mode).result)
    run(CYCLE, jnp.array([293.0]), jnp.zeros(1))
    first = len(traces)
    run({**CYCLE, "high": jnp.array([297.0])}, jnp.array([280.0]), jnp.ones(1))
    assert 0 < first == len(traces)


def test_switches_that_are_not_used_change_nothing_in_the_program():
    bare = LUMPS._replace(switching=None, with_mode=None)
    p = {**CYCLE, "on": jnp.zeros(1)}

    def program(system):
        def both(p, y0):
            run = integrate(system, p, y0, SPAN, jnp.full(1, 1e-3), max_steps=60)
            return jax.grad(lambda q: jnp.sum(replay(system, q, y0, SPAN, run.grid, jnp.full(1, 1e-3)).end))(p)

        return jax.jit(both).lower(p, jnp.array([293.0])).as_text()

    assert program(LUMPS) == program(bare)


def test_wrong_use_is_told():
    bare = LUMPS._replace(switching=None, with_mode=None)
    arguments = (CYCLE, jnp.array([293.0]), SPAN, jnp.full(1, 1e-3))
    with pytest.raises(ValueError, match="the System has no switches"):
        integrate(bare, *arguments, max_steps=9, mode=jnp.zeros(1))
    with pytest.raises(ValueError, match="both"):
        integrate(LUMPS._replace(with_mode=None), *arguments, max_steps=9, mode=jnp.zeros(1))
    with pytest.raises(ValueError, match="proportional"):
        solve_periodic(LUMPS, *arguments, cycle_tolerance=1e-3, max_steps=9)
