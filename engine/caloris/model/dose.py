"""Points at which dose is asked for and what shields them: data and units, no algorithms."""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from caloris.model.device import ShieldLayer
from caloris_kernels.particle.elements import ELEMENT_NAMES


def _leaf(value: ArrayLike | Sequence[float]) -> Array:
    """A traced floating leaf in the default precision."""
    return jnp.asarray(value, dtype=float)


class SectorShield(eqx.Module):
    """What shields a point in all directions, as shares of the sphere with equal shielding; materials outermost first.

    rate = sum over bins of weight R(areal densities of the bin), R the rate behind a sphere.
    """

    weight: Float[Array, "set bin"] = eqx.field(converter=_leaf)  # -, sum 1 in each independent set of directions
    areal_density: Float[Array, "bin material"] = eqx.field(converter=_leaf)  # g cm-2
    variance: Float[Array, " bin"] = eqx.field(converter=_leaf)  # (g cm-2)^2, of the sums over materials in a bin
    mass_fraction: Float[Array, "material element"] = eqx.field(converter=_leaf)  # -
    materials: tuple[str, ...] = eqx.field(static=True, default=())

    @classmethod
    def sphere(cls, layers: Sequence[ShieldLayer]) -> "SectorShield":
        """The same layers in every direction, outermost first; none: nothing."""
        fractions = [layer.mass_fraction for layer in layers] or [np.eye(len(ELEMENT_NAMES))[0]]
        densities = jnp.stack([layer.areal_density for layer in layers]) if layers else jnp.zeros(1)
        names = tuple(layer.material for layer in layers) or ("",)
        return cls(np.ones((1, 1)), densities[None], np.zeros(1), jnp.stack([_leaf(f) for f in fractions]), names)

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

    def layers(self) -> list[tuple[Float[Array, ""], tuple[ShieldLayer, ...]]]:
        """(share of the sphere, layers) of every bin that is not empty: shields of devices one after the other."""
        parts = zip(self.share, self.areal_density, strict=True)
        return [
            (share, tuple(ShieldLayer(*pair) for pair in zip(self.mass_fraction, row, strict=True)))
            for share, row in parts
            if float(share) > 0.0
        ]


class DosePoint(eqx.Module):
    """A point, its shield, and the material in which the dose is absorbed."""

    shield: SectorShield
    years: Float[Array, ""] = eqx.field(converter=_leaf, default=1.0)  # years of 365.25 days
    target: str = eqx.field(static=True, default="Si")  # one of caloris_kernels.particle.shield_dose.DETECTORS
    slab: bool = eqx.field(static=True, default=False)  # a wide slab in front, nothing from behind; else all around
    name: str = eqx.field(static=True, default="")
