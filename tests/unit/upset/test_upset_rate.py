import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris.model.device import Device, HeavyIonResponse, ProtonResponse
from caloris.model.particles import ParticleEnvironment
from caloris.model.shield import ShieldLayer
from caloris.solve import upset
from caloris.solve.upset import upset_rate, upset_rates
from caloris_validation import creme96_figures

SPACE = ParticleEnvironment.from_galactic(10.0)
GRADIENT = eqx.filter_jit(eqx.filter_grad(lambda pair: upset_rate(*pair).rate_per_day))


def layer(areal_density, element="Al"):
    return ShieldLayer.of(element, {element: 1.0}, areal_density)


def device(*shield, **changes):
    heavy_ion = HeavyIonResponse(0.5, 30.0, 1.0, 2e-5, [44.72136, 44.72136, 1.0])
    fields = {"heavy_ion": heavy_ion, "proton": ProtonResponse(30.0, 10.0, 1.0, 1e-11), "name": "LM7912"}
    return Device(**(fields | changes), shield=shield)


def test_rates_per_device_and_day_count_bits_and_devices():
    rate = upset_rate(device(layer(0.6858), bits=8e9, count=120), SPACE)
    per_bit = float(rate.heavy_ion_rate_per_bit + rate.proton_rate_per_bit)
    assert per_bit > 0.0
    assert float(rate.rate_per_device) / per_bit == pytest.approx(8e9, rel=1e-14)
    assert float(rate.rate_per_day) / per_bit == pytest.approx(8e9 * 120 * 86400.0, rel=1e-14)
    assert "no geomagnetic cutoff" in rate.environment and int(rate.result) == upset.SUCCESS


def test_one_compilation_serves_different_devices(monkeypatch):
    traced = []
    monkeypatch.setattr(upset, "spectra", lambda *inputs, inner=upset.spectra: traced.append(0) or inner(*inputs))
    devices = [device(layer(0.2), layer(1.0)), device(), device(layer(3.0, "Si"), proton=None), device(heavy_ion=None)]
    rates = upset_rates(devices, SPACE)
    upset_rates([device(layer(5.0), bits=2.0)], ParticleEnvironment.from_galactic(100.0))
    # One program for two layers (all four devices), one for one layer.
    assert len(traced) <= 2
    assert float(rates[2].proton_rate_per_bit) == 0.0 and float(rates[3].heavy_ion_rate_per_bit) == 0.0
    assert float(rates[0].heavy_ion_rate_per_bit) < float(rates[1].heavy_ion_rate_per_bit)


def test_empty_layers_and_their_number_change_nothing():
    alone = upset_rate(device(layer(0.6858)), SPACE)
    beside = upset_rates([device(layer(0.6858)), device(layer(0.1), layer(0.1))], SPACE)[0]
    # The padded layer reads E_in between the range table's nodes: the interpolation of stopping power, 1e-6.
    assert float(beside.heavy_ion_rate_per_bit / alone.heavy_ion_rate_per_bit) == pytest.approx(1.0, rel=1e-6)


def test_rate_is_linear_in_the_flux():
    energy = np.geomspace(1.0, 1e5, 60)
    flux = np.outer([4.0, 1.0], energy**-1.8)
    rates = [
        upset_rate(device(layer(0.6858)), ParticleEnvironment.from_spectrum([2, 26], energy, scale * flux))
        for scale in (1.0, 3.0)
    ]
    # Power laws between points keep the scale: rounding only.
    assert float(rates[1].rate_per_day / rates[0].rate_per_day) == pytest.approx(3.0, rel=1e-13)


def test_planet_shadow_takes_its_share():
    free = upset_rate(device(layer(0.6858)), SPACE)
    near = upset_rate(device(layer(0.6858)), ParticleEnvironment.from_galactic(10.0, altitude=800e3))
    radius = 6378.137
    share = 0.5 * (1.0 + np.sqrt(1.0 - (radius / (radius + 800.0)) ** 2))
    # The shadow multiplies every flux: rounding only.
    assert float(near.rate_per_day / free.rate_per_day) == pytest.approx(share, rel=1e-13)


def test_given_let_spectrum_ignores_the_shield_and_says_so():
    environment = ParticleEnvironment.from_let_spectrum(*np.array(creme96_figures.LET_SPECTRUM).T)
    bare, shielded = upset_rates([device(), device(layer(3.0))], environment)
    assert float(bare.heavy_ion_rate_per_bit) == float(shielded.heavy_ion_rate_per_bit)
    assert float(bare.proton_rate_per_bit) == 0.0
    assert "shields not applied" in bare.environment


def test_wrong_values_are_refused():
    with pytest.raises(FloatingPointError, match="LM7912"):
        upset_rate(device(heavy_ion=HeavyIonResponse(0.5, np.nan, 1.0, 2e-5, [44.7, 44.7, 1.0])), SPACE)
    with pytest.raises(ValueError, match="unobtainium.*Xe.*elements allowed.*Al, Si"):
        ShieldLayer.of("unobtainium", {"Xe": 1.0}, 1.0)
    with pytest.raises(ValueError, match="sum to 1"):
        ShieldLayer.of("alloy", {"Al": 0.7}, 1.0)
    with pytest.raises(ValueError, match="1 to 28"):
        ParticleEnvironment.from_spectrum([92], np.array([1.0, 2.0]), np.ones((1, 2)))


@pytest.mark.parametrize(
    "response",
    [
        HeavyIonResponse(0.5, 30.0, 1.0, 1e-8, [1.0, 1.0, 1.0]),
        HeavyIonResponse(0.5, 30.0, 1.0, 1e-8, [1.0, 1.0, 1.0], funnel=1.0),
        HeavyIonResponse(0.0, 5.0, 4.0, 1e-8, [1.0, 1.0, 0.1]),
    ],
)
def test_edge_values_have_finite_gradients(response):
    # No activity, no altitude, no shield, a cube, an exponent of one, a funnel, an onset of zero.
    environment = ParticleEnvironment.from_galactic(0.0, altitude=0.0)
    gradient = GRADIENT((device(layer(0.0), heavy_ion=response), environment))
    for leaf in jax.tree.leaves(gradient):
        assert np.isfinite(np.asarray(leaf)).all()


def test_float32_is_refused():
    with jax.enable_x64(False), pytest.raises(RuntimeError, match="float64"):
        upset_rate(device(), SPACE)


def test_result_of_a_zero_flux_is_zero():
    environment = ParticleEnvironment.from_spectrum([1, 26], jnp.array([1.0, 1e4]), jnp.zeros((2, 2)))
    assert float(upset_rate(device(layer(0.5)), environment).rate_per_day) == 0.0
