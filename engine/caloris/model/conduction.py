"""What conducts and stores heat in a spacecraft: sheets, joints, contacts, materials over temperature.

These are numbers by material and table of the case, and which nodes they act on; `couple` puts the geometry's
areas and lengths to them.
"""

from collections.abc import Iterable

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, Int


class Spread(eqx.Module):
    """How a total is spread over nodes: fixed shares between named things, by size within each of them."""

    node: Int[Array, " target"]
    # Where the size of the target stands: cells' areas come first, then the sizes of nodes (volumes in solids).
    source: Int[Array, " target"]
    group: Int[Array, " target"]  # which named thing the target belongs to
    weight: Float[Array, " group"]  # - share of each named thing

    def shares(self, size: Float[Array, " source"]) -> Float[Array, " target"]:
        """Share of each target (-), summing to the sum of weights; nodes without area count as one."""
        mine = size[self.source]
        total = jax.ops.segment_sum(mine, self.group, self.weight.shape[0])
        return self.weight[self.group] * mine / total[self.group]


class LinkTable(eqx.Module):
    """Couplings of one kind between two spreads; every target of one side is joined to every target of the other."""

    name: tuple[str, ...] = eqx.field(static=True)
    total: Float[Array, " link"]  # W K-1 (conductances, capacity rates) or m2 (radiative areas)
    sides: tuple[tuple[Spread, Spread], ...]


class NodePairs(eqx.Module):
    """Couplings of an imported network, pair by pair, without names."""

    conductive: Int[Array, "conductive 2"]
    conductance: Float[Array, " conductive"]  # W K-1
    radiative: Int[Array, "radiative 2"]
    radiative_area: Float[Array, " radiative"]  # m2
    stream: Int[Array, "stream 2"]  # from, to
    capacity_rate: Float[Array, " stream"]  # W K-1


class EdgeJoints(eqx.Module):
    """Coincident edges of different surfaces that are joined."""

    node: Int[Array, "joint 2"]
    share: Float[Array, " joint"]  # - of the joint's length, where a surface has several nodes through its thickness
    first_segment: Int[Array, "joint 2"]  # vertices
    second_segment: Int[Array, "joint 2"]
    table: Int[Array, " joint"]  # which [[edge]] of the case
    conductance_per_length: Float[Array, " edge"]  # W m-1 K-1


class Contacts(eqx.Module):
    """Faces that touch, and faces in a fluid or shroud that a node stands for.

    An entry joins two nodes; its share of its contact is the area over which their cells touch.
    """

    name: tuple[str, ...] = eqx.field(static=True)
    conductance: Float[Array, " contact"]  # W K-1 m-2 where per area, else W K-1 in all
    per_area: Float[Array, " contact"]  # - 1 per area, 0 in all
    entry_contact: Int[Array, " entry"]
    entry_node: Int[Array, "entry 2"]
    touch_entry: Int[Array, " touch"]  # pairs of triangles that touch, and the entry that they belong to
    touch_triangle: Int[Array, "touch 2"]
    film_entry: Int[Array, " film"]  # cells of faces in a fluid
    film_cell: Int[Array, " film"]


class Blankets(eqx.Module):
    """Multi-layer insulation between its outer layer and the surface under it, cell by cell: the radiative part."""

    name: tuple[str, ...] = eqx.field(static=True)
    effective_emittance: Float[Array, " blanket"]  # -
    entry_blanket: Int[Array, " entry"]
    entry_node: Int[Array, "entry 2"]  # outer layer, surface
    entry_cell: Int[Array, " entry"]


class Sheets(eqx.Module):
    """Plane layers of one material in surfaces: they conduct along the surface and store heat at one level of it.

    A level is a node through the thickness; plain surfaces have one. A level may hold several sheets (a skin, and
    half of the core behind it). Between levels heat is conducted by gaps.
    """

    conductance: Float[Array, "sheet 2"]  # W K-1, conductivity times thickness, along u and along v
    heat_capacity: Float[Array, " sheet"]  # J K-1 m-2
    conductivity_table: Int[Array, " sheet"]  # -1: the conductivity does not depend on the temperature
    capacity_table: Int[Array, " sheet"]  # the same of the specific heat
    member_node: Int[Array, " member"]  # every cell of every sheet that stores heat
    member_cell: Int[Array, " member"]
    member_sheet: Int[Array, " member"]
    pair_node: Int[Array, "pair 2"]  # every mesh edge inside every sheet that conducts
    pair_edge: Int[Array, " pair"]  # number of the edge among those of the topology
    pair_sheet: Int[Array, " pair"]
    gap_conductance: Float[Array, " gap"]  # W K-1 m-2
    gap_table: Int[Array, " gap"]
    rung_node: Int[Array, "rung 2"]  # every cell of every gap
    rung_cell: Int[Array, " rung"]
    rung_gap: Int[Array, " rung"]


class Solids(eqx.Module):
    """Solids conduct between their vertices and store heat in them, by rows of one material of one solid each.

    Tetrahedra are those of meshes. A box has bricks, all alike: a pair of its vertices conducts what one brick gives
    for its kind, times the number of bricks that share it.
    """

    conductivity: Float[Array, "row 3"]  # W m-1 K-1, along the directions of the row's solid
    volumetric_heat: Float[Array, " row"]  # J K-1 m-3
    conductivity_table: Int[Array, " row"]  # -1: does not depend on the temperature
    capacity_table: Int[Array, " row"]
    row_solid: Int[Array, " row"]
    tetrahedron_vertex: Int[Array, "tetrahedron 4"]  # among the vertices of all solids
    tetrahedron_row: Int[Array, " tetrahedron"]
    tetrahedron_pair: Int[Array, "tetrahedron 6"]  # by the edges of the kernel
    tetrahedron_part: Int[Array, "tetrahedron 4"]
    pair_node: Int[Array, "pair 2"]  # every edge in every material
    pair_row: Int[Array, " pair"]
    part_node: Int[Array, " part"]  # every node in every material
    part_row: Int[Array, " part"]
    brick_row: Int[Array, " box"]
    brick_pair: Int[Array, " brick_pair"]  # number of the pair among the pairs
    brick_box: Int[Array, " brick_pair"]
    brick_kind: Int[Array, " brick_pair"]
    brick_count: Float[Array, " brick_pair"]
    corner_part: Int[Array, " brick_part"]  # number of the part among the parts
    corner_box: Int[Array, " brick_part"]
    corner_count: Float[Array, " brick_part"]  # bricks that meet there; each gives an eighth of its volume


class PropertyTables(eqx.Module):
    """Properties over temperature, relative to their value at the reference temperature.

    Linear between points, held at the ends. Tables of fewer points than others repeat their last value.
    """

    name: tuple[str, ...] = eqx.field(static=True)  # of the materials
    point: Float[Array, "table point"]  # K, ascending
    relative: Float[Array, "table point"]  # -, property over its value at the reference temperature

    def rows(self, owners: Iterable[str]) -> np.ndarray:
        """The table of each owner, -1 for those that have none."""
        return np.array([self.name.index(owner) if owner in self.name else -1 for owner in owners], int)
