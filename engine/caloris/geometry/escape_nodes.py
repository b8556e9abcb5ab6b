"""Directions of escaping paths as weighted nodes of a table of directions."""

from functools import lru_cache

import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike

from caloris_kernels.radiative.path_environment import EscapeNodes
from caloris_kernels.radiative.visibility import fibonacci_sphere, interpolation_radius

_NEAR = 16  # nodes looked at; the weights reach 8 on average
_FINE = 64  # directions a node, to integrate the weights


def escape_nodes(direction: ArrayLike, directions: int) -> EscapeNodes:
    """Return the nodes among `fibonacci_sphere(directions)` near each unit vector [path, 3] and their weights.

    The weights are those of `direction_weights`, row by row; rows of zero vectors are zero: records hold such where
    a path does not escape. directions: 100 or more.
    """
    every = np.asarray(direction, np.float64)
    node, weight = np.zeros((len(every), _NEAR), np.int32), np.zeros((len(every), _NEAR))
    escaped = np.flatnonzero(np.any(every != 0, axis=1))
    node[escaped], weight[escaped] = _nearest(every[escaped], directions)
    return EscapeNodes(jnp.asarray(node, jnp.int32), jnp.asarray(weight), jnp.asarray(_solid_angles(directions)))


def _nearest(direction: np.ndarray, directions: int) -> tuple[np.ndarray, np.ndarray]:
    from scipy.spatial import KDTree  # here, because only scenes with mirrors should wait for it

    nodes = np.asarray(fibonacci_sphere(directions), np.float64)
    distance, node = KDTree(nodes).query(direction, k=_NEAR)
    s = np.minimum(distance / interpolation_radius(directions), 1.0)
    bump = (1 - s) ** 4 * (4 * s + 1)
    total = bump.sum(axis=1, keepdims=True)
    return np.asarray(node), np.divide(bump, total, out=np.zeros_like(bump), where=total > 0)


@lru_cache(maxsize=8)
def _solid_angles(directions: int) -> np.ndarray:
    """Integral of each node's weight over the sphere (sr)."""
    fine = np.asarray(fibonacci_sphere(_FINE * directions), np.float64)
    node, weight = _nearest(fine, directions)
    share = np.bincount(node.ravel(), weight.ravel(), directions)
    return share * 4 * np.pi / len(fine)
