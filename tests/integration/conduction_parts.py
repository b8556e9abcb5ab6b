"""What the conducting cases of examples/parts are held against: the formulas of their heads, in plain numbers."""

import numpy as np
import pytest
from scipy.optimize import root_scalar

from caloris_kernels.constants import STEFAN_BOLTZMANN
from caloris_validation.cases_spreading import spreading_series
from part_runs import all_under, solved, temperature

# Steady states are solved to a nanokelvin.
_STEADY = 1e-6


def panel() -> None:
    run = solved("panel")
    radiates, across = 0.9 * STEFAN_BOLTZMANN, 24e-3 / 2.0 + 2 * 0.5e-3 / 167.0

    def front(back: float) -> float:
        return back + radiates * back**4 * across

    back = root_scalar(lambda t: radiates * (front(t) ** 4 + t**4) - 500.0, bracket=(100.0, 400.0), xtol=1e-12).root
    np.testing.assert_allclose(all_under(run, "radiator.front", "temperature"), front(back), atol=_STEADY)
    np.testing.assert_allclose(all_under(run, "radiator.back", "temperature"), back, atol=_STEADY)


def layers() -> None:
    run = solved("layers")
    through = 0.05 / 0.06 + 1 / 200.0
    front = root_scalar(
        lambda t: 0.85 * STEFAN_BOLTZMANN * t**4 + (t - 293.15) / through - 5000.0, bracket=(200.0, 800.0), xtol=1e-12
    ).root
    back = 293.15 + (front - 293.15) / through / 200.0
    found = [temperature(run, f"tile.{name}")[0] for name in ("front", *map(str, range(1, 8)), "back")]
    np.testing.assert_allclose(found, np.linspace(front, back, 9), atol=_STEADY)


def contact() -> None:
    """The area of contact is a clipped polygon, on no cell of the deck's division."""
    run = solved("contact")
    assert temperature(run, "tray")[0] == pytest.approx(293.15 + 100.0 / (300.0 * 0.3 * 0.35), abs=_STEADY)
    assert all_under(run, "deck", "node_boundary").sum() == pytest.approx(-100.0, rel=1e-9)


def interface() -> None:
    run = solved("interface")
    filled = 283.15 + 60.0 * 0.2e-3 / (0.4 * 0.2 * 0.15)
    assert temperature(run, "filled unit")[0] == pytest.approx(filled, abs=_STEADY)
    assert temperature(run, "bolted unit")[0] == pytest.approx(283.15 + 60.0 / (6 * 0.8), abs=_STEADY)


def blanket() -> None:
    run = solved("blanket")
    outer = 3.0**4 + 6.0 / (0.8 * STEFAN_BOLTZMANN)
    assert temperature(run, "wall.mli")[0] == pytest.approx(outer**0.25, abs=_STEADY)
    wall = (outer + 6.0 / (0.015 * STEFAN_BOLTZMANN)) ** 0.25
    assert temperature(run, "wall")[0] == pytest.approx(wall, abs=_STEADY)


def chip() -> None:
    run = solved("chip")
    die, lid = 0.028**2, 0.06**2
    spreading = spreading_series(0.028, 0.06, 3e-3, 390.0, 3e4)["center"]
    series = 8e-4 / (120 * die) + 1e-4 / (60 * die) + 3e-3 / (390 * lid) + 1 / (3e4 * lid)
    # 200 of the series' 1000 terms: 6e-4 of the spreading.
    assert temperature(run, "gpu die")[0] == pytest.approx(
        308.15 + 700 * (series + spreading), abs=700 * spreading * 1e-3
    )


def power_map() -> None:
    run = solved("power_map")
    side, thickness, conductivity, film = 0.02, 2e-3, 120.0, 8e3
    flux, b = 100.0 / side**2, np.pi / side
    top = all_under(run, "cpu die.w+", "temperature").reshape(17, 3)
    weight = np.r_[0.5, np.ones(15), 0.5] / 16
    mean = weight @ top @ np.array([0.25, 0.5, 0.25])
    assert mean == pytest.approx(303.15 + flux * (thickness / conductivity + 1 / film), abs=_STEADY)
    wave, tanh = 0.5 * (top[0] - top[-1]).mean(), np.tanh(b * thickness)
    exact = flux / (conductivity * b) * (conductivity * b + film * tanh) / (conductivity * b * tanh + film)
    # Second order: (pi/16)^2/24 by the patches' mean, as much by the bricks of a sixteenth.
    assert wave == pytest.approx(exact, rel=5e-3)


def solid() -> None:
    run = solved("solid")
    middle = [temperature(run, f"block[3,{j},{k}]")[0] for j in range(3) for k in range(3)]
    np.testing.assert_allclose(middle, 293.15 + 50.0 * 0.06 / (8 * 7.0 * 0.04 * 0.03), atol=_STEADY)


def mesh_solid() -> None:
    run = solved("mesh_solid")
    exact = 0.5 * np.pi * 16.0 * 0.01 * 60.0 / np.log(50.0 / 20.0)
    heat = all_under(run, "bushing.bore", "node_boundary").sum()
    # 4.8e-3 too much: tetrahedra of 4 to 8 mm between an arc of nine chords and another.
    assert heat == pytest.approx(exact, rel=6e-3)
    assert all_under(run, "bushing.rim", "node_boundary").sum() == pytest.approx(-heat, rel=1e-9)


def anisotropic() -> None:
    run = solved("anisotropic")
    cell, x = 0.04, 0.02 + 0.04 * np.arange(5)
    for name, conductivity in (("along u", 1500.0), ("along v", 300.0)):
        exact = 273.15 + 250.0 * (0.2 * x - x**2 + cell**2 / 4) / (2 * conductivity * 1e-3)
        np.testing.assert_allclose(all_under(run, name, "temperature"), exact, atol=_STEADY)


def properties_over_temperature() -> None:
    run = solved("properties_over_temperature")
    heat = all_under(run, "strut.u-", "node_boundary").sum()
    assert heat == pytest.approx(4e-4 / 0.5 * (3.0 + 7.0) / 2 * 200.0, rel=1e-9)
    # Where half of the integral from 100 K, 500 W/m, is passed: 3 x + x^2/100 = 500 for x = T - 100 K.
    middle = 100.0 + (-3.0 + (9.0 + 4 * 500.0 / 100.0) ** 0.5) * 50.0
    np.testing.assert_allclose(temperature(run, "strut[3,0,0]"), middle, atol=_STEADY)


def radiative_link() -> None:
    run = solved("radiative_link")
    exact = (253.15**4 + 20.0 / (0.05 * STEFAN_BOLTZMANN)) ** 0.25
    assert temperature(run, "box")[0] == pytest.approx(exact, abs=_STEADY)


def shroud() -> None:
    run = solved("shroud")
    time, lag, rate = run.data.arrays["thermal/time"], 500.0, 1.0 / 30.0
    ramp = np.minimum(time, 3600.0)
    np.testing.assert_allclose(temperature(run, "shroud"), 293.15 - rate * ramp, atol=1e-9)
    behind = rate * lag * (1.0 - np.exp(-ramp / lag)) * np.exp(-(time - ramp) / lag)
    # Steps of 1 mK tolerance, and what they add up to over some time constants.
    np.testing.assert_allclose(temperature(run, "unit"), 293.15 - rate * ramp + behind, atol=5e-3)
    # The mean is integrated by two Gauss points a step: 1.3e-6.
    supplied = run.data.arrays["thermal/mean_boundary"] * 4800.0
    stored = 1000.0 * (temperature(run, "unit")[-1] - 293.15)
    assert supplied.sum() == pytest.approx(stored, rel=5e-6)


def board() -> None:
    run = solved("board")
    flux, cell = 12.0 / (0.18 * 0.1), 0.02
    exact = 303.15 + 12.0 / (2 * 25.0 * 0.1) + flux * (4 * cell) ** 2 / (2 * 40.0 * 2e-3)
    assert temperature(run, "board[4,0]")[0] == pytest.approx(exact, abs=_STEADY)


def limits() -> None:
    run = solved("limits")
    arrays = run.data.arrays
    assert list(arrays["margins/hottest_variant"]) == ["hot"] and list(arrays["margins/coldest_variant"]) == ["cold"]
    np.testing.assert_allclose(arrays["limits/calculated_maximum"], [313.15, 308.15 + 25.0, 263.15 + 5.0], atol=_STEADY)
    np.testing.assert_allclose(arrays["margins/margin_high"], 353.15 - (333.15 + 18.0), atol=_STEADY)
    np.testing.assert_allclose(arrays["margins/margin_low"], (268.15 - 18.0) - 248.15, atol=_STEADY)
    assert list(arrays["margins/verdict"]) == ["kept"]


CHECKS = (
    panel,
    layers,
    contact,
    interface,
    blanket,
    chip,
    power_map,
    solid,
    mesh_solid,
    anisotropic,
    properties_over_temperature,
    radiative_link,
    shroud,
    board,
    limits,
)
