"""From many rays to few bins of shielding: what a rate that is a mean over directions needs."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris.geometry.sectors import REPLICATES

BINS = 64
# Directions with less than this (g/cm2; 0.4 um of aluminum) are open and have a bin of their own.
_OPEN = 1e-4


class SectorBins(NamedTuple):
    """Shares of the sphere with about equal shielding."""

    weight: Float[Array, "set bin"]  # share of each replicate's directions; rows sum to 1
    areal_density: Float[Array, "bin material"]  # g/cm2, mean over the bin's rays
    variance: Float[Array, " bin"]  # (g/cm2)^2 of the sums over materials


def sector_bins(areal_density: Float[Array, "ray material"], bins: int = BINS) -> SectorBins:
    """Bins of equal width in the logarithm of the total, behind one bin for open directions.

    Which ray is in which bin is frozen; the bins' means are differentiable in the rays' areal densities, and so exact
    to first order: a mean over rays of R changes by sum w R'(t_b) d t_b. What is left out within a bin is
    R''(t_b) variance / 2, some 1e-3 with 64 bins over three decades. Empty bins have weight 0 and the middle of their
    range in the proportion of the whole.
    """
    total = jax.lax.stop_gradient(jnp.sum(areal_density, axis=1))
    shielded = total > _OPEN
    some = jnp.any(shielded)
    low = jnp.where(some, jnp.min(jnp.where(shielded, total, jnp.inf)), 1.0)
    high = jnp.where(some, jnp.max(jnp.where(shielded, total, 0.0)), 1.0)
    edges = jnp.geomspace(low, jnp.maximum(high, low * (1 + 1e-9)) * (1 + 1e-9), bins)
    owner = jnp.where(shielded, jnp.clip(jnp.searchsorted(edges, total, side="right"), 1, bins - 1), 0)
    count = jnp.zeros(bins).at[owner].add(1.0)
    occupied = count > 0.0
    safe = jnp.where(occupied, count, 1.0)
    sums = jnp.zeros((bins, areal_density.shape[1])).at[owner].add(areal_density)
    middle = jnp.concatenate([jnp.zeros(1), jnp.sqrt(edges[1:] * edges[:-1])])
    overall = jax.lax.stop_gradient(jnp.mean(areal_density, axis=0))
    whole = jnp.sum(overall)
    mix = jnp.where(whole > 0.0, overall / jnp.where(whole > 0.0, whole, 1.0), 1.0 / len(overall))
    mean = jnp.where(occupied[:, None], sums / safe[:, None], middle[:, None] * mix)
    spread = (jnp.sum(areal_density, axis=1) - jnp.sum(mean, axis=1)[owner]) ** 2
    variance = jnp.zeros(bins).at[owner].add(spread) / safe
    each = total.shape[0] // REPLICATES
    sets = np.repeat(np.arange(REPLICATES), each)
    weight = jnp.zeros((REPLICATES, bins)).at[jnp.asarray(sets), owner].add(1.0 / each)
    return SectorBins(weight, mean, variance)
