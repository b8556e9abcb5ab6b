"""The derivative of a periodic orbit with respect to parameters and edges, by the implicit function theorem."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

from caloris_kernels.numerics.first_order import undifferentiated
from caloris_kernels.stepping.grid import Grid
from caloris_kernels.stepping.krylov import gmres
from caloris_kernels.stepping.preconditioner import MeanLinearize, cycle_preconditioner
from caloris_kernels.stepping.replay import run_grid
from caloris_kernels.stepping.sweeps import Path, Tape, adjoint_sweep, tangent_sweep
from caloris_kernels.stepping.system import Parameters, System, linear_map, of_floats, split_floating

# The operator of GMRES is a sweep whose own solves stop at 1e-9 of their size.
RELATIVE_TOLERANCE = 1e-8


def _only_final(path: Path, final: Array) -> Path:
    return jax.tree.map(jnp.zeros_like, path)._replace(final=final)


def _implicit_maps(
    system: System,
    p: Parameters,
    edges: Array,
    grid: Grid,
    tolerance: Array,
    tape: Tape,
    path: Path,
    free: Array,
    preconditioners: tuple[Callable, Callable],
) -> tuple[Callable, Callable]:
    """The linear maps (dp, d edges) -> dy0 and its transpose; `free` is false for states held fixed.

    dy0 = (I - M)^-1 (d map), M the derivative of the map of an orbit in y0, on the free states.
    """
    nothing = (jax.tree.map(jnp.zeros_like, p), jnp.zeros_like(edges))
    precondition, precondition_transpose = preconditioners

    def on_free(v: Array) -> Array:
        return jnp.where(free, v, 0.0)

    def forward(x: tuple) -> Array:
        def sweep(p_tangent: Parameters, y0: Array, edges_tangent: Array) -> Array:
            tangents = (p_tangent, y0, edges_tangent)
            return tangent_sweep(system, p, edges, grid, tolerance, tape, tangents).final

        def operator(v: Array) -> Array:
            return v - on_free(sweep(nothing[0], on_free(v), nothing[1]))

        right_side = on_free(sweep(x[0], jnp.zeros_like(tolerance), x[1]))
        return on_free(gmres(operator, precondition, right_side, tolerance, RELATIVE_TOLERANCE).x)

    def transpose(cotangent: Array) -> tuple:
        def sweep(final: Array, parameters: bool) -> tuple:
            seeds = _only_final(path, final)
            return adjoint_sweep(system, p, edges, grid, tolerance, tape, seeds, parameters=parameters)

        def operator(v: Array) -> Array:
            return v - on_free(sweep(on_free(v), False)[1])

        scale = 1.0 / tolerance  # the unit of a cotangent is the inverse of the state's
        right_side = on_free(cotangent)
        multiplier = gmres(operator, precondition_transpose, right_side, scale, RELATIVE_TOLERANCE).x
        p_cotangent, _, edges_cotangent = sweep(on_free(multiplier), True)
        return p_cotangent, edges_cotangent

    return forward, transpose


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _attach(static: Any, p: list, others: list, edges: Array, y0: Array, grid: Grid, rest: tuple) -> Array:
    return y0


@_attach.defjvp
def _attach_derivative(static: Any, primals: tuple, tangents: tuple) -> tuple[Array, Array]:
    p, others, edges, y0, grid, (tolerance, mean, picard, free) = primals
    p, edges = undifferentiated("a periodic orbit", (p, edges))
    system, join, mean_linearize = static
    floating = of_floats(system, others, join)
    path, tape = run_grid(floating, p, y0, edges, grid, tolerance)
    linearization = mean_linearize(join(p, others), mean)
    mass, period = floating.mass(p), edges[-1] - edges[0]
    inner = picard | ~free
    precondition = cycle_preconditioner(system, linearization, mass, period, inner, tolerance)
    precondition_transpose = cycle_preconditioner(system, linearization, mass, period, inner, tolerance, transpose=True)
    preconditioners = (precondition, precondition_transpose)
    forward, transpose = _implicit_maps(floating, p, edges, grid, tolerance, tape, path, free, preconditioners)
    return y0, linear_map(forward, transpose, (tangents[0], tangents[2]), jnp.zeros_like(y0))


def attach_derivative(
    system: System,
    p: Parameters,
    y0: Float[Array, " state"],
    edges: Float[Array, " edge"],
    grid: Grid,
    tolerance: Float[Array, " state"],
    *,
    mean: Float[Array, " state"],
    picard: Bool[Array, " state"],
    periodic_state: Bool[Array, " state"],
    mean_linearize: MeanLinearize,
) -> Float[Array, " state"]:
    """y0, the start of a periodic orbit on `grid`, with its derivative in p and edges, both modes, and vmap.

    With Phi(y0, p, edges) the map of one orbit on the frozen grid and M = dPhi/dy0, y0 = Phi gives
    dy0 = (I - M)^-1 (Phi_p dp + Phi_e de). GMRES with the preconditioner of the fixed point solves it in
    about four sweeps (tangent or reverse); a reverse derivative adds one sweep for all parameters. States
    where periodic_state is false are held: their derivative is zero. Costs nothing where no derivative is
    asked for. y0, grid and tolerance have zero derivative: they follow from p.
    """
    floats, others, join = split_floating(p)
    rest = lax.stop_gradient((tolerance, mean, picard, periodic_state))
    static = (system, join, mean_linearize)
    return _attach(static, floats, others, edges, lax.stop_gradient(y0), lax.stop_gradient(grid), rest)
