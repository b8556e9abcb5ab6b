import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad

from caloris_kernels.upset.cross_section import mean_over_thresholds, weibull
from caloris_kernels.upset.rate import heavy_ion_upset_rate, proton_upset_rate
from caloris_kernels.upset.sensitive_volume import mean_normal_path, normal_area, volume_and_scale


def test_weibull_at_onset_and_far_above():
    value = weibull(jnp.array([0.2, 0.5, 30.5, 1e4]), *(jnp.asarray(x) for x in (0.5, 30.0, 1.7, 2e-5)))
    assert value == pytest.approx([0.0, 0.0, 2e-5 * (1 - np.exp(-1.0)), 2e-5], rel=1e-14, abs=0.0)


@pytest.mark.parametrize("exponent", [0.7, 1.0, 2.5, 4.0])
def test_mean_over_thresholds_is_the_integral_over_the_cross_section(exponent):
    # By parts: mean of exp(-x_q / 5) over thresholds = int sigma(x) exp(-x / 5) / 5 dx / plateau.
    def integrand(x):
        return float(-np.expm1(-(((x - 2.0) / 7.0) ** exponent))) * np.exp(-x / 5.0) / 5.0

    exact = quad(integrand, 2.0, 400.0, epsabs=1e-13, limit=300)[0]
    value = mean_over_thresholds(lambda x: jnp.exp(-x / 5.0), jnp.asarray(2.0), jnp.asarray(7.0), jnp.asarray(exponent))
    # Tanh-sinh of 64 nodes on a smooth function: limited by the reach of the nodes (1e-9 of the cells).
    assert float(value) == pytest.approx(exact, rel=1e-7)


def test_proton_rate_is_the_integral_of_cross_section_times_flux():
    energy = jnp.asarray(np.geomspace(1.0, 1e4, 4001))
    flux = energy**-1.5
    parameters = (30.0, 12.0, 2.2, 3e-12)
    rate = proton_upset_rate(energy, flux, *(jnp.asarray(x) for x in parameters))

    def integrand(x):
        e = np.exp(x)
        return -np.expm1(-(((e - 30.0) / 12.0) ** 2.2)) * e**-0.5

    exact = quad(integrand, np.log(30.0), np.log(1e4), epsrel=1e-10, limit=200)[0] * 3e-16 * 4 * np.pi
    # Trapezoidal rule in ln E with 1000 points a decade: (ln 10 / 1000)^2 / 12 = 4e-7; tails 1e-9.
    assert float(rate) / exact == pytest.approx(1.0, rel=2e-6)


def heavy_ion(plateau=6e-8, funnel=0.0, onset=2.0, edges=(3.0, 2.0, 0.5)):
    let = jnp.asarray(np.geomspace(1.0, 60.0, 300))
    flux = jnp.where(let < 50.0, let**-2.0, 0.0)
    parameters = (onset, 10.0, 1.5, plateau)
    return float(
        jax.jit(heavy_ion_upset_rate)(
            let,
            flux,
            *(jnp.asarray(x) for x in parameters),
            sensitive_volume=jnp.array(edges),
            funnel=jnp.asarray(funnel),
        )
    )


def test_rate_is_linear_in_the_plateau():
    # Rounding only.
    assert heavy_ion(plateau=6.3e-8) / heavy_ion() == pytest.approx(1.05, rel=1e-14)


def test_rate_of_a_wide_thin_cell_is_that_of_an_effective_flux():
    # A cell much wider than deep sees L / cos(angle): R = plateau int over directions; for a sharp threshold L0
    # and one LET L < L0 the share of tracks with h / cos > h L0 / L is (L / L0)^2, so R = 2 pi (ab) j (L / L0)^2.
    let = jnp.array([4.999999, 5.000001])
    args = (jnp.asarray(x) for x in (10.0, 1e-9, 1.0, 1e-2))
    box, funnel = jnp.array([1e3, 1e3, 0.1]), jnp.asarray(0.0)
    rate = heavy_ion_upset_rate(let, jnp.array([1.0, 0.0]), *args, sensitive_volume=box, funnel=funnel)
    # The closed box has sides too: 2 ab of its surface S is all but 2 h / a = 2e-4 of it, and tracks that enter or
    # leave through a side are a share of the same order.
    assert float(rate) / (2.0 * np.pi * 1e-6 * 0.25) == pytest.approx(1.0, rel=2e-3)


def test_funnel_against_random_tracks(sampled_chords):
    count = 400_000
    chord = sampled_chords((3.0, 2.0, 0.5), count, seed=3)
    # LETs of F = L^-2 from 1 to 50 by inverse sampling, thresholds of the Weibull curve; a funnel of 0.3 um.
    random = np.random.default_rng(4)
    let = (1.0 - random.uniform(size=count) * (1.0 - 50.0**-2.0)) ** -0.5
    threshold = 2.0 + 10.0 * random.exponential(size=count) ** (1 / 1.5)
    upset = let * (chord + 0.3) > threshold * 0.8
    surface = 2.0 * (6.0 + 1.0 + 1.5) * 1e-12
    rate = np.pi * surface * (1.0 - 50.0**-2.0) * upset.mean()
    # Three standard errors of the count (2 %), and 5e-3 for the bin of LET over which the cut at 50 is smeared.
    error = 3.0 * np.sqrt((1 - upset.mean()) / upset.sum()) + 5e-3
    assert upset.sum() > 10_000
    exact = heavy_ion(funnel=0.3)
    assert rate / exact == pytest.approx(1.0, rel=error)
    assert heavy_ion(funnel=0.0) / exact > 1.1


def test_sphere_upsets_like_its_beam_curve_from_all_sides():
    # R = 4 pi int (-dF/dL) sigma_beam(L) dL, sigma_beam = sigma int_0^L (1 - (l / L)^2) w(l) dl, w Weibull's density.
    def beam_share(let):
        def integrand(threshold):
            x = (threshold - 2.0) / 10.0
            return (1.0 - (threshold / let) ** 2) * 0.15 * x**0.5 * np.exp(-(x**1.5))

        return quad(integrand, 2.0, let, epsabs=1e-12)[0]

    # F = L^-2 from 2 to 50, cut off there: -dF/dL = 2 L^-3, and what is left at 50.
    exact = quad(lambda let: 2.0 * let**-3.0 * beam_share(let), 2.0, 50.0, epsabs=1e-10)[0] + beam_share(50.0) / 2500.0
    plateau = 0.25 * np.pi * 4.0 * 1e-8
    rate = heavy_ion(plateau=plateau, edges=(2.0,))
    # 300 LETs from 1 to 60, tracks linear between them: the last bin below the cut spreads over 1.4 % in LET.
    assert rate / (4.0 * np.pi * plateau * 1e-4 * exact) == pytest.approx(1.0, rel=5e-3)


@pytest.mark.parametrize(("volume", "area", "path"), [((2.0,), np.pi, 4.0 / 3.0), ((3.0, 2.0, 0.5), 6.0, 0.5)])
def test_volume_is_area_times_mean_path(volume, area, path):
    sizes = jnp.array(volume)
    assert float(normal_area(sizes)) == pytest.approx(area, rel=1e-14)
    assert float(mean_normal_path(sizes)) == pytest.approx(path, rel=1e-14)


def test_volume_of_two_sizes_is_an_error():
    with pytest.raises(ValueError, match=r"shape \(2,\): allowed are \(3,\), the sides of a box, and \(1,\)"):
        volume_and_scale(jnp.asarray(1e-8), jnp.ones(2))
