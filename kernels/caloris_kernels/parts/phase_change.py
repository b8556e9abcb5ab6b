"""Phase-change material: its specific heat as a table whose enthalpy is exact, and the share that has melted."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float


class PhaseChange(NamedTuple):
    """A material that melts over a range of temperatures about its melting temperature."""

    melting_temperature: Float[Array, ""]  # K, the middle of the range
    width: Float[Array, ""]  # K, of the range; positive, less than twice the melting temperature
    latent_heat: Float[Array, ""]  # J kg-1
    solid_specific_heat: Float[Array, ""]  # J kg-1 K-1
    liquid_specific_heat: Float[Array, ""]  # J kg-1 K-1


class SpecificHeatTable(NamedTuple):
    """Specific heat, linear between breakpoints, where it may jump; constant below the first and above the last."""

    temperature: Float[Array, " point"]  # K, ascending
    left: Float[Array, " point"]  # J kg-1 K-1, just below the breakpoint
    right: Float[Array, " point"]  # J kg-1 K-1, just above it


def specific_heat_table(material: PhaseChange) -> SpecificHeatTable:
    """The apparent specific heat of a melting material: sensible, from solid to liquid, plus a triangle of latent heat.

    Over the melting range T_m - w/2 to T_m + w/2 the sensible part is a straight line from c_solid to c_liquid, and
    the latent part rises to 2 L / w in the middle. Its integral across the range is L + w (c_solid + c_liquid) / 2:
    outside of the range, the enthalpy is exactly that of a material that melts at T_m,

        h(T) - h(T_0) = c_solid (T_m - T_0) + L + c_liquid (T - T_m),

    for any width. The specific heat is continuous, so that temperature over enthalpy has a continuous slope; `left`
    and `right` are equal. This is the apparent heat capacity method (Bonacina, Comini, Fasano and Primicerio, Int. J.
    Heat Mass Transfer 16, 1825, 1973, DOI 10.1016/0017-9310(73)90202-0) with the integral kept exact. A narrow range
    needs small time steps; pure paraffins melt over 1 to 5 K.
    """
    temperature = material.melting_temperature + material.width * jnp.array([-0.5, 0.0, 0.5])
    solid, liquid = material.solid_specific_heat, material.liquid_specific_heat
    middle = 0.5 * (solid + liquid) + 2.0 * material.latent_heat / material.width
    value = jnp.stack([solid, middle, liquid])
    return SpecificHeatTable(temperature, value, value)


def melted_fraction(temperature: Float[Array, "..."], material: PhaseChange) -> Float[Array, "..."]:
    """The share of the latent heat taken up at a temperature (-): the integral of the triangle, 0 to 1.

    2 x^2 up to the middle of the melting range, 1 - 2 (1 - x)^2 beyond, x = (T - T_m) / w + 1/2.
    """
    x = jnp.clip((temperature - material.melting_temperature) / material.width + 0.5, 0.0, 1.0)
    return jnp.where(x < 0.5, 2.0 * x**2, 1.0 - 2.0 * (1.0 - x) ** 2)
