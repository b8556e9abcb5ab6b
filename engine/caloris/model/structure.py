"""What a spacecraft is made of, apart from its shape: coatings, masses, links, loads, power equipment."""

import equinox as eqx
from jaxtyping import Array, Float, Int

from caloris.model.coating import Bands, Coatings
from caloris.model.conduction import (
    Blankets,
    Contacts,
    EdgeJoints,
    LinkTable,
    NodePairs,
    PropertyTables,
    Sheets,
    Solids,
    Spread,
)
from caloris.model.equipment import Equipment
from caloris.model.power import Batteries, Boundary, Bus, Compute, HeatLoad, SolarArrays
from caloris.model.schedule import Schedule


class LoadTable(eqx.Module):
    """Heat (and electrical) load on a spread of nodes; power is a total."""

    name: str = eqx.field(static=True)
    spread: Spread
    power: Schedule  # W
    electrical: bool = eqx.field(static=True)

    def on_nodes(self, size: Float[Array, " source"]) -> HeatLoad:
        """The load with its shares."""
        return HeatLoad(self.name, self.spread.node, self.spread.shares(size), self.power, self.electrical)


class NodeLoads(eqx.Module):
    """Constant heat into single nodes of an imported network."""

    name: str = eqx.field(static=True)
    node: Int[Array, " target"]
    heat: Float[Array, " target"]  # W

    @property
    def power(self) -> Schedule:
        """The constant of which `heat` is the share: 1 W."""
        return Schedule.constant(1.0)

    def on_nodes(self, size: Float[Array, " source"]) -> HeatLoad:
        """The load with its shares, each its heat over 1 W."""
        return HeatLoad(self.name, self.node, self.heat, self.power, False)


class ComputeTable(eqx.Module):
    """A computer on a spread of nodes."""

    name: str = eqx.field(static=True)
    spread: Spread
    peak_power: Float[Array, ""]  # W
    idle_power: Float[Array, ""]  # W
    utilization: Schedule  # -

    def on_nodes(self, size: Float[Array, " source"]) -> Compute:
        """The computer with its shares."""
        share = self.spread.shares(size)
        return Compute(self.name, self.spread.node, share, self.peak_power, self.idle_power, self.utilization)


class Structure(eqx.Module):
    """Thermal and electrical properties by surface and node; what `couple` adds to the geometry."""

    coatings: Coatings
    bands: Bands
    node_name: tuple[str, ...] = eqx.field(static=True)  # cells, nodes without a surface, then what layers add
    facet_node: Int[Array, " facet"]
    cell_node: Int[Array, " plain"]  # the first node of each cell of a surface that is no face of a solid
    area_node: Int[Array, " sized"]  # nodes that have the area of a cell, and that cell
    area_cell: Int[Array, " sized"]
    surface_heat_capacity: Float[Array, " surface"]  # J K-1, totals
    lumped_node: Int[Array, " lumped"]
    lumped_heat_capacity: Float[Array, " lumped"]  # J K-1
    lumped_table: Int[Array, " lumped"]  # of specific heat over temperature; -1: does not depend on it
    sheets: Sheets
    solids: Solids
    conductivity: PropertyTables
    specific_heat: PropertyTables
    free: Float[Array, " node"]
    start_temperature: Float[Array, " node"]  # K
    bounded: bool = eqx.field(static=True)  # some node's temperature is given
    links: LinkTable
    radiative_links: LinkTable
    streams: LinkTable  # from the first side to the second
    pairs: NodePairs
    joints: EdgeJoints
    contacts: Contacts
    blankets: Blankets
    boundaries: tuple[Boundary, ...]  # nodes whose given temperature varies
    loads: tuple[LoadTable | ComputeTable | NodeLoads, ...]
    arrays: SolarArrays | None
    bus: Bus | None
    batteries: Batteries | None
    equipment: Equipment
    space_temperature: Float[Array, ""]  # K, used where there is no planet
