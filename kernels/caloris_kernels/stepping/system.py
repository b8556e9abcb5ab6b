"""The problem that the steppers solve: C y' = F(t, y, p), with its linearization and its result codes."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from caloris_kernels.stepping.upstream import Upstream

Parameters = Any  # any pytree of arrays; floating leaves are differentiated, integer leaves are indices
Linearization = Any  # any pytree; made by `linearize`, used by `apply`, `apply_transpose` and `diagonal`

SUCCESS = 0
STEP_TOO_SMALL = 1  # the error test or the linear solve still fails at the smallest step
BUFFER_OVERFLOW = 2  # more steps than the record holds
LINEAR_SOLVE_FAILED = 3  # the Krylov iteration broke down or ran out of iterations
NOT_FINITE = 4  # the rate returned NaN or infinity
NOT_CONVERGED = 5  # the nonlinear or the periodic iteration ran out of iterations
TOO_MANY_SWITCHINGS = 8  # a switch changes its mode without end, or more often than allowed (6 and 7 are the engine's)
SINGULAR = 9  # no steady state and no cycle: the (mean) balance of some states holds for none of their values

RESULT_MESSAGES: dict[int, str] = {
    SUCCESS: "done",
    STEP_TOO_SMALL: "the step fell below the smallest one allowed: check the heat capacity and the loads of "
    "the state named, or loosen the tolerance",
    BUFFER_OVERFLOW: "more steps were needed than the record holds: raise max_steps or loosen the tolerance, or look "
    "at the state named, which kept steps short: nodes of next to no capacity behind strong links are better one",
    LINEAR_SOLVE_FAILED: "the linear solve did not converge: a node may have no path for its heat",
    NOT_FINITE: "the rate of change is not finite: check the parameters and the first state",
    NOT_CONVERGED: "the iteration did not converge: raise the number of iterations or start nearer",
    SINGULAR: "the heat of the state named has nowhere to go or to come from: no path leads to space or to a boundary "
    "from it and those that it is coupled to, or the cold that it asks for has no bottom",
    TOO_MANY_SWITCHINGS: "a switch changes its mode without end: give it a hysteresis, or allow more switchings",
}


class System(NamedTuple):
    """C(p) y' = F(t, y, p, segment); C >= 0 per state, and a zero row is an algebraic equation 0 = F.

    rate(t, y, p, segment) -> F [state]; smooth in t inside a segment of time, which it is told by its
        index, so that a jump at an edge (eclipse, load step) has one-sided values there;
    mass(p) -> C [state];
    linearize(t, y, p, segment) -> L, any pytree that stands for K = -dF/dy;
    apply(L, v) -> K v; apply_transpose(L, v) -> K^T v; diagonal(L) -> the diagonal of K;
    localize(p, segment) -> p with only what the segment needs, taken once a step; the functions above accept
        it in place of p. Worth it where p holds large tables of which a segment uses a part;
    solve(L, shift, b, transpose) -> x with (diag(shift) + K) x = b, or with K^T: a direct solve for steady states,
        where L is at hand as a matrix. Without it they are solved by a Krylov iteration, whose derivatives are
        only as good as its stop (2e-6 through a chain of 30 links of 1e5 W/K beside 10 W/K to space);
    switching(t, y, p, segment, mode) -> g [switch] and with_mode(p, mode) -> p, both or neither: discrete modes, one
        float of 0 or 1 per switch, held between switchings (thermostats with hysteresis). Switch k changes its mode
        when g_k rises through zero; g must be smooth in t and y, and negative again right behind the change. The
        parameters from with_mode tell the functions above the modes. p is whole in both, not localized;
    factor(L, shift) -> factors (any pytree) and back_substitute(factors, b, transpose) -> x with
        (diag(shift) + K) x = b, or with K^T: a direct solve in place of the Krylov iteration everywhere, factored once
        a step for its eight stages. It may meet shifts of 1e30 times K, on states that are taken out. With fallback it
        is used only where the Krylov iteration does not converge.
    upstream(L) -> Upstream, the strongest one-way coupling into each state: the Krylov iteration is then preconditioned
        by a solve along the streams in place of the diagonal.
    All are JAX functions without captured tracers: what varies is in p, integer index arrays included
    (floating leaves of p are differentiated, others are not). K must be the exact derivative: the order of
    the method and the adjoints rest on it (`linearization_mismatch` measures it).
    """

    rate: Callable[[Array, Array, Parameters, Array], Array]
    mass: Callable[[Parameters], Array]
    linearize: Callable[[Array, Array, Parameters, Array], Linearization]
    apply: Callable[[Linearization, Array], Array]
    apply_transpose: Callable[[Linearization, Array], Array]
    diagonal: Callable[[Linearization], Array]
    localize: Callable[[Parameters, Array], Parameters] = lambda p, segment: p
    solve: Callable[[Linearization, Array, Array, bool], Array] | None = None
    switching: Callable[[Array, Array, Parameters, Array, Array], Array] | None = None
    with_mode: Callable[[Parameters, Array], Parameters] | None = None
    factor: Callable[[Linearization, Array], Any] | None = None
    back_substitute: Callable[[Any, Array, bool], Array] | None = None
    fallback: bool = False
    upstream: Callable[[Linearization], Upstream] | None = None


class Local(NamedTuple):
    """Parameters that `through` need not translate: those of the inner system."""

    p: Parameters


def through(system: System, translate: Callable[[Parameters], Parameters]) -> System:
    """The same system with other parameters: those that `translate` makes the system's own from."""

    def own(p: Parameters) -> Parameters:
        return p.p if isinstance(p, Local) else translate(p)

    outer = system._replace(
        rate=lambda t, y, p, segment: system.rate(t, y, own(p), segment),
        mass=lambda p: system.mass(own(p)),
        linearize=lambda t, y, p, segment: system.linearize(t, y, own(p), segment),
        localize=lambda p, segment: Local(system.localize(own(p), segment)),
    )
    switching, with_mode = system.switching, system.with_mode
    if switching is None or with_mode is None:
        return outer
    return outer._replace(
        switching=lambda t, y, p, segment, mode: switching(t, y, own(p), segment, mode),
        with_mode=lambda p, mode: Local(with_mode(own(p), mode)),
    )


def of_floats(system: System, others: list[Array], join: Callable) -> System:
    """The same system with the list of floating leaves of p as its parameters."""
    return through(system, lambda p: join(p, others))


def in_mode(system: System, mode: Float[Array, " switch"] | None) -> System:
    """The same system with its switches held in these modes; unchanged where mode is None."""
    with_mode = system.with_mode
    if mode is None or with_mode is None:
        return system
    return through(system, lambda p: with_mode(p, mode))


def linearization_mismatch(
    system: System, p: Parameters, t: Array, y: Float[Array, " state"], segment: Array, v: Float[Array, " state"]
) -> tuple[Array, Array]:
    """Largest |K v + dF/dy v| and |K^T v + (dF/dy)^T v|, each over the largest |K v|: rounding if K is exact.

    A check for who writes a System; v is any direction, such as random numbers of order one.
    """
    linearization = system.linearize(t, y, p, segment)

    def rate(state: Array) -> Array:
        return system.rate(t, state, p, segment)

    forward = system.apply(linearization, v)
    backward = system.apply_transpose(linearization, v)
    tangent = jax.jvp(rate, (y,), (v,))[1]
    cotangent = jax.vjp(rate, y)[1](v)[0]
    scale = jnp.max(jnp.abs(forward))
    return jnp.max(jnp.abs(forward + tangent)) / scale, jnp.max(jnp.abs(backward + cotangent)) / scale


def split_floating(p: Parameters) -> tuple[list[Array], list[Array], Callable[[list[Array], list[Array]], Parameters]]:
    """The floating leaves of p, its other leaves, and the function that joins both to p again."""
    leaves, structure = jax.tree.flatten(p)
    floating = [jnp.issubdtype(jnp.result_type(leaf), jnp.floating) for leaf in leaves]

    def join(floats: list[Array], others: list[Array]) -> Parameters:
        first, second = iter(floats), iter(others)
        return jax.tree.unflatten(structure, [next(first) if is_float else next(second) for is_float in floating])

    floats = [jnp.asarray(leaf) for leaf, is_float in zip(leaves, floating, strict=True) if is_float]
    others = [jnp.asarray(leaf) for leaf, is_float in zip(leaves, floating, strict=True) if not is_float]
    return floats, others, join


def linear_map(forward: Callable, transpose: Callable, x: Any, result: Any) -> Any:
    """forward(x) for a linear `forward` whose transpose is known: both modes of differentiation, and vmap.

    result is a pytree of zeros, the shape of forward(x); transpose takes such a pytree and returns one like
    x. Neither is traced by automatic differentiation, so both may hold loops of unknown length. Carried by
    `lax.custom_linear_solve`, whose "solution" of the pair (x, 0) is here (0, forward(x)).
    """

    def solve(_: Callable, pair: tuple[Any, Any]) -> tuple[Any, Any]:
        return jax.tree.map(jnp.zeros_like, pair[0]), forward(pair[0])

    def transpose_solve(_: Callable, pair: tuple[Any, Any]) -> tuple[Any, Any]:
        return transpose(pair[1]), jax.tree.map(jnp.zeros_like, pair[1])

    # Transposing wants every part of the right side to depend linearly on what is differentiated, the zeros
    # and the inputs held constant included: add nothing of everything to each.
    nothing = jnp.sum(jnp.stack([0.0 * jnp.sum(leaf) for leaf in jax.tree.leaves(x)]))
    x = jax.tree.map(lambda leaf: leaf + nothing.astype(leaf.dtype), x)
    zeros = jax.tree.map(lambda leaf: jnp.zeros_like(leaf) + nothing.astype(leaf.dtype), result)
    return lax.custom_linear_solve(lambda pair: pair, (x, zeros), solve, transpose_solve)[1]
