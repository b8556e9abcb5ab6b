"""Every node of the model: its number, its name, the cell whose area it has, and how the case's names find it."""

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from caloris.case.address import Address, AddressError, layer_words, parse_address
from caloris.case.schema import Case
from caloris.geometry.assembly import Geometry
from caloris.geometry.solid_patches import SolidFace
from caloris.model.conduction import Spread

BLANKET_WORDS = ("mli", "mli-back")


class _Entry(NamedTuple):
    """A node under the name of a surface or node."""

    address: Address
    node: int
    source: int  # where its size stands: cells, then nodes


class NodeLayout:
    """Nodes: cells, nodes without a surface, further levels of layered surfaces, blankets' outer layers, solids.

    names: of every node. facet_node: the node under each facet. level_node[surface][level]: the nodes of the
    surface's cells at one level. lumped: the nodes of the tables [[node]]. area_node, area_cell: nodes that have
    the area of a cell, and that cell. outer_node: the outer layer over the cells of a surface, by surface and side.
    solid_node: the nodes at the vertices of each solid.
    """

    def __init__(self, geometry: Geometry, case: Case):
        topology = geometry.topology()
        self.cells = topology.cells
        self.cell_count = topology.cell_count
        self.surface_cells = [np.flatnonzero(topology.cell_surface == k) for k in range(len(geometry.surfaces))]
        # The faces of solids come last; their cells are patches around vertices, which are the nodes.
        plain = sum(len(cells) for cells in self.surface_cells[: len(case.surfaces)])
        names = list(topology.cell_name[:plain])
        sources = list(range(plain))
        self.cell_node = np.arange(plain)
        self.facet_node = topology.facet_cell.copy()
        self.lumped = np.arange(len(case.nodes)) + len(names)
        names += [node.name for node in case.nodes]
        sources += [self.cell_count + int(node) for node in self.lumped]
        self.level_node: list[list[np.ndarray]] = []
        for k, surface in enumerate(case.surfaces):
            cells, words = self.surface_cells[k], layer_words(surface.levels)
            levels = [cells]
            for word in words[1:]:
                levels.append(np.arange(len(cells)) + len(names))
                names += [f"{topology.cell_name[cell]}.{word}" for cell in cells]
                sources += cells.tolist()
            if words:
                for cell in cells:
                    names[cell] = f"{topology.cell_name[cell]}.{words[0]}"
                back = (topology.facet_surface == k) & (topology.facet_side == 1)
                self.facet_node[back] = levels[-1][topology.facet_cell[back] - cells[0]]
            self.level_node.append(levels)
        self.outer_node: dict[tuple[str, str], np.ndarray] = {}
        for k, surface in enumerate(case.surfaces):
            cells = self.surface_cells[k]
            for side, word in outer_layers(case, surface.name).items():
                outer = np.arange(len(cells)) + len(names)
                self.outer_node[surface.name, side] = outer
                names += [_with_layer(topology.cell_name[cell], word) for cell in cells]
                sources += cells.tolist()
                mine = (topology.facet_surface == k) & (topology.facet_side == (side == "back"))
                self.facet_node[mine] = outer[topology.facet_cell[mine] - cells[0]]
        self._solids(geometry, names, sources)
        self.names = tuple(names)
        self.area_node = np.flatnonzero(np.array(sources) < self.cell_count)
        self.area_cell = np.array(sources, int)[self.area_node]
        self._entries: dict[str, list[_Entry]] = {}
        for node, (name, source) in enumerate(zip(names, sources, strict=True)):
            address = parse_address(name)
            self._entries.setdefault(address.name, []).append(_Entry(address, node, source))

    def _solids(self, geometry: Geometry, names: list[str], sources: list[int]) -> None:
        """Nodes at the vertices of solids, and the patches of their faces."""
        topology = geometry.topology()
        self.solid_node: list[np.ndarray] = []
        self._faces: dict[str, list[_Entry]] = {}
        for solid in geometry.solids:
            suffix = solid.shape.topology().suffix
            self.solid_node.append(np.arange(len(suffix)) + len(names))
            sources += [self.cell_count + node for node in range(len(names), len(names) + len(suffix))]
            names += [solid.name + one for one in suffix]
            self._faces[solid.name] = []
        for k, surface in enumerate(geometry.surfaces):
            if not isinstance(surface.shape, SolidFace):
                continue
            cells = self.surface_cells[k]
            nodes = self.solid_node[surface.shape.solid][surface.shape.patches.cell_vertex]
            self.level_node.append([nodes])
            mine = topology.facet_surface == k
            self.facet_node[mine] = nodes[topology.facet_cell[mine] - cells[0]]
            self._faces[geometry.solids[surface.shape.solid].name] += [
                _Entry(parse_address(topology.cell_name[cell]), int(node), int(cell))
                for cell, node in zip(cells, nodes, strict=True)
            ]

    def find(self, name: str) -> np.ndarray:
        """Numbers of the nodes under a name: a surface, a face, a cell, a layer of one of these, a node.

        Without a layer these are all nodes through the thickness, without those of blankets; a side stands for the
        layer under it.
        """
        return np.array([entry.node for entry in self._under(name)], int)

    def levels_at(self, cells: np.ndarray, address: Address) -> list[np.ndarray]:
        """Nodes of cells of one surface, level by level: all levels, or the one that an address names."""
        surface = next(k for k, mine in enumerate(self.surface_cells) if np.isin(cells, mine).all())
        levels = [nodes[cells - self.surface_cells[surface][0]] for nodes in self.level_node[surface]]
        word = address.layer or address.side
        words = layer_words(len(levels))
        return levels if word not in words else [levels[words.index(word)]]

    def sized(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """`find`, and where the size of each node stands: cells and patches of faces, then nodes."""
        entries = self._under(name)
        return np.array([entry.node for entry in entries], int), np.array([entry.source for entry in entries], int)

    def first(self, name: str) -> int:
        """Number of the one node (or the first cell) under a name."""
        return int(self.find(name)[0])

    def spread(self, names: Sequence[str], shares: Sequence[float] | None = None) -> Spread:
        """A total spread over names, equally or by shares, and by area inside each, by volume inside a solid."""
        found = [self._under(name) for name in names]
        group = np.concatenate([np.full(len(entries), k) for k, entries in enumerate(found)])
        node, source = (np.array([entry[k] for entries in found for entry in entries], int) for k in (1, 2))
        weight = np.full(len(names), 1.0 / len(names)) if shares is None else np.array(shares)
        return Spread(jnp.asarray(node), jnp.asarray(source), jnp.asarray(group), jnp.asarray(weight))

    def _under(self, name: str) -> list[_Entry]:
        wanted = parse_address(name)
        entries = self._entries.get(wanted.name, [])
        if wanted.name in self._faces and wanted.face is not None:
            entries = self._faces[wanted.name]
        found = [entry for entry in entries if is_under(entry.address, wanted)]
        if not found and wanted.name in self._faces:
            faces = dict.fromkeys(f".{entry.address.face}" for entry in self._faces[wanted.name])
            raise AddressError(f'"{name}" is no part of the solid "{wanted.name}"; its faces are {" ".join(faces)}')
        return found


def outer_layers(case: Case, surface: str) -> dict[str, str]:
    """What the outer layer of the blanket over each side of a surface is called: .mli; of two the back's .mli-back."""
    covered = [side for side in ("front", "back") if case.blanket(surface, side) is not None]
    return dict(zip(covered, BLANKET_WORDS, strict=False))


def _with_layer(cell: str, word: str) -> str:
    """The name of a blanket's layer over a cell: "box.u+[0,1]" -> "box.u+.mli[0,1]"."""
    head, bracket, index = cell.partition("[")
    return f"{head}.{word}{bracket}{index}"


def is_under(node: Address, wanted: Address) -> bool:
    """Whether a node belongs to what an address names."""
    if node.name != wanted.name or wanted.face not in (None, node.face) or wanted.cell not in (None, node.cell):
        return False
    if wanted.layer is None and node.layer in BLANKET_WORDS:
        return False
    return wanted.layer in (None, node.layer) and (wanted.side is None or node.layer in (None, wanted.side))
