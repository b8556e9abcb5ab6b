"""A Gmsh file of a half-space around a disc: a thin wedge of it in oblate spheroidal coordinates."""

from pathlib import Path

import numpy as np

from caloris_validation.brick_mesh import write_bricks

# Angle of the wedge (rad): its two faces differ from a sector's by its square over 24.
WEDGE = 0.05


def write_half_space(path: Path, cells: int, reach: float) -> Path:
    """Write a wedge of the half-space z > 0 around the unit disc; physical surfaces `disc` and `far`.

    rho = (1 + xi^2)^(1/2) (1 - eta^2)^(1/2), z = xi eta: the disc is xi = 0, the free surface eta = 0, the far end the
    ellipsoid xi = reach. asinh(xi) and acos(eta) run in even steps, `cells` and half as many: near the disc even ones
    of xi and of the radius, far away each a part of the distance.
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
    return write_bricks(path, points, number, {"disc": number[0], "far": number[-1]})
