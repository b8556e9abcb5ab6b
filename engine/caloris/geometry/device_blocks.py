"""Blocks of exchange areas on JAX's device: what `host_blocks.HostBlocks` does, without a list on the host.

Beside the flow of the host and not the same one: there a list is as long as what it holds and Embree takes it as a
numpy array; here its length is fixed before it is known what it holds, and a compiled loop goes over it. Kernels,
layout, and the rules by which pairs are sorted and rays are shared out are the same functions.

Beside the blocks themselves, and a second copy of them while blocks without any exchange, or those toward inactive
sides, are left out, the device holds what the memory limit allows, the hierarchy and the scene's facets (some kilobyte
each), and 41 bytes for each pair that is partly hidden. Programs are compiled for lengths that are powers of two or
have four leading bits: scenes of about the same size share them, and so do poses.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from caloris.devices import RayBackend
from caloris.geometry.device_clear import clear_chunk, write_used
from caloris.geometry.device_lists import Plan, free_memory, make_plan, padded, power_above, roomy
from caloris.geometry.device_occlusion import Settings, take_off_hidden_on_device, total_on_device
from caloris.geometry.device_scene import DeviceScene, device_scene, point_width
from caloris.geometry.facet_tiles import LANES
from caloris.geometry.occlusion import Seen
from caloris.geometry.raycast import HierarchyRayCaster, RayCaster
from caloris.geometry.scene_layout import Layout, Pose, blocks_in_doubt

_SUMS_AT_ONCE = 64  # blocks


class Held(NamedTuple):
    """Blocks in an array with room for more: rows from `count` on are zero."""

    data: Float[Array, "block lane lane"]  # m2
    count: int  # pyright: ignore[reportIncompatibleMethodOverride]


class DeviceBlocks:
    """Blocks in arrays on JAX's device; rays by a hierarchy that is there too."""

    def __init__(self, backend: RayBackend, memory_limit: int | None = None) -> None:
        """memory_limit: bytes beside the blocks, None for a part of what the device has free."""
        self._backend: RayBackend = backend
        self._limit = free_memory() if memory_limit is None else memory_limit
        self._latest: tuple[Pose, DeviceScene] | None = None

    def caster(self, vertices: np.ndarray, triangles: np.ndarray) -> HierarchyRayCaster:
        """See Blocks."""
        return HierarchyRayCaster(np.asarray(vertices, np.float32)[np.asarray(triangles)], self._backend)

    def clear(self, layout: Layout, pose: Pose, block_tile: np.ndarray) -> tuple[np.ndarray, Held]:
        """See Blocks."""
        if not len(block_tile):
            return block_tile, Held(_zeros(1), 0)
        plan, scene = self._plan(layout, len(block_tile)), self._scene(layout, pose)
        data, filled, used = _zeros(roomy(len(block_tile), plan.blocks)), jnp.asarray(0, jnp.int32), []
        for start in range(0, len(block_tile), plan.blocks):
            part = block_tile[start : start + plan.blocks].astype(np.int32)
            chunk = jnp.asarray(padded(part, plan.blocks))
            area, which = clear_chunk(scene, chunk, len(part), slices=plan.slices)
            data, filled = write_used(data, filled, area, which)
            used.append(which)
        kept = block_tile[np.concatenate(jax.device_get(used))[: len(block_tile)]]
        return kept, _fitted(Held(data, len(kept)))

    def take_off_hidden(
        self,
        layout: Layout,
        pose: Pose,
        block_tile: np.ndarray,
        value: Held,
        against: tuple[RayCaster, np.ndarray],
        elsewhere: float,
    ) -> tuple[Held, Seen]:
        """See Blocks."""
        caster, blockers = against
        assert isinstance(caster, HierarchyRayCaster)
        chosen = np.flatnonzero(blocks_in_doubt(layout, pose, block_tile, blockers))
        settings = Settings(layout.tolerance, layout.seed, self._plan(layout, len(chosen)))
        data, seen = take_off_hidden_on_device(
            value.data, self._scene(layout, pose), block_tile, chosen, caster, elsewhere, settings
        )
        return Held(data, value.count), seen

    def copy(self, value: Held) -> Held:
        """See Blocks."""
        return Held(jnp.copy(value.data), value.count)

    def take(self, value: Held, rows: np.ndarray) -> Held:
        """See Blocks."""
        taken = _zeros(roomy(len(rows), 1))
        return Held(_moved(taken, np.arange(len(rows)), value.data, rows), len(rows))

    def put(self, value: Held, rows: np.ndarray, part: Held) -> Held:
        """See Blocks."""
        return Held(_moved(value.data, rows, part.data, np.arange(len(rows))), value.count)

    def join(self, first: Held, second: Held) -> Held:
        """See Blocks."""
        count = first.count + second.count
        both = _moved(_zeros(roomy(count, 1)), np.arange(first.count), first.data, np.arange(first.count))
        return Held(_moved(both, np.arange(first.count, count), second.data, np.arange(second.count)), count)

    def where_seen(self, seen: Held, clear: Held) -> Held:
        """See Blocks."""
        return Held(_where_seen(seen.data, clear.data), seen.count)

    def with_transposed(self, value: Held, rows: np.ndarray) -> Held:
        """See Blocks."""
        if not len(rows):
            return value
        length = power_above(len(rows))
        return Held(_with_transposed(value.data, jnp.asarray(padded(rows, length, len(value.data)))), value.count)

    def total(self, value: Held) -> float:
        """See Blocks."""
        return total_on_device(value.data)

    def facet_sums(self, value: Held, block_tile: np.ndarray, facet: np.ndarray, count: int, both: bool) -> np.ndarray:
        """See Blocks."""
        return device_facet_sums(value.data, block_tile, facet, count, both)

    def array(self, value: Held) -> Array:
        """See Blocks; a copy where there is room to spare."""
        return value.data if value.count == len(value.data) else value.data[: value.count]

    def _plan(self, layout: Layout, count: int) -> Plan:
        return make_plan(count, point_width(layout), self._limit, self._backend)

    def _scene(self, layout: Layout, pose: Pose) -> DeviceScene:
        """The pose on the device; the latest is kept."""
        if self._latest is None or self._latest[0] is not pose:
            self._latest = (pose, device_scene(layout, pose))
        return self._latest[1]


def device_facet_sums(
    data: Float[Array, "block lane lane"], block_tile: np.ndarray, facet: np.ndarray, count: int, both: bool
) -> np.ndarray:
    """`host_blocks.Blocks.facet_sums` of an array on the device, some blocks at a time."""
    pairs = jnp.asarray(padded(block_tile.astype(np.int32), len(data)))
    # The last row is of empty lanes, and so are the tiles that fill up.
    lanes = jnp.asarray(padded(facet.astype(np.int32), power_above(len(facet)), count))
    return np.asarray(_facet_sums(data, pairs, lanes, power_above(count + 1), both))[:count]


@partial(jax.jit, static_argnames=("length", "both"))
def _facet_sums(
    data: Float[Array, "block lane lane"],
    block_tile: Int[Array, "block 2"],
    facet: Int[Array, "tile lane"],
    length: int,
    both: bool,
) -> Float[Array, " facet"]:
    """Sum rows, and columns of blocks of two tiles, by facet."""
    # The last step goes back over some blocks, whose sums do not count again.
    step = min(_SUMS_AT_ONCE, len(data))

    def some(k: Array, sums: Array) -> Array:
        first = jnp.minimum(k * step, len(data) - step)
        new = (first + jnp.arange(step) >= k * step)[:, None]
        part = jax.lax.dynamic_slice_in_dim(data, first, step)
        tiles = jax.lax.dynamic_slice_in_dim(block_tile, first, step)
        rows = jnp.where(new, jnp.sum(part, axis=2, dtype=jnp.float64), 0.0)
        sums = sums.at[facet[tiles[:, 0]]].add(rows)
        if both:
            across: Bool[Array, "block 1"] = new & (tiles[:, :1] != tiles[:, 1:])
            columns = jnp.where(across, jnp.sum(part, axis=1, dtype=jnp.float64), 0.0)
            sums = sums.at[facet[tiles[:, 1]]].add(columns)
        return sums

    return jax.lax.fori_loop(0, -(-len(data) // step), some, jnp.zeros(length))


def _zeros(blocks: int) -> Array:
    return jnp.zeros((blocks, LANES, LANES), jnp.float32)


def _fitted(value: Held) -> Held:
    """The blocks without more room than `roomy` leaves."""
    length = roomy(value.count, 1)
    if length >= len(value.data):
        return value
    return Held(value.data[:length], value.count)


def _moved(to: Array, at: np.ndarray, data: Array, rows: np.ndarray) -> Array:
    """`to` (used up) with the rows of `data` written at the places `at`."""
    length = power_above(len(rows))
    return _move(to, jnp.asarray(padded(at, length, len(to))), data, jnp.asarray(padded(rows, length)))


@partial(jax.jit, donate_argnums=(0,))
def _move(to: Array, at: Array, data: Array, rows: Array) -> Array:
    return to.at[at].set(data[rows], mode="drop")


@jax.jit
def _where_seen(seen: Array, clear: Array) -> Array:
    return jnp.where(seen > 0, clear, jnp.float32(0))


@partial(jax.jit, donate_argnums=(0,))
def _with_transposed(data: Array, rows: Array) -> Array:
    part = data.at[rows].get(mode="fill", fill_value=0.0)
    return data.at[rows].add(jnp.swapaxes(part, 1, 2), mode="drop")
