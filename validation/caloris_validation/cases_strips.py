"""View factors of infinite strips: in clear view, behind a blocker, and the derivative of what a blocker hides.

The first strip is one meter of an infinite one, in the middle of a second strip 128 m long: what is missed past its
ends falls off as the third power of its length.
"""

import functools
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

import caloris
from caloris.geometry.flat_shapes import Rectangle
from caloris.geometry.view_factors import compute_view_factors
from caloris.solve.solution import SteadySolution
from caloris_validation.mesh_scenes import Sheet, build
from caloris_validation.reference_case import ReferenceCase
from caloris_validation.scenes import closed, coating, deep_space, rectangle, steady

_HOTTEL = "Hottel's crossed strings (Hottel & Sarofim, Radiative Transfer, 1967)"
_ENDS = "ends of the second strip, 64 m away: (2/3 pi) (h/64 m)^3 = 1e-6 of the view; "

Point = tuple[float, float]


def _pieces(start: Point, end: Point, across: int = 1, sides: tuple[int, ...] = (0,)) -> list[Sheet]:
    """A strip along y, from start to end in the xz plane, cut at 0.5, 1, 2, 4 ... m from its middle."""
    cuts = [0.5 * 2.0**k for k in range(1, 8)]
    ends = [-cut for cut in reversed(cuts)] + [-0.5, 0.5] + cuts
    edge = (end[0] - start[0], 0.0, end[1] - start[1])
    return [
        Sheet((start[0], low, start[1]), edge, (0.0, high - low, 0.0), sides, 0, (across, 1))
        for low, high in zip(ends[:-1], ends[1:], strict=True)
    ]


def _view(
    first: tuple[Point, Point],
    second: tuple[Point, Point],
    blocker: tuple[Point, Point] | None = None,
    tolerance: float = 5e-4,
    across: int = 1,
) -> float:
    """View factor from an infinite strip to another; fronts look along (end - start) x y."""
    own = Sheet((first[0][0], -0.5, first[0][1]), (first[1][0] - first[0][0], 0.0, first[1][1] - first[0][1]),
                (0.0, 1.0, 0.0), (0,), 0, (across, 1))  # fmt: skip
    between = [] if blocker is None else _pieces(*blocker, sides=())
    scene = build([own, *_pieces(*second, across=across), *between], 1.0)
    factors = compute_view_factors(*scene.mesh, tolerance=tolerance)
    count = 2 * across
    return float(factors.exchange_area[:count, count:].sum() / factors.area[:count].sum())


def _hinged(angle: float) -> float:
    """Two strips of width one that share an edge."""
    return _view(((0.0, 0.0), (1.0, 0.0)), ((np.cos(angle), np.sin(angle)), (0.0, 0.0)))


def _facing(half_width: float | None, tolerance: float = 5e-4) -> float:
    """Two strips of width one at distance one, a blocker of some half-width midway."""
    blocker = None if half_width is None else ((0.5 - half_width, 0.5), (0.5 + half_width, 0.5))
    return _view(((0.0, 0.0), (1.0, 0.0)), ((1.0, 1.0), (0.0, 1.0)), blocker, tolerance, 2)


@functools.cache
def _refuse() -> None:
    """Raise unless a derivative that moves the blocker's edge is refused."""
    parts = [
        deep_space(),
        coating("black", 1.0),
        rectangle("lower", [0, 0, 0], [1, 0, 0], [0, 1, 0], front="black", temperature=400),
        rectangle("upper", [0, 0, 1], [0, 1, 0], [1, 0, 0], front="black", heat_capacity=1),
        rectangle("between", [0.25, 0, 0.5], [0.5, 0, 0], [0, 1, 0], front="black", back="black", temperature=300),
        steady(),
    ]
    model = caloris.build(caloris.parse_case("\n".join(parts)))
    nominal, visibility, context = model.geometry, model.visibility, model.context
    assert nominal is not None and visibility is not None and context is not None

    def solved(factor: jax.Array) -> SteadySolution:
        """The plates when the sheet between is `factor` times as wide."""
        sheet = nominal.surfaces[2].shape
        assert isinstance(sheet, Rectangle)
        geometry = eqx.tree_at(lambda g: g.surfaces[2].shape.edge_u, nominal, factor * sheet.edge_u)
        return caloris.solve_steady(caloris.couple(geometry, visibility, context))

    closed(solved(jnp.ones(())))
    try:
        slope = jax.grad(lambda factor: solved(factor).temperature[1])(jnp.ones(()))
    except caloris.ShadowDerivativeError:
        return
    raise AssertionError(f"a derivative of occlusion came back as {float(slope):g}, not as an error")


def _slope() -> float:
    """Central difference of the blocked view over a half-width of 0.25 m +- 0.02 m; no derivative may be returned."""
    _refuse()
    step = 0.02
    return (_facing(0.25 + step, 5e-6) - _facing(0.25 - step, 5e-6)) / (2 * step)


def _strip_case(name: str, what: str, exact: float, formula: str, measure: Callable[[], float]) -> ReferenceCase:
    return ReferenceCase(
        name=f"view-factor-strips-{name}",
        quantity=f"view factor between infinite strips of width 1, {what}",
        unit="1",
        exact=exact,
        bound=1e-5,
        reason=_ENDS + "quadrature of pairs up to 1e-5 each, of either sign",
        source=f"{_HOTTEL}: {formula}",
        measure=measure,
    )


CASES: tuple[ReferenceCase, ...] = (
    _strip_case("facing", "facing at 1", 0.4142135624, "w = h: sqrt 2 - 1", lambda: _facing(None)),
    _strip_case("hinged-90deg", "hinged at 90 deg", 0.2928932188, "1 - sin 45 deg", lambda: _hinged(np.pi / 2)),
    _strip_case("hinged-60deg", "hinged at 60 deg", 0.5, "1 - sin 30 deg", lambda: _hinged(np.pi / 3)),
    ReferenceCase(
        name="view-factor-strips-blocked",
        quantity="view factor between the facing strips with a half-wide blocker midway",
        unit="1",
        exact=0.1180339887,
        bound=2e-4,
        reason=_ENDS + "rays at a tolerance of 5e-6 over all pairs, of which those of the first strip are few: "
        "5e-5 measured",
        source=f"{_HOTTEL}, w = h = 1, half-wide blocker midway: 2 (sqrt(1/16 + 1/4) - 1/2)",
        measure=lambda: _facing(0.25, 5e-6),
    ),
    ReferenceCase(
        name="derivative-of-occlusion",
        quantity="derivative of that view factor by the blocker's half-width, by differences; an exact one is refused",
        unit="m-1",
        exact=-0.894427191,
        bound=2e-3,
        reason="differences of 0.02 m: truncation 5.1e-4; rays at a tolerance of 5e-6: 5e-5 of 0.12 over 0.04 m, twice",
        source=f"{_HOTTEL}: d/db 2 (sqrt((1/2 - b)^2 + 1/4) - 1/2) at b = 1/4; autodiff of a visibility test gives 0",
        measure=_slope,
        slow=True,
    ),
)
