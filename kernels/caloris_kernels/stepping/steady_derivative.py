"""The derivative of a steady state with respect to parameters and time, by the implicit function theorem."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from caloris_kernels.numerics.first_order import undifferentiated
from caloris_kernels.stepping.linear import Matrix, solve_once
from caloris_kernels.stepping.system import (
    Linearization,
    Parameters,
    System,
    linear_map,
    of_floats,
    split_floating,
)

RELATIVE = 1e-10  # where a Krylov iteration stops, of the size of its solution


def linear_iterations(states: int) -> int:
    """Iterations that a Krylov solve may take: heat led through a chain of nodes needs more than their number.

    A chain of 2000 nodes with one sink took 2800.
    """
    return max(400, min(4 * states, 20000))


def idle_states(system: System, linearization: Linearization, y: Float[Array, " state"]) -> Bool[Array, " state"]:
    """States whose row of K is zero: they are coupled to nothing, or stand at zero kelvin."""
    zero = system.diagonal(linearization) == 0.0
    # an irrational direction: no row but a zero one gives exactly zero
    probe = (1.0 + jnp.mod(jnp.arange(1, y.shape[0] + 1) * 0.6180339887498949, 1.0)).astype(y.dtype)
    return lax.cond(jnp.any(zero), lambda: zero & (system.apply(linearization, probe) == 0.0), lambda: zero)


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _attach(static: Any, p: list, others: list, t: Array, y: Array, segment: Array, tolerance: Array) -> Array:
    return y


@_attach.defjvp
def _attach_derivative(static: Any, primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    p, others, t, y, segment, tolerance = primals
    p, t = undifferentiated("a steady state", (p, t))  # K at this y: how it changes with y is not known here
    system, join = static
    floating = of_floats(system, others, join)
    linearization = floating.linearize(t, y, p, segment)
    idle = idle_states(floating, linearization, y)

    def solve(right_side: Array, weight: Array, transpose: bool) -> Array:
        right_side = jnp.where(idle, 0.0, right_side)
        matrix = Matrix(linearization, jnp.zeros_like(y), transpose, idle, steady=True)
        stop = partial(_stop, right_side, weight)
        return solve_once(floating, matrix, right_side, stop, max_iterations=max(2000, linear_iterations(y.size))).x

    def rate(p: list, t: Array) -> Array:
        return floating.rate(t, y, p, segment)

    def forward(x: tuple) -> Array:
        return solve(jax.jvp(rate, (p, t), x)[1], tolerance, False)

    def backward(cotangent: Array) -> tuple:
        return jax.vjp(rate, p, t)[1](solve(cotangent, jnp.ones_like(y), True))  # multipliers share one unit

    return y, linear_map(forward, backward, (tangents[0], tangents[2]), jnp.zeros_like(y))


def _stop(right_side: Array, weight: Array, solver: Any) -> Array:
    return solver.stop(right_side, weight, RELATIVE)


def attach_derivative(
    system: System,
    p: Parameters,
    t: Float[Array, ""],
    y: Float[Array, " state"],
    segment: Int[Array, ""],
    tolerance: Float[Array, " state"],
) -> Float[Array, " state"]:
    """y, a solution of F(t, y, p, segment) = 0, with its derivative in p and t: dy = K^-1 (F_p dp + F_t dt).

    Both modes and vmap, one linear solve with K or its transpose; costs nothing where no derivative is asked for. The
    derivative is zero in states that K couples to nothing, which no equation determines. A second derivative raises.
    """
    floats, others, join = split_floating(p)
    return _attach((system, join), floats, others, t, lax.stop_gradient(y), segment, lax.stop_gradient(tolerance))
