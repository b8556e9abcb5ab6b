"""Enthalpy states: tables against quadrature, inverses of each other, melting, derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from scipy.integrate import quad

from caloris_kernels.storage.enthalpy import CapacityTable, enthalpy, temperature_of

# Rising, falling, a jump, a melting peak of 2 K, constant beyond.
TABLE = CapacityTable(
    jnp.array([200.0, 250.0, 300.0, 302.0, 400.0]),
    jnp.array([0.5, 1.5, 60.0, 2.0]),
    jnp.array([1.0, 1.2, 60.0, 3.0]),
)
TEMPERATURES = [120.0, 200.0, 225.0, 250.0, 299.9, 301.3, 302.0, 350.0, 399.0, 450.0]


def capacity(temperature: float) -> float:
    """The same table, written by hand."""
    breaks = np.asarray(TABLE.temperature)
    if temperature < breaks[0]:
        return 0.5
    if temperature >= breaks[-1]:
        return 3.0
    k = int(np.searchsorted(breaks, temperature, side="right")) - 1
    share = (temperature - breaks[k]) / (breaks[k + 1] - breaks[k])
    return float(TABLE.left[k] + share * (TABLE.right[k] - TABLE.left[k]))


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_enthalpy_is_the_integral_and_has_its_inverse(temperature):
    breaks = [b for b in np.asarray(TABLE.temperature) if min(200.0, temperature) < b < max(200.0, temperature)]
    integral = quad(capacity, 200.0, temperature, points=breaks or None, limit=200)[0]
    state = enthalpy(TABLE, jnp.asarray(temperature))
    # quad's own error at kinks it is told of: rounding
    assert float(state) == pytest.approx(200.0 + integral, abs=1e-9)
    back, slope = temperature_of(TABLE, state)
    assert float(back) == pytest.approx(temperature, abs=1e-10)
    if temperature not in np.asarray(TABLE.temperature):  # at a jump the slope has two values
        assert float(slope) == pytest.approx(1.0 / capacity(temperature), rel=1e-9)


def test_pieces_of_no_width_do_nothing():
    padded = CapacityTable(
        jnp.append(TABLE.temperature, jnp.array([400.0, 400.0])),
        jnp.append(TABLE.left, jnp.array([3.0, 3.0])),
        jnp.append(TABLE.right, jnp.array([3.0, 3.0])),
    )
    for temperature in TEMPERATURES:
        state = enthalpy(padded, jnp.asarray(temperature))
        assert float(state) == float(enthalpy(TABLE, jnp.asarray(temperature)))
        assert float(temperature_of(padded, state)[0]) == pytest.approx(temperature, abs=1e-10)


@pytest.mark.parametrize("temperature", [120.0, 225.0, 301.3, 350.0, 450.0])
def test_derivatives(temperature):
    state = enthalpy(TABLE, jnp.asarray(temperature))

    def both(table, temperature, state):
        return jnp.stack([enthalpy(table, temperature), *temperature_of(table, state)])

    # Differences of a smooth piece: their own error is about 1e-8 of the values.
    check_grads(both, (TABLE, jnp.asarray(temperature), state), 1, ["fwd", "rev"], atol=1e-5, rtol=1e-5, eps=1e-4)


def test_no_derivative_is_lost_at_breaks():
    gradient = jax.grad(lambda t: enthalpy(TABLE, t))
    assert [float(gradient(jnp.asarray(t))) > 0 for t in (200.0, 250.0, 300.0, 302.0, 400.0)] == [True] * 5
