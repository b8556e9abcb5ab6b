"""The particle environment, from the case's table and the files it names."""

from caloris.case.errors import CaseError, CaseProblem
from caloris.case.schema import Case
from caloris.case.spectrum_file import SpectrumFileError, read_let_spectrum, read_particle_spectrum
from caloris.model.particles import ParticleEnvironment


def build_particles(case: Case) -> ParticleEnvironment | None:
    """What [particles] describes, None where nothing is there; CaseError for unreadable spectra."""
    table = case.particles
    if table is None:
        return None
    try:
        spectrum = None if table.spectrum is None else read_particle_spectrum(table.spectrum)
        let = None if table.let_spectrum is None else read_let_spectrum(table.let_spectrum)
    except SpectrumFileError as error:
        key = "spectrum" if table.spectrum is not None else "let_spectrum"
        raise CaseError(
            [CaseProblem(f"particles/{key}", str(error))], case.path.name if case.path else "case"
        ) from None
    if let is not None:
        given = None if spectrum is None else (spectrum.atomic_number, spectrum.energy, spectrum.flux)
        return ParticleEnvironment.from_let_spectrum(let.let, let.integral_flux, given)
    if spectrum is not None:
        return ParticleEnvironment.from_spectrum(spectrum.atomic_number, spectrum.energy, spectrum.flux)
    if table.galactic is None:
        return None
    altitude = None
    if case.orbit is not None:
        # Earth's shadow at the mean altitude of the orbit.
        altitude = case.orbit.size(case.planet)[0] - case.planet.radius
    return ParticleEnvironment.from_galactic(table.galactic.solar_modulation, altitude, case.planet.radius)
