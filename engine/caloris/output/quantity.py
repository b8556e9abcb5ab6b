"""What is said of a dataset, a dimension and an attribute of a file."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Quantity:
    """One dataset: units (UDUNITS), dims (names, slowest first), long_name.

    kind is "float", "integer" or "text"; may_be_missing allows NaN (no such limit, no such figure) in a
    successful run.
    """

    units: str
    dims: tuple[str, ...]
    long_name: str
    kind: str = "float"
    may_be_missing: bool = False


@dataclass(frozen=True)
class Dimension:
    """One dimension: long_name of its scale and coordinate, the path of its labels or values.

    A dimension with a coordinate is labelled by that dataset in every group that uses it (netCDF looks for
    a dimension in the group and its parents only, so each group carries its own scale); one without counts
    0, 1, 2, ...
    """

    long_name: str
    coordinate: str | None = None


@dataclass(frozen=True)
class Attribute:
    """One attribute of a group: units (UDUNITS, or "" for text and flags) and what it says."""

    units: str
    meaning: str
