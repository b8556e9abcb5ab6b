"""The gradient of the hottest computer's peak temperature over the periodic orbit, against differences."""

from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import caloris

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).parents[2] / "examples" / "orbital_data_center.toml"
# The example on a coarse mesh, on an orbit given by beta: about 250 facets, seconds instead of a minute.
COARSE = (
    "surface/bus wall/divide=[3, 1, 1]",
    "surface/array+x/divide=[6, 2]",
    "surface/array-x/divide=[6, 2]",
    "surface/radiator/divide=[6, 2]",
    "run/joint_states=4",
)
# Error allowed per step in K: differences over a change of 0.1 to 1 K are then good to 1e-5.
TOLERANCE = 1e-6
# Agreement asked of gradients; the differences themselves are good to about a tenth of it.
BOUND = 1e-4


def with_beta(text: str) -> str:
    """The example's text with a circular orbit at beta -58.8 deg in place of the Sun-synchronous one."""
    start = text.index("[orbit]")
    end = text.index("[planet]")
    orbit = '[orbit]\naltitude = "600 km"\nbeta = "-58.8 deg"\n\n'
    return (text[:start] + orbit + text[end:]).replace('solar_flux = "seasonal"', 'solar_flux = "1407 W/m^2"')


@pytest.fixture(scope="module")
def model():
    case = caloris.parse_case(with_beta(EXAMPLE.read_text()), EXAMPLE.parent, COARSE)
    return caloris.build(case)


def tray(thermal) -> jax.Array:
    """Temperatures (K) of the tray with the weakest loop over the orbit, without the repeated end."""
    solution = caloris.solve_cyclic(thermal, tolerance=TOLERANCE)
    return solution.temperature[:-1, thermal.nodes.name.index("tray 8")]


@pytest.fixture(scope="module")
def peak(model):
    """The peak temperature of that tray, smooth: the top of the parabola through the hottest sample and its neighbors.

    The largest of 96 samples is another sample after a small change, and differences of it are then off by
    far more than the bound; the parabola is held to the three samples that are hottest in the model as it is.
    """
    hottest = int(jnp.argmax(tray(model.thermal)))

    def top(thermal):
        before, here, after = (tray_values[(hottest + k) % 96] for tray_values in [tray(thermal)] for k in (-1, 0, 1))
        return here + (after - before) ** 2 / (8.0 * (2.0 * here - after - before))

    return top


@pytest.fixture(scope="module")
def gradient(model, peak):
    return eqx.filter_grad(peak)(model.thermal)


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
        "cell efficiency": (lambda t: t.arrays.efficiency, lambda t: 0, 0.001),
        "heat capacity": (lambda t: t.nodes.heat_capacity, lambda t: t.nodes.name.index("tray 8"), 1e3),
    }
    return places[name]


NAMES = ("radiator emittance", "link conductance", "compute power", "absorptance", "cell efficiency", "heat capacity")


@pytest.mark.parametrize("name", NAMES)
def test_reverse_gradient_equals_differences(model, peak, gradient, name):
    where, index, step = leaf(name)
    k = index(model.thermal)

    def moved(value):
        return peak(eqx.tree_at(where, model.thermal, where(model.thermal).at[k].set(value)))

    expected = central(moved, float(where(model.thermal)[k]), step)
    measured = float(where(gradient)[k])
    assert abs(expected) > 1e-9
    assert measured == pytest.approx(expected, rel=BOUND)


def test_forward_gradient_equals_reverse(model, peak, gradient):
    """One direction through all named inputs at once."""
    places = [leaf(name) for name in NAMES]
    direction = [
        jnp.zeros_like(where(model.thermal)).at[index(model.thermal)].set(step) for where, index, step in places
    ]

    def moved(amount):
        thermal = model.thermal
        for (where, _, _), change in zip(places, direction, strict=True):
            thermal = eqx.tree_at(where, thermal, where(thermal) + amount * change)
        return peak(thermal)

    forward = float(jax.jvp(moved, (jnp.zeros(()),), (jnp.ones(()),))[1])
    reverse = sum(float(jnp.vdot(where(gradient), d)) for (where, _, _), d in zip(places, direction, strict=True))
    # Both solve the same linear equations to 1e-9; the rest is how the sums are ordered.
    assert forward == pytest.approx(reverse, rel=1e-6)


def at_altitude(model, altitude):
    """Thermal model of the same rays at another altitude."""
    context = eqx.tree_at(lambda c: c.surroundings.orbit.altitude, model.context, altitude)
    return caloris.couple(model.geometry, model.visibility, context)


def test_gradient_with_respect_to_altitude(model, peak):
    """Moves period, eclipse edges, planet infrared and albedo; the eclipse is there."""
    start = model.context.surroundings.orbit.altitude
    edges = model.context.surroundings.orbit.eclipse_edges(1)
    assert bool(edges[1].all())
    measured = float(jax.grad(lambda h: peak(at_altitude(model, h)))(start))
    expected = central(lambda h: float(peak(at_altitude(model, jnp.asarray(h)))), float(start), 1e3)
    assert abs(expected) > 1e-9
    assert measured == pytest.approx(expected, rel=BOUND)


def test_a_derivative_that_moves_a_shadow_raises(model):
    """The Sun moves over a partly shadowed spacecraft with beta; so does its shadow with a wall's size."""
    assert model.visibility.shadowed and model.visibility.occluded

    def with_beta_angle(beta):
        context = eqx.tree_at(lambda c: c.surroundings.orbit.solar_beta, model.context, beta)
        return jnp.sum(caloris.couple(model.geometry, model.visibility, context).incident.solar)

    with pytest.raises(caloris.ShadowDerivativeError, match="edge of a shadow"):
        jax.grad(with_beta_angle)(model.context.surroundings.orbit.solar_beta)

    def with_width(width):
        geometry = eqx.tree_at(lambda g: g.surfaces[1].shape.edge_v, model.geometry, width * jnp.array([0.0, 1.0, 0.0]))
        return jnp.sum(caloris.couple(geometry, model.visibility, model.context).exchange.exchange_area)

    with pytest.raises(caloris.ShadowDerivativeError, match="edge of a shadow"):
        jax.grad(with_width)(12.0)
    with pytest.raises(caloris.ShadowDerivativeError, match="edge of a shadow"):
        jax.jvp(with_width, (12.0,), (1.0,))


def test_no_gradient_is_nan(gradient):
    for value in jax.tree.leaves(gradient):
        assert np.all(np.isfinite(np.asarray(value)))
