"""Checks across tables: each change of the complete case is one error at one place, or a warning."""
# ruff: noqa: E501 (a table, one case a line)

from pathlib import Path

import pytest

from caloris.case.errors import CaseError
from caloris.case.load import parse_case

TEXT = (Path(__file__).parent / "complete_case.toml").read_text()
SUN_SYNCHRONOUS = 'sun_synchronous = true\nltan = "06:00"\nepoch = 2027-12-21T00:00:00Z\n'


def parse(*changes, added=""):
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return parse_case(text + added)


ERRORS = {
    # orbit and attitude
    "apogee below perigee": ([('altitude = "600 km"', 'perigee = "900 km"\napogee = "800 km"')], "orbit/perigee"),
    "eccentric beta": ([('altitude = "600 km"', 'perigee = "700 km"\napogee = "800 km"'), (SUN_SYNCHRONOUS, "beta = 0\n")], "orbit/beta"),
    "anomaly beside beta": ([(SUN_SYNCHRONOUS, 'beta = 0\ntrue_anomaly = "10 deg"\n')], "orbit/true_anomaly"),
    "beta beside ltan": ([("sun_synchronous = true", "beta = 0")], "orbit/ltan"),
    "no raan": ([(SUN_SYNCHRONOUS, 'inclination = "51 deg"\nepoch = 2027-12-21T00:00:00Z\n')], "orbit/raan"),
    "no zone": ([("00:00:00Z", "00:00:00")], "orbit/epoch"),
    "ltan as words": ([('"06:00"', '"dawn"')], "orbit/ltan"),
    "too high to follow the Sun": ([('"600 km"', '"7000 km"')], "orbit/sun_synchronous"),
    "seasonal without epoch": ([(SUN_SYNCHRONOUS, "beta = 0.5\n"), ('"1361 W/m^2"', '"seasonal"')], "planet/solar_flux"),
    "Sun at zenith": ([(SUN_SYNCHRONOUS, "beta = 0\n"), ('to = "velocity"', 'to = "sun"')], "attitude/to"),
    "Sun along the normal": ([(SUN_SYNCHRONOUS, 'beta = "90 deg"\n'), ('toward = "zenith"', 'toward = "sun"'), ('to = "velocity"', 'to = "orbit-normal"')], "attitude/to"),
    "inertial in the plane": ([(SUN_SYNCHRONOUS, "beta = 0.5\n"), ('to = "velocity"', "to = [1, 1, 0]")], "attitude/to"),
    "one target twice": ([('to = "velocity"', 'to = "zenith"')], "attitude/to"),
    "no such target": ([('to = "velocity"', 'to = "velocty"')], "attitude/to"),
    "zero direction": ([('point = "+z"\ntoward = "zenith"', 'point = [0, 0, 0]\ntoward = "zenith"')], "attitude/point"),
    # bodies and joints
    "unknown parent": ([('parent = "wing+y"', 'parent = "wing-y"')], "body/boom/parent"),
    "body named bus": ([('name = "boom"', 'name = "bus"')], "body/bus/name"),
    "angle and target": ([('toward = "sun", range', 'toward = "sun", angle = 0, range')], "body/wing+y/joint"),
    "point without target": ([('toward = "sun", range', "angle = 0, range")], "body/wing+y/joint"),
    "angle out of range": ([('between = "linear" } }', 'between = "linear" }, range = [0, 1] }')], "body/boom/joint/angle"),
    "joint over time": ([("angle = { phase = [0.0, 0.5]", "angle = { time = [0.0, 0.5]")], "body/boom/joint/angle"),
    # surfaces and nodes
    "unknown body": ([('body = "wing+y"', 'body = "wing"')], "surface/array+y/body"),
    "unknown material": ([('thickness = "1 mm"\nmaterial = "Al 6061"', 'thickness = "1 mm"\nmaterial = "Al"')], "surface/array+y/material"),
    "capacity twice": ([('thickness = "1 mm"', 'thickness = "1 mm"\nheat_capacity = 1')], "surface/array+y/heat_capacity"),
    "fixed and started": ([('temperature = "300 K"', 'temperature = "300 K"\nstart_temperature = "300 K"')], "surface/nose/start_temperature"),
    "node fixed with capacity": ([('temperature = "20 degC"\n\n[[link]]', 'temperature = "20 degC"\nheat_capacity = 1\n\n[[link]]')], "node/wall"),
    "two around": ([("divide = [12, 4]", "divide = [2, 4]")], "surface/tank/divide/0"),
    "fractions of divide": ([("divide = [2, 12]", "divide = [1.5, 12]")], "surface/dish/divide/0"),
    "negative radius": ([('inner_radius = "0.5 m"', 'inner_radius = "-0.5 m"')], "surface/ring/inner_radius"),
    "coating twice": ([('name = "cells"', 'name = "white"')], "coating/white/name"),
    "front as number": ([('divide = [12, 4]\nfront = "white"', "divide = [12, 4]\nfront = 1")], "surface/tank/front"),
    "panel beside thickness": ([('thickness = "2 mm"\n', 'thickness = "2 mm"\npanel = "honeycomb"\n')], "surface/deck/panel"),
    "panel beside capacity": ([('panel = "honeycomb"', 'panel = "honeycomb"\nheat_capacity = 1')], "surface/floor/heat_capacity"),
    "unknown panel": ([('panel = "honeycomb"', 'panel = "honycomb"')], "surface/floor/panel"),
    "skin of nothing": ([('back_skin = { material = "Al 6061"', 'back_skin = { material = "Al"')], "panel/honeycomb/back_skin/material"),
    "core without conductivity": ([(', conductivity = ["1.0 W/m/K", "0.6 W/m/K", "2.0 W/m/K"]', "")], "panel/honeycomb/core/conductivity"),
    "core of two directions": ([('["1.0 W/m/K", "0.6 W/m/K", "2.0 W/m/K"]', '["1.0 W/m/K", "0.6 W/m/K"]')], "panel/honeycomb/core/conductivity"),
    "layers of a capacity": ([('heat_capacity = "1000 J/K"', 'heat_capacity = "1000 J/K"\nlayers = 3')], "surface/x+/layers"),
    "no layers": ([('panel = "honeycomb"', 'panel = "honeycomb"\nlayers = 0')], "surface/floor/layers"),
    "conductivity not ascending": ([('"167 W/m/K"', '{ temperature = [400, 300], value = ["1 W/m/K", "2 W/m/K"] }')], "material/Al 6061/conductivity"),
    "conductivity of zero": ([('"167 W/m/K"', '{ temperature = [300, 400], value = ["0 W/m/K", "2 W/m/K"] }')], "material/Al 6061/conductivity"),
    "conductivity in a list of two": ([('"167 W/m/K"', "[1, 2]")], "material/Al 6061/conductivity"),
    "specific heat by direction": ([('"896 J/kg/K"', "[1, 2, 3]")], "material/Al 6061/specific_heat"),
    "directions of a triangle": ([('"167 W/m/K"', "[1, 2, 3]"), ('divide = [3]\nfront = "white"\ntemperature = "300 K"', 'divide = [3]\nfront = "white"\nthickness = 1\nmaterial = "Al 6061"')], "surface/nose/material"),
    # contacts and blankets
    "contact of nothing": ([('["deck.w-", "floor.back"]', '["deck.w-", "flor.back"]')], "contact/0/between/1"),
    "contact of no layer": ([('["deck.w-", "floor.back"]', '["deck.w-", "floor.3"]')], "contact/0/between/1"),
    "contact of nodes": ([('["deck.w-", "floor.back"]', '["battery", "wall"]')], "contact/0/between"),
    "contact of a cell": ([('["deck.w-", "floor.back"]', '["deck.w-[0,0]", "floor"]')], "contact/0/between/0"),
    "contact without conductance": ([('conductance_per_area = "2000 W/m^2/K"\n', "")], "contact/0"),
    "contact conducts twice": ([('conductance_per_area = "2000 W/m^2/K"', 'conductance_per_area = 1\nbolts = 4\nconductance_per_bolt = 1')], "contact/0"),
    "bolts without conductance": ([('conductance_per_area = "2000 W/m^2/K"\narea = "0.02 m^2"', "bolts = 4")], "contact/0"),
    "area in words": ([('area = "0.02 m^2"', 'area = "all"')], "contact/0/area"),
    "filler of nothing": ([('conductance_per_area = "2000 W/m^2/K"', 'filler = { thickness = "1 mm" }')], "contact/0"),
    "blanket over a cell": ([('over = ["tank", "ball"]', 'over = ["tank[0,0]"]')], "blanket/0/over/0"),
    "blanket over a node": ([('over = ["tank", "ball"]', 'over = ["wall"]')], "blanket/0/over/0"),
    "blanket twice": ([('over = ["tank", "ball"]', 'over = ["tank", "tank"]')], "blanket/0/over/1"),
    "blanket over cells": ([('over = ["tank", "ball"]', 'over = ["array+y"]')], "blanket/0/over/0"),
    "blanket without a coating": ([('outer_coating = "white"', 'outer_coating = "inactive"')], "blanket/0/outer_coating"),
    "blanket that insulates nothing": ([("effective_emittance = 0.02\n", "")], "blanket/0"),
    "blanket inside out": ([("effective_emittance = 0.02", 'effective_emittance = 0.02\nside = "inside"')], "blanket/0/side"),
    # solids
    "solid of nothing": ([('divide = [4, 2, 1]\nmaterial = "Al 6061"', 'divide = [4, 2, 1]\nmaterial = "Al"')], "solid/block/material"),
    "solid of no shape": ([('name = "block"\nshape = "box"', 'name = "block"\nshape = "sphere"')], "solid/block/shape"),
    "solid named as a surface": ([('name = "block"', 'name = "deck"')], "solid/deck/name"),
    "no such face of a solid": ([('on = ["u-", "w+"]', 'on = ["u-", "top"]')], "solid/block/face/0/on/1"),
    "face with nothing of its own": ([('on = ["u-", "w+"]\ncoating = "white"\n', 'on = ["u-", "w+"]\n')], "solid/block/face/0"),
    "face of no coating": ([('on = ["u-", "w+"]\ncoating = "white"\n', 'on = ["u-", "w+"]\ncoating = "wite"\n')], "solid/block/face/0/coating"),
    "unknown key of a face": ([('on = "u+"\n', 'on = "u+"\ncolour = 1\n')], "solid/block/face/1/colour"),
    "vertex beyond the bricks": ([('"deck.v+[1,3]"', '"block[5,0,0]"')], "link/strap/between/0"),
    "patch beyond the face": ([('"deck.v+[1,3]"', '"block.u-[3,0]"')], "link/strap/between/0"),
    "no such face in a link": ([('"deck.v+[1,3]"', '"block.top"')], "link/strap/between/0"),
    "side of a solid": ([('"deck.v+[1,3]"', '"block/front"')], "link/strap/between/0"),
    "edge of a solid": ([('["x+", "deck.u-"]', '["x+", "block.u-"]')], "edge/0/between/1"),
    "array on a solid": ([('["array+y/front"]', '["block.u-/front"]')], "solar_array/0/on/0"),
    "outer layer of what has none": ([('between = ["x+", "battery"]', 'between = ["x+.mli", "battery"]')], "link/0/between/0"),
    "half a composition": ([("{ Al = 1.0 }", "{ Al = 0.5 }")], "material/Al 6061/composition"),
    # references
    "face of a plate": ([('"deck.v+[1,3]"', '"x+.v+"')], "link/strap/between/0"),
    "no such face": ([('"deck.v+[1,3]"', '"deck.x+"')], "link/strap/between/0"),
    "cell beyond the face": ([('"deck.v+[1,3]"', '"deck.v+[3,1]"')], "link/strap/between/0"),
    "cell of a box": ([('"deck.v+[1,3]"', '"deck[0,0]"')], "link/strap/between/0"),
    "cell of a node": ([('"deck.v+[1,3]"', '"battery[0]"')], "link/strap/between/0"),
    "words as cell": ([('"deck.v+[1,3]"', '"x+[a]"')], "link/strap/between/0"),
    "triangle beyond its parts": ([('"deck.v+[1,3]"', '"nose[9]"')], "link/strap/between/0"),
    "link to a side": ([('"deck.v+[1,3]"', '"array+y/front"')], "link/strap/between/0"),
    "link to itself": ([('["x+", "battery"]', '["x+", "x+"]')], "link/0/between"),
    "edge of a node": ([('["x+", "deck.u-"]', '["x+", "battery"]')], "edge/0/between/1"),
    "edge of a cell": ([('["x+", "deck.u-"]', '["x+[0,1]", "deck.u-"]')], "edge/0/between/0"),
    "array on a node": ([('["array+y/front"]', '["battery"]')], "solar_array/0/on/0"),
    "array on which side": ([('["array+y/front"]', '["array+y"]')], "solar_array/0/on/0"),
    "array on which face": ([('["array+y/front"]', '["deck/front"]')], "solar_array/0/on/0"),
    "load on nothing": ([("on = \"battery\"\npower = \"5 W\"", "on = []\npower = \"5 W\"")], "load/0/on"),
    "losses on nothing": ([('losses_on = "battery"', 'losses_on = "batery"')], "power/losses_on"),
    "device on nothing": ([('at = "gpu_tray"', 'at = "gpu tray"')], "device/LM7912/at"),
    "limit of nothing": ([('of = "gpu_tray"', 'of = "gpu"')], "limit/0/of/0"),
    "shield of nothing": ([('shield = [{ material = "Al 6061"', 'shield = [{ material = "Al"')], "device/LM7912/shield/0/material"),
    # power, particles, run
    "losses nowhere": ([('losses_on = "battery"\n', "")], "power/losses_on"),
    "negative electrical load": ([('"9 W"], between = "step" }\nelectrical', '"-9 W"], between = "step" }\nelectrical')], "load/radio/power"),
    "idle above peak": ([('idle_power = "20 kW"', 'idle_power = "200 kW"')], "compute/0/idle_power"),
    "utilization above 1": ([("value = [1.0, 0.2]", "value = [1.0, 1.2]")], "compute/0/utilization"),
    "phase of 1": ([("phase = [0.0, 0.4]", "phase = [0.0, 1.0]")], "load/radio/power"),
    "points without values": ([("phase = [0.0, 0.4], value", "phase = [0.0], value")], "load/radio/power"),
    "between unknown": ([('between = "step"', 'between = "steps"')], "load/radio/power"),
    "no such model": ([('"matthia-2013"', '"badhwar"')], "particles/galactic/model"),
    "no environment": ([('galactic = { model = "matthia-2013", solar_modulation = 10 }\n', "")], "particles"),
    "sectors around a lumped node": ([('shield = [{ material = "Al 6061", areal_density = "0.6858 g/cm^2" }]', 'shield = "geometry"')], "device/LM7912/at"),
    "shield in words": ([('shield = [{ material = "Al 6061", areal_density = "0.6858 g/cm^2" }]', 'shield = "thick"')], "device/LM7912/shield"),
    "exponent 0": ([('exponent = 1.0, plateau = "2e-5 cm^2"', 'exponent = 0, plateau = "2e-5 cm^2"')], "device/LM7912/heavy_ion/exponent"),
    "limits exchanged": ([('["0 degC", "85 degC"]', '["85 degC", "0 degC"]')], "limit/0/operating"),
    "limits while off exchanged": ([('["-20 degC", "95 degC"]', '["95 degC", "-20 degC"]')], "limit/0/non_operating"),
    "margin in degC": ([('acceptance = "5 delta_degC"', 'acceptance = "5 degC"')], "limit/0/acceptance"),
    "negative margin": ([('qualification = "3 K"', 'qualification = "-3 K"')], "margins/qualification"),
    "off without a range": ([('non_operating = ["-20 degC", "95 degC"]\n', "")], "run/non_operating/0"),
    "off without a limit": ([('non_operating = "gpu_tray"', 'non_operating = ["gpu_tray", "battery"]')], "run/non_operating/1"),
    "outputs after the end": ([('output_every = "60 s"', 'output_every = "3 orbits"')], "run/output_every"),
    "phase of a transient run": ([('duration = "2 orbits"', 'duration = "2 orbits"\nat = { phase = 0.25 }')], "run/at"),
    "life in words": ([('life = "end"', 'life = "late"')], "run/life"),
    "half a seed": ([("seed = 0", "seed = 0.5")], "run/seed"),
}  # fmt: skip


@pytest.mark.parametrize("name", ERRORS)
def test_error_at_its_place(name):
    changes, path = ERRORS[name]
    with pytest.raises(CaseError) as caught:
        parse(*changes)
    assert caught.value.errors[0].path == path, str(caught.value)


def test_one_wrong_table_is_no_error_elsewhere():
    """A wrong surface still lends its name to what refers to it, a wrong orbit its existence."""
    with pytest.raises(CaseError) as caught:
        parse(('altitude = "600 km"', 'altitude = "600 kg"'), ('edge_v = ["0 m", "0 m", "100 mil"]', "edge_v = 1"))
    assert [problem.path for problem in caught.value.errors] == ["orbit/altitude", "surface/x+/edge_v"]


@pytest.mark.parametrize("name", ["wall", "deck", "LM7912"])
def test_name_spaces(name):
    """Surfaces and nodes share one namespace; bodies and devices have their own."""
    assert parse(('name = "boom"', f'name = "{name}"')).bodies[1].name == name


@pytest.mark.parametrize("name", ["a/b", "a[0]", "a.b", "", " a", "12", "a\\u0000"])
def test_names_refused(name):
    with pytest.raises(CaseError, match="is not a name"):
        parse(('name = "boom"', f'name = "{name}"'))


@pytest.mark.parametrize(
    ("mode", "path", "allowed"),
    [
        ('mode = "steady"', "load/2/power", "transient"),
        ('mode = "cyclic"', "load/2/power", "transient"),
    ],
)
def test_time_table_needs_a_transient_run(mode, path, allowed):
    with pytest.raises(CaseError) as caught:
        parse(('mode = "transient"\nduration = "2 orbits"', mode))
    assert [problem.path for problem in caught.value.errors] == [path]
    assert allowed in caught.value.errors[0].message


def test_network_that_cannot_settle():
    text = '[[node]]\nname = "a"\nheat_capacity = 1\n[run]\nmode = "steady"\n'
    with pytest.raises(CaseError, match="a surface that radiates or a part with a fixed temperature"):
        parse_case(text)
    assert parse_case(text + '[[node]]\nname = "b"\ntemperature = "300 K"\n').nodes[1].temperature == 300.0


def test_warnings():
    case = parse(
        ("bits = 1\n", "bits = 8e10\n"),
        ("efficiency = 0.307", "efficiency = 0.999"),
        ("packing = 0.90\ndegradation = 0.88", "packing = 1\ndegradation = 1"),
    )
    assert len(case.warnings) == 2
    assert "bits times plateau is 1.6e+06 cm^2, more than the die area" in case.warnings[0]
    assert "take out more than the coating cells absorbs" in case.warnings[1]


def test_warning_of_an_unused_duration():
    time_load = TEXT[TEXT.index('[[load]]\non = "battery"\npower = { time') : TEXT.index("[[solar_array]]")]
    case = parse((time_load, ""), ('mode = "transient"', 'mode = "cyclic"'))
    assert case.warnings == ("run/duration: not used by a cyclic run",)


def test_warning_of_a_thick_shield_around_a_dose_point():
    point = '[[dose_point]]\nname = "camera"\nshield = [{ material = "Al 6061", LAYER }]\n'
    by_density = parse(("[[device]]", point.replace("LAYER", 'areal_density = "6 g/cm^2"') + "[[device]]"))
    assert len(by_density.warnings) == 1
    assert by_density.warnings[0].startswith("dose_point/camera/shield: 6 g/cm^2 is more than 5 g/cm^2")
    assert "doses come out too low" in by_density.warnings[0]
    # 2700 kg/m3: 20 mm are 5.4 g/cm2, 18 mm 4.86.
    for thickness, count in (("20 mm", 1), ("18 mm", 0)):
        layer = point.replace("LAYER", f'thickness = "{thickness}"')
        assert len(parse(("[[device]]", layer + "[[device]]")).warnings) == count


def test_warning_of_an_onset_above_the_peak_of_iron():
    text = """
[particles]
galactic = { model = "matthia-2013", solar_modulation = 10 }
[[device]]
name = "switch"
heavy_ion = { method = "effective flux", onset = "27 MeV cm^2/mg", width = "9 MeV cm^2/mg", CURVE }
[[device.effect]]
name = "latch-up"
heavy_ion = { method = "effective flux", onset = "60 MeV cm^2/mg", width = "9 MeV cm^2/mg", CURVE }
""".replace("CURVE", 'exponent = 1.0, plateau = "1e-4 cm^2"')
    (warning,) = parse_case(text).warnings
    assert warning.startswith("device/switch/effect/latch-up/heavy_ion/onset: 60 MeV cm^2/mg lies above")
    assert "heavier than nickel are missing" in warning


def test_a_part_without_a_name_is_a_device_for_the_job():
    text = """
[particles]
galactic = { model = "matthia-2013", solar_modulation = 10 }
[[device]]
part = "ATMEGA1280"
[job]
JOB
checkpoint_time = "60 s"
"""
    for job in ("", 'devices = ["ATMEGA1280"]'):
        assert parse_case(text.replace("JOB", job)).devices[0].name == "ATMEGA1280"
    with pytest.raises(CaseError, match='no \\[\\[device\\]\\] is named "ATMEGA128"'):
        parse_case(text.replace("JOB", 'devices = ["ATMEGA128"]'))
    twice = text.replace("[job]\nJOB", '[[device]]\npart = "ATMEGA1280"\n[job]')
    with pytest.raises(CaseError, match='the name "ATMEGA1280" is taken'):
        parse_case(twice)


def test_warning_of_a_thick_shield():
    case = parse(('areal_density = "0.6858 g/cm^2"', 'areal_density = "5.5 g/cm^2"'))
    assert len(case.warnings) == 1 and case.warnings[0].startswith("device/LM7912/shield: 5.5 g/cm^2 is more than 5")
    assert "fragments" in case.warnings[0] and "too low" in case.warnings[0]
    assert parse(('areal_density = "0.6858 g/cm^2"', 'areal_density = "4.9 g/cm^2"')).warnings == ()
    followed = parse(
        ('areal_density = "0.6858 g/cm^2"', 'areal_density = "5.5 g/cm^2"'), ("fragments = false", "fragments = true")
    )
    assert "secondary protons" in followed.warnings[0] and "fragments" not in followed.warnings[0]


def test_a_wrong_layer_is_one_error():
    layer = 'areal_density = "0.6858 g/cm^2" }]'
    for wrong in ('thickness = "2 mil", areal_density = "1 g/cm^2" }]', "}]", 'thickness = "2 kg" }]'):
        with pytest.raises(CaseError) as caught:
            parse_case(TEXT.replace(layer, wrong).replace('"Al 6061", }', '"Al 6061" }'))
        assert len(caught.value.errors) == 1 and caught.value.errors[0].path.startswith("device/LM7912/shield/0")


def test_let_spectrum_has_no_protons(tmp_path):
    (tmp_path / "let.csv").write_text("let,flux\n1,1\n")
    text = TEXT.replace('galactic = { model = "matthia-2013", solar_modulation = 10 }', 'let_spectrum = "let.csv"')
    text = text.replace('cutoff = { magnetosphere = "storm", form = "directional" }', "")
    with pytest.raises(CaseError, match="a .*dose_point.* needs"):  # dose takes spectra
        parse_case(text, tmp_path)
    dose_point = text[text.index("[[dose_point]]") : text.index("[[", text.index("[[dose_point]]") + 2)]
    text = text.replace(dose_point, "")
    with pytest.raises(CaseError, match="solar_array.* with damage needs"):
        parse_case(text.replace('dose_point = "accelerator"', 'shield = [], material = "GaAs", years = 5'), tmp_path)
    damage = next(line for line in text.splitlines() if line.startswith("damage"))
    text = text.replace(damage, "")
    case = parse_case(text, tmp_path)
    assert case.particles is not None and case.particles.let_spectrum == (tmp_path / "let.csv").resolve()
    assert "a LET spectrum has no proton energies" in case.warnings[0]
