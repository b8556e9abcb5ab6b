"""Rates of one bit by its responses, from the spectra at the device: what `upset_rate` and its uncertainty share."""

from collections.abc import Callable

import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris.model.device import (
    FOLLOWING_RESPONSES,
    AnyProtonResponse,
    BendelResponse,
    FigureOfMeritResponse,
    HeavyIonResponse,
    ProfitResponse,
)
from caloris_kernels.upset.bendel import bendel_two
from caloris_kernels.upset.direct_ionization import direct_proton_upset_rate
from caloris_kernels.upset.figure_of_merit import figure_of_merit_cross_section
from caloris_kernels.upset.profit import profit_cross_section
from caloris_kernels.upset.rate import (
    effective_flux_upset_rate,
    folded_proton_rate,
    heavy_ion_upset_rate,
    proton_upset_rate,
)
from caloris_kernels.upset.sensitive_volume import mean_normal_path


def heavy_ion_rate(
    response: HeavyIonResponse, let: Float[Array, " let"], integral_flux: Float[Array, " let"]
) -> Float[Array, ""]:
    """Upsets per bit by heavy ions (s-1), by the response's method."""
    curve = (response.onset, response.width, response.exponent, response.plateau)
    if response.method == "effective flux":
        return effective_flux_upset_rate(let, integral_flux, *curve, jnp.cos(response.largest_angle))
    return heavy_ion_upset_rate(let, integral_flux, *curve, response.sensitive_volume, response.funnel)


def proton_rate(
    response: AnyProtonResponse,
    energy: Float[Array, " energy"],
    flux: Float[Array, " energy"],
    heavy_ion: HeavyIonResponse | None = None,
) -> Float[Array, ""]:
    """Upsets per bit by protons' nuclear reactions (s-1), by the response's form.

    The figure of merit and PROFIT take their cross-section from `heavy_ion`, which they need (ValueError without).
    """
    if isinstance(response, FOLLOWING_RESPONSES):
        if heavy_ion is None:
            raise ValueError(
                "a proton response by the figure of merit or PROFIT needs the heavy-ion response it follows from"
            )
        return folded_proton_rate(_following_cross_section(response, heavy_ion), energy, flux)
    if isinstance(response, BendelResponse):
        return folded_proton_rate(lambda e: bendel_two(e, response.onset, response.second), energy, flux)
    return proton_upset_rate(energy, flux, response.onset, response.width, response.exponent, response.plateau)


def _following_cross_section(
    response: FigureOfMeritResponse | ProfitResponse, heavy_ion: HeavyIonResponse
) -> Callable[[Array], Array]:
    """The protons' cross-section (cm2) over energy (MeV) that belongs to the heavy ions' curve."""
    curve = (heavy_ion.onset, heavy_ion.width, heavy_ion.exponent, heavy_ion.plateau)
    if isinstance(response, FigureOfMeritResponse):
        return lambda energy: figure_of_merit_cross_section(energy, *curve, response.factor)
    depth = response.depth
    if depth is None:
        depth = mean_normal_path(heavy_ion.sensitive_volume) + heavy_ion.funnel
    return lambda energy: response.factor * profit_cross_section(energy, *curve, depth)


def direct_proton_rate(
    response: HeavyIonResponse, energy: Float[Array, " energy"], flux: Float[Array, " energy"]
) -> Float[Array, ""]:
    """Upsets per bit by protons' own ionization (s-1); zero unless the response asks for it."""
    if not response.direct_protons:
        return jnp.zeros(())
    curve = (response.onset, response.width, response.exponent, response.plateau)
    return direct_proton_upset_rate(energy, flux, *curve, response.sensitive_volume, response.funnel)
