"""Solar particles against the printed tables of their sources."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.particle.solar import (
    ESP_ENERGY,
    SOLAR_ABUNDANCE,
    SOLAR_ATOMIC_NUMBER,
    SOLAR_IONS,
    WORST_PERIODS,
    august_1972_fluence,
    october_1989_peak_flux,
    solar_ion_flux,
    solar_proton_fluence,
    worst_solar_flux,
)
from caloris_validation.cases_solar import FLUENCE_TABLE, FLUENCE_YEARS


def test_fluence_reproduces_the_printed_table():
    """All hundred numbers of table I-4, to half a unit of their third digit."""
    fluence = jax.jit(solar_proton_fluence)
    for energy, confidence, *printed in FLUENCE_TABLE:
        k = list(ESP_ENERGY).index(energy)
        for years, expected in zip(FLUENCE_YEARS, printed, strict=True):
            got = float(fluence(jnp.asarray(years), jnp.asarray(confidence / 100.0))[k]) * 1e-4
            unit = 10.0 ** (np.floor(np.log10(expected)) - 2)
            assert abs(got - expected) <= 0.51 * unit, (energy, confidence, years)


def test_fluence_falls_with_energy_and_rises_with_years_and_confidence():
    base = np.asarray(solar_proton_fluence(jnp.asarray(7.0), jnp.asarray(0.9)))
    assert base.shape == ESP_ENERGY.shape and (np.diff(base) < 0.0).all()
    assert base[-1] / base[18] == pytest.approx(0.0647, rel=1e-12)
    assert (np.asarray(solar_proton_fluence(jnp.asarray(8.0), jnp.asarray(0.9))) > base).all()
    assert (np.asarray(solar_proton_fluence(jnp.asarray(7.0), jnp.asarray(0.95))) > base).all()


@pytest.mark.parametrize(
    ("period", "energy", "hydrogen", "iron"),
    [
        ("5 minutes", 1.0, 1.36e9, 4.11e5),
        ("5 minutes", 1000.0, 20.9, 4.10e-5),
        ("day", 100.0, 3.75e4, 0.340),
        ("week", 10.0, 2.44e6, 330.0),
        ("week", 1e5, 9.35e-8, 2.42e-10),
    ],
)
def test_worst_periods_at_printed_energies(period, energy, hydrogen, iron):
    flux = worst_solar_flux(jnp.asarray([energy]), period)
    assert flux.shape == (len(SOLAR_IONS), 1)
    assert float(flux[0, 0]) == pytest.approx(hydrogen, rel=1e-12)
    assert float(flux[5, 0]) == pytest.approx(iron, rel=1e-12)


def test_worst_periods_have_no_misprint():
    """A wrong digit or exponent shows as a kink: the local power law changes by less than 0.8 from row to row.

    At 10, 20 and 30 MeV/u, where rows are farther apart and the source's broken spectra bend, by less than 1.3. C, N
    and O are one spectrum with fixed ratios, to the three printed digits: 1 %.
    """
    energy = np.array([digit * 10.0**power for power in range(5) for digit in range(1, 10)] + [1e5])
    bound = np.where((energy[1:-1] >= 10.0) & (energy[1:-1] <= 30.0), 1.3, 0.8)
    for period in WORST_PERIODS:
        flux = np.asarray(worst_solar_flux(jnp.asarray(energy), period))
        slope = np.diff(np.log(flux), axis=1) / np.diff(np.log(energy))
        assert (slope < 0.0).all() and (np.abs(np.diff(slope, axis=1)) < bound).all()
        for ion in (2, 3):
            ratio = flux[ion] / flux[4]
            assert np.abs(ratio / np.median(ratio) - 1.0).max() < 0.012


def test_other_elements_follow_oxygen_and_iron():
    """Tabled ions as they are; neon and silicon with oxygen, nickel with iron, sulfur half with each; no lithium."""
    energy = jnp.broadcast_to(jnp.asarray([3.0, 50.0, 500.0]), (28, 3))
    flux = np.asarray(solar_ion_flux(energy, "week"))
    tabled = np.asarray(worst_solar_flux(energy[0], "week"))
    np.testing.assert_array_equal(flux[SOLAR_ATOMIC_NUMBER - 1], tabled)
    oxygen, iron = tabled[4], tabled[5]
    np.testing.assert_allclose(flux[9], 0.157 * oxygen, rtol=1e-12)
    np.testing.assert_allclose(flux[27], 0.0064 / 0.131 * iron, rtol=1e-12)
    np.testing.assert_allclose(flux[15], 0.025 * 0.5 * (oxygen + iron / 0.131), rtol=1e-12)
    assert (flux[[2, 3, 4, 8, 20, 22, 24, 26]] == 0.0).all()
    shifted = jax.grad(lambda e: jnp.sum(solar_ion_flux(e, "week")[13]))(energy)
    assert (np.asarray(shifted)[13] < 0.0).all() and np.isfinite(np.asarray(shifted)).all()


def test_abundances_are_those_of_the_corona():
    """Beside the photosphere (Asplund and others, Annu. Rev. Astron. Astrophys. 47, 481, 2009; 0.1 in the logarithm).

    Elements of a first ionization potential below 10 eV are 2 to 3 times as frequent, others alike, which is what is
    known of the corona; a wrong digit would stand out. Phosphorus and sulfur lie at 10.4 eV, between the two.
    """
    photosphere = {
        6: 8.43, 7: 7.83, 10: 7.93, 11: 6.24, 12: 7.60, 13: 6.45, 14: 7.51, 15: 5.41, 16: 7.12, 17: 5.50, 18: 6.40,
        19: 5.03, 20: 6.34, 22: 4.95, 24: 5.64, 26: 7.50, 28: 6.22,
    }  # fmt: skip
    low = (11, 12, 13, 14, 19, 20, 22, 24, 26, 28)
    assert set(photosphere) | {8} == set(SOLAR_ABUNDANCE)
    for z, logarithm in photosphere.items():
        ratio = SOLAR_ABUNDANCE[z] / 10.0 ** (logarithm - 8.69)
        assert (1.8 < ratio < 3.0) if z in low else (0.3 < ratio < 1.3), z


def test_worst_periods_follow_each_other():
    """The flux averaged over a longer time is lower, for protons and wherever the event was longest."""
    energy = jnp.asarray(np.geomspace(1.0, 300.0, 30))
    five_minutes, day, week = (worst_solar_flux(energy, period) for period in WORST_PERIODS)
    assert (five_minutes > day).all() and (day[:5] > week[:5]).all()
    assert float(jnp.abs(worst_solar_flux(jnp.asarray([0.5, 2e5]), "day")).max()) == 0.0


def test_events_of_record():
    """King's fluence above 30 MeV is his 7.9e9 cm-2; at 56.5 MeV a factor e less. October 1989 at 1 MeV: A exp(-K)."""
    assert august_1972_fluence(jnp.asarray([30.0, 56.5])) == pytest.approx([7.9e13, 7.9e13 / np.e], rel=1e-12)
    for day, amplitude, rate in ((19, 214.0, 0.526), (22, 429.0, 0.458), (24, 54900.0, 2.38)):
        flux = float(october_1989_peak_flux(jnp.asarray([1.0]), day)[0])
        assert flux == pytest.approx(amplitude * 1e4 * np.exp(-rate), rel=1e-12)
    with pytest.raises(ValueError, match="day 20 of October 1989"):
        october_1989_peak_flux(jnp.asarray([1.0]), 20)
    with pytest.raises(ValueError, match="5 minutes, day, week"):
        worst_solar_flux(jnp.asarray([1.0]), "month")  # pyright: ignore[reportArgumentType]


def test_derivatives():
    """Forward and reverse against central differences; truncation 1e-9."""

    def total(p):
        fluence = jnp.sum(jnp.log(solar_proton_fluence(p["years"], p["confidence"])))
        flux = jnp.sum(jnp.log(worst_solar_flux(p["energy"], "week")))
        events = jnp.log(august_1972_fluence(p["energy"])) + jnp.log(october_1989_peak_flux(p["energy"], 22))
        return fluence + flux + jnp.sum(events)

    p = {"years": jnp.asarray(5.0), "confidence": jnp.asarray(0.93), "energy": jnp.asarray([14.0, 75.0])}
    reverse = jax.grad(total)(p)
    for name, value in p.items():
        direction = jnp.ones_like(value)
        moved = [float(total(p | {name: value + s * 1e-5 * direction})) for s in (1, -1)]
        difference = (moved[0] - moved[1]) / 2e-5
        assert difference != 0.0
        assert float(jnp.sum(reverse[name])) == pytest.approx(difference, rel=1e-6)
        tangent = jax.tree.map(jnp.zeros_like, p) | {name: direction}
        assert float(jax.jvp(total, (p,), (tangent,))[1]) == pytest.approx(difference, rel=1e-6)
