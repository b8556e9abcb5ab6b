"""How particles are taken through shields: choices of models, no algorithms."""

import equinox as eqx

from caloris_kernels.particle.nuclear import CROSS_SECTION_MODELS, CrossSectionModel


class ShieldTransport(eqx.Module):
    """Choices of the straight-ahead transport through shields; the same for all layers.

    cross_section: "geometric" (Sihver and others 1993 for ions) or "tripathi" (Tripathi and others 1997, 1999); protons
    by Letaw and others (1983) in both.

    proton_losses False leaves inelastic collisions of protons out, as if each left one proton of the same energy.
    Secondaries are not followed, so the two bracket the flux of protons of spectra that fall steeply (solar and
    trapped protons): with losses no secondaries, a lower bound; without, more than the secondaries of half the energy
    and less. Behind more than about 10 g/cm2 galactic protons of several GeV make more than one proton of 30 to 300
    MeV each, and the upper one is no bound there.
    """

    cross_section: CrossSectionModel = eqx.field(static=True, default="geometric")
    proton_losses: bool = eqx.field(static=True, default=True)

    def __check_init__(self):
        """Raises ValueError for an unknown cross-section model."""
        if self.cross_section not in CROSS_SECTION_MODELS:
            raise ValueError(f"cross_section {self.cross_section!r}: allowed are {', '.join(CROSS_SECTION_MODELS)}")
