"""Krylov solvers: against dense solves, their stop in the unit of the state, and their breakdowns."""

import jax.numpy as jnp
import numpy as np

from caloris_kernels.stepping.krylov import bicgstab, gmres, no_earlier, solve_beside


def _unsymmetric(size: int) -> np.ndarray:
    random = np.random.default_rng(1)
    matrix = random.normal(size=(size, size))
    return matrix + np.diag(np.abs(matrix).sum(1) * random.uniform(1.0, 100.0, size))


def test_bicgstab_stops_in_the_unit_of_the_state():
    matrix = _unsymmetric(40)
    b = np.random.default_rng(2).normal(size=40)
    tolerance = np.where(np.arange(40) < 20, 1e-9, 1e-3)
    solution = bicgstab(
        lambda v: jnp.asarray(matrix) @ v, jnp.diag(jnp.asarray(matrix)), jnp.asarray(b), jnp.asarray(tolerance)
    )
    assert bool(solution.converged)
    residual = np.abs(b - matrix @ np.asarray(solution.x)) / np.diag(matrix)
    # recursive and true residual differ by rounding of order 1e-15 |x|
    assert np.all(residual <= tolerance + 1e-14)
    assert float(np.max(np.abs(solution.x - np.linalg.solve(matrix, b)))) > 1e-12  # it did stop at its tolerance


def test_bicgstab_of_zero_is_zero_at_once():
    solution = bicgstab(lambda v: 2.0 * v, jnp.full(3, 2.0), jnp.zeros(3), jnp.full(3, 1e-9))
    assert int(solution.iterations) == 0 and bool(solution.converged)


def test_bicgstab_reports_a_singular_system_and_stays_finite():
    ring = jnp.asarray(2.0 * np.eye(5) - np.roll(np.eye(5), 1, 0) - np.roll(np.eye(5), -1, 0))
    solution = bicgstab(lambda v: ring @ v, jnp.diag(ring), jnp.arange(1.0, 6.0), jnp.full(5, 1e-9))
    assert not bool(solution.converged)
    assert np.all(np.isfinite(solution.x))


def test_gmres_equals_a_dense_solve_and_uses_the_preconditioner():
    matrix = _unsymmetric(25)
    b = np.random.default_rng(3).normal(size=25)
    scale = np.logspace(-3, 3, 25)
    operator = lambda v: jnp.asarray(matrix) @ v  # noqa: E731
    diagonal = jnp.diag(jnp.asarray(matrix))
    solution = gmres(operator, lambda v: v / diagonal, jnp.asarray(b), jnp.asarray(scale), 1e-12)
    exact = np.linalg.solve(matrix, b)
    assert bool(solution.converged)
    # 1e-12 of the scaled residual, times a condition number of order 100 and the scale's six decades
    np.testing.assert_allclose(solution.x, exact, rtol=1e-6, atol=1e-12)
    perfect = gmres(
        operator, lambda v: jnp.linalg.solve(jnp.asarray(matrix), v), jnp.asarray(b), jnp.asarray(scale), 1e-9
    )
    assert int(perfect.iterations) == 1
    assert int(gmres(operator, lambda v: v, jnp.zeros(25), jnp.asarray(scale), 1e-9).iterations) == 0


def _beside(matrix, right_sides, tolerance):
    """All right sides in turn, each beside those before it."""
    operator = lambda v: jnp.asarray(matrix) @ v  # noqa: E731
    diagonal = jnp.diag(jnp.asarray(matrix))
    earlier = no_earlier(len(right_sides), diagonal, jnp.ones_like(diagonal))
    solutions, found = jnp.zeros(right_sides.shape), []
    for number, b in enumerate(jnp.asarray(right_sides)):
        solution, earlier = solve_beside(operator, diagonal, b, tolerance, earlier, solutions, jnp.asarray(number))
        solutions = solutions.at[number].set(solution.x)
        found.append(solution)
    return found


def test_solving_beside_earlier_ones_finds_the_same_in_fewer_iterations():
    matrix, random = _unsymmetric(60), np.random.default_rng(4)
    # Right sides like those of a step's stages: a smooth path plus what is new, smaller and smaller.
    path = random.normal(size=(4, 60))
    right_sides = np.array([sum((0.3 * k) ** j * path[j] for j in range(4)) for k in range(6)])
    tolerance = jnp.full(60, 1e-9)
    found = _beside(matrix, right_sides, tolerance)
    diagonal = np.diag(matrix)
    for b, solution in zip(right_sides, found, strict=True):
        assert bool(solution.converged)
        # where it stops, and the rounding of products that the recurrence does not see
        assert np.all(np.abs(b - matrix @ np.asarray(solution.x)) / diagonal <= 1.1e-9)
    alone = [
        int(bicgstab(lambda v: jnp.asarray(matrix) @ v, jnp.asarray(diagonal), jnp.asarray(b), tolerance).iterations)
        for b in right_sides
    ]
    # Four solutions span the other two; the first has nothing beside it.
    assert int(found[0].iterations) == alone[0]
    assert all(int(solution.iterations) <= 1 for solution in found[4:])
    assert sum(int(solution.iterations) for solution in found) < sum(alone)


def test_solving_beside_is_finite_for_equal_zero_and_failed_solutions():
    matrix = _unsymmetric(20)
    b = np.random.default_rng(5).normal(size=20)
    same = _beside(matrix, np.array([b, b, 2.0 * b, 0.0 * b, b]), jnp.full(20, 1e-9))
    exact = np.linalg.solve(matrix, b)
    for factor, solution in zip((1.0, 1.0, 2.0, 0.0, 1.0), same, strict=True):
        assert bool(solution.converged)
        np.testing.assert_allclose(solution.x, factor * exact, atol=1e-7)  # 1e-9 times a condition number below 100
    assert [int(solution.iterations) for solution in same[1:]] == [0, 0, 0, 0]
    ring = 2.0 * np.eye(5) - np.roll(np.eye(5), 1, 0) - np.roll(np.eye(5), -1, 0)
    balanced = np.array([1.0, -1.0, 0.0, 0.0, 0.0])  # what a ring without a sink can carry
    failed, solved = _beside(ring, np.array([np.arange(1.0, 6.0), balanced]), jnp.full(5, 1e-9))
    assert not bool(failed.converged)
    assert bool(solved.converged) and np.all(np.abs(ring @ np.asarray(solved.x) - balanced) < 1e-8)


def test_bicgstab_does_not_report_what_rounding_hides():
    """One-way flow through many nodes in a row: residuals grow by orders before they fall, and are then rounding."""
    size = 400
    chain = np.eye(size) - np.diag(np.full(size - 1, 0.999), -1)
    b = np.zeros(size)
    b[0] = 1e3
    solution = bicgstab(
        lambda v: jnp.asarray(chain) @ v, jnp.ones(size), jnp.asarray(b), jnp.full(size, 1e-9), max_iterations=2000
    )
    true = float(np.max(np.abs(b - chain @ np.asarray(solution.x))))
    assert np.all(np.isfinite(solution.x))
    assert true <= 1e-8 or not bool(solution.converged)
