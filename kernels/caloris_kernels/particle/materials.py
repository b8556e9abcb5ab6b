"""Materials of shields by name: their mass fractions of elements."""

from collections.abc import Mapping

import numpy as np

from caloris_kernels.particle.elements import ELEMENT_NAMES, ELEMENTS

# Mass fractions. Polymers, water, glass and alumina from their formulas (as in ICRU Report 37, table 5.4); alloys at
# the middle of their standards' ranges (6061 and 7075: ANSI H35.1; Ti-6Al-4V: ASTM B348; 304: ASTM A240; Kovar: ASTM
# F15); CFRP: 60 % fiber by volume in epoxy, by mass 0.69 carbon fiber and 0.31 cured epoxy taken as
# C 0.72, H 0.072, O 0.208.
MATERIALS: dict[str, dict[str, float]] = {
    "polyethylene": {"H": 0.143711, "C": 0.856289},
    "polyimide": {"H": 0.026362, "C": 0.691133, "N": 0.073270, "O": 0.209235},
    "PET": {"H": 0.041959, "C": 0.625017, "O": 0.333025},
    "PMMA": {"H": 0.080538, "C": 0.599848, "O": 0.319614},
    "PTFE": {"C": 0.240183, "F": 0.759817},
    "water": {"H": 0.111894, "O": 0.888106},
    "fused silica": {"O": 0.532565, "Si": 0.467435},
    "alumina": {"O": 0.470749, "Al": 0.529251},
    "CFRP": {"C": 0.9132, "H": 0.0223, "O": 0.0645},
    "aluminum 6061": {"Al": 0.9786, "Mg": 0.010, "Si": 0.006, "Cu": 0.0028, "Cr": 0.0020, "Fe": 0.0006},
    "aluminum 7075": {"Al": 0.900, "Zn": 0.056, "Mg": 0.025, "Cu": 0.016, "Cr": 0.0023, "Fe": 0.0007},
    "Ti-6Al-4V": {"Ti": 0.900, "Al": 0.060, "V": 0.040},
    "steel 304": {"Fe": 0.695, "Cr": 0.190, "Ni": 0.095, "Mn": 0.015, "Si": 0.005},
    "Kovar": {"Fe": 0.535, "Ni": 0.290, "Co": 0.170, "Mn": 0.003, "Si": 0.002},
}


def mass_fractions(material: str | Mapping[str, float]) -> np.ndarray:
    """Mass fractions [element] in the order of ELEMENT_NAMES, summing to one.

    material is an element's symbol, a name of MATERIALS, or a composition by elements, {"Al": 0.5, "Si": 0.5}. Raises
    ValueError for an unknown name or element, for a negative fraction, and where the sum is more than 2 % from one.
    """
    if isinstance(material, str):
        composition: Mapping[str, float] = {material: 1.0} if material in ELEMENTS else MATERIALS.get(material, {})
        if not composition:
            raise ValueError(
                f"material {material!r} is not known; give its composition by mass fractions, or one of "
                f"{', '.join([*ELEMENTS, *MATERIALS])}"
            )
    else:
        composition = material
    unknown = [element for element in composition if element not in ELEMENTS]
    if unknown:
        raise ValueError(
            f"no stopping power for {', '.join(unknown)} in this version; elements allowed: {', '.join(ELEMENT_NAMES)}"
        )
    fraction = np.array([float(composition.get(name, 0.0)) for name in ELEMENT_NAMES])
    if (fraction < 0.0).any() or not abs(fraction.sum() - 1.0) <= 0.02:
        raise ValueError(f"mass fractions {dict(composition)} must be at least 0 and sum to 1 (within 2 %)")
    return fraction / fraction.sum()
