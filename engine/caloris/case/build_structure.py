"""From the checked case to the properties that stand on surfaces and nodes."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from caloris.case.address import parse_address
from caloris.case.build_coatings import build_bands, build_coatings
from caloris.case.errors import CaseError, CaseProblem
from caloris.case.schema import Case
from caloris.case.schema_surface import SurfaceTable
from caloris.case.schema_types import Life
from caloris.case.schema_types import Schedule as ScheduleTable
from caloris.geometry.assembly import Geometry, Topology
from caloris.geometry.edge_joint import edge_joint
from caloris.geometry.errors import GeometryError
from caloris.model.power import Batteries, Bus, SolarArrays
from caloris.model.schedule import Schedule
from caloris.model.structure import ComputeTable, EdgeJoints, LinkTable, LoadTable, Spread, Structure


def build_structure(case: Case, geometry: Geometry) -> Structure:
    """Coatings, capacities, links, loads and power equipment of a case, at its point of life."""
    topology = geometry.topology()
    life = 0.0 if case.run is None else case.run.life
    nodes = NodeNames(topology, case)
    start = 293.15 if case.run is None else case.run.start_temperature
    free, temperature = _start(case, topology, start)
    return Structure(
        coatings=build_coatings(case, life),
        bands=build_bands(case),
        node_name=nodes.names,
        **_sheets(case),
        lumped_heat_capacity=_column([node.heat_capacity or 0.0 for node in case.nodes]),
        free=jnp.asarray(free),
        start_temperature=jnp.asarray(temperature),
        bounded=bool(np.any(free == 0.0)),
        links=LinkTable(
            tuple(link.name or str(k) for k, link in enumerate(case.links)),
            _column([link.conductance for link in case.links]),
            tuple((nodes.spread([link.between[0]]), nodes.spread([link.between[1]])) for link in case.links),
        ),
        joints=_joints(case, geometry),
        loads=_loads(case, nodes),
        arrays=_arrays(case, topology, life),
        bus=None
        if case.power is None
        else Bus(
            jnp.asarray(case.power.bus_efficiency),
            jnp.asarray(nodes.first(case.power.losses_on) if case.power.losses_on else 0),
        ),
        batteries=_batteries(case, nodes),
        space_temperature=jnp.asarray(case.planet.space_temperature),
    )


class NodeNames:
    """Every node by the names that the case uses: surfaces, box faces, cells, nodes."""

    def __init__(self, topology: Topology, case: Case):
        self.topology = topology
        self.lumped = {node.name: topology.cell_count + k for k, node in enumerate(case.nodes)}
        self.names = (*topology.cell_name, *self.lumped)

    @staticmethod
    def plain(name: str) -> str:
        """The name without its side, and without blanks in a cell's index."""
        head, bracket, index = name.partition("/")[0].partition("[")
        return head + bracket + index.replace(" ", "")

    def find(self, name: str) -> np.ndarray:
        """Indices of the nodes under a name."""
        name = self.plain(name)
        if name in self.lumped:
            return np.array([self.lumped[name]])
        return self.topology.cells(name)

    def first(self, name: str) -> int:
        """Index of the one node (or the first cell) under a name."""
        return int(self.find(name)[0])

    def spread(self, names: Sequence[str]) -> Spread:
        """A total spread equally over names and by area inside each."""
        found = [self.find(name) for name in names]
        group = np.concatenate([np.full(len(nodes), k) for k, nodes in enumerate(found)])
        weight = np.full(len(names), 1.0 / len(names))
        return Spread(jnp.asarray(np.concatenate(found)), jnp.asarray(group), jnp.asarray(weight))


def schedule(table: ScheduleTable) -> Schedule:
    """The model of a checked table."""
    return Schedule(
        jnp.asarray(table.value, float),
        jnp.asarray(table.points, float),
        linear=table.between == "linear",
        phase=table.over != "time",
    )


def _column(values: Sequence[float]) -> jnp.ndarray:
    return jnp.asarray(np.asarray(values, float))


def _sheets(case: Case) -> dict[str, jnp.ndarray]:
    """Heat capacity and in-plane conduction of each surface."""
    materials = {material.name: material for material in case.materials}
    total, areal, sheet = [], [], []
    for surface in case.surfaces:
        total.append(surface.heat_capacity or 0.0)
        material = materials.get(surface.material) if surface.material else None
        if material is None or surface.thickness is None:
            areal.append(0.0)
            sheet.append(0.0)
            continue
        mass = surface.thickness * (material.density or 0.0)
        areal.append(0.0 if surface.heat_capacity is not None else mass * (material.specific_heat or 0.0))
        sheet.append(surface.thickness * (material.conductivity or 0.0))
    return {
        "surface_heat_capacity": _column(total),
        "surface_areal_heat_capacity": _column(areal),
        "sheet_conductance": _column(sheet),
    }


def _start(case: Case, topology: Topology, default: float) -> tuple[np.ndarray, np.ndarray]:
    """Which nodes are free, and the temperature of every node at t = 0."""
    surfaces: list[SurfaceTable] = list(case.surfaces)
    tables = [surfaces[k] for k in topology.cell_surface] + list(case.nodes)
    free = [table.temperature is None for table in tables]
    stated = [table.temperature if table.temperature is not None else table.start_temperature for table in tables]
    return np.array(free, float), np.array([default if value is None else value for value in stated], float)


def _joints(case: Case, geometry: Geometry) -> EdgeJoints:
    """Every [[edge]]; those that do not touch are reported together."""
    cells, first, second, which, problems = [], [], [], [], []
    for k, table in enumerate(case.edges):
        try:
            joint = edge_joint(geometry, *table.between)
        except GeometryError as error:
            problems.append(CaseProblem(f"edge/{table.name or k}/{error.key or 'between'}", str(error)))
            continue
        cells.append(joint.cell)
        first.append(joint.segment_a)
        second.append(joint.segment_b)
        which.append(np.full(len(joint.cell), k))
    if problems:
        raise CaseError(problems, case.source)

    def stacked(parts: list[np.ndarray]) -> jnp.ndarray:
        return jnp.asarray(np.concatenate([np.zeros((0, 2), int), *parts]))

    index = jnp.asarray(np.concatenate([np.zeros(0, int), *which]))
    conductance = _column([edge.conductance_per_length for edge in case.edges])
    return EdgeJoints(stacked(cells), stacked(first), stacked(second), index, conductance)


def _loads(case: Case, nodes: NodeNames) -> tuple[LoadTable | ComputeTable, ...]:
    """Heat loads, then computers."""
    loads = [
        LoadTable(table.name or str(k), nodes.spread(table.on), schedule(table.power), table.electrical)
        for k, table in enumerate(case.loads)
    ]
    computers = [
        ComputeTable(
            table.name or str(k),
            nodes.spread(table.on),
            jnp.asarray(table.peak_power),
            jnp.asarray(table.idle_power),
            schedule(table.utilization),
        )
        for k, table in enumerate(case.computes)
    ]
    return (*loads, *computers)


def _arrays(case: Case, topology: Topology, life: Life) -> SolarArrays | None:
    """Solar arrays: which facets carry the cells of which table."""
    tables = case.solar_arrays
    if not tables:
        return None
    member = np.full(len(topology.facet_triangle), -1)
    for k, table in enumerate(tables):
        for name in table.on:
            address = parse_address(name)
            cells = topology.cells(NodeNames.plain(name))
            side = 1 if address.side == "back" else 0
            member[np.isin(topology.facet_cell, cells) & (topology.facet_side == side)] = k
    return SolarArrays(
        tuple(table.name or str(k) for k, table in enumerate(tables)),
        jnp.asarray(member),
        _column([table.efficiency for table in tables]),
        _column([table.temperature_coefficient for table in tables]),
        _column([table.reference_temperature for table in tables]),
        _column([table.packing for table in tables]),
        _column([table.degradation.at(life) for table in tables]),
    )


def _batteries(case: Case, nodes: NodeNames) -> Batteries | None:
    """Batteries, stacked."""
    tables = case.batteries
    if not tables:
        return None
    return Batteries(
        tuple(table.name or str(k) for k, table in enumerate(tables)),
        jnp.asarray([nodes.first(table.on) for table in tables]),
        _column([table.capacity for table in tables]),
        _column([table.charge_efficiency for table in tables]),
        _column([table.discharge_efficiency for table in tables]),
        _column([table.maximum_depth_of_discharge for table in tables]),
        _column([table.start_charge for table in tables]),
    )
