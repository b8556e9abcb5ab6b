"""The network as the problems that the steppers solve: C y' = F(t, y) and F(y) = 0."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from caloris.solve.network import Network, within
from caloris.solve.rates import Instant, at_time, average, network_matrix, network_rate
from caloris_kernels.stepping.system import System


class SteadyProblem(NamedTuple):
    """A network at one moment, or under mean loads, with batteries held full.

    Full batteries take no more charge and cover any deficit: over a whole number of periods they neither
    gain nor lose.
    """

    network: Network
    instant: Instant


# The stepper asks for rates and matrices at a dozen places. Compiled functions inside the verb's own compilation
# are traced and lowered once and then called.
@jax.jit
def _rate(time: Array, state: Array, network: Network, segment: Int[Array, ""]) -> Array:
    return network_rate(network, at_time(network, time, segment), state)


def _mass(network: Network) -> Float[Array, " state"]:
    batteries = 0 if network.bank is None else network.bank.capacity.shape[0]
    return jnp.concatenate([network.heat_capacity, jnp.ones(batteries)])


@jax.jit
def _linearize(time: Array, state: Array, network: Network, segment: Int[Array, ""]) -> Array:
    return network_matrix(network, at_time(network, time, segment), state)


TRANSIENT = System(
    rate=_rate,
    mass=_mass,
    linearize=_linearize,
    apply=lambda matrix, v: matrix @ v,
    apply_transpose=lambda matrix, v: v @ matrix,
    diagonal=jnp.diagonal,
    localize=within,
)


def mean_linearize(network: Network, mean: Float[Array, " state"]) -> Float[Array, "state state"]:
    """The linearization under mean loads at the mean state, for the preconditioner of periodic orbits."""
    return network_matrix(network, average(network), mean)


def full_charge(network: Network) -> Float[Array, " battery"]:
    """Energy in full batteries (J)."""
    return jnp.zeros(0) if network.bank is None else network.bank.capacity


def _steady_state(problem: SteadyProblem, temperature: Array) -> Array:
    return jnp.concatenate([temperature, full_charge(problem.network)])


@jax.jit
def _steady_rate(time: Array, temperature: Array, problem: SteadyProblem, segment: Array) -> Array:
    nodes = temperature.shape[0]
    return network_rate(problem.network, problem.instant, _steady_state(problem, temperature))[:nodes]


@jax.jit
def _steady_linearize(time: Array, temperature: Array, problem: SteadyProblem, segment: Array) -> Array:
    nodes = temperature.shape[0]
    state = _steady_state(problem, temperature)
    return network_matrix(problem.network, problem.instant, state)[:nodes, :nodes]


def _dense_solve(matrix: Array, shift: Array, right_side: Array, transpose: bool) -> Array:
    return jnp.linalg.solve((matrix.T if transpose else matrix) + jnp.diag(shift), right_side)


STEADY = System(
    rate=_steady_rate,
    mass=lambda problem: problem.network.heat_capacity,
    linearize=_steady_linearize,
    apply=lambda matrix, v: matrix @ v,
    apply_transpose=lambda matrix, v: v @ matrix,
    diagonal=jnp.diagonal,
    solve=_dense_solve,
)
