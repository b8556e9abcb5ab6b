"""Faces that touch: pairs of triangles that lie in one plane and overlap, for conduction between them."""

from dataclasses import dataclass

import numpy as np

from caloris.geometry.assembly import Geometry, Topology
from caloris.geometry.edge_joint import SAME_PLACE, scene_diagonal
from caloris.geometry.errors import GeometryError
from caloris_kernels.conduction.overlap import overlap_area

# Faces are parallel when the sine of their angle is below this: 0.1 mm over 1 m.
_PARALLEL = 1e-4
# An overlap of less than this share of the smaller triangle is a common edge, not a contact.
_LEAST_SHARE = 1e-9
_BLOCK = 256


@dataclass(frozen=True, eq=False)
class Touch:
    """Pairs of triangles of two faces that touch (numpy)."""

    triangle: np.ndarray  # [touch, 2]
    cell: np.ndarray  # [touch, 2]
    area: np.ndarray  # [touch] m2, at zero joint angles
    # The side of either face that the other lies on, where the distance between them tells: 0 front, 1 back;
    # -1 where they coincide.
    side: np.ndarray  # [touch, 2]


def touching_faces(geometry: Geometry, first: str, second: str, gap: float | None = None) -> Touch:
    """Pairs of triangles of two faces that touch, at zero joint angles.

    first and second name a surface, a box's face ("bus.u+") or one cell. Triangles touch that are parallel, no
    further apart than gap (m; None: a millionth of the scene) and overlap when looked at along their normal. Round
    surfaces touch where their polygons do. Needs concrete numbers; areas from given vertices, with derivatives:
    `caloris_kernels.conduction.overlap`. Raises GeometryError when nothing touches or a joint turns between the
    faces.
    """
    topology = geometry.topology()
    corners = np.asarray(geometry.vertices())[topology.triangles]
    least = SAME_PLACE * scene_diagonal(corners.reshape(-1, 3))
    reach = max(least, gap or 0.0)
    members = [_triangles(geometry, topology, name) for name in (first, second)]
    _refuse_joint(geometry, topology, members, (first, second))
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    double = np.linalg.norm(normal, axis=1)
    normal = normal / double[:, None]
    i, j = _candidates(corners, normal, members, reach)
    area = overlap_area(corners[i], corners[j], np)
    kept = area > _LEAST_SHARE * 0.5 * np.minimum(double[i], double[j])
    i, j, area = i[kept], j[kept], area[kept]
    if not i.size:
        apart = "" if gap is None else f" within {gap:g} m"
        raise GeometryError(
            f"between: {first!r} and {second!r} do not touch{apart}; their faces must lie in one plane and overlap "
            "(gap = allows a distance; use [[link]] to join parts that do not touch)",
            "between",
        )
    offset = corners[j].mean(axis=1) - corners[i].mean(axis=1)
    height = np.stack([np.sum(offset * normal[i], axis=1), -np.sum(offset * normal[j], axis=1)], axis=1)
    side = np.where(np.abs(height) <= least, -1, np.where(height > 0, 0, 1))
    return Touch(np.stack([i, j], axis=1), topology.triangle_cell[np.stack([i, j], axis=1)], area, side)


def _triangles(geometry: Geometry, topology: Topology, name: str) -> np.ndarray:
    cells = topology.cells(name)
    if not cells.size:
        known = ", ".join(repr(s.name) for s in geometry.surfaces)
        raise GeometryError(f"between: no surface {name!r}; surfaces are {known}", "between")
    return np.flatnonzero(np.isin(topology.triangle_cell, cells))


def _refuse_joint(geometry: Geometry, topology: Topology, members: list[np.ndarray], names: tuple[str, str]) -> None:
    carriers = [geometry.carriers(int(topology.triangle_body[mine[0]])) for mine in members]
    if carriers[0] != carriers[1]:
        raise GeometryError(
            f"between: a joint turns between {names[0]!r} and {names[1]!r}, so that they touch in one pose at most; "
            "use [[link]] for what conducts across it",
            "between",
        )


def _candidates(
    corners: np.ndarray, normal: np.ndarray, members: list[np.ndarray], reach: float
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of triangles that are parallel, near enough, and whose boxes overlap."""
    first, second = members
    low, high = corners.min(axis=1) - 0.5 * reach, corners.max(axis=1) + 0.5 * reach
    middle = corners.mean(axis=1)
    found_i, found_j = [np.zeros(0, int)], [np.zeros(0, int)]
    for start in range(0, len(first), _BLOCK):
        mine = first[start : start + _BLOCK]
        near = np.all((low[second][None] <= high[mine][:, None]) & (high[second][None] >= low[mine][:, None]), axis=2)
        rows, columns = np.nonzero(near)
        i, j = mine[rows], second[columns]
        parallel = np.linalg.norm(np.cross(normal[i], normal[j]), axis=1) <= _PARALLEL
        distance = np.abs(np.sum((middle[j] - middle[i]) * normal[i], axis=1))
        good = parallel & (distance <= reach)
        found_i.append(i[good])
        found_j.append(j[good])
    return np.concatenate(found_i), np.concatenate(found_j)
