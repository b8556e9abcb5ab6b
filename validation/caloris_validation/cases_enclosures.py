"""Reference cases of grey enclosures, by case files: ducts, cavities, Gebhart factors, shields."""

import functools
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from caloris_kernels.constants import STEFAN_BOLTZMANN
from caloris_validation import scenes
from caloris_validation.mesh_scenes import icosphere
from caloris_validation.reference_case import ReferenceCase
from caloris_validation.scenes import Result, coating, deep_space, rectangle, section, table

_LONG = 1000.0  # m, ducts of 1 m whose view factors are given
_NETWORK = "Modest & Mazumder, Radiative Heat Transfer, 4th ed. (2021), sect. 5.3-5.4, net-radiation method"
_SOLVED = "the matrix is given, uniform on every side: the answer is a linear solve in float64, and a steady state"


def _run_with(factors: np.ndarray, *parts: str, sides: Sequence[int] | None = None) -> Result:
    """A steady run of flat surfaces of two triangles each whose view factors [side, side] are given by a file.

    sides: how many active sides each surface has (default: one each). Facets go triangle by triangle,
    front before back.
    """
    every = np.ones(len(factors), int) if sides is None else np.asarray(sides)
    first = np.cumsum(every) - every
    facet = np.concatenate([np.tile(start + np.arange(count), 2) for start, count in zip(first, every, strict=True)])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "view_factors.csv"
        np.savetxt(path, factors[np.ix_(facet, facet)] / 2, delimiter=",", fmt="%.17g")
        return Result(deep_space(), *parts, section("run", mode="steady", view_factors=str(path)))


def _strip(name: str, start: Sequence[float], end: Sequence[float], length: float = _LONG, **keys: object) -> str:
    """A strip of a duct along z, from start to end in the xy plane; its front looks to the left of the way."""
    edge = [end[0] - start[0], end[1] - start[1], 0.0]
    return rectangle(name, [*start, 0.0], [0.0, 0.0, length], edge, **keys)


def _crossed_strings(corners: np.ndarray) -> np.ndarray:
    """View factors between the sides of a convex duct, side k from corner k to k + 1, by Hottel's crossed strings."""
    start, end = corners, np.roll(corners, -1, axis=0)

    def distance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return np.linalg.norm(first[:, None] - second[None], axis=2)

    crossed = distance(start, start) + distance(end, end) - distance(start, end) - distance(end, start)
    factors = np.abs(crossed) / 2 / np.linalg.norm(end - start, axis=1)[:, None]
    np.fill_diagonal(factors, 0.0)
    return factors


# Going round counterclockwise the inside is to the left.
_BOTTOM, _RIGHT, _TOP, _LEFT = (0.0, 0.0), (1.0, 0.0), (1.0, 2.0), (0.0, 2.0)


@functools.cache
def _cavity(split: int) -> tuple[float, float, float]:
    """Heat into the top per length (W/m) and temperatures of a side's first and last part (K), sides in `split`."""
    low, high = np.array([0.0, 0.0]), np.array([0.0, 2.0])
    step = (high - low) / split
    right = [_RIGHT + step * k for k in range(split)]
    left = [_LEFT - step * k for k in range(split)]
    corners = np.array([_BOTTOM, *right, _TOP, *left])
    names = ["bottom", *(f"right {k}" for k in range(split)), "top", *(f"left {k}" for k in range(split))]
    strips = []
    for k, name in enumerate(names):
        keys = {"bottom": {"front": "black", "temperature": 550}, "top": {"front": "grey", "temperature": 300}}
        own = keys.get(name, {"front": "grey", "heat_capacity": 0})
        strips.append(_strip(name, corners[k].tolist(), corners[(k + 1) % len(corners)].tolist(), **own))
    result = _run_with(_crossed_strings(corners), coating("black", 1.0), coating("grey", 0.75), *strips)
    heat = result.total("node_exchanged", "top") / _LONG
    return heat, result.temperature("right 0"), result.temperature(f"right {split - 1}")


def _resolved_cavity(cells: int) -> float:
    """Heat to the top per length (W/m), every side in cells of 1/cells m, view factors by the engine.

    What leaves past the ends goes as one over the length and is taken off by two lengths.
    """
    return 2 * _open_cavity(cells, 2 * _LONG) - _open_cavity(cells, _LONG)


@functools.cache
def _open_cavity(cells: int, length: float) -> float:
    """The same of a cavity of some length (m) with open ends."""
    ends = [(_BOTTOM, _RIGHT, 1), (_RIGHT, _TOP, 2), (_TOP, _LEFT, 1), (_LEFT, _BOTTOM, 2)]
    own = [
        {"front": "black", "temperature": 550},
        {"front": "grey", "heat_capacity": 0},
        {"front": "grey", "temperature": 300},
        {"front": "grey", "heat_capacity": 0},
    ]
    strips = [
        _strip(name, start, end, length, divide=[1, cells * width], **keys)
        for name, (start, end, width), keys in zip(("bottom", "right", "top", "left"), ends, own, strict=True)
    ]
    result = Result(deep_space(), coating("black", 1.0), coating("grey", 0.75), *strips, scenes.steady())
    return result.total("node_exchanged", "top") / length


def _cavity_order() -> float:
    """Observed order of the cavity of one length in the cell, from three meshes: the ends are the same in each."""
    coarse, middle, fine = (_open_cavity(cells, _LONG) for cells in (4, 8, 16))
    return float(np.log2((coarse - middle) / (middle - fine)))


@functools.cache
def _triangular_duct() -> tuple[float, float]:
    """Net heat into the cold side (W/m) and temperature of the reradiating one (K) of a duct of three 1 m sides."""
    corners = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, 0.75**0.5]])
    keys = (
        {"front": "hot", "temperature": 1200},
        {"front": "cold", "temperature": 500},
        {"front": "hot", "heat_capacity": 0},
    )
    strips = [
        _strip(name, corners[k].tolist(), corners[(k + 1) % 3].tolist(), **keys[k])
        for k, name in enumerate(("hot", "cold", "insulated"))
    ]
    result = _run_with(_crossed_strings(corners), coating("hot", 0.8), coating("cold", 0.4), *strips)
    return result.total("node_exchanged", "cold") / _LONG, result.temperature("insulated")


_CUBE = (
    ([0, 0, 0], [1, 0, 0], [0, 1, 0]),
    ([0, 0, 1], [0, 1, 0], [1, 0, 0]),
    ([0, 0, 0], [0, 1, 0], [0, 0, 1]),
    ([1, 0, 0], [0, 0, 1], [0, 1, 0]),
    ([0, 0, 0], [0, 0, 1], [1, 0, 0]),
    ([0, 1, 0], [1, 0, 0], [0, 0, 1]),
)


@functools.cache
def _cube_gebhart() -> tuple[float, float, float]:
    """Gebhart factors of a unit cube of emittance 0.8 from one face to itself, the opposite, an adjacent face."""
    opposite, adjacent = 0.1998248957, 0.2000437761  # Howell C-11, C-14
    factors = np.full((6, 6), adjacent)
    for k in range(6):
        factors[k, k], factors[k, k ^ 1] = 0.0, opposite
    factors /= factors.sum(axis=1, keepdims=True)  # the printed digits add up to 1 within 2e-10
    faces = [
        rectangle(f"face {k}", *face, front="paint", temperature=400 if k == 0 else 1) for k, face in enumerate(_CUBE)
    ]
    result = _run_with(factors, coating("paint", 0.8), *faces)
    emitted = 0.8 * STEFAN_BOLTZMANN * 400.0**4
    share = [result.total("node_exchanged", f"face {k}") / emitted for k in (0, 1, 2)]
    return 1.0 + share[0], share[1], share[2]


def _sphere_parts(level: int, parts: Sequence[np.ndarray], folder: str) -> list[str]:
    """Surfaces of triangle meshes that are parts [triangle numbers] of the inside of the unit sphere."""
    scene = icosphere(level)
    vertices = [f"v {x:.17g} {y:.17g} {z:.17g}\n" for x, y, z in scene.vertices]
    names = []
    for k, part in enumerate(parts):
        path = Path(folder) / f"part{k}.obj"
        faces = [f"f {a} {b} {c}\n" for a, b, c in scene.triangles[part] + 1]
        path.write_text("".join(vertices + faces))
        names.append(str(path))
    return names


def _areas(level: int) -> tuple[np.ndarray, np.ndarray]:
    """Triangles of the sphere from its top down, and their areas in that order (m2)."""
    scene = icosphere(level)
    corner = scene.vertices[scene.triangles]
    area = np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1) / 2
    order = np.argsort(-corner.mean(axis=1)[:, 2], kind="stable")
    return order, area[order]


def _mesh(name: str, path: str, **keys: object) -> str:
    return table("surface", name=name, shape="mesh", file=path, length_unit="m", nodes=1, **keys)


def _over_upper_faces(level: int) -> np.ndarray:
    """Whether each triangle of the sphere lies over one of the seven uppermost faces of its icosahedron."""
    coarse, fine = (scene.vertices[scene.triangles].mean(axis=1) for scene in (icosphere(0), icosphere(level)))
    upper = np.argsort(-coarse[:, 2], kind="stable")[:7]
    return np.isin(np.argmax(fine @ coarse.T, axis=1), upper)


@functools.cache
def _sphere_gebhart(level: int) -> float:
    """Gebhart factor from the upper seven of an icosahedron's faces, on the inside of a sphere, to the others.

    Emittances 0.8 and 0.3; over its exact value. The parts have the same border at every level, so that the error
    falls with the triangles alone.
    """
    order, area = _areas(level)
    above = _over_upper_faces(level)[order]
    inside, outside = order[above], order[~above]
    with tempfile.TemporaryDirectory() as folder:
        upper, lower = _sphere_parts(level, (inside, outside), folder)
        result = Result(
            deep_space(),
            coating("a", 0.8),
            coating("b", 0.3),
            _mesh("upper", upper, front="a", temperature=400),
            _mesh("lower", lower, front="b", temperature=1),
            scenes.steady(),
        )
    absorbing = np.array([0.8 * area[above].sum(), 0.3 * area[~above].sum()])
    share = result.total("node_exchanged", "lower") / (absorbing[0] * STEFAN_BOLTZMANN * 400.0**4)
    return share / (absorbing[1] / absorbing.sum())


@functools.cache
def _apparent_emittance(level: int) -> float:
    """Apparent emittance of a spherical cavity of emittance 0.5, a tenth of the sphere open to space at 0 K.

    Its opening is cut along triangles: the tenth of the areas is met within 1e-3, and the difference is taken off by
    the slope of the exact number, -0.826.
    """
    order, area = _areas(level)
    cut = int(np.argmin(np.abs(np.cumsum(area) - 0.1 * area.sum()))) + 1
    open_part = area[:cut].sum() / area.sum()
    with tempfile.TemporaryDirectory() as folder:
        (wall,) = _sphere_parts(level, (order[cut:],), folder)
        result = Result(
            deep_space(), coating("a", 0.5), _mesh("wall", wall, front="a", temperature=400), scenes.steady()
        )
    # A wall sees `open_part` of its sphere in the opening: that is the area through which it radiates.
    opening = area[cut:].sum() * open_part
    found = result.total("node_emitted_to_space", "wall") / (opening * STEFAN_BOLTZMANN * 400.0**4)
    return found + 0.25 / 0.55**2 * (open_part - 0.1)


@functools.cache
def _twenty_shields() -> float:
    """Effective emittance of twenty shields of 0.03 between two such plates, each of which sees its neighbor only."""
    gap, count = 1e-3, 20
    hot = rectangle("hot", [0, 0, 0], [1, 0, 0], [0, 1, 0], front="foil", temperature=500)
    shields = [
        rectangle(f"shield {k}", [0, 0, k * gap], [1, 0, 0], [0, 1, 0], front="foil", back="foil", heat_capacity=0)
        for k in range(1, count + 1)
    ]
    cold = rectangle("cold", [0, 0, (count + 1) * gap], [0, 1, 0], [1, 0, 0], front="foil", temperature=300)
    # Sides in order: hot, then front (up) and back (down) of each shield, then cold.
    up, down = [0, *range(1, 2 * count, 2)], [*range(2, 2 * count + 1, 2), 2 * count + 1]
    factors = np.zeros((2 * count + 2, 2 * count + 2))
    factors[up, down] = factors[down, up] = 1.0
    sides = [1, *[2] * count, 1]
    result = _run_with(factors, coating("foil", 0.03), hot, *shields, cold, sides=sides)
    return result.total("node_exchanged", "cold") / (STEFAN_BOLTZMANN * (500.0**4 - 300.0**4))


def _given(
    name: str,
    quantity: str,
    unit: str,
    exact: float,
    bound: float,
    source: str,
    measure: Callable[[], float],
    slow: bool = True,
):
    """A case whose view factors are given by a file."""
    return ReferenceCase(
        name=f"enclosure-{name}",
        quantity=quantity,
        unit=unit,
        exact=exact,
        bound=bound,
        reason=_SOLVED + "; last printed digit",
        source=source,
        measure=measure,
        slow=slow,
    )


_CAVITY = "grey cavity 1 m wide, 2 m high, black bottom 550 K, top 0.75 at 300 K, adiabatic sides 0.75"
_STRINGS = f"{_NETWORK}; view factors by Hottel's crossed strings"
_DUCT = "triangular duct, 1200 K (0.8), 500 K (0.4), one reradiating side"
_INCROPERA = "Incropera & DeWitt, Fundamentals of Heat and Mass Transfer, sect. 13.3: (E1 - E2)/(.25 + 4/3 + 1.5)"
_UNCUT = "(I - (1 - eps) F)^-1 F eps with F of whole faces (Howell C-11, C-14); Gebhart (1961)"
_RESOLVED = 2170.7727

CASES: tuple[ReferenceCase, ...] = (
    _given("cavity", f"heat to the top, {_CAVITY}, undivided", "W m-1", 2423.657817, 1e-9, _STRINGS,
           lambda: _cavity(1)[0], slow=False),
    _given("cavity-side", f"temperature of the sides, {_CAVITY}, undivided", "K", 488.4603597, 1e-9, _STRINGS,
           lambda: _cavity(1)[1], slow=False),
    _given("cavity-split", f"heat to the top, {_CAVITY}, sides in two parts", "W m-1", 2250.056205, 1e-9, _STRINGS,
           lambda: _cavity(2)[0]),
    _given("cavity-split-lower", f"temperature of the lower parts, {_CAVITY}, sides in two parts", "K", 505.8452260,
           1e-9, _STRINGS, lambda: _cavity(2)[1]),
    _given("cavity-split-upper", f"temperature of the upper parts, {_CAVITY}, sides in two parts", "K", 466.4988005,
           1e-9, _STRINGS, lambda: _cavity(2)[2]),
    ReferenceCase(
        name="enclosure-cavity-resolved",
        quantity=f"heat to the top, {_CAVITY}, divided ever finer",
        unit="W m-1",
        exact=_RESOLVED,
        bound=5e-4,
        reason="cells of 1/16 m: 1.4e-4, a third of what halving them changed; ends of two lengths, the first order "
        "taken off: 1.2e-4; twice the sum",
        source=f"{_STRINGS}, 512 strips a meter, extrapolated at the second order",
        measure=lambda: _resolved_cavity(16),
        observed_order=_cavity_order,
        expected_order=1.8,
        slow=True,
    ),
    _given("triangular-duct", f"heat to the cold side, {_DUCT}", "W m-1", 36984.94052, 1e-9, _INCROPERA,
           lambda: _triangular_duct()[0]),
    _given("triangular-duct-insulated", f"temperature of the insulated side, {_DUCT}", "K", 1102.173378, 1e-9,
           _INCROPERA, lambda: _triangular_duct()[1]),
    *(
        _given(f"cube-gebhart-{name}", f"Gebhart factor of a unit cube of emittance 0.8, undivided: {name} face", "1",
               exact, 2e-6, _UNCUT, lambda k=k: _cube_gebhart()[k], slow=False)
        for k, (name, exact) in enumerate((("same", 0.0384615), ("opposite", 0.192178), ("adjacent", 0.192340)))
    ),
    _given("twenty-shields", "effective emittance of 20 shields of 0.03 between plates of 0.03", "1",
           7.251631617e-4, 1e-8, "1/((N + 1)(2/eps - 1)), Modest & Mazumder, sect. 5.5; views of 1 between neighbors",
           _twenty_shields),
    ReferenceCase(
        name="enclosure-sphere-gebhart",
        quantity="Gebhart factor of 7/20 of a sphere's inside (0.8) to the rest (0.3), over its exact value",
        unit="1",
        exact=1.0,
        bound=4e-3,
        reason="320 triangles: a flat one sees nothing of itself, 1/320 of what a piece of the sphere sees",
        source="B_ij = A_j eps_j / sum(A eps): on a sphere F_ij = A_j/A; Gebhart (1961)",
        measure=lambda: _sphere_gebhart(2),
        observed_order=lambda: scenes.order(_sphere_gebhart(1), _sphere_gebhart(2), 1.0),
        expected_order=1.8,
        slow=True,
    ),
    ReferenceCase(
        name="enclosure-sphere-apparent-emittance",
        quantity="apparent emittance of a spherical cavity of emittance 0.5, a tenth of the sphere open",
        unit="1",
        exact=0.9090909091,
        bound=4e-3,
        reason="320 triangles: a flat one sees nothing of itself, 1/320 of what a piece of the sphere sees",
        source="eps/(eps (1 - f) + f), f the open part of the sphere's area; Modest & Mazumder, sect. 5.3",
        measure=lambda: _apparent_emittance(2),
        observed_order=lambda: scenes.order(_apparent_emittance(1), _apparent_emittance(2), 10 / 11),
        expected_order=1.8,
        slow=True,
    ),
)  # fmt: skip
