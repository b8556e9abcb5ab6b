"""The command `caloris-validate`: runs the reference cases; exit code 0: all pass, 1: one fails, 2: wrong options."""

import argparse
import json
import math
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from caloris_validation.page import case_modules, text, to_markdown
from caloris_validation.reference_case import ReferenceCase


@dataclass(frozen=True)
class CaseResult:
    """What became of a reference case: measured and error are None where it raised, and message says why."""

    case: ReferenceCase
    passed: bool
    measured: float | None
    error: float | None
    order: float | None
    seconds: float
    message: str = ""


def collect(pattern: str = "*") -> tuple[ReferenceCase, ...]:
    """Every case of every module caloris_validation.cases_* whose name matches the glob, in the modules' order.

    Imports the modules; float64 should be on before. Raises ValueError when two cases share a name.
    """
    cases = [case for module in case_modules() for case in module.CASES]
    seen: set[str] = set()
    for case in cases:
        if case.name in seen:
            raise ValueError(f"two reference cases are named {case.name!r}")
        seen.add(case.name)
    return tuple(case for case in cases if fnmatch(case.name, pattern))


def run_case(case: ReferenceCase) -> CaseResult:
    """Measure one case and judge it. An exception, a number that is not finite and a low order are failures."""
    started = time.perf_counter()
    measured = error = order = None
    try:
        measured = float(case.measure())
        error = abs(measured - case.exact)
        if not case.absolute:
            error /= abs(case.exact)
        order = None if case.observed_order is None else float(case.observed_order())
    except Exception as problem:  # any exception is a failed case, never the end of the others
        message = f"{type(problem).__name__}: {problem}".splitlines()[0]
        return CaseResult(case, False, measured, error, order, time.perf_counter() - started, message)
    # Written so that NaN fails both comparisons.
    within = error <= case.bound
    converges = case.expected_order is None or (order is not None and order >= case.expected_order)
    message = "" if within else f"error above its bound: {case.reason}"
    if not converges:
        message = f"{message}; order below {case.expected_order:g}".lstrip("; ")
    return CaseResult(case, within and converges, measured, error, order, time.perf_counter() - started, message)


def to_json(results: Iterable[CaseResult]) -> str:
    """The results as the JSON of `--json`; numbers that do not exist or are not finite become null."""

    def number(value: float | None) -> float | None:
        return value if value is not None and math.isfinite(value) else None

    rows = [
        {
            "name": result.case.name,
            "passed": bool(result.passed),
            "measured": number(result.measured),
            "exact": result.case.exact,
            "error": number(result.error),
            "bound": result.case.bound,
            "source": result.case.source,
        }
        for result in results
    ]
    return json.dumps({"cases": rows}, indent=1) + "\n"


def _heading(width: int) -> str:
    return f"{'':4} {'case':{width}} {'measured':>13} {'exact':>13} {'error':>8} {'bound':>8} {'order':>5}  source"


def _line(result: CaseResult, width: int) -> str:
    """One line of the table: aligned columns, the citation last."""
    case = result.case
    order = "" if result.order is None else f"{result.order:.2f}"
    line = (
        f"{'pass' if result.passed else 'FAIL'} {case.name:{width}} {text(result.measured):>13} "
        f"{text(case.exact):>13} {text(result.error, 2):>8} {text(case.bound, 2):>8} {order:>5}  {case.source}"
    )
    return line if result.passed else f"{line}\n     {result.message}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="caloris-validate", description="Run the reference cases; exit code 1 when one fails."
    )
    parser.add_argument("--list", action="store_true", help="name the cases and their sources, run nothing")
    parser.add_argument("--only", metavar="GLOB", default="*", help='cases whose name matches, as in "planet-*"')
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the results as JSON")
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="write the results as a page of documentation")
    return parser


def validate(arguments: Sequence[str] | None = None) -> int:
    """Run the command with the given arguments (default: the process's) and return its exit code."""
    options = _parser().parse_args(arguments)
    from caloris.devices import enable_compilation_cache
    from caloris.precision import enable_float64

    enable_float64()
    enable_compilation_cache()
    cases = collect(options.only)
    if not cases:
        print(f"error: no reference case is named like {options.only!r}; --list names them all", file=sys.stderr)
        return 2
    width = max(len(case.name) for case in cases)
    if options.list:
        for case in cases:
            print(f"{case.name:{width}} {'slow' if case.slow else '':4}  {case.quantity}  [{case.source}]")
        return 0
    started = time.perf_counter()
    print(_heading(width))
    results = []
    for case in cases:
        results.append(run_case(case))
        print(_line(results[-1], width), flush=True)
    failed = [result.case.name for result in results if not result.passed]
    print(f"{len(results) - len(failed)} of {len(results)} cases pass, {time.perf_counter() - started:.0f} s")
    if failed:
        print("failed: " + ", ".join(failed))
    for path, write in ((options.json, to_json), (options.markdown, to_markdown)):
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(write(results), encoding="utf-8")
    return 1 if failed else 0


def main() -> None:
    """Entry point of the command."""
    sys.exit(validate())
