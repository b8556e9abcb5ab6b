"""Every kernel and every verb lowers for TPU and for CUDA: what has no program there fails here, without a device.

Lowering compiles nothing: it shows that every operation has a form on the platform, not that the platform's compiler
takes it in float64 (factorizations on a TPU), nor that it is fast there.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.export
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
import caloris.geometry
import caloris_kernels
from caloris.check import sketch
from caloris.geometry import assembly, clear_blocks, device_partial
from caloris.geometry.device_scene import DeviceScene
from caloris.geometry.partial_pairs import row_rays
from caloris.model.device import Device, Effect
from caloris.model.dose import DosePoint
from caloris.model.job import Job
from caloris.model.orbit import KeplerOrbit
from caloris.model.planet import Planet
from caloris.model.shield import SectorShield
from caloris.model.surroundings import motion_along
from caloris.run_file import particles
from caloris.solve import drift_shells, orbit_particles, particle_track
from caloris.solve.balance import audit, balance, mean_terms
from caloris.solve.couple import couple
from caloris.solve.trace import _placed
from caloris_benchmarks.dense_scene import ENCLOSURE, enclosure
from caloris_kernels.conduction.couplings import CoupledSlopes, Couplings, KindLayout, RowLayout
from caloris_kernels.fluid.control_laws import Controller, Split, Valve
from caloris_kernels.fluid.convection import Flow, all_regimes
from caloris_kernels.fluid.heat_pipe_laws import GasLoadedPipe, HeatPipe, LoopHeatPipe
from caloris_kernels.fluid.liquid import Liquid, Properties
from caloris_kernels.fluid.loop_laws import Carrier, CurvePump, Section, SetFlow, SetPump, TubeCell
from caloris_kernels.fluid.saturation import SaturatedFluid
from caloris_kernels.fluid.two_phase import Phases, Tube
from caloris_kernels.fluid.two_phase_laws import TwoPhaseCarrier, TwoPhaseCell
from caloris_kernels.magnetic.drift_shell import DriftShell
from caloris_kernels.magnetic.field import FieldCoefficients
from caloris_kernels.magnetic.shell_table import DriftShellTable
from caloris_kernels.numerics.inverse import Start
from caloris_kernels.numerics.link_rows import LinkRows, RowValues
from caloris_kernels.particle.elements import ELEMENT_NAMES
from caloris_kernels.particle.let_spectrum import LetCoverage
from caloris_kernels.particle.transport import ShieldTable
from caloris_kernels.parts.heat_pump import HeatPump
from caloris_kernels.parts.heater import ProportionalHeater, ThermostatHeater
from caloris_kernels.parts.louver import Louver
from caloris_kernels.parts.phase_change import PhaseChange
from caloris_kernels.parts.thermoelectric import ControlledThermoelectricCooler, ThermoelectricCooler
from caloris_kernels.power.bus import BatteryBank
from caloris_kernels.radiative import bvh_pallas, bvh_walk
from caloris_kernels.radiative.bvh_walk import Hit
from caloris_kernels.radiative.exchange_tiles import ExchangeTiles
from caloris_kernels.radiative.incidence import covered_absorptance
from caloris_kernels.radiative.path_environment import EscapeNodes
from caloris_kernels.radiative.paths import Paths, PathSums
from caloris_kernels.radiative.planet_heating import CapPoints
from caloris_kernels.radiative.radiosity import Enclosure
from caloris_kernels.radiative.view_factor import Tile
from caloris_kernels.stepping.events import Search
from caloris_kernels.stepping.grid import empty_grid, empty_record
from caloris_kernels.stepping.grid_steps import Taken, Track
from caloris_kernels.stepping.krylov import Earlier
from caloris_kernels.stepping.linear import Matrix, dense_back_substitute, dense_factor
from caloris_kernels.stepping.rodas import STAGES, Step
from caloris_kernels.stepping.sweeps import Path as ReplayPath
from caloris_kernels.stepping.sweeps import Tape
from caloris_kernels.stepping.upstream import Sweep, Upstream
from caloris_kernels.storage.enthalpy import CapacityTable
from caloris_kernels.trapped.flux_map import FluxMap

PLATFORMS = ("tpu", "cuda")
EXAMPLE = Path(__file__).parents[2] / "examples" / "orbital_data_center.toml"
COARSE = (
    "surface/bus wall/divide=[1, 1, 1]",
    "surface/array+x/divide=[2, 1]",
    "surface/array-x/divide=[2, 1]",
    "surface/radiator/divide=[2, 1]",
    "run/joint_states=2",
)
# Calls that JAX lowers but does not promise to keep for later versions: nothing here is kept.
UNPROMISED = [jax.export.DisabledSafetyCheck.custom_call("__gpu$xla.gpu.triton")]


class Wrapped(NamedTuple):
    """How to call a kernel that takes or returns functions, and the arrays for that call."""

    call: Callable[..., Any]
    arguments: tuple


def f(*shape: int) -> Any:  # stands for an array of that shape
    return jax.ShapeDtypeStruct(shape, jnp.float64)


def f32(*shape: int) -> Any:
    return jax.ShapeDtypeStruct(shape, jnp.float32)


def u64(*shape: int) -> Any:
    return jax.ShapeDtypeStruct(shape, jnp.uint64)


def i(*shape: int) -> Any:
    return jax.ShapeDtypeStruct(shape, jnp.int32)


def b(*shape: int) -> Any:
    return jax.ShapeDtypeStruct(shape, jnp.bool_)


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray | jax.ShapeDtypeStruct)


def lower(function: Callable, *arguments: Any, platforms: tuple[str, ...] = PLATFORMS, **options: Any) -> int:
    """Lower the function of the arrays among the arguments; the size of the program, for all platforms at once."""
    arrays, static = eqx.partition((arguments, options), _is_array)

    def of_arrays(arrays: Any) -> Any:
        positional, named = eqx.combine(arrays, static)
        return eqx.filter(function(*positional, **named), eqx.is_array)

    exported = jax.export.export(jax.jit(of_arrays), platforms=platforms, disabled_checks=UNPROMISED)(arrays)
    assert exported.platforms == platforms
    return len(exported.mlir_module_serialized)


# Triangles, tiles, orbit: shapes of the arguments below.
ELEMENTS = len(ELEMENT_NAMES)
SHELL = (f(4, 3), i(2, 3))
ROWS, ROW = LinkRows(i(2, 4), i(2, 4), i(1), i(1), i(1)), RowValues(f(2, 4), f(1))
LAYOUT = RowLayout(KindLayout(ROWS, i(5), i(3)), KindLayout(ROWS, i(5), i(2)))
COUPLINGS = Couplings(ROWS, ROWS, ROW, ROW)
PAIRS = (f(2, 3, 3), f(2, 3, 3))
TILE = Tile(f(1, 3, 3, 8), f(1, 3, 8), f(1, 8), f(1, 8), f(1, 8))
TILES = ExchangeTiles(i(2, 64), i(3), i(3), f(3, 64, 64))
FIELD = FieldCoefficients(f(14, 14), f(14, 14))
SHELLS = DriftShellTable(f32(63 * 63 * 21, 8), FIELD, f())
LEVELS = np.geomspace(0.1, 100.0, 6)
EARTH_ORBIT = KeplerOrbit(Planet(), 7e6, 0.0, 1.7, 0.0, 0.0, 0.0, 9800.0)
FLUX_MAP = FluxMap(f(5), f(5, 6), f(5, 6, 9, 4), f(2))
CAP = CapPoints(f(2, 5, 3), f(2, 5), f(2, 5, 3))
RAYS = (f(8, 12), f(5, 3), f(5, 3), f(5))
WEIBULL = (f(), f(), f())
LOUVER, PUMP, WAX = Louver(*[f()] * 5), HeatPump(*[f()] * 6), PhaseChange(*[f()] * 5)
# Four paths with six bounces over three facets, two replicates, five pairs.
PATHS = Paths(
    *(i(4), f(4), i(4), i(4), f(4, 3), i(4)),
    *(i(6), b(6), i(6), f(6), i(6), f(6), i(6), f(6)),
    *(i(5), i(5), f(5), f(3), f(3), i(2), i(3)),
)
SUMS = PathSums(f(2, 5), f(2, 3), f(2, 3), f(2, 3))
# A system of four states on a grid of eight steps in three segments.
P = enclosure(4)
Y, EDGES, T, SEGMENT = f(4), f(4), f(), i()
GRID, RECORD = empty_grid(8, jnp.float64), empty_record(8, 4, jnp.float64)
LINEAR = jax.eval_shape(lambda t, y, s: ENCLOSURE.linearize(t, y, P, s), T, Y, SEGMENT)
TAPE = Tape(f(8, 4), f(8, STAGES, 4))
ON_GRID = (ENCLOSURE, P, Y, EDGES, GRID, Y)
# The same with two switches that heat two nodes, and one that is solved directly.
HEATED = ENCLOSURE._replace(
    switching=lambda t, y, p, s, mode: jnp.where(mode > 0.5, y[:2] - 300.0, 290.0 - y[:2]),
    with_mode=lambda p, mode: p._replace(heat_load=p.heat_load.at[:2].add(mode)),
)
FACTORED = ENCLOSURE._replace(
    apply=jnp.matmul,
    apply_transpose=lambda k, v: v @ k,
    diagonal=jnp.diagonal,
    factor=dense_factor,
    back_substitute=dense_back_substitute,
    fallback=True,
)
SWITCHES = empty_grid(8, jnp.float64, 2)
SEARCH = Search(f(2), f(), f(), f(), i(), i(), b(), i(), i())
SWITCHED_RECORD = empty_record(8, 4, jnp.float64, switching=True)
SWITCHED_ROW = jax.tree.map(lambda x: x[0], SWITCHED_RECORD)
SWEEP = Sweep(Y, i(27, 4), f(27, 4), i())
TRACK, TAKEN = Track(HEATED, P, EDGES, SWITCHES, Y), Taken(i(), i(), f(), f(), Y, f(STAGES, 4))


def _double(v: jax.Array) -> jax.Array:
    return 2.0 * v


def _walk_step(kernel: Callable) -> Callable:
    def call(hierarchy, origin, direction, cursor, best):
        from caloris_kernels.radiative.bvh_walk import rays_of

        rays = rays_of(list(origin.T), list(direction.T))
        return kernel(rays, 8, lambda cursor: list(hierarchy[cursor].T), False, cursor, best)

    return call


# A liquid and a saturated fluid of five knots, with what flows in a tube.
LIQUID = Liquid(f(), f(), f(), f(11), f(11), f(12), f(11), f(11), f(11))
SATURATED = SaturatedFluid(LIQUID, f(11), f(11), f(11), f(11), f(11), f(11), f(), f())
PROPERTIES, STREAM = Properties(*[f()] * 4), Flow(*[f()] * 4)
PHASES, TUBE = Phases(f(), PROPERTIES, PROPERTIES, f(), f()), Tube(f(), f(), f())
TUBE_CELL, GAS_LOADED = TubeCell(*[f()] * 9), GasLoadedPipe(*[f()] * 5)
CONTROLLER = Controller(f(), f(), f())


def _leveled(kernel: Callable, energy: Any, above: Any) -> Any:
    return kernel(energy, LEVELS, above)


# Kernels that make no program: they run on the host, or only rearrange what a program is made of.
HOST = {
    "conduction.couplings.row_layout": "numpy, once a network",
    "numerics.link_rows.link_rows": "numpy, once a network",
    "fluid.library.liquid_named": "reads a table, once a fluid",
    "fluid.library.saturated_named": "reads a table, once a fluid",
    "fluid.library.volumetric_heat": "numpy, where a case is read",
    "fluid.library.temperature_range": "numpy, where a case is read",
    "fluid.library.pressure_range": "numpy, where a case is read",
    "fluid.library.saturation_temperature": "numpy, where a case is read",
    "particle.detectors.detector_fractions": "numpy, once a material",
    "particle.shield_dose.dose_energies": "numpy, a grid",
    "particle.shield_dose.dose_table": "numpy, once a particle and detector",
    "particle.shield_dose.natural_spline": "numpy, once a table",
    "particle.shield_dose.natural_spline_at": "numpy, once a table",
    "particle.shield_dose.source_tables": "reads a table, once",
    "radiative.bvh.build_hierarchy": "numpy, once a scene",
    "radiative.bvh.pad_hierarchy": "numpy, once a scene",
    "radiative.exchange_tiles.tiles_from_dense": "numpy, where a matrix is made",
    "numerics.sobol.sobol_points": "numpy, once a table of points",
    "magnetic.shell_table.table_positions": "numpy, once a table",
    "particle.materials.mass_fractions": "numpy, where a material is named",
    "trapped.flux_map.trapped_map": "numpy, once a map",
    "trapped.flux_map.map_energies": "numpy, once a map",
    "particle.solar_modulation.known_months": "a table of Python",
    "particle.solar_modulation.monthly_modulation": "a table of Python",
    "radiative.radiosity.is_direct": "a choice of Python",
    "radiative.visibility.interpolation_radius": "a number of Python",
    "stepping.events.check_switches": "a check of Python",
    "stepping.steady_derivative.linear_iterations": "a number of Python",
    "stepping.system.through": "a System made of another",
    "stepping.system.of_floats": "a System made of another",
    "stepping.system.in_mode": "a System made of another",
    "stepping.system.split_floating": "leaves of a pytree",
}

# What each kernel is called with: arrays by shape, all else as it is. A new kernel needs an entry.
KERNELS: dict[str, tuple | Callable[[Callable], Wrapped]] = {
    "conduction.couplings.in_rows": (LAYOUT, f(3), f(2)),
    "conduction.couplings.coupled_heat": (COUPLINGS, f(4)),
    "conduction.couplings.coupled_slopes": (COUPLINGS, f(4)),
    "conduction.couplings.slopes_product": (CoupledSlopes(COUPLINGS, f(4), ROW, ROW, f(4)), f(4), True),
    "conduction.kirchhoff.kirchhoff_temperature": (f(3), f(3), f()),
    "conduction.network.conducted_heat": (i(3, 2), f(3), f(4)),
    "conduction.network.pair_radiation": (i(3, 2), f(3), f(4)),
    "conduction.network.one_way_heat": (i(3, 2), f(3), f(4)),
    "conduction.network.conductance_matrix": (i(3, 2), f(3), 4),
    "conduction.overlap.overlap_area": (f(5, 3, 3), f(5, 3, 3)),
    "conduction.solid.brick_conductance": (f(2, 3, 3), f(2, 3, 3)),
    "conduction.solid.brick_volume": (f(2, 3, 3),),
    "conduction.solid.tetrahedron_conductance": (f(2, 4, 3), f(2, 3, 3)),
    "conduction.solid.tetrahedron_volume": (f(2, 4, 3),),
    "conduction.spreading.spreading_resistance": (f(2), f(2), f(2), f(), f(3), f(), 20),
    "conduction.shell.triangle_area_vector": SHELL,
    "conduction.shell.cell_area": (*SHELL, i(2), 2),
    "conduction.shell.cell_centroid": (*SHELL, i(2), 2),
    "conduction.shell.shell_conductance": (*SHELL, i(2), b(2), i(1, 2), i(1, 2), f(1, 2)),
    "conduction.shell.overlap_length": (f(4, 3), i(1, 2), i(1, 2)),
    "fluid.control_laws.proportional_opening": (f(2), CONTROLLER, f()),
    "fluid.control_laws.integral_opening": (f(2), CONTROLLER, f()),
    "fluid.control_laws.flow_split": (f(4), Split(f()), f()),
    "fluid.control_laws.larger_loss": (f(), f()),
    "fluid.control_laws.split_loss": (f(4), Section(f()), f()),
    "fluid.control_laws.valve_loss": (LIQUID, f(4), Valve(*[f()] * 4), f()),
    "fluid.convection.prandtl_number": (PROPERTIES,),
    "fluid.convection.heating_share": (f(),),
    "fluid.convection.graetz_number": (STREAM,),
    "fluid.convection.laminar_isothermal": (STREAM,),
    "fluid.convection.laminar_uniform_flux": (STREAM,),
    "fluid.convection.gnielinski": (STREAM,),
    "fluid.convection.dittus_boelter": (STREAM,),
    "fluid.convection.all_regimes": (STREAM,),
    "fluid.friction.flow_area": (f(),),
    "fluid.friction.reynolds_number": (f(), f(), f(), f()),
    "fluid.friction.friction_factor": (f(), f()),
    "fluid.friction.friction_gradient": (f(), PROPERTIES, f(), f(), f()),
    "fluid.friction.fitting_loss": (f(), PROPERTIES, f(), f()),
    "fluid.friction.pump_rise": (f(), f(), f(4), f(4)),
    "fluid.heat_pipe_laws.limited": (f(), f()),
    "fluid.heat_pipe_laws.heat_pipe": (f(2), HeatPipe(*[f()] * 4), f()),
    "fluid.heat_pipe_laws.open_condenser": (LIQUID, f(), f(), f(), GAS_LOADED),
    "fluid.heat_pipe_laws.gas_loaded_pipe": (LIQUID, f(3), GAS_LOADED, f()),
    "fluid.heat_pipe_laws.loop_heat_pipe_demand": (f(), f(), LoopHeatPipe(*[f()] * 5)),
    "fluid.heat_pipe_laws.loop_heat_pipe": (f(2), LoopHeatPipe(*[f()] * 5), f()),
    "fluid.library.propylene_glycol": (f(),),
    "fluid.liquid.liquid_from_table": (f(), f(), f(), f(5, 5)),
    "fluid.liquid.with_specific_heat": (LIQUID, f()),
    "fluid.liquid.liquid_properties": (LIQUID, f()),
    "fluid.liquid.enthalpy": (LIQUID, f()),
    "fluid.liquid.temperature_of_enthalpy": (LIQUID, f()),
    "fluid.liquid.vapor_pressure": (LIQUID, f()),
    "fluid.liquid.highest_temperature": (LIQUID,),
    "fluid.liquid.boiling_temperature": (LIQUID, f()),
    "fluid.loop_laws.donor_flow": (f(), f(), f(), f()),
    "fluid.loop_laws.carried_heat": (LIQUID, f(3), Carrier(f()), f()),
    "fluid.loop_laws.tube_flow": (PROPERTIES, f(), f(), TUBE_CELL),
    "fluid.loop_laws.tube_coefficient": (all_regimes, PROPERTIES, f(), f(), TUBE_CELL),
    "fluid.loop_laws.tube_loss": (PROPERTIES, f(), TUBE_CELL),
    "fluid.loop_laws.tube_heat": (LIQUID, all_regimes, f(4), TUBE_CELL, f()),
    "fluid.loop_laws.branch_loss": (f(1), (), f()),
    "fluid.loop_laws.set_flow": (f(1), SetFlow(f()), f()),
    "fluid.loop_laws.set_pump_heat": (LIQUID, f(3), SetPump(f()), f()),
    "fluid.loop_laws.curve_pump": (LIQUID, f(2), CurvePump(f(4), f(4), f()), f()),
    "fluid.loop_laws.equal_loss": (f(2), (), f()),
    "fluid.loop_laws.remaining_flow": (f(4), (), f()),
    "fluid.loop_laws.section_loss": (f(3), Section(f()), f()),
    "fluid.phase_change.reduced_pressure": (SATURATED, f()),
    "fluid.phase_change.nucleate_coefficient": (SATURATED, f()),
    "fluid.phase_change.boiling_coefficient": (SATURATED, PHASES, f(), f(), f(), TUBE),
    "fluid.phase_change.condensation_coefficient": (SATURATED, PHASES, f(), f(), TUBE),
    "fluid.phase_change.single_phase_coefficient": (PROPERTIES, f(), TUBE, f()),
    "fluid.phase_change.equilibrium_coefficient": (SATURATED, PHASES, f(), f(), f(), TUBE, f()),
    "fluid.saturation.saturated_from_table": ((f(), f(), f()), f(5, 11), f(), f()),
    "fluid.saturation.vapor_properties": (SATURATED, f()),
    "fluid.saturation.latent_heat": (SATURATED, f()),
    "fluid.saturation.surface_tension": (SATURATED, f()),
    "fluid.saturation.saturation_enthalpies": (SATURATED, f()),
    "fluid.saturation.liquid_transport_factor": (SATURATED, f(), PROPERTIES),
    "fluid.two_phase.phases_at": (SATURATED, f()),
    "fluid.two_phase.equilibrium_quality": (PHASES, f()),
    "fluid.two_phase.vapor_quality": (PHASES, f()),
    "fluid.two_phase.equilibrium_temperature": (SATURATED, PHASES, f()),
    "fluid.two_phase.void_fraction": (PHASES, f()),
    "fluid.two_phase.mixture_density": (PHASES, f()),
    "fluid.two_phase.homogeneous_gradient": (f(), PHASES, f(), TUBE),
    "fluid.two_phase.mueller_steinhagen_heck_gradient": (f(), PHASES, f(), TUBE),
    "fluid.two_phase.momentum_flux": (f(), PHASES, f(), f()),
    "fluid.two_phase_laws.carried_enthalpy": (SATURATED, f(5), TwoPhaseCarrier(*[f()] * 4), f()),
    "fluid.two_phase_laws.two_phase_loss": (PHASES, f(), f(), TwoPhaseCell(*[f()] * 8)),
    "fluid.two_phase_laws.two_phase_line": (SATURATED, f(4), TwoPhaseCell(*[f()] * 8), f()),
    "fluid.two_phase_laws.two_phase_tube_heat": (SATURATED, f(5), TwoPhaseCell(*[f()] * 8), f()),
    "fluid.two_phase_laws.two_phase_pump_heat": (SATURATED, f(4), SetPump(f()), f()),
    "fluid.two_phase_laws.cell_quantities": (SATURATED, f(), f(), f(), TwoPhaseCell(*[f()] * 8)),
    "fluid.two_phase_laws.subcooling": (SATURATED, f(), f()),
    "fluid.validity.violations": ("laminar", {"reynolds": f(3), "prandtl": f(3)}),
    "fluid.validity.transitional": (f(3),),
    "fluid.validity.liquid_violations": (LIQUID, f(), f()),
    "numerics.first_order.undifferentiated": lambda kernel: Wrapped(lambda x: kernel("a number", x), (f(3),)),
    "magnetic.cutoff.cosine_squared_latitude": (f(3),),
    "magnetic.cutoff.directional_cutoff": (f(3), f(3), f(3), f()),
    "magnetic.cutoff.disturbed_cutoff": (f(3), f()),
    "magnetic.cutoff.geomagnetic_transmission": (f(4), f(3), f(), f(3)),
    "magnetic.cutoff.ion_rigidity": (f(3), f(), f()),
    "magnetic.cutoff.vertical_cutoff": (f(3), f()),
    "magnetic.drift_shell.drift_shell": (FIELD, f(600, 3), f()),
    "magnetic.drift_shell.shell_parameter": (f(3), f(3), f()),
    "magnetic.field.days_of_year": (f(),),
    "magnetic.field.dipole_moment": (FIELD,),
    "magnetic.field.dipole_vector": (FIELD,),
    "magnetic.field.field_coefficients": (f(),),
    "magnetic.field.field_of_columns": (FIELD, f(3, 4)),
    "magnetic.field.magnetic_field": (FIELD, f(600, 3)),
    "magnetic.field_line.evaluate": (f(6, 3), f(3)),
    "magnetic.field_line.interpolate_line": ((f(9, 3), f(9, 3)), f(5, 3)),
    "magnetic.field_line.trace_field_line": (FIELD, f(3, 4), 20),
    "magnetic.field_line.window_polynomial": (f(9, 3), i(3)),
    "magnetic.field_line.window_start": (i(3), 9),
    "magnetic.shell_table.look_up_drift_shell": (SHELLS, f(4, 3)),
    "magnetic.shell_table.tabulate_drift_shells": (FIELD, f()),
    "numerics.interpolate.cubic_uniform": (f(9, 2), f(), True),
    "numerics.interpolate.monotone_cubic": (f(4), f(4), f()),
    "numerics.inverse.inverse": lambda kernel: Wrapped(
        lambda slope, value, guess: kernel(jnp.multiply, slope, value, Start(guess, guess - 1.0, guess + 1.0)),
        (f(), f(), f()),
    ),
    "numerics.smooth.positive_part": (f(3), f()),
    "numerics.smooth.saturated": (f(3), f()),
    "numerics.smooth.smoother_step": (f(3),),
    "numerics.smooth.magnitude": (f(3), f()),
    "numerics.spline.spline_coefficients": (f(5, 2),),
    "numerics.spline.integral_coefficients": (f(11, 2),),
    "numerics.spline.spline_value": (f(11, 2), f()),
    "numerics.spline.spline_integral": (f(12, 2), f()),
    "numerics.interpolate.piecewise_linear": (f(4), f(4, 2), f(3)),
    "numerics.smooth.smooth_step": (f(3),),
    "numerics.smooth.smooth_positive_part": (f(3), f()),
    "orbit.earth_rotation.earth_fixed": (f(3, 3), f(3)),
    "orbit.eclipse.lit_fraction": (f(3, 3), f(3, 3), f()),
    "orbit.eclipse.lit_fraction_cylinder": (f(3, 3), f(3, 3), f()),
    "orbit.eclipse.cone_margins": (f(3, 3), f(3, 3), f()),
    "orbit.eclipse.cylinder_margin": (f(3, 3), f(3, 3), f()),
    "orbit.eclipse.disc_overlap_area": (f(3), f(3), f(3)),
    "orbit.eclipse.shadow_edges": (lambda x, p: p * jnp.cos(2 * jnp.pi * x)[:, None], f(), 2, jnp.float64),
    "orbit.frames.normalize": (f(2, 3),),
    "orbit.frames.is_parallel": (f(2, 3), f(2, 3)),
    "orbit.frames.rotation_matrix": (f(3), f(2)),
    "orbit.frames.two_vector_matrix": (f(3), f(3), f(2, 3), f(2, 3)),
    "orbit.frames.tracking_angle": (f(3), f(3), f(2, 3), f(), f()),
    "orbit.kepler.solve_kepler": (f(3), f(3)),
    "orbit.kepler.mean_anomaly_from_true": (f(3), f(3)),
    "orbit.kepler.orbital_period": (f(), f()),
    "orbit.kepler.secular_rates": (f(), f(), f(), f(), f(), f()),
    "orbit.kepler.sun_synchronous_cosine": (f(), f(), f(), f(), f()),
    "orbit.kepler.orbital_vectors": (f(), f(), f(), f(2), f(2), f(2), f()),
    "orbit.sun.sun_position": (f(2),),
    "orbit.sun.node_from_local_time": (f(), f()),
    "orbit.sun.precession_matrix": (f(2),),
    "particle.dose.ion_dose": (f(5), f(2, 5), f(2), f(len(ELEMENT_NAMES))),
    "particle.dose.slab_directions": (jnp.float64,),
    "particle.electrons.electrons_before": (f(5), f()),
    "particle.galactic.galactic_flux": (f(28, 5), f()),
    "particle.galactic.visible_sky_fraction": (f(), f()),
    "particle.integral_spectrum.differential_flux": lambda g: Wrapped(
        lambda e, above: g(e, LEVELS, above), (f(3), f(6))
    ),
    "particle.integral_spectrum.integral_flux": lambda g: Wrapped(partial(_leveled, g), (f(3), f(6))),
    "particle.let_spectrum.flux_per_bin": (f(5), f(2, 5)),
    "particle.let_spectrum.integral_let_flux": (f(2, 4), f(2, 5), f(3)),
    "particle.let_spectrum.let_coverage": (f(2, 5), f(3)),
    "particle.let_spectrum.covered_let_flux": (f(2, 4), LetCoverage(i(2, 4, 4), f(2, 4, 4)), 3),
    "particle.let_spectrum.interpolate_flux": (f(3), f(5), f(5)),
    "particle.solar_modulation.modulation_of_count_rate": (f(3),),
    "particle.nuclear.letaw_cross_section": (f(3), f(3)),
    "particle.nuclear.sihver_cross_section": (f(3), f(3)),
    "particle.nuclear.tripathi_cross_section": (f(3), f(3), f(3), f(3), f(3)),
    "particle.nuclear.attenuation_table": (f(5), f(2), f(2), f(ELEMENTS), "tripathi"),
    "particle.nuclear.attenuation": (f(2, 5), f(2), f(2), f(ELEMENTS)),
    "particle.niel.proton_niel": (f(5), "GaAs"),
    "particle.niel.electron_niel": (f(5), "GaAs"),
    "particle.niel.displacement_dose": (f(5), f(5), f(5)),
    "particle.niel.equivalent_neutrons": (f(5),),
    "particle.niel.remaining_power": (f(5), f(), f()),
    "particle.shield_dose.dose_response": ("electron", "Si", "sphere", f(3)),
    "particle.shield_dose.spectrum_dose": (f(5), f(5), f(5, 3)),
    "particle.solar.august_1972_fluence": (f(3),),
    "particle.solar.october_1989_peak_flux": (f(3), 22),
    "particle.solar.solar_proton_fluence": (f(), f()),
    "particle.solar.worst_solar_flux": (f(3), "week"),
    "particle.stopping_power.element_stopping_power": (f(3),),
    "particle.stopping_power.proton_stopping_power": (f(3), f(ELEMENTS)),
    "particle.stopping_power.ion_stopping_power": (f(2, 3), f(2), f(ELEMENTS)),
    "particle.stopping_power.ion_stopping_table": (f(5), f(2), f(ELEMENTS)),
    "particle.transport.csda_range": (f(5), f(2, 5), f(2)),
    "particle.transport.range_at": (f(2, 5), f(2), f(2), f(ELEMENTS)),
    "particle.transport.shield_table": (f(6), f(2), f(2), f(ELEMENTS)),
    "particle.transport.through_layer": (f(2, 5), ShieldTable(f(6), *[f(2, 6)] * 6), f()),
    "particle.transport.through_layers": (f(2, 5), f(6), f(2), f(2), f(1, ELEMENTS), f(1)),
    "parts.heat_pump.cooling_performance": (f(), f(), PUMP),
    "parts.heat_pump.heat_pump": (f(3), PUMP, f()),
    "numerics.link_rows.spread": (ROWS, f(5)),
    "numerics.link_rows.flow": (ROWS, ROW, f(4)),
    "numerics.link_rows.neighbor_sum": (ROWS, ROW, f(4)),
    "numerics.link_rows.row_sums": (ROWS, ROW),
    "numerics.link_rows.times_neighbor": (ROWS, ROW, f(4)),
    "numerics.link_rows.times_node": (ROWS, ROW, f(4)),
    "parts.heater.proportional_heater": (f(2), ProportionalHeater(f(), f(), f()), f()),
    "parts.heater.thermostat_heater": (f(1), ThermostatHeater(f()), f()),
    "parts.louver.louver": (f(3), LOUVER, f()),
    "parts.louver.louver_emittance": (f(), LOUVER),
    "parts.phase_change.melted_fraction": (f(3), WAX),
    "parts.phase_change.specific_heat_table": (WAX,),
    "parts.thermoelectric.controlled_thermoelectric_cooler": (
        f(3),
        ControlledThermoelectricCooler(f(), f(), f(), f(), f(), f()),
        f(),
    ),
    "parts.thermoelectric.thermoelectric_cooler": (f(2), ThermoelectricCooler(f(), f(), f(), f()), f()),
    "power.bus.bus_flow": (f(), f(), f(2), BatteryBank(f(2), f(2), f(2), f(2), f(2)), f()),
    "power.solar_cell.cell_efficiency": (f(2), f(), f(), f()),
    "radiative.bvh_walk.rays_of": ([f(5)] * 3, [f(5)] * 3),
    "radiative.bvh_walk.step": lambda kernel: Wrapped(
        _walk_step(kernel), (f(8, 12), f(5, 3), f(5, 3), i(5), Hit(i(5), f(5), f(5), f(5)))
    ),
    "radiative.bvh_walk.start": (f(5), 8),
    "radiative.bvh_walk.any_hit": RAYS,
    "radiative.bvh_walk.nearest_hit": RAYS,
    "radiative.contour.triangle_normal": PAIRS[:1],
    "radiative.contour.clip_to_front": PAIRS,
    "radiative.contour.exchange_area": PAIRS,
    "radiative.contour.apart_exchange_area": PAIRS,
    "radiative.incidence.fresnel_reflectance": (f(4), f()),
    "radiative.incidence.covered_absorptance": (f(4), f(), f(), f()),
    "radiative.incidence.hemispherical_mean": lambda kernel: Wrapped(
        lambda index: kernel(lambda cosine: covered_absorptance(cosine, jnp.asarray(0.1), index)), (f(),)
    ),
    "radiative.path_environment.escape_irradiation": (PATHS, f(4), f(4), f(3)),
    "radiative.path_environment.escape_response": (PATHS, f(4), EscapeNodes(i(4, 2), f(4, 2), f(20)), f(3)),
    "radiative.path_environment.table_radiance": (CAP, f(2, 5), f(20, 3), f(20)),
    "radiative.path_environment.planet_radiance": (f(4, 3), f(3), f(), f(3)),
    "radiative.path_environment.beam_irradiation": (PATHS, f(6), f(3)),
    "radiative.paths.event_factor": (PATHS, f(3), f(3)),
    "radiative.paths.choose_factor": (PATHS, f(6), f(6)),
    "radiative.paths.throughput": (PATHS, f(6)),
    "radiative.paths.path_sums": (PATHS, f(6), f(4)),
    "radiative.paths.close_sums": (PATHS, SUMS, f(3), f(3)),
    "radiative.paths.specular_exchange": (PATHS, f(3), f(3), f(3)),
    "radiative.paths.grouped_exchange": (PATHS, SUMS, f(3, 2)),
    "radiative.paths.joined_exchange": (PATHS, (f(3, 3), f(3), f(3)), f(3), f(3), f(3)),
    "radiative.paths.closed_specular_area": (f(3, 3), f(3), f(3), f(3), f(3)),
    "radiative.paths.dense_exchange_area": (PATHS, f(5), 3),
    "radiative.planet_heating.plate_to_planet_view_factor": (f(3), f(3)),
    "radiative.planet_heating.sphere_to_planet_view_factor": (f(3),),
    "radiative.planet_heating.planet_infrared_flux": (f(4, 3), f(2, 3), f(2), f()),
    "radiative.planet_heating.albedo_flux": (f(4, 3), f(2, 3), f(2, 3), f(2), f(2)),
    "radiative.planet_heating.cap_points": (f(2, 3), f(2), 2, 4),
    "radiative.planet_heating.albedo_radiance": (CAP, f(2, 3), f(2)),
    "radiative.planet_heating.cap_moments": (CAP, f(1, 2, 5), f(20, 3)),
    "radiative.planet_heating.shadowed_fraction": (f(20, 4), f(20, 4), f(4, 3), f(2, 20, 3)),
    "radiative.ageing.ageing_progress": (f(), f(), f(2), f(2), f(2)),
    "radiative.exchange_tiles.tile_product": (TILES, f(5, 2)),
    "radiative.exchange_tiles.row_sums": (TILES, 5),
    "radiative.exchange_tiles.tiles_to_dense": (TILES, 5),
    "radiative.planck.fraction_below": (f(3),),
    "radiative.planck.band_fractions": (f(2), f(3)),
    "radiative.radiosity.conjugate_gradients": lambda kernel: Wrapped(partial(kernel, _double), (f(3, 1), f(3, 2))),
    "radiative.radiosity.exchanged": (Enclosure(TILES, f(5), f(5)), f(5, 2)),
    "radiative.radiosity.space_view": (Enclosure(TILES, f(5), f(5)),),
    # By conjugate gradients on tiles, and by a factorization of the dense matrix.
    "radiative.radiosity.irradiation": lambda kernel: Wrapped(
        lambda tiled, dense, rho, e, q: (
            kernel(tiled, rho, e, q, direct=False),
            kernel(dense, rho, e, q, direct=True),
        ),
        (Enclosure(TILES, f(5), f(5)), Enclosure(f(5, 5), f(5), f(5)), f(5), f(5, 2), f(5, 2)),
    ),
    "radiative.radiosity.exchange_factors": (Enclosure(TILES, f(5), f(5)), f(5), f(5), i(5), 2),
    "radiative.radiosity.blackbody_emission": (f(3),),
    "radiative.view_factor.tile_exchange_area": (TILE, TILE, f()),
    "radiative.view_factor.point_exchange_area": PAIRS,
    "radiative.view_factor.clipped_exchange_area": PAIRS,
    "radiative.visibility.fibonacci_sphere": (20,),
    "radiative.visibility.direction_weights": (f(3, 3), f(20, 3)),
    "radiative.visibility.facing_points": (f(2, 4, 3), f(2, 4, 3), f(2, 4, 3), f(2, 4, 3), f()),
    "radiative.visibility.count_points": (b(2, 4, 4), i(2, 8, 3), i(2, 8, 3)),
    "radiative.visibility.triangle_points": (f(2, 3, 3), f(2, 4, 2)),
    "radiative.visibility.pair_rays": (*PAIRS, f(2, 4, 4), f()),
    "radiative.visibility.directed_rays": (f(2, 3, 3), f(2, 3), f(2, 2), f(4, 2), f()),
    "stepping.adaptive.integrate": lambda kernel: Wrapped(
        lambda p, y, edges, bound, mode, times: (
            kernel(ENCLOSURE, p, y, edges, bound, max_steps=8),
            kernel(HEATED, p, y, edges, bound, max_steps=8, mode=mode),
            kernel(HEATED, p, y, edges, bound, max_steps=8, mode=mode, times=times, keep_record=False),
        ),
        (P, Y, EDGES, Y, f(2), f(5)),
    ),
    "stepping.consistent.consistent_state": (ENCLOSURE, P, T, SEGMENT, Y, Y),
    "stepping.consistent.consistent_tangent": (ENCLOSURE, P, T, SEGMENT, Y, Y, (T, Y, P)),
    "stepping.consistent.consistent_adjoint": (ENCLOSURE, P, T, SEGMENT, Y, Y, Y),
    "stepping.dense_output.locate_steps": (GRID, EDGES, f(5)),
    "stepping.dense_output.state_in_row": (GRID, jax.tree.map(lambda x: x[0], RECORD), EDGES, i(), f()),
    "stepping.dense_output.states_at": (GRID, RECORD, EDGES, f(5)),
    "stepping.dense_output.integrate_along": (lambda t, y, p, segment: y, P, GRID, RECORD, EDGES, f(5)),
    "stepping.events.start_search": (f(2),),
    "stepping.events.settle": (HEATED, P, T, SEGMENT, Y, f(2), Y),
    "stepping.events.judge": (HEATED, P, Step(Y, Y, f(STAGES, 4), i(), b()), (T, f(), SEGMENT, Y), SEARCH, Y, f()),
    "stepping.grid_steps.taken": (TRACK, i(), Y),
    "stepping.grid_steps.take_step": (TRACK, i(), Y),
    "stepping.grid.empty_grid": (8, jnp.float64, 2),
    "stepping.grid.empty_record": (8, 4, jnp.float64),
    "stepping.grid.step_times": (EDGES, GRID, i()),
    "stepping.grid.is_switched": (SWITCHES, i()),
    "stepping.grid.begins_anew": (SWITCHES, i()),
    "stepping.grid.pad_record": (RECORD, i(), Y),
    "stepping.krylov.bicgstab": (_double, Y, Y, Y),
    "stepping.krylov.bicgstab_with_residual": (_double, Y, Y, Y),
    "stepping.krylov.no_earlier": (8, Y, Y),
    "stepping.krylov.solve_beside": (_double, Y, Y, Y, Earlier(Y, f(8, 4), f(8, 8)), f(8, 4), i()),
    "stepping.krylov.gmres": (_double, _double, Y, Y, 1e-6),
    "stepping.krylov.relaxed_gmres": (lambda v, loose: 2.0 * v, _double, Y, Y, 1e-6),
    "stepping.linear.dense_factor": (f(4, 4), Y),
    "stepping.linear.dense_back_substitute": ((f(4, 4), i(4)), Y, True),
    # by BiCGStab, and by it with a factorization behind it
    "stepping.linear.solve_with": lambda kernel: Wrapped(
        lambda linear, shift, v: kernel(ENCLOSURE, Matrix(linear, shift), lambda s: (s.solve(v, v).x, True)),
        (LINEAR, Y, Y),
    ),
    "stepping.linear.solve_once": lambda kernel: Wrapped(
        lambda matrix, shift, apart, v: kernel(FACTORED, Matrix(matrix, shift, True, apart), v, lambda s: v).x,
        (f(4, 4), Y, b(4), Y),
    ),
    "stepping.march.march": (ENCLOSURE, P, Y, EDGES, Y, f(), f(), GRID, b(), RECORD),
    "stepping.periodic.solve_periodic": lambda kernel: Wrapped(
        lambda p, y, edges, bound: kernel(ENCLOSURE, p, y, edges, bound, cycle_tolerance=1e-3, max_steps=8),
        (P, Y, EDGES, Y),
    ),
    "stepping.periodic_derivative.attach_derivative": lambda kernel: Wrapped(
        lambda p, y, edges, grid, bound, record, mean, picard: kernel(
            ENCLOSURE,
            p,
            y,
            edges,
            grid,
            bound,
            record,
            mean=mean,
            picard=picard,
            periodic_state=~picard,
            mean_linearize=lambda p, y: ENCLOSURE.linearize(edges[0], y, p, jnp.asarray(0)),
        ),
        (P, Y, EDGES, GRID, Y, RECORD, Y, b(4)),
    ),
    "stepping.preconditioner.cycle_preconditioner": lambda kernel: Wrapped(
        lambda linear, mass, period, picard, v: kernel(ENCLOSURE, linear, mass, period, picard, v)(v),
        (LINEAR, Y, f(), b(4), Y),
    ),
    "stepping.replay.run_grid": ON_GRID,
    "stepping.replay.replay": ON_GRID,
    "stepping.replay.recorded": (SWITCHED_RECORD, i(), Y),
    "stepping.replay.path_tangent": (TRACK, TAPE, ReplayPath(SWITCHED_RECORD, Y), (P, Y, EDGES)),
    "stepping.run_derivative.integrate_with_derivative": lambda kernel: Wrapped(
        lambda p, y, edges, bound, mode: jax.value_and_grad(
            lambda y: jnp.sum(kernel(HEATED, p, y, edges, bound, max_steps=8, mode=mode).final)
        )(y),
        (P, Y, EDGES, Y, f(2)),
    ),
    "stepping.rodas.tableau": (jnp.float64,),
    "stepping.rodas.rodas_step": (ENCLOSURE, P, T, f(), SEGMENT, Y, Y),
    "stepping.rodas.stage_residual": (ENCLOSURE, P, T, f(), SEGMENT, Y, f(STAGES, 4)),
    "stepping.rodas.interpolate_step": (Y, Y, f(3, 4), f()),
    "stepping.states.replay_states": lambda kernel: Wrapped(
        lambda p, y, edges, bound, times: jax.value_and_grad(
            lambda y: jnp.sum(kernel(HEATED, p, y, edges, SWITCHES, bound, times))
        )(y),
        (P, Y, EDGES, Y, f(5)),
    ),
    "stepping.steady.solve_steady": (ENCLOSURE, P, Y, Y),
    "stepping.steady_derivative.idle_states": (ENCLOSURE, LINEAR, Y),
    "stepping.steady_derivative.attach_derivative": (ENCLOSURE, P, T, Y, SEGMENT, Y),
    "stepping.step_derivative.tangent_step": (TRACK, TAKEN, (P, EDGES), Y, f()),
    "stepping.step_derivative.adjoint_step": (TRACK, TAKEN, SWITCHED_ROW, Y, f()),
    "stepping.sweeps.read_tape": (TRACK, TAPE, i()),
    "stepping.sweeps.put_row": (SWITCHED_RECORD, i(), SWITCHED_ROW),
    "stepping.sweeps.tangent_sweep": (HEATED, P, EDGES, SWITCHES, Y, TAPE, (P, Y, EDGES)),
    "stepping.sweeps.adjoint_sweep": (HEATED, P, EDGES, SWITCHES, Y, TAPE, ReplayPath(SWITCHED_RECORD, Y)),
    "stepping.system.linearization_mismatch": (ENCLOSURE, P, T, Y, SEGMENT, Y),
    "stepping.system.linear_map": (_double, _double, Y, jnp.zeros(4)),
    "stepping.upstream.sweep_of": (Upstream(i(4), Y), Y, b(4)),
    "stepping.upstream.sweep_solve": (SWEEP, Y),
    "stepping.upstream.sweep_transpose_solve": (SWEEP, Y),
    "stepping.way_out.without_way_out": (ENCLOSURE, LINEAR, b(4), Y, Y),
    "stepping.way_out.isolated_groups": (ENCLOSURE, LINEAR, b(4), Y, Y, Y),
    "storage.enthalpy.enthalpy": (CapacityTable(f(4), f(3), f(3)), f()),
    "storage.enthalpy.temperature_of": (CapacityTable(f(4), f(3), f(3)), f()),
    "trapped.flux.orbit_flux": (FLUX_MAP, f(3), DriftShell(f(4), f(4))),
    "trapped.flux.orbit_means": (FLUX_MAP, f(3), SHELLS, f(9, 4, 3)),
    "trapped.flux.trapped_flux": (FLUX_MAP, f(4), f(4), f(4)),
    "trapped.flux.trapped_spectrum": (FLUX_MAP, f(3), DriftShell(f(4), f(4))),
    "reliability.checkpoint.optimal_interval": (f(), f()),
    "reliability.checkpoint.young_interval": (f(), f()),
    "reliability.checkpoint.daly_interval": (f(), f()),
    "reliability.checkpoint.expected_time_factor": (f(), f(), f(), f()),
    "reliability.goodput.orbit_goodput": (f(8), f(), f(8), f(), f()),
    "reliability.memory.wrong_bit_probability": (f(), f()),
    "reliability.memory.wrong_symbol_probability": (f(), 8),
    "reliability.memory.more_than": (1, 72, f()),
    "reliability.memory.accumulated_failure_rate": lambda g: Wrapped(partial(g, symbols=72), (f(), f())),
    "reliability.memory.strike_failure_rate": lambda g: Wrapped(partial(g, interleave=4), (f(9),)),
    "reliability.memory.voted_failure_rate": (f(), f()),
    "upset.chord_length.longer_chord_fraction": (f(5), f(3)),
    "upset.cross_section.weibull": (f(5), *WEIBULL, f()),
    "upset.cross_section.weibull_thresholds": WEIBULL,
    "upset.cross_section.mean_over_thresholds": (_double, *WEIBULL),
    "upset.bendel.bendel_one": (f(5), f()),
    "upset.bendel.bendel_two": (f(5), f(), f()),
    "upset.bendel.bendel_plateau": (f(5), f(), f()),
    "upset.figure_of_merit.quarter_let": (f(), f(), f()),
    "upset.figure_of_merit.figure_of_merit_plateau": (f(), f(), f(), f()),
    "upset.figure_of_merit.figure_of_merit_cross_section": (f(5), f(), f(), f(), f(), f()),
    "upset.profit.profit_cross_section": (f(5), *WEIBULL, f(), f()),
    "upset.recoils.ionizing_energy": (f(3, 5), f(3), f(3)),
    "upset.recoils.recoil_stopping": (f(3, 5), f(3), f(3)),
    "upset.recoils.recoil_let": (f(),),
    "upset.direct_ionization.direct_proton_upset_rate": (f(5), f(5), *WEIBULL, f(), f(3), f()),
    "upset.direct_ionization.path_of_loss": (f(), f(5)),
    "upset.multiplicity.multiplicity": (f(5), f(5), *WEIBULL, f(3), f()),
    "upset.multiplicity.upset_cells": (f(5), f(3), f(), 4),
    "upset.rate.box_and_scale": (f(), f(3)),
    "upset.rate.effective_flux_upset_rate": (f(5), f(5), *WEIBULL, f(), f()),
    "upset.rate.folded_proton_rate": lambda kernel: Wrapped(partial(kernel, _double), (f(5), f(5))),
    "upset.rate.heavy_ion_upset_rate": (f(5), f(5), *WEIBULL, f(), f(3), f()),
    "upset.rate.integral_flux_above": (f(), f(5), f(5)),
    "upset.rate.proton_upset_rate": (f(5), f(5), *WEIBULL, f()),
}
# The kernel written for GPUs has its other form, bvh_walk, for TPUs.
GPU_ONLY = {"radiative.bvh_pallas.any_hit": RAYS, "radiative.bvh_pallas.nearest_hit": RAYS}


# Pallas wants to know for which GPU.
GPU = jax.sharding.AbstractMesh(
    (), (), abstract_device=jax.sharding.AbstractDevice("NVIDIA H100", num_cores=None, platform="gpu")
)


def _functions(package: Any) -> dict[str, Callable]:
    """Functions of a package by module and name, each where it is defined."""
    found = {}
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if module.name.endswith("__main__"):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            is_function = callable(value) and not inspect.isclass(value)
            if is_function and getattr(value, "__module__", "") == module.name:
                found[f"{module.name.removeprefix(package.__name__ + '.')}.{name}"] = value
    return found


FOUND = {k: v for k, v in _functions(caloris_kernels).items() if not k.split(".")[-1].startswith("_")}


def test_every_kernel_is_lowered_here() -> None:
    known = set(KERNELS) | set(GPU_ONLY) | set(HOST)
    new, gone = sorted(set(FOUND) - known), sorted(known - set(FOUND))
    assert not new, f"kernels without an entry in KERNELS, the shapes that they are called with: {new}"
    assert not gone, f"entries without a kernel: {gone}"


@pytest.mark.parametrize("name", KERNELS)
def test_kernel_lowers(name: str) -> None:
    entry = KERNELS[name]
    call = Wrapped(FOUND[name], entry) if isinstance(entry, tuple) else entry(FOUND[name])
    assert lower(call.call, *call.arguments) > 0


@pytest.mark.parametrize("name", GPU_ONLY)
def test_kernel_for_gpus_lowers(name: str) -> None:
    with jax.sharding.use_abstract_mesh(GPU):
        assert lower(FOUND[name], *GPU_ONLY[name], platforms=("cuda",)) > 0


# A chunk of 2 blocks of 8 tiles with 16 points each, one thin part; the programs of `caloris.geometry.device_*`.
LANE = (8, 64)
SCENE = DeviceScene(
    Tile(f32(8, 3, 3, 64), f32(8, 3, 64), f32(*LANE), f32(*LANE), f32(*LANE)),
    exact=f(*LANE, 3, 3),
    corners=f32(*LANE, 3, 3),
    centroid=f(*LANE, 3),
    area=f(*LANE),
    radius=f(*LANE),
    code=u64(*LANE),
    part=i(*LANE),
    lane_slot=i(*LANE, 3),
    place=f32(8, 16, 3),
    normal=f32(8, 16, 3),
    thin_number=i(1),
    thin_ends=f(1, 2, 3),
    thin_radius=f(1),
    thin_extent=f(1),
    size=f(),
)
AGAINST = device_partial.Rays(SCENE, i(4, 2), f32(8, 12), f32(16, 8, 4), u64())
BLOCKS, LIST = f32(4, 64, 64), i(2 * 64 * 64)
DOUBT = device_partial.Doubt(i(32), i(32), f32(32), f(32), b(32))
TRACED = device_partial.Traced(i(32), f(2, 32))
DEVICE: dict[str, tuple] = {
    "device_clear.rough_chunk": (SCENE, i(2, 2), i()),
    "device_clear.places_of_rule": (jax.ShapeDtypeStruct(LIST.shape, jnp.uint8), i()),
    "device_clear.ends_of_slice": (LIST, i(), SCENE.exact, SCENE.area, i(2, 2)),
    "device_clear.write_slice": (f32(2, 64, 64), i(16), f(16)),
    "device_clear._any": (f32(2, 64, 64),),
    "device_clear.write_used": (BLOCKS, i(), f32(2, 64, 64), b(2)),
    "device_points.read_blocks": (BLOCKS, i(2)),
    "device_points.write_blocks": (BLOCKS, i(2), f32(2, 64, 64)),
    "device_points.sort_chunk": (f32(2, 64, 64), i(2), i(), AGAINST, f(), f()),
    "device_partial.append": (DOUBT, i(), DOUBT, i(), i()),
    "device_partial.probe": (DOUBT, AGAINST, f()),
    "device_partial.guessed_hidden": (DOUBT,),
    "device_partial.shares": (DOUBT, TRACED),
    "device_partial.wanted_rows": (DOUBT, TRACED, f()),
    "device_partial.trace": (DOUBT, TRACED, i(32), AGAINST),
    "device_partial.found": (DOUBT, TRACED),
    "device_partial.write_pairs": (BLOCKS, i(32), i(32), f(32)),
    "device_occlusion._total": (BLOCKS,),
    "device_blocks._facet_sums": (BLOCKS, i(4, 2), i(*LANE), 64, True),
    "device_blocks._move": (BLOCKS, i(2), BLOCKS, i(2)),
    "device_blocks._where_seen": (BLOCKS, BLOCKS),
    "device_blocks._with_transposed": (BLOCKS, i(2)),
}
STATIC = {"device_clear.ends_of_slice": {"pairs": 16, "exact": True}}
TRACING = ("device_points.sort_chunk", "device_partial.probe", "device_partial.trace")


def _device_programs() -> dict[str, Callable]:
    """Every compiled function of the modules whose names start with device."""
    found, compiled = {}, type(jax.jit(_double))
    for module in pkgutil.iter_modules(caloris.geometry.__path__, "caloris.geometry."):
        if module.name.split(".")[-1].startswith("device_"):
            for name, value in vars(importlib.import_module(module.name)).items():
                if isinstance(value, compiled) and value.__module__ == module.name:
                    found[f"{module.name.split('.')[-1]}.{name}"] = value
    return found


def test_every_program_of_the_device_flow_is_lowered_here() -> None:
    assert set(_device_programs()) == set(DEVICE)


@pytest.mark.parametrize("name", DEVICE)
def test_program_of_the_device_flow_lowers(name: str) -> None:
    program = _device_programs()[name]
    options = {"any_hit": bvh_walk.any_hit, "rays": 64} if name in TRACING else STATIC.get(name, {})
    assert lower(partial(program, **options), *DEVICE[name]) > 0
    if name in TRACING:
        options["any_hit"] = bvh_pallas.any_hit
        with jax.sharding.use_abstract_mesh(GPU):
            assert lower(partial(program, **options), *DEVICE[name], platforms=("cuda",)) > 0


# The program of each verb that is compiled as a whole, and of each small function of the engine's own
# (`caloris.programs.kept` and `kept_on_arrays`), by how it is called.
VERBS: dict[str, Callable[[Any], tuple]] = {
    "check.sketch._conductors": lambda model: (sketch._conductors, model.geometry, model.context.structure),
    "check.sketch._sample": lambda model: (
        sketch._sample,
        model.geometry.bodies,
        model.context.surroundings,
        f(3),
        True,
    ),
    "geometry.assembly._facet_geometry": lambda model: (assembly._facet_geometry, f(4, 3), i(2, 3), i(2)),
    "geometry.assembly._pose": lambda model: (assembly._pose, model.geometry.bodies, f(_joints(model))),
    "geometry.assembly._vertices": lambda model: (assembly._vertices, model.geometry, f(_joints(model)), False),
    "geometry.clear_blocks._by_clipping": lambda model: (clear_blocks._by_clipping, *PAIRS),
    "geometry.clear_blocks._by_contour": lambda model: (clear_blocks._by_contour, *PAIRS),
    "geometry.clear_blocks._by_fine_contour": lambda model: (clear_blocks._by_fine_contour, *PAIRS),
    "geometry.clear_blocks._by_plain_contour": lambda model: (clear_blocks._by_plain_contour, *PAIRS),
    "geometry.clear_blocks._by_points": lambda model: (clear_blocks._by_points, *PAIRS),
    "geometry.partial_pairs.row_rays": lambda model: (row_rays, f32(2, 2, 3, 3), f32(16, 8, 4), i(2), f32(2, 4), f32()),
    "model.orbit._eclipse_edges": lambda model: (model.context.surroundings.orbit.eclipse_edges, 1),
    "model.surroundings.motion_along": lambda model: (
        motion_along,
        model.context.surroundings,
        model.geometry.bodies,
        f(3),
        True,
    ),
    "solve.balance.audit": lambda model: (audit, _cycle(model), True),
    "solve.balance.balance": lambda model: (balance, _cycle(model)),
    "solve.balance.mean_terms": lambda model: (mean_terms, _cycle(model)),
    "solve.couple.couple": lambda model: (caloris.couple, model.geometry, model.visibility, model.context),
    "solve.cyclic.cyclic_from": lambda model: (caloris.solve_cyclic, model.thermal),
    "solve.dose._by_bin": lambda model: (caloris.depth_dose, f(3), model.particles),
    "solve.dose._dose": lambda model: (caloris.dose, _dose_point(), model.particles),
    "solve.drift_shells._tabulate": lambda model: (drift_shells._tabulate, FIELD, f()),
    "run_file.particles._spectra": lambda model: (particles._spectra, model.particles, f(5), f(4)),
    "solve.orbit_particles._traced_shells": lambda model: (orbit_particles._traced_shells, f(), f(4, 3)),
    "solve.orbit_particles.days_at_year": lambda model: (orbit_particles.days_at_year, f()),
    "solve.orbit_particles._positions": lambda model: (orbit_particles._positions, EARTH_ORBIT, f(3), f(3)),
    "solve.orbit_particles._mean_flux": lambda model: (orbit_particles._mean_flux, FLUX_MAP, DriftShell(f(4), f(4))),
    "solve.orbit_particles._transmission": lambda model: (orbit_particles._transmission, f(4), f(4, 3), f(), f()),
    "solve.orbit_particles._shadow": lambda model: (orbit_particles._shadow, f(4, 3), f()),
    "solve.particle_track._track": lambda model: (particle_track._track, EARTH_ORBIT, f(3), False),
    "solve.particle_track._flux_above": lambda model: (
        particle_track._flux_above,
        FLUX_MAP,
        f(3),
        DriftShell(f(4), f(4)),
    ),
    "solve.particle_track._cutoff": lambda model: (particle_track._cutoff, f(4), f()),
    "solve.steady.steady_from": lambda model: (caloris.solve_steady, model.thermal),
    "solve.trace._placed": lambda model: (_placed, model.geometry, model.visibility.path.joint_angle),
    "solve.transient._solve": lambda model: (
        caloris.solve_transient,
        model.thermal,
        f(3),
        model.thermal.nodes.start_temperature,
    ),
    "solve.ranges._range": lambda model: (caloris.ion_range, model.device.shield[0], [1, 26], f(3)),
    "solve.ranges._stopping": lambda model: (caloris.stopping_power, model.device.shield[0], [1, 26], f(3)),
    "solve.response._response": lambda model: (caloris.upset_response, model.device),
    "solve.upset.rate_of_one": lambda model: (caloris.upset_rate, model.device, model.particles),
    "solve.upset.rate_at_device": lambda model: (
        caloris.effect_rates,
        _with_effect(model.device),
        eqx.filter_eval_shape(caloris.upset_rate, model.device, model.particles),
    ),
    "solve.job._job": lambda model: (caloris.job_goodput, Job(60.0, 300.0, None, jnp.ones(8), 5800.0), f()),
    "solve.upset_uncertainty._sensitivity": lambda model: (
        caloris.rate_uncertainty,
        model.device,
        eqx.filter_eval_shape(caloris.upset_rate, model.device, model.particles),
    ),
}


def _with_effect(device: Device) -> Device:
    """The device with one effect, of its own responses."""
    effects = (Effect(device.heavy_ion, device.proton, 1.0, "latch-up"),)
    return replace(device, effects=effects)


def _dose_point() -> DosePoint:
    """A point behind two materials in three bins of directions."""
    fractions = np.eye(2, len(ELEMENT_NAMES))
    return DosePoint(SectorShield(np.full((4, 3), 1 / 3), np.ones((3, 2)), np.zeros(3), fractions), 1.0)


def _joints(model: Any) -> int:
    return len(model.geometry.joint_bodies)


def _cycle(model: Any) -> Any:
    """A solution by its shapes: nothing is solved."""
    return eqx.filter_eval_shape(caloris.solve_cyclic, model.thermal)


@pytest.fixture(scope="module")
def model() -> Any:
    """A small copy of the main example: arrays, batteries, joints, eclipses, loops, a device.

    Its rays are traced, its thermal model is known by its shapes: `couple` compiles for longer than all tests here.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("caloris.case.build.couple", partial(eqx.filter_eval_shape, couple))
        return caloris.build(caloris.parse_case(EXAMPLE.read_text(), EXAMPLE.parent, COARSE))


def test_every_verb_is_lowered_here() -> None:
    # What `kept` returns is one inner function: couple is known to be one.
    kept = {k for k, v in _functions(caloris).items() if getattr(v, "__code__", None) is couple.__code__}
    assert kept == set(VERBS), f"programs without an entry in VERBS, or the reverse: {kept ^ set(VERBS)}"


@pytest.mark.parametrize("name", VERBS)
def test_verb_lowers(name: str, model: Any) -> None:
    assert lower(*VERBS[name](model)) > 0
