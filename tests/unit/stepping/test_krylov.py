"""Krylov solvers: against dense solves, their stop in the unit of the state, and their breakdowns."""

import jax.numpy as jnp
import numpy as np

from caloris_kernels.stepping.krylov import bicgstab, gmres


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
