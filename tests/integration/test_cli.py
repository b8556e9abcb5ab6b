"""The command line: exit codes, messages, and which files are there afterwards.

Commands run in this process (typer's CliRunner); one test starts the real command.
"""

import os
import subprocess
import sys
from pathlib import Path

import h5py
import jax
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from caloris.cli import app
from caloris.output.read import open_run

# A wall at 20 degC and a box that dissipates 5 W behind 1 W/K: the box stands 5 K above the wall.
NETWORK = """
title = "Wall and box"
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
[run]
mode = "steady"
"""

# The same without its link: no steady state exists, since the box's heat goes nowhere.
CUT_OFF = NETWORK.replace('[[link]]\nbetween = ["wall", "box"]\nconductance = "1 W/K"\n', "")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty current folder; compiled programs stay in the tests' own cache."""
    monkeypatch.setenv("CALORIS_CACHE", str(jax.config.jax_compilation_cache_dir))  # pyright: ignore
    monkeypatch.chdir(tmp_path)
    return tmp_path


def caloris(*arguments) -> Result:
    """The outcome of one command; only SystemExit may end it."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return result


def write(name: str, text: str) -> Path:
    path = Path(name)
    path.write_text(text)
    return path


def files() -> set[str]:
    return {path.name for path in Path().iterdir()}


def test_help_names_every_command():
    output = caloris("--help").output
    built = ("run", "check", "show", "plot", "compare", "viewfactors", "export")
    for command in (*built, "report", "optimize", "sweep", "correlate"):
        assert command in output
    assert "Not built yet" in output


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("run", ("CASE.toml", "-o, --output", "--set PATH=VALUE", "exit code is 1")),
        ("check", ("CASE.toml", "--set PATH=VALUE")),
        ("show", ("RUN.h5",)),
        ("plot", ("RUN.h5", "-o, --output", "PDF")),
        ("compare", ("FILE", "NAME=FILE", "-o, --output DIR", "--set PATH=VALUE", "--radiator", "--csv", "--json")),
        ("export", ("CASE.toml", "FILE.d|FILE.csv", "--set PATH=VALUE", "ESATAN-style")),
        ("viewfactors", ("CASE.toml", "FILE.h5", "-o, --output", "--set PATH=VALUE", "what sees what")),
    ],
)
def test_help_of_a_command(command, words):
    result = caloris(command, "--help")
    assert result.exit_code == 0
    for word in words:
        assert word in " ".join(result.output.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "x.h5", "-o", "x.html"),
        ("optimize", "x.toml"),
        ("sweep", "x.toml", "-o", "x.h5"),
        ("correlate", "x.toml", "data.csv"),
        ("init",),
        ("examples",),
        ("show", "x.h5", "--sensitivity", "box"),
    ],
)
def test_what_is_not_built_says_so(folder, arguments):
    result = caloris(*arguments)
    assert result.exit_code == 2
    assert "not built yet" in result.output
    assert files() == set()


@pytest.mark.parametrize("arguments", [("rum", "x.toml"), ("run",), ("run", "x.toml", "--outptu", "y.h5")])
def test_wrong_usage_exits_with_two(folder, arguments):
    assert caloris(*arguments).exit_code == 2
    assert files() == set()


def test_run_writes_under_the_case_name_here(folder):
    (folder / "cases").mkdir()
    write("cases/network.toml", NETWORK)
    result = caloris("run", "cases/network.toml")
    assert result.exit_code == 0, result.output
    assert files() == {"cases", "network.h5"}
    assert result.output.startswith("network.h5: ")
    with open_run("network.h5") as run:
        assert run.succeeded
        assert run.case_text == NETWORK
        # 293.15 K + 5 W / (1 W/K); the steady solver ends at a residual far below 1 uW.
        assert run["thermal/temperature"][0] == pytest.approx([293.15, 298.15], abs=1e-6)


def test_run_with_overrides_and_output(folder):
    case = write("network.toml", NETWORK)
    result = caloris("run", case, "-o", "half.h5", "--set", "link/0/conductance=2 W/K", "--set", "load/0/power=8 W")
    assert result.exit_code == 0, result.output
    assert files() == {"network.toml", "half.h5"}
    with open_run("half.h5") as run:
        assert run["thermal/temperature"][0, 1] == pytest.approx(293.15 + 8 / 2, abs=1e-6)
        assert run.attribute("provenance", "overrides") == "link/0/conductance=2 W/K, load/0/power=8 W"


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("link/0/conductance=2 W", "conductance"),
        ("link/0/conductanse=2 W/K", 'the nearest known name is "conductance"'),
        ("link/7/conductance=2 W/K", "link"),
        ("conductance", "PATH=VALUE"),
    ],
)
def test_wrong_override(folder, override, words):
    case = write("network.toml", NETWORK)
    for command in ("run", "check"):
        result = caloris(command, case, "--set", override)
        assert result.exit_code == 2
        assert words in result.output
        assert files() == {"network.toml"}


def test_wrong_input_leaves_an_earlier_run_untouched(folder):
    case = write("network.toml", NETWORK.replace("5 W", "5 Wat"))
    write("network.h5", "an earlier run")
    result = caloris("run", case)
    assert result.exit_code == 2
    assert "load/0/power" in result.output and '"Wat" is not a known unit' in result.output
    assert Path("network.h5").read_text() == "an earlier run"
    assert files() == {"network.toml", "network.h5"}


def test_missing_case_names_its_neighbor(folder):
    write("network.toml", NETWORK)
    for command in ("run", "check"):
        result = caloris(command, "netwrok.toml")
        assert result.exit_code == 2
        assert 'the nearest known name is "network.toml"' in result.output
    assert files() == {"network.toml"}


@pytest.mark.parametrize("where", ["nowhere/run.h5", ".", "network.toml"])
def test_output_that_cannot_be_written(folder, where):
    case = write("network.toml", NETWORK)
    result = caloris("run", case, "-o", where)
    assert result.exit_code == 2
    assert "folder" in result.output or "is the case file" in result.output
    assert files() == {"network.toml"}
    assert case.read_text() == NETWORK


def test_output_folder_without_permission(folder, monkeypatch):
    case = write("network.toml", NETWORK)
    # Permissions do not bind the superuser, as whom tests may run.
    monkeypatch.setattr("caloris.console.os.access", lambda path, mode: not mode & os.W_OK)
    result = caloris("run", case)
    assert result.exit_code == 2
    assert "cannot be written" in result.output
    assert files() == {"network.toml"}


def test_a_failed_steady_solve_is_named_and_kept(folder):
    case = write("cut_off.toml", CUT_OFF)
    write("cut_off.h5", "an earlier run")
    result = caloris("run", case)
    assert result.exit_code == 1
    assert files() == {"cut_off.toml", "cut_off.h5"}
    with open_run("cut_off.h5") as run:
        assert not run.succeeded
        assert run.result == "no_steady_state"
        assert f"the run ended with {run.result}" in result.output
        assert np.all(np.isfinite(run["thermal/temperature"]))
    shown = caloris("show", "cut_off.h5")
    assert shown.exit_code == 0
    assert "The run failed" in shown.output


# 10 kW drawn from 1 kJ/K at 293 K: absolute zero comes after 29 s, whatever the plate radiates.
DRAINED = """
[[coating]]
name = "paint"
solar_absorptance = 0.3
infrared_emittance = 0.8
[[surface]]
name = "plate"
shape = "rectangle"
corner = ["0 m", "0 m", "0 m"]
edge_u = ["1 m", "0 m", "0 m"]
edge_v = ["0 m", "1 m", "0 m"]
front = "paint"
back = "paint"
heat_capacity = "1 kJ/K"
[[load]]
on = "plate"
power = "-10 kW"
[run]
mode = "transient"
duration = "1 h"
"""


def test_a_failed_transient_ends_with_its_last_accepted_state(folder):
    result = caloris("run", write("drained.toml", DRAINED))
    assert result.exit_code == 1
    with open_run("drained.h5") as run:
        assert run.result == "step_too_small"
        assert run.result in result.output
        time, temperature = run["thermal/time"], run["thermal/temperature"]
        assert temperature[0, 0] == pytest.approx(293.15)
        assert 29.0 < time[-1] < 3600.0
        assert np.all(np.diff(time) > 0) and np.all(np.isfinite(temperature))
        # Below zero the emission drives the temperature away faster and faster: that is where the steps ended.
        assert temperature[-1, 0] < -1000.0
    assert files() == {"drained.toml", "drained.h5"}


def test_below_absolute_zero_is_no_success(folder):
    result = caloris("run", write("drained.toml", DRAINED.replace('"1 h"', '"1 min"\noutput_every = "1 s"')))
    assert result.exit_code == 1
    with open_run("drained.h5") as run:
        assert run.result == "below_absolute_zero"
        temperature = run["thermal/temperature"][:, 0]
        assert len(temperature) == 61
        # -10 K/s, and up to 0.95 K/s of emission at 320 K: 0.8 x 5.67e-8 x 320^4 W/m^2 from both sides of 1 m^2.
        assert -10.95 <= np.diff(temperature).min() and np.diff(temperature).max() <= -10.0 + 1e-3


def _truncated(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["data"] = np.arange(10000.0)
    path.write_bytes(path.read_bytes()[:3000])


def _foreign(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["data"] = np.arange(3.0)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.write_text("not HDF5"), "not an HDF5 file"),
        (lambda path: path.write_bytes(b""), "not an HDF5 file"),
        (_truncated, "cut short or damaged"),
        (_foreign, "not a Caloris run file"),
        (lambda path: path.mkdir(), "a folder"),
    ],
)
@pytest.mark.parametrize("command", ["show", "plot"])
def test_a_run_file_that_is_none(folder, command, make, words):
    make(Path("run.h5"))
    before = files()
    result = caloris(command, "run.h5")
    assert result.exit_code == 2
    assert words in result.output and "run.h5" in result.output
    assert files() == before


def test_plot_draws_into_the_default_folder(folder):
    caloris("run", write("network.toml", NETWORK.replace('"steady"', '"transient"\nduration = "10 min"')))
    result = caloris("plot", "network.h5")
    assert result.exit_code == 0, result.output
    drawn = {path.name for path in Path("network_plots").iterdir()}
    assert {"temperatures.png", "temperatures.pdf"} <= drawn
    assert result.output.startswith("network_plots: ")
    write("taken", "a file where the folder should be")
    refused = caloris("plot", "network.h5", "-o", "taken")
    assert refused.exit_code == 2
    assert "taken" in refused.output


def test_the_installed_command(folder):
    """The real command in a process of its own: exit code, message on standard error, nothing on standard output."""
    command = Path(sys.executable).with_name("caloris")
    if not command.exists():
        pytest.skip("caloris is not installed beside this Python")
    write("empty.toml", "title = 'nothing'\n")
    done = subprocess.run([command, "run", "empty.toml"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("error: empty.toml: 1 error") and "there is nothing to compute" in done.stderr
    assert files() == {"empty.toml"}
