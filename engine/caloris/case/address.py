"""Addresses of parts: `"deck"`, `"deck[0,1]"`, `"box.u+"`, `"box.u+[0,1]"`, `"wing/front"`, `"panel[0,1].back"`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from caloris.case.errors import nearest
from caloris.case.schema_solid import SolidBox, SolidTable
from caloris.case.schema_surface import Box, Mesh, SurfaceTable, Triangle

FACES = ("u-", "u+", "v-", "v+", "w-", "w+")
_ADDRESS = re.compile(r"([^/\[\].]+)((?:\.[^/\[\].]*)*)(?:\[([^\]/]*)\])?(?:\.([^/\[\].]*))?(?:/(.*))?")
_INDEX = re.compile(r"\d+(?:,\d+)*")
_LAYER = re.compile(r"front|back|mli|mli-back|\d+")


def is_layer_word(word: str) -> bool:
    """Whether a word names a layer wherever it stands in an address."""
    return _LAYER.fullmatch(word) is not None


class AddressError(ValueError):
    """A reference that names nothing; the message says what exists."""


class UnknownNameError(AddressError):
    """A reference to a surface or node that does not exist."""


@dataclass(frozen=True)
class Address:
    """A part of the case: the surface or node, and where given the face, the cell, the layer and the side.

    The layer stands behind the cell (`"panel[0,1].back"`), that of a blanket before it (`"x+.mli[0,1]"`);
    either is read in both places.
    """

    name: str
    face: str | None = None
    cell: tuple[int, ...] | None = None
    layer: str | None = None
    side: str | None = None


def parse_address(text: str) -> Address:
    """Split an address; AddressError when it has no such form."""
    match = _ADDRESS.fullmatch(text)
    if match is None:
        raise AddressError(f'"{text}" is not an address; write "name", "name[0,1]", "box.u+" or "name/front"')
    name, dotted, cell, behind, side = match.groups()
    words = [*dotted.split(".")[1:], *([] if behind is None else [behind])]
    layers = [word for word in words if _LAYER.fullmatch(word)]
    faces = [word for word in words if not _LAYER.fullmatch(word)]
    if len(layers) > 1 or len(faces) > 1 or (faces and faces[0] == behind and cell is not None):
        raise AddressError(f'"{text}" is not an address; a part has at most one face and one layer behind its cell')
    if side is not None and side not in ("front", "back"):
        raise AddressError(f'"{text}": "/{side}" is not a side; allowed: /front /back')
    index = None
    if cell is not None:
        if _INDEX.fullmatch(cell.replace(" ", "")) is None:
            raise AddressError(f'"{text}": "[{cell}]" is not a cell; write for example [0,1] or [3]')
        index = tuple(int(part) for part in cell.split(","))
    return Address(name, faces[0] if faces else None, index, layers[0] if layers else None, side)


def cell_address(address: Address) -> str:
    """The name without layer and side: that of the cells meant."""
    face = "" if address.face is None else f".{address.face}"
    return address.name + face + ("" if address.cell is None else f"[{','.join(map(str, address.cell))}]")


def layer_words(levels: int) -> tuple[str, ...]:
    """How the nodes through a surface's thickness are called: front, 1, 2, ..., back; none where there is one."""
    return () if levels == 1 else ("front", *(str(k) for k in range(1, levels - 1)), "back")


def cell_counts(surface: SurfaceTable, face: str | None = None) -> tuple[int, ...] | None:
    """Number of cells along each index of a surface or box face; None when only the mesh file knows."""
    if isinstance(surface, Box):
        letter = (face or "u-")[0]
        return tuple(count for count, axis in zip(surface.divide, "uvw", strict=True) if axis != letter)
    if isinstance(surface, Triangle):
        return (surface.divide[0] ** 2,)
    if isinstance(surface, Mesh):
        return (1,) if surface.nodes == 1 else None
    return tuple(getattr(surface, "divide", (1, 1)))


def check_address(
    text: str,
    surfaces: Mapping[str, SurfaceTable | SolidTable | None],
    nodes: Mapping[str, object],
    *,
    layers: Mapping[str, Sequence[str]] | None = None,
    lines: Mapping[str, Mapping[str, int] | None] | None = None,
    side_allowed: bool = False,
) -> Address:
    """Parse `text` and check that the part exists; AddressError says what is allowed.

    surfaces: name to surface or solid, None for one whose own table is wrong (its cells are then not checked).
    layers: the layers that have nodes of their own, by surface; a side may then stand for the layer under it.
    lines: of loops and heat pipes the parts that have nodes and how many, None where the own table is wrong.
    """
    address = parse_address(text)
    if lines is not None and address.name in lines:
        _check_line(text, address, lines[address.name])
        return address
    if address.name not in surfaces and address.name not in nodes:
        known = [*surfaces, *(node for node in nodes if "." not in node), *(lines or {})]
        raise UnknownNameError(
            f'"{address.name}" is not the name of a surface, solid or node{nearest(address.name, known)}'
        )
    known_layers = (layers or {}).get(address.name, ())
    if address.side is not None and not side_allowed and "back" not in known_layers:
        raise AddressError(f'"{text}": a side has no node of its own; write "{text.partition("/")[0]}"')
    if address.name in nodes:
        if address != Address(address.name):
            raise AddressError(f'"{text}": "{address.name}" is a node; it has no faces, cells or sides')
        return address
    surface = surfaces[address.name]
    if surface is not None:
        _check_part(text, address, surface)
        _check_layer(text, address, known_layers)
    return address


def _check_line(text: str, address: Address, parts: Mapping[str, int] | None) -> None:
    """A part of a loop or heat pipe that has nodes, or a cell of it."""
    if parts is None:
        return
    if address.face is None or address.face not in parts:
        known = ", ".join(f'"{address.name}.{part}"' for part in parts) or "none"
        raise AddressError(f'"{text}" names no node; parts of "{address.name}" that have nodes: {known}')
    count = parts[address.face]
    if address.layer is not None or address.side is not None:
        raise AddressError(f'"{text}": fluid has no layers and no sides')
    if address.cell is not None and (count == 1 or len(address.cell) != 1 or address.cell[0] >= count):
        cells = "has one cell and no index" if count == 1 else f"has cells [0] to [{count - 1}]"
        raise AddressError(f'"{text}" is no cell; "{address.name}.{address.face}" {cells}')


def _check_solid(text: str, address: Address, solid: SolidTable) -> None:
    """Faces and vertices of a box; those of a mesh are known when its file is read."""
    if not isinstance(solid, SolidBox):
        if address.cell is not None and len(address.cell) != 1:
            raise AddressError(f'"{text}": a solid of a mesh has one index, as in "{address.name}[0]"')
        return
    counts = [n + 1 for n in solid.divide]
    if address.face is not None:
        _check_face(text, address.face)
        counts = [n for n, axis in zip(counts, "uvw", strict=True) if axis != address.face[0]]
    if address.cell is None:
        return
    if len(counts) != len(address.cell) or not all(i < n for i, n in zip(address.cell, counts, strict=True)):
        last = ",".join(str(n - 1) for n in counts)
        raise AddressError(
            f'"{text}" is no node; corners of bricks are numbered from [{",".join("0" * len(counts))}] to [{last}]'
        )


def _check_face(text: str, face: str) -> None:
    if face not in FACES:
        allowed = " ".join(f".{one}" for one in FACES)
        raise AddressError(f'"{text}": ".{face}" is not a face of a box; allowed: {allowed}')


def _check_layer(text: str, address: Address, known: Sequence[str]) -> None:
    if address.layer is None:
        return
    if address.layer not in known:
        allowed = "allowed: " + " ".join(f".{word}" for word in known) if known else "it has one node through"
        raise AddressError(f'"{text}": ".{address.layer}" is not a layer of "{address.name}"; {allowed}')
    if address.side is not None:
        raise AddressError(f'"{text}": name a layer or a side, not both')


def _check_part(text: str, address: Address, surface: SurfaceTable | SolidTable) -> None:
    if isinstance(surface, SolidTable):
        return _check_solid(text, address, surface)
    if address.face is not None and not isinstance(surface, Box):
        raise AddressError(f'"{text}": "{address.name}" is not a box; only boxes have faces')
    if address.face is not None:
        _check_face(text, address.face)
    if address.cell is None:
        return
    if isinstance(surface, Box) and address.face is None:
        raise AddressError(f'"{text}": name the face of the box first, as in "{address.name}.u+[0,1]"')
    counts = cell_counts(surface, address.face)
    if counts is None:
        if len(address.cell) != 1:
            raise AddressError(f'"{text}": a mesh has one index, as in "{address.name}[0]"')
        return
    inside = len(counts) == len(address.cell) and all(i < n for i, n in zip(address.cell, counts, strict=True))
    if not inside:
        last = ",".join(str(n - 1) for n in counts)
        first = ",".join("0" for _ in counts)
        raise AddressError(
            f'"{text}" is no cell; "{address.name}" is divided into {list(counts)}: [{first}] to [{last}]'
        )
