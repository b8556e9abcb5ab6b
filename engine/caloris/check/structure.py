"""Coatings, surfaces, solids, nodes and conductors of a case, as tables."""

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from caloris.case.schema_types import Schedule
from caloris.check.sketch import Sketch
from caloris.check.tables import MOST_ROWS, open_table, titled
from caloris.geometry.solid_patches import SolidFace
from caloris.model.coating import Coatings
from caloris.output.text import celsius, engineering


def coatings_table(seen: Sketch) -> Group:
    """Area under each coating, sides counted one by one."""
    columns = ("coating", "solar absorptance", "infrared emittance", "area m^2", "on one side only", "on both sides")
    table = open_table(*columns)
    coatings, topology = seen.structure.coatings, seen.topology
    ranges = [[np.asarray(end) for end in ends] for ends in (coatings.absorptance_range(), coatings.emittance_range())]
    diffuse = _diffuse_absorptance(coatings)
    sides = np.bincount(topology.facet_triangle, minlength=len(topology.triangles))[topology.facet_triangle]
    for index, name in enumerate(coatings.name):
        mine = topology.facet_coating == index
        one, two = (float(seen.facet_area[mine & (sides == count)].sum()) for count in (1, 2))
        figures = [_range(low[index], high[index]) for low, high in ranges]
        figures[0] += diffuse.get(index, "")
        table.add_row(name, *figures, *(f"{a:.4g}" for a in (one + two, one, two)))
    return titled("Coatings (area of all coated sides)", table)


def _diffuse_absorptance(coatings: Coatings) -> dict[int, str]:
    """What coatings under a cover absorb of diffuse light, beside their absorptance at normal incidence."""
    if coatings.covered is None:
        return {}
    bands = np.asarray(coatings.diffuse_solar_absorptance()).reshape(len(coatings.name), -1)
    return {k: f" (diffuse {_range(bands[k].min(), bands[k].max())})" for k in coatings.covered.coating}


def _range(low: float, high: float) -> str:
    """One figure, or the lowest and the highest over bands and temperatures."""
    return f"{low:.3g}" if high == low else f"{low:.3g} to {high:.3g}"


def surfaces_table(seen: Sketch) -> Group:
    """Every surface: its area (one side), division, coatings and capacity."""
    columns = ("surface", "body", "shape", "front", "back", "area m^2", "cells", "facets", "heat capacity")
    table = open_table(*columns, text=5)
    topology = seen.topology
    cells = np.bincount(topology.cell_surface, minlength=len(seen.case.surfaces))
    facets = np.bincount(topology.facet_surface, minlength=len(seen.case.surfaces))
    capacity = seen.surface_heat_capacity
    for k, surface in enumerate(seen.case.surfaces[:MOST_ROWS]):
        divide = getattr(surface, "divide", None)
        divided = "x".join(str(n) for n in divide) if divide and cells[k] > 1 else str(cells[k])
        stored = _stored(surface.temperature, capacity[k])
        names = (surface.name, surface.body, surface.shape, surface.front, surface.back)
        table.add_row(*names, f"{seen.surface_area[k]:.4g}", divided, str(facets[k]), stored)
    rest = len(seen.case.surfaces) - MOST_ROWS
    if rest > 0:
        sums = (seen.surface_area[MOST_ROWS:].sum(), cells[MOST_ROWS:].sum(), facets[MOST_ROWS:].sum())
        row = (f"{sums[0]:.4g}", str(sums[1]), str(sums[2]), engineering(float(capacity[MOST_ROWS:].sum()), "J/K"))
        table.add_row(f"{rest} others", "", "", "", "", *row)
    return titled("Surfaces (area of one side)", table)


def _stored(temperature: float | Schedule | None, capacity: float) -> str:
    if isinstance(temperature, Schedule):
        return f"fixed at {celsius(min(temperature.value))} to {celsius(max(temperature.value))} °C"
    return f"fixed at {celsius(temperature)} °C" if temperature is not None else engineering(float(capacity), "J/K")


def solids_table(seen: Sketch) -> Group:
    """Every solid: its volume, nodes, materials and the area of its faces that radiate."""
    table = open_table("solid", "body", "materials", "volume m^3", "nodes", "coated m^2", "heat capacity", text=3)
    node, part = (np.asarray(index) for index in (seen.structure.solids.part_node, seen.structure.solids.part_row))
    volume, capacity = seen.solid_volume, seen.heat_capacity
    owner = np.asarray(seen.structure.solids.row_solid)[part]
    faces = [surface.shape for surface in seen.geometry.surfaces]
    belongs = np.array([face.solid if isinstance(face, SolidFace) else -1 for face in faces])
    for k, solid in enumerate(seen.case.solids[:MOST_ROWS]):
        mine = np.unique(node[owner == k])
        coated = float(seen.facet_area[belongs[seen.topology.facet_surface] == k].sum())
        words = (solid.name, solid.body, ", ".join(dict.fromkeys(solid.materials_used())))
        figures = (f"{volume[mine].sum():.4g}", str(len(mine)), f"{coated:.4g}")
        table.add_row(*words, *figures, engineering(float(capacity[mine].sum()), "J/K"))
    if len(seen.case.solids) > MOST_ROWS:
        table.add_row(f"{len(seen.case.solids) - MOST_ROWS} others", *[""] * 6)
    return titled("Solids", table)


def nodes_table(seen: Sketch) -> Group:
    """Nodes without a surface, and the heat capacity of the whole satellite."""
    table = open_table("node", "heat capacity")
    for node in seen.case.nodes[:MOST_ROWS]:
        table.add_row(node.name, _stored(node.temperature, node.heat_capacity or 0.0))
    if len(seen.case.nodes) > MOST_ROWS:
        rest = seen.case.nodes[MOST_ROWS:]
        table.add_row(f"{len(rest)} others", engineering(sum(node.heat_capacity or 0.0 for node in rest), "J/K"))
    total = engineering(float(seen.heat_capacity[seen.free].sum()), "J/K")
    return titled(f"Nodes without a surface (whole model: {total})", table)


def conductors_table(seen: Sketch) -> RenderableType:
    """Links, joined edges, contacts, and how many cells conduct inside surfaces."""
    kinds = np.bincount(seen.conductors.kind[seen.conductors.conductance > 0], minlength=4)
    rows = [
        (link.name or f"link {k}", " - ".join(link.between), link.conductance)
        for k, link in enumerate(seen.case.links)
        if link.conductance is not None
    ]
    rows += [
        (edge.name or f"edge {k}", " - ".join(edge.between), float(seen.conductors.edge_total[k]))
        for k, edge in enumerate(seen.case.edges)
    ]
    rows += [
        (contact.name or f"contact {k}", " - ".join(contact.between), float(seen.conductors.contact_total[k]))
        for k, contact in enumerate(seen.case.contacts)
    ]
    total = sum(value for _, _, value in rows)
    words = (
        "inside surfaces and solids" if seen.case.solids else "inside surfaces",
        "across edges",
        "by links",
        "by contacts",
    )
    inside = ", ".join(f"{count} {word}" for count, word in zip(kinds, words, strict=True) if count or word != words[3])
    title = f"Conduction (pairs of nodes: {inside}"
    what = "links, edges and contacts" if seen.case.contacts else "links and edges"
    title += f"; {what} {engineering(total, 'W/K')})" if rows else ")"
    table = open_table("name", "between", "conductance", text=2)
    for name, between, value in rows[:MOST_ROWS]:
        table.add_row(name, between, engineering(value, "W/K"))
    if len(rows) > MOST_ROWS:
        rest = sum(value for _, _, value in rows[MOST_ROWS:])
        table.add_row(f"{len(rows) - MOST_ROWS} others", "", engineering(rest, "W/K"))
    return titled(title, table) if rows else Text(title, "bold")


def links_table(seen: Sketch) -> Group:
    """Links that radiate or carry a stream."""
    table = open_table("link", "between", "radiative area m^2", "capacity rate W/K", text=2)
    links = [(link.name or f"link {k}", link) for k, link in enumerate(seen.case.links) if link.conductance is None]
    for name, link in links[:MOST_ROWS]:
        stream = link.capacity_rate is not None
        between = (" to " if stream else " - ").join(link.between)
        table.add_row(name, between, *(["", f"{link.value:.4g}"] if stream else [f"{link.value:.4g}", ""]))
    if len(links) > MOST_ROWS:
        table.add_row(f"{len(links) - MOST_ROWS} others", "", "", "")
    return titled("Radiative links and streams", table)
