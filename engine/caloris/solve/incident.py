"""First-incidence sunlight, albedo and planet infrared on every facet along a run."""

from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris.geometry.assembly import Topology
from caloris.model.orbit import OrbitState
from caloris.model.planet import Planet
from caloris.model.surroundings import Motion
from caloris.model.thermal import Incident, SunAngle, Timeline
from caloris.solve.shadow_guard import fixed_shadow
from caloris.solve.visibility import Visibility
from caloris_kernels.numerics.interpolate import cubic_uniform, piecewise_linear
from caloris_kernels.radiative.planet_heating import shadowed_fraction

# The planet's light varies more slowly along the orbit than sunlight on turning facets: it is computed at every
# third moment of the grid and interpolated by cubics in between.
PLANET_STRIDE = 3


def incident_fluxes(
    topology: Topology,
    visibility: Visibility,
    planet: Planet,
    motion: Motion,
    normal: Float[Array, "facet 3"],
    timeline: Timeline,
) -> Incident:
    """Fluxes (W m-2) at every moment of the grid, shadowed by the spacecraft; sunlight as if never eclipsed.

    normal: facet normals in the frames of their own bodies, in which everything is computed. Sunlight is
    S max(0, n.s) times the traced unshadowed part. The planet's light is exact without shadowing and
    reduced by the tabulated blocked directions, linear between the poses of the table.
    """
    every = coarse_moments(visibility.grid_phase.shape[0])
    coarse = jax.tree.map(lambda value: value[every], motion)
    position = (timeline.grid_pose_index[:, 0] + timeline.grid_pose_weight)[every]
    solar = jnp.zeros((visibility.grid_phase.shape[0], normal.shape[0]))
    infrared = albedo = jnp.zeros((every.shape[0], normal.shape[0]))
    for body in range(motion.body.shape[1]):
        mine = (topology.facet_body == body).nonzero()[0]
        if mine.size == 0:
            continue
        direction = jnp.einsum("tji,tjk,tk->ti", motion.body[:, body], motion.bus, motion.state.sun_direction)
        facing = normal[mine]
        if visibility.shadowed:
            where = "sunlight on a partly shadowed spacecraft"
            direction, facing = fixed_shadow(where, direction), fixed_shadow(where, facing)
        direct = motion.state.solar_flux[:, None] * jnp.maximum(direction @ facing.T, 0.0)
        solar = solar.at[:, mine].set(direct * visibility.sunlit[:, mine])
        own = coarse.state.turned(jnp.einsum("tji,tjk->tik", coarse.body[:, body], coarse.bus))
        distinct, member = normal[visibility.flat_facet[body]], visibility.flat_member[body]
        warm, bright = (light[:, member] for light in _unshadowed(planet, distinct, own))
        hidden = visibility.shaded[body]
        if hidden.shape[0]:
            shares = _shadowed_shares(planet, own, normal[hidden], visibility, body, position)
            column = jnp.searchsorted(mine, hidden)
            warm = warm.at[:, column].multiply(1.0 - shares[0], unique_indices=True)
            bright = bright.at[:, column].multiply(1.0 - shares[1], unique_indices=True)
        infrared, albedo = infrared.at[:, mine].set(warm), albedo.at[:, mine].set(bright)
    refine = partial(refined, count=solar.shape[0], periodic=timeline.periodic)
    return Incident(solar, refine(albedo), refine(infrared))


def sun_angle(
    topology: Topology,
    motion: Motion | None,
    normal: Float[Array, "facet 3"],
    moments: int,
    coatings: tuple[int, ...],
) -> SunAngle | None:
    """How sunlight meets the facets of the given coatings at every moment of the grid; None where there are none.

    normal as in `incident_fluxes`: on curved surfaces, too, that of the flat facets. Without motion there is no Sun.
    """
    covered = np.isin(topology.facet_coating, coatings).nonzero()[0]
    if covered.size == 0:
        return None
    cosine = jnp.zeros((moments, covered.size))
    if motion is None:
        return SunAngle(jnp.asarray(covered), cosine)
    for body in np.unique(topology.facet_body[covered]):
        mine = (topology.facet_body[covered] == body).nonzero()[0]
        direction = jnp.einsum("tji,tjk,tk->ti", motion.body[:, body], motion.bus, motion.state.sun_direction)
        cosine = cosine.at[:, mine].set(jnp.maximum(direction @ normal[covered[mine]].T, 0.0))
    return SunAngle(jnp.asarray(covered), cosine)


# Traced once for bodies of equal size instead of once for each.
_moments = eqx.filter_jit(lambda planet, direction, state: planet.shadow_moments(direction, state))
_unshadowed = eqx.filter_jit(
    lambda planet, normal, state: (planet.infrared_on(normal, state), planet.albedo_on(normal, state))
)


def coarse_moments(count: int) -> np.ndarray:
    """Moments of the grid at which the planet's light is computed: every third where that divides the grid."""
    stride = PLANET_STRIDE if (count - 1) % PLANET_STRIDE == 0 and count > 3 * PLANET_STRIDE else 1
    return np.arange(0, count, stride)


def refined(table: Float[Array, "coarse facet"], count: int, periodic: bool) -> Float[Array, "grid facet"]:
    """The table on all moments of the grid."""
    if table.shape[0] == count:
        return table
    position = jnp.linspace(0.0, table.shape[0] - 1.0, count)
    return jax.vmap(lambda at: cubic_uniform(table, at, periodic))(position)


def _shadowed_shares(
    planet: Planet,
    own: OrbitState,
    normal: Float[Array, "shaded 3"],
    visibility: Visibility,
    body: int,
    position: Float[Array, " time"],
) -> Float[Array, "2 time shaded"]:
    """Part of the planet's infrared and of its albedo that other surfaces keep from the facets of one body."""
    infrared, albedo = _moments(planet, visibility.sky_direction, own)
    shown = fixed_shadow("the planet's light on a partly shadowed spacecraft", normal)
    front = (visibility.sky_direction @ shown.T > 0).astype(normal.dtype)

    # Straight lines between the poses at which the sky was traced: a hat function for each of them.
    hats = jax.vmap(lambda values: piecewise_linear(visibility.sky_pose, values, position))
    weights = hats(jnp.eye(visibility.sky_pose.shape[0]))

    def add_pose(total: Array, pose: tuple[Array, Array]):
        weight, blocked = pose
        hidden = blocked.astype(normal.dtype) * front
        shares = [shadowed_fraction(hidden, front, shown, moment) for moment in (infrared, albedo)]
        return total + weight[None, :, None] * jnp.stack(shares), None

    table = visibility.sky_blocked[body]
    start = jnp.zeros((2, position.shape[0], normal.shape[0]))
    return jax.lax.scan(add_pose, start, (weights, table))[0]
