"""Reference cases of the power balance: batteries and bus, through a case file with arrays, battery and loads."""

import functools

import numpy as np

from caloris_validation import scenes
from caloris_validation.reference_case import ReferenceCase
from caloris_validation.scenes import Result, coating, rectangle, sunlight, table, transient

_HOUR = 3600.0
# Demand, bus and battery of both scenes.
_LOAD, _BUS, _CHARGE, _DISCHARGE, _CAPACITY = 300.0, 0.95, 0.97, 0.96, 3.6e6
_ARRAY = 0.30 * 1361.0 * 0.90 * 0.95


@functools.cache
def _powered(area: float) -> Result:
    """One hour under the Sun: an array of `area` m2, a battery half full, and 300 W of electrical load."""
    array = rectangle(
        "array",
        [0, 0, 0],
        [area, 0, 0],
        [0, 1, 0],
        front="cells",
        back="cells",
        heat_capacity=1e4,
        start_temperature=320,
    )
    return Result(
        sunlight(),
        coating("cells", 0.85, absorptance=0.91),
        array,
        table("node", name="box", heat_capacity=1e4),
        table("link", between=["array", "box"], conductance=5.0),
        table("solar_array", on=["array/front"], efficiency=0.30, temperature_coefficient=0.0, packing=0.90,
              degradation=0.95),
        scenes.section("power", bus_efficiency=_BUS, losses_on="box"),
        table("battery", on="box", capacity=_CAPACITY, charge_efficiency=_CHARGE, discharge_efficiency=_DISCHARGE,
              maximum_depth_of_discharge=0.9, start_charge=0.5),
        table("load", on="box", power=_LOAD, electrical=True),
        transient(_HOUR),
    )  # fmt: skip


def _charge(area: float) -> float:
    """State of charge after the hour."""
    return float(np.asarray(_powered(area).arrays["power/state_of_charge"])[-1, 0])


CASES: tuple[ReferenceCase, ...] = (
    ReferenceCase(
        name="power-array",
        quantity="power of 0.5 m2 of cells, efficiency 0.30, packing 0.90, degradation 0.95, 1361 W/m2",
        unit="W",
        exact=0.5 * _ARRAY,
        bound=1e-9,
        reason="a product in float64",
        source="S A eta packing degradation, everything drawn while the load exceeds it",
        measure=lambda: float(np.asarray(_powered(0.5).arrays["power/array_power"])[-1, 0]),
    ),
    ReferenceCase(
        name="power-battery-charges",
        quantity="state of charge after one hour with 349 W from the array and 300 W of load, 1 kWh, 0.5 at first",
        unit="1",
        exact=0.5 + (_BUS * _ARRAY - _LOAD) * _HOUR * _CHARGE / _CAPACITY,
        bound=1e-6,
        reason="constant power: exact but for the stepper's tolerance, a millionth of the capacity",
        source="energy balance: (.95 x 349.0965 W - 300 W) x 3600 s x .97 / 3.6 MJ",
        measure=lambda: _charge(1.0),
    ),
    ReferenceCase(
        name="power-battery-discharges",
        quantity="state of charge after one hour with 175 W from the array and 300 W of load, 1 kWh, 0.5 at first",
        unit="1",
        exact=0.5 + (_BUS * 0.5 * _ARRAY - _LOAD) * _HOUR / _DISCHARGE / _CAPACITY,
        bound=1e-6,
        reason="constant power: exact but for the stepper's tolerance, a millionth of the capacity",
        source="energy balance: (.95 x 174.5483 W - 300 W) x 3600 s / .96 / 3.6 MJ",
        measure=lambda: _charge(0.5),
    ),
)
