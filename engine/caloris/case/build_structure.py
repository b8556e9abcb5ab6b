"""From the checked case to the properties that stand on surfaces and nodes."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from caloris.case.address import cell_address, parse_address
from caloris.case.build_coatings import build_bands, build_coatings
from caloris.case.build_contacts import build_blankets, build_contacts, build_joints
from caloris.case.build_equipment import build_equipment
from caloris.case.build_network import build_node_loads, build_pairs
from caloris.case.build_sheets import build_sheets, property_tables
from caloris.case.build_solids import build_solids
from caloris.case.node_layout import NodeLayout
from caloris.case.schema import Case
from caloris.case.schema_material import reference_value
from caloris.case.schema_structure import Node
from caloris.case.schema_surface import SurfaceTable
from caloris.case.schema_types import Life, stated_start
from caloris.case.schema_types import Schedule as ScheduleTable
from caloris.geometry.assembly import Geometry, Topology
from caloris.model.conduction import LinkTable, PropertyTables
from caloris.model.power import Batteries, Boundary, Bus, SolarArrays
from caloris.model.schedule import Schedule
from caloris.model.structure import ComputeTable, LoadTable, Structure


def build_structure(case: Case, geometry: Geometry) -> Structure:
    """Coatings, capacities, links, loads and power equipment of a case, at its point of life."""
    topology = geometry.topology()
    life = 0.0 if case.run is None else case.run.life
    nodes = NodeLayout(geometry, case)
    start = 293.15 if case.run is None else case.run.start_temperature
    free, temperature = _start(case, nodes, start)
    conductivity, specific_heat = property_tables(case)
    return Structure(
        coatings=build_coatings(case, life),
        bands=build_bands(case),
        node_name=nodes.names,
        facet_node=jnp.asarray(nodes.facet_node),
        cell_node=jnp.asarray(nodes.cell_node),
        area_node=jnp.asarray(nodes.area_node),
        area_cell=jnp.asarray(nodes.area_cell),
        # Faces of solids are surfaces too, and store nothing of their own.
        surface_heat_capacity=_column(
            [surface.heat_capacity or 0.0 for surface in case.surfaces]
            + [0.0] * (len(geometry.surfaces) - len(case.surfaces))
        ),
        lumped_node=jnp.asarray(nodes.lumped),
        **_lumped(case, specific_heat),
        sheets=build_sheets(case, topology, nodes, conductivity, specific_heat),
        solids=build_solids(case, geometry, nodes, conductivity, specific_heat),
        conductivity=conductivity,
        specific_heat=specific_heat,
        free=jnp.asarray(free),
        start_temperature=jnp.asarray(temperature),
        bounded=bool(np.any(free == 0.0)),
        links=_links(case, nodes, "conductance"),
        radiative_links=_links(case, nodes, "radiative_area"),
        streams=_links(case, nodes, "capacity_rate"),
        pairs=build_pairs(case, nodes),
        joints=build_joints(case, geometry, nodes),
        contacts=build_contacts(case, geometry, nodes),
        blankets=build_blankets(case, nodes),
        boundaries=tuple(
            Boundary(jnp.asarray(mine), schedule(table.temperature))
            for table, mine in zip(case.nodes, nodes.lumped, strict=True)
            if isinstance(table.temperature, ScheduleTable)
        ),
        loads=(*_loads(case, nodes), *build_node_loads(case, nodes)),
        arrays=_arrays(case, topology, life),
        bus=None
        if case.power is None
        else Bus(
            jnp.asarray(case.power.bus_efficiency),
            jnp.asarray(nodes.first(case.power.losses_on) if case.power.losses_on else 0),
        ),
        batteries=_batteries(case, nodes),
        equipment=build_equipment(case, nodes),
        space_temperature=jnp.asarray(case.planet.space_temperature),
    )


def _lumped(case: Case, specific_heat: PropertyTables) -> dict[str, jnp.ndarray]:
    """Heat capacities of the tables [[node]], and the tables over temperature that they follow (-1: none)."""
    materials = {material.name: material for material in case.materials}
    capacity, table = [], []
    for node in case.nodes:
        material = None if node.material is None else materials[node.material]
        if material is None:
            capacity.append(node.heat_capacity or 0.0)
            table.append(-1)
            continue
        capacity.append((node.mass or 0.0) * reference_value(material.heat_table or 0.0))
        table.append(specific_heat.name.index(material.name) if material.name in specific_heat.name else -1)
    return {"lumped_heat_capacity": _column(capacity), "lumped_table": jnp.asarray(table, int)}


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


def _start(case: Case, nodes: NodeLayout, default: float) -> tuple[np.ndarray, np.ndarray]:
    """Which nodes are free, and the temperature of every node at t = 0."""
    free, temperature = np.ones(len(nodes.names)), np.full(len(nodes.names), default)

    def start(table: SurfaceTable | Node, mine: np.ndarray) -> None:
        stated = stated_start(table.temperature, table.start_temperature)
        temperature[mine] = default if stated is None else stated

    for table, mine in [
        *((surface, np.concatenate(nodes.level_node[k])) for k, surface in enumerate(case.surfaces)),
        *((node, nodes.lumped[k : k + 1]) for k, node in enumerate(case.nodes)),
    ]:
        free[mine] = table.temperature is None
        start(table, mine)
    for number, solid in enumerate(case.solids):
        mine = nodes.solid_node[number]
        temperature[mine] = default if solid.start_temperature is None else solid.start_temperature
        for face in solid.face:
            if face.temperature is not None:
                held = np.unique(np.concatenate([nodes.find(f"{solid.name}.{name}") for name in face.on]))
                free[held], temperature[held] = 0.0, face.temperature
    # Outer layers of blankets are free over surfaces of fixed temperature too.
    surfaces = {surface.name: surface for surface in case.surfaces}
    for (name, _), mine in nodes.outer_node.items():
        start(surfaces[name], mine)
    return free, temperature


def _links(case: Case, nodes: NodeLayout, kind: str) -> LinkTable:
    """The links of one kind, in file order."""
    tables = [(link.name or str(k), link) for k, link in enumerate(case.links) if link.kind == kind]
    return LinkTable(
        tuple(name for name, _ in tables),
        _column([link.value for _, link in tables]),
        tuple((nodes.spread([link.between[0]]), nodes.spread([link.between[1]])) for _, link in tables),
    )


def _loads(case: Case, nodes: NodeLayout) -> tuple[LoadTable | ComputeTable, ...]:
    """Heat loads, then computers."""
    loads = [
        LoadTable(table.name or str(k), nodes.spread(table.on, table.shares), schedule(table.power), table.electrical)
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
            cells = topology.cells(cell_address(address))
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


def _batteries(case: Case, nodes: NodeLayout) -> Batteries | None:
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
