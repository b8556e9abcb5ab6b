"""A fluid on its saturation line: liquid and vapor in equilibrium, as splines over temperature."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.fluid.liquid import Liquid, Properties, enthalpy, liquid_from_table
from caloris_kernels.numerics.spline import spline_coefficients, spline_value


class SaturatedFluid(NamedTuple):
    """A liquid and its vapor, both on the knots of the liquid."""

    liquid: Liquid
    log_latent_heat: Float[Array, " coefficient"]  # of J kg-1
    surface_tension: Float[Array, " coefficient"]  # N m-1
    log_vapor_density: Float[Array, " coefficient"]  # of kg m-3
    vapor_specific_heat: Float[Array, " coefficient"]  # J kg-1 K-1
    vapor_conductivity: Float[Array, " coefficient"]  # W m-1 K-1
    vapor_viscosity: Float[Array, " coefficient"]  # Pa s
    critical_pressure: Float[Array, ""]  # Pa
    molar_mass: Float[Array, ""]  # kg mol-1


def saturated_from_table(
    liquid: tuple[Float[Array, ""], Float[Array, ""], Float[Array, ""]],
    table: Float[Array, "knot 11"],
    critical_pressure: Float[Array, ""],
    molar_mass: Float[Array, ""],
) -> SaturatedFluid:
    """The fluid of a table (SI): five columns of the liquid, six of saturation and vapor.

    As in `liquid_from_table`, then latent heat, surface tension and the vapor's density, specific heat, conductivity
    and viscosity.
    liquid holds start, step and freezing temperature (K). Differentiable in all arguments.
    """
    rest = table[:, 5:].at[:, 0].set(jnp.log(table[:, 5])).at[:, 2].set(jnp.log(table[:, 7]))
    c = spline_coefficients(rest)
    liquids = liquid_from_table(*liquid, table[:, :5])
    return SaturatedFluid(liquids, c[:, 0], c[:, 1], c[:, 2], c[:, 3], c[:, 4], c[:, 5], critical_pressure, molar_mass)


def _position(fluid: SaturatedFluid, temperature: Array) -> Array:
    return (temperature - fluid.liquid.start) / fluid.liquid.step


def vapor_properties(fluid: SaturatedFluid, temperature: Float[Array, ""]) -> Properties:
    """Of the saturated vapor at a temperature (K)."""
    u = _position(fluid, temperature)
    return Properties(
        jnp.exp(spline_value(fluid.log_vapor_density, u)),
        spline_value(fluid.vapor_specific_heat, u),
        spline_value(fluid.vapor_conductivity, u),
        spline_value(fluid.vapor_viscosity, u),
    )


def latent_heat(fluid: SaturatedFluid, temperature: Float[Array, ""]) -> Float[Array, ""]:
    """Enthalpy of the saturated vapor over that of the saturated liquid at a temperature in K (J kg-1)."""
    return jnp.exp(spline_value(fluid.log_latent_heat, _position(fluid, temperature)))


def surface_tension(fluid: SaturatedFluid, temperature: Float[Array, ""]) -> Float[Array, ""]:
    """Surface tension at a temperature in K (N m-1)."""
    return spline_value(fluid.surface_tension, _position(fluid, temperature))


def saturation_enthalpies(
    fluid: SaturatedFluid, temperature: Float[Array, ""]
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """Specific enthalpy of saturated liquid and of saturated vapor (J kg-1), zero for the liquid at 273.15 K."""
    liquid = enthalpy(fluid.liquid, temperature)
    return liquid, liquid + latent_heat(fluid, temperature)


def liquid_transport_factor(
    fluid: SaturatedFluid, temperature: Float[Array, ""], liquid: Properties
) -> Float[Array, ""]:
    """M = sigma rho_l h_fg/mu_l (W m-2), to which the capillary limit of a heat pipe is proportional.

    liquid are the liquid's properties at the temperature (K). Source: Chi, Heat Pipe Theory and Practice (1976),
    chapter 2; also called the liquid's figure of merit.
    """
    return surface_tension(fluid, temperature) * liquid.density * latent_heat(fluid, temperature) / liquid.viscosity
