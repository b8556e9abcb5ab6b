"""Gradients through shields, forward and reverse, against central differences; edges without NaN."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris.model.device import Device, HeavyIonResponse, ProtonResponse
from caloris.model.particles import ParticleEnvironment, ParticleSpectrum
from caloris.model.shield import ShieldLayer
from caloris_kernels.particle.materials import mass_fractions

ALUMINUM, POLYETHYLENE = (jnp.asarray(mass_fractions(name)) for name in ("Al", "polyethylene"))


def device(p):
    """A part behind a mixture of aluminum and polyethylene, with the share of the first."""
    fraction = p["share"] * ALUMINUM + (1.0 - p["share"]) * POLYETHYLENE
    shield = (ShieldLayer(fraction, p["thickness"]),)
    heavy_ion = HeavyIonResponse(0.5, 30.0, 1.3, 2e-5, [44.7, 44.8, 1.0])
    return Device(heavy_ion, ProtonResponse(30.0, 10.0, 1.2, 1e-10), shield=shield)


ENERGY = np.geomspace(10.0, 1e5, 40)
FLUX = np.outer([100.0, 10.0, 0.1, 0.02], ENERGY**-1.7)


def rate(p, flux_scale=1.0):
    spectrum = ParticleSpectrum(jnp.array([1, 2, 8, 26]), jnp.asarray(ENERGY), flux_scale * jnp.asarray(FLUX))
    return caloris.upset_rate(device(p), ParticleEnvironment((spectrum,), None, "")).rate_per_day


def response_rate(p):
    """The same by the device's response: the flux that it is asked for does not depend on the shield."""
    response = caloris.upset_response(device(p))
    row = jnp.where(response.energy >= 10.0, response.energy**-1.7, 0.0)
    flux = jnp.zeros_like(response.heavy_ion).at[jnp.array([0, 1, 7, 25])].set(jnp.outer(jnp.asarray(FLUX[:, 0]), row))
    return response.rate_per_day(flux)


def rate_of(x):
    """rate of [thickness, share, scale of the flux]."""
    return rate({"thickness": x[0], "share": x[1]}, x[2])


@pytest.fixture(scope="module")
def value_and_gradient():
    return eqx.filter_jit(jax.value_and_grad(rate_of))


def _against_differences(function, value_and_gradient, x, count):
    """Reverse mode against central differences and forward mode, in the first `count` numbers of x."""
    forward = eqx.filter_jit(lambda x, tangent: jax.jvp(function, (x,), (tangent,))[1])
    reverse = np.asarray(value_and_gradient(x)[1])
    for k in range(count):
        # A step wide against rounding (1e-13 / 1e-5), small against the distance of the tables' knots (5 %), where
        # second derivatives jump.
        step = jnp.zeros_like(x).at[k].set(1e-5 * x[k])
        ends = [float(value_and_gradient(x + sign * step)[0]) for sign in (1.0, -1.0)]
        difference = (ends[0] - ends[1]) / (2.0 * float(step[k]))
        assert difference != 0.0
        assert reverse[k] == pytest.approx(difference, rel=1e-5)
        unit = jnp.zeros_like(x).at[k].set(1.0)
        assert float(forward(x, unit)) == pytest.approx(reverse[k], rel=1e-9)
    # Hydrogen is the better shield per gram, and more of anything shields better.
    assert reverse[0] < 0.0 < reverse[1]


def test_gradients_by_thickness_and_composition(value_and_gradient):
    _against_differences(rate_of, value_and_gradient, jnp.array([3.0, 0.4, 1.0]), 3)


@pytest.mark.slow
def test_gradients_of_the_response():
    def function(x):
        return response_rate({"thickness": x[0], "share": x[1]})

    _against_differences(function, eqx.filter_jit(jax.value_and_grad(function)), jnp.array([3.0, 0.4]), 2)


@pytest.mark.parametrize(
    ("thickness", "share", "flux"),
    [(0.0, 1.0, 1.0), (0.0, 0.0, 0.0), (3.0, 0.4, 0.0), (500.0, 1.0, 1.0), (5000.0, 1.0, 1.0)],
)
def test_edges(value_and_gradient, thickness, share, flux):
    value, slope = value_and_gradient(jnp.array([thickness, share, flux]))
    assert np.isfinite(float(value)) and np.isfinite(np.asarray(slope)).all()
    # No particles: no upsets, and a derivative by the flux that is the rate itself.
    assert (float(value) == 0.0) == (flux == 0.0) and float(slope[2]) > 0.0
    if thickness == 0.0 and flux:
        assert float(slope[0]) < 0.0


def test_range_and_stopping_power():
    energy = jnp.array([0.02, 0.5, 30.0, 2000.0])
    layer = ShieldLayer(0.5 * ALUMINUM + 0.5 * POLYETHYLENE, 1.0)

    def ranges(energy, share):
        mixed = ShieldLayer(share * ALUMINUM + (1.0 - share) * POLYETHYLENE, 1.0)
        return caloris.ion_range(mixed, 26, energy)

    stopping = caloris.stopping_power(layer, 26, energy)
    tangents = jax.jit(lambda e: jax.jvp(lambda x: ranges(x, 0.5), (e,), (jnp.ones_like(e),))[1])(energy)
    # dR/dE = A / S; the table between its points keeps the slope of its ends, to (ln 10 / 60)^3 / 24 = 2e-6 times
    # logarithmic derivatives, more beside the kinks of S.
    assert np.asarray(tangents * stopping) == pytest.approx(56.0, rel=2e-4)
    both = jax.jit(lambda w: (jax.jacrev(ranges, 1)(energy, w), jax.jacfwd(ranges, 1)(energy, w)))
    reverse, forward = both(jnp.asarray(0.5))
    ends = [
        np.asarray(caloris.ion_range(ShieldLayer(w * ALUMINUM + (1 - w) * POLYETHYLENE, 1.0), 26, energy))
        for w in (0.5001, 0.4999)
    ]
    assert np.asarray(reverse) == pytest.approx((ends[0] - ends[1]) / 2e-4, rel=1e-6)
    assert np.asarray(forward) == pytest.approx(np.asarray(reverse), rel=1e-12)


def test_collisions():
    energy = jnp.array([60.0, 400.0, 3000.0])

    def loss(energy, share):
        mixed = ShieldLayer(share * ALUMINUM + (1.0 - share) * POLYETHYLENE, 1.0)
        made = jnp.sum(caloris.fragment_production(mixed, 26, energy), axis=-1)
        return caloris.collision_length(mixed, 26, energy) * made

    at = (energy, jnp.asarray(0.4))
    for number, step in ((0, 1e-4 * energy), (1, jnp.asarray(1e-4))):
        ends = [
            np.asarray(loss(*(x + sign * step if k == number else x for k, x in enumerate(at)))) for sign in (1, -1)
        ]
        tangent = tuple(jnp.ones_like(x) * (k == number) for k, x in enumerate(at))
        forward = np.asarray(jax.jit(lambda *t: jax.jvp(loss, at, t)[1])(*tangent))
        # Central differences of a smooth function: (1e-4)^2.
        assert forward == pytest.approx((ends[0] - ends[1]) / (2.0 * np.asarray(step)), rel=1e-6)
        assert (forward != 0.0).all()
        reverse = jax.jit(jax.grad(lambda *x: jnp.sum(loss(*x)), argnums=number))(*at)
        assert float(jnp.sum(reverse * tangent[number])) == pytest.approx(float(forward.sum()), rel=1e-12)


def test_collisions_of_what_does_not_collide():
    assert float(caloris.collision_length("H", 1, 100.0)) == np.inf
    with pytest.raises(ValueError, match="fragments are known of ions up to 28"):
        caloris.fragment_production("Al", 29, 100.0)
    with pytest.raises(
        ValueError, match="cross-section model 'sihver': allowed are charge-changing, geometric, tripathi"
    ):
        caloris.collision_length("Al", 26, 100.0, cross_section="sihver")  # pyright: ignore[reportArgumentType]
