"""Fragments of ions: cross-sections, and their transport against other ways to the same numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import expm

from caloris_kernels.particle.elements import ELEMENT_NAMES
from caloris_kernels.particle.fragment_transport import fragments_behind
from caloris_kernels.particle.fragmentation import fragment_cross_section, production_table
from caloris_kernels.particle.galactic import ATOMIC_NUMBER, MASS_NUMBER
from caloris_kernels.particle.nuclear import attenuation_table, charge_changing_cross_section
from caloris_kernels.particle.transport import layer_tables, through_layers

GRID = jnp.asarray(np.geomspace(1e-3, 10.0**5.3, 416))
ENERGY = jnp.asarray(np.geomspace(0.1, 1e5, 301))
Z, A = jnp.asarray(ATOMIC_NUMBER, dtype=float), jnp.asarray(MASS_NUMBER)
EVERY = jnp.broadcast_to(ENERGY, (28, 301))
ALUMINUM = jnp.array([1.0 if name == "Al" else 0.0 for name in ELEMENT_NAMES])
POLYETHYLENE = jnp.array([{"H": 0.1437, "C": 0.8563}.get(name, 0.0) for name in ELEMENT_NAMES])


def iron(energy):
    """A flux of iron alone, E^-2.7 above 100 MeV/u and flatter below."""
    return jnp.where(jnp.arange(28)[:, None] == 25, (energy + 100.0) ** -2.7, 0.0)


@jax.jit
def behind(materials, areal_density):
    tables = layer_tables(GRID, Z, A, materials)
    production = jax.vmap(lambda fraction: production_table(ENERGY, Z, A, fraction))(materials)
    return fragments_behind(iron, ENERGY, tables, production, areal_density)


def test_charge_is_not_made():
    # On every element of the library's shields the fragments carry less charge than the ions that are lost.
    target = jnp.array([1.008, 9.012, 12.011, 15.999, 26.98, 55.8, 63.5, 183.8, 238.0])
    energy = jnp.array([300.0, 1000.0, 1e4])
    every = jax.vmap(
        lambda e: jax.vmap(lambda t: fragment_cross_section(e, Z[:, None], A[:, None], Z[None], t))(target)
    )
    lost = charge_changing_cross_section(energy[:, None, None], Z, A, target[:, None])
    carried = np.asarray(jnp.sum(every(energy) * Z, axis=-1) / Z)
    heavy = np.asarray(Z) > 3
    assert (carried[..., heavy] < np.asarray(lost)[..., heavy]).all()
    assert (carried[..., ~heavy] == 0.0).all()


def test_nothing_is_made_of_nothing():
    assert np.asarray(behind(ALUMINUM[None], jnp.zeros(1))).max() == 0.0


def test_at_high_energy_fragments_follow_the_chain_of_decays():
    # At 70 GeV/u nothing slows down that counts: dj/dx = (M - 1/lambda) j has a closed form.
    rate = np.asarray(production_table(ENERGY, Z, A, ALUMINUM))[292].T
    loss = np.asarray(attenuation_table(ENERGY, Z, A, ALUMINUM))
    k = 292
    start = np.zeros(28)
    start[25] = 1.0
    exact = (expm(10.0 * (rate - np.diag(loss[:, k]))) @ start)[2:25]
    got = np.asarray(behind(ALUMINUM[None], jnp.array([10.0])))[2:25, k] / float(iron(EVERY)[25, k])
    # Slowing down at E^-2.7: 2.7 times what 10 g/cm2 take of iron's 69 GeV/u, 0.25 GeV/u, is 1 %.
    assert got == pytest.approx(exact, rel=0.012)


def test_two_layers_equal_one():
    one = np.asarray(behind(jnp.stack([ALUMINUM] * 2), jnp.array([6.0, 0.0])))
    two = np.asarray(behind(jnp.stack([ALUMINUM] * 2), jnp.array([2.0, 4.0])))
    made = one > 0.0
    error = np.where(made, np.abs(two / np.where(made, one, 1.0) - 1.0), 0.0)
    # Both are of second order in their steps: with 12, slow lithium of iron, made by the whole layer, differs by 4 %
    # from that of 200 steps, heavy fragments and fast ones by 1e-3.
    assert made[2:25].all() and error.max() < 0.04 and error[13:].max() < 1.5e-3 and error[:, 200:].max() < 1e-4


def test_order_of_materials_counts_where_ions_slow_down():
    first = np.asarray(behind(jnp.stack([ALUMINUM, POLYETHYLENE]), jnp.array([3.0, 3.0])))
    last = np.asarray(behind(jnp.stack([POLYETHYLENE, ALUMINUM]), jnp.array([3.0, 3.0])))
    # At 10 GeV/u only the sum counts (to the second generation's order), at 30 MeV/u the place where they were made.
    assert last[13, 250] / first[13, 250] == pytest.approx(1.0, abs=0.02)
    assert abs(last[13, 123] / first[13, 123] - 1.0) > 0.02


def _histories(count, thickness, seed):
    """Iron drawn from E^-1 between 150 and 2000 MeV/u through aluminum, one history after another, by their ranges."""
    random = np.random.default_rng(seed)
    table = layer_tables(GRID, Z, A, ALUMINUM[None])
    log_energy, log_range = np.asarray(table.log_energy)[0], np.asarray(table.log_range)[0]
    rate, loss = (
        np.asarray(production_table(ENERGY, Z, A, ALUMINUM)),
        np.asarray(attenuation_table(ENERGY, Z, A, ALUMINUM)),
    )
    energy = np.exp(random.uniform(np.log(150.0), np.log(2000.0), count))
    charge, left = np.full(count, 26), np.full(count, thickness)
    alive, made = np.ones(count, bool), np.zeros(count, bool)
    while (moving := alive & (left > 0.0)).any():
        for z in np.unique(charge[moving]):
            k = np.flatnonzero(moving & (charge == z))
            reach = np.exp(np.interp(np.log(energy[k]), log_energy, log_range[z - 1]))
            free = random.exponential(1.0 / loss[z - 1, 0], k.size)
            path = np.minimum(free, left[k])
            stopped = path >= reach
            rest = np.where(stopped, 1.0, reach - path)
            energy[k] = np.exp(np.interp(np.log(rest), log_range[z - 1], log_energy))
            left[k] -= path
            hit = ~stopped & (free < left[k] + path)
            at = np.clip(np.searchsorted(np.asarray(ENERGY), energy[k]), 0, 300)
            share = np.cumsum(rate[at, z - 1], axis=1) / loss[z - 1, 0]
            into = (share < random.uniform(size=k.size)[:, None]).sum(axis=1) + 1
            charge[k] = np.where(hit, into, z)
            made[k] |= hit
            alive[k] = ~stopped & (charge[k] <= 28)
            left[k] = np.where(stopped | (charge[k] > 28), 0.0, left[k])
    return charge[alive & made], energy[alive & made]


def test_transport_against_single_histories():
    count, thickness = 400_000, 8.0
    charge, energy = _histories(count, thickness, seed=5)
    span = np.log(2000.0 / 150.0)

    def source(e):
        inside = (e >= 150.0) & (e <= 2000.0)
        return jnp.where((jnp.arange(28)[:, None] == 25) & inside, 1.0 / (span * e), 0.0)

    tables, production = layer_tables(GRID, Z, A, ALUMINUM[None]), production_table(ENERGY, Z, A, ALUMINUM)[None]
    flux = np.asarray(fragments_behind(source, ENERGY, tables, production, jnp.array([thickness]), steps=48))
    edges = np.array([120, 145, 165, 180, 200])  # 25 MeV/u to 1 GeV/u
    x = np.log(np.asarray(ENERGY))
    for low, high in ((20, 25), (12, 19), (3, 11)):
        product = flux[low - 1 : high].sum(axis=0) * np.asarray(ENERGY)
        for a, b in zip(edges[:-1], edges[1:], strict=True):
            expected = count * np.trapezoid(product[a : b + 1], x[a : b + 1])
            e = np.asarray(ENERGY)[[a, b]]
            found = int(((charge >= low) & (charge <= high) & (energy >= e[0]) & (energy < e[1])).sum())
            # Three standard deviations of the count; 1 % for the steps at the ends of the source, that the grid smears.
            assert abs(found - expected) < 3.0 * np.sqrt(expected) + 0.01 * expected, (low, high, e)


def test_gradient_in_thickness_and_flux():
    tables, production = layer_tables(GRID, Z, A, ALUMINUM[None]), production_table(ENERGY, Z, A, ALUMINUM)[None]

    def total(t, slope):
        def source(e):
            return jnp.where(jnp.arange(28)[:, None] == 25, (e + 100.0) ** -slope, 0.0)

        flux = fragments_behind(source, ENERGY, tables, production, t[None])
        return jnp.sum(flux * ENERGY)

    at = (jnp.asarray(3.0), jnp.asarray(2.7))
    value, reverse = jax.jit(total), jax.jit(jax.grad(total, argnums=(0, 1)))(*at)
    for k, step in enumerate((1e-4, 1e-4)):
        shift = [step if j == k else 0.0 for j in range(2)]
        up, down = (float(value(*(x + sign * s for x, s in zip(at, shift, strict=True)))) for sign in (1, -1))
        tangent = tuple(jnp.asarray(1.0 if j == k else 0.0) for j in range(2))
        forward = jax.jit(lambda t: jax.jvp(total, at, t)[1])(tangent)
        # Central differences: (1e-4)^2 and the corners of the cubics that the points pass, 1e-6 each.
        assert float(reverse[k]) / ((up - down) / (2.0 * step)) == pytest.approx(1.0, rel=1e-5)
        assert float(forward) / float(reverse[k]) == pytest.approx(1.0, rel=1e-9)


def test_surviving_ions_and_fragments_are_of_one_energy_per_nucleon():
    # A beam as narrow as the grid resolves: each fragment lies between the energy of iron that came through and what
    # a fragment made at the front has left, which is more, since lighter ions lose less.
    def beam(e):
        return jnp.where(jnp.arange(28)[:, None] == 25, jnp.exp(-0.5 * (jnp.log(e / 600.0) / 0.06) ** 2), 0.0)

    tables, production = layer_tables(GRID, Z, A, ALUMINUM[None]), production_table(ENERGY, Z, A, ALUMINUM)[None]
    thickness = jnp.array([4.0])
    flux = np.asarray(fragments_behind(beam, ENERGY, tables, production, thickness))
    incident, ratio = through_layers(EVERY, tables, thickness)
    iron_left = np.asarray(ENERGY)[np.argmax(np.asarray(ratio * beam(incident))[25])]
    # Linear in the flux, so that cubics swing beside edges: 0.4 % here.
    assert flux.min() > -1e-2 * flux.max()
    for z in (24, 18, 12, 6):
        mean = (flux[z - 1] * np.asarray(ENERGY) ** 2).sum() / (flux[z - 1] * np.asarray(ENERGY)).sum()
        assert iron_left < mean < 600.0
