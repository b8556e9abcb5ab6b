"""Solves of (diag(shift) + K) x = b: by BiCGStab, by the system's own factorization, or by one after the other."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

from caloris_kernels.stepping.krylov import Earlier, LinearSolution, bicgstab, gmres, no_earlier, solve_beside
from caloris_kernels.stepping.system import Linearization, System
from caloris_kernels.stepping.upstream import sweep_of, sweep_solve, sweep_transpose_solve

# Rows that stand for x = b get this on their diagonal, over the largest of the matrix: no trace in float64.
_ISOLATING = 1e30
# Part of the diagonal that is added for the preconditioner of GMRES, and the length of its basis.
_ADDED, _OUTER = 0.03, 60

Factors = Any


class LinearSolver(NamedTuple):
    """solve(b, stop) -> LinearSolution, for many right sides with one matrix.

    stop is where BiCGStab stops, in the unit of each state; a factorization does without it. Where the right sides
    are alike, those solved before help: earlier = start(number of them, weight of each state), and then
    beside(b, stop, earlier, solutions, number) -> (LinearSolution, earlier), see `krylov.solve_beside`.
    """

    solve: Callable[[Array, Array], LinearSolution]
    diagonal: Float[Array, " state"]
    start: Callable[[int, Array], Earlier | None]
    beside: Callable[[Array, Array, Earlier | None, Array, Array], tuple[LinearSolution, Earlier | None]]

    def stop(self, right_side: Array, weight: Array, part: Array | float, least: float | None = None) -> Array:
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


def _preconditioner(system: System, matrix: Matrix, diagonal: Array) -> Callable[[Array], Array] | None:
    """What solves the matrix along its streams, with this diagonal; None where there are no streams."""
    if system.upstream is None:
        return None
    sweep = sweep_of(system.upstream(matrix.linearization), diagonal, matrix.apart)
    return partial(sweep_transpose_solve if matrix.transpose else sweep_solve, sweep)


def _krylov_solver(system: System, matrix: Matrix, max_iterations: int) -> LinearSolver:
    operator, diagonal = _product(system, matrix)
    options = {"max_iterations": max_iterations, "precondition": _preconditioner(system, matrix, diagonal)}

    def solve(right_side: Array, stop: Array) -> LinearSolution:
        return bicgstab(operator, diagonal, right_side, stop, **options)

    def start(solves: int, weight: Array) -> Earlier:
        return no_earlier(solves, diagonal, weight)

    def beside(right_side: Array, stop: Array, earlier: Any, solutions: Array, number: Array) -> tuple:
        memory = (earlier, solutions, number)
        return solve_beside(operator, diagonal, right_side, stop, *memory, **options)

    return LinearSolver(solve, diagonal, start, beside)


def _without_memory(solve: Callable[[Array, Array], LinearSolution], diagonal: Array) -> LinearSolver:
    """A solver to which earlier solutions are no help."""

    def beside(right_side: Array, stop: Array, earlier: Earlier | None, solutions: Array, number: Array) -> tuple:
        return solve(right_side, stop), None

    return LinearSolver(solve, diagonal, lambda solves, weight: None, beside)


def _robust_solver(system: System, matrix: Matrix, max_iterations: int) -> LinearSolver:
    """BiCGStab, and where that fails GMRES around it.

    Without the capacities of a step K may be far from its diagonal, and one-way couplings make BiCGStab diverge. With
    a part of the diagonal added it converges again; as the preconditioner of GMRES this leaves few small eigenvalues.
    """
    operator, diagonal = _product(system, matrix)
    plain = _krylov_solver(system, matrix, max_iterations)
    added = _ADDED * jnp.abs(diagonal)
    scale = diagonal + added
    along = _preconditioner(system, matrix, scale)

    def precondition(v: Array) -> Array:
        stop = 1e-2 * jnp.max(jnp.abs(v / jnp.where(scale == 0.0, 1.0, scale)))
        return bicgstab(lambda w: added * w + operator(w), scale, v, jnp.full_like(v, stop), precondition=along).x

    def solve(right_side: Array, stop: Array) -> LinearSolution:
        first = plain.solve(right_side, stop)

        def again() -> LinearSolution:
            unit = jnp.where(diagonal == 0.0, 1.0, jnp.abs(diagonal)) * stop
            size = jnp.sqrt(jnp.sum((right_side / unit) ** 2))
            part = 1.0 / jnp.where(size > 1.0, size, 1.0)
            x = gmres(operator, precondition, right_side, unit, part, max_iterations=_OUTER).x
            x = jnp.where(jnp.all(jnp.isfinite(x)), x, 0.0)
            left = jnp.max(jnp.abs((right_side - operator(x)) / unit))
            return LinearSolution(x, first.iterations + _OUTER, left <= 2.0)

        return lax.cond(first.converged, lambda: first, again)

    return _without_memory(solve, diagonal)


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

    return _without_memory(solve, diagonal)


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
    of eight stages took twice the time of a step of 200 states). Steady states without a factorization end in GMRES
    where BiCGStab fails.
    """
    parts = _direct_parts(system, matrix.steady)

    def krylov() -> tuple[Any, Array]:
        return use(_krylov_solver(system, matrix, max_iterations))

    if parts is None:
        return use(_robust_solver(system, matrix, max_iterations))[0] if matrix.steady else krylov()[0]

    def direct() -> tuple[Any, Array]:
        return use(_direct_solver(system, matrix, parts))

    if not system.fallback:
        return direct()[0]
    found, converged = krylov()
    return lax.cond(converged, lambda: found, lambda: direct()[0])


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
