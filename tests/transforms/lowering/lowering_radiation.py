"""Kernels of radiation and orbits, by what they are called with."""

from collections.abc import Callable
from functools import partial

import jax.numpy as jnp

from caloris_kernels.radiative.bvh_walk import Hit
from caloris_kernels.radiative.exchange_tiles import ExchangeTiles
from caloris_kernels.radiative.incidence import covered_absorptance
from caloris_kernels.radiative.path_environment import EscapeNodes
from caloris_kernels.radiative.paths import Paths, PathSums
from caloris_kernels.radiative.planet_heating import CapPoints
from caloris_kernels.radiative.radiosity import Enclosure
from caloris_kernels.radiative.view_factor import Tile
from lowering_shapes import PAIRS, RAYS, Wrapped, b, double, f, i

TILE = Tile(f(1, 3, 3, 8), f(1, 3, 8), f(1, 8), f(1, 8), f(1, 8))
TILES = ExchangeTiles(i(2, 64), i(3), i(3), f(3, 64, 64))
CAP = CapPoints(f(2, 5, 3), f(2, 5), f(2, 5, 3))
# Four paths with six bounces over three facets, two replicates, five pairs.
PATHS = Paths(
    *(i(4), f(4), i(4), i(4), f(4, 3), i(4)),
    *(i(6), b(6), i(6), f(6), i(6), f(6), i(6), f(6)),
    *(i(5), i(5), f(5), f(3), f(3), i(2), i(3)),
)
SUMS = PathSums(f(2, 5), f(2, 3), f(2, 3), f(2, 3))


def _walk_step(kernel: Callable) -> Callable:
    def call(hierarchy, origin, direction, cursor, best):
        from caloris_kernels.radiative.bvh_walk import rays_of

        rays = rays_of(list(origin.T), list(direction.T))
        return kernel(rays, 8, lambda cursor: list(hierarchy[cursor].T), False, cursor, best)

    return call


# They run on the host, or only rearrange what a program is made of.
HOST_RADIATION = {
    "radiative.bvh.build_hierarchy": "numpy, once a scene",
    "radiative.bvh.pad_hierarchy": "numpy, once a scene",
    "radiative.exchange_tiles.tiles_from_dense": "numpy, where a matrix is made",
    "radiative.radiosity.is_direct": "a choice of Python",
    "radiative.visibility.interpolation_radius": "a number of Python",
}

# What each kernel is called with: arrays by shape, all else as it is. A new kernel needs an entry.
KERNELS_RADIATION: dict[str, tuple | Callable[[Callable], Wrapped]] = {
    "orbit.earth_rotation.earth_fixed": (f(3, 3), f(3)),
    "orbit.eclipse.lit_fraction": (f(3, 3), f(3, 3), f()),
    "orbit.eclipse.lit_fraction_cylinder": (f(3, 3), f(3, 3), f()),
    "orbit.eclipse.cone_margins": (f(3, 3), f(3, 3), f()),
    "orbit.eclipse.cylinder_margin": (f(3, 3), f(3, 3), f()),
    "orbit.eclipse.disc_overlap_area": (f(3), f(3), f(3)),
    "orbit.eclipse.shadow_edges": (lambda x, p: p * jnp.cos(2 * jnp.pi * x)[:, None], f(), 2, jnp.float64),
    "orbit.frames.normalize": (f(2, 3),),
    "orbit.frames.is_parallel": (f(2, 3), f(2, 3)),
    "orbit.frames.rotation_matrix": (f(3), f(2)),
    "orbit.frames.two_vector_matrix": (f(3), f(3), f(2, 3), f(2, 3)),
    "orbit.frames.tracking_angle": (f(3), f(3), f(2, 3), f(), f()),
    "orbit.kepler.solve_kepler": (f(3), f(3)),
    "orbit.kepler.mean_anomaly_from_true": (f(3), f(3)),
    "orbit.kepler.orbital_period": (f(), f()),
    "orbit.kepler.secular_rates": (f(), f(), f(), f(), f(), f()),
    "orbit.kepler.sun_synchronous_cosine": (f(), f(), f(), f(), f()),
    "orbit.kepler.orbital_vectors": (f(), f(), f(), f(2), f(2), f(2), f()),
    "orbit.sun.sun_position": (f(2),),
    "orbit.sun.node_from_local_time": (f(), f()),
    "orbit.sun.precession_matrix": (f(2),),
    "radiative.bvh_walk.rays_of": ([f(5)] * 3, [f(5)] * 3),
    "radiative.bvh_walk.step": lambda kernel: Wrapped(
        _walk_step(kernel), (f(8, 12), f(5, 3), f(5, 3), i(5), Hit(i(5), f(5), f(5), f(5)))
    ),
    "radiative.bvh_walk.start": (f(5), 8),
    "radiative.bvh_walk.any_hit": RAYS,
    "radiative.bvh_walk.nearest_hit": RAYS,
    "radiative.contour.triangle_normal": PAIRS[:1],
    "radiative.contour.clip_to_front": PAIRS,
    "radiative.contour.exchange_area": PAIRS,
    "radiative.contour.apart_exchange_area": PAIRS,
    "radiative.incidence.fresnel_reflectance": (f(4), f()),
    "radiative.incidence.covered_absorptance": (f(4), f(), f(), f()),
    "radiative.incidence.hemispherical_mean": lambda kernel: Wrapped(
        lambda index: kernel(lambda cosine: covered_absorptance(cosine, jnp.asarray(0.1), index)), (f(),)
    ),
    "radiative.path_environment.escape_irradiation": (PATHS, f(4), f(4), f(3)),
    "radiative.path_environment.escape_response": (PATHS, f(4), EscapeNodes(i(4, 2), f(4, 2), f(20)), f(3)),
    "radiative.path_environment.table_radiance": (CAP, f(2, 5), f(20, 3), f(20)),
    "radiative.path_environment.planet_radiance": (f(4, 3), f(3), f(), f(3)),
    "radiative.path_environment.beam_irradiation": (PATHS, f(6), f(3)),
    "radiative.paths.event_factor": (PATHS, f(3), f(3)),
    "radiative.paths.choose_factor": (PATHS, f(6), f(6)),
    "radiative.paths.throughput": (PATHS, f(6)),
    "radiative.paths.path_sums": (PATHS, f(6), f(4)),
    "radiative.paths.close_sums": (PATHS, SUMS, f(3), f(3)),
    "radiative.paths.specular_exchange": (PATHS, f(3), f(3), f(3)),
    "radiative.paths.grouped_exchange": (PATHS, SUMS, f(3, 2)),
    "radiative.paths.joined_exchange": (PATHS, (f(3, 3), f(3), f(3)), f(3), f(3), f(3)),
    "radiative.paths.closed_specular_area": (f(3, 3), f(3), f(3), f(3), f(3)),
    "radiative.paths.dense_exchange_area": (PATHS, f(5), 3),
    "radiative.planet_heating.plate_to_planet_view_factor": (f(3), f(3)),
    "radiative.planet_heating.sphere_to_planet_view_factor": (f(3),),
    "radiative.planet_heating.planet_infrared_flux": (f(4, 3), f(2, 3), f(2), f()),
    "radiative.planet_heating.albedo_flux": (f(4, 3), f(2, 3), f(2, 3), f(2), f(2)),
    "radiative.planet_heating.cap_points": (f(2, 3), f(2), 2, 4),
    "radiative.planet_heating.albedo_radiance": (CAP, f(2, 3), f(2)),
    "radiative.planet_heating.cap_moments": (CAP, f(1, 2, 5), f(20, 3)),
    "radiative.planet_heating.shadowed_fraction": (f(20, 4), f(20, 4), f(4, 3), f(2, 20, 3)),
    "radiative.ageing.ageing_progress": (f(), f(), f(2), f(2), f(2)),
    "radiative.exchange_tiles.tile_product": (TILES, f(5, 2)),
    "radiative.exchange_tiles.row_sums": (TILES, 5),
    "radiative.exchange_tiles.tiles_to_dense": (TILES, 5),
    "radiative.planck.fraction_below": (f(3),),
    "radiative.planck.band_fractions": (f(2), f(3)),
    "radiative.radiosity.conjugate_gradients": lambda kernel: Wrapped(partial(kernel, double), (f(3, 1), f(3, 2))),
    "radiative.radiosity.exchanged": (Enclosure(TILES, f(5), f(5)), f(5, 2)),
    "radiative.radiosity.space_view": (Enclosure(TILES, f(5), f(5)),),
    # By conjugate gradients on tiles, and by a factorization of the dense matrix.
    "radiative.radiosity.irradiation": lambda kernel: Wrapped(
        lambda tiled, dense, rho, e, q: (
            kernel(tiled, rho, e, q, direct=False),
            kernel(dense, rho, e, q, direct=True),
        ),
        (Enclosure(TILES, f(5), f(5)), Enclosure(f(5, 5), f(5), f(5)), f(5), f(5, 2), f(5, 2)),
    ),
    "radiative.radiosity.exchange_factors": (Enclosure(TILES, f(5), f(5)), f(5), f(5), i(5), 2),
    "radiative.radiosity.blackbody_emission": (f(3),),
    "radiative.view_factor.tile_exchange_area": (TILE, TILE, f()),
    "radiative.view_factor.point_exchange_area": PAIRS,
    "radiative.view_factor.clipped_exchange_area": PAIRS,
    "radiative.visibility.fibonacci_sphere": (20,),
    "radiative.visibility.direction_weights": (f(3, 3), f(20, 3)),
    "radiative.visibility.facing_points": (f(2, 4, 3), f(2, 4, 3), f(2, 4, 3), f(2, 4, 3), f()),
    "radiative.visibility.count_points": (b(2, 4, 4), i(2, 8, 3), i(2, 8, 3)),
    "radiative.visibility.triangle_points": (f(2, 3, 3), f(2, 4, 2)),
    "radiative.visibility.pair_rays": (*PAIRS, f(2, 4, 4), f()),
    "radiative.visibility.directed_rays": (f(2, 3, 3), f(2, 3), f(2, 2), f(4, 2), f()),
}
