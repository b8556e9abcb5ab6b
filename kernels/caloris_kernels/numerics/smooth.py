"""Smooth stand-ins for the functions with corners, exact away from the corner: max, min, sign and the switch.

`smooth_step` and `smooth_positive_part` have a continuous slope (C1), the other polynomials a continuous second
derivative too (C2), so that a stepper of fifth order does not stumble over them.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


@jax.jit
def positive_part(x: Float[Array, "..."], width: Float[Array, ""] | float) -> Float[Array, "..."]:
    """max(x, 0), rounded where |x| < width: (x + w)^3 (3 w - x)/(16 w^3) there; 3 w/16 at x = 0. C2, unit of x.

    It is the mean of max(x + s, 0) over a bump of shifts s, so it never lies below max(x, 0). width > 0.
    """
    inner = jnp.clip(x, -width, width)
    ramp = (inner + width) ** 3 * (3.0 * width - inner) / (16.0 * width**3)
    return jnp.where(x > width, x, ramp)


def saturated(x: Float[Array, "..."], width: Float[Array, ""] | float) -> Float[Array, "..."]:
    """x held to 0 ... 1, the two corners rounded over +-width (< 0.5); C2."""
    return positive_part(x, width) - positive_part(x - 1.0, width)


def smoother_step(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """0 for x <= 0, 1 for x >= 1, x^3 (10 - 15 x + 6 x^2) between; C2."""
    t = jnp.clip(x, 0.0, 1.0)
    return t**3 * (10.0 + t * (-15.0 + 6.0 * t))


def magnitude(x: Float[Array, "..."], scale: Float[Array, ""] | float) -> Float[Array, "..."]:
    """|x| as x tanh(x/scale): even, analytic, equal to |x| in every digit of float64 for |x| > 19 scale (> 0)."""
    return x * jnp.tanh(x / scale)


def smooth_step(x: Float[Array, "..."]) -> Float[Array, "..."]:
    """0 below x = 0, 1 above x = 1, 3 x^2 - 2 x^3 between (-): value and slope are continuous everywhere."""
    inside = jnp.clip(x, 0.0, 1.0)
    return inside * inside * (3.0 - 2.0 * inside)


def smooth_positive_part(x: Float[Array, "..."], width: Float[Array, "..."] | float) -> Float[Array, "..."]:
    """max(x, 0), exact where |x| >= width, (x + width)^2 / (4 width) between: value and slope are continuous.

    At most width / 4 above max(x, 0), at x = 0. width > 0 has the unit of x.
    """
    inside = jnp.clip(x, -width, width)
    return (inside + width) ** 2 / (4.0 * width) + jnp.maximum(x - width, 0.0)
