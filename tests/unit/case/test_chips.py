"""Chips: the tables that they stand for, their conductances, maps of power, and what is wrong with them."""

import numpy as np
import pytest

from caloris.case.build_geometry import build_geometry
from caloris.case.build_structure import build_structure
from caloris.case.chips import _over_patches, read_power_map
from caloris.case.errors import CaseError
from caloris.case.load import parse_case
from caloris.geometry.contact import touching_faces
from caloris.solve.conductors import build_conductors

HEAD = """
[[material]]
name = "silicon"
density = 2330.0
specific_heat = 700.0
conductivity = 120.0
[[material]]
name = "copper"
density = 8960.0
specific_heat = 385.0
conductivity = 390.0
[[node]]
name = "water"
temperature = 300.0
[run]
mode = "steady"
"""
CHIP = """
[[chip]]
name = "gpu"
on = "water"
power = "300 W"
die = { size = ["20 mm", "10 mm"], thickness = "0.8 mm", material = "silicon" }
interface = { conductivity = "5 W/m/K", thickness = "50 um" }
"""
LID = """lid = { size = ["50 mm", "40 mm"], thickness = "3 mm", material = "copper" }
lid_interface = { conductance_per_area = 1e4 }
"""
SOLID = (CHIP + LID).replace('material = "silicon"', 'material = "silicon", divide = [4, 2, 1]').replace(
    'material = "copper"', 'material = "copper", divide = [5, 4, 1]'
) + 'corner = [1, 2, 3]\nalong_u = "+y"\nalong_v = "-x"\n'


def test_a_die_alone():
    case = parse_case(HEAD + CHIP)
    assert [node.name for node in case.nodes] == ["gpu die", "water"]
    assert case.nodes[0].heat_capacity == pytest.approx(2330 * 700 * 2e-4 * 8e-4, rel=1e-12)
    (link,) = case.links
    assert link.between == ("gpu die", "water")
    assert 1 / link.conductance == pytest.approx(8e-4 / (120 * 2e-4) + 50e-6 / (5 * 2e-4), rel=1e-12)  # pyright: ignore
    assert case.loads[0].on == ("gpu die",) and case.loads[0].power.value == (300.0,)


def test_a_lid_and_its_spreading():
    mean = parse_case(HEAD + CHIP + LID + 'spreading = "mean"\n')
    hot = parse_case(HEAD + CHIP + LID)
    assert [node.name for node in hot.nodes] == ["gpu die", "gpu lid", "water"]
    assert [link.between for link in hot.links] == [("gpu die", "gpu lid"), ("gpu lid", "water")]
    assert hot.links[1].conductance == pytest.approx(1e4 * 2e-3, rel=1e-12)
    plain = 8e-4 / (120 * 2e-4) + 50e-6 / (5 * 2e-4) + 3e-3 / (390 * 2e-3)
    spread = [1 / case.links[0].conductance - plain for case in (mean, hot)]  # pyright: ignore
    assert 0 < spread[0] < spread[1]


@pytest.mark.slow
def test_solids_stand_one_above_the_other():
    case = parse_case(HEAD + SOLID)
    geometry = build_geometry(case)
    assert [solid.name for solid in case.solids] == ["gpu lid", "gpu die"]
    lid, die = (np.asarray(points) for points in geometry.solid_vertices())
    np.testing.assert_allclose([lid.min(0), lid.max(0)], [[0.96, 2, 3.00005], [1, 2.05, 3.00305]], atol=1e-12)
    # The die stands in the middle of the lid, 50 um above it.
    np.testing.assert_allclose([die.min(0), die.max(0)], [[0.975, 2.015, 3.0031], [0.985, 2.035, 3.0039]], atol=1e-12)
    assert touching_faces(geometry, "gpu die.w-", "gpu lid.w+", 6e-5).area.sum() == pytest.approx(2e-4, rel=1e-9)
    found = build_conductors(geometry, geometry.vertices(), build_structure(case, geometry))
    totals = dict(zip(found.links.name, np.asarray(found.links.conductance), strict=True))
    assert totals == pytest.approx({"gpu lid interface": 1e4 * 2e-3, "gpu interface": 1e5 * 2e-4}, rel=1e-9)
    assert case.loads[0].on == ("gpu die.w+",)


def test_a_power_map_is_kept_to_the_power(tmp_path):
    (tmp_path / "map.csv").write_text("0, 0, 1, 3\n0, 0, 1, 1\n")
    case = parse_case(HEAD + SOLID + 'power_map = "map.csv"\n', tmp_path)
    (load,) = case.loads
    assert load.shares is not None and sum(load.shares) == pytest.approx(1.0, rel=1e-12)
    share = dict(zip(load.on, load.shares, strict=True))
    # Patches 0, 1/8, 3/8, 5/8, 7/8, 1 along u and 0, 1/4, 3/4, 1 along v; places of 1/4 and 1/2; 6 in all.
    assert share["gpu die.w+[0,0]"] == share["gpu die.w+[1,2]"] == 0.0
    assert share["gpu die.w+[4,0]"] == pytest.approx(3 * 0.5 * 0.5 / 6, rel=1e-12)
    assert share["gpu die.w+[3,1]"] == pytest.approx((1 + 1 + 3 + 1) * 0.5 * 0.5 / 6, rel=1e-12)
    assert _over_patches(4, 3).sum() == pytest.approx(3.0, rel=1e-12)


@pytest.mark.parametrize("text", ["1, x\n", "", "1, -1\n", "0, 0\n", "nan\n", "1, 2\n3\n"])
def test_maps_that_are_none(tmp_path, text):
    (tmp_path / "map.csv").write_text(text)
    with pytest.raises(ValueError, match="map.csv"):
        read_power_map(tmp_path / "map.csv")
    with pytest.raises(CaseError, match="chip/gpu/power_map: map.csv"):
        parse_case(HEAD + SOLID + 'power_map = "map.csv"\n', tmp_path)


WRONG = {
    "on nothing": (CHIP.replace('"water"', '"watr"'), "chip/gpu/on"),
    "of nothing": (CHIP.replace('material = "silicon"', 'material = "silicn"'), "chip/gpu/die/material"),
    "named as a node": (CHIP + '[[node]]\nname = "gpu die"\nheat_capacity = 1\n', "node/gpu die/name"),
    "lid without interface": (CHIP + LID.splitlines()[0] + "\n", "chip/gpu"),
    "lid smaller than the die": (CHIP + LID.replace("50 mm", "5 mm"), "chip/gpu"),
    "interface of nothing": (CHIP.replace('conductivity = "5 W/m/K", ', ""), "chip/gpu/interface"),
    "interface without thickness": (CHIP.replace(', thickness = "50 um"', ""), "chip/gpu/interface"),
    "solid without a place": (SOLID.replace("corner = [1, 2, 3]\n", ""), "chip/gpu"),
    "node with a place": (CHIP + "corner = [1, 2, 3]\n", "chip/gpu"),
    "solid die under a lumped lid": (SOLID.replace(", divide = [5, 4, 1]", ""), "chip/gpu"),
    "askew": (SOLID.replace('along_v = "-x"', "along_v = [-1, 1, 0]"), "chip/gpu"),
    "negative power": (CHIP.replace('"300 W"', '"-300 W"') + "electrical = true\n", "chip/gpu/power"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_chips(name):
    text, place = WRONG[name]
    with pytest.raises(CaseError) as caught:
        parse_case(HEAD + text)
    assert [problem.path for problem in caught.value.errors] == [place], str(caught.value)


def test_references_to_the_parts_of_a_wrong_chip_are_no_further_errors():
    with pytest.raises(CaseError) as caught:
        parse_case(HEAD + CHIP.replace('"300 W"', '"300"') + '[[limit]]\nof = "gpu die"\noperating = [250, 350]\n')
    assert [problem.path for problem in caught.value.errors] == ["chip/gpu/power"]
