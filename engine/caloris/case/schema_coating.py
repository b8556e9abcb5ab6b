"""The table [bands], and the values of a coating: one number, by life, by band of wavelength, over temperature."""

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, ValidationInfo, model_validator

from caloris.case import quantity as q
from caloris.case.errors import shown
from caloris.case.schema_types import AgeingTable, Fraction, Life, Measure, Rule, Table, Temperature

_FRACTION = Measure(q.RATIO, least=0, most=1)
Wavelength = Annotated[float, Measure(q.WAVELENGTH, above=0, most=1)]


class Bands(Table):
    """Wavelengths that split thermal radiation and sunlight into bands; without them each is one band.

    Sunlight and thermal radiation stay apart by their source, whatever their wavelength.
    """

    infrared: tuple[Wavelength, ...] = Field(
        default=(), description="Ascending wavelengths that split thermal radiation, the planet's included"
    )
    solar: tuple[Wavelength, ...] = Field(
        default=(), description="Ascending wavelengths that split sunlight and albedo"
    )
    solar_fraction: tuple[Fraction, ...] | None = Field(
        default=None,
        description="Share of sunlight in each solar band, shortest waves first; default: a black body at 5772 K",
        json_schema_extra={"unit": "1"},
    )

    @model_validator(mode="after")
    def _consistent(self) -> "Bands":
        for key in ("infrared", "solar"):
            edges = getattr(self, key)
            if any(later <= earlier for earlier, later in zip(edges, edges[1:], strict=False)):
                raise ValueError(f"{key} = {shown(list(edges))} (m) must increase from entry to entry")
        if self.solar_fraction is not None:
            if len(self.solar_fraction) != self.solar_count:
                raise ValueError(
                    f"solar_fraction = {shown(list(self.solar_fraction))} has the wrong number of entries; "
                    f"{len(self.solar)} wavelengths in solar make {self.solar_count} bands"
                )
            if abs(sum(self.solar_fraction) - 1.0) > 1e-3:
                raise ValueError(f"solar_fraction sums to {sum(self.solar_fraction):g}; it must sum to 1 within 0.001")
        return self

    @property
    def solar_count(self) -> int:
        """How many bands sunlight has."""
        return len(self.solar) + 1

    @property
    def infrared_count(self) -> int:
        """How many bands thermal radiation has."""
        return len(self.infrared) + 1


BandValue = float | tuple[float, ...]
"""A number for all bands, or one for each."""


def each_band(*values: BandValue) -> list[tuple[float, ...]]:
    """Values band by band; a number stands for every band."""
    count = max(len(value) if isinstance(value, tuple) else 1 for value in values)
    return list(zip(*(value if isinstance(value, tuple) else (value,) * count for value in values), strict=True))


@dataclass(frozen=True)
class _PerBand(Rule):
    """The rule of one number, or of a list with a number for each band."""

    measure: Measure = _FRACTION

    def parse(self, value: object, info: ValidationInfo) -> BandValue:
        if not isinstance(value, list | tuple):
            return self.measure.parse(value, info)
        if not value:
            raise ValueError("[] has no entry; needs a number, or a list with a number for each band")
        return tuple(self._entry(k, entry, info) for k, entry in enumerate(value))

    def _entry(self, k: int, value: object, info: ValidationInfo) -> float:
        try:
            return self.measure.parse(value, info)
        except ValueError as error:
            raise ValueError(f"entry {k}: {error}") from None

    def describe(self) -> dict[str, Any]:
        """Types and unit for the JSON schema."""
        return {"type": ["number", "array"], "unit": "1", "range": self.measure.range_text()}


PerBand = Annotated[BandValue, _PerBand()]


class Cover(Table):
    """A transparent cover over an opaque backing: absorptance by angle of incidence, `{ refractive_index = 1.46 }`."""

    refractive_index: Annotated[BandValue, _PerBand(Measure(q.RATIO, above=1, most=5))] = Field(
        description="Refractive index of the cover: a number, or a list by solar band"
    )
    optical_depth: Annotated[BandValue, _PerBand(Measure(q.RATIO, least=0, most=100))] = Field(
        default=0.0,
        description="Optical depth of the cover (normal passage, one way): a number, or a list by solar band",
    )


class CoatingFraction(AgeingTable):
    """A property of a coating: a number, a list by band, both by life, or a table over temperature.

    `0.9`, `[0.2, 0.9]`, `{ beginning = 0.15, end = 0.25 }`, `{ temperature = ["200 K", "400 K"], value = [0.3, 0.5] }`.
    """

    beginning: PerBand | None = Field(default=None, description="Value at the beginning of life")
    end: PerBand | None = Field(default=None, description="Value at the end of life")
    temperature: tuple[Temperature, ...] | None = Field(default=None, description="Ascending temperatures")
    value: tuple[PerBand, ...] | None = Field(
        default=None, description="Value at each temperature, linear between them and held at the ends"
    )

    @model_validator(mode="before")
    @classmethod
    def _from_value(cls, value: Any) -> Any:
        return value if isinstance(value, dict | CoatingFraction) else {"beginning": value, "end": value}

    @model_validator(mode="after")
    def _one_form(self) -> "CoatingFraction":
        lives, points = (self.beginning, self.end), (self.temperature, self.value)
        if all(part is None for part in points):
            if any(part is None for part in lives):
                raise ValueError("needs beginning and end, or temperature and value")
            return self
        if any(part is not None for part in lives):
            raise ValueError("has both a life and temperatures; allowed: beginning and end, or temperature and value")
        if self.temperature is None or self.value is None or len(self.temperature) != len(self.value):
            raise ValueError("temperature and value must be lists of the same length")
        if not self.temperature:
            raise ValueError("temperature and value are empty; needs at least one entry")
        if any(later <= earlier for earlier, later in zip(self.temperature, self.temperature[1:], strict=False)):
            raise ValueError(f"temperature = {shown(list(self.temperature))} (K) must increase from entry to entry")
        return self

    @property
    def changes(self) -> bool:
        """Whether the end of life differs from its beginning."""
        return self.beginning != self.end

    @property
    def is_table(self) -> bool:
        """Whether the value depends on the temperature."""
        return self.temperature is not None

    def values(self) -> tuple[BandValue, ...]:
        """Every value that stands in the case."""
        if self.value is not None:
            return self.value
        assert self.beginning is not None and self.end is not None
        return (self.beginning, self.end)

    def at(self, life: Life) -> BandValue:
        """The value at `life`, of what does not depend on the temperature."""
        assert self.beginning is not None and self.end is not None
        progress = self.progress(life)
        if isinstance(self.beginning, float) and isinstance(self.end, float):
            return self.beginning + progress * (self.end - self.beginning)
        return tuple(a + progress * (b - a) for a, b in each_band(self.beginning, self.end))

    def most(self) -> float:
        """The largest value that stands in the case."""
        return max(max(value) if isinstance(value, tuple) else value for value in self.values())

    def largest(self, life: Life) -> float:
        """The largest value of any band at `life`, of what does not depend on the temperature."""
        value = self.at(life)
        return max(value) if isinstance(value, tuple) else value


def without_temperature(fraction: CoatingFraction) -> CoatingFraction:
    """Refuse a table over temperature."""
    if fraction.is_table:
        raise ValueError("does not depend on the temperature; a table over it is for infrared_emittance alone")
    return fraction
