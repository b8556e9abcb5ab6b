"""Write a lumped network as an ESATAN-style file: the same temperatures when it is read again, or by another solver."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from caloris.case.esatan_read import ZERO_CELSIUS
from caloris.case.lumped import LumpedNetwork, Pairs
from caloris_kernels.constants import STEFAN_BOLTZMANN

_NUMBERED = re.compile(r"[A-Z]([1-9]\d*)")
_WORDS = (("GL", "conductive"), ("GR", "radiative"), ("GF", "one_way"))


def write_esatan(path: str | Path, network: LumpedNetwork) -> Path:
    """Write `network` to `path`; parallel couplings of two nodes become one.

    Numbers are written to the last bit; temperatures are in degrees Celsius, which costs them 1e-13. Nodes keep their
    numbers where all names are a letter and a number, as this reader makes them, else they are numbered from 1 and
    named in their labels.
    """
    path = Path(path)
    name = re.sub(r"\W", "_", network.title.upper()) or "NETWORK"
    name = name if name[0].isalpha() else f"M_{name}"
    number = _numbers(network)
    lines = [
        f"$MODEL {name}",
        "#",
        f"# {network.count} nodes, written by Caloris; temperatures in degrees Celsius",
        "#",
    ]
    lines += ["$NODES", *_nodes(network, number), "#", "$CONDUCTORS", *_conductors(network, number), "#"]
    lines += ["$CONSTANTS", "  $CONTROL", f"    TABS = {ZERO_CELSIUS!r};", f"    STEFAN = {STEFAN_BOLTZMANN!r};", "#"]
    if network.timed:
        lines += ["$ARRAYS", "  $REAL", *_arrays(network), "#"]
        lines += ["$VARIABLES1", *_variables(network, number), "C"]
    lines += [f"$ENDMODEL {name}", ""]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def _numbers(network: LumpedNetwork) -> list[int]:
    """The number of every node in the file."""
    found = [_NUMBERED.fullmatch(name) for name in network.name]
    own = [int(match[1]) for match in found if match]
    return own if len(set(own)) == network.count else list(range(1, network.count + 1))


def _nodes(network: LumpedNetwork, number: Sequence[int]) -> Iterator[str]:
    kept = all(name[1:] == str(n) for name, n in zip(network.name, number, strict=True))
    for k, name in enumerate(network.name):
        capacity, start = float(network.heat_capacity[k]), float(network.temperature[k])
        family = "B" if network.boundary[k] else "D" if capacity > 0.0 else "A"
        # Quotes and line ends have no form inside a text.
        label = re.sub(r"['\"\n]", " ", network.label[k] if kept else name)
        words = [f"{family}{number[k]} = '{label}'"]
        if not np.isnan(start):
            words.append(f"T = {start - ZERO_CELSIUS!r}")
        if family == "D":
            words.append(f"C = {capacity!r}")
        if network.load[k] != 0.0:
            words.append(f"QI = {float(network.load[k])!r}")
        yield f"  {', '.join(words)};"


def _conductors(network: LumpedNetwork, number: Sequence[int]) -> Iterator[str]:
    for word, kind in _WORDS:
        pairs: Pairs = getattr(network, kind)
        total: dict[tuple[int, int], float] = {}
        for (first, second), value in zip(pairs.node.tolist(), pairs.value.tolist(), strict=True):
            # A stream has a direction; the others are written from the earlier node to the later.
            key = (first, second) if kind == "one_way" or first < second else (second, first)
            total[key] = total.get(key, 0.0) + value
        for (first, second), value in total.items():
            yield f"  {word}({number[first]}, {number[second]}) = {value!r};"


def _arrays(network: LumpedNetwork) -> Iterator[str]:
    for k, load in enumerate(network.timed, start=1):
        entries = [f"{time!r}, {power!r}" for time, power in zip(load.time, load.power, strict=True)]
        yield f"    HEAT{k}(2, {len(entries)}) = {', '.join(entries)};"


def _variables(network: LumpedNetwork, number: Sequence[int]) -> Iterator[str]:
    """Loads over time; several on one node need an entity each, and QI is the constant one."""
    entities = ("QS", "QA", "QE", "QR")
    used: dict[int, int] = {}
    for k, load in enumerate(network.timed, start=1):
        place = used.get(load.node, 0)
        if place == len(entities):
            raise ValueError(f"{network.name[load.node]}: more than {len(entities)} loads over time on one node")
        used[load.node] = place + 1
        yield f"      {entities[place]}{number[load.node]} = INTRP1(TIMEM, HEAT{k}, 1)"
