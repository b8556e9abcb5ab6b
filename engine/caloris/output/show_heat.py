"""Heat, temperatures, heaters and power on the terminal: where each watt goes, how warm it gets, if power lasts."""

import numpy as np
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from caloris.output.items import group_items, item_mean, mean_power, node_areas, node_mean, time_mean
from caloris.output.read import RunFile
from caloris.output.tables import open_table
from caloris.output.text import celsius, duration, engineering, percent

# Items beyond these are added up in one row: the table stays on one screen.
_LARGEST_ITEMS = 14
# Flows below this part of the table's largest are rounding.
_ROUNDING = 1e-6
# Temperatures that change by less over a run do not change (K); tables print a tenth of a kelvin.
_STEADY = 1e-6
# Headings are broken by hand: all eleven columns then fit in 100 with room for the items' names.
_WATT_COLUMNS = (
    ("Sun", "absorbed_solar", 1.0),
    ("albedo", "absorbed_albedo", 1.0),
    ("planet\nIR", "absorbed_infrared", 1.0),
    ("heat\nload", "heat_load", 1.0),
    ("boundary", "boundary", 1.0),
    ("elec-\ntric", "electrical_extracted", -1.0),
    ("mutual\nIR", "exchanged", 1.0),
    ("conducted", "conducted", 1.0),
    ("with\nflow", "advected", 1.0),
    ("to\nspace", "emitted_to_space", -1.0),
    ("stored", "stored", 1.0),
)


def watt_table(run: RunFile) -> Table:
    """Return where each watt goes: time-mean heat flows of every surface and node (positive into it)."""
    time = run["thermal/time"]
    items = group_items(run.names("thermal/node"))
    flows = [
        (heading, sign * mean)
        for heading, name, sign in _WATT_COLUMNS
        for mean in [node_mean(run, name)]
        if mean is not None
    ]
    # Of nodes, not of items: what a solid gets at one face and gives at another cancels to rounding.
    greatest = max((np.abs(mean).max(initial=0.0) for _, mean in flows), default=0.0)
    flows = [part for flow in flows for part in _both_ways(*flow, items)]
    matrix = np.array([[mean[indices].sum() for _, mean in flows] for indices in items.values()])
    matrix = matrix.reshape(len(items), len(flows))
    matrix[np.abs(matrix) <= _ROUNDING * greatest] = 0.0
    # Columns that hold nothing but rounding are left out: no boundaries, nothing stored over a cycle.
    used = np.any(matrix != 0.0, axis=0)
    matrix, columns = matrix[:, used], [heading for (heading, _), keep in zip(flows, used, strict=True) if keep]
    total = matrix.sum(axis=0)
    largest = np.abs(matrix).max(initial=0.0)
    scale, unit = (1e6, "MW") if largest >= 1e7 else (1e3, "kW") if largest >= 1e4 else (1.0, "W")
    period = "orbit mean" if run.attribute("thermal", "mode") == "cyclic" else "mean over the run"
    where = period if len(time) > 1 else "steady"
    table = open_table(
        f"Where each watt goes ({where}, {unit})",
        "positive flows in, negative out; a row adds up to what the item stores",
    )
    table.add_column("item", overflow="fold", min_width=8)
    for heading in columns:
        table.add_column(heading, justify="right")
    names = list(items)
    order = np.argsort(-np.abs(matrix).sum(axis=1), kind="stable")
    kept = np.sort(order[:_LARGEST_ITEMS] if len(names) > _LARGEST_ITEMS + 1 else order)
    rows = [(names[row], matrix[row]) for row in kept]
    if len(kept) < len(names):
        rows.append((f"{len(names) - len(kept)} others", total - matrix[kept].sum(axis=0)))
    for index, (name, values) in enumerate(rows):
        table.add_row(name, *(_flow(v, largest, scale) for v in values), end_section=index == len(rows) - 1)
    table.add_row("all", *(_flow(v, largest, scale) for v in total), style="bold")
    return table


def _both_ways(heading: str, mean: np.ndarray, items: dict[str, np.ndarray]) -> list[tuple[str, np.ndarray]]:
    """Return the flows of nodes under their heading; those of boundaries apart where one item has both signs."""
    given, taken = np.maximum(mean, 0.0), np.minimum(mean, 0.0)
    least = _ROUNDING * np.abs(mean).max(initial=0.0)
    both = any(given[nodes].sum() > least and taken[nodes].sum() < -least for nodes in items.values())
    if heading != "boundary" or not both:
        return [(heading, mean)]
    return [("from\nboundary", given), ("to\nboundary", taken)]


def _flow(watts: float, largest: float, scale: float) -> str:
    """Return one cell: enough decimals for the largest flow's four digits, a dash for rounding."""
    if abs(watts) <= _ROUNDING * largest:
        return "-"
    return f"{watts / scale:.{2 if largest < 100 * scale else 1}f}"


def temperature_table(run: RunFile) -> Table:
    """Return minimum, mean and maximum temperature of every surface and node, with the times."""
    time, temperature = run["thermal/time"], run["thermal/temperature"]
    areas = node_areas(run)
    moving = len(time) > 1
    table = open_table("Temperatures (°C)")
    table.add_column("item", overflow="fold", min_width=8)
    for heading in ("nodes", "minimum", "mean", "maximum", *(["coldest at", "hottest at"] if moving else [])):
        table.add_column(heading, justify="right")
    for item, indices in group_items(run.names("thermal/node")).items():
        low, high = temperature[:, indices].min(axis=1), temperature[:, indices].max(axis=1)
        mean = time_mean(item_mean(temperature, indices, areas), time)
        when = [_when(time, low, low.argmin()), _when(time, high, high.argmax())] if moving else []
        table.add_row(item, str(len(indices)), celsius(low.min()), celsius(float(mean)), celsius(high.max()), *when)
    return table


def _when(time: np.ndarray, temperature: np.ndarray, index: np.intp) -> str:
    """Return the time of an extreme, a dash for what does not change: a boundary's extremes are rounding."""
    return duration(float(time[index])) if np.ptp(temperature) > _STEADY else "-"


def heater_table(run: RunFile) -> Table:
    """Return the mean power of every heater, its duty, and how often its thermostat switched on, by the orbit too."""
    time, period = run["thermal/time"], run.attribute("orbit", "period")
    count, span = run.get("thermal/switch_count"), float(time[-1] - time[0])
    cyclic = run.attribute("thermal", "mode") == "cyclic"
    table = open_table(
        f"Heaters ({'steady' if len(time) < 2 else 'orbit mean' if cyclic else 'mean over the run'})",
        "duty: mean over nominal power. Power as asked for: a bus that cannot serve its loads gives less."
        + ("" if count is not None else " Thermostats work as bands between their thresholds here and do not switch."),
    )
    table.add_column("heater", overflow="fold")
    by_orbit = bool(count is not None and period and span >= period)
    for heading in ("nominal", "mean", "most", "duty", *(["switched\non"] if count is not None else [])):
        table.add_column(heading, justify="right")
    if by_orbit:
        table.add_column("per\norbit", justify="right")
    nominal, mean = run["thermal/heater_nominal_power"], run["thermal/heater_mean_power"]
    most, switch = run["thermal/heater_power"].max(axis=0), run["thermal/heater_switch"]
    for k, name in enumerate(run.names("thermal/heater")):
        row = [engineering(float(value), "W") for value in (nominal[k], mean[k], most[k])]
        row.append(percent(mean[k] / nominal[k]) if nominal[k] > 0.0 else "-")
        if count is not None:
            on = int(count[switch[k]]) if switch[k] >= 0 else None
            row.append("-" if on is None else str(on))
            if by_orbit:
                row.append("-" if on is None else f"{on * period / span:.3g}")
        table.add_row(name, *row)
    return table


def power_panel(run: RunFile) -> Panel:
    """Return the power verdict, sustained or not and by how much, and what the eclipse takes.

    A failed run has no verdict.
    """
    lines = Text()
    sustained, margin = run.attribute("power", "sustained"), run.attribute("power", "margin")
    if sustained is not None and run.succeeded:
        lines.append("Sustained" if sustained else "Not sustained", "bold green" if sustained else "bold red")
        if margin is not None:
            word = "left over" if margin >= 0 else "missing"
            lines.append(f": {engineering(abs(margin), 'W')} {word} on the orbit mean")
        lines.append("\n")
    for label, name in (
        ("array power available", "available"),
        ("array power drawn", "array"),
        ("loads", "load"),
        ("losses", "loss"),
        ("unmet load", "unmet"),
    ):
        values, mean = run.get(f"power/{name}_power"), mean_power(run, name)
        if values is not None and mean is not None:
            summed = values.sum(axis=1) if values.ndim == 2 else values
            lines.append(f"{label:<24}{engineering(mean, 'W'):>12} mean {engineering(summed.max(), 'W'):>12} peak\n")
    damage, left = run.get("power/displacement_damage"), run.get("power/undamaged")
    if damage is not None and left is not None:
        for k, name in enumerate(run.names("power/array")):
            if damage[k] > 0.0:
                lines.append(f"{'array ' + name:<24}{percent(float(left[k])):>12} left by displacement damage of ")
                lines.append(f"{float(damage[k]):.3g} MeV/g\n")
    eclipse, period = run.attribute("orbit", "eclipse_duration"), run.attribute("orbit", "period")
    if eclipse is not None:
        share = f" ({percent(eclipse / period)} of the orbit)" if period else ""
        lines.append(f"{'eclipse':<24}{duration(eclipse):>12}{share}\n" if eclipse > 0 else "no eclipse\n")
    for index, name in enumerate(run.names("power/battery") if "power/state_of_charge" in run else []):
        charge = run["power/state_of_charge"][:, index]
        depth = 1 - float(charge.min())
        lines.append(f"{name:<24}{percent(1 - depth):>12} lowest charge, depth of discharge {percent(depth)}")
        allowed = run.get("power/maximum_depth_of_discharge")
        if allowed is not None:
            beyond = depth > allowed[index] + 1e-9
            lines.append(f" (allowed {percent(allowed[index])})", "bold red" if beyond else "")
        lines.append("\n")
    lines.rstrip()
    return Panel(lines, title="Power", title_align="left", expand=False)
