"""Reference cases of solar particles: fluences of a mission, and fluxes of the worst periods, by case files."""

from functools import cache, partial

import jax.numpy as jnp
import numpy as np

import caloris
from caloris_validation.reference_case import ReferenceCase

_ECSS = "ECSS-E-ST-10-04C Rev.1 (2020)"
_DEVICE = """
[[device]]
name = "cell"
proton = { onset = "30 MeV", width = "10 MeV", exponent = 1.0, plateau = "1e-11 cm^2" }
"""

FLUENCE_YEARS = (1.0, 2.0, 3.0, 5.0, 7.0)
# ECSS-E-ST-10-04C Rev.1, table I-4: threshold (MeV), confidence (%), fluence of FLUENCE_YEARS (cm-2).
# fmt: off
FLUENCE_TABLE: tuple[tuple[float, ...], ...] = (
    (1, 50, 6.37e10, 1.46e11, 2.32e11, 4.07e11, 5.83e11), (1, 75, 1.10e11, 2.23e11, 3.30e11, 5.39e11, 7.41e11),
    (1, 90, 1.81e11, 3.24e11, 4.54e11, 6.93e11, 9.20e11), (1, 95, 2.43e11, 4.06e11, 5.48e11, 8.06e11, 1.05e12),
    (1, 99, 4.23e11, 6.20e11, 7.83e11, 1.07e12, 1.33e12), (10, 50, 2.60e9, 7.07e9, 1.25e10, 2.52e10, 3.94e10),
    (10, 75, 7.55e9, 1.79e10, 2.90e10, 5.24e10, 7.63e10), (10, 90, 1.97e10, 4.11e10, 6.19e10, 1.01e11, 1.38e11),
    (10, 95, 3.51e10, 6.78e10, 9.75e10, 1.50e11, 1.97e11), (10, 99, 1.03e11, 1.73e11, 2.28e11, 3.15e11, 3.84e11),
    (30, 50, 3.26e8, 9.11e8, 1.65e9, 3.47e9, 5.62e9), (30, 75, 1.19e9, 2.93e9, 4.92e9, 9.33e9, 1.41e10),
    (30, 90, 3.79e9, 8.36e9, 1.31e10, 2.27e10, 3.23e10), (30, 95, 7.59e9, 1.57e10, 2.36e10, 3.87e10, 5.29e10),
    (30, 99, 2.80e10, 5.10e10, 7.10e10, 1.05e11, 1.34e11), (100, 50, 1.98e7, 5.58e7, 1.02e8, 2.18e8, 3.57e8),
    (100, 75, 8.59e7, 2.17e8, 3.70e8, 7.21e8, 1.11e9), (100, 90, 3.22e8, 7.34e8, 1.18e9, 2.12e9, 3.09e9),
    (100, 95, 7.09e8, 1.53e9, 2.36e9, 4.04e9, 5.71e9), (100, 99, 3.12e9, 6.01e9, 8.69e9, 1.36e10, 1.80e10),
)
# fmt: on

# Tables B-10 to B-12: period, atomic number, MeV/u, mean flux over the worst such period (m-2 s-1 sr-1 (MeV/u)-1).
_WORST = (
    ("week", 1, 10.0, 2.44e6),
    ("week", 1, 100.0, 1.14e4),
    ("week", 1, 1000.0, 3.11),
    ("week", 26, 10.0, 330.0),
    ("week", 26, 100.0, 0.116),
    ("day", 1, 10.0, 1.44e7),
    ("day", 1, 100.0, 3.75e4),
    ("day", 26, 100.0, 0.340),
    ("5-minutes", 1, 10.0, 5.61e7),
    ("5-minutes", 1, 100.0, 1.35e5),
    ("5-minutes", 26, 100.0, 1.22),
)


@cache
def _fluence(years: float, confidence: float) -> dict[float, float]:
    """Fluences of a mission in free space above energies (cm-2)."""
    text = f'[particles]\nsolar_event = {{ model = "ESP", years = {years}, confidence = {confidence} }}\n'
    particles = caloris.build(caloris.parse_case(text + _DEVICE)).particles
    assert particles is not None and particles.fluence is not None
    above = np.asarray(particles.fluence.integral_fluence) * 1e-4
    return {energy: float(value) for energy, value in zip(particles.fluence.level, above, strict=True)}


def _largest_departure() -> float:
    """Largest relative departure from the hundred numbers of table I-4."""
    return max(
        abs(_fluence(years, confidence / 100.0)[energy] / printed - 1.0)
        for energy, confidence, *row in FLUENCE_TABLE
        for years, printed in zip(FLUENCE_YEARS, row, strict=True)
    )


@cache
def _worst(period: str) -> caloris.ParticleEnvironment:
    """A worst period in free space."""
    particles = caloris.build(caloris.parse_case(f'[particles]\nsolar_event = "worst-{period}"\n{_DEVICE}')).particles
    assert particles is not None
    return particles


def _worst_flux(period: str, z: int, energy: float) -> float:
    return float(_worst(period).flux(jnp.full((28, 1), energy))[z - 1, 0])


def _printed(energy: float, confidence: float, years: float) -> float:
    (row,) = (rest for e, c, *rest in FLUENCE_TABLE if (e, c) == (energy, confidence))
    return row[FLUENCE_YEARS.index(years)]


CASES: tuple[ReferenceCase, ...] = (
    *(
        ReferenceCase(
            f"solar.esp.{years:g}_years.{energy:g}_MeV",
            f"fluence of solar protons above {energy:g} MeV in {years:g} active years, {confidence:g} % confidence",
            "cm-2",
            _printed(energy, confidence, years),
            0.005,
            "three printed digits",
            f"{_ECSS}, table I-4",
            partial(
                lambda years, confidence, energy: _fluence(years, confidence / 100.0)[energy], years, confidence, energy
            ),
        )
        for years, confidence in ((1.0, 95.0), (7.0, 99.0))
        for energy in (1.0, 10.0, 30.0, 100.0)
    ),
    ReferenceCase(
        "solar.esp.table",
        "largest relative departure from the hundred fluences of the table, 50 to 99 % confidence, 1 to 7 years",
        "1",
        0.0,
        0.005,
        "three printed digits",
        f"{_ECSS}, table I-4",
        _largest_departure,
        absolute=True,
    ),
    *(
        ReferenceCase(
            f"solar.worst_{period.replace('-', '_')}.Z{z}.{energy:g}_MeV_per_u",
            f"flux of Z = {z} at {energy:g} MeV/u in free space, mean of the worst {period.replace('-', ' ')}",
            "m-2 s-1 sr-1 (MeV/u)-1",
            exact,
            1e-6,
            "a printed number at its own energy",
            f"{_ECSS}, table {table} (CREME96: Tylka and others, IEEE Trans. Nucl. Sci. 44, 2150 (1997))",
            partial(_worst_flux, period, z, energy),
        )
        for period, z, energy, exact in _WORST
        for table in ({"5-minutes": "B-10", "day": "B-11", "week": "B-12"}[period],)
    ),
)
