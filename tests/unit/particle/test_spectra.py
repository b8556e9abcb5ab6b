import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.particle.elements import SILICON
from caloris_kernels.particle.galactic import galactic_flux, visible_sky_fraction
from caloris_kernels.particle.let_spectrum import (
    covered_let_flux,
    flux_per_bin,
    integral_let_flux,
    interpolate_flux,
    let_coverage,
)
from caloris_kernels.particle.stopping_power import ion_stopping_table


def test_galactic_flux_is_a_power_law_of_rigidity_at_high_energy():
    energy = jnp.broadcast_to(jnp.array([1e6, 2e6]), (28, 2))
    flux = galactic_flux(energy, jnp.asarray(0.0))
    momentum = np.sqrt(np.array([1e3, 2e3]) * (np.array([1e3, 2e3]) + 2 * 0.939))
    slope = np.log(np.asarray(flux[:, 1] / flux[:, 0])) / np.log(momentum[1] / momentum[0])
    # gamma of helium 2.77 and iron 2.63 (Matthia and others 2013, table 1). From 2 TV on the modulation factor
    # changes the slope by less than Delta R0 / R = 4.7 x 0.37 / 2000 = 9e-4.
    assert slope[[1, 25]] == pytest.approx([-2.77, -2.63], abs=1e-3)


def test_solar_activity_lowers_the_flux_most_at_low_energy():
    energy = jnp.broadcast_to(jnp.array([100.0, 1000.0, 1e5]), (28, 3))
    ratio = np.asarray(galactic_flux(energy, jnp.asarray(120.0)) / galactic_flux(energy, jnp.asarray(0.0)))
    assert (ratio < 1.0).all() and (np.diff(ratio, axis=1) > 0.0).all()
    assert (ratio[:, 0] < 0.25).all()


def test_planet_hides_half_the_sky_at_the_ground():
    radius = jnp.asarray(6371.2e3)
    assert float(visible_sky_fraction(jnp.asarray(0.0), radius)) == 0.5
    assert float(visible_sky_fraction(jnp.asarray(1e15), radius)) == pytest.approx(1.0, abs=1e-12)
    # Solid angle of the cap of half angle asin(R/(R+h)), counted by random directions: three standard errors.
    z = np.random.default_rng(1).uniform(-1.0, 1.0, 200_000)
    hidden = z < -np.sqrt(1.0 - (6371.2 / 7171.2) ** 2)
    error = 3.0 * np.sqrt(hidden.mean() * (1 - hidden.mean()) / z.size)
    assert float(visible_sky_fraction(jnp.asarray(800e3), radius)) == pytest.approx(1 - hidden.mean(), abs=error)


def test_let_spectrum_of_one_monotonic_ion():
    # S = 100 / E falls from 100 to 1 over E = 1 to 100 and the flux is 1 / E^2: the flux above LET L is that
    # below E = 100 / L, that is 1 - L / 100.
    energy = jnp.asarray(np.geomspace(1.0, 100.0, 401))
    flux = flux_per_bin(energy, (1.0 / energy**2)[None])
    let = jnp.array([2.0, 10.0, 50.0])
    value = integral_let_flux(flux, (100.0 / energy)[None], let)
    # Trapezoidal rule with 200 points a decade: (ln 10 / 200)^2 / 12 = 1.1e-5, and S linear within bins as much.
    assert value == pytest.approx(1.0 - np.asarray(let) / 100.0, rel=5e-5)


def test_let_spectrum_counts_every_particle_once():
    energy = jnp.asarray(np.geomspace(0.1, 10.0, 50))
    stopping = (2.0 - (jnp.log(energy)) ** 2 / 4.0)[None]  # rises and falls: a maximum inside
    flux = flux_per_bin(energy, jnp.ones((1, 50)))
    value = integral_let_flux(flux, stopping, jnp.array([0.1, 2.1]))
    assert value == pytest.approx([float(flux.sum()), 0.0], rel=1e-14)


def test_interpolation_between_points_and_beside_zeros():
    table_energy, table_flux = jnp.array([1.0, 10.0, 100.0]), jnp.array([100.0, 1.0, 0.0])
    energy = jnp.array([0.99, 1.0, 10.0**0.5, 10.0, 10.0**1.5, 100.0, 101.0])
    value = interpolate_flux(energy, table_energy, table_flux)
    assert value == pytest.approx([0.0, 100.0, 10.0, 1.0, 0.5, 0.0, 0.0], abs=1e-12)
    slope = jax.grad(lambda f: interpolate_flux(jnp.asarray([10.0**1.5]), table_energy, f)[0])(table_flux)
    # Half way in ln E beside a zero: half of each end.
    assert slope == pytest.approx([0.0, 0.5, 0.5], abs=1e-12)


@pytest.mark.slow
def test_covered_let_flux_equals_the_sum_over_all_bins():
    energy = jnp.asarray(np.geomspace(0.1, 1e5, 301))
    numbers = jnp.array([2.0, 14.0, 26.0])
    stopping = ion_stopping_table(energy, numbers, jnp.asarray(SILICON)) * 1e-3
    let = jnp.asarray(np.geomspace(1e-3, 1.2e2, 400))
    number = flux_per_bin(energy, jnp.outer(jnp.array([1.0, 0.1, 0.02]), energy**-1.7))
    exact = np.asarray(integral_let_flux(number, stopping, let))
    got = np.asarray(covered_let_flux(number, let_coverage(stopping, let), 400))
    # The same shares, summed in another order.
    assert got == pytest.approx(exact, rel=1e-12, abs=1e-14 * exact[0])
    # All below or above the grid: each bin counts once.
    high, low = let_coverage(1e6 * stopping, let), let_coverage(1e-9 * stopping, let)
    assert np.asarray(covered_let_flux(number, high, 400)) == pytest.approx(float(number.sum()))
    assert (np.asarray(covered_let_flux(number, low, 400)) == 0.0).all()
