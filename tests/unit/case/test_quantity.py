"""The grammar of quantities: every way of writing one, and every way of getting one wrong."""

import math

import pytest

from caloris.case import quantity as q
from caloris.case.quantity import QuantityError, parse_quantity, split_quantity


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("650 km", q.LENGTH, 650e3),
        ("100 mil", q.LENGTH, 100 * 25.4e-6),  # 1 mil = 1/1000 inch, 1 inch = 25.4 mm by definition
        ("0.5mm", q.LENGTH, 5e-4),
        ("85 degC", q.TEMPERATURE, 358.15),
        ("-40 °C", q.TEMPERATURE, 233.15),
        ("5 delta_degC", q.TEMPERATURE_DIFFERENCE, 5.0),
        ("1 mK", q.TEMPERATURE_DIFFERENCE, 1e-3),
        ("0.05 W/m/K", q.CONDUCTIVITY, 0.05),
        ("1361 W/m2", q.FLUX, 1361.0),
        ("1361 W m-2", q.FLUX, 1361.0),
        ("1361 W/m**2", q.FLUX, 1361.0),
        ("0.9 J/g/degC", q.SPECIFIC_HEAT, 900.0),
        ("398600.4418 km^3/s^2", q.GRAVITATIONAL_PARAMETER, 3.986004418e14),
        ("398600.4418 km3/s2", q.GRAVITATIONAL_PARAMETER, 3.986004418e14),
        ("150 kWh", q.ENERGY, 150 * 3.6e6),
        ("180 deg", q.ANGLE, math.pi),
        ("1 rad", q.ANGLE, 1.0),
        ("2 krad", q.DOSE, 20.0),  # 1 rad = 0.01 Gy
        ("2 rad", q.DOSE, 0.02),
        ("-0.0007 1/K", q.PER_TEMPERATURE, -7e-4),
        ("30 %", q.RATIO, 0.3),
        ("0.3", q.RATIO, 0.3),
        (".3", q.RATIO, 0.3),
        ("1e-3 m", q.LENGTH, 1e-3),
        ("0.5 MeV cm^2/mg", q.LINEAR_ENERGY_TRANSFER, 0.5),
        ("500 MeV cm2/g", q.LINEAR_ENERGY_TRANSFER, 0.5),
        ("0.1 GeV", q.PARTICLE_ENERGY, 100.0),
        ("0.1 GeV/u", q.PARTICLE_ENERGY, 100.0),
        ("2e-5 cm^2", q.CROSS_SECTION, 2e-5),
        ("2000 um^2", q.CROSS_SECTION, 2e-5),
        ("44.72 um", q.CHIP_LENGTH, 44.72),
        ("1 mil", q.CHIP_LENGTH, 25.4),
        ("6.858 kg/m^2", q.AREAL_DENSITY, 0.6858),
        (7, q.LENGTH, 7.0),
        # A bare number is SI, whatever unit the field is kept in.
        (1.602176634e-11, q.LINEAR_ENERGY_TRANSFER, 1.0),  # J m^2/kg; 1 MeV = 1.602176634e-13 J exactly
        (1e-6, q.CHIP_LENGTH, 1.0),
        (1e-4, q.CROSS_SECTION, 1.0),
        (10, q.AREAL_DENSITY, 1.0),
        (1.602176634e-13, q.PARTICLE_ENERGY, 1.0),
        (1.0, q.ANGLE, 1.0),
    ],
)
def test_value(text, kind, expected):
    # Two roundings of a product and of pint's scale: some 1e-16; pint's electronvolt has 10 digits, all of them exact.
    assert parse_quantity(text, kind) == pytest.approx(expected, rel=1e-14)


def test_orbit_is_a_time():
    assert parse_quantity("2 orbits", q.TIME, period=5400.0) == 10800.0
    assert parse_quantity("0.5 orbit", q.TIME, period=5400.0) == 2700.0
    with pytest.raises(QuantityError, match=r"no \[orbit\]"):
        parse_quantity("2 orbits", q.TIME)


@pytest.mark.parametrize(
    ("value", "kind", "words"),
    [
        ("1,5 m", q.LENGTH, 'comma.*"1.5 m"'),
        ("5", q.LENGTH, "no unit"),
        ("m", q.LENGTH, "does not begin with a number"),
        ("", q.LENGTH, "does not begin with a number"),
        ("5 Wat", q.POWER, "not a known unit.*5 W"),
        ("5 kg", q.POWER, "not the unit of a power"),
        ("5 3 m", q.LENGTH, "not a known unit"),
        ("5 2*m", q.LENGTH, "not a known unit"),
        ("5 (m", q.LENGTH, "not a known unit"),
        ("5 __import__('os')", q.LENGTH, "not a known unit"),
        ("5 rad", q.LENGTH, "not the unit of a length"),
        ("2 krad", q.LENGTH, "not the unit of a length"),
        ("100 mil", q.TIME, "not the unit of a time"),
        ("3 orbits", q.LENGTH, "not a known unit"),
        ("1 degC", q.TEMPERATURE_DIFFERENCE, "not a difference.*delta_degC"),
        ("1 delta_degC", q.TEMPERATURE, "is a temperature difference"),
        ("85 C", q.TEMPERATURE, "Celsius is degC"),
        ("5 degC", q.LENGTH, "is a temperature"),
        ("1e999 m", q.LENGTH, "not a finite number"),
        (10**400, q.LENGTH, "not a finite number"),
        (math.nan, q.LENGTH, "not a finite number"),
        (True, q.LENGTH, "true is not a quantity"),
        (["5 m"], q.LENGTH, "not a quantity"),
        ({"temperature": [1], "value": [2]}, q.CONDUCTIVITY, "a table is not supported yet"),
    ],
)
def test_refused(value, kind, words):
    with pytest.raises(QuantityError, match=words):
        parse_quantity(value, kind)


def test_split():
    assert split_quantity(" -1.5e-3  W/m/K ") == (-1.5e-3, "W/m/K")
    assert split_quantity("5eV") == (5.0, "eV")


def test_decimal_units_stay_decimal():
    """What the user writes comes back digit for digit where the unit is a power of ten."""
    assert parse_quantity("1 um", q.LENGTH) == 1e-6
    assert parse_quantity("0.5 mm", q.LENGTH) == 0.5e-3
    assert parse_quantity("-180 deg", q.ANGLE) == -math.pi
