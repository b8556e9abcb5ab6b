"""The tables of what the spacecraft is made of: bodies, coatings, nodes and the conductors between them."""

import math
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from caloris.case import quantity as q
from caloris.case.schema_coating import CoatingFraction, Cover, without_temperature
from caloris.case.schema_types import (
    Angle,
    Direction,
    HeatCapacity,
    Measure,
    Name,
    NumberOrSchedule,
    Position,
    Schedule,
    ScheduleOf,
    Table,
    Target,
    Temperature,
)


class Orientation(Table):
    """A fixed rotation of a body against its parent: `{ axis = "+y", angle = "20 deg" }`."""

    axis: Direction = Field(description="Rotation axis in the parent's frame")
    angle: Angle = Field(description="Rotation angle, right-handed")


class Joint(Table):
    """One rotation axis: tracking (`point` and `toward`), a fixed angle, or an angle over phase."""

    axis: Direction = Field(description="Rotation axis in the parent's frame, through the body's origin")
    point: Direction | None = Field(
        default=None, description="Body axis that is turned as near as possible to `toward`"
    )
    toward: Target | None = Field(default=None, description="What the joint tracks")
    angle: Annotated[Schedule, ScheduleOf(Measure(q.ANGLE, least=-360, most=360), allow_time=False)] | None = Field(
        default=None, description="Joint angle, fixed or over phase, instead of tracking"
    )
    range: tuple[Angle, Angle] = Field(default=(-math.pi, math.pi), description="Lowest and highest joint angle")

    @property
    def is_tracking(self) -> bool:
        """Whether the joint follows a target."""
        return self.toward is not None


class Body(Table):
    """A rigid group of surfaces with its own frame; the bus is the root and needs no table."""

    name: Name = Field(description="Name among the bodies")
    parent: str = Field(default="bus", description="Body that carries it")
    origin: Position = Field(default=(0.0, 0.0, 0.0), description="Origin in the parent's frame")
    joint: Joint | None = Field(default=None, description="Rotation axis")
    orientation: Orientation | None = Field(default=None, description="Fixed rotation")


_NONE = CoatingFraction(beginning=0.0, end=0.0)
_Share = Annotated[CoatingFraction, AfterValidator(without_temperature)]


class Coating(Table):
    """Thermo-optical properties of a side, gray in each solar and each infrared band; diffuse where not specular."""

    name: Name = Field(description="Name among the coatings")
    solar_absorptance: Annotated[CoatingFraction, AfterValidator(without_temperature)] = Field(
        description="Absorbed fraction of sunlight, under a cover at normal incidence: a number, by life, or a list "
        "by solar band",
        json_schema_extra={"unit": "1"},
    )
    infrared_emittance: CoatingFraction = Field(
        description="Hemispherical infrared emittance: a number, by life, by infrared band, or over temperature",
        json_schema_extra={"unit": "1"},
    )
    solar_specularity: _Share = Field(
        default=_NONE,
        description="Mirror-like share of the solar reflectance 1 - absorptance - transmittance",
        json_schema_extra={"unit": "1"},
    )
    infrared_specularity: _Share = Field(
        default=_NONE,
        description="Mirror-like share of the infrared reflectance 1 - emittance - transmittance",
        json_schema_extra={"unit": "1"},
    )
    solar_transmittance: _Share = Field(
        default=_NONE,
        description="Fraction of sunlight that goes straight through the sheet; the same on both sides",
        json_schema_extra={"unit": "1"},
    )
    infrared_transmittance: _Share = Field(
        default=_NONE,
        description="Fraction of thermal radiation that goes straight through the sheet; the same on both sides",
        json_schema_extra={"unit": "1"},
    )
    cover: Cover | None = Field(
        default=None, description="Transparent cover, with which the solar absorptance depends on the angle"
    )


class Node(Table):
    """A thermal node without a surface: electronics, coolant, battery."""

    name: Name = Field(description="Name among the surfaces and nodes")
    heat_capacity: HeatCapacity | None = Field(default=None, description="Heat capacity; 0 makes an algebraic node")
    material: str | None = Field(default=None, description="What it is made of; with mass, instead of heat_capacity")
    mass: Annotated[float, Measure(q.MASS, above=0)] | None = Field(default=None, description="Mass; with material")
    temperature: Annotated[float | Schedule, NumberOrSchedule(Measure(q.TEMPERATURE, above=0, most=1e5))] | None = (
        Field(
            default=None,
            description="Fixed temperature, or a table over phase or time: makes the node a boundary",
            json_schema_extra={"unit": "K"},
        )
    )
    start_temperature: Temperature | None = Field(
        default=None, description="Temperature at t = 0, before that of [run]"
    )


LINK_KINDS = ("conductance", "radiative_area", "capacity_rate")


class Link(Table):
    """A coupling of one kind between two nodes, cells or surfaces; a total, spread by area over cells.

    Into the second end b flows, from the first a: by a conductance G (T_a - T_b), by a radiative area
    R sigma (T_a^4 - T_b^4), and the same out of the first. A stream of capacity rate w (mass flow times specific heat)
    brings w (T_a - T_b) to the second and takes nothing from the first: it is one way.
    """

    name: Name | None = Field(default=None, description="Name, else the index addresses it")
    between: tuple[str, str] = Field(description="The two ends; a stream flows from the first to the second")
    conductance: Annotated[float, Measure(q.CONDUCTANCE, least=0)] | None = Field(
        default=None, description="Total conductance"
    )
    radiative_area: Annotated[float, Measure(q.AREA, least=0)] | None = Field(
        default=None, description="Emittances, area and view factor in one: heat is this times sigma times T^4"
    )
    capacity_rate: Annotated[float, Measure(q.CONDUCTANCE, least=0)] | None = Field(
        default=None, description="Mass flow times specific heat of a stream from the first end to the second"
    )

    @model_validator(mode="after")
    def _of_one_kind(self) -> "Link":
        given = [kind for kind in LINK_KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            said = f"{' and '.join(given)} given" if given else "no coupling given"
            raise ValueError(f"{said}; a link needs one of {', '.join(LINK_KINDS)}")
        return self

    @property
    def kind(self) -> str:
        """Which of the three couplings it is."""
        return next(kind for kind in LINK_KINDS if getattr(self, kind) is not None)

    @property
    def value(self) -> float:
        """The total, in the unit of its kind."""
        return getattr(self, self.kind)


class Edge(Table):
    """A thermal joint along the coincident edges of two surfaces; without it they do not conduct."""

    name: Name | None = Field(default=None, description="Name, else the index addresses it")
    between: tuple[str, str] = Field(description="The two surfaces or box faces")
    conductance_per_length: Annotated[float, Measure(q.CONDUCTANCE_PER_LENGTH, least=0)] = Field(
        description="Conductance per length of the joint"
    )
