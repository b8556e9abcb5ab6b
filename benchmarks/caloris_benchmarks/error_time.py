"""Curves of time against error: which runs count, time at equal error, ratios of two solvers."""

from collections.abc import Sequence
from typing import Any

import numpy as np

Run = dict[str, Any]  # seconds, error, and what was asked for


def front(runs: Sequence[Run]) -> list[Run]:
    """The runs that no other run beats in both time and error, by falling error."""
    best: list[Run] = []
    for run in sorted(runs, key=lambda run: (run["seconds"], run["error"])):
        if np.isfinite(run["error"]) and (not best or run["error"] < best[-1]["error"]):
            best.append(run)
    return best


def time_at(runs: Sequence[Run], error: float) -> float:
    """Seconds that an error takes, interpolated between the runs of the front in logarithms of both.

    An error larger than that of the fastest run takes the fastest run's time; one smaller than every run's is not
    known: NaN.
    """
    best = front(runs)
    if not best or error < best[-1]["error"]:
        return float("nan")
    errors, seconds = (np.log([run[key] for run in best][::-1]) for key in ("error", "seconds"))
    return float(np.exp(np.interp(np.log(error), errors, seconds)))


def ratios(ours: Sequence[Run], peer: Sequence[Run], errors: Sequence[float]) -> dict[str, float | None]:
    """The peer's time over ours at each error; None where one of them did not reach it."""
    found = {f"{error:.0e}": time_at(peer, error) / time_at(ours, error) for error in errors}
    return {error: ratio if np.isfinite(ratio) else None for error, ratio in found.items()}


def all_reach(ratio: dict[str, float | None], goal: float) -> bool:
    """Whether every ratio is known and at least `goal`."""
    return all(value is not None and value >= goal for value in ratio.values())
