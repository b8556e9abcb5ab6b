"""One look for all pictures: colors told apart by color-blind readers, sizes for a report page, saving."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator, ScalarFormatter

from caloris.output.read import RunFile

# Okabe and Ito (2008), "Color universal design": distinct under the common color-vision deficiencies.
# Yellow is left out: thin lines of it vanish on white.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
DASHES: tuple[Any, ...] = ("-", (0, (5, 2)), (0, (1.5, 1.5)), (0, (6, 2, 1.5, 2)))
# Perceptually uniform, monotonic in lightness: reads in gray and with any color vision.
TEMPERATURE_MAP = "inferno"
LEAST_SPAN = 1.0  # K: axes and color bars of temperature show no less
WIDTH = 7.2  # inches: the text width of an A4 or letter page
_DOTS_PER_INCH = 200
_RULES: Any = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "axes.axisbelow": True,
    "lines.linewidth": 1.5,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "axes.prop_cycle": cycler(color=COLORS),
    "figure.dpi": 100,
}


@contextmanager
def style() -> Iterator[None]:
    """Draw in the house style inside the with block."""
    with matplotlib.rc_context(_RULES):
        yield


def line_style(index: int) -> dict[str, Any]:
    """Return color and dash of the index-th line: colors first, then the same colors with other dashes."""
    return {"color": COLORS[index % len(COLORS)], "linestyle": DASHES[index // len(COLORS) % len(DASHES)]}


def legend_outside(axes: Axes, **options: Any) -> None:
    """Put the legend right of the axes, so that it never covers a line."""
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0.0, handlelength=2.6, **options)


def mark_decades(*scales: Axis) -> None:
    """Mark whole decades of logarithmic scales as 10², 10³, ... in plain text, which is set quickly."""
    superscript = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

    def text(value: float, _position: int | None = None) -> str:
        return "10" + str(round(np.log10(value))).translate(superscript) if value > 0 else ""

    for scale in scales:
        scale.set_major_formatter(FuncFormatter(text))
        scale.set_minor_locator(NullLocator())


def at_least(axis: Axis, span: float) -> None:
    """Let an axis show no less than `span`, and plain numbers: what is constant but for rounding is a straight line."""
    low, high = axis.get_view_interval()
    if high - low < span:
        middle = 0.5 * (low + high)
        axis.set_view_interval(middle - 0.5 * span, middle + 0.5 * span, ignore=True)
    formatter = axis.get_major_formatter()
    if isinstance(formatter, ScalarFormatter):
        formatter.set_useOffset(False)


def panels(rows: int, columns: int, height: float, **options: Any) -> tuple[Figure, np.ndarray]:
    """Return a page-wide figure of `height` inches and its axes [rows, columns].

    The figure stands alone, outside pyplot: no window, no change of the caller's plotting backend.
    """
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write the figure as PNG and PDF and return the two paths."""
    paths = [folder / f"{name}.png", folder / f"{name}.pdf"]
    # Arrange once, then hold still: otherwise each format would lay the figure out anew.
    layout = figure.get_layout_engine()
    if layout is not None:
        layout.execute(figure)
    figure.set_layout_engine("none")
    figure.savefig(paths[0], dpi=_DOTS_PER_INCH)
    # Without a creation date equal runs give equal files.
    figure.savefig(paths[1], dpi=300, metadata={"CreationDate": None})
    return paths


def last_orbit(run: RunFile) -> tuple[np.ndarray, np.ndarray]:
    """Return indices of the output times of the last whole orbit, and these times in minutes from its start.

    A run shorter than an orbit, or without one, is returned whole.
    """
    time = run["thermal/time"]
    period = run.attribute("orbit", "period")
    start = time[0]
    if period and time[-1] - time[0] >= period:
        start = time[-1] - period
    # Output times are written to rounding; a sample one part in 1e9 early still belongs to the orbit.
    kept = np.flatnonzero(time >= start - 1e-9 * max(abs(time[-1]), 1.0))
    return kept, (time[kept] - start) / 60.0


def eclipses(run: RunFile, start: float, end: float) -> list[tuple[float, float]]:
    """Return (entry, exit) of each eclipse within start..end (s), cut off at both.

    Entry and exit times come from the orbit's attributes, else from the lit fraction at the output times.
    """
    entry, leave = run.attribute("orbit", "eclipse_entry"), run.attribute("orbit", "eclipse_exit")
    if entry is None or leave is None:
        lit = run.get("orbit/lit_fraction")
        if lit is None:
            return []
        time = run["thermal/time"]
        dark = np.concatenate([[False], lit < 0.5, [False]])
        edges = np.flatnonzero(np.diff(dark.astype(int)))
        pairs = list(zip(time[edges[::2]], time[edges[1::2] - 1], strict=True))
    else:
        pairs = _paired(np.atleast_1d(entry), np.atleast_1d(leave), start, end)
    return [(max(a, start), min(b, end)) for a, b in pairs if b > start and a < end]


def _paired(
    entry: Sequence[float] | np.ndarray, leave: Sequence[float] | np.ndarray, start: float, end: float
) -> list[tuple[float, float]]:
    """Pair entries with the next exit; an eclipse under way at either end has that end as its edge."""
    events = sorted([(float(t), 1) for t in entry] + [(float(t), 0) for t in leave])
    pairs, begun = [], None if not events or events[0][1] else start
    for moment, enters in events:
        if enters:
            begun = moment
        elif begun is not None:
            pairs.append((begun, moment))
            begun = None
    return [*pairs, (begun, end)] if begun is not None else pairs


def shade_eclipses(axes: Axes, run: RunFile, minutes: np.ndarray, start: float) -> None:
    """Shade eclipses; `start` (s) is the run time at 0 minutes of the axes."""
    end = start + 60.0 * minutes[-1]
    for index, (a, b) in enumerate(eclipses(run, start, end)):
        label = "eclipse" if index == 0 else None
        axes.axvspan((a - start) / 60, (b - start) / 60, color="#e4e4ec", linewidth=0, label=label, zorder=0)
