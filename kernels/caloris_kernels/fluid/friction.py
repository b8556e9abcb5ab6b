"""Pressure drop of a single phase: friction in all regimes, fittings, and the pump that makes up for it."""

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.constants import STANDARD_GRAVITY
from caloris_kernels.fluid.liquid import Properties
from caloris_kernels.numerics.interpolate import monotone_cubic
from caloris_kernels.numerics.smooth import magnitude

# Below it f Re = 64 in every digit (the next term is 1e-110), and the logarithms need go no further.
_LEAST_REYNOLDS = 1.0
# Fittings lose pressure as the square of the flow down to about this Reynolds number, and linearly below it, so that
# the loss has a slope at zero flow: a regularization, 1e-5 of the loss at Re = 2300. Real fittings turn linear far
# above it.
_FITTING_REYNOLDS = 10.0


def flow_area(diameter: Float[Array, "..."]) -> Float[Array, "..."]:
    """Cross section of a round tube (m2)."""
    return 0.25 * jnp.pi * diameter * diameter


def reynolds_number(
    mass_flow: Float[Array, ""], diameter: Float[Array, ""], viscosity: Float[Array, ""], small_flow: Float[Array, ""]
) -> Float[Array, ""]:
    """Re = 4 |m|/(pi D mu) of one round tube (-), with |m| even and analytic: `magnitude` on the scale small_flow.

    mass_flow and small_flow in kg/s, diameter in m, viscosity in Pa s.
    """
    return 4.0 * magnitude(mass_flow, small_flow) / (jnp.pi * diameter * viscosity)


def friction_factor(reynolds: Float[Array, ""], relative_roughness: Float[Array, ""]) -> Float[Array, ""]:
    """Darcy's friction factor f in laminar, transitional and turbulent flow, smooth and rough (-).

    f = 8 [(8/Re)^12 + (A + B)^(-3/2)]^(1/12),
    A = [2.457 ln(1/((7/Re)^0.9 + 0.27 e/D))]^16,   B = (37530/Re)^16.

    Source: Churchill, Chemical Engineering 84 (24) (1977) 91. 64/Re for laminar flow; within 3 % of Colebrook's
    equation for turbulent flow (4e3 < Re < 1e8, e/D < 0.05); between Re 2100 and 4000, where flow is unsteady, an
    interpolation. relative_roughness e/D >= 0 (-), reynolds >= 0; held at Re = 1 below that. Evaluated by logarithms,
    so that no power overflows in float32. C-infinity for Re > 1.
    """
    log_re = jnp.log(jnp.maximum(reynolds, _LEAST_REYNOLDS))
    rough = jnp.exp(0.9 * (jnp.log(7.0) - log_re)) + 0.27 * relative_roughness
    # The sixteenth power is even: |ln| serves, and it is zero only where B dominates by forty orders.
    log_a = 8.0 * jnp.log((2.457 * jnp.log(rough)) ** 2 + jnp.finfo(log_re.dtype).tiny)
    log_b = 16.0 * (jnp.log(37530.0) - log_re)
    turbulent = -1.5 * jnp.logaddexp(log_a, log_b)
    return 8.0 * jnp.exp(jnp.logaddexp(12.0 * (jnp.log(8.0) - log_re), turbulent) / 12.0)


def friction_gradient(
    mass_flow: Float[Array, ""],
    fluid: Properties,
    diameter: Float[Array, ""],
    roughness: Float[Array, ""],
    small_flow: Float[Array, ""],
) -> Float[Array, ""]:
    """Pressure lost per length of a round tube (Pa/m), with the sign of the flow.

    dp/dx = f/D rho V |V|/2 = (f Re/64) 32 mu V/D^2: the second form has Hagen-Poiseuille's slope at zero flow, where
    f Re = 64. mass_flow in kg/s through this one tube; diameter and roughness in m.
    """
    reynolds = reynolds_number(mass_flow, diameter, fluid.viscosity, small_flow)
    product = jnp.maximum(reynolds, _LEAST_REYNOLDS) * friction_factor(reynolds, roughness / diameter)
    velocity = mass_flow / (fluid.density * flow_area(diameter))
    return 0.5 * product * fluid.viscosity * velocity / (diameter * diameter)


def fitting_loss(
    mass_flow: Float[Array, ""], fluid: Properties, diameter: Float[Array, ""], loss_coefficient: Float[Array, ""]
) -> Float[Array, ""]:
    """Pressure lost in bends, valves, inlets and outlets (Pa), with the sign of the flow: K rho V |V|/2.

    loss_coefficient K is the sum of their coefficients about the velocity in this diameter (-), m in kg/s, D in m.
    Linear in the flow below Re of about 10, which is a regularization, not a model. Source of K: Idelchik, Handbook of
    Hydraulic Resistance (4th ed. 2007).
    """
    area = flow_area(diameter)
    least = _FITTING_REYNOLDS * 0.25 * jnp.pi * diameter * fluid.viscosity
    square = mass_flow * jnp.sqrt(mass_flow * mass_flow + least * least)
    return 0.5 * loss_coefficient * square / (fluid.density * area * area)


def pump_rise(
    mass_flow: Float[Array, ""],
    density: Float[Array, ""],
    curve_flow: Float[Array, " point"],
    curve_head: Float[Array, " point"],
) -> Float[Array, ""]:
    """Pressure rise of a pump (Pa): rho g H(V), H(V) through the points of its curve.

    curve_flow in m3/s, ascending; curve_head in m of the pumped liquid, under standard gravity wherever the pump flies.
    Monotone cubic between the points, straight beyond them: C1.
    """
    head = monotone_cubic(curve_flow, curve_head, mass_flow / density)
    return density * STANDARD_GRAVITY * head
