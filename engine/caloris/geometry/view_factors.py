"""View factors between the facets of a scene, with everything that stands between them.

Deterministic with an error tolerance: exchange areas in clear view (`clear_pairs`), shared rays that sort
pairs into visible, hidden and partial (`pair_visibility`), and more rays for the partial ones
(`partial_pairs`). Stored once per pair, so that A_i F_ij = A_j F_ji holds exactly. Space gets what is left:
1 - row sum. Nothing here is differentiable through the rays; `occluded` says whether that matters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from caloris.geometry.pose_exchange import Exchange, Layout, make_layout, pose_exchange, rigid_exchange
from caloris.geometry.raycast import RayCaster, ray_caster
from caloris.geometry.scene_sides import active_sides, check_scene, with_seen_inactive
from caloris.precision import require_float64


@dataclass(frozen=True)
class ViewFactors:
    """View factors of one scene; arrays over facets in the caller's order.

    pair_first, pair_second, pair_exchange_area hold each pair of facets that see each other once (first <
    second); exchange_area is the same as a dense symmetric matrix, made when first asked for.
    """

    area: np.ndarray  # [facet] m2
    pair_first: np.ndarray  # [pair] facet
    pair_second: np.ndarray  # [pair] facet
    pair_exchange_area: np.ndarray  # [pair] m2
    inactive_view: np.ndarray  # [facet] -, fraction of the view that ends on inactive sides
    error_estimate: float  # -, expected sum of |errors| over the sum of exchange areas
    occluded: bool  # some pair that faces each other is partly or wholly hidden
    rays: int  # rays traced

    @cached_property
    def exchange_area(self) -> np.ndarray:
        """A_i F_ij [facet, facet], m2: exactly symmetric, zero diagonal."""
        dense = np.zeros((len(self.area), len(self.area)))
        dense[self.pair_first, self.pair_second] = self.pair_exchange_area
        dense[self.pair_second, self.pair_first] = self.pair_exchange_area
        return dense

    @cached_property
    def facet_view(self) -> np.ndarray:
        """Row sums: the fraction of each facet's view that ends on facets [facet], -."""
        count = len(self.area)
        total = np.bincount(self.pair_first, self.pair_exchange_area, count)
        return (total + np.bincount(self.pair_second, self.pair_exchange_area, count)) / self.area

    @cached_property
    def space_view(self) -> np.ndarray:
        """1 - row sum - inactive_view [facet], -; below zero by the error where a facet sees no space."""
        return 1.0 - self.facet_view - self.inactive_view


def compute_view_factors(
    vertices: np.ndarray,
    triangles: np.ndarray,
    facet_triangle: np.ndarray,
    facet_side: np.ndarray,
    *,
    tolerance: float = 5e-4,
    caster: RayCaster | None = None,
    seed: int = 0,
) -> ViewFactors:
    """Return the view factors of the facets among each other, toward inactive sides and toward space.

    vertices [v, 3] (m); triangles [t, 3] index them; facet k is side facet_side[k] (0: where the right-handed
    normal points, 1: the other) of triangle facet_triangle[k]. Sides not listed are inactive: they
    block, and the view toward them is reported apart. tolerance bounds the relative L1 error over pairs,
    sum |error of A_i F_ij| / sum A_i F_ij, as estimated. seed sets the quasi-random points.
    Parts may touch; parts that pass through each other are treated as they are, by rays.

    Raises ValueError for arrays that do not fit, RuntimeError without float64.
    """
    triangles = np.asarray(triangles, np.int64)
    group = np.zeros(len(triangles), np.int64)
    poses = np.asarray(vertices, np.float64)[None]
    casters = None if caster is None else [caster]
    facets = (np.asarray(facet_triangle, np.int64), np.asarray(facet_side, np.int64))
    return _solve(poses, triangles, group, facets, (tolerance, seed), casters)[0]


def compute_pose_view_factors(
    vertices_of_pose: np.ndarray,
    triangles: np.ndarray,
    triangle_group: np.ndarray,
    facet_triangle: np.ndarray,
    facet_side: np.ndarray,
    *,
    tolerance: float = 5e-4,
    casters: Sequence[RayCaster] | None = None,
    seed: int = 0,
) -> list[ViewFactors]:
    """Return the view factors of every pose of bodies that move against each other.

    vertices_of_pose [p, v, 3] (m): the same vertices in every pose; triangle_group [t] names the rigid group
    of each triangle (its triangles keep their places to each other). Pairs within a group are computed
    once; in each pose only pairs across groups, and pairs that another group may come between, are done
    again. casters: one per pose, if the caller has them. Otherwise as `compute_view_factors`.
    """
    poses = np.asarray(vertices_of_pose, np.float64)
    triangles = np.asarray(triangles, np.int64)
    facets = (np.asarray(facet_triangle, np.int64), np.asarray(facet_side, np.int64))
    group = np.unique(np.asarray(triangle_group), return_inverse=True)[1].ravel()
    return _solve(poses, triangles, group, facets, (tolerance, seed), casters)


def _solve(
    poses: np.ndarray,
    triangles: np.ndarray,
    group: np.ndarray,
    facet: tuple[np.ndarray, np.ndarray],
    settings: tuple[float, int],
    casters: Sequence[RayCaster] | None,
) -> list[ViewFactors]:
    """Solve all poses; in a single pose nothing moves and all is one group."""
    require_float64("compute_view_factors")
    check_scene(poses, triangles, *facet)
    if not len(facet[0]):
        empty, none = np.zeros(0), np.zeros(0, np.int64)
        return [ViewFactors(empty, none, none, empty, empty, 0.0, False, 0) for _ in poses]
    if len(poses) == 1:
        group = np.zeros(len(triangles), np.int64)
    tracers = list(casters) if casters is not None else [ray_caster(v, triangles) for v in poses]
    sides, rays = with_seen_inactive(active_sides(*facet), poses, triangles, group, tracers)
    layout = make_layout(poses[0], triangles, group, sides, settings)
    rigid = rigid_exchange(layout, poses[0], tracers[0] if len(poses) == 1 else None)
    out = []
    for vertices, tracer in zip(poses, tracers, strict=True):
        result = rigid if len(poses) == 1 else pose_exchange(layout, rigid, vertices, tracer)
        out.append(_view_factors(layout, result, rays + result.rays))
        rays = 0
    return out


def _view_factors(layout: Layout, result: Exchange, rays: int) -> ViewFactors:
    """Split the sides' exchange areas into those among facets and the view toward inactive sides."""
    sides = layout.sides
    count = int(sides.active.sum())
    first, second = np.minimum(result.first, result.second), np.maximum(result.first, result.second)
    value = result.clear * result.fraction
    among = second < count
    area = layout.area[:count]
    inactive = np.bincount(first[~among], value[~among], count) / area
    keep = among & (value > 0)
    total = float(value.sum())
    return ViewFactors(
        area=area,
        pair_first=first[keep],
        pair_second=second[keep],
        pair_exchange_area=value[keep],
        inactive_view=inactive,
        error_estimate=result.error / total if total > 0 else 0.0,
        occluded=bool(np.any(result.fraction < 1)),
        rays=rays,
    )
