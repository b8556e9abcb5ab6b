"""Limits and margins of a run, and of all variants of a case, as the named arrays of the run file.

Each limit is judged by four ranges, each the one before widened at both ends (ECSS-E-ST-31C, clause 3): what is
calculated, what is predicted (by the uncertainty of the calculation), the acceptance and the qualification range
(by their margins). What is left between the last of them and the limit is the margin.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from caloris.case.address import parse_address
from caloris.case.node_layout import is_under
from caloris.case.schema import Case
from caloris.case.schema_run import Limit, Margins
from caloris.output.run_data import RunData

STEPS = ("calculated", "predicted", "acceptance", "qualification")
_MARGINS = ("uncertainty", "acceptance", "qualification")
_BARE = Margins(uncertainty=0.0, acceptance=0.0, qualification=0.0)


def limit_arrays(case: Case, data: RunData, variant: str = "", find: Callable[[str], np.ndarray] | None = None) -> None:
    """Calculated temperatures against their limits, step by step; variant names the rows.

    find gives the indices of the nodes under a name; without it the nodes' own names tell (not of a solid's faces).
    """
    rows = [(name, limit) for limit in case.limits for name in limit.of]
    if not rows:
        return
    names = list(data.arrays["thermal/node"])
    temperature = data.arrays["thermal/temperature"]
    find = find or (lambda name: _nodes(names, name))
    calculated = [temperature[:, find(name)] for name, _ in rows]
    low, high = np.array([t.min() for t in calculated]), np.array([t.max() for t in calculated])
    off = [case.run is not None and name in case.run.non_operating for name, _ in rows]
    margin = np.array([_kept_margins(limit, case.margins or _BARE) for _, limit in rows])
    operating = np.array([limit.operating for _, limit in rows], float)
    resting = np.array([limit.non_operating or (np.nan, np.nan) for _, limit in rows], float)
    allowed = np.where(np.array(off)[:, None], resting, operating)
    values: dict[str, np.ndarray] = {
        "item": np.array([name for name, _ in rows], object),
        "variant": np.array([variant] * len(rows), object),
        "state": np.array(["non-operating" if is_off else "operating" for is_off in off], object),
        "operating_minimum": operating[:, 0],
        "operating_maximum": operating[:, 1],
        "non_operating_minimum": resting[:, 0],
        "non_operating_maximum": resting[:, 1],
        "limit_minimum": allowed[:, 0],
        "limit_maximum": allowed[:, 1],
    }
    values |= {f"{name}": margin[:, k] for k, name in enumerate(_MARGINS)}
    widened = np.column_stack([np.zeros(len(rows)), np.cumsum(margin, axis=1)])
    for k, step in enumerate(STEPS):
        values |= {f"{step}_minimum": low - widened[:, k], f"{step}_maximum": high + widened[:, k]}
    values |= {
        "margin_low": values["qualification_minimum"] - allowed[:, 0],
        "margin_high": allowed[:, 1] - values["qualification_maximum"],
        "verdict": _verdict(values),
    }
    data.arrays.update({f"limits/{name}": value for name, value in values.items()})


def _kept_margins(limit: Limit, default: Margins) -> list[float]:
    """Uncertainty, acceptance and qualification margin of a limit: its own, else those of the case."""
    own = [getattr(limit, name) for name in _MARGINS]
    return [getattr(default, name) if value is None else value for name, value in zip(_MARGINS, own, strict=True)]


def _verdict(values: Mapping[str, np.ndarray]) -> np.ndarray:
    """The innermost range that leaves the limits, or "kept"; "unknown" where a failed run has no number."""
    low, high = values["limit_minimum"], values["limit_maximum"]
    verdict = np.where(np.isnan(low) & np.isnan(high), "no limit", "kept").astype(object)
    for step in reversed(STEPS):
        verdict[(values[f"{step}_minimum"] < low) | (values[f"{step}_maximum"] > high)] = step
    verdict[np.isnan(values["calculated_minimum"])] = "unknown"
    return verdict


def _nodes(names: Sequence[str], wanted: str) -> np.ndarray:
    """Indices of the nodes under a name: the node itself, or the cells of a surface, box face or layer."""
    address = parse_address(wanted)
    return np.array([k for k, name in enumerate(names) if is_under(parse_address(name), address)], int)


def margin_arrays(data: RunData, variants: Sequence[RunData] = ()) -> None:
    """The rows of all variants in one table of limits, and of each item and state the worst of them."""
    runs = [run.arrays for run in (data, *variants) if "limits/item" in run.arrays]
    if not runs:
        return
    rows = {name: np.concatenate([run[name] for run in runs]) for name in runs[0] if name.startswith("limits/")}
    data.arrays.update(rows)
    rows = {name.removeprefix("limits/"): value for name, value in rows.items()}
    # Items in the order of the case; one that operates in some variants and rests in others has two rows.
    keys = list(dict.fromkeys(zip(rows["item"], rows["state"], strict=True)))
    table: list[dict[str, object]] = []
    for item, state in keys:
        mine = np.flatnonzero((rows["item"] == item) & (rows["state"] == state))
        table.append({"item": item, "state": state} | _worst({name: value[mine] for name, value in rows.items()}))
    for name, value in table[0].items():
        column = np.array([row[name] for row in table], object if isinstance(value, str) else float)
        data.arrays[f"margins/{name}"] = column


def _worst(rows: Mapping[str, np.ndarray]) -> dict[str, object]:
    """The hottest and the coldest variant of one item, its least margins, and the gravest verdict."""
    coldest, hottest = int(np.argmin(rows["calculated_minimum"])), int(np.argmax(rows["calculated_maximum"]))
    low, high = int(_least(rows["margin_low"])), int(_least(rows["margin_high"]))
    grave = min(rows["verdict"], key=("unknown", *STEPS, "kept", "no limit").index)
    return {
        "coldest_variant": str(rows["variant"][coldest]),
        "hottest_variant": str(rows["variant"][hottest]),
        "calculated_minimum": rows["calculated_minimum"][coldest],
        "calculated_maximum": rows["calculated_maximum"][hottest],
        "limit_minimum": rows["limit_minimum"][low],
        "limit_maximum": rows["limit_maximum"][high],
        "margin_low": rows["margin_low"][low],
        "margin_high": rows["margin_high"][high],
        "verdict": str(grave),
    }


def _least(margin: np.ndarray) -> np.intp:
    """Index of the smallest margin; of none that is a number, the first."""
    return np.argmin(np.where(np.isnan(margin), np.inf, margin))
