"""What shields a device or a dose point: layers of a sphere, or sectors in all directions. Data, no algorithms."""

from collections.abc import Mapping, Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from caloris.model.leaves import leaf
from caloris_kernels.particle.elements import ELEMENT_NAMES
from caloris_kernels.particle.materials import mass_fractions
from caloris_kernels.particle.stopping_power import ion_stopping_power
from caloris_kernels.particle.transport import csda_range


class ShieldLayer(eqx.Module):
    """One spherical layer of a device's shield."""

    mass_fraction: Float[Array, " element"]  # -, in the order of caloris_kernels.particle.elements.ELEMENT_NAMES
    areal_density: Float[Array, ""] = eqx.field(converter=leaf)  # g cm-2
    material: str = eqx.field(static=True, default="")

    @classmethod
    def of(cls, material: str, composition: Mapping[str, float] | None, areal_density: ArrayLike) -> "ShieldLayer":
        """Layer of a material by its mass fractions, {"Al": 1.0}; they are scaled to the sum one.

        Without a composition, material is an element or a name of caloris_kernels.particle.materials. Raises
        ValueError for an element without stopping-power constants, for a negative fraction, and where the sum is
        more than 2 % from one.
        """
        try:
            fraction = mass_fractions(material if composition is None else composition)
        except ValueError as problem:
            raise ValueError(f"material {material!r}: {problem}") from None
        return cls(leaf(fraction), areal_density, material)

    def stopping_power(
        self, atomic_number: Float[Array, " ion"], energy: Float[Array, "ion energy"]
    ) -> Float[Array, "ion energy"]:
        """Electronic stopping power of the layer's material (MeV cm2/g) for ions of energy in MeV/u."""
        return ion_stopping_power(energy, atomic_number, self.mass_fraction)

    def proton_range(self, energy: Float[Array, " energy"]) -> Float[Array, " energy"]:
        """Range of protons in the layer's material (g/cm2) at energy in MeV, an even grid in ln E from about 1 keV."""
        one = jnp.ones(1, energy.dtype)
        return csda_range(energy, self.stopping_power(one, energy[None]), one)[0]


class SectorShield(eqx.Module):
    """What shields a point in all directions, as shares of the sphere with equal shielding; materials outermost first.

    rate = sum over bins of weight R(areal densities of the bin), R the rate behind a sphere.
    """

    weight: Float[Array, "set bin"] = eqx.field(converter=leaf)  # -, sum 1 in each independent set of directions
    areal_density: Float[Array, "bin material"] = eqx.field(converter=leaf)  # g cm-2
    variance: Float[Array, " bin"] = eqx.field(converter=leaf)  # (g cm-2)^2, of the sums over materials in a bin
    mass_fraction: Float[Array, "material element"] = eqx.field(converter=leaf)  # -
    materials: tuple[str, ...] = eqx.field(static=True, default=())

    @classmethod
    def sphere(cls, layers: Sequence[ShieldLayer]) -> "SectorShield":
        """The same layers in every direction, outermost first; none: nothing."""
        fractions = [layer.mass_fraction for layer in layers] or [np.eye(len(ELEMENT_NAMES))[0]]
        densities = jnp.stack([layer.areal_density for layer in layers]) if layers else jnp.zeros(1)
        names = tuple(layer.material for layer in layers) or ("",)
        return cls(np.ones((1, 1)), densities[None], np.zeros(1), jnp.stack([leaf(f) for f in fractions]), names)

    @property
    def share(self) -> Float[Array, " bin"]:
        """Share of the sphere of each bin (-)."""
        return jnp.mean(self.weight, axis=0)

    @property
    def total(self) -> Float[Array, " bin"]:
        """Areal density of all materials in each bin (g cm-2)."""
        return jnp.sum(self.areal_density, axis=1)

    @property
    def mean(self) -> Float[Array, ""]:
        """Mean areal density over the sphere (g cm-2)."""
        return self.share @ self.total
