"""The particles around a spacecraft: components, their sum, and what it is called. See the constructors from_..."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from caloris.model.leaves import leaf
from caloris.model.particle_sources import ION_COUNT as ION_COUNT
from caloris.model.particle_sources import GalacticCosmicRays as GalacticCosmicRays
from caloris.model.particle_sources import LetSpectrum as LetSpectrum
from caloris.model.particle_sources import ParticleSource as ParticleSource
from caloris.model.particle_sources import ParticleSpectrum as ParticleSpectrum
from caloris.model.particle_sources import SolarFluence, SummedSources, TrappedElectrons
from caloris_kernels.constants import EARTH_RADIUS

# 50 energies a decade, 0.1 MeV/u to 100 GeV/u, on which spectra are written and shields are passed.
SPECTRUM_ENERGY = np.geomspace(1e-1, 1e5, 301)  # MeV/u

GALACTIC = "galactic cosmic rays"
_FREE_SPACE = "free space: no geomagnetic cutoff, no trapped particles"
_FREE_SPACE_SHADOW = "free space with the planet's shadow: no geomagnetic cutoff, no trapped particles"
_GIVEN_SPECTRUM = "spectrum as given in front of the shields"
_GIVEN_LET = "LET spectrum as given at the device, shields not applied to it"

Component = tuple[str, ParticleSource]


class ParticleEnvironment(eqx.Module):
    """What reaches the shields, by component, and its name in words.

    An environment along an orbit is made by `caloris.orbit_particles`.
    """

    sources: tuple[ParticleSource, ...]
    let_spectrum: LetSpectrum | None
    name: str = eqx.field(static=True)
    electrons: TrappedElectrons | None = None
    fluence: SolarFluence | None = None
    source_names: tuple[str, ...] = eqx.field(static=True, default=())

    @property
    def components(self) -> tuple[Component, ...]:
        """Each source of ions (`.flux`) with its name in words; electrons and fluences of events are apart."""
        return tuple(zip(self.source_names, self.sources, strict=True))

    @property
    def source(self) -> ParticleSource | None:
        """All sources of ions as one; None without any."""
        return SummedSources(self.sources) if self.sources else None

    def flux(self, energy: Float[Array, "ion energy"]) -> Float[Array, "ion energy"]:
        """Differential flux of Z = 1 to 28 at energy (MeV/u), all components (m-2 s-1 sr-1 (MeV/u)-1)."""
        return SummedSources(self.sources).flux(energy)

    def electron_flux(self, energy: Float[Array, " energy"]) -> Float[Array, " energy"]:
        """Differential flux of electrons at energy (MeV) (m-2 s-1 sr-1 MeV-1); zero without trapped electrons."""
        return jnp.zeros_like(energy) if self.electrons is None else self.electrons.electron_flux(energy)

    def event_fluence(self, energy: Float[Array, " energy"]) -> Float[Array, " energy"] | None:
        """Fluence of solar protons over the mission at energy (MeV) (m-2 sr-1 MeV-1); None without such a model."""
        return None if self.fluence is None else self.fluence.event_fluence(energy)

    @classmethod
    def of(
        cls,
        components: Sequence[Component],
        name: str,
        electrons: TrappedElectrons | None = None,
        fluence: SolarFluence | None = None,
    ) -> "ParticleEnvironment":
        """Any components together, under a name that says what is in them and what is not."""
        names, sources = tuple(name for name, _ in components), tuple(source for _, source in components)
        return cls(sources, None, name, electrons, fluence, names)

    @classmethod
    def from_galactic(
        cls,
        solar_modulation: ArrayLike,
        altitude: ArrayLike | None = None,
        planet_radius: ArrayLike = EARTH_RADIUS,
    ) -> "ParticleEnvironment":
        """Galactic cosmic rays; with an altitude (m), less the share that the planet (radius in m) hides."""
        if altitude is None:
            return cls.of([(GALACTIC, GalacticCosmicRays(solar_modulation))], _FREE_SPACE)
        source = GalacticCosmicRays(solar_modulation, leaf(altitude), leaf(planet_radius))
        return cls.of([(GALACTIC, source)], _FREE_SPACE_SHADOW)

    @classmethod
    def from_spectrum(
        cls, atomic_number: Sequence[int] | np.ndarray, energy: ArrayLike, flux: ArrayLike
    ) -> "ParticleEnvironment":
        """Given spectra: atomic_number [ion], energy [energy] (MeV/u), flux [ion, energy] (m-2 s-1 sr-1 (MeV/u)-1)."""
        return cls.of([("given spectrum", _particle_spectrum(atomic_number, energy, flux))], _GIVEN_SPECTRUM)

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
        let, integral_flux = leaf(let), leaf(integral_flux)
        if let.ndim != 1 or let.shape != integral_flux.shape or let.shape[0] < 2:
            raise ValueError(
                f"let {let.shape} and integral_flux {integral_flux.shape} must be two columns of one length, at least 2"
            )
        sources = () if spectrum is None else (_particle_spectrum(*spectrum),)
        return cls(
            sources, LetSpectrum(let, integral_flux), _GIVEN_LET, source_names=("given spectrum",) * len(sources)
        )


def _particle_spectrum(
    atomic_number: Sequence[int] | np.ndarray, energy: ArrayLike, flux: ArrayLike
) -> ParticleSpectrum:
    """Checked ParticleSpectrum."""
    numbers = np.atleast_1d(np.asarray(atomic_number, dtype=int))
    if len(set(numbers.tolist())) != numbers.size or numbers.min() < 1 or numbers.max() > ION_COUNT:
        raise ValueError(f"atomic numbers {numbers.tolist()} must be different and from 1 to {ION_COUNT}")
    energy, flux = leaf(energy), leaf(flux)
    if energy.ndim != 1 or energy.shape[0] < 2 or flux.shape != (numbers.size, energy.shape[0]):
        raise ValueError(
            f"flux {flux.shape} must be [ion, energy] for {numbers.size} ions and energies {energy.shape}, at least 2"
        )
    return ParticleSpectrum(jnp.asarray(numbers), energy, flux)
