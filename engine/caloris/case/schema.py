"""The case: every table checked, in SI, in file order. `TABLES` says which table has which model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from caloris.case.lumped import LumpedNetwork
from caloris.case.schema_chip import Chip
from caloris.case.schema_coating import Bands
from caloris.case.schema_conduction import Blanket, Contact, Panel
from caloris.case.schema_device import Device
from caloris.case.schema_dose import DosePoint
from caloris.case.schema_equipment import Heater, HeatPump, Louver, Thermoelectric
from caloris.case.schema_heat_pipe import HeatPipe, LoopHeatPipe
from caloris.case.schema_job import Job
from caloris.case.schema_loop import Loop
from caloris.case.schema_material import Material
from caloris.case.schema_network import Network
from caloris.case.schema_orbit import Attitude, Orbit, Planet
from caloris.case.schema_particle import Particles
from caloris.case.schema_power import Battery, Compute, Load, PowerBus, SolarArray
from caloris.case.schema_run import Limit, Margins, Run, Variant
from caloris.case.schema_solid import SOLID_SHAPES, Solid, SolidTable
from caloris.case.schema_structure import Body, Coating, Edge, Link, Node
from caloris.case.schema_surface import INACTIVE, SHAPES, Surface, SurfaceTable
from caloris.case.schema_types import Table


@dataclass(frozen=True)
class TableKind:
    """How a table stands in the file: its model, the attribute of Case that holds it, `[x]` or `[[x]]`."""

    model: type[Table]
    attribute: str
    is_list: bool


TABLES: dict[str, TableKind] = {
    "orbit": TableKind(Orbit, "orbit", False),
    "planet": TableKind(Planet, "planet", False),
    "attitude": TableKind(Attitude, "attitude", False),
    "body": TableKind(Body, "bodies", True),
    "bands": TableKind(Bands, "bands", False),
    "coating": TableKind(Coating, "coatings", True),
    "material": TableKind(Material, "materials", True),
    "panel": TableKind(Panel, "panels", True),
    "surface": TableKind(SurfaceTable, "surfaces", True),
    "solid": TableKind(SolidTable, "solids", True),
    "node": TableKind(Node, "nodes", True),
    "network": TableKind(Network, "network", False),
    "link": TableKind(Link, "links", True),
    "edge": TableKind(Edge, "edges", True),
    "contact": TableKind(Contact, "contacts", True),
    "blanket": TableKind(Blanket, "blankets", True),
    "chip": TableKind(Chip, "chips", True),
    "load": TableKind(Load, "loads", True),
    "heater": TableKind(Heater, "heaters", True),
    "louver": TableKind(Louver, "louvers", True),
    "thermoelectric": TableKind(Thermoelectric, "thermoelectrics", True),
    "heat_pump": TableKind(HeatPump, "heat_pumps", True),
    "heat_pipe": TableKind(HeatPipe, "heat_pipes", True),
    "loop_heat_pipe": TableKind(LoopHeatPipe, "loop_heat_pipes", True),
    "loop": TableKind(Loop, "loops", True),
    "solar_array": TableKind(SolarArray, "solar_arrays", True),
    "power": TableKind(PowerBus, "power", False),
    "battery": TableKind(Battery, "batteries", True),
    "compute": TableKind(Compute, "computes", True),
    "particles": TableKind(Particles, "particles", False),
    "device": TableKind(Device, "devices", True),
    "job": TableKind(Job, "job", False),
    "dose_point": TableKind(DosePoint, "dose_points", True),
    "limit": TableKind(Limit, "limits", True),
    "margins": TableKind(Margins, "margins", False),
    "variant": TableKind(Variant, "variants", True),
    "run": TableKind(Run, "run", False),
}

BY_SHAPE: dict[str, Mapping[str, type[Table]]] = {"surface": SHAPES, "solid": SOLID_SHAPES}
"""Tables whose key `shape` picks their model."""

LATER_TABLES: dict[str, str] = {
    "optimize": "optimization",
    "sweep": "sweeps",
    "uncertainty": "uncertainty",
}


@dataclass(frozen=True)
class Case:
    """A checked case. Plain floats in SI (particle fields in their field units), tuples in file order.

    The tables that each [[chip]] stands for (`caloris.case.chips`) come after those of the file, its nodes before
    them, like the nodes of loops and heat pipes (`caloris.case.fluid_nodes`). `orbit`, `power`, `particles`, `job`,
    `network`, `margins` and `run` are None when the file has no such table; `planet`, `attitude` and `bands` have
    defaults. `text` is the file verbatim, `overrides` the `PATH=VALUE` texts that were applied to it, `imported` what
    the files of [network] hold (its nodes are the last of `nodes`), `variant_cases` the checked case of each variant by
    its name.
    """

    title: str = ""
    orbit: Orbit | None = None
    planet: Planet = Planet()
    attitude: Attitude = Attitude()
    bodies: tuple[Body, ...] = ()
    bands: Bands = Bands()
    coatings: tuple[Coating, ...] = ()
    materials: tuple[Material, ...] = ()
    panels: tuple[Panel, ...] = ()
    surfaces: tuple[Surface, ...] = ()
    solids: tuple[Solid, ...] = ()
    nodes: tuple[Node, ...] = ()
    network: Network | None = None
    links: tuple[Link, ...] = ()
    edges: tuple[Edge, ...] = ()
    contacts: tuple[Contact, ...] = ()
    blankets: tuple[Blanket, ...] = ()
    chips: tuple[Chip, ...] = ()
    loads: tuple[Load, ...] = ()
    heaters: tuple[Heater, ...] = ()
    louvers: tuple[Louver, ...] = ()
    thermoelectrics: tuple[Thermoelectric, ...] = ()
    heat_pumps: tuple[HeatPump, ...] = ()
    heat_pipes: tuple[HeatPipe, ...] = ()
    loop_heat_pipes: tuple[LoopHeatPipe, ...] = ()
    loops: tuple[Loop, ...] = ()
    solar_arrays: tuple[SolarArray, ...] = ()
    power: PowerBus | None = None
    batteries: tuple[Battery, ...] = ()
    computes: tuple[Compute, ...] = ()
    particles: Particles | None = None
    devices: tuple[Device, ...] = ()
    job: Job | None = None
    dose_points: tuple[DosePoint, ...] = ()
    limits: tuple[Limit, ...] = ()
    margins: Margins | None = None
    variants: tuple[Variant, ...] = ()
    run: Run | None = None
    warnings: tuple[str, ...] = ()
    text: str = field(default="", repr=False)
    path: Path | None = None
    folder: Path = field(default_factory=Path)
    overrides: tuple[str, ...] = ()
    imported: LumpedNetwork | None = None
    variant_cases: Mapping[str, "Case"] = field(default_factory=dict, repr=False)

    @property
    def source(self) -> str:
        """What errors call the case: the file's name."""
        return "case" if self.path is None else self.path.name

    def blanket(self, surface: str, side: str) -> Blanket | None:
        """The blanket over a side of a surface."""
        return next((one for one in self.blankets if surface in one.over and one.side == side), None)

    def sides(self, surface: SurfaceTable) -> dict[str, str]:
        """Coating of each active side of a surface: that of the blanket over it, else its own."""
        found = {}
        for side in ("front", "back"):
            blanket = self.blanket(surface.name, side)
            coating = getattr(surface, side) if blanket is None else blanket.outer_coating
            if coating != INACTIVE:
                found[side] = coating
        return found

    def face_coating(self, solid: SolidTable, face: str) -> str:
        """Coating of a face of a solid: the last that names it, else that of the whole."""
        stated = [part.coating for part in solid.face if face in part.on and part.coating is not None]
        return stated[-1] if stated else solid.coating

    @property
    def radiates(self) -> bool:
        """Whether any side or face has a coating."""
        coatings = [one for solid in self.solids for one in (solid.coating, *(part.coating for part in solid.face))]
        return any(self.sides(surface) for surface in self.surfaces) or any(
            coating not in (None, INACTIVE) for coating in coatings
        )

    @property
    def is_device_only(self) -> bool:
        """Whether the case has no thermal part: no surface, no solid and no node."""
        return not self.surfaces and not self.solids and not self.nodes

    @property
    def orbit_period(self) -> float | None:
        """Orbital period (s), None without an orbit."""
        return None if self.orbit is None else self.orbit.period(self.planet)
