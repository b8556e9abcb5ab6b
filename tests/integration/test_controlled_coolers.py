"""Coolers that hold a set temperature, with narrow bands: steady from far starts, over time, over an orbit.

Heat that a cooler takes out jumps from none to its capacity over a band of a hundredth of a kelvin: Newton's method
steps over the band from either side. The root is found by bisection of the balance of the cold node.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import root_scalar

import caloris
from caloris.model.thermal import Thermal

SIGMA = 5.670374419e-8
_PLANT = """
[run]
mode = "{mode}"
{run}
[[node]]
name = "tray"
heat_capacity = "2000 J/K"
[[node]]
name = "radiator"
heat_capacity = "5000 J/K"
[[node]]
name = "space"
temperature = "3 K"
[[link]]
between = ["radiator", "space"]
radiative_area = "0.1 m^2"
[[link]]
between = ["tray", "space"]
radiative_area = "0.02 m^2"
[[load]]
on = "tray"
power = "{power} W"
"""
_PUMP = """
[[heat_pump]]
name = "lift"
cold = "tray"
hot = "radiator"
carnot_fraction = 0.4
capacity = "100 W"
maximum_power = "200 W"
control = {{ set_temperature = "290 K", band = "{band} K" }}
"""
_PELTIER = """
[[thermoelectric]]
name = "module"
cold = "tray"
hot = "radiator"
seebeck = "0.05 V/K"
resistance = "1 ohm"
conductance = "0.2 W/K"
current = "6 A"
control = {{ set_temperature = "290 K", band = "{band} K" }}
"""
_RUNS = {
    "steady": "",
    "transient": 'duration = "4000 s"\noutput_every = "100 s"\n',
    "cyclic": 'output_every = "100 s"\n[orbit]\naltitude = "500 km"\nbeta = "0 deg"\n',
}
PARTS = {"heat pump": (_PUMP, 60.0), "thermoelectric": (_PELTIER, 30.0)}  # with the load of the tray (W)
BANDS = (2.0, 0.1, 0.01)


def plant(kind: str, band: float, mode: str = "steady") -> Thermal:
    text, power = PARTS[kind]
    case = _PLANT.format(mode=mode, run=_RUNS[mode], power=power) + text.format(band=band)
    model = caloris.build(caloris.parse_case(case)).thermal
    assert model is not None
    return model


def from_start(model: Thermal, start: float) -> Thermal:
    nodes = model.nodes
    begin = jnp.where(nodes.free > 0, start, nodes.start_temperature)
    return eqx.tree_at(lambda m: m.nodes.start_temperature, model, begin)


def drive(tray: float, band: float) -> float:
    x = min(max((tray - 290.0) / band, 0.0), 1.0)
    return x * x * (3.0 - 2.0 * x)


def removed(kind: str, tray: float, radiator: float, band: float) -> tuple[float, float]:
    """Heat out of the tray and into the radiator (W)."""
    lift = radiator - tray
    if kind == "thermoelectric":
        current = 6.0 * drive(tray, band)
        carried, joule = 0.05 * current * tray - 0.2 * lift, 0.5 * current**2
        return carried - joule, carried + joule + 0.05 * current * lift
    # At more than ten kelvin of lift, and far below its power, the heat pump gives its capacity.
    heat = 100.0 * drive(tray, band)
    return heat, heat * (1.0 + max(lift, 5.0) / (0.4 * tray))


def root(kind: str, band: float) -> tuple[float, float]:
    """Tray and radiator in balance, by two nested bisections."""

    def radiator(tray: float) -> float:
        def balance(t: float) -> float:
            return removed(kind, tray, t, band)[1] - 0.1 * SIGMA * (t**4 - 81.0)

        return root_scalar(balance, bracket=(3.0, 3000.0), xtol=1e-12, rtol=1e-15).root

    def balance(tray: float) -> float:
        heat = removed(kind, tray, radiator(tray), band)[0]
        return PARTS[kind][1] - 0.02 * SIGMA * (tray**4 - 81.0) - heat

    tray = root_scalar(balance, bracket=(280.0, 300.0), xtol=1e-13, rtol=1e-15).root
    return tray, radiator(tray)


@pytest.mark.parametrize("start", [3.0, 290.0, 1000.0])
@pytest.mark.parametrize("band", BANDS)
@pytest.mark.parametrize("kind", PARTS)
def test_steady_from_far(kind, band, start):
    found = caloris.solve_steady(from_start(plant(kind, band), start))
    tray, radiator = root(kind, band)
    # The controller works, neither off nor at its limit, and the pump has its lift.
    assert 290.0 < tray < 290.0 + band and (radiator > tray + 10.0 or kind == "thermoelectric")
    np.testing.assert_allclose(found.temperature[:2], [tray, radiator], atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("kind", PARTS)
def test_over_time_and_over_an_orbit(kind):
    """A constant load settles to the steady state, through the band; a cycle under it is that state at all times."""
    exact = root(kind, 0.01)
    model = from_start(plant(kind, 0.01, "transient"), 320.0)
    run = caloris.solve_transient(model, jnp.array([0.0, 2000.0, 4000.0]))
    assert abs(float(run.temperature[-1, 0]) - exact[0]) < 1e-2
    cycle = caloris.solve_cyclic(plant(kind, 0.01, "cyclic"))
    np.testing.assert_allclose(cycle.temperature[:, :2], np.broadcast_to(exact, (97, 2)), atol=2e-3)
