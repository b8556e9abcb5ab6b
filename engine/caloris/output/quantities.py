"""The one table of everything a run file or a view-factor file holds: path, units, dimensions, long name.

Writers, readers, tables and pictures take their metadata from here. Units are SI as UDUNITS text, except
where particle physics keeps its own (MeV, MeV cm2 mg-1, g cm-2). Signs: absorbed, dissipated, exchanged,
conducted and boundary powers count positive into a node, emitted and extracted powers positive out of it, so

    node_stored = node_absorbed - node_electrical_extracted + node_heat_load + node_exchanged
                  + node_conducted + node_advected + node_boundary - node_emitted_to_space.
"""

from caloris.output.particle_quantities import DOSE, PARTICLE, SYSTEM, UPSET
from caloris.output.quantity import Attribute, Dimension, Quantity

DIMENSIONS: dict[str, Dimension] = {
    "time": Dimension("time since the start of the run", "thermal/time"),
    "node": Dimension("thermal node", "thermal/node"),
    "facet": Dimension("facet index: one active side of one triangle"),
    "vertex": Dimension("vertex index"),
    "corner": Dimension("corner of a triangle"),
    "xyz": Dimension("Cartesian component: x, y, z"),
    "bus_axis": Dimension("axis of the bus frame: x, y, z"),
    "pose_row": Dimension("row of a homogeneous transformation"),
    "pose_column": Dimension("column of a homogeneous transformation"),
    "surface": Dimension("surface", "mesh/surface"),
    "coating": Dimension("coating", "mesh/coating"),
    "body": Dimension("body", "mesh/body"),
    "joint": Dimension("joint", "orbit/joint"),
    "array": Dimension("solar array", "power/array"),
    "battery": Dimension("battery", "power/battery"),
    "switch": Dimension("thermostat", "thermal/switch"),
    "heater": Dimension("heater", "thermal/heater"),
    "auxiliary": Dimension("auxiliary state of equipment", "thermal/auxiliary"),
    "loop": Dimension("fluid loop", "loop/loop"),
    "branch": Dimension("branch of a fluid loop", "loop/branch"),
    "valve": Dimension("loop with a valve", "loop/valve"),
    "cell": Dimension("cell of a fluid loop along the flow", "loop/cell"),
    "heat_pipe": Dimension("heat pipe", "heat_pipe/heat_pipe"),
    "warning": Dimension("row of the table of warnings"),
    "device": Dimension("device", "upset/device"),
    "effect": Dimension("effect of a device", "upset/effect"),
    "orbit_phase": Dimension("phase of the orbit, or of a day of its track", "system/orbit_phase"),
    "ion": Dimension("atomic number of the ion", "particle/ion"),
    "energy": Dimension("kinetic energy per nucleon", "particle/energy"),
    "let": Dimension("linear energy transfer in silicon", "particle/let"),
    "component": Dimension("component of the particle environment", "particle/component"),
    "electron_energy": Dimension("kinetic energy of electrons", "particle/electron_energy"),
    "rigidity": Dimension("rigidity", "particle/rigidity"),
    "proton_threshold": Dimension("energy of protons above which flux is counted", "particle/proton_threshold"),
    "electron_threshold": Dimension("energy of electrons above which flux is counted", "particle/electron_threshold"),
    "track": Dimension("time along one day of the ground track", "particle/track_time"),
    "map_latitude": Dimension("geocentric latitude of the world map", "particle/map_latitude"),
    "map_longitude": Dimension("longitude of the world map, east", "particle/map_longitude"),
    "dose_point": Dimension("dose point", "dose/dose_point"),
    "dose_source": Dimension("source of the dose", "dose/dose_source"),
    "dose_depth": Dimension("radius of an aluminum sphere", "dose/dose_depth"),
    "sector_bin": Dimension("bin of the sectors around a dose point"),
    "limit": Dimension("row of the table of limits"),
    "margin": Dimension("row of the table of margins"),
    "pose": Dimension("pose of the moving bodies"),
    "pair": Dimension("pair of facets that see each other"),
    "moment": Dimension("moment of the run at which sunlight is traced"),
}

_NODE_TIME = ("time", "node")
_FACET_TIME = ("time", "facet")
_MESH = {
    "vertices": Quantity("m", ("vertex", "xyz"), "vertices at zero joint angles, bus frame"),
    "facets": Quantity(
        "1", ("facet", "corner"), "vertex indices, counterclockwise seen from the active side", "integer"
    ),
    "facet_side": Quantity("1", ("facet",), "side of the triangle: 0 front, 1 back", "integer"),
    "facet_area": Quantity("m2", ("facet",), "area of the facet"),
    "facet_node": Quantity("1", ("facet",), "index of the thermal node under the facet", "integer"),
    "facet_surface": Quantity("1", ("facet",), "index of the facet's surface", "integer"),
    "facet_body": Quantity("1", ("facet",), "index of the facet's body", "integer"),
    "facet_coating": Quantity("1", ("facet",), "index of the facet's coating", "integer"),
    "facet_sky_mismatch": Quantity(
        "1", ("facet",), "view of space by independent sky trace less view of space by closure, worst pose"
    ),
    "facet_space_view": Quantity("1", ("facet",), "view factor to space, mean over the poses"),
    "facet_inactive_view": Quantity("1", ("facet",), "view factor toward inactive sides, worst pose"),
    "body_pose": Quantity(
        "1",
        ("body", "pose_row", "pose_column"),
        "body frame to bus frame at zero joint angles (offsets in m)",
    ),
    "surface": Quantity("1", ("surface",), "surface name", "text"),
    "coating": Quantity("1", ("coating",), "coating name", "text"),
    "body": Quantity("1", ("body",), "body name", "text"),
    "surface_mass": Quantity(
        "kg",
        ("surface",),
        "mass of the surface's sheet, material or panel; none where it states none",
        may_be_missing=True,
    ),
}

_ORBIT = {
    "phase": Quantity("1", ("time",), "orbit phase: time over period, from orbit noon or the epoch"),
    "position": Quantity("m", ("time", "xyz"), "position, inertial frame"),
    "velocity": Quantity("m s-1", ("time", "xyz"), "velocity, inertial frame"),
    "sun_direction": Quantity("1", ("time", "xyz"), "unit vector to the Sun, inertial frame"),
    "lit_fraction": Quantity("1", ("time",), "visible fraction of the solar disc"),
    "beta": Quantity("rad", ("time",), "angle between the Sun and the orbit plane"),
    "attitude": Quantity("1", ("time", "xyz", "bus_axis"), "rotation from the bus frame to the inertial frame"),
    "joint": Quantity("1", ("joint",), "body that the joint turns", "text"),
    "joint_angle": Quantity("rad", ("time", "joint"), "joint angle"),
    "body_pose": Quantity("1", ("time", "body", "pose_row", "pose_column"), "body frame to bus frame (offsets in m)"),
}

_THERMAL = {
    "time": Quantity("s", ("time",), "time since the start of the run"),
    "node": Quantity("1", ("node",), "node name", "text"),
    "temperature": Quantity("K", _NODE_TIME, "temperature"),
    "node_volume": Quantity("m3", ("node",), "volume of solids around the node; 0 outside solids"),
    "node_area": Quantity("m2", ("node",), "area of the node's cell, one side; 0 for a node without surface"),
    "node_heat_capacity": Quantity("J K-1", ("node",), "heat capacity; 0 for boundary and massless nodes"),
    "node_heat_load": Quantity("W", _NODE_TIME, "heat from loads, heaters and electrical dissipation"),
    "node_absorbed": Quantity("W", _NODE_TIME, "absorbed from the Sun and the planet, before electrical extraction"),
    "node_absorbed_solar": Quantity("W", _NODE_TIME, "absorbed sunlight"),
    "node_absorbed_albedo": Quantity("W", _NODE_TIME, "absorbed sunlight reflected by the planet"),
    "node_absorbed_infrared": Quantity("W", _NODE_TIME, "absorbed infrared of the planet"),
    "node_electrical_extracted": Quantity("W", _NODE_TIME, "electrical power taken out by solar cells"),
    "node_exchanged": Quantity("W", _NODE_TIME, "net infrared from other surfaces"),
    "node_conducted": Quantity("W", _NODE_TIME, "net heat conducted in from other nodes, by links and equipment"),
    "node_advected": Quantity("W", _NODE_TIME, "heat brought by one-way links"),
    "switch": Quantity("1", ("switch",), "thermostat", "text"),
    "switch_mode": Quantity("1", ("time", "switch"), "1 where the thermostat is on, 0 where it is off"),
    "switch_duty": Quantity("1", ("switch",), "share of the run that the thermostat was on"),
    "switch_count": Quantity("1", ("switch",), "how often the thermostat switched on within the run", "integer"),
    "heater": Quantity("1", ("heater",), "heater", "text"),
    "heater_power": Quantity("W", ("time", "heater"), "power that the heater asks for"),
    "heater_nominal_power": Quantity("W", ("heater",), "power of the heater when it is fully on"),
    "heater_switch": Quantity(
        "1", ("heater",), "index of its thermostat; -1 where the power follows a temperature", "integer"
    ),
    "heater_mean_power": Quantity("W", ("heater",), "run mean of the power that the heater asks for"),
    "auxiliary": Quantity("1", ("auxiliary",), "auxiliary state and its unit", "text"),
    "auxiliary_state": Quantity("1", ("time", "auxiliary"), "value of each auxiliary state, in its own unit"),
    "node_emitted_to_space": Quantity("W", _NODE_TIME, "net infrared lost to space"),
    "node_boundary": Quantity("W", _NODE_TIME, "heat supplied to hold a boundary node's temperature"),
    "node_stored": Quantity("W", _NODE_TIME, "rate of change of stored heat"),
    "mean_heat_load": Quantity("W", ("node",), "run mean of the heat from loads and electrical dissipation"),
    "mean_absorbed_solar": Quantity("W", ("node",), "run mean of absorbed sunlight"),
    "mean_absorbed_albedo": Quantity("W", ("node",), "run mean of absorbed albedo light"),
    "mean_absorbed_infrared": Quantity("W", ("node",), "run mean of absorbed planet infrared"),
    "mean_electrical_extracted": Quantity("W", ("node",), "run mean of electrical power taken out"),
    "mean_exchanged": Quantity("W", ("node",), "run mean of net infrared from other surfaces"),
    "mean_conducted": Quantity("W", ("node",), "run mean of net heat conducted in"),
    "mean_advected": Quantity("W", ("node",), "run mean of heat brought by one-way links"),
    "mean_emitted_to_space": Quantity("W", ("node",), "run mean of net infrared lost to space"),
    "mean_boundary": Quantity("W", ("node",), "run mean of the heat supplied to hold a boundary"),
    "mean_stored": Quantity("W", ("node",), "change of stored heat over the run's length"),
    "facet_absorbed_solar": Quantity("W m-2", _FACET_TIME, "absorbed sunlight, reflections included"),
    "facet_absorbed_albedo": Quantity("W m-2", _FACET_TIME, "absorbed albedo light, reflections included"),
    "facet_absorbed_infrared": Quantity("W m-2", _FACET_TIME, "absorbed planet infrared, reflections included"),
    "energy_residual": Quantity("W", ("time",), "energy balance over the last output interval, by its own quadrature"),
    "exchange_residual": Quantity("W", ("time",), "sum of internal radiative and conductive exchange"),
}

_POWER = {
    "array": Quantity("1", ("array",), "solar array", "text"),
    "battery": Quantity("1", ("battery",), "battery", "text"),
    "array_power": Quantity("W", ("time", "array"), "electrical power drawn from the array"),
    "available_power": Quantity("W", ("time", "array"), "electrical power the array could give"),
    "displacement_damage": Quantity(
        "MeV g-1", ("array",), "displacement damage dose of the cells by then, protons' and electrons' over R_ep"
    ),
    "undamaged": Quantity("1", ("array",), "part of the power that displacement damage leaves"),
    "load_power": Quantity("W", ("time",), "electrical power delivered to the loads"),
    "battery_power": Quantity("W", ("time",), "power into the batteries at the bus (charging positive)"),
    "loss_power": Quantity("W", ("time",), "losses of bus and batteries"),
    "unmet_power": Quantity("W", ("time",), "load that could not be served"),
    "state_of_charge": Quantity("1", ("time", "battery"), "stored energy over capacity"),
    "stored_energy": Quantity("J", ("time", "battery"), "stored energy"),
    "capacity": Quantity("J", ("battery",), "capacity"),
    "maximum_depth_of_discharge": Quantity("1", ("battery",), "largest depth of discharge allowed"),
    "array_energy": Quantity("J", ("time", "array"), "electrical energy from the array since t = 0"),
    "load_energy": Quantity("J", ("time",), "electrical energy delivered to the loads since t = 0"),
    "loss_energy": Quantity("J", ("time",), "losses of bus and batteries since t = 0"),
    "unmet_energy": Quantity("J", ("time",), "load that could not be served since t = 0"),
}

_LIMITS = {
    "item": Quantity("1", ("limit",), "node or surface", "text"),
    "variant": Quantity("1", ("limit",), "variant of the case; empty for the case as it stands", "text"),
    "state": Quantity("1", ("limit",), "operating or non-operating: which range is the limit", "text"),
    "operating_minimum": Quantity("K", ("limit",), "lowest operating temperature", may_be_missing=True),
    "operating_maximum": Quantity("K", ("limit",), "highest operating temperature", may_be_missing=True),
    "non_operating_minimum": Quantity("K", ("limit",), "lowest temperature while off", may_be_missing=True),
    "non_operating_maximum": Quantity("K", ("limit",), "highest temperature while off", may_be_missing=True),
    "limit_minimum": Quantity("K", ("limit",), "lowest temperature allowed in this state", may_be_missing=True),
    "limit_maximum": Quantity("K", ("limit",), "highest temperature allowed in this state", may_be_missing=True),
    "uncertainty": Quantity("K", ("limit",), "uncertainty of the calculation"),
    "acceptance": Quantity("K", ("limit",), "acceptance margin"),
    "qualification": Quantity("K", ("limit",), "qualification margin"),
    "calculated_minimum": Quantity("K", ("limit",), "lowest calculated temperature"),
    "calculated_maximum": Quantity("K", ("limit",), "highest calculated temperature"),
    "predicted_minimum": Quantity("K", ("limit",), "calculated minimum - uncertainty"),
    "predicted_maximum": Quantity("K", ("limit",), "calculated maximum + uncertainty"),
    "acceptance_minimum": Quantity("K", ("limit",), "predicted minimum - acceptance margin"),
    "acceptance_maximum": Quantity("K", ("limit",), "predicted maximum + acceptance margin"),
    "qualification_minimum": Quantity("K", ("limit",), "acceptance minimum - qualification margin"),
    "qualification_maximum": Quantity("K", ("limit",), "acceptance maximum + qualification margin"),
    "margin_low": Quantity("K", ("limit",), "qualification minimum - limit minimum", may_be_missing=True),
    "margin_high": Quantity("K", ("limit",), "limit maximum - qualification maximum", may_be_missing=True),
    "verdict": Quantity(
        "1", ("limit",), "kept, or the innermost range (calculated, predicted, ...) outside the limit", "text"
    ),
}

_MARGINS = {
    "item": Quantity("1", ("margin",), "node or surface", "text"),
    "state": Quantity("1", ("margin",), "operating or non-operating", "text"),
    "coldest_variant": Quantity("1", ("margin",), "variant with the lowest calculated temperature", "text"),
    "hottest_variant": Quantity("1", ("margin",), "variant with the highest calculated temperature", "text"),
    "calculated_minimum": Quantity("K", ("margin",), "lowest calculated temperature of all variants"),
    "calculated_maximum": Quantity("K", ("margin",), "highest calculated temperature of all variants"),
    "limit_minimum": Quantity("K", ("margin",), "lowest temperature allowed at the least margin", may_be_missing=True),
    "limit_maximum": Quantity("K", ("margin",), "highest temperature allowed at the least margin", may_be_missing=True),
    "margin_low": Quantity("K", ("margin",), "least low margin of all variants", may_be_missing=True),
    "margin_high": Quantity("K", ("margin",), "least high margin of all variants", may_be_missing=True),
    "verdict": Quantity("1", ("margin",), "gravest verdict of all variants", "text"),
}

_CELL_TIME = ("time", "cell")
_LOOP = {
    "loop": Quantity("1", ("loop",), "fluid loop", "text"),
    "pump_power": Quantity("W", ("time", "loop"), "electrical power of the pump, fully supplied; all of it is heat"),
    "branch": Quantity("1", ("branch",), "branch: the loop itself, or loop.branch", "text"),
    "mass_flow": Quantity("kg s-1", ("time", "branch"), "mass flow of the branch"),
    "pressure_loss": Quantity("Pa", ("time", "branch"), "pressure lost along the branch, sections included"),
    "valve": Quantity("1", ("valve",), "loop of the valve", "text"),
    "valve_position": Quantity("1", ("time", "valve"), "position of the valve: 0 straight on, 1 through the bypass"),
    "cell": Quantity("1", ("cell",), "cell along the flow", "text"),
    "cell_temperature": Quantity("K", _CELL_TIME, "temperature of the fluid"),
    "cell_pressure": Quantity(
        "Pa", _CELL_TIME, "pressure at the outlet of the cell; over that at the pump's inlet where none is given"
    ),
    "cell_heat": Quantity("W", _CELL_TIME, "heat from the wall into the fluid"),
    "cell_reynolds": Quantity("1", _CELL_TIME, "Reynolds number in each tube; with two phases as if all were liquid"),
    "cell_quality": Quantity(
        "1", _CELL_TIME, "vapor's part of the flow by equilibrium; below 0 subcooled", may_be_missing=True
    ),
}

_HEAT_PIPE = {
    "heat_pipe": Quantity("1", ("heat_pipe",), "heat pipe", "text"),
    "heat": Quantity("W", ("time", "heat_pipe"), "heat from the evaporator to the condenser"),
    "limit": Quantity("W", ("heat_pipe",), "most power that it carries", may_be_missing=True),
}

_WARNINGS = {
    "kind": Quantity("1", ("warning",), "what leaves its limits", "text"),
    "place": Quantity("1", ("warning",), "where", "text"),
    "unit": Quantity("1", ("warning",), "unit of the value and its limits", "text"),
    "first_time": Quantity("s", ("warning",), "first output time at which it does"),
    "last_time": Quantity("s", ("warning",), "last output time at which it does"),
    "value": Quantity("1", ("warning",), "worst value, in its own unit"),
    "allowed_minimum": Quantity("1", ("warning",), "lowest value allowed there, in its own unit", may_be_missing=True),
    "allowed_maximum": Quantity("1", ("warning",), "highest value allowed there, in its own unit", may_be_missing=True),
}

_VIEW_FACTORS = {
    "facet_name": Quantity("1", ("facet",), "node and side of the facet", "text"),
    "joint_angle": Quantity("rad", ("pose", "joint"), "joint angle of each pose"),
    "pair_pose": Quantity("1", ("pair",), "pose of the pair", "integer"),
    "pair_first": Quantity("1", ("pair",), "first facet i of the pair; each pair stands once for both ways", "integer"),
    "pair_second": Quantity("1", ("pair",), "second facet j of the pair, above the first", "integer"),
    "exchange_area": Quantity("m2", ("pair",), "area times view factor, A_i F_ij = A_j F_ji"),
    "space_view": Quantity("1", ("pose", "facet"), "view factor to space: one less all others"),
    "inactive_view": Quantity("1", ("pose", "facet"), "view factor toward inactive sides"),
    "sun_phase": Quantity("1", ("moment",), "orbit phase of the moment, counted on over revolutions"),
    "sunlit": Quantity("1", ("moment", "facet"), "unshadowed part of the facet where it faces the Sun"),
}

_GROUPS = {
    "mesh": _MESH,
    "orbit": _ORBIT,
    "thermal": _THERMAL,
    "power": _POWER,
    "loop": _LOOP,
    "heat_pipe": _HEAT_PIPE,
    "warnings": _WARNINGS,
    "particle": PARTICLE,
    "upset": UPSET,
    "system": SYSTEM,
    "dose": DOSE,
    "limits": _LIMITS,
    "margins": _MARGINS,
    "view_factors": _VIEW_FACTORS,
}

GROUPS: tuple[str, ...] = ("case", "provenance", "status", *_GROUPS)

QUANTITIES: dict[str, Quantity] = {
    f"{group}/{name}": quantity for group, table in _GROUPS.items() for name, quantity in table.items()
}

# Attributes that tables and pictures read. Others may be written too; these have a fixed meaning.
ATTRIBUTES: dict[str, Attribute] = {
    "provenance/version": Attribute("", "version of Caloris"),
    "provenance/commit": Attribute("", "commit of the source, or unknown"),
    "provenance/jax": Attribute("", "version of JAX"),
    "provenance/device": Attribute("", "device of the solve"),
    "provenance/dtype": Attribute("", "floating type of the solve"),
    "provenance/seed": Attribute("1", "random seed"),
    "provenance/wall_time": Attribute("s", "wall time of the run"),
    "provenance/compile_time": Attribute("s", "tracing and compiling within the wall time"),
    "orbit/period": Attribute("s", "orbital period"),
    "orbit/perigee_altitude": Attribute("m", "lowest altitude of the orbit above the planet's radius"),
    "orbit/apogee_altitude": Attribute("m", "highest altitude of the orbit above the planet's radius"),
    "orbit/inclination": Attribute("rad", "inclination of the orbit, where the case says which"),
    "orbit/eclipse_entry": Attribute("s", "times at which the eclipse begins, within the run"),
    "orbit/eclipse_exit": Attribute("s", "times at which the eclipse ends, within the run"),
    "orbit/eclipse_duration": Attribute("s", "time in eclipse per orbit"),
    "thermal/mode": Attribute("", "steady, transient or cyclic"),
    "thermal/energy_residual_relative": Attribute("1", "largest |energy_residual| over the run's largest total"),
    "thermal/exchange_residual_relative": Attribute("1", "largest |exchange_residual| over the run's largest total"),
    "thermal/largest_total": Attribute(
        "W", "largest sum of |absorbed|, |dissipated|, |from boundaries| and |emitted| of the run"
    ),
    "power/sustained": Attribute("", "whether the loads are served all along and the batteries recover"),
    "power/margin": Attribute("W", "orbit-mean electrical power left over (negative: missing)"),
    "particle/environment": Attribute("", "what the environment contains and lacks, in words"),
    "particle/event": Attribute("", "the period of solar particles that the rates of upsets are of: worst day, ..."),
    "particle/event_duration": Attribute("s", "how long that period lasts"),
    "particle/epoch": Attribute("", "date of the orbit's elements, of the cutoff's field and of t = 0"),
    "particle/proton_field_epoch": Attribute("year", "epoch of the field in which the proton map is read"),
    "particle/electron_field_epoch": Attribute("year", "epoch of the field in which the electron map is read"),
    "particle/mean_altitude": Attribute("m", "semi-major axis less the planet's radius"),
    "particle/map_altitude": Attribute("m", "altitude of the world map: where the day's track meets the largest flux"),
    "particle/period": Attribute("s", "orbital period"),
    "particle/inclination": Attribute("rad", "inclination of the orbit"),
    "system/failure_rate": Attribute("s-1", "failures of the job, mean over the orbit; _low and _high: of the band"),
    "system/follows": Attribute("", "what the failure rate follows along the orbit, in words"),
    "system/interval": Attribute("s", "time of work between two checkpoints"),
    "system/optimal_interval": Attribute("s", "best such time, exact; young_interval, daly_interval: approximations"),
    "system/goodput": Attribute("1", "useful share of the time; _low and _high: at the ends of the band"),
    "system/goodput_following": Attribute("1", "useful share with the best schedule for the rate along the orbit"),
    "dose/environment_factor": Attribute("1", "factor by which the models of trapped particles may be off"),
    "view_factors/tolerance": Attribute("1", "tolerance asked for: relative L1 error of the exchange areas"),
    "view_factors/error_estimate": Attribute("1", "relative L1 error of the exchange areas, estimated"),
    "status/result": Attribute("", "success, or the name of what failed"),
    "status/failed_node": Attribute("", "node (or other state) where the run failed"),
    "status/failed_variants": Attribute("", "variants that failed, each with its result"),
    "status/iterations": Attribute("1", "iterations of the outermost solver"),
}
