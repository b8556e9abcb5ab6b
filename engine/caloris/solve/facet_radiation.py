"""Thermal radiation where emittances depend on temperature: radiosity inside the rate, facet by facet, by band.

With the present emittances eps(T) and E_b = f_b(T) sigma T^4, each band of each pose is

    (A - S rho) H = S eps E + A q,   rho = 1 - eps,   net = A eps (H - E),

where q is what arrives from the planet and from space. Its derivative with respect to the facets' temperatures is

    d net = -A x dT + A eps R (x dT),   R = (A - S rho)^-1 S,   x = eps' (E - H) + eps E',

because absorptance, reflectance and emission all change with eps. What escapes of a facet's emission follows from the
irradiation by a uniform sky, by reciprocity, as in `caloris_kernels.radiative.radiosity.exchange_factors`.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from caloris.model.coating import EmittanceTable
from caloris.model.thermal import Exchange
from caloris_kernels.radiative.planck import band_fractions
from caloris_kernels.radiative.radiosity import blackbody_emission, irradiation


class FacetRadiation(NamedTuple):
    """What the radiosity of the present temperatures needs."""

    exchange: Exchange
    emittance: EmittanceTable
    planet_share: Float[Array, " band"]  # - share of the planet's infrared in each band
    incident: Float[Array, "padded facet"]  # W m-2, planet infrared


class FacetInstant(NamedTuple):
    """The poses that a moment (or a mean over the timeline) is made of."""

    pose: Int[Array, " bracket"]
    weight: Float[Array, " bracket"]  # -
    incident: Float[Array, "bracket facet"]  # W m-2, planet infrared times the pose's weight


class FacetTerms(NamedTuple):
    """Thermal radiation by facet, over bands and poses (W)."""

    absorbed: Float[Array, " facet"]  # of what surfaces emit
    emitted: Float[Array, " facet"]
    escaping: Float[Array, " facet"]  # part of `emitted` that reaches space
    from_space: Float[Array, " facet"]
    from_planet: Float[Array, " facet"]


class _Band(NamedTuple):
    """One band at the present temperatures, by facet."""

    emittance: Float[Array, "band facet"]
    emittance_slope: Float[Array, "band facet"]  # K-1
    black: Float[Array, "band facet"]  # W m-2, f_b sigma T^4
    black_slope: Float[Array, "band facet"]  # W m-2 K-1
    space: Float[Array, " band"]  # W m-2
    planet_share: Float[Array, " band"]


def emissive_power(edge: Float[Array, " edge"] | None, temperature: Float[Array, "*node"]) -> Float[Array, "..."]:
    """Emission of a black body (W m-2), sigma T^4, or by band f_b(T) sigma T^4 on a leading axis."""
    total = blackbody_emission(temperature)
    return total if edge is None else band_fractions(edge, temperature) * total


def emissive_slope(edge: Float[Array, " edge"] | None, temperature: Float[Array, " node"]) -> Float[Array, "..."]:
    """d/dT of `emissive_power` (W m-2 K-1)."""
    return jax.jvp(lambda t: emissive_power(edge, t), (temperature,), (jnp.ones_like(temperature),))[1]


def _bands(
    facets: FacetRadiation,
    edge: Float[Array, " edge"] | None,
    temperature: Float[Array, " node"],
    space_temperature: Float[Array, ""],
) -> _Band:
    """Properties and emission of every facet, all bands."""
    edge = jnp.zeros(0) if edge is None else edge
    node = facets.exchange.facet_node
    value, slope = facets.emittance.at(facets.exchange.facet_coating, temperature[node])
    count = edge.shape[0] + 1
    return _Band(
        emittance=value.T.reshape(count, -1),
        emittance_slope=slope.T.reshape(count, -1),
        black=emissive_power(edge, temperature)[:, node],
        black_slope=emissive_slope(edge, temperature)[:, node],
        space=emissive_power(edge, space_temperature),
        planet_share=facets.planet_share,
    )


def _irradiation(
    facets: FacetRadiation, pose: Int[Array, ""], band: _Band, incident: Float[Array, " facet"]
) -> Float[Array, "3 facet"]:
    """Irradiation (W m-2) by what surfaces emit, by a sky of 1 W m-2, and by the planet, in one band."""
    exchange, seeing = facets.exchange, facets.exchange.seeing
    external = jnp.stack([jnp.zeros_like(incident), exchange.space_view[pose], incident * band.planet_share])
    emission = jnp.zeros_like(external).at[0].set(band.emittance * band.black)
    found = irradiation(
        exchange.enclosure(pose), 1.0 - band.emittance[seeing], emission[:, seeing].T, external[:, seeing].T
    )
    return external.at[:, seeing].set(found.value.T)


def facet_terms(
    facets: FacetRadiation,
    moment: FacetInstant,
    edge: Float[Array, " edge"] | None,
    temperature: Float[Array, " node"],
    space_temperature: Float[Array, ""],
) -> FacetTerms:
    """Every term of thermal radiation at the present temperatures."""
    bands = _bands(facets, edge, temperature, space_temperature)

    def of_pose(at: FacetInstant) -> FacetTerms:
        def of_band(band: _Band) -> FacetTerms:
            surfaces, sky, planet = _irradiation(facets, at.pose, band, at.incident)
            emitted = at.weight * band.emittance * band.black
            taken = at.weight * band.emittance
            terms = (taken * surfaces, emitted, emitted * sky, taken * sky * band.space, band.emittance * planet)
            return FacetTerms(*(facets.exchange.area * term for term in terms))

        return _sum(lax.map(of_band, bands))

    return _sum(lax.map(of_pose, moment))


def _sum(terms: FacetTerms) -> FacetTerms:
    return jax.tree.map(lambda term: jnp.sum(term, axis=0), terms)


def facet_matrix(
    facets: FacetRadiation,
    moment: FacetInstant,
    edge: Float[Array, " edge"] | None,
    temperature: Float[Array, " node"],
    space_temperature: Float[Array, ""],
) -> Float[Array, "node node"]:
    """-d/dT of the net heat of thermal radiation between nodes (W K-1), exact."""
    exchange, nodes = facets.exchange, temperature.shape[0]
    node, seeing = exchange.facet_node, exchange.seeing
    bands = _bands(facets, edge, temperature, space_temperature)

    def of_pose(at: FacetInstant) -> Array:
        def of_band(band: _Band) -> Array:
            surfaces, sky, planet = _irradiation(facets, at.pose, band, at.incident)
            received = at.weight * (surfaces + sky * band.space) + planet
            own = at.weight * (band.emittance_slope * band.black + band.emittance * band.black_slope)
            change = own - band.emittance_slope * received
            member = jax.nn.one_hot(node[seeing], nodes, dtype=change.dtype)
            response = irradiation(
                exchange.enclosure(at.pose), 1.0 - band.emittance[seeing], change[seeing][:, None] * member, None
            ).value
            taken = (exchange.area * band.emittance)[seeing][:, None] * response
            lost = jax.ops.segment_sum(exchange.area * change, node, nodes)
            return jnp.diag(lost) - jax.ops.segment_sum(taken, node[seeing], nodes)

        return jnp.sum(lax.map(of_band, bands), axis=0)

    return jnp.sum(lax.map(of_pose, moment), axis=0)
