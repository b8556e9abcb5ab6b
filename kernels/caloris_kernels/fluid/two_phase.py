"""Flow of liquid and vapor in equilibrium: state from the enthalpy, density, pressure drop along the line.

Liquid and vapor share one temperature, that of saturation at the pressure which the accumulator sets for the whole
loop; the drop of the saturation temperature with the pressure along the line is left out. The state is the specific
enthalpy h:

    h < h_l: subcooled liquid;   x = (h - h_l)/h_lv from 0 to 1: saturated;   h > h_v: superheated vapor.
"""

from typing import NamedTuple

from jaxtyping import Array, Float

from caloris_kernels.fluid.friction import flow_area, friction_gradient
from caloris_kernels.fluid.liquid import Properties, liquid_properties, temperature_of_enthalpy
from caloris_kernels.fluid.saturation import (
    SaturatedFluid,
    latent_heat,
    saturation_enthalpies,
    vapor_properties,
)
from caloris_kernels.numerics.smooth import positive_part, saturated

# Over these the corners at x = 0 and x = 1 are rounded: T is too low by 3/16 of it there, x by as much of its own.
_TEMPERATURE_CORNER = 0.1  # K
_QUALITY_CORNER = 0.002  # -
# (1 - x)^(1/3) has an infinite slope at x = 1; below this it becomes linear.
_LEAST_LIQUID = 1e-3


class Phases(NamedTuple):
    """Both phases at one saturation temperature."""

    temperature: Float[Array, ""]  # K
    liquid: Properties
    vapor: Properties
    liquid_enthalpy: Float[Array, ""]  # J kg-1
    latent_heat: Float[Array, ""]  # J kg-1


def phases_at(fluid: SaturatedFluid, temperature: Float[Array, ""]) -> Phases:
    """Both phases at a saturation temperature (K)."""
    return Phases(
        temperature,
        liquid_properties(fluid.liquid, temperature),
        vapor_properties(fluid, temperature),
        saturation_enthalpies(fluid, temperature)[0],
        latent_heat(fluid, temperature),
    )


def equilibrium_quality(phases: Phases, specific_enthalpy: Float[Array, ""]) -> Float[Array, ""]:
    """(h - h_l)/h_lv (-): negative for subcooled liquid, above one for superheated vapor."""
    return (specific_enthalpy - phases.liquid_enthalpy) / phases.latent_heat


def vapor_quality(phases: Phases, specific_enthalpy: Float[Array, ""]) -> Float[Array, ""]:
    """Vapor's share of the mass flow (-), 0 to 1; C2."""
    return saturated(equilibrium_quality(phases, specific_enthalpy), _QUALITY_CORNER)


def equilibrium_temperature(
    fluid: SaturatedFluid, phases: Phases, specific_enthalpy: Float[Array, ""]
) -> Float[Array, ""]:
    """Temperature of the fluid (K): that of saturation for 0 < x < 1; C2.

    Below, by the enthalpy of the liquid; above, by the specific heat of the vapor at saturation. The liquid's enthalpy
    is the integral of its specific heat, so that the two sides meet at x = 0.
    """
    subcooling = phases.temperature - temperature_of_enthalpy(fluid.liquid, specific_enthalpy)
    beyond = specific_enthalpy - phases.liquid_enthalpy - phases.latent_heat
    superheat = beyond / phases.vapor.specific_heat
    return (
        phases.temperature
        - positive_part(subcooling, _TEMPERATURE_CORNER)
        + positive_part(superheat, _TEMPERATURE_CORNER)
    )


def void_fraction(phases: Phases, quality: Float[Array, ""]) -> Float[Array, ""]:
    """Vapor's share of the volume without slip between the phases, x/rho_v over the mixture's volume (-)."""
    vapor = quality / phases.vapor.density
    return vapor / (vapor + (1.0 - quality) / phases.liquid.density)


def mixture_density(phases: Phases, quality: Float[Array, ""]) -> Float[Array, ""]:
    """1/(x/rho_v + (1 - x)/rho_l), without slip (kg m-3)."""
    return 1.0 / (quality / phases.vapor.density + (1.0 - quality) / phases.liquid.density)


class Tube(NamedTuple):
    """One round tube, and the flow below which its sign is smoothed."""

    diameter: Float[Array, ""]  # m
    roughness: Float[Array, ""]  # m
    small_flow: Float[Array, ""]  # kg s-1


def homogeneous_gradient(
    mass_flow: Float[Array, ""], phases: Phases, quality: Float[Array, ""], tube: Tube
) -> Float[Array, ""]:
    """Friction per length as of a single fluid with the mixture's density and viscosity (Pa/m).

    1/mu = x/mu_v + (1 - x)/mu_l. Source: McAdams, Woods & Heroman, Trans. ASME 64 (1942) 193. mass_flow in kg/s; good
    for bubbly and misty flow at high mass flux, low by up to a half in annular flow at low reduced pressure.
    """
    viscosity = 1.0 / (quality / phases.vapor.viscosity + (1.0 - quality) / phases.liquid.viscosity)
    mixture = phases.liquid._replace(density=mixture_density(phases, quality), viscosity=viscosity)
    return friction_gradient(mass_flow, mixture, *tube)


def mueller_steinhagen_heck_gradient(
    mass_flow: Float[Array, ""], phases: Phases, quality: Float[Array, ""], tube: Tube
) -> Float[Array, ""]:
    """Friction per length between that of all liquid, a, and all vapor, b (Pa/m).

    dp/dx = (a + 2 (b - a) x) (1 - x)^(1/3) + b x^3. Source: Mueller-Steinhagen & Heck, Chem. Eng. Process. 20 (1986)
    297, doi 10.1016/0255-2701(86)80008-3, from 9300 measurements (air and water, hydrocarbons, refrigerants). a and b
    with the friction factor of `friction_factor`. mass_flow in kg/s.
    """
    liquid = friction_gradient(mass_flow, phases.liquid, *tube)
    vapor = friction_gradient(mass_flow, phases.vapor, *tube)
    wet = 1.0 - quality
    root = wet / (wet * wet + _LEAST_LIQUID**2) ** (1.0 / 3.0)
    return (liquid + 2.0 * (vapor - liquid) * quality) * root + vapor * quality**3


def momentum_flux(
    mass_flow: Float[Array, ""], phases: Phases, quality: Float[Array, ""], diameter: Float[Array, ""]
) -> Float[Array, ""]:
    """G^2/rho without slip (Pa): its increase along the line is the pressure spent on acceleration.

    mass_flow in kg/s through one tube of this diameter (m).
    """
    mass_flux = mass_flow / flow_area(diameter)
    return mass_flux * mass_flux / mixture_density(phases, quality)
