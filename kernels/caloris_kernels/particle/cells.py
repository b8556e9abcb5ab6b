"""Types of solar cells: what displacement damage does to their power."""

from typing import Literal, NamedTuple

DamageMaterial = Literal["Si", "GaAs"]
"""Materials of which there are tables of NIEL."""


class CellType(NamedTuple):
    """Constants of P/P0 = 1 - C log10(1 + D / D_x), which belong to the tables of `niel`."""

    material: DamageMaterial  # whose NIEL the doses are of
    coefficient: float  # C (-)
    reference_dose: float  # D_x (MeV/g)
    electron_ratio: float  # R_ep (-), electrons' damage dose over that of protons for the same loss of power


CELLS: dict[str, CellType] = {"GaAs/Ge": CellType("GaAs", 0.2825, 1.052e9, 6.93)}
"""Types of cells by name; fitted with the tables of `niel`.

GaAs/Ge: single-junction cells of 97.9 mW, maximum power after 24 irradiations without coverglass by electrons of 0.6 to
12 MeV and 17 by protons of 1, 3 and 9.5 MeV (those that pass through the cell): B. E. Anspaugh, Proton and electron
damage coefficients for GaAs/Ge solar cells, 22nd IEEE Photovoltaic Specialists Conference (1991), p. 1593, as The
Aerospace Corporation's solarpy has read them off the figures. C and D_x are the least squares of the protons (rms
1.2 %, largest 2.2 % of the power of the new cell), R_ep that of the electrons with the same C and D_x (rms 2.8 %,
largest 6.0 %): their damage in GaAs grows faster with energy than their NIEL, so that R_ep falls from 11 at 0.6 MeV to
5 at 12 MeV.
"""
