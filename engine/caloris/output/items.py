"""Surfaces and nodes as people name them: cells grouped by item, means over area and time."""

import re

import numpy as np

from caloris.output.read import RunFile


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


def item_mean(values: np.ndarray, indices: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """Return the area-weighted mean of values [..., node] over the nodes of one item."""
    weights = areas[indices]
    return np.average(values[..., indices], axis=-1, weights=weights if weights.sum() > 0 else None)
