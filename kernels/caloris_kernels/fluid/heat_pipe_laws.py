"""Laws of heat pipes: conductance with a transport limit, gas-loaded variable conductance, loop heat pipe.

A heat pipe is given by conductances that its maker measures, not by its wick. Where it has a node for its vapor, the
evaporator's and each condenser's conductance are elements of their own (`heat_pipe` between wall and vapor).
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.constants import GAS_CONSTANT
from caloris_kernels.fluid.liquid import Liquid, vapor_pressure
from caloris_kernels.numerics.smooth import positive_part, saturated, smoother_step
from caloris_kernels.parts.part_heat import PartHeat

Scalar = Float[Array, ""]
# Part of the transport limit over which it sets in, and of the condenser over which a gas front ends.
_LIMIT_CORNER = 0.1
_FRONT_CORNER = 0.02
_FORWARD = 0.5  # K, difference over which one-way flow sets in


def _between(heat: Array, others: int = 0) -> PartHeat:
    """Heat from the first node to the second."""
    rows = jnp.concatenate([jnp.stack([-heat, heat]), jnp.zeros(others, heat.dtype)])
    return PartHeat(rows, jnp.zeros_like(rows))


def limited(heat: Scalar, most: Scalar) -> Scalar:
    """heat held to -most ... most (W): itself below 0.9 of it, most above 1.1, a C2 corner between. most > 0.

    In this form the slope beyond is zero, and not a rounding error of either sign that a search would follow. Below the
    corner the heat stands as it is: most may be larger by any factor.
    """
    size = heat / most
    held = most * (positive_part(size + 1.0, _LIMIT_CORNER) - positive_part(size - 1.0, _LIMIT_CORNER) - 1.0)
    return jnp.where(jnp.abs(size) <= 1.0 - _LIMIT_CORNER, heat, held)


class HeatPipe(NamedTuple):
    """A heat pipe of fixed conductance."""

    conductance: Scalar  # W K-1, evaporator to condenser
    wall_conductance: Scalar  # W K-1, along the dry container
    transport: Scalar  # W m, power times effective length that the wick can carry
    effective_length: Scalar  # m, adiabatic length + half of evaporator and condenser


def heat_pipe(values: Float[Array, " local"], parameters: HeatPipe, mode: Scalar) -> PartHeat:
    """Heat from the first node to the second, either of them the warmer one; values: T_first, T_second (K).

    G (T_1 - T_2) up to the capillary limit, transport/effective_length, and no more beyond it; beside it the
    container's own conductance, the only one left when the wick has run dry. Source: Chi, Heat Pipe Theory and
    Practice (1976), chapter 2 (capillary limit (Q L)_max); makers' data for its value (aluminum and ammonia, axial
    grooves: 50 to 300 W m at room temperature). Its course with temperature is that of `liquid_transport_factor`.
    """
    difference = values[0] - values[1]
    carried = limited(parameters.conductance * difference, parameters.transport / parameters.effective_length)
    return _between(carried + parameters.wall_conductance * difference)


class GasLoadedPipe(NamedTuple):
    """A variable-conductance heat pipe: a condenser, beyond it a reservoir, and a charge of gas."""

    conductance: Scalar  # W K-1, vapor to the whole condenser when open
    wall_conductance: Scalar  # W K-1, vapor to condenser when shut
    gas: Scalar  # mol, > 0
    condenser_volume: Scalar  # m3, of its vapor space
    reservoir_volume: Scalar  # m3


def open_condenser(
    fluid: Liquid, vapor: Scalar, condenser: Scalar, reservoir: Scalar, parameters: GasLoadedPipe
) -> Scalar:
    """The share of the condenser that no gas blocks (-), by the flat front; temperatures in K. Held to 0 ... 1, C2.

    In front of the gas there is vapor alone, behind it gas and vapor at the vapor pressure of its wall; the sum of the
    pressures is that of the vapor space, p(T_v):

        n R = (p(T_v) - p(T_c)) V_blocked/T_c + (p(T_v) - p(T_r)) V_r/T_r,   open = 1 - V_blocked/V_c,

    an ideal gas in the blocked part of the condenser (at T_c) and in the reservoir (at T_r, with saturated vapor).
    Source: Marcus, Theory and Design of Variable Conductance Heat Pipes, NASA CR-2018 (1972), chapter 3. Diffusion and
    conduction blur a real front. Where the vapor is colder than the condenser, gas fills all of it.
    """
    pressure = vapor_pressure(fluid, vapor)
    behind = pressure - vapor_pressure(fluid, condenser)
    stored = (pressure - vapor_pressure(fluid, reservoir)) * parameters.reservoir_volume / reservoir
    excess = parameters.gas * GAS_CONSTANT - stored
    full = positive_part(behind, 1e-3 * pressure) * parameters.condenser_volume / condenser
    # A millionth of the charge keeps the quotient finite where the vapor is the colder one.
    blocked = excess / (full + 1e-6 * parameters.gas * GAS_CONSTANT)
    return saturated(1.0 - blocked, _FRONT_CORNER)


def gas_loaded_pipe(fluid: Liquid, values: Float[Array, " local"], parameters: GasLoadedPipe, mode: Scalar) -> PartHeat:
    """Heat from the vapor to the condenser; values: T_vapor, T_condenser, T_reservoir (K).

    (G open + G_wall) (T_v - T_c). The reservoir exchanges heat by links of its own.
    """
    vapor, condenser, reservoir = values
    share = open_condenser(fluid, vapor, condenser, reservoir, parameters)
    conductance = parameters.conductance * share + parameters.wall_conductance
    return _between(conductance * (vapor - condenser), others=1)


class LoopHeatPipe(NamedTuple):
    """A loop heat pipe whose compensation chamber is held at a temperature."""

    conductance: Scalar  # W K-1, evaporator to condenser when fully open
    shut_conductance: Scalar  # W K-1, when shut: lines and leaks
    set_point: Scalar  # K, of the evaporator
    band: Scalar  # K, from shut to fully open
    maximum_power: Scalar  # W


def loop_heat_pipe_demand(evaporator: Scalar, condenser: Scalar, parameters: LoopHeatPipe) -> Scalar:
    """Heat that a loop heat pipe is asked to carry (W), beyond its maximum power too: see `loop_heat_pipe`.

    G share(T_e) (T_e - T_c), one way; temperatures in K, any shape that goes with the parameters'.
    """
    share = saturated((evaporator - parameters.set_point) / parameters.band, _FRONT_CORNER)
    difference = evaporator - condenser
    return parameters.conductance * share * difference * smoother_step(difference / _FORWARD)


def loop_heat_pipe(values: Float[Array, " local"], parameters: LoopHeatPipe, mode: Scalar) -> PartHeat:
    """Heat from the evaporator to the condenser, one way; values: T_evaporator, T_condenser (K).

    A warm compensation chamber floods the condenser until the evaporator stands at the set point (variable
    conductance); with the condenser fully open the conductance is fixed. Here the open share rises linearly over the
    band above the set point, the corners rounded; flow stops when the condenser is the warmer one. Source: Ku,
    Operating Characteristics of Loop Heat Pipes, SAE 1999-01-2007, doi 10.4271/1999-01-2007. Power of the chamber's
    heater is a heater's.
    """
    evaporator, condenser = values
    carried = limited(loop_heat_pipe_demand(evaporator, condenser, parameters), parameters.maximum_power)
    return _between(carried + parameters.shut_conductance * (evaporator - condenser))
