"""Paths into a case, in its text and in the checked Case, and PATH=VALUE."""

import tomllib
from datetime import datetime
from pathlib import Path

import pytest

from caloris.case.errors import CaseError
from caloris.case.load import load_case
from caloris.case.paths import apply_override, get_in_tree, get_value, parse_value, set_in_tree

PATH = Path(__file__).parent / "complete_case.toml"


@pytest.fixture
def tree():
    return tomllib.loads(PATH.read_text())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.2", 0.2),
        ("3", 3),
        ('"500 km"', "500 km"),
        ("500 km", "500 km"),
        ("end", "end"),
        ("true", True),
        ('["1 m", "0 m", "0 m"]', ["1 m", "0 m", "0 m"]),
        ("{ beginning = 0.1, end = 0.2 }", {"beginning": 0.1, "end": 0.2}),
        ("2027-06-21T00:00:00Z", datetime.fromisoformat("2027-06-21T00:00:00Z")),
        ("1\nother = 2", "1\nother = 2"),
    ],
)
def test_parse_value(text, expected):
    assert parse_value(text) == expected


@pytest.mark.parametrize(
    ("path", "raw", "checked"),
    [
        ("orbit/altitude", "600 km", 600e3),
        ("coating/white/solar_absorptance/end", 0.25, 0.25),
        ("coating/cells/solar_absorptance", 0.92, 0.92),
        ("coating/cells/cover/refractive_index", 1.5, 1.5),
        ("surface/x+/edge_u/1", "1 m", 1.0),
        ("link/0/conductance", "1 W/K", 1.0),
        ("link/strap/conductance", "2 W/K", 2.0),
        ("run/life", "end", 1.0),
        ("load/radio/power/value/1", "9 W", 9.0),
        ("body/wing+y/joint/range/0", "-180 deg", pytest.approx(-3.141592653589793, rel=1e-15)),
        ("device/LM7912/heavy_ion/onset", "0.5 MeV cm^2/mg", 0.5),
        ("device/LM7912/shield/0/areal_density", "0.6858 g/cm^2", 0.6858),
        ("title", "Every table", "Every table"),
    ],
)
def test_get(tree, path, raw, checked):
    assert get_in_tree(tree, path) == raw
    assert get_value(load_case(PATH), path) == checked


def test_checked_value_of_a_default():
    assert get_value(load_case(PATH), "surface/ball/axis") == (0.0, 0.0, 1.0)


def test_set_leaves_the_tree_alone(tree):
    changed = set_in_tree(tree, "surface/x+/edge_u/1", "3 m")
    assert changed["surface"][0]["edge_u"] == ["0 m", "3 m", "0 m"]
    assert tree["surface"][0]["edge_u"] == ["0 m", "1 m", "0 m"]


def test_set_adds_a_key_and_a_table(tree):
    assert set_in_tree(tree, "surface/ball/divide", [24, 12])["surface"][7]["divide"] == [24, 12]
    del tree["attitude"]
    assert set_in_tree(tree, "attitude/toward", "nadir")["attitude"] == {"toward": "nadir"}


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("orbit/altitude", "not PATH=VALUE"),
        ("orbit/altitude=", "not PATH=VALUE"),
        ("orbti/altitude=1", 'no table "orbti"; the nearest known name is "orbit"'),
        ("orbit/altitud=1", 'no key "altitud"; the nearest known name is "altitude"'),
        ("orbit=1", r"\[orbit\] is orbit/key"),
        ("coating/wite/solar_absorptance=1", 'is named "wite"; the nearest known name is "white"'),
        ("coating/white=1", "coating/name/key"),
        ("link/9/conductance=1", 'named "9"'),
        ("surface/x+/edge_u/3=1", r'no entry "3"; allowed: 0 to 2'),
        ("surface/x+/edge_u/u=1", 'no entry "u"'),
        ("orbit/altitude/0=1", "is one value"),
        ("sweep/grid=1", r"not supported yet: the table \[sweep\]"),
        ("uncertainty/method=linear", "not supported yet"),
    ],
)
def test_wrong_override(tree, override, words):
    with pytest.raises(CaseError, match=words):
        apply_override(tree, override)


def test_all_wrong_overrides_are_reported_together():
    with pytest.raises(CaseError) as caught:
        load_case(PATH, ["orbti/altitude=1", "orbit/altitude=-5 km", "run/mod=cyclic"])
    assert [problem.path for problem in caught.value.errors] == ["orbti/altitude", "run/mod", "orbit/altitude"]


def test_wrong_path_into_a_checked_case():
    case = load_case(PATH)
    for path, words in [
        ("orbit/altitud", 'nearest known name is "altitude"'),
        ("coating/white/solar_absorptance/middle", "no key"),
        ("surface/x+/edge_u/7", "no entry"),
        ("surfaces/x+/edge_u", "no table"),
        ("surface", "named"),
        ("orbit", "a path is"),
    ]:
        with pytest.raises(CaseError, match=words):
            get_value(case, path)
