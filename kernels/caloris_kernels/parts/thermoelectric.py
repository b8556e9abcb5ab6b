"""Thermoelectric (Peltier) coolers: driven by a given current, or by one that a controller sets."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.numerics.smooth import smooth_step
from caloris_kernels.parts.part_heat import PartHeat


class ThermoelectricCooler(NamedTuple):
    """A module, all couples together, with properties that do not depend on the temperature."""

    seebeck: Float[Array, ""]  # V K-1
    resistance: Float[Array, ""]  # ohm
    conductance: Float[Array, ""]  # W K-1
    current: Float[Array, ""]  # A, positive where it cools the cold side


class ControlledThermoelectricCooler(NamedTuple):
    """The same with a controller that raises the current as its sensor warms."""

    seebeck: Float[Array, ""]  # V K-1
    resistance: Float[Array, ""]  # ohm
    conductance: Float[Array, ""]  # W K-1
    maximum_current: Float[Array, ""]  # A, at most seebeck T_cold / resistance: more would heat the cold side
    set_temperature: Float[Array, ""]  # K: no current at and below it
    band: Float[Array, ""]  # K: maximum_current at and above set_temperature + band


def _module(
    cold: Array, hot: Array, seebeck: Array, resistance: Array, conductance: Array, current: Array
) -> tuple[Array, Array, Array, Array]:
    """Heat into the cold and the hot side, from the other side and from electrical power (W)."""
    carried = seebeck * current * cold - conductance * (hot - cold)
    joule = 0.5 * current**2 * resistance
    return -carried, carried, joule, joule + seebeck * current * (hot - cold)


def thermoelectric_cooler(
    values: Float[Array, "2"], parameters: ThermoelectricCooler, mode: Float[Array, ""]
) -> PartHeat:
    """Heat into both sides of a Peltier module (W); values = [cold side, hot side] (K).

        Q_cold = a I T_c - I^2 R / 2 - K (T_h - T_c)   leaves the cold side,
        Q_hot  = a I T_h + I^2 R / 2 - K (T_h - T_c)   enters the hot side,
        P      = Q_hot - Q_cold = a I (T_h - T_c) + I^2 R   is drawn from the bus,

    with the Seebeck coefficient a, the resistance R and the conductance K of the module. The Peltier heat a I T_c and
    conduction are internal; half of the Joule heat on either side, and a I (T_h - T_c) on the hot side, are sources.
    With the hot side colder than the cold one P may be negative: a generator. With Z = a^2 / (R K) the greatest ratio
    Q_cold / P is T_c / (T_h - T_c) times (sqrt(1 + Z T) - T_h / T_c) / (sqrt(1 + Z T) + 1), T = (T_c + T_h) / 2, at
    I = a (T_h - T_c) / (R (sqrt(1 + Z T) - 1)). Source: Ioffe, Semiconductor Thermoelements and Thermoelectric
    Cooling (1957); Goldsmid, Introduction to Thermoelectricity (2nd ed. 2016), ch. 2, DOI 10.1007/978-3-662-49256-7.
    Properties are constants: data sheets give them at one mean temperature. mode is not used.
    """
    cold, hot, by_power, into_hot = _module(values[0], values[1], *parameters)
    return PartHeat(jnp.stack([cold, hot]), jnp.stack([by_power, into_hot]))


def controlled_thermoelectric_cooler(
    values: Float[Array, "3"], parameters: ControlledThermoelectricCooler, mode: Float[Array, ""]
) -> PartHeat:
    """`thermoelectric_cooler` with I = I_max s((T_sensor - T_set) / band); values = [cold side, hot side, sensor] (K).

    s(x) = 3 x^2 - 2 x^3 on [0, 1]. The sensor settles inside the band above the set temperature, or above the band
    where I_max is not enough; it may be the cold side itself. mode is not used.
    """
    cold, hot, sensor = values
    drive = smooth_step((sensor - parameters.set_temperature) / parameters.band)
    current = parameters.maximum_current * drive
    into = _module(cold, hot, parameters.seebeck, parameters.resistance, parameters.conductance, current)
    zero = jnp.zeros_like(into[0])
    return PartHeat(jnp.stack([*into[:2], zero]), jnp.stack([*into[2:], zero]))
