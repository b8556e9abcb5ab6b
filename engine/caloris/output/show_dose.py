"""The tables of doses by point and source, and of displacement damage."""

import numpy as np
from rich.table import Table

from caloris.output.read import RunFile
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
    table = open_table("Dose, rad per year", note)
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


def damage_table(run: RunFile) -> Table:
    """Return the displacement damage of the mission, its material, and fluences of the same damage."""
    note = "Equivalent fluences by the same tables of NIEL (95 MeV mb of 1 MeV neutrons); good to 20 %."
    table = open_table("Displacement damage of the mission", note)
    table.add_column("point", overflow="fold")
    table.add_column("in")
    for heading in (
        "protons,\nMeV/g",
        "electrons,\nMeV/g",
        "both,\nMeV/g",
        "10 MeV\nprotons/cm2",
        "1 MeV\nneutrons/cm2",
    ):
        table.add_column(heading, justify="right")
    material = run.names("dose/damage_material")
    both, electrons = run["dose/damage"], run["dose/electron_damage"]
    protons, neutrons = run["dose/equivalent_protons"], run["dose/equivalent_neutrons"]
    for k, point in enumerate(run.names("dose/dose_point")):
        values = [both[k] - electrons[k], electrons[k], both[k], protons[k], neutrons[k]]
        table.add_row(point, material[k], *("-" if np.isnan(value) else f"{float(value):.3g}" for value in values))
    return table
