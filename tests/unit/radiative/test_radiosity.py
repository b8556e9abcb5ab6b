"""Radiosity by conjugate gradients against the direct solve and closed forms; storage in float32; derivatives."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.radiative.exchange_tiles import tiles_from_dense
from caloris_kernels.radiative.radiosity import (
    MOST_ITERATIONS,
    Enclosure,
    exchange_factors,
    irradiation,
    space_view,
)

FACETS = 200


@functools.cache
def _closed():
    """A closed enclosure without geometry: neighbors in a ring see most of each other; rows sum to the areas."""
    rng = np.random.default_rng(4)
    place = np.arange(FACETS)
    distance = np.abs(place[:, None] - place)
    exchange = np.exp(-np.minimum(distance, FACETS - distance) / 12.0) * rng.uniform(0.5, 1.5, (FACETS, FACETS))
    exchange = np.triu(exchange, 1)
    exchange = exchange + exchange.T
    area = rng.uniform(0.5, 2.0, FACETS)
    for _ in range(2000):
        scale = np.sqrt(area / exchange.sum(axis=1))
        exchange *= scale[:, None] * scale
    return exchange, area


def _enclosure(tiled=False, dtype: np.typing.DTypeLike = np.float64, opened=1.0, inactive=0.0):
    exchange, area = _closed()
    stored = tiles_from_dense(opened * exchange, dtype) if tiled else jnp.asarray(opened * exchange)
    return Enclosure(stored, jnp.asarray(area), jnp.full(FACETS, inactive))


_solve = jax.jit(irradiation, static_argnames="direct")


@pytest.mark.parametrize("tiled", [False, True])
def test_both_solves_agree(tiled):
    """To the stop of the iteration, 1e-13, times the condition of the open enclosure, 10."""
    rng = np.random.default_rng(5)
    enclosure = _enclosure(tiled, opened=0.8, inactive=0.1)
    reflectance = jnp.asarray(rng.uniform(0.0, 0.98, FACETS)).at[:20].set(0.0).at[20:40].set(1.0)
    emission, external = (jnp.asarray(rng.uniform(0.0, 500.0, (FACETS, 3))) for _ in range(2))
    direct = _solve(enclosure, reflectance, emission, external, direct=True)
    found = _solve(enclosure, reflectance, emission, external, direct=False)
    assert bool(found.converged) and 3 < int(found.iterations) < 60
    np.testing.assert_allclose(found.value, direct.value, rtol=1e-11)


def test_cavity_of_reflectance_098():
    """Inside a closed cavity of one temperature H = sigma T^4 whatever the walls: here e = eps, so H = 1.

    The residual bounds the error times 1/(1 - rho) = 50.
    """
    enclosure = _enclosure(tiled=True)
    emission = jnp.full((FACETS, 1), 0.02)
    found = _solve(enclosure, jnp.full(FACETS, 0.98), emission, None, direct=False)
    assert bool(found.converged) and int(found.iterations) < 150
    np.testing.assert_allclose(found.value, 1.0, rtol=1e-11)


def test_black_facets_take_one_step():
    """A u = 0: H = (S e + A q)/A exactly."""
    enclosure = _enclosure()
    emission = jnp.asarray(np.random.default_rng(6).uniform(0.0, 1.0, (FACETS, 1)))
    found = _solve(enclosure, jnp.zeros(FACETS), emission, None, direct=False)
    assert int(found.iterations) == 0 and bool(found.converged)
    exact = jnp.asarray(enclosure.exchange_area) @ emission / enclosure.area[:, None]
    np.testing.assert_allclose(found.value, exact, rtol=1e-15)


def test_perfect_mirrors_that_enclose_themselves_are_told():
    """rho = 1 everywhere and light from inside: no solution exists; finite numbers and a flag."""
    found = _solve(_enclosure(), jnp.ones(FACETS), None, jnp.ones((FACETS, 1)), direct=False)
    assert not bool(found.converged) and int(found.iterations) <= MOST_ITERATIONS
    assert bool(jnp.all(jnp.isfinite(found.value)))


def test_derivatives():
    """Conjugate gradients, forward and reverse, against differences of the direct solve; reflectance zero included."""
    rng = np.random.default_rng(7)
    exchange, area = _closed()
    stored = tiles_from_dense(0.9 * exchange)
    weight = jnp.asarray(rng.standard_normal((FACETS, 2)))
    point = (
        stored.value,
        jnp.asarray(area),
        jnp.asarray(rng.uniform(0.1, 0.9, FACETS)).at[:5].set(0.0),
        jnp.asarray(rng.uniform(1.0, 2.0, (FACETS, 2))),
        jnp.asarray(rng.uniform(1.0, 2.0, (FACETS, 2))),
    )
    moves = [0.1 * x * rng.standard_normal(x.shape) for x in point[:1]]
    moves += [jnp.asarray(0.1 * rng.standard_normal(x.shape)) for x in point[1:]]
    direction = tuple(jnp.asarray(move) for move in moves)

    def outcome(direct, value, area, reflectance, emission, external):
        enclosure = Enclosure(stored._replace(value=value), area, jnp.full(FACETS, 0.05))
        return jnp.vdot(weight, irradiation(enclosure, reflectance, emission, external, direct=direct).value)

    function = functools.partial(outcome, False)
    forward = float(jax.jit(lambda p, d: jax.jvp(function, p, d)[1])(point, direction))
    gradient = jax.jit(jax.grad(function, argnums=(0, 1, 2, 3, 4)))(*point)
    reverse = sum(float(jnp.vdot(a, b)) for a, b in zip(gradient, direction, strict=True))
    # The solves of the derivative stop at 1e-13 of a right side that is ten times the result.
    assert reverse == pytest.approx(forward, rel=1e-10)
    # The direct solve alone takes a reflectance below zero, where the difference passes it.
    step = 1e-5
    value = jax.jit(functools.partial(outcome, True))
    moved = [float(value(*(x + sign * step * d for x, d in zip(point, direction, strict=True)))) for sign in (1, -1)]
    # Central difference: its square times third derivatives of order ten.
    assert reverse == pytest.approx((moved[0] - moved[1]) / (2.0 * step), rel=1e-7)


_factors = jax.jit(exchange_factors, static_argnames="nodes")


def _by_node(enclosure, nodes):
    node = jnp.arange(FACETS) % nodes
    emittance = jnp.asarray(np.random.default_rng(8).uniform(0.02, 0.9, FACETS))
    factors, to_space, converged = _factors(enclosure, emittance, space_view(enclosure), node, nodes)
    assert bool(converged)
    emitted = jax.ops.segment_sum(emittance * enclosure.area, node, nodes)
    return np.asarray(factors), np.asarray(to_space), np.asarray(emitted)


@pytest.mark.parametrize("opened", [1.0, 0.7])
def test_exchange_factors(opened):
    """Ten nodes by conjugate gradients, a hundred by the direct solve: sums over nodes agree, and all closes.

    Exchange factors are symmetric and with the part to space sum to eps A; separate solves, each to 1e-13.
    """
    few, few_space, _ = _by_node(_enclosure(tiled=True, opened=opened), 10)
    many, many_space, emitted = _by_node(_enclosure(opened=opened), 100)
    # Of a hundred nodes, node k holds facets that node k modulo 10 of ten nodes holds.
    group = np.arange(100) % 10
    sums = np.zeros((10, 10))
    np.add.at(sums, (group[:, None], group), many)
    np.testing.assert_allclose(few, sums, rtol=1e-11)
    np.testing.assert_allclose(few_space, np.bincount(group, many_space), atol=1e-11)
    np.testing.assert_allclose(few, few.T, rtol=1e-11)
    np.testing.assert_allclose(many.sum(axis=1) + many_space, emitted, rtol=1e-11)


def test_float32_storage():
    """What the module's docstring says: factors to 1e-7 of the largest, closure to rounding, temperatures to 1e-5 K.

    Ten nodes of a closed box, three of them held at 200, 300 and 500 K, the rest in equilibrium by radiation.
    """
    exact, _, _ = _by_node(_enclosure(tiled=True), 10)
    rounded, to_space, emitted = _by_node(_enclosure(tiled=True, dtype=np.float32), 10)
    assert 0.0 < np.abs(rounded - exact).max() / exact.max() < 1e-7
    np.testing.assert_allclose(rounded.sum(axis=1) + to_space, emitted, rtol=1e-11)
    held = np.array([200.0, 300.0, 500.0])
    temperatures = []
    for factors in (exact, rounded):
        balance = np.diag(factors.sum(axis=1)) - factors
        temperatures.append(np.linalg.solve(balance[3:, 3:], -balance[3:, :3] @ held**4) ** 0.25)
    assert np.abs(temperatures[1] - temperatures[0]).max() < 1e-5
