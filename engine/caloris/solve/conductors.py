"""Heat capacities and conductances of every node, from a structure's numbers and the geometry's lengths and areas."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from caloris.geometry.assembly import Topology
from caloris.model.conduction import Blankets, Contacts, LinkTable
from caloris.model.parts import OneWayLinks
from caloris.model.structure import Structure
from caloris.model.thermal import CapacityOverTemperature, Conduction, Links, Nodes, RadiativeLinks
from caloris_kernels.conduction.overlap import overlap_area
from caloris_kernels.conduction.shell import cell_area, overlap_length, shell_conductance


class Conductors(NamedTuple):
    """All that `couple` adds about storing and conducting heat."""

    nodes: Nodes
    links: Links
    radiative_links: RadiativeLinks
    one_way_links: OneWayLinks | None
    conduction: Conduction
    size: Float[Array, " source"]  # by which totals are spread: cells' areas (m2), then 1 for every node


def build_conductors(topology: Topology, vertices: Float[Array, "vertex 3"], structure: Structure) -> Conductors:
    """Nodes with their heat capacities, links and contacts, and conduction inside bodies.

    Differentiable in every number; areas of contact have kinks where edges of the two faces lie on each other.
    """
    area = cell_area(vertices, topology.triangles, topology.triangle_cell, topology.cell_count)
    size = jnp.concatenate([area, jnp.ones(len(structure.node_name))])
    capacity, over_temperature = _heat_capacity(topology, area, structure)
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
        _conduction(topology, vertices, area, structure),
        size,
    )


class _Totals(NamedTuple):
    """Couplings as totals and the entries that share them: the fields of Links and of RadiativeLinks."""

    name: tuple[str, ...]
    total: Float[Array, " link"]
    entry_link: Int[Array, " entry"]
    entry_node: Int[Array, "entry 2"]
    entry_share: Float[Array, " entry"]


def _heat_capacity(
    topology: Topology, area: Float[Array, " cell"], structure: Structure
) -> tuple[Float[Array, " node"], CapacityOverTemperature | None]:
    """Heat capacity of each node (J K-1) at the reference temperature: totals spread by area, sheets by their area."""
    surface, sheets = topology.cell_surface, structure.sheets
    total = jax.ops.segment_sum(area, surface, structure.surface_heat_capacity.shape[0])
    spread = (structure.surface_heat_capacity / total)[surface] * area
    stored = sheets.heat_capacity[sheets.member_sheet] * area[sheets.member_cell]
    capacity = jnp.zeros(len(structure.node_name)).at[: area.shape[0]].add(spread)
    capacity = capacity.at[structure.lumped_node].add(structure.lumped_heat_capacity)
    capacity = capacity.at[sheets.member_node].add(stored)
    if not structure.specific_heat.name:
        return capacity, None
    node = jnp.concatenate([sheets.member_node, structure.lumped_node])
    table = jnp.concatenate([sheets.capacity_table[sheets.member_sheet], structure.lumped_table])
    stored = jnp.concatenate([stored, structure.lumped_heat_capacity])
    return capacity, CapacityOverTemperature(node, stored, table, structure.specific_heat)


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
    topology: Topology, vertices: Float[Array, "vertex 3"], area: Float[Array, " cell"], structure: Structure
) -> Conduction:
    """Conduction along sheets, through gaps, and across joined edges (their conductance alone)."""
    sheets, joints = structure.sheets, structure.joints
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
            [sheets.conductivity_table[sheets.pair_sheet], sheets.gap_table[sheets.rung_gap], constant]
        )
    return Conduction(
        jnp.concatenate([sheets.pair_node, sheets.rung_node, joints.node]),
        jnp.concatenate([along, through, across]),
        tables,
        structure.conductivity,
    )
