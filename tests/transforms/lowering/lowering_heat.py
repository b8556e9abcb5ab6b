"""Kernels of conduction, fluids, equipment, power and storage, by what they are called with."""

from collections.abc import Callable

from caloris_kernels.conduction.couplings import CoupledSlopes, Couplings, KindLayout, RowLayout
from caloris_kernels.fluid.control_laws import Controller, Split, Valve
from caloris_kernels.fluid.convection import Flow, all_regimes
from caloris_kernels.fluid.heat_pipe_laws import GasLoadedPipe, HeatPipe, LoopHeatPipe
from caloris_kernels.fluid.liquid import Liquid, Properties
from caloris_kernels.fluid.loop_laws import Carrier, CurvePump, Section, SetFlow, SetPump, TubeCell
from caloris_kernels.fluid.saturation import SaturatedFluid
from caloris_kernels.fluid.two_phase import Phases, Tube
from caloris_kernels.fluid.two_phase_laws import TwoPhaseCarrier, TwoPhaseCell
from caloris_kernels.parts.heat_pump import HeatPump
from caloris_kernels.parts.heater import ProportionalHeater, ThermostatHeater
from caloris_kernels.parts.louver import Louver
from caloris_kernels.parts.phase_change import PhaseChange
from caloris_kernels.parts.thermoelectric import ControlledThermoelectricCooler, ThermoelectricCooler
from caloris_kernels.power.bus import BatteryBank
from caloris_kernels.storage.enthalpy import CapacityTable
from lowering_shapes import ROW, ROWS, Wrapped, b, f, i

SHELL = (f(4, 3), i(2, 3))
LAYOUT = RowLayout(KindLayout(ROWS, i(5), i(3)), KindLayout(ROWS, i(5), i(2)))
COUPLINGS = Couplings(ROWS, ROWS, ROW, ROW)
LOUVER, PUMP, WAX = Louver(*[f()] * 5), HeatPump(*[f()] * 6), PhaseChange(*[f()] * 5)
# A liquid and a saturated fluid of five knots, with what flows in a tube.
LIQUID = Liquid(f(), f(), f(), f(11), f(11), f(12), f(11), f(11), f(11))
SATURATED = SaturatedFluid(LIQUID, f(11), f(11), f(11), f(11), f(11), f(11), f(), f())
PROPERTIES, STREAM = Properties(*[f()] * 4), Flow(*[f()] * 4)
PHASES, TUBE = Phases(f(), PROPERTIES, PROPERTIES, f(), f()), Tube(f(), f(), f())
TUBE_CELL, GAS_LOADED = TubeCell(*[f()] * 9), GasLoadedPipe(*[f()] * 5)
CONTROLLER = Controller(f(), f(), f())

# They run on the host, or only rearrange what a program is made of.
HOST_HEAT = {
    "conduction.couplings.row_layout": "numpy, once a network",
    "fluid.library.liquid_named": "reads a table, once a fluid",
    "fluid.library.saturated_named": "reads a table, once a fluid",
    "fluid.library.volumetric_heat": "numpy, where a case is read",
    "fluid.library.temperature_range": "numpy, where a case is read",
    "fluid.library.pressure_range": "numpy, where a case is read",
    "fluid.library.saturation_temperature": "numpy, where a case is read",
}

# What each kernel is called with: arrays by shape, all else as it is. A new kernel needs an entry.
KERNELS_HEAT: dict[str, tuple | Callable[[Callable], Wrapped]] = {
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
    "parts.heat_pump.cooling_performance": (f(), f(), PUMP),
    "parts.heat_pump.heat_pump": (f(3), PUMP, f()),
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
    "storage.enthalpy.enthalpy": (CapacityTable(f(4), f(3), f(3)), f()),
    "storage.enthalpy.temperature_of": (CapacityTable(f(4), f(3), f(3)), f()),
}
