"""Power, loads, devices and dose points of a case, as tables."""

import numpy as np
from rich.console import Group
from rich.panel import Panel

from caloris.case.schema_device import Device
from caloris.case.schema_dose import DosePoint
from caloris.check.sketch import Sketch
from caloris.check.tables import MOST_ROWS, open_table, panel, titled
from caloris.check.warnings import array_power, mean_demand
from caloris.output.text import celsius, counted, engineering, listed, percent

# In the order in which they widen what is calculated.
_MARGINS = ("uncertainty", "acceptance", "qualification")


def power_panel(seen: Sketch) -> Panel:
    """Arrays at normal incidence, loads, batteries."""
    case = seen.case
    rows = []
    arrays = seen.structure.arrays
    if arrays is not None:
        member = np.asarray(arrays.facet_array)
        for k, (name, power) in enumerate(zip(arrays.name, array_power(seen), strict=True)):
            area = float(seen.facet_area[member == k].sum())
            efficiency = float(arrays.efficiency[k] * arrays.remaining[k])
            text = f"{area:.4g} m^2, {percent(efficiency)} x packing {float(arrays.packing[k]):.2f}"
            if seen.flight is not None:
                text += f": {engineering(power, 'W')} at normal incidence"
            if case.solar_arrays[k].damage is not None:
                text += ", before displacement damage"
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
    return panel("Power", [(f"{word:<{width}}", text) for word, text in rows])


def loads_table(seen: Sketch) -> Group:
    """Heat loads as the case lists them."""
    table = open_table("load", "on", "power", text=2)
    for k, load in enumerate(seen.case.loads[:MOST_ROWS]):
        low, high = min(load.power.value), max(load.power.value)
        power = engineering(low, "W") + (f" to {engineering(high, 'W')}" if high > low else "")
        note = " (electrical)" if load.electrical else ""
        table.add_row(load.name or f"load {k}", listed(load.on), power + note)
    if len(seen.case.loads) > MOST_ROWS:
        table.add_row(f"{len(seen.case.loads) - MOST_ROWS} others", "", "")
    return titled("Heat loads", table)


def limits_table(seen: Sketch) -> Group:
    """Limits with the margins that are kept to them."""
    table = open_table("limit", "of", "operating °C", "non-operating °C", "margins K", text=2)
    default = seen.case.margins
    for k, limit in enumerate(seen.case.limits[:MOST_ROWS]):
        margins = [getattr(limit, name) for name in _MARGINS]
        given = [0.0 if default is None else getattr(default, name) for name in _MARGINS]
        kept = "+".join(f"{own if own is not None else other:g}" for own, other in zip(margins, given, strict=True))
        table.add_row(
            limit.name or str(k), listed(limit.of), _range(limit.operating), _range(limit.non_operating), kept
        )
    if len(seen.case.limits) > MOST_ROWS:
        table.add_row(f"{len(seen.case.limits) - MOST_ROWS} others", "", "", "", "")
    return titled(f"Limits (margins: {' + '.join(_MARGINS)})", table)


def _range(limits: tuple[float, float] | None) -> str:
    """A range of temperatures (K) in degrees Celsius, "-" for an end that is open."""
    return "-" if limits is None else f"{celsius(limits[0])} to {celsius(limits[1])}"


def network_panel(seen: Sketch) -> Panel:
    """What the files of [network] bring: couplings by kind with their sums, and the heat in them."""
    network = seen.case.imported
    assert network is not None
    rows = []
    for word, pairs, unit in (
        ("conductive", network.conductive, "W/K"),
        ("radiative", network.radiative, "m^2"),
        ("one-way", network.one_way, "W/K"),
    ):
        if len(pairs.value):
            total = engineering(pairs.value.sum(), unit)
            rows.append((word, f"{counted(len(pairs.value), 'coupling')}, {total} in all"))
    heated = {*np.flatnonzero(network.load).tolist(), *(load.node for load in network.timed)}
    if heated:
        over_time = ", and more over time" if network.timed else ""
        rows.append(("heat", f"{engineering(network.load.sum(), 'W')} into {counted(len(heated), 'node')}{over_time}"))
    return panel("Network", rows)


def _shield(table: Device | DosePoint) -> str:
    """The shield of a device or dose point in words."""
    if isinstance(table.shield, str):
        return f"the geometry, {table.rays} rays"
    layers = [
        f"{layer.thickness * 1e3:g} mm {layer.material}"
        if layer.thickness is not None
        else f"{layer.areal_density:g} g/cm^2 {layer.material}"
        for layer in table.shield
    ]
    return f"{table.shape}: {', '.join(layers)}" if layers else "none"


def devices_table(seen: Sketch) -> Group:
    """Devices with their responses and shields."""
    particles = seen.devices.particles
    table = open_table("device", "at", "responses", "shield", "count", "bits", text=4)
    for device in seen.case.devices:
        responses = [word for word, has in (("heavy ion", device.heavy_ion), ("proton", device.proton)) if has]
        shield = _shield(device)
        bits = engineering(float(device.bits), "")
        table.add_row(device.name, device.at or "-", ", ".join(responses), shield, str(device.count), bits)
    return titled("Devices" if particles is None else f"Devices ({particles.name})", table)


def dose_points_table(seen: Sketch) -> Group:
    """Dose points with their shields."""
    table = open_table("dose point", "at", "shield", "target", "years", text=4)
    for point in seen.case.dose_points:
        shield = _shield(point)
        at = point.at if isinstance(point.at, str) else "-"
        if isinstance(point.at, tuple):
            at = "[" + ", ".join(f"{part:g}" for part in point.at) + "] m"
        table.add_row(point.name, at, shield, point.target, f"{point.years:g}")
    return titled("Dose points", table)
