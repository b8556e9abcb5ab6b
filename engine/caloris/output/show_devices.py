"""Tables of devices on the terminal: upset rates with their bands, effects, memories, and the job on them."""

from collections.abc import Sequence

import numpy as np
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from caloris.output.items import has_flux
from caloris.output.read import RunFile
from caloris.output.show_particles import Event, environment_words, event_of
from caloris.output.tables import open_table
from caloris.output.text import duration, listed, percent, prefixed, rate
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


def thick_shields(run: RunFile, names: Sequence[str], areal_density: np.ndarray, what: str) -> str:
    """A sentence on those behind so much that what collisions make counts; empty where there is none."""
    followed = run.attribute("particle", "fragments_followed", False)
    behind = [f"{name} ({x:.3g})" for name, x in zip(names, areal_density, strict=True) if x > THICK_SHIELD]
    if not behind:
        return ""
    missing = "secondary protons and neutrons" if followed else "fragments of ions, secondary protons and neutrons"
    return (
        f"Behind more than {THICK_SHIELD:g} g/cm2 (mean over the sphere) {missing}, which are not followed, count: "
        f"{what} come out too low: {', '.join(behind)}."
    )


def upset_table(run: RunFile) -> Table | Text:
    """Return upset rates per bit, per device and for all devices, a day; words where no ions arrive.

    Devices without a response of their bits, which have effects alone, have no row.
    """
    words, event = environment_words(run) or "", event_of(run)
    if not has_flux(run):
        lacking = "The environment holds a fluence of the mission and no flux: there are no rates of upsets or effects."
        if "particle/event_fluence" not in run:
            lacking = "No ions arrive: there are no upsets and no effects."
        return Text.assemble(("Upsets and effects\n", "bold"), f"{lacking}\n{words}".rstrip())
    names, proton = run.names("upset/device"), proton_rates(run)
    answers = {kind: run.get(f"upset/{kind}_response") for kind in ("heavy_ion", "proton")}
    rows = [k for k in range(len(names)) if any(answer is None or answer[k] for answer in answers.values())]
    if not rows:
        return Text.assemble(
            ("Upsets\n", "bold"), f"No bits that upset: the devices have effects alone.\n{words}".rstrip()
        )
    notes = [_event_note(event)] if event else []
    table = open_table(f"Upsets per day{_during(event)}")
    table.add_column("device", overflow="fold")
    # Headings are broken by hand: what they leave is the names', whose words then stay whole.
    for heading in (
        "count",
        "bits",
        "heavy\nion/bit",
        "proton\n/bit",
        "per\ndevice",
        *(["band"] if "upset/rate_low_per_day" in run else []),
        "all\ndevices",
        "in the\nevent" if event else "mean time\nbetween",
    ):
        table.add_column(heading, justify="right", no_wrap=True)
    cells: list[str] = []
    for row in rows:

        def value(name: str, row: int = row) -> float:
            values = run.get(f"upset/{name}")
            return float("nan") if values is None else float(values[row])

        def per_bit(kind: str, found: float, row: int = row) -> str:
            answer = answers[kind]
            return "-" if answer is not None and not answer[row] else rate(found * DAY)

        every = value("rate_per_day") * value("count")
        cells = [
            per_bit("heavy_ion", value("heavy_ion_rate_per_bit")),
            per_bit("proton", float("nan") if proton is None else float(proton[row])),
        ]
        notes += [note for cell, note in _CELL_NOTES.items() if cell in cells and note not in notes]
        table.add_row(
            names[row],
            f"{value('count'):.0f}",
            prefixed(value("bits")),
            *cells,
            rate(value("rate_per_day")),
            *([band(value("rate_low_per_day"), value("rate_high_per_day"))] if "upset/rate_low_per_day" in run else []),
            rate(every),
            _how_often(every, event),
        )
    if len(rows) < len(names):
        notes.append(f"No bits that upset, effects alone: {listed([n for k, n in enumerate(names) if k not in rows])}.")
    low, high = run.get("upset/rate_low_per_day"), run.get("upset/rate_high_per_day")
    if low is not None and high is not None:
        words = with_unknown(words, low[rows], high[rows])
    shield = run.get("particle/shield")
    thick = "" if shield is None else thick_shields(run, names, shield, "rates")
    table.caption = "\n".join([*notes, thick, words] if thick else [*notes, words]).strip() or None
    return table


_CELL_NOTES = {
    "-": "-: the device has no response to such particles.",
    "0": "0: no such particles arrive, or none above its onset.",
}


def _during(event: Event | None) -> str:
    """What a title adds where the rates are those of an event."""
    return f" during the {event.name} of solar particles" if event else ""


def _event_note(event: Event) -> str:
    return f"In the event: the rate over the {duration(event.duration)} that it lasts."


def _how_often(per_day: float, event: Event | None) -> str:
    """The mean time between events of a rate; during an event how many it brings, since the rate ends with it."""
    if event:
        return rate(per_day * event.duration / DAY)
    return duration(DAY / per_day) if per_day > 0 else "-"


def effect_table(run: RunFile) -> Table | None:
    """Return the named effects of devices, a day and device, with their bands; None where no ions arrive."""
    if not has_flux(run):
        return None
    event = event_of(run)
    ends = [run[f"upset/effect_{name}_per_day"] for name in ("low", "high")]
    words = "latch-ups, interrupts, transients, beside upset bits"
    table = open_table(f"Effects per day and device{_during(event)}", with_unknown(words, *ends))
    table.add_column("effect", overflow="fold")
    for heading in ("per device", "band", "in the event" if event else "mean time between"):
        table.add_column(heading, justify="right")
    rates, low, high = (run[f"upset/effect_{name}_per_day"] for name in ("rate", "low", "high"))
    for k, name in enumerate(run.names("upset/effect")):
        often = _how_often(float(rates[k]), event)
        table.add_row(name, rate(float(rates[k])), band(float(low[k]), float(high[k])), often)
    return table


def memory_table(run: RunFile) -> Table | None:
    """Return failures of words behind correction, a day and device, by what causes them; None where no ions arrive."""
    if not has_flux(run):
        return None
    low, high = run["upset/memory_failure_low"] * DAY, run["upset/memory_failure_high"] * DAY
    words = "by upsets that gather between scrubs, by single strikes"
    constant = run.get("upset/memory_constant_rate")
    if constant is not None:
        words = f"{words}; at constant rate: if the mean rate held all along the orbit"
    title = f"Uncorrected words per day and device{_during(event_of(run))}"
    table = open_table(title, with_unknown(words, low, high))
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


def job_panel(run: RunFile) -> Panel | None:
    """Return the job: how often it fails, how often it should be saved, what gets done; None where no ions arrive."""
    if not has_flux(run):
        return None
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
    return Panel(lines, title=f"Job{_during(event_of(run))}", title_align="left", expand=False)
