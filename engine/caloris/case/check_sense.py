"""Checks of sense: an orbit that is fully given, vectors that span a frame, parts that store heat."""

import math
from collections.abc import Iterator
from typing import Any

from caloris.case.draft import Draft
from caloris.case.errors import CaseProblem
from caloris.case.schema import Case
from caloris.case.schema_orbit import Orbit, parallel
from caloris.case.schema_surface import SurfaceTable
from caloris.case.schema_types import Vector
from caloris_kernels.constants import TROPICAL_YEAR

Problems = Iterator[CaseProblem]


def problems(draft: Draft) -> Problems:
    """All problems of sense in the valid tables."""
    if draft.case.orbit is not None:
        yield from _orbit(draft.case, draft.case.orbit)
    yield from _attitude(draft)
    yield from _joints(draft)
    yield from _heat(draft)


_FORMS = "beta, or inclination + raan + epoch, or sun_synchronous + ltan + epoch"
_SIZES = "altitude, or perigee + apogee, or semi_major_axis + eccentricity"


def _given(orbit: Orbit, *keys: str) -> list[str]:
    return [key for key in keys if key in orbit.model_fields_set]


def _orbit(case: Case, orbit: Orbit) -> Problems:
    sizes = _given(orbit, "altitude", "perigee", "apogee", "semi_major_axis", "eccentricity")
    allowed = (["altitude"], ["perigee", "apogee"], ["semi_major_axis"], ["semi_major_axis", "eccentricity"])
    if sizes not in allowed:
        said = f"{' + '.join(sizes)} given" if sizes else "the size is missing"
        yield CaseProblem("orbit", f"{said}; allowed: {_SIZES}")
        return
    axis, eccentricity = orbit.size(case.planet)
    if eccentricity < 0.0:
        yield CaseProblem("orbit/perigee", "the perigee lies above the apogee; exchange them")
    elif axis * (1.0 - eccentricity) <= case.planet.radius:
        message = f"the orbit enters the planet; its lowest point must lie above {case.planet.radius / 1e3:g} km"
        yield CaseProblem("orbit", f"{message} from the planet's center")
    if eccentricity > 0.0 and orbit.form != "elements":
        message = "needs a circular orbit; eccentric ones need inclination + raan + epoch"
        yield CaseProblem(f"orbit/{'beta' if orbit.form == 'beta' else 'sun_synchronous'}", message)
    yield from _orbit_sun(case, orbit, axis)


def _orbit_sun(case: Case, orbit: Orbit, axis: float) -> Problems:
    """The Sun and the node are given in exactly one of three ways, and by nothing else."""
    needed = {"beta": ("beta",), "sun_synchronous": ("ltan", "epoch"), "elements": ("inclination", "raan", "epoch")}
    unused = {
        "beta": ("inclination", "raan", "argument_of_perigee", "true_anomaly", "ltan"),
        "sun_synchronous": ("beta", "inclination", "raan", "argument_of_perigee", "true_anomaly"),
        "elements": ("ltan",),
    }
    for key in needed[orbit.form]:
        if key not in orbit.model_fields_set:
            yield CaseProblem(f"orbit/{key}", f"is missing: the orbit needs {_FORMS}")
    for key in _given(orbit, *unused[orbit.form]):
        by = {"beta": "beta", "sun_synchronous": "sun_synchronous", "elements": "inclination + raan"}[orbit.form]
        yield CaseProblem(f"orbit/{key}", f"has no place beside {by}; allowed: {_FORMS}")
    if case.planet.is_seasonal and orbit.epoch is None:
        yield CaseProblem("planet/solar_flux", 'is "seasonal", which needs an epoch in [orbit]')
    if orbit.form == "sun_synchronous" and axis > case.planet.radius:
        planet = case.planet
        # The node follows the Sun at 3/2 J2 n (R / a)^2 cos(inclination) for a circular orbit.
        rate = 1.5 * planet.j2 * (planet.gravitational_parameter / axis**3) ** 0.5 * (planet.radius / axis) ** 2
        if abs(rate) <= 2.0 * math.pi / TROPICAL_YEAR:
            height = (axis - planet.radius) / 1e3
            yield CaseProblem("orbit/sun_synchronous", f"no inclination makes an orbit {height:g} km up follow the Sun")


def _inertial(target: str | Vector, beta: float | None) -> Vector | None:
    """The fixed inertial direction of a target, None where it turns with the orbit or is not known here."""
    if isinstance(target, tuple):
        return target
    if beta is None:
        return None
    fixed: dict[str, Vector] = {"sun": (math.cos(beta), 0.0, math.sin(beta)), "orbit-normal": (0.0, 0.0, 1.0)}
    return fixed.get(target)


def _same_line(first: str | Vector, second: str | Vector, beta: float | None) -> bool:
    """Whether two targets are parallel at some moment of the orbit (as far as the text tells)."""
    if {first, second} <= {"nadir", "zenith"} or first == second:
        return True
    turning = [target in ("nadir", "zenith", "velocity") for target in (first, second)]
    fixed = [_inertial(target, beta) for target in (first, second)]
    if fixed[0] is not None and fixed[1] is not None:
        return parallel(fixed[0], fixed[1])
    for turns, other in zip(turning, reversed(fixed), strict=True):
        # With beta the orbit plane is z = 0: what turns in it meets every direction that lies in it.
        if turns and other is not None and beta is not None and abs(other[2]) < 1e-9:
            return True
    return False


def _attitude(draft: Draft) -> Problems:
    case = draft.case
    attitude, beta = case.attitude, case.orbit.beta if case.orbit is not None else None
    if parallel(attitude.point, attitude.align):
        yield CaseProblem("attitude/align", "point and align are parallel; they must be two different axes of the body")
    if case.orbit is not None and _same_line(attitude.toward, attitude.to, beta):
        yield CaseProblem(
            "attitude/to",
            f"the directions {_text(attitude.toward)} and {_text(attitude.to)} are parallel"
            " at some moment of the orbit; choose another second direction",
        )


def _text(target: str | Vector) -> str:
    return f'"{target}"' if isinstance(target, str) else str(list(target))


def _joints(draft: Draft) -> Problems:
    for place, body in draft.located("body"):
        joint, path = body.joint, f"{place}/joint"
        if joint is None:
            continue
        if (joint.toward is None) == (joint.angle is None):
            yield CaseProblem(path, "a joint needs point + toward (it tracks), or an angle, and not both")
        if (joint.point is None) != (joint.toward is None):
            yield CaseProblem(path, "a tracking joint needs both point and toward")
        if joint.point is not None and parallel(joint.point, joint.axis):
            yield CaseProblem(
                f"{path}/point", "lies along the joint's axis, so no rotation moves it; choose another axis"
            )
        low, high = joint.range
        if not low < high:
            yield CaseProblem(f"{path}/range", "the lowest angle must be below the highest")
        elif joint.angle is not None and not all(low <= angle <= high for angle in joint.angle.value):
            yield CaseProblem(
                f"{path}/angle", f"lies outside the range {math.degrees(low):g} to {math.degrees(high):g} deg"
            )
        if joint.toward is not None and not draft.has("orbit"):
            yield CaseProblem(f"{path}/toward", "tracking needs an [orbit]")


def _heat(draft: Draft) -> Problems:
    """Each surface and node says how it stores heat, or that its temperature is fixed."""
    for path, surface in draft.located("surface"):
        yield from _stored_by(path, surface)
        yield from _boundary(path, surface)
        if getattr(surface, "inner_radius", 0.0) >= getattr(surface, "radius", math.inf):
            yield CaseProblem(f"{path}/inner_radius", "must be below the radius")
    for path, node in draft.located("node"):
        made = [key for key in ("material", "mass") if getattr(node, key) is not None]
        if len(made) == 1:
            other = "mass" if made == ["material"] else "material"
            yield CaseProblem(f"{path}/{other}", f"is missing: {made[0]} needs it")
        elif (node.heat_capacity is not None) + (node.temperature is not None) + (len(made) == 2) != 1:
            message = "needs heat_capacity, or material + mass, or temperature (a boundary), and only one of them"
            yield CaseProblem(path, message)
        yield from _boundary(path, node)


def _stored_by(path: str, surface: SurfaceTable) -> Problems:
    """One of heat_capacity, thickness + material, panel; layers go with what conducts."""
    layered = [key for key in ("thickness", "material") if getattr(surface, key) is not None]
    if len(layered) == 1:
        other = "material" if layered == ["thickness"] else "thickness"
        yield CaseProblem(f"{path}/{other}", f"is missing: {layered[0]} needs it")
    if surface.panel is not None and layered:
        yield CaseProblem(f"{path}/panel", f"excludes {' and '.join(layered)}; give one of the two")
    conducting = [*layered, *(["panel"] if surface.panel is not None else [])]
    if conducting and surface.heat_capacity is not None:
        yield CaseProblem(f"{path}/heat_capacity", f"excludes {' and '.join(conducting)}; give one of the two")
    if surface.layers is not None and not conducting:
        yield CaseProblem(f"{path}/layers", "needs thickness + material, or panel: heat passes through them")
    if not conducting and surface.heat_capacity is None and surface.temperature is None:
        yield CaseProblem(path, "needs heat_capacity, or thickness + material, or panel, or temperature (a boundary)")


def _boundary(path: str, part: Any) -> Problems:
    if part.temperature is not None and part.start_temperature is not None:
        yield CaseProblem(
            f"{path}/start_temperature", "has no meaning where temperature is fixed; remove one of the two"
        )
