"""`caloris compare` from case files and run files to one table; what is refused before anything is run."""

from pathlib import Path

import h5py
import jax
import numpy as np
import pytest
from typer.testing import CliRunner, Result

import caloris
from caloris.cli import app
from caloris.output.hdf5 import write_run
from caloris.output.run_data import RunData

# A box that dissipates 5 W behind 1 W/K stands 5 K above its wall, and 5 K under its limit.
BOX = """
title = "Box on a wall"
[[node]]
name = "wall"
temperature = "20 degC"
[[node]]
name = "box"
heat_capacity = "1 kJ/K"
[[link]]
between = ["wall", "box"]
conductance = "1 W/K"
[[load]]
on = "box"
power = "5 W"
[[limit]]
of = "box"
operating = ["-10 degC", "30 degC"]
[run]
mode = "steady"
"""

# Cosmic rays of free space on a bare die and behind 10 mm of aluminum: a dose point and no temperatures.
DIES = """
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
years = "5 years"
"""
CUT_OFF = BOX.replace('[[link]]\nbetween = ["wall", "box"]\nconductance = "1 W/K"\n', "")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty current folder; compiled programs stay in the tests' own cache."""
    monkeypatch.setenv("CALORIS_CACHE", str(jax.config.jax_compilation_cache_dir))  # pyright: ignore
    monkeypatch.chdir(tmp_path)
    return tmp_path


def compare(*arguments) -> Result:
    result = CliRunner().invoke(app, ["compare", *(str(argument) for argument in arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def write(name: str, text: str) -> Path:
    path = Path(name)
    path.write_text(text)
    return path


def files() -> set[str]:
    return {path.as_posix() for path in Path().rglob("*") if path.is_file()}


def cells(output: str, label: str) -> list[str]:
    (line,) = [line for line in output.splitlines() if line.strip().startswith(label + "  ")]
    return line.split(label, 1)[1].split()


def test_a_case_with_a_dose_point_and_one_without(folder):
    result = compare(write("box.toml", BOX), f"Dies={write('dies.toml', DIES)}", "-o", "runs", "--json", "table.json")
    assert result.exit_code == 0, result.output
    assert files() == {"box.toml", "dies.toml", "runs/box.h5", "runs/Dies.h5", "table.json"}
    # 20 degC + 5 W / (1 W/K), by a steady solve far below 0.1 K.
    assert cells(result.output, "hottest, °C") == ["25.0", "-"]
    assert cells(result.output, "least margin to a limit, K") == ["+5.0", "-"]
    assert cells(result.output, "heat dissipated, W") == ["5", "-"]
    # The box gives to the wall what the wall is held against.
    assert cells(result.output, "heat from boundaries, W") == ["-5", "-"]
    assert cells(result.output, "worst point") == ["-", "bare"]
    # Cosmic rays outside the Earth's field at solar minimum: some 10 to 20 rad a year.
    absent, yearly = cells(result.output, "dose a year, rad(Si)")
    assert absent == "-" and 8.0 < float(yearly) < 25.0
    assert "free space" in result.output
    kept = compare("runs/box.h5", "runs/Dies.h5")
    assert kept.exit_code == 0
    assert result.output == kept.output + "runs: box.h5, Dies.h5\n"

    first, second = caloris.compare(["runs/box.h5", "runs/Dies.h5"])
    assert (first.name, second.name) == ("box", "Dies")
    assert first.number("hottest") == pytest.approx(298.15, abs=1e-6) and first.number("dose_rate") is None
    assert second.number("dose_rate") == pytest.approx(float(yearly) / (100.0 * 365.25 * 86400.0), rel=5e-3)


def test_variants_and_overrides_in_a_temporary_folder(folder):
    variant = '[[variant]]\nname = "hot"\nset = { "load/0/power" = "12 W" }\n'
    result = compare(write("box.toml", BOX + variant), f"plain={write('plain.toml', BOX)}", "--set", "load/0/power=8 W")
    assert result.exit_code == 0, result.output
    assert cells(result.output, "hottest, °C") == ["28.0", "32.0", "28.0"]
    assert cells(result.output, "least margin to a limit, K") == ["+2.0", "-2.0", "+2.0"]
    assert files() == {"box.toml", "plain.toml"}


def test_a_solver_that_fails_is_named_in_the_table(folder):
    result = compare(write("box.toml", BOX), write("cut_off.toml", CUT_OFF), "-o", ".", "--csv", "table.csv")
    assert result.exit_code == 1
    assert cells(result.output, "result") == ["success", "no_steady_state"]
    assert "cut_off ended with no_steady_state" in result.output
    assert files() == {"box.toml", "cut_off.toml", "box.h5", "cut_off.h5", "table.csv"}
    # Read again, the failed run is shown as it ended, and nothing failed now.
    assert compare("box.h5", "cut_off.h5").exit_code == 0


def _old(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_group("case").attrs["toml"] = ""
        file.create_group("status").attrs["result"] = "success"
        file.create_group("provenance").attrs["version"] = "0.0.1"
        file["dose/dose_point"] = ["die"]


def _view_factors(path: Path) -> None:
    _old(path)
    with h5py.File(path, "a") as file:
        del file["dose"]
        file.create_group("view_factors")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.write_text("not HDF5"), "not an HDF5 file"),
        (_old, "written by Caloris 0.0.1; run its case again"),
        (_view_factors, "view factors alone; there is nothing to compare"),
    ],
)
def test_a_run_file_that_cannot_be_compared(folder, make, words):
    make(Path("run.h5"))
    write("box.toml", BOX)
    earlier = [write(name, "from earlier") for name in ("box.h5", "table.csv")]
    before = files()
    result = compare("box.toml", "run.h5", "-o", ".", "--csv", "table.csv")
    assert result.exit_code == 2, result.output
    assert words in result.output and "run.h5" in result.output
    assert files() == before and [path.read_text() for path in earlier] == ["from earlier"] * 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("box.toml",), "two designs or more are compared, and box.toml is one"),
        (("box.toml", "box.toml"), "are both called 'box'; give one of them a name of its own, as in box-2=box.toml"),
        (("box.toml", "other/box.toml"), "box.toml and other/box.toml are both called 'box'"),
        (("=box.toml", "other/box.toml"), "names no design"),
        (("a/b=box.toml", "other/box.toml"), "names no design"),
        (("box.toml", "wrong.toml"), "load/0/power"),
        (("box.toml", "x=netwrok.toml"), "does not exist"),
        (("box.toml", "x=other/box.toml", "--set", "load/0/powre=1 W"), '"power"'),
        (("box.toml", "x=other/box.toml", "--radiator", "wing"), "no design has a surface called 'wing'"),
        (("box.toml", "x=other/box.toml", "--csv", "box.toml"), "is the case file"),
        (("box.toml", "x=other/box.toml", "--csv", "nowhere/x.csv"), "does not exist"),
        (("box.toml", "x=other/box.toml", "--csv", "t", "--json", "t"), "written twice"),
        (("box.toml", "x=other/box.toml", "-o", "nowhere/runs"), "does not exist"),
        (("box.toml", "x=other/box.toml", "-o", "box.toml"), "is a file"),
    ],
)
def test_wrong_input_is_refused_before_anything_runs(folder, monkeypatch, arguments, words):
    def never(*arguments, **options):
        raise AssertionError("a case was run")

    monkeypatch.setattr("caloris.simulation.run", never)
    (folder / "other").mkdir()
    write("box.toml", BOX)
    write("other/box.toml", BOX)
    write("wrong.toml", BOX.replace("5 W", "5 Wat"))
    before = files()
    result = compare(*arguments)
    assert result.exit_code == 2, result.output
    assert words in " ".join(result.output.split())
    assert files() == before and Path("box.toml").read_text() == BOX


def test_options_for_cases_want_a_case(folder):
    data = RunData(arrays={"upset/count": np.array([1.0]), "upset/rate_per_day": np.array([2.0])})
    data.arrays["upset/device"] = np.array(["a"], object)
    for name in ("a.h5", "b.h5"):
        write_run(name, data)
    for option, words in (
        (("--set", "x/y=1"), "overrides (--set) change cases"),
        (("-o", "runs"), "-o keeps the runs of cases"),
    ):
        result = compare("a.h5", "b.h5", *option)
        assert result.exit_code == 2 and words in result.output
    assert files() == {"a.h5", "b.h5"}
    assert cells(compare("a.h5", "b.h5").output, "upsets a day, all devices") == ["2", "2"]
