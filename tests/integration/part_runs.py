"""The cases of examples/parts, run as they stand: numbers out of their runs by the names of nodes, balances."""

from functools import cache
from pathlib import Path

import numpy as np

import caloris
from caloris.case.node_layout import NodeLayout
from caloris.run_file.arrays import ENERGY_BOUND
from caloris.simulation import Run

PARTS = Path(__file__).parents[2] / "examples" / "parts"


@cache
def solved(name: str, *overrides: str) -> Run:
    return caloris.run(caloris.load_case(PARTS / f"{name}.toml", overrides))


def temperature(run: Run, node: str) -> np.ndarray:
    """Of one node over time (K)."""
    names = list(run.data.arrays["thermal/node"])
    return np.atleast_2d(run.data.arrays["thermal/temperature"])[:, names.index(node)]


def heat_load(run: Run, node: str) -> float:
    names = list(run.data.arrays["thermal/node"])
    return float(run.data.arrays["thermal/node_heat_load"][-1, names.index(node)])


def all_under(run: Run, name: str, quantity: str) -> np.ndarray:
    """A quantity of the thermal group at the last time, of every node under the name of a surface, layer or face."""
    assert run.model.geometry is not None
    nodes = NodeLayout(run.model.geometry, run.case).find(name)
    assert len(nodes)
    return np.asarray(run.data.arrays[f"thermal/{quantity}"])[-1, nodes]


def closes(run: Run) -> None:
    """Internal exchange cancels to 1e-9 of the largest total, heat in and out to what the audit allows."""
    numbers, arrays = run.data.attributes["thermal"], run.data.arrays
    total = numbers["largest_total"]
    assert run.result == "success" and total > 1.0
    bound = ENERGY_BOUND["steady" if numbers["mode"] == "steady" else "transient"]
    assert numbers["energy_residual_relative"] <= bound
    assert numbers["exchange_residual_relative"] <= 1e-9
    # and as they stand in the file, at every time
    assert np.all(np.abs(arrays["thermal/exchange_residual"]) <= 1e-9 * total)
    assert np.all(np.abs(arrays["thermal/energy_residual"]) <= bound * total)
