"""The tables of doses: the rate by source, the mission with what comes once, and displacement damage."""

from textwrap import wrap

import numpy as np
from rich.table import Table

from caloris.output.read import RunFile
from caloris.output.show_devices import thick_shields
from caloris.output.tables import open_table
from caloris.output.text import prefixed, rate
from caloris_kernels.constants import JULIAN_YEAR

RAD = 100.0  # rad per Gy
# Sources below this part of the largest of any point are rounding.
_SHOWN = 1e-9
# Headings are broken at words where they are longer (characters).
_HEADING = 12


def dose_table(run: RunFile) -> Table | None:
    """Return dose rates by source (rad a year) of all that lasts; None where everything comes once."""
    yearly = run["dose/rate"] * RAD * JULIAN_YEAR
    shown = [k for k in _shown(run) if yearly[:, k].any()]
    if not shown:
        return None
    note = "rad of the target material, years of 365.25 days; what comes once is no part of it."
    table = _table("Dose, rad per year", note, yearly.sum(axis=1).max(initial=0.0))
    sources = run.names("dose/dose_source")
    for heading in (*(sources[k] for k in shown), "all"):
        table.add_column("\n".join(wrap(heading, _HEADING, break_long_words=False)), justify="right")
    for row in range(len(yearly)):
        cells = [prefixed(float(yearly[row, k])) for k in shown]
        table.add_row(*_point(run, row), *cells, prefixed(float(np.sum(yearly[row]))))
    return table


def mission_table(run: RunFile) -> Table:
    """Return the dose of the mission (rad): what lasts times the years, what comes once, and the sum's band."""
    factor = run.attribute("dose", "environment_factor", 2.0)
    yearly, mission = run["dose/rate"], run["dose/mission_dose"] * RAD
    lasting, sources = np.any(yearly, axis=0), run.names("dose/dose_source")
    once = [k for k in _shown(run) if not lasting[k]]
    note = (
        f"rad of the target material. Band: times and over {factor:g}, what the models of trapped particles are said "
        "to be good for, taken for all sources. Errors of rays and bins are in the file."
    )
    thick = thick_shields(run, run.names("dose/dose_point"), run["dose/mean_shield"], "doses")
    table = _table("Dose of the mission, rad", f"{note} {thick}".rstrip(), mission.sum(axis=1).max(initial=0.0))
    headings = ["years", *(["by the year"] if lasting.any() else []), *(f"{sources[k]} (once)" for k in once)]
    for heading in (*headings, "mission", "band"):
        table.add_column("\n".join(wrap(heading, _HEADING, break_long_words=False)), justify="right")
    low, high = run["dose/low"] * RAD, run["dose/high"] * RAD
    for row in range(len(mission)):
        summed = [prefixed(float(np.sum(mission[row, lasting])))] if lasting.any() else []
        table.add_row(
            *_point(run, row),
            f"{run['dose/years'][row]:g}",
            *summed,
            *(prefixed(float(mission[row, k])) for k in once),
            prefixed(float(np.sum(mission[row]))),
            f"{prefixed(float(low[row]))} to {prefixed(float(high[row]))}",
        )
    return table


def _table(title: str, note: str, largest: float) -> Table:
    """An empty table with the columns that say what each point is; largest: the number that is printed in it."""
    table = open_table(title, note + (" k, M, G: 10³, 10⁶, 10⁹." if largest >= 1e3 else ""))
    table.add_column("point", overflow="fold")
    table.add_column("in")
    table.add_column("g/cm2", justify="right")
    return table


def _point(run: RunFile, row: int) -> tuple[str, str, str]:
    """What each table says of a point: its name, its material, the mean shield around it."""
    shield = rate(float(run["dose/mean_shield"][row]))
    return run.names("dose/dose_point")[row], run.names("dose/target")[row], shield


def _shown(run: RunFile) -> list[int]:
    """Sources that matter at any point."""
    mission = run["dose/mission_dose"]
    largest = mission.max(initial=0.0)
    return [k for k in range(mission.shape[1]) if mission[:, k].max(initial=0.0) > _SHOWN * largest]


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
