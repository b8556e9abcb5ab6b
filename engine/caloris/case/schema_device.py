"""The tables of devices that upset, their responses and shields.

Field units are kept here: MeV, MeV cm^2/mg, cm^2 per bit, g/cm^2, um. A bare number is SI all the same.
"""

import math
from typing import Annotated, Any, ClassVar

from pydantic import BeforeValidator, Field, model_validator

from caloris.case import quantity as q
from caloris.case.schema_types import Measure, Name, Table, Whole

# Upper limits catch bare numbers, which are SI: 0.5 would be 3e10 MeV cm^2/mg.
_LinearEnergyTransfer = Annotated[float, Measure(q.LINEAR_ENERGY_TRANSFER, least=0, most=1e3)]
_Energy = Annotated[float, Measure(q.PARTICLE_ENERGY, least=0, most=1e6)]
_CrossSection = Annotated[float, Measure(q.CROSS_SECTION, above=0, most=100)]
_ChipLength = Annotated[float, Measure(q.CHIP_LENGTH, above=0, most=1e5)]
_Exponent = Annotated[float, Measure(q.RATIO, above=0, most=100)]


def _no_sectors(value: object) -> object:
    if value == "geometry":
        raise ValueError('"geometry" is not supported yet; allowed: a list of layers')
    return value


class HeavyIonResponse(Table):
    """Weibull cross-section over LET and the sensitive volume (a right parallelepiped)."""

    onset: _LinearEnergyTransfer = Field(description="Threshold LET")
    width: Annotated[float, Measure(q.LINEAR_ENERGY_TRANSFER, above=0, most=1e4)] = Field(description="Weibull width")
    exponent: _Exponent = Field(description="Weibull exponent", json_schema_extra={"unit": "1"})
    plateau: _CrossSection = Field(description="Cross-section per bit at high LET")
    sensitive_volume: tuple[_ChipLength, _ChipLength, _ChipLength] = Field(
        description="Sides a, b and the depth; a b equals the plateau within 1 %"
    )
    funnel: Annotated[float, Measure(q.CHIP_LENGTH, least=0, most=1e5)] = Field(
        default=0.0, description="Length added to every chord"
    )

    @model_validator(mode="before")
    @classmethod
    def _square_of_depth(cls, value: Any, info: Any) -> Any:
        """`depth` alone makes a square volume whose area is the plateau."""
        if not isinstance(value, dict) or "depth" not in value:
            return value
        if "sensitive_volume" in value:
            raise ValueError("depth and sensitive_volume exclude each other; give one")
        value = dict(value)
        depth = value.pop("depth")
        try:
            side = math.sqrt(Measure(q.CROSS_SECTION, above=0, most=100).parse(value.get("plateau"), info)) * 1e4
        except ValueError:
            side = 1.0  # the wrong plateau is reported by its own field
        return value | {"sensitive_volume": [f"{side!r} um", f"{side!r} um", depth]}


class ProtonResponse(Table):
    """Weibull cross-section over proton energy."""

    onset: _Energy = Field(description="Threshold energy")
    width: Annotated[float, Measure(q.PARTICLE_ENERGY, above=0, most=1e6)] = Field(description="Weibull width")
    exponent: _Exponent = Field(description="Weibull exponent", json_schema_extra={"unit": "1"})
    plateau: _CrossSection = Field(description="Cross-section per bit at high energy")


class ShieldLayer(Table):
    """One layer of a spherical shield, the outermost first."""

    material: str = Field(description="A material with a composition")
    areal_density: Annotated[float, Measure(q.AREAL_DENSITY, above=0, most=1000)] = Field(description="Areal density")


class Device(Table):
    """A part whose bits upset."""

    later: ClassVar[dict[str, str]] = {
        "point": "a device at a point",
        "memory": "memory words, correction and scrubbing",
    }

    name: Name = Field(description="Name among the devices")
    at: str | None = Field(default=None, description="Node or surface that carries it")
    count: Annotated[int, Whole(least=1)] = Field(default=1, description="Number of equal devices")
    bits: Annotated[int, Whole(least=1)] = Field(default=1, description="Bits of one device")
    heavy_ion: HeavyIonResponse | None = Field(default=None, description="Response to heavy ions (Z of 2 and above)")
    proton: ProtonResponse | None = Field(default=None, description="Response to protons")
    shield: Annotated[tuple[ShieldLayer, ...], BeforeValidator(_no_sectors)] = Field(
        default=(), description="Layers of a spherical shield, outermost first"
    )
    die_area: Annotated[float, Measure(q.CROSS_SECTION, above=0)] = Field(
        default=10.0, description="Area that bits times plateau should not exceed (a warning)"
    )
