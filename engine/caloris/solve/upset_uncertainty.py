"""The uncertainty of upset rates: what is known of responses and environment, propagated by the gradient."""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris.model.device import (
    FOLLOWING_RESPONSES,
    AnyProtonResponse,
    BendelResponse,
    Device,
    FigureOfMeritResponse,
    HeavyIonResponse,
    ProfitResponse,
    ProtonResponse,
    Uncertainty,
)
from caloris.precision import require_float64
from caloris.programs import kept
from caloris.solve.responses import direct_proton_rate, heavy_ion_rate, proton_rate
from caloris.solve.upset import UpsetRate, with_all_responses
from caloris_kernels.upset.sensitive_volume import is_sphere

# Spread of ln sigma of Petersen's relation and of PROFIT, beside that of the heavy-ion curve: a factor of three, by
# judgment.
_RELATION_SPREAD = math.log(3.0)


class RateUncertainty(NamedTuple):
    """Geometric standard deviations g of rates (-, 1 or more): two thirds of the truth lie from rate / g to rate g."""

    heavy_ion: Float[Array, ""]
    proton: Float[Array, ""]
    direct_proton: Float[Array, ""]
    total: Float[Array, ""]


def rate_uncertainty(device: Device, rate: UpsetRate) -> RateUncertainty:
    """Uncertainty of the rates of a device, linearized in the logarithms: a lognormal of

        (ln g)^2 = sum_i (d ln R / d ln p_i)^2 s_i^2 + (ln f)^2,

    p_i the parameters of the responses, s_i and the environment's factor f from `device.uncertainty` (its defaults
    where that is None); a proton response by the figure of merit or PROFIT adds a factor of three. Parameters are
    taken as independent; f is common to all causes. The gradient is exact (automatic differentiation at the spectra in
    `rate`); what the linearization leaves out is second order in s_i: a test holds it against Monte Carlo. A rate of
    zero has the environment's factor alone. Raises RuntimeError in float32. Differentiable in forward and reverse
    mode.
    """
    require_float64("rate_uncertainty")
    bare = with_all_responses(device)
    assert bare.heavy_ion is not None and bare.proton is not None
    sensitivity = _sensitivity(
        bare.heavy_ion, bare.proton, rate.energy, rate.flux_behind[0], rate.let, rate.integral_let_flux
    )
    given = Uncertainty() if device.uncertainty is None else device.uncertainty
    spread = jnp.concatenate([given.heavy_ion, given.proton])
    if isinstance(bare.proton, FOLLOWING_RESPONSES):
        spread = spread.at[9].set(jnp.hypot(spread[9], _RELATION_SPREAD))
    variance = sensitivity**2 @ spread**2 + jnp.log(given.environment) ** 2
    return RateUncertainty(*jnp.exp(_root(variance)))


def _root(square: Array) -> Array:
    positive = square > 0.0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, square, 1.0)), 0.0)


def scaled_responses(
    heavy: HeavyIonResponse, proton: AnyProtonResponse, change: Float[Array, "10"]
) -> tuple[HeavyIonResponse, AnyProtonResponse]:
    """The responses with their parameters times exp(change), in the order of `Uncertainty`.

    The area of the volume goes with the heavy-ion plateau; a sphere has no depth besides. Bendel's form has an onset
    and a plateau, which its second parameter follows; the changes of a width and an exponent do nothing to it. The
    figure of merit and PROFIT have a plateau of their own only by their factor, PROFIT a depth that goes with the heavy
    ions'; the rest is the heavy-ion curve's.
    """
    up = jnp.exp(change)
    side = jnp.sqrt(up[3])
    sizes = [side] if is_sphere(heavy.sensitive_volume) else [side, side, up[4]]
    heavy = HeavyIonResponse(
        heavy.onset * up[0],
        heavy.width * up[1],
        heavy.exponent * up[2],
        heavy.plateau * up[3],
        heavy.sensitive_volume * jnp.stack(sizes),
        heavy.funnel * up[5],
        heavy.largest_angle,
        heavy.method,
        heavy.direct_protons,
    )
    if isinstance(proton, FigureOfMeritResponse):
        return heavy, FigureOfMeritResponse(proton.factor * up[9])
    if isinstance(proton, ProfitResponse):
        return heavy, ProfitResponse(None if proton.depth is None else proton.depth * up[4], proton.factor * up[9])
    if isinstance(proton, BendelResponse):
        return heavy, BendelResponse(proton.onset * up[6], proton.second * up[6] * up[9] ** (1.0 / 14.0))
    curve = (proton.onset, proton.width, proton.exponent, proton.plateau)
    return heavy, ProtonResponse(*(value * up[6 + k] for k, value in enumerate(curve)))


@kept
def _sensitivity(
    heavy: HeavyIonResponse,
    proton: AnyProtonResponse,
    energy: Array,
    flux: Array,
    let: Array,
    integral_flux: Array,
) -> Float[Array, "rate parameter"]:
    """d ln R / d ln p of the rates by heavy ions, protons, protons' ionization and of their sum; zeros where R = 0."""

    def rates(change: Array) -> Array:
        ions, reactions = scaled_responses(heavy, proton, change)
        each = [
            heavy_ion_rate(ions, let, integral_flux),
            proton_rate(reactions, energy, flux, ions),
            direct_proton_rate(ions, energy, flux),
        ]
        return jnp.stack([*each, each[0] + each[1] + each[2]])

    here = jnp.zeros(10)
    value, slope = rates(here), jax.jacfwd(rates)(here)
    positive = value > 0.0
    return jnp.where(positive[:, None], slope / jnp.where(positive, value, 1.0)[:, None], 0.0)
