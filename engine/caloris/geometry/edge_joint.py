"""Edges along which two surfaces touch, for conduction between them."""

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from caloris.geometry.assembly import Geometry, Topology
from caloris.geometry.errors import GeometryError
from caloris_kernels.conduction.shell import overlap_length

# Edges closer than this share of the scene's diagonal coincide: 20 micrometres on a 20 m spacecraft.
SAME_PLACE = 1e-6
_BLOCK = 512


@dataclass(frozen=True, eq=False)
class EdgeJoint:
    """Pieces of edge that two surfaces share (numpy): cells, the two segments' vertices, and lengths."""

    cell: np.ndarray  # [edge, 2] cell of the first and of the second surface
    segment_a: np.ndarray  # [edge, 2] vertices of the first surface's segment
    segment_b: np.ndarray  # [edge, 2]
    length: np.ndarray  # [edge] m

    def shared_length(self, vertices: Float[Array, "vertex 3"]) -> Float[Array, " edge"]:
        """The same lengths (m) from given vertices, differentiable in them."""
        return overlap_length(vertices, jnp.asarray(self.segment_a), jnp.asarray(self.segment_b))


def edge_joint(geometry: Geometry, first: str, second: str) -> EdgeJoint:
    """Pieces of open edge that two surfaces have in common, at zero joint angles.

    first and second name a surface, a box's face ("bus.u+") or one cell. Only open edges count (of a face or
    cell: its outline); edges of different division share the length over which they overlap. Round shapes
    are compared on their true surfaces, so that a cone meets a cylinder although their polygons differ.
    A `conductance_per_length` times the length is the whole conductance between the two cells' nodes.
    Needs concrete numbers; shared_length carries derivatives. Raises GeometryError when there is no common
    edge.
    """
    topology = geometry.topology()
    true_surface = np.asarray(geometry.vertices(nominal=True))
    outlines = []
    for name in (first, second):
        cells = topology.cells(name)
        if not cells.size:
            known = ", ".join(repr(s.name) for s in geometry.surfaces)
            raise GeometryError(f"between: no surface {name!r}; surfaces are {known}", "between")
        outlines.append(outline(topology, cells))
        if not len(outlines[-1][0]):
            raise GeometryError(
                f"between: {name!r} is closed and has no open edge; name one of its faces or cells, such as "
                f"{topology.cell_name[cells[0]]!r}",
                "between",
            )
    (segment_a, cell_a), (segment_b, cell_b) = outlines
    i, j = coincident_segments(true_surface, segment_a, segment_b, SAME_PLACE * scene_diagonal(true_surface))
    differ = cell_a[i] != cell_b[j]
    i, j = i[differ], j[differ]
    if not i.size:
        raise GeometryError(
            f"between: {first!r} and {second!r} have no edge in common; their open edges must lie on one line and "
            "overlap (use [[link]] to join surfaces that do not touch along an edge)",
            "between",
        )
    pairs = segment_a[i], segment_b[j]
    vertices = np.asarray(geometry.vertices())
    length = overlap_length(vertices, *pairs, numeric=np)
    return EdgeJoint(np.stack([cell_a[i], cell_b[j]], axis=1), *pairs, length)


def outline(topology: Topology, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Open edges of a set of cells: vertices [edge, 2] and the cell of each."""
    chosen = np.isin(topology.triangle_cell, cells)
    triangles, cell = topology.triangles[chosen], topology.triangle_cell[chosen]
    edges = np.sort(np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]]), axis=1)
    unique, first, uses = np.unique(edges, axis=0, return_index=True, return_counts=True)
    single = uses == 1
    return unique[single], np.tile(cell, 3)[first[single]]


def coincident_segments(
    vertices: np.ndarray, segment_a: np.ndarray, segment_b: np.ndarray, tolerance: float
) -> tuple[np.ndarray, np.ndarray]:
    """Numbers (i, j) of segments that lie on one line within tolerance (m) and overlap by more than it."""
    found_a, found_b = [], []
    ends_b = vertices[segment_b]
    for block in range(0, len(segment_a), _BLOCK):
        start, end = np.moveaxis(vertices[segment_a[block : block + _BLOCK]], 1, 0)
        length = np.linalg.norm(end - start, axis=1)
        along = (end - start) / length[:, None]
        offset = ends_b[None] - start[:, None, None]
        place = np.einsum("ijkx,ix->ijk", offset, along)
        distance = np.linalg.norm(offset - place[..., None] * along[:, None, None], axis=3).max(axis=2)
        common = np.minimum(place.max(axis=2), length[:, None]) - np.maximum(place.min(axis=2), 0.0)
        i, j = np.nonzero((distance <= tolerance) & (common > tolerance))
        found_a.append(i + block)
        found_b.append(j)
    return np.concatenate([np.zeros(0, int), *found_a]), np.concatenate([np.zeros(0, int), *found_b])


def scene_diagonal(vertices: np.ndarray) -> float:
    """Diagonal of the box around all vertices (m)."""
    return float(np.linalg.norm(np.ptp(vertices, axis=0))) if len(vertices) else 0.0
