"""Heat transfer to a fluid that boils or condenses in a tube.

Both correlations rest on data at normal gravity; without it flow is annular over a wider range and stratifies never,
which these correlations assume anyway: neither contains gravity. Their errors are 20 to 30 %.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.fluid.convection import Flow, all_regimes, dittus_boelter, heating_share, prandtl_number
from caloris_kernels.fluid.friction import reynolds_number
from caloris_kernels.fluid.liquid import Properties, vapor_pressure
from caloris_kernels.fluid.saturation import SaturatedFluid
from caloris_kernels.fluid.two_phase import Phases, Tube, equilibrium_quality, equilibrium_temperature, vapor_quality
from caloris_kernels.numerics.smooth import positive_part, smoother_step

# Quality over which a single phase begins to condense, and over which forced convection passes to that of the boiling
# correlation, so that no slope is infinite at the ends.
_ONSET = 0.02
# Powers of the quality are taken no nearer to their infinite slopes than this, where their weight is 1e-21.
_NEAREST = 1e-9
# Wall superheat over which nucleation sets in smoothly.
_SUPERHEAT_CORNER = 0.1  # K


def reduced_pressure(fluid: SaturatedFluid, temperature: Float[Array, ""]) -> Float[Array, ""]:
    """Saturation pressure over the critical pressure at a saturation temperature in K (-)."""
    return vapor_pressure(fluid.liquid, temperature) / fluid.critical_pressure


def nucleate_coefficient(fluid: SaturatedFluid, temperature: Float[Array, ""]) -> Float[Array, ""]:
    """A in h = A q^(2/3), pool boiling of a liquid on a wall of 1 um roughness (W^(1/3) m^(-2/3) K-1).

    A = 55 p_r^0.12 (-log10 p_r)^(-0.55) M^(-1/2), M in g/mol. Source: Cooper, Adv. Heat Transfer 16 (1984) 157, with
    the exponent 2/3 for 0.67; 0.001 < p_r < 0.9.
    """
    p = reduced_pressure(fluid, temperature)
    return 55.0 * p**0.12 * (-jnp.log10(p)) ** -0.55 / jnp.sqrt(1e3 * fluid.molar_mass)


def _liquid_only(mass_flow: Array, phases: Phases, tube: Tube) -> tuple[Array, Array, Array]:
    """Reynolds and Prandtl number of all the flow as liquid, and its coefficient by Dittus and Boelter (W m-2 K-1)."""
    liquid, diameter, _, small_flow = phases.liquid, *tube
    reynolds = reynolds_number(mass_flow, diameter, liquid.viscosity, small_flow)
    prandtl = prandtl_number(liquid)
    one = jnp.ones_like(reynolds)
    nusselt = dittus_boelter(Flow(reynolds, prandtl, 0.0 * one, one))
    return reynolds, prandtl, nusselt * liquid.conductivity / diameter


def boiling_coefficient(
    fluid: SaturatedFluid,
    phases: Phases,
    quality: Float[Array, ""],
    mass_flow: Float[Array, ""],
    superheat: Float[Array, ""],
    tube: Tube,
) -> Float[Array, ""]:
    """Saturated flow boiling (W m-2 K-1) at a wall superheat T_w - T_sat (K), negative ones as zero.

    h^2 = (F h_l)^2 + (S A q^(2/3))^2,   q = h (T_w - T_sat),
    F = [1 + x Pr_l (rho_l/rho_v - 1)]^0.35,   S = 1/(1 + 0.055 F^0.1 Re_l^0.16),

    h_l after Dittus and Boelter and Re_l with all the flow as liquid, A that of pool boiling. With z = (q/q_F)^(2/3)
    and q_F = F h_l (T_w - T_sat) it is the cubic z^3 = 1 + C z^2, C = (S A/(F h_l))^2 q_F^(4/3), with one positive
    root:

    z = u + C^2/(9 u) + C/3,   u^3 = 1/2 + C^3/27 + sqrt(1/4 + C^3/27).

    Source: Liu & Winterton, Int. J. Heat Mass Transfer 34 (1991) 2759, doi 10.1016/0017-9310(91)90234-6. Tubes and
    annuli of any direction at Froude numbers above 0.05; no dryout, no critical heat flux. quality in 0 to 1,
    mass_flow in kg/s.
    """
    reynolds, _, liquid = _liquid_only(mass_flow, phases, tube)
    return _boiling(fluid, phases, quality, (reynolds, liquid), superheat, jnp.zeros_like(quality))


def _boiling(
    fluid: SaturatedFluid, phases: Phases, quality: Array, forced: tuple[Array, Array], superheat: Array, below: Array
) -> Array:
    """`boiling_coefficient` of a liquid `below` saturation by so many kelvin, per wall excess T_w - T (W m-2 K-1).

        q^2 = (F h_l (T_w - T))^2 + (S A q^(2/3) (T_w - T_sat))^2,

    Liu and Winterton's form for subcooled boiling, with F = 1 at x = 0: bubbles need a wall above saturation, not a
    liquid. With r = (T_w - T_sat)/(T_w - T) the cubic is the same but for C = (r S A/(F h_l))^2 q_F^(4/3). forced =
    (Re_l, h_l).
    """
    reynolds, liquid = forced
    prandtl = prandtl_number(phases.liquid)
    enhancement = (1.0 + quality * prandtl * (phases.liquid.density / phases.vapor.density - 1.0)) ** 0.35
    suppression = 1.0 / (1.0 + 0.055 * enhancement**0.1 * (reynolds + 1.0) ** 0.16)
    forced_coefficient = enhancement * liquid
    # Strictly positive, so that its fractional power has a slope.
    above = positive_part(superheat, _SUPERHEAT_CORNER) + 1e-3 * _SUPERHEAT_CORNER
    flux = forced_coefficient * (above + below)
    ratio = above / (above + below) * suppression * nucleate_coefficient(fluid, phases.temperature) / forced_coefficient
    c = ratio * ratio * flux ** (4.0 / 3.0)
    cube = c**3 / 27.0
    u = jnp.cbrt(0.5 + cube + jnp.sqrt(0.25 + cube))
    z = u + c * c / (9.0 * u) + c / 3.0
    return forced_coefficient * z**1.5


def condensation_coefficient(
    fluid: SaturatedFluid, phases: Phases, quality: Float[Array, ""], mass_flow: Float[Array, ""], tube: Tube
) -> Float[Array, ""]:
    """Film condensation inside a tube (W m-2 K-1): h = h_l [(1 - x)^0.8 + 3.8 x^0.76 (1 - x)^0.04/p_r^0.38].

    h_l = 0.023 Re_l^0.8 Pr_l^0.4 k_l/D with all the flow as liquid. Source: Shah, Int. J. Heat Mass Transfer 22 (1979)
    547, doi 10.1016/0017-9310(79)90058-9. quality strictly between 0 and 1 (its powers have infinite slopes at both
    ends), mass_flow in kg/s.
    """
    liquid = _liquid_only(mass_flow, phases, tube)[2]
    dry = 1.0 - quality
    vapor = 3.8 * quality**0.76 * dry**0.04 / reduced_pressure(fluid, phases.temperature) ** 0.38
    return liquid * (dry**0.8 + vapor)


def single_phase_coefficient(
    properties: Properties, mass_flow: Float[Array, ""], tube: Tube, heating: Float[Array, ""]
) -> Float[Array, ""]:
    """All flow as one phase, laminar to turbulent, long tube (W m-2 K-1)."""
    reynolds = reynolds_number(mass_flow, tube.diameter, properties.viscosity, tube.small_flow)
    flow = Flow(reynolds, prandtl_number(properties), jnp.zeros_like(reynolds), heating)
    return all_regimes(flow) * properties.conductivity / tube.diameter


def equilibrium_coefficient(
    fluid: SaturatedFluid,
    phases: Phases,
    specific_enthalpy: Float[Array, ""],
    mass_flow: Float[Array, ""],
    superheat: Float[Array, ""],
    tube: Tube,
    dryout: Float[Array, ""],
) -> Float[Array, ""]:
    """Heat transfer of a fluid anywhere between subcooled liquid and superheated vapor (W m-2 K-1).

    Where the wall is above saturation it boils, in subcooled liquid too (`_boiling`), with the forced convection of a
    single phase up to x = 0 and that of the correlation from x = 0.02; where not, single-phase liquid up to x = 0,
    condensing within 0.02 of it. Vapor above x = 1. Were boiling to begin at x = 0, a cell that takes more than some
    hundredths of quality would have two steady states, as liquid and as boiling. When it boils, the wall dries between
    the quality `dryout` and x = 1, by a smooth step from boiling to vapor: an assumption (0 < dryout < 1); what it
    should be follows from the critical heat flux of the tube. superheat T_w - T_sat in K; the heat flux is the
    coefficient times T_w - T. C2 in the enthalpy.
    """
    x = equilibrium_quality(phases, specific_enthalpy)
    inner = jnp.clip(x, _NEAREST, 1.0 - _NEAREST)
    heating = heating_share(superheat)
    liquid = single_phase_coefficient(phases.liquid, mass_flow, tube, heating)
    vapor = single_phase_coefficient(phases.vapor, mass_flow, tube, heating)
    onset = smoother_step(x / _ONSET)
    reynolds, _, turbulent = _liquid_only(mass_flow, phases, tube)
    below = jnp.maximum(phases.temperature - equilibrium_temperature(fluid, phases, specific_enthalpy), 0.0)
    forced = reynolds, liquid + onset * (turbulent - liquid)
    boiling = _boiling(fluid, phases, vapor_quality(phases, specific_enthalpy), forced, superheat, below)
    wet = 1.0 - smoother_step((x - dryout) / (1.0 - dryout))
    boiling = vapor + wet * (boiling - vapor)
    condensing = condensation_coefficient(fluid, phases, inner, mass_flow, tube)
    condensing = vapor + smoother_step((1.0 - x) / _ONSET) * (condensing - vapor)
    condensing = liquid + onset * (condensing - liquid)
    return heating * boiling + (1.0 - heating) * condensing
