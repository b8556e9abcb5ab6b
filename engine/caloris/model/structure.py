"""What a spacecraft is made of, apart from its shape: coatings, masses, links, loads, power equipment."""

import equinox as eqx
import jax
from jaxtyping import Array, Float, Int

from caloris.model.coating import Bands, Coatings
from caloris.model.power import Batteries, Bus, Compute, HeatLoad, SolarArrays
from caloris.model.schedule import Schedule


class Spread(eqx.Module):
    """How a total is spread over nodes: fixed shares between named things, by area within each of them."""

    node: Int[Array, " target"]
    group: Int[Array, " target"]  # which named thing the target belongs to
    weight: Float[Array, " group"]  # - share of each named thing

    def shares(self, node_area: Float[Array, " node"]) -> Float[Array, " target"]:
        """Share of each target (-), summing to the sum of weights; nodes without area count as one."""
        area = node_area[self.node]
        total = jax.ops.segment_sum(area, self.group, self.weight.shape[0])
        return self.weight[self.group] * area / total[self.group]


class LoadTable(eqx.Module):
    """Heat (and electrical) load on a spread of nodes; power is a total."""

    name: str = eqx.field(static=True)
    spread: Spread
    power: Schedule  # W
    electrical: bool = eqx.field(static=True)

    def on_nodes(self, node_area: Float[Array, " node"]) -> HeatLoad:
        """The load with its shares."""
        return HeatLoad(self.name, self.spread.node, self.spread.shares(node_area), self.power, self.electrical)


class ComputeTable(eqx.Module):
    """A computer on a spread of nodes."""

    name: str = eqx.field(static=True)
    spread: Spread
    peak_power: Float[Array, ""]  # W
    idle_power: Float[Array, ""]  # W
    utilization: Schedule  # -

    def on_nodes(self, node_area: Float[Array, " node"]) -> Compute:
        """The computer with its shares."""
        share = self.spread.shares(node_area)
        return Compute(self.name, self.spread.node, share, self.peak_power, self.idle_power, self.utilization)


class LinkTable(eqx.Module):
    """Conductances between two spreads; every target of one side is joined to every target of the other."""

    name: tuple[str, ...] = eqx.field(static=True)
    conductance: Float[Array, " link"]  # W K-1, totals
    sides: tuple[tuple[Spread, Spread], ...]


class EdgeJoints(eqx.Module):
    """Coincident edges of different surfaces that are joined."""

    cell: Int[Array, "joint 2"]
    first_segment: Int[Array, "joint 2"]  # vertices
    second_segment: Int[Array, "joint 2"]
    table: Int[Array, " joint"]  # which [[edge]] of the case
    conductance_per_length: Float[Array, " edge"]  # W m-1 K-1


class Structure(eqx.Module):
    """Thermal and electrical properties by surface and node; what `couple` adds to the geometry."""

    coatings: Coatings
    bands: Bands
    node_name: tuple[str, ...] = eqx.field(static=True)  # cells, then nodes without a surface
    surface_heat_capacity: Float[Array, " surface"]  # J K-1, totals
    surface_areal_heat_capacity: Float[Array, " surface"]  # J K-1 m-2
    sheet_conductance: Float[Array, " surface"]  # W K-1, conductivity times thickness
    lumped_heat_capacity: Float[Array, " lumped"]  # J K-1
    free: Float[Array, " node"]
    start_temperature: Float[Array, " node"]  # K
    bounded: bool = eqx.field(static=True)  # some node's temperature is given
    links: LinkTable
    joints: EdgeJoints
    loads: tuple[LoadTable | ComputeTable, ...]
    arrays: SolarArrays | None
    bus: Bus | None
    batteries: Batteries | None
    space_temperature: Float[Array, ""]  # K, used where there is no planet
