"""Reference cases: conduction through the thickness of surfaces: layers, sandwich panels, directions; by case files."""

import functools

import numpy as np
from scipy.optimize import root_scalar

from caloris_validation import scenes
from caloris_validation.reference_case import ReferenceCase
from caloris_validation.scenes import Result, coating, deep_space, rectangle, section, steady, table, transient

_SIGMA = 5.670374419e-8

# A honeycomb panel of 1 m2 under 1 kW on its front face, black on both sides, under a sky of 0 K.
_SKIN, _CORE = (167.0, 0.5e-3), (1.5, 24e-3)  # W m-1 K-1, m
_POWER = 1000.0


def _panel_by_hand() -> tuple[float, float]:
    """Temperatures (K) of front and back: front - back = q (2 t_s/k_s + t_c/k_c), q = sigma T_back^4."""
    resistance = 2 * _SKIN[1] / _SKIN[0] + _CORE[1] / _CORE[0]

    def front(back: float) -> float:
        return back + _SIGMA * back**4 * resistance

    back = root_scalar(lambda t: _SIGMA * (front(t) ** 4 + t**4) - _POWER, bracket=(100.0, 400.0), xtol=1e-12).root
    return front(back), back


@functools.cache
def _panel() -> Result:
    material = table("material", name="metal", density=2700, specific_heat=896, conductivity=_SKIN[0])
    skin = {"material": "metal", "thickness": _SKIN[1]}
    core = {"thickness": _CORE[1], "density": 50.0, "conductivity": [3.0, 2.0, _CORE[0]]}
    panel = table("panel", name="honeycomb", front_skin=skin, core=core, back_skin=skin)
    plate = rectangle(
        "deck", [0, 0, 0], [1, 0, 0], [0, 1, 0], divide=[3, 2], front="black", back="black", panel="honeycomb"
    )
    return Result(
        deep_space(),
        coating("black", 1.0),
        material,
        panel,
        plate,
        table("load", on="deck.front", power=_POWER),
        steady(),
    )


# A plate that conducts by 4, 9 and 25 W/m/K along u, v and through: heat (W) between 400 and 300 K along each.
_DIRECTIONS = (4.0, 9.0, 25.0)


@functools.cache
def _along(direction: int) -> float:
    """Heat (W) through a slab of 1 m x 1 m x 1 m from 400 to 300 K, along u, v or its thickness."""
    material = table("material", name="stuff", density=1, specific_heat=1, conductivity=list(_DIRECTIONS))
    cells = [5 if direction == k else 1 for k in (0, 1)]
    slab = rectangle(
        "slab", [0, 0, 0], [1, 0, 0], [0, 1, 0], divide=cells, front="inactive", thickness=1.0, material="stuff",
        layers=4 if direction == 2 else None,
    )  # fmt: skip
    ends = (
        ["slab.front", "slab.back"]
        if direction == 2
        else [f"slab[{0},0]", f"slab[{4 * (1 - direction)},{4 * direction}]"]
    )
    # Half cells lie between the middle of a cell and the face; layers have nodes in the faces.
    joint = 1e9 if direction == 2 else 10.0 * _DIRECTIONS[direction]
    parts = [
        table("node", name=name, temperature=temperature) + table("link", between=[name, end], conductance=joint)
        for name, temperature, end in (("hot", 400.0, ends[0]), ("cold", 300.0, ends[1]))
    ]
    return Result(material, slab, *parts, steady()).total("node_boundary", "hot")


@functools.cache
def _half_space() -> dict[int, float]:
    """Rise (K) of the front of a slab of 0.6 m after 100 s of 1 kW/m2, by the number of its layers."""
    heat = 167.0 / (2700.0 * 6.9e-5)
    parts = [table("material", name="metal", density=2700.0, specific_heat=heat, conductivity=167.0)]
    for layers in (20, 40):
        parts += [
            rectangle(
                f"slab {layers}", [0, 0, float(layers)], [1, 0, 0], [0, 1, 0], front="inactive", thickness=0.6,
                material="metal", layers=layers, start_temperature=300.0,
            ),
            table("load", on=f"slab {layers}.front", power=1000.0),
        ]  # fmt: skip
    result = Result(*parts, transient(100.0, temperature_tolerance=1e-4))
    return {layers: result.temperature(f"slab {layers}.front") - 300.0 for layers in (20, 40)}


# Aluminum of diffusivity 97e-6 m2/s under a surface temperature that swings by 10 K once an orbit of 5561 s: depth of
# penetration (a P/pi)^(1/2) = 0.41436 m.
_DIFFUSIVITY, _SWING = 97e-6, 10.0


@functools.cache
def _periodic(layers: int) -> tuple[float, float]:
    """Amplitude (-, of the surface's) and lag (rad) of the first harmonic one depth of penetration down.

    A slab of six such depths, insulated behind. The orbit only gives the period; nothing radiates. The table of the
    surface is straight between 48 points, higher than the cosine by 1/sinc(pi/48)^2, so that its first harmonic has the
    cosine's amplitude.
    """
    radius, gravity = 6378.137e3, 3.986004418e14
    altitude = (gravity * (5561.0 / (2 * np.pi)) ** 2) ** (1 / 3) - radius
    depth = np.sqrt(_DIFFUSIVITY * 5561.0 / np.pi)
    phase, swing = np.arange(48) / 48, _SWING / np.sinc(1 / 48) ** 2
    surface = {
        "phase": phase.tolist(),
        "value": (300.0 + swing * np.cos(2 * np.pi * phase)).tolist(),
        "between": "linear",
    }
    heat = 2700.0 * 900.0  # J m-3 K-1
    result = Result(
        section("orbit", altitude=altitude, beta=0.0),
        table("material", name="metal", density=2700.0, specific_heat=900.0, conductivity=heat * _DIFFUSIVITY),
        rectangle("slab", [0, 0, 0], [1, 0, 0], [0, 1, 0], front="inactive", thickness=6 * depth, material="metal",
                  layers=6 * layers),
        table("node", name="surface", temperature=surface),
        table("link", between=["slab.front", "surface"], conductance=1e9),
        section("run", mode="cyclic", output_every=5561.0 / 96, start_temperature=300.0, temperature_tolerance=1e-4),
    )  # fmt: skip
    time = np.asarray(result.arrays["thermal/time"])[:-1]
    turn = np.exp(-2j * np.pi * time / result.arrays["thermal/time"][-1])
    ratio = np.mean(result.arrays["thermal/temperature"][:-1, result.nodes(f"slab.{layers}")[0]] * turn) * 2 / _SWING
    return float(np.abs(ratio)), float(-np.angle(ratio))


_FRONT, _BACK = _panel_by_hand()
_SERIES = "front - back = q (2 t_s/k_s + t_c/k_c), sigma T_front^4 + q = 1 kW/m2, q = sigma T_back^4: root"


def _panel_case(side: str, exact: float) -> ReferenceCase:
    return ReferenceCase(
        f"conduction-panel-{side}",
        f"{side} of a honeycomb panel, 24 mm of 1.5 W/m/K between 0.5 mm skins, 1 kW/m2 on its front, black, sky 0 K",
        "K",
        exact,
        1e-9,
        "every cell alike: the discrete equations are the two of the source; solved to 1e-9 K a step",
        _SERIES,
        lambda: _panel().temperature(f"deck.{side}"),
    )


def _direction_case(direction: int) -> ReferenceCase:
    word = ("along-u", "along-v", "through")[direction]
    return ReferenceCase(
        f"conduction-directions-{word}",
        f"heat {word.replace('-', ' ')} of a slab of 1 m that conducts by 4, 9, 25 W/m/K, between 400 and 300 K",
        "W",
        100.0 * _DIRECTIONS[direction],
        1e-6,
        "a linear profile is exact; layers hang on their boundaries by 1e9 W/K, which takes 5e-8 of the heat",
        "k A dT/L, Fourier's law",
        lambda: _along(direction),
    )


CASES: tuple[ReferenceCase, ...] = (
    _panel_case("front", _FRONT),
    _panel_case("back", _BACK),
    *(_direction_case(direction) for direction in range(3)),
    ReferenceCase(
        name="conduction-half-space-layers",
        quantity="rise of the front of a slab of 40 layers of 15 mm after 100 s of 1 kW/m2, diffusivity 6.9e-5 m2/s",
        unit="K",
        exact=0.5612587614,
        bound=2.2e-3,
        reason="nodes 15 mm apart with lumped heat lag by h^2/(16 a t) = 2.04e-3, from the Laplace transform of the "
        "discrete half-space, q/(k s sqrt(s/a) sqrt(1 + s h^2/(4 a)))",
        source="(2 q/k) sqrt(a t/pi), Carslaw & Jaeger, Conduction of Heat in Solids (1959), sect. 2.9",
        measure=lambda: _half_space()[40],
        observed_order=lambda: scenes.order(_half_space()[20], _half_space()[40], 0.5612587614),
        expected_order=1.8,
    ),
    *(
        ReferenceCase(
            f"conduction-periodic-{word}",
            f"{word} of the temperature one penetration depth under a surface that swings once in 5561 s",
            unit,
            exact,
            bound,
            "layers of a twelfth of the depth: the discrete wave number is (1 + i)(1 - i (h/d)^2/12)/d, 5.8e-4 of "
            "both; a third more for the stepper",
            "T = exp(-x/d) cos(w t - x/d), d = (a P/pi)^(1/2), Carslaw & Jaeger, Conduction of Heat in Solids (1959), "
            "sect. 2.6",
            lambda which=which: _periodic(12)[which],
            observed_order=lambda which=which, exact=exact: scenes.order(
                _periodic(6)[which], _periodic(12)[which], exact
            ),
            expected_order=1.7,
            slow=True,
        )
        for which, (word, unit, exact, bound) in enumerate(
            (("amplitude", "1", float(np.exp(-1.0)), 8e-4), ("lag", "rad", 1.0, 8e-4))
        )
    ),
)
