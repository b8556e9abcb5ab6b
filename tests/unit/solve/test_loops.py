"""Loops and heat pipes in the network: exact matrices, one state by three solvers, conserved energy, bus and walls."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris.run_file.loops import fluid_arrays
from caloris.solve import systems
from caloris.solve.balance import audit, balance
from caloris.solve.network import assemble
from caloris.solve.state import State, start_auxiliary, stepper_state
from caloris_kernels.stepping.system import linearization_mismatch

PARTS = Path(__file__).parents[3] / "examples" / "parts"
BUS = '\n[power]\nbus_efficiency = 0.9\nlosses_on = "{0}"\n'
TRANSIENT = 'mode = "transient"\nduration = "1200 s"\noutput_every = "60 s"\ntemperature_tolerance = "0.1 mK"'


def case_of(name: str, *changes: tuple[str, str], more: str = "") -> caloris.Case:
    """An example with parts of its text changed."""
    text = (PARTS / f"{name}.toml").read_text() + more
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return caloris.parse_case(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "loss"), [("loop", "panel"), ("two_phase_loop", "condenser wall"), ("heat_pipe", "box")]
)
def test_the_matrix_is_exact(name, loss):
    """K v and K^T v against derivatives of the rate, with a bus that cannot serve the pump in full."""
    thermal = caloris.build(case_of(name, more=BUS.format(loss))).thermal
    assert thermal is not None
    network, _ = assemble(thermal)
    random = np.random.default_rng(0)
    auxiliary = start_auxiliary(network)
    auxiliary = auxiliary * (1.0 + 0.05 * random.normal(size=auxiliary.shape))
    temperature = thermal.nodes.start_temperature + jnp.asarray(random.normal(size=len(thermal.nodes.name)))
    y = stepper_state(network, State(temperature, jnp.zeros(0), auxiliary))
    size = jnp.ones_like(temperature)
    if network.auxiliary is not None:
        size = jnp.concatenate([size, network.auxiliary.per_kelvin])
    v = jnp.asarray(random.normal(size=y.shape)) * size
    mismatch = linearization_mismatch(systems.TRANSIENT, network, jnp.zeros(()), y, jnp.asarray(0), v)
    assert float(mismatch[0]) < 1e-12
    # Over the largest |K v|; columns of flows (2e6 W s/kg) times rows of cells make K^T v a thousand times as large.
    assert float(mismatch[1]) < 1e-8


@pytest.mark.slow
@pytest.mark.parametrize("name", ["loop", "two_phase_loop", "heat_pipe", "loop_heat_pipe"])
def test_a_transient_ends_in_the_steady_state(name):
    """From its start, over times that outlast all of its capacities; energy is conserved on the way."""
    steady = caloris.build(case_of(name)).thermal
    case = case_of(name, ('mode = "steady"', TRANSIENT.replace("1200 s", "40 h").replace("60 s", "2 h")))
    moving = caloris.build(case).thermal
    assert steady is not None and moving is not None
    rest = caloris.solve_steady(steady)
    times = jnp.linspace(0.0, 40 * 3600.0, 21)
    run = caloris.solve_transient(moving, times, tolerance=1e-4)
    # Where a flow begins to boil its coefficient rises with the quality, and one wall may feed several cells in more
    # than one way: the evaporator alone may end elsewhere, at rest all the same.
    boiling = np.array([name.startswith("evaporator") for name in moving.nodes.name])
    np.testing.assert_allclose(run.temperature[-1, ~boiling], rest.temperature[~boiling], atol=2e-3)
    np.testing.assert_allclose(run.temperature[-1], run.temperature[-2], atol=1e-3)
    if moving.auxiliary is not None:
        inner = np.array([".evaporator[" in name or name.endswith("loss") for name in moving.auxiliary.name])
        np.testing.assert_allclose(run.auxiliary[-1, ~inner], rest.auxiliary[~inner], rtol=1e-3, atol=1e-6)
    checked = audit(run, True)
    assert float(jnp.max(jnp.abs(checked.energy_residual)) / checked.largest_total) < 1e-5
    moments = balance(run)
    scale = float(jnp.max(jnp.abs(moments.terms.conducted))) + float(checked.largest_total)
    assert float(jnp.max(jnp.abs(moments.exchange_residual))) < 1e-11 * scale


@pytest.mark.slow
def test_the_bus_supplies_pumps():
    """Pumps draw what they turn into heat; without an array the flow is set and nothing is served."""
    array = """
[orbit]
altitude = "800 km"
beta = "90 deg"

[attitude]
point = "+z"
toward = "sun"
align = "+x"
to = "velocity"

[[coating]]
name = "cells"
solar_absorptance = 0.9
infrared_emittance = 0.85

[[surface]]
name = "array"
shape = "rectangle"
corner = ["0 m", "0 m", "0 m"]
edge_u = ["1 m", "0 m", "0 m"]
edge_v = ["0 m", "1 m", "0 m"]
front = "cells"
heat_capacity = "1000 J/K"

[[solar_array]]
on = ["array/front"]
efficiency = 0.3
temperature_coefficient = 0.0
reference_temperature = "28 degC"
packing = 1.0
degradation = 1.0
"""
    for name, wall in (("loop", "panel"), ("two_phase_loop", "condenser wall")):
        run = caloris.run(case_of(name, more=BUS.format(wall).replace("0.9", "1.0") + array))
        arrays = run.data.arrays
        assert arrays["power/load_power"][0] == pytest.approx(arrays["loop/pump_power"][0, 0], rel=1e-9)
        assert arrays["power/unmet_power"][0] == pytest.approx(0.0, abs=1e-9)
        assert run.result == "success"


@pytest.mark.slow
def test_tubes_run_along_rows_of_a_surface():
    """Fluid cools from row to row along u, rows across it share the tubes by area, and reverse turns it round."""
    text = """
[planet]
space_temperature = "3 K"

[[coating]]
name = "paint"
solar_absorptance = 0.2
infrared_emittance = 0.9

[[surface]]
name = "panel"
shape = "rectangle"
corner = ["0 m", "0 m", "0 m"]
edge_u = ["2 m", "0 m", "0 m"]
edge_v = ["0 m", "1 m", "0 m"]
divide = [4, 3]
front = "paint"
heat_capacity = "1000 J/K"

[[node]]
name = "board"
heat_capacity = "1000 J/K"

[[load]]
on = "board"
power = "600 W"

[[loop]]
name = "coolant"
fluid = "ammonia"
mass_flow = "0.01 kg/s"
pressure = "20 bar"

[[loop.pipe]]
name = "plate"
on = "board"
length = "1 m"
diameter = "6 mm"
heat_transfer = "2000 W/m^2/K"

[[loop.pipe]]
name = "radiator"
on = "panel"
length = "8 m"
diameter = "6 mm"
heat_transfer = "2000 W/m^2/K"
{0}

[run]
mode = "steady"
"""
    found = {}
    for word in ("", "reverse = true", 'along = "v"'):
        run = caloris.run(caloris.parse_case(text.format(word)))
        names = list(run.data.arrays["thermal/node"])
        first = names.index("panel[0,0]")
        found[word] = run.data.arrays["thermal/temperature"][0, first : first + 12].reshape(4, 3)
        cells = list(run.data.arrays["loop/cell"])
        fluid = run.data.arrays["loop/cell_temperature"][0, cells.index("coolant.radiator[0]") :]
        assert len(fluid) == (8 if word != 'along = "v"' else 9)
        assert np.all(np.diff(fluid) < 0.0)
        assert run.data.arrays["loop/cell_heat"][0].sum() == pytest.approx(
            -run.data.arrays["loop/pump_power"][0, 0], rel=1e-6
        )
    assert np.all(np.diff(found[""], axis=0) < 0.0) and np.ptp(found[""], axis=1).max() < 1e-9
    np.testing.assert_allclose(found["reverse = true"], found[""][::-1], atol=1e-8)
    assert np.all(np.diff(found['along = "v"'], axis=1) < 0.0) and np.ptp(found['along = "v"'], axis=0).max() < 1e-9


@pytest.mark.slow
def test_limits_are_reported():
    """Freezing, boiling, ranges that are left, a pipe that carries no more, a valve at its stop: named, with place."""
    kinds = warnings_of(case_of("loop", ('temperature = "-15 degC"', 'temperature = "-90 degC"')))
    assert ("freezing at the wall", "coolant.radiator") in kinds
    hot = case_of("loop", ('"30 W/K"', '"6 W/K"'), ('pressure = "2 bar"', 'pressure = "0.5 bar"'))
    kinds = warnings_of(hot)
    assert ("boiling", "coolant.return") in kinds
    assert ("set point not held", "coolant: supply") in kinds
    laminar = case_of("loop", ('heat_transfer = "2500 W/m^2/K"', 'heat_transfer = "turbulent"'))
    assert ("reynolds outside the range of 'turbulent'", "coolant.plate 1") in warnings_of(laminar)
    # 50 W of 60: there is no steady state, the box warms up.
    short = case_of("heat_pipe", ('"90 W m"', '"60 W m"'), ('mode = "steady"', TRANSIENT))
    assert ("transport limit", "constant") in warnings_of(short)
    dry = case_of("two_phase_loop", ('"4 g/s"', '"1.8 g/s"'))
    assert ("wall dries out", "ammonia.evaporator") in warnings_of(dry)
    assert not [kind for kind in warnings_of(case_of("loop_heat_pipe"))]


def warnings_of(case: caloris.Case) -> list[tuple[str, str]]:
    """Kind and place of every warning of a run."""
    arrays = caloris.run(case).data.arrays
    if "warnings/kind" not in arrays:
        return []
    return list(zip(arrays["warnings/kind"], arrays["warnings/place"], strict=True))


def test_new_numbers_compile_nothing():
    """Another flow and another mass fraction run the same program."""
    first, second = (
        caloris.build(case_of("loop", ('"0.03 kg/s"', flow), ("mass_fraction = 0.3", mixture))).thermal
        for flow, mixture in (('"0.03 kg/s"', "mass_fraction = 0.3"), ('"0.04 kg/s"', "mass_fraction = 0.4"))
    )
    assert jax.tree.structure(first) == jax.tree.structure(second)


def test_arrays_are_left_out_without_fluids():
    run = caloris.run(caloris.load_case(PARTS / "louver.toml"))
    assert not [name for name in run.data.arrays if name.startswith(("loop/", "heat_pipe/", "warnings/"))]
    assert fluid_arrays is not None
