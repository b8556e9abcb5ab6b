"""Recoils of protons in silicon: how many of which energy (`recoil_tables`), and their LET along a path."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris_kernels.constants import AVOGADRO
from caloris_kernels.particle.elements import SILICON
from caloris_kernels.particle.stopping_power import ion_stopping_power
from caloris_kernels.upset.direct_ionization import SILICON_DENSITY
from caloris_kernels.upset.recoil_tables import (
    CHARGE,
    ELASTIC_MEAN,
    ELASTIC_SHAPE,
    MASS,
    MEAN,
    PROTON_ENERGY,
    SHAPE,
    YIELD,
)

_SILICON_MASS, _SILICON_CHARGE = 28.0855, 14.0
_CENTIMETER = 1e4  # um
_THINNEST = 1e-3  # um: paths below it have the LET at birth
# Edges of the recoils' energies, MeV, 24 a decade; recoils outside, none of account, count in the bins at the ends.
RECOIL_ENERGY = np.geomspace(0.02, 100.0, 90)
# Rows of ions: the fragments of reactions, and silicon that protons scatter elastically.
RECOIL_CHARGE, RECOIL_MASS = np.append(CHARGE, _SILICON_CHARGE), np.append(MASS, _SILICON_MASS)
REACTION, ELASTIC = 0, 1


def _gamma_shares(mean: np.ndarray, shape: np.ndarray, mass: np.ndarray) -> np.ndarray:
    """Shares of a gamma distribution of energies in the bins of RECOIL_ENERGY: [proton energy, ion, bin].

    They add up to one. No recoil has more than twice the momentum of its proton: T < 4 E / A, slow as both are where
    this counts.
    """
    fine = np.linspace(np.log(RECOIL_ENERGY[:-1]), np.log(RECOIL_ENERGY[1:]), 9)  # nodes, bin
    ratio = np.exp(fine) / mean[..., None, None]
    most = 4.0 * PROTON_ENERGY[:, None] / mass
    density = np.exp(shape[..., None, None] * (np.log(ratio) - ratio)) * (np.exp(fine) < most[..., None, None])
    each = density.mean(axis=-2)
    return each / each.sum(axis=-1, keepdims=True)


def _recoil_shares() -> np.ndarray:
    """Recoils per reaction and per elastic collision: [cause, proton energy, ion, bin of energy]."""
    of_reaction = YIELD[..., None] * _gamma_shares(MEAN, SHAPE, MASS)
    silicon = np.array([_SILICON_MASS])
    of_elastic = _gamma_shares(ELASTIC_MEAN[:, None], ELASTIC_SHAPE[:, None], silicon)
    nothing = np.zeros_like(of_elastic)
    return np.stack(
        [
            np.concatenate([of_reaction, nothing], axis=1),
            np.concatenate([np.zeros_like(of_reaction), of_elastic], axis=1),
        ]
    )


RECOIL_SHARE = _recoil_shares()


def ionizing_energy(
    energy: Float[Array, "ion points"], atomic_number: Float[Array, " ion"], mass_number: Float[Array, " ion"]
) -> Float[Array, "ion points"]:
    """What of its energy (MeV) an ion that stops in silicon spends on ionization (MeV).

    T F g / (1 + F g), g = e + 0.40244 e^(3/4) + 3.4008 e^(1/6), e = T / E_L, with Lindhard's E_L and F of the ion's
    Z and A; the rest displaces atoms. Source: M. T. Robinson's fit of Lindhard, Nielsen, Scharff and Thomsen (1963) in
    Nuclear Fusion Reactors (British Nuclear Energy Society, 1970), p. 364.
    """
    z, a = atomic_number[:, None], mass_number[:, None]
    size = z ** (2.0 / 3.0) + _SILICON_CHARGE ** (2.0 / 3.0)
    masses = a + _SILICON_MASS
    unit = 30.724e-6 * z * _SILICON_CHARGE * jnp.sqrt(size) * masses / _SILICON_MASS  # MeV
    strength = 0.0793 * z ** (2.0 / 3.0) * _SILICON_CHARGE**0.5 * masses**1.5
    strength = strength / (size**0.75 * a**1.5 * _SILICON_MASS**0.5)
    e = energy / unit
    g = strength * (e + 0.40244 * e**0.75 + 3.4008 * e ** (1.0 / 6.0))
    return energy * g / (1.0 + g)


def recoil_stopping(
    energy: Float[Array, "ion points"], atomic_number: Float[Array, " ion"], mass_number: Float[Array, " ion"]
) -> Float[Array, "ion points"]:
    """Electronic stopping power of recoils of `energy` MeV in silicon (MeV cm2/mg), Z = 2 to 14, from keV/u.

    `ion_stopping_power` S_e, and where Lindhard and Scharff's S_l, which grows with the speed, is less, the geometric
    mean of the two: S_e is up to half too high there, S_l up to a third too low. S_l = 3.83e-15 eV cm2 Z^(7/6) Z_2
    (Z^(2/3) + Z_2^(2/3))^(-3/2) (T/A)^(1/2) an atom, T/A in keV/u: Phys. Rev. 124, 128 (1961). Within 16 % of SRIM at
    1, 3 and 10 MeV, 20 % at 0.3; at 0.1 MeV 0.5 to 0.9 times (recoils stop within tenths of a um there).
    """
    z = atomic_number[:, None]
    per_unit = energy / mass_number[:, None]
    size = z ** (2.0 / 3.0) + _SILICON_CHARGE ** (2.0 / 3.0)
    of_atom = 3.83e-15 * z ** (7.0 / 6.0) * _SILICON_CHARGE / size**1.5 * jnp.sqrt(1e3 * per_unit)  # eV cm2
    slow = of_atom * AVOGADRO / _SILICON_MASS * 1e-9  # eV cm2/g = 1e-9 MeV cm2/mg
    fast = 1e-3 * ion_stopping_power(per_unit, atomic_number, jnp.asarray(SILICON, energy.dtype))
    return jnp.sqrt(fast * jnp.minimum(slow, fast))


def recoil_let(path: Float[Array, ""]) -> Float[Array, "ion edge"]:
    """Mean LET (MeV cm2/mg) of recoils of RECOIL_ENERGY over a path (um) in silicon: (Q(T) - Q(T')) / (rho path).

    Q is `ionizing_energy` and T' what a recoil of T has left behind the path, s(T') = s(T) - path, with
    s = int dQ / (rho S) by `recoil_stopping`: one that stops gives all that it has. Rows are the ions of RECOIL_CHARGE.
    Straight between the edges, 10 % apart. Differentiable; the LET at birth below 1e-3 um.
    """
    dtype = jnp.result_type(path, float)
    charge, mass = jnp.asarray(RECOIL_CHARGE, dtype), jnp.asarray(RECOIL_MASS, dtype)
    energy = jnp.broadcast_to(jnp.asarray(RECOIL_ENERGY, dtype), (charge.size, RECOIL_ENERGY.size))
    given = ionizing_energy(energy, charge, mass)
    per_um = recoil_stopping(energy, charge, mass) * (1e3 * SILICON_DENSITY / _CENTIMETER)
    # Below the first edge the stopping power grows as the root of the energy: s = 2 Q / S there.
    first = 2.0 * given[:, :1] / per_um[:, :1]
    pieces = jnp.diff(given, axis=1) * 0.5 * (1.0 / per_um[:, 1:] + 1.0 / per_um[:, :-1])
    length = jnp.concatenate([first, first + jnp.cumsum(pieces, axis=1)], axis=1)
    start = jnp.zeros((charge.size, 1), dtype)
    lengths, energies = jnp.concatenate([start, length], axis=1), jnp.concatenate([start, given], axis=1)
    gone = jnp.maximum(path, _THINNEST)
    left = jax.vmap(jnp.interp)(jnp.maximum(length - gone, 0.0), lengths, energies)
    return (given - left) / (gone * (1e3 * SILICON_DENSITY / _CENTIMETER))
