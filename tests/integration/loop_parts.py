"""What the examples of loops and heat pipes are held against."""

from pathlib import Path

import numpy as np
import pytest

from caloris.simulation import Run
from part_runs import solved, temperature

AMMONIA = Path(__file__).parents[2] / "kernels" / "caloris_kernels" / "fluid" / "tables" / "ammonia.csv"


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


CHECKS = (loop, two_phase_loop, heat_pipe, loop_heat_pipe)
