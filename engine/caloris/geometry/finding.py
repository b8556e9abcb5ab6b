"""One remark about a geometry: data only; `caloris check` prints it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One remark about a geometry.

    kind, and what measure holds:

    "overlap"        surfaces that share a plane and cover each other; m2
    "interpenetration"  surfaces that pass through each other; length of the line in which they cross, m
    "hole"           surfaces of a nearly closed body around an opening; length of its rim, m
    "orientation"    surfaces of a closed body whose front faces the other way than the rest; their area, m2
    "inward"         surfaces of a closed body whose fronts all face inward; their area, m2
    "shared edge"    surfaces that touch along an edge and conduct only if an [[edge]] says so; m
    "short cap"      relative area that a cap lacks of its disc
    "winding"        mesh edges whose two triangles face opposite ways; their number

    place is a point of it (m, bus frame), where one says more than the names do.
    """

    kind: str
    surfaces: tuple[str, ...]
    measure: float
    message: str
    place: tuple[float, float, float] | None = None


def shown_place(place: tuple[float, float, float]) -> str:
    """A point in words: "(0.5, 0, 1.2) m"."""
    # Adding zero turns the -0.0 of rounding into 0.0.
    return "(" + ", ".join(f"{round(value, 6) + 0.0:.4g}" for value in place) + ") m"
