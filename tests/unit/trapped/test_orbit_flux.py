"""Orbit averages of AP-8: published and measured means at 800 km, their dependence on field and moment, derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.constants import EARTH_RADIUS
from caloris_kernels.magnetic.drift_shell import drift_shell
from caloris_kernels.magnetic.field import days_of_year, dipole_moment, field_coefficients
from caloris_kernels.trapped.flux import orbit_flux
from caloris_kernels.trapped.flux_map import FIELD_EPOCHS, trapped_map

# CREME96, 800 km, 90 deg, AP8MIN: energies (MeV) and mean integral fluxes (m-2 s-1 sr-1), from the files of the run
# "q800a90i" of 2022-03-02 (IRBEM-extras, csda_rpp).
CREME96_ENERGY = [1.0, 3.0, 6.0, 15.0, 30.0, 50.0, 100.0]
CREME96_FLUX = np.array([4.6088e5, 2.2591e5, 1.6208e5, 1.2229e5, 1.0193e5, 8.4274e4, 5.1402e4])


def circular_orbit(radius, inclination, phases: int, longitudes: int):
    """Earth-fixed places of a circular orbit (m), all phases at all longitudes of the node alike."""
    phase = 2.0 * np.pi * (np.arange(phases) + 0.5) / phases
    node = 2.0 * np.pi * (np.arange(longitudes) + 0.25) / longitudes
    phase, node = (part.ravel() for part in np.meshgrid(phase, node, indexing="ij"))
    x, y, z = np.cos(phase), np.sin(phase) * jnp.cos(inclination), np.sin(phase) * jnp.sin(inclination)
    return radius * jnp.stack([np.cos(node) * x - np.sin(node) * y, np.sin(node) * x + np.cos(node) * y, z], axis=1)


@jax.jit
def mean_flux(year, radius, inclination, factor=1.0):
    """Mean integral fluxes above CREME96's energies (m-2 s-1); factor on the dipole moment."""
    coefficients = field_coefficients(days_of_year(year))
    position = circular_orbit(radius, inclination, 50, 40)
    shell = drift_shell(coefficients, position, factor * dipole_moment(coefficients))
    return orbit_flux(trapped_map("AP8MIN"), jnp.asarray(CREME96_ENERGY), shell).mean


def at_800(year, factor=1.0):
    return np.asarray(mean_flux(jnp.asarray(year), jnp.asarray(EARTH_RADIUS + 800e3), jnp.asarray(np.pi / 2), factor))


def test_means_by_field_epoch():
    """Above 30 MeV 117.3, 132.2 and 167.2 cm-2 s-1 at field epochs 1964, 1980 and 2020.

    Measured with an independent prototype; 2 %: 2000 places here and 4000 there, and 7 km in what "800 km" is counted
    from (the flux grows by 0.4 % a kilometer).
    """
    for year, expected in ((1964.0, 117.3), (1980.0, 132.2), (2020.0, 167.2)):
        assert at_800(year)[4] * 1e-4 == pytest.approx(expected, rel=0.02)


def test_against_creme96():
    """Every energy within 15 % with the field of the map's own epoch, 1964.

    With the field of 1980 the energies from 15 MeV on agree within 8 %, those below do not (+60 % above 1 MeV). Which
    field CREME96 read the map with is not known; NASA's radbelt, an independent code, gives the mean of 1980 above
    1 MeV within 1 % of ours.
    """
    own = at_800(FIELD_EPOCHS["AP8MIN"]) / (4.0 * np.pi) / CREME96_FLUX
    assert np.abs(own - 1.0).max() < 0.15
    later = at_800(1980.0) / (4.0 * np.pi) / CREME96_FLUX
    assert np.abs(later[3:] - 1.0).max() < 0.09
    assert later[0] == pytest.approx(1.6, abs=0.05)


def test_a_larger_moment_lifts_the_flux():
    """Hilton's formula with the moment 0.311653 G of old codes: +7 % in 1964, where the field's own is 0.3097 G."""
    moment = float(dipole_moment(field_coefficients(days_of_year(jnp.asarray(1964.0))))) * 1e4
    ratio = at_800(1964.0, 0.311653 / moment)[4] / at_800(1964.0)[4]
    assert ratio == pytest.approx(1.07, abs=0.01)


@pytest.mark.slow
def test_derivatives_in_altitude_and_inclination():
    """Forward and reverse against differences over 2 km and 0.02 deg.

    The mean is a sum of pieces with kinks between the map's cells, which 2000 places cross at random: 2 %.
    """
    energy = 30.0

    def mean(altitude, inclination):
        return mean_flux(jnp.asarray(1980.0), EARTH_RADIUS + altitude, inclination)[CREME96_ENERGY.index(energy)]

    at = jnp.asarray(1400e3), jnp.asarray(np.radians(52.0))
    reverse = jax.jit(jax.grad(mean, argnums=(0, 1)))(*at)
    ahead = jax.jit(lambda *tangent: jax.jvp(mean, at, tangent)[1])
    one, zero = jnp.ones(()), jnp.zeros(())
    forward = [ahead(one, zero), ahead(zero, one)]
    for k, step in enumerate((1e3, np.radians(0.01))):
        moved = [mean(*(x + s * step * (j == k) for j, x in enumerate(at))) for s in (1, -1)]
        difference = float(moved[0] - moved[1]) / (2.0 * step)
        assert difference != 0.0 and float(reverse[k]) == pytest.approx(difference, rel=0.02)
        assert float(forward[k]) == pytest.approx(float(reverse[k]), rel=1e-9)
