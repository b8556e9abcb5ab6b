"""Consistent states: solve the algebraic rows 0 = F(t, y) at the start of a segment, and the derivative of that."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

from caloris_kernels.stepping.krylov import LinearSolution
from caloris_kernels.stepping.linear import Matrix, solve_once
from caloris_kernels.stepping.system import Linearization, Parameters, System


class ConsistentState(NamedTuple):
    """The state with its algebraic part solved, and whether the Newton iteration converged."""

    y: Float[Array, " state"]
    converged: Bool[Array, ""]


def _algebraic_solve(
    system: System, linearization: Linearization, algebraic: Array, right_side: Array, tolerance: Array, transpose: bool
) -> LinearSolution:
    """Solve K x = b on the algebraic rows and columns, x = b elsewhere; stops relative to the size of b."""
    weight = jnp.ones_like(tolerance) if transpose else tolerance  # multipliers share one unit
    matrix = Matrix(linearization, jnp.zeros_like(right_side), transpose, ~algebraic)
    return solve_once(system, matrix, right_side, lambda solver: solver.stop(right_side, weight, 1e-10))


def consistent_state(
    system: System,
    p: Parameters,
    t: Array,
    segment: Array,
    y: Float[Array, " state"],
    tolerance: Float[Array, " state"],
) -> ConsistentState:
    """y with the states of zero capacity moved so that their rows of F(t, y, p, segment) vanish.

    Loads jump at the edges between segments and the algebraic states jump with them; a step that starts
    from a state off the constraint loses its order or fails. Newton to 1e-6 `tolerance`. Without algebraic
    states it is the identity and costs nothing. Differentiable through `replay`.
    """
    algebraic = system.mass(p) == 0.0

    def unfinished(carry: tuple) -> Array:
        _, change, count = carry
        return (change > 1e-6) & (count < 20)

    def newton(carry: tuple) -> tuple:
        state, _, count = carry
        residual = jnp.where(algebraic, system.rate(t, state, p, segment), 0.0)
        linearization = system.linearize(t, state, p, segment)
        step = _algebraic_solve(system, linearization, algebraic, residual, tolerance, False).x
        return state + step, jnp.max(jnp.abs(step) / tolerance), count + 1

    def solve(state: Array) -> tuple[Array, Array]:
        start = (state, jnp.asarray(jnp.inf, state.dtype), jnp.zeros((), jnp.int32))
        state, change, _ = lax.while_loop(unfinished, newton, start)
        return state, change <= 1.0

    return ConsistentState(*lax.cond(jnp.any(algebraic), solve, lambda state: (state, jnp.array(True)), y))


def _algebraic_residual(system: System, algebraic: Array, segment: Array):
    def residual(t: Array, y: Array, p: Parameters) -> Array:
        return jnp.where(algebraic, system.rate(t, y, p, segment), 0.0)

    return residual


def consistent_tangent(
    system: System, p: Parameters, t: Array, segment: Array, y: Array, tolerance: Array, tangents: tuple
) -> Array:
    """Derivative of `consistent_state` at its solution y along tangents = (of t, of y before, of p)."""
    time, state, parameters = tangents
    algebraic = system.mass(p) == 0.0
    residual = _algebraic_residual(system, algebraic, segment)
    state = jnp.where(algebraic, 0.0, state)
    change = jax.jvp(residual, (t, y, p), (time, state, parameters))[1]
    linearization = system.linearize(t, y, p, segment)
    return state + _algebraic_solve(system, linearization, algebraic, change, tolerance, False).x


def consistent_adjoint(
    system: System, p: Parameters, t: Array, segment: Array, y: Array, tolerance: Array, cotangent: Array
) -> tuple:
    """Transpose of `consistent_tangent`: the cotangents of (t, y before, p)."""
    algebraic = system.mass(p) == 0.0
    residual = _algebraic_residual(system, algebraic, segment)
    linearization = system.linearize(t, y, p, segment)
    right_side = jnp.where(algebraic, cotangent, 0.0)
    multiplier = _algebraic_solve(system, linearization, algebraic, right_side, tolerance, True).x
    time, state, parameters = jax.vjp(residual, t, y, p)[1](multiplier)
    return time, jnp.where(algebraic, 0.0, cotangent + state), parameters
