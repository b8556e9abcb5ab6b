"""Devices that upset and their shields: data and units, no algorithms."""

from collections.abc import Mapping, Sequence

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, ArrayLike, Float

from caloris_kernels.particle.materials import mass_fractions
from caloris_kernels.particle.stopping_power import ion_stopping_power
from caloris_kernels.particle.transport import csda_range
from caloris_kernels.upset.chord_length import longer_chord_fraction


def _leaf(value: ArrayLike | Sequence[float]) -> Array:
    """A traced floating leaf in the default precision."""
    return jnp.asarray(value, dtype=float)


class ShieldLayer(eqx.Module):
    """One spherical layer of a device's shield."""

    mass_fraction: Float[Array, " element"]  # -, in the order of caloris_kernels.particle.elements.ELEMENT_NAMES
    areal_density: Float[Array, ""] = eqx.field(converter=_leaf)  # g cm-2
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
        return cls(_leaf(fraction), areal_density, material)

    def stopping_power(
        self, atomic_number: Float[Array, " ion"], energy: Float[Array, "ion energy"]
    ) -> Float[Array, "ion energy"]:
        """Electronic stopping power of the layer's material (MeV cm2/g) for ions of energy in MeV/u."""
        return ion_stopping_power(energy, atomic_number, self.mass_fraction)

    def proton_range(self, energy: Float[Array, " energy"]) -> Float[Array, " energy"]:
        """Range of protons in the layer's material (g/cm2) at energy in MeV, an even grid in ln E from about 1 keV."""
        one = jnp.ones(1, energy.dtype)
        return csda_range(energy, self.stopping_power(one, energy[None]), one)[0]


class HeavyIonResponse(eqx.Module):
    """Weibull heavy-ion cross-section of one bit and its sensitive volume."""

    onset: Float[Array, ""] = eqx.field(converter=_leaf)  # MeV cm2 mg-1
    width: Float[Array, ""] = eqx.field(converter=_leaf)  # MeV cm2 mg-1
    exponent: Float[Array, ""] = eqx.field(converter=_leaf)  # -
    plateau: Float[Array, ""] = eqx.field(converter=_leaf)  # cm2 bit-1
    sensitive_volume: Float[Array, "3"] = eqx.field(converter=_leaf)  # um: a, b, depth; a b equals the plateau
    funnel: Float[Array, ""] = eqx.field(converter=_leaf, default=0.0)  # um, added to every charge-collecting path

    def longer_chord_fraction(self, length: Float[Array, "*points"]) -> Float[Array, "*points"]:
        """Share of isotropic tracks through the sensitive volume whose chord is longer than length (um), 0 to 1."""
        return longer_chord_fraction(length, self.sensitive_volume)


class ProtonResponse(eqx.Module):
    """Weibull cross-section of one bit for protons."""

    onset: Float[Array, ""] = eqx.field(converter=_leaf)  # MeV
    width: Float[Array, ""] = eqx.field(converter=_leaf)  # MeV
    exponent: Float[Array, ""] = eqx.field(converter=_leaf)  # -
    plateau: Float[Array, ""] = eqx.field(converter=_leaf)  # cm2 bit-1


class Device(eqx.Module):
    """A kind of device: its responses, how many bits and pieces there are, and its shield, outermost layer first."""

    heavy_ion: HeavyIonResponse | None = None
    proton: ProtonResponse | None = None
    bits: Float[Array, ""] = eqx.field(converter=_leaf, default=1.0)  # bits per device
    count: Float[Array, ""] = eqx.field(converter=_leaf, default=1.0)  # devices
    shield: tuple[ShieldLayer, ...] = ()
    name: str = eqx.field(static=True, default="")
