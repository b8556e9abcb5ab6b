"""Reference cases: pumped single-phase loops, through case files."""

import functools

import numpy as np
from scipy.optimize import brentq

from caloris_validation import scenes
from caloris_validation.reference_case import ReferenceCase
from caloris_validation.scenes import Result, coating, deep_space, rectangle, steady, table

# Water, IAPWS-95 with the viscosity of IAPWS R12-08: saturated liquid at 300 K (kg/m3, Pa s).
_DENSITY, _VISCOSITY = 996.5063, 8.5384e-4
_PROPERTIES = "the table of water and its splines against IAPWS at 300 K: 1e-4"
_GRAVITY = 9.80665


def pipe(name: str, length: float, diameter: float, **keys: object) -> str:
    """A pipe of the loop that stands before it."""
    return table("loop.pipe", name=name, length=length, diameter=diameter, **keys)


def held(name: str, temperature: float) -> str:
    """A node of a fixed temperature (K)."""
    return table("node", name=name, temperature=temperature)


def loop(result: Result, quantity: str, name: str, dimension: str = "branch") -> float:
    """A quantity of the group of loops at the last time."""
    names = list(result.arrays[f"loop/{dimension}"])
    return float(result.arrays[f"loop/{quantity}"][-1, names.index(name)])


def residual(result: Result) -> float:
    """Largest energy residual over the largest total."""
    total = result.arrays["thermal/node_heat_load"][-1].sum() + np.abs(result.arrays["thermal/node_boundary"][-1]).sum()
    return float(np.abs(result.arrays["thermal/energy_residual"]).max()) / max(total, 1e-300)


# Row 41 of the plan of reference cases: m c = 1000 W/K enters at 320 K, 50 m2 of emittance 0.9 radiate to the sky.
_RADIATOR_FLOW = 1000.0 / 4180.0  # kg/s of water


@functools.cache
def radiator(cells: int, sky: float) -> Result:
    """Water that a heater brings to 320 K and a radiator of so many cells cools; walls as warm as the water."""
    return Result(
        deep_space(sky),
        coating("paint", 0.9),
        rectangle("panel", [0, 0, 0], [50, 0, 0], [0, 1, 0], divide=[cells, 1], front="paint", heat_capacity=1000.0),
        held("heater", 320.0),
        table("loop", name="water", fluid="water", mass_flow=_RADIATOR_FLOW, pressure=1e6, start_temperature=310.0),
        pipe("heating", 10.0, 0.05, on="heater", heat_transfer=1e6, cells=4),
        pipe("cooling", 50.0, 0.05, on="panel", heat_transfer=1e7, cells=cells),
        steady(start_temperature=310.0),
    )


def _outlet(cells: int, sky: float) -> float:
    return loop(radiator(cells, sky), "cell_temperature", f"water.cooling[{cells - 1}]", "cell")


def _rejected(cells: int) -> float:
    """Heat (W) that the radiator sends to a sky of 0 K."""
    return radiator(cells, 0.0).total("node_emitted_to_space", "panel")


def _extrapolated(sky: float) -> float:
    """Outlet by Richardson's extrapolation of an error of first order."""
    return 2.0 * _outlet(128, sky) - _outlet(64, sky)


def _radiator_case(name: str, sky: float, exact: float, formula: str) -> ReferenceCase:
    return ReferenceCase(
        name=f"loop-radiator-{name}",
        quantity=f"outlet of a radiator of 50 m2, emittance 0.9, fed at 320 K with 1000 W/K, sky {sky:g} K, "
        "extrapolated from 64 and 128 cells",
        unit="K",
        exact=exact,
        bound=0.02,
        absolute=True,
        reason="the specific heat of water differs from 4180 J/kg/K by up to 6e-4 between 297 and 320 K, 0.014 K of "
        "the drop; the second order in 1/64 of 23 K is 0.002 K",
        source=formula,
        measure=lambda: _extrapolated(sky),
        observed_order=lambda: scenes.order(_outlet(32, sky), _outlet(64, sky), _extrapolated(sky)),
        expected_order=0.9,
    )


@functools.cache
def tube(flow: float, length: float, diameter: float, roughness: float = 0.0) -> Result:
    """Water at 300 K round a loop of one tube."""
    return Result(
        held("bath", 300.0),
        table("loop", name="water", fluid="water", mass_flow=flow, pressure=1e6, start_temperature=300.0),
        pipe("tube", length, diameter, on="bath", heat_transfer=1e6, roughness=roughness, cells=1),
        steady(start_temperature=300.0),
    )


_LAMINAR = (1e-3, 10.0, 4e-3)  # kg/s, m, m: Re 373
TURBULENT = (0.5, 20.0, 0.02, 4e-5)  # Re 37 000, e/D 0.002


def _poiseuille(flow: float, length: float, diameter: float) -> float:
    return 128.0 * _VISCOSITY * flow * length / (np.pi * _DENSITY * diameter**4)


def _darcy(friction: float) -> float:
    flow, length, diameter, _ = TURBULENT
    velocity = flow / (_DENSITY * np.pi * diameter**2 / 4.0)
    return friction * length / diameter * 0.5 * _DENSITY * velocity**2


def _reynolds() -> float:
    flow, _, diameter, _ = TURBULENT
    return 4.0 * flow / (np.pi * diameter * _VISCOSITY)


def _colebrook() -> float:
    """1/sqrt(f) = -2 log10(e/(3.7 D) + 2.51/(Re sqrt(f)))."""
    rough, re = TURBULENT[3] / TURBULENT[2], _reynolds()

    def gap(root: float) -> float:
        return root + 2.0 * np.log10(rough / 3.7 + 2.51 * root / re)

    return float(brentq(gap, 1.0, 100.0)) ** -2  # type: ignore[operator]


def _churchill() -> float:
    """Churchill's equation by its powers as printed."""
    rough, re = TURBULENT[3] / TURBULENT[2], _reynolds()
    a = (2.457 * np.log(1.0 / ((7.0 / re) ** 0.9 + 0.27 * rough))) ** 16
    b = (37530.0 / re) ** 16
    return 8.0 * ((8.0 / re) ** 12 + (a + b) ** -1.5) ** (1.0 / 12.0)


@functools.cache
def branches() -> Result:
    """Three laminar tubes of 2, 4 and 5 m side by side at 300 K."""
    return Result(
        held("bath", 300.0),
        table("loop", name="water", fluid="water", mass_flow=2e-3, pressure=1e6, start_temperature=300.0),
        pipe("feed", 0.1, 0.01, on="bath", heat_transfer=1e6, cells=1),
        *(pipe(f"tube {n}", n, 4e-3, branch=f"b{n}", on="bath", heat_transfer=1e6, cells=1) for n in (2, 4, 5)),
        steady(start_temperature=300.0),
    )


# A straight pump curve, 0.2 m at rest and none at 3.4e-6 m3/s, on ten meters of laminar tube: Re 500.
_HEAD, _MOST = 0.2, 3.4e-6


@functools.cache
def pumped() -> Result:
    """A pump with a curve on a laminar tube at 300 K."""
    return Result(
        held("bath", 300.0),
        table(
            "loop", name="water", fluid="water", pressure=1e6, start_temperature=300.0,
            pump={"flow": [0.0, _MOST], "head": [_HEAD, 0.0], "efficiency": 0.5},
        ),
        pipe("tube", 10.0, 5e-3, on="bath", heat_transfer=1e6, cells=1),
        steady(start_temperature=300.0),
    )  # fmt: skip


def _operating_point() -> float:
    """rho g H0 (1 - m/(rho V0)) = R m."""
    resistance = _poiseuille(1.0, 10.0, 5e-3)
    shut = _DENSITY * _GRAVITY * _HEAD
    return shut / (resistance + shut / (_DENSITY * _MOST))


@functools.cache
def bypassed(kind: str) -> Result:
    """600 W into a plate, a radiator of 60 W/K to 273.15 K with a bypass, a valve that holds 293.15 K at the supply."""
    valve = {"sensor": "supply", "temperature": 293.15, "by": "bypass", "band": 4.0, "kind": kind, "leak": 0.001}
    return Result(
        table("node", name="plate", heat_capacity=2000.0),
        table("node", name="panel", heat_capacity=20000.0),
        held("sink", 273.15),
        table("link", between=["panel", "sink"], conductance=60.0),
        table("load", on="plate", power=600.0),
        table("loop", name="water", fluid="water", mass_flow=0.02, pressure=2e5, setpoint=valve),
        pipe("supply", 1.0, 0.01),
        pipe("plate", 2.0, 0.005, on="plate", parallel=6, heat_transfer=2000.0),
        pipe("panel", 10.0, 0.008, branch="radiator", on="panel", heat_transfer=1000.0),
        pipe("around", 1.0, 0.008, branch="bypass"),
        steady(),
    )


def _mixed() -> float:
    """Supply (K) from the streams that the valve joins: b T_return + (1 - b) T_radiator, b from the flows."""
    result = bypassed("integral")
    around = loop(result, "mass_flow", "water.bypass") / loop(result, "mass_flow", "water")
    back = loop(result, "cell_temperature", "water.plate[7]", "cell")
    cold = loop(result, "cell_temperature", "water.panel[7]", "cell")
    return around * back + (1.0 - around) * cold


_T_OUT = "T_out = (T_in^-3 + 3 eps sigma A/(m c))^(-1/3), from m c dT/dx = -eps sigma P T^4"

CASES: tuple[ReferenceCase, ...] = (
    _radiator_case("0K", 0.0, 296.9952, _T_OUT),
    _radiator_case("230K", 230.0, 303.1853, "m c dT/dx = -eps sigma P (T^4 - Ts^4), log and arctan form"),
    ReferenceCase(
        "loop-radiator-heat",
        "heat that the first of these radiators rejects, extrapolated from 64 and 128 cells",
        "W",
        23004.8,
        1e-3,
        "the specific heat of water against 4180 J/kg/K, 6e-4; second order in 1/64",
        _T_OUT + "; m c (T_in - T_out)",
        lambda: 2.0 * _rejected(128) - _rejected(64),
        observed_order=lambda: scenes.order(_rejected(32), _rejected(64), 2.0 * _rejected(128) - _rejected(64)),
        expected_order=0.9,
    ),
    ReferenceCase(
        "loop-laminar-loss",
        "pressure lost by 1 g/s of water at 300 K in 10 m of a tube of 4 mm",
        "Pa",
        _poiseuille(*_LAMINAR),
        2e-4,
        _PROPERTIES,
        "Hagen-Poiseuille, 128 mu m L/(pi rho D^4)",
        lambda: loop(tube(*_LAMINAR), "pressure_loss", "water"),
    ),
    ReferenceCase(
        "loop-turbulent-loss",
        "pressure lost by 0.5 kg/s of water at 300 K in 20 m of a tube of 20 mm, roughness 40 um",
        "Pa",
        _darcy(_colebrook()),
        0.03,
        "Churchill's equation lies within 3 % of Colebrook's",
        "Colebrook (1939), J. Inst. Civ. Eng. 11, 133, solved for f; Darcy-Weisbach",
        lambda: loop(tube(*TURBULENT), "pressure_loss", "water"),
    ),
    ReferenceCase(
        "loop-turbulent-loss-churchill",
        "the same against Churchill's equation",
        "Pa",
        _darcy(_churchill()),
        2e-4,
        _PROPERTIES,
        "Churchill (1977), Chemical Engineering 84 (24), 91, by its powers as printed",
        lambda: loop(tube(*TURBULENT), "pressure_loss", "water"),
    ),
    ReferenceCase(
        "loop-branches",
        "flow through 2 m of laminar tube beside 4 m and 5 m, of 2 g/s",
        "kg/s",
        2e-3 * 0.5 / (0.5 + 0.25 + 0.2),
        1e-8,
        "viscosities are equal to the pump's warming, 1e-6 K",
        "flows as 1/L: Hagen-Poiseuille with equal losses",
        lambda: loop(branches(), "mass_flow", "water.b2"),
    ),
    ReferenceCase(
        "loop-operating-point",
        "flow at which a straight pump curve (0.2 m, 3.4 mL/s) meets 10 m of laminar tube of 5 mm",
        "kg/s",
        _operating_point(),
        2e-4,
        _PROPERTIES,
        "rho g H0 (1 - m/(rho V0)) = 128 mu m L/(pi rho D^4)",
        lambda: loop(pumped(), "mass_flow", "water"),
    ),
    ReferenceCase(
        "loop-bypass-set-point",
        "temperature at the sensor of a three-way valve that holds 293.15 K",
        "K",
        293.15,
        1e-6,
        "an integral controller has no offset between its stops; solved to 1e-9 K a step",
        "u' = gain (set point - T)/C is zero at the set point",
        lambda: loop(bypassed("integral"), "cell_temperature", "water.supply", "cell"),
        absolute=True,
    ),
    ReferenceCase(
        "loop-bypass-mixing",
        "the same temperature from the two streams that the valve joins",
        "K",
        293.15,
        0.02,
        "the specific heat of water changes by 5e-3 between 275 and 300 K, of a difference of some kelvin",
        "b T_return + (1 - b) T_radiator: first law for steady streams, Incropera et al., 7th ed., eq. 1.12e",
        _mixed,
        absolute=True,
    ),
)
