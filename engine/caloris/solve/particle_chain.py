"""From the particles in front of a shield to the spectra behind it: for upset rates, responses and doses."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris.model.particle_sources import ParticleSource
from caloris.model.particles import ION_COUNT, SPECTRUM_ENERGY
from caloris.model.shield import SectorShield, ShieldLayer
from caloris.model.shield_transport import ShieldTransport
from caloris_kernels.particle.elements import SILICON
from caloris_kernels.particle.fragment_transport import fragments_behind
from caloris_kernels.particle.fragmentation import production_table
from caloris_kernels.particle.galactic import ATOMIC_NUMBER, MASS_NUMBER
from caloris_kernels.particle.let_spectrum import covered_let_flux, flux_per_bin, let_coverage
from caloris_kernels.particle.stopping_power import ion_stopping_table
from caloris_kernels.particle.transport import layer_tables, through_layers

# 50 energies a decade, 0.1 MeV/u to 100 GeV/u: doubling them moves the rates by less than 1e-3. Ranges are
# tabulated on the same step from 1 keV/u to 200 GeV/u, so that the grid's energies are nodes of that table.
ENERGY = SPECTRUM_ENERGY  # MeV/u
_RANGE_GRID = np.geomspace(1e-3, 10.0**5.3, 416)  # MeV/u
# 80 LETs a decade; ions up to nickel reach 32 MeV cm2/mg in silicon, a given spectrum may reach further.
LET = np.geomspace(1e-3, 1.2e2, 400)  # MeV cm2 mg-1
# Steps of LET that one bin of energy covers at most: a bin is 1.6 steps wide in ln E, and |d ln S / d ln E| < 1.2.
_REACH = 4

FluxOf = Callable[[Float[Array, "ion point"]], Float[Array, "ion point"]]
"""Flux of Z = 1 to 28 over energy (MeV/u), as sources have it."""


def every_ion(energy: Float[Array, " energy"]) -> Float[Array, "ion energy"]:
    """The same energies (MeV/u) for each of Z = 1 to 28."""
    return jnp.broadcast_to(energy, (ION_COUNT, energy.shape[0]))


class Shielded(NamedTuple):
    """What layers do to any flux in front of them."""

    incident: Float[Array, "ion energy"]  # MeV/u in front, of ions that come out at ENERGY
    ratio: Float[Array, "ion energy"]  # flux of ions that have not collided behind over that in front
    fragments: Callable[[FluxOf], Float[Array, "ion energy"]] | None  # flux of fragments at ENERGY of a flux in front

    def behind(self, flux: FluxOf) -> Float[Array, "ion energy"]:
        """Flux behind at ENERGY, fragments included where they are followed, in the unit of the flux in front."""
        direct = self.ratio * flux(self.incident)
        return direct if self.fragments is None else direct + self.fragments(flux)


def shielded(
    mass_fraction: Float[Array, "layer element"], areal_density: Float[Array, " layer"], transport: ShieldTransport
) -> Shielded:
    """What layers do to fluxes, the outermost first."""
    energy, grid = jnp.asarray(ENERGY), jnp.asarray(_RANGE_GRID)
    ions = (jnp.asarray(ATOMIC_NUMBER, dtype=float), jnp.asarray(MASS_NUMBER))
    tables = layer_tables(grid, *ions, mass_fraction, transport.cross_section, transport.proton_losses)
    incident, ratio = through_layers(every_ion(energy), tables, areal_density)
    if not transport.fragments:
        return Shielded(incident, ratio, None)
    production = jax.vmap(lambda fraction: production_table(energy, *ions, fraction))(mass_fraction)
    return Shielded(incident, ratio, lambda flux: fragments_behind(flux, energy, tables, production, areal_density))


def spectra(
    shield: tuple[ShieldLayer, ...] | SectorShield, source: ParticleSource | None, transport: ShieldTransport
) -> tuple[Float[Array, "ion energy"], Float[Array, "ion energy"]]:
    """Differential flux in front of and behind the shield at ENERGY (m-2 s-1 sr-1 (MeV/u)-1), zero without source.

    Behind sectors it is the mean over the sphere of the flux behind each bin's layers: rates are linear in it, so that
    the rate of the mean is the mean of the rates.
    """
    energy = every_ion(jnp.asarray(ENERGY))
    if source is None:
        return jnp.zeros_like(energy), jnp.zeros_like(energy)
    outside = source.flux(energy)
    if not shield:
        return outside, outside

    def behind(mass_fraction: Array, areal_density: Array) -> Array:
        return shielded(mass_fraction, areal_density, transport).behind(source.flux)

    if not isinstance(shield, SectorShield):
        fractions = jnp.stack([layer.mass_fraction for layer in shield])
        return outside, behind(fractions, jnp.stack([layer.areal_density for layer in shield]))
    # The tables of the materials do not depend on the bin: only what follows is done for each.
    every = jax.vmap(behind, in_axes=(None, 0))(shield.mass_fraction, shield.areal_density)
    return outside, jnp.tensordot(shield.share, every, axes=1)


def heavy_ion_let_flux(flux: Float[Array, "ion energy"]) -> Float[Array, " let"]:
    """Integral LET flux (m-2 s-1 sr-1) of Z >= 2 in silicon above LET, from the flux at ENERGY.

    The coverage depends on no flux, so that a batch of fluxes shares it.
    """
    energy, let = jnp.asarray(ENERGY), jnp.asarray(LET)
    ions = jnp.asarray(ATOMIC_NUMBER[1:], dtype=float)
    stopping = ion_stopping_table(energy, ions, jnp.asarray(SILICON)) * 1e-3  # MeV cm2/g to MeV cm2/mg
    return covered_let_flux(flux_per_bin(energy, flux[1:]), let_coverage(stopping, let, _REACH), let.shape[0])
