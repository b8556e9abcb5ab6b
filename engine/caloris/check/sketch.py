"""What a case contains, in numbers, without rays and without a solution: what `caloris check` tells about."""

from dataclasses import dataclass, replace
from functools import cached_property

import jax
import jax.numpy as jnp
import numpy as np

from caloris.case.build import Model, build, build_surroundings
from caloris.case.build_geometry import build_geometry
from caloris.case.build_structure import build_structure
from caloris.case.schema import Case
from caloris.geometry.assembly import Body, Geometry, Topology
from caloris.geometry.inspection import Finding, inspect_geometry
from caloris.model.structure import Structure
from caloris.model.surroundings import Motion, Surroundings
from caloris.programs import kept
from caloris.solve.conductors import build_conductors, node_volumes

# Moments per revolution at which the orbit and the joints are looked at: one each three degrees.
_SAMPLES = 120
_MOST_SAMPLES = 2400
# Moments for the part of the orbit in eclipse: 4 s apart in a low orbit, half a penumbra. (The exact edges take
# longer to trace than everything else here.)
_ECLIPSE_SAMPLES = 1440


INSIDE, EDGE, LINK, CONTACT = range(4)


@dataclass(frozen=True, eq=False)
class Conductors:
    """Everything that conducts between nodes, [pair]: which kind, the two nodes, and the conductance."""

    kind: np.ndarray  # INSIDE a surface, across a joined EDGE, by a LINK or CONTACT
    node: np.ndarray  # [pair, 2]
    conductance: np.ndarray  # W K-1
    edge_total: np.ndarray  # W K-1, of each [[edge]]
    contact_total: np.ndarray  # W K-1, of each [[contact]]
    beside: np.ndarray  # [other pair, 2] nodes joined by blankets, radiative links or streams


@dataclass(frozen=True, eq=False)
class Flight:
    """The orbit and the joints over a run."""

    phase: np.ndarray  # [time] revolutions
    motion: Motion
    joint_angle: np.ndarray  # [time, joint] rad
    beta: np.ndarray  # [time] rad
    period: float  # s
    eclipse_fraction: float  # -, at t = 0
    attitude_undefined: bool


@dataclass(frozen=True, eq=False)
class Sketch:
    """A case with its geometry, structure and flight; nodes as `caloris.case.node_layout` numbers them."""

    case: Case
    devices: Model  # its devices and particles alone
    geometry: Geometry
    topology: Topology
    structure: Structure
    surroundings: Surroundings | None
    flight: Flight | None
    vertices: np.ndarray  # [vertex, 3] m, at zero joint angles
    triangle_area: np.ndarray  # m2, one side
    cell_area: np.ndarray  # m2, one side
    heat_capacity: np.ndarray  # [node] J K-1
    conductors: Conductors

    @property
    def facet_area(self) -> np.ndarray:
        """Area of each facet (m2)."""
        return self.triangle_area[self.topology.facet_triangle]

    @property
    def surface_area(self) -> np.ndarray:
        """Area of one side of each surface (m2)."""
        return np.bincount(self.topology.triangle_surface, self.triangle_area, len(self.geometry.surfaces))

    @property
    def solid_volume(self) -> np.ndarray:
        """Volume of solids around each node (m3)."""
        return np.asarray(node_volumes(self.geometry, self.structure))

    @property
    def surface_heat_capacity(self) -> np.ndarray:
        """Heat capacity of each surface, all its levels together (J K-1)."""
        node, cell = np.asarray(self.structure.area_node), np.asarray(self.structure.area_cell)
        surface = self.topology.cell_surface[cell]
        return np.bincount(surface, self.heat_capacity[node], len(self.geometry.surfaces))

    @cached_property
    def findings(self) -> list[Finding]:
        """Remarks about the geometry at zero joint angles."""
        return inspect_geometry(self.geometry)

    @property
    def free(self) -> np.ndarray:
        """Whether each node's temperature is free, not given."""
        return np.asarray(self.structure.free) > 0


def sketch(case: Case) -> Sketch:
    """Build everything of a case that takes no rays. Raises CaseError like `caloris.build`."""
    devices = build(replace(case, surfaces=(), solids=(), nodes=()))
    geometry = build_geometry(case)
    structure = build_structure(case, geometry)
    surroundings = build_surroundings(case)
    topology = geometry.topology()
    vertices = np.asarray(geometry.vertices())
    triangle_area, cell_area = topology.areas(vertices)
    found = (np.asarray(part) for part in _conductors(geometry, structure))
    capacity, node, conductance, edges, contacts, beside, strength = found
    return Sketch(
        case=case,
        devices=devices,
        geometry=geometry,
        topology=topology,
        structure=structure,
        surroundings=surroundings,
        flight=None if surroundings is None or case.run is None else _flight(case, geometry.bodies, surroundings),
        vertices=vertices,
        triangle_area=triangle_area,
        cell_area=cell_area,
        heat_capacity=capacity,
        conductors=Conductors(_kinds(structure), node, conductance, edges, contacts, beside[strength > 0]),
    )


def _flight(case: Case, bodies: tuple[Body, ...], surroundings: Surroundings) -> Flight:
    """Sample a run: one revolution when it is periodic, else its whole duration."""
    run = case.run
    assert run is not None and case.orbit_period is not None
    frozen = run.mode != "transient"
    revolutions = 1.0 if frozen or run.duration is None else run.duration / case.orbit_period
    count = min(int(np.ceil(_SAMPLES * revolutions)), _MOST_SAMPLES) + 1
    phase = np.linspace(0.0, revolutions, count)
    motion, undefined, fraction = _sample(bodies, surroundings, jnp.asarray(phase), frozen)
    height = np.sum(np.asarray(motion.state.normal) * np.asarray(motion.state.sun_direction), axis=1)
    return Flight(
        phase=phase,
        motion=motion,
        joint_angle=np.asarray(motion.joint_angle),
        beta=np.arcsin(np.clip(height, -1.0, 1.0)),
        period=float(surroundings.orbit.period),
        eclipse_fraction=float(fraction),
        attitude_undefined=bool(np.any(undefined)),
    )


# One compilation: evaluated operation by operation, the orbit alone costs seconds of compiling.
@kept
def _sample(bodies: tuple[Body, ...], surroundings: Surroundings, phase, frozen: bool):
    motion = surroundings.motion(bodies, phase, frozen)
    undefined = surroundings.attitude.undefined(motion.state)
    lit = surroundings.orbit.state_at_phase(jnp.arange(_ECLIPSE_SAMPLES) / _ECLIPSE_SAMPLES, True).lit_fraction
    return motion, undefined, 1.0 - jnp.mean(lit)


@kept
def _conductors(geometry: Geometry, structure: Structure):
    """Capacities and all that conducts, as the thermal model has it; totals of each [[edge]] and [[contact]]."""
    found = build_conductors(geometry, geometry.vertices(), structure)
    links = found.links.conductance[found.links.entry_link] * found.links.entry_share
    joints = structure.joints
    edges = found.conduction.conductance[found.conduction.conductance.shape[0] - joints.table.shape[0] :]
    total = jax.ops.segment_sum(edges, joints.table, joints.conductance_per_length.shape[0])
    node = jnp.concatenate([found.conduction.node, found.links.entry_node])
    named = len(structure.links.name)
    contacts = found.links.conductance[named : named + len(structure.contacts.name)]
    other, streams = found.radiative_links, found.one_way_links
    pairs, values = [other.entry_node], [other.area[other.entry_link] * other.entry_share]
    if streams is not None:
        pairs, values = [*pairs, streams.node], [*values, streams.capacity_rate]
    for group in structure.equipment.parts(found.size):
        # A part joins all its nodes; fluids that are no nodes lie between the wall and the accumulator.
        joined = jnp.stack([group.node[:, :-1], group.node[:, 1:]], axis=2).reshape(-1, 2)
        pairs, values = [*pairs, joined], [*values, jnp.ones(joined.shape[0])]
    beside = jnp.concatenate(pairs), jnp.concatenate(values)
    conductance = jnp.concatenate([found.conduction.conductance, links])
    return found.nodes.heat_capacity, node, conductance, total, contacts, *beside


def _kinds(structure: Structure) -> np.ndarray:
    """Kind of every conductor, in the order of `build_conductors`."""
    sheets, joints = structure.sheets, structure.joints
    links = sum(first.node.shape[0] * second.node.shape[0] for first, second in structure.links.sides)
    inside = sheets.pair_edge.shape[0] + sheets.rung_gap.shape[0] + structure.solids.pair_row.shape[0]
    counts = (inside, joints.table.shape[0], links, structure.contacts.entry_contact.shape[0])
    return np.repeat([INSIDE, EDGE, LINK, CONTACT, LINK], [*counts, structure.pairs.conductance.shape[0]])
