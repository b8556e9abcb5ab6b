"""Heaters, louvers, thermoelectric coolers and heat pumps: closed forms, limits, balances, derivatives."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import brentq, minimize_scalar

from caloris_kernels.constants import STEFAN_BOLTZMANN
from caloris_kernels.parts.heat_pump import HeatPump, cooling_performance, heat_pump
from caloris_kernels.parts.heater import ProportionalHeater, ThermostatHeater, proportional_heater, thermostat_heater
from caloris_kernels.parts.louver import Louver, louver, louver_emittance
from caloris_kernels.parts.thermoelectric import (
    ControlledThermoelectricCooler,
    ThermoelectricCooler,
    controlled_thermoelectric_cooler,
    thermoelectric_cooler,
)

OFF = jnp.zeros(())


def _numbers(kind, *values):
    return kind(*(jnp.asarray(value, float) for value in values))


HEATER = _numbers(ThermostatHeater, 40.0)
PROPORTIONAL = _numbers(ProportionalHeater, 40.0, 278.15, 283.15)
LOUVER = _numbers(Louver, 0.5, 0.12, 0.72, 283.15, 297.15)
MODULE = _numbers(ThermoelectricCooler, 0.05, 2.0, 0.5, 3.0)  # Z = 0.0025 K-1, as bismuth telluride's
CONTROLLED = _numbers(ControlledThermoelectricCooler, 0.05, 2.0, 0.5, 6.0, 280.0, 2.0)
PUMP = _numbers(HeatPump, 0.45, 1000.0, 400.0, 5.0, 290.0, 4.0)
# Law, parameters, local states; the last of three states is the sensor.
LAWS = {
    "thermostat": (thermostat_heater, HEATER, 2),
    "proportional": (proportional_heater, PROPORTIONAL, 2),
    "louver": (louver, LOUVER, 3),
    "thermoelectric": (thermoelectric_cooler, MODULE, 2),
    "controlled thermoelectric": (controlled_thermoelectric_cooler, CONTROLLED, 3),
    "heat pump": (heat_pump, PUMP, 3),
}
# Temperatures in the control band of each law, away from the ends of every blend.
ACTIVE = {
    "thermostat": [280.0, 275.0],
    "proportional": [285.0, 280.0],
    "louver": [300.0, 200.0, 288.0],
    "thermoelectric": [270.0, 300.0],
    "controlled thermoelectric": [270.0, 300.0, 280.7],
    "heat pump": [285.0, 330.0, 292.0],
}


@pytest.mark.parametrize("name", LAWS)
def test_finite_and_balanced_at_any_temperature(name):
    law, parameters, count = LAWS[name]
    random = np.random.default_rng(3)
    extremes = np.array(np.meshgrid(*[[3.0, 250.0, 2000.0]] * count)).reshape(count, -1).T
    values = jnp.asarray(np.concatenate([extremes, random.uniform(250.0, 330.0, (200, count))]))
    for mode in (0.0, 1.0):
        heat = jax.vmap(lambda v, m=mode: law(v, parameters, jnp.asarray(m)))(values)
        slopes = jax.vmap(jax.jacfwd(lambda v, p, m=mode: law(v, p, jnp.asarray(m)), argnums=(0, 1)), (0, None))(
            values, parameters
        )
        assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves((heat, slopes)))
        scale = 1.0 + np.max(np.abs(heat.internal))
        assert np.max(np.abs(np.sum(heat.internal, axis=1))) <= 1e-15 * scale  # rounding of one addition


@pytest.mark.parametrize("name", LAWS)
def test_derivatives_against_differences(name):
    """Forward and reverse, in the states and in every parameter; central differences of order 2."""
    law, parameters, _ = LAWS[name]
    values, weight = jnp.asarray(ACTIVE[name]), jnp.array([1.0, -0.4, 0.7])

    @jax.jit
    def output(values, parameters):
        heat = law(values, parameters, jnp.ones(()))
        return weight[: len(values)] @ heat.internal + (weight[: len(values)] + 0.3) @ heat.source

    reverse = jax.grad(output, argnums=(0, 1))(values, parameters)
    leaves, structure = jax.tree.flatten((values, parameters))
    largest = 0.0
    for index, leaf in enumerate(leaves):
        for entry in range(leaf.size):
            unit = [jnp.zeros_like(one) for one in leaves]
            unit[index] = jnp.zeros(leaf.size).at[entry].set(1.0).reshape(leaf.shape)
            direction = jax.tree.unflatten(structure, unit)
            forward = float(jax.jvp(output, (values, parameters), direction)[1])
            h = 1e-5 * max(1.0, abs(float(leaf.reshape(-1)[entry])))

            def moved(s, direction=direction):
                return float(output(*jax.tree.map(lambda a, b: a + s * b, (values, parameters), direction)))

            difference = (moved(h) - moved(-h)) / (2.0 * h)
            # Truncation h^2 f''' / 6, at most 1e-5 (3e-3 K in a band of 2 K), and rounding, 1e-16 f / h or 1e-8.
            assert forward == pytest.approx(difference, rel=1e-5, abs=1e-6)
            assert forward == pytest.approx(float(jax.tree.leaves(reverse)[index].reshape(-1)[entry]), rel=1e-12)
            largest = max(largest, abs(forward))
    assert largest > 0.1


@pytest.mark.parametrize(
    ("name", "sensor", "ends"),
    [
        ("proportional", 1, (278.15, 283.15)),
        ("louver", 2, (283.15, 297.15)),
        ("controlled thermoelectric", 2, (280.0, 282.0)),
        ("heat pump", 2, (290.0, 294.0)),
    ],
)
def test_the_slope_over_the_sensor_is_continuous(name, sensor, ends):
    law, parameters, _ = LAWS[name]
    slope = jax.jit(jax.jacfwd(lambda v: law(v, parameters, OFF)))
    for end in ends:
        sides = [slope(jnp.asarray(ACTIVE[name]).at[sensor].set(end + side)) for side in (-1e-7, 1e-7)]
        for left, right in zip(*map(jax.tree.leaves, sides), strict=True):
            # The second derivative is at most 6 / band^2 of some hundred watts: 1e-4 W/K over 2e-7 K.
            np.testing.assert_allclose(left, right, atol=1e-3)


def test_heaters_give_their_power():
    on = thermostat_heater(jnp.array([280.0, 275.0]), HEATER, jnp.ones(()))
    off = thermostat_heater(jnp.array([280.0, 275.0]), HEATER, OFF)
    np.testing.assert_array_equal(on.source, [40.0, 0.0])
    np.testing.assert_array_equal(off.source, [0.0, 0.0])
    power = [float(proportional_heater(jnp.array([300.0, t]), PROPORTIONAL, OFF).source[0]) for t in PROPORTIONAL[1:]]
    assert power == [40.0, 0.0]
    middle = proportional_heater(jnp.array([300.0, 280.65]), PROPORTIONAL, OFF)
    np.testing.assert_allclose(middle.source, [20.0, 0.0], rtol=1e-12)


def test_louver_radiates_between_its_two_emittances():
    for sensor, emittance in ((270.0, 0.12), (283.15, 0.12), (297.15, 0.72), (310.0, 0.72), (290.15, 0.42)):
        assert float(louver_emittance(jnp.asarray(sensor), LOUVER)) == pytest.approx(emittance, rel=1e-12)
        heat = louver(jnp.array([300.0, 200.0, sensor]), LOUVER, OFF)
        exact = 0.5 * emittance * STEFAN_BOLTZMANN * (300.0**4 - 200.0**4)
        np.testing.assert_allclose(heat.internal, [-exact, exact, 0.0], rtol=1e-12)


def _performance(cold, hot, current):
    heat = thermoelectric_cooler(jnp.array([cold, hot]), MODULE._replace(current=jnp.asarray(current)), OFF)
    return float(-(heat.internal + heat.source)[0] / jnp.sum(heat.source))


@pytest.mark.parametrize(("cold", "hot"), [(270.0, 300.0), (295.0, 300.0), (250.0, 290.0)])
def test_the_best_thermoelectric_performance_follows_from_z(cold, hot):
    """The maximum over the current, found by a search, against the closed form (Ioffe 1957; Goldsmid 2016)."""
    z, mean = 0.05**2 / (2.0 * 0.5), 0.5 * (cold + hot)
    root = np.sqrt(1.0 + z * mean)
    closed = cold / (hot - cold) * (root - hot / cold) / (root + 1.0)
    current = 0.05 * (hot - cold) / (2.0 * (root - 1.0))
    found: Any = minimize_scalar(lambda i: -_performance(cold, hot, i), bounds=(0.05, 7.0), options={"xatol": 1e-9})
    assert -found.fun == pytest.approx(closed, rel=1e-10)  # flat at the maximum: second order in the current's error
    assert found.x == pytest.approx(current, rel=1e-5)
    assert _performance(cold, hot, current) == pytest.approx(closed, rel=1e-12)


def test_thermoelectric_limits():
    """Largest temperature difference Z T_c^2 / 2 at I = a T_c / R; the greatest heat; a generator's sign."""
    cold = 240.0
    largest = 0.5 * 0.0025 * cold**2
    heat = thermoelectric_cooler(
        jnp.array([cold, cold + largest]), MODULE._replace(current=jnp.asarray(0.05 * cold / 2.0)), OFF
    )
    assert float((heat.internal + heat.source)[0]) == pytest.approx(0.0, abs=1e-12)
    generator = thermoelectric_cooler(jnp.array([400.0, 300.0]), MODULE._replace(current=jnp.asarray(0.5)), OFF)
    assert float(jnp.sum(generator.source)) < 0.0  # 0.05 V/K x 100 K drives 0.5 A through 2 ohm with volts to spare
    rest = thermoelectric_cooler(jnp.array([270.0, 300.0]), MODULE._replace(current=OFF), OFF)
    np.testing.assert_allclose(rest.internal, [15.0, -15.0], rtol=1e-15)
    np.testing.assert_array_equal(rest.source, [0.0, 0.0])


def test_a_controlled_cooler_draws_the_current_that_its_load_asks_for():
    """The current at balance against the root of the quadratic Q = a I T_c - I^2 R / 2 - K (T_h - T_c)."""
    load, hot = 8.0, 300.0

    def surplus(cold):
        heat = controlled_thermoelectric_cooler(jnp.array([cold, hot, cold]), CONTROLLED, OFF)
        return float((heat.internal + heat.source)[0]) + load

    cold: float = brentq(surplus, 280.0, 282.0, xtol=1e-12)  # pyright: ignore[reportAssignmentType]
    asked = 0.05 * cold - np.sqrt((0.05 * cold) ** 2 - 2.0 * 2.0 * (load + 0.5 * (hot - cold)))
    power = float(jnp.sum(controlled_thermoelectric_cooler(jnp.array([cold, hot, cold]), CONTROLLED, OFF).source))
    current = asked / 2.0
    assert power == pytest.approx(0.05 * current * (hot - cold) + current**2 * 2.0, rel=1e-9)
    assert 280.0 < cold < 282.0


def test_heat_pump_is_a_fraction_of_carnot_within_its_limits():
    drive = jnp.array([280.0, 320.0, 310.0])  # far above the band: fully driven
    heat = heat_pump(drive, PUMP, OFF)
    performance = 0.45 * 280.0 / 40.0
    assert float(cooling_performance(drive[0], drive[1], PUMP)) == pytest.approx(performance, rel=1e-15)
    np.testing.assert_allclose(heat.internal, [-1000.0, 1000.0, 0.0], rtol=1e-12)  # by capacity
    np.testing.assert_allclose(heat.source, [0.0, 1000.0 / performance, 0.0], rtol=1e-12)
    steep = heat_pump(jnp.array([280.0, 380.0, 310.0]), PUMP, OFF)  # by power: COP 1.26 times 400 W
    np.testing.assert_allclose(steep.source, [0.0, 400.0, 0.0], rtol=1e-12)
    np.testing.assert_allclose(steep.internal[0], -0.45 * 280.0 / 100.0 * 400.0, rtol=1e-12)
    np.testing.assert_array_equal(heat_pump(jnp.array([280.0, 320.0, 290.0]), PUMP, OFF).source, jnp.zeros(3))
    # no lift, or a negative one: the coefficient of performance is bounded, not infinite
    assert float(cooling_performance(drive[0], drive[0], PUMP)) == pytest.approx(0.45 * 280.0 / 5.0, rel=1e-12)
    assert float(cooling_performance(drive[1], drive[0], PUMP)) == pytest.approx(0.45 * 320.0 / 5.0, rel=1e-12)


def test_heat_pump_stays_below_both_limits():
    hot = jnp.append(jnp.linspace(285.0, 420.0, 2001), 280.0 + 0.45 * 280.0 * 400.0 / 1000.0)  # the last: both meet
    states = jnp.stack([jnp.full_like(hot, 280.0), hot, jnp.full_like(hot, 310.0)], 1)
    heat = jax.vmap(lambda v: heat_pump(v, PUMP, OFF))(states)
    lifted, power = np.asarray(heat.internal[:, 1]), np.asarray(heat.source[:, 1])
    limit = np.minimum(1000.0, np.asarray(cooling_performance(states[:, 0], hot, PUMP)) * 400.0)
    assert np.max(power) <= 400.0 * (1.0 + 1e-12)
    assert np.all(lifted <= limit * (1.0 + 1e-12))
    assert np.max(limit - lifted) == pytest.approx(25.0, rel=1e-9)  # a fortieth of the capacity
