"""Networks made to break the solvers, through the public verbs: each converges, or ends with a name and a node.

Capacities from 1e-9 to 1e6 J/K side by side, nodes on their own, emittances of 1e-3, loads that step by 1e3, links of
zero conductance, one node alone, and loops of ten thousand nodes, with two-way and one-way links. Steady states are
searched from 3 K, 290 K and 1000 K. Numbers come from the heat balance written down here, not from the engine's.
"""

from pathlib import Path

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

import caloris
from caloris.model.thermal import Thermal
from caloris.output.read import open_run

SIGMA = 5.670374419e-8
STARTS = (3.0, 290.0, 1000.0)
LOOP = 10_000
_ORBIT = '\n[orbit]\naltitude = "500 km"\nbeta = "0 deg"\n'
_TRANSIENT = '[run]\nmode = "transient"\nduration = "{0} s"\noutput_every = "{1} s"\n'
_CYCLIC = '[run]\nmode = "cyclic"\noutput_every = "120 s"\n' + _ORBIT
_STEADY = '[run]\nmode = "steady"\n'


def node(name: str, capacity: str | None, more: str = "") -> str:
    given = "" if capacity is None else f'heat_capacity = "{capacity} J/K"\n'
    return f'[[node]]\nname = "{name}"\n{given}{more}'


def link(a: str, b: str, **value: str) -> str:
    ((kind, number),) = value.items()
    return f'[[link]]\nbetween = ["{a}", "{b}"]\n{kind} = "{number}"\n'


def load(on: str, power: str) -> str:
    return f'[[load]]\non = "{on}"\npower = {power}\n'


SPACE = '[[node]]\nname = "space"\ntemperature = "3 K"\n'


def thermal(text: str) -> Thermal:
    model = caloris.build(caloris.parse_case(text))
    assert model.thermal is not None
    return model.thermal


def from_start(model: Thermal, start: float) -> Thermal:
    """The model with all free nodes at one start temperature."""
    nodes = model.nodes
    begin = jnp.where(nodes.free > 0, start, nodes.start_temperature)
    return eqx.tree_at(lambda m: m.nodes.start_temperature, model, begin)


def finite(solution) -> None:
    assert np.all(np.isfinite(solution.temperature))


# Sixteen capacities over fifteen orders of size, in a row whose links do as well; the first end radiates through an
# emittance of 1e-3 and the load at the other steps by a factor of 1000.
CAPACITIES = [f"1e{k}" for k in range(-9, 7)]
_NAMES = [f"n{k}" for k in range(len(CAPACITIES))]


def row(exponent: int) -> str:
    """The row with links from 10^exponent to 10^(exponent + 6) W/K."""
    pairs = enumerate(zip(_NAMES[:-1], _NAMES[1:], strict=True))
    return (
        "".join(node(name, capacity) for name, capacity in zip(_NAMES, CAPACITIES, strict=True))
        + SPACE
        + "".join(link(a, b, conductance=f"1e{(k % 7) + exponent} W/K") for k, (a, b) in pairs)
        + link(_NAMES[0], "space", radiative_area="1e-3 m^2")
        + link(_NAMES[8], "space", radiative_area="0.1 m^2")
        + link(_NAMES[3], _NAMES[12], conductance="0 W/K")
    )


_STEPS = 'value = ["0.02 W", "20 W", "0.02 W"], between = "step" }'
STEPPED = load(_NAMES[15], '{ time = ["0 s", "500 s", "1000 s"], ' + _STEPS)
PHASED = load(_NAMES[15], "{ phase = [0, 0.3, 0.6], " + _STEPS)


def row_balance(temperature: np.ndarray, power: float, exponent: int) -> np.ndarray:
    """Heat into each node of the row (W)."""
    heat = np.zeros(16)
    for k in range(15):
        flow = 10.0 ** ((k % 7) + exponent) * (temperature[k + 1] - temperature[k])
        heat[k] += flow
        heat[k + 1] -= flow
    for k, area in ((0, 1e-3), (8, 0.1)):
        heat[k] -= area * SIGMA * (temperature[k] ** 4 - 3.0**4)
    heat[15] += power
    return heat


@pytest.mark.parametrize("start", STARTS)
def test_capacities_over_fifteen_orders_steady(start):
    found = caloris.solve_steady(from_start(thermal(_STEADY + row(-1) + load(_NAMES[15], '"20 W"')), start))
    temperature = np.asarray(found.temperature)[:16]
    # A nanokelvin at links of 1e5 W/K.
    assert np.abs(row_balance(temperature, 20.0, -1)).max() < 2e-4
    assert temperature.max() > temperature.min() > 100.0


def test_capacities_over_fifteen_orders_transient():
    """The stored heat of every node against its balance; nodes without inertia stay balanced through the steps."""
    model = thermal(_TRANSIENT.format(1500, 10) + row(-3) + STEPPED)
    times = jnp.linspace(0.0, 1500.0, 151)
    run = caloris.solve_transient(from_start(model, 290.0), times)
    finite(run)
    temperature = np.asarray(run.temperature)[:, :16]
    for k, power in ((49, 0.02), (99, 20.0), (150, 0.02)):
        heat = row_balance(temperature[k], power, -3)
        # The capacities below 1e-3 J/K behind links of at least 1e-3 W/K have settled: 1e-4 K at 1e3 W/K at most.
        assert np.abs(heat[:6]).max() < 0.2
    bounded = caloris.solve_transient(from_start(model, 290.0), times, checkpoint_every=16)
    assert bounded.record is None
    np.testing.assert_allclose(bounded.temperature, run.temperature, rtol=1e-12)


@pytest.mark.slow
def test_capacities_over_fifteen_orders_cyclic():
    run = caloris.solve_cyclic(thermal(_CYCLIC + row(-1) + PHASED))
    finite(run)
    temperature = np.asarray(run.temperature)
    np.testing.assert_allclose(temperature[0], temperature[-1], atol=1e-3)
    # Over one period what comes in goes out; capacities of 1e6 J/K make 1e-4 K worth 0.02 W of the mean of 6 W.
    lit = 0.02 + 0.3 * (20.0 - 0.02)
    times = np.asarray(run.time)
    lost = sum(np.trapezoid(area * SIGMA * (temperature[:, k] ** 4 - 81.0), times) for k, area in ((0, 1e-3), (8, 0.1)))
    assert lost / times[-1] == pytest.approx(lit, rel=0.02)


ALONE = node("alone", "10") + node("plate", "100") + SPACE + link("plate", "space", radiative_area="0.5 m^2")


@pytest.mark.parametrize("start", STARTS)
def test_isolated_node(start):
    """Without heat it keeps its temperature; with heat a steady state does not exist and the node is named."""
    text = _STEADY + ALONE + load("plate", '"100 W"')
    found = caloris.solve_steady(from_start(thermal(text), start))
    exact = (100.0 / (0.5 * SIGMA) + 81.0) ** 0.25
    np.testing.assert_allclose(found.temperature[:2], [start, exact], rtol=1e-9)
    with pytest.raises(caloris.SolveError, match="'alone'") as failure:
        caloris.solve_steady(from_start(thermal(text + load("alone", '"1 W"')), start))
    assert failure.value.result == "no_steady_state" and failure.value.node == "alone"
    finite(failure.value.solution)


@pytest.mark.slow
def test_isolated_node_over_time():
    """Transient: a straight line. Cyclic: without heat it stays; with heat there is no cycle, and it is named."""
    model = thermal(_TRANSIENT.format(1000, 100) + ALONE + load("alone", '"2 W"'))
    run = caloris.solve_transient(from_start(model, 290.0), jnp.linspace(0.0, 1000.0, 11))
    # linear solves of a step stop at 1e-6 K
    np.testing.assert_allclose(run.temperature[:, 0], 290.0 + 0.2 * np.linspace(0.0, 1000.0, 11), atol=1e-5)
    run = caloris.solve_cyclic(from_start(thermal(_CYCLIC + ALONE + load("plate", '"100 W"')), 290.0))
    np.testing.assert_allclose(run.temperature[:, 0], 290.0, rtol=1e-12)
    with pytest.raises(caloris.SolveError, match="'alone'") as failure:
        caloris.solve_cyclic(thermal(_CYCLIC + ALONE + load("plate", '"100 W"') + load("alone", '"1 W"')))
    assert failure.value.result == "no_steady_state" and failure.value.node == "alone"
    # The first orbit is what it returns: 1 W on 10 J/K for an hour and a half, a line in time.
    times = np.asarray(failure.value.solution.time)
    heated = np.asarray(failure.value.solution.temperature)[:, 0]
    np.testing.assert_allclose(heated - heated[0], 0.1 * times, atol=1e-5)


PAIRS = {
    "by links": link("a", "b", conductance="0.5 W/K"),
    "by radiation": link("a", "b", radiative_area="0.1 m^2"),
    "by a stream round": link("a", "b", capacity_rate="2 W/K") + link("b", "a", capacity_rate="2 W/K"),
}


@pytest.mark.slow
@pytest.mark.parametrize("pair", PAIRS)
def test_isolated_group_in_a_cycle(pair):
    """Two nodes that only have each other, beside a plate: with mean heat there is no cycle, without there is one.

    What is returned is the first orbit, in which both take up 1 W together.
    """
    text = ALONE + load("plate", '"100 W"') + node("a", "40") + node("b", "60") + PAIRS[pair]
    with pytest.raises(caloris.SolveError) as failure:
        caloris.solve_cyclic(thermal(_CYCLIC + text + load("a", '"1 W"')))
    assert failure.value.result == "no_steady_state" and failure.value.node in ("a", "b")
    run = failure.value.solution
    names = thermal(_CYCLIC + text).nodes.name
    a, b = (np.asarray(run.temperature)[:, names.index(name)] for name in "ab")
    np.testing.assert_allclose(40.0 * (a - a[0]) + 60.0 * (b - b[0]), np.asarray(run.time), rtol=1e-5, atol=0.1)
    swing = '{ phase = [0, 0.5], value = ["1 W", "-1 W"], between = "step" }'
    run = caloris.solve_cyclic(thermal(_CYCLIC + text + load("a", swing)))
    np.testing.assert_allclose(run.temperature[0], run.temperature[-1], atol=1e-3)
    assert 250.0 < float(run.temperature[:, names.index("a")].mean()) < 330.0


def test_the_failed_node_is_in_the_run_file(tmp_path):
    finished = caloris.run(caloris.parse_case(_STEADY + ALONE + load("alone", '"1 W"')), throw=False)
    assert finished.failures == {"": "no_steady_state"}
    with open_run(finished.save(tmp_path / "failed.h5")) as run:
        assert run.attribute("status", "failed_node") == "alone"


@pytest.mark.parametrize("capacity", ["1e-9", "0", "1e6"])
def test_one_node(capacity):
    """One node alone: against the fourth root, and over time against the closed form of a lump that cools."""
    text = node("box", capacity) + SPACE + link("box", "space", radiative_area="1e-3 m^2")
    exact = (5.0 / (1e-3 * SIGMA) + 81.0) ** 0.25
    for start in STARTS:
        found = caloris.solve_steady(from_start(thermal(_STEADY + text + load("box", '"5 W"')), start))
        assert float(found.temperature[0]) == pytest.approx(exact, rel=1e-10)
    times = jnp.array([0.0, 500.0, 2000.0])
    model = thermal(_TRANSIENT.format(2000, 100) + text + load("box", '"5 W"'))
    run = caloris.solve_transient(from_start(model, exact + 100.0), times)
    finite(run)
    if capacity != "1e6":  # it has settled
        np.testing.assert_allclose(run.temperature[1:, 0], exact, atol=1e-3)
    cycle = caloris.solve_cyclic(thermal(_CYCLIC + text + load("box", '"5 W"')))
    np.testing.assert_allclose(cycle.temperature[:, 0], exact, atol=1e-3)


@pytest.mark.parametrize("mode", [_STEADY, _CYCLIC])
def test_nothing_but_zero_conductances(mode):
    """Links of zero change nothing: the two are on their own."""
    text = node("a", "10") + node("b", "20") + SPACE + link("a", "b", conductance="0 W/K")
    text += link("b", "space", radiative_area="0 m^2") + link("a", "b", capacity_rate="0 W/K")
    model = from_start(thermal(mode + text), 290.0)
    found = caloris.solve_steady(model) if mode is _STEADY else caloris.solve_cyclic(model)
    np.testing.assert_allclose(np.atleast_2d(found.temperature)[:, :2], 290.0, rtol=1e-12)


def loop(folder: Path, mode: str, kind: str, value: float, emittance: float) -> Thermal:
    """Ten thousand nodes in a closed ring; every hundredth radiates, one in the middle is heated by 100 W."""
    lines = ["name,heat_capacity,start_temperature,boundary,load", "space,,3.0,true,"]
    lines += [f"n{k},{10.0 ** (k % 5 - 2)},290.0,,{100.0 if k == LOOP // 2 else 0.0}" for k in range(LOOP)]
    (folder / "nodes.csv").write_text("\n".join(lines) + "\n")
    pairs = ["kind,from,to,value"]
    pairs += [f"{kind},n{k},n{(k + 1) % LOOP},{value}" for k in range(LOOP)]
    pairs += [f"radiative,n{k},space,{emittance}" for k in range(0, LOOP, 100)]
    (folder / "couplings.csv").write_text("\n".join(pairs) + "\n")
    case = caloris.parse_case(f'{mode}[network]\nnodes = "nodes.csv"\ncouplings = "couplings.csv"\n', folder)
    model = caloris.build(case).thermal
    assert model is not None
    return model


RINGS = {"two-way": ("conductive", 50.0), "one-way": ("one_way", 50.0)}


@pytest.mark.slow
@pytest.mark.parametrize("ring", RINGS)
def test_steady_loop_of_ten_thousand_nodes(tmp_path, ring):
    model = loop(tmp_path, _STEADY, *RINGS[ring], 0.1)
    found = caloris.solve_steady(model)
    names, temperature = model.nodes.name, np.asarray(found.temperature)
    lost = 0.1 * SIGMA * sum(temperature[names.index(f"n{k}")] ** 4 - 81.0 for k in range(0, LOOP, 100))
    assert lost == pytest.approx(100.0, rel=1e-6)


@pytest.mark.parametrize("ring", RINGS)
def test_loop_of_ten_thousand_nodes_over_time(tmp_path, ring):
    model = loop(tmp_path, _TRANSIENT.format(200, 100), *RINGS[ring], 0.1)
    run = caloris.solve_transient(model, jnp.array([0.0, 100.0, 200.0]), tolerance=1e-2, checkpoint_every=16)
    finite(run)
    assert float(jnp.max(run.temperature)) > 290.5


@pytest.mark.slow
@pytest.mark.parametrize("ring", RINGS)
def test_cycle_of_a_loop_of_ten_thousand_nodes(tmp_path, ring):
    model = loop(tmp_path, _CYCLIC, *RINGS[ring], 0.1)
    run = caloris.solve_cyclic(model, jnp.array([0.0, 2000.0]), tolerance=1e-2, throw=False)
    finite(run)
    if int(run.result):  # conduction round ten thousand nodes, preconditioned by the diagonal, may end named
        with pytest.raises(caloris.SolveError) as failure:
            caloris.solve_cyclic(model, jnp.array([0.0, 2000.0]), tolerance=1e-2)
        assert ring == "two-way" and failure.value.node in model.nodes.name
        return
    # Under a constant load the cycle is the steady state: all of the 100 W goes out.
    names, temperature = model.nodes.name, np.asarray(run.temperature)[1]
    lost = 0.1 * SIGMA * sum(temperature[names.index(f"n{k}")] ** 4 - 81.0 for k in range(0, LOOP, 100))
    assert lost == pytest.approx(100.0, rel=1e-3)
