"""Points at which dose is asked for and what shields them: data and units, no algorithms."""

import equinox as eqx
from jaxtyping import Array, Float

from caloris.model.leaves import leaf
from caloris.model.shield import SectorShield


class DosePoint(eqx.Module):
    """A point, its shield, and the material in which the dose is absorbed."""

    shield: SectorShield
    years: Float[Array, ""] = eqx.field(converter=leaf, default=1.0)  # years of 365.25 days
    target: str = eqx.field(static=True, default="Si")  # one of caloris_kernels.particle.shield_dose.DETECTORS
    slab: bool = eqx.field(static=True, default=False)  # a wide slab in front, nothing from behind; else all around
    name: str = eqx.field(static=True, default="")
