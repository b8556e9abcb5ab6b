"""Solves of (diag(shift) + K) x = b: by BiCGStab, by the system's own factorization, or by one after the other."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

from caloris_kernels.stepping.krylov import LinearSolution, bicgstab
from caloris_kernels.stepping.system import Linearization, System

# Rows that stand for x = b get this on their diagonal, over the largest of the matrix: no trace in float64.
_ISOLATING = 1e30

Factors = Any


class LinearSolver(NamedTuple):
    """solve(b, stop) -> LinearSolution, for many right sides with one matrix.

    stop is where BiCGStab stops, in the unit of each state; a factorization does without it.
    """

    solve: Callable[[Array, Array], LinearSolution]
    diagonal: Float[Array, " state"]

    def stop(self, right_side: Array, weight: Array, part: float, least: float | None = None) -> Array:
        """Where to stop for an error of `part` of the largest x / weight; not below `least` weights."""
        scale = jnp.where(self.diagonal == 0.0, 1.0, self.diagonal)
        size = jnp.max(jnp.abs(right_side / scale) / weight)
        return weight * jnp.maximum(part * size, jnp.finfo(right_side.dtype).tiny if least is None else least)


class Matrix(NamedTuple):
    """diag(shift) + K, or its transpose; states flagged in `apart` are taken out: x = b there, 0 in the others' rows.

    steady admits `System.solve`, and takes a direct solution for found only if its residual is rounding.
    """

    linearization: Linearization
    shift: Float[Array, " state"]
    transpose: bool = False
    apart: Bool[Array, " state"] | None = None
    steady: bool = False


def _direct_parts(system: System, steady: bool) -> tuple[Callable, Callable] | None:
    """The factorization and the solve with it, where the system has them."""
    if (system.factor is None) != (system.back_substitute is None):
        raise ValueError("a System with a direct solve needs both `factor` and `back_substitute`")
    if system.factor is not None and system.back_substitute is not None:
        return system.factor, system.back_substitute
    solve = system.solve
    if steady and solve is not None:
        return lambda matrix, shift: (matrix, shift), lambda own, b, transpose: solve(own[0], own[1], b, transpose)
    return None


def _product(system: System, matrix: Matrix) -> tuple[Callable[[Array], Array], Array]:
    """The product with the matrix, and its diagonal."""
    multiply = system.apply_transpose if matrix.transpose else system.apply
    linearization, shift, apart = matrix.linearization, matrix.shift, matrix.apart
    diagonal = shift + system.diagonal(linearization)
    if apart is None:
        return lambda v: shift * v + multiply(linearization, v), diagonal

    def operator(v: Array) -> Array:
        inner = jnp.where(apart, 0.0, v)
        return jnp.where(apart, v, shift * inner + multiply(linearization, inner))

    return operator, jnp.where(apart, 1.0, diagonal)


def _krylov_solver(system: System, matrix: Matrix, max_iterations: int) -> LinearSolver:
    operator, diagonal = _product(system, matrix)

    def solve(right_side: Array, stop: Array) -> LinearSolution:
        return bicgstab(operator, diagonal, right_side, stop, max_iterations=max_iterations)

    return LinearSolver(solve, diagonal)


def _direct_solver(system: System, matrix: Matrix, parts: tuple[Callable, Callable]) -> LinearSolver:
    operator, diagonal = _product(system, matrix)
    factor, back_substitute = parts
    apart, shift = matrix.apart, matrix.shift
    if apart is not None:
        shift = jnp.where(apart, _ISOLATING * jnp.max(jnp.abs(diagonal)), shift)
    factors = factor(matrix.linearization, shift)

    def solve(right_side: Array, stop: Array) -> LinearSolution:
        b = right_side if apart is None else jnp.where(apart, 0.0, right_side)
        x = back_substitute(factors, b, matrix.transpose)
        x = x if apart is None else jnp.where(apart, right_side, x)
        sound = jnp.all(jnp.isfinite(x))
        x = jnp.where(sound, x, 0.0)
        if matrix.steady:
            sound = sound & _is_solution(operator(x), right_side, diagonal * x)
        return LinearSolution(x, jnp.ones((), jnp.int32), sound)

    return LinearSolver(solve, diagonal)


def solve_with(
    system: System,
    matrix: Matrix,
    use: Callable[[LinearSolver], tuple[Any, Bool[Array, ""]]],
    *,
    max_iterations: int = 400,
) -> Any:
    """What `use` makes of a solver for the matrix: use(solver) -> (result, whether all that it solved converged).

    A system with `factor` is solved directly, factored once for all right sides of `use`. With its `fallback`, `use`
    is first given BiCGStab, and is repeated with the factorization if something did not converge: one choice for all
    its right sides, because every branch of a compiled program copies the matrix that it may need (one choice for each
    of eight stages took twice the time of a step of 200 states).
    """
    parts = _direct_parts(system, matrix.steady)
    if parts is None:
        return use(_krylov_solver(system, matrix, max_iterations))[0]
    if not system.fallback:
        return use(_direct_solver(system, matrix, parts))[0]
    found, converged = use(_krylov_solver(system, matrix, max_iterations))
    return lax.cond(converged, lambda: found, lambda: use(_direct_solver(system, matrix, parts))[0])


def solve_once(
    system: System,
    matrix: Matrix,
    right_side: Float[Array, " state"],
    stop: Callable[[LinearSolver], Array],
    *,
    max_iterations: int = 400,
) -> LinearSolution:
    """One solve, stopped where `stop` of the solver says."""

    def use(solver: LinearSolver) -> tuple[LinearSolution, Array]:
        solution = solver.solve(right_side, stop(solver))
        return solution, solution.converged

    return solve_with(system, matrix, use, max_iterations=max_iterations)


def _is_solution(product: Array, right_side: Array, terms: Array) -> Bool[Array, ""]:
    """Whether A x = b but for rounding, which it is not where A is singular; terms are the largest in the sums."""
    scale = jnp.max(jnp.abs(right_side)) + jnp.finfo(terms.dtype).eps * jnp.max(jnp.abs(terms))
    return jnp.max(jnp.abs(product - right_side)) <= 1e-6 * scale


def dense_factor(matrix: Float[Array, "state state"], shift: Float[Array, " state"]) -> Factors:
    """`System.factor` of a linearization that is a dense matrix: LU with partial pivoting."""
    return jax.scipy.linalg.lu_factor(matrix + jnp.diag(shift))


def dense_back_substitute(factors: Factors, right_side: Float[Array, " state"], transpose: bool) -> Array:
    """`System.back_substitute` with the factors of `dense_factor`."""
    return jax.scipy.linalg.lu_solve(factors, right_side, trans=1 if transpose else 0)
