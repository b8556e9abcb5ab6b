"""How numbers become leaves of models."""

from collections.abc import Sequence

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike


def leaf(value: ArrayLike | Sequence[float]) -> Array:
    """A traced floating leaf in the default precision."""
    return jnp.asarray(value, dtype=float)


def optional_leaf(value: ArrayLike | Sequence[float] | None) -> Array | None:
    """The same, or None."""
    return None if value is None else leaf(value)
