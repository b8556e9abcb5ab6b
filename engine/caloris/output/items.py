"""Surfaces and nodes as people name them: cells grouped by item, means over area and time, extremes."""

import re
from typing import NamedTuple

import numpy as np

from caloris.output.read import RunFile

# Carbon and tungsten boil or melt below (K).
_HOTTEST = 6000.0


def item_of(node: str) -> str:
    """Return the surface or node that a node name belongs to: "wing[0,3].back" -> "wing.back"."""
    return re.sub(r"\[[^\]]*\]", "", node)


def group_items(names: list[str]) -> dict[str, np.ndarray]:
    """Return item -> indices of its nodes, in file order."""
    items: dict[str, list[int]] = {}
    for index, name in enumerate(names):
        items.setdefault(item_of(name), []).append(index)
    return {item: np.array(indices) for item, indices in items.items()}


def node_areas(run: RunFile) -> np.ndarray:
    """Return the weight of every node in its item's mean: cell area (m2), volume in solids (m3); 0 for the others."""
    areas = run.get("thermal/node_area")
    if areas is None:
        areas = np.zeros(len(run["thermal/node"]))
        if "mesh/facet_node" in run:
            # Both sides of a plate count for every one of its cells alike, so the weights stay right.
            np.add.at(areas, run["mesh/facet_node"], run["mesh/facet_area"])
    volumes = run.get("thermal/node_volume")
    return np.where(areas > 0, areas, 0.0 if volumes is None else volumes)


def time_mean(values: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Return the mean over the first axis by the trapezoidal rule; a single time is its own mean."""
    if len(time) < 2 or time[-1] <= time[0]:
        return np.asarray(values[0])
    return np.trapezoid(values, time, axis=0) / (time[-1] - time[0])


def node_mean(run: RunFile, name: str) -> np.ndarray | None:
    """Return the run mean (W) of the heat flow `name` of every node ("absorbed_solar"), None where the run has none.

    Means by quadrature, where the run has them: those of values at output times miss jumps in between.
    """
    mean = run.get(f"thermal/mean_{name}")
    if mean is not None:
        return mean
    values = run.get(f"thermal/node_{name}")
    return None if values is None else time_mean(values, run["thermal/time"])


def mean_power(run: RunFile, name: str) -> float | None:
    """Return the mean power (W) of "available", "array", "load", "loss" or "unmet", None where the run has none.

    From the cumulative energy, which is exact over the edges of eclipses, if there is one.
    """
    values, time = run.get(f"power/{name}_power"), run.get("thermal/time")
    if values is None or time is None:
        return None
    energy = run.get(f"power/{name}_energy")
    if energy is None or len(time) < 2:
        return float(time_mean(values, time).sum())
    return float((energy[-1] - energy[0]).sum() / (time[-1] - time[0]))


def impossible_node(run: RunFile) -> tuple[str, float] | None:
    """Node of a failed run that stopped at no temperature that can be, and that (K): below 0 K or above 6000 K.

    Then nothing that follows from the temperatures is worth a table or a picture. None where all are possible, or no
    numbers, and for runs that succeeded.
    """
    temperature = run.get("thermal/temperature")
    if run.succeeded or temperature is None:
        return None
    wrong = np.maximum(-temperature, temperature - _HOTTEST)
    if not (wrong >= 0.0).any():
        return None
    moment, node = np.unravel_index(np.nanargmax(wrong), wrong.shape)
    return run.names("thermal/node")[node], float(temperature[moment, node])


def has_flux(run: RunFile) -> bool:
    """Whether ions arrive at any device: a fluence of the mission alone is a dose and no rate."""
    found = [run.get(f"particle/{name}") for name in ("flux_outside", "integral_let_flux")]
    return any(flux is None or flux.any() for flux in found)


class Extremes(NamedTuple):
    """Lowest and highest temperature of all nodes over the run (K), each with the item that has it."""

    coldest: float
    coldest_item: str
    hottest: float
    hottest_item: str


def extremes(run: RunFile) -> Extremes | None:
    """Return the extremes of a run's temperatures; None without any, or where a failed run has none that can be."""
    temperature = run.get("thermal/temperature")
    if temperature is None or not np.isfinite(temperature).any() or impossible_node(run):
        return None
    names = run.names("thermal/node")
    cold, hot = (np.unravel_index(find(temperature), temperature.shape) for find in (np.nanargmin, np.nanargmax))
    return Extremes(float(temperature[cold]), item_of(names[cold[1]]), float(temperature[hot]), item_of(names[hot[1]]))


def item_mean(values: np.ndarray, indices: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """Return the area-weighted mean of values [..., node] over the nodes of one item."""
    weights = areas[indices]
    return np.average(values[..., indices], axis=-1, weights=weights if weights.sum() > 0 else None)
