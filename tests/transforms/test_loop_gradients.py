"""Derivatives through loops and heat pipes, both modes against central differences of whole solves.

Steady states are solved to a nanokelvin, transients step by 1e-7 K and orbits by 1e-5 K: over a relative change of 1e-4
differences of second order are good to the tolerances that the tests state.
"""

from pathlib import Path

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris.model.fluids import GlycolMixture
from caloris.model.thermal import Thermal

PARTS = Path(__file__).parents[2] / "examples" / "parts"
STEP = 1e-4


def model_of(name: str, run: str = 'mode = "steady"', more: str = "") -> Thermal:
    text = (PARTS / f"{name}.toml").read_text().replace('mode = "steady"', run) + more
    thermal = caloris.build(caloris.parse_case(text)).thermal
    assert thermal is not None
    return thermal


def part(thermal: Thermal, kind: str):
    return next(group for group in thermal.parts if group.kind == kind)


# Which leaves a scalar multiplies, by example.
LEAVES = {
    "loop": lambda t: (
        part(t, "set flow").parameters.mass_flow,
        part(t, "tube").parameters.diameter,
        part(t, "tube").parameters.length,
        part(t, "valve").parameters.set_point,
        next(f for f in t.fluids if isinstance(f, GlycolMixture)).mass_fraction,
        t.links.conductance,
    ),
    "two_phase_loop": lambda t: (
        part(t, "set flow").parameters.mass_flow,
        part(t, "two-phase tube").parameters.diameter,
        part(t, "pump").parameters.efficiency,
        t.fluids[0].log_latent_heat,
        t.links.conductance,
    ),
    "heat_pipe": lambda t: (
        part(t, "heat pipe").parameters.conductance,
        part(t, "gas-loaded heat pipe").parameters.gas,
        part(t, "gas-loaded heat pipe").parameters.reservoir_volume,
        t.loads[0].power.value,
    ),
}


def scaled(thermal: Thermal, leaves, factors) -> Thermal:
    changed = tuple(leaf * factor for leaf, factor in zip(leaves(thermal), factors, strict=True))
    return eqx.tree_at(leaves, thermal, changed)


def check(value, count: int, rtol: float, atol: float) -> None:
    """Forward, reverse and central differences of a function of factors around one."""
    ones = jnp.ones(count)
    reverse = jax.jit(jax.grad(value))(ones)
    forward = jax.jit(jax.jacfwd(value))(ones)
    np.testing.assert_allclose(forward, reverse, rtol=1e-6, atol=1e-8 * np.abs(reverse).max())
    run = jax.jit(value)
    for k in range(count):
        change = jnp.zeros(count).at[k].set(STEP)
        difference = float(run(ones + change) - run(ones - change)) / (2.0 * STEP)
        assert float(reverse[k]) == pytest.approx(difference, rel=rtol, abs=atol), k
        assert abs(float(reverse[k])) > 10.0 * atol, k  # no derivative that is zero passes


@pytest.mark.slow
@pytest.mark.parametrize("name", LEAVES)
def test_steady(name):
    thermal, leaves = model_of(name), LEAVES[name]

    def value(factors):
        solution = caloris.solve_steady(scaled(thermal, leaves, factors), throw=False)
        return jnp.sum(solution.temperature * jnp.cos(jnp.arange(solution.temperature.shape[0], dtype=float)))

    check(value, len(leaves(thermal)), 1e-5, 1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["loop", "two_phase_loop"])
def test_transient(name):
    run = 'mode = "transient"\nduration = "600 s"\noutput_every = "300 s"'
    thermal, leaves = model_of(name, run), LEAVES[name]
    times = jnp.array([0.0, 217.0, 600.0])

    def value(factors):
        solution = caloris.solve_transient(scaled(thermal, leaves, factors), times, tolerance=1e-7, throw=False)
        weight = jnp.cos(jnp.arange(solution.temperature.shape[1], dtype=float))
        return jnp.sum(solution.temperature[1:] @ weight)

    check(value, len(leaves(thermal)), 1e-4, 1e-4)


@pytest.mark.slow
def test_cyclic():
    """A load over the orbit, with the valve at work all along."""
    orbit = '\n[orbit]\naltitude = "500 km"\nbeta = "30 deg"\n'
    text = (PARTS / "loop.toml").read_text().replace('mode = "steady"', 'mode = "cyclic"') + orbit
    varying = 'power = { phase = [0.0, 0.5], value = ["400 W", "250 W"], between = "linear" }'
    text = text.replace('power = "400 W"', varying)
    thermal = caloris.build(caloris.parse_case(text)).thermal
    assert thermal is not None
    leaves = LEAVES["loop"]

    def value(factors):
        solution = caloris.solve_cyclic(scaled(thermal, leaves, factors), tolerance=1e-5, throw=False)
        weight = jnp.cos(jnp.arange(solution.temperature.shape[1], dtype=float))
        return jnp.sum(solution.temperature[::12] @ weight)

    check(value, len(leaves(thermal)), 1e-4, 1e-3)
