"""Differential spectra out of integral ones: what is exact, how large the error is, what happens without particles."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.particle.integral_spectrum import differential_flux, integral_flux
from caloris_kernels.trapped.flux_map import map_energies

LEVEL = map_energies("AP8MIN")
_flux = jax.jit(lambda energy, above: differential_flux(energy, LEVEL, above))
_integral = jax.jit(lambda energy, above: integral_flux(energy, LEVEL, above))


def exponential(energy):
    return np.exp(-energy / 80.0)


SPECTRA = {
    "power law": (lambda e: e**-1.7, lambda e: 1.7 * e**-2.7),
    "exponential": (exponential, lambda e: exponential(e) / 80.0),
    "sum": (lambda e: 1e3 * e**-1.2 + 1e2 * exponential(e), lambda e: 1.2e3 * e**-2.2 + 1.25 * exponential(e)),
    "product": (lambda e: e**-0.3 * exponential(e), lambda e: e**-0.3 * exponential(e) * (0.3 / e + 1 / 80)),
}


@pytest.mark.parametrize("name", SPECTRA)
def test_error_between_the_levels(name):
    """The errors that the docstring states; a power law is a straight line here and exact to rounding."""
    integral, differential = SPECTRA[name]
    energy = np.geomspace(0.1, 400.0, 700)
    error = np.abs(np.asarray(_flux(jnp.asarray(energy), jnp.asarray(integral(LEVEL)))) / differential(energy) - 1.0)
    middle = (energy > 0.2) & (energy < 300.0)
    assert error[middle].max() < (1e-12 if name == "power law" else 0.03)
    assert error[energy <= 0.2].max() < 0.13 and error[energy >= 300.0].max() < 0.15


def test_integral_is_kept():
    """Through every level, and the differential spectrum integrates to the differences (64-point Gauss: 1e-9)."""
    above = np.asarray(SPECTRA["sum"][0](LEVEL))
    np.testing.assert_allclose(_integral(jnp.asarray(LEVEL), jnp.asarray(above)), above, rtol=1e-12)
    node, weight = np.polynomial.legendre.leggauss(64)
    half, middle = 0.5 * np.diff(np.log(LEVEL))[:, None], 0.5 * np.log(LEVEL[1:] * LEVEL[:-1])[:, None]
    energy = np.exp(middle + half * node)
    between = np.sum(half * weight * energy * np.asarray(_flux(jnp.asarray(energy), jnp.asarray(above))), axis=1)
    np.testing.assert_allclose(between, -np.diff(above), rtol=1e-9)


def test_tail_and_start():
    """Above the last level an exponential that holds what is left; below the first nothing."""
    above = jnp.asarray(exponential(LEVEL))
    energy = np.linspace(400.0, 3000.0, 20001)
    tail = np.asarray(_flux(jnp.asarray(energy), above))
    assert np.trapezoid(tail, energy) == pytest.approx(float(above[-1]), rel=1e-4)
    assert float(_flux(jnp.asarray(0.09), above)) == 0.0 and float(_flux(jnp.asarray(0.1), above)) > 0.0


def test_steps_and_nothing():
    """A flux that ends, one that does not fall, none at all: never negative, never NaN, nor is any derivative."""
    energy = jnp.asarray(np.geomspace(0.05, 900.0, 60))
    ended = np.where(LEVEL < 50.0, exponential(LEVEL), 0.0)
    flat = np.where(LEVEL < 50.0, 1.0, 0.5)
    gradient = jax.jit(jax.grad(lambda above: jnp.sum(_flux(energy, above))))
    for above in (ended, flat, np.zeros(LEVEL.size)):
        flux = np.asarray(_flux(energy, jnp.asarray(above)))
        assert np.isfinite(flux).all() and (flux >= 0.0).all()
        assert np.isfinite(gradient(jnp.asarray(above))).all()
    assert flux.max() == 0.0
    after = np.asarray(_integral(jnp.asarray([60.0, 100.0]), jnp.asarray(ended)))
    assert (after < np.exp(-6.0) * ended[LEVEL == 30.0]).all()


def test_derivatives():
    """In the fluxes and in energy, forward and reverse, against central differences (truncation 1e-9)."""
    above, energy = jnp.asarray(SPECTRA["sum"][0](LEVEL)), jnp.asarray([0.7, 12.0, 170.0, 600.0])

    def total(p):
        return jnp.sum(jnp.log(_flux(p[0], p[1])))

    at, direction = (energy, above), (energy, above * jnp.asarray(np.linspace(0.5, 1.0, LEVEL.size)))
    reverse = jax.grad(total)(at)
    contracted = sum(float(jnp.sum(g * d)) for g, d in zip(reverse, direction, strict=True))
    moved = [float(total(tuple(x + s * 1e-5 * d for x, d in zip(at, direction, strict=True)))) for s in (1, -1)]
    assert contracted == pytest.approx((moved[0] - moved[1]) / 2e-5, rel=1e-6) and contracted != 0.0
    assert float(jax.jvp(total, (at,), (direction,))[1]) == pytest.approx(contracted, rel=1e-10)
