"""Picture of the dose over the radius of an aluminum sphere, by source, with the points of the case on it."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from caloris.output.plot_style import legend_outside, line_style, mark_decades, panels, save
from caloris.output.read import RunFile
from caloris.output.show_dose import RAD
from caloris_kernels.constants import JULIAN_YEAR

_RAD_PER_YEAR = RAD * JULIAN_YEAR  # of Gy s-1
_MILLIMETERS = 10.0 / 2.70  # of g cm-2 of aluminum
# Six decades below the largest is what one looks at.
_DECADES = 1e-6
# Points are told apart by their marks, named beside the picture; more than these are drawn without a name.
_MARKS = "osD^v<>pPX*hd"


def plot_depth_dose(run: RunFile, folder: Path) -> list[Path]:
    """Draw dose in silicon over the thickness of aluminum, by source and all, and every point's own dose.

    What lasts is in rad per year, with filled marks for the points; what events bring once, in rad, stands in a panel
    of its own with open marks. A panel without any dose is not drawn, nor a picture without panels; points without any
    shield have no place on the logarithmic axis.
    """
    depth = run["dose/dose_depth"] * _MILLIMETERS
    rate, mission = run["dose/rate"], run["dose/mission_dose"]
    once = np.where(rate.any(axis=0), 0.0, mission) * RAD
    found = [
        (run["dose/depth_rate"] * _RAD_PER_YEAR, rate * _RAD_PER_YEAR, "Dose, rad per year"),
        (run["dose/depth_event"] * RAD, once, "Dose, rad, once"),
    ]
    drawn = [(curves, points, label) for curves, points, label in found if curves.any()]
    if not drawn:
        return []
    figure, grid = panels(len(drawn), 1, 3.6 + 2.8 * (len(drawn) - 1), sharex=True)
    for axes, (curves, points, label) in zip(grid[:, 0], drawn, strict=True):
        _curves(axes, depth, curves, run.names("dose/dose_source"))
        _points(axes, run, points.sum(axis=1), filled="year" in label)
        axes.set_xlim(depth[0], depth[-1])
        mark_decades(axes.xaxis, axes.yaxis)
        axes.set_ylabel(label)
        legend_outside(axes)
    grid[-1, 0].set_xlabel("Radius of the aluminum sphere, mm (points: mean over all directions)")
    grid[0, 0].set_title("Dose over depth in silicon, and at the points in their own material")
    return save(figure, folder, "dose_depth")


def _curves(axes: Axes, depth: np.ndarray, curves: np.ndarray, sources: list[str]) -> None:
    """Each source, and the sum where there are several."""
    total = curves.sum(axis=0)
    several = np.count_nonzero(curves.any(axis=1)) > 1
    floor = max(total.max() * _DECADES, (1e-3 if several else 0.5) * total.min())
    if several:
        axes.plot(depth, total, color="black", linewidth=1.6, label="all")
    for k, source in enumerate(sources):
        seen = curves[k] > floor
        if seen.any():
            axes.plot(depth[seen], curves[k][seen], label=source, **line_style(k))
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_ylim(bottom=floor, top=2.0 * total.max())


def _points(axes: Axes, run: RunFile, dose: np.ndarray, *, filled: bool) -> None:
    """The points of the case with a shield and a dose, each with its mark."""
    shield = run["dose/mean_shield"] * _MILLIMETERS
    left, right = run["dose/dose_depth"][[0, -1]] * _MILLIMETERS
    shown = [k for k in range(len(dose)) if dose[k] > 0.0 and left <= shield[k] <= right]
    for place, k in enumerate(shown):
        named = place < len(_MARKS)
        axes.plot(
            [shield[k]], [dose[k]], _MARKS[place] if named else ".", color="black", markersize=4.5 if named else 3.0,
            markerfacecolor="black" if filled else "white", linestyle="none", zorder=3,
            label=run.names("dose/dose_point")[k] if named else None,
        )  # fmt: skip
    highest = max((dose[k] for k in shown), default=0.0)
    low, high = axes.get_ylim()
    axes.set_ylim(low, max(high, 2.0 * highest))
    left_out = len(shown) - len(_MARKS)
    if left_out > 0:
        axes.plot([], [], ".", color="black", markersize=3.0, linestyle="none", label=f"{left_out} more points")
