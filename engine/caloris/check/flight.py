"""Orbit, attitude, bodies and joints of a case, in words."""

import numpy as np
from rich.console import Group
from rich.panel import Panel

from caloris.case.schema_orbit import Attitude
from caloris.case.schema_types import Vector
from caloris.check.sketch import Flight, Sketch
from caloris.check.tables import open_table, panel, span, titled
from caloris.check.warnings import solar_flux
from caloris.output.text import duration, percent
from caloris_kernels.constants import ASTRONOMICAL_UNIT


def orbit_panel(seen: Sketch) -> Panel:
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
    rows.append(("beta", span(np.degrees(flight.beta), "deg")))
    dark = flight.eclipse_fraction
    eclipse = f"{duration(dark * flight.period)} ({percent(dark)} of the orbit)" if dark > 0 else "none"
    rows.append(("eclipse", eclipse))
    distance = np.asarray(flight.motion.state.sun_distance)[0] / ASTRONOMICAL_UNIT
    far = f", Sun at {distance:.4f} au" if table.form != "beta" else ""
    rows.append(("solar flux", f"{solar_flux(seen):.1f} W/m^2{far}"))
    planet = case.planet
    rows.append(("planet", f"albedo {planet.albedo:g}, infrared {planet.infrared_flux:g} W/m^2"))
    rows.append(("attitude", _attitude(case.attitude)))
    return panel("Orbit", rows)


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


def bodies_table(seen: Sketch) -> Group:
    """Bodies, their joints, and the angles that the run sweeps."""
    table = open_table("body", "carried by", "joint", "surfaces", "area m^2", text=3)
    joints = {index: column for column, index in enumerate(seen.geometry.joint_bodies)}
    tables = {body.name: body for body in seen.case.bodies}
    for index, body in enumerate(seen.geometry.bodies):
        mine = [k for k, surface in enumerate(seen.geometry.surfaces) if surface.body == index]
        joint = _joint(tables[body.name].joint, seen.flight, joints[index]) if index in joints else "fixed"
        parent = seen.geometry.bodies[body.parent].name if body.parent >= 0 else "-"
        area = f"{seen.surface_area[mine].sum():.4g}"
        table.add_row(body.name, parent, joint if index else "-", str(len(mine)), area)
    return titled("Bodies", table)


def _joint(joint, flight: Flight | None, column: int) -> str:
    """A joint in words: axis, what it does, the angles swept, its range."""
    how = f"{_axis(joint.point)} toward {_target(joint.toward)}" if joint.is_tracking else "by table"
    if flight is None:
        return f"about {_axis(joint.axis)}, {how}"
    swept = span(np.degrees(flight.joint_angle[:, column]), "deg")
    low, high = np.degrees(joint.range)
    limits = f" (range {low:g} to {high:g})" if high - low < 359.999 else ""
    return f"about {_axis(joint.axis)}, {how}: {swept}{limits}"
