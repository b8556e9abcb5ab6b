"""Elements that shields and the detector are made of: the constants of their stopping-power formulas.

Z, A (g/mol): IUPAC standard atomic weights. Mean excitation energy I (eV) and the density-effect
parameters C (printed as -C), x0, x1, a, m, delta0: R. M. Sternheimer, M. J. Berger, S. M. Seltzer,
Atomic Data and Nuclear Data Tables 30, 261 (1984), table I, doi 10.1016/0092-640X(84)90002-0. Low-energy
proton fit A2..A5 (1e-15 eV cm2, T in keV/u): ICRU Report 49 (1993), table 3.1.

Elements that are gases stand here as they are in solids and liquids, since a shield is one: I of H, N, O, F, Cl (and
that of C) for condensed compounds from ICRU Report 37 (1984), table 5.1; the density effect of H is that of liquid
hydrogen, of N, O, F, Cl that of the liquid by R. M. Sternheimer, R. F. Peierls, Phys. Rev. B 3, 3681 (1971),
doi 10.1103/PhysRevB.3.3681.

delta0 of As is what its other parameters leave at x0, 0.08, where copies of that table have 0 (a step in delta).

Every element's minimum ionization was compared with the Review of Particle Physics (atomic and nuclear properties of
materials) and is within 0.3 % of it; tests and reference cases hold those that NIST PSTAR tabulates against PSTAR too.
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
    "H": Element(1, 1.008, 19.2, 3.2632, 0.4759, 1.9215, 0.13483, 5.6249, 0, 1.44, 242.6, 12000, 0.1159),
    "Be": Element(4, 9.0122, 63.7, 2.7847, 0.0392, 1.6922, 0.80392, 2.4339, 0.14, 2.59, 966, 153.8, 0.03475),
    "C": Element(6, 12.011, 81, 2.9925, -0.0351, 2.486, 0.2024, 3.0036, 0.1, 2.601, 1701, 1279, 0.01638),
    "N": Element(7, 14.007, 82, 4.0004, 0.3041, 2, 0.53305, 3, 0, 3.35, 1683, 1900, 0.02513),
    "O": Element(8, 15.999, 106, 4.1662, 0.2, 3, 0.14783, 3, 0, 3, 1920, 2000, 0.0223),
    "F": Element(9, 18.998, 112, 4.0482, 0.2, 3, 0.14245, 3, 0, 2.352, 2157, 2634, 0.01816),
    "Mg": Element(12, 24.305, 156, 4.5297, 0.1499, 3.0668, 0.08163, 3.6166, 0.08, 4.293, 2862, 1009, 0.01397),
    "Al": Element(13, 26.9815, 166, 4.2395, 0.1708, 3.0127, 0.08024, 3.6345, 0.12, 4.739, 2766, 164.5, 0.02023),
    "Si": Element(14, 28.0855, 173, 4.4351, 0.2014, 2.8715, 0.14921, 3.2546, 0.14, 5.598, 3193, 232.7, 0.01419),
    "S": Element(16, 32.06, 180, 4.6659, 0.158, 2.7159, 0.33992, 2.6456, 0.14, 3.891, 3792, 1219, 0.01211),
    "Cl": Element(17, 35.45, 180, 4.9453, 0.2, 3, 0.18332, 3, 0, 6.008, 3969, 645.1, 0.01183),
    "Ti": Element(22, 47.867, 233, 4.445, 0.0957, 3.0386, 0.15662, 3.0302, 0.12, 5.489, 5260, 651.1, 0.00893),
    "V": Element(23, 50.9415, 245, 4.2659, 0.0691, 3.0322, 0.15436, 3.0163, 0.14, 5.055, 5391, 952.3, 0.009117),
    "Cr": Element(24, 51.9961, 257, 4.1781, 0.034, 3.0451, 0.15419, 2.9896, 0.14, 4.489, 5616, 1336, 0.008413),
    "Mn": Element(25, 54.938, 272, 4.2702, 0.0447, 3.1074, 0.14973, 2.9796, 0.14, 3.907, 5725, 1461, 0.008829),
    "Fe": Element(26, 55.845, 286, 4.2911, -0.0012, 3.1531, 0.1468, 2.9632, 0.12, 3.963, 6065, 1243, 0.007782),
    "Co": Element(27, 58.933, 297, 4.2601, -0.0187, 3.179, 0.14474, 2.9502, 0.12, 3.535, 6288, 1372, 0.007361),
    "Ni": Element(28, 58.6934, 311, 4.3115, -0.0566, 3.1851, 0.16496, 2.843, 0.1, 4.004, 6205, 555.1, 0.008763),
    "Cu": Element(29, 63.546, 322, 4.419, -0.0254, 3.2792, 0.14339, 2.9044, 0.08, 4.194, 4649, 81.13, 0.02242),
    "Zn": Element(30, 65.38, 330, 4.6906, 0.0049, 3.3668, 0.14714, 2.8652, 0.08, 4.75, 6953, 295.2, 0.006809),
    "Ga": Element(31, 69.723, 334, 4.9353, 0.2267, 3.5434, 0.0944, 3.1314, 0.14, 5.697, 7173, 202.6, 0.006725),
    "Ge": Element(32, 72.63, 350, 5.1411, 0.3376, 3.6096, 0.07188, 3.3306, 0.14, 6.3, 6496, 110, 0.009689),
    "As": Element(33, 74.9216, 347, 5.051, 0.1767, 3.5702, 0.06633, 3.4176, 0.08, 6.012, 7611, 292.5, 0.006447),
    "Zr": Element(40, 91.224, 393, 5.1774, 0.2957, 3.489, 0.07177, 3.4533, 0.14, 7.603, 9120, 405.2, 0.005765),
    "Mo": Element(42, 95.95, 424, 4.8793, 0.2267, 3.2784, 0.10525, 3.2549, 0.14, 7.248, 9545, 480.2, 0.005376),
    "Ag": Element(47, 107.868, 470, 5.063, 0.0657, 3.1074, 0.24585, 2.6899, 0.14, 6.038, 6790, 397.8, 0.01676),
    "Sn": Element(50, 118.71, 488, 5.534, 0.2879, 3.2959, 0.18689, 2.8576, 0.14, 7.227, 11210, 386.4, 0.004474),
    "Ta": Element(73, 180.948, 718, 5.5262, 0.2117, 3.4805, 0.17798, 2.7623, 0.14, 5.329, 15740, 443.2, 0.003186),
    "W": Element(74, 183.84, 727, 5.4059, 0.2167, 3.496, 0.15509, 2.8447, 0.14, 5.16, 15410, 415.3, 0.003406),
    "Au": Element(79, 196.967, 790, 5.5747, 0.2021, 3.6979, 0.09756, 3.1101, 0.14, 5.458, 7852, 975.8, 0.02077),
    "Pb": Element(82, 207.2, 823, 6.2018, 0.3776, 3.8073, 0.09359, 3.1608, 0.14, 5.982, 17400, 586.3, 0.002871),
}

ELEMENT_NAMES: tuple[str, ...] = tuple(ELEMENTS)

# One array per constant over the elements, in the order of ELEMENT_NAMES.
ELEMENT_ARRAYS = Element._make(np.array(column) for column in zip(*ELEMENTS.values(), strict=True))

SILICON = np.array([1.0 if name == "Si" else 0.0 for name in ELEMENT_NAMES])  # mass fractions of the detector

# Mass number of the most abundant (or longest-lived) isotope of Z = 1 to 92: what an ion of that element is.
ISOTOPE_MASS_NUMBER = np.array([
    1, 4, 7, 9, 11, 12, 14, 16, 19, 20, 23, 24, 27, 28, 31, 32, 35, 40, 39, 40, 45, 48, 51, 52, 55, 56, 59, 58,
    63, 64, 69, 74, 75, 80, 79, 84, 85, 88, 89, 90, 93, 98, 97, 102, 103, 106, 107, 114, 115, 120, 121, 130,
    127, 132, 133, 138, 139, 140, 141, 142, 145, 152, 153, 158, 159, 164, 165, 166, 169, 174, 175, 180, 181,
    184, 187, 192, 193, 195, 197, 202, 205, 208, 209, 209, 210, 222, 223, 226, 227, 232, 231, 238,
], dtype=float)  # fmt: skip
