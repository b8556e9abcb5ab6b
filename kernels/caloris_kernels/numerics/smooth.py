"""Ramps and limits with a continuous slope: exact outside a stated interval, for right sides of stiff equations."""

import jax.numpy as jnp
from jaxtyping import Array, Float


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
