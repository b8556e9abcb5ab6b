"""Designs side by side on the terminal: a column for each design, a row for each figure that any of them has."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import degrees

from rich.console import Console
from rich.table import Table
from rich.text import Text

from caloris.output.designs import Design
from caloris.output.show_devices import band
from caloris.output.show_dose import RAD
from caloris.output.show_limits import AS_IT_STANDS
from caloris.output.show_particles import described
from caloris.output.tables import open_table, print_whole
from caloris.output.text import celsius, duration, percent, rate, signed
from caloris_kernels.constants import JULIAN_YEAR

# Columns of designs are at least this wide, that of the figures' names this (characters).
_DESIGN_WIDTH, _LABEL_WIDTH = 18, 28
# Powers below this part of the heat loads are rounding.
_ROUNDING = 1e-6
_WATTS = ((1e7, 1e6, "MW"), (1e4, 1e3, "kW"), (0.0, 1.0, "W"))


@dataclass(frozen=True)
class _Row:
    """One row: its label with the unit, and a cell for each design, None where it lacks the figure."""

    label: str
    cells: tuple[Text | None, ...]


def show_designs(designs: Sequence[Design], console: Console) -> None:
    """Print the designs, in several tables where the console is not wide enough, and what must be known beside them."""
    groups = [(heading, [row for row in rows(designs) if any(row.cells)]) for heading, rows in _GROUPS]
    room = max(1, (console.width - _LABEL_WIDTH) // (_DESIGN_WIDTH + 2))
    # As many in each table as fit, spread evenly: five are three and two, not four and one.
    tables = -(-len(designs) // room)
    each = -(-len(designs) // tables)
    for first in range(0, len(designs), each):
        widest = max(_DESIGN_WIDTH, (console.width - _LABEL_WIDTH) // each - 2)
        print_whole(console, _table(designs, groups, slice(first, first + each), widest))
        console.print()
    for note in _notes(designs):
        console.print(note)


def _table(designs: Sequence[Design], groups: Sequence[tuple[str, list[_Row]]], part: slice, widest: int) -> Table:
    """The designs of one table, each in a column of at most `widest` characters."""
    table = open_table("Designs")
    table.add_column("", overflow="fold", min_width=_LABEL_WIDTH)
    for design in designs[part]:
        heading = Text(design.name)
        if design.has_variants:
            heading.append(f"\n{design.variant or AS_IT_STANDS}", "not bold")
        table.add_column(heading, justify="right", overflow="fold", min_width=_DESIGN_WIDTH, max_width=widest)
    for heading, rows in groups:
        if not rows:
            continue
        if heading:
            table.add_row(Text(heading, "bold"))
        for row in rows:
            indent = "  " if heading else ""
            cells = [Text("-", "dim") if cell is None else cell for cell in row.cells[part]]
            table.add_row(indent + row.label, *cells)
    return table


def _row(
    designs: Sequence[Design],
    label: str,
    figure: str,
    form: Callable[[float], str],
    *,
    detail: Callable[[Design], str] = lambda design: "",
    alarming: Callable[[Design, float], bool] = lambda design, value: False,
) -> _Row:
    """A row of numbers; what goes with a number stands below it."""
    cells: list[Text | None] = []
    for design in designs:
        value = design.number(figure)
        if value is None:
            cells.append(None)
            continue
        cell = Text(form(value), "bold red" if alarming(design, value) else "")
        more = detail(design)
        cells.append(cell.append(f"\n{more}", "not bold dim") if more else cell)
    return _Row(label, tuple(cells))


def _words(designs: Sequence[Design], label: str, figure: str) -> _Row:
    return _Row(label, tuple(Text(design.text(figure)) if design.text(figure) else None for design in designs))


def _watts(
    designs: Sequence[Design], label: str, figure: str, alarming: Callable[[Design, float], bool] = lambda d, v: False
) -> _Row:
    """Powers in one unit for all designs."""
    largest = max((abs(design.number(figure) or 0.0) for design in designs), default=0.0)
    scale, unit = next((scale, unit) for least, scale, unit in _WATTS if largest >= least)
    return _row(designs, f"{label}, {unit}", figure, lambda value: f"{value / scale:.4g}", alarming=alarming)


def _band(design: Design, figure: str, form: Callable[[float, float], str] = band) -> str:
    low, high = design.number(f"{figure}_low"), design.number(f"{figure}_high")
    return "" if low is None or high is None else form(low, high)


_Rows = Iterator[_Row]


def _case(designs: Sequence[Design]) -> _Rows:
    yield _words(designs, "case", "title")
    results = [design.text("result") for design in designs]
    if any(result != "success" for result in results):
        styles = ["green" if result == "success" else "bold red" for result in results]
        yield _Row("result", tuple(Text(*pair) for pair in zip(results, styles, strict=True)))
    yield _words(designs, "mode", "mode")


def _orbit(designs: Sequence[Design]) -> _Rows:
    def altitude(design: Design) -> Text | None:
        low, high = design.number("perigee_altitude"), design.number("apogee_altitude")
        if low is None or high is None:
            return None
        low, high = low / 1e3, high / 1e3
        # A circular orbit by its axis and eccentricity is one to rounding.
        return Text(f"{low:.4g}" if high - low < 0.05 else f"{low:.4g} x {high:.5g}")

    yield _Row("altitude, km", tuple(altitude(design) for design in designs))
    yield _row(designs, "inclination, deg", "inclination", lambda value: f"{degrees(value):.1f}")
    yield _row(designs, "beta, deg", "beta", lambda value: f"{degrees(value) + 0.0:.1f}")

    def eclipse(design: Design) -> Text | None:
        seconds, share = design.number("eclipse_duration"), design.number("eclipse_share")
        if seconds is None or share is None:
            return None
        return Text(f"{duration(seconds)}, {percent(share)}" if seconds > 0 else "none")

    yield _Row("eclipse, of the orbit", tuple(eclipse(design) for design in designs))


def _power(designs: Sequence[Design]) -> _Rows:
    yield _watts(designs, "electric load", "electric_load")
    yield _watts(designs, "power left over", "power_margin", lambda design, value: value < 0)
    yield _watts(
        designs,
        "load not served",
        "unserved_power",
        lambda design, value: value > _ROUNDING * (design.number("electric_load") or 0.0),
    )
    yield _row(
        designs,
        "lowest charge, %",
        "lowest_charge",
        lambda value: f"{100 * value:.1f}",
        detail=lambda design: f"floor {100 * (design.number('lowest_charge_allowed') or 0.0):.1f}",
        alarming=lambda design, value: value < (design.number("lowest_charge_allowed") or 0.0) - 1e-9,
    )


def _heat(designs: Sequence[Design]) -> _Rows:
    yield _watts(designs, "heat dissipated", "heat_load")
    if any(abs(one.number("boundary_heat") or 0.0) > _ROUNDING * (one.number("heat_load") or 0.0) for one in designs):
        yield _watts(designs, "heat from boundaries", "boundary_heat")
    for label, figure, form in (
        ("radiator, m2 of panel", "radiator_panel_area", "{:.4g}"),
        ("radiating sides, m2", "radiator_radiating_area", "{:.4g}"),
        ("mass of panel, kg", "radiator_mass", "{:.4g}"),
    ):
        yield _row(designs, label, figure, form.format)
    yield _watts(designs, "net heat off radiator", "radiator_heat")
    yield _row(designs, "net heat, W/m2 radiating", "radiator_flux", "{:.1f}".format)
    yield _row(designs, "radiator, mean °C", "radiator_temperature", celsius)


def _temperatures(designs: Sequence[Design]) -> _Rows:
    for end in ("hottest", "coldest"):
        yield _row(designs, f"{end}, °C", end, celsius, detail=lambda design, end=end: design.text(f"{end}_item"))
    yield _row(
        designs,
        "least margin to a limit, K",
        "margin",
        signed,
        detail=lambda design: f"{design.text('margin_item')}, {design.text('margin_end')}",
        alarming=lambda design, value: value < 0,
    )


def _upsets(designs: Sequence[Design]) -> _Rows:
    yield _row(designs, "upsets a day, all devices", "upsets", rate, detail=lambda design: _band(design, "upsets"))
    yield _words(designs, "most of them in", "upsets_device")
    yield _row(
        designs,
        "uncorrected words a day",
        "word_failures",
        rate,
        detail=lambda design: _band(design, "word_failures"),
    )
    yield _row(designs, "failures of the job a day", "job_failures", rate)
    yield _row(
        designs,
        "goodput, %",
        "goodput",
        lambda value: f"{100 * value:.2f}",
        detail=lambda design: _band(design, "goodput", lambda low, high: f"{100 * low:.2f} to {100 * high:.2f}"),
    )


def _dose(designs: Sequence[Design]) -> _Rows:
    targets = {design.text("dose_target") for design in designs} - {""}
    one = targets.pop() if len(targets) == 1 else ""
    unit = f"rad({one})" if one else "rad"
    yield _words(designs, "worst point", "dose_point")
    if not one:
        yield _words(designs, "in", "dose_target")
    yield _row(designs, "behind, g/cm2", "dose_shield", rate)
    yield _row(designs, f"dose a year, {unit}", "dose_rate", lambda value: rate(value * RAD * JULIAN_YEAR))
    largest = max((design.number("mission_dose") or 0.0 for design in designs), default=0.0) * RAD
    scale, prefix = (1e3, "k") if largest >= 1e3 else (1.0, "")
    yield _row(
        designs,
        f"mission dose, {prefix}{unit}",
        "mission_dose",
        lambda value: rate(value * RAD / scale),
        detail=lambda design: _band(
            design, "mission_dose", lambda low, high: band(low * RAD / scale, high * RAD / scale)
        ),
    )
    if any(design.number("event_dose") for design in designs):
        yield _row(designs, "of it by solar events", "event_dose", lambda value: rate(value * RAD / scale))
    yield _row(designs, "mission, years", "mission_years", "{:g}".format)


def _solution(designs: Sequence[Design]) -> _Rows:
    yield _row(designs, "energy residual", "energy_residual", "{:.1e}".format)


_GROUPS: tuple[tuple[str, Callable[[Sequence[Design]], _Rows]], ...] = (
    ("", _case),
    ("Orbit", _orbit),
    ("Power", _power),
    ("Heat", _heat),
    ("Temperatures", _temperatures),
    ("Upsets", _upsets),
    ("Dose", _dose),
    ("", _solution),
)


def _notes(designs: Sequence[Design]) -> Iterator[Text]:
    """What failed, what the figures mean, and the particle environment of each design."""
    for design in designs:
        if design.text("result") != "success":
            failed = f"{_called(design)} failed: {design.text('result')}."
            words = f"{failed} Its figures, where it has any, are of its last accepted state."
            yield Text(words, "bold red")
    lines = ["-: the run does not hold it. Powers are means over the run."]
    radiators = _alike(designs, "radiator")
    lines += [f"Radiator: {surfaces} ({names})." for surfaces, names in radiators.items()]
    if radiators:
        lines.append("Net heat: emitted less what comes from the Sun, the planet and other surfaces.")
    if any(design.text("mode") and not design.text("radiator") for design in designs):
        lines.append('Radiators are surfaces with "radiator" in their name, unless --radiator says which are.')
    if any(design.number("dose_rate") is not None for design in designs):
        lines.append("Worst point: by the dose of its mission. A year is without solar events, the mission with them.")
    yield Text("\n".join(lines), "dim")
    for environment, names in _alike(designs, "environment").items():
        yield Text(f"Environment ({names}): {described(environment)}")


def _alike(designs: Sequence[Design], figure: str) -> dict[str, str]:
    """The designs of which a text holds, by that text; one whose variants all have it is named once."""
    found: dict[str, str] = {}
    for text in dict.fromkeys(design.text(figure) for design in designs):
        if text:
            alike = [design for design in designs if design.text(figure) == text]
            others = {design.name for design in designs if design.text(figure) != text}
            names = dict.fromkeys(_called(one) if one.name in others else one.name for one in alike)
            found[text] = ", ".join(names)
    return found


def _called(design: Design) -> str:
    """A design by its name and its variant."""
    return f"{design.name}, {design.variant}" if design.variant else design.name
