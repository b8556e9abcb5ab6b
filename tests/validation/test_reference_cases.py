"""Every reference case holds within its bound; slow ones carry the marker."""

import equinox as eqx
import jax.numpy as jnp
import pytest

import caloris
from caloris_validation import scenes
from caloris_validation.reference_case import ReferenceCase
from caloris_validation.runner import collect, run_case

CASES = collect()
# More than four seconds of a processor, most of it compilation, in a run of all tests with empty caches.
LONG_CASES = frozenset({
    "bands-plate-to-warm-sky",
    "bands-plates-over-temperature",
    "bands-selective-surface",
    "bands-selective-surface-over-temperature",
    "blanket-in-series",
    "blanket-outer-layer",
    "chip-lumped-maximum",
    "conduction-bar-heat",
    "conduction-fin-zeta-0.1",
    "conduction-half-space-layers",
    "conduction-kirchhoff-heat",
    "conduction-panel-front",
    "contact-filler",
    "contact-overlap",
    "cover-diffuse-light",
    "cover-mirror-45deg",
    "device.suncatcher.hbm",
    "enclosure-cavity",
    "enclosure-cube-gebhart-same",
    "fin-lightest-rectangular",
    "fin-lightest-rectangular-slope",
    "gradient-plate-area-forward",
    "gradient-steady-dot-product",
    "heat-capacity-over-temperature",
    "heat-pipe-chain",
    "link-loop-radiator",
    "loop-branches",
    "loop-bypass-set-point",
    "loop-laminar-loss",
    "loop-operating-point",
    "loop-radiator-0K",
    "lumped-cooling-to-0K",
    "magnetic.drift_shell.error",
    "melting-stefan-0.5",
    "mirror-concentric-spheres",
    "mirror-duct-view",
    "power-array",
    "radiation-cube-gebhart-same",
    "radiation-grey-plates",
    "radiation-shields",
    "solid-radiating-cube",
    "thermoelectric-best-performance",
    "thermostat-off-time",
})  # fmt: skip


def _marks(case: ReferenceCase) -> list:
    return [pytest.mark.slow] if case.slow or case.name in LONG_CASES else []


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name, marks=_marks(case)) for case in CASES])
def test_reference_case(case: ReferenceCase):
    result = run_case(case)
    assert result.passed, f"{case.quantity}: {result.measured} against {case.exact} {case.unit}; {result.message}"


def test_every_case_argues_its_bound():
    for case in CASES:
        assert case.source and case.reason and case.quantity and case.unit, case.name
        assert case.bound >= 0.0
        assert case.absolute or case.exact != 0.0, f"{case.name}: a relative error of zero has no meaning"
        assert (case.observed_order is None) == (case.expected_order is None), case.name


def test_long_cases_exist():
    assert LONG_CASES <= {case.name for case in CASES}


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


def _warm_node(run: str) -> caloris.Case:
    """A node that 5 W keep 5 K above another, whose temperature is given."""
    return caloris.parse_case(
        scenes.table("node", name="a", temperature=300.0)
        + scenes.table("node", name="b", heat_capacity=1.0, start_temperature=300.0)
        + scenes.table("load", on="b", power=5.0)
        + scenes.table("link", between=["a", "b"], conductance=1.0)
        + run
    )


def test_a_run_that_does_not_close_is_no_reference(monkeypatch: pytest.MonkeyPatch):
    run = scenes.closed_run(_warm_node(scenes.steady()))
    numbers = run.data.attributes["thermal"]
    monkeypatch.setattr(caloris, "run", lambda case: run)
    for residual, planted in (("exchange", 2e-9), ("energy", 2e-6), ("energy", float("nan"))):
        with monkeypatch.context() as patch:
            patch.setitem(numbers, f"{residual}_residual_relative", planted)
            with pytest.raises(ArithmeticError, match=residual):
                scenes.closed_run(_warm_node(scenes.steady()))


@pytest.mark.parametrize("mode", ["steady", "transient"])
def test_a_solution_of_a_verb_that_does_not_close_is_no_reference(mode: str):
    thermal = caloris.build(_warm_node(scenes.steady() if mode == "steady" else scenes.transient(2.0))).thermal
    assert thermal is not None
    if mode == "steady":
        solution = caloris.solve_steady(thermal)
    else:
        solution = caloris.solve_transient(thermal, jnp.array([0.0, 2.0]))
    assert scenes.closed(solution) is solution
    # A hundredth of a kelvin: 1e-2 W of some 10 W in a steady state, 5e-3 W over these two seconds.
    moved = eqx.tree_at(lambda s: s.temperature, solution, solution.temperature.at[..., 1].add(0.01))
    if mode == "transient":
        moved = eqx.tree_at(lambda s: s.temperature, moved, moved.temperature.at[0].set(solution.temperature[0]))
    with pytest.raises(ArithmeticError, match="energy"):
        scenes.closed(moved)
