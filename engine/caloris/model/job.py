"""A long computation with checkpoints: data and units, no algorithms."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float


def _leaf(value: ArrayLike | Sequence[float]) -> Array:
    return jnp.asarray(value, dtype=float)


def _optional(value: ArrayLike | Sequence[float] | None) -> Array | None:
    return None if value is None else _leaf(value)


class Job(eqx.Module):
    """What a computation spends on safety; every failure of its devices throws it back to its last checkpoint."""

    checkpoint_time: Float[Array, ""] = eqx.field(converter=_leaf)  # s
    restart_time: Float[Array, ""] = eqx.field(converter=_leaf, default=0.0)  # s
    interval: Float[Array, ""] | None = eqx.field(
        converter=_optional, default=None
    )  # s of work between checkpoints; None: the best one
    profile: Float[Array, " phase"] | None = eqx.field(
        converter=_optional, default=None
    )  # -, failure rate over its mean at equal phases of the orbit
    period: Float[Array, ""] | None = eqx.field(converter=_optional, default=None)  # s, of the profile
