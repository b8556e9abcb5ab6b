"""What looks wrong in the particle environment of a case although it can be run."""

from collections.abc import Iterator

from caloris.case.schema import Case
from caloris.case.schema_particle import MissionEvent
from caloris.output.text import listed

# The Sun is active in seven years of eleven.
_ACTIVE = 7.0 / 11.0
_SLACK = 0.01
# Beyond this shell (McIlwain's L) the currents of the magnetosphere open the field to solar particles.
_LAST_SHELL = 5.0


def particle_warnings(case: Case) -> Iterator[str]:
    """Years of a mission and of its solar protons that do not fit; a cutoff where none is."""
    table = case.particles
    if table is None:
        return
    if isinstance(table.solar_event, MissionEvent) and table.solar_event.years is not None:
        yield from _years(case, table.solar_event.years)
    if table.cutoff is not None and table.cutoff.magnetosphere == "none" and table.solar_event != "none":
        yield from _internal_field(case)


def _years(case: Case, active: float) -> Iterator[str]:
    """The source asks for a year of active Sun at least, so that shorter missions have one."""
    apart = {}
    for point in case.dose_points:
        most = max(point.years, 1.0)
        if not _ACTIVE * most * (1.0 - _SLACK) <= active <= most * (1.0 + _SLACK):
            apart.setdefault(point.years, []).append(point.name)
    for years, names in apart.items():
        yield (
            f"dose_point {listed(names)}: years = {years:g}, but particles/solar_event brings once the protons of "
            f"{active:g} years of active Sun; a mission of {years:g} has {max(_ACTIVE * years, 1.0):.3g} (seven of "
            f"eleven) to {max(years, 1.0):g} of them"
        )


def _internal_field(case: Case) -> Iterator[str]:
    """Apogees beyond that shell; polar orbits meet it at the ground, where the field of the core is worth a third."""
    orbit = case.orbit
    if orbit is None:
        return
    semi_major_axis, eccentricity = orbit.size(case.planet)
    if semi_major_axis * (1.0 + eccentricity) > _LAST_SHELL * case.planet.radius:
        yield (
            'particles/cutoff: magnetosphere = "none" has a cutoff where the real field has none, and keeps solar '
            'particles from orbits beyond L = 5; "quiet" and "storm" do not'
        )
