"""The inverse of an increasing function, with derivatives of any order."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

# Newton's method from a guess within the range of a property table doubles its digits each time: 1e-1 -> 1e-16 in five.
_STEPS = 8


class Start(NamedTuple):
    """Where the iteration begins, and what it may not leave."""

    guess: Float[Array, ""]
    low: Float[Array, ""]
    high: Float[Array, ""]


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def inverse(
    function: Callable[[Any, Array], Array], parameters: Any, value: Float[Array, ""], start: Start
) -> Float[Array, ""]:
    """x with function(parameters, x) = value, by eight Newton steps from start.guess, held to start.low ... start.high.

    The function's slope must be positive and of one order of magnitude between the guess and the answer, as with an
    enthalpy over temperature. Its derivative is that of the answer, dx = (dvalue - df)/f'(x), not of the iteration:
    exact in parameters and value, to any order, forward and reverse; none in the start.
    """

    def newton(_: Array, x: Array) -> Array:
        at, slope = jax.value_and_grad(function, argnums=1)(parameters, x)
        return jnp.clip(x - (at - value) / slope, start.low, start.high)

    return lax.fori_loop(0, _STEPS, newton, start.guess)


@inverse.defjvp
def _inverse_derivative(function: Callable, primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    parameters, value, start = primals
    x = inverse(function, parameters, value, start)
    slope = jax.grad(function, argnums=1)(parameters, x)
    change = jax.jvp(lambda p: function(p, x), (parameters,), (tangents[0],))[1]
    return x, (tangents[1] - change) / slope
