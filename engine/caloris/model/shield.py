"""What shields a device or a dose point: layers of a sphere, or sectors in all directions. Data, no algorithms."""

from collections.abc import Mapping, Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from caloris.model.leaves import leaf
from caloris_kernels.particle.dose import slab_directions
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

    weight: Float[Array, "set bin"] = eqx.field(converter=leaf)  # -, sum 1 in each independent set of directions; 1/2
    # behind a slab, where nothing comes from the other side
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

    @classmethod
    def slab(cls, layers: Sequence[ShieldLayer]) -> "SectorShield":
        """The layers in front, outermost first, through thickness / cos, and nothing from the side behind.

        Weights sum to 1/2. Directions are Gauss and Legendre points in the cosine (`particle.dose.slab_directions`).
        """
        around = cls.sphere(layers)
        slant, part = slab_directions()
        density = slant[:, None] * around.areal_density
        return cls(part[None], density, jnp.zeros_like(slant), around.mass_fraction, around.materials)

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
        """Mean areal density over the directions that particles come from (g cm-2)."""
        return self.share @ self.total / jnp.sum(self.share)


class Walls(eqx.Module):
    """What the bodies of a geometry are made of where they shield: sheets on its surfaces, regions of its solids.

    Sheets and regions have a material each, an index of `materials`, outermost first.
    """

    thickness: Float[Array, " sheet"] = eqx.field(converter=leaf)  # m
    density: Float[Array, " sheet"] = eqx.field(converter=leaf)  # kg m-3
    region_density: Float[Array, " region"] = eqx.field(converter=leaf)  # kg m-3
    mass_fraction: Float[Array, "material element"] = eqx.field(converter=leaf)  # -
    name: tuple[str, ...] = eqx.field(static=True)  # of each sheet: surface, or surface/front skin, /back skin, /core
    region: tuple[str, ...] = eqx.field(static=True)  # of each region: solid, or solid/region
    materials: tuple[str, ...] = eqx.field(static=True)
    surface: tuple[int, ...] = eqx.field(static=True)  # of each sheet, index of the geometry's surface
    sheet_material: tuple[int, ...] = eqx.field(static=True)
    region_material: tuple[int, ...] = eqx.field(static=True)
    surfaces: int = eqx.field(static=True)  # number of the geometry's surfaces

    @property
    def loading(self) -> Float[Array, "surface material"]:
        """Thickness times density of each surface of the geometry by material (g cm-2)."""
        where = (jnp.asarray(self.surface, int), jnp.asarray(self.sheet_material, int))
        nothing = jnp.zeros((self.surfaces, len(self.materials)))
        return nothing.at[where].add(0.1 * self.thickness * self.density)

    @property
    def region_loading(self) -> Float[Array, "region material"]:
        """Density of each region in its material's column (g cm-3)."""
        where = (jnp.arange(len(self.region)), jnp.asarray(self.region_material, int))
        return jnp.zeros((len(self.region), len(self.materials))).at[where].add(1e-3 * self.region_density)
