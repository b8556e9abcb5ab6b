"""Cutoff rigidities: Stoermer's formula in its limits, storms, transmission, derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.magnetic.cutoff import (
    cosine_squared_latitude,
    directional_cutoff,
    disturbed_cutoff,
    geomagnetic_transmission,
    ion_rigidity,
    vertical_cutoff,
)


def test_latitude_from_strength_ratio():
    """The inverse of a dipole's B/B0, from the equator to 85 degrees: rounding."""
    latitude = np.radians(np.linspace(0.0, 85.0, 40))
    ratio = np.sqrt(1.0 + 3.0 * np.sin(latitude) ** 2) / np.cos(latitude) ** 6
    np.testing.assert_allclose(cosine_squared_latitude(jnp.asarray(ratio)), np.cos(latitude) ** 2, rtol=1e-12)
    slope = jax.grad(cosine_squared_latitude)(jnp.asarray(1.0))
    # d(B/B0)/dx = -9/2 at the equator, x = 1.
    assert float(slope) == pytest.approx(-2.0 / 9.0, rel=1e-12)


def test_directional_cutoff():
    """In the meridian plane it is the vertical one; at the dipole's equator 4 K/L^2 from the east, 0.686 K/L^2 west."""
    shell, ratio = jnp.asarray([1.0, 1.3, 2.0]), jnp.asarray([1.0, 3.0, 8.0])
    vertical = vertical_cutoff(shell)
    np.testing.assert_allclose(directional_cutoff(shell, ratio, jnp.zeros(3)), vertical, rtol=1e-12)
    one = jnp.ones(1)
    assert float(directional_cutoff(one, one, one)[0]) == pytest.approx(4.0 * 15.5, rel=1e-12)
    west = 4.0 * 15.5 / (1.0 + 2.0**0.5) ** 2
    assert float(directional_cutoff(one, one, -one)[0]) == pytest.approx(west, rel=1e-12)
    east_west = [directional_cutoff(shell, ratio, jnp.full(3, cosine)) for cosine in (0.7, 0.0, -0.7)]
    assert (np.diff(np.asarray(east_west), axis=0) < 0.0).all()


def test_storm_lowers_low_cutoffs_most():
    cutoff = jnp.asarray([0.5, 2.9, 15.0])
    part = np.asarray(disturbed_cutoff(cutoff) / cutoff)
    # 1 - 0.54/e at P = 2.9 GV.
    assert part[1] == pytest.approx(1.0 - 0.54 / np.e, rel=1e-12)
    assert (np.diff(part) > 0.0).all() and part[2] > 0.99
    assert disturbed_cutoff(cutoff, 0.0) == pytest.approx(np.asarray(cutoff))


def test_transmission_counts_times():
    """Far from every cutoff it is the share of times below it; at a cutoff one half of that time."""
    cutoff = jnp.asarray([0.1, 1.0, 10.0, 15.0])
    share = np.asarray(geomagnetic_transmission(jnp.asarray([1e-3, 0.3, 1.0, 3.0, 100.0]), cutoff))
    assert share == pytest.approx([0.0, 0.25, 0.375, 0.5, 1.0], abs=1e-6)


def test_rigidity_of_a_proton():
    """1 GeV: sqrt(1 (1 + 2 x 0.938272)) = 1.696 GV; 10 GeV/u oxygen by 2 nucleons a charge."""
    assert float(ion_rigidity(jnp.asarray(1000.0), jnp.asarray(1.0), 938.272)) == pytest.approx(1.69604, rel=1e-5)
    oxygen = 2.0 * np.sqrt(10.0 * (10.0 + 2 * 0.931494))
    assert float(ion_rigidity(jnp.asarray(1e4), jnp.asarray(2.0))) == pytest.approx(oxygen, rel=1e-12)


def test_derivatives():
    """Forward and reverse against central differences; truncation 1e-8."""

    def total(p):
        cutoff = directional_cutoff(p["shell"], p["ratio"], p["east"], p["constant"])
        passed = geomagnetic_transmission(
            ion_rigidity(p["energy"], jnp.asarray(2.0)), disturbed_cutoff(cutoff), p["width"]
        )
        return jnp.sum(passed * jnp.array([1.0, 0.5]))

    values = {"shell": [1.4, 3.0], "ratio": [2.0, 5.0], "east": [0.4, -0.3], "constant": 15.5, "width": 0.09}
    p = {name: jnp.asarray(value) for name, value in (values | {"energy": [700.0, 3000.0]}).items()}
    reverse = jax.grad(total)(p)
    for name, value in p.items():
        direction = jnp.ones_like(value) * value
        step = 1e-5
        moved = [float(total(p | {name: value + s * step * direction})) for s in (1, -1)]
        difference = (moved[0] - moved[1]) / (2.0 * step)
        assert difference != 0.0
        assert float(jnp.sum(reverse[name] * direction)) == pytest.approx(difference, rel=1e-6)
        tangent = jax.tree.map(jnp.zeros_like, p) | {name: direction}
        assert float(jax.jvp(total, (p,), (tangent,))[1]) == pytest.approx(difference, rel=1e-6)
