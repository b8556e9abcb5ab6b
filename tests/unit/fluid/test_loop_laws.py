"""Loops of liquid built from their laws: conservation, exact radiators and exchangers, division of flow, gradients."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads

from caloris_kernels.constants import STANDARD_GRAVITY, STEFAN_BOLTZMANN
from caloris_kernels.fluid.convection import all_regimes, laminar_isothermal
from caloris_kernels.fluid.friction import friction_gradient
from caloris_kernels.fluid.library import liquid_named
from caloris_kernels.fluid.liquid import enthalpy, liquid_from_table, liquid_properties
from caloris_kernels.fluid.loop_laws import (
    Carrier,
    CurvePump,
    Section,
    SetFlow,
    SetPump,
    TubeCell,
    branch_loss,
    carried_heat,
    curve_pump,
    donor_flow,
    equal_loss,
    remaining_flow,
    section_loss,
    set_flow,
    set_pump_heat,
    tube_coefficient,
    tube_heat,
    tube_loss,
)

MODE = jnp.asarray(0.0)
SMALL = jnp.asarray(1e-6)
CARRIER = Carrier(SMALL)
AMMONIA = liquid_named("ammonia")
CELL = TubeCell(*map(jnp.asarray, (0.01, 2.0, 1.0, 0.0, 0.0, 0.0, 0.0, SMALL, 0.0)))


def constant_liquid(density=1000.0, specific_heat=1000.0, conductivity=0.5, viscosity=1e-3):
    """A liquid whose properties depend on nothing."""
    row = jnp.array([density, specific_heat, conductivity, viscosity, 1e3])
    return liquid_from_table(jnp.asarray(200.0), jnp.asarray(50.0), jnp.asarray(100.0), jnp.tile(row, (4, 1)))


def test_what_is_carried_is_upwind_and_conserved():
    t = jnp.array([310.0, 290.0])
    h = [enthalpy(AMMONIA, x) for x in t]
    for m, donor in ((0.2, h[0]), (-0.2, h[1])):
        heat = carried_heat(AMMONIA, jnp.array([*t, m]), CARRIER, MODE).internal
        np.testing.assert_allclose(heat, np.array([-m, m, 0.0]) * float(donor), rtol=1e-15)
    assert float(donor_flow(jnp.asarray(0.0), h[0], h[1], SMALL)) == 0.0


@pytest.mark.parametrize("seed", [0, 1])
def test_energy_is_conserved_round_a_loop(network, seed):
    """Any temperatures and any flows, whether they balance or not: the sum over nodes is rounding of its terms."""
    rng, cells = np.random.default_rng(seed), 12
    ring = np.stack([np.arange(cells), (np.arange(cells) + 1) % cells], axis=1)
    flows = 2 * cells + np.arange(cells)
    losses = 3 * cells
    y = jnp.asarray(np.concatenate([rng.uniform(150.0, 450.0, 2 * cells), rng.uniform(-0.3, 0.3, cells), [0.0]]))
    carry = network.Group(
        partial(carried_heat, AMMONIA), np.column_stack([ring, flows]), network.shared(CARRIER, cells)
    )
    walls = np.column_stack([cells + np.arange(cells), np.arange(cells), flows, np.full(cells, losses)])
    tubes = network.Group(partial(tube_heat, AMMONIA, all_regimes), walls, network.shared(CELL, cells))
    internal, source = network.rates([carry, tubes], y)
    size = np.abs(network.rates([carry], y)[0][: 2 * cells]).sum()
    assert abs(float(internal[: 2 * cells].sum())) < 1e-15 * cells * size
    assert not np.any(source)


def _radiator(network, cells, sink=0.0):
    """Outlet temperature: fluid enters at 320 K, m c = 1000 W/K, 50 m2 of emittance 0.9, walls as warm as the fluid."""
    fluid = constant_liquid()
    inlet, nodes, walls = 0, 1 + np.arange(cells), 1 + cells + np.arange(cells)
    m, s = 1 + 2 * cells, 2 + 2 * cells
    column = np.ones(cells, int)
    # 23 kW through 1e12 W/m2/K and 0.03 m2: the wall is 1e-6 K colder than the fluid.
    cell = CELL._replace(length=1.0 / cells, coefficient=1e12)
    groups = [
        network.Group(
            partial(carried_heat, fluid),
            np.column_stack([np.r_[inlet, nodes[:-1]], nodes, m * column]),
            network.shared(CARRIER, cells),
        ),
        # What leaves the last cell leaves the model: its outlet is a node that is held.
        network.Group(
            partial(tube_heat, fluid, None),
            np.column_stack([walls, nodes, m * column, s * column]),
            network.shared(cell, cells),
        ),
    ]
    area = 50.0 / cells

    def load(y):
        lost = -0.9 * STEFAN_BOLTZMANN * area * (y[walls] ** 4 - sink**4)
        return jnp.zeros_like(y).at[walls].set(lost).at[nodes[-1]].add(-y[m] * enthalpy(fluid, y[nodes[-1]]))

    y = np.full(3 + 2 * cells, 310.0)
    y[[inlet, m, s]] = 320.0, 1.0, 0.0
    return float(network.solve(groups, y, [inlet, m, s], load)[nodes[-1]])


@pytest.mark.parametrize(("sink", "exact"), [(0.0, 296.9952), (230.0, 303.1853)])
def test_loop_radiator(network, sink, exact):
    """m c dT/dx = -eps sigma P (T^4 - T_sink^4): T_out = (T_in^-3 + 3 eps sigma A/(m c))^(-1/3) = 296.9952 K to 0 K.

    First order in the number of cells (observed 0.95 to 1.05), and Richardson's extrapolation of the two finest meets
    the exact temperature within 0.002 K, the second-order rest.
    """
    outlets = [_radiator(network, cells, sink) for cells in (16, 32, 64)]
    errors = np.array(outlets) - exact
    orders = np.log2(errors[:-1] / errors[1:])
    assert np.all(np.abs(orders - 1.0) < 0.05), orders
    assert 2.0 * outlets[-1] - outlets[-2] == pytest.approx(exact, abs=2e-3)


def test_isothermal_wall(network):
    """T_out = T_w - (T_w - T_in) exp(-h A/(m c)) with many cells; exactly (1 + NTU/N)^-N with N of them."""
    fluid, cells = constant_liquid(), 40
    m, flow, wall = 1 + cells, 0.02, 2 + cells
    area = np.pi * 0.01 * 2.0 * cells
    cell = CELL._replace(coefficient=jnp.asarray(30.0))
    nodes, column = 1 + np.arange(cells), np.ones(cells, int)
    groups = [
        network.Group(
            partial(carried_heat, fluid),
            np.column_stack([nodes - 1, nodes, m * column]),
            network.shared(CARRIER, cells),
        ),
        network.Group(
            partial(tube_heat, fluid, None),
            np.column_stack([wall * column, nodes, m * column, (wall + 1) * column]),
            network.shared(cell, cells),
        ),
    ]
    y = np.full(4 + cells, 300.0)
    y[[0, m, wall]] = 290.0, flow, 330.0

    def load(y):
        return jnp.zeros_like(y).at[nodes[-1]].add(-y[m] * enthalpy(fluid, y[nodes[-1]]))

    outlet = float(network.solve(groups, y, [0, m, wall, wall + 1], load)[nodes[-1]])
    units = 30.0 * area / (flow * 1000.0)
    assert outlet == pytest.approx(330.0 - 40.0 * (1.0 + units / cells) ** -cells, abs=1e-9)
    assert outlet == pytest.approx(330.0 - 40.0 * np.exp(-units), abs=1.5 * 40.0 * units**2 / cells * np.exp(-units))


def test_coefficient_by_correlation():
    """Laminar developed flow: h = 3.66 k/D, whatever the flow; parallel tubes share it; None takes the cell's own."""
    water = liquid_properties(liquid_named("water"), jnp.asarray(300.0))
    cell = CELL._replace(parallel=jnp.asarray(4.0), coefficient=jnp.asarray(123.0))
    m, warmer = jnp.asarray(0.02), jnp.asarray(5.0)
    got = tube_coefficient(laminar_isothermal, water, m, warmer, cell)
    assert float(got) == pytest.approx(3.66 * float(water.conductivity) / 0.01, rel=1e-4)
    assert float(tube_coefficient(None, water, m, warmer, cell)) == 123.0


def test_loss_of_parallel_tubes():
    """Sixteen tubes lose what one of them loses with a sixteenth of the flow; fittings come on top."""
    properties = liquid_properties(AMMONIA, jnp.asarray(300.0))
    one = tube_loss(properties, jnp.asarray(0.05), CELL)
    many = tube_loss(properties, jnp.asarray(0.8), CELL._replace(parallel=jnp.asarray(16.0)))
    assert float(many) == pytest.approx(float(one), rel=1e-12)
    gradient = friction_gradient(jnp.asarray(0.05), properties, CELL.diameter, CELL.roughness, CELL.small_flow)
    assert float(one) == pytest.approx(2.0 * float(gradient), rel=1e-12)
    with_bends = tube_loss(properties, jnp.asarray(0.05), CELL._replace(loss_coefficient=jnp.asarray(2.0)))
    velocity = 0.05 / (properties.density * 0.25 * jnp.pi * 0.01**2)
    assert float(with_bends - one) == pytest.approx(float(properties.density * velocity**2), rel=1e-6)


def _divided(network, lengths, pump, viscosity=1e-3):
    """Flows and losses of a branch with a pump and a section of parallel tubes of these lengths, at one temperature.

    States: wall, fluid, then m and s of the whole, then m and s of each branch.
    """
    fluid, branches = constant_liquid(viscosity=viscosity), len(lengths)
    flows, losses = 2 + 2 * np.arange(branches + 1), 3 + 2 * np.arange(branches + 1)
    free = np.r_[np.ones(branches - 1), 0.0]
    cells = network.shared(CELL, branches)._replace(length=jnp.asarray(lengths), free=jnp.asarray(free))
    pairs = np.column_stack([np.zeros(branches, int), np.ones(branches, int), flows[1:], losses[1:]])
    last = np.column_stack([flows[1:-1], np.full(branches - 1, losses[-1])])
    groups = [
        network.Group(partial(tube_heat, fluid, laminar_isothermal), pairs, cells),
        network.Group(branch_loss, losses[:, None]),
        network.Group(equal_loss, last),
        network.Group(remaining_flow, flows[None]),
        network.Group(
            section_loss,
            [[flows[0], losses[0], losses[-1]]],
            network.shared(Section(jnp.asarray(0.0 if pump[0] == "set" else 1.0)), 1),
        ),
    ]
    if pump[0] == "set":
        groups.append(network.Group(set_flow, [[flows[0]]], network.shared(SetFlow(jnp.asarray(pump[1])), 1)))
    else:
        groups.append(network.Group(partial(curve_pump, fluid), [[1, flows[0]]], network.shared(pump[1], 1)))
    y = np.full(4 + 2 * branches, 1e-3)
    y[:2] = 300.0
    solved = np.asarray(network.solve(groups, y, [0, 1]))
    return solved[flows], solved[losses]


def test_laminar_flow_divides_by_length(network):
    """Hagen-Poiseuille: flows are as 1/L; the section's loss is that of each branch and, once, that of the whole."""
    lengths = [2.0, 4.0, 5.0]
    flows, losses = _divided(network, lengths, ("set", 0.01))
    share = 1.0 / np.array(lengths)
    np.testing.assert_allclose(flows, np.r_[0.01, 0.01 * share / share.sum()], rtol=1e-10)
    np.testing.assert_allclose(losses, losses[0], rtol=1e-10)
    exact = 128.0 * 1e-3 * flows[1] * 2.0 / (np.pi * 1000.0 * 0.01**4)
    assert losses[0] == pytest.approx(exact, rel=1e-10)


def test_turbulent_flow_divides_by_a_power_of_length(network):
    """Blasius: flows are as L^(-4/7). Churchill's slope differs a little from -1/4 near Re = 2e4 to 5e4: 2 %."""
    flows, _ = _divided(network, [2.0, 4.0], ("set", 0.6))
    assert flows[1] / flows[2] == pytest.approx(2.0 ** (4.0 / 7.0), rel=0.02)


def test_pump_meets_its_loop(network):
    """A straight pump curve and laminar tubes: rho g (H0 - a m/rho) = R m has one root; no flow is left over."""
    pump = CurvePump(jnp.array([0.0, 1e-4]), jnp.array([1.0, 0.0]), jnp.asarray(0.5))
    flows, losses = _divided(network, [10.0, 10.0], ("curve", pump), viscosity=0.02)
    resistance = 0.5 * 128.0 * 0.02 * 10.0 / (np.pi * 1000.0 * 0.01**4)
    head = 1000.0 * STANDARD_GRAVITY
    exact = head / (resistance + head * 1e4 / 1000.0)
    np.testing.assert_allclose(flows, [exact, 0.5 * exact, 0.5 * exact], rtol=1e-9)
    np.testing.assert_allclose(losses, resistance * exact, rtol=1e-9)


def test_a_closed_loop_rejects_what_it_takes(network):
    """Cold plate, radiator and pump: steady radiation is the load plus the pump's electrical power."""
    fluid, load_power, efficiency, flow = AMMONIA, 800.0, 0.4, 0.03
    # States: fluid 0-3 (pump, cold plate, line, radiator), walls 4-5 (cold plate, radiator), m 6, s 7.
    ring = np.array([[0, 1], [1, 2], [2, 3], [3, 0]])
    cell = CELL._replace(length=jnp.asarray(20.0), roughness=jnp.asarray(5e-6))
    groups = [
        network.Group(partial(carried_heat, fluid), np.column_stack([ring, np.full(4, 6)]), network.shared(CARRIER, 4)),
        network.Group(partial(tube_heat, fluid, all_regimes), [[4, 1, 6, 7], [5, 3, 6, 7]], network.shared(cell, 2)),
        network.Group(branch_loss, [[7]]),
        network.Group(set_flow, [[6]], network.shared(SetFlow(jnp.asarray(flow)), 1)),
        network.Group(partial(set_pump_heat, fluid), [[0, 6, 7]], network.shared(SetPump(jnp.asarray(efficiency)), 1)),
    ]

    def load(y):
        radiated = 0.85 * STEFAN_BOLTZMANN * 3.0 * y[5] ** 4
        return jnp.zeros_like(y).at[4].set(load_power).at[5].set(-radiated)

    y = network.solve(groups, np.array([300.0] * 6 + [flow, 1e4]), [], load)
    source = network.rates(groups, y)[1]
    pump_power = float(y[6] * y[7] / liquid_properties(fluid, y[0]).density / efficiency)
    assert float(source.sum()) == pytest.approx(pump_power, rel=1e-13)
    assert pump_power > 0.1
    assert -float(load(y)[5]) == pytest.approx(load_power + pump_power, rel=1e-10)
    # The fluid gains the load over the cold plate: m (h_out - h_in), not m c dT at some temperature.
    gain = y[6] * (enthalpy(fluid, y[1]) - enthalpy(fluid, y[0]))
    assert float(gain) == pytest.approx(load_power, rel=1e-10)


@pytest.mark.parametrize(
    ("law", "local", "parameters"),
    [
        (partial(tube_heat, AMMONIA, all_regimes), 4, CELL._replace(loss_coefficient=jnp.asarray(1.0))),
        (partial(carried_heat, AMMONIA), 3, CARRIER),
        (lambda v, *rest: set_pump_heat(AMMONIA, v[1:], *rest), 4, SetPump(jnp.asarray(0.5))),
    ],
)
def test_finite_anywhere(law, local, parameters):
    """Values and derivatives of the laws for temperatures and flows that an iteration may pass through."""
    temperature, flow = (
        a.ravel() for a in jnp.meshgrid(*map(jnp.asarray, ([3.0, 200.0, 2000.0], [-1.0, 0.0, 1e-9, 9.0])))
    )
    wall, loss = jnp.full_like(flow, 1000.0), jnp.full_like(flow, 1e5)
    values = jnp.stack([wall, temperature, flow, loss], axis=1)[:, :local]
    both = jax.vmap(lambda v: (law(v, parameters, MODE), jax.jacrev(law, argnums=(0, 1))(v, parameters, MODE)))
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(jax.jit(both)(values)))


def test_gradients():
    """Rows of a tube, a link and a pump, in states and parameters; second order, as the adjoint of a step wants."""
    pump = CurvePump(jnp.array([0.0, 1e-4, 2e-4]), jnp.array([6.0, 5.0, 2.0]), jnp.asarray(0.5))

    def rows(values, cell, pump):
        tube = tube_heat(AMMONIA, all_regimes, values, cell, MODE).internal
        carried = carried_heat(AMMONIA, values[:3], Carrier(jnp.asarray(1e-3)), MODE).internal
        driven = curve_pump(AMMONIA, values[1:3], pump, MODE)
        return jnp.sum(1e-3 * tube) + jnp.sum(1e-4 * carried**2) + jnp.sum(1e-4 * driven.internal + driven.source)

    cell = CELL._replace(roughness=jnp.asarray(1e-5), loss_coefficient=jnp.asarray(3.0), free=jnp.asarray(1.0))
    at = (jnp.array([300.0, 290.0, 0.05, 1e4]), cell, pump)

    def scaled(*factors):
        return rows(*jax.tree.map(jnp.multiply, at, factors))

    ones = jax.tree.map(jnp.ones_like, at)
    check_grads(jax.jit(scaled), ones, 1, ("fwd", "rev"), atol=1e-5, rtol=1e-5)
    check_grads(jax.jit(jax.grad(scaled)), ones, 1, ("fwd",), atol=1e-5, rtol=1e-5)
