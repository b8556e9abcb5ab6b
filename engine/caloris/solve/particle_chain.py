"""From the particles in front of a shield to the spectra behind it: what upset rates and their responses share."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris.model.particle_sources import ParticleSource
from caloris.model.particles import ION_COUNT
from caloris.model.shield import SectorShield, ShieldLayer
from caloris.model.shield_transport import ShieldTransport
from caloris_kernels.particle.elements import SILICON
from caloris_kernels.particle.galactic import ATOMIC_NUMBER, MASS_NUMBER
from caloris_kernels.particle.let_spectrum import covered_let_flux, flux_per_bin, let_coverage
from caloris_kernels.particle.stopping_power import ion_stopping_table
from caloris_kernels.particle.transport import through_layers

# 50 energies a decade, 0.1 MeV/u to 100 GeV/u: doubling them moves the rates by less than 1e-3. Ranges are
# tabulated on the same step from 1 keV/u to 200 GeV/u, so that the grid's energies are nodes of that table.
ENERGY = np.geomspace(1e-1, 1e5, 301)  # MeV/u
_RANGE_GRID = np.geomspace(1e-3, 10.0**5.3, 416)  # MeV/u
# 80 LETs a decade; ions up to nickel reach 32 MeV cm2/mg in silicon, a given spectrum may reach further.
LET = np.geomspace(1e-3, 1.2e2, 400)  # MeV cm2 mg-1
# Steps of LET that one bin of energy covers at most: a bin is 1.6 steps wide in ln E, and |d ln S / d ln E| < 1.2.
_REACH = 4


def spectra(
    shield: tuple[ShieldLayer, ...], source: ParticleSource | None, transport: ShieldTransport
) -> tuple[Float[Array, "ion energy"], Float[Array, "ion energy"]]:
    """Differential flux in front of and behind the shield at ENERGY (m-2 s-1 sr-1 (MeV/u)-1), zero without source."""
    energy = jnp.broadcast_to(jnp.asarray(ENERGY), (ION_COUNT, ENERGY.size))
    if source is None:
        return jnp.zeros_like(energy), jnp.zeros_like(energy)
    if not shield:
        flux = source.flux(energy)
        return flux, flux
    incident, ratio = through_layers(
        energy,
        jnp.asarray(_RANGE_GRID),
        jnp.asarray(ATOMIC_NUMBER, dtype=float),
        jnp.asarray(MASS_NUMBER),
        jnp.stack([layer.mass_fraction for layer in shield]),
        jnp.stack([layer.areal_density for layer in shield]),
        transport.cross_section,
        transport.proton_losses,
    )
    return source.flux(energy), ratio * source.flux(incident)


def sector_spectra(
    sectors: SectorShield, source: ParticleSource | None, transport: ShieldTransport
) -> tuple[Float[Array, "ion energy"], Float[Array, "ion energy"]]:
    """`spectra` behind sectors: the flux behind is the mean over the sphere of that behind each bin's layers.

    Rates are linear in it, so that the rate of the mean is the mean of the rates.
    """
    energy = jnp.broadcast_to(jnp.asarray(ENERGY), (ION_COUNT, ENERGY.size))
    if source is None:
        return jnp.zeros_like(energy), jnp.zeros_like(energy)

    def behind(areal_density: Float[Array, " material"]) -> Float[Array, "ion energy"]:
        incident, ratio = through_layers(
            energy,
            jnp.asarray(_RANGE_GRID),
            jnp.asarray(ATOMIC_NUMBER, dtype=float),
            jnp.asarray(MASS_NUMBER),
            sectors.mass_fraction,
            areal_density,
            transport.cross_section,
            transport.proton_losses,
        )
        return ratio * source.flux(incident)

    # The tables of the materials do not depend on the bin: only what follows is done for each.
    return source.flux(energy), jnp.tensordot(sectors.share, jax.vmap(behind)(sectors.areal_density), axes=1)


def heavy_ion_let_flux(flux: Float[Array, "ion energy"]) -> Float[Array, " let"]:
    """Integral LET flux (m-2 s-1 sr-1) of Z >= 2 in silicon above LET, from the flux at ENERGY.

    The coverage depends on no flux, so that a batch of fluxes shares it.
    """
    energy, let = jnp.asarray(ENERGY), jnp.asarray(LET)
    ions = jnp.asarray(ATOMIC_NUMBER[1:], dtype=float)
    stopping = ion_stopping_table(energy, ions, jnp.asarray(SILICON)) * 1e-3  # MeV cm2/g to MeV cm2/mg
    return covered_let_flux(flux_per_bin(energy, flux[1:]), let_coverage(stopping, let, _REACH), let.shape[0])
