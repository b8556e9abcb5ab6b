"""Reference cases: heat radiated between surfaces, to space, and equilibrium in sunlight, through case files."""

import functools
from collections.abc import Callable, Sequence

from caloris_kernels.constants import STEFAN_BOLTZMANN
from caloris_validation import scenes
from caloris_validation.reference_case import ReferenceCase
from caloris_validation.scenes import Result, coating, deep_space, rectangle, steady, sunlight, table

_MODEST = "Modest & Mazumder, Radiative Heat Transfer, 4th ed. (2021)"
_EDGES = (
    "plates 1 m wide: twice the gap over the width of what crosses a gap leaves past its edges; the bound is "
    "twice that, and it vanishes with the gap to the first order"
)


def _plate_loss() -> float:
    """Heat that a plate at 20 degC radiates from both sides (W)."""
    plate = rectangle("plate", [0, 0, 0], [1, 0, 0], [0, 1, 0], front="paint", back="paint", temperature="20 degC")
    return Result(deep_space(), coating("paint", 0.92), plate, steady()).total("node_emitted_to_space", "plate")


@functools.cache
def _grey_plates(gap: float) -> float:
    """Heat (W) that a plate at 300 K gets from one at 500 K, over 1 m2."""
    hot = rectangle("hot", [0, 0, 0], [1, 0, 0], [0, 1, 0], front="a", temperature=500)
    cold = rectangle("cold", [0, 0, gap], [0, 1, 0], [1, 0, 0], front="b", temperature=300)
    result = Result(deep_space(), coating("a", 0.8), coating("b", 0.5), hot, cold, steady())
    return result.total("node_exchanged", "cold")


@functools.cache
def _shielded_plates(gap: float) -> float:
    """Heat (W) between two plates at 500 and 300 K through two shields, everything of emittance 0.2."""
    hot = rectangle("hot", [0, 0, 0], [1, 0, 0], [0, 1, 0], front="foil", temperature=500)
    cold = rectangle("cold", [0, 0, 3 * gap], [0, 1, 0], [1, 0, 0], front="foil", temperature=300)
    shields = [
        rectangle(f"shield {k}", [0, 0, k * gap], [1, 0, 0], [0, 1, 0], front="foil", back="foil", heat_capacity=0)
        for k in (1, 2)
    ]
    return Result(deep_space(), coating("foil", 0.2), hot, *shields, cold, steady()).total("node_exchanged", "cold")


_SHIELDED = STEFAN_BOLTZMANN * (500.0**4 - 300.0**4) / (3 * (2 / 0.2 - 1))


def _spheres() -> float:
    """Heat (W) from a sphere at 500 K to the concentric one around it at 300 K."""
    inner = table(
        "surface", name="in", shape="sphere", center=[0, 0, 0], radius=0.5, divide=[12, 6], front="a", temperature=500
    )
    outer = table(
        "surface", name="out", shape="sphere", center=[0, 0, 0], radius=1, divide=[12, 6], front="inactive", back="b",
        temperature=300,
    )  # fmt: skip
    result = Result(deep_space(), coating("a", 0.8), coating("b", 0.5), inner, outer, steady())
    return result.total("node_exchanged", "out")


# Inside faces of the unit cube: corner, edge_u, edge_v.
_CUBE = {
    "z-": ([0, 0, 0], [1, 0, 0], [0, 1, 0]),
    "z+": ([0, 0, 1], [0, 1, 0], [1, 0, 0]),
    "x-": ([0, 0, 0], [0, 1, 0], [0, 0, 1]),
    "x+": ([1, 0, 0], [0, 0, 1], [0, 1, 0]),
    "y-": ([0, 0, 0], [0, 0, 1], [1, 0, 0]),
    "y+": ([0, 1, 0], [1, 0, 0], [0, 0, 1]),
}


@functools.cache
def _cube() -> Result:
    """A closed unit cube, emittance 0.8, one face at 400 K and the others at 1 K."""
    faces = [
        rectangle(name, *face, front="paint", temperature=400 if name == "z-" else 1) for name, face in _CUBE.items()
    ]
    return Result(deep_space(), coating("paint", 0.8), *faces, steady())


def _gebhart(faces: Sequence[str]) -> float:
    """Part of the hot face's emission that a face (a mean of faces) absorbs; the hot face itself included."""
    emitted = 0.8 * STEFAN_BOLTZMANN * 400.0**4
    absorbed = sum(_cube().total("node_exchanged", face) for face in faces) / len(faces)
    return absorbed / emitted + (1.0 if "z-" in faces else 0.0)


# Bodies in sunlight, far apart: side by side as seen from the Sun, so that none shades another.
_APART = 200.0
# Isothermal to about 1 K with the conductivity below: the mean of T then differs from that of T^4 by 3e-6.
_ISOTHERMAL = {"thickness": 0.1, "material": "ideal conductor"}


@functools.cache
def _sunlit() -> Result:
    """Plate, two-sided plate, solar panels, spheres, cylinders and a box under 1361 W/m2, nothing else."""
    square = [1, 0, 0], [0, 1, 0]
    plates = [
        rectangle("plate", [0, 0, 0], *square, front="black", heat_capacity=1),
        rectangle("two-sided", [_APART, 0, 0], *square, front="black", back="black", heat_capacity=1),
        rectangle("panel", [2 * _APART, 0, 0], *square, front="cells", back="cells", heat_capacity=1),
        rectangle("idle panel", [3 * _APART, 0, 0], *square, front="cells", back="cells", heat_capacity=1),
    ]
    bodies = []
    for k, around in enumerate((12, 24)):
        common = {"front": "black", **_ISOTHERMAL}
        center = [k * _APART, _APART, 0]
        divide = [around, around // 2]
        bodies.append(
            table(
                "surface", name=f"sphere {around}", shape="sphere", center=center, radius=0.5, divide=divide, **common
            )
        )
        center = [(2 + k) * _APART, _APART, 0]
        bodies.append(
            table(
                "surface",
                name=f"cylinder {around}",
                shape="cylinder",
                center=center,
                axis=[1, 0, 0],
                start=[0, 0, 1],
                radius=0.5,
                divide=[around, 1],
                **common,
            )  # fmt: skip
        )
    bodies.append(
        table(
            "surface",
            name="box",
            shape="box",
            corner=[0, 2 * _APART, 0],
            edge_u=[1, 0, 0],
            edge_v=[0, 1, 0],
            edge_w=[0, 0, 1],
            front="black",
            **_ISOTHERMAL,
        )  # fmt: skip
    )
    return Result(
        sunlight(),
        coating("black", 1.0),
        coating("cells", 0.85, absorptance=0.91),
        table("material", name="ideal conductor", density=1, specific_heat=1, conductivity=1e4),
        *plates,
        *bodies,
        table("solar_array", on=["panel/front"], efficiency=0.30, temperature_coefficient=0.0, packing=1),
        steady(),
    )


def _sunlit_box() -> float:
    result = _sunlit()
    return sum(result.temperature(f"box.{face}") for face in ("u-", "u+", "v-", "v+", "w-", "w+")) / 6


def _sunlit_order(shape: str, exact: float) -> float:
    coarse, fine = (_sunlit().temperature(f"{shape} {around}") for around in (12, 24))
    return scenes.order(coarse, fine, exact)


def _sunlit_case(name: str, exact: float, formula: str, bound: float, reason: str, measure: Callable, **more):
    return ReferenceCase(
        name=f"sunlight-{name}",
        quantity=f"temperature in sunlight: {name.replace('-', ' ')}",
        unit="K",
        exact=exact,
        bound=bound,
        reason=reason,
        source=f"absorbed = emitted: {formula}, S 1361 W/m2, sky at 0 K",
        measure=measure,
        slow=True,
        **more,
    )


_FAR = "the other bodies, 200 m away, fill 1e-5 of the view at most, a quarter of which counts in T"
_MESH = "the shadow of a body of 24 flat cells around differs from the circle's at the second order of the cell"
_SUNLIT = (
    _sunlit_case("plate", 393.6058977, "T^4 = S/sigma", 3e-6, _FAR, lambda: _sunlit().temperature("plate")),
    _sunlit_case(
        "two-sided-plate", 330.9817884, "T^4 = S/(2 sigma)", 3e-6, _FAR, lambda: _sunlit().temperature("two-sided")
    ),
    _sunlit_case(
        "sphere", 278.3213994, "T^4 = S/(4 sigma)", 2e-3, _MESH, lambda: _sunlit().temperature("sphere 24"),
        observed_order=lambda: _sunlit_order("sphere", 278.3213994), expected_order=1.8,
    ),
    _sunlit_case(
        "cylinder", 295.6474442, "T^4 = S/(pi sigma)", 2e-3, _MESH, lambda: _sunlit().temperature("cylinder 24"),
        observed_order=lambda: _sunlit_order("cylinder", 295.6474442), expected_order=1.8,
    ),
    _sunlit_case("cube-face-on", 251.4917741, "T^4 = S/(6 sigma)", 3e-6, _FAR, _sunlit_box),
    _sunlit_case(
        "solar-panel-idle", 336.6741055, "T^4 = .91 S/(2 .85 sigma), 63.5 degC", 3e-6, _FAR,
        lambda: _sunlit().temperature("idle panel"),
    ),
    _sunlit_case(
        "solar-panel-in-use", 304.6364217, "T^4 = (.91 - .30) S/(2 .85 sigma), 31.5 degC", 3e-6, _FAR,
        lambda: _sunlit().temperature("panel"),
    ),
)  # fmt: skip


@functools.cache
def _zenith_face() -> float:
    """Orbit mean of the sunlight absorbed by a black face that points at the zenith (W over 1 m2), beta 0."""
    face = rectangle("face", [0, 0, 0], [1, 0, 0], [0, 1, 0], front="black", heat_capacity=1)
    orbit = scenes.section("orbit", altitude="408 km", beta="0 deg")
    attitude = scenes.section("attitude", point="+z", toward="zenith", align="+x", to="velocity")
    return Result(orbit, attitude, coating("black", 1.0), face, steady()).total("node_absorbed_solar", "face")


CASES: tuple[ReferenceCase, ...] = (
    ReferenceCase(
        name="radiation-plate-to-space",
        quantity="heat that a two-sided plate at 20 degC, emittance 0.92, radiates per area",
        unit="W m-2",
        exact=770.5292928,
        bound=1e-9,
        reason="closed form in float64; last printed digit",
        source="2 eps sigma T^4, Stefan-Boltzmann law",
        measure=_plate_loss,
    ),
    ReferenceCase(
        name="radiation-grey-plates",
        quantity="heat between infinite grey plates at 500 and 300 K, emittances 0.8 and 0.5",
        unit="W m-2",
        exact=1370.970526,
        bound=4e-4,
        reason="gap 1e-4 of the width; " + _EDGES,
        source=f"sigma (T1^4 - T2^4)/(1/eps1 + 1/eps2 - 1), {_MODEST}, sect. 5.3",
        measure=lambda: _grey_plates(1e-4),
        observed_order=lambda: scenes.order(_grey_plates(1e-3), _grey_plates(1e-4), 1370.970526, 10.0),
        expected_order=0.95,
    ),
    ReferenceCase(
        name="radiation-shields",
        quantity="heat between infinite plates at 500 and 300 K behind two shields, all of emittance 0.2",
        unit="W m-2",
        exact=_SHIELDED,
        bound=1.2e-3,
        reason="gaps of 1e-5 of the width, three of them, each crossed some 2/eps = 10 times; " + _EDGES,
        source=f"sigma (T1^4 - T2^4)/((N + 1)(2/eps - 1)), {_MODEST}, sect. 5.5",
        measure=lambda: _shielded_plates(1e-5),
        observed_order=lambda: scenes.order(_shielded_plates(1e-4), _shielded_plates(1e-5), _SHIELDED, 10.0),
        expected_order=0.9,
    ),
    ReferenceCase(
        name="radiation-concentric-spheres",
        quantity="heat between diffuse concentric spheres, r 0.5 and 1 m, emittances 0.8 and 0.5, 500 and 300 K",
        unit="W",
        exact=6460.546400,
        bound=1e-4,
        reason="areas and the inner sphere's view are exact on 12 x 6 cells; what is left is the uneven irradiation "
        "of the outer cells, and rays through the pairs that the inner sphere half hides",
        source=f"A1 sigma (T1^4 - T2^4)/(1/eps1 + (A1/A2)(1/eps2 - 1)), {_MODEST}, sect. 5.3",
        measure=_spheres,
        slow=True,
    ),
    *(
        ReferenceCase(
            name=f"radiation-cube-gebhart-{name}",
            quantity=f"Gebhart factor of a unit cube of emittance 0.8: {name} face",
            unit="1",
            exact=exact,
            bound=1e-5,
            reason="view factors to 1e-5 at most; each face is two triangles here and in the exact number",
            source="(I - (1 - eps) F)^-1 F eps, F between the 12 triangles by 160-point Gauss quadrature of the "
            "element-to-polygon formula; Gebhart (1961), doi 10.1016/0017-9310(61)90048-5",
            measure=functools.partial(_gebhart, faces),
            absolute=True,
        )
        for name, faces, exact in (
            ("same", ("z-",), 0.0412194),
            ("opposite", ("z+",), 0.1894203),
            # Beside the ends of the diagonal that cuts the hot face in two, and their mean with the others,
            # which is the figure of uncut faces.
            ("adjacent", ("x+",), 0.1937190),
            ("adjacent-mean", ("x-", "x+", "y-", "y+"), 0.1923401),
        )
    ),
    *_SUNLIT,
    ReferenceCase(
        name="sunlight-zenith-face-mean",
        quantity="orbit-mean sunlight absorbed by a black zenith face, beta 0, 408 km",
        unit="W m-2",
        exact=433.219755,
        bound=5e-4,
        reason="the cosine, cut off at the terminator, is a table of 120 intervals: (2 pi/120)^2/12 = 2.3e-4, and "
        "as much for the quadrature",
        source="S/pi, S 1361 W/m2",
        measure=_zenith_face,
        slow=True,
    ),
)
