"""The tables of fluid loops: [[loop]] with pump, accumulator and set point, and [[loop.pipe]] in the order of flow."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from caloris.case import quantity as q
from caloris.case.address import is_layer_word
from caloris.case.errors import shown
from caloris.case.schema_types import (
    Fraction,
    Measure,
    Name,
    PositiveFraction,
    PositiveLength,
    Table,
    Temperature,
    Whole,
)
from caloris_kernels.fluid.convection import CORRELATIONS
from caloris_kernels.fluid.library import GLYCOL_FRACTIONS, TWO_PHASE

_COEFFICIENT = Measure(q.CONDUCTANCE_PER_AREA, above=0)
_Pressure = Annotated[float, Measure(q.PRESSURE, above=0)]


def _heat_transfer(value: object) -> object:
    """A named correlation, or a coefficient (W m-2 K-1)."""
    if not isinstance(value, str) or value.lstrip("+-. ")[:1].isdigit():
        return _COEFFICIENT.parse(value)
    if value not in CORRELATIONS:
        allowed = ", ".join(f'"{name}"' for name in CORRELATIONS)
        raise ValueError(f'{shown(value)} is not known; allowed: {allowed}, or a coefficient as "1500 W/m^2/K"')
    return value


def _in_order(value: object) -> object:
    """Parts in the order of flow: each a name, or a list of names side by side."""
    if not isinstance(value, list | tuple):
        return [[value]]
    return [one if isinstance(one, list | tuple) else [one] for one in value]


Walls = Annotated[
    tuple[Annotated[tuple[str, ...], Field(min_length=1)], ...], BeforeValidator(_in_order), Field(min_length=1)
]
"""Surfaces, cells or nodes in the order of flow; those of an inner list lie side by side and share the tubes."""

HeatTransfer = Annotated[str | float, BeforeValidator(_heat_transfer)]


class Pump(Table):
    """The pump of a loop: its curve, or no more than its efficiency where mass_flow is given."""

    flow: tuple[Annotated[float, Measure(q.VOLUME_FLOW, least=0)], ...] | None = Field(
        default=None, description="Volume flows of the points of its curve, increasing"
    )
    head: tuple[Annotated[float, Measure(q.LENGTH, least=0)], ...] | None = Field(
        default=None, description="Head at these flows, in meters of the liquid under standard gravity"
    )
    efficiency: PositiveFraction = Field(default=0.4, description="Hydraulic power over electrical power")
    electrical: bool = Field(default=True, strict=True, description="Whether the bus supplies it")

    @model_validator(mode="after")
    def _a_curve(self) -> "Pump":
        if (self.flow is None) != (self.head is None):
            raise ValueError("a curve needs both flow and head")
        if self.flow is None or self.head is None:
            return self
        if len(self.flow) != len(self.head) or len(self.flow) < 2:
            raise ValueError("flow and head must be lists of the same length, of 2 points at least")
        if any(b <= a for a, b in zip(self.flow, self.flow[1:], strict=False)):
            raise ValueError("flow must increase from entry to entry")
        if any(b > a for a, b in zip(self.head, self.head[1:], strict=False)) or self.head[0] <= self.head[-1]:
            raise ValueError("head must fall with the flow, or the point of operation is not one")
        return self

    @property
    def has_curve(self) -> bool:
        """Whether the flow answers to the pressure."""
        return self.flow is not None


class Accumulator(Table):
    """What holds the saturation temperature of a two-phase loop: one of the three."""

    temperature: Temperature | None = Field(default=None, description="Saturation temperature that it holds")
    pressure: _Pressure | None = Field(default=None, description="Saturation pressure that it holds")
    node: str | None = Field(default=None, description="Node at the saturation temperature, by its own heat balance")

    @model_validator(mode="after")
    def _one(self) -> "Accumulator":
        given = [key for key in ("temperature", "pressure", "node") if getattr(self, key) is not None]
        if len(given) != 1:
            said = f"{' and '.join(given)} given" if given else "nothing given"
            raise ValueError(f"{said}; an accumulator needs one of temperature, pressure, node")
        return self


class SetPoint(Table):
    """A three-way valve that holds a temperature: it divides the flow between two branches."""

    sensor: str = Field(description="Pipe of this loop (the fluid at its outlet), or a node, surface or cell")
    temperature: Temperature = Field(description="Temperature that it holds")
    by: str = Field(default="bypass", description="Branch whose share of the flow the valve sets")
    opens: Literal["when cold", "when warm"] = Field(
        default="when cold", description="Whether the branch is given more flow when the sensor is too cold or too warm"
    )
    band: Annotated[float, Measure(q.TEMPERATURE_DIFFERENCE, above=0)] = Field(
        default=2.0, description="Range of the sensor over which the valve goes from one stop to the other"
    )
    kind: Literal["integral", "proportional"] = Field(
        default="integral", description="Moves until the sensor is at its set point, or stands in proportion to it"
    )
    time: Annotated[float, Measure(q.TIME, least=0)] | None = Field(
        default=None, description="Time in which it crosses the band's error; default: 60 s, proportional: 0"
    )
    leak: Annotated[float, Measure(q.RATIO, above=0, most=0.2)] = Field(
        default=0.001, description="Part of the flow that either branch keeps at a stop"
    )

    @property
    def seconds(self) -> float:
        """The time constant of the valve (s)."""
        return (60.0 if self.kind == "integral" else 0.0) if self.time is None else self.time

    @model_validator(mode="after")
    def _moves(self) -> "SetPoint":
        if self.kind == "integral" and self.time == 0.0:
            raise ValueError("time = 0 s: an integral valve needs a time above 0")
        return self


class Pipe(Table):
    """A length of round tubes side by side, cut into cells along the flow."""

    name: Name = Field(description="Name among the pipes of the loop")
    on: Walls | None = Field(
        default=None, description="What its wall is, in the order of flow; an inner list is side by side; or insulated"
    )
    along: Literal["u", "v"] = Field(default="u", description="Direction of the tubes on a divided surface")
    reverse: bool = Field(default=False, strict=True, description="Whether they run against that direction")
    length: PositiveLength = Field(description="Length of each tube")
    diameter: PositiveLength = Field(description="Inner (hydraulic) diameter")
    parallel: Annotated[int, Whole(1)] = Field(default=1, description="Number of tubes that share the flow")
    cells: Annotated[int, Whole(1, 2000)] | None = Field(
        default=None, description="Cells along it; default: 8 at least, a multiple of the wall's; insulated: 1"
    )
    roughness: Annotated[float, Measure(q.LENGTH, least=0)] = Field(default=1.5e-6, description="Of the tube's wall")
    loss_coefficient: Annotated[float, Measure(q.RATIO, least=0)] = Field(
        default=0.0, description="Bends, valves, inlets and outlets of each tube: loss over its dynamic pressure"
    )
    heat_transfer: HeatTransfer = Field(
        default="all regimes", description="A named correlation, or a coefficient over the tubes' inner area"
    )
    dryout: Annotated[float, Measure(q.RATIO, above=0, below=1)] = Field(
        default=0.8, description="Quality beyond which a heated wall dries, in a two-phase loop"
    )
    branch: Name | None = Field(
        default=None, description="Branch that it is part of: branches of pipes that follow each other are in parallel"
    )
    start_temperature: Temperature | None = Field(default=None, description="At t = 0, before that of loop and [run]")

    @model_validator(mode="after")
    def _named(self) -> "Pipe":
        for key in ("name", "branch"):
            value = getattr(self, key)
            if value is not None and (is_layer_word(value) or value == "accumulator"):
                raise ValueError(f'{key} = "{value}" has a meaning of its own in addresses; choose another name')
        if self.on is None and (given := {"along", "reverse", "heat_transfer", "dryout"} & self.model_fields_set):
            raise ValueError(f"{', '.join(sorted(given))} without on: an insulated pipe exchanges no heat")
        return self


class Loop(Table):
    """A pumped loop of liquid, or with an accumulator of liquid and vapor. The last pipe returns to the first."""

    name: Name = Field(description="Name among the surfaces, nodes and loops")
    fluid: Literal["ammonia", "water", "propylene glycol", "HFE-7100"] = Field(description="What flows in it")
    mass_fraction: Fraction | None = Field(default=None, description="Of propylene glycol in water")
    mass_flow: Annotated[float, Measure(q.MASS_FLOW, above=0)] | None = Field(
        default=None, description="Flow that the pump holds; or pump with a curve"
    )
    pump: Pump = Field(default=Pump(), description="Curve and efficiency; it stands before the first pipe")
    pressure: _Pressure | None = Field(
        default=None, description="Of the accumulator at the pump's inlet: what boiling is judged by"
    )
    accumulator: Accumulator | None = Field(default=None, description="Makes it a two-phase loop")
    setpoint: SetPoint | None = Field(default=None, description="Three-way valve that holds a temperature")
    start_temperature: Temperature | None = Field(default=None, description="At t = 0, before that of [run]")
    pipe: tuple[Pipe, ...] = Field(min_length=1, description="In the order of flow; the last returns to the first")

    @property
    def is_two_phase(self) -> bool:
        """Whether it holds liquid and vapor."""
        return self.accumulator is not None

    @model_validator(mode="after")
    def _consistent(self) -> "Loop":
        low, high = GLYCOL_FRACTIONS
        mixed = self.fluid == "propylene glycol"
        if mixed and (self.mass_fraction is None or not low <= self.mass_fraction <= high):
            raise ValueError(f"mass_fraction: propylene glycol needs its part of the mass, {low} to {high}")
        if not mixed and self.mass_fraction is not None:
            raise ValueError(f"mass_fraction: {self.fluid} is no mixture")
        if (self.mass_flow is None) != self.pump.has_curve:
            said = "both given" if self.pump.has_curve else "both missing"
            raise ValueError(f"mass_flow and pump with flow and head are {said}; a loop needs one of the two")
        if self.is_two_phase:
            self._two_phase()
        names = [pipe.name for pipe in self.pipe]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f'two pipes are named "{name}"; names must differ within a loop')
        return self

    def _two_phase(self) -> None:
        if self.fluid not in TWO_PHASE:
            raise ValueError(f"accumulator: two phases are known of {' and '.join(TWO_PHASE)}, not of {self.fluid}")
        if self.pressure is not None:
            raise ValueError("pressure: of a two-phase loop it follows from the accumulator; remove one of the two")
        if self.pump.has_curve:
            raise ValueError("pump: a two-phase loop needs mass_flow, without a curve")
        if self.setpoint is not None:
            raise ValueError("setpoint: a two-phase loop is held at a temperature by its accumulator alone")
        for k, pipe in enumerate(self.pipe):
            if "heat_transfer" in pipe.model_fields_set:
                raise ValueError(f"pipe/{k}/heat_transfer: in a two-phase loop it follows from the state of the flow")
