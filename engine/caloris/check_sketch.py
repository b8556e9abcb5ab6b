"""What a case contains, in numbers, without rays and without a solution: what `caloris check` tells about."""

from dataclasses import dataclass, replace
from functools import cached_property

import jax.numpy as jnp
import numpy as np

from caloris.case.build import Model, build, build_surroundings
from caloris.case.build_geometry import build_geometry
from caloris.case.build_structure import build_structure
from caloris.case.schema import Case
from caloris.geometry.assembly import Body, Geometry, Topology
from caloris.geometry.inspection import Finding, inspect_geometry
from caloris.model.structure import Spread, Structure
from caloris.model.surroundings import Motion, Surroundings
from caloris.programs import kept
from caloris_kernels.conduction.shell import overlap_length, shell_conductance

# Moments per revolution at which the orbit and the joints are looked at: one each three degrees.
_SAMPLES = 120
_MOST_SAMPLES = 2400
# Moments for the part of the orbit in eclipse: 4 s apart in a low orbit, half a penumbra. (The exact edges take
# longer to trace than everything else here.)
_ECLIPSE_SAMPLES = 1440


@dataclass(frozen=True, eq=False)
class Conductors:
    """Everything that conducts between nodes, [pair]: which kind, the two nodes, and the conductance."""

    kind: np.ndarray  # 0 inside a surface, 1 across a joined edge, 2 by a link
    node: np.ndarray  # [pair, 2]
    conductance: np.ndarray  # W K-1
    edge_total: np.ndarray  # W K-1, of each [[edge]]


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
    """A case with its geometry, structure and flight. Nodes are cells in file order, then [[node]]s."""

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
    devices = build(replace(case, surfaces=(), nodes=()))
    geometry = build_geometry(case)
    structure = build_structure(case, geometry)
    surroundings = build_surroundings(case)
    topology = geometry.topology()
    vertices = np.asarray(geometry.vertices())
    a, b, c = (vertices[topology.triangles[:, k]] for k in range(3))
    triangle_area = 0.5 * np.linalg.norm(np.cross(b - a, c - a), axis=1)
    cell_area = np.bincount(topology.triangle_cell, triangle_area, topology.cell_count)
    return Sketch(
        case=case,
        devices=devices,
        geometry=geometry,
        topology=topology,
        structure=structure,
        surroundings=surroundings,
        flight=None if surroundings is None else _flight(case, geometry.bodies, surroundings),
        vertices=vertices,
        triangle_area=triangle_area,
        cell_area=cell_area,
        heat_capacity=_heat_capacity(structure, topology, cell_area),
        conductors=_conductors(structure, topology, vertices, cell_area),
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


_shell_conductance = kept(shell_conductance)


def _heat_capacity(structure: Structure, topology: Topology, cell_area: np.ndarray) -> np.ndarray:
    """Heat capacity of every node (J K-1), as the thermal model has it."""
    total, areal = np.asarray(structure.surface_heat_capacity), np.asarray(structure.surface_areal_heat_capacity)
    surface_area = np.bincount(topology.cell_surface, cell_area, len(total))
    cells = (total / np.where(surface_area > 0, surface_area, 1.0) + areal)[topology.cell_surface] * cell_area
    return np.concatenate([cells, np.asarray(structure.lumped_heat_capacity)])


def _conductors(structure: Structure, topology: Topology, vertices: np.ndarray, cell_area: np.ndarray) -> Conductors:
    """Shells, joined edges and links as pairs of nodes; of a link all pairs of its two ends."""
    sheet = np.asarray(structure.sheet_conductance)[topology.cell_surface[topology.shell_cell]]
    shell = np.zeros(len(sheet))
    if sheet.any():
        shell = np.asarray(
            _shell_conductance(
                jnp.asarray(vertices),
                topology.triangles,
                topology.triangle_cell,
                topology.cell_circumcentric,
                topology.shell_cell,
                topology.shell_vertex,
                jnp.asarray(sheet),
            )
        )
    joints = structure.joints
    segments = np.asarray(joints.first_segment), np.asarray(joints.second_segment)
    table = np.asarray(joints.table)
    length = overlap_length(vertices, *segments, np) if len(table) else np.zeros(0)
    across = np.asarray(joints.conductance_per_length)[table] * length
    node = [topology.shell_cell, np.asarray(joints.cell).reshape(-1, 2)]
    value, kind = [shell, across], [np.zeros(len(shell), int), np.ones(len(across), int)]
    area = np.concatenate([cell_area, np.ones(len(structure.node_name) - len(cell_area))])
    for (first, second), total in zip(structure.links.sides, np.asarray(structure.links.conductance), strict=True):
        rows, columns = np.asarray(first.node), np.asarray(second.node)
        node.append(np.stack([np.repeat(rows, len(columns)), np.tile(columns, len(rows))], axis=1))
        value.append(total * np.outer(_shares(first, area), _shares(second, area)).ravel())
        kind.append(np.full(len(rows) * len(columns), 2))
    edge_total = np.bincount(table, across, len(np.asarray(joints.conductance_per_length)))
    return Conductors(np.concatenate(kind), np.concatenate(node), np.concatenate(value), edge_total)


def _shares(spread: Spread, node_area: np.ndarray) -> np.ndarray:
    """Share of each target of a total (-), as Spread.shares."""
    node, group, weight = (np.asarray(part) for part in (spread.node, spread.group, spread.weight))
    area = node_area[node]
    return weight[group] * area / np.bincount(group, area, len(weight))[group]
