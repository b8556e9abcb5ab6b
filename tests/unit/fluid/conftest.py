"""A small network for laws: it scatters what elements give into rows and solves the steady state by Newton's method."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest


class Group(NamedTuple):
    """Elements with one law: where[element, local] are their states, parameters have a leading axis of elements."""

    law: Callable[[Any, Any, Any], Any]
    where: Any
    parameters: Any = ()


def shared(parameters: Any, elements: int) -> Any:
    """The same parameters for every element."""
    return jax.tree.map(lambda leaf: jnp.broadcast_to(jnp.asarray(leaf), (elements, *jnp.shape(leaf))), parameters)


def rates(groups: list[Group], y: Any) -> tuple[Any, Any]:
    """Internal and source rows of all states."""
    internal, source = jnp.zeros_like(y), jnp.zeros_like(y)
    for law, where, parameters in groups:
        where = jnp.asarray(where)
        heat = jax.vmap(law, in_axes=(0, 0, None))(y[where], parameters, jnp.asarray(0.0))
        internal = internal.at[where].add(heat.internal)
        source = source.at[where].add(heat.source)
    return internal, source


class Network(NamedTuple):
    """What the tests of laws build their loops of."""

    Group: Any
    shared: Callable[[Any, int], Any]
    rates: Callable[[list[Any], Any], tuple[Any, Any]]
    solve: Callable[..., Any]


def solve(groups: list[Group], y: Any, fixed: Any, load: Any = None, iterations: int = 60) -> Any:
    """The state with all rows zero but those of fixed states, which keep their values; load is added to the rows.

    load is an array or a function of the state. Newton's method, halved until the scaled residual falls.
    """
    y = jnp.asarray(y)
    held = jnp.zeros(y.shape, bool).at[jnp.asarray(fixed, int)].set(True) if len(fixed) else jnp.zeros(y.shape, bool)
    start, step = y, np.inf

    @jax.jit
    def residual(state):
        internal, source = rates(groups, state)
        extra = load(state) if callable(load) else (0.0 if load is None else load)
        return jnp.where(held, state - start, internal + source + extra)

    jacobian = jax.jit(jax.jacfwd(residual))
    for _ in range(iterations):
        matrix = np.asarray(jacobian(y))
        scale = np.abs(matrix).max(axis=1, keepdims=True)
        value = np.asarray(residual(y))[:, None] / scale
        step = np.linalg.solve(matrix / scale, -value)[:, 0]
        for damping in (1.0, 0.5, 0.25, 0.1, 0.03):
            new = y + damping * step
            if np.linalg.norm(np.asarray(residual(new))[:, None] / scale) < np.linalg.norm(value):
                break
        y = new
        if np.max(np.abs(step) / (1.0 + np.abs(np.asarray(y)))) < 1e-13:
            return y
    raise AssertionError(f"no steady state: last step {np.max(np.abs(step))}")


@pytest.fixture(scope="session")
def network() -> Network:
    """Group, shared, rates and solve, for tests that no import reaches."""
    return Network(Group, shared, rates, solve)
