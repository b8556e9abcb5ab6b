"""The table of the particle environment. Field units are kept here; a bare number is SI all the same."""

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator

from caloris.case import quantity as q
from caloris.case.errors import nearest, shown
from caloris.case.schema_types import ExistingFile, Measure, Table
from caloris_kernels.particle.solar_modulation import known_months, monthly_modulation

WORST_PERIODS = {"worst-5-minutes": "5 minutes", "worst-day": "day", "worst-week": "week"}
FIRST_YEAR, LAST_YEAR = 1900.0, 2030.0
_ESP, _KING = '{ model = "ESP", years = 5, confidence = 0.95 }', '{ model = "King", events = 1 }'


def _date(value: object) -> date | None:
    """The date that a value names: a date of TOML, or its text; None for anything else."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            return None
    return None


def _modulation(value: object, info: ValidationInfo) -> float:
    """W of the galactic model: a number, or the month of a date from the counts of the Oulu monitor."""
    day = _date(value)
    if day is not None:
        return monthly_modulation(day.year, day.month)
    try:
        return Measure(q.RATIO, least=0, most=200).parse(value, info)
    except ValueError as error:
        first, last = (f"{year}-{month:02d}" for year, month in known_months())
        raise ValueError(f"{error}; or a date, as in 2009-12-01, from {first} to {last}") from None


def _field_epoch(value: object) -> object:
    """None for the map's own epoch, else a decimal year."""
    if value == "model":
        return None
    day = _date(value)
    if day is not None:
        first = date(day.year, 1, 1)
        value = day.year + (day - first).days / ((date(day.year + 1, 1, 1) - first).days)
    if isinstance(value, bool) or not isinstance(value, int | float) or not FIRST_YEAR <= value <= LAST_YEAR:
        allowed = f"a year from {FIRST_YEAR:.0f} to {LAST_YEAR:.0f} (IGRF-14), or a date in them"
        raise ValueError(f'{shown(value)} is no epoch of the field; allowed: "model" (the epoch of the map), {allowed}')
    return float(value)


def _solar_event(value: object) -> object:
    """A name, or a table that says its model."""
    names = ("none", *WORST_PERIODS)
    if isinstance(value, dict):
        model = value.get("model")
        if model not in ("ESP", "King"):
            raise ValueError(f"model = {shown(model)} is not known; allowed: {_ESP} or {_KING}")
        return value
    if value not in names:
        hint = nearest(value, names) if isinstance(value, str) else ""
        listed = ", ".join(f'"{name}"' for name in names)
        raise ValueError(f"{shown(value)} is not known; allowed: {listed}, {_ESP} or {_KING}{hint}")
    return value


class Galactic(Table):
    """Galactic cosmic rays."""

    model: Literal["matthia-2013"] = Field(description="Matthia et al. 2013, doi 10.1016/j.asr.2012.09.022")
    solar_modulation: Annotated[float, BeforeValidator(_modulation)] = Field(
        description="Modulation parameter W of the model, 0 to 200; or a date: W of its month from the counts of the "
        "Oulu neutron monitor, 1964-04 to 2021-01",
        json_schema_extra={"unit": "1"},
    )


class Trapped(Table):
    """Protons and electrons of the belts."""

    proton: Literal["AP8MIN", "AP8MAX"] | None = Field(default=None, description="Map of protons, by solar activity")
    electron: Literal["AE8MIN", "AE8MAX"] | None = Field(
        default=None, description="Map of electrons, by solar activity"
    )
    field_epoch: Annotated[float | None, BeforeValidator(_field_epoch)] = Field(
        default=None,
        description='Year or date of the magnetic field in which the maps are read; "model": each map\'s own epoch',
    )

    @model_validator(mode="after")
    def _something(self) -> "Trapped":
        if self.proton is None and self.electron is None:
            raise ValueError('needs proton = "AP8MIN" or "AP8MAX", or electron = "AE8MIN" or "AE8MAX" (or both)')
        return self


class Cutoff(Table):
    """What the Earth's field keeps away."""

    magnetosphere: Literal["quiet", "storm", "none"] = Field(
        default="quiet",
        description="Field: cutoffs as measured in quiet times, zero beyond L = 6.44; storm lowers them by 0.54 exp(-P "
        "/ 2.9 GV); none: those of the internal field alone, 15.5 GV / L^2, to be compared with others that have it",
    )
    form: Literal["vertical", "directional"] = Field(
        default="vertical",
        description="Cutoff of vertical arrival for all directions, or each direction's own by Stoermer's formula",
    )


class MissionEvent(Table):
    """Solar protons of a mission, as a fluence."""

    model: Literal["ESP", "King"] = Field(description="ESP (Xapsos) or King's event of August 1972")
    years: Annotated[float, Measure(q.RATIO, least=1, most=100)] | None = Field(
        default=None,
        description="Years of active Sun (seven of eleven) in the mission, with ESP",
        json_schema_extra={"unit": "year"},
    )
    confidence: Annotated[float, Measure(q.RATIO, least=0.5, most=0.999)] | None = Field(
        default=None, description="Confidence that the fluence is not exceeded, with ESP"
    )
    events: Annotated[float, Measure(q.RATIO, above=0, most=100)] | None = Field(
        default=None, description="Number of events like that of August 1972, with King; 1 unless given"
    )

    @model_validator(mode="after")
    def _keys_of_the_model(self) -> "MissionEvent":
        keys: dict[str, Any] = {"years": self.years, "confidence": self.confidence, "events": self.events}
        needed = ("years", "confidence") if self.model == "ESP" else ()
        allowed = needed or ("events",)
        missing = [key for key in needed if keys[key] is None]
        if missing:
            raise ValueError(f"{' and '.join(missing)} missing; write {_ESP}")
        extra = [key for key, value in keys.items() if value is not None and key not in allowed]
        if extra:
            raise ValueError(
                f"{' and '.join(extra)} given, which {self.model} does not know; allowed: {_ESP} or {_KING}"
            )
        return self


class Transport(Table):
    """How particles are taken through shields."""

    cross_section: Literal["charge-changing", "geometric", "tripathi"] = Field(
        default="charge-changing",
        description="Collisions that take ions away: those that change their charge, or all reactions by two formulas",
    )
    proton_losses: bool = Field(
        default=True, description="Whether collisions take protons away; without, secondary protons are bounded above"
    )
    fragments: bool = Field(
        default=False, description="Whether what collisions leave of ions is followed, from lithium on"
    )

    @model_validator(mode="after")
    def _fragments_of_their_own(self) -> "Transport":
        if self.fragments and self.cross_section != "charge-changing":
            raise ValueError('fragments = true needs cross_section = "charge-changing"')
        return self


class Particles(Table):
    """The particle environment; a component without a key is absent (no cutoff: free space)."""

    galactic: Galactic | None = Field(default=None, description="Galactic cosmic rays")
    trapped: Trapped | None = Field(
        default=None, description="Trapped protons and electrons; needs an orbit with inclination and epoch"
    )
    solar_event: Annotated[
        Literal["none", "worst-5-minutes", "worst-day", "worst-week"] | MissionEvent, BeforeValidator(_solar_event)
    ] = Field(default="none", description="Solar particle event: a worst period as a flux, ESP or King as a fluence")
    cutoff: Cutoff | None = Field(
        default=None,
        description="Geomagnetic cutoff and Earth's shadow; needs an orbit with inclination and epoch",
    )
    spectrum: Annotated[Path, ExistingFile((".csv", ".h5", ".hdf5"))] | None = Field(
        default=None,
        description="File that replaces the environment: z, energy (MeV/u), flux (m-2 s-1 sr-1 (MeV/u)-1)",
    )
    let_spectrum: Annotated[Path, ExistingFile((".csv",))] | None = Field(
        default=None,
        description="File that gives the spectrum behind the shield: let (MeV cm^2/mg), flux (integral, m-2 s-1 sr-1)",
    )
    transport: Transport = Field(default=Transport(), description="Models of the shields of devices and dose points")
