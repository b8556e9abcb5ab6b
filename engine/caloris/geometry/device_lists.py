"""Lists on JAX's device: their lengths are fixed, programs loop over what they hold; how long memory lets them be."""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Int

from caloris.devices import RayBackend
from caloris.geometry.facet_tiles import LANES

PAIRS = LANES * LANES
"""Pairs of facets in a block."""

_DEFAULT_LIMIT = 1 << 30
_MOST_LIMIT = 1 << 32
# Bytes that a program holds for each item of its lists, rounded up from what XLA reports on a processor.
_PER_PAIR = 64  # of a block, beside its points
_PER_LISTED = 128  # of a segment
_PER_POINT_PAIR = 40
_PER_RAY = 192
_PER_REFINED = (512, 512, 4096, 16384, 65536)  # by the rules of `clear_blocks.REFINED`
# Longer slices than these gain nothing on a processor, whose caches they leave; elsewhere they are a guess.
_SLICES = {True: (8192, 8192, 1024, 512, 128), False: (1 << 20, 1 << 18, 1 << 16, 1 << 14, 1 << 12)}
_RAYS = {"lax": 1 << 14, "embree": 1 << 14, "pallas": 1 << 22}


class Plan(NamedTuple):
    """Lengths of lists, all powers of two: what programs are compiled for."""

    blocks: int  # blocks in a chunk
    slices: tuple[int, ...]  # pairs at a time, by the rules of `clear_blocks.REFINED`
    rays: int  # at a time
    pairs: int  # facet pairs in a segment of a list


def free_memory() -> int:
    """Bytes to work with where the caller sets no limit: a quarter of what JAX's device has free, at most 4 GiB.

    1 GiB where the device does not say.
    """
    statistics = jax.devices()[0].memory_stats() or {}
    if "bytes_limit" not in statistics:
        return _DEFAULT_LIMIT
    return min(_MOST_LIMIT, (statistics["bytes_limit"] - statistics.get("bytes_in_use", 0)) // 4)


def make_plan(count: int, width: int, limit: int, backend: RayBackend) -> Plan:
    """Return lengths for `count` blocks of `width` points a tile within `limit` bytes beside the blocks themselves.

    Half of the limit is for a chunk, a quarter for what is worked on at a time, a quarter for a segment of pairs. Below
    what one block takes, one block at a time is worked on.
    """
    per_block = _PER_PAIR * PAIRS + _PER_POINT_PAIR * width * width
    blocks = max(1, min(_power_below(limit / 2 / per_block), power_above(count)))
    most = _SLICES[jax.default_backend() == "cpu"]
    quarter = limit / 4
    slices = tuple(
        min(n, blocks * PAIRS, max(64, _power_below(quarter / size)))
        for n, size in zip(most, _PER_REFINED, strict=True)
    )
    rays = min(_RAYS[backend], max(512, _power_below(quarter / _PER_RAY)))
    pairs = max(PAIRS, min(blocks * PAIRS // 8, _power_below(quarter / _PER_LISTED)))
    return Plan(blocks, slices, rays, pairs)


def power_above(count: int) -> int:
    """The least power of two that is not below `count`."""
    return 1 << max(0, count - 1).bit_length()


def _power_below(count: float) -> int:
    """The greatest power of two that is not above `count`, at least 1."""
    return 1 << max(0, math.floor(count).bit_length() - 1)


def roomy(count: int, step: int) -> int:
    """`count` rounded up to a multiple of `step` and to four leading bits: few lengths, an eighth more at most."""
    steps = max(1, -(-count // step))
    grain = 1 << max(0, steps.bit_length() - 4)
    return -(-steps // grain) * grain * step


def padded(array: np.ndarray, length: int, fill: float = 0) -> np.ndarray:
    """The array with its first axis filled up to `length`."""
    missing = [(0, length - len(array))] + [(0, 0)] * (array.ndim - 1)
    return np.pad(array, missing, constant_values=fill)


def places(mask: Bool[Array, " item"]) -> tuple[Int[Array, " item"], Int[Array, ""]]:
    """Where a mask is set, in order, filled up with the mask's length; and how often it is set."""
    length = mask.shape[0]
    rank = jnp.cumsum(mask, dtype=jnp.int32)
    at = jnp.where(mask, rank - 1, length)
    return jnp.full(length, length, jnp.int32).at[at].set(jnp.arange(length, dtype=jnp.int32), mode="drop"), rank[-1]
