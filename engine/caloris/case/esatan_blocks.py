"""The data blocks of an ESATAN-style file, statement by statement: constants, arrays, nodes, conductors.

Statements end with a semicolon. A mistake is kept with its place and reading goes on behind the next semicolon.
"""

import re
from dataclasses import dataclass, field

import numpy as np

from caloris.case.errors import nearest
from caloris.case.esatan_cursor import TEXT, WHOLE, WORD, Cursor, Mistake, number
from caloris.case.esatan_expression import Names, OverTime, Value, read_number, read_value
from caloris.case.lumped import Place

# Entities of nodes that enter the heat balance (T, C and heat), and others that are read and left aside.
HEAT = ("QI", "QS", "QA", "QE", "QR")
_OTHER = ("A", "ALP", "EPS", "FX", "FY", "FZ", "QAI", "QEI", "QSI", "TRA", "SPE")
ENTITIES = ("T", "C", *HEAT, *_OTHER)
CONDUCTORS = {"GL": "conductive", "GR": "radiative", "GF": "one_way"}
SECTIONS = ("REAL", "INTEGER", "CHARACTER", "CONTROL")
_NODE = re.compile(r"([A-Za-z])(\d+)(?![A-Za-z0-9_])")
# The usual statement, read at once: a network has a million of them.
_PLAIN = re.compile(
    r"G([LRF])\s*\(\s*(\d+)\s*,\s*(\d+)\s*\)\s*=\s*((?:\d+\.?\d*|\.\d+)(?:[EeDd][+-]?\d+)?)\s*;", re.IGNORECASE
)
_FAMILY = {"D": "diffusion", "A": "arithmetic", "B": "boundary", "X": "inactive"}


@dataclass
class NodeEntry:
    """One node as the file has it; values as written (temperatures in the file's scale)."""

    family: str  # D, A, B or X
    label: str
    values: dict[str, Value]
    position: int


@dataclass
class SubModel:
    """A model of the file and the models inside it."""

    name: str
    outer: "SubModel | None"
    names: Names
    nodes: dict[int, NodeEntry] = field(default_factory=dict)
    inner: dict[str, "SubModel"] = field(default_factory=dict)
    blocks: list[tuple[str, Cursor]] = field(default_factory=list)  # keyword and text, in file order

    @property
    def prefix(self) -> str:
        """What stands before the names of its nodes: nothing in the outermost model, else `SUB:`."""
        return "" if self.outer is None else f"{self.outer.prefix}{self.name}:"


@dataclass
class Found:
    """Everything read so far."""

    couplings: dict[str, list[tuple[NodeEntry, NodeEntry, float]]] = field(
        default_factory=lambda: {kind: [] for kind in CONDUCTORS.values()}
    )
    order: list[tuple[str, NodeEntry]] = field(default_factory=list)  # nodes in file order, by full name
    control: dict[str, float] = field(default_factory=dict)
    overridden: set[str] = field(default_factory=set)
    problems: list[tuple[Place, str]] = field(default_factory=list)


def read_constants(cursor: Cursor, model: SubModel, found: Found, given: dict[str, float]) -> None:
    """$CONSTANTS and $LOCALS: NAME = expression; under $REAL, $INTEGER, $CHARACTER or $CONTROL.

    given: values that replace those of the file, by name in upper case (`SUB:NAME` in models inside).
    """
    section = "REAL"
    while not cursor.done:
        if cursor.at("$"):
            section = _section(cursor)
            continue
        with_mistakes(cursor, found, lambda section=section: _constant(cursor, model, found, given, section))


def _section(cursor: Cursor) -> str:
    start = cursor.skip()
    cursor.take("$")
    word = cursor.need(WORD, "a section")[0].upper()
    if word not in SECTIONS:
        raise Mistake(start, f"${word} is no section here; expected ${', $'.join(SECTIONS)}")
    return word


def _constant(cursor: Cursor, model: SubModel, found: Found, given: dict[str, float], section: str) -> None:
    name = cursor.need(WORD, "the name of a constant")[0].upper()
    cursor.expect("=", f"behind {name}")
    if section == "CHARACTER":
        model.names.constants[name] = _text(cursor, "a text in quotes")
    else:
        try:
            value = read_number(cursor, model.names, name)
        except Mistake:
            model.names.constants[name] = 1.0  # so that its uses are no mistakes of their own
            raise
        full = model.prefix.upper() + name
        if full in given:
            value = given[full]
            found.overridden.add(full)
        if section == "CONTROL":
            found.control[name] = value
        model.names.constants[name] = value
    cursor.expect(";", f"behind the value of {name}")


def _text(cursor: Cursor, what: str) -> str:
    match = cursor.need(TEXT, what)
    return match[1] if match[1] is not None else match[2]


def read_arrays(cursor: Cursor, model: SubModel, found: Found) -> None:
    """$ARRAYS: NAME(d1, d2) = value, value, ...; the first index runs fastest."""
    section = "REAL"
    while not cursor.done:
        if cursor.at("$"):
            section = _section(cursor)
            continue
        with_mistakes(cursor, found, lambda section=section: _array(cursor, model, section))


def _array(cursor: Cursor, model: SubModel, section: str) -> None:
    start = cursor.skip()
    name = cursor.need(WORD, "the name of an array")[0].upper()
    cursor.expect("(", f"and the size of {name}")
    size = [int(cursor.need(WHOLE, "a whole number")[0])]
    while cursor.take(","):
        size.append(int(cursor.need(WHOLE, "a whole number")[0]))
    cursor.expect(")", "behind the size")
    cursor.expect("=", f"behind the size of {name}")
    if section == "CHARACTER":
        raise Mistake(start, "arrays of texts are not read")
    values = [read_number(cursor, model.names, name)]
    while cursor.take(","):
        values.append(read_number(cursor, model.names, name))
    if len(values) != int(np.prod(size)):
        raise Mistake(start, f"{name} has {len(values)} values; its size asks for {int(np.prod(size))}")
    cursor.expect(";", f"behind the values of {name}")
    model.names.arrays[name] = np.array(values, float).reshape(size, order="F")


def read_nodes(cursor: Cursor, model: SubModel, found: Found) -> None:
    """$NODES: D10 = 'label', T = 20.0, C = 500.0, QI = 5.0;"""
    while not cursor.done:
        with_mistakes(cursor, found, lambda: _node(cursor, model, found))


def _node(cursor: Cursor, model: SubModel, found: Found) -> None:
    start = cursor.skip()
    match = cursor.need(_NODE, "a node: D, A, B or X and a number, as in D10")
    family, key = match[1].upper(), int(match[2])
    if family not in _FAMILY:
        allowed = ", ".join(f"{letter} ({word})" for letter, word in _FAMILY.items())
        raise Mistake(start, f"{match[0]}: nodes of the kind {family} are not read; expected {allowed}")
    if key in model.nodes:
        raise Mistake(start, f"the node {key} is there already; numbers must differ in a model")
    entry = NodeEntry(family, "", {}, start)
    model.nodes[key] = entry  # already here, so that a mistake below makes none of every reference
    if cursor.take("="):
        entry.label = _text(cursor, "the label in quotes")
    while cursor.take(","):
        place = cursor.skip()
        entity = cursor.need(WORD, "an entity, as in T = 20.0")[0].upper()
        if entity not in ENTITIES:
            raise Mistake(place, f"{entity} is no entity of a node{nearest(entity, ENTITIES)}")
        cursor.expect("=", f"behind {entity}")
        entry.values[entity] = checked_entity(place, entity, read_value(cursor, model.names))
    cursor.expect(";", f"or a comma behind what is said of {match[0]}")
    if family == "B" and "T" not in entry.values:
        raise Mistake(start, f"{match[0]} is a boundary; expected its temperature, T = ...")
    found.order.append((f"{model.prefix}{family}{key}", entry))


def checked_entity(position: int, entity: str, value: Value) -> Value:
    """The value of an entity; only heat may vary over time, and no heat capacity is negative."""
    if isinstance(value, OverTime):
        if entity not in HEAT:
            raise Mistake(position, f"{entity} over time is not read; only heat ({', '.join(HEAT)}) may vary")
    elif entity == "C" and value < 0.0:
        raise Mistake(position, f"C = {value:g} J/K is negative")
    return value


def read_conductors(cursor: Cursor, model: SubModel, found: Found) -> None:
    """$CONDUCTORS: GL(1, 2) = 0.5; GR(1, SUB:2) = 0.01; GF(from, to) = mass flow times specific heat;"""
    while not cursor.done:
        plain = _PLAIN.match(cursor.text, cursor.position, cursor.end)
        if plain is not None and (first := model.nodes.get(int(plain[2]))) and (
            second := model.nodes.get(int(plain[3]))
        ) and first is not second:  # fmt: skip
            cursor.position = plain.end()
            kind = CONDUCTORS["G" + plain[1].upper()]
            found.couplings[kind].append((first, second, number(plain[4])))
            continue
        with_mistakes(cursor, found, lambda: _conductor(cursor, model, found))


def _conductor(cursor: Cursor, model: SubModel, found: Found) -> None:
    start = cursor.skip()
    word = cursor.need(WORD, "a conductor: GL, GR or GF, as in GL(1,2) = 0.5;")[0].upper()
    if word not in CONDUCTORS:
        raise Mistake(start, f"{word} is not read; expected GL (conductive), GR (radiative) or GF (one way)")
    cursor.expect("(", f"behind {word}")
    first = read_reference(cursor, model)
    cursor.expect(",", "and the second node")
    second = read_reference(cursor, model)
    cursor.expect(")", "behind the second node")
    cursor.expect("=", f"behind {word}(...)")
    place = cursor.skip()
    value = read_number(cursor, model.names, word)
    cursor.expect(";", f"behind the value of {word}")
    if first is second:
        raise Mistake(start, f"{word} joins a node to itself")
    if word != "GL" and value < 0.0:
        raise Mistake(place, f"{word} = {value:g} is negative")
    found.couplings[CONDUCTORS[word]].append((first, second, value))


def read_reference(cursor: Cursor, model: SubModel) -> NodeEntry:
    """A node by its number, with the names of models inside before it: 10, SUB:10, SUB:PART:10."""
    start = cursor.skip()
    inside = model
    while (word := cursor.match(WORD)) is not None:
        name = word[0].upper()
        if name not in inside.inner:
            raise Mistake(start, f'"{word[0]}" is no model inside this one{nearest(name, inside.inner)}')
        inside = inside.inner[name]
        cursor.expect(":", "behind the name of the model")
    key = int(cursor.need(WHOLE, "the number of a node")[0])
    if key not in inside.nodes:
        where = f" in the model {inside.name}" if inside.outer is not None else ""
        raise Mistake(start, f"there is no node {key}{where}{nearest(str(key), map(str, inside.nodes))}")
    return inside.nodes[key]


def with_mistakes(cursor: Cursor, found: Found, read) -> None:
    """Read one statement; keep its mistake and go on behind it."""
    try:
        read()
    except Mistake as mistake:
        found.problems.append((cursor.place(mistake.position), mistake.message))
        cursor.position = max(cursor.position, mistake.position)
        cursor.next_statement()
