"""Elements that shields and the detector are made of: the constants of their stopping-power formulas.

Z, A (g/mol): IUPAC standard atomic weights. Mean excitation energy I (eV) and the density-effect
parameters C (printed as -C), x0, x1, a, m, delta0: R. M. Sternheimer, M. J. Berger, S. M. Seltzer,
Atomic Data and Nuclear Data Tables 30, 261 (1984), table I, doi 10.1016/0092-640X(84)90002-0. Low-energy
proton fit A2..A5 (1e-15 eV cm2, T in keV/u): ICRU Report 49 (1993), table 3.1. Only elements whose formulas were
compared with a published table of stopping powers stand here.
"""

from typing import NamedTuple

import numpy as np


class Element(NamedTuple):
    """Constants of one element; units in the module's docstring."""

    atomic_number: float
    atomic_weight: float
    excitation_energy: float
    density_constant: float
    density_x0: float
    density_x1: float
    density_a: float
    density_m: float
    density_delta0: float
    fit_low: float
    fit_high: float
    fit_inverse: float
    fit_linear: float


ELEMENTS: dict[str, Element] = {
    "Al": Element(13, 26.9815, 166.0, 4.2395, 0.1708, 3.0127, 0.08024, 3.6345, 0.12, 4.739, 2766.0, 164.5, 0.02023),
    "Si": Element(14, 28.0855, 173.0, 4.4351, 0.2014, 2.8715, 0.14921, 3.2546, 0.14, 5.598, 3193.0, 232.7, 0.01419),
}

ELEMENT_NAMES: tuple[str, ...] = tuple(ELEMENTS)

# One array per constant over the elements, in the order of ELEMENT_NAMES.
ELEMENT_ARRAYS = Element._make(np.array(column) for column in zip(*ELEMENTS.values(), strict=True))

SILICON = np.array([1.0 if name == "Si" else 0.0 for name in ELEMENT_NAMES])  # mass fractions of the detector
