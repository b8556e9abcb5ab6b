"""What a thermal solve returns, and what happens when it fails."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.core import Tracer
from jaxtyping import Array, Float, Int

from caloris.solve.network import FacetFluxes, Network
from caloris.solve.state import State
from caloris_kernels.stepping.dense_output import locate_steps
from caloris_kernels.stepping.grid import Grid, Record
from caloris_kernels.stepping.system import RESULT_MESSAGES, SUCCESS


class SteadySolution(eqx.Module):
    """A steady state. residual is the heat that does not balance (W); moment the loads' time (None: mean)."""

    temperature: Float[Array, " node"]  # K
    auxiliary: Float[Array, " auxiliary"]
    residual: Float[Array, " node"]  # W
    iterations: Int[Array, ""]
    result: Int[Array, ""]
    failed_state: Int[Array, ""]  # node (or auxiliary state behind the nodes) that stopped the solve, -1 for none
    network: Network
    fluxes: FacetFluxes
    time: Float[Array, ""] | None  # s


class Solution(eqx.Module):
    """Temperatures over time. A cyclic solution covers one period, equal at both ends."""

    time: Float[Array, " time"]  # s
    temperature: Float[Array, "time node"]  # K
    charge: Float[Array, "time battery"]  # J
    auxiliary: Float[Array, "time auxiliary"]
    result: Int[Array, ""]
    failed_state: Int[Array, ""]  # node (or battery, or auxiliary state, behind the nodes) that stopped it, -1: none
    iterations: Int[Array, ""]  # orbits of a cyclic solve, else steps
    steps: Int[Array, ""]
    # Cyclic: largest preconditioned change of the last orbit over the cyclic tolerance; else 0.
    residual: Float[Array, ""]
    network: Network
    fluxes: FacetFluxes
    grid: Grid
    record: Record | None  # states at all steps; None where the memory was bounded

    @property
    def state(self) -> State:
        """Temperatures, charge and auxiliary states at the output times."""
        return State(self.temperature, self.charge, self.auxiliary)

    @property
    def mode(self) -> Float[Array, "time switch"] | None:
        """Modes of the thermostats at the output times; None without any, and where they work as bands."""
        if self.grid.mode is None:
            return None
        edges, times = jax.lax.stop_gradient((self.network.edges, self.time))
        return self.grid.mode[locate_steps(self.grid, edges, times)]


class SolveError(RuntimeError):
    """A solver ended without a solution.

    solution holds the last accepted state, result the name of what failed, node the name of the node (or of another
    state) where it did, None where there is none.
    """

    def __init__(self, message: str, result: str, solution: Solution | SteadySolution, node: str | None = None):
        super().__init__(message)
        self.result = result
        self.solution = solution
        self.node = node


RESULT_NAMES = {
    0: "done",
    1: "step_too_small",
    2: "too_many_steps",
    3: "linear_solve_failed",
    4: "not_finite",
    5: "not_converged",
    6: "energy_not_conserved",
    7: "radiosity_not_converged",
    8: "too_many_switchings",
    9: "no_steady_state",
}
RADIOSITY_NOT_CONVERGED = 7
_MESSAGES = RESULT_MESSAGES | {
    RADIOSITY_NOT_CONVERGED: "the radiosity was not solved: do surfaces that reflect everything enclose each other?"
}


def judged(result: Int[Array, ""], network: Network) -> Int[Array, ""]:
    """The result of a solve, or that the exchange factors under it were not found."""
    return jnp.where(network.sound, result, RADIOSITY_NOT_CONVERGED)


def raise_failure(verb: str, solution: Solution | SteadySolution, names: tuple[str, ...]) -> None:
    """Raise SolveError when a concrete solution failed; under a transformation do nothing."""
    if isinstance(solution.result, Tracer):
        return
    code = int(solution.result)
    if code == SUCCESS:
        return
    node = failed_node(solution, names)
    where = "" if node is None else f" (at {node!r})"
    raise SolveError(f"{verb}: {_MESSAGES[code]}{where}", RESULT_NAMES[code], solution, node)


def failed_node(solution: Solution | SteadySolution, names: tuple[str, ...]) -> str | None:
    """Name of the node, or of another state, that stopped a solve; names are those of the nodes."""
    state, auxiliary = int(solution.failed_state), solution.network.auxiliary
    if state < 0 or int(solution.result) == RADIOSITY_NOT_CONVERGED:
        return None
    batteries = 0 if isinstance(solution, SteadySolution) else solution.charge.shape[1]
    others = [*["a battery's charge"] * batteries, *(() if auxiliary is None else auxiliary.name)]
    return [*names, *others][state]
