"""One field line a point, followed toward weaker field and on to the conjugate point, as numbers to interpolate in.

Lengths are in units of the field's reference radius a. The line is stepped in u = int ds / r, in which steps near the
Earth are as short beside the field's scale as far ones.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from caloris_kernels.magnetic.field import FieldCoefficients, dipole_vector, field_of_columns

# Nodes that one piece of the dense output goes through.
_WINDOW = 6
# Row i: the coefficient of t^i in the polynomial through values at t = 0 ... 5 is row i times these values.
_TO_MONOMIALS = np.linalg.inv(np.vander(np.arange(float(_WINDOW)), increasing=True))
# A dipole's line from sine of latitude 0.995 reaches out to L = 100.
_LARGEST_SINE = 0.995


class FieldLine(NamedTuple):
    """Nodes along field lines, at equal steps of u; the first is the point itself."""

    log_strength: Float[Array, "node point"]  # ln(B / B at the point), -
    radius: Float[Array, "node point"]  # r, in units of a
    step: Float[Array, " point"]  # du between nodes, -
    strength: Float[Array, " point"]  # B at the point, T


def trace_field_line(coefficients: FieldCoefficients, position: Float[Array, "xyz point"], steps: int) -> FieldLine:
    """Field lines through positions (in units of a), by the classical Runge-Kutta method in u.

    dr/du = +-|r| B/|B|, toward weaker field. The step is (2.2 W + 0.9)/(steps - 3), W(s) = int_0^s sqrt(1 + 3 x^2) /
    (1 - x^2) dx = 2 artanh(2 s/q) - sqrt(3) arsinh(sqrt(3) s), q^2 = 1 + 3 s^2: u from a dipole's equator to the sine s
    of the point's latitude. So lines low and high have as many steps to their conjugate point, with a tenth to spare.
    The number of steps is an error, not physics: no derivative goes through their length or direction.
    """
    field = field_of_columns(coefficients, position)
    strength = jnp.sqrt(jnp.sum(field * field, axis=0))
    step = jax.lax.stop_gradient(_step_length(coefficients, position, steps))
    sign = jax.lax.stop_gradient(_toward_weaker(coefficients, position, field))
    weight = jnp.array([1.0, 2.0, 2.0, 1.0], position.dtype) / 6.0
    ahead = jnp.array([0.0, 0.5, 0.5, 1.0], position.dtype)

    def stage(carry, constants):
        slope, total, start = carry
        ahead, weight = constants
        place = start + ahead * step * slope
        field = field_of_columns(coefficients, place)
        squared, radius = jnp.sum(field * field, axis=0), jnp.sqrt(jnp.sum(place * place, axis=0))
        slope = sign * (radius * jax.lax.rsqrt(squared)) * field
        return (slope, total + weight * slope, start), (squared, radius)

    def advance(place, _):
        # The stages are a loop, so that the field is compiled once.
        zero = jnp.zeros_like(place)
        (_, total, _), (squared, radius) = jax.lax.scan(stage, (zero, zero, place), (ahead, weight))
        return place + step * total, (0.5 * jnp.log(squared[0] / strength**2), radius[0])

    _, (log_strength, radius) = jax.lax.scan(advance, position, None, length=steps + 1)
    return FieldLine(log_strength.at[0].set(0.0), radius, step, strength)


def _step_length(coefficients: FieldCoefficients, position: Array, steps: int) -> Array:
    axis = dipole_vector(coefficients)
    cosine = axis @ position / jnp.sqrt(jnp.sum(axis**2) * jnp.sum(position * position, axis=0))
    sine = jnp.minimum(jnp.abs(cosine), _LARGEST_SINE)
    half = 2.0 * jnp.arctanh(2.0 * sine / jnp.sqrt(1.0 + 3.0 * sine**2)) - 3**0.5 * jnp.arcsinh(3**0.5 * sine)
    return (2.2 * half + 0.9) / (steps - 3)


def _toward_weaker(coefficients: FieldCoefficients, position: Array, field: Array) -> Array:
    """+1 where the strength falls along B, else -1."""

    def squared(place: Array) -> Array:
        return jnp.sum(field_of_columns(coefficients, place) ** 2, axis=0)

    _, change = jax.jvp(squared, (position,), (field,))
    return jnp.where(change > 0.0, -1.0, 1.0).astype(position.dtype)


def window_start(node: Int[Array, "..."], nodes: int) -> Int[Array, "..."]:
    """The first of the six nodes around a place between node and node + 1."""
    return jnp.clip(node - _WINDOW // 2 + 1, 0, nodes - _WINDOW)


def window_polynomial(values: Float[Array, "node point"], start: Int[Array, " point"]) -> Float[Array, "6 point"]:
    """Coefficients of t^0 ... t^5 of the polynomial through six nodes from start on, t counted in steps from it."""
    nodes = values[start + jnp.arange(_WINDOW)[:, None], jnp.arange(values.shape[1])]
    return jnp.tensordot(jnp.asarray(_TO_MONOMIALS, values.dtype), nodes, axes=1)


def evaluate(polynomial: Float[Array, "6 point"], t: Float[Array, " point"]) -> tuple[Array, Array, Array]:
    """Value, first and second derivative of polynomials at t."""
    value = slope = half_curvature = jnp.zeros_like(t)
    for coefficient in polynomial[::-1]:
        half_curvature = half_curvature * t + slope
        slope = slope * t + value
        value = value * t + coefficient
    return value, slope, 2.0 * half_curvature


def interpolate_line(
    values: tuple[Float[Array, "node point"], ...], place: Float[Array, "quadrature point"]
) -> tuple[Float[Array, "quadrature point"], ...]:
    """Values between nodes, place counted in steps from the first node; polynomials of fifth degree (Lagrange)."""
    nodes, points = values[0].shape
    start = jax.lax.stop_gradient(window_start(jnp.floor(place).astype(jnp.int32), nodes))
    powers = jnp.stack([(place - start) ** i for i in range(_WINDOW)])
    weight = jnp.tensordot(jnp.asarray(_TO_MONOMIALS.T, place.dtype), powers, axes=1)
    node = start + jnp.arange(_WINDOW)[:, None, None]
    return tuple(jnp.sum(weight * table[node, jnp.arange(points)], axis=0) for table in values)
