"""What looks wrong in closed bodies: leaks, walls turned inside out, and fronts that all face inward.

What counts is what radiates. A wall whose sides have one coating may face either way, and a body that is seen from
inside, with its outer sides inactive, is as good as one seen from outside; so only this is told:

* a hole or slit in a body that is otherwise closed (`closed_bodies` says when it is);
* in a body whose fronts face outward, a wall whose front faces inward although its sides are coated like the others':
  its front as theirs or its back as theirs, and not the one as the other;
* a body whose fronts all face inward, where the outside is therefore an inactive back, or a back of another coating.
  One that lies inside another closed body is left out: nothing but that body sees it.
"""

from collections.abc import Sequence

import numpy as np

from caloris.geometry.assembly import Geometry, Surface
from caloris.geometry.closed_bodies import ClosedBody, closed_bodies
from caloris.geometry.finding import Finding, shown_place

_MOST_NAMES = 6


def closed_body_findings(geometry: Geometry) -> list[Finding]:
    """Holes and slits (m of rim), walls turned inside out and bodies that face inward (m2), at zero joint angles."""
    bodies = closed_bodies(geometry)
    found = []
    for body in bodies:
        found += _leaks(geometry, body)
        if body.outward is not None:
            found += _turned(geometry, body, [other for other in bodies if other is not body])
    return found


def _leaks(geometry: Geometry, body: ClosedBody) -> list[Finding]:
    """Holes and slits of one body."""
    found = []
    for hole in body.holes:
        names = _names(geometry, body, hole.part)
        text = (
            f"{_quoted(names)}: a hole of {hole.area:.4g} m^2 with a rim of {hole.length:.4g} m around "
            f"{shown_place(hole.center)} in a body that is otherwise closed; rays pass through it"
        )
        found.append(Finding("hole", names, hole.length, text, hole.center))
    if body.slits:
        names = _names(geometry, body, [part for slit in body.slits for part in slit.part])
        length, widest = sum(slit.length for slit in body.slits), max(body.slits, key=lambda slit: slit.width)
        text = (
            f"{_quoted(names)}: edges run along each other over {length:.4g} m without touching, up to "
            f"{widest.width:.3g} m apart, around {shown_place(widest.place)}, in a body that is otherwise closed; "
            "rays pass between them"
        )
        found.append(Finding("hole", names, length, text, widest.place))
    return found


def _turned(geometry: Geometry, body: ClosedBody, others: Sequence[ClosedBody]) -> list[Finding]:
    """Fronts that face the wrong way."""
    assert body.outward is not None
    area = np.array([part.area for part in body.parts])
    surfaces = [geometry.surfaces[part.surface] for part in body.parts]
    sided = np.array([surface.front != surface.back for surface in surfaces])
    inward = ~body.outward & sided
    if not inward.any():
        return []
    if not (body.outward & sided).any():
        return _inward(geometry, body, inward, others)
    # The larger part says which way fronts are meant to face.
    odd, rest = inward, body.outward & sided
    if area[odd].sum() > area[rest].sum() * (1 + 1e-9):
        odd, rest = rest, odd
    fronts = {surfaces[k].front for k in np.flatnonzero(rest)}
    backs = {surfaces[k].back for k in np.flatnonzero(rest)}
    wrong = [k for k in np.flatnonzero(odd).tolist() if _is_coated_alike(surfaces[k], fronts, backs)]
    if not wrong:
        return []
    names = _names(geometry, body, wrong)
    way, others_way = ("outward", "inward") if body.outward[wrong[0]] else ("inward", "outward")
    text = (
        f"{_quoted(names)}: the front faces {way} while the rest of the closed body has its fronts {others_way}; "
        f"{_consequence(surfaces[wrong[0]], way)}: reverse the surface or exchange its sides"
    )
    return [Finding("orientation", names, float(area[wrong].sum()), text)]


def _is_coated_alike(surface: Surface, fronts: set[int | None], backs: set[int | None]) -> bool:
    """Whether a surface is coated as if it faced the way of the others, whose coatings are given."""
    exchanged = surface.front in backs and surface.back in fronts
    return (surface.front in fronts or surface.back in backs) and not exchanged


def _inward(geometry: Geometry, body: ClosedBody, inward: np.ndarray, others: Sequence[ClosedBody]) -> list[Finding]:
    """A body whose fronts all face inward."""
    surfaces = [geometry.surfaces[part.surface] for part in body.parts]
    wrong = [k for k in np.flatnonzero(inward).tolist() if surfaces[k].front is not None]
    if not wrong or any(other.encloses(body.parts[0].corners[0].mean(axis=0)) for other in others):
        return []
    names = _names(geometry, body, wrong)
    area = float(sum(body.parts[k].area for k in wrong))
    text = (
        f"{_quoted(names)}: the fronts of this closed body face inward; {_consequence(surfaces[wrong[0]], 'inward')}: "
        "reverse it or exchange the sides, unless it is seen from inside"
    )
    return [Finding("inward", names, area, text)]


def _consequence(surface: Surface, way: str) -> str:
    """What it means that a surface's front faces `way`."""
    outside, inside = (surface.front, surface.back) if way == "outward" else (surface.back, surface.front)
    if outside is None:
        return "its outer side is inactive and it radiates into the body"
    if inside is None:
        return "its inner side is inactive and it radiates outward"
    return f"its {'front' if way == 'outward' else 'back'} coating is outside"


def _names(geometry: Geometry, body: ClosedBody, parts: Sequence[int]) -> tuple[str, ...]:
    """Names of the parts' surfaces, in file order."""
    numbers = sorted({body.parts[k].surface for k in parts})
    return tuple(geometry.surfaces[k].name for k in numbers)


def _quoted(names: Sequence[str]) -> str:
    """Names as the other findings write them, the rest of a long list counted."""
    shown = [repr(name) for name in names[:_MOST_NAMES]]
    if len(names) > _MOST_NAMES:
        return ", ".join(shown) + f" and {len(names) - _MOST_NAMES} more"
    return " and ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else shown[0]
