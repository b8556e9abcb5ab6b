"""The command `caloris`: run, check, show, plot. Exit code 0: done; 1: a solver failed; 2: wrong input."""

import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Thermal, power and radiation-effects engine for satellites: from a case file to an HDF5 run file.",
)

CaseFile = Annotated[Path, typer.Argument(metavar="CASE.toml", help="The case file.", show_default=False)]
RunFile = Annotated[Path, typer.Argument(metavar="RUN.h5", help="A run file.", show_default=False)]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help='Override an input, as in --set "orbit/altitude=550 km".'),
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


@contextmanager
def _stages():
    """A function to tell the stage of a long run; a bar appears once a stage lasts longer than two seconds."""
    console = Console(stderr=True)
    started = time.monotonic()
    with Progress(
        SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console, transient=True
    ) as bar:
        task = bar.add_task("starting", total=None, visible=False)

        def stage(name: str) -> None:
            late = time.monotonic() - started > _PATIENCE or name in ("view factors", "solving")
            bar.update(task, description=name, visible=late)

        yield stage


def _prepare() -> None:
    from caloris.devices import enable_compilation_cache
    from caloris.precision import enable_float64

    enable_float64()
    enable_compilation_cache()


@app.command()
def run(
    case_file: CaseFile,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="RUN.h5", help="Default: the case's stem + .h5, here.")
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Run a case and write its run file."""
    from caloris.case.load import load_case

    target = output or Path(case_file.stem + ".h5")
    with _input_errors():
        case = load_case(case_file, overrides or ())
        _prepare()
        from caloris.simulation import run as run_case

        started = time.perf_counter()
        _warn(case.warnings)
        with _stages() as stage:
            finished = run_case(case, stage, throw=False)
        finished.save(target)
    compiling = finished.data.attributes["provenance"]["compile_time"]
    print(f"{target}: {time.perf_counter() - started:.1f} s, of which {compiling:.1f} s tracing and compiling")
    if finished.result != "success":
        raise _fail(f"{case_file.name}: the run ended with {finished.result}; {target} holds its last state", 1)


@app.command()
def check(case_file: CaseFile, overrides: Overrides = None) -> None:
    """Print what a case contains, and warn of what looks wrong."""
    from caloris.case.load import load_case

    with _input_errors():
        case = load_case(case_file, overrides or ())
        _prepare()
        from caloris.check import describe

        describe(case, Console(width=_width()))


@app.command()
def show(run_file: RunFile) -> None:
    """Print the tables of a run: margins, heat, temperatures, power, upset rates, energy closure."""
    from caloris.output.show import show as show_run

    with _input_errors():
        show_run(run_file, Console(width=_width()))


@app.command()
def plot(
    run_file: RunFile,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Default: the run's stem + _plots/.")
    ] = None,
) -> None:
    """Draw the pictures of a run as PNG and PDF."""
    from caloris.output.plot import plot as plot_run

    folder = output or Path(run_file.stem + "_plots")
    with _input_errors(), _stages() as stage:
        stage("drawing")
        files = plot_run(run_file, folder)
    print(f"{folder}: " + ", ".join(sorted({file.stem for file in files})))


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

    command.__doc__ = f"{what.capitalize()} (not built yet)."
    return command


_LATER = {
    "report": "an HTML report of a run",
    "optimize": "optimization of a case",
    "sweep": "sweeps over a case",
    "compare": "comparison of cases",
    "correlate": "correlation with test data",
    "viewfactors": "view factors alone",
    "init": "a new case file",
    "examples": "the list of examples",
}
for _name, _what in _LATER.items():
    app.command(_name, context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, hidden=True)(
        _later(_name, _what)
    )
