"""Vapor-compression heat pumps: heat lifted from a cold to a hot node by electrical power."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.numerics.smooth import smooth_positive_part, smooth_step
from caloris_kernels.parts.part_heat import PartHeat

# Where the two limits of a heat pump meet, they are blended over this share of the capacity.
_BLEND = 0.1


class HeatPump(NamedTuple):
    """A heat pump with a controller; all limits are positive."""

    carnot_fraction: Float[Array, ""]  # - coefficient of performance over Carnot's, at the nodes' temperatures
    capacity: Float[Array, ""]  # W, most heat taken from the cold node
    maximum_power: Float[Array, ""]  # W, most electrical power
    minimum_lift: Float[Array, ""]  # K: the coefficient of performance is bounded by carnot_fraction T_c / this
    set_temperature: Float[Array, ""]  # K: off at and below it
    band: Float[Array, ""]  # K: fully driven at and above set_temperature + band


def cooling_performance(
    cold: Float[Array, "..."], hot: Float[Array, "..."], parameters: HeatPump
) -> Float[Array, "..."]:
    """Coefficient of performance of cooling, heat from the cold side over electrical power (-).

    f T_c / (T_h - T_c), exactly, where the lift T_h - T_c is at least twice minimum_lift; below, the lift in it is
    blended to minimum_lift with a continuous slope: without a lift a compressor still circulates its refrigerant. Real
    machines reach f = 0.3 to 0.6 of Carnot at the temperatures of their two heat exchangers; state f for the
    temperatures of the nodes. Source: Moran and Shapiro, Fundamentals of Engineering Thermodynamics, ch. 5 and 10.
    """
    smallest = parameters.minimum_lift
    lift = smallest + smooth_positive_part(hot - cold - smallest, smallest)
    return parameters.carnot_fraction * cold / lift


def heat_pump(values: Float[Array, "3"], parameters: HeatPump, mode: Float[Array, ""]) -> PartHeat:
    """Heat lifted from the cold to the hot node, and its power (W); values = [cold node, hot node, sensor] (K).

        Q = s((T_sensor - T_set) / band) min(capacity, COP maximum_power),   P = Q / COP,

    s(x) = 3 x^2 - 2 x^3 on [0, 1]; COP from `cooling_performance`. Q leaves the cold node and enters the hot one,
    which also receives P. The minimum is blended where both limits are within a tenth of the capacity, at most
    2.5 % of the capacity below the lower of them, so that Q is C1. The sensor settles inside the band above
    the set temperature, or above it where a limit binds; it may be the cold node itself. mode is not used.
    """
    cold, hot, sensor = values
    performance = cooling_performance(cold, hot, parameters)
    capacity = parameters.capacity
    most = capacity - smooth_positive_part(capacity - performance * parameters.maximum_power, _BLEND * capacity)
    lifted = most * smooth_step((sensor - parameters.set_temperature) / parameters.band)
    zero = jnp.zeros_like(lifted)
    return PartHeat(jnp.stack([-lifted, lifted, zero]), jnp.stack([zero, lifted / performance, zero]))
