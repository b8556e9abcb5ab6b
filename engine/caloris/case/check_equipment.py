"""Checks of equipment: its ends exist and are single nodes where they must be, sinks are boundaries."""

import math
from collections.abc import Callable, Iterator
from typing import Any

from caloris.case.address import cell_counts, parse_address
from caloris.case.draft import Draft
from caloris.case.errors import CaseProblem
from caloris.case.lines import lines

Problems = Iterator[CaseProblem]
Check = Callable[[str, str], Problems]


def problems(draft: Draft, check: Check) -> Problems:
    """All problems of equipment; check(path, address) yields those of one address."""
    for table in ("heater", "louver"):
        for path, item in draft.located(table):
            for k, name in enumerate(item.on):
                yield from check(f"{path}/on/{k}", name)
    for path, item in draft.located("heater"):
        yield from single(draft, f"{path}/control/sensor", item.control.sensor, check)
    for path, item in draft.located("louver"):
        yield from single(draft, f"{path}/sink", item.sink, check)
        yield from _boundary(draft, f"{path}/sink", item.sink)
        if item.sensor is not None:
            yield from single(draft, f"{path}/sensor", item.sensor, check)
    for table in ("thermoelectric", "heat_pump"):
        for path, item in draft.located(table):
            for key in ("cold", "hot"):
                yield from single(draft, f"{path}/{key}", getattr(item, key), check)
            if item.cold == item.hot:
                yield CaseProblem(f"{path}/hot", f'both sides are "{item.hot}"; needs two different nodes')
            if item.control is not None and item.control.sensor is not None:
                yield from single(draft, f"{path}/control/sensor", item.control.sensor, check)


def single(draft: Draft, path: str, name: str, check: Check) -> Problems:
    """Problems of an address that must be of exactly one node."""
    found = list(check(path, name))
    yield from found
    if found:
        return
    address = parse_address(name)
    cells = (lines(draft).get(address.name) or {}).get(address.face or "", 1)
    if address.cell is None and cells > 1:
        yield CaseProblem(path, f'"{name}" has {cells} cells; name one of them, as in "{name}[{cells - 1}]"')
    surface: Any = next((s for s in draft.case.surfaces if s.name == address.name), None)
    if surface is None:
        return
    counts = cell_counts(surface)
    many = counts is None or math.prod(counts) > 1
    if address.cell is None and many:
        yield CaseProblem(path, f'"{name}" has several cells; name one of them, as in "{name}[0,0]"')
    elif surface.levels > 1 and address.layer is None:
        yield CaseProblem(path, f'"{name}" has several nodes through its thickness; name one of them')


def _boundary(draft: Draft, path: str, name: str) -> Problems:
    node = next((node for node in draft.case.nodes if node.name == name), None)
    if node is not None and node.temperature is None:
        yield CaseProblem(path, f'"{name}" must be a boundary: give the node a temperature and no heat_capacity')
