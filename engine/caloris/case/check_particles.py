"""Checks of [particles] against the orbit: what the belts and the cutoff need, and what excludes each other."""

from collections.abc import Iterator

from caloris.case.draft import Draft
from caloris.case.errors import CaseProblem
from caloris.case.schema_particle import FIRST_YEAR, LAST_YEAR
from caloris_kernels.constants import EARTH_RADIUS

Problems = Iterator[CaseProblem]

_PLACED = "inclination, raan and epoch, or sun_synchronous, ltan and epoch"


def problems(draft: Draft) -> Problems:
    """All problems of the table [particles] that other tables decide."""
    particles = draft.case.particles
    if particles is None:
        return
    given = "spectrum" if particles.spectrum is not None else "let_spectrum" if particles.let_spectrum else None
    added = [key for key in ("trapped", "cutoff") if getattr(particles, key) is not None]
    added += ["solar_event"] if particles.solar_event != "none" else []
    if given is not None and added:
        yield CaseProblem(f"particles/{given}", f"replaces the environment; leave out {', '.join(added)}, or the file")
    for key in ("trapped", "cutoff"):
        if getattr(particles, key) is not None:
            yield from _needs_place(draft, key)
    if particles.trapped is None and particles.galactic is None and particles.solar_event == "none" and given is None:
        if particles.cutoff is not None:
            yield CaseProblem("particles/cutoff", "there is nothing to keep away; give galactic or solar_event too")


def _needs_place(draft: Draft, key: str) -> Problems:
    """The orbit over the turning Earth, at a date that the field is known for."""
    path, orbit = f"particles/{key}", draft.case.orbit
    if orbit is None:
        if not draft.has("orbit"):
            yield CaseProblem(path, f"needs an [orbit] with {_PLACED}")
        return
    if orbit.form == "beta":
        yield CaseProblem(
            path,
            "needs to know where the orbit lies over the Earth, which orbit/beta alone does not say; "
            f"allowed: {_PLACED}",
        )
        return
    if abs(draft.case.planet.radius / EARTH_RADIUS - 1.0) > 0.01:
        yield CaseProblem(path, f"is known for the Earth alone; planet/radius is {draft.case.planet.radius / 1e3:g} km")
    if key == "cutoff" and orbit.epoch is not None and not FIRST_YEAR <= orbit.epoch.year < LAST_YEAR:
        years = f"{FIRST_YEAR:.0f} to {LAST_YEAR:.0f}"
        yield CaseProblem(
            path, f"the magnetic field (IGRF-14) is known from {years}; orbit/epoch is {orbit.epoch.year}"
        )
