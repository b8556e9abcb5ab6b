"""AP-8 and AE-8: the maps as they were packed, the exact rule, published fluxes, the continuous form, derivatives."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.magnetic.drift_shell import DriftShell
from caloris_kernels.trapped.flux import orbit_flux, trapped_flux, trapped_spectrum
from caloris_kernels.trapped.flux_map import FIELD_EPOCHS, MAP_NAMES, MapName, trapped_map

FROZEN = Path(__file__).parent / "aep8_reference.csv"
_flux = jax.jit(trapped_flux, static_argnames="quantized")


def frozen(name):
    """Rows of E (MeV), L, B/B0 and the flux (cm-2 s-1) by the package aep8."""
    with FROZEN.open() as file:
        rows = [line.split(",") for line in file if line.startswith(name)]
    return np.array([[float(number) for number in row[1:]] for row in rows]).T


@pytest.mark.parametrize("name", MAP_NAMES)
def test_quantized_form_is_the_original(name):
    """Within 1e-9 of aep8 (IRBEM's TRMFUN) wherever that is finite: both are double precision."""
    energy, shell, ratio, expected = frozen(name)
    assert len(energy) >= 100 and (expected > 1.0).sum() > 60
    got = 1e-4 * np.asarray(_flux(trapped_map(name), *map(jnp.asarray, (energy, shell, ratio)), quantized=True))
    # The original gives log10 F = 0 as a flux of 1 or as none: nothing in either case.
    present = expected > 1.0
    np.testing.assert_allclose(got[present], expected[present], rtol=1e-9)
    assert (got[~present] <= 1.0 + 1e-9).all()


@pytest.mark.parametrize("name", MAP_NAMES)
def test_continuous_form_is_close_to_the_original(name):
    """Median within 0.1 %, 95 of 100 points within 1 %: half a step of L and B/B0 either way."""
    energy, shell, ratio, expected = frozen(name)
    got = 1e-4 * np.asarray(_flux(trapped_map(name), *map(jnp.asarray, (energy, shell, ratio))))
    present = expected > 10.0
    error = got[present] / expected[present] - 1.0
    assert abs(np.median(error)) < 1e-3
    assert np.quantile(np.abs(error), 0.95) < 1e-2


def test_published_fluxes():
    """ECSS-E-ST-10-04C Rev.1, table I-2, to its two digits (a peak over L); NASA's own program for the rest (1 %)."""
    shell, equator = jnp.linspace(1.2, 7.0, 581), jnp.ones(581)
    protons = np.asarray(_flux(trapped_map("AP8MIN"), jnp.full(581, 10.0), shell, equator)) * 1e-4
    electrons = np.asarray(_flux(trapped_map("AE8MAX"), jnp.full(581, 1.0), shell, equator)) * 1e-4
    assert protons.max() == pytest.approx(3.4e5, rel=0.02) and float(shell[protons.argmax()]) == pytest.approx(
        1.7, abs=0.05
    )
    assert electrons.max() == pytest.approx(4e6, rel=0.05)
    assert float(shell[electrons.argmax()]) == pytest.approx(4.4, abs=0.1)
    published: tuple[tuple[MapName, float, list[float], list[float]], ...] = (
        ("AP8MIN", 1.5, [10.0, 30.0, 100.0], [1.972e5, 3.777e4, 1.340e4]),
        ("AE8MAX", 4.0, [1.0], [3.198e6]),
        ("AE8MAX", 4.5, [0.5, 2.0], [1.109e7, 5.198e5]),
        ("AE8MAX", 6.6, [1.0], [4.79e5]),
    )
    for name, at, energies, expected in published:
        shell = DriftShell(jnp.asarray([at]), jnp.ones(1))
        got = np.asarray(trapped_spectrum(trapped_map(name), jnp.asarray(energies), shell))[0] * 1e-4
        assert got == pytest.approx(expected, rel=0.01)


def test_a_spectrum_is_the_flux_at_each_energy():
    random = np.random.default_rng(8)
    shell, ratio = jnp.asarray(random.uniform(1.15, 4.0, 50)), jnp.asarray(1.0 + random.uniform(0.0, 3.0, 50))
    energy = jnp.asarray(np.geomspace(0.1, 300.0, 12))
    flux_map = trapped_map("AP8MAX")
    spectrum = np.asarray(trapped_spectrum(flux_map, energy, DriftShell(shell, ratio)))
    for k, one in enumerate(energy):
        expected = np.asarray(_flux(flux_map, jnp.full(50, one), shell, ratio))
        np.testing.assert_allclose(spectrum[:, k], expected, rtol=1e-12)
    orbit = orbit_flux(flux_map, energy, DriftShell(shell, ratio))
    np.testing.assert_allclose(orbit.mean, spectrum.mean(axis=0), rtol=1e-12)
    np.testing.assert_array_equal(np.asarray(orbit.flux), spectrum)


def test_where_there_is_no_flux():
    """Below the belts, beyond them, above the last energy, on open lines: zero, and no derivative is NaN."""
    shell, ratio = jnp.asarray([1.05, 3.0, 100.0, 1.5, 14.0]), jnp.asarray([1.0, 600.0, 1e7, 1.0, 1.0])
    energy = jnp.asarray([30.0, 30.0, 1.0, 2000.0, 100.0])
    flux_map = trapped_map("AP8MIN")
    assert np.asarray(_flux(flux_map, energy, shell, ratio)) == pytest.approx(0.0, abs=0.0)
    gradient = jax.grad(lambda *at: jnp.sum(trapped_flux(flux_map, *at)), argnums=(0, 1, 2))(energy, shell, ratio)
    assert all(np.isfinite(part).all() for part in gradient)


def test_names_and_epochs():
    assert set(FIELD_EPOCHS) == set(MAP_NAMES)
    with pytest.raises(ValueError, match="AP8MIN, AP8MAX, AE8MIN, AE8MAX"):
        trapped_map("AP9")  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("name", "energy", "shell", "ratio"), [("AP8MIN", 35.0, 1.47, 1.31), ("AE8MAX", 1.3, 4.2, 2.6)]
)
def test_derivatives(name, energy, shell, ratio):
    """In energy, L and B/B0, forward and reverse, against central differences inside a cell (truncation 1e-8)."""
    flux_map = trapped_map(name)
    place = jnp.asarray([energy, shell, ratio])

    def log_flux(place):
        return jnp.log(trapped_flux(flux_map, place[:1], place[1:2], place[2:])[0])

    reverse, forward = jax.grad(log_flux)(place), jax.jacfwd(log_flux)(place)
    np.testing.assert_allclose(reverse, forward, rtol=1e-12)
    for k in range(3):
        step = jnp.zeros(3).at[k].set(1e-6)
        difference = float(log_flux(place + step) - log_flux(place - step)) / 2e-6
        assert difference != 0.0 and float(reverse[k]) == pytest.approx(difference, rel=1e-5)


def random_places(name, seed):
    """500 energies (MeV), L and B/B0 within a map, half of them where protons are, most above the loss cone."""
    random = np.random.default_rng(seed)
    lowest, highest = np.log([0.1, 300.0] if name.startswith("AP8") else [0.05, 5.5])
    energy = np.exp(random.uniform(lowest, highest, 500))
    shell = np.where(random.uniform(size=500) < 0.5, random.uniform(1.15, 3.0, 500), random.uniform(1.15, 6.5, 500))
    loss_cone = 0.6 * shell**3 * np.sqrt(4.0 - 3.0 / shell)
    ratio = np.exp(random.uniform(size=500) * random.uniform(size=500) * np.log(np.maximum(loss_cone, 1.1)))
    return energy, shell, ratio


@pytest.mark.parametrize("name", MAP_NAMES)
def test_against_radbelt(name):
    """500 points of each map by NASA's own program, which rounds as the original does, in single precision.

    Where a rounding of 6e-8 falls on another step of L or B/B0 one point may differ by the step, 1e-3.
    """
    radbelt = pytest.importorskip("radbelt")
    energy, shell, ratio = random_places(name, 100 + MAP_NAMES.index(name))
    kind = "p" if name.startswith("AP8") else "e"
    expected = np.asarray(radbelt.aep8(energy, shell, ratio, kind, "min" if name.endswith("MIN") else "max"), float)
    place = [jnp.asarray(part) for part in (energy, shell, ratio)]
    exact, smooth = (1e-4 * np.asarray(_flux(trapped_map(name), *place, quantized=each)) for each in (True, False))
    present = expected > 10.0
    assert present.sum() > 300
    error = np.abs(exact[present] / expected[present] - 1.0)
    assert np.quantile(error, 0.99) < 1e-5 and error.max() < 2e-3
    assert (exact[expected <= 1.0] <= 1.0 + 1e-6).all()
    error = smooth[present] / expected[present] - 1.0
    assert abs(np.median(error)) < 1e-3 and np.quantile(np.abs(error), 0.95) < 1e-2


@pytest.mark.parametrize("name", MAP_NAMES)
def test_against_aep8(name):
    """500 points of each map, as in the two tests of frozen values."""
    aep8 = pytest.importorskip("aep8")
    from astropy import units

    energy, shell, ratio = random_places(name, MAP_NAMES.index(name))
    protons = name.startswith("AP8")
    model = aep8.model("p" if protons else "e", "min" if name.endswith("MIN") else "max")
    expected = model.integral_flux_for_geomagnetic_coordinates(shell, ratio, energy * units.MeV).value
    place = [jnp.asarray(part) for part in (energy, shell, ratio)]
    exact, smooth = (1e-4 * np.asarray(_flux(trapped_map(name), *place, quantized=each)) for each in (True, False))
    present = np.isfinite(expected) & (expected > 1.0)
    assert present.sum() > 300
    np.testing.assert_allclose(exact[present], expected[present], rtol=1e-9)
    absent = np.isfinite(expected) & ~present
    assert (exact[absent] <= 1.0 + 1e-9).all()
    error = smooth[present & (expected > 10.0)] / expected[present & (expected > 10.0)] - 1.0
    assert abs(np.median(error)) < 1e-3 and np.quantile(np.abs(error), 0.95) < 1e-2
