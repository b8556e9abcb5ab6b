"""Picture of the dose over the radius of an aluminum sphere, by source, with the points of the case on it."""

from pathlib import Path

import numpy as np

from caloris.output.plot_style import legend_outside, line_style, mark_decades, panels, save
from caloris.output.read import RunFile

_RAD_PER_YEAR = 100.0 * 365.25 * 86400.0  # of Gy s-1
_MILLIMETERS = 10.0 / 2.70  # of g cm-2 of aluminum
# Six decades below the largest is what one looks at.
_DECADES = 1e-6


def plot_depth_dose(run: RunFile, folder: Path) -> list[Path]:
    """Draw dose per year in silicon over the thickness of aluminum, each source and all, and every point's own dose."""
    depth = run["dose/dose_depth"] * _MILLIMETERS
    curves, sources = run["dose/depth_rate"] * _RAD_PER_YEAR, run.names("dose/dose_source")
    figure, ((axes,),) = panels(1, 1, 3.6)
    total = curves.sum(axis=0)
    floor = max(total.max(initial=1e-30) * _DECADES, 1e-3 * total.min(initial=np.inf))
    axes.plot(depth, total, color="black", linewidth=1.6, label="all")
    for k, source in enumerate(sources):
        seen = curves[k] > floor
        if seen.any():
            axes.plot(depth[seen], curves[k][seen], label=source, **line_style(k))
    rate, shield = run["dose/rate"].sum(axis=1) * _RAD_PER_YEAR, run["dose/mean_shield"] * _MILLIMETERS
    for row, name in enumerate(run.names("dose/dose_point")):
        if rate[row] > 0.0 and shield[row] > 0.0:
            axes.plot([shield[row]], [rate[row]], "o", color="black", markersize=4)
            axes.annotate(
                name, (shield[row], rate[row]), xytext=(4, 4 - 12 * (row % 2)), textcoords="offset points", fontsize=7
            )
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(depth[0], depth[-1])
    axes.set_ylim(bottom=floor, top=2.0 * np.max(total, initial=floor))
    mark_decades(axes.xaxis, axes.yaxis)
    axes.set_xlabel("Radius of the aluminum sphere, mm (points: mean over all directions)")
    axes.set_ylabel("Dose, rad per year")
    axes.set_title("Dose over depth in silicon, and at the points in their own material")
    legend_outside(axes)
    return save(figure, folder, "dose_depth")
