"""Tables of fluid loops and heat pipes on the terminal, and of what left its limits."""

import numpy as np
from rich.table import Table
from rich.text import Text

from caloris.output.items import group_items, time_mean
from caloris.output.read import RunFile
from caloris.output.tables import open_table
from caloris.output.text import celsius, duration, engineering, percent


def warning_table(run: RunFile) -> Table:
    """One row for each limit that was left: where, when, by what value."""
    table = open_table("Out of limits")
    for heading in ("what", "where"):
        table.add_column(heading, overflow="fold", min_width=12, style="bold red" if heading == "what" else None)
    for heading in ("value", "allowed", "from", "to"):
        table.add_column(heading, justify="right")
    columns = {name: run[f"warnings/{name}"] for name in _NUMBERS}
    for row, kind in enumerate(run.names("warnings/kind")):
        unit = run.names("warnings/unit")[row]
        low, high = columns["allowed_minimum"][row], columns["allowed_maximum"][row]
        ends = [f"{word} {_value(limit, unit)}" for word, limit in (("from", low), ("to", high)) if np.isfinite(limit)]
        times = [duration(float(columns[name][row])) for name in ("first_time", "last_time")]
        place, value = run.names("warnings/place")[row], _value(columns["value"][row], unit)
        table.add_row(kind, place, value, " ".join(ends) or "-", *times)
    return table


_NUMBERS = ("value", "allowed_minimum", "allowed_maximum", "first_time", "last_time")


def _value(value: float, unit: str) -> str:
    """A number with its unit, temperatures in degrees Celsius."""
    if unit == "K":
        return f"{celsius(float(value))} °C"
    return f"{value:.4g}" if unit == "1" else engineering(float(value), unit)


def loop_table(run: RunFile) -> Table:
    """One row for each branch and pipe: flow, pressures, temperatures at its ends, heat from its walls (means)."""
    time, two_phase = run["thermal/time"], "loop/cell_quality" in run
    where = "means over the run" if len(time) > 1 else "steady"
    table = open_table(f"Fluid loops ({where})", _pumps(run, time))
    table.add_column("pipe", overflow="fold", min_width=12)
    for heading in ("flow\nkg/s", "out\n°C", "least\n°C", "most\n°C", "out\nbar", "heat\nW", "Re"):
        table.add_column(heading, justify="right")
    if two_phase:
        table.add_column("quality\nout", justify="right")
    columns = {name: run[f"loop/cell_{name}"] for name in ("temperature", "pressure", "heat", "reynolds")}
    branches = list(run.names("loop/branch"))
    flows = time_mean(run["loop/mass_flow"], time)
    for branch, flow in zip(branches, flows, strict=True):
        table.add_row(branch, f"{flow:.4g}", *([""] * (6 + two_phase)), style="bold")
    for item, cells in group_items(run.names("loop/cell")).items():
        temperature, last = columns["temperature"][:, cells], cells[-1]
        mean = {name: time_mean(value[:, last], time) for name, value in columns.items()}
        row = [celsius(float(mean["temperature"])), celsius(temperature.min()), celsius(temperature.max())]
        row += [f"{mean['pressure'] / 1e5:.4g}", f"{time_mean(columns['heat'][:, cells].sum(axis=1), time):.5g}"]
        row.append(f"{mean['reynolds']:.3g}")
        if two_phase:
            quality = time_mean(run["loop/cell_quality"][:, last], time)
            row.append(f"{quality:.3f}" if np.isfinite(quality) else "-")
        table.add_row(item, "", *row)
    return table


def _pumps(run: RunFile, time: np.ndarray) -> str:
    """Power of the pumps and positions of the valves, a line each."""
    power = time_mean(run["loop/pump_power"], time)
    names = run.names("loop/loop")
    lines = [f"pump of {name}: {engineering(float(watts), 'W')}" for name, watts in zip(names, power, strict=True)]
    if "loop/valve" in run:
        opening = run["loop/valve_position"]
        for k, name in enumerate(run.names("loop/valve")):
            least, most = percent(float(opening[:, k].min())), percent(float(opening[:, k].max()))
            lines.append(f"valve of {name}: {least} to {most} through the bypass" if least != most else
                         f"valve of {name}: {least} through the bypass")  # fmt: skip
    return "\n".join(lines)


def heat_pipe_table(run: RunFile) -> Table:
    """Heat of every pipe against its limit."""
    time = run["thermal/time"]
    table = open_table("Heat pipes (from evaporator to condenser)")
    table.add_column("pipe", overflow="fold", min_width=8)
    for heading in ("mean", "most", "limit", "used"):
        table.add_column(heading, justify="right")
    heat, limit = run["heat_pipe/heat"], run["heat_pipe/limit"]
    for k, name in enumerate(run.names("heat_pipe/heat_pipe")):
        most = float(np.abs(heat[:, k]).max())
        used = percent(most / limit[k]) if np.isfinite(limit[k]) else "-"
        row = [engineering(float(time_mean(heat[:, k], time)), "W"), engineering(most, "W")]
        row.append(engineering(float(limit[k]), "W") if np.isfinite(limit[k]) else "-")
        style = "bold red" if np.isfinite(limit[k]) and most > 0.999 * limit[k] else ""
        table.add_row(name, *row, Text(used, style))
    return table
