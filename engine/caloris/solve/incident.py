"""First-incidence sunlight, albedo and planet infrared on every facet along a run."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from caloris.geometry.assembly import Topology
from caloris.model.orbit import OrbitState, Planet
from caloris.model.surroundings import Motion
from caloris.model.thermal import Incident, Timeline
from caloris.solve.shadow_guard import fixed_shadow
from caloris.solve.visibility import Visibility
from caloris_kernels.radiative.planet_heating import shadowed_fraction


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
    reduced by the tabulated blocked directions, linear between two poses.
    """
    state = motion.state
    times, facets = visibility.grid_phase.shape[0], normal.shape[0]
    solar = jnp.zeros((times, facets))
    infrared, albedo = jnp.zeros_like(solar), jnp.zeros_like(solar)
    for body in range(motion.body.shape[1]):
        mine = (topology.facet_body == body).nonzero()[0]
        if mine.size == 0:
            continue
        own = state.turned(jnp.einsum("tji,tjk->tik", motion.body[:, body], motion.bus))
        direction, facing = own.sun_direction, normal[mine]
        if visibility.shadowed:
            where = "sunlight on a partly shadowed spacecraft"
            direction, facing = fixed_shadow(where, direction), fixed_shadow(where, facing)
        direct = state.solar_flux[:, None] * jnp.maximum(direction @ facing.T, 0.0)
        solar = solar.at[:, mine].set(direct * visibility.sunlit[:, mine])
        distinct, member = normal[visibility.flat_facet[body]], visibility.flat_member[body]
        warm, bright = planet.infrared_on(distinct, own)[:, member], planet.albedo_on(distinct, own)[:, member]
        hidden = visibility.shaded[body]
        if hidden.shape[0]:
            shares = _shadowed_shares(planet, own, normal[hidden], visibility, body, timeline)
            column = jnp.searchsorted(mine, hidden)
            warm = warm.at[:, column].multiply(1.0 - shares[0])
            bright = bright.at[:, column].multiply(1.0 - shares[1])
        infrared, albedo = infrared.at[:, mine].set(warm), albedo.at[:, mine].set(bright)
    return Incident(solar, albedo, infrared)


def _shadowed_shares(
    planet: Planet,
    own: OrbitState,
    normal: Float[Array, "shaded 3"],
    visibility: Visibility,
    body: int,
    timeline: Timeline,
) -> Float[Array, "2 time shaded"]:
    """Part of the planet's infrared and of its albedo that other surfaces keep from the facets of one body."""
    infrared, albedo = planet.shadow_moments(visibility.sky_direction, own)
    shown = fixed_shadow("the planet's light on a partly shadowed spacecraft", normal)
    front = (visibility.sky_direction @ shown.T > 0).astype(normal.dtype)

    def add_pose(total: Array, pose: tuple[Array, Array]):
        index, blocked = pose
        first, second = (timeline.grid_pose_index[:, k] == index for k in (0, 1))
        weight = first * (1.0 - timeline.grid_pose_weight) + second * timeline.grid_pose_weight
        hidden = blocked.astype(normal.dtype)
        shares = [shadowed_fraction(hidden, front, shown, moment) for moment in (infrared, albedo)]
        return total + weight[None, :, None] * jnp.stack(shares), None

    table = visibility.sky_blocked[body]
    start = jnp.zeros((2, timeline.grid_pose_weight.shape[0], normal.shape[0]))
    return jax.lax.scan(add_pose, start, (jnp.arange(table.shape[0]), table))[0]
