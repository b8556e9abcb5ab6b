"""Nodes whose given temperature varies: what they follow, what hangs on them, their heat, and derivatives.

A body on a link to a wall whose temperature is a table: C dT/dt = G (T_wall(t) - T), in closed form between breaks.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris.case.load import parse_case

CAPACITY, CONDUCTANCE, START, DURATION = 900.0, 3.0, 290.0, 1000.0
LAG = CAPACITY / CONDUCTANCE

CASE = """
[[node]]
name = "body"
heat_capacity = 900.0
start_temperature = 290.0
[[node]]
name = "wall"
temperature = {{ time = [0, 250, 600], value = [{values}], between = "{between}" }}
[[link]]
between = ["body", "wall"]
conductance = 3.0
[run]
mode = "transient"
duration = 1000.0
output_every = 50.0
temperature_tolerance = 1e-6
"""
BREAKS = np.array([0.0, 250.0, 600.0])
VALUES = np.array([300.0, 340.0, 250.0])


def wall(values, between: str, time):
    """The table itself; a step holds from its break on, the last value to the end."""
    if between == "linear":
        return np.interp(time, BREAKS, values)
    return np.asarray(values)[np.searchsorted(BREAKS, time, side="right") - 1]


def body(values, between: str, time: float, breaks=BREAKS):
    """The body (K) at `time` (s), piece by piece: T = W - W' tau + (T_0 - W_0 + W' tau) exp(-t/tau) on a line W."""
    temperature, edges = START, [*breaks, DURATION]
    for k, (start, end) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
        passed = min(end, time) - start
        if passed <= 0:
            return temperature
        last = k == len(breaks) - 1
        rise = 0.0 if last or between == "step" else (values[k + 1] - values[k]) / (end - start)
        decay = np.exp(-passed / LAG)
        temperature = values[k] + rise * (passed - LAG) + (temperature - values[k] + rise * LAG) * decay
    return temperature


def case(between: str, values=VALUES):
    return parse_case(CASE.format(values=", ".join(repr(float(value)) for value in values), between=between))


@pytest.fixture(scope="module", params=["step", "linear"])
def finished(request):
    return request.param, caloris.run(case(request.param))


def test_follows_its_table_and_what_hangs_on_it_the_closed_form(finished):
    between, run = finished
    arrays = run.data.arrays
    time, temperature = arrays["thermal/time"], arrays["thermal/temperature"]
    inner = time[:-1]
    np.testing.assert_allclose(temperature[:-1, 1], wall(VALUES, between, inner), atol=1e-9)
    exact = [body(VALUES, between, t) for t in time]
    # Steps of 1 uK and their interpolation of order 4.
    np.testing.assert_allclose(temperature[:, 0], exact, atol=2e-5)


def test_its_heat_is_in_the_balance(finished):
    """Whatever the wall gives the body is heat from a boundary, at every moment and over the run."""
    between, run = finished
    arrays, attributes = run.data.arrays, run.data.attributes["thermal"]
    temperature = arrays["thermal/temperature"]
    given = CONDUCTANCE * (temperature[:, 1] - temperature[:, 0])
    np.testing.assert_allclose(arrays["thermal/node_boundary"][:, 1], given, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(arrays["thermal/node_stored"][:, 0], given, rtol=1e-12, atol=1e-12)
    mean = CAPACITY * (body(VALUES, between, DURATION) - START) / DURATION
    # The body's own 2e-5 K as heat over the run.
    assert arrays["thermal/mean_boundary"][1] == pytest.approx(mean, abs=2e-5)
    assert arrays["thermal/mean_stored"][1] == 0.0  # a wall stores nothing, wherever its temperature goes
    assert attributes["energy_residual_relative"] < 1e-7 and attributes["exchange_residual_relative"] < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("between", ["step", "linear"])
def test_derivative_by_its_values(between):
    """The closed form is linear in the table: its columns are the derivatives, forward and reverse."""
    thermal = caloris.build(case(between)).thermal
    assert thermal is not None
    table = thermal.boundaries[0].temperature.value
    times = jnp.array([100.0, 700.0, DURATION])

    @jax.jit
    def ends(values):
        changed = eqx.tree_at(lambda t: t.boundaries[0].temperature.value, thermal, values)
        return caloris.solve_transient(changed, times, tolerance=1e-6).temperature[:, 0]

    columns = np.stack([[body(unit, between, t) for t in np.array(times)] for unit in np.eye(3)], axis=1)
    columns -= np.array([body(np.zeros(3), between, t) for t in np.array(times)])[:, None]
    assert np.abs(columns[-1]).min() > 0.01
    # Frozen steps of 1 uK: the derivative of the same polynomial, 1e-8 of its change of some tens of kelvin.
    np.testing.assert_allclose(jax.jacfwd(ends)(table), columns, atol=1e-6)
    np.testing.assert_allclose(jax.jacrev(ends)(table), columns, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("between", ["step", "linear"])
def test_derivative_by_its_breaks(between):
    """Through `couple`, which moves the edges of the run with the table; against differences of the closed form."""
    model = caloris.build(case(between))
    geometry, visibility, context = model.geometry, model.visibility, model.context
    assert geometry is not None and visibility is not None and context is not None
    times = jnp.array([100.0, 700.0, DURATION])
    leaf = lambda c: c.structure.boundaries[0].temperature.break_  # noqa: E731

    @jax.jit
    def ends(breaks):
        thermal = caloris.couple(geometry, visibility, eqx.tree_at(leaf, context, breaks))
        return caloris.solve_transient(thermal, times, tolerance=1e-6).temperature[:, 0]

    slope = np.asarray(jax.jacrev(ends)(leaf(context)))
    for k in (1, 2):
        step = 1e-2 * np.eye(3)[k]
        up, down = ([body(VALUES, between, t, BREAKS + s * step) for t in np.array(times)] for s in (1, -1))
        # K/s: steps of 1 uK, whose error of 1e-6 of a slope at the jumps is that of some tens of kelvin over 300 s.
        np.testing.assert_allclose(slope[:, k], (np.array(up) - np.array(down)) / 2e-2, atol=1e-7)
        assert np.abs(slope[1:, k]).min() > 0.01


PERIODIC = """
[orbit]
altitude = "600 km"
beta = "0 deg"
[[node]]
name = "body"
heat_capacity = 900.0
[[node]]
name = "wall"
temperature = { phase = [0.2, 0.7], value = [300.0, 260.0], between = "step" }
[[link]]
between = ["body", "wall"]
conductance = 3.0
[run]
mode = "cyclic"
temperature_tolerance = 1e-5
"""


@pytest.mark.slow
def test_phase_tables_wrap_and_have_a_periodic_orbit():
    """Before its first phase the last value holds; the body relaxes to and fro between the two."""
    run = caloris.run(parse_case(PERIODIC))
    time, temperature = run.data.arrays["thermal/time"], run.data.arrays["thermal/temperature"]
    period = time[-1]
    phase = time / period
    inner = np.abs((phase + 0.3) % 0.5) > 1e-9
    np.testing.assert_allclose(temperature[inner, 1], np.where((phase >= 0.2) & (phase < 0.7), 300.0, 260.0)[inner])
    half = np.exp(-0.5 * period / LAG)
    low = (260.0 + 300.0 * half) / (1 + half)  # at phase 0.2; the high one at 0.7 lies as far above 280 K
    since = ((phase - 0.2) % 1.0) * period
    exact = np.where(
        since < 0.5 * period,
        300.0 + (low - 300.0) * np.exp(-since / LAG),
        260.0 + (300.0 - low) * np.exp(-(since - 0.5 * period) / LAG),
    )
    np.testing.assert_allclose(temperature[:, 0], exact, atol=2e-4)


@pytest.mark.parametrize(
    ("at", "expected"), [('"mean"', 280.0), ("{ phase = 0.1 }", 260.0), ("{ phase = 0.3 }", 300.0)]
)
def test_steady_runs_take_the_mean_or_a_moment(at, expected):
    text = PERIODIC.replace('mode = "cyclic"\ntemperature_tolerance = 1e-5', f'mode = "steady"\nat = {at}')
    run = caloris.run(parse_case(text))
    np.testing.assert_allclose(run.data.arrays["thermal/temperature"][-1], expected, atol=1e-8)


@pytest.mark.parametrize(
    ("table", "start"),
    [
        ("{ time = [10, 20], value = [300, 320] }", 300.0),  # held before its first time
        ("{ time = [0, 20], value = [300, 320] }", 300.0),
        ('{ phase = [0.25, 0.75], value = [300, 320], between = "linear" }', 310.0),
        ("{ phase = [0.25, 0.75], value = [300, 320] }", 320.0),
    ],
)
def test_start(table, start):
    head = '[orbit]\naltitude = "600 km"\nbeta = "0 deg"\n'
    text = head + f'[[node]]\nname = "wall"\ntemperature = {table}\n[run]\nmode = "transient"\nduration = "1 min"\n'
    case = parse_case(text)
    assert case.nodes[0].temperature.start == start  # pyright: ignore
