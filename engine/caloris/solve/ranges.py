"""The verbs of stopping powers, ranges and collisions: any ion in any material of which every element is known."""

from collections.abc import Mapping, Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from caloris.model.shield import ShieldLayer
from caloris.precision import require_float64
from caloris.programs import kept
from caloris_kernels.particle.elements import ISOTOPE_MASS_NUMBER
from caloris_kernels.particle.fragmentation import production_table
from caloris_kernels.particle.materials import mass_fractions
from caloris_kernels.particle.nuclear import CrossSectionModel, attenuation
from caloris_kernels.particle.stopping_power import ion_stopping_power
from caloris_kernels.particle.transport import range_at

Material = str | Mapping[str, float] | ShieldLayer
_MOST_PROTONS = 92
_MOST_FRAGMENTED = 28


def stopping_power(material: Material, atomic_number: int | Sequence[int], energy: ArrayLike) -> Float[Array, "..."]:
    """Electronic stopping power of ions in a material (MeV cm2/g) at energies in MeV/u (MeV for protons).

    material: an element's symbol ("Al"), a name of caloris_kernels.particle.materials ("polyethylene"), mass fractions
    {"H": 0.1437, "C": 0.8563}, or a ShieldLayer, whose mass fractions may be traced. atomic_number is 1 to 92; one
    number gives a result in the shape of energy, several give rows [ion, energy].

    Equations, sources, range of validity: kernels ion_stopping_power, proton_stopping_power. Differentiable in energy
    and in a layer's mass fractions; nuclear stopping is left out. Raises ValueError for an unknown
    material or ion, RuntimeError in float32.
    """
    require_float64("stopping_power")
    fraction, charge, points, shape = _checked(material, atomic_number, energy)
    return _stopping(points, jnp.asarray(charge), fraction).reshape(shape)


def ion_range(
    material: Material,
    atomic_number: int | Sequence[int],
    energy: ArrayLike,
    mass_number: ArrayLike | None = None,
) -> Float[Array, "..."]:
    """Range of ions in the continuous-slowing-down approximation (g/cm2) at energies in MeV/u (MeV for protons).

    R(E) = A int_0^E dE' / S(E'), from 1 keV/u to 200 GeV/u. Arguments as in stopping_power; mass_number A is that of
    the most abundant isotope where it is not given. Against NIST PSTAR's proton ranges: docs/particles_transport.md.
    Differentiable in energy, mass number and a layer's mass fractions.
    """
    require_float64("ion_range")
    fraction, charge, points, shape = _checked(material, atomic_number, energy)
    mass = _masses(charge, mass_number)
    return _range(points, jnp.asarray(charge), mass, fraction).reshape(shape)


def collision_length(
    material: Material,
    atomic_number: int | Sequence[int],
    energy: ArrayLike,
    mass_number: ArrayLike | None = None,
    cross_section: CrossSectionModel = "charge-changing",
) -> Float[Array, "..."]:
    """Mean free path of ions between nuclear collisions in a material (g/cm2) at energies in MeV/u.

    1 / lambda = sum_i w_i N_A sigma_i / A_i. cross_section as in ShieldTransport: collisions that change the ion's
    charge, or every reaction ("geometric", "tripathi"); protons by Letaw and others in all. Other arguments as in
    ion_range. Sources, range of validity: kernels attenuation_table. Differentiable in energy, mass number and a
    layer's mass fractions; the geometric formula does not know energy. Infinite where nothing collides (protons in
    hydrogen).
    """
    require_float64("collision_length")
    fraction, charge, points, shape = _checked(material, atomic_number, energy)
    inverse = _inverse_length(points, jnp.asarray(charge), _masses(charge, mass_number), fraction, cross_section)
    collides = inverse > 0.0
    return jnp.where(collides, 1.0 / jnp.where(collides, inverse, 1.0), jnp.inf).reshape(shape)


def fragment_production(
    material: Material, atomic_number: int, energy: ArrayLike, mass_number: ArrayLike | None = None
) -> Float[Array, "... fragment"]:
    """Fragments that one kind of ion leaves on a unit of path in a material (cm2/g), at energies in MeV/u.

    The last axis is Z_f = 1 to 27, zero below lithium, which is not followed, and from the ion itself on:
    sum_i w_i N_A sigma_i(Z -> Z_f) / A_i. Times collision_length they are fragments a collision. Other arguments as in
    ion_range; atomic_number up to 28. Equation, source, range of validity: kernels fragment_cross_section.
    Differentiable in energy, which counts on hydrogen alone, mass number and a layer's mass fractions.
    """
    require_float64("fragment_production")
    fraction, charge, points, shape = _checked(material, [atomic_number], energy)
    if atomic_number > _MOST_FRAGMENTED:
        raise ValueError(f"atomic number {atomic_number}: fragments are known of ions up to {_MOST_FRAGMENTED}")
    made = _production(points[0], jnp.asarray(charge), _masses(charge, mass_number), fraction)
    return made.reshape((*shape[1:], _MOST_FRAGMENTED - 1))


def _masses(charge: np.ndarray, mass_number: ArrayLike | None) -> Float[Array, " ion"]:
    """Mass numbers of ions, those of the most abundant isotopes where none is given; a proton's is one."""
    if mass_number is None:
        return jnp.asarray(ISOTOPE_MASS_NUMBER)[np.asarray(charge, dtype=int) - 1] * 1.0
    return jnp.broadcast_to(jnp.atleast_1d(jnp.asarray(mass_number)) * 1.0, charge.shape)


def _checked(
    material: Material, atomic_number: int | Sequence[int], energy: ArrayLike
) -> tuple[Array, np.ndarray, Array, tuple[int, ...]]:
    """Mass fractions, atomic numbers [ion], energies [ion, point] and the result's shape."""
    fraction = material.mass_fraction if isinstance(material, ShieldLayer) else jnp.asarray(mass_fractions(material))
    charge = np.atleast_1d(np.asarray(atomic_number, dtype=float))
    if charge.min() < 1 or charge.max() > _MOST_PROTONS or (charge != np.round(charge)).any():
        raise ValueError(f"atomic numbers {atomic_number}: whole numbers from 1 to {_MOST_PROTONS}")
    energy = jnp.asarray(energy, dtype=float)
    shape = energy.shape if np.ndim(atomic_number) == 0 else charge.shape + energy.shape
    points = jnp.broadcast_to(energy.ravel(), (charge.size, energy.size))
    return fraction, charge, points, shape


@kept
def _stopping(points: Array, charge: Array, fraction: Array) -> Array:
    return ion_stopping_power(points, charge, fraction)


@kept
def _range(points: Array, charge: Array, mass: Array, fraction: Array) -> Array:
    return range_at(points, charge, mass, fraction)


@kept
def _inverse_length(points: Array, charge: Array, mass: Array, fraction: Array, model: CrossSectionModel) -> Array:
    return attenuation(points, charge, mass, fraction, model)


@kept
def _production(points: Array, charge: Array, mass: Array, fraction: Array) -> Array:
    fragment = jnp.arange(1.0, _MOST_FRAGMENTED)
    return production_table(points, charge, mass, fraction, fragment)[:, 0]
