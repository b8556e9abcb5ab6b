"""Networks with equipment, auxiliary states, all kinds of links, enthalpy states: exact matrices, balances."""

import dataclasses
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris.model.conduction import PropertyTables
from caloris.model.parts import Auxiliary, OneWayLinks, PartGroup, Switches
from caloris.model.thermal import CapacityOverTemperature, Conduction, RadiativeLinks, Thermal
from caloris.solve import heat_matrix, network, systems
from caloris.solve.balance import audit, balance
from caloris.solve.heat_matrix import HeatMatrix, matrix_diagonal, matrix_product, matrix_transpose_product
from caloris.solve.instant import at_time
from caloris.solve.network import assemble, with_rows
from caloris_kernels.parts.part_heat import PartHeat
from caloris_kernels.stepping.system import linearization_mismatch

# Two plates that see each other and the sky, one with cells, a battery on a bus, and three lumped nodes.
CASE = """
[run]
mode = "transient"
duration = "2000 s"
output_every = "100 s"

[orbit]
altitude = "500 km"
beta = "0 deg"

[power]
bus_efficiency = 0.9
losses_on = "box"

[[coating]]
name = "grey"
solar_absorptance = 0.6
infrared_emittance = 0.8

[[surface]]
name = "top"
shape = "rectangle"
corner = ["0 m", "0 m", "1 m"]
edge_u = ["1 m", "0 m", "0 m"]
edge_v = ["0 m", "1 m", "0 m"]
heat_capacity = "3000 J/K"
front = "grey"
back = "grey"

[[surface]]
name = "bottom"
shape = "rectangle"
corner = ["0 m", "0 m", "0 m"]
edge_u = ["1 m", "0 m", "0 m"]
edge_v = ["0 m", "1 m", "0 m"]
heat_capacity = "3000 J/K"
front = "grey"
back = "grey"

[[node]]
name = "box"
heat_capacity = "500 J/K"
[[node]]
name = "wax"
heat_capacity = "400 J/K"
[[node]]
name = "sink"
temperature = "250 K"

[[link]]
between = ["top", "box"]
conductance = "2 W/K"
[[link]]
between = ["box", "wax"]
conductance = "3 W/K"
[[load]]
on = "box"
power = "60 W"
electrical = true
[[solar_array]]
on = ["top/front"]
efficiency = 0.25
[[battery]]
on = "box"
capacity = "60 kJ"
start_charge = 0.98
"""
TOP, BOTTOM, BOX, WAX, SINK = range(5)
PUMP = jnp.array([1.0, 4.0])  # head and friction


def linearize(time, y, p, segment) -> Any:
    """Not compiled: tests choose between pieces and one matrix."""
    return systems._at(p, at_time(p, time, segment), y)


def pump(values, parameters, mode):
    """A stream m between two nodes, driven by an algebraic equation, with friction turned into heat."""
    first, second, flow = values
    head, friction = parameters
    carried = 50.0 * flow * (first - second)
    return PartHeat(
        jnp.stack([-carried, carried, head - friction * flow * jnp.abs(flow)]),
        jnp.stack([0.3 * head * flow, 0.0, 0.0]),
    )


def heater(values, parameters, mode):
    """Power into the first node, switched by the second."""
    return PartHeat(jnp.zeros(2), jnp.stack([parameters * mode, 0.0 * values[1]]))


def tank(values, parameters, mode):
    """A fluid of 2 kg whose specific enthalpy is the state, wetted by a node."""
    wall, enthalpy = values
    heat = parameters * (wall - enthalpy / 4000.0)
    return PartHeat(jnp.stack([-heat, heat]), jnp.zeros(2))


@pytest.fixture(scope="module")
def plain() -> Thermal:
    """The case alone."""
    thermal = caloris.build(caloris.parse_case(CASE)).thermal
    assert thermal is not None
    return thermal


@pytest.fixture(scope="module")
def equipped(plain: Thermal) -> Thermal:
    """With everything at once."""
    parts = (
        PartGroup(("pump",), "pump", pump, jnp.array([[BOX, BOTTOM]]), jnp.array([[0]]), (PUMP[:1], PUMP[1:])),
        PartGroup(
            ("heater",), "heater", heater, jnp.array([[BOTTOM, BOTTOM]]), jnp.zeros((1, 0), int), jnp.full(1, 30.0),
            jnp.array([0]),
        ),
        PartGroup(("tank",), "tank", tank, jnp.array([[WAX]]), jnp.array([[1]]), jnp.full(1, 8.0), electrical=False),
    )  # fmt: skip
    auxiliary = Auxiliary(
        ("pump flow", "tank enthalpy"),
        ("kg s-1", "J kg-1"),
        jnp.array([0.0, 2.0]),
        jnp.array([0.4, 1.17e6]),
        jnp.array([1e-3, 4000.0]),
        jnp.array([0.0, 1.0]),
    )
    melting = PropertyTables(("wax",), jnp.array([[288.0, 290.0, 291.0, 292.0]]), jnp.array([[0.5, 1.0, 40.0, 2.0]]))
    steel = PropertyTables(("steel",), jnp.array([[200.0, 290.0, 295.0]]), jnp.array([[0.6, 1.0, 1.5]]))
    return dataclasses.replace(
        plain,
        parts=parts,
        auxiliary=auxiliary,
        switches=Switches(("heater",), jnp.array([BOTTOM]), jnp.array([280.0]), jnp.array([300.0]), jnp.ones(1)),
        nodes=dataclasses.replace(
            plain.nodes,
            over_temperature=CapacityOverTemperature(jnp.array([WAX]), jnp.full(1, 400.0), jnp.array([0]), melting),
        ),
        conduction=Conduction(jnp.array([[TOP, BOTTOM], [TOP, WAX]]), jnp.array([0.7, 0.4]), jnp.array([0, -1]), steel),
        radiative_links=RadiativeLinks(
            ("radiator", "wall"),
            jnp.array([0.2, 0.1]),
            jnp.array([0, 1]),
            jnp.array([[BOX, SINK], [WAX, BOTTOM]]),
            jnp.ones(2),
        ),
        one_way_links=OneWayLinks(jnp.array([[SINK, BOX]]), jnp.array([1.5])),
    )


def state_of(thermal: Thermal, random: np.random.Generator) -> jax.Array:
    """Temperatures around 290 K, a battery that tapers, flows of ordinary size."""
    temperature = random.uniform(280.0, 299.0, 5)
    temperature[SINK] = 250.0
    return jnp.concatenate([jnp.asarray(temperature), jnp.array([60e3 * 0.995, 0.45, 1.17e6])])


@pytest.mark.slow
@pytest.mark.parametrize("many", [False, True])
def test_the_matrix_is_exact(equipped, monkeypatch, many):
    """K v and K^T v against derivatives of the rate, as one matrix and in pieces."""
    if many:
        monkeypatch.setattr(heat_matrix, "DENSE_NODES", 0)
        monkeypatch.setattr(network, "DENSE_NODES", 0)
    jax.clear_caches()
    p, _ = assemble(with_rows(equipped))
    assert (p.links.rows is not None) == many
    random = np.random.default_rng(0)
    for segment, time in ((0, 300.0), (int(p.edges.shape[0]) - 2, 1990.0)):
        y, v = state_of(equipped, random), jnp.asarray(random.normal(size=8) * np.array([1] * 5 + [1e4, 0.1, 4e3]))
        arguments = jnp.asarray(time), y, p, jnp.asarray(segment)
        mismatch = linearization_mismatch(systems.TRANSIENT, p, *arguments[:2], arguments[3], v)
        assert max(float(part) for part in mismatch) < 1e-10
        matrix = linearize(*arguments)
        assert isinstance(matrix, HeatMatrix) == many
        jacobian = -jax.jacfwd(systems.TRANSIENT.rate, argnums=1)(*arguments)
        found = systems.TRANSIENT.diagonal(matrix)
        np.testing.assert_allclose(found, jnp.diagonal(jacobian), rtol=1e-9, atol=1e-9)
    jax.clear_caches()


@pytest.mark.slow
def test_pieces_and_whole_are_one_matrix(equipped, monkeypatch):
    p, _ = assemble(equipped)
    arguments = jnp.asarray(300.0), state_of(equipped, np.random.default_rng(1)), p, jnp.asarray(0)
    whole = linearize(*arguments)
    monkeypatch.setattr(heat_matrix, "DENSE_NODES", 0)
    pieces = linearize(*arguments)
    unit = jnp.eye(8)
    scale = float(jnp.max(jnp.abs(whole)))
    np.testing.assert_allclose(jax.vmap(lambda v: matrix_product(pieces, v))(unit).T, whole, atol=1e-13 * scale)
    np.testing.assert_allclose(jax.vmap(lambda v: matrix_transpose_product(pieces, v))(unit), whole, atol=1e-13 * scale)
    np.testing.assert_allclose(matrix_diagonal(pieces), jnp.diagonal(whole), atol=1e-13 * scale)


@pytest.mark.slow
def test_energy_is_conserved_with_everything_at_work(equipped):
    """Melting, fluid in a tank, stream from a boundary, heater and pump on the bus: the audit closes."""
    times = jnp.linspace(0.0, 2000.0, 21)
    solution = caloris.solve_transient(equipped, times, tolerance=1e-4)
    wax = np.asarray(solution.temperature[:, WAX])
    assert wax.min() < 292.0 and wax.max() > 290.5  # part of the way through the melting range
    checked = audit(solution, True)
    # The contract of a run file is 1e-4 of the largest total; steps of 1e-4 K reach a tenth of it across the kinks of
    # melting and of the battery's taper.
    assert float(jnp.max(jnp.abs(checked.energy_residual)) / checked.largest_total) < 1e-5
    moments = balance(solution)
    largest = float(jnp.max(jnp.abs(moments.terms.conducted)))
    assert float(jnp.max(jnp.abs(moments.exchange_residual))) < 1e-12 * largest
    assert float(jnp.min(jnp.abs(moments.terms.advected[:, BOX]))) > 1.0
    # The pump's algebraic equation: head = friction flow^2.
    np.testing.assert_allclose(solution.auxiliary[:, 0], 0.5, rtol=1e-9)


@pytest.mark.slow
def test_without_equipment_nothing_changes(plain, equipped):
    """Equipment of no strength gives the plain model's temperatures."""
    idle = eqx.tree_at(
        lambda t: (t.parts[0].parameters[0], t.parts[1].parameters, t.parts[2].parameters, t.radiative_links.area,
                   t.one_way_links.capacity_rate, t.nodes.over_temperature.capacity, t.conduction.conductance,
                   t.auxiliary.start),
        equipped,
        (jnp.full(1, 1e-18), jnp.zeros(1), jnp.zeros(1), jnp.zeros(2), jnp.zeros(1), jnp.zeros(1), jnp.zeros(2),
         jnp.array([5e-10, 1.17e6])),
    )  # fmt: skip
    times = jnp.linspace(0.0, 2000.0, 6)
    first, second = (caloris.solve_transient(model, times, tolerance=1e-5) for model in (plain, idle))
    # Different steps of 1e-5 K each.
    np.testing.assert_allclose(first.temperature, second.temperature, atol=1e-4)


@pytest.mark.slow
def test_steady_state_finds_auxiliary_states_and_the_band_of_a_switch(equipped):
    solution = caloris.solve_steady(equipped)
    assert int(solution.result) == 0
    assert float(solution.auxiliary[0]) == pytest.approx(0.5, rel=1e-9)
    # No heat flows into the tank: its enthalpy is that of the wax's temperature.
    assert float(solution.auxiliary[1]) == pytest.approx(4000.0 * float(solution.temperature[WAX]), rel=1e-9)
    moments = balance(solution)
    net = np.asarray(moments.stored)[0]
    np.testing.assert_allclose(net, 0.0, atol=1e-6)


@pytest.mark.slow
def test_a_melting_node_warms_as_its_enthalpy_says():
    """A node alone under 10 W: T(t) from the integral of c; the plateau lasts latent heat over power."""
    text = """
[run]
mode = "transient"
duration = "1000 s"
[[node]]
name = "wax"
heat_capacity = "100 J/K"
start_temperature = "280 K"
[[load]]
on = "wax"
power = "10 W"
"""
    thermal = caloris.build(caloris.parse_case(text)).thermal
    assert thermal is not None
    # Specific heat rises to a peak and falls again: (1 + p) / 2 and (p + 2) / 2 times 0.25 K times 100 J/K are 5000 J.
    table = PropertyTables(("wax",), jnp.array([[290.0, 290.25, 290.5]]), jnp.array([[1.0, 198.5, 2.0]]))
    over = CapacityOverTemperature(jnp.array([0]), jnp.full(1, 100.0), jnp.array([0]), table)
    thermal = dataclasses.replace(thermal, nodes=dataclasses.replace(thermal.nodes, over_temperature=over))
    # 1000 J to 290 K, 5000 J of melting, then 200 J/K.
    times = jnp.array([0.0, 50.0, 100.0, 100.0 + 249.375, 600.0, 800.0, 1000.0])
    expected = [280.0, 285.0, 290.0, 290.25, 290.5, 290.5 + 2000 / 200, 290.5 + 4000 / 200]
    found = caloris.solve_transient(thermal, times).temperature[:, 0]
    # The state grows linearly: exact for any step, and the conversion is in closed form.
    np.testing.assert_allclose(found, expected, atol=1e-9)

    def end(thermal):
        return caloris.solve_transient(thermal, times[-1:]).temperature[0, 0]

    gradient = eqx.filter_grad(end)(thermal)
    # dT/dP = t / (2 C); a peak higher by dp takes 25 J dp more and makes it 25 J dp / (2 C) colder.
    assert float(gradient.loads[0].power.value[0]) == pytest.approx(1000.0 / 200.0, rel=1e-8)
    peak = gradient.nodes.over_temperature.tables.relative[0, 1]
    assert float(peak) == pytest.approx(-25.0 / 200.0, rel=1e-8)
