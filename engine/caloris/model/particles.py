"""The particles around a spacecraft, as models or as given spectra: data and units, no algorithms."""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int

from caloris_kernels.constants import EARTH_RADIUS
from caloris_kernels.particle.galactic import galactic_flux, visible_sky_fraction
from caloris_kernels.particle.let_spectrum import interpolate_flux

ION_COUNT = 28  # hydrogen to nickel: row Z - 1 of every flux array

_FREE_SPACE = "free space: no geomagnetic cutoff, no trapped particles"
_FREE_SPACE_SHADOW = "free space with the planet's shadow: no geomagnetic cutoff, no trapped particles"
_GIVEN_SPECTRUM = "spectrum as given in front of the shields"
_GIVEN_LET = "LET spectrum as given at the device, shields not applied to it"


def _leaf(value: ArrayLike | Sequence[float]) -> Array:
    """A traced floating leaf in the default precision."""
    return jnp.asarray(value, dtype=float)


class GalacticCosmicRays(eqx.Module):
    """Galactic cosmic rays (Matthia and others 2013), with the shadow of a planet where an altitude is given."""

    solar_modulation: Float[Array, ""] = eqx.field(
        converter=_leaf
    )  # W of the model (-): 0-15 solar minimum, 100-150 maximum
    altitude: Float[Array, ""] | None = None  # m
    planet_radius: Float[Array, ""] | None = None  # m

    def flux(self, energy: Float[Array, "ion energy"]) -> Float[Array, "ion energy"]:
        """Differential flux of Z = 1 to 28 (m-2 s-1 sr-1 (MeV/u)-1), mean over the sphere, at energy (MeV/u)."""
        flux = galactic_flux(energy, self.solar_modulation)
        if self.altitude is None or self.planet_radius is None:
            return flux
        return flux * visible_sky_fraction(self.altitude, self.planet_radius)


class ParticleSpectrum(eqx.Module):
    """Differential spectra given as a table, the mean over the sphere in front of the shield."""

    atomic_number: Int[Array, " ion"]  # 1 to 28, each once
    energy: Float[Array, " energy"]  # MeV/u, increasing
    given_flux: Float[Array, "ion energy"]  # m-2 s-1 sr-1 (MeV/u)-1

    def flux(self, energy: Float[Array, "ion energy"]) -> Float[Array, "ion energy"]:
        """Differential flux of Z = 1 to 28 (m-2 s-1 sr-1 (MeV/u)-1) at energy (MeV/u): power laws between points."""
        rows = jax.vmap(interpolate_flux, in_axes=(0, None, 0))(
            energy[self.atomic_number - 1], self.energy, self.given_flux
        )
        return jnp.zeros_like(energy).at[self.atomic_number - 1].add(rows)


class LetSpectrum(eqx.Module):
    """Integral LET spectrum in silicon of ions of Z >= 2, at the device."""

    let: Float[Array, " point"]  # MeV cm2 mg-1, increasing
    integral_flux: Float[Array, " point"]  # m-2 s-1 sr-1, not increasing

    def flux_above(self, let: Float[Array, " let"]) -> Float[Array, " let"]:
        """Integral flux at other LETs: power laws between points, constant below the first, zero above the last."""
        return interpolate_flux(jnp.maximum(let, self.let[0]), self.let, self.integral_flux)


class ParticleEnvironment(eqx.Module):
    """What reaches the shields, and its name in words; see the constructors from_..."""

    source: GalacticCosmicRays | ParticleSpectrum | None
    let_spectrum: LetSpectrum | None
    name: str = eqx.field(static=True)

    @classmethod
    def from_galactic(
        cls,
        solar_modulation: ArrayLike,
        altitude: ArrayLike | None = None,
        planet_radius: ArrayLike = EARTH_RADIUS,
    ) -> "ParticleEnvironment":
        """Galactic cosmic rays; with an altitude (m), less the share that the planet (radius in m) hides."""
        if altitude is None:
            return cls(GalacticCosmicRays(solar_modulation), None, _FREE_SPACE)
        source = GalacticCosmicRays(solar_modulation, _leaf(altitude), _leaf(planet_radius))
        return cls(source, None, _FREE_SPACE_SHADOW)

    @classmethod
    def from_spectrum(
        cls, atomic_number: Sequence[int] | np.ndarray, energy: ArrayLike, flux: ArrayLike
    ) -> "ParticleEnvironment":
        """Given spectra: atomic_number [ion], energy [energy] (MeV/u), flux [ion, energy] (m-2 s-1 sr-1 (MeV/u)-1)."""
        return cls(_particle_spectrum(atomic_number, energy, flux), None, _GIVEN_SPECTRUM)

    @classmethod
    def from_let_spectrum(
        cls,
        let: ArrayLike | Sequence[float],
        integral_flux: ArrayLike | Sequence[float],
        spectrum: tuple[Sequence[int] | np.ndarray, ArrayLike, ArrayLike] | None = None,
    ) -> "ParticleEnvironment":
        """Given integral LET spectrum: let (MeV cm2/mg), integral_flux (m-2 s-1 sr-1), Z >= 2, behind all shields.

        spectrum, the arguments of from_spectrum, adds what the proton rate needs; it passes the shields.
        """
        let, integral_flux = _leaf(let), _leaf(integral_flux)
        if let.ndim != 1 or let.shape != integral_flux.shape or let.shape[0] < 2:
            raise ValueError(
                f"let {let.shape} and integral_flux {integral_flux.shape} must be two columns of one length, at least 2"
            )
        source = None if spectrum is None else _particle_spectrum(*spectrum)
        return cls(source, LetSpectrum(let, integral_flux), _GIVEN_LET)


def _particle_spectrum(
    atomic_number: Sequence[int] | np.ndarray, energy: ArrayLike, flux: ArrayLike
) -> ParticleSpectrum:
    """Checked ParticleSpectrum."""
    numbers = np.atleast_1d(np.asarray(atomic_number, dtype=int))
    if len(set(numbers.tolist())) != numbers.size or numbers.min() < 1 or numbers.max() > ION_COUNT:
        raise ValueError(f"atomic numbers {numbers.tolist()} must be different and from 1 to {ION_COUNT}")
    energy, flux = _leaf(energy), _leaf(flux)
    if energy.ndim != 1 or energy.shape[0] < 2 or flux.shape != (numbers.size, energy.shape[0]):
        raise ValueError(
            f"flux {flux.shape} must be [ion, energy] for {numbers.size} ions and energies {energy.shape}, at least 2"
        )
    return ParticleSpectrum(jnp.asarray(numbers), energy, flux)
