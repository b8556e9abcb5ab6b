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


def test_table_and_picture(run_file, tmp_path):
    text = io.StringIO()
    show(run_file, Console(file=text, width=140))
    assert "Dose, rad per year" in text.getvalue() and "behind 10 mm" in text.getvalue()
    assert (tmp_path / "dose_depth.png") in plot(run_file, tmp_path)
