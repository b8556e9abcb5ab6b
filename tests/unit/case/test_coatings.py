"""Coatings by band, by life and over temperature: from the text to the numbers of the model."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris.case.build_coatings import build_bands, build_coatings
from caloris.case.load import parse_case
from caloris.model.coating import Aged, EmittanceTable, now

_YEAR = 365.25 * 86400.0


def _built(coatings, bands="", life="0.0"):
    text = f"[bands]\n{bands}\n{coatings}\n" + (
        f'[[node]]\nname = "a"\nheat_capacity = 1\n[run]\nmode = "transient"\nduration = 100\nlife = {life}\n'
    )
    case = parse_case(text)
    assert case.run is not None
    return build_coatings(case, case.run.life), build_bands(case)


def _coating(name="paint", solar="0.2", infrared="0.9"):
    return f'[[coating]]\nname = "{name}"\nsolar_absorptance = {solar}\ninfrared_emittance = {infrared}\n'


def test_one_band_keeps_one_number_a_coating():
    coatings, bands = _built(_coating() + _coating("foil", "{ beginning = 0.1, end = 0.3 }", "0.05"), life="0.5")
    np.testing.assert_allclose(now(coatings.solar_absorptance), [0.2, 0.2], rtol=1e-15)
    np.testing.assert_array_equal(coatings.infrared_emittance, [0.9, 0.05])
    assert bands.infrared_count == 1
    np.testing.assert_array_equal(bands.solar_shares(), [1.0])


def test_lists_by_band():
    text = _coating(solar="{ beginning = [0.1, 0.2], end = 0.4 }", infrared="[0.1, 0.5, 0.9]")
    coatings, bands = _built(text + _coating("gray"), 'infrared = ["3 um", "8 um"]\nsolar = ["0.7 um"]', life="0.5")
    np.testing.assert_allclose(now(coatings.solar_absorptance), [[0.25, 0.3], [0.2, 0.2]], rtol=1e-15)
    np.testing.assert_array_equal(coatings.infrared_emittance, [[0.1, 0.5, 0.9], [0.9, 0.9, 0.9]])
    np.testing.assert_allclose(bands.infrared_edge, [3e-6, 8e-6], rtol=1e-15)
    # 0.7 um x 5772 K = 4040 um K: between 0.480877 at 4000 and 0.516014 at 4200 in the table of Incropera et al.
    assert float(bands.solar_shares()[0]) == pytest.approx(0.4880, abs=2e-4)
    low, high = coatings.emittance_range()
    np.testing.assert_array_equal([low, high], [[0.1, 0.9], [0.9, 0.9]])


def test_stated_shares_of_sunlight():
    _, bands = _built(_coating(), 'solar = ["0.7 um"]\nsolar_fraction = [0.4, 0.5999]')
    np.testing.assert_allclose(bands.solar_shares(), np.array([0.4, 0.5999]) / 0.9999, rtol=1e-15)


_LAW = '{ beginning = 0.15, end = 0.25, time_constant = "1 year", fluence_constant = "2e15 1/cm^2", exponent = 0.5 }'


def test_ageing():
    life = '{ time = "4 year", fluence = "5e14 1/cm^2" }'
    coatings, _ = _built(_coating(solar=_LAW) + _coating("still"), life=life)
    aged = coatings.solar_absorptance
    assert isinstance(aged, Aged)
    # sqrt(4) + sqrt(1/4)
    np.testing.assert_allclose(aged.now(), [0.15 + 0.1 * (1.0 - math.exp(-2.5)), 0.2], rtol=1e-14)
    assert float(aged.time) == 4 * _YEAR and float(aged.fluence) == 5e18

    def total(law):
        return jnp.sum(law.now())

    leaves, tree = jax.tree.flatten(aged)
    slopes = jax.tree.leaves(jax.grad(total)(aged))
    for k, (leaf, slope) in enumerate(zip(leaves, slopes, strict=True)):
        step = np.where(np.isfinite(leaf), 1e-6 * np.asarray(leaf), 0.0)
        moved = [
            float(total(tree.unflatten([*leaves[:k], leaf + sign * step, *leaves[k + 1 :]]))) for sign in (1.0, -1.0)
        ]
        # Central differences of 1e-6: their error is 1e-12 and the rounding of 0.4 over the step.
        assert float(np.sum(slope * step)) == pytest.approx((moved[0] - moved[1]) / 2.0, rel=1e-7, abs=1e-16)
    assert all(float(jnp.max(jnp.abs(slope))) > 0.0 for slope in slopes)


def test_ageing_starts_at_the_beginning_with_finite_slopes():
    coatings, _ = _built(_coating(solar=_LAW), life="{ time = 0, fluence = 0 }")
    aged = coatings.solar_absorptance
    assert isinstance(aged, Aged)
    np.testing.assert_array_equal(aged.now(), [0.15])
    assert all(np.all(np.isfinite(slope)) for slope in jax.tree.leaves(jax.grad(lambda a: a.now()[0])(aged)))


def test_covers():
    """Index and depth by band; what the model absorbs of diffuse light, and nothing where there is no cover.

    1 - 0.0918 is left by Walsh's diffuse reflectance of glass of index 1.5; a mirror of 0.1 under it stays near 0.1.
    """
    cells = _coating("cells", "[0.96, 0.1]") + "cover = { refractive_index = [1.5, 1.46], optical_depth = 0.001 }\n"
    coatings, _ = _built(_coating() + cells, 'solar = ["0.7 um"]')
    assert coatings.covered is not None and coatings.covered.coating == (1,)
    np.testing.assert_array_equal(coatings.covered.refractive_index, [[1.5, 1.46]])
    np.testing.assert_array_equal(coatings.covered.optical_depth, [[0.001, 0.001]])
    mean = np.asarray(coatings.diffuse_solar_absorptance())
    np.testing.assert_array_equal(mean[0], 0.2)
    np.testing.assert_allclose(mean[1], [0.9082, 0.0994], atol=5e-5)
    np.testing.assert_array_equal(now(coatings.solar_absorptance), [[0.2, 0.2], [0.96, 0.1]])
    alone, _ = _built(_coating() + _coating("cells", "0.9") + "cover = { refractive_index = 1.5 }\n")
    assert alone.covered is not None
    np.testing.assert_array_equal(alone.covered.optical_depth, [0.0])
    assert _built(_coating())[0].covered is None


def test_solar_cells_age_by_the_same_law():
    law = '{ beginning = 1.0, end = 0.8, fluence_constant = "1e15 1/cm^2" }'
    text = (
        f'[[surface]]\nname = "p"\nshape = "rectangle"\ncorner = [0, 0, 0]\nedge_u = [1, 0, 0]\nedge_v = [0, 1, 0]\n'
        f'front = "paint"\nheat_capacity = 1\n{_coating()}[[solar_array]]\non = ["p/front"]\nefficiency = 0.1\n'
        f'degradation = {law}\n[run]\nmode = "steady"\nlife = {{ fluence = "1e15 1/cm^2" }}\n'
    )
    case = parse_case(text)
    assert case.run is not None
    assert case.solar_arrays[0].degradation.at(case.run.life) == pytest.approx(1.0 - 0.2 * (1.0 - math.exp(-1.0)))


def test_emittance_over_temperature():
    table = "{ temperature = [200, 300, 400], value = [0.2, [0.3, 0.5], 0.9] }"
    coatings, _ = _built(_coating() + _coating("switch", infrared=table), 'infrared = ["8 um"]')
    emittance = coatings.infrared_emittance
    assert isinstance(emittance, EmittanceTable)
    temperature = jnp.array([100.0, 200.0, 250.0, 300.0, 375.0, 500.0, 250.0])
    value, slope = emittance.at(jnp.array([1, 1, 1, 1, 1, 1, 0]), temperature)
    expected = [[0.2, 0.2], [0.2, 0.2], [0.25, 0.35], [0.3, 0.5], [0.75, 0.8], [0.9, 0.9], [0.9, 0.9]]
    np.testing.assert_allclose(value, expected, rtol=1e-14)
    rises = [[0, 0], [1e-3, 3e-3], [1e-3, 3e-3], [6e-3, 4e-3], [6e-3, 4e-3], [0, 0], [0, 0]]
    np.testing.assert_allclose(slope, rises, rtol=1e-12, atol=1e-18)
    derivative = jax.jvp(lambda t: emittance.at(jnp.ones(7, int), t)[0], (temperature,), (jnp.ones(7),))[1]
    np.testing.assert_allclose(derivative[:6], slope[:6], rtol=1e-12, atol=1e-18)
