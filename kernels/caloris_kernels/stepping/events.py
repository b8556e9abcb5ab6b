"""Switches with discrete modes: settling them behind a jump, and steps that end exactly at a switching.

A switching is sought with whole steps: the output between the ends of a step tells about where some g_k rises
through zero, and the step is taken again with just that length, until its own end is the switching. The state there is
then as accurate as any step's, which an interpolated one is not. The change of state that the remaining distance to
the switching stands for is LOCATED of the tolerance at most.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from caloris_kernels.stepping.consistent import consistent_state
from caloris_kernels.stepping.rodas import Step, interpolate_step, tableau
from caloris_kernels.stepping.system import Parameters, System, in_mode

LOCATED = 1e-6  # of the tolerance per step: the change of state between a switching and the end of its step
TIMED = 1e-8  # of a step: and the time between them
AT_START = 1e-3  # of a step: later than this a switching has a step of its own, however little the state changes
SAMPLES = 8  # points of each step at which the switches are looked at: a dip between two of them is not seen
HALVINGS = 40
NEWTON_TRIALS = 8  # then the step is halved between the lengths that are known to be too short and too long


class Search(NamedTuple):
    """The switches of a march: their modes, and the switching that is sought by steps of other lengths."""

    mode: Float[Array, " switch"]
    aim: Float[Array, ""]  # s, length of the next trial; 0 where no switching is sought
    low: Float[Array, ""]  # s, a length too short
    high: Float[Array, ""]  # s, a length beyond the switching
    switch: Int[Array, ""]  # the one sought
    trials: Int[Array, ""]
    fresh: Bool[Array, ""]  # the last step ended at a switching: the state is to be settled
    switchings: Int[Array, ""]  # in the present segment
    latest: Int[Array, ""]  # the switch that changed last


class Settled(NamedTuple):
    """State and modes behind a jump. settled is false where modes still change; switch is the last to do so."""

    y: Float[Array, " state"]
    converged: Bool[Array, ""]
    mode: Float[Array, " switch"]
    settled: Bool[Array, ""]
    switchings: Int[Array, ""]
    switch: Int[Array, ""]


class Judgement(NamedTuple):
    """Whether a step stands, whether its switching is at its start instead, the switch, and the search that follows.

    switch is -1 where no switching is at either end.
    """

    keep: Bool[Array, ""]
    at_start: Bool[Array, ""]
    switch: Int[Array, ""]
    search: Search


def check_switches(system: System, mode: Array | None) -> None:
    """Raise ValueError where modes are given to a system without switches, or with half of what they need."""
    if (system.switching is None) != (system.with_mode is None):
        raise ValueError("a System with switches needs both `switching` and `with_mode`")
    if mode is not None and system.switching is None:
        raise ValueError("`mode` is given, but the System has no switches: set its `switching` and `with_mode`")


def start_search(mode: Float[Array, " switch"]) -> Search:
    """The switches at the start of a march."""
    zero, none = jnp.zeros((), mode.dtype), jnp.zeros((), jnp.int32)
    return Search(mode, zero, zero, zero, none, none, jnp.array(False), none, none - 1)


def settle(system: System, p: Parameters, t: Array, segment: Array, y: Array, mode: Array, tolerance: Array) -> Settled:
    """The consistent state, and modes in which no switch is beyond its threshold: such a one changes at once.

    Each change moves the states without capacity, which may carry another switch beyond its threshold: they are
    changed in turn until none is, for a limited number of turns.
    """

    def unsettled(carry: tuple) -> Array:
        state, turns = carry
        return ~state.settled & state.converged & (turns < mode.shape[0] + 8)

    def turn(carry: tuple) -> tuple:
        state, turns = carry
        found = consistent_state(in_mode(system, state.mode), p, t, segment, state.y, tolerance)
        g = system.switching(t, found.y, p, segment, state.mode)  # type: ignore[misc]
        beyond = g > 0.0
        some = jnp.any(beyond)
        return Settled(
            found.y,
            found.converged,
            jnp.where(beyond, 1.0 - state.mode, state.mode),
            ~some,
            state.switchings + jnp.sum(beyond, dtype=jnp.int32),
            jnp.where(some, jnp.argmax(g), state.switch).astype(jnp.int32),
        ), turns + 1

    zero = jnp.zeros((), jnp.int32)
    start = Settled(y, jnp.array(True), mode, jnp.array(False), zero, zero - 1)
    return lax.while_loop(unsettled, turn, (start, zero))[0]


def judge(
    system: System,
    p: Parameters,
    step: Step,
    start: tuple[Array, Array, Array, Array],
    search: Search,
    tolerance: Float[Array, " state"],
    minimum_step: Float[Array, ""],
) -> Judgement:
    """Keep a step from start = (t, h, segment, y) that ends at a switching or meets none, or say how long to take it.

    Looks for the first of SAMPLES points of the step at which some switch is beyond its threshold, and for the
    switching before it on the output between the ends. While a switching is sought and the step falls short of it,
    Newton's method on the last slope says by how much. Where lengths known to be too short and too long leave no
    room for it, the step stands: with no switching if it is still short, and the next one then begins before it.
    A switching that the state at the start of the step has reached but for rounding changes the mode there.
    """
    t, h, segment, y = start
    dense = tableau(y.dtype).dense @ step.stages
    seeking, mode, epsilon = search.aim > 0.0, search.mode, jnp.finfo(y.dtype).eps

    def state(x: Array) -> Array:
        return interpolate_step(y, step.end, dense, x)

    def g(x: Array) -> Array:
        return system.switching(t + x * h, state(x), p, segment, mode)  # type: ignore[misc]

    points = jnp.arange(1, SAMPLES + 1) / jnp.asarray(SAMPLES, y.dtype)
    above = jnp.any(jax.vmap(g)(points) > 0.0, axis=1)
    crossed = jnp.any(above)
    known = points[jnp.argmax(above)]  # a switch is beyond its threshold here

    def within() -> tuple[Array, Array]:
        def halve(_: int, bounds: tuple) -> tuple:
            low, high = bounds
            middle = 0.5 * (low + high)
            beyond = jnp.any(g(middle) > 0.0)
            return jnp.where(beyond, low, middle), jnp.where(beyond, middle, high)

        x = lax.fori_loop(0, HALVINGS, halve, (known - 1.0 / SAMPLES, known))[1]
        return x, jnp.argmax(g(x)).astype(jnp.int32)

    def ahead() -> tuple[Array, Array]:
        value, slope = jax.jvp(g, (jnp.ones_like(h),), (jnp.ones_like(h),))
        value, slope = value[search.switch], slope[search.switch]
        return jnp.where(slope > 0.0, 1.0 - value / jnp.where(slope > 0.0, slope, 1.0), jnp.inf), search.switch

    def nowhere() -> tuple[Array, Array]:
        return jnp.ones_like(h), search.switch

    negligible = LOCATED * tolerance + 8.0 * epsilon * jnp.abs(y)

    def is_near(x: Array, end: Array) -> Array:
        """Whether the state hardly changes between x and the end, nor halfway there."""
        change = jnp.maximum(jnp.abs(state(x) - state(end)), jnp.abs(state(0.5 * (x + end)) - state(end)))
        return jnp.all(change <= negligible)

    x, switch = lax.cond(crossed, within, lambda: lax.cond(seeking, ahead, nowhere))
    low = jnp.where(seeking & ~crossed, h, search.low)
    high = jnp.where(crossed, known * h, search.high)
    # the last digits of any sum of steps
    close = jnp.maximum(minimum_step, 4.0 * epsilon * (jnp.abs(t) + h))
    one, missed = jnp.ones_like(h), jnp.abs(x - 1.0)
    located = ((missed <= TIMED) & is_near(x, one)) | (missed * h <= close)
    exhausted = (seeking | crossed) & ((high - low <= close) | (h <= 2.0 * close))
    at_start = crossed & ~located & ((x * h <= close) | ((x <= AT_START) & is_near(x, 0.0 * one)))
    found = (crossed | seeking) & (located | (crossed & exhausted)) & ~at_start
    keep = (found | (~crossed & (~seeking | exhausted))) & ~at_start
    middle = 0.5 * (low + high)
    aim = jnp.where((x * h > low) & (x * h <= high) & (search.trials < NEWTON_TRIALS), x * h, middle)
    over, zero = keep | at_start, jnp.zeros_like(h)
    following = search._replace(
        aim=jnp.where(over, zero, aim),
        low=jnp.where(over, zero, low),
        high=jnp.where(over, zero, high),
        switch=switch,
        trials=jnp.where(over, 0, search.trials + 1),
    )
    return Judgement(keep, at_start, jnp.where(found | at_start, switch, -1), following)
