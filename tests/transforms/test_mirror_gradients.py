"""Derivatives to specularity and transmittance through the whole radiosity, and what raises instead of being zero."""

import dataclasses
import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris.solve.couple import couple
from caloris.solve.network import assemble
from caloris.solve.shadow_guard import ShadowDerivativeError

_TEXT = """
[orbit]
altitude = "600 km"
beta = "20 deg"
[attitude]
point = "+z"
toward = "nadir"
align = "+x"
to = "velocity"
[[coating]]
name = "mirror"
solar_absorptance = 0.1
infrared_emittance = 0.4
solar_specularity = 0.7
infrared_specularity = 0.6
[[coating]]
name = "film"
solar_absorptance = 0.2
infrared_emittance = 0.5
solar_transmittance = 0.5
infrared_transmittance = 0.3
[[coating]]
name = "gray"
solar_absorptance = 0.6
infrared_emittance = 0.7
[[surface]]
name = "mirror"
shape = "rectangle"
corner = [0, 0, 0]
edge_u = [0, 1, 0]
edge_v = [0, 0, 1]
front = "mirror"
back = "inactive"
heat_capacity = 3000
[[surface]]
name = "deck"
shape = "rectangle"
corner = [0, 0, 0]
edge_u = [1, 0, 0]
edge_v = [0, 1, 0]
front = "gray"
back = "inactive"
heat_capacity = 4000
[[surface]]
name = "film"
shape = "rectangle"
corner = [0.2, 0, 0.4]
edge_u = [0.8, 0, 0]
edge_v = [0, 1, 0]
front = "film"
back = "film"
heat_capacity = 400
[run]
mode = "steady"
"""


@functools.cache
def _model() -> Any:
    return caloris.build(caloris.parse_case(_TEXT))


def _leaves(thermal) -> tuple[Any, ...]:
    """Every optical property: what mirrors reflect, what sheets let through, what all absorb and emit."""
    coatings = thermal.coatings
    special = coatings.specular
    return (
        special.solar_specularity,
        special.infrared_specularity,
        special.solar_transmittance,
        special.infrared_transmittance,
        coatings.solar_absorptance,
        coatings.infrared_emittance,
    )


@pytest.mark.slow
def test_optical_properties_forward_reverse_and_by_differences():
    """One number of exchange factors, losses and all absorbed light: both modes agree, and with differences.

    Central differences of step 1e-5: the truncation is 1e-9 of the third derivative, rounding 1e-11 over the step.
    """
    thermal = _model().thermal
    start = _leaves(thermal)
    rng = np.random.default_rng(1)

    def factors(thermal):
        network = assemble(thermal)[0]
        return network.exchange, network.to_space, network.surroundings / 1361.0

    weight = [jnp.asarray(rng.normal(size=leaf.shape)) for leaf in jax.eval_shape(factors, thermal)]

    def total(leaves):
        found = factors(eqx.tree_at(_leaves, thermal, leaves))
        return sum(jnp.sum(w * value) for w, value in zip(weight, found, strict=True))

    direction = tuple(jnp.asarray(rng.normal(size=leaf.shape)) for leaf in start)
    forward = jax.jit(lambda x: jax.jvp(total, (x,), (direction,)))
    value, slope = forward(start)
    gradient = jax.jit(jax.grad(total))(start)
    reverse = sum(float(jnp.sum(g * d)) for g, d in zip(gradient, direction, strict=True))
    assert reverse == pytest.approx(float(slope), rel=1e-10)
    assert all(np.all(np.isfinite(g)) and np.any(np.abs(g) > 1e-6) for g in gradient)
    step = 1e-5
    up, down = (forward(tuple(x + s * d for x, d in zip(start, direction, strict=True)))[0] for s in (step, -step))
    assert float(slope) == pytest.approx(float(up - down) / (2 * step), rel=1e-6)
    assert np.isfinite(float(value))


@pytest.mark.slow
def test_what_moves_mirrors_or_the_sun_raises():
    """A mirror's place and the Sun's direction are frozen; the planet's light and the solar flux are not."""
    model = _model()
    geometry, context = model.geometry, model.context
    visibility = dataclasses.replace(model.visibility, shadowed=False)  # whose own guard would come first

    def coupled(geometry, context) -> Any:
        return couple(geometry, visibility, context)

    def moved(scale):
        edge = lambda g: g.surfaces[0].shape.edge_u  # noqa: E731
        larger = eqx.tree_at(edge, geometry, scale * edge(geometry))
        return coupled(larger, context).exchange.space_view.sum()

    def turned(angle):
        at = lambda c: c.surroundings.orbit.solar_beta  # noqa: E731
        return coupled(geometry, eqx.tree_at(at, context, at(context) + angle)).mirrors.solar_flux.sum()

    def brighter(factor):
        at = lambda c: c.surroundings.orbit.planet.solar_flux  # noqa: E731
        return coupled(geometry, eqx.tree_at(at, context, at(context) * factor)).mirrors.solar_flux.mean()

    for function, at, words in ((moved, 1.0, "shadow"), (turned, 0.0, "sunlight by way of mirrors and sheets")):
        with pytest.raises(ShadowDerivativeError, match=words):
            jax.jvp(function, (at,), (1.0,))
    slope = jax.jvp(brighter, (1.0,), (1.0,))[1]
    assert float(slope) == pytest.approx(1361.0, rel=1e-12)
