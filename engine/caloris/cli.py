"""The command `caloris`: run, check, show, plot, viewfactors, export.

Exit code 0: done; 1: a solver failed; 2: wrong input.
"""

import os
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from caloris.output.run_data import RunData
from caloris.process import prepare_process

# Commands of the next versions: they say so and exit with 2.
_LATER = {
    "report": "an HTML report of a run",
    "optimize": "optimization of a case",
    "sweep": "sweeps over a case",
    "compare": "comparison of cases",
    "correlate": "correlation with test data",
    "init": "a new case file",
    "examples": "the list of examples",
}

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Thermal, power and radiation-effects engine for satellites: from a case file to an HDF5 run file.",
    epilog=f"Not built yet: {', '.join(_LATER)}. Exit codes: 0 done, 1 a solver failed, 2 wrong input.",
)

CaseFile = Annotated[Path, typer.Argument(metavar="CASE.toml", help="The case file.", show_default=False)]
RunFile = Annotated[Path, typer.Argument(metavar="RUN.h5", help="A run file.", show_default=False)]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help='Override an input, as in --set "orbit/altitude=550 km".'),
]
Variant = Annotated[
    str | None, typer.Option("--variant", metavar="NAME", help="Only this variant of the case.", show_default=False)
]
# Stages that take longer than this show a progress bar (s).
_PATIENCE = 2.0


def main() -> None:
    """Entry point of the command."""
    app()


def _fail(message: str, code: int) -> typer.Exit:
    """Print an error and make the exit."""
    Console(stderr=True, soft_wrap=True, highlight=False).print(f"error: {message}", markup=False)
    return typer.Exit(code)


@contextmanager
def _input_errors():
    """Wrong input of any kind ends with exit code 2 and its message, never with a traceback."""
    from caloris.case.errors import CaseError
    from caloris.output.read import RunFileError

    try:
        yield
    except (CaseError, RunFileError) as error:
        raise _fail(str(error), 2) from None
    except OSError as error:
        raise _fail(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "), 2) from None


def _check_target(target: Path, case_file: Path) -> None:
    """Refuse, before anything is computed, a run file that cannot be written."""
    folder = target.parent
    if target.is_dir():
        raise _fail(f"{target} is a folder; name the run file to write", 2)
    if not folder.is_dir():
        raise _fail(f"{target}: the folder {folder} does not exist; make it first", 2)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _fail(f"{target}: the folder {folder} cannot be written", 2)
    if target.exists() and case_file.exists() and target.samefile(case_file):
        raise _fail(f"{target} is the case file; name another file for the run", 2)


@contextmanager
def _stages():
    """A function to tell the stage of a long run; a bar appears once a stage lasts longer than two seconds."""
    console = Console(stderr=True)
    started = time.monotonic()
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    # Where standard error is no terminal, even a bar that was never shown would leave an empty line.
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("starting", total=None, visible=False)

        def stage(name: str) -> None:
            late = time.monotonic() - started > _PATIENCE or name in ("view factors", "solving")
            bar.update(task, description=name, visible=late)

        yield stage


@app.command()
def run(
    case_file: CaseFile,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="RUN.h5", help="Default: the case's stem + .h5, here.")
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Run a case and all its variants, and write the run file.

    When a solver fails, the file holds the last accepted state and the name of what failed, and the exit code is 1.
    """
    from caloris.case.load import load_case

    target = output or Path(case_file.stem + ".h5")
    _check_target(target, case_file)
    with _input_errors():
        case = load_case(case_file, overrides or ())
        prepare_process()
        from caloris.simulation import run as run_case

        started = time.perf_counter()
        _warn(case.warnings)
        with _stages() as stage:
            try:
                finished = run_case(case, stage, throw=False, done=_told if case.variants else lambda *_: None)
            except FloatingPointError as error:  # an upset rate; nothing of the run is kept then
                raise _fail(f"{case_file.name}: the run ended with not_finite: {error}", 1) from None
        finished.save(target)
    compiling = finished.data.attributes["provenance"]["compile_time"]
    print(f"{target}: {time.perf_counter() - started:.1f} s, of which {compiling:.1f} s tracing and compiling")
    ends = [f"variant {name!r} ended with {result}" if name else f"the run ended with {result}"
            for name, result in finished.failures.items()]  # fmt: skip
    if ends:
        message = f"{case_file.name}: {'; '.join(ends)}; {target} holds its last accepted state"
        raise _fail(f"{message}. `caloris check {case_file}` tells what looks wrong in the case", 1)


def _told(variant: str, data: "RunData") -> None:
    """One line for each finished case of a batch."""
    wall = data.attributes["provenance"]["wall_time"]
    print(f"{variant or '(base)'}: {wall:.1f} s, {data.status['result']}", flush=True)


@app.command()
def check(case_file: CaseFile, overrides: Overrides = None) -> None:
    """Print what a case contains, and warn of what looks wrong.

    Nothing is traced or solved and no file is written; warnings leave the exit code at 0.
    """
    from caloris.case.load import load_case

    with _input_errors():
        case = load_case(case_file, overrides or ())
        prepare_process()
        from caloris.check.describe import describe

        describe(case, Console(width=_width()))


@app.command()
def show(
    run_file: RunFile,
    variant: Variant = None,
    sensitivity: Annotated[str | None, typer.Option(metavar="NODE", help="Not built yet.", hidden=True)] = None,
) -> None:
    """Print the tables of a run file.

    Margins over all variants, where each watt goes, temperatures, power, upset rates, energy closure: what the run has
    of them.
    """
    if sensitivity is not None:
        raise _fail("`caloris show --sensitivity` is not built yet", 2)
    from caloris.output.show import show as show_run

    with _input_errors():
        show_run(run_file, Console(width=_width()), variant)


@app.command()
def plot(
    run_file: RunFile,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Default: the run's stem + _plots/.")
    ] = None,
    variant: Variant = None,
) -> None:
    """Draw the pictures of a run file.

    Each as PNG and PDF: margins, temperatures, heat flows, power, the satellite, spectra, upset rates. Those of a
    variant lie in a folder of its name.
    """
    from caloris.output.plot import plot as plot_run

    folder = output or Path(run_file.stem + "_plots")
    with _input_errors(), _stages() as stage:
        stage("drawing")
        files = plot_run(run_file, folder, variant)
    print(f"{folder}: " + ", ".join(sorted({file.relative_to(folder).with_suffix("").as_posix() for file in files})))


@app.command()
def viewfactors(
    case_file: CaseFile,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE.h5", help="Default: the case's stem + _viewfactors.h5, here."),
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Compute the view factors of a case alone, write them to an HDF5 file and print what sees what.

    The file holds, for every pose of the run, the pairs of facets that see each other with their exchange areas,
    and the views of space and of inactive sides. `view_factors = "FILE.h5"` in [run] makes a run take them from
    there; `caloris show FILE.h5` prints the table again.
    """
    from caloris.case.load import load_case

    target = output or Path(case_file.stem + "_viewfactors.h5")
    _check_target(target, case_file)
    with _input_errors():
        case = load_case(case_file, overrides or ())
        prepare_process()
        from caloris.output.hdf5 import write_run
        from caloris.output.show import show as show_file
        from caloris.view_factors import view_factors

        _warn(case.warnings)
        with _stages() as stage:
            data = view_factors(case, stage)
        write_run(target, data)
        show_file(target, Console(width=_width()))
    print(f"{target}: {data.attributes['provenance']['wall_time']:.1f} s")


@app.command()
def export(
    case_file: CaseFile,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE.d|FILE.csv", help="Default: the case's stem + .d, here."),
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Write the thermal network of a case for other solvers: ESATAN-style, or as CSV.

    FILE.csv holds the nodes, FILE_couplings.csv what couples them. Along an orbit the network is the mean of the run.
    [network] in a case reads such files.
    """
    from caloris.case.load import load_case

    target = output or Path(case_file.stem + ".d")
    _check_target(target, case_file)
    with _input_errors():
        case = load_case(case_file, overrides or ())
        prepare_process()
        from caloris.case.esatan_write import write_esatan
        from caloris.case.network_csv import write_network_csv
        from caloris.export_network import lumped_network

        _warn(case.warnings)
        with _stages() as stage:
            network = lumped_network(case, stage)
        try:
            if target.suffix.lower() == ".csv":
                couplings = target.with_name(f"{target.stem}_couplings.csv")
                write_network_csv(target, couplings, network)
            else:
                write_esatan(target, network)
        except ValueError as error:
            raise _fail(str(error), 2) from None
    counts = f"{len(network.conductive.value)} conductive, {len(network.radiative.value)} radiative"
    streams = f", {len(network.one_way.value)} one-way" if len(network.one_way.value) else ""
    print(f"{target}: {network.count} nodes, {counts}{streams} couplings")


def _width() -> int | None:
    """Width of tables where the output is no terminal."""
    return None if sys.stdout.isatty() else 100


def _warn(warnings: tuple[str, ...] | list[str]) -> None:
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for warning in warnings:
        console.print(f"warning: {warning}", markup=False)


def _later(name: str, what: str) -> Callable[..., None]:
    def command(context: typer.Context) -> None:
        raise _fail(f"`caloris {name}` is not built yet ({what})", 2)

    command.__doc__ = f"{what[0].upper()}{what[1:]} (not built yet)."
    return command


for _name, _what in _LATER.items():
    app.command(_name, context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, hidden=True)(
        _later(_name, _what)
    )
