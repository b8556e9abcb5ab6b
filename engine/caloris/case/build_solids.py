"""From the tables [[solid]] to what their tetrahedra and bricks conduct and store."""

import jax.numpy as jnp
import numpy as np

from caloris.case.node_layout import NodeLayout
from caloris.case.schema import Case
from caloris.case.schema_material import by_direction, reference_value
from caloris.case.schema_solid import SolidMesh as MeshTable
from caloris.case.schema_solid import SolidTable
from caloris.geometry.assembly import Geometry
from caloris.geometry.solids import SolidBox, SolidTopology, brick_corners, brick_pairs
from caloris.model.conduction import PropertyTables, Solids
from caloris_kernels.conduction.solid import EDGES


def build_solids(
    case: Case, geometry: Geometry, nodes: NodeLayout, conductivity: PropertyTables, specific_heat: PropertyTables
) -> Solids:
    """Pairs of vertices that conduct and parts of vertices that store, each by solid and material."""
    rows = [
        (number, name) for number, table in enumerate(case.solids) for name in dict.fromkeys(table.materials_used())
    ]
    materials = {material.name: material for material in case.materials}
    stuff = [materials[name] for _, name in rows]
    tetrahedra, tetrahedron_row = _tetrahedra(case, geometry, nodes, rows)
    boxes = [_Box(solid.shape, nodes.solid_node[number], rows, number)
             for number, solid in enumerate(geometry.solids) if isinstance(solid.shape, SolidBox)]  # fmt: skip
    # One pair for every edge of a material, however many tetrahedra share it; a box has each of its pairs once.
    ends = np.sort(tetrahedra[..., 1][:, np.array(EDGES)], axis=2)
    pairs, pair = _numbered([_with_row(ends, tetrahedron_row).reshape(-1, 3), *(box.pairs for box in boxes)])
    corners = _with_row(tetrahedra[..., 1:], tetrahedron_row).reshape(-1, 2)
    parts, part = _numbered([corners, *(box.parts for box in boxes)])
    heat = [(one.density or 0.0) * reference_value(one.specific_heat or 0.0) for one in stuff]
    arrays = {
        "conductivity": np.array([by_direction(one.conductivity or 0.0) for one in stuff], float).reshape(-1, 3),
        "volumetric_heat": np.array(heat, float),
        "conductivity_table": conductivity.rows(name for _, name in rows),
        "capacity_table": specific_heat.rows(name for _, name in rows),
        "row_solid": np.array([number for number, _ in rows], int),
        "tetrahedron_vertex": tetrahedra[..., 0],
        "tetrahedron_row": tetrahedron_row,
        "tetrahedron_pair": pair[0].reshape(-1, len(EDGES)),
        "tetrahedron_part": part[0].reshape(-1, 4),
        "pair_node": pairs[:, :2],
        "pair_row": pairs[:, 2],
        "part_node": parts[:, 0],
        "part_row": parts[:, 1],
        "brick_row": np.array([box.row for box in boxes], int),
        "brick_pair": _joined(pair[1:]),
        "brick_box": _joined([np.full(len(box.pairs), k) for k, box in enumerate(boxes)]),
        "brick_kind": _joined([box.kind for box in boxes]),
        "brick_count": _joined([box.count for box in boxes]).astype(float),
        "corner_part": _joined(part[1:]),
        "corner_box": _joined([np.full(len(box.parts), k) for k, box in enumerate(boxes)]),
        "corner_count": _joined([box.corners for box in boxes]).astype(float),
    }
    return Solids(**{name: jnp.asarray(value) for name, value in arrays.items()})


class _Box:
    """Rows of nodes and material of a box: of its pairs, with kind and number of bricks, and of its vertices."""

    def __init__(self, shape: SolidBox, node: np.ndarray, rows: list[tuple[int, str]], number: int):
        self.row = next(k for k, (solid, _) in enumerate(rows) if solid == number)
        u, v, w = shape.divide
        vertex, self.kind, self.count = brick_pairs((u, v, w))
        self.pairs = _with_row(node[vertex], np.full(len(vertex), self.row))
        self.parts = _with_row(node[:, None], np.full(len(node), self.row))
        self.corners = brick_corners((u, v, w))


def _tetrahedra(
    case: Case, geometry: Geometry, nodes: NodeLayout, rows: list[tuple[int, str]]
) -> tuple[np.ndarray, np.ndarray]:
    """Corners of the tetrahedra of meshes [tetrahedron, 4, (vertex, node)], and the row of each."""
    corners, row = [np.zeros((0, 4, 2), int)], [np.zeros(0, int)]
    first = 0
    for number, (table, solid) in enumerate(zip(case.solids, geometry.solids, strict=True)):
        topology = solid.shape.topology()
        vertex = topology.tetrahedra
        corners.append(np.stack([vertex + first, nodes.solid_node[number][vertex]], axis=2))
        made_of = [rows.index((number, name)) for name in _by_region(table, topology)]
        row.append(np.array(made_of, int)[topology.region])
        first += len(topology.suffix)
    return np.concatenate(corners), np.concatenate(row)


def _by_region(table: SolidTable, topology: SolidTopology) -> list[str]:
    """Material of each region."""
    if isinstance(table, MeshTable) and table.materials is not None:
        return [table.materials[region] for region in topology.regions]
    return [table.materials_used()[0]] * len(topology.regions)


def _with_row(node: np.ndarray, row: np.ndarray) -> np.ndarray:
    """node [..., columns] with the row of its first axis as one more column."""
    shape = (*node.shape[:-1], 1)
    return np.concatenate([node, np.broadcast_to(row.reshape(-1, *[1] * (node.ndim - 1)), shape)], axis=-1)


def _numbered(blocks: list[np.ndarray]) -> tuple[np.ndarray, list[np.ndarray]]:
    """The different rows of all blocks, and the number of each block's rows among them."""
    unique, number = np.unique(np.concatenate(blocks), axis=0, return_inverse=True)
    return unique, np.split(number.ravel(), np.cumsum([len(block) for block in blocks])[:-1])


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.zeros(0, int), *parts])
