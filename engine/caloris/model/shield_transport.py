"""How particles are taken through shields: choices of models, no algorithms."""

import equinox as eqx

from caloris_kernels.particle.nuclear import CROSS_SECTION_MODELS, CrossSectionModel


class ShieldTransport(eqx.Module):
    """Choices of the straight-ahead transport through shields; the same for all layers.

    cross_section of ions: "charge-changing", which takes away what is no longer of its element (a fit to measured
    values), or every reaction, "geometric" (Sihver and others 1993) or "tripathi" (Tripathi and others 1997, 1999);
    protons by Letaw and others (1983) in all.

    fragments True follows what collisions make of ions, from lithium on, through all generations; it needs
    "charge-changing". False leaves them out: a lower bound, within 5 % behind 5 g/cm2.

    proton_losses False leaves inelastic collisions of protons out, as if each left one proton of the same energy.
    Secondaries are not followed, so the two bracket the flux of protons of spectra that fall steeply (solar and
    trapped protons): with losses no secondaries, a lower bound; without, more than the secondaries of half the energy
    and less. Behind more than about 10 g/cm2 galactic protons of several GeV make more than one proton of 30 to 300
    MeV each, and the upper one is no bound there.
    """

    cross_section: CrossSectionModel = eqx.field(static=True, default="charge-changing")
    proton_losses: bool = eqx.field(static=True, default=True)
    fragments: bool = eqx.field(static=True, default=False)

    def __check_init__(self):
        """Raises ValueError for an unknown cross-section model, and for fragments of another than their own."""
        if self.cross_section not in CROSS_SECTION_MODELS:
            raise ValueError(f"cross_section {self.cross_section!r}: allowed are {', '.join(CROSS_SECTION_MODELS)}")
        if self.fragments and self.cross_section != "charge-changing":
            raise ValueError(f'fragments need cross_section "charge-changing", not "{self.cross_section}"')
