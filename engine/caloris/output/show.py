"""Tables of a run on the terminal: margins first, then heat, temperatures, power, upsets, energy closure."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console, RenderableType
from rich.text import Text

from caloris.output.items import impossible_node
from caloris.output.read import RunFile, open_run
from caloris.output.show_devices import effect_table, job_panel, memory_table, track_table, upset_table
from caloris.output.show_dose import damage_table, dose_table, mission_table
from caloris.output.show_heat import heater_table, power_panel, temperature_table, watt_table
from caloris.output.show_limits import margin_table
from caloris.output.show_loops import heat_pipe_table, loop_table, warning_table
from caloris.output.show_particles import particle_panel
from caloris.output.show_variants import variant_table
from caloris.output.show_view_factors import view_factor_table
from caloris.output.tables import print_whole
from caloris.output.text import counted, engineering

# What follows from the temperatures, and is nothing where they are.
_OF_STATE = ("margins/", "warnings/", "thermal/", "loop/", "heat_pipe/", "power/")


def show(path: str | Path, console: Console, variant: str | None = None) -> None:
    """Print the tables of the run file `path`, or of one of its variants: those that its groups allow.

    Raises RunFileError when the file cannot be read as a run file or has no such variant.
    """
    with open_run(path) as file:
        run = file if variant is None else file.variant(variant)
        parts: list[RenderableType] = [_heading(run)]
        if run.variants:
            parts.append(variant_table(run))
        parts += _stopped(run)
        for path, tables in _tables():
            if path in run and not (path.startswith(_OF_STATE) and _is_impossible(run)):
                parts += [part for part in (table(run) for table in tables) if part is not None]
        parts.append(_closing(run))
    for part in parts:
        print_whole(console, part)
        console.print()


def _tables() -> tuple[tuple[str, tuple[Callable[[RunFile], RenderableType | None], ...]], ...]:
    """What a run file must hold, and the tables that are then shown, in their order; None: nothing to show."""
    return (
        ("margins/item", (margin_table,)),
        ("warnings/kind", (warning_table,)),
        ("thermal/temperature", (watt_table, temperature_table)),
        ("thermal/heater", (heater_table,)),
        ("loop/loop", (loop_table,)),
        ("heat_pipe/heat_pipe", (heat_pipe_table,)),
        ("power/load_power", (power_panel,)),
        ("particle/track_time", (particle_panel,)),
        ("upset/device", (upset_table,)),
        ("upset/effect", (effect_table,)),
        ("upset/track_rate", (track_table,)),
        ("upset/memory_failure_rate", (memory_table,)),
        ("system/orbit_phase", (job_panel,)),
        ("dose/dose_point", (dose_table, mission_table)),
        ("dose/equivalent_protons", (damage_table,)),
        ("view_factors/exchange_area", (view_factor_table,)),
    )


def _is_impossible(run: RunFile) -> bool:
    """Whether the run, or a variant whose rows its margins hold, stopped at no temperature."""
    return any(impossible_node(one) for one in (run, *(run.variant(name) for name in run.variants)))


def _stopped(run: RunFile) -> list[RenderableType]:
    """What the numbers of a failed run are, or why they are left out."""
    found = []
    for one in (run, *(run.variant(name) for name in run.variants)):
        wrong = impossible_node(one)
        if wrong is not None:
            whose = f"Variant {one.variant_name!r}" if one is not run else "The solver"
            found.append(f"{whose} stopped with {wrong[0]!r} at {wrong[1]:.4g} K, which is no temperature.")
    if found:
        words = " ".join([*found, "Heat, temperatures, margins and power are left out; the file holds them."])
        return [Text(words, "bold red")]
    if run.succeeded or "thermal/temperature" not in run:
        return []
    words = "Heat, temperatures, margins and power below are of the states before it stopped: no solution."
    return [Text(words, "bold red")]


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
    failed = "" if run.succeeded else f"\nThe run failed: {run.result}{where}."
    variants = run.attribute("status", "failed_variants")
    failed += f"\nVariants that failed: {variants}." if variants else ""
    which = f" - {run.variant_name}" if run.variant_name else ""
    return Text.assemble((title + which, "bold"), f"  {described}", (failed, "bold red"))


def _closing(run: RunFile) -> Text:
    """Return energy closure and provenance, a line each."""
    lines = []
    residual = run.attribute("thermal", "energy_residual_relative")
    largest = run.attribute("thermal", "largest_total")
    if _is_impossible(run):
        pass
    elif residual is None and "thermal/energy_residual" in run:
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
