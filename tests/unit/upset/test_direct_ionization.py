"""Protons that slow down and stop in the volume, and cells struck in a row, against sampling and closed forms."""
# Curves are unpacked from arrays and maps, whose lengths pyright does not know.
# pyright: reportCallIssue=false, reportArgumentType=false

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.particle.elements import SILICON
from caloris_kernels.particle.stopping_power import ion_stopping_power
from caloris_kernels.particle.transport import csda_range
from caloris_kernels.upset.direct_ionization import SILICON_DENSITY, direct_proton_upset_rate, path_of_loss
from caloris_kernels.upset.multiplicity import multiplicity, upset_cells

ENERGY = jnp.geomspace(0.1, 1e4, 251)
FLUX = 1e3 * ENERGY**-1.2
PATH = jax.jit(path_of_loss)
RATE = jax.jit(lambda p: direct_proton_upset_rate(ENERGY, FLUX, p[0], p[1], p[2], p[3], p[4:7], p[7]))
# Onset, width, exponent, plateau (2 um2), edges, funnel.
CELL = jnp.array([0.2, 2.0, 1.3, 2e-8, 1.25, 1.6, 0.8, 0.1])


@cache
def _ranges():
    """Energies and ranges in silicon (um) by the transport's own table."""
    grid = jnp.geomspace(1e-4, 300.0, 1200)

    @jax.jit
    def table(grid):
        stopping = ion_stopping_power(grid[None], jnp.ones(1), jnp.asarray(SILICON))
        return csda_range(grid, stopping, jnp.ones(1))[0]

    return np.asarray(grid), np.asarray(table(grid)) / SILICON_DENSITY * 1e4


def _range(energy):
    return np.interp(energy, *_ranges())


def test_path_is_the_difference_of_ranges():
    for lost, left in ((0.1, 0.01), (1.0, 0.01), (10.0, 0.1), (0.1, 1.0), (20.0, 50.0)):
        path = float(PATH(jnp.asarray(lost), jnp.array([left]))[0])
        # Straight lines in a table of 185 points a decade: 1e-3 of the difference.
        assert path == pytest.approx(_range(lost + left) - _range(left), rel=2e-3)


def test_a_cell_that_stops_everything_counts_protons_above_its_charge():
    # Chords of centimeters and a charge of 0.233 MeV cm2/mg um: nearly all that enter with more than that upset it.
    edge, threshold = 3e4, 1e-3
    charge = threshold * 1e3 * SILICON_DENSITY * edge / 1e4  # 7 MeV
    flux = jnp.where(ENERGY < 40.0, FLUX, 0.0)  # ranges up to 8 mm
    rate = jax.jit(direct_proton_upset_rate)(
        ENERGY, flux, *map(jnp.asarray, (threshold, 0.0, 1.0, edge**2 * 1e-8)), jnp.full(3, edge), jnp.zeros(())
    )
    above = np.linspace(charge, 40.0, 20001)
    expected = np.pi * 6 * edge**2 * 1e-12 * np.trapezoid(1e3 * above**-1.2, above)
    # Tracks that cut corners on less than their range: 3 % of the cube's surface; the flux ends between two points.
    assert float(rate) == pytest.approx(expected, rel=0.06)
    assert float(rate) < expected


def test_sampled_protons(sampled_chords):
    """One threshold: chords and energies drawn, the energy left along each chord from the table of ranges."""
    count = 400_000
    edges, threshold = np.array([1.25, 1.6, 0.8]), 0.3
    chord = sampled_chords(edges, count, 3)
    energy = np.exp(np.random.default_rng(4).uniform(np.log(0.05), np.log(50.0), count))
    weight = np.log(50.0 / 0.05) * energy * 1e3 * np.maximum(energy, 0.1) ** -1.2
    reach, grid = _range(energy), np.geomspace(1e-4, 60.0, 4000)
    left = np.where(reach > chord, np.interp(reach - chord, _range(grid), grid), 0.0)
    upset = energy - left >= threshold * 1e3 * SILICON_DENSITY * edges[2] / 1e4
    surface = 2 * (edges[0] * edges[1] + edges[1] * edges[2] + edges[2] * edges[0]) * 1e-12
    expected = np.pi * surface * np.mean(weight * upset)
    spread = np.pi * surface * np.std(weight * upset) / np.sqrt(count)
    rate = float(RATE(jnp.array([threshold, 0.0, 1.0, 2e-8, *edges, 0.0])))
    # Three standard deviations of the sample (1 %), and 1e-3 of the tables.
    assert rate == pytest.approx(expected, abs=3 * spread + 2e-3 * expected)
    # Constant LET would count slow protons on long chords too.
    slow = upset | (chord * 0.175 * SILICON_DENSITY * 0.1 / energy > 0)  # every one that enters
    assert rate < np.pi * surface * np.mean(weight * slow)


def test_compiled_program_is_what_its_operations_say():
    slowly = float(direct_proton_upset_rate(ENERGY, FLUX, *CELL[:4], CELL[4:7], CELL[7]))
    assert float(RATE(CELL)) == pytest.approx(slowly, rel=1e-12)  # sums in another order


def test_gradients_of_direct_ionization():
    reverse = jax.jit(jax.grad(RATE))(CELL)
    for k in range(CELL.size):
        step = 1e-5 * CELL[k] * jnp.eye(CELL.size)[k]
        forth = [float(RATE(CELL + n * step)) for n in (1, -1, 2, -2)]
        difference = (8 * (forth[0] - forth[1]) - (forth[2] - forth[3])) / (12 * 1e-5 * float(CELL[k]))
        # Kinks of tables and chords that the step crosses, each of 1e-3 of the rate times the step.
        assert float(reverse[k]) / difference == pytest.approx(1.0, rel=1e-5)


def test_nothing_is_not_a_number():
    gradient = jax.jit(jax.grad(lambda p, f: direct_proton_upset_rate(ENERGY, f, *p[:4], p[4:7], p[7])))
    assert np.isfinite(np.asarray(gradient(CELL, 0.0 * FLUX))).all()
    for change in ({6: 0.0}, {0: 0.0}, {7: 0.0}, {4: 0.8, 5: 0.8}):
        parameters = CELL
        for k, value in change.items():
            parameters = parameters.at[k].set(value)
        assert np.isfinite(float(RATE(parameters)))
        assert np.isfinite(np.asarray(gradient(parameters, FLUX))).all()


def _sampled_cells(ratio, a, pitch, depth, count=400_000):
    """Shares of isotropic tracks through a layer by the cells that they upset in a row."""
    random = np.random.default_rng(1)
    z, azimuth = np.sqrt(random.uniform(size=count)), random.uniform(0, 2 * np.pi, count)
    x = np.maximum(np.sqrt(1 - z**2) * abs(np.cos(azimuth)), 1e-12)
    start, length = random.uniform(0, pitch, count), depth * x / z
    cells = np.zeros(count, int)
    for k in range(60):
        covered = np.minimum(start + length, k * pitch + a) - np.maximum(start, k * pitch)
        cells += (covered > 0) & (covered / x * ratio >= depth)
    return np.array([np.mean(cells == k) for k in (1, 2, 3)] + [np.mean(cells >= 4)])


@pytest.mark.parametrize("ratio", [0.3, 1.0, 3.0, 30.0])
def test_cells_in_a_row_against_sampling(ratio):
    shares = np.asarray(upset_cells(jnp.array([ratio]), jnp.array([1.0, 1.0, 1.0]), jnp.asarray(1.2), 4))[0]
    sampled = _sampled_cells(ratio, 1.0, 1.2, 1.0)
    # Three standard deviations of the sample, and 2e-3 for kinks between 24 x 24 directions; long runs of the sample
    # end after sixty cells.
    assert shares == pytest.approx(sampled, abs=3 * np.sqrt(sampled.max() / 400_000) + 2e-3 * sampled.max())


def test_multiplicity_is_a_distribution_with_a_gradient():
    let = jnp.geomspace(1e-2, 1e2, 150)
    flux = let**-2.5

    def mean(p):
        shares = multiplicity(let, flux, p[0], p[1], p[2], p[3:6], p[6], most=4)
        return shares @ jnp.arange(1.0, 5.0), jnp.sum(shares)

    point = jnp.array([0.5, 5.0, 1.5, 1.0, 1.0, 1.0, 1.2])
    (value, total), gradient = jax.jit(jax.value_and_grad(mean, has_aux=True))(point)
    assert float(total) == pytest.approx(1.0, rel=1e-12) and 1.0 < float(value) < 2.0
    for k in (0, 1, 2, 3, 5, 6):
        step = 1e-6 * jnp.eye(7)[k]
        difference = (float(mean(point + step)[0]) - float(mean(point - step)[0])) / 2e-6
        # Kinks of runs that begin or end between the directions: 1e-4 each over the step.
        assert float(gradient[k]) == pytest.approx(difference, rel=2e-3, abs=1e-5)
    nothing = multiplicity(let, 0.0 * flux, *point[:3], point[3:6], point[6], most=4)
    assert np.asarray(nothing).tolist() == [1.0, 0.0, 0.0, 0.0]
