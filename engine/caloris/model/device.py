"""Devices that upset: data and units, no algorithms."""

import equinox as eqx
import numpy as np
from jaxtyping import Array, Float

from caloris.model.leaves import leaf, optional_leaf
from caloris.model.shield import SectorShield, ShieldLayer
from caloris_kernels.upset.sensitive_volume import chord_fraction


class HeavyIonResponse(eqx.Module):
    """Weibull heavy-ion cross-section of one bit and its sensitive volume.

    A width of zero is one threshold for all cells, the plain right parallelepiped. method "volume" counts chords
    through the sensitive volume, a box or a sphere; "effective flux" a wide, thin volume and angles up to
    `largest_angle`, the volume being unused. With `direct_protons` the same volume is also upset by the ionization of
    protons.
    """

    onset: Float[Array, ""] = eqx.field(converter=leaf)  # MeV cm2 mg-1
    width: Float[Array, ""] = eqx.field(converter=leaf)  # MeV cm2 mg-1
    exponent: Float[Array, ""] = eqx.field(converter=leaf)  # -
    plateau: Float[Array, ""] = eqx.field(converter=leaf)  # cm2 bit-1
    # um: a, b and depth of a box, or the diameter of a sphere; a b, or pi d^2 / 4, equals the plateau
    sensitive_volume: Float[Array, " sizes"] = eqx.field(converter=leaf)
    funnel: Float[Array, ""] = eqx.field(converter=leaf, default=0.0)  # um, added to every charge-collecting path
    largest_angle: Float[Array, ""] = eqx.field(converter=leaf, default=0.5 * np.pi)  # rad, from the normal
    method: str = eqx.field(static=True, default="volume")
    direct_protons: bool = eqx.field(static=True, default=False)

    def longer_chord_fraction(self, length: Float[Array, "*points"]) -> Float[Array, "*points"]:
        """Share of isotropic tracks through the sensitive volume whose chord is longer than length (um), 0 to 1."""
        return chord_fraction(length, self.sensitive_volume)


class ProtonResponse(eqx.Module):
    """Weibull cross-section of one bit for protons."""

    onset: Float[Array, ""] = eqx.field(converter=leaf)  # MeV
    width: Float[Array, ""] = eqx.field(converter=leaf)  # MeV
    exponent: Float[Array, ""] = eqx.field(converter=leaf)  # -
    plateau: Float[Array, ""] = eqx.field(converter=leaf)  # cm2 bit-1


class BendelResponse(eqx.Module):
    """Bendel's cross-section of one bit for protons, with the plateau (second / onset)^14 1e-12 cm2."""

    onset: Float[Array, ""] = eqx.field(converter=leaf)  # MeV, Bendel's A
    second: Float[Array, ""] = eqx.field(converter=leaf, default=24.0)  # MeV, Bendel's B; 24 is his one-parameter form


class FigureOfMeritResponse(eqx.Module):
    """Cross-section of one bit for protons that follows from the heavy-ion response beside it (Petersen's relation)."""

    factor: Float[Array, ""] = eqx.field(converter=leaf, default=1.0)  # -, times the relation's plateau


class ProfitResponse(eqx.Module):
    """Cross-section of one bit for protons by the recoils of its reactions, on the heavy-ion response beside it."""

    depth: Float[Array, ""] | None = eqx.field(
        converter=optional_leaf, default=None
    )  # um, of the silicon that is reacted in; None: the heavy ions' volume and its funnel
    factor: Float[Array, ""] = eqx.field(converter=leaf, default=1.0)  # -, times the cross-section


AnyProtonResponse = ProtonResponse | BendelResponse | FigureOfMeritResponse | ProfitResponse
# Those that mean nothing without the heavy-ion response beside them.
FOLLOWING_RESPONSES = (FigureOfMeritResponse, ProfitResponse)


class Effect(eqx.Module):
    """An effect of a device beside its upset bits: a functional interrupt, a latch-up, a transient."""

    heavy_ion: HeavyIonResponse | None = None
    proton: AnyProtonResponse | None = None
    cells: Float[Array, ""] = eqx.field(converter=leaf, default=1.0)  # sensitive volumes per device
    name: str = eqx.field(static=True, default="")
    stops_job: bool = eqx.field(static=True, default=True)


class Uncertainty(eqx.Module):
    """How well a device's responses are known: standard deviations of the logarithms (-), and the environment's factor.

    heavy_ion: of onset, width, exponent, plateau (the volume's area goes with it), depth, funnel; proton: of onset,
    width, exponent, plateau. environment is a geometric standard deviation: two thirds of the truth lie within the
    flux times or over it. The defaults are judgment, not measurement: a fit to a handful of points on the curve and a
    depth that nobody has measured; AP-8 is known to a factor of two in low orbits.
    """

    heavy_ion: Float[Array, "6"] = eqx.field(converter=leaf, default=(0.2, 0.3, 0.2, 0.2, 0.5, 0.5))
    proton: Float[Array, "4"] = eqx.field(converter=leaf, default=(0.2, 0.3, 0.2, 0.2))
    environment: Float[Array, ""] = eqx.field(converter=leaf, default=2.0)


class Memory(eqx.Module):
    """Words behind error correction: how they are coded, scrubbed, interleaved and copied."""

    scrub_interval: Float[Array, ""] = eqx.field(converter=leaf)  # s
    shares: Float[Array, " cells"] | None = eqx.field(
        converter=optional_leaf, default=None
    )  # -, events by upset cells; None: from `pitch`, else of one cell
    pitch: Float[Array, ""] | None = eqx.field(
        converter=optional_leaf, default=None
    )  # um, between cells along a row, for shares by geometry
    word: int = eqx.field(static=True, default=72)  # bits of a word, check bits included
    corrects: int = eqx.field(static=True, default=1)  # symbols of a word that are corrected
    symbol: int = eqx.field(static=True, default=1)  # bits of a symbol
    interleave: int = eqx.field(static=True, default=1)  # words that neighboring cells belong to in turn
    copies: int = eqx.field(static=True, default=1)  # 3: every bit is voted among three


class Device(eqx.Module):
    """A kind of device: its responses, how many bits and pieces there are, and what shields it.

    shield holds layers, the outermost first, all around or (slab) in front with nothing from behind; `sectors`, where
    given, stand in their place.
    """

    heavy_ion: HeavyIonResponse | None = None
    proton: AnyProtonResponse | None = None
    bits: Float[Array, ""] = eqx.field(converter=leaf, default=1.0)  # bits per device
    count: Float[Array, ""] = eqx.field(converter=leaf, default=1.0)  # devices
    shield: tuple[ShieldLayer, ...] = ()
    name: str = eqx.field(static=True, default="")
    effects: tuple[Effect, ...] = ()
    memory: Memory | None = None
    uncertainty: Uncertainty | None = None  # None: the defaults
    fatal_share: Float[Array, ""] = eqx.field(converter=leaf, default=1.0)  # -, of upsets without a memory: stop a job
    source: str = eqx.field(static=True, default="")  # where its figures were published
    sectors: SectorShield | None = None
    slab: bool = eqx.field(static=True, default=False)  # layers in front only, in the mean over directions

    @property
    def around(self) -> tuple[ShieldLayer, ...] | SectorShield:
        """What shields it."""
        if self.sectors is not None:
            return self.sectors
        return SectorShield.slab(self.shield) if self.slab else self.shield
