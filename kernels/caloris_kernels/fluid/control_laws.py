"""Laws of valves that hold a temperature: how far they are open, and what that does to flows."""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.fluid.friction import fitting_loss
from caloris_kernels.fluid.liquid import Liquid, liquid_properties
from caloris_kernels.fluid.loop_laws import Section
from caloris_kernels.numerics.smooth import saturated
from caloris_kernels.parts.part_heat import PartHeat

Scalar = Float[Array, ""]
# Openings this near to 0 and 1 feel the stop, of the proportional and of the integral controller.
_STOP = 0.02
_INTEGRAL_STOP = 0.002
# Part of their sum over which the larger of two losses takes over from the other.
_MEETING = 0.01


class Controller(NamedTuple):
    """What moves a valve."""

    set_point: Scalar  # K
    gain: Scalar  # K-1, opening per kelvin that the sensor is too cold; negative: opens when it is too warm
    rest: Scalar  # - opening at the set point, of the proportional controller


def proportional_opening(values: Float[Array, " local"], parameters: Controller, mode: Scalar) -> PartHeat:
    """Opening u = sat(rest + gain (set_point - T)); values: T of the sensor (K), u (-).

    The row is sat(...) - u: algebraic where its C is zero, a first-order lag of C seconds where it is not. sat holds to
    0 ... 1 and rounds the corners over +-0.02. The sensor stands off its set point by what holds the valve open.
    """
    temperature, opening = values
    wanted = parameters.rest + parameters.gain * (parameters.set_point - temperature)
    row = saturated(wanted, _STOP) - opening
    return PartHeat(jnp.stack([jnp.zeros_like(row), row]), jnp.zeros_like(values))


def integral_opening(values: Float[Array, " local"], parameters: Controller, mode: Scalar) -> PartHeat:
    """Opening that moves until the sensor is at its set point, or the valve at a stop; values: T of it (K), u (-).

    C u' = sat(u + gain (set_point - T)) - u, C > 0 in seconds: between the stops u' = gain (set_point - T)/C, and at a
    stop the row itself says so, without a limit on the integral that could wind up. Steady state has no offset, but
    within 0.002 of a stop, where the corner of sat takes up to 0.0004/gain of it. Only gain/C counts between the stops;
    a small gain, 0.01 K-1, keeps u + gain (...) between them for errors of many kelvin, where Newton's method sees how
    temperature and opening answer to each other.
    """
    temperature, opening = values
    wanted = opening + parameters.gain * (parameters.set_point - temperature)
    row = saturated(wanted, _INTEGRAL_STOP) - opening
    return PartHeat(jnp.stack([jnp.zeros_like(row), row]), jnp.zeros_like(values))


class Split(NamedTuple):
    """A three-way valve that divides a flow between a straight branch and a bypass."""

    leak: Scalar  # - part of the flow that either branch keeps at a stop; > 0, so that none stands still


def flow_split(values: Float[Array, " local"], parameters: Split, mode: Scalar) -> PartHeat:
    """A three-way valve divides a flow whatever the pressures: a m through the bypass, (1 - a) m straight on.

    a = leak + (1 - 2 leak) u. values: u (-), m of the whole, of the straight branch and of the bypass (kg/s); both
    branches have their flow set (free = 0).
    """
    opening, whole, straight, bypass = values
    share = parameters.leak + (1.0 - 2.0 * parameters.leak) * opening
    nothing = jnp.zeros_like(whole)
    rows = jnp.stack([nothing, nothing, (1.0 - share) * whole - straight, share * whole - bypass])
    return PartHeat(rows, jnp.zeros_like(rows))


def larger_loss(first: Scalar, second: Scalar) -> Scalar:
    """The larger of two losses, rounded over a hundredth of their sum and 1 Pa (Pa); C-infinity."""
    gap, width = first - second, _MEETING * (first + second)
    return 0.5 * (first + second + jnp.sqrt(gap * gap + width * width + 1.0))


def split_loss(values: Float[Array, " local"], parameters: Section, mode: Scalar) -> PartHeat:
    """Counts what a section behind a three-way valve loses in the branch that holds it.

    values: m (kg/s) and s of that branch, s of the straight branch and of the bypass (Pa). The two end at one pressure:
    the valve takes from the branch of less loss what the other one loses more, so that the section loses the larger.
    """
    loss = larger_loss(values[2], values[3])
    nothing = jnp.zeros_like(loss)
    return PartHeat(jnp.stack([-parameters.free * loss, loss, nothing, nothing]), jnp.zeros_like(values))


class Valve(NamedTuple):
    """A valve as a resistance."""

    diameter: Scalar  # m, of the pipe
    open_loss: Scalar  # - loss coefficient when open
    leak: Scalar  # - flow area when shut over that when open, > 0
    free: Scalar  # - 1 where the branch's flow answers to pressure


def valve_loss(fluid: Liquid, values: Float[Array, " local"], parameters: Valve, mode: Scalar) -> PartHeat:
    """Pressure lost in a valve whose free area grows linearly as it opens; values: T (K), u (-), m (kg/s), s (Pa).

    K = K_open/a^2, a = leak + (1 - leak) u.
    """
    temperature, opening, mass_flow, _ = values
    area = parameters.leak + (1.0 - parameters.leak) * opening
    coefficient = parameters.open_loss / (area * area)
    loss = fitting_loss(mass_flow, liquid_properties(fluid, temperature), parameters.diameter, coefficient)
    nothing = jnp.zeros_like(loss)
    rows = jnp.stack([nothing, nothing, -parameters.free * loss, loss])
    return PartHeat(rows, jnp.zeros_like(rows))
