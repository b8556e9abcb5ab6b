"""`caloris check` on geometry: planted defects are told, sound scenes are not."""

import contextlib
import re
from pathlib import Path

import pytest

import caloris
from caloris.case.load import load_case, parse_case
from caloris.case.schema import Case
from caloris.check.sketch import sketch
from caloris.check.warnings import warnings_of
from caloris_validation import cases_power, cases_radiation

EXAMPLES = Path(__file__).parents[2] / "examples"


class _Captured(Exception):
    """A reference case has said which case file it runs."""


def _validation_scenes(monkeypatch) -> dict[str, str]:
    """The case files of the reference cases, which stop before they run."""
    texts: dict[str, str] = {}

    def capture(text: str, *rest: object) -> Case:
        texts.setdefault(text, reference.name)
        raise _Captured

    monkeypatch.setattr(caloris, "parse_case", capture)
    for module in (cases_radiation, cases_power):
        for reference in module.CASES:
            with contextlib.suppress(_Captured):
                reference.measure()
    return {name: text for text, name in texts.items()}


# What the geometry's findings say, whatever the surfaces' names.
DEFECTS = ("pass through", "passes through", "closed body", "otherwise closed")


def test_reference_cases_have_no_defects(monkeypatch):
    scenes = _validation_scenes(monkeypatch)
    assert len(scenes) > 8
    for name, text in scenes.items():
        warnings = warnings_of(sketch(parse_case(text)))
        assert not [line for line in warnings if any(words in line for words in DEFECTS)], name


@pytest.mark.parametrize("example", sorted(path.name for path in EXAMPLES.glob("*.toml")))
def test_examples_have_no_defects(example):
    warnings = warnings_of(sketch(load_case(EXAMPLES / example)))
    assert not [line for line in warnings if any(words in line for words in DEFECTS)]


# A cube of six plates, fronts outward, with a flap on a joint beside it that follows the Sun around.
CUBE = """
[[coating]]
name = "paint"
solar_absorptance = 0.3
infrared_emittance = 0.8
""" + "".join(
    f"""
[[surface]]
name = "{name}"
shape = "rectangle"
corner = {corner}
edge_u = {first}
edge_v = {second}
front = "paint"
heat_capacity = "100 J/K"
"""
    for name, corner, first, second in (
        ("x-", [0, 0, 0], [0, 0, 1], [0, 1, 0]),
        ("x+", [1, 0, 0], [0, 1, 0], [0, 0, 1]),
        ("y-", [0, 0, 0], [1, 0, 0], [0, 0, 1]),
        ("y+", [0, 1, 0], [0, 0, 1], [1, 0, 0]),
        ("z-", [0, 0, 0], [0, 1, 0], [1, 0, 0]),
        ("z+", [0, 0, 1], [1, 0, 0], [0, 1, 0]),
    )
)
STEADY = '[run]\nmode = "steady"\n'
FLAP = """
[orbit]
altitude = "500 km"
beta = "0 deg"
[[body]]
name = "flap"
origin = ["1.2 m", "0 m", "0.5 m"]
joint = { axis = "+y", point = "+x", toward = "sun" }
[[surface]]
name = "flap"
body = "flap"
shape = "rectangle"
corner = ["0.1 m", "0.2 m", "0 m"]
edge_u = ["0.6 m", "0 m", "0 m"]
edge_v = ["0 m", "0.5 m", "0 m"]
front = "paint"
back = "paint"
heat_capacity = "100 J/K"
"""


def defects(text: str) -> list[str]:
    """Warnings about defects of the geometry."""
    return [line for line in warnings_of(sketch(parse_case(text))) if any(words in line for words in DEFECTS)]


def test_planted_defects_are_told():
    assert defects(CUBE + STEADY) == []
    turned = CUBE.replace("[0, 1, 0]\nedge_v = [0, 0, 1]", "[0, 0, 1]\nedge_v = [0, 1, 0]")
    (line,) = defects(turned + STEADY)
    assert line.startswith("'x+': the front faces inward")
    short = CUBE.replace("edge_u = [0, 1, 0]\nedge_v = [0, 0, 1]", "edge_u = [0, 1, 0]\nedge_v = [0, 0, 0.9]")
    (line,) = defects(short + STEADY)
    assert "a hole of 0.1 m^2 with a rim of 2.2 m around (1, 0.5, 0.95) m" in line
    high = CUBE.replace("corner = [0, 0, 1]", "corner = [0, 0, 0.8]")
    lines = defects(high + STEADY)
    # The lid sinks into the cube: its edges end on the walls, so it passes through none; the walls stand open.
    assert len(lines) == 1 and "a hole of 1 m^2" in lines[0]
    wide = high.replace("corner = [0, 0, 0.8]\nedge_u = [1, 0, 0]", "corner = [0, 0, 0.8]\nedge_u = [1.5, 0, 0]")
    assert "'x+' and 'z+' pass through each other along 1 m, around (1, 0.3333, 0.8) m" in defects(wide + STEADY)[0]


def test_a_chamber_is_meant():
    """Fronts that face inward: an enclosure with a held wall in deep space, a mistake in orbit or with none held."""
    swapped = re.sub(r"edge_u = (.*)\nedge_v = (.*)", r"edge_u = \2\nedge_v = \1", CUBE)
    (line,) = defects(swapped + STEADY)
    assert "the fronts of this closed body face inward; its outer side is inactive" in line
    held = swapped.replace('heat_capacity = "100 J/K"', 'temperature = "300 K"', 1)
    assert defects(held + STEADY) == []
    orbit = '[orbit]\naltitude = "500 km"\nbeta = "0 deg"\n'
    assert len(defects(orbit + held + STEADY)) == 1


def test_poses_of_a_moving_body():
    """The flap follows the Sun once around and cuts the wall on its way."""
    (line,) = defects(CUBE + FLAP + '[run]\nmode = "cyclic"\n')
    assert "'x+' and 'flap' pass through each other along 0.5 m" in line
    assert re.search(r"\(seen with flap at -?\d+ deg\)$", line)
