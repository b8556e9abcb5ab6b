"""Ionizing dose of ions behind a shield, and what a slab is among shields around a point."""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris_kernels.particle.shield_dose import RAD
from caloris_kernels.particle.stopping_power import ion_stopping_power

# Directions through a slab from one side, by Gauss and Legendre in the cosine; 48 nodes move the dose by 1e-4.
_NODE, _WEIGHT = np.polynomial.legendre.leggauss(24)
_COSINE, _SHARE = 0.5 * (_NODE + 1.0), 0.5 * _WEIGHT


def ion_dose(
    energy: Float[Array, " energy"],
    flux: Float[Array, "ion energy"],
    atomic_number: Float[Array, " ion"],
    mass_fraction: Float[Array, " element"],
) -> Float[Array, ""]:
    """Dose rate (rad/s) of ions at a detector, by what they lose to its electrons.

    D = 1.602e-8 4 pi 1e-4 sum_Z int S_Z(E) j_Z(E) E d ln E

    energy: MeV/u, even in ln E; flux j: m-2 s-1 sr-1 (MeV/u)-1 at the detector, mean over all directions; S: MeV cm2/g
    of the detector's material, given by mass fractions. Trapezoidal rule, 50 points a decade: 1e-3. Charged-particle
    equilibrium is assumed; nothing is added for nuclear fragments and neutrons. A fluence (m-2 sr-1 (MeV/u)-1) gives
    the dose (rad). Source: ECSS-E-ST-10-12C (2008), section 6. Linear in the flux.
    """
    points = jnp.broadcast_to(energy, flux.shape)
    stopping = ion_stopping_power(points, atomic_number, mass_fraction)
    step = jnp.log(energy[1] / energy[0])
    ends = jnp.ones_like(energy).at[0].set(0.5).at[-1].set(0.5)
    return RAD * 4e-4 * jnp.pi * step * jnp.sum(stopping * flux * energy * ends)


def slab_directions(dtype: Any = float) -> tuple[Float[Array, " direction"], Float[Array, " direction"]]:
    """1 / cos of directions through a slab, and the share of the whole sphere that each stands for; sum 1/2.

    The other half of the sphere is behind the detector, where nothing comes from.
    """
    return jnp.asarray(1.0 / _COSINE, dtype), jnp.asarray(0.5 * _SHARE, dtype)
