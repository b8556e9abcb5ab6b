"""Solves along streams: against dense solves, and steady states of long one-way rings."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.stepping.steady import solve_steady
from caloris_kernels.stepping.system import SUCCESS
from caloris_kernels.stepping.upstream import Upstream, sweep_of, sweep_solve, sweep_transpose_solve
from sparse_scene import SPARSE, Couplings, couplings

_RANDOM = np.random.default_rng(3)
SIZE = 60
# Everything upstream of every state: a ring, a tree of random streams, states fed by none, states fed by themselves.
STATES = {
    "ring": (np.arange(SIZE) - 1) % SIZE,
    "random": _RANDOM.integers(0, SIZE, SIZE),
    "none": np.zeros(SIZE, int),
}


@pytest.mark.parametrize("kind", STATES)
def test_sweeps_solve_with_one_entry_a_row(kind):
    """M and its transpose, to the thousandth that is left behind the longest way; states apart stand alone."""
    state = STATES[kind]
    diagonal = _RANDOM.uniform(1.0, 3.0, SIZE)
    share = _RANDOM.uniform(0.5, 0.99, SIZE) if kind != "none" else np.zeros(SIZE)
    share[state == np.arange(SIZE)] = 0.0
    apart = np.zeros(SIZE, bool)
    apart[[4, 17]] = True
    matrix = np.diag(diagonal)
    kept = ~(apart | apart[state])
    np.add.at(matrix, (np.arange(SIZE)[kept], state[kept]), -(share * diagonal)[kept])
    sweep = sweep_of(Upstream(*map(jnp.asarray, (state, share * diagonal))), *map(jnp.asarray, (diagonal, apart)))
    b = _RANDOM.normal(size=SIZE)
    for solve, m in ((sweep_solve, matrix), (sweep_transpose_solve, matrix.T)):
        exact = np.linalg.solve(m, b)
        np.testing.assert_allclose(solve(sweep, jnp.asarray(b)), exact, atol=2e-3 * np.abs(exact).max())


def _upstream(k) -> Upstream:
    p: Couplings = k.p
    source, target = p.flow.T
    size = k.slope.shape[0]
    return Upstream(
        jnp.zeros(size, source.dtype).at[target].set(source), jnp.zeros(size).at[target].set(p.capacity_rate)
    )


@pytest.mark.slow
def test_a_one_way_ring():
    """Heated in the middle, 10 of 1000 nodes radiate: found in a few Newton steps, derivatives in both modes.

    All goes out that comes in; dT/dP of the total: the T^4 law makes sum 4 sigma A T^3 dT/dP = 1 exactly.
    """
    nodes, along = 1000, SPARSE._replace(upstream=_upstream)
    p = couplings(
        nodes,
        flow=[(k, (k + 1) % nodes, 50.0) for k in range(nodes)],
        area_to_space=[0.1 if k % 100 == 0 else 0.0 for k in range(nodes)],
        heat_load=[100.0 if k == nodes // 2 else 0.0 for k in range(nodes)],
    )

    @jax.jit
    def solve(power):
        q, guess = p._replace(heat_load=power * p.heat_load), jnp.full(nodes, 290.0)
        return solve_steady(along, q, guess, jnp.full(nodes, 1e-9), lower_bound=0.0, step_limit=100.0)

    found = solve(jnp.asarray(1.0))
    assert int(found.result) == SUCCESS and int(found.iterations) < 12
    assert float(jnp.sum(p.to_space * found.y**4)) == pytest.approx(100.0, rel=1e-9)
    weight = 4.0 * p.to_space * found.y**3
    change = jax.jit(lambda x: jax.jvp(lambda s: solve(s).y, (x,), (jnp.ones(()),))[1])(jnp.asarray(1.0))
    assert float(weight @ change) == pytest.approx(100.0, rel=1e-7)
    reverse = jax.jit(jax.grad(lambda s: weight @ solve(s).y))(jnp.asarray(1.0))
    assert float(reverse) == pytest.approx(100.0, rel=1e-7)
