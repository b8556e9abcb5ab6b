"""The derivative of a periodic orbit with respect to parameters and edges, by the implicit function theorem."""

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

from caloris_kernels.numerics.first_order import undifferentiated
from caloris_kernels.stepping.grid import Grid, Record, pad_record
from caloris_kernels.stepping.krylov import relaxed_gmres
from caloris_kernels.stepping.preconditioner import MeanLinearize, cycle_preconditioner
from caloris_kernels.stepping.replay import recorded, run_grid
from caloris_kernels.stepping.sweeps import Path, Tape, adjoint_sweep, tangent_sweep
from caloris_kernels.stepping.system import Parameters, System, linear_map, of_floats, split_floating

# The operator of GMRES is a sweep whose own solves stop at 1e-9 of their size at first, and at 1e-5 at most.
RELATIVE_TOLERANCE = 1e-8
_LOOSEST = 1e4

_Orbit = tuple[Array, Path]


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
    """The linear maps (dp, d edges) -> (dy0, d path) and its transpose; `free` is false for states held fixed.

    dy0 = (I - M)^-1 (d map), M the derivative of the map of an orbit in y0, on the free states; the path follows from
    dp, dy0 and d edges. Transposed, what the path gives to y0 comes first, and one sweep for all parameters last.
    """
    nothing = (jax.tree.map(jnp.zeros_like, p), jnp.zeros_like(edges))
    precondition, precondition_transpose = preconditioners

    def on_free(v: Array) -> Array:
        return jnp.where(free, v, 0.0)

    def forward(x: tuple) -> _Orbit:
        def sweep(tangents: tuple, loose: Array | float = 1.0) -> Path:
            return tangent_sweep(system, p, edges, grid, tolerance, tape, tangents, loose=loose)

        def operator(v: Array, loose: Array) -> Array:
            moved = sweep((nothing[0], on_free(v), nothing[1]), jnp.minimum(loose, _LOOSEST)).final
            return v - on_free(moved)

        right_side = on_free(sweep((x[0], jnp.zeros_like(tolerance), x[1])).final)
        y0 = on_free(relaxed_gmres(operator, precondition, right_side, tolerance, RELATIVE_TOLERANCE).x)
        return y0, sweep((x[0], y0, x[1]))

    def transpose(cotangent: _Orbit) -> tuple:
        def sweep(seeds: Path, parameters: bool, loose: Array | float = 1.0) -> tuple:
            return adjoint_sweep(system, p, edges, grid, tolerance, tape, seeds, parameters=parameters, loose=loose)

        def operator(v: Array, loose: Array) -> Array:
            seeds = _only_final(path, on_free(v))
            return v - on_free(sweep(seeds, False, jnp.minimum(loose, _LOOSEST))[1])

        y0, along = cotangent
        scale = 1.0 / tolerance  # the unit of a cotangent is the inverse of the state's
        right_side = on_free(y0 + sweep(along, False)[1])
        multiplier = relaxed_gmres(operator, precondition_transpose, right_side, scale, RELATIVE_TOLERANCE).x
        p_cotangent, _, edges_cotangent = sweep(along._replace(final=along.final + on_free(multiplier)), True)
        return p_cotangent, edges_cotangent

    return forward, transpose


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _attach(static: Any, p: list, others: list, edges: Array, found: _Orbit, grid: Grid, rest: tuple) -> _Orbit:
    return found


@_attach.defjvp
def _attach_derivative(static: Any, primals: tuple, tangents: tuple) -> tuple[_Orbit, _Orbit]:
    p, others, edges, (y0, known), grid, (tolerance, mean, picard, free) = primals
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
    zeros = jax.tree.map(jnp.zeros_like, (y0, known))
    return (y0, known), linear_map(forward, transpose, (tangents[0], tangents[2]), zeros)


def attach_derivative(
    system: System,
    p: Parameters,
    y0: Float[Array, " state"],
    edges: Float[Array, " edge"],
    grid: Grid,
    tolerance: Float[Array, " state"],
    record: Record,
    *,
    mean: Float[Array, " state"],
    picard: Bool[Array, " state"],
    periodic_state: Bool[Array, " state"],
    mean_linearize: MeanLinearize,
) -> tuple[Float[Array, " state"], Record]:
    """y0 and record, those of a periodic orbit on `grid`, with their derivatives in p and edges, both modes, and vmap.

    With Phi(y0, p, edges) the map of one orbit on the frozen grid and M = dPhi/dy0, y0 = Phi gives
    dy0 = (I - M)^-1 (Phi_p dp + Phi_e de), and the record follows y0, p and edges as in `replay`. GMRES with the
    preconditioner of the fixed point solves it in four or five sweeps (tangent or reverse), the later ones less exact;
    two more make the derivatives of the record and of all parameters. States where periodic_state is false are held:
    their derivative is zero. Costs nothing where no derivative is asked for. y0, record, grid and tolerance have zero
    derivative themselves: they follow from p.
    """
    floats, others, join = split_floating(p)
    rest = lax.stop_gradient((tolerance, mean, picard, periodic_state))
    static = (system, join, mean_linearize)
    found = lax.stop_gradient((y0, recorded(record, grid.steps, y0)))
    y0, path = _attach(static, floats, others, edges, found, lax.stop_gradient(grid), rest)
    return y0, pad_record(path.record, grid.steps, path.final)
