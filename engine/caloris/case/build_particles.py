"""The particle environment, from the case's table and the files it names."""

from caloris.case.build_orbit import build_orbit
from caloris.case.errors import CaseError, CaseProblem
from caloris.case.schema import Case
from caloris.case.schema_particle import WORST_PERIODS, MissionEvent
from caloris.case.spectrum_file import SpectrumFileError, read_let_spectrum, read_particle_spectrum
from caloris.model.orbit import KeplerOrbit
from caloris.model.orbit_environment import EspFluence, KingFluence, OrbitEnvironment, ground_track_repeat
from caloris.model.particle_sources import GalacticCosmicRays, SolarEvent, SolarFluence, Transmission
from caloris.model.particles import GALACTIC, Component, ParticleEnvironment
from caloris.model.planet import leaf
from caloris.model.shield_transport import ShieldTransport
from caloris.solve.orbit_particles import orbit_particles


def build_particles(case: Case) -> ParticleEnvironment | None:
    """What [particles] describes, None where nothing is there; CaseError for unreadable spectra."""
    table = case.particles
    if table is None:
        return None
    given = _given(case)
    if given is not None:
        return given
    along = build_orbit_environment(case)
    return _without_field(case) if along is None else orbit_particles(along)


def build_transport(case: Case) -> ShieldTransport:
    """How particles are taken through the shields of the case."""
    table = case.particles
    if table is None:
        return ShieldTransport()
    chosen = table.transport
    return ShieldTransport(chosen.cross_section, chosen.proton_losses, chosen.fragments)


def build_orbit_environment(case: Case) -> OrbitEnvironment | None:
    """Orbit and models of a case with trapped particles or cutoff; None for every other."""
    table, orbit_table = case.particles, case.orbit
    if table is None or orbit_table is None or (table.trapped is None and table.cutoff is None):
        return None
    try:
        orbit = build_orbit(case)
    except ValueError as error:
        raise CaseError([CaseProblem("orbit", str(error))], case.source) from None
    assert isinstance(orbit, KeplerOrbit)
    trapped, cutoff, event = table.trapped, table.cutoff, table.solar_event
    epoch = None if trapped is None else trapped.field_epoch
    return OrbitEnvironment(
        orbit=orbit,
        solar_modulation=None if table.galactic is None else table.galactic.solar_modulation,
        storm=None if cutoff is None else float(cutoff.magnetosphere == "storm"),
        proton_epoch=epoch,
        electron_epoch=epoch,
        mission=_mission(event) if isinstance(event, MissionEvent) else None,
        proton=None if trapped is None else trapped.proton,
        electron=None if trapped is None else trapped.electron,
        solar_event=None if isinstance(event, MissionEvent) else WORST_PERIODS.get(event),  # pyright: ignore[reportArgumentType]
        arrival="vertical" if cutoff is None else cutoff.form,
        internal_field=cutoff is not None and cutoff.magnetosphere == "none",
        repeat=ground_track_repeat(orbit_table.period(case.planet)),
    )


def _mission(event: MissionEvent) -> EspFluence | KingFluence:
    if event.model == "King":
        return KingFluence(1.0 if event.events is None else event.events)
    assert event.years is not None and event.confidence is not None
    return EspFluence(event.years, event.confidence)


def _given(case: Case) -> ParticleEnvironment | None:
    """The environment of a file that replaces all models; None without one."""
    table = case.particles
    assert table is not None
    try:
        spectrum = None if table.spectrum is None else read_particle_spectrum(table.spectrum)
        let = None if table.let_spectrum is None else read_let_spectrum(table.let_spectrum)
    except SpectrumFileError as error:
        key = "spectrum" if table.spectrum is not None else "let_spectrum"
        raise CaseError([CaseProblem(f"particles/{key}", str(error))], case.source) from None
    if let is not None:
        given = None if spectrum is None else (spectrum.atomic_number, spectrum.energy, spectrum.flux)
        return ParticleEnvironment.from_let_spectrum(let.let, let.integral_flux, given)
    if spectrum is not None:
        return ParticleEnvironment.from_spectrum(spectrum.atomic_number, spectrum.energy, spectrum.flux)
    return None


def _without_field(case: Case) -> ParticleEnvironment | None:
    """Galactic and solar particles as outside the Earth's field, with the planet's shadow where there is an orbit."""
    table = case.particles
    assert table is not None
    altitude = None
    if case.orbit is not None:
        # The shadow at the mean altitude of the orbit.
        altitude = case.orbit.size(case.planet)[0] - case.planet.radius
    event = table.solar_event
    if event == "none":
        if table.galactic is None:
            return None
        return ParticleEnvironment.from_galactic(table.galactic.solar_modulation, altitude, case.planet.radius)
    shadow = None if altitude is None else Transmission.of_shadow(leaf(altitude), leaf(case.planet.radius))
    components: list[Component] = []
    words, fluence = [], None
    if table.galactic is not None:
        components.append((GALACTIC, GalacticCosmicRays(table.galactic.solar_modulation, transmission=shadow)))
        words.append("galactic cosmic rays (Matthia and others 2013)")
    if isinstance(event, MissionEvent):
        level, above = _mission(event).integral()
        fluence = SolarFluence(above, level, shadow)
        words.append(f"solar protons of the mission ({event.model}), as a fluence for doses and not as a rate")
    else:
        period = WORST_PERIODS[event]
        components.append((f"solar particles of the worst {period}", SolarEvent(shadow, period)))  # pyright: ignore[reportArgumentType]
        words.append(f"solar particles of the worst {period} (CREME96, other elements by abundance)")
    place = "free space" if altitude is None else "free space with the planet's shadow"
    words.append(f"{place}: no geomagnetic cutoff, no trapped particles")
    return ParticleEnvironment.of(components, "; ".join(words), None, fluence)
