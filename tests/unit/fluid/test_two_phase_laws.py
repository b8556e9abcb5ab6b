"""A pumped two-phase loop from its laws: energy, quality, pressures; any state; gradients."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from caloris_kernels.fluid.library import saturated_named
from caloris_kernels.fluid.loop_laws import SetFlow, SetPump, branch_loss, set_flow
from caloris_kernels.fluid.two_phase import equilibrium_quality, phases_at
from caloris_kernels.fluid.two_phase_laws import (
    TwoPhaseCarrier,
    TwoPhaseCell,
    carried_enthalpy,
    cell_quantities,
    subcooling,
    two_phase_pump_heat,
    two_phase_tube_heat,
)
from caloris_kernels.fluid.validity import violations

AMMONIA = saturated_named("ammonia")
MODE = jnp.asarray(0.0)
CELL = TwoPhaseCell(*map(jnp.asarray, (0.006, 0.5, 1.0, 2e-6, 0.0, 0.8, 1e-9, 0.0)))
CARRIER = TwoPhaseCarrier(*map(jnp.asarray, (0.006, 1.0, 1e-9, 0.0)))
EVAPORATOR, CONDENSER = 6, 10


def _loop(network, power, flow=0.003):
    """Pump, evaporator with a load shared by its walls, condenser to a cold plate; accumulator at 290 K.

    States: accumulator, sink, walls of evaporator and condenser, h of pump, evaporator and condenser, m, s.
    """
    cells = EVAPORATOR + CONDENSER
    walls = 2 + np.arange(cells)
    pump, nodes = 2 + cells, 3 + cells + np.arange(cells)
    m, s = 3 + 2 * cells, 4 + 2 * cells
    ring = np.r_[pump, nodes, pump]
    column = np.ones(cells + 1, int)
    groups = [
        network.Group(
            partial(carried_enthalpy, AMMONIA),
            np.column_stack([0 * column, ring[:-1], ring[1:], m * column, s * column]),
            network.shared(CARRIER, cells + 1),
        ),
        network.Group(
            partial(two_phase_tube_heat, AMMONIA),
            np.column_stack([walls, 0 * walls, nodes, m * column[1:], s * column[1:]]),
            network.shared(CELL, cells),
        ),
        network.Group(branch_loss, [[s]]),
        network.Group(set_flow, [[m]], network.shared(SetFlow(jnp.asarray(flow)), 1)),
        network.Group(
            partial(two_phase_pump_heat, AMMONIA), [[0, pump, m, s]], network.shared(SetPump(jnp.asarray(0.3)), 1)
        ),
    ]

    def load(y):
        heating = jnp.zeros_like(y).at[walls[:EVAPORATOR]].set(power / EVAPORATOR)
        return heating.at[walls[EVAPORATOR:]].set(40.0 * (y[1] - y[walls[EVAPORATOR:]]))

    phases = phases_at(AMMONIA, jnp.asarray(290.0))
    y = np.full(5 + 2 * cells, 290.0)
    y[1], y[m], y[s] = 275.0, flow, 1e3
    y[walls[:EVAPORATOR]], y[walls[EVAPORATOR:]] = 295.0, 280.0
    y[pump], y[nodes] = float(phases.liquid_enthalpy) - 2e4, float(phases.liquid_enthalpy) + 2e5
    return groups, network.solve(groups, y, [0, 1], load, iterations=200), load, (walls, pump, nodes, m, s)


@pytest.mark.slow
def test_a_two_phase_loop(network):
    """Steady: the sink takes load and pump power; vapor leaves the evaporator as h says; liquid reaches the pump."""
    power, flow = 1200.0, 0.003
    groups, y, load, (walls, pump, nodes, _, s) = _loop(network, power, flow)
    phases = phases_at(AMMONIA, y[0])
    pumped = float(network.rates(groups, y)[1].sum())
    rejected = -float(load(y)[walls[EVAPORATOR:]].sum())
    assert rejected == pytest.approx(power + pumped, rel=1e-9)
    assert pumped == pytest.approx(flow * float(y[s]) / float(phases.liquid.density) / 0.3, rel=1e-9)
    # Heat balance of the evaporator, and the quality that it makes.
    leaving = nodes[EVAPORATOR - 1]
    assert flow * float(y[leaving] - y[pump]) == pytest.approx(power, rel=1e-9)
    quality = float(equilibrium_quality(phases, y[leaving]))
    assert quality == pytest.approx(
        (float(y[pump] - phases.liquid_enthalpy) + power / flow) / float(phases.latent_heat)
    )
    assert 0.2 < quality < 0.8
    # Between subcooled ends the walls of the evaporator stand over one temperature, within what boiling takes.
    over = np.asarray(y[walls[1:EVAPORATOR]]) - 290.0
    assert np.all((over > 1.0) & (over < 8.0)), over
    assert float(subcooling(AMMONIA, y[0], y[pump])) > 1.0
    assert float(y[s]) > 0.0


def test_what_limits_are_asked_of_a_cell():
    """Ammonia at 290 K, half vapor, 3 g/s in 6 mm is within the data; at rest its mass flux is not."""
    phases = phases_at(AMMONIA, jnp.asarray(290.0))
    h = phases.liquid_enthalpy + 0.5 * phases.latent_heat
    asked = cell_quantities(AMMONIA, jnp.asarray(290.0), h, jnp.asarray(0.003), CELL)
    assert float(asked["mass_flux"]) == pytest.approx(0.003 / (0.25 * np.pi * 0.006**2), rel=1e-12)
    assert float(asked["quality"]) == pytest.approx(0.5, rel=1e-12)
    assert not np.any(violations("boiling", asked)) and not np.any(violations("condensation", asked))
    asked = cell_quantities(AMMONIA, jnp.asarray(290.0), h, jnp.asarray(0.0), CELL)
    np.testing.assert_array_equal(violations("boiling", asked), [True, False, False])


@pytest.mark.slow
def test_energy_is_conserved_at_any_state(network):
    """Walls and enthalpies together: their rows sum to rounding; so does the acceleration round the loop."""
    groups, y, _, (walls, pump, nodes, _, s) = _loop(network, 1200.0)
    y = (y * jnp.asarray(np.random.default_rng(0).uniform(0.7, 1.3, y.shape[0]))).at[0].set(290.0)
    internal = np.asarray(network.rates(groups[:2], y)[0])
    members = np.r_[walls, pump, nodes]
    assert abs(internal[members].sum()) < 1e-14 * np.abs(internal[members]).sum()
    # One link's acceleration alone is of the size of the vapor's momentum, 1e2 Pa.
    assert abs(float(network.rates(groups[:1], y)[0][s])) < 1e-9
    one = groups[0]._replace(where=groups[0].where[4:5], parameters=network.shared(CARRIER, 1))
    assert abs(float(network.rates([one], y)[0][s])) > 1.0


@pytest.mark.parametrize(("law", "parameters"), [(two_phase_tube_heat, CELL), (carried_enthalpy, CARRIER)])
def test_finite_anywhere(law, parameters):
    """Rows and derivatives for any saturation temperature, enthalpy and flow."""
    axes = map(jnp.asarray, ([3.0, 290.0, 2000.0], [-1e6, 8e4, 5e5, 3e6], [-0.01, 0.0, 1.0]))
    saturation, h, flow = (axis.ravel() for axis in jnp.meshgrid(*axes))
    first, second = (jnp.full_like(h, 500.0), saturation) if law is two_phase_tube_heat else (saturation, 0.5 * h)
    values = jnp.stack([first, second, h, flow, jnp.full_like(h, 1e4)], axis=1)
    function = partial(law, AMMONIA)
    both = jax.vmap(lambda v: (function(v, parameters, MODE), jax.jacrev(function, (0, 1))(v, parameters, MODE)))
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(jax.jit(both)(values)))


@pytest.mark.slow
def test_gradients():
    """Rows of a boiling cell and its link, in states and parameters; second order in the states."""

    def rows(values, cell, carrier):
        tube = two_phase_tube_heat(AMMONIA, values, cell, MODE).internal
        link = carried_enthalpy(
            AMMONIA, values[jnp.array([1, 2, 2, 3, 4])] * jnp.array([1, 1, 1.2, 1, 1]), carrier, MODE
        )
        return 1e-3 * jnp.sum(tube * jnp.arange(1.0, 6.0)) + 1e-4 * jnp.sum(link.internal * jnp.arange(1.0, 6.0))

    cell = CELL._replace(loss_coefficient=jnp.asarray(2.0), free=jnp.asarray(1.0))
    at = (jnp.array([294.0, 290.0, 4e5, 0.003, 1e3]), cell, CARRIER._replace(free=jnp.asarray(1.0)))

    def scaled(*factors):
        return rows(*jax.tree.map(jnp.multiply, at, factors))

    ones = jax.tree.map(jnp.ones_like, at)
    check_grads(jax.jit(scaled), ones, 1, ("fwd", "rev"), atol=1e-5, rtol=1e-5, eps=1e-6)
    check_grads(
        jax.jit(jax.grad(lambda v: scaled(v, *ones[1:]))), ones[:1], 1, ("fwd",), atol=1e-5, rtol=1e-5, eps=1e-6
    )
