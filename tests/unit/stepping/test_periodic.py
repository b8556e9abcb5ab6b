"""Periodic orbits: against a closed form and spin-up, with a battery, and with named failures."""

import jax
import jax.numpy as jnp
import numpy as np

from caloris_benchmarks.dense_scene import ENCLOSURE, PERIOD, enclosure
from caloris_kernels.stepping.adaptive import integrate
from caloris_kernels.stepping.linear import dense_back_substitute, dense_factor
from caloris_kernels.stepping.periodic import solve_periodic
from caloris_kernels.stepping.replay import replay
from caloris_kernels.stepping.system import BUFFER_OVERFLOW, SUCCESS, System

NODES = 8
EDGES = jnp.array([0.0, 1800.0, 3900.0, PERIOD])
P = enclosure(NODES)
GUESS = jnp.full(NODES, 290.0, dtype=float)


@jax.jit
def _enclosure_cycle(p, tolerance):
    return solve_periodic(ENCLOSURE, p, GUESS, EDGES, tolerance, cycle_tolerance=1e-7, max_steps=300)


def test_equals_the_end_of_a_long_spin_up():
    light = P._replace(heat_capacity=jnp.minimum(P.heat_capacity, 200.0))
    tolerance = jnp.full(NODES, 1e-6)
    cycle = _enclosure_cycle(light, 1e-6)
    assert int(cycle.result) == SUCCESS
    assert int(cycle.iterations) <= 9
    run = jax.jit(lambda p, y: integrate(ENCLOSURE, p, y, EDGES, tolerance, max_steps=300).final)
    state = GUESS
    for _ in range(6):
        state = run(light, state)
    # 6 orbits damp the slowest node, 200 J/K over 0.3 W/K, by exp(-51); the rest is the grid's 1e-6 K
    assert float(jnp.max(jnp.abs(state - cycle.y0))) < 5e-6
    assert float(jnp.max(jnp.abs(cycle.drift))) < 1e-6
    swing = replay(ENCLOSURE, light, cycle.y0, EDGES, cycle.grid, tolerance).end
    assert float(jnp.max(jnp.max(swing, 0) - jnp.min(swing, 0))) > 5.0  # the eclipse is felt


def _linear():
    """C y' = q0 + q1 cos(w t) - G y: y0 is the value at t = 0 of the harmonic response."""

    def rate(t, y, p, s):
        return p["load"] + p["wave"] * jnp.cos(2.0 * jnp.pi / PERIOD * t) - p["conductance"] * y

    return System(
        rate,
        lambda p: p["capacity"],
        lambda t, y, p, s: p["conductance"] + 0.0 * y,
        lambda k, v: k * v,
        lambda k, v: k * v,
        lambda k: k,
    )


def test_linear_nodes_of_any_inertia_follow_the_harmonic_response():
    p = {
        "load": jnp.array([30.0, 300.0, 3.0]),
        "wave": jnp.array([10.0, 100.0, 2.0]),
        "conductance": jnp.array([0.1, 1.0, 0.01]),
        "capacity": jnp.array([1.0, 1e3, 1e5]),  # time constants of 10 s, 1000 s and 1e7 s
    }
    cycle = solve_periodic(
        _linear(),
        p,
        jnp.full(3, 200.0),
        jnp.array([0.0, PERIOD]),
        jnp.full(3, 1e-7),
        cycle_tolerance=1e-6,
        max_steps=400,
    )
    speed = 2.0 * np.pi / PERIOD
    response = np.asarray(p["wave"]) / (np.asarray(p["conductance"]) + 1j * speed * np.asarray(p["capacity"]))
    exact = np.asarray(p["load"] / p["conductance"]) + response.real
    assert int(cycle.result) == SUCCESS
    # The slow node gains 1 / (1 - M) = 1750 times its error of an orbit, about 1e-7 K; the guess was off by 100 K
    np.testing.assert_allclose(cycle.y0, exact, atol=2e-4)


def _with_battery():
    """One plate, and a battery charged in sunlight up to its capacity that heats the plate by its losses."""

    def rate(t, y, p, s):
        lit = p["sunlit"][s]
        room = 1.0 - jnp.exp((y[1] - p["full"]) / (0.02 * p["full"]))
        charge = lit * p["charge"] * room
        plate = p["load"] + 0.1 * charge - p["area"] * y[0] ** 4
        return jnp.stack([plate, charge - (1.0 - lit) * p["draw"]])

    def linearize(t, y, p, s):
        return -jax.jacfwd(lambda state: rate(t, state, p, s))(y)

    return System(rate, lambda p: p["mass"], linearize, lambda k, v: k @ v, lambda k, v: k.T @ v, jnp.diag)


BATTERY = {
    "sunlit": jnp.array([1.0, 0.0, 1.0]),
    "charge": jnp.asarray(300.0),
    "draw": jnp.asarray(200.0),
    "full": jnp.asarray(1e6),
    "load": jnp.asarray(400.0),
    "area": jnp.asarray(5e-8),
    "mass": jnp.array([5e3, 1.0]),
}
_cycle = jax.jit(
    lambda p, guess, periodic: solve_periodic(
        _with_battery(),
        p,
        guess,
        EDGES,
        jnp.array([1e-5, 1e-1]),
        cycle_tolerance=jnp.array([1e-6, 1e-1]),
        max_steps=300,
        picard=jnp.array([False, True]),
        periodic_state=periodic,
        max_orbits=15,
    )
)


def test_a_battery_that_fills_is_periodic():
    both = jnp.array([True, True])
    cycle = _cycle(BATTERY, jnp.array([290.0, 0.9e6]), both)
    assert int(cycle.result) == SUCCESS
    assert abs(float(cycle.drift[1])) < 1.0  # J of 1e6
    other = _cycle(BATTERY, jnp.array([320.0, 0.6e6]), both)
    assert np.all(np.abs(other.y0 - cycle.y0) < np.array([1e-5, 10.0]))  # ten and a hundred tolerances


def test_a_battery_that_is_held_reports_its_drift():
    poor = {**BATTERY, "charge": jnp.asarray(100.0)}
    cycle = _cycle(poor, jnp.array([290.0, 0.9e6]), jnp.array([True, False]))
    assert int(cycle.result) == SUCCESS
    assert float(cycle.y0[1]) == 0.9e6
    assert float(cycle.drift[1]) < -5e4  # 3600 s of at most 100 W in, 2100 s of 200 W out


def test_failures_of_an_orbit_are_passed_on_and_finite():
    cycle = _enclosure_cycle(P, 1e-11)
    assert int(cycle.result) == BUFFER_OVERFLOW
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(cycle))


def test_a_controller_that_adds_up_its_error_is_no_group_without_a_way_out():
    """Its row has no diagonal, and what it does to the node is more than K's own: no drift, and an orbit there is."""

    def rate(t, y, p, s):
        load = p["load"] + p["wave"] * jnp.cos(2.0 * jnp.pi / PERIOD * t)
        return jnp.stack([load - (0.1 + y[1]) * y[0], (y[0] - p["setpoint"]) / p["time"]])

    jacobian = jax.jacfwd(rate, argnums=1)
    system = System(
        rate,
        lambda p: p["capacity"],
        lambda t, y, p, s: -jacobian(t, y, p, s),
        jnp.matmul,
        lambda k, v: v @ k,
        jnp.diagonal,
        factor=dense_factor,
        back_substitute=dense_back_substitute,
    )
    p = {"load": 300.0, "wave": 30.0, "setpoint": 290.0, "time": 1e5, "capacity": jnp.array([500.0, 1.0])}
    p = jax.tree.map(lambda x: jnp.asarray(x, float), p)
    cycle = solve_periodic(
        system,
        p,
        jnp.array([280.0, 1.0]),
        jnp.array([0.0, PERIOD]),
        jnp.array([1e-5, 1e-8]),
        cycle_tolerance=jnp.array([1e-4, 1e-7]),
        max_steps=400,
        mean_linearize=lambda p, mean: system.linearize(jnp.zeros(()), mean, p, jnp.zeros((), jnp.int32)),
    )
    assert int(cycle.result) == SUCCESS
    assert np.all(np.abs(cycle.drift) < [1e-4, 1e-7])
    # The mean error of a periodic integral is zero: the record's mean temperature is the setpoint.
    assert abs(float(cycle.mean[0]) - 290.0) < 0.05
