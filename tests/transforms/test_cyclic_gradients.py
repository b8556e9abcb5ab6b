"""The gradient of the hottest computer's peak temperature over the periodic orbit, against differences."""

from functools import cache
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import caloris

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[2] / "examples" / "orbital_data_center.toml"
# A coarse mesh: about 250 facets, seconds instead of a minute.
COARSE = (
    "surface/bus wall/divide=[3, 1, 1]",
    "surface/array+x/divide=[6, 2]",
    "surface/array-x/divide=[6, 2]",
    "surface/radiator/divide=[6, 2]",
    "run/joint_states=4",
)
# Error allowed per step in K: differences over a change of 0.1 to 1 K are then good to some 1e-5.
TOLERANCE = {"coarse": 1e-6, "main case": 1e-5, "main case with beta": 1e-5}
# Agreement asked of gradients; the differences themselves are good to about a tenth of it. The cells matter only
# while the battery charges, and the moments at which it begins to taper are no events of the stepper: both the
# derivative of the steps and the differences jump by 1e-3 of themselves as a step passes over such a moment.
BOUND = 1e-4
KINKED = 5e-3


def with_beta(text: str) -> str:
    """The example's text with a circular orbit at beta -58.8 deg in place of the Sun-synchronous one."""
    start = text.index("[orbit]")
    end = text.index("[planet]")
    orbit = '[orbit]\naltitude = "600 km"\nbeta = "-58.8 deg"\n\n'
    return (text[:start] + orbit + text[end:]).replace('solar_flux = "seasonal"', 'solar_flux = "1407 W/m^2"')


@cache
def build(name: str) -> Any:
    """The main case as it is, a copy with beta given, or a coarse copy of that."""
    text = EXAMPLE.read_text()
    text = text if name == "main case" else with_beta(text)
    overrides = COARSE if name == "coarse" else ()
    return caloris.build(caloris.parse_case(text, EXAMPLE.parent, overrides))


def tray(name: str, thermal) -> jax.Array:
    """Temperatures (K) of the tray with the weakest loop over the orbit, without the repeated end."""
    solution = caloris.solve_cyclic(thermal, tolerance=TOLERANCE[name])
    return solution.temperature[:-1, thermal.nodes.name.index("tray 8")]


@cache
def peak_of(name: str):
    """The peak temperature of that tray, smooth: the top of the parabola through the hottest sample and its neighbors.

    The largest of 96 samples is another sample after a small change, and differences of it are then off by
    far more than the bound; the parabola is held to the three samples that are hottest in the model as it is.
    """
    hottest = int(jnp.argmax(tray(name, build(name).thermal)))

    def top(thermal):
        values = tray(name, thermal)
        before, here, after = (values[(hottest + k) % len(values)] for k in (-1, 0, 1))
        return here + (after - before) ** 2 / (8.0 * (2.0 * here - after - before))

    return top


@cache
def gradient_of(name: str):
    return eqx.filter_grad(peak_of(name))(build(name).thermal)


def central(function, value: float, step: float) -> float:
    return float((function(value + step) - function(value - step)) / (2.0 * step))


def coating(thermal, name: str) -> int:
    return thermal.coatings.name.index(name)


def leaf(name: str):
    """Where an input of the thermal model stands, and a step that moves the peak by some 0.1 to 1 K."""
    places = {
        "radiator emittance": (
            lambda t: t.coatings.infrared_emittance,
            lambda t: coating(t, "radiator white"),
            0.01,
        ),
        "link conductance": (lambda t: t.links.conductance, lambda t: t.links.name.index("loop 8"), 5.0),
        "compute power": (lambda t: t.loads[-1].peak_power, lambda t: (), 100.0),
        "absorptance": (lambda t: t.coatings.solar_absorptance, lambda t: coating(t, "radiator white"), 0.01),
        "cell efficiency": (lambda t: t.arrays.efficiency, lambda t: 0, 1e-4),
        "heat capacity": (lambda t: t.nodes.heat_capacity, lambda t: t.nodes.name.index("tray 8"), 1e3),
    }
    return places[name]


NAMES = ("radiator emittance", "link conductance", "compute power", "absorptance", "cell efficiency", "heat capacity")


# The main case at its full size has those that a designer asks for first.
CASES = [("coarse", name) for name in NAMES] + [("main case", name) for name in NAMES[:3]]


@pytest.mark.parametrize(("model", "name"), CASES)
def test_reverse_gradient_equals_differences(model, name):
    thermal, peak = build(model).thermal, peak_of(model)
    where, index, step = leaf(name)
    k = index(thermal)

    def moved(value):
        return peak(eqx.tree_at(where, thermal, where(thermal).at[k].set(value)))

    expected = central(moved, float(where(thermal)[k]), step)
    measured = float(where(gradient_of(model))[k])
    assert abs(expected) > 1e-9
    assert measured == pytest.approx(expected, rel=KINKED if name == "cell efficiency" else BOUND)


def test_forward_gradient_equals_reverse():
    """One direction through all named inputs at once."""
    start, gradient = build("coarse").thermal, gradient_of("coarse")
    places = [leaf(name) for name in NAMES]
    direction = [jnp.zeros_like(where(start)).at[index(start)].set(step) for where, index, step in places]

    def moved(amount):
        thermal = start
        for (where, _, _), change in zip(places, direction, strict=True):
            thermal = eqx.tree_at(where, thermal, where(thermal) + amount * change)
        return peak_of("coarse")(thermal)

    forward = float(jax.jvp(moved, (jnp.zeros(()),), (jnp.ones(()),))[1])
    reverse = sum(float(jnp.vdot(where(gradient), d)) for (where, _, _), d in zip(places, direction, strict=True))
    # Both solve the same linear equations to 1e-9; the rest is how the sums are ordered.
    assert forward == pytest.approx(reverse, rel=1e-6)


def at_altitude(model, altitude):
    """Thermal model of the same rays at another altitude."""
    context = eqx.tree_at(lambda c: c.surroundings.orbit.altitude, model.context, altitude)
    return caloris.couple(model.geometry, model.visibility, context)


@pytest.mark.parametrize("name", ["coarse", "main case with beta"])
def test_gradient_with_respect_to_altitude(name):
    """Moves period, eclipse edges, planet infrared and albedo; the eclipse is there."""
    model, peak = build(name), peak_of(name)
    start = model.context.surroundings.orbit.altitude
    edges = model.context.surroundings.orbit.eclipse_edges(1)
    assert bool(edges[1].all())
    measured = float(jax.grad(lambda h: peak(at_altitude(model, h)))(start))
    expected = central(lambda h: float(peak(at_altitude(model, jnp.asarray(h)))), float(start), 1e3)
    assert abs(expected) > 1e-9
    assert measured == pytest.approx(expected, rel=BOUND)


def test_a_derivative_that_moves_a_shadow_raises():
    """The Sun moves over a partly shadowed spacecraft with beta; so does its shadow with a wall's size."""
    model = build("coarse")
    assert model.visibility.shadowed and model.visibility.occluded

    def with_beta_angle(beta):
        context = eqx.tree_at(lambda c: c.surroundings.orbit.solar_beta, model.context, beta)
        return jnp.sum(caloris.couple(model.geometry, model.visibility, context).incident.solar)

    with pytest.raises(caloris.ShadowDerivativeError, match="edge of a shadow"):
        jax.grad(with_beta_angle)(model.context.surroundings.orbit.solar_beta)

    def with_width(width):
        geometry = eqx.tree_at(lambda g: g.surfaces[1].shape.edge_v, model.geometry, width * jnp.array([0.0, 1.0, 0.0]))
        return jnp.sum(jnp.asarray(caloris.couple(geometry, model.visibility, model.context).exchange.exchange_area))

    with pytest.raises(caloris.ShadowDerivativeError, match="edge of a shadow"):
        jax.grad(with_width)(12.0)
    with pytest.raises(caloris.ShadowDerivativeError, match="edge of a shadow"):
        jax.jvp(with_width, (12.0,), (1.0,))


@pytest.mark.parametrize("model", ["coarse", "main case"])
def test_no_gradient_is_nan(model):
    for value in jax.tree.leaves(gradient_of(model)):
        assert np.all(np.isfinite(np.asarray(value)))
