"""Rays through a hierarchy of boxes without a stack, as one kernel for GPUs (Pallas on Triton)."""

from functools import partial

import jax
import jax.numpy as jnp
from jax.experimental import pallas as pl
from jax.experimental.pallas import triton
from jaxtyping import Array, Bool, Float

from caloris_kernels.radiative.bvh import LINK, WIDTH
from caloris_kernels.radiative.bvh_walk import Hit, rays_of, start, step

# One warp a program: a program lasts as long as its longest walk, and the question whether all rays are done stays
# inside the warp.
_RAYS = 32


def any_hit(
    hierarchy: Float[Array, "entry 12"],
    origin: Float[Array, "ray 3"],
    direction: Float[Array, "ray 3"],
    reach: Float[Array, " ray"],
    interpret: bool = False,
) -> Bool[Array, " ray"]:
    """`caloris_kernels.radiative.bvh_walk.any_hit` on a GPU: the same steps, equations and sources.

    One thread a ray; an entry is 48 bytes that lie together, so that a visit reads two sectors of memory in three
    loads however far the rays of a warp are apart. Results differ from those of the other walk by rounding alone,
    where the compiler joins a product and a sum.
    interpret: run on the processor, for tests.
    """
    return _call(hierarchy, origin, direction, reach, True, interpret)[0] >= 0


def nearest_hit(
    hierarchy: Float[Array, "entry 12"],
    origin: Float[Array, "ray 3"],
    direction: Float[Array, "ray 3"],
    reach: Float[Array, " ray"],
    interpret: bool = False,
) -> Hit:
    """`caloris_kernels.radiative.bvh_walk.nearest_hit` on a GPU; see `any_hit`."""
    return Hit(*_call(hierarchy, origin, direction, reach, False, interpret))


def _call(
    hierarchy: Array, origin: Array, direction: Array, reach: Array, any_will_do: bool, interpret: bool
) -> tuple[Array, ...]:
    """What all rays met, as a Hit's arrays; of these only the triangle where any will do."""
    entries, count = hierarchy.shape[0], origin.shape[0]
    hierarchy, reach = jnp.asarray(hierarchy, jnp.float32), jnp.asarray(reach, jnp.float32)
    found = start(reach, entries)[1][: 1 if any_will_do else 4]
    if entries == 0 or count == 0:
        return tuple(found)
    rays = [jnp.asarray(x, jnp.float32).ravel() for x in (origin, direction)]
    anywhere = pl.BlockSpec(memory_space=pl.ANY)
    return tuple(
        pl.pallas_call(
            partial(_kernel, entries=entries, count=count, any_will_do=any_will_do),
            grid=(pl.cdiv(count, _RAYS),),
            in_specs=[anywhere] * 4,
            out_specs=[anywhere] * len(found),
            out_shape=[jax.ShapeDtypeStruct(x.shape, x.dtype) for x in found],
            interpret=interpret,
            compiler_params=None if interpret else triton.CompilerParams(num_warps=1, num_stages=1),
            name="walk_hierarchy",
        )(hierarchy.ravel(), *rays, reach)
    )


def _kernel(hierarchy, origin, direction, reach, *found, entries: int, count: int, any_will_do: bool) -> None:
    """Walk one program's rays to their ends."""
    ray = pl.program_id(0) * _RAYS + jnp.arange(_RAYS, dtype=jnp.int32)
    real = ray < count
    parts = [[triton.load(x.at[3 * ray + k], mask=real, other=0.0) for k in range(3)] for x in (origin, direction)]
    rays = rays_of(*parts)
    column = jnp.arange(4, dtype=jnp.int32)[None, :]

    def read(cursor: Array) -> list[Array]:
        # Four numbers at a time are one load; column by column they stay in the registers of the ray's thread.
        inside = jnp.broadcast_to((cursor < entries)[:, None], (_RAYS, 4))
        places = [(WIDTH * cursor + begin)[:, None] + column for begin in range(0, WIDTH, 4)]
        fours = [triton.load(hierarchy.at[place], mask=inside, other=0.0) for place in places]
        return [jnp.sum(jnp.where(column == k % 4, fours[k // 4], 0.0), axis=1) for k in range(LINK + 1)]

    _, best = jax.lax.while_loop(
        lambda walk: jnp.min(walk[0]) < entries,
        lambda walk: step(rays, entries, read, any_will_do, *walk),
        start(triton.load(reach.at[ray], mask=real, other=0.0), entries),
    )
    for place, value in zip(found, best, strict=False):
        triton.store(place.at[ray], value, mask=real)
