"""Upset cross-sections: the Weibull curve and its distribution of thresholds."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

# Tanh-sinh rule for int_0^1 f(q) dq, kept as x = -ln(1 - q) so that neither end loses digits: integrable
# singularities of the thresholds at q = 0 (exponent > 1) and q = 1 do not slow its convergence.
_NODE_COUNT = 64
_REACH = 2.8
_NODE = np.linspace(-_REACH, _REACH, _NODE_COUNT)
_LOGIT = np.pi * np.sinh(_NODE)
_EXPONENTIAL_NODE = np.logaddexp(0.0, _LOGIT)
_WEIGHT = np.pi * np.cosh(_NODE) / (2.0 + np.exp(_LOGIT) + np.exp(-_LOGIT)) * (_NODE[1] - _NODE[0])
_WEIGHT = _WEIGHT / _WEIGHT.sum()


def weibull(
    value: Float[Array, "*points"],
    onset: Float[Array, ""],
    width: Float[Array, ""],
    exponent: Float[Array, ""],
    plateau: Float[Array, ""],
) -> Float[Array, "*points"]:
    """Weibull cross-section (unit of plateau): plateau {1 - exp[-((x - onset) / width)^exponent]}, zero below onset.

    x, onset and width in one unit (LET: MeV cm2/mg; proton energy: MeV). Source: Petersen, Pickel, Adams,
    Smith, IEEE Trans. Nucl. Sci. 39, 1577 (1992), doi 10.1109/23.211363.
    """
    scaled = (value - onset) / width
    above = scaled > 0.0
    return jnp.where(above, -plateau * jnp.expm1(-(jnp.where(above, scaled, 1.0) ** exponent)), 0.0)


def weibull_thresholds(
    onset: Float[Array, ""], width: Float[Array, ""], exponent: Float[Array, ""]
) -> tuple[Float[Array, " node"], Float[Array, " node"]]:
    """Thresholds x(q) = onset + width [-ln(1 - q)]^(1/exponent) and weights that sum to one.

    sum_k weight_k f(x_k) is int f dG over the Weibull distribution G = sigma / plateau of thresholds: a
    device is a set of cells each with its own sharp threshold. Tanh-sinh rule of 64 nodes, smooth in all parameters;
    the tails left out hold less than 1e-10 of the cells.
    """
    node = jnp.asarray(_EXPONENTIAL_NODE, jnp.result_type(onset, float))
    return onset + width * node ** (1.0 / exponent), jnp.asarray(_WEIGHT, node.dtype)


def mean_over_thresholds(function, onset: Array, width: Array, exponent: Array) -> Array:
    """Mean of function(threshold) over the Weibull distribution of thresholds; vectorized over the thresholds."""
    thresholds, weights = weibull_thresholds(onset, width, exponent)
    return jnp.tensordot(weights, jax.vmap(function)(thresholds), axes=1)
