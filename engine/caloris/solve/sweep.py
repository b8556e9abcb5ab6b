"""Parametric sweeps: a model over the values of a parameter, each solve started from those before it."""

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array, Float

from caloris.model.thermal import Thermal
from caloris.precision import require_float64
from caloris.solve.cyclic import cyclic_from, cyclic_times
from caloris.solve.solution import Solution, SteadySolution, raise_failure
from caloris.solve.state import State, physical
from caloris.solve.steady import cold_start, steady_from
from caloris.solve.transient import record_length
from caloris_kernels.stepping.system import SUCCESS

# An extrapolated temperature is at least this part of the last one.
_LEAST = 0.5


def sweep_steady(
    model_of: Callable[[float], Thermal],
    values: Sequence[float] | np.ndarray | Float[Array, " value"],
    time: Float[Array, ""] | float | None = None,
    *,
    throw: bool = True,
) -> list[SteadySolution]:
    """`solve_steady` of model_of(value) for each value in turn: continuation along the parameter.

    The first search starts as `solve_steady` does, the second from the first solution, the third from the straight
    line through two, each further one from the parabola through the three before it. The line has the order of the
    tangent of the implicit function theorem and costs nothing, where the tangent takes a solve with the matrix, as much
    as the Newton step that it saves.
    Values in order, and close to each other, gain most; what is found does not depend on where the search starts as
    long as the balance has one solution. Where it has several, a sweep stays on its branch.

    model_of is called as it is, in Python: a change of leaves (`equinox.tree_at`), or the building of a case. Models of
    one structure run one compiled program. Each solution is differentiable like that of `solve_steady`.

    Raises SolveError at the first value without a solution (throw = False: see `.result` of each; the value behind a
    failure starts as the first one does), and RuntimeError without float64.
    """
    require_float64("sweep_steady")
    moment = None if time is None else jnp.asarray(time, float)

    def solve(model: Thermal, guess: State | None) -> SteadySolution:
        return steady_from(model, moment, cold_start(model) if guess is None else guess)

    def state(solution: SteadySolution) -> State:
        return State(solution.temperature, jnp.zeros(0), solution.auxiliary)

    return _continued("sweep_steady", solve, state, model_of, values, throw)


def sweep_cyclic(
    model_of: Callable[[float], Thermal],
    values: Sequence[float] | np.ndarray | Float[Array, " value"],
    times: Float[Array, " time"] | None = None,
    *,
    tolerance: float = 1e-3,
    throw: bool = True,
) -> list[Solution]:
    """`solve_cyclic` of model_of(value) for each value in turn; see `sweep_steady`.

    Each orbit starts from the state at t = 0 extrapolated from the solutions before it, battery charge included. Since
    an orbit brings the state nearer by a factor of about thirty, a start that is a hundred times better saves one
    orbit or two of five to seven, and the steady state of mean loads.
    """
    require_float64("sweep_cyclic")

    def solve(model: Thermal, guess: State | None) -> Solution:
        moments = cyclic_times("sweep_cyclic", model, times)
        return cyclic_from(model, moments, jnp.asarray(tolerance, float), record_length(model, tolerance), guess)

    def state(solution: Solution) -> State:
        assert solution.record is not None
        return physical(solution.network, solution.record.start[0])

    return _continued("sweep_cyclic", solve, state, model_of, values, throw)


def _continued(
    verb: str,
    solve: Callable[[Thermal, State | None], SteadySolution | Solution],
    state: Callable[..., State],
    model_of: Callable[[float], Thermal],
    values: Sequence[float] | np.ndarray | Array,
    throw: bool,
) -> list:
    """All solutions, each from the extrapolation of up to three before it."""
    solutions, known = [], []  # known: (value, state) of the last solutions that were found in a row
    for value in np.asarray(values, float).tolist():
        model = model_of(value)
        solution = solve(model, _extrapolated(known, value))
        if throw:
            raise_failure(f"{verb}, at the value {value:.12g}", solution, model.nodes.name)
        # Under a transformation no result is known: each solve is then started from the one before.
        found = isinstance(solution.result, Tracer) or int(solution.result) == SUCCESS
        known = [*known[-2:], (value, jax.lax.stop_gradient(state(solution)))] if found else []
        solutions.append(solution)
    return solutions


def _extrapolated(known: list[tuple[float, State]], value: float) -> State | None:
    """The polynomial through up to three states (Lagrange's form), at a value; None without any."""
    if not known:
        return None
    points = [point for point, _ in known]
    if len(set(points)) < len(points):
        return known[-1][1]
    weights = [
        float(np.prod([(value - other) / (point - other) for other in points if other != point])) for point in points
    ]
    guess = jax.tree.map(
        lambda *states: sum(w * state for w, state in zip(weights, states, strict=True)), *[state for _, state in known]
    )
    return guess._replace(temperature=jnp.maximum(guess.temperature, _LEAST * known[-1][1].temperature))
