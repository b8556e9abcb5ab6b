"""A Gmsh file of a half-space around a disc: a thin wedge of it in oblate spheroidal coordinates."""

from itertools import permutations
from pathlib import Path

import meshio
import numpy as np

# Angle of the wedge (rad): its two faces differ from a sector's by its square over 24.
WEDGE = 0.05


def write_half_space(path: Path, cells: int, reach: float) -> Path:
    """Write a wedge of the half-space z > 0 around the unit disc; physical surfaces `disc` and `far`.

    rho = (1 + xi^2)^(1/2) (1 - eta^2)^(1/2), z = xi eta: the disc is xi = 0, the free surface eta = 0, the far end the
    ellipsoid xi = reach. asinh(xi) and acos(eta) run in even steps, `cells` and half as many: near the disc even ones
    of xi and of the radius, far away each a part of the distance. Each brick is cut into six tetrahedra; on the axis
    those without a volume are left out.
    """
    far, across = cells, cells // 2
    xi = np.sinh(np.arange(far + 1) / far * np.arcsinh(reach))
    eta = np.cos(np.arange(across, -1, -1) / across * np.pi / 2)
    eta[0] = 0.0
    x, e = np.meshgrid(xi, eta, indexing="ij")
    rho, z = np.sqrt(1 + x**2) * np.sqrt(1 - e**2), x * e
    angle = np.array([-0.5, 0.5]) * WEDGE
    points = np.stack(
        [rho[..., None] * np.cos(angle), rho[..., None] * np.sin(angle), np.broadcast_to(z[..., None], (*z.shape, 2))],
        axis=-1,
    )
    number = np.arange(points.size // 3).reshape(points.shape[:3])
    number[:, -1, 1] = number[:, -1, 0]  # the axis is one line
    size = (far, across, 1)
    tetrahedra = []
    for order in permutations(range(3)):
        step, corners = np.zeros(3, int), [number[:far, :across, :1].ravel()]
        for axis in order:
            step[axis] += 1
            window = tuple(slice(s, s + n) for s, n in zip(step, size, strict=True))
            corners.append(number[window].ravel())
        tetrahedra.append(np.stack(corners, axis=1))
    tetrahedra = np.concatenate(tetrahedra)
    whole = np.array([len(set(corners)) == 4 for corners in tetrahedra.tolist()])
    tetrahedra = tetrahedra[whole]
    sides = np.sort(tetrahedra[:, [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]].reshape(-1, 3), axis=1)
    faces, groups = [], []
    for tag, end in ((1, number[0].ravel()), (2, number[-1].ravel())):
        mine = np.unique(sides[np.isin(sides, end).all(axis=1)], axis=0)
        faces.append(mine)
        groups.append(np.full(len(mine), tag))
    tags = [np.concatenate(groups), np.full(len(tetrahedra), 3)]
    mesh = meshio.Mesh(
        points.reshape(-1, 3),
        [("triangle", np.concatenate(faces)), ("tetra", tetrahedra)],
        cell_data={"gmsh:physical": tags, "gmsh:geometrical": tags},
        field_data={"disc": np.array([1, 2]), "far": np.array([2, 2]), "stuff": np.array([3, 3])},
    )
    meshio.write(path, mesh, file_format="gmsh22", binary=False)
    return path
