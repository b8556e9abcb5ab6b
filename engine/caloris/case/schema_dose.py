"""The table [[dose_point]]: where dose is asked for, and behind what. Areal densities are kept in g/cm^2."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from caloris.case import quantity as q
from caloris.case.errors import nearest, shown
from caloris.case.schema_shield import DEFAULT_RAYS, Rays, Shield
from caloris.case.schema_types import Measure, Name, PositiveLength, Table, Vector
from caloris_kernels.particle.detectors import TARGETS


class DoseLayer(Table):
    """One layer of a shield, the outermost first."""

    material: str = Field(description="A material with a composition")
    areal_density: Annotated[float, Measure(q.AREAL_DENSITY, above=0, most=1000)] | None = Field(
        default=None, description="Areal density; or thickness"
    )
    thickness: PositiveLength | None = Field(
        default=None, description="Thickness, of a material with a density; or areal_density"
    )

    @model_validator(mode="after")
    def _one_measure(self) -> "DoseLayer":
        if (self.areal_density is None) == (self.thickness is None):
            raise ValueError("needs areal_density or thickness, and not both")
        return self


def _place(value: object, info: ValidationInfo) -> object:
    if not isinstance(value, list | tuple):
        return value
    if len(value) != 3:
        raise ValueError(f"{shown(value)} is not a point; write [x, y, z], or the name of a surface or solid")
    return tuple(Measure(q.LENGTH).parse(part, info) for part in value)


def _target(value: object) -> object:
    if value not in TARGETS:
        raise ValueError(f"{shown(value)} is not a target; allowed: {', '.join(TARGETS)}{_hint(value)}")
    return value


def _hint(value: object) -> str:
    hint = nearest(value, TARGETS) if isinstance(value, str) else ""
    return hint if "nearest" in hint else ""


class DosePoint(Table):
    """A point at which the absorbed dose is asked for."""

    name: Name = Field(description="Name among the dose points")
    at: Annotated[str | Vector, BeforeValidator(_place)] | None = Field(
        default=None,
        description='A surface, its cell or side ("deck[0,1]", "deck/front"; without a side the back), a solid, or '
        "[x, y, z] in the frame of the bus",
        json_schema_extra={"unit": "m"},
    )
    target: Annotated[str, BeforeValidator(_target)] = Field(default="Si", description="Material that absorbs the dose")
    shield: Shield[DoseLayer] = Field(
        default=(), description='Layers, the outermost first, or "geometry": sectors through the case\'s own bodies'
    )
    shape: Literal["sphere", "slab"] = Field(
        default="sphere",
        description="Layers all around the point, or in front of it with nothing from behind",
    )
    years: Annotated[float, Measure(q.RATIO, above=0, most=1000)] = Field(
        default=1.0, description="Years of the mission (365.25 days each)", json_schema_extra={"unit": "year"}
    )
    rays: Rays = DEFAULT_RAYS

    @model_validator(mode="before")
    @classmethod
    def _years(cls, value: Any) -> Any:
        """`"5 years"` is 5."""
        if isinstance(value, dict) and isinstance(value.get("years"), str):
            words = value["years"].split()
            if len(words) == 2 and words[1] in ("year", "years", "a"):
                return value | {"years": _number(words[0])}
        return value

    @model_validator(mode="after")
    def _fits(self) -> "DosePoint":
        if self.shield == "geometry" and self.at is None:
            raise ValueError('shield = "geometry" needs at: the name of a surface or solid, or [x, y, z]')
        if self.shield == "geometry" and self.shape == "slab":
            raise ValueError('shape = "slab" has no meaning beside shield = "geometry"')
        if self.shape == "slab" and not self.shield:
            raise ValueError('shape = "slab" needs a shield of layers')
        return self


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
