"""Join geometry, orbit and what rays found into the thermal model: differentiable where no shadow's edge moves."""

import dataclasses

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from caloris.geometry.assembly import Geometry, Topology
from caloris.model.structure import Structure
from caloris.model.surroundings import Surroundings
from caloris.model.thermal import Exchange, Incident, Thermal
from caloris.programs import kept
from caloris.solve.conductors import build_conductors
from caloris.solve.incident import incident_fluxes, sun_angle
from caloris.solve.mirror_light import mirror_light
from caloris.solve.shadow_guard import fixed_shadow
from caloris.solve.timeline import build_timeline
from caloris.solve.visibility import Visibility
from caloris_kernels.radiative.contour import exchange_area as clear_exchange_area
from caloris_kernels.radiative.exchange_tiles import ExchangeTiles
from caloris_kernels.radiative.radiosity import Enclosure, space_view


class Context(eqx.Module):
    """What a run was traced with, apart from its geometry."""

    surroundings: Surroundings | None
    structure: Structure
    revolutions: int = eqx.field(static=True)  # whole turns that the run touches
    periodic: bool = eqx.field(static=True)
    frozen: bool = eqx.field(static=True)


@kept
def couple(geometry: Geometry, visibility: Visibility, context: Context) -> Thermal:
    """The thermal model of a geometry whose rays and view factors are known.

    Differentiable in every dimension, in the orbit and in all of `context`, with three exceptions that raise
    ShadowDerivativeError: view factors when a third surface hides part of a view (moving it would move its
    shadow) or when a view ends on an inactive side, sunlight when a shadow's edge lies on some facet, and the
    planet's light with respect to the geometry of shadowed facets. With mirrors or transmitting sheets every
    derivative raises that would move them, what they show, or the Sun. Rays (`visibility`) are frozen numbers.
    """
    structure, surroundings = context.structure, context.surroundings
    topology = geometry.topology()
    vertices = geometry.vertices()
    area, _, _ = geometry.facet_geometry(vertices)
    conductors = build_conductors(geometry, vertices, structure)
    motion = None
    if surroundings is not None:
        motion = surroundings.motion(geometry.bodies, visibility.grid_phase, context.frozen)
    timeline = build_timeline(
        geometry.bodies,
        surroundings,
        structure,
        visibility.path,
        visibility.grid_phase,
        motion,
        revolutions=context.revolutions,
        periodic=context.periodic,
        frozen=context.frozen,
    )
    if surroundings is None or motion is None:
        dark = jnp.zeros((visibility.grid_phase.shape[0], area.shape[0]))
        incident, space_temperature = Incident(dark, dark, dark), structure.space_temperature
        planet_temperature = jnp.zeros(())
    else:
        normal = geometry.body_normals()
        incident = incident_fluxes(topology, visibility, surroundings.planet, motion, normal, timeline)
        space_temperature = surroundings.planet.space_temperature
        planet_temperature = surroundings.planet.infrared_temperature
    covered = structure.coatings.covered
    if covered is not None:
        moments = visibility.grid_phase.shape[0]
        angle = sun_angle(topology, motion, geometry.body_normals(), moments, covered.coating)
        incident = dataclasses.replace(incident, sun_angle=angle)
    return Thermal(
        coatings=structure.coatings,
        bands=structure.bands,
        nodes=conductors.nodes,
        exchange=_exchange(geometry, topology, visibility, area, structure.facet_node),
        links=conductors.links,
        radiative_links=conductors.radiative_links,
        one_way_links=conductors.one_way_links,
        conduction=conductors.conduction,
        timeline=timeline,
        incident=incident,
        boundaries=structure.boundaries,
        loads=tuple(load.on_nodes(conductors.size) for load in structure.loads),
        space_temperature=space_temperature,
        planet_temperature=planet_temperature,
        arrays=structure.arrays,
        bus=structure.bus,
        batteries=structure.batteries,
        parts=structure.equipment.parts(conductors.size),
        auxiliary=structure.equipment.auxiliary,
        switches=structure.equipment.switches,
        fluids=structure.equipment.fluids,
        mirrors=mirror_light(visibility, None if surroundings is None else surroundings.planet, motion, timeline),
    )


def _radiating(visibility: Visibility) -> Int[Array, " radiating"]:
    if visibility.radiating is None:
        raise ValueError("couple: the visibility does not say which nodes radiate; use with_radiating")
    return visibility.radiating


def _exchange(
    geometry: Geometry,
    topology: Topology,
    visibility: Visibility,
    area: Float[Array, " facet"],
    facet_node: Int[Array, " facet"],
) -> Exchange:
    """View factors as leaves; where nothing hides anything they follow the geometry, unless they stand in tiles.

    With tiles the view to space is what their stored values leave of one, so that rounding loses no heat.
    """
    factors, inactive, space = visibility.exchange_area, visibility.inactive_view, visibility.space_view
    if isinstance(factors, ExchangeTiles):
        still = fixed_shadow("view factors in tiles", geometry.vertices())
        factors = factors._replace(value=factors.value + (0.0 * jnp.sum(still)).astype(factors.value.dtype))
        seeing = visibility.seeing
        left = jax.lax.map(
            lambda pose: space_view(Enclosure(pose[0], area[seeing], pose[1][seeing])), (factors, inactive)
        )
        space = space.at[:, seeing].set(left)
    elif visibility.occluded or visibility.mirrors is not None:
        what = "view factors with hidden parts" if visibility.mirrors is None else "views by way of mirrors and sheets"
        still = fixed_shadow(what, geometry.vertices())
        tie = 0.0 * jnp.sum(still)
        factors, inactive, space = factors + tie, inactive + tie, space + tie
    elif visibility.pair.shape[0]:
        factors = _follow(geometry, topology, visibility, factors)
        seen = jnp.zeros_like(space).at[:, visibility.seeing].set(jnp.sum(factors, axis=2)) / area
        space = space - (seen - jax.lax.stop_gradient(seen))
    return Exchange(
        area=area,
        facet_node=facet_node,
        facet_coating=jnp.asarray(topology.facet_coating),
        seeing=visibility.seeing,
        radiating=_radiating(visibility),
        exchange_area=factors,
        inactive_view=inactive,
        space_view=space,
    )


def _follow(
    geometry: Geometry, topology: Topology, visibility: Visibility, factors: Float[Array, "pose seeing seeing"]
) -> Float[Array, "pose seeing seeing"]:
    """Stored exchange areas with the derivative of the closed double contour integral of every pair."""
    corners = jnp.asarray(topology.facet_corners)
    first, second = visibility.pair[:, 0], visibility.pair[:, 1]

    def one_pose(angle, stored):
        triangles = geometry.vertices(angle)[corners[visibility.seeing]]
        clear = clear_exchange_area(triangles[first], triangles[second])
        change = clear - jax.lax.stop_gradient(clear)
        return stored.at[first, second].add(change).at[second, first].add(change)

    return jax.vmap(one_pose)(visibility.path.joint_angle, factors)
