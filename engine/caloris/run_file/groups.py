"""Mesh, orbit, particles and upsets of a run as the named arrays of the run file."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from caloris.case.build import Model
from caloris.case.build_orbit import build_orbit
from caloris.case.build_shield import surface_loadings
from caloris.case.schema import Case
from caloris.geometry.assembly import Geometry
from caloris.model.device import Device
from caloris.model.particle_sources import SolarEvent
from caloris.model.structure import Structure
from caloris.model.surroundings import motion_along
from caloris.output.run_data import RunData
from caloris.solve.conductors import node_volumes
from caloris.solve.upset import UpsetRate
from caloris_kernels.constants import DAY


def mesh_arrays(case: Case, model: Model, data: RunData) -> None:
    """Vertices and facets at zero joint angles, what each facet belongs to, and what the surfaces weigh."""
    geometry, visibility, context = model.geometry, model.visibility, model.context
    assert geometry is not None and visibility is not None and context is not None
    topology = geometry.topology()
    vertices = geometry.vertices()
    area, _, _ = geometry.facet_geometry(vertices)
    values = {
        "vertices": vertices,
        "facets": topology.facet_corners,
        "facet_side": topology.facet_side,
        "facet_area": area,
        "facet_node": context.structure.facet_node,
        "facet_surface": topology.facet_surface,
        "facet_body": topology.facet_body,
        "facet_coating": topology.facet_coating,
        "facet_sky_mismatch": visibility.sky_mismatch,
        "facet_space_view": np.asarray(visibility.space_view).mean(axis=0),
        "facet_inactive_view": np.asarray(visibility.inactive_view).max(axis=0),
        "body_pose": geometry.pose(),
        "surface": np.array([surface.name for surface in geometry.surfaces], object),
        "surface_mass": surface_mass(case, geometry),
        "coating": np.array(context.structure.coatings.name, object),
        "body": np.array([body.name for body in geometry.bodies], object),
    }
    if len(topology.facet_triangle) == 0:
        return
    data.arrays.update({f"mesh/{name}": np.asarray(value) for name, value in values.items()})
    data.attributes["mesh"] = {"view_factor_error_estimate": float(visibility.error_estimate)}


def surface_mass(case: Case, geometry: Geometry) -> np.ndarray:
    """Mass of every surface (kg): area times what its sheet, material or panel weighs; NaN where it states none."""
    topology = geometry.topology()
    _, cells = topology.areas(np.asarray(geometry.vertices()))
    area = np.zeros(len(geometry.surfaces))
    np.add.at(area, np.asarray(topology.cell_surface), cells)
    loading = surface_loadings(case)
    return area * np.array([loading.get(surface.name, np.nan) for surface in geometry.surfaces])


def node_area_array(model: Model, data: RunData) -> None:
    """Area of one side of each node's cell, zero for nodes without a surface."""
    geometry, context = model.geometry, model.context
    assert geometry is not None and context is not None
    data.arrays["thermal/node_area"] = node_areas(geometry, context.structure)
    if geometry.solids:
        data.arrays["thermal/node_volume"] = np.asarray(node_volumes(geometry, context.structure))


def node_areas(geometry: Geometry, structure: Structure) -> np.ndarray:
    """Area of one side of each node's cell (m2): the same at every level of a layered surface."""
    _, cells = geometry.topology().areas(np.asarray(geometry.vertices()))
    nodes = np.zeros(len(structure.node_name))
    nodes[np.asarray(structure.area_node)] = cells[np.asarray(structure.area_cell)]
    return nodes


def view_factor_arrays(model: Model, data: RunData) -> None:
    """View factors of every pose in sparse form, views of space and of inactive sides, sunlight."""
    geometry, visibility, context = model.geometry, model.visibility, model.context
    assert geometry is not None and visibility is not None and context is not None
    topology = geometry.topology()
    pose, first, second, area = visibility.pairs()
    names = [f"{topology.cell_name[cell]}" for cell in topology.facet_cell]
    sides = np.where(topology.facet_side == 1, "back", "front")
    values = {
        "facet_name": np.array([f"{name}/{side}" for name, side in zip(names, sides, strict=True)], object),
        "pair_pose": pose,
        "pair_first": first,
        "pair_second": second,
        "exchange_area": area,
        "space_view": visibility.space_view,
        "inactive_view": visibility.inactive_view,
    }
    if geometry.joint_bodies:
        values["joint_angle"] = visibility.path.joint_angle
    if context.surroundings is not None:
        values |= {"sun_phase": visibility.grid_phase, "sunlit": visibility.sunlit}
    data.arrays.update({f"view_factors/{name}": np.asarray(value) for name, value in values.items()})
    data.attributes["view_factors"] = {"error_estimate": float(visibility.error_estimate)}


def orbit_size(case: Case, data: RunData) -> None:
    """Where the case's orbit lies, with or without a spacecraft on it: altitudes, and the inclination if it has one."""
    if case.orbit is None:
        return
    axis, eccentricity = case.orbit.size(case.planet)
    # An orbit given by its beta angle has no inclination.
    inclination = getattr(build_orbit(case), "inclination", None)
    data.attributes["orbit"] = {
        "perigee_altitude": axis * (1.0 - eccentricity) - case.planet.radius,
        "apogee_altitude": axis * (1.0 + eccentricity) - case.planet.radius,
        "inclination": None if inclination is None else float(inclination),
    }


def orbit_arrays(model: Model, data: RunData) -> None:
    """Position, Sun, joints and poses at the output times; when the planet's shadow begins and ends."""
    context, geometry = model.context, model.geometry
    assert context is not None and geometry is not None
    surroundings = context.surroundings
    if surroundings is None:
        return
    period = float(surroundings.orbit.period)
    phase = data.arrays["thermal/time"] / period
    motion = motion_along(surroundings, geometry.bodies, jnp.asarray(phase), context.frozen)
    state = motion.state
    angles = np.asarray(motion.joint_angle)
    sine = np.sum(np.asarray(state.normal) * np.asarray(state.sun_direction), axis=1)
    values = {
        "phase": phase % 1.0 if context.periodic else phase,
        "position": state.position,
        "velocity": state.velocity,
        "sun_direction": state.sun_direction,
        "lit_fraction": state.lit_fraction,
        "beta": np.arcsin(np.clip(sine, -1.0, 1.0)),
        "attitude": np.swapaxes(np.asarray(motion.bus), 1, 2),
        "body_pose": np.stack([np.asarray(geometry.pose(jnp.asarray(row))) for row in angles]),
    }
    if angles.shape[1]:
        values["joint_angle"] = angles
        values["joint"] = np.array([geometry.bodies[k].name for k in geometry.joint_bodies], object)
    data.arrays.update({f"orbit/{name}": np.asarray(value) for name, value in values.items()})
    edges, exists = surroundings.orbit.eclipse_edges(context.revolutions + 1, context.frozen)
    edges = np.asarray(edges)[np.asarray(exists).reshape(-1)] * period
    duration = float(np.mean(edges[:, 3] - edges[:, 0])) if len(edges) else 0.0
    entry, leave = _within(edges, period, float(data.arrays["thermal/time"][-1]), context.periodic)
    data.attributes.setdefault("orbit", {}).update(
        period=period, eclipse_entry=entry, eclipse_exit=leave, eclipse_duration=duration
    )


def _within(edges: np.ndarray, period: float, end: float, periodic: bool) -> tuple[np.ndarray, np.ndarray]:
    """Times (s) within the run at which penumbra begins and at which it ends."""
    if len(edges) == 0:
        return np.zeros(0), np.zeros(0)
    if periodic:
        return edges[:1, 0] % period, edges[:1, 3] % period
    times = [edges[:, k][(edges[:, k] > 0) & (edges[:, k] < end)] for k in (0, 3)]
    return times[0], times[1]


def device_arrays(case: Case, model: Model, rates: Sequence[UpsetRate], data: RunData) -> None:
    """Spectra and upset rates of every device."""
    first = rates[0]
    ions = np.arange(1, first.flux_outside.shape[0] + 1)
    bits = np.array([float(device.bits) for device in model.devices])
    heavy = np.array([float(rate.heavy_ion_rate_per_bit) for rate in rates])
    proton = np.array([float(rate.proton_rate_per_bit) for rate in rates])
    shield = [
        float(sum(layer.areal_density for layer in device.shield) if device.sectors is None else device.sectors.mean)
        for device in model.devices
    ]
    particle = {
        "ion": ions,
        "energy": first.energy,
        "flux_outside": first.flux_outside,
        "flux_behind": np.stack([np.asarray(rate.flux_behind) for rate in rates]),
        "let": first.let,
        "integral_let_flux": np.stack([np.asarray(rate.integral_let_flux) for rate in rates]),
        "shield": np.array(shield),
    }
    upset = {
        "device": np.array([device.name for device in model.devices], object),
        "bits": bits,
        "count": np.array([float(device.count) for device in model.devices]),
        "heavy_ion_rate_per_bit": heavy,
        "proton_rate_per_bit": proton,
        "heavy_ion_rate_per_device": heavy * bits,
        "proton_rate_per_device": proton * bits,
        "rate_per_day": np.array([float(rate.rate_per_device) for rate in rates]) * DAY,
        "heavy_ion_response": np.array([device.heavy_ion is not None for device in model.devices], int),
        "proton_response": np.array([_answers_protons(device) for device in model.devices], int),
    }
    data.arrays.update({f"particle/{name}": np.asarray(value) for name, value in particle.items()})
    data.arrays.update({f"upset/{name}": value for name, value in upset.items()})
    about = data.attributes.setdefault("particle", {})
    about["environment"] = first.environment
    about["fragments_followed"] = model.transport.fragments
    events = [] if model.particles is None else [one for one in model.particles.sources if isinstance(one, SolarEvent)]
    if events:
        about |= {"event": f"worst {events[0].period}", "event_duration": events[0].seconds}


def _answers_protons(device: Device) -> bool:
    """Whether protons upset the device at all: by their reactions, or by their own ionization."""
    return device.proton is not None or (device.heavy_ion is not None and device.heavy_ion.direct_protons)
