"""The tables [orbit], [planet] and [attitude]: where the spacecraft is and how it points."""

import math
from datetime import UTC, datetime, time
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from caloris.case import quantity as q
from caloris.case.errors import shown
from caloris.case.schema_types import Direction, Measure, PositiveLength, Table, Target, Vector
from caloris_kernels.constants import DAY, EARTH_GRAVITATIONAL_PARAMETER, EARTH_J2, EARTH_RADIUS

_J2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)


def _epoch(value: object) -> datetime:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            pass
    if not isinstance(value, datetime):
        raise ValueError(f"{shown(value)} is not a date and time; write for example 2027-12-21T00:00:00Z")
    if value.tzinfo is None:
        raise ValueError(f"{shown(value)} has no time zone; write Z behind it for UTC, as in 2027-12-21T00:00:00Z")
    return value.astimezone(UTC)


def _local_time(value: object) -> float:
    if isinstance(value, str):
        try:
            value = time.fromisoformat(value)
        except ValueError:
            pass
    if not isinstance(value, time):
        raise ValueError(f'{shown(value)} is not a local time; write hours and minutes, "06:00"')
    return value.hour + value.minute / 60 + value.second / 3600


def _solar_flux(value: object, info: Any) -> object:
    if value == "seasonal":
        return value
    try:
        return Measure(q.FLUX, least=0).parse(value, info)
    except ValueError as error:
        raise ValueError(f'{error}; or "seasonal"') from None


class Planet(Table):
    """The planet below; every default is the Earth's."""

    radius: PositiveLength = Field(default=EARTH_RADIUS, description="Equatorial radius")
    gravitational_parameter: Annotated[float, Measure(q.GRAVITATIONAL_PARAMETER, above=0)] = Field(
        default=EARTH_GRAVITATIONAL_PARAMETER, description="Gravitational constant times mass"
    )
    j2: Annotated[float, Measure(q.RATIO, least=-0.1, most=0.1)] = Field(default=EARTH_J2, description="Oblateness J2")
    solar_flux: Annotated[float | Literal["seasonal"], BeforeValidator(_solar_flux)] = Field(
        default=1361.0,
        description='Solar flux at the spacecraft, never rescaled; "seasonal": 1361 W/m^2 at 1 au and the epoch',
        json_schema_extra={"unit": "W/m^2"},
    )
    albedo: Annotated[float, Measure(q.RATIO, least=0, most=1)] = Field(
        default=0.3, description="Bond albedo of a diffuse sphere, lit by the local solar zenith angle"
    )
    infrared_flux: Annotated[float, Measure(q.FLUX, least=0)] = Field(
        default=239.0, description="Infrared flux that leaves the planet's surface"
    )
    space_temperature: Annotated[float, Measure(q.TEMPERATURE, least=0, most=1000)] = Field(
        default=2.725, description="Temperature of the sky behind everything"
    )

    @property
    def is_seasonal(self) -> bool:
        """Whether the solar flux follows the Sun's distance at the epoch."""
        return self.solar_flux == "seasonal"


class Orbit(Table):
    """The orbit: altitude or elements; the Sun by beta, by node and epoch, or Sun-synchronous.

    Angles in rad, lengths in m, `ltan` in hours, `epoch` in UTC. Keys that the form does not use are None.
    """

    later: ClassVar[dict[str, str]] = {"tle": "a two-line element set"}

    altitude: PositiveLength | None = Field(default=None, description="Altitude of a circular orbit above the radius")
    perigee: PositiveLength | None = Field(default=None, description="Altitude of the perigee; with apogee")
    apogee: PositiveLength | None = Field(default=None, description="Altitude of the apogee; with perigee")
    semi_major_axis: PositiveLength | None = Field(default=None, description="Semi-major axis; with eccentricity")
    eccentricity: Annotated[float, Measure(q.RATIO, least=0, below=1)] | None = Field(
        default=None, description="Eccentricity; with semi_major_axis"
    )
    beta: Annotated[float, Measure(q.ANGLE, least=-90, most=90)] | None = Field(
        default=None, description="Angle of the Sun above the orbit plane; phase 0 at orbit noon"
    )
    inclination: Annotated[float, Measure(q.ANGLE, least=0, most=180)] | None = Field(
        default=None, description="Inclination, J2000; with raan and epoch"
    )
    raan: Annotated[float, Measure(q.ANGLE, least=-360, most=360)] | None = Field(
        default=None, description="Right ascension of the ascending node, J2000"
    )
    argument_of_perigee: Annotated[float, Measure(q.ANGLE, least=-360, most=360)] = Field(
        default=0.0, description="Argument of the perigee"
    )
    true_anomaly: Annotated[float, Measure(q.ANGLE, least=-360, most=360)] = Field(
        default=0.0, description="True anomaly at t = 0; from the ascending node for circular orbits"
    )
    sun_synchronous: bool = Field(
        default=False, strict=True, description="Whether the node follows the mean Sun; with ltan and epoch"
    )
    ltan: Annotated[float, BeforeValidator(_local_time)] | None = Field(
        default=None, description='Local time of the ascending node, "06:00"', json_schema_extra={"unit": "h"}
    )
    epoch: Annotated[datetime, BeforeValidator(_epoch)] | None = Field(
        default=None, description="Date and time of t = 0, with its time zone"
    )

    @property
    def form(self) -> Literal["beta", "elements", "sun_synchronous"]:
        """Which of the three ways places the Sun."""
        if self.sun_synchronous:
            return "sun_synchronous"
        return "beta" if self.beta is not None else "elements"

    @property
    def epoch_days(self) -> float:
        """Days (UTC) from 2000-01-01T12:00:00Z to the epoch; ValueError without an epoch."""
        if self.epoch is None:
            raise ValueError("this orbit has no epoch")
        return (self.epoch - _J2000).total_seconds() / DAY

    def size(self, planet: Planet) -> tuple[float, float]:
        """Semi-major axis (m) and eccentricity (-), whichever keys gave them."""
        if self.altitude is not None:
            return planet.radius + self.altitude, 0.0
        if self.perigee is not None and self.apogee is not None:
            axis = planet.radius + 0.5 * (self.perigee + self.apogee)
            return axis, 0.5 * (self.apogee - self.perigee) / axis
        if self.semi_major_axis is not None:
            return self.semi_major_axis, self.eccentricity or 0.0
        raise ValueError("this orbit has no size")

    def period(self, planet: Planet) -> float:
        """Period (s), 2 pi sqrt(a^3 / mu)."""
        axis, _ = self.size(planet)
        return 2.0 * math.pi * math.sqrt(axis**3 / planet.gravitational_parameter)


class Attitude(Table):
    """Two-vector pointing: `point` exactly toward `toward`, `align` as near as possible to `to`."""

    point: Direction = Field(default=(0.0, 0.0, 1.0), description="Body axis that points exactly")
    toward: Target = Field(default="zenith", description="What it points at")
    align: Direction = Field(default=(1.0, 0.0, 0.0), description="Second body axis")
    to: Target = Field(default="velocity", description="What the second axis is brought as near as possible to")


def parallel(first: Vector, second: Vector) -> bool:
    """Whether two unit vectors lie on one line (to 1e-9 rad or so)."""
    cross = (
        first[1] * second[2] - first[2] * second[1],
        first[2] * second[0] - first[0] * second[2],
        first[0] * second[1] - first[1] * second[0],
    )
    return math.hypot(*cross) < 1e-9
