"""The preconditioner of the periodic orbit: what one orbit does to a disturbance, from the mean linearization."""

from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from caloris_kernels.stepping.linear import Matrix, solve_once
from caloris_kernels.stepping.steady_derivative import idle_states
from caloris_kernels.stepping.system import Linearization, Parameters, System

MeanLinearize = Callable[[Parameters, Array], Linearization]


def cycle_preconditioner(
    system: System,
    linearization: Linearization,
    mass: Float[Array, " state"],
    period: Float[Array, ""],
    picard: Bool[Array, " state"],
    tolerance: Float[Array, " state"],
    *,
    transpose: bool = False,
) -> Callable[[Array], Array]:
    """The map r -> (I - M)^-1 r, approximately, where M is the derivative of a whole orbit.

    With K of the mean state, M is near exp(-P C^-1 K), and a Pade form of 1 / (1 - e^-z) gives
    r + (P K)^-1 C (C + P K / 2)^-1 C r: right at z -> 0 (heavy nodes: 1 / z + 1 / 2) and at infinity.
    The iteration contracts by 0.08 an orbit or better, whatever the inertia. States flagged in `picard`
    have no restoring K of their own (the charge of a battery) and keep their plain r; so do those that K couples to
    nothing.
    """
    picard = picard | idle_states(system, linearization, mass)
    weight = jnp.ones_like(tolerance) if transpose else tolerance  # multipliers share one unit

    inertia = 2.0 * mass / period

    def solve(shift: Array, right_side: Array) -> Array:
        right_side = jnp.where(picard, 0.0, right_side)
        matrix = Matrix(linearization, shift, transpose, picard)
        return solve_once(system, matrix, right_side, lambda solver: solver.stop(right_side, weight, 1e-6)).x

    def forward(r: Array) -> Array:
        return r + solve(jnp.zeros_like(mass), 0.5 * inertia * solve(inertia, inertia * r))

    def backward(r: Array) -> Array:
        outer = solve(inertia, 0.5 * inertia * solve(jnp.zeros_like(mass), r))
        return r + jnp.where(picard, 0.0, inertia * outer)

    return backward if transpose else forward
