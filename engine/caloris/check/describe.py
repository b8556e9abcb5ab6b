"""`caloris check`: what a case contains and what looks wrong in it, before anything is traced or solved."""

from collections.abc import Callable

import numpy as np
from rich.console import Console, Group, RenderableType
from rich.text import Text

from caloris.case.schema import Case
from caloris.case.variants import check_all_buildable
from caloris.check.equipment import (
    devices_table,
    dose_points_table,
    limits_table,
    loads_table,
    network_panel,
    power_panel,
)
from caloris.check.flight import bodies_table, orbit_panel
from caloris.check.machinery import equipment_table, has_equipment
from caloris.check.sketch import Sketch, sketch
from caloris.check.structure import (
    coatings_table,
    conductors_table,
    links_table,
    nodes_table,
    solids_table,
    surfaces_table,
)
from caloris.check.tables import open_table, titled
from caloris.check.warnings import warnings_of
from caloris.geometry.inspection import scene_size
from caloris.output.tables import print_whole
from caloris.output.text import duration


def describe(case: Case, console: Console) -> list[str]:
    """Print what `case` contains and what looks wrong in it; return the warnings.

    Builds the geometry and samples the orbit, but traces no view factors and solves nothing. Raises CaseError
    for what only building shows, as `caloris.build` does; RuntimeError without float64.
    """
    check_all_buildable(case)
    seen = sketch(case)
    parts: list[RenderableType] = [_heading(seen)]
    for section in _SECTIONS:
        if section.wanted(seen):
            parts.append(section.render(seen))
    warnings = warnings_of(seen)
    for name, variant in case.variant_cases.items():
        own = [f"variant {name}: {warning}" for warning in warnings_of(sketch(variant)) if warning not in warnings]
        warnings += [warning for warning in own if warning not in warnings]
    for part in parts:
        print_whole(console, part)
        console.print()
    _print_warnings(warnings, console)
    return warnings


class _Section:
    """One table of the description, and when it is printed."""

    def __init__(self, wanted: Callable[[Sketch], object], render: Callable[[Sketch], RenderableType]) -> None:
        self.wanted = wanted
        self.render = render


def _print_warnings(warnings: list[str], console: Console) -> None:
    if not warnings:
        console.print(Text("No warnings.", "green"))
        return
    console.print(Text(f"{len(warnings)} warning{'s' if len(warnings) > 1 else ''}", "bold yellow"))
    for warning in warnings:
        console.print(Text(f"warning: {warning}"), soft_wrap=True)


def _heading(seen: Sketch) -> Text:
    """Title, mode and size of the model."""
    case, topology = seen.case, seen.topology
    name = case.path.name if case.path is not None else "case"
    words = []
    if case.run is not None:
        length = duration(case.run.duration) if case.run.mode == "transient" and case.run.duration else ""
        words.append(f"{case.run.mode} run {length}".strip())
    if not case.is_device_only:
        nodes = len(seen.structure.node_name)
        fixed = int(np.sum(~seen.free))
        words.append(f"{nodes} nodes" + (f" ({fixed} of fixed temperature)" if fixed else ""))
    if case.surfaces or case.solids:
        words += [f"{len(topology.facet_triangle)} facets", f"{len(topology.triangles)} triangles"]
        words.append(f"{len(seen.vertices)} vertices")
        size = scene_size(seen.geometry)
        across = " x ".join(f"{high - low:.3g}" for low, high in zip(size.low, size.high, strict=True))
        words.append(f"{across} m at zero joint angles")
    if case.devices:
        words.append(f"{len(case.devices)} kind{'s' if len(case.devices) > 1 else ''} of device")
    return Text.assemble((case.title or name, "bold"), "\n" + ", ".join(words))


def _variants(seen: Sketch) -> Group:
    """What each variant changes."""
    table = open_table("variant", "changes", text=2)
    for variant in seen.case.variants:
        table.add_row(variant.name, "\n".join(f"{path} = {value}" for path, value in variant.set.items()))
    return titled("Variants (the tables above are of the case without them)", table)


def _is_electrical(seen: Sketch) -> bool:
    case = seen.case
    return bool(case.solar_arrays or case.computes or case.batteries or any(load.electrical for load in case.loads))


_SECTIONS = (
    _Section(lambda seen: seen.flight, orbit_panel),
    _Section(lambda seen: seen.case.bodies, bodies_table),
    _Section(lambda seen: seen.case.coatings, coatings_table),
    _Section(lambda seen: seen.case.surfaces, surfaces_table),
    _Section(lambda seen: seen.case.solids, solids_table),
    _Section(lambda seen: seen.case.nodes, nodes_table),
    _Section(lambda seen: seen.conductors.conductance.any(), conductors_table),
    _Section(lambda seen: seen.case.imported, network_panel),
    _Section(lambda seen: any(link.conductance is None for link in seen.case.links), links_table),
    _Section(lambda seen: seen.case.loads, loads_table),
    _Section(has_equipment, equipment_table),
    _Section(_is_electrical, power_panel),
    _Section(lambda seen: seen.case.limits, limits_table),
    _Section(lambda seen: seen.case.devices, devices_table),
    _Section(lambda seen: seen.case.dose_points, dose_points_table),
    _Section(lambda seen: seen.case.variants, _variants),
)
