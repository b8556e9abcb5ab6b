"""Loops and heat pipes of a run as named arrays of the run file, and warnings of what leaves its limits."""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from caloris.case.fluid_nodes import HEAT_PIPES
from caloris.case.lines import shaped
from caloris.case.loop_plan import LoopPlan, plan_loop
from caloris.case.schema import Case
from caloris.output.run_data import RunData
from caloris.run_file.warnings import Found, warning_arrays
from caloris.solve.fluid_numbers import LiquidNumbers, TwoPhaseNumbers, liquid_numbers, two_phase_numbers
from caloris.solve.network import Network
from caloris.solve.part_terms import heat_over_time
from caloris.solve.solution import Solution, SteadySolution
from caloris_kernels.fluid.heat_pipe_laws import loop_heat_pipe_demand
from caloris_kernels.fluid.two_phase_laws import TwoPhaseCell
from caloris_kernels.fluid.validity import RANGES

_TUBES = ("tube", "two-phase tube")
_LOSSES = (*_TUBES, "line", "two-phase line", "fluid carried")


class States(NamedTuple):
    """A solution at its output times, and where everything stands in it."""

    network: Network
    time: np.ndarray  # s
    temperature: np.ndarray  # K [time, node]
    auxiliary: np.ndarray  # [time, state]
    node: dict[str, int]
    state: dict[str, int]


def fluid_arrays(case: Case, names: tuple[str, ...], solution: Solution | SteadySolution, data: RunData) -> None:
    """Fill the groups of loops, of heat pipes and of warnings; names: of all nodes."""
    if not case.loops and not case.heat_pipes and not case.loop_heat_pipes:
        return
    network = solution.network
    states = States(
        network,
        np.zeros(1) if isinstance(solution, SteadySolution) else np.asarray(solution.time),
        np.atleast_2d(np.asarray(solution.temperature)),
        np.atleast_2d(np.asarray(solution.auxiliary)),
        {name: k for k, name in enumerate(names)},
        {} if network.auxiliary is None else {name: k for k, name in enumerate(network.auxiliary.name)},
    )
    found: list[Found] = []
    if case.loops:
        _loops(case, states, data, found)
    if case.heat_pipes or case.loop_heat_pipes:
        _heat_pipes(case, states, data, found)
    warning_arrays(found, states.time, data)


class _Sums(NamedTuple):
    """Of all parts by the name of their cell, [time]."""

    heat: dict[str, np.ndarray]  # W into the fluid from walls
    loss: dict[str, np.ndarray]  # Pa
    power: dict[str, np.ndarray]  # W, of pumps
    coldest: dict[str, np.ndarray]  # K, of the walls of a cell


def _sums(states: States) -> _Sums:
    found = _Sums({}, {}, {}, {})
    for group in states.network.parts:
        if group.kind not in (*_LOSSES, "pump"):
            continue
        heat = heat_over_time(states.network, group, jnp.asarray(states.temperature), jnp.asarray(states.auxiliary))
        internal, source = np.asarray(heat.internal), np.asarray(heat.source)
        for k, name in enumerate(group.name):
            if group.kind == "pump":
                _add(found.power, name, source[:, k].sum(axis=1))
                continue
            _add(found.loss, name, internal[:, k, -1])
            if group.kind in _TUBES:
                _add(found.heat, name, -internal[:, k, 0])
                wall = states.temperature[:, int(group.node[k, 0])]
                found.coldest[name] = np.minimum(found.coldest.get(name, wall), wall)
    return found


def _add(table: dict[str, np.ndarray], name: str, value: np.ndarray) -> None:
    table[name] = table.get(name, 0.0) + value


def _loops(case: Case, states: States, data: RunData, found: list[Found]) -> None:
    surfaces = shaped(case)
    sums, rows, valves = _sums(states), [], {}
    for loop in case.loops:
        plan = plan_loop(loop, surfaces)
        rows.append(_Cells(plan, states, sums))
        rows[-1].judge(found)
        if loop.setpoint is not None:
            valves[loop.name] = states.auxiliary[:, states.state[f"{loop.name} valve"]]
            _set_point(plan, states, valves[loop.name], found)
    branches = [name for row in rows for name in row.plan.branches]
    values: dict[str, Any] = {
        "loop": _names(loop.name for loop in case.loops),
        "pump_power": np.stack([sums.power[loop.name] for loop in case.loops], axis=1),
        "branch": _names(branches),
        "mass_flow": states.auxiliary[:, [states.state[f"{name} flow"] for name in branches]],
        "pressure_loss": states.auxiliary[:, [states.state[f"{name} loss"] for name in branches]],
        "cell": _names(name for row in rows for name in row.plan.cell_names),
        "cell_temperature": np.concatenate([row.temperature for row in rows], axis=1),
        "cell_pressure": np.concatenate([row.pressure for row in rows], axis=1),
        "cell_heat": np.concatenate([row.heat for row in rows], axis=1),
        "cell_reynolds": np.concatenate([row.reynolds for row in rows], axis=1),
    }
    if any(loop.is_two_phase for loop in case.loops):
        values["cell_quality"] = np.concatenate([row.quality for row in rows], axis=1)
    if valves:
        values |= {"valve": _names(valves), "valve_position": np.stack(list(valves.values()), axis=1)}
    data.arrays.update({f"loop/{name}": value for name, value in values.items()})


def _names(names: Any) -> np.ndarray:
    return np.array(list(names), object)


class _Cells:
    """The fluid along a loop at the output times, [time, cell]."""

    def __init__(self, plan: LoopPlan, states: States, sums: _Sums):
        self.plan, self.states = plan, states
        self.tables = [plan.pipes[k].table for k in plan.cell_pipe]
        nothing = np.zeros_like(states.time)
        self.heat, self.loss = (
            np.stack([table.get(name, nothing) for name in plan.cell_names], axis=1) for table in (sums.heat, sums.loss)
        )
        self.coldest = np.stack([sums.coldest.get(name, nothing + np.inf) for name in plan.cell_names], axis=1)
        flows = [states.state[f"{plan.branches[branch]} flow"] for branch in plan.cell_branch]
        self.flow = states.auxiliary[:, flows]
        self.section_loss = {number: self._of_section(number) for number in range(len(plan.sections))}
        self.liquid: LiquidNumbers | None = None
        self.two_phase: TwoPhaseNumbers | None = None
        self.quality = np.full_like(self.flow, np.nan)
        if plan.table.is_two_phase:
            self._mixture()
        else:
            self._liquid()
        self.pressure = self._pressure()

    def _of_section(self, number: int) -> np.ndarray:
        """What a section loses (Pa): what its holder loses beyond its own cells."""
        states, plan = self.states, self.plan
        losses = [states.auxiliary[:, states.state[f"{plan.branches[k]} loss"]] for k in plan.sections[number].branches]
        return np.max(losses, axis=0)

    @property
    def _fluid(self) -> Any:
        """The fluid of the loop's parts."""
        mine = set(self.plan.cell_names)
        return next(
            self.states.network.fluids[group.fluid]
            for group in self.states.network.parts
            if group.fluid is not None and group.kind in _LOSSES and mine & set(group.name)
        )

    def _liquid(self) -> None:
        self.temperature = self.states.temperature[:, [self.states.node[name] for name in self.plan.cell_names]]
        parallel = np.array([table.parallel for table in self.tables])
        diameter = jnp.asarray([table.diameter for table in self.tables])
        each = jnp.asarray(self.flow / parallel)
        found = liquid_numbers(self._fluid, jnp.asarray(self.temperature), each, diameter, jnp.asarray(1e-12))
        self.liquid, self.reynolds = found, np.asarray(found.reynolds)

    def _mixture(self) -> None:
        states, plan = self.states, self.plan
        assert plan.accumulator is not None
        columns = [
            (t.diameter, t.length, t.parallel, t.roughness, t.loss_coefficient, t.dryout, 1e-12, 0.0)
            for t in self.tables
        ]
        enthalpy = states.auxiliary[:, [states.state[f"{name} enthalpy"] for name in plan.cell_names]]
        saturation = states.temperature[:, states.node[plan.accumulator]]
        cells = TwoPhaseCell(*jnp.asarray(columns, float).T)
        arrays = (jnp.asarray(saturation), jnp.asarray(enthalpy), jnp.asarray(self.flow))
        found = two_phase_numbers(self._fluid, *arrays, cells)
        self.two_phase, self.temperature = found, np.asarray(found.temperature)
        self.quality, self.reynolds = np.asarray(found.quality), np.asarray(found.limited["liquid_reynolds"])

    def _pressure(self) -> np.ndarray:
        """At the outlet of every cell (Pa): from the pump's inlet up by its rise, then down along the course."""
        plan, states = self.plan, self.states
        rise = states.auxiliary[:, states.state[f"{plan.branches[0]} loss"]]
        given = 0.0 if plan.table.pressure is None else plan.table.pressure
        inlet = np.full_like(rise, given) if self.two_phase is None else np.asarray(self.two_phase.pressure)
        here, pressure = inlet + rise, np.zeros_like(self.flow)

        def along(pipe: Any, here: np.ndarray) -> np.ndarray:
            mine = slice(pipe.start, pipe.start + pipe.cells)
            pressure[:, mine] = here[:, None] - np.cumsum(self.loss[:, mine], axis=1)
            return pressure[:, pipe.last]

        for element in plan.course:
            if element >= 0:
                here = along(plan.pipes[element], here)
                continue
            number = -1 - element
            for branch in plan.sections[number].branches:
                inside = here
                for pipe in plan.in_branch(branch):
                    inside = along(pipe, inside)
            here = here - self.section_loss[number]
        return pressure

    def judge(self, found: list[Found]) -> None:
        """What leaves its limits, pipe by pipe."""
        for number, pipe in enumerate(self.plan.pipes):
            mine = np.arange(pipe.start, pipe.start + pipe.cells)
            place = f"{self.plan.table.name}.{pipe.table.name}"
            if self.liquid is not None:
                self._judge_liquid(place, mine, found)
            else:
                self._judge_mixture(place, mine, number == len(self.plan.pipes) - 1, found)

    def _judge_liquid(self, place: str, mine: np.ndarray, found: list[Found]) -> None:
        numbers, table = self.liquid, self.tables[mine[0]]
        assert numbers is not None
        temperature, highest = self.temperature[:, mine], float(numbers.highest)
        freezing, lowest = float(numbers.freezing), float(numbers.lowest)
        found.append(Found("freezing", place, temperature, low=freezing, unit="K"))
        found.append(Found("freezing at the wall", place, self.coldest[:, mine], low=freezing, unit="K"))
        found.append(Found("temperature beyond the fluid's table", place, temperature, lowest, highest, "K"))
        if self.plan.table.pressure is not None:
            vapor = np.asarray(numbers.vapor_pressure)[:, mine]
            found.append(Found("boiling", place, self.pressure[:, mine], low=vapor, unit="Pa"))
        reynolds = self.reynolds[:, mine]
        rough = np.full_like(reynolds, table.roughness / table.diameter)
        limited = {"reynolds": reynolds, "prandtl": np.asarray(numbers.prandtl)[:, mine], "relative_roughness": rough}
        limited["diameter_over_length"] = np.full_like(reynolds, table.diameter / table.length)
        _ranges("friction", place, limited, found)
        if table.on is not None and isinstance(table.heat_transfer, str):
            _ranges(table.heat_transfer, place, limited, found)
            if table.heat_transfer == "all regimes":
                inside = (reynolds > 2300.0) & (reynolds < 4000.0)
                found.append(Found("flow between laminar and turbulent", place, reynolds, unit="1", wrong=inside))

    def _judge_mixture(self, place: str, mine: np.ndarray, last: bool, found: list[Found]) -> None:
        numbers, table = self.two_phase, self.tables[mine[0]]
        assert numbers is not None
        quality, heat = self.quality[:, mine], self.heat[:, mine]
        if last:
            found.append(Found("vapor at the pump", place, quality[:, -1:], high=0.0, unit="1"))
        if table.on is None:
            return
        found.append(Found("wall dries out", place, quality, high=table.dryout, unit="1", among=heat > 0.0))
        limited = {name: np.asarray(value)[:, mine] for name, value in numbers.limited.items()}
        wet = (quality > 0.0) & (quality < 1.0)
        _ranges("boiling", place, limited, found, wet & (heat > 0.0))
        _ranges("condensation", place, limited, found, wet & (heat < 0.0))


def _ranges(
    name: str, place: str, limited: dict[str, np.ndarray], found: list[Found], among: np.ndarray | None = None
) -> None:
    """Every limit of one correlation."""
    for limit in RANGES[name]:
        words = f"{limit.quantity.replace('_', ' ')} outside the range of {name!r}"
        found.append(Found(words, place, limited[limit.quantity], limit.low, limit.high, "1", among=among))


def _set_point(plan: LoopPlan, states: States, opening: np.ndarray, found: list[Found]) -> None:
    """The valve stands at a stop and the sensor off its set point by more than the band."""
    valve = plan.table.setpoint
    assert valve is not None
    outlet = plan.outlet(valve.sensor)
    sensor = valve.sensor if outlet is None else plan.cell_names[outlet]
    temperature = states.temperature[:, states.node[sensor]]
    stopped = (opening < 0.02) | (opening > 0.98)
    low, high = valve.temperature - valve.band, valve.temperature + valve.band
    place = f"{plan.table.name}: {valve.sensor}"
    found.append(Found("set point not held", place, temperature[:, None], low, high, "K", among=stopped[:, None]))


def _heat_pipes(case: Case, states: States, data: RunData, found: list[Found]) -> None:
    """Heat of every pipe from evaporator to condenser, and its limit."""
    heat: dict[str, np.ndarray] = {}
    wanted: dict[str, np.ndarray] = {}
    for group in states.network.parts:
        if group.kind not in ("heat pipe", "gas-loaded heat pipe", "loop heat pipe"):
            continue
        internal = heat_over_time(
            states.network, group, jnp.asarray(states.temperature), jnp.asarray(states.auxiliary)
        ).internal
        first, second = (states.temperature[:, np.asarray(group.node[:, k])] for k in (0, 1))
        if group.kind == "loop heat pipe":
            asked = np.asarray(loop_heat_pipe_demand(jnp.asarray(first), jnp.asarray(second), group.parameters))
        elif group.kind == "gas-loaded heat pipe":
            asked = np.abs(np.asarray(internal)[:, :, 1])
        else:
            asked = np.asarray(group.parameters.conductance) * np.abs(first - second)
        for k, name in enumerate(group.name):
            heat[name], wanted[name] = np.asarray(internal)[:, k, 1], asked[:, k]
    tables = [
        (pipe.name or f"{word} {k}", pipe)
        for table, word in HEAT_PIPES.items()
        for k, pipe in enumerate(getattr(case, f"{table}s"))
    ]
    limits = [np.nan if pipe.limit is None else pipe.limit for _, pipe in tables]
    for (name, _), limit in zip(tables, limits, strict=True):
        if np.isfinite(limit):
            found.append(Found("transport limit", name, wanted[name][:, None], high=limit, unit="W"))
    names = [name for name, _ in tables]
    data.arrays |= {
        "heat_pipe/heat_pipe": _names(names),
        "heat_pipe/heat": np.stack([heat[name] for name in names], axis=1),
        "heat_pipe/limit": np.array(limits),
    }
