"""Reference cases: contacts between faces, films, and blankets; through case files."""

import functools

from scipy.optimize import root_scalar

from caloris_validation.reference_case import ReferenceCase
from caloris_validation.scenes import Result, coating, deep_space, rectangle, steady, sunlight, table

_SIGMA = 5.670374419e-8
_ROUNDING = "areas are clipped polygons, exact on any division; float64"


@functools.cache
def _contacts() -> Result:
    """Plates at 400 K and 300 K that overlap by 1.25 m x 0.7 m, turned by 30 deg about z and divided differently."""
    cosine, sine = 3**0.5 / 2, 0.5
    turned = {"edge_u": [2 * cosine, 2 * sine, 0], "edge_v": [-sine, cosine, 0]}

    def place(u: float, v: float, z: float) -> list[float]:
        return [u * cosine - v * sine, u * sine + v * cosine, z]

    deck = rectangle("deck", place(0, 0, 0), **turned, divide=[7, 3], front="inactive", temperature=400)
    tray = rectangle("tray", place(0.75, 0.3, 1e-3), **turned, divide=[4, 5], front="inactive", temperature=300)
    return Result(
        deck,
        tray,
        table("material", name="grease", conductivity=3.0),
        table("contact", between=["deck", "tray"], conductance_per_area=2000.0, gap=2e-3),
        table("node", name="bath", temperature=350.0),
        table("contact", between=["tray", "bath"], conductance_per_area=7.0),
        steady(),
    )


@functools.cache
def _filled(kind: str) -> float:
    """Heat (W) from a unit at 400 K on a deck at 300 K: 0.2 mm of filler, or eight bolts of 0.5 W/K."""
    how = {
        "filler": {"filler": {"material": "grease", "thickness": 2e-4}},
        "bolts": {"bolts": 8, "conductance_per_bolt": 0.5, "gap": 1e-3},
        "area": {"conductance_per_area": 500.0, "area": 0.3, "gap": 1e-3},
    }[kind]
    unit = table(
        "surface", name="unit", shape="box", corner=[0.2, 0.3, 2e-4], edge_u=[0.5, 0, 0], edge_v=[0, 0.4, 0],
        edge_w=[0, 0, 0.2], divide=[3, 1, 1], front="inactive", temperature=400.0,
    )  # fmt: skip
    result = Result(
        rectangle("deck", [0, 0, 0], [1, 0, 0], [0, 1, 0], divide=[5, 4], front="inactive", temperature=300.0),
        unit,
        table("material", name="grease", conductivity=3.0),
        table("contact", between=["unit.w-", "deck"], **how),
        steady(),
    )
    return -result.total("node_boundary", "deck")


# A wall of 2 m2 at 300 K under a blanket that faces the Sun: absorptance 0.4, emittance 0.8, eps* 0.02, 0.05 W/m2/K.
_MLI = {"alpha": 0.4, "eps": 0.8, "effective": 0.02, "linear": 0.05, "wall": 300.0, "flux": 1361.0, "area": 2.0}


def _outer_temperature() -> float:
    """Temperature (K) of the outer layer: alpha S = eps sigma T^4 + eps* sigma (T^4 - T_w^4) + h (T - T_w)."""
    m = _MLI

    def surplus(outer: float) -> float:
        through = m["effective"] * _SIGMA * (outer**4 - m["wall"] ** 4) + m["linear"] * (outer - m["wall"])
        return m["eps"] * _SIGMA * outer**4 + through - m["alpha"] * m["flux"]

    return root_scalar(surplus, bracket=(100.0, 500.0), xtol=1e-12).root


@functools.cache
def _blanket() -> Result:
    m = _MLI
    return Result(
        sunlight(m["flux"]),
        coating("kapton", m["eps"], m["alpha"]),
        coating("paint", 0.9),
        rectangle("wall", [0, 0, 0], [2, 0, 0], [0, 1, 0], divide=[3, 2], front="paint", temperature=m["wall"]),
        table(
            "blanket", over=["wall"], side="front", outer_coating="kapton", effective_emittance=m["effective"],
            conductance_per_area=m["linear"],
        ),
        steady(),
    )  # fmt: skip


@functools.cache
def _shields() -> float:
    """Heat (W) between plates at 500 and 300 K through blankets on both, back to back."""
    plates = [
        rectangle(
            name, [0, 0, height], [1, 0, 0], [0, 1, 0], divide=[2, 1], front="inactive", back="inactive",
            temperature=temperature,
        )
        for name, height, temperature in (("hot", 0.0, 500.0), ("cold", 1.0, 300.0))
    ]  # fmt: skip
    covers = [
        table("blanket", over=[name], side=side, outer_coating="black", effective_emittance=emittance)
        for name, side, emittance in (("hot", "front", 0.03), ("cold", "back", 0.02))
    ]
    joint = table("link", between=["hot.mli", "cold.mli"], conductance=1e6)
    return Result(deep_space(), coating("black", 1e-12), *plates, *covers, joint, steady()).total(
        "node_boundary", "hot"
    )


_OUTER = _outer_temperature()

CASES: tuple[ReferenceCase, ...] = (
    ReferenceCase(
        "contact-overlap",
        "heat from a plate at 400 K to one at 300 K over the 1.25 m x 0.7 m by which they overlap, 2000 W/m2/K",
        "W",
        2000.0 * 1.25 * 0.7 * 100.0,
        1e-12,
        _ROUNDING,
        "Q = h A (T1 - T2) with the area by hand",
        lambda: _contacts().total("node_boundary", "deck"),
    ),
    ReferenceCase(
        "contact-film",
        "heat from a bath at 350 K into a plate of 2 m2 at 300 K, 7 W/m2/K",
        "W",
        7.0 * 2.0 * 50.0,
        1e-12,
        _ROUNDING,
        "Newton's law of cooling",
        lambda: _contacts().total("node_boundary", "bath"),
    ),
    *(
        ReferenceCase(
            f"contact-{kind}",
            f"heat from a box of 0.5 m x 0.4 m at 400 K into a deck at 300 K through {what}",
            "W",
            exact,
            1e-12,
            _ROUNDING,
            source,
            lambda kind=kind: _filled(kind),
        )
        for kind, what, exact, source in (
            ("filler", "0.2 mm of 3 W/m/K", 3.0 / 2e-4 * 0.2 * 100.0, "Q = k A (T1 - T2)/t"),
            ("bolts", "eight bolts of 0.5 W/K", 8 * 0.5 * 100.0, "Q = n g (T1 - T2)"),
            ("area", "500 W/m2/K over a stated 0.3 m2", 500.0 * 0.3 * 100.0, "Q = h A (T1 - T2)"),
        )
    ),
    ReferenceCase(
        "blanket-outer-layer",
        "outer layer of a blanket in sunlight, eps* 0.02 and 0.05 W/m2/K on a wall at 300 K, alpha 0.4, eps 0.8",
        "K",
        _OUTER,
        1e-8,
        "one balance, every cell alike; view factors of a lone plate are exact and sunlight is quadrature of 1361 W/m2",
        "alpha S = eps sigma T^4 + eps* sigma (T^4 - T_w^4) + h (T - T_w), root",
        lambda: _blanket().temperature("wall.mli"),
    ),
    ReferenceCase(
        "blanket-heat-leak",
        "heat through that blanket into the wall of 2 m2",
        "W",
        _MLI["area"]
        * (_MLI["effective"] * _SIGMA * (_OUTER**4 - _MLI["wall"] ** 4) + _MLI["linear"] * (_OUTER - _MLI["wall"])),
        1e-6,
        "as the outer layer; the leak is 6 % of the absorbed heat",
        "A (eps* sigma (T_o^4 - T_w^4) + h (T_o - T_w))",
        lambda: -_blanket().total("node_boundary", "wall"),
    ),
    ReferenceCase(
        "blanket-in-series",
        "heat from a plate at 500 K to one at 300 K through blankets of eps* 0.03 and 0.02 in series",
        "W",
        _SIGMA * (500.0**4 - 300.0**4) / (1 / 0.03 + 1 / 0.02),
        1e-6,
        "the outer layers are joined by 1e6 W/K, across which 37 W drop 4e-5 K of 433 K: 3e-7 of either side's T^4 "
        "difference; their emittance of 1e-12 loses nothing",
        "shields in series, e.g. Gilmore, Spacecraft Thermal Control Handbook (2002), ch. 5",
        _shields,
    ),
)
