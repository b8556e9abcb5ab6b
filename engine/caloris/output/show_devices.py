"""Tables of devices on the terminal: upset rates with their bands, effects, memories, and the job on them."""

import numpy as np
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from caloris.output.read import RunFile
from caloris.output.tables import open_table
from caloris.output.text import duration, percent, rate
from caloris_kernels.constants import DAY


def band(low: float, high: float) -> str:
    """A band of rates as a table prints it: two digits are more than it is known to."""

    def short(value: float) -> str:
        # Rounded first: 250, where two digits alone would print 2.5e+02.
        return f"{float(f'{value:.2g}'):g}" if value == 0 or 1e-2 <= value < 1e4 else f"{value:.1e}"

    return f"{short(low)} to {short(high)}"


def proton_rates(run: RunFile) -> np.ndarray | None:
    """Upsets per bit by protons (s-1), by nuclear reactions and by their own ionization; None where there is none."""
    nuclear, direct = run.get("upset/proton_rate_per_bit"), run.get("upset/direct_proton_rate_per_bit")
    return nuclear if nuclear is None or direct is None else nuclear + direct


def effect_table(run: RunFile) -> Table:
    """Return the named effects of devices, a day and device, with their bands."""
    table = open_table("Effects per day and device", "latch-ups, interrupts, transients, beside upset bits")
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
    table = open_table(
        "Uncorrected words per day and device", "by upsets that gather between scrubs, by single strikes"
    )
    table.add_column("device", overflow="fold")
    for heading in ("gathered", "single strikes", "both", "band"):
        table.add_column(heading, justify="right")
    columns = [run[f"upset/memory_{name}"] * DAY for name in ("accumulated_rate", "strike_rate", "failure_rate")]
    low, high = run["upset/memory_failure_low"] * DAY, run["upset/memory_failure_high"] * DAY
    for k, name in enumerate(run.names("upset/device")):
        if columns[2][k] == columns[2][k]:  # devices without a memory have no figure
            cells = [rate(float(column[k])) for column in columns]
            table.add_row(name, *cells, band(float(low[k]), float(high[k])))
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
            "interval along the orbit",
            percent(float(values["goodput_following"])),
            f"  goodput, saved by the rate there ({values.get('follows', 'a table')})",
        )
    lines.rstrip()
    return Panel(lines, title="Job", title_align="left", expand=False)
