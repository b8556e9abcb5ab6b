"""From materials, panels and thicknesses to the sheets and gaps of layered surfaces."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from caloris.case.node_layout import NodeLayout
from caloris.case.schema import Case
from caloris.case.schema_conduction import Panel
from caloris.case.schema_material import (
    Material,
    TemperatureTable,
    by_direction,
    reference_value,
)
from caloris.case.schema_surface import SurfaceTable
from caloris.geometry.assembly import Topology
from caloris.model.conduction import PropertyTables, Sheets


class Ply(NamedTuple):
    """A plane layer at one level of a surface."""

    level: int
    conductance: tuple[float, float]  # W K-1, conductivity times thickness along u and v
    heat_capacity: float  # J K-1 m-2
    conductivity: str  # whose table of conductivity holds, where there is one
    specific_heat: str


class Gap(NamedTuple):
    """What conducts between a level and the next."""

    conductance: float  # W K-1 m-2
    conductivity: str


class _Stuff(NamedTuple):
    """A material as a ply takes it, and the names of its tables."""

    conductivity: tuple[float, float, float]
    volumetric_heat: float  # J K-1 m-3
    conductivity_of: str
    specific_heat_of: str


def plies_of(
    surface: SurfaceTable, materials: Mapping[str, Material], panels: Mapping[str, Panel]
) -> tuple[list[Ply], list[Gap]]:
    """Plies and gaps of a surface; none where its heat capacity is stated and nothing conducts.

    Levels lie at the outer faces and between the divisions, so that the nodes that radiate lie in the surface. A
    division conducts and stores half with either of its levels; between levels the resistances of a division, and
    of the skin outside it, are in series.
    """
    if surface.panel is not None:
        panel = panels[surface.panel]
        front, back = (
            (_stuff(materials[skin.material]), skin.thickness) for skin in (panel.front_skin, panel.back_skin)
        )
        core, thickness = _core(panel, materials), panel.core.thickness
    elif surface.material is not None and surface.thickness is not None:
        front = back = None
        core, thickness = _stuff(materials[surface.material]), surface.thickness
    else:
        return [], []
    divisions = surface.levels - 1
    if divisions == 0:
        return [_ply(0, core, thickness)], []
    depth = thickness / divisions
    plies = [_ply(level, core, depth / (2 if level in (0, divisions) else 1)) for level in range(divisions + 1)]
    outside = [0.0] * divisions  # m2 K W-1
    for level, skin in ((0, front), (divisions, back)):
        if skin is not None:
            plies.append(_ply(level, *skin))
            outside[min(level, divisions - 1)] += skin[1] / max(skin[0].conductivity[2], 1e-300)
    through = core.conductivity[2]
    gaps = [0.0 if through == 0.0 else 1.0 / (depth / through + skin) for skin in outside]
    return plies, [Gap(gap, core.conductivity_of) for gap in gaps]


def _ply(level: int, stuff: _Stuff, thickness: float) -> Ply:
    u, v, _ = (value * thickness for value in stuff.conductivity)
    return Ply(level, (u, v), stuff.volumetric_heat * thickness, stuff.conductivity_of, stuff.specific_heat_of)


def _stuff(material: Material) -> _Stuff:
    conductivity = by_direction(material.conductivity or 0.0)
    heat = (material.density or 0.0) * reference_value(material.specific_heat or 0.0)
    return _Stuff(conductivity, heat, material.name, material.name)


def _core(panel: Panel, materials: Mapping[str, Material]) -> _Stuff:
    core = panel.core
    own = core.specific_heat is not None
    heat = core.specific_heat if own else materials[panel.front_skin.material].specific_heat
    name = _core_name(panel)
    capacity = core.density * reference_value(heat or 0.0)
    return _Stuff(by_direction(core.conductivity), capacity, name, name if own else panel.front_skin.material)


def _core_name(panel: Panel) -> str:
    return f"{panel.name}.core"


def property_tables(case: Case) -> tuple[PropertyTables, PropertyTables]:
    """Conductivities and specific heats that depend on the temperature, of materials and of panels' cores."""
    found = []
    for key in ("conductivity", "specific_heat"):
        kept = "heat_table" if key == "specific_heat" else key
        owners = {material.name: getattr(material, kept) for material in case.materials}
        owners |= {_core_name(panel): getattr(panel.core, key) for panel in case.panels}
        found.append({name: value for name, value in owners.items() if isinstance(value, TemperatureTable)})
    conductivity, specific_heat = (_stacked(tables) for tables in found)
    return conductivity, specific_heat


def _stacked(tables: Mapping[str, TemperatureTable]) -> PropertyTables:
    longest = max(2, *(len(table.temperature) for table in tables.values())) if tables else 2
    point, relative = np.zeros((len(tables), longest)), np.ones((len(tables), longest))
    for row, table in enumerate(tables.values()):
        # A repeated last value holds the end; its points only have to ascend.
        more = np.arange(1, longest - len(table.temperature) + 1)
        point[row] = np.concatenate([table.temperature, table.temperature[-1] + more])
        values = np.concatenate([table.value, np.full(len(more), table.value[-1])])
        relative[row] = values / reference_value(table)
    return PropertyTables(tuple(tables), jnp.asarray(point), jnp.asarray(relative))


def build_sheets(
    case: Case, topology: Topology, layout: NodeLayout, conductivity: PropertyTables, specific_heat: PropertyTables
) -> Sheets:
    """Every ply and gap of every surface, with the cells and mesh edges that it has."""
    materials = {material.name: material for material in case.materials}
    panels = {panel.name: panel for panel in case.panels}
    edge_surface = topology.cell_surface[topology.shell_cell[:, 0]]
    plies: list[Ply] = []
    gaps: list[Gap] = []
    members, pairs, rungs = _Rows(3), _Rows(4), _Rows(4)
    for k, surface in enumerate(case.surfaces):
        cells, levels = layout.surface_cells[k], layout.level_node[k]
        mine, between = plies_of(surface, materials, panels)
        edges = np.flatnonzero(edge_surface == k)
        for ply in mine:
            nodes = levels[ply.level]
            if ply.heat_capacity > 0.0 and surface.heat_capacity is None:
                members.add(nodes, cells, len(plies))
            if max(ply.conductance) > 0.0:
                first, second = (nodes[topology.shell_cell[edges, side] - cells[0]] for side in (0, 1))
                pairs.add(first, second, edges, len(plies))
            plies.append(ply)
        for level, gap in enumerate(between):
            rungs.add(levels[level], levels[level + 1], cells, len(gaps))
            gaps.append(gap)
    member, pair, rung = members.columns(), pairs.columns(), rungs.columns()
    return Sheets(
        conductance=jnp.asarray(np.array([ply.conductance for ply in plies], float).reshape(-1, 2)),
        heat_capacity=_floats(ply.heat_capacity for ply in plies),
        conductivity_table=jnp.asarray(conductivity.rows(ply.conductivity for ply in plies)),
        capacity_table=jnp.asarray(specific_heat.rows(ply.specific_heat for ply in plies)),
        member_node=member[0],
        member_cell=member[1],
        member_sheet=member[2],
        pair_node=jnp.stack(pair[:2], axis=1),
        pair_edge=pair[2],
        pair_sheet=pair[3],
        gap_conductance=_floats(gap.conductance for gap in gaps),
        gap_table=jnp.asarray(conductivity.rows(gap.conductivity for gap in gaps)),
        rung_node=jnp.stack(rung[:2], axis=1),
        rung_cell=rung[2],
        rung_gap=rung[3],
    )


class _Rows:
    """Columns of whole numbers that grow block by block; a number stands for a block of itself."""

    def __init__(self, width: int):
        self.blocks = [np.zeros((width, 0), int)]

    def add(self, *columns: np.ndarray | int) -> None:
        self.blocks.append(np.stack(np.broadcast_arrays(*columns)))

    def columns(self) -> tuple:
        return tuple(jnp.asarray(column) for column in np.concatenate(self.blocks, axis=1))


def _floats(values: Iterator[float]) -> jnp.ndarray:
    return jnp.asarray(np.array(list(values), float))
