"""Heat transfer between a round tube and the liquid or gas in it: Nusselt numbers, Nu = h D/k.

Each correlation takes a `Flow` and returns the mean Nusselt number of a tube; what it was made for stands in
`caloris_kernels.fluid.validity`, which tells a state that lies outside. All are smooth, positive and finite for any
flow, zero included.
"""

from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris_kernels.fluid.liquid import Properties
from caloris_kernels.numerics.smooth import smoother_step

LAMINAR_END = 2300.0  # Re
TURBULENT_START = 4000.0  # Re
# Powers of Re, Gz and D/L have infinite slopes at zero: they are rounded there, to these values.
_LEAST_REYNOLDS = 1.0
_LEAST_GRAETZ = 1e-3
_LEAST_DIAMETER_OVER_LENGTH = 1e-9
# Temperature difference over which heating turns into cooling in a correlation that tells them apart.
_TURN = 1.0  # K


class Flow(NamedTuple):
    """The numbers that heat transfer in a tube depends on."""

    reynolds: Float[Array, ""]  # -
    prandtl: Float[Array, ""]  # -
    diameter_over_length: Float[Array, ""]  # - length from where heating begins, or of the tube
    heating: Float[Array, ""]  # - 1 where the wall heats the fluid, 0 where it cools it


def prandtl_number(fluid: Properties) -> Float[Array, ""]:
    """Pr = mu c/k (-)."""
    return fluid.viscosity * fluid.specific_heat / fluid.conductivity


def heating_share(difference: Float[Array, ""]) -> Float[Array, ""]:
    """1 for a wall warmer than the fluid by more than some kelvin, 0 for a colder one, (1 + tanh(dT/1 K))/2 (-)."""
    return 0.5 * (1.0 + jnp.tanh(difference / _TURN))


def _rounded(x: Array, least: float) -> Array:
    """sqrt(x^2 + least^2): x >= 0 with zero slope at zero."""
    return jnp.sqrt(x * x + least * least)


def graetz_number(flow: Flow) -> Float[Array, ""]:
    """Gz = Re Pr D/L (-)."""
    return flow.reynolds * flow.prandtl * flow.diameter_over_length


def laminar_isothermal(flow: Flow) -> Float[Array, ""]:
    """Laminar, wall of one temperature, developed velocity, developing temperature; mean over the length.

    Nu = 3.66 + 0.0668 Gz/(1 + 0.04 Gz^(2/3)). Source: Hausen, Z. VDI Beih. Verfahrenstechnik 4 (1943) 91; Incropera et
    al., Fundamentals of Heat and Mass Transfer (6th ed. 2007), equation 8.56. Tends to 3.66 in a long tube.
    """
    gz = _rounded(graetz_number(flow), _LEAST_GRAETZ)
    return 3.66 + 0.0668 * gz / (1.0 + 0.04 * gz ** (2.0 / 3.0))


def laminar_uniform_flux(flow: Flow) -> Float[Array, ""]:
    """Laminar, uniform heat flux, developed velocity, developing temperature; mean over the length.

    Nu^3 = 4.364^3 + 0.6^3 + (1.953 Gz^(1/3) - 0.6)^3: between 48/11, fully developed, and Leveque's entry solution
    1.953 Gz^(1/3), the two limits of Shah & London, Laminar Flow Forced Convection in Ducts (1978), chapter V, whose
    own two branches differ by 7 % where they meet. Blend: Gnielinski, VDI Heat Atlas (2nd ed. 2010), section G1.
    """
    entry = 1.953 * _rounded(graetz_number(flow), _LEAST_GRAETZ) ** (1.0 / 3.0)
    return (4.364**3 + 0.6**3 + (entry - 0.6) ** 3) ** (1.0 / 3.0)


def gnielinski(flow: Flow) -> Float[Array, ""]:
    """Turbulent, smooth tube: Nu = (f/8)(Re - 1000) Pr/(1 + 12.7 sqrt(f/8)(Pr^(2/3) - 1)) (1 + (D/L)^(2/3)).

    f = (0.79 ln Re - 1.64)^-2 (Petukhov). Source: Gnielinski, Int. Chem. Eng. 16 (1976) 359; 3000 < Re < 5e6, 0.5 < Pr
    < 2000 as in Incropera et al. (6th ed. 2007), equation 8.62. Held at its value for Re = 2300 below that.
    """
    re = jnp.maximum(flow.reynolds, LAMINAR_END)
    f = (0.79 * jnp.log(re) - 1.64) ** -2 / 8.0
    entry = 1.0 + _rounded(flow.diameter_over_length, _LEAST_DIAMETER_OVER_LENGTH) ** (2.0 / 3.0)
    return f * (re - 1000.0) * flow.prandtl / (1.0 + 12.7 * jnp.sqrt(f) * (flow.prandtl ** (2.0 / 3.0) - 1.0)) * entry


def dittus_boelter(flow: Flow) -> Float[Array, ""]:
    """Turbulent, smooth tube, small temperature differences: Nu = 0.023 Re^0.8 Pr^n, n = 0.4 heating, 0.3 cooling.

    Source: Dittus & Boelter, Univ. Calif. Publ. Eng. 2 (1930) 443, with the constants of McAdams; Incropera et al. (6th
    ed. 2007), equation 8.60: Re > 1e4, 0.6 < Pr < 160, L/D > 10. n passes from one to the other over some kelvin.
    """
    exponent = 0.3 + 0.1 * flow.heating
    return 0.023 * _rounded(flow.reynolds, _LEAST_REYNOLDS) ** 0.8 * flow.prandtl**exponent


def all_regimes(flow: Flow) -> Float[Array, ""]:
    """Laminar (Hausen) below Re = 2300, turbulent (Gnielinski) above 4000, blended between; C2.

    Nu = (1 - s) Nu_laminar(Re) + s Nu_turbulent(Re), s = 6 g^5 - 15 g^4 + 10 g^3, g = (Re - 2300)/1700. Gnielinski,
    Int. J. Heat Mass Transfer 63 (2013) 134, doi 10.1016/j.ijheatmasstransfer.2013.04.015, blends by g itself between
    the values at 2300 and 4000, which has corners; within the transition either is an interpolation.
    """
    share = smoother_step((flow.reynolds - LAMINAR_END) / (TURBULENT_START - LAMINAR_END))
    return (1.0 - share) * laminar_isothermal(flow) + share * gnielinski(flow)


# By the name in a case.
CORRELATIONS = {
    "laminar": laminar_isothermal,
    "laminar uniform flux": laminar_uniform_flux,
    "turbulent": gnielinski,
    "Dittus-Boelter": dittus_boelter,
    "all regimes": all_regimes,
}
