import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris.model.device import Device, HeavyIonResponse, ProtonResponse
from caloris.model.particles import ParticleEnvironment
from caloris.model.shield import ShieldLayer
from caloris.model.shield_transport import ShieldTransport
from caloris.solve.response import FluxTable

PART = Device(
    HeavyIonResponse(0.5, 30.0, 1.0, 2e-5, [44.72136, 44.72136, 1.0]),
    ProtonResponse(30.0, 10.0, 1.0, 1e-11),
    bits=2.0,
    count=3.0,
    shield=(ShieldLayer.of("Al", None, 0.6858),),
)


@pytest.fixture(scope="module")
def response():
    return caloris.upset_response(PART)


@pytest.mark.parametrize("modulation", [0.0, 120.0])
def test_response_times_flux_is_the_rate(response, modulation):
    space = ParticleEnvironment.from_galactic(modulation)
    rate = caloris.upset_rate(PART, space)
    assert space.source is not None
    flux = space.source.flux(jnp.broadcast_to(response.energy, response.heavy_ion.shape))
    # E j linear in ln E between the response's energies, 50 a decade: (ln 10 / 50)^2 / 8 times a logarithmic
    # curvature of up to 1, 3e-4.
    expected = [rate.heavy_ion_rate_per_bit, rate.proton_rate_per_bit, rate.rate_per_day]
    got = [response.heavy_ion_rate_per_bit(flux), response.proton_rate_per_bit(flux), response.rate_per_day(flux)]
    assert np.array(got) == pytest.approx(np.array(expected), rel=5e-4)
    assert float(rate.rate_per_day) > 0.0
    many = response.rate_per_day(jnp.stack([flux, 2.0 * flux]))
    assert np.asarray(many / rate.rate_per_day) == pytest.approx([1.0, 2.0], rel=5e-4)


def test_who_upsets(response):
    heavy, proton, energy = (np.asarray(x) for x in (response.heavy_ion, response.proton, response.energy))
    assert (heavy[0] == 0.0).all() and (proton[1:] == 0.0).all()
    assert (heavy >= 0.0).all() and (proton >= 0.0).all()
    # Iron of less than 80 MeV/u, protons of less than 20 MeV end in 100 mil of aluminum (ranges: SRIM 0.66 g/cm2 at
    # 83 MeV/u; PSTAR 0.58 g/cm2 at 20 MeV); protons need 30 MeV behind it.
    assert (heavy[25, energy < 78.0] == 0.0).all() and heavy[25, energy > 110.0].min() > 0.0
    assert (proton[0, energy < 35.0] == 0.0).all() and proton[0, energy > 60.0].min() > 0.0


def test_choices_of_the_shield_reach_the_response(response):
    other = caloris.upset_response(PART, ShieldTransport("tripathi"))
    ratio = float(jnp.sum(other.heavy_ion[25]) / jnp.sum(response.heavy_ion[25]))
    # Two cross-sections of iron that differ by up to 8 %, of which 3 to 4 % of the iron is lost.
    assert ratio != 1.0 and ratio == pytest.approx(1.0, abs=0.01)
    with pytest.raises(ValueError, match="geometric, tripathi"):
        ShieldTransport("other")  # pyright: ignore[reportArgumentType]


def test_fragments_reach_the_response():
    # Iron alone behind 5 g/cm2 of polyethylene: what else upsets is made of it.
    energy = np.geomspace(10.0, 1e4, 400)
    iron = ParticleEnvironment.from_spectrum([26], energy, (energy + 200.0)[None] ** -2.5)
    part = Device(
        HeavyIonResponse(3.0, 20.0, 1.5, 4e-8, [2.0, 2.0, 1.0]),
        shield=(ShieldLayer.of("polyethylene", {"H": 0.1437, "C": 0.8563}, 5.0),),
    )
    followed = ShieldTransport(fragments=True)
    rate, bare = (caloris.upset_rate(part, iron, how) for how in (followed, ShieldTransport()))
    # Half of the iron has broken, into pieces of half its LET and less.
    assert 1.02 < float(rate.heavy_ion_rate_per_bit / bare.heavy_ion_rate_per_bit) < 2.0
    assert np.asarray(rate.flux_behind)[25] == pytest.approx(np.asarray(bare.flux_behind)[25], rel=1e-12)
    assert (np.asarray(rate.flux_behind)[2:25, 150] > 0.0).all()
    response = caloris.upset_response(part, followed)
    flux = iron.source.flux(jnp.broadcast_to(response.energy, response.heavy_ion.shape))  # pyright: ignore[reportOptionalMemberAccess]
    # The edges of the given spectrum fall between the response's energies: one of 150 that count.
    assert float(response.heavy_ion_rate_per_bit(flux) / rate.heavy_ion_rate_per_bit) == pytest.approx(1.0, rel=2e-3)
    with pytest.raises(ValueError, match='fragments need cross_section "charge-changing"'):
        ShieldTransport("tripathi", fragments=True)


def test_flux_table_is_exact_on_its_points_and_zero_outside():
    energy = jnp.asarray(np.geomspace(1.0, 100.0, 21))
    table = FluxTable(energy, jnp.arange(42.0).reshape(2, 21))
    assert np.asarray(table.flux(jnp.broadcast_to(energy, (2, 21)))) == pytest.approx(np.arange(42.0).reshape(2, 21))
    assert (np.asarray(table.flux(jnp.array([[0.5, 120.0], [0.9, 101.0]]))) == 0.0).all()
