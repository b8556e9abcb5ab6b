"""Points at which dose is asked for and what shields them: data and units, no algorithms."""

import equinox as eqx
from jaxtyping import Array, Float

from caloris.model.leaves import leaf
from caloris.model.shield import SectorShield
from caloris_kernels.particle.cells import DamageMaterial


class DosePoint(eqx.Module):
    """A point, its shield, and the material in which the dose is absorbed."""

    shield: SectorShield
    years: Float[Array, ""] = eqx.field(converter=leaf, default=1.0)  # years of 365.25 days
    target: str = eqx.field(static=True, default="Si")  # one of caloris_kernels.particle.shield_dose.DETECTORS
    slab: bool = eqx.field(static=True, default=False)  # a wide slab in front, nothing from behind; else all around
    name: str = eqx.field(static=True, default="")
    damage: DamageMaterial | None = eqx.field(static=True, default=None)  # None: GaAs for that target, else Si
    place: tuple[float, ...] | None = eqx.field(static=True, default=None)  # m, bus frame; where a geometry shields it

    @property
    def damage_material(self) -> DamageMaterial:
        """Material of the displacement damage."""
        return self.damage or ("GaAs" if self.target == "GaAs" else "Si")


class CellDamage(eqx.Module):
    """What displacement damage leaves of one solar array: P/P0 = 1 - C log10(1 + D / D_x).

    D = life (D_p + D_e / R_ep), of the mission behind the point's shield in the point's damage material.
    """

    point: DosePoint
    coefficient: Float[Array, ""] = eqx.field(converter=leaf)  # -, C
    reference_dose: Float[Array, ""] = eqx.field(converter=leaf)  # MeV g-1, D_x
    electron_ratio: Float[Array, ""] = eqx.field(converter=leaf, default=1.0)  # -, R_ep
    life: Float[Array, ""] = eqx.field(converter=leaf, default=1.0)  # -, part of the mission's damage done, 0 to 1
    array: int = eqx.field(static=True, default=0)  # index among the solar arrays
