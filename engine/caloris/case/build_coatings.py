"""From the checked coatings and bands to their models, at the run's point of life."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris.case.schema import Case
from caloris.case.schema_coating import BandValue, CoatingFraction
from caloris.case.schema_types import Exposure, Life
from caloris.model.coating import Aged, Bands, Coatings, CoveredCoatings, EmittanceTable, SpecularCoatings, Values


def build_bands(case: Case) -> Bands:
    """The wavelengths that split sunlight and thermal radiation."""
    fraction = case.bands.solar_fraction
    return Bands(
        infrared_edge=_row(case.bands.infrared),
        solar_edge=_row(case.bands.solar),
        solar_fraction=None if fraction is None else _row(fraction) / sum(fraction),
    )


def build_coatings(case: Case, life: Life) -> Coatings:
    """Every coating of the case."""
    solar = [coating.solar_absorptance for coating in case.coatings]
    infrared = [coating.infrared_emittance for coating in case.coatings]
    count = case.bands.infrared_count
    return Coatings(
        name=tuple(coating.name for coating in case.coatings),
        solar_absorptance=_values(solar, life, case.bands.solar_count),
        infrared_emittance=_over_temperature(infrared, life, count)
        if any(fraction.is_table for fraction in infrared)
        else _values(infrared, life, count),
        specular=_specular(case, life),
        covered=_covered(case),
    )


def _covered(case: Case) -> CoveredCoatings | None:
    """Coatings under a cover; None where there are none."""
    covers = [(k, coating.cover) for k, coating in enumerate(case.coatings) if coating.cover is not None]
    if not covers:
        return None
    count = case.bands.solar_count
    return CoveredCoatings(
        coating=tuple(k for k, _ in covers),
        refractive_index=_per_band([cover.refractive_index for _, cover in covers], count),
        optical_depth=_per_band([cover.optical_depth for _, cover in covers], count),
    )


def _specular(case: Case, life: Life) -> SpecularCoatings | None:
    """What reflects like a mirror or lets radiation through in any band; None where nothing does."""

    def of(*keys: str) -> list[int]:
        return [k for k, one in enumerate(case.coatings) if any(getattr(one, key).most() > 0.0 for key in keys)]

    mirror = of("solar_specularity", "infrared_specularity")
    sheet = of("solar_transmittance", "infrared_transmittance")
    if not mirror and not sheet:
        return None
    solar, infrared = case.bands.solar_count, case.bands.infrared_count

    def values(key: str, those: list[int], bands: int) -> Values:
        return _values([getattr(case.coatings[k], key) for k in those], life, bands)

    return SpecularCoatings(
        mirror=tuple(mirror),
        sheet=tuple(sheet),
        solar_specularity=values("solar_specularity", mirror, solar),
        infrared_specularity=values("infrared_specularity", mirror, infrared),
        solar_transmittance=values("solar_transmittance", sheet, solar),
        infrared_transmittance=values("infrared_transmittance", sheet, infrared),
    )


def _row(values: Sequence[float]) -> Float[Array, " entry"]:
    return jnp.asarray(np.asarray(values, float))


def _per_band(values: Sequence[BandValue], bands: int) -> Float[Array, " entry *band"]:
    """A row for each value; with one band, the values alone."""
    rows = [value if isinstance(value, tuple) else (value,) * bands for value in values]
    table = jnp.asarray(np.asarray(rows, float).reshape(len(rows), bands))
    return table[:, 0] if bands == 1 else table


def _values(fractions: Sequence[CoatingFraction], life: Life, bands: int) -> Float[Array, " entry *band"] | Aged:
    """Values at one point of life; under an exposure that changes some of them, the law by which it does."""
    if not isinstance(life, Exposure) or not any(fraction.changes for fraction in fractions):
        return _per_band([fraction.at(life) for fraction in fractions], bands)
    constants = [
        [np.inf if constant is None else constant for constant in (table.time_constant, table.fluence_constant)]
        for table in fractions
    ]
    return Aged(
        beginning=_per_band([fraction.at(0.0) for fraction in fractions], bands),
        end=_per_band([fraction.at(1.0) for fraction in fractions], bands),
        time_constant=_row([time for time, _ in constants]),
        fluence_constant=_row([fluence for _, fluence in constants]),
        exponent=_row([fraction.exponent for fraction in fractions]),
        time=jnp.asarray(life.time or 0.0),
        fluence=jnp.asarray(life.fluence or 0.0),
    )


def _over_temperature(fractions: Sequence[CoatingFraction], life: Life, bands: int) -> EmittanceTable:
    """The points of all tables in one list; a coating without a table is one point."""
    coating, temperature, points = [], [], []
    for k, fraction in enumerate(fractions):
        if fraction.temperature is None or fraction.value is None:
            coating.append(k)
            temperature.append(0.0)
            points.append(fraction)
            continue
        for at, value in zip(fraction.temperature, fraction.value, strict=True):
            coating.append(k)
            temperature.append(at)
            points.append(CoatingFraction(beginning=value, end=value))
    return EmittanceTable(
        coating=jnp.asarray(np.asarray(coating)),
        temperature=_row(temperature),
        value=_values(points, life, bands),
    )
