"""Violated limits are named, one by one."""

import jax.numpy as jnp
import numpy as np
import pytest

from caloris_kernels.fluid.convection import CORRELATIONS
from caloris_kernels.fluid.library import liquid_named
from caloris_kernels.fluid.validity import LIQUID_LIMITS, RANGES, liquid_violations, transitional, violations


def test_every_correlation_has_its_ranges():
    assert set(CORRELATIONS) < set(RANGES)


@pytest.mark.parametrize("name", RANGES)
def test_each_limit_by_itself(name):
    """In the middle of all ranges nothing is violated; a step over one end violates that one and no other."""
    ends = [(low, min(high, 1e12)) for _, low, high in RANGES[name]]
    middle = {limit.quantity: jnp.asarray(0.5 * (a + b)) for limit, (a, b) in zip(RANGES[name], ends, strict=True)}
    assert not np.any(violations(name, middle))
    for k, (limit, (low, high)) in enumerate(zip(RANGES[name], ends, strict=True)):
        for outside in [low - 1e-6, *([high * 1.001] if np.isfinite(limit.high) else [])]:
            found = violations(name, middle | {limit.quantity: jnp.asarray(outside)})
            np.testing.assert_array_equal(found, np.arange(len(ends)) == k)


def test_many_states_at_once():
    reynolds = jnp.array([1000.0, 5000.0])
    found = violations("laminar", {"reynolds": reynolds, "prandtl": jnp.array([5.0, 0.1])})
    np.testing.assert_array_equal(found, [[False, True], [False, True]])
    np.testing.assert_array_equal(transitional(jnp.array([2000.0, 3000.0, 5000.0])), [False, True, False])


@pytest.mark.parametrize(
    ("name", "temperature", "pressure", "expected"),
    [
        ("water", 300.0, 1e5, ()),
        ("water", 272.0, 1e5, ("freezing", "table low")),
        ("water", 375.0, 1e5, ("boiling",)),
        ("water", 375.0, 2e5, ()),
        ("ammonia", 390.0, 2e7, ("table high",)),
        ("HFE-7100", 180.0, 1e5, ("table low",)),
    ],
)
def test_liquids(name, temperature, pressure, expected):
    found = liquid_violations(liquid_named(name), jnp.asarray(temperature), jnp.asarray(pressure))
    assert tuple(limit for limit, is_violated in zip(LIQUID_LIMITS, found, strict=True) if is_violated) == expected


def test_glycol_freezes_where_its_table_begins():
    fluid = liquid_named("propylene glycol", 0.3)
    assert bool(liquid_violations(fluid, fluid.freezing - 0.1, jnp.asarray(1e5))[0])
    assert not bool(liquid_violations(fluid, fluid.freezing + 0.1, jnp.asarray(1e5))[0])
