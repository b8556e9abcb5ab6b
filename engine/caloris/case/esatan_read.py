"""Read an ESATAN-style thermal network: $MODEL, $LOCALS, $CONSTANTS, $ARRAYS, $NODES, $CONDUCTORS, models inside.

The language is the one in which European thermal models are exchanged (K. Yang, The Anatomy of ESATAN and ESARAD
Thermal Model Files, NASA Goddard, NTRS 20120013640; ESATAN User Manual UM-ESATAN-004, 2005). Of its procedural blocks
assignments of heat, capacities and start temperatures to nodes are read ($INITIAL, $VARIABLES1); $EXECUTION and
$OUTPUTS tell another solver what to do and are left out; everything else in them is refused, not skipped.

Temperatures are in degrees Celsius: T + TABS, 273.15 unless $CONTROL sets it, is in kelvin. A GR is in m2, its heat
GR sigma (T1^4 - T2^4) with the CODATA value of sigma unless $CONTROL sets STEFAN. GF(from, to) brings
GF (T_from - T_to) to the second node alone.
"""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from caloris.case.errors import nearest
from caloris.case.esatan_blocks import (
    CONDUCTORS,
    ENTITIES,
    HEAT,
    Found,
    NodeEntry,
    SubModel,
    checked_entity,
    read_arrays,
    read_conductors,
    read_constants,
    read_nodes,
    read_reference,
)
from caloris.case.esatan_cursor import WORD, Cursor, Mistake
from caloris.case.esatan_expression import Names, OverTime, read_value
from caloris.case.lumped import LumpedNetwork, NetworkFileError, Pairs, TimedLoad, read_text
from caloris_kernels.constants import STEFAN_BOLTZMANN

ZERO_CELSIUS = 273.15
_DATA = ("LOCALS", "CONSTANTS", "ARRAYS", "NODES", "CONDUCTORS")
_ASSIGNING = ("INITIAL", "VARIABLES1")
_LEFT_OUT = ("EXECUTION", "OUTPUTS")
_EMPTY = ("SUBROUTINES", "VARIABLES2", "EVENTS")
_BLOCKS = ("MODEL", "ENDMODEL", *_DATA, *_ASSIGNING, *_LEFT_OUT, *_EMPTY)
_KEYWORD = re.compile(r"^[ \t]*\$([A-Za-z][A-Za-z0-9]*)", re.MULTILINE)
_COMMENT = re.compile(r"^(?:[Cc*](?![A-Za-z0-9_:])|\s*[#!])")
_ENTITY = re.compile(rf"({'|'.join(sorted(ENTITIES, key=len, reverse=True))})(?:\s*:|(?=\d))", re.IGNORECASE)
_CONTROLS = re.compile(r"\b(STEFAN|TABS)\s*=", re.IGNORECASE)


def read_esatan(path: str | Path, constants: Mapping[str, float] | None = None) -> LumpedNetwork:
    """Read a file; constants replace those of the file by name (`SUB:NAME` in a model inside).

    Nodes are named as the file writes them, `D10`, in models inside `SUB:D10`. Raises NetworkFileError with every
    mistake of the file, its line and column and what was expected; KeyError for a constant that the file lacks.
    """
    path = Path(path)
    text = read_text(path)
    given = {name.upper(): float(value) for name, value in (constants or {}).items()}
    reader = _Reader(Cursor(text, path.name), given)
    title = reader.read()
    found = reader.found
    if found.problems:
        raise NetworkFileError(sorted(found.problems))
    for name in given:
        if name not in found.overridden:
            raise KeyError(f"the file has no constant {name}{nearest(name, reader.constants)}")
    digest = hashlib.sha256(text.encode()).hexdigest()
    return _network(found, title, f"{path.name} sha256:{digest}")


class _Reader:
    """Goes through a file: which blocks stand in which model, then what is in them."""

    def __init__(self, cursor: Cursor, given: dict[str, float]):
        self.cursor = cursor
        self.given = given
        self.found = Found()
        self.constants: list[str] = []

    def read(self) -> str:
        """Read all models; the name of the outermost."""
        outermost = self._blocks()
        if outermost is not None:
            self._contents(outermost)
        elif not self.found.problems:
            self._problem(0, "expected $MODEL and a name, found an empty file")
        self.found.order.sort(key=lambda named: named[1].position)
        return outermost.name if outermost is not None else ""

    def _blocks(self) -> SubModel | None:
        """Tell the blocks of every model apart; the outermost model."""
        cursor, model, outermost = self.cursor, None, None
        while not cursor.done:
            found = _KEYWORD.match(cursor.text, cursor.text.rfind("\n", 0, cursor.position) + 1)
            if found is None:
                expected = "a block, as in $NODES" if model else "$MODEL and a name"
                self._problem(cursor.position, f"expected {expected}, found {cursor.shown()}")
                cursor.position = self._next_keyword(cursor.position)
                continue
            start, keyword = found.start(1) - 1, found[1].upper()
            cursor.position = found.end()
            end = self._next_keyword(cursor.position)
            if keyword == "MODEL":
                model = self._open(model, start, outermost)
                outermost = outermost or model
                continue
            if keyword not in _BLOCKS:
                self._problem(start, f"${found[1]} is no block{nearest(keyword, _BLOCKS)}")
            elif model is None:
                self._problem(start, f"${keyword} stands outside a model; expected $MODEL and a name")
            elif keyword == "ENDMODEL":
                model = self._close(model, start)
                continue
            else:
                model.blocks.append((keyword, Cursor(cursor.text, cursor.file, cursor.position, end)))
            cursor.position = end
        if model is not None:
            self._problem(len(cursor.text), f"expected $ENDMODEL {model.name}, found the end of the file")
        return outermost

    def _contents(self, model: SubModel) -> None:
        """Read a model: names first, whatever their place, then the models inside it, then what uses the names."""
        self._of(model, ("LOCALS", "CONSTANTS", "ARRAYS"))
        for inner in model.inner.values():
            self._contents(inner)
        self._of(model, ("NODES",))
        self._of(model, ("CONDUCTORS",))
        self._of(model, (*_ASSIGNING, *_LEFT_OUT, *_EMPTY))
        self.constants += [model.prefix.upper() + name for name in model.names.constants]

    def _of(self, model: SubModel, keywords: tuple[str, ...]) -> None:
        for keyword, block in sorted(model.blocks, key=lambda one: one[1].position):
            if keyword in keywords:
                try:
                    self._block(keyword, block, model)
                except Mistake as mistake:  # a section that is none: what follows cannot be told apart
                    self._problem(mistake.position, mistake.message)

    def _problem(self, position: int, message: str) -> None:
        self.found.problems.append((self.cursor.place(position), message))

    def _next_keyword(self, position: int, sections: bool = False) -> int:
        """Start of the next block; of data blocks, sections as $REAL are part."""
        for found in _KEYWORD.finditer(self.cursor.text, position):
            if sections or found[1].upper() not in ("REAL", "INTEGER", "CHARACTER", "CONTROL"):
                return found.start()
        return len(self.cursor.text)

    def _open(self, outer: SubModel | None, start: int, outermost: SubModel | None) -> SubModel:
        line_end = self.cursor.text.find("\n", self.cursor.position)
        end = len(self.cursor.text) if line_end < 0 else line_end
        line = Cursor(self.cursor.text, self.cursor.file, self.cursor.position, end)
        self.cursor.position = end
        word = line.match(WORD)
        name = word[0].upper() if word else "MODEL"
        if word is None:
            self._problem(line.position, "expected the name of the model")
        elif not line.done:
            self._problem(line.position, f"expected the end of the line behind the model's name, found {line.shown()}")
        if outer is None and outermost is not None:
            self._problem(start, "a second model; expected one $MODEL, with others inside it")
        model = SubModel(name, outer, Names(outer.names if outer else None))
        model.names.entities = lambda cursor, entity: _entity_value(cursor, model, entity)
        if outer is not None:
            if name in outer.inner:
                self._problem(start, f"the model {name} is there already; names must differ")
            outer.inner[name] = model
        return model

    def _close(self, model: SubModel, start: int) -> SubModel | None:
        end = self.cursor.text.find("\n", self.cursor.position)
        line = Cursor(self.cursor.text, self.cursor.file, self.cursor.position, end if end >= 0 else None)
        word = line.match(WORD)
        self.cursor.position = line.end
        if word is not None and word[0].upper() != model.name:
            self._problem(start, f"expected $ENDMODEL {model.name}, found $ENDMODEL {word[0]}")
        return model.outer

    def _block(self, keyword: str, block: Cursor, model: SubModel) -> None:
        if keyword in ("LOCALS", "CONSTANTS"):
            read_constants(block, model, self.found, self.given)
        elif keyword == "ARRAYS":
            read_arrays(block, model, self.found)
        elif keyword == "NODES":
            read_nodes(block, model, self.found)
        elif keyword == "CONDUCTORS":
            read_conductors(block, model, self.found)
        else:
            self._procedure(keyword, block, model)

    def _procedure(self, keyword: str, block: Cursor, model: SubModel) -> None:
        """A procedural block, line by line."""
        position = block.text.find("\n", block.position, block.end) + 1 or block.end
        while position < block.end:
            line_end = block.text.find("\n", position, block.end)
            line_end = block.end if line_end < 0 else line_end
            text = block.text[position:line_end]
            line = Cursor(block.text, block.file, position, line_end)
            position = line_end + 1
            if not text.strip() or _COMMENT.match(text) or line.done:
                continue
            try:
                self._procedure_line(keyword, line, model)
            except Mistake as mistake:
                self._problem(mistake.position, mistake.message)

    def _procedure_line(self, keyword: str, line: Cursor, model: SubModel) -> None:
        start = line.skip()
        if keyword in _LEFT_OUT:
            if _CONTROLS.search(line.text, start, line.end):
                raise Mistake(start, f"STEFAN and TABS are read in $CONTROL of $CONSTANTS alone, not in ${keyword}")
            return
        if keyword in _EMPTY:
            raise Mistake(start, f"statements in ${keyword} are not read; found {line.shown()}")
        _assignment(line, model)


def _assignment(line: Cursor, model: SubModel) -> None:
    """QI10 = expression, T:SUB:10 = expression: an entity of a node."""
    start = line.skip()
    allowed = ("T", "C", *HEAT)
    entity = line.match(_ENTITY)
    if entity is None or entity[1].upper() not in allowed:
        what = f"an assignment to {', '.join(allowed)} of a node, as in QI10 = 5.0"
        line.position = start
        raise Mistake(start, f"only assignments are read here; expected {what}; found {line.shown()}")
    node = read_reference(line, model)
    line.expect("=", "behind the node")
    value = checked_entity(start, entity[1].upper(), read_value(line, model.names))
    line.take(";")
    if not line.done:
        raise Mistake(line.position, f"expected the end of the line, found {line.shown()}")
    node.values[entity[1].upper()] = value


def _entity_value(cursor: Cursor, model: SubModel, word: str) -> float | None:
    """An entity of a node inside an expression, A:700 or A700; None where the word is none.

    Temperatures are refused: what depends on them would be a constant here.
    """
    match = re.fullmatch(r"([A-Za-z]+)(\d*)", word)
    entity = match[1].upper() if match else ""
    if match is None or entity not in ENTITIES:
        return None
    start = cursor.position - len(word)
    if match[2]:
        node = model.nodes.get(int(match[2]))
        if node is None:
            return None
    elif cursor.take(":"):
        node = read_reference(cursor, model)
    else:
        return None
    if entity == "T":
        raise Mistake(start, f"{word}: values that depend on temperatures are not read")
    value = node.values.get(entity, 0.0)
    if isinstance(value, OverTime):
        raise Mistake(start, f"{word} is a table over time; expected a number")
    return value


def _network(found: Found, title: str, source: str) -> LumpedNetwork:
    """The network in SI; inactive nodes and what couples to them fall away."""
    control = found.control
    offset, sigma = control.get("TABS", ZERO_CELSIUS), control.get("STEFAN", STEFAN_BOLTZMANN)
    nodes = [(name, entry) for name, entry in found.order if entry.family != "X"]
    index = {id(entry): k for k, (_, entry) in enumerate(nodes)}
    timed: list[TimedLoad] = []
    load = np.zeros(len(nodes))
    for k, (_, entry) in enumerate(nodes):
        for name in HEAT:
            value = entry.values.get(name, 0.0)
            if isinstance(value, OverTime):
                timed.append(TimedLoad(k, value.time, value.value))
            else:
                load[k] += value
    pairs = {}
    for kind in CONDUCTORS.values():
        scale = sigma / STEFAN_BOLTZMANN if kind == "radiative" else 1.0
        active = [(index.get(id(a)), index.get(id(b)), value) for a, b, value in found.couplings[kind]]
        pairs[kind] = Pairs.of((a, b, scale * value) for a, b, value in active if a is not None and b is not None)
    return LumpedNetwork(
        title=title,
        name=tuple(name for name, _ in nodes),
        label=tuple(entry.label for _, entry in nodes),
        heat_capacity=np.array([_number(entry, "C") if entry.family == "D" else 0.0 for _, entry in nodes]),
        temperature=np.array([_number(entry, "T", np.nan) + offset for _, entry in nodes]),
        boundary=np.array([entry.family == "B" for _, entry in nodes], bool),
        load=load,
        timed=tuple(timed),
        source=source,
        **pairs,
    )


def _number(entry: NodeEntry, entity: str, default: float = 0.0) -> float:
    value = entry.values.get(entity, default)
    assert not isinstance(value, OverTime)
    return value
