"""A lumped network as a file holds it: nodes, couplings between two of them, heat. Plain numbers, no units to read."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np


class Place(NamedTuple):
    """Where something stands in a file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """As compilers write it: `model.d:12:7`."""
        return f"{self.file}:{self.line}:{self.column}"


class NetworkFileError(ValueError):
    """A network file is wrong; `problems` holds every place and what was expected there."""

    def __init__(self, problems: Iterable[tuple[Place, str]]):
        self.problems = tuple(problems)
        super().__init__("\n".join(f"{place}: {message}" for place, message in self.problems))


class Pairs(NamedTuple):
    """Couplings of one kind; conductances and capacity rates in W K-1, radiative areas in m2."""

    node: np.ndarray  # [pair, 2]; a stream flows from the first to the second
    value: np.ndarray  # [pair]

    @classmethod
    def of(cls, entries: Iterable[tuple[int, int, float]]) -> "Pairs":
        """Pairs from (first, second, value)."""
        rows = list(entries)
        node = np.array([row[:2] for row in rows], int).reshape(-1, 2)
        return cls(node, np.array([row[2] for row in rows], float))


class TimedLoad(NamedTuple):
    """Heat into one node over time, linear between the points."""

    node: int
    time: tuple[float, ...]  # s
    power: tuple[float, ...]  # W


@dataclass(frozen=True, eq=False)
class LumpedNetwork:
    """Nodes and what couples them, in file order."""

    title: str
    name: tuple[str, ...]
    label: tuple[str, ...]  # empty where a node has none
    heat_capacity: np.ndarray  # [node] J K-1, 0 makes the node algebraic; without meaning for boundaries
    temperature: np.ndarray  # [node] K at the start, or of the boundary; NaN where none is given
    boundary: np.ndarray  # [node] bool
    load: np.ndarray  # [node] W
    timed: tuple[TimedLoad, ...]  # in addition to `load`
    conductive: Pairs
    radiative: Pairs
    one_way: Pairs
    source: str = ""  # files and their digests

    @property
    def count(self) -> int:
        """Number of nodes."""
        return len(self.name)

    def tables(self) -> list[dict[str, object]]:
        """The nodes as the tables [[node]] of a case (SI)."""
        found: list[dict[str, object]] = []
        for k, name in enumerate(self.name):
            start = float(self.temperature[k])
            if self.boundary[k]:
                found.append({"name": name, "temperature": start})
                continue
            table: dict[str, object] = {"name": name, "heat_capacity": float(self.heat_capacity[k])}
            if not np.isnan(start):
                table["start_temperature"] = start
            found.append(table)
        return found


def read_text(path: Path) -> str:
    """The text of a file, in UTF-8 or as older files are in Latin-1; NetworkFileError where it is no text."""
    content = path.read_bytes()
    if b"\0" in content:
        raise NetworkFileError([(Place(path.name, 1, 1), "is not a text file")])
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")
