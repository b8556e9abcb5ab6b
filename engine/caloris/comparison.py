"""Designs side by side: what `caloris compare` and `caloris.compare` do with run files and case files."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from caloris.output.designs import Design, read_designs, surfaces_of

if TYPE_CHECKING:
    from caloris.case.schema import Case

Progress = Callable[[str], None]


class ComparisonError(ValueError):
    """What is to be compared cannot stand in one table: too few designs, a name twice, an unknown radiator."""


@dataclass(frozen=True)
class Source:
    """Where a design comes from: a run file, or a case that is still to be run."""

    name: str
    path: Path
    case: "Case | None" = None

    @staticmethod
    def of(argument: str) -> "Source":
        """A source by an argument of the command line, NAME=FILE or a file, which is called by its stem."""
        name, equals, path = argument.partition("=")
        if equals and not Path(argument).exists():
            return Source(name, Path(path))
        return Source(Path(argument).stem, Path(argument))

    def run_file(self, folder: Path) -> Path:
        """The run file that a case is kept as."""
        return folder / f"{self.name}.h5"


def compare(
    files: Sequence[str | Path] | Mapping[str, str | Path],
    *,
    overrides: Sequence[str] = (),
    radiators: Sequence[str] = (),
    folder: str | Path | None = None,
    progress: Progress = lambda stage: None,
) -> tuple[Design, ...]:
    """Compare designs: the figures of run files (.h5) and of case files (.toml), which are run first.

    files: two or more, in the order of the result, by name or named by their stems. Each variant of a run is a design
    of its own, after the run as it stands. `Design.figures` has every figure of `caloris.output.figures.FIGURES` in
    the units there (SI; upsets a day), None where the run does not hold it; `caloris.output.designs` writes CSV and
    JSON, `caloris.output.show_designs` prints the table.

    overrides ("table/name/key=value") apply to the cases; radiators names the surfaces that count as such (default: all
    with "radiator" in their name); folder keeps the run files of the cases, as NAME.h5, and is made where it is missing
    (default: a temporary one). progress is told each stage of the cases that are run.

    Nothing is run before every file, case and name has been checked. A case whose solver fails is compared as it ended,
    with the name of what failed as its `result`. Raises ComparisonError for fewer than two files, a name that stands
    twice and radiators that no file has; CaseError and RunFileError for files; FloatingPointError for upset rates that
    are no numbers; RuntimeError without float64 where cases are run.

    Not differentiable: figures are read from finished runs. The verbs that they come from are, as `caloris.dose`,
    `caloris.upset_rates` and `caloris.solve_cyclic`.
    """
    named = files.items() if isinstance(files, Mapping) else [(Path(path).stem, path) for path in files]
    sources = load_sources([Source(str(name), Path(path)) for name, path in named], overrides, radiators)
    return compare_sources(sources, radiators, folder, progress)


def load_sources(
    sources: Sequence[Source], overrides: Sequence[str] = (), radiators: Sequence[str] = ()
) -> list[Source]:
    """Load the cases among the sources, and check everything that can be wrong before one is run; see `compare`."""
    _check_names(sources)
    loaded, surfaces = [], []
    for source in sources:
        if source.path.suffix.lower() == ".toml":
            # Finished runs need not wait for what reads cases.
            from caloris.case.load import load_case

            case = load_case(source.path, overrides)
            loaded.append(replace(source, case=case))
            surfaces += [surface.name for surface in case.surfaces]
        else:
            loaded.append(source)
            surfaces += surfaces_of(source.path)
    if overrides and all(source.case is None for source in loaded):
        raise ComparisonError("overrides (--set) change cases, and all of these are finished runs")
    unknown = [name for name in radiators if name not in surfaces]
    if unknown:
        known = ", ".join(dict.fromkeys(surfaces)) or "there are none"
        raise ComparisonError(f"no design has a surface called {unknown[0]!r}; known: {known}")
    return loaded


def _check_names(sources: Sequence[Source]) -> None:
    if len(sources) < 2:
        alone = f"{sources[0].path} is one; `caloris show` prints a single run" if sources else "there is none"
        raise ComparisonError(f"two designs or more are compared, and {alone}")
    for source in sources:
        if not source.name or "/" in source.name or "\\" in source.name:
            raise ComparisonError(f"{source.name!r} names no design: a name is not empty and has no slash")
    for k, source in enumerate(sources):
        for other in sources[:k]:
            if other.name == source.name:
                cure = f"give one of them a name of its own, as in {source.name}-2={source.path}"
                raise ComparisonError(f"{other.path} and {source.path} are both called {source.name!r}; {cure}")


def compare_sources(
    sources: Sequence[Source],
    radiators: Sequence[str] = (),
    folder: str | Path | None = None,
    progress: Progress = lambda stage: None,
) -> tuple[Design, ...]:
    """Run the cases among the sources and read all their figures; see `compare`."""
    cases = {source.name: source.case for source in sources if source.case is not None}
    # What cannot be read shows before any case is run.
    designs = {one.name: read_designs(one.path, one.name, radiators) for one in sources if one.case is None}
    if cases:
        from caloris.case.variants import check_all_buildable
        from caloris.precision import require_float64

        require_float64("compare")
        for case in cases.values():
            check_all_buildable(case)
    with tempfile.TemporaryDirectory(prefix="caloris-compare-") as temporary:
        where = Path(temporary if folder is None else folder)
        if cases:
            where.mkdir(exist_ok=True)
        for source in sources:
            if source.case is not None:
                path = _run(source, source.run_file(where), progress)
                designs[source.name] = read_designs(path, source.name, radiators)
    return tuple(design for source in sources for design in designs[source.name])


def _run(source: Source, target: Path, progress: Progress) -> Path:
    """Run the case of a source and keep it as `target`."""
    from caloris.simulation import run

    assert source.case is not None
    try:
        finished = run(source.case, lambda stage: progress(f"{source.name}: {stage}"), throw=False)
    except FloatingPointError as error:
        raise FloatingPointError(f"{source.name}: {error}") from None
    return finished.save(target)
