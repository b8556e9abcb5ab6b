"""A made-up run of a small satellite: bus, two turning wings, a radiator, two nodes, battery, two devices.

The numbers are plausible, not computed by the engine; only the bookkeeping (areas, sums, cumulative
energies, margins) is consistent, which is all that writers, tables and pictures rest on.
"""

from collections.abc import Callable

import numpy as np
import pytest

from caloris.output.run_data import RunData

PERIOD = 5554.0  # s, circular at 408 km
ECLIPSE = (0.312 * PERIOD, 0.688 * PERIOD)


def _plate(corner, edge_u, edge_v, divide):
    """Vertices, triangles and cell of each triangle of a divided rectangle."""
    corner, edge_u, edge_v = (np.asarray(v, float) for v in (corner, edge_u, edge_v))
    nu, nv = divide
    u, v = np.meshgrid(np.arange(nu + 1) / nu, np.arange(nv + 1) / nv, indexing="ij")
    vertices = corner + u.reshape(-1, 1) * edge_u + v.reshape(-1, 1) * edge_v
    triangles, cells = [], []
    for i in range(nu):
        for j in range(nv):
            a, b = i * (nv + 1) + j, (i + 1) * (nv + 1) + j
            triangles += [(a, b, b + 1), (a, b + 1, a + 1)]
            cells += [i * nv + j] * 2
    return vertices, np.array(triangles), np.array(cells)


# name, body, corner, edge_u, edge_v, divide, both sides active
_PLATES = [
    ("x+", 0, (0.5, -0.5, -0.5), (0, 1, 0), (0, 0, 1), (1, 1), False),
    ("x-", 0, (-0.5, 0.5, -0.5), (0, -1, 0), (0, 0, 1), (1, 1), False),
    ("y+", 0, (0.5, 0.5, -0.5), (-1, 0, 0), (0, 0, 1), (1, 1), False),
    ("y-", 0, (-0.5, -0.5, -0.5), (1, 0, 0), (0, 0, 1), (1, 1), False),
    ("z+", 0, (-0.5, -0.5, 0.5), (1, 0, 0), (0, 1, 0), (2, 2), False),
    ("z-", 0, (-0.5, 0.5, -0.5), (1, 0, 0), (0, -1, 0), (1, 1), False),
    ("radiator", 0, (-0.5, 0.0, -2.6), (1, 0, 0), (0, 0, 2.0), (2, 6), True),
    ("array+y", 1, (-0.5, 0.7, 0.0), (1, 0, 0), (0, 3, 0), (2, 6), True),
    ("array-y", 2, (-0.5, -3.7, 0.0), (1, 0, 0), (0, 3, 0), (2, 6), True),
]


def _mesh() -> tuple[dict[str, np.ndarray], list[str], np.ndarray]:
    """Mesh arrays, node names and the cell area of every node."""
    vertices, facets, side, node, surface, body, names, area = [], [], [], [], [], [], [], []
    for index, (name, part, corner, edge_u, edge_v, divide, both) in enumerate(_PLATES):
        plate_vertices, triangles, cells = _plate(corner, edge_u, edge_v, divide)
        offset, first = sum(map(len, vertices)), len(names)
        vertices.append(plate_vertices)
        count = divide[0] * divide[1]
        names += [name] if count == 1 else [f"{name}[{i},{j}]" for i in range(divide[0]) for j in range(divide[1])]
        area += [np.linalg.norm(np.cross(edge_u, edge_v)) / count] * count
        for triangle, cell in zip(triangles + offset, cells + first, strict=True):
            for back in range(1 + both):
                facets.append(triangle[::-1] if back else triangle)
                side.append(back)
                node.append(cell)
                surface.append(index)
                body.append(part)
    vertices, facets = np.concatenate(vertices), np.array(facets)
    corners = vertices[facets]
    facet_area = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2
    arrays = {
        "mesh/vertices": vertices,
        "mesh/facets": facets,
        "mesh/facet_side": np.array(side),
        "mesh/facet_area": facet_area,
        "mesh/facet_node": np.array(node),
        "mesh/facet_surface": np.array(surface),
        "mesh/facet_body": np.array(body),
        "mesh/facet_coating": np.array(surface) % 2,
        "mesh/facet_sky_mismatch": np.zeros(len(facets)),
        "mesh/facet_inactive_view": np.zeros(len(facets)),
        "mesh/facet_space_view": np.ones(len(facets)),
        "mesh/body_pose": np.tile(np.eye(4), (3, 1, 1)),
        "mesh/surface": np.array([plate[0] for plate in _PLATES]),
        "mesh/coating": np.array(["white paint", "cells"]),
        "mesh/body": np.array(["bus", "wing+y", "wing-y"]),
        # The walls state no thickness.
        "mesh/surface_mass": np.array([np.nan] * 6 + [8.1, 6.0, 6.0]),
    }
    return arrays, [*names, "gpu_tray", "battery"], np.array([*area, 0.0, 0.0])


def _orbit(time: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Orbit arrays and the lit fraction."""
    angle = 2 * np.pi * time / PERIOD
    zero, one = np.zeros_like(angle), np.ones_like(angle)
    radial = np.stack([np.cos(angle), np.sin(angle), zero], axis=-1)
    along = np.stack([-np.sin(angle), np.cos(angle), zero], axis=-1)
    normal = np.stack([zero, zero, one], axis=-1)
    lit = np.where((time > ECLIPSE[0]) & (time < ECLIPSE[1]), 0.0, 1.0)
    pose = np.tile(np.eye(4), (len(time), 3, 1, 1))
    for body in (1, 2):
        pose[:, body, 0, 0] = pose[:, body, 2, 2] = np.cos(angle)
        pose[:, body, 0, 2], pose[:, body, 2, 0] = np.sin(angle), -np.sin(angle)
    return {
        "orbit/phase": time / PERIOD % 1,
        "orbit/position": 6786e3 * radial,
        "orbit/velocity": 7664.0 * along,
        "orbit/sun_direction": np.tile([1.0, 0.0, 0.0], (len(time), 1)),
        "orbit/lit_fraction": lit,
        "orbit/beta": zero,
        "orbit/attitude": np.stack([along, normal, radial], axis=-1),
        "orbit/joint": np.array(["wing+y", "wing-y"]),
        "orbit/joint_angle": np.stack([angle, angle], axis=-1),
        "orbit/body_pose": pose,
    }, lit


def _thermal(time: np.ndarray, lit: np.ndarray, mesh: dict, names: list[str], area: np.ndarray) -> dict:
    """Temperatures and heat flows; conduction closes each node's balance."""
    base = np.array([name.split("[")[0] for name in names])
    count = len(names)
    wing, electronics = np.char.startswith(base, "array"), np.isin(base, ["gpu_tray", "battery"])
    cycle = np.convolve(np.concatenate([lit[:-1]] * 3), np.ones(8) / 8, "same")[len(lit) - 1 : 2 * len(lit) - 1]
    swing = np.where(wing, 90.0, np.where(electronics, 6.0, 15.0))
    mean = np.where(wing, 250.0, np.where(base == "gpu_tray", 335.0, np.where(electronics, 291.0, 275.0)))
    spread = np.linspace(-4.0, 4.0, count) * ~electronics
    temperature = mean + spread + swing * (cycle - 0.4)[:, None]
    temperature[-1] = temperature[0]
    capacity = np.where(wing, 3000.0, 20000.0)
    solar = 400.0 * lit[:, None] * np.where(wing, 2.2, 0.3) * area
    albedo, infrared = 0.12 * solar, np.tile(70.0 * area, (len(time), 1))
    load = np.where(base == "gpu_tray", 1500.0, 0.0) * np.ones((len(time), 1))
    extracted = np.where(wing, 0.25, 0.0) * solar
    emitted = 5.670374419e-8 * 0.85 * temperature**4 * area
    stored = capacity * np.gradient(temperature, time, axis=0)
    absorbed = solar + albedo + infrared
    exchanged = np.zeros_like(absorbed)
    conducted = stored - absorbed + extracted - load - exchanged + emitted
    facet_node = mesh["mesh/facet_node"]
    cell = np.where(area > 0, area, 1.0)
    flows = {
        "absorbed_solar": solar,
        "absorbed_albedo": albedo,
        "absorbed_infrared": infrared,
        "heat_load": load,
        "electrical_extracted": extracted,
        "exchanged": exchanged,
        "conducted": conducted,
        "advected": np.zeros_like(absorbed),
        "emitted_to_space": emitted,
        "boundary": np.zeros_like(absorbed),
        "stored": stored,
    }
    means = {
        f"thermal/mean_{name}": np.trapezoid(values, time, axis=0) / (time[-1] - time[0])
        for name, values in flows.items()
    }
    return means | {
        "thermal/time": time,
        "thermal/node": np.array(names),
        "thermal/temperature": temperature,
        "thermal/node_area": area,
        "thermal/node_volume": np.zeros_like(area),
        "thermal/node_heat_capacity": capacity,
        "thermal/node_heat_load": load,
        "thermal/node_absorbed": absorbed,
        "thermal/node_absorbed_solar": solar,
        "thermal/node_absorbed_albedo": albedo,
        "thermal/node_absorbed_infrared": infrared,
        "thermal/node_electrical_extracted": extracted,
        "thermal/node_exchanged": exchanged,
        "thermal/node_conducted": conducted,
        "thermal/node_advected": np.zeros_like(absorbed),
        "thermal/switch": np.array(["battery heater"]),
        "thermal/switch_mode": (time < 600.0).astype(float)[:, None],
        "thermal/switch_duty": np.array([0.1]),
        "thermal/switch_count": np.array([3]),
        "thermal/heater": np.array(["foil", "line", "spare"]),
        "thermal/heater_power": (time < 600.0)[:, None] * np.array([30.0, 0.0, 0.0]) + np.array([0.0, 4.0, 0.0]),
        "thermal/heater_nominal_power": np.array([30.0, 10.0, 5.0]),
        "thermal/heater_switch": np.array([0, -1, -1]),
        "thermal/heater_mean_power": np.array([3.0, 4.0, 0.0]),
        "thermal/auxiliary": np.array(["loop flow (kg s-1)"]),
        "thermal/auxiliary_state": np.full((len(time), 1), 0.2),
        "thermal/node_emitted_to_space": emitted,
        "thermal/node_boundary": np.zeros_like(absorbed),
        "thermal/node_stored": stored,
        "thermal/facet_absorbed_solar": (solar / cell)[:, facet_node],
        "thermal/facet_absorbed_albedo": (albedo / cell)[:, facet_node],
        "thermal/facet_absorbed_infrared": (infrared / cell)[:, facet_node],
        "thermal/energy_residual": np.full(len(time), 2e-4),
        "thermal/exchange_residual": np.full(len(time), 1e-11),
    }


def _power(time: np.ndarray, lit: np.ndarray) -> dict:
    step = np.diff(time, prepend=time[0])[:, None]
    available = lit[:, None] * np.array([1500.0, 1490.0])
    load = np.full(len(time), 1500.0)
    charge = np.clip(1 - 0.4 * (time - ECLIPSE[0]) / (ECLIPSE[1] - ECLIPSE[0]), 0.6, 1.0)
    after = time > ECLIPSE[1]
    charge = np.where(after, np.minimum(1.0, 0.6 + (time - ECLIPSE[1]) * 3e-4), charge)
    capacity = 8.0e6
    battery = np.gradient(charge * capacity, time)
    array = np.clip((load + battery)[:, None] / 2, 0.0, available)
    loss = 0.05 * array.sum(axis=1)
    unmet = np.zeros(len(time))
    return {
        "power/array": np.array(["array+y/front", "array-y/front"]),
        "power/battery": np.array(["battery"]),
        "power/displacement_damage": np.array([2e8, 0.0]),
        "power/undamaged": np.array([0.979, 1.0]),
        "power/array_power": array,
        "power/available_power": available,
        "power/load_power": load,
        "power/battery_power": battery,
        "power/loss_power": loss,
        "power/unmet_power": unmet,
        "power/state_of_charge": charge[:, None],
        "power/stored_energy": charge[:, None] * capacity,
        "power/capacity": np.array([capacity]),
        "power/maximum_depth_of_discharge": np.array([0.45]),
        "power/array_energy": np.cumsum(array * step, axis=0),
        "power/load_energy": np.cumsum(load * step[:, 0]),
        "power/loss_energy": np.cumsum(loss * step[:, 0]),
        "power/unmet_energy": np.cumsum(unmet * step[:, 0]),
    }


def _fluids(time: np.ndarray) -> dict:
    """A loop of ammonia with two cells and a valve, a heat pipe near its limit, and one warning."""
    rows = np.ones((len(time), 1))
    return {
        "loop/loop": np.array(["coolant"]),
        "loop/pump_power": 12.0 * rows,
        "loop/branch": np.array(["coolant"]),
        "loop/mass_flow": 0.2 * rows,
        "loop/pressure_loss": 3e4 * rows,
        "loop/valve": np.array(["coolant"]),
        "loop/valve_position": 0.3 * rows,
        "loop/cell": np.array(["coolant.supply", "coolant.plate"]),
        "loop/cell_temperature": rows * np.array([293.15, 301.15]),
        "loop/cell_pressure": rows * np.array([2.3e5, 2e5]),
        "loop/cell_heat": rows * np.array([0.0, 1500.0]),
        "loop/cell_reynolds": rows * np.array([2.4e4, 6e3]),
        "loop/cell_quality": rows * np.array([np.nan, 0.2]),
        "heat_pipe/heat_pipe": np.array(["groove"]),
        "heat_pipe/heat": 74.99 * rows,
        "heat_pipe/limit": np.array([75.0]),
        "warnings/kind": np.array(["transport limit"]),
        "warnings/place": np.array(["groove"]),
        "warnings/unit": np.array(["W"]),
        "warnings/first_time": np.array([600.0]),
        "warnings/last_time": np.array([1200.0]),
        "warnings/value": np.array([80.0]),
        "warnings/allowed_minimum": np.array([np.nan]),
        "warnings/allowed_maximum": np.array([75.0]),
    }


def _environment(time: np.ndarray) -> dict:
    """Belts that a ground track meets once a revolution, a cutoff, two components, an event."""
    energy, electron = np.geomspace(1.0, 1e5, 120), np.geomspace(0.04, 8.0, 40)
    track = np.arange(0.0, 86401.0, 600.0)
    latitude, longitude = np.linspace(-90.0, 90.0, 31), np.linspace(-180.0, 180.0, 37)
    flux = {"proton": np.array([1e8, 1e7, 1e6]), "electron": np.array([1e10, 1e9])}
    found = {
        "component": np.array(["galactic cosmic rays", "trapped protons (AP8MIN)"]),
        "component_flux": np.ones((2, 28, 1)) * 10.0 / energy,
        "electron_energy": electron,
        "electron_flux": 1e9 * np.exp(-electron),
        "event_fluence": 1e12 / energy**2,
        "rigidity": np.geomspace(0.01, 60.0, 50),
        "transmission": np.linspace(0.0, 0.7, 50),
        "proton_threshold": np.array([1.0, 30.0, 100.0]),
        "electron_threshold": np.array([0.1, 1.0]),
        "trapped_proton_mean": 0.1 * flux["proton"],
        "trapped_electron_mean": 0.1 * flux["electron"],
        "track_time": track,
        "track_latitude": 51.6 * np.sin(2 * np.pi * track / PERIOD),
        "track_longitude": (330.0 * track / PERIOD) % 360.0 - 180.0,
        "map_latitude": latitude,
        "map_longitude": longitude,
    }
    bump = np.exp(-(((latitude[:, None] + 30.0) / 15.0) ** 2) - ((longitude + 40.0) / 30.0) ** 2)
    for prefix, at in (("", time), ("track_", track)):
        swing = np.sin(2 * np.pi * at / PERIOD)
        found |= {f"{prefix}mcilwain": 2.0 + swing, f"{prefix}strength_ratio": 1.5 + 0.5 * swing}
        found[f"{prefix}cutoff"] = 15.5 / (2.0 + swing) ** 2
        found[f"{prefix}proton_flux"] = np.maximum(swing, 0.0)[:, None] * flux["proton"]
        electrons = "track_electron_flux" if prefix else "electron_flux_above"
        found[electrons] = np.maximum(swing, 0.0)[:, None] * flux["electron"]
    for kind, largest in flux.items():
        found[f"map_{kind}_flux"] = bump[:, :, None] * largest
    return {f"particle/{name}": values for name, values in found.items()}


def _upset() -> dict:
    ion = np.arange(1, 29)
    energy = np.geomspace(1.0, 1e5, 120)
    outside = np.exp(-ion[:, None] / 6.0) * 2.0 * (energy / 300.0) ** 0.8 / (1 + (energy / 300.0) ** 3.4)
    shield = np.array([0.6858, 2.7])
    behind = outside * np.exp(-shield[:, None, None] * (0.05 + 3.0 / energy))
    let = np.geomspace(1e-3, 100.0, 200)
    let_flux = 30.0 * np.exp(-shield[:, None] / 20) / (1 + (let / 0.01) ** 2.2) * np.exp(-((let / 28.0) ** 3))
    bits, count = np.array([1.0, 1.536e12]), np.array([1.0, 120.0])
    heavy, proton = np.array([9.7e-10, 2.5e-17]), np.array([1.1e-10, 1.4e-17])
    return {
        "particle/ion": ion,
        "particle/energy": energy,
        "particle/flux_outside": outside,
        "particle/flux_behind": behind,
        "particle/let": let,
        "particle/integral_let_flux": let_flux,
        "particle/shield": shield,
        "upset/device": np.array(["LM7912", "HBM stack"]),
        "upset/bits": bits,
        "upset/count": count,
        "upset/heavy_ion_rate_per_bit": heavy,
        "upset/proton_rate_per_bit": proton,
        "upset/heavy_ion_rate_per_device": heavy * bits,
        "upset/proton_rate_per_device": proton * bits,
        "upset/rate_per_day": (heavy + proton) * bits * 86400.0,
        "upset/direct_proton_rate_per_bit": np.zeros(2),
        "upset/rate_deviation": np.array([2.2, 2.5]),
        "upset/rate_low_per_day": (heavy + proton) * bits * 86400.0 / np.array([2.2, 2.5]),
        "upset/rate_high_per_day": (heavy + proton) * bits * 86400.0 * np.array([2.2, 2.5]),
        "upset/heavy_ion_response": np.array([1, 1]),
        "upset/proton_response": np.array([1, 1]),
        "upset/source": np.array(["a report", ""]),
        "upset/effect": np.array(["HBM stack: interrupt"]),
        "upset/effect_rate_per_day": np.array([3e-4]),
        "upset/effect_low_per_day": np.array([1e-4]),
        "upset/effect_high_per_day": np.array([9e-4]),
        "upset/word_failure_rate": np.array([np.nan, 1e-15]),
        "upset/memory_accumulated_rate": np.array([np.nan, 1e-7]),
        "upset/memory_strike_rate": np.array([np.nan, 2e-7]),
        "upset/memory_failure_rate": np.array([np.nan, 3e-7]),
        "upset/memory_failure_low": np.array([np.nan, 1e-7]),
        "upset/memory_failure_high": np.array([np.nan, 9e-7]),
        "upset/memory_constant_rate": np.array([np.nan, 2.5e-7]),
        "upset/track_rate": np.geomspace(1.0, 90.0, 145) * np.array([[1.0], [2.0]]),
        "upset/track_trapped_rate": np.linspace(0.0, 80.0, 145) * np.array([[0.0], [1.0]]),
        "upset/effect_track_rate": np.geomspace(1e-4, 3e-3, 145)[None],
        "upset/effect_track_trapped_rate": np.linspace(0.0, 2e-3, 145)[None],
    }


def _system() -> tuple[dict, dict]:
    """Arrays and attributes of a job on the devices."""
    arrays = {
        "system/orbit_phase": np.arange(4) / 4,
        "system/failure_rate_along_orbit": 1e-4 * np.array([1.0, 2.0, 1.0, 1.0]),
        "system/interval_along_orbit": np.array([1000.0, 700.0, 1000.0, 1000.0]),
    }
    rates = {"failure_rate": 1.25e-4, "failure_rate_low": 5e-5, "failure_rate_high": 3e-4}
    intervals = {"interval": 889.95, "optimal_interval": 889.95, "young_interval": 929.5, "daly_interval": 889.9}
    goodput = {"goodput": 0.87, "goodput_low": 0.8, "goodput_high": 0.92, "goodput_following": 0.871}
    return arrays, rates | intervals | goodput


def _dose() -> dict:
    """Two dose points, one in sectors, and four sources."""
    rate = np.array([[5e-8, 1e-9, 2e-10, 0.0], [2e-8, 1e-11, 3e-11, 0.0]])
    years = np.array([5.0, 1.0])
    mission = rate * years[:, None] * 3.156e7 + np.array([0.0, 0.0, 0.0, 1.5])
    depth = np.geomspace(0.1, 10.0, 12)
    return {
        "dose/dose_point": np.array(["die", "battery"], object),
        "dose/dose_source": np.array(["trapped protons", "trapped electrons", "bremsstrahlung", "solar event"], object),
        "dose/target": np.array(["Si", "Al"], object),
        "dose/years": years,
        "dose/rate": rate,
        "dose/mission_dose": mission,
        "dose/sampling_error": 1e-3 * rate,
        "dose/binning_error": np.array([2e-3, 0.0]),
        "dose/tabulated_proton_rate": 1.03 * rate[:, 0],
        "dose/low": mission.sum(axis=1) / 2.0,
        "dose/high": mission.sum(axis=1) * 2.0,
        "dose/damage": np.array([3e7, 1e7]),
        "dose/electron_damage": np.array([1e6, 2e5]),
        "dose/equivalent_protons": np.array([3e7, 1e7]) / 9.4e-3,
        "dose/equivalent_neutrons": np.array([3e7, np.nan]) / 2.037e-3,
        "dose/damage_material": np.array(["Si", "GaAs"], object),
        "dose/mean_shield": np.array([1.9, 2.7]),
        "dose/sector_weight": np.array([[0.6, 0.4], [1.0, 0.0]]),
        "dose/sector_shield": np.array([[0.8, 3.5], [2.7, 0.0]]),
        "dose/dose_depth": depth,
        "dose/depth_rate": np.outer([5e-8, 1e-8, 1e-10, 0.0], 1.0 / depth),
        "dose/depth_event": np.outer([0.0, 0.0, 0.0, 1.5], 1.0 / depth),
    }


def _limits(thermal: dict) -> dict:
    """Two items in two variants; the second, ten kelvin colder, is kept for the battery by its being off."""
    names, temperature = list(thermal["thermal/node"]), thermal["thermal/temperature"]
    base_low = np.array([temperature[:, names.index(item)].min() for item in ("gpu_tray", "battery")])
    base_high = np.array([temperature[:, names.index(item)].max() for item in ("gpu_tray", "battery")])
    low, high = np.concatenate([base_low, base_low - 10]), np.concatenate([base_high, base_high - 10])
    operating, resting = np.array([[np.nan, 278.15] * 2, [358.15, 303.15] * 2]), np.full((2, 4), np.nan)
    resting[:, 3] = 253.15, 323.15
    limit = np.where(np.isnan(resting), operating, resting)
    margins = np.array([[10.0, 5.0] * 2, [5.0, 5.0] * 2, [0.0, 2.0] * 2])
    table = {
        "item": np.array(["gpu_tray", "battery"] * 2),
        "variant": np.array(["", "", "cold", "cold"]),
        "state": np.array(["operating", "operating", "operating", "non-operating"]),
        "uncertainty": margins[0],
        "acceptance": margins[1],
        "qualification": margins[2],
        "margin_low": low - margins.sum(axis=0) - limit[0],
        "margin_high": limit[1] - margins.sum(axis=0) - high,
        "verdict": np.array(["kept", "acceptance", "kept", "kept"]),
    }
    for name, ends in (("operating", operating), ("non_operating", resting), ("limit", limit)):
        table |= {f"{name}_minimum": ends[0], f"{name}_maximum": ends[1]}
    for step, name in enumerate(("calculated", "predicted", "acceptance", "qualification")):
        wider = margins[:step].sum(axis=0)
        table |= {f"{name}_minimum": low - wider, f"{name}_maximum": high + wider}
    worst = {
        "item": np.array(["gpu_tray", "battery", "battery"]),
        "state": np.array(["operating", "operating", "non-operating"]),
        "coldest_variant": np.array(["cold", "", "cold"]),
        "hottest_variant": np.array(["", "", "cold"]),
        "calculated_minimum": low[[2, 1, 3]],
        "calculated_maximum": high[[0, 1, 3]],
        "limit_minimum": limit[0, [2, 1, 3]],
        "limit_maximum": limit[1, [0, 1, 3]],
        "margin_low": table["margin_low"][[2, 1, 3]],
        "margin_high": table["margin_high"][[0, 1, 3]],
        "verdict": np.array(["kept", "acceptance", "kept"]),
    }
    return {f"limits/{k}": v for k, v in table.items()} | {f"margins/{k}": v for k, v in worst.items()}


def _view_factors(mesh: dict[str, np.ndarray], names: list[str]) -> dict[str, np.ndarray]:
    """Two poses in which the first two facets see each other, and the third sees inactive sides."""
    facets, area = len(mesh["mesh/facet_area"]), float(mesh["mesh/facet_area"][:2].min())
    space, inactive = np.ones((2, facets)), np.zeros((2, facets))
    exchange = np.array([0.25, 0.125]) * area
    for facet in (0, 1):
        space[:, facet] -= exchange / mesh["mesh/facet_area"][facet]
    inactive[:, 2], space[:, 2] = 0.1, 0.9
    sides = np.where(mesh["mesh/facet_side"] == 1, "back", "front")
    label = [f"{names[node]}/{side}" for node, side in zip(mesh["mesh/facet_node"], sides, strict=True)]
    values = {
        "facet_name": np.array(label, object),
        "joint_angle": np.array([[0.0, 0.0], [1.0, 1.0]]),
        "pair_pose": np.array([0, 1]),
        "pair_first": np.array([0, 0]),
        "pair_second": np.array([1, 1]),
        "exchange_area": exchange,
        "space_view": space,
        "inactive_view": inactive,
        "sun_phase": np.array([0.0, 0.5]),
        "sunlit": np.ones((2, facets)),
    }
    return {f"view_factors/{name}": value for name, value in values.items()}


def build_synthetic_run(samples: int = 97) -> RunData:
    """A cyclic run with every group; samples = 1 makes it a steady one without orbit arrays over time."""
    time = np.linspace(0.0, PERIOD, samples) if samples > 1 else np.zeros(1)
    mesh, names, area = _mesh()
    if samples == 1:
        orbit, lit = _orbit(np.zeros(2))
        orbit, lit = {key: value[:1] if value.shape[0] == 2 else value for key, value in orbit.items()}, lit
        orbit["orbit/joint"] = np.array(["wing+y", "wing-y"])
        thermal = _thermal(np.array([0.0, 1.0]), lit, mesh, names, area)
        over_time = [key for key, value in thermal.items() if value.ndim and value.shape[0] == 2]
        thermal |= {key: thermal[key][:1] for key in over_time}
        power = {}
    else:
        orbit, lit = _orbit(time)
        thermal = _thermal(time, lit, mesh, names, area)
        power = _power(time, lit)
    attributes = {
        "provenance": {
            "version": "0.1.0",
            "commit": "0123abc",
            "jax": "0.10.0",
            "device": "cpu",
            "dtype": "float64",
            "seed": 0,
            "wall_time": 31.4,
            "compile_time": 6.2,
        },
        "orbit": {
            "period": PERIOD,
            "eclipse_entry": np.array([ECLIPSE[0]]),
            "eclipse_exit": np.array([ECLIPSE[1]]),
            "eclipse_duration": ECLIPSE[1] - ECLIPSE[0],
            "perigee_altitude": 408e3,
            "apogee_altitude": 408e3,
            "inclination": 0.9,
        },
        "thermal": {
            "mode": "cyclic" if samples > 1 else "steady",
            "energy_residual_relative": 3.1e-8,
            "exchange_residual_relative": 1e-15,
            "largest_total": 7.2e3,
        },
        "particle": {
            "environment": "free space: no geomagnetic cutoff, no trapped particles",
            "epoch": "2027-03-21T00:00:00Z",
            "proton_field_epoch": 1964.0,
            "electron_field_epoch": 1970.0,
            "mean_altitude": 408e3,
            "map_altitude": 408e3,
            "inclination": 0.9,
            "period": PERIOD,
        },
    }
    attributes["system"] = _system()[1]
    attributes["dose"] = {"environment_factor": 2.0}
    attributes["view_factors"] = {"tolerance": 5e-4, "error_estimate": 2e-4}
    if power:
        attributes["power"] = {"sustained": True, "margin": 212.0}
    return RunData(
        arrays={
            **mesh,
            **orbit,
            **thermal,
            **power,
            **_fluids(thermal["thermal/time"]),
            **_upset(),
            **_system()[0],
            **_dose(),
            **_environment(thermal["thermal/time"]),
            **_limits(thermal),
            **_view_factors(mesh, names),
        },
        attributes=attributes,
        case_text='title = "A small satellite"\n',
        status={"result": "success", "iterations": 7, "residuals": np.array([1.0, 1e-2, 1e-5])},
    )


@pytest.fixture(scope="session")
def make_run() -> Callable[..., RunData]:
    return build_synthetic_run


@pytest.fixture
def run() -> RunData:
    return build_synthetic_run()


@pytest.fixture
def device_run() -> RunData:
    """Upset rates of a device alone: no mesh, orbit, temperatures or power."""
    return RunData(
        arrays={name: value for name, value in _upset().items() if "track" not in name and "constant" not in name},
        attributes={"particle": {"environment": "free space: no geomagnetic cutoff, no trapped particles"}},
        case_text='title = "A part"\n',
    )
