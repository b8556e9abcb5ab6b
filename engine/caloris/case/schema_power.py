"""The tables of dissipation and electrical power: loads, solar arrays, batteries, computers."""

from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from caloris.case import quantity as q
from caloris.case.errors import nearest, shown
from caloris.case.schema_dose import Years
from caloris.case.schema_shield import ShieldLayer
from caloris.case.schema_types import (
    Fraction,
    LifeFraction,
    Measure,
    Name,
    PositiveFraction,
    PositivePower,
    References,
    Schedule,
    ScheduleOf,
    Table,
    Temperature,
)
from caloris_kernels.particle.cells import CELLS, DamageMaterial


class Load(Table):
    """Heat dissipated on nodes or surfaces: a total, spread by area (over several names: equally)."""

    name: Name | None = Field(default=None, description="Name, else the index addresses it")
    on: References = Field(description="Node, surface, cell, or a list of them")
    power: Annotated[Schedule, ScheduleOf(Measure(q.POWER))] = Field(
        description="Power, or a table over phase or time", json_schema_extra={"unit": "W"}
    )
    electrical: bool = Field(default=False, strict=True, description="Whether the bus supplies it too")
    shares: tuple[Fraction, ...] | None = Field(
        default=None,
        description="Part of the power on each of the names, summing to 1; default: equal",
        json_schema_extra={"unit": "1"},
    )

    @model_validator(mode="after")
    def _all_shared(self) -> "Load":
        if self.shares is not None:
            if len(self.shares) != len(self.on):
                raise ValueError(
                    f"shares has {len(self.shares)} entries; needs one for each of the {len(self.on)} names"
                )
            if abs(sum(self.shares) - 1.0) > 1e-6:
                raise ValueError(f"shares sum to {sum(self.shares):g}; they must sum to 1")
        return self


def _cell(value: object) -> object:
    if value not in CELLS:
        hint = nearest(value, CELLS) if isinstance(value, str) else ""
        raise ValueError(f"{shown(value)} is not a type of cell; allowed: {', '.join(CELLS)}{hint}")
    return value


class CellDamage(Table):
    """What displacement damage leaves of the cells' power: P/P0 = 1 - C log10(1 + D / D_x).

    D is that of a [[dose_point]], or that behind layers in front of the cells with nothing from behind.
    """

    dose_point: Name | None = Field(
        default=None, description="A [[dose_point]] with `damage`, whose mission's damage the cells have; or shield"
    )
    shield: tuple[ShieldLayer, ...] | None = Field(
        default=None, description="Layers in front of the cells, the outermost first, nothing from behind; [] is none"
    )
    years: Years | None = Field(default=None, description="Years behind the shield (365.25 days each)")
    material: DamageMaterial | None = Field(
        default=None, description="Material whose displacement damage behind the shield counts"
    )
    cell: Annotated[str, BeforeValidator(_cell)] | None = Field(
        default=None, description='Type of cell whose constants are known ("GaAs/Ge"); or coefficient, reference_dose'
    )
    coefficient: Annotated[float, Measure(q.RATIO, above=0, most=10)] | None = Field(
        default=None, description="C, power lost for each factor of ten of the damage", json_schema_extra={"unit": "1"}
    )
    reference_dose: Annotated[float, Measure(q.DAMAGE_DOSE, above=0)] | None = Field(
        default=None, description="D_x, where the loss begins"
    )
    electron_ratio: Annotated[float, Measure(q.RATIO, above=0, most=1000)] | None = Field(
        default=None,
        description="R_ep, electrons' damage dose over that of protons for the same loss; default the cell's, else 1",
    )

    @model_validator(mode="after")
    def _complete(self) -> "CellDamage":
        if (self.dose_point is None) == (self.shield is None):
            raise ValueError("needs dose_point, or shield with years, and not both")
        if self.shield is None and not (self.years is None and self.material is None):
            raise ValueError("years and material are those of the dose_point; remove them")
        if self.shield is not None and self.years is None:
            raise ValueError("shield needs years")
        stated = (self.coefficient is not None, self.reference_dose is not None)
        if self.cell is None and stated != (True, True):
            raise ValueError("needs cell, or coefficient and reference_dose")
        if self.cell is not None and any(stated):
            raise ValueError("cell has its coefficient and reference_dose; give one or the other")
        if self.shield is not None and self.cell is None and self.material is None:
            raise ValueError("shield needs material, Si or GaAs: that of the damage which reference_dose counts")
        if self.cell is not None and self.material not in (None, CELLS[self.cell].material):
            raise ValueError(f"the constants of {self.cell} are for damage in {CELLS[self.cell].material}")
        return self

    @property
    def constants(self) -> tuple[float, float, float]:
        """C (-), D_x (MeV/g), R_ep (-)."""
        if self.cell is not None:
            known = CELLS[self.cell]
            return known.coefficient, known.reference_dose, self.electron_ratio or known.electron_ratio
        assert self.coefficient is not None and self.reference_dose is not None
        return self.coefficient, self.reference_dose, self.electron_ratio or 1.0


class SolarArray(Table):
    """Solar cells on sides of surfaces; the electrical power leaves the cells' heat balance."""

    name: Name | None = Field(default=None, description="Name, else the index addresses it")
    on: References = Field(description='Sides with cells, "wing/front", or a list of them')
    efficiency: PositiveFraction = Field(
        description="Cell efficiency at the reference temperature and normal incidence"
    )
    temperature_coefficient: Annotated[float, Measure(q.PER_TEMPERATURE, least=-0.05, most=0.05)] = Field(
        default=-0.0007, description="Absolute change of the efficiency per kelvin"
    )
    reference_temperature: Temperature = Field(default=301.15, description="Temperature of the stated efficiency")
    packing: PositiveFraction = Field(default=0.90, description="Fraction of the side covered by cells")
    degradation: LifeFraction = Field(
        default=LifeFraction(beginning=1.0, end=0.88),
        description="Remaining fraction of the efficiency; with damage by default 1, what else ages the array",
        json_schema_extra={"unit": "1"},
    )
    damage: CellDamage | None = Field(
        default=None, description="Displacement damage from the case's particles; run/life is the part of it by then"
    )

    @model_validator(mode="before")
    @classmethod
    def _damage_is_not_counted_twice(cls, value: Any) -> Any:
        """The default of degradation is an allowance for radiation, which damage stands in place of."""
        if isinstance(value, dict) and value.get("damage") is not None and "degradation" not in value:
            return value | {"degradation": 1.0}
        return value


class PowerBus(Table):
    """The bus between arrays, batteries and loads."""

    bus_efficiency: PositiveFraction = Field(
        default=0.95, description="Fraction of the drawn power that reaches the loads"
    )
    losses_on: str | None = Field(default=None, description="Node or surface that takes the losses as heat")


class Battery(Table):
    """A battery; its losses are heat on its node."""

    name: Name | None = Field(default=None, description="Name, else the index addresses it")
    on: str = Field(description="Node or surface that takes its losses")
    capacity: Annotated[float, Measure(q.ENERGY, above=0)] = Field(description="Energy when full")
    charge_efficiency: PositiveFraction = Field(default=0.975, description="Stored per charged energy")
    discharge_efficiency: PositiveFraction = Field(default=0.975, description="Delivered per withdrawn energy")
    maximum_depth_of_discharge: PositiveFraction = Field(default=0.30, description="Deepest allowed discharge")
    start_charge: Fraction = Field(default=1.0, description="State of charge at t = 0")


class Compute(Table):
    """A computer: idle power plus utilization times the rest of its peak power, all of it electrical."""

    later: ClassVar[dict[str, str]] = {"throttle": "throttling by temperature"}

    name: Name | None = Field(default=None, description="Name, else the index addresses it")
    on: References = Field(description="Nodes or surfaces that take the heat")
    peak_power: PositivePower = Field(description="Power at utilization 1")
    idle_power: PositivePower = Field(default=0.0, description="Power at utilization 0")
    utilization: Annotated[Schedule, ScheduleOf(Measure(q.RATIO, least=0, most=1))] = Field(
        default=Schedule(over="constant", points=(0.0,), value=(1.0,)),
        description="Utilization 0 to 1, or a table over phase or time",
        json_schema_extra={"unit": "1"},
    )
