"""Picture of upset rates along a day of the orbit: by device and effect, with latitude and L below."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from caloris.output.plot_style import legend_outside, line_style, mark_decades, panels, save
from caloris.output.read import RunFile
from caloris.output.show_devices import in_belts

# So many lines can be told apart; the others are the least.
_MOST_LINES = 6
_DECADES = 5  # below the highest rate: lines that stay lower are left out
_LARGEST_SHELL = 8.0


def plot_upset_track(run: RunFile, folder: Path) -> list[Path]:
    """Draw the rate of each kind of device and effect over a day, belts shaded, and where the spacecraft then is."""
    hours, lines = run["particle/track_time"] / 3600.0, _lines(run)
    if not lines:
        return []
    figure, grid = panels(2, 1, 4.6, sharex=True, height_ratios=(2, 1))
    axes, place = grid[:, 0]
    highest = max(rate.max() for _, rate, _ in lines)
    for index, (name, rate, _) in enumerate(lines):
        axes.semilogy(hours, np.where(rate > 0.0, rate, np.nan), label=name, linewidth=1.0,
                      color=line_style(index)["color"])  # fmt: skip
    lowest = min(rate[rate > 0.0].min() for _, rate, _ in lines)
    axes.set_ylim(max(0.5 * lowest, highest * 10.0 ** -(_DECADES + 1)), 3.0 * highest)
    mark_decades(axes.yaxis)
    axes.set_ylabel("Per device and day (day⁻¹)")
    axes.set_title("Upsets and effects along a day of the orbit, shaded: in the proton belt")
    legend_outside(axes)
    inside = np.any([in_belts(trapped) for _, _, trapped in lines], axis=0)
    for one in (axes, place):
        _shade(one, hours, inside)
    place.plot(hours, run["particle/track_latitude"], color=line_style(0)["color"], linewidth=0.9, label="latitude (°)")
    place.set(ylim=(-90, 90), yticks=(-90, -45, 0, 45, 90), ylabel="Latitude (°)")
    shell = place.twinx()
    shell.plot(hours, np.minimum(run["particle/track_mcilwain"], _LARGEST_SHELL), color=line_style(1)["color"],
               linewidth=0.9, label=f"L (to {_LARGEST_SHELL:g})")  # fmt: skip
    shell.set(ylim=(0, _LARGEST_SHELL), ylabel="L (-)")
    shell.grid(False)
    handles = [*place.get_lines()[:1], *shell.get_lines()]
    # Beside the axis of L.
    place.legend(handles=handles, loc="upper left", bbox_to_anchor=(1.1, 1.0), borderaxespad=0.0, handlelength=2.6)
    place.set_xlabel("Time since the epoch (h)")
    place.set(xlim=(0, 24), xticks=np.arange(0, 25, 3))
    return save(figure, folder, "upset_track")


def _lines(run: RunFile) -> list[tuple[str, np.ndarray, np.ndarray]]:
    """Names, rates and the part by trapped protons: alike lines once, the highest first."""
    found: list[tuple[str, np.ndarray, np.ndarray]] = []
    for names, prefix in (("device", ""), ("effect", "effect_")):
        if f"upset/{prefix}track_rate" not in run:
            continue
        rates, trapped = run[f"upset/{prefix}track_rate"], run[f"upset/{prefix}track_trapped_rate"]
        for name, rate, part in zip(run.names(f"upset/{names}"), rates, trapped, strict=True):
            same = [k for k, (_, other, _) in enumerate(found) if np.array_equal(rate, other)]
            if same:
                label = found[same[0]][0]
                found[same[0]] = (label if label.endswith("...") else f"{label}, ...", rate, part)
            elif rate.any():
                found.append((name, rate, part))
    highest = max((rate.max() for _, rate, _ in found), default=0.0)
    seen = [line for line in found if line[1].max() > highest * 10.0**-_DECADES]
    return sorted(seen, key=lambda line: -line[1].max())[:_MOST_LINES]


def _shade(axes: Axes, hours: np.ndarray, inside: np.ndarray) -> None:
    """Grey where the spacecraft is in the belt."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], inside, [False]]).astype(int)))
    for first, last in edges.reshape(-1, 2):
        ends = float(hours[first]), float(hours[min(last, len(hours) - 1)])
        axes.axvspan(*ends, color="#000000", alpha=0.08, linewidth=0)
