"""The modulation of galactic cosmic rays by the Sun, from the counts of a neutron monitor."""

from functools import lru_cache
from importlib.resources import files

import numpy as np
from jaxtyping import Array, Float


def modulation_of_count_rate(count_rate: Float[Array, "..."]) -> Float[Array, "..."]:
    """Parameter W of `galactic_flux` (-) from the counts per minute of the Oulu monitor: W = 638.7 - 0.093 N.

    Source: Matthia and others, Adv. Space Res. 51, 329 (2013), doi 10.1016/j.asr.2012.09.022. W between 0 and 200
    belongs to 4717 to 6868 counts. For the minimum of 1977 it gives 42, where CREME96's spectra are those of W = 10: in
    decades before the fit take such a W with care. Differentiable.
    """
    return 638.7 - 0.093 * count_rate


@lru_cache
def _monthly_counts() -> dict[tuple[int, int], int]:
    """Counts per minute by year and month, as far as they are known."""
    text = files("caloris_kernels.particle").joinpath("tables", "oulu_monthly.csv").read_text()
    rows = np.loadtxt(text.splitlines(), delimiter=",", comments=("#", "year"), dtype=int)
    return {(int(row[0]), month): int(count) for row in rows for month, count in enumerate(row[1:], 1) if count > 0}


def known_months() -> tuple[tuple[int, int], tuple[int, int]]:
    """The first and the last (year, month) of the table, without a gap between."""
    months = sorted(_monthly_counts())
    return months[0], months[-1]


def monthly_modulation(year: int, month: int) -> float:
    """W of a month from the Oulu monitor's mean counts in it (-); not differentiable: it looks up a table.

    The counts lie beside this file (tables/oulu_monthly.csv): Sodankyla Geophysical Observatory, University of Oulu,
    https://cosmicrays.oulu.fi, corrected for pressure, April 1964 to January 2021. Raises ValueError outside. Months of
    great decreases (June 1991: W = 185) are means of what was measured, not of a quiet Sun.
    """
    counts = _monthly_counts()
    if (year, month) not in counts:
        (first_year, first_month), (last_year, last_month) = known_months()
        raise ValueError(
            f"the neutron monitor's counts are known from {first_year}-{first_month:02d} to "
            f"{last_year}-{last_month:02d}, not for {year}-{month:02d}"
        )
    return float(modulation_of_count_rate(np.float64(counts[year, month])))  # pyright: ignore[reportArgumentType]
