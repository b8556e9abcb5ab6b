"""Imported networks through `caloris run`, against a solution of their own; exported and imported again."""
# ruff: noqa: E501 (cases in one line)

from pathlib import Path

import jax
import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import root
from typer.testing import CliRunner, Result

import caloris
from caloris.case.errors import CaseError
from caloris.case.esatan_read import read_esatan
from caloris.case.esatan_write import write_esatan
from caloris.case.load import load_case, parse_case
from caloris.case.lumped import LumpedNetwork
from caloris.case.network_csv import write_network_csv
from caloris.cli import app
from caloris.output.read import open_run

EXAMPLE = Path(__file__).parents[2] / "examples" / "lumped_satellite.toml"
SIGMA = 5.670374419e-8

# Every kind of coupling, a node without capacity, a boundary, a negative conductance as finite elements make it, heat
# over time.
NETWORK = """$MODEL KINDS
$NODES
  D1 = 'plate', T = 10.0, C = 400.0, QI = 30.0;
  D2 = 'box', T = 30.0, C = 900.0, QS = 5.0;
  A3 = 'joint';
  D4 = 'fluid', T = 15.0, C = 50.0;
  B5 = 'inlet', T = 12.0;
  B6 = 'space', T = -270.0;
$CONDUCTORS
  GL(1,3) = 2.0;  GL(3,2) = 3.0;  GL(1,2) = -0.2;
  GR(1,6) = 0.35; GR(1,2) = 0.02;
  GF(5,4) = 1.5;  GL(4,2) = 4.0;
$ENDMODEL KINDS
"""
HEATED = NETWORK.replace("$ENDMODEL", "$ARRAYS\n H(2,3) = 0.0, 0.0, 600.0, 20.0, 1800.0, 5.0;\n$VARIABLES1\n      QE2 = INTRP1(TIMEM, H, 1)\n$ENDMODEL")  # fmt: skip
STEADY = '[network]\nfile = "model.d"\n[run]\nmode = "steady"\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("CALORIS_CACHE", str(jax.config.jax_compilation_cache_dir))  # pyright: ignore
    monkeypatch.chdir(tmp_path)
    Path("model.d").write_text(NETWORK)
    return tmp_path


def net_heat(network: LumpedNetwork, temperature: np.ndarray, time: float = 0.0) -> np.ndarray:
    """Heat into every node (W), written down here once more: sums over pairs of a table of plain numbers."""
    heat = network.load.astype(float).copy()
    for load in network.timed:
        heat[load.node] += np.interp(time, load.time, load.power)
    for (a, b), g in zip(network.conductive.node, network.conductive.value, strict=True):
        heat[a] += g * (temperature[b] - temperature[a])
        heat[b] += g * (temperature[a] - temperature[b])
    for (a, b), r in zip(network.radiative.node, network.radiative.value, strict=True):
        heat[a] += r * SIGMA * (temperature[b] ** 4 - temperature[a] ** 4)
        heat[b] += r * SIGMA * (temperature[a] ** 4 - temperature[b] ** 4)
    for (a, b), w in zip(network.one_way.node, network.one_way.value, strict=True):
        heat[b] += w * (temperature[a] - temperature[b])
    return heat


def steady_by_root_finder(network: LumpedNetwork) -> np.ndarray:
    """Steady temperatures (K) by a general root finder."""
    free = ~network.boundary

    def balance(values: np.ndarray) -> np.ndarray:
        temperature = network.temperature.copy()
        temperature[free] = values
        return net_heat(network, temperature)[free]

    temperature = network.temperature.copy()
    found = root(balance, np.full(free.sum(), 290.0), method="lm", options={"xtol": 1e-15, "ftol": 1e-15})
    temperature[free] = found.x
    return temperature


def steady(text: str, tmp_path: Path, **overrides: object) -> np.ndarray:
    case = parse_case(text, tmp_path)
    return caloris.run(case).data.arrays["thermal/temperature"][0]


def test_steady_state_is_that_of_the_written_equations(folder):
    found = steady(STEADY, folder)
    # The root finder ends where rounding does; the conductances of these nodes differ by less than a hundred.
    np.testing.assert_allclose(found, steady_by_root_finder(read_esatan("model.d")), rtol=0, atol=1e-9)


@pytest.mark.slow
def test_transient_is_that_of_the_written_equations(folder):
    """Heat over time, its kink met; the joint without capacity is eliminated by its own balance."""
    Path("model.d").write_text(HEATED)
    network = read_esatan("model.d")
    text = STEADY.replace('"steady"', '"transient"\nduration = "1800 s"\noutput_every = "600 s"')
    run = caloris.run(parse_case(text, folder))
    solved = [0, 1, 3]

    def complete(values: np.ndarray) -> np.ndarray:
        temperature = network.temperature.copy()
        temperature[solved] = values
        temperature[2] = (2.0 * values[0] + 3.0 * values[1]) / 5.0
        return temperature

    def rate(time: float, values: np.ndarray) -> np.ndarray:
        return (
            net_heat(network, complete(values), time) / np.where(network.heat_capacity > 0, network.heat_capacity, 1.0)
        )[solved]

    values, expected = network.temperature[solved], []
    for start, end in ((0.0, 600.0), (600.0, 1200.0), (1200.0, 1800.0)):
        values = solve_ivp(rate, (start, end), values, method="Radau", rtol=1e-10, atol=1e-10).y[:, -1]
        expected.append(complete(values))
    # The stepper's tolerance is 1 mK a step; errors of earlier steps have died out to a few times that.
    np.testing.assert_allclose(run.data.arrays["thermal/temperature"][1:], expected, rtol=0, atol=5e-3)


def test_written_and_read_again_gives_the_same_temperatures(folder):
    network = read_esatan("model.d")
    first = steady(STEADY, folder)
    write_esatan("again.d", network)
    np.testing.assert_allclose(steady(STEADY.replace("model.d", "again.d"), folder), first, rtol=0, atol=1e-9)
    write_network_csv("nodes.csv", "couplings.csv", network)
    csv = STEADY.replace('file = "model.d"', 'nodes = "nodes.csv"\ncouplings = "couplings.csv"')
    np.testing.assert_allclose(steady(csv, folder), first, rtol=0, atol=1e-9)


def test_the_same_network_as_tables_of_a_case(folder):
    """Nodes, links of three kinds and loads written out: the same model."""
    network = read_esatan("model.d")
    text = ""
    for table in network.tables():
        text += "[[node]]\n" + "".join(f"{k} = {v if isinstance(v, float) else repr(v)}\n" for k, v in table.items())
    for kind, key in (("conductive", "conductance"), ("radiative", "radiative_area"), ("one_way", "capacity_rate")):
        for (a, b), value in zip(*getattr(network, kind), strict=True):
            if value > 0:
                text += f"[[link]]\nbetween = ['{network.name[a]}', '{network.name[b]}']\n{key} = {value}\n"
    for k, power in enumerate(network.load):
        text += f"[[load]]\non = '{network.name[k]}'\npower = {power}\n"
    Path("model.d").write_text(NETWORK.replace("-0.2", "0.0"))
    found = steady(text + '[run]\nmode = "steady"\n', folder)
    np.testing.assert_allclose(found, steady(STEADY, folder), rtol=0, atol=1e-9)


def caloris_command(*arguments) -> Result:
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_example_runs_with_its_variants(folder):
    result = caloris_command("run", EXAMPLE, "-o", "run.h5")
    assert result.exit_code == 0, result.output
    with open_run("run.h5") as run:
        assert run.variants == ["hot", "cold"]
        assert run.names("thermal/node")[:2] == ["BATTERY:D1", "BATTERY:D2"]
        file = EXAMPLE.with_suffix(".d")
        for name, constants in (("", {}), ("hot", {"P_obc": 12.0, "eps": 0.80}), ("cold", {"P_obc": 1.0, "eps": 0.90})):
            found = (run.variant(name) if name else run)["thermal/temperature"][0]
            np.testing.assert_allclose(found, steady_by_root_finder(read_esatan(file, constants)), rtol=0, atol=1e-9)
        assert run.names("margins/hottest_variant") == ["hot", "hot"]
        assert "lumped_satellite.d sha256:" in run.attribute("provenance", "network")
    assert caloris_command("check", EXAMPLE).exit_code == 0


def test_nodes_of_the_file_take_loads_links_and_changes(folder):
    Path("case.toml").write_text(
        STEADY
        + '[[load]]\non = "D1"\npower = "10 W"\n[[node]]\nname = "own"\nheat_capacity = 1\n[[link]]\nbetween = ["own", "D2"]\nconductance = 1\n'
    )
    sets = ["node/B5/temperature=20 degC", "node/D4/temperature=300", "node/D2/heat_capacity=7"]
    case = load_case("case.toml", sets)
    assert [node.name for node in case.nodes] == ["own", "D1", "D2", "A3", "D4", "B5", "B6"]
    by_name = {node.name: node for node in case.nodes}
    assert by_name["B5"].temperature == 293.15 and by_name["D2"].heat_capacity == 7.0
    assert by_name["D4"].temperature == 300.0 and by_name["D4"].heat_capacity is None  # now a boundary
    temperature = caloris.run(case).data.arrays["thermal/temperature"][0]
    network = read_esatan("model.d")
    network.load[0] += 10.0
    network.boundary[3], network.temperature[3], network.temperature[4] = True, 300.0, 293.15
    expected = steady_by_root_finder(network)
    np.testing.assert_allclose(temperature[1:], expected, rtol=0, atol=1e-9)
    assert temperature[0] == pytest.approx(expected[1], abs=1e-9)  # no heat flows to what has none
    free = load_case("case.toml", ["node/B5/heat_capacity=3"])
    assert {node.name: node.temperature for node in free.nodes}["B5"] is None


def test_names_by_label(folder):
    case = parse_case(
        STEADY.replace('"model.d"', '"model.d"\nnames = "label"') + '[[load]]\non = "box"\npower = 1\n', folder
    )
    assert [node.name for node in case.nodes] == ["plate", "box", "joint", "fluid", "inlet", "space"]
    Path("model.d").write_text(NETWORK.replace("'box'", "'plate'").replace(" = 'joint'", ""))
    with pytest.raises(CaseError) as caught:
        parse_case(STEADY.replace('"model.d"', '"model.d"\nnames = "label"'), folder)
    assert [(problem.path, problem.message.split(";")[0]) for problem in caught.value.errors] == [
        ("network/names", 'D1 and D2 have the same label "plate"'),
        ("network/names", "A3 has no label"),
    ]


WRONG = {
    "file": ("model.d", "modell.d", "network/file", 'the file "modell.d" does not exist'),
    "kind of file": ("model.d", "model.toml", "network/file", "is not a file of an allowed kind"),
    "constant": ('"model.d"', '"model.d"\nconstants = { P = 1.0 }', "network/constants", "the file has no constant P"),
    "constant in words": ('"model.d"', '"model.d"\nconstants = { P = "1 kW" }', "network/constants/P", '"kW" is not the unit of a number'),
    "both kinds": ('"model.d"', '"model.d"\nnodes = "nodes.csv"', "network", "needs file (ESATAN-style), or nodes"),
    "neither": ('file = "model.d"', "", "network", "needs file (ESATAN-style), or nodes and couplings (CSV)"),
    "node": ('"model.d"', '"model.d"\nnode = { D9 = { temperature = 300 } }', "network/node/D9", "is no node of the network"),
    "key": ('"model.d"', '"model.d"\nnode = { D1 = { temprature = 300 } }', "node/D1/temprature", 'unknown key "temprature"'),
    "value": ('"model.d"', '"model.d"\nnode = { D1 = { heat_capacity = -1 } }', "node/D1/heat_capacity", "out of range"),
    "own node of the same name": ("[run]", '[[node]]\nname = "D1"\nheat_capacity = 1\n[run]', "node/D1/name", "is taken by a [[node]]"),
    "limit": ("[run]", '[[limit]]\nof = "D9"\noperating = [1, 2]\n[run]', "limit/0/of/0", '"D9" is not the name of a surface, solid or node'),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_network_is_an_error_of_the_case(name, folder):
    old, new, path, words = WRONG[name]
    (folder / "nodes.csv").write_text("name\na\n")
    (folder / "model.toml").write_text("")
    with pytest.raises(CaseError) as caught:
        parse_case(STEADY.replace(old, new, 1), folder)
    assert [problem.path for problem in caught.value.errors] == [path], str(caught.value)
    assert words in caught.value.errors[0].message


def test_wrong_file_exits_with_two_and_writes_nothing(folder):
    """All mistakes of the file, and those of the case; none for references to nodes that could not be read."""
    Path("model.d").write_text(NETWORK.replace("QI = 30.0", "QI = 30.0 W").replace("GF(5,4)", "GF(5,7)"))
    Path("case.toml").write_text(STEADY.replace("steady", "stedy") + '[[load]]\non = "D1"\npower = "10 W"\n')
    result = caloris_command("run", "case.toml")
    assert result.exit_code == 2
    lines = [line.strip() for line in result.output.splitlines()]
    assert lines[0] == "error: case.toml: 3 errors"
    assert sorted(lines[1:]) == sorted(
        [
            'network/file: model.d:3:48: expected ";" or a comma behind what is said of D1, found "W;"',
            "network/file: model.d:12:8: there is no node 7; known: 1, 2, 3, 4, 5, 6",
            'run/mode: "stedy" is not known; allowed: "steady", "transient" or "cyclic"; the nearest known name is "steady"',
        ]
    )
    assert {path.name for path in folder.iterdir()} == {"model.d", "case.toml"}


def test_heat_over_time_needs_a_transient_run_within_its_table(folder):
    Path("model.d").write_text(HEATED)
    with pytest.raises(CaseError, match="the heat of D2 is a table over time, which needs a transient run"):
        parse_case(STEADY, folder)
    with pytest.raises(CaseError, match="the heat of D2 is given for 0 to 1800 s; the run needs 0 to 3600 s"):
        parse_case(STEADY.replace('"steady"', '"transient"\nduration = "1 h"'), folder)


def test_export_and_import_of_a_network(folder):
    """By the command, in both forms; the temperatures of the original to a nanokelvin."""
    Path("case.toml").write_text('title = "Kinds"\n' + STEADY)
    first = steady(STEADY, folder)
    result = caloris_command("export", "case.toml")
    assert result.exit_code == 0, result.output
    assert result.output.strip() == "case.d: 6 nodes, 4 conductive, 2 radiative, 1 one-way couplings"
    np.testing.assert_allclose(steady(STEADY.replace("model.d", "case.d"), folder), first, rtol=0, atol=1e-9)
    assert caloris_command("export", "case.toml", "-o", "net.csv").exit_code == 0
    csv = STEADY.replace('file = "model.d"', 'nodes = "net.csv"\ncouplings = "net_couplings.csv"')
    np.testing.assert_allclose(steady(csv, folder), first, rtol=0, atol=1e-9)


ORBIT = """
[orbit]
altitude = "600 km"
beta = "30 deg"
[[coating]]
name = "white"
solar_absorptance = 0.2
infrared_emittance = 0.9
[[surface]]
name = "plate"
shape = "rectangle"
corner = ["-0.5 m", "-0.5 m", "0 m"]
edge_u = ["1 m", "0 m", "0 m"]
edge_v = ["0 m", "1 m", "0 m"]
front = "white"
back = "white"
heat_capacity = "2 kJ/K"
[[surface]]
name = "roof"
shape = "rectangle"
corner = ["-0.5 m", "-0.5 m", "0.5 m"]
edge_u = ["1 m", "0 m", "0 m"]
edge_v = ["0 m", "1 m", "0 m"]
front = "white"
back = "white"
heat_capacity = "2 kJ/K"
[[node]]
name = "box"
heat_capacity = "4 kJ/K"
[[link]]
between = ["box", "plate"]
conductance = "2 W/K"
[[load]]
on = "box"
power = "50 W"
[run]
mode = "steady"
"""


@pytest.mark.slow
def test_export_of_surfaces_in_orbit(folder):
    """Mean loads, exchange factors and views of space: the steady state of the written network is that of the case."""
    Path("orbit.toml").write_text(ORBIT)
    first = steady(ORBIT, folder)
    result = caloris_command("export", "orbit.toml", "-o", "model.d")
    assert result.exit_code == 0, result.output
    network = read_esatan("model.d")
    assert network.label == ("plate", "roof", "box", "space") and list(network.boundary) == [False] * 3 + [True]
    # Both sweep the same exchange; what is lost is the closure of the factors, 1e-12 of a row.
    np.testing.assert_allclose(steady(STEADY, folder)[:3], first, rtol=0, atol=1e-7)
    np.testing.assert_allclose(steady_by_root_finder(network)[:3], first, rtol=0, atol=1e-7)


def test_what_has_no_form_in_a_network_is_refused(folder):
    steps = (
        STEADY.replace('"steady"', '"transient"\nduration = "1 h"')
        + '[[load]]\non = "D1"\npower = { time = [0, 60], value = [1, 2] }\n'
    )
    Path("case.toml").write_text(steps)
    result = caloris_command("export", "case.toml")
    assert result.exit_code == 2 and "load/0/power: a table of steps has no form in a lumped network" in result.output
    Path("case.toml").write_text(
        STEADY
        + '[[heater]]\non = "D1"\npower = "40 W"\ncontrol = { sensor = "D1", on_below = "5 degC", off_above = "10 degC" }\n'
    )
    result = caloris_command("export", "case.toml")
    assert result.exit_code == 2 and "equipment has no form in a lumped network" in result.output
    linear = steps.replace("value = [1, 2] }", 'value = [1, 2], between = "linear" }')
    Path("case.toml").write_text(linear)
    assert caloris_command("export", "case.toml").exit_code == 0
    (load,) = read_esatan("case.d").timed
    assert load.time == (0.0, 60.0, 3600.0) and load.power == (1.0, 2.0, 2.0)
    assert caloris_command("export", "case.toml", "-o", "x.csv").exit_code == 2


@pytest.mark.slow
def test_boundaries_whose_temperature_varies(folder):
    """Along an orbit the file has the mean, as the steady run takes it; over time there is no form for it."""
    wall = """[[node]]
name = "wall"
temperature = { phase = [0.0, 0.25], value = ["0 degC", "40 degC"] }
[[link]]
between = ["box", "wall"]
conductance = "3 W/K"
"""
    Path("orbit.toml").write_text(ORBIT.replace("[run]", wall + "[run]"))
    first = steady(Path("orbit.toml").read_text(), folder)
    assert caloris_command("export", "orbit.toml", "-o", "model.d").exit_code == 0
    network = read_esatan("model.d")
    # A quarter of the orbit at 0 degC, the rest at 40 degC.
    assert network.temperature[network.label.index("wall")] == pytest.approx(303.15, abs=1e-9)
    np.testing.assert_allclose(steady(STEADY, folder)[:4], first, rtol=0, atol=1e-7)
    over_time = wall.replace("phase = [0.0, 0.25]", "time = [0, 600]").replace('"box"', '"D1"')
    Path("case.toml").write_text(STEADY.replace('"steady"', '"transient"\nduration = "1 h"') + over_time)
    result = caloris_command("export", "case.toml")
    said = "node/wall/temperature: a table over time has no form in a lumped network"
    assert result.exit_code == 2 and said in result.output
