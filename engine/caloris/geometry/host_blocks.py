"""Where blocks of exchange areas live, and what is done with them: numpy arrays on the host, rays by any caster.

`device_blocks` is the other form: the two share kernels, layout and rules; `pose_exchange` and `view_factors` know
them by the same names. Methods may use up the values they are given.
"""

from typing import Any, Protocol

import numpy as np

from caloris.geometry.clear_blocks import clear_blocks
from caloris.geometry.occlusion import Seen, take_off_hidden, total
from caloris.geometry.raycast import RayCaster, ray_caster
from caloris.geometry.scene_layout import Layout, Pose

Value = Any
"""Exchange areas [block, lane, lane] float32 (m2), in the form that a `Blocks` keeps them in."""


class Blocks(Protocol):
    """A place for blocks."""

    def caster(self, vertices: np.ndarray, triangles: np.ndarray) -> RayCaster:
        """Return a ray caster that suits the place."""
        ...

    def clear(self, layout: Layout, pose: Pose, block_tile: np.ndarray) -> tuple[np.ndarray, Value]:
        """Return the blocks with any exchange in clear view, and their exchange areas."""
        ...

    def take_off_hidden(
        self,
        layout: Layout,
        pose: Pose,
        block_tile: np.ndarray,
        value: Value,
        against: tuple[RayCaster, np.ndarray],
        elsewhere: float,
    ) -> tuple[Value, Seen]:
        """`occlusion.take_off_hidden`."""
        ...

    def copy(self, value: Value) -> Value:
        """Return the same values once more."""
        ...

    def take(self, value: Value, rows: np.ndarray) -> Value:
        """Return the blocks at some rows."""
        ...

    def put(self, value: Value, rows: np.ndarray, part: Value) -> Value:
        """Return the values with those at some rows replaced."""
        ...

    def join(self, first: Value, second: Value) -> Value:
        """Return both, one after the other."""
        ...

    def where_seen(self, seen: Value, clear: Value) -> Value:
        """Return what is in clear view where anything is seen, else zero."""
        ...

    def with_transposed(self, value: Value, rows: np.ndarray) -> Value:
        """Return the values with the blocks at some rows made symmetric: their transposes added."""
        ...

    def total(self, value: Value) -> float:
        """Return the sum of all, m2."""
        ...

    def facet_sums(self, value: Value, block_tile: np.ndarray, facet: np.ndarray, count: int, both: bool) -> np.ndarray:
        """Return each facet's sum of exchange areas [facet], m2.

        facet [tile, lane] below or at `count`, where an empty lane has `count`. both: blocks of two tiles stand for
        both directions; else only for the first tile's facets.
        """
        ...

    def array(self, value: Value) -> Any:
        """Return the blocks as one array, on the host or on the device."""
        ...


class HostBlocks:
    """Blocks in numpy arrays."""

    def caster(self, vertices: np.ndarray, triangles: np.ndarray) -> RayCaster:
        """See Blocks."""
        return ray_caster(vertices, triangles)

    def clear(self, layout: Layout, pose: Pose, block_tile: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """See Blocks."""
        value = clear_blocks(pose.facets, layout.tiles, block_tile, layout.size)
        used = value.any(axis=(1, 2))
        return (block_tile, value) if used.all() else (block_tile[used], value[used])

    def take_off_hidden(
        self,
        layout: Layout,
        pose: Pose,
        block_tile: np.ndarray,
        value: np.ndarray,
        against: tuple[RayCaster, np.ndarray],
        elsewhere: float,
    ) -> tuple[np.ndarray, Seen]:
        """See Blocks; in place."""
        return value, take_off_hidden(layout, pose, block_tile, value, against, elsewhere)

    def copy(self, value: np.ndarray) -> np.ndarray:
        """See Blocks."""
        return value.copy()

    def take(self, value: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """See Blocks; without a copy where all are taken in order."""
        whole = len(rows) == len(value) and np.array_equal(rows, np.arange(len(value)))
        return value if whole else value[rows]

    def put(self, value: np.ndarray, rows: np.ndarray, part: np.ndarray) -> np.ndarray:
        """See Blocks; in place."""
        if part is not value:
            value[rows] = part
        return value

    def join(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """See Blocks."""
        return np.concatenate([first, second])

    def where_seen(self, seen: np.ndarray, clear: np.ndarray) -> np.ndarray:
        """See Blocks."""
        return np.where(seen > 0, clear, np.float32(0))

    def with_transposed(self, value: np.ndarray, rows: np.ndarray) -> np.ndarray:
        """See Blocks; in place."""
        value[rows] += value[rows].swapaxes(1, 2)
        return value

    def total(self, value: np.ndarray) -> float:
        """See Blocks."""
        return total(value)

    def facet_sums(
        self, value: np.ndarray, block_tile: np.ndarray, facet: np.ndarray, count: int, both: bool
    ) -> np.ndarray:
        """See Blocks."""
        rows = value.sum(axis=2, dtype=np.float64).ravel()
        sums = np.bincount(facet[block_tile[:, 0]].ravel(), rows, count + 1)
        if both:
            across = block_tile[:, 0] != block_tile[:, 1]
            columns = value[across].sum(axis=1, dtype=np.float64).ravel()
            sums += np.bincount(facet[block_tile[across, 1]].ravel(), columns, count + 1)
        return sums[:count]

    def array(self, value: np.ndarray) -> np.ndarray:
        """See Blocks."""
        return value
