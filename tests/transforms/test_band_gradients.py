"""Derivatives through wavelength bands, emittances over temperature and ageing, forward, reverse and by differences."""

import functools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris.model.coating import Aged, EmittanceTable
from caloris.solve.network import assemble
from caloris.solve.systems import TRANSIENT
from caloris_kernels.radiative import radiosity
from caloris_kernels.radiative.exchange_tiles import tiles_from_dense
from caloris_kernels.stepping.system import linearization_mismatch

_TEXT = """
[orbit]
altitude = "600 km"
beta = "20 deg"
[attitude]
point = "+z"
toward = "nadir"
align = "+x"
to = "velocity"
[bands]
infrared = ["8 um"]
solar = ["0.7 um"]
[[coating]]
name = "switch"
solar_absorptance = { beginning = [0.1, 0.3], end = [0.5, 0.4], time_constant = "1 year", exponent = 0.8 }
infrared_emittance = { temperature = [150, 250, 450], value = [[0.2, 0.5], [0.4, 0.7], [0.9, 0.3]] }
[[coating]]
name = "gray"
solar_absorptance = 0.3
infrared_emittance = 0.6
[[surface]]
name = "deck"
shape = "rectangle"
corner = [0, 0, 0]
edge_u = [1, 0, 0]
edge_v = [0, 1, 0]
front = "switch"
back = "gray"
heat_capacity = 4000
[[surface]]
name = "wall"
shape = "rectangle"
corner = [0, 0, 0]
edge_u = [0, 1, 0]
edge_v = [0, 0, 1]
front = "switch"
back = "switch"
heat_capacity = 3000
[[load]]
on = "deck"
power = "300 W"
[run]
mode = "cyclic"
life = { time = "2 year" }
"""


@functools.cache
def _model() -> Any:
    return caloris.build(caloris.parse_case(_TEXT))


def _thermal():
    thermal = _model().thermal
    assert thermal is not None
    return thermal


def _inputs(thermal) -> tuple[Any, ...]:
    """Points and values of the table, wavelengths, every number of the ageing law, exchange areas, planet and sky."""
    coatings = thermal.coatings
    assert isinstance(coatings.infrared_emittance, EmittanceTable) and isinstance(coatings.solar_absorptance, Aged)
    law = coatings.solar_absorptance
    return (
        coatings.infrared_emittance.temperature,
        coatings.infrared_emittance.value,
        thermal.bands.infrared_edge,
        thermal.bands.solar_edge,
        law.beginning,
        law.end,
        law.exponent,
        law.time,
        thermal.exchange.exchange_area,
        thermal.planet_temperature,
        thermal.nodes.heat_capacity,
    )


def _temperature(inputs, verb):
    thermal = eqx.tree_at(_inputs, _thermal(), inputs)
    weight = jnp.array([1.0, -2.0])
    if verb == "steady":
        return weight @ caloris.solve_steady(thermal).temperature
    if verb == "cyclic":
        return weight @ caloris.solve_cyclic(thermal, jnp.array([1000.0]), tolerance=1e-5).temperature[0]
    return weight @ caloris.solve_transient(thermal, jnp.array([0.0, 1500.0]), tolerance=1e-6).temperature[-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("verb", "step", "bound"),
    [
        # Central differences of 1e-4: their square times a curvature of order ten.
        ("steady", 1e-4, 1e-6),
        # Each end of the difference takes its own steps: 1e-6 K (1e-5 K) of an effect of 1e-3 x 20 K.
        ("transient", 1e-3, 2e-4),
        ("cyclic", 1e-3, 2e-3),
    ],
)
def test_gradients(verb, step, bound):
    inputs, generator = _inputs(_thermal()), np.random.default_rng(7)
    sizes = [generator.standard_normal(x.shape) for x in inputs]
    sizes[8] = 0.5 * np.ones(inputs[8].shape)  # exchange areas stay symmetric
    direction = tuple(x * jnp.asarray(0.1 * size) for x, size in zip(inputs, sizes, strict=True))
    function = functools.partial(_temperature, verb=verb)
    value, gradient = jax.value_and_grad(function)(inputs)
    reverse = sum(float(jnp.vdot(a, b)) for a, b in zip(gradient, direction, strict=True))
    forward = float(jax.jvp(function, (inputs,), (direction,))[1])
    # The linear solves inside a derivative stop at 1e-9 and 1e-10.
    assert reverse == pytest.approx(forward, rel=1e-7)
    ends = [
        float(function(tuple(x + sign * step * d for x, d in zip(inputs, direction, strict=True))))
        for sign in (1.0, -1.0)
    ]
    assert reverse == pytest.approx((ends[0] - ends[1]) / (2.0 * step), rel=bound)
    silent = [k for k, slope in enumerate(gradient) if not np.any(np.asarray(slope))]
    # A steady state does not depend on capacities; everything else moves something.
    assert silent == ([10] if verb == "steady" else [])
    assert np.isfinite(float(value))


def test_linearization_is_exact():
    """K against automatic differentiation of the rate, at temperatures between the points of the table."""
    network, _ = jax.jit(assemble)(_thermal())
    state, v = jnp.array([300.0, 210.0]), jnp.array([0.7, -1.3])
    mismatch = jax.jit(lambda n: linearization_mismatch(TRANSIENT, n, jnp.array(900.0), state, jnp.array(0), v))
    assert max(float(part) for part in mismatch(network)) < 1e-12


def test_tiles_and_conjugate_gradients_change_nothing(monkeypatch):
    """The same model on tiles, every solve by conjugate gradients to 1e-13: rates of some 300 W and their slopes."""
    thermal = _thermal()
    dense = np.asarray(thermal.exchange.exchange_area)
    tiles = jax.tree.map(lambda *parts: jnp.stack(parts), *(tiles_from_dense(pose) for pose in dense))
    state = jnp.array([300.0, 210.0])

    def balance(thermal):
        network, _ = assemble(thermal)
        rate, matrix = (
            f(jnp.array(900.0), state, network, jnp.array(0)) for f in (TRANSIENT.rate, TRANSIENT.linearize)
        )
        return rate, matrix, network.sound

    direct = eqx.filter_jit(balance)(thermal)
    monkeypatch.setattr(radiosity, "DIRECT_FACETS", 0)
    tiled = eqx.filter_jit(balance)(eqx.tree_at(lambda t: t.exchange.exchange_area, thermal, tiles))
    assert bool(tiled[2])
    np.testing.assert_allclose(tiled[0], direct[0], atol=1e-9)
    np.testing.assert_allclose(tiled[1], direct[1], atol=1e-11)


def test_coupling_of_float32_tiles():
    """What tiles store and the view to space that is left make one to rounding; a derivative by geometry raises."""
    model, exact = _model(), _thermal().exchange
    dense = np.asarray(model.visibility.exchange_area)
    tiles = jax.tree.map(lambda *parts: jnp.stack(parts), *(tiles_from_dense(pose, np.float32) for pose in dense))
    visibility = eqx.tree_at(lambda v: v.exchange_area, model.visibility, tiles)
    exchange = caloris.couple(model.geometry, visibility, model.context).exchange
    enclosure = exchange.enclosure(jnp.array(0))
    seen = radiosity.exchanged(enclosure, jnp.ones((exchange.seeing.shape[0], 1)))[:, 0] / enclosure.area
    np.testing.assert_allclose(seen + exchange.space_view[0, exchange.seeing], 1.0, rtol=1e-15)
    np.testing.assert_allclose(exchange.space_view, exact.space_view, atol=1e-7)

    def stretched(factor):
        edge = model.geometry.surfaces[0].shape.edge_u * factor
        geometry = eqx.tree_at(lambda g: g.surfaces[0].shape.edge_u, model.geometry, edge)
        stored: Any = caloris.couple(geometry, visibility, model.context).exchange.exchange_area
        return jnp.sum(stored.value)

    with pytest.raises(caloris.ShadowDerivativeError):
        jax.grad(stretched)(1.0)
