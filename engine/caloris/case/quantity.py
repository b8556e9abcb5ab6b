"""The grammar of a quantity: `"number unit"`, or a bare number in SI.

The number and the unit are split here and only then given to pint: pint's own parser reads "1,5 m" as 15 m,
fails on "85 degC" and "1 W/m2/K", and takes "krad" and "mil" for angles. What a word means that has two
meanings (`rad`, `mil`, `u`) follows from the dimension that the field asks for.
"""

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pint

from caloris.case.errors import shown

_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*?)\s*", re.DOTALL)
_WORD = re.compile(r"[A-Za-zµμΩ°%_]+")
_POWER = re.compile(r"(?<![\w^*.])([A-Za-zµμΩ°_]+)(-?\d+)(?![\w.])")
_ALLOWED = re.compile(r"[A-Za-zµμΩ°%_0-9\s/*^().·+-]*")
_DOSE_RAD = re.compile(r"([A-Za-zµμ]{0,2})rad")


class QuantityError(ValueError):
    """A value that is not a quantity of the asked dimension; the message says what is allowed."""


@dataclass(frozen=True)
class Kind:
    """A physical dimension as the case file knows it.

    `unit` is the unit the case keeps (SI, but for particle fields), `bare` that of a bare number (always SI),
    `display` that of limits in messages (degrees for angles); `words` renames unit words of two meanings.
    """

    name: str
    unit: str
    example: str
    bare: str = ""
    display: str = ""
    words: Mapping[str, str] = field(default_factory=dict, hash=False)
    absolute: bool = False  # a temperature on an absolute scale: "degC" has its offset


LENGTH = Kind("length", "m", "0.5 m", words={"mil": "thou", "mils": "thou"})
AREA = Kind("area", "m^2", "0.02 m^2")
TIME = Kind("time", "s", "60 s")
ANGLE = Kind("angle", "rad", "20 deg", display="deg")
TEMPERATURE = Kind("temperature", "K", "20 degC", absolute=True)
TEMPERATURE_DIFFERENCE = Kind("temperature difference", "K", "5 K")
POWER = Kind("power", "W", "5 W")
ENERGY = Kind("energy", "J", "150 kWh")
FLUENCE = Kind("number per area", "1/m^2", "1e15 1/cm^2")
WAVELENGTH = Kind("length", "m", "8 um")
FLUX = Kind("power per area", "W/m^2", "1361 W/m^2")
HEAT_CAPACITY = Kind("heat capacity", "J/K", "1000 J/K")
SPECIFIC_HEAT = Kind("specific heat", "J/kg/K", "896 J/kg/K")
SPECIFIC_ENERGY = Kind("energy per mass", "J/kg", "200 kJ/kg")
MASS = Kind("mass", "kg", "2 kg")
DENSITY = Kind("density", "kg/m^3", "2700 kg/m^3")
CONDUCTIVITY = Kind("conductivity", "W/m/K", "167 W/m/K")
CONDUCTANCE = Kind("conductance", "W/K", "1 W/K")
CONDUCTANCE_PER_AREA = Kind("conductance per area", "W/m^2/K", "2000 W/m^2/K")
CONDUCTANCE_PER_LENGTH = Kind("conductance per length", "W/m/K", "20 W/m/K")
GRAVITATIONAL_PARAMETER = Kind("gravitational parameter", "m^3/s^2", "398600.4418 km^3/s^2")
SEEBECK = Kind("Seebeck coefficient", "V/K", "0.05 V/K")
RESISTANCE = Kind("electrical resistance", "ohm", "2 ohm")
CURRENT = Kind("current", "A", "3 A")
PER_TEMPERATURE = Kind("change per temperature", "1/K", "-0.0007 1/K")
PRESSURE = Kind("pressure", "Pa", "20 bar")
MASS_FLOW = Kind("mass flow", "kg/s", "1.2 kg/s")
VOLUME_FLOW = Kind("volume flow", "m^3/s", "0.5 L/s")
VOLUME = Kind("volume", "m^3", "20 cm^3")
AMOUNT = Kind("amount of substance", "mol", "2 mmol")
POWER_TIMES_LENGTH = Kind("power times length", "W*m", "100 W m")
RATIO = Kind("number without a unit", "dimensionless", "0.3")
DOSE = Kind("absorbed dose", "Gy", "2 krad")
LINEAR_ENERGY_TRANSFER = Kind("linear energy transfer", "MeV cm^2/mg", "0.5 MeV cm^2/mg", bare="J m^2/kg")
PARTICLE_ENERGY = Kind("energy", "MeV", "30 MeV", bare="J", words={"u": "dimensionless"})
CROSS_SECTION = Kind("cross-section", "cm^2", "2e-5 cm^2", bare="m^2")
CHIP_LENGTH = Kind("length", "um", "44.72 um", bare="m", words={"mil": "thou", "mils": "thou"})
DAMAGE_DOSE = Kind("displacement damage dose", "MeV/g", "1e9 MeV/g", bare="J/kg")
AREAL_DENSITY = Kind("areal density", "g/cm^2", "0.6858 g/cm^2", bare="kg/m^2")


@cache
def _registry() -> pint.UnitRegistry:
    """The units pint knows. Parsing its definitions takes 0.3 s, so they are kept in the user's cache."""
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    try:
        return pint.UnitRegistry(cache_folder=home / "caloris" / "units")
    except Exception:  # a cache that cannot be written or read is no reason to fail
        return pint.UnitRegistry()


def split_quantity(text: str) -> tuple[float, str]:
    """Split `"650 km"` into (650.0, "km"); the unit may be empty. QuantityError if there is no number."""
    if "," in text:
        raise QuantityError(
            f"{shown(text)} has a comma; write the decimal point, as in {shown(text.replace(',', '.'))}"
        )
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise QuantityError(f"{shown(text)} does not begin with a number")
    return float(match.group(1)), match.group(2)


def _pint_text(unit: str, kind: Kind) -> str:
    """The unit in pint's grammar: m2 and m-2 with their powers written out, ambiguous words by the kind."""
    if _ALLOWED.fullmatch(unit) is None:
        raise pint.UndefinedUnitError(unit)

    def rename(match: re.Match[str]) -> str:
        word = match.group()
        if kind.name == DOSE.name and _DOSE_RAD.fullmatch(word):
            return word + "s"  # pint's name of the unit of dose
        return kind.words.get(word, word)

    return _POWER.sub(r"\1**\2", _WORD.sub(rename, unit))


@cache
def _linear(unit: str, kind: Kind) -> tuple[float, float]:
    """Scale and offset from `unit` to the kept unit of `kind`. QuantityError names what is wrong."""
    if unit == kind.unit:
        return 1.0, 0.0  # spares bare numbers the registry
    help_text = f'needs a {kind.name}, for example "{kind.example}"'
    try:
        registry = _registry()
        quantity = registry.Quantity(1.0, _pint_text(unit, kind))
        has_offset = not quantity._is_multiplicative
        if has_offset and not kind.absolute:
            if quantity.check("[temperature]") and kind is TEMPERATURE_DIFFERENCE:
                raise QuantityError(f'"{unit}" is a temperature, not a difference; write K or delta_degC')
            raise QuantityError(f'"{unit}" is a temperature; {help_text}')
        if kind.absolute and "delta" in unit:
            raise QuantityError(f'"{unit}" is a temperature difference; {help_text}')
        if has_offset:
            offset = registry.Quantity(0.0, _pint_text(unit, kind)).to(kind.unit).magnitude
            return _tidy(quantity.to(kind.unit).magnitude - offset), _tidy(offset)
        return _tidy(quantity.to(kind.unit).magnitude), 0.0
    except QuantityError:
        raise
    except pint.DimensionalityError:
        raise QuantityError(
            f'"{unit}" is not the unit of a {kind.name}; {help_text}{_celsius_hint(unit, kind)}'
        ) from None
    except Exception:  # pint answers nonsense with assertion, token, syntax and definition errors alike
        raise QuantityError(f'"{unit}" is not a known unit; {help_text}{_celsius_hint(unit, kind)}') from None


def _tidy(scale: float) -> float:
    """Undo the rounding of pint's arithmetic where the scale is decimal: 1 um is 1e-06, not 9.999999999999999e-07."""
    decimal = float(f"{scale:.12g}")
    return decimal if abs(decimal - scale) <= 1e-15 * abs(scale) else scale


def _celsius_hint(unit: str, kind: Kind) -> str:
    return " (Celsius is degC)" if kind.absolute and unit.strip(" °").lower() in ("c", "deg", "") else ""


def parse_quantity(value: object, kind: Kind, period: float | None = None) -> float:
    """A value of the case file in the kept unit of `kind`.

    value: `"number unit"`, or a bare number, which is SI (a bare angle is in rad, a bare energy in J).
    period: the orbital period (s) that the unit `orbit` stands for in a time, None where there is no orbit.
    Raises QuantityError.
    """
    if isinstance(value, dict):
        raise QuantityError(f'a table is not supported yet here; needs a {kind.name}, for example "{kind.example}"')
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise QuantityError(f'{shown(value)} is not a quantity; needs a {kind.name}, for example "{kind.example}"')
    if isinstance(value, str):
        number, unit = split_quantity(value)
        if not unit and kind is not RATIO:
            raise QuantityError(f'{shown(value)} has no unit; write for example "{kind.example}"')
    else:
        number = float(value) if abs(value) < 1e300 else math.inf
        unit = kind.bare or kind.unit
    if not math.isfinite(number):
        raise QuantityError(f"{shown(value)} is not a finite number")
    if kind is TIME and unit in ("orbit", "orbits"):
        if period is None:
            raise QuantityError(f"{shown(value)} counts orbits, but the case has no [orbit]; write seconds")
        return number * period
    scale, offset = _linear(unit or "dimensionless", kind)
    return number * scale + offset


def in_display_unit(value: float, kind: Kind) -> float:
    """A kept value in the unit in which limits are stated to the user (degrees for angles)."""
    return math.degrees(value) if kind.display == "deg" else value
