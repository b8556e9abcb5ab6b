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
    total = np.asarray(jax.lax.stop_gradient(jnp.sum(areal_density, axis=1)))
    positive = total[total > _OPEN]
    low, high = (positive.min(), positive.max()) if len(positive) else (1.0, 1.0)
    edges = np.geomspace(low, max(high, low * (1 + 1e-9)) * (1 + 1e-9), bins)
    owner = jnp.asarray(np.where(total > _OPEN, np.clip(np.searchsorted(edges, total, side="right"), 1, bins - 1), 0))
    count = jnp.asarray(np.bincount(np.asarray(owner), minlength=bins), float)
    occupied = count > 0.0
    safe = jnp.where(occupied, count, 1.0)
    sums = jnp.zeros((bins, areal_density.shape[1])).at[owner].add(areal_density)
    middle = np.concatenate([[0.0], np.sqrt(edges[1:] * edges[:-1])])
    overall = np.asarray(jax.lax.stop_gradient(jnp.mean(areal_density, axis=0)))
    mix = overall / overall.sum() if overall.sum() > 0.0 else np.full(len(overall), 1.0 / len(overall))
    mean = jnp.where(occupied[:, None], sums / safe[:, None], jnp.asarray(middle[:, None] * mix))
    spread = (jnp.sum(areal_density, axis=1) - jnp.sum(mean, axis=1)[owner]) ** 2
    variance = jnp.zeros(bins).at[owner].add(spread) / safe
    each = len(total) // REPLICATES
    sets = np.repeat(np.arange(REPLICATES), each)
    weight = np.zeros((REPLICATES, bins))
    np.add.at(weight, (sets, np.asarray(owner)), 1.0 / each)
    return SectorBins(jnp.asarray(weight), mean, variance)
