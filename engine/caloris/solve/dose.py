"""The verb of dose: every source of particles through the shield of a point, ionizing and displacement dose.

Ions lose energy along straight lines in each material of the shield (`particle.transport`) and then in the detector;
electrons and their bremsstrahlung come from NIST's tables behind aluminum of the same mass (`particle.shield_dose`).
Dose is linear in the flux and a mean over directions: what is computed once per bin of shielding serves any number
of rays.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float, Int

from caloris.model.dose import DosePoint
from caloris.model.particle_sources import SolarEvent
from caloris.model.particles import ParticleEnvironment
from caloris.model.shield import SectorShield, ShieldLayer
from caloris.model.shield_transport import ShieldTransport
from caloris.precision import require_float64
from caloris.programs import kept
from caloris.solve.particle_chain import ENERGY, every_ion, shielded
from caloris_kernels.constants import JULIAN_YEAR
from caloris_kernels.numerics.interpolate import monotone_cubic
from caloris_kernels.particle.cells import DamageMaterial
from caloris_kernels.particle.detectors import Detector, detector_fractions
from caloris_kernels.particle.dose import ion_dose, slab_directions
from caloris_kernels.particle.electrons import electrons_before
from caloris_kernels.particle.galactic import ATOMIC_NUMBER
from caloris_kernels.particle.niel import displacement_dose, electron_niel, proton_niel
from caloris_kernels.particle.shield_dose import ShieldShape, dose_energies, dose_response, spectrum_dose

SUCCESS, NOT_FINITE = 0, 1
ENVIRONMENT_FACTOR = 2.0
"""What is usually said of AP-8 and AE-8, which are worse at low altitude: the band around a dose."""
ELECTRONS, PHOTONS, EVENT = "trapped electrons", "bremsstrahlung", "solar event"


class DoseRate(NamedTuple):
    """Dose at a point: rad of the point's own material; displacement damage in its DamageMaterial."""

    rate: Float[Array, " source"]  # rad year-1 of 365.25 days, 0 for events
    mission: Float[Array, " source"]  # rad: rate times years; of events what they bring once
    sampling_error: Float[Array, " source"]  # rad year-1, standard error by the directions; 0 where all are the same
    binning_error: Float[Array, ""]  # -, of the total rate, by what differs within the bins of shielding
    tabulated_proton_rate: Float[Array, ""]  # rad year-1 of protons below 1 GeV by NIST's tables: a second way
    damage_rate: Float[Array, " 2"]  # MeV g-1 year-1, protons and electrons
    damage: Float[Array, ""]  # MeV g-1 of the mission, the event included
    electron_damage: Float[Array, ""]  # MeV g-1 of the mission, the part of electrons
    sources: tuple[str, ...]
    damage_material: DamageMaterial
    result: Int[Array, ""]  # SUCCESS or NOT_FINITE

    @property
    def total_rate(self) -> Float[Array, ""]:
        """All sources but the event (rad year-1)."""
        return jnp.sum(self.rate)

    @property
    def total(self) -> Float[Array, ""]:
        """Mission dose of all sources (rad)."""
        return jnp.sum(self.mission)


class DepthDoses(NamedTuple):
    """Doses at the centers of aluminum spheres, by source: of what lasts, and of what comes once."""

    sources: tuple[str, ...]
    rate: Float[Array, "source depth"]  # rad year-1, 0 for events
    event: Float[Array, "source depth"]  # rad, 0 for what lasts


def dose(point: DosePoint, particles: ParticleEnvironment, transport: ShieldTransport | None = None) -> DoseRate:
    """Dose at a point by source: every component of the environment, electrons, bremsstrahlung, the solar event.

    Sphere and sectors: D = sum_bins w_b D_sphere(t_b), the slant path of each ray as the radius of a solid sphere.
    Slab: particles from one side through thickness / cos. Ions of Z = 1 to 28 from 0.1 MeV/u; no neutrons and no
    pions, fragments of ions where transport asks for them: behind more than some 20 g/cm2 the dose is a lower bound.
    Electrons see a shield of any material as aluminum of the same mass. Worst periods of solar particles come once, not
    every year. Damage: protons and electrons only, in the point's damage material.

    Linear in the flux; differentiable (forward and reverse) in every floating leaf of point and particles. Raises
    RuntimeError in float32, ValueError for an unknown target, FloatingPointError where the dose is not finite in an
    eager call (under a transformation: `.result`).
    """
    require_float64("dose")
    detector_fractions(point.target)  # raises for what is not known
    sources = particles.sources
    material = point.damage_material
    plain = DosePoint(_unnamed(point.shield), point.years, point.target, point.slab, damage=material)
    *found, status = _dose(plain, sources, _electrons(particles), particles.fluence, transport or ShieldTransport())
    rate, mission, sampling, binning, tabulated, damage_rate, damage = found
    every = _source_names(particles)
    electrons = damage_rate[1] * point.years
    result = DoseRate(
        rate, mission, sampling, binning, tabulated, damage_rate, damage, electrons, every, material, status
    )
    if not isinstance(result.result, Tracer) and int(result.result) != SUCCESS:
        raise FloatingPointError(f"dose point {point.name!r}: the dose is not finite; check shield and spectra")
    return result


def depth_dose(
    depth: Float[Array, " depth"],
    particles: ParticleEnvironment,
    target: str = "Si",
    transport: ShieldTransport | None = None,
) -> tuple[tuple[str, ...], Float[Array, "source depth"]]:
    """Names of the sources, and dose rates at the center of aluminum spheres of radius depth (g/cm2), rad year-1.

    Events, which have no rate, stand with 0: `event_depth_dose` is theirs. See `dose`.
    """
    found = depth_doses(depth, particles, target, transport)
    return found.sources, found.rate


def event_depth_dose(
    depth: Float[Array, " depth"],
    particles: ParticleEnvironment,
    target: str = "Si",
    transport: ShieldTransport | None = None,
) -> tuple[tuple[str, ...], Float[Array, "source depth"]]:
    """Names of the sources, and what each event brings once at the center of aluminum spheres of radius depth (g/cm2).

    rad: worst periods of solar particles over the time that they last, fluences of the mission as they are. What lasts
    all the years stands with 0: `depth_dose` is its rate. See `dose`.
    """
    found = depth_doses(depth, particles, target, transport)
    return found.sources, found.event


def depth_doses(
    depth: Float[Array, " depth"],
    particles: ParticleEnvironment,
    target: str = "Si",
    transport: ShieldTransport | None = None,
) -> DepthDoses:
    """`depth_dose` and `event_depth_dose` at once: the particles go through the spheres once for both."""
    require_float64("depth_doses")
    aluminum = ShieldLayer.of("Al", {"Al": 1.0}, 1.0).mass_fraction[None]
    shield = SectorShield(jnp.ones((1, len(depth))), depth[:, None], jnp.zeros(len(depth)), aluminum)
    point = DosePoint(shield, 1.0, target)
    # Rates (rad year-1); the last row, of the mission's fluence, is a dose (rad) already.
    found = _by_bin(
        point, particles.sources, _electrons(particles), particles.fluence, transport or ShieldTransport()
    ).rate
    once = _once(particles.sources)
    lasting, years = jnp.asarray([*(once == 0.0), True, True, False], float), [*(once / JULIAN_YEAR), 0.0, 0.0, 1.0]
    return DepthDoses(_source_names(particles), lasting[:, None] * found, jnp.asarray(years)[:, None] * found)


def _source_names(particles: ParticleEnvironment) -> tuple[str, ...]:
    """Of the rows of rates: ions by component, then what electrons and events add."""
    return (*(name for name, _ in particles.components), ELECTRONS, PHOTONS, EVENT)


def _electrons(particles: ParticleEnvironment) -> Array:
    return particles.electron_flux(jnp.asarray(dose_energies("electron")))


def _once(sources: tuple) -> np.ndarray:
    """Seconds that each source lasts in all, where it is one event and not a flux of all the years; else 0."""
    return np.array([source.seconds if isinstance(source, SolarEvent) else 0.0 for source in sources])


def _unnamed(shield: SectorShield) -> SectorShield:
    return SectorShield(shield.weight, shield.areal_density, shield.variance, shield.mass_fraction)


class _Bins(NamedTuple):
    """What each bin of a shield would be as a sphere (or slab)."""

    rate: Float[Array, "source bin"]  # rad year-1; the last, of the event, rad
    tabulated: Float[Array, " bin"]  # rad year-1
    damage: Float[Array, "2 bin"]  # MeV g-1 year-1
    event_damage: Float[Array, " bin"]  # MeV g-1


@kept
def _dose(point: DosePoint, sources: tuple, electrons: Array, event: Any, transport: ShieldTransport) -> tuple:
    bins = _by_bin_traced(point, sources, electrons, event, transport)
    weight, share = point.shield.weight, point.shield.share
    mean = bins.rate @ share
    once = np.concatenate([_once(sources) / JULIAN_YEAR, [0.0, 0.0, 1.0]])
    is_rate = jnp.asarray(once == 0.0, float)
    mission = mean * jnp.where(once == 0.0, point.years, once)
    sets = bins.rate @ weight.T  # [source, set]
    count = weight.shape[0]
    square = jnp.sum((sets - mean[:, None]) ** 2, axis=1) / max(count * (count - 1), 1)
    error = jnp.where(square > 0.0, jnp.sqrt(jnp.where(square > 0.0, square, 1.0)), 0.0)
    damage_rate = bins.damage @ share
    damage = jnp.sum(damage_rate) * point.years + bins.event_damage @ share
    binning = _binning_error(point.shield, is_rate @ bins.rate)
    finite = jnp.all(jnp.isfinite(mission)) & jnp.isfinite(damage)
    result = jnp.where(finite, SUCCESS, NOT_FINITE)
    return mean * is_rate, mission, error * is_rate, binning, bins.tabulated @ share, damage_rate, damage, result


def _binning_error(shield: SectorShield, rate: Float[Array, " bin"]) -> Float[Array, ""]:
    """sum w R'' variance / 2 over sum w R: what the mean path of a bin leaves out, by R over neighboring bins."""
    if rate.shape[0] < 3:
        return jnp.zeros(())
    t = shield.total
    gap = jnp.diff(t)
    secant = jnp.diff(rate) / jnp.where(gap > 0.0, gap, 1.0)
    span = 0.5 * (gap[1:] + gap[:-1])
    second = jnp.where((gap[1:] > 0.0) & (gap[:-1] > 0.0), jnp.diff(secant) / jnp.where(span > 0.0, span, 1.0), 0.0)
    second = jnp.concatenate([second[:1], second, second[-1:]])
    mean = shield.share @ rate
    left_out = 0.5 * (shield.share @ (second * shield.variance))
    return jnp.where(mean > 0.0, left_out / jnp.where(mean > 0.0, mean, 1.0), 0.0)


@kept
def _by_bin(point: DosePoint, sources: tuple, electrons: Array, event: Any, transport: ShieldTransport) -> _Bins:
    return _by_bin_traced(point, sources, electrons, event, transport)


def _by_bin_traced(point: DosePoint, sources: tuple, electrons: Array, event: Any, transport: ShieldTransport) -> _Bins:
    shield, shape = point.shield, cast(ShieldShape, "slab" if point.slab else "sphere")
    fraction = jnp.asarray(detector_fractions(point.target))
    material = point.damage_material

    def one(areal_density: Array) -> tuple[Array, Array, Array]:
        return _ions_behind(areal_density, shield.mass_fraction, sources, event, fraction, material, transport)

    if point.slab:
        slant, part = slab_directions()

        def slab_of(row: Array) -> tuple[Array, Array, Array]:
            return jax.tree.map(lambda v: jnp.tensordot(part, v, axes=1), jax.vmap(one)(slant[:, None] * row))

        bin_of: Callable[[Array], tuple[Array, Array, Array]] = slab_of
    else:
        bin_of = one
    # One bin after the other: what is between stays in the cache, and memory does not grow with the bins.
    ions, damage, event_damage = jax.lax.map(bin_of, shield.areal_density)
    target, total = cast(Detector, point.target), shield.total
    energy = jnp.asarray(dose_energies("electron"))
    light = [
        JULIAN_YEAR * spectrum_dose(energy, electrons, dose_response(kind, target, shape, total))
        for kind in ("electron", "bremsstrahlung")
    ]
    proton_energy = jnp.asarray(dose_energies("proton"))
    protons = jnp.zeros_like(proton_energy)
    for source, seconds in zip(sources, _once(sources), strict=True):
        protons += 0.0 if seconds else source.flux(every_ion(proton_energy))[0]
    tabulated = JULIAN_YEAR * spectrum_dose(proton_energy, protons, dose_response("proton", target, shape, total))
    rate = jnp.concatenate([JULIAN_YEAR * ions[:, :-1].T, jnp.stack(light), ions[:, -1:].T])
    electron_damage = jax.vmap(lambda t: _electron_damage(t, energy, electrons, material))(total)
    half = 0.5 if point.slab else 1.0
    return _Bins(rate, tabulated, JULIAN_YEAR * jnp.stack([damage, half * electron_damage]), event_damage)


def _ions_behind(
    areal_density: Float[Array, " material"],
    mass_fraction: Float[Array, "material element"],
    sources: tuple,
    event: Any,
    detector: Float[Array, " element"],
    material: DamageMaterial,
    transport: ShieldTransport,
) -> tuple[Float[Array, " source"], Float[Array, ""], Float[Array, ""]]:
    """Dose rates (rad/s) of the components and the event's dose (rad); damage of the first (MeV/g/s), of the event."""
    energy, charge = jnp.asarray(ENERGY), jnp.asarray(ATOMIC_NUMBER, dtype=float)
    shield = shielded(mass_fraction, areal_density, transport)
    niel = proton_niel(energy, material)
    doses, damage = [], jnp.zeros(())
    event_damage = jnp.zeros(())
    for source, seconds in zip(sources, _once(sources), strict=True):
        behind = shield.behind(source.flux)
        doses.append(ion_dose(energy, behind, charge, detector))
        one = displacement_dose(energy, behind[0], niel)
        damage, event_damage = (damage, event_damage + one * seconds) if seconds else (damage + one, event_damage)
    if event is None:
        return jnp.stack([*doses, jnp.zeros(())]), damage, event_damage
    fluence = shield.ratio[:1] * event.event_fluence(shield.incident[0])[None]
    doses.append(ion_dose(energy, fluence, charge[:1], detector))
    return jnp.stack(doses), damage, event_damage + displacement_dose(energy, fluence[0], niel)


def _electron_damage(depth: Array, energy: Array, flux: Array, material: DamageMaterial) -> Array:
    """Displacement damage of electrons (MeV/g/s) behind depth g/cm2; flux [energy] in front."""
    incident, ratio = electrons_before(energy, depth)
    # A smooth curve of the logarithms between the energies at which the flux is known, nothing where it is zero.
    log_flux = jnp.where(flux > 0.0, jnp.log(jnp.where(flux > 0.0, flux, 1.0)), -700.0)
    between = jax.vmap(monotone_cubic, in_axes=(None, None, 0))
    outside = jnp.exp(between(jnp.log(energy), log_flux, jnp.log(incident)))
    return displacement_dose(energy, ratio * outside, electron_niel(energy, material))
