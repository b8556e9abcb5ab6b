"""Everything outside the nodes at one moment of a run, or on the mean over it."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from caloris.solve.facet_radiation import FacetInstant, FacetRadiation
from caloris.solve.network import Network, within, without_exchange
from caloris_kernels.numerics.interpolate import cubic_uniform


class Instant(NamedTuple):
    """Everything outside the nodes at one moment."""

    lit_fraction: Float[Array, ""]
    near: Float[Array, "*band radiating radiating"]  # exchange factors of the two bracketing poses (m2)
    far: Float[Array, "*band radiating radiating"]
    weight: Float[Array, ""]  # of `far`
    to_space: Float[Array, " *band node"]  # m2
    absorbed_solar: Float[Array, " node"]  # W
    absorbed_albedo: Float[Array, " node"]  # W
    absorbed_infrared: Float[Array, " node"]  # W, of the planet; 0 where it depends on the temperature
    light: Float[Array, "array node"]  # W on solar cells
    heat: Float[Array, " node"]  # W
    electrical_heat: Float[Array, " node"]  # W
    demand: Float[Array, ""]  # W
    facets: FacetInstant | None  # where emittances depend on the temperature
    boundary: Float[Array, " node"] | None = None  # K, given temperatures where any of them varies


# What the stepper, its preconditioner, the balance and the audit all ask for is a compiled function inside theirs:
# it is traced and lowered once, not once for each.
@jax.jit
def at_time(network: Network, time: Float[Array, ""], segment: Int[Array, ""]) -> Instant:
    """Interpolate every table at `time` (s) inside `segment`; one-sided at the segment's ends."""
    start, end = network.edges[segment], network.edges[segment + 1]
    width = end - start
    x = jnp.where(width > 0, (time - start) / jnp.where(width > 0, width, 1.0), 0.0)
    lit = cubic_uniform(network.lit_fraction[segment], x * (network.lit_fraction.shape[1] - 1), False)
    first, second = network.pose_index[segment, 0], network.pose_index[segment, 1]
    weight = cubic_uniform(network.pose_weight[segment], x * (network.pose_weight.shape[1] - 1), False)
    near, far = _bracket(network, segment)
    position = 1.0 + time / network.duration * (network.surroundings.shape[0] - 3)
    row = cubic_uniform(network.surroundings, position, False)
    arrays = (row.shape[0] - 3) // 2
    between = lambda table: table[segment, 0] + x * (table[segment, 1] - table[segment, 0])  # noqa: E731
    return Instant(
        lit_fraction=lit,
        near=near,
        far=far,
        weight=weight,
        to_space=(1.0 - weight) * network.to_space[first] + weight * network.to_space[second],
        absorbed_solar=lit * row[0],
        absorbed_albedo=row[1],
        absorbed_infrared=row[2],
        light=lit * row[3 : 3 + arrays] + row[3 + arrays :],
        heat=between(network.heat),
        electrical_heat=between(network.electrical_heat),
        demand=between(network.demand),
        facets=None if network.facets is None else _facets_at(network.facets, (first, second), weight, position),
        boundary=None if network.boundary is None else between(network.boundary),
    )


def _facets_at(
    facets: FacetRadiation, poses: tuple[Array, Array], weight: Float[Array, ""], position: Float[Array, ""]
) -> FacetInstant:
    """The two bracketing poses, or the only one."""
    incident = cubic_uniform(facets.incident, position, False)
    if facets.exchange.poses == 1:
        return FacetInstant(poses[0][None], jnp.ones(1), incident[None])
    weights = jnp.stack([1.0 - weight, weight])
    return FacetInstant(jnp.stack(poses), weights, weights[:, None] * incident)


def _bracket(network: Network, segment: Int[Array, ""]) -> tuple[Array, Array]:
    local = within(network, segment).bracket
    assert local is not None
    return local


def average(network: Network) -> Instant:
    """The mean of every table over the timeline, for a steady state under mean loads and mean exchange.

    By 4 Gauss points a panel, with as many panels in all as the grid has intervals: a segment holds kinks that
    are no event, above all where a facet turns away from the Sun.
    """
    segments = network.edges.shape[0] - 1
    panels = max(1, -(-(network.surroundings.shape[0] - 3) // segments))
    points = 4 * panels
    abscissa = jnp.asarray([-0.8611363115940526, -0.3399810435848563, 0.3399810435848563, 0.8611363115940526])
    share = jnp.asarray([0.3478548451374538, 0.6521451548625461, 0.6521451548625461, 0.3478548451374538]) / 2
    abscissa = ((jnp.arange(panels)[:, None] + 0.5 * (1.0 + abscissa)) / panels).ravel()
    share = jnp.tile(share, panels) / panels
    width = jnp.diff(network.edges)
    time = (network.edges[:-1, None] + abscissa * width[:, None]).ravel()
    segment = jnp.repeat(jnp.arange(segments), points)
    mean = (width[:, None] * share).ravel() / network.duration
    light = without_exchange(network)._replace(facets=None)
    sampled = jax.vmap(lambda t, s: at_time(light, t, s))(time, segment)
    moment = jax.tree.map(lambda value: jnp.tensordot(mean, value, 1), sampled)
    poses, samples = network.exchange.shape[0], jnp.arange(time.shape[0])
    share = jnp.zeros((time.shape[0], poses)).at[samples, network.pose_index[segment, 0]].add(1.0 - sampled.weight)
    share = share.at[samples, network.pose_index[segment, 1]].add(sampled.weight)
    share = mean[:, None] * share
    pose = jnp.sum(share, axis=0)
    factors = jnp.tensordot(pose, network.exchange, 1)
    facets = None
    if network.facets is not None:
        position = 1.0 + time / network.duration * (network.surroundings.shape[0] - 3)
        table = network.facets.incident
        incident = jax.vmap(lambda at: cubic_uniform(table, at, False))(position)
        facets = FacetInstant(jnp.arange(poses), pose, share.T @ incident)
    return moment._replace(near=factors, far=factors, weight=jnp.zeros(()), facets=facets)
