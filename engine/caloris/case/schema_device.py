"""The tables of devices that upset: responses, effects, memory, uncertainty, shields, parts of a library.

Field units are kept here: MeV, MeV cm^2/mg, cm^2 per bit, g/cm^2, um. A bare number is SI all the same.
"""

import math
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, model_validator

from caloris.case import quantity as q
from caloris.case.device_library import VOLUME_KEYS, with_part
from caloris.case.schema_shield import DEFAULT_RAYS, Rays, Shield, ShieldLayer, ShieldShape, check_shape
from caloris.case.schema_types import ExistingFile, Fraction, Length, Measure, Name, PositiveTime, Table, Whole

# Upper limits catch bare numbers, which are SI: 0.5 would be 3e10 MeV cm^2/mg.
_LinearEnergyTransfer = Annotated[float, Measure(q.LINEAR_ENERGY_TRANSFER, least=0, most=1e3)]
_Energy = Annotated[float, Measure(q.PARTICLE_ENERGY, least=0, most=1e6)]
_CrossSection = Annotated[float, Measure(q.CROSS_SECTION, above=0, most=100)]
_ChipLength = Annotated[float, Measure(q.CHIP_LENGTH, above=0, most=1e5)]
_Exponent = Annotated[float, Measure(q.RATIO, above=0, most=100)]
_Deviation = Annotated[float, Measure(q.RATIO, least=0, most=3)]


class HeavyIonResponse(Table):
    """Weibull cross-section over LET and the sensitive volume (a right parallelepiped or a sphere)."""

    method: Literal["IRPP", "RPP", "effective flux"] = Field(
        default="IRPP",
        description="Thresholds spread as the Weibull curve, or one threshold (onset), in a volume; or LET over cosine",
    )
    onset: _LinearEnergyTransfer = Field(description="Threshold LET")
    width: Annotated[float, Measure(q.LINEAR_ENERGY_TRANSFER, above=0, most=1e4)] | None = Field(
        default=None, description="Weibull width"
    )
    exponent: _Exponent | None = Field(default=None, description="Weibull exponent", json_schema_extra={"unit": "1"})
    plateau: _CrossSection = Field(description="Cross-section per bit at high LET")
    sensitive_volume: tuple[_ChipLength, _ChipLength, _ChipLength] | None = Field(
        default=None, description="Sides a, b and the depth of a box; a b equals the plateau within 1 %"
    )
    diameter: _ChipLength | None = Field(
        default=None, description="Of a sphere in place of the box; pi d^2 / 4 equals the plateau within 1 %"
    )
    funnel: Annotated[float, Measure(q.CHIP_LENGTH, least=0, most=1e5)] = Field(
        default=0.0, description="Length added to every chord"
    )
    largest_angle: Annotated[float, Measure(q.ANGLE, above=0, most=90)] = Field(
        default=0.5 * math.pi, description="Angle from the normal up to which effective flux counts tracks"
    )
    direct_protons: bool = Field(default=False, description="Whether protons upset by their own ionization too")

    @property
    def limit(self) -> float:
        """Cross-section per bit at high LET (cm2)."""
        return self.plateau

    @property
    def volume(self) -> tuple[float, ...] | None:
        """Sizes of the sensitive volume (um): three of a box, one of a sphere; None where there is none."""
        return self.sensitive_volume if self.diameter is None else (self.diameter,)

    @model_validator(mode="before")
    @classmethod
    def _square_of_depth(cls, value: Any, info: Any) -> Any:
        """`depth` alone makes a square volume whose area is the plateau."""
        if not isinstance(value, dict):
            return value
        given = [key for key in VOLUME_KEYS if key in value]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} exclude each other; give one")
        if given != ["depth"]:
            return value
        value = dict(value)
        depth = value.pop("depth")
        try:
            side = math.sqrt(Measure(q.CROSS_SECTION, above=0, most=100).parse(value.get("plateau"), info)) * 1e4
        except ValueError:
            side = 1.0  # the wrong plateau is reported by its own field
        return value | {"sensitive_volume": [f"{side!r} um", f"{side!r} um", depth]}


class ProtonResponse(Table):
    """Cross-section over proton energy: a Weibull curve, Bendel's of one or two parameters, or from heavy ions."""

    form: Literal["Weibull", "Bendel 1", "Bendel 2", "figure of merit", "PROFIT"] = Field(
        default="Weibull",
        description="Bendel 1 needs the onset A, Bendel 2 the second parameter B too; the last two need heavy_ion",
    )
    onset: _Energy | None = Field(default=None, description="Threshold energy")
    width: Annotated[float, Measure(q.PARTICLE_ENERGY, above=0, most=1e6)] | None = Field(
        default=None, description="Weibull width"
    )
    exponent: _Exponent | None = Field(default=None, description="Weibull exponent", json_schema_extra={"unit": "1"})
    plateau: _CrossSection | None = Field(default=None, description="Cross-section per bit at high energy")
    second: Annotated[float, Measure(q.PARTICLE_ENERGY, above=0, most=1e4)] | None = Field(
        default=None, description="Bendel's second parameter B"
    )
    depth: _ChipLength | None = Field(
        default=None,
        description="Depth of silicon whose recoils count by PROFIT; by default heavy_ion's with its funnel, or 2 um",
    )

    @property
    def limit(self) -> float:
        """Cross-section per bit at high energy (cm2), 0 where the table is incomplete."""
        if self.form == "Weibull":
            return self.plateau or 0.0
        if self.form in ("figure of merit", "PROFIT") or self.onset is None:
            return 0.0  # by far below the heavy ions' plateau
        second = 24.0 if self.form == "Bendel 1" else self.second or 0.0
        return (second / self.onset) ** 14 * 1e-12 if self.onset > 0.0 else 0.0


class Effect(Table):
    """An effect beside upset bits: a functional interrupt, a latch-up, a transient."""

    name: Name = Field(description="Name among the device's effects")
    cells: Annotated[int, Whole(least=1)] = Field(default=1, description="Sensitive volumes of one device")
    heavy_ion: HeavyIonResponse | None = Field(default=None, description="Response to heavy ions, per cell")
    proton: ProtonResponse | None = Field(default=None, description="Response to protons, per cell")
    stops_job: bool = Field(default=True, description="Whether it throws the [job] back to its last checkpoint")


_Share = Annotated[float, Measure(q.RATIO, least=0, most=1)]


class Memory(Table):
    """Words behind error correction."""

    word: Annotated[int, Whole(least=1, most=100000)] = Field(description="Bits of a word, check bits included")
    corrects: Annotated[int, Whole(least=0, most=1000)] = Field(default=1, description="Symbols corrected in a word")
    symbol: Annotated[int, Whole(least=1, most=1000)] = Field(default=1, description="Bits of a symbol")
    scrub: PositiveTime = Field(description="Time between two scrubs of a word")
    interleave: Annotated[int, Whole(least=1, most=1000)] = Field(
        default=1, description="Words that neighboring cells belong to in turn"
    )
    copies: Literal[1, 3] = Field(default=1, description="3: every bit is voted among three copies at the scrub")
    multiplicity: tuple[_Share, ...] = Field(
        default=(), description="Shares of events that upset 1, 2, 3, ... neighboring cells"
    )
    pitch: _ChipLength | None = Field(
        default=None, description="Distance of cells along a row, for shares of heavy-ion events by geometry"
    )


class Uncertainty(Table):
    """Relative standard deviations of a device's parameters, and the environment's factor."""

    onset: _Deviation = Field(default=0.2, description="Of the threshold LET")
    width: _Deviation = Field(default=0.3, description="Of the Weibull width over LET")
    exponent: _Deviation = Field(default=0.2, description="Of the Weibull exponent over LET")
    plateau: _Deviation = Field(default=0.2, description="Of the cross-section at high LET")
    depth: _Deviation = Field(default=0.5, description="Of the depth of the sensitive volume")
    funnel: _Deviation = Field(default=0.5, description="Of the funnel")
    proton_onset: _Deviation = Field(default=0.2, description="Of the threshold energy")
    proton_width: _Deviation = Field(default=0.3, description="Of the Weibull width over energy")
    proton_exponent: _Deviation = Field(default=0.2, description="Of the Weibull exponent over energy")
    proton_plateau: _Deviation = Field(default=0.2, description="Of the cross-section at high energy")
    environment: Annotated[float, Measure(q.RATIO, least=1, most=100)] = Field(
        default=2.0, description="Geometric standard deviation of the particle fluxes"
    )


class Device(Table):
    """A part whose bits upset."""

    name: Name = Field(description="Name among the devices")
    part: str | None = Field(default=None, description="A part of the library; keys beside it replace the library's")
    library: Annotated[Path, ExistingFile((".toml",))] | None = Field(
        default=None, description="A library of your own; without it the one that comes with Caloris"
    )
    source: str = Field(default="", description="Where the figures were published")
    kind: str = Field(
        default="", description='What the figures are: "measured", "quoted", "upper bound" or "second-hand"'
    )
    note: str = Field(default="", description="What the source does not give and was assumed")
    at: str | None = Field(default=None, description="Node or surface that carries it")
    point: tuple[Length, Length, Length] | None = Field(
        default=None, description="Where it is in the frame of the bus, in place of `at`"
    )
    count: Annotated[int, Whole(least=1)] = Field(default=1, description="Number of equal devices")
    bits: Annotated[int, Whole(least=1)] = Field(default=1, description="Bits of one device")
    heavy_ion: HeavyIonResponse | None = Field(default=None, description="Response to heavy ions (Z of 2 and above)")
    proton: ProtonResponse | None = Field(default=None, description="Response to protons")
    effect: tuple[Effect, ...] = Field(default=(), description="Interrupts, latch-ups, transients of a device")
    memory: Memory | None = Field(default=None, description="Words, correction and scrubbing of its bits")
    uncertainty: Uncertainty = Field(default=Uncertainty(), description="How well its figures are known")
    fatal_share: Fraction = Field(
        default=1.0, description="Share of upsets that stop the [job] where there is no memory table"
    )
    shield: Shield = ()
    shape: ShieldShape = "sphere"
    rays: Rays = DEFAULT_RAYS
    die_area: Annotated[float, Measure(q.CROSS_SECTION, above=0)] = Field(
        default=10.0, description="Area that bits times plateau should not exceed (a warning)"
    )

    @model_validator(mode="before")
    @classmethod
    def _from_library(cls, value: Any, info: ValidationInfo) -> Any:
        """The figures of the part, with the device's own keys over them."""
        return with_part(value, Path((info.context or {}).get("folder", "."))) if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _has_a_place(self) -> "Device":
        if self.at is not None and self.point is not None:
            raise ValueError("at and point exclude each other; give one")
        if self.shield == "geometry" and self.at is None and self.point is None:
            raise ValueError('shield = "geometry" needs at: a surface or solid, or point = [x, y, z]')
        check_shape(self.shield, self.shape)
        return self

    @property
    def layers(self) -> tuple[ShieldLayer, ...]:
        """Layers of the shield; none where it is the geometry."""
        return () if isinstance(self.shield, str) else self.shield
