"""Electrical heaters: switched by a thermostat, or with power in proportion to a temperature."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.numerics.smooth import smooth_step
from caloris_kernels.parts.part_heat import PartHeat


class ThermostatHeater(NamedTuple):
    """A heater that a thermostat switches."""

    power: Float[Array, ""]  # W, when on


def thermostat_heater(values: Float[Array, " local"], parameters: ThermostatHeater, mode: Float[Array, ""]) -> PartHeat:
    """mode times the power, as heat into the first local node (W).

    When the switch moves, at which temperature of which node, is an event of the time stepper and no part of this
    law; between two events the power is constant, so that the law is smooth.
    """
    heat = jnp.zeros_like(values)
    return PartHeat(heat, heat.at[0].set(mode * parameters.power))


class ProportionalHeater(NamedTuple):
    """A heater whose power falls as its sensor warms."""

    power: Float[Array, ""]  # W, at and below on_below
    on_below: Float[Array, ""]  # K: full power at and below this temperature
    off_above: Float[Array, ""]  # K: no power at and above this one; above on_below


def proportional_heater(values: Float[Array, "2"], parameters: ProportionalHeater, mode: Float[Array, ""]) -> PartHeat:
    """Power into the heated node by the temperature of the sensor's node; values = [heated node, sensor] (K).

    P s((T_off - T_sensor) / (T_off - T_on)) with s(x) = 3 x^2 - 2 x^3 on [0, 1]: full below on_below, none above
    off_above, half midway, its slope continuous, so that steady states and periodic orbits exist and can be
    differentiated. The slope at mid-band is 1.5 P / (T_off - T_on), half as much again as a straight line's. The
    sensor may be the heated node itself. mode is not used.
    """
    band = parameters.off_above - parameters.on_below
    share = smooth_step((parameters.off_above - values[1]) / band)
    return PartHeat(jnp.zeros_like(values), jnp.zeros_like(values).at[0].set(parameters.power * share))
