"""Checks of dose points and of the damage of solar arrays: what there is to make dose of, what shields."""

from collections.abc import Iterator, Sequence

from caloris.case.draft import Draft
from caloris.case.errors import CaseProblem, nearest
from caloris.case.schema_device import Device
from caloris.case.schema_dose import DosePoint
from caloris.case.schema_power import CellDamage
from caloris.case.schema_types import Exposure
from caloris_kernels.particle.cells import CELLS

Problems = Iterator[CaseProblem]

_SPECTRA = ("galactic", "trapped", "solar_event", "spectrum")


def problems(draft: Draft) -> Problems:
    """Spectra to make dose of; dose points that solar arrays name."""
    particles = draft.case.particles
    damaged = [(path, array.damage) for path, array in draft.located("solar_array") if array.damage is not None]
    for path, damage in damaged:
        yield from _damage(draft, f"{path}/damage", damage)
    if particles is None or not (damaged or draft.has("dose_point")):
        return
    if not any(getattr(particles, key, None) not in (None, "none") for key in _SPECTRA):
        what = "[[dose_point]]" if draft.has("dose_point") else "[[solar_array]] with damage"
        message = f"has no spectra; a {what} needs galactic, trapped, solar_event or spectrum"
        yield CaseProblem("particles", message)


def _damage(draft: Draft, path: str, damage: CellDamage) -> Problems:
    if not draft.has("particles") and not draft.has("dose_point"):  # whose own lack of them is an error already
        yield CaseProblem("particles", "is missing: the damage of a [[solar_array]] needs an environment")
    run = draft.case.run
    if run is not None and isinstance(run.life, Exposure):
        yield CaseProblem("run/life", f"an exposure does not say how much of the mission's damage is done ({path})")
    names = draft.names("dose_point")
    if damage.dose_point is None:
        return
    if damage.dose_point not in names:
        words = f'no [[dose_point]] is named "{damage.dose_point}"{nearest(damage.dose_point, names)}'
        yield CaseProblem(f"{path}/dose_point", words)
    for place, point in draft.located("dose_point"):
        if point.name != damage.dose_point:
            continue
        if point.damage is None:
            yield CaseProblem(f"{place}/damage", f"is missing: say in which material {path} has its damage")
        elif damage.cell is not None and point.damage != CELLS[damage.cell].material:
            words = f"the constants of {damage.cell} are for damage in {CELLS[damage.cell].material}"
            yield CaseProblem(f"{place}/damage", f"{point.damage} does not fit {path}: {words}")


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
