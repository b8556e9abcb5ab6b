"""Steady states: F(t, y, p, segment) = 0 by a safeguarded Newton-Krylov iteration."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from caloris_kernels.stepping.krylov import LinearSolution
from caloris_kernels.stepping.linear import LinearSolver, Matrix, solve_once
from caloris_kernels.stepping.steady_derivative import attach_derivative, idle_states, linear_iterations
from caloris_kernels.stepping.system import (
    LINEAR_SOLVE_FAILED,
    NOT_CONVERGED,
    NOT_FINITE,
    SINGULAR,
    SUCCESS,
    Linearization,
    Parameters,
    System,
)
from caloris_kernels.stepping.way_out import without_way_out

FRACTIONS = (1.0, 0.5, 0.25, 0.125)  # of a Newton step, tried in this order
# Parts of the diagonal added to K: at least where a linear solve failed or no fraction helped, and at least at all.
UNSOLVED, STALLED, LEAST = 1e-3, 0.1, 1e-3
WALK = 20  # steps in a row, all one way, that a state without a slope takes along its heat to find one
GROWTH = 1.2  # of a state's largest step from one iteration to the next


class Steady(NamedTuple):
    """A steady state; residual is F there, change the last Newton update over the tolerance (largest state).

    failed_state is the state that stopped the iteration, -1 where none did: without a path for its heat, with a rate
    that is not finite, or farthest from its solution by the last update.
    """

    y: Float[Array, " state"]
    residual: Float[Array, " state"]
    iterations: Int[Array, ""]
    change: Float[Array, ""]
    result: Int[Array, ""]
    failed_state: Int[Array, ""]


class _Problem(NamedTuple):
    """F and what bounds its iteration; p is a leaf, so that the system alone is static."""

    system: System
    p: Parameters
    t: Array
    segment: Array
    tolerance: Array
    lower_bound: Array
    step_limit: Array
    halving: Array  # whether steps that turn back are halved

    def rate(self, y: Array) -> Array:
        """F at y."""
        return self.system.rate(self.t, y, self.p, self.segment)

    def linearize(self, y: Array) -> Linearization:
        """-dF/dy at y."""
        return self.system.linearize(self.t, y, self.p, self.segment)


class _Iteration(NamedTuple):
    y: Array
    damping: Array  # multiple of the diagonal of K added to K
    least: Array  # damping that the linear solves need
    change: Array  # distance to the solution, estimated, over the tolerance
    update: Array  # last update over the tolerance
    solved: Array
    lost: Array  # states with heat and without any coupling, however far they went
    walked: Array  # steps in a row, all one way, of states with heat and without any coupling here
    worst: Array
    reach: Array  # largest step of each state
    step: Array  # last step of each state
    cut: Array  # whether its reach cut it short
    path: Array  # length of the way of each state so far
    best: Array  # smallest update so far over the tolerance
    iterations: Array


class _Stuck(NamedTuple):
    """Whether the heat of some states has nowhere to go, and which of them it would move the most."""

    is_stuck: Array
    state: Array


def _direction(
    problem: _Problem, linearization: Linearization, damping: Array, idle: Array, rate: Array
) -> LinearSolution:
    """The Newton update with `damping` times the diagonal added to K; zero in idle states."""
    system = problem.system
    matrix = Matrix(linearization, damping * jnp.abs(system.diagonal(linearization)), apart=idle, steady=True)
    right_side = jnp.where(idle, 0.0, rate)
    stop, most = partial(_stop, right_side, problem.tolerance), linear_iterations(rate.shape[0])
    return solve_once(system, matrix, right_side, stop, max_iterations=most)


def _line_search(
    problem: _Problem, y: Array, update: Array, rate: Array, scales: tuple[Array, Array], pseudo_time: Array
) -> tuple[Array, Array]:
    """The first fraction of the update that reduces F over the diagonal of K, or the best, and whether one did.

    scales = (diagonal, idle states). A step in pseudo-time is as good if F grows by no more than a hundredth: the heat
    of nodes that warm up together hardly changes until one of them radiates it.
    """
    diagonal, idle = scales
    scale = 1.0 / (jnp.where(diagonal == 0.0, 1.0, jnp.abs(diagonal)) * problem.tolerance)
    scale = jnp.where(idle, 0.0, scale)

    def norm(value: Array) -> Array:
        return jnp.sqrt(jnp.mean((value * scale) ** 2))

    def trial(fraction: Array) -> Array:
        after = norm(problem.rate(y + fraction * update))
        return jnp.where(jnp.isfinite(after), after, jnp.inf)

    fractions = jnp.asarray(FRACTIONS, y.dtype)
    norms = lax.map(trial, fractions)
    enough = norms <= jnp.where(pseudo_time, 1.01, 1.0 - 0.1 * fractions) * norm(rate)
    found = jnp.any(enough)
    return jnp.where(found, fractions[jnp.argmax(enough)], fractions[jnp.argmin(norms)]), found


def _next_damping(carry: _Iteration, solved: Array, healthy: Array) -> tuple[Array, Array]:
    """Damping after a step: raised where it failed, lowered where it went well, never below what solves need."""
    raised = jnp.maximum(4.0 * carry.damping, jnp.where(solved, STALLED, UNSOLVED))
    # what was needed once may be too much later, when slopes have changed
    least = jnp.where(solved & healthy, 0.5 * carry.least, jnp.where(solved | healthy, carry.least, raised))
    lowered = jnp.where(solved, jnp.maximum(0.25 * carry.damping, least), carry.damping)
    damping = jnp.where(healthy, jnp.where(lowered < LEAST, 0.0, lowered), raised)
    return damping, least


def _reach(problem: _Problem, carry: _Iteration, direction: Array, update: Array) -> Array:
    """The largest step of each state: halved where it turns back from a step like the next one, else growing again.

    A controller with a narrow band has next to no slope on either side of it, and Newton's steps leap over the band
    from both sides. Halving at each turn is bisection, state by state, until a step ends within the band. A step that
    turns back by less is Newton's method at work; one that could turn back by far more, from a step that nothing cut
    short, follows other states. Nothing is halved while the updates get smaller: nodes that conduct well move together
    then, and one of them held back would hold all.
    """
    limit = problem.step_limit
    size, last = jnp.minimum(jnp.abs(direction), limit), jnp.abs(carry.step)
    alike = carry.cut | ((size > 0.5 * last) & (size < 10.0 * last))
    turned = (direction * carry.step < 0.0) & alike & (update >= 0.95 * carry.best)
    return jnp.where(problem.halving & turned, 0.5 * last, jnp.minimum(limit, GROWTH * carry.reach))


def _newton(problem: _Problem, carry: _Iteration) -> _Iteration:
    y, tolerance, limit = carry.y, problem.tolerance, problem.step_limit
    rate, linearization = problem.rate(y), problem.linearize(y)
    diagonal = problem.system.diagonal(linearization)
    idle = idle_states(problem.system, linearization, y)
    flat = idle & (rate != 0.0)
    walking, lost = flat & (carry.walked < WALK), flat & (carry.walked >= WALK)
    solution = _direction(problem, linearization, carry.damping, idle, rate)
    finite = jnp.all(jnp.isfinite(solution.x))
    solved = solution.converged & finite
    direction = jnp.where(finite, solution.x, 0.0)
    # A state at zero kelvin has no slope, nor has one behind a pipe that is shut: it goes where its heat takes it.
    away = jnp.where(jnp.isfinite(limit), limit, 1.0) * jnp.sign(rate)
    direction = jnp.where(walking, away, direction)
    update = jnp.max(jnp.abs(direction) / tolerance)
    reach = _reach(problem, carry, direction, update)
    limited = jnp.clip(direction, -reach, reach)
    cut = jnp.abs(direction) > reach
    limited = jnp.maximum(limited, 0.9 * (problem.lower_bound - y))
    fraction, reduced = _line_search(problem, y, limited, rate, (diagonal, idle), solved & (carry.damping > 0.0))
    # A clipped direction is far from the solution and need not reduce the residual at once (a node at 3 K
    # has next to no slope); there the limit is the safeguard and the whole of it is taken.
    clipped = jnp.any(limited != direction) | jnp.any(walking)
    # At rounding level no fraction reduces the residual: a small whole step is the end, not a failure.
    whole = solved & (clipped | (update <= 1.0))
    fraction = jnp.where(whole, 1.0, fraction)
    # The update of a linear solve that did not converge is as good as what it does to F.
    damping, least = _next_damping(carry, solved, whole | reduced)
    # A step shortened by damping does not measure the distance to the solution: if the updates shrink by a ratio r from
    # step to step, while the damping is not raised, the distance is 1 / (1 - r) of the last. Where F is rounding, as
    # it stays in a group of states without heat and without a way out, nothing more can be known.
    ratio = update / carry.update
    shrinking = (ratio < 1.0) & jnp.isfinite(carry.update) & ~clipped
    damped = jnp.where(shrinking, update / jnp.where(shrinking, 1.0 - ratio, 1.0), jnp.inf)
    balanced = jnp.all(jnp.abs(rate) <= 16.0 * jnp.finfo(y.dtype).eps * jnp.abs(diagonal * y))
    change = jnp.where((carry.damping > 0.0) & ~balanced, damped, update)
    healthy = solved & (whole | reduced)
    step = jnp.where(solved | reduced, fraction, 0.0) * limited
    return _Iteration(
        y + step,
        damping,
        least,
        jnp.where(solved, change, jnp.inf),
        jnp.where(healthy, update, jnp.inf),
        solved,
        lost,
        jnp.where(flat, jnp.where(step * carry.step < 0.0, 1, carry.walked + 1), 0),
        jnp.argmax(jnp.abs(jnp.where(finite, solution.x, rate)) / tolerance).astype(jnp.int32),
        reach,
        step,
        cut,
        carry.path + jnp.abs(step),
        jnp.minimum(carry.best, update),
        carry.iterations + 1,
    )


def _iterate(problem: _Problem, y_guess: Array, maximum: int) -> tuple[_Iteration, _Stuck]:
    """Newton's method, and where it ends without a solution once more from the guess, with steps halved at turns.

    In this order, because flows and pressures that hang together must not be held back one by one. A state whose heat
    has nowhere to go, and that goes one way and not to and fro, would only run away again: no second search.
    """

    def unfinished(carry: _Iteration) -> Array:
        return ((carry.change > 1.0) | ~carry.solved) & (carry.iterations < maximum)

    infinite, zero = jnp.asarray(jnp.inf, y_guess.dtype), jnp.zeros((), y_guess.dtype)
    count = jnp.zeros((), jnp.int32)
    lost, walked, unsolved = jnp.zeros(y_guess.shape, bool), jnp.zeros(y_guess.shape, jnp.int32), jnp.array(False)
    still = jnp.zeros_like(y_guess)
    start = _Iteration(
        y_guess,
        zero,
        zero,
        infinite,
        infinite,
        unsolved,
        lost,
        walked,
        count,
        problem.step_limit,
        still,
        lost,
        still,
        infinite,
        count,
    )

    def attempt(carry: tuple[_Iteration, Array, _Stuck], halving: Array) -> tuple[tuple, None]:
        before, spent, stuck = carry
        # what is found already is left as it is: the loop then has nothing to do
        away = jnp.abs(before.y - y_guess) > 0.5 * before.path
        astray = stuck.is_stuck & away[stuck.state]
        missing = unfinished(before._replace(iterations=count)) & ~astray
        begin = jax.tree.map(lambda fresh, old: jnp.where(missing, fresh, old), start, before)
        same = problem._replace(halving=halving)
        end = lax.while_loop(unfinished, lambda carry: _newton(same, carry), begin)
        failed = missing & unfinished(end._replace(iterations=count))
        stuck = lax.cond(failed, lambda: _runaway(problem, end.y), lambda: stuck)
        return (end, spent + jnp.where(missing, end.iterations, 0), stuck), None

    first = (start, count, _Stuck(jnp.array(False), count))
    (end, iterations, stuck), _ = lax.scan(attempt, first, jnp.array([False, True]))
    # what went all the way and found no slope stands where it began
    return end._replace(iterations=iterations, y=jnp.where(end.lost, y_guess, end.y)), stuck


def _runaway(problem: _Problem, y: Array) -> _Stuck:
    """Whether K leaves the heat at y nowhere to go."""
    linearization = problem.linearize(y)
    idle = idle_states(problem.system, linearization, y)
    is_stuck, state = without_way_out(problem.system, linearization, idle, problem.rate(y), problem.tolerance)
    return _Stuck(is_stuck, state)


def _stop(right_side: Array, tolerance: Array, solver: LinearSolver) -> Array:
    return solver.stop(right_side, tolerance, 1e-6, 1e-3)


def _verdict(end: _Iteration, stuck: _Stuck, residual: Array) -> tuple[Array, Array]:
    """The result, and the state that stopped the iteration."""
    finite = jnp.isfinite(residual)
    lost = end.lost & (residual != 0.0)
    found = (end.change <= 1.0) & end.solved & ~jnp.any(lost)
    sound = jnp.all(finite)
    failure = jnp.where(end.solved, NOT_CONVERGED, LINEAR_SOLVE_FAILED)
    failure = jnp.where(jnp.any(lost) | stuck.is_stuck, SINGULAR, failure)
    result = jnp.where(sound, jnp.where(found, SUCCESS, failure), NOT_FINITE)
    index = jnp.where(jnp.any(lost), jnp.argmax(lost), jnp.where(stuck.is_stuck, stuck.state, end.worst))
    index = jnp.where(sound, jnp.where(found, -1, index), jnp.argmax(~finite))
    return result.astype(jnp.int32), index.astype(jnp.int32)


def solve_steady(
    system: System,
    p: Parameters,
    y_guess: Float[Array, " state"],
    tolerance: Float[Array, " state"],
    *,
    time: Float[Array, ""] | float = 0.0,
    segment: Int[Array, ""] | int = 0,
    lower_bound: Float[Array, " state"] | float = -jnp.inf,
    step_limit: Float[Array, " state"] | float = jnp.inf,
    max_iterations: int = 200,
) -> Steady:
    """Solve F(time, y, p, segment) = 0 from y_guess until the Newton update is below `tolerance` per state.

    Newton with the system's direct solve, or BiCGStab with GMRES behind it, and a line search on |F / diag K|. Where
    no fraction of the step helps or the linear solve fails, a part of the diagonal is added to K and lowered again as
    far as the solves allow: pseudo-transient continuation with a time step of each state's own (Kelley and Keyes,
    SIAM J. Numer. Anal. 35, 508, 1998, DOI 10.1137/S0036142996304796). step_limit bounds the update per state
    and lower_bound is approached by nine tenths at most: with 100 K and 0 K networks of T^4 converge from 3 K and from
    1000 K. Where this ends without a solution it begins again, and a state that turns back from a step like the next
    one is held to half of it: controllers with bands of a hundredth of a kelvin are found by bisection. max_iterations
    bounds each of the two. The capacities play no part. A state without a slope (coupled to nothing, or behind a pipe
    that is shut) goes up to 20 of its largest steps along its heat to find one. One coupled to nothing keeps its guess
    if it has no heat, and is told as SINGULAR if it has; so is a group of states without a way out.
    Without a direct solve, one-way flows through more than a few hundred nodes in a row want `System.upstream`.

    Differentiable in p and time, both modes, by the implicit function theorem (one linear solve with K or its
    transpose), once: a second derivative raises. The guess has no influence and a zero derivative. Failures are codes
    in `result`.
    """
    dtype = y_guess.dtype

    def fill(value: Array | float) -> Array:
        return jnp.broadcast_to(jnp.asarray(value, dtype), y_guess.shape)

    bounds = (fill(tolerance), fill(lower_bound), fill(step_limit), jnp.array(False))
    moment = (jnp.asarray(time, dtype), jnp.asarray(segment, jnp.int32))
    fixed, guess = lax.stop_gradient((p, y_guess))
    problem = _Problem(system, fixed, *lax.stop_gradient(moment), *bounds)
    end, stuck = _iterate(problem, guess, max_iterations)
    residual = problem.rate(end.y)
    result, failed_state = _verdict(end, stuck, residual)
    y = attach_derivative(system, p, moment[0], end.y, moment[1], bounds[0])
    return Steady(y, residual, end.iterations, end.change, result, failed_state)
