"""The nodes that loops and heat pipes stand for: the liquid in every cell, accumulators, ends of heat pipes."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from caloris.case.address import AddressError, cell_counts, parse_address
from caloris.case.loop_plan import LoopPlan, plan_loop
from caloris.case.schema_heat_pipe import HeatPipe, LoopHeatPipe
from caloris.case.schema_loop import Loop
from caloris.case.schema_solid import SolidTable
from caloris.case.schema_structure import Node
from caloris.case.schema_surface import Box, SurfaceTable
from caloris.case.schema_types import Table
from caloris_kernels.fluid.library import saturation_temperature, volumetric_heat

Item = tuple[str, Table]
Shaped = SurfaceTable | SolidTable
AnyHeatPipe = HeatPipe | LoopHeatPipe
HEAT_PIPES = {"heat_pipe": "heat pipe", "loop_heat_pipe": "loop heat pipe"}


def with_fluid_nodes(items: dict[str, list[Item]], raw: dict[str, Any], start: float) -> None:
    """Add the nodes of loops and heat pipes to the valid tables and to the names of the text.

    start: the temperature of [run] (K).
    """
    tables = [table for kind in ("surface", "solid") for _, table in items.get(kind, [])]
    surfaces = {table.name: table for table in tables if isinstance(table, Shaped)}
    made: list[Item] = []
    for path, loop in items.get("loop", []):
        assert isinstance(loop, Loop)
        made += [(path, node) for node in _of_loop(plan_loop(loop, surfaces), start)]
    for table, word in HEAT_PIPES.items():
        for k, (path, pipe) in enumerate(items.get(table, [])):
            assert isinstance(pipe, HeatPipe | LoopHeatPipe)
            names = end_names(pipe, f"{word} {k}", surfaces)
            made += [(path, _node(name, 0.0)) for name in names if name is not None]
    if made:
        # The nodes of an imported network stay the last ones.
        items["node"] = [*made, *items.get("node", [])]
        raw["node"] = [*({"name": node.name} for _, node in made), *raw.get("node", [])]  # type: ignore[attr-defined]


def _node(name: str, heat_capacity: float | None, **more: Any) -> Node:
    """A node under a name with a dot, which no table of the file may have."""
    return Node.model_construct(name=name, heat_capacity=heat_capacity, **more)


def start_temperatures(plan: LoopPlan) -> list[float | None]:
    """The temperature of every cell at t = 0 (K), None where it is that of [run]."""
    given = []
    for pipe in plan.pipes:
        own = pipe.table.start_temperature
        given += [plan.table.start_temperature if own is None else own] * pipe.cells
    return given


def cell_volumes(plan: LoopPlan) -> list[float]:
    """Fluid in every cell (m3)."""
    volumes = []
    for pipe in plan.pipes:
        table = pipe.table
        each = 0.25 * math.pi * table.diameter**2 * table.length * table.parallel / pipe.cells
        volumes += [each] * pipe.cells
    return volumes


def _of_loop(plan: LoopPlan, start: float) -> Iterator[Node]:
    """A node for the liquid of every cell; of a two-phase loop the accumulator alone, whose temperature is given."""
    loop = plan.table
    if loop.accumulator is not None:
        held = loop.accumulator
        if held.node is None:
            temperature = held.temperature
            if held.pressure is not None:
                temperature = saturation_temperature(loop.fluid, held.pressure)
            yield _node(f"{loop.name}.accumulator", None, temperature=temperature)
        return
    for name, volume, own in zip(plan.cell_names, cell_volumes(plan), start_temperatures(plan), strict=True):
        stored = volumetric_heat(loop.fluid, start if own is None else own, loop.mass_fraction)
        yield _node(name, stored * volume, start_temperature=own)


def is_one_node(names: Sequence[str], surfaces: Mapping[str, Shaped]) -> bool:
    """Whether names stand for one node as far as the text tells: a node, a cell, or a surface of one cell."""
    if len(names) != 1:
        return False
    try:
        address = parse_address(names[0])
    except AddressError:
        return True  # said where addresses are checked
    surface = surfaces.get(address.name)
    if surface is None:
        return True  # a node, or a cell of a loop
    if isinstance(surface, SolidTable):
        return address.cell is not None
    if surface.levels > 1 and address.layer is None:
        return False
    if address.cell is not None:
        return True
    counts = cell_counts(surface, address.face)
    return counts is not None and math.prod(counts) == 1 and not (isinstance(surface, Box) and address.face is None)


def end_names(pipe: AnyHeatPipe, unnamed: str, surfaces: Mapping[str, Shaped]) -> tuple[str | None, str | None]:
    """Names of the massless nodes for the vapor at both ends; None where the wall is one node and has no film."""
    films = (pipe.evaporator_conductance, pipe.condenser_conductance)
    words = ("evaporator", "condenser")
    return tuple(  # type: ignore[return-value]
        None if film is None and is_one_node(names, surfaces) else f"{pipe.name or unnamed}.{word}"
        for names, film, word in zip(pipe.between, films, words, strict=True)
    )
