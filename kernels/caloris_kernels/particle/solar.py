"""Solar particle events: fluence over a mission at a confidence, worst-case spectra, and events of record.

All spectra are those outside the magnetosphere at 1 au; what of them reaches an orbit is the business of
`magnetic.cutoff`. Directions are equally likely.
"""

from functools import lru_cache
from importlib.resources import files
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtri
from jaxtyping import Array, Float

from caloris_kernels.particle.let_spectrum import interpolate_flux

_PER_SQUARE_METER = 1e4  # cm2/m2

WorstPeriod = Literal["5 minutes", "day", "week"]
WORST_PERIODS: tuple[WorstPeriod, ...] = ("5 minutes", "day", "week")
SOLAR_IONS = ("H", "He", "C", "N", "O", "Fe")
SOLAR_ATOMIC_NUMBER = np.array([1, 2, 6, 7, 8, 26])

# fmt: off
# Abundances in large (gradual) events beside oxygen = 1, mean of events: Reames, Solar Phys. 289, 977 (2014), doi
# 10.1007/s11207-013-0350-4; Na, Al, P, Cl, K, Ti, Cr, Ni: Reames, Adv. Space Res. 15(7), 41 (1995).
SOLAR_ABUNDANCE = {
    6: 0.420, 7: 0.128, 8: 1.0, 10: 0.157, 11: 0.0104, 12: 0.178, 13: 0.0157, 14: 0.151, 15: 6.5e-4, 16: 0.025,
    17: 2.4e-4, 18: 0.0043, 19: 5.5e-4, 20: 0.011, 22: 3.4e-4, 24: 0.0021, 26: 0.131, 28: 0.0064,
}  # by atomic number
# fmt: on
# The part of iron in what an element follows: up to which atomic number.
_IRON_SHARES = ((14, 0.0), (19, 0.5), (28, 1.0))

# ECSS-E-ST-10-04C Rev.1, table B-8: threshold (MeV), mean fluence of an active year (cm-2), its relative variance.
# fmt: off
_ESP = np.array([
    [1, 8.877e10, 0.940], [3, 3.297e10, 3.038], [5, 1.973e10, 5.250], [7, 1.371e10, 7.575], [10, 9.089e9, 11.239],
    [15, 5.476e9, 17.675], [20, 3.707e9, 24.351], [25, 2.687e9, 31.126], [30, 2.034e9, 37.889],
    [35, 1.589e9, 44.572], [40, 1.273e9, 51.130], [45, 1.038e9, 57.504], [50, 8.602e8, 63.674],
    [55, 7.215e8, 69.642], [60, 6.117e8, 75.368], [70, 4.518e8, 86.122], [80, 3.431e8, 95.852],
    [90, 2.665e8, 104.635], [100, 2.109e8, 112.465],
])
# Table B-9: thresholds beyond 100 MeV, and their part of the fluence above 100 MeV.
_ESP_BEYOND = np.array([
    [125, 0.603], [150, 0.390], [175, 0.267], [200, 0.191], [225, 0.141], [250, 0.107], [275, 0.0823], [300, 0.0647],
])
# fmt: on
ESP_ENERGY = np.concatenate([_ESP[:, 0], _ESP_BEYOND[:, 0]])  # MeV

# Table I-5: A (cm-2 s-1 sr-1 MeV-1), K and alpha of the peaks of 19, 22 and 24 October 1989.
_OCTOBER_1989 = {19: (214.0, 0.526, 0.366), 22: (429.0, 0.458, 0.3908), 24: (54900.0, 2.38, 0.23)}
OCTOBER_1989_DAYS = tuple(_OCTOBER_1989)


def _composition() -> np.ndarray:
    """What each of Z = 1 to 28 has of each of SOLAR_IONS."""
    matrix = np.zeros((28, len(SOLAR_IONS)))
    oxygen, iron = SOLAR_IONS.index("O"), SOLAR_IONS.index("Fe")
    for z, abundance in SOLAR_ABUNDANCE.items():
        share = next(share for most, share in _IRON_SHARES if z <= most)
        matrix[z - 1, oxygen] = abundance * (1.0 - share)
        matrix[z - 1, iron] = abundance / SOLAR_ABUNDANCE[26] * share
    matrix[SOLAR_ATOMIC_NUMBER - 1] = np.eye(len(SOLAR_IONS))
    return matrix


_COMPOSITION = _composition()


def solar_proton_fluence(years: Float[Array, ""], confidence: Float[Array, ""]) -> Float[Array, " energy"]:
    """Fluence of solar protons above ESP_ENERGY (m-2) that is not exceeded with this confidence: the ESP model.

    ln F is normal:  F = exp(mu + sigma z),  sigma^2 = ln(1 + V/T),  mu = ln(T M) - sigma^2/2,

    z the normal quantile of the confidence (0 to 1, both excluded), M and V the mean and the relative variance of one
    year's fluence, years T in solar maximum (seven of a cycle's eleven); below one year the source asks for one.
    Beyond 100 MeV a fixed part of the fluence there. Sources: Xapsos and others, NASA/TP-1999-209763; Xapsos and
    others, IEEE Trans. Nucl. Sci. 47, 486 (2000); ECSS-E-ST-10-04C Rev.1 (2020), equations B-10
    to B-12, tables B-8 and B-9. Differentiable in both.
    """
    mean, variance = jnp.asarray(_ESP[:, 1] * _PER_SQUARE_METER), jnp.asarray(_ESP[:, 2])
    width_squared = jnp.log1p(variance / years)
    fluence = years * mean * jnp.exp(jnp.sqrt(width_squared) * ndtri(confidence) - 0.5 * width_squared)
    return jnp.concatenate([fluence, fluence[-1] * jnp.asarray(_ESP_BEYOND[:, 1])])


def worst_solar_flux(energy: Float[Array, " energy"], period: WorstPeriod) -> Float[Array, "ion energy"]:
    """Mean differential flux of SOLAR_IONS over the worst period on record (m-2 s-1 sr-1 (MeV/u)-1), by CREME96.

    energy in MeV/u, 1 to 1e5; power laws between the tables' energies, zero outside. All ions are to be taken as fully
    ionized against the geomagnetic cutoff. `solar_ion_flux` has the other elements. The event is that of October 1989:
    Tylka and others, IEEE Trans. Nucl. Sci. 44, 2150 (1997), doi 10.1109/23.659030, as ECSS-E-ST-10-04C Rev.1 (2020)
    prints it, tables B-10 to B-12. Differentiable in energy.
    """
    if period not in WORST_PERIODS:
        raise ValueError(f"worst period {period!r} is not known; known are {', '.join(WORST_PERIODS)}")
    table_energy, table_flux = (jnp.asarray(part) for part in _worst_table(period))
    return jax.vmap(lambda flux: interpolate_flux(energy, table_energy, flux))(table_flux)


def solar_ion_flux(energy: Float[Array, "28 energy"], period: WorstPeriod) -> Float[Array, "28 energy"]:
    """`worst_solar_flux` of hydrogen to nickel at energies (MeV/u) of their own, a row for each atomic number.

    An element that the tables do not have is as frequent, beside oxygen and iron at the same energy per nucleon, as in
    the mean of large events: j = j_O a (1 - w) + j_Fe (a / a_Fe) w. The share w of iron is 0 up to silicon, 1/2 from
    phosphorus to potassium, 1 from calcium: in one event abundances depart from that mean by a power of the mass over
    the charge, which is near that of oxygen up to silicon and near that of iron from calcium. The abundances a, oxygen
    1, are SOLAR_ABUNDANCE. The events of the tables have C/O = 0.47, N/O = 0.12 and Fe/O = 0.27 to 0.63 from 1 to 100
    MeV/u, the mean of large events 0.42, 0.13 and 0.13; so a factor of 2 of an element that is not in them is no
    surprise. Elements without a measured abundance (Li, Be, B, F, Sc, V, Mn, Co) are absent. Differentiable in energy.
    """
    every = jax.vmap(lambda one: worst_solar_flux(one, period))(energy)
    return jnp.einsum("zk,zke->ze", jnp.asarray(_COMPOSITION), every)


@lru_cache
def _worst_table(period: str) -> tuple[np.ndarray, np.ndarray]:
    """Energies (MeV/u) and fluxes [ion, energy]."""
    name = f"solar_worst_{period.replace(' ', '_')}.csv"
    text = files("caloris_kernels.particle").joinpath("tables", name).read_text()
    rows = np.loadtxt(text.splitlines(), delimiter=",", skiprows=2)
    return rows[:, 0], rows[:, 1:].T


def august_1972_fluence(energy: Float[Array, " energy"]) -> Float[Array, " energy"]:
    """Fluence of protons above an energy (MeV) in the event of August 1972 (m-2): 7.9e9 cm-2 exp[(30 - E)/26.5].

    The "anomalously large event" of King, J. Spacecraft Rockets 11, 401 (1974), doi 10.2514/3.62088, as NASA's program
    SOLPRO (Stassinopoulos, NSSDC 75-11) has it. Valid from 10 to 200 MeV. Differentiable.
    """
    return 7.9e9 * _PER_SQUARE_METER * jnp.exp((30.0 - energy) / 26.5)


def october_1989_peak_flux(energy: Float[Array, " energy"], day: int) -> Float[Array, " energy"]:
    """Differential flux of protons at the peaks of October 1989 (m-2 s-1 sr-1 MeV-1): A exp(-K E^alpha), E in MeV.

    day: 19, 22 or 24. Source: ECSS-E-ST-10-04C Rev.1 (2020), table I-5, fitted to GOES; a range is not printed (GOES
    measured from some MeV to 500 MeV). Differentiable in energy.
    """
    if day not in _OCTOBER_1989:
        raise ValueError(f"day {day!r} of October 1989 has no fit; there are those of {OCTOBER_1989_DAYS}")
    amplitude, rate, exponent = _OCTOBER_1989[day]
    return amplitude * _PER_SQUARE_METER * jnp.exp(-rate * energy**exponent)
