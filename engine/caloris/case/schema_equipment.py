"""The tables of equipment that moves or makes heat: heaters, louvers, thermoelectric coolers, heat pumps."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from caloris.case import quantity as q
from caloris.case.errors import shown
from caloris.case.schema_types import (
    Fraction,
    Measure,
    Name,
    PositiveFraction,
    References,
    Table,
    Temperature,
)

_Width = Annotated[float, Measure(q.TEMPERATURE_DIFFERENCE, above=0)]


def _celsius(kelvin: float) -> str:
    return f"{kelvin - 273.15:g} degC"


class HeaterControl(Table):
    """A thermostat with hysteresis, or a power in proportion: on at and below one temperature, off above another."""

    sensor: str = Field(description="Node, surface or cell whose temperature is measured")
    on_below: Temperature = Field(description="Temperature at which the heater goes on; proportional: full power")
    off_above: Temperature = Field(description="Temperature at which it goes off; proportional: no power")
    start: Literal["on", "off"] = Field(default="off", description="Position of the thermostat at t = 0")
    kind: Literal["thermostat", "proportional"] = Field(
        default="thermostat", description="Two positions with hysteresis, or a power that falls between the two"
    )

    @model_validator(mode="after")
    def _ordered(self) -> "HeaterControl":
        if not self.on_below < self.off_above:
            low, high = _celsius(self.on_below), _celsius(self.off_above)
            raise ValueError(f"on_below = {shown(low)} must be below off_above = {shown(high)}")
        return self


class Heater(Table):
    """An electrical heater; a total, spread like a load. Without control it is a [[load]]."""

    name: Name | None = Field(default=None, description="Name, else the index addresses it")
    on: References = Field(description="Nodes or surfaces that it heats")
    power: Annotated[float, Measure(q.POWER, above=0)] = Field(description="Power when on")
    control: HeaterControl = Field(description="What switches it")
    electrical: bool = Field(default=True, strict=True, description="Whether the bus supplies it")


class Louver(Table):
    """Blades over a radiator that a spring opens as it warms; the radiator's side under them is inactive."""

    name: Name | None = Field(default=None, description="Name, else the index addresses it")
    on: References = Field(description="Nodes or surfaces under the blades")
    sink: str = Field(description="Boundary node at the temperature that the blades radiate to")
    area: Annotated[float, Measure(q.AREA, above=0)] = Field(description="Area under the blades, in all")
    closed_emittance: Fraction = Field(description="Effective emittance of radiator and closed blades")
    open_emittance: Fraction = Field(description="Effective emittance of radiator and open blades")
    closed_below: Temperature = Field(description="Temperature below which they are closed")
    open_above: Temperature = Field(description="Temperature above which they are open")
    sensor: str | None = Field(default=None, description="Node that the springs feel; default: the radiator's own")

    @model_validator(mode="after")
    def _ordered(self) -> "Louver":
        if not self.closed_below < self.open_above:
            low, high = _celsius(self.closed_below), _celsius(self.open_above)
            raise ValueError(f"closed_below = {shown(low)} must be below open_above = {shown(high)}")
        if not self.closed_emittance < self.open_emittance:
            raise ValueError(
                f"closed_emittance = {self.closed_emittance:g} must be below open_emittance = {self.open_emittance:g}"
            )
        return self


class CoolerControl(Table):
    """A controller that drives a cooler harder as its sensor warms."""

    set_temperature: Temperature = Field(description="The cooler is off at and below it")
    band: _Width = Field(default=2.0, description="It is fully driven this much above the set temperature")
    sensor: str | None = Field(default=None, description="Node that is measured; default: the cold side")


class Thermoelectric(Table):
    """A Peltier module between two nodes, all couples together."""

    name: Name | None = Field(default=None, description="Name, else the index addresses it")
    cold: str = Field(description="Node, surface or cell on the cold side")
    hot: str = Field(description="Node, surface or cell on the hot side")
    seebeck: Annotated[float, Measure(q.SEEBECK, above=0)] = Field(description="Seebeck coefficient of the module")
    resistance: Annotated[float, Measure(q.RESISTANCE, above=0)] = Field(description="Electrical resistance")
    conductance: Annotated[float, Measure(q.CONDUCTANCE, least=0)] = Field(description="Thermal conductance")
    current: Annotated[float, Measure(q.CURRENT, least=0)] = Field(
        description="Current, or with control the largest current"
    )
    control: CoolerControl | None = Field(default=None, description="What sets the current; default: it is constant")
    electrical: bool = Field(default=True, strict=True, description="Whether the bus supplies it")


class HeatPump(Table):
    """A vapor-compression heat pump between two nodes."""

    name: Name | None = Field(default=None, description="Name, else the index addresses it")
    cold: str = Field(description="Node, surface or cell that heat is taken from")
    hot: str = Field(description="Node, surface or cell that it is brought to")
    carnot_fraction: PositiveFraction = Field(
        default=0.4, description="Coefficient of performance over Carnot's at the nodes' temperatures"
    )
    capacity: Annotated[float, Measure(q.POWER, above=0)] = Field(description="Most heat taken from the cold side")
    maximum_power: Annotated[float, Measure(q.POWER, above=0)] = Field(description="Most electrical power")
    minimum_lift: _Width = Field(default=5.0, description="Smallest lift that the coefficient of performance sees")
    control: CoolerControl = Field(description="What drives it")
    electrical: bool = Field(default=True, strict=True, description="Whether the bus supplies it")
