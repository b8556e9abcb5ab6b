"""The tables [[limit]], [margins], [[variant]] and [run]: what is judged, and how the case is solved."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from caloris.case import quantity as q
from caloris.case.errors import shown
from caloris.case.schema_types import (
    ExistingFile,
    Exposure,
    Measure,
    Name,
    PositiveTime,
    References,
    Table,
    Temperature,
    TemperatureDifference,
    Whole,
    listed_names,
)

TemperatureRange = tuple[Temperature, Temperature]


class Limit(Table):
    """Allowed temperatures of parts, and the margins kept to them; a margin that is absent is that of [margins]."""

    name: Name | None = Field(default=None, description="Name, else the index addresses it")
    of: References = Field(description="Node, surface, cell, or a list of them")
    operating: TemperatureRange = Field(description="Lowest and highest temperature while it operates")
    non_operating: TemperatureRange | None = Field(
        default=None, description="Lowest and highest temperature while it is off; [run] non_operating says when"
    )
    uncertainty: TemperatureDifference | None = Field(default=None, description="Uncertainty of the calculation")
    acceptance: TemperatureDifference | None = Field(default=None, description="Acceptance margin")
    qualification: TemperatureDifference | None = Field(default=None, description="Qualification margin")


class Margins(Table):
    """Margins of every [[limit]] that does not state its own; without this table they are 0 K.

    Between what is calculated and what a unit is qualified for stand, in this order, the uncertainty of the
    calculation (the predicted range), the acceptance margin and the qualification margin (ECSS-E-ST-31C, clause 3:
    calculated, predicted, acceptance and qualification temperature range). The standard leaves the numbers to the
    project. The defaults here are those of a first design: 15 K before any test, which falls to 5 to 8 K once the
    model is correlated with a thermal balance test, and 5 K each for acceptance and qualification.
    """

    uncertainty: TemperatureDifference = Field(default=15.0, description="Uncertainty of the calculation")
    acceptance: TemperatureDifference = Field(default=5.0, description="Acceptance margin")
    qualification: TemperatureDifference = Field(default=5.0, description="Qualification margin")


class Variant(Table):
    """The case once more with some of its values changed: hot, cold, old, with a unit off."""

    name: Name = Field(description="Name among the variants")
    set: dict[str, Any] = Field(
        description='Changed values by their path, { "orbit/beta" = "65 deg", "run/life" = "end" }'
    )


class AtPhase(Table):
    """One moment of the orbit for a steady run: `{ phase = 0.25 }`."""

    phase: Annotated[float, Measure(q.RATIO, least=0, below=1)] = Field(description="Phase of the orbit")


def _life(value: object, info: Any) -> float:
    named = {"beginning": 0.0, "end": 1.0}
    if isinstance(value, str) and value in named:
        return named[value]
    try:
        return Measure(q.RATIO, least=0, most=1).parse(value, info)
    except ValueError:
        allowed = '"beginning", "end", a number from 0 to 1 or { time = ..., fluence = ... }'
        raise ValueError(f"{shown(value)} is not a life; allowed: {allowed}") from None


def _life_form(value: object) -> str:
    return "exposure" if isinstance(value, dict | Exposure) else "number"


def _at(value: object) -> object:
    if value == "mean" or isinstance(value, dict | AtPhase):
        return value
    raise ValueError(f'{shown(value)} is not a moment; allowed: "mean" or {{ phase = 0.25 }}')


class Run(Table):
    """What is solved and how finely."""

    mode: Literal["steady", "transient", "cyclic"] = Field(description="Steady state, transient, or the periodic orbit")
    duration: PositiveTime | None = Field(default=None, description="End of a transient run")
    at: Annotated[Literal["mean"] | AtPhase, BeforeValidator(_at)] = Field(
        default="mean", description='Loads of a steady run: "mean" over the orbit, or at one phase'
    )
    start_temperature: Temperature = Field(
        default=293.15, description="Temperature at t = 0 where nothing else says so"
    )
    output_every: PositiveTime = Field(default=60.0, description="Interval of the written times")
    temperature_tolerance: Annotated[float, Measure(q.TEMPERATURE_DIFFERENCE, above=0, most=10)] = Field(
        default=1e-3, description="Tolerance of temperatures"
    )
    view_factor_tolerance: Annotated[float, Measure(q.RATIO, above=0, most=0.1)] = Field(
        default=5e-4, description="Tolerance of view factors"
    )
    view_factors: Annotated[Path, ExistingFile((".h5", ".hdf5", ".csv"))] | None = Field(
        default=None, description="View factors from a file, not from the geometry: HDF5 or CSV"
    )
    joint_states: Annotated[int, Whole(least=2, most=1000)] = Field(
        default=12, description="Poses at which exchange factors of moving bodies are computed"
    )
    life: Annotated[
        Annotated[float, BeforeValidator(_life), Tag("number")] | Annotated[Exposure, Tag("exposure")],
        Discriminator(_life_form),
    ] = Field(
        default=0.0,
        description='"beginning", "end" or 0 to 1, kept as a number; or an exposure in time and fluence',
        json_schema_extra={"unit": "1"},
    )
    non_operating: Annotated[tuple[str, ...], BeforeValidator(listed_names)] = Field(
        default=(), description="Parts that are off: their [[limit]]s judge them by the non-operating range"
    )
    seed: Annotated[int, Whole(least=0, most=2**31 - 1)] = Field(default=0, description="Seed of random numbers")
