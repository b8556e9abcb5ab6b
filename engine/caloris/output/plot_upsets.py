"""Picture of upset rates and effects with their bands."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from caloris.output.plot_style import legend_outside, line_style, mark_decades, panels, save
from caloris.output.read import RunFile
from caloris.output.show_devices import proton_rates
from caloris.output.show_particles import event_of
from caloris_kernels.constants import DAY


class _Bar(NamedTuple):
    """One row: rates a day of all devices of the kind, by what causes them, and the band of their sum."""

    label: str
    parts: tuple[tuple[str, float], ...]
    low: float
    high: float


def plot_upsets(run: RunFile, folder: Path) -> list[Path]:
    """Draw upsets and effects per day of all devices of each kind, heavy ions and protons apart, with the bands.

    Rows without any rate are left out; where all are, there is no picture.
    """
    rows = [bar for bar in (*_upsets(run), *_effects(run)) if any(value > 0.0 for _, value in bar.parts)]
    if not rows:
        return []
    kinds = list(dict.fromkeys(kind for bar in rows for kind, value in bar.parts if value > 0.0))
    figure, ((axes,),) = panels(1, 1, 1.1 + 0.45 * len(rows))
    drawn: list[float] = []
    for kind in kinds:
        for place, bar in enumerate(rows):
            value = dict(bar.parts).get(kind, 0.0)
            if value > 0.0:
                # Two kinds in a row stand above each other, one alone in the middle.
                shift, height = (_SHIFT[kind], 0.36) if sum(part > 0.0 for _, part in bar.parts) > 1 else (0.0, 0.5)
                label = kind if not any(dict(other.parts).get(kind, 0.0) > 0.0 for other in rows[:place]) else None
                color = line_style(list(_SHIFT).index(kind))["color"]
                axes.barh(place + shift, value, height, label=label, color=color)
                drawn.append(value)
    total = np.array([sum(value for _, value in bar.parts) for bar in rows])
    ends = np.array([[bar.low, bar.high] for bar in rows])
    known = np.isfinite(ends).all(axis=1) & (ends > 0.0).all(axis=1)
    if known.any():
        wings = np.abs(ends[known].T - total[known])
        axes.errorbar(
            total[known], np.flatnonzero(known), xerr=wings, fmt="|", color="black", markersize=7, linewidth=1.0,
            capsize=2.5, label="sum and its band",
        )  # fmt: skip
        drawn += list(ends[known].ravel())
    axes.set_xscale("log")
    # Whole decades: at least two of them are marked, and the shortest bar is seen.
    axes.set_xlim(10.0 ** np.floor(np.log10(0.8 * min(drawn))), 10.0 ** np.ceil(np.log10(1.25 * max(drawn))))
    mark_decades(axes.xaxis)
    axes.set_yticks(range(len(rows)), [bar.label for bar in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.grid(False, axis="y")
    event = event_of(run)
    axes.set_xlabel(
        "Per day, all devices of the kind" + (f", during the {event.name} of solar particles" if event else "")
    )
    effects = any("effects" in dict(bar.parts) for bar in rows)
    axes.set_title("Rates of upsets and effects" if effects else "Upset rates")
    legend_outside(axes)
    return save(figure, folder, "upset_rates")


# Where bars of a kind stand within their row; the order is that of the colors.
_SHIFT = {"heavy ions": -0.19, "protons": 0.19, "effects": 0.0}


def _count(run: RunFile) -> np.ndarray:
    count = run.get("upset/count")
    return np.ones(len(run.names("upset/device"))) if count is None else count


def _upsets(run: RunFile) -> list[_Bar]:
    """Upset bits of every device."""
    names, count, bits = run.names("upset/device"), _count(run), run["upset/bits"]
    heavy, proton = run["upset/heavy_ion_rate_per_bit"] * bits * DAY * count, proton_rates(run)
    proton = np.zeros(len(names)) if proton is None else proton * bits * DAY * count
    low, high = (_of_day(run, f"upset/rate_{end}_per_day", count) for end in ("low", "high"))
    return [
        _Bar(
            f"{name} (x {count[k]:.0f})",
            (("heavy ions", float(heavy[k])), ("protons", float(proton[k]))),
            float(low[k]),
            float(high[k]),
        )
        for k, name in enumerate(names)
    ]


def _effects(run: RunFile) -> list[_Bar]:
    """Effects of devices, "device: effect"."""
    if "upset/effect" not in run:
        return []
    names, counts = run.names("upset/device"), _count(run)
    effects, found = run.names("upset/effect"), []
    for k, effect in enumerate(effects):
        # The longest name that it begins with: names may hold colons.
        device = max((name for name in names if effect.startswith(f"{name}: ")), key=len, default=None)
        count = 1.0 if device is None else float(counts[names.index(device)])
        rate, low, high = (float(run[f"upset/effect_{what}_per_day"][k]) * count for what in ("rate", "low", "high"))
        found.append(_Bar(f"{effect} (x {count:.0f})", (("effects", rate),), low, high))
    return found


def _of_day(run: RunFile, path: str, count: np.ndarray) -> np.ndarray:
    values = run.get(path)
    return np.full(len(count), np.nan) if values is None else values * count
