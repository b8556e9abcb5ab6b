"""What kinds of particles there are around a spacecraft, each as a source with a spectrum: data and units.

Ions are rows Z - 1 of arrays [ion, energy]; energies in MeV per nucleon, fluxes in m-2 s-1 sr-1 (MeV/u)-1, the mean
over the whole sphere of directions.
"""

from abc import abstractmethod
from typing import get_args

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from caloris.model.leaves import leaf
from caloris_kernels.constants import ATOMIC_MASS, DAY, PROTON_MASS
from caloris_kernels.magnetic.cutoff import ion_rigidity
from caloris_kernels.numerics.interpolate import cubic_uniform
from caloris_kernels.particle.galactic import ATOMIC_NUMBER, MASS_NUMBER, galactic_flux, visible_sky_fraction
from caloris_kernels.particle.integral_spectrum import differential_flux, integral_flux
from caloris_kernels.particle.let_spectrum import interpolate_flux
from caloris_kernels.particle.solar import WorstPeriod, solar_ion_flux
from caloris_kernels.trapped.flux_map import MapName, map_energies

ION_COUNT = 28  # hydrogen to nickel

# GV: from protons of 0.05 MeV to what every cutoff of the Earth lets through. Steps of 0.03 in ln R are less than half
# the width of the penumbra.
RIGIDITY = np.geomspace(0.0097, 60.0, 292)
_LOG_STEP = float(np.log(RIGIDITY[1] / RIGIDITY[0]))


class ParticleSource(eqx.Module):
    """Ions of one origin."""

    @abstractmethod
    def flux(self, energy: Float[Array, "ion energy"]) -> Float[Array, "ion energy"]:
        """Differential flux of Z = 1 to 28 (m-2 s-1 sr-1 (MeV/u)-1), mean over the sphere, at energy (MeV/u)."""


class Transmission(eqx.Module):
    """What the Earth's field and the Earth itself let through to an orbit, by rigidity."""

    transmission: Float[Array, " rigidity"]  # -, 0 to 1, at RIGIDITY

    def of(self, energy: Float[Array, "ion energy"]) -> Float[Array, "ion energy"]:
        """Share (-) of fully ionized Z = 1 to 28 at energy (MeV/u); cubic in ln R, held beyond RIGIDITY."""
        per_charge = jnp.asarray(MASS_NUMBER / ATOMIC_NUMBER)[:, None]
        mass = jnp.where(ATOMIC_NUMBER == 1, PROTON_MASS, ATOMIC_MASS)[:, None]
        place = jnp.log(ion_rigidity(energy, per_charge, mass) / RIGIDITY[0]) / _LOG_STEP
        at = jax.vmap(lambda one: cubic_uniform(self.transmission, one, periodic=False))
        return at(place.reshape(-1)).reshape(place.shape)

    def of_protons(self, energy: Float[Array, " energy"]) -> Float[Array, " energy"]:
        """Share (-) of protons at energy (MeV)."""
        return self.of(jnp.broadcast_to(energy, (ION_COUNT, energy.shape[0])))[0]

    @classmethod
    def of_shadow(cls, altitude: Float[Array, ""], planet_radius: Float[Array, ""]) -> "Transmission":
        """The planet's shadow alone, at an altitude (m)."""
        return cls(jnp.full(RIGIDITY.size, visible_sky_fraction(altitude, planet_radius)))


class GalacticCosmicRays(ParticleSource):
    """Galactic cosmic rays (Matthia and others 2013), less what the planet and its field keep away."""

    solar_modulation: Float[Array, ""] = eqx.field(
        converter=leaf
    )  # W of the model (-): 0-15 solar minimum, 100-150 maximum
    altitude: Float[Array, ""] | None = None  # m
    planet_radius: Float[Array, ""] | None = None  # m
    transmission: Transmission | None = None  # stands for the shadow too

    def flux(self, energy: Float[Array, "ion energy"]) -> Float[Array, "ion energy"]:
        """See ParticleSource."""
        flux = galactic_flux(energy, self.solar_modulation)
        if self.transmission is not None:
            return flux * self.transmission.of(energy)
        if self.altitude is None or self.planet_radius is None:
            return flux
        return flux * visible_sky_fraction(self.altitude, self.planet_radius)


def _flux_above(
    energy: Float[Array, " energy"], level: np.ndarray, above: Float[Array, " level"]
) -> Float[Array, " energy"]:
    """`integral_flux`, but zero from the first level without flux on, where that is the steep end of a smooth curve."""
    end = jnp.min(jnp.where(above > 0.0, jnp.inf, jnp.asarray(level)))
    return jnp.where(energy < end, integral_flux(energy, level, above), 0.0)


class TrappedProtons(ParticleSource):
    """Protons of the inner belt, mean over an orbit: a spectrum through the fluxes at the energies of AP-8."""

    integral_flux: Float[Array, " level"]  # m-2 s-1, all directions together, at `level`
    map_name: MapName = eqx.field(static=True, default="AP8MIN")

    @property
    def level(self) -> np.ndarray:
        """Energies (MeV) above which integral_flux is given."""
        return map_energies(self.map_name)

    def flux(self, energy: Float[Array, "ion energy"]) -> Float[Array, "ion energy"]:
        """See ParticleSource: hydrogen alone, isotropic on the mean; see `differential_flux`."""
        protons = differential_flux(energy[0], self.level, self.integral_flux / (4.0 * jnp.pi))
        return jnp.zeros_like(energy).at[0].set(protons)

    def flux_above(self, energy: Float[Array, " energy"]) -> Float[Array, " energy"]:
        """Flux above an energy (MeV), all directions together (m-2 s-1); zero from where the map has none."""
        return _flux_above(energy, self.level, self.integral_flux)


class TrappedElectrons(eqx.Module):
    """Electrons of the belts, mean over an orbit: a spectrum through the fluxes at the energies of AE-8."""

    integral_flux: Float[Array, " level"]  # m-2 s-1, all directions together, at `level`
    map_name: MapName = eqx.field(static=True, default="AE8MAX")

    @property
    def level(self) -> np.ndarray:
        """Energies (MeV) above which integral_flux is given."""
        return map_energies(self.map_name)

    def electron_flux(self, energy: Float[Array, " energy"]) -> Float[Array, " energy"]:
        """Differential flux (m-2 s-1 sr-1 MeV-1) at energy (MeV), isotropic on the mean."""
        return differential_flux(energy, self.level, self.integral_flux / (4.0 * jnp.pi))

    def flux_above(self, energy: Float[Array, " energy"]) -> Float[Array, " energy"]:
        """Flux above an energy (MeV), all directions together (m-2 s-1); zero from where the map has none."""
        return _flux_above(energy, self.level, self.integral_flux)


class SolarEvent(ParticleSource):
    """Protons and ions of the worst period on record (CREME96): H, He, C, N, O, Fe, and other elements by abundance."""

    transmission: Transmission | None = None
    period: WorstPeriod = eqx.field(static=True, default="week")

    @property
    def seconds(self) -> float:
        """How long the period lasts (s); it comes once in a mission."""
        return {"week": 7.0 * DAY, "day": DAY, "5 minutes": 300.0}[self.period]

    def __check_init__(self):
        if self.period not in get_args(WorstPeriod):
            raise ValueError(f"period {self.period!r} is not known; known are {', '.join(get_args(WorstPeriod))}")

    def flux(self, energy: Float[Array, "ion energy"]) -> Float[Array, "ion energy"]:
        """See ParticleSource; fully ionized, as the source asks for."""
        flux = solar_ion_flux(energy, self.period)
        return flux if self.transmission is None else flux * self.transmission.of(energy)


class SolarFluence(eqx.Module):
    """Protons of solar events over a whole mission, from fluences above ascending energies."""

    integral_fluence: Float[Array, " level"]  # m-2 outside the Earth's field, all directions together
    level: tuple[float, ...] = eqx.field(static=True)  # MeV
    transmission: Transmission | None = None

    def event_fluence(self, energy: Float[Array, " energy"]) -> Float[Array, " energy"]:
        """Proton fluence (m-2 sr-1 MeV-1) at energy (MeV), mean over the sphere, at the orbit; `differential_flux`."""
        fluence = differential_flux(energy, np.array(self.level), self.integral_fluence / (4.0 * jnp.pi))
        return fluence if self.transmission is None else fluence * self.transmission.of_protons(energy)


class ParticleSpectrum(ParticleSource):
    """Differential spectra given as a table, the mean over the sphere in front of the shield."""

    atomic_number: Int[Array, " ion"]  # 1 to 28, each once
    energy: Float[Array, " energy"]  # MeV/u, increasing
    given_flux: Float[Array, "ion energy"]  # m-2 s-1 sr-1 (MeV/u)-1

    def flux(self, energy: Float[Array, "ion energy"]) -> Float[Array, "ion energy"]:
        """See ParticleSource: power laws between points."""
        rows = jax.vmap(interpolate_flux, in_axes=(0, None, 0))(
            energy[self.atomic_number - 1], self.energy, self.given_flux
        )
        return jnp.zeros_like(energy).at[self.atomic_number - 1].add(rows)


class SummedSources(ParticleSource):
    """Several sources as one."""

    sources: tuple[ParticleSource, ...]

    def flux(self, energy: Float[Array, "ion energy"]) -> Float[Array, "ion energy"]:
        """See ParticleSource."""
        total = jnp.zeros_like(energy)
        for source in self.sources:
            total = total + source.flux(energy)
        return total


class LetSpectrum(eqx.Module):
    """Integral LET spectrum in silicon of ions of Z >= 2, at the device."""

    let: Float[Array, " point"]  # MeV cm2 mg-1, increasing
    integral_flux: Float[Array, " point"]  # m-2 s-1 sr-1, not increasing

    def flux_above(self, let: Float[Array, " let"]) -> Float[Array, " let"]:
        """Integral flux at other LETs: power laws between points, constant below the first, zero above the last."""
        return interpolate_flux(jnp.maximum(let, self.let[0]), self.let, self.integral_flux)
