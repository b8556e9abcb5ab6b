"""Every case of examples/ runs as it stands and gives the figure that its head or its physics names.

Those of examples/parts are run by test_example_parts, the main example by test_main_run_file.
"""

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import caloris
from caloris.simulation import Run
from caloris_kernels.constants import STEFAN_BOLTZMANN
from part_runs import closes

EXAMPLES = Path(__file__).parents[2] / "examples"
DAY = 86400.0


@cache
def finished(name: str) -> Run:
    """The run of an example: neither it nor any of its variants failed, and every number of it is one."""
    run = caloris.run(caloris.load_case(EXAMPLES / f"{name}.toml"))
    assert not run.failures and run.result == "success"
    for data in (run.data, *run.variants.values()):
        for path, values in data.arrays.items():
            if path.split("/")[0] in GROUPS and np.asarray(values).dtype.kind == "f":
                assert np.isfinite(values).all(), path
    return run


# Here every number must be one; elsewhere NaN says that nothing was asked for (a limit without a lower end).
GROUPS = {"thermal", "orbit", "power", "particle", "loop", "dose"}


def temperature(run: Run, node: str) -> np.ndarray:
    """Of one node over time (K)."""
    return run.data.arrays["thermal/temperature"][:, list(run.data.arrays["thermal/node"]).index(node)]


def two_plates() -> None:
    """The upper plate warms toward 350 K and gives to space what it gets, but for what it stores at the end."""
    run = finished("two_plates")
    closes(run)
    mean = run.data.arrays["thermal/temperature"][:, 16:].mean(axis=1)
    assert np.all(np.diff(mean) > 0.0) and 200.0 <= mean[0] and mean[-1] < 350.0
    # Gray plates of emittance 0.9 that see each other with F = 0.41525 (unit squares half a side apart, Siegel and
    # Howell, C-11) and space with the rest: radiosities of two uniform plates, a balance on the upper one. Four by
    # four cells differ from uniform plates by some 2 % of sigma T^4, half a percent of T.
    view, emittance, white = 0.41525, 0.9, 0.85

    def surplus(upper: float) -> float:
        emitted = emittance * STEFAN_BOLTZMANN * np.array([350.0**4, upper**4])
        radiosity = np.linalg.solve([[1.0, -0.1 * view], [-0.1 * view, 1.0]], emitted)
        return emittance * view * radiosity[0] - emitted[1] - white * STEFAN_BOLTZMANN * upper**4

    low, high = 100.0, 350.0
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if surplus(middle) > 0.0 else (low, middle)
    # Four hours are 16 times C/(4 eps sigma T^3) = 900 s: nothing of the start is left.
    assert mean[-1] == pytest.approx(low, rel=0.005)


def upset_memory() -> None:
    """The rate of CREME96 for the library's part, and the job's failures from those of the memory."""
    arrays = finished("upset_memory").data.arrays
    assert list(arrays["upset/device"]) == ["ATMEGA1280", "memory"]
    # 2.54608e-9 a second in CREME96: 0.5 %, as the reference case of the same part.
    assert arrays["upset/rate_per_day"][0] == pytest.approx(2.54608e-9 * DAY, rel=5e-3)
    system = finished("upset_memory").data.attributes["system"]
    every = 64 * (arrays["upset/memory_failure_rate"][1] + arrays["upset/effect_rate_per_day"][0] / DAY)
    assert system["failure_rate"] == pytest.approx(every, rel=1e-9)
    # Young: sqrt(2 d M), less than a tenth above the best interval where a checkpoint takes little of M.
    assert system["young_interval"] == pytest.approx(np.sqrt(2 * 60.0 / every), rel=1e-9)
    assert 0.9 * system["young_interval"] < system["optimal_interval"] < system["young_interval"]
    # 1 - d/tau - tau/2M - R/M to first order; the second is a tenth of that loss.
    loss = 60.0 / system["interval"] + (0.5 * system["interval"] + 300.0) * every
    assert 1.0 - system["goodput"] == pytest.approx(loss, rel=0.1)


def lm7912() -> None:
    """The rate that the head quotes: 1.00594e-9 per bit and second of CREME96, 0.5 % apart at most."""
    rate = finished("lm7912").data.arrays["upset/heavy_ion_rate_per_bit"][0]
    assert rate == pytest.approx(1.00594e-9, rel=5e-3)


def lumped_satellite() -> None:
    """The computer stands above its tray by P/G, the cells of the battery above their housing by 0.4 W / 0.8 W/K."""
    run = finished("lumped_satellite")
    closes(run)
    for data, power in ((run.data, 4.0), (run.variants["hot"], 12.0), (run.variants["cold"], 1.0)):
        names, values = list(data.arrays["thermal/node"]), data.arrays["thermal/temperature"][0]
        of = dict(zip(names, values, strict=True))
        # The gasket conducts halfway between 0.5 and 2 W/K, at 0 and 1 MPa. Steady states are exact to a nanokelvin.
        assert of["D40"] - of["D30"] == pytest.approx(power / GASKET, abs=1e-6)
        assert of["BATTERY:D1"] - of["BATTERY:D2"] == pytest.approx(0.5, abs=1e-6)


GASKET = 1.25  # W/K, INTRP1(0.5, GASKET, 1)


def hot_and_cold() -> None:
    """Box and plate lie apart by the mean load over the mount, in every variant; hot is hotter than cold."""
    run = finished("hot_and_cold")
    closes(run)
    every = {"": (run.data, 220.0)} | {
        name: (run.variants[name], power) for name, power in (("hot, end of life", 250.0), ("cold", 190.0))
    }
    means = {}
    for name, (data, power) in every.items():
        time, nodes = data.arrays["thermal/time"], list(data.arrays["thermal/node"])
        mean = np.trapezoid(data.arrays["thermal/temperature"], time, axis=0) / (time[-1] - time[0])
        # The mean of 20 outputs by the trapezoidal rule, of plates that swing by 17 K: 0.1 K.
        assert mean[nodes.index("box")] - mean[nodes.index("plate")] == pytest.approx(power / 10.0, abs=0.1)
        means[name] = mean[nodes.index("box")]
    assert means["cold"] < means[""] < means["hot, end of life"]


def low_orbit_memory() -> None:
    """AP-8's protons above 30 MeV in this orbit, and rates of both kinds that count."""
    arrays = finished("low_orbit_memory").data.arrays
    # 54 per cm2 and second: the orbit mean of the page on particles, 5 %.
    assert arrays["particle/trapped_proton_mean"][2] * 1e-4 == pytest.approx(54.0, rel=0.05)
    assert arrays["upset/heavy_ion_rate_per_bit"][0] > 0.0 and arrays["upset/proton_rate_per_bit"][0] > 0.0


def iss_atcs() -> None:
    """35 kW and the pump's power warm the flow of 8200 lb/h from 2.8 degC; the radiators take both."""
    run = finished("iss_atcs")
    closes(run)
    supply, back = (temperature(run, f"loop A.{name}") for name in ("supply", "return"))
    # The valve holds its sensor; ammonia has 4660 J/kg/K here (Haar and Gallagher 1978), 1 %.
    np.testing.assert_allclose(supply, 275.95, atol=0.1)
    flow = 8200.0 * 0.45359237 / 3600.0
    np.testing.assert_allclose(back - supply, 35e3 / (flow * 4660.0), rtol=0.02)


CHECKS = {
    check.__name__: check
    for check in (two_plates, upset_memory, lm7912, lumped_satellite, hot_and_cold, low_orbit_memory, iss_atcs)
}
# They take ten seconds to half a minute in a process of their own.
_LONG = ("low_orbit_memory", "iss_atcs", "hot_and_cold", "upset_memory")
ELSEWHERE = {"orbital_data_center"}


def test_every_example_is_run():
    assert {path.stem for path in EXAMPLES.glob("*.toml")} == {*CHECKS, *ELSEWHERE}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name in _LONG else []) for name in CHECKS]
)
def test_example(name):
    CHECKS[name]()
