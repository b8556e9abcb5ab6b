"""The tables of dissipation and electrical power: loads, solar arrays, batteries, computers."""

from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from caloris.case import quantity as q
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
        description="Remaining fraction of the efficiency",
        json_schema_extra={"unit": "1"},
    )


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
