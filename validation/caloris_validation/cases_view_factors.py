"""View factors against closed forms: rectangles, discs, and squares with a blocker between them."""

from collections.abc import Callable, Sequence

import numpy as np

from caloris.geometry.view_factors import ViewFactors, compute_pose_view_factors, compute_view_factors
from caloris_validation.reference_case import ReferenceCase

_HOWELL = "Howell, A Catalog of Radiation Heat Transfer Configuration Factors, 3rd ed."
_QUADRATURE = (
    "contour quadrature with 8 graded points a part: up to 1e-5 for a pair that shares an edge (few of all), "
    "less apart; point rules of pairs apart: up to 1e-5 each, of either sign; 5e-6 measured at most"
)

Mesh = tuple[np.ndarray, np.ndarray]


def _rectangle(corner: Sequence[float], edge_u: Sequence[float], edge_v: Sequence[float], divide: int) -> Mesh:
    """Vertices and triangles of a rectangle in divide x divide cells; the normal is edge_u x edge_v."""
    s, t = np.meshgrid(np.linspace(0, 1, divide + 1), np.linspace(0, 1, divide + 1), indexing="ij")
    vertices = np.array(corner) + s.reshape(-1, 1) * np.array(edge_u) + t.reshape(-1, 1) * np.array(edge_v)
    i, j = np.meshgrid(np.arange(divide), np.arange(divide), indexing="ij")
    a = (i * (divide + 1) + j).ravel()
    b, c, d = a + divide + 1, a + divide + 2, a + 1
    return vertices, np.concatenate([np.stack([a, b, c], axis=1), np.stack([a, c, d], axis=1)])


def _disc(radius: float, height: float, edges: int, upward: bool) -> Mesh:
    """A fan of triangles with the disc's area (an inscribed polygon converges as edges^-2, this as edges^-4)."""
    turn = 2 * np.pi / edges
    angle = turn * np.arange(edges)
    rim = radius * np.sqrt(turn / np.sin(turn))
    around = np.stack([rim * np.cos(angle), rim * np.sin(angle), np.full(edges, height)], axis=1)
    index = np.arange(edges)
    fan = np.stack([np.zeros(edges, int), 1 + index, 1 + (index + 1) % edges], axis=1)
    return np.concatenate([[[0.0, 0.0, height]], around]), fan if upward else fan[:, ::-1]


def _joined(meshes: Sequence[Mesh]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertices, triangles and the mesh that each triangle comes from."""
    starts = np.cumsum([0] + [len(vertices) for vertices, _ in meshes[:-1]])
    triangles = np.concatenate([t + start for (_, t), start in zip(meshes, starts, strict=True)])
    owner = np.repeat(np.arange(len(meshes)), [len(t) for _, t in meshes])
    return np.concatenate([vertices for vertices, _ in meshes]), triangles, owner


def _solved(meshes: Sequence[Mesh], blockers: int) -> tuple[ViewFactors, np.ndarray]:
    """View factors of all meshes but the last `blockers` ones, which only block; and the facets' meshes."""
    vertices, triangles, owner = _joined(meshes)
    facet = np.flatnonzero(owner < len(meshes) - blockers)
    return compute_view_factors(vertices, triangles, facet, np.zeros(len(facet), int)), owner[facet]


def _between(meshes: Sequence[Mesh], blockers: int = 0) -> float:
    """View factor from the first mesh to the second."""
    factors, owner = _solved(meshes, blockers)
    area = factors.exchange_area[np.ix_(owner == 0, owner == 1)].sum()
    return float(area / factors.area[owner == 0].sum())


def _facing(width: float, length: float, gap: float, shift: float = 0.0, divide: int = 2) -> list[Mesh]:
    """Two parallel rectangles that face each other, the second shifted along x."""
    return [
        _rectangle((0, 0, 0), (width, 0, 0), (0, length, 0), divide),
        _rectangle((shift, 0, gap), (0, length, 0), (width, 0, 0), divide),
    ]


def _hinged(height: float, divide: int = 2) -> list[Mesh]:
    """A unit square and a rectangle that stands on one of its edges."""
    return [
        _rectangle((0, 0, 0), (1, 0, 0), (0, 1, 0), divide),
        _rectangle((0, 0, 0), (0, 1, 0), (0, 0, height), divide),
    ]


def _offset() -> float:
    """From a rectangle 0.1 to 0.6 m off the line of two perpendicular planes to one 0.2 to 0.5 m off it, 0.5 m long."""
    first = _rectangle((0.1, 0, 0), (0.5, 0, 0), (0, 0.5, 0), 2)
    return _between([first, _rectangle((0, 0, 0.2), (0, 0.5, 0), (0, 0, 0.3), 2)])


def _discs(first: float, second: float, gap: float, edges: int) -> list[Mesh]:
    """Two coaxial discs that face each other."""
    return [_disc(first, 0.0, edges, True), _disc(second, gap, edges, False)]


def _blocked(half_width: float, divide: int) -> list[Mesh]:
    """Two unit squares at distance 1 and a square sheet halfway between them."""
    low, side = 0.5 - half_width, 2 * half_width
    return [*_facing(1, 1, 1, divide=divide), _rectangle((low, low, 0.5), (side, 0, 0), (0, side, 0), 1)]


def _moved_blocker() -> float:
    """The same squares by poses: the sheet, a rigid group of its own, comes in from far away."""
    meshes = _blocked(0.25, 8)
    vertices, triangles, owner = _joined(meshes)
    away = vertices.copy()
    away[-len(meshes[2][0]) :, 0] += 5.0
    facet = np.flatnonzero(owner < 2)
    poses = np.stack([away, vertices])
    factors = compute_pose_view_factors(poses, triangles, owner, facet, np.zeros(len(facet), int))[1]
    return float(factors.exchange_area[np.ix_(owner[facet] == 0, owner[facet] == 1)].sum())


def _disc_order() -> float:
    """Observed order in the number of edges, from 8 to 16, for discs of radius = distance = 1."""
    exact = (3 - 5**0.5) / 2
    error = [abs(_between(_discs(1, 1, 1, edges)) - exact) for edges in (8, 16)]
    return float(np.log2(error[0] / error[1]))


def _case(name: str, what: str, exact: float, number: str, measure: Callable[[], float]) -> ReferenceCase:
    """A case of rectangles in clear view."""
    return ReferenceCase(
        name=f"view-factor-{name}",
        quantity=f"view factor between {what}",
        unit="1",
        exact=exact,
        bound=1e-5,
        reason=_QUADRATURE,
        source=f"{_HOWELL}, {number}, evaluated from its closed form",
        measure=measure,
    )


_BLOCKED_SOURCE = (
    "visible part of the far square = square minus the blocker's shadow: differential element to rectangle, "
    f"{_HOWELL}, B-4, exact inside, 128-point Gauss outside"
)
_BLOCKED_REASON = "rays through the pairs that the blocker half hides, default tolerance 5e-4 over pairs: 1e-4 in sum"

CASES: tuple[ReferenceCase, ...] = (
    _case(
        "parallel-rectangles",
        "facing rectangles of 1 x 1.5 at 0.5",
        0.4755764365,
        "C-11",
        lambda: _between(_facing(1, 1.5, 0.5)),
    ),
    _case("cube-opposite", "opposite faces of a cube", 0.1998248957, "C-11", lambda: _between(_facing(1, 1, 1))),
    _case("cube-adjacent", "adjacent faces of a cube", 0.2000437761, "C-14", lambda: _between(_hinged(1))),
    _case(
        "perpendicular-rectangles",
        "rectangles of 1 x 1 and 1 x 2 with a common edge, square to each other",
        0.2328526028,
        "C-14",
        lambda: _between(_hinged(2)),
    ),
    _case(
        "close-squares",
        "facing squares of 0.1 at 0.05",
        0.4152532836,
        "C-11",
        lambda: _between(_facing(0.1, 0.1, 0.05)),
    ),
    _case(
        "perpendicular-offset",
        "rectangles square to each other without a common edge",
        0.0718176577,
        "C-15 (quadrature of the double integral, 10 digits)",
        _offset,
    ),
    _case(
        "shifted-squares",
        "unit squares at 1, one shifted by 1",
        0.0860504892,
        "C-13",
        lambda: _between(_facing(1, 1, 1, shift=1.0)),
    ),
    ReferenceCase(
        name="view-factor-discs-unequal",
        quantity="view factor between coaxial discs of radius 0.1 and 0.2 at 0.5",
        unit="1",
        exact=0.1339312527,
        bound=1e-5,
        reason="fans of 32 triangles with the discs' area: 4e-6 measured; " + _QUADRATURE,
        source=f"{_HOWELL}, C-41, evaluated from its closed form",
        measure=lambda: _between(_discs(0.1, 0.2, 0.5, 32)),
    ),
    ReferenceCase(
        name="view-factor-discs-equal",
        quantity="view factor between coaxial discs of radius 1 at 1",
        unit="1",
        exact=0.3819660113,
        bound=1e-5,
        reason="fans of 32 triangles with the discs' area, error of order edges^-4: 4e-6; " + _QUADRATURE,
        source=f"{_HOWELL}, C-41: (3 - sqrt 5) / 2",
        measure=lambda: _between(_discs(1, 1, 1, 32)),
        observed_order=_disc_order,
        expected_order=3.5,
    ),
    ReferenceCase(
        name="view-factor-blocked-squares",
        quantity="view factor between unit squares at 1 with a smaller square midway",
        unit="1",
        exact=0.0995062945989848,
        bound=1e-4,
        reason=_BLOCKED_REASON,
        source=_BLOCKED_SOURCE,
        measure=lambda: _between(_blocked(0.25, 8), blockers=1),
    ),
    ReferenceCase(
        name="view-factor-blocker-moves-in",
        quantity="the same when the blocker comes in from far away, by poses",
        unit="1",
        exact=0.0995062945989848,
        bound=1e-4,
        reason=_BLOCKED_REASON,
        source=_BLOCKED_SOURCE,
        measure=_moved_blocker,
    ),
)
