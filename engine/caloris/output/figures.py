"""The figures by which designs are compared: one table of names, units and meanings, and their values in a run.

A figure is one number, or one name, of a whole run: what `caloris compare` prints, and what it writes as CSV and JSON.
Units are those of the run file. What a run does not hold is None, never an estimate.
"""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from caloris.output.items import extremes, has_flux, impossible_node, mean_power, node_mean, time_mean
from caloris.output.read import RunFile
from caloris_kernels.constants import DAY

Value = float | str | None
# Surfaces whose name has this word are radiators, where nobody says which are.
RADIATOR = "radiator"


@dataclass(frozen=True)
class Figure:
    """One figure: units (UDUNITS, "" for text) and what it says."""

    units: str
    meaning: str


FIGURES: dict[str, Figure] = {
    "title": Figure("", "title of the case"),
    "result": Figure("", "success, or the name of what failed"),
    "mode": Figure("", "steady, transient or cyclic; empty without temperatures"),
    "perigee_altitude": Figure("m", "lowest altitude of the orbit above the planet's radius"),
    "apogee_altitude": Figure("m", "highest altitude of the orbit above the planet's radius"),
    "inclination": Figure("rad", "inclination of the orbit"),
    "beta": Figure("rad", "angle between the Sun and the orbit plane, mean over the run"),
    "eclipse_duration": Figure("s", "time in eclipse per orbit"),
    "eclipse_share": Figure("1", "time in eclipse over the period"),
    "electric_load": Figure("W", "electrical power delivered to the loads, mean over the run"),
    "power_margin": Figure("W", "mean electrical power left over (negative: missing)"),
    "unserved_power": Figure("W", "load that could not be served, mean over the run"),
    "lowest_charge": Figure("1", "lowest stored energy over capacity of the battery nearest to its floor"),
    "lowest_charge_allowed": Figure("1", "floor of that battery: 1 - its largest depth of discharge allowed"),
    "lowest_charge_battery": Figure("", "that battery"),
    "heat_load": Figure("W", "heat from loads, heaters and electrical dissipation, mean over the run"),
    "boundary_heat": Figure("W", "heat supplied to hold temperatures of boundaries, mean over the run"),
    "radiator": Figure("", "surfaces that are counted as radiators"),
    "radiator_panel_area": Figure("m2", "area of these surfaces, one side"),
    "radiator_radiating_area": Figure("m2", "area of their sides that radiate"),
    "radiator_mass": Figure("kg", "mass of their sheets, materials or panels"),
    "radiator_heat": Figure("W", "heat they rid the spacecraft of: emitted less absorbed from all around, run mean"),
    "radiator_flux": Figure("W m-2", "that heat over the radiating area"),
    "radiator_temperature": Figure("K", "mean temperature over their area and the run"),
    "hottest": Figure("K", "highest temperature of all nodes over the run"),
    "hottest_item": Figure("", "surface or node that has it"),
    "coldest": Figure("K", "lowest temperature of all nodes over the run"),
    "coldest_item": Figure("", "surface or node that has it"),
    "margin": Figure("K", "least margin to a temperature limit (negative: not kept)"),
    "margin_item": Figure("", "item that has it"),
    "margin_end": Figure("", "low or high: the end of the limit that it is to"),
    "margin_verdict": Figure("", "kept, or the innermost range of that item outside its limit"),
    "upsets": Figure("day-1", "upsets of all devices, heavy ions and protons"),
    "upsets_low": Figure("day-1", "the same with the rates of all devices at the low ends of their bands"),
    "upsets_high": Figure("day-1", "the same at the high ends"),
    "upsets_device": Figure("", "device with the most of them"),
    "word_failures": Figure("day-1", "words that correction does not save, of all devices with a memory"),
    "word_failures_low": Figure("day-1", "the same at the low ends of the bands"),
    "word_failures_high": Figure("day-1", "the same at the high ends"),
    "job_failures": Figure("day-1", "failures of the job"),
    "goodput": Figure("1", "useful share of the job's time"),
    "goodput_low": Figure("1", "the same at the high ends of the rates' bands"),
    "goodput_high": Figure("1", "the same at the low ends"),
    "dose_point": Figure("", "dose point with the largest dose of its mission"),
    "dose_target": Figure("", "material that absorbs that dose"),
    "dose_shield": Figure("g cm-2", "areal density around the point, mean over the sphere"),
    "dose_rate": Figure("Gy s-1", "absorbed dose rate there, all sources, mean over the orbit; without events"),
    "mission_dose": Figure("Gy", "absorbed dose of the mission there"),
    "mission_dose_low": Figure("Gy", "that dose over the factor of the environment"),
    "mission_dose_high": Figure("Gy", "that dose times the factor of the environment"),
    "event_dose": Figure("Gy", "part of that dose by solar events of the mission"),
    "mission_years": Figure("year", "length of the mission there, years of 365.25 days"),
    "environment": Figure("", "what the particle environment contains and lacks"),
    "energy_residual": Figure("1", "largest energy residual over the run's largest total"),
}


def read_figures(run: RunFile, radiators: Sequence[str] = ()) -> dict[str, Value]:
    """Return every figure of a run, or of one variant of it, in the order of FIGURES; None for what it does not hold.

    radiators: the surfaces that are; without them those with "radiator" in their name. Raises RunFileError when the
    file lacks a dataset of a group that it has.
    """
    found: dict[str, Value] = {"title": _title(run), "result": run.result}
    stopped = impossible_node(run) is not None  # at no temperature: no figure follows
    for path, read in _READERS:
        if path in run and not (stopped and path.startswith(_OF_STATE)):
            found |= read(run)
    if "mesh/surface" in run and "thermal/node" in run and not stopped:
        found |= _radiator(run, radiators)
    unknown = found.keys() - FIGURES.keys()
    assert not unknown, unknown
    return {name: _finite(found.get(name)) for name in FIGURES}


def _finite(value: Value) -> Value:
    """No figure where a failed run has no number, and none without words."""
    if isinstance(value, str):
        return value or None
    return float(value) if value is not None and np.isfinite(value) else None


def _title(run: RunFile) -> str:
    try:
        return str(tomllib.loads(run.case_text).get("title", ""))
    except tomllib.TOMLDecodeError:  # the text is stored verbatim; what wrote it may differ from this version
        return ""


def _orbit(run: RunFile) -> dict[str, Value]:
    names = ("perigee_altitude", "apogee_altitude", "inclination", "eclipse_duration")
    found: dict[str, Value] = {name: run.attribute("orbit", name) for name in names}
    period = run.attribute("orbit", "period")
    if found["eclipse_duration"] is not None and period:
        found["eclipse_share"] = run.attribute("orbit", "eclipse_duration") / period
    if "orbit/beta" in run:
        found["beta"] = float(time_mean(run["orbit/beta"], run["thermal/time"]))
    return found


def _heat(run: RunFile) -> dict[str, Value]:
    found: dict[str, Value] = {
        "mode": run.attribute("thermal", "mode"),
        "energy_residual": run.attribute("thermal", "energy_residual_relative"),
    }
    for name, flow in (("heat_load", "heat_load"), ("boundary_heat", "boundary")):
        mean = node_mean(run, flow)
        found[name] = None if mean is None else float(mean.sum())
    return found | (getattr(extremes(run), "_asdict", dict)())


def _radiator(run: RunFile, chosen: Sequence[str]) -> dict[str, Value]:
    """Area of the radiators, and what they rid the spacecraft of."""
    surfaces = run.names("mesh/surface")
    names = [name for name in surfaces if (name in chosen if chosen else RADIATOR in name.lower())]
    facet = np.isin(run["mesh/facet_surface"], [surfaces.index(name) for name in names])
    if not facet.any():
        return {}
    area, side, node = (run[f"mesh/facet_{name}"][facet] for name in ("area", "side", "node"))
    surface = run["mesh/facet_surface"][facet]
    # Both sides of a plate have the same area; one of them may take no part in radiation.
    panel = sum(max(area[(surface == k) & (side == s)].sum() for s in (0, 1)) for k in np.unique(surface))
    temperature = time_mean(run["thermal/temperature"][:, node], run["thermal/time"])
    found: dict[str, Value] = {
        "radiator": ", ".join(names),
        "radiator_panel_area": float(panel),
        "radiator_radiating_area": float(area.sum()),
        "radiator_temperature": float(np.average(temperature, weights=area)),
    }
    mass = run.get("mesh/surface_mass")
    if mass is not None:
        found["radiator_mass"] = float(mass[np.unique(surface)].sum())
    # A node that other surfaces share has no balance of the radiator alone.
    nodes = np.unique(node)
    if not np.isin(nodes, run["mesh/facet_node"][~facet]).any():
        terms = (("emitted_to_space", 1), ("exchanged", -1), *((f"absorbed_{source}", -1) for source in _SOURCES))
        means = [(node_mean(run, name), sign) for name, sign in terms]
        heat = sum(sign * float(mean[nodes].sum()) for mean, sign in means if mean is not None)
        if all(mean is not None for mean, _ in means):
            found |= {"radiator_heat": heat, "radiator_flux": heat / float(area.sum())}
    return found


_SOURCES = ("solar", "albedo", "infrared")


def _power(run: RunFile) -> dict[str, Value]:
    found: dict[str, Value] = {
        "electric_load": mean_power(run, "load"),
        "unserved_power": mean_power(run, "unmet"),
        "power_margin": run.attribute("power", "margin"),
    }
    if "power/state_of_charge" in run and run["power/state_of_charge"].shape[1]:
        lowest = run["power/state_of_charge"].min(axis=0)
        floor = 1.0 - run["power/maximum_depth_of_discharge"]
        worst = int(np.argmin(lowest - floor))
        found |= {
            "lowest_charge": float(lowest[worst]),
            "lowest_charge_allowed": float(floor[worst]),
            "lowest_charge_battery": run.names("power/battery")[worst],
        }
    return found


def _limits(run: RunFile) -> dict[str, Value]:
    """The least margin of the run itself: the file of a case with variants has rows of all of them."""
    mine = run["limits/variant"] == run.variant_name
    margin = np.stack([run["limits/margin_low"], run["limits/margin_high"]])[:, mine]
    if not np.isfinite(margin).any():
        return {}
    end, row = np.unravel_index(np.nanargmin(margin), margin.shape)
    return {
        "margin": float(margin[end, row]),
        "margin_item": str(run["limits/item"][mine][row]),
        "margin_end": ("low", "high")[end],
        "margin_verdict": str(run["limits/verdict"][mine][row]),
    }


def _environment(run: RunFile) -> dict[str, Value]:
    return {"environment": run.attribute("particle", "environment")}


def _upsets(run: RunFile) -> dict[str, Value]:
    """Rates of all devices together; their bands as if all were low or high at once. None where no ions arrive."""
    if not has_flux(run):
        return {}
    count = run["upset/count"]
    rate = run["upset/rate_per_day"] * count
    found: dict[str, Value] = {
        "upsets": float(rate.sum()),
        "upsets_device": run.names("upset/device")[int(rate.argmax())],
    }
    for end in ("low", "high"):
        if f"upset/rate_{end}_per_day" in run:
            found[f"upsets_{end}"] = float((run[f"upset/rate_{end}_per_day"] * count).sum())
    if "upset/memory_failure_rate" in run:
        for figure, name in (("", "rate"), ("_low", "low"), ("_high", "high")):
            # Devices without a memory have no figure.
            found[f"word_failures{figure}"] = float(np.nansum(run[f"upset/memory_failure_{name}"] * count) * DAY)
    return found


def _job(run: RunFile) -> dict[str, Value]:
    if not has_flux(run):
        return {}
    found: dict[str, Value] = {
        name: run.attribute("system", name) for name in ("goodput", "goodput_low", "goodput_high")
    }
    failures = run.attribute("system", "failure_rate")
    return found | {"job_failures": None if failures is None else failures * DAY}


def _dose(run: RunFile) -> dict[str, Value]:
    """The point with the largest dose of its mission."""
    mission = run["dose/mission_dose"].sum(axis=1)
    worst = int(mission.argmax())
    return {
        "dose_point": run.names("dose/dose_point")[worst],
        "dose_target": run.names("dose/target")[worst],
        "dose_shield": float(run["dose/mean_shield"][worst]),
        "dose_rate": float(run["dose/rate"][worst].sum()),
        "mission_dose": float(mission[worst]),
        "mission_dose_low": float(run["dose/low"][worst]),
        "mission_dose_high": float(run["dose/high"][worst]),
        # Events have a dose and no rate.
        "event_dose": float(run["dose/mission_dose"][worst][run["dose/rate"][worst] == 0.0].sum()),
        "mission_years": float(run["dose/years"][worst]),
    }


# What a run must hold, and the figures that it then has.
_READERS: tuple[tuple[str, Callable[[RunFile], dict[str, Value]]], ...] = (
    ("orbit", _orbit),
    ("thermal/temperature", _heat),
    ("power/load_power", _power),
    ("limits/item", _limits),
    ("particle", _environment),
    ("upset/device", _upsets),
    ("system", _job),
    ("dose/dose_point", _dose),
)
_OF_STATE = ("thermal/", "power/", "limits/")
COMPARED: tuple[str, ...] = ("thermal/temperature", "upset/device", "dose/dose_point")
"""A file without any of these has nothing to compare."""
