"""Reference cases: conduction in solids and with properties over temperature, through case files."""

import functools

import numpy as np
from scipy.optimize import root_scalar

from caloris_validation import scenes
from caloris_validation.reference_case import ReferenceCase
from caloris_validation.scenes import Result, coating, deep_space, rectangle, steady, table, transient

_ROUNDING = "exact on any mesh; float64"


def box(name: str, size: tuple[float, float, float], divide: tuple[int, int, int], **more: object) -> str:
    """A block at the origin along x, y and z."""
    edges = {f"edge_{word}": [size[k] * (axis == k) for axis in range(3)] for k, word in enumerate("uvw")}
    return table("solid", name=name, shape="box", corner=[0, 0, 0], **edges, divide=list(divide), **more)


def face(on: str, **keys: object) -> str:
    """A face of the solid that stands before it."""
    return table("solid.face", on=[on], **keys)


# NAFEMS T4: 0.6 m x 1 m, k 52, 100 degC along the bottom, 750 W/m2/K to 0 degC along the right and the top.
_T4 = 18.2537562


@functools.cache
def _t4(cells: int) -> float:
    """Temperature (degC) of the right side, 0.2 m above the bottom; cells over these 0.2 m."""
    film = {"conductance_per_area": 750.0}
    result = Result(
        table("material", name="steel", density=1.0, specific_heat=1.0, conductivity=52.0),
        box("plate", (0.6, 1.0, 0.1), (3 * cells, 5 * cells, 1), material="steel"),
        face("v-", temperature=373.15),
        table("node", name="air", temperature=273.15),
        table("contact", between=["plate.u+", "air"], **film),
        table("contact", between=["plate.v+", "air"], **film),
        steady(),
    )
    return result.temperature(f"plate[{3 * cells},{cells},0]") - 273.15


def _t4_series(terms: int = 400) -> float:
    """T4 by separation of variables (degC): cos(b x) sinh-like in y, b tan(b L) = h/k, at x = L, y = 0.2 m.

    T = sum c_n cos(b_n x) [cosh(b_n (H - y)) + (h/(k b_n)) sinh(b_n (H - y))] / [the same at y = 0],
    c_n = 100 * 2 sin(b_n L) / (b_n L + sin(b_n L) cos(b_n L)): insulated at x = 0, film at x = L and y = H.
    """
    width, height, biot = 0.6, 1.0, 750.0 / 52.0
    total = 0.0
    for n in range(terms):
        low, high = n * np.pi / width, (n + 0.5) * np.pi / width
        b = root_scalar(
            lambda b: b * np.sin(b * width) - biot * np.cos(b * width), bracket=(low + 1e-12, high), xtol=1e-15
        ).root
        c = 2 * np.sin(b * width) / (b * width + np.sin(b * width) * np.cos(b * width))
        # Both brackets times 2 exp(-b H).
        part = [np.exp(-b * y) * (1 + biot / b) + np.exp(-b * (2 * height - y)) * (1 - biot / b) for y in (0.2, 0.0)]
        total += c * np.cos(b * width) * part[0] / part[1]
    return 100.0 * total


# NAFEMS T3: a bar of 0.1 m from 0 degC, one end at 0 degC, the other at 100 sin(pi t/40 s) degC.
_T3 = 36.6031


@functools.cache
def _t3(cells: int) -> float:
    """Temperature (degC) 20 mm from the varying end after 32 s.

    The sine is a table of straight lines over each second, 1/(1 - (w dt)^2/12) higher than the sine at its points, so
    that its first harmonic has the sine's amplitude; the end hangs on it by 1e9 W/m2/K.
    """
    rate = np.pi / 40.0
    time = np.arange(33.0)
    sine = 100.0 * np.sin(rate * time) / (1.0 - rate**2 / 12.0)
    end = {"time": time.tolist(), "value": (273.15 + sine).tolist(), "between": "linear"}
    result = Result(
        table("material", name="steel", density=7200.0, specific_heat=440.5, conductivity=35.0),
        box("bar", (0.1, 0.01, 0.01), (cells, 1, 1), material="steel", start_temperature=273.15),
        face("u-", temperature=273.15),
        table("node", name="end", temperature=end),
        table("contact", between=["bar.u+", "end"], conductance_per_area=1e9),
        transient(32.0, temperature_tolerance=1e-4),
    )
    return result.temperature(f"bar[{8 * cells // 10},0,0]") - 273.15


# A bar of 0.5 m between 500 and 300 K whose conductivity rises from 10 to 50 W/m/K over 300 to 500 K.
@functools.cache
def _kirchhoff() -> Result:
    over = {"temperature": [300.0, 500.0], "value": [10.0, 50.0]}
    return Result(
        table("material", name="ceramic", density=1.0, specific_heat=1.0, conductivity=over),
        box("bar", (0.5, 0.1, 0.2), (4, 1, 1), material="ceramic"),
        face("u-", temperature=500.0),
        face("u+", temperature=300.0),
        steady(),
    )


def _kirchhoff_middle() -> float:
    """Temperature (K) where int k dT has fallen by half: (T - 300)^2/200*20 + 10 (T - 300) = 3000 W/m."""
    return 300.0 + root_scalar(lambda t: 10.0 * t + 0.1 * t**2 - 3000.0, bracket=(0.0, 200.0), xtol=1e-12).root


# A plate of 2 kg whose specific heat rises from 500 to 900 J/kg/K over 300 to 500 K, heated by 1 kW from 300 K.
@functools.cache
def _heated() -> float:
    over = {"temperature": [300.0, 500.0], "value": [500.0, 900.0]}
    return Result(
        deep_space(),
        table("material", name="alloy", density=1000.0, specific_heat=over, conductivity=100.0),
        rectangle("plate", [0, 0, 0], [1, 0, 0], [0, 1, 0], divide=[2, 1], front="inactive", thickness=2e-3,
                  material="alloy", start_temperature=300.0),
        table("load", on="plate", power=1000.0),
        transient(200.0),
    ).temperature("plate")  # fmt: skip


# A cube that is hot inside and radiates: its mean temperature follows from the balance of its faces alone.
_SIGMA = 5.670374419e-8


@functools.cache
def _radiating() -> Result:
    return Result(
        deep_space(),
        coating("black", 1.0),
        table("material", name="copper", density=8960.0, specific_heat=385.0, conductivity=1e7),
        box("cube", (0.1, 0.1, 0.1), (2, 2, 2), material="copper", coating="black"),
        table("load", on="cube", power=50.0),
        steady(),
    )


CASES: tuple[ReferenceCase, ...] = (
    ReferenceCase(
        "solid-nafems-t4",
        "side of a plate with convection, 0.2 m above its bottom at 100 degC; bricks of 33 mm",
        "degC",
        _T4,
        0.05,
        "second order, 35 degC/m2 as measured between 50 and 25 mm: 0.039 degC at 33 mm, and a quarter for what is "
        "left of higher orders; the benchmark prints 18.3 degC",
        "NAFEMS, The Standard NAFEMS Benchmarks (1990), T4; digits by separation of variables (400 terms)",
        lambda: _t4(6),
        absolute=True,
        observed_order=lambda: scenes.order(_t4(3), _t4(6), _T4),
        expected_order=1.8,
        slow=True,
    ),
    ReferenceCase(
        "solid-nafems-t3",
        "a bar of 0.1 m after 32 s, 20 mm from its end at 100 sin(pi t/40 s) degC; bricks of 2.5 mm",
        "degC",
        _T3,
        0.06,
        "second order: 0.66, 0.18 and 0.047 degC at 10, 5 and 2.5 mm, and a quarter; the benchmark prints 36.6 degC",
        "NAFEMS, The Standard NAFEMS Benchmarks (1990), T3; digits by the series of the exact solution",
        lambda: _t3(40),
        absolute=True,
        observed_order=lambda: scenes.order(_t3(20), _t3(40), _T3),
        expected_order=1.8,
        slow=True,
    ),
    ReferenceCase(
        "conduction-kirchhoff-heat",
        "heat along a bar of 0.5 m x 0.02 m2 from 500 to 300 K, k from 10 W/m/K at 300 K to 50 at 500 K",
        "W",
        0.02 / 0.5 * 6000.0,
        1e-9,
        _ROUNDING,
        "A/L int k dT = A/L 30 W/m/K 200 K, Carslaw & Jaeger, Conduction of Heat in Solids (1959), sect. 1.6",
        lambda: _kirchhoff().total("node_boundary", "bar.u-"),
    ),
    ReferenceCase(
        "conduction-kirchhoff-middle",
        "temperature in the middle of that bar",
        "K",
        _kirchhoff_middle(),
        1e-9,
        _ROUNDING,
        "int k dT from 300 K is half of 6000 W/m: 10 x + x^2/10 = 3000 for x = T - 300 K",
        lambda: _kirchhoff().temperature("bar[2,0,0]"),
    ),
    ReferenceCase(
        "heat-capacity-over-temperature",
        "plate of 2 kg under 1 kW after 200 s from 300 K, c from 500 J/kg/K at 300 K to 900 at 500 K",
        "K",
        300.0 + (-500.0 + (500.0**2 + 4 * 100_000.0) ** 0.5) / 2.0,
        5e-3,
        "the stepper's tolerance of 1 mK, five times over the run",
        "m int c dT = P t: 500 x + x^2 = 1e5 J/kg for x = T - 300 K",
        _heated,
        absolute=True,
    ),
    ReferenceCase(
        "solid-radiating-cube",
        "temperature of a cube of 0.1 m with 50 W inside that radiates black from its six faces, sky 0 K",
        "K",
        (50.0 / (_SIGMA * 0.06)) ** 0.25,
        1e-6,
        "k 1e7 W/m/K leaves 50 W/(k 0.1 m) = 5e-5 K across; patches have the faces' area, and see only the sky",
        "sigma T^4 = P/A",
        lambda: _radiating().temperature("cube"),
    ),
)
