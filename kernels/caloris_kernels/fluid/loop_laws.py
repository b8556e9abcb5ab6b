"""Laws of a pumped loop of liquid: what flows carry, what tubes exchange and lose, what drives them, how they divide.

A loop is a ring of fluid nodes, each a length of tube with its liquid (its heat capacity belongs to the network), and
of branches, each with one mass flow m (kg/s) and one pressure loss s (Pa), both algebraic states:

    node:         C T' = sum of `carried_heat` over its two ends + `tube_heat` from the wall
    s of branch:  0 = sum of losses along it - s                                              (`branch_loss`)
    m of branch:  0 = pump_rise - losses       free: flow answers to pressure                 (`curve_pump`)
               or 0 = flow - m                 set: pressure is what the flow needs           (`set_flow`)

Branches side by side have equal losses (`equal_loss`) and share the flow (`remaining_flow`); the branch that holds them
in its course counts their loss once (`section_loss`). So no pressure is a state, mass is conserved exactly, and every
algebraic row depends on its own state. Pressures follow from that of the accumulator and the losses. Where a law says
`free`, it is 1 for a branch whose m-row is a balance of pressures, else 0.

Each flow is taken out of one node and put into another: energy is conserved to rounding, whatever the flows. In steady
flow a node gets m (h(T_upstream) - h(T)): first-order upwind. Rows of states are in the order of the values.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.fluid.convection import Flow, heating_share, prandtl_number
from caloris_kernels.fluid.friction import fitting_loss, friction_gradient, pump_rise, reynolds_number
from caloris_kernels.fluid.liquid import Liquid, Properties, enthalpy, liquid_properties
from caloris_kernels.numerics.smooth import magnitude
from caloris_kernels.parts.part_heat import PartHeat

Scalar = Float[Array, ""]


def _heat(*internal: Array) -> PartHeat:
    """A part that draws no electrical power."""
    rows = jnp.stack(internal)
    return PartHeat(rows, jnp.zeros_like(rows))


def donor_flow(mass_flow: Scalar, of_first: Scalar, of_second: Scalar, small_flow: Scalar) -> Scalar:
    """What a flow from the first to the second carries (W): m times the enthalpy of where it comes from.

    m (h_1 + h_2)/2 + |m| (h_1 - h_2)/2 with |m| = m tanh(m/small_flow): analytic, and upwind in every digit beyond 19
    small_flow (kg/s). Enthalpies in J/kg.
    """
    return 0.5 * (mass_flow * (of_first + of_second) + magnitude(mass_flow, small_flow) * (of_first - of_second))


class Carrier(NamedTuple):
    """The link between two fluid nodes that follow each other."""

    small_flow: Scalar  # kg s-1, below which flow has no sense


def carried_heat(fluid: Liquid, values: Float[Array, " local"], parameters: Carrier, mode: Scalar) -> PartHeat:
    """Heat carried by a flow from one fluid node to the next; values: T_first, T_second (K), m (kg/s)."""
    first, second, mass_flow = values
    heat = donor_flow(mass_flow, enthalpy(fluid, first), enthalpy(fluid, second), parameters.small_flow)
    return _heat(-heat, heat, jnp.zeros_like(heat))


class TubeCell(NamedTuple):
    """A length of equal round tubes side by side, with one fluid node and one wall node."""

    diameter: Scalar  # m
    length: Scalar  # m, of this cell
    parallel: Scalar  # - tubes that share the flow
    roughness: Scalar  # m
    loss_coefficient: Scalar  # - fittings in this cell, each tube
    diameter_over_length: Scalar  # - the tube's whole heated length, for developing flow; 0: developed
    coefficient: Scalar  # W m-2 K-1, where no correlation is named
    small_flow: Scalar  # kg s-1, of all tubes
    free: Scalar  # - 1 where the flow answers to pressure


def tube_flow(properties: Properties, mass_flow: Scalar, difference: Scalar, cell: TubeCell) -> Flow:
    """The numbers of the flow in each tube, for correlations and for `validity.violations`.

    mass_flow of all tubes (kg/s), difference of wall and fluid (K).
    """
    each, small = mass_flow / cell.parallel, cell.small_flow / cell.parallel
    reynolds = reynolds_number(each, cell.diameter, properties.viscosity, small)
    return Flow(reynolds, prandtl_number(properties), cell.diameter_over_length, heating_share(difference))


def tube_coefficient(
    correlation: Callable[[Flow], Array] | None,
    properties: Properties,
    mass_flow: Scalar,
    difference: Scalar,
    cell: TubeCell,
) -> Scalar:
    """Heat transfer coefficient (W m-2 K-1) by a correlation of `convection`, or the cell's own for None."""
    if correlation is None:
        return cell.coefficient
    nusselt = correlation(tube_flow(properties, mass_flow, difference, cell))
    return nusselt * properties.conductivity / cell.diameter


def tube_loss(properties: Properties, mass_flow: Scalar, cell: TubeCell) -> Scalar:
    """Pressure lost in a cell by friction and fittings (Pa); mass_flow of all tubes (kg/s)."""
    each, small = mass_flow / cell.parallel, cell.small_flow / cell.parallel
    gradient = friction_gradient(each, properties, cell.diameter, cell.roughness, small)
    return gradient * cell.length + fitting_loss(each, properties, cell.diameter, cell.loss_coefficient)


def tube_heat(
    fluid: Liquid,
    correlation: Callable[[Flow], Array] | None,
    values: Float[Array, " local"],
    parameters: TubeCell,
    mode: Scalar,
) -> PartHeat:
    """Heat from the wall, h A (T_wall - T_fluid), and the pressure lost; values: T_wall, T_fluid (K), m (kg/s), s (Pa).

    Properties at the fluid's temperature. correlation and fluid are the group's, not the element's.
    """
    wall, temperature, mass_flow, _ = values
    properties = liquid_properties(fluid, temperature)
    difference = wall - temperature
    area = jnp.pi * parameters.diameter * parameters.length * parameters.parallel
    heat = tube_coefficient(correlation, properties, mass_flow, difference, parameters) * area * difference
    loss = tube_loss(properties, mass_flow, parameters)
    return _heat(-heat, heat, -parameters.free * loss, loss)


def branch_loss(values: Float[Array, " local"], parameters: tuple, mode: Scalar) -> PartHeat:
    """The row of a branch's pressure loss, one a branch; values: s (Pa). No parameters."""
    return _heat(-values[0])


class SetFlow(NamedTuple):
    """A mass flow that a pump holds."""

    mass_flow: Scalar  # kg s-1


def set_flow(values: Float[Array, " local"], parameters: SetFlow, mode: Scalar) -> PartHeat:
    """The flow of a branch is given; values: m (kg/s)."""
    return _heat(parameters.mass_flow - values[0])


class SetPump(NamedTuple):
    """The pump of a branch whose flow is set."""

    efficiency: Scalar  # - hydraulic power over electrical power


def set_pump_heat(fluid: Liquid, values: Float[Array, " local"], parameters: SetPump, mode: Scalar) -> PartHeat:
    """Power of the pump of a branch with a set flow, m s/(rho eta); values: T at the pump (K), m (kg/s), s (Pa).

    All of it becomes heat of the liquid: its losses in the pump, its hydraulic power along the loop. It is put into the
    pump's node at once; a loss of 1 bar warms ammonia by 0.03 K all the way round.
    """
    temperature, mass_flow, loss = values
    power = mass_flow * loss / (liquid_properties(fluid, temperature).density * parameters.efficiency)
    nothing = jnp.zeros_like(values)
    return PartHeat(nothing, nothing.at[0].set(power))


class CurvePump(NamedTuple):
    """A pump by its curve."""

    curve_flow: Float[Array, " point"]  # m3 s-1
    curve_head: Float[Array, " point"]  # m
    efficiency: Scalar  # -


def curve_pump(fluid: Liquid, values: Float[Array, " local"], parameters: CurvePump, mode: Scalar) -> PartHeat:
    """Pressure rise of a pump in the m-row of a free branch, and its power as heat.

    values: T at the pump (K), m (kg/s). As in `set_pump_heat`, all power m dp/(rho eta) goes into the pump's node.
    """
    temperature, mass_flow = values
    density = liquid_properties(fluid, temperature).density
    rise = pump_rise(mass_flow, density, parameters.curve_flow, parameters.curve_head)
    power = mass_flow * rise / (density * parameters.efficiency)
    nothing = jnp.zeros_like(rise)
    return PartHeat(jnp.stack([nothing, rise]), jnp.stack([power, nothing]))


def equal_loss(values: Float[Array, " local"], parameters: tuple, mode: Scalar) -> PartHeat:
    """A free branch beside the last one of its section has that one's loss; values: m (kg/s), s of the last (Pa).

    Adds s_last to the m-row, where the branch's own losses stand with the other sign. No parameters.
    """
    return _heat(values[1], jnp.zeros_like(values[0]))


def remaining_flow(values: Float[Array, " local"], parameters: tuple, mode: Scalar) -> PartHeat:
    """The last branch of a section takes what the others leave; values: m of the whole, then of each branch (kg/s).

    The last branch is not free: its tubes have free = 0. No parameters.
    """
    nothing = jnp.zeros_like(values)
    return PartHeat(nothing.at[-1].set(values[0] - jnp.sum(values[1:])), nothing)


class Section(NamedTuple):
    """Branches side by side within a branch."""

    free: Scalar  # - of the branch that holds them


def section_loss(values: Float[Array, " local"], parameters: Section, mode: Scalar) -> PartHeat:
    """Counts a section's loss in the branch that holds it; values: m (kg/s) and s of that branch, s of the section."""
    loss = values[2]
    return _heat(-parameters.free * loss, loss, jnp.zeros_like(loss))
