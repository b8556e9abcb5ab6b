import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.upset.bendel import bendel_one, bendel_plateau, bendel_two


def value(x):
    return jnp.asarray(x, dtype=float)


def test_figures_by_hand():
    # A = 18: Y = E - 18, so at 118 MeV [1 - exp(-1.8)]^4 = 0.4854270; (24/18)^14 = 56.12319.
    assert float(bendel_two(value(118.0), value(18.0), value(18.0))) == pytest.approx(0.4854270e-12, rel=1e-6)
    assert float(bendel_one(value(118.0), value(18.0))) == pytest.approx(0.4854270e-12 * (24 / 18) ** 14, rel=1e-6)


def test_plateau_and_onset():
    onset, second = value(15.0), value(14.0)
    plateau = value((14 / 15) ** 14 * 1e-12)
    energy = value([1.0, 15.0, 15.1, 60.0, 500.0, 1e6])
    two, shimano = bendel_two(energy, onset, second), bendel_plateau(energy, onset, plateau)
    assert np.asarray(two) == pytest.approx(np.asarray(shimano), rel=1e-13)
    assert (np.asarray(two)[:2] == 0.0).all() and float(two[-1]) == pytest.approx(float(plateau), rel=1e-12)


@pytest.mark.parametrize("energy", [15.2, 40.0, 300.0])
def test_derivatives(energy):
    at = (value(energy), value(15.0), value(14.0))

    def f(*x):
        return bendel_two(*x) * 1e12

    for index, number in enumerate(at):
        h = 1e-5 * float(number)
        up, down = list(at), list(at)
        up[index], down[index] = number + h, number - h
        difference = float(f(*up) - f(*down)) / (2 * h)
        # Near the onset the curve bends over 0.2 MeV, a thousand steps.
        assert float(jax.grad(f, argnums=index)(*at)) == pytest.approx(difference, rel=2e-6)
    assert float(jax.grad(f)(value(15.0), value(15.0), value(14.0))) == 0.0
