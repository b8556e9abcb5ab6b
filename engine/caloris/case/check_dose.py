"""Checks of dose points: what their shields are made of, and whether there is anything around them."""

from collections.abc import Iterator, Sequence

from caloris.case.draft import Draft
from caloris.case.errors import CaseProblem, nearest
from caloris.case.schema_device import Device
from caloris.case.schema_dose import DosePoint

Problems = Iterator[CaseProblem]


def problems(draft: Draft) -> Problems:
    """Materials of layers, a geometry where it is asked for, spectra to make dose of."""
    materials = {material.name: material for material in draft.case.materials}
    for path, point in draft.located("dose_point"):
        if point.shield == "geometry":
            if not draft.has("surface", "solid"):
                yield CaseProblem(f"{path}/shield", '"geometry" needs a [[surface]] or a [[solid]]; there is none')
            if isinstance(point.at, str) and point.at in draft.names("node"):
                message = f'"{point.at}" is a lumped node without a place; give at = [x, y, z]'
                yield CaseProblem(f"{path}/at", message)
            continue
        for k, layer in enumerate(point.shield):
            place = f"{path}/shield/{k}"
            if layer.material not in draft.names("material"):
                known = nearest(layer.material, draft.names("material"))
                yield CaseProblem(f"{place}/material", f'"{layer.material}" is not the name of a material{known}')
            material = materials.get(layer.material)
            if material is not None and material.composition is None:
                message = f"is missing: the dose point {point.name} is shielded by this material"
                yield CaseProblem(f"material/{material.name}/composition", message)
            if material is not None and layer.thickness is not None and material.density is None:
                message = f"is missing: the dose point {point.name} has a layer of it by thickness"
                yield CaseProblem(f"material/{material.name}/density", message)
    yield from _spectra(draft)


def _spectra(draft: Draft) -> Problems:
    particles = draft.case.particles
    if particles is None or not draft.has("dose_point"):
        return
    if not any(getattr(particles, key, None) not in (None, "none") for key in _SPECTRA):
        message = "has no spectra; a [[dose_point]] needs galactic, trapped, solar_event or spectrum"
        yield CaseProblem("particles", message)


_SPECTRA = ("galactic", "trapped", "solar_event", "spectrum")


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
