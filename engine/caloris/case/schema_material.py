"""The table [[material]], and properties that are a number, differ by direction, or depend on the temperature."""

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from caloris.case import quantity as q
from caloris.case.errors import nearest, shown
from caloris.case.schema_types import Measure, Name, Rule, Table, Temperature
from caloris_kernels.parts.phase_change import PhaseChange, specific_heat_table

ELEMENTS = tuple(
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr "
    "Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Pr Nd Pm Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Hf Ta W Re Os Ir "
    "Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Ac Th Pa U".split()
)


class TemperatureTable(Table):
    """A property over temperature: linear between ascending temperatures (K), held at its ends."""

    temperature: tuple[float, ...]
    value: tuple[float, ...]
    nominal: float | None = None  # the value that stands for the whole table; default: that at REFERENCE_TEMPERATURE

    def at(self, temperature: float) -> float:
        """The value at a temperature (K)."""
        return float(np.interp(temperature, self.temperature, self.value))


Conductivity = float | tuple[float, float, float] | TemperatureTable
"""W/m/K: one number, one for each direction u, v and through, or a table over temperature."""


@dataclass(frozen=True)
class Property(Rule):
    """The rule of a material's property: a quantity, a list by direction where allowed, or a table."""

    measure: Measure
    directions: bool = False

    def parse(self, value: object, info: ValidationInfo) -> Conductivity:
        """A value of the file to a float, a tuple or a TemperatureTable; ValueError says what is allowed."""
        if isinstance(value, TemperatureTable):
            return value
        if isinstance(value, dict):
            return self._table(value, info)
        if self.directions and isinstance(value, list | tuple):
            if len(value) != 3:
                raise ValueError(f"{shown(list(value))} has the wrong number of entries; needs [u, v, through]")
            u, v, through = (_entry(self.measure, entry, f"entry {k}", info) for k, entry in enumerate(value))
            return (u, v, through)
        return self.measure.parse(value, info)

    def _table(self, value: dict, info: ValidationInfo) -> TemperatureTable:
        allowed = ("temperature", "value")
        unknown = [key for key in value if key not in allowed]
        if unknown:
            raise ValueError(f'unknown key "{unknown[0]}" in a table; allowed: {", ".join(allowed)}')
        lists = [value.get(key) for key in allowed]
        points, values = lists
        if not isinstance(points, list) or not isinstance(values, list) or not points or len(points) != len(values):
            raise ValueError(f"temperature and value must be lists of the same length, not empty; got {shown(value)}")
        rule = Measure(q.TEMPERATURE, above=0, most=1e5)
        kept = tuple(_entry(rule, point, f"temperature/{k}", info) for k, point in enumerate(points))
        if any(later <= earlier for earlier, later in zip(kept, kept[1:], strict=False)):
            raise ValueError(f"temperature = {shown(points)} must increase from entry to entry")
        numbers = tuple(_entry(self.measure, entry, f"value/{k}", info) for k, entry in enumerate(values))
        if min(numbers) <= 0.0:
            raise ValueError(f"value = {shown(values)} must be above 0 at every temperature")
        return TemperatureTable(temperature=kept, value=numbers)

    def describe(self) -> dict[str, Any]:
        """Types and unit for the JSON schema."""
        kinds = ["string", "number", "object", *(["array"] if self.directions else [])]
        return {"type": kinds, "unit": self.measure.kind.unit, "table": "temperature"}


def _entry(rule: Measure, value: object, place: str, info: ValidationInfo) -> float:
    try:
        return rule.parse(value, info)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


# Conductances and capacities of a model stand for this temperature (K); tables say how they change from there.
REFERENCE_TEMPERATURE = 293.15


def reference_value(value: float | TemperatureTable) -> float:
    """A property that has no direction, at the reference temperature; of a melting material that of the solid."""
    if not isinstance(value, TemperatureTable):
        return value
    return value.at(REFERENCE_TEMPERATURE) if value.nominal is None else value.nominal


def by_direction(value: Conductivity) -> tuple[float, float, float]:
    """Conductivity along u, along v and through (W/m/K), at the reference temperature where it is a table."""
    if isinstance(value, tuple):
        return value
    alone = reference_value(value)
    return (alone, alone, alone)


def _composition(value: object) -> dict[str, float]:
    if not isinstance(value, dict) or not value:
        raise ValueError(f"{shown(value)} is not a composition; write mass fractions, as in {{ Al = 1.0 }}")
    fractions: dict[str, float] = {}
    for element, share in value.items():
        if element not in ELEMENTS:
            raise ValueError(f'"{element}" is not a chemical element' + nearest(element, ELEMENTS))
        if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share <= 1:
            raise ValueError(f"{element} = {shown(share)} is not a mass fraction; must be above 0 and at most 1")
        fractions[element] = float(share)
    total = sum(fractions.values())
    if abs(total - 1.0) > 0.01:
        raise ValueError(f"the mass fractions sum to {total:g}; they must sum to 1 within 0.01")
    return {element: share / total for element, share in fractions.items()}


class Melting(Table):
    """Phase change over a range of temperatures about the melting temperature."""

    temperature: Temperature = Field(description="Melting temperature, the middle of the range")
    latent_heat: Annotated[float, Measure(q.SPECIFIC_ENERGY, above=0)] = Field(description="Heat of fusion")
    width: Annotated[float, Measure(q.TEMPERATURE_DIFFERENCE, above=0, most=50)] = Field(
        default=1.0, description="Width of the melting range"
    )
    liquid_specific_heat: Annotated[float, Measure(q.SPECIFIC_HEAT, above=0)] | None = Field(
        default=None, description="Specific heat of the liquid; default: that of the solid"
    )


class Material(Table):
    """A material: for surfaces density, specific heat and conductivity, for shields the composition."""

    name: Name = Field(description="Name among the materials")
    density: Annotated[float, Measure(q.DENSITY, above=0)] | None = Field(default=None, description="Density")
    specific_heat: Annotated[float | TemperatureTable, Property(Measure(q.SPECIFIC_HEAT, least=0))] | None = Field(
        default=None, description="Specific heat: one value, or a table over temperature"
    )
    conductivity: Annotated[Conductivity, Property(Measure(q.CONDUCTIVITY, least=0), directions=True)] | None = Field(
        default=None,
        description="Thermal conductivity: one value, [along u, along v, through], or a table over temperature",
    )
    melting: Melting | None = Field(
        default=None, description="Phase change; the specific heat is then that of the solid, one value"
    )
    composition: Annotated[dict[str, float], BeforeValidator(_composition)] | None = Field(
        default=None,
        description="Mass fraction of each element; kept so that they sum to 1",
        json_schema_extra={"unit": "1"},
    )

    @model_validator(mode="after")
    def _melts_from_one_value(self) -> "Material":
        if self.melting is not None and not isinstance(self.specific_heat, float):
            raise ValueError("melting needs specific_heat as one value, that of the solid")
        return self

    @property
    def heat_table(self) -> float | TemperatureTable | None:
        """Specific heat with what melting adds to it (`caloris_kernels.parts.phase_change`)."""
        melting, solid = self.melting, self.specific_heat
        if melting is None or not isinstance(solid, float):
            return solid
        liquid = solid if melting.liquid_specific_heat is None else melting.liquid_specific_heat
        table = specific_heat_table(
            PhaseChange(melting.temperature, melting.width, melting.latent_heat, solid, liquid)  # pyright: ignore
        )
        points, values = (tuple(np.asarray(part).tolist()) for part in (table.temperature, table.left))
        return TemperatureTable(temperature=points, value=values, nominal=solid)
