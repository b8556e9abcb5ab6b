"""Tables of a run on the terminal: margins first, then heat, temperatures, power, upsets, energy closure."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from caloris.output.items import group_items, item_mean, mean_power, node_areas, node_mean, time_mean
from caloris.output.read import RunFile, open_run
from caloris.output.show_devices import (
    band,
    effect_table,
    job_panel,
    memory_table,
    proton_rates,
    thick_shields,
    track_table,
    with_unknown,
)
from caloris.output.show_dose import dose_table
from caloris.output.show_limits import margin_table
from caloris.output.show_loops import heat_pipe_table, loop_table, warning_table
from caloris.output.show_particles import environment_words, particle_panel
from caloris.output.show_variants import variant_table
from caloris.output.show_view_factors import view_factor_table
from caloris.output.tables import open_table
from caloris.output.text import celsius, counted, duration, engineering, percent, rate

# Items beyond these are added up in one row: the table stays on one screen.
_LARGEST_ITEMS = 14
# Flows below this part of the table's largest are rounding.
_ROUNDING = 1e-6
# Temperatures that change by less over a run do not change (K); tables print a tenth of a kelvin.
_STEADY = 1e-6
# Longest word of a device's name that the table of upsets leaves whole at 100 columns.
_WHOLE_WORD = 13
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


def show(path: str | Path, console: Console, variant: str | None = None) -> None:
    """Print the tables of the run file `path`, or of one of its variants: those that its groups allow.

    Raises RunFileError when the file cannot be read as a run file or has no such variant.
    """
    with open_run(path) as file:
        run = file if variant is None else file.variant(variant)
        parts: list[RenderableType] = [_heading(run)]
        if run.variants:
            parts.append(variant_table(run))
        for path, tables in _tables():
            if path in run:
                parts += [table(run) for table in tables]
        parts.append(_closing(run))
    for part in parts:
        console.print(part)
        console.print()


def _tables() -> tuple[tuple[str, tuple[Callable[[RunFile], RenderableType], ...]], ...]:
    """What a run file must hold, and the tables that are then shown, in their order."""
    return (
        ("margins/item", (margin_table,)),
        ("warnings/kind", (warning_table,)),
        ("thermal/temperature", (_watts, _temperatures)),
        ("loop/loop", (loop_table,)),
        ("heat_pipe/heat_pipe", (heat_pipe_table,)),
        ("power/load_power", (_power,)),
        ("particle/track_time", (particle_panel,)),
        ("upset/device", (_upsets,)),
        ("upset/effect", (effect_table,)),
        ("upset/track_rate", (track_table,)),
        ("upset/memory_failure_rate", (memory_table,)),
        ("system/orbit_phase", (job_panel,)),
        ("dose/dose_point", (dose_table,)),
        ("view_factors/exchange_area", (view_factor_table,)),
    )


def _heading(run: RunFile) -> Text:
    """Return the title of the case and the size of the run, in one line."""
    try:
        title = str(tomllib.loads(run.case_text).get("title", run.path.name))
    except tomllib.TOMLDecodeError:  # the text is stored verbatim; what wrote it may differ from this version
        title = run.path.name
    sizes = [run.attribute("thermal", "mode")]
    for word, path in (("node", "thermal/node"), ("facet", "mesh/facet_area"), ("time", "thermal/time")):
        sizes.append(counted(len(run[path]), word) if path in run else None)
    described = ", ".join(size for size in sizes if size)
    node = run.attribute("status", "failed_node")
    where = f" at {node!r}" if node else ""
    failed = "" if run.succeeded else f"\nThe run failed: {run.result}{where}. What follows is its last accepted state."
    variants = run.attribute("status", "failed_variants")
    failed += f"\nVariants that failed: {variants}." if variants else ""
    which = f" - {run.variant_name}" if run.variant_name else ""
    return Text.assemble((title + which, "bold"), f"  {described}", (failed, "bold red"))


def _watts(run: RunFile) -> Table:
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


def _temperatures(run: RunFile) -> Table:
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


def _power(run: RunFile) -> Panel:
    """Return the power verdict: sustained or not, by how much, and what the eclipse takes."""
    lines = Text()
    sustained, margin = run.attribute("power", "sustained"), run.attribute("power", "margin")
    if sustained is not None:
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


def _upsets(run: RunFile) -> Table:
    """Return upset rates per bit, per device and for all devices, a day."""
    words, heavy, proton = environment_words(run) or "", run.get("upset/heavy_ion_rate_per_bit"), proton_rates(run)
    if any(rates is not None and (rates == 0.0).any() for rates in (heavy, proton)):
        words = f"0: no response to such particles, or none above its onset.\n{words}".rstrip()
    low, high = run.get("upset/rate_low_per_day"), run.get("upset/rate_high_per_day")
    if low is not None and high is not None:
        words = with_unknown(words, low, high)
    shield = run.get("particle/shield")
    thick = "" if shield is None else thick_shields(run.names("upset/device"), shield, "rates")
    words = f"{thick}\n{words}".rstrip() if thick else words
    table = open_table("Upsets per day", words or None)
    # Headings are broken by hand: what they leave is the names', whose words then stay whole.
    longest = max((len(word) for name in run.names("upset/device") for word in name.split()), default=0)
    table.add_column("device", overflow="fold", min_width=min(longest, _WHOLE_WORD))
    for heading in (
        "count",
        "bits",
        "heavy ion\n/bit",
        "proton\n/bit",
        "per\ndevice",
        *(["band"] if "upset/rate_low_per_day" in run else []),
        "all\ndevices",
        "mean time\nbetween",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    day = 86400.0
    for row, device in enumerate(run.names("upset/device")):

        def value(name: str, row: int = row) -> float:
            values = run.get(f"upset/{name}")
            return float("nan") if values is None else float(values[row])

        every = value("rate_per_day") * value("count")
        between = duration(day / every) if every > 0 else "-"
        table.add_row(
            device,
            f"{value('count'):.0f}",
            engineering(value("bits"), ""),
            rate(value("heavy_ion_rate_per_bit") * day),
            rate(float("nan") if proton is None else float(proton[row]) * day),
            rate(value("rate_per_day")),
            *([band(value("rate_low_per_day"), value("rate_high_per_day"))] if "upset/rate_low_per_day" in run else []),
            rate(every),
            between,
        )
    return table


def _closing(run: RunFile) -> Text:
    """Return energy closure and provenance, a line each."""
    lines = []
    residual = run.attribute("thermal", "energy_residual_relative")
    largest = run.attribute("thermal", "largest_total")
    if residual is None and "thermal/energy_residual" in run:
        watts = float(np.abs(run["thermal/energy_residual"]).max())
        lines.append(Text(f"Energy closure: largest residual {engineering(watts, 'W')}"))
    elif residual is not None:
        of = f" of the largest total, {engineering(largest, 'W')}" if largest is not None else ""
        lines.append(Text(f"Energy closure: largest residual {residual:.1e}{of}"))
    provenance = run.attributes("provenance")
    if "version" in provenance:
        wall = provenance.get("wall_time")
        spent = f", {wall:.1f} s wall" if wall is not None else ""
        compiling = provenance.get("compile_time")
        spent += f" ({compiling:.1f} s compiling)" if compiling is not None else ""
        device = f" on {provenance['device']}" if "device" in provenance else ""
        lines.append(Text(f"Caloris {provenance['version']}{device}{spent}; result: {run.result}", "dim"))
    return Text("\n").join(lines)
