"""`caloris viewfactors`, and cases that take their view factors from a file."""

from pathlib import Path

import h5py
import jax
import numpy as np
import pytest
from typer.testing import CliRunner, Result

import caloris as engine
from caloris.case.build import build_visibility
from caloris.case.load import load_case
from caloris.cli import app
from caloris.output.read import open_run

# Three plates half their side apart, the middle one with both sides: it hides the others from each other, so that
# computed and given view factors go through one program.
PLATES = """
title = "Plates"
[[coating]]
name = "black"
solar_absorptance = 0.9
infrared_emittance = 0.8
[[surface]]
name = "lower"
shape = "rectangle"
corner = [0, 0, 0]
edge_u = [1, 0, 0]
edge_v = [0, 1, 0]
divide = [2, 1]
front = "black"
temperature = "350 K"
[[surface]]
name = "upper"
shape = "rectangle"
corner = [0, 0, 0.5]
edge_u = [0, 1, 0]
edge_v = [1, 0, 0]
divide = [2, 1]
front = "black"
back = "black"
heat_capacity = "5 kJ/K"
[[surface]]
name = "cover"
shape = "rectangle"
corner = [0, 0, 1]
edge_u = [0, 1, 0]
edge_v = [1, 0, 0]
front = "black"
heat_capacity = "5 kJ/K"
[run]
mode = "steady"
"""
FACETS = 14

# The same plates, the upper one on a joint that turns during the run.
TURNING = PLATES.replace('name = "upper"', 'name = "upper"\nbody = "flap"').replace(
    "[run]\n",
    """[orbit]
altitude = "500 km"
beta = "30 deg"
[[body]]
name = "flap"
joint = { axis = "+x", angle = { phase = [0, 0.5], value = ["0 deg", "20 deg"], between = "linear" } }
[run]
joint_states = 3
view_factor_tolerance = 1e-2
""",
)


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


def files() -> set[str]:
    return {path.name for path in Path().iterdir()}


def write(name: str, text: str) -> Path:
    path = Path(name)
    path.write_text(text)
    return path


def importing(text: str, file: str) -> str:
    return text.replace("[run]\n", f'[run]\nview_factors = "{file}"\n')


def temperatures(text: str, folder: Path) -> np.ndarray:
    run = engine.run(engine.load_case(write("case.toml", text)))
    return run.data.arrays["thermal/temperature"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory) -> Path:
    """The plates' view factors as the command writes them."""
    path = tmp_path_factory.mktemp("exported")
    (path / "plates.toml").write_text(PLATES)
    target = path / "plates_viewfactors.h5"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CALORIS_CACHE", str(jax.config.jax_compilation_cache_dir))  # pyright: ignore
        result = caloris("viewfactors", path / "plates.toml", "-o", target)
    assert result.exit_code == 0, result.output
    return target


def dense(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """F_ij and the areas of an exported file of one pose."""
    with open_run(path) as file:
        area = file["mesh/facet_area"]
        matrix = np.zeros((len(area), len(area)))
        first, second = file["view_factors/pair_first"], file["view_factors/pair_second"]
        matrix[first, second] = matrix[second, first] = file["view_factors/exchange_area"]
    return matrix / area[:, None], area


def test_file_of_the_command(exported):
    factor, area = dense(exported)
    assert len(area) == FACETS
    with open_run(exported) as file:
        space = file["view_factors/space_view"]
        assert space.shape == (1, FACETS)
        assert np.all(file["view_factors/pair_first"] < file["view_factors/pair_second"])
        # The definition of the view of space, to rounding.
        assert factor.sum(axis=1) + space[0] == pytest.approx(np.ones(FACETS), abs=1e-12)
        assert file["view_factors/facet_name"][0] == "lower[0,0]/front"
        assert file["view_factors/facet_name"][5] == "upper[0,0]/back"
        assert file.attribute("view_factors", "tolerance") == 5e-4
        assert file.attribute("provenance", "version") and file.case_text == PLATES
    # Unit squares half their side apart: 0.41525 (Howell C-11); the quadrature is good to 1e-5.
    lower, upper = np.arange(4), np.flatnonzero(factor[0])
    assert area[lower] @ factor[np.ix_(lower, upper)].sum(axis=1) == pytest.approx(0.415253, abs=2e-5)
    with h5py.File(exported) as file:
        exchange = file["view_factors/exchange_area"]
        assert exchange.attrs["units"] == "m2" and "A_i F_ij" in str(exchange.attrs["long_name"])


def test_default_name_table_and_show(folder):
    write("plates.toml", PLATES)
    result = caloris("viewfactors", "plates.toml")
    assert result.exit_code == 0, result.output
    assert files() == {"plates.toml", "plates_viewfactors.h5"}
    words = " ".join(result.output.split())
    assert "View factors: 14 facets" in words and "lower/front 4 1 0.4153 0.5847 0.0000 upper/front 0.415" in words
    assert result.output.splitlines()[-1].startswith("plates_viewfactors.h5: ")
    shown = caloris("show", "plates_viewfactors.h5")
    assert shown.exit_code == 0 and "upper/back" in shown.output


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (PLATES.replace("0.8", "1.8"), "infrared_emittance"),
        (
            PLATES.replace('front = "black"', 'front = "inactive"').replace('back = "black"\n', ""),
            "no side of a surface",
        ),
        ('[[node]]\nname = "box"\nheat_capacity = 1\n[run]\nmode = "transient"\nduration = 60\n', "no side of a"),
    ],
)
def test_errors_leave_nothing_behind(folder, text, words):
    write("wrong.toml", text)
    result = caloris("viewfactors", "wrong.toml")
    assert result.exit_code == 2
    assert words in result.output
    assert files() == {"wrong.toml"}
    assert caloris("viewfactors", "missing.toml").exit_code == 2
    assert caloris("viewfactors", "wrong.toml", "-o", "wrong.toml").exit_code == 2
    assert files() == {"wrong.toml"}


def test_an_imported_matrix_reproduces_the_temperatures(folder, exported):
    """Pairs, both kinds of dense matrix and both kinds of CSV; paths count from the case's folder."""
    factor, area = dense(exported)
    (folder / "data").mkdir()
    with h5py.File("data/dense.h5", "w") as file:
        file["view_factor"] = factor
    with h5py.File("data/area.hdf5", "w") as file:
        file["exchange_area"] = (factor * area[:, None])[None]
    np.savetxt("data/dense.csv", factor, delimiter=",", fmt="%.17g", header="F, row by row")
    rows = [f"{i},{j},{float(factor[i, j])!r}" for i, j in np.argwhere(np.triu(factor))]
    write("data/pairs.csv", "\n".join(["i, j, F", *rows]))
    expected = temperatures(PLATES, folder)
    for name in (str(exported), "data/dense.h5", "data/area.hdf5", "data/dense.csv", "data/pairs.csv"):
        found = temperatures(importing(PLATES, name), folder)
        # The matrix is the same to float64's rounding; the steady state is solved to 1e-12 of it.
        assert found == pytest.approx(expected, rel=1e-9), name


def test_what_the_matrix_says_is_what_counts(folder, exported):
    """One per cent less view between the plates, and the upper one cools."""
    factor, _ = dense(exported)
    with h5py.File("less.h5", "w") as file:
        file["view_factor"] = 0.99 * factor
    lower = temperatures(importing(PLATES, "less.h5"), folder)[0, 2]
    assert 0.1 < temperatures(PLATES, folder)[0, 2] - lower < 1.0


def test_no_matrix_is_exported_that_was_imported(folder, exported):
    factor, _ = dense(exported)
    with h5py.File("less.h5", "w") as file:
        file["view_factor"] = 0.99 * factor
    write("case.toml", importing(PLATES, "less.h5"))
    assert caloris("viewfactors", "case.toml", "-o", "again.h5").exit_code == 0
    assert np.array_equal(dense(Path("again.h5"))[0], factor)


def damaged(factor: np.ndarray, kind: str) -> np.ndarray:
    """The matrix with one defect."""
    matrix = factor.copy()
    j = int(np.flatnonzero(factor[2])[0])
    if kind == "short":
        return matrix[:-1, :-1]
    if kind == "nan":
        matrix[2, j] = np.nan
    if kind == "negative":
        matrix[2, j] = -0.01
    if kind == "diagonal":
        matrix[2, 2] = 0.1
    if kind == "too much":
        matrix *= 2.5
    if kind == "one way":
        matrix[2, j] += 0.05
    if kind == "nothing":
        matrix[:] = 0.0
    return matrix


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("short", ("`view_factor` is 13 x 13; the case has 14 facets",)),
        ("nan", ("row 2, column ", "not a finite number")),
        ("negative", ("row 2, column ", "view factor -0.01 is below zero")),
        ("diagonal", ("row 2, column 2", "cannot see itself")),
        ("too much", ("row ", "the views of this facet add up to 1.")),
        ("one way", ("row 2, column ", "one way and", "the other")),
        ("nothing", ("differ by", "belong to another geometry")),
    ],
)
def test_wrong_matrices(folder, exported, kind, words):
    with h5py.File("matrix.h5", "w") as file:
        file["view_factor"] = damaged(dense(exported)[0], kind)
    write("case.toml", importing(PLATES, "matrix.h5"))
    result = caloris("run", "case.toml")
    assert result.exit_code == 2, result.output
    assert all(word in result.output for word in words), result.output
    assert "run/view_factors" in result.output
    assert files() == {"case.toml", "matrix.h5"}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("m.csv", "", "empty"),
        ("m.csv", "0,0\n0,0\n", "2 rows; the case has 14 facets"),
        ("m.csv", "\n".join(["0," * 10 + "0"] * 14), "line 1 (row 0): 11 columns; there must be 14"),
        ("m.csv", "\n".join(["0," * 13 + "x"] * 14), "line 1, column 13: 'x' is not a finite number"),
        ("m.csv", "i,j,F\n0,14,0.1\n", "line 2, column j: 14 is no facet; 0 to 13 are"),
        ("m.csv", "i,j,F\n0,5,0.1\n0,5,0.1\n", "line 3: row 0, column 5 stands in line 2 too"),
        ("m.csv", "i,j,F\n0,5\n", "line 2: 2 values"),
        ("m.h5", "not HDF5", "not readable as HDF5"),
        ("m.txt", "", "allowed: .h5 .hdf5 .csv"),
        ("", "", "is not a file name"),
    ],
)
def test_wrong_files(folder, name, content, words):
    if name:
        write(name, content)
    write("case.toml", importing(PLATES, name))
    before = files()
    result = caloris("run", "case.toml")
    assert result.exit_code == 2
    assert words in result.output, result.output
    assert files() == before


def test_a_missing_file_and_one_without_a_matrix(folder):
    write("case.toml", importing(PLATES, "m.h5"))
    assert "does not exist" in caloris("run", "case.toml").output
    with h5py.File("m.h5", "w") as file:
        file["other"] = np.zeros(3)
    result = caloris("run", "case.toml")
    assert result.exit_code == 2 and "needs one dataset" in result.output and "holds other" in result.output


def test_a_file_of_another_geometry_is_refused(folder, exported):
    write("case.toml", importing(PLATES.replace("edge_u = [1, 0, 0]", "edge_u = [1.1, 0, 0]"), str(exported)))
    result = caloris("run", "case.toml")
    assert result.exit_code == 2 and "the geometry is another one" in " ".join(result.output.split())


@pytest.mark.slow
def test_poses_of_moving_bodies(folder):
    """All poses come back as they were; one matrix is refused, and so are poses of another run."""
    write("turning.toml", TURNING)
    assert caloris("viewfactors", "turning.toml", "-o", "poses.h5").exit_code == 0
    _, computed, _ = build_visibility(load_case("turning.toml"))
    assert computed.space_view.shape[0] == 3
    write("case.toml", importing(TURNING, "poses.h5"))
    _, found, _ = build_visibility(load_case("case.toml"))
    assert np.array_equal(found.exchange_area, computed.exchange_area)
    assert np.ptp(np.asarray(found.exchange_area).sum(axis=(1, 2))) > 0.01
    # Summed in another order.
    assert np.asarray(found.space_view) == pytest.approx(np.asarray(computed.space_view), abs=1e-14)

    write("case.toml", importing(TURNING.replace('"20 deg"', '"25 deg"'), "poses.h5"))
    result = caloris("run", "case.toml")
    assert result.exit_code == 2 and "other joint angles" in result.output
    with h5py.File("one.h5", "w") as file:
        file["view_factor"] = np.zeros((FACETS, FACETS))
    write("case.toml", importing(TURNING, "one.h5"))
    result = caloris("run", "case.toml")
    assert result.exit_code == 2
    assert "1 matrix, but bodies move through 3 poses in this run" in result.output
