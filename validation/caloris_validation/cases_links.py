"""Reference cases: links that radiate and streams, through case files."""

import functools
import math

from caloris_validation import scenes
from caloris_validation.reference_case import ReferenceCase
from caloris_validation.scenes import Result, steady, table

_SIGMA = 5.670374419e-8  # CODATA 2018


def _node(name: str, **more: object) -> str:
    return table("node", name=name, **(more or {"heat_capacity": 0.0, "start_temperature": 300.0}))


def _radiator() -> float:
    """Temperature (K) of a node with 100 W and a radiative link of 0.5 m2 to 4 K."""
    link = table("link", between=["box", "sky"], radiative_area=0.5)
    load = table("load", on="box", power=100.0)
    return Result(_node("box"), _node("sky", temperature=4.0), link, load, steady()).temperature("box")


@functools.cache
def _duct(cells: int) -> float:
    """Outlet (K) of a stream of 50 W/K past a wall at 300 K, 100 W/K along the duct, that enters at 400 K."""
    parts = [_node("inlet", temperature=400.0), _node("wall", temperature=300.0)]
    for k in range(cells):
        before = "inlet" if k == 0 else f"cell {k - 1}"
        parts += [
            _node(f"cell {k}"),
            table("link", between=[before, f"cell {k}"], capacity_rate=50.0),
            table("link", between=["wall", f"cell {k}"], conductance=100.0 / cells),
        ]
    return Result(*parts, steady()).temperature(f"cell {cells - 1}")


# A loop radiator: 1000 W/K at 320 K, 50 m2 of emittance 0.9.
_LOOP = {"rate": 1000.0, "inlet": 320.0, "area": 50.0, "emittance": 0.9}


def _loop_outlet() -> float:
    """Outlet (K) of the radiator under a sky of 0 K, in closed form."""
    growth = 3.0 * _LOOP["emittance"] * _SIGMA * _LOOP["area"] / _LOOP["rate"]
    return (_LOOP["inlet"] ** -3 + growth) ** (-1.0 / 3.0)


@functools.cache
def _loop(cells: int) -> float:
    """The same as a chain of cells, each with a stream from the one before and a link to the sky."""
    # A sky of 1 mK: boundaries stand above zero, and it emits 1e-22 of what the fluid does.
    parts = [_node("inlet", temperature=_LOOP["inlet"]), _node("sky", temperature=1e-3)]
    for k in range(cells):
        before = "inlet" if k == 0 else f"cell {k - 1}"
        area = _LOOP["emittance"] * _LOOP["area"] / cells
        parts += [
            _node(f"cell {k}"),
            table("link", between=[before, f"cell {k}"], capacity_rate=_LOOP["rate"]),
            table("link", between=[f"cell {k}", "sky"], radiative_area=area),
        ]
    return Result(*parts, steady()).temperature(f"cell {cells - 1}")


def _loop_error(cells: int) -> float:
    """Error of the outlet (K) to first order: y'(1) ln(y'(1)/y'(0)) / (2 n), y' = -k y^4 along the loop."""
    outlet = _loop_outlet()
    slope = _LOOP["emittance"] * _SIGMA * _LOOP["area"] / _LOOP["rate"] * outlet**4
    return slope * 4.0 * math.log(_LOOP["inlet"] / outlet) / (2 * cells)


_DUCT_OUTLET = 300.0 + 100.0 * math.exp(-2.0)

CASES: tuple[ReferenceCase, ...] = (
    ReferenceCase(
        name="link-radiative",
        quantity="temperature of a node with 100 W and a radiative link of 0.5 m2 to 4 K",
        unit="K",
        exact=(100.0 / (0.5 * _SIGMA) + 4.0**4) ** 0.25,
        bound=1e-11,
        reason="solved to 1e-9 K of 244 K; float64",
        source="P = R sigma (T^4 - T_sky^4)",
        measure=_radiator,
    ),
    ReferenceCase(
        name="link-stream-along-a-wall",
        quantity="outlet of a stream of 50 W/K from 400 K past a wall at 300 K with 100 W/K, 40 cells",
        unit="K",
        exact=_DUCT_OUTLET,
        bound=(100.0 / 50.0) ** 2 / (2 * 40) * 100.0 * math.exp(-2.0) * 1.1,
        reason="cells of one temperature: (1 + N/n)^-n for e^-N, N = 2, n = 40: N^2/(2 n) of the outlet's excess, and "
        "a tenth for the next order",
        source="T = T_w + (T_in - T_w) exp(-G/w); Incropera & DeWitt, Fundamentals of Heat and Mass Transfer, "
        "sect. 8.3.3",
        measure=lambda: _duct(40),
        absolute=True,
        observed_order=lambda: scenes.order(_duct(20), _duct(40), _DUCT_OUTLET),
        expected_order=0.95,
        slow=True,
    ),
    ReferenceCase(
        name="link-loop-radiator",
        quantity="outlet of a loop radiator, 1000 W/K, 320 K, 50 m2 of emittance 0.9, 40 cells of streams and links",
        unit="K",
        exact=_loop_outlet(),
        bound=_loop_error(40) * 1.1,
        reason="cells of one temperature are an implicit Euler step of y' = -k y^4 each: y'(1) ln(y'(1)/y'(0)) / (2 n) "
        "= 0.074 K to first order, and a tenth for the next",
        source="m c dT/dx = -eps sigma P T^4: T_out = (T_in^-3 + 3 eps sigma A/(m c))^(-1/3)",
        measure=lambda: _loop(40),
        absolute=True,
        observed_order=lambda: scenes.order(_loop(20), _loop(40), _loop_outlet()),
        expected_order=0.95,
    ),
)
