"""Checks of what conducts: panels, contacts and blankets, and the directions of conductivities."""

from collections.abc import Iterator, Sequence

from caloris.case.address import FACES, layer_words, parse_address
from caloris.case.draft import Draft
from caloris.case.errors import CaseProblem, nearest
from caloris.case.node_layout import outer_layers
from caloris.case.schema_solid import SolidBox, SolidMesh
from caloris.case.schema_surface import INACTIVE, Mesh, Triangle

Problems = Iterator[CaseProblem]


def problems(draft: Draft) -> Problems:
    """All problems of panels, contacts, blankets and directions."""
    yield from _panels(draft)
    yield from _directions(draft)
    yield from _fillers(draft)
    yield from _blankets(draft)
    yield from _solids(draft)


def layers(draft: Draft) -> dict[str, tuple[str, ...]]:
    """The layers of each surface that have nodes of their own: through its thickness, and of blankets."""
    return {
        surface.name: (*layer_words(surface.levels), *outer_layers(draft.case, surface.name).values())
        for surface in draft.case.surfaces
    }


def needs(draft: Draft, name: str, keys: Sequence[str], what: str) -> Problems:
    """Properties that a material must have because something is made of it."""
    material = next((one for one in draft.case.materials if one.name == name), None)
    for key in keys:
        if material is not None and getattr(material, key) is None:
            yield CaseProblem(f"material/{name}/{key}", f"is missing: {what} is made of this material")


def ends(draft: Draft, path: str, table: str, between: Sequence[str]) -> Problems:
    """What an [[edge]] or a [[contact]] may join."""
    if table == "link":
        return
    nodes, solids = draft.names("node"), draft.names("solid")
    for k, end in enumerate(between):
        if table == "edge" and end in nodes:
            yield CaseProblem(f"{path}/between/{k}", f'"{end}" is a node without a surface; use a [[link]]')
        if table == "edge" and end.partition(".")[0] in solids:
            yield CaseProblem(f"{path}/between/{k}", f'"{end}" is a solid, which has no open edges; use a [[contact]]')
        if "[" in end:
            article = "an edge" if table == "edge" else "a contact"
            yield CaseProblem(f"{path}/between/{k}", f'"{end}": {article} joins whole surfaces or box faces')
    if table == "contact" and all(end in nodes for end in between):
        yield CaseProblem(f"{path}/between", "both ends are nodes without a surface; use a [[link]]")


def _panels(draft: Draft) -> Problems:
    materials = draft.names("material")
    for path, panel in draft.located("panel"):
        for key in ("front_skin", "back_skin"):
            name = getattr(panel, key).material
            if name not in materials:
                message = f'"{name}" is not the name of a material{nearest(name, materials)}'
                yield CaseProblem(f"{path}/{key}/material", message)
        for name in dict.fromkeys((panel.front_skin.material, panel.back_skin.material)):
            yield from needs(draft, name, ("density", "specific_heat", "conductivity"), f"a skin of {panel.name}")


def _directions(draft: Draft) -> Problems:
    """Conductivities that differ along u and v need a surface that has these directions."""
    along: dict[str, object] = {material.name: material.conductivity for material in draft.case.materials}
    panels = {panel.name: panel for panel in draft.case.panels}
    for path, surface in draft.located("surface"):
        if not isinstance(surface, Mesh | Triangle):
            continue
        panel = panels.get(surface.panel or "")
        made_of = {"material": along.get(surface.material or "")}
        if panel is not None:
            made_of = {"panel": panel.core.conductivity}
            skins = [along.get(skin.material) for skin in (panel.front_skin, panel.back_skin)]
            made_of |= {"panel ": next((one for one in skins if isinstance(one, tuple) and one[0] != one[1]), None)}
        for key, value in made_of.items():
            if isinstance(value, tuple) and value[0] != value[1]:
                message = f"conducts differently along u and v, which a {surface.shape} does not have"
                yield CaseProblem(f"{path}/{key.strip()}", f"{message}; use a rectangle or a round shape")
                break


def _fillers(draft: Draft) -> Problems:
    materials = draft.names("material")
    for path, contact in draft.located("contact"):
        if contact.filler is None or contact.filler.material is None:
            continue
        name = contact.filler.material
        if name not in materials:
            message = f'"{name}" is not the name of a material{nearest(name, materials)}'
            yield CaseProblem(f"{path}/filler/material", message)
        yield from needs(draft, name, ("conductivity",), "the filler of a contact")


def _solids(draft: Draft) -> Problems:
    """Materials, bodies, coatings and faces of solids."""
    materials, bodies = draft.names("material"), ["bus", *draft.names("body")]
    coatings = [*draft.names("coating"), INACTIVE]

    def missing(path: str, what: str, name: str | None, known: list[str]) -> Problems:
        if name is not None and name not in known:
            yield CaseProblem(path, f'"{name}" is not the name of a {what}{nearest(name, known)}')

    for path, solid in draft.located("solid"):
        yield from missing(f"{path}/body", "body", solid.body, bodies)
        yield from missing(f"{path}/coating", "coating", solid.coating, coatings)
        key = "material"
        if isinstance(solid, SolidMesh):
            key = "materials" if solid.material is None else "material"
            if (solid.material is None) == (solid.materials is None):
                yield CaseProblem(f"{path}/material", "a solid of a mesh needs material, or materials, and not both")
        for name in dict.fromkeys(solid.materials_used()):
            yield from missing(f"{path}/{key}", "material", name, materials)
            wanted = ("density", "specific_heat", "conductivity")
            yield from needs(draft, name, wanted, f"the solid {solid.name}")
        for k, face in enumerate(solid.face):
            yield from missing(f"{path}/face/{k}/coating", "coating", face.coating, coatings)
            if face.coating is None and face.temperature is None:
                yield CaseProblem(f"{path}/face/{k}", "needs coating or temperature (or both)")
            for n, name in enumerate(face.on if isinstance(solid, SolidBox) else ()):
                yield from missing(f"{path}/face/{k}/on/{n}", "face of a box", name, list(FACES))


def _blankets(draft: Draft) -> Problems:
    """Blankets cover sides of surfaces, each once, and nothing that needs the side itself."""
    surfaces, coatings = draft.names("surface"), draft.names("coating")
    taken: dict[tuple[str, str], str] = {}
    cells = {(parse_address(name).name, parse_address(name).side) for one in draft.case.solar_arrays for name in one.on}
    for path, blanket in draft.located("blanket"):
        if blanket.outer_coating not in coatings:
            message = f'"{blanket.outer_coating}" is not the name of a coating'
            message += "; the outer layer has to radiate" if blanket.outer_coating == INACTIVE else ""
            yield CaseProblem(f"{path}/outer_coating", message + nearest(blanket.outer_coating, coatings))
        for k, name in enumerate(blanket.over):
            if name not in surfaces:
                whole = name.partition("/")[0].partition("[")[0].partition(".")[0]
                message = f'"{name}" is not the name of a surface{nearest(name, surfaces)}'
                if whole in surfaces:
                    message = f'"{name}": a blanket covers whole surfaces; write "{whole}", or divide it into surfaces'
                yield CaseProblem(f"{path}/over/{k}", message)
                continue
            key = (name, blanket.side)
            if key in taken:
                yield CaseProblem(
                    f"{path}/over/{k}", f'the {blanket.side} of "{name}" has a blanket already: {taken[key]}'
                )
            taken.setdefault(key, path)
            if key in cells or (name, None) in cells:
                yield CaseProblem(f"{path}/over/{k}", f'solar cells stand on "{name}"; a blanket would cover them')
