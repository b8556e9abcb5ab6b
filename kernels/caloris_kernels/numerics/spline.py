"""Cubic splines on uniform knots with constant ends and an exact integral: tables of properties over temperature.

On knots u = 0, 1, ..., n the spline is f(u) = sum_j c_j B3(u - j), B3 the cubic B-spline: twice continuously
differentiable through every value, third derivative continuous at the first and last inner knot ("not a knot"). Beyond
the knots the first and the last coefficient are repeated: within two more steps f becomes a constant, without a jump in
f, f' or f''. Its integral is

    F(u) = sum_j C_j B4(u - j),   C_j - C_(j-1) = c_j,

B4 the quartic B-spline: f is F' in every digit, not the derivative of another table.
Source: de Boor, A Practical Guide to Splines (revised ed. 2001), chapters IX and X.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

# Steps beyond the knots within which the spline becomes constant.
_BEYOND = 2


def spline_coefficients(values: Float[Array, "knot ..."]) -> Float[Array, "coefficient ..."]:
    """Coefficients of the spline through values on uniform knots, at least four; knot + 6 of them.

    Solves the dense collocation matrix, once a table; linear in values and differentiable.
    """
    knots = values.shape[0]
    if knots < 4:
        raise ValueError(f"a spline needs at least four knots, not {knots}")
    row = jnp.arange(knots)
    matrix = jnp.zeros((knots + 2, knots + 2), values.dtype)
    for offset, weight in ((0, 1.0 / 6.0), (1, 4.0 / 6.0), (2, 1.0 / 6.0)):
        matrix = matrix.at[row + 1, row + offset].set(weight)
    # The third derivative, c_(j+2) - 3 c_(j+1) + 3 c_j - c_(j-1), has no jump at the second knot and the last but one.
    fourth_difference = jnp.array([1.0, -4.0, 6.0, -4.0, 1.0], values.dtype)
    matrix = matrix.at[0, :5].set(fourth_difference).at[-1, -5:].set(fourth_difference)
    right_side = jnp.zeros((knots + 2, *values.shape[1:]), values.dtype).at[1:-1].set(values)
    inner = jnp.linalg.solve(matrix, right_side.reshape(knots + 2, -1)).reshape(right_side.shape)
    ends = jnp.ones((_BEYOND, *([1] * (values.ndim - 1))), values.dtype)
    return jnp.concatenate([inner[:1] * ends, inner, inner[-1:] * ends])


def integral_coefficients(
    coefficients: Float[Array, "coefficient ..."],
) -> Float[Array, "integral ..."]:
    """Coefficients C of the integral over the position u of the spline with these coefficients; one more of them."""
    total = jnp.cumsum(coefficients, axis=0)
    return jnp.concatenate([jnp.zeros_like(total[:1]), total])


def _last(coefficients: int) -> int:
    """The position of the last knot."""
    return coefficients - 3 - 2 * _BEYOND


def _locate(coefficients: int, position: Array) -> tuple[Int[Array, ""], Array]:
    """The first coefficient of the interval and the place in it, 0 to 1; position held to where f is constant."""
    last = _last(coefficients) + _BEYOND
    held = jnp.clip(position, -_BEYOND, last)
    interval = jnp.clip(jnp.floor(held), -_BEYOND, last - 1)
    return interval.astype(jnp.int32) + _BEYOND, held - interval


@jax.jit
def spline_value(coefficients: Float[Array, "coefficient ..."], position: Float[Array, ""]) -> Float[Array, "..."]:
    """f(u) at one position u, in steps from the first knot. Differentiable in both, C2 in the position."""
    first, t = _locate(coefficients.shape[0], position)
    s = 1.0 - t
    weights = (s**3, 4.0 - 3.0 * t * t * (1.0 + s), 4.0 - 3.0 * s * s * (1.0 + t), t**3)
    return sum(w * coefficients[first + k] for k, w in enumerate(weights)) / 6.0  # pyright: ignore[reportReturnType]


@jax.jit
def spline_integral(integral: Float[Array, "integral ..."], position: Float[Array, ""]) -> Float[Array, "..."]:
    """F(u), an integral of f over u, a straight line beyond the spline's constant ends; C3 in the position.

    integral is `integral_coefficients` of f; a constant of integration may have been added to all of them.
    """
    coefficients = integral.shape[0] - 1
    first, t = _locate(coefficients, position)
    s = 1.0 - t
    weights = (
        s**4,
        11.0 + t * (-12.0 + t * (-6.0 + t * (12.0 - 4.0 * t))),
        11.0 + t * (12.0 + t * (-6.0 + t * (-12.0 + 6.0 * t))),
        1.0 + t * (4.0 + t * (6.0 + t * (4.0 - 4.0 * t))),
        t**4,
    )
    inside = sum(w * integral[first + k] for k, w in enumerate(weights)) / 24.0
    below = jnp.minimum(position + _BEYOND, 0.0) * (integral[1] - integral[0])
    above = jnp.maximum(position - _last(coefficients) - _BEYOND, 0.0) * (integral[-1] - integral[-2])
    return inside + below + above
