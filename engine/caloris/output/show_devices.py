"""Tables of devices on the terminal: upset rates with their bands, effects, memories, and the job on them."""

from collections.abc import Sequence

import numpy as np
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from caloris.output.read import RunFile
from caloris.output.tables import open_table
from caloris.output.text import duration, percent, rate
from caloris_kernels.constants import DAY, THICK_SHIELD

# The ratio of a band's ends beyond which they are no statement any more.
_WIDEST = 1e3
UNKNOWN = "unknown"
UNKNOWN_WORDS = "unknown: the band is wider than a factor of 1000; the rate says little more than that it is small"


def band(low: float, high: float) -> str:
    """A band of rates as a table prints it: two digits are more than it is known to, UNKNOWN more than a thousandfold.

    Where the band is that wide the rate hangs on a threshold near the end of the spectrum: its ends say nothing.
    """
    if high > _WIDEST * low:
        return UNKNOWN

    def short(value: float) -> str:
        # Rounded first: 250, where two digits alone would print 2.5e+02.
        return f"{float(f'{value:.2g}'):g}" if value == 0 or 1e-2 <= value < 1e4 else f"{value:.1e}"

    return f"{short(low)} to {short(high)}"


def track_table(run: RunFile) -> Table:
    """Return upsets and effects along a day of the track: where they are worst, and how many the belts cause."""
    table = open_table(
        "Upsets along a day of the orbit",
        "a day and device; in the belts: where trapped protons upset at more than 1 % of their highest rate",
    )
    table.add_column("device or effect", overflow="fold")
    for heading in ("mean", "highest", "where", "at", "in the\nbelts", "of the\nday"):
        table.add_column(heading, justify="right", no_wrap=True)
    time = run["particle/track_time"]
    latitude, longitude = run["particle/track_latitude"], run["particle/track_longitude"]
    for names, prefix in (("device", ""), ("effect", "effect_")):
        if f"upset/{prefix}track_rate" not in run:
            continue
        rates, trapped = run[f"upset/{prefix}track_rate"], run[f"upset/{prefix}track_trapped_rate"]
        for name, rate_, part in zip(run.names(f"upset/{names}"), rates, trapped, strict=True):
            if not rate_.any():
                continue
            # The last moment is the first of the next day.
            rate_now, inside, worst = rate_[:-1], in_belts(part)[:-1], int(rate_.argmax())
            where = f"{_degrees(latitude[worst], 'NS')} {_degrees(longitude[worst], 'EW')}"
            shares = [percent(float(rate_now[inside].sum() / rate_now.sum())), percent(float(inside.mean()))]
            shares = shares if inside.any() else ["-", "-"]
            table.add_row(
                name,
                rate(float(rate_now.mean())),
                rate(float(rate_.max())),
                where,
                duration(float(time[worst])),
                *shares,
            )
    return table


def in_belts(trapped: np.ndarray) -> np.ndarray:
    """Whether trapped protons upset at more than a hundredth of their highest rate of the day, by moments."""
    return trapped > 1e-2 * trapped.max() if trapped.any() else np.zeros(trapped.shape, bool)


def _degrees(value: float, sides: str) -> str:
    return f"{abs(value):.0f}°{sides[0] if value >= 0 else sides[1]}"


def proton_rates(run: RunFile) -> np.ndarray | None:
    """Upsets per bit by protons (s-1), by nuclear reactions and by their own ionization; None where there is none."""
    nuclear, direct = run.get("upset/proton_rate_per_bit"), run.get("upset/direct_proton_rate_per_bit")
    return nuclear if nuclear is None or direct is None else nuclear + direct


def with_unknown(words: str, low: np.ndarray, high: np.ndarray) -> str:
    """Words under a table, and what "unknown" means where a band of it is."""
    said = any(band(float(a), float(b)) == UNKNOWN for a, b in zip(low, high, strict=True))
    return f"{UNKNOWN_WORDS}\n{words}".rstrip() if said else words


def thick_shields(names: Sequence[str], areal_density: np.ndarray, what: str) -> str:
    """A sentence on those behind so much that what collisions make counts; empty where there is none."""
    behind = [f"{name} ({x:.3g})" for name, x in zip(names, areal_density, strict=True) if x > THICK_SHIELD]
    if not behind:
        return ""
    return (
        f"Behind more than {THICK_SHIELD:g} g/cm2 (mean over the sphere) secondary protons and neutrons, which are not "
        f"followed, and fragments, unless the case asks for them, count: {what} come out too low: {', '.join(behind)}."
    )


def effect_table(run: RunFile) -> Table:
    """Return the named effects of devices, a day and device, with their bands."""
    ends = [run[f"upset/effect_{name}_per_day"] for name in ("low", "high")]
    words = "latch-ups, interrupts, transients, beside upset bits"
    table = open_table("Effects per day and device", with_unknown(words, *ends))
    table.add_column("effect", overflow="fold")
    for heading in ("per device", "band", "mean time between"):
        table.add_column(heading, justify="right")
    rates, low, high = (run[f"upset/effect_{name}_per_day"] for name in ("rate", "low", "high"))
    for k, name in enumerate(run.names("upset/effect")):
        between = duration(DAY / float(rates[k])) if rates[k] > 0 else "-"
        table.add_row(name, rate(float(rates[k])), band(float(low[k]), float(high[k])), between)
    return table


def memory_table(run: RunFile) -> Table:
    """Return failures of words behind correction, a day and device, by what causes them."""
    low, high = run["upset/memory_failure_low"] * DAY, run["upset/memory_failure_high"] * DAY
    words = "by upsets that gather between scrubs, by single strikes"
    constant = run.get("upset/memory_constant_rate")
    if constant is not None:
        words = f"{words}; at constant rate: if the mean rate held all along the orbit"
    table = open_table("Uncorrected words per day and device", with_unknown(words, low, high))
    table.add_column("device", overflow="fold")
    headings = ("gathered", "single strikes", "both", "band", *(["at constant\nrate"] if constant is not None else []))
    for heading in headings:
        table.add_column(heading, justify="right")
    columns = [run[f"upset/memory_{name}"] * DAY for name in ("accumulated_rate", "strike_rate", "failure_rate")]
    for k, name in enumerate(run.names("upset/device")):
        if columns[2][k] == columns[2][k]:  # devices without a memory have no figure
            cells = [rate(float(column[k])) for column in columns]
            last = [] if constant is None else [rate(float(constant[k]) * DAY)]
            table.add_row(name, *cells, band(float(low[k]), float(high[k])), *last)
    return table


def job_panel(run: RunFile) -> Panel:
    """Return the job: how often it fails, how often it should be saved, what gets done."""
    values = run.attributes("system")
    lines = Text()

    def line(label: str, value: str, more: str = "") -> None:
        lines.append(f"{label:<28}{value:>12}{more}\n")

    failures = float(values["failure_rate"])
    between = [duration(1.0 / float(values[f"failure_rate{end}"])) if values[f"failure_rate{end}"] > 0 else "-"
               for end in ("", "_high", "_low")]  # fmt: skip
    line("mean time between failures", between[0], f"  ({between[1]} to {between[2]})")
    if failures > 0:
        line("interval of checkpoints", duration(float(values["interval"])))
        best = [duration(float(values[f"{name}_interval"])) for name in ("optimal", "young", "daly")]
        line("best interval", best[0], f"  (Young {best[1]}, Daly {best[2]})")
    low, high = percent(float(values["goodput_low"])), percent(float(values["goodput_high"]))
    line("goodput", percent(float(values["goodput"])), f"  ({low} to {high})")
    if len(run["system/orbit_phase"]) > 1:
        line(
            "goodput, best schedule",
            percent(float(values["goodput_following"])),
            f"  saved ahead of high rates ({values.get('follows', 'a table')})",
        )
    lines.rstrip()
    return Panel(lines, title="Job", title_align="left", expand=False)
