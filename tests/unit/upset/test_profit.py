# Curves are unpacked from maps, whose lengths pyright does not know.
# pyright: reportCallIssue=false

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris.model.device import Device, HeavyIonResponse, ProfitResponse
from caloris.model.particles import ParticleEnvironment
from caloris.solve.responses import proton_rate
from caloris_kernels.particle.nuclear import tripathi_cross_section
from caloris_kernels.upset.cross_section import weibull
from caloris_kernels.upset.profit import NUCLEI, profit_cross_section
from caloris_kernels.upset.recoil_tables import (
    ELASTIC_CROSS_SECTION,
    ELASTIC_MEAN,
    ELASTIC_SHAPE,
    MEAN,
    PROTON_ENERGY,
    SHAPE,
    YIELD,
)
from caloris_kernels.upset.recoils import RECOIL_ENERGY, ionizing_energy, recoil_let, recoil_stopping

CURVE = tuple(map(jnp.asarray, (1.5, 12.0, 1.4, 4e-8)))
STEP = tuple(map(jnp.asarray, (4.0, 0.0, 1.0, 4e-8)))
DEPTH = jnp.asarray(2.0)
ENERGY = np.geomspace(1.0, 1e3, 200)
BOTH = ParticleEnvironment.from_let_spectrum([0.1, 1.0, 40.0], [1.0, 0.1, 0.0], ([1], ENERGY, 1e3 / ENERGY[None]))


def test_stopping_of_recoils():
    # SRIM's tables in PRBEM/IRBEM-extras csda_rpp, MeV cm2/mg in silicon at 1, 3 and 10 MeV. The bound is the
    # docstring's; Lindhard and Scharff alone are 30 % below, the effective charge alone up to 47 % above.
    charge, mass = jnp.asarray([2.0, 8.0, 12.0, 14.0]), jnp.asarray([4.0, 16.0, 24.3, 28.0])
    srim = [[1.314, 0.818, 0.389], [4.687, 6.982, 6.870], [4.482, 8.486, 11.269], [5.296, 9.547, 12.969]]
    energy = jnp.broadcast_to(jnp.asarray([1.0, 3.0, 10.0]), (4, 3))
    assert np.asarray(recoil_stopping(energy, charge, mass)) == pytest.approx(np.array(srim), rel=0.16)


def test_lindhards_share_of_silicon_in_silicon():
    # Robinson's formula for equal partners: E_L = 86.931 Z^(7/3) eV, k = 0.1337 Z^(1/6) (Z / A)^(1/2).
    energy = np.array([0.01, 0.1, 1.0, 30.0])
    e = energy * 1e6 / (86.931 * 14.0 ** (7 / 3))
    g = 0.1337 * 14.0 ** (1 / 6) * (14.0 / 28.0855) ** 0.5 * (e + 0.40244 * e**0.75 + 3.4008 * e ** (1 / 6))
    given = ionizing_energy(jnp.asarray(energy[None]), jnp.asarray([14.0]), jnp.asarray([28.0855]))
    assert np.asarray(given)[0] == pytest.approx(energy * g / (1.0 + g), rel=2e-3)  # digits of the constants
    assert float(given[0, 2]) == pytest.approx(0.835, rel=5e-3)


def test_recoils_give_no_more_than_they_have():
    short, long = np.asarray(recoil_let(jnp.asarray(1e-3))), np.asarray(recoil_let(jnp.asarray(500.0)))
    given = np.asarray(ionizing_energy(*_all_recoils()))
    # A path of a nanometer has the LET at birth (the quadrature between edges 10 % apart leaves 4 %)...
    energy, charge, mass = _all_recoils()
    birth = np.asarray(recoil_stopping(energy, charge, mass))
    middle = (RECOIL_ENERGY > 0.3) & (RECOIL_ENERGY < 50.0)
    assert short[:, middle] == pytest.approx(birth[:, middle], rel=0.05)
    # ...and one of half a millimeter stops all but helium, up to 60 MeV.
    stopped = RECOIL_ENERGY < 60.0
    assert long[1:, stopped] * 500.0 * 0.2329 == pytest.approx(given[1:, stopped], rel=1e-6)
    assert np.all(np.asarray(recoil_let(DEPTH)) * 2.0 * 0.2329 <= given * (1.0 + 1e-9))


def _all_recoils():
    charge = jnp.asarray([2.0, 3.4, 6.5, 8.3, 10.0, 11.0, 12.0, 13.0, 14.0, 14.0])
    mass = jnp.asarray([3.9, 7.1, 13.3, 16.8, 20.7, 22.7, 24.6, 26.5, 27.5, 28.0855])
    return jnp.broadcast_to(jnp.asarray(RECOIL_ENERGY), (10, RECOIL_ENERGY.size)), charge, mass


def test_against_the_sum_over_drawn_recoils():
    # The same sum by drawing energies from the gamma distributions, at a proton energy of the table.
    random, j = np.random.default_rng(3), int(np.argmin(abs(PROTON_ENERGY - 100.0)))
    let, mean = np.asarray(recoil_let(DEPTH)), 0.0
    rows = [(YIELD[j, k] * _reactions(100.0), MEAN[j, k], SHAPE[j, k], k) for k in range(9)]
    rows.append((ELASTIC_CROSS_SECTION[j], ELASTIC_MEAN[j], ELASTIC_SHAPE[j], 9))
    for sigma, energy, shape, k in rows:
        drawn = random.gamma(shape, energy / shape, 200_000)
        mean += sigma * float(weibull(jnp.asarray(np.interp(drawn, RECOIL_ENERGY, let[k])), *CURVE).mean())
    expected = NUCLEI * 2e-4 * mean * 1e-27
    # 200000 draws of each: half a percent.
    assert float(profit_cross_section(jnp.asarray(100.0), *CURVE, DEPTH)) == pytest.approx(expected, rel=0.01)


def _reactions(energy):
    return float(tripathi_cross_section(*map(jnp.asarray, (energy, 1.0, 1.0, 28.0855, 14.0))))


def test_limits():
    energy = jnp.asarray([1.0, 5.0, 8.0, 100.0, 1e3, 5e3])
    sigma = np.asarray(profit_cross_section(energy, *CURVE, DEPTH))
    assert sigma[0] == 0.0 and 0.0 < sigma[1] < sigma[2] < sigma[3] and sigma[5] == sigma[4]
    # A cell that everything upsets has the ions of its nuclei: collisions times ions of each.
    every = profit_cross_section(jnp.asarray(100.0), *map(jnp.asarray, (1e-6, 0.0, 1.0, 4e-8)), DEPTH)
    j = int(np.argmin(abs(PROTON_ENERGY - 100.0)))
    ions = _reactions(100.0) * YIELD[j].sum() + ELASTIC_CROSS_SECTION[j]
    assert float(every) == pytest.approx(NUCLEI * 2e-4 * 4e-8 * ions * 1e-27, rel=1e-9)
    # No recoil of protons reaches an LET of 14 (Bragg's peak of silicon, 13.8 here).
    hard = profit_cross_section(jnp.asarray(500.0), *map(jnp.asarray, (14.0, 10.0, 1.0, 4e-8)), DEPTH)
    assert float(hard) == 0.0
    thin = [float(profit_cross_section(jnp.asarray(150.0), *CURVE, jnp.asarray(d))) / d for d in (1e-6, 1e-3)]
    assert thin[0] == pytest.approx(thin[1], rel=1e-6)
    assert float(profit_cross_section(jnp.asarray(150.0), *CURVE, jnp.asarray(0.0))) == 0.0


@pytest.mark.parametrize("curve", [CURVE, STEP], ids=["weibull", "step"])
def test_derivatives_in_both_modes(curve):
    free = [0, 1, 2, 3] if float(curve[1]) > 0.0 else [0, 3]

    def sigma(p):
        given = [p[k] if k in free else curve[k] for k in range(4)]
        return profit_cross_section(p[5], *given, p[4]) * 1e14

    point = jnp.asarray([*curve, 2.0, 90.0])
    backward, forward, value = jax.jit(jax.grad(sigma))(point), jax.jit(jax.jacfwd(sigma))(point), jax.jit(sigma)
    steps = 1e-6 * np.diag(point)
    differences = [float(value(point + h) - value(point - h)) / max(2 * h.max(), 1e-300) for h in steps]
    chosen = [*free, 4, 5]
    # Straight lines between the edges of energy bins: differences across one of their kinks, digits otherwise.
    assert np.asarray(backward)[chosen] == pytest.approx(np.asarray(differences)[chosen], rel=1e-5)
    assert np.asarray(forward) == pytest.approx(np.asarray(backward), rel=1e-10, abs=1e-14)
    assert np.all(np.isfinite(backward)) and np.all(np.asarray(backward)[chosen] != 0.0)


@pytest.mark.slow
def test_device_follows_its_heavy_ions():
    cell = HeavyIonResponse(*CURVE, [2.0, 2.0, 1.5], 0.5)
    rate = caloris.upset_rate(Device(cell, ProfitResponse()), BOTH)
    same = caloris.upset_rate(Device(cell, ProfitResponse(2.0)), BOTH)  # depth and funnel
    assert float(rate.proton_rate_per_bit) == pytest.approx(float(same.proton_rate_per_bit), rel=1e-12)
    gradient = eqx.filter_jit(
        jax.grad(lambda x: proton_rate(ProfitResponse(), rate.energy, rate.flux_behind[0], _with_onset(cell, x)))
    )(jnp.asarray(1.5))
    moved = [float(caloris.upset_rate(Device(_with_onset(cell, x), ProfitResponse()), BOTH).proton_rate_per_bit)
             for x in (1.5003, 1.4997)]  # fmt: skip
    assert float(gradient) == pytest.approx((moved[0] - moved[1]) / 6e-4, rel=1e-4)
    band = caloris.rate_uncertainty(Device(cell, ProfitResponse()), rate)
    # The environment's factor 2 and the model's 3 are 3.67; the heavy-ion curve's own spread comes on top.
    assert 3.67 < float(band.proton) < 6.0
    with pytest.raises(ValueError, match="PROFIT"):
        caloris.upset_rate(Device(proton=ProfitResponse()), BOTH)
    with pytest.raises(ValueError, match="PROFIT"):
        proton_rate(ProfitResponse(), rate.energy, rate.flux_behind[0])


def _with_onset(cell, onset):
    return eqx.tree_at(lambda c: c.onset, cell, onset)


@pytest.mark.parametrize(
    "heavy, proton, depth",
    [
        ('method = "effective flux"', "", 2.0),
        ('method = "effective flux"', ', depth = "3 um"', 3.0),
        ('depth = "1 um"', "", None),
        ('depth = "1 um"', ', depth = "3 um"', 3.0),
    ],
)
def test_depth_from_the_case_file(heavy, proton, depth):
    curve = 'onset = "2 MeV cm^2/mg", width = "20 MeV cm^2/mg", exponent = 1.5, plateau = "1e-8 cm^2"'
    text = (
        '[particles]\ngalactic = { model = "matthia-2013", solar_modulation = 10 }\n[[device]]\nname = "x"\n'
        f'heavy_ion = {{ {curve}, {heavy} }}\nproton = {{ form = "PROFIT"{proton} }}\n'
    )
    response = caloris.build(caloris.parse_case(text)).device.proton
    assert isinstance(response, ProfitResponse)
    assert (None if response.depth is None else float(response.depth)) == depth
