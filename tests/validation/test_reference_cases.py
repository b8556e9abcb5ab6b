"""Every reference case holds within its bound; slow ones carry the marker."""

import pytest

import caloris
from caloris_validation import scenes
from caloris_validation.reference_case import ReferenceCase
from caloris_validation.runner import collect, run_case

CASES = collect()


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=case.name, marks=[pytest.mark.slow] if case.slow else []) for case in CASES]
)
def test_reference_case(case: ReferenceCase):
    result = run_case(case)
    assert result.passed, f"{case.quantity}: {result.measured} against {case.exact} {case.unit}; {result.message}"


def test_every_case_argues_its_bound():
    for case in CASES:
        assert case.source and case.reason and case.quantity and case.unit, case.name
        assert case.bound >= 0.0
        assert case.absolute or case.exact != 0.0, f"{case.name}: a relative error of zero has no meaning"
        assert (case.observed_order is None) == (case.expected_order is None), case.name


def test_every_subject_has_cases():
    # One name of each module: a module that is not collected would leave its cases untested without a word.
    names = {case.name for case in CASES}
    assert {
        "view-factor-cube-opposite",
        "eclipse-fraction-6378km-408km-0deg",
        "upset.chord.mean",
        "radiation-concentric-spheres",
        "enclosure-triangular-duct",
        "view-factor-strips-blocked",
        "view-factor-two-spheres",
        "sampling-random-slope",
        "satellite-sunlight",
        "mirror-concentric-spheres",
        "conduction-nafems-t2",
        "power-array",
        "gradient-plate-area-reverse",
    } <= names


def test_a_run_that_does_not_close_is_no_reference(monkeypatch: pytest.MonkeyPatch):
    case = caloris.parse_case(
        scenes.table("node", name="a", temperature=300.0)
        + scenes.table("node", name="b", heat_capacity=1.0)
        + scenes.table("load", on="b", power=5.0)
        + scenes.table("link", between=["a", "b"], conductance=1.0)
        + scenes.steady()
    )
    run = scenes.closed_run(case)
    numbers = run.data.attributes["thermal"]
    monkeypatch.setattr(caloris, "run", lambda case: run)
    for residual, planted in (("exchange", 2e-9), ("energy", 2e-6), ("energy", float("nan"))):
        with monkeypatch.context() as patch:
            patch.setitem(numbers, f"{residual}_residual_relative", planted)
            with pytest.raises(ArithmeticError, match=residual):
                scenes.closed_run(case)
