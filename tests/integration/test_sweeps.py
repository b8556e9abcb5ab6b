"""Sweeps over a parameter: what each solve alone finds, in fewer iterations, by one compiled program."""

import equinox as eqx
import jax
import jax.monitoring
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris.model.thermal import Thermal

# A body of three nodes that conduct and radiate, a heat pump that holds one of them, and loads over the orbit.
CASE = """
[run]
mode = "cyclic"
output_every = "100 s"
[orbit]
altitude = "500 km"
beta = "0 deg"
[[node]]
name = "tray"
heat_capacity = "800 J/K"
[[node]]
name = "radiator"
heat_capacity = "2000 J/K"
[[node]]
name = "mast"
heat_capacity = "300 J/K"
[[node]]
name = "space"
temperature = "3 K"
[[link]]
between = ["tray", "radiator"]
conductance = "1.5 W/K"
[[link]]
between = ["mast", "radiator"]
conductance = "0.2 W/K"
[[link]]
between = ["radiator", "space"]
radiative_area = "0.4 m^2"
[[link]]
between = ["mast", "space"]
radiative_area = "0.1 m^2"
[[load]]
on = "tray"
power = { phase = [0, 0.4], value = ["60 W", "20 W"] }
"""
VALUES = np.linspace(1.0, 3.0, 9)
_EVENTS: list[str] = []


def _listen(event: str, duration_secs: float, **kwargs: str | int) -> None:
    if event.startswith("/jax/core/compile") and "_from" in str(kwargs.get("fun_name")):
        _EVENTS.append(str(kwargs.get("fun_name")))


@pytest.fixture(scope="module")
def body() -> Thermal:
    model = caloris.build(caloris.parse_case(CASE)).thermal
    assert model is not None
    jax.monitoring.register_event_duration_secs_listener(_listen)
    return model


def with_conductance(model: Thermal, factor: float) -> Thermal:
    return eqx.tree_at(lambda m: m.links.conductance, model, model.links.conductance * factor)


def test_steady(body):
    _EVENTS.clear()
    swept = caloris.sweep_steady(lambda value: with_conductance(body, value), VALUES)
    first = len(_EVENTS)
    alone = [caloris.solve_steady(with_conductance(body, value)) for value in VALUES]
    assert 0 < first == len(_EVENTS)  # the program of the sweep is that of the solve; values compile nothing
    for one, other in zip(swept, alone, strict=True):
        np.testing.assert_allclose(one.temperature, other.temperature, atol=1e-8)  # each to a nanokelvin
    counts = [[int(s.iterations) for s in solutions] for solutions in (swept, alone)]
    assert counts[0][0] == counts[1][0]
    assert all(warm < cold for warm, cold in zip(counts[0][1:], counts[1][1:], strict=True)), counts


@pytest.mark.slow
def test_cyclic(body):
    times = jnp.linspace(0.0, float(body.timeline.duration), 9)
    values = np.linspace(1.0, 1.5, 8)
    swept = caloris.sweep_cyclic(lambda value: with_conductance(body, value), values, times)
    _EVENTS.clear()
    again = caloris.sweep_cyclic(lambda value: with_conductance(body, value + 0.01), values[:3], times)
    assert _EVENTS == [] and len(again) == 3
    alone = [caloris.solve_cyclic(with_conductance(body, value), times) for value in values]
    for one, other in zip(swept, alone, strict=True):
        np.testing.assert_allclose(one.temperature, other.temperature, atol=2e-3)  # the tolerance of either
    counts = [[int(s.iterations) for s in solutions] for solutions in (swept, alone)]
    assert counts[0][0] == counts[1][0]
    assert all(warm <= cold for warm, cold in zip(*counts, strict=True)), counts
    assert sum(counts[0][2:]) < 0.8 * sum(counts[1][2:]), counts


def test_each_solution_is_differentiable(body):
    """By the implicit function theorem at the last value: where the search starts has no part in it."""

    def last(factor):
        models = lambda value: with_conductance(body, value * factor)  # noqa: E731
        return caloris.sweep_steady(models, VALUES[:3], throw=False)[-1].temperature[0]

    def alone(factor):
        return caloris.solve_steady(with_conductance(body, VALUES[2] * factor), throw=False).temperature[0]

    assert float(jax.grad(last)(1.0)) == pytest.approx(float(jax.grad(alone)(1.0)), rel=1e-9)
    assert abs(float(jax.grad(alone)(1.0))) > 1.0


def test_a_value_without_a_solution_is_named_and_left_behind(body):
    def closed_at_two(value):
        model = with_conductance(body, value)
        open_area = 0.0 if value == 2.0 else 1.0
        return eqx.tree_at(lambda m: m.radiative_links.area, model, model.radiative_links.area * open_area)

    with pytest.raises(caloris.SolveError, match="at the value 2") as failure:
        caloris.sweep_steady(closed_at_two, [1.0, 2.0, 3.0])
    assert failure.value.result == "no_steady_state"
    assert failure.value.node in ("tray", "radiator", "mast")
    swept = caloris.sweep_steady(closed_at_two, [1.0, 2.0, 3.0], throw=False)
    assert [int(s.result) == 0 for s in swept] == [True, False, True]
    np.testing.assert_allclose(swept[2].temperature, caloris.solve_steady(closed_at_two(3.0)).temperature, atol=1e-8)
