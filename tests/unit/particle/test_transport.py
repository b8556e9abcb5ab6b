import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

from caloris_kernels.particle.elements import ELEMENT_NAMES
from caloris_kernels.particle.galactic import ATOMIC_NUMBER, MASS_NUMBER
from caloris_kernels.particle.nuclear import attenuation
from caloris_kernels.particle.stopping_power import ion_stopping_power
from caloris_kernels.particle.transport import csda_range, through_layers

ALUMINUM = jnp.array([1.0 if name == "Al" else 0.0 for name in ELEMENT_NAMES])
GRID = jnp.asarray(np.geomspace(1e-3, 10.0**5.3, 416))
ENERGY = jnp.broadcast_to(jnp.asarray(np.geomspace(0.1, 1e5, 301)), (28, 301))
Z = jnp.asarray(ATOMIC_NUMBER, dtype=float)
A = jnp.asarray(MASS_NUMBER)


@jax.jit
def transport(areal_density):
    fractions = jnp.broadcast_to(ALUMINUM, (areal_density.shape[0], ALUMINUM.shape[0]))
    return through_layers(ENERGY, GRID, Z, A, fractions, areal_density)


def test_nothing_changes_behind_nothing():
    incident, ratio = transport(jnp.zeros(2))
    # The output energies are nodes of the range table: rounding of exp(log) and of 400 sums.
    assert np.abs(np.asarray(incident / ENERGY) - 1.0).max() < 1e-12
    assert np.abs(np.asarray(ratio) - 1.0).max() < 1e-12


def test_two_layers_equal_one():
    one, ratio_of_one = transport(jnp.array([0.6858, 0.0]))
    two, ratio_of_two = transport(jnp.array([0.3, 0.3858]))
    # Range: fourth-order Hermite interpolation between 50 points a decade, (ln 10 / 50)^4 / 384 = 1e-8.
    assert np.abs(np.asarray(two / one) - 1.0).max() < 1e-7
    # Ratio: stopping power interpolated over its kink at 2 MeV, and cross-sections at two mean energies for one.
    assert np.abs(np.asarray(ratio_of_two / ratio_of_one) - 1.0).max() < 2e-3


def test_range_is_the_integral_of_the_inverse_stopping_power():
    stopping = jax.jit(ion_stopping_power)(GRID[None], jnp.ones(1), ALUMINUM)
    ranges = csda_range(GRID, stopping, jnp.ones(1))[0]
    one = jax.jit(lambda e: ion_stopping_power(e[None, None], jnp.ones(1), ALUMINUM)[0, 0])
    k = [200, 300]
    exact = quad(lambda x: np.exp(x) / float(one(np.exp(x))), *np.log(np.asarray(GRID)[k]), epsrel=1e-8, limit=200)[0]
    # Corrected trapezoidal rule on a smooth integrand of 50 points a decade; one kink at 2 MeV between
    # the limits (10 MeV to 1 GeV leave it out): fourth order, (ln 10 / 50)^4 / 720 times slopes of order 10.
    assert float(ranges[k[1]] - ranges[k[0]]) == pytest.approx(exact, rel=1e-6)


def test_slowing_down_conserves_particles():
    # Without nuclear losses the flux above E_in outside is the flux above E behind; here for a flux E^-2.
    incident, ratio = transport(jnp.array([0.6858, 0.0]))
    loss = 0.6858 * attenuation(jnp.sqrt(incident * ENERGY), Z, A, ALUMINUM)
    behind = np.asarray(ratio * jnp.exp(loss) / incident**2)
    x = np.log(np.asarray(ENERGY[0]))
    product = behind * np.asarray(ENERGY)
    number = (0.5 * (product[:, 1:] + product[:, :-1]) * np.diff(x)).sum(axis=1)
    exact = np.asarray(1.0 / incident[:, 0] - 1.0 / incident[:, -1])
    # Trapezoidal rule: (ln 10 / 50)^2 / 12 times the logarithmic slope squared (up to 2) is 7e-4.
    assert number == pytest.approx(exact, rel=1e-3)


def test_cross_sections_against_measured_ones():
    # Inelastic cross-section of protons on aluminum at 1 GeV: 445 mb (Letaw and others 1983 and PDG's
    # nuclear interaction length of aluminum, 107.2 g/cm2 at high energy: 418 mb); 5 % between them.
    energy = jnp.full((28, 1), 1000.0)
    inverse_length = np.asarray(attenuation(energy, Z, A, ALUMINUM))[:, 0]
    assert 1.0 / inverse_length[0] == pytest.approx(107.2, rel=0.08)
    # A heavier projectile is absorbed sooner (argon to potassium lose mass: compared where A increases).
    order = np.argsort(MASS_NUMBER[1:])
    assert (np.diff(inverse_length[1:][order]) > 0.0).all()
