"""Materials that absorb dose: those of NIST's tables, and what they are made of where ions are followed into them."""

from typing import Literal

import numpy as np

from caloris_kernels.particle.elements import ELEMENT_NAMES

Detector = Literal["Al", "C", "Si", "air", "bone", "CaF2", "GaAs", "LiF", "SiO2", "tissue", "water"]
DETECTORS: tuple[Detector, ...] = ("Al", "C", "Si", "air", "bone", "CaF2", "GaAs", "LiF", "SiO2", "tissue", "water")

# Mass fractions by the atomic weights of the formula.
_COMPOSITIONS: dict[str, dict[str, float]] = {
    "Al": {"Al": 1.0},
    "C": {"C": 1.0},
    "Si": {"Si": 1.0},
    "CaF2": {"Ca": 0.5133, "F": 0.4867},
    "GaAs": {"Ga": 0.4820, "As": 0.5180},
    "LiF": {"Li": 0.2676, "F": 0.7324},
    "SiO2": {"Si": 0.4674, "O": 0.5326},
    "water": {"H": 0.1119, "O": 0.8881},
}
TARGETS: tuple[str, ...] = tuple(
    name for name in DETECTORS if name in _COMPOSITIONS and set(_COMPOSITIONS[name]) <= set(ELEMENT_NAMES)
)
"""Detectors all of whose elements have stopping powers."""


def detector_fractions(target: str) -> np.ndarray:
    """Mass fractions of a target in the order of ELEMENT_NAMES (-), sum 1."""
    if target not in TARGETS:
        raise ValueError(f"target {target!r} is not known; known are {', '.join(TARGETS)}")
    parts = np.array([_COMPOSITIONS[target].get(name, 0.0) for name in ELEMENT_NAMES])
    return parts / parts.sum()
