"""What looks wrong in a case although it can be run: one line each, with the names and the cure."""

from collections.abc import Iterator

import numpy as np

from caloris.check.geometry import geometry_warnings
from caloris.check.particles import particle_warnings
from caloris.check.sketch import Sketch
from caloris.geometry.connected import connected_parts
from caloris.model.attitude import target_direction
from caloris.output.items import group_items
from caloris.output.text import engineering, listed, percent

# A joint that comes this near to the end of its range stands at it (rad).
_AT_END = 1e-6
# A target this near to a joint's axis no longer says how the joint should turn (rad).
_NEAR_AXIS = np.radians(1.0)


def warnings_of(sketch: Sketch) -> list[str]:
    """Everything that deserves a look, the gravest kinds first; the case's own warnings come last."""
    found = [
        *_heat_paths(sketch),
        *geometry_warnings(sketch),
        *_motion(sketch),
        *_power(sketch),
        *particle_warnings(sketch.case),
        *_unused(sketch),
    ]
    return [*found, *sketch.case.warnings]


def items_of(sketch: Sketch, nodes: np.ndarray) -> list[str]:
    """The surfaces and nodes that own node numbers; a surface's name where all its cells are meant."""
    chosen = set(int(node) for node in nodes)
    names = []
    for item, members in group_items(list(sketch.structure.node_name)).items():
        inside = [int(k) for k in members if int(k) in chosen]
        whole = len(inside) == len(members)
        names += [item] if inside and whole else [sketch.structure.node_name[k] for k in inside]
    return names


def _heat_paths(sketch: Sketch) -> Iterator[str]:
    """Parts from which heat cannot leave, and parts that nothing holds to a temperature."""
    count = len(sketch.structure.node_name)
    if count == 0:
        return
    pair, value = sketch.conductors.node, sketch.conductors.conductance
    pair = np.concatenate([pair[value != 0], sketch.conductors.beside])
    member = connected_parts(count, pair)
    groups = int(member.max()) + 1
    emittance = np.asarray(sketch.structure.coatings.emittance_range()[1])[sketch.topology.facet_coating]
    radiating = np.zeros(count, bool)
    radiating[np.asarray(sketch.structure.facet_node)[emittance > 0]] = True
    outlet = radiating | ~sketch.free
    held = np.bincount(member, outlet, groups) > 0
    closed = ~held[member]
    massless = np.bincount(member, sketch.heat_capacity, groups)[member] <= 0
    if np.any(closed & massless):
        yield (
            f"{listed(items_of(sketch, np.flatnonzero(closed & massless)))}: no heat capacity and no path for heat "
            "(no link, edge or radiating side): the temperature is not defined"
        )
    if np.any(closed & ~massless):
        yield (
            f"{listed(items_of(sketch, np.flatnonzero(closed & ~massless)))}: no path for heat to space or to a fixed "
            "temperature (no link, edge or radiating side leads there); a steady state does not exist"
        )
    if not sketch.free.any():
        yield "every part has a fixed temperature: nothing is left to solve for"
    # A surface alone that radiates but cannot store is algebraic: allowed, yet seldom meant for a whole plate.
    surface_mass = sketch.surface_heat_capacity
    fixed = [table.temperature is not None for table in sketch.case.surfaces]
    plain = surface_mass[: len(fixed)]
    names = [s.name for s, c, f in zip(sketch.case.surfaces, plain, fixed, strict=True) if c <= 0 and not f]
    if names:
        yield f"{listed(names)}: no heat capacity; the temperature follows the heat without delay"


def _motion(sketch: Sketch) -> Iterator[str]:
    """Joints at the end of their range, targets along an axis, an attitude that is not defined."""
    flight = sketch.flight
    if flight is None or sketch.surroundings is None:
        return
    if flight.attitude_undefined:
        yield "attitude: its two targets are parallel at some moment; the turn about the first axis is arbitrary there"
    bodies = sketch.geometry.bodies
    moved = [body for body in sketch.case.bodies if body.joint is not None]
    stated = {body.name for body in moved if body.joint is not None and "range" in body.joint.model_fields_set}
    tracking = {joint.body: joint for joint in sketch.surroundings.joints if joint.angle is None}
    for column, index in enumerate(sketch.geometry.joint_bodies):
        joint = tracking.get(index)
        if joint is None:
            continue
        name, angle = bodies[index].name, flight.joint_angle[:, column]
        low, high = (float(end) for end in np.asarray(joint.range))
        turn = high - low >= 2 * np.pi - _AT_END
        at_end = (angle <= low + _AT_END) | (angle >= high - _AT_END)
        if at_end.any() and not turn:
            where = f"{np.degrees(low):g} to {np.degrees(high):g} deg"
            share = percent(at_end.mean())
            yield f"body {name}: its joint stands at an end of its range ({where}) for {share} of the run"
        # A joint whose range nobody states has no end: after a whole turn it is in the same pose, and goes on.
        if np.abs(np.diff(angle)).max(initial=0.0) > np.pi and name in stated:
            yield f"body {name}: its joint passes the end of its range and jumps a whole turn back"
        axis, motion = np.asarray(bodies[index].joint_axis), flight.motion
        target = target_direction(joint.target or "inertial", joint.inertial_target, motion.state)
        parent = np.asarray(motion.body)[:, bodies[index].parent]
        seen = np.einsum("tji,tjk,tk->ti", parent, np.asarray(motion.bus), np.asarray(target))
        along = np.abs(seen @ (axis / np.linalg.norm(axis)))
        if np.arccos(np.clip(along.max(), 0.0, 1.0)) < _NEAR_AXIS:
            yield f"body {name}: its target comes within 1 deg of the joint's axis; there it holds or turns fast"


def _power(sketch: Sketch) -> Iterator[str]:
    """Electrical tables that have no bus, and a balance that cannot close."""
    case = sketch.case
    electrical = [load.name or str(k) for k, load in enumerate(case.loads) if load.electrical]
    computers = [computer.name or str(k) for k, computer in enumerate(case.computes)]
    if case.power is None:
        for kind, names in (("compute", computers), ("electrical load", electrical)):
            if names:
                yield f"{kind} {listed(names)}: no [power], so nothing supplies it; only its heat counts"
        if case.solar_arrays:
            yield "solar_array: no [power], so its power leaves the satellite unused"
        return
    if (computers or electrical) and not case.solar_arrays:
        yield "power: loads draw from the bus, but there is no [[solar_array]]"
    demand = mean_demand(sketch) / case.power.bus_efficiency
    flight = sketch.flight
    if flight is None or demand <= 0:
        return
    lit = 1.0 - flight.eclipse_fraction
    supply = sum(array_power(sketch)) * lit
    if case.solar_arrays and supply < demand:
        yield (
            f"power: loads and losses draw {engineering(demand, 'W')} on average, the arrays give at most "
            f"{engineering(supply, 'W')} (at normal incidence, over the sunlit part)"
        )
    dark = flight.eclipse_fraction * flight.period
    usable = sum(b.capacity * b.maximum_depth_of_discharge * b.discharge_efficiency for b in case.batteries)
    if dark > 0 and usable < demand * dark:
        have = f"the batteries give {engineering(usable / 3600, 'Wh')}" if case.batteries else "there is no [[battery]]"
        yield f"power: an eclipse takes {engineering(demand * dark / 3600, 'Wh')}; {have}"


def mean_demand(sketch: Sketch) -> float:
    """Mean electrical power of the loads (W), tables averaged over one revolution or as listed over time."""
    case = sketch.case
    total = sum(_mean(load.power) for load in case.loads if load.electrical)
    for computer in case.computes:
        total += computer.idle_power + _mean(computer.utilization) * (computer.peak_power - computer.idle_power)
    return total


def _mean(table) -> float:
    """Mean of a schedule: over the orbit's phase, or over the times that a table lists."""
    value, points = np.asarray(table.value), np.asarray(table.points)
    if len(value) == 1:
        return float(value[0])
    if table.over == "phase":
        value, points = np.append(value, value[0]), np.append(points, points[0] + 1.0)
    width = np.diff(points)
    height = 0.5 * (value[1:] + value[:-1]) if table.between == "linear" else value[:-1]
    return float(np.sum(width * height) / np.sum(width))


def array_power(sketch: Sketch) -> list[float]:
    """Power of each solar array (W): facets with cells at normal incidence and the reference temperature."""
    arrays = sketch.structure.arrays
    if arrays is None:
        return []
    member = np.asarray(arrays.facet_array)
    area = np.bincount(member[member >= 0], sketch.facet_area[member >= 0], arrays.count)
    flux = solar_flux(sketch)
    figures = (arrays.efficiency, arrays.packing, arrays.remaining)
    return [float(x) for x in flux * area * np.prod([np.asarray(figure) for figure in figures], axis=0)]


def solar_flux(sketch: Sketch) -> float:
    """Solar flux at the start (W m-2), zero without an orbit."""
    return 0.0 if sketch.flight is None else float(np.asarray(sketch.flight.motion.state.solar_flux)[0])


def _unused(sketch: Sketch) -> Iterator[str]:
    """Tables that nothing refers to."""
    case = sketch.case
    used = {coating for surface in case.surfaces for coating in case.sides(surface).values()}
    used |= {one for solid in case.solids for one in (solid.coating, *(face.coating for face in solid.face))}
    panels = {surface.panel for surface in case.surfaces}
    materials = {surface.material for surface in case.surfaces}
    materials |= {skin.material for panel in case.panels for skin in (panel.front_skin, panel.back_skin)}
    materials |= {name for solid in case.solids for name in solid.materials_used()}
    materials |= {contact.filler.material for contact in case.contacts if contact.filler is not None}
    materials |= {layer.material for device in case.devices for layer in device.layers}
    layered = [point.shield for point in case.dose_points if point.shield != "geometry"]
    layered += [array.damage.shield for array in case.solar_arrays if array.damage and array.damage.shield]
    materials |= {layer.material for layers in layered for layer in layers}
    materials |= {node.material for node in case.nodes}
    materials |= {slab.material for chip in case.chips for slab in (chip.die, chip.lid) if slab is not None}
    bodies = {part.body for part in (*case.surfaces, *case.solids)} | {body.parent for body in case.bodies}
    for kind, tables, known in (
        ("coating", case.coatings, used),
        ("material", case.materials, materials),
        ("panel", case.panels, panels),
        ("body", case.bodies, bodies),
    ):
        names = [table.name for table in tables if table.name not in known]
        if names:
            yield f"{kind} {listed(names)}: not used"
    along = case.particles is not None and (case.particles.trapped or case.particles.cutoff)
    if case.particles is not None and not case.devices and not case.dose_points and not along:
        yield "particles: not used, there is no [[device]] and no [[dose_point]]"
    if case.particles is None and case.devices:
        yield f"device {listed([device.name for device in case.devices])}: no [particles], so no upset rates"
    if case.orbit is not None and not case.surfaces and not case.solids and case.nodes:
        yield "orbit: no surface, so neither Sun nor planet reaches the satellite"
