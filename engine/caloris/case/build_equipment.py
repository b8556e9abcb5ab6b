"""From the tables of equipment to parts of the thermal network."""

from typing import Any

import jax.numpy as jnp

from caloris.case.build_fluids import FluidParts
from caloris.case.build_heat_pipes import build_heat_pipe
from caloris.case.build_loops import Places, build_loop
from caloris.case.fluid_nodes import HEAT_PIPES
from caloris.case.lines import shaped
from caloris.case.loop_plan import plan_loop
from caloris.case.node_layout import NodeLayout
from caloris.case.schema import Case
from caloris.case.schema_equipment import CoolerControl, Heater, HeatPump, Louver, Thermoelectric
from caloris.case.schema_types import stated_start
from caloris.model.equipment import OWN, Equipment, EquipmentTable
from caloris.model.parts import Law, Switches
from caloris_kernels.parts import heat_pump, heater, louver, thermoelectric


def build_equipment(case: Case, nodes: NodeLayout) -> Equipment:
    """Heaters, louvers, thermoelectric coolers, heat pumps, loops and heat pipes of a case."""
    thermostats = [table for table in case.heaters if table.control.kind == "thermostat"]
    tables = [
        *(_heater(k, table, thermostats, nodes) for k, table in enumerate(case.heaters)),
        *(_louver(k, table, nodes) for k, table in enumerate(case.louvers)),
        *(_thermoelectric(k, table, nodes) for k, table in enumerate(case.thermoelectrics)),
        *(_heat_pump(k, table, nodes) for k, table in enumerate(case.heat_pumps)),
    ]
    fluids = _fluid_parts(case, nodes)
    return Equipment(
        tables=(*tables, *fluids.tables),
        groups=tuple(fluids.groups),
        auxiliary=fluids.auxiliary,
        switches=_switches(case, thermostats, nodes),
        fluids=fluids.fluids,
    )


def _fluid_parts(case: Case, nodes: NodeLayout) -> FluidParts:
    """Loops and heat pipes."""
    parts = FluidParts()
    surfaces = shaped(case)
    begun = [(node.name, stated_start(node.temperature, node.start_temperature)) for node in case.nodes]
    start = 293.15 if case.run is None else case.run.start_temperature
    places = Places(nodes, surfaces, {"": start} | {name: value for name, value in begun if value is not None})
    for loop in case.loops:
        build_loop(parts, plan_loop(loop, surfaces), places)
    for table, tables in (("heat_pipe", case.heat_pipes), ("loop_heat_pipe", case.loop_heat_pipes)):
        for k, pipe in enumerate(tables):
            build_heat_pipe(parts, pipe, f"{HEAT_PIPES[table]} {k}", nodes, surfaces)
    return parts


def _switches(case: Case, thermostats: list[Heater], nodes: NodeLayout) -> Switches | None:
    """One two-point control a thermostat."""
    if not thermostats:
        return None
    controls = [table.control for table in thermostats]
    names = [table.name or str(k) for k, table in enumerate(case.heaters) if table.control.kind == "thermostat"]
    return Switches(
        tuple(names),
        jnp.asarray([nodes.first(control.sensor) for control in controls]),
        jnp.asarray([control.on_below for control in controls]),
        jnp.asarray([control.off_above for control in controls]),
        jnp.asarray([float(control.start == "on") for control in controls]),
    )


def _heater(k: int, table: Heater, thermostats: list[Heater], nodes: NodeLayout) -> EquipmentTable:
    control, power = table.control, jnp.asarray(table.power)
    if control.kind == "thermostat":
        law, parameters = heater.thermostat_heater, heater.ThermostatHeater(power)
        switch = jnp.asarray(next(i for i, other in enumerate(thermostats) if other is table))
    else:
        law, switch = heater.proportional_heater, None
        parameters = heater.ProportionalHeater(power, jnp.asarray(control.on_below), jnp.asarray(control.off_above))
    return EquipmentTable(
        name=table.name or str(k),
        kind="heater",
        law=law,
        spread=nodes.spread(table.on),
        others=jnp.asarray([nodes.first(control.sensor)]),
        parameters=parameters,
        totals=("power",),
        switch=switch,
        electrical=table.electrical,
    )


def _louver(k: int, table: Louver, nodes: NodeLayout) -> EquipmentTable:
    keys = ("area", "closed_emittance", "open_emittance", "closed_below", "open_above")
    return EquipmentTable(
        name=table.name or str(k),
        kind="louver",
        law=louver.louver,
        spread=nodes.spread(table.on),
        others=jnp.asarray([nodes.first(table.sink), OWN if table.sensor is None else nodes.first(table.sensor)]),
        parameters=louver.Louver(*(jnp.asarray(getattr(table, key)) for key in keys)),
        totals=("area",),
    )


def _thermoelectric(k: int, table: Thermoelectric, nodes: NodeLayout) -> EquipmentTable:
    module = [jnp.asarray(value) for value in (table.seebeck, table.resistance, table.conductance, table.current)]
    if table.control is None:
        return _cooler(
            k, table, "thermoelectric", thermoelectric.thermoelectric_cooler,
            thermoelectric.ThermoelectricCooler(*module), None, nodes,
        )  # fmt: skip
    driven = thermoelectric.ControlledThermoelectricCooler(*module, *_drive(table.control))
    law = thermoelectric.controlled_thermoelectric_cooler
    return _cooler(k, table, "thermoelectric", law, driven, table.control, nodes)


def _heat_pump(k: int, table: HeatPump, nodes: NodeLayout) -> EquipmentTable:
    keys = ("carnot_fraction", "capacity", "maximum_power", "minimum_lift")
    parameters = heat_pump.HeatPump(*(jnp.asarray(getattr(table, key)) for key in keys), *_drive(table.control))
    return _cooler(k, table, "heat pump", heat_pump.heat_pump, parameters, table.control, nodes)


def _drive(control: CoolerControl) -> list[jnp.ndarray]:
    return [jnp.asarray(control.set_temperature), jnp.asarray(control.band)]


def _cooler(
    k: int,
    table: Thermoelectric | HeatPump,
    kind: str,
    law: Law,
    parameters: Any,
    control: CoolerControl | None,
    nodes: NodeLayout,
) -> EquipmentTable:
    """A part between a cold and a hot node; a surface of many cells takes part with its first one alone."""
    others = [nodes.first(table.hot)]
    if control is not None:
        others.append(nodes.first(control.sensor or table.cold))
    return EquipmentTable(
        name=table.name or str(k),
        kind=kind,
        law=law,
        spread=nodes.spread([table.cold]),
        others=jnp.asarray(others),
        parameters=parameters,
        totals=(),
        electrical=table.electrical,
    )
