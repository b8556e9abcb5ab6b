"""The thermal model: facets carry radiation, nodes carry temperature, all numbers are leaves.

`Thermal` is what the verbs `solve_steady`, `solve_transient` and `solve_cyclic` take. It holds view factors and
incident fluxes as leaves: where they come from (geometry, orbit, rays) is the business of `caloris.couple`.
"""

import equinox as eqx
import jax
from jaxtyping import Array, Float, Int

from caloris.model.coating import Bands, Coatings
from caloris.model.conduction import PropertyTables
from caloris.model.fluids import Fluid
from caloris.model.mirrors import Mirrors
from caloris.model.parts import Auxiliary, OneWayLinks, PartGroup, Switches
from caloris.model.power import Batteries, Boundary, Bus, Compute, HeatLoad, SolarArrays
from caloris_kernels.conduction.couplings import RowLayout
from caloris_kernels.radiative.exchange_tiles import ExchangeTiles
from caloris_kernels.radiative.radiosity import Enclosure


class CapacityOverTemperature(eqx.Module):
    """Parts of the nodes' heat capacities that change with the temperature, by their tables of specific heat.

    The capacity of a node at T is Nodes.heat_capacity + sum of its parts' capacity (relative(T) - 1).
    """

    node: Int[Array, " part"]
    capacity: Float[Array, " part"]  # J K-1 at the reference temperature
    table: Int[Array, " part"]  # -1: does not change
    tables: PropertyTables


class Nodes(eqx.Module):
    """Every temperature of the model: cells of surfaces in file order, nodes without a surface, further layers."""

    name: tuple[str, ...] = eqx.field(static=True)
    heat_capacity: Float[Array, " node"]  # J K-1; zero makes the node's balance algebraic
    free: Float[Array, " node"]  # - 1, or 0 where the temperature is given (a boundary)
    start_temperature: Float[Array, " node"]  # K; the boundary's temperature where not free
    over_temperature: CapacityOverTemperature | None = None  # None: heat capacities do not depend on the temperature


class Links(eqx.Module):
    """Conductances between nodes. A link that spans divided surfaces is several entries with one total."""

    name: tuple[str, ...] = eqx.field(static=True)  # of links and contacts; pairs of an imported network follow
    conductance: Float[Array, " link"]  # W K-1, totals
    entry_link: Int[Array, " entry"]
    entry_node: Int[Array, "entry 2"]
    entry_share: Float[Array, " entry"]  # - of the link's total


class RadiativeLinks(eqx.Module):
    """Radiation between two nodes beside the exchange of facets: heat from b to a is sigma A (T_b^4 - T_a^4).

    A is an effective area: the whole of a blanket is its effective emittance times its area.
    """

    name: tuple[str, ...] = eqx.field(static=True)  # of links and blankets; pairs of an imported network follow
    area: Float[Array, " link"]  # m2, totals
    entry_link: Int[Array, " entry"]
    entry_node: Int[Array, "entry 2"]
    entry_share: Float[Array, " entry"]  # - of the link's total


class Conduction(eqx.Module):
    """Conduction inside bodies: along and through surfaces, and across joined edges.

    Heat from b to a is g (theta(T_b) - theta(T_a)), theta the Kirchhoff temperature of the pair's table
    (`caloris_kernels.conduction.kirchhoff`), or the temperature itself where it has none.
    """

    node: Int[Array, "pair 2"]
    conductance: Float[Array, " pair"]  # W K-1, at the reference temperature
    table: Int[Array, " pair"] | None  # -1: does not depend on the temperature; None: no pair does
    tables: PropertyTables


class Exchange(eqx.Module):
    """Areas and view factors of the facets, one set a pose of the moving bodies."""

    area: Float[Array, " facet"]  # m2
    facet_node: Int[Array, " facet"]
    facet_coating: Int[Array, " facet"]
    seeing: Int[Array, " seeing"]  # facets that see any other surface; the rest see only space
    radiating: Int[Array, " radiating"]  # nodes with exchange factors, in ascending order
    # m2, A_i F_ij, symmetric: dense, or tiles whose arrays have a leading axis of poses; the facets of either are
    # numbered within `seeing`.
    exchange_area: Float[Array, "pose seeing seeing"] | ExchangeTiles
    inactive_view: Float[Array, "pose facet"]  # - view toward sides that take no part
    space_view: Float[Array, "pose facet"]  # -

    @property
    def poses(self) -> int:
        """How many poses there are."""
        return self.space_view.shape[0]

    def enclosure(self, pose: Int[Array, ""]) -> Enclosure:
        """The facets that see others, in one pose."""
        area, inactive = self.area[self.seeing], self.inactive_view[pose][self.seeing]
        return Enclosure(jax.tree.map(lambda stored: stored[pose], self.exchange_area), area, inactive)


class Timeline(eqx.Module):
    """The run's time, cut at every event, and what the orbit and the joints do in it.

    Segments lie between `edges`; no step crosses an edge. Inside a segment the lit fraction and the weight of
    the second pose are tables on `sample` equal intervals, one-sided at both ends. Incident fluxes are tables
    on a uniform grid over the whole duration (periodic runs: the last sample repeats the first).
    """

    period: Float[Array, ""]  # s
    duration: Float[Array, ""]  # s
    edges: Float[Array, " edge"]  # s, from 0 to duration
    lit_fraction: Float[Array, "segment sample"]  # - part of the solar disc above the planet's limb
    pose_index: Int[Array, "segment 2"]
    pose_weight: Float[Array, "segment sample"]  # - weight of the second pose
    grid_pose_index: Int[Array, "grid 2"]
    grid_pose_weight: Float[Array, " grid"]  # -
    periodic: bool = eqx.field(static=True)


class SunAngle(eqx.Module):
    """The angle at which direct sunlight meets the facets whose coatings are under a cover, along the timeline."""

    facet: Int[Array, " covered"]
    cosine: Float[Array, "grid covered"]  # - 0 where the Sun is behind


class Incident(eqx.Module):
    """First-incidence fluxes on the facets along the timeline, shadowed by the spacecraft itself (W m-2)."""

    solar: Float[Array, "grid facet"]  # direct sunlight as if the planet cast no shadow
    albedo: Float[Array, "grid facet"]
    infrared: Float[Array, "grid facet"]
    sun_angle: SunAngle | None = None  # None: no facet is under a cover


class Thermal(eqx.Module):
    """Everything a thermal solve needs."""

    coatings: Coatings
    bands: Bands
    nodes: Nodes
    exchange: Exchange
    links: Links
    radiative_links: RadiativeLinks
    conduction: Conduction
    timeline: Timeline
    incident: Incident
    loads: tuple[HeatLoad | Compute, ...]
    boundaries: tuple[Boundary, ...]  # nodes whose given temperature varies
    space_temperature: Float[Array, ""]  # K
    planet_temperature: Float[Array, ""]  # K, of the black body that emits the planet's infrared
    arrays: SolarArrays | None = None
    bus: Bus | None = None
    batteries: Batteries | None = None
    mirrors: Mirrors | None = None  # None: no path goes on anywhere
    one_way_links: OneWayLinks | None = None
    parts: tuple[PartGroup, ...] = ()
    auxiliary: Auxiliary | None = None
    switches: Switches | None = None
    fluids: tuple[Fluid, ...] = ()  # what parts are told by their group's index
    rows: RowLayout | None = None  # of conductive and radiative pairs, where there are many nodes
