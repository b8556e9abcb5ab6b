"""What left its limits in a run: named, with place, time and value, as arrays of the run file."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from caloris.output.run_data import RunData


@dataclass(frozen=True)
class Found:
    """A quantity [time, cell] at one place with what is allowed; a warning where some of it lies outside.

    low and high may vary like the quantity. among: where the limit counts; wrong: what is outside, instead of limits.
    """

    kind: str
    place: str
    value: np.ndarray
    low: np.ndarray | float = -np.inf
    high: np.ndarray | float = np.inf
    unit: str = "1"
    among: np.ndarray | None = None
    wrong: np.ndarray | None = None

    def outside(self) -> np.ndarray:
        """What lies outside its limits."""
        wrong = (self.value < self.low) | (self.value > self.high) if self.wrong is None else self.wrong
        return wrong if self.among is None else wrong & self.among


def warning_arrays(found: Sequence[Found], time: np.ndarray, data: RunData) -> None:
    """One row for each that has a violation: first and last time of it, the worst value and what was allowed there."""
    rows = []
    for one in found:
        outside = one.outside()
        if not outside.any():
            continue
        low, high = np.broadcast_to(one.low, outside.shape), np.broadcast_to(one.high, outside.shape)
        beyond = np.maximum(low - one.value, one.value - high)
        at = np.unravel_index(np.argmax(np.where(outside, beyond, -np.inf)), outside.shape)
        when = time[outside.any(axis=1)]
        rows.append((one.kind, one.place, one.unit, when[0], when[-1], one.value[at], low[at], high[at]))
    if not rows:
        return
    kind, place, unit, first, last, value, low, high = zip(*rows, strict=True)
    finite = [np.where(np.isfinite(np.array(bound)), bound, np.nan) for bound in (low, high)]
    data.arrays |= {
        "warnings/kind": np.array(kind, object),
        "warnings/place": np.array(place, object),
        "warnings/unit": np.array(unit, object),
        "warnings/first_time": np.array(first, float),
        "warnings/last_time": np.array(last, float),
        "warnings/value": np.array(value, float),
        "warnings/allowed_minimum": finite[0],
        "warnings/allowed_maximum": finite[1],
    }
