"""Checks of dose points: what there is to make dose of, and what of the geometry shields."""

from collections.abc import Iterator, Sequence

from caloris.case.draft import Draft
from caloris.case.errors import CaseProblem
from caloris.case.schema_device import Device
from caloris.case.schema_dose import DosePoint

Problems = Iterator[CaseProblem]

_SPECTRA = ("galactic", "trapped", "solar_event", "spectrum")


def problems(draft: Draft) -> Problems:
    """Spectra to make dose of."""
    particles = draft.case.particles
    if particles is None or not draft.has("dose_point"):
        return
    if not any(getattr(particles, key, None) not in (None, "none") for key in _SPECTRA):
        message = "has no spectra; a [[dose_point]] needs galactic, trapped, solar_event or spectrum"
        yield CaseProblem("particles", message)


def warnings(draft: Draft) -> list[str]:
    """Surfaces that shield nothing, materials that are taken for aluminum, where sectors are asked for."""
    case = draft.case
    behind = [kind for kind, tables in (("dose_point", case.dose_points), ("device", case.devices)) if _sectors(tables)]
    if not behind:
        return []
    bare = [one.name for one in case.surfaces if one.material is None and one.panel is None]
    panels = {panel.name: panel for panel in case.panels}
    used = {one.material for one in case.surfaces}
    for surface in case.surfaces:
        panel = panels.get(surface.panel or "")
        if panel is not None:
            used |= {panel.front_skin.material, panel.back_skin.material}
    used |= {material for solid in case.solids for material in solid.materials_used()}
    unknown = [one.name for one in case.materials if one.name in used and one.composition is None]
    words = []
    if bare:
        words.append(f"{behind[0]}: surfaces without thickness shield nothing: {', '.join(bare[:6])}")
    if unknown:
        words.append(f"{behind[0]}: materials without composition count as aluminum: {', '.join(unknown[:6])}")
    return words


def _sectors(tables: Sequence[DosePoint | Device]) -> bool:
    return any(table.shield == "geometry" for table in tables)
