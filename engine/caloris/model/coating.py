"""Optical properties of surfaces by wavelength band: constant, aged by exposure, or over temperature."""

import math

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from caloris_kernels.constants import SOLAR_TEMPERATURE
from caloris_kernels.radiative.ageing import ageing_progress
from caloris_kernels.radiative.incidence import covered_absorptance, hemispherical_mean
from caloris_kernels.radiative.planck import band_fractions


class Bands(eqx.Module):
    """Wavelengths that split sunlight and thermal radiation, shortest first; no wavelength makes one band.

    Sunlight (and albedo) and thermal radiation are told apart by their source, whatever their wavelength.
    """

    infrared_edge: Float[Array, " infrared_edge"]  # m
    solar_edge: Float[Array, " solar_edge"]  # m
    solar_fraction: Float[Array, " solar_band"] | None  # - share of sunlight; None: a black body at 5772 K

    @property
    def infrared_count(self) -> int:
        """How many bands thermal radiation has."""
        return self.infrared_edge.shape[0] + 1

    def solar_shares(self) -> Float[Array, " solar_band"]:
        """Share of sunlight in each solar band (-)."""
        if self.solar_fraction is not None:
            return self.solar_fraction
        return band_fractions(self.solar_edge, jnp.asarray(SOLAR_TEMPERATURE))


class Aged(eqx.Module):
    """Values on their way from beginning to end of life, by the exposure so far."""

    beginning: Float[Array, " entry *band"]  # -
    end: Float[Array, " entry *band"]  # -
    time_constant: Float[Array, " entry"]  # s; infinite: time does not matter
    fluence_constant: Float[Array, " entry"]  # m-2; infinite: fluence does not matter
    exponent: Float[Array, " entry"]  # -
    time: Float[Array, ""]  # s
    fluence: Float[Array, ""]  # m-2

    def now(self) -> Float[Array, " entry *band"]:
        """The values at the exposure."""
        constants = self.time_constant, self.fluence_constant
        progress = ageing_progress(self.time, self.fluence, *constants, self.exponent)
        progress = progress.reshape(-1, *([1] * (self.beginning.ndim - 1)))
        return self.beginning + progress * (self.end - self.beginning)


Values = Float[Array, " entry *band"] | Aged
"""A row for each entry (one number, or one for each band where there are several), known or aged."""


def now(values: Values) -> Float[Array, " entry *band"]:
    """The values at the run's point of life."""
    return values.now() if isinstance(values, Aged) else values


class EmittanceTable(eqx.Module):
    """Emittance over temperature: the points of all coatings, each coating's together and ascending.

    A coating with one point is constant, whatever that point's temperature.
    """

    coating: Int[Array, " point"]
    temperature: Float[Array, " point"]  # K
    value: Values  # - [point *band]

    def at(
        self, coating: Int[Array, " facet"], temperature: Float[Array, " facet"]
    ) -> tuple[Float[Array, " facet *band"], Float[Array, " facet *band"]]:
        """Emittance and its slope over temperature (K-1): linear between points, held at the ends.

        At a point the slope is that of the interval above it.
        """
        mine = self.coating[None, :] == coating[:, None]
        first = jnp.argmax(mine, axis=1)
        last = first + jnp.sum(mine, axis=1) - 1
        passed = jnp.sum(mine & (self.temperature[None, :] <= temperature[:, None]), axis=1)
        left = jnp.clip(first + passed - 1, first, last)
        right = jnp.where(passed > 0, jnp.minimum(left + 1, last), left)
        inside = right > left
        width = jnp.where(inside, self.temperature[right] - self.temperature[left], 1.0)
        part = jnp.where(inside, (temperature - self.temperature[left]) / width, 0.0)
        value = now(self.value)
        shape = (-1, *([1] * (value.ndim - 1)))
        rise = value[right] - value[left]
        return value[left] + part.reshape(shape) * rise, rise / width.reshape(shape)


class SpecularCoatings(eqx.Module):
    """Coatings that reflect in part like a mirror, and those that let radiation through, in any band.

    Only these coatings have numbers here: a path never goes on where nothing was to be followed, so the other coatings
    have no leaf with respect to which a derivative would be wrong.
    """

    mirror: tuple[int, ...] = eqx.field(static=True)  # coatings with a specularity above zero in some band
    sheet: tuple[int, ...] = eqx.field(static=True)  # coatings with a transmittance above zero in some band
    solar_specularity: Values  # - mirror-like share of the reflectance [mirror *solar_band]
    infrared_specularity: Values  # - [mirror *infrared_band]
    solar_transmittance: Values  # - [sheet *solar_band]
    infrared_transmittance: Values  # - [sheet *infrared_band]

    def share(self, nothing: Float[Array, " coating *band"], solar: bool) -> Float[Array, " coating *band"]:
        """Mirror-like share of the reflectance of every coating (-); nothing: zeros in the result's shape."""
        share = self.solar_specularity if solar else self.infrared_specularity
        return nothing.at[jnp.asarray(self.mirror, int)].set(now(share))

    def split(self, absorptance: Float[Array, " coating *band"], solar: bool) -> tuple[Array, Array]:
        """Mirror reflectance rho_s = s (1 - alpha - tau) and transmittance tau of every coating [coating *band].

        absorptance: of sunlight, or (solar False) the infrared emittance.
        """
        through = self.solar_transmittance if solar else self.infrared_transmittance
        nothing = jnp.zeros_like(absorptance)
        transmittance = nothing.at[jnp.asarray(self.sheet, int)].set(now(through))
        return self.share(nothing, solar) * (1.0 - absorptance - transmittance), transmittance


class CoveredCoatings(eqx.Module):
    """Coatings under a transparent cover: what they absorb of sunlight depends on its angle of incidence.

    See `caloris_kernels.radiative.incidence`; their solar absorptance in `Coatings` is that at normal incidence, above
    zero, and they let nothing through. Only these coatings have numbers here.
    """

    coating: tuple[int, ...] = eqx.field(static=True)
    refractive_index: Float[Array, " cover *solar_band"]  # -
    optical_depth: Float[Array, " cover *solar_band"]  # - one way, at normal incidence

    def mean(self, normal: Float[Array, " cover *solar_band"]) -> Float[Array, " cover *solar_band"]:
        """Absorptance for diffuse light (-), of that at normal incidence."""
        return hemispherical_mean(lambda c: covered_absorptance(c, normal, self.refractive_index, self.optical_depth))


class Coatings(eqx.Module):
    """Optical properties of every coating of the case, at the run's point of life.

    One number a coating, or with several bands one for each.
    """

    name: tuple[str, ...] = eqx.field(static=True)
    solar_absorptance: Values  # - [coating *solar_band], at normal incidence
    infrared_emittance: Values | EmittanceTable  # - [coating *infrared_band]
    specular: SpecularCoatings | None = None  # None: all reflect diffusely and let nothing through
    covered: CoveredCoatings | None = None  # None: no absorptance depends on the angle of incidence

    def diffuse_solar_absorptance(self) -> Float[Array, " coating *solar_band"]:
        """Absorptance of sunlight that comes from all directions alike (-)."""
        normal = now(self.solar_absorptance)
        if self.covered is None:
            return normal
        those = jnp.asarray(self.covered.coating)
        return normal.at[those].set(self.covered.mean(normal[those]))

    def emittance_range(self) -> tuple[Float[Array, " coating"], Float[Array, " coating"]]:
        """Lowest and highest infrared emittance of each coating over bands and temperatures (-)."""
        table = self.infrared_emittance
        count = len(self.name)
        owner = table.coating if isinstance(table, EmittanceTable) else jnp.arange(count)
        value = _rows(now(table.value if isinstance(table, EmittanceTable) else table))
        low, high = jnp.full(count, jnp.inf), jnp.full(count, -jnp.inf)
        return low.at[owner].min(value.min(axis=1)), high.at[owner].max(value.max(axis=1))

    def absorptance_range(self) -> tuple[Float[Array, " coating"], Float[Array, " coating"]]:
        """Lowest and highest solar absorptance of each coating over bands (-)."""
        value = _rows(now(self.solar_absorptance))
        return value.min(axis=1), value.max(axis=1)


def _rows(value: Float[Array, "coating ..."]) -> Float[Array, "coating other"]:
    """One row a coating, also where there is none."""
    return value.reshape(value.shape[0], math.prod(value.shape[1:]))
