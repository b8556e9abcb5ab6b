"""Heat capacities and conductances of every node, from a structure's numbers and the geometry's lengths and areas."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from caloris.geometry.assembly import Geometry, Topology
from caloris.model.conduction import Blankets, Contacts, LinkTable, Solids
from caloris.model.parts import OneWayLinks
from caloris.model.structure import Structure
from caloris.model.thermal import CapacityOverTemperature, Conduction, Links, Nodes, RadiativeLinks
from caloris_kernels.conduction.overlap import overlap_area
from caloris_kernels.conduction.shell import cell_area, overlap_length, shell_conductance
from caloris_kernels.conduction.solid import (
    brick_conductance,
    brick_volume,
    tetrahedron_conductance,
    tetrahedron_volume,
)


class Conductors(NamedTuple):
    """All that `couple` adds about storing and conducting heat."""

    nodes: Nodes
    links: Links
    radiative_links: RadiativeLinks
    one_way_links: OneWayLinks | None
    conduction: Conduction
    # By which totals are spread: cells' areas (m2), then for every node 1, or its volume in solids (m3).
    size: Float[Array, " source"]


def build_conductors(geometry: Geometry, vertices: Float[Array, "vertex 3"], structure: Structure) -> Conductors:
    """Nodes with their heat capacities, links and contacts, and conduction inside bodies.

    Differentiable in every number; areas of contact have kinks where edges of the two faces lie on each other.
    """
    topology = geometry.topology()
    area = cell_area(vertices, topology.triangles, topology.triangle_cell, topology.cell_count)
    solid, part = _solids(geometry, structure.solids), structure.solids.part_node
    node_size = jnp.ones(len(structure.node_name)).at[part].set(0.0).at[part].add(solid.volume)
    size = jnp.concatenate([area, node_size])
    capacity, over_temperature = _heat_capacity(topology, area, solid.volume, structure)
    nodes = Nodes(structure.node_name, capacity, structure.free, structure.start_temperature, over_temperature)
    pairs = structure.pairs
    links = _joined(
        _links(structure.links, size),
        _contacts(topology, vertices, area, structure.contacts),
        _unnamed(pairs.conductive, pairs.conductance),
    )
    radiative = _joined(
        _links(structure.radiative_links, size),
        _blankets(area, structure.blankets),
        _unnamed(pairs.radiative, pairs.radiative_area),
    )
    streams = _joined(_links(structure.streams, size), _unnamed(pairs.stream, pairs.capacity_rate))
    return Conductors(
        nodes,
        Links(*links),
        RadiativeLinks(*radiative),
        _one_way(streams),
        _conduction(topology, vertices, area, solid.pair, structure),
        size,
    )


@eqx.filter_jit
def node_volumes(geometry: Geometry, structure: Structure) -> Float[Array, " node"]:
    """Volume of solids around each node (m3), zero for nodes that lie in none."""
    volume = _solids(geometry, structure.solids).volume
    return jnp.zeros(len(structure.node_name)).at[structure.solids.part_node].add(volume)


class _Solid(NamedTuple):
    """Conductances and volumes of solids."""

    pair: Float[Array, " pair"]  # W K-1
    volume: Float[Array, " part"]  # m3, around every node in every material


def _solids(geometry: Geometry, solids: Solids) -> _Solid:
    """Tetrahedra of meshes and bricks of boxes: a quarter or an eighth of their volume belongs to each corner."""
    directions = geometry.solid_directions()[solids.row_solid]
    tensor = jnp.einsum("rdx,rd,rdy->rxy", directions, solids.conductivity, directions)
    points = jnp.concatenate([jnp.zeros((0, 3)), *geometry.solid_vertices()])
    corners = points[solids.tetrahedron_vertex]
    each = tetrahedron_conductance(corners, tensor[solids.tetrahedron_row])
    quarter = jnp.abs(tetrahedron_volume(corners)) / 4.0
    bricks = geometry.bricks()
    kinds = brick_conductance(bricks, tensor[solids.brick_row])
    eighth = brick_volume(bricks) / 8.0
    pair = jnp.zeros(solids.pair_row.shape[0]).at[solids.tetrahedron_pair].add(each)
    volume = jnp.zeros(solids.part_node.shape[0]).at[solids.tetrahedron_part].add(quarter[:, None])
    return _Solid(
        pair.at[solids.brick_pair].add(solids.brick_count * kinds[solids.brick_box, solids.brick_kind]),
        volume.at[solids.corner_part].add(solids.corner_count * eighth[solids.corner_box]),
    )


class _Totals(NamedTuple):
    """Couplings as totals and the entries that share them: the fields of Links and of RadiativeLinks."""

    name: tuple[str, ...]
    total: Float[Array, " link"]
    entry_link: Int[Array, " entry"]
    entry_node: Int[Array, "entry 2"]
    entry_share: Float[Array, " entry"]


def _heat_capacity(
    topology: Topology, area: Float[Array, " cell"], volume: Float[Array, " part"], structure: Structure
) -> tuple[Float[Array, " node"], CapacityOverTemperature | None]:
    """Heat capacity of each node (J K-1) at the reference temperature: totals spread by area, sheets by their area."""
    surface, sheets = topology.cell_surface, structure.sheets
    total = jax.ops.segment_sum(area, surface, structure.surface_heat_capacity.shape[0])
    spread = (structure.surface_heat_capacity / total)[surface] * area
    stored = sheets.heat_capacity[sheets.member_sheet] * area[sheets.member_cell]
    solids = structure.solids
    plain = structure.cell_node.shape[0]
    capacity = jnp.zeros(len(structure.node_name)).at[structure.cell_node].add(spread[:plain])
    capacity = capacity.at[structure.lumped_node].add(structure.lumped_heat_capacity)
    node = jnp.concatenate([sheets.member_node, solids.part_node])
    stored = jnp.concatenate([stored, solids.volumetric_heat[solids.part_row] * volume])
    capacity = capacity.at[node].add(stored)
    if not structure.specific_heat.name:
        return capacity, None
    node = jnp.concatenate([node, structure.lumped_node])
    stored = jnp.concatenate([stored, structure.lumped_heat_capacity])
    tables = [
        sheets.capacity_table[sheets.member_sheet],
        solids.capacity_table[solids.part_row],
        structure.lumped_table,
    ]
    return capacity, CapacityOverTemperature(node, stored, jnp.concatenate(tables), structure.specific_heat)


def _links(table: LinkTable, size: Float[Array, " source"]) -> _Totals:
    """Every target of one side joined to every target of the other, the total split by both shares."""
    link, node, share = [jnp.zeros(0, int)], [jnp.zeros((0, 2), int)], [jnp.zeros(0)]
    for k, (first, second) in enumerate(table.sides):
        rows, columns = first.node.shape[0], second.node.shape[0]
        link.append(jnp.full(rows * columns, k))
        pairs = jnp.stack([jnp.repeat(first.node, columns), jnp.tile(second.node, rows)], axis=1)
        node.append(pairs)
        share.append(jnp.outer(first.shares(size), second.shares(size)).ravel())
    return _Totals(table.name, table.total, jnp.concatenate(link), jnp.concatenate(node), jnp.concatenate(share))


def _unnamed(node: Int[Array, "pair 2"], value: Float[Array, " pair"]) -> _Totals:
    """Pairs of an imported network: each a total of its own, without a name."""
    return _Totals((), value, jnp.arange(value.shape[0]), node, jnp.ones_like(value))


def _one_way(streams: _Totals) -> OneWayLinks | None:
    """Streams pair by pair; None where there are none."""
    if not streams.entry_link.shape[0]:
        return None
    return OneWayLinks(streams.entry_node, streams.total[streams.entry_link] * streams.entry_share)


def _contacts(
    topology: Topology, vertices: Float[Array, "vertex 3"], area: Float[Array, " cell"], contacts: Contacts
) -> _Totals:
    """Contacts as links: totals, with shares by the area over which the cells of either face touch."""
    pair = jnp.asarray(topology.triangles)[contacts.touch_triangle]
    touching = overlap_area(vertices[pair[:, 0]], vertices[pair[:, 1]])
    entries = jnp.zeros(contacts.entry_contact.shape[0])
    entries = entries.at[contacts.touch_entry].add(touching).at[contacts.film_entry].add(area[contacts.film_cell])
    total = jax.ops.segment_sum(entries, contacts.entry_contact, len(contacts.name))
    conductance = contacts.conductance * jnp.where(contacts.per_area > 0, total, 1.0)
    share = entries / total[contacts.entry_contact]
    return _Totals(contacts.name, conductance, contacts.entry_contact, contacts.entry_node, share)


def _blankets(area: Float[Array, " cell"], blankets: Blankets) -> _Totals:
    """The radiative part of blankets: effective emittance times area, cell by cell."""
    entries = area[blankets.entry_cell]
    total = jax.ops.segment_sum(entries, blankets.entry_blanket, len(blankets.name))
    share = entries / total[blankets.entry_blanket]
    effective = blankets.effective_emittance * total
    return _Totals(blankets.name, effective, blankets.entry_blanket, blankets.entry_node, share)


def _joined(*parts: _Totals) -> _Totals:
    """One table of several; named ones first."""
    start = [sum(part.total.shape[0] for part in parts[:k]) for k in range(len(parts))]
    return _Totals(
        tuple(name for part in parts for name in part.name),
        jnp.concatenate([part.total for part in parts]),
        jnp.concatenate([part.entry_link + first for part, first in zip(parts, start, strict=True)]),
        jnp.concatenate([part.entry_node for part in parts]),
        jnp.concatenate([part.entry_share for part in parts]),
    )


def _conduction(
    topology: Topology,
    vertices: Float[Array, "vertex 3"],
    area: Float[Array, " cell"],
    solid: Float[Array, " solid"],
    structure: Structure,
) -> Conduction:
    """Conduction along sheets, through gaps, in solids, and across joined edges (their conductance alone)."""
    sheets, solids, joints = structure.sheets, structure.solids, structure.joints
    edge, axis = sheets.pair_edge, jnp.asarray(topology.shell_axis)
    along = shell_conductance(
        vertices,
        topology.triangles,
        topology.triangle_cell,
        jnp.asarray(topology.cell_circumcentric),
        jnp.asarray(topology.shell_cell)[edge],
        jnp.asarray(topology.shell_vertex)[edge],
        sheets.conductance[sheets.pair_sheet[:, None], axis[edge]],
    )
    through = sheets.gap_conductance[sheets.rung_gap] * area[sheets.rung_cell]
    length = overlap_length(vertices, joints.first_segment, joints.second_segment)
    across = joints.conductance_per_length[joints.table] * joints.share * length
    tables = None
    if structure.conductivity.name:
        constant = jnp.full(across.shape[0], -1)
        tables = jnp.concatenate(
            [
                sheets.conductivity_table[sheets.pair_sheet],
                sheets.gap_table[sheets.rung_gap],
                solids.conductivity_table[solids.pair_row],
                constant,
            ]
        )
    return Conduction(
        jnp.concatenate([sheets.pair_node, sheets.rung_node, solids.pair_node, joints.node]),
        jnp.concatenate([along, through, solid, across]),
        tables,
        structure.conductivity,
    )
