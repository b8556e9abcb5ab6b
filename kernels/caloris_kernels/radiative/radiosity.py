"""Diffuse-grey radiosity in one wavelength band: irradiation with all reflections, and exchange factors.

A facet i of area A_i and reflectance rho_i leaves J_i = e_i + rho_i H_i, where e_i is what it emits and
H_i = sum_j F_ij J_j + w_i J_i + q_i is its irradiation: what other facets send, what returns from the inactive
sides that it sees (an adiabatic mirror: fraction w_i), and what arrives from outside, q_i. With the symmetric
S_ij = A_i F_ij + A_i w_i delta_ij this is

    (A - S rho) H = S e + A q.

Source: Modest & Mazumder, Radiative Heat Transfer, 4th ed. (2021), eqs. 5.25-5.30 and 5.37. Valid for opaque,
diffuse, grey-in-band surfaces with uniform irradiation on each facet.

Two ways to solve it: one LU factorization of the dense matrix for few facets, or conjugate gradients on the
symmetric positive definite form (A - rho^(1/2) S rho^(1/2)) u = rho^(1/2) (S e + A q), u = rho^(1/2) H, which needs S
only as a product and takes facets that reflect nothing exactly. Facets that see nothing have H = q and need not be in
the system.

Storing the exchange areas in float32 changes each by 3e-8 of itself at most: the exchange factors of a closed box of
emittance 0.02 to 0.9 change by 1e-8 and temperatures between 200 and 500 K by less than 1e-5 K (tested), as long as
the view to space is one minus the row sum of what is stored (`space_view`), so that no heat is lost by rounding.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float, Int

from caloris_kernels.constants import STEFAN_BOLTZMANN
from caloris_kernels.radiative.exchange_tiles import ExchangeTiles, row_sums, tile_product, tiles_to_dense

# The direct solve pays up to so many facets for each column of the right side (two cores, conjugate gradients of some
# 20 products), and its n^2 numbers fit a machine up to so many facets at all.
DIRECT_FACETS_PER_COLUMN = 16
DIRECT_FACETS = 4096
# Residual of the conjugate gradients over the right side, both divided by the root of the area.
TOLERANCE = 1e-13
MOST_ITERATIONS = 2000
# Rounding leaves some 1e-16 times the condition of the matrix, 100 at a reflectance of 0.98.
_SOUND = 1e-11
# Columns that exchange factors are solved for at a time by conjugate gradients.
_COLUMNS = 256


class Enclosure(NamedTuple):
    """Facets that see each other, in one pose."""

    exchange_area: Float[Array, "facet facet"] | ExchangeTiles  # m2, A_i F_ij
    area: Float[Array, " facet"]  # m2
    inactive_view: Float[Array, " facet"]  # - view toward sides that take no part


class Irradiation(NamedTuple):
    """Irradiation of every facet, and how the solve went; where converged is false, value is its last iterate."""

    value: Float[Array, "facet source"]  # W m-2
    iterations: Int[Array, ""]  # 0 for the direct solve
    residual: Float[Array, ""]  # - largest of all columns, over the right side
    converged: Bool[Array, ""]


def space_view(enclosure: Enclosure) -> Float[Array, " facet"]:
    """View to space (-): what the stored exchange areas and inactive sides leave of one, so that all closes."""
    stored = enclosure.exchange_area
    facets = enclosure.area.shape[0]
    seen = row_sums(stored, facets) if isinstance(stored, ExchangeTiles) else jnp.sum(stored, axis=1)
    return 1.0 - enclosure.inactive_view - seen / enclosure.area


def exchanged(enclosure: Enclosure, x: Float[Array, "facet source"]) -> Float[Array, "facet source"]:
    """S x: what the facets receive of a radiosity x, times their areas (W for x in W m-2)."""
    stored = enclosure.exchange_area
    seen = tile_product(stored, x) if isinstance(stored, ExchangeTiles) else stored @ x
    return seen + (enclosure.area * enclosure.inactive_view)[:, None] * x


def is_direct(facets: int, columns: int) -> bool:
    """Whether the LU factorization is the faster way."""
    return facets <= min(DIRECT_FACETS, DIRECT_FACETS_PER_COLUMN * columns)


def irradiation(
    enclosure: Enclosure,
    reflectance: Float[Array, " facet"],
    emission: Float[Array, "facet source"] | None,
    external: Float[Array, "facet source"] | None,
    *,
    direct: bool | None = None,
) -> Irradiation:
    """Irradiation H of every facet with all reflections, for several sources at once.

    (A - S rho) H = S e + A q; emission e and external irradiation q in W m-2, either may be None for nothing.
    direct chooses the solve (default: `is_direct`); conjugate gradients stop at TOLERANCE for every column. The
    matrix is a nonsingular M-matrix as long as no group of perfectly reflecting facets (rho = 1) encloses itself.

    Differentiable in every argument, both modes: the direct solve by its own rule, the other by the implicit function
    theorem with one more solve of the same kind.
    """
    area = enclosure.area[:, None]
    sources = [
        *([] if emission is None else [exchanged(enclosure, emission)]),
        *([] if external is None else [area * external]),
    ]
    right_side = sum(sources[1:], start=sources[0])
    if direct is None:
        direct = is_direct(*right_side.shape)
    if direct:
        value = jnp.linalg.solve(_matrix(enclosure, reflectance), right_side)
        finite = jnp.all(jnp.isfinite(value))
        return Irradiation(value, jnp.zeros((), jnp.int32), jnp.where(finite, 0.0, jnp.inf), finite)

    def forward(_: Callable, b: Array) -> tuple[Array, tuple]:
        root, solve = _symmetric(enclosure, reflectance)
        u, *aux = solve(root * b)
        return (b + exchanged(enclosure, root * u)) / area, tuple(aux)

    def transposed(_: Callable, b: Array) -> tuple[Array, tuple]:
        # (A - rho S) x = b by x = b/A + rho^(1/2) u with (A - rho^(1/2) S rho^(1/2)) u = rho^(1/2) S b/A.
        root, solve = _symmetric(enclosure, reflectance)
        u, *aux = solve(root * exchanged(enclosure, b / area))
        return b / area + root * u, tuple(aux)

    def product(x: Array) -> Array:
        return area * x - exchanged(enclosure, reflectance[:, None] * x)

    value, (iterations, residual) = lax.custom_linear_solve(product, right_side, forward, transposed, has_aux=True)
    return Irradiation(value, iterations, residual, residual <= _SOUND)


def _matrix(enclosure: Enclosure, reflectance: Float[Array, " facet"]) -> Float[Array, "facet facet"]:
    """A - S rho."""
    stored, facets = enclosure.exchange_area, enclosure.area.shape[0]
    dense = tiles_to_dense(stored, facets) if isinstance(stored, ExchangeTiles) else stored
    diagonal = enclosure.area * (1.0 - enclosure.inactive_view * reflectance)
    return jnp.diag(diagonal) - dense * reflectance[None, :]


def _symmetric(enclosure: Enclosure, reflectance: Float[Array, " facet"]) -> tuple[Array, Callable]:
    """The root of the reflectance [facet, 1], and the solver of the symmetric form for many right sides."""
    root = jnp.sqrt(jnp.maximum(reflectance, 0.0))[:, None]
    area = enclosure.area[:, None]
    diagonal = area * (1.0 - (enclosure.inactive_view * reflectance)[:, None])

    def product(u: Array) -> Array:
        return area * u - root * exchanged(enclosure, root * u)

    return root, lambda b: conjugate_gradients(product, diagonal, b)


def conjugate_gradients(
    product: Callable[[Array], Array], diagonal: Float[Array, "facet 1"], right_side: Float[Array, "facet source"]
) -> tuple[Float[Array, "facet source"], Int[Array, ""], Float[Array, ""]]:
    """Solve K u = b for many columns at once, K symmetric positive definite, preconditioned by its diagonal.

    Returns u, the iterations, and the largest residual of all columns, sqrt(r D^-1 r)/sqrt(b D^-1 b), of u itself and
    not of the recurrence: where K is singular, u grows beyond what its digits can balance. A column that
    has converged, or whose direction has no positive curvature (K singular), stays as it is. Not differentiable as
    it stands. Source: Hestenes & Stiefel, J. Res. Natl. Bur. Stand. 49 (1952) 409, doi 10.6028/jres.049.044.
    """
    inverse = 1.0 / jnp.where(diagonal > 0.0, diagonal, 1.0)
    target = TOLERANCE**2 * jnp.sum(inverse * right_side**2, axis=0)

    def unfinished(carry: tuple) -> Array:
        *_, active, count = carry
        return jnp.any(active) & (count < MOST_ITERATIONS)

    def iterate(carry: tuple) -> tuple:
        u, residual, direction, size, active, count = carry
        image = product(direction)
        curvature = jnp.sum(direction * image, axis=0)
        active = active & (curvature > 0.0)
        step = jnp.where(active, size / jnp.where(active, curvature, 1.0), 0.0)
        u, residual = u + step * direction, residual - step * image
        scaled = inverse * residual
        following = jnp.sum(residual * scaled, axis=0)
        direction = jnp.where(active, scaled + following / jnp.where(size > 0.0, size, 1.0) * direction, direction)
        size = jnp.where(active, following, size)
        return u, residual, direction, size, active & (size > target), count + 1

    scaled = inverse * right_side
    size = jnp.sum(right_side * scaled, axis=0)
    start = (jnp.zeros_like(right_side), right_side, scaled, size, size > target, jnp.zeros((), jnp.int32))
    u, *_, count = lax.while_loop(unfinished, iterate, start)
    left = jnp.sum(inverse * (right_side - product(u)) ** 2, axis=0)
    relative = TOLERANCE * jnp.sqrt(jnp.where(target > 0.0, left / jnp.where(target > 0.0, target, 1.0), 0.0))
    return u, count, jnp.max(relative, initial=0.0)


def exchange_factors(
    enclosure: Enclosure,
    emittance: Float[Array, " facet"],
    space_view: Float[Array, " facet"],
    node: Int[Array, " facet"],
    nodes: int,
    reflectance: Float[Array, " facet"] | None = None,
) -> tuple[Float[Array, "node node"], Float[Array, " node"], Bool[Array, ""]]:
    """Radiative exchange factors between nodes and from each node to space (m2), and whether they converged.

    G_ab = sum over facets i of a, j of b of A_i eps_i R_ij eps_j with R = (I - F rho)^-1 F: the power that
    a absorbs of what b emits is G_ab sigma T_b^4 (a Gebhart factor times eps A; G is symmetric). g_a is the
    same for uniform radiation arriving from space, by reciprocity the part of a's emission that escapes, and
    sum_b G_ab + g_a = sum_i eps_i A_i; both come from separate solves, so that this closure is a check.

    reflectance is the diffuse one, 1 - eps unless given: with specular exchange areas in the enclosure
    (`caloris_kernels.radiative.paths`) it is 1 - eps - rho_s - tau.

    Source: Gebhart, Int. J. Heat Mass Transfer 3 (1961) 341, doi 10.1016/0017-9310(61)90048-5.
    """
    weight = enclosure.area * emittance
    diffuse = 1.0 - emittance if reflectance is None else reflectance
    if is_direct(enclosure.area.shape[0], nodes + 1):
        member = jax.nn.one_hot(node, nodes, dtype=enclosure.area.dtype)
        emission = emittance[:, None] * member
        emission = jnp.concatenate([emission, jnp.zeros_like(space_view)[:, None]], axis=1)
        external = jnp.concatenate([jnp.zeros_like(member), space_view[:, None]], axis=1)
        found = irradiation(enclosure, diffuse, emission, external, direct=True)
        factors = member.T @ (found.value * weight[:, None])
        return factors[:, :-1], factors[:, -1], found.converged

    def absorbed(found: Irradiation) -> Array:
        return jax.ops.segment_sum(found.value * weight[:, None], node, nodes)

    def columns(start: Array) -> tuple[Array, Array]:
        emission = emittance[:, None] * jax.nn.one_hot(node - start, width, dtype=weight.dtype)
        found = irradiation(enclosure, diffuse, emission, None, direct=False)
        return absorbed(found), found.converged

    width = min(_COLUMNS, nodes)
    factors, converged = lax.map(jax.checkpoint(columns), jnp.arange(0, nodes, width))
    factors = jnp.moveaxis(factors, 0, 1).reshape(nodes, -1)[:, :nodes]
    outer = irradiation(enclosure, diffuse, None, space_view[:, None], direct=False)
    return factors, absorbed(outer)[:, 0], jnp.all(converged) & outer.converged


def blackbody_emission(temperature: Float[Array, "..."]) -> Float[Array, "..."]:
    """Total emissive power of a black body, sigma T^4 (W m-2), T in K."""
    return STEFAN_BOLTZMANN * jnp.square(jnp.square(temperature))
