"""The table of doses by point and source."""

import numpy as np
from rich.table import Table

from caloris.output.read import RunFile
from caloris.output.show_devices import thick_shields
from caloris.output.tables import open_table
from caloris.output.text import rate
from caloris_kernels.constants import JULIAN_YEAR

RAD = 100.0  # rad per Gy
# Sources below this part of the largest of any point are rounding.
_SHOWN = 1e-9


def dose_table(run: RunFile) -> Table:
    """Return dose rates by source (rad a year), and the dose of the mission with its band."""
    factor = run.attribute("dose", "environment_factor") if hasattr(run, "attribute") else 2.0
    points, sources = run.names("dose/dose_point"), run.names("dose/dose_source")
    yearly, mission = run["dose/rate"] * RAD * JULIAN_YEAR, run["dose/mission_dose"] * RAD
    note = (
        f"rad of the target; years of 365.25 days. Band: times and over {factor or 2.0:g}, what the models of trapped "
        "particles are good for. Errors of rays and bins are in the file."
    )
    thick = thick_shields(points, run["dose/mean_shield"], "doses")
    table = open_table("Dose, rad per year", f"{note} {thick}".rstrip())
    table.add_column("point", overflow="fold")
    table.add_column("in")
    table.add_column("g/cm2", justify="right")
    largest = mission.max(initial=0.0)
    shown = [k for k in range(len(sources)) if mission[:, k].max(initial=0.0) > _SHOWN * largest]
    for k in shown:
        events = not yearly[:, k].any()
        table.add_column(sources[k] + (" (once)" if events else ""), justify="right", overflow="fold")
    for heading in ("a year", "years", "mission, rad", "band, rad"):
        table.add_column(heading, justify="right")
    targets, years, shield = run.names("dose/target"), run["dose/years"], run["dose/mean_shield"]
    low, high = run["dose/low"] * RAD, run["dose/high"] * RAD
    for row, point in enumerate(points):
        cells = [rate(float(yearly[row, k] if yearly[:, k].any() else mission[row, k])) for k in shown]
        total = float(np.sum(yearly[row]))
        table.add_row(
            point,
            targets[row],
            rate(float(shield[row])),
            *cells,
            rate(total),
            f"{years[row]:g}",
            rate(float(np.sum(mission[row]))),
            f"{rate(float(low[row]))} to {rate(float(high[row]))}",
        )
    return table
