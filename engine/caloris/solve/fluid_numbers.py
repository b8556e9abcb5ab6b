"""What the fluid in the cells of loops is like at the output times: numbers of its flow, quality, vapor pressure."""

from typing import NamedTuple

import jax
from jaxtyping import Array, Float

from caloris_kernels.fluid.convection import prandtl_number
from caloris_kernels.fluid.friction import reynolds_number
from caloris_kernels.fluid.liquid import Liquid, highest_temperature, liquid_properties, vapor_pressure
from caloris_kernels.fluid.saturation import SaturatedFluid
from caloris_kernels.fluid.two_phase import equilibrium_quality, equilibrium_temperature, phases_at
from caloris_kernels.fluid.two_phase_laws import TwoPhaseCell, cell_quantities

Column = Float[Array, "time cell"]


class LiquidNumbers(NamedTuple):
    """Of the liquid in every cell."""

    reynolds: Column  # - in each tube
    prandtl: Column  # -
    vapor_pressure: Column  # Pa
    freezing: Float[Array, ""]  # K
    lowest: Float[Array, ""]  # K, of the table
    highest: Float[Array, ""]  # K


@jax.jit
def liquid_numbers(
    fluid: Liquid, temperature: Column, each: Column, diameter: Float[Array, " cell"], small_flow: Float[Array, ""]
) -> LiquidNumbers:
    """Temperature in K, each: mass flow in each tube (kg/s)."""

    def one(t: Array, m: Array, width: Array) -> tuple[Array, Array, Array]:
        properties = liquid_properties(fluid, t)
        reynolds = reynolds_number(m, width, properties.viscosity, small_flow)
        return reynolds, prandtl_number(properties), vapor_pressure(fluid, t)

    columns = jax.vmap(jax.vmap(one), in_axes=(0, 0, None))(temperature, each, diameter)
    return LiquidNumbers(*columns, fluid.freezing, fluid.start, highest_temperature(fluid))


class TwoPhaseNumbers(NamedTuple):
    """Of the fluid in every cell of a two-phase loop."""

    temperature: Column  # K
    quality: Column  # - by equilibrium: below 0 subcooled, above 1 superheated
    pressure: Float[Array, " time"]  # Pa, of saturation
    limited: dict[str, Column]  # what ranges of correlations are judged by


@jax.jit
def two_phase_numbers(
    fluid: SaturatedFluid, saturation: Float[Array, " time"], enthalpy: Column, flow: Column, cells: TwoPhaseCell
) -> TwoPhaseNumbers:
    """Saturation temperature in K, specific enthalpy in J/kg, flow of all tubes in kg/s; cells [cell]."""

    def one(t: Array, h: Array, m: Array, cell: TwoPhaseCell) -> tuple[Array, Array, dict[str, Array]]:
        phases = phases_at(fluid, t)
        temperature = equilibrium_temperature(fluid, phases, h)
        return temperature, equilibrium_quality(phases, h), cell_quantities(fluid, t, h, m, cell)

    over_cells = jax.vmap(one, in_axes=(None, 0, 0, 0))
    temperature, quality, limited = jax.vmap(over_cells, in_axes=(0, 0, 0, None))(saturation, enthalpy, flow, cells)
    pressure = jax.vmap(lambda t: vapor_pressure(fluid.liquid, t))(saturation)
    return TwoPhaseNumbers(temperature, quality, pressure, limited)
