"""Derivatives that would move the edge of a shadow raise: a traced visibility test has no derivative of its own."""

from functools import partial

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero
from jaxtyping import Array


class ShadowDerivativeError(TypeError):
    """A derivative was asked for that would move the edge of a shadow."""


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def fixed_shadow(what: str, value: Array) -> Array:
    """The value itself; differentiating through it raises ShadowDerivativeError instead of returning zero."""
    return value


@partial(fixed_shadow.defjvp, symbolic_zeros=True)
def _fixed_shadow_jvp(what, primals, tangents):
    if not isinstance(tangents[0], SymbolicZero):
        raise ShadowDerivativeError(
            f"this derivative would move the edge of a shadow ({what}), and that term is not implemented: "
            "differentiate with respect to inputs that leave the Sun's direction in the body frame and the "
            "shape of shadowing surfaces as they are, or use differences"
        )
    return primals[0], jnp.zeros_like(primals[0])
