"""From the tables [[heat_pipe]] and [[loop_heat_pipe]] to parts: films at the ends, and what the vapor carries."""

from collections.abc import Mapping

import jax.numpy as jnp

from caloris.case.build_fluids import FluidParts, Kind
from caloris.case.fluid_nodes import AnyHeatPipe, Shaped, end_names
from caloris.case.node_layout import NodeLayout
from caloris.case.schema_heat_pipe import HeatPipe as HeatPipeTable
from caloris.model.equipment import EquipmentTable
from caloris_kernels.fluid.heat_pipe_laws import (
    GasLoadedPipe,
    HeatPipe,
    LoopHeatPipe,
    gas_loaded_pipe,
    heat_pipe,
    loop_heat_pipe,
)

# A limit beyond any that a pipe without one could meet, W: its corners lie there too.
_NO_LIMIT = 1e15
# Films of an end of several nodes where nothing is given, over the conductance of the whole.
FILM_SHARE = 2.5


def build_heat_pipe(
    parts: FluidParts, table: AnyHeatPipe, unnamed: str, nodes: NodeLayout, surfaces: Mapping[str, Shaped]
) -> None:
    """Add one pipe to the parts: in series the films of its two ends, where they have some, and the pipe between."""
    name = table.name or unnamed
    given = (table.evaporator_conductance, table.condenser_conductance)
    ends, resistance = [], 1.0 / table.conductance
    for names, node, film in zip(table.between, end_names(table, unnamed, surfaces), given, strict=True):
        if node is None:
            ends.append(nodes.first(names[0]))
            continue
        film = FILM_SHARE * table.conductance if film is None else film
        resistance -= 1.0 / film
        ends.append(nodes.first(node))
        parts.tables.append(_film(name, names, ends[-1], film, nodes))
    between = 1.0 / resistance
    if not isinstance(table, HeatPipeTable):
        numbers = (between, table.shut_conductance, table.set_point, table.band, table.maximum_power)
        kind = Kind("loop heat pipe", loop_heat_pipe)
        parts.add(kind, [name], [ends], [()], LoopHeatPipe(*(jnp.asarray(number) for number in numbers)))
        return
    if table.reservoir is None:
        limit = _NO_LIMIT if table.limit is None else table.limit
        length = 1.0 if table.effective_length is None else table.effective_length
        numbers = (between, table.wall_conductance, limit * length, length)
        kind = Kind("heat pipe", heat_pipe)
        parts.add(kind, [name], [ends], [()], HeatPipe(*(jnp.asarray(number) for number in numbers)))
        return
    gas = table.reservoir
    numbers = (between, table.wall_conductance, gas.gas, gas.condenser_volume, gas.volume)
    kind = Kind("gas-loaded heat pipe", gas_loaded_pipe, parts.fluid(gas.fluid))
    states = [[*ends, nodes.first(gas.node)]]
    parts.add(kind, [name], states, [()], GasLoadedPipe(*(jnp.asarray(number) for number in numbers)))


def _film(name: str, names: tuple[str, ...], vapor: int, conductance: float, nodes: NodeLayout) -> EquipmentTable:
    """The wall of one end against the vapor, shared like a load: equally over names, by area inside each."""
    numbers = (conductance, 0.0, _NO_LIMIT, 1.0)
    return EquipmentTable(
        name=name,
        kind="film of a heat pipe",
        law=heat_pipe,
        spread=nodes.spread(names),
        others=jnp.asarray([vapor]),
        parameters=HeatPipe(*(jnp.asarray(number) for number in numbers)),
        totals=("conductance",),
    )
