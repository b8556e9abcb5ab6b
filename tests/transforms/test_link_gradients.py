"""Derivatives with respect to links of every kind, forward and reverse, against central differences."""

import equinox as eqx
import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris import parse_case

CASE = """
[network]
file = "model.d"
[[node]]
name = "tray"
heat_capacity = 100
[[link]]
name = "strap"
between = ["tray", "D1"]
conductance = 2
[[link]]
name = "window"
between = ["tray", "B4"]
radiative_area = 0.05
[[link]]
name = "line"
between = ["D2", "tray"]
capacity_rate = 3
[[load]]
on = "tray"
power = 40
[run]
mode = "steady"
"""
MODEL = """$MODEL M
$NODES
 D1, T = 20.0, C = 50.0, QI = 12.0;
 D2, T = 20.0, C = 50.0;
 B3, T = 15.0;
 B4, T = -200.0;
$CONDUCTORS
 GL(1,2) = 1.5; GR(1,4) = 0.2; GF(3,2) = 4.0;
$ENDMODEL
"""
# What is differentiated: leaves of the thermal model with every kind of coupling, imported ones and links alike.
LEAVES = ("conductance", "radiative area", "capacity rate", "imported heat")


def leaves(thermal) -> list[jax.Array]:
    return [
        thermal.links.conductance,
        thermal.radiative_links.area,
        thermal.one_way_links.capacity_rate,
        thermal.loads[1].share,
    ]


@pytest.fixture(scope="module")
def derivatives(tmp_path_factory):
    """Forward, reverse and by differences, of the tray's steady temperature to every entry of every leaf."""
    folder = tmp_path_factory.mktemp("model")
    (folder / "model.d").write_text(MODEL)
    thermal = caloris.build(parse_case(CASE, folder)).thermal
    start = leaves(thermal)
    flat, back = jax.flatten_util.ravel_pytree(start)

    @jax.jit
    def tray(values: jax.Array) -> jax.Array:
        return caloris.solve_steady(eqx.tree_at(leaves, thermal, back(values))).temperature[0]

    forward = jax.jit(lambda direction: jax.jvp(tray, (flat,), (direction,))[1])
    basis = jnp.eye(flat.shape[0])
    tangents = jnp.stack([forward(direction) for direction in basis])
    steps = 1e-4 * jnp.abs(flat)
    ends = [[tray(flat + sign * h * e) for h, e in zip(steps, basis, strict=True)] for sign in (1.0, -1.0)]
    differences = (jnp.stack(ends[0]) - jnp.stack(ends[1])) / (2.0 * steps)
    found = [tangents, jax.jit(jax.grad(tray))(flat), differences]
    return {name: [back(column)[k] for column in found] for k, name in enumerate(LEAVES)}


@pytest.mark.parametrize("name", LEAVES)
def test_derivative_of_a_steady_temperature(name, derivatives):
    forward, reverse, difference = derivatives[name]
    assert forward.shape[0] >= 1 and np.all(np.asarray(forward) != 0.0)
    # The difference of 1e-4 is off by its square times a relative third derivative of order ten; temperatures are
    # solved to 1e-9 K, which is 1e-7 of a change of 1e-2 K.
    np.testing.assert_allclose(forward, difference, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(reverse, forward, rtol=1e-9)
