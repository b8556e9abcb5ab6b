"""Reference cases: conduction along bars and fins, half-spaces and lumped bodies, through case files."""

import functools
from collections.abc import Callable

import numpy as np

from caloris_validation import scenes
from caloris_validation.reference_case import ReferenceCase
from caloris_validation.scenes import Result, coating, deep_space, rectangle, steady, table, transient

_LUMPED = "C dT/dt = -eps sigma A (T^4 - Ts^4) integrated in closed form"
_STEP = (
    "the stepper's tolerance of 1 mK, five times over the run; a method of fifth order leaves its power 5/6, here "
    "from 1 mK to 10 uK, and the order that is asked for is 3/4"
)


@functools.cache
def _cooled(duration: float, sky: float, tolerance: float = 1e-3) -> float:
    """Temperature (K) of a plate of 900 J/K, 1 m2, emittance 0.9, that starts at 400 K, after `duration` (s)."""
    plate = rectangle("plate", [0, 0, 0], [1, 0, 0], [0, 1, 0], front="paint", heat_capacity=900, start_temperature=400)
    run = transient(duration, temperature_tolerance=tolerance)
    return Result(deep_space(sky), coating("paint", 0.9), plate, run).temperature("plate")


def _cooled_order(duration: float, sky: float) -> float:
    """Observed power of the tolerance with which the error of `_cooled` falls; it reaches 300 K."""
    return scenes.order(_cooled(duration, sky, 1e-3), _cooled(duration, sky, 1e-5), 300.0, ratio=100.0)


def _bar(length: float, cells: int, conductivity: float, name: str = "bar", **more: object) -> str:
    """A bar of 1 m2 cross-section along x: a strip 1 m thick and wide, its faces insulated, and its material."""
    material = table(
        "material", name=f"{name} metal", density=more.pop("density", 1.0),
        specific_heat=more.pop("specific_heat", 1.0), conductivity=conductivity,
    )  # fmt: skip
    strip = rectangle(
        name, [0, 0, 0], [length, 0, 0], [0, 1, 0], divide=[cells, 1], front="inactive", thickness=1.0,
        material=f"{name} metal", **more,
    )  # fmt: skip
    return material + strip


def _half_cell(end: str, cell: int, length: float, cells: int, conductivity: float, name: str = "bar") -> str:
    """The half cell of `_bar` between its end face and the middle of its last cell, as a link."""
    return table("link", between=[end, f"{name}[{cell},0]"], conductance=2 * conductivity * cells / length)


# NAFEMS T2: a bar of 0.1 m, one end at 1000 K, the other radiates to 300 K.
_T2 = {"length": 0.1, "cells": 8, "conductivity": 55.6}


@functools.cache
def _t2(face_temperature: float | None, conductivity: float = 55.6) -> Result:
    """The bar of T2; its far face radiates with emittance 0.98, or is held at a temperature (K)."""
    given = {"heat_capacity": 0.0} if face_temperature is None else {"temperature": face_temperature}
    bar = {**_T2, "conductivity": conductivity}
    return Result(
        deep_space(300.0),
        coating("face", 0.98),
        _bar(**bar),
        rectangle("face", [0.2, 0, 0], [0, 1, 0], [0, 0, 1], front="face", **given),
        table("node", name="hot", temperature=1000.0),
        _half_cell("hot", 0, **bar),
        _half_cell("face", _T2["cells"] - 1, **bar),
        steady(),
    )


def _bar_profile() -> float:
    """Largest departure (K) of the bar between 1000 and 300 K from a straight line."""
    temperature = _t2(300.0).of("temperature", "bar")
    middle = (np.arange(_T2["cells"]) + 0.5) / _T2["cells"]
    return float(np.max(np.abs(temperature - (1000.0 - 700.0 * middle))))


# Fins: k 200 W/m/K, 2 mm thick, 0.5 m wide, base at 400 K; the length follows from zeta.
_FIN = {"conductivity": 200.0, "thickness": 2e-3, "emittance": 0.9, "base": 400.0}
_ZETAS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
_EFFICIENCIES = (0.890035, 0.7795064, 0.663435, 0.5339892, 0.4095463, 0.303195)
_SIGMA = 5.670374419e-8


def _fin_name(zeta: float, cells: int) -> str:
    return f"fin {round(100 * zeta)} {cells}"


def _fin(zeta: float, cells: int, place: int) -> tuple[str, float]:
    """A fin in the plane z = 0 (none sees another), joined to the base, and its ideal heat (W)."""
    k, thickness, base = _FIN["conductivity"], _FIN["thickness"], _FIN["base"]
    length = (zeta * k * thickness / (2 * _FIN["emittance"] * _SIGMA * base**3)) ** 0.5
    name, width = _fin_name(zeta, cells), 0.5
    strip = rectangle(
        name, [0, place, 0], [length, 0, 0], [0, width, 0], divide=[cells, 1], front="paint", back="paint",
        thickness=thickness, material="metal",
    )  # fmt: skip
    joint = table(
        "link", between=[f"base {name}", f"{name}[0,0]"], conductance=2 * k * thickness * width * cells / length
    )
    node = table("node", name=f"base {name}", temperature=base)
    return strip + node + joint, 2 * _FIN["emittance"] * _SIGMA * base**4 * length * width


@functools.cache
def _fins() -> dict[tuple[float, int], float]:
    """Efficiency of radiating fins by zeta and number of cells."""
    keys = [(zeta, cells) for zeta in _ZETAS for cells in (20, 40)]
    parts = [_fin(*key, place) for place, key in enumerate(keys)]
    material = table("material", name="metal", density=1, specific_heat=1, conductivity=_FIN["conductivity"])
    result = Result(deep_space(), coating("paint", _FIN["emittance"]), material, *(text for text, _ in parts), steady())
    return {
        key: result.total("node_boundary", f"base {_fin_name(*key)}") / ideal
        for key, (_, ideal) in zip(keys, parts, strict=True)
    }


def _fin_case(zeta: float, efficiency: float) -> ReferenceCase:
    return ReferenceCase(
        name=f"conduction-fin-zeta-{zeta:g}",
        quantity=f"efficiency of a radiating rectangular fin, zeta = 2 eps sigma T^3 L^2/(k d) = {zeta:g}, sky 0 K",
        unit="1",
        exact=efficiency,
        bound=0.75 * zeta / 40**2,
        reason="40 cells, h = 1/40: the half cell at the base carries all its heat to its middle, zeta h^2/8 too much "
        "of the drop and four times that in T^4; half as much again for the other cells",
        source="d2T/dx2 = zeta T^4, T(0) = 1, T'(1) = 0, by a boundary-value solver, 7 digits",
        measure=lambda: _fins()[zeta, 40],
        observed_order=lambda: scenes.order(_fins()[zeta, 20], _fins()[zeta, 40], efficiency),
        expected_order=1.8,
    )


# A half-space under 1 kW/m2: k 167, diffusivity 6.9e-5 m2/s, 0.6 m deep, which is 7 diffusion lengths.
_SOIL = {"density": 2700.0, "specific_heat": 167.0 / (2700.0 * 6.9e-5)}


@functools.cache
def _half_space() -> dict[int, float]:
    """Rise (K) of a half-space's surface after 100 s of constant flux, by the number of cells."""
    length, conductivity, meshes = 0.6, 167.0, (20, 40)
    parts = []
    for cells in meshes:
        bar, skin = f"bar {cells}", f"skin {cells}"
        parts += [
            _bar(length, cells, conductivity, bar, **_SOIL, start_temperature=300.0),
            table("node", name=skin, heat_capacity=0.0, start_temperature=300.0),
            _half_cell(skin, 0, length, cells, conductivity, bar),
            table("load", on=skin, power=1000.0),
        ]
    result = Result(*parts, transient(100.0, temperature_tolerance=1e-4))
    return {cells: result.temperature(f"skin {cells}") - 300.0 for cells in meshes}


def _case(name: str, quantity: str, unit: str, exact: float, bound: float, reason: str, source: str,
          measure: Callable[[], float], **more) -> ReferenceCase:  # fmt: skip
    return ReferenceCase(name, quantity, unit, exact, bound, reason, source, measure, **more)


CASES: tuple[ReferenceCase, ...] = (
    _case(
        "lumped-cooling-to-0K",
        "a body of 900 J/K, 1 m2, emittance 0.9, from 400 K after 125.8708006 s under a sky of 0 K",
        "K",
        300.0,
        5e-3,
        _STEP,
        "t = C/(3 eps sigma A) (T^-3 - T0^-3); " + _LUMPED,
        lambda: _cooled(125.8708006, 0.0),
        absolute=True,
        observed_order=lambda: _cooled_order(125.8708006, 0.0),
        expected_order=0.75,
    ),
    _case(
        "lumped-cooling-to-250K",
        "the same body after 186.0280069 s under a sky of 250 K",
        "K",
        300.0,
        5e-3,
        _STEP,
        "t = C/(4 eps sigma A Ts^3) [ln((T + Ts)/(T - Ts)) + 2 atan(T/Ts)]; " + _LUMPED,
        lambda: _cooled(186.0280069, 250.0),
        absolute=True,
        observed_order=lambda: _cooled_order(186.0280069, 250.0),
        expected_order=0.75,
    ),
    _case(
        "conduction-bar-heat",
        "heat along a bar of 55.6 W/m/K, 0.1 m, 1 m2, between 1000 and 300 K",
        "W",
        389200.0,
        1e-9,
        "a linear profile is exact on any number of cells; float64",
        "k A dT/L, Fourier's law",
        lambda: _t2(300.0).total("node_boundary", "hot"),
    ),
    _case(
        "conduction-bar-profile",
        "largest departure of the bar's temperatures from a straight line",
        "K",
        0.0,
        1e-6,
        "a linear profile is exact on any number of cells; solved to 1e-9 K a step",
        "T = T0 + (T1 - T0) x/L",
        _bar_profile,
        absolute=True,
    ),
    *(
        _case(
            f"conduction-nafems-t2{suffix}",
            f"temperature of the radiating end of a bar, k {conductivity:g} W/m/K",
            "K",
            exact,
            bound,
            "one-dimensional and linear inside: exact on any number of cells; the benchmark prints 927.0 K" + digits,
            "NAFEMS, The Standard NAFEMS Benchmarks (1990), T2: root of k (1000 K - T)/L = eps sigma (T^4 - (300 K)^4)",
            lambda conductivity=conductivity: _t2(None, conductivity).temperature("face"),
        )
        for suffix, conductivity, exact, bound, digits in (
            ("", 55.6, 927.0039505, 1e-9, ""),
            ("-of-other-digits", 55.563, 926.967, 1e-6, "; the root has six digits"),
        )
    ),
    *(_fin_case(zeta, exact) for zeta, exact in zip(_ZETAS, _EFFICIENCIES, strict=True)),
    _case(
        "conduction-half-space",
        "rise of a half-space's surface after 100 s of 1 kW/m2, k 167 W/m/K, diffusivity 6.9e-5 m2/s",
        "K",
        0.5612587614,
        3e-3,
        "40 cells of 15 mm; the half cell at the surface is taken as linear: dx^2/(16 a t) = 2.0e-3, and half of "
        "that for the rest",
        "(2 q/k) sqrt(a t/pi), Carslaw & Jaeger, Conduction of Heat in Solids (1959), sect. 2.9",
        lambda: _half_space()[40],
        observed_order=lambda: scenes.order(_half_space()[20], _half_space()[40], 0.5612587614),
        expected_order=1.8,
        slow=True,
    ),
)
