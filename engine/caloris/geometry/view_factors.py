"""View factors between the facets of a scene, with everything that stands between them.

Deterministic with an error tolerance: exchange areas in clear view (`clear_blocks`), shared rays that sort
pairs into visible, hidden and partial (`pair_visibility`), and more rays for the partial ones
(`partial_pairs`). Stored once per pair, so that A_i F_ij = A_j F_ji holds exactly. Space gets what is left:
1 - row sum. Nothing here is differentiable through the rays; `occluded` says whether that matters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple

import jax
import numpy as np

from caloris.devices import ray_backend
from caloris.geometry.device_blocks import DeviceBlocks, device_facet_sums
from caloris.geometry.facet_tiles import LANES
from caloris.geometry.host_blocks import Blocks, HostBlocks
from caloris.geometry.pose_exchange import Exchange, pose_exchange, rigid_exchange
from caloris.geometry.raycast import HierarchyRayCaster, RayCaster
from caloris.geometry.scene_layout import Layout, make_layout
from caloris.geometry.scene_sides import active_sides, check_scene, with_seen_inactive
from caloris.precision import require_float64

Place = Literal["host", "device"]
"""Where lists of pairs and rays are kept: numpy arrays, or arrays on JAX's device."""


class Tiles(NamedTuple):
    """Symmetric exchange areas A_i F_ij between active facets in square blocks: only what is not zero is kept.

    A block of two tiles stands for both directions; a block of a tile with itself is symmetric, its diagonal zero.
    """

    facet: np.ndarray  # [tile, lane] facet, the number of facets where a lane is empty
    first: np.ndarray  # [block] tile
    second: np.ndarray  # [block] tile, not below the first
    value: np.ndarray | jax.Array  # [block, lane, lane] float32, m2; on JAX's device where it was computed there


@dataclass(frozen=True)
class ViewFactors:
    """View factors of one scene; arrays over facets in the caller's order."""

    area: np.ndarray  # [facet] m2
    tiles: Tiles  # exchange areas
    inactive_view: np.ndarray  # [facet] -, fraction of the view that ends on inactive sides
    error_estimate: float  # -, sum of |errors| over pairs relative to the sum of exchange areas, as estimated
    occluded: bool  # some pair that faces each other is partly or wholly hidden
    rays: int  # rays traced

    @cached_property
    def _pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        tiles, value = self.tiles, np.asarray(self.tiles.value)
        own = tiles.first == tiles.second
        once = value > 0
        once[own] &= np.triu(np.ones(value.shape[1:], bool), 1)
        block, i, j = np.nonzero(once)
        first, second = tiles.facet[tiles.first[block], i], tiles.facet[tiles.second[block], j]
        area = value[block, i, j].astype(np.float64)
        return np.minimum(first, second), np.maximum(first, second), area

    @property
    def pair_first(self) -> np.ndarray:
        """First facet of each pair of facets that see each other [pair]."""
        return self._pairs[0]

    @property
    def pair_second(self) -> np.ndarray:
        """Second facet of each pair, above the first [pair]."""
        return self._pairs[1]

    @property
    def pair_exchange_area(self) -> np.ndarray:
        """A_i F_ij of each pair [pair], m2."""
        return self._pairs[2]

    @cached_property
    def exchange_area(self) -> np.ndarray:
        """A_i F_ij [facet, facet], m2: exactly symmetric, zero diagonal; dense, made when first asked for."""
        dense = np.zeros((len(self.area) + 1, len(self.area) + 1))
        tiles = self.tiles
        for first, second, value in zip(tiles.first, tiles.second, np.asarray(tiles.value), strict=True):
            i, j = tiles.facet[first], tiles.facet[second]
            dense[np.ix_(i, j)] = value
            dense[np.ix_(j, i)] = value.T
        return dense[:-1, :-1]

    @cached_property
    def facet_view(self) -> np.ndarray:
        """Row sums: the fraction of each facet's view that ends on facets [facet], -."""
        tiles, count = self.tiles, len(self.area)
        pairs = np.stack([tiles.first, tiles.second], axis=1)
        if isinstance(tiles.value, np.ndarray):
            return HostBlocks().facet_sums(tiles.value, pairs, tiles.facet, count, True) / self.area
        return device_facet_sums(tiles.value, pairs, tiles.facet, count, True) / self.area

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
    place: Place | None = None,
    memory_limit: int | None = None,
) -> ViewFactors:
    """Return the view factors of the facets among each other, toward inactive sides and toward space.

    vertices [v, 3] (m); triangles [t, 3] index them; facet k is side facet_side[k] (0: where the right-handed
    normal points, 1: the other) of triangle facet_triangle[k]. Sides not listed are inactive: they
    block, and the view toward them is reported apart. tolerance bounds the relative L1 error over pairs,
    sum |error of A_i F_ij| / sum A_i F_ij with inactive sides among the j, as estimated. seed sets the
    quasi-random points.

    place: where the work is done; None takes the host where rays are Embree's, or the caller's casters want
    numpy arrays, and JAX's device else; results agree but for rays at edges. On the device memory_limit bounds
    what is held beside the exchange areas themselves (bytes; None: a quarter of what is free; see `device_blocks`),
    and these stay there (`Tiles.value`) until a property that holds numpy arrays is asked for.
    Parts may touch; parts that pass through each other are treated as they are, by rays.

    Raises ValueError for arrays that do not fit, RuntimeError without float64.
    """
    triangles = np.asarray(triangles, np.int64)
    group = np.zeros(len(triangles), np.int64)
    poses = np.asarray(vertices, np.float64)[None]
    casters = None if caster is None else [caster]
    facets = (np.asarray(facet_triangle, np.int64), np.asarray(facet_side, np.int64))
    return _solve(poses, triangles, group, facets, (tolerance, seed), casters, _blocks(casters, place, memory_limit))[0]


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
    place: Place | None = None,
    memory_limit: int | None = None,
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
    return _solve(poses, triangles, group, facets, (tolerance, seed), casters, _blocks(casters, place, memory_limit))


def _solve(
    poses: np.ndarray,
    triangles: np.ndarray,
    group: np.ndarray,
    facet: tuple[np.ndarray, np.ndarray],
    settings: tuple[float, int],
    casters: Sequence[RayCaster] | None,
    blocks: Blocks,
) -> list[ViewFactors]:
    """Solve all poses; in a single pose nothing moves and all is one group."""
    require_float64("compute_view_factors")
    check_scene(poses, triangles, *facet)
    if not len(facet[0]):
        none = np.zeros(0, np.int64)
        tiles = Tiles(np.zeros((0, LANES), np.int64), none, none, np.zeros((0, LANES, LANES), np.float32))
        return [ViewFactors(np.zeros(0), tiles, np.zeros(0), 0.0, False, 0) for _ in poses]
    if len(poses) == 1:
        group = np.zeros(len(triangles), np.int64)
    tracers = list(casters) if casters is not None else [blocks.caster(v, triangles) for v in poses]
    sides, rays = with_seen_inactive(active_sides(*facet), poses, triangles, group, tracers)
    layout = make_layout(poses[0], triangles, group, sides, settings)
    rigid = rigid_exchange(layout, poses[0], tracers[0] if len(poses) == 1 else None, blocks)
    out = []
    for vertices, tracer in zip(poses, tracers, strict=True):
        result = rigid if len(poses) == 1 else pose_exchange(layout, rigid, vertices, tracer, blocks)
        out.append(_view_factors(layout, result, rays + result.rays, blocks))
        rays = 0
    return out


def _blocks(casters: Sequence[RayCaster] | None, place: Place | None, memory_limit: int | None) -> Blocks:
    """Where to keep the blocks."""
    on_device = [caster for caster in casters or [] if isinstance(caster, HierarchyRayCaster)]
    able = len(on_device) == len(casters or [])
    best = ray_backend()
    if place is None:
        place = "device" if able and best != "embree" else "host"
    if place == "host":
        return HostBlocks()
    if not able:
        raise ValueError('place="device" wants ray casters whose hierarchy is on the device: HierarchyRayCaster')
    backend = on_device[0].backend if on_device else ("lax" if best == "embree" else best)
    return DeviceBlocks(backend, memory_limit)


def _view_factors(layout: Layout, result: Exchange, rays: int, blocks: Blocks) -> ViewFactors:
    """Split the sides' exchange areas into those among facets and the view toward inactive sides."""
    count, tiles = int(layout.sides.active.sum()), int(layout.tile_active.sum())
    facet = np.where(layout.tiles >= 0, layout.tiles, len(layout.area))
    area = layout.area[:count]
    # Tiles of active sides come first: the first tile of a block is active.
    among = result.block_tile[:, 1] < tiles
    toward, rest = np.flatnonzero(~among), np.flatnonzero(among)
    block_tile, value, inactive = result.block_tile, result.value, np.zeros(count)
    if len(toward):
        part = blocks.take(value, toward)
        inactive = blocks.facet_sums(part, block_tile[toward], facet, len(layout.area), False)[:count]
        block_tile, value = block_tile[rest], blocks.take(value, rest)
    value = blocks.with_transposed(value, np.flatnonzero(block_tile[:, 0] == block_tile[:, 1]))
    lanes = np.minimum(facet[:tiles], count)
    sums = blocks.facet_sums(value, block_tile, lanes, count, True)
    # Pairs count once here, as they do in the error.
    total = float(sums.sum()) / 2 + float(inactive.sum())
    return ViewFactors(
        area=area,
        tiles=Tiles(lanes, block_tile[:, 0], block_tile[:, 1], blocks.array(value)),
        inactive_view=inactive / area,
        error_estimate=result.error / total if total > 0 else 0.0,
        occluded=result.occluded,
        rays=rays,
    )
