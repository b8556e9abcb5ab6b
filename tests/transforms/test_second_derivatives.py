"""Solvers have first derivatives alone: a second one raises, in every order of modes, and is no silent zero."""

import equinox as eqx
import jax
import jax.numpy as jnp
import pytest

import caloris
from caloris_kernels.numerics.first_order import SecondDerivativeError, undifferentiated

CASE = """
[planet]
space_temperature = 0.0
[orbit]
altitude = "600 km"
beta = "0 deg"
[[coating]]
name = "black"
solar_absorptance = 1.0
infrared_emittance = 1.0
[[surface]]
name = "plate"
shape = "rectangle"
corner = [0, 0, 0]
edge_u = [1, 0, 0]
edge_v = [0, 1, 0]
front = "black"
heat_capacity = 5000.0
[[load]]
on = "plate"
power = 100.0
[run]
mode = "cyclic"
"""
VERBS = {
    "steady": lambda thermal: caloris.solve_steady(thermal).temperature[0],
    "transient": lambda thermal: caloris.solve_transient(thermal, jnp.array([1000.0])).temperature[0, 0],
    "cyclic": lambda thermal: caloris.solve_cyclic(thermal).temperature[0, 0],
}


@pytest.fixture(scope="module")
def thermal():
    found = caloris.build(caloris.parse_case(CASE)).thermal
    assert found is not None
    return found


@pytest.mark.parametrize("verb", VERBS)
def test_first_derivatives_stand_and_second_ones_raise(thermal, verb):
    def temperature(power):
        changed = eqx.tree_at(lambda t: t.loads[0].power.value, thermal, power[None])
        return VERBS[verb](changed)

    power = thermal.loads[0].power.value[0]
    # Traced, not run: an error of differentiation shows there.
    for first in (jax.grad(temperature), jax.jacfwd(temperature)):
        jax.eval_shape(jax.jit(first), power)
    jax.eval_shape(jax.vmap(jax.grad(temperature)), power[None])
    for second in (jax.hessian(temperature), jax.jacfwd(jax.jacfwd(temperature)), jax.grad(jax.grad(temperature))):
        with pytest.raises(SecondDerivativeError, match="first derivatives alone"):
            jax.eval_shape(second, power)


def test_what_is_held():
    with pytest.raises(SecondDerivativeError, match="it has first"):
        jax.grad(lambda x: undifferentiated("it", {"a": x})["a"])(3.0)
    assert float(jax.jit(lambda x: undifferentiated("it", x))(3.0)) == 3.0
