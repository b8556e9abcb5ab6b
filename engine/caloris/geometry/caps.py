"""Which discs and annuli close the end of a cylinder or cone, so that both have one polygon."""

import jax
import numpy as np

from caloris.geometry.curved_shapes import Annulus, Cone, Cylinder, Disc
from caloris.geometry.round_grids import angles, axis_frame
from caloris.geometry.shape_base import Shape

WALLS = (Cylinder, Cone)

# Rims count as one when centers, radii and polygon corners agree to this share of the radius.
_SAME = 1e-6


def fit_caps(placed: tuple[tuple[Shape, int], ...]) -> tuple[int | None, ...]:
    """For each (shape, body): the index of the wall whose end it closes, or None.

    A disc or annulus closes a cylinder or cone of the same body when its rim (for an annulus one of its two
    rims) is that wall's end circle and its polygon has the same corners. Needs concrete numbers.
    """
    ends = [
        (index, body, rim)
        for index, (shape, body) in enumerate(placed)
        if isinstance(shape, WALLS)
        for rim in _wall_rims(shape)
    ]
    result: list[int | None] = []
    for shape, body in placed:
        rims = _flat_rims(shape) if isinstance(shape, (Disc, Annulus)) else []
        found = (index for rim in rims for index, b, end in ends if b == body and _same_rim(rim, end))
        result.append(next(found, None))
    return tuple(result)


def _same_rim(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two polygons have the same corners (in any order)."""
    if a.shape != b.shape:
        return False
    size = np.linalg.norm(a[0] - a.mean(0))
    distance = np.linalg.norm(a[:, None] - b[None], axis=2)
    return bool(np.all(distance.min(axis=1) <= _SAME * size))


def _corners(shape: Disc | Annulus | Cylinder | Cone, radius: jax.Array, shift: np.ndarray, around: int) -> np.ndarray:
    # In numpy: operation by operation, jax would compile each of them.
    start = None if shape.start is None else np.asarray(shape.start)
    first, across, _ = axis_frame(np.asarray(shape.axis), start, np)
    turn = angles(around)[:, None]
    return np.asarray(shape.center) + shift + float(radius) * (np.cos(turn) * first + np.sin(turn) * across)


def _wall_rims(shape: Cylinder | Cone) -> list[np.ndarray]:
    around = shape.divide[0]
    top = shape.radius if isinstance(shape, Cylinder) else shape.top_radius
    rims = [_corners(shape, shape.radius, np.zeros(3), around)]
    return rims if top is None else [*rims, _corners(shape, top, np.asarray(shape.axis), around)]


def _flat_rims(shape: Disc | Annulus) -> list[np.ndarray]:
    around = shape.divide[1]
    radii = [shape.radius] if isinstance(shape, Disc) else [shape.radius, shape.inner_radius]
    return [_corners(shape, radius, np.zeros(3), around) for radius in radii]
