"""The kinds of values a case file holds, as pydantic types: quantities, directions, tables of what varies.

Every table of the case is a frozen `Table`; its fields carry a description and, in the JSON schema, the unit.
Validation turns text into plain floats in the unit of the field's `Kind`, so nothing behind it sees a unit.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, model_validator
from pydantic_core import core_schema

from caloris.case import quantity as q
from caloris.case.errors import nearest, shown
from caloris.case.quantity import Kind, QuantityError, in_display_unit, parse_quantity

Vector = tuple[float, float, float]


class Table(BaseModel):
    """A table of the case file: frozen, unknown keys refused; `later` names keys that are not supported yet."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
    later: ClassVar[dict[str, str]] = {}


class Rule:
    """A rule that turns a raw value into a checked one; stands in `Annotated` beside the resulting type."""

    def parse(self, value: object, info: ValidationInfo) -> Any:
        """The checked value; ValueError says what is allowed."""
        raise NotImplementedError

    def describe(self) -> dict[str, Any]:
        """What stands in the JSON schema: accepted types, unit, range."""
        raise NotImplementedError

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        """Pydantic's hook: `parse` alone validates."""
        return core_schema.with_info_plain_validator_function(self.parse)

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        """Pydantic's hook for the documentation."""
        return self.describe()


@dataclass(frozen=True)
class Measure(Rule):
    """A quantity of one kind within a range. Limits are in the kind's display unit (degrees for angles)."""

    kind: Kind
    above: float | None = None
    least: float | None = None
    below: float | None = None
    most: float | None = None

    def range_text(self) -> str:
        """The allowed range in words, with its unit."""
        unit = self.kind.display or self.kind.unit
        unit = "" if unit == "dimensionless" else f" {unit}"
        words = [("above", self.above), ("at least", self.least), ("below", self.below), ("at most", self.most)]
        return " and ".join(f"{word} {limit:g}{unit}" for word, limit in words if limit is not None)

    def parse(self, value: object, info: ValidationInfo | None = None) -> float:
        """Text or number to a float in the kept unit; QuantityError when outside the range."""
        context = {} if info is None else info.context or {}
        result = parse_quantity(value, self.kind, context.get("period"))
        stated = in_display_unit(result, self.kind)
        slack = 1e-12 * abs(stated)  # "90 deg" is 90 deg, whatever the conversion rounds to
        if (
            (self.above is not None and not stated > self.above)
            or (self.least is not None and not stated >= self.least - slack)
            or (self.below is not None and not stated < self.below)
            or (self.most is not None and not stated <= self.most + slack)
        ):
            bare = isinstance(value, int | float) and self.kind is not q.RATIO
            hint = f' (a bare number is in {self.kind.bare or self.kind.unit}; write for example "{self.kind.example}")'
            raise QuantityError(f"{shown(value)} is out of range: must be {self.range_text()}{hint if bare else ''}")
        return result

    def describe(self) -> dict[str, Any]:
        """Types and unit for the JSON schema."""
        unit = "1" if self.kind.unit == "dimensionless" else self.kind.unit
        result: dict[str, Any] = {"type": ["string", "number"], "unit": unit, "examples": [self.kind.example]}
        if text := self.range_text():
            result["range"] = text
        return result


Length = Annotated[float, Measure(q.LENGTH)]
PositiveLength = Annotated[float, Measure(q.LENGTH, above=0)]
Position = tuple[Length, Length, Length]
Time = Annotated[float, Measure(q.TIME)]
PositiveTime = Annotated[float, Measure(q.TIME, above=0)]
Angle = Annotated[float, Measure(q.ANGLE, least=-360, most=360)]
Temperature = Annotated[float, Measure(q.TEMPERATURE, above=0, most=1e5)]
TemperatureDifference = Annotated[float, Measure(q.TEMPERATURE_DIFFERENCE, least=0)]
Power = Annotated[float, Measure(q.POWER)]
PositivePower = Annotated[float, Measure(q.POWER, least=0)]
HeatCapacity = Annotated[float, Measure(q.HEAT_CAPACITY, least=0)]
Fraction = Annotated[float, Measure(q.RATIO, least=0, most=1)]
PositiveFraction = Annotated[float, Measure(q.RATIO, above=0, most=1)]


@dataclass(frozen=True)
class Whole(Rule):
    """A whole number within a range; `8e10` is one too."""

    least: int
    most: int | None = None

    def parse(self, value: object, info: ValidationInfo | None = None) -> int:
        """Int or integral float to int; ValueError otherwise."""
        limit = f" and at most {self.most}" if self.most is not None else ""
        number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e18
        if not number or int(value) != value or value < self.least or (self.most is not None and value > self.most):  # type: ignore[call-overload]
            raise ValueError(f"{shown(value)} is out of range: must be a whole number, at least {self.least}{limit}")
        return int(value)  # type: ignore[call-overload]

    def describe(self) -> dict[str, Any]:
        """Types and unit for the JSON schema."""
        return {"type": "integer", "minimum": self.least}


_AXES: dict[str, Vector] = {
    sign + axis: tuple(value * (part == axis) for part in "xyz")  # type: ignore[misc]
    for sign, value in (("", 1.0), ("+", 1.0), ("-", -1.0))
    for axis in "xyz"
}


def _direction(value: object) -> Vector:
    """A unit vector from an axis name or three numbers (or three lengths: only their ratio counts)."""
    if isinstance(value, str):
        if value.lower() not in _AXES:
            raise ValueError(f"{shown(value)} is not a direction; allowed: +x -x +y -y +z -z or [x, y, z]")
        return _AXES[value.lower()]
    if not isinstance(value, list | tuple) or len(value) != 3:
        raise ValueError(f"{shown(value)} is not a direction; allowed: +x -x +y -y +z -z or [x, y, z]")
    kind = q.LENGTH if any(isinstance(part, str) for part in value) else q.RATIO
    parts = [parse_quantity(part, kind) for part in value]
    norm = math.hypot(*parts)
    if norm == 0.0:
        raise ValueError(f"{shown(value)} has no direction; at least one component must differ from 0")
    return (parts[0] / norm, parts[1] / norm, parts[2] / norm)


Direction = Annotated[Vector, BeforeValidator(_direction), Field(json_schema_extra={"unit": "1"})]
"""A unit vector, written `"+z"` or `[x, y, z]`."""

TARGETS = ("nadir", "zenith", "sun", "velocity", "orbit-normal")
TargetName = Literal["nadir", "zenith", "sun", "velocity", "orbit-normal"]


@dataclass(frozen=True)
class _TargetRule(Rule):
    """Where something points: a named direction of the orbit, or an inertial vector (made a unit vector)."""

    def parse(self, value: object, info: ValidationInfo | None = None) -> str | Vector:
        if isinstance(value, str):
            if value not in TARGETS:
                raise ValueError(
                    f"{shown(value)} is not a target; allowed: {', '.join(TARGETS)} or [x, y, z] in the inertial frame"
                    + (hint if "nearest" in (hint := nearest(value, TARGETS)) else "")
                )
            return value
        return _direction(value)

    def describe(self) -> dict[str, Any]:
        """Types and unit for the JSON schema."""
        return {"type": ["string", "array"], "enum": list(TARGETS), "unit": "1"}


Target = Annotated[TargetName | Vector, _TargetRule()]

_FORBIDDEN_IN_NAMES = "/[]."


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{shown(value)} is not a name; needs a text that is not empty")
    if any(character in _FORBIDDEN_IN_NAMES for character in value):
        raise ValueError(
            f"{shown(value)} is not a name; the characters / [ ] . address parts and are not allowed in names"
        )
    if value != value.strip() or value.isdigit() or not value.isprintable():
        raise ValueError(f"{shown(value)} is not a name; no blank at either end, not only digits")
    return value


Name = Annotated[str, BeforeValidator(_name)]


def listed_names(value: object) -> object:
    """A list of names; one name alone is a list of one."""
    return [value] if isinstance(value, str) else value


References = Annotated[tuple[str, ...], BeforeValidator(listed_names), Field(min_length=1)]
"""One name or a list of names of surfaces, cells or nodes, kept as a tuple."""


@dataclass(frozen=True)
class ExistingFile(Rule):
    """A file beside the case (or with an absolute path) that must exist; kept as an absolute Path."""

    suffixes: tuple[str, ...]

    def parse(self, value: object, info: ValidationInfo) -> Path:
        """Resolve against the folder of the case."""
        if not isinstance(value, str) or not value:
            raise ValueError(f"{shown(value)} is not a file name")
        path = (Path((info.context or {}).get("folder", ".")) / value).resolve()
        if path.suffix.lower() not in self.suffixes:
            raise ValueError(f"{shown(value)} is not a file of an allowed kind; allowed: {' '.join(self.suffixes)}")
        if not path.is_file():
            raise ValueError(f"the file {shown(value)} does not exist (looked for {path})")
        return path

    def describe(self) -> dict[str, Any]:
        """Types and unit for the JSON schema."""
        return {"type": "string", "suffixes": list(self.suffixes)}


class Exposure(Table):
    """What a surface has lived through: `{ time = "5 year", fluence = "1e15 1/cm^2" }`."""

    time: Annotated[float, Measure(q.TIME, least=0)] | None = Field(
        default=None, description="Time of exposure, in whatever hours the coatings' time_constant counts"
    )
    fluence: Annotated[float, Measure(q.FLUENCE, least=0)] | None = Field(
        default=None, description="Particles per area, of the kind that the coatings' fluence_constant counts"
    )

    @model_validator(mode="after")
    def _not_empty(self) -> "Exposure":
        if self.time is None and self.fluence is None:
            raise ValueError("an exposure needs time or fluence (or both)")
        return self


Life = float | Exposure
"""The point of life: 0 (beginning) to 1 (end), or an exposure."""


class AgeingTable(Table):
    """How what has a beginning and an end gets from one to the other under an exposure."""

    time_constant: PositiveTime | None = Field(
        default=None, description="Time after which 1 - 1/e of the change is done"
    )
    fluence_constant: Annotated[float, Measure(q.FLUENCE, above=0)] | None = Field(
        default=None, description="Fluence after which 1 - 1/e of the change is done"
    )
    exponent: Annotated[float, Measure(q.RATIO, above=0, most=10)] = Field(
        default=1.0, description="Exponent of the exposure over its constant"
    )

    @property
    def changes(self) -> bool:
        """Whether the end differs from the beginning."""
        raise NotImplementedError

    def progress(self, life: Life) -> float:
        """How much of the change is done at `life`, 0 to 1."""
        if not isinstance(life, Exposure):
            return life
        pairs = ((life.time, self.time_constant), (life.fluence, self.fluence_constant))
        dose = sum((spent / constant) ** self.exponent for spent, constant in pairs if spent and constant)
        return -math.expm1(-dose)


class LifeFraction(AgeingTable):
    """A fraction that changes over the mission: a number, or `{ beginning = 0.15, end = 0.25 }`."""

    beginning: Fraction = Field(description="Value at the beginning of life")
    end: Fraction = Field(description="Value at the end of life")

    @model_validator(mode="before")
    @classmethod
    def _from_number(cls, value: Any) -> Any:
        return value if isinstance(value, dict | LifeFraction) else {"beginning": value, "end": value}

    @property
    def changes(self) -> bool:
        """Whether the end differs from the beginning."""
        return self.beginning != self.end

    def at(self, life: Life) -> float:
        """The value at `life`; linear in a number from 0 (beginning) to 1 (end)."""
        return self.beginning + self.progress(life) * (self.end - self.beginning)


Between = Literal["step", "linear"]


class Schedule(Table):
    """What varies: a constant, or a table over orbital phase (it wraps) or over time (it holds its ends).

    The validated `points` are phases (-) or times (s); a constant has `over = "constant"` and one point.
    In the file: `{ phase = [0.0, 0.4], value = ["5 W", "9 W"], between = "step" }`, or one value.
    """

    later: ClassVar[dict[str, str]] = {"temperature": "a table over temperature"}
    over: Literal["constant", "phase", "time"]
    points: tuple[float, ...]
    value: tuple[float, ...]
    between: Between = "step"

    @property
    def is_constant(self) -> bool:
        """Whether one value holds throughout."""
        return self.over == "constant"

    @property
    def start(self) -> float:
        """Value at phase or time 0."""
        points, value = list(self.points), list(self.value)
        if self.over == "phase" and points[0] > 0.0:  # the table wraps: its last value comes before its first
            points, value = [points[-1] - 1.0, *points], [value[-1], *value]
        if self.between == "linear":
            return float(np.interp(0.0, points, value))
        return value[max(sum(point <= 0.0 for point in points) - 1, 0)]


def stated_start(temperature: float | Schedule | None, start_temperature: float | None) -> float | None:
    """Temperature (K) at the start of a run: the given one, of a table its first, else the start temperature."""
    if temperature is None:
        return start_temperature
    return temperature.start if isinstance(temperature, Schedule) else temperature


@dataclass(frozen=True)
class ScheduleOf(Rule):
    """The rule that reads a Schedule whose values are quantities of one kind and range."""

    measure: Measure
    allow_time: bool = True

    def parse(self, value: object, info: ValidationInfo) -> Schedule:
        """A value or a table to a Schedule; ValueError says which entry is wrong."""
        if isinstance(value, Schedule):
            return value
        if not isinstance(value, dict):
            return Schedule(over="constant", points=(0.0,), value=(self.measure.parse(value, info),))
        if "temperature" in value:
            raise ValueError("a table over temperature is not supported yet; allowed: phase or time")
        over = [key for key in ("phase", "time") if key in value]
        allowed = ("phase", "time", "value", "between") if self.allow_time else ("phase", "value", "between")
        unknown = [key for key in value if key not in allowed]
        if unknown:
            raise ValueError(f'unknown key "{unknown[0]}" in a table; allowed: {", ".join(allowed)}')
        if len(over) != 1 or "value" not in value:
            raise ValueError(f"a table needs {' or '.join(allowed[:-2])} and value, lists of the same length")
        between = value.get("between", "step")
        if between not in ("step", "linear"):
            raise ValueError(f"between = {shown(between)} is not known; allowed: step, linear")
        points, values = value[over[0]], value["value"]
        if not isinstance(points, list) or not isinstance(values, list) or not points or len(points) != len(values):
            raise ValueError(f"{over[0]} and value must be lists of the same length, not empty; got {shown(value)}")
        rule = Measure(q.RATIO, least=0, below=1) if over[0] == "phase" else Measure(q.TIME)
        kept = tuple(self._entry(rule, point, f"{over[0]}/{k}", info) for k, point in enumerate(points))
        if any(later <= earlier for earlier, later in zip(kept, kept[1:], strict=False)):
            raise ValueError(f"{over[0]} = {shown(points)} must increase from entry to entry")
        numbers = tuple(self._entry(self.measure, entry, f"value/{k}", info) for k, entry in enumerate(values))
        return Schedule(over=over[0], points=kept, value=numbers, between=between)  # type: ignore[arg-type]

    def _entry(self, rule: Measure, value: object, place: str, info: ValidationInfo) -> float:
        try:
            return rule.parse(value, info)
        except ValueError as error:
            raise ValueError(f"{place}: {error}") from None

    def describe(self) -> dict[str, Any]:
        """Types and unit for the JSON schema."""
        return {"type": ["string", "number", "object"], "unit": self.measure.kind.unit, "table": "phase or time"}


@dataclass(frozen=True)
class NumberOrSchedule(ScheduleOf):
    """The same where one value is the rule: a float, or a Schedule for a table."""

    def parse(self, value: object, info: ValidationInfo) -> float | Schedule:  # pyright: ignore[reportIncompatibleMethodOverride]
        """A value to a float, a table to a Schedule."""
        found = super().parse(value, info)
        return found.value[0] if found.is_constant else found
