"""Gmsh files of bodies made of bricks, each cut into six tetrahedra: bars of any profile, and whatever bends."""

from collections.abc import Mapping
from itertools import permutations
from pathlib import Path

import meshio
import numpy as np


def write_bricks(path: Path, points: np.ndarray, number: np.ndarray, faces: Mapping[str, np.ndarray]) -> Path:
    """Write the bricks between points [i, j, k, xyz] as a Gmsh file.

    number [i, j, k] names the vertex at each point: where bricks end in a line or a point, several share one, and
    tetrahedra without a volume are left out. faces holds, by name, all vertices of each physical surface. Every brick
    is cut alike, along the same diagonal, so that neighbors meet in the same triangles.
    """
    size = tuple(n - 1 for n in number.shape)
    tetrahedra = []
    for order in permutations(range(3)):
        step, corners = np.zeros(3, int), [number[: size[0], : size[1], : size[2]].ravel()]
        for axis in order:
            step[axis] += 1
            window = tuple(slice(s, s + n) for s, n in zip(step, size, strict=True))
            corners.append(number[window].ravel())
        tetrahedra.append(np.stack(corners, axis=1))
    tetrahedra = np.concatenate(tetrahedra)
    tetrahedra = tetrahedra[[len(set(corners)) == 4 for corners in tetrahedra.tolist()]]
    sides = np.sort(tetrahedra[:, [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]].reshape(-1, 3), axis=1)
    found = [np.unique(sides[np.isin(sides, mine).all(axis=1)], axis=0) for mine in faces.values()]
    groups = [np.full(len(triangles), tag) for tag, triangles in enumerate(found, start=1)]
    used = np.unique(tetrahedra)
    place = np.zeros(number.max() + 1, int)
    place[used] = np.arange(len(used))
    solid = len(faces) + 1
    names = {name: np.array([tag, 2]) for tag, name in enumerate(faces, start=1)}
    tags = [np.concatenate(groups), np.full(len(tetrahedra), solid)]
    mesh = meshio.Mesh(
        points.reshape(-1, 3)[used],
        [("triangle", place[np.concatenate(found)]), ("tetra", place[tetrahedra])],
        cell_data={"gmsh:physical": tags, "gmsh:geometrical": tags},
        field_data=names | {"stuff": np.array([solid, 3])},
    )
    meshio.write(path, mesh, file_format="gmsh22", binary=False)
    return path


def write_bar(path: Path, x: np.ndarray, thickness: np.ndarray, width: float) -> Path:
    """Write a bar along x whose thickness (m) at each x (m) is given, 0 at most at its last; `width` across, along y.

    Physical surfaces: `base` at its first x, `below` and `above`, `left` and `right`.
    """
    points = np.empty((len(x), 2, 2, 3))
    points[..., 0] = x[:, None, None]
    points[..., 1] = np.array([0.0, width])[:, None]
    points[..., 2] = 0.5 * thickness[:, None, None] * np.array([-1.0, 1.0])
    number = np.arange(4 * len(x)).reshape(len(x), 2, 2)
    if thickness[-1] == 0.0:
        number[-1, :, 1] = number[-1, :, 0]
    faces = {"base": number[0], "below": number[:, :, 0], "above": number[:, :, 1]}
    return write_bricks(path, points, number, faces | {"left": number[:, 0], "right": number[:, 1]})
