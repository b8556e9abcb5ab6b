import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

from caloris_kernels.particle.elements import ELEMENT_NAMES
from caloris_kernels.particle.galactic import ATOMIC_NUMBER, MASS_NUMBER
from caloris_kernels.particle.nuclear import attenuation_table
from caloris_kernels.particle.stopping_power import ion_stopping_power
from caloris_kernels.particle.transport import csda_range, layer_tables, shield_table, through_layers

ALUMINUM = jnp.array([1.0 if name == "Al" else 0.0 for name in ELEMENT_NAMES])
GRID = jnp.asarray(np.geomspace(1e-3, 10.0**5.3, 416))
ENERGY = jnp.broadcast_to(jnp.asarray(np.geomspace(0.1, 1e5, 301)), (28, 301))
Z = jnp.asarray(ATOMIC_NUMBER, dtype=float)
A = jnp.asarray(MASS_NUMBER)


@jax.jit
def transport(areal_density):
    fractions = jnp.broadcast_to(ALUMINUM, (areal_density.shape[0], ALUMINUM.shape[0]))
    return through_layers(ENERGY, layer_tables(GRID, Z, A, fractions), areal_density)


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
    # Ratio: the optical depth is a function of energy alone, so that layers compose; stopping power is interpolated
    # over its kink at 1 MeV.
    assert np.abs(np.asarray(ratio_of_two / ratio_of_one) - 1.0).max() < 1e-3


def test_range_is_the_integral_of_the_inverse_stopping_power():
    stopping = jax.jit(ion_stopping_power)(GRID[None], jnp.ones(1), ALUMINUM)
    ranges = csda_range(GRID, stopping, jnp.ones(1))[0]
    one = jax.jit(lambda e: ion_stopping_power(e[None, None], jnp.ones(1), ALUMINUM)[0, 0])
    k = [200, 300]
    exact = quad(lambda x: np.exp(x) / float(one(np.exp(x))), *np.log(np.asarray(GRID)[k]), epsrel=1e-8, limit=200)[0]
    # Corrected trapezoidal rule on a smooth integrand of 50 points a decade; one kink at 2 MeV between
    # the limits (10 MeV to 1 GeV leave it out): fourth order, (ln 10 / 50)^4 / 720 times slopes of order 10.
    assert float(ranges[k[1]] - ranges[k[0]]) == pytest.approx(exact, rel=1e-6)


TABLE = jax.jit(lambda: shield_table(GRID, Z, A, ALUMINUM))()


def test_optical_depth_is_the_integral_of_the_inverse_free_path():
    # Carbon from 20 to 700 MeV/u: 60 Gauss-Legendre points in ln E of A E / (S lambda).
    k = np.array([215, 292])
    node, weight = np.polynomial.legendre.leggauss(60)
    low, high = np.log(np.asarray(GRID)[k])
    energy = jnp.exp(jnp.asarray(0.5 * (high + low) + 0.5 * (high - low) * node))
    stopping = ion_stopping_power(energy[None], Z[5:6], ALUMINUM)
    inverse = attenuation_table(energy, Z[5:6], A[5:6], ALUMINUM)
    exact = 0.5 * (high - low) * float(jnp.sum(weight * A[5] * energy / stopping[0] * inverse[0]))
    depth = np.asarray(TABLE.optical_depth)[5, k]
    # The corrected trapezoidal rule, of fourth order at 50 points a decade.
    assert depth[1] - depth[0] == pytest.approx(exact, rel=1e-6)


def test_slowing_down_conserves_particles():
    # Without nuclear losses the flux above E_in outside is the flux above E behind; here for a flux E^-2.
    incident, ratio = transport(jnp.array([0.6858, 0.0]))
    x, depth = np.log(np.asarray(GRID)), np.asarray(TABLE.optical_depth)
    before = np.stack([np.interp(np.log(row), x, of) for row, of in zip(np.asarray(incident), depth, strict=True)])
    loss = before - np.stack([np.interp(np.log(np.asarray(ENERGY[0])), x, of) for of in depth])
    behind = np.asarray(ratio * jnp.exp(loss) / incident**2)
    x = np.log(np.asarray(ENERGY[0]))
    product = behind * np.asarray(ENERGY)
    number = (0.5 * (product[:, 1:] + product[:, :-1]) * np.diff(x)).sum(axis=1)
    exact = np.asarray(1.0 / incident[:, 0] - 1.0 / incident[:, -1])
    # Trapezoidal rule: (ln 10 / 50)^2 / 12 times the logarithmic slope squared (up to 2) is 7e-4.
    assert number == pytest.approx(exact, rel=1e-3)


def test_protons_without_losses():
    layer, two = jnp.array([20.0]), slice(0, 2)

    def ratio(losses):
        tables = layer_tables(GRID, Z[two], A[two], ALUMINUM[None], "geometric", losses)
        return np.asarray(jax.jit(lambda: through_layers(ENERGY[two], tables, layer)[1])())

    lost, kept = ratio(True), ratio(False)
    # 20 g/cm2 at 10 GeV: exp(-20/100); other ions are not touched.
    k = 250
    assert lost[0, k] / kept[0, k] == pytest.approx(np.exp(-20.0 / 100.0), rel=0.02)
    assert (lost[1:] == kept[1:]).all()


def test_batch_of_thicknesses_equals_single_ones():
    thickness = jnp.array([[0.0, 0.0], [0.1, 0.0], [5.0, 1.0]])
    incident, ratio = jax.jit(jax.vmap(transport))(thickness)
    one, single = transport(thickness[2])
    # The same operations in another order: rounding.
    assert np.asarray(incident[2] / one) == pytest.approx(1.0, abs=1e-12)
    assert np.asarray(ratio[2] / single) == pytest.approx(1.0, abs=1e-12)
    assert np.asarray(ratio[0]) == pytest.approx(1.0, abs=1e-12)
