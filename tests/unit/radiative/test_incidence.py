"""Absorptance by angle of incidence: Fresnel's values, diffuse means, measured trends, derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from caloris_kernels.radiative.incidence import covered_absorptance, fresnel_reflectance, hemispherical_mean


def test_fresnel_at_known_angles():
    cosine = jnp.array([1.0, 0.5, np.cos(np.arctan(1.5)), 0.0])
    across, along = fresnel_reflectance(cosine, jnp.asarray(1.5))
    np.testing.assert_allclose([across[0], along[0]], 0.04, rtol=1e-14)  # ((n - 1) / (n + 1))^2
    # 60 deg, n = 1.5, by hand: n c_n = sqrt(n^2 - sin^2) = sqrt 1.5; r_p with n^2 c = 1.125 in place of c.
    assert float(across[1]) == pytest.approx(((0.5 - 1.5**0.5) / (0.5 + 1.5**0.5)) ** 2, rel=1e-13)
    assert float(along[1]) == pytest.approx(((1.125 - 1.5**0.5) / (1.125 + 1.5**0.5)) ** 2, rel=1e-12)
    assert float(along[2]) == pytest.approx(0, abs=1e-30)  # Brewster's angle
    np.testing.assert_allclose([across[3], along[3]], 1.0)


@pytest.mark.parametrize("n", [1.34, 1.526, 2.0])
def test_diffuse_fresnel_reflectance_is_walsh(n):
    """Walsh's closed form (Dept. Sci. Ind. Research, Illumination Research Tech. Paper 2, 1926) as a second way."""
    log_ratio, log_n = np.log((n - 1) / (n + 1)), np.log(n)
    walsh = 0.5 + (n - 1) * (3 * n + 1) / (6 * (n + 1) ** 2) + n**2 * (n**2 - 1) ** 2 / (n**2 + 1) ** 3 * log_ratio
    walsh -= 2 * n**3 * (n**2 + 2 * n - 1) / ((n**2 + 1) * (n**4 - 1))
    walsh += 8 * n**4 * (n**4 + 1) / ((n**2 + 1) * (n**4 - 1) ** 2) * log_n
    # A black backing absorbs what enters: 1 - alpha is the surface's reflectance.
    black = 1 - ((n - 1) / (n + 1)) ** 2
    mean = hemispherical_mean(lambda c: covered_absorptance(c, jnp.asarray(black), jnp.asarray(n)))
    assert 1 - float(mean) == pytest.approx(walsh, abs=1e-12)


def test_mirrors_and_cells():
    """The stated value at normal incidence, nothing at grazing; a mirror under quartz is flat to 60 degrees."""
    angle = np.deg2rad([0.0, 30.0, 60.0, 75.0, 90.0])
    cosine = jnp.asarray(np.cos(angle)).at[-1].set(0.0)
    mirror = np.asarray(covered_absorptance(cosine, jnp.asarray(0.08), jnp.asarray(1.46)))
    cell = np.asarray(covered_absorptance(cosine, jnp.asarray(0.92), jnp.asarray(1.46)))
    assert mirror[0] == pytest.approx(0.08, rel=1e-14) and cell[0] == pytest.approx(0.92, rel=1e-14)
    assert mirror[-1] == pytest.approx(0, abs=1e-15) and cell[-1] == pytest.approx(0, abs=1e-15)
    assert np.all(np.diff(cell) < 0)
    # What a mirror's backing absorbs comes from light that has entered: at 60 deg 8 % enter less than 4 % before.
    assert abs(mirror[2] / mirror[0] - 1) < 0.06 and abs(cell[2] / cell[0] - 1) < 0.06
    # With its loss in the cover, longer ways inside make it absorb more on the slant: 1 / cos(theta_n) = 1.24.
    lossy = np.asarray(covered_absorptance(cosine, jnp.asarray(0.08), jnp.asarray(1.46), jnp.asarray(0.04)))
    assert lossy[0] == pytest.approx(0.08, rel=1e-14) and lossy[2] > 1.1 * lossy[0]


def test_energy_is_kept_by_the_sum_of_passes():
    """alpha + reflectance = 1 with the reflectance summed pass by pass for one polarization."""
    index, back = 1.5, 0.7
    front = np.asarray(fresnel_reflectance(jnp.asarray(0.6), jnp.asarray(index)))
    normal = 0.04
    absorbed_normal = (1 - normal) * (1 - back) / (1 - normal * back)
    passes = front + sum((1 - front) ** 2 * back ** (k + 1) * front**k for k in range(200))
    alpha = covered_absorptance(jnp.asarray(0.6), jnp.asarray(absorbed_normal), jnp.asarray(index))
    assert float(alpha) == pytest.approx(1 - passes.mean(), rel=1e-12)


def test_little_and_nothing_absorbed():
    """A backing that reflects all absorbs nothing at any angle, grazing included; next to it no digits are lost."""
    cosine = jnp.array([0.0, 1e-17, 0.3, 1.0])
    np.testing.assert_array_equal(covered_absorptance(cosine, jnp.asarray(0.0), jnp.asarray(1.5)), 0.0)
    # With alpha small, the light that enters goes to and fro until it has left: alpha(theta) / alpha(0) = 1.
    ratio = covered_absorptance(jnp.array([0.3, 1.0]), jnp.asarray(1e-15), jnp.asarray(1.5)) / 1e-15
    np.testing.assert_allclose(ratio, 1.0, rtol=1e-12)
    slope = jax.vmap(jax.grad(covered_absorptance, (0, 1)), (0, None, None))(cosine, jnp.asarray(0.0), jnp.asarray(1.5))
    np.testing.assert_allclose(slope[0], 0.0, atol=1e-15)
    np.testing.assert_allclose(slope[1][2:], 1.0, rtol=1e-12)


def test_derivatives_everywhere():
    """Against differences at grazing, slanted and normal incidence, in every argument, forward and reverse."""
    covered = jax.jit(covered_absorptance)
    for cosine in (0.01, 0.4, 0.999):
        arguments = tuple(jnp.asarray(x) for x in (cosine, 0.3, 1.5, 0.05))
        check_grads(covered, arguments, order=1, modes=("fwd", "rev"), atol=1e-6, rtol=1e-6, eps=1e-5)
    mean = jax.jit(jax.grad(lambda n: hemispherical_mean(lambda c: covered_absorptance(c, jnp.asarray(0.9), n))))
    assert float(mean(jnp.asarray(1.5))) < 0
    ends = jax.jit(jax.vmap(jax.grad(covered_absorptance), (0, None, None, None)))
    assert np.all(np.isfinite(ends(jnp.array([0.0, 1.0]), 0.3, 1.5, 0.05)))
