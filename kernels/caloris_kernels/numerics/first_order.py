"""Derivatives that cannot be differentiated again: a second derivative raises instead of being silently wrong."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import Array
from jax.custom_derivatives import SymbolicZero


class SecondDerivativeError(TypeError):
    """A second derivative was asked for through a solver that has first ones alone."""


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _fixed(what: str, value: Array) -> Array:
    return value


@partial(_fixed.defjvp, symbolic_zeros=True)
def _fixed_jvp(what: str, primals: tuple, tangents: tuple):
    if not isinstance(tangents[0], SymbolicZero):
        raise SecondDerivativeError(
            f"{what} has first derivatives alone, and this one is differentiated again: use differences of gradients"
        )
    return primals[0], jnp.zeros_like(primals[0])


def undifferentiated(what: str, values: Any) -> Any:
    """A pytree of arrays as it is, with which no derivative may be taken; `what` is named by the error.

    For the inputs of a rule of differentiation that is not to be differentiated itself.
    """
    return jax.tree.map(partial(_fixed, what), values)
