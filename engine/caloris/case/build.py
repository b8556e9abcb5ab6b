"""From the checked case to models: the one crossing from tables to arrays."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np

from caloris.case.build_devices import build_devices, build_job
from caloris.case.build_dose import build_cell_damage, build_dose_points
from caloris.case.build_geometry import build_geometry
from caloris.case.build_orbit import build_orbit
from caloris.case.build_particles import build_orbit_environment, build_particles, build_transport
from caloris.case.build_shield import build_walls
from caloris.case.build_structure import build_structure, schedule
from caloris.case.errors import CaseError, CaseProblem
from caloris.case.schema import Case
from caloris.case.view_factor_file import ViewFactorFileError, read_view_factors
from caloris.geometry.assembly import Geometry
from caloris.model.attitude import Attitude
from caloris.model.device import Device
from caloris.model.dose import CellDamage, DosePoint
from caloris.model.job import Job
from caloris.model.leaves import Fixed
from caloris.model.orbit_environment import OrbitEnvironment
from caloris.model.particles import ParticleEnvironment
from caloris.model.power import Batteries, SolarArrays
from caloris.model.shield import Walls
from caloris.model.shield_transport import ShieldTransport
from caloris.model.surroundings import Joint, Surroundings
from caloris.model.thermal import Thermal
from caloris.precision import require_float64
from caloris.solve.array_damage import ArrayDamage, array_damage
from caloris.solve.couple import Context, couple
from caloris.solve.network import with_rows
from caloris.solve.trace import SkyMismatchError, trace
from caloris.solve.trace_mirrors import MirrorLimitError, with_mirrors
from caloris.solve.visibility import Visibility, with_radiating

# Views that a file gives may add up to more than 1 by this, or by the view-factor tolerance of the run: rounding to
# six decimals makes 1e-3 of a row of two thousand.
_ROW_SUM_EXCESS = 1e-3
_T = TypeVar("_T")


class Power(eqx.Module):
    """The electrical part of a model."""

    arrays: SolarArrays | None
    batteries: Batteries | None


class Model(eqx.Module):
    """Everything that a case describes. thermal follows from geometry, visibility and context by `couple`."""

    geometry: Geometry | None
    visibility: Visibility | None
    context: Context | None
    thermal: Thermal | None
    devices: tuple[Device, ...]
    particles: ParticleEnvironment | None
    # Orbit and models that `particles` comes from, where it has trapped particles or a cutoff. No leaf: `particles` is
    # computed already. Derivatives by the orbit go through `caloris.orbit_particles(model.orbit_environment.value)`.
    orbit_environment: Fixed[OrbitEnvironment] | None = eqx.field(static=True, default=None)
    job: Job | None = None
    dose_points: tuple[DosePoint, ...] = ()
    transport: ShieldTransport = ShieldTransport()
    # What the case's bodies shield, where something stands behind them, and what radiation does to the solar arrays:
    # `thermal` has the arrays so damaged.
    walls: Walls | None = None
    cell_damage: tuple[CellDamage, ...] = ()
    array_damage: ArrayDamage | None = None

    @property
    def device(self) -> Device:
        """The case's only device, or its first."""
        if not self.devices:
            raise ValueError("the case has no [[device]]")
        return self.devices[0]

    @property
    def power(self) -> Power:
        """Solar arrays and batteries."""
        assert self.thermal is not None
        return Power(self.thermal.arrays, self.thermal.batteries)


def build(case: Case, progress: Callable[[str], None] = lambda stage: None) -> Model:
    """Models of a checked case: geometry, rays and view factors, thermal model, devices, particles.

    progress is told the name of each stage that takes long. Raises CaseError for what only building shows
    (degenerate shapes, unreadable meshes and spectra, edges that do not touch), RuntimeError without float64.
    """
    require_float64("build")
    particles, transport, around = build_particles(case), build_transport(case), build_orbit_environment(case)
    along = None if around is None else Fixed(around)
    if case.is_device_only:
        devices, points = build_devices(case, None), build_dose_points(case, None)
        return Model(None, None, None, None, devices, particles, along, build_job(case), points, transport)
    geometry, visibility, context = build_traced(case, progress)
    points = build_dose_points(case, geometry)
    behind = [*case.dose_points, *case.devices]
    walls = build_walls(case, geometry) if any(table.shield == "geometry" for table in behind) else None
    cells, damage = build_cell_damage(case, points), None
    if cells and particles is not None and context.structure.arrays is not None:
        progress("damage of solar arrays")
        damage = array_damage(cells, context.structure.arrays.count, particles, transport)
        context = eqx.tree_at(lambda c: c.structure.arrays.undamaged, context, damage.remaining)
    progress("coupling")
    # Whether a shadow's edge lies anywhere matters to derivatives alone, and here is none: runs that differ in the Sun
    # share one program.
    thermal = with_rows(couple(geometry, replace(visibility, shadowed=True), context))
    return Model(
        geometry,
        visibility,
        context,
        thermal,
        build_devices(case, geometry),
        particles,
        along,
        build_job(case),
        points,
        transport,
        walls,
        cells,
        damage,
    )


def build_traced(
    case: Case, progress: Callable[[str], None] = lambda stage: None
) -> tuple[Geometry, Visibility, Context]:
    """`build_visibility`, with the paths by way of mirrors and sheets where there are any."""
    geometry, visibility, context = build_visibility(case, progress)
    assert case.run is not None
    where, coatings, seed = context.surroundings, context.structure.coatings, case.run.seed
    try:
        visibility = with_mirrors(geometry, where, visibility, coatings, context.frozen, seed=seed, progress=progress)
    except MirrorLimitError as error:
        raise CaseError([CaseProblem("coating", str(error))], case.source) from None
    facet_node, nodes = np.asarray(context.structure.facet_node), len(context.structure.node_name)
    return geometry, with_radiating(visibility, facet_node, nodes), context


def check_buildable(case: Case) -> None:
    """Build all that takes no rays; CaseError for what only that shows, all of it at once."""
    problems: list[CaseProblem] = []

    def attempt(make: Callable[[], _T]) -> _T | None:
        try:
            return make()
        except CaseError as error:
            problems.extend(error.errors)
            return None

    attempt(lambda: build_devices(case, None))
    attempt(lambda: build_particles(case))
    if case.is_device_only:
        attempt(lambda: build_dose_points(case, None))
    else:
        geometry = attempt(lambda: build_geometry(case))
        if geometry is not None:
            points = attempt(lambda: build_dose_points(case, geometry))
            if points is not None:
                attempt(lambda: build_cell_damage(case, points))
            attempt(lambda: build_structure(case, geometry))
        attempt(lambda: build_surroundings(case))
    if problems:
        raise CaseError(problems, case.source)


def build_visibility(
    case: Case, progress: Callable[[str], None] = lambda stage: None
) -> tuple[Geometry, Visibility, Context]:
    """Geometry of a case, and what rays and view factors say about it along its run; progress as `build`.

    Raises CaseError for what only building shows, RuntimeError without float64.
    """
    geometry = build_geometry(case)
    structure = build_structure(case, geometry)
    surroundings = build_surroundings(case)
    run = case.run
    assert run is not None
    periodic = run.mode != "transient" and surroundings is not None
    revolutions = 1.0
    if not periodic:
        revolutions = run.duration or 1.0
        if case.orbit_period is not None:
            revolutions /= case.orbit_period
    file, excess = run.view_factors, max(_ROW_SUM_EXCESS, run.view_factor_tolerance)
    try:
        visibility = trace(
            geometry,
            surroundings,
            revolutions,
            periodic,
            tolerance=run.view_factor_tolerance,
            joint_states=run.joint_states,
            seed=run.seed,
            given=None if file is None else lambda area, angle: read_view_factors(file, area, angle, excess),
            progress=progress,
        )
    except SkyMismatchError as error:
        where = "surface" if file is None else "run/view_factors"
        raise CaseError([CaseProblem(where, str(error))], case.source) from None
    except ViewFactorFileError as error:
        raise CaseError([CaseProblem("run/view_factors", str(error))], case.source) from None
    turns = 1 if surroundings is None else math.ceil(revolutions - 1e-9)
    return geometry, visibility, Context(surroundings, structure, turns, periodic, periodic)


def build_surroundings(case: Case) -> Surroundings | None:
    """Orbit, planet, attitude and joints of a case; None without an orbit."""
    if case.orbit is None:
        return None
    attitude = case.attitude
    try:
        orbit = build_orbit(case)
        pointing = Attitude(attitude.point, attitude.toward, attitude.align, attitude.to)
    except ValueError as error:
        raise CaseError([CaseProblem("orbit", str(error))], case.source) from None
    return Surroundings(orbit, pointing, _joints(case))


def _joints(case: Case) -> tuple[Joint, ...]:
    joints = []
    for k, body in enumerate(case.bodies, start=1):
        table = body.joint
        if table is None:
            continue
        named = table.toward if isinstance(table.toward, str) else None
        vector = table.toward if isinstance(table.toward, tuple) else None
        joints.append(
            Joint(
                body=k,
                point=jnp.asarray(table.point or (0.0, 0.0, 1.0), float),
                target="inertial" if vector is not None else named,
                inertial_target=None if vector is None else jnp.asarray(vector, float),
                range=jnp.asarray(table.range, float),
                angle=None if table.angle is None else schedule(table.angle),
            )
        )
    return tuple(joints)
