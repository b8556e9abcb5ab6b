"""Tables behind the round shapes: corner angles, vertex grids, exact-area factors; numpy, cached."""

from functools import lru_cache

import jax.numpy as jnp
import numpy as np

from caloris.geometry.shape_base import ShapeTopology, grid_topology, pair_suffixes


def disc_factor(around: int) -> float:
    """Outward factor of a disc or annulus of exact area (-)."""
    angle = 2.0 * np.pi / around
    return float(np.sqrt(angle / np.sin(angle)))


def axis_frame(axis, start, numeric=jnp):
    """Right-handed unit vectors (start, across, axis) of a round shape; numeric is jnp or numpy."""
    unit = axis / numeric.sqrt(numeric.sum(axis**2))
    if start is None:
        start = numeric.eye(3)[numeric.argmin(numeric.abs(unit))]
    across = numeric.cross(unit, start)
    across = across / numeric.sqrt(numeric.sum(across**2))
    return numeric.cross(across, unit), across, unit


def angles(around: int) -> np.ndarray:
    """Angles of the corners around (rad)."""
    return 2.0 * np.pi * np.arange(around) / around


def _closed_columns(vertex: np.ndarray) -> np.ndarray:
    """Repeat the first column: the grid closes around its second index."""
    return np.concatenate([vertex, vertex[:, :1]], axis=1)


@lru_cache(maxsize=256)
def disc_topology(radial: int, around: int) -> ShapeTopology:
    """Disc: center, then rings outward."""
    rings = 1 + np.arange(radial * around).reshape(radial, around)
    vertex = _closed_columns(np.concatenate([np.zeros((1, around), int), rings]))
    return grid_topology(1 + radial * around, vertex, pair_suffixes(radial, around))


@lru_cache(maxsize=256)
def annulus_topology(radial: int, around: int) -> ShapeTopology:
    """Annulus: rings outward."""
    vertex = _closed_columns(np.arange((radial + 1) * around).reshape(radial + 1, around))
    return grid_topology((radial + 1) * around, vertex, pair_suffixes(radial, around))


@lru_cache(maxsize=256)
def wall_topology(around: int, along: int, pointed: bool) -> ShapeTopology:
    """Cylinder or cone: columns along the axis, the tip of a pointed one last."""
    rows = along if pointed else along + 1
    count = around * rows
    vertex = np.arange(count).reshape(around, rows)
    if pointed:
        vertex = np.concatenate([vertex, np.full((around, 1), count)], axis=1)
        count += 1
    vertex = np.concatenate([vertex, vertex[:1]])
    return grid_topology(count, vertex, pair_suffixes(around, along))


@lru_cache(maxsize=256)
def sphere_topology(around: int, poles: int) -> ShapeTopology:
    """Sphere: meridians, then the poles at -axis and +axis."""
    inner = np.arange(around * (poles - 1)).reshape(around, poles - 1)
    south, north = np.full((around, 1), inner.size), np.full((around, 1), inner.size + 1)
    vertex = np.concatenate([south, inner, north], axis=1)
    vertex = np.concatenate([vertex, vertex[:1]])
    return grid_topology(inner.size + 2, vertex, pair_suffixes(around, poles))


@lru_cache(maxsize=256)
def unit_sphere(around: int, poles: int) -> np.ndarray:
    """Vertices on the unit sphere in the frame (start, across, axis)."""
    latitude = np.pi * (np.arange(1, poles) / poles - 0.5)
    turn = angles(around)[:, None]
    ring = np.stack(
        np.broadcast_arrays(np.cos(turn) * np.cos(latitude), np.sin(turn) * np.cos(latitude), np.sin(latitude)), -1
    )
    return np.concatenate([ring.reshape(-1, 3), [[0.0, 0.0, -1.0], [0.0, 0.0, 1.0]]])


@lru_cache(maxsize=256)
def sphere_factor(around: int, poles: int) -> float:
    """(4 pi / area of the inscribed polyhedron)^(1/2)."""
    corner = unit_sphere(around, poles)[sphere_topology(around, poles).triangles]
    normal = np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0])
    return float(np.sqrt(4.0 * np.pi / (0.5 * np.linalg.norm(normal, axis=1).sum())))
