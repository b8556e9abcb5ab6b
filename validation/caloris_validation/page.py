"""The results of the reference cases as a page of the documentation, by subject, and what no case stands for."""

import importlib
import pkgutil
import re
from collections.abc import Sequence
from types import ModuleType
from typing import TYPE_CHECKING

import caloris_validation

if TYPE_CHECKING:
    from caloris_validation.runner import CaseResult

# What known collections of benchmarks hold and these cases do not, and why.
_NOT_HERE = (
    (
        "NAFEMS T1, a membrane with a hot spot",
        "its target is a stress (50 MPa beside the spot, plane stress) under a given temperature: Caloris computes no "
        "stresses. T2, T3 and T4 are temperatures and are here.",
    ),
    (
        "the 2 krad beyond which the memories of Project Suncatcher worked irregularly",
        "a limit of one part that was measured; there is nothing to compute it from.",
    ),
)


def case_modules() -> list[ModuleType]:
    """The modules caloris_validation.cases_*, each with its CASES, by name."""
    names = sorted(info.name for info in pkgutil.iter_modules(caloris_validation.__path__))
    return [importlib.import_module(f"caloris_validation.{name}") for name in names if name.startswith("cases_")]


def to_markdown(results: Sequence["CaseResult"]) -> str:
    """The results as a page: an overview by subject, and a table a subject with sources and reasons below it."""
    passed = sum(result.passed for result in results)
    by_name = {result.case.name: result for result in results}
    subjects = [
        (_title(module), [by_name[case.name] for case in module.CASES if case.name in by_name])
        for module in case_modules()
    ]
    known = {result.case.name for _, rows in subjects for result in rows}
    subjects.append(("Other", [result for result in results if result.case.name not in known]))
    subjects = [(title, rows) for title, rows in subjects if rows]
    lines = [
        "# Validation",
        "",
        "Every physical model is measured against closed forms and published numbers. `caloris-validate` repeats all",
        "of it and exits with code 1 when one case fails; `--list` names the cases, `--only 'loop-*'` runs some.",
        "This page is written by `make docs` (`caloris-validate --markdown docs/validation.md`).",
        "",
        "- A case runs a public verb or a case file and compares one number with its exact value.",
        "- An error is relative unless a unit stands beside it. A case fails when it is above the bound.",
        "- Where a method converges with its mesh, *order* is the observed order and the least that passes.",
        "- Thermal runs fail as well when heat that nodes exchange does not cancel (1e-9 of the largest total) or when",
        "  energy is lost (1e-6 of it in a steady state, 1e-4 over time).",
        "- Below each table stand the sources, by number, and the reasons of the bounds, by letter.",
        "",
        f"{passed} of {len(results)} cases pass.",
        "",
        "| subject | cases | largest error, as a part of its bound |",
        "|---|---|---|",
        *(_overview(title, rows) for title, rows in subjects),
        "",
        "## What is not here",
        "",
        *(f"- {what[0].upper()}{what[1:]}: {why}" for what, why in _NOT_HERE),
        "",
    ]
    for title, rows in subjects:
        lines += _section(title, rows)
    return "\n".join(lines).rstrip("\n") + "\n"


def text(value: float | None, digits: int = 7) -> str:
    """A number for a table; a dash for none."""
    return "-" if value is None else f"{value:.{digits}g}"


def _title(module: ModuleType) -> str:
    """The subject in a module's docstring: up to a colon, without how its cases enter."""
    line = (module.__doc__ or module.__name__).splitlines()[0].rstrip(".")
    for start in ("Reference cases of ", "Reference cases: "):
        line = line.removeprefix(start)
    line = re.sub(r"[,;] (through|by) (case files|a case file|the public).*", "", line.partition(": ")[0])
    return line[:1].upper() + line[1:]


def _anchor(title: str) -> str:
    kept = "".join(letter for letter in title.lower() if letter.isalnum() or letter in " -")
    return kept.replace(" ", "-")


def _overview(title: str, rows: Sequence["CaseResult"]) -> str:
    parts = [result.error / result.case.bound for result in rows if result.error is not None and result.case.bound]
    failed = sum(not result.passed for result in rows)
    count = f"{len(rows)}, **{failed} fail**" if failed else str(len(rows))
    return f"| [{title}](#{_anchor(title)}) | {count} | {max(parts, default=0.0):.2f} |"


def _section(title: str, rows: Sequence["CaseResult"]) -> list[str]:
    """A heading, a table, and the sources and reasons that its rows refer to."""
    sources = list(dict.fromkeys(result.case.source for result in rows))
    reasons = list(dict.fromkeys(result.case.reason for result in rows))
    lines = [
        f"## {title}",
        "",
        "| case | quantity | measured | exact | error | bound | order | source |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for result in rows:
        case = result.case
        unit = "" if case.unit in ("1", "-") else f" {case.unit}"
        of_error = unit if case.absolute else ""
        cells = [
            f"`{case.name}`" + ("" if result.passed else f" **fails**: {result.message}"),
            case.quantity,
            f"{text(result.measured)}{unit}",
            f"{text(case.exact)}{unit}",
            f"{text(result.error, 2)}{of_error}",
            f"{case.bound:.2g}{of_error} ({_letter(reasons.index(case.reason))})",
            "" if case.expected_order is None else f"{text(result.order, 3)} (>= {case.expected_order:g})",
            f"[{sources.index(case.source) + 1}]",
        ]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    lines += ["", "Sources:", "", *(f"{k + 1}. {source}" for k, source in enumerate(sources))]
    lines += ["", "Reasons of the bounds:", "", *(f"- ({_letter(k)}) {reason}" for k, reason in enumerate(reasons)), ""]
    return lines


def _letter(index: int) -> str:
    """a to z, then aa, ab, ..."""
    first, last = divmod(index, 26)
    return (chr(96 + first) if first else "") + chr(97 + last)
