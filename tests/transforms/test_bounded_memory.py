"""States at asked times without a record: the values, derivatives and memory of `integrate(times=)`, `replay_states`.

Against `replay` with `states_at`, which differ by where the linear solves of the derivatives stop (1e-9), and against
differences of the frozen grid as in test_stepping_gradients (1e-7).
"""

from collections.abc import Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_benchmarks.dense_scene import ENCLOSURE, PERIOD, enclosure
from caloris_kernels.stepping.adaptive import integrate
from caloris_kernels.stepping.dense_output import states_at
from caloris_kernels.stepping.replay import replay
from caloris_kernels.stepping.states import replay_states

NODES = 6
P = enclosure(NODES, algebraic=2)
EDGES = jnp.array([0.0, 1800.0, 3900.0, PERIOD])
Y0 = jnp.full(NODES, 285.0, dtype=float)
FINE = jnp.full(NODES, 1e-9)
# Not in order; one at the start, one at an edge, where algebraic states jump, two in one step, and the end.
TIMES = jnp.array([5000.0, 0.0, 100.0, 1800.0, 3901.0, 3900.5, PERIOD])
WEIGHT = jnp.asarray(np.random.default_rng(5).normal(size=(TIMES.shape[0], NODES)))
INPUTS = (P, Y0, EDGES, TIMES)
EVERY = 7  # does not divide the number of steps


@pytest.fixture(scope="module")
def run():
    return jax.jit(lambda: integrate(ENCLOSURE, P, Y0, EDGES, jnp.full(NODES, 1e-2), max_steps=80, times=TIMES))()


def by_checkpoints(run, p, y0, edges, times):
    return jnp.sum(WEIGHT * replay_states(ENCLOSURE, p, y0, edges, run.grid, FINE, times, every=EVERY))


def by_record(run, p, y0, edges, times):
    return jnp.sum(WEIGHT * states_at(run.grid, replay(ENCLOSURE, p, y0, edges, run.grid, FINE), edges, times))


@pytest.fixture(scope="module")
def gradients(run):
    return [
        jax.jit(jax.grad(lambda *x, f=f: f(run, *x), argnums=(0, 1, 2, 3)))(*INPUTS)
        for f in (by_checkpoints, by_record)
    ]


def test_the_run_gives_what_its_record_gives(run):
    assert int(run.result) == 0 and int(run.grid.steps) > 3 * EVERY
    np.testing.assert_allclose(run.states, states_at(run.grid, run.record, EDGES, TIMES), rtol=1e-14)
    alone = jax.jit(
        lambda: integrate(ENCLOSURE, P, Y0, EDGES, jnp.full(NODES, 1e-2), max_steps=80, times=TIMES, keep_record=False)
    )()
    np.testing.assert_allclose(alone.states, run.states, rtol=1e-14)
    np.testing.assert_array_equal(alone.grid.width, run.grid.width)
    assert all(leaf.size == 0 for leaf in jax.tree.leaves(alone.record))


def test_replayed_states_are_those_of_the_record(run):
    found = jax.jit(lambda: replay_states(ENCLOSURE, P, Y0, EDGES, run.grid, FINE, TIMES))()
    record = jax.jit(lambda: replay(ENCLOSURE, P, Y0, EDGES, run.grid, FINE))()
    np.testing.assert_allclose(found, states_at(run.grid, record, EDGES, TIMES), rtol=1e-13)


@pytest.mark.slow
def test_gradients_are_those_of_the_record(gradients):
    for own, other in zip(*map(jax.tree.leaves, gradients), strict=True):
        size = float(jnp.max(jnp.abs(other)))
        assert size > 0.0
        np.testing.assert_allclose(own, other, rtol=0.0, atol=1e-8 * size)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["heat_load", "heat_capacity", "exchange", "y0", "edges", "times"])
def test_both_modes_against_differences(run, gradients, name):
    random = np.random.default_rng(len(name))
    zero = jax.tree.map(jnp.zeros_like, INPUTS)
    if name == "times":  # not across a step: the output's slope is continuous to order 3 only
        direction = (*zero[:3], jnp.array([1.0, 0.0, 1.0, 0.0, 1.0, 2.0, 0.0]))
    elif name == "edges":
        direction = (*zero[:2], jnp.array([0.0, 10.0, -7.0, 0.0]), jnp.array([0, 0, 0, 10.0, -7.0, -7.0, 0.0]))
    elif name == "y0":
        direction = (zero[0], jnp.asarray(random.uniform(1.0, 3.0, NODES)), *zero[2:])
    else:
        value = getattr(P, name)
        change = 0.1 * value * jnp.asarray(random.uniform(0.5, 1.0, value.shape))
        direction = (zero[0]._replace(**{name: change}), *zero[1:])
    function = jax.jit(lambda *x: by_checkpoints(run, *x))
    h = 2e-2
    move = lambda s: function(*jax.tree.map(lambda a, b: a + s * b, INPUTS, direction))  # noqa: E731
    difference = float((8.0 * (move(h) - move(-h)) - (move(2.0 * h) - move(-2.0 * h))) / (12.0 * h))
    forward = float(jax.jit(lambda d: jax.jvp(lambda *x: by_checkpoints(run, *x), INPUTS, d)[1])(direction))
    pairs = zip(*map(jax.tree.leaves, (gradients[0], direction)), strict=True)
    reverse = sum(float(jnp.vdot(a, b)) for a, b in pairs)
    assert abs(difference) > 1e-4  # no zero gradient passes
    assert reverse == pytest.approx(difference, rel=1e-7)
    assert forward == pytest.approx(reverse, rel=1e-7)


@pytest.mark.slow
def test_known_states_keep_their_values_and_get_the_derivative(run, gradients):
    def known(y0):
        return jnp.sum(WEIGHT * replay_states(ENCLOSURE, P, y0, EDGES, run.grid, FINE, TIMES, known=run.states))

    value, gradient = jax.jit(jax.value_and_grad(known))(Y0)
    assert float(value) == pytest.approx(float(jnp.sum(WEIGHT * run.states)), rel=1e-15)
    np.testing.assert_allclose(gradient, gradients[0][1], rtol=1e-7)


@pytest.mark.slow
def test_without_recomputed_stages_too(run):
    """`replay` that keeps no stages has the same derivative as with them."""

    def of(stages):
        def last(y0, p):
            record = replay(ENCLOSURE, p, y0, EDGES, run.grid, FINE, stages=stages)
            return jnp.sum(record.end[-1] * WEIGHT[0])

        return jax.jit(jax.grad(last, argnums=(0, 1)))(Y0, P)

    for a, b in zip(*map(jax.tree.leaves, (of(True), of(False))), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-12 * float(jnp.max(jnp.abs(b)) + 1.0))


@pytest.mark.slow
def test_under_vmap(run):
    directions = jnp.asarray(np.random.default_rng(2).normal(size=(3, NODES)))
    tangent = lambda d: jax.jvp(lambda y0: by_checkpoints(run, P, y0, EDGES, TIMES), (Y0,), (d,))[1]  # noqa: E731
    batched = jax.jit(jax.vmap(tangent))(directions)
    np.testing.assert_allclose(batched, [float(jax.jit(tangent)(d)) for d in directions], rtol=1e-8)


def _sizes(program: Any) -> Iterator[int]:
    """Sizes of all floating arrays that a traced program makes, those of its inner programs included."""
    for equation in program.eqns:
        for result in equation.outvars:
            if jnp.issubdtype(getattr(result.aval, "dtype", jnp.int32), jnp.floating):
                yield int(np.prod(result.aval.shape))
        for inner in jax.tree.leaves(equation.params, is_leaf=lambda x: hasattr(x, "eqns") or hasattr(x, "jaxpr")):
            inner = getattr(inner, "jaxpr", inner)
            if hasattr(inner, "eqns"):
                yield from _sizes(inner)


def _largest(function, *arguments) -> int:
    return max(_sizes(jax.make_jaxpr(function)(*arguments).jaxpr))


def test_memory_does_not_grow_with_the_steps():
    """The largest array of a run with 200 states is the same for 64 steps as for 4096; a record's is not."""
    nodes, tolerance = 200, jnp.full(200, 1e-2)
    p, y0 = enclosure(nodes), jnp.full(nodes, 285.0, dtype=float)
    dense = nodes * nodes  # the matrix of this network

    def states(max_steps, keep):
        def run(p, y0):
            found = integrate(ENCLOSURE, p, y0, EDGES, tolerance, max_steps=max_steps, times=TIMES, keep_record=keep)
            return found.states, found.record.end

        return _largest(run, p, y0)

    assert states(4096, False) == states(64, False) <= 2 * dense
    assert states(4096, True) >= 4096 * 3 * nodes


def test_memory_of_the_reverse_sweep_is_chosen():
    """Checkpoints and the steps between two of them, against the record and the stages of all steps."""
    nodes, max_steps, tolerance = 200, 4096, jnp.full(200, 1e-2)
    p, y0 = enclosure(nodes), jnp.full(nodes, 285.0, dtype=float)
    grid = integrate(ENCLOSURE, P, Y0, EDGES, jnp.full(NODES, 1e-2), max_steps=max_steps).grid

    def gradient(every):
        def total(y0):
            return jnp.sum(replay_states(ENCLOSURE, p, y0, EDGES, grid, tolerance, TIMES, every=every))

        return _largest(jax.grad(total), y0)

    dense = 2 * nodes * nodes
    for every in (16, 64, 512):
        assert gradient(every) <= max(dense, max(every, -(-max_steps // every)) * nodes)
    assert gradient(64) < gradient(8)  # of 512 checkpoints; 64 is the square root

    def whole(y0):
        return jnp.sum(replay(ENCLOSURE, p, y0, EDGES, grid, tolerance).end[-1])

    assert _largest(jax.grad(whole), y0) >= 8 * max_steps * nodes
