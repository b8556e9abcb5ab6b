"""The command `caloris`: run, check, show, plot, compare, viewfactors, export.

Exit code 0: done; 1: a solver failed; 2: wrong input.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from caloris.console import check_target, failure, input_errors, stages, table_width, warn
from caloris.process import prepare_process

if TYPE_CHECKING:
    from caloris.comparison import Source
    from caloris.output.run_data import RunData

# Commands of the next versions: they say so and exit with 2.
_LATER = {
    "report": "an HTML report of a run",
    "optimize": "optimization of a case",
    "sweep": "sweeps over a case",
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


def main() -> None:
    """Entry point of the command."""
    app()


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
    check_target(target, case_file)
    with input_errors():
        case = load_case(case_file, overrides or ())
        prepare_process()
        from caloris.simulation import run as run_case

        started = time.perf_counter()
        warn(case.warnings)
        with stages() as stage:
            try:
                finished = run_case(case, stage, throw=False, done=_told if case.variants else lambda *_: None)
            except FloatingPointError as error:  # an upset rate; nothing of the run is kept then
                raise failure(f"{case_file.name}: the run ended with not_finite: {error}", 1) from None
        finished.save(target)
    compiling = finished.data.attributes["provenance"]["compile_time"]
    print(f"{target}: {time.perf_counter() - started:.1f} s, of which {compiling:.1f} s tracing and compiling")
    ends = [f"variant {name!r} ended with {result}" if name else f"the run ended with {result}"
            for name, result in finished.failures.items()]  # fmt: skip
    if ends:
        message = f"{case_file.name}: {'; '.join(ends)}; {target} holds its last accepted state"
        raise failure(f"{message}. `caloris check {case_file}` tells what looks wrong in the case", 1)


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

    with input_errors():
        case = load_case(case_file, overrides or ())
        prepare_process()
        from caloris.check.describe import describe

        describe(case, Console(width=table_width()))


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
        raise failure("`caloris show --sensitivity` is not built yet", 2)
    from caloris.output.show import show as show_run

    with input_errors():
        show_run(run_file, Console(width=table_width()), variant)


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
    with input_errors(), stages() as stage:
        stage("drawing")
        files = plot_run(run_file, folder, variant)
    print(f"{folder}: " + ", ".join(sorted({file.relative_to(folder).with_suffix("").as_posix() for file in files})))


@app.command()
def compare(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE",
            help="Two or more run files (.h5) or case files (.toml), each as FILE or NAME=FILE.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", metavar="DIR", help="Keep the runs of cases, as DIR/NAME.h5.", show_default=False
        ),
    ] = None,
    overrides: Overrides = None,
    radiators: Annotated[
        list[str] | None,
        typer.Option(
            "--radiator", metavar="SURFACE", help='What is a radiator, again for each. Default: "radiator" in the name.'
        ),
    ] = None,
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the figures too, a line a design, in SI.")
    ] = None,
    json: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The same as JSON, with units and meanings.")
    ] = None,
) -> None:
    """Print designs side by side: orbit, power, radiator, temperatures, margins, upsets, goodput, dose.

    Cases are run first, with --set applied to each. Every variant of a run is a column of its own. A column is headed
    by the file's stem, or by NAME. A dash stands for what a run does not hold. When a solver fails, the table shows its
    last accepted state, and the exit code is 1.
    """
    from caloris.comparison import Source, compare_sources, load_sources

    sources = [Source.of(argument) for argument in files]
    with input_errors():
        sources = load_sources(sources, overrides or (), radiators or ())
        cases = [source for source in sources if source.case is not None]
        targets = [*(file for file in (csv, json) if file is not None), *_kept_runs(cases, output)]
        for k, target in enumerate(targets):
            check_target(target, *(source.path for source in sources))
            if target.resolve() in [other.resolve() for other in targets[:k]]:
                raise failure(f"{target} is to be written twice", 2)
        if cases:
            prepare_process()
        for source in cases:
            assert source.case is not None
            warn([f"{source.name}: {warning}" for warning in source.case.warnings])
        with stages() as stage:
            try:
                designs = compare_sources(sources, radiators or (), output, stage)
            except FloatingPointError as error:  # an upset rate; nothing of that run is kept then
                raise failure(f"the run ended with not_finite: {error}", 1) from None
        from caloris.output.designs import write_csv, write_json
        from caloris.output.show_designs import show_designs

        show_designs(designs, Console(width=table_width()))
        if csv is not None:
            write_csv(csv, designs)
        if json is not None:
            write_json(json, designs)
    if output is not None:
        print(f"{output}: {', '.join(case.run_file(output).name for case in cases)}")
    run_now = {source.name for source in cases}
    failed = [one for one in designs if one.name in run_now and one.text("result") != "success"]
    if failed:
        ends = (f"{one.name}{f', variant {one.variant!r},' if one.variant else ''} ended with" for one in failed)
        raise failure("; ".join(f"{end} {one.text('result')}" for end, one in zip(ends, failed, strict=True)), 1)


def _kept_runs(cases: "Sequence[Source]", folder: Path | None) -> list[Path]:
    """What is written to keep the runs of cases: their files, or a folder that is not there yet."""
    if folder is None:
        return []
    if not cases:
        raise failure("-o keeps the runs of cases, and all of these are finished runs", 2)
    if folder.exists() and not folder.is_dir():
        raise failure(f"{folder} is a file; name a folder for the runs", 2)
    return [case.run_file(folder) for case in cases] if folder.exists() else [folder]


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
    check_target(target, case_file)
    with input_errors():
        case = load_case(case_file, overrides or ())
        prepare_process()
        from caloris.output.hdf5 import write_run
        from caloris.output.show import show as show_file
        from caloris.view_factors import view_factors

        warn(case.warnings)
        with stages() as stage:
            data = view_factors(case, stage)
        write_run(target, data)
        show_file(target, Console(width=table_width()))
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
    check_target(target, case_file)
    with input_errors():
        case = load_case(case_file, overrides or ())
        prepare_process()
        from caloris.case.esatan_write import write_esatan
        from caloris.case.network_csv import write_network_csv
        from caloris.export_network import lumped_network

        warn(case.warnings)
        with stages() as stage:
            network = lumped_network(case, stage)
        try:
            if target.suffix.lower() == ".csv":
                couplings = target.with_name(f"{target.stem}_couplings.csv")
                write_network_csv(target, couplings, network)
            else:
                write_esatan(target, network)
        except ValueError as error:
            raise failure(str(error), 2) from None
    counts = f"{len(network.conductive.value)} conductive, {len(network.radiative.value)} radiative"
    streams = f", {len(network.one_way.value)} one-way" if len(network.one_way.value) else ""
    print(f"{target}: {network.count} nodes, {counts}{streams} couplings")


def _later(name: str, what: str) -> Callable[..., None]:
    def command(context: typer.Context) -> None:
        raise failure(f"`caloris {name}` is not built yet ({what})", 2)

    command.__doc__ = f"{what[0].upper()}{what[1:]} (not built yet)."
    return command


for _name, _what in _LATER.items():
    app.command(_name, context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, hidden=True)(
        _later(_name, _what)
    )
