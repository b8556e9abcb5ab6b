"""Photovoltaic conversion of a solar array."""

import jax.numpy as jnp
from jaxtyping import Array, Float


def cell_efficiency(
    temperature: Float[Array, "..."],
    efficiency: Float[Array, ""],
    temperature_coefficient: Float[Array, ""],
    reference_temperature: Float[Array, ""],
) -> Float[Array, "..."]:
    """Conversion efficiency of a solar cell at its temperature (-), never below zero.

    eta(T) = eta_ref + c (T - T_ref): linear in temperature with the absolute coefficient c (K-1), as cell data
    sheets state it (for example SolAero ZTJ and AzurSpace 4G32C: -0.06 to -0.07 % absolute per kelvin).
    temperature and reference_temperature in K. Valid from about -100 to 120 degC, where data sheets are linear;
    differentiable but at the point where it reaches zero.
    """
    return jnp.maximum(efficiency + temperature_coefficient * (temperature - reference_temperature), 0.0)
