"""Direct solves in place of the Krylov iteration, and behind it: the same results, and results where it fails."""

import jax
import jax.extend.core
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_benchmarks.dense_scene import ENCLOSURE, PERIOD, enclosure
from caloris_kernels.stepping.adaptive import integrate
from caloris_kernels.stepping.linear import Matrix, dense_back_substitute, dense_factor, solve_once
from caloris_kernels.stepping.periodic import solve_periodic
from caloris_kernels.stepping.replay import replay
from caloris_kernels.stepping.rodas import rodas_step
from caloris_kernels.stepping.steady import solve_steady
from caloris_kernels.stepping.system import SUCCESS, System, linearization_mismatch

NODES = 6
P = enclosure(NODES, algebraic=2)
EDGES = jnp.array([0.0, 1800.0, 3900.0, PERIOD])
Y0 = jnp.full(NODES, 285.0)
TOLERANCE = jnp.full(NODES, 1e-6)


def _matrix(t, y, p, s):
    slope = 4.0 * y**3
    diagonal = p.conductance.sum(1) + (p.exchange.sum(1) + p.to_space) * slope
    return jnp.diag(diagonal) - p.conductance - p.exchange * slope


DENSE = ENCLOSURE._replace(
    linearize=_matrix, apply=jnp.matmul, apply_transpose=lambda k, v: v @ k, diagonal=jnp.diagonal
)
DIRECT = DENSE._replace(factor=dense_factor, back_substitute=dense_back_substitute)
FALLBACK = DIRECT._replace(fallback=True)


def _nano(solver):
    return jnp.full_like(solver.diagonal, 1e-9)


def _everything(system, p):
    run = integrate(system, p, Y0, EDGES, TOLERANCE, max_steps=200)
    gradient = jax.grad(lambda q: jnp.sum(replay(system, q, Y0, EDGES, run.grid, TOLERANCE).end[-1]))(p)
    tangent = jax.jvp(lambda q: replay(system, q, Y0, EDGES, run.grid, TOLERANCE).end[-1], (p,), (p,))[1]
    cycle = solve_periodic(system, p, Y0, EDGES, TOLERANCE, cycle_tolerance=1e-6, max_steps=200)
    steady = solve_steady(system, p, Y0, TOLERANCE, lower_bound=0.0, step_limit=100.0)
    pull = jax.grad(lambda q: jnp.sum(solve_steady(system, q, Y0, TOLERANCE, lower_bound=0.0).y))(p)
    results = jnp.stack([run.result, cycle.result, steady.result])
    return results, {
        "run": run.final,
        "gradient": gradient._replace(phase=0.0),
        "tangent": tangent,
        "cycle": cycle.y0,
        "steady": steady.y,
        "pull": pull._replace(phase=0.0),
    }


def test_the_linearization_is_exact():
    arguments = (jnp.asarray(7.0), Y0, jnp.asarray(0), jnp.arange(1.0, NODES + 1.0))
    assert max(map(float, linearization_mismatch(DENSE, P, *arguments))) < 1e-13


@pytest.mark.slow
@pytest.mark.parametrize("system", [DIRECT, FALLBACK], ids=["direct", "fallback"])
def test_every_solver_gives_what_the_krylov_iteration_gives(system):
    everything = jax.jit(_everything, static_argnums=0)
    krylov, direct = everything(DENSE, P), everything(system, P)
    np.testing.assert_array_equal(krylov[0], SUCCESS)
    np.testing.assert_array_equal(direct[0], SUCCESS)
    for name, value in direct[1].items():
        for ours, theirs in zip(jax.tree.leaves(value), jax.tree.leaves(krylov[1][name]), strict=True):
            # States: a few hundred solves that stop at 1e-9 K. Derivatives are exact for the grid of each, and grids
            # differ behind refused steps, whose lengths follow from ratios of errors that linear solves blur: by the
            # scheme's own error, 1e-6 K a step, against a response of the order of a kelvin. 1.2e-6 is what is left.
            scale = float(jnp.max(jnp.abs(theirs)))
            np.testing.assert_allclose(ours, theirs, atol=2e-6 * max(scale, 1e-30), err_msg=name)


def _factorizations(jaxpr):
    """How often a program factors a matrix, and how often inside a loop of it."""
    outer = inner = 0
    for equation in jaxpr.eqns:
        below = [_factorizations(sub) for sub in jax.extend.core.jaxprs_in_params(equation.params)]
        total = sum(a + b for a, b in below) + (equation.primitive.name == "lu")
        loop = equation.primitive.name in ("scan", "while")
        outer, inner = outer + (0 if loop else total), inner + (total if loop else 0)
    return outer, inner


def test_a_step_factors_once_for_all_stages():
    step = jax.make_jaxpr(
        lambda y: rodas_step(DIRECT, P, jnp.zeros(()), jnp.asarray(10.0), jnp.asarray(0), y, TOLERANCE).end
    )(Y0)
    assert _factorizations(step.jaxpr) == (1, 0)


@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("system", [DENSE, DIRECT, FALLBACK], ids=["krylov", "direct", "fallback"])
def test_states_taken_out_of_the_matrix(system, transpose):
    random = np.random.default_rng(4)
    matrix = random.normal(size=(5, 5)) + np.diag([9.0, 7.0, 1e6, 8.0, 1e-3])
    shift, b = random.uniform(0.0, 1.0, 5), random.normal(size=5)
    apart = np.array([False, True, False, False, True])
    given = Matrix(jnp.asarray(matrix), jnp.asarray(shift), transpose, jnp.asarray(apart))
    found = solve_once(system, given, jnp.asarray(b), lambda _: jnp.full(5, 1e-13))
    rest = ~apart
    inner = ((matrix.T if transpose else matrix) + np.diag(shift))[np.ix_(rest, rest)]
    assert bool(found.converged)
    np.testing.assert_allclose(np.asarray(found.x)[rest], np.linalg.solve(inner, b[rest]), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(np.asarray(found.x)[apart], b[apart], rtol=1e-15)


def test_the_factorization_steps_in_where_the_krylov_iteration_breaks_down():
    """A rotation: the residual is orthogonal to its image, BiCGStab's first inner product is zero."""
    given, b = Matrix(jnp.array([[0.0, 1.0], [-1.0, 0.0]]), jnp.zeros(2)), jnp.array([1.0, 2.0])
    assert not bool(solve_once(DENSE, given, b, _nano).converged)
    found = solve_once(FALLBACK, given, b, _nano)
    assert bool(found.converged)
    np.testing.assert_allclose(found.x, [-2.0, 1.0], rtol=1e-15)


def test_a_singular_matrix_is_told_and_stays_finite():
    ring = jnp.asarray(2.0 * np.eye(4) - np.roll(np.eye(4), 1, 0) - np.roll(np.eye(4), -1, 0))
    for system in (DIRECT, FALLBACK):
        found = solve_once(system, Matrix(ring, jnp.zeros(4), steady=True), jnp.arange(1.0, 5.0), _nano)
        assert not bool(found.converged) and np.all(np.isfinite(found.x))


def test_half_a_direct_solve_is_told():
    half: System = DENSE._replace(factor=dense_factor)
    with pytest.raises(ValueError, match="both"):
        solve_once(half, Matrix(jnp.eye(3), jnp.zeros(3)), jnp.ones(3), _nano)
