"""What ties the tables of a case together: names must differ, and a name that is referred to must exist."""

import math
from collections.abc import Iterator
from typing import Any

from caloris.case import (
    check_coating,
    check_conduction,
    check_devices,
    check_dose,
    check_equipment,
    check_loops,
    check_particles,
    check_run,
    check_sense,
    check_shields,
)
from caloris.case.address import AddressError, UnknownNameError, cell_counts, check_address, parse_address
from caloris.case.draft import Draft
from caloris.case.errors import CaseProblem, nearest
from caloris.case.lines import lines
from caloris.case.schema import TABLES
from caloris.case.schema_surface import INACTIVE, Box

Problems = Iterator[CaseProblem]


def check_case(draft: Draft) -> tuple[list[CaseProblem], list[str]]:
    """Problems and warnings of a case whose tables are validated one by one."""
    problems = [
        *_duplicates(draft),
        *_bodies(draft),
        *_surfaces(draft),
        *_node_materials(draft),
        *_references(draft),
        *_arrays(draft),
        *check_shields.problems(draft),
        *check_sense.problems(draft),
        *check_coating.problems(draft),
        *check_conduction.problems(draft),
        *check_run.problems(draft),
        *check_particles.problems(draft),
        *check_dose.problems(draft),
    ]
    warnings = (check_run, check_loops, check_devices, check_shields, check_dose)
    return problems, [warning for check in warnings for warning in check.warnings(draft)]


def _duplicates(draft: Draft) -> Problems:
    named = ("surface", "solid", "node", "loop", "heat_pipe", "loop_heat_pipe")
    spaces = [named, *((table,) for table, kind in TABLES.items() if kind.is_list and table not in named)]
    for space in spaces:
        seen: dict[str, str] = {}
        for table in space:
            for name in draft.names(table):
                if name in seen:
                    message = f'the name "{name}" is taken by a [[{seen[name]}]]; names must differ'
                    yield CaseProblem(f"{table}/{name}/name", message)
                seen.setdefault(name, table)
    if "bus" in draft.names("body"):
        yield CaseProblem("body/bus/name", '"bus" is the root body and needs no table; choose another name')
    if INACTIVE in draft.names("coating"):
        yield CaseProblem(
            f"coating/{INACTIVE}/name", f'"{INACTIVE}" marks sides without a coating; choose another name'
        )


def _missing(path: str, what: str, name: str, known: list[str]) -> Problems:
    if name not in known:
        yield CaseProblem(path, f'"{name}" is not the name of a {what}{nearest(name, known)}')


def _bodies(draft: Draft) -> Problems:
    known = ["bus", *draft.names("body")]
    parents = {body.name: body.parent for body in draft.case.bodies}
    for path, body in draft.located("body"):
        yield from _missing(f"{path}/parent", "body", body.parent, known)
        chain, name = [body.name], body.parent
        while name in parents and name not in chain:
            chain.append(name)
            name = parents[name]
        if name == body.name:
            message = f"the bodies carry each other in a circle: {' -> '.join([*chain, name])}"
            yield CaseProblem(f"{path}/parent", f"{message}; the last parent must be the bus")


def _surfaces(draft: Draft) -> Problems:
    bodies, materials = ["bus", *draft.names("body")], draft.names("material")
    coatings = [*draft.names("coating"), INACTIVE]
    for path, surface in draft.located("surface"):
        yield from _missing(f"{path}/body", "body", surface.body, bodies)
        for side in ("front", "back"):
            yield from _missing(f"{path}/{side}", "coating", getattr(surface, side), coatings)
        if surface.panel is not None:
            yield from _missing(f"{path}/panel", "panel", surface.panel, draft.names("panel"))
        if surface.material is None:
            continue
        yield from _missing(f"{path}/material", "material", surface.material, materials)
        counts = cell_counts(surface)
        conducts = isinstance(surface, Box) or counts is None or math.prod(counts) > 1 or surface.levels > 1
        keys = ("density", "specific_heat", "conductivity")[: 3 if conducts else 2]
        yield from check_conduction.needs(draft, surface.material, keys, f"the surface {surface.name}")


def _node_materials(draft: Draft) -> Problems:
    for path, node in draft.located("node"):
        if node.material is not None:
            yield from _missing(f"{path}/material", "material", node.material, draft.names("material"))
            yield from check_conduction.needs(draft, node.material, ("specific_heat",), f"the node {node.name}")


def _references(draft: Draft) -> Problems:
    """Every address of a surface, cell or node in links, edges, loads, batteries, limits, devices."""
    surfaces: dict[str, Any] = dict.fromkeys(draft.names("surface"))
    surfaces |= {surface.name: surface for surface in draft.case.surfaces}
    surfaces |= dict.fromkeys(draft.names("solid")) | {solid.name: solid for solid in draft.case.solids}
    nodes: dict[str, Any] = dict.fromkeys(draft.names("node"))
    layers, parts = check_conduction.layers(draft), lines(draft)

    def check(path: str, text: str, side_allowed: bool = False) -> Problems:
        try:
            check_address(text, surfaces, nodes, layers=layers, lines=parts, side_allowed=side_allowed)
        except AddressError as error:
            if draft.nodes_known or not isinstance(error, UnknownNameError):
                yield CaseProblem(path, str(error))

    for table in ("link", "edge", "contact"):
        for path, item in draft.located(table):
            if path.startswith("chip/"):
                continue  # what a chip stands for is checked by the chip's own keys
            first, second = item.between
            yield from check(f"{path}/between/0", first)
            yield from check(f"{path}/between/1", second)
            if first == second:
                yield CaseProblem(f"{path}/between", f'both ends are "{first}"; needs two different parts')
            yield from check_conduction.ends(draft, path, table, item.between)
    for path, item in draft.located("chip"):
        yield from check(f"{path}/on", item.on)
    for table in ("load", "compute"):
        for path, item in draft.located(table):
            for k, name in enumerate(item.on):
                yield from check(f"{path}/on/{k}", name)
    yield from check_equipment.problems(draft, check)
    yield from check_loops.problems(draft, check)
    for path, item in draft.located("solar_array"):
        for k, name in enumerate(item.on):
            yield from check(f"{path}/on/{k}", name, side_allowed=True)
    for path, item in draft.located("limit"):
        for k, name in enumerate(item.of):
            yield from check(f"{path}/of/{k}", name)
    for path, item in draft.located("battery"):
        yield from check(f"{path}/on", item.on)
    for path, item in draft.located("device"):
        if item.at is not None:
            yield from check(f"{path}/at", item.at)
    for path, item in draft.located("dose_point"):
        if isinstance(item.at, str):
            yield from check(f"{path}/at", item.at, side_allowed=True)
    if draft.case.power is not None and draft.case.power.losses_on is not None:
        yield from check("power/losses_on", draft.case.power.losses_on)


def _arrays(draft: Draft) -> Problems:
    """Solar cells stand on one active side."""
    surfaces = {surface.name: surface for surface in draft.case.surfaces}
    for path, array in draft.located("solar_array"):
        for k, text in enumerate(array.on):
            part, _, side = text.partition("/")
            surface = surfaces.get(part.split("[")[0].split(".")[0])
            if surface is None:
                if parse_address(part).name in (*draft.names("node"), *draft.names("solid")):
                    yield CaseProblem(f"{path}/on/{k}", f'"{text}" is no surface; solar cells need one')
                continue
            if isinstance(surface, Box) and "." not in part:
                yield CaseProblem(f"{path}/on/{k}", f'"{text}": name the face of the box, as in "{part}.u+/front"')
            elif not side and len(draft.case.sides(surface)) != 1:
                yield CaseProblem(f"{path}/on/{k}", f'"{text}": name the side with cells, as in "{part}/front"')
            elif side and side not in draft.case.sides(surface):
                yield CaseProblem(f"{path}/on/{k}", f'"{text}": that side is inactive; cells need a coating under them')
