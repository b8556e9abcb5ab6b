"""Diffuse-grey radiosity in one wavelength band: irradiation with all reflections, and exchange factors.

A facet i of area A_i and reflectance rho_i leaves J_i = e_i + rho_i H_i, where e_i is what it emits and
H_i = sum_j F_ij J_j + w_i J_i + q_i is its irradiation: what other facets send, what returns from the inactive
sides that it sees (an adiabatic mirror: fraction w_i), and what arrives from outside, q_i. With the symmetric
S_ij = A_i F_ij + A_i w_i delta_ij this is

    (A - S rho) H = S e + A q.

Source: Modest & Mazumder, Radiative Heat Transfer, 4th ed. (2021), eqs. 5.25-5.30 and 5.37. Valid for opaque,
diffuse, grey-in-band surfaces with uniform irradiation on each facet.

The dense direct solve below is meant for up to some 4000 facets that see each other; facets that see nothing
have H = q and need not be in the system.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.constants import STEFAN_BOLTZMANN


def closed_exchange_area(
    exchange_area: Float[Array, "facet facet"],
    area: Float[Array, " facet"],
    inactive_view: Float[Array, " facet"],
) -> Float[Array, "facet facet"]:
    """S = A F + diag(A w) (m2): the exchange areas with the view toward inactive sides returned to the facet."""
    return exchange_area + jnp.diag(area * inactive_view)


def irradiation(
    closed_area: Float[Array, "facet facet"],
    area: Float[Array, " facet"],
    reflectance: Float[Array, " facet"],
    emission: Float[Array, "facet source"],
    external: Float[Array, "facet source"],
) -> Float[Array, "facet source"]:
    """Irradiation H (W m-2) of every facet with all reflections, for several sources at once.

    (A - S rho) H = S e + A q, by one dense LU factorization. emission e and external irradiation q in W m-2;
    closed_area S from `closed_exchange_area` (m2). The matrix is a nonsingular M-matrix as long as no group
    of perfectly reflecting facets (rho = 1) encloses itself. Differentiable in every argument.
    """
    matrix = jnp.diag(area) - closed_area * reflectance[None, :]
    return jnp.linalg.solve(matrix, closed_area @ emission + area[:, None] * external)


def exchange_factors(
    closed_area: Float[Array, "facet facet"],
    area: Float[Array, " facet"],
    emittance: Float[Array, " facet"],
    space_view: Float[Array, " facet"],
    membership: Float[Array, "facet node"],
) -> tuple[Float[Array, "node node"], Float[Array, " node"]]:
    """Radiative exchange factors between nodes and from each node to space (m2).

    G_ab = sum over facets i of a, j of b of A_i eps_i R_ij eps_j with R = (I - F rho)^-1 F: the power that
    a absorbs of what b emits is G_ab sigma T_b^4 (a Gebhart factor times eps A; G is symmetric). g_a is the
    same for uniform radiation arriving from space, by reciprocity the part of a's emission that escapes, and
    sum_b G_ab + g_a = sum_i eps_i A_i; both come from separate solves, so that this closure is a check.

    Source: Gebhart, Int. J. Heat Mass Transfer 3 (1961) 341, doi 10.1016/0017-9310(61)90048-5.
    """
    emission = emittance[:, None] * membership
    emission = jnp.concatenate([emission, jnp.zeros_like(emission[:, :1])], axis=1)
    external = jnp.concatenate([jnp.zeros_like(membership), space_view[:, None]], axis=1)
    absorbed = irradiation(closed_area, area, 1.0 - emittance, emission, external) * (area * emittance)[:, None]
    factors = membership.T @ absorbed
    return factors[:, :-1], factors[:, -1]


def blackbody_emission(temperature: Float[Array, "..."]) -> Float[Array, "..."]:
    """Total emissive power of a black body, sigma T^4 (W m-2), T in K."""
    return STEFAN_BOLTZMANN * jnp.square(jnp.square(temperature))
