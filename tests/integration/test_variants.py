"""Variants of a case: one batch, one program, rays traced once; written, shown and drawn beside the case itself."""

from pathlib import Path

import jax
import jax.monitoring
import numpy as np
import pytest
import xarray
from typer.testing import CliRunner, Result

import caloris
from caloris.case.errors import CaseError
from caloris.case.load import load_case, parse_case, with_overrides
from caloris.cli import app
from caloris.output.hdf5 import write_run
from caloris.output.read import RunFileError, open_run

CASE = Path(__file__).parents[2] / "examples" / "hot_and_cold.toml"
NAMES = ["hot, end of life", "cold", "safe mode"]
_EVENTS: list[str] = []


def _listen(event: str, duration_secs: float, **kwargs: str | int) -> None:
    if event.startswith("/jax/core/compile"):
        _EVENTS.append(f"{event.rsplit('/', 1)[-1]} {kwargs.get('fun_name')}")


@pytest.fixture(scope="module")
def batch():
    """The whole batch, what each of its cases traced, lowered or compiled, and the stages told."""
    compiled: dict[str, list[str]] = {}
    stages: list[str] = []
    jax.monitoring.register_event_duration_secs_listener(_listen)

    def done(variant, data):
        compiled[variant] = list(_EVENTS)
        _EVENTS.clear()

    _EVENTS.clear()
    return caloris.run(load_case(CASE), stages.append, done=done), compiled, stages


@pytest.fixture(scope="module")
def file(batch, tmp_path_factory) -> Path:
    return batch[0].save(tmp_path_factory.mktemp("run") / "variants.h5")


@pytest.mark.slow
def test_variants_compile_nothing(batch):
    """Another Sun, beta, life and load: the same programs. The case itself shows that the count would see any other."""
    _, compiled, _ = batch
    assert any("couple" in event for event in compiled[""]) and any("_from" in event for event in compiled[""])
    assert {name: compiled[name] for name in NAMES} == {name: [] for name in NAMES}


@pytest.mark.slow
def test_only_what_changes_is_traced(batch):
    _, _, stages = batch
    rays = ("view factors", "sky", "sunlight")
    told = [stage for stage in stages if stage.split(": ")[-1] in rays]
    # Another beta is another direction of the Sun; another flux or load is not.
    assert told == [*rays, "hot, end of life: sunlight"]


def test_each_variant_is_the_case_with_its_changes(batch):
    """Run alone, from a case that has the changes, every variant comes out the same to the last bit."""
    run, _, _ = batch
    case = load_case(CASE)
    for variant in case.variants:
        changes = case.variant_cases[variant.name].overrides  # as one would write them behind --set
        alone = caloris.run(with_overrides(parse_case(CASE.read_text().split("[[variant]]")[0] + RUN), changes))
        data = run.variants[variant.name]
        assert set(data.arrays) == set(alone.data.arrays)
        for name in ("thermal/temperature", "orbit/lit_fraction", "mesh/vertices", "thermal/energy_residual"):
            np.testing.assert_array_equal(data.arrays[name], alone.data.arrays[name])
    hottest = [data.arrays["thermal/temperature"].max() for data in (run.data, *run.variants.values())]
    assert hottest[1] > hottest[0] > hottest[2] > hottest[3]


RUN = '[run]\nmode = "cyclic"\noutput_every = "300 s"\n'


def test_file_has_every_variant_in_the_layout_of_the_case(batch, file):
    run, _, _ = batch
    with open_run(file) as stored:
        assert stored.variants == NAMES
        for name in NAMES:
            variant = stored.variant(name)
            assert variant.succeeded and variant.variants == []
            assert variant.case_text == stored.case_text
            for path, values in run.variants[name].arrays.items():
                if values.dtype.kind == "f":
                    np.testing.assert_array_equal(variant[path], values)
            assert variant.attribute("thermal", "mode") == "cyclic"
        with pytest.raises(RunFileError, match="no variant 'hot'; known: hot, end of life, cold, safe mode"):
            stored.variant("hot")
        # The time and the compiling of the whole batch, and of each case.
        wall = [
            stored.attribute("provenance", "wall_time"),
            stored.variant("cold").attribute("provenance", "wall_time"),
        ]
        assert wall[0] > wall[1] > 0
    with xarray.open_dataset(file, group="variant/cold/thermal", engine="h5netcdf") as thermal:
        np.testing.assert_array_equal(thermal["temperature"], run.variants["cold"].arrays["thermal/temperature"])
        assert thermal["temperature"].dims == ("time", "node")


def test_margins_are_the_worst_of_all(batch):
    run, _, _ = batch
    arrays = run.data.arrays
    assert list(arrays["limits/variant"]) == ["", *NAMES]
    assert list(zip(arrays["margins/item"], arrays["margins/state"], strict=True)) == [
        ("box", "operating"),
        ("box", "non-operating"),
    ]
    assert list(arrays["margins/hottest_variant"]) == ["hot, end of life", "safe mode"]
    assert list(arrays["margins/coldest_variant"]) == ["cold", "safe mode"]
    box = list(arrays["thermal/node"]).index("box")
    hot = run.variants["hot, end of life"].arrays["thermal/temperature"][:, box].max()
    # 60 degC, less 10 + 5 + 5 K of the policy.
    assert arrays["margins/margin_high"][0] == pytest.approx(333.15 - 20 - hot, abs=1e-9)
    for data in run.variants.values():
        assert len(data.arrays["limits/item"]) == len(data.arrays["margins/item"]) == 1


# --- through the command, on a network that compiles fast -----------------------------------------------------

NETWORK = """
title = "Wall and box"
[[node]]
name = "wall"
temperature = "20 degC"
[[node]]
name = "box"
heat_capacity = "1 kJ/K"
[[link]]
name = "strap"
between = ["wall", "box"]
conductance = "1 W/K"
[[load]]
on = "box"
power = "5 W"
[[limit]]
of = "box"
operating = ["0 degC", "30 degC"]
[[variant]]
name = "hot"
set = { "node/wall/temperature" = "35 degC" }
[[variant]]
name = "cut"
set = { "link/strap/conductance" = "0 W/K" }
[[variant]]
name = "cold"
set = { "node/wall/temperature" = "-10 degC", "load/0/power" = "1 W" }
[run]
mode = "steady"
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CALORIS_CACHE", str(jax.config.jax_compilation_cache_dir))  # pyright: ignore
    monkeypatch.chdir(tmp_path)
    return tmp_path


def caloris_command(*arguments) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_one_variant_that_fails_leaves_the_others(folder):
    """A box of which no heat goes anywhere has no steady state; it is named, and the rest is written."""
    Path("network.toml").write_text(NETWORK)
    result = caloris_command("run", "network.toml")
    assert result.exit_code == 1
    with open_run("network.h5") as run:
        failed = run.variant("cut").result
    assert failed != "success" and f"variant 'cut' ended with {failed}" in result.output
    assert [line.split(":")[0] for line in result.output.splitlines()[:4]] == ["(base)", "hot", "cut", "cold"]
    with open_run("network.h5") as run:
        assert run.succeeded and run.attribute("status", "failed_variants") == f"cut ({failed})"
        found = {name: run.variant(name) for name in run.variants}
        assert {name: variant.result for name, variant in found.items()} == {
            "hot": "success",
            "cut": failed,
            "cold": "success",
        }
        # 35 + 5 and -10 + 1 degC: the heat through 1 W/K.
        assert found["hot"]["thermal/temperature"][0, 1] == pytest.approx(313.15, abs=1e-6)
        assert found["cold"]["thermal/temperature"][0, 1] == pytest.approx(264.15, abs=1e-6)
    shown = caloris_command("show", "network.h5").output
    assert f"Variants that failed: cut ({failed})." in shown
    rows = {line.split()[0]: line.split() for line in shown.splitlines() if line.strip()}
    assert rows["hot"][-4:] == ["35.0", "wall", "40.0", "box"]
    assert rows["cold"][:4] == ["cold", "node/wall/temperature", "=", "-10"]
    one = caloris_command("show", "network.h5", "--variant", "hot")
    assert one.exit_code == 0 and "Wall and box - hot" in one.output and "Variants" not in one.output
    wrong = caloris_command("show", "network.h5", "--variant", "warm")
    assert wrong.exit_code == 2 and "no variant 'warm'" in wrong.output


def test_a_failed_base_case_leaves_its_variants(folder):
    Path("network.toml").write_text(NETWORK)
    result = caloris_command("run", "network.toml", "--set", "link/strap/conductance=0 W/K")
    assert result.exit_code == 1
    with open_run("network.h5") as run:
        failed = run.result
        assert failed != "success" and run.variant("hot").result == failed
    assert f"the run ended with {failed}; variant 'hot' ended with {failed}" in result.output
    with pytest.raises(caloris.SolveError, match="solve_steady"):
        caloris.run(parse_case(NETWORK, overrides=["link/strap/conductance=0"]))
    with pytest.raises(caloris.SolveError, match="variant 'cut'"):
        caloris.run(parse_case(NETWORK))


def test_wrong_variants_are_all_reported_before_anything_runs(folder, monkeypatch):
    monkeypatch.setattr("caloris.simulation._run_one", lambda *a: pytest.fail("something was run"))
    Path("wrong.toml").write_text(
        NETWORK.replace('"35 degC"', '"35 degC", "node/wal/temperature" = 1')
        .replace('"0 W/K" }', '"-1 W/K" }')
        .replace('power = "5 W"', 'power = "5 Wat"')
    )
    result = caloris_command("run", "wrong.toml")
    assert result.exit_code == 2
    lines = [line.strip() for line in result.output.splitlines()]
    assert lines[0] == "error: wrong.toml: 3 errors"
    assert lines[1].startswith('load/0/power: "5 Wat" has') or lines[1].startswith('load/0/power: "Wat"')
    assert lines[2].startswith('variant/hot/set: node/wal/temperature: no [[node]] is named "wal"; the nearest')
    assert lines[3].startswith('variant/cut/set: link/strap/conductance: "-1 W/K" is out of range')
    assert {path.name for path in Path().iterdir()} == {"wrong.toml"}


def test_what_only_building_shows_is_found_in_every_variant_first(monkeypatch):
    monkeypatch.setattr("caloris.simulation._run_one", lambda *a: pytest.fail("something was run"))
    text = CASE.read_text()
    text = text.replace('"run/life" = "end",', '"surface/roof/edge_u" = [0, 1, 0],')
    text = text.replace(
        '"run/non_operating" = ["box"]', '"run/non_operating" = ["box"], "surface/plate/edge_v" = [1, 0, 0]'
    )
    with pytest.raises(CaseError) as caught:
        caloris.run(parse_case(text))
    assert [problem.path for problem in caught.value.errors] == [
        "variant/hot, end of life/set",
        "variant/safe mode/set",
    ]
    assert "surface/roof/edge_v" in caught.value.errors[0].message


def test_what_only_rays_show_is_found_in_every_variant_before_anything_is_solved(tmp_path, monkeypatch):
    monkeypatch.setattr("caloris.simulation._run_one", lambda *a: pytest.fail("something was solved"))
    (tmp_path / "other.csv").write_text("0,1\n1,0\n")  # of two facets; here are eight
    text = CASE.read_text().replace('"run/life" = "end",', '"run/view_factors" = "other.csv",')
    with pytest.raises(CaseError) as caught:
        caloris.run(parse_case(text, tmp_path))
    assert [problem.path for problem in caught.value.errors] == ["variant/hot, end of life/set"]
    assert caught.value.errors[0].message.startswith("run/view_factors: ")


def test_check_lists_variants_and_their_own_warnings(folder):
    Path("network.toml").write_text(NETWORK)
    result = caloris_command("check", "network.toml")
    assert result.exit_code == 0
    text = " ".join(result.output.split())
    assert "Variants" in text and "node/wall/temperature = -10 degC" in text
    (warning,) = [line for line in result.output.splitlines() if line.startswith("warning")]
    assert warning.startswith("warning: variant cut: box: no path for heat")


def test_pictures_of_variants_lie_in_folders_of_their_names(folder):
    Path("network.toml").write_text(NETWORK.replace('"0 W/K"', '"2 W/K"'))
    assert caloris_command("run", "network.toml").exit_code == 0
    result = caloris_command("plot", "network.h5")
    assert result.exit_code == 0, result.output
    drawn = {str(path.relative_to("network_plots")) for path in Path("network_plots").rglob("*.png")}
    pictures = {"temperatures.png", "heat_flows.png", "margins.png"}
    assert drawn == pictures | {f"{name}/{picture}" for name in ("hot", "cut", "cold") for picture in pictures}
    assert "hot/temperatures" in result.output
    one = caloris_command("plot", "network.h5", "-o", "one", "--variant", "cold")
    assert one.exit_code == 0 and {path.name for path in Path("one").iterdir()} == {"cold"}
    assert caloris_command("plot", "network.h5", "--variant", "warm").exit_code == 2


def test_overrides_on_the_command_reach_variants(folder):
    Path("network.toml").write_text(NETWORK.replace('"0 W/K"', '"2 W/K"'))
    result = caloris_command(
        "run", "network.toml", "--set", "load/0/power=8 W", "--set", 'variant/hot/set={"node/wall/temperature"=300}'
    )
    assert result.exit_code == 0, result.output
    with open_run("network.h5") as run:
        hot = run.variant("hot")
        assert hot["thermal/temperature"][0, 1] == pytest.approx(308.0, abs=1e-6)
        assert run.variant("cold")["thermal/temperature"][0, 1] == pytest.approx(264.15, abs=1e-6)
        assert "node/wall/temperature=300" in hot.attribute("provenance", "overrides")


def test_numbers_that_are_not_finite_are_refused_in_a_variant_too(batch, tmp_path):
    run, _, _ = batch
    data = run.variants["cold"]
    spoiled = data.arrays["thermal/temperature"].copy()
    spoiled[0, 0] = np.nan
    original = data.arrays["thermal/temperature"]
    data.arrays["thermal/temperature"] = spoiled
    try:
        with pytest.raises(ValueError, match="thermal/temperature: 1 non-finite"):
            write_run(tmp_path / "run.h5", run.data)
    finally:
        data.arrays["thermal/temperature"] = original
    assert list(tmp_path.iterdir()) == []
