"""From the tables [[contact]], [[edge]] and [[blanket]] to what touches or covers what in the geometry."""

import jax.numpy as jnp
import numpy as np

from caloris.case.address import Address, cell_address, layer_words, parse_address
from caloris.case.errors import CaseError, CaseProblem
from caloris.case.node_layout import NodeLayout
from caloris.case.schema import Case
from caloris.case.schema_conduction import Blanket, Contact
from caloris.case.schema_material import Material, by_direction
from caloris.geometry.assembly import Geometry
from caloris.geometry.contact import Touch, touching_faces
from caloris.geometry.edge_joint import edge_joint
from caloris.geometry.errors import GeometryError
from caloris.model.conduction import Blankets, Contacts, EdgeJoints


def build_joints(case: Case, geometry: Geometry, nodes: NodeLayout) -> EdgeJoints:
    """Every [[edge]]; those that do not touch are reported together.

    A surface with several nodes through its thickness takes part with all of them alike, or with the layer named.
    """
    node, first, second, share, which, problems = [], [], [], [], [], []
    for k, table in enumerate(case.edges):
        ends = [parse_address(name) for name in table.between]
        try:
            joint = edge_joint(geometry, *(cell_address(end) for end in ends))
        except GeometryError as error:
            problems.append(CaseProblem(f"edge/{table.name or k}/{error.key or 'between'}", str(error)))
            continue
        levels = [nodes.levels_at(joint.cell[:, side], end) for side, end in enumerate(ends)]
        for one in levels[0]:
            for other in levels[1]:
                node.append(np.stack([one, other], axis=1))
                share.append(np.full(len(one), 1.0 / (len(levels[0]) * len(levels[1]))))
                first.append(joint.segment_a)
                second.append(joint.segment_b)
                which.append(np.full(len(one), k))
    if problems:
        raise CaseError(problems, case.source)
    conductance = np.array([edge.conductance_per_length for edge in case.edges], float)
    parts = (_pairs(node), _column(share, float), _pairs(first), _pairs(second), _column(which, int))
    return EdgeJoints(*(jnp.asarray(part) for part in (*parts, conductance)))


def build_contacts(case: Case, geometry: Geometry, nodes: NodeLayout) -> Contacts:
    """Every [[contact]]; those whose faces do not touch are reported together."""
    materials = {material.name: material for material in case.materials}
    lumped = {node.name for node in case.nodes}
    touches, films, problems = [], [], []
    for k, table in enumerate(case.contacts):
        ends = [parse_address(name) for name in table.between]
        try:
            if any(end.name in lumped for end in ends):
                films.append(_film(k, ends, nodes, lumped))
            else:
                touches.append(_touch(k, table, ends, geometry, nodes))
        except GeometryError as error:
            problems.append(CaseProblem(f"contact/{table.name or k}/{error.key or 'between'}", str(error)))
    if problems:
        raise CaseError(problems, case.source)
    names = [table.name or f"contact {k}" for k, table in enumerate(case.contacts)]
    conductance = [_conductance(table, materials) for table in case.contacts]
    per_area = [table.bolts is None and table.area is None for table in case.contacts]
    # The linear part of a blanket is a film over its cells.
    for k, table in enumerate(case.blankets):
        if table.conductance_per_area:
            films += [np.insert(rows, 0, len(names), axis=1) for rows in _covered(table, nodes)]
            names.append(_blanket_name(k, table))
            conductance.append(table.conductance_per_area)
            per_area.append(True)
    touch, film = _rows(touches, 5), _rows(films, 4)  # contact, node, node, then the triangles or the cell
    keys = np.concatenate([touch[:, :3], film[:, :3]])
    entries, number = np.unique(keys, axis=0, return_inverse=True)
    number = number.ravel()
    return Contacts(
        name=tuple(names),
        conductance=jnp.asarray(np.array(conductance, float)),
        per_area=jnp.asarray(np.array(per_area, float)),
        entry_contact=jnp.asarray(entries[:, 0]),
        entry_node=jnp.asarray(entries[:, 1:]),
        touch_entry=jnp.asarray(number[: len(touch)]),
        touch_triangle=jnp.asarray(touch[:, 3:]),
        film_entry=jnp.asarray(number[len(touch) :]),
        film_cell=jnp.asarray(film[:, 3]),
    )


def build_blankets(case: Case, nodes: NodeLayout) -> Blankets:
    """Every [[blanket]] with an effective emittance."""
    tables = [(k, table) for k, table in enumerate(case.blankets) if table.effective_emittance]
    covered = [_covered(table, nodes) for _, table in tables]
    rows = _rows([np.insert(one, 0, k, axis=1) for k, parts in enumerate(covered) for one in parts], 4)
    return Blankets(
        tuple(_blanket_name(k, table) for k, table in tables),
        jnp.asarray(np.array([table.effective_emittance for _, table in tables], float)),
        *(jnp.asarray(part) for part in (rows[:, 0], rows[:, 1:3], rows[:, 3])),
    )


def _blanket_name(k: int, table: Blanket) -> str:
    return table.name or f"blanket {k}"


def _covered(table: Blanket, nodes: NodeLayout) -> list[np.ndarray]:
    """Rows of outer node, node under it and cell, of each surface that a blanket covers."""
    found = []
    for name in table.over:
        cells = nodes.cells(name)
        levels = nodes.levels_at(cells, Address(name))
        under = levels[0] if table.side == "front" else levels[-1]
        found.append(np.stack([nodes.outer_node[name, table.side], under, cells], axis=1))
    return found


def _conductance(table: Contact, materials: dict[str, Material]) -> float:
    """Conductance per area (W m-2 K-1), or in all (W K-1) where bolts or an area state it."""
    if table.bolts is not None and table.conductance_per_bolt is not None:
        return table.bolts * table.conductance_per_bolt
    value = table.conductance_per_area
    if table.filler is not None:
        filler = table.filler
        conductivity = filler.conductivity
        if filler.material is not None:
            conductivity = by_direction(materials[filler.material].conductivity or 0.0)[2]
        value = (conductivity or 0.0) / filler.thickness
    assert value is not None
    return value * (table.area or 1.0)


def _film(k: int, ends: list[Address], nodes: NodeLayout, lumped: set[str]) -> np.ndarray:
    """A face against a node: all its cells touch it. Rows of contact, node of the face, node, cell."""
    face, node = ends if ends[1].name in lumped else ends[::-1]
    cells = nodes.cells(cell_address(face))
    level = _one_level(nodes.levels_at(cells, face), face, None)
    return np.stack(np.broadcast_arrays(k, level, nodes.first(node.name), cells), axis=1)


def _touch(k: int, table: Contact, ends: list[Address], geometry: Geometry, nodes: NodeLayout) -> np.ndarray:
    """Rows of contact, node, node, triangle, triangle."""
    gap = table.gap if table.gap is not None or table.filler is None else 1.001 * table.filler.thickness
    touch = touching_faces(geometry, *(cell_address(end) for end in ends), gap=gap)
    both = [
        _one_level(nodes.levels_at(touch.cell[:, side], end), end, _seen(touch, side)) for side, end in enumerate(ends)
    ]
    return np.stack([np.full(len(touch.area), k), *both, *touch.triangle.T], axis=1)


def _seen(touch: Touch, side: int) -> int | None:
    """The side of a face that the other lies on; None where that is not one side alone."""
    found = np.unique(touch.side[:, side])
    return int(found[0]) if len(found) == 1 and found[0] >= 0 else None


def _one_level(levels: list[np.ndarray], end: Address, seen: int | None) -> np.ndarray:
    """The nodes of the level that touches: the one named, or the one on the side where the other face lies."""
    if len(levels) == 1:
        return levels[0]
    if seen is None:
        words = layer_words(len(levels))
        raise GeometryError(
            f"between: {cell_address(end)!r} has several nodes through its thickness; say which of them touches: "
            f"{cell_address(end)}.{words[0]} or {cell_address(end)}.{words[-1]}",
            "between",
        )
    return levels[0 if seen == 0 else -1]


def _rows(parts: list[np.ndarray], width: int) -> np.ndarray:
    return np.concatenate([np.zeros((0, width), int), *parts])


def _pairs(parts: list[np.ndarray]) -> np.ndarray:
    return _rows(parts, 2)


def _column(parts: list[np.ndarray], kind: type) -> np.ndarray:
    return np.concatenate([np.zeros(0, kind), *parts])
