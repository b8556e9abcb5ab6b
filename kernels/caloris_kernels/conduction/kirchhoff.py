"""Conduction with a conductivity over temperature: Kirchhoff's transformation, exact for any table of straight lines.

    theta(T) = T_0 + int_{T_0}^T k(T') / k_ref dT',    heat from b to a = g_ref (theta(T_b) - theta(T_a)),

with g_ref the conductance at the reference conductivity. In one material the equation of steady conduction is linear in
theta, so that a pair's heat is exact whatever the difference of its temperatures, and what leaves one node enters the
other. Source: Carslaw & Jaeger, Conduction of Heat in Solids, 2nd ed. (1959), 1.6. Beyond the table k keeps its end
values. Differentiable in all arguments; theta's slope is continuous, its second derivative jumps at the table's points.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.storage.enthalpy import CapacityTable, enthalpy


def kirchhoff_temperature(
    point: Float[Array, " point"], relative: Float[Array, " point"], temperature: Float[Array, ""]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """theta (K) and its slope k/k_ref (-) at a temperature (K); point (K, ascending), relative = k/k_ref (-).

    Points may repeat at the end. One table, one temperature.
    """
    table = CapacityTable(point, relative[:-1], relative[1:])
    piece = jnp.clip(jnp.searchsorted(point, temperature, side="right") - 1, 0, point.shape[0] - 2)
    width = point[piece + 1] - point[piece]
    share = jnp.clip((temperature - point[piece]) / jnp.where(width > 0.0, width, 1.0), 0.0, 1.0)
    slope = relative[piece] + share * (relative[piece + 1] - relative[piece])
    return enthalpy(table, temperature), slope
