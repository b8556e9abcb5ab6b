"""The command `caloris-bench`: run benchmarks beside their peers in one process and write what was measured."""

import argparse
import fnmatch
import functools
import json
import os
import platform
import shlex
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table

# Name -> module and function; each returns name, size, seconds, compile_seconds, error, peers, or a list of such rows.
# Rows with "who" (one solver at one setting) hold cold_seconds and reason, why it was left out, instead of peers.
BENCHMARKS: dict[str, tuple[str, str]] = {
    "view-factors": ("caloris_benchmarks.bench_view_factors", "bench_view_factors"),
    "view-factors-peers": ("caloris_benchmarks.bench_view_factor_peers", "bench_view_factor_peers"),
    "view-factors-large": ("caloris_benchmarks.bench_view_factors_large", "bench_view_factors_large"),
    "pose-view-factors": ("caloris_benchmarks.bench_view_factors", "bench_pose_view_factors"),
    "ray-casting": ("caloris_benchmarks.bench_ray_casting", "bench_ray_casting"),
    "transient": ("caloris_benchmarks.bench_transient", "bench_transient"),
    "transient-peers": ("caloris_benchmarks.bench_transient", "bench_transient_peers"),
    "periodic": ("caloris_benchmarks.bench_periodic", "bench_periodic"),
    "periodic-inertia": ("caloris_benchmarks.bench_periodic", "bench_inertia"),
    "network-size": ("caloris_benchmarks.bench_network_size", "bench_network_size"),
    "gradient": ("caloris_benchmarks.bench_gradient", "bench_gradient"),
    "sectors": ("caloris_benchmarks.bench_sectors", "bench_sectors"),
    "trapped-flux": ("caloris_benchmarks.bench_trapped_flux", "bench_trapped_flux"),
    "particle-chain": ("caloris_benchmarks.bench_particles", "bench_particle_chain"),
    "particle-response": ("caloris_benchmarks.bench_particles", "bench_particle_response"),
    "main-case": ("caloris_benchmarks.bench_main_case", "bench_main_case"),
    "main-case-cycle": ("caloris_benchmarks.bench_main_case", "bench_main_cycle"),
}
# What --plot draws: benchmark -> module and function of (results, file).
PLOTS: dict[str, tuple[str, str]] = {
    "view-factors-peers": ("caloris_benchmarks.plot_view_factors", "plot_view_factors"),
    "transient-peers": ("caloris_benchmarks.plot_transient", "plot_transient"),
}
_SIZED = ("view-factors", "view-factors-peers", "view-factors-large")  # take the sizes of --facets


def load(name: str) -> Callable[..., dict[str, Any] | list[dict[str, Any]]]:
    """The function of a benchmark; imported only when it runs."""
    module, function = BENCHMARKS[name]
    return getattr(import_module(module), function)


def machine() -> dict[str, Any]:
    """What the benchmarks ran on."""
    import jax

    from caloris.devices import describe_device

    return {
        "device": describe_device(),
        "processor": platform.processor() or platform.machine(),
        "python": platform.python_version(),
        "jax": jax.__version__,
    }


def main(arguments: list[str] | None = None) -> None:
    """Run the benchmarks chosen, print a table, write the JSON file and the picture where asked."""
    parser = argparse.ArgumentParser(prog="caloris-bench", description="Benchmarks of Caloris beside its peers.")
    parser.add_argument("--list", action="store_true", help="print the names of the benchmarks")
    parser.add_argument("--only", metavar="GLOB", default="*", help="run the benchmarks whose name matches")
    parser.add_argument("--skip", metavar="GLOB", nargs="+", default=[], help="and not those whose name matches these")
    parser.add_argument("--facets", metavar="N", type=int, nargs="+", help="sizes of " + ", ".join(_SIZED))
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the results to FILE")
    parser.add_argument(
        "--plot", metavar="FILE", type=Path, help="draw time against error of one of " + ", ".join(PLOTS)
    )
    parser.add_argument("--export", metavar="DIR", type=Path, help="write the satellites as .stl, .obj, .vs3; no runs")
    options = parser.parse_args(arguments)
    wanted = [name for name in BENCHMARKS if fnmatch.fnmatch(name, options.only)]
    chosen = [name for name in wanted if not any(fnmatch.fnmatch(name, glob) for glob in options.skip)]
    if options.list:
        print("\n".join(chosen))
        return
    if options.export is not None:
        from caloris_benchmarks.scene_files import export_satellites

        sizes = {"targets": tuple(options.facets)} if options.facets else {}
        print("\n".join(str(file) for file in export_satellites(options.export, **sizes)))
        return
    if not chosen:
        parser.error(f"no benchmark matches {options.only!r}; known: {', '.join(BENCHMARKS)}")
    drawn = [name for name in PLOTS if name in chosen]
    if options.plot is not None and len(drawn) != 1:
        parser.error(f"--plot draws one of {', '.join(PLOTS)}; among the benchmarks chosen are {len(drawn)} of them")
    from caloris.precision import enable_float64

    enable_float64()
    command = shlex.join(["caloris-bench", *(sys.argv[1:] if arguments is None else arguments)])
    load_before = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    results = []
    for name in chosen:
        function = load(name)
        if options.facets and name in _SIZED:
            function = functools.partial(function, tuple(options.facets))
        found = function()
        rows = found if isinstance(found, list) else [found]
        results.extend(rows)
        _print(rows)
        # After each: what was measured stays, should a later one stop.
        if options.json is not None:
            options.json.parent.mkdir(parents=True, exist_ok=True)
            report = {"command": command, "machine": machine(), "load_before": load_before, "results": results}
            options.json.write_text(json.dumps(report, indent=2) + "\n")
    if options.plot is not None:
        module, function = PLOTS[drawn[0]]
        getattr(import_module(module), function)(results, options.plot)


def _print(results: list[dict[str, Any]]) -> None:
    solvers = [row for row in results if "who" in row]
    if solvers:
        _print_solvers(solvers)
    words = [Column(heading, overflow="fold") for heading in ("benchmark", "size", "who")]
    table = Table(*words, "seconds", "compile s", "error")
    for row in (row for row in results if "who" not in row):
        own = (f"{row['seconds']:.3g}", f"{row['compile_seconds']:.3g}", f"{row['error']:.2g}")
        table.add_row(row["name"], str(row["size"]), "Caloris", *own)
        for what, value in _more(row):
            table.add_row("", "", what, value, "", "")
        for peer, figures in row["peers"].items():
            table.add_row("", "", peer, f"{figures['seconds']:.3g}", "", f"{figures['error']:.2g}")
    if table.row_count:
        Console().print(table)


def _more(row: dict[str, Any]) -> list[tuple[str, str]]:
    """Figures that only some rows have, in words."""
    words = (
        ("process_seconds", "in a new process, s", ".3g", 1.0),
        ("scaled_seconds", "at 15e6 rays/s a thread, s", ".3g", 1.0),
        ("scaled_process_seconds", "that, in a new process, s", ".3g", 1.0),
        ("thread_rays", "rays of one thread, 1e6/s", ".3g", 1e-6),
        ("reference_noise", "noise of the reference, -", ".2g", 1.0),
        ("read_bandwidth", "matrix read, GB/s", ".3g", 1e-9),
        ("rays_per_second", "rays, 1e6/s", ".3g", 1e-6),
        ("copy_bandwidth", "copied on the device, GB/s", ".3g", 1e-9),
        ("peak_memory", "peak memory, MiB", ".0f", 1 / 2**20),
        ("steps", "steps", "d", 1),
        ("linear_iterations", "linear iterations", "d", 1),
        ("seconds_per_entry", "per matrix entry and product, ns", ".3g", 1e9),
        ("orbits", "orbits", "d", 1),
    )
    figures = [(text, f"{row[key] * unit:{form}}") for key, text, form, unit in words if row.get(key) is not None]
    for what, ratio in row.get("ratio", {}).items():
        goal = row["goal"][what] if isinstance(row["goal"], dict) else row["goal"]
        figures.append((f"ratio, {what} (goal {goal:g})", "-" if ratio is None else f"{ratio:.3g}"))
    if "within" in row:
        figures.append(("within limits", "yes" if row["within"] else "no"))
    return figures


def _print_solvers(rows: list[dict[str, Any]]) -> None:
    """A table for each size, one line a solver and setting; below it the reasons of what was left out."""
    console = Console()
    for size in dict.fromkeys(row["size"] for row in rows):
        here = [row for row in rows if row["size"] == size]
        table = Table("who", "setting", "warm s", "first s", "process s", "MiB", "error", "clear pairs", title=size)
        left_out: dict[str, None] = {}
        for row in here:
            if row["reason"] is not None:
                left_out.setdefault(f"{row['who']} left out: {row['reason']}")
                table.add_row(row["who"], row["setting"], *["-"] * 6)
                continue
            times = [f"{row[key]:.3g}" for key in ("seconds", "cold_seconds", "process_seconds")]
            errors = (f"{row['error']:.1e}", f"{row['clear_difference']:.0e}")
            table.add_row(row["who"], row["setting"], *times, f"{row['peak_memory'] / 2**20:.0f}", *errors)
        console.print(table)
        console.print("\n".join([f"noise of the reference: {here[0]['reference_noise']:.1g}", *left_out]))
