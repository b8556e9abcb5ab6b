"""Valves that hold a temperature: in a loop, at their stops, in time."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from caloris_kernels.fluid.control_laws import (
    Controller,
    Split,
    Valve,
    flow_split,
    integral_opening,
    proportional_opening,
    split_loss,
    valve_loss,
)
from caloris_kernels.fluid.friction import fitting_loss
from caloris_kernels.fluid.library import liquid_named
from caloris_kernels.fluid.liquid import enthalpy, liquid_properties
from caloris_kernels.fluid.loop_laws import Carrier, Section, carried_heat

MODE = jnp.asarray(0.0)
AMMONIA = liquid_named("ammonia")
CONTROLLER = Controller(*map(jnp.asarray, (290.0, 0.1, 0.5)))


def _bypassed(network, law, hot, cold, flow=0.1):
    """Opening and mixed temperature: hot liquid splits, one part is cooled to a held temperature, both mix at a sensor.

    States: hot node, cold node, mixed node, u, m of the whole, straight and bypass.
    """
    groups = [
        network.Group(
            partial(carried_heat, AMMONIA), [[1, 2, 5], [0, 2, 6]], network.shared(Carrier(jnp.asarray(1e-9)), 2)
        ),
        network.Group(flow_split, [[3, 4, 5, 6]], network.shared(Split(jnp.asarray(0.0)), 1)),
        network.Group(law, [[2, 3]], network.shared(CONTROLLER, 1)),
    ]

    def load(y):  # what flows on
        return jnp.zeros_like(y).at[2].set(-y[4] * enthalpy(AMMONIA, y[2]))

    start = np.array([hot, cold, 0.5 * (hot + cold), 0.5, flow, 0.5 * flow, 0.5 * flow])
    y = np.asarray(network.solve(groups, start, [0, 1, 4], load))
    np.testing.assert_allclose(y[5] + y[6], flow, rtol=1e-14)
    return y[3], y[2]


def test_integral_control_holds_its_set_point(network):
    """Between the stops the mixed temperature is the set point, and the opening that of the enthalpy balance."""
    opening, mixed = _bypassed(network, integral_opening, 310.0, 270.0)
    assert mixed == pytest.approx(290.0, abs=1e-9)
    h = [float(enthalpy(AMMONIA, jnp.asarray(t))) for t in (310.0, 270.0, 290.0)]
    assert opening == pytest.approx((h[2] - h[1]) / (h[0] - h[1]), rel=1e-9)


@pytest.mark.parametrize(("hot", "cold", "stop"), [(285.0, 270.0, 1.0), (310.0, 295.0, 0.0)])
def test_integral_control_at_its_stops(network, hot, cold, stop):
    """Too cold even with the bypass open, too warm even with it shut: the valve is at its stop, finite and solvable."""
    opening, mixed = _bypassed(network, integral_opening, hot, cold)
    assert opening == pytest.approx(stop, abs=1e-9)
    assert mixed == pytest.approx(hot if stop else cold, abs=1e-6)


def test_proportional_control_stands_off(network):
    """u = 1/2 + 0.1 (290 - T): the sensor is where the valve's line meets the mixture's."""
    opening, mixed = _bypassed(network, proportional_opening, 305.0, 270.0)
    assert opening == pytest.approx(0.5 + 0.1 * (290.0 - mixed), abs=1e-12)
    assert 0.3 < opening < 0.7


def test_integral_control_in_time():
    """Between the stops u' = gain (set_point - T)/C, without a jump when it leaves a stop: no windup."""
    rows = jax.vmap(lambda t, u: integral_opening(jnp.stack([t, u]), CONTROLLER, MODE).internal)
    error = jnp.array([-1.0, 0.5, 2.0])
    at_half = rows(290.0 - error, jnp.full(3, 0.5))
    np.testing.assert_allclose(at_half, np.stack([np.zeros(3), 0.1 * error], axis=1), atol=1e-14)
    # From fully open, where it has been long, it closes at once when the sensor is too warm.
    assert float(rows(jnp.array([295.0]), jnp.array([1.0]))[0, 1]) == pytest.approx(-0.5, abs=1e-12)
    # And it rests there, for however long, when the sensor is too cold.
    assert float(rows(jnp.array([200.0]), jnp.array([1.0]))[0, 1]) == pytest.approx(0.0, abs=1e-15)


def test_a_stopped_branch_keeps_its_leak():
    """Both branches at both stops, and the whole is divided without rest."""
    for opening, share in ((0.0, 0.01), (1.0, 0.99), (0.5, 0.5)):
        values = jnp.array([opening, 0.2, 0.0, 0.0])
        rows = flow_split(values, Split(jnp.asarray(0.01)), MODE).internal
        np.testing.assert_allclose(rows, [0.0, 0.0, 0.2 * (1.0 - share), 0.2 * share], rtol=1e-14)


@pytest.mark.parametrize(("straight", "bypass"), [(1e4, 2e3), (50.0, 8e3), (0.0, 0.0)])
def test_a_divided_section_loses_the_larger(straight, bypass):
    """To a hundredth of both and 1 Pa; the loss is taken from a free branch that holds it."""
    rows = split_loss(jnp.array([0.1, 0.0, straight, bypass]), Section(jnp.asarray(1.0)), MODE).internal
    assert float(rows[1]) == pytest.approx(max(straight, bypass), rel=1e-3, abs=0.51)
    np.testing.assert_allclose(rows, float(rows[1]) * np.array([-1.0, 1.0, 0.0, 0.0]), rtol=1e-15)


def test_valve_loss():
    """K/a^2 of the velocity head, a from the leak to one: a quarter open with a leak of 0.01."""
    valve = Valve(*map(jnp.asarray, (0.01, 3.0, 0.01, 1.0)))
    m, t = jnp.asarray(0.05), jnp.asarray(300.0)
    rows = valve_loss(AMMONIA, jnp.stack([t, jnp.asarray(0.25), m, jnp.asarray(0.0)]), valve, MODE).internal
    loss = float(fitting_loss(m, liquid_properties(AMMONIA, t), valve.diameter, valve.open_loss)) / 0.2575**2
    np.testing.assert_allclose(rows, [0.0, 0.0, -loss, loss], rtol=1e-12)


def test_gradients():
    valve = Valve(*map(jnp.asarray, (0.01, 3.0, 0.01, 1.0)))

    def rows(values, controller, valve, split, section):
        held = proportional_opening(values[:2], controller, MODE).internal
        moved = integral_opening(values[:2], controller, MODE).internal
        split = flow_split(values[jnp.array([1, 2, 2, 2])], split, MODE).internal
        section = split_loss(
            values[jnp.array([2, 3, 0, 0])] * jnp.array([1.0, 1.0, 1.0, 0.999]), section, MODE
        ).internal
        lost = valve_loss(AMMONIA, values, valve, MODE).internal
        return (
            jnp.sum(held)
            + jnp.sum(moved**2)
            + jnp.sum(split)
            + 1e-3 * jnp.sum(section[:2] ** 2)
            + 1e-5 * jnp.sum(lost**2) ** 0.5
        )

    at = (jnp.array([288.9, 0.3, 0.05, 0.0]), CONTROLLER, valve, Split(jnp.asarray(0.01)), Section(jnp.asarray(0.5)))

    def scaled(*factors):
        return rows(*jax.tree.map(jnp.multiply, at, factors))

    check_grads(jax.jit(scaled), jax.tree.map(jnp.ones_like, at), 1, ("fwd", "rev"), atol=1e-5, rtol=1e-5)
