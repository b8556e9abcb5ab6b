"""Derivatives by a shield's thickness where a step passes knots: of ranges, stopping powers, depths of NIST's tables.

Ions that leave the shield slowly have about the same energy before it: at the range of an energy of the table, all of
them pass that knot within some 1e-4 of the thickness. Tables are C1 there and G of NIST's tables C2, so that the
derivative is continuous; what jumps is the second one, which a step of h sees as h/4 of its jump.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris.model.device import Device, HeavyIonResponse, ProtonResponse
from caloris.model.dose import DosePoint
from caloris.model.particle_sources import GalacticCosmicRays, TrappedElectrons, TrappedProtons
from caloris.model.particles import ParticleEnvironment
from caloris.model.shield import SectorShield, ShieldLayer
from caloris.solve.particle_chain import _RANGE_GRID
from caloris_kernels.particle.electrons import _ranges
from caloris_kernels.particle.shield_dose import source_tables
from caloris_kernels.trapped.flux_map import map_energies

PROTON_LEVELS, ELECTRON_LEVELS = map_energies("AP8MIN"), map_energies("AE8MAX")
SPACE = ParticleEnvironment.of(
    [
        ("galactic", GalacticCosmicRays(10.0)),
        ("trapped", TrappedProtons(jnp.asarray(1e6 * PROTON_LEVELS**-0.5 * np.exp(-PROTON_LEVELS / 60.0)))),
    ],
    "made up",
    TrappedElectrons(jnp.asarray(1e10 * np.exp(-ELECTRON_LEVELS / 0.6))),
)


def aluminum(thickness):
    return ShieldLayer.of("Al", {"Al": 1.0}, thickness)


def upsets(thickness):
    """Rates of a bit by heavy ions and by protons."""
    heavy = HeavyIonResponse(0.5, 30.0, 1.3, 2e-5, [44.7, 44.8, 1.0])
    device = Device(heavy, ProtonResponse(30.0, 10.0, 1.2, 1e-10), shield=(aluminum(thickness),))
    rate = caloris.upset_rate(device, SPACE)
    return jnp.stack([rate.heavy_ion_rate_per_bit, rate.proton_rate_per_bit])


def doses(thickness):
    """Dose by source, of protons by the tables, and displacement damage."""
    found = caloris.dose(DosePoint(SectorShield.sphere([aluminum(thickness)]), 1.0), SPACE)
    return jnp.concatenate([found.rate[:-1], found.tabulated_proton_rate[None], found.damage_rate])


def places():
    """Thicknesses (g/cm2) on and just behind knots, and some by chance."""
    knots = _RANGE_GRID[(_RANGE_GRID > 40.0) & (_RANGE_GRID < 600.0)][::20]
    ranges = [np.asarray(caloris.ion_range(aluminum(1.0), z, jnp.asarray(knots))) for z in (1, 26)]
    reach = np.exp(_ranges()[1])  # of electrons
    ratios = source_tables()["photon_ratio_depth"]
    on = np.concatenate(
        [*ranges, reach[(reach > 0.2) & (reach < 2.0)][::25], ratios[(ratios > 0.3) & (ratios < 20.0)][::8]]
    )
    return jnp.asarray(np.concatenate([on, on * (1.0 + 2e-6), np.random.default_rng(3).uniform(0.1, 10.0, 4)]))


_SOURCES = ("galactic", "trapped", "electrons", "photons", "tabulated", "damage", "damage by electrons")


@pytest.mark.parametrize(("function", "step", "names"), [
    (upsets, 1e-5, ("heavy ions", "protons")),
    pytest.param(doses, 1e-6, _SOURCES, marks=pytest.mark.slow),
])  # fmt: skip
def test_derivatives_across_knots(function, step, names):
    """Central, forward and backward differences agree with the derivative to 1e-5 of it, or of rate / thickness."""
    at = places()
    h = step * np.asarray(at)[:, None]
    values = jax.jit(jax.vmap(function))
    value, slope = jax.jit(jax.vmap(lambda t: jax.jvp(function, (t,), (jnp.ones(()),))))(at)
    value, slope = np.asarray(value), np.asarray(slope)
    ahead, behind, far_ahead, far_behind = (np.asarray(values(at * (1.0 + n * step))) for n in (1, -1, 2, -2))
    found = {
        "central": (ahead - behind) / (2.0 * h),
        "forward": (4.0 * ahead - 3.0 * value - far_ahead) / (2.0 * h),
        "backward": (3.0 * value - 4.0 * behind + far_behind) / (2.0 * h),
    }
    # A derivative that passes zero is as exact as its neighbors, and no more: rate / thickness is their scale.
    # Electrons damage nothing behind 10 g/cm2: no rate, no derivative.
    scale = np.where(value > 0.0, np.maximum(np.abs(slope), 0.05 * value / np.asarray(at)[:, None]), 1.0)
    for kind, difference in found.items():
        error = np.abs(difference - slope) / scale
        print(kind, error.max(axis=0), np.asarray(at)[error.argmax(axis=0)])
        assert error.shape[1] == len(names)
        assert dict(zip(names, error.max(axis=0) < 1e-5, strict=True)) == dict.fromkeys(names, True), kind
