"""What moves heat in a case besides conduction and radiation, and what keeps it warm: one table of all equipment."""

from collections.abc import Iterator

from rich.console import Group

from caloris.case.schema_heat_pipe import HeatPipe, LoopHeatPipe
from caloris.case.schema_loop import Loop
from caloris.check.sketch import Sketch
from caloris.check.tables import MOST_ROWS, open_table, titled
from caloris.output.text import celsius, counted, engineering, listed


def equipment_table(seen: Sketch) -> Group:
    """Heaters, louvers, coolers, heat pumps, heat pipes and loops: where they stand and what they can do."""
    table = open_table("equipment", "kind", "on or between", "figures", text=4)
    rows = list(_rows(seen))
    for row in rows[:MOST_ROWS]:
        table.add_row(*row)
    if len(rows) > MOST_ROWS:
        table.add_row(f"{len(rows) - MOST_ROWS} others", "", "", "")
    return titled("Equipment", table)


def has_equipment(seen: Sketch) -> bool:
    """Whether the table has a row."""
    return next(_rows(seen), None) is not None


def _rows(seen: Sketch) -> Iterator[tuple[str, str, str, str]]:
    case = seen.case
    for k, heater in enumerate(case.heaters):
        control = heater.control
        words = ("on below", "off above") if control.kind == "thermostat" else ("full at", "none at")
        span = f"{words[0]} {_degrees(control.on_below)}, {words[1]} {_degrees(control.off_above)}"
        where = f"{listed(heater.on)}{_sensed(control.sensor, heater.on)}"
        yield _name(heater, k), "heater", where, f"{engineering(heater.power, 'W')}, {span}"
    for k, louver in enumerate(case.louvers):
        emittances = f"{louver.closed_emittance:g} below {_degrees(louver.closed_below)}"
        emittances += f" to {louver.open_emittance:g} above {_degrees(louver.open_above)}"
        where = f"{listed(louver.on)} - {louver.sink}"
        yield _name(louver, k), "louver", where, f"{louver.area:.4g} m^2, emittance {emittances}"
    for k, cooler in enumerate(case.thermoelectrics):
        most = "" if cooler.control is None else "at most "
        set_at = "" if cooler.control is None else f", off at {_degrees(cooler.control.set_temperature)}"
        where = f"{cooler.cold} to {cooler.hot}"
        yield _name(cooler, k), "thermoelectric", where, f"{most}{engineering(cooler.current, 'A')}{set_at}"
    for k, pump in enumerate(case.heat_pumps):
        figures = f"{engineering(pump.capacity, 'W')} of heat, at most {engineering(pump.maximum_power, 'W')}"
        figures += f" electric, off at {_degrees(pump.control.set_temperature)}"
        yield _name(pump, k), "heat pump", f"{pump.cold} to {pump.hot}", figures
    for k, pipe in enumerate(case.heat_pipes):
        kind = "heat pipe" if pipe.reservoir is None else "heat pipe, with gas"
        yield _name(pipe, k), kind, _ends(pipe), _carried(pipe)
    for k, pipe in enumerate(case.loop_heat_pipes):
        opens = f"{_carried(pipe)}, opens at {_degrees(pipe.set_point)}"
        yield _name(pipe, k), "loop heat pipe", _ends(pipe), opens
    for loop in case.loops:
        yield loop.name, "loop", _walls(loop), _flow(loop)


def _name(table: object, index: int) -> str:
    return getattr(table, "name", None) or str(index)


def _degrees(kelvin: float) -> str:
    return f"{celsius(kelvin)} °C"


def _sensed(sensor: str, on: tuple[str, ...]) -> str:
    return "" if on == (sensor,) else f" (by {sensor})"


def _ends(pipe: HeatPipe | LoopHeatPipe) -> str:
    evaporator, condenser = (listed(end) for end in pipe.between)
    return f"{evaporator} to {condenser}"


def _carried(pipe: HeatPipe | LoopHeatPipe) -> str:
    limit = pipe.limit
    most = "" if limit is None else f", at most {engineering(limit, 'W')}"
    return f"{engineering(pipe.conductance, 'W/K')}{most}"


def _walls(loop: Loop) -> str:
    """Names of what its pipes lie on, once each."""
    names: dict[str, None] = {}
    for pipe in loop.pipe:
        for part in pipe.on or ():
            names |= dict.fromkeys((part,) if isinstance(part, str) else part)
    return listed(tuple(names)) if names else "-"


def _flow(loop: Loop) -> str:
    """The fluid, its flow, the pipes, and what its valve or accumulator holds."""
    words = [loop.fluid if loop.mass_fraction is None else f"{loop.fluid} {loop.mass_fraction:g}"]
    words.append("flow by the pump's curve" if loop.mass_flow is None else f"{loop.mass_flow:.4g} kg/s")
    words.append(counted(len(loop.pipe), "pipe"))
    if loop.setpoint is not None:
        words.append(f"{loop.setpoint.sensor} held at {_degrees(loop.setpoint.temperature)}")
    if loop.accumulator is not None:
        words.append("two-phase")
    return ", ".join(words)
