"""The network as the problems that the steppers solve: C y' = F(t, y) and F(y) = 0."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from caloris.solve.heat_matrix import (
    HeatMatrix,
    linearized,
    matrix_diagonal,
    matrix_product,
    matrix_transpose_product,
    matrix_upstream,
)
from caloris.solve.instant import Instant, at_time, average
from caloris.solve.network import DENSE_NODES, Network, within
from caloris.solve.rates import network_rate
from caloris.solve.state import State, full_charge, physical, sizes, split
from caloris_kernels.stepping.linear import dense_back_substitute, dense_factor
from caloris_kernels.stepping.system import System
from caloris_kernels.stepping.upstream import Upstream

# Up to so many nodes each step is solved directly. One factorization takes longer than a step's iterations from there
# on: the cycle of the main example, 537 nodes, 12 s in place of 7.
FACTORED_NODES = 150


class SteadyProblem(NamedTuple):
    """A network at one moment, or under mean loads, with batteries held full.

    Full batteries take no more charge and cover any deficit: over a whole number of periods they neither
    gain nor lose. The unknowns are temperatures and auxiliary states.
    """

    network: Network
    instant: Instant


def _apply(matrix: Array | HeatMatrix, v: Array) -> Array:
    return matrix_product(matrix, v) if isinstance(matrix, HeatMatrix) else matrix @ v


def _apply_transpose(matrix: Array | HeatMatrix, v: Array) -> Array:
    return matrix_transpose_product(matrix, v) if isinstance(matrix, HeatMatrix) else v @ matrix


def _diagonal(matrix: Array | HeatMatrix) -> Array:
    return matrix_diagonal(matrix) if isinstance(matrix, HeatMatrix) else jnp.diagonal(matrix)


def _upstream(matrix: Array | HeatMatrix) -> Upstream:
    states = matrix.shape[0] if not isinstance(matrix, HeatMatrix) else matrix.free.shape[0] + matrix.others.shape[0]
    return matrix_upstream(matrix, states)


# The stepper asks for rates and matrices at a dozen places. Compiled functions inside the verb's own compilation
# are traced and lowered once and then called.
@jax.jit
def _rate(time: Array, y: Array, network: Network, segment: Int[Array, ""]) -> Array:
    return network_rate(network, at_time(network, time, segment), physical(network, y))


def _mass(network: Network) -> Float[Array, " state"]:
    auxiliary = jnp.zeros(0) if network.auxiliary is None else network.auxiliary.capacity
    return jnp.concatenate([network.heat_capacity, jnp.ones(sizes(network)[1]), auxiliary])


def _at(network: Network, instant: Instant, y: Array) -> Array | HeatMatrix:
    stretch = None if network.storage is None else network.storage.temperatures(split(network, y).temperature)[1]
    return linearized(network, instant, physical(network, y), stretch)


@jax.jit
def _linearize(time: Array, y: Array, network: Network, segment: Int[Array, ""]) -> Array | HeatMatrix:
    return _at(network, at_time(network, time, segment), y)


TRANSIENT = System(
    rate=_rate,
    mass=_mass,
    linearize=_linearize,
    apply=_apply,
    apply_transpose=_apply_transpose,
    diagonal=_diagonal,
    localize=within,
)


def _switching(time: Array, y: Array, network: Network, segment: Array, mode: Array) -> Float[Array, " switch"]:
    """K: rises through zero where a switch changes its mode, by falling below or rising above its threshold."""
    switches = network.switches
    assert switches is not None
    sensed = physical(network, y).temperature[switches.sensor]
    return jnp.where(mode > 0.5, sensed - switches.off_above, switches.on_below - sensed)


def with_mode(network: Network, mode: Float[Array, " switch"]) -> Network:
    """The network with its switches in these modes."""
    return network._replace(mode=mode)


def transient_system(network: Network, *, banded: bool = False) -> System:
    """The problem of a transient or of an orbit: with switches where there are some, unless they work as bands.

    A small one is factored, once a step: nodes of next to no capacity that links of 1e3 W/K join to each other, and
    links of 1e-3 W/K to the rest, move together by far more than the residual tells at which an iteration stops. So is
    one with auxiliary states that has a dense matrix: rows of flows and pressures have no diagonal to lean on.
    """
    smooth = network.switches is None or banded
    system = TRANSIENT if smooth else TRANSIENT._replace(switching=_switching, with_mode=with_mode)
    if network.links.stream.shape[0]:
        system = system._replace(upstream=_upstream)
    if network.free.shape[0] > (FACTORED_NODES if network.auxiliary is None else DENSE_NODES):
        return system
    return system._replace(factor=dense_factor, back_substitute=dense_back_substitute)


def mean_linearize(network: Network, mean: Float[Array, " state"]) -> Array | HeatMatrix:
    """The linearization under mean loads at the mean state, for the preconditioner of periodic orbits."""
    return _at(network, average(network), mean)


def steady_state(problem: SteadyProblem, y: Float[Array, " unknown"]) -> State:
    """Temperatures and auxiliary states with full batteries."""
    nodes = problem.network.free.shape[0]
    return State(y[:nodes], full_charge(problem.network), y[nodes:])


@jax.jit
def _steady_rate(time: Array, y: Array, problem: SteadyProblem, segment: Array) -> Array:
    network = problem.network
    rate = split(network, network_rate(network, problem.instant, steady_state(problem, y)))
    return jnp.concatenate([rate.temperature, rate.auxiliary])


@jax.jit
def _steady_linearize(time: Array, y: Array, problem: SteadyProblem, segment: Array) -> Array | HeatMatrix:
    network = problem.network
    matrix = linearized(network, problem.instant, steady_state(problem, y), None)
    if isinstance(matrix, HeatMatrix):
        return matrix
    nodes, batteries, _ = sizes(network)
    kept = jnp.concatenate([jnp.arange(nodes), jnp.arange(nodes + batteries, matrix.shape[0])])
    return matrix[kept[:, None], kept[None, :]]


def _without_charge(product):
    """A product with the matrix of a transient, for vectors that leave the batteries out."""

    def apply(matrix: Array | HeatMatrix, v: Array) -> Array:
        if not isinstance(matrix, HeatMatrix):
            return product(matrix, v)
        nodes, batteries = matrix.free.shape[0], 0 if matrix.outer is None else matrix.outer.by_charge.shape[1]
        wide = jnp.concatenate([v[:nodes], jnp.zeros(batteries), v[nodes:]])
        result = product(matrix, wide)
        return jnp.concatenate([result[:nodes], result[nodes + batteries :]])

    return apply


def _steady_mass(problem: SteadyProblem) -> Float[Array, " unknown"]:
    mass = split(problem.network, _mass(problem.network))
    return jnp.concatenate([mass.temperature, mass.auxiliary])


def _dense_solve(matrix: Array, shift: Array, right_side: Array, transpose: bool) -> Array:
    return jnp.linalg.solve((matrix.T if transpose else matrix) + jnp.diag(shift), right_side)


_ITERATED = System(
    rate=_steady_rate,
    mass=_steady_mass,
    linearize=_steady_linearize,
    apply=_without_charge(_apply),
    apply_transpose=_without_charge(_apply_transpose),
    diagonal=lambda matrix: _without_charge(lambda m, _: _diagonal(m))(matrix, jnp.zeros(_unknowns(matrix))),
)
_DIRECT = _ITERATED._replace(solve=_dense_solve)
_ALONG_STREAMS = _ITERATED._replace(upstream=lambda matrix: matrix_upstream(matrix, _unknowns(matrix)))


def _unknowns(matrix: Array | HeatMatrix) -> int:
    if not isinstance(matrix, HeatMatrix):
        return matrix.shape[0]
    batteries = 0 if matrix.outer is None else matrix.outer.by_charge.shape[1]
    return matrix.free.shape[0] + matrix.others.shape[0] - batteries


def steady_system(network: Network) -> System:
    """The steady balance, solved directly where the matrix is dense, else by iteration."""
    if network.free.shape[0] <= DENSE_NODES:
        return _DIRECT
    return _ALONG_STREAMS if network.links.stream.shape[0] else _ITERATED
