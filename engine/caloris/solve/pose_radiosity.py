"""Radiosity of every pose, where optical properties do not depend on temperature: solved once, by band."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int

from caloris.model.coating import EmittanceTable, now
from caloris.model.mirrors import Mirrors
from caloris.model.thermal import Exchange, Thermal
from caloris.solve.covered_sunlight import CoverBand, DirectLight, cover_bands, direct_light
from caloris.solve.mirror_radiosity import MirrorPose, SpecularBand, covered_sun_beams, mirror_poses, sun_beams
from caloris_kernels.radiative.planck import band_fractions
from caloris_kernels.radiative.radiosity import exchange_factors, irradiation


class PoseResults(NamedTuple):
    """Exchange factors by pose, and absorbed fluxes along the grid. See `Network` for exchange, to_space, emission."""

    exchange: Float[Array, "pose *band radiating radiating"]  # m2
    to_space: Float[Array, "pose *band node"]  # m2
    emission: Float[Array, " *band node"]  # m2
    absorbed: Float[Array, "source grid facet"]  # W m-2: sunlight, albedo, and planet infrared where it is constant
    # W m-2: irradiation with sunlight and albedo; under a cover, as much as would do the same at normal incidence
    light: Float[Array, "2 grid facet"]
    converged: Bool[Array, ""]


class _PoseSolution(NamedTuple):
    """Radiosity of one pose."""

    exchange: Float[Array, "*band radiating radiating"]
    to_space: Float[Array, " *band node"]
    irradiation: Float[Array, "row grid facet"]
    converged: Bool[Array, ""]


def planet_shares(thermal: Thermal) -> Float[Array, " band"]:
    """Share of the planet's infrared in each band (-): a black body's that emits as much."""
    return band_fractions(thermal.bands.infrared_edge, thermal.planet_temperature)


def solve_poses(thermal: Thermal, nodes: int) -> PoseResults:
    """Solve both kinds of radiation in every pose.

    Emittances that depend on the temperature leave exchange, to_space and emission empty and the planet's infrared out.
    """
    exchange, timeline, coatings = thermal.exchange, thermal.timeline, thermal.coatings
    table = coatings.infrared_emittance
    absorptance = _by_band(coatings.diffuse_solar_absorptance()[exchange.facet_coating])
    emittance = [] if isinstance(table, EmittanceTable) else _by_band(now(table)[exchange.facet_coating])
    incident = _incident(thermal, len(absorptance), len(emittance))
    covers, angle = cover_bands(thermal), thermal.incident.sun_angle
    among = None if thermal.mirrors is None else _among_mirrors(thermal, thermal.mirrors, covers)
    direct = direct_light(thermal, covers, [] if among is None else among.direct)
    if direct and angle is not None:
        incident = incident.at[0 : 2 * len(direct) : 2, :, angle.facet].set(0.0)  # it is in `direct`
    origin = _Sources(incident, [light.scattered for light in direct])

    def solve(pose: Int[Array, ""]) -> _PoseSolution:
        return _solve_pose(exchange, pose, absorptance, emittance, origin, nodes, among)

    def accumulate(total, pose):
        solved = jax.checkpoint(solve)(pose)
        first, second = (timeline.grid_pose_index[:, k] == pose for k in (0, 1))
        weight = first * (1.0 - timeline.grid_pose_weight) + second * timeline.grid_pose_weight
        return total + solved.irradiation * weight[None, :, None], (solved.exchange, solved.to_space, solved.converged)

    poses = jnp.arange(exchange.poses)
    received, (factors, to_space, converged) = jax.lax.scan(accumulate, jnp.zeros_like(incident), poses)
    sunlight, infrared = received[: 2 * len(absorptance)], received[2 * len(absorptance) :]
    sources: list = [sum(row * share for row, share in zip(sunlight[k::2], absorptance, strict=True)) for k in (0, 1)]
    light = [sum(sunlight[k::2][1:], start=sunlight[k]) for k in (0, 1)]
    if direct:
        sources[0] = sources[0] + sum(each.absorbed for each in direct)
        light = _light_under_covers(exchange, sunlight, covers, direct)
    if emittance:
        sources.append(sum(row * share for row, share in zip(infrared, emittance, strict=True)))
    emission = [jax.ops.segment_sum(each * exchange.area, exchange.facet_node, nodes) for each in emittance]
    return PoseResults(
        exchange=factors,
        to_space=to_space,
        emission=_stacked(emission, (1,)),
        absorbed=jnp.stack(sources),
        light=jnp.stack(light),
        converged=jnp.all(converged),
    )


def _by_band(values: Float[Array, " facet *band"]) -> list[Float[Array, " facet"]]:
    """The values of each band."""
    return [values] if values.ndim == 1 else list(values.T)


def _stacked(parts: list[Array], empty: tuple[int, ...]) -> Array:
    """A single band as it is, several on a leading axis, zeros of the shape `empty` for none."""
    return (parts[0] if len(parts) == 1 else jnp.stack(parts)) if parts else jnp.zeros(empty)


class _Sources(NamedTuple):
    """What the radiosity starts from (W m-2)."""

    external: Float[Array, "row grid facet"]  # from outside, by straight lines; rows as in `_incident`
    scattered: list[Array]  # [grid facet] direct sunlight off facets under a cover, by solar band; [] without any


def _incident(thermal: Thermal, solar: int, infrared: int) -> Float[Array, "row grid facet"]:
    """First incidence: sunlight and albedo for each solar band, then the planet's infrared for each infrared one."""
    light = thermal.incident
    rows = [light.solar, light.albedo]
    if solar > 1:
        rows = [share * row for share in thermal.bands.solar_shares() for row in rows]
    if infrared > 1:
        rows += [share * light.infrared for share in planet_shares(thermal)]
    elif infrared:
        rows.append(light.infrared)
    return jnp.stack(rows)


def _light_under_covers(
    exchange: Exchange, sunlight: Float[Array, "row grid facet"], covers: list[CoverBand], direct: list[DirectLight]
) -> list[Float[Array, "grid facet"]]:
    """Sunlight and albedo on the facets with reflections, in terms of normal incidence where there is a cover."""
    counts = [cover.diffuse_light[exchange.facet_coating] for cover in covers]
    rows = [[row * count for row, count in zip(sunlight[k::2], counts, strict=True)] for k in (0, 1)]
    rows[0] += [each.light for each in direct]
    return [jnp.sum(jnp.stack(those), axis=0) for those in rows]


class _AmongMirrors(NamedTuple):
    """What mirrors and sheets add, by band."""

    mirrors: Mirrors
    solar: list[SpecularBand]
    infrared: list[SpecularBand]
    beams: list[Array]  # W m-2 [grid seeing], of all sunlight, with the band's properties
    direct: list[DirectLight]  # the same under covers, by band; [] where there are none
    solar_share: Float[Array, " solar_band"]
    infrared_share: Float[Array, " infrared_band"]


def _among_mirrors(thermal: Thermal, mirrors: Mirrors, covers: list[CoverBand]) -> _AmongMirrors:
    """Optical properties by band, and sunlight by way of mirrors."""
    exchange, coatings, bands = thermal.exchange, thermal.coatings, thermal.bands
    assert coatings.specular is not None
    emittance = coatings.infrared_emittance
    if isinstance(emittance, EmittanceTable):
        raise ValueError("mirrors and transmitting sheets need emittances that do not depend on the temperature")
    coating = exchange.facet_coating[exchange.seeing]
    kinds = []
    for values, sunlit in ((coatings.diffuse_solar_absorptance(), True), (now(emittance), False)):
        parts = (values, *coatings.specular.split(values, sunlit))
        split = zip(*(_by_band(part[coating]) for part in parts), strict=True)
        kinds.append([SpecularBand(*band) for band in split])
    solar, infrared = kinds
    angle, direct = thermal.incident.sun_angle, []
    if angle is None or not covers:
        beams = [sun_beams(exchange, mirrors, band) for band in solar]
    else:
        pairs = zip(solar, covers, strict=True)
        found = [covered_sun_beams(exchange, mirrors, band, cover, angle) for band, cover in pairs]
        beams, direct = [beam for beam, _ in found], [light for _, light in found]
    shares = [
        jnp.ones(1) if len(those) == 1 else share()
        for those, share in ((solar, bands.solar_shares), (infrared, lambda: planet_shares(thermal)))
    ]
    return _AmongMirrors(mirrors, solar, infrared, beams, direct, *shares)


def _by_mirrors(among: _AmongMirrors, solar: list[MirrorPose], infrared: list[MirrorPose]) -> list[Array]:
    """Light that arrives by way of mirrors and sheets [grid seeing], rows in the order of `_incident` (W m-2)."""
    rows = []
    for pose, beam, share in zip(solar, among.beams, among.solar_share, strict=True):
        rows += [share * beam, share * _of_planet(pose, among.mirrors.albedo, beam)]
    for pose, share in zip(infrared, among.infrared_share, strict=True):
        rows.append(share * _of_planet(pose, among.mirrors.infrared, among.beams[0]))
    return rows


def _of_planet(pose: MirrorPose, radiance: Float[Array, "grid direction"], like: Array) -> Array:
    return jnp.zeros_like(like) if pose.response is None else radiance @ pose.response


def _solve_pose(
    exchange: Exchange,
    pose: Int[Array, ""],
    absorptance: list[Float[Array, " facet"]],
    emittance: list[Float[Array, " facet"]],
    origin: _Sources,
    nodes: int,
    among: _AmongMirrors | None,
) -> _PoseSolution:
    """All bands of one pose; facets that see nothing keep their first incidence."""
    incident, seeing, grid = origin.external, exchange.seeing, origin.external.shape[1]
    node = jnp.searchsorted(exchange.radiating, exchange.facet_node[seeing])
    sources = incident[:, :, seeing]
    if among is None:
        straight = exchange.enclosure(pose)
        solar = [(straight, 1.0 - each[seeing]) for each in absorptance]
        infrared = [(straight, 1.0 - each[seeing]) for each in emittance]
        views = [exchange.space_view[pose][seeing]] * len(emittance)
    else:
        every = mirror_poses(exchange, among.mirrors, pose, [*among.solar, *among.infrared])
        lit, warm = every[: len(among.solar)], every[len(among.solar) :]
        solar = [(at.enclosure, band.diffuse_reflectance) for at, band in zip(lit, among.solar, strict=True)]
        infrared = [(at.enclosure, band.diffuse_reflectance) for at, band in zip(warm, among.infrared, strict=True)]
        views = [at.space_view for at in warm]
        sources = sources + jnp.stack(_by_mirrors(among, lit, warm))
    factors, to_space, received, converged = [], [], [], []
    for each, (enclosure, reflectance), view in zip(emittance, infrared, views, strict=True):
        inside, outside, sound = exchange_factors(
            enclosure, each[seeing], view, node, exchange.radiating.shape[0], reflectance
        )
        # Facets outside the system emit to space alone; a facet that sees only space has view one.
        alone = (each * exchange.area * exchange.space_view[pose]).at[seeing].set(0.0)
        factors.append(inside)
        alone = jax.ops.segment_sum(alone, exchange.facet_node, nodes)
        to_space.append(alone.at[exchange.radiating].add(outside))
        converged.append(sound)
    sources = sources.reshape(incident.shape[0] * grid, -1).T
    start = 0
    widths = [2 * grid] * len(solar) + [grid] * len(infrared)
    # Albedo is all external; sunlight, then albedo.
    emitted = [jnp.pad(each[:, seeing].T, ((0, 0), (0, grid))) for each in origin.scattered] or [None] * len(solar)
    emitted += [None] * len(infrared)
    for (enclosure, reflectance), width, emission in zip([*solar, *infrared], widths, emitted, strict=True):
        found = irradiation(enclosure, reflectance, emission, sources[:, start : start + width])
        received.append(found.value.T.reshape(width // grid, grid, seeing.shape[0]))
        converged.append(found.converged)
        start += width
    return _PoseSolution(
        _stacked(factors, (1, 1)),
        _stacked(to_space, (1,)),
        incident.at[:, :, seeing].set(jnp.concatenate(received)),
        jnp.all(jnp.stack(converged)),
    )
