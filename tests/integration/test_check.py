"""`caloris check`: the numbers it prints, and one warning for each thing that looks wrong."""

import io
import math
import re
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import jax
import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from caloris.case.errors import CaseError
from caloris.case.load import load_case, parse_case, with_overrides
from caloris.case.schema import Case
from caloris.check.describe import describe
from caloris.check.equipment import limits_table, network_panel
from caloris.check.machinery import equipment_table
from caloris.check.sketch import Sketch, sketch
from caloris.check.warnings import warnings_of
from caloris.cli import app

EXAMPLES = Path(__file__).parents[2] / "examples"

# Nothing in it is right: see test_odd_case for the list.
ODD = """
title = "Everything odd"
[orbit]
altitude = "500 km"
beta = "0 deg"
[[coating]]
name = "paint"
solar_absorptance = 0.3
infrared_emittance = 0.8
[[coating]]
name = "spare"
solar_absorptance = 0.3
infrared_emittance = 0.8
[[material]]
name = "unused metal"
density = "2700 kg/m^3"
[[body]]
name = "wing"
origin = ["3 m", "0 m", "0 m"]
joint = { axis = "+y", point = "+z", toward = "sun", range = ["-30 deg", "30 deg"] }
[[surface]]
name = "radiator"
shape = "rectangle"
corner = ["0 m", "0 m", "0 m"]
edge_u = ["1 m", "0 m", "0 m"]
edge_v = ["0 m", "1 m", "0 m"]
divide = [2, 1]
front = "paint"
heat_capacity = "100 J/K"
[[surface]]
name = "twin"
shape = "rectangle"
corner = ["0.5 m", "0 m", "0 m"]
edge_u = ["1 m", "0 m", "0 m"]
edge_v = ["0 m", "1 m", "0 m"]
front = "paint"
back = "paint"
heat_capacity = "100 J/K"
[[surface]]
name = "wall"
shape = "rectangle"
corner = ["0 m", "0 m", "0 m"]
edge_u = ["1 m", "0 m", "0 m"]
edge_v = ["0 m", "0 m", "-1 m"]
front = "paint"
back = "paint"
heat_capacity = 0
[[surface]]
name = "shade"
shape = "rectangle"
corner = ["0 m", "0 m", "0.5 m"]
edge_u = ["0 m", "1 m", "0 m"]
edge_v = ["1 m", "0 m", "0 m"]
front = "inactive"
back = "paint"
heat_capacity = "100 J/K"
[[surface]]
name = "panel"
body = "wing"
shape = "rectangle"
corner = ["0 m", "0 m", "0 m"]
edge_u = ["1 m", "0 m", "0 m"]
edge_v = ["0 m", "1 m", "0 m"]
front = "paint"
back = "paint"
heat_capacity = "100 J/K"
[[node]]
name = "lonely"
heat_capacity = "100 J/K"
[[node]]
name = "ghost"
heat_capacity = 0
[[load]]
on = "lonely"
power = "5 W"
electrical = true
[[solar_array]]
name = "cells"
on = ["panel/front"]
efficiency = 0.5
[[compute]]
on = "lonely"
peak_power = "500 W"
[particles]
galactic = { model = "matthia-2013", solar_modulation = 10 }
[run]
mode = "cyclic"
"""

# An open-topped tray of two walls and a floor, joined, with a box of electronics linked to it: nothing is odd.
SOUND = """
title = "Tray"
[orbit]
altitude = "500 km"
beta = "0 deg"
[[coating]]
name = "paint"
solar_absorptance = 0.3
infrared_emittance = 0.8
[[material]]
name = "metal"
density = "2700 kg/m^3"
specific_heat = "900 J/kg/K"
conductivity = "167 W/m/K"
[[surface]]
name = "floor"
shape = "rectangle"
corner = ["0 m", "0 m", "0 m"]
edge_u = ["2 m", "0 m", "0 m"]
edge_v = ["0 m", "1 m", "0 m"]
divide = [2, 1]
front = "paint"
back = "paint"
thickness = "2 mm"
material = "metal"
[[surface]]
name = "side"
shape = "rectangle"
corner = ["0 m", "0 m", "0 m"]
edge_u = ["2 m", "0 m", "0 m"]
edge_v = ["0 m", "0 m", "1 m"]
front = "paint"
back = "paint"
heat_capacity = "100 J/K"
[[edge]]
name = "fold"
between = ["floor", "side"]
conductance_per_length = "3 W/m/K"
[[node]]
name = "box"
heat_capacity = "500 J/K"
[[link]]
name = "bolts"
between = ["box", "floor"]
conductance = "4 W/K"
[[load]]
on = "box"
power = { phase = [0.0, 0.25], value = ["100 W", "20 W"] }
electrical = true
[[solar_array]]
name = "cells"
on = ["side/front"]
efficiency = 0.25
packing = 0.8
[power]
bus_efficiency = 0.9
losses_on = "box"
[[battery]]
on = "box"
capacity = "100 Wh"
[run]
mode = "cyclic"
"""

EDGE = '[[edge]]\nname = "fold"\nbetween = ["floor", "side"]\nconductance_per_length = "3 W/m/K"\n'


def described(case: Case) -> tuple[str, list[str]]:
    """Printed text with single blanks, and the warnings."""
    output = io.StringIO()
    warnings = describe(case, Console(file=output, width=200))
    return re.sub(r"[ ─│╭╮╰╯]+", " ", output.getvalue()), warnings


@pytest.fixture(scope="module")
def odd() -> list[str]:
    return described(parse_case(ODD))[1]


@pytest.mark.parametrize(
    "words",
    [
        "ghost: no heat capacity and no path for heat",
        "lonely: no path for heat to space or to a fixed temperature",
        "wall: no heat capacity; the temperature follows",
        "'radiator' and 'twin' lie in one plane and cover each other over 0.5 m^2",
        "'radiator' and 'wall' touch along 1 m; they conduct only with an [[edge]]",
        "'twin' and 'wall' touch along 0.5 m",
        "one-sided: the back of radiator (1 m^2) is inactive",
        "one-sided: the front of shade (1 m^2) is inactive",
        "view falls on inactive sides",
        "body wing: its joint stands at an end of its range (-30 to 30 deg)",
        "compute 0: no [power]",
        "electrical load 0: no [power]",
        "solar_array: no [power]",
        "coating spare: not used",
        "material unused metal: not used",
        "particles: not used, there is no [[device]] and no [[dose_point]]",
        "cells take out more than the coating paint absorbs",
    ],
)
def test_odd_case(odd, words):
    assert sum(words in warning for warning in odd) == 1, odd


def test_odd_case_says_nothing_else(odd):
    # The 17 warnings above, and the third pair that touches: radiator and twin.
    assert len(odd) == 18
    assert not any("panel (" in warning or "body wing: not used" in warning for warning in odd)


def test_view_of_inactive_sides(odd):
    # Exact view factor of parallel unit squares half their side apart: 0.41525 (Siegel and Howell, C-11). The
    # radiator's front sees the shade's inactive front and nothing else. 256 quasi-random rays from each of its
    # 4 facets: the standard error of plain random rays would be 0.015.
    line = next(warning for warning in odd if "inactive sides" in warning)
    found = re.search(r"radiator/front \(([\d.]+) %\)", line)
    assert found is not None
    assert float(found.group(1)) == pytest.approx(41.5, abs=1.5)


def test_time_at_the_end_of_a_range(odd):
    # At beta 0 the Sun goes once around the joint's axis: outside +-30 deg for 300 of 360 deg. One of 121 samples
    # is counted twice (start and end of the orbit) and each end of the range may take one more.
    line = next(warning for warning in odd if "end of its range" in warning)
    share = float(re.search(r"for ([\d.]+) %", line).group(1))  # pyright: ignore
    assert share == pytest.approx(100 * 300 / 360, abs=100 * 3 / 121)


@pytest.mark.parametrize(
    ("limits", "beta", "words"),
    [
        ('["-180 deg", "180 deg"]', "0 deg", "body wing: its joint passes the end of its range and jumps"),
        # At beta 90 deg the Sun stands on the orbit normal, which is the joint's axis.
        ('["-180 deg", "180 deg"]', "89.5 deg", "body wing: its target comes within 1 deg of the joint's axis"),
    ],
)
def test_joints(limits, beta, words):
    case = parse_case(ODD.replace('["-30 deg", "30 deg"]', limits), overrides=[f"orbit/beta={beta}"])
    _, warnings = described(case)
    assert any(words in warning for warning in warnings), warnings
    assert not any("stands at an end" in warning for warning in warnings)


def test_everything_fixed():
    plates = (EXAMPLES / "two_plates.toml").read_text()
    fixed = plates.replace('heat_capacity = "5 kJ/K"\nstart_temperature = "200 K"', 'temperature = "200 K"')
    assert fixed != plates
    _, warnings = described(parse_case(fixed))
    assert "every part has a fixed temperature: nothing is left to solve for" in warnings


def test_sound_case_without_warnings():
    text, warnings = described(parse_case(SOUND))
    assert warnings == []
    assert "No warnings." in text


def test_numbers_of_the_sound_case():
    case = parse_case(SOUND)
    text, _ = described(case)
    # Kepler: 2 pi sqrt(a^3 / mu) with a = 6878.137 km is 5677 s; the cylindrical shadow at beta 0 takes
    # asin(R / a) / pi = 37.8 % of it, 35.7 min (the penumbra, counted half, changes that by less than 0.1 %).
    axis = 6378.137e3 + 500e3
    period = 2 * math.pi * math.sqrt(axis**3 / 3.986004418e14)
    assert f"period {period / 60:.1f} min" in text
    share = math.asin(6378.137e3 / axis) / math.pi
    seen = sketch(case)
    assert seen.flight is not None
    # 1440 samples: each of the two edges is known to within a sample, and the penumbra's asymmetry is less.
    assert seen.flight.eclipse_fraction == pytest.approx(share, abs=2 / 1440)
    assert f"({100 * seen.flight.eclipse_fraction:.1f} % of the orbit)" in text
    assert "beta 0.0 deg" in text
    # 2 m^2 of 2 mm at 2700 kg/m^3 and 900 J/kg/K: 9720 J/K; with 100 and 500 J/K 10.32 kJ/K in all.
    assert "9.72 kJ/K" in text and "10.32 kJ/K" in text
    # Both sides of 2 m^2 and 2 m^2.
    assert re.search(r"paint 0\.3 0\.8 8 0 8", text)
    # 3 W/m/K along 2 m; the floor's two cells 1 m apart: 167 W/m/K x 2 mm x 1 m / 1 m.
    assert "fold floor - side 6 W/K" in text and "bolts box - floor 4 W/K" in text
    inside = seen.conductors.conductance[seen.conductors.kind == 0]
    assert inside == pytest.approx([0.334])
    # 1361 W/m^2 on 2 m^2, 25 %, packing 0.8: 544.4 W. Loads: a quarter of the orbit at 100 W, the rest at 20 W.
    assert "544.4 W at normal incidence" in text
    assert "loads 40 W mean, 44.44 W with a bus of 90.0 %" in text


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (EDGE, "", "'floor' and 'side' touch along 2 m"),
        ("efficiency = 0.25", "efficiency = 0.02", "the arrays give at most"),
        ('"100 Wh"', '"10 Wh"', "an eclipse takes"),
        ('back = "paint"\nthickness', 'back = "inactive"\nthickness', "one-sided: the back of floor (2 m^2)"),
        ('conductance = "4 W/K"', 'conductance = "0 W/K"', "box: no path for heat"),
    ],
)
def test_one_change_one_warning(old, new, words):
    assert SOUND.count(old) == 1
    _, warnings = described(parse_case(SOUND.replace(old, new)))
    assert len(warnings) == 1 and words in warnings[0], warnings


def test_walls_of_a_closed_body_are_not_one_sided():
    # Six plates of a cube, all facing out: nothing looks at their inactive backs.
    faces = []
    for axis in range(3):
        for end in (0, 1):
            u, v = np.roll([0, 1, 0], axis), np.roll([0, 0, 1], axis)
            first, second = (u, v) if end else (v, u)
            corner = np.roll([end, 0, 0], axis)
            keys = {"corner": corner, "edge_u": first, "edge_v": second}
            vectors = "\n".join(f"{key} = {[f'{x} m' for x in value]}" for key, value in keys.items())
            faces.append(
                f'[[surface]]\nname = "face{axis}{end}"\nshape = "rectangle"\n{vectors}\n'
                'front = "paint"\nheat_capacity = "100 J/K"\n'
            )
    head = '[[coating]]\nname = "paint"\nsolar_absorptance = 0.3\ninfrared_emittance = 0.8\n'
    tail = '[run]\nmode = "steady"\n'
    _, warnings = described(parse_case(head + "".join(faces) + tail))
    assert len(warnings) == 1
    assert "12 pairs of surfaces touch along an edge" in warnings[0]
    # Without its lid the four walls have an open edge each, and what lies inside is no longer closed off.
    _, warnings = described(parse_case(head + "".join(faces[:-1]) + tail))
    assert any("one-sided: the back of" in warning for warning in warnings)


def test_examples_are_described():
    text, warnings = described(load_case(EXAMPLES / "two_plates.toml"))
    assert "32 nodes (16 of fixed temperature), 96 facets" in text
    assert warnings == [
        "one-sided: the back of lower (1 m^2) is inactive, though nothing closes the space behind it; it neither "
        "radiates nor absorbs, but blocks rays"
    ]


@pytest.mark.parametrize("name", ["chip", "phase_change", "power_map"])
def test_materials_of_chips_and_nodes_are_used(name):
    assert not any("not used" in line for line in warnings_of(sketch(load_case(EXAMPLES / "parts" / f"{name}.toml"))))


def test_a_contact_without_radiation_is_no_defect():
    """Surfaces that take no part in radiation may lie in one plane, and block no ray where there is none."""
    case = load_case(EXAMPLES / "parts" / "contact.toml")
    assert warnings_of(sketch(case)) == []
    text = (EXAMPLES / "parts" / "contact.toml").read_text()
    coating = '[[coating]]\nname = "paint"\nsolar_absorptance = 0.3\ninfrared_emittance = 0.8\n'
    # The tray, the last surface, radiates upward.
    head, tail = text.rsplit('front = "inactive"', 1)
    radiating = parse_case(f'{head}front = "paint"{tail}\n{coating}')
    assert any("lie in one plane and cover each other" in line for line in warnings_of(sketch(radiating)))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("parts/heater", "foil heater box 30 W, on below 5.0 °C, off above 10.0 °C"),
        ("parts/louver", "blades louver radiator - sink 0.2 m^2, emittance 0.14 below 5.0 °C to 0.74 above 18.0 °C"),
        ("parts/thermoelectric", "module thermoelectric detector to plate 3 A"),
        ("parts/heat_pump", "lift heat pump tray to plate 100 W of heat, at most 200 W electric, off at 15.0 °C"),
        ("parts/heat_pipe", "constant heat pipe box to radiator 4 W/K, at most 75 W"),
        ("parts/heat_pipe", "variable heat pipe, with gas cold box to cold radiator 4 W/K"),
        ("parts/loop_heat_pipe", "electronics to radiator 10 W/K, at most 400 W, opens at 15.0 °C"),
        ("parts/loop", "coolant loop board 1, board 2, panel propylene glycol 0.3, 0.03 kg/s, 6 pipes, supply held"),
        ("parts/two_phase_loop", "ammonia, 0.004 kg/s, 4 pipes, two-phase"),
        ("lumped_satellite", "radiative 3 couplings, 0.173 m^2 in all"),
        ("lumped_satellite", "heat 60.4 W into 4 nodes"),  # 40 + 8, 8, 4 and 0.4 W in the file
    ],
)
def test_equipment_and_networks_are_described(name, words):
    case = load_case(EXAMPLES / f"{name}.toml")
    output, part = io.StringIO(), SimpleNamespace(case=case)
    table = network_panel if case.imported else equipment_table
    Console(file=output, width=120).print(table(cast(Sketch, part)))
    assert words in re.sub(r"[ ─│╭╮╰╯]+", " ", output.getvalue())


def test_limits_are_described():
    """The example keeps 8, 5 and 5 K to -25 to 80 degC; a limit's own margin counts before those of the case."""
    case = load_case(EXAMPLES / "parts" / "limits.toml")
    own = case.limits[0].model_copy(update={"acceptance": 2.0, "non_operating": (243.15, 343.15)})
    for limit, words in ((case.limits[0], "box -25.0 to 80.0 - 8+5+5"), (own, "-25.0 to 80.0 -30.0 to 70.0 8+2+5")):
        seen, output = SimpleNamespace(case=SimpleNamespace(limits=[limit], margins=case.margins)), io.StringIO()
        Console(file=output, width=120).print(limits_table(cast(Sketch, seen)))
        assert words in re.sub(r"[ ─]+", " ", output.getvalue())


def test_a_joint_without_a_range_goes_on():
    """The radiators of the ISS follow the Sun all around and state no stop: there is nothing to tell."""
    assert not any("joint" in line for line in warnings_of(sketch(load_case(EXAMPLES / "iss_atcs.toml"))))


def test_covers_are_described():
    """Absorptance at normal incidence and of diffuse light: 0.95 under glass of index 1.5 becomes 0.90."""
    path = "coating/black/cover={ refractive_index = 1.5 }"
    text, _ = described(with_overrides(load_case(EXAMPLES / "two_plates.toml"), [path]))
    assert "0.95 (diffuse 0.899)" in text and text.count("diffuse") == 1


def test_the_main_example():
    text, _ = described(load_case(EXAMPLES / "orbital_data_center.toml"))
    for words in ("inclination 97.79 deg", "beta -58.8 deg", "radiator panel bus about +x, +z toward sun"):
        assert words in text
    # 110 m^2 of radiator, coated on both sides.
    assert re.search(r"radiator white [\d.]+ [\d.]+ 220 0 220", text)


def test_device_alone():
    text, warnings = described(
        parse_case(
            """
[particles]
galactic = { model = "matthia-2013", solar_modulation = 10 }
[[device]]
name = "memory"
bits = 1000
proton = { onset = "30 MeV", width = "10 MeV", exponent = 1.0, plateau = "1e-11 cm^2" }
"""
        )
    )
    assert warnings == []
    assert "Devices (free space" in text and "memory - proton none 1 1 k" in text


SOLAR_PROTONS = """
[orbit]
altitude = "35786 km"
inclination = "0 deg"
raan = "0 deg"
epoch = 2027-03-21T00:00:00Z
[particles]
solar_event = { model = "ESP", years = 5, confidence = 0.95 }
cutoff = { magnetosphere = "none" }
[[dose_point]]
name = "long"
years = 15
[[dose_point]]
name = "short"
years = 7
"""


def test_solar_protons_of_another_mission():
    """ESP counts active years: 5 of 7 fit, 5 of 15 do not. The internal field alone closes a high orbit."""
    _, warnings = described(parse_case(SOLAR_PROTONS))
    (years,) = [line for line in warnings if "years" in line]
    assert years == (
        "dose_point long: years = 15, but particles/solar_event brings once the protons of 5 years of active Sun; "
        "a mission of 15 has 9.55 (seven of eleven) to 15 of them"
    )
    (field,) = [line for line in warnings if "cutoff" in line]
    assert 'magnetosphere = "none" has a cutoff where the real field has none' in field
    quiet = SOLAR_PROTONS.replace('"none"', '"quiet"').replace("years = 15", "years = 5")
    assert described(parse_case(quiet))[1] == []


def test_command(tmp_path, monkeypatch):
    monkeypatch.setenv("CALORIS_CACHE", str(jax.config.jax_compilation_cache_dir))  # pyright: ignore
    monkeypatch.chdir(tmp_path)
    (tmp_path / "odd.toml").write_text(ODD)
    result = CliRunner().invoke(app, ["check", "odd.toml"])
    assert result.exit_code == 0, result.output
    assert "18 warnings" in result.output and "warning: coating spare: not used" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["odd.toml"]


def test_wrong_geometry_is_an_error():
    with pytest.raises(CaseError, match="surface/floor"):
        described(parse_case(SOUND.replace('edge_v = ["0 m", "1 m", "0 m"]', 'edge_v = ["1 m", "0 m", "0 m"]')))
