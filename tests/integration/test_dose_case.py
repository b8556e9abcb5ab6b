"""A case with dose points alone: from TOML to the run file, its table and its picture."""

import io

import numpy as np
import pytest
from rich.console import Console

import caloris
from caloris.output.plot import plot
from caloris.output.read import open_run
from caloris.output.show import show

CASE = """
title = "Two dies"
[particles]
galactic = { model = "matthia-2013", solar_modulation = 10 }
[[material]]
name = "Al 6061"
density = "2700 kg/m^3"
composition = { Al = 1.0 }
[[dose_point]]
name = "behind 10 mm"
shield = [{ material = "Al 6061", thickness = "10 mm" }]
years = "5 years"
[[dose_point]]
name = "bare"
target = "Al"
"""


@pytest.fixture(scope="module")
def run_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dose")
    return caloris.run(caloris.parse_case(CASE)).save(folder / "dose.h5")


def test_run_file_has_doses_by_source(run_file):
    with open_run(run_file) as run:
        assert run.names("dose/dose_point") == ["behind 10 mm", "bare"]
        rate, mission = run["dose/rate"].sum(axis=1), run["dose/mission_dose"].sum(axis=1)
        np.testing.assert_allclose(mission, rate * run["dose/years"] * 365.25 * 86400.0, rtol=1e-12)
        assert rate[1] > rate[0] > 0.0
        np.testing.assert_allclose(run["dose/mean_shield"], [2.7, 0.0], rtol=1e-12)
        np.testing.assert_allclose(run["dose/high"], 2.0 * mission, rtol=1e-12)
        # Cosmic rays outside the Earth's field at solar minimum: some 10 to 15 rad a year (Al and Si alike).
        assert 8.0 < rate[0] * 100.0 * 365.25 * 86400.0 < 16.0


EVENTS = """
title = "Events"
[particles]
solar_event = SOLAR_EVENT
[[material]]
name = "Al"
density = "2700 kg/m^3"
composition = { Al = 1.0 }
[[dose_point]]
name = "behind 2 mm"
shield = [{ material = "Al", thickness = "2 mm" }]
years = 5
"""


@pytest.mark.parametrize("event", ['"worst-day"', '{ model = "ESP", years = 5, confidence = 0.95 }'])
def test_doses_of_events_over_depth(event, tmp_path):
    """What a point gets once lies on the curve of what comes once; there is no rate, and a picture of one panel."""
    path = caloris.run(caloris.parse_case(EVENTS.replace("SOLAR_EVENT", event))).save(tmp_path / "event.h5")
    with open_run(path) as run:
        assert not run["dose/rate"].any() and not run["dose/depth_rate"].any()
        curve = run["dose/depth_event"].sum(axis=0)
        at = np.exp(np.interp(np.log(0.54), np.log(run["dose/dose_depth"]), np.log(curve)))
        # A chord of a curve between depths 17 % apart in both logarithms.
        assert at == pytest.approx(run["dose/mission_dose"].sum(), rel=0.01)
    text = io.StringIO()
    show(path, Console(file=text, width=80))
    assert "Dose of the mission, rad" in text.getvalue() and "rad per year" not in text.getvalue()
    assert (tmp_path / "dose_depth.png") in plot(path, tmp_path)


def test_table_and_picture(run_file, tmp_path):
    text = io.StringIO()
    show(run_file, Console(file=text, width=140))
    assert "Dose, rad per year" in text.getvalue() and "behind 10 mm" in text.getvalue()
    assert (tmp_path / "dose_depth.png") in plot(run_file, tmp_path)
