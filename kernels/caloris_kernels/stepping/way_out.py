"""States whose heat has nowhere to go: alone, or in groups that exchange heat with each other only."""

from functools import partial
from typing import NamedTuple

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from caloris_kernels.stepping.krylov import LinearSolution
from caloris_kernels.stepping.linear import LinearSolver, Matrix, solve_once
from caloris_kernels.stepping.steady_derivative import linear_iterations
from caloris_kernels.stepping.system import Linearization, System

# Parts of the diagonal added to K. With the hundredth of the first a state of a group without a way out moves by a
# hundred times as much, one that only has a poor way out by less.
_MORE, _LESS = 1e-6, 1e-8
_SOUND = 1e-4


class Groups(NamedTuple):
    """Members of groups without a way out, and how fast the heat of each group would carry it along (per second)."""

    member: Bool[Array, " state"]
    rate: Float[Array, " state"]


def _moves(
    system: System, linearization: Linearization, apart: Array, right_sides: Array, parts: Array, weight: Array
) -> LinearSolution:
    """x with (K + part |diag K|) x = b for each part and right side."""
    diagonal, most = jnp.abs(system.diagonal(linearization)), linear_iterations(weight.shape[0])

    def move(pair: tuple[Array, Array]) -> LinearSolution:
        b, part = pair
        matrix = Matrix(linearization, part * diagonal, apart=apart)
        return solve_once(system, matrix, b, partial(_stop, b, weight), max_iterations=most)

    return lax.map(move, (jnp.where(apart, 0.0, right_sides), parts))


def _stop(right_side: Array, weight: Array, solver: LinearSolver) -> Array:
    return solver.stop(right_side, weight, 1e-6)


def without_way_out(
    system: System,
    linearization: Linearization,
    apart: Bool[Array, " state"],
    heat: Float[Array, " state"],
    tolerance: Float[Array, " state"],
) -> tuple[Bool[Array, ""], Int[Array, ""]]:
    """Whether K leaves the heat of some states nowhere to go, and which of them it moves the most.

    States `apart` are left out; tolerance is the unit of each state.
    """
    parts = jnp.asarray([_MORE, _LESS], heat.dtype)
    found = _moves(system, linearization, apart, jnp.stack([heat, heat]), parts, tolerance)
    near, far = jnp.abs(found.x)
    worst = jnp.argmax(far / tolerance).astype(jnp.int32)
    return jnp.all(found.converged) & (far[worst] > 90.0 * near[worst]), worst


def isolated_groups(
    system: System,
    linearization: Linearization,
    apart: Bool[Array, " state"],
    mass: Float[Array, " state"],
    heat: Float[Array, " state"],
    tolerance: Float[Array, " state"],
) -> Groups:
    """Groups that K couples to nothing but themselves; heat (W) is what their states take up.

    With e |diag K| added, e small, K turns C into its null vector on such a group times sum C/(e sum |diag K|), and
    heat into the same times sum Q in place of sum C: the quotient is the rate at which the group drifts, whatever it is
    made of. Solves that do not converge find no groups.
    """
    parts = jnp.asarray([_MORE, _LESS, _LESS], heat.dtype)
    found = _moves(system, linearization, apart, jnp.stack([mass, mass, heat]), parts, tolerance)
    near, far, pushed = found.x
    # The solves stop at 1e-6 of their largest entry: far below it there is nothing but what they left.
    sound = jnp.abs(far) > _SOUND * jnp.max(jnp.abs(far))
    member = (jnp.abs(far) > 99.0 * jnp.abs(near)) & sound & jnp.all(found.converged) & ~apart
    return Groups(member, jnp.where(member, pushed / jnp.where(member, far, 1.0), 0.0))
