"""Every case of examples/parts is run as it stands and held against a number from the formula that its head names."""

from pathlib import Path

import numpy as np
import pytest

import caloris
from caloris.simulation import Run
from caloris_kernels.constants import STEFAN_BOLTZMANN

PARTS = Path(__file__).parents[2] / "examples" / "parts"
AMMONIA = Path(__file__).parents[2] / "kernels" / "caloris_kernels" / "fluid" / "tables" / "ammonia.csv"


def solved(name: str) -> Run:
    return caloris.run(caloris.load_case(PARTS / f"{name}.toml"))


def temperature(run: Run, node: str) -> np.ndarray:
    """Of one node over time (K)."""
    names = list(run.data.arrays["thermal/node"])
    return np.atleast_2d(run.data.arrays["thermal/temperature"])[:, names.index(node)]


def heat_load(run: Run, node: str) -> float:
    names = list(run.data.arrays["thermal/node"])
    return float(run.data.arrays["thermal/node_heat_load"][-1, names.index(node)])


def heater() -> None:
    """On and off times from the modes, duty from the whole run, the band kept."""
    run = solved("heater")
    on, off = 1000.0 * np.log(35.0 / 30.0), 1000.0 * np.log(30.0 / 25.0)
    mode, time = run.data.arrays["thermal/switch_mode"][:, 0], run.data.arrays["thermal/time"]
    changes = time[1:][np.diff(mode) != 0]
    # Off first, then in turn; the output every 20 s tells each to 20 s.
    expected = np.cumsum(np.tile([off, on], 70))
    expected = expected[expected < time[-1]]
    assert len(changes) == len(expected)
    assert np.all((changes - expected >= 0.0) & (changes - expected <= 20.0))
    box = temperature(run, "box")
    # Thresholds are hit by steps of 1 mK tolerance; outputs in between come from the interpolation of order 4.
    assert box.min() >= 278.15 - 2e-3 and box.max() <= 283.15 + 2e-3
    whole = int(len(expected) // 2 * 2)
    late = time[-1] - expected[whole - 1]
    share = (whole // 2 * on + max(0.0, late - off)) / time[-1]
    # One millikelvin at 0.03 K/s is 0.03 s at each of 120 switchings, of 20 000 s: 2e-4 in all.
    assert float(run.data.arrays["thermal/switch_duty"][0]) == pytest.approx(share, abs=2e-4)


def louver() -> None:
    run = solved("louver")
    exact = (60.0 / (STEFAN_BOLTZMANN * 0.2 * 0.74) + 173.15**4) ** 0.25
    assert exact > 291.15  # open
    assert temperature(run, "radiator")[0] == pytest.approx(exact, abs=1e-6)  # a steady state is solved to a nanokelvin


def thermoelectric() -> None:
    run = solved("thermoelectric")
    exact = (10.0 + 0.5 * 9.0 * 2.0 + 0.5 * 300.15) / (0.05 * 3.0 + 0.5)
    assert temperature(run, "detector")[0] == pytest.approx(exact, abs=1e-6)
    drawn = 0.05 * 3.0 * (300.15 - exact) + 9.0 * 2.0
    assert heat_load(run, "detector") - 10.0 + heat_load(run, "plate") == pytest.approx(drawn, rel=1e-9)


def heat_pump() -> None:
    run = solved("heat_pump")
    exact = 293.15 + (120.0 - 100.0) / 2.0
    assert temperature(run, "tray")[0] == pytest.approx(exact, abs=1e-6)
    assert heat_load(run, "plate") == pytest.approx(100.0 * (333.15 - exact) / (0.4 * exact), rel=1e-8)


def phase_change() -> None:
    run = solved("phase_change")
    energy = 50.0 * run.data.arrays["thermal/time"]
    solid, melted = 2.0 * 1900.0 * 8.0, 2.0 * 243e3
    wax = temperature(run, "wax")
    before, after = energy < solid - 2.0 * 1900.0, energy > solid + melted + 2.0 * 2200.0
    assert before.sum() > 1 and after.sum() > 3
    # Enthalpy is the state: exact but for rounding on either side of the melting range.
    np.testing.assert_allclose(wax[before], 293.15 + energy[before] / 3800.0, atol=1e-8)
    np.testing.assert_allclose(wax[after], 301.15 + (energy[after] - solid - melted) / 4400.0, atol=1e-8)
    middle = (energy > solid + 0.02 * melted) & (energy < solid + 0.98 * melted)
    assert np.abs(wax[middle] - 301.15).max() < 0.5  # within the range of 1 K


def stream() -> None:
    run = solved("stream")
    found = [temperature(run, f"plate {k}")[0] for k in (1, 2, 3)]
    np.testing.assert_allclose(found, [287.15, 291.15, 295.15], atol=1e-6)


def fluid(run: Run, quantity: str, name: str, dimension: str = "cell") -> float:
    """A quantity of the group of loops at the last time."""
    names = list(run.data.arrays[f"loop/{dimension}"])
    return float(run.data.arrays[f"loop/{quantity}"][-1, names.index(name)])


def loop() -> None:
    run = solved("loop")
    supply = fluid(run, "cell_temperature", "coolant.supply")
    assert supply == pytest.approx(293.15, abs=1e-6)  # an integral controller has no offset
    pump = fluid(run, "pump_power", "coolant", "loop")
    assert temperature(run, "panel")[0] == pytest.approx(258.15 + (600.0 + pump) / 30.0, abs=1e-6)
    around = fluid(run, "mass_flow", "coolant.bypass", "branch") / 0.03
    back, cold = (fluid(run, "cell_temperature", f"coolant.{name}") for name in ("return", "radiator[7]"))
    # The specific heat changes by 0.4 % between the two streams, whose difference is 20 K.
    assert around * back + (1.0 - around) * cold == pytest.approx(supply, abs=0.05)
    assert 0.05 < around < 0.95
    losses = [fluid(run, "pressure_loss", f"coolant.{name}", "branch") for name in ("one", "two")]
    assert losses[0] == pytest.approx(losses[1], rel=1e-9)
    # Laminar: flows as 1/(length times viscosity), which differs by 1 % between plates of 24.5 and 24.9 degC.
    flows = [fluid(run, "mass_flow", f"coolant.{name}", "branch") for name in ("one", "two")]
    assert sum(flows) == pytest.approx(0.03, rel=1e-9)
    assert flows[0] / flows[1] == pytest.approx(6.0 / 3.0, rel=0.02)


def two_phase_loop() -> None:
    run = solved("two_phase_loop")
    inlet, outlet = (fluid(run, "cell_quality", f"ammonia.{name}") for name in ("supply", "evaporator[7]"))
    # Latent heat of ammonia at 20 degC: 1186.4 kJ/kg (Haar & Gallagher 1978; NIST), four digits.
    assert outlet - inlet == pytest.approx(2000.0 / (4e-3 * 1186.4e3), rel=5e-4)
    assert inlet < -0.01 and 0.3 < outlet < 0.5
    pump = fluid(run, "pump_power", "ammonia", "loop")
    assert temperature(run, "condenser wall")[0] == pytest.approx(233.15 + (2000.0 + pump) / 45.0, abs=1e-6)


def heat_pipe() -> None:
    run = solved("heat_pipe")
    assert temperature(run, "box")[0] == pytest.approx(263.15 + 60.0 / 4.0, abs=1e-6)
    # Vapor pressure by straight lines of ln p over 1/T through the rows of the table: 1e-5.
    rows = np.loadtxt(AMMONIA, delimiter=",", skiprows=2)
    vapor = temperature(run, "cold box")[0]
    p = [np.exp(np.interp(-1.0 / t, -1.0 / rows[:, 0], np.log(rows[:, 5]))) for t in (vapor, 233.15, 243.15)]
    blocked = 1.0 - 40.0 / (4.0 * (vapor - 233.15))
    gas = (p[0] - p[1]) * blocked * 20e-6 / 233.15 + (p[0] - p[2]) * 80e-6 / 243.15
    assert gas / 8.314462618 == pytest.approx(20e-3, rel=1e-4)
    assert 0.1 < blocked < 0.9


def loop_heat_pipe() -> None:
    run = solved("loop_heat_pipe")
    # 10 (T - 288.15)/2 (T - 253.15) = 150, the larger root.
    middle, product = 0.5 * (288.15 + 253.15), 288.15 * 253.15 - 30.0
    exact = middle + (middle**2 - product) ** 0.5
    assert temperature(run, "electronics")[0] == pytest.approx(exact, abs=1e-6)


CHECKS = {
    check.__name__: check
    for check in (
        heater, louver, thermoelectric, heat_pump, phase_change, stream,
        loop, two_phase_loop, heat_pipe, loop_heat_pipe,
    )
}  # fmt: skip


def test_every_example_has_its_number():
    assert {path.stem for path in PARTS.glob("*.toml")} == set(CHECKS)


@pytest.mark.parametrize("name", CHECKS)
def test_part(name):
    CHECKS[name]()
