"""NIST's depth-dose tables against NIST's own program, and their derivatives.

The figures are those of the original program, SHIELDOSE-2 version 2.10, as compiled in spacepy 0.7.0, for protons of
1e3 exp(-E / 60 MeV) from 0.1 to 1000 MeV and electrons of 1e6 exp(-E / 0.6 MeV) from 0.05 to 10 MeV, omnidirectional,
cm-2 MeV-1; its sphere column, "1/2 dose at center of aluminum spheres", came from 65 depths, which it needs for its
derivative.
"""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.particle.electrons import electrons_before
from caloris_kernels.particle.shield_dose import PARTICLES, dose_energies, dose_response, spectrum_dose

DEPTH = np.array([0.05, 0.2, 0.6858, 1.35, 2.7])  # g/cm2
# (particle, detector): slab, half of the sphere; rad
PRINTED = {
    ("proton", "Si"): (
        [6.66339e-3, 4.75265e-3, 2.98089e-3, 2.07723e-3, 1.27955e-3],
        [7.86315e-3, 6.22241e-3, 4.38826e-3, 3.33682e-3, 2.31645e-3],
    ),
    ("electron", "Si"): (
        [3.39652e-3, 1.18821e-3, 1.23615e-4, 9.72888e-6, 9.75296e-8],
        [7.77944e-3, 3.87425e-3, 7.14432e-4, 8.59065e-5, 1.42223e-6],
    ),
    ("bremsstrahlung", "Si"): (
        [7.81647e-6, 4.26513e-6, 1.49756e-6, 7.97273e-7, 4.72283e-7],
        [1.95292e-5, 1.18301e-5, 4.08303e-6, 1.85300e-6, 9.74160e-7],
    ),
    ("electron", "water"): (
        [4.41890e-3, 1.54348e-3, 1.60153e-4, 1.25536e-5, 1.25214e-7],
        [1.01606e-2, 5.05140e-3, 9.29946e-4, 1.11372e-4, 1.83291e-6],
    ),
    ("bremsstrahlung", "GaAs"): (
        [5.50182e-5, 3.06071e-5, 1.05464e-5, 5.10934e-6, 2.65019e-6],
        [1.44840e-4, 8.82122e-5, 3.05937e-5, 1.33501e-5, 6.56589e-6],
    ),
}
# Protons: another grid of energies; the original's sphere is a spline's derivative through doses that step wherever the
# range of one of its 1001 energies ends, which is worth 1 %. Electrons: the same rules of interpolation.
# Bremsstrahlung: splines where the original has straight lines, which it differentiates through a spline.
BOUND = {"proton": (3e-3, 1.5e-2), "electron": (4e-3, 4e-3), "bremsstrahlung": (0.02, 0.03)}


def dose(particle, detector, shape):
    """Dose at depths of a spectrum, as one program: one operation after the other takes longer to compile."""

    @jax.jit
    def call(energy, flux, depth):
        return spectrum_dose(energy, flux, dose_response(particle, detector, shape, depth))

    return call


def spectrum(particle):
    energy = dose_energies(particle)
    if particle == "proton":
        return energy, 1e3 * np.exp(-energy / 60.0)
    inside = (energy >= 0.05) & (energy <= 10.0)
    return energy, np.where(inside, 1e6 * np.exp(-energy / 0.6), 0.0)


@pytest.mark.parametrize("which", PRINTED, ids=" ".join)
def test_doses_are_those_of_the_original_program(which):
    particle, detector = which
    energy, fluence = spectrum(particle)
    # spectrum_dose takes what comes from one direction on one square meter.
    flux = jnp.asarray(fluence / (4e-4 * np.pi))
    for shape, printed, factor, bound in zip(("slab", "sphere"), PRINTED[which], (1, 2), BOUND[particle], strict=True):
        found = dose(particle, detector, shape)(jnp.asarray(energy), flux, jnp.asarray(DEPTH))
        np.testing.assert_allclose(found, factor * np.array(printed), rtol=bound, err_msg=shape)


def test_a_sphere_is_what_the_slab_says():
    """Sphere = 2 (D - z dD/dz); protons along straight lines have one D in a slab and in the half-space."""
    depth, (energy, fluence) = jnp.asarray([0.1, 0.5, 2.0]), (jnp.asarray(part) for part in spectrum("proton"))
    slab, sphere = dose("proton", "Si", "slab"), dose("proton", "Si", "sphere")
    value, slope = jax.jvp(lambda z: slab(energy, fluence, z), (depth,), (jnp.ones(3),))
    np.testing.assert_allclose(sphere(energy, fluence, depth), 2.0 * (value - depth * slope), rtol=1e-12)


@pytest.mark.parametrize("shape", ["slab", "sphere"])
@pytest.mark.parametrize("particle", ["proton", "electron", "bremsstrahlung"])
def test_derivatives_by_depth(particle, shape):
    energy, fluence = (jnp.asarray(part) for part in spectrum(particle))

    one = dose(particle, "Si", shape)

    def total(z):
        return one(energy, fluence, z[None])[0]

    # Depths by chance and, of bremsstrahlung, on knots of the ratio, which all energies pass together.
    z = jnp.asarray([0.021, 0.1, 0.713, 1.0, 2.0, 4.2852, 9.7])
    values, slopes = jax.jit(jax.vmap(total)), jax.jit(jax.vmap(jax.value_and_grad(total)))
    value, slope = map(np.asarray, slopes(z))
    assert (slope < 0.0).all()
    # Rounding 1e-14 / 1e-6; what a step leaves out where the third derivative jumps is of its square.
    h = 1e-6 * np.asarray(z)
    near, far = ([np.asarray(values(z + n * side * h)) for side in (1, -1)] for n in (1, 2))
    np.testing.assert_allclose((near[0] - near[1]) / (2 * h), slope, rtol=1e-6)
    np.testing.assert_allclose((4 * near[0] - 3 * value - far[0]) / (2 * h), slope, rtol=1e-5)
    np.testing.assert_allclose((3 * value - 4 * near[1] + far[1]) / (2 * h), slope, rtol=1e-5)
    forward = jax.jit(jax.vmap(lambda z: jax.jvp(total, (z,), (jnp.ones(()),))[1]))(z)
    np.testing.assert_allclose(forward, slope, rtol=1e-12)


def test_doses_have_no_steps_and_no_corners():
    """Every energy's own knots and ends pass as the depth grows: the change of the logarithm's slope stays small.

    Where protons ended with a slope left, each of the 1281 energies made a step of 0.5 % in the dose of a sphere.
    """
    depth = jnp.asarray(np.geomspace(0.1, 5.0, 4001))
    for particle in PARTICLES:
        found = dose(particle, "Si", "sphere")(*(jnp.asarray(part) for part in spectrum(particle)), depth)
        assert np.abs(np.diff(np.log(np.asarray(found)), 2)).max() < 1e-4


def test_nothing_is_not_finite_at_the_edges():
    edge = jnp.asarray([0.0, 1e-9, 1e-6, 40.0, 400.0])
    for particle in ("proton", "electron", "bremsstrahlung"):
        response = jax.jit(partial(dose_response, particle, "Si", "sphere"))
        value, slope = jax.jvp(response, (edge,), (jnp.ones(5),))
        assert np.all(np.isfinite(value)) and np.all(np.isfinite(slope))


def test_unknown_names_are_said():
    with pytest.raises(ValueError, match="not tabulated"):
        dose_response("electron", "Pb", "slab", jnp.ones(1))  # pyright: ignore[reportArgumentType]
    with pytest.raises(ValueError, match="sphere or slab"):
        dose_response("electron", "Si", "shell", jnp.ones(1))  # pyright: ignore[reportArgumentType]


def test_electrons_lose_what_their_range_says():
    energy = jnp.asarray(np.geomspace(0.05, 5.0, 21))
    before, ratio = electrons_before(energy, jnp.asarray(0.0))
    np.testing.assert_allclose(before, energy, rtol=1e-12)
    np.testing.assert_allclose(ratio, 1.0, rtol=1e-12)
    before, _ = electrons_before(jnp.asarray([1.0]), jnp.asarray(0.8913 - 0.5546))
    # NIST's ranges of 1 and 1.5 MeV, as they stand in the table: 0.5546 and 0.8913 g/cm2.
    np.testing.assert_allclose(before, 1.5, rtol=1e-4)
    gradient = jax.grad(lambda t: jnp.sum(electrons_before(energy, t)[0]))(0.3)
    high, low = (jnp.sum(electrons_before(energy, jnp.asarray(0.3 + h))[0]) for h in (1e-6, -1e-6))
    np.testing.assert_allclose(gradient, (high - low) / 2e-6, rtol=1e-5)
