"""Electrons behind aluminum along straight lines, for damage that follows their spectrum."""

from functools import lru_cache

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris_kernels.particle.shield_dose import natural_spline_at, source_tables

# The table of ranges made dense: its power laws then differ from the spline by 1e-4. 1 keV to 100 MeV.
_ENERGY = np.geomspace(1e-3, 100.0, 501)


def electrons_before(
    energy: Float[Array, " energy"], areal_density: Float[Array, ""]
) -> tuple[Float[Array, " energy"], Float[Array, " energy"]]:
    """Energy before aluminum (MeV) of electrons that leave it with `energy`, and the ratio of fluxes out / in.

    j_out(E) = j_in(E_in) S(E_in) / S(E),  R(E_in) = R(E) + t, R the CSDA range.

    areal_density t: g/cm2. Electrons scatter and straggle, so this lets too few of low and too many of high energy
    through (NRL's SCREAM does the same for solar cells behind glass); doses are not made this way (`shield_dose`).
    Source of R: NIST's table in `shield_dose`. Beyond 100 MeV the last power law goes on.
    """
    log_energy, log_range, slope = (jnp.asarray(part, energy.dtype) for part in _ranges())

    def at(x: Array, knots: Array, values: Array) -> tuple[Array, Array]:
        k = jnp.clip(jnp.searchsorted(knots, x, side="right") - 1, 0, knots.shape[0] - 2)
        steep = (values[k + 1] - values[k]) / (knots[k + 1] - knots[k])
        return values[k] + steep * (x - knots[k]), k

    own, _ = at(jnp.log(energy), log_energy, log_range)
    before = jnp.log(jnp.exp(own) + areal_density)
    log_incident, _ = at(before, log_range, log_energy)

    def inverse_stopping(log_at: Array, log_depth: Array) -> Array:
        return jnp.interp(log_at, log_energy, slope) * jnp.exp(log_depth - log_at)  # dR/dE

    ratio = inverse_stopping(jnp.log(energy), own) / inverse_stopping(log_incident, before)
    return jnp.exp(log_incident), ratio


@lru_cache
def _ranges() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ln E, ln R and d ln R / d ln E."""
    source = source_tables()
    x = np.log(_ENERGY)
    log_range = natural_spline_at(np.log(source["electron_range_energy"]), np.log(source["electron_range"]), x)
    return x, log_range, np.gradient(log_range, x)
