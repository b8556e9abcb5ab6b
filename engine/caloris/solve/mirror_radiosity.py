"""Radiosity in one band of facets among mirrors and sheets: specular exchange in the place of view factors.

With the mirror reflectance rho_s and the transmittance tau of the band, exchange areas are S^s and the reflectance is
rho_d = 1 - alpha - rho_s - tau (`caloris_kernels.radiative.paths`). Paths that end on inactive sides return to the
facet that sent them. Dense, and differentiable in every optical property.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from caloris.model.mirrors import Mirrors
from caloris.model.thermal import Exchange, SunAngle
from caloris.solve.covered_sunlight import CoverBand, DirectLight
from caloris_kernels.radiative.path_environment import beam_irradiation, escape_response
from caloris_kernels.radiative.paths import (
    choose_factor,
    closed_specular_area,
    event_factor,
    joined_exchange,
    throughput,
)
from caloris_kernels.radiative.radiosity import Enclosure


class SpecularBand(NamedTuple):
    """Optical properties of the facets that see others, in one band."""

    absorptance: Float[Array, " seeing"]
    specular_reflectance: Float[Array, " seeing"]
    transmittance: Float[Array, " seeing"]

    @property
    def diffuse_reflectance(self) -> Float[Array, " seeing"]:
        """What is left of one (-)."""
        return 1.0 - self.absorptance - self.specular_reflectance - self.transmittance


class MirrorPose(NamedTuple):
    """One pose in one band."""

    enclosure: Enclosure  # inactive sides closed
    space_view: Float[Array, " seeing"]  # by straight lines and all paths
    response: Float[Array, "direction seeing"] | None  # sr, to the planet's radiance; None without an orbit


def mirror_poses(
    exchange: Exchange, mirrors: Mirrors, pose: Int[Array, ""], bands: list[SpecularBand]
) -> list[MirrorPose]:
    """Join straight lines and paths of one pose in every band, one after the other."""
    stacked = jax.tree.map(lambda *parts: jnp.stack(parts), *bands)
    found = jax.lax.map(lambda band: _mirror_pose(exchange, mirrors, pose, band), stacked)
    leaves, structure = jax.tree.flatten(found)
    return [jax.tree.unflatten(structure, [leaf[k] for leaf in leaves]) for k in range(len(bands))]


def _mirror_pose(exchange: Exchange, mirrors: Mirrors, pose: Int[Array, ""], band: SpecularBand) -> MirrorPose:
    seeing, rays = exchange.seeing, mirrors.rays
    area = exchange.area[seeing]
    paths = rays.paths._replace(**{name: getattr(rays.paths, name)[pose] for name in rays.paths._fields})
    straight = (exchange.exchange_area[pose], exchange.space_view[pose][seeing], exchange.inactive_view[pose][seeing])
    split = band.specular_reflectance, band.transmittance
    joined, space, inactive = joined_exchange(paths, straight, area, *split)
    closed = closed_specular_area(joined, area, inactive, *split)
    response = None
    if rays.nodes is not None:
        leaving = throughput(paths, event_factor(paths, *split))[1]
        nodes = rays.nodes._replace(node=rays.nodes.node[pose], weight=rays.nodes.weight[pose])
        response = escape_response(paths, leaving, nodes, area)
    return MirrorPose(Enclosure(closed, area, jnp.zeros_like(area)), space, response)


def sun_beams(exchange: Exchange, mirrors: Mirrors, band: SpecularBand) -> Float[Array, "grid seeing"]:
    """Sunlight that reaches the facets by way of mirrors and sheets, before any diffuse reflection (W m-2)."""
    beams, area = mirrors.rays.beams, exchange.area[exchange.seeing]
    if beams is None:
        return jnp.zeros((mirrors.solar_flux.shape[0], area.shape[0]))
    arriving = throughput(beams, event_factor(beams, band.specular_reflectance, band.transmittance))[0]
    return mirrors.solar_flux[:, None] * jnp.mean(beam_irradiation(beams, arriving, area), axis=0)


def covered_sun_beams(
    exchange: Exchange, mirrors: Mirrors, band: SpecularBand, cover: CoverBand, angle: SunAngle
) -> tuple[Float[Array, "grid seeing"], DirectLight]:
    """As `sun_beams` where coatings are under a cover: light on the other facets, and what it does on covered ones.

    At every bounce on a covered facet the properties are those of the path's own angle; at its first one those of the
    flat facet, as for straight sunlight, so that all that a facet does with it adds up.
    """
    beams, seeing, grid = mirrors.rays.beams, exchange.seeing, mirrors.solar_flux.shape[0]
    if beams is None:
        dark = jnp.zeros((grid, seeing.shape[0]))
        return dark, DirectLight(dark, dark, dark)
    straight = jnp.zeros((grid, exchange.area.shape[0])).at[:, angle.facet].set(angle.cosine)
    moment, facet, coating = beams.source[beams.path], beams.facet, exchange.facet_coating[seeing]
    cosine = jnp.where(beams.first, straight[moment, seeing[facet]], beams.cosine)
    met, under = coating[facet], jnp.asarray(cover.covered)[coating]
    absorptance = cover.absorptance(cosine, met)
    mirrored = cover.specularity[met] * (1.0 - absorptance)
    reflected = jnp.where(under[facet], mirrored, band.specular_reflectance[facet])
    arriving = throughput(beams, choose_factor(beams, reflected, band.transmittance[facet]))[0]

    def sums(part: Float[Array, " bounce"]) -> Float[Array, "grid seeing"]:
        received = beam_irradiation(beams, part * arriving, exchange.area[seeing])
        return mirrors.solar_flux[:, None] * jnp.mean(received, axis=0)

    inside = under[facet].astype(arriving.dtype)
    absorbed = sums(inside * absorptance)
    scattered = sums(inside * (1.0 - absorptance - mirrored))
    light = absorbed / jnp.where(under, cover.normal[coating], 1.0)
    return sums(1.0 - inside), DirectLight(absorbed, scattered, light)
