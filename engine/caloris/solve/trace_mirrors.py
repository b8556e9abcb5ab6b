"""Trace paths by way of mirrors and sheets along a run: from facet to facet at every pose, sunlight at every moment.

Host code, cached on disk like `caloris.solve.trace`. One set of paths serves all bands: it is drawn with the largest
nominal properties of any band, and holds for every value (`caloris_kernels.radiative.paths`). What a run without
mirrors and sheets costs is not changed.
"""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from caloris.array_store import load_arrays, store_arrays
from caloris.devices import ray_backend
from caloris.geometry.assembly import Geometry, Topology
from caloris.geometry.escape_nodes import escape_nodes
from caloris.geometry.mirror_normals import MirrorNormals, mirror_normals
from caloris.geometry.path_records import joined_records, stacked_records
from caloris.geometry.path_tracing import trace_mirror_paths, trace_sun_paths
from caloris.geometry.sun_visibility import samples_within
from caloris.model.coating import Coatings, EmittanceTable, now
from caloris.model.mirrors import MirrorRays
from caloris.model.surroundings import Surroundings, motion_along
from caloris.solve.visibility import Visibility
from caloris_kernels.radiative.exchange_tiles import ExchangeTiles, tiles_to_dense
from caloris_kernels.radiative.path_environment import EscapeNodes
from caloris_kernels.radiative.paths import Paths

# Facets that may see each other where there are mirrors: their exchange is dense, some n^2 numbers a pose and band.
MOST_FACETS = 4096
# Rays of a mirror facet of mean area in each replicate: at least, and at most in scenes of few mirrors.
PATH_RAYS = 16, 256
BEAM_RAYS = 16, 256
_PATHS_AT_MOST = 1 << 20
_REPLICATES = 8, 4  # of paths between facets, and of sunlight
# The meaning of stored results: raise it when they change.
_VERSION = 1


class MirrorLimitError(ValueError):
    """More facets see each other than can be joined by mirrors and sheets."""


def with_mirrors(
    geometry: Geometry,
    surroundings: Surroundings | None,
    visibility: Visibility,
    coatings: Coatings,
    frozen: bool,
    *,
    seed: int = 0,
    progress: Callable[[str], None] = lambda stage: None,
) -> Visibility:
    """The visibility of `trace` with the paths by way of mirrors and sheets; the same object where there are none.

    surroundings and frozen as in `trace`. Both sides of every sheet count among the facets that see others. Raises
    MirrorLimitError for more than MOST_FACETS of these.
    """
    specular = coatings.specular
    if specular is None:
        return visibility
    topology = geometry.topology()
    mirror = np.isin(topology.facet_coating, specular.mirror)
    sheet = np.isin(topology.facet_coating, specular.sheet)
    wide = _widened(visibility, sheet)
    seeing = np.asarray(wide.seeing)
    if not np.any((mirror | sheet)[seeing]):
        return visibility
    reflectance, transmittance = _nominal(coatings, topology.facet_coating[seeing])
    facets = _Facets(topology, seeing, reflectance, transmittance, mirror[seeing], sheet[seeing])
    poses = np.asarray(wide.path.joint_angle)
    angles, sun = np.zeros((0, poses.shape[1])), np.zeros((0, 3))
    if surroundings is not None:
        motion = motion_along(surroundings, geometry.bodies, visibility.grid_phase, frozen)
        angles = np.asarray(motion.joint_angle if wide.path.moving else motion.joint_angle[:1])
        sun = np.einsum("tij,tj->ti", np.asarray(motion.bus), np.asarray(motion.state.sun_direction))
    progress("mirrors")
    paths, beams = _stored(geometry, facets, poses, angles, sun, seed)
    nodes = None if surroundings is None else _nodes(paths, len(np.asarray(wide.sky_direction)))
    rays = MirrorRays(_on_device(paths), nodes, None if beams is None else _on_device(beams))
    return eqx.tree_at(lambda v: v.mirrors, wide, rays, is_leaf=lambda x: x is None)


class _Facets(eqx.Module):
    """The facets that see others, with their nominal properties (numpy)."""

    topology: Topology = eqx.field(static=True)
    seeing: np.ndarray
    reflectance: np.ndarray
    transmittance: np.ndarray
    reflects: np.ndarray
    transmits: np.ndarray

    def scene(self, vertices: np.ndarray) -> tuple:
        """The first arguments of the path tracers."""
        sides = self.topology.facet_triangle[self.seeing], self.topology.facet_side[self.seeing]
        return vertices, self.topology.triangles, *sides, self.reflectance, self.transmittance

    @property
    def branching(self) -> int:
        """How many facets a path can go on from."""
        return int(np.sum(self.reflects | self.transmits))


def _widened(visibility: Visibility, sheet: np.ndarray) -> Visibility:
    """Dense exchange areas, with both sides of all sheets among the facets that see others."""
    old = np.asarray(visibility.seeing)
    seeing = np.union1d(old, np.flatnonzero(sheet))
    if len(seeing) > MOST_FACETS:
        raise MirrorLimitError(
            f"{len(seeing)} facets see each other; with mirrors or transmitting sheets at most {MOST_FACETS} can be "
            "computed: divide less, or leave out the specularity and transmittance"
        )
    dense = visibility.exchange_area
    if isinstance(dense, ExchangeTiles):
        dense = jax.lax.map(lambda tiles: tiles_to_dense(tiles, len(old)), dense)
    place = np.searchsorted(seeing, old)
    exchange = np.zeros((dense.shape[0], len(seeing), len(seeing)))
    exchange[:, place[:, None], place[None, :]] = np.asarray(dense)
    new = jnp.asarray(exchange), jnp.asarray(seeing), jnp.asarray(place[np.asarray(visibility.pair)])
    return eqx.tree_at(lambda v: (v.exchange_area, v.seeing, v.pair), visibility, new)


def _nominal(coatings: Coatings, coating: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Largest mirror reflectance and transmittance of any band, scaled to sum to one at most [facet].

    Under a cover, that of diffuse light: the paths hold for every angle.
    """
    specular, emittance = coatings.specular, coatings.infrared_emittance
    assert specular is not None and not isinstance(emittance, EmittanceTable)
    bands = [specular.split(coatings.diffuse_solar_absorptance(), True), specular.split(now(emittance), False)]
    most = [
        np.max([np.asarray(x).reshape(len(coatings.name), -1).max(axis=1) for x in those], axis=0)
        for those in zip(*bands, strict=True)
    ]
    reflectance, transmittance = (np.clip(value, 0.0, 1.0)[coating] for value in most)
    total = np.maximum(reflectance + transmittance, 1.0)
    return reflectance / total, transmittance / total


def _stored(
    geometry: Geometry, facets: _Facets, poses: np.ndarray, angles: np.ndarray, sun: np.ndarray, seed: int
) -> tuple[Paths, Paths | None]:
    """Paths for exactly these inputs, from disk or traced now."""
    place = jax.jit(jax.vmap(lambda angle: geometry.vertices(angle)))
    every = np.concatenate([poses, angles])
    vertices = np.asarray(place(jnp.asarray(every)))
    normals = [mirror_normals(geometry, angle) for angle in every]
    inputs = {f"normals {name}": np.stack([getattr(n, name) for n in normals]) for name in vars(normals[0])}
    inputs |= {name: np.asarray(value) for name, value in vars(facets).items() if isinstance(value, np.ndarray)}
    inputs |= {name: getattr(facets.topology, name) for name in ("triangles", "facet_triangle", "facet_side")}
    settings = [seed, len(poses), _PATHS_AT_MOST, *_REPLICATES, *PATH_RAYS, *BEAM_RAYS, _VERSION]
    inputs |= {"vertices": vertices, "sun": sun, "settings": np.array(settings, float)}
    inputs |= {"ray_backend": np.array(ray_backend())}
    found = load_arrays("mirrors", inputs)
    if found is None:
        count = len(poses)
        paths = _paths(facets, vertices[:count], normals[:count], seed)
        beams = _beams(facets, vertices[count:], normals[count:], sun, seed) if len(sun) else None
        found = {f"paths {name}": array for name, array in paths._asdict().items()}
        found |= {} if beams is None else {f"beams {name}": array for name, array in beams._asdict().items()}
        store_arrays("mirrors", inputs, found)
    kinds = ("paths", "beams") if len(sun) else ("paths",)
    records = [Paths._make(found[f"{kind} {name}"] for name in Paths._fields) for kind in kinds]
    return records[0], records[1] if len(sun) else None


def _paths(facets: _Facets, vertices: np.ndarray, normals: list[MirrorNormals], seed: int) -> Paths:
    """Paths from facet to facet at every pose."""
    rows = facets.branching * len(vertices) * _REPLICATES[0]
    found = [
        trace_mirror_paths(
            *facets.scene(at),
            rays=samples_within(rows, *PATH_RAYS, rays=_PATHS_AT_MOST),
            replicates=_REPLICATES[0],
            may_reflect=facets.reflects,
            may_transmit=facets.transmits,
            normal_at=normal,
            seed=seed,
        )
        for at, normal in zip(vertices, normals, strict=True)
    ]
    return stacked_records(found)


def _beams(facets: _Facets, vertices: np.ndarray, normals: list[MirrorNormals], sun: np.ndarray, seed: int) -> Paths:
    """Paths of sunlight at every moment, in the pose of that moment."""
    rows = facets.branching * len(sun) * _REPLICATES[1]
    moments = [sun] if len(vertices) == 1 else list(sun[:, None])
    return joined_records(
        [
            trace_sun_paths(
                *facets.scene(at),
                directions,  # pyright: ignore[reportCallIssue]
                rays=samples_within(rows, *BEAM_RAYS, rays=_PATHS_AT_MOST),
                replicates=_REPLICATES[1],
                may_reflect=facets.reflects,
                may_transmit=facets.transmits,
                normal_at=normal,
                seed=seed,
            )
            for at, normal, directions in zip(vertices, normals, moments, strict=True)
        ]
    )


def _nodes(paths: Paths, directions: int) -> EscapeNodes:
    """Nodes of the table of directions for the escapes of every pose."""
    found = [escape_nodes(direction, directions) for direction in paths.direction]
    node, weight = (jnp.stack([getattr(one, name) for one in found]) for name in ("node", "weight"))
    return EscapeNodes(node, weight, found[0].solid_angle)


def _on_device(paths: Paths) -> Paths:
    return Paths._make(jnp.asarray(field) for field in paths)
