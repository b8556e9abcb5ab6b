"""Steady states: F(t, y, p, segment) = 0 by a safeguarded Newton-Krylov iteration, differentiated implicitly."""

from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from caloris_kernels.numerics.first_order import first_order
from caloris_kernels.stepping.krylov import LinearSolution
from caloris_kernels.stepping.linear import Matrix, solve_once
from caloris_kernels.stepping.system import (
    LINEAR_SOLVE_FAILED,
    NOT_CONVERGED,
    NOT_FINITE,
    SUCCESS,
    Linearization,
    Parameters,
    System,
)

IMPLICIT_ITERATIONS = 2000  # of the Krylov solves of a derivative, which go to 1e-10


class Steady(NamedTuple):
    """A steady state; residual is F there, change the last Newton update over the tolerance (largest state)."""

    y: Float[Array, " state"]
    residual: Float[Array, " state"]
    iterations: Int[Array, ""]
    change: Float[Array, ""]
    result: Int[Array, ""]


class _Iteration(NamedTuple):
    y: Array
    damping: Array  # multiple of the diagonal of K added to K
    change: Array
    solved: Array
    iterations: Array


def _scaled_norm(rate: Array, scale: Array) -> Array:
    return jnp.sqrt(jnp.mean((rate * scale) ** 2))


def _newton_direction(
    system: System, linearization: Linearization, damping: Array, rate: Array, tolerance: Array
) -> LinearSolution:
    shift = damping * jnp.abs(system.diagonal(linearization))
    matrix = Matrix(linearization, shift, steady=True)
    return solve_once(system, matrix, rate, lambda solver: solver.stop(rate, tolerance, 1e-6, 1e-3))


def _iterate(
    system: System,
    p: Parameters,
    t: Array,
    segment: Array,
    y_guess: Array,
    tolerance: Array,
    bounds: tuple,
    maximum: int,
) -> _Iteration:
    lower_bound, step_limit = bounds

    def unfinished(carry: _Iteration) -> Array:
        return ((carry.change > 1.0) | ~carry.solved) & (carry.iterations < maximum)

    def newton(carry: _Iteration) -> _Iteration:
        y = carry.y
        rate = system.rate(t, y, p, segment)
        linearization = system.linearize(t, y, p, segment)
        diagonal = system.diagonal(linearization)
        scale = 1.0 / (jnp.where(diagonal == 0.0, 1.0, jnp.abs(diagonal)) * tolerance)
        solution = _newton_direction(system, linearization, carry.damping, rate, tolerance)
        direction = jnp.where(jnp.isfinite(solution.x), solution.x, 0.0)
        limited = jnp.clip(direction, -step_limit, step_limit)
        limited = jnp.maximum(limited, 0.9 * (lower_bound - y))
        before = _scaled_norm(rate, scale)

        def trial(fraction: Array) -> Array:
            after = _scaled_norm(system.rate(t, y + fraction * limited, p, segment), scale)
            return jnp.where(jnp.isfinite(after), after, jnp.inf)

        fractions = jnp.asarray([1.0, 0.5, 0.25, 0.125], y.dtype)
        # A clipped direction is far from the solution and need not reduce the residual at once (a node at 3 K
        # has next to no slope); there the limit is the safeguard and the whole of it is taken.
        clipped = jnp.any(limited != direction)
        norms = lax.map(trial, fractions)
        enough = norms <= (1.0 - 0.1 * fractions) * before
        first = jnp.argmax(enough)
        found = jnp.any(enough)
        fraction = jnp.where(clipped, 1.0, jnp.where(found, fractions[first], fractions[jnp.argmin(norms)]))
        change = jnp.max(jnp.abs(direction) / tolerance)
        # At rounding level no fraction reduces the residual: a small whole step is the end, not a failure.
        fraction = jnp.where(change <= 1.0, 1.0, fraction)
        healthy = clipped | found | (change <= 1.0)
        damping = jnp.where(healthy, 0.25 * carry.damping, jnp.maximum(4.0 * carry.damping, 0.1))
        damping = jnp.where(damping < 1e-3, 0.0, damping)
        # a step shortened by damping does not measure the distance to the solution
        change = jnp.where(carry.damping > 0.0, jnp.maximum(change, 2.0), change)
        return _Iteration(y + fraction * limited, damping, change, solution.converged, carry.iterations + 1)

    dtype = y_guess.dtype
    infinite, zero = jnp.asarray(jnp.inf, dtype), jnp.zeros((), dtype)
    return lax.while_loop(
        unfinished, newton, _Iteration(y_guess, zero, infinite, jnp.array(False), jnp.zeros((), jnp.int32))
    )


def _implicit(
    system: System, p: Parameters, t: Array, segment: Array, y: Array, tolerance: Array
) -> Float[Array, " state"]:
    """y with the derivative of the solution of F(y, p) = 0: dy = K^-1 F_p dp, in both modes."""
    linearization = lax.stop_gradient(system.linearize(t, y, p, segment))

    def solver_of(weight: Array, transpose: bool):
        def solve(_, right_side: Array) -> Array:
            matrix = Matrix(linearization, jnp.zeros_like(right_side), transpose, steady=True)
            x = solve_once(
                system,
                matrix,
                right_side,
                lambda solver: solver.stop(right_side, weight, 1e-10),
                max_iterations=IMPLICIT_ITERATIONS,
            ).x
            # Where no steady state exists the matrix is singular; the state found is still to be told.
            return jnp.where(jnp.all(right_side == 0.0), 0.0, x)

        return solve

    rate = system.rate(t, y, p, segment)
    difference = rate - lax.stop_gradient(rate)  # zero, with the derivative of the rate
    change = lax.custom_linear_solve(
        lambda v: system.apply(linearization, v),
        difference,
        solver_of(tolerance, False),
        solver_of(jnp.ones_like(tolerance), True),  # multipliers share one unit
    )
    # K stays at this solution: a second derivative would lack how it changes.
    return first_order("a steady state", y + change)


def solve_steady(
    system: System,
    p: Parameters,
    y_guess: Float[Array, " state"],
    tolerance: Float[Array, " state"],
    *,
    time: Float[Array, ""] | float = 0.0,
    segment: Int[Array, ""] | int = 0,
    lower_bound: Float[Array, " state"] | float = -jnp.inf,
    step_limit: Float[Array, " state"] | float = jnp.inf,
    max_iterations: int = 100,
) -> Steady:
    """Solve F(time, y, p, segment) = 0 from y_guess until the Newton update is below `tolerance` per state.

    Newton with the system's direct solve, or BiCGStab, and a line search on |F / diag K|; where no fraction of
    the step helps, the diagonal is raised (pseudo-transient continuation) and lowered again. step_limit bounds
    the update per state and lower_bound is approached by nine tenths at most: with 100 K and 0 K networks of T^4
    converge from 3 K and from 1000 K. The capacities play no part.

    Differentiable in p, both modes, by the implicit function theorem (one linear solve with K or its
    transpose), once: a second derivative raises. The guess has no influence and a zero derivative. Failures are
    codes in `result`.
    """
    dtype = y_guess.dtype

    def fill(value: Array | float) -> Array:
        return jnp.broadcast_to(jnp.asarray(value, dtype), y_guess.shape)

    tolerance, bounds = fill(tolerance), (fill(lower_bound), fill(step_limit))
    t, segment = jnp.asarray(time, dtype), jnp.asarray(segment, jnp.int32)
    fixed, guess = lax.stop_gradient((p, y_guess))
    end = _iterate(system, fixed, t, segment, guess, tolerance, bounds, max_iterations)
    y = _implicit(system, p, t, segment, end.y, tolerance)
    residual = system.rate(t, end.y, fixed, segment)
    finite = jnp.all(jnp.isfinite(residual))
    failure = jnp.where(end.solved, NOT_CONVERGED, LINEAR_SOLVE_FAILED)
    result = jnp.where((end.change <= 1.0) & end.solved, SUCCESS, failure)
    return Steady(y, residual, end.iterations, end.change, jnp.where(finite, result, NOT_FINITE).astype(jnp.int32))
