"""Nusselt numbers against their own limits and printed examples; smoothness and any flow."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from caloris_kernels.fluid.convection import (
    CORRELATIONS,
    Flow,
    all_regimes,
    dittus_boelter,
    gnielinski,
    graetz_number,
    heating_share,
    laminar_isothermal,
    laminar_uniform_flux,
    prandtl_number,
)
from caloris_kernels.fluid.liquid import Properties


def _flow(reynolds, prandtl=5.0, diameter_over_length=0.0, heating=1.0):
    return Flow(*map(jnp.asarray, (reynolds, prandtl, diameter_over_length, heating)))


def test_numbers():
    water = Properties(*map(jnp.asarray, (998.2, 4184.0, 0.598, 1.002e-3)))
    assert float(prandtl_number(water)) == pytest.approx(7.0106, rel=1e-4)
    assert float(graetz_number(_flow(1000.0, 5.0, 0.01))) == 50.0
    np.testing.assert_allclose(jax.vmap(heating_share)(jnp.array([-30.0, 0.0, 30.0])), [0.0, 0.5, 1.0], atol=1e-15)


def test_developed_laminar_flow():
    """3.66 and 48/11 in a long tube (exact solutions of Graetz): the rounding at Gz = 1e-3 is 1e-3 of them at most."""
    assert float(laminar_isothermal(_flow(100.0))) == pytest.approx(3.657, rel=1e-3)
    assert float(laminar_uniform_flux(_flow(100.0))) == pytest.approx(48.0 / 11.0, rel=1e-3)


def test_entry_of_laminar_flow():
    """Leveque's limit for a short tube: 1.615 Gz^(1/3) at constant temperature, 1.953 Gz^(1/3) at constant flux.

    Hausen's formula grows a little differently (0.0668/0.04 = 1.67): 4 % at Gz = 1e5. The other one has 3.66 and 4.36
    added in thirds, and -0.6: 1 % there.
    """
    flow = _flow(2000.0, 500.0, 0.1)
    assert float(laminar_isothermal(flow)) == pytest.approx(1.615 * 1e5 ** (1.0 / 3.0), rel=0.09)
    assert float(laminar_uniform_flux(flow)) == pytest.approx(1.953 * 1e5 ** (1.0 / 3.0), rel=0.01)


@pytest.mark.parametrize(("graetz", "exact"), [(10.0, 4.364 + 0.722), (1000.0, 19.53)])
def test_shah_and_london(graetz, exact):
    """Their two branches for uniform flux, 4.364 + 0.0722 Gz and 1.953 Gz^(1/3): the blend is within 3 % of them."""
    assert float(laminar_uniform_flux(_flow(graetz, 1.0, 1.0))) == pytest.approx(exact, rel=0.03)


def test_gnielinski_example():
    """Re 1e5, Pr 1.2, f 0.0185: 254.62682749359632 in the documentation of the library `ht`; then with Petukhov's f."""

    def by_hand(f):
        return f / 8.0 * (1e5 - 1000.0) * 1.2 / (1.0 + 12.7 * np.sqrt(f / 8.0) * (1.2 ** (2.0 / 3.0) - 1.0))

    assert by_hand(0.0185) == pytest.approx(254.62682749359632, rel=1e-12)
    # The rounding of D/L = 0 leaves 1e-6 of it.
    own = by_hand((0.79 * np.log(1e5) - 1.64) ** -2)
    assert float(gnielinski(_flow(1e5, 1.2))) == pytest.approx(own, rel=2e-6)


def test_dittus_boelter_example():
    """Re 1e5, Pr 1.2: 247.40036409449127 and 242.9305927410295 in the documentation of the library `ht`."""
    assert float(dittus_boelter(_flow(1e5, 1.2))) == pytest.approx(247.40036409449127, rel=1e-9)
    assert float(dittus_boelter(_flow(1e5, 1.2, 0.0, 0.0))) == pytest.approx(242.9305927410295, rel=1e-9)


def test_turbulent_formulas_agree():
    """Two descriptions of one thing: within the 25 % that Incropera et al. give as the error of Dittus and Boelter."""
    for re, pr in ((1e4, 0.7), (2e4, 2.0), (1e5, 5.0)):
        ratio = float(gnielinski(_flow(re, pr)) / dittus_boelter(_flow(re, pr)))
        assert abs(ratio - 1.0) < 0.25, (re, pr, ratio)


def test_all_regimes_is_each_in_its_own():
    np.testing.assert_allclose(all_regimes(_flow(2300.0)), laminar_isothermal(_flow(2300.0)), rtol=1e-15)
    np.testing.assert_allclose(all_regimes(_flow(4000.0)), gnielinski(_flow(4000.0)), rtol=1e-15)
    rising = jax.vmap(lambda re: all_regimes(_flow(re, 5.0, 0.01)))(jnp.linspace(500.0, 8000.0, 400))
    assert np.all(np.diff(rising) > 0.0)


@pytest.mark.parametrize("order", [0, 1, 2])
@pytest.mark.parametrize("joint", [2300.0, 4000.0])
def test_all_regimes_has_no_jump(joint, order):
    function = lambda re: all_regimes(_flow(re, 5.0, 0.01))  # noqa: E731
    for _ in range(order):
        function = jax.grad(function)
    step = 1e-6
    # Third derivatives are below 60/1700^3 times 40 = 5e-7.
    assert abs(float(function(joint + step) - function(joint - step))) < 1e-7


@pytest.mark.parametrize("name", CORRELATIONS)
def test_finite_and_positive_for_any_flow(name):
    correlation = CORRELATIONS[name]
    reynolds = jnp.array([0.0, 1e-12, 1.0, 2300.0, 3000.0, 4000.0, 1e9])

    def all_slopes(re):
        return jax.value_and_grad(lambda flow: correlation(flow))(_flow(re, 6.0))

    values, slopes = jax.vmap(all_slopes)(reynolds)
    assert np.all(np.asarray(values) > 0.0)
    assert all(np.all(np.isfinite(slope)) for slope in slopes)


@pytest.mark.parametrize("name", CORRELATIONS)
def test_gradients(name):
    """In the logarithms of Re, Pr and D/L and in heating, at a flow in the transition."""

    def logarithm(logs, heating):
        return jnp.log(CORRELATIONS[name](Flow(jnp.exp(logs[0]), jnp.exp(logs[1]), jnp.exp(logs[2]), heating)))

    logs = jnp.log(jnp.array([2900.0, 6.0, 0.01]))
    check_grads(jax.jit(logarithm), (logs, jnp.asarray(0.4)), 1, ("fwd", "rev"), atol=1e-6, rtol=1e-6)
