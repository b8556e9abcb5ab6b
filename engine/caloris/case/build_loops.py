"""From the tables [[loop]] to parts: tubes, what flows carry, pumps, sections of branches, valves."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from caloris.case.address import parse_address
from caloris.case.build_fluids import FluidParts, Kind, part_group
from caloris.case.fluid_nodes import Shaped, cell_volumes, start_temperatures
from caloris.case.loop_plan import LoopPlan, PipeCells
from caloris.case.loop_start import LoopStart, starting_point
from caloris.case.node_layout import NodeLayout
from caloris.case.schema_surface import SurfaceTable
from caloris.model.equipment import SharedParts
from caloris.model.fluids import TubeLaw, fluid_table
from caloris_kernels.fluid.control_laws import (
    Controller,
    Split,
    flow_split,
    integral_opening,
    proportional_opening,
    split_loss,
)
from caloris_kernels.fluid.liquid import enthalpy, liquid_properties
from caloris_kernels.fluid.loop_laws import (
    Carrier,
    CurvePump,
    Section,
    SetFlow,
    SetPump,
    TubeCell,
    branch_loss,
    carried_heat,
    curve_pump,
    equal_loss,
    remaining_flow,
    section_loss,
    set_flow,
    set_pump_heat,
)
from caloris_kernels.fluid.two_phase_laws import (
    TwoPhaseCarrier,
    TwoPhaseCell,
    carried_enthalpy,
    two_phase_line,
    two_phase_pump_heat,
    two_phase_tube_heat,
)

# A flow below this part of the pump's has no sense of direction.
SMALL_FLOW = 1e-4
# The error of a flow, a loss and a valve's position that counts as much as 1 K.
_FLOW_PER_KELVIN = 0.1
_LOSS_PER_KELVIN = 0.1
_LEAST_LOSS = 100.0  # Pa
_OPENING_PER_KELVIN = 0.05
_INTEGRAL_BAND = 100.0  # K
# How far below saturation a two-phase loop starts where nothing else is given.
_SUBCOOLED = 1.0  # K


class _Built(NamedTuple):
    """A loop while its parts are made."""

    plan: LoopPlan
    fluid: int
    start: LoopStart
    flow: list[int]  # auxiliary state of each branch's mass flow
    loss: list[int]  # and of its pressure loss
    free: list[float]  # 1 where the branch's flow answers to pressure
    cell: list[int]  # node of every cell, or of a two-phase loop its auxiliary state
    saturation: int | None  # node of the saturation temperature


class Places(NamedTuple):
    """Where the case's names lead: nodes, and what divided surfaces there are."""

    nodes: NodeLayout
    surfaces: Mapping[str, Shaped]
    temperature: Mapping[str, float]  # K, at t = 0, by the name of a node; [run]'s under ""


def build_loop(parts: FluidParts, plan: LoopPlan, places: Places) -> None:
    """Add one loop to the parts."""
    nodes, start = places.nodes, places.temperature[""]
    loop = plan.table
    fluid = parts.fluid(loop.fluid, loop.mass_fraction, loop.is_two_phase)
    begun = starting_point(plan, fluid_table(parts.fluids[fluid]), start, SMALL_FLOW)
    flow, loss = [], []
    for name, m, s in zip(plan.branches, begun.flow, begun.loss, strict=True):
        flow.append(parts.state(f"{name} flow", "kg s-1", m, _FLOW_PER_KELVIN * m))
        loss.append(parts.state(f"{name} loss", "Pa", s, _LOSS_PER_KELVIN * max(s, _LEAST_LOSS)))
    free = [0.0 if loop.mass_flow is not None else 1.0, *([0.0] * (len(plan.branches) - 1))]
    for section in plan.sections:
        if not section.has_valve:
            for branch in section.branches[:-1]:
                free[branch] = 1.0
    if loop.is_two_phase:
        cells, saturation = _enthalpies(parts, plan, fluid, places)
    else:
        cells, saturation = [nodes.first(name) for name in plan.cell_names], None
    built = _Built(plan, fluid, begun, flow, loss, free, cells, saturation)
    _flows(parts, built)
    for pipe in plan.pipes:
        _tubes(parts, built, pipe, places)
    _pump(parts, built)
    for number in range(len(plan.sections)):
        _section(parts, built, number)
    if loop.setpoint is not None:
        _valve(parts, built, nodes)


def _enthalpies(parts: FluidParts, plan: LoopPlan, fluid: int, places: Places) -> tuple[list[int], int]:
    """The auxiliary state of every cell of a two-phase loop, full of liquid at first, and the accumulator's node."""
    table: Any = fluid_table(parts.fluids[fluid])
    assert plan.accumulator is not None
    start = places.temperature[""]
    limit = places.temperature.get(plan.accumulator, start) - _SUBCOOLED
    states = []
    for name, volume, own in zip(plan.cell_names, cell_volumes(plan), start_temperatures(plan), strict=True):
        temperature = jnp.asarray(min(start if own is None else own, limit))
        properties = liquid_properties(table.liquid, temperature)
        mass, per_kelvin = float(properties.density) * volume, float(properties.specific_heat)
        begun = float(enthalpy(table.liquid, temperature))
        states.append(parts.state(f"{name} enthalpy", "J kg-1", begun, per_kelvin, mass, stores=True))
    return states, places.nodes.first(plan.accumulator)


def _flows(parts: FluidParts, built: _Built) -> None:
    """What every cell's flow carries to the next, and the rows of the branches' losses."""
    plan, small = built.plan, SMALL_FLOW * built.start.flow[0]
    cell_names = plan.cell_names
    names = [cell_names[one.second] for one in plan.carried]
    ends = [(built.cell[one.first], built.cell[one.second]) for one in plan.carried]
    flows = [built.flow[one.branch] for one in plan.carried]
    if built.saturation is None:
        kind = Kind("liquid carried", carried_heat, built.fluid)
        parts.add(kind, names, ends, np.array(flows)[:, None], Carrier(jnp.asarray(small)))
    else:
        pipes = [plan.pipes[one.pipe].table for one in plan.carried]
        parameters = TwoPhaseCarrier(
            jnp.asarray([pipe.diameter for pipe in pipes]),
            jnp.asarray([pipe.parallel for pipe in pipes]),
            jnp.asarray(small),
            jnp.asarray([built.free[one.branch] for one in plan.carried]),
        )
        losses = [built.loss[one.branch] for one in plan.carried]
        states = [(*end, m, s) for end, m, s in zip(ends, flows, losses, strict=True)]
        kind = Kind("fluid carried", carried_enthalpy, built.fluid)
        parts.add(kind, names, [[built.saturation]] * len(names), states, parameters)
    parts.add(Kind("loss of a branch", branch_loss), plan.branches, [()] * len(built.loss), built.loss)


def tube_parameters(pipe: PipeCells, length: Any, loss: Any, small: float, free: float) -> TubeCell:
    """Parameters of lengths of a pipe: arrays of lengths (m) and loss coefficients, the rest the pipe's own."""
    table = pipe.table
    given = table.heat_transfer if isinstance(table.heat_transfer, float) else 0.0
    developing = 0.0 if table.on is None else table.diameter / table.length
    numbers = (table.diameter, length, table.parallel, table.roughness, loss, developing, given, small, free)
    return TubeCell(*(jnp.asarray(number, float) for number in numbers))


class _Wall(NamedTuple):
    """Pieces of a pipe, each of one cell and on one wall node: those of a set share its portion by the nodes' sizes."""

    cell: np.ndarray
    node: np.ndarray
    source: np.ndarray
    portion: np.ndarray  # - of the pipe, of the whole set
    set_of: np.ndarray


def _walled(pipe: PipeCells, places: Places) -> _Wall:
    """Cut a pipe where its cells end and where the rows of its wall do."""
    table, rows = pipe.table, []
    for names, count in zip(table.on or (), pipe.rows, strict=True):
        beside = [_rows(name, count, table.along, places) for name in names]
        rows += [
            tuple(np.concatenate(column) for column in zip(*row, strict=True)) for row in zip(*beside, strict=True)
        ]
    if table.reverse:
        rows.reverse()
    found: list[list[Any]] = [[], [], [], [], []]
    for k in range(pipe.cells):
        for place, (node, source) in enumerate(rows):
            overlap = min((k + 1) / pipe.cells, (place + 1) / len(rows)) - max(k / pipe.cells, place / len(rows))
            if overlap <= 1e-12:
                continue
            number = found[4][-1] + 1 if found[4] else 0
            for column, values in zip(found, (k, node, source, overlap, number), strict=True):
                column.extend(np.broadcast_to(values, node.shape).tolist())
    return _Wall(*(np.array(column) for column in found))


def _rows(name: str, count: int, along: str, places: Places) -> list[tuple[np.ndarray, np.ndarray]]:
    """Nodes of a part, and where their sizes stand, for every place along the flow."""
    node, source = places.nodes.sized(name)
    if count == 1:
        return [(node, source)]
    # Cells of a divided surface, i along u and v fastest, level by level.
    across = _across(along, count, len(node), _levels(name, places.surfaces))
    return [(node[mine], source[mine]) for mine in across]


def _levels(name: str, surfaces: Mapping[str, Shaped]) -> int:
    """How many levels of nodes through the thickness a name stands for."""
    address = parse_address(name)
    surface = surfaces.get(address.name)
    return surface.levels if isinstance(surface, SurfaceTable) and address.layer is None else 1


def _across(along: str, rows: int, found: int, levels: int) -> list[np.ndarray]:
    """Of the nodes of a divided surface those of every row across the flow."""
    others = found // levels // rows
    grid = np.arange(found).reshape(levels, *((rows, others) if along == "u" else (others, rows)))
    grid = np.moveaxis(grid, 1 if along == "u" else 2, 0)
    return [mine.ravel() for mine in grid]


def _tubes(parts: FluidParts, built: _Built, pipe: PipeCells, places: Places) -> None:
    """The tubes of one pipe."""
    table, plan = pipe.table, built.plan
    small, free = SMALL_FLOW * built.start.flow[0], built.free[pipe.branch]
    m, s = built.flow[pipe.branch], built.loss[pipe.branch]
    if table.on is None:
        cell = np.arange(pipe.cells)
        portion, wall = np.full(pipe.cells, 1.0 / pipe.cells), None
    else:
        wall = _walled(pipe, places)
        cell, portion = wall.cell, wall.portion
    cell_names = plan.cell_names
    names = [cell_names[pipe.start + k] for k in cell]
    mine = [built.cell[pipe.start + k] for k in cell]
    parameters = tube_parameters(pipe, portion * table.length, portion * table.loss_coefficient, small, free)
    flows = np.tile([m, s], (len(cell), 1))
    if built.saturation is None:
        given = table.heat_transfer
        law = TubeLaw(given if table.on is not None and isinstance(given, str) else None)
        kind = Kind("tube" if wall is not None else "line", law, built.fluid)
        # An insulated cell is its own wall: no heat, and the same rows of pressure.
        ends = np.stack([mine if wall is None else wall.node, mine], axis=1)
        group = part_group(kind, names, ends, flows, parameters)
    else:
        p = parameters
        numbers = (*p[:5], table.dryout, p.small_flow, p.free)  # of the tube, then where it dries, then of the flow
        two_phase = TwoPhaseCell(*(jnp.asarray(number, float) for number in numbers))
        law = two_phase_line if wall is None else two_phase_tube_heat
        kind = Kind("two-phase line" if wall is None else "two-phase tube", law, built.fluid)
        held = np.full((len(cell), 1), built.saturation)
        ends = held if wall is None else np.concatenate([wall.node[:, None], held], axis=1)
        group = part_group(kind, names, ends, np.concatenate([np.array(mine)[:, None], flows], axis=1), two_phase)
    if wall is None:
        parts.groups.append(group)
        return
    sets, totals = int(wall.set_of.max()) + 1, ("length", "loss_coefficient")
    parts.tables.append(SharedParts(group, jnp.asarray(wall.source), jnp.asarray(wall.set_of), sets, totals))


def _pump(parts: FluidParts, built: _Built) -> None:
    """What drives the flow, and the power of that."""
    loop = built.plan.table
    pump, name, m, s = loop.pump, [loop.name], built.flow[0], built.loss[0]
    cell = built.cell[0]
    if loop.mass_flow is None:
        parameters = CurvePump(jnp.asarray(pump.flow)[None], jnp.asarray(pump.head)[None], jnp.asarray(pump.efficiency))
        kind = Kind("pump", curve_pump, built.fluid, pump.electrical)
        parts.add(kind, name, [[cell]], [[m]], parameters)
        return
    parts.add(Kind("set flow", set_flow), name, [()], [[m]], SetFlow(jnp.asarray(loop.mass_flow)))
    efficiency = SetPump(jnp.asarray(pump.efficiency))
    if built.saturation is None:
        kind = Kind("pump", set_pump_heat, built.fluid, pump.electrical)
        parts.add(kind, name, [[cell]], [[m, s]], efficiency)
    else:
        kind = Kind("pump", two_phase_pump_heat, built.fluid, pump.electrical)
        parts.add(kind, name, [[built.saturation]], [[cell, m, s]], efficiency)


def _section(parts: FluidParts, built: _Built, number: int) -> None:
    """Branches side by side: they share the flow, by equal losses or by a valve."""
    section, plan = built.plan.sections[number], built.plan
    name = [f"{plan.table.name} section {number}"]
    flows, losses = [built.flow[k] for k in section.branches], [built.loss[k] for k in section.branches]
    holder, free = [built.flow[0], built.loss[0]], Section(jnp.asarray(built.free[0]))
    if section.has_valve:
        parts.add(Kind("loss of a section", split_loss), name, [()], [[*holder, *losses]], free)
        return
    names = [plan.branches[k] for k in section.branches[:-1]]
    states = [(m, losses[-1]) for m in flows[:-1]]
    parts.add(Kind("equal loss", equal_loss), names, [()] * len(names), states)
    parts.add(Kind("remaining flow", remaining_flow), name, [()], [[built.flow[0], *flows]])
    parts.add(Kind("loss of a section", section_loss), name, [()], [[*holder, losses[-1]]], free)


def _valve(parts: FluidParts, built: _Built, nodes: NodeLayout) -> None:
    """The three-way valve and its controller."""
    plan = built.plan
    valve, name = plan.table.setpoint, [f"{plan.table.name} valve"]
    assert valve is not None
    section = next(section for section in plan.sections if section.has_valve)
    integral = valve.kind == "integral"
    # Of an integral valve only gain over capacity counts, one over band times time; a small gain is easier to solve.
    band = _INTEGRAL_BAND if integral else valve.band
    capacity = valve.seconds * valve.band / band
    opening = parts.state(name[0], "1", 0.5, _OPENING_PER_KELVIN, capacity)
    outlet = plan.outlet(valve.sensor)
    sensor = nodes.first(valve.sensor) if outlet is None else built.cell[outlet]
    gain = (1.0 if valve.opens == "when cold" else -1.0) / band
    law = integral_opening if integral else proportional_opening
    parameters = Controller(jnp.asarray(valve.temperature), jnp.asarray(gain), jnp.asarray(0.5))
    parts.add(Kind("valve", law), name, [[sensor]], [[opening]], parameters)
    states = [opening, built.flow[0], *(built.flow[k] for k in section.branches)]
    parts.add(Kind("split", flow_split), name, [()], [states], Split(jnp.asarray(valve.leak)))
