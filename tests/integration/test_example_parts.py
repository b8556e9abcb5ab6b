"""Every case of examples/parts is run as it stands and held against a number from the formula that its head names."""

import numpy as np
import pytest

import conduction_parts
import loop_parts
from caloris_kernels.constants import STEFAN_BOLTZMANN
from part_runs import PARTS, closes, heat_load, solved, temperature


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
    # It begins off: every second change is one to on. The mean power is that of the duty, and of the box's balance.
    assert run.data.arrays["thermal/switch_count"][0] == (len(expected) + 1) // 2
    mean = run.data.arrays["thermal/heater_mean_power"]
    assert mean == pytest.approx([30.0 * share], abs=30.0 * 2e-4)
    assert mean[0] == pytest.approx(run.data.arrays["thermal/mean_heat_load"].sum(), rel=1e-6)  # two quadratures
    np.testing.assert_array_equal(run.data.arrays["thermal/heater_power"][:, 0], 30.0 * mode)


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


_OWN = (heater, louver, thermoelectric, heat_pump, phase_change, stream)
CHECKS = {check.__name__: check for check in (*_OWN, *conduction_parts.CHECKS, *loop_parts.CHECKS)}


def test_every_example_has_its_number():
    assert {path.stem for path in PARTS.glob("*.toml")} == set(CHECKS)


# The loops take a minute and half a minute. The others are long to compile for what they show; conduction in panels,
# layers, solids and chips has reference cases beside them.
_LONG = (
    *("loop", "two_phase_loop"),
    *("panel", "layers", "solid", "mesh_solid", "anisotropic", "board", "power_map", "interface", "shroud"),
    "properties_over_temperature",
)
EXAMPLES = [pytest.param(name, marks=[pytest.mark.slow] if name in _LONG else []) for name in CHECKS]


@pytest.mark.parametrize("name", EXAMPLES)
def test_part(name):
    """The number from the cited formula, and a run whose balances close."""
    CHECKS[name]()
    closes(solved(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", CHECKS)
def test_balances_close_over_time(name):
    """Parts of steady cases move heat between nodes and make none while temperatures change."""
    if solved(name).data.attributes["thermal"]["mode"] == "steady":
        closes(solved(name, "run/mode=transient", "run/duration=600 s", "run/output_every=60 s"))
