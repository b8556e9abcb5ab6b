"""How numbers become leaves of models."""

from collections.abc import Sequence
from typing import Generic, TypeVar

import jax.numpy as jnp
from jaxtyping import Array, ArrayLike

T = TypeVar("T")


class Fixed(Generic[T]):
    """Something that a model was made from and that is no variable of it: `.value`, compared by identity.

    Its numbers are no leaves of the model that holds it, so that no derivative of what was computed from it before can
    come out as zero.
    """

    def __init__(self, value: T):
        self.value = value

    def __repr__(self) -> str:
        return f"Fixed({self.value!r})"


def leaf(value: ArrayLike | Sequence[float]) -> Array:
    """A traced floating leaf in the default precision."""
    return jnp.asarray(value, dtype=float)


def optional_leaf(value: ArrayLike | Sequence[float] | None) -> Array | None:
    """The same, or None."""
    return None if value is None else leaf(value)
