"""Designs side by side as data: the figures of run files and of their variants, and tables of them as CSV and JSON."""

import csv
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from caloris.output.figures import COMPARED, FIGURES, Value, read_figures
from caloris.output.read import RunFile, RunFileError, open_run


@dataclass(frozen=True)
class Design:
    """One design: its name, which variant of it ("" for the case as it stands), its figures by name.

    Units and meanings of the figures are in `caloris.output.figures.FIGURES`; None stands for what the run lacks.
    has_variants tells whether other variants of the same run stand beside it.
    """

    name: str
    variant: str = ""
    figures: dict[str, Value] = field(default_factory=dict)
    has_variants: bool = False

    def number(self, figure: str) -> float | None:
        """Return a figure that is a number, None where the run has none."""
        value = self.figures.get(figure)
        return None if value is None or isinstance(value, str) else value

    def text(self, figure: str) -> str:
        """Return a figure that is a text, "" where the run has none."""
        return str(self.figures.get(figure) or "")


def read_designs(path: str | Path, name: str, radiators: Sequence[str] = ()) -> list[Design]:
    """Return the run of a file and each of its variants as designs.

    radiators: the names of surfaces that count as radiators, where the run has them; else those that are called so.
    Raises RunFileError for what is no run file, holds nothing that is compared, or was written by another version that
    left out what this one reads.
    """
    with open_run(path) as file:
        _check_contents(file)
        runs = [file, *(file.variant(variant) for variant in file.variants)]
        try:
            return [Design(name, run.variant_name, read_figures(run, radiators), len(runs) > 1) for run in runs]
        except RunFileError as error:
            version = file.attribute("provenance", "version", "an unknown version")
            raise RunFileError(f"{error}: written by Caloris {version}; run its case again, then compare") from None


def surfaces_of(path: str | Path) -> list[str]:
    """Return the names of the surfaces in a run file, with the errors of `read_designs` for what cannot be compared."""
    with open_run(path) as file:
        _check_contents(file)
        return file.names("mesh/surface") if "mesh/surface" in file else []


def _check_contents(file: RunFile) -> None:
    if not any(path in file for path in COMPARED):
        what = "view factors alone" if "view_factors" in file else "neither temperatures, upset rates nor doses"
        raise RunFileError(f"{file.path}: holds {what}; there is nothing to compare")


def write_csv(path: str | Path, designs: Sequence[Design]) -> Path:
    """Write a line for each design and a column for each figure, "name [units]"; what a run lacks is empty.

    Written as PATH.part and renamed. Returns the path; raises OSError where it cannot be written.
    """
    headings = [f"{name} [{figure.units}]" if figure.units else name for name, figure in FIGURES.items()]
    rows = [[one.name, one.variant, *(one.figures.get(name) for name in FIGURES)] for one in designs]

    def write(stream: IO[str]) -> None:
        csv.writer(stream, lineterminator="\n").writerows([["design", "variant", *headings], *rows])

    return _written(Path(path), write)


def write_json(path: str | Path, designs: Sequence[Design]) -> Path:
    """Write {"figures": {name: {"units", "meaning"}}, "designs": [{"name", "variant", "figures"}]}; null is what lacks.

    Written as PATH.part and renamed. Returns the path; raises OSError where it cannot be written.
    """
    tree = {
        "figures": {name: {"units": figure.units, "meaning": figure.meaning} for name, figure in FIGURES.items()},
        "designs": [{"name": one.name, "variant": one.variant, "figures": one.figures} for one in designs],
    }
    return _written(Path(path), lambda stream: json.dump(tree, stream, indent=1, ensure_ascii=False, allow_nan=False))


def _written(path: Path, write: Callable[[IO[str]], None]) -> Path:
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="") as stream:
            write(stream)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return path
