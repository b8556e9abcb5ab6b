"""Heat pipes: series of conductances, limits, the gas front against its ideal gas, set points; gradients."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.test_util import check_grads
from scipy.optimize import root_scalar

from caloris_kernels.constants import GAS_CONSTANT
from caloris_kernels.fluid.heat_pipe_laws import (
    GasLoadedPipe,
    HeatPipe,
    LoopHeatPipe,
    gas_loaded_pipe,
    heat_pipe,
    limited,
    loop_heat_pipe,
    open_condenser,
)
from caloris_kernels.fluid.library import liquid_named
from caloris_kernels.fluid.liquid import vapor_pressure

MODE = jnp.asarray(0.0)
AMMONIA = liquid_named("ammonia")
PIPE = HeatPipe(*map(jnp.asarray, (30.0, 0.01, 100.0, 0.5)))
LOADED = GasLoadedPipe(*map(jnp.asarray, (20.0, 0.02, 1e-3, 6e-5, 2e-4)))
LOOP = LoopHeatPipe(*map(jnp.asarray, (25.0, 0.05, 295.0, 2.0, 500.0)))


def _carried(law, parameters, *values):
    heat = law(jnp.array(values), parameters, MODE)
    assert float(heat.internal.sum()) == 0.0
    assert not np.any(heat.source)
    return float(heat.internal[1])


def test_conductance_below_the_limit():
    """5 K at 30 W/K, and the container's 0.01 W/K beside it; the same backward."""
    assert _carried(heat_pipe, PIPE, 305.0, 300.0) == pytest.approx(5.0 * 30.01, rel=1e-13)
    assert _carried(heat_pipe, PIPE, 300.0, 305.0) == pytest.approx(-5.0 * 30.01, rel=1e-13)


def test_transport_limit():
    """100 W m over 0.5 m: 200 W, however large the difference; the slope left is that of the container, not zero."""
    assert _carried(heat_pipe, PIPE, 400.0, 300.0) == pytest.approx(200.0 + 1.0, rel=1e-13)
    slope = jax.jacfwd(lambda v: heat_pipe(v, PIPE, MODE).internal)(jnp.array([400.0, 300.0]))
    np.testing.assert_allclose(slope, 0.01 * np.array([[-1.0, 1.0], [1.0, -1.0]]), rtol=1e-12)
    sizes = jax.vmap(lambda q: limited(q, jnp.asarray(200.0)))(jnp.linspace(-400.0, 400.0, 401))
    assert np.all(np.diff(sizes) > -1e-12)
    assert np.max(np.abs(sizes)) == pytest.approx(200.0, rel=1e-13)


def test_chain_of_heat_pipes(network):
    """Box, evaporator film, vapor, condenser film, radiator: resistances in series, T = T_sink + Q sum 1/G."""
    conductance = np.array([12.0, 80.0, 45.0])
    pipes = HeatPipe(jnp.asarray(conductance), *(jnp.full(3, x) for x in (0.0, 1e4, 1.0)))
    groups = [network.Group(heat_pipe, [[0, 1], [1, 2], [2, 3]], pipes)]
    y = np.asarray(network.solve(groups, np.full(4, 280.0), [3], jnp.array([150.0, 0.0, 0.0, 0.0])))
    np.testing.assert_allclose(y[:3], 280.0 + 150.0 * np.cumsum(1.0 / conductance[::-1])[::-1], rtol=1e-13)


def _share(pipe, vapor, condenser, reservoir):
    return float(open_condenser(AMMONIA, jnp.asarray(vapor), jnp.asarray(condenser), jnp.asarray(reservoir), pipe))


def _moles(share, vapor, condenser, reservoir):
    """An ideal gas at the walls of the blocked part of the condenser and of the reservoir, counted by hand."""
    p = [float(vapor_pressure(AMMONIA, jnp.asarray(t))) for t in (vapor, condenser, reservoir)]
    blocked = (1.0 - share) * float(LOADED.condenser_volume)
    stored = float(LOADED.reservoir_volume)
    return ((p[0] - p[1]) * blocked / condenser + (p[0] - p[2]) * stored / reservoir) / GAS_CONSTANT


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_gas_front(share):
    """The charge of a share, put into the law, gives that share, and the conductance of it."""
    at = (300.0, 285.0, 270.0)
    pipe = LOADED._replace(gas=jnp.asarray(_moles(share, *at)))
    got = _share(pipe, *at)
    # A millionth of the charge keeps the quotient finite; it is seven times what fits into the condenser.
    assert got == pytest.approx(share, abs=1e-5)
    heat = _carried(partial(gas_loaded_pipe, AMMONIA), pipe, *at)
    assert heat == pytest.approx((20.0 * got + 0.02) * 15.0, rel=1e-12)


def test_no_gas_and_cold_pipe():
    """Without gas the condenser is open; with the vapor colder than the condenser it is all gas, and shut."""
    assert _share(LOADED._replace(gas=jnp.asarray(1e-12)), 300.0, 290.0, 280.0) == pytest.approx(1.0, abs=1e-9)
    assert _share(LOADED, 280.0, 290.0, 280.0) == pytest.approx(0.0, abs=1e-9)


def test_gas_holds_the_temperature():
    """The purpose of the gas: a load four times as large moves the vapor by a few kelvin, without gas by four times."""

    def vapor(power, pipe):
        law = partial(gas_loaded_pipe, AMMONIA)
        return root_scalar(lambda t: _carried(law, pipe, t, 250.0, 250.0) - power, bracket=(251.0, 390.0)).root

    def swing(pipe):
        return vapor(600.0, pipe) - vapor(150.0, pipe)

    empty = LOADED._replace(gas=jnp.asarray(1e-12))
    assert swing(empty) == pytest.approx(450.0 / 20.02, rel=1e-6)
    assert 0.0 < swing(LOADED._replace(gas=jnp.asarray(_moles(0.4, 295.0, 250.0, 250.0)))) < 0.25 * swing(empty)


def test_loop_heat_pipe_set_point():
    """Shut below the set point, linear over the band, fixed above it, limited, and one way."""
    leak = 0.05
    assert _carried(loop_heat_pipe, LOOP, 290.0, 260.0) == pytest.approx(leak * 30.0, rel=1e-12)
    assert _carried(loop_heat_pipe, LOOP, 296.0, 286.0) == pytest.approx((0.5 * 25.0 + leak) * 10.0, rel=1e-12)
    assert _carried(loop_heat_pipe, LOOP, 300.0, 290.0) == pytest.approx((25.0 + leak) * 10.0, rel=1e-12)
    assert _carried(loop_heat_pipe, LOOP, 350.0, 250.0) == pytest.approx(500.0 + leak * 100.0, rel=1e-12)
    assert _carried(loop_heat_pipe, LOOP, 300.0, 310.0) == pytest.approx(-leak * 10.0, rel=1e-12)
    assert _carried(loop_heat_pipe, LOOP, 300.0, 300.0) == 0.0


def test_loop_heat_pipe_holds_its_evaporator(network):
    """From 100 to 300 W, to a sink at 270 K: the evaporator stays within its band of 2 K."""

    def evaporator(power):
        groups = [network.Group(loop_heat_pipe, [[0, 1]], network.shared(LOOP, 1))]
        return float(network.solve(groups, np.array([296.0, 270.0]), [1], jnp.array([power, 0.0]))[0])

    assert 295.0 < evaporator(100.0) < evaporator(300.0) < 297.0


LAWS = {
    "heat pipe": (heat_pipe, PIPE, 2),
    "gas loaded": (partial(gas_loaded_pipe, AMMONIA), LOADED, 3),
    "loop heat pipe": (loop_heat_pipe, LOOP, 2),
}


@pytest.mark.parametrize("name", LAWS)
def test_finite_anywhere(name):
    law, parameters, nodes = LAWS[name]
    grid = np.array(np.meshgrid(*[[3.0, 100.0, 300.0, 301.0, 2000.0]] * nodes)).reshape(nodes, -1).T
    heat, slopes = jax.jit(
        jax.vmap(lambda v: (law(v, parameters, MODE), jax.jacrev(law, (0, 1))(v, parameters, MODE)))
    )(jnp.asarray(grid))
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves((heat, slopes)))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("heat pipe", (306.7, 300.0)),
        ("gas loaded", (300.0, 285.0, 270.0)),
        ("loop heat pipe", (296.3, 280.0)),
        ("loop heat pipe", (320.0, 299.7)),
    ],
)
def test_gradients(name, values):
    """At a limit that sets in, a front inside the condenser, a valve half open: in temperatures and parameters."""
    law, parameters, _ = LAWS[name]
    if name == "gas loaded":
        parameters = parameters._replace(gas=jnp.asarray(_moles(0.5, *values)))
    at = (jnp.array(values), parameters)

    def scaled(*factors):
        return 1e-2 * law(*jax.tree.map(jnp.multiply, at, factors), MODE).internal[1]

    # A millionth of 300 K stays on one side of the corners.
    check_grads(jax.jit(scaled), jax.tree.map(jnp.ones_like, at), 1, ("fwd", "rev"), atol=1e-5, rtol=1e-5, eps=1e-6)
