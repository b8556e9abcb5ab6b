"""The tables of heat pipes: [[heat_pipe]], of constant or variable conductance, and [[loop_heat_pipe]]."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from caloris.case import quantity as q
from caloris.case.schema_types import Measure, Name, PositiveLength, References, Table, Temperature

_Conductance = Annotated[float, Measure(q.CONDUCTANCE, above=0)]
_Power = Annotated[float, Measure(q.POWER, above=0)]
_Volume = Annotated[float, Measure(q.VOLUME, above=0)]


class _Pipe(Table):
    """What both kinds have in common: two ends, and the resistance between them."""

    name: Name | None = Field(default=None, description="Name, else the index addresses it")
    between: tuple[References, References] = Field(description="Evaporator and condenser: nodes, surfaces, cells")
    conductance: _Conductance = Field(description="From the evaporator's wall to the condenser's, when fully open")
    evaporator_conductance: _Conductance | None = Field(
        default=None,
        description="Evaporator's wall to vapor; of several nodes by default 2.5 times the whole",
    )
    condenser_conductance: _Conductance | None = Field(
        default=None,
        description="Vapor to condenser's wall; of several nodes by default 2.5 times the whole",
    )

    @model_validator(mode="after")
    def _in_series(self) -> "_Pipe":
        films = [one for one in (self.evaporator_conductance, self.condenser_conductance) if one is not None]
        if films and sum(1.0 / one for one in films) >= (1.0 - 1e-9) / self.conductance:
            words = " and ".join(f"{one:g} W/K" for one in films)
            raise ValueError(
                f"{words} in series carry no more than conductance = {self.conductance:g} W/K, of which they are a part"
            )
        return self


class Reservoir(Table):
    """The gas of a variable-conductance heat pipe and where it stays."""

    node: str = Field(description="Node of the reservoir; its own links hold its temperature")
    fluid: Literal["ammonia", "water"] = Field(default="ammonia", description="Working fluid")
    gas: Annotated[float, Measure(q.AMOUNT, above=0)] = Field(description="Amount of non-condensable gas")
    volume: _Volume = Field(description="Volume of the reservoir")
    condenser_volume: _Volume = Field(description="Volume of the condenser's vapor space")


class HeatPipe(_Pipe):
    """A heat pipe; either end may be the warmer one. With a reservoir its conductance varies."""

    wall_conductance: Annotated[float, Measure(q.CONDUCTANCE, least=0)] = Field(
        default=0.0, description="Along the container, beside the vapor"
    )
    maximum_transport: Annotated[float, Measure(q.POWER_TIMES_LENGTH, above=0)] | None = Field(
        default=None, description="Power times effective length that the wick carries"
    )
    effective_length: PositiveLength | None = Field(
        default=None, description="Adiabatic length and half of evaporator and condenser; with maximum_transport"
    )
    maximum_power: _Power | None = Field(default=None, description="The limit itself, instead of the two")
    reservoir: Reservoir | None = Field(default=None, description="Makes it a variable-conductance heat pipe")

    @model_validator(mode="after")
    def _limited(self) -> "HeatPipe":
        if (self.maximum_transport is None) != (self.effective_length is None):
            missing = "effective_length" if self.effective_length is None else "maximum_transport"
            raise ValueError(f"{missing} is missing: the limit is maximum_transport over effective_length")
        if self.maximum_transport is not None and self.maximum_power is not None:
            raise ValueError("maximum_power and maximum_transport are both given; give one of the two")
        return self

    @property
    def limit(self) -> float | None:
        """Most power that the wick carries (W)."""
        if self.maximum_transport is None or self.effective_length is None:
            return self.maximum_power
        return self.maximum_transport / self.effective_length


class LoopHeatPipe(_Pipe):
    """A loop heat pipe: it carries heat one way and opens where its evaporator is above the set point."""

    shut_conductance: Annotated[float, Measure(q.CONDUCTANCE, least=0)] = Field(
        default=0.0, description="Of lines and leaks, both ways"
    )
    set_point: Temperature = Field(description="Evaporator's temperature above which it opens")
    band: Annotated[float, Measure(q.TEMPERATURE_DIFFERENCE, above=0)] = Field(
        default=2.0, description="Range over which it opens fully"
    )
    maximum_power: _Power = Field(description="Most heat that it carries")

    @property
    def limit(self) -> float:
        """Most power that it carries (W)."""
        return self.maximum_power
