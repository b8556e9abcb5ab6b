"""The verbs of stopping powers and ranges: any ion in any material of which every element is known."""

from collections.abc import Mapping, Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from caloris.model.shield import ShieldLayer
from caloris.precision import require_float64
from caloris.programs import kept
from caloris_kernels.particle.elements import ISOTOPE_MASS_NUMBER
from caloris_kernels.particle.materials import mass_fractions
from caloris_kernels.particle.stopping_power import ion_stopping_power
from caloris_kernels.particle.transport import range_at

Material = str | Mapping[str, float] | ShieldLayer
_MOST_PROTONS = 92


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
    numbers = np.asarray(charge, dtype=int) - 1
    mass = (
        jnp.asarray(ISOTOPE_MASS_NUMBER)[numbers] if mass_number is None else jnp.atleast_1d(jnp.asarray(mass_number))
    )
    # A proton's mass number is one: its energy is in MeV.
    return _range(points, jnp.asarray(charge), jnp.broadcast_to(mass * 1.0, charge.shape), fraction).reshape(shape)


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
