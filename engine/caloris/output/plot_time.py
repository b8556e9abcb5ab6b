"""Pictures over time: temperatures, heat flows by source, electrical power and state of charge."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from caloris.output.items import group_items, item_mean, node_areas
from caloris.output.plot_style import (
    COLORS,
    LEAST_SPAN,
    at_least,
    last_orbit,
    legend_outside,
    line_style,
    panels,
    save,
    shade_eclipses,
)
from caloris.output.read import RunFile
from caloris.output.text import ZERO_CELSIUS

# More lines than this in one panel cannot be told apart; the rest go to further panels.
_LINES_PER_PANEL = 10
# Flows at boundaries below this part of the largest are rounding.
_ROUNDING = 1e-9


def plot_temperatures(run: RunFile, folder: Path) -> list[Path]:
    """Draw the temperature of every item: nodes as lines, divided surfaces as mean with a minimum-maximum band."""
    time, temperature = run["thermal/time"], run["thermal/temperature"] - ZERO_CELSIUS
    items, areas = group_items(run.names("thermal/node")), node_areas(run)
    if len(time) < 2:
        return _steady_temperatures(temperature[0], items, areas, folder)
    whole = time[-1] > 3 * (run.attribute("orbit", "period") or np.inf)
    scale, unit = (3600.0, "h") if whole else (60.0, "min")
    chosen = _chosen(items, temperature, areas)
    figure, grid = panels(len(chosen), 1, 0.4 + 2.6 * len(chosen), sharex=True)
    for axes, names in zip(grid[:, 0], chosen, strict=True):
        for index, name in enumerate(names):
            values = temperature[:, items[name]]
            look = line_style(index)
            if len(items[name]) > 1:
                axes.fill_between(
                    time / scale, values.min(axis=1), values.max(axis=1), color=look["color"], alpha=0.2, linewidth=0
                )
            axes.plot(time / scale, item_mean(temperature, items[name], areas), label=name, **look)
        _shade(axes, run, time, scale)
        axes.set_ylabel("Temperature (°C)")
        legend_outside(axes)
        axes.margins(x=0)
        at_least(axes.yaxis, LEAST_SPAN)
    grid[0, 0].set_title("Temperatures (bands: coldest to hottest cell; line: area mean)")
    grid[-1, 0].set_xlabel(f"Time ({unit})")
    return save(figure, folder, "temperatures")


def _shade(axes: Axes, run: RunFile, time: np.ndarray, scale: float) -> None:
    if scale == 60.0:
        shade_eclipses(axes, run, time / 60.0, 0.0)


def _chosen(items: dict[str, np.ndarray], temperature: np.ndarray, areas: np.ndarray) -> list[list[str]]:
    """Sort items into panels: nodes without surface, surfaces that swing widely, and the calm ones.

    A wing's hundred kelvin in the same panel would flatten everything else.
    """
    finite = temperature[np.isfinite(temperature).all(axis=1)]  # a failed run may end in NaN
    swing = {name: float(np.ptp(finite[:, indices])) if len(finite) else 0.0 for name, indices in items.items()}
    surfaces = [name for name, indices in items.items() if areas[indices].sum() > 0]
    widest = max((swing[name] for name in surfaces), default=0.0)
    lively = [name for name in surfaces if swing[name] > 0.3 * widest]
    calm = [name for name in surfaces if name not in lively]
    parts = []
    for part in ([name for name in items if name not in surfaces], lively, calm):
        count = -(-len(part) // _LINES_PER_PANEL)
        parts += [list(chunk) for chunk in np.array_split(part, count)] if part else []
    return parts


def _steady_temperatures(
    temperature: np.ndarray, items: dict[str, np.ndarray], areas: np.ndarray, folder: Path
) -> list[Path]:
    """Draw a steady state: a dot at each item's mean, a bar from its coldest to its hottest cell."""
    figure, ((axes,),) = panels(1, 1, 0.8 + 0.26 * len(items))
    for row, (_, indices) in enumerate(items.items()):
        values = temperature[indices]
        axes.plot(
            [values.min(), values.max()], [row, row], color=COLORS[0], linewidth=5, alpha=0.3, solid_capstyle="butt"
        )
        axes.plot(item_mean(temperature, indices, areas), row, "o", color=COLORS[0], markersize=5)
    axes.set_yticks(range(len(items)), list(items))
    axes.set_ylim(len(items) - 0.5, -0.5)
    at_least(axes.xaxis, LEAST_SPAN)
    axes.set_xlabel("Temperature (°C)")
    axes.set_title("Steady temperatures (bar: coldest to hottest cell; dot: area mean)")
    return save(figure, folder, "temperatures")


_SOURCES = (
    ("Sun", "node_absorbed_solar", 1.0),
    ("albedo", "node_absorbed_albedo", 1.0),
    ("planet infrared", "node_absorbed_infrared", 1.0),
    ("dissipated", "node_heat_load", 1.0),
    ("boundaries", "node_boundary", 1.0),
    ("to electricity", "node_electrical_extracted", -1.0),
    ("emitted to space", "node_emitted_to_space", -1.0),
)


def plot_heat_flows(run: RunFile, folder: Path) -> list[Path]:
    """Draw what the whole satellite absorbs, dissipates, extracts and emits over the last orbit."""
    kept, minutes = last_orbit(run)
    sums = {}
    for name, dataset, sign in _SOURCES:
        values = run.get(f"thermal/{dataset}")
        if values is None or not np.any(values != 0):
            continue
        if dataset != "node_boundary":
            sums[name] = sign * values[kept].sum(axis=1)
            continue
        # What one boundary gives and another takes is a flow, though their sum may be rounding.
        for word, part in (("from", np.maximum(values[kept], 0.0)), ("to", np.minimum(values[kept], 0.0))):
            if np.abs(part).max() > _ROUNDING * np.abs(values).max():
                sums[f"{word} {name}"] = part.sum(axis=1)
    if not sums:
        return []
    scale, unit = _watt_scale(max(np.abs(values).max() for values in sums.values()))
    if len(minutes) < 2:
        return _steady_heat_flows({name: values[0] / scale for name, values in sums.items()}, unit, folder)
    figure, ((axes,),) = panels(1, 1, 3.4)
    shade_eclipses(axes, run, minutes, float(run["thermal/time"][kept[0]]))
    for index, (name, values) in enumerate(sums.items()):
        axes.plot(minutes, values / scale, label=name, **line_style(index))
    axes.axhline(0, color="#666666", linewidth=0.8)
    axes.set(xlabel=_time_label(run), ylabel=f"Heat flow into the satellite ({unit})")
    axes.set_title("Heat flows" + _over(run))
    axes.margins(x=0)
    legend_outside(axes)
    return save(figure, folder, "heat_flows")


def _over(run: RunFile) -> str:
    """What a title says of the time that is drawn: the last orbit, or all of a run that has or is less than none."""
    return " over an orbit" if _is_orbit(run) else ""


def _time_label(run: RunFile) -> str:
    return "Time in the orbit (min)" if _is_orbit(run) else "Time (min)"


def _is_orbit(run: RunFile) -> bool:
    """Whether `last_orbit` is one: to a part in 1e6, as a cyclic run ends at its period but for rounding."""
    time, period = run["thermal/time"], run.attribute("orbit", "period")
    return bool(period) and time[-1] - time[0] >= (1.0 - 1e-6) * period


def _steady_heat_flows(flows: dict[str, float], unit: str, folder: Path) -> list[Path]:
    figure, ((axes,),) = panels(1, 1, 0.8 + 0.32 * len(flows))
    axes.barh(list(flows), list(flows.values()), color=[COLORS[0] if v > 0 else COLORS[1] for v in flows.values()])
    axes.invert_yaxis()
    axes.axvline(0, color="#666666", linewidth=0.8)
    axes.set_xlabel(f"Heat flow into the satellite ({unit})")
    axes.set_title("Steady heat flows")
    return save(figure, folder, "heat_flows")


def _watt_scale(largest: float) -> tuple[float, str]:
    if largest >= 2e6:
        return 1e6, "MW"
    return (1e3, "kW") if largest >= 2e3 else (1.0, "W")


def plot_power(run: RunFile, folder: Path) -> list[Path]:
    """Draw array, load and battery power, and below them the state of charge, over the last orbit."""
    kept, minutes = last_orbit(run)
    if len(minutes) < 2:
        return []
    lines = {}
    for name, dataset in (
        ("arrays could give", "available_power"),
        ("arrays give", "array_power"),
        ("loads ask", "load_power"),
        ("into batteries", "battery_power"),
        ("unmet", "unmet_power"),
    ):
        values = run.get(f"power/{dataset}")
        if values is not None and (dataset != "unmet_power" or np.any(values > 0)):
            values = values[kept]
            lines[name] = values.sum(axis=1) if values.ndim == 2 else values
    scale, unit = _watt_scale(max((np.abs(values).max() for values in lines.values()), default=1.0))
    charge = run.get("power/state_of_charge")
    charge = None if charge is None or charge.shape[1] == 0 else charge[kept]
    heights = [2.2, 1.2] if charge is not None else [1.0]
    figure, grid = panels(len(heights), 1, 4.8 if charge is not None else 3.2, sharex=True, height_ratios=heights)
    start = float(run["thermal/time"][kept[0]])
    upper = grid[0, 0]
    shade_eclipses(upper, run, minutes, start)
    looks = {"arrays could give": {"color": COLORS[4], "linestyle": (0, (5, 2))}}
    for index, (name, values) in enumerate(lines.items()):
        upper.plot(minutes, values / scale, label=name, **looks.get(name, line_style(index)))
    upper.axhline(0, color="#666666", linewidth=0.8)
    upper.set_ylabel(f"Electrical power ({unit})")
    upper.set_title("Electrical power" + _over(run))
    upper.margins(x=0)
    legend_outside(upper)
    if charge is not None:
        _charge(grid[1, 0], run, minutes, charge, start)
    grid[-1, 0].set_xlabel(_time_label(run))
    return save(figure, folder, "power")


def _charge(axes: Axes, run: RunFile, minutes: np.ndarray, charge: np.ndarray, start: float) -> None:
    """Draw states of charge (%), and the lowest allowed one where all batteries share it."""
    shade_eclipses(axes, run, minutes, start)
    for index, name in enumerate(run.names("power/battery")):
        axes.plot(minutes, 100 * charge[:, index], label=name, **line_style(index))
    depth = run.get("power/maximum_depth_of_discharge")
    if depth is not None and np.ptp(depth) == 0:
        axes.axhline(100 * (1 - depth[0]), color=COLORS[1], linewidth=1.0, linestyle=":", label="lowest allowed")
    axes.set_ylim(min(0.0 if charge.min() < 0.3 else 100 * charge.min() - 15, 100.0), 103)
    axes.set_ylabel("State of charge (%)")
    axes.margins(x=0)
    legend_outside(axes)
