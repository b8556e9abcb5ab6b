"""The command `caloris-bench`: run benchmarks beside their peers in one process and write what was measured."""

import argparse
import fnmatch
import json
import platform
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

# Name -> module and function; each returns name, size, seconds, compile_seconds, error, peers, or a list of such rows.
BENCHMARKS: dict[str, tuple[str, str]] = {
    "view-factors": ("caloris_benchmarks.bench_view_factors", "bench_view_factors"),
    "pose-view-factors": ("caloris_benchmarks.bench_view_factors", "bench_pose_view_factors"),
    "ray-casting": ("caloris_benchmarks.bench_ray_casting", "bench_ray_casting"),
    "transient": ("caloris_benchmarks.bench_transient", "bench_transient"),
    "periodic": ("caloris_benchmarks.bench_transient", "bench_periodic"),
    "main-case": ("caloris_benchmarks.bench_main_case", "bench_main_case"),
}


def load(name: str) -> Callable[[], dict[str, Any] | list[dict[str, Any]]]:
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
    """Run the benchmarks chosen, print a table, write the JSON file where asked."""
    parser = argparse.ArgumentParser(prog="caloris-bench", description="Benchmarks of Caloris beside its peers.")
    parser.add_argument("--list", action="store_true", help="print the names of the benchmarks")
    parser.add_argument("--only", metavar="GLOB", default="*", help="run the benchmarks whose name matches")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the results to FILE")
    options = parser.parse_args(arguments)
    chosen = [name for name in BENCHMARKS if fnmatch.fnmatch(name, options.only)]
    if options.list:
        print("\n".join(chosen))
        return
    if not chosen:
        parser.error(f"no benchmark matches {options.only!r}; known: {', '.join(BENCHMARKS)}")
    from caloris.precision import enable_float64

    enable_float64()
    results = []
    for name in chosen:
        found = load(name)()
        rows = found if isinstance(found, list) else [found]
        results.extend(rows)
        _print(rows)
        # After each: what was measured stays, should a later one stop.
        if options.json is not None:
            options.json.parent.mkdir(parents=True, exist_ok=True)
            report = {"machine": machine(), "results": results}
            options.json.write_text(json.dumps(report, indent=2) + "\n")


def _print(results: list[dict[str, Any]]) -> None:
    table = Table("benchmark", "size", "who", "seconds", "compile s", "error")
    for row in results:
        own = (f"{row['seconds']:.3g}", f"{row['compile_seconds']:.3g}", f"{row['error']:.2g}")
        table.add_row(row["name"], str(row["size"]), "Caloris", *own)
        for peer, figures in row["peers"].items():
            table.add_row("", "", peer, f"{figures['seconds']:.3g}", "", f"{figures['error']:.2g}")
    Console().print(table)
