# Curves are unpacked from maps, whose lengths pyright does not know.
# pyright: reportCallIssue=false

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris.model.device import Device, FigureOfMeritResponse, HeavyIonResponse
from caloris.model.particles import ParticleEnvironment
from caloris.solve.responses import proton_rate
from caloris_kernels.upset.bendel import bendel_one
from caloris_kernels.upset.cross_section import weibull
from caloris_kernels.upset.figure_of_merit import (
    figure_of_merit_cross_section,
    figure_of_merit_plateau,
    quarter_let,
)

CURVE = tuple(map(jnp.asarray, (1.5, 12.0, 1.4, 4e-8)))
ENERGY = np.geomspace(1.0, 1e3, 200)
BOTH = ParticleEnvironment.from_let_spectrum([0.1, 1.0, 40.0], [1.0, 0.1, 0.0], ([1], ENERGY, 1e3 / ENERGY[None]))


def test_relation_by_hand():
    # Petersen (1998): 4.5e4 sigma_p = sigma_h / L^2 at a quarter of the plateau, L = L0 + W 0.288^(1/s).
    letter = quarter_let(*CURVE[:3])
    assert float(letter) == pytest.approx(1.5 + 12.0 * 0.288 ** (1 / 1.4), rel=1e-3)  # the digits of 0.288
    assert float(weibull(letter, *CURVE)) == pytest.approx(1e-8, rel=1e-12)
    limit = figure_of_merit_plateau(*CURVE)
    assert 4.5e4 * float(limit) == pytest.approx(4e-8 / float(letter) ** 2, rel=1e-12)
    # 2.22e-5 is the same number the other way round: three digits.
    assert float(limit) == pytest.approx(2.22e-5 * 4e-8 / float(letter) ** 2, rel=2e-3)


def test_rise_is_bendels_of_that_plateau():
    energy = jnp.asarray([1.0, 20.0, 40.0, 100.0, 500.0, 1e6])
    sigma = figure_of_merit_cross_section(energy, *CURVE, jnp.asarray(1.0))
    limit = figure_of_merit_plateau(*CURVE)
    onset = 24.0 * (limit / 1e-12) ** (-1 / 14)
    assert np.asarray(sigma) == pytest.approx(np.asarray(bendel_one(energy, onset)), rel=1e-12)
    assert float(sigma[-1]) == pytest.approx(float(limit), rel=1e-9) and float(sigma[0]) == 0.0
    nothing = jax.jit(jax.value_and_grad(lambda p: figure_of_merit_cross_section(energy, *CURVE[:3], p, 1.0).sum()))
    assert [float(x) for x in nothing(jnp.asarray(0.0))] == [0.0, 0.0]


def test_derivatives_in_both_modes():
    def sigma(p):
        return figure_of_merit_cross_section(p[5], *p[:5]) * 1e14

    point = jnp.asarray([1.5, 12.0, 1.4, 4e-8, 1.0, 90.0])
    backward, forward, value = jax.jit(jax.grad(sigma))(point), jax.jit(jax.jacfwd(sigma))(point), jax.jit(sigma)
    steps = 1e-5 * np.diag(point)
    differences = [float(value(point + h) - value(point - h)) / (2 * h.max()) for h in steps]
    # Central differences of 1e-5 of each parameter: 1e-10 of third derivatives of order 100, and digits.
    assert np.asarray(backward) == pytest.approx(np.asarray(differences), rel=1e-7)
    assert np.asarray(forward) == pytest.approx(np.asarray(backward), rel=1e-12)


@pytest.mark.slow
def test_device_follows_its_heavy_ions():
    cell = HeavyIonResponse(*CURVE, [2.0, 2.0, 1.0])
    device = Device(cell, FigureOfMeritResponse())
    rate = caloris.upset_rate(device, BOTH)
    limit = float(figure_of_merit_plateau(*CURVE))
    flux = 4 * np.pi * 1e-4 * 1e3 * np.log(1e3 / 100.0)  # above 100 MeV, where the curve is near its plateau
    assert 0.7 < float(rate.proton_rate_per_bit) / (limit * flux) < 3.0
    # The heavy-ion onset moves the proton rate: nothing of the gradient is lost.
    gradient = eqx.filter_jit(
        jax.grad(lambda x: proton_rate(FigureOfMeritResponse(), rate.energy, rate.flux_behind[0], _with_onset(cell, x)))
    )(jnp.asarray(1.5))
    moved = [float(caloris.upset_rate(Device(_with_onset(cell, x), device.proton), BOTH).proton_rate_per_bit)
             for x in (1.5003, 1.4997)]  # fmt: skip
    assert float(gradient) == pytest.approx((moved[0] - moved[1]) / 6e-4, rel=1e-5)
    band = caloris.rate_uncertainty(device, rate)
    # The environment's factor 2 and the relation's 3 are 3.67; the heavy-ion curve's own spread comes on top.
    assert 3.67 < float(band.proton) < 5.0
    with pytest.raises(ValueError, match="figure of merit"):
        caloris.upset_rate(Device(proton=FigureOfMeritResponse()), BOTH)
    with pytest.raises(ValueError, match="figure of merit"):
        proton_rate(FigureOfMeritResponse(), rate.energy, rate.flux_behind[0])


def _with_onset(cell, onset):
    return eqx.tree_at(lambda c: c.onset, cell, onset)


def test_case_file():
    text = (
        '[particles]\ngalactic = { model = "matthia-2013", solar_modulation = 10 }\n[[device]]\npart = "LM7912"\n'
        'proton = { form = "figure of merit" }\n'
    )
    own = text.replace('part = "LM7912"', 'name = "x"\nheavy_ion = { method = "RPP", onset = "2 MeV cm^2/mg", '
                                          'plateau = "1e-8 cm^2", depth = "1 um" }')  # fmt: skip
    assert isinstance(caloris.build(caloris.parse_case(own)).device.proton, FigureOfMeritResponse)
    # The library's own curve is of another form, and goes; keys of it beside this form have no meaning.
    of_part = caloris.build(caloris.parse_case(text)).device
    assert isinstance(of_part.proton, FigureOfMeritResponse)
    assert of_part.heavy_ion is not None and float(of_part.heavy_ion.onset) == 0.5
    with pytest.raises(caloris.CaseError, match="no meaning"):
        caloris.parse_case(text.replace('"figure of merit"', '"figure of merit", onset = "30 MeV"'))
