"""Other responses than IRPP and Weibull, bands of rates, effects, and the library of parts."""
# Curves are unpacked from arrays and maps, whose lengths pyright does not know.
# pyright: reportCallIssue=false, reportArgumentType=false

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris.case.device_library import library_parts
from caloris.model.device import BendelResponse, Device, Effect, HeavyIonResponse, ProtonResponse, Uncertainty
from caloris.model.particles import ParticleEnvironment
from caloris.model.shield import ShieldLayer
from caloris.model.shield_transport import ShieldTransport
from caloris.solve.responses import heavy_ion_rate, proton_rate
from caloris.solve.upset_uncertainty import _sensitivity, scaled_responses
from caloris_kernels.upset.bendel import bendel_two
from caloris_kernels.upset.rate import effective_flux_upset_rate, folded_proton_rate, heavy_ion_upset_rate
from caloris_validation import creme96_figures as creme96

LET, INTEGRAL = map(jnp.asarray, np.array(creme96.LET_SPECTRUM).T)
ENERGY, FLUX = map(jnp.asarray, np.array(creme96.PROTONS_BEHIND).T)
BOTH = ParticleEnvironment.from_let_spectrum(LET, INTEGRAL, ([1], ENERGY, FLUX[None]))
CURVE = tuple(map(jnp.asarray, (0.5, 30.0, 1.3, 2e-5)))


BOX_RATE = jax.jit(
    jax.value_and_grad(lambda p, flux: heavy_ion_upset_rate(LET, flux, p[0], p[1], p[2], p[3], p[4:7], p[7]))
)


def test_effective_flux_is_the_limit_of_thin_volumes():
    wide = effective_flux_upset_rate(LET, INTEGRAL, *CURVE, jnp.zeros(()))
    side = np.sqrt(2e-5) * 1e4
    for depth in (1e-3, 0.0):
        thin, _ = BOX_RATE(jnp.array([0.5, 30.0, 1.3, 2e-5, side, side, depth, 0.0]), INTEGRAL)
        # The edges of a volume 45 000 times as wide as thick hold 5e-5 of its surface, times grazing tracks' share.
        assert float(thin) == pytest.approx(float(wide), rel=2e-4)
    # Tracks within 60 deg of the normal, all far above the threshold: 1 - cos^2 of all.
    far = jnp.array([50.0, 60.0]), jnp.array([1.0, 0.0])
    easy = tuple(map(jnp.asarray, (1e-3, 0.0, 1.0, 2e-5)))
    some = effective_flux_upset_rate(*far, *easy, jnp.asarray(0.5))
    assert float(some) == pytest.approx(2 * np.pi * 2e-9 * 0.75, rel=1e-12)


def test_one_threshold_is_a_width_of_zero():
    point = jnp.array([3.0, 0.0, 1.0, 2e-5, 44.72, 44.72, 1.0, 0.0])
    (sharp, _), (nearly, _) = BOX_RATE(point, INTEGRAL), BOX_RATE(point.at[1].set(1e-6), INTEGRAL)
    assert float(sharp) == pytest.approx(float(nearly), rel=1e-5)  # the width over the threshold


@pytest.mark.parametrize("depth", [0.0, 44.72, 1.0])
def test_no_nan_at_edges_of_chords(depth):
    point = jnp.array([0.5, 30.0, 1.0, 2e-5, 44.72, 44.72, depth, 0.0])
    for flux in (INTEGRAL, 0.0 * INTEGRAL):
        value, gradient = BOX_RATE(point, flux)
        assert np.isfinite(float(value)) and np.isfinite(np.asarray(gradient)).all()


def test_bendel_in_a_device_is_the_integral_of_its_curve():
    rate = caloris.upset_rate(Device(proton=BendelResponse(12.0, 10.0)), BOTH)
    fine = np.exp(np.linspace(np.log(25.33), np.log(9.9e4), 200001))
    sigma = np.asarray(bendel_two(jnp.asarray(fine), jnp.asarray(12.0), jnp.asarray(10.0)))
    k = np.interp(np.log(fine), np.log(np.asarray(rate.energy)), np.asarray(rate.energy * rate.flux_behind[0]))
    # The engine's grid cuts the spectrum's sharp beginning at 25 MeV; both integrals see the same straight lines.
    expected = 4 * np.pi * 1e-4 * np.trapezoid(sigma * k, np.log(fine))
    assert float(rate.proton_rate_per_bit) == pytest.approx(expected, rel=2e-3)
    one = caloris.upset_rate(Device(proton=BendelResponse(12.0)), BOTH)
    assert float(one.proton_rate_per_bit / rate.proton_rate_per_bit) == pytest.approx(2.4**14, rel=1e-12)


def test_gradients_of_bendel_and_effective_flux():
    def rate(p):
        proton = folded_proton_rate(lambda e: bendel_two(e, p[0], p[1]), ENERGY, FLUX)
        return proton + 1e-3 * effective_flux_upset_rate(LET, INTEGRAL, *p[2:6], p[6])

    point = jnp.array([12.0, 10.0, 0.5, 30.0, 1.3, 2e-5, 0.3])
    value = jax.jit(rate)
    gradient = jax.jit(jax.grad(rate))(point)
    for k in range(7):
        step = 1e-5 * point[k] * jnp.eye(7)[k]
        both = [float(value(point + n * step)) for n in (1, -1, 2, -2)]
        difference = (8 * (both[0] - both[1]) - (both[2] - both[3])) / (12e-5 * float(point[k]))
        assert float(gradient[k]) / difference == pytest.approx(1.0, rel=1e-5)  # kinks at the LETs of the grid


DEVICE = Device(HeavyIonResponse(*CURVE, [44.72, 44.72, 1.0], 0.2), ProtonResponse(30.0, 10.0, 1.2, 1e-12))


def test_band_against_monte_carlo():
    known = (0.1, 0.15, 0.1, 0.1, 0.2, 0.2), (0.1, 0.15, 0.1, 0.1)
    device = eqx.tree_at(lambda d: d.uncertainty, DEVICE, Uncertainty(*known, 1.3), is_leaf=lambda x: x is None)
    rate = caloris.upset_rate(device, BOTH)
    band = caloris.rate_uncertainty(device, rate)
    spread = np.concatenate(known)
    draws = np.random.default_rng(5).standard_normal((400, 11))

    @jax.jit
    def total(change):
        heavy, proton = scaled_responses(DEVICE.heavy_ion, DEVICE.proton, change)
        flux = rate.flux_behind[0]
        return heavy_ion_rate(heavy, rate.let, rate.integral_let_flux) + proton_rate(proton, rate.energy, flux)

    sampled = np.array([np.log(float(total(jnp.asarray(row[:10] * spread)))) for row in draws])
    sampled += draws[:, 10] * np.log(1.3)
    # A standard deviation of 400 draws is known to 1 / sqrt(800) = 3.5 %; second order in spreads of 0.2: 4 % more.
    assert np.log(float(band.total)) == pytest.approx(sampled.std(), rel=0.11)
    assert np.mean(sampled) == pytest.approx(float(np.log(rate.rate_per_device)), abs=0.1)
    assert float(band.total) >= 1.3 and float(band.direct_proton) == pytest.approx(1.3)


def test_environment_alone_and_defaults():
    rate = caloris.upset_rate(DEVICE, BOTH)
    certain = eqx.tree_at(
        lambda d: d.uncertainty, DEVICE, Uncertainty(np.zeros(6), np.zeros(4), 2.0), is_leaf=lambda x: x is None
    )
    assert float(caloris.rate_uncertainty(certain, rate).total) == pytest.approx(2.0, rel=1e-12)
    assert float(caloris.rate_uncertainty(DEVICE, rate).total) > 2.0


def test_effects_are_devices_of_their_own():
    effect = Effect(DEVICE.heavy_ion, None, 3.0, "latch-up")
    device = Device(None, DEVICE.proton, count=5, effects=(effect,), name="chip")
    (found,) = caloris.effect_rates(device, caloris.upset_rate(device, BOTH))
    alone = caloris.upset_rate(Device(DEVICE.heavy_ion), BOTH)
    assert float(found.rate_per_device / alone.rate_per_device) == pytest.approx(3.0, rel=1e-12)
    assert float(found.rate_per_day / found.rate_per_device) == pytest.approx(5 * 86400.0, rel=1e-12)
    assert found.environment == alone.environment
    assert caloris.effect_rates(DEVICE, alone) == []


def test_effects_see_the_spectra_of_their_device():
    """Behind its shield and by its transport, which nothing but the rate knows; and they say what is not finite."""
    aluminum = (ShieldLayer.of("Al", None, 3.0),)
    effect = Effect(DEVICE.heavy_ion, DEVICE.proton, 1.0, "latch-up")
    device = Device(None, DEVICE.proton, shield=aluminum, effects=(effect, effect), name="chip")
    rates = []
    for transport in (ShieldTransport(), ShieldTransport(proton_losses=False)):
        usual = caloris.upset_rate(device, BOTH, transport)
        found = caloris.effect_rates(device, usual)
        alone = caloris.upset_rate(Device(DEVICE.heavy_ion, DEVICE.proton, shield=aluminum), BOTH, transport)
        for one in found:
            assert float(one.rate_per_device) == pytest.approx(float(alone.rate_per_device), rel=1e-12)
        rates.append(float(found[0].proton_rate_per_bit))
    assert rates[1] > 1.01 * rates[0]
    wrong = eqx.tree_at(lambda d: d.effects[0].cells, device, jnp.asarray(np.nan))
    with pytest.raises(FloatingPointError, match="'chip: latch-up'"):
        caloris.effect_rates(wrong, usual)


def test_library_names_its_sources(tmp_path):
    parts = library_parts()
    kinds = [part["kind"] for part in parts.values()]
    assert (kinds.count("measured"), kinds.count("quoted"), len(kinds)) == (2, 13, 21)
    for name, part in parts.items():
        assert part["kind"] in ("measured", "quoted", "upper bound", "second-hand") and len(part["source"]) > 40, name
        case = caloris.parse_case(f'[particles]\ngalactic = {{ model = "matthia-2013", solar_modulation = 10 }}\n'
                                  f'[[device]]\npart = "{name}"\n')  # fmt: skip
        assert case.devices[0].name == name and case.devices[0].source == part["source"]
    own = tmp_path / "own.toml"
    own.write_text(
        '[part."X/1"]\nproton = { onset = "30 MeV", width = "10 MeV", exponent = 1.0, plateau = "1e-11 cm^2" }\n'
    )
    text = (
        '[particles]\ngalactic = { model = "matthia-2013", solar_modulation = 10 }\n'
        '[[device]]\npart = "X/1"\nlibrary = "own.toml"\nname = "x"\nproton = { onset = "40 MeV" }\n'
    )
    proton = caloris.parse_case(text, tmp_path).devices[0].proton
    assert proton is not None and (proton.onset, proton.width) == (40.0, 10.0)
    with pytest.raises(caloris.CaseError, match="the library own.toml"):
        caloris.parse_case(text.replace("X/1", "Y"), tmp_path)
    own.write_text("no toml")
    with pytest.raises(caloris.CaseError, match="cannot be read"):
        caloris.parse_case(text, tmp_path)


def test_sensitivities_are_derivatives():
    """The band's derivatives in the logarithms of all parameters, of a cell about as deep as wide, by differences."""
    cell = HeavyIonResponse(0.7, 20.0, 1.5, 1e-9, [0.3162, 0.3162, 0.5], 0.05)
    device = Device(cell, DEVICE.proton)
    rate = caloris.upset_rate(device, BOTH)
    found = _sensitivity(cell, DEVICE.proton, rate.energy, rate.flux_behind[0], rate.let, rate.integral_let_flux)

    @jax.jit
    def logarithms(change):
        heavy, proton = scaled_responses(cell, DEVICE.proton, change)
        ions = heavy_ion_rate(heavy, rate.let, rate.integral_let_flux)
        reactions = proton_rate(proton, rate.energy, rate.flux_behind[0])
        return jnp.log(jnp.stack([ions, reactions, ions + reactions]))

    steps = 1e-4 * np.eye(10)
    differences = np.array([(logarithms(step) - logarithms(-step)) / 2e-4 for step in steps]).T
    # Central difference of 1e-4: its square, times third derivatives of order a hundred.
    assert np.asarray(found)[[0, 1, 3]] == pytest.approx(differences, abs=1e-5)
    assert (abs(differences[0, :6]) > 1e-3).all() and (abs(differences[1, 6:]) > 1e-3).all()
