"""Cutoff rigidities: Stoermer's formula in its limits, where they end, storms, transmission, derivatives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.magnetic import cutoff as cutoff_module
from caloris_kernels.magnetic.cutoff import (
    CUTOFF_CONSTANT,
    CUTOFF_DROP,
    INTERNAL_CONSTANT,
    cosine_squared_latitude,
    directional_cutoff,
    directional_transmission,
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
    np.testing.assert_allclose(directional_cutoff(vertical, ratio, jnp.zeros(3)), vertical, rtol=1e-12)
    one = jnp.ones(1)
    internal = vertical_cutoff(one, INTERNAL_CONSTANT, 0.0)
    assert float(directional_cutoff(internal, one, one)[0]) == pytest.approx(4.0 * 15.5, rel=1e-12)
    west = 4.0 * 15.5 / (1.0 + 2.0**0.5) ** 2
    assert float(directional_cutoff(internal, one, -one)[0]) == pytest.approx(west, rel=1e-12)
    east_west = [directional_cutoff(vertical, ratio, jnp.full(3, cosine)) for cosine in (0.7, 0.0, -0.7)]
    assert (np.diff(np.asarray(east_west), axis=0) < 0.0).all()
    assert float(jnp.abs(directional_cutoff(jnp.zeros(3), ratio, jnp.full(3, 0.7))).max()) == 0.0


def test_cutoffs_end_where_they_were_measured_to():
    """15.062 cos^4 - 0.363 GV at invariant latitudes; zero, with no slope and all let through, beyond L = 6.44."""
    latitude = np.radians([0.0, 45.0, 60.0, 64.0])
    expected = CUTOFF_CONSTANT * np.cos(latitude) ** 4 - CUTOFF_DROP
    np.testing.assert_allclose(vertical_cutoff(jnp.asarray(np.cos(latitude) ** -2)), expected, rtol=1e-12)
    assert expected[-1] == pytest.approx(0.2, abs=0.02)  # "~0.2 to 15 GV", as the source says of 64 degrees
    end = (CUTOFF_CONSTANT / CUTOFF_DROP) ** 0.5
    beyond = jnp.asarray([end, 6.6, 8.0, 100.0])
    rigidity = ion_rigidity(jnp.asarray([1.0, 10.0, 60.0]), jnp.asarray(1.0), 938.272)
    for storm in (0.0, 1.0):

        def share(shell, storm=storm):
            return geomagnetic_transmission(rigidity, disturbed_cutoff(vertical_cutoff(shell), storm))

        np.testing.assert_allclose(share(beyond), 1.0, rtol=1e-12)
        slope = jax.jacrev(share)(beyond)
        assert float(jnp.abs(slope).max()) == 0.0
    # What the internal field would keep away at L = 6.6: all protons up to 30 MeV.
    internal = vertical_cutoff(beyond[1:2], INTERNAL_CONSTANT, 0.0)
    assert float(geomagnetic_transmission(rigidity, internal)[1]) < 1e-4


def test_directional_transmission(monkeypatch):
    """Open and closed limits, the shadow, what is let through below and above the vertical cutoff, more directions."""
    rigidity, one = jnp.asarray(np.geomspace(0.03, 60.0, 25)), jnp.ones(3)
    visible = jnp.asarray([0.6, 0.73, 0.99])
    free = directional_transmission(rigidity, 0.0 * one, one, visible)
    np.testing.assert_allclose(free, float(visible.mean()), rtol=1e-12)
    vertical, ratio = jnp.asarray([13.0, 5.0, 1.0]), jnp.asarray([1.1, 3.0, 20.0])
    share = np.asarray(directional_transmission(rigidity, vertical, ratio, visible))
    assert share[0] < 1e-9 and (np.diff(share) >= 0.0).all()
    # Four times the vertical cutoff is the highest, from the east of the equator.
    assert share[-1] == pytest.approx(float(visible.mean()), rel=2e-2)
    assert float(directional_transmission(rigidity, vertical, ratio, visible, 1.0)[8]) > share[8]
    # In the west of the equator 0.686 of the vertical cutoff is enough, of which nothing passes a single cutoff.
    at = jnp.asarray([9.6])
    west = directional_transmission(at, vertical[:1], one[:1], one[:1])
    assert 0.02 < float(west[0]) and float(geomagnetic_transmission(at, vertical[:1])[0]) < 0.02
    monkeypatch.setattr(cutoff_module, "_ZENITHS", 32)
    monkeypatch.setattr(cutoff_module, "_AZIMUTHS", 32)
    shells = jnp.asarray(np.linspace(1.0, 6.0, 200))
    many = vertical_cutoff(shells), jnp.linspace(1.0, 30.0, 200), jnp.full(200, 0.7)
    fine = np.asarray(directional_transmission(rigidity, *many))
    monkeypatch.undo()
    # What the docstring says of 64 directions against 1024.
    assert np.abs(np.asarray(directional_transmission(rigidity, *many)) - fine).max() < 3e-4


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
        vertical = vertical_cutoff(p["shell"], p["constant"], p["drop"])
        cutoff = directional_cutoff(vertical, p["ratio"], p["east"])
        rigidity = ion_rigidity(p["energy"], jnp.asarray(2.0))
        passed = geomagnetic_transmission(rigidity, disturbed_cutoff(cutoff), p["width"])
        all_directions = directional_transmission(
            rigidity, vertical, p["ratio"], p["visible"], p["storm"], 2.0 * p["width"]
        )
        return jnp.sum((passed + all_directions) * jnp.array([1.0, 0.5]))

    values = {"shell": [1.4, 3.0], "ratio": [2.0, 5.0], "east": [0.4, -0.3], "constant": 15.5, "width": 0.09}
    values |= {"drop": 0.363, "visible": [0.7, 0.9], "storm": 0.4}
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
