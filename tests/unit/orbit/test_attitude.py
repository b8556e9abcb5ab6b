import jax.numpy as jnp
import numpy as np
import pytest

from caloris.model.attitude import Attitude
from caloris.model.orbit import Orbit
from caloris.model.planet import Planet


@pytest.fixture(scope="module")
def state():
    orbit = Orbit.from_beta(Planet(), 600e3, 0.5)
    return orbit.state_at_phase(jnp.array([0.05, 0.3, 0.8]), True)


def test_zenith_and_velocity_give_the_local_frame(state):
    attitude = Attitude([0, 0, 1], "zenith", [1, 0, 0], "velocity")
    turned = state.turned(attitude.matrix(state))
    np.testing.assert_allclose(turned.zenith, [[0, 0, 1]] * 3, atol=1e-15)
    np.testing.assert_allclose(turned.velocity_direction, [[1, 0, 0]] * 3, atol=1e-15)
    np.testing.assert_allclose(turned.normal, [[0, 1, 0]] * 3, atol=1e-15)
    np.testing.assert_allclose(turned.position[:, 2], state.distance, rtol=1e-15)
    assert not bool(attitude.undefined(state).any())


@pytest.mark.parametrize(
    ("toward", "expected"),
    [("nadir", "-zenith"), ("sun", "sun_direction"), ("orbit-normal", "normal"), ([0, 3, 4], [0, 0.6, 0.8])],
)
def test_targets(state, toward, expected):
    matrix = Attitude([0, 1, 0], toward, [1, 0, 0], "velocity").matrix(state)
    if expected == "-zenith":
        direction = -state.zenith
    else:
        direction = getattr(state, expected) if isinstance(expected, str) else jnp.tile(jnp.array(expected), (3, 1))
    np.testing.assert_allclose(jnp.einsum("tij,tj->ti", matrix, direction), [[0, 1, 0]] * 3, atol=1e-15)


def test_parallel_vectors_are_refused():
    with pytest.raises(ValueError, match="body vectors"):
        Attitude([0, 0, 1], "zenith", [0, 0, -2], "velocity")
    with pytest.raises(ValueError, match="targets"):
        Attitude([0, 0, 1], "zenith", [1, 0, 0], "nadir")
    with pytest.raises(ValueError, match="targets"):
        Attitude([0, 0, 1], [1, 0, 0], [1, 0, 0], [2, 0, 0])
    with pytest.raises(ValueError, match="unknown target"):
        Attitude([0, 0, 1], "moon", [1, 0, 0], "velocity")


def test_targets_that_meet_on_the_way_are_flagged():
    orbit = Orbit.from_beta(Planet(), 600e3, 0.0)
    state = orbit.state_at_phase(jnp.array([0.0, 0.2, 0.5]), True)
    attitude = Attitude([0, 0, 1], "zenith", [1, 0, 0], "sun")
    np.testing.assert_array_equal(attitude.undefined(state), [True, False, True])
    assert np.all(np.isfinite(attitude.matrix(state)))
