"""`caloris check`: what a case contains and what looks wrong in it, before anything is traced or solved."""

from collections.abc import Callable

import numpy as np
from rich import box
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from caloris.case.schema import Case
from caloris.case.schema_orbit import Attitude
from caloris.case.schema_types import Schedule, Vector
from caloris.case.variants import check_all_buildable
from caloris.check_sketch import Flight, Sketch, sketch
from caloris.check_warnings import array_power, mean_demand, solar_flux, warnings_of
from caloris.geometry.inspection import scene_size
from caloris.geometry.solid_patches import SolidFace
from caloris.model.coating import Coatings
from caloris.output.text import celsius, duration, engineering, listed, percent
from caloris_kernels.constants import ASTRONOMICAL_UNIT

_MOST_ROWS = 20


def describe(case: Case, console: Console) -> list[str]:
    """Print what `case` contains and what looks wrong in it; return the warnings.

    Builds the geometry and samples the orbit, but traces no view factors and solves nothing. Raises CaseError
    for what only building shows, as `caloris.build` does; RuntimeError without float64.
    """
    check_all_buildable(case)
    seen = sketch(case)
    parts: list[RenderableType] = [_heading(seen)]
    for section in _SECTIONS:
        if section.wanted(seen):
            parts.append(section.render(seen))
    warnings = warnings_of(seen)
    for name, variant in case.variant_cases.items():
        own = [f"variant {name}: {warning}" for warning in warnings_of(sketch(variant)) if warning not in warnings]
        warnings += [warning for warning in own if warning not in warnings]
    for part in parts:
        console.print(part)
        console.print()
    _print_warnings(warnings, console)
    return warnings


class _Section:
    """One table of the description, and when it is printed."""

    def __init__(self, wanted: Callable[[Sketch], object], render: Callable[[Sketch], RenderableType]) -> None:
        self.wanted = wanted
        self.render = render


def _print_warnings(warnings: list[str], console: Console) -> None:
    if not warnings:
        console.print(Text("No warnings.", "green"))
        return
    console.print(Text(f"{len(warnings)} warning{'s' if len(warnings) > 1 else ''}", "bold yellow"))
    for warning in warnings:
        console.print(Text(f"warning: {warning}"), soft_wrap=True)


def _table(*columns: str, text: int = 1) -> Table:
    """An open table whose first `text` columns are words, the rest numbers."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, collapse_padding=True)
    for index, heading in enumerate(columns):
        table.add_column(heading, justify="left" if index < text else "right", overflow="fold")
    return table


def _titled(title: str, table: Table) -> Group:
    """A table under its title; the title may be wider than the table."""
    return Group(Text(title, "bold"), table)


def _heading(seen: Sketch) -> Text:
    """Title, mode and size of the model."""
    case, topology = seen.case, seen.topology
    name = case.path.name if case.path is not None else "case"
    words = []
    if case.run is not None:
        length = duration(case.run.duration) if case.run.mode == "transient" and case.run.duration else ""
        words.append(f"{case.run.mode} run {length}".strip())
    if not case.is_device_only:
        nodes = len(seen.structure.node_name)
        fixed = int(np.sum(~seen.free))
        words.append(f"{nodes} nodes" + (f" ({fixed} of fixed temperature)" if fixed else ""))
    if case.surfaces or case.solids:
        words += [f"{len(topology.facet_triangle)} facets", f"{len(topology.triangles)} triangles"]
        words.append(f"{len(seen.vertices)} vertices")
        size = scene_size(seen.geometry)
        across = " x ".join(f"{high - low:.3g}" for low, high in zip(size.low, size.high, strict=True))
        words.append(f"{across} m at zero joint angles")
    if case.devices:
        words.append(f"{len(case.devices)} kind{'s' if len(case.devices) > 1 else ''} of device")
    return Text.assemble((case.title or name, "bold"), "\n" + ", ".join(words))


def _orbit(seen: Sketch) -> Panel:
    """Orbit, Sun and eclipse."""
    case, flight, table = seen.case, seen.flight, seen.case.orbit
    assert flight is not None and table is not None and seen.surroundings is not None
    axis, eccentricity = table.size(case.planet)
    low, high = (axis * (1 + sign * eccentricity) - case.planet.radius for sign in (-1, 1))
    rows = [("altitude", f"{low / 1e3:.6g} km" + (f" to {high / 1e3:.6g} km" if high > low else ", circular"))]
    rows.append(("period", duration(flight.period)))
    for word, key in (("inclination", "inclination"), ("ascending node", "raan")):
        angle = getattr(seen.surroundings.orbit, key, None)
        if angle is not None:
            rows.append((word, f"{np.degrees(float(angle)) % 360.0:.2f} deg"))
    if table.epoch is not None:
        rows.append(("epoch", table.epoch.strftime("%Y-%m-%d %H:%M:%S UTC")))
    rows.append(("beta", _span(np.degrees(flight.beta), "deg")))
    dark = flight.eclipse_fraction
    eclipse = f"{duration(dark * flight.period)} ({percent(dark)} of the orbit)" if dark > 0 else "none"
    rows.append(("eclipse", eclipse))
    distance = np.asarray(flight.motion.state.sun_distance)[0] / ASTRONOMICAL_UNIT
    far = f", Sun at {distance:.4f} au" if table.form != "beta" else ""
    rows.append(("solar flux", f"{solar_flux(seen):.1f} W/m^2{far}"))
    planet = case.planet
    rows.append(("planet", f"albedo {planet.albedo:g}, infrared {planet.infrared_flux:g} W/m^2"))
    rows.append(("attitude", _attitude(case.attitude)))
    return _panel("Orbit", rows)


def _panel(title: str, rows: list[tuple[str, str]]) -> Panel:
    lines = Text("\n").join(Text.assemble((f"{word:<16}", "dim"), value) for word, value in rows)
    return Panel(lines, title=title, title_align="left", expand=False)


def _attitude(attitude: Attitude) -> str:
    first = f"{_axis(attitude.point)} toward {_target(attitude.toward)}"
    return f"{first}, {_axis(attitude.align)} as near as possible to {_target(attitude.to)}"


def _axis(vector: Vector) -> str:
    for sign, word in ((1.0, "+"), (-1.0, "-")):
        for k, letter in enumerate("xyz"):
            if all(abs(value - sign * (j == k)) < 1e-12 for j, value in enumerate(vector)):
                return word + letter
    return "[" + ", ".join(f"{value:.4g}" for value in vector) + "]"


def _target(target: str | Vector | None) -> str:
    if target is None:
        return "-"
    return target if isinstance(target, str) else _axis(target) + " (inertial)"


def _span(values: np.ndarray, unit: str) -> str:
    low, high = float(values.min()), float(values.max())
    if high - low < 0.05:
        return f"{0.5 * (low + high):.1f} {unit}"
    return f"{low:.1f} to {high:.1f} {unit}"


def _bodies(seen: Sketch) -> Group:
    """Bodies, their joints, and the angles that the run sweeps."""
    table = _table("body", "carried by", "joint", "surfaces", "area m^2", text=3)
    joints = {index: column for column, index in enumerate(seen.geometry.joint_bodies)}
    tables = {body.name: body for body in seen.case.bodies}
    for index, body in enumerate(seen.geometry.bodies):
        mine = [k for k, surface in enumerate(seen.geometry.surfaces) if surface.body == index]
        joint = _joint(tables[body.name].joint, seen.flight, joints[index]) if index in joints else "fixed"
        parent = seen.geometry.bodies[body.parent].name if body.parent >= 0 else "-"
        area = f"{seen.surface_area[mine].sum():.4g}"
        table.add_row(body.name, parent, joint if index else "-", str(len(mine)), area)
    return _titled("Bodies", table)


def _joint(joint, flight: Flight | None, column: int) -> str:
    """A joint in words: axis, what it does, the angles swept, its range."""
    how = f"{_axis(joint.point)} toward {_target(joint.toward)}" if joint.is_tracking else "by table"
    if flight is None:
        return f"about {_axis(joint.axis)}, {how}"
    swept = _span(np.degrees(flight.joint_angle[:, column]), "deg")
    low, high = np.degrees(joint.range)
    limits = f" (range {low:g} to {high:g})" if high - low < 359.999 else ""
    return f"about {_axis(joint.axis)}, {how}: {swept}{limits}"


def _coatings(seen: Sketch) -> Group:
    """Area under each coating, sides counted one by one."""
    columns = ("coating", "solar absorptance", "infrared emittance", "area m^2", "on one side only", "on both sides")
    table = _table(*columns)
    coatings, topology = seen.structure.coatings, seen.topology
    ranges = [[np.asarray(end) for end in ends] for ends in (coatings.absorptance_range(), coatings.emittance_range())]
    diffuse = _diffuse_absorptance(coatings)
    sides = np.bincount(topology.facet_triangle, minlength=len(topology.triangles))[topology.facet_triangle]
    for index, name in enumerate(coatings.name):
        mine = topology.facet_coating == index
        one, two = (float(seen.facet_area[mine & (sides == count)].sum()) for count in (1, 2))
        figures = [_range(low[index], high[index]) for low, high in ranges]
        figures[0] += diffuse.get(index, "")
        table.add_row(name, *figures, *(f"{a:.4g}" for a in (one + two, one, two)))
    return _titled("Coatings (area of all coated sides)", table)


def _diffuse_absorptance(coatings: Coatings) -> dict[int, str]:
    """What coatings under a cover absorb of diffuse light, beside their absorptance at normal incidence."""
    if coatings.covered is None:
        return {}
    bands = np.asarray(coatings.diffuse_solar_absorptance()).reshape(len(coatings.name), -1)
    return {k: f" (diffuse {_range(bands[k].min(), bands[k].max())})" for k in coatings.covered.coating}


def _range(low: float, high: float) -> str:
    """One figure, or the lowest and the highest over bands and temperatures."""
    return f"{low:.3g}" if high == low else f"{low:.3g} to {high:.3g}"


def _surfaces(seen: Sketch) -> Group:
    """Every surface: its area (one side), division, coatings and capacity."""
    columns = ("surface", "body", "shape", "front", "back", "area m^2", "cells", "facets", "heat capacity")
    table = _table(*columns, text=5)
    topology = seen.topology
    cells = np.bincount(topology.cell_surface, minlength=len(seen.case.surfaces))
    facets = np.bincount(topology.facet_surface, minlength=len(seen.case.surfaces))
    capacity = seen.surface_heat_capacity
    for k, surface in enumerate(seen.case.surfaces[:_MOST_ROWS]):
        divide = getattr(surface, "divide", None)
        divided = "x".join(str(n) for n in divide) if divide and cells[k] > 1 else str(cells[k])
        stored = _stored(surface.temperature, capacity[k])
        names = (surface.name, surface.body, surface.shape, surface.front, surface.back)
        table.add_row(*names, f"{seen.surface_area[k]:.4g}", divided, str(facets[k]), stored)
    rest = len(seen.case.surfaces) - _MOST_ROWS
    if rest > 0:
        sums = (seen.surface_area[_MOST_ROWS:].sum(), cells[_MOST_ROWS:].sum(), facets[_MOST_ROWS:].sum())
        row = (f"{sums[0]:.4g}", str(sums[1]), str(sums[2]), engineering(float(capacity[_MOST_ROWS:].sum()), "J/K"))
        table.add_row(f"{rest} others", "", "", "", "", *row)
    return _titled("Surfaces (area of one side)", table)


def _stored(temperature: float | Schedule | None, capacity: float) -> str:
    if isinstance(temperature, Schedule):
        return f"fixed at {celsius(min(temperature.value))} to {celsius(max(temperature.value))} °C"
    return f"fixed at {celsius(temperature)} °C" if temperature is not None else engineering(float(capacity), "J/K")


def _solids(seen: Sketch) -> Group:
    """Every solid: its volume, nodes, materials and the area of its faces that radiate."""
    table = _table("solid", "body", "materials", "volume m^3", "nodes", "coated m^2", "heat capacity", text=3)
    node, part = (np.asarray(index) for index in (seen.structure.solids.part_node, seen.structure.solids.part_row))
    volume, capacity = seen.solid_volume, seen.heat_capacity
    owner = np.asarray(seen.structure.solids.row_solid)[part]
    faces = [surface.shape for surface in seen.geometry.surfaces]
    belongs = np.array([face.solid if isinstance(face, SolidFace) else -1 for face in faces])
    for k, solid in enumerate(seen.case.solids[:_MOST_ROWS]):
        mine = np.unique(node[owner == k])
        coated = float(seen.facet_area[belongs[seen.topology.facet_surface] == k].sum())
        words = (solid.name, solid.body, ", ".join(dict.fromkeys(solid.materials_used())))
        figures = (f"{volume[mine].sum():.4g}", str(len(mine)), f"{coated:.4g}")
        table.add_row(*words, *figures, engineering(float(capacity[mine].sum()), "J/K"))
    if len(seen.case.solids) > _MOST_ROWS:
        table.add_row(f"{len(seen.case.solids) - _MOST_ROWS} others", *[""] * 6)
    return _titled("Solids", table)


def _nodes(seen: Sketch) -> Group:
    """Nodes without a surface, and the heat capacity of the whole satellite."""
    table = _table("node", "heat capacity")
    for node in seen.case.nodes[:_MOST_ROWS]:
        table.add_row(node.name, _stored(node.temperature, node.heat_capacity or 0.0))
    if len(seen.case.nodes) > _MOST_ROWS:
        rest = seen.case.nodes[_MOST_ROWS:]
        table.add_row(f"{len(rest)} others", engineering(sum(node.heat_capacity or 0.0 for node in rest), "J/K"))
    total = engineering(float(seen.heat_capacity[seen.free].sum()), "J/K")
    return _titled(f"Nodes without a surface (whole model: {total})", table)


def _conductors(seen: Sketch) -> RenderableType:
    """Links, joined edges, contacts, and how many cells conduct inside surfaces."""
    kinds = np.bincount(seen.conductors.kind[seen.conductors.conductance > 0], minlength=4)
    rows = [
        (link.name or f"link {k}", " - ".join(link.between), link.conductance)
        for k, link in enumerate(seen.case.links)
        if link.conductance is not None
    ]
    rows += [
        (edge.name or f"edge {k}", " - ".join(edge.between), float(seen.conductors.edge_total[k]))
        for k, edge in enumerate(seen.case.edges)
    ]
    rows += [
        (contact.name or f"contact {k}", " - ".join(contact.between), float(seen.conductors.contact_total[k]))
        for k, contact in enumerate(seen.case.contacts)
    ]
    total = sum(value for _, _, value in rows)
    words = (
        "inside surfaces and solids" if seen.case.solids else "inside surfaces",
        "across edges",
        "by links",
        "by contacts",
    )
    inside = ", ".join(f"{count} {word}" for count, word in zip(kinds, words, strict=True) if count or word != words[3])
    title = f"Conduction (pairs of nodes: {inside}"
    what = "links, edges and contacts" if seen.case.contacts else "links and edges"
    title += f"; {what} {engineering(total, 'W/K')})" if rows else ")"
    table = _table("name", "between", "conductance", text=2)
    for name, between, value in rows[:_MOST_ROWS]:
        table.add_row(name, between, engineering(value, "W/K"))
    if len(rows) > _MOST_ROWS:
        rest = sum(value for _, _, value in rows[_MOST_ROWS:])
        table.add_row(f"{len(rows) - _MOST_ROWS} others", "", engineering(rest, "W/K"))
    return _titled(title, table) if rows else Text(title, "bold")


def _other_links(seen: Sketch) -> Group:
    """Links that radiate or carry a stream."""
    table = _table("link", "between", "radiative area m^2", "capacity rate W/K", text=2)
    links = [(link.name or f"link {k}", link) for k, link in enumerate(seen.case.links) if link.conductance is None]
    for name, link in links[:_MOST_ROWS]:
        stream = link.capacity_rate is not None
        between = (" to " if stream else " - ").join(link.between)
        table.add_row(name, between, *(["", f"{link.value:.4g}"] if stream else [f"{link.value:.4g}", ""]))
    if len(links) > _MOST_ROWS:
        table.add_row(f"{len(links) - _MOST_ROWS} others", "", "", "")
    return _titled("Radiative links and streams", table)


def _power(seen: Sketch) -> Panel:
    """Arrays at normal incidence, loads, batteries."""
    case = seen.case
    rows = []
    arrays = seen.structure.arrays
    if arrays is not None:
        member = np.asarray(arrays.facet_array)
        for k, (name, power) in enumerate(zip(arrays.name, array_power(seen), strict=True)):
            area = float(seen.facet_area[member == k].sum())
            efficiency = float(arrays.efficiency[k] * arrays.degradation[k])
            text = f"{area:.4g} m^2, {percent(efficiency)} x packing {float(arrays.packing[k]):.2f}"
            if seen.flight is not None:
                text += f": {engineering(power, 'W')} at normal incidence"
            rows.append((f"array {name}", text))
    demand = mean_demand(seen)
    if demand > 0:
        drawn = engineering(demand, "W")
        if case.power is not None:
            bus = case.power.bus_efficiency
            drawn += f" mean, {engineering(demand / bus, 'W')} with a bus of {percent(bus)}"
        rows.append(("loads", drawn))
    for k, computer in enumerate(case.computes):
        span = f"{engineering(computer.idle_power, 'W')} to {engineering(computer.peak_power, 'W')}"
        rows.append((f"compute {computer.name or k}", f"{span} on {listed(computer.on)}"))
    for k, battery in enumerate(case.batteries):
        depth = percent(battery.maximum_depth_of_discharge)
        energy = engineering(battery.capacity / 3600.0, "Wh")
        rows.append((f"battery {battery.name or k}", f"{energy}, to a depth of {depth}"))
    width = max(16, *(len(word) + 2 for word, _ in rows))
    return _panel("Power", [(f"{word:<{width}}", text) for word, text in rows])


def _heat(seen: Sketch) -> Group:
    """Heat loads as the case lists them."""
    table = _table("load", "on", "power", text=2)
    for k, load in enumerate(seen.case.loads[:_MOST_ROWS]):
        low, high = min(load.power.value), max(load.power.value)
        power = engineering(low, "W") + (f" to {engineering(high, 'W')}" if high > low else "")
        note = " (electrical)" if load.electrical else ""
        table.add_row(load.name or f"load {k}", listed(load.on), power + note)
    if len(seen.case.loads) > _MOST_ROWS:
        table.add_row(f"{len(seen.case.loads) - _MOST_ROWS} others", "", "")
    return _titled("Heat loads", table)


def _devices(seen: Sketch) -> Group:
    """Devices with their responses and shields."""
    particles = seen.devices.particles
    table = _table("device", "at", "responses", "shield", "count", "bits", text=4)
    for device in seen.case.devices:
        responses = [word for word, has in (("heavy ion", device.heavy_ion), ("proton", device.proton)) if has]
        shield = ", ".join(f"{layer.areal_density:g} g/cm^2 {layer.material}" for layer in device.layers) or "none"
        shield = f"the geometry, {device.rays} rays" if device.shield == "geometry" else shield
        bits = engineering(float(device.bits), "")
        table.add_row(device.name, device.at or "-", ", ".join(responses), shield, str(device.count), bits)
    return _titled("Devices" if particles is None else f"Devices ({particles.name})", table)


def _dose_points(seen: Sketch) -> Group:
    """Dose points with their shields."""
    table = _table("dose point", "at", "shield", "target", "years", text=4)
    for point in seen.case.dose_points:
        if point.shield == "geometry":
            shield = f"the geometry, {point.rays} rays"
        else:
            layers = [
                f"{layer.thickness * 1e3:g} mm {layer.material}"
                if layer.areal_density is None and layer.thickness is not None
                else f"{layer.areal_density:g} g/cm^2 {layer.material}"
                for layer in point.shield
            ]
            shield = f"{point.shape}: {', '.join(layers)}" if layers else "none"
        at = point.at if isinstance(point.at, str) else "-"
        if isinstance(point.at, tuple):
            at = "[" + ", ".join(f"{part:g}" for part in point.at) + "] m"
        table.add_row(point.name, at, shield, point.target, f"{point.years:g}")
    return _titled("Dose points", table)


def _variants(seen: Sketch) -> Group:
    """What each variant changes."""
    table = _table("variant", "changes", text=2)
    for variant in seen.case.variants:
        table.add_row(variant.name, "\n".join(f"{path} = {value}" for path, value in variant.set.items()))
    return _titled("Variants (the tables above are of the case without them)", table)


def _is_electrical(seen: Sketch) -> bool:
    case = seen.case
    return bool(case.solar_arrays or case.computes or case.batteries or any(load.electrical for load in case.loads))


_SECTIONS = (
    _Section(lambda seen: seen.flight, _orbit),
    _Section(lambda seen: seen.case.bodies, _bodies),
    _Section(lambda seen: seen.case.coatings, _coatings),
    _Section(lambda seen: seen.case.surfaces, _surfaces),
    _Section(lambda seen: seen.case.solids, _solids),
    _Section(lambda seen: seen.case.nodes, _nodes),
    _Section(lambda seen: seen.conductors.conductance.any(), _conductors),
    _Section(lambda seen: any(link.conductance is None for link in seen.case.links), _other_links),
    _Section(lambda seen: seen.case.loads, _heat),
    _Section(_is_electrical, _power),
    _Section(lambda seen: seen.case.devices, _devices),
    _Section(lambda seen: seen.case.dose_points, _dose_points),
    _Section(lambda seen: seen.case.variants, _variants),
)
