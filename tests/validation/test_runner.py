"""The runner tells right from wrong: planted wrong numbers and planted defects of the engine make cases fail."""

import dataclasses
import importlib
import json
import math

import jax
import pytest

from caloris_validation import runner
from caloris_validation.page import to_markdown
from caloris_validation.reference_case import ReferenceCase
from caloris_validation.runner import CaseResult, collect, run_case, to_json, validate

RIGHT = ReferenceCase(
    name="right",
    quantity="a number",
    unit="1",
    exact=2.0,
    bound=1e-3,
    reason="none",
    source="arithmetic",
    measure=lambda: 2.001,
    observed_order=lambda: 1.9,
    expected_order=1.8,
)
KEYS = {"name", "passed", "measured", "exact", "error", "bound", "source"}


def test_a_right_number_passes():
    result = run_case(RIGHT)
    assert result.passed
    assert result.error == pytest.approx(5e-4)  # relative to 2
    assert result.order == 1.9


@pytest.mark.parametrize(
    "change",
    [
        {"exact": 2.01},
        {"absolute": True, "bound": 9e-4},  # off by 1e-3, which is 5e-4 of 2
        {"measure": lambda: math.nan},
        {"measure": lambda: math.inf},
        {"observed_order": lambda: 0.9},
        {"observed_order": lambda: math.nan},
    ],
    ids=["wrong", "absolute", "nan", "infinite", "order", "order-nan"],
)
def test_a_wrong_number_fails(change):
    result = run_case(dataclasses.replace(RIGHT, **change))
    assert not result.passed
    assert result.message


def test_a_case_that_raises_fails_with_its_message():
    def broken() -> float:
        raise RuntimeError("no such verb")

    result = run_case(dataclasses.replace(RIGHT, measure=broken))
    assert not result.passed and result.measured is None and "no such verb" in result.message


def _with(monkeypatch: pytest.MonkeyPatch, *cases: ReferenceCase) -> None:
    monkeypatch.setattr(runner, "collect", lambda pattern="*": cases)
    monkeypatch.setattr("caloris.devices.enable_compilation_cache", lambda: None)


def test_the_command_passes_right_cases(monkeypatch, tmp_path, capsys):
    _with(monkeypatch, RIGHT)
    assert validate(["--json", str(tmp_path / "r.json"), "--markdown", str(tmp_path / "docs" / "r.md")]) == 0
    rows = json.loads((tmp_path / "r.json").read_text())["cases"]
    assert [set(row) for row in rows] == [KEYS]
    assert rows[0]["passed"] is True and rows[0]["measured"] == 2.001
    page = (tmp_path / "docs" / "r.md").read_text()
    assert "`right`" in page and "arithmetic" in page and "1.9 (>= 1.8)" in page
    assert "arithmetic" in capsys.readouterr().out


def test_the_command_fails_with_a_wrong_case(monkeypatch, tmp_path, capsys):
    wrong = dataclasses.replace(RIGHT, name="wrong", exact=2.1)
    _with(monkeypatch, RIGHT, wrong)
    assert validate(["--json", str(tmp_path / "r.json")]) == 1
    rows = {row["name"]: row for row in json.loads((tmp_path / "r.json").read_text())["cases"]}
    assert rows["right"]["passed"] is True and rows["wrong"]["passed"] is False
    assert "failed: wrong" in capsys.readouterr().out


def test_the_command_ends_with_2_when_nothing_matches(capsys):
    assert validate(["--only", "no-such-case"]) == 2
    assert "no-such-case" in capsys.readouterr().err


def test_list_names_cases_and_runs_none(monkeypatch, capsys):
    def never() -> float:
        raise AssertionError("a listed case was run")

    _with(monkeypatch, dataclasses.replace(RIGHT, measure=never))
    assert validate(["--list"]) == 0
    assert "right" in capsys.readouterr().out


def test_json_has_no_nan():
    text = to_json([CaseResult(RIGHT, False, math.nan, math.inf, None, 0.0)])
    row = json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))["cases"][0]
    assert row["measured"] is None and row["error"] is None


def test_the_page_has_a_section_a_subject_with_sources_and_reasons():
    known = next(case for case in collect() if case.name == "lumped-cooling-to-0K")
    failed = CaseResult(dataclasses.replace(RIGHT, name="wrong"), False, 2.1, 0.05, 1.9, 0.0, "error above its bound")
    page = to_markdown([CaseResult(known, True, 300.0, 4e-5, 0.84, 1.0), failed])
    overview, *sections = page.split("\n## ")
    assert "1 of 2 cases pass." in overview and "1, **1 fail**" in overview
    titles = [section.splitlines()[0] for section in sections]
    assert titles[0] == "What is not here" and titles[-1] == "Other" and len(titles) == 3
    for title in titles[1:]:
        assert f"[{title}](#{title.lower().replace(' ', '-').replace(',', '').replace(':', '')})" in overview
    assert "| 0.005 K (a) | 0.84 (>= 0.75) | [1] |" in sections[1] and f"1. {known.source}" in sections[1]
    assert f"- (a) {known.reason}" in sections[1] and "**fails**: error above its bound" in sections[2]


# --- planted defects ---------------------------------------------------------------------------------------


def _forget() -> None:
    """Drop compiled programs and remembered runs, so that a patched function is traced anew."""
    jax.clear_caches()
    for name in ("cases_radiation", "cases_conduction", "cases_power"):
        for value in vars(importlib.import_module(f"caloris_validation.{name}")).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()


@pytest.fixture
def fresh():
    _forget()
    yield
    _forget()


def _failed(*names: str) -> list[str]:
    cases = {case.name: case for case in collect()}
    return [name for name in names if not run_case(cases[name]).passed]


@pytest.mark.slow
def test_a_wrong_stefan_boltzmann_constant_is_caught(monkeypatch, fresh):
    # One part in a thousand: 0.77 W of 770, and 0.04 K of the cooled body.
    from caloris_kernels.radiative import radiosity

    monkeypatch.setattr(radiosity, "STEFAN_BOLTZMANN", 1.001 * radiosity.STEFAN_BOLTZMANN)
    names = ["radiation-plate-to-space", "lumped-cooling-to-0K"]
    assert _failed(*names) == names


def test_lost_back_sides_are_caught(monkeypatch, fresh):
    from caloris.case import build_geometry

    whole = build_geometry.Surface
    monkeypatch.setattr(
        build_geometry, "Surface", lambda name, shape, body, front, back: whole(name, shape, body, front, None)
    )
    assert _failed("radiation-plate-to-space") == ["radiation-plate-to-space"]


def test_a_forgotten_receiver_emittance_is_caught(monkeypatch, fresh):
    # Exchange that takes the emitter's emittance alone: not reciprocal, and no reflections.
    from caloris.solve import pose_radiosity

    def one_sided(enclosure, emittance, space_view, node, nodes, reflectance=None):
        member = jax.nn.one_hot(node, nodes)
        factors = member.T @ (enclosure.exchange_area * emittance[None, :]) @ member
        return factors, member.T @ (enclosure.area * emittance * space_view), jax.numpy.array(True)

    monkeypatch.setattr(pose_radiosity, "exchange_factors", one_sided)
    assert _failed("radiation-grey-plates") == ["radiation-grey-plates"]
