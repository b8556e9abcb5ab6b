"""What the commands share: errors with their exit codes, targets that may be written, stages of long runs."""

import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

# Stages that take longer than this show a progress bar (s).
_PATIENCE = 2.0


def failure(message: str, code: int) -> typer.Exit:
    """Print an error and make the exit."""
    Console(stderr=True, soft_wrap=True, highlight=False).print(f"error: {message}", markup=False)
    return typer.Exit(code)


@contextmanager
def input_errors():
    """Wrong input of any kind ends with exit code 2 and its message, never with a traceback."""
    from caloris.case.errors import CaseError
    from caloris.comparison import ComparisonError
    from caloris.output.read import RunFileError

    try:
        yield
    except (CaseError, ComparisonError, RunFileError) as error:
        raise failure(str(error), 2) from None
    except OSError as error:
        raise failure(f"{error.filename or ''}: {error.strerror or error}".lstrip(": "), 2) from None


def check_target(target: Path, *inputs: Path) -> None:
    """Refuse, before anything is computed, a file that cannot be written or would replace what is read."""
    folder = target.parent
    if target.is_dir():
        raise failure(f"{target} is a folder; name the file to write", 2)
    if not folder.is_dir():
        raise failure(f"{target}: the folder {folder} does not exist; make it first", 2)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise failure(f"{target}: the folder {folder} cannot be written", 2)
    for file in inputs:
        if target.exists() and file.exists() and target.samefile(file):
            what = "the case file" if file.suffix.lower() == ".toml" else "one of the files to read"
            raise failure(f"{target} is {what}; name another file to write", 2)


@contextmanager
def stages():
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


def table_width() -> int | None:
    """Width of tables where the output is no terminal: COLUMNS where it is set, else 100; None: as the terminal is."""
    return None if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdigit() else 100


def warn(warnings: tuple[str, ...] | list[str]) -> None:
    """Print warnings to standard error, a line each."""
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    for warning in warnings:
        console.print(f"warning: {warning}", markup=False)
