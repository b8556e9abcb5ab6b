"""Properties of a liquid over temperature, as splines: C2 everywhere, enthalpy the exact integral of specific heat.

Density, specific heat and conductivity are splines on uniform temperatures; viscosity and vapor pressure are splines of
their logarithms, so that they are positive for any table. Below and above the table each becomes a constant within two
steps of it, and the enthalpy goes on as a straight line: all are finite with finite derivatives at any temperature, and
whether a temperature means anything is for `caloris_kernels.fluid.validity` to say.

The pressure is not an argument. Liquids here are taken on their saturation line or at about 1 MPa; for water at 20
degC, 10 MPa change the density by 0.5 % and the specific heat by 0.7 %.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.numerics.inverse import Start, inverse
from caloris_kernels.numerics.spline import integral_coefficients, spline_coefficients, spline_integral, spline_value

REFERENCE = 273.15  # K, where every liquid's enthalpy is zero


class Properties(NamedTuple):
    """What flow and heat transfer need to know of a liquid or a vapor at one state."""

    density: Float[Array, ""]  # kg m-3
    specific_heat: Float[Array, ""]  # J kg-1 K-1
    conductivity: Float[Array, ""]  # W m-1 K-1
    viscosity: Float[Array, ""]  # Pa s


class Liquid(NamedTuple):
    """Spline coefficients of a liquid's properties; knots at start + step (0, 1, ..., n)."""

    start: Float[Array, ""]  # K
    step: Float[Array, ""]  # K
    freezing: Float[Array, ""]  # K
    density: Float[Array, " coefficient"]  # kg m-3
    specific_heat: Float[Array, " coefficient"]  # J kg-1 K-1
    enthalpy: Float[Array, " integral"]  # J kg-1, of the integral of the specific heat: see `with_specific_heat`
    conductivity: Float[Array, " coefficient"]  # W m-1 K-1
    log_viscosity: Float[Array, " coefficient"]  # of Pa s
    log_vapor_pressure: Float[Array, " coefficient"]  # of Pa


def liquid_from_table(
    start: Float[Array, ""], step: Float[Array, ""], freezing: Float[Array, ""], table: Float[Array, "knot 5"]
) -> Liquid:
    """The liquid whose table holds density, specific heat, conductivity, viscosity and vapor pressure (SI) at knots.

    Knots are start + step (0, 1, ...) in K, at least four. Differentiable in all arguments.
    """
    logarithms = jnp.log(table[:, 3:])
    c = spline_coefficients(jnp.concatenate([table[:, :3], logarithms], axis=1))
    return Liquid(start, step, freezing, c[:, 0], c[:, 1], _enthalpy(start, step, c[:, 1]), c[:, 2], c[:, 3], c[:, 4])


def _enthalpy(start: Array, step: Array, specific_heat: Array) -> Array:
    """Coefficients of the integral of the specific heat from REFERENCE (J kg-1)."""
    integral = step * integral_coefficients(specific_heat)
    return integral - spline_integral(integral, (REFERENCE - start) / step)


def with_specific_heat(fluid: Liquid, factor: Float[Array, ""]) -> Liquid:
    """The liquid with its specific heat, and with it its enthalpy, times a factor (-): for what-if and sensitivity.

    The two are separate leaves, and a change of one alone would break their bond.
    """
    return fluid._replace(specific_heat=factor * fluid.specific_heat, enthalpy=factor * fluid.enthalpy)


def _position(fluid: Liquid, temperature: Array) -> Array:
    return (temperature - fluid.start) / fluid.step


def liquid_properties(fluid: Liquid, temperature: Float[Array, ""]) -> Properties:
    """Density, specific heat, conductivity and viscosity at one temperature (K)."""
    u = _position(fluid, temperature)
    return Properties(
        spline_value(fluid.density, u),
        spline_value(fluid.specific_heat, u),
        spline_value(fluid.conductivity, u),
        jnp.exp(spline_value(fluid.log_viscosity, u)),
    )


def enthalpy(fluid: Liquid, temperature: Float[Array, ""]) -> Float[Array, ""]:
    """h(T) = integral of the specific heat from 273.15 K to T (J kg-1), negative below; C3, increasing.

    On a saturation line this leaves out the work of compression, (v - T dv/dT) dp: 0.3 % of dh for ammonia at 300 K.
    """
    return spline_integral(fluid.enthalpy, _position(fluid, temperature))


def temperature_of_enthalpy(fluid: Liquid, specific_enthalpy: Float[Array, ""]) -> Float[Array, ""]:
    """T with h(T) = specific_enthalpy (J kg-1), in K; dT/dh = 1/c(T)."""
    guess = REFERENCE + specific_enthalpy / spline_value(fluid.specific_heat, _position(fluid, jnp.asarray(REFERENCE)))
    anywhere = jnp.asarray(jnp.inf, guess.dtype)
    return inverse(enthalpy, fluid, specific_enthalpy, Start(guess, -anywhere, anywhere))


def vapor_pressure(fluid: Liquid, temperature: Float[Array, ""]) -> Float[Array, ""]:
    """Pressure below which the liquid boils at a temperature in K (Pa)."""
    return jnp.exp(spline_value(fluid.log_vapor_pressure, _position(fluid, temperature)))


def highest_temperature(fluid: Liquid) -> Float[Array, ""]:
    """The last knot of the table (K)."""
    return fluid.start + fluid.step * (fluid.density.shape[0] - 7)


def _log_pressure(fluid: Liquid, negative_inverse: Array) -> Array:
    return spline_value(fluid.log_vapor_pressure, _position(fluid, -1.0 / negative_inverse))


def boiling_temperature(fluid: Liquid, pressure: Float[Array, ""]) -> Float[Array, ""]:
    """Temperature (K) at which the liquid boils at a pressure (Pa), held to the ends of the table.

    Solved for 1/T, over which the logarithm of the pressure is nearly a straight line.
    """
    low, high = fluid.start, highest_temperature(fluid)
    ends = _log_pressure(fluid, -1.0 / low), _log_pressure(fluid, -1.0 / high)
    value = jnp.clip(jnp.log(pressure), *ends)
    return -1.0 / inverse(_log_pressure, fluid, value, Start(-2.0 / (low + high), -1.0 / low, -1.0 / high))
