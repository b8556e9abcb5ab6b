"""Sunlight and the planet's light by way of mirrors and sheets, from recorded paths.

Backward: a path that leaves facet i and escapes to space along omega with the part T of its power is, run
the other way, the way by which light from omega reaches i. From a sky of radiance L (W m-2 sr-1) the facet gets

    q_i = (pi / A_i) sum over its escaping paths of weight T L(omega)    (W m-2),

before the split at i. Paths with straight escapes (`trace_paths`) give all of it, those that only go on from
mirrors (`trace_mirror_paths`) what comes in addition to straight light. Forward: paths of sunlight
(`trace_sun_paths`) that arrive at j stand for their weight times the solar flux.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from caloris_kernels.radiative.paths import ESCAPED, Paths
from caloris_kernels.radiative.planet_heating import CapPoints
from caloris_kernels.radiative.visibility import direction_weights


class EscapeNodes(NamedTuple):
    """The directions of paths as weighted nodes of a table of directions (`caloris.geometry.escape_nodes`)."""

    node: Int[Array, "path near"]
    weight: Float[Array, "path near"]
    solid_angle: Float[Array, " direction"]  # sr, integral of each node's weight over the sphere


def escape_irradiation(
    paths: Paths,
    leaving: Float[Array, " path"],
    radiance: Float[Array, " path"],
    area: Float[Array, " facet"],
) -> Float[Array, "replicate facet"]:
    """Irradiation of each facet (W m-2) by a sky of the given radiance (W m-2 sr-1) along paths.direction.

    leaving from `caloris_kernels.radiative.paths.throughput`. One estimate a replicate: their mean is the result,
    their spread its error.
    """
    power = jnp.where(paths.outcome == ESCAPED, paths.weight * leaving * radiance, 0.0)
    replicates, facets = paths.replicates.shape[0], area.shape[0]
    index = paths.replicate * facets + paths.source
    total = jax.ops.segment_sum(power, index, replicates * facets).reshape(replicates, facets)
    return jnp.pi * total / area


def escape_response(
    paths: Paths, leaving: Float[Array, " path"], nodes: EscapeNodes, area: Float[Array, " facet"]
) -> Float[Array, "direction facet"]:
    """What each facet gets from a table of radiance, q_i = sum_d K_di L_d; K in sr, mean of the replicates.

    Each escape is spread over the nearest nodes with the weights of `direction_weights`. K holds for every moment
    of a pose; L_d from `table_radiance` carries the derivatives to the orbit, K those to the optical properties.
    """
    count, facets = nodes.solid_angle.shape[0], area.shape[0]
    power = jnp.where(paths.outcome == ESCAPED, paths.weight * leaving, 0.0)
    index = nodes.node * facets + paths.source[:, None]
    spread = (power[:, None] * nodes.weight).reshape(-1)
    total = jax.ops.segment_sum(spread, index.reshape(-1), count * facets).reshape(count, facets)
    return jnp.pi * total / (area * paths.replicates.shape[0])


def table_radiance(
    points: CapPoints,
    radiance: Float[Array, "time point"],
    table_direction: Float[Array, "direction 3"],
    solid_angle: Float[Array, " direction"],
) -> Float[Array, "time direction"]:
    """Radiance of the planet at the nodes of a table of directions (W m-2 sr-1).

    L_d = int psi_d L d omega / int psi_d d omega with the weights psi of `direction_weights`: what the planet
    sends is kept, its limb is smoothed over the nodes' spacing, and L_d follows the orbit smoothly. points and
    radiance from caloris_kernels.radiative.planet_heating (infrared: flux / pi everywhere).
    """

    @jax.checkpoint
    def at_one_time(arguments):
        direction, weight = arguments
        return weight @ direction_weights(direction, table_direction)

    return jax.lax.map(at_one_time, (points.direction, points.solid_angle * radiance)) / solid_angle


def planet_radiance(
    direction: Float[Array, "path 3"],
    nadir: Float[Array, " xyz"],
    distance_ratio: Float[Array, ""],
    sun_direction: Float[Array, " xyz"],
) -> tuple[Float[Array, " path"], Float[Array, " path"]]:
    """Radiance along each direction per unit infrared exitance, and per unit reflected flux a S (sr-1).

    1 / pi where the line meets the planet, and max(0, n_s . s) / pi with the surface's normal n_s there. distance_ratio
    H is the distance from the planet's center over its radius. The limb is sharp: no derivative moves it.
    """
    along = direction @ nadir
    depth = 1.0 - distance_ratio**2 * (1.0 - along**2)
    seen = (along > 0) & (depth > 0)
    reach = distance_ratio * along - jnp.sqrt(jnp.where(seen, depth, 1.0))
    normal = reach[:, None] * direction - distance_ratio * nadir
    infrared = jnp.where(seen, 1.0 / jnp.pi, 0.0)
    return infrared, infrared * jnp.maximum(normal @ sun_direction, 0.0)


def beam_irradiation(
    paths: Paths, arriving: Float[Array, " bounce"], area: Float[Array, " facet"]
) -> Float[Array, "replicate direction facet"]:
    """Irradiation of each facet by sunlight from mirrors and sheets, per unit of solar flux (-).

    Of paths from `trace_sun_paths`; arriving from `throughput`. For an absorptance that depends on the angle,
    multiply arriving by its value at paths.facet and paths.cosine: the result is then what is absorbed, and the rest
    of the diffusely reflected part enters the radiosity as emission.
    """
    replicates, directions, facets = paths.replicates.shape[0], paths.space_variance.shape[0], area.shape[0]
    met = paths.share * paths.weight[paths.path] * arriving
    row = paths.replicate[paths.path] * directions + paths.source[paths.path]
    total = jax.ops.segment_sum(met, row * facets + paths.facet, replicates * directions * facets)
    return total.reshape(replicates, directions, facets) / area
