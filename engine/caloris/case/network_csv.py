"""Lumped networks as two CSV files: nodes and couplings, in SI units.

    nodes:      name, heat_capacity (J/K), start_temperature (K), boundary (true or false), load (W)
    couplings:  kind (conductive, radiative or one_way), from, to, value (W/K; radiative: m2)

The first line names the columns, in any order; of the nodes only name is needed. Empty fields are 0, "not given" or
false; lines that are empty or start with # are left out. A boundary's start_temperature is its temperature.
"""

import hashlib
import math
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from caloris.case.errors import nearest
from caloris.case.lumped import LumpedNetwork, NetworkFileError, Pairs, Place, read_text

NODE_COLUMNS = ("name", "heat_capacity", "start_temperature", "boundary", "load")
COUPLING_COLUMNS = ("kind", "from", "to", "value")
KINDS = ("conductive", "radiative", "one_way")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"\s*(?=,|$)')
_YES, _NO = ("true", "yes", "1"), ("false", "no", "0", "")


class _Field(NamedTuple):
    """One field of a line, and where it stands."""

    text: str
    place: Place


class _Row(NamedTuple):
    """A line of a file by its columns."""

    place: Place
    fields: dict[str, _Field]


def read_network_csv(nodes: str | Path, couplings: str | Path | None = None) -> LumpedNetwork:
    """Read the two files; without couplings the nodes stand alone.

    Raises NetworkFileError with every mistake of both, line and column and what was expected.
    """
    nodes = Path(nodes)
    problems: list[tuple[Place, str]] = []
    text = read_text(nodes)
    rows = list(_rows(text, nodes.name, NODE_COLUMNS, ("name",), problems))
    index, columns = _nodes(rows, problems)
    pairs: dict[str, list[tuple[int, int, float]]] = {kind: [] for kind in KINDS}
    source = f"{nodes.name} sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    if couplings is not None:
        couplings = Path(couplings)
        text = read_text(couplings)
        source += f", {couplings.name} sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        for row in _rows(text, couplings.name, COUPLING_COLUMNS, COUPLING_COLUMNS, problems):
            _coupling(row, index, pairs, problems)
    if problems:
        raise NetworkFileError(problems)
    conductive, radiative, one_way = (Pairs.of(pairs[kind]) for kind in KINDS)
    capacity, start, boundary, load = columns
    return LumpedNetwork(
        title=nodes.stem,
        name=tuple(index),
        label=("",) * len(index),
        heat_capacity=np.array(capacity, float),
        temperature=np.array(start, float),
        boundary=np.array(boundary, bool),
        load=np.array(load, float),
        timed=(),
        conductive=conductive,
        radiative=radiative,
        one_way=one_way,
        source=source,
    )


def _rows(
    text: str, file: str, known: Sequence[str], needed: Sequence[str], problems: list[tuple[Place, str]]
) -> Iterator[_Row]:
    """Lines of a file by the columns that its first line names."""
    header: list[str] | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        fields = _fields(line, file, number)
        if header is None:
            header = [field.text for field in fields]
            for field in fields:
                if field.text not in known:
                    problems.append((field.place, f'"{field.text}" is no column{nearest(field.text, known)}'))
            for name in needed:
                if name not in header:
                    problems.append((Place(file, number, 1), f"expected the column {name}; found {', '.join(header)}"))
            if set(needed) - set(header):
                return
            continue
        if len(fields) != len(header):
            message = f"expected {len(header)} fields ({', '.join(header)}), found {len(fields)}"
            problems.append((fields[min(len(fields), len(header)) - 1].place, message))
            continue
        yield _Row(fields[0].place, dict(zip(header, fields, strict=True)))
    if header is None:
        problems.append((Place(file, 1, 1), f"expected a line of column names: {', '.join(known)}"))


def _fields(line: str, file: str, number: int) -> list[_Field]:
    """Fields of a line without the blanks around them; in quotes they may hold commas, and two quotes for one."""
    found, position = [], 0
    while True:
        start = position + len(line[position:]) - len(line[position:].lstrip())
        quoted = _QUOTED.match(line, start)
        if quoted is not None:
            text, end = quoted[1].replace('""', '"'), quoted.end(1) + 1
        else:
            end = line.find(",", position)
            end = len(line) if end < 0 else end
            text = line[position:end].strip()
        found.append(_Field(text, Place(file, number, start + 1)))
        comma = line.find(",", end)
        if comma < 0:
            return found
        position = comma + 1


def _nodes(rows: Sequence[_Row], problems: list[tuple[Place, str]]) -> tuple[dict[str, int], list[list[float]]]:
    """Index of every name; heat capacity, start temperature, boundary and load of every node."""
    index: dict[str, int] = {}
    columns: list[list[float]] = [[], [], [], []]
    for row in rows:
        name = row.fields["name"]
        if not name.text:
            problems.append((name.place, "expected the name of a node, found nothing"))
        if name.text in index:
            problems.append((name.place, f'the name "{name.text}" is taken by a line above; names must differ'))
            continue
        index[name.text] = len(index)
        boundary = _flag(row.fields.get("boundary"), problems)
        capacity = _number(row.fields.get("heat_capacity"), 0.0, problems, "at least 0 J/K", lambda v: v >= 0.0)
        start = _number(row.fields.get("start_temperature"), math.nan, problems, "above 0 K", lambda v: v > 0.0)
        if boundary and math.isnan(start):
            place = row.fields.get("start_temperature", row.fields["name"]).place
            problems.append((place, f'"{name.text}" is a boundary; expected its temperature (K)'))
        load = _number(row.fields.get("load"), 0.0, problems, "a power in W", lambda v: True)
        for column, value in zip(columns, (capacity, start, float(boundary), load), strict=True):
            column.append(value)
    return index, columns


def _coupling(
    row: _Row, index: dict[str, int], pairs: dict[str, list[tuple[int, int, float]]], problems: list[tuple[Place, str]]
) -> None:
    before = len(problems)
    kind, *ends = (row.fields[column] for column in ("kind", "from", "to"))
    if kind.text not in KINDS:
        problems.append((kind.place, f'"{kind.text}" is no kind of coupling; expected {", ".join(KINDS)}'))
    for end in ends:
        if end.text not in index:
            problems.append((end.place, f'"{end.text}" is no node{nearest(end.text, index)}'))
    least = -math.inf if kind.text == "conductive" else 0.0
    value = _number(row.fields["value"], math.nan, problems, "at least 0", lambda v: v >= least)
    if math.isnan(value) and len(problems) == before:
        problems.append((row.fields["value"].place, "expected a number, found nothing"))
    if ends[0].text == ends[1].text and len(problems) == before:
        problems.append((ends[1].place, f'"{ends[1].text}" is coupled to itself'))
    if len(problems) == before:
        pairs[kind.text].append((index[ends[0].text], index[ends[1].text], value))


def _number(
    field: _Field | None,
    default: float,
    problems: list[tuple[Place, str]],
    what: str,
    allowed: Callable[[float], bool],
) -> float:
    if field is None or not field.text:
        return default
    try:
        value = float(field.text)
    except ValueError:
        value = math.inf
    if not math.isfinite(value) or not allowed(value):
        problems.append((field.place, f'expected a number, {what}; found "{field.text}"'))
        return default
    return value


def _flag(field: _Field | None, problems: list[tuple[Place, str]]) -> bool:
    text = "" if field is None else field.text.lower()
    if field is not None and text not in (*_YES, *_NO):
        problems.append((field.place, f'expected true or false, found "{field.text}"'))
    return text in _YES


def write_network_csv(nodes: str | Path, couplings: str | Path, network: LumpedNetwork) -> None:
    """Write the two files; numbers to the last bit. Loads over time have no form in them: ValueError."""
    if network.timed:
        raise ValueError("loads over time have no form in CSV files of a network; write an ESATAN-style file")
    lines = [",".join(NODE_COLUMNS)]
    for k, name in enumerate(network.name):
        start = float(network.temperature[k])
        fixed = bool(network.boundary[k])
        fields = (
            "" if fixed else repr(float(network.heat_capacity[k])),
            "" if math.isnan(start) else repr(start),
            str(fixed).lower(),
            repr(float(network.load[k])),
        )
        lines.append(",".join((_quoted(name), *fields)))
    Path(nodes).write_text("\n".join([*lines, ""]), encoding="utf-8")
    lines = [",".join(COUPLING_COLUMNS)]
    for kind in KINDS:
        pairs: Pairs = getattr(network, kind)
        for (first, second), value in zip(pairs.node.tolist(), pairs.value.tolist(), strict=True):
            lines.append(f"{kind},{_quoted(network.name[first])},{_quoted(network.name[second])},{value!r}")
    Path(couplings).write_text("\n".join([*lines, ""]), encoding="utf-8")


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",#]|^\s|\s$', text) else text
