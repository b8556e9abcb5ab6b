"""Solves along streams: of a matrix with its diagonal and one entry a row, what a state gets from upstream.

One-way flows make K far from its diagonal: what happens to one state is carried on through all those behind it, and a
Krylov iteration preconditioned by the diagonal needs as many products as there are states in a row. Of every state the
strongest stream into it is kept; with M = D (I - A), A with one entry a row,

    (I - A)^-1 = (I + A) (I + A^2) (I + A^4) ...,

each power again with one entry a row, found by following two of the one before: a row of states, a tree, or a ring that
heat goes round many times, in as many gathers as the logarithm of the way after which nothing is left of it.
Source: recursive doubling, Stone, J. ACM 20, 27 (1973), DOI 10.1145/321738.321741.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int

# Ways of up to 2^27 states: ten thousand in a ring, ten thousand times round.
_LEVELS = 27
# What is left of a disturbance behind the longest way followed.
_LEFT = 1e-3


class Upstream(NamedTuple):
    """For every state k the one that it is fed from, and by how much: K[k, state[k]] = -pull[k]; zero: by none."""

    state: Int[Array, " state"]
    pull: Float[Array, " state"]


class Sweep(NamedTuple):
    """The powers A^(2^j) that are used, and the diagonal of M."""

    diagonal: Float[Array, " state"]
    source: Int[Array, "level state"]
    factor: Float[Array, "level state"]
    levels: Int[Array, ""]


def sweep_of(upstream: Upstream, diagonal: Float[Array, " state"], apart: Bool[Array, " state"] | None = None) -> Sweep:
    """The sweep of M = diag(diagonal) less the streams; `apart` flags states that are taken out of the matrix.

    An entry counts with no more than the diagonal, so that nothing grows along its way.
    """
    state, pull = upstream
    divisor = jnp.where(diagonal == 0.0, 1.0, diagonal)
    share = jnp.clip(pull / divisor, 0.0, 1.0)
    if apart is not None:
        share = jnp.where(apart | apart[state], 0.0, share)
    size, dtype = diagonal.shape[0], diagonal.dtype
    source = jnp.zeros((_LEVELS, size), state.dtype).at[0].set(state)
    factor = jnp.zeros((_LEVELS, size), dtype).at[0].set(share)

    def far(carry: tuple) -> Array:
        _, factor, level = carry
        return (jnp.max(factor[level]) > _LEFT) & (level < _LEVELS - 1)

    def double(carry: tuple) -> tuple:
        source, factor, level = carry
        here, share = source[level], factor[level]
        source = source.at[level + 1].set(here[here])
        return source, factor.at[level + 1].set(share * share[here]), level + 1

    source, factor, level = lax.while_loop(far, double, (source, factor, jnp.zeros((), jnp.int32)))
    return Sweep(divisor, source, factor, level + (jnp.max(factor[level]) > _LEFT))


def sweep_solve(sweep: Sweep, right_side: Float[Array, " state"]) -> Float[Array, " state"]:
    """x with M x = b, but for what is left behind the longest way."""

    def follow(level: Array, x: Array) -> Array:
        return x + sweep.factor[level] * x[sweep.source[level]]

    return lax.fori_loop(0, sweep.levels, follow, right_side / sweep.diagonal)


def sweep_transpose_solve(sweep: Sweep, right_side: Float[Array, " state"]) -> Float[Array, " state"]:
    """x with M^T x = b, likewise."""

    def follow(level: Array, x: Array) -> Array:
        return x.at[sweep.source[level]].add(sweep.factor[level] * x)

    return lax.fori_loop(0, sweep.levels, follow, right_side) / sweep.diagonal
