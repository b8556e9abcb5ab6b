"""The table [[dose_point]]: where dose is asked for, and behind what."""

from typing import Annotated

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from caloris.case import quantity as q
from caloris.case.errors import nearest, shown
from caloris.case.schema_shield import DEFAULT_RAYS, Rays, Shield, ShieldShape, check_shape
from caloris.case.schema_types import Measure, Name, Table, Vector
from caloris_kernels.particle.cells import DamageMaterial
from caloris_kernels.particle.detectors import TARGETS


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


def _years(value: object) -> object:
    """`"5 years"` is 5."""
    words = value.split() if isinstance(value, str) else []
    if len(words) == 2 and words[1] in ("year", "years", "a"):
        try:
            return float(words[0])
        except ValueError:
            return value
    return value


Years = Annotated[
    float,
    Measure(q.RATIO, above=0, most=1000),
    BeforeValidator(_years),
    Field(description="Years of the mission (365.25 days each)", json_schema_extra={"unit": "year"}),
]


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
    damage: DamageMaterial | None = Field(
        default=None, description="Material of the displacement damage; by default GaAs for that target, else Si"
    )
    shield: Shield = ()
    shape: ShieldShape = "sphere"
    years: Years = 1.0
    rays: Rays = DEFAULT_RAYS

    @model_validator(mode="after")
    def _fits(self) -> "DosePoint":
        if self.shield == "geometry" and self.at is None:
            raise ValueError('shield = "geometry" needs at: the name of a surface or solid, or [x, y, z]')
        check_shape(self.shield, self.shape)
        return self
