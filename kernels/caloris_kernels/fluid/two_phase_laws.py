"""Laws of a pumped two-phase loop: its fluid cells hold specific enthalpy, its accumulator the saturation temperature.

They stand beside the laws of `loop_laws`, whose rows for flows and losses serve here too. A fluid cell is an auxiliary
state h (J/kg) whose C is the mass of fluid in the cell (kg), so that its row is in watts: of a law's internal heat,
what goes to and from wall nodes and enthalpy states together sums to zero. The saturation temperature is that of the
accumulator's node, which a heater may hold or the model may leave free.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.fluid.convection import prandtl_number
from caloris_kernels.fluid.friction import fitting_loss, flow_area, reynolds_number
from caloris_kernels.fluid.loop_laws import SetPump, donor_flow
from caloris_kernels.fluid.phase_change import equilibrium_coefficient, reduced_pressure
from caloris_kernels.fluid.saturation import SaturatedFluid
from caloris_kernels.fluid.two_phase import (
    Phases,
    Tube,
    equilibrium_temperature,
    mixture_density,
    momentum_flux,
    mueller_steinhagen_heck_gradient,
    phases_at,
    vapor_quality,
)
from caloris_kernels.parts.part_heat import PartHeat

Scalar = Float[Array, ""]


class TwoPhaseCarrier(NamedTuple):
    """The link between two cells that follow each other."""

    diameter: Scalar  # m, of each tube
    parallel: Scalar  # -
    small_flow: Scalar  # kg s-1, of all tubes
    free: Scalar  # - 1 where the flow answers to pressure


def carried_enthalpy(
    fluid: SaturatedFluid, values: Float[Array, " local"], parameters: TwoPhaseCarrier, mode: Scalar
) -> PartHeat:
    """Heat carried from one cell to the next, and the pressure that its acceleration takes.

    values: T_sat (K), h_first, h_second (J/kg), m (kg/s), s (Pa). The acceleration, the change of G^2/rho, adds to
    nothing round the loop.
    """
    saturation, first, second, mass_flow, _ = values
    heat = donor_flow(mass_flow, first, second, parameters.small_flow)
    phases, each = phases_at(fluid, saturation), mass_flow / parameters.parallel
    ends = [momentum_flux(each, phases, vapor_quality(phases, h), parameters.diameter) for h in (first, second)]
    acceleration = ends[1] - ends[0]
    rows = jnp.stack([jnp.zeros_like(heat), -heat, heat, -parameters.free * acceleration, acceleration])
    return PartHeat(rows, jnp.zeros_like(rows))


class TwoPhaseCell(NamedTuple):
    """A length of equal round tubes side by side with fluid in equilibrium."""

    diameter: Scalar  # m
    length: Scalar  # m, of this cell
    parallel: Scalar  # -
    roughness: Scalar  # m
    loss_coefficient: Scalar  # - fittings in this cell, each tube
    dryout: Scalar  # - quality from which a heated wall dries, 0 to 1
    small_flow: Scalar  # kg s-1, of all tubes
    free: Scalar  # - 1 where the flow answers to pressure


def two_phase_loss(phases: Phases, specific_enthalpy: Scalar, mass_flow: Scalar, cell: TwoPhaseCell) -> Scalar:
    """Pressure lost in a cell by friction (Mueller-Steinhagen & Heck) and in fittings, those as without slip (Pa).

    specific_enthalpy in J/kg, mass_flow of all tubes in kg/s.
    """
    each, tube = mass_flow / cell.parallel, Tube(cell.diameter, cell.roughness, cell.small_flow / cell.parallel)
    quality = vapor_quality(phases, specific_enthalpy)
    mixture = phases.liquid._replace(density=mixture_density(phases, quality))
    friction = mueller_steinhagen_heck_gradient(each, phases, quality, tube) * cell.length
    return friction + fitting_loss(each, mixture, cell.diameter, cell.loss_coefficient)


def two_phase_line(
    fluid: SaturatedFluid, values: Float[Array, " local"], parameters: TwoPhaseCell, mode: Scalar
) -> PartHeat:
    """The pressure lost in a cell without a wall; values: T_sat (K), h (J/kg), m (kg/s), s (Pa)."""
    saturation, specific_enthalpy, mass_flow, _ = values
    loss = two_phase_loss(phases_at(fluid, saturation), specific_enthalpy, mass_flow, parameters)
    nothing = jnp.zeros_like(loss)
    return PartHeat(jnp.stack([nothing, nothing, -parameters.free * loss, loss]), jnp.zeros_like(values))


def two_phase_tube_heat(
    fluid: SaturatedFluid, values: Float[Array, " local"], parameters: TwoPhaseCell, mode: Scalar
) -> PartHeat:
    """Heat from the wall, h A (T_wall - T), and the pressure lost.

    values: T_wall, T_sat (K), h (J/kg), m (kg/s), s (Pa). Coefficient by `equilibrium_coefficient`, loss by
    `two_phase_loss`.
    """
    wall, saturation, specific_enthalpy, mass_flow, _ = values
    p, phases = parameters, phases_at(fluid, saturation)
    each, tube = mass_flow / p.parallel, Tube(p.diameter, p.roughness, p.small_flow / p.parallel)
    temperature = equilibrium_temperature(fluid, phases, specific_enthalpy)
    superheat = wall - saturation
    coefficient = equilibrium_coefficient(fluid, phases, specific_enthalpy, each, superheat, tube, p.dryout)
    heat = coefficient * jnp.pi * p.diameter * p.length * p.parallel * (wall - temperature)
    loss = two_phase_loss(phases, specific_enthalpy, mass_flow, p)
    rows = jnp.stack([-heat, jnp.zeros_like(heat), heat, -p.free * loss, loss])
    return PartHeat(rows, jnp.zeros_like(rows))


def two_phase_pump_heat(
    fluid: SaturatedFluid, values: Float[Array, " local"], parameters: SetPump, mode: Scalar
) -> PartHeat:
    """Power of the pump of a branch with a set flow, m s/(rho_l eta); values: T_sat (K), h at the pump, m, s.

    All of it becomes heat at the pump, as in `set_pump_heat`. The pump wants liquid: its density is that at saturation.
    """
    saturation, _, mass_flow, loss = values
    power = mass_flow * loss / (phases_at(fluid, saturation).liquid.density * parameters.efficiency)
    nothing = jnp.zeros_like(values)
    return PartHeat(nothing, nothing.at[1].set(power))


def cell_quantities(
    fluid: SaturatedFluid, saturation: Scalar, specific_enthalpy: Scalar, mass_flow: Scalar, cell: TwoPhaseCell
) -> dict[str, Scalar]:
    """What `validity.violations` asks of a cell that boils or condenses.

    saturation temperature in K, specific enthalpy in J/kg, mass_flow of all tubes in kg/s.
    """
    phases, each = phases_at(fluid, saturation), mass_flow / cell.parallel
    small = cell.small_flow / cell.parallel
    return {
        "liquid_reynolds": reynolds_number(each, cell.diameter, phases.liquid.viscosity, small),
        "liquid_prandtl": prandtl_number(phases.liquid),
        "mass_flux": jnp.abs(each) / flow_area(cell.diameter),
        "quality": vapor_quality(phases, specific_enthalpy),
        "reduced_pressure": reduced_pressure(fluid, saturation),
    }


def subcooling(fluid: SaturatedFluid, saturation: Scalar, specific_enthalpy: Scalar) -> Scalar:
    """How far a cell is below saturation (K): what keeps a pump from cavitating.

    Negative for superheated vapor, zero between. Saturation temperature in K, specific enthalpy in J/kg.
    """
    return saturation - equilibrium_temperature(fluid, phases_at(fluid, saturation), specific_enthalpy)
