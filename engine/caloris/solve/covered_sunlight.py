"""Direct sunlight on facets whose coatings are under a transparent cover: taken at its angle of incidence.

Sunlight D (W m-2) that meets a covered facet under the angle theta, straight or by way of mirrors, is split there:

    alpha(theta) D absorbed,  s (1 - alpha(theta)) D on along the paths,  (1 - s) (1 - alpha(theta)) D scattered,

with the specularity s. What is scattered enters the radiosity as emission. All other light (albedo, reflections,
what diffuse facets send by way of mirrors) comes from many directions and meets one number, the hemispherical mean of
alpha: with a number of each pair of facets neither reciprocity nor closure would hold. So the radiosity's
reflectance of these facets is not one minus the absorptance that the case states.

Solar cells under a cover turn light into power as at normal incidence, per light that is absorbed: light on them
counts with alpha(theta) / alpha(0), the incidence-angle modifier of De Soto, Klein & Beckman, Solar Energy 80 (2006)
78, doi:10.1016/j.solener.2005.06.010, and diffuse light with its mean.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from caloris.model.coating import now
from caloris.model.thermal import Thermal
from caloris_kernels.radiative.incidence import covered_absorptance


class CoverBand(NamedTuple):
    """Optical properties by coating in one band of sunlight; those of coatings without a cover stand for nothing."""

    covered: Bool[np.ndarray, " coating"]
    normal: Float[Array, " coating"]  # - absorptance at normal incidence
    refractive_index: Float[Array, " coating"]
    optical_depth: Float[Array, " coating"]
    specularity: Float[Array, " coating"]  # - mirror-like share of what is reflected
    diffuse_light: Float[Array, " coating"]  # - diffuse light that counts for solar cells; 1 without a cover

    def absorptance(self, cosine: Float[Array, "..."], coating: Int[Array, "..."]) -> Float[Array, "..."]:
        """Absorptance (-) of covered coatings at an angle of incidence."""
        properties = self.normal, self.refractive_index, self.optical_depth
        return covered_absorptance(cosine, *(values[coating] for values in properties))


class DirectLight(NamedTuple):
    """What direct sunlight does on covered facets (W m-2), as if the planet cast no shadow; 0 on all others."""

    absorbed: Float[Array, "grid facet"]
    scattered: Float[Array, "grid facet"]
    light: Float[Array, "grid facet"]  # on solar cells, in terms of normal incidence


def cover_bands(thermal: Thermal) -> list[CoverBand]:
    """Every band of sunlight; an empty list where no facet is under a cover."""
    coatings = thermal.coatings
    cover, specular = coatings.covered, coatings.specular
    if cover is None or thermal.incident.sun_angle is None:
        return []
    those = np.asarray(cover.coating)
    covered = np.zeros(len(coatings.name), bool)
    covered[those] = True
    normal = now(coatings.solar_absorptance)
    nothing = jnp.zeros_like(normal)
    columns = (
        normal,
        (nothing + 2.0).at[those].set(cover.refractive_index),
        nothing.at[those].set(cover.optical_depth),
        nothing if specular is None else specular.share(nothing, True),
        (nothing + 1.0).at[those].set(coatings.diffuse_solar_absorptance()[those] / normal[those]),
    )
    bands = zip(*(column.reshape(len(covered), -1).T for column in columns), strict=True)
    return [CoverBand(covered, *band) for band in bands]


def direct_light(thermal: Thermal, bands: list[CoverBand], by_mirrors: list[DirectLight]) -> list[DirectLight]:
    """Straight sunlight in every band, and with it what comes by way of mirrors [grid seeing], of all sunlight."""
    exchange, angle = thermal.exchange, thermal.incident.sun_angle
    if angle is None:
        return []
    coating = exchange.facet_coating[angle.facet]
    whole = thermal.incident.solar[:, angle.facet]
    none = jnp.zeros_like(thermal.incident.solar)
    shares = jnp.ones(1) if len(bands) == 1 else thermal.bands.solar_shares()
    found = []
    for k, band in enumerate(bands):
        share = band.absorptance(angle.cosine, coating)
        rest = (1.0 - band.specularity[coating]) * (1.0 - share)
        parts = (share, rest, share / band.normal[coating])
        straight = [none.at[:, angle.facet].set(shares[k] * part * whole) for part in parts]
        if by_mirrors:
            more = (shares[k] * part for part in by_mirrors[k])
            straight = [table.at[:, exchange.seeing].add(part) for table, part in zip(straight, more, strict=True)]
        found.append(DirectLight(*straight))
    return found
